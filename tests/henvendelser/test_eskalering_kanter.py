"""Where escalations could break: locks that are held, a case without a vaktleder, clocks that jump, holes in a row."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from threading import Event as ThreadEvent
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from portal.core import puls
from portal.core.aktor import Rolle
from portal.core.arbeider import Arbeider, Jobb, Spor, pulsnavn
from portal.core.clock import now
from portal.core.db import db, skrivetransaksjon, transactional
from portal.henvendelser.eskalering import kanari, kanarilesing, service, vaktskifte
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse, HenvendelseHode
from portal.henvendelser.service import flyt, meldinger
from portal.henvendelser.service.sammenslaaing import foelg_sammenslaatte
from portal.identitet.models import Medlemskap, Organisasjon
from portal.identitet.mottakere import mottaker_for
from portal.innsikt import service as innsikt
from portal.innsikt.service import Tilstand
from portal.revisjon.models import Revisjonskjede
from portal.vakt.models import Fravaer, Nivaa
from portal.varsler import port, post
from portal.varsler.models import Kanal, Varsel
from portal.varsler.service import levering
from portal.varsler.steps import varsle
from tests.bygg import Scene, lag_aktor, lag_hf, lagre
from tests.conftest import DB
from tests.henvendelser.eskaleringshjelp import T0, fortalt, fullt_lag, kl, trinn, vaktlag, ved
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan

bare_postgres = pytest.mark.skipif(DB != "postgresql", reason="On SQLite there is one writer at a time.")


@contextmanager
def laast(app: Flask, rad: sa.Select[Any]) -> Iterator[None]:
    """Another process holds the row, and does not let go."""
    with app.app_context():
        motor = db.engine
    with skrivetransaksjon(motor) as c:
        c.execute(rad.with_for_update())
        yield


def i_egen_traad(app: Flask, minutter: float, gjoer: Callable[[], Any]) -> None:
    """Another process's work: the test does not wait for it longer than twenty seconds."""
    feil: list[BaseException] = []

    def kjoer() -> None:
        try:
            with app.app_context(), kl(minutter):
                gjoer()
        except BaseException as e:
            feil.append(e)

    traad = Thread(target=kjoer, daemon=True)
    traad.start()
    traad.join(20)
    assert not traad.is_alive() and not feil, feil


# --- locks -----------------------------------------------------------------------------------------------


@bare_postgres
@pytest.mark.parametrize("hva", ["sak", "teller", "kjede"])
def test_en_sak_som_noen_holder_stanser_ikke_de_andre(hva: str, app: Flask, scene: Scene) -> None:
    """A process that hangs with a lock (the case's, its counter's, its audit chain's) delays that case alone."""
    fullt_lag(scene)
    with kl(0):
        holdt, annen = scene.send(hastegrad="akutt"), scene.send(hastegrad="akutt")
    rad: dict[str, sa.Select[Any]] = {
        "sak": sa.select(Henvendelse.id).where(Henvendelse.id == holdt),
        "teller": sa.select(HenvendelseHode.sekvens).where(HenvendelseHode.henvendelse_id == holdt),
        "kjede": sa.select(Revisjonskjede.antall).where(Revisjonskjede.noekkel == f"sak:{holdt}"),
    }
    arbeider = Arbeider(app, [Jobb("frister", 0, service.kjoer_forfalte, Spor.FRIST)])
    foer = time.monotonic()
    with laast(app, rad[hva]):
        i_egen_traad(app, 5, lambda: arbeider.runde_i(Spor.FRIST, time.monotonic()))
        assert time.monotonic() - foer < 4
        assert [t[1] for t in trinn(annen)] == [Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT]
        assert [t[1] for t in trinn(holdt)] == [Nivaa.VAKTHAVENDE]
    assert ved(5.1) == 1
    assert [t[1] for t in trinn(holdt)] == [Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT]


@bare_postgres
def test_vaktskiftet_venter_ikke_paa_en_laas(app: Flask, scene: Scene) -> None:
    """The hand-over shares the lane of the timers: a case that is held must not hold those up."""
    plan = lag_vaktplan(scene.hf.id)
    with kl(-60):
        lag_vakt(plan, scene.spesialist, til=T0 + timedelta(minutes=30))
        lag_vakt(plan, scene.spesialist2, fra=T0 + timedelta(minutes=30))
    with kl(0):
        sak = scene.sak(Status.AKSEPTERT)
    arbeider = Arbeider(app, [Jobb("skifter", 0, vaktskifte.lag_skifter, Spor.FRIST)])
    foer = time.monotonic()
    with laast(app, sa.select(Henvendelse.id).where(Henvendelse.id == sak)):
        i_egen_traad(app, 31, lambda: arbeider.runde_i(Spor.FRIST, time.monotonic()))
        assert time.monotonic() - foer < 4
    with kl(31):
        assert vaktskifte.lag_skifter() == 1


