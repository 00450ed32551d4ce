"""Clauses found in a text: where each begins, what kind it is, and which item of hol § 6-2 it answers. Pure rules.

What is found is a suggestion that somebody checks before it is kept. Nothing of the text is left out without being
told of in `merknader`. The text is Markdown, as people paste it or as `docxlesing` makes it of a document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from portal.avtaler import eksport, innhold
from portal.avtaler.forloep import Art, Avtaletype
from portal.core.errors import UgyldigData
from portal.core.sprak import _l

#: Signs of a text that is taken in, and clauses that are found in it: as many as a version can hold.
LENGST, FLEST = 1_000_000, 500
_NUMMER, _OVERSKRIFT, _TEKST = (innhold.LENGDE[f] for f in ("nummer", "overskrift", "tekst"))
#: The fields of a clause that only a file of our own brings.
STRUKTUR = ("faser", "fagomraader", "kriterier", "matrise", "forpliktelser", "tiltak", "trinn")
_ALLE_FASER = innhold.fasebits(range(1, 6))


#: {code: what is said of it}.
MERKNADER: dict[str, Any] = {
    "bilder": _l("Bilder er ikke tatt med."),
    "innhold": _l("Innholdsfortegnelsen er ikke tatt med."),
    "stroeket": _l("Dokumentet har sporede endringer. Strøket tekst er ikke tatt med, ny tekst er."),
    "skjult": _l("Skjult tekst er ikke tatt med."),
    "innbakt": _l("Dokumenter som ligger inni dette, er ikke tatt med."),
    "kommentarer": _l("Kommentarene i dokumentet er ikke tatt med."),
    "noter": _l("Fotnoter står i parentes der de hører til."),
    "noter_kortet": _l("Fotnoter på over 2 000 tegn er kortet ned. Resten står i dokumentet."),
    "lenker": _l("Lenker med en adresse på over 2 000 tegn er tatt med som vanlige ord."),
    "delt": _l(
        "Noen tekster var for lange for én bestemmelse, og er delt. De har et tall i parentes etter seg."
    ),
}
_INNLEDNING = {"nb": "Innledning", "nn": "Innleiing"}


@dataclass(slots=True)
class Funn:
    """What was found: contents of clauses (`innhold.FELT`) in their order, and what the agreement seems to be."""

    klausuler: list[dict[str, Any]]
    tittel: str = ""
    maalform: str = "nb"
    type: str = ""
    nummer: str = ""
    #: What was left out or changed on the way in (`MERKNADER`), for whoever checks it.
    merknader: list[str] = field(default_factory=list)

    def merk(self, hva: str) -> None:
        if hva not in self.merknader:
            self.merknader.append(hva)


@dataclass(slots=True)
class Del:
    """A heading with what stands under it; `overskrift` empty: what stands before the first one."""

    nummer: str
    overskrift: str
    avsnitt: list[str] = field(default_factory=list)


# --- headings --------------------------------------------------------------------------------------------

_MARKDOWN = re.compile(r"#{1,6}\s+(\S.*)\Z")
_PARAGRAF = re.compile(r"(§+\s*\d+(?:\s*[-–.]\s*\d+)*\s?[a-z]?)(?![\w])[.:)]?\s*(.*)\Z")
_DELORD = re.compile(
    r"((?:kapittel|kap\.?|del|punkt|pkt\.?|artikkel|vedlegg)\s+(?:\d+(?:\.\d+)*|[ivx]+|[a-zæøå]))(?![\w])[.:)]?"
    r"(?:\s+[-–]\s+|\s*)(.*)\Z",
    re.I,
)
_FLERLEDDET = re.compile(r"(\d{1,3}(?:\.\d{1,3}){1,4})\.?\s+(\S.*)\Z")
_TALL = re.compile(r"(\d{1,2})[.)]?\s+(\S.*)\Z")
_FET = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1\Z")
#: A line of a table of contents: dots or a tab, and then a page.
_INNHOLD = re.compile(r"(?:\.{3,}|…+|\t)\s*\d{1,4}\s*\Z")
#: A heading is a line, and does not end as a sentence does.
_LENGSTE_OVERSKRIFT = 150
_SETNING = (".", ";", ",", ":")
_FLUKT = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")


def skill_nummer(linje: str) -> tuple[str, str]:
    """(number, heading) of a line that is known to be a heading: «§ 3-1. Innleggelse» → («§ 3-1», «Innleggelse»)."""
    ren = " ".join(linje.split())
    for moenster in (_PARAGRAF, _DELORD, _FLERLEDDET, _TALL):
        m = moenster.match(ren)
        if m is not None and len(m[1]) <= _NUMMER:
            return " ".join(m[1].split()), m[2].strip(" .:–-") if m[2] else ""
    return "", ren


def _naboer(linjer: Sequence[str], i: int) -> tuple[str, str, bool]:
    """The nearest lines with text before and after one, and whether it stands alone between empty ones."""
    foer = next((linjer[n] for n in range(i - 1, max(-1, i - 6), -1) if linjer[n].strip()), "")
    etter = next((linjer[n] for n in range(i + 1, min(len(linjer), i + 6)) if linjer[n].strip()), "")
    alene = (i == 0 or not linjer[i - 1].strip()) and (i + 1 == len(linjer) or not linjer[i + 1].strip())
    return foer.strip(), etter.strip(), alene


def _overskrift(linje: str, foer: str, etter: str, alene: bool) -> tuple[str, str] | None:
    """(number, heading) where a line of plain text is one; None: it is not."""
    if len(linje) > 4 * _OVERSKRIFT:
        return None
    m = _MARKDOWN.match(linje)
    if m is not None:
        # «## Formål ##»: what closes it is no part of it.
        return skill_nummer(_uten_fet(m[1].rstrip("#").rstrip() or m[1]))
    ren = _uten_fet(linje)
    if not ren or len(ren) > _LENGSTE_OVERSKRIFT or ren.endswith(_SETNING[1:]):
        return None
    if _PARAGRAF.match(ren) and not _er_henvisning(ren):
        return skill_nummer(ren)
    if ren.endswith("."):
        return None
    m = _DELORD.match(ren)
    if m is not None and (not m[2] or m[2][0].isupper()):
        return skill_nummer(ren)
    m = _FLERLEDDET.match(ren)
    if m is not None and m[2][0].isupper():
        return skill_nummer(ren)
    m = _TALL.match(ren)
    # «1. Ring legen» right before «2. Send …» is a list; a heading has its text below it.
    if m is not None and m[2][0].isupper() and not (_teller(etter, m[1], 1) or _teller(foer, m[1], -1)):
        return skill_nummer(ren)
    if alene and (_FET.match(linje) or _er_versaler(ren)):
        return skill_nummer(ren)
    return None


def _teller(linje: str, tall: str, steg: int) -> bool:
    """Whether a line is the next of a list (`steg` -1: the one before)."""
    m = _TALL.match(_uten_fet(linje))
    return m is not None and int(m[1]) == int(tall) + steg


def _uten_fet(linje: str) -> str:
    m = _FET.match(linje.strip())
    return _FLUKT.sub(r"\1", (m[2] if m and m[1] not in m[2] else linje).strip())


def _er_henvisning(linje: str) -> bool:
    """«§ 6-2 første ledd nr. 3 sier at …» begins with a paragraph, and is a sentence about it."""
    m = _PARAGRAF.match(linje)
    return bool(m and m[2] and m[2][0].islower())


def _er_versaler(linje: str) -> bool:
    bokstaver = [t for t in linje if t.isalpha()]
    return len(bokstaver) >= 4 and linje.upper() == linje


# --- a text ----------------------------------------------------------------------------------------------


def fra_tekst(tekst: str, felt: str = "tekst") -> Funn:
    """The clauses of a text: headings by «§», numbers, Markdown, or lines that stand out.

    Raises UgyldigData (at `felt`: where it came from) when there is nothing to find, or too much.
    """
    if len(tekst) > LENGST:
        raise UgyldigData(felter={felt: [for_lang()]})
    linjer = rydd(tekst).split("\n")
    deler, funn = [Del("", "")], Funn([])
    innholdslinjer = 0
    for i, linje in enumerate(linjer):
        if len(linje) < 200 and _INNHOLD.search(linje):
            innholdslinjer += 1
            continue
        # What is set in from the margin belongs to what stands above it.
        inne = not linje.strip() or linje.startswith(("    ", "\t"))
        funnet = None if inne else _overskrift(linje.strip(), *_naboer(linjer, i))
        if funnet is None:
            deler[-1].avsnitt.append(linje.rstrip())
        else:
            deler.append(Del(*funnet))
    if innholdslinjer:
        funn.merk("innhold")
    return sett_sammen(deler, funn, felt)


def rydd(tekst: str) -> str:
    """Line breaks as we keep them, and without signs that cannot be stored: what is pasted from a PDF has both."""
    tekst = tekst.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n\n")
    tekst = tekst.replace("\u2028", "\n").replace("\u2029", "\n\n").replace("\ufeff", "")
    return unicodedata.normalize("NFC", innhold.ULOVLIGE.sub("", tekst))


def for_lang() -> Any:
    return _l("Teksten er for lang. Del den i flere avtaler, for eksempel en for hver tjenesteavtale.")


def sett_sammen(deler: Sequence[Del], funn: Funn, felt: str = "tekst") -> Funn:
    """Makes clauses of the parts, and guesses what each is about. Raises UgyldigData: there are none, or too many."""
    _faa_nok(sum(1 for d in deler if d.overskrift or d.nummer), felt)
    funn.maalform = gjett_maalform(" ".join(a for d in deler for a in d.avsnitt))
    kjente: dict[str, dict[str, Any]] = {}
    for del_ in deler:
        tekst = re.sub(r"\n{3,}", "\n\n", "\n".join(del_.avsnitt)).strip()
        if not (del_.overskrift or del_.nummer):
            if not tekst:
                continue
            # The first line of a document is its name.
            tekst = _ta_tittel(funn, tekst)
            if not tekst:
                continue
        nye = _delt(del_.nummer, del_.overskrift, tekst, funn)
        _arv(nye, kjente)
        funn.klausuler += nye
    if not funn.klausuler:
        raise UgyldigData(
            felter={felt: [_l("Vi fant ingen tekst her. Lim inn avtalen, eller velg en annen fil.")]}
        )
    _faa_nok(len(funn.klausuler), felt)
    return funn


def _faa_nok(antall: int, felt: str) -> None:
    """Raises UgyldigData for more clauses than a version can hold: asked before anything is guessed of them."""
    if antall > FLEST:
        melding = _l(
            "Vi fant %(antall)s bestemmelser. En avtale kan ha høyst %(flest)s: del den i flere avtaler.",
            antall=antall,
            flest=FLEST,
        )
        raise UgyldigData(felter={felt: [melding]})


def _arv(nye: Sequence[dict[str, Any]], kjente: dict[str, dict[str, Any]]) -> None:
    """«3.1 Kriterier» is about what «3 Innleggelse» is about, where its own words do not tell."""
    nummer = nye[0]["nummer"]
    if not nummer:
        return
    over = kjente.get(nummer.rpartition(".")[0] or nummer.rpartition("-")[0])
    if over is not None:
        for k in nye:
            k["art"] = over["art"] if k["art"] == Art.ANNET else k["art"]
            k["punkt"] = k["punkt"] or over["punkt"]
    kjente[nummer] = nye[0]


def _ta_tittel(funn: Funn, tekst: str) -> str:
    """Takes the name of the agreement from the first line of what stands before the first heading."""
    foerste, _skille, resten = tekst.partition("\n")
    navn = _uten_fet(foerste.strip().lstrip("#").strip())
    if funn.tittel or len(navn) > 200 or navn.endswith(_SETNING) or not navn:
        return tekst
    funn.tittel = navn
    return resten.strip()


def _delt(nummer: str, overskrift: str, tekst: str, funn: Funn) -> list[dict[str, Any]]:
    """One clause, or several where the text is longer than one may be; cut between paragraphs where it can be."""
    navn = overskrift or nummer or _INNLEDNING[funn.maalform]
    if len(navn) > _OVERSKRIFT:
        # The words stay, in the text.
        tekst = f"{navn}\n\n{tekst}".strip()
        navn = navn[: _OVERSKRIFT - 1].rsplit(" ", 1)[0] + "…"
    biter = []
    while len(tekst) > _TEKST:
        kutt = max(tekst.rfind("\n\n", 0, _TEKST), tekst.rfind("\n", _TEKST // 2, _TEKST))
        kutt = kutt if kutt > 0 else _TEKST
        biter.append(tekst[:kutt].strip())
        tekst = tekst[kutt:].strip()
    biter.append(tekst)
    if len(biter) > 1:
        funn.merk("delt")
    return [
        klausul(nummer if nr == 1 else "", navn if nr == 1 else f"{navn[:290]} ({nr})", bit)
        for nr, bit in enumerate(biter, 1)
    ]


def klausul(nummer: str, overskrift: str, tekst: str) -> dict[str, Any]:
    """A clause's content with its kind and item guessed from its words."""
    return {
        "nummer": nummer,
        "overskrift": overskrift,
        "tekst": tekst,
        "art": gjett_art(overskrift, tekst),
        "punkt": gjett_punkt(overskrift, tekst),
        "faser": _ALLE_FASER,
        "fagomraader": [],
        "trinn": [],
        **{navn: [] for navn in innhold.LISTER},
    }


