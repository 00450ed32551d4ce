"""Who may do what with assessments and stale figures: rows of `tests/test_tilgang_plasser.py`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.service import behov, ferskhet
from tests.matrise import Verden, les_tabell
from tests.rutene_plasser_behov import en_vurdering, uten_vurdering
from tests.tjenestematrise import Gjoer, Lag

#: The kommune's coordinator and kommuneoverlege, and those of its trust, write and decide; all at the two sides read.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
behov.hent_liste                            - ++++++++ ++++++ +++++++ +++
behov.hent                                  0 ++++++++ ++++++ 0000000 00+
behov.begynn                                0 ----++-- ----+- 0000000 00-
behov.skriv                                 0 ----++-- ----+- 0000000 00-
behov.beslutt                               0 ----++-- ----+- 0000000 00-
behov.forkast                               0 ----++-- ----+- 0000000 00-
ferskhet.hent_gamle                         + ++++++++ ++++++ +++++++ +++
""")


def _rad(id_: UUID) -> Behovsvurdering:
    rad = db.session.get_one(Behovsvurdering, id_, populate_existing=True)
    db.session.rollback()
    return rad


def _skriv(v: Verden, a: Aktor, id_: UUID) -> Any:
    rad = _rad(id_)
    return behov.skriv(a, id_, lest=rad.versjon, fra=rad.fra, til=rad.til, vurdering="Noe annet")


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "behov.hent_liste": (lambda v: None, lambda v, a, i: behov.hent_liste(a)),
    "behov.hent": (en_vurdering, lambda v, a, i: behov.hent(a, i)),
    "behov.begynn": (uten_vurdering, lambda v, a, i: behov.begynn(a, v.kommune.id)),
    "behov.skriv": (en_vurdering, _skriv),
    "behov.beslutt": (en_vurdering, lambda v, a, i: behov.beslutt(a, i, lest_hash=_rad(i).innhold_hash)),
    "behov.forkast": (en_vurdering, lambda v, a, i: behov.forkast(a, i, lest=_rad(i).versjon)),
    "ferskhet.hent_gamle": (lambda v: None, lambda v, a, i: ferskhet.hent_gamle(a)),
}
