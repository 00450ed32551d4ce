"""Norwegian identifiers: organisasjonsnummer, HPR-nummer and national identity numbers.

Pure functions without a clock, a database or a web framework. The portal stores no national identity
number; it only has to recognise one, so that none slips out in free text (`finn_personnumre`).

Sources
- Organisasjonsnummer: nine digits with a mod-11 control digit (Brønnøysundregistrene), by python-stdnum.
- Fødselsnummer and D-nummer: folkeregisterforskriften § 2-2-1 ff.; the control digits and the new rule from
  1 January 2032 by Skatteetaten, «Nytt fødselsnummer fra 2032» (skatteetaten.github.io/folkeregisteret-api-
  dokumentasjon/nytt-fodselsnummer-fra-2032).
- H-nummer and FH-nummer (felles hjelpenummer): Direktoratet for e-helse, «Identifikatorer for personer»
  (formerly HIS 1001:2010), and Norsk helsenett, «Hva er felles hjelpenummer?».
- Synthetic months: +80 is Skatteetaten's (Tenor, Test-Norge), +65 is Norsk helsenett's, +40 is Nav's (Dolly).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from stdnum.exceptions import ValidationError
from stdnum.no import fodselsnummer, orgnr

# --- Organisasjonsnummer and HPR-nummer -------------------------------------------------------------------


class UgyldigOrganisasjonsnummer(ValueError):
    """The text is no organisasjonsnummer; the message is Norwegian and says what to do."""


def normaliser_orgnr(tekst: str) -> str:
    """The nine digits of an organisasjonsnummer typed with or without spaces.

    A leading zero is refused although its control digit may fit: Enhetsregisteret gives out numbers that
    begin with 8 or 9 (2 or 3 in its test register), and 000000000 would otherwise pass.
    Raises UgyldigOrganisasjonsnummer.
    """
    try:
        nummer = orgnr.validate(tekst)
    except ValidationError:
        nummer = ""
    if not nummer or nummer.startswith("0"):
        raise UgyldigOrganisasjonsnummer(
            "Organisasjonsnummeret er ikke gyldig. Skriv de ni sifrene slik de står i Enhetsregisteret."
        )
    return nummer


def gyldig_orgnr(tekst: str) -> bool:
    """Whether `normaliser_orgnr` accepts the text."""
    try:
        normaliser_orgnr(tekst)
    except UgyldigOrganisasjonsnummer:
        return False
    return True


_HPR = re.compile(r"[1-9][0-9]{6,8}")


def gyldig_hpr(tekst: str) -> bool:
    """Whether the text has the form of an HPR-nummer: seven to nine digits, no leading zero.

    Uncertain: no formal syntax from Helsedirektoratet was found, and the number has no control digit. Seven
    to nine digits is what Nav's sick-note systems demand (they pad with zeros on the left only to look it
    up). That the number exists and is the person's own is for Helsepersonellregisteret to say.
    """
    return _HPR.fullmatch(tekst) is not None


# --- National identity numbers ----------------------------------------------------------------------------


class Personnummertype(StrEnum):
    """What kind of national identity number an eleven-digit number is."""

    FOEDSELSNUMMER = "foedselsnummer"
    D_NUMMER = "d_nummer"
    H_NUMMER = "h_nummer"
    FH_NUMMER = "fh_nummer"
    SYNTETISK = "syntetisk"


def _lag_dag_og_maaned() -> dict[str, tuple[Personnummertype, str]]:
    """The first four digits, as they stand in the number → the type and the real day and month.

    A D-nummer adds 40 to the day. An H-nummer adds 40 to the month, but so do Nav's synthetic numbers: the
    two cannot be told apart, and it is taken as an H-nummer because that one can belong to a patient. Both
    changes at once make no H-nummer, so that is Nav's synthetic D-nummer.
    """
    tabell: dict[str, tuple[Personnummertype, str]] = {}
    for dag in range(1, 32):
        for maaned in range(1, 13):
            for paa_dag in (0, 40):
                for paa_maaned in (0, 40, 65, 80):
                    if paa_maaned > 40 or (paa_maaned and paa_dag):
                        slag = Personnummertype.SYNTETISK
                    elif paa_maaned:
                        slag = Personnummertype.H_NUMMER
                    elif paa_dag:
                        slag = Personnummertype.D_NUMMER
                    else:
                        slag = Personnummertype.FOEDSELSNUMMER
                    noekkel = f"{dag + paa_dag:02}{maaned + paa_maaned:02}"
                    tabell[noekkel] = (slag, f"{dag:02}{maaned:02}")
    return tabell


_DAG_OG_MAANED = _lag_dag_og_maaned()


def _datoen_finnes(ddmm: str, resten: str, *, regel_2032: bool) -> bool:
    """Whether the date exists, the century told by the individnummer.

    From 2032 the individnummer no longer tells the century. Skatteetaten's own validator then counts every
    year as 20xx, so that 29 February is accepted in all years divisible by four.
    """
    if regel_2032:
        try:
            datetime.date(2000 + int(resten[:2]), int(ddmm[2:]), int(ddmm[:2]))
        except ValueError:
            return False
        return True
    try:
        fodselsnummer.get_birth_date(ddmm + resten)
    except ValidationError:
        return False
    return True


def _kontrollsifrene_stemmer(nummer: str, *, regel_2032: bool) -> bool:
    """Both mod-11 control digits, k1 (tenth) and k2 (eleventh).

    Today the weighted sum with k1 leaves the remainder 0 when divided by 11. From 2032 the remainders 0–3 are
    allowed for k1 (k1 = {11, 12, 13, 14} − sum mod 11); k2 is unchanged. A control digit of 10 is never given
    out, which needs no check here: no digit equals 10.
    """
    # k2 first: it has one answer under both rules, so ten of eleven wrong numbers need no further look.
    if nummer[10] != fodselsnummer.calc_check_digit2(nummer):
        return False
    k1 = fodselsnummer.calc_check_digit1(nummer)
    if regel_2032:
        return (int(nummer[9]) - int(k1)) % 11 <= 3
    return nummer[9] == k1


def klassifiser(nummer: str, *, regel_2032: bool = False) -> Personnummertype | None:
    """The type of a national identity number of exactly eleven ASCII digits, or None where it is not one.

    `regel_2032` also accepts the numbers that Skatteetaten gives out from 2032: four possible k1, and an
    individnummer that says nothing about the century. It does not touch FH-numre, which Norsk helsenett gives
    out. A birth date in the future is accepted: the answer must not depend on the day it is asked.
    """
    if len(nummer) != 11 or not (nummer.isascii() and nummer.isdigit()):
        return None
    if nummer[0] in "89":
        # A felles hjelpenummer: nothing after the first digit has a meaning but the control digits.
        return Personnummertype.FH_NUMMER if _kontrollsifrene_stemmer(nummer, regel_2032=False) else None
    # The table comes first because it is the cheapest test and throws out most of what is no number.
    oppslag = _DAG_OG_MAANED.get(nummer[:4])
    if oppslag is None or not _kontrollsifrene_stemmer(nummer, regel_2032=regel_2032):
        return None
    slag, ddmm = oppslag
    return slag if _datoen_finnes(ddmm, nummer[4:], regel_2032=regel_2032) else None


# --- National identity numbers in free text ---------------------------------------------------------------

# What may stand between the digits of one number. Literal characters, not Unicode categories, so that the
# browser's twin (frontend/lib/fnr.js) has exactly the same list. Comma, colon and semicolon are left out:
# they set facts apart («kl 13:45», «CRP 12, 48, 110»).
SKILLETEGN = (
    # spaces
    "\t\x0b\x0c \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
    # without width
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
    # dashes, and the underscore of file names
    "-_\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212"
    "\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead"
    # dots
    ".\u00b7\u2022\u2024\u2027\u22c5\u3002\u30fb\uff0e\uff61"
    # slashes
    "/\\\u2044\u2215\uff0f\uff3c"
)
_UTEN_SKILLETEGN = dict.fromkeys(map(ord, SKILLETEGN))
# A number may be broken over two lines, but an empty line ends it: what follows is something else.
_LINJESKIFT = frozenset(("", "\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"))
_SIFFERGRUPPE = re.compile(r"\d+")  # \d is every decimal digit of Unicode: fullwidth, Arabic-Indic and so on


@dataclass(frozen=True, slots=True)
class Treff:
    """A national identity number in a text: code points from `start` up to, not including, `slutt`.

    The number itself is left out on purpose, so that a logged or stored Treff gives nobody away.
    """

    start: int
    slutt: int
    type: Personnummertype


def _rekker(tekst: str) -> Iterator[list[re.Match[str]]]:
    """Groups of adjoining digits, gathered into rows with nothing but separators between the groups."""
    rekke: list[re.Match[str]] = []
    for gruppe in _SIFFERGRUPPE.finditer(tekst):
        if rekke:
            mellomrom = tekst[rekke[-1].end() : gruppe.start()]
            # The first test only spares the usual single separator the slower second one.
            if mellomrom not in SKILLETEGN and mellomrom.translate(_UTEN_SKILLETEGN) not in _LINJESKIFT:
                yield rekke
                rekke = []
        rekke.append(gruppe)
    if rekke:
        yield rekke


def finn_personnumre(tekst: str, *, regel_2032: bool = False) -> list[Treff]:
    """Every valid national identity number in a text, in order of place; hits may overlap.

    Eleven digits with any mixture of SKILLETEGN and single line breaks between them, which begin where a
    group of adjoining digits begins and end where one ends. So «4712345 01019012345» is seen through to its
    second group, while the inside of a longer unbroken row (an EAN, a telephone number with 0047) is left
    alone: nobody writes the number that way, and each bar code would get several more chances of a false hit.

    False hits cannot be avoided, which is why the sender may answer that it is not a fødselsnummer: 0.4 % of
    random eleven-digit numbers pass (1.2 % with `regel_2032`), 0.16 % as FH-numre, which have no date to
    check. A bank account number passes more often (4 %), because its control digit is the same as k2.

    Linear in the length of the text: each digit group ends at most one window.
    """
    funn: list[Treff] = []
    for rekke in _rekker(tekst):
        sifre = "".join([gruppe.group() for gruppe in rekke])
        if len(sifre) < 11:
            continue
        if not sifre.isascii():
            sifre = "".join([str(int(siffer)) for siffer in sifre])
        lengde = 0
        start_ved: dict[int, int] = {}  # how many digits stand before a group → its place in the text
        for gruppe in rekke:
            start_ved[lengde] = gruppe.start()
            lengde += gruppe.end() - gruppe.start()
            start = start_ved.get(lengde - 11)
            if start is None:
                continue
            slag = klassifiser(sifre[lengde - 11 : lengde], regel_2032=regel_2032)
            if slag is not None:
                funn.append(Treff(start, gruppe.end(), slag))
    return funn
