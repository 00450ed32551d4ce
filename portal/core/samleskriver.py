"""The batch writer: what waits at the same moment is committed together, and acknowledged after the commit.

One writer per process keeps the order. One bad item must fail alone: a batch that fails as a whole is tried again
item by item. Under gevent the writer is a greenlet; on SQLite it runs in one native thread of its own, since a commit
there would stop the hub. Without gevent (command line, unit tests) an item is written at once, by its caller.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.engine import Connection, Engine

from portal.core.db import Skriveforbindelse, gevent_patchet, publiser, skrivelaas, skrivetransaksjon

logg = structlog.get_logger(__name__)
Oppdrag = TypeVar("Oppdrag")


@dataclass(slots=True)
class Utfall:
    """What became of one item: a result or an error, and the events to publish after the commit."""

    resultat: Any = None
    feil: Exception | None = None
    hendelser: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


#: Writes the items on the connection and gives one `Utfall` for each, in order.
Behandler = Callable[[Connection, Sequence[Oppdrag]], list[Utfall]]


class Samleskriver(Generic[Oppdrag]):
    """Collects items and lets `behandle` write up to `maks` of them in one transaction."""

    def __init__(self, behandle: Behandler[Oppdrag], *, maks: int = 200) -> None:
        self._behandle = behandle
        self._maks = maks
        self._koe: deque[tuple[Oppdrag, Any]] = deque()
        self._start = threading.Lock()
        self._vekker: Any = None
        self._pool: Any = None
        self._egen: Skriveforbindelse | None = None

    def utfoer(self, engine: Engine, oppdrag: Oppdrag) -> Any:
        """Waits until the item is committed, and gives its result or raises its error."""
        if not gevent_patchet():
            utfall = self._skriv_samlet(engine, [oppdrag])[0]
        else:
            from gevent.event import AsyncResult

            self._sikre_skriver(engine)
            svar: Any = AsyncResult()
            self._koe.append((oppdrag, svar))
            self._vekker.set()
            utfall = svar.get()
        if utfall.feil is not None:
            raise utfall.feil
        return utfall.resultat

    def _sikre_skriver(self, engine: Engine) -> None:
        if self._vekker is not None:
            return
        import gevent
        from gevent.event import Event
        from gevent.threadpool import ThreadPool

        with self._start:
            if self._vekker is None:
                if engine.dialect.name == "sqlite":
                    self._pool = ThreadPool(1)
                self._egen = Skriveforbindelse(engine)
                self._vekker = Event()
                gevent.spawn(self._loekke, engine)

    def _loekke(self, engine: Engine) -> None:
        while True:
            self._vekker.wait()
            self._vekker.clear()
            while self._koe:
                bunke = [self._koe.popleft() for _ in range(min(self._maks, len(self._koe)))]
                try:
                    utfall = self._skriv_samlet(engine, [o for o, _ in bunke])
                except Exception as feil:
                    logg.exception("samleskriver_feilet")
                    utfall = [Utfall(feil=feil) for _ in bunke]
                for (_, svar), u in zip(bunke, utfall, strict=True):
                    svar.set(u)

    def _skriv_samlet(self, engine: Engine, oppdrag: list[Oppdrag]) -> list[Utfall]:
        """Writes the batch; if it fails as a whole, each item in a transaction of its own."""
        try:
            utfall = self._en_transaksjon(engine, oppdrag)
        except Exception:
            # Most often a race over a unique key between two processes: tried again, the second one sees the first.
            logg.warning("samlet_skriving_proeves_enkeltvis", antall=len(oppdrag), exc_info=len(oppdrag) == 1)
            utfall = []
            for o in oppdrag:
                try:
                    utfall.extend(self._en_transaksjon(engine, [o]))
                except Exception as feil:
                    logg.exception("melding_ikke_lagret")
                    utfall.append(Utfall(feil=feil))
        for u in utfall:
            publiser(u.hendelser)
        return utfall

    def _en_transaksjon(self, engine: Engine, oppdrag: list[Oppdrag]) -> list[Utfall]:
        if self._egen is None:
            with skrivetransaksjon(engine) as forbindelse:
                return self._behandle(forbindelse, oppdrag)
        if self._pool is None:
            return self._egen.utfoer(self._behandle, oppdrag)
        with skrivelaas():
            utfall: list[Utfall] = self._pool.apply(self._egen.utfoer, (self._behandle, oppdrag))
            return utfall
