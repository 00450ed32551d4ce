"""Agreements as JSON for programs: the list, one, what holds, searching; their errors and their OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler import api, eksport, steps
from portal.avtaler import soek as ordregler
from portal.avtaler.forloep import Art, Status
from portal.avtaler.models import Avtale
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import transactional
from portal.identitet.service.personer import opprett_tjenestekonto
from tests.avtalehjelp import faser, lag_avtale, lag_fase
from tests.avtaler.motorhjelp import nytt_utkast, til_forhandling
from tests.avtaler.uthjelp import avvik
from tests.bygg import Opptak, Scene, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]
API = "/api/v1/avtaler"


def problem(svar: TestResponse, status: int, kode: str) -> dict[str, Any]:
    assert (svar.status_code, svar.mimetype) == (status, "application/problem+json"), svar.text
    data: dict[str, Any] = svar.json or {}
    assert data["kode"] == kode and data["status"] == status and len(data["melding"]) > 15
    return data


@pytest.fixture
def avtale(scene: Scene) -> Avtale:
    rad = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        nummer="3",
        bestemmelser=[
            {
                "overskrift": "Når legges det inn",
                "punkt": 3,
                "kriterier": [{"kriterium": "NEWS2 over 6", "hvem": "Legen", "frist": "Straks"}],
            },
            {"overskrift": "På toppen", "faser": faser(4), "fagomraader": ["geriatri"]},
            {
                "overskrift": "Hvem gjør hva",
                "art": Art.ROLLER,
                "matrise": [{"oppgave": "Transport", "foretak": "A"}],
            },
            {
                "overskrift": "Utskrivning",
                "art": Art.UTSKRIVNING,
                "tekst": "Varsle **legevakta** innen 24 timer.",
            },
        ],
    )
    _indekser(rad.id)
    return rad


@transactional
def _indekser(avtale_id: UUID) -> None:
    ordregler.indekser(steps.bestemmelser(avtale_id, 1))


def hent(klient: FlaskClient, sti: str, skjema: dict[str, Any]) -> dict[str, Any]:
    """What is answered, in the shape that the OpenAPI document tells."""
    svar = klient.get(f"{API}{sti}")
    assert (svar.status_code, svar.mimetype) == (200, "application/json"), svar.text
    data: dict[str, Any] = svar.json
    assert avvik(data, skjema) == []
    return data


# --- the list --------------------------------------------------------------------------------------------


def test_lista(scene: Scene, som: Som, avtale: Avtale) -> None:
    utkast = nytt_utkast(scene, maalform="nn", nummer="9")
    alle = hent(som(scene.koordinator), "", api.LISTESKJEMA)
    assert (alle["antall"], alle["side"], alle["sider"]) == (2, 1, 1)
    assert alle["tall"] == {"alle": 2, "i_kraft": 1, "arbeid": 1, "invitert": 0, "avsluttet": 0}
    rad = {a["id"]: a for a in alle["avtaler"]}
    gjelder = rad[str(avtale.id)]
    assert (gjelder["nummer"], gjelder["kommuner"], gjelder["arbeid"]) == ("3", 1, None)
    assert gjelder["gjelder"]["i_kraft_fra"] == (i_dag() - timedelta(days=30)).isoformat()
    assert gjelder["eier"] == {"id": str(scene.hf.id), "navn": scene.hf.navn}
    assert (rad[str(utkast)]["maalform"], rad[str(utkast)]["arbeid"]["status"]) == ("nn", "utkast")
    assert hent(som(scene.koordinator), "?tilstand=i_kraft&side=9", api.LISTESKJEMA)["antall"] == 1
    assert (
        hent(som(scene.koordinator), f"?part_id={scene.annen_kommune.id}", api.LISTESKJEMA)["avtaler"] == []
    )
    # A clinician sees what holds, and no draft.
    assert [a["id"] for a in hent(som(scene.lege), "", api.LISTESKJEMA)["avtaler"]] == [str(avtale.id)]
    assert hent(som(scene.fremmed_spesialist), "", api.LISTESKJEMA)["antall"] == 0


# --- one -------------------------------------------------------------------------------------------------


def test_en_avtale(scene: Scene, som: Som, avtale: Avtale) -> None:
    data = hent(som(scene.lege), f"/{avtale.id}", eksport.SKJEMA)
    assert eksport.er_vaart(data)
    assert [b["faser"] for b in data["bestemmelser"]] == [
        [1, 2, 3, 4, 5],
        [4],
        [1, 2, 3, 4, 5],
        [1, 2, 3, 4, 5],
    ]
    assert data["versjon"]["gjelder"] is True
    assert hent(som(scene.lege), f"/{avtale.id}?versjon=1", eksport.SKJEMA)["versjon"]["nummer"] == 1
    # Reading it is no taking out, as on the page.
    assert revisjon("avtale.eksportert") == []


def test_det_en_ikke_ser_finnes_ikke(
    scene: Scene, som: Som, motpart: Aktor, avtale: Avtale, opptak: Opptak
) -> None:
    utkast, forhandles = nytt_utkast(scene), til_forhandling(scene)
    for aktor, id_ in ((motpart, utkast), (scene.lege, forhandles), (scene.fremmed_spesialist, avtale.id)):
        klient = som(aktor)
        with uten_spor(opptak, avslag=1):
            problem(klient.get(f"{API}/{id_}"), 404, "ikke_funnet")
    klient, gjeldende = som(scene.lege), avtale.id
    with uten_spor(opptak):
        problem(klient.get(f"{API}/{uuid4()}"), 404, "ikke_funnet")
        problem(klient.get(f"{API}/{gjeldende}?versjon=2"), 404, "ikke_funnet")
    assert som(motpart).get(f"{API}/{forhandles}").json["versjon"]["status"] == "til_forhandling"


# --- what holds ------------------------------------------------------------------------------------------


def test_hva_som_gjelder(scene: Scene, som: Som, avtale: Avtale) -> None:
    klient, kommune = som(scene.lege), scene.kommune.id
    svar = hent(klient, f"/gjelder?kommune={kommune}&situasjon=innleggelse", api.GJELDERSKJEMA)
    assert svar["kommune"] == {"id": str(kommune), "navn": scene.kommune.visningsnavn}
    assert svar["fase"] == {
        "fase": 1,
        "tenkt": False,
        "kommunens": {"fase": 1, "nivaa": svar["fase"]["kommunens"]["nivaa"], "satt": False, "kilde": ""},
    }
    assert [(b["situasjon"], b["overskrift"]) for b in svar["bestemmelser"]] == [
        ("innleggelse", "Når legges det inn"),
        (None, "Hvem gjør hva"),
    ]
    foerste = svar["bestemmelser"][0]
    assert (foerste["avtale_id"], foerste["versjon"]) == (str(avtale.id), 1)
    assert foerste["kriterier"][0]["kriterium"] == "NEWS2 over 6" and foerste["tekst"]
    assert [a["nummer"] for a in svar["avtaler"]] == ["3"] and svar["dag"] == i_dag().isoformat()
    alle = hent(klient, f"/gjelder?kommune={kommune}", api.GJELDERSKJEMA)
    assert alle["situasjoner"] == ["innleggelse", "utskrivning", "oehd"]
    assert "Utskrivning" in [b["overskrift"] for b in alle["bestemmelser"]]


def test_fasen_avgjoer_hva_som_gjelder(scene: Scene, som: Som, avtale: Avtale) -> None:
    klient = som(scene.lege)
    sti = f"/gjelder?kommune={scene.kommune.id}&situasjon=innleggelse"

    def overskrifter(mer: str = "") -> list[str]:
        return [b["overskrift"] for b in hent(klient, f"{sti}{mer}", api.GJELDERSKJEMA)["bestemmelser"]]

    assert "På toppen" not in overskrifter()
    tenkt = hent(klient, f"{sti}&fase=4", api.GJELDERSKJEMA)
    assert tenkt["fase"]["tenkt"] is True and tenkt["fase"]["kommunens"]["fase"] == 1
    assert "På toppen" in [b["overskrift"] for b in tenkt["bestemmelser"]]
    lag_fase(scene.kommune, 4)
    assert "På toppen" in overskrifter() and "På toppen" in overskrifter("&fagomraade=geriatri")
    assert "På toppen" not in overskrifter("&fagomraade=kirurgi")
    assert overskrifter(f"&dag={i_dag() - timedelta(days=31)}") == []


def test_fasen_er_aldri_en_oevelses(scene: Scene, som: Som, avtale: Avtale) -> None:
    """A browser that looks at a drill sees the drill on the pages; what programs read is real."""
    lag_fase(scene.kommune, 3)
    klient = som(scene.lege)
    with klient.session_transaction() as sesjon:
        sesjon["oevelse"] = str(uuid4())
    svar = hent(klient, f"/gjelder?kommune={scene.kommune.id}", api.GJELDERSKJEMA)
    assert (svar["fase"]["fase"], svar["fase"]["kommunens"]["satt"]) == (3, True)


# --- searching -------------------------------------------------------------------------------------------


def test_soek(scene: Scene, som: Som, avtale: Avtale) -> None:
    svar = hent(som(scene.lege), "/soek?q=legevakten", api.SOEKESKJEMA)
    (treff,) = svar["treff"]
    assert (treff["overskrift"], treff["avtale_id"]) == ("Utskrivning", str(avtale.id))
    assert treff["trefford"] == ["legevakta"] and "legevakta" in treff["utdrag"]
    assert not {ordregler.MERK_FRA, ordregler.MERK_TIL} & set(treff["utdrag"] + treff["overskrift"])
    assert (svar["antall"], svar["sider"], svar["forstaatt"], svar["flere"]) == (1, 1, True, False)
    assert hent(som(scene.lege), "/soek?q=legevakten&art=innleggelse", api.SOEKESKJEMA)["treff"] == []
    assert hent(som(scene.fremmed_spesialist), "/soek?q=legevakten", api.SOEKESKJEMA)["treff"] == []
    navn = hent(som(scene.lege), "/soek?q=utskrivning", api.SOEKESKJEMA)["avtaler"]
    assert [a["id"] for a in navn] == [str(avtale.id)]
    assert hent(som(scene.lege), "/soek?q=%26%7C", api.SOEKESKJEMA)["forstaatt"] is False


# --- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sti", "felt"),
    [
        ("?tilstand=feil", "tilstand"),
        ("?type=x", "type"),
        ("?eier_id=x", "eier_id"),
        ("?side=0", "side"),
        ("?ukjent=1", "ukjent"),
        ("/<avtale>?versjon=x", "versjon"),
        ("/<avtale>?versjon=0", "versjon"),
        ("/<avtale>?x=1", "x"),
        ("/gjelder", "kommune"),
        ("/gjelder?kommune=x", "kommune"),
        ("/gjelder?kommune=<kommune>&situasjon=x", "situasjon"),
        ("/gjelder?kommune=<kommune>&fase=6", "fase"),
        ("/gjelder?kommune=<kommune>&fagomraade=x", "fagomraade"),
        ("/gjelder?kommune=<kommune>&dag=i+dag", "dag"),
        ("/gjelder?kommune=<kommune>&x=1", "x"),
        ("/soek?q=a&art=x", "art"),
        ("/soek?q=a&side=0", "side"),
    ],
)
def test_det_som_er_galt_sies_ved_navn(
    sti: str, felt: str, scene: Scene, som: Som, avtale: Avtale, opptak: Opptak
) -> None:
    adresse = sti.replace("<avtale>", str(avtale.id)).replace("<kommune>", str(scene.kommune.id))
    klient = som(scene.lege)
    with uten_spor(opptak):
        data = problem(klient.get(f"{API}{adresse}"), 422, "ugyldig")
    assert list(data["felter"]) == [felt] and len(data["felter"][felt][0]) > 5


def test_hva_gjelder_for_noe_som_ikke_er_en_kommune(scene: Scene, som: Som) -> None:
    for id_ in (scene.hf.id, uuid4()):
        problem(som(scene.lege).get(f"{API}/gjelder?kommune={id_}"), 404, "ikke_funnet")


def test_bare_lesing_og_bare_for_innloggede(_app: Flask, scene: Scene, som: Som, avtale: Avtale) -> None:
    for sti in ("", f"/{avtale.id}", f"/gjelder?kommune={scene.kommune.id}", "/soek?q=a"):
        problem(_app.test_client().get(f"{API}{sti}"), 401, "ikke_innlogget")
        assert som(scene.koordinator).post(f"{API}{sti}", json={}).status_code == 405


def test_en_tjenestekonto_leser_det_rollen_ser(_app: Flask, scene: Scene, avtale: Avtale) -> None:
    token = opprett_tjenestekonto(
        Aktor.system("test"),
        "Journalsystemet",
        scene.lege.medlemskap_id,  # type: ignore[arg-type]
    )
    svar = _app.test_client().get(f"{API}/{avtale.id}", headers={"Authorization": f"Bearer {token}"})
    assert svar.status_code == 200 and avvik(svar.json, eksport.SKJEMA) == []
    problem(_app.test_client().get(API, headers={"Authorization": "Bearer feil"}), 401, "ikke_innlogget")


# --- the OpenAPI document --------------------------------------------------------------------------------


def test_openapi_sier_hvordan_svarene_ser_ut(scene: Scene, som: Som) -> None:
    spek = som(scene.lege).get("/api/v1/openapi.json").json
    for sti, skjema in (
        ("", api.LISTESKJEMA),
        ("/{avtale_id}", eksport.SKJEMA),
        ("/gjelder", api.GJELDERSKJEMA),
        ("/soek", api.SOEKESKJEMA),
    ):
        (op,) = [v for k, v in spek["paths"][f"{API}{sti}"].items() if k == "get"]
        assert op["responses"]["200"]["content"]["application/json"]["schema"] == skjema, sti
        assert op["summary"] and len(op["summary"]) > 20
    navn = {p["name"] for p in spek["paths"][f"{API}/gjelder"]["get"]["parameters"]}
    assert navn == {"kommune", "situasjon", "fagomraade", "fase", "dag"}
    assert som(scene.lege).get("/api/v1/docs").status_code == 200
