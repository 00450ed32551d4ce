"""The strip of the pages over the socket: whether the way to a human is red, told to clinicians with each tick."""

from __future__ import annotations

from portal.core import realtime
from portal.core.aktor import KLINIKERE
from portal.core.realtime import Tilkobling
from portal.innsikt import service

#: After it is well again it is said so many times: one that is lost must not leave a strip standing.
GANGER = 4
_igjen = 0


def fortell(aktuelle: list[Tilkobling]) -> None:
    """One read for the whole process. While all is well nothing is sent."""
    global _igjen
    stans = service.oppdater_stans()
    _igjen = GANGER if stans else max(_igjen - 1, 0)
    if not _igjen:
        return
    data = {"staar": stans is not None, "naar": stans.naar if stans else ""}
    for t in aktuelle:
        if t.aktor.rolle in KLINIKERE:
            realtime.til_sokkel("drift", data, t.sid)


def sett_opp() -> None:
    """Lets the strip follow the tick."""
    realtime.registrer_tikk(fortell)
