"""The search for a free bed, in the rows of the board; undecorated, for this room's use cases and for those of others.

A search without a hit is answered with what is nearest to one: units beyond the distance, units that are full, and
units that nobody knows, or nobody knows any more. Unknown is unknown and never zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import access, steps, tavlelager
from portal.plasser.avstand import kilometer
from portal.plasser.forloep import Tilstand
from portal.plasser.models import HOLDES, Plass, Plassenhet, Reservasjon
from portal.plasser.sammendrag import alder, er_kjent

#: So many units beyond the distance are shown where there is none within it, and so many of the full and the unknown.
UTENFOR, FULLE, UKJENTE = 3, 8, 8


class Treff(NamedTuple):
    """A unit that a search found."""

    rad: Mapping[str, Any]
    #: Between the kommuner's middles; None where it is not known.
    km: int | None
    #: How many of its free beds can take what is asked.
    passer: int
    #: Whether the kommune of who asks has a place there.
    medlem: bool
    #: Of a full unit: when the first of its holds that matter ends; None where no bed is held.
    neste: datetime | None = None


class Funn(NamedTuple):
    """What a search found, each list the nearest first."""

    #: Units with a bed.
    treff: list[Treff]
    #: Units that can take what is asked, of whose beds one is unknown; without a hit also those that were full when
    #: somebody last said so, too long ago.
    ukjente: list[Treff]
    #: Without a hit: units with a bed beyond the distance, `UTENFOR` of them.
    utenfor: list[Treff]
    #: Without a hit: units within the distance that could take it, had they a free bed.
    fulle: list[Treff]


def passer(rad: Mapping[str, Any], evner: int) -> int:
    """How many of a unit's free beds can take what is asked."""
    return sum(antall for bits, antall in rad["ledige_evner"].items() if not evner & ~int(bits))


def soek(
    aktor: Aktor,
    *,
    evner: int = 0,
    fra: Organisasjon | None = None,
    innen_km: float | None = None,
    bare_mine: bool = False,
) -> Funn:
    """`finn` for an actor whom the caller has let in. `fra`: the kommune to measure from, the actor's own by default.

    Raises UgyldigData for a distance from nowhere.
    """
    fra = fra or (db.session.get(Organisasjon, aktor.organisasjon_id) if aktor.organisasjon_id else None)
    mine = steps.har_plass_i(aktor.organisasjon_id) if aktor.organisasjon_id else set()
    return finn(
        tavlelager.hent().enheter,
        {str(m) for m in mine},
        evner=evner,
        fra=fra.kode if fra is not None and fra.type == Organisasjonstype.KOMMUNE else None,
        innen_km=innen_km,
        bare_mine=bare_mine,
        kan_holde=aktor.rolle in access.KLINISKE,
    )


def ledige(aktor: Aktor, *, evner: int = 0) -> list[dict[str, Any]]:
    """Units with a free bed that can take what is asked, the nearest first: rows with `km`, `passer` and `medlem`."""
    return [som_rad(t) for t in soek(aktor, evner=evner).treff]


def som_rad(t: Treff) -> dict[str, Any]:
    """The row of the board with what the search found out."""
    return {**t.rad, "km": t.km, "passer": t.passer, "medlem": t.medlem}


