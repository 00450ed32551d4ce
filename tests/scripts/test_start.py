"""The shell script that finds a Python, and the command line behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELLS = [shell for shell in ("dash", "bash", "sh") if shutil.which(shell)]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a space in its name, whose `scripts` package only tells how it was called."""
    root = tmp_path / "klon med rom"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "start.sh", root / "scripts")
    (root / "scripts" / "__init__.py").touch()
    (root / "scripts" / "__main__.py").write_text("import os, sys; print(sys.argv[1:], os.getcwd())\n")
    return root


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with the few tools that the script itself needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    found = shutil.which("dirname")
    assert found
    (folder / "dirname").symlink_to(found)
    return folder


def fake_python(path: Path, *, new: bool) -> None:
    """A python3 that is new enough and real, or says that it is an old one."""
    if new:
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    else:
        path.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    path.chmod(0o755)


def start(shell: str, clone: Path, tools: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which(shell) or shell, str(clone / "scripts" / "start.sh"), "run"],
        cwd="/",
        env={"PATH": str(tools), **extra},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_it_takes_the_first_python_that_is_new_enough(shell: str, clone: Path, tools: Path) -> None:
    fake_python(tools / "python3", new=False)
    fake_python(tools / "python3.12", new=True)
    done = start(shell, clone, tools, PYTHONPATH="/nowhere", CDPATH="/tmp")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"['run'] {clone}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_too_old_a_python_is_one_clear_message(shell: str, clone: Path, tools: Path) -> None:
    fake_python(tools / "python3", new=False)
    done = start(shell, clone, tools)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, and found only: Python 3.9.2." in done.stderr
    assert "Traceback" not in done.stderr


def test_no_python_is_the_same_message(clone: Path, tools: Path) -> None:
    done = start("sh", clone, tools)
    assert done.returncode == 1
    assert "found only: no Python 3." in done.stderr


def test_the_chosen_python_is_taken_or_refused_never_replaced(clone: Path, tools: Path) -> None:
    fake_python(tools / "python3", new=True)
    fake_python(tools / "gammel", new=False)
    assert start("sh", clone, tools, PYTHON=sys.executable).returncode == 0
    done = start("sh", clone, tools, PYTHON=str(tools / "gammel"))
    assert done.returncode == 1
    assert "is not a Python 3.11 or newer" in done.stderr


def scripts(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts", *arguments],
        cwd=ROOT,
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unknown_command_lists_the_known() -> None:
    done = scripts("fly")
    assert done.returncode == 2
    assert "run|install|test" in done.stderr


def test_a_failure_is_a_sentence_and_no_traceback() -> None:
    done = scripts("run", PORTAL_PORT="femtusen")
    assert done.returncode == 1
    assert done.stderr.strip() == "PORTAL_PORT=femtusen is not a port: give a whole number from 1 to 65535."


def test_every_target_of_the_makefile_is_a_command() -> None:
    from scripts.__main__ import COMMANDS

    called = {
        line.rpartition("start.sh ")[2].strip()
        for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
        if "scripts/start.sh " in line
    }
    assert called == set(COMMANDS)
