"""What rows of the board add up to. Pure: a row is what `service/tavle.py` gives.

Unknown is unknown and never zero: a unit of which nobody has said anything adds nothing to a figure, and the sum then
says «at least».
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.identitet.steps import sorteringsnoekkel

Rad = Mapping[str, Any]

#: The figures that are added, in the order in which the board shows them.
DELER = ("ledig", "holdt", "belagt", "rengjoeres", "stengt", "ubemannet", "ukjent")
#: Of all of these, whatever state they are in: opened with borrowed staff, and without staff since its own are lent.
LAANT = ("laant_inn", "laant_ut")
#: From so many free beds on the map says «several».
FLERE = 3


def er_kjent(rad: Rad) -> bool:
    """Whether anybody has said what state a bed of the unit is in. One without beds is not known either."""
    return bool(rad["antall"]) and rad["ukjent"] < rad["antall"]


def alder(rad: Rad, naa: str) -> str:
    """«fersk», «gammel», or «ukjent» where nobody ever said anything. `naa`: as `ferskt_til`, ISO 8601 in UTC."""
    til = rad["ferskt_til"]
    if til is None:
        return "ukjent"
    return "fersk" if naa < til else "gammel"


@dataclass(slots=True)
class Sum:
    """Of a trust, a fylke, a kommune or the country."""

    enheter: int = 0
    #: Units of which nothing is known, and units whose figures are too old.
    ukjente: int = 0
    gamle: int = 0
    antall: int = 0
    bemannet: int = 0
    tall: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*DELER, *LAANT), 0))
    #: The oldest word from a unit of which something is known.
    eldst: str | None = None

    @property
    def usikker(self) -> bool:
        """Whether a figure is the least it can be, and not what it is."""
        return bool(self.ukjente or self.tall["ukjent"])

    @property
    def andel(self) -> float | None:
        """The staffed share of the beds; None without beds."""
        return self.bemannet / self.antall if self.antall else None

    @property
    def grad(self) -> str:
        """How the map draws it: «uten» (no unit), «ukjent», «ingen» free, «faa» or «flere»."""
        if not self.enheter:
            return "uten"
        ledig = self.tall["ledig"]
        if not ledig:
            return "ukjent" if self.usikker else "ingen"
        return "flere" if ledig >= FLERE else "faa"

    def verdier(self) -> tuple[Any, ...]:
        """All that it says: two sums that say the same are drawn the same."""
        hele = (self.enheter, self.ukjente, self.gamle, self.antall, self.bemannet, self.eldst)
        return *hele, *self.tall.values()

    def ta_med(self, rad: Rad, naa: str) -> None:
        if self._ta_med_tallene(rad):
            self.gamle += alder(rad, naa) != "fersk"

    def ta_med_sted(self, sted: Sted, naa: str) -> None:
        """As `ta_med` with each of its rows."""
        s = sted.sum
        self.enheter += s.enheter
        self.ukjente += s.ukjente
        self.gamle += sted.uten_frist + bisect_right(sted.frister, naa)
        self.antall += s.antall
        self.bemannet += s.bemannet
        tall, deres = self.tall, s.tall
        for del_ in deres:
            tall[del_] += deres[del_]
        if s.eldst is not None and (self.eldst is None or s.eldst < self.eldst):
            self.eldst = s.eldst

    def _ta_med_tallene(self, rad: Rad) -> bool:
        """All that needs no clock. Gives whether anything of the unit is known."""
        self.enheter += 1
        self.antall += rad["antall"] or 0
        self.bemannet += rad["bemannet"] or 0
        self.tall["ukjent"] += rad["ukjent"] or 0
        for laan in rad["laan"]:
            self.tall[f"laant_{laan['retning']}"] += laan["antall"]
        if not er_kjent(rad):
            self.ukjente += 1
            return False
        tall = self.tall
        for del_ in DELER[:-1]:
            tall[del_] += rad[del_]
        if (sagt := rad["bekreftet"]) is not None and (self.eldst is None or sagt < self.eldst):
            self.eldst = sagt
        return True


@dataclass(frozen=True, slots=True)
class Sted:
    """Units that belong together everywhere, and what they add up to at any moment: `sum` without those that are too
    old; and of the known, when each grows old, in order, and how many have no such moment."""

    rader: Sequence[Rad]
    sum: Sum
    frister: list[str]
    uten_frist: int


def legg_sammen_sted(rader: Sequence[Rad]) -> Sted:
    sum_ = Sum()
    frister = [rad["ferskt_til"] for rad in rader if sum_._ta_med_tallene(rad)]
    med = sorted(f for f in frister if f is not None)
    return Sted(rader, sum_, med, len(frister) - len(med))


def legg_sammen(rader: Iterable[Rad], naa: datetime) -> Sum:
    ut, naa_tekst = Sum(), naa.isoformat()
    for rad in rader:
        ut.ta_med(rad, naa_tekst)
    return ut


@dataclass(slots=True)
class Gruppe:
    """The units of one trust or fylke. `noekkel`: as an address names it, «-» where none is known."""

    noekkel: str
    navn: str
    rader: list[Rad] = field(default_factory=list)
    sum: Sum = field(default_factory=Sum)


def i_grupper(rader: Iterable[Rad], noekkel: str, navn: str, naa: datetime) -> list[Gruppe]:
    """The rows by what they hold under `noekkel`, in the order of the name under `navn`; those without come last."""
    grupper: dict[str, Gruppe] = {}
    naa_tekst = naa.isoformat()
    for rad in rader:
        kode = rad[noekkel] or "-"
        if (gruppe := grupper.get(kode)) is None:
            gruppe = grupper[kode] = Gruppe(kode, rad[navn] or "")
        gruppe.rader.append(rad)
        gruppe.sum.ta_med(rad, naa_tekst)
    return i_rekkefoelge(grupper.values())


def i_rekkefoelge(grupper: Iterable[Gruppe]) -> list[Gruppe]:
    """By name, those without one last."""
    return sorted(grupper, key=lambda g: (not g.navn, sorteringsnoekkel(g.navn)))


#: What the table can be sorted by, to what is compared; None, the unknown, always comes last.
SORTERING: dict[str, Callable[[str, str, Sum], Any]] = {
    "navn": lambda navn, fylke, s: sorteringsnoekkel(navn),
    "fylke": lambda navn, fylke, s: sorteringsnoekkel(fylke),
    "ledig": lambda navn, fylke, s: _verdi(s, "ledig"),
    "holdt": lambda navn, fylke, s: _verdi(s, "holdt"),
    "belagt": lambda navn, fylke, s: _verdi(s, "belagt"),
    "rengjoeres": lambda navn, fylke, s: _verdi(s, "rengjoeres"),
    "stengt": lambda navn, fylke, s: _verdi(s, "stengt"),
    "ubemannet": lambda navn, fylke, s: _verdi(s, "ubemannet"),
    "laant_inn": lambda navn, fylke, s: _verdi(s, "laant_inn"),
    "laant_ut": lambda navn, fylke, s: _verdi(s, "laant_ut"),
    "andel": lambda navn, fylke, s: s.andel,
    "alder": lambda navn, fylke, s: s.eldst,
}


def _verdi(s: Sum, del_: str) -> int | None:
    # A loan is known whatever else is.
    if not s.enheter or (s.usikker and not s.tall[del_] and del_ not in LAANT):
        return None
    return s.tall[del_]
