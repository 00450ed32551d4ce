"""Who may do what with emergency beds: every use case, called without any door.

As `test_tilgang_beredskap.py` does for the phases; what no role decides is named in `EGNE`. Who works at the unit, and
who keeps it, is told in `tests/plasser/hjelp.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.plasser.forloep import Avslagsgrunn, Legedekning, Tilstand
from portal.plasser.models import Opphold, Plass, Plassenhet
from portal.plasser.service import (
    drift,
    endringer,
    forvaltning,
    historikk,
    lesing,
    oversikt,
    rapport,
    reservasjoner,
    tavle,
)
from portal.plasser.service.historikk import Slag, Utvalg
from tests.bygg import lag_enhet
from tests.matrise import PERSONER, Verden, les_tabell
from tests.plasser import hjelp as h
from tests.plasser import tilgang_behov, tilgang_enhet, tilgang_forvalt
from tests.tjenestematrise import Gjoer, Lag, alle_proever, en_verden, er_ingens, funksjoner

#: `annen_lege` works at the unit, `koordinator_i_kommunen` keeps it; the doctors of `annen_kommune` hold beds in it.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
drift.sett_tilstand                         0 ---+-+-- ------ ------- ---
drift.legg_inn                              0 ---+-+-- ------ ------- ---
drift.skriv_ut                              0 000+0+00 000000 0000000 000
drift.avvis                                 0 ---+-+0- 000000 0000000 000
drift.ingen_endring                         0 ---+-+-- ------ ------- ---
drift.bemann                                0 ---+-+-- ------ ------- ---
forvaltning.opprett                         0 -----+-- 000000 0000000 000
forvaltning.endre                           0 -----+-- ------ ------- ---
forvaltning.legg_til_plass                  0 -----+-- ------ ------- ---
forvaltning.endre_plass                     0 -----+-- ------ ------- ---
forvaltning.nedlegg_plass                   0 -----+-- ------ ------- ---
forvaltning.sett_kvoter                     0 -----+-- ------ ------- ---
forvaltning.nedlegg                         0 -----+-- ------ ------- ---
reservasjoner.reserver                      0 +++++--+ ------ +++---- ---
reservasjoner.forleng                       0 ++++++0+ 000000 0000000 000
reservasjoner.frigi                         0 ++++++0+ 000000 0000000 000
lesing.hent_reservasjon                     0 ++++++0+ 000000 0000000 000
tavle.krev_inne                             - ++++++++ ++++++ +++++++ +++
tavle.hent_tavle                            - ++++++++ ++++++ +++++++ +++
tavle.hent_json                             - ++++++++ ++++++ +++++++ +++
tavle.hent_endringer_json                   - ++++++++ ++++++ +++++++ +++
tavle.soek                                  - ++++++++ ++++++ +++++++ +++
oversikt.hent                               - ++++++++ ++++++ +++++++ +++
endringer.hent_siste                        0 ---+-+-- ------ ------- ---
historikk.hent_utvalg, landet               - ++++++++ ++++++ +++++++ +++
historikk.hent_utvalg, en enhet             - ++++++++ ++++++ +++++++ +++
historikk.utgangspunkt                      - ++++++++ ++++++ +++++++ +++
historikk.hent_valg                         - ++++++++ ++++++ +++++++ +++
historikk.hent                              - ++++++++ ++++++ +++++++ +++
rapport.hent                                0 ----++-- ----+- ------- +--
rapport.synlige_kommuner                    - ----++-- ----+- -+----- +--
""")


def _ingen(v: Verden) -> None:
    """Nothing is made first."""


def _versjon(modell: Any, id_: UUID) -> int:
    """What whoever has the page open has read of a row."""
    versjon = int(db.session.get_one(modell, id_, populate_existing=True).versjon)
    db.session.rollback()
    return versjon


@transactional
def _uten_plasser(v: Verden) -> UUID:
    """A unit of type ØHD that has no beds yet."""
    return lag_enhet(v.kommune, "oehd_enhet").id


def _med_plass(v: Verden) -> tuple[UUID, UUID]:
    enhet_id = h.egen_enhet(v)
    return enhet_id, h.ny_plass(enhet_id)


