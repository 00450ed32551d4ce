"""The template library: agreements that a draft can begin from, in bokmål and nynorsk, in our own words.

Each file in `maler/` is one template: `kode`, `rekke` (its place in the list), `type` (forloep.Avtaletype), `tittel`,
`om` (what it is for) and `bestemmelser`. A text is a string where both languages read alike, else
{"nb": …, "nn": …}, so that the two stand side by side and neither is forgotten. A clause has the fields of
`innhold.FELT` that it needs, an `id`, and `faser` as numbers (none: all); {"fra": "<kode>/<id>"} takes a clause of
another template. Clauses are numbered in their order. Pure: read once from the disk, and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from portal.avtaler import innhold
from portal.avtaler.punkter import PUNKTER
from portal.avtaler.utskrivning import TRINN

MAALFORMER = ("nb", "nn")
_MAPPE = Path(__file__).parent / "maler"
#: The fields of a clause in a file that are not its content.
_UTENOM = {"id"}


@dataclass(frozen=True, slots=True)
class Mal:
    """One template. Texts by målform; `_klausuler` are contents of clauses (`innhold.FELT`) in their order."""

    kode: str
    rekke: int
    type: str
    tittel: Mapping[str, str]
    om: Mapping[str, str]
    _klausuler: Mapping[str, tuple[dict[str, Any], ...]]

    def klausuler(self, maalform: str) -> list[dict[str, Any]]:
        """Its clauses, as a new draft's own."""
        return deepcopy(list(self._klausuler[maalform]))

    @property
    def antall(self) -> int:
        return len(self._klausuler["nb"])

    @property
    def punkter(self) -> list[int]:
        """The items of hol § 6-2 first paragraph that it answers."""
        return sorted({k["punkt"] for k in self._klausuler["nb"] if k["punkt"]})

    @property
    def faser(self) -> list[int]:
        """The phases that some of its clauses are limited to; empty: all hold in all."""
        return sorted(
            {n for k in self._klausuler["nb"] if k["faser"] != innhold.fasebits(range(1, 6))
             for n in innhold.faser(k["faser"])}
        )  # fmt: skip

    def dekning(self, maalform: str) -> list[tuple[int, str, list[tuple[str, str]]]]:
        """Each item of § 6-2 with its name and the (number, heading) of the clauses that answer it; none: it is not."""
        return [
            (
                nr,
                str(navn),
                [(k["nummer"], k["overskrift"]) for k in self._klausuler[maalform] if k["punkt"] == nr],
            )
            for nr, (navn, _hva) in PUNKTER.items()
        ]

    @property
    def tiltak(self) -> int:
        """Its joint measures; all that § 6-2 second paragraph asks is said of each (`tests/avtaler/test_maler.py`)."""
        return sum(len(k["tiltak"]) for k in self._klausuler["nb"])

    @property
    def trinn(self) -> list[str]:
        """The steps of the utskrivningsforskrift that it settles, in their order."""
        har = {t for k in self._klausuler["nb"] for t in k["trinn"]}
        return [t for t in TRINN if t in har]


@cache
def alle() -> tuple[Mal, ...]:
    """Every template, in the order in which they are offered. Raises on a file that is not as it should be."""
    filer = [orjson.loads(fil.read_bytes()) for fil in sorted(_MAPPE.glob("*.json"))]
    klausuler = {
        f"{fil['kode']}/{k['id']}": k for fil in filer for k in fil["bestemmelser"] if "fra" not in k
    }
    return tuple(
        Mal(
            kode=fil["kode"],
            rekke=fil["rekke"],
            type=fil["type"],
            tittel={m: _paa(fil["tittel"], m) for m in MAALFORMER},
            om={m: _paa(fil["om"], m) for m in MAALFORMER},
            _klausuler={
                m: tuple(
                    _klausul(klausuler[k["fra"]] if "fra" in k else k, nr, m)
                    for nr, k in enumerate(fil["bestemmelser"], 1)
                )
                for m in MAALFORMER
            },
        )
        for fil in sorted(filer, key=lambda fil: fil["rekke"])
    )


def hent(kode: str) -> Mal | None:
    """The template of that code; None: there is none (any more)."""
    return next((mal for mal in alle() if mal.kode == kode), None)


def _klausul(raa: Mapping[str, Any], nummer: int, maalform: str) -> dict[str, Any]:
    felter = {k: _paa(v, maalform) for k, v in raa.items() if k not in _UTENOM}
    return innhold.rens(
        {
            "tekst": "",
            "punkt": None,
            "fagomraader": [],
            "trinn": [],
            **{navn: [] for navn in innhold.LISTER},
            **felter,
            "nummer": str(nummer),
            "faser": innhold.fasebits(felter.get("faser") or range(1, 6)),
        }
    )


def _paa(verdi: Any, maalform: str) -> Any:
    """A value of a file in one of the languages, all the way down."""
    if isinstance(verdi, Mapping):
        if set(verdi) == set(MAALFORMER):
            return verdi[maalform]
        return {k: _paa(v, maalform) for k, v in verdi.items()}
    if isinstance(verdi, list):
        return [_paa(v, maalform) for v in verdi]
    return verdi
