"""One bed is never given twice, and who comes too late is told who has it."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from portal.core.errors import Konflikt, Opptatt
from portal.plasser.forloep import Holdstatus
from portal.plasser.models import Avslag, Reservasjon
from portal.plasser.service import reservasjoner
from tests.bygg import Scene
from tests.plasser.hjelp import lag_plassenhet, les_plasser, les_tall
from tests.samtidig import samtidig


def test_en_plass_gis_en_gang(scene: Scene, app: Flask) -> None:
    enhet_id = lag_plassenhet(scene)
    reservasjoner.reserver(scene.lege, enhet_id, klient_id=uuid4())
    with pytest.raises(Opptatt) as feil:
        reservasjoner.reserver(scene.kollega, enhet_id, klient_id=uuid4())
    assert feil.value.detaljer["holder"]["organisasjon"] == scene.kommune.kortnavn
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reservasjon)) == 1


def test_et_forgjeves_trykk_telles_en_gang(scene: Scene) -> None:
    """Sent again it is the same request; for a named bed too, where the unit has no other that can take it."""
    enhet, annen = (lag_plassenhet(scene, ["belagt", "ledig"]) for _ in range(2))
    navngitt, fri = (p.id for p in les_plasser(enhet))
    with pytest.raises(Opptatt):
        reservasjoner.reserver(scene.kollega, enhet, klient_id=uuid4(), plass_id=navngitt)
    # There is another bed to be had.
    assert _avslag(enhet) == []
    for e in (enhet, annen):
        reservasjoner.reserver(scene.lege, e, klient_id=uuid4())
    trykk, neste = uuid4(), uuid4()
    for klient, plass in ((trykk, None), (trykk, None), (neste, fri), (neste, navngitt)):
        with pytest.raises(Opptatt):
            reservasjoner.reserver(scene.kollega, enhet, klient_id=klient, plass_id=plass)
    assert _avslag(enhet) == ["fullt", "fullt"]
    with pytest.raises(Opptatt):
        reservasjoner.reserver(scene.kollega, annen, klient_id=trykk)
    assert _avslag(annen) == ["fullt"]


def test_et_gjentatt_trykk_gir_samme_hold_bare_med_samme_innhold(scene: Scene) -> None:
    """Who has written something more is not left to believe that the unit can read it."""
    enhet, trykk = lag_plassenhet(scene, 2, evner=3), uuid4()
    om = {"klient_id": trykk, "evner": 1, "merknad": "Kommer ca. 21."}
    hold = reservasjoner.reserver(scene.lege, enhet, **om)
    assert reservasjoner.reserver(scene.lege, enhet, **om) == hold
    for annet in ({"merknad": "Kommer ca. 22."}, {"evner": 3}):
        with pytest.raises(Konflikt):
            reservasjoner.reserver(scene.lege, enhet, **{**om, **annet})
    assert les_tall(enhet).holdt == 1


def _avslag(enhet_id: UUID) -> list[str]:
    return list(db.session.scalars(sa.select(Avslag.grunn).where(Avslag.plassenhet_id == enhet_id)))


def test_mange_paa_en_gang(scene: Scene, app: Flask) -> None:
    enhet_id = lag_plassenhet(scene)
    for _ in range(5):
        svar = samtidig(
            app, *[partial(reservasjoner.reserver, scene.lege, enhet_id, klient_id=uuid4()) for _ in range(8)]
        )
        vant = [s for s in svar if isinstance(s, UUID)]
        assert len(vant) == 1 and all(isinstance(s, Opptatt) for s in svar if s not in vant), svar
        tall = les_tall(enhet_id)
        assert (tall.ledig, tall.holdt) == (0, 1)
        reservasjoner.frigi(scene.lege, vant[0])
    assert db.session.scalar(sa.select(sa.func.count()).where(Reservasjon.status == Holdstatus.FRIGITT)) == 5
