"""Reads and writes a CSV file of people who can be lent. Pure: whether a unit exists is judged by the use case.

Spreadsheets write CSV in many ways (`folkefil.som_tekst`); the order of the columns does not matter. What a file does
not say of somebody who is registered already stays as it is.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from portal.core.errors import UgyldigData
from portal.core.regneark import BOM, som_csv
from portal.core.sprak import _l
from portal.identitet.folkefil import Raalinje, som_tekst
from portal.omdisponering.forloep import Kompetanse, Stilling
from portal.omdisponering.ord import ETIKETTER

__all__ = ["FLEST", "KOLONNER", "MAA_VAERE", "STOERST", "feil_i_linjer", "felt", "les", "skriv", "som_tekst"]

KOLONNER = (
    *("id", "navn", "stilling", "enhet", "kompetanse", "hpr", "prosent", "kommune", "reise_km"),
    *("telefon", "epost", "vaksinert", "smittevern", "fritatt"),
)
MAA_VAERE = ("navn", "stilling")
#: People in one file, and bytes.
FLEST, STOERST = 2000, 1024 * 1024
#: What people also call a column.
_OGSAA = {
    "e-post": "epost",
    "e-postadresse": "epost",
    "mobil": "telefon",
    "telefonnummer": "telefon",
    "hpr-nummer": "hpr",
    "hpr nummer": "hpr",
    "hprnummer": "hpr",
    "yrke": "stilling",
    "profesjon": "stilling",
    "avdeling": "enhet",
    "stillingsprosent": "prosent",
    "andel": "prosent",
    "sted": "kommune",
    "reise km": "reise_km",
    "reise": "reise_km",
}
_JA, _NEI = {"ja", "j", "1", "x", "yes"}, {"nei", "n", "0", "no"}


def les(tekst: str) -> list[Raalinje]:
    """The lines of people, without empty ones. Raises UgyldigData (field `fil`) where the file as a whole is wrong."""
    tekst = tekst.removeprefix(BOM)
    if not tekst.strip():
        raise _feil(_l("Fila er tom. Velg en fil, eller lim inn linjene."))
    foerste = next(linje for linje in tekst.splitlines() if linje.strip())
    skille = max(";,\t", key=lambda s: sum(_kolonne(o.strip('"')) in KOLONNER for o in foerste.split(s)))
    leser = csv.reader(io.StringIO(tekst, newline=""), delimiter=skille, strict=True)
    linjer: list[Raalinje] = []
    kolonner: list[str] | None = None
    foer = 0
    try:
        for rad in leser:
            # A cell in quotation marks may hold a line break: the line is where it begins.
            nummer, foer = foer + 1, leser.line_num
            if not any(celle.strip() for celle in rad):
                continue
            if kolonner is None:
                kolonner = _kolonner(rad)
                continue
            if len(linjer) == FLEST:
                raise _feil(_l("Fila har flere enn %(antall)s linjer. Del den opp.", antall=FLEST))
            celler = {k: _celle(c) for k, c in zip(kolonner, rad, strict=False)}
            linjer.append(Raalinje(nummer, celler, any(c.strip() for c in rad[len(kolonner) :])))
    except csv.Error:
        raise _feil(
            _l(
                "Linje %(nummer)s kan ikke leses: et anførselstegn mangler sin make. Ta det bort, eller lukk det.",
                nummer=leser.line_num,
            )
        ) from None
    if not linjer:
        raise _feil(_l("Fila har bare overskrifter. Skriv en person på hver linje under dem."))
    return linjer


def skriv(rader: Iterable[Sequence[str]]) -> str:
    """A file that `les` reads, as spreadsheets here open it: the cells in the order of KOLONNER."""
    return BOM + som_csv([KOLONNER, *rader])


def feil_i_linjer(linjer: Iterable[tuple[int, Any]]) -> UgyldigData:
    """The file as a whole is refused: what is wrong, by line."""
    alle = sorted(linjer, key=lambda par: par[0])
    return UgyldigData(
        _l("Fila er ikke lest inn. Rett linjene, og last den opp på nytt."),
        kode="linjer",
        linjer=[{"linje": nr, "melding": melding} for nr, melding in alle],
    )


def _feil(melding: object) -> UgyldigData:
    return UgyldigData(felter={"fil": [melding]})


def ordet(tekst: str) -> str:
    """For comparing what people write."""
    return " ".join(unicodedata.normalize("NFC", tekst).casefold().split())


def _kolonne(overskrift: str) -> str:
    ord_ = ordet(overskrift)
    return _OGSAA.get(ord_, ord_)


def _kolonner(rad: list[str]) -> list[str]:
    kolonner = [_kolonne(o) for o in rad]
    while kolonner and not kolonner[-1]:
        kolonner.pop()
    if ukjente := [o.strip()[:40] for o, k in zip(rad, kolonner, strict=False) if k not in KOLONNER]:
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


def _celle(tekst: str) -> str:
    """Without the apostrophe by which our own file keeps what begins like a formula a text."""
    tekst = tekst.strip()
    return tekst[1:] if tekst.startswith("'") and som_csv([[tekst[1:]]]).startswith("'") else tekst


# --- one cell --------------------------------------------------------------------------------------------


def felt(celler: Mapping[str, str]) -> tuple[dict[str, Any], list[Any]]:
    """What a line says by itself: {field of `ressursdata.FELTER`: value}, and what is wrong in it. `enhet`, `kommune`
    and `id` are left to the caller."""
    ut: dict[str, Any] = {}
    galt: list[Any] = []
    for kolonne, tekst in celler.items():
        if kolonne in ("navn", "hpr", "telefon", "epost"):
            ut[kolonne] = tekst
        elif kolonne in _LESERE:
            try:
                ut[kolonne] = _LESERE[kolonne](tekst)
            except UgyldigData as feil:
                galt += [m for ms in feil.detaljer["felter"].values() for m in ms]
    return ut, galt


def _galt(melding: Any) -> UgyldigData:
    return UgyldigData(felter={"": [melding]})


def _stilling(tekst: str) -> str:
    for kode in Stilling:
        if ordet(tekst) in (kode, ordet(str(ETIKETTER["stilling"][kode]))):
            return kode
    raise _galt(_l("«%(ord)s» er ingen stilling. Skriv en av dem som står nederst på siden.", ord=tekst[:40]))


def _kompetanse(tekst: str) -> int:
    sum_ = 0
    for del_ in tekst.replace("|", ",").split(","):
        if not del_.strip():
            continue
        kode = next(
            (
                k
                for k in Kompetanse
                if ordet(del_) in ((k.name or "").lower(), ordet(str(ETIKETTER["kompetanse"][k])))
            ),
            None,
        )
        if kode is None:
            raise _galt(_l("«%(ord)s» er ingen kompetanse. Skill flere med komma.", ord=del_.strip()[:40]))
        sum_ |= kode
    return sum_


def _tall(minst: int, mest: int, ellers: int | None, melding: Any) -> Callable[[str], int | None]:
    def les_tall(tekst: str) -> int | None:
        tekst = tekst.removesuffix("%").removesuffix("km").strip()
        if not tekst:
            return ellers
        if not (tekst.isascii() and tekst.isdecimal() and len(tekst) < 6 and minst <= int(tekst) <= mest):
            raise _galt(melding)
        return int(tekst)

    return les_tall


def _ja(tekst: str) -> bool | None:
    ord_ = ordet(tekst)
    if ord_ not in _JA | _NEI | {""}:
        raise _galt(_l("«%(ord)s» kan ikke leses. Skriv ja eller nei.", ord=tekst[:40]))
    return None if not ord_ else ord_ in _JA


def _dag(tekst: str) -> date | None:
    if not tekst:
        return None
    deler = tekst.split(".")
    try:
        if len(deler) == 3:
            return date(int(deler[2]), int(deler[1]), int(deler[0]))
        return date.fromisoformat(tekst)
    except ValueError:
        raise _galt(_l("«%(ord)s» er ingen dag. Skriv den som 31.12.2026.", ord=tekst[:40])) from None


_LESERE: dict[str, Callable[[str], Any]] = {
    "stilling": _stilling,
    "kompetanse": _kompetanse,
    "prosent": _tall(1, 100, 100, _l("Stillingsandelen må være fra 1 til 100 prosent.")),
    "reise_km": _tall(0, 3000, None, _l("Reiseavstanden må være fra 0 til 3000 kilometer.")),
    "vaksinert": _ja,
    "smittevern": _dag,
    "fritatt": lambda tekst: bool(_ja(tekst)),
}


def id_i(tekst: str) -> UUID | None:
    """The id that our own file gave the person. Raises UgyldigData."""
    if not tekst:
        return None
    try:
        return UUID(tekst)
    except ValueError:
        raise _galt(_l("Id-en er ikke en av våre. La cella stå tom for en ny person.")) from None
