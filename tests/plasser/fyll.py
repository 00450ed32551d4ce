"""A row in every table of emergency beds: for what goes through all tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.clock import i_dag, now
from portal.core.db import Base, db, transactional
from portal.henvendelser.service import plasser
from portal.plasser.historikk import (
    UTEN,
    Behovsvurdering,
    Omraadedoegn,
    Omraademaaned,
    Opptrapping,
    Plassdoegn,
    Plassmaaned,
    Plassmerke,
    Plassomraade,
    Plassretting,
)
from portal.plasser.models import Avslag
from tests.bygg import Scene
from tests.plasser.hjelp import lag_plassenhet


def fyll_plasser(scene: Scene, sak: UUID) -> None:
    """A unit with a stay, and a hold that was taken in an open case and is over; what has been, and what is planned."""
    enhet = lag_plassenhet(scene, ["ledig", "belagt"])
    holdt = plasser.hold_plass(scene.lege, sak, enhet, klient_id=uuid4())
    plasser.forleng_plass(scene.lege, sak, holdt)
    plasser.frigi_plass(scene.lege, sak, holdt)
    _historien(scene, enhet)


@transactional
def _historien(scene: Scene, enhet: UUID) -> None:
    naa, dag = now(), i_dag()
    db.session.add_all(
        [
            Plassdoegn(**{**_nuller(Plassdoegn), "plassenhet_id": enhet, "dag": dag, "laget": naa}),
            Plassmaaned(**{**_nuller(Plassmaaned), "plassenhet_id": enhet, "maaned": dag.replace(day=1)}),
            Plassomraade(plassenhet_id=enhet, foretak_id=scene.hf.id, fylke_id=UTEN),
            Plassmerke(fra=dag, til=dag),
            Omraadedoegn(
                **{**_nuller(Omraadedoegn), "foretak_id": scene.hf.id, "fylke_id": UTEN, "dag": dag}
            ),
            Omraademaaned(
                **{
                    **_nuller(Omraademaaned),
                    "foretak_id": scene.hf.id,
                    "fylke_id": UTEN,
                    "maaned": dag.replace(day=1),
                }
            ),
            Plassretting(
                plassenhet_id=enhet,
                hva="opphold",
                hva_id=str(uuid4()),
                foer={"inn": "a"},
                etter={"inn": "b"},
                begrunnelse="Skrevet feil.",
                rettet=naa,
            ),
            Behovsvurdering(
                kommune_id=scene.kommune.id,
                foretak_id=scene.hf.id,
                status="utkast",
                fra=dag - timedelta(days=365),
                til=dag,
                tall={"innlagt": 1},
                opprettet=naa,
            ),
            Opptrapping(plassenhet_id=enhet, innen_timer="24", antall=2, endret=naa),
            Avslag(plassenhet_id=enhet, kommune_id=scene.kommune.id, grunn="fullt", tidspunkt=naa),
        ]
    )


def _nuller(modell: type[Base]) -> dict[str, Any]:
    """Nought in each column that counts."""
    return {
        k.name: 0
        for k in modell.__table__.columns
        if not k.primary_key and not k.nullable and k.type.python_type is int
    }
