"""The board's cache under pressure: who waits for a connection stops nobody, one reads for all, mergers reach it."""

from __future__ import annotations

from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser import tavlelager
from portal.plasser.service import reservasjoner, tavle
from portal.plasser.service.sammenslaaing import foelg_sammenslaatte
from tests.bygg import Scene, lag_kommune
from tests.plasser.hjelp import lag_plassenhet, sett_fase, teller
from tests.samtidig import samtidig

#: Seconds until a test gives up what should have come at once.
TAALMOD = 5


def _kald(monkeypatch: pytest.MonkeyPatch) -> None:
    tavlelager.glem()


def _utgaatt(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is older than it may be."""
    monkeypatch.setattr(tavlelager, "LEVETID", 0.0)


def _gammel(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is of another version."""
    siste = tavlelager._siste
    assert siste is not None
    siste.versjon -= 1


#: Each way that leads to the lock.
FOER = pytest.mark.parametrize("foer", [_kald, _utgaatt, _gammel])


@FOER
def test_ingen_venter_paa_en_forbindelse_med_laasen(
    foer: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all connections in use, those who have one would wait for the lock, and who has the lock for one of them."""
    lag_plassenhet(scene, 2)
    tavlelager.hent()
    foer(monkeypatch)
    db.session.remove()
    laast: list[bool] = []

    def hentet(*_: object) -> None:
        laast.append(tavlelager._laas.locked())

    sa.event.listen(db.engine.pool, "checkout", hentet)
    try:
        assert len(tavlelager.hent().enheter) == 1
    finally:
        sa.event.remove(db.engine.pool, "checkout", hentet)
    assert laast == [False]


@FOER
def test_den_som_venter_paa_databasen_stanser_ingen(
    foer: Any, scene: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag_plassenhet(scene, 2)
    tavlelager.hent()
    foer(monkeypatch)
    ekte, venter, svart = tavlelager._les_naa, Event(), Event()

    def les() -> Any:
        if not venter.is_set():
            venter.set()
            assert svart.wait(TAALMOD), "the other was answered only when this one had been"
        return ekte()

    monkeypatch.setattr(tavlelager, "_les_naa", les)

    def den_andre() -> int:
        assert venter.wait(TAALMOD)
        antall = len(tavlelager.hent().enheter)
        svart.set()
        return antall

    assert samtidig(app, lambda: len(tavlelager.hent().enheter), den_andre) == [1, 1]


@pytest.mark.parametrize("foer", [_kald, _gammel])
def test_de_som_venter_bruker_det_den_foerste_leste(
    foer: Any, scene: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asks what holds, before the lock; the rows are read by one, and none asks again."""
    lag_plassenhet(scene, 2)
    tavlelager.hent()
    foer(monkeypatch)
    antall, spurt, alle_har_spurt = 5, [], Event()
    ekte = tavlelager._les_naa

    def spoer() -> Any:
        naa = ekte()
        spurt.append(tavlelager._laas.locked())
        if len(spurt) == antall:
            alle_har_spurt.set()
        return naa

    monkeypatch.setattr(tavlelager, "_les_naa", spoer)
    lest = teller(monkeypatch)
    telt = tavlelager.les_rader

    def les(*vilkaar: Any) -> list[Any]:
        assert alle_har_spurt.wait(TAALMOD), "somebody waits for the lock without having asked"
        return telt(*vilkaar)

    monkeypatch.setattr(tavlelager, "les_rader", les)
    tavler = samtidig(app, *[tavlelager.hent] * antall)
    assert len({id(t) for t in tavler}) == 1
    assert (len(spurt), len(lest)) == (antall, 1)


def test_den_som_venter_faar_det_nyeste_av_sitt_og_det_som_ble_lest(
    scene: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked before the last change may be shown it; whoever asked after it is never shown less."""
    enhet = lag_plassenhet(scene, 3)
    gammelt = tavlelager._les_naa()
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    ferskt = tavlelager.hent()
    lest = teller(monkeypatch)
    assert tavlelager._oppdater(None, gammelt) is ferskt and lest == []
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    nytt = tavlelager._oppdater(None, tavlelager._les_naa())
    assert nytt is not ferskt and lest == [1]
    assert [r["holdt"] for r in nytt.enheter] == [2]
    # A phase has no order of its own: what was asked for holds.
    foer_fasen = tavlelager._les_naa()
    sett_fase(scene.kommune.id, 3)
    med_fasen = tavlelager.hent()
    assert [r["fase"] for r in med_fasen.enheter] == [3]
    etter = tavlelager._oppdater(None, foer_fasen)
    assert [r["fase"] for r in etter.enheter] == [1] and [r["fase"] for r in tavlelager.hent().enheter] == [3]
    assert lest == [1], "a phase reads no row"


# --- mergers ---------------------------------------------------------------------------------------------


@transactional
def _ny_kommune(scene: Scene) -> Organisasjon:
    return lag_kommune("Nye Testnes", helseforetak_id=scene.hf.id)


@transactional
def _slaa_sammen(ny_id: UUID, gammel_id: UUID) -> None:
    """What the register does: the units go to the successor, and the old one is no more."""
    gammel = db.session.get_one(Organisasjon, gammel_id)
    gammel.nedlagt, gammel.etterfolger_id = i_dag(), ny_id
    for enhet in db.session.scalars(sa.select(Enhet).where(Enhet.organisasjon_id == gammel_id)).all():
        enhet.organisasjon_id = ny_id


def test_en_sammenslaatt_kommunes_enheter_faar_etterfoelgerens_fase(scene: Scene) -> None:
    ny = _ny_kommune(scene)
    flyttet, annen = (
        lag_plassenhet(scene, 2, navn="Flyttes"),
        lag_plassenhet(scene, 1, navn="Blir", vert=scene.annen_kommune),
    )
    sett_fase(scene.kommune.id, 2)
    sett_fase(ny.id, 4)
    foer = tavle.hent_tavle(scene.lege)
    hode = tavle.hent_hode()
    assert {r["id"]: r["fase"] for r in foer["enheter"]} == {str(flyttet): 2, str(annen): 1}
    _slaa_sammen(ny.id, scene.kommune.id)
    assert foelg_sammenslaatte() == 1
    db.session.rollback()
    etter = tavle.hent_tavle(scene.lege, etter=foer["versjon"], faser=foer["faser"])
    assert etter["hel"] and etter["faser"] != foer["faser"], "the live boards count ages anew"
    rader = {r["id"]: r for r in etter["enheter"]}
    assert {id_: (r["fase"], r["kommune"]) for id_, r in rader.items()} == {
        str(flyttet): (4, "Nye Testnes"),
        str(annen): (1, scene.annen_kommune.kortnavn),
    }
    gammel_frist = next(r for r in foer["enheter"] if r["id"] == str(flyttet))["ferskt_til"]
    assert rader[str(flyttet)]["ferskt_til"] < gammel_frist
    # Those who have the board open are told of this row: its kommune is another one than what they compared with.
    assert set(tavle.hent_hode().kommuner) == {ny.id, scene.annen_kommune.id}
    assert [r["id"] for r in tavle.hent_faseendringer(hode)["enheter"]] == [str(flyttet)]
    # A process that begins now reads the same.
    lest = tavle.hent_tavle(scene.lege)
    tavlelager.glem()
    assert tavle.hent_tavle(scene.lege) == lest
