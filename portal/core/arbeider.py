"""The worker's loop: jobs that ask the database whether something is due, and are safe to run twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import structlog
from flask import Flask

logg = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Jobb:
    """A piece of due work. `hver` is how often it is asked for, in seconds."""

    navn: str
    hver: float
    gjoer: Callable[[], object]


class Arbeider:
    """Runs its jobs in turn. One that fails is logged and asked for again next time."""

    def __init__(self, app: Flask, jobber: list[Jobb]) -> None:
        self._app, self._jobber = app, jobber
        self._neste = {j.navn: 0.0 for j in jobber}

    def en_runde(self, naa: float) -> None:
        """Runs the jobs whose time has come; `naa` is a monotonic clock in seconds."""
        for jobb in self._jobber:
            if self._neste[jobb.navn] > naa:
                continue
            self._neste[jobb.navn] = naa + jobb.hver
            try:
                with self._app.app_context():
                    jobb.gjoer()
            except Exception:
                logg.exception("jobb_feilet", jobb=jobb.navn)

    def loep(self) -> None:
        """Runs for ever."""
        while True:
            self.en_runde(time.monotonic())
            time.sleep(1)

    def start_i_bakgrunnen(self) -> None:
        """In the embedded mode the worker lives inside the web process."""
        Thread(target=self.loep, daemon=True, name="arbeider").start()
