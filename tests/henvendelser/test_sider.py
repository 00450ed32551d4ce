"""The pages as a browser without JavaScript meets them: real forms, real users, real mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.henvendelser.models import News2Maaling, Opplysninger, Status
from portal.henvendelser.service import flyt, innsending, lesing
from portal.henvendelser.service.meldinger import send_melding
from portal.identitet import passord
from portal.identitet.models import Person
from tests.bygg import PASSORD, PERSONNUMMER, Opptak, Scene, logg_over, om, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]


class Skjemaer(HTMLParser):
    """The forms of a page, as a browser would send them: {action: {name: value}}."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.skjemaer: dict[str, dict[str, str]] = {}
        self._naa: dict[str, str] | None = None
        self._tekst: str | None = None
        self._valg: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            # What is hidden waits for JavaScript: nobody can send it here.
            self._naa = {} if "hidden" in a else self.skjemaer.setdefault(a.get("action", ""), {})
        elif self._naa is None or ("name" not in a and tag != "option"):
            return
        elif tag == "input":
            if a.get("type") not in ("radio", "checkbox") or "checked" in a:
                self._naa[a["name"]] = a.get("value", "")
        elif tag == "textarea":
            self._tekst = a["name"]
            self._naa[self._tekst] = ""
        elif tag == "select":
            self._valg = a["name"]
        elif tag == "option" and self._valg and ("selected" in a or self._valg not in self._naa):
            self._naa[self._valg] = a.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._naa is not None and self._tekst:
            self._naa[self._tekst] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._naa = None
        elif tag == "textarea":
            # The first line break after the tag is not part of the text.
            if self._naa is not None and self._tekst:
                self._naa[self._tekst] = self._naa[self._tekst].removeprefix("\n")
            self._tekst = None
        elif tag == "select":
            self._valg = None


def skjema(svar: TestResponse, slutt: str) -> dict[str, str]:
    """The form whose address ends so, with what it holds already."""
    (funnet,) = [f for a, f in Skjemaer(svar.text).skjemaer.items() if a.endswith(slutt)]
    return dict(funnet)


def til(sak: UUID, hva: str = "") -> str:
    return f"/henvendelser/{sak}" + (f"/{hva}" if hva else "")


def _opplysninger(sak: UUID) -> Opplysninger:
    db.session.rollback()
    db.session.expire_all()
    return lesing.hent_opplysninger(sak)


def _maalinger(sak: UUID) -> list[News2Maaling]:
    db.session.rollback()
    return lesing.hent_maalinger(sak)


@transactional
def gi_passord(person_id: UUID | None) -> None:
    person = db.session.get_one(Person, person_id)
    person.passord_hash = passord.lag_hash(PASSORD).verdi


NY = {
    "fagomraade": "indremedisin",
    "hastegrad": "haster",
    "plan_uten_raad": "legge_inn",
    "tilbakeringing": "900 00 000",
    "situasjon": "Tungpust siden i går.",
}


# --- the whole path --------------------------------------------------------------------------------------


def test_hele_veien_uten_javascript(scene: Scene, app: Flask) -> None:
    """Two people log in by the form, with CSRF on, and every step is a form of the page before it."""
    for aktor in (scene.lege, scene.spesialist):
        gi_passord(aktor.person_id)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        lege, spesialist = _logg_inn(app, scene.lege), _logg_inn(app, scene.spesialist)

        # ask
        assert lege.get("/").headers["Location"] == "/henvendelser/"
        ny = skjema(lege.get("/henvendelser/ny"), "/henvendelser/ny")
        svar = lege.post("/henvendelser/ny", data={**ny, **NY, "mottaker_id": str(scene.hf.id)})
        assert svar.status_code == 303
        adresse = svar.headers["Location"]
        sak = UUID(adresse.rsplit("/", 1)[1])
        assert "Tungpust siden i går." in lege.get(adresse).text

        # the queue, and accept
        assert spesialist.get("/").headers["Location"] == "/koe"
        koe = spesialist.get("/koe")
        assert adresse in koe.text
        side = spesialist.get(adresse)
        assert _gjoer(spesialist, side, "aksepter") == adresse
        assert scene.les(sak).status == Status.AKSEPTERT

        # talk, both ways
        side = spesialist.get(adresse)
        assert _gjoer(spesialist, side, "meldinger", tekst="Hva er laktat?") == adresse
        side = lege.get(adresse)
        assert "Hva er laktat?" in side.text and "Siri Spesialist" in side.text
        assert _gjoer(lege, side, "meldinger", tekst="2,1.") == adresse

        # answer, ask for more, answer again, close
        side = spesialist.get(adresse)
        assert (
            _gjoer(spesialist, side, "besvar", raad="behandles_i_kommunen", tekst="Øk til 4 mg.") == adresse
        )
        side = lege.get(adresse)
        assert "Øk til 4 mg." in side.text
        _gjoer(lege, side, "trenger-mer", tekst="Hun kaster opp.")
        _gjoer(spesialist, spesialist.get(adresse), "besvar", raad="oehd_plass", tekst="Da ØHD.")
        _gjoer(lege, lege.get(adresse), "lukk", utfall="oehd_plass", tekst="")
        side = lege.get(adresse)
        assert "forventet unngått" in side.text
        assert scene.les(sak).status == Status.LUKKET
        assert not [a for a in Skjemaer(side.text).skjemaer if a.endswith("/meldinger")]
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    typer = [h.type for h in logg_over(sak)]
    assert typer == [
        *("sendt", "akseptert", "melding", "melding", "besvart", "trenger_mer", "besvart", "lukket"),
    ]


