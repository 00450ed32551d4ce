"""NEWS2, the National Early Warning Score, by the Royal College of Physicians' chart of 2017.

Pure functions: the browser shows the score while typing (frontend/lib/news2.js), the server decides it. The
two are held together by tests/data/news2.json. A missing value is never counted as zero, and SpO2 scale 2
(for hypercapnic respiratory failure, target 88–92 %) is used only when it is chosen. NEWS2 is not made for
children under 16 years or for pregnancy, so neither gets a score.

Units: respirasjon per minute, SpO2 in per cent, systolisk blood pressure in mmHg, puls per minute, temperatur
in degrees Celsius with one decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Bevissthet = Literal["A", "C", "V", "P", "U"]
Status = Literal["fullstendig", "ufullstendig", "ikke_aktuelt"]
Risiko = Literal["lav", "lav_middels", "middels", "hoy"]
Varsel = Literal["haster", "akutt"]
Grunn = Literal["alder", "graviditet"]

ALDERSGRUPPER = ("under_16", "16_17", "18_66", "67_79", "80_pluss")
BEVISSTHETSGRADER = ("A", "C", "V", "P", "U")
PARAMETERE = ("respirasjon", "spo2", "oksygen", "systolisk", "puls", "bevissthet", "temperatur")

# The limits of what a device can show, ends included. Outside them it is a slip of the finger, and a slip
# must not become a score.
LIMITS: dict[str, tuple[Decimal, Decimal]] = {
    "respirasjon": (Decimal(0), Decimal(80)),
    "spo2": (Decimal(30), Decimal(100)),
    "systolisk": (Decimal(0), Decimal(320)),
    "puls": (Decimal(0), Decimal(320)),
    "temperatur": (Decimal("20.0"), Decimal("45.0")),
}


class UgyldigMaaling(ValueError):
    """A measurement that cannot be right; `felt` names the field."""

    def __init__(self, felt: str) -> None:
        super().__init__(f"Verdien i feltet «{felt}» kan ikke stemme. Kontroller den og skriv den på nytt.")
        self.felt = felt


def _som_tall(verdi: object) -> Decimal | None:
    """A finite number as it is written in decimals, or None. A boolean is no number here."""
    if isinstance(verdi, bool) or not isinstance(verdi, (int, float, Decimal)):
        return None
    # Through the shortest decimal text of a float: Decimal(38.1) would be 38.10000000000000142…
    tall = Decimal(str(verdi)) if isinstance(verdi, float) else Decimal(verdi)
    return tall if tall.is_finite() else None


def rimelig(felt: str, verdi: object) -> bool:
    """Whether a value can be a measurement of this field: its kind, its decimals and LIMITS.

    Whole numbers, but temperatur with at most one decimal: 38.04 is refused and not rounded, since rounding
    could decide a point. Raises KeyError for a field that has no limits.
    """
    laveste, hoeyeste = LIMITS[felt]
    tall = _som_tall(verdi)
    if tall is None or not laveste <= tall <= hoeyeste:
        return False
    if felt == "temperatur":
        return tall == tall.quantize(Decimal("0.1"))
    return isinstance(verdi, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maalinger:
    """The measurements of one patient at one time; None is «not measured». Raises UgyldigMaaling."""

    respirasjon: int | None = None
    spo2: int | None = None
    skala: Literal[1, 2] = 1
    oksygen: bool | None = None
    systolisk: int | None = None
    puls: int | None = None
    bevissthet: Bevissthet | None = None
    temperatur: Decimal | float | None = None

    def __post_init__(self) -> None:
        for felt in LIMITS:
            verdi = getattr(self, felt)
            if verdi is not None and not rimelig(felt, verdi):
                raise UgyldigMaaling(felt)
        if isinstance(self.skala, bool) or self.skala not in (1, 2):
            raise UgyldigMaaling("skala")
        if self.oksygen is not None and not isinstance(self.oksygen, bool):
            raise UgyldigMaaling("oksygen")
        if self.bevissthet is not None and self.bevissthet not in BEVISSTHETSGRADER:
            raise UgyldigMaaling("bevissthet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resultat:
    """A score, in codes that the page translates.

    `poeng` has every one of PARAMETERE, None where a value is missing. `sum` and `risiko` are None unless all
    are there. `minst` is the sum of the known points, which a missing value can only raise; so `varsel` holds
    for an incomplete score too. `grunn` tells why a score is not applicable; `minst` is then None as well.
    """

    status: Status
    poeng: dict[str, int | None]
    sum: int | None
    minst: int | None
    enkelt_tre: bool
    risiko: Risiko | None
    varsel: Varsel | None
    grunn: Grunn | None


def _trinn(verdi: int | Decimal, trinn: Sequence[tuple[int, int]], over: int) -> int:
    """The points of the first step whose upper end the value does not pass, else those above them all."""
    for til_og_med, poeng in trinn:
        if verdi <= til_og_med:
            return poeng
    return over


def _spo2(maalinger: Maalinger) -> int | None:
    if maalinger.spo2 is None:
        return None
    if maalinger.skala == 1:
        return _trinn(maalinger.spo2, ((91, 3), (93, 2), (95, 1)), over=0)
    if maalinger.spo2 <= 92:
        return _trinn(maalinger.spo2, ((83, 3), (85, 2), (87, 1)), over=0)
    # From 93 % scale 2 counts too much oxygen, so one must know whether any is given.
    if maalinger.oksygen is None:
        return None
    return _trinn(maalinger.spo2, ((94, 1), (96, 2)), over=3) if maalinger.oksygen else 0


def _poeng(maalinger: Maalinger) -> dict[str, int | None]:
    m = maalinger
    temperatur = _som_tall(m.temperatur)
    return {
        "respirasjon": None
        if m.respirasjon is None
        else _trinn(m.respirasjon, ((8, 3), (11, 1), (20, 0), (24, 2)), over=3),
        "spo2": _spo2(m),
        "oksygen": None if m.oksygen is None else 2 if m.oksygen else 0,
        "systolisk": None
        if m.systolisk is None
        else _trinn(m.systolisk, ((90, 3), (100, 2), (110, 1), (219, 0)), over=3),
        "puls": None
        if m.puls is None
        else _trinn(m.puls, ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2)), over=3),
        "bevissthet": None if m.bevissthet is None else 0 if m.bevissthet == "A" else 3,
        "temperatur": None
        if temperatur is None
        else _trinn(temperatur, ((35, 3), (36, 1), (38, 0), (39, 1)), over=2),
    }


def _risiko(poengsum: int, *, enkelt_tre: bool) -> Risiko:
    """The chart's clinical risk: a single 3 lifts a low sum, no more."""
    if poengsum >= 7:
        return "hoy"
    if poengsum >= 5:
        return "middels"
    return "lav_middels" if enkelt_tre else "lav"


