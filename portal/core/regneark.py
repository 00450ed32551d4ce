"""Tables for a spreadsheet: as lines with `;` between the fields behind a BOM, or as a workbook; never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: First in the file: without it a spreadsheet takes æøå for something else.
BOM = "\ufeff"
#: What a cell must not begin with (OWASP, CSV Injection): a name can be chosen to be a formula.
_FORMELTEGN = ("=", "+", "-", "@", "\t", "\r", "\n")


def som_csv(rader: Iterable[Iterable[str]]) -> str:
    """The rows as text. What a spreadsheet would take for a formula is kept a text by an apostrophe."""
    ut = io.StringIO()
    skriver = csv.writer(ut, delimiter=";", lineterminator="\r\n")
    for rad in rader:
        skriver.writerow(f"'{celle}" if celle.startswith(_FORMELTEGN) else celle for celle in rad)
    return ut.getvalue()


# --- a workbook ------------------------------------------------------------------------------------------

#: What `Tall.slag` looks like in a cell.
_FORMATER = {
    "antall": "#,##0",
    "desimal": "#,##0.0",
    "prosent": "0.0 %",
    "endring": "+0.0 %;-0.0 %;0.0 %",
    "poeng": '+0.0" pp";-0.0" pp";0.0" pp"',
}
#: What the name of a sheet must not hold, and how long it may be (Excel).
_IKKE_I_NAVN = str.maketrans(dict.fromkeys("[]:*?/\\'"))
_LENGSTE_NAVN = 31


@dataclass(frozen=True, slots=True)
class Tall:
    """A number of a table.

    `slag`: antall, desimal, prosent (a share: 0.5 is 50 %), endring (likewise, with a sign) or poeng (percentage
    points).
    """

    verdi: float
    slag: str = "antall"


Celle = str | Tall | None


@dataclass(frozen=True, slots=True)
class Ark:
    """A table: one sheet. None is an empty cell: not known."""

    navn: str
    hode: Sequence[str]
    rader: Sequence[Sequence[Celle]]
    #: Lines above the table: what it is of.
    over: Sequence[str] = ()


def som_xlsx(arkene: Iterable[Ark]) -> bytes:
    """A workbook with one sheet a table: numbers are numbers, texts are never formulas, and the head stays in sight."""
    from xlsxwriter import Workbook

    ut = io.BytesIO()
    bok = Workbook(ut, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    fet = bok.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    tittel = bok.add_format({"bold": True})
    formater = {slag: bok.add_format({"num_format": f}) for slag, f in _FORMATER.items()}
    brukt: set[str] = set()
    for ark in arkene:
        side = bok.add_worksheet(_arknavn(ark.navn, brukt))
        for n, linje in enumerate(ark.over):
            side.write_string(n, 0, linje, tittel)
        topp = len(ark.over) + bool(ark.over)
        for k, ord_ in enumerate(ark.hode):
            side.write_string(topp, k, ord_, fet)
        for n, rad in enumerate(ark.rader, start=topp + 1):
            for k, celle in enumerate(rad):
                if isinstance(celle, Tall):
                    side.write_number(n, k, celle.verdi, formater[celle.slag])
                elif celle:
                    side.write_string(n, k, celle)
        side.freeze_panes(topp + 1, 1)
        bredde = max((len(str(r[0])) for r in ark.rader if r and isinstance(r[0], str)), default=12)
        side.set_column(0, 0, min(max(bredde, 12) + 2, 60))
        if len(ark.hode) > 1:
            side.set_column(1, len(ark.hode) - 1, 15)
    bok.close()
    return ut.getvalue()


def _arknavn(navn: str, brukt: set[str]) -> str:
    """As Excel takes it: short, without its own signs, and no two alike."""
    rent = navn.translate(_IKKE_I_NAVN).strip()[:_LENGSTE_NAVN] or "Ark"
    forslag, nummer = rent, 2
    while forslag.casefold() in brukt:
        ende = f" {nummer}"
        forslag, nummer = rent[: _LENGSTE_NAVN - len(ende)] + ende, nummer + 1
    brukt.add(forslag.casefold())
    return forslag


def celle_som_tekst(celle: Celle, tomt: str = "") -> str:
    """As it is written here: «1 234», «12,5», «48,0 %», «+3,1 %»."""
    if not isinstance(celle, Tall):
        return tomt if celle is None else celle
    if celle.slag in ("prosent", "endring"):
        fortegn = "+" if celle.slag == "endring" and celle.verdi > 0 else ""
        return (
            f"{fortegn}{celle.verdi * 100:.1f} %".replace(".", ",").replace("-", "−").replace(" ", "\u00a0")
        )
    if celle.slag == "poeng":
        return f"{celle.verdi:+.1f}\u00a0pp".replace(".", ",").replace("-", "−")
    tekst = f"{celle.verdi:,.1f}" if celle.slag == "desimal" else f"{celle.verdi:,.0f}"
    return tekst.replace(",", "\u00a0").replace(".", ",").replace("-", "−")
