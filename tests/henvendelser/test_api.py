"""The JSON doors: the same use cases for other systems, errors as problem+json, and a Bearer token's limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.core.web import les
from portal.henvendelser.forloep import Status
from portal.henvendelser.schemas import HenvendelseInn, News2Inn
from portal.henvendelser.service import flyt
from portal.identitet.models import Enhet, Fagtelefon, Medlemskap, Organisasjon, Person, Sesjon, Tjenestekonto
from portal.identitet.service.personer import opprett_tjenestekonto
from tests.bygg import (
    PERSONNUMMER,
    Opptak,
    Scene,
    koble_til,
    lagre,
    logg_over,
    ny_sesjon,
    revisjon,
    uten_spor,
)

Som = Callable[[Aktor], FlaskClient]
API = "/api/v1/henvendelser"
SYSTEM = Aktor.system("test")


def problem(svar: TestResponse, status: int, kode: str) -> dict[str, Any]:
    """Demands an error of that kind, with a sentence for a person."""
    assert (svar.status_code, svar.mimetype) == (status, "application/problem+json"), svar.text
    data: dict[str, Any] = svar.json or {}
    assert data["kode"] == kode and data["status"] == status
    assert data["title"] == data["melding"] and len(data["melding"]) > 15
    assert "ok" not in data and "Traceback" not in svar.text
    return data


def kropp(scene: Scene, **endret: Any) -> dict[str, Any]:
    data = {k: str(v) for k, v in scene.henvendelse().items()}
    return {**data, **endret}


def test_hele_veien(scene: Scene, som: Som) -> None:
    lege, spesialist = som(scene.lege), som(scene.spesialist)
    inn = kropp(scene, news2={"puls": 120, "temperatur": 38.4})
    svar = lege.post(API, json=inn)
    assert svar.status_code == 201
    sak = svar.json
    assert sak["status"] == "ny" and sak["unngaatt"] == "aapen" and sak["hode"] == 2
    assert sak["saksnummer"] == scene.les(UUID(sak["id"])).saksnummer
    assert "situasjon" not in svar.text and "Tungpust" not in svar.text
    assert lege.post(API, json=inn).json["id"] == sak["id"]
    problem(lege.post(API, json={**inn, "hastegrad": "akutt"}), 409, "konflikt")

    en = f"{API}/{sak['id']}"
    svar = spesialist.post(f"{en}/aksepter", json={})
    assert (svar.json["status"], svar.json["ansvarlig"]) == ("akseptert", "Siri Spesialist")
    opptatt = problem(som(scene.spesialist2).post(f"{en}/aksepter", json={}), 409, "opptatt")
    assert opptatt["ansvarlig"] == "Siri Spesialist"

    klient_id = str(uuid4())
    svar = spesialist.post(f"{en}/meldinger", json={"klient_id": klient_id, "tekst": "Hei.\r\n"})
    assert svar.json["sekvens"] == 4 and svar.json["tidspunkt"].endswith("Z")
    igjen = spesialist.post(f"{en}/meldinger", json={"klient_id": klient_id, "tekst": "Hei."})
    assert igjen.json == svar.json
    problem(
        spesialist.post(f"{en}/meldinger", json={"klient_id": klient_id, "tekst": "Nei."}), 409, "konflikt"
    )

    logg = lege.get(f"{en}/hendelser?etter=3").json
    assert (logg["hode"], logg["mer"], len(logg["hendelser"])) == (4, False, 1)
    assert logg["hendelser"][0] == {
        "henvendelse_id": sak["id"],
        "sekvens": 4,
        "type": "melding",
        "avsender": {
            "id": str(scene.spesialist.person_id),
            "navn": "Siri Spesialist, Sykehuset Testfjord",
            "side": "mottaker",
        },
        "tekst": "Hei.",
        "data": {},
        "tidspunkt": svar.json["tidspunkt"],
        "klient_id": klient_id,
    }
    assert (
        spesialist.post(f"{en}/besvar", json={"raad": "oehd_plass", "tekst": "Slik."}).json["raad"]
        == "oehd_plass"
    )
    assert lege.post(f"{en}/trenger-mer", json={"tekst": "Mer."}).json["status"] == "akseptert"
    spesialist.post(f"{en}/besvar", json={"raad": "oehd_plass", "tekst": "Slik igjen."})
    for_tidlig = problem(spesialist.post(f"{en}/lukk", json={"utfall": "annet"}), 409, "for_tidlig")
    assert "24 timer" in for_tidlig["melding"]
    svar = lege.post(f"{en}/lukk", json={"utfall": "oehd_plass"})
    assert (svar.json["status"], svar.json["unngaatt"], svar.json["frist"]) == ("lukket", "forventet", None)
    stengt = lege.post(f"{en}/meldinger", json={"klient_id": str(uuid4()), "tekst": "For sent."})
    problem(stengt, 409, "stengt")
    assert lege.post(f"{en}/gjenaapne", json={}).json["status"] == "akseptert"
    assert spesialist.post(f"{en}/gi-tilbake", json={"begrunnelse": "Går."}).json["ansvarlig"] is None
    videre = {"mottaker_id": str(scene.annet_hf.id), "fagomraade": "indremedisin", "begrunnelse": "Deres."}
    svar = spesialist.post(f"{en}/videresend", json=videre)
    assert (svar.status_code, svar.text) == (204, "")
    problem(spesialist.get(en), 404, "ikke_funnet")
    assert lege.post(f"{en}/tiden-er-ute", json={}).json["utfall"] == "innlagt"
    trukket = lege.post(API, json=kropp(scene, klient_id=str(uuid4()))).json["id"]
    assert lege.post(f"{API}/{trukket}/trekk", json={}).json["status"] == "trukket"


# --- bad input -------------------------------------------------------------------------------------------


def test_feilene_staar_ved_feltene(scene: Scene, som: Som, opptak: Opptak) -> None:
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = klient.post(API, json={"klient_id": "ikke-en-uuid", "ukjent": 1, "news2": {"puls": 5000}})
    felter = problem(svar, 422, "ugyldig")["felter"]
    paakrevd = {"fagomraade", "hastegrad", "plan_uten_raad", "tilbakeringing", "situasjon"}
    assert set(felter) == paakrevd | {"klient_id", "ukjent", "news2"}
    assert felter["ukjent"] == ["Dette feltet finnes ikke."]
    assert "mellom" in felter["news2"]["puls"][0]


@pytest.mark.parametrize(
    ("sti", "data"),
    [
        ("aksepter", {"ansvarlig_id": str(UUID(int=1))}),
        ("meldinger", {"klient_id": str(UUID(int=1)), "tekst": "Hei.", "sekvens": 1}),
        ("trekk", {"tekst": "", "status": "lukket"}),
        ("trekk", {"csrf": "x"}),
        ("trekk", []),
        ("trekk", "tekst"),
        ("meldinger", {"klient_id": str(UUID(int=1)), "tekst": {"a": 1}}),
        ("meldinger", {"klient_id": str(UUID(int=1)), "tekst": 7}),
        ("meldinger", {"klient_id": 7, "tekst": "Hei."}),
        ("meldinger", {"klient_id": str(UUID(int=1)), "tekst": "Hei.", "ikke_fnr": "kanskje"}),
        ("meldinger", {"klient_id": str(UUID(int=1)), "tekst": None}),
        ("meldinger", {"tekst": "Hei."}),
    ],
)
def test_ukjente_og_gale_felt(sti: str, data: Any, scene: Scene, som: Som, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = klient.post(f"{API}/{sak}/{sti}", json=data)
        problem(svar, svar.status_code, "ugyldig")
        assert svar.status_code in (400, 422)


@pytest.mark.parametrize(
    "spoersmaal", ["etter=1&ukjent=2", "etter=-1", "etter=mange", "etter=99999999999", "Etter=1"]
)
def test_gale_spoersmaal(spoersmaal: str, scene: Scene, som: Som, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        problem(klient.get(f"{API}/{sak}/hendelser?{spoersmaal}"), 422, "ugyldig")
    with uten_spor(opptak):
        problem(klient.get(f"/api/v1/mottakere?{spoersmaal}"), 422, "ugyldig")


@pytest.mark.parametrize(
    ("raa", "type_", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"tekst": NaN', "application/json", 400),
        (b"", "application/json", 400),
        (b"tekst=Hei", "application/x-www-form-urlencoded", 422),
        (b"[" * 5000, "application/json", 400),
        (b'{"klient_id": ' + b"9" * 5000 + b"}", "application/json", 422),
        (b'{"tekst": "\\ud800"}', "application/json", 400),
    ],
)
def test_uleselig_innhold(
    raa: bytes, type_: str, status: int, scene: Scene, som: Som, opptak: Opptak
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = klient.post(f"{API}/{sak}/meldinger", data=raa, content_type=type_)
        assert svar.status_code in (status, 400, 415, 422)
        problem(svar, svar.status_code, svar.json["kode"])


TEKSTER = {
    "for lang": ("a" * (16 * 1024 + 1), False),
    "for lang i byte": ("å" * (8 * 1024 + 1), False),
    "akkurat": ("å" * (8 * 1024), True),
    "emoji på grensen": ("😀" * (4 * 1024), True),
    "null": ("a\x00b", False),
    "kontrolltegn": ("a\x1bb", False),
    "slett": ("a\x7fb", False),
    "halvt tegn": ("a\ud800b", False),
    "bare mellomrom": ("  \n\t ", False),
    "tabulator og linjeskift": ("a\tb\r\nc\rd", True),
}


@pytest.mark.parametrize("hva", TEKSTER)
def test_hva_en_tekst_kan_vaere(hva: str, scene: Scene, som: Som, opptak: Opptak) -> None:
    tekst, godtas = TEKSTER[hva]
    sak = scene.send()
    klient = som(scene.lege)
    if not godtas:
        with uten_spor(opptak):
            svar = klient.post(f"{API}/{sak}/meldinger", json={"klient_id": str(uuid4()), "tekst": tekst})
            if hva == "halvt tegn":
                problem(svar, 400, "ugyldig")
            else:
                assert list(problem(svar, 422, "ugyldig")["felter"]) == ["tekst"]
        return
    svar = klient.post(f"{API}/{sak}/meldinger", json={"klient_id": str(uuid4()), "tekst": tekst})
    assert svar.status_code == 200
    assert logg_over(sak)[-1].tekst == tekst.replace("\r\n", "\n").replace("\r", "\n")


def test_tegn_lagres_i_en_form(scene: Scene, som: Som) -> None:
    """Composed and decomposed letters are one text, so that a resend from another device is the same."""
    sak, klient_id = scene.send(), str(uuid4())
    klient = som(scene.lege)
    for tekst in ("Ba\u030atsfjord", "B\u00e5tsfjord", "  B\u00e5tsfjord \r\n"):
        svar = klient.post(f"{API}/{sak}/meldinger", json={"klient_id": klient_id, "tekst": tekst})
        assert (svar.status_code, svar.json["sekvens"]) == (200, 3)
    assert logg_over(sak)[-1].tekst == "B\u00e5tsfjord"


def test_for_stor_forespoersel(scene: Scene, som: Som, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = klient.post(f"{API}/{sak}/meldinger", json={"klient_id": str(uuid4()), "tekst": "a" * 300_000})
        problem(svar, 413, "for_stor")
        assert klient.post(f"/henvendelser/{sak}/meldinger", data={"tekst": "a" * 300_000}).status_code == 413


def test_personnummer_i_en_melding(scene: Scene, som: Som, opptak: Opptak) -> None:
    sak, klient_id = scene.send(), str(uuid4())
    klient = som(scene.lege)
    data = {"klient_id": klient_id, "tekst": f"Fnr {PERSONNUMMER}"}
    with uten_spor(opptak):
        svar = problem(klient.post(f"{API}/{sak}/meldinger", json=data), 422, "personnummer")
    assert svar["treff"] == {"tekst": [[4, 15]]} and PERSONNUMMER not in str(svar)
    assert klient.post(f"{API}/{sak}/meldinger", json={**data, "ikke_fnr": True}).json["sekvens"] == 3


def test_feilene_er_paa_leserens_spraak(scene: Scene, som: Som) -> None:
    svar = som(scene.lege).get(f"{API}/{uuid4()}", headers={"Accept-Language": "nb"})
    assert problem(svar, 404, "ikke_funnet")["melding"].startswith("Dette finnes ikke")
    problem(som(scene.lege).get("/api/v1/finnes-ikke"), 404, "ikke_funnet")
    problem(som(scene.lege).delete(API), 405, "feil_metode")


# --- receivers -------------------------------------------------------------------------------------------


def test_mottakere(scene: Scene, som: Som) -> None:
    lagre(Fagtelefon(organisasjon_id=scene.hf.id, fagomraade="kirurgi", telefon="22 00 00 01"))
    _ring(scene.hf.id, "22 00 00 00")
    klient = som(scene.lege)
    svar = klient.get(f"/api/v1/mottakere?kommune={scene.kommune.id}").json
    assert svar["forslag"] == str(scene.hf.id)
    per_id = {m["id"]: m for m in svar["mottakere"]}
    assert set(per_id) == {str(scene.hf.id), str(scene.annet_hf.id)}
    fag = {f["kode"]: f for f in per_id[str(scene.hf.id)]["fagomraader"]}
    assert (fag["kirurgi"]["bemannet"], fag["kirurgi"]["telefon"]) == (True, "22 00 00 01")
    assert (fag["nevrologi"]["bemannet"], fag["nevrologi"]["telefon"]) == (False, "22 00 00 00")
    assert per_id[str(scene.annet_hf.id)]["telefon"] is None
    for uten in ("", "?kommune=", f"?kommune={uuid4()}", f"?kommune={scene.hf.id}"):
        assert klient.get(f"/api/v1/mottakere{uten}").json["forslag"] is None


@transactional
def _ring(organisasjon_id: UUID, nummer: str) -> None:
    db.session.get_one(Organisasjon, organisasjon_id).telefon = nummer


# --- service accounts ------------------------------------------------------------------------------------


def test_en_tjenestekonto_handler_i_sin_rolle(scene: Scene, app: Flask, opptak: Opptak) -> None:
    token = opprett_tjenestekonto(SYSTEM, "Journalsystemet", scene.lege.medlemskap_id)  # type: ignore[arg-type]
    klient = app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    app.config["WTF_CSRF_ENABLED"] = True  # a token is no cookie: CSRF has no hold on it
    try:
        svar = klient.post(API, json=kropp(scene), headers=bearer)
        assert svar.status_code == 201
        sak = svar.json["id"]
        assert klient.post(
            f"{API}/{sak}/meldinger", json={"klient_id": str(uuid4()), "tekst": "Hei."}, headers=bearer
        ).json == {"sekvens": 3, "tidspunkt": logg_tid(UUID(sak))}
        problem(klient.post(f"{API}/{sak}/aksepter", json={}, headers=bearer), 403, "ikke_tilgang")
        # Reading from the beginning is an opening here too.
        klient.get(f"{API}/{sak}/hendelser", headers=bearer)
        assert len(revisjon("henvendelse.aapnet", objekt=sak)) == 1
        # It opens the API and no page.
        assert klient.get(f"/henvendelser/{sak}", headers=bearer).status_code == 302
        for feil in ("Bearer ", "Bearer tull", f"Bearer {token}x", f"Basic {token}", token):
            with uten_spor(opptak):
                problem(klient.get(f"{API}/{sak}", headers={"Authorization": feil}), 401, "ikke_innlogget")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def logg_tid(sak: UUID) -> str:
    return logg_over(sak)[-1].tidspunkt.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@transactional
def _endre_konto(**felt: Any) -> None:
    for konto in db.session.query(Tjenestekonto):
        for navn, verdi in felt.items():
            setattr(konto, navn, verdi)


@pytest.mark.parametrize("hva", ["tilbakekalt", "utløpt", "medlemskap", "person"])
def test_en_ferdig_tjenestekonto(hva: str, scene: Scene, app: Flask, opptak: Opptak) -> None:
    token = opprett_tjenestekonto(SYSTEM, "Journalsystemet", scene.lege.medlemskap_id)  # type: ignore[arg-type]
    sak = scene.send()
    klient = app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    assert klient.get(f"{API}/{sak}", headers=bearer).status_code == 200
    if hva == "tilbakekalt":
        _endre_konto(tilbakekalt=now())
    elif hva == "utløpt":
        _endre_konto(utloeper=now())
    else:
        avslutt(scene.lege, hva)
    with uten_spor(opptak):
        problem(klient.get(f"{API}/{sak}", headers=bearer), 401, "ikke_innlogget")


def test_et_token_gjelder_foran_kapselen(scene: Scene, som: Som, opptak: Opptak) -> None:
    """A broken token must not fall back on whoever is logged in."""
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = klient.get(f"{API}/{sak}", headers={"Authorization": "Bearer tull"})
        problem(svar, 401, "ikke_innlogget")


# --- ended rights ----------------------------------------------------------------------------------------


@transactional
def avslutt(aktor: Aktor, hva: str) -> None:
    """Ends the right behind the services' back, as another process would: nobody is told."""
    naa = now()
    if hva == "medlemskap":
        db.session.get_one(Medlemskap, aktor.medlemskap_id).gyldig_til = naa
    elif hva == "person":
        db.session.get_one(Person, aktor.person_id).aktiv = False
    elif hva == "sesjon":
        db.session.get_one(Sesjon, aktor.sesjon_id).avsluttet = naa
    else:
        db.session.get_one(Sesjon, aktor.sesjon_id).utloeper = naa - timedelta(seconds=1)


