"""The canary: a test request walks the chain on a schedule, and each broken link is seen where people look."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Barrier, Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, UgyldigData
from portal.henvendelser.eskalering import kanari, kanarilesing, service
from portal.henvendelser.eskalering.kanarilesing import Kanaribilde
from portal.henvendelser.eskalering.models import Eskalering, Kanari, Kanarikjoering
from portal.vakt.models import Nivaa, Vakt
from portal.varsler.models import Kanal, Utsending, Varsel, Varselro, Varselvalg
from portal.varsler.service import levering
from portal.varsler.steps import kvitter_varsel, send_epost
from tests.bygg import Opptak, Scene, lag_aktor, lag_hf, lagre, revisjon, uten_spor
from tests.conftest import DB
from tests.skjemaer import Skjemaer
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan
from tests.varsler.tjenere import ledig_port, oppsett, porten, posttjener

#: A Wednesday, 11:00 in Oslo.
ONSDAG = datetime.fromisoformat("2026-10-14T09:00:00+00:00")


@pytest.fixture
def klokke(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ONSDAG, tick=False) as reisende:
        yield reisende


@pytest.fixture
def hus(klokke: time_machine.Traveller, scene: Scene) -> Scene:
    """The scene with a roster for indremedisin, which the specialist has a shift on."""
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, til=now() + timedelta(days=10))
    return scene


def sett(hus: Scene, minutter: int = 60, *, aktiv: bool = True) -> UUID:
    return kanari.sett(hus.koordinator, "indremedisin", minutter, aktiv=aktiv)


def arbeid(*, frist: bool = True, eskalering: bool = True, post: bool = True) -> None:
    """One round of the worker's lanes."""
    if frist:
        kanari.kjoer_planlagte()
    if eskalering:
        service.kjoer_forfalte()
    if post:
        levering.lever()
    if frist:
        kanari.fullfoer()


def gaa(klokke: time_machine.Traveller, sekunder: float, **spor: bool) -> None:
    """Time goes, and the worker with it, ten seconds at a time."""
    for _ in range(int(sekunder // 10)):
        klokke.shift(10)
        arbeid(**spor)


def bilde(hus: Scene) -> Kanaribilde:
    db.session.rollback()
    (k,) = kanarilesing.synlige_kanarier(hus.vaktleder)
    return k


def tilstand(hus: Scene) -> tuple[str, str]:
    k = bilde(hus)
    return str(k.tilstand), k.hvorfor


def ledd(hus: Scene) -> list[bool | None]:
    siste = bilde(hus).siste
    assert siste is not None
    return [x.ok for x in siste.ledd]


def fortalt(person: Aktor, kode: str) -> list[Varsel]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel)
            .where(Varsel.person_id == person.person_id, Varsel.kode == kode)
            .order_by(Varsel.opprettet)
        )
    )


# --- a whole chain ---------------------------------------------------------------------------------------


