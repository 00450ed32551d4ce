"""Rendered cards of cases, kept: a list of fifty and a queue of five hundred are mostly the same from one look to the
next, and to write them out again costs more than all that the database does.

A card is kept by everything it shows. What is of the moment or of the one who looks – how long ago it was, and the
form's token – stands in it as a mark, and is put in each time it is shown. Nobody is shown the card of a case but
those for whom it was fetched: this keeps what was written, and judges nothing.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any

from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from portal.core.clock import now
from portal.core.web import statisk, tid
from portal.henvendelser.models import Henvendelse

#: Cards that are kept, of a kilobyte or two each.
MAKS_KORT = 6000
#: Written by nobody: unknown outside of this process, and new in each.
_TIDSMERKE, _NOEKKELMERKE = (f"@{secrets.token_hex(12)}@" for _merke in range(2))
_kort: OrderedDict[Hashable, Markup] = OrderedDict()
_tider: OrderedDict[Hashable, Markup] = OrderedDict()


def _kjent(lager: OrderedDict[Hashable, Markup], noekkel: Hashable, lag: Callable[[], Markup]) -> Markup:
    funnet = lager.get(noekkel)
    if funnet is None:
        funnet = lager[noekkel] = lag()
        while len(lager) > MAKS_KORT:
            lager.popitem(last=False)
    return funnet


def kortskriver() -> Callable[..., Markup]:
    """What a template writes cards with: `kort(sakkort, sak, uleste=2)`. Good for one page, as its language is."""
    spraak, sprite, naa = str(get_locale()), statisk("ikoner.svg"), now()
    felles = (spraak, sprite, naa.year)

    def siden(tidspunkt: datetime) -> Markup:
        minutter = (naa - tidspunkt).total_seconds() // 60
        # As fine as it is said: minutes of the first hour, hours of the first day, then days.
        fint = (
            minutter
            if minutter < 60
            else (minutter // 60, "t")
            if minutter < 1440
            else (minutter // 1440, "d")
        )
        return _kjent(_tider, (felles, tidspunkt, fint), lambda: tid(tidspunkt))

    def kort(makro: Any, sak: Henvendelse, **valg: Any) -> Markup:
        vist = (sak.id, sak.versjon, sak.status, sak.hastegrad, sak.fagomraade, sak.frist, sak.retning)
        steder = (
            sak.mottaker.kortnavn,
            sak.avsender.kortnavn,
            sak.avsender_enhet and sak.avsender_enhet.navn,
        )
        navn = (sak.innmelder.navn, sak.ansvarlig and sak.ansvarlig.navn, sak.tilbakeringing)
        noekkel = (makro.name, felles, vist, steder, navn, *((k, str(v)) for k, v in valg.items()))
        skrevet = _kjent(
            _kort, noekkel, lambda: makro(sak, tidsmerke=_TIDSMERKE, noekkelmerke=_NOEKKELMERKE, **valg)
        )
        fra = sak.ventet_fra if makro.name == "koekort" else sak.opprettet
        ut = skrevet.replace(_TIDSMERKE, siden(fra))
        return ut.replace(_NOEKKELMERKE, generate_csrf()) if _NOEKKELMERKE in ut else ut

    return kort


__all__ = ["kortskriver"]
