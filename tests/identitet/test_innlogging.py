"""Login: passwords, sessions, roles, and a lockout that cannot keep the right person out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import abonner, db, transactional
from portal.core.errors import ForMange, IkkeFunnet, IkkeInnlogget, PortalError, UgyldigData
from portal.identitet import sperre, steps
from portal.identitet.models import Innloggingsforsoek, Medlemskap, Person, Sesjon
from portal.identitet.passord import lag_hash
from portal.identitet.service import oekter, personer
from portal.identitet.service.oekter import FeilPassord, IngenRolle, Innlogging
from portal.revisjon.models import Revisjon
from tests.bygg import PASSORD, Scene, lag_hf, lag_kommune, lag_medlemskap, lag_person
from tests.identitet.hjelp import gi_passord, logg_inn_uten_passord, modus, revisjon

HER, DER = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def person(app: object) -> Person:
    person = lag_person("Elle Máret Buljo", epost="elle@eksempel.example")
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.LEGE_KOMMUNE, lag_kommune("Alta"))
    return person


@pytest.fixture
def raskt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared without argon2: the rules are tested here, the hash elsewhere."""
    monkeypatch.setattr(
        "portal.identitet.passord.stemmer", lambda lagret, p: lagret is not None and p == PASSORD
    )
    monkeypatch.setattr("portal.identitet.passord.boer_fornyes", lambda lagret: False)


@pytest.fixture
def klokke() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime.now(UTC), tick=False) as reise:
        yield reise


def inn(
    passord: str = PASSORD, *, epost: str = "elle@eksempel.example", fra: str = HER, kapsel: str = ""
) -> Innlogging:
    return oekter.logg_inn(epost, passord, kilde=fra, nettleser="prøve", enhetskapsel=kapsel)


def feil(antall: int, **kw: str) -> list[type[PortalError]]:
    """The outcomes of so many wrong passwords."""
    ut: list[type[PortalError]] = []
    for _ in range(antall):
        with pytest.raises(PortalError) as info:
            inn("galt passord!", **kw)
        ut.append(type(info.value))
    return ut


# --- right and wrong -------------------------------------------------------------------------------------


def test_riktig_passord_gir_sesjon(person: Person) -> None:
    svar = inn(epost="  ELLE@eksempel.Example ")
    assert svar.aktor.person_id == person.id
    assert svar.aktor.rolle == Rolle.LEGE_KOMMUNE
    assert steps.aktor_fra_token(svar.token) == svar.aktor
    sesjon = db.session.get_one(Sesjon, svar.aktor.sesjon_id)
    assert svar.token not in (sesjon.token_hash, str(sesjon.id))
    assert sesjon.utloeper - sesjon.opprettet == timedelta(hours=12)
    assert [r.objekt_id for r in revisjon("innlogging.ok")] == [str(sesjon.id)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Innloggingsforsoek)) == 0


@pytest.mark.parametrize("tilfelle", ["ukjent", "uten passord", "avslått", "galt", "demo"])
def test_alle_avslag_ser_like_ut(person: Person, tilfelle: str) -> None:
    epost, passord = person.epost, PASSORD
    if tilfelle == "ukjent":
        epost = "ingen@eksempel.example"
    elif tilfelle == "uten passord":
        epost = lag_person().epost
    elif tilfelle == "avslått":
        gi_passord(person.id, aktiv=False)
    elif tilfelle == "galt":
        passord = PASSORD.lower()
    else:
        demo = lag_person(demo=True)
        gi_passord(demo.id)
        lag_medlemskap(demo, Rolle.KOORDINATOR, lag_hf())
        epost = demo.epost
    with pytest.raises(FeilPassord) as info:
        inn(passord, epost=epost)
    assert (info.value.status, info.value.kode) == (401, "feil_passord")
    assert "administratoren" in info.value.melding
    (innslag,) = revisjon("innlogging.feilet")
    assert innslag.utfall == "avslag"
    assert epost not in str([getattr(innslag, k.key) for k in sa.inspect(Revisjon).columns])
    forsoek = db.session.scalars(sa.select(Innloggingsforsoek)).one()
    assert HER not in (forsoek.kilde, forsoek.konto) and epost not in (forsoek.kilde, forsoek.konto)


