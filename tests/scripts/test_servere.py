"""PostgreSQL and Valkey for the tests: they start, they stop, and nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text

from tests import child
from tests.postgres import new_database, start_postgres, stop_postgres
from tests.valkey import start_valkey, stop_valkey

ROOT = Path(__file__).resolve().parents[2]


def test_postgres_starts_and_is_gone_when_stopped(tmp_path: Path) -> None:
    url = start_postgres(tmp_path, fsync=False)
    place = Path(url.partition("?host=")[2])
    try:
        assert start_postgres(tmp_path) == url
        engine = create_engine(url)
        with engine.begin() as connection:
            assert connection.execute(text("SELECT upper('æøå'), current_database()")).one() == (
                "ÆØÅ",
                "portal",
            )
            # The constraints against double booking need it.
            connection.execute(text("CREATE EXTENSION btree_gist"))
            connection.execute(text("CREATE TABLE t (id int)"))
        # A database is made anew also while somebody is connected to it.
        assert new_database(url, "portal") == url
        engine.dispose()
        with engine.begin() as connection:
            assert connection.execute(text("SELECT to_regclass('t')")).scalar() is None
        engine.dispose()
    finally:
        stop_postgres(tmp_path)
    stop_postgres(tmp_path)
    assert not place.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(place), user="portal", dbname="portal")


def test_valkey_comes_back_on_the_same_port_and_empty(tmp_path: Path) -> None:
    url = start_valkey(tmp_path)
    try:
        client = redis.Redis.from_url(url)
        client.set("a", "1")
        stop_valkey(tmp_path)
        with pytest.raises(redis.ConnectionError):
            client.get("a")
        port = int(url.rpartition(":")[2].partition("/")[0])
        assert start_valkey(tmp_path, port=port) == url
        assert client.get("a") is None
        client.close()
    finally:
        stop_valkey(tmp_path)


def test_a_killed_test_run_leaves_no_server_and_no_folder(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.valkey import start_valkey, _running\n"
        "start_valkey(Path(sys.argv[1]))\n"
        "print(*[(c.process.pid, str(c.place)) for c, _ in _running.values()][0], flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid, _, place = owner.stdout.readline().strip().partition(" ")
        assert Path(place).is_dir()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15
    while Path(place).exists():
        assert time.monotonic() < deadline, "The folder is still there."
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_folder_without_its_run_is_swept_up_and_others_are_left(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead, living, unborn = tmp_path / "x-dead", tmp_path / "x-living", tmp_path / "x-unborn"
    for folder in (dead, living, unborn):
        folder.mkdir()
    (dead / child.OWNER).write_text(f'{{"pid": {ended.pid}, "startet": 1.0}}')
    started = child.psutil.Process().create_time()
    (living / child.OWNER).write_text(f'{{"pid": {os.getpid()}, "startet": {started!r}}}')
    orphan = subprocess.Popen(["tail", "-f", "/dev/null", str(dead)])
    child.sweep(tmp_path, "x-")
    assert orphan.wait(10) == -signal.SIGKILL
    assert not dead.exists()
    assert living.exists()
    assert unborn.exists()


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    place = child.new_place("test")
    server = child.Child(["sh", "-c", "echo no such luck; exit 1"], place, tmp_path / "logg")
    with pytest.raises(RuntimeError, match="no such luck"):
        server.wait_until(lambda: False)
    assert not place.exists()
