"""A server started for the tests, in a short-lived folder: it and the folder are gone when the tests are.

Even a test run that is killed (SIGKILL) leaves nothing behind: a small shell waits on a pipe from us, and
when the pipe closes it ends the server and removes the folder. Should the shell be killed too, the next
start sweeps up the folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

START_SECONDS = 60.0
STOP_SECONDS = 15.0
OWNER = "eier.json"
# A socket's path may be at most 107 bytes long (on macOS 103).
LONGEST_BASE = 60
# $1 the server, $2 its folder, $3 the signal. The wait has an end: a dead server that nobody reaps (no init
# in a container) still has its number.
WATCH = """cat >/dev/null
kill -"$3" "$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" || break; sleep 0.2; done
kill -KILL "$1"
rm -rf -- "$2"
"""


def reachable_by_all(path: Path) -> bool:
    """True when every user may walk to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def new_place(kind: str) -> Path:
    """A new folder under the system's temporary one, with a short path and open parents, marked as ours."""
    base = Path(tempfile.gettempdir()).resolve()
    if len(str(base)) > LONGEST_BASE or not reachable_by_all(base):
        base = Path("/tmp")
    prefix = f"portal-{kind}-{os.getuid()}-"
    sweep(base, prefix)
    place = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    owner = {"pid": os.getpid(), "startet": psutil.Process().create_time()}
    (place / OWNER).write_text(json.dumps(owner), encoding="utf-8")
    return place


def sweep(base: Path, prefix: str) -> None:
    """Remove the folders, and end the servers, of test runs that are no more."""
    for place in base.glob(f"{prefix}*"):
        try:
            owner = json.loads((place / OWNER).read_text(encoding="utf-8"))
            alive = psutil.Process(owner["pid"]).create_time() == owner["startet"]
        except psutil.NoSuchProcess:
            alive = False
        except (OSError, ValueError, KeyError):
            # Being made at this moment, or being removed by its shell.
            continue
        if alive:
            continue
        for process in psutil.process_iter(["cmdline"]):
            if any(str(place) in word for word in process.info["cmdline"] or []):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    process.kill()
        shutil.rmtree(place, ignore_errors=True)


class Child:
    """A running server and the shell that watches over it."""

    def __init__(
        self, command: Sequence[str], place: Path, log: Path, *, at_once: str = "TERM", **popen: Any
    ) -> None:
        """Start `command` in `place`; `at_once` names the signal that ends it without delay."""
        self.place = place
        self.log = log
        with log.open("ab") as sink:
            # A session of its own: Ctrl-C on the terminal ends the tests, and the tests end the server.
            self.process = subprocess.Popen(
                command,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **popen,
            )
        self.watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "sh", str(self.process.pid), str(place), at_once],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Return when the server answers. Raises RuntimeError with its log when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.log.read_text(encoding="utf-8", errors="replace")
                self.stop()
                raise RuntimeError(f"The server did not start. Its log:\n{text}")
            time.sleep(0.02)

    def stop(self, way: signal.Signals = signal.SIGTERM) -> None:
        """End the server (with SIGKILL when it takes too long) and remove its folder. May be called twice."""
        self.watch.kill()
        self.watch.wait()
        if self.watch.stdin:
            self.watch.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(way)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)
