"""The worker's lanes: one that hangs delays no other, one that fails tells no lies, and all stop when told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Event
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from portal.cli import arbeider
from portal.core import puls
from portal.core.arbeider import (
    PULS_HVER,
    SIER_FRA_HVER,
    SVIKT_STAAR,
    Arbeider,
    Jobb,
    Spor,
    pulsnavn,
    sviktnavn,
)
from portal.core.clock import now
from portal.core.db import db
from portal.core.enkeltvis import hver
from portal.henvendelser.eskalering import service as eskalering
from tests.bygg import Scene
from tests.levende.tjener import vent_til


def pulser() -> dict[str, datetime]:
    db.session.rollback()
    return puls.siste()


@pytest.fixture
def logglinjer(capsys: pytest.CaptureFixture[str]) -> Callable[[str], int]:
    """How many lines of the log hold a word since it was last asked."""
    return lambda ord_: sum(ord_ in linje for linje in capsys.readouterr().err.splitlines())


def test_et_spor_som_henger_forsinker_ikke_de_andre(app: Flask) -> None:
    slipp, henger, gikk = Event(), Event(), list[str]()

    def heng() -> None:
        henger.set()
        slipp.wait(30)

    a = Arbeider(
        app,
        [
            Jobb("post.heng", 0.1, heng, Spor.POST),
            Jobb("frist.gaa", 0.1, lambda: gikk.append("frist"), Spor.FRIST),
            Jobb("vanlig.gaa", 0.1, lambda: gikk.append("vanlig")),
        ],
    )
    traader = a.start_i_bakgrunnen()
    try:
        assert henger.wait(10)
        gikk.clear()
        vent_til(lambda: gikk.count("frist") >= 3 and gikk.count("vanlig") >= 2, "de andre sporene går")
        vent_til(lambda: {pulsnavn(Spor.FRIST), pulsnavn(Spor.VANLIG)} <= set(pulser()), "pulsene slår")
        assert pulsnavn(Spor.POST) not in pulser(), "a lane that hangs does not say that it lives"
    finally:
        a.stopp()
        slipp.set()
        for traad in traader:
            traad.join(10)
    assert not any(t.is_alive() for t in traader)


def test_pulsen_slaar_etter_en_runde_og_ikke_hele_tida(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    slag: list[str] = []
    monkeypatch.setattr(puls, "slaa", slag.append)
    a = Arbeider(app, [])
    for naa in (0.0, 1.0, PULS_HVER - 0.1, PULS_HVER, PULS_HVER + 1, 2 * PULS_HVER):
        a.runde_i(Spor.FRIST, naa)
    assert slag == [pulsnavn(Spor.FRIST)] * 3


def test_en_jobb_som_feiler_tier_pulsen_til_den_gaar_igjen(
    app: Flask, logglinjer: Callable[[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    feiler, ganger = True, 0

    def jobb() -> None:
        nonlocal ganger
        ganger += 1
        if feiler:
            raise RuntimeError("nei")

    klokka = 1000.0
    monkeypatch.setattr("portal.core.arbeider.time.monotonic", lambda: klokka)
    a = Arbeider(app, [Jobb("frist.feil", 1, jobb, Spor.FRIST)])
    for _ in range(30):
        klokka += 1
        a.runde_i(Spor.FRIST, klokka)
    assert ganger == 30 and pulser() == {}
    assert logglinjer("jobb_feilet") == 1, "said when it begins, not every second"
    klokka += SIER_FRA_HVER
    a.runde_i(Spor.FRIST, klokka)
    assert logglinjer("ganger=31") == 1
    feiler = False
    klokka += 1
    a.runde_i(Spor.FRIST, klokka)
    assert logglinjer("jobb_gaar_igjen") == 1 and set(pulser()) == {pulsnavn(Spor.FRIST)}
    # The next failure is a new one, and is told at once.
    feiler = True
    klokka += 1
    a.runde_i(Spor.FRIST, klokka)
    assert logglinjer("jobb_feilet") == 1


def test_en_jobb_som_feiler_sjelden_tier_pulsen_hele_tida(app: Flask) -> None:
    """Also between its tries: a lane whose work fails is not well because it has nothing to do just now."""

    def jobb() -> None:
        raise RuntimeError("nei")

    a = Arbeider(app, [Jobb("vanlig.feil", 600, jobb)])
    for naa in range(0, 60, 5):
        a.runde_i(Spor.VANLIG, float(naa))
    assert pulser() == {}


def test_en_av_flere_som_feiler_sies_til_den_gaar_igjen(app: Flask) -> None:
    """The lane lives and does the rest: it notes its pulse, and beside it that something fails."""
    ok, feiler = uuid4(), uuid4()
    tatt: list[UUID] = []
    daarlige = {feiler}

    def ta(id_: UUID) -> int:
        if id_ in daarlige:
            raise RuntimeError("nei")
        tatt.append(id_)
        return 1

    a = Arbeider(
        app,
        [
            Jobb("vanlig.noen", 1, lambda: hver([feiler, ok], ta, "noe_feilet")),
            Jobb("vanlig.andre", 1, lambda: hver([ok], ta, "noe_feilet")),
            Jobb("post.gaa", 1, lambda: hver([ok], ta, "noe_feilet"), Spor.POST),
        ],
    )
    for spor in (Spor.VANLIG, Spor.POST):
        a.runde_i(spor, 0.0)
    sagt = pulser()
    assert tatt == [ok, ok, ok]
    assert set(sagt) == {pulsnavn(Spor.VANLIG), sviktnavn(Spor.VANLIG), pulsnavn(Spor.POST)}
    daarlige.clear()
    naa = 0.0
    while naa <= SVIKT_STAAR:
        # It is told of for a while after: what failed may have been put off, and not be well.
        sagt, naa = pulser(), naa + PULS_HVER
        a.runde_i(Spor.VANLIG, naa)
        assert (pulser()[sviktnavn(Spor.VANLIG)] > sagt[sviktnavn(Spor.VANLIG)]) == (naa <= SVIKT_STAAR), naa
        assert pulser()[pulsnavn(Spor.VANLIG)] > sagt[pulsnavn(Spor.VANLIG)]
    assert feiler in tatt


def test_det_som_feiler_en_gang_i_timen_sies_hele_timen(app: Flask) -> None:
    def ta(_id: UUID) -> int:
        raise RuntimeError("nei")

    a = Arbeider(app, [Jobb("vanlig.sjelden", 3600, lambda: hver([uuid4()], ta, "noe_feilet"))])
    a.runde_i(Spor.VANLIG, 0.0)
    foerst = pulser()[sviktnavn(Spor.VANLIG)]
    a.runde_i(Spor.VANLIG, 3590.0)
    assert pulser()[sviktnavn(Spor.VANLIG)] > foerst


def test_en_utsatt_eskalering_som_feiler_hver_gang_sies_uten_opphold(
    scene: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put off for some seconds when it fails; the rounds between go well, and nobody is told that all is."""
    scene.send(hastegrad="akutt")

    def nei(*_: object) -> int:
        raise RuntimeError("nei")

    monkeypatch.setattr(eskalering, "_ta", nei)
    a = Arbeider(app, [Jobb("eskalering", 1, eskalering.kjoer_forfalte, Spor.FRIST)])
    with time_machine.travel(now() + timedelta(hours=2), tick=False) as klokka:
        for sekund in range(40):
            a.runde_i(Spor.FRIST, float(sekund))
            # As the status page asks: the mark is never older than the pulse.
            sagt = pulser()
            assert sagt[sviktnavn(Spor.FRIST)] == sagt[pulsnavn(Spor.FRIST)], sekund
            klokka.shift(1)


