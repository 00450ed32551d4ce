"""Many steps in one transaction: with few statements, and one that fails alone; and who is told when the requester is
gone, or some of the waiting cases are held by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import service, steps
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.service import flyt, meldinger
from portal.identitet.models import Medlemskap
from portal.varsler.models import Varsel
from tests.bygg import Scene, lag_aktor, logg_over, setninger
from tests.henvendelser.eskaleringshjelp import (
    fortalt,
    fullt_lag,
    kl,
    loepende,
    minutt_for_minutt,
    trinn,
    vaktlag,
    ved,
)
from tests.henvendelser.test_eskalering_kanter import bare_postgres, laast
from tests.vakthjelp import lag_vakt, lag_vaktplan

INGEN, INGEN_SVARER = "henvendelse.ingen_paa_vakt", "henvendelse.ingen_svarer"


# --- many in one transaction -----------------------------------------------------------------------------


def test_mange_trinn_koster_faa_setninger(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step alone is some fifteen; twenty of them are not three hundred."""
    monkeypatch.setattr(service, "BUNKE", dict.fromkeys(service.BUNKE, 25))
    fullt_lag(scene)
    with kl(0):
        saker = [scene.send(hastegrad="akutt") for _ in range(20)]
    assert setninger(lambda: ved(5)) < 40
    assert [len(trinn(s)) for s in saker] == [2] * 20
    for sak in saker:
        assert [h.sekvens for h in logg_over(sak)] == [1, 2, 3]
        assert loepende(sak) == {"aksept": 10}
    assert len(fortalt("henvendelse.ny")) == 40