def test_de_to_siste_i_koen_tas_samtidig(app: Flask, scene: Scene) -> None:
    """Each sees the other case waiting still: somebody has to see that the queue is empty."""
    with kl(0):
        to = [scene.send(), scene.send()]
    vaktlag(scene, vakthavende=scene.spesialist)
    with kl(1):
        assert service.nye_paa_vakt() == 1
    assert [n for _, _, n in fortalt("henvendelse.venter", bare_gjeldende=True)] == [scene.spesialist.navn]
    start = Barrier(2)

    def ta(sak: UUID) -> None:
        with app.app_context(), kl(2):
            start.wait()
            flyt.aksepter(scene.spesialist, sak)

    with ThreadPoolExecutor(2) as traader:
        for f in [traader.submit(ta, s) for s in to]:
            f.result(timeout=30)
    assert fortalt("henvendelse.venter", bare_gjeldende=True) == []


def test_koen_hos_en_som_er_slaatt_sammen_varsler_ikke_lenger(scene: Scene) -> None:
    """Its cases wait at the successor: those on call there are told, and what was told of the old queue stops."""
    with kl(0):
        scene.send()
        ny = lag_hf("Storsykehuset")
        paa_vakt = lag_aktor(Rolle.SPESIALIST, ny, fag=("indremedisin",), navn="Per Påvakt")
        lag_vakt(lag_vaktplan(ny.id), paa_vakt)
    vaktlag(scene, vakthavende=scene.spesialist)
    with kl(1):
        assert service.nye_paa_vakt() == 1
    slaa_sammen(scene.hf.id, ny.id)
    with kl(2):
        assert foelg_sammenslaatte() == 1
        assert service.nye_paa_vakt() == 1
    assert fortalt("henvendelse.venter", bare_gjeldende=True) == [(2, "henvendelse.venter", paa_vakt.navn)]


@transactional
def slaa_sammen(gammel: UUID, ny: UUID) -> None:
    rad = db.session.get_one(Organisasjon, gammel)
    rad.nedlagt, rad.etterfolger_id = T0.date(), ny


def test_meldingen_som_ingen_svarer_paa_heter_det(scene: Scene) -> None:
    """The advice is given: the vaktleder is told of a message without an answer, and not of a case without one."""
    vaktlag(scene, vakthavende=scene.spesialist)
    lag_policy(scene.hf.id, "akutt", [("vakthavende", 0)])
    with kl(0):
        sak = scene.sak(Status.BESVART, hastegrad="akutt")
        meldinger.send_melding(scene.lege, sak, uuid4(), "Hva med dosen?")
        service.finn_ubesvarte()
    for minutt in range(60):
        ved(minutt)
    titler = set(
        db.session.scalars(sa.select(Varsel.tittel).where(Varsel.person_id == scene.vaktleder.person_id))
    )
    assert titler == {"En melding fra Guovdageaidnu til Indremedisin er ikke besvart"}


# --- who is told -----------------------------------------------------------------------------------------


def test_uten_vaktleder_faar_koordinatoren_vite_det(scene: Scene) -> None:
    """A hospital or kommune may have nobody with the role of vaktleder: somebody there must hear of it all the same."""
    with kl(-600):
        hf = scene.annet_hf
        lag_aktor(Rolle.SPESIALIST, hf, fag=("indremedisin",))
        _avslutt(sa.select(Medlemskap).where(Medlemskap.rolle == Rolle.VAKTLEDER))
        koordinator = lag_aktor(Rolle.KOORDINATOR, hf, navn="Kari Koordinator")
    with kl(0):
        scene.send(hastegrad="akutt", mottaker_id=hf.id)
    assert (0, "henvendelse.ikke_tatt", koordinator.navn) in fortalt()
    varsel = db.session.scalars(sa.select(Varsel).where(Varsel.person_id == koordinator.person_id)).one()
    # Whoever keeps the rosters sees no cases.
    assert varsel.lenke == "/vakt/uroerte" and varsel.tekst.startswith("Ring den som har vakt")
    assert "Saken ligger i portalen" not in varsel.tekst