def _logg_inn(app: Flask, aktor: Aktor) -> FlaskClient:
    klient = app.test_client()
    epost = db.session.get_one(Person, aktor.person_id).epost
    inn = skjema(klient.get("/innlogging"), "/innlogging")
    svar = klient.post("/innlogging", data={**inn, "epost": epost, "passord": PASSORD})
    assert svar.status_code == 303, svar.text
    return klient


def _gjoer(klient: FlaskClient, side: TestResponse, hva: str, **felt: str) -> str:
    """Fills in the page's form and sends it; gives where it leads."""
    svar = klient.post(f"{side.request.path}/{hva}", data={**skjema(side, f"/{hva}"), **felt})
    assert svar.status_code == 303, svar.text
    return svar.headers["Location"]


def test_uten_csrf_merke_gaar_ingenting(scene: Scene, som: Som, app: Flask, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.spesialist)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for data in ({}, {"csrf_token": "feil"}):
            with uten_spor(opptak):
                svar = klient.post(til(sak, "aksepter"), data=data)
            assert svar.status_code == 403 and "last den på nytt" in svar.text
        with uten_spor(opptak):
            svar = klient.post(f"/api/v1/henvendelser/{sak}/aksepter", json={})
        assert (svar.status_code, svar.json["kode"]) == (403, "csrf")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_hver_rolle_har_sin_foerste_side(scene: Scene, som: Som) -> None:
    hjem = {
        "lege": "/henvendelser/",
        "sykepleier": "/henvendelser/",
        "kommuneoverlege": "/henvendelser/",
        "spesialist": "/koe",
        "vaktleder": "/koe",
        "koordinator": "/tall",
        "administrator": "/tall",
        "innsyn": "/tall",
        "systemadministrator": "/tall",
    }
    for navn, adresse in hjem.items():
        klient = som(getattr(scene, navn))
        svar = klient.get("/")
        assert (svar.status_code, svar.headers["Location"]) == (302, adresse), navn
        assert klient.get(adresse).status_code == 200, navn


def test_innlogging_foerer_tilbake(app: Flask, scene: Scene) -> None:
    sak = scene.send()
    svar = app.test_client().get(til(sak))
    assert svar.status_code == 302
    assert svar.headers["Location"] == f"/innlogging?neste=/henvendelser/{sak}"


# --- mistakes keep what was typed ------------------------------------------------------------------------


def test_en_ny_henvendelse_med_feil(scene: Scene, som: Som, opptak: Opptak) -> None:
    klient = som(scene.lege)
    ny = skjema(klient.get("/henvendelser/ny"), "/henvendelser/ny")
    data = {**ny, "bakgrunn": "KOLS & <hjertesvikt>", "tilbakeringing": "ring meg", "news2_puls": "9999"}
    with uten_spor(opptak):
        svar = klient.post("/henvendelser/ny", data=data)
    assert svar.status_code == 422
    igjen = skjema(svar, "/henvendelser/ny")
    assert (igjen["bakgrunn"], igjen["tilbakeringing"]) == ("KOLS & <hjertesvikt>", "ring meg")
    assert (igjen["news2_puls"], igjen["klient_id"]) == ("9999", ny["klient_id"])
    for felt in ("situasjon", "fagomraade", "hastegrad", "plan_uten_raad", "tilbakeringing", "news2_puls"):
        assert f'href="#{felt}' in svar.text, f"the summary does not lead to {felt}"
    assert 'aria-invalid="true"' in svar.text
    svar = klient.post(
        "/henvendelser/ny", data={**igjen, **NY, "mottaker_id": str(scene.hf.id), "news2_puls": "90"}
    )
    assert svar.status_code == 303


