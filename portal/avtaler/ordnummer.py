"""The numbers that Word counts for headings and lists («§ 3», «2.1», «b)»), from its own definitions. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.avtaler.ooxml import Element

_ROMER = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_PLASS = re.compile(r"%([1-9])")
#: A list longer than this counts on in figures.
_FLEST = 5_000
#: The levels of a list, as Word has them, and signs of what stands around its number.
_NIVAAER, _LENGSTE_MERKE = 9, 100


@dataclass(slots=True)
class _Nivaa:
    start: int = 1
    slag: str = "decimal"
    moenster: str = ""


@dataclass(slots=True)
class Nummerering:
    """The definitions of a document, and how far each list has come. `stilnumre`: {style: its list}."""

    rot: Element | None
    stilnumre: Mapping[str, str] = field(default_factory=dict)
    _lister: dict[str, tuple[str, dict[int, _Nivaa]]] = field(default_factory=dict)
    _teller: dict[str, dict[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rot is None:
            return
        # Read once each, and not anew for every list that counts by them.
        abstrakte = {a.attr.get("w:abstractNumId", ""): _nivaaer(a) for a in self.rot.alle("w:abstractNum")}
        lenket = {
            a.attr.get("w:abstractNumId", ""): a.verdi("w:numStyleLink")
            for a in self.rot.alle("w:abstractNum")
        }
        viser_til = {n.attr.get("w:numId", ""): n.verdi("w:abstractNumId") for n in self.rot.alle("w:num")}
        for num in self.rot.alle("w:num"):
            num_id = num.attr.get("w:numId", "")
            abstrakt_id = viser_til[num_id]
            nivaaer = abstrakte.get(abstrakt_id, {})
            if stil := lenket.get(abstrakt_id, ""):
                nivaaer = abstrakte.get(viser_til.get(self.stilnumre.get(stil, ""), ""), nivaaer)
            nivaaer = dict(nivaaer)
            # A list with a start of its own counts for itself; the others go on where their kind was.
            hvem = f"a{abstrakt_id}"
            for over in num.alle("w:lvlOverride"):
                ilvl = _i(over.attr.get("w:ilvl"))
                if ilvl >= _NIVAAER:
                    continue
                if (eget := over.finn("w:lvl")) is not None:
                    nivaaer[ilvl] = _nivaa(eget)
                if over.finn("w:startOverride") is not None:
                    hvem = f"n{num_id}"
                    foer = nivaaer.get(ilvl, _Nivaa())
                    nivaaer[ilvl] = _Nivaa(_i(over.verdi("w:startOverride"), 1), foer.slag, foer.moenster)
            self._lister[num_id] = (hvem, nivaaer)

    def neste(self, num_id: str, ilvl: int) -> tuple[str, bool]:
        """The mark of the next paragraph of a list, and whether it is a bullet. («», False): there is no such list."""
        if num_id not in self._lister:
            return "", False
        hvem, nivaaer = self._lister[num_id]
        nivaa = nivaaer.get(ilvl)
        if nivaa is None or nivaa.slag == "none":
            return "", False
        if nivaa.slag == "bullet":
            return "•", True
        teller = self._teller.setdefault(hvem, {})
        teller[ilvl] = teller.get(ilvl, nivaa.start - 1) + 1
        for dypere in [n for n in teller if n > ilvl]:
            del teller[dypere]

        def tall(m: re.Match[str]) -> str:
            n = int(m[1]) - 1
            def_ = nivaaer.get(n, _Nivaa())
            return som_tegn(teller.get(n, def_.start), def_.slag)

        return _PLASS.sub(tall, nivaa.moenster).strip(), False


def som_tegn(tall: int, slag: str) -> str:
    """A number as Word shows it in that format; formats that Norwegian documents do not use are figures."""
    if not 0 < tall <= _FLEST:
        return str(tall)
    if slag in ("lowerLetter", "upperLetter"):
        bokstav = chr(ord("a") + (tall - 1) % 26) * ((tall - 1) // 26 + 1)
        return bokstav.upper() if slag == "upperLetter" else bokstav
    if slag in ("lowerRoman", "upperRoman"):
        ut, rest = "", tall
        for verdi, tegn in _ROMER:
            ut += tegn * (rest // verdi)
            rest %= verdi
        return ut.upper() if slag == "upperRoman" else ut
    return f"{tall:02}" if slag == "decimalZero" else str(tall)


def _nivaaer(abstrakt: Element) -> dict[int, _Nivaa]:
    alle = ((_i(n.attr.get("w:ilvl")), n) for n in abstrakt.alle("w:lvl"))
    return {ilvl: _nivaa(n) for ilvl, n in alle if ilvl < _NIVAAER}


def _nivaa(n: Element) -> _Nivaa:
    moenster = n.verdi("w:lvlText")[:_LENGSTE_MERKE]
    return _Nivaa(_i(n.verdi("w:start"), 1), n.verdi("w:numFmt") or "decimal", moenster)


def _i(verdi: str | None, ellers: int = 0) -> int:
    return int(verdi) if verdi and verdi.isdecimal() and len(verdi) < 6 else ellers
