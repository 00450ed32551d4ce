"""The sections of the test command: what each runs, in which order, and how its outcome is shown.

Standard library only; the tools themselves lie in .venv. A section prints its heading, then its programs'
output, and the first section that fails ends the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.console import CommandFailed, Failure, explain, last_lines, stop_group
from scripts.environment import Environment
from scripts.parts import all_parts, lanes, run_parts

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
USUAL_PLACES = ("/usr/local/bin", "/usr/bin", "/bin", "/snap/bin")


@dataclass(frozen=True)
class Section:
    """One heading of the report. `run` raises Failure when something is wrong."""

    title: str
    run: Callable[[], None]


def test_env(environment: Environment, **extra: str) -> dict[str, str]:
    """The environment of the tests: a PORTAL_DATABASE_URL of the caller's must never be emptied by a test."""
    env = {
        name: value
        for name, value in environment.env.items()
        if not name.startswith(("PORTAL_", "FLASK_"))
        or name.startswith("PORTAL_TEST_")
        or name == "PORTAL_CHROMIUM"
    }
    # Dozens of processes start: each would compile the portal anew, and pytest the tests.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**env, "PYTHONUNBUFFERED": "1", **extra}


def show(environment: Environment, *command: str | Path, **extra_env: str) -> None:
    """Run a program with its output on the screen. Raises Failure when it does not end with 0."""
    words = [str(word) for word in command]
    shown = " ".join(word.removeprefix(f"{environment.root}/") for word in words)
    print(f"$ {shown}", flush=True)
    process = subprocess.Popen(
        words,
        cwd=environment.root,
        env=test_env(environment, **extra_env),
        stdin=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        returncode = process.wait()
    except BaseException:
        stop_group(process)
        raise
    if returncode != 0:
        raise Failure(f"{shown} ended with exit code {returncode}.")


def module(environment: Environment, *words: str) -> Callable[[], None]:
    return lambda: show(environment, environment.python, "-m", *words)


def one_after_the_other(*steps: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        for step in steps:
            step()

    return run


def files(root: Path, folder: str, *patterns: str) -> list[str]:
    return sorted(
        str(path.relative_to(root)) for pattern in patterns for path in (root / folder).rglob(pattern)
    )


def static_sections(environment: Environment) -> list[Section]:
    """What can be told without running the portal."""
    root = environment.root
    lint = [module(environment, "ruff", "check", "."), module(environment, "ruff", "format", "--check", ".")]
    if files(root, "templates", "*.html"):
        lint.append(module(environment, "djlint", "templates", "--lint", "--quiet"))
    typed = [name for name in ("portal", "scripts", "app.py") if (root / name).exists()]
    return [
        Section("Lint", one_after_the_other(*lint)),
        Section("Types", module(environment, "mypy", *typed)),
        Section(
            "Import contracts",
            lambda: show(environment, environment.venv / "bin" / "lint-imports", "--no-logo"),
        ),
    ]


def format_sections(environment: Environment) -> list[Section]:
    """Mend what the linter and the formatter can mend by themselves."""
    fix = module(environment, "ruff", "check", "--fix", ".")
    return [Section("Format", one_after_the_other(module(environment, "ruff", "format", "."), fix))]


def script_sections(environment: Environment) -> list[Section]:
    """The unit tests of the browser code, when there are any."""
    tests = files(environment.root, "frontend", "*.test.js", "*.test.mjs")
    if not tests:
        return []
    node, _ = environment.node()
    return [Section("Browser code, unit tests", lambda: show(environment, *node, "--test", *tests))]


def pytest_command(environment: Environment, database: str, *words: str) -> list[str]:
    # Two may be run at once: each has a cache of its own.
    cache = f"cache_dir=.pytest_cache/{database}"
    if database == "postgresql":
        # The tests of the set-up know no database: once is enough.
        words = ("--ignore=tests/scripts", *words)
    return [str(environment.python), "-m", "pytest", "-o", cache, *words]


def pytest_section(environment: Environment, database: str) -> Section:
    """Everything but the browser tests, on one database, with the output as it comes."""
    command = pytest_command(environment, database, "-m", "not nettleser")
    return Section(f"Tests on {database}", lambda: show(environment, *command, PORTAL_TEST_DB=database))


def browser_section(environment: Environment) -> Section:
    """The tests in Chromium, on the real server."""
    command = pytest_command(environment, "nettleser", "-m", "nettleser", "tests/nettleser")
    return Section("Tests in the browser", lambda: show(environment, *command, PORTAL_TEST_DB="sqlite"))


def tests_in_parts(environment: Environment) -> None:
    """Every test on both databases and in the browser, in parts that go side by side."""
    run_parts(environment, test_env(environment), all_parts(environment.root), lanes())


def everything(environment: Environment) -> list[Section]:
    """All sections of `make test`, the quickest to fail first."""
    return [
        *static_sections(environment),
        *script_sections(environment),
        Section("Tests on SQLite and PostgreSQL and in the browser", lambda: tests_in_parts(environment)),
    ]


def run_sections(sections: Sequence[Section]) -> None:
    """Run the sections in turn. Raises the Failure of the first that fails, naming those left."""
    began = time.monotonic()
    for number, section in enumerate(sections, 1):
        heading = f"== {number}/{len(sections)} {section.title} "
        print(f"\n{heading:=<80}", flush=True)
        started = time.monotonic()
        try:
            section.run()
        except Failure as failure:
            rest = [later.title for later in sections[number:]]
            left = f" Not run: {', '.join(rest)}." if rest else ""
            raise Failure(f"FAILED: {section.title}. {failure}{left}") from failure
        print(f"-- {section.title}: ok ({time.monotonic() - started:.0f} s)", flush=True)
    names = ", ".join(section.title for section in sections)
    print(f"\nAll is well ({time.monotonic() - began:.0f} s): {names}.", flush=True)


# --- Chromium ----------------------------------------------------------------------------------------------


def which(name: str) -> str | None:
    """The program on PATH, or where systems keep it when PATH is a short one."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *USUAL_PLACES)))


def find_chromium() -> str | None:
    """The browser of the browser tests: PORTAL_CHROMIUM when it is set, else one on PATH."""
    chosen = os.environ.get("PORTAL_CHROMIUM")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise Failure(f"PORTAL_CHROMIUM={chosen} is not a program that can be run.")
        return chosen
    for name in CHROMIUM_NAMES:
        found = which(name)
        if found:
            return found
    return None


def administrator() -> list[str] | None:
    """The words before a command that make it run as root without a question, or None."""
    if os.geteuid() == 0:
        return []
    sudo = which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def ensure_chromium(environment: Environment) -> None:
    """Step: a Chromium on the system, by apt-get where that may be done; PORTAL_CHROMIUM names it."""
    progress = environment.progress
    found = find_chromium()
    if found:
        progress.skip(f"Chromium: {found}")
    else:
        rights = administrator()
        apt_get = which("apt-get")
        if rights is None or apt_get is None:
            raise Failure(
                "The browser tests need Chromium, and it cannot be installed from here. Install it yourself "
                "(Debian: sudo apt-get install chromium; Fedora: sudo dnf install chromium; macOS: "
                "brew install --cask chromium), or point PORTAL_CHROMIUM to a Chrome. "
                "The rest of the tests run with make lint, make test-sqlite and make test-postgres."
            )
        progress.begin("Installing Chromium (apt-get)")
        # Some other source's list may be broken; what counts is whether the install goes well.
        apt_env = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            environment.run(*rights, apt_get, "update", "-q", extra_env=apt_env)
        except CommandFailed:
            progress.note("apt-get update had complaints; going on")
        # One font family for what the page's own font does not cover.
        packages = ("chromium", "fonts-liberation")
        install = (*rights, apt_get, "install", "-q", "-y", "--no-install-recommends", *packages)
        try:
            environment.run(*install, extra_env=apt_env)
        except CommandFailed as error:
            progress.broken()
            raise Failure(
                f"apt-get could not install Chromium. {explain(error.output) or ''} Install it yourself, or "
                f"point PORTAL_CHROMIUM to a Chrome. The output ends with:\n{last_lines(error.output)}"
            ) from error
        found = find_chromium()
        if found is None:
            progress.broken()
            raise Failure("apt-get installed Chromium, but it is not on PATH: point PORTAL_CHROMIUM to it.")
        progress.end()
    environment.env["PORTAL_CHROMIUM"] = found
    os.environ["PORTAL_CHROMIUM"] = found