def _avslutt(medlemskap: sa.Select[Any]) -> None:
    @transactional
    def gjoer() -> None:
        for m in db.session.scalars(medlemskap):
            m.gyldig_til = now()

    gjoer()


# --- the change of shift ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hvorfor", ["borte", "sluttet"])
def test_den_imellom_kom_aldri(hvorfor: str, scene: Scene) -> None:
    """Whoever should have come between the two was away or has left: the next one who comes is given the cases."""
    plan = lag_vaktplan(scene.hf.id)
    with kl(-60):
        mellom = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
        lag_vakt(plan, scene.spesialist, til=T0 + timedelta(minutes=30))
        lag_vakt(plan, mellom, fra=T0 + timedelta(minutes=30), til=T0 + timedelta(minutes=60))
        lag_vakt(plan, scene.spesialist2, fra=T0 + timedelta(minutes=60))
        if hvorfor == "borte":
            lagre(
                Fravaer(
                    person_id=mellom.person_id,
                    organisasjon_id=scene.hf.id,
                    fra=T0,
                    til=T0 + timedelta(hours=5),
                    opprettet_av_id=mellom.person_id,
                    opprettet=T0,
                )
            )
        else:
            _avslutt(sa.select(Medlemskap).where(Medlemskap.id == mellom.medlemskap_id))
    with kl(0):
        sak = scene.sak(Status.AKSEPTERT)
    with kl(31):
        assert vaktskifte.lag_skifter() == 0
    with kl(61):
        assert vaktskifte.lag_skifter() == 1
        (rad,) = vaktskifte.hent_mine_skifter(scene.spesialist2).til_meg
        assert rad.henvendelse_id == sak
        assert rad.vaktskifte.fra_medlemskap_id == scene.spesialist.medlemskap_id


def test_den_imellom_kom_sent(scene: Scene) -> None:
    """Away for a part of the shift, and there for the rest: the cases go by way of that person."""
    plan = lag_vaktplan(scene.hf.id)
    with kl(-60):
        lag_vakt(plan, scene.spesialist2, til=T0 + timedelta(minutes=-10))
        lag_vakt(plan, scene.spesialist, fra=T0 - timedelta(minutes=10), til=T0 + timedelta(minutes=60))
        ny = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
        lag_vakt(plan, ny, fra=T0 + timedelta(minutes=60))
        lagre(
            Fravaer(
                person_id=scene.spesialist.person_id,
                organisasjon_id=scene.hf.id,
                fra=T0 - timedelta(minutes=20),
                til=T0 - timedelta(minutes=5),
                opprettet_av_id=scene.spesialist.person_id,
                opprettet=T0 - timedelta(hours=1),
            )
        )
    with kl(0):
        sak = scene.sak(Status.AKSEPTERT)
        assert vaktskifte.lag_skifter() == 1
    with kl(61):
        assert vaktskifte.lag_skifter() == 1
        assert [r.henvendelse_id for r in vaktskifte.hent_mine_skifter(ny).til_meg] == [sak]


# --- the clock, and what nobody looks at -----------------------------------------------------------------


def test_en_puls_fra_framtida_er_ingen_puls(app: Flask) -> None:
    """The clock was an hour ahead, was set right, and the worker died: it must not look alive for an hour."""
    with kl(60):
        for spor in Spor:
            puls.slaa(pulsnavn(spor))
    with kl(0):
        assert {d.kode for d in innsikt.les_drift().av_slag("spor") if d.tilstand != Tilstand.ROED} == set()
        for spor in Spor:
            puls.slaa(pulsnavn(spor))
        assert {d.tilstand for d in innsikt.les_drift().av_slag("spor")} == {Tilstand.OK}


def test_en_sak_uten_timer_er_roed(scene: Scene) -> None:
    """A case that climbs nowhere is one that nobody sees: a monitor hears of it, if no timer can be started."""
    with kl(0):
        sak = scene.send()
        glem_timerne()
    with kl(1.5):
        assert innsikt.les_drift().deler["eskalering"].tilstand == Tilstand.OK
    with kl(2.5):
        assert innsikt.les_drift().deler["eskalering"].tall["forfalt"] == 1
        assert "eskalering" in innsikt.eskaleringshelse()[0]
        assert service.start_manglende() == 1
        assert innsikt.les_drift().deler["eskalering"].tilstand == Tilstand.OK
    assert [t[2] for t in trinn(sak)][-1] == "ingen"


