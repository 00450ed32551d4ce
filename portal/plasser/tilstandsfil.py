"""Reads and writes a CSV file of beds and their states. Pure: what may follow which is judged by the use case.

Spreadsheets write CSV in many ways: UTF-8 with or without a mark, Windows-1252, latin-1; semicolon, comma or tab.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.errors import UgyldigData
from portal.core.regneark import BOM, som_csv
from portal.core.sprak import _l
from portal.identitet.folkefil import som_tekst
from portal.plasser.forloep import Stengtgrunn, Tilstand
from portal.plasser.ord import ETIKETTER

__all__ = ["FLEST", "KOLONNER", "STOERST", "Linje", "feil_i_linjer", "les", "skriv", "som_tekst"]

#: The reason is of a closed bed, the kommune of a new patient; both may be empty or left out.
KOLONNER = ("plass", "tilstand", "grunn", "kommune")
#: Beds in one file, and bytes.
FLEST, STOERST = 1000, 128 * 1024
_TILSTANDER: dict[str, Tilstand] = {
    **{str(t): t for t in Tilstand},
    "rengjøres": Tilstand.RENGJOERES,
    "rengjoring": Tilstand.RENGJOERES,
    "rengjøring": Tilstand.RENGJOERES,
    "holdt av": Tilstand.HOLDT,
    "opptatt": Tilstand.BELAGT,
    "lukket": Tilstand.STENGT,
}
_GRUNNER: dict[str, Stengtgrunn] = {
    **{str(g): g for g in Stengtgrunn},
    "mangler personell": Stengtgrunn.PERSONELL,
    "rommet kan ikke brukes": Stengtgrunn.ROM,
    "mangler utstyr": Stengtgrunn.UTSTYR,
}


@dataclass(frozen=True, slots=True)
class Linje:
    """One line: its number in the file, as a spreadsheet counts, and what it says."""

    nummer: int
    plass: str
    tilstand: Tilstand
    grunn: Stengtgrunn | None
    #: Of the new patient, as it stands there; empty where nothing is said.
    kommune: str = ""


def feil_i_linjer(linjer: Iterable[tuple[int, Any]]) -> UgyldigData:
    """The file as a whole is refused: what is wrong, by line."""
    alle = sorted(linjer, key=lambda par: par[0])
    return UgyldigData(
        _l("Fila er ikke lest inn. Rett linjene, og last den opp på nytt."),
        kode="linjer",
        linjer=[{"linje": nr, "melding": melding} for nr, melding in alle],
    )


def les(tekst: str) -> list[Linje]:
    """The file's lines without empty ones. Raises UgyldigData: for the file (field `fil`), or with all wrong lines."""
    tekst = tekst.removeprefix(BOM)
    if not tekst.strip():
        raise _feil(_l("Fila er tom. Velg en fil, eller lim inn linjene."))
    skille = max(";,\t", key=tekst.splitlines()[_foerste(tekst)].count)
    leser = csv.reader(io.StringIO(tekst, newline=""), delimiter=skille, strict=True)
    linjer: list[Linje] = []
    galt: list[tuple[int, Any]] = []
    kolonner: list[str] | None = None
    foer = 0
    try:
        for rad in leser:
            nummer, foer = foer + 1, leser.line_num
            if not any(celle.strip() for celle in rad):
                continue
            if kolonner is None:
                kolonner = _kolonner(rad)
                continue
            if len(linjer) + len(galt) == FLEST:
                raise _feil(_l("Fila har flere enn %(antall)s linjer. Del den opp.", antall=FLEST))
            lest = _linje(nummer, kolonner, rad)
            if isinstance(lest, Linje):
                linjer.append(lest)
            else:
                galt.append((nummer, lest))
    except csv.Error:
        raise _feil(
            _l(
                "Linje %(nummer)s kan ikke leses: et anførselstegn mangler sin make. Ta det bort, eller lukk det.",
                nummer=leser.line_num,
            )
        ) from None
    galt += _dobbelt(linjer)
    if galt:
        raise feil_i_linjer(galt)
    if not linjer:
        raise _feil(_l("Fila har bare overskrifter. Skriv en plass på hver linje under dem."))
    return linjer


def skriv(rader: Iterable[tuple[str, str, str]]) -> str:
    """A file that `les` reads, as spreadsheets here open it: bed, state, reason. Where the patients come from is left
    for who fills it in: of those who lie there it is registered already."""
    return BOM + som_csv([KOLONNER, *((*rad, "") for rad in rader)])


def _foerste(tekst: str) -> int:
    return next(n for n, linje in enumerate(tekst.splitlines()) if linje.strip())


def _feil(melding: object) -> UgyldigData:
    return UgyldigData(felter={"fil": [melding]})


def _kolonner(rad: list[str]) -> list[str]:
    kolonner = [" ".join(o.casefold().split()) for o in rad]
    while kolonner and not kolonner[-1]:
        kolonner.pop()
    mangler = [k for k in ("plass", "tilstand") if k not in kolonner]
    if mangler or any(k not in KOLONNER for k in kolonner) or len(set(kolonner)) < len(kolonner):
        raise _feil(_l("Den første linja må ha overskriftene %(kolonner)s.", kolonner=";".join(KOLONNER)))
    return kolonner


def _linje(nummer: int, kolonner: list[str], rad: list[str]) -> Linje | Any:
    """The line, or what is wrong with it."""
    if any(c.strip() for c in rad[len(kolonner) :]):
        return _l("Linja har flere felter enn overskriftene.")
    celler: Mapping[str, str] = {k: _celle(c) for k, c in zip(kolonner, rad, strict=False)}
    navn, tilstand_ord, grunn_ord, kommune = (celler.get(k, "") for k in KOLONNER)
    if not navn:
        return _l("Plassen mangler.")
    tilstand = _TILSTANDER.get(_ord(tilstand_ord)) or _fra_ord("plasstilstand", tilstand_ord)
    if tilstand is None:
        return _l(
            "«%(ord)s» er ingen tilstand. Skriv ledig, belagt, rengjøres eller stengt.", ord=tilstand_ord[:40]
        )
    if not grunn_ord:
        grunn = None
    else:
        grunn = _GRUNNER.get(_ord(grunn_ord)) or _fra_ord("stengtgrunn", grunn_ord)
        if grunn is None:
            return _l(
                "«%(ord)s» er ingen grunn. Skriv personell, rom, utstyr eller smitte.", ord=grunn_ord[:40]
            )
    return Linje(nummer, navn, Tilstand(tilstand), Stengtgrunn(grunn) if grunn else None, kommune)


def _celle(tekst: str) -> str:
    """Without the apostrophe by which our own file keeps what begins like a formula a text."""
    tekst = tekst.strip()
    return tekst[1:] if tekst.startswith("'") and som_csv([[tekst[1:]]]).startswith("'") else tekst


def _ord(tekst: str) -> str:
    return " ".join(tekst.casefold().split())


def _fra_ord(gruppe: str, tekst: str) -> Any:
    """The code whose word in the reader's language this is."""
    return next((kode for kode, ord_ in ETIKETTER[gruppe].items() if _ord(str(ord_)) == _ord(tekst)), None)


def _dobbelt(linjer: list[Linje]) -> list[tuple[int, Any]]:
    sett: dict[str, int] = {}
    galt: list[tuple[int, Any]] = []
    for li in linjer:
        foerst = sett.setdefault(li.plass.casefold(), li.nummer)
        if foerst != li.nummer:
            galt.append((li.nummer, _l("Plassen står også på linje %(nummer)s.", nummer=foerst)))
    return galt
