"""Which of one's own other roles opens a page that the role one works in does not.

Notices follow the person, and may be opened while the person works in another role: at the kommune in the day, on call
at the hospital at night. A page that is «finnes ikke» in the one role is then offered in the other. Only the rooms
above know what a role opens, so each tells it here through the factory (as `varsler.service.mottakere` is told who
people are). Asked of are the person's own valid memberships alone, by the rule that opens the page itself: what none of
them may see looks the same as what does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from portal.core.aktor import Aktor
from portal.identitet import steps

#: Of these roles of one person, the memberships that open the page: its endpoint, and the arguments of its address.
#: In a list, the one that it is most for is first.
Dommer = Callable[[str, Mapping[str, Any], Sequence[Aktor]], Collection[UUID]]
_DOMMERE: dict[str, Dommer] = {}


def sett_opp(rom: str, dommer: Dommer) -> None:
    """Lets a room judge its own pages. Called by the factory."""
    _DOMMERE[rom] = dommer


def finn_roller(aktor: Aktor, rom: str | None, endepunkt: str, argumenter: Mapping[str, Any]) -> list[Aktor]:
    """The actor's other roles that open the page, in the order of the room that judges, else the oldest first;
    none for a program, which cannot change roles."""
    dommer = _DOMMERE.get(rom or "")
    if dommer is None or aktor.person_id is None or aktor.sesjon_id is None:
        return []
    andre = [r for r in steps.gyldige_medlemskap(aktor.person_id) if r.medlemskap_id != aktor.medlemskap_id]
    aapner = dommer(endepunkt, argumenter, andre) if andre else ()
    funnet = [r for r in andre if r.medlemskap_id in aapner]
    if isinstance(aapner, Sequence):
        funnet.sort(key=lambda r: aapner.index(r.medlemskap_id))
    return funnet


def aapnes_her(aktor: Aktor, rom: str | None, endepunkt: str, argumenter: Mapping[str, Any]) -> bool:
    """Whether the page is one for the role one works in: it is opened by it, or by no other role either."""
    dommer = _DOMMERE.get(rom or "")
    if dommer is None or aktor.person_id is None or aktor.sesjon_id is None:
        return True
    aapner = dommer(endepunkt, argumenter, steps.gyldige_medlemskap(aktor.person_id))
    return not aapner or aktor.medlemskap_id in aapner
