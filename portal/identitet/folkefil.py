"""Reads a CSV file of people into lines of text. Pure: what the words mean is judged by `service/folkeimport.py`.

Spreadsheets write CSV in many ways: UTF-8 with or without a mark, UTF-16, or Windows-1252; semicolon, comma or tab
between. All of them are read; the order of the columns does not matter.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass

from portal.core.errors import UgyldigData
from portal.core.sprak import _l

KOLONNER = ("navn", "epost", "telefon", "hpr", "rolle", "enhet", "fagomraader", "fra", "til")
MAA_VAERE = ("navn", "epost", "rolle")
#: Lines of people in one file, and bytes.
FLEST, STOERST = 2000, 1024 * 1024
#: What people also call a column.
_OGSAA = {
    "e-post": "epost",
    "e-postadresse": "epost",
    "epostadresse": "epost",
    "email": "epost",
    "e-mail": "epost",
    "mobil": "telefon",
    "telefonnummer": "telefon",
    "hpr-nummer": "hpr",
    "hprnummer": "hpr",
    "hpr_nummer": "hpr",
    "hpr nummer": "hpr",
    "fagområder": "fagomraader",
    "fagområde": "fagomraader",
    "fagomraade": "fagomraader",
    "fra og med": "fra",
    "fra dato": "fra",
    "til og med": "til",
    "til dato": "til",
}
MAL = "\ufeff" + ";".join(KOLONNER) + "\r\n"


@dataclass(frozen=True, slots=True)
class Raalinje:
    """One line of the file: its number there, as a spreadsheet counts, and the text of each column."""

    nummer: int
    celler: dict[str, str]
    #: More cells than columns: the line has come out of step.
    for_mange: bool = False


def som_tekst(data: bytes) -> str:
    """The file's text, whatever it was written in. Raises UgyldigData for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise _ikke_tekst() from None
    if b"\x00" in data or data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise _ikke_tekst()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Windows-1252 leaves five bytes undefined: latin-1 has them as control characters, refused by their line.
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            return data.decode("latin-1")


def _ikke_tekst() -> UgyldigData:
    return UgyldigData(
        felter={"fil": [_l("Dette er ikke en CSV-fil. Åpne den i regnearket, og lagre den som «CSV UTF-8».")]}
    )


def les(tekst: str) -> list[Raalinje]:
    """The lines of people, without empty ones. Raises UgyldigData (field `fil`) where the file as a whole is wrong."""
    tekst = tekst.removeprefix("\ufeff")
    if not tekst.strip():
        raise _feil(_l("Fila er tom. Velg en fil, eller lim inn linjene."))
    # Empty lines on top are counted, since the spreadsheet counts them.
    tomme = next(n for n, linje in enumerate(tekst.splitlines()) if linje.strip())
    tekst = "".join(tekst.splitlines(keepends=True)[tomme:])
    skille = _skilletegn(tekst.splitlines()[0])
    leser = csv.reader(io.StringIO(tekst, newline=""), delimiter=skille, strict=True)
    linjer: list[Raalinje] = []
    try:
        kolonner = _kolonner(next(leser))
        foer = leser.line_num
        for rad in leser:
            # A cell in quotation marks may hold a line break: the line is where it begins.
            nummer, foer = tomme + foer + 1, leser.line_num
            if not any(celle.strip() for celle in rad):
                continue
            if len(linjer) == FLEST:
                raise _feil(_l("Fila har flere enn %(antall)s linjer. Del den opp.", antall=FLEST))
            celler = dict(zip(kolonner, (c.strip() for c in rad), strict=False))
            linjer.append(Raalinje(nummer, celler, any(c.strip() for c in rad[len(kolonner) :])))
    except csv.Error:
        raise _feil(
            _l(
                "Linje %(nummer)s kan ikke leses: et anførselstegn mangler sin make. Ta det bort, eller lukk det.",
                nummer=tomme + leser.line_num,
            )
        ) from None
    if not linjer:
        raise _feil(_l("Fila har bare overskrifter. Skriv en person på hver linje under dem."))
    return linjer


def _feil(melding: object) -> UgyldigData:
    return UgyldigData(felter={"fil": [melding]})


def _navn(overskrift: str) -> str:
    ord_ = " ".join(unicodedata.normalize("NFC", overskrift).casefold().split())
    return _OGSAA.get(ord_, ord_)


def _skilletegn(overskrifter: str) -> str:
    """The separator that makes the most known columns of the first line."""
    return max(";,\t", key=lambda s: sum(_navn(o.strip('"')) in KOLONNER for o in overskrifter.split(s)))


def _kolonner(overskrifter: list[str]) -> list[str]:
    kolonner = [_navn(o) for o in overskrifter]
    while kolonner and not kolonner[-1]:
        kolonner.pop()
    if ukjente := [o.strip()[:40] for o, k in zip(overskrifter, kolonner, strict=False) if k not in KOLONNER]:
        raise _feil(
            _l(
                "Den første linja må ha overskriftene. Ukjent: %(ukjente)s. Disse finnes: %(kjente)s.",
                ukjente=", ".join(u or "–" for u in ukjente),
                kjente=", ".join(KOLONNER),
            )
        )
    if doble := sorted({k for k in kolonner if kolonner.count(k) > 1}):
        raise _feil(_l("Overskriften %(navn)s står to ganger. Ta bort den ene.", navn=", ".join(doble)))
    if mangler := [k for k in MAA_VAERE if k not in kolonner]:
        raise _feil(_l("Overskriften %(navn)s mangler.", navn=", ".join(mangler)))
    return kolonner
