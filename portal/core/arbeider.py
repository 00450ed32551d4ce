"""The worker's loop: jobs that ask the database whether something is due, and are safe to run twice.

Jobs run in lanes (`Spor`), each a thread of its own, so that a mail server that is silent for minutes delays no
timer and no seal. Each lane tells that it lives (`core/puls.py`), from which others see when it has stopped.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Event, Thread
from typing import Any

import structlog
from flask import Flask

from portal.core import enkeltvis, puls
from portal.core.db import venter_paa_laas

logg = structlog.get_logger(__name__)


class Spor(StrEnum):
    """The lanes of the worker."""

    #: Timers. Nothing here waits for a network.
    FRIST = "frist"
    #: Delivery to people: it may wait for others' servers.
    POST = "post"
    #: Everything else.
    VANLIG = "vanlig"
    #: The heartbeat alone: it asks an outside monitor, and neither waits for the post nor holds it up.
    HJERTE = "hjerte"


#: Seconds between two looks at a lane's jobs.
PAUSE = {Spor.FRIST: 0.25, Spor.POST: 0.5, Spor.VANLIG: 1.0, Spor.HJERTE: 1.0}
#: A lane tells that it lives this often, in seconds, and is held for stopped after as many as these without a word.
#: In the lane of the timers a round takes milliseconds; in the others one job may wait long for a server or a disk.
PULS_HVER = 5.0
PULS_GRENSE = {Spor.FRIST: 20.0, Spor.POST: 120.0, Spor.VANLIG: 120.0, Spor.HJERTE: 60.0}
#: How long a use case of a lane waits for a row that another holds, in seconds (PostgreSQL). A process that hangs with
#: a lock delays what it holds: not the timers behind it.
LAASEFRIST: dict[Spor, float | None] = {
    Spor.FRIST: 1.0,
    Spor.POST: None,
    Spor.VANLIG: None,
    Spor.HJERTE: 1.0,
}
#: A job that goes on failing says so in the log this often, in seconds, and not at every try.
SIER_FRA_HVER = 60.0
#: That some of what a job takes one by one fails, is told for so long after the last time, in seconds, and until the
#: job's next round at the least.
SVIKT_STAAR = 30.0
#: How long a stop waits for what is running, in seconds. What is cut off is taken up again by whoever comes next.
STOPPER_INNEN = 8.0


def pulsnavn(spor: Spor) -> str:
    """The name of a lane's pulse."""
    return f"arbeider.{spor}"


def sviktnavn(spor: Spor) -> str:
    """The name of what a lane notes beside its pulse while some of what it takes one by one fails."""
    return f"{pulsnavn(spor)}.svikt"


@dataclass(frozen=True)
class Jobb:
    """A piece of due work. `hver` is how often it is asked for, in seconds."""

    navn: str
    hver: float
    gjoer: Callable[[], object]
    spor: str = Spor.VANLIG


class _Feillogg:
    """Tells of a failure when it begins, once in a while as long as it lasts, and when it is over."""

    def __init__(self) -> None:
        self._sagt: dict[str, float] = {}
        self._antall: dict[str, int] = {}

    def feilet(self, navn: str, naa: float) -> None:
        """Called where the error is being handled."""
        self._antall[navn] = self._antall.get(navn, 0) + 1
        if naa - self._sagt.get(navn, -SIER_FRA_HVER) >= SIER_FRA_HVER:
            self._sagt[navn] = naa
            logg.exception("jobb_feilet", jobb=navn, ganger=self._antall[navn])

    def gikk(self, navn: str) -> None:
        if antall := self._antall.pop(navn, 0):
            self._sagt.pop(navn, None)
            logg.info("jobb_gaar_igjen", jobb=navn, feilet=antall)

    @property
    def navn(self) -> list[str]:
        """What failed the last time it ran."""
        return list(self._antall)


