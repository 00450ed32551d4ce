"""What a reallocation does to the ØHD beds of both units, before anybody signs: what is agreed, and what it would take.

How many beds the people staff follows from the unit's own figure (`Bemanningsgulv.plasser_per`) and from how the beds
stand now. It is a proposal: people decide the numbers. Nothing here asks for permission, or locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.db import db
from portal.omdisponering import kontroll, steps
from portal.omdisponering.forloep import FULL
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Bemanningsgulv
from portal.plasser import steps as plassteg
from portal.plasser.forloep import Tilstand
from portal.plasser.models import Plassenhet


@dataclass(frozen=True, slots=True)
class Enhetsvirkning:
    """A unit's beds with staff: how many now (`foer`) and afterwards, and what to look out for."""

    plassenhet_id: UUID
    enhet: str
    #: Agreed: so many lose their staff, or get it.
    antall: int
    foer: int
    #: How many could at most, as the beds stand now.
    mulig: int
    #: What the people staff by the unit's own figure; None: the unit has not said.
    forslag: int | None
    #: Somebody lies in so many of those that lose their staff.
    belagte: int = 0

    @property
    def gjoeres(self) -> int:
        return min(self.antall, self.mulig)


@dataclass(frozen=True, slots=True)
class Virkning:
    """`folk`: {profession: people}; `stenges` at the lender, `aapnes` at the receiver (None: no ØHD beds there)."""

    folk: Mapping[str, int]
    lokaler: int
    stenges: Enhetsvirkning | None
    aapnes: Enhetsvirkning | None
    #: So many people below its floor the lender's unit comes. For the lender alone to see.
    under_gulv: int = 0

    @property
    def stenges_foer(self) -> int:
        return self.stenges.foer if self.stenges else 0

    @property
    def stenges_etter(self) -> int:
        return self.stenges.foer - self.stenges.gjoeres if self.stenges else 0

    @property
    def aapnes_foer(self) -> int:
        return self.aapnes.foer if self.aapnes else 0

    @property
    def aapnes_etter(self) -> int:
        return self.aapnes.foer + self.aapnes.gjoeres if self.aapnes else 0


def av(omd: Omdisponering) -> Virkning:
    """The effect of a reallocation that has not begun, as it is written now."""
    linjer = [li for li in omd.linjer if li.gjelder]
    regnet = regn(
        aarsverk(linjer), omd.avgiver_enhet_id, omd.mottaker_enhet_id, stenges=omd.stenges, aapnes=omd.aapnes
    )
    gulv = db.session.scalars(
        sa.select(Bemanningsgulv).where(Bemanningsgulv.enhet_id.in_(steps.kommer_fra(omd)))
    ).all()
    return Virkning(
        folk=Counter(li.ressursperson.stilling for li in linjer if li.ressursperson is not None),
        lokaler=sum(li.lokale_id is not None for li in linjer),
        stenges=regnet[0],
        aapnes=regnet[1],
        under_gulv=kontroll.under_gulv(omd, gulv) if linjer else 0,
    )


def aarsverk(linjer: Iterable[Omdisponeringslinje]) -> dict[str, float]:
    """{profession: full posts} of lines that count."""
    ut: dict[str, float] = {}
    for li in linjer:
        if li.ressursperson is not None:
            ut[li.ressursperson.stilling] = ut.get(li.ressursperson.stilling, 0) + li.andel / FULL
    return ut


def regn(
    folk: Mapping[str, float],
    avgiver_enhet_id: UUID | None,
    mottaker_enhet_id: UUID | None,
    *,
    stenges: int | None = None,
    aapnes: int | None = None,
) -> tuple[Enhetsvirkning | None, Enhetsvirkning | None]:
    """The effect of so many full posts at the two units. Numbers left out: what is proposed, or none."""
    ider = [e for e in (avgiver_enhet_id, mottaker_enhet_id) if e is not None]
    if not ider:
        return None, None
    enheter = {
        p.enhet_id: p
        for p in db.session.scalars(
            sa.select(Plassenhet)
            .where(Plassenhet.enhet_id.in_(ider), Plassenhet.nedlagt.is_(None))
            .options(joinedload(Plassenhet.enhet))
        )
    }
    per = {
        (r.enhet_id, r.stilling): r.plasser_per
        for r in db.session.execute(
            sa.select(Bemanningsgulv.enhet_id, Bemanningsgulv.stilling, Bemanningsgulv.plasser_per).where(
                Bemanningsgulv.enhet_id.in_(ider), Bemanningsgulv.plasser_per.is_not(None)
            )
        )
    }

    def bemannes(enhet_id: UUID) -> float | None:
        """The beds that they staff at the unit; None: it has said so of none of their professions."""
        kjente = [n * per[enhet_id, stilling] for stilling, n in folk.items() if (enhet_id, stilling) in per]
        return sum(kjente) if kjente else None

    ut: list[Enhetsvirkning | None] = []
    for enhet_id, antall, stenger in ((avgiver_enhet_id, stenges, True), (mottaker_enhet_id, aapnes, False)):
        enhet = enheter.get(enhet_id) if enhet_id else None
        if enhet is None or enhet_id is None:
            ut.append(None)
            continue
        plasser = plassteg.i_bruk(enhet.id)
        valgbare = plassteg.kan_avgi(plasser) if stenger else plassteg.kan_bemannes(plasser)
        tall = bemannes(enhet_id)
        # A bed that is staffed by a half is not open: what is lost is rounded up, what is won down.
        forslag = (
            None if tall is None else min(ceil(tall - 1e-9) if stenger else floor(tall + 1e-9), len(valgbare))
        )
        n = antall if antall is not None else forslag or 0
        ut.append(
            Enhetsvirkning(
                plassenhet_id=enhet.id,
                enhet=enhet.enhet.navn,
                antall=n,
                foer=sum(p.bemannet for p in plasser),
                mulig=len(valgbare),
                forslag=forslag,
                belagte=sum(p.tilstand == Tilstand.BELAGT for p in valgbare[:n]) if stenger else 0,
            )
        )
    return ut[0], ut[1]
