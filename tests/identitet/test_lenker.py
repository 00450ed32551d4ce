"""Links that count once: invitations and forgotten passwords, and what becomes of each that no longer counts."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import ForMange, IkkeFunnet, IkkeTilgang, UgyldigData
from portal.identitet import steps
from portal.identitet.brev import lenkeadresse
from portal.identitet.models import Engangslenke, Person
from portal.identitet.passord import Passordhash, stemmer
from portal.identitet.service import folkeendring, lenker, oekter, personer
from portal.varsler.models import Utsending
from tests.bygg import PASSORD, Scene, lag_hf, lag_medlemskap, lag_person, ny_sesjon, uten_spor
from tests.identitet.hjelp import SYSTEM, gi_passord, modus, revisjon

HER, DER = "192.0.2.7", "198.51.100.9"
NYTT = "lilla traktor på taket"


@pytest.fixture
def klokke() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 21, 20, 0, tzinfo=UTC), tick=False) as reise:
        yield reise


@pytest.fixture(autouse=True)
def uten_ventetid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lenker, "SVARTID", 0.0)


@pytest.fixture
def person(app: Flask) -> Person:
    person = lag_person("Elle Máret Buljo", epost="elle@eksempel.example")
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf())
    return person


def brev(til: str = "elle@eksempel.example") -> list[Utsending]:
    """The letters, oldest first. Of those written while the clock stood, the order is nobody's promise."""
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(sa.select(Utsending).where(Utsending.til == til).order_by(Utsending.opprettet))
    )


def siste_lenke(til: str = "elle@eksempel.example") -> str:
    """The token in the newest letter, which must be the only one of its moment with a link."""
    alle = brev(til)
    nyeste = "".join(b.tekst for b in alle if b.opprettet == alle[-1].opprettet)
    treff = re.findall(r"/lenke/([\w-]{43})\n", nyeste)
    assert len(treff) == 1
    return str(treff[0])


def be(epost: str = "elle@eksempel.example", fra: str = HER) -> None:
    lenker.be_om_nytt_passord(epost, kilde=fra)


def antall_lenker() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Engangslenke)) or 0


# --- an invitation ---------------------------------------------------------------------------------------


