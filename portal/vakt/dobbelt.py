"""The same person at two levels of one plan at the same time: allowed, but never silent.

A request that climbs goes from the vakthavende to the bakvakt to the vaktleder. Where two of them are one person it
climbs from somebody to the same somebody, and nobody else is told. Small houses may want that; they must know it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.core.sprak import _, ngettext
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Person
from portal.vakt.models import Nivaa, Vakt
from portal.vakt.ord import ETIKETTER
from portal.vakt.tidsord import tidsrom
from portal.vakt.turnus import LENGSTE_VAKT

#: So many are told of one by one; what is more is counted.
VIST = 5
_REKKE = {str(n): nummer for nummer, n in enumerate(Nivaa)}


class Staar(NamedTuple):
    """Somebody at a level [fra, til)."""

    nivaa: str
    person_id: UUID
    navn: str
    fra: datetime
    til: datetime


class Dobbelt(NamedTuple):
    """Somebody at two levels of a plan at once, [fra, til)."""

    navn: str
    nivaaer: tuple[str, str]
    fra: datetime
    til: datetime


def hent(plan_id: UUID, fra: datetime, til: datetime, *, person_id: UUID | None = None) -> list[Dobbelt]:
    """Where the plan as it stands has one person at two levels within [fra, til), in order; of one person, if named."""
    en, annen = aliased(Vakt), aliased(Vakt)
    sporring = (
        sa.select(Person.navn, en.nivaa, annen.nivaa.label("med"), en.fra, en.til, annen.fra, annen.til)
        .join(
            annen,
            sa.and_(
                annen.person_id == en.person_id,
                annen.vaktplan_id == en.vaktplan_id,
                annen.nivaa != en.nivaa,
                annen.avlyst.is_(None),
                annen.fra < en.til,
                annen.til > en.fra,
                # The bound lets the index find it.
                annen.fra > fra - LENGSTE_VAKT,
                annen.fra < til,
                annen.til > fra,
            ),
        )
        .join(Person, Person.id == en.person_id)
        .where(
            en.vaktplan_id == plan_id,
            en.nivaa.in_(list(Nivaa)),
            en.avlyst.is_(None),
            en.fra > fra - LENGSTE_VAKT,
            en.fra < til,
            en.til > fra,
        )
    )
    if person_id is not None:
        sporring = sporring.where(en.person_id == person_id)
    return _i_rekke(
        Dobbelt(navn, (nivaa, med), max(a, b, fra), min(c, d, til))
        for navn, nivaa, med, a, c, b, d in db.session.execute(sporring)
        # Each pair comes twice, once from either side.
        if _REKKE[nivaa] < _REKKE[med]
    )


def forutse(plan_id: UUID, nye: Sequence[Staar], *, uten: Collection[UUID] = ()) -> list[Dobbelt]:
    """What `hent` would tell more of, were these written: against what stands in the plan, and against each other.

    `uten` are shifts that give way to them.
    """
    if not nye:
        return []
    fra, til = min(s.fra for s in nye), max(s.til for s in nye)
    andre: dict[UUID, list[tuple[Staar, bool]]] = defaultdict(list)
    for v in db.session.execute(
        sa.select(Vakt.nivaa, Vakt.person_id, Vakt.fra, Vakt.til).where(
            Vakt.vaktplan_id == plan_id,
            Vakt.person_id.in_({s.person_id for s in nye}),
            Vakt.avlyst.is_(None),
            Vakt.id.not_in(list(uten)),
            Vakt.fra > fra - LENGSTE_VAKT,
            Vakt.fra < til,
            Vakt.til > fra,
        )
    ):
        andre[v.person_id].append((Staar(v.nivaa, v.person_id, "", v.fra, v.til), False))
    for s in nye:
        andre[s.person_id].append((s, True))
    funn = []
    for rader in andre.values():
        rader.sort(key=lambda r: r[0].fra)
        aapne: list[tuple[Staar, bool]] = []
        for s, ny in rader:
            aapne = [a for a in aapne if a[0].til > s.fra]
            funn += [
                Dobbelt(s.navn or a.navn, _par(s.nivaa, a.nivaa), s.fra, min(s.til, a.til))
                for a, a_ny in aapne
                if a.nivaa != s.nivaa and (ny or a_ny)
            ]
            aapne.append((s, ny))
    return _i_rekke(funn)


def _par(en: str, annen: str) -> tuple[str, str]:
    foerst, sist = sorted((str(en), str(annen)), key=_REKKE.__getitem__)
    return foerst, sist


def _i_rekke(alle: Iterable[Dobbelt]) -> list[Dobbelt]:
    """In order, those that meet as one: a week of single nights beside a whole week is told of once."""
    ut: dict[tuple[str, tuple[str, str]], list[Dobbelt]] = defaultdict(list)
    for d in sorted(alle, key=lambda d: d.fra):
        rekke = ut[d.navn, d.nivaaer]
        if rekke and d.fra <= rekke[-1].til:
            rekke[-1] = rekke[-1]._replace(til=max(d.til, rekke[-1].til))
        else:
            rekke.append(d)
    return sorted((d for rekke in ut.values() for d in rekke), key=lambda d: (d.fra, d.navn, d.nivaaer))


def krev_bekreftet(doble: Sequence[Dobbelt], fagomraade: str, bekreftet: bool) -> None:
    """Raises UgyldigData, for the field `bekreftet`, unless somebody has said that this is meant."""
    if doble and not bekreftet:
        raise UgyldigData(
            felter={
                "bekreftet": [
                    som_tekst(doble[0], fagomraade)
                    + " "
                    + _("Kryss av for at det er meningen, eller velg noe annet.")
                ]
            }
        )


# --- in words --------------------------------------------------------------------------------------------


def som_tekst(d: Dobbelt, fagomraade: str) -> str:
    """What it is, and what it means."""
    en, annen = (str(ETIKETTER["vaktnivaa"][Nivaa(n)]).lower() for n in d.nivaaer)
    return _(
        "%(navn)s er både %(en)s og %(annen)s for %(fag)s %(tid)s. En sak som ingen svarer på, går da videre til "
        "samme person.",
        navn=d.navn,
        en=en,
        annen=annen,
        fag=ALLE_OMRAADER[fagomraade],
        tid=tidsrom(d.fra, d.til),
    )


def tekster(alle: Sequence[Dobbelt], fagomraade: str) -> list[str]:
    """The first of them, and how many more there are."""
    ut = [som_tekst(d, fagomraade) for d in alle[:VIST]]
    if flere := len(alle) - len(ut):
        ut.append(
            ngettext(
                "Og %(num)s tidsrom til med samme person på to nivåer. Se dekningen.",
                "Og %(num)s tidsrom til med samme person på to nivåer. Se dekningen.",
                flere,
            )
        )
    return ut