# --- a file --------------------------------------------------------------------------------------------


def gjett_type(tittel: str) -> str:
    """What sort of agreement the name tells of; empty: none."""
    lav = tittel.casefold()
    for ord_, slag in (
        ("tjenesteavtale", Avtaletype.TJENESTEAVTALE),
        ("tenesteavtale", Avtaletype.TJENESTEAVTALE),
        ("delavtale", Avtaletype.DELAVTALE),
        ("særavtale", Avtaletype.SAERAVTALE),
        ("samarbeidsavtale", Avtaletype.OVERORDNET),
    ):
        if ord_ in lav:
            return str(slag)
    return ""


# --- our own file ----------------------------------------------------------------------------------------


def fra_json(data: bytes) -> Funn:
    """The clauses of an agreement that the portal itself has given out (`eksport`). Raises UgyldigData (`fil`)."""
    feil = _l("Dette er ikke en avtale fra portalen. Velg en JSON-fil som er lastet ned herfra.")
    try:
        dok = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise UgyldigData(felter={"fil": [feil]}) from None
    rader = dok.get("bestemmelser") if eksport.er_vaart(dok) else None
    if not isinstance(rader, list) or not all(isinstance(r, Mapping) for r in rader) or not rader:
        raise UgyldigData(felter={"fil": [feil]})
    if len(rader) > FLEST:
        raise UgyldigData(felter={"fil": [for_lang()]})
    klausuler = [
        innhold.rens({**klausul("", "", ""), "art": Art.ANNET, **eksport.klausul_inn(r)}) for r in rader
    ]
    for nr, k in enumerate(klausuler, 1):
        if mangler := innhold.feil(k):
            melding = next(iter(mangler.values()))[0]
            raise UgyldigData(
                felter={"fil": [_l("Bestemmelse %(nr)s i filen er feil: %(feil)s", nr=nr, feil=melding)]}
            )
    avtale, versjon = (d if isinstance(d := dok.get(n), Mapping) else {} for n in ("avtale", "versjon"))
    return Funn(
        klausuler,
        tittel=_tekst(versjon.get("tittel") or avtale.get("tittel"), 300),
        maalform="nn" if avtale.get("maalform") == "nn" else "nb",
        type=str(avtale.get("type")) if avtale.get("type") in list(Avtaletype) else "",
        nummer=_tekst(avtale.get("nummer"), 30),
    )


