"""Who reaches what: every route and every socket event, for every role at home and elsewhere.

The tables are the rule. A route or an event without a line in them fails the test, and so does a line that
nobody passes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core import realtime
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.henvendelser.models import Status
from portal.henvendelser.service import flyt
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.identitet.passord import Passordhash
from tests.bygg import PASSORD, koble_til, logg_over, ny_sesjon, toem
from tests.matrise import PERSONER, Verden, avslag_av, avtrykk, les_tabell

RUTER = les_tabell("""
                                                            i lksaocd STKVCD 1234567 rnx
GET /                                                       ! +++++++ ++++++ +++++++ +++
GET /api/v1/docs                                            ! +++++++ ++++++ +++++++ +++
GET /api/v1/openapi.json                                    ! +++++++ ++++++ +++++++ +++
GET /helse                                                  + +++++++ ++++++ +++++++ +++
GET /helse/klar                                             + +++++++ ++++++ +++++++ +++
GET /static/<path:filename>                                 + +++++++ ++++++ +++++++ +++
GET /innlogging                                             + +++++++ ++++++ +++++++ +++
POST /innlogging                                            + +++++++ ++++++ +++++++ +++
POST /utlogging                                             ! +++++++ ++++++ +++++++ +++
POST /medlemskap                                            ! +++++++ ++++++ +++++++ +++
POST /spraak                                                + +++++++ ++++++ +++++++ +++
GET /sesjon                                                 ! +++++++ ++++++ +++++++ +++
GET /passord                                                ! +++++++ ++++++ +++++++ +++
POST /passord                                               ! +++++++ ++++++ +++++++ +++
GET /organisasjoner                                         ! +++++++ ++++++ +++++++ +++
GET /organisasjoner/<uuid:organisasjon_id>                  ! +++++++ ++++++ +++++++ +++
POST /organisasjoner/<uuid:organisasjon_id>/telefon         ! ------- -----+ ------- --+
POST /organisasjoner/<uuid:organisasjon_id>/fagtelefoner    ! ------- -----+ ------- --+
GET /organisasjoner/<uuid:organisasjon_id>/enheter/ny       ! ------- -----+ ------- --+
POST /organisasjoner/<uuid:organisasjon_id>/enheter/ny      ! ------- -----+ ------- --+
GET /enheter/<uuid:enhet_id>                                ! ------+ ------ ------- --+
POST /enheter/<uuid:enhet_id>                               ! ------+ ------ ------- --+
GET /tall                                                   ! +++++++ ++++++ +++++++ +++
GET /koe                                                    ! ------- ++++-- ---++-- ---
GET /koe/liste                                              ! ------- ++++-- ---++-- ---
GET /henvendelser/                                          ! +++++-- ++++-- +++++-- ---
GET /henvendelser/ny                                        ! ++-++-- ------ ++----- ---
POST /henvendelser/ny                                       ! ++-++-- ------ ++----- ---
GET /henvendelser/<uuid:henvendelse_id>                     ! +++0000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/status              ! +++0000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/opplysninger        ! +++0000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/opplysninger       ! +++0000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/maalinger          ! +++0000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/meldinger          ! +++0000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/aksepter           ! ---0000 ++0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/gi-tilbake         ! ---0000 +-0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/videresend         ! ---0000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/besvar             ! ---0000 +-0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/trenger-mer        ! +++0000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/lukk               ! +++0000 9-0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/tiden-er-ute       ! +++0000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/trekk              ! +++0000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/gjenaapne          ! +++0000 ++0-00 0000000 000
GET /api/v1/mottakere                                       ! +++++-- ++++-- +++++-- ---
POST /api/v1/henvendelser                                   ! ++-++-- ------ ++----- ---
GET /api/v1/henvendelser/<uuid:henvendelse_id>              ! +++0000 ++0+00 0000000 000
GET /api/v1/henvendelser/<uuid:henvendelse_id>/hendelser    ! +++0000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/meldinger   ! +++0000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/aksepter    ! ---0000 ++0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/gi-tilbake  ! ---0000 +-0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/videresend  ! ---0000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/besvar      ! ---0000 +-0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/trenger-mer ! +++0000 --0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/lukk        ! +++0000 9-0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/tiden-er-ute! +++0000 --0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/trekk       ! +++0000 --0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/gjenaapne   ! +++0000 ++0-00 0000000 000
""")

#: A socket without a login is refused at the door; `forlat` only leaves what one has entered.
HENDELSER = les_tabell("""
                            i lksaocd STKVCD 1234567 rnx
