"""The tick of the web processes: what is due begins and ends though the worker has stopped."""

from __future__ import annotations

from portal.core import realtime
from portal.core.realtime import Tilkobling
from portal.omdisponering.service import klokke


def _tikk(aktuelle: list[Tilkobling]) -> None:
    klokke.sett_i_gang_og_avslutt(klokke.ARBEIDEREN_FOERST)


def sett_opp() -> None:
    """Lets the clock follow the tick."""
    realtime.registrer_tikk(_tikk)
