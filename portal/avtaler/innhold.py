"""The content of a clause as plain data: its fields, their shapes, and the hashes that say which text was approved.

Pure rules: no database, no web. The shapes are those of `models.Bestemmelse`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, TypeGuard

import orjson

from portal.avtaler.forloep import Art
from portal.avtaler.utskrivning import TRINN
from portal.core.sprak import _l
from portal.identitet.fagomraader import ALLE_OMRAADER

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


#: Signs that no database keeps and no page shows: what is pasted from elsewhere may hold them.
ULOVLIGE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ULOVLIG = _l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")
_FORM = _l("Innholdet har feil form. Last siden på nytt, og fyll ut feltet på nytt.")
#: Every phase there is (bits 1–5).
_FASEBITS = 0b111110


def ren(tekst: str) -> str:
    """A text as it is stored, so that the same words give the same hash: NFC, `\\n` for line breaks, nothing around."""
    return unicodedata.normalize("NFC", tekst.replace("\r\n", "\n").replace("\r", "\n")).strip()


def rens(data: Mapping[str, Any]) -> dict[str, Any]:
    """The content with every text in it as `ren`; what has the wrong shape goes through, for `feil` to tell of."""
    return {felt: _rens(verdi) for felt, verdi in data.items()}


def _rens(verdi: Any) -> Any:
    if isinstance(verdi, str):
        # One of half a sign (a lone surrogate) cannot be normalised, and is told of by `feil`.
        return verdi if ULOVLIGE.search(verdi) else ren(verdi)
    if isinstance(verdi, list):
        return [_rens(v) for v in verdi]
    if isinstance(verdi, Mapping):
        return {k: _rens(v) for k, v in verdi.items()}
    return verdi


def feil(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is wrong with a clause's content, by field; empty: nothing. Bad shapes are told, never mended in silence.

    `data` may come from a file: nothing about its shape is taken for granted.
    """
    ut: dict[str, list[Any]] = {}

    def si(felt: str, melding: Any) -> None:
        ut.setdefault(felt, []).append(melding)

    for felt in sorted(set(data) - set(FELT)):
        si(str(felt), _l("Dette feltet finnes ikke."))
    for felt, lengde in LENGDE.items():
        _sjekk_tekst(felt, data.get(felt), lengde, si)
    if "overskrift" not in ut and not str(data.get("overskrift") or "").strip():
        si("overskrift", _l("Skriv en overskrift."))
    if data.get("art") not in list(Art):
        si("art", _l("Velg hva bestemmelsen handler om."))
    punkt = data.get("punkt")
    if punkt is not None and not (_er_tall(punkt) and 1 <= punkt <= 13):
        si("punkt", _l("Velg et av punktene 1 til 13 i § 6-2, eller ingen."))
    bits = data.get("faser")
    if not _er_tall(bits) or bits <= 0 or bits & ~_FASEBITS:
        si("faser", _l("Velg minst én fase som bestemmelsen gjelder i."))
    _sjekk_koder(
        "fagomraader", data.get("fagomraader", []), ALLE_OMRAADER, _l("Velg fagområder fra lista."), si
    )
    _sjekk_koder(
        "trinn",
        data.get("trinn", []),
        TRINN,
        _l("Velg trinn fra utskrivningsforskriften, hvert én gang."),
        si,
    )
    for navn, felter in LISTER.items():
        _sjekk_liste(navn, felter, data.get(navn, []), si)
    return ut


def _er_tall(verdi: Any) -> TypeGuard[int]:
    return isinstance(verdi, int) and not isinstance(verdi, bool)


def _sjekk_tekst(felt: str, verdi: Any, lengde: int, si: Any) -> None:
    if not isinstance(verdi or "", str):
        si(felt, _FORM)
    elif verdi and ULOVLIGE.search(verdi):
        si(felt, _ULOVLIG)
    elif len(verdi or "") > lengde:
        si(felt, _l("Teksten er for lang. Del den i flere bestemmelser."))


def _sjekk_koder(navn: str, verdi: Any, kjente: Iterable[str], melding: Any, si: Any) -> None:
    """A list of codes, each known and each once."""
    if not isinstance(verdi, list) or not all(isinstance(v, str) for v in verdi):
        si(navn, _FORM)
    elif set(verdi) - set(kjente) or len(set(verdi)) != len(verdi):
        si(navn, melding)


def _sjekk_liste(navn: str, felter: tuple[str, ...], rader: Any, si: Any) -> None:
    if not isinstance(rader, list) or not all(isinstance(rad, Mapping) for rad in rader):
        si(navn, _FORM)
        return
    if len(rader) > FLEST:
        si(navn, _l("Det er for mange rader. Del dem på flere bestemmelser."))
    for nr, rad in enumerate(rader, 1):
        tekster = [v for k, v in rad.items() if k != "sider" and v is not None]
        if set(rad) - set(felter) or not all(isinstance(v, str) for v in tekster):
            si(navn, _l("Rad %(nr)s har feil form. Skriv den på nytt.", nr=nr))
        elif not str(rad.get(felter[0]) or "").strip():
            si(navn, _l("Rad %(nr)s mangler det første feltet.", nr=nr))
        elif any(ULOVLIGE.search(v) for v in tekster):
            si(navn, _ULOVLIG)
        elif any(len(v) > LENGSTE_FELT for v in tekster):
            si(navn, _l("Rad %(nr)s er for lang.", nr=nr))
    if navn == "matrise" and any(
        rad.get(side) not in (*ANSVAR, "", None) for rad in rader for side in ("foretak", "kommune")
    ):
        si(navn, _l("Velg A, U, K eller I for hver part."))
    if navn == "forpliktelser":
        if any(rad.get("hyppighet") not in list(HYPPIGHET) for rad in rader):
            si(navn, _l("Velg hvor ofte forpliktelsen skal oppfylles."))
        if any(not _sider_ok(rad.get("sider")) for rad in rader):
            si(navn, _l("Velg hvem forpliktelsen gjelder for."))


def _sider_ok(sider: Any) -> bool:
    return isinstance(sider, list) and bool(sider) and all(s in ("foretak", "kommune") for s in sider)
