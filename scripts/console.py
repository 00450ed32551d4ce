"""What the set-up says while it works, and how it runs other programs.

Standard library only: this runs before the virtual environment exists.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TICK_SECONDS = 10.0
KILL_AFTER_SECONDS = 5.0


class Failure(Exception):
    """The set-up cannot go on. The message is a sentence for the person at the keyboard."""


class CommandFailed(Failure):
    """A program ended with something else than 0. `output` is all that it printed."""

    def __init__(self, command: Sequence[str], returncode: int, output: str) -> None:
        self.command = list(command)
        self.returncode = returncode
        self.output = output
        super().__init__(f"{Path(self.command[0]).name} ended with exit code {returncode}.")


# The first pattern that is found in a failed program's output names the cause. The order matters: a full
# disk makes package managers complain of much else afterwards, so it stands first.
Causes = tuple[tuple[str, str], ...]
MACHINE_CAUSES: Causes = (
    (
        r"ENOSPC|No space left on device|database or disk is full|Disk quota exceeded",
        "The disk is full: free some space (about 1 GB is needed) and run the same command again.",
    ),
    (
        r"EROFS|Read-only file system|EACCES|EPERM|Permission ?[Dd]enied|\[Errno 13\]|readonly database",
        "A file or folder could not be written: give yourself write access to this folder "
        '(after an earlier run as root: sudo chown -R "$(id -un)" .) and run the same command again.',
    ),
)
PACKAGE_CAUSES: Causes = (
    *MACHINE_CAUSES,
    (
        r"DO NOT MATCH THE HASHES|Hash mismatch|EINTEGRITY",
        "A downloaded package does not match its locked hash, so it was refused: "
        "try again, and if it persists, look for a proxy or mirror that serves changed files.",
    ),
    (
        r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH"
        r"|dns error|failed to lookup address|Name or service not known|Temporary failure in name resolution"
        r"|Failed to establish a new connection|Connection refused|Network is unreachable|No route to host"
        r"|Read timed out|ConnectTimeout|operation timed out|error sending request|tcp connect error"
        r"|ERR_SOCKET_TIMEOUT|Failed to fetch",
        "The package server could not be reached: check the network (or the proxy settings) "
        "and run the same command again. What is already installed is kept.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|UNABLE_TO_GET_ISSUER_CERT|SELF_SIGNED_CERT|invalid peer certificate",
        "The package server's certificate is not trusted here: behind a proxy that inspects traffic, "
        "point SSL_CERT_FILE and NODE_EXTRA_CA_CERTS to its certificate.",
    ),
    (
        r"[Ff]ailed building wheel|command '.*gcc' failed|Microsoft Visual C\+\+|Failed to build `",
        "A package has no ready-made build for this machine and could not be compiled: "
        "install a C compiler and the Python headers (apt install build-essential python3-dev), "
        "or use Python 3.11–3.13 on x86-64 or ARM.",
    ),
)
DATABASE_CAUSES: Causes = (
    (
        r"connection failed|connection to server|password authentication failed"
        r"|database \"[^\"]*\" does not exist",
        "The database that PORTAL_DATABASE_URL names could not be opened: see that it is started, and that "
        "the address, the database, the user and the password are right.",
    ),
    (
        r"database is locked",
        "Another program holds the SQLite file in instance/: end it and run the same command again.",
    ),
    *MACHINE_CAUSES,
)
# The last line of a traceback: the kind of error and what it says.
RAISED = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|feil)): (.+)$", re.MULTILINE)


def explain(output: str, causes: Causes = PACKAGE_CAUSES) -> str | None:
    """The sentence for the cause that a failed program's output shows, or None when it shows none known."""
    for pattern, sentence in causes:
        if re.search(pattern, output):
            return sentence
    return None


def conclusion(output: str) -> str | None:
    """What the last Python error in the output says, or None when there is none.

    The portal's own errors (named …feil) speak in sentences; of the others the kind is told too.
    """
    raised = RAISED.findall(output.rpartition("Traceback (most recent call last)")[2])
    if "Traceback (most recent call last)" not in output or not raised:
        return None
    kind, text = raised[-1]
    return text if kind.endswith("feil") else f"{kind}: {text}"


def explain_os_error(error: OSError) -> str:
    """One sentence for an error of the operating system met by the set-up itself."""
    what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return explain("ENOSPC") or what
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{explain('EACCES')} ({what})"
    return f"The operating system said no ({what})."