def _tekst(verdi: Any, lengde: int) -> str:
    return " ".join(rydd(verdi).split())[:lengde] if isinstance(verdi, str) else ""


_MERKER = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~&])|\*{1,2}|^\|[-| ]+\|$", re.M)


def utdrag(tekst: str, lengde: int = 140) -> str:
    """How a text begins, in plain words on one line."""
    ren = " ".join(
        _MERKER.sub(lambda m: m[1] or "", tekst[: lengde * 3].replace("\r", "")).replace("|", " ").split()
    )
    return ren if len(ren) <= lengde else f"{ren[:lengde].rsplit(' ', 1)[0]} …"


# --- putting together ------------------------------------------------------------------------------------


def slaa_sammen(over: Mapping[str, Any], *under: Mapping[str, Any]) -> dict[str, Any]:
    """The clause above with all that those below say: their headings as lines in bold, their lists after the lists."""
    alle = (over, *under)
    ut = dict(over)
    biter = [over["tekst"]]
    for k in under:
        navn = f"{k['nummer']} {k['overskrift']}".strip()
        biter += [f"**{navn}**" if navn else "", k["tekst"]]
    ut["tekst"] = "\n\n".join(t for t in biter if t)
    ut["punkt"] = next((k["punkt"] for k in alle if k["punkt"]), None)
    for k in under:
        ut["faser"] |= k["faser"]
    for navn in innhold.LISTER:
        ut[navn] = [rad for k in alle for rad in k[navn]]
    for navn in ("fagomraader", "trinn"):
        ut[navn] = list(dict.fromkeys(v for k in alle for v in k[navn]))
    # About all of them is more than about some.
    if not all(k["fagomraader"] for k in alle):
        ut["fagomraader"] = []
    return ut


