"""What is checked before anything is installed."""

from __future__ import annotations

import errno
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import guards
from scripts.console import Failure
from scripts.guards import FolderLock, check_disk, check_port, check_writable, take_serving_lock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_busy_port_names_the_setting_that_changes_it(busy_port: int) -> None:
    with pytest.raises(Failure, match=rf"Port {busy_port} on 127\.0\.0\.1 is busy.*PORTAL_PORT=\d+ make run"):
        check_port({"PORTAL_PORT": str(busy_port)})


def test_a_free_port_is_free_again_after_the_check() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = {"PORTAL_PORT": str(port), "PORTAL_HOST": "localhost"}
    assert check_port(chosen) == check_port(chosen) == ("localhost", port)


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "5000.0", "５０００"])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(Failure, match="is not a port"):
        check_port({"PORTAL_PORT": port})


@pytest.mark.parametrize("host", ["192.0.2.1", "finnes-ikke.invalid"])
def test_a_host_that_is_not_this_machine(host: str) -> None:
    with pytest.raises(Failure, match="PORTAL_HOST"):
        check_port({"PORTAL_HOST": host, "PORTAL_PORT": "5999"})


def test_a_folder_that_can_be_written_gets_its_state_folder(tmp_path: Path) -> None:
    assert check_writable(tmp_path) == tmp_path / ".oppsett"
    assert list((tmp_path / ".oppsett").iterdir()) == []


def test_an_unwritable_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "write_text", refused)
    with pytest.raises(Failure, match=r"Cannot write in .*Read-only file system.*write access"):
        check_writable(tmp_path)


def test_leftovers_that_belong_to_another_user_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node_modules").mkdir()
    monkeypatch.setattr(guards.os, "access", lambda path, mode: Path(path).name != "node_modules")
    with pytest.raises(Failure, match=r"Cannot write in .*node_modules.*chown"):
        check_writable(tmp_path)


def test_a_disk_with_too_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=300_000_000))
    check_disk(tmp_path, 300)
    with pytest.raises(Failure, match=r"Only 300 MB free .* about 301 MB"):
        check_disk(tmp_path, 301)


def test_a_lock_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "laas"), FolderLock(tmp_path / "laas")
    assert first.try_take()
    told: list[str] = []
    with pytest.raises(Failure, match="Another set-up is at work"):
        second.take(told.append, 0.7)
    assert told == [first.holder()]
    first.release()
    second.take(told.append, 0.0)
    assert len(told) == 1
    second.release()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom scripts.guards import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1]))\nprint(lock.try_take(), flush=True)\ntime.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "laas")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        lock = FolderLock(tmp_path / "laas")
        assert not lock.try_take()
        assert lock.holder() == str(holder.pid)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert lock.try_take()
        lock.release()


def test_the_lock_follows_a_program_that_outlives_us(tmp_path: Path) -> None:
    """An npm whose set-up was killed goes on writing: the next set-up must wait for it."""
    lock = FolderLock(tmp_path / "laas")
    assert lock.try_take()
    orphan = subprocess.Popen(["sleep", "60"], pass_fds=(lock.fd,))
    lock.release()
    late = FolderLock(tmp_path / "laas")
    assert not late.try_take()
    orphan.kill()
    orphan.wait()
    assert late.try_take()
    late.release()


def test_one_server_for_a_sqlite_file(tmp_path: Path) -> None:
    lock = take_serving_lock(tmp_path, {})
    assert lock is not None
    with pytest.raises(Failure, match=r"already runs on the database in .*instance"):
        take_serving_lock(tmp_path, {})
    # Another database: no conflict.
    other = take_serving_lock(tmp_path, {"PORTAL_INSTANS": str(tmp_path / "annen")})
    assert other is not None
    assert take_serving_lock(tmp_path, {"PORTAL_DATABASE_URL": "postgresql+psycopg://x/y"}) is None
    lock.release()
    other.release()
