"""How the routes of emergency beds are asked; see `tests/rutene.py`.

The unit is `kommune`'s, in `enhet`: `lege`, `kollega` and `sykepleier` work there, `koordinator_i_kommunen` keeps it.
`annen_kommune` has a place in it too. The hold is `kommune`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.db import db, transactional
from portal.plasser.forloep import Tilstand
from portal.plasser.models import Opphold, Plass, Plassenhet
from portal.plasser.service import reservasjoner
from tests import rutene_plasser_api as api
from tests import rutene_plasser_behov as behov
from tests import rutene_plasser_forvalt as forvalt
from tests.bygg import lag_enhet
from tests.matrise import Verden, les_tabell
from tests.plasser.hjelp import lag_plassenhet

ENHET = "/plasser/<uuid:plassenhet_id>"
PLASS = f"{ENHET}/plass/<uuid:plass_id>"
HOLD = f"{ENHET}/hold/<uuid:reservasjon_id>"
OPPHOLD = f"{ENHET}/opphold/<uuid:opphold_id>"

RUTER = les_tabell("""
                                                                         i lksaocdu STKVCD 1234567 rnx
GET /plasser/<uuid:plassenhet_id>                                        ! ++++++++ ++++++ +++++++ +++
POST /plasser/<uuid:plassenhet_id>/ingen-endring                         ! +++--+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/plass/<uuid:plass_id>/tilstand        ! +++--+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/plass/<uuid:plass_id>/bemanning       ! +++--+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/innleggelse                            ! +++--+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/innleggelse                           ! +++--+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/opphold/<uuid:opphold_id>              ! +++00+00 000000 0000000 000
POST /plasser/<uuid:plassenhet_id>/opphold/<uuid:opphold_id>             ! +++00+00 000000 0000000 000
GET /plasser/<uuid:plassenhet_id>/opphold/<uuid:opphold_id>/utskrivning  ! +++00+00 000000 0000000 000
POST /plasser/<uuid:plassenhet_id>/opphold/<uuid:opphold_id>/utskrivning ! +++00+00 000000 0000000 000
GET /plasser/<uuid:plassenhet_id>/hold                                   ! +++++--+ ------ +++---- ---
POST /plasser/<uuid:plassenhet_id>/hold                                  ! +++++--+ ------ +++---- ---
POST /plasser/<uuid:plassenhet_id>/hold/<uuid:reservasjon_id>/forleng    ! ++++++0+ 000000 0000000 000
POST /plasser/<uuid:plassenhet_id>/hold/<uuid:reservasjon_id>/frigi      ! ++++++0+ 000000 0000000 000
GET /plasser/<uuid:plassenhet_id>/hold/<uuid:reservasjon_id>/avvis       ! +++--+0- 000000 0000000 000
POST /plasser/<uuid:plassenhet_id>/hold/<uuid:reservasjon_id>/avvis      ! +++--+0- 000000 0000000 000
GET /plasser/<uuid:plassenhet_id>/registrering                           ! +++--+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/registrering                          ! +++--+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/import                                 ! +++--+-- ------ ------- ---
POST /plasser/<uuid:plassenhet_id>/import                                ! +++--+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/plasser.csv                            ! +++--+-- ------ ------- ---
GET /plasser/<uuid:plassenhet_id>/historikk                              ! ++++++++ ++++++ +++++++ +++
GET /plasser/                                                            ! ++++++++ ++++++ +++++++ +++
GET /plasser/gruppe                                                      ! ++++++++ ++++++ +++++++ +++
GET /plasser/kart                                                        ! ++++++++ ++++++ +++++++ +++
GET /plasser/kommuner/<string:kommunenummer>                             ! ++++++++ ++++++ +++++++ +++
GET /plasser/tabell                                                      ! ++++++++ ++++++ +++++++ +++
GET /plasser/historikk                                                   ! ++++++++ ++++++ +++++++ +++
GET /plasser/historikk.csv                                               ! ++++++++ ++++++ +++++++ +++
GET /plasser/rapport                                                     ! ----++-- ----+- ------- +--
GET /plasser/rapport.csv                                                 ! ----++-- ----+- ------- +--
GET /plasser/rapport.xlsx                                                ! ----++-- ----+- ------- +--
""")
RUTER |= forvalt.RUTER | api.RUTER | behov.RUTER
#: What is asked after the address of a page.
SPOERRING = {
    **{f"/plasser/rapport{slag}": "?kommune=<kommune_id>&aar=2026" for slag in ("", ".csv", ".xlsx")},
    "/plasser/gruppe": "?gruppe=<foretak_id>",
}
#: What leaves no success in the audit log.
UTEN_SPOR: tuple[str, ...] = ()

Steder = dict[str, Any]


# --- what is made first ----------------------------------------------------------------------------------


@transactional
def _loesne(v: Verden) -> None:
    """The unit that was asked about before belongs to another `Enhet` now: each has one of its own."""
    annen = lag_enhet(v.kommune, "oehd_enhet")
    db.session.flush()
    db.session.execute(
        sa.update(Plassenhet).where(Plassenhet.enhet_id == v.enhet.id).values(enhet_id=annen.id)
    )


def med_enhet(v: Verden) -> UUID:
    """A unit with seven free beds and one that somebody lies in; `annen_kommune` may use four of them."""
    _loesne(v)
    return lag_plassenhet(
        v,
        [Tilstand.BELAGT, *[Tilstand.LEDIG] * 7],
        enhet=v.enhet,
        kvoter={v.kommune.id: 4, v.annen_kommune.id: 4},
    )


def ledig_plass(plassenhet_id: UUID) -> UUID:
    """A free bed of the unit."""
    return db.session.scalars(
        sa.select(Plass.id).where(Plass.plassenhet_id == plassenhet_id, Plass.tilstand == Tilstand.LEDIG)
    ).first()


#: By what stands in the address: made at the unit, whose id is given.
STED: dict[str, Callable[[Verden, UUID], UUID]] = {
    "plass_id": lambda v, enhet_id: ledig_plass(enhet_id),
    "reservasjon_id": lambda v, enhet_id: reservasjoner.reserver(v.lege, enhet_id, klient_id=uuid4()),
    "opphold_id": lambda v, enhet_id: db.session.scalars(
        sa.select(Opphold.id).where(Opphold.plassenhet_id == enhet_id)
    ).one(),
    **forvalt.STED,
}
FOERST: dict[str, Callable[[Verden], Steder]] = {
    **{regel: lambda v: {"kommune_id": v.kommune.id} for regel in SPOERRING if "rapport" in regel},
    "/plasser/gruppe": lambda v: {"foretak_id": v.hf.id, "plassenhet_id": med_enhet(v)},
    "/plasser/kommuner/<string:kommunenummer>": lambda v: {"kommunenummer": v.kommune.kode},
    **behov.FOERST,
}


def sett_opp(v: Verden, regel: str) -> Steder | None:
    """The places of one of these routes; None where it is no such route."""
    if not regel.removeprefix("/api/v1").startswith("/plasser"):
        return None
    if not any(f"<uuid:{navn}>" in regel for navn in ("plassenhet_id", *STED)):
        return forvalt.sett_opp(v, regel, {})
    enhet_id = med_enhet(v)
    steder: Steder = {"plassenhet_id": enhet_id} if "<uuid:plassenhet_id>" in regel else {}
    steder |= {navn: lag(v, enhet_id) for navn, lag in STED.items() if f"<uuid:{navn}>" in regel}
    return forvalt.sett_opp(v, regel, steder)


# --- what is sent ----------------------------------------------------------------------------------------


def _alle_plasser(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    """Every bed as it stands."""
    db.session.rollback()
    plassene = db.session.scalars(sa.select(Plass).where(Plass.plassenhet_id == steder["plassenhet_id"]))
    ut: dict[str, Any] = {}
    for p in plassene:
        ut |= {f"tilstand-{p.id}": p.tilstand, f"lest-{p.id}": str(p.versjon)}
    return ut


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{PLASS}/tilstand": lambda v, p, s: {"tilstand": "rengjoeres"},
    f"{PLASS}/bemanning": lambda v, p, s: {"bemannet": "0"},
    f"{ENHET}/innleggelse": lambda v, p, s: {
        "plass_id": str(ledig_plass(s["plassenhet_id"])),
        "kommune_id": str(v.kommune.id),
    },
    OPPHOLD: lambda v, p, s: {"fra_hvor": "hjem"},
    f"{OPPHOLD}/utskrivning": lambda v, p, s: {"til_hvor": "hjem"},
    f"{ENHET}/hold": lambda v, p, s: {
        "klient_id": str(uuid4()),
        "kommune_id": str(v.aktor(p).organisasjon_id) if p != "ingen" else "",
    },
    f"{HOLD}/avvis": lambda v, p, s: {"grunn": "smitte"},
    f"{ENHET}/registrering": _alle_plasser,
    f"{ENHET}/import": lambda v, p, s: {"tekst": "plass;tilstand\n2;rengjøres\n"},
    **forvalt.INNHOLD,
    **api.INNHOLD,
    **behov.INNHOLD,
}