def test_ukjent_konto_koster_like_mye(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    proevd: list[str] = []

    def sjekk(hash_: str, passord: str) -> bool:
        proevd.append(hash_)
        return False

    falsk = SimpleNamespace(verify=sjekk)
    monkeypatch.setattr("portal.identitet.passord._hasher", falsk)
    feil(1)
    feil(1, epost="ingen@eksempel.example")
    assert len(proevd) == 2 and all(h.startswith("$argon2id$") for h in proevd)


def test_uten_rolle_slipper_ingen_inn(app: object) -> None:
    person = lag_person()
    gi_passord(person.id)
    lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf(), til=now() - timedelta(days=1))
    with pytest.raises(IngenRolle):
        inn(epost=person.epost)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Sesjon)) == 0
    assert revisjon("innlogging.ingen_rolle")


def test_demopersoner_bare_i_demomodus(app: object) -> None:
    person = lag_person(demo=True)
    gi_passord(person.id)
    m = lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf())
    with modus("demo"):
        token = inn(epost=person.epost).token
        assert steps.aktor_fra_token(token) is not None
    assert steps.aktor_fra_token(token) is None
    assert steps.aktor_for_medlemskap(m.id) is None


def test_passord_byttet_mens_det_ble_sjekket(person: Person) -> None:
    forsoek = oekter.begynn_forsoek(person.epost, HER, "")
    personer.sett_passord(Aktor.system("test"), person.id, lag_hash("noe helt annet her"))
    with pytest.raises(FeilPassord):
        oekter.fullfoer_forsoek(forsoek)


