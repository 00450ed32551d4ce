"""The board: every unit in the country with what it has free, who said so and when. Reads alone.

The rows are those that this process keeps (`tavlelager`), never older than the database says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import steps
from portal.plasser.avstand import kilometer
from portal.plasser.models import HOLDES, Plass, Plassenhet, Reservasjon
from portal.plasser.sammendrag import er_kjent
from portal.plasser.service import tavlelager
from portal.plasser.service.tavlelager import TALL, Tavle, versjon
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


def passer(rad: Mapping[str, Any], evner: int) -> int:
    """How many of a unit's free beds can take what is asked."""
    return sum(antall for bits, antall in rad["ledige_evner"].items() if not evner & ~int(bits))


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
) -> list[dict[str, Any]]:
    """Units with a free bed that can take what is asked, the nearest first: rows of the board with `km`, `passer` and
    `medlem` (`finn`).

    `fra_kommune_id`: from where (default: one's own kommune). `bare_mine`: those where one's own kommune has a place.
    Raises IkkeTilgang, and UgyldigData for a distance from nowhere.
    """
    krev_inne(aktor)
    fra = db.session.get(Organisasjon, fra_kommune_id or aktor.organisasjon_id)
    kode = fra.kode if fra is not None and fra.type == Organisasjonstype.KOMMUNE else None
    mine = steps.har_plass_i(aktor.organisasjon_id) if aktor.organisasjon_id else set()
    funn = finn(
        tavlelager.hent().enheter,
        {str(m) for m in mine},
        evner=evner,
        fra=kode,
        innen_km=innen_km,
        bare_mine=bare_mine,
    )
    return [{**t.rad, "km": t.km, "passer": t.passer, "medlem": t.medlem} for t in funn.treff]


class Treff(NamedTuple):
    """A unit that a search found."""

    rad: Mapping[str, Any]
    #: Between the kommuner's middles; None where it is not known.
    km: int | None
    #: How many of its free beds can take what is asked.
    passer: int
    #: Whether the kommune of who asks has a place there.
    medlem: bool


class Funn(NamedTuple):
    """What a search found, the nearest first: units with a bed, and units that nobody knows anything of."""

    treff: list[Treff]
    ukjente: list[Treff]


def finn(
    rader: Iterable[Mapping[str, Any]],
    mine: Collection[str],
    *,
    evner: int = 0,
    fra: str | None = None,
    innen_km: float | None = None,
    bare_mine: bool = False,
) -> Funn:
    """The search: the rows of the board that can take what is asked, of those that are near enough.

    `mine`: the units where the kommune of who asks has a place; `fra`: the kommunenummer that distances are measured
    from. A bed whose hold is over is free here, whether or not anybody has come by to write that down: it is given to
    whoever asks (`hold`). Raises UgyldigData for a distance from nowhere.
    """
    if innen_km is not None and fra is None:
        raise UgyldigData(felter={"fra": [_l("Velg hvilken kommune avstanden skal måles fra.")]})
    funn = Funn([], [])
    over = _holdt_over_tiden()
    #: A kommune may have many units.
    avstander: dict[str, float | None] = {}
    for r in rader:
        medlem = r["id"] in mine
        if bare_mine and not medlem:
            continue
        if (nr := r["kommunenummer"]) not in avstander:
            avstander[nr] = kilometer(fra, nr)
        avstand = avstander[nr]
        if innen_km is not None and (avstand is None or avstand > innen_km):
            continue
        km = None if avstand is None else round(avstand)
        rad = _med_ledige(r, over[r["id"]]) if r["id"] in over else r
        if antall := passer(rad, evner):
            funn.treff.append(Treff(rad, km, antall, medlem))
        elif not er_kjent(rad) and not evner & ~rad["evner"]:
            funn.ukjente.append(Treff(rad, km, 0, medlem))
    return Funn(*(sorted(liste, key=_naermest) for liste in funn))


def _naermest(t: Treff) -> tuple[Any, ...]:
    return t.km is None, t.km or 0, sorteringsnoekkel(t.rad["navn"]), t.rad["id"]


def _holdt_over_tiden() -> dict[str, list[int]]:
    """{unit: what each bed of it can take that is held, but for no longer}: by the index of the active holds."""
    ut: dict[str, list[int]] = {}
    for r in db.session.execute(
        sa.select(Plass.plassenhet_id, Plass.evner.bitwise_or(Plassenhet.evner).label("evner"))
        .join(Reservasjon, Reservasjon.plass_id == Plass.id)
        .join(Plassenhet, Plassenhet.id == Plass.plassenhet_id)
        .where(HOLDES, Reservasjon.utloeper <= now())
    ):
        ut.setdefault(str(r.plassenhet_id), []).append(r.evner)
    return ut


def _med_ledige(rad: Mapping[str, Any], evner: list[int]) -> dict[str, Any]:
    """The row with beds that it shows as held counted as free."""
    ledige = dict(rad["ledige_evner"])
    flere = evner[: rad["holdt"] or 0]
    for e in flere:
        ledige[str(e)] = ledige.get(str(e), 0) + 1
    return {
        **rad,
        "ledig": rad["ledig"] + len(flere),
        "holdt": rad["holdt"] - len(flere),
        "ledige_evner": ledige,
    }


def er_gammelt(enhet: Plassenhet, fase: int, naa: datetime | None = None) -> bool:
    """Whether the unit's figures are older than its phase allows, or were never given."""
    return enhet.bekreftet is None or (naa or now()) >= enhet.bekreftet + steps.frist(enhet, fase)