def _varsel(minst: int, *, enkelt_tre: bool) -> Varsel | None:
    """Urgent from 5 points or a single 3, emergency from 7."""
    if minst >= 7:
        return "akutt"
    return "haster" if minst >= 5 or enkelt_tre else None


def beregn(maalinger: Maalinger, *, aldersgruppe: str | None, gravid: bool) -> Resultat:
    """The NEWS2 score. Age unknown (None) gives a score: the physician knows whether the patient is a child.

    Raises ValueError for an aldersgruppe that is not one of ALDERSGRUPPER.
    """
    if aldersgruppe is not None and aldersgruppe not in ALDERSGRUPPER:
        raise ValueError(f"Ukjent aldersgruppe: {aldersgruppe}")
    grunn: Grunn | None = "alder" if aldersgruppe == "under_16" else "graviditet" if gravid else None
    if grunn is not None:
        return Resultat(
            status="ikke_aktuelt",
            poeng=dict.fromkeys(PARAMETERE),
            sum=None,
            minst=None,
            enkelt_tre=False,
            risiko=None,
            varsel=None,
            grunn=grunn,
        )
    poeng = _poeng(maalinger)
    kjente = [verdi for verdi in poeng.values() if verdi is not None]
    minst = sum(kjente)
    enkelt_tre = 3 in kjente
    fullstendig = len(kjente) == len(poeng)
    return Resultat(
        status="fullstendig" if fullstendig else "ufullstendig",
        poeng=poeng,
        sum=minst if fullstendig else None,
        minst=minst,
        enkelt_tre=enkelt_tre,
        risiko=_risiko(minst, enkelt_tre=enkelt_tre) if fullstendig else None,
        varsel=_varsel(minst, enkelt_tre=enkelt_tre),
        grunn=None,
    )
