"""Organisations become one: registers and running reallocations follow, and what was approved stays approved."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.identitet.models import Enhet, Organisasjon
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Behov, Tilbud
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.omdisponering.service import flyt
from portal.omdisponering.service.sammenslaaing import foelg_sammenslaatte
from portal.plasser.models import Plasstall
from portal.plasser.service import sammenslaaing as plasser
from tests.bygg import Scene, lag_aktor, lag_kommune, om, revisjon
from tests.omdisponering.hjelp import Utlaan, lag_lokale, lag_ressurs, lag_tilbud


@pytest.fixture
def u(scene: Scene) -> Utlaan:
    return Utlaan(scene)


@transactional
def slaa_sammen(ny_id: object, *gamle: Organisasjon) -> None:
    """What the register does: the units go to the successor, and the old ones are no more."""
    for o in gamle:
        gammel = db.session.get_one(Organisasjon, o.id)
        gammel.nedlagt, gammel.etterfolger_id = i_dag(), ny_id
        for enhet in db.session.scalars(sa.select(Enhet).where(Enhet.organisasjon_id == o.id)).all():
            enhet.organisasjon_id, enhet.navn = ny_id, f"{enhet.navn} ({gammel.kortnavn})"


@transactional
def ny_kommune(scene: Scene) -> Organisasjon:
    return lag_kommune("Nye Testnes", helseforetak_id=scene.hf.id)


def bemannet(u: Utlaan) -> int:
    db.session.rollback()
    return db.session.get_one(Plasstall, u.plassenhet_id, populate_existing=True).bemannet


@pytest.mark.parametrize("status", [Status.FORESLAATT, Status.GODKJENT_AVGIVER, Status.GODKJENT_MOTTAKER])
def test_etterfoelgeren_gaar_videre_med_det_som_er_paa_vei(u: Utlaan, status: Status) -> None:
    id_ = u.til(status)
    ny = ny_kommune(u.scene)
    slaa_sammen(ny.id, u.scene.kommune)
    assert foelg_sammenslaatte() == 1
    omd = u.les(id_)
    assert (omd.status, omd.mottaker_id) == (status, ny.id)
    for felt in ("godkjent_avgiver_hash", "godkjent_mottaker_hash"):
        assert getattr(omd, felt) in (None, omd.innhold_hash)
    assert db.session.get_one(Behov, u.behov.id).organisasjon_id == ny.id
    assert foelg_sammenslaatte() == 0, "it may run any number of times"
    assert len(revisjon("omdisponering.sammenslaatt", objekt=id_)) == 1


def test_det_som_er_i_gang_kan_avsluttes_av_etterfoelgeren(u: Utlaan) -> None:
    id_ = u.til(Status.IVERKSATT)
    ny = ny_kommune(u.scene)
    slaa_sammen(ny.id, u.scene.kommune)
    plasser.foelg_sammenslaatte()
    assert foelg_sammenslaatte() == 1
    assert bemannet(u) == 4
    with om(days=2):
        flyt.avslutt(lag_aktor(Rolle.KOORDINATOR, ny), id_, grunn="Toppen er over.")
    assert bemannet(u) == 2


def test_avgiver_og_mottaker_blir_en(u: Utlaan) -> None:
    """Between one and the same there is nothing to lend: what runs ends, and the beds are as they were."""
    nabo = u.scene.annen_kommune
    folk = lag_ressurs(nabo, navn="Nils Nabo")
    u.avtale(u.scene.hf, [u.scene.kommune, nabo])
    u.personer, u.avgiver = [folk], u.fremmed
    id_ = u.til(Status.IVERKSATT)
    assert bemannet(u) == 4
    slaa_sammen(u.scene.kommune.id, nabo)
    plasser.foelg_sammenslaatte()
    assert foelg_sammenslaatte() == 1
    assert u.les(id_).status == Status.AVSLUTTET and bemannet(u) == 2


def test_registeret_foelger_ogsaa_naar_noe_er_likt(u: Utlaan) -> None:
    ny = ny_kommune(u.scene)
    hos_ny = lag_ressurs(ny, navn="Åse Ørn", hpr="1234567")
    samme = lag_ressurs(u.scene.kommune, navn="Åse Ørn", hpr="1234567")
    lag_lokale(ny, navn="Sykehjemmet")
    lokale = lag_lokale(u.scene.kommune, navn="Sykehjemmet")
    tilbud = lag_tilbud(samme)
    slaa_sammen(ny.id, u.scene.kommune)
    foelg_sammenslaatte()
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Ressursperson, samme.id).organisasjon_id == ny.id
    assert db.session.get_one(Ressursperson, hos_ny.id).hpr == "1234567"
    flyttet = db.session.get_one(Lokale, lokale.id)
    assert flyttet.organisasjon_id == ny.id and flyttet.navn.startswith("Sykehjemmet (")
    assert db.session.get_one(Tilbud, tilbud.id).organisasjon_id == ny.id
