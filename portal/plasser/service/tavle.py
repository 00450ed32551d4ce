"""The board: every unit in the country with what it has free, who said so and when. Reads alone.

The version is read before the rows: a row that is newer than the version is fetched once more, never missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.beredskap.steps import situasjoner
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeTilgang
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.plasser import steps
from portal.plasser.avstand import kilometer
from portal.plasser.historikk import DELER
from portal.plasser.models import Plassenhet, Plassmedlem, Plasstall, Plasstavle

TALL = ("antall", "normert", "bemannet", *DELER)


def versjon() -> int:
    """The board's version: 0 before anything was ever changed."""
    return db.session.scalar(sa.select(Plasstavle.versjon)) or 0


def hent_tavle(aktor: Aktor, etter: int | None = None) -> dict[str, Any]:
    """{"versjon", "enheter": [row]}: the whole board, or what has changed after a version.

    A row has the unit's names and ids, the figures of `Plasstall` (None for a unit without beds: unknown is unknown),
    `bekreftet` and by whom, `fase` of its vertskommune and `ferskt_til`. Raises IkkeTilgang for who has no role.
    """
    krev_inne(aktor)
    nr = versjon()
    if etter is not None and etter >= nr:
        return {"versjon": nr, "enheter": []}
    vilkaar = [] if etter is None else [Plassenhet.stavleversjon > etter]
    return {"versjon": nr, "enheter": rader(*vilkaar)}


def krev_inne(aktor: Aktor) -> None:
    if aktor.person_id is None or aktor.medlemskap_id is None:
        raise IkkeTilgang()


def rader(*vilkaar: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    """The rows of the board, by trust, kommune and unit. Closed-down units come along in a delta, to be taken away."""
    vert, fylke, foretak = aliased(Organisasjon), aliased(Organisasjon), aliased(Organisasjon)
    sporring = (
        sa.select(
            Plassenhet.id,
            Plassenhet.nedlagt,
            Plassenhet.evner,
            Plassenhet.legedekning,
            Plassenhet.fersk_timer_lav,
            Plassenhet.fersk_timer_hoey,
            Plassenhet.bekreftet,
            Plassenhet.stavleversjon,
            Enhet.navn,
            Enhet.telefon,
            vert.id.label("kommune_id"),
            vert.kode.label("kommunenummer"),
            vert.kortnavn.label("kommune"),
            fylke.kortnavn.label("fylke"),
            foretak.id.label("foretak_id"),
            foretak.kortnavn.label("foretak"),
            Person.navn.label("bekreftet_av"),
            Plasstall.ledige_evner,
            *(getattr(Plasstall, k) for k in TALL),
        )
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .join(vert, vert.id == Plassenhet.vertskommune_id)
        .outerjoin(fylke, fylke.id == vert.overordnet_id)
        .outerjoin(foretak, foretak.id == vert.helseforetak_id)
        .outerjoin(Person, Person.id == Plassenhet.bekreftet_av_id)
        .outerjoin(Plasstall, Plasstall.plassenhet_id == Plassenhet.id)
        .order_by(foretak.kortnavn, vert.kortnavn, Enhet.navn)
    )
    sporring = sporring.where(*vilkaar) if vilkaar else sporring.where(Plassenhet.nedlagt.is_(None))
    funnet = db.session.execute(sporring).all()
    faser = situasjoner({r.kommune_id for r in funnet}) if funnet else {}
    return [_rad(r, faser[r.kommune_id].fase) for r in funnet]


def _rad(r: Any, fase: int) -> dict[str, Any]:
    timer = r.fersk_timer_hoey if fase >= 3 else r.fersk_timer_lav
    kjent = r.antall is not None
    return {
        "id": str(r.id),
        "navn": r.navn,
        "telefon": r.telefon,
        "kommune_id": str(r.kommune_id),
        "kommunenummer": r.kommunenummer,
        "kommune": r.kommune,
        "fylke": r.fylke or "",
        "foretak_id": str(r.foretak_id) if r.foretak_id else None,
        "foretak": r.foretak or "",
        "legedekning": r.legedekning,
        "evner": r.evner,
        "ledige_evner": r.ledige_evner if kjent else {},
        **{k: getattr(r, k) for k in TALL},
        "bekreftet": r.bekreftet.isoformat() if r.bekreftet else None,
        "bekreftet_av": r.bekreftet_av or "",
        "fase": fase,
        "ferskt_til": (r.bekreftet + timedelta(hours=timer)).isoformat() if r.bekreftet else None,
        "nedlagt": r.nedlagt is not None,
        "versjon": r.stavleversjon,
    }


def passer(rad: dict[str, Any], evner: int) -> int:
    """How many of a unit's free beds can take what is asked."""
    return sum(antall for bits, antall in rad["ledige_evner"].items() if not evner & ~int(bits))


def soek(
    aktor: Aktor,
    *,
    evner: int = 0,
    fra_kommune_id: UUID | None = None,
    innen_km: float | None = None,
    bare_mine: bool = False,
) -> list[dict[str, Any]]:
    """Units with a free bed that can take what is asked, the nearest first: rows of the board with `km` and `passer`.

    `fra_kommune_id`: from where (default: one's own kommune); the distance is between the kommuner's middles, None
    where it is not known. `bare_mine`: those where that kommune has a place.
    """
    krev_inne(aktor)
    fra = db.session.get(Organisasjon, fra_kommune_id or aktor.organisasjon_id)
    kode = fra.kode if fra is not None and fra.type == "kommune" else None
    medlem = _har_plass_i(fra.id) if fra is not None else set()
    funnet = []
    for rad in rader():
        antall = passer(rad, evner)
        km = kilometer(kode, rad["kommunenummer"])
        mitt = UUID(rad["id"]) in medlem
        if not antall or (bare_mine and not mitt):
            continue
        if innen_km is not None and (km is None or km > innen_km):
            continue
        funnet.append({**rad, "km": None if km is None else round(km), "passer": antall, "medlem": mitt})
    return sorted(funnet, key=lambda r: (not r["medlem"], r["km"] is None, r["km"] or 0, r["navn"]))


def _har_plass_i(kommune_id: UUID) -> set[UUID]:
    return set(
        db.session.scalars(
            sa.select(Plassmedlem.plassenhet_id).where(
                Plassmedlem.kommune_id == kommune_id, Plassmedlem.til.is_(None)
            )
        )
    )


def er_gammelt(enhet: Plassenhet, fase: int, naa: datetime | None = None) -> bool:
    """Whether the unit's figures are older than its phase allows, or were never given."""
    return enhet.bekreftet is None or (naa or now()) >= enhet.bekreftet + steps.frist(enhet, fase)
