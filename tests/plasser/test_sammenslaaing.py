"""Kommuner become one: units, quotas, holds and who lies there follow, and what has been stays where it was."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser import steps
from portal.plasser.forloep import Vurderingsstatus
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.models import Opphold, Plassenhet, Plassmedlem, Plasstavle, Reservasjon
from portal.plasser.service import drift, forvaltning, reservasjoner, sammenslaaing
from portal.plasser.service.sammenslaaing import foelg_sammenslaatte
from tests.bygg import Scene, lag_aktor, lag_kommune, revisjon
from tests.plasser.hjelp import DAG, T, lag_folk, lag_plassenhet, les_plasser, ny_plass


@pytest.fixture
def ny(scene: Scene) -> Organisasjon:
    return lag(scene)


@transactional
def lag(scene: Scene) -> Organisasjon:
    return lag_kommune("Nye Testnes", helseforetak_id=scene.hf.id)


@transactional
def slaa_sammen(ny_id: UUID, *gamle: UUID) -> None:
    """What the register does: the units go to the successor, and the old ones are no more."""
    for gammel_id in gamle:
        gammel = db.session.get_one(Organisasjon, gammel_id)
        gammel.nedlagt, gammel.etterfolger_id = i_dag(), ny_id
        for enhet in db.session.scalars(sa.select(Enhet).where(Enhet.organisasjon_id == gammel_id)).all():
            enhet.organisasjon_id, enhet.navn = ny_id, f"{enhet.navn} ({gammel.kortnavn})"


def kvoter(enhet_id: UUID) -> dict[UUID, int]:
    db.session.rollback()
    db.session.expire_all()
    return {m.kommune_id: m.kvote for m in steps.medlemmer(enhet_id)}


def test_kvotene_legges_sammen(scene: Scene, ny: Organisasjon) -> None:
    enhet_id = lag_plassenhet(
        scene, 5, kvoter={scene.kommune.id: 2, scene.annen_kommune.id: 1, ny.id: 1}, siden=now() - DAG
    )
    slaa_sammen(ny.id, scene.kommune.id, scene.annen_kommune.id)
    assert foelg_sammenslaatte() == 1
    assert kvoter(enhet_id) == {ny.id: 4}
    assert db.session.get_one(Plassenhet, enhet_id).vertskommune_id == ny.id
    gamle = db.session.scalars(sa.select(Plassmedlem).where(Plassmedlem.kommune_id != ny.id)).all()
    assert sorted(m.kvote for m in gamle) == [1, 2] and {m.til for m in gamle} == {i_dag()}, "that was so"
    assert len(revisjon("plasser.sammenslaatt")) == 1
    # It may run any number of times.
    assert foelg_sammenslaatte() == 0 and kvoter(enhet_id) == {ny.id: 4}


def test_et_medlem_slaas_sammen(scene: Scene, ny: Organisasjon) -> None:
    """The host is left alone; the member's place is its successor's."""
    enhet_id = lag_plassenhet(scene, 3, kvoter={scene.kommune.id: 2, scene.annen_kommune.id: 1})
    slaa_sammen(ny.id, scene.annen_kommune.id)
    assert foelg_sammenslaatte() == 1
    assert kvoter(enhet_id) == {scene.kommune.id: 2, ny.id: 1}
    assert db.session.get_one(Plassenhet, enhet_id).vertskommune_id == scene.kommune.id


def test_det_som_loeper_teller_for_etterfoelgeren(scene: Scene, ny: Organisasjon) -> None:
    enhet_id = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 3, scene.annen_kommune.id: 1})
    folk = lag_folk(scene, enhet_id)
    ny_plass(enhet_id, "belagt", kommune_id=scene.annen_kommune.id)
    ferdig = ny_plass(enhet_id, "belagt", kommune_id=scene.annen_kommune.id)
    utskrevet = db.session.scalars(sa.select(Opphold).where(Opphold.plass_id == ferdig)).one().id
    drift.skriv_ut(folk.sykepleier, utskrevet)
    hold_id = reservasjoner.reserver(scene.lege, enhet_id, klient_id=uuid4())
    slaa_sammen(ny.id, scene.kommune.id, scene.annen_kommune.id)
    versjon = db.session.scalar(sa.select(Plasstavle.versjon)) or 0
    assert foelg_sammenslaatte() == 1
    db.session.expire_all()
    hold = db.session.get_one(Reservasjon, hold_id)
    assert (hold.kommune_id, hold.organisasjon_id) == (ny.id, ny.id)
    assert steps.i_bruk_av(enhet_id) == {ny.id: 2}
    assert db.session.get_one(Opphold, utskrevet).kommune_id == scene.annen_kommune.id, "history stays"
    assert (db.session.scalar(sa.select(Plasstavle.versjon)) or 0) > versjon, "the boards are told"
    # Whoever held it goes on as the successor's.
    reservasjoner.frigi(aktor_i(ny, Rolle.LEGE_KOMMUNE), hold_id)
    assert [p.tilstand for p in les_plasser(enhet_id)].count("ledig") == 2


@transactional
def aktor_i(ny: Organisasjon, rolle: Rolle) -> Aktor:
    return lag_aktor(rolle, ny)


def test_etterfoelgerens_koordinator_forvalter(scene: Scene, ny: Organisasjon) -> None:
    enhet_id = lag_plassenhet(scene, 2, siden=now() - T)
    slaa_sammen(ny.id, scene.kommune.id)
    foelg_sammenslaatte()
    forvaltning.legg_til_plass(
        aktor_i(ny, Rolle.KOORDINATOR), enhet_id, navn="Ny", normert=True, bemannet=True
    )
    assert len(les_plasser(enhet_id)) == 3


@transactional
def vurdering(scene: Scene, kommune_id: UUID, status: str = "venter") -> UUID:
    rad = Behovsvurdering(
        id=uuid4(),
        kommune_id=kommune_id,
        foretak_id=scene.hf.id,
        status=status,
        fra=i_dag(),
        til=i_dag(),
        tall={},
        opprettet=now(),
        kommune_besluttet=now() if status == "venter" else None,
    )
    db.session.add(rad)
    db.session.flush()
    return rad.id


def test_vurderingen_i_arbeid_foelger_med(scene: Scene, ny: Organisasjon) -> None:
    en, to = vurdering(scene, scene.kommune.id), vurdering(scene, scene.annen_kommune.id, "utkast")
    slaa_sammen(ny.id, scene.kommune.id, scene.annen_kommune.id)
    assert foelg_sammenslaatte() == 0, "no unit"
    db.session.expire_all()
    rader = {r.id: r for r in db.session.scalars(sa.select(Behovsvurdering))}
    ulike = sorted((r.status, r.kommune_id == ny.id) for r in rader.values())
    assert ulike == [(Vurderingsstatus.FORKASTET, False), (Vurderingsstatus.UTKAST, True)]
    assert {en, to} == set(rader)
    assert all(r.kommune_besluttet is None for r in rader.values() if r.kommune_id == ny.id)
    assert foelg_sammenslaatte() == 0


def test_en_enhet_som_feiler_stanser_ingen_andre(
    scene: Scene, ny: Organisasjon, monkeypatch: pytest.MonkeyPatch
) -> None:
    enheter = [lag_plassenhet(scene, 1) for _ in range(3)]
    slaa_sammen(ny.id, scene.kommune.id)
    ekte = sammenslaaing._flytt_kvoter

    def en_feiler(enhet: Plassenhet, nye: dict[UUID, UUID]) -> None:
        if enhet.id == min(enheter):
            raise RuntimeError
        ekte(enhet, nye)

    monkeypatch.setattr(sammenslaaing, "_flytt_kvoter", en_feiler)
    assert foelg_sammenslaatte() == 2
    monkeypatch.setattr(sammenslaaing, "_flytt_kvoter", ekte)
    assert foelg_sammenslaatte() == 1 and foelg_sammenslaatte() == 0


def test_uten_sammenslaaing_skjer_ingenting(scene: Scene) -> None:
    lag_plassenhet(scene, 1)
    assert foelg_sammenslaatte() == 0 and not revisjon("plasser.sammenslaatt")
