"""The rosters as JSON: who is on call now, and one's own shifts; by a session and by a service account's token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Person
from portal.identitet.service.personer import opprett_tjenestekonto
from portal.vakt.models import Nivaa, Vaktplan
from portal.varsler.models import Kanal
from tests.bygg import Scene, lag_medlemskap, revisjon, setninger, uten_spor
from tests.vakt.hjelp import lag_fravaer
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan, lag_vakttelefon

Klient = Callable[[Aktor], FlaskClient]
NAA, MINE = "/api/v1/vakt/naa", "/api/v1/vakt/mine"
T = timedelta(hours=1)


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def problem(svar: Any, status: int, *felter: str) -> dict[str, Any]:
    assert (svar.status_code, svar.mimetype) == (status, "application/problem+json")
    assert set(svar.json.get("felter", {})) == set(felter)
    return dict(svar.json)


def test_hvem_har_vakt_naa(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist)
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000055")
    lag_vaktplan(scene.hf.id, "geriatri")
    lag_vaktplan(scene.annet_hf.id)
    klient = som(scene.koordinator)
    svar = klient.get(NAA).json
    assert {p["fagomraade"] for p in svar["planer"]} == {"indremedisin", "geriatri"}
    (en,) = klient.get(f"{NAA}?organisasjon={scene.hf.id}&fagomraade=indremedisin").json["planer"]
    assert en == {
        "plan_id": str(plan.id),
        "organisasjon": {"id": str(scene.hf.id), "navn": scene.hf.navn},
        "fagomraade": "indremedisin",
        "nivaaer": [
            {
                "nivaa": "vakthavende",
                "vakt": {
                    "id": str(vakt.id),
                    "navn": "Siri Spesialist",
                    "fra": vakt.fra.isoformat(),
                    "til": vakt.til.isoformat(),
                },
                "telefon": None,
                "proevd": False,
            },
            {"nivaa": "bakvakt", "vakt": None, "telefon": "+4790000055", "proevd": None},
        ],
    }
    lag_kanal(scene.spesialist, Kanal.PUSH, "https://push.example/x")
    (en,) = klient.get(f"{NAA}?fagomraade=indremedisin").json["planer"]
    assert en["nivaaer"][0]["proevd"] is True
    # Who is away answers nothing: to colleagues nobody has it, as on the page.
    lag_fravaer(scene.spesialist, now() - T, now() + T)
    (en,) = klient.get(f"{NAA}?fagomraade=indremedisin").json["planer"]
    assert en["nivaaer"][0]["vakt"] is None
    assert klient.get(f"{NAA}?fagomraade=ortopedi").json["planer"] == []


def test_tilgangen_er_sidens(som: Klient, scene: Scene, plan: Vaktplan, opptak: Any) -> None:
    lag_vakt(plan, scene.spesialist)
    for aktor in (scene.innsyn, scene.systemadministrator):
        klient = som(aktor)
        with uten_spor(opptak, avslag=1):
            problem(klient.get(NAA), 403)
    # Another's rosters are not there, whether or not it has any; and the try is logged.
    klient = som(scene.lege)
    for fremmed in (scene.hf.id, uuid4()):
        with uten_spor(opptak, avslag=1):
            problem(klient.get(f"{NAA}?organisasjon={fremmed}"), 404)
    assert revisjon("vakt.se")[-1].utfall == "avslag"
    assert klient.get(NAA).json["planer"] == []
    klient = som(scene.spesialist)
    problem(klient.get(f"{NAA}?fagomraade=astrologi"), 422, "fagomraade")
    problem(klient.get(f"{NAA}?organisasjon=hf"), 422, "organisasjon")
    problem(klient.get(f"{NAA}?annet=1"), 422, "annet")


def test_mine_vakter(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    """In every roster, also where one works in another role; nobody else's; and what does not count, with why."""
    naa = now().replace(microsecond=0)
    foerst = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, naa + 5 * T, naa + 10 * T)
    lag_vakt(plan, scene.spesialist2, Nivaa.VAKTHAVENDE, naa + 5 * T, naa + 10 * T)
    annet = lag_vaktplan(scene.annet_hf.id)
    person = db.session.get_one(Person, scene.spesialist.person_id)
    m = lag_medlemskap(person, Rolle.SPESIALIST, scene.annet_hf, fag=("indremedisin",))
    der = Aktor(navn=person.navn, person_id=person.id, medlemskap_id=m.id, organisasjon_id=scene.annet_hf.id)
    sist = lag_vakt(annet, der, Nivaa.VAKTHAVENDE, naa + 20 * T, naa + 30 * T)
    lag_fravaer(scene.spesialist, naa + 8 * T, naa + 12 * T)
    vakter = som(scene.spesialist).get(MINE).json["vakter"]
    assert [v["id"] for v in vakter] == [str(foerst.id), str(sist.id)]
    assert vakter[0]["nivaa"] == "bakvakt" and vakter[1]["organisasjon"]["id"] == str(scene.annet_hf.id)
    tid = {"fra": (naa + 8 * T).isoformat(), "til": (naa + 10 * T).isoformat()}
    assert vakter[0]["teller_ikke"] == [{**tid, "grunn": "borte"}] and vakter[1]["teller_ikke"] == []
    fra = (naa + 10 * T).isoformat().replace("+00:00", "Z")
    assert [v["id"] for v in som(scene.spesialist).get(f"{MINE}?fra={fra}").json["vakter"]] == [str(sist.id)]
    assert som(scene.spesialist).get(f"{MINE}?til={fra}").json["vakter"] == vakter[:1]
    assert som(scene.innsyn).get(MINE).json == {"vakter": []}


