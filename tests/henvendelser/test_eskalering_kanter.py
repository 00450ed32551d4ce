"""Where escalations could break: locks that are held, a case without a vaktleder, clocks that jump, holes in a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Rolle
from portal.core.arbeider import Arbeider, Jobb, Spor
from portal.core.db import db
from portal.henvendelser.eskalering import service, vaktskifte
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse, HenvendelseHode
from portal.henvendelser.service import flyt
from portal.vakt.models import Fravaer, Nivaa
from tests.bygg import Scene, lag_aktor, lagre
from tests.conftest import DB
from tests.henvendelser.eskaleringshjelp import T0, fortalt, fullt_lag, kl, trinn, vaktlag, ved
from tests.vakthjelp import lag_vakt, lag_vaktplan

bare_postgres = pytest.mark.skipif(DB != "postgresql", reason="On SQLite there is one writer at a time.")


@contextmanager
def laast(app: Flask, rad: sa.Select[Any]) -> Iterator[None]:
    """Another process holds the row, and does not let go."""
    with app.app_context():
        motor = db.engine
    with motor.connect() as c, c.begin():
        c.execute(rad.with_for_update())
        yield


def i_egen_traad(app: Flask, minutter: float, gjoer: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as traad:

        def kjoer() -> Any:
            with app.app_context(), kl(minutter):
                return gjoer()

        return traad.submit(kjoer).result(timeout=30)


# --- locks -----------------------------------------------------------------------------------------------


@bare_postgres
@pytest.mark.parametrize("hva", ["sak", "teller", "kjede"])
def test_en_sak_som_noen_holder_stanser_ikke_de_andre(hva: str, app: Flask, scene: Scene) -> None:
    """A process that hangs with a lock (the case's, its counter's, its audit chain's) delays that case alone."""
    from portal.revisjon.models import Revisjonskjede

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


def test_de_to_siste_i_koen_tas_samtidig(app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
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


# --- who is told -----------------------------------------------------------------------------------------


def test_uten_vaktleder_faar_koordinatoren_vite_det(scene: Scene) -> None:
    """A hospital or kommune may have nobody with the role of vaktleder: somebody there must hear of it all the same."""
    with kl(-600):
        hf = scene.annet_hf
        lag_aktor(Rolle.SPESIALIST, hf, fag=("indremedisin",))
        from portal.identitet.models import Medlemskap

        _avslutt(sa.select(Medlemskap).where(Medlemskap.rolle == Rolle.VAKTLEDER))
        koordinator = lag_aktor(Rolle.KOORDINATOR, hf, navn="Kari Koordinator")
    with kl(0):
        scene.send(hastegrad="akutt", mottaker_id=hf.id)
    assert (0, "henvendelse.ikke_tatt", koordinator.navn) in fortalt()


def _avslutt(medlemskap: sa.Select[Any]) -> None:
    from portal.core.clock import now
    from portal.core.db import transactional

    @transactional
    def gjoer() -> None:
        for m in db.session.scalars(medlemskap):
            m.gyldig_til = now()

    gjoer()