# --- guessing --------------------------------------------------------------------------------------------

#: What names a kind of clause: in its heading first, then in its text; the first that fits.
_ARTER: tuple[tuple[Art, re.Pattern[str]], ...] = tuple(
    (art, re.compile(moenster, re.I))
    for art, moenster in (
        (Art.OEHD, r"\bøhd\b|(øyeblikkelig|augeblikkeleg)\w* hjelp,? (døgn|døger)|akutt døgn|\bkad\b"),
        (Art.UTSKRIVNING, r"utskriv|utskriving|\bepikrise"),
        (Art.INNLEGGELSE, r"innlegg|tilvis(ing|e)|henvis(ning|e)"),
        (Art.BEREDSKAP, r"beredskap|epidemi|pandemi|\bkrise|akuttmedisin|akuttkjed|smittevern"),
        (
            Art.INFORMASJON,
            r"informasjon|meldingsutveksl|kommunikasjon|\bikt\b|digital|elektronisk|teieplikt|taushetsplikt",
        ),
        (Art.ROLLER, r"ansvar|roll(e|er|ar)\b|oppgavefordel|oppgåvefordel|samarbeidsutval|samarbeidsorgan"),
        (
            Art.PROSEDYRE,
            r"prosedyre|rutine|retningslinje|framgangsmåte|fremgangsmåte|avvik|uenighet|usemje|tvist|"
            r"gjennomgang|medvirkning|medverknad",
        ),
    )
)
#: What names an item of § 6-2 in a heading; the first that fits.
_PUNKTER: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (punkt, re.compile(moenster, re.I))
    for punkt, moenster in (
        (13, r"\bbarn\b|\bunge\b|ungdom"),
        (4, r"\bøhd\b|(øyeblikkelig|augeblikkeleg)\w* hjelp|akutt døgn|\bkad\b"),
        (8, r"jordmor|svangerskap|fødsel|fødande|fødende|barsel|gravid"),
        (5, r"utskriv"),
        (3, r"innlegg|henvisning|tilvising"),
        (2, r"koordinert|koordinat|habiliter|læring og m|individuell plan"),
        (7, r"forsk(n)?ing|utdann|praksisplass|lærling|læretid|studen(t|ta)r"),
        (9, r"\bikt\b|digital|elektronisk|e-helse|velferdsteknologi"),
        (6, r"kunnskap|kompetanse|informasjonsutveksl|hospiter|fagnettverk|faglige nettverk"),
        (10, r"forebygg|førebygg|folkehelse|frisklivs"),
        (11, r"beredskap|akuttmedisin|akuttkjed|ambulanse|legevakt|epidemi|pandemi"),
        (12, r"planlegg|utvikling|samarbeidsutval|samarbeidsorgan"),
        (1, r"ansvar|oppgaver|oppgåver|oppgavefordel|oppgåvefordel"),
    )
)
_UTTRYKT = re.compile(r"§\s*6\s*[-–]\s*2\b[^.\n]{0,40}?\b(?:nr|nummer|punkt|pkt)\.?\s*(\d{1,2})\b", re.I)
_LES = 2_000


