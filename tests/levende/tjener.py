"""A real portal for the tests: an installation of its own, and `python app.py` as a process that can be killed.

    hus = Hus(folder, url)                 # migrated, with the register and the demo people and cases
    tjener = Tjener(hus, "web", tikk=0.3)  # serves it on a free port
    tjener.drep(); tjener.start()          # SIGKILL, and up again on the same port

Only what a user of the portal has is used: environment, command line, HTTP and websocket. The test looks into the
database by the models' tables, to compare what was promised with what is stored, and to change a row behind the
back of the process.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

from tests.child import Child, new_place

ROT = Path(__file__).resolve().parents[2]
#: How long a condition may take to come true. Generous: a pass never waits for it.
VENT = 40.0


def vent_til(betingelse: Callable[[], Any], hva: str, sekunder: float = VENT) -> Any:
    """Asks until the answer is true, and gives it. AssertionError with `hva` when it never is."""
    frist = time.monotonic() + sekunder
    while not (svar := betingelse()):
        assert time.monotonic() < frist, f"ikke innen {sekunder:.0f} s: {hva}"
        time.sleep(0.02)
    return svar


def ledig_port() -> int:
    """A port that nobody listens on, below those that the system hands out by itself.

    A server that is started later, or killed and started again, finds it free: neither a connection of another test
    run nor a socket that asked for any port can have got it meanwhile.
    """
    for _ in range(100):
        port = secrets.randbelow(20_000) + 10_000
        with socket.socket() as proeve, suppress(OSError):
            proeve.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def uten_portalens_miljoe() -> dict[str, str]:
    """The environment without settings of the caller's own portal, which no test may touch."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))}


class Hus:
    """One installation: its database, migrated and with the demo data, and the folder with its secret."""

    def __init__(self, mappe: Path, database_url: str) -> None:
        self.mappe, self.url = mappe, database_url
        self.miljoe = {
            **uten_portalens_miljoe(),
            "PYTHONUNBUFFERED": "1",
            "PORTAL_MODUS": "demo",
            "PORTAL_DATABASE_URL": database_url,
            "PORTAL_INSTANS": str(mappe),
            "PORTAL_HOST": "127.0.0.1",
            "PORTAL_ARBEIDER_I_WEB": "0",
        }
        # Beside a serving process SQLite may be busy for a moment.
        self.motor = sa.create_engine(
            database_url, connect_args={"timeout": 30} if database_url.startswith("sqlite") else {}
        )
        self.flask("start-data")

    def flask(self, *ord_: str, krev: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs `flask portal …`. With `krev` anything but exit code 0 fails the test, with the output."""
        ferdig = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "portal.factory:create_app", "portal", *ord_],
            cwd=ROT,
            env=self.miljoe,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert ferdig.returncode == 0 or not krev, f"{' '.join(ord_)}:\n{ferdig.stdout}\n{ferdig.stderr}"
        return ferdig

    def rader(self, sporring: sa.Select[*tuple[Any, ...]]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """Reads in a transaction of its own: what is committed now."""
        with self.motor.connect() as forbindelse:
            return forbindelse.execute(sporring).all()

    def verdi(self, sporring: sa.Select[*tuple[Any, ...]]) -> Any:
        """The first column of the only row."""
        ((verdi,),) = self.rader(sporring)
        return verdi

    def endre(self, uttrykk: sa.Update | sa.Delete | sa.Insert) -> None:
        """Changes one row behind the back of every process, so that no event tells of it."""
        with self.motor.begin() as forbindelse:
            antall = forbindelse.execute(uttrykk).rowcount
            assert antall == 1 or uttrykk.is_insert

    def kontroller_revisjon(self) -> None:
        """Every audit chain is whole, by the portal's own command."""
        assert "Alle kjeder er hele" in self.flask("revisjon", "kontroller").stdout

    def riv(self) -> None:
        self.motor.dispose()


class Tjener:
    """A web process of an installation. `tikk` is the seconds between heads; an hour means that only events count."""

    def __init__(self, hus: Hus, navn: str, *, tikk: float = 3600.0, **miljoe: str) -> None:
        self.hus, self.port = hus, ledig_port()
        self.logg = hus.mappe / f"{navn}.log"
        self._miljoe = {
            **hus.miljoe,
            "PORTAL_PORT": str(self.port),
            "PORTAL_TIKK_SEKUNDER": str(tikk),
            **miljoe,
        }
        self._barn: Child | None = None
        self.start()

    @property
    def adresse(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the process and returns when it serves and its database answers."""
        self._barn = Child(
            [sys.executable, str(ROT / "app.py")], new_place("web"), self.logg, env=self._miljoe
        )
        self._barn.wait_until(self.svarer)

    def svarer(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.adresse}/helse/klar", timeout=5) as svar:
                return svar.status == 200
        except OSError:
            return False

    @property
    def prosess(self) -> psutil.Process:
        assert self._barn is not None
        return psutil.Process(self._barn.process.pid)

    @property
    def rss(self) -> float:
        """Resident memory in MB."""
        return float(self.prosess.memory_info().rss) / 2**20

    def drep(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        assert self._barn is not None
        self._barn.process.kill()
        assert self._barn.process.wait(30) == -signal.SIGKILL
        self._barn.stop()

    def stopp(self) -> None:
        if self._barn is not None:
            self._barn.stop()

    @property
    def loggens_lengde(self) -> int:
        return self.logg.stat().st_size

    def feil_i_loggen(self, fra: int = 0) -> list[str]:
        """What should not be in the log after its first `fra` bytes: errors and tracebacks, with what follows."""
        linjer = self.logg.read_bytes()[fra:].decode(errors="replace").splitlines()
        feil = []
        for nummer, linje in enumerate(linjer):
            if "Traceback" in linje or "[error" in linje or "[critical" in linje:
                feil.append("\n".join(linjer[max(0, nummer - 1) : nummer + 40]))
        return feil