@pytest.mark.parametrize("felt", ["fagomraade", "hastegrad", "plan_uten_raad", "tilbakeringing", "situasjon"])
def test_det_som_maa_fylles_ut(felt: str, scene: Scene, som: Som, opptak: Opptak) -> None:
    klient = som(scene.lege)
    data = {**NY, "mottaker_id": str(scene.hf.id), "klient_id": str(uuid4())}
    for ugyldig in ({k: v for k, v in data.items() if k != felt}, {**data, felt: ""}, {**data, felt: "tull"}):
        if felt == "situasjon" and ugyldig.get(felt):
            continue
        with uten_spor(opptak):
            svar = klient.post("/henvendelser/ny", data=ugyldig)
        assert svar.status_code == 422, ugyldig.get(felt)
        assert f'href="#{felt}' in svar.text
    assert klient.post("/henvendelser/ny", data=data).status_code == 303


def test_personnummer_merkes_der_det_staar(scene: Scene, som: Som, opptak: Opptak) -> None:
    """A browser sends line breaks as two characters: the mark must not slide."""
    klient = som(scene.lege)
    ny = skjema(klient.get("/henvendelser/ny"), "/henvendelser/ny")
    tekst = f"  Linje én.\r\nLinje to.\r\nFnr {PERSONNUMMER} her."
    data = {**ny, **NY, "mottaker_id": str(scene.hf.id), "situasjon": tekst}
    with uten_spor(opptak):
        svar = klient.post("/henvendelser/ny", data=data)
    assert svar.status_code == 422
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", svar.text) == [PERSONNUMMER]
    igjen = skjema(svar, "/henvendelser/ny")
    assert igjen["situasjon"].endswith(f"Linje to.\nFnr {PERSONNUMMER} her.")
    assert 'name="ikke_fnr"' in svar.text
    assert klient.post("/henvendelser/ny", data={**igjen, "ikke_fnr": "1"}).status_code == 303
    assert len(revisjon("henvendelse.ikke_personnummer")) == 1


HANDLINGER: dict[str, tuple[str, Status, dict[str, str], str]] = {
    "meldinger": ("lege", Status.NY, {}, "tekst"),
    "gi-tilbake": ("spesialist", Status.AKSEPTERT, {}, "begrunnelse"),
    "videresend": ("spesialist", Status.NY, {"fagomraade": "kirurgi"}, "begrunnelse"),
    "besvar": ("spesialist", Status.AKSEPTERT, {"raad": "oehd_plass"}, "tekst"),
    "trenger-mer": ("lege", Status.BESVART, {}, "tekst"),
    "lukk": ("lege", Status.BESVART, {"utfall": "annet"}, "tekst"),
    "tiden-er-ute": ("lege", Status.NY, {}, "tekst"),
    "trekk": ("lege", Status.NY, {}, "tekst"),
    "gjenaapne": ("lege", Status.LUKKET, {}, "tekst"),
}


@pytest.mark.parametrize("hva", HANDLINGER)
def test_en_avvist_handling_viser_det_som_ble_skrevet(
    hva: str, scene: Scene, som: Som, opptak: Opptak
) -> None:
    hvem, status, mer, felt = HANDLINGER[hva]
    sak = scene.sak(status)
    klient = som(getattr(scene, hvem))
    side = klient.get(til(sak))
    data = {**skjema(side, f"/{hva}"), **mer}
    with uten_spor(opptak):
        svar = klient.post(til(sak, hva), data={**data, felt: f"Hei.\r\nFnr {PERSONNUMMER}."})
    assert svar.status_code == 422
    igjen = skjema(svar, f"/{hva}")
    assert igjen[felt] == f"Hei.\nFnr {PERSONNUMMER}."
    assert {k: igjen[k] for k in mer} == mer
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", svar.text) == [PERSONNUMMER]
    # Too long, and characters that cannot be stored: the text stays, with the reason.
    for tekst, hvorfor in (("å" * 8193, "for lang"), ("Nul\x01tegn", "ikke kan lagres")):
        with uten_spor(opptak):
            svar = klient.post(til(sak, hva), data={**data, felt: tekst})
        assert svar.status_code == 422 and hvorfor in svar.text
    assert klient.post(til(sak, hva), data={**igjen, "ikke_fnr": "1"}).status_code == 303
    assert logg_over(sak)[-1].tekst == igjen[felt]


