"""Who is at the other end of a socket's event: the session, the role and the rights are judged again for each one.

The events themselves are the rooms' (`sockets.py` of henvendelser and plasser); this is the end that they share.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from threading import Thread
from typing import Any

from portal.core import realtime
from portal.core.aktor import Aktor
from portal.core.errors import ForMange, IkkeInnlogget, Laast, PortalError
from portal.core.realtime import Tilkobling, tilkoblinger
from portal.core.web import som_tekst, spraak_utenfor
from portal.identitet.steps import aktor_fra_sesjon

#: Messages a second that one socket may send for long, and in one burst; of what is read and acknowledged, four
#: times as many.
FART, UTBRUDD = 50.0, 200.0
LESEPRIS = 0.25


@contextmanager
def sammenheng(t: Tilkobling) -> Any:
    """An app context for one event, in the language of the one who sent it."""
    merke = spraak_utenfor.set(t.spraak)
    try:
        with realtime.app().app_context():
            yield
    finally:
        spraak_utenfor.reset(merke)


def fersk_aktor(t: Tilkobling) -> Aktor:
    """The actor as the database says now. Raises IkkeInnlogget when session or membership has ended, and Laast."""
    try:
        aktor = aktor_fra_sesjon(t.aktor.sesjon_id) if t.aktor.sesjon_id else None
    except Laast:
        realtime.sett_laas(t, True)
        raise
    if aktor is None or aktor.medlemskap_id != t.aktor.medlemskap_id:
        raise IkkeInnlogget()
    realtime.sett_laas(t, False)
    return aktor


def svar_paa(feil: PortalError) -> dict[str, Any]:
    """The error as an ack: what was refused in a text as places in it."""
    svar: dict[str, Any] = som_tekst(feil.som_svar())
    treff = feil.detaljer.get("treff")
    if treff:
        svar["treff"] = [list(t) for t in treff.get("tekst", [])]
        svar.pop("felter", None)
    return svar


def haandter(
    funksjon: Callable[[Tilkobling, Aktor, Any], dict[str, Any] | None],
) -> Callable[[str, Any], dict[str, Any] | None]:
    """Common end of the events: who, the right, the answer. Ended sessions are answered, then thrown out."""

    @wraps(funksjon)
    def innpakning(sid: str, data: Any) -> dict[str, Any] | None:
        t = tilkoblinger.get(sid)
        if t is None:
            return {"ok": False, "kode": IkkeInnlogget.kode, "melding": str(IkkeInnlogget.standard)}
        with sammenheng(t):
            try:
                bruk_kvote(t, LESEPRIS)
                return funksjon(t, fersk_aktor(t), data)
            except IkkeInnlogget as feil:
                kast_snart(sid)
                return svar_paa(feil)
            except PortalError as feil:
                return svar_paa(feil)

    return innpakning


def kast_snart(sid: str) -> None:
    """After the ack has left: the client must learn why before the line is cut."""

    def kast() -> None:
        time.sleep(0.2)
        realtime.kast(sid)

    Thread(target=kast, daemon=True).start()


def bruk_kvote(t: Tilkobling, pris: float = 1.0) -> None:
    naa = time.monotonic()
    t.kvote = min(UTBRUDD, t.kvote + (naa - t.kvote_tid) * FART)
    t.kvote_tid = naa
    if t.kvote < pris:
        raise ForMange(vent=1)
    t.kvote -= pris