@pytest.mark.parametrize("hva", ["medlemskap", "person", "sesjon", "utløpt"])
def test_den_som_er_ferdig_slipper_ikke_til(hva: str, scene: Scene, app: Flask, opptak: Opptak) -> None:
    """Page, API and an already open socket, from the next request or event on."""
    sak = scene.sak(Status.AKSEPTERT)
    aktor, token = ny_sesjon(scene.spesialist)
    klient = app.test_client()
    with klient.session_transaction() as kapsel:
        kapsel["_user_id"] = token
    sokkel = koble_til(app, klient)
    assert sokkel.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)["ok"]
    assert klient.get(f"/henvendelser/{sak}").status_code == 200
    avslutt(aktor, hva)

    def meld() -> dict[str, Any]:
        return {"id": str(sak), "klient_id": str(uuid4()), "tekst": "Hei."}

    with uten_spor(opptak, avslag=None):
        svar = klient.get(f"/henvendelser/{sak}")
        assert svar.status_code == 302 and svar.headers["Location"].startswith("/innlogging")
        assert klient.post(f"/henvendelser/{sak}/besvar", data={"raad": "annet"}).status_code == 302
        problem(klient.get(f"{API}/{sak}"), 401, "ikke_innlogget")
        assert klient.get("/sesjon").status_code == 401
        for hendelse, data in (
            ("henvendelse.meld", meld()),
            ("henvendelse.abonner", {"id": str(sak), "etter": 0}),
            ("henvendelse.les", {"id": str(sak), "sekvens": 1}),
        ):
            ack = sokkel.emit(hendelse, data, callback=True)
            assert (ack["ok"], ack["kode"]) == (False, "ikke_innlogget"), hendelse
        ny = koble_til(app, klient)
        assert not ny.is_connected()
    if sokkel.is_connected():
        sokkel.disconnect()


