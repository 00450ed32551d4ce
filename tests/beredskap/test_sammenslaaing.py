"""Kommuner become one: the most severe phase follows, unless the new one has its own."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.beredskap.models import Faseperiode, Kriseledelse
from portal.beredskap.service import oevelser
from portal.beredskap.service.sammenslaaing import foelg_sammenslaatte
from portal.core.aktor import Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, Organisasjon
from tests.avtalehjelp import lag_fase
from tests.beredskap.hjelp import (
    DAG,
    NAA,
    T,
    endre,
    foreslaa,
    fortalt,
    i_kriseledelsen,
    mottaker,
    perioder,
    siden_alltid,
)
from tests.bygg import Scene, lag_aktor, lag_kommune, revisjon


@pytest.fixture(autouse=True)
def klokka(scene: Scene) -> Iterator[None]:
    siden_alltid(scene)
    with som_om(NAA):
        yield


@pytest.fixture
def ny(scene: Scene) -> Organisasjon:
    return lag_kommune("Nye Testnes", helseforetak_id=scene.hf.id)


@transactional
def slaa_sammen(ny_id: UUID, *gamle: UUID) -> None:
    """What the register does: memberships go on in the successor from the same moment."""
    for gammel_id in gamle:
        gammel = db.session.get_one(Organisasjon, gammel_id)
        gammel.nedlagt, gammel.etterfolger_id = now().date(), ny_id
        for m in db.session.scalars(
            sa.select(Medlemskap).where(Medlemskap.organisasjon_id == gammel_id)
        ).all():
            m.gyldig_til = now()
            db.session.add(
                Medlemskap(
                    id=uuid4(),
                    person_id=m.person_id,
                    organisasjon_id=ny_id,
                    enhet_id=m.enhet_id,
                    rolle=m.rolle,
                    gyldig_fra=now(),
                )
            )


def test_den_alvorligste_fasen_foelger_med(scene: Scene, ny: Organisasjon) -> None:
    lag_fase(scene.kommune, 5, nivaa="gul", fra=NAA - DAG)
    lag_fase(scene.annen_kommune, 4, nivaa="roed", fra=NAA - DAG)
    slaa_sammen(ny.id, scene.kommune.id, scene.annen_kommune.id)
    assert foelg_sammenslaatte() == 1
    assert perioder(ny.id) == [(4, NAA, None)]
    assert perioder(scene.kommune.id) == [(5, NAA - DAG, NAA)]
    rad = db.session.scalars(sa.select(Faseperiode).where(Faseperiode.organisasjon_id == ny.id)).one()
    assert (rad.nivaa, rad.satt_som, rad.satt_av_id) == ("roed", "sammenslaaing", None)
    assert "Nabokommunen" in rad.begrunnelse
    assert [r.objekt_id for r in revisjon("beredskap.fase_viderefoert")] == [str(ny.id)]
    assert fortalt(scene.kommuneoverlege) == ["Nye Testnes er i fase 4: Epidemitopp"]
    # It may run any number of times.
    assert foelg_sammenslaatte() == 0


def test_like_alvorlig_teller_folketallet(scene: Scene, ny: Organisasjon) -> None:
    endre(Organisasjon, scene.kommune.id, folketall=900)
    endre(Organisasjon, scene.annen_kommune.id, folketall=9000)
    db.session.expire_all()
    for kommune in (scene.kommune, scene.annen_kommune):
        lag_fase(kommune, 3, nivaa="gul", fra=NAA - DAG)
    slaa_sammen(ny.id, scene.kommune.id, scene.annen_kommune.id)
    foelg_sammenslaatte()
    rad = db.session.scalars(sa.select(Faseperiode).where(Faseperiode.organisasjon_id == ny.id)).one()
    assert "Nabokommunen" in rad.begrunnelse


def test_en_egen_fase_gaar_foran(scene: Scene, ny: Organisasjon) -> None:
    lag_fase(scene.kommune, 4, fra=NAA - DAG)
    lag_fase(ny, 2, nivaa="groenn", fra=NAA - T)
    slaa_sammen(ny.id, scene.kommune.id)
    assert foelg_sammenslaatte() == 1
    assert perioder(ny.id) == [(2, NAA - T, None)]
    assert perioder(scene.kommune.id) == [(4, NAA - DAG, NAA)]


def test_planer_og_forslag_faller_bort(scene: Scene, ny: Organisasjon) -> None:
    planlagt = lag_fase(scene.kommune, 4, fra=NAA + DAG)
    forslag_id = foreslaa(scene.koordinator, scene.kommune.id)
    slaa_sammen(ny.id, scene.kommune.id)
    foelg_sammenslaatte()
    db.session.expire_all()
    assert db.session.get_one(Faseperiode, planlagt.id).trukket == NAA
    assert mottaker(forslag_id, scene.kommune.id).svar == "bortfalt"
    assert perioder(ny.id) == []


def test_kriseledelsen_og_oevelsen_foelger_folkene(scene: Scene, ny: Organisasjon) -> None:
    sykepleier = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune)
    siden_alltid(scene)
    i_kriseledelsen(sykepleier)
    oevelse = oevelser.lag(
        scene.kommuneoverlege,
        navn="Øvelse",
        til=NAA + 2 * DAG,
        organisasjoner=[scene.annen_kommune.id],
        fase=3,
        nivaa="gul",
    )
    slaa_sammen(ny.id, scene.kommune.id)
    with som_om(NAA + T):
        assert foelg_sammenslaatte() == 1
        db.session.expire_all()
        rad = db.session.scalars(sa.select(Kriseledelse)).one()
        assert rad.organisasjon_id == ny.id and rad.medlemskap_id != sykepleier.medlemskap_id
        assert db.session.get_one(Medlemskap, rad.medlemskap_id).person_id == sykepleier.person_id
        o = oevelser.hent(scene.fremmed_lege, oevelse).oevelse
        assert o.organisasjon_id == ny.id
        assert {d.organisasjon_id for d in o.deltakere} == {ny.id, scene.annen_kommune.id}
        assert foelg_sammenslaatte() == 0