class Progress:
    """Numbered lines that tell what is under way; a terminal sees the seconds run, a log some lines."""

    def __init__(self, total: int, stream=None) -> None:
        self.total = total
        self.number = 0
        self.stream = stream or sys.stdout
        self.live = bool(getattr(self.stream, "isatty", lambda: False)())
        self._text = ""
        self._began = 0.0
        self._told = 0.0

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def skip(self, text: str) -> None:
        """A step with nothing to do."""
        self.number += 1
        self._write(f"[{self.number}/{self.total}] {text}\n")

    def begin(self, text: str) -> None:
        """A step starts; `tick` may follow, `end` or `broken` must."""
        self.number += 1
        self._text = f"[{self.number}/{self.total}] {text} …"
        self._began = self._told = time.monotonic()
        self._write(self._text if self.live else self._text + "\n")

    def elapsed(self) -> str:
        seconds = time.monotonic() - self._began
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"

    def tick(self) -> None:
        """Called often while a program runs; writes only when there is something to see."""
        now = time.monotonic()
        if self.live and now - self._told >= 1:
            self._told = now
            self._write(f"\r\x1b[K{self._text} {self.elapsed()}")
        elif not self.live and now - self._told >= TICK_SECONDS:
            self._told = now
            self._write(f"      … {self.elapsed()}\n")

    def note(self, text: str) -> None:
        """A remark in the middle of a step."""
        self._write(("\r\x1b[K" if self.live else "") + f"      {text}\n")

    def pass_on(self, output: str) -> None:
        """Show those lines of a program's output that tell what it is about to do: they end with «…»."""
        for line in output.splitlines():
            if line.endswith("…"):
                self.note(line.strip())

    def end(self) -> None:
        """The step is done."""
        if self.live:
            self._write(f"\r\x1b[K{self._text} done ({self.elapsed()})\n")
        else:
            self._write(f"      done ({self.elapsed()})\n")

    def broken(self) -> None:
        """The step failed; the sentence follows from elsewhere."""
        if self.live:
            self._write("\n")


def stop_group(process: subprocess.Popen) -> None:
    """End a program and all that it started: asked first, then made to."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, way)
        except ProcessLookupError:
            return
        try:
            process.wait(KILL_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


class HeldInterrupts:
    """Keeps Ctrl-C and termination waiting while a program is being started.

    An interrupt in the middle of that would leave a program that nobody knows of, and so nobody stops.
    """

    def __init__(self) -> None:
        self._came: list[int] = []
        self._former: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._former[number] = signal.signal(number, lambda came, _frame: self._came.append(came))

    def release(self) -> None:
        """Puts the handlers back, and lets them have what came meanwhile. A second call does nothing."""
        former, self._former = self._former, {}
        for number, handler in former.items():
            signal.signal(number, handler)
        while self._came:
            os.kill(os.getpid(), self._came.pop())


def run_logged(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    keep_open: Sequence[int] = (),
) -> str:
    """Run a program to its end with its output in `log`, and return that output.

    The program gets a process group of its own, so that an interrupt ends it and its children too. The file
    descriptors in `keep_open` (the set-up lock) follow it: were we killed, the lock holds until it is done.
    Raises CommandFailed when it ends with something else than 0, or cannot be started.
    """
    with log.open("ab") as sink, log.open("rb") as source:
        sink.write(f"\n$ {' '.join(command)}\n".encode())
        sink.flush()
        source.seek(sink.tell())
        output = b""
        process: subprocess.Popen[bytes] | None = None
        held = HeldInterrupts()
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(env) if env is not None else None,
                pass_fds=tuple(keep_open),
                process_group=0,
            )
            held.release()
            while True:
                try:
                    process.wait(0.2)
                    break
                except subprocess.TimeoutExpired:
                    pass
                if progress is not None:
                    news = source.read()
                    output += news
                    progress.pass_on(news.decode(errors="replace"))
                    progress.tick()
        except BaseException as error:
            if process is not None:
                stop_group(process)
            elif isinstance(error, OSError):
                raise CommandFailed(command, 127, str(error)) from error
            raise
        finally:
            held.release()
        text = (output + source.read()).decode(errors="replace")
    if process.returncode != 0:
        raise CommandFailed(command, process.returncode, text)
    return text


def last_lines(output: str, count: int = 12) -> str:
    """The end of a program's output, indented, for the person who must find out more."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-count:])
