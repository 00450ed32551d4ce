"""The pages of the room over HTTP: login, roles, language, the register and its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, transactional
from portal.identitet import demo, steps
from portal.identitet.models import Enhet, Fagtelefon, Medlemskap, Organisasjon, Person, Sesjon
from portal.identitet.routes.felles import trygg_adresse
from portal.identitet.service import personer
from portal.identitet.service.register import oppdater
from tests.bygg import PASSORD, Scene, lag_aktor, lag_enhet, lag_hf, lag_medlemskap, lag_person
from tests.identitet.hjelp import SYSTEM, gi_passord, logg_inn_uten_passord, modus, revisjon


def som(app: Flask, aktor: Aktor) -> FlaskClient:
    """A browser in which the actor is logged in."""
    klient = app.test_client()
    person = db.session.get_one(Person, aktor.person_id)
    token = logg_inn_uten_passord(person, db.session.get_one(Medlemskap, aktor.medlemskap_id))
    with klient.session_transaction() as s:
        s["_user_id"] = token
    return klient


@pytest.fixture
def person(app: Flask) -> Person:
    person = lag_person("Elle Máret Buljo", epost="elle@eksempel.example")
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf("Sykehuset Testfjord"))
    return person


def skjema(**felt: str) -> dict[str, str]:
    return {"epost": "elle@eksempel.example", "passord": PASSORD, **felt}


# --- login -----------------------------------------------------------------------------------------------


def test_logg_inn_og_ut(klient: FlaskClient, person: Person) -> None:
    assert klient.get("/sesjon").status_code == 401
    assert klient.get("/organisasjoner").location == "/innlogging?neste=/organisasjoner"
    with klient.session_transaction() as s:
        s["fra_foer"] = "skal bort"
    svar = klient.post("/innlogging", data=skjema(neste="/organisasjoner?sok=alta"))
    assert (svar.status_code, svar.location) == (303, "/organisasjoner?sok=alta")
    kapsler = {k.split("=")[0]: k for k in svar.headers.getlist("Set-Cookie")}
    assert all("HttpOnly" in k and "SameSite=Lax" in k for k in kapsler.values())
    assert "Path=/innlogging" in kapsler["kjent_enhet"]
    with klient.session_transaction() as s:
        assert "fra_foer" not in s
        token = s["_user_id"]
    side = klient.get("/organisasjoner")
    assert side.status_code == 200 and "Elle Máret Buljo" in side.text
    assert klient.get("/sesjon").status_code == 204
    assert klient.get("/innlogging?neste=/tall").location == "/tall"

    assert klient.post("/utlogging").location == "/innlogging"
    assert klient.get("/sesjon").status_code == 401
    with klient.session_transaction() as s:
        s["_user_id"] = token
    assert klient.get("/sesjon").status_code == 401, "the session has ended on the server too"


def test_feil_passord_viser_hjelp_og_ikke_passordet(klient: FlaskClient, person: Person) -> None:
    svar = klient.post("/innlogging", data=skjema(passord="hemmelig-og-galt"))
    assert svar.status_code == 401
    assert "stemmer ikke" in svar.text and "administratoren" in svar.text.lower()
    assert "elle@eksempel.example" in svar.text
    assert "hemmelig-og-galt" not in svar.text
    ukjent = klient.post("/innlogging", data=skjema(epost="ingen@eksempel.example"))
    uten = re.compile(r'name="csrf_token" value="[^"]*"|content="[^"]*"|[\w.]+@eksempel\.example')
    assert uten.sub("", svar.text) == uten.sub("", ukjent.text)


def test_sperren_sier_naar(klient: FlaskClient, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.identitet.passord.stemmer", lambda *_: False)
    for _ in range(5):
        assert klient.post("/innlogging", data=skjema()).status_code == 401
    svar = klient.post("/innlogging", data=skjema())
    assert svar.status_code == 429
    assert 1 <= int(svar.headers["Retry-After"]) <= 30
    assert "sekunder" in svar.text
    # There is nothing to mend, only to wait.
    assert ">Vent litt</h2>" in svar.text
    assert "Rett dette" not in svar.text


@pytest.mark.parametrize(
    "data", [{}, {"epost": "", "passord": ""}, {"epost": "x" * 300, "passord": "y"}, skjema(ekstra="1")]
)
def test_ufullstendig_innlogging(klient: FlaskClient, person: Person, data: dict[str, str]) -> None:
    svar = klient.post("/innlogging", data=data)
    assert svar.status_code == 422
    assert "feiloppsummering" in svar.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Sesjon)) == 0


@pytest.mark.parametrize(
    "neste",
    ["https://ond.example/", "//ond.example", "/\\ond.example", "\\\\ond", "javascript:alert(1)", "/a\nb", "/\t/ond.no",
     "", "ond.example", "http:ond.example"],
)  # fmt: skip
def test_ingen_vei_ut_av_portalen(neste: str) -> None:
    assert trygg_adresse(neste) == "/"


def test_veier_i_portalen() -> None:
    for adresse in ("/", "/koe", "/organisasjoner?sok=%C3%A5s&side=2"):
        assert trygg_adresse(adresse) == adresse


def test_csrf_kreves_av_nettleseren(app: Flask, klient: FlaskClient, person: Person) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert klient.post("/innlogging", data=skjema()).status_code == 403
        side = klient.get("/innlogging").text
        merke = re.search(r'name="csrf_token" value="([^"]+)"', side)
        assert merke
        assert klient.post("/innlogging", data=skjema(csrf_token=merke[1])).status_code == 303
        assert klient.post("/utlogging").status_code == 403
        assert klient.get("/sesjon").status_code == 204
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_sesjon_som_utloeper_sender_til_innlogging(app: Flask, scene: Scene) -> None:
    klient = som(app, scene.lege)
    assert klient.get("/organisasjoner").status_code == 200

    @transactional
    def avslutt() -> None:
        for s in db.session.scalars(sa.select(Sesjon)):
            s.utloeper = s.opprettet

    avslutt()
    assert klient.get("/organisasjoner").status_code == 302
    svar = klient.get("/organisasjoner", headers={"Accept": "application/json"})
    assert (svar.status_code, (svar.json or {})["kode"]) == (401, "ikke_innlogget")


def test_bearer_gjelder_api_og_overstyrer_kapselen(app: Flask, scene: Scene) -> None:
    token = personer.opprett_tjenestekonto(SYSTEM, "EPJ", scene.spesialist.medlemskap_id or uuid4())
    med_token = {"Authorization": f"Bearer {token}"}
    uten_kapsel = app.test_client()
    assert uten_kapsel.get("/api/v1/mottakere", headers=med_token).status_code == 200
    assert uten_kapsel.get("/api/v1/mottakere").status_code == 401
    assert uten_kapsel.get("/organisasjoner", headers=med_token).status_code == 302
    klient = som(app, scene.lege)
    assert klient.get("/api/v1/mottakere").status_code == 200
    for galt in ("Bearer feil", "bearer x", "BEARER  "):
        assert klient.get("/api/v1/mottakere", headers={"Authorization": galt}).status_code == 401, galt


def test_csrf_gjelder_ikke_bearer(app: Flask, scene: Scene) -> None:
    token = personer.opprett_tjenestekonto(SYSTEM, "EPJ", scene.lege.medlemskap_id or uuid4())
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        med_kapsel = som(app, scene.lege).post("/api/v1/henvendelser", json={})
        assert (med_kapsel.status_code, (med_kapsel.json or {})["kode"]) == (403, "csrf")
        svar = app.test_client().post(
            "/api/v1/henvendelser", json={}, headers={"Authorization": f"Bearer {token}"}
        )
        assert svar.status_code == 422  # let in, and told what is missing
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


# --- roles, language, password ---------------------------------------------------------------------------


def test_rollebytte_i_toppen(app: Flask, scene: Scene) -> None:
    person = db.session.get_one(Person, scene.lege.person_id)
    annet = lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf)
    klient = som(app, scene.lege)
    side = klient.get("/organisasjoner").text
    assert str(annet.id) in side and "Vaktleder, Sykehuset Testfjord" in side
    assert klient.post("/medlemskap", data={"medlemskap_id": str(annet.id)}).location == "/"
    assert "Du er nå Vaktleder, Sykehuset Testfjord." in klient.get("/organisasjoner").text
    fremmed = str(scene.vaktleder.medlemskap_id)
    assert klient.post("/medlemskap", data={"medlemskap_id": fremmed}).status_code == 404
    assert klient.post("/medlemskap", data={"medlemskap_id": "x"}).status_code == 422
    assert klient.post("/medlemskap", data={"medlemskap_id": str(annet.id), "rolle": "x"}).status_code == 422


def test_spraak_for_alle_og_huskes_paa_personen(app: Flask, klient: FlaskClient, person: Person) -> None:
    assert klient.post("/spraak", data={"spraak": "en", "neste": "/innlogging"}).location == "/innlogging"
    assert '<html lang="en"' in klient.get("/innlogging").text
    assert klient.post("/spraak", data={"spraak": "xx"}).status_code == 422
    assert klient.post("/spraak", data={"spraak": "nn", "neste": "//ond.no"}).location == "/"
    klient.post("/innlogging", data=skjema())
    klient.post("/spraak", data={"spraak": "en"})
    annen = app.test_client()
    annen.post("/innlogging", data=skjema())
    assert '<html lang="en"' in annen.get("/organisasjoner").text


def test_bytte_av_eget_passord(app: Flask, person: Person) -> None:
    klient, annen = app.test_client(), app.test_client()
    for k in (klient, annen):
        k.post("/innlogging", data=skjema())
    nytt = "grønn bever i badekar"

    def bytt(naa: str = PASSORD, passord: str = nytt, gjenta: str = nytt) -> int:
        return klient.post(
            "/passord", data={"naavaerende": naa, "passord": passord, "gjenta": gjenta}
        ).status_code

    assert klient.get("/passord").status_code == 200
    assert bytt(naa="feil") == 422
    assert bytt(gjenta="noe annet enn det") == 422
    assert bytt(passord="Sommer2024!!", gjenta="Sommer2024!!") == 422
    assert bytt(passord="ellemaretbuljo", gjenta="ellemaretbuljo") == 422
    assert klient.get("/sesjon").status_code == annen.get("/sesjon").status_code == 204
    assert bytt() == 303
    assert klient.get("/sesjon").status_code == 204
    assert annen.get("/sesjon").status_code == 401
    assert app.test_client().post("/innlogging", data=skjema()).status_code == 401
    assert app.test_client().post("/innlogging", data=skjema(passord=nytt)).status_code == 303


# --- the demo --------------------------------------------------------------------------------------------


@pytest.fixture
def demohus(app: Flask) -> Iterator[None]:
    oppdater(SYSTEM)
    with modus("demo"):
        assert demo.saa_demo() is True
        yield


def test_alle_demopersoner_kommer_inn(app: Flask, demohus: None) -> None:
    side = app.test_client().get("/innlogging").text
    assert demo.DEMO_PASSORD in side
    roller = set()
    for p in demo.PERSONER:
        assert p.epost in side
        klient = app.test_client()
        svar = klient.post("/innlogging", data={"epost": p.epost, "passord": demo.DEMO_PASSORD, "neste": "/"})
        assert svar.status_code == 303, p
        assert klient.get("/organisasjoner").status_code == 200
        roller |= {r.rolle for r in p.roller}
    assert roller == set(Rolle)


def test_demodata_er_merket_og_uten_virkelige_numre(demohus: None) -> None:
    assert all(e.navn.startswith("Demo ") for e in db.session.scalars(sa.select(Enhet)))
    assert all(not o.telefon for o in db.session.scalars(sa.select(Organisasjon)))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Fagtelefon)) == 0
    folk = db.session.scalars(sa.select(Person)).all()
    assert all(p.demo and p.hpr_nummer is None and p.telefon.startswith("+47 00") for p in folk)
    assert all(p.epost.endswith("@demo.example") for p in folk)
    assert set("æøåáčđŋšŧž") <= set("".join(p.navn for p in folk).lower())
    assert demo.DEMO["lege"] == "ingrid.haetta@demo.example"
    assert (
        len(steps.gyldige_medlemskap(next(p.id for p in folk if p.epost == demo.DEMO["flere_roller"]))) == 3
    )
    interkommunal = db.session.scalars(sa.select(Enhet).where(Enhet.navn == demo.LEGEVAKT_STAVANGER)).one()
    assert {k.kortnavn for k in interkommunal.kommuner} == {"Sola", "Randaberg", "Kvitsøy"}


def test_demoen_gjoer_ingenting_i_et_hus_med_folk(app: Flask, demohus: None) -> None:
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(Person))
    assert demo.saa_demo() is False
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == antall
    assert demo.finnes_demo()
    assert all(p.epost in demo.innlogginger_som_tekst() for p in demo.PERSONER)


def test_demoen_finnes_ikke_utenfor_demomodus(app: Flask, klient: FlaskClient) -> None:
    oppdater(SYSTEM)
    with pytest.raises(Exception, match="ikke_tilgang"):
        demo.saa_demo()
    assert not demo.finnes_demo()
    assert demo.DEMO_PASSORD not in klient.get("/innlogging").text
    with modus("demo"):
        demo.saa_demo()
    assert demo.DEMO_PASSORD not in klient.get("/innlogging").text
    svar = klient.post("/innlogging", data={"epost": demo.DEMO["lege"], "passord": demo.DEMO_PASSORD})
    assert svar.status_code == 401


def test_demoen_trenger_registeret(app: Flask) -> None:
    with modus("demo"), pytest.raises(Exception, match="ugyldig"):
        demo.saa_demo()
    assert not demo.finnes_demo()


# --- the register ----------------------------------------------------------------------------------------


def test_registeret_soekes_og_blas_i(app: Flask) -> None:
    oppdater(SYSTEM)
    rhf = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.navn == "Helse Nord RHF")).one()
    klient = som(app, lag_aktor(Rolle.INNSYN, rhf))
    side = klient.get("/organisasjoner")
    assert side.status_code == 200
    assert (
        "399 organisasjoner" in side.text
        and "Kartverket" in side.text
        and "Brønnøysundregistrene" in side.text
    )
    svar = klient.get("/organisasjoner", query_string={"sok": "kárášjohka", "type": "", "rhf": ""})
    assert "1 organisasjon<" in svar.text and "Karasjok kommune" in svar.text
    assert "Ingen organisasjoner passer" in klient.get("/organisasjoner?sok=xyzzy").text
    nord = klient.get(f"/organisasjoner?type=hf&rhf={rhf.id}").text
    assert "4 organisasjoner" in nord and "Helse Bergen" not in nord
    neste = re.search(r'rel="next" href="([^"]+)"', klient.get("/organisasjoner?sok=e&type=kommune").text)
    assert neste and "sok=e" in neste[1] and "type=kommune" in neste[1]
    assert "side 2" in klient.get(neste[1].replace("&amp;", "&")).text.lower()
    for galt in ("side=0", "side=x", "type=tull", "rhf=x", "ukjent=1"):
        assert klient.get(f"/organisasjoner?{galt}").status_code == 422, galt


def test_siden_til_en_kommune(app: Flask) -> None:
    oppdater(SYSTEM)
    alta = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.kode == "5601")).one()
    lag_enhet(alta, "sykehjem", "Solheimen", privat=True)
    side = som(app, lag_aktor(Rolle.LEGE_KOMMUNE, alta)).get(f"/organisasjoner/{alta.id}").text
    for ord_ in ("Alta kommune", "944588132", "21\u00a0708", "Finnmark", "Finnmarkssykehuset", "Bokmål", "Solheimen",
                 "privat, med avtale"):  # fmt: skip
        assert ord_ in side, ord_
    # Nobody has entered a number: it says so, for the kommune and for its unit, and shows the national ones.
    hovedinnhold = re.sub(r"<[^>]+>", "", side.split("<main")[1].split("</main>")[0])
    assert "Telefonnummer er ikke lagt inn. Ved akutt fare: ring 113. Legevakt: 116 117" in hovedinnhold
    assert hovedinnhold.count("Telefonnummer er ikke lagt inn.") == 2
    assert "Lagre telefonnummer" not in side


def test_ukjent_organisasjon(app: Flask, scene: Scene) -> None:
    klient = som(app, scene.lege)
    assert klient.get(f"/organisasjoner/{uuid4()}").status_code == 404
    assert klient.get("/organisasjoner/tull").status_code == 404
    assert klient.get(f"/enheter/{uuid4()}").status_code == 404


def test_administrator_legger_inn_numre(app: Flask, scene: Scene) -> None:
    klient, adresse = som(app, scene.administrator), f"/organisasjoner/{scene.hf.id}"

    def versjon() -> str:
        treff = re.search(r'name="versjon" value="(\d+)"', klient.get(adresse).text)
        assert treff
        return treff[1]

    foerst = versjon()
    assert (
        klient.post(f"{adresse}/telefon", data={"telefon": "78 42 10 00", "versjon": foerst}).location
        == adresse
    )
    assert "tel:78421000" in klient.get(adresse).text
    foreldet = klient.post(f"{adresse}/telefon", data={"telefon": "11 22 33 44", "versjon": foerst})
    assert foreldet.status_code == 409
    assert "Noen har endret dette" in foreldet.text
    assert 'value="11 22 33 44"' in foreldet.text and "tel:78421000" in foreldet.text
    galt = klient.post(f"{adresse}/telefon", data={"telefon": "ring!", "versjon": versjon()})
    assert galt.status_code == 422 and 'aria-invalid="true"' in galt.text and 'value="ring!"' in galt.text
    assert klient.post(f"{adresse}/telefon", data={"telefon": "1", "versjon": "x"}).status_code == 422

    data = {"fag_geriatri": "78 42 11 11", "fag_rus": "", "versjon": versjon()}
    assert klient.post(f"{adresse}/fagtelefoner", data=data).status_code == 303
    db.session.rollback()
    assert steps.telefon_for(scene.hf.id, "geriatri") == "78 42 11 11"
    assert "tel:78421111" in som(app, scene.lege).get(adresse).text
    galt = klient.post(f"{adresse}/fagtelefoner", data={**data, "fag_rus": "x", "versjon": versjon()})
    assert galt.status_code == 422 and '<details class="ds-details" open' in galt.text
    assert klient.post(f"{adresse}/fagtelefoner", data={**data, "fag_magi": "1"}).status_code == 422


def test_enhetsskjemaet(app: Flask, scene: Scene) -> None:
    admin = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)
    klient, adresse = som(app, admin), f"/organisasjoner/{scene.kommune.id}"
    assert "Nabokommunen" in klient.get(f"{adresse}/enheter/ny").text
    tomt = klient.post(f"{adresse}/enheter/ny", data={"navn": "", "type": "", "telefon": "999"})
    assert tomt.status_code == 422 and 'value="999"' in tomt.text
    data = {
        "navn": "Vesle legevakt",
        "type": "legevakt",
        "aktiv": "1",
        "kommuner": [str(scene.annen_kommune.id)],
    }
    assert klient.post(f"{adresse}/enheter/ny", data=data).location == adresse
    db.session.rollback()
    enhet = db.session.scalars(sa.select(Enhet).where(Enhet.navn == "Vesle legevakt")).one()
    assert [k.id for k in enhet.kommuner] == [scene.annen_kommune.id]
    skjema_ = klient.get(f"/enheter/{enhet.id}").text
    assert re.search(rf'value="{scene.annen_kommune.id}" checked', skjema_)

    endring = {"navn": "Store legevakt", "type": "legevakt", "versjon": str(enhet.versjon)}
    assert klient.post(f"/enheter/{enhet.id}", data=endring).status_code == 303
    igjen = klient.post(f"/enheter/{enhet.id}", data={**endring, "navn": "Tapt endring"})
    assert igjen.status_code == 409
    assert 'value="Tapt endring"' in igjen.text and 'name="versjon" value="2"' in igjen.text
    db.session.rollback()
    lagret = db.session.get_one(Enhet, enhet.id)
    assert (lagret.navn, lagret.aktiv, lagret.kommuner) == ("Store legevakt", False, [])
    assert len(revisjon("enhet.endret")) == 1
    assert (
        klient.post(f"/enheter/{enhet.id}", data={"navn": ["a", "b"], "type": "legevakt"}).status_code == 422
    )


@pytest.mark.parametrize(
    "hvem", ["lege", "spesialist", "vaktleder", "koordinator", "innsyn", "fremmed_vaktleder"]
)
def test_andre_slipper_ikke_til_skjemaene(app: Flask, scene: Scene, hvem: str) -> None:
    klient, adresse = som(app, getattr(scene, hvem)), f"/organisasjoner/{scene.hf.id}"
    enhet = lag_enhet(scene.hf, "avdeling", "Avdelingen")
    assert klient.get(adresse).status_code == 200
    for svar in (
        klient.post(f"{adresse}/telefon", data={"telefon": "12345678", "versjon": "1"}),
        klient.post(f"{adresse}/fagtelefoner", data={"fag_rus": "12345678", "versjon": "1"}),
        klient.get(f"{adresse}/enheter/ny"),
        klient.post(f"{adresse}/enheter/ny", data={"navn": "x", "type": "avdeling"}),
        klient.get(f"/enheter/{enhet.id}"),
        klient.post(f"/enheter/{enhet.id}", data={"navn": "x", "type": "avdeling", "versjon": "1"}),
    ):
        assert svar.status_code == 403
    assert steps.telefon_for(scene.hf.id, "rus") is None


def test_historikken_vises(app: Flask, scene: Scene) -> None:
    from datetime import date

    from portal.core.clock import now
    from portal.identitet.models import OrganisasjonHistorikk
    from tests.bygg import lag_kommune, lagre

    gammel = lag_kommune("Gamlevik", nedlagt=date(2020, 1, 1), etterfolger_id=scene.kommune.id)
    lagre(
        OrganisasjonHistorikk(
            organisasjon_id=scene.kommune.id, felt="kode", fra_verdi="2011", til_verdi="5430",
            gyldig_fra=date(2020, 1, 1), registrert=now(), kilde="Kartverket",
        )
    )  # fmt: skip
    klient = som(app, scene.lege)
    side = klient.get(f"/organisasjoner/{scene.kommune.id}").text
    assert "Nummer: 2011 → 5430" in side and "Gamlevik" in side
    assert "Nedlagt 2020-01-01" in klient.get(f"/organisasjoner/{gammel.id}").text