# --- the lockout -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("raskt")
class TestSperre:
    def test_ventetiden_vokser_og_har_et_tak(self, person: Person, klokke: time_machine.Traveller) -> None:
        assert feil(5) == [FeilPassord] * 5
        ventet = []
        for _ in range(9):
            with pytest.raises(ForMange) as info:
                inn()  # even the right one waits
            ventet.append(info.value.detaljer["vent"])
            klokke.shift(info.value.detaljer["vent"])
            assert feil(1) == [FeilPassord]
        assert ventet[:6] == [30, 60, 120, 240, 480, 900]
        assert max(ventet) <= 900

    def test_meldingen_sier_hvor_lenge_og_hva_man_gjoer(self, person: Person, klokke: object) -> None:
        feil(5)
        with pytest.raises(ForMange) as info:
            inn()
        assert "30 sekunder" in info.value.melding and "113" in info.value.melding
        assert info.value.status == 429

    def test_riktig_passord_nullstiller(self, person: Person, klokke: object) -> None:
        feil(4)
        inn()
        assert feil(5) == [FeilPassord] * 5

    def test_sperret_konto_roeper_ikke_om_den_finnes(self, person: Person, klokke: object) -> None:
        assert feil(6) == feil(6, epost="ingen@eksempel.example", fra=DER)

    def test_en_kilde_kan_ikke_stenge_en_annen_ute(
        self, person: Person, klokke: time_machine.Traveller
    ) -> None:
        """A stranger who tries as hard as allowed for hours never reaches the owner at another place."""
        for _ in range(8 * 60):
            with pytest.raises((FeilPassord, ForMange)):
                inn("galt", fra=HER)
            klokke.shift(60)
        assert inn(fra=DER).aktor.person_id == person.id

    def test_mange_kilder_stenges_men_ikke_den_kjente_maskinen(
        self, person: Person, klokke: time_machine.Traveller
    ) -> None:
        kapsel = inn().enhetskapsel
        for n in range(8):
            feil(5, fra=f"203.0.113.{n}")
        with pytest.raises(ForMange) as info:
            inn(fra=DER)
        assert info.value.detaljer["vent"] <= 900
        assert inn(fra=DER, kapsel=kapsel).aktor.person_id == person.id
        klokke.shift(901)
        assert inn(fra=DER).aktor.person_id == person.id

    def test_kjent_maskin_har_sitt_eget_budsjett(self, person: Person, klokke: object) -> None:
        kapsel = inn().enhetskapsel
        assert feil(6, kapsel=kapsel) == [FeilPassord] * 5 + [ForMange]
        assert inn(fra=DER).aktor.person_id == person.id  # and it does not touch others

    def test_kjent_maskin_gjelder_bare_sin_konto(
        self, person: Person, klokke: time_machine.Traveller
    ) -> None:
        annen = lag_person(epost="annen@eksempel.example")
        gi_passord(annen.id)
        lag_medlemskap(annen, Rolle.KOORDINATOR, lag_hf())
        kapsel = inn(epost=annen.epost).enhetskapsel
        for n in range(8):
            feil(5, fra=f"203.0.113.{n}")
        with pytest.raises(ForMange):
            inn(fra=DER, kapsel=kapsel)
        begge = inn(epost=annen.epost, kapsel=kapsel).enhetskapsel
        klokke.shift(901)
        begge = inn(kapsel=begge).enhetskapsel
        naa = now()
        assert all(sperre.kjent_enhet(begge, sperre.konto_hash(p.epost), naa) for p in (person, annen))

    def test_en_kilde_som_proever_mange_kontoer(self, person: Person, klokke: time_machine.Traveller) -> None:
        utfall = [feil(1, epost=f"p{n}@eksempel.example")[0] for n in range(sperre.KILDE_GRENSE + 1)]
        assert utfall == [FeilPassord] * sperre.KILDE_GRENSE + [ForMange]
        assert inn(fra=DER)
        with pytest.raises(ForMange):
            inn()
        klokke.shift(sperre.KILDE_VINDU)
        assert inn()

    def test_samtidige_forsoek_teller_foer_passordet_er_sett(self, person: Person, klokke: object) -> None:
        for _ in range(5):
            oekter.begynn_forsoek(person.epost, HER, "")
        with pytest.raises(ForMange):
            oekter.begynn_forsoek(person.epost, HER, "")

    def test_avvist_forsoek_forlenger_ikke_sperren(
        self, person: Person, klokke: time_machine.Traveller
    ) -> None:
        feil(5)
        for _ in range(10):
            with pytest.raises(ForMange):
                inn()
        klokke.shift(31)
        assert inn()

    def test_gamle_forsoek_ryddes(self, person: Person, klokke: time_machine.Traveller) -> None:
        feil(3)
        klokke.shift(sperre.GLEMMES - timedelta(minutes=1))
        assert oekter.rydd() == 0
        klokke.shift(timedelta(minutes=2))
        assert oekter.rydd() == 3


def test_kilden_er_et_nett_for_ipv6_og_en_adresse_for_ipv4(app: object) -> None:
    h = sperre.kilde_hash
    assert h("2001:db8:1:2::1") == h("2001:db8:1:2:ffff::9") != h("2001:db8:1:3::1")
    assert h("192.0.2.1") != h("192.0.2.2")
    assert h("::ffff:192.0.2.1") == h("192.0.2.1")
    assert h("") != h("tull")


@pytest.mark.parametrize(
    "kapsel", ["", "~", "a.b.c", "x.1.æ", "a.99999999999999999999.b", "a.b.c~" * 500, "..", "."]
)
def test_toeysete_enhetskapsler_er_ukjente(app: object, kapsel: str) -> None:
    assert sperre.kjent_enhet(kapsel, sperre.konto_hash("x@y.no"), now()) is None
    assert (
        sperre.ny_enhetskapsel(kapsel, sperre.konto_hash("x@y.no"), now()).count("~") < sperre.KJENTE_KONTOER
    )