@pytest.mark.parametrize(
    "hva", [h for h in HANDLINGER if h in ("meldinger", "gi-tilbake", "besvar", "trenger-mer")]
)
def test_tom_tekst_der_det_maa_staa_noe(hva: str, scene: Scene, som: Som, opptak: Opptak) -> None:
    hvem, status, mer, felt = HANDLINGER[hva]
    sak = scene.sak(status)
    klient = som(getattr(scene, hvem))
    data = {**skjema(klient.get(til(sak)), f"/{hva}"), **mer}
    for tekst in ("", "  \r\n "):
        with uten_spor(opptak):
            svar = klient.post(til(sak, hva), data={**data, felt: tekst})
        assert svar.status_code == 422


def test_ukjente_felt_avvises(scene: Scene, som: Som, opptak: Opptak) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    klient.get(til(sak))
    for adresse, data in (
        (til(sak, "gi-tilbake"), {"begrunnelse": "Fri.", "status": "lukket"}),
        (til(sak, "aksepter"), {"ansvarlig_id": str(scene.lege.person_id)}),
        (til(sak, "maalinger"), {"news2_sum": "0"}),
    ):
        with uten_spor(opptak):
            svar = klient.post(adresse, data=data)
        assert svar.status_code in (403, 422), adresse
    with uten_spor(opptak):
        svar = klient.post(til(sak, "gi-tilbake"), data={"begrunnelse": ["En.", "To."]})
    assert svar.status_code == 422
    lege = som(scene.lege)
    with uten_spor(opptak):
        svar = lege.post("/henvendelser/ny", data={**NY, "klient_id": str(uuid4()), "status": "lukket"})
    assert svar.status_code == 422 and "finnes ikke" in svar.text
    for adresse in (
        "/henvendelser/?sortering=dato",
        "/henvendelser/?side=0",
        "/henvendelser/?filter=slettet",
    ):
        assert lege.get(adresse).status_code == 422, adresse


def test_en_handling_for_sent_sier_hvorfor(scene: Scene, som: Som, opptak: Opptak) -> None:
    """Somebody was first, or the case has moved on: back to the case, with a word about it."""
    sak = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist2)
    with uten_spor(opptak):
        svar = klient.post(til(sak, "aksepter"))
    assert (svar.status_code, svar.headers["Location"]) == (303, til(sak))
    assert "Siri Spesialist har alt tatt denne saken." in klient.get(til(sak)).text


def test_videresendt_ut_av_synet(scene: Scene, som: Som) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    data = {"mottaker_id": str(scene.annet_hf.id), "fagomraade": "indremedisin", "begrunnelse": "Deres."}
    svar = klient.post(til(sak, "videresend"), data=data)
    assert (svar.status_code, svar.headers["Location"]) == (303, "/")
    assert "ikke lenger din" in klient.get("/koe").text
    assert klient.get(til(sak)).status_code == 404


# --- the clinical part -----------------------------------------------------------------------------------