def gjett_art(overskrift: str, tekst: str) -> str:
    """The kind of a clause, from its heading and else from how its text begins; «annet» where no word tells."""
    for kilde in (overskrift, tekst[:_LES]):
        for art, moenster in _ARTER:
            if moenster.search(kilde):
                return str(art)
    return str(Art.ANNET)


def gjett_punkt(overskrift: str, tekst: str) -> int | None:
    """The item of § 6-2: the one that is named, else what the heading is about. The text alone is not enough."""
    for kilde in (overskrift, tekst[:_LES]):
        m = _UTTRYKT.search(kilde)
        if m is not None and 1 <= int(m[1]) <= 13:
            return int(m[1])
    return next((punkt for punkt, moenster in _PUNKTER if moenster.search(overskrift)), None)


_NYNORSK = re.compile(
    r"\b(ikkje|frå|dei|ein|eit|kva|kven|korleis|tenest\w*|sjuke\w*|skal vere|blir|partane|kommunane)\b", re.I
)
_BOKMAAL = re.compile(
    r"\b(ikke|fra|de|en|et|hva|hvem|hvordan|tjenest\w*|syke\w*|skal være|partene|kommunene|av)\b", re.I
)


def gjett_maalform(tekst: str) -> str:
    """Bokmål or nynorsk, by the little words that only one of them has."""
    utdrag = tekst[:50_000]
    return "nn" if len(_NYNORSK.findall(utdrag)) > len(_BOKMAAL.findall(utdrag)) else "nb"
