"""Emergency beds as JSON: the same use cases as the pages, with answers that a program can go on from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.plasser.api import ENHETSKJEMA, SOEKESKJEMA, TAVLESKJEMA
from portal.plasser.service import reservasjoner
from tests.bygg import Scene
from tests.plasser.hjelp import lag_folk, lag_plassenhet, les_opphold, les_plasser, les_tall, ny_plass

Som = Callable[[Aktor], FlaskClient]
API = "/api/v1/plasser"
TYPER = {"string": str, "integer": int, "number": int | float, "boolean": bool, "array": list, "object": dict}


def som_lovet(verdi: Any, skjema: dict[str, Any], sti: str = "$") -> None:
    """An answer has what the OpenAPI document says, and nothing beside."""
    if verdi is None:
        assert skjema.get("nullable"), sti
        return
    assert isinstance(verdi, TYPER[skjema["type"]]), (sti, verdi)
    if skjema["type"] == "array":
        for nr, en in enumerate(verdi):
            som_lovet(en, skjema["items"], f"{sti}[{nr}]")
    elif "properties" in skjema:
        assert set(skjema["required"]) <= set(verdi) <= set(skjema["properties"]), (
            sti,
            set(verdi) ^ set(skjema["properties"]),
        )
        for felt, en in verdi.items():
            som_lovet(en, skjema["properties"][felt], f"{sti}.{felt}")
    elif "additionalProperties" in skjema:
        for felt, en in verdi.items():
            som_lovet(en, skjema["additionalProperties"], f"{sti}.{felt}")


def test_tavla_hel_endret_og_uendret(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, ["ledig", "ukjent"], bekreftet=None)
    klient = som(scene.spesialist)
    svar = klient.get(API)
    hele = svar.get_json()
    som_lovet(hele, TAVLESKJEMA)
    assert (hele["hel"], hele["versjon"], [r["id"] for r in hele["enheter"]]) == (True, 1, [str(enhet)])
    assert svar.headers["Cache-Control"] == "no-store"
    merke = svar.headers["ETag"]
    igjen = klient.get(API, headers={"If-None-Match": merke})
    assert (igjen.status_code, igjen.data, igjen.headers["ETag"]) == (304, b"", merke)
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    endret = klient.get(API, query_string={"etter": 1, "faser": hele["faser"]}).get_json()
    som_lovet(endret, TAVLESKJEMA)
    assert (endret["hel"], endret["versjon"], endret["enheter"][0]["holdt"]) == (False, 2, 1)
    assert endret["summer"]["alle"]["holdt"] == 1
    ny = klient.get(API, headers={"If-None-Match": merke})
    assert (ny.status_code, ny.get_json()["versjon"]) == (200, 2)


@pytest.mark.parametrize(
    ("spoerring", "felt"),
    [("etter=-1", "etter"), ("etter=x", "etter"), ("ukjent=1", "ukjent")],
)
def test_tavla_med_ugyldig_spoersmaal(scene: Scene, som: Som, spoerring: str, felt: str) -> None:
    svar = som(scene.lege).get(f"{API}?{spoerring}")
    assert svar.status_code == 422 and felt in svar.get_json()["felter"]


def test_soeket(scene: Scene, som: Som) -> None:
    lag_plassenhet(scene, 2, evner=3, navn="Med oksygen")
    lag_plassenhet(scene, 1, evner=1, navn="Uten oksygen")
    klient = som(scene.lege)
    svar = klient.get(f"{API}/sok?evner=2").get_json()
    som_lovet(svar, SOEKESKJEMA)
    assert [(r["navn"], r["passer"], r["medlem"]) for r in svar["enheter"]] == [("Med oksygen", 2, True)]
    assert klient.get(f"{API}/sok?evner=2&fra={scene.annen_kommune.kode}").get_json()["enheter"]
    # From where one measures is not whose places they are.
    nabo = f"{API}/sok?fra={scene.annen_kommune.kode}&bare_mine=true"
    assert len(klient.get(nabo).get_json()["enheter"]) == 2
    assert not som(scene.spesialist).get(nabo).get_json()["enheter"]
    for spoerring, felt in (
        ("fra=0000", "fra"),
        ("fra=x", "fra"),
        ("evner=99999", "evner"),
        ("innen_km=0", "innen_km"),
    ):
        svar = klient.get(f"{API}/sok?{spoerring}")
        assert svar.status_code == 422 and felt in svar.get_json()["felter"], spoerring


def test_en_enhet_viser_hver_det_den_ser(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, ["ledig", "belagt", "ledig"])
    folk = lag_folk(scene, enhet, kvote=1)
    hold = reservasjoner.reserver(folk.medlemslege, enhet, klient_id=uuid4(), merknad="Kommer ca. 21.")
    egne, medlem, andre = (
        som(a).get(f"{API}/{enhet}").get_json() for a in (folk.lege, folk.medlemslege, scene.spesialist)
    )
    for svar in (egne, medlem, andre):
        som_lovet(svar, ENHETSKJEMA)
        assert [p["tilstand"] for p in svar["plasser"]] == ["holdt", "belagt", "ledig"]
    assert [bool(p["reservasjon"]) for p in egne["plasser"]] == [True, False, False]
    assert [bool(p["opphold"]) for p in egne["plasser"]] == [False, True, False]
    assert egne["kan"] == {"drive": True, "forvalte": False, "reservere": True}
    for svar in (medlem, andre):
        assert not any(p["reservasjon"] or p["opphold"] for p in svar["plasser"])
    assert [r["id"] for r in medlem["egne_reservasjoner"]] == [str(hold)]
    assert andre["egne_reservasjoner"] == [] and "Kommer" not in str(andre)
    assert som(scene.lege).get(f"{API}/{uuid4()}").status_code == 404


def test_et_hold_fra_foerst_til_sist(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, 2)
    folk = lag_folk(scene, enhet)
    lege, vakt = som(scene.lege), som(folk.sykepleier)
    kropp = {"klient_id": str(uuid4()), "merknad": "Kommer med ambulanse."}
    svar = lege.post(f"{API}/{enhet}/reservasjoner", json=kropp)
    hold = svar.get_json()
    assert (svar.status_code, hold["status"], hold["forlenget"]) == (201, "aktiv", None)
    assert lege.post(f"{API}/{enhet}/reservasjoner", json=kropp).get_json() == hold
    forlenget = lege.post(f"{API}/reservasjoner/{hold['id']}/forleng", json={}).get_json()
    assert forlenget["utloeper"] > hold["utloeper"] and forlenget["forlenget"]
    assert lege.post(f"{API}/reservasjoner/{hold['id']}/forleng", json={}).status_code == 409
    inn = (now() - timedelta(minutes=3)).isoformat()
    svar = vakt.post(
        f"{API}/reservasjoner/{hold['id']}/innlegg",
        json={"inn": inn, "fra_hvor": "legevakt", "aldersgruppe": "67-79"},
    )
    assert svar.status_code == 201
    (opphold,) = les_opphold(enhet)
    assert (str(opphold.id), opphold.fra_hvor, opphold.inn.isoformat()) == (
        svar.get_json()["opphold_id"],
        "legevakt",
        inn,
    )
    svar = vakt.post(
        f"{API}/opphold/{opphold.id}/utskriv", json={"til_hvor": "hjem", "lest": opphold.versjon}
    )
    assert svar.status_code == 200
    assert les_tall(enhet).rengjoeres == 1
    assert vakt.post(f"{API}/opphold/{opphold.id}/utskriv", json={}).status_code == 409


def test_frigi_og_avvis(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, 2)
    folk = lag_folk(scene, enhet)
    lege, vakt = som(scene.lege), som(folk.lege)
    for gjoer, av, kropp, status in (
        ("frigi", lege, {}, "frigitt"),
        ("avvis", vakt, {"grunn": "bemanning", "merknad": "En syk."}, "avvist"),
    ):
        hold = reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
        svar = av.post(f"{API}/reservasjoner/{hold}/{gjoer}", json=kropp)
        assert (svar.status_code, svar.get_json()["status"]) == (200, status)
        assert les_tall(enhet).ledig == 2
    assert vakt.post(f"{API}/reservasjoner/{hold}/avvis", json={"grunn": "tull"}).status_code == 422


def test_den_som_taper_faar_vite_hvem_og_hvor(scene: Scene, som: Som) -> None:
    enhet, annen = lag_plassenhet(scene, 1, evner=1), lag_plassenhet(scene, 1, evner=1, navn="Nærmest")
    lag_plassenhet(scene, 1, navn="Uten isolasjon")
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    svar = som(scene.kollega).post(
        f"{API}/{enhet}/reservasjoner", json={"klient_id": str(uuid4()), "evner": 1}
    )
    feil = svar.get_json()
    assert (svar.status_code, feil["kode"]) == (409, "opptatt")
    assert feil["holder"]["organisasjon"] == scene.kommune.kortnavn
    assert [r["id"] for r in feil["naermeste"]] == [str(annen)]
    # A hold in vain leaves a refusal, and no half hold.
    assert les_tall(enhet).holdt == 1


def test_den_som_taper_et_isolat_faar_vite_hvor_det_er_et_annet(scene: Scene, som: Som) -> None:
    """What the lost bed can beyond its unit was why it was asked for by name."""
    enhet = lag_plassenhet(scene, 1, kvoter={scene.kommune.id: 2})
    isolat = ny_plass(enhet, evner=1)
    lag_plassenhet(scene, 1, navn="Uten isolasjon")
    annen = lag_plassenhet(scene, 1, evner=1, navn="Nærmest")
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4(), plass_id=isolat)
    svar = som(scene.kollega).post(
        f"{API}/{enhet}/reservasjoner", json={"klient_id": str(uuid4()), "plass_id": str(isolat)}
    )
    assert [r["id"] for r in svar.get_json()["naermeste"]] == [str(annen)]
    side = som(scene.kollega).post(
        f"/plasser/{enhet}/hold", data={"klient_id": str(uuid4()), "plass_id": str(isolat)}
    )
    assert side.status_code == 409 and "Det er flere ledige her" in side.text
    assert "Nærmest" in side.text and "Uten isolasjon" not in side.text


def test_enhetens_eget_arbeid(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, ["ledig", "ledig"], bekreftet=None)
    folk = lag_folk(scene, enhet)
    vakt = som(folk.sykepleier)
    plass = les_plasser(enhet)[0]
    adresse = f"{API}/{enhet}/plasser/{plass.id}/tilstand"
    assert vakt.put(adresse, json={"tilstand": "stengt"}).status_code == 422
    svar = vakt.put(adresse, json={"tilstand": "stengt", "grunn": "smitte", "lest": plass.versjon})
    assert (svar.status_code, svar.get_json()["stengt"]) == (200, 1)
    gammel = vakt.put(adresse, json={"tilstand": "ledig", "lest": plass.versjon})
    assert (gammel.status_code, gammel.get_json()["kode"], gammel.get_json()["tilstand"]) == (
        409,
        "utdatert",
        "stengt",
    )
    svar = vakt.post(f"{API}/{enhet}/ingen-endring", json={})
    assert svar.status_code == 200 and svar.get_json()["bekreftet_av"] == "Sunniva Sykepleier"
    ledig = les_plasser(enhet)[1]
    kropp = {"plass_id": str(ledig.id), "kommune_id": str(scene.kommune.id)}
    for tid in ("2026-03-01T10:00:00", "i morgen"):
        svar = vakt.post(f"{API}/{enhet}/opphold", json={**kropp, "inn": tid})
        assert svar.status_code == 422 and "inn" in svar.get_json()["felter"], tid
    assert vakt.post(f"{API}/{enhet}/opphold", json=kropp).status_code == 201
    assert les_tall(enhet).belagt == 1
    assert som(scene.lege).post(f"{API}/{enhet}/ingen-endring", json={}).status_code == 403


def test_hver_adresse_staar_i_dokumentet(scene: Scene, som: Som, _app: Flask) -> None:
    stier = som(scene.lege).get("/api/v1/openapi.json").get_json()["paths"]
    ruter = {r.rule for r in _app.url_map.iter_rules() if r.rule.startswith(API)}
    assert len(ruter) == 12
    dokumentert = {s for s in stier if s.startswith(API)}
    assert len(dokumentert) == len(ruter)
    for sti in dokumentert:
        for metode, operasjon in stier[sti].items():
            if metode in ("get", "post", "put"):
                assert operasjon["summary"] and any(
                    "schema" in k.get("content", {}).get("application/json", {})
                    for k in operasjon["responses"].values()
                    if isinstance(k, dict)
                ), (sti, metode)
