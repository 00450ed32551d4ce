"""The content of a clause as plain data: its fields, their shapes, and the hashes that say which text was approved.

Pure rules: no database, no web. The shapes are those of `models.Bestemmelse`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import orjson

from portal.avtaler.forloep import Art
from portal.avtaler.utskrivning import TRINN
from portal.core.sprak import _l

#: The fields that are content: what is approved, compared and counter-proposed. The order is the order of reading.
FELT = (
    *("nummer", "overskrift", "tekst", "art", "punkt", "faser", "fagomraader"),
    *("kriterier", "matrise", "forpliktelser", "tiltak", "trinn"),
)
#: {list field: the fields of its items, in the order of reading}; the first must be given.
LISTER: dict[str, tuple[str, ...]] = {
    "kriterier": ("kriterium", "hvem", "frist"),
    "matrise": ("oppgave", "foretak", "kommune"),
    "forpliktelser": ("tekst", "hyppighet", "frist", "sider"),
    "tiltak": ("navn", "ansvarsforhold", "arbeidsgiveransvar", "organisering", "finansiering"),
}
#: ansvarlig, utfører, konsulteres, informeres.
ANSVAR = ("A", "U", "K", "I")
#: How often an obligation falls due, and how many months lie between.
HYPPIGHET = {"engang": 0, "aarlig": 12, "halvaarlig": 6, "kvartal": 3, "maanedlig": 1}
#: Signs in a clause's text, entries in a list, and signs in a field of an entry: a document, not a heap.
LENGDE = {"nummer": 20, "overskrift": 300, "tekst": 40_000}
FLEST = 100
LENGSTE_FELT = 2_000


def som_data(bestemmelse: Any) -> dict[str, Any]:
    """The content of a clause (a row, or anything with the same names) as plain data."""
    return {f: getattr(bestemmelse, f) for f in FELT}


def innholdshash(data: Mapping[str, Any]) -> str:
    """SHA-256 of a clause's content, the same on every machine and database."""
    return sha256(orjson.dumps({f: data.get(f) for f in FELT}, option=orjson.OPT_SORT_KEYS)).hexdigest()


def versjonshash(tittel: str, medvirkning: str, bestemmelser: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of all that is approved: the title, how users took part, and the clauses in their order.

    `bestemmelser`: mappings with `noekkel` and the fields of `FELT`, in the order of the agreement.
    """
    rader = [[str(b["noekkel"]), innholdshash(b)] for b in bestemmelser]
    return sha256(orjson.dumps([tittel, medvirkning, rader])).hexdigest()


def faser(bits: int) -> list[int]:
    """The phases that a clause holds in: 0b10100 → [2, 4]."""
    return [n for n in range(1, 6) if bits & 1 << n]


def fasebits(numre: Iterable[int]) -> int:
    """The other way."""
    return sum(1 << n for n in set(numre))


def feil(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is wrong with a clause's content, by field; empty: nothing. Bad shapes are told, never mended in silence."""
    ut: dict[str, list[Any]] = {}

    def si(felt: str, melding: Any) -> None:
        ut.setdefault(felt, []).append(melding)

    if not str(data.get("overskrift") or "").strip():
        si("overskrift", _l("Skriv en overskrift."))
    for felt, lengde in LENGDE.items():
        if len(data.get(felt) or "") > lengde:
            si(felt, _l("Teksten er for lang. Del den i flere bestemmelser."))
    if data.get("art") not in set(Art):
        si("art", _l("Velg hva bestemmelsen handler om."))
    punkt = data.get("punkt")
    if punkt is not None and punkt not in range(1, 14):
        si("punkt", _l("Velg et av punktene 1 til 13 i § 6-2, eller ingen."))
    if not faser(data.get("faser") or 0):
        si("faser", _l("Velg minst én fase som bestemmelsen gjelder i."))
    for navn, felter in LISTER.items():
        _sjekk_liste(navn, felter, data.get(navn) or [], si)
    if set(data.get("trinn") or ()) - set(TRINN):
        si("trinn", _l("Velg trinn fra utskrivningsforskriften."))
    return ut


def _sjekk_liste(navn: str, felter: tuple[str, ...], rader: list[dict[str, Any]], si: Any) -> None:
    if len(rader) > FLEST:
        si(navn, _l("Det er for mange rader. Del dem på flere bestemmelser."))
    for nr, rad in enumerate(rader, 1):
        if set(rad) - set(felter) or not str(rad.get(felter[0]) or "").strip():
            si(navn, _l("Rad %(nr)s mangler det første feltet.", nr=nr))
        elif any(len(str(v)) > LENGSTE_FELT for v in rad.values()):
            si(navn, _l("Rad %(nr)s er for lang.", nr=nr))
    if navn == "matrise" and any(
        rad.get(side) not in (*ANSVAR, "", None) for rad in rader for side in ("foretak", "kommune")
    ):
        si(navn, _l("Velg A, U, K eller I for hver part."))
    if navn == "forpliktelser":
        if any(rad.get("hyppighet") not in HYPPIGHET for rad in rader):
            si(navn, _l("Velg hvor ofte forpliktelsen skal oppfylles."))
        if any(not set(rad.get("sider") or ()) & {"foretak", "kommune"} for rad in rader):
            si(navn, _l("Velg hvem forpliktelsen gjelder for."))
