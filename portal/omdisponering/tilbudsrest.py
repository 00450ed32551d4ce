"""What is left of offers, at the needs that they are shown at: undecorated, for this room's use cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.clock import now
from portal.core.db import db
from portal.omdisponering import steps
from portal.omdisponering.forloep import FULL, TELLER
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.regler import Periode, mest_ledig


class Tatt(NamedTuple):
    """Why an offer cannot be picked (again): the need's own reallocation that has it, or, without one, that all of it
    is promised to others."""

    omdisponering_id: UUID | None = None
    nummer: str = ""
    #: Both sides have approved; else the lender has.
    avtalt: bool = False


def tatt(par: Sequence[tuple[Behov, Tilbud]]) -> dict[UUID, Tatt]:
    """{offer: who has it}, of those that nothing is left of in the rest of the need's time; or that stand in a
    reallocation of it, and less is left than another draft would ask for. Each offer is at one need.

    What is left at a moment is the least of what is offered and what the person can be lent for, without what the
    lender has approved. Three questions at the most, however many they are.
    """
    if not par:
        return {}
    naa = now()
    linjer: dict[UUID, list[Omdisponeringslinje]] = {}
    for kolonne, ider in (
        (Omdisponeringslinje.ressursperson_id, [t.ressursperson_id for _b, t in par if t.ressursperson_id]),
        (Omdisponeringslinje.lokale_id, [t.lokale_id for _b, t in par if t.lokale_id]),
    ):
        if ider:
            for li in steps.opptatt_av(kolonne, ider, naa, max(b.til for b, _t in par)):
                linjer.setdefault(getattr(li, kolonne.key), []).append(li)
    if not linjer:
        return {}
    har = {li.omdisponering_id for egne in linjer.values() for li in egne}
    omd = {
        r.id: r
        for r in db.session.execute(
            sa.select(
                Omdisponering.id, Omdisponering.nummer, Omdisponering.status, Omdisponering.behov_id
            ).where(Omdisponering.id.in_(sorted(har)))
        )
    }
    ut = {}
    for b, t in par:
        fra, til = max(t.fra, b.fra, naa), min(t.til, b.til)
        if fra >= til:
            continue
        hoyst = t.ressursperson.prosent if t.ressursperson is not None else FULL
        egne = linjer.get(t.ressursperson_id or t.lokale_id, [])  # type: ignore[arg-type]
        igjen = mest_ledig(
            [
                ([_periode(li) for li in egne if li.tilbud_id == t.id], t.andel),
                ([_periode(li) for li in egne], hoyst),
            ],
            fra,
            til,
        )
        her = next((r for li in egne if (r := omd[li.omdisponering_id]).behov_id == b.id), None)
        if igjen <= 0 or (her is not None and igjen < min(b.andel, t.andel, hoyst)):
            ut[t.id] = Tatt(her.id, her.nummer, her.status in TELLER) if her is not None else Tatt()
    return ut


def _periode(li: Omdisponeringslinje) -> Periode:
    return Periode(li.fra, li.til, li.andel)
