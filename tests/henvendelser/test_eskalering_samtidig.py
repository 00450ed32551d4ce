"""Two workers and a physician at the same moment: each step is taken once, and an accept silences everything."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from portal.core.errors import PortalError
from portal.henvendelser.eskalering import service
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import flyt, meldinger
from tests.bygg import Scene, logg_over
from tests.henvendelser.eskaleringshjelp import eskaleringer, fortalt, fullt_lag, kl, loepende, trinn, ved
from tests.vakthjelp import lag_vakt, lag_vaktplan


def samtidig(app: Flask, minutter: float, *gjoer: Callable[[], Any]) -> list[Any]:
    """Everything at once, each in a thread and a context of its own; results, or the portal's refusals."""
    start = Barrier(len(gjoer))

    def kjoer(en: Callable[[], Any]) -> Any:
        with app.app_context(), kl(minutter):
            start.wait()
            try:
                return en()
            except PortalError as feil:
                return feil

    with ThreadPoolExecutor(len(gjoer)) as traader:
        return [f.result() for f in [traader.submit(kjoer, g) for g in gjoer]]


def test_to_arbeidere_tar_hvert_trinn_en_gang(app: Flask, scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        saker = [scene.send(hastegrad="akutt") for _ in range(8)]
    for runde in (1, 2, 3):
        tatt = samtidig(app, 5 * runde, *[service.kjoer_forfalte] * 3)
        # What another has locked is left for the next look.
        assert sum(tatt) + ved(5 * runde) == len(saker)
        assert [len(trinn(s)) for s in saker] == [1 + runde] * len(saker)
    assert len(fortalt("henvendelse.ny")) == 4 * len(saker)
    for sak in saker:
        assert [h.sekvens for h in logg_over(sak)] == [1, 2, 3, 4, 5]


def test_to_arbeidere_finner_ubesvarte_og_nye_vakter_en_gang(app: Flask, scene: Scene) -> None:
    with kl(0):
        saker = [scene.sak(Status.BESVART, hastegrad="akutt") for _ in range(4)]
        for sak in saker:
            meldinger.send_melding(scene.lege, sak, uuid4(), "Hva nå?")
        ventende = scene.send()
        lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist)
    tatt = samtidig(app, 1, *[service.finn_ubesvarte] * 3, *[service.nye_paa_vakt] * 3)
    with kl(1):
        assert sum(tatt[:3]) + service.finn_ubesvarte() == len(saker)
        assert sum(tatt[3:]) + service.nye_paa_vakt() == 1
    assert all(loepende(s) == {"melding": 15} for s in saker)
    assert len(fortalt("henvendelse.venter")) == 1 and "aksept" in loepende(ventende)


@pytest.mark.parametrize("hva", ["aksepter", "videresend", "trekk"])
def test_forfall_mot_flytting(hva: str, app: Flask, scene: Scene) -> None:
    """Whoever comes first: nothing that is told of the old stands afterwards, and no old timer runs."""
    fullt_lag(scene)
    gjoer: dict[str, Callable[[Any], Callable[[], object]]] = {
        "aksepter": lambda s: lambda: flyt.aksepter(scene.spesialist, s),
        "videresend": lambda s: (
            lambda: flyt.videresend(scene.spesialist, s, scene.hf.id, "kirurgi", "Deres.")
        ),
        "trekk": lambda s: lambda: flyt.trekk(scene.lege, s),
    }
    for _ in range(6):
        with kl(0):
            sak = scene.send(hastegrad="akutt")
        arbeid, feil = samtidig(app, 5, service.kjoer_forfalte, gjoer[hva](sak))
        assert feil is None and arbeid in (0, 1)
        gammel, *nye = eskaleringer(sak)
        assert gammel.utfall == {"aksepter": "tatt", "videresend": "flyttet", "trekk": "avsluttet"}[hva]
        assert [e.slag for e in nye] == {"aksepter": ["svar"], "videresend": ["aksept"], "trekk": []}[hva]
        assert ved(5) == 0
        gjelder = {k for _, k, _ in fortalt(bare_gjeldende=True)}
        ventet = {
            "aksepter": {"henvendelse.akseptert"},
            "videresend": {"henvendelse.ikke_tatt", "henvendelse.ingen_paa_vakt"},
            "trekk": set(),
        }[hva]
        assert gjelder == ventet
        rader = logg_over(sak)
        assert [h.sekvens for h in rader] == list(range(1, len(rader) + 1))
        if scene.les(sak).status in (Status.NY, Status.AKSEPTERT):
            with kl(6):
                flyt.trekk(scene.lege, sak)


def test_raadet_mot_svarfristen(app: Flask, scene: Scene) -> None:
    fullt_lag(scene)
    for _ in range(5):
        with kl(0):
            sak = scene.sak(Status.AKSEPTERT, hastegrad="akutt")
        _arbeid, feil = samtidig(
            app,
            15,
            service.kjoer_forfalte,
            lambda s=sak: flyt.besvar(scene.spesialist, s, "oehd_plass", "Slik."),
        )
        assert feil is None and loepende(sak) == {}
        assert {k for _, k, _ in fortalt(bare_gjeldende=True)} == {"henvendelse.besvart"}
        with kl(16):
            flyt.lukk(scene.lege, sak, "oehd_plass")