def test_enhetskapselen_er_signert_og_utloeper(app: object, klokke: time_machine.Traveller) -> None:
    konto = sperre.konto_hash("x@y.no")
    kapsel = sperre.ny_enhetskapsel("", konto, now())
    assert sperre.kjent_enhet(kapsel, konto, now())
    enhet, tid, signatur = kapsel.split(".")
    assert sperre.kjent_enhet(f"{enhet}.{int(tid) + 1}.{signatur}", konto, now()) is None
    klokke.shift(sperre.KJENT_I)
    assert sperre.kjent_enhet(kapsel, konto, now()) is None


# --- sessions --------------------------------------------------------------------------------------------


def test_sesjonen_utloeper(person: Person, klokke: time_machine.Traveller, raskt: None) -> None:
    token = inn().token
    klokke.shift(timedelta(hours=12) - timedelta(seconds=1))
    assert steps.aktor_fra_token(token)
    klokke.shift(1)
    assert steps.aktor_fra_token(token) is None


def test_utlogging_avslutter_og_sier_fra(person: Person) -> None:
    svar = inn()
    meldt: list[object] = []
    abonner("identitet.sesjon_avsluttet", lambda **d: meldt.append(d["sesjon_id"]))
    oekter.logg_ut(svar.aktor)
    assert steps.aktor_fra_token(svar.token) is None
    assert steps.aktor_fra_sesjon(svar.aktor.sesjon_id or uuid4()) is None
    assert oekter.gyldige_sesjoner([svar.aktor.sesjon_id or uuid4()]) == {}
    assert meldt == [svar.aktor.sesjon_id]
    oekter.logg_ut(svar.aktor)  # twice is no error
    assert len(revisjon("innlogging.avsluttet")) == 1


def test_deaktivert_person_er_ute_med_en_gang(person: Person) -> None:
    token = inn().token
    personer.sett_aktiv(Aktor.system("test"), person.id, False)
    assert steps.aktor_fra_token(token) is None


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "æ" * 30])
def test_tokener_som_ikke_finnes(person: Person, token: str) -> None:
    assert steps.aktor_fra_token(token) is None


def test_sist_brukt_noteres_hvert_minutt(person: Person, klokke: time_machine.Traveller, raskt: None) -> None:
    svar = inn()
    klokke.shift(59)
    assert steps.sesjonsbruk(svar.token).skal_roeres is False  # type: ignore[union-attr]
    klokke.shift(2)
    assert steps.sesjonsbruk(svar.token).skal_roeres is True  # type: ignore[union-attr]
    oekter.roer_sesjon(svar.aktor)
    assert steps.sesjonsbruk(svar.token).skal_roeres is False  # type: ignore[union-attr]


# --- roles -----------------------------------------------------------------------------------------------


@transactional
def avslutt(medlemskap_id: object) -> None:
    db.session.get_one(Medlemskap, medlemskap_id).gyldig_til = now()


def test_bytte_av_rolle(person: Person) -> None:
    annet = lag_medlemskap(person, Rolle.SPESIALIST, lag_hf("UNN"), fag=("geriatri", "palliasjon"))
    svar = inn()
    meldt: list[object] = []
    abonner("identitet.sesjon_endret", lambda **d: meldt.append(d["sesjon_id"]))
    ny = oekter.bytt_medlemskap(svar.aktor, annet.id)
    assert (ny.rolle, ny.organisasjon_navn, ny.fagomraader) == (
        Rolle.SPESIALIST,
        "UNN",
        {"geriatri", "palliasjon"},
    )
    assert steps.aktor_fra_token(svar.token) == ny
    assert oekter.gyldige_sesjoner([ny.sesjon_id or uuid4()]) == {ny.sesjon_id: (annet.id, False)}
    assert meldt == [ny.sesjon_id]
    # The next login begins where this one was.
    assert inn().aktor.medlemskap_id == annet.id