def test_en_hel_kjede_er_groenn(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    assert tilstand(hus) == ("ukjent", "")
    with posttjener() as t:
        arbeid()
        assert tilstand(hus) == ("ok", "") and ledd(hus) == [True] * 4
        (brev,) = t.mottatt
        adresse = db.session.scalar(sa.select(Utsending.til).where(Utsending.varsel_id.is_not(None)))
        assert brev["To"] == adresse and "Prøvevarsel for Indremedisin" in brev["Subject"]
        # Within the hour no more, at the hour once more.
        gaa(klokke, 3500)
        assert len(t.mottatt) == 1
        gaa(klokke, 200)
        assert len(t.mottatt) == 2
    assert tilstand(hus) == ("ok", "")
    # The timer is a timer like any other, ended when it was taken.
    timere = list(db.session.scalars(sa.select(Eskalering)))
    assert [(e.slag, e.utfall) for e in timere] == [("kanari", "ferdig")] * 2
    # A test that succeeds tells nobody but the one on call, whose bell holds the last one alone.
    koder = db.session.execute(sa.select(Varsel.person_id, Varsel.kode, Varsel.stoppet)).all()
    assert {(p, k) for p, k, _s in koder} == {(hus.spesialist.person_id, "kanari")}
    assert [s is None for *_x, s in koder].count(True) == 1


def test_den_som_kvitterer_er_et_sterkere_bevis(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    with posttjener():
        arbeid()
    siste = bilde(hus).siste
    assert siste is not None and [x.sett for x in siste.ledd] == [False] * 4
    (varsel,) = fortalt(hus.spesialist, "kanari")
    klokke.shift(120)
    transactional(lambda: kvitter_varsel(varsel.id, "portal"))()
    siste = bilde(hus).siste
    assert siste is not None and [x.sett for x in siste.ledd] == [False, False, False, True]


def test_bakvakta_proeves_naar_vakthavende_mangler(klokke: time_machine.Traveller, scene: Scene) -> None:
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist2, Nivaa.BAKVAKT)
    sett(scene)
    with posttjener():
        arbeid()
    assert tilstand(scene) == ("ok", "") and fortalt(scene.spesialist2, "kanari")


# --- it disturbs nobody more than they chose -------------------------------------------------------------


@pytest.mark.parametrize(
    ("ro", "kanaler"),
    [
        (None, {"epost"}),
        ({"kanari_vekker": False}, {"epost"}),
        ({"kanari_vekker": True, "fra": "22:00", "til": "07:00"}, {"epost", "push"}),
        # Eleven o'clock is in the quiet hours of this one.
        ({"kanari_vekker": True, "fra": "08:00", "til": "15:00"}, {"epost"}),
    ],
)
def test_kanalene_er_de_personen_har_tillatt(
    hus: Scene, ro: dict[str, Any] | None, kanaler: set[str]
) -> None:
    lag_kanal(
        hus.spesialist, Kanal.PUSH, "https://push.eksempel.example/x", data={"p256dh": "x", "auth": "y"}
    )
    lag_kanal(hus.spesialist, Kanal.SMS)
    if ro is not None:
        lagre(Varselro(person_id=hus.spesialist.person_id, **ro))
    sett(hus)
    kanari.kjoer_planlagte()
    service.kjoer_forfalte()
    assert set(db.session.scalars(sa.select(Utsending.kanal))) == kanaler
    (varsel,) = fortalt(hus.spesialist, "kanari")
    assert varsel.hastegrad == "vanlig"
    assert set(db.session.scalars(sa.select(Utsending.neste))) == {now()}, (
        "none waits for a quiet hour to end"
    )


# --- each link broken in turn, seen red, and green again when it is mended -------------------------------


def test_tom_vaktplan(klokke: time_machine.Traveller, scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    sett(scene, 15)
    arbeid()
    assert tilstand(scene) == ("roed", "ingen_paa_vakt") and ledd(scene) == [False, None, None, None]
    # The vaktleder is told once, however long it lasts.
    gaa(klokke, 1900)
    assert len(fortalt(scene.vaktleder, "kanari.brutt")) == 1
    lag_vakt(plan, scene.spesialist)
    with posttjener():
        gaa(klokke, 900)
    assert tilstand(scene) == ("ok", "")
    assert len(fortalt(scene.vaktleder, "kanari.hel")) == 1
    (brutt,) = fortalt(scene.vaktleder, "kanari.brutt")
    assert brutt.stoppet is not None and brutt.hastegrad == "haster"


def test_vakta_slutter_mens_proeven_gaar(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    kanari.kjoer_planlagte()
    transactional(lambda: db.session.execute(sa.update(Vakt).values(avlyst=now())))()
    arbeid()
    assert tilstand(hus) == ("roed", "ingen_paa_vakt") and ledd(hus) == [False, True, None, None]


def test_eskaleringen_staar(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    with posttjener() as t:
        arbeid(eskalering=False)
        assert tilstand(hus) == ("ukjent", "") and bilde(hus).gaar
        gaa(klokke, 170, eskalering=False)
        assert bilde(hus).gaar
        gaa(klokke, 20, eskalering=False)
        assert tilstand(hus) == ("roed", "timer_ikke_tatt") and ledd(hus) == [True, False, None, None]
        # When it comes back it tells nobody of a test that is over.
        arbeid()
        assert t.mottatt == [] or all("Prøvevarsel" not in b["Subject"] for b in t.mottatt)
        kanari.kjoer_naa(hus.vaktleder, bilde(hus).id)
        arbeid()
    assert tilstand(hus) == ("ok", "")


def test_utsendingen_staar(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    with posttjener() as t:
        arbeid(post=False)
        gaa(klokke, 190, post=False)
        assert tilstand(hus) == ("roed", "ikke_forsoekt") and ledd(hus) == [True, True, False, None]
        gaa(klokke, 60)
        assert not [b for b in t.mottatt if "Prøvevarsel" in b["Subject"]], "a test that is over is not sent"
        kanari.kjoer_naa(hus.vaktleder, bilde(hus).id)
        gaa(klokke, 10)
    assert tilstand(hus) == ("ok", "")


@pytest.mark.parametrize("andre_brev", [False, True])
def test_posttjeneren_er_nede(hus: Scene, klokke: time_machine.Traveller, andre_brev: bool) -> None:
    """Also when another letter was the one that found it away, and the test's own was only postponed."""
    port = ledig_port()
    sett(hus)
    with oppsett(smtp_url=f"smtp://127.0.0.1:{port}"):
        if andre_brev:
            transactional(lambda: send_epost("et brev", "en@eksempel.example", "Emne", "Tekst"))()
            levering.lever()
        gaa(klokke, 200)
        assert tilstand(hus) == ("roed", "ikke_levert") and ledd(hus) == [True, True, True, False]
        siste = bilde(hus).siste
        assert siste is not None and siste.ledd[-1].detalj.startswith("epost: ")
        assert "@" not in siste.ledd[-1].detalj
    (brutt,) = fortalt(hus.vaktleder, "kanari.brutt")
    assert "Indremedisin" in brutt.tittel
    with posttjener(port):
        kanari.kjoer_naa(hus.vaktleder, bilde(hus).id)
        gaa(klokke, 60)
    assert tilstand(hus) == ("ok", "")


def test_porten_er_nede_for_den_som_vil_vekkes(hus: Scene, klokke: time_machine.Traveller) -> None:
    """E-mail came through; but what should wake did not, and a real alarm hangs on that."""
    lag_kanal(hus.spesialist, Kanal.SMS)
    lagre(
        Varselro(person_id=hus.spesialist.person_id, kanari_vekker=True),
        Varselvalg(person_id=hus.spesialist.person_id, hastegrad="vanlig", kanaler=["sms"]),
    )
    sett(hus)
    with posttjener(), porten() as t:
        t.svar[""] = 503
        gaa(klokke, 200)
        assert tilstand(hus) == ("roed", "ikke_levert")
        siste = bilde(hus).siste
        assert siste is not None and siste.ledd[-1].detalj.startswith("sms")
        t.svar.clear()
        kanari.kjoer_naa(hus.vaktleder, bilde(hus).id)
        gaa(klokke, 60)
        assert tilstand(hus) == ("ok", "")


def test_uten_posttjener_i_produksjon(hus: Scene, klokke: time_machine.Traveller) -> None:
    """Letters that become files reach nobody there; in a demo that is how it should be."""
    sett(hus)
    with oppsett(modus="produksjon"):
        gaa(klokke, 200)
        assert tilstand(hus) == ("roed", "ingen_kanal")
    with oppsett(modus="demo"):
        kanari.kjoer_naa(hus.vaktleder, bilde(hus).id)
        gaa(klokke, 10)
        assert tilstand(hus) == ("ok", "")


def test_arbeideren_er_doed(hus: Scene, klokke: time_machine.Traveller) -> None:
    """Nobody writes anything: whoever reads, sees it."""
    sett(hus, 15)
    klokke.shift(29)
    assert tilstand(hus) == ("ukjent", "")
    klokke.shift(2)
    assert tilstand(hus) == ("roed", "ikke_startet")
    with posttjener():
        arbeid()
        assert tilstand(hus) == ("ok", "")
        klokke.shift(15 * 60 + 31)
        assert tilstand(hus) == ("roed", "ikke_startet")
        arbeid()
        assert tilstand(hus) == ("ok", "")


def test_arbeideren_doer_midt_i_en_proeve(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    kanari.kjoer_planlagte()
    klokke.shift(200)
    assert tilstand(hus) == ("ukjent", "")
    klokke.shift(20)
    assert tilstand(hus) == ("roed", "timer_ikke_tatt")


def test_to_arbeidere_gaar_en_runde(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    with posttjener() as t:
        for gjoer in (kanari.kjoer_planlagte, service.kjoer_forfalte, levering.lever, kanari.fullfoer):
            gjoer()
            gjoer()
        assert len(t.mottatt) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Kanarikjoering)) == 1
    assert tilstand(hus) == ("ok", "")


def test_uten_vaktleder_faar_koordinator_og_administrator_vite_det(
    klokke: time_machine.Traveller, app: Flask
) -> None:
    hf = lag_hf()
    koordinator = lag_aktor(Rolle.KOORDINATOR, hf)
    administrator = lag_aktor(Rolle.ADMINISTRATOR, hf)
    lag_vaktplan(hf.id, "kirurgi")
    kanari.sett(koordinator, "kirurgi", 60, aktiv=True)
    arbeid()
    assert fortalt(koordinator, "kanari.brutt") and fortalt(administrator, "kanari.brutt")


def test_en_som_feiler_stanser_ikke_de_andre(
    hus: Scene, klokke: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag_vakt(lag_vaktplan(hus.hf.id, "geriatri"), hus.spesialist2)
    kanari.sett(hus.koordinator, "geriatri", 60, aktiv=True)
    sett(hus)
    ekte = kanari.foerste_paa_vakt

    def feiler(k: Kanari) -> Any:
        if k.fagomraade == "geriatri":
            raise RuntimeError("feil")
        return ekte(k)

    monkeypatch.setattr(kanari, "foerste_paa_vakt", feiler)
    with posttjener():
        arbeid()
    db.session.rollback()
    tilstander = {k.fagomraade: k.tilstand for k in kanarilesing.synlige_kanarier(hus.vaktleder)}
    assert tilstander == {"geriatri": "ukjent", "indremedisin": "ok"}


# --- setting them ----------------------------------------------------------------------------------------


def test_aa_sette_og_slaa_av(hus: Scene, klokke: time_machine.Traveller) -> None:
    id_ = sett(hus)
    (innslag,) = revisjon("kanari.satt")
    assert innslag.objekt_id == str(id_) and innslag.organisasjon_id == hus.hf.id
    assert sett(hus, 360, aktiv=False) == id_
    assert (tilstand(hus), bilde(hus).hver_minutter) == (("av", ""), 360)
    gaa(klokke, 60)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Kanarikjoering)) == 0
    with pytest.raises(Konflikt):
        kanari.kjoer_naa(hus.vaktleder, id_)


def test_to_proever_gaar_ikke_samtidig(hus: Scene, klokke: time_machine.Traveller) -> None:
    id_ = sett(hus)
    kanari.kjoer_planlagte()
    with pytest.raises(Konflikt):
        kanari.kjoer_naa(hus.vaktleder, id_)


@pytest.mark.parametrize(
    ("fagomraade", "minutter", "felt"),
    [("kirurgi", 60, "fagomraade"), ("", 60, "fagomraade"), ("indremedisin", 1, "hver_minutter")],
)
def test_det_som_ikke_kan_settes(
    hus: Scene, opptak: Opptak, fagomraade: str, minutter: int, felt: str
) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        kanari.sett(hus.koordinator, fagomraade, minutter, aktiv=True)
    assert list(feil.value.detaljer["felter"]) == [felt]


@pytest.mark.parametrize(
    "hvem", ["lege", "sykepleier", "spesialist", "kommuneoverlege", "systemadministrator", "innsyn"]
)
def test_hvem_som_ikke_kan_sette(hus: Scene, opptak: Opptak, hvem: str) -> None:
    id_ = sett(hus)
    aktor = getattr(hus, hvem)
    with uten_spor(opptak, avslag=3):
        for gjoer in (
            lambda: kanari.sett(aktor, "indremedisin", 60, aktiv=True),
            lambda: kanari.kjoer_naa(aktor, id_),
            lambda: kanarilesing.hent_historikk(aktor, id_),
        ):
            with pytest.raises(IkkeTilgang):
                gjoer()


def test_en_annens_finnes_ikke(hus: Scene, opptak: Opptak) -> None:
    id_ = sett(hus)
    fremmed = lag_aktor(Rolle.KOORDINATOR, hus.annet_hf)
    with uten_spor(opptak, avslag=2):
        for gjoer in (
            lambda: kanari.kjoer_naa(fremmed, id_),
            lambda: kanarilesing.hent_historikk(fremmed, id_),
            lambda: kanari.kjoer_naa(hus.koordinator, uuid4()),
        ):
            with pytest.raises(IkkeFunnet):
                gjoer()
    assert kanarilesing.synlige_kanarier(fremmed) == []
    assert len(kanarilesing.synlige_kanarier(hus.systemadministrator)) == 1


def test_den_som_ikke_vil_ha_epost_faar_ingen(hus: Scene, klokke: time_machine.Traveller) -> None:
    """Unticked for what is least urgent: the test stands in the portal alone, and says so; nothing is broken by it."""
    lagre(Varselvalg(person_id=hus.spesialist.person_id, hastegrad="vanlig", kanaler=["push"]))
    sett(hus)
    with posttjener() as t:
        gaa(klokke, 60)
    assert t.mottatt == [] and list(db.session.scalars(sa.select(Utsending))) == []
    assert len(fortalt(hus.spesialist, "kanari")) == 1
    assert tilstand(hus) == ("ok", "") and ledd(hus) == [True] * 4
    siste = bilde(hus).siste
    assert siste is not None and [x.bare_portal for x in siste.ledd] == [False, False, False, True]


def test_to_setter_den_opp_samtidig(app: Flask, hus: Scene) -> None:
    """One makes it, and the other one's choice comes after: neither is met by an error."""
    start = Barrier(4)
    feil: list[BaseException] = []

    def sett_opp(minutter: int) -> None:
        try:
            with app.app_context():
                start.wait()
                sett(hus, minutter)
        except BaseException as e:
            feil.append(e)

    traader = [Thread(target=sett_opp, args=(m,)) for m in (15, 60, 360, 1440)]
    for t in traader:
        t.start()
    for t in traader:
        t.join(30)
    assert feil == []
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Kanari)) == 1


@pytest.mark.skipif(DB != "postgresql", reason="SQLite has one writer: nobody waits for a row")
def test_den_som_tar_timeren_og_den_som_avslutter_venter_ikke_paa_hverandre_i_ring(
    app: Flask, hus: Scene, klokke: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has the timer and wants the run; had the other the run first, each would wait for the other."""
    sett(hus)
    kanari.kjoer_planlagte()
    db.session.rollback()
    kjoering = db.session.scalars(sa.select(Kanarikjoering)).one()
    esk_id, id_ = kjoering.eskalering_id, kjoering.id
    db.session.rollback()
    ekte, inne = kanari.ledd_naa, Event()

    def sakte(k: Kanarikjoering, naa: datetime) -> dict[str, Any]:
        inne.set()
        time.sleep(0.5)
        return ekte(k, naa)

    monkeypatch.setattr(kanari, "ledd_naa", sakte)
    feil: list[BaseException] = []

    def kjoer(gjoer: Callable[[], object]) -> None:
        try:
            with app.app_context():
                gjoer()
        except BaseException as e:
            feil.append(e)

    klokke.shift(kanari.FRIST)
    traader = [
        Thread(target=kjoer, args=(gjoer,))
        for gjoer in (lambda: kanari.avslutt_kjoering(id_), lambda: service._ta_kanari(esk_id))
    ]
    traader[0].start()
    assert inne.wait(10)
    traader[1].start()
    for t in traader:
        t.join(20)
    assert feil == [] and not any(t.is_alive() for t in traader)
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Kanarikjoering, id_).roed is True


# --- the pages -------------------------------------------------------------------------------------------


def test_sidene_leser_seg_paa_nytt(hus: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    """Asked for by itself a page gives what changes in it alone: a form that is being filled in stands."""
    sett(hus)
    with posttjener():
        arbeid()
    klient = som(hus.koordinator)
    for adresse in ("/vakt/kanari", f"/vakt/kanari/{bilde(hus).id}"):
        hel = klient.get(adresse).text
        assert f'data-driftsstatus="{adresse}"' in hel and "data-drift-mistet=" in hel
        del_ = klient.get(adresse, headers={"X-Bakgrunn": "1"}).text
        assert "<html" not in del_ and "data-drift-sum" in del_ and 'name="hver_minutter"' not in del_
        assert del_.count("Holder") == 4


def test_siden(hus: Scene, klokke: time_machine.Traveller, som: Callable[[Aktor], FlaskClient]) -> None:
    klient = som(hus.koordinator)
    side = klient.get("/vakt/kanari").text
    skjema = Skjemaer(side).skjemaer["/vakt/kanari"]
    assert skjema["hver_minutter"] == "1440" and skjema["aktiv"] == "1"
    feilet = klient.post("/vakt/kanari", data={**skjema, "fagomraade": "", "hver_minutter": "15"})
    assert feilet.status_code == 422 and "vaktplan" in feilet.text
    assert Skjemaer(feilet.text).skjemaer["/vakt/kanari"]["hver_minutter"] == "15"
    assert klient.post("/vakt/kanari", data={**skjema, "fagomraade": "indremedisin"}).status_code == 303
    assert "Ikke prøvd ennå" in klient.get("/vakt/kanari").text
    with posttjener():
        arbeid()
    side = klient.get("/vakt/kanari").text
    assert "vekkingen er ikke prøvd" in side and side.count("Holder") == 4
    assert 'data-tilstand="ok">' in side and ">Virker<" not in side, "nobody has proven that an alarm wakes"
    lag_kanal(hus.spesialist, Kanal.PUSH, "https://push.example/x")
    side = klient.get("/vakt/kanari").text
    assert "Virker" in side and "vekkingen er ikke prøvd" not in side
    id_ = bilde(hus).id
    assert f"/vakt/kanari/{id_}" in side
    assert klient.post(f"/vakt/kanari/{id_}/kjoer").status_code == 303
    arbeid(post=False)
    gaa(klokke, 190, post=False)
    historikk = klient.get(f"/vakt/kanari/{id_}").text
    assert len(re.findall(r'class="kjede"', historikk)) == 2
    assert "Brutt" in historikk and "ble liggende i køen" in historikk


@pytest.mark.parametrize(
    ("hvem", "status"),
    [("koordinator", 200), ("vaktleder", 200), ("administrator", 200)]
    + [(h, 403) for h in ("lege", "sykepleier", "spesialist", "systemadministrator", "innsyn")],
)
def test_hvem_som_ser_siden(hus: Scene, som: Callable[[Aktor], FlaskClient], hvem: str, status: int) -> None:
    klient = som(getattr(hus, hvem))
    assert klient.get("/vakt/kanari").status_code == status
    assert klient.post("/vakt/kanari", data={}).status_code == (422 if status == 200 else 403)
    ukjent = f"/vakt/kanari/{uuid4()}"
    assert klient.get(ukjent).status_code == (404 if status == 200 else 403)
    assert klient.post(f"{ukjent}/kjoer").status_code == (404 if status == 200 else 403)


def test_uten_vaktplan_sier_siden_hva_som_mangler(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    side = som(scene.koordinator).get("/vakt/kanari").text
    assert "Ingen vaktplan å prøve" in side and 'action="/vakt/kanari"' not in side