@transactional
def glem_timerne() -> None:
    db.session.execute(sa.delete(Eskaleringstrinn))
    db.session.execute(sa.delete(Eskalering))


def test_en_proeve_som_ble_tatt_for_sent_forstyrrer_ingen(scene: Scene) -> None:
    """The worker was dead: what it finds when it comes back is told of as it was, and to nobody on call."""
    vaktlag(scene, vakthavende=scene.spesialist)
    with kl(0):
        kanari.sett(scene.koordinator, "indremedisin", 60, aktiv=True)
        assert kanari.kjoer_planlagte() == 1
    with kl(10):
        service.kjoer_forfalte()
        assert kanari.fullfoer() == 1
        (bilde,) = kanarilesing.synlige_kanarier(scene.vaktleder)
    assert bilde.hvorfor == "timer_ikke_tatt" and fortalt("kanari") == []
    assert [n for _, _, n in fortalt("kanari.brutt")] == [scene.vaktleder.navn]


def test_den_foerste_som_er_der_hoerer_at_saken_er_ny(scene: Scene) -> None:
    """Whoever is told first is not told that nobody takes it, though an empty level was passed on the way."""
    vaktlag(scene, bakvakt=scene.spesialist)
    with kl(0):
        scene.send(hastegrad="akutt")
    tittel = db.session.scalars(sa.select(Varsel.tittel).where(Varsel.kode == "henvendelse.ny")).one()
    assert tittel == "Ny akutt henvendelse til Indremedisin fra Guovdageaidnu"


# --- a server that hangs ---------------------------------------------------------------------------------


def test_et_brev_som_henger_holder_ikke_igjen_det_som_vekker(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server is slow beyond the time of a round: what is to wake somebody leaves meanwhile."""
    slipp, sendt = ThreadEvent(), []

    def send(brev: levering.Brev) -> None:
        if isinstance(brev, post.Brev):
            slipp.wait(20)
        sendt.append(type(brev).__name__)

    monkeypatch.setattr(levering, "_send", send)
    monkeypatch.setattr(levering, "RUNDE", 0.1)
    monkeypatch.setattr(port, "er_satt_opp", lambda _kanal: True)
    vaktlag(scene, vakthavende=scene.spesialist)
    fortell(scene, frozenset({Kanal.EPOST}))
    traad = Thread(
        target=lambda app: for_seg_i(app, levering.lever), args=(current_app._get_current_object(),)
    )
    traad.start()
    time.sleep(0.5)
    fortell(scene, frozenset({Kanal.SMS}))
    vent_til(lambda: sendt == ["Oppdrag"])
    assert traad.is_alive()
    slipp.set()
    traad.join(10)
    assert sendt == ["Oppdrag", "Brev"] and not traad.is_alive()


def for_seg_i(app: Flask, gjoer: Callable[[], Any]) -> None:
    with app.app_context():
        gjoer()


@transactional
def fortell(scene: Scene, kanaler: frozenset[Kanal]) -> None:
    til = mottaker_for(scene.spesialist.medlemskap_id)
    assert til is not None
    varsle(
        til,
        noekkel=str(kanaler),
        kode="henvendelse.ny",
        tittel="Ny",
        hastegrad="akutt",
        telefoner=[(k, "+4790000001") for k in kanaler - {Kanal.EPOST}],
        bare=kanaler & {Kanal.EPOST},
    )


def vent_til(sant: Callable[[], bool]) -> None:
    slutt = time.monotonic() + 10
    while not sant():
        assert time.monotonic() < slutt
        time.sleep(0.02)


def test_en_posttjener_som_drypper_blir_gitt_opp(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sign a moment is never silent for long, and would hold a letter for days."""
    monkeypatch.setattr(post, "BREVFRIST", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as tjener:
        ferdig = ThreadEvent()

        def drypp() -> None:
            klient, _ = tjener.accept()
            with klient, suppress(OSError):
                while not ferdig.wait(0.1):
                    klient.sendall(b"2")

        traad = Thread(target=drypp, daemon=True)
        traad.start()
        brev = post.Brev(UUID(int=1), "a@eksempel.example", "Ny", "Åpne saken.", T0)
        foer = time.monotonic()
        with pytest.raises(post.IngenTjener):
            post.send(
                brev,
                smtp_url=f"smtp://127.0.0.1:{tjener.getsockname()[1]}",
                fra="p@eksempel.example",
                utboks=Path(),
            )
        assert time.monotonic() - foer < 5
        ferdig.set()
        traad.join(5)
