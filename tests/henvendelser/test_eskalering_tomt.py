"""Levels that empty while a case waits for them, cases that change hands, and who is told once and not twice."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, skrivetransaksjon, transactional
from portal.henvendelser.eskalering import kanari, lesing, service, tomme, vaktskifte
from portal.henvendelser.eskalering.models import Eskalering, Kanarikjoering, Vaktskiftesak
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.service import deling, flyt
from portal.identitet.models import Medlemskap, Person
from portal.vakt.models import Nivaa, Vakt
from portal.vakt.service import fravaer, vakter
from portal.varsler.models import Kanal, Utsending, Varsel, Varselro
from tests.bygg import Scene, lag_aktor, lag_medlemskap, lagre
from tests.conftest import DB
from tests.henvendelser.delingshjelp import spurt
from tests.henvendelser.eskaleringshjelp import T0, fortalt, fullt_lag, kl, loepende, trinn, vaktlag, ved
from tests.vakthjelp import lag_kanal, lag_policy, lag_vakt
from tests.varsler.tjenere import oppsett

NY, IKKE_TATT, VENTER = "henvendelse.ny", "henvendelse.ikke_tatt", "henvendelse.venter"
INGEN, SVAR = "henvendelse.ingen_paa_vakt", "henvendelse.svar_mangler"


def se(minutter: float) -> int:
    """The look for levels that have emptied, and the steps that it makes due. Gives how many became due."""
    with kl(minutter):
        antall = tomme.hopp_over_tomme()
        service.kjoer_forfalte()
    return antall


def nye(minutter: float) -> int:
    with kl(minutter):
        return service.nye_paa_vakt()


@transactional
def slutt(aktor: Aktor, minutter: float) -> None:
    db.session.get_one(Medlemskap, aktor.medlemskap_id).gyldig_til = T0 + timedelta(minutes=minutter)


def siste_varsel(kode: str) -> Varsel:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(
        sa.select(Varsel).where(Varsel.kode == kode).order_by(Varsel.opprettet.desc()).limit(1)
    ).one()


# --- a level that empties --------------------------------------------------------------------------------


@pytest.mark.parametrize("hastegrad", ["haster", "vanlig"])
def test_vakten_slutter_mens_saken_venter(hastegrad: str, scene: Scene) -> None:
    """The only one on call goes home: the requester and the vaktleder hear it then, not when the wait is over."""
    vaktlag(scene, vakthavende=scene.spesialist, timer=5 / 60)
    with kl(0):
        sak = scene.send(hastegrad=hastegrad)
    assert se(4.9) == 0
    assert se(5) == 1 and se(5.2) == 0
    assert trinn(sak)[-1] == (5, "", "ingen", "")
    assert (5, INGEN, scene.lege.navn) in fortalt() and (5, IKKE_TATT, scene.vaktleder.navn) in fortalt()
    # Said once: the pause is kept, and nobody is told again for an empty roster.
    assert [m for m in range(6, 30) if se(m)] == []


@pytest.mark.parametrize("hvordan", ["fravaer", "avlyst", "rolle", "utestengt"])
def test_den_som_er_varslet_er_ikke_der_lenger(hvordan: str, scene: Scene) -> None:
    """Away, called off, without the role: the bakvakt is told at once."""
    fullt_lag(scene)
    with kl(0):
        sak = scene.send(hastegrad="vanlig")
    with kl(1):
        if hvordan == "fravaer":
            fravaer.registrer(scene.spesialist, scene.spesialist.person_id, now(), now() + timedelta(hours=5))
        elif hvordan == "avlyst":
            vakt_id = db.session.scalar(sa.select(Vakt.id).where(Vakt.nivaa == Nivaa.VAKTHAVENDE))
            vakter.avlys(scene.koordinator, vakt_id)
        elif hvordan == "rolle":
            slutt(scene.spesialist, 1)
        else:
            steng_ute(scene.spesialist)
    assert se(1.1) == 1
    assert trinn(sak)[-1] == (pytest.approx(1.1), "bakvakt", "varslet", scene.spesialist2.navn)
    assert se(1.2) == 0 and loepende(sak) == {"aksept": pytest.approx(241.1)}


@transactional
def steng_ute(aktor: Aktor) -> None:
    db.session.get_one(Person, aktor.person_id).aktiv = False


def test_et_nivaa_som_en_annen_har_tatt_over_er_ikke_tomt(scene: Scene) -> None:
    """The next one came on call: that one is told of what waits, and nobody above is woken before the time."""
    bak = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
    plan = vaktlag(scene, vakthavende=scene.spesialist, timer=1)
    with kl(0):
        lag_vakt(plan, bak, Nivaa.BAKVAKT)
        lag_vakt(plan, scene.spesialist2, fra=T0 + timedelta(hours=1))
        sak = scene.send(hastegrad="vanlig")
    assert se(61) == 0 and nye(61) == 1
    assert fortalt(VENTER) == [(61, VENTER, scene.spesialist2.navn)]
    assert loepende(sak) == {"aksept": 240}


def test_to_arbeidere_hopper_over_en_gang(scene: Scene) -> None:
    """The timer that a worker has made due is not made due again, and no step is lost or taken twice."""
    vaktlag(scene, vakthavende=scene.spesialist, bakvakt=scene.spesialist2, timer=48)
    with kl(0):
        sak = scene.send(hastegrad="vanlig")
    slutt(scene.spesialist, 1)
    with kl(1):
        (esk_id, neste) = db.session.execute(sa.select(Eskalering.id, Eskalering.neste)).one()
        db.session.rollback()
        assert tomme._ta_neste_naa(esk_id, neste) == 1
        assert tomme._ta_neste_naa(esk_id, neste) == 0
    assert ved(1) == 1 and se(1.5) == 0
    assert [t[2] for t in trinn(sak)] == ["varslet", "varslet"]


# --- a case whose responsible is silent or gone ----------------------------------------------------------


def test_den_ansvarlige_har_sluttet_foer_svarfristen(scene: Scene) -> None:
    """Nobody has the case: whoever is on call now hears it, and is not told that a deadline has passed."""
    vaktlag(scene, vakthavende=scene.spesialist2)
    with kl(0):
        sak = scene.sak(Status.AKSEPTERT, hastegrad="haster")
    slutt(scene.spesialist, 30)
    # It may be that the registers move the membership to another one: they have their time.
    assert se(31) == 0
    assert se(32) == 1
    assert trinn(sak)[-2:] == [
        (32, "ansvarlig", "tomt", ""),
        (32, "vakthavende", "varslet", scene.spesialist2.navn),
    ]
    assert fortalt(INGEN) == [] and fortalt(SVAR) == [(32, SVAR, scene.spesialist2.navn)]
    assert "har ikke lenger tilgang" in siste_varsel(SVAR).tekst
    assert "Svarfristen" not in siste_varsel(SVAR).tekst


def test_den_ansvarlige_svarer_ikke_men_en_er_paa_vakt(scene: Scene) -> None:
    """Accepted on the shift before: the one on call is told before the ladder is at its end."""
    plan = vaktlag(scene, vakthavende=scene.spesialist, timer=1)
    with kl(0):
        lag_vakt(plan, scene.spesialist2, fra=T0 + timedelta(hours=1))
        sak = scene.sak(Status.AKSEPTERT, hastegrad="haster")
    with kl(119):
        stige = lesing.hent_stige(scene.lege, hent(sak))
    assert stige and stige.neste and stige.neste.nivaa == "ansvarlig"
    assert [m for m in range(100, 151) if ved(m)] == [120, 150]
    assert [(m, n) for m, _k, n in fortalt(SVAR)] == [
        (120, scene.spesialist.navn),
        (150, scene.spesialist2.navn),
    ]


def hent(sak_id: UUID) -> Henvendelse:
    db.session.expire_all()
    return db.session.get_one(Henvendelse, sak_id)


def test_den_som_har_saken_og_vakten_varsles_en_gang(scene: Scene) -> None:
    """The level is passed by without a word of nobody being there; the one above comes no later for it."""
    fullt_lag(scene)
    with kl(0):
        sak = scene.sak(Status.AKSEPTERT, hastegrad="haster")
    ved(120)
    with kl(121):
        stige = lesing.hent_stige(scene.lege, hent(sak))
        assert stige and stige.neste
        assert (stige.neste.nivaa, stige.neste.tomme) == ("bakvakt", ())
    assert [m for m in range(121, 151) if ved(m)] == [150]
    assert [t[1:3] for t in trinn(sak)[1:]] == [("ansvarlig", "varslet"), ("bakvakt", "varslet")]


@pytest.mark.parametrize("vei", ["vaktskifte", "overlevering"])
def test_den_forrige_faar_ikke_flere_varsler_naar_saken_er_overtatt(vei: str, scene: Scene) -> None:
    """Due in the quiet hours of the former: it must not reach them when somebody else has the case."""
    bak = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",), navn="Berit Bakvakt")
    plan = vaktlag(scene, vakthavende=scene.spesialist, bakvakt=bak, timer=10)
    with oppsett(sms_url="http://127.0.0.1:9/sms", tale_url=""):
        lag_kanal(scene.spesialist, Kanal.SMS)
        lagre(Varselro(person_id=scene.spesialist.person_id, fra="08:00", til="23:00", akutt_bryter=True))
        with kl(0):
            sak = scene.sak(Status.AKSEPTERT, hastegrad="haster")
        ved(120), ved(150)
        assert [n for _, _, n in fortalt(SVAR)] == [scene.spesialist.navn, bak.navn]
    with kl(151):
        if vei == "overlevering":
            deling.tilby_overlevering(scene.spesialist, sak, scene.spesialist2.medlemskap_id)
            deling.svar_invitasjon(scene.spesialist2, spurt(sak), ja=True)
        else:
            til = T0 + timedelta(hours=10)
            vakter.overstyr(
                scene.koordinator, plan.id, "vakthavende", scene.spesialist2.medlemskap_id, now(), til
            )
            assert vaktskifte.lag_skifter() == 1
            skifte_id = db.session.scalar(sa.select(Vaktskiftesak.vaktskifte_id))
            db.session.rollback()
            vaktskifte.godta(scene.spesialist2, skifte_id, sak, "Lest.")
    # What the one above was told, stands: no advice has been given.
    assert [n for _, _, n in fortalt(SVAR, bare_gjeldende=True)] == [bak.navn]
    db.session.rollback()
    svar = sa.select(Utsending).join(Varsel).where(Utsending.kanal == Kanal.SMS, Varsel.kode == SVAR)
    sms = db.session.scalars(svar).one()
    assert sms.stoppet is not None and loepende(sak) == {"svar": 180}


# --- once, and not twice ---------------------------------------------------------------------------------


def test_en_vakt_som_kuttes_er_samme_vakt(scene: Scene) -> None:
    """An override later in the shift leaves its first part as a new row: the person has heard it."""
    plan = vaktlag(scene)
    with kl(0):
        scene.send(hastegrad="vanlig")
    with kl(5):
        lag_vakt(plan, scene.spesialist, til=now() + timedelta(hours=8))
    assert nye(5.5) == 1
    with kl(10):
        vakter.overstyr(
            scene.koordinator,
            plan.id,
            "vakthavende",
            scene.spesialist2.medlemskap_id,
            T0 + timedelta(hours=2),
            T0 + timedelta(hours=3),
        )
    assert [m for m in range(11, 120) if nye(m)] == []
    # The other one hears it, and the first one not again on coming back.
    assert [m for m in range(120, 300) if nye(m)] == [120]


def test_en_som_kommer_tilbake_hoerer_om_det_som_er_nytt(scene: Scene) -> None:
    """Told once in the shift, away for an hour, and back: of what came meanwhile they have heard nothing."""
    vaktlag(scene, vakthavende=scene.spesialist)
    for minutt in (0, 70):
        with kl(minutt):
            fravaer.registrer(
                scene.spesialist, scene.spesialist.person_id, now(), now() + timedelta(minutes=60)
            )
            sak = scene.send(hastegrad="vanlig")
        assert nye(minutt + 59) == 0
        assert nye(minutt + 61) == 1 and nye(minutt + 61.5) == 0
        with kl(minutt + 62):
            flyt.aksepter(scene.spesialist, sak)
    assert [m for m, _, _ in fortalt(VENTER)] == [61, 131]


def test_to_nivaaer_er_ett_varsel(scene: Scene) -> None:
    plan = vaktlag(scene)
    with kl(0):
        scene.send(hastegrad="vanlig")
    with kl(5):
        for nivaa in (Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT):
            lag_vakt(plan, scene.spesialist, nivaa)
    assert nye(6) == 1 and nye(7) == 0


def test_et_trinn_som_andre_kanskje_ikke_ser_ennaa_venter_til_neste_blikk(scene: Scene) -> None:
    """Whoever counts what waits, must count what everybody sees: what is left out now is told of, and not lost."""
    plan = vaktlag(scene)
    with kl(0):
        scene.send(hastegrad="vanlig")
    with kl(5):
        scene.send(hastegrad="vanlig")
        lag_vakt(plan, scene.spesialist, fra=T0)
    assert nye(5.02) == 1
    assert siste_varsel(VENTER).tittel.startswith("Én henvendelse")
    assert nye(5.4) == 1 and nye(5.8) == 0
    assert siste_varsel(VENTER).tittel.startswith("2 henvendelser")


@pytest.mark.parametrize("mange", [False, True])
def test_det_som_venter_er_tatt(mange: bool, scene: Scene) -> None:
    """One that came later, and that the ladder told of, does not keep what was told of the first alive."""
    plan = vaktlag(scene)
    with kl(0):
        foerste = [scene.send(hastegrad="haster") for _ in range(1 + mange)]
    with kl(5):
        lag_vakt(plan, scene.spesialist)
    assert nye(6) == 1
    with kl(7):
        senere = scene.send(hastegrad="haster")
    assert fortalt(NY) == [(7, NY, scene.spesialist.navn)]
    for sak in foerste:
        assert fortalt(VENTER, bare_gjeldende=True) != []
        with kl(8):
            flyt.aksepter(scene.spesialist2, sak)
    assert fortalt(VENTER, bare_gjeldende=True) == []
    assert [n for _, _, n in fortalt(NY, bare_gjeldende=True)] == [scene.spesialist.navn]
    assert set(loepende(senere)) == {"aksept"}


def test_en_vaktleder_paa_vakt_faar_ett_varsel_om_gangen(scene: Scene) -> None:
    """On call, and a vaktleder: told as the one who can take it, and not at the same moment that nobody takes it."""
    lag_medlemskap(db.session.get_one(Person, scene.spesialist.person_id), Rolle.VAKTLEDER, scene.hf)
    vaktlag(scene, vakthavende=scene.spesialist)
    with kl(0):
        scene.send(hastegrad="akutt")
    assert [m for m in range(1, 16) if ved(m)] == [5, 10, 15]
    hos_ham = [m for m, _, navn in fortalt() if navn == scene.spesialist.navn]
    assert hos_ham == [0, 5, 10, 15]
    assert [m for m, _, navn in fortalt(IKKE_TATT) if navn == scene.vaktleder.navn] == [5, 10, 15]


# --- the canary ------------------------------------------------------------------------------------------


def test_kanarien_gaar_den_veien_en_henvendelse_gaar(scene: Scene) -> None:
    """A policy that asks the vakthavende alone: a bakvakt on the roster is nobody, to a request and to its test."""
    vaktlag(scene, bakvakt=scene.spesialist2)
    with kl(0):
        kanari.sett(scene.koordinator, "indremedisin", 60, aktiv=True)
        kanari.kjoer_planlagte()
        lag_policy(scene.hf.id, "akutt", [("vakthavende", 0)])
    with kl(61):
        kanari.kjoer_planlagte()
    db.session.rollback()
    foer, etter = db.session.scalars(sa.select(Kanarikjoering).order_by(Kanarikjoering.start))
    assert foer.ledd["vaktplan"]["ok"] and not etter.ledd["vaktplan"]["ok"] and etter.roed


@pytest.mark.skipif(DB != "postgresql", reason="On SQLite there is one writer at a time.")
def test_kanariens_to_laaser_tas_i_samme_rekkefoelge(app: Flask, scene: Scene) -> None:
    """One worker holds the timer and then wants the run; the other closes the run meanwhile, and waits for the timer
    before it takes anything: no ring."""
    vaktlag(scene, vakthavende=scene.spesialist)
    with kl(0):
        kanari.sett(scene.koordinator, "indremedisin", 60, aktiv=True)
        kanari.kjoer_planlagte()
    esk_id, kjoering_id = db.session.execute(sa.select(Kanarikjoering.eskalering_id, Kanarikjoering.id)).one()
    motor = db.engine
    db.session.rollback()
    feil: list[BaseException] = []

    def lukk() -> None:
        try:
            with app.app_context(), kl(10):
                kanari.avslutt_kjoering(kjoering_id)
        except BaseException as e:
            feil.append(e)

    with skrivetransaksjon(motor) as c:
        c.execute(sa.select(Eskalering.id).where(Eskalering.id == esk_id).with_for_update())
        traad = Thread(target=lukk, daemon=True)
        traad.start()
        traad.join(1)
        assert traad.is_alive()
        c.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
        c.execute(sa.select(Kanarikjoering.id).where(Kanarikjoering.id == kjoering_id).with_for_update())
    traad.join(20)
    assert feil == [] and not traad.is_alive()
    assert db.session.scalar(sa.select(Kanarikjoering.roed)) is True


# --- being asked -----------------------------------------------------------------------------------------


def test_den_som_spoerres_om_en_akutt_sak_vekkes(scene: Scene) -> None:
    """Asked to take over it may be now; asked to take part is no alarm. Neither says a word of what it is about."""
    with oppsett(sms_url="http://127.0.0.1:9/sms", tale_url=""):
        lag_kanal(scene.spesialist2, Kanal.SMS)
        lag_kanal(scene.kirurg, Kanal.SMS)
        sak = scene.sak(Status.AKSEPTERT, hastegrad="akutt")
        deling.tilby_overlevering(scene.spesialist, sak, scene.spesialist2.medlemskap_id)
        deling.inviter(scene.spesialist, sak, scene.kirurg.medlemskap_id)
    tilbud, invitasjon = siste_varsel("henvendelse.overlevering"), siste_varsel("henvendelse.invitasjon")
    assert {u.kanal for u in tilbud.utsendinger} == {Kanal.SMS, Kanal.EPOST}
    assert {u.kanal for u in invitasjon.utsendinger} == {Kanal.EPOST}
    assert (tilbud.hastegrad, tilbud.lenke) == ("akutt", f"/henvendelser/{sak}")
    for varsel in (tilbud, invitasjon):
        assert "indremedisin" not in (varsel.tittel + varsel.tekst).lower()


@pytest.mark.parametrize("hva", ["ja", "nei", "trekk", "gi_tilbake", "vaktskifte"])
def test_et_tilbud_som_er_avgjort_varsles_ikke(hva: str, scene: Scene) -> None:
    """Answered, withdrawn or lapsed: what has not left is not sent, and the bell forgets it."""
    plan = vaktlag(scene, vakthavende=scene.spesialist, timer=1)
    with kl(0):
        lag_vakt(plan, scene.spesialist2, fra=T0 + timedelta(hours=1))
        sak = scene.sak(Status.AKSEPTERT, hastegrad="akutt")
    if hva == "vaktskifte":
        with kl(61):
            assert vaktskifte.lag_skifter() == 1
    with kl(62):
        ny = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
        deling.tilby_overlevering(scene.spesialist, sak, ny.medlemskap_id)
        assert len(fortalt("henvendelse.overlevering", bare_gjeldende=True)) == 1
        if hva in ("ja", "nei"):
            deling.svar_invitasjon(ny, spurt(sak), ja=hva == "ja")
        elif hva == "trekk":
            deling.trekk_invitasjon(scene.spesialist, spurt(sak))
        elif hva == "gi_tilbake":
            flyt.gi_tilbake(scene.spesialist, sak, "Opptatt.")
        else:
            skifte_id = db.session.scalar(sa.select(Vaktskiftesak.vaktskifte_id))
            db.session.rollback()
            vaktskifte.godta(scene.spesialist2, skifte_id, sak, "Lest.")
    assert fortalt("henvendelse.overlevering", bare_gjeldende=True) == []
    assert {u.stoppet is not None for u in siste_varsel("henvendelse.overlevering").utsendinger} == {True}