def test_invitasjonen_slipper_inn_en_ny_person(scene: Scene, klokke: object) -> None:
    ny = lag_person("Nils Ođđa", epost="nils@eksempel.example")
    lag_medlemskap(ny, Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    with pytest.raises(oekter.FeilPassord):
        oekter.logg_inn(ny.epost, NYTT, kilde=HER)
    token = lenker.inviter(scene.administrator, ny.id)
    assert siste_lenke(ny.epost) == token and "Nils Ođđa" in brev(ny.epost)[0].tekst
    rad = db.session.scalars(sa.select(Engangslenke)).one()
    assert token not in (rad.token_hash, str(rad.id)) and rad.opprettet_av_id == scene.administrator.person_id
    assert rad.utloeper - rad.opprettet == timedelta(days=7)
    assert token not in str([(r.detaljer, r.objekt_id) for r in revisjon("person.invitert")])
    assert lenker.se_lenke(token) == lenker.Lenke(lenker.Lenkeformaal.INVITASJON, ny.navn, ny.epost)
    lenker.velg_passord(token, NYTT)
    assert isinstance(oekter.logg_inn(ny.epost, NYTT, kilde=HER), oekter.Innlogging)
    assert len(revisjon("lenke.brukt")) == 1
    assert "Passordet ditt er byttet" not in [b.emne for b in brev(ny.epost)]


def test_hvem_som_kan_invitere(scene: Scene, opptak: object) -> None:
    ny = lag_person()
    lag_medlemskap(ny, Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    annet_sted = replace(scene.administrator, organisasjon_id=scene.annet_hf.id)
    for aktor in (scene.spesialist, scene.vaktleder, scene.koordinator, scene.kommuneoverlege, annet_sted):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):  # type: ignore[arg-type]
            lenker.inviter(aktor, ny.id)
    for aktor in (scene.administrator, scene.systemadministrator, SYSTEM):
        assert lenker.inviter(aktor, ny.id)
    lag_medlemskap(ny, Rolle.SPESIALIST, scene.annet_hf, fag=("geriatri",))
    with pytest.raises(IkkeTilgang):  # the password would open somebody else's house too
        lenker.inviter(scene.administrator, ny.id)
    with pytest.raises(IkkeTilgang):  # an open screen is no way around one's own password
        lenker.inviter(scene.administrator, scene.administrator.person_id or uuid4())
    with pytest.raises(IkkeFunnet):
        lenker.inviter(scene.administrator, uuid4())
    personer.sett_aktiv(SYSTEM, ny.id, False)
    with pytest.raises(UgyldigData):
        lenker.inviter(scene.systemadministrator, ny.id)


def test_bare_den_siste_lenken_gjelder(person: Person) -> None:
    foerste, andre = lenker.inviter(SYSTEM, person.id), lenker.inviter(SYSTEM, person.id)
    with pytest.raises(lenker.TrukketLenke) as feil:
        lenker.se_lenke(foerste)
    assert "trukket tilbake" in feil.value.melding
    assert lenker.se_lenke(andre)
    be()
    assert lenker.se_lenke(andre), "a link of the other kind withdraws none"
    lenker.velg_passord(siste_lenke(), NYTT)
    with pytest.raises(lenker.TrukketLenke):  # but one that is used withdraws them all
        lenker.se_lenke(andre)


# --- a forgotten password --------------------------------------------------------------------------------


def test_nytt_passord_med_lenke(person: Person, klokke: object) -> None:
    token_her = ny_sesjon(steps.gyldige_medlemskap(person.id)[0])[1]
    be("  Elle@Eksempel.example ")
    lenke = siste_lenke()
    rad = db.session.scalars(sa.select(Engangslenke)).one()
    assert rad.utloeper - rad.opprettet == timedelta(hours=1)
    lenker.velg_passord(lenke, NYTT)
    assert steps.aktor_fra_token(token_her) is None
    db.session.expire_all()
    assert stemmer(db.session.get_one(Person, person.id).passord_hash, NYTT)
    # In the same moment of the clock that stands: both, in whichever order the database gives them.
    assert {b.emne for b in brev()} == {"Nytt passord til Samhandlingsportalen", "Passordet ditt er byttet"}
    assert len(brev()) == 2
    with pytest.raises(lenker.BruktLenke):
        lenker.velg_passord(lenke, "et helt annet passord her")


def test_svaret_er_det_samme_for_ukjente(person: Person, klokke: object, klient: FlaskClient) -> None:
    merker = re.compile(r'(csrf[-_]token" (?:value|content)=|servertid" content=)"[^"]+')
    sider = [
        klient.post("/glemt-passord", data={"epost": e})
        for e in ("elle@eksempel.example", "ingen@eksempel.example", "ikke en adresse")
    ]
    assert {s.status_code for s in sider} == {200}
    assert len({merker.sub("", s.text) for s in sider}) == 1
    assert antall_lenker() == 1 and len(brev()) == 1
    utfall = {r.objekt_type: r.utfall for r in revisjon("lenke.bedt_om")}
    assert utfall == {"person": "ok", "ukjent_konto": "avslag"}
    assert "ingen@" not in str([(r.objekt_id, r.detaljer) for r in revisjon("lenke.bedt_om")])


def test_svaret_tar_samme_tid(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the work took is filled up to the same; also when the answer is a refusal."""
    gikk = [100.0]
    sovet: list[float] = []
    monkeypatch.setattr(lenker, "SVARTID", 0.6)
    monkeypatch.setattr(lenker.time, "monotonic", lambda: gikk[0])
    monkeypatch.setattr(lenker.time, "sleep", sovet.append)
    ekte = lenker.send_passordlenke

    def tidkrevende(person_id: object, konto: str) -> None:
        gikk[0] += 0.25 if person_id else 0.125
        ekte(person_id, konto)  # type: ignore[arg-type]

    monkeypatch.setattr(lenker, "send_passordlenke", tidkrevende)
    be()
    be("ingen@eksempel.example", fra=DER)
    assert sovet == pytest.approx([0.35, 0.475])


@pytest.mark.parametrize("tilfelle", ["stengt", "demo"])
def test_ingen_lenke_til_den_som_ikke_kan_logge_inn(app: Flask, tilfelle: str) -> None:
    person = lag_person(epost="elle@eksempel.example", demo=tilfelle == "demo")
    gi_passord(person.id, aktiv=tilfelle != "stengt")
    be()
    assert antall_lenker() == 0 and brev() == []
    if tilfelle == "demo":
        with modus("demo"):
            be()
            lenke = siste_lenke()
            assert lenker.se_lenke(lenke)
        with pytest.raises(lenker.UkjentLenke):
            lenker.se_lenke(lenke)


def test_en_fersk_lenke_erstattes_ikke(person: Person, klokke: time_machine.Traveller) -> None:
    """Who asks again and again in somebody's name neither fills the mailbox nor withdraws the newest."""
    be()
    lenke = siste_lenke()
    klokke.shift(299)
    be(fra=DER)
    assert len(brev()) == 1 and lenker.se_lenke(lenke)
    klokke.shift(1)
    be(fra=DER)
    assert len(brev()) == 2
    with pytest.raises(lenker.TrukketLenke):
        lenker.se_lenke(lenke)


def test_hvor_ofte_en_kan_be(person: Person, klokke: time_machine.Traveller, klient: FlaskClient) -> None:
    for epost in ("elle@eksempel.example", "ingen@eksempel.example"):
        for _ in range(5):
            be(epost)
        with pytest.raises(ForMange):
            be(epost)
    svar = klient.post("/glemt-passord", data={"epost": "x@y.example"})
    assert svar.status_code == 200
    for _ in range(5):
        svar = klient.post("/glemt-passord", data={"epost": "x@y.example"})
    assert (svar.status_code, svar.headers["Retry-After"]) == (429, "30")
    # It is a count of its own: who asks in somebody's name keeps nobody from logging in.
    assert oekter.logg_inn(person.epost, PASSORD, kilde=HER)


# --- links that count no more ----------------------------------------------------------------------------


@pytest.mark.parametrize(("formaal", "varer"), [("invitasjon", 7 * 24 * 3600), ("passord", 3600)])
def test_lenken_utloeper(person: Person, klokke: time_machine.Traveller, formaal: str, varer: int) -> None:
    if formaal == "invitasjon":
        lenker.inviter(SYSTEM, person.id)
    else:
        be()
    lenke = siste_lenke()
    klokke.shift(varer - 1)
    assert lenker.se_lenke(lenke)
    klokke.shift(1)
    for gjoer in (lambda: lenker.se_lenke(lenke), lambda: lenker.bruk_lenke(lenke, Passordhash("x"))):
        with pytest.raises(lenker.UtloeptLenke):
            gjoer()


def test_av_to_samtidige_vinner_en(app: Flask, person: Person) -> None:
    token = lenker.inviter(SYSTEM, person.id)
    start = Barrier(2)

    def bruk(n: int) -> str:
        with app.app_context():
            start.wait()
            try:
                lenker.bruk_lenke(token, Passordhash(f"hash {n}"))
            except lenker.Lenkefeil as feil:
                return feil.kode
            return f"hash {n}"

    with ThreadPoolExecutor(2) as to:
        utfall = sorted(to.map(bruk, range(2)))
    assert utfall[0] == "brukt_lenke"
    db.session.expire_all()
    assert db.session.get_one(Person, person.id).passord_hash == utfall[1]


def test_en_innlogging_som_er_underveis_overlever_ikke_et_nytt_passord(app: Flask, person: Person) -> None:
    """Who logs in with the old password at the very moment is out, too."""
    token, rolle = lenker.inviter(SYSTEM, person.id), steps.gyldige_medlemskap(person.id)
    laast, apnet = Event(), []

    @transactional
    def logg_inn() -> None:
        # As every login does: the person's row is locked, the password is right, and the session comes.
        rad = db.session.get_one(Person, person.id, with_for_update=True)
        apnet.append(steps.aapne_sesjon(rad, rolle, "")[1])
        db.session.flush()
        laast.set()
        time.sleep(0.4)

    def i_en_annen_prosess() -> None:
        with app.app_context():
            logg_inn()

    with ThreadPoolExecutor(1) as en:
        underveis = en.submit(i_en_annen_prosess)
        assert laast.wait(5)
        lenker.bruk_lenke(token, Passordhash("ny"))
        underveis.result()
    db.session.rollback()
    assert steps.aktor_fra_token(apnet[0]) is None


def test_en_som_stenges_har_ingen_lenke(person: Person) -> None:
    token = lenker.inviter(SYSTEM, person.id)
    personer.sett_aktiv(SYSTEM, person.id, False)
    with pytest.raises(lenker.UkjentLenke):
        lenker.bruk_lenke(token, Passordhash("x"))
    personer.sett_aktiv(SYSTEM, person.id, True)
    with pytest.raises(lenker.TrukketLenke):  # what was ordered before does not come alive again
        lenker.bruk_lenke(token, Passordhash("x"))


def test_adressen_gjelder_fra_hvilket_tastatur_den_enn_skrives(app: Flask) -> None:
    """An å is one sign or two; the stored address has it as one."""
    person = lag_person("Åse Aas", epost="åse@eksempel.example")
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf())
    delt = unicodedata.normalize("NFD", person.epost)
    assert delt != person.epost
    assert isinstance(oekter.logg_inn(delt, PASSORD, kilde=HER), oekter.Innlogging)
    be(delt)
    assert siste_lenke(person.epost)


def test_et_nytt_passord_trekker_lenkene(person: Person) -> None:
    """Who reads the mailbox and has asked for a link does not get past the password that was changed because of it."""
    be()
    lenke = siste_lenke()
    personer.sett_passord(SYSTEM, person.id, Passordhash("ny"))
    with pytest.raises(lenker.TrukketLenke):
        lenker.bruk_lenke(lenke, Passordhash("x"))


def test_en_ny_adresse_trekker_ogsaa_lenken_mottakeren_av_den_gamle_ba_om(scene: Scene) -> None:
    ny = lag_person("Nils Ođđa", epost="feil@eksempel.example")
    lag_medlemskap(ny, Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    be(ny.epost)
    lenke = siste_lenke(ny.epost)
    assert lenker.se_lenke(lenke)
    folkeendring.endre_person(
        scene.administrator,
        scene.hf.id,
        ny.id,
        navn=ny.navn,
        epost="rett@eksempel.example",
        telefon="",
        hpr_nummer="",
    )
    with pytest.raises(lenker.TrukketLenke):
        lenker.se_lenke(lenke)


def test_den_som_hadde_passord_faar_vite_at_en_invitasjon_byttet_det(person: Person) -> None:
    lenker.velg_passord(lenker.inviter(SYSTEM, person.id), NYTT)
    assert "Passordet ditt er byttet" in [b.emne for b in brev()]


def test_et_daarlig_passord_bruker_ikke_lenken(person: Person, opptak: object) -> None:
    token = lenker.inviter(SYSTEM, person.id)
    for daarlig in ("kort", "ellemaretbuljo", "passord12345"):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:  # type: ignore[arg-type]
            lenker.velg_passord(token, daarlig)
        assert list(feil.value.detaljer["felter"]) == ["passord"]
    lenker.velg_passord(token, NYTT)


# --- the pages -------------------------------------------------------------------------------------------


def test_siden_for_en_lenke(klient: FlaskClient, person: Person) -> None:
    token = lenker.inviter(SYSTEM, person.id)
    sti = f"/lenke/{token}"
    assert lenkeadresse(token).endswith(sti)
    assert klient.get("/lenke/" + "x" * 43).status_code == 404
    side = klient.get(sti)
    assert side.status_code == 200 and "Elle Máret Buljo" in side.text
    assert side.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="referrer" content="no-referrer">' in side.text
    assert side.headers["Cache-Control"] == "no-store"
    assert klient.get("/innlogging").headers["Referrer-Policy"] == "same-origin"
    ulike = klient.post(sti, data={"passord": NYTT, "gjenta": NYTT + "x"})
    assert ulike.status_code == 422 and "ikke like" in ulike.text and NYTT not in ulike.text
    assert ulike.headers["Referrer-Policy"] == "no-referrer"
    for data in ({}, {"passord": "kort", "gjenta": "kort"}, {"passord": NYTT, "gjenta": NYTT, "ekstra": "1"}):
        assert klient.post(sti, data=data).status_code == 422
    svar = klient.post(sti, data={"passord": NYTT, "gjenta": NYTT})
    assert (svar.status_code, svar.location) == (303, "/innlogging")
    assert svar.headers["Referrer-Policy"] == "no-referrer"
    assert klient.get("/sesjon").status_code == 401, "nobody is logged in by a link"
    for igjen in (klient.get(sti), klient.post(sti, data={"passord": NYTT, "gjenta": NYTT})):
        assert igjen.status_code == 410 and "Lenken er brukt" in igjen.text
        assert igjen.headers["Referrer-Policy"] == "no-referrer" and person.navn not in igjen.text
    data = {"epost": person.epost, "passord": NYTT}
    assert klient.post("/innlogging", data=data).status_code == 303


def test_hver_slags_ugyldig_lenke_sier_hva_en_gjoer(
    klient: FlaskClient, person: Person, klokke: time_machine.Traveller
) -> None:
    trukket, utloept = lenker.inviter(SYSTEM, person.id), lenker.inviter(SYSTEM, person.id)
    klokke.shift(timedelta(days=8))
    for token, status, tekst in (
        ("æøå", 404, "Lenken gjelder ikke. Sjekk"),
        (trukket, 410, "trukket tilbake"),
        (utloept, 410, "for gammel"),
    ):
        side = klient.get(f"/lenke/{token}")
        assert side.status_code == status and tekst in side.text, token
        assert "/glemt-passord" in side.text and person.navn not in side.text


def test_lenken_kommer_ikke_i_loggen_naar_noe_svikter(
    klient: FlaskClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def svikt(_token: str) -> None:
        raise RuntimeError("databasen er borte")

    token = lenker.inviter(SYSTEM, person.id)
    monkeypatch.setattr(lenker, "se_lenke", svikt)
    with capture_logs() as logget:
        assert klient.get(f"/lenke/{token}").status_code == 500
    (rad,) = [r for r in logget if r["event"] == "uventet_feil"]
    assert rad["rute"] == "/lenke/<string:token>" and token not in str(logget)


def test_en_annen_som_er_logget_inn_her_logges_ut(
    app: Flask, person: Person, scene: Scene, som: object
) -> None:
    token = lenker.inviter(SYSTEM, person.id)
    klient = som(scene.lege)  # type: ignore[operator]
    assert klient.get("/sesjon").status_code == 204
    klient.post(f"/lenke/{token}", data={"passord": NYTT, "gjenta": NYTT})
    assert klient.get("/sesjon").status_code == 401


def test_den_som_er_lenket_inn_moeter_totrinn(app: Flask, person: Person, klient: FlaskClient) -> None:
    from tests.identitet.totrinnhjelp import krav

    token = lenker.inviter(SYSTEM, person.id)
    klient.post(f"/lenke/{token}", data={"passord": NYTT, "gjenta": NYTT})
    with krav("krev"):
        svar = klient.post("/innlogging", data={"epost": person.epost, "passord": NYTT})
    assert svar.location == "/innlogging/oppsett"


def test_kommandolinja(app: Flask, person: Person) -> None:
    kjoer = app.test_cli_runner().invoke
    svar = kjoer(args=["portal", "person", "inviter", "--epost", "Elle@eksempel.example"])
    assert svar.exit_code == 0
    assert svar.output.strip() == lenkeadresse(siste_lenke())
    feil = kjoer(args=["portal", "person", "inviter", "--epost", "ingen@eksempel.example"])
    assert feil.exit_code == 1 and "Ingen person" in feil.output
    assert kjoer(args=["portal", "person", "nullstill-tofaktor", "--epost", person.epost]).exit_code == 0
    assert revisjon("totrinn.nullstilt")


def test_systemet_kan_ikke_forfalskes(person: Person) -> None:
    uten_rolle = Aktor(navn="system", person_id=uuid4(), formaal="system")
    with pytest.raises(IkkeTilgang):
        lenker.inviter(uten_rolle, person.id)
    assert now() and antall_lenker() == 0
