"""What those who keep the rosters meet when they are told that nobody answers: whom to ring, and no clinical word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.henvendelser.eskalering import service
from portal.henvendelser.service import flyt
from portal.vakt.models import Nivaa
from tests.bygg import Scene, om
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

Som = Callable[[Aktor], FlaskClient]
SIDEN = "/vakt/uroerte"


def test_koordinatoren_ser_hvem_hun_kan_ringe(scene: Scene, som: Som) -> None:
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, til=now() + timedelta(days=1))
    lag_vakttelefon(plan, Nivaa.VAKTHAVENDE, "+4790000001")
    lag_policy(scene.hf.id, "akutt", [("vakthavende", 0)], gjenta_etter=5)
    klient, tomt = som(scene.koordinator), "Ingen henvendelser venter uten svar nå"
    sak = scene.send(hastegrad="akutt")
    nummer = scene.les(sak).saksnummer
    assert tomt in klient.get(SIDEN).text, "the ladder is still climbed"
    with om(minutes=6):
        service.kjoer_forfalte()
        side = som(scene.koordinator).get(SIDEN).text
        assert nummer in side and "Indremedisin" in side and "Ingen har tatt saken." in side
        assert "Siri Spesialist" in side and "900 00 001" in side and f"/vakt/planer/{plan.id}" in side
        # Neither what it is about nor the way to it.
        assert "Tungpust" not in side and str(sak) not in side
        for annen in (scene.fremmed_vaktleder,):
            assert nummer not in som(annen).get(SIDEN).text
        flyt.aksepter(scene.spesialist, sak)
        assert tomt in som(scene.koordinator).get(SIDEN).text


def test_uten_noen_paa_vakt_sies_det_og_hva_som_kan_gjoeres(scene: Scene, som: Som) -> None:
    scene.send(hastegrad="akutt")
    side = som(scene.koordinator).get(SIDEN).text
    assert "Ingen har vakt" in side and "/vakt/planer/ny" in side


@pytest.mark.parametrize("hvem", ["lege", "spesialist", "sykepleier", "systemadministrator", "innsyn"])
def test_andre_slipper_ikke_til(scene: Scene, som: Som, hvem: str) -> None:
    assert som(getattr(scene, hvem)).get(SIDEN).status_code == 403
