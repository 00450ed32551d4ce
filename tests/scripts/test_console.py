"""What the set-up says, and how it runs other programs."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scripts import console
from scripts.console import (
    DATABASE_CAUSES,
    CommandFailed,
    Progress,
    conclusion,
    explain,
    explain_os_error,
    last_lines,
    run_logged,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        ("npm error code ENOSPC\nnpm error syscall write", "disk is full"),
        ("sqlite3.OperationalError: database or disk is full", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "locked hash"),
        ("npm error code EINTEGRITY", "locked hash"),
        ("error: failed to create directory `/x`: Permission denied (os error 13)", "write access"),
        ("npm error code EACCES", "write access"),
        ("npm error code EAI_AGAIN\nnpm error network request failed", "could not be reached"),
        (
            "error: Request failed\n  Caused by: dns error: failed to lookup address information",
            "could not be reached",
        ),
        (
            "Failed to establish a new connection: [Errno -2] Name or service not known",
            "could not be reached",
        ),
        ("npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "certificate is not trusted"),
        ("error: command '/usr/bin/gcc' failed: No such file or directory", "C compiler"),
        # A full disk is the cause also of what it broke afterwards.
        ("Failed to fetch\nCaused by: No space left on device", "disk is full"),
    ],
)
def test_known_causes_get_a_sentence(output: str, expected: str) -> None:
    sentence = explain(output)
    assert sentence is not None
    assert expected in sentence


def test_an_unknown_cause_gets_none() -> None:
    assert explain("SyntaxError: invalid syntax") is None


def test_a_database_that_is_down_is_not_a_package_server_that_is() -> None:
    output = (
        'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed: '
        "Connection refused"
    )
    assert "PORTAL_DATABASE_URL" in (explain(output, DATABASE_CAUSES) or "")
    assert "disk is full" in (explain("database or disk is full", DATABASE_CAUSES) or "")
    assert explain("Failed to fetch", DATABASE_CAUSES) is None


TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    raise x\n'


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (f"{TRACEBACK}portal.core.config.Oppsettsfeil: PORTAL_MODUS is «x».\n", "PORTAL_MODUS is «x»."),
        (f"{TRACEBACK}KeyError: 'a'\n", "KeyError: 'a'"),
        (
            f"{TRACEBACK}ValueError: first\n\nDuring handling …\n\n{TRACEBACK}"
            "sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) no\n(Background on this error at: https://x)\n",
            "IntegrityError: (sqlite3.IntegrityError) no",
        ),
        ("ValueError: only printed\n", None),
        ("Usage: flask\n\nError: No such command\n", None),
    ],
)
def test_a_traceback_is_told_by_its_last_line(output: str, expected: str | None) -> None:
    assert conclusion(output) == expected


def test_errors_of_the_operating_system_get_a_sentence() -> None:
    assert "disk is full" in explain_os_error(OSError(errno.ENOSPC, "No space left on device", "/x/y"))
    denied = explain_os_error(PermissionError(errno.EACCES, "Permission denied", "/x/y"))
    assert "write access" in denied
    assert "/x/y" in denied
    assert "Too many open files" in explain_os_error(OSError(errno.EMFILE, "Too many open files"))


def test_the_last_lines_are_those_with_text() -> None:
    assert last_lines("a\n\nb\n\n  \nc\n\n", 2) == "    b\n    c"


def test_a_program_runs_with_its_output_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logg.txt"
    log.write_text("before\n")
    command = [
        sys.executable,
        "-c",
        "import sys; print('out'); sys.stdout.flush(); print('err', file=sys.stderr)",
    ]
    assert run_logged(command, log=log, cwd=tmp_path) == "out\nerr\n"
    assert log.read_text().startswith("before\n")
    assert log.read_text().endswith("out\nerr\n")


def test_a_program_that_fails_tells_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        run_logged(
            [sys.executable, "-c", "print('sorry'); raise SystemExit(3)"],
            log=tmp_path / "logg.txt",
            cwd=tmp_path,
        )
    assert caught.value.returncode == 3
    assert caught.value.output == "sorry\n"


def test_a_program_that_is_not_there_is_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed) as caught:
        run_logged([str(tmp_path / "nothing")], log=tmp_path / "logg.txt", cwd=tmp_path)
    assert caught.value.returncode == 127


def test_a_program_gets_no_input(tmp_path: Path) -> None:
    """A question from a package manager must not wait for an answer that nobody gives."""
    output = run_logged(
        [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"],
        log=tmp_path / "logg.txt",
        cwd=tmp_path,
    )
    assert output == "''\n"


def test_what_a_program_is_about_to_do_is_passed_on(tmp_path: Path) -> None:
    stream = io.StringIO()
    code = (
        "import time\nfor word in ('making cases …', 'noise'): print(' ', word, flush=True); time.sleep(0.5)"
    )
    progress = Progress(1, stream)
    progress.begin("Preparing")
    output = run_logged(
        [sys.executable, "-X", "utf8", "-c", code], log=tmp_path / "logg.txt", cwd=tmp_path, progress=progress
    )
    assert output == "  making cases …\n  noise\n"
    assert stream.getvalue() == "[1/1] Preparing …\n      making cases …\n"


def test_an_interrupt_ends_the_program_and_its_children(tmp_path: Path) -> None:
    code = (
        "import signal, sys\nfrom pathlib import Path\nfrom scripts.__main__ import interrupted\n"
        "from scripts.console import run_logged\nsignal.signal(signal.SIGTERM, interrupted)\n"
        "run_logged(['sh', '-c', 'sleep 61 & echo $! > child; wait'], log=Path('logg.txt'), cwd=Path('.'))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    child = tmp_path / "child"
    wait_until(lambda: child.exists() and child.read_text().strip() != "")
    parent.send_signal(signal.SIGTERM)
    parent.wait(20)
    assert gone(int(child.read_text()))


def gone(pid: int) -> bool:
    """True within some seconds when the process is no more, or is dead and waits for somebody to notice."""

    def dead() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return wait_until(dead)


def wait_until(condition, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)
    return True


def test_progress_in_a_log_is_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "TICK_SECONDS", 0.0)
    stream = io.StringIO()
    progress = Progress(3, stream)
    progress.skip("First: up to date")
    progress.begin("Second")
    progress.tick()
    progress.end()
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["[1/3] First: up to date", "[2/3] Second …"]
    assert lines[2].startswith("      … ")
    assert lines[3].startswith("      done (")
    assert "\r" not in stream.getvalue()


def test_progress_on_a_terminal_runs_on_one_line() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = Progress(1, stream)
    progress.begin("Only")
    progress._told -= 2
    progress.tick()
    progress.end()
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().count("\r\x1b[K[1/1] Only …") == 2