def test_medlemskapet_bytter_fagomraade(scene: Scene, som: Som) -> None:
    """Need to know is asked of fresh rows: the fagområde taken away, the case is gone."""
    sak = scene.send()
    klient = som(scene.spesialist)
    assert klient.get(f"{API}/{sak}").status_code == 200
    _ta_fra(scene.spesialist)
    problem(klient.get(f"{API}/{sak}"), 404, "ikke_funnet")
    assert str(sak) not in klient.get("/koe").text


@transactional
def _ta_fra(aktor: Aktor) -> None:
    medlemskap = db.session.get_one(Medlemskap, aktor.medlemskap_id)
    medlemskap.fag = []


def test_enheten_er_ikke_et_kart_over_saker(scene: Scene, som: Som) -> None:
    """A colleague who moves to another unit leaves the old unit's cases behind, the own ones not."""
    egen, andres = scene.send(scene.kollega), scene.send(scene.lege)
    klient = som(scene.kollega)
    assert {klient.get(f"{API}/{s}").status_code for s in (egen, andres)} == {200}
    _flytt(scene.kollega, scene.annen_enhet)
    assert klient.get(f"{API}/{egen}").status_code == 200
    problem(klient.get(f"{API}/{andres}"), 404, "ikke_funnet")


@transactional
def _flytt(aktor: Aktor, enhet: Enhet) -> None:
    db.session.get_one(Medlemskap, aktor.medlemskap_id).enhet_id = enhet.id