class Arbeider:
    """Runs its jobs, lane by lane. One that fails is logged and asked for again next time."""

    def __init__(self, app: Flask, jobber: list[Jobb]) -> None:
        self._app, self._jobber = app, jobber
        self._neste = {j.navn: 0.0 for j in jobber}
        self._feil = {spor: _Feillogg() for spor in Spor}
        #: {job: when some of what it took one by one last failed} (`core.enkeltvis`).
        self._sviktet: dict[str, float] = {}
        self._puls = dict.fromkeys(Spor, -PULS_HVER)
        self._stopp = Event()

    def en_runde(self, naa: float) -> None:
        """Runs the jobs of all lanes whose time has come, in order; `naa` is a monotonic clock in seconds."""
        for jobb in self._jobber:
            self._kjoer(jobb, naa)

    def _kjoer(self, jobb: Jobb, naa: float) -> None:
        if self._neste[jobb.navn] > naa:
            return
        self._neste[jobb.navn] = naa + jobb.hver
        with enkeltvis.samlet() as sviktet:
            self._proev(Spor(jobb.spor), jobb.navn, jobb.gjoer)
        if sviktet:
            self._sviktet[jobb.navn] = naa

    def _proev(self, spor: Spor, navn: str, gjoer: Callable[[], object]) -> bool:
        try:
            with self._app.app_context(), venter_paa_laas(LAASEFRIST[spor]):
                gjoer()
        except Exception:
            self._feil[spor].feilet(navn, time.monotonic())
            return False
        self._feil[spor].gikk(navn)
        return True

    def runde_i(self, spor: Spor, naa: float) -> None:
        """One round of a lane, and its beat. Without the beat where a job fails: then the lane does not do its work."""
        for jobb in self._jobber:
            if self._stopp.is_set():
                return
            if jobb.spor == spor:
                self._kjoer(jobb, naa)
        slaar = naa - self._puls[spor] >= PULS_HVER and not self._jobbfeil(spor)
        if slaar and self._proev(spor, pulsnavn(spor), lambda: self._slaa(spor, naa)):
            self._puls[spor] = naa

    def _slaa(self, spor: Spor, naa: float) -> None:
        puls.slaa(pulsnavn(spor))
        if any(self._svikter(j, naa) for j in self._jobber if j.spor == spor):
            puls.slaa(sviktnavn(spor))

    def _svikter(self, jobb: Jobb, naa: float) -> bool:
        """What failed may be put off, and the job go well without it for some rounds: it is told of until the job has
        had the time to take it up again."""
        sist = self._sviktet.get(jobb.navn)
        return sist is not None and naa - sist <= max(SVIKT_STAAR, jobb.hver)

    def _jobbfeil(self, spor: Spor) -> bool:
        return any(navn != pulsnavn(spor) for navn in self._feil[spor].navn)

    def _loep_i(self, spor: Spor) -> None:
        while not self._stopp.is_set():
            self.runde_i(spor, time.monotonic())
            self._stopp.wait(PAUSE[spor])

    def start_i_bakgrunnen(self) -> list[Thread]:
        """Starts the lanes. In the embedded mode the worker lives inside the web process, where they are greenlets."""
        traader = [
            Thread(target=self._loep_i, args=(spor,), daemon=True, name=f"arbeider.{spor}")
            for spor in Spor
            # Without a monitor there is nothing to do in its lane, and none to tell that it lives.
            if spor != Spor.HJERTE or any(j.spor == spor for j in self._jobber)
        ]
        for traad in traader:
            traad.start()
        return traader

    def stopp(self) -> None:
        """Lets the lanes end after what they are doing."""
        self._stopp.set()

    def loep(self) -> None:
        """Runs until SIGTERM or Ctrl-C, and then lets what is running end. For a process of its own."""

        bedt = False

        def be_om_stopp(*_: Any) -> None:
            # Nothing but this: a handler must not take the lock that the interrupted line may hold.
            nonlocal bedt
            bedt = True

        for tegn in (signal.SIGTERM, signal.SIGINT):
            signal.signal(tegn, be_om_stopp)
        traader = self.start_i_bakgrunnen()
        while not bedt:
            time.sleep(0.1)
        self.stopp()
        frist = time.monotonic() + STOPPER_INNEN
        for traad in traader:
            traad.join(max(0.0, frist - time.monotonic()))
        logg.info("arbeideren_stoppet", rene=not any(t.is_alive() for t in traader))
