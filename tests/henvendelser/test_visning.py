"""What the pages show, to whom, in which order – and that it is text, whatever was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.config import ROT
from portal.core.db import db, transactional
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import Handling, Hendelsestype, Status
from portal.henvendelser.service import flyt, innsending, lesing
from portal.henvendelser.service.meldinger import send_melding
from portal.identitet.models import Person
from tests.bygg import Scene, om, revisjon
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
T = Hendelsestype


def til(sak: UUID, hva: str = "") -> str:
    return f"/henvendelser/{sak}" + (f"/{hva}" if hva else "")


# --- what a page may show --------------------------------------------------------------------------------

ONDT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


def test_alt_som_skrives_vises_som_tekst(scene: Scene, som: Som) -> None:
    """Every field a person can fill in, with markup in it, on every page that shows it."""
    felter = {f: f"{ONDT} {f}" for f in innsending.FRITEKST}
    sak = scene.send(**felter)
    send_melding(scene.lege, sak, uuid4(), f"{ONDT} melding")
    flyt.aksepter(scene.spesialist, sak)
    flyt.besvar(scene.spesialist, sak, "oehd_plass", f"{ONDT} svar")
    _doep_om(scene.lege, f"{ONDT} navn")
    for aktor, adresser in (
        (scene.lege, (til(sak), til(sak, "opplysninger"), "/henvendelser/?filter=alle")),
        (scene.spesialist, (til(sak), "/koe")),
    ):
        klient = som(aktor)
        for adresse in adresser:
            tekst = klient.get(adresse).text
            assert "<script>alert" not in tekst and "<img src=x" not in tekst, adresse
            assert "&#34;&#39;49" not in tekst, adresse
    side = som(scene.spesialist).get(til(sak)).text
    for navn in (*felter, "melding", "svar"):
        assert f"&#34;&#39;{{{{7*7}}}} {navn}" in side, navn
    # What was typed comes back as text on the page of a mistake too.
    svar = som(scene.lege).post("/henvendelser/ny", data=dict(felter))
    assert svar.status_code == 422 and "<script>alert" not in svar.text
    assert skjema(svar, "/henvendelser/ny")["situasjon"] == felter["situasjon"]


@transactional
def _doep_om(aktor: Aktor, navn: str) -> None:
    db.session.get_one(Person, aktor.person_id).navn = navn


MERKE = "zqxmerke"


def test_ingen_klinisk_tekst_til_dem_som_styrer(scene: Scene, som: Som) -> None:
    """A marker in every clinical text; every page that each of them can reach is read."""
    tekster = {f: f"{MERKE} {f}" for f in innsending.FRITEKST}
    saker = [scene.send(**tekster), scene.send(scene.fremmed_lege, **tekster)]
    for sak in saker:
        send_melding(scene.spesialist, sak, uuid4(), f"{MERKE} melding")
        flyt.aksepter(scene.spesialist, sak)
        flyt.besvar(scene.spesialist, sak, "oehd_plass", f"{MERKE} svar")
    lest = _les_alt(som(scene.lege), saker)
    assert any(MERKE in tekst for tekst in lest.values()), "the marker must be seen by those who may"
    for navn in ("koordinator", "administrator", "systemadministrator", "innsyn"):
        sider = _les_alt(som(getattr(scene, navn)), saker)
        assert len([s for s in sider if s.startswith("/")]) > 5
        assert not [adresse for adresse, tekst in sider.items() if MERKE in tekst], navn
        # Nor which cases there are.
        assert not [a for a, tekst in sider.items() for sak in saker if str(sak) in tekst.replace(a, "")], (
            navn
        )


def _les_alt(klient: FlaskClient, saker: list[UUID]) -> dict[str, str]:
    """Every page within reach: from the front page by its links, and all addresses of the cases."""
    app = klient.application
    igjen = ["/", "/tall", "/koe", "/koe/liste", "/henvendelser/", "/henvendelser/?filter=alle", "/passord"]
    for regel in app.url_map.iter_rules():
        if regel.arguments == {"henvendelse_id"} and "GET" in (regel.methods or ()):
            igjen += [regel.rule.replace("<uuid:henvendelse_id>", str(s)) for s in saker]
    lest: dict[str, str] = {}
    while igjen and len(lest) < 80:
        adresse = igjen.pop(0)
        if adresse in lest or adresse.startswith(("/static", "/api/v1/docs", "/api/v1/openapi")):
            continue
        svar = klient.get(adresse, buffered=True)
        # Not all that can be fetched is text.
        tekst = svar.get_data().decode(errors="replace")
        lest[adresse] = tekst + str(svar.headers)
        if "Location" in svar.headers:
            igjen.append(svar.headers["Location"])
        igjen += [a for a in re.findall(r'href="(/[^"#]*)', tekst) if a not in lest]
    return lest


def test_trygge_hoder_paa_hver_side(scene: Scene, som: Som, app: Flask) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    for adresse in ("/henvendelser/", til(sak), "/finnes-ikke", f"/api/v1/henvendelser/{sak}"):
        h = klient.get(adresse).headers
        assert h["Cache-Control"] == "no-store" and h["X-Content-Type-Options"] == "nosniff"
        csp = h["Content-Security-Policy"]
        assert "default-src 'self'" in csp and "unsafe" not in csp and "frame-ancestors 'none'" in csp
    kapsel = app.test_client().get("/innlogging").headers.getlist("Set-Cookie")
    assert all("HttpOnly" in k and "SameSite=Lax" in k for k in kapsel)


# --- opening ---------------------------------------------------------------------------------------------


def _aapninger(sak: UUID) -> int:
    return len(revisjon("henvendelse.aapnet", objekt=sak))


def test_en_aapning_per_side(scene: Scene, som: Som) -> None:
    sak = scene.send()
    klient = som(scene.spesialist)
    for antall in (1, 2):
        klient.get(til(sak))
        assert _aapninger(sak) == antall
    for _ in range(3):
        assert klient.get(til(sak, "status")).status_code == 200
        klient.get(f"/api/v1/henvendelser/{sak}/hendelser?etter=1")
        klient.get("/koe")
        klient.post(til(sak, "meldinger"), data={"tekst": "", "klient_id": str(uuid4())})
    assert _aapninger(sak) == 2
    assert "Sett av Siri Spesialist" in som(scene.lege).get(til(sak)).text


@pytest.mark.parametrize("vei", ["status", "opplysninger", "meldinger", "fra begynnelsen", "hull"])
def test_ingen_leser_uten_aa_ha_aapnet(vei: str, scene: Scene, som: Som) -> None:
    """The ways round the page: whoever has never opened the case, opens it there."""
    sak = scene.send()
    klient = som(scene.kollega)
    if vei == "meldinger":
        svar = klient.post(til(sak, "meldinger"), data={"tekst": "", "klient_id": str(uuid4())})
    elif vei in ("fra begynnelsen", "hull"):
        svar = klient.get(f"/api/v1/henvendelser/{sak}/hendelser?etter={int(vei == 'hull')}")
    else:
        svar = klient.get(til(sak, vei))
    assert svar.status_code in (200, 422)
    assert _aapninger(sak) == 1


def test_en_gammel_aapning_gjelder_ikke_i_dag(scene: Scene, som: Som) -> None:
    """Seen last week is not open on the screen now: the way round the page is an opening again."""
    sak = scene.send()
    som(scene.spesialist).get(til(sak))
    assert _aapninger(sak) == 1
    with om(hours=11):
        som(scene.spesialist).get(til(sak, "status"))
        assert _aapninger(sak) == 1
    with om(hours=13):
        klient = som(scene.spesialist)
        klient.get(f"/api/v1/henvendelser/{sak}/hendelser?etter=1")
        assert _aapninger(sak) == 2
        klient.get(til(sak, "status"))
        assert _aapninger(sak) == 2


# --- lists -----------------------------------------------------------------------------------------------


def test_lista_er_ordnet_og_delt_i_sider(scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesing, "SIDESTOERRELSE", 2)
    vanlig = scene.send(hastegrad="vanlig")
    lukket = scene.sak(Status.LUKKET, hastegrad="akutt")
    with om(minutes=1):
        akutt = scene.send(hastegrad="akutt")
    klient = som(scene.lege)
    assert _rekkefoelge(klient.get("/henvendelser/").text) == [akutt, vanlig]
    assert _rekkefoelge(klient.get("/henvendelser/?filter=alle").text) == [akutt, vanlig]
    neste = re.search(r'rel="next" href="([^"]+)"', klient.get("/henvendelser/?filter=alle").text)
    assert neste is not None
    assert _rekkefoelge(klient.get(unescape(neste[1])).text) == [lukket]


def _rekkefoelge(html: str) -> list[UUID]:
    return list(dict.fromkeys(UUID(u) for u in re.findall(r'href="/henvendelser/([0-9a-f-]{36})"', html)))


def test_koen_er_ordnet_etter_hastegrad_og_frist(scene: Scene, som: Som) -> None:
    vanlig = scene.send(hastegrad="vanlig")
    haster = scene.send(hastegrad="haster")
    with om(minutes=1):
        akutt = scene.send(hastegrad="akutt")
        haster2 = scene.send(hastegrad="haster")
    scene.send(fagomraade="kirurgi")
    klient = som(scene.spesialist)
    for adresse in ("/koe", "/koe/liste"):
        assert _rekkefoelge(klient.get(adresse).text) == [akutt, haster, haster2, vanlig]
    assert len(_rekkefoelge(som(scene.vaktleder).get("/koe").text)) == 5


# --- rows of the log -------------------------------------------------------------------------------------

#: What stands in a row of each kind, and what it is called. `data.hva` tells several of one kind apart.
RADER: list[tuple[Hendelsestype, dict[str, Any], str]] = [
    (T.INNSYN, {"grunn": "kvalitet"}, "NN åpnet saken med begrunnelse: avvik eller kvalitetsarbeid"),
    (T.INVITERT, {"hvem": "Kari", "medlemskap": "x"}, "NN inviterte Kari"),
    (T.BLE_MED, {"hvem": "Kari"}, "NN ble med i saken"),
    (T.TILBUDT, {"hvem": "Kari", "medlemskap": "x"}, "NN spurte Kari om å overta ansvaret"),
    (T.OVERLEVERT, {"hvem": "Kari", "fra": "Siri"}, "NN overtok ansvaret etter Siri"),
    (T.AVSLAATT, {}, "NN takket nei"),
    (T.AVSLAATT, {"hva": "nei_kollega"}, "NN takket nei til å bli med"),
    (T.AVSLAATT, {"hva": "nei_overlevering"}, "NN takket nei til å overta ansvaret"),
    (T.AVSLAATT, {"hva": "trukket_kollega", "hvem": "Kari"}, "NN trakk invitasjonen til Kari"),
    (T.AVSLAATT, {"hva": "trukket_overlevering", "hvem": "Kari"}, "NN trakk spørsmålet til Kari om å overta"),
    (T.AVSLAATT, {"hva": "forlot"}, "NN forlot saken"),
    (T.IDENTITET, {}, "NN noterte at identiteten er utvekslet utenfor portalen"),
    (T.SPURT, {"dag": 3}, "Innmelderen er spurt om hva som skjedde, 3 dager etter"),
    (
        T.OPPFOELGING,
        {"dag": 30, "svar": "doed"},
        "NN svarte på hva som skjedde, 30 dager etter: pasienten døde",
    ),
    (
        T.OPPFOELGING,
        {"dag": 3, "svar": "innlagt", "hva": "rettet"},
        "NN rettet svaret på hva som skjedde, 3 dager etter: innlagt likevel",
    ),
    (
        T.ESKALERT,
        {"utfall": "varslet", "nivaa": "bakvakt", "navn": "Solveig Kjær", "slag": "aksept", "hoppet": []},
        "Bakvakt Solveig Kjær er varslet",
    ),
    (
        T.ESKALERT,
        {"utfall": "varslet", "nivaa": "vaktleder", "navn": "Ola", "hoppet": ["vakthavende", "bakvakt"]},
        "Ingen på vakt som vakthavende, bakvakt. Vaktleder Ola er varslet",
    ),
    (
        T.ESKALERT,
        {"utfall": "tomt", "nivaa": "", "navn": "", "hoppet": ["vaktleder"]},
        "Ingen på vakt som vaktleder – hoppet over",
    ),
    (
        T.ESKALERT,
        {"utfall": "ingen", "hoppet": ["vakthavende"]},
        "Ingen har vakt her nå. Innmelderen er bedt om å ringe.",
    ),
    (
        T.ESKALERT,
        {"utfall": "uttoemt"},
        "Alle er varslet, og ingen har svart. Innmelderen er bedt om å ringe.",
    ),
]


@transactional
def _skriv_rader(aktor: Aktor, sak: UUID) -> None:
    henvendelse = access.hent(aktor, Handling.SE, sak)
    for type_, data, _ in RADER:
        steps.skriv_hendelse(aktor, henvendelse, type_, data=data)


def test_hver_rad_har_sin_setning(scene: Scene, som: Som) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    _skriv_rader(scene.lege, sak)
    side = som(scene.spesialist).get(til(sak)).text
    logg = side[side.index("data-logg>") : side.index("logg--usendt")]
    setninger = [unescape(s) for s in re.findall(r'data-felt="setning">(.*?)</span>', logg)]
    navn = steps.visningsnavn(scene.lege)
    assert setninger[-len(RADER) :] == [ventet.replace("NN", navn) for _, _, ventet in RADER]
    assert logg.count('href="') == logg.count("ikoner") and "{" not in logg.replace("{}", "")


def test_det_levende_har_de_samme_ordene(scene: Scene, som: Som) -> None:
    """For each sentence of the log the live client has the words, and fills in every place that they have."""
    sak = scene.sak(Status.AKSEPTERT)
    side = som(scene.spesialist).get(til(sak)).text
    ord_ = {n: unescape(o) for n, o in re.findall(r'(data-[a-z0-9-]+)="([^"]*)"', side)}
    skript = (ROT / "frontend" / "live" / "visning.js").read_text()
    setning = skript[skript.index("function setning(") : skript.index("A message right after another")]
    fylles = set(re.findall(r"^    (\w+):", setning, re.M))
    maler = set(re.findall(r'<template data-mal="([a-z_]+)">', side))
    for type_, data, ventet in RADER:
        skille = data.get("hva") or data.get("utfall")
        variant = f"_{skille}" if skille else ""
        hoppet = [ord_[f"data-eskaleringsnivaa-{n}"].lower() for n in data.get("hoppet", ())]
        variant += "_hoppet" if hoppet and skille == "varslet" else ""
        mal = ord_[f"data-hendelse-{type_}{variant}".replace("_", "-")]
        assert set(re.findall(r"\{(\w+)\}", mal)) <= fylles, mal
        koder = {
            "navn": "NN",
            "hvem": data.get("hvem") or data.get("navn", ""),
            "nivaa": ord_.get(f"data-eskaleringsnivaa-{data.get('nivaa')}", ""),
            "hoppet": ", ".join(hoppet),
            "fra": data.get("fra", ""),
            "dag": str(data.get("dag", "")),
            "svar": ord_.get(f"data-oppfoelging-{data.get('svar')}", ""),
            "grunn": ord_.get(f"data-innsynsgrunn-{data.get('grunn')}", ""),
        }
        assert mal.format(**koder) == ventet
        assert type_ in maler
    assert {t for t, _, _ in RADER} | set(maler) >= set(Hendelsestype)
    for kode in ("nytte", "ressurs", "alvorlighet", "mestring"):
        assert ord_[f"data-vurdering-{kode}"]