def test_andres_og_ferdige_roller_kan_ikke_velges(person: Person) -> None:
    svar = inn()
    fremmed = lag_medlemskap(lag_person(), Rolle.SYSTEMADMINISTRATOR, lag_hf())
    ferdig = lag_medlemskap(person, Rolle.VAKTLEDER, lag_hf(), til=now() - timedelta(seconds=1))
    framtidig = lag_medlemskap(person, Rolle.VAKTLEDER, lag_hf(), fra=now() + timedelta(days=1))
    for m in (fremmed.id, ferdig.id, framtidig.id, uuid4()):
        with pytest.raises(IkkeFunnet):
            oekter.bytt_medlemskap(svar.aktor, m)
    oekter.logg_ut(svar.aktor)
    with pytest.raises(IkkeInnlogget):
        oekter.bytt_medlemskap(svar.aktor, svar.aktor.medlemskap_id or uuid4())


def test_ferdig_rolle_gir_en_annen_eller_ingen(person: Person) -> None:
    foerste = steps.gyldige_medlemskap(person.id)[0]
    annet = lag_medlemskap(person, Rolle.KOORDINATOR, lag_hf())
    svar = inn()
    assert svar.aktor.medlemskap_id == foerste.medlemskap_id
    avslutt(foerste.medlemskap_id)
    bruk = steps.sesjonsbruk(svar.token)
    assert bruk is not None and bruk.skal_roeres and bruk.aktor.medlemskap_id == annet.id
    assert oekter.gyldige_sesjoner([bruk.aktor.sesjon_id or uuid4()]) == {
        bruk.aktor.sesjon_id: (annet.id, False)
    }
    oekter.roer_sesjon(bruk.aktor)
    db.session.expire_all()
    assert db.session.get_one(Sesjon, bruk.aktor.sesjon_id).medlemskap_id == annet.id
    assert revisjon("innlogging.byttet_rolle")
    avslutt(annet.id)
    assert steps.aktor_fra_token(svar.token) is None


def test_avslutt_medlemskap_sier_fra_til_sesjonene(scene: Scene) -> None:
    person = lag_person()
    m = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    token = logg_inn_uten_passord(person, m)
    aktor = steps.aktor_fra_token(token)
    assert aktor is not None
    meldt: list[object] = []
    abonner("identitet.sesjon_endret", lambda **d: meldt.append(d["sesjon_id"]))
    personer.avslutt_medlemskap(scene.administrator, m.id)
    assert meldt == [aktor.sesjon_id]
    assert steps.aktor_fra_token(token) is None
    with pytest.raises(IkkeFunnet):
        personer.avslutt_medlemskap(scene.administrator, scene.fremmed_spesialist.medlemskap_id or uuid4())


# --- service accounts ------------------------------------------------------------------------------------


def test_tjenestekonto(scene: Scene, klokke: time_machine.Traveller) -> None:
    m = lag_medlemskap(lag_person(), Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    for aktor in (scene.administrator, scene.lege):
        with pytest.raises(PortalError):
            personer.opprett_tjenestekonto(aktor, "EPJ", m.id)
    token = personer.opprett_tjenestekonto(scene.systemadministrator, "EPJ", m.id, gyldig_dager=10)
    funnet = steps.aktor_fra_tjenestetoken(token)
    assert funnet is not None and funnet.medlemskap_id == m.id and funnet.sesjon_id is None
    klokke.shift(timedelta(days=10))
    assert steps.aktor_fra_tjenestetoken(token) is None
    klokke.shift(timedelta(days=-10))
    assert personer.trekk_tilbake_tjenestekonto(scene.systemadministrator, "EPJ") == 1
    assert steps.aktor_fra_tjenestetoken(token) is None
    for dager in (0, -1, 367):
        with pytest.raises(UgyldigData):
            personer.opprett_tjenestekonto(scene.systemadministrator, "EPJ", m.id, gyldig_dager=dager)
