"""The board over the socket: what has changed goes to everybody who has it open, as rows and not as a board.

Nothing here is the truth: what is lost is seen by the version in the next head, and fetched. A locked screen leaves the
room, and comes back by itself when it is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Lock, Thread
from typing import Any
from uuid import UUID

import structlog

from portal.core import realtime
from portal.core.aktor import Aktor
from portal.core.db import abonner
from portal.core.errors import Laast, PortalError
from portal.core.realtime import Tilkobling, tilkoblinger
from portal.core.web import les
from portal.identitet.sockets import haandter
from portal.plasser.schemas import IngentingInn, TavleInn
from portal.plasser.service import reservasjoner, tavle
from portal.plasser.service.tavle import Hode

logg = structlog.get_logger(__name__)

ROM = "plasser"
#: Changes are gathered for so long (seconds) and told together: a whole unit is set by one hand in many clicks.
SAMLES = 0.05
#: More rows than this are not sent to everybody at once: each is told to fetch, in its own time.
FLEST = 200

_laas = Lock()
#: The version before the first change that waits to be told; None: none waits.
_venter: int | None = None
_gaar = False
#: The phases that those in this process have been told of.
_sagt: Hode | None = None


# --- in --------------------------------------------------------------------------------------------------


@haandter
def _abonner(t: Tilkobling, aktor: Aktor, data: Any) -> dict[str, Any]:
    """Joins the room first, then reads what came after `etter`: what comes in between is told twice, never missed."""
    inn = les(TavleInn, data)
    if t.laast:
        raise Laast()
    realtime.gaa_inn(t.sid, ROM)
    t.tavle = True
    try:
        svar = tavle.hent_tavle(aktor, **inn)
    except PortalError:
        _ut_av_rommet(t)
        raise
    return {"ok": True, **_kort(svar)}


@haandter
def _forlat(t: Tilkobling, aktor: Aktor, data: Any) -> dict[str, Any]:
    les(IngentingInn, data)
    _ut_av_rommet(t)
    return {"ok": True}


def _ut_av_rommet(t: Tilkobling) -> None:
    t.tavle = False
    realtime.gaa_ut(t.sid, ROM)


def _paa_laas(t: Tilkobling) -> None:
    if t.laast and t.tavle:
        _ut_av_rommet(t)


def _kort(svar: dict[str, Any]) -> dict[str, Any]:
    """As it is told: the rows, or (`hel`) that there is too much to tell and the board is to be fetched."""
    enheter = svar.pop("enheter")
    if svar["hel"] or len(enheter) > FLEST:
        return {**{k: v for k, v in svar.items() if k != "summer"}, "hel": True}
    return {**svar, "endringer": enheter}


# --- out -------------------------------------------------------------------------------------------------


def _noen_hoerer() -> bool:
    return realtime.flere_prosesser() or any(t.tavle for t in tilkoblinger.values())


def _ut_endret(versjon: int, enheter: list[str]) -> None:
    """A change is told with those that come right after it, in a thread of its own: who made it does not wait."""
    global _venter
    if not _noen_hoerer():
        return
    with _laas:
        _venter = versjon - 1 if _venter is None else min(_venter, versjon - 1)
    _start()


def _ut_fase(organisasjon_id: UUID) -> None:
    if _noen_hoerer():
        _start()


def _start() -> None:
    global _gaar
    with _laas:
        if _gaar:
            return
        _gaar = True
    Thread(target=_loekke, daemon=True, name="tavle").start()


def _loekke() -> None:
    global _gaar, _venter
    while True:
        time.sleep(SAMLES)
        with _laas:
            fra, _venter = _venter, None
        try:
            with realtime.app().app_context():
                if fra is not None:
                    realtime.til_rom(ROM, _kort(tavle.hent_endringer(fra)), ROM)
                _si_faser()
        except Exception:
            # Most often the database is away for a moment; the heads tell that something is missing.
            logg.exception("tavla_ble_ikke_sendt")
        with _laas:
            if _venter is None:
                _gaar = False
                return


def _si_faser() -> Hode:
    """Tells those of this process which units are in another phase now; the other processes tell their own."""
    global _sagt
    hode, foer = tavle.hent_hode(), _sagt
    if foer is not None and foer.faser != hode.faser:
        realtime.til_rommet_her(ROM, _kort(tavle.hent_faseendringer(foer)), ROM)
    _sagt = hode
    return hode


def hode(aktuelle: Iterable[Tilkobling]) -> dict[str, Any]:
    """The part of the heads for those who have the board open: its version, and the names of its phases and its names.

    A name of a unit moves no version: whoever shows other names fetches the board, in its own time.
    """
    if not any(t.tavle for t in aktuelle):
        return {}
    h = _si_faser()
    return {"plasser": h.versjon, "plassfaser": h.faser, "plassnavn": h.navn}


def _tikk(aktuelle: list[Tilkobling]) -> None:
    """Holds that are over end though the worker has stopped: nobody finds a bed that the board shows as held."""
    reservasjoner.loes_ut_forfalte(reservasjoner.ARBEIDEREN_FOERST)


def sett_opp() -> None:
    """Registers the events, in and out."""
    server = realtime.socketio.server
    server.on("plasser.abonner", _abonner)
    server.on("plasser.forlat", _forlat)
    abonner("plasser.endret", _ut_endret)
    abonner("beredskap.endret", _ut_fase)
    realtime.registrer_laas(_paa_laas)
    realtime.registrer_tikk(_tikk)