def test_databasen_er_borte_en_stund(
    app: Flask, logglinjer: Callable[[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def borte(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("borte"))

    a = Arbeider(app, [Jobb("frist.les", 1, lambda: db.session.execute(sa.text("SELECT 1")), Spor.FRIST)])
    ekte = db.engine.pool.connect
    with monkeypatch.context() as m:
        m.setattr(db.engine.pool, "connect", borte)
        db.session.remove()
        for naa in range(20):
            a.runde_i(Spor.FRIST, float(naa))
    assert logglinjer("jobb_feilet") == 1
    assert db.engine.pool.connect == ekte
    a.runde_i(Spor.FRIST, 21.0)
    assert set(pulser()) == {pulsnavn(Spor.FRIST)}


def test_en_runde_gaar_gjennom_alle_spor_i_rekkefoelge(app: Flask) -> None:
    gikk: list[str] = []
    jobber = [Jobb(f"{s}.{n}", 10, lambda s=s, n=n: gikk.append(f"{s}.{n}"), s) for n in (1, 2) for s in Spor]  # type: ignore[misc]
    a = Arbeider(app, jobber)
    a.en_runde(0.0)
    assert gikk == [j.navn for j in jobber]
    a.en_runde(9.0)
    assert len(gikk) == len(jobber)
    a.en_runde(10.0)
    assert gikk == [j.navn for j in jobber] * 2


def test_en_stopp_venter_ikke_paa_de_neste_jobbene(app: Flask) -> None:
    gikk: list[str] = []

    def en() -> None:
        gikk.append("en")
        a.stopp()

    a = Arbeider(app, [Jobb("en", 1, en), Jobb("to", 1, lambda: gikk.append("to"))])
    a.runde_i(Spor.VANLIG, 0.0)
    assert gikk == ["en"] and pulser() == {}


def test_portalens_jobber_har_hvert_sitt_navn_og_et_spor(app: Flask) -> None:
    jobber = arbeider(app)._jobber
    assert len({j.navn for j in jobber}) == len(jobber)
    etter_spor = {s: [j.navn for j in jobber if j.spor == s] for s in Spor}
    assert sum(map(len, etter_spor.values())) == len(jobber)
    assert {"eskalering.kjoer_forfalte", "kanari.kjoer_planlagte"} <= set(etter_spor[Spor.FRIST])
    assert [n for n in etter_spor[Spor.POST] if n != "varsler.lever"] == []
    # A step fires within five seconds of when it is due.
    assert next(j.hver for j in jobber if j.navn == "eskalering.kjoer_forfalte") <= 2


def test_rundene_er_ikke_tomme_for_tid(app: Flask) -> None:
    """A lane looks again within half a second: a step must not wait for the next whole second's worth."""
    gikk: list[float] = []
    a = Arbeider(app, [Jobb("frist.ofte", 0, lambda: gikk.append(time.monotonic()), Spor.FRIST)])
    traader = a.start_i_bakgrunnen()
    vent_til(lambda: len(gikk) >= 4, "fire runder", 10)
    a.stopp()
    for traad in traader:
        traad.join(10)
    assert max(b - x for x, b in pairwise(gikk)) < 2