def test_aa_rute_en_henvendelse_koster_sju_setninger(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fullt_lag(scene)
    with kl(0):
        scene.send()
        med = setninger(scene.send)
        monkeypatch.setattr(steps, "start_aksept", lambda *_a, **_k: None)
        assert med - setninger(scene.send) <= 7


@pytest.mark.parametrize("stoerrelse", [2, 5, 25])
def test_en_av_mange_feiler_alene(scene: Scene, monkeypatch: pytest.MonkeyPatch, stoerrelse: int) -> None:
    """Those in the same transaction are taken one by one, in the same look, and each once."""
    monkeypatch.setattr(service, "BUNKE", dict.fromkeys(service.BUNKE, stoerrelse))
    fullt_lag(scene)
    with kl(0):
        saker = [scene.send(hastegrad="akutt") for _ in range(6)]
    fyr = steps.fyr

    def kanskje(esk: Any, sak: Henvendelse, naa: Any, **mer: Any) -> None:
        fyr(esk, sak, naa, **mer)
        if sak.id == saker[2]:
            raise RuntimeError("ødelagt rad")

    with monkeypatch.context() as m:
        m.setattr(steps, "fyr", kanskje)
        assert ved(5) == 5
    assert [len(trinn(s)) for s in saker] == [2, 2, 1, 2, 2, 2]
    assert len(fortalt("henvendelse.ny")) == 11
    assert ved(6) == 1 and len(trinn(saker[2])) == 2


def test_to_frister_paa_samme_sak(scene: Scene) -> None:
    """One step of a case at a time: the answer and the message are due in the same look, and both are taken."""
    fullt_lag(scene)
    with kl(0):
        saker = [scene.sak(Status.AKSEPTERT, hastegrad="akutt") for _ in range(3)]
        for sak in saker:
            meldinger.send_melding(scene.lege, sak, uuid4(), "Hva nå?")
        assert service.finn_ubesvarte() == 3
    assert ved(20) == 6
    assert all(len({t[1] for t in trinn(s) if t[0] == 20}) == 1 for s in saker)
    assert len(fortalt("henvendelse.svar_mangler")) == len(fortalt("henvendelse.melding_ubesvart")) == 3


@bare_postgres
def test_den_som_holdes_av_en_annen_holder_ingen_av_de_andre(app: Flask, scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        saker = [scene.send(hastegrad="akutt") for _ in range(6)]
    with laast(app, sa.select(Henvendelse.id).where(Henvendelse.id == saker[3])):
        assert ved(5) == 5
    assert [len(trinn(s)) for s in saker] == [2, 2, 2, 1, 2, 2]
    assert ved(5) == 1


# --- who is told -----------------------------------------------------------------------------------------


@bare_postgres
def test_ogsaa_de_sakene_som_holdes_av_en_annen_telles(app: Flask, scene: Scene) -> None:
    """Told once a shift: «one waits» while three do would be the whole truth until it is over."""
    with kl(0):
        saker = [scene.send() for _ in range(3)]
        lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist)
    with kl(1), laast(app, sa.select(Henvendelse.id).where(Henvendelse.id.in_(saker[1:]))):
        assert service.nye_paa_vakt() == 1
    db.session.rollback()
    (varsel,) = db.session.scalars(sa.select(Varsel).where(Varsel.kode == "henvendelse.venter"))
    assert varsel.tittel.startswith("3 henvendelser") and varsel.lenke == "/koe"


@transactional
def slutter(medlemskap_id: UUID | None) -> None:
    db.session.get_one(Medlemskap, medlemskap_id).gyldig_til = now()


def mottakere(kode: str) -> set[str]:
    return {navn for _tid, _kode, navn in fortalt(kode)}


def test_er_innmelderen_borte_ringer_enheten(scene: Scene) -> None:
    """Nobody is on call, and whoever asked works there no more: the unit's must ring, and nobody else hears of it."""
    with kl(-1):
        tidligere = lag_aktor(scene.kollega.rolle, scene.kommune, scene.enhet, navn="Tidligere Ansatt")  # type: ignore[arg-type]
        slutter(tidligere.medlemskap_id)
    plan = vaktlag(scene, vakthavende=scene.spesialist, timer=0.05)
    with kl(0):
        scene.send(hastegrad="akutt")
    assert plan and mottakere(INGEN) == set()
    with kl(4):
        slutter(scene.lege.medlemskap_id)
    assert ved(5) == 1
    assert mottakere(INGEN) == {scene.kollega.navn, scene.sykepleier.navn}
    minutt_for_minutt(6, 40)
    assert len(fortalt(INGEN)) == 2, "once for each of them"


def test_gaar_stigen_ut_naar_innmelderen_er_borte(scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        sak = scene.send(hastegrad="akutt")
    with kl(4):
        slutter(scene.lege.medlemskap_id)
    minutt_for_minutt(5, 70)
    assert mottakere(INGEN_SVARER) == {scene.kollega.navn, scene.sykepleier.navn}
    (tittel,) = set(db.session.scalars(sa.select(Varsel.tittel).where(Varsel.kode == INGEN_SVARER)))
    assert scene.les(sak).saksnummer in tittel and "deg" not in tittel


def test_er_enheten_tom_faar_vaktlederen_paa_den_siden_det(scene: Scene) -> None:
    with kl(-1):
        leder = lag_aktor(scene.vaktleder.rolle, scene.kommune, navn="Kommunens Vaktleder")  # type: ignore[arg-type]
    vaktlag(scene, vakthavende=scene.spesialist, timer=0.05)
    with kl(0):
        scene.send(hastegrad="akutt")
    with kl(4):
        for a in (scene.lege, scene.kollega, scene.sykepleier):
            slutter(a.medlemskap_id)
    assert ved(5) == 1
    assert mottakere(INGEN) == {leder.navn}


def test_innmelderen_ser_en_nedtelling(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    """The ladder's, which says what happens then; whoever is asked sees the case's deadline too."""
    fullt_lag(scene)
    with kl(0):
        sak = scene.send(hastegrad="akutt")
    with kl(1):
        side = som(scene.lege).get(f"/henvendelser/{sak}").text
        assert side.count('data-frist="') == 1 and "Om ingen tar den, skjer det" in side
        assert som(scene.spesialist).get(f"/henvendelser/{sak}").text.count('data-frist="') == 2
        flyt.aksepter(scene.spesialist, sak)
        side = som(scene.lege).get(f"/henvendelser/{sak}").text
        assert side.count('data-frist="') == 1 and "Frist for svar" in side
