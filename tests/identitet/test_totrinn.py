"""The second factor: its rules, the login in two steps, and every way around it that must be shut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.config import innstillinger, sett_innstillinger
from portal.core.db import db
from portal.core.errors import ForMange, IkkeTilgang, UgyldigData
from portal.identitet import steps
from portal.identitet import totrinn as regler
from portal.identitet.models import Gjenopprettingskode, Person
from portal.identitet.passord import Passordhash
from portal.identitet.service import oekter, personer, totrinn
from portal.identitet.service.oekter import Innlogging, Mellomtrinn
from portal.varsler.models import Utsending
from tests.bygg import PASSORD, Scene, lag_hf, lag_medlemskap, lag_person, ny_sesjon, uten_spor
from tests.identitet.hjelp import SYSTEM, gi_passord, revisjon
from tests.identitet.totrinnhjelp import NOEKKEL, antall_sesjoner, gi_app, kode, krav

HER, DER = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def klokke() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC), tick=False) as reise:
        yield reise


@pytest.fixture(autouse=True)
def raskt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared without argon2: the hash is tested elsewhere."""
    monkeypatch.setattr(
        "portal.identitet.passord.stemmer", lambda lagret, p: lagret is not None and p == PASSORD
    )
    monkeypatch.setattr("portal.identitet.passord.boer_fornyes", lambda lagret: False)


@pytest.fixture
def person(app: Flask) -> Person:
    person = lag_person("Elle Máret Buljo", epost="elle@eksempel.example")
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf())
    return person


def til_trinn(person: Person, fra: str = HER, kapsel: str = "") -> str:
    svar = oekter.logg_inn(person.epost, PASSORD, kilde=fra, enhetskapsel=kapsel)
    assert isinstance(svar, Mellomtrinn)
    return svar.bevis


def inn(person: Person, kode_: str, fra: str = HER, kapsel: str = "") -> Innlogging:
    return totrinn.logg_inn_med_kode(til_trinn(person, fra, kapsel), kode_, kilde=fra, enhetskapsel=kapsel)


def brev(til: str = "elle@eksempel.example") -> list[str]:
    db.session.rollback()
    return [u.emne for u in db.session.scalars(sa.select(Utsending).where(Utsending.til == til)) if u.emne]


def igjen(person: Person) -> int:
    db.session.rollback()
    return totrinn._koder_igjen(person.id)


def aktor_for(person: Person) -> Aktor:
    (rolle,) = steps.gyldige_medlemskap(person.id)
    return ny_sesjon(rolle)[0]


# --- the rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sekunder", "ventet"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_kodene_er_de_rfc_6238_har(sekunder: int, ventet: str) -> None:
    noekkel = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    naa = datetime.fromtimestamp(sekunder, UTC)
    assert regler.steg_for(noekkel, ventet, naa, etter=None) == sekunder // 30
    assert regler.steg_for(noekkel, f" {ventet[:3]} {ventet[3:]} ", naa, etter=None) == sekunder // 30