def finn(
    rader: Iterable[Mapping[str, Any]],
    mine: Collection[str],
    *,
    evner: int = 0,
    fra: str | None = None,
    innen_km: float | None = None,
    bare_mine: bool = False,
    kan_holde: bool,
) -> Funn:
    """The search: the rows of the board that can take what is asked, of those that are near enough; and without one,
    what comes nearest to it (`Funn`).

    `mine`: the units where the kommune of who asks has a place; `fra`: the kommunenummer that distances are measured
    from; `kan_holde`: who asks holds beds, and hears when the next hold ends. A bed whose hold is over is free here,
    whether or not anybody has come by to write that down: it is given to whoever asks (`hold`). Raises UgyldigData for
    a distance from nowhere.
    """
    if innen_km is not None and fra is None:
        raise UgyldigData(felter={"fra": [_l("Velg hvilken kommune avstanden skal måles fra.")]})
    treff: list[Treff] = []
    ukjente: list[Treff] = []
    uten: list[Treff] = []
    lengre: list[tuple[float, Mapping[str, Any]]] = []
    over = _holdt_over_tiden()
    enkelte = _enkelte_plasser(evner)
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
            if avstand is not None:
                lengre.append((avstand, r))
            continue
        km = None if avstand is None else round(avstand)
        rad = _med_ledige(r, over[r["id"]]) if r["id"] in over else r
        if antall := passer(rad, evner):
            treff.append(Treff(rad, km, antall, medlem))
            continue
        # What the whole unit can, each of its beds can.
        alle_kan = not evner & ~rad["evner"]
        if not alle_kan and r["id"] not in enkelte:
            continue
        uvisse = rad["ukjent"] if alle_kan else enkelte[r["id"]]
        (ukjente if uvisse or not er_kjent(rad) else uten).append(Treff(rad, km, 0, medlem))
    treff.sort(key=_naermest)
    if treff:
        return Funn(treff, sorted(ukjente, key=_naermest), [], [])
    naa = now().isoformat()
    fulle = [t for t in uten if alder(t.rad, naa) == "fersk"]
    ukjente += [t for t in uten if alder(t.rad, naa) != "fersk"]
    return Funn(
        [],
        sorted(ukjente, key=_naermest),
        _de_naermeste(lengre, mine, evner, over),
        _med_neste(sorted(fulle, key=_naermest), evner) if kan_holde else sorted(fulle, key=_naermest),
    )


def _naermest(t: Treff) -> tuple[Any, ...]:
    return t.km is None, t.km or 0, sorteringsnoekkel(t.rad["navn"]), t.rad["id"]


def _de_naermeste(
    lengre: Iterable[tuple[float, Mapping[str, Any]]],
    mine: Collection[str],
    evner: int,
    over: Mapping[str, list[int]],
) -> list[Treff]:
    """The nearest of the units beyond the distance that have a bed."""
    funnet = []
    for avstand, r in lengre:
        rad = _med_ledige(r, over[r["id"]]) if r["id"] in over else r
        if antall := passer(rad, evner):
            funnet.append(Treff(rad, round(avstand), antall, r["id"] in mine))
    return sorted(funnet, key=_naermest)[:UTENFOR]


def _enkelte_plasser(evner: int) -> dict[str, int]:
    """{unit: how many of them are unknown} of the units with beds that can more than the unit as a whole, and that can
    take what is asked."""
    if not evner:
        return {}
    return {
        str(r.plassenhet_id): r.ukjente
        for r in db.session.execute(
            sa.select(
                Plass.plassenhet_id,
                sa.func.count(sa.case((Plass.tilstand == Tilstand.UKJENT, 1))).label("ukjente"),
            )
            .join(Plassenhet, Plassenhet.id == Plass.plassenhet_id)
            .where(
                Plass.nedlagt.is_(None),
                Plass.evner != 0,
                _kan_ta(evner),
                Plassenhet.evner.bitwise_and(evner) != evner,
            )
            .group_by(Plass.plassenhet_id)
        )
    }


def _kan_ta(evner: int) -> sa.ColumnElement[bool]:
    """Whether a bed, or its unit for it, can take what is asked."""
    return Plass.evner.bitwise_or(Plassenhet.evner).bitwise_and(evner) == evner


def _med_neste(fulle: list[Treff], evner: int) -> list[Treff]:
    """The full units with when the next hold of a bed that matters ends."""
    if not fulle:
        return []
    # Those of the whole country: there are no more holds than people on their way.
    rader = db.session.execute(
        sa.select(Plass.plassenhet_id, sa.func.min(Reservasjon.utloeper).label("neste"))
        .join(Reservasjon, Reservasjon.plass_id == Plass.id)
        .join(Plassenhet, Plassenhet.id == Plass.plassenhet_id)
        .where(HOLDES, Reservasjon.utloeper > now(), Plass.bemannet, _kan_ta(evner))
        .group_by(Plass.plassenhet_id)
    )
    neste = {str(r.plassenhet_id): r.neste for r in rader}
    return [t._replace(neste=neste.get(t.rad["id"])) for t in fulle]


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
    ledige_evner = dict(rad["ledige_evner"])
    flere = evner[: rad["holdt"] or 0]
    for e in flere:
        ledige_evner[str(e)] = ledige_evner.get(str(e), 0) + 1
    return {
        **rad,
        "ledig": rad["ledig"] + len(flere),
        "holdt": rad["holdt"] - len(flere),
        "ledige_evner": ledige_evner,
    }
