"""What a change of a person's roles takes out of the rosters, told before it is done.

A shift belongs to a membership and to its fagområder: who ends the one or takes away the other leaves shifts that
nobody has, and a role that is given anew is a new membership, to which they do not come back. The rosters are a higher
room's, and are asked through the factory, as `varsler.service.mottakere` asks who people are. The ways that were not
taken: the job `fratraadte.meld_fratraadte` tells the coordinator afterwards, which is too late to think again; a page
of the rosters would be another one than that on which roles are ended, and would be forgotten; and to call shifts off
from here would be to change a roster by itself, which only those who keep it do.

A use case that takes shifts away is given the number that the administrator has been shown, and refuses when it is
more: so also when shifts were put in while the page stood open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo
from portal.core.config import innstillinger
from portal.core.errors import Konflikt
from portal.core.sprak import ngettext


class KommendeVakt(NamedTuple):
    """A shift [fra, til) that runs or comes, and counts."""

    medlemskap_id: UUID
    fagomraade: str
    fra: datetime
    til: datetime


#: A login is stretched to the end of a shift that ends so soon, and no further.
LENGSTE_VAKT = timedelta(hours=26)
#: Gives the shifts of a person that run or come.
Oppslag = Callable[[UUID], Iterable[KommendeVakt]]
_finn: Oppslag = lambda _: ()  # noqa: E731 - replaced by `sett_opp`


@dataclass(frozen=True, slots=True)
class Vakttap:
    """How many shifts nobody would have, and the first day of them in Oslo; today where one of them runs."""

    antall: int = 0
    foerste: date | None = None


class VakterFaller(Konflikt):
    """The change takes away more shifts than the administrator has been shown."""

    kode = "vakter_faller"


def sett_opp(finn: Oppslag) -> None:
    """Lets this room know of shifts. Called by the factory."""
    global _finn
    _finn = finn


def regn_ut(
    person_id: UUID,
    medlemskap_id: UUID | None = None,
    *,
    fra: datetime | None = None,
    fagomraader: Collection[str] | None = None,
) -> Vakttap:
    """What is lost when the membership (None: all of the person's) ends at `fra` (None: now), or, where they are named,
    when it no longer answers for these fagområder."""
    fra = fra or now()
    tapt = [
        max(v.fra, fra)
        for v in _finn(person_id)
        if v.til > fra
        and medlemskap_id in (None, v.medlemskap_id)
        and (fagomraader is None or v.fagomraade in fagomraader)
    ]
    return Vakttap(len(tapt), oslo(min(tapt)).date()) if tapt else Vakttap()


def vaktslutt(person_id: UUID, tidspunkt: datetime) -> datetime | None:
    """When the person's shift at that moment ends; None where they have none then, or one that lasts for days."""
    slutt = max((v.til for v in _finn(person_id) if v.fra <= tidspunkt < v.til), default=None)
    return slutt if slutt is not None and slutt <= now() + LENGSTE_VAKT else None


def sesjonstider(person_id: UUID, roller: Iterable[Aktor], naa: datetime) -> dict[str, datetime | None]:
    """When a new login ends, in the words of `Sesjon`: the limit does not fall inside a shift that the roster knows
    of, for whom requests can wait in one of the roles."""
    utloeper = naa + timedelta(hours=innstillinger().sesjon_timer)
    har_koe = any(r.har_koe for r in roller)
    return {"utloeper": utloeper, "vakt_til": vaktslutt(person_id, utloeper) if har_koe else None}


def krev_sett(tap: Vakttap, sett: int | None) -> None:
    """Raises VakterFaller when more is lost than has been shown. None: nobody is asked (the command line)."""
    if sett is None or tap.antall <= sett or tap.foerste is None:
        return
    raise VakterFaller(
        ngettext(
            "%(num)s vakt blir stående uten noen, %(dag)s. Se over, og bekreft.",
            "%(num)s vakter blir stående uten noen, den første %(dag)s. Se over, og bekreft.",
            tap.antall,
            dag=f"{tap.foerste:%d.%m.%Y}",
        ),
        antall=tap.antall,
        foerste=tap.foerste.isoformat(),
    )
