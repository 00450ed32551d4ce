"""One bed is never given twice, and who comes too late is told who has it."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import Opptatt
from portal.plasser import steps
from portal.plasser.forloep import Holdstatus, Tilstand
from portal.plasser.models import Plass, Plassenhet, Plassmedlem, Plasstall, Reservasjon
from portal.plasser.service import reservasjoner
from tests.bygg import Scene, lag_enhet
from tests.samtidig import samtidig


@transactional
def lag_plassenhet(scene: Scene, antall: int = 1) -> UUID:
    enhet = lag_enhet(scene.kommune, "oehd_enhet", "ØHD-enheten")
    rad = Plassenhet(
        id=uuid4(),
        enhet_id=enhet.id,
        vertskommune_id=scene.kommune.id,
        legedekning="doegn",
        fersk_timer_lav=12,
        fersk_timer_hoey=4,
        hold_minutter=120,
        opprettet=now(),
    )
    db.session.add(rad)
    db.session.flush()
    db.session.add(
        Plassmedlem(
            id=uuid4(),
            plassenhet_id=rad.id,
            kommune_id=scene.kommune.id,
            kvote=antall,
            fra=now().date(),
        )
    )
    for n in range(antall):
        db.session.add(
            Plass(
                id=uuid4(),
                plassenhet_id=rad.id,
                navn=f"Rom {n + 1}",
                rekkefoelge=n,
                normert=True,
                bemannet=True,
                tilstand=Tilstand.LEDIG,
                endret=now(),
                opprettet=now(),
            )
        )
    db.session.flush()
    steps.tell(scene.koordinator, rad)
    return rad.id


def test_en_plass_gis_en_gang(scene: Scene, app: Flask) -> None:
    enhet_id = lag_plassenhet(scene)
    reservasjoner.reserver(scene.lege, enhet_id, klient_id=uuid4())
    with pytest.raises(Opptatt) as feil:
        reservasjoner.reserver(scene.kollega, enhet_id, klient_id=uuid4())
    assert feil.value.detaljer["holder"]["organisasjon"] == scene.kommune.kortnavn
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reservasjon)) == 1


def test_mange_paa_en_gang(scene: Scene, app: Flask) -> None:
    enhet_id = lag_plassenhet(scene)
    for _ in range(5):
        svar = samtidig(
            app, *[partial(reservasjoner.reserver, scene.lege, enhet_id, klient_id=uuid4()) for _ in range(8)]
        )
        vant = [s for s in svar if isinstance(s, UUID)]
        assert len(vant) == 1 and all(isinstance(s, Opptatt) for s in svar if s not in vant), svar
        tall = db.session.scalars(sa.select(Plasstall)).one()
        assert (tall.ledig, tall.holdt) == (0, 1)
        reservasjoner.frigi(scene.lege, vant[0])
    assert db.session.scalar(sa.select(sa.func.count()).where(Reservasjon.status == Holdstatus.FRIGITT)) == 5