def test_et_foreldet_skjema_beholder_det_som_ble_skrevet(scene: Scene, som: Som, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    mitt = skjema(klient.get(til(sak, "opplysninger")), "/opplysninger")
    assert (mitt["versjon"], mitt["situasjon"]) == ("1", scene.henvendelse()["situasjon"])
    innsending.oppdater_opplysninger(scene.kollega, sak, 1, {"bakgrunn": "Kollegas tekst."})
    opptak.hendelser.clear()
    with uten_spor(opptak):
        svar = klient.post(til(sak, "opplysninger"), data={**mitt, "analyse": "Min lange tekst."})
    assert svar.status_code == 409
    assert "Noen har endret dette etter at du åpnet det." in svar.text
    igjen = skjema(svar, "/opplysninger")
    assert (igjen["analyse"], igjen["versjon"]) == ("Min lange tekst.", "2")
    # Sent again, now knowingly over the newer version.
    svar = klient.post(til(sak, "opplysninger"), data=igjen)
    assert (svar.status_code, svar.headers["Location"]) == (303, til(sak))
    assert _opplysninger(sak).analyse == "Min lange tekst."


def test_opplysningene_frem_og_tilbake(scene: Scene, som: Som) -> None:
    """What the form shows is what it was given: sent back unchanged, nothing changes."""
    rik: dict[str, Any] = {
        "bakgrunn": "KOLS.",
        "aldersgruppe": "80_pluss",
        "kjoenn": "kvinne",
        "gravid": True,
        "oppholdssted": "sykehjem",
        "skroepelighet": 7,
        "kognitiv_svikt": "delvis",
        "evne_personell": "ja",
        "evne_sted": "nei",
        "evne_tekst": "Ja\nog nei.",
    }
    sak = scene.send(**rik)
    klient = som(scene.lege)
    data = skjema(klient.get(til(sak, "opplysninger")), "/opplysninger")
    assert klient.post(til(sak, "opplysninger"), data=data).status_code == 303
    opp = _opplysninger(sak)
    assert opp.versjon == 1 and {k: getattr(opp, k) for k in rik} == rik
    svar = klient.post(til(sak, "opplysninger"), data={**data, "skroepelighet": "10"})
    assert svar.status_code == 422 and "fra 1 til 9" in svar.text
    data.pop("gravid")  # a box that is not ticked is not sent
    klient.post(til(sak, "opplysninger"), data={**data, "skroepelighet": "", "aldersgruppe": ""})
    opp = _opplysninger(sak)
    assert (opp.gravid, opp.skroepelighet, opp.aldersgruppe) == (False, None, None)


def test_news2_i_skjemaet(scene: Scene, som: Som, opptak: Opptak) -> None:
    klient = som(scene.lege)
    felt = {
        "news2_respirasjon": "25",
        "news2_spo2": "94",
        "news2_skala": "1",
        "news2_oksygen": "ja",
        "news2_systolisk": "120",
        "news2_puls": "90",
        "news2_bevissthet": "A",
        "news2_temperatur": "39,1",
    }
    data = {**NY, "mottaker_id": str(scene.hf.id), "klient_id": str(uuid4()), **felt}
    sak = UUID(klient.post("/henvendelser/ny", data=data).headers["Location"].rsplit("/", 1)[1])
    (m,) = _maalinger(sak)
    assert (m.status, m.sum, m.varsel, str(m.temperatur)) == ("fullstendig", 8, "akutt", "39.1")
    side = klient.get(til(sak)).text
    assert 'news2sum__tall">8<' in side
    # Nothing measured is no measurement, whatever the scale says.
    tomt = dict.fromkeys(felt, "") | {"news2_skala": "2"}
    uten = {**NY, "mottaker_id": str(scene.hf.id), "klient_id": str(uuid4()), **tomt}
    sak2 = UUID(klient.post("/henvendelser/ny", data=uten).headers["Location"].rsplit("/", 1)[1])
    assert _maalinger(sak2) == []
    # One value: incomplete, and never zero.
    assert klient.post(til(sak2, "maalinger"), data={**tomt, "news2_puls": "90"}).status_code == 303
    (m,) = _maalinger(sak2)
    assert (m.status, m.sum, m.puls) == ("ufullstendig", None, 90)
    klient.get(til(sak2))
    for feil in (
        {"news2_puls": "raskt"},
        {"news2_puls": "9" * 5000},
        {"news2_temperatur": "38,25"},
        {"news2_temperatur": "1e40"},
        {"news2_temperatur": "nan"},
        {"news2_bevissthet": "X"},
    ):
        with uten_spor(opptak):
            svar = klient.post(til(sak2, "maalinger"), data={**felt, **feil})
        assert svar.status_code == 422
        ((navn, verdi),) = feil.items()
        if navn != "news2_bevissthet":
            assert skjema(svar, "/maalinger")[navn] == verdi


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
        if "henvendelse_id" in regel.rule and "GET" in (regel.methods or ()):
            igjen += [regel.rule.replace("<uuid:henvendelse_id>", str(s)) for s in saker]
    lest: dict[str, str] = {}
    while igjen and len(lest) < 80:
        adresse = igjen.pop(0)
        if adresse in lest or adresse.startswith(("/static", "/api/v1/docs", "/api/v1/openapi")):
            continue
        svar = klient.get(adresse)
        lest[adresse] = svar.text + str(svar.headers)
        if "Location" in svar.headers:
            igjen.append(svar.headers["Location"])
        igjen += [a for a in re.findall(r'href="(/[^"#]*)', svar.text) if a not in lest]
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
    assert _rekkefoelge(klient.get("/henvendelser/?filter=alle&side=2").text) == [lukket]


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
