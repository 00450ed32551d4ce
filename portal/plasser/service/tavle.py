"""The board: every unit in the country with what it has free, who said so and when. Reads alone.

The rows are those that this process keeps (`tavlelager`), never older than the database says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.plasser import soek as soeket
from portal.plasser import steps, tavlelager
from portal.plasser.models import Plassenhet
from portal.plasser.tavlelager import TALL, Tavle, versjon
from portal.revisjon.steps import logg as revider

__all__ = ["TALL", "hent_json", "hent_tavle", "rader", "soek", "versjon"]


def hent_tavle(aktor: Aktor, etter: int | None = None, faser: str | None = None) -> dict[str, Any]:
    """{"versjon", "faser", "navn", "hel", "enheter": [row]}: the whole board, or what has changed after a version.

    A row has the unit's names and ids, the figures of `Plasstall` (None for a unit without beds: unknown is unknown),
    `bekreftet` and by whom, `fase` of its vertskommune and `ferskt_til`. A change has `summer` too: the sums that it
    touches (`Tavle.summer_for`). Rows are shared with others: copy the one that you want to change. It is the whole
    board also where what is known to who asks has no meaning here: a version that is yet to come, or other phases
    (`faser`). Raises IkkeTilgang for who has no role.
    """
    krev_inne(aktor)
    tavle = tavlelager.hent()
    hel, rader = _det_nye(tavle, etter, faser)
    return tavle.som_svar(rader, hel=hel)


def _det_nye(tavle: Tavle, etter: int | None, faser: str | None) -> tuple[bool, list[dict[str, Any]]]:
    """Whether it must be the whole board, and the rows."""
    hel = etter is None or etter > tavle.versjon or (faser is not None and faser != tavle.faser)
    return hel, list(tavle.enheter) if etter is None or hel else tavle.etter(etter)


def hent_endringer_json(aktor: Aktor, etter: int, faser: str | None = None) -> bytes:
    """What `hent_tavle` gives, as JSON. Raises IkkeTilgang."""
    krev_inne(aktor)
    tavle = tavlelager.hent()
    hel, rader = _det_nye(tavle, etter, faser)
    return tavle.json if hel else tavle.som_json(rader, hel=False)


def hent_json(aktor: Aktor) -> tuple[bytes, str]:
    """The whole board as JSON, and what it can be known by (ETag). Raises IkkeTilgang."""
    krev_inne(aktor)
    tavle = tavlelager.hent()
    return tavle.json, tavle.merke


def hent_endringer(fra: int) -> dict[str, Any]:
    """What has changed after a version, for everybody who has the board open: {"fra", "versjon", …} (`hent_tavle`)."""
    tavle = tavlelager.hent()
    return {"fra": fra, **tavle.som_svar(tavle.etter(fra), hel=False)}


@dataclass(frozen=True, slots=True)
class Hode:
    """What those who have the board open compare with what they show: its version, its phases and its names."""

    versjon: int
    #: The name of the phases, and {kommune: its phase}.
    faser: str
    kommuner: dict[UUID, int]
    #: The name of the names.
    navn: str


def hent_hode() -> Hode:
    tavle = tavlelager.hent()
    return Hode(tavle.versjon, tavle.faser, tavle.kommunefaser, tavle.navnemerke)


def hent_faseendringer(foer: Hode) -> dict[str, Any]:
    """The rows whose kommune is in another phase than it was: that changes no bed, but how long figures are fresh."""
    tavle = tavlelager.hent()
    andre = [r for id_, r in tavle.rader.items() if _ny_fase(foer, tavle.raa[id_].kommune_id, r)]
    return {"fra": tavle.versjon, "faser_fra": foer.faser, **tavle.som_svar(andre, hel=False)}


def _ny_fase(foer: Hode, kommune_id: UUID, rad: dict[str, Any]) -> bool:
    return foer.kommuner.get(kommune_id) != rad["fase"]


def krev_inne(aktor: Aktor) -> None:
    """The board is for everybody who is logged in with a role. Raises IkkeTilgang, and logs it."""
    if aktor.person_id is None or aktor.medlemskap_id is None:
        uavhengig(lambda: revider(aktor, "plasser.se", "plasstavle", "", utfall="avslag"))
        raise IkkeTilgang()


def rader(*vilkaar: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    """The rows of some units, by trust, kommune and unit; without a condition, of all that are not closed down."""
    if not vilkaar:
        return list(tavlelager.hent().enheter)
    funnet = tavlelager.les_rader(*vilkaar)
    faser = tavlelager.faser_for(r.kommune_id for r in funnet)
    return [tavlelager.rad_av(r, faser[r.kommune_id]) for r in funnet]


def rad_for(enheter: Iterable[UUID]) -> list[dict[str, Any]]:
    """The rows of these units as they are now, closed down or not."""
    return rader(Plassenhet.id.in_(set(enheter)))


def kommune_med(nummer: str) -> UUID:
    """The kommune with a kommunenummer. Raises UgyldigData."""
    funnet = db.session.scalar(
        sa.select(Organisasjon.id).where(
            Organisasjon.type == Organisasjonstype.KOMMUNE, Organisasjon.kode == nummer
        )
    )
    if funnet is None:
        raise UgyldigData(felter={"fra": [_l("Ingen kommune har dette nummeret.")]})
    return funnet


def soek(
    aktor: Aktor,
    *,
    evner: int = 0,
    fra_kommune_id: UUID | None = None,
    innen_km: float | None = None,
    bare_mine: bool = False,
) -> dict[str, Any]:
    """{"enheter", "utenfor", "fulle", "ukjente"}: rows of the board with `km`, `passer` and `medlem`, nearest first.

    `enheter` have a free bed that can take what is asked. Where there is none: `utenfor` have one beyond the distance,
    `fulle` could take it (`neste_utloep`: when the next hold there ends; None: none is held); `ukjente` may have one,
    and nobody knows (`soek`). `fra_kommune_id`: from where (default: one's own kommune). `bare_mine`: those where
    one's own kommune has a place. Raises IkkeTilgang, and UgyldigData for a distance from nowhere.
    """
    krev_inne(aktor)
    funn = soeket.soek(
        aktor,
        evner=evner,
        fra=db.session.get(Organisasjon, fra_kommune_id) if fra_kommune_id else None,
        innen_km=innen_km,
        bare_mine=bare_mine,
    )
    som_rad = soeket.som_rad
    return {
        "enheter": [som_rad(t) for t in funn.treff],
        "utenfor": [som_rad(t) for t in funn.utenfor],
        "fulle": [
            {**som_rad(t), "neste_utloep": t.neste.isoformat() if t.neste else None}
            for t in funn.fulle[: soeket.FULLE]
        ],
        "ukjente": [som_rad(t) for t in funn.ukjente[: soeket.UKJENTE]],
    }


def er_gammelt(enhet: Plassenhet, fase: int, naa: datetime | None = None) -> bool:
    """Whether the unit's figures are older than its phase allows, or were never given."""
    return enhet.bekreftet is None or (naa or now()) >= enhet.bekreftet + steps.frist(enhet, fase)