def test_den_som_ga_saken_videre_kan_ikke_ta_den_igjen(scene: Scene, som: Som) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    flyt.videresend(scene.spesialist, sak, scene.annet_hf.id, "indremedisin", "Deres.")
    problem(som(scene.spesialist).post(f"{API}/{sak}/aksepter", json={}), 404, "ikke_funnet")


RARE: list[Any] = [
    None,
    "",
    "x" * 300,
    -1,
    2**70,
    1e308,
    True,
    [],
    {},
    ["a"],
    {"a": "b"},
    "\u0000",
    "9" * 5000,
    "🫀",
]


def test_ingen_rar_verdi_er_en_intern_feil(scene: Scene, som: Som) -> None:
    """Every field of a request with every odd value: taken or refused, never a fault of ours."""
    klient = som(scene.lege)
    felter = [*HenvendelseInn().fields, *(f"news2.{f}" for f in News2Inn().fields)]
    avvist = 0
    for felt in felter:
        for verdi in RARE:
            data = kropp(scene, klient_id=str(uuid4()))
            if felt.startswith("news2."):
                data["news2"] = {felt.removeprefix("news2."): verdi}
            else:
                data[felt] = verdi
            try:
                les(HenvendelseInn, data)
            except UgyldigData:
                avvist += 1
                if avvist % 20:
                    continue
            svar = klient.post(API, json=data)
            assert svar.status_code in (201, 400, 409, 422), (felt, verdi, svar.text)
            if svar.status_code != 201:
                problem(svar, svar.status_code, svar.json["kode"])
    assert avvist > 200