connect                     ! +++++++ ++++++ +++++++ +++
disconnect                  ! +++++++ ++++++ +++++++ +++
henvendelse.abonner         ! +++0000 ++0+00 0000000 000
henvendelse.forlat          ! +++++++ ++++++ +++++++ +++
henvendelse.meld            ! +++0000 ++0+00 0000000 000
henvendelse.mottatt         ! +++0000 ++0+00 0000000 000
henvendelse.les             ! +++0000 ++0+00 0000000 000
henvendelse.skriver         ! +++0000 ++0+00 0000000 000
""")

#: The status a case must have for the act of the address; `ny` for all others.
STATUS = {
    "gi-tilbake": Status.AKSEPTERT,
    "besvar": Status.AKSEPTERT,
    "trenger-mer": Status.BESVART,
    "lukk": Status.BESVART,
    "gjenaapne": Status.LUKKET,
}
#: What an act's form or JSON brings, by the end of its address.
INNHOLD: dict[str, Callable[[Verden], dict[str, Any]]] = {
    "gi-tilbake": lambda v: {"begrunnelse": "Går av vakt."},
    "videresend": lambda v: {"mottaker_id": str(v.hf.id), "fagomraade": "kirurgi", "begrunnelse": "Ileus?"},
    "besvar": lambda v: {"raad": "oehd_plass", "tekst": "Slik gjør vi det."},
    "trenger-mer": lambda v: {"tekst": "Hun er verre."},
    "lukk": lambda v: {"utfall": "oehd_plass"},
    "meldinger": lambda v: {"klient_id": str(uuid4()), "tekst": "Hei."},
    "maalinger": lambda v: {"news2_puls": "80"},
    "telefon": lambda v: {"telefon": "22 00 00 00", "versjon": _versjon(Organisasjon, v.hf.id)},
    "fagtelefoner": lambda v: {"fag_kirurgi": "22 00 00 01", "versjon": _versjon(Organisasjon, v.hf.id)},
    "opplysninger": lambda v: {"situasjon": f"Ny {uuid4()}", "versjon": "1"},
}


def _versjon(klasse: type[Any], id_: UUID) -> str:
    db.session.rollback()
    return str(db.session.get_one(klasse, id_).versjon)


def _henvendelse(v: Verden, *, json: bool) -> dict[str, Any]:
    data = {k: str(verdi) for k, verdi in v.henvendelse().items()}
    return data if not json else {**data, "news2": {"puls": 80}}


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    with _app.app_context():
        yield Verden()
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


@pytest.fixture(autouse=True)
def uten_argon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a password is right is tested elsewhere; here every one is."""
    monkeypatch.setattr("portal.identitet.passord.stemmer", lambda lagret, passord: True)
    monkeypatch.setattr("portal.identitet.passord.boer_fornyes", lambda lagret: False)
    monkeypatch.setattr("portal.identitet.passord.lag_hash", lambda passord: Passordhash(f"x{uuid4()}"))


def nettleser(app: Flask, v: Verden, person: str, *, ny: bool = False) -> FlaskClient:
    """The person's browser; `ny` for a login of its own, which the request will end."""
    klient = app.test_client()
    if person != "ingen":
        token = ny_sesjon(v.aktor(person))[1] if ny else v.tokener[person]
        with klient.session_transaction() as kapsel:
            kapsel["_user_id"] = token
    return klient


def tolk(svar: TestResponse) -> str:
    """The sign of an answer."""
    innlogging = svar.status_code == 302 and svar.headers["Location"].startswith("/innlogging")
    if svar.status_code == 401 or innlogging:
        return "!"
    if svar.status_code < 400:
        return "+"
    return {403: "-", 404: "0", 409: "9"}.get(svar.status_code, str(svar.status_code))


# --- the tables hold everything there is -----------------------------------------------------------------