def test_et_tidsrom_som_ikke_kan_leses(som: Klient, scene: Scene) -> None:
    klient = som(scene.spesialist)
    for feil in ("2026-12-31T15:30:00", "i morgen", "2026-12-31"):
        assert "tidssone" in str(problem(klient.get(f"{MINE}?fra={feil}"), 422, "fra"))
    fra = "2026-01-01T00:00:00Z"
    for til in (fra, "2025-12-31T00:00:00Z", "2027-03-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        problem(klient.get(f"{MINE}?fra={fra}&til={til}"), 422, "til")
    # The ends of the calendar, that no clock in UTC reaches.
    for ende in (
        "9999-12-31T00:00:00Z",
        "9999-12-31T23:00:00-12:00",
        "0001-01-01T00:00:00%2B14:00",
        "2201-01-01T00:00:00Z",
    ):
        problem(klient.get(f"{MINE}?fra={ende}"), 422, "fra")
        problem(klient.get(f"{MINE}?fra={fra}&til={ende}"), 422, "til")
    assert klient.get(f"{MINE}?fra={fra}&til=2027-02-05T00:00:00Z").status_code == 200


def test_det_koster_det_samme_for_mange_planer(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    klient = som(scene.koordinator)
    lag_vakt(plan, scene.spesialist)
    klient.get(NAA)
    antall = setninger(lambda: klient.get(NAA))
    for fag in ("geriatri", "kirurgi", "ortopedi"):
        lag_vaktplan(scene.hf.id, fag)
    assert setninger(lambda: klient.get(NAA)) <= antall
    assert len(klient.get(NAA).json["planer"]) == 4


def test_en_tjenestekonto_og_dokumentet(som: Klient, scene: Scene, app: Flask, plan: Vaktplan) -> None:
    assert scene.koordinator.medlemskap_id
    token = opprett_tjenestekonto(Aktor.system("test"), "Sentralbordet", scene.koordinator.medlemskap_id)
    bearer = {"Authorization": f"Bearer {token}"}
    klient = app.test_client()
    assert klient.get(NAA, headers=bearer).json["planer"][0]["plan_id"] == str(plan.id)
    problem(klient.get(NAA), 401)
    stier = som(scene.lege).get("/api/v1/openapi.json").json["paths"]
    felt = {p["name"] for p in stier["/api/v1/vakt/naa"]["get"]["parameters"]}
    assert felt == {"organisasjon", "fagomraade"}
    assert {p["name"] for p in stier["/api/v1/vakt/mine"]["get"]["parameters"]} == {"fra", "til"}
