"""Escalations that meet a case with something wrong: it is logged, stands aside, and keeps no other waiting."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from portal.henvendelser.eskalering import service, steps, tomme
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.service import meldinger
from tests.bygg import Scene
from tests.henvendelser.eskaleringshjelp import (
    eskaleringer,
    fortalt,
    fullt_lag,
    kl,
    loepende,
    trinn,
    vaktlag,
)
from tests.vakthjelp import lag_vakt, lag_vaktplan


def feilet(logg: list[Any], felt: str) -> list[str]:
    return [r[felt] for r in logg if r["log_level"] == "error" and r["event"] == "eskalering_feilet"]


def test_en_melding_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fullt_lag(scene)
    with kl(0):
        saker = [scene.sak(Status.AKSEPTERT, hastegrad="akutt") for _ in range(3)]
        for sak in saker:
            meldinger.send_melding(scene.lege, sak, uuid4(), "Hva nå?")
        for navn, hva in (("start_melding", "melding"), ("avslutt", "melding")):
            ekte = getattr(steps, navn)

            def kanskje(sak: Henvendelse, *resten: Any, ekte: Any = ekte, **mer: Any) -> Any:
                if sak.id == saker[1]:
                    raise RuntimeError("this one")
                return ekte(sak, *resten, **mer)

            with monkeypatch.context() as m:
                m.setattr(steps, navn, kanskje)
                with capture_logs() as logg:
                    assert service.finn_ubesvarte() == 2
            assert feilet(logg, "henvendelse_id") == [str(saker[1])] and feilet(logg, "hva") == [hva]
            assert service.finn_ubesvarte() == 1 and service.finn_ubesvarte() == 0
            assert all(("melding" in loepende(s)) == (navn == "start_melding") for s in saker)
            if navn == "start_melding":
                for sak in saker:
                    meldinger.send_melding(scene.spesialist, sak, uuid4(), "Vent.")


def test_et_tomt_nivaa_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    vaktlag(scene, vakthavende=scene.spesialist, timer=5 / 60)
    with kl(0):
        saker = [scene.send(hastegrad="vanlig") for _ in range(3)]
    syk = eskaleringer(saker[0])[0].id
    ekte = tomme._ta_neste_naa

    def kanskje(esk_id: UUID, neste: Any) -> int:
        if esk_id == syk:
            raise RuntimeError("this one")
        return ekte(esk_id, neste)

    monkeypatch.setattr(tomme, "_ta_neste_naa", kanskje)
    with kl(5), capture_logs() as logg:
        assert tomme.hopp_over_tomme() == 2
        assert service.kjoer_forfalte() == 2
    assert feilet(logg, "eskalering_id") == [str(syk)]
    assert [trinn(s)[-1][2] for s in saker] == ["varslet", "ingen", "ingen"]
    monkeypatch.setattr(tomme, "_ta_neste_naa", ekte)
    with kl(5.1):
        assert tomme.hopp_over_tomme() == 1


def test_en_nykommer_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with kl(0):
        for fag in ("indremedisin", "kirurgi"):
            scene.send(fagomraade=fag)
    planer = {}
    with kl(1):
        for fag, aktor in (("indremedisin", scene.spesialist), ("kirurgi", scene.kirurg)):
            plan = lag_vaktplan(scene.hf.id, fag)
            lag_vakt(plan, aktor)
            planer[plan.id] = aktor.navn
    syk, ekte = next(iter(planer)), service._fortell

    def kanskje(plan_id: UUID, person_id: UUID, saker: list[UUID]) -> int:
        if plan_id == syk:
            raise RuntimeError("this one")
        return ekte(plan_id, person_id, saker)

    monkeypatch.setattr(service, "_fortell", kanskje)
    with kl(2), capture_logs() as logg:
        assert service.nye_paa_vakt() == 1
    assert feilet(logg, "vaktplan_id") == [str(syk)]
    assert [n for _t, _k, n in fortalt("henvendelse.venter")] == [n for p, n in planer.items() if p != syk]
    monkeypatch.setattr(service, "_fortell", ekte)
    with kl(3):
        assert service.nye_paa_vakt() == 1
