"""The pages as a browser without JavaScript meets them: real forms, real users, real mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import News2Maaling, Opplysninger
from portal.henvendelser.service import innsending, lesing
from portal.identitet import passord
from portal.identitet.models import Person
from tests.bygg import PASSORD, PERSONNUMMER, Opptak, Scene, logg_over, revisjon, uten_spor
from tests.skjemaer import Skjemaer, skjema

Som = Callable[[Aktor], FlaskClient]


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
        assert "Innleggelse unngått: forventet</span>" in side.text
        assert scene.les(sak).status == Status.LUKKET
        assert not [a for a in Skjemaer(side.text).skjemaer if a.endswith("/meldinger")]
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    typer = [h.type for h in logg_over(sak)]
    assert typer == [
        *("sendt", "eskalert", "akseptert", "melding", "melding"),
        *("besvart", "trenger_mer", "besvart", "lukket"),
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
        "koordinator": "/venter",
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
    rader = [h for h in logg_over(sak) if h.type != "eskalert"]
    assert rader[-1].tekst == igjen[felt]


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
    assert klient.post(til(sak2, "maalinger"), data={**tomt, "news2_puls": "135"}).status_code == 303
    side = klient.get(til(sak2)).text
    assert 'news2sum__tall">Minst 3<' in side
    assert "<td>Minst 0 <" in side  # the sum row keeps the points of the first one too
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
