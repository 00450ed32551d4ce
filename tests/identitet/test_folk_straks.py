"""What an administrator does to a person takes effect at once, and what fails leaves nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData
from portal.identitet import steps
from portal.identitet.models import Person
from portal.identitet.roller import Rolleoppdrag
from portal.identitet.service import folk, folkeendring
from tests.bygg import Opptak, Scene
from tests.identitet.hjelp import revisjon

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def admin(scene: Scene, som: Som) -> FlaskClient:
    """A browser of the hospital's administrator."""
    return som(scene.administrator)


def finn(epost: str) -> Person | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Person).where(Person.epost == epost)).one_or_none()


# --- out at once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hva", ["steng", "logg-ut", "avslutt"])
def test_vinduet_lukkes_straks(
    scene: Scene,
    admin: FlaskClient,
    som: Som,
    sokkel: Callable[[FlaskClient], SocketIOTestClient],
    hva: str,
) -> None:
    id_, m = scene.spesialist.person_id, scene.spesialist.medlemskap_id
    klient = som(scene.spesialist)
    vindu, uroert = sokkel(klient), sokkel(som(scene.spesialist2))
    assert vindu.is_connected()
    adresse = f"/folk/{id_}/roller/{m}/avslutt" if hva == "avslutt" else f"/folk/{id_}/{hva}"
    assert admin.post(adresse).status_code == 303
    assert not vindu.is_connected() and uroert.is_connected()
    assert klient.get("/sesjon").status_code == 401
    assert f"/folk/{id_}/logg-ut" not in admin.get(f"/folk/{id_}").text


def test_stenge_og_slippe_inn(scene: Scene, admin: FlaskClient, som: Som) -> None:
    id_ = scene.spesialist.person_id
    assert admin.post(f"/folk/{id_}/steng").status_code == 303
    side = admin.get(f"/folk/{id_}").text
    assert "Stengt ute" in side and f"/folk/{id_}/aapne" in side and f"/folk/{id_}/inviter" not in side
    assert som(scene.spesialist).get("/sesjon").status_code == 401
    assert admin.post(f"/folk/{id_}/inviter").status_code == 422
    assert admin.post(f"/folk/{id_}/aapne").status_code == 303
    assert som(scene.spesialist).get("/sesjon").status_code == 204
    assert [r.handling for r in revisjon("person.deaktivert") + revisjon("person.aktivert")] == [
        "person.deaktivert",
        "person.aktivert",
    ]


def test_invitere_igjen_gjoer_den_forrige_ugyldig(scene: Scene, admin: FlaskClient) -> None:
    id_ = scene.spesialist.person_id
    lenker = []
    for _ in range(2):
        svar = admin.post(f"/folk/{id_}/inviter")
        treff = re.search(r'value="https?://[^/"]+(/lenke/[^"]+)"', svar.text)
        assert svar.status_code == 200 and treff
        lenker.append(treff[1])
    nettleser = admin.application.test_client()
    assert nettleser.get(lenker[0]).status_code == 410
    assert nettleser.get(lenker[1]).status_code == 200
    assert "Invitert" in admin.get(f"/folk/{id_}").text


def test_nullstille_totrinn(scene: Scene, admin: FlaskClient) -> None:
    id_ = scene.spesialist.person_id

    @transactional
    def med_totrinn() -> None:
        db.session.get_one(Person, id_).totp_hemmelighet = "kryptert"

    assert f"/folk/{id_}/totrinn" not in admin.get(f"/folk/{id_}").text
    med_totrinn()
    assert f"/folk/{id_}/totrinn" in admin.get(f"/folk/{id_}").text
    assert admin.post(f"/folk/{id_}/totrinn").status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Person, id_).totp_hemmelighet is None


def test_tjenestene_krever_retten(scene: Scene) -> None:
    """The doors are not the only lock."""
    offer = scene.spesialist
    opp = Rolleoppdrag(scene.hf.id, Rolle.KOORDINATOR)
    felter: dict[str, Any] = {"navn": "A B", "epost": "ny@eksempel.example"}
    assert offer.person_id and offer.medlemskap_id
    for aktor in (scene.lege, scene.vaktleder, scene.innsyn, scene.spesialist2):
        for kall in (
            lambda a=aktor: folkeendring.legg_til(a, opp, **felter),
            lambda a=aktor: folkeendring.gi_rolle(a, offer.person_id, opp),
            lambda a=aktor: folk.liste(a, scene.hf),
            lambda a=aktor: folk.hent(a, scene.hf, offer.person_id),
            lambda a=aktor: folkeendring.endre_person(
                a, scene.hf.id, offer.person_id, **felter, telefon="", hpr_nummer=""
            ),
        ):
            with pytest.raises(IkkeTilgang):
                kall()
        with pytest.raises(IkkeFunnet):
            folkeendring.sett_sluttdato(aktor, scene.hf.id, offer.person_id, offer.medlemskap_id, "")
    assert finn("ny@eksempel.example") is None


def test_feil_etterlater_ingenting(scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.bygg import uten_spor

    def brist(*_: object) -> None:
        raise UgyldigData()

    monkeypatch.setattr(steps, "send_brev", brist)
    opp = Rolleoppdrag(scene.hf.id, Rolle.KOORDINATOR)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        folkeendring.legg_til(scene.administrator, opp, navn="A B", epost="ny@eksempel.example")


def test_sidene_paa_andre_spraak_og_uten_rolle_i_adressen(
    scene: Scene, app: Flask, admin: FlaskClient
) -> None:
    admin.post("/spraak", data={"spraak": "en"})
    for adresse in ("/folk", "/folk/ny", "/folk/import", f"/folk/{scene.kirurg.person_id}"):
        assert '<html lang="en"' in admin.get(adresse).text
