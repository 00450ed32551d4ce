"""What is checked before anything is installed: the folder, the disk, the port, and who else is at work.

Standard library only. Each check raises Failure with one sentence that says what to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.console import Failure

STATE = ".oppsett"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5000
# Measured: the runtime packages take 330 MB (200 of them node), the test tools 400 more, node_modules 60.
RUN_MEGABYTES = 600
TEST_MEGABYTES = 1200


def check_writable(root: Path) -> Path:
    """Make the folder for the set-up's own state and prove that files can be made. Returns that folder."""
    state = root / STATE
    try:
        state.mkdir(exist_ok=True)
        probe = state / f"skriveprøve-{os.getpid()}"
        probe.write_text("x")
        probe.unlink()
        for name in (".venv", "node_modules", "static", "static/dist", "instance", "portal/translations"):
            folder = root / name
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "Permission denied", str(folder))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Failure(f"The disk that holds {root} is full: free about 1 GB and try again.") from error
        raise Failure(
            f"Cannot write in {error.filename or root} ({error.strerror}): give yourself write access to the "
            'folder (after an earlier run as root: sudo chown -R "$(id -un)" .), or clone to another place.'
        ) from error
    return state


def check_disk(root: Path, megabytes: int) -> None:
    """Stop before an install that the disk has no room for."""
    free = shutil.disk_usage(root).free // 1_000_000
    if free < megabytes:
        raise Failure(
            f"Only {free} MB free on the disk that holds {root}; the installation needs about "
            f"{megabytes} MB: free some space and try again."
        )


def check_port(chosen: Mapping[str, str]) -> tuple[str, int]:
    """Prove that the server's address can be listened on, before the long install. Returns host and port."""
    host = chosen.get("PORTAL_HOST") or DEFAULT_HOST
    raw = chosen.get("PORTAL_PORT") or str(DEFAULT_PORT)
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= 65535:
        raise Failure(f"PORTAL_PORT={raw} is not a port: give a whole number from 1 to 65535.")
    port = int(raw)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: a port that only waits out a closed connection is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            # Two sockets may share a bound address until one listens.
            probe.listen(1)
    except socket.gaierror as error:
        raise Failure(
            f"PORTAL_HOST={host} is not an address of this machine: use 127.0.0.1 or 0.0.0.0."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            raise Failure(
                f"Port {port} on {host} is busy: another program (perhaps the portal, already started) has "
                f"it. Stop that one, or choose another port: PORTAL_PORT={other} make run"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise Failure(
                f"Port {port} needs administrator rights: choose one above 1023: PORTAL_PORT=5000 make run"
            ) from error
        raise Failure(
            f"Cannot listen on {host} port {port} ({error.strerror}): change PORTAL_HOST."
        ) from error
    return host, port


class FolderLock:
    """A lock that the operating system lets go of when its holders are gone, so none is ever left behind.

    `fd` may be handed to other programs; the lock holds for as long as one of them lives.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = -1

    def try_take(self) -> bool:
        if self.fd < 0:
            self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, str(os.getpid()).encode(), 0)
        return True

    def holder(self) -> str:
        """The process number that the lock's holder wrote."""
        return self.path.read_text().strip() or "unknown"

    def take(self, waiting: Callable[[str], None], seconds: float) -> None:
        """Wait for the lock; `waiting` is told once whom for. Raises Failure when the time is out."""
        deadline = time.monotonic() + seconds
        told = False
        while not self.try_take():
            if not told:
                waiting(self.holder())
                told = True
            if time.monotonic() >= deadline:
                raise Failure(
                    f"Another set-up is at work in this folder (process {self.holder()}): "
                    "wait till it is done, or stop it, and run the same command again."
                )
            time.sleep(0.3)

    def release(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def instance_folder(root: Path, environ: Mapping[str, str]) -> Path:
    """The folder of the SQLite file, as the portal's own settings have it."""
    return Path(environ.get("PORTAL_INSTANS") or root / "instance").resolve()


def take_serving_lock(root: Path, environ: Mapping[str, str]) -> FolderLock | None:
    """One server per SQLite file: its events reach only the browsers of its own process.

    With PostgreSQL several may run, and none is locked out. Returns the lock, to be handed to the server.
    """
    if environ.get("PORTAL_DATABASE_URL", "sqlite").startswith("postgres"):
        return None
    folder = instance_folder(root, environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder / "kjoering.laas")
        taken = lock.try_take()
    except OSError as error:
        raise Failure(
            f"Cannot write in {folder} ({error.strerror}), where the database lies: give yourself write "
            "access, or choose another folder with PORTAL_INSTANS."
        ) from error
    if not taken:
        holder = lock.holder()
        lock.release()
        raise Failure(
            f"The portal already runs on the database in {folder} (process {holder}), and a SQLite file "
            "serves one process: stop that one first, or choose another folder with PORTAL_INSTANS."
        )
    return lock
