"""A calendar file in the place of what stands: whole levels, within the file's own time.

What stands there and is not in the file gives way, also shifts that the file gives to another. What has been is
history: it gives way from now on. What lies outside the file's time stays with its person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.clock import hele_sekunder, now
from portal.core.sprak import _l
from portal.revisjon.steps import logg
from portal.vakt import skriving
from portal.vakt.models import Vakt, Vaktkilde, Vaktplan
from portal.vakt.tidsord import tidsrom
from portal.vakt.turnus import ledige_deler

#: Made by people after the rotation was laid: who reads a file in should know that these go.
FOR_HAAND = frozenset({Vaktkilde.OVERSTYRING, Vaktkilde.BYTTE, Vaktkilde.TATT})


class Ny(NamedTuple):
    """A shift of the file, from the moment on that it can be given. `finnes`: the very same stands already."""

    nivaa: str
    person_id: UUID
    navn: str
    fra: datetime
    til: datetime
    finnes: bool


@dataclass(frozen=True, slots=True)
class Utgaar:
    """A standing shift, or what lies of it in the file's time."""

    vakt: Vakt
    fra: datetime
    til: datetime
    #: Who has it by the file, besides its person.
    nye: Sequence[str]
    #: Nobody has these parts by the file.
    hull: Sequence[tuple[datetime, datetime]]
    #: The person keeps all of it, as a shift with other ends.
    beholder: bool

    @property
    def for_haand(self) -> bool:
        return self.vakt.kilde in FOR_HAAND


def grense() -> datetime:
    """From when on shifts give way."""
    return hele_sekunder(now())


def finn(plan: Vaktplan, nye: Iterable[Ny]) -> list[Utgaar]:
    """What would give way to the shifts of a file, by level and time. They do not overlap within a level."""
    per_nivaa: dict[str, list[Ny]] = {}
    for n in sorted(nye, key=lambda n: n.fra):
        per_nivaa.setdefault(n.nivaa, []).append(n)
    return [u for nivaa in sorted(per_nivaa) for u in _finn(plan, nivaa, per_nivaa[nivaa])]


def _finn(plan: Vaktplan, nivaa: str, nye: Sequence[Ny]) -> list[Utgaar]:
    start, slutt = max(nye[0].fra, grense()), nye[-1].til
    finnes = {(n.fra, n.til, n.person_id) for n in nye if n.finnes}
    ender = [n.til for n in nye]
    ut = []
    for v in skriving.overlappende(plan.id, nivaa, start, slutt):
        if (hele_sekunder(v.fra), hele_sekunder(v.til), v.person_id) in finnes:
            continue
        fra, til = max(v.fra, start), min(v.til, slutt)
        her = []
        for n in nye[bisect_right(ender, fra) :]:
            if n.fra >= til:
                break
            her.append(n)
        tapt = ledige_deler(fra, til, [(n.fra, n.til) for n in her if n.person_id == v.person_id])
        ut.append(
            Utgaar(
                v,
                fra,
                til,
                nye=tuple(dict.fromkeys(n.navn for n in her if n.person_id != v.person_id)),
                hull=ledige_deler(fra, til, [(n.fra, n.til) for n in her]),
                beholder=not tapt,
            )
        )
    return ut


def gjoer(aktor: Aktor, plan: Vaktplan, utgaar: Sequence[Utgaar]) -> None:
    """Takes them out of the plan. The caller holds its lock, writes what comes instead, and then tells (`fortell`)."""
    per_nivaa: dict[str, list[Utgaar]] = {}
    for u in utgaar:
        per_nivaa.setdefault(u.vakt.nivaa, []).append(u)
    for deres in per_nivaa.values():
        skriving.kutt([u.vakt for u in deres], min(u.fra for u in deres), max(u.til for u in deres))
    logg(aktor, "vakt.erstattet", "vaktplan", plan.id, vakter=[str(u.vakt.id) for u in utgaar])
    skriving.endret(plan)


def fortell(aktor: Aktor, plan: Vaktplan, utgaar: Sequence[Utgaar]) -> None:
    """Each person who lost something is told once, when all is written."""
    skriving.glem([u.vakt for u in utgaar])
    per_medlemskap: dict[UUID, list[Utgaar]] = {}
    for u in utgaar:
        if not u.beholder:
            per_medlemskap.setdefault(u.vakt.medlemskap_id, []).append(u)
    for medlemskap_id, deres in sorted(per_medlemskap.items()):
        foerste = min(deres, key=lambda u: u.fra)
        tid = tidsrom(foerste.fra, foerste.til)
        skriving.fortell(
            medlemskap_id,
            uten=aktor.person_id,
            noekkel=f"vakt.mistet:{foerste.vakt.id}",
            kode="vakt.endret",
            tittel=_l(
                "Vakten din er endret: %(fag)s, %(nivaa)s", **skriving.hvilken(plan, foerste.vakt.nivaa)
            ),
            tekst=_l("Du har ikke lenger vakt %(tid)s. Endret av %(navn)s.", tid=tid, navn=aktor.navn)
            if len(deres) == 1
            else _l(
                "%(antall)s av vaktene dine er endret av %(navn)s. Den første er %(tid)s. Se vaktene dine.",
                antall=len(deres),
                tid=tid,
                navn=aktor.navn,
            ),
        )