def test_hver_rute_staar_i_tabellen(_app: Flask) -> None:
    ruter = {
        f"{m} {r.rule}" for r in _app.url_map.iter_rules() for m in (r.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert ruter == set(RUTER)


def test_hver_hendelse_staar_i_tabellen(_app: Flask) -> None:
    registrert = {h for navnerom in realtime.socketio.server.handlers.values() for h in navnerom}
    assert registrert == set(HENDELSER)
    assert set(realtime.socketio.server.handlers) == {"/"}
    assert not realtime.socketio.server.namespace_handlers


def test_hver_linje_slipper_noen_gjennom() -> None:
    for tabell in (RUTER, HENDELSER):
        for hva, rad in tabell.items():
            assert "+" in rad.values(), hva


def test_de_aapne_rutene_er_de_som_er_nevnt() -> None:
    from portal.core.web import UTEN_INNLOGGING

    aapne = {hva.split()[1] for hva, rad in RUTER.items() if rad["ingen"] != "!"}
    assert aapne == {"/helse", "/helse/klar", "/static/<path:filename>", "/innlogging", "/spraak"}
    assert len(UTEN_INNLOGGING) == len(aapne) + 1  # /sesjon, which only tells whether one is logged in


# --- routes ----------------------------------------------------------------------------------------------


class Rute:
    """One line of the table: how to ask, and what shows that it was done."""

    def __init__(self, v: Verden, hva: str) -> None:
        self.v = v
        self.metode, self.regel = hva.split()
        self.siste = self.regel.rsplit("/", 1)[-1]
        # The API's readable page is a page.
        self.api = self.regel.startswith("/api/") and self.siste != "docs"
        self.om_sak = "henvendelse_id" in self.regel
        self.avslutter = self.regel in ("/utlogging", "/passord", "/innlogging", "/medlemskap")

    def ny_sak(self) -> UUID:
        return self.v.sak(STATUS.get(self.siste, Status.NY))

    def adresse(self, sak: UUID | None) -> str:
        steder: dict[str, object] = {
            "<uuid:henvendelse_id>": sak,
            "<uuid:organisasjon_id>": self.v.hf.id,
            "<uuid:enhet_id>": self.v.enhet.id,
            "<path:filename>": "ikon.svg",
        }
        adresse = self.regel
        for plass, verdi in steder.items():
            adresse = adresse.replace(plass, str(verdi))
        return adresse

    def innhold(self, person: str) -> dict[str, Any]:
        if self.siste in INNHOLD:
            return INNHOLD[self.siste](self.v)
        if self.regel == "/api/v1/henvendelser" or self.regel == "/henvendelser/ny":
            return _henvendelse(self.v, json=self.api)
        if self.regel == "/medlemskap":
            return {"medlemskap_id": str(self.v.aktor(person).medlemskap_id)} if person != "ingen" else {}
        if self.regel == "/spraak":
            return {"spraak": "nb", "neste": "/"}
        if self.regel == "/passord":
            return {"naavaerende": PASSORD, "passord": f"{PASSORD}{person}", "gjenta": f"{PASSORD}{person}"}
        if self.regel == "/innlogging":
            epost = db.session.get_one(Person, self.v.lege.person_id).epost
            return {"epost": epost, "passord": PASSORD, "neste": "/"}
        if self.siste == "ny":
            return {"navn": f"Enhet {uuid4()}", "type": "avdeling", "aktiv": "1"}
        if "enhet_id" in self.regel:
            enhet = db.session.get_one(Enhet, self.v.enhet.id)
            return {"navn": enhet.navn, "type": "legevakt", "aktiv": "1", "versjon": str(enhet.versjon)}
        return {}

    def spoer(self, klient: FlaskClient, person: str, sak: UUID | None) -> TestResponse:
        valg: dict[str, Any] = {"method": self.metode, "buffered": True}
        if self.metode == "POST":
            valg["json" if self.api else "data"] = self.innhold(person)
        return klient.open(self.adresse(sak), **valg)


def _vis(rad: dict[str, str]) -> str:
    return " ".join(f"{person}:{tegn}" for person, tegn in rad.items())


@pytest.mark.parametrize("hva", RUTER)
def test_rute(hva: str, _app: Flask, verden: Verden) -> None:
    """Everybody asks. Whoever is refused has changed nothing, and is in the audit log."""
    ventet = RUTER[hva]
    rute = Rute(verden, hva)
    felles = rute.ny_sak() if rute.om_sak else None
    gjoer = rute.om_sak and rute.metode == "POST"
    foer: dict[str, Any] | None = None
    nektet_foer = avslag_av()
    fikk: dict[str, str] = {}
    for person in PERSONER:
        tillatt = ventet[person] == "+"
        sak = rute.ny_sak() if tillatt and gjoer else felles
        rader = len(logg_over(sak)) if tillatt and sak and gjoer else 0
        foer = None if tillatt else foer or avtrykk()
        svar = rute.spoer(nettleser(_app, verden, person, ny=rute.avslutter), person, sak)
        fikk[person] = tegn = tolk(svar)
        if ventet[person] == "9" and not rute.api and svar.status_code == 303:
            # A page goes back to the case with a word about it.
            fikk[person] = tegn = "9"
        if tegn == "+" and gjoer and sak is not None:
            assert len(logg_over(sak)) == rader + 1, (hva, person)
        if foer is not None:
            etter = avtrykk()
            assert etter == {**foer, "avslag": foer["avslag"] + (tegn in "-0")}, (hva, person)
            foer = etter
        if tegn in "-0!" and rute.api:
            assert svar.mimetype == "application/problem+json"
            assert svar.json["kode"] == {"-": "ikke_tilgang", "0": "ikke_funnet", "!": "ikke_innlogget"}[tegn]
        if tegn == "0" and not rute.api:
            assert "Dette finnes ikke, eller du har ikke tilgang til det." in svar.text
    nektet = avslag_av() - nektet_foer
    assert nektet == Counter(verden.aktor(p).person_id for p in PERSONER if fikk[p] in "-0")
    if rute.avslutter:
        verden.logg_inn_igjen()
    assert _vis(fikk) == _vis(ventet)


def test_en_sak_som_ikke_finnes_svarer_som_en_fremmed(_app: Flask, verden: Verden) -> None:
    """Somebody else's case and none at all give the same answer, to the letter."""
    sak = verden.send()
    klient = nettleser(_app, verden, "fremmed_lege")
    for hva, rad in RUTER.items():
        if rad["fremmed_lege"] == "0":
            rute = Rute(verden, hva)
            with som_om(now()):
                fremmed, ingen = rute.spoer(klient, "", sak), rute.spoer(klient, "", UUID(int=4))
            assert (fremmed.status_code, ingen.status_code) == (404, 404)
            assert uten_tegn(fremmed.text, sak) == uten_tegn(ingen.text, UUID(int=4)), hva


def uten_tegn(side: str, sak: UUID) -> str:
    """A page without the case's id and the CSRF tokens, which tell the second they were made in."""
    return re.sub(r'(csrf[-_]token" (?:value|content)=")[^"]+', r"\1", side.replace(str(sak), ""))


# --- socket events ---------------------------------------------------------------------------------------


KROPP: dict[str, Callable[[UUID], dict[str, Any]]] = {
    "henvendelse.abonner": lambda sak: {"id": str(sak), "etter": 1},
    "henvendelse.forlat": lambda sak: {"id": str(sak)},
    "henvendelse.meld": lambda sak: {"id": str(sak), "klient_id": str(uuid4()), "tekst": "Hei."},
    "henvendelse.mottatt": lambda sak: {"id": str(sak), "sekvens": 1},
    "henvendelse.les": lambda sak: {"id": str(sak), "sekvens": 1},
    "henvendelse.skriver": lambda sak: {"id": str(sak)},
}


@pytest.mark.parametrize("hendelse", HENDELSER)
def test_hendelse(hendelse: str, _app: Flask, verden: Verden) -> None:
    ventet = HENDELSER[hendelse]
    sak = verden.send()
    flyt.aksepter(verden.spesialist, sak)
    rommet = koble_til(_app, nettleser(_app, verden, "lege"))
    rommet.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)
    avslag = avslag_av()
    nektet_foer = {p: avslag[verden.aktor(p).person_id] for p in PERSONER if p != "ingen"}
    fikk: dict[str, str] = {}
    for person in PERSONER:
        sokkel = koble_til(_app, nettleser(_app, verden, person))
        if not sokkel.is_connected():
            fikk[person] = "!"
            continue
        if hendelse in ("connect", "disconnect"):
            fikk[person] = "+"
            assert len(realtime.tilkoblinger) == 2
            sokkel.disconnect()
            assert len(realtime.tilkoblinger) == 1
            continue
        foer = avtrykk()
        rommet.get_received()
        if hendelse == "henvendelse.skriver":
            sokkel.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)
            foer = avtrykk()
            sokkel.emit(hendelse, KROPP[hendelse](sak))
            hoert = [m for m in rommet.get_received() if m["name"] == "skriver"]
            fikk[person] = "+" if hoert else "0"
            assert avtrykk() == foer
        else:
            svar = sokkel.emit(hendelse, KROPP[hendelse](sak), callback=True)
            fikk[person] = "+" if svar["ok"] else {"ikke_funnet": "0", "ikke_tilgang": "-"}[svar["kode"]]
            if not svar["ok"]:
                assert avtrykk() == {**foer, "avslag": foer["avslag"] + 1}
                assert avslag_av()[verden.aktor(person).person_id] == nektet_foer[person] + 1
                assert "finnes ikke" in svar["melding"]
            elif hendelse == "henvendelse.meld":
                assert svar["sekvens"] == len(logg_over(sak))
        sokkel.disconnect()
    rommet.disconnect()
    assert _vis(fikk) == _vis(ventet)


def test_skriver_naar_ingen_uten_aa_ha_gaatt_inn(_app: Flask, verden: Verden) -> None:
    """Typing is told only from a socket that was let into the case."""
    sak = verden.send()
    rommet = koble_til(_app, nettleser(_app, verden, "lege"))
    rommet.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)
    utenfor = koble_til(_app, nettleser(_app, verden, "kollega"))
    rommet.get_received()
    utenfor.emit("henvendelse.skriver", {"id": str(sak)})
    assert [m for m in rommet.get_received() if m["name"] == "skriver"] == []
    for s in (rommet, utenfor):
        s.disconnect()