def _kvoter(v: Verden, a: Aktor, enhet_id: UUID) -> None:
    forvaltning.sett_kvoter(a, enhet_id, {v.kommune.id: 1, v.annen_kommune.id: 1}, lest=f"{v.kommune.id}:1")


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "drift.sett_tilstand": (
        h.en_plass,
        lambda v, a, i: drift.sett_tilstand(a, i[0], i[1], tilstand=Tilstand.RENGJOERES),
    ),
    "drift.legg_inn": (
        h.en_plass,
        lambda v, a, i: drift.legg_inn(a, i[0], plass_id=i[1], kommune_id=v.kommune.id),
    ),
    "drift.skriv_ut": (h.et_opphold, lambda v, a, i: drift.skriv_ut(a, i, lest=_versjon(Opphold, i))),
    "drift.avvis": (h.et_hold, lambda v, a, i: drift.avvis(a, i, grunn=Avslagsgrunn.SMITTE)),
    "drift.ingen_endring": (h.enheten, lambda v, a, i: drift.ingen_endring(a, i)),
    "drift.bemann": (h.en_plass, lambda v, a, i: drift.bemann(a, i[0], i[1], bemannet=False)),
    "forvaltning.opprett": (
        _uten_plasser,
        lambda v, a, i: forvaltning.opprett(a, i, legedekning=Legedekning.DOEGN, plasser=2),
    ),
    "forvaltning.endre": (
        h.egen_enhet,
        lambda v, a, i: forvaltning.endre(a, i, lest=_versjon(Plassenhet, i), adresse="Nye veien 1"),
    ),
    "forvaltning.legg_til_plass": (
        h.egen_enhet,
        lambda v, a, i: forvaltning.legg_til_plass(a, i, navn="Rom 9", normert=True, bemannet=True),
    ),
    "forvaltning.endre_plass": (
        _med_plass,
        lambda v, a, i: forvaltning.endre_plass(
            a, i[0], i[1], lest=_versjon(Plass, i[1]), navn="Rom 8", normert=True, evner=1
        ),
    ),
    "forvaltning.nedlegg_plass": (_med_plass, lambda v, a, i: forvaltning.nedlegg_plass(a, i[0], i[1])),
    "forvaltning.sett_kvoter": (h.egen_enhet, _kvoter),
    "forvaltning.nedlegg": (h.egen_enhet, lambda v, a, i: forvaltning.nedlegg(a, i)),
    "reservasjoner.reserver": (
        h.en_plass,
        lambda v, a, i: reservasjoner.reserver(a, i[0], klient_id=uuid4(), plass_id=i[1]),
    ),
    "reservasjoner.forleng": (h.et_hold, lambda v, a, i: reservasjoner.forleng(a, i)),
    "reservasjoner.frigi": (h.et_hold, lambda v, a, i: reservasjoner.frigi(a, i)),
    "tavle.krev_inne": (_ingen, lambda v, a, i: tavle.krev_inne(a)),
    "tavle.hent_tavle": (_ingen, lambda v, a, i: tavle.hent_tavle(a)),
    "tavle.hent_json": (_ingen, lambda v, a, x: tavle.hent_json(a)),
    "tavle.hent_endringer_json": (_ingen, lambda v, a, x: tavle.hent_endringer_json(a, 0)),
    "lesing.hent_reservasjon": (h.et_hold, lambda v, a, x: lesing.hent_reservasjon(a, x)),
    "tavle.soek": (_ingen, lambda v, a, i: tavle.soek(a)),
    "oversikt.hent": (_ingen, lambda v, a, i: oversikt.hent(a)),
    "endringer.hent_siste": (h.enheten, lambda v, a, i: endringer.hent_siste(a, i)),
    "historikk.hent_utvalg, landet": (_ingen, lambda v, a, i: historikk.hent_utvalg(a, Slag.LAND)),
    "historikk.hent_utvalg, en enhet": (h.enheten, lambda v, a, i: historikk.hent_utvalg(a, Slag.ENHET, i)),
    "historikk.utgangspunkt": (_ingen, lambda v, a, i: historikk.utgangspunkt(a)),
    "historikk.hent_valg": (_ingen, lambda v, a, i: historikk.hent_valg(a)),
    "historikk.hent": (
        _ingen,
        lambda v, a, i: historikk.hent(a, Utvalg(Slag.LAND), i_dag() - timedelta(days=3), i_dag()),
    ),
    "rapport.hent": (_ingen, lambda v, a, i: rapport.hent(a, v.kommune.id, i_dag().year)),
    "rapport.synlige_kommuner": (_ingen, lambda v, a, i: rapport.synlige_kommuner(a)),
}

TABELL |= tilgang_behov.TABELL | tilgang_enhet.TABELL | tilgang_forvalt.TABELL
GJOER |= tilgang_behov.GJOER | tilgang_enhet.GJOER | tilgang_forvalt.GJOER
#: Asked of the actor's own organisation alone, or of what the caller has fetched.
EGNE: set[str] = {*tilgang_forvalt.EGNE}
FUNKSJONER = funksjoner(["portal.plasser.service"])


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    yield from en_verden(_app)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva in TABELL}
    assert not i_tabellen & EGNE
    assert set(FUNKSJONER) == i_tabellen | EGNE
    assert set(GJOER) == set(TABELL)
    assert all("+" in rad.values() for rad in TABELL.values())


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("annen_lege", "koordinator_i_kommunen", "lege", "fremmed_lege", "koordinator"),
        lambda a, i: drift.ingen_endring(a, i),
        lambda a, i: drift.skriv_ut(a, i),
        lambda a, i: drift.avvis(a, i, grunn=Avslagsgrunn.FULLT),
        lambda a, i: forvaltning.opprett(a, i, legedekning=Legedekning.DOEGN, plasser=1),
        lambda a, i: forvaltning.nedlegg(a, i),
        lambda a, i: reservasjoner.reserver(a, i, klient_id=uuid4()),
        lambda a, i: reservasjoner.frigi(a, i),
    )


def test_plassen_er_enhetens(verden: Verden) -> None:
    """A bed is fetched through its own unit: another's is not there."""
    _, plass_id = h.en_plass(verden)
    annen = h.egen_enhet(verden)
    er_ingens(
        verden,
        ("koordinator_i_kommunen",),
        lambda a, i: drift.bemann(a, annen, plass_id, bemannet=False),
        lambda a, i: forvaltning.nedlegg_plass(a, annen, plass_id),
    )


def test_alle_er_med() -> None:
    """Whoever is added to `PERSONER` is asked here too."""
    assert all(set(rad) == set(PERSONER) for rad in TABELL.values())
