"""Reallocations as JSON: the same rules as on the pages, in the shape that the document promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.omdisponering.api import (
    BEHOVSKJEMA,
    BEHOVSLISTE,
    HEL_OMDSKJEMA,
    OMDLISTE,
    TILBUDSKJEMA,
    TILBUDSLISTE,
)
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Behov
from tests.omdisponering.hjelp import DAG, Utlaan, lag_lokale, lag_tilbud
from tests.plasser.test_api import som_lovet

Som = Callable[[Aktor], FlaskClient]
API = "/api/v1/omdisponering"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def test_behov_meldes_leses_og_lister(u: Utlaan, som: Som) -> None:
    mottaker, avgiver = som(u.mottaker), som(u.avgiver)
    kropp: dict[str, Any] = {
        "slag": "personell",
        "stilling": "lege",
        "antall": 1,
        "minst": 1,
        "kompetanse": 3,
        "fra": (now() + DAG).isoformat(),
        "til": (now() + 3 * DAG).isoformat(),
        "sted_id": str(u.scene.kommune.id),
        "hvorfor": "Legevakta mangler folk.",
    }
    svar = mottaker.post(f"{API}/behov", json=kropp)
    assert svar.status_code == 201, svar.get_json()
    nytt = svar.get_json()
    som_lovet(nytt, BEHOVSKJEMA)
    assert (nytt["status"], nytt["kompetanse"], nytt["fra"][-6:]) == ("aapent", 3, "+00:00")
    utkast = mottaker.post(f"{API}/behov", json={**kropp, "gjoer": "utkast"}).get_json()
    assert utkast["status"] == "utkast" and utkast["meldt"] is None
    assert avgiver.get(f"{API}/behov/{utkast['id']}").status_code == 404
    liste = avgiver.get(f"{API}/behov").get_json()
    som_lovet(liste, BEHOVSLISTE)
    assert {r["id"] for r in liste["rader"]} == {nytt["id"], str(u.behov.id)}
    egne = mottaker.get(f"{API}/behov?hvem=egne").get_json()["rader"]
    assert {r["id"] for r in egne} == {nytt["id"], utkast["id"], str(u.behov.id)}
    feil = mottaker.post(f"{API}/behov", json={**kropp, "minst": 5, "stilling": None})
    assert feil.status_code == 422 and set(feil.get_json()["felter"]) == {"minst", "stilling"}
    assert mottaker.post(f"{API}/behov", json={**kropp, "fra": "2026-11-21T10:00:00"}).status_code == 422
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Behov.id))) == 3


def test_tilbud_sier_hva_men_ikke_hvem(u: Utlaan, som: Som) -> None:
    person = lag_tilbud(u.personer[0], u.behov)
    lokale = lag_tilbud(lag_lokale(u.scene.hf, navn="Sengepost 3"))
    egne = som(u.avgiver).get(f"{API}/tilbud").get_json()
    som_lovet(egne, TILBUDSLISTE)
    assert {t["navn"] for t in egne["egne"]} == {"Máret Somby", "Sengepost 3"}
    andres = som(u.mottaker).get(f"{API}/tilbud")
    som_lovet(andres.get_json(), TILBUDSLISTE)
    assert {t["navn"] for t in andres.get_json()["andres"]} == {"", "Sengepost 3"}
    assert "Máret" not in andres.get_data(as_text=True)
    ett = som(u.mottaker).get(f"{API}/tilbud/{person.id}").get_json()
    som_lovet(ett, TILBUDSKJEMA)
    assert (ett["navn"], ett["stilling"], ett["sted"]) == ("", "sykepleier", u.scene.hf.kortnavn)
    bare = som(u.mottaker).get(f"{API}/tilbud?slag=lokale").get_json()["andres"]
    assert [t["id"] for t in bare] == [str(lokale.id)]


def test_godkjenne_det_en_har_lest_og_avslaa_med_grunn(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.FORESLAATT)
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    foer = mottaker.get(f"{API}/{id_}").get_json()
    som_lovet(foer, HEL_OMDSKJEMA)
    assert foer["side"] == "mottaker" and {li["navn"] for li in foer["linjer"]} == {""}
    for klient, lest, status in ((mottaker, foer["innhold_hash"], 409), (avgiver, "noe annet", 409)):
        assert klient.post(f"{API}/{id_}/godkjenn", json={"lest": lest}).status_code == status
    svar = avgiver.post(f"{API}/{id_}/godkjenn", json={"lest": foer["innhold_hash"]})
    assert svar.status_code == 200, svar.get_json()
    som_lovet(svar.get_json(), HEL_OMDSKJEMA)
    etter = mottaker.get(f"{API}/{id_}").get_json()
    assert etter["status"] == "godkjent_avgiver" and "Máret Somby" in {li["navn"] for li in etter["linjer"]}
    lest = etter["innhold_hash"]
    assert mottaker.post(f"{API}/{id_}/avslaa", json={"lest": lest, "grunn": " "}).status_code == 422
    svar = mottaker.post(f"{API}/{id_}/avslaa", json={"lest": lest, "grunn": "Vi fant egne."})
    assert (svar.status_code, svar.get_json()["status"]) == (200, "avslaatt")
    liste = avgiver.get(API).get_json()
    som_lovet(liste, OMDLISTE)
    assert [(r["id"], r["status"], r["antall"]) for r in liste["rader"]] == [(str(id_), "avslaatt", 2)]
    assert avgiver.get(f"{API}?status=iverksatt").get_json()["rader"] == []
    assert som(u.fremmed).get(API).get_json()["rader"] == []
    assert som(u.fremmed).get(f"{API}/{id_}").status_code == 404


def test_et_utkast_staar_bare_hos_den_som_skriver(u: Utlaan, som: Som) -> None:
    id_ = u.utkast()
    assert [r["id"] for r in som(u.avgiver).get(API).get_json()["rader"]] == [str(id_)]
    assert som(u.mottaker).get(API).get_json()["rader"] == []