@pytest.mark.parametrize(("forskyv", "godtas"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_klokka_kan_gaa_ett_steg_feil(forskyv: int, godtas: bool) -> None:
    naa = datetime(2026, 11, 21, 20, 0, 15, tzinfo=UTC)
    vist = pyotp.TOTP(NOEKKEL).at(naa + timedelta(seconds=30 * forskyv))
    assert (regler.steg_for(NOEKKEL, vist, naa, etter=None) is not None) is godtas


def test_et_brukt_steg_teller_ikke() -> None:
    naa = datetime(2026, 11, 21, 20, 0, 15, tzinfo=UTC)
    vist, steg = pyotp.TOTP(NOEKKEL).at(naa), int(naa.timestamp()) // 30
    godtatt = [regler.steg_for(NOEKKEL, vist, naa, etter=e) for e in (steg - 1, steg, steg + 1)]
    assert godtatt == [steg, None, None]


@pytest.mark.parametrize("tekst", ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "12 34 5", "½23456"])
def test_ingen_andre_tegn_er_en_kode(tekst: str) -> None:
    assert not regler.er_engangskode(tekst)
    assert regler.steg_for(NOEKKEL, tekst, datetime.now(UTC), etter=None) is None


def test_hemmeligheten_er_uleselig_uten_portalens() -> None:
    lagret = regler.krypter("a" * 32, NOEKKEL)
    assert NOEKKEL not in lagret and len(lagret) <= 300
    assert regler.dekrypter("a" * 32, lagret) == NOEKKEL
    assert regler.dekrypter("b" * 32, lagret) is None
    assert regler.dekrypter("a" * 32, "tull") is None


def test_en_pakke_gjelder_ett_formaal_og_en_tid() -> None:
    naa = datetime(2026, 11, 21, tzinfo=UTC)
    pakke = regler.pakk("h" * 32, "innlogging", {"p": "x"}, naa + timedelta(minutes=5))
    assert regler.pakk_ut("h" * 32, "innlogging", pakke, naa)["p"] == "x"  # type: ignore[index]
    assert regler.pakk_ut("h" * 32, "innlogging", pakke, naa + timedelta(minutes=5)) is None
    assert regler.pakk_ut("h" * 32, "oppsett", pakke, naa) is None
    assert regler.pakk_ut("i" * 32, "innlogging", pakke, naa) is None
    for tull in ("", "æ", pakke[:-3] + "AAA", "a" * 5000):
        assert regler.pakk_ut("h" * 32, "innlogging", tull, naa) is None


def test_gjenopprettingskodene() -> None:
    koder = regler.nye_koder()
    assert len(set(koder)) == 10 and all(re.fullmatch(r"[2-9a-z]{4}(-[2-9a-z]{4}){3}", k) for k in koder)
    assert regler.kodehash(koder[0]) == regler.kodehash(f" {koder[0].upper().replace('-', ' ')} ")
    assert len({regler.kodehash(k) for k in koder}) == 10


@pytest.mark.parametrize(
    ("oppsett", "har", "ventet"),
    [
        ("krev", True, regler.Trinn.KODE),
        ("krev", False, regler.Trinn.OPPSETT),
        ("frivillig", True, regler.Trinn.KODE),
        ("frivillig", False, None),
        ("av", True, None),
        ("av", False, None),
    ],
)
def test_hva_som_mangler(oppsett: str, har: bool, ventet: regler.Trinn | None) -> None:
    assert regler.mangler(oppsett, har_satt_opp=har) is ventet


# --- login with a code -----------------------------------------------------------------------------------


def test_passordet_alene_logger_ingen_inn(person: Person, klokke: object) -> None:
    gi_app(person)
    bevis = til_trinn(person)
    assert antall_sesjoner() == 0 and not revisjon("innlogging.ok")
    assert steps.aktor_fra_token(bevis) is None
    svar = totrinn.logg_inn_med_kode(bevis, kode(), kilde=HER)
    assert steps.aktor_fra_token(svar.token) == svar.aktor
    (innslag,) = revisjon("innlogging.ok")
    assert '"totrinn":"app"' in innslag.detaljer


def test_en_kode_teller_en_gang(person: Person, klokke: time_machine.Traveller) -> None:
    gi_app(person)
    inn(person, kode())
    with pytest.raises(totrinn.FeilKode):
        inn(person, kode())
    with pytest.raises(totrinn.FeilKode):
        inn(person, kode(-1))  # and none from before it
    inn(person, kode(1))
    klokke.shift(30)
    with pytest.raises(totrinn.FeilKode):
        inn(person, kode())
    klokke.shift(30)
    inn(person, kode())


def test_to_med_samme_kode_paa_samme_tid(app: Flask, person: Person, klokke: object) -> None:
    gi_app(person)
    bevis = [til_trinn(person), til_trinn(person)]
    start = Barrier(2)

    def proev(b: str) -> bool:
        with app.app_context():
            start.wait()
            try:
                totrinn.logg_inn_med_kode(b, kode(), kilde=HER)
            except totrinn.FeilKode:
                return False
            return True

    with ThreadPoolExecutor(2) as to:
        assert sorted(to.map(proev, bevis)) == [False, True]
    assert antall_sesjoner() == 1


def test_feil_koder_telles_og_riktig_passord_glemmer_dem_ikke(
    person: Person, klokke: time_machine.Traveller
) -> None:
    gi_app(person)
    for _ in range(5):
        with pytest.raises(totrinn.FeilKode):
            inn(person, "000000")
    with pytest.raises(ForMange) as feil:
        inn(person, kode())
    assert feil.value.detaljer["vent"] == 30 and "113" in feil.value.melding
    # The account's owner, elsewhere, is not shut out by it, and the passwords' count is not touched.
    inn(person, kode(), fra=DER)
    klokke.shift(31)
    inn(person, kode())
    assert len(revisjon("innlogging.feilet")) == 5
    assert brev() == ["Noen kan ha passordet ditt"]


def test_mange_koder_fra_mange_steder(person: Person, klokke: time_machine.Traveller) -> None:
    """Whoever has the password gets some thirty guesses at once, wherever they come from."""
    gi_app(person)
    kapsel = inn(person, kode()).enhetskapsel
    klokke.shift(60)
    proevd = 0
    for n in range(60):
        try:
            inn(person, "000000", fra=f"203.0.113.{n}")
        except totrinn.FeilKode:
            proevd += 1
        except ForMange:
            break
    assert proevd == 30
    with pytest.raises(ForMange):
        inn(person, kode(), fra=DER)
    assert inn(person, kode(), fra=DER, kapsel=kapsel), "the usual computer gets in"


def test_beviset_varer_fem_minutter_og_foelger_passordet(
    person: Person, klokke: time_machine.Traveller
) -> None:
    gi_app(person)
    bevis = til_trinn(person)
    klokke.shift(299)
    assert totrinn.trinn_etter(bevis) is regler.Trinn.KODE
    klokke.shift(1)
    with pytest.raises(totrinn.Utgaatt):
        totrinn.logg_inn_med_kode(bevis, kode(), kilde=HER)
    bevis = til_trinn(person)
    personer.sett_passord(SYSTEM, person.id, Passordhash("annet"))
    with pytest.raises(totrinn.Utgaatt):
        totrinn.logg_inn_med_kode(bevis, kode(), kilde=HER)
    gi_passord(person.id)
    bevis = til_trinn(person)
    personer.sett_aktiv(SYSTEM, person.id, False)
    with pytest.raises(totrinn.Utgaatt):
        totrinn.logg_inn_med_kode(bevis, kode(), kilde=HER)
    assert antall_sesjoner() == 0


def test_et_bevis_for_oppsett_er_intet_bevis_for_kode(person: Person, klokke: object) -> None:
    with krav("krev"):
        bevis = til_trinn(person)
        gi_app(person)
        with pytest.raises(totrinn.Utgaatt):
            totrinn.logg_inn_med_kode(bevis, kode(), kilde=HER)
        pakke = totrinn._nytt_oppsett(person).pakke
        with pytest.raises(totrinn.Utgaatt):  # set up meanwhile, by somebody else perhaps
            totrinn.logg_inn_med_oppsett(bevis, pakke, "000000")
    with pytest.raises(totrinn.Utgaatt):
        totrinn.oppsett_ved_innlogging(til_trinn(person))


# --- recovery codes --------------------------------------------------------------------------------------


def test_en_gjenopprettingskode_gjelder_en_gang(person: Person, klokke: object) -> None:
    koder = gi_app(person)
    assert db.session.scalar(sa.select(sa.func.count()).where(Gjenopprettingskode.kode_hash.in_(koder))) == 0
    inn(person, koder[3].upper())
    assert igjen(person) == 9
    assert brev() == ["Brukte du en gjenopprettingskode?"]
    assert len(revisjon("totrinn.gjenoppretting_brukt")) == 1
    with pytest.raises(totrinn.BruktKode) as feil:
        inn(person, koder[3])
    assert "brukt" in feil.value.melding and igjen(person) == 9
    assert len(brev()) == 1
    inn(person, koder[4])


def test_andres_gjenopprettingskode_er_feil(person: Person, klokke: object) -> None:
    gi_app(person)
    annen = lag_person()
    for fremmed in gi_app(annen)[:1]:
        with pytest.raises(totrinn.FeilKode) as feil:
            inn(person, fremmed)
        assert feil.value.kode == "feil_kode"
    assert igjen(annen) == 10


def test_to_med_samme_gjenopprettingskode(app: Flask, person: Person, klokke: object) -> None:
    (kode_, *_) = gi_app(person)
    bevis = [til_trinn(person), til_trinn(person)]
    start = Barrier(2)

    def proev(b: str) -> str:
        with app.app_context():
            start.wait()
            try:
                totrinn.logg_inn_med_kode(b, kode_, kilde=HER)
            except totrinn.FeilKode as feil:
                return feil.kode
            return "inne"

    with ThreadPoolExecutor(2) as to:
        assert sorted(to.map(proev, bevis)) == ["brukt_kode", "inne"]


def test_nye_koder_erstatter_alle_gamle(person: Person, klokke: time_machine.Traveller) -> None:
    gamle = gi_app(person)
    aktor = aktor_for(person)
    nye = totrinn.nye_koder(aktor, kode(), kilde=HER)
    assert len(nye) == igjen(person) == 10 and not set(nye) & set(gamle)
    with pytest.raises(totrinn.FeilKode):
        inn(person, gamle[0])
    inn(person, nye[0])
    assert revisjon("totrinn.nye_koder")


def test_ny_hemmelighet_for_portalen_laaser_ingen_ute(person: Person, klokke: object) -> None:
    koder = gi_app(person)
    foer = innstillinger()
    sett_innstillinger(replace(foer, hemmelighet="en annen hemmelighet enn foer her"))
    try:
        with pytest.raises(totrinn.UleseligNoekkel):
            inn(person, kode())
        inn(person, koder[0])
    finally:
        sett_innstillinger(foer)


# --- proof again -----------------------------------------------------------------------------------------


def test_bekreft_med_det_personen_har(person: Person, klokke: time_machine.Traveller, opptak: object) -> None:
    aktor = aktor_for(person)
    totrinn.bekreft(aktor, PASSORD, kilde=HER)
    with pytest.raises(UgyldigData) as feil:
        totrinn.bekreft(aktor, "galt", kilde=HER)
    assert list(feil.value.detaljer["felter"]) == ["bevis"]
    koder = gi_app(person)
    totrinn.bekreft(aktor, kode(), kilde=HER)
    totrinn.bekreft(aktor, koder[0], kilde=HER)
    for galt in (kode(), koder[0], PASSORD, "", "x" * 3000):
        with pytest.raises(UgyldigData) as feil:
            totrinn.bekreft(aktor, galt, kilde=HER)
        assert list(feil.value.detaljer["felter"]) == ["bevis"]
    with pytest.raises(ForMange):
        totrinn.bekreft(aktor, koder[1], kilde=HER)
    klokke.shift(31)
    totrinn.bekreft(aktor, koder[1], kilde=HER)
    with krav("av"):
        totrinn.bekreft(aktor, PASSORD, kilde=HER)


# --- setting up and taking away --------------------------------------------------------------------------


def test_oppsett_krever_bevis_og_logger_ut_andre_steder(person: Person, klokke: object) -> None:
    aktor, (_, token) = aktor_for(person), ny_sesjon(steps.gyldige_medlemskap(person.id)[0])
    oppsett = totrinn.begynn_oppsett(aktor)
    riktig = pyotp.TOTP(oppsett.hemmelighet.replace(" ", "")).at(now())
    for k, b, felt in ((riktig, "galt", "bevis"), ("000000", PASSORD, "kode")):
        with pytest.raises(UgyldigData) as feil:
            totrinn.sett_opp(aktor, oppsett.pakke, k, b, kilde=HER)
        assert list(feil.value.detaljer["felter"]) == [felt]
    assert not totrinn.status(aktor).paa and igjen(person) == 0
    koder = totrinn.sett_opp(aktor, oppsett.pakke, riktig, PASSORD, kilde=HER)
    assert len(koder) == 10
    assert totrinn.status(aktor) == totrinn.Status(True, False, True, 10)
    assert steps.aktor_fra_token(token) is None
    assert brev() == ["Totrinnsinnlogging er slått på"]
    lagret = db.session.get_one(Person, person.id).totp_hemmelighet or ""
    assert oppsett.hemmelighet.replace(" ", "") not in lagret
    with pytest.raises(totrinn.FeilKode):  # the code that set it up counts no second time
        inn(person, riktig)


def test_en_pakke_for_en_annen_gjelder_ikke(person: Person, klokke: time_machine.Traveller) -> None:
    annen = lag_person()
    pakke = totrinn._nytt_oppsett(annen)
    aktor = aktor_for(person)
    riktig = pyotp.TOTP(pakke.hemmelighet.replace(" ", "")).at(now())
    with pytest.raises(totrinn.Utgaatt):
        totrinn.sett_opp(aktor, pakke.pakke, riktig, PASSORD, kilde=HER)
    egen = totrinn.begynn_oppsett(aktor)
    klokke.shift(regler.OPPSETTSTID)
    with pytest.raises(totrinn.Utgaatt):
        totrinn.sett_opp(aktor, egen.pakke, "000000", PASSORD, kilde=HER)


def test_bytte_av_app_krever_den_gamle(person: Person, klokke: object) -> None:
    koder = gi_app(person)
    aktor = aktor_for(person)
    ny = totrinn.begynn_oppsett(aktor)
    riktig = pyotp.TOTP(ny.hemmelighet.replace(" ", "")).at(now())
    with pytest.raises(UgyldigData):
        totrinn.sett_opp(aktor, ny.pakke, riktig, PASSORD, kilde=HER)
    totrinn.sett_opp(aktor, ny.pakke, riktig, koder[0], kilde=HER)
    for gammel in (kode(1), koder[1]):
        with pytest.raises(totrinn.FeilKode):
            inn(person, gammel)


def test_slaa_av_bare_der_det_er_frivillig(person: Person, klokke: object) -> None:
    gi_app(person)
    aktor = aktor_for(person)
    with krav("krev"), pytest.raises(IkkeTilgang):
        totrinn.slaa_av(aktor, kode(), kilde=HER)
    with pytest.raises(UgyldigData):
        totrinn.slaa_av(aktor, "000000", kilde=HER)
    totrinn.slaa_av(aktor, kode(), kilde=HER)
    assert igjen(person) == 0 and brev() == ["Totrinnsinnlogging er slått av"]
    assert isinstance(oekter.logg_inn(person.epost, PASSORD, kilde=HER), Innlogging)


def test_der_den_er_av_spoerres_ingen(person: Person, klokke: object) -> None:
    gi_app(person)
    with krav("av"):
        assert isinstance(oekter.logg_inn(person.epost, PASSORD, kilde=HER), Innlogging)
        with pytest.raises(IkkeTilgang):
            totrinn.begynn_oppsett(aktor_for(person))


def test_nullstilling(scene: Scene, klokke: object, opptak: object) -> None:
    offer = db.session.get_one(Person, scene.kirurg.person_id)
    gi_app(offer)
    token = ny_sesjon(scene.kirurg)[1]
    nektes = (
        scene.kirurg,
        scene.lege,
        scene.vaktleder,
        scene.koordinator,
        replace(scene.administrator, organisasjon_id=scene.annet_hf.id),
    )
    for aktor in nektes:
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):  # type: ignore[arg-type]
            totrinn.nullstill(aktor, offer.id)
    totrinn.nullstill(scene.administrator, offer.id)
    db.session.expire_all()
    rad = db.session.get_one(Person, offer.id)
    assert (rad.totp_hemmelighet, rad.totp_steg, igjen(offer)) == (None, None, 0)
    assert steps.aktor_fra_token(token) is None
    assert brev(offer.epost) == ["Totrinnsinnloggingen din er nullstilt"]
    assert [r.person_id for r in revisjon("totrinn.nullstilt")] == [scene.administrator.person_id]
    with pytest.raises(IkkeTilgang):  # an open screen is no way around one's own proof
        totrinn.nullstill(scene.systemadministrator, scene.systemadministrator.person_id or uuid4())
