"""What a bed's history becomes when a stay in it is corrected: which rows count no more, and which come instead. Pure.

A row says what the bed is from a moment on, until the next. Staffing and norm stay as they were said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.plasser.forloep import Tilstand


@dataclass(frozen=True, slots=True)
class Rad:
    """A row of the history that counts. `nr`: the order of two at the same moment."""

    nr: int
    tidspunkt: datetime
    tilstand: str
    grunn: str
    bemannet: bool
    normert: bool


@dataclass(frozen=True, slots=True)
class Ny:
    """A row that comes instead; `rettet_fra`: of which."""

    rettet_fra: int
    tidspunkt: datetime
    tilstand: str
    grunn: str
    bemannet: bool
    normert: bool


@dataclass(frozen=True, slots=True)
class Tidsrom:
    """[fra, til); without `til` it has not ended."""

    fra: datetime
    til: datetime | None

    def rommer(self, tid: datetime) -> bool:
        return self.fra <= tid and (self.til is None or tid < self.til)


def nye_rader(rader: Sequence[Rad], gammel: Tidsrom, ny: Tidsrom | None) -> tuple[list[int], list[Ny]]:
    """(the numbers of the rows that count no more, the rows that come instead).

    `rader`: the bed's, by moment and number. `gammel`: when the stay was said to be; `ny`: when it was, None: never.
    Where the patient came later, the bed is until then what it was before; where the patient left earlier, it is from
    then on what it became afterwards; where there was no patient at all, it was free, or was being cleaned.
    """
    start = min(gammel.fra, ny.fra) if ny else gammel.fra
    slutt = _seneste(gammel.til, ny.til) if ny else gammel.til
    foer = next((r for r in reversed(rader) if r.tidspunkt < gammel.fra), None)
    inn = next((r for r in rader if r.tidspunkt >= gammel.fra and r.tilstand == Tilstand.BELAGT), None)
    etter = _gjelder(rader, gammel.til) if gammel.til else None

    grenser = {t for rom in (gammel, ny) if rom for t in (rom.fra, rom.til) if t is not None}
    grenser |= {
        r.tidspunkt for r in rader if r.tidspunkt >= start and (slutt is None or r.tidspunkt <= slutt)
    }
    strykes: list[int] = []
    nye: list[Ny] = []
    forrige = next((_hva(r) for r in reversed(rader) if r.tidspunkt < start), None)
    for tid in sorted(grenser):
        her = _gjelder(rader, tid) or rader[0]
        kilde = her
        tilstand, grunn = her.tilstand, her.grunn
        if ny and ny.rommer(tid):
            tilstand, grunn = str(Tilstand.BELAGT), ""
            kilde = inn or her
        elif gammel.rommer(tid):
            if ny is None:
                vasket = foer is not None and foer.tilstand == Tilstand.RENGJOERES
                tilstand, grunn = str(Tilstand.RENGJOERES if vasket else Tilstand.LEDIG), ""
            elif ny.til is not None and tid >= ny.til and etter is not None:
                # The next patient came at once: until then it was being made ready.
                opptatt = etter.tilstand == Tilstand.BELAGT
                tilstand, grunn = (str(Tilstand.RENGJOERES), "") if opptatt else (etter.tilstand, etter.grunn)
                kilde = etter
            elif foer is not None and foer.tilstand != Tilstand.BELAGT:
                tilstand, grunn = foer.tilstand, foer.grunn
            else:
                tilstand, grunn = str(Tilstand.LEDIG), ""
        skal = (tilstand, grunn, her.bemannet, her.normert)
        paa_tid = [r for r in rader if r.tidspunkt == tid]
        # Where the stay was said to begin or end and nothing happened, no row is left.
        begynner = ny is not None and tid == ny.fra
        uten_kant = tid in (gammel.fra, gammel.til) and skal == forrige and not begynner
        if not paa_tid or uten_kant or _hva(paa_tid[-1]) != skal:
            strykes += [r.nr for r in paa_tid]
            if skal != forrige or begynner:
                fra = paa_tid[-1].nr if paa_tid else kilde.nr
                nye.append(Ny(fra, tid, *skal))
        forrige = skal
    return strykes, nye


def _seneste(a: datetime | None, b: datetime | None) -> datetime | None:
    return None if a is None or b is None else max(a, b)


def _gjelder(rader: Sequence[Rad], tid: datetime) -> Rad | None:
    """The row that counts at a moment."""
    return next((r for r in reversed(rader) if r.tidspunkt <= tid), None)


def _hva(rad: Rad) -> tuple[str, str, bool, bool]:
    return rad.tilstand, rad.grunn, rad.bemannet, rad.normert
