"""A search in words: «ledig plass med isolasjon og oksygen innen 90 km fra Alta» becomes choices.

Pure. Bokmål, nynorsk and English, in any form of the word; what was not understood is told, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from unicodedata import combining, normalize

from portal.plasser.forloep import Evne

#: What a word begins with, to what it asks for. Those of several words come first.
_EVNER: tuple[tuple[str, Evne], ...] = (
    (r"kraftig\w* overvekt\w*", Evne.BARIATRISK),
    (r"(?:mental|psychiatric) (?:health|care)|psychiatr\w*", Evne.PSYKISK_HELSE),
    (r"psyki(?:sk\w*|atr\w*)(?: (?:helse\w*|liding\w*|lidelse\w*|syk\w*|sjuk\w*))?", Evne.PSYKISK_HELSE),
    (r"isol(?:asjon|at|er|ert|ation)\w*|smitterom\w*|kontaktsmitte\w*", Evne.ISOLASJON),
    (r"oksygen\w*|oxygen\w*|surstoff\w*|o2", Evne.OKSYGEN),
    (r"intraven\w*|i\.? ?v\.?(?:-\w+)?|væske\w*|drypp\w*", Evne.INTRAVENOES),
    (r"pallia\w*|lindr\w*", Evne.PALLIASJON),
    (
        r"rus(?:middel\w*|avheng\w*|problem\w*|behandl\w*|en|et|a)?|avrus\w*|substance\w*|addict\w*|detox\w*",
        Evne.RUS,
    ),
    (r"overv[aå]k\w*|monitor\w*|telemetri\w*|telemetry", Evne.OVERVAAKING),
    (r"barn\w*|born\w*|child\w*|pa?ediatri\w*", Evne.BARN),
    (r"rullestol\w*|wheelchair\w*", Evne.RULLESTOL),
    (r"bariatri\w*|fedme\w*|obes\w*", Evne.BARIATRISK),
)
#: How the needs are spelt, in the three languages: what a word that was not understood is compared with.
STAVET = (
    *("isolasjon", "isolat", "isolation", "smitterom", "kontaktsmitte"),
    *("oksygen", "oxygen", "surstoff"),
    *("intravenøs", "intravenøst", "intravenous", "væske", "drypp"),
    *("palliasjon", "palliativ", "palliation", "palliative", "lindring", "lindrende", "lindrande"),
    *("psykisk", "psykiatri", "psykiatrisk", "psychiatric"),
    *("rusmiddel", "rusbehandling", "avrusing", "avrusning", "substance", "addiction", "detox"),
    *("overvåking", "overvaking", "overvåkning", "monitoring", "telemetri", "telemetry"),
    *("barnet", "children", "pediatri", "paediatric", "pediatric"),
    *("rullestol", "wheelchair"),
    *("bariatrisk", "bariatric", "fedme", "obesity"),
)
#: A shorter word is like too many others; and how much alike two words are (difflib), where it may be a slip.
_KORTEST, _LIKE = 4, 0.79
#: The same of a kommune, whose name is as long: (shortest, how much alike), after a word that a place follows, and
#: anywhere else.
_ETTER_STEDSORD, _ELLERS = (5, 0.82), (6, 0.88)
_STEDSORD = r"fr[åa]|from|ved|n[æa]r|near|around|rundt|kring"
#: Places that are no kommune, and are like one.
_ANDRE_STEDER = frozenset(
    {
        *("akershus", "buskerud", "finnmark", "fjordane", "fosen", "gudbrandsdal", "gudbrandsdalen"),
        *("hallingdal", "hardanger", "hedmark", "helgeland", "hordaland", "innlandet", "lofoten", "møre"),
        *("namdal", "namdalen", "nordland", "nordlandet", "nordmøre", "numedal", "ofoten", "oppland"),
        *("rogaland", "romsdal", "romsdalen", "salten", "setesdal", "sogn", "sunnfjord", "sunnmøre"),
        *("sørlandet", "telemark", "toten", "troms", "trøndelag", "valdres", "vestfold", "vestland"),
        *("vestlandet", "vesterålen", "østerdalen", "østfold", "østlandet"),
    }
)
#: Letters that are no other letter with a mark on it.
_STREKER = str.maketrans("øæđŧ", "oedt")
_MONSTRE = tuple((re.compile(rf"(?<!\w)(?:{m})(?!\w)"), evne) for m, evne in _EVNER)
_UTEN = re.compile(r"(?<!\w)(?:uten|utan|without|ikke|ikkje|not|no)\s+(?:behov for |trong for |need of )?$")
#: A Scandinavian «mil» is ten kilometres, an English mile 1.6.
_AVSTAND = re.compile(
    r"(?<![\w,.])(\d{1,4}(?:[.,]\d)?)\s*-?\s*(km|kilomet\w*|mil|miles?)(?!\w)(?:s)?", re.IGNORECASE
)
_MILE = 1.609
_HELE_LANDET = re.compile(
    r"(?<!\w)(?:i |over |in |across )?(?:hele?|heile|the whole|whole) (?:landet|country|norge|noreg|norway)(?!\w)"
    r"|(?<!\w)(?:nasjonalt|uansett avstand|any distance)(?!\w)"
)
_BARE_MINE = re.compile(
    r"(?<!\w)(?:der|hvor|kor|where) (?:vi|me|we) (?:har|have) (?:plass\w*|a place|places?|avtale\w*)(?!\w)"
    r"|(?<!\w)(?:hos oss|v[åa]re(?: egne| eigne)? (?:enhet\w*|eining\w*|plass\w*)|our (?:own )?(?:units?|beds?))(?!\w)"
)
_FRA = rf"(?<!\w)(?:{_STEDSORD}|unna|av|of|i|in)\s+"
#: Names of kommuner that are ordinary words too: read as a place after a word of place alone.
_OGSAA_ORD = frozenset({"moss", "os", "sola", "time"})
#: What carries no wish of its own.
_TOMME = frozenset(
    {
        *("a", "an", "and", "at", "avstand", "bed", "beds", "behandling", "behov", "de", "dei"),
        *("den", "det", "eg", "ei", "ein", "eit", "eller", "empty", "en", "er", "et", "finn"),
        *("finne", "for", "fra", "free", "fri", "frie", "from", "frå", "har", "have", "hjelp"),
        *("hvor", "i", "in", "innan", "inne", "innen", "inntil", "is", "jeg", "kan", "kjem", "km"),
        *("kommer", "kor", "ledig", "ledige", "leia", "less", "likevel", "maks", "maksimalt", "max"),
        *("maximum", "med", "mindre", "minst", "mot", "må", "nearest", "need", "needs", "no", "now"),
        *("nå", "nær", "næraste", "nærmeste", "oehd", "of", "og", "or", "over", "pasient"),
        *("pasienten", "plass", "plassar", "plassen", "plasser", "please", "på", "rom", "room"),
        *("seng", "senga", "sengen", "senger", "senkt", "skal", "som", "space", "stad", "staden"),
        *("sted", "søk", "søker", "takk", "than", "the", "til", "to", "treatment", "treng"),
        *("trenger", "trengs", "under", "unna", "up", "vi", "vil", "we", "where", "who", "with"),
        *("within", "øhd", "øhd-plass", "øyeblikkelig"),
    }
)


@dataclass(frozen=True, slots=True)
class Oenske:
    """What was read out of the words. `fra`: the kommune's key in what was given; `uforstaatt`: the words left;
    `forslag`: those of them that may be a need or a kommune misspelt, with how it is spelt. They are asked about, never
    taken for said."""

    evner: int = 0
    km: int | None = None
    hele_landet: bool = False
    fra: str | None = None
    bare_mine: bool = False
    uforstaatt: tuple[str, ...] = ()
    forslag: tuple[tuple[str, str], ...] = ()


def tolk(tekst: str, kommuner: Mapping[str, str]) -> Oenske:
    """Reads a search. `kommuner`: {name in lower case: key}."""
    rest = f" {' '.join(tekst.casefold().split())} "
    evner = 0
    for moenster, evne in _MONSTRE:
        while funn := moenster.search(rest):
            # «Uten oksygen» asks for nothing, and is understood.
            uten = _UTEN.search(rest[: funn.start()])
            if uten is None:
                evner |= evne
            fra = uten.start() if uten is not None else funn.start()
            rest = f"{rest[:fra]} {rest[funn.end() :]}"
    km: int | None = None
    if m := _AVSTAND.search(rest):
        tall, enhet = float(m[1].replace(",", ".")), m[2].casefold()
        faktor = 10 if enhet == "mil" else _MILE if enhet.startswith("mile") else 1
        km = max(1, round(tall * faktor))
        rest = _uten(rest, m)
    hele = False
    if m := _HELE_LANDET.search(rest):
        hele, km = True, None
        rest = _uten(rest, m)
    mine = False
    if m := _BARE_MINE.search(rest):
        mine = True
        rest = _uten(rest, m)
    fra_kommune, rest = _kommune(rest, kommuner)
    ord_ = (o.strip(".,;:!?()«»\"'") for o in rest.split())
    uforstaatt = tuple(dict.fromkeys(o for o in ord_ if o and o not in _TOMME))
    steder: dict[str, str] = {}
    if uforstaatt and fra_kommune is None:
        # One place is named at most, and in one word: «Evje og Hornnes» is not looked for.
        navnene = [
            n for n in kommuner if len(n) >= _ETTER_STEDSORD[0] and " " not in n and n not in _OGSAA_ORD
        ]
        steder = {_bare_bokstaver(n): n for n in navnene}
    forslag = tuple(_forslag(uforstaatt, rest, steder))
    return Oenske(int(evner), km, hele, fra_kommune, mine, uforstaatt, forslag)


def _forslag(ord_: Iterable[str], tekst: str, steder: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """`steder`: {letters without marks: name in lower case}."""
    for o in ord_:
        if len(o) < _KORTEST:
            continue
        if like := get_close_matches(o, STAVET, n=1, cutoff=_LIKE):
            yield o, like[0]
            continue
        etter = re.search(rf"(?<!\w)(?:{_STEDSORD})\s+{re.escape(o)}", tekst)
        kortest, krav = _ETTER_STEDSORD if etter else _ELLERS
        if len(o) < kortest or o in _ANDRE_STEDER:
            continue
        if like := get_close_matches(_bare_bokstaver(o), steder, n=1, cutoff=krav):
            yield o, steder[like[0]].title()


def _bare_bokstaver(ord_: str) -> str:
    """«tromso», of «tromsø» as of «trømso»."""
    return "".join(b for b in normalize("NFD", ord_.translate(_STREKER)) if not combining(b))


def rettet(tekst: str, forslag: Iterable[tuple[str, str]]) -> str:
    """The search as it was written, but with the proposals in the place of the words that they are for."""
    for skrevet, stavet in forslag:
        tekst = re.sub(rf"(?<!\w){re.escape(skrevet)}(?!\w)", stavet, tekst, flags=re.IGNORECASE)
    return tekst


def _uten(tekst: str, funn: re.Match[str]) -> str:
    return f"{tekst[: funn.start()]} {tekst[funn.end() :]}"


def _kommune(tekst: str, kommuner: Mapping[str, str]) -> tuple[str | None, str]:
    """The kommune that is named, and the text without it: after a word of place first, else anywhere; the longest name
    that fits («Nord-Aurdal» before «Aurdal»)."""
    for foran in (_FRA, r"(?<!\w)"):
        beste: tuple[int, str, re.Match[str]] | None = None
        for navn, noekkel in kommuner.items():
            # A quick look before the slow one: there are 357.
            if navn not in tekst or (beste is not None and len(navn) <= beste[0]):
                continue
            if foran != _FRA and navn in _OGSAA_ORD:
                continue
            m = re.search(rf"{foran}{re.escape(navn)}(?: kommune)?s?(?![\w-])", tekst)
            if m is not None:
                beste = (len(navn), noekkel, m)
        if beste is not None:
            return beste[1], _uten(tekst, beste[2])
    return None, tekst
