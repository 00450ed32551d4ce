"""How the routes of reviews, disagreements and day rates are asked; see `tests/rutene_avtaler.py`.

Every agreement is `hf`'s with `kommune`, and in force.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler.forloep import Status
from portal.avtaler.livsmodeller import Doegnsats
from portal.avtaler.service import satser, uenighet
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from tests.avtalehjelp import lag_avtale
from tests.matrise import Verden, les_tabell

AVTALE = "/avtaler/<uuid:avtale_id>"
UENIGHET = f"{AVTALE}/uenighet/<uuid:uenighet_id>"

RUTER = les_tabell("""
                                                                            i lksaocdu STKVCD 1234567 rnx
GET /avtaler/satser                                                         ! ++++++++ ++++++ +++++++ +++
POST /avtaler/satser                                                        ! -----+-- ----+- -----+- ---
POST /avtaler/satser/rett                                                   ! -----+-- ----+- -----+- ---
GET /avtaler/<uuid:avtale_id>/gjennomgang                                   ! ----+++- ----++ 0000000 -0-
POST /avtaler/<uuid:avtale_id>/gjennomgang                                  ! -----+-- ----+- 0000000 -0-
GET /avtaler/<uuid:avtale_id>/uenighet                                      ! ----+++- ----++ 0000000 -0-
POST /avtaler/<uuid:avtale_id>/uenighet                                     ! -----+-- ----+- 0000000 -0-
GET /avtaler/<uuid:avtale_id>/uenighet/<uuid:uenighet_id>                   ! ----+++- ----++ 0000000 -0-
POST /avtaler/<uuid:avtale_id>/uenighet/<uuid:uenighet_id>                  ! -----+-- ----+- 0000000 -0-
""")

Steder = dict[str, Any]


def med_avtale(v: Verden) -> Steder:
    return {"avtale_id": lag_avtale(v.hf, [v.kommune], status=Status.GJELDENDE).id}


def med_uenighet(v: Verden) -> Steder:
    """A record of disagreement at its first step, begun by the trust."""
    avtale_id: UUID = med_avtale(v)["avtale_id"]
    id_ = uenighet.opprett(v.koordinator, avtale_id, tittel="Frist for svar", tekst="Ett døgn eller to.")
    return {"avtale_id": avtale_id, "uenighet_id": id_}


@transactional
def _ingen_satser() -> None:
    db.session.execute(sa.delete(Doegnsats))


def uten_satser(v: Verden) -> Steder:
    """Nobody has entered a rate."""
    _ingen_satser()
    return {}


def med_sats(v: Verden) -> Steder:
    """The rate of 2025 has been entered, with a slip of the pen."""
    _ingen_satser()
    satser.foer(v.koordinator, 2025, 60_000, "Rundskriv")
    return {}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    "/avtaler/satser": uten_satser,
    "/avtaler/satser/rett": med_sats,
    f"{AVTALE}/gjennomgang": med_avtale,
    f"{AVTALE}/uenighet": med_avtale,
    UENIGHET: med_uenighet,
}

INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    "/avtaler/satser": lambda v, p, s: {"aar": "2025", "kroner": "6000", "kilde": "Rundskriv"},
    "/avtaler/satser/rett": lambda v, p, s: {
        "aar": "2025",
        "kroner": "6000",
        "kilde": "Rundskriv",
        "lest": "60000",
        "lest_kilde": "Rundskriv",
    },
    f"{AVTALE}/gjennomgang": lambda v, p, s: {
        "dato": f"{i_dag()}",
        "deltakere": "Kari og Ola",
        "referat": "Videreføres.",
    },
    f"{AVTALE}/uenighet": lambda v, p, s: {"tittel": "Frist for svar", "tekst": "Ett døgn eller to."},
    UENIGHET: lambda v, p, s: {"fra": "dialog", "til": "lokalt_organ", "tekst": "Organet tar det."},
}
