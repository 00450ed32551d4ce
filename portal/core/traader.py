"""Work that would stop everyone else: run on a thread of its own while the hub serves the others.

What takes more than about 5 ms of processor (password hashing takes some 150 ms) must not run on gevent's
hub. Never call this inside a transaction: on SQLite nothing in one may yield.

There is a pool for each kind of waiting, so that who logs in never stands behind who fetches a file:
`KORTE` (`i_traadpool`), `TEKSTER`, `FILER` and `JOURNAL`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from gevent.threadpool import ThreadPool

from portal.core.db import gevent_patchet, i_transaksjon
from portal.core.errors import ForMange, Travelt
from portal.core.sprak import _l

P = ParamSpec("P")
R = TypeVar("R")


class Pulje:
    """Some threads, and those who wait for them.

    `venter`: how many may wait while all threads are taken (None: everyone). Whoever comes after them is told to come
    back, before anything is begun.
    """

    def __init__(self, traader: int, venter: int | None = None) -> None:
        self.traader, self.venter = traader, venter
        self._pool: Any = None
        #: Whoever has work here, running or waiting: a person's id, or a thing of its own where nobody is named.
        self._inne: set[object] = set()

    def kjoer(self, funksjon: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls a pure function on a thread of the pool and waits for it cooperatively.

        Where gevent has not patched the process (the command line, the worker, the tests) it is called directly.
        The function sees no application context and no database session. Its errors are raised here. Raises Travelt
        when too many wait already.
        """
        return self.kjoer_for(object(), funksjon, *args, **kwargs)

    def kjoer_for(self, hvem: object, funksjon: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same, for who may have one thing made at a time. Raises ForMange (`en_om_gangen`) at the second."""
        if i_transaksjon():
            raise RuntimeError(
                "Nothing inside a transaction may wait for a thread: do this before the use case"
            )
        if hvem in self._inne:
            raise ForMange(
                _l("Vi lager alt en fil til deg. Vent til den er ferdig, og prøv igjen."), kode="en_om_gangen"
            )
        if self.venter is not None and len(self._inne) >= self.traader + self.venter:
            raise Travelt()
        self._inne.add(hvem)
        try:
            if not gevent_patchet():
                return funksjon(*args, **kwargs)
            if self._pool is None:
                self._pool = ThreadPool(self.traader)
            return self._pool.spawn(funksjon, *args, **kwargs).get()
        finally:
            self._inne.discard(hvem)


#: What is short, and what nobody may be kept from: passwords, attachments. Two at a time: each hashing takes 64 MB and
#: one core, and a flood of logins must queue and not fill memory.
KORTE = Pulje(2)
#: Texts of a page, Markdown and what differs between two of them: tenths of a second at worst. No cap: a form that
#: comes back filled in needs its marks.
TEKSTER = Pulje(1)
#: Agreements as PDF and DOCX, and documents that are read into drafts: up to `pdfprosess.VEGG` seconds each.
FILER = Pulje(2, venter=6)
#: A case for the journal as PDF, apart from the agreements: a clinician waits for other clinicians only.
JOURNAL = Pulje(2, venter=20)


def i_traadpool(funksjon: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls a pure function among the short ones. See `Pulje.kjoer`."""
    return KORTE.kjoer(funksjon, *args, **kwargs)
