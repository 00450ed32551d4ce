"""A unit's day added up: how long its beds were in each state. Pure; Oslo's days have 23, 24 or 25 hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from portal.core.clock import oslo, oslo_til_utc
from portal.plasser.historikk import DELER
from portal.plasser.steps import gruppe

MIDNATT = time(0)
_SEKUND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Endring:
    """What a bed was from a moment on. `tilstand` «nedlagt»: no bed any more."""

    plass_id: UUID
    tidspunkt: datetime
    tilstand: str
    bemannet: bool
    normert: bool = True

    @property
    def gruppe(self) -> str | None:
        """In which of `DELER` its seconds are counted; None: in none."""
        return None if self.tilstand == "nedlagt" else gruppe(self.tilstand, self.bemannet)


def grenser(dag: date) -> tuple[datetime, datetime]:
    """The first moment of an Oslo day, and of the one after it."""
    return oslo_til_utc(dag, MIDNATT), oslo_til_utc(dag + timedelta(days=1), MIDNATT)


def legg_sammen(
    foer: Mapping[UUID, Endring], endringer: Iterable[Endring], fra: datetime, til: datetime
) -> dict[str, int]:
    """Bed-seconds in each of `DELER` in [fra, til), and those of normed beds among them (`normert`).

    `foer`: what each bed was when it began; `endringer`: those within, in any order of beds, each bed's own by time.
    The moments are rounded down to whole seconds, not the spans: a bed's parts are together as long as the day.
    """
    sekunder = dict.fromkeys((*DELER, "normert"), 0)
    naa = dict(foer)
    siden = dict.fromkeys(foer, 0)

    def tell(plass: UUID, slutt: int) -> None:
        gammel = naa.get(plass)
        if gammel is None or gammel.gruppe is None:
            return
        sekunder[gammel.gruppe] += slutt - siden[plass]
        if gammel.normert:
            sekunder["normert"] += slutt - siden[plass]

    for e in endringer:
        da = (e.tidspunkt - fra) // _SEKUND
        tell(e.plass_id, da)
        naa[e.plass_id], siden[e.plass_id] = e, da
    hele = (til - fra) // _SEKUND
    for plass in naa:
        tell(plass, hele)
    return sekunder


def timer(innlagt: Iterable[datetime]) -> dict[str, int]:
    """Admissions by the hour of the day in Oslo: {"0": 2, "13": 1}."""
    ut: dict[str, int] = {}
    for tid in innlagt:
        time_ = str(oslo(tid).hour)
        ut[time_] = ut.get(time_, 0) + 1
    return dict(sorted(ut.items(), key=lambda p: int(p[0])))
