"""The names of several beds as people write them: one on each line, «Rom 1–8» for eight. Pure."""

from __future__ import annotations

import re

from portal.core.errors import UgyldigData
from portal.core.sprak import _l

LENGDE = 60
#: «Rom 1–8», «Seng 2A 1-4», «1-12»: what comes before, and from which number to which.
_REKKE = re.compile(r"(?P<foran>.*?)(?P<fra>\d{1,4})\s*[-–—]\s*(?P<til>\d{1,4})\Z")
FLEST = 500


def les_navn(tekst: str) -> list[str]:
    """The names, in the order they were written. Raises UgyldigData (field `navn`) for one that is too long, one that
    comes twice, or a row that runs backwards."""
    navn: list[str] = []
    for linje in tekst.splitlines():
        linje = " ".join(linje.split())
        if not linje:
            continue
        navn += _en_linje(linje)
        if len(navn) > FLEST:
            raise _feil(_l("Høyst %(antall)d plasser om gangen.", antall=FLEST))
    for ett in navn:
        if len(ett) > LENGDE:
            raise _feil(_l("«%(navn)s» er for langt: høyst %(antall)d tegn.", navn=ett[:40], antall=LENGDE))
    sett: set[str] = set()
    for ett in navn:
        if ett.casefold() in sett:
            raise _feil(_l("«%(navn)s» står to ganger. Gi plassene hvert sitt navn.", navn=ett))
        sett.add(ett.casefold())
    return navn


def _en_linje(linje: str) -> list[str]:
    treff = _REKKE.fullmatch(linje)
    if treff is None:
        return [linje]
    fra, til = int(treff["fra"]), int(treff["til"])
    if til < fra:
        raise _feil(_l("«%(linje)s» går baklengs. Skriv det minste tallet først.", linje=linje[:40]))
    if til - fra >= FLEST:
        raise _feil(_l("Høyst %(antall)d plasser om gangen.", antall=FLEST))
    # «Rom 01–12» keeps its zeros.
    bredde = len(treff["fra"]) if treff["fra"].startswith("0") else 1
    return [f"{treff['foran']}{n:0{bredde}d}" for n in range(fra, til + 1)]


def _feil(melding: object) -> UgyldigData:
    return UgyldigData(felter={"navn": [melding]})
