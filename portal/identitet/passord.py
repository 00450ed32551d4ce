"""Passwords: what is good enough, and how they are kept (argon2id).

The rules follow NIST SP 800-63B and Nasjonal sikkerhetsmyndighet: length before demands of signs, and a check
against what people choose. Every function here is pure. `lag_hash` and `stemmer` take some 150 ms of
processor and 64 MB: doors call them through `core.traader.i_traadpool`, before the use case and never in it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.core.errors import UgyldigData
from portal.core.sprak import _

MINSTE_LENGDE = 12
STOERSTE_LENGDE = 200
#: How much of a password must be left when everything that is easily guessed is taken out (see `_styrke`).
MINSTE_STYRKE = 4.0

_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
_ORDLISTE = Path(__file__).with_name("vanlige_passord.txt")
#: Rows and columns of the Norwegian keyboard, the alphabet and the digits: a run of four or more is
#: one guess.
_REKKER = (
    "abcdefghijklmnopqrstuvwxyzæøå",
    "01234567890",
    "qwertyuiopå",
    "asdfghjkløæ",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
)
_FOELGER = frozenset(par for rekke in (*_REKKER, *(r[::-1] for r in _REKKER)) for par in pairwise(rekke))
#: The letters that do not come apart into a plain one and an accent.
_ENKLE = str.maketrans("æøđŋŧ", "aodnt")
#: What people write for a letter. Applied to words only, not to runs of digits.
_SKRIVEMAATER = str.maketrans("013457@$!€", "oleastasie")


@dataclass(frozen=True, slots=True)
class Passordhash:
    """An argon2id hash. A type of its own, so that a password is never stored where a hash belongs."""

    verdi: str


def normaliser(passord: str) -> str:
    """The same password from any keyboard: an å can be one sign or two."""
    return unicodedata.normalize("NFKC", passord)


def kontroller(passord: str, *, personlig: tuple[str, ...] = ()) -> None:
    """Raises UgyldigData (field `passord`) when the password is too short, too long or easily guessed.

    `personlig` is what somebody who knows the person would try: name, e-mail, workplace.
    """
    passord = normaliser(passord)
    if len(passord) < MINSTE_LENGDE:
        _avvis(
            _("Passordet må ha minst %(antall)s tegn. Fire ord etter hverandre er lett å huske.", antall=12)
        )
    if len(passord) > STOERSTE_LENGDE:
        _avvis(_("Passordet kan ha høyst %(antall)s tegn.", antall=STOERSTE_LENGDE))
    if _styrke(passord, personlig) < MINSTE_STYRKE:
        _avvis(
            _(
                "Passordet er for lett å gjette: det er satt sammen av vanlige ord, navnet ditt, årstall, "
                "rekker på tastaturet eller gjentakelser. Velg for eksempel fire ord som ikke hører sammen."
            )
        )


def _avvis(melding: str) -> None:
    raise UgyldigData(felter={"passord": [melding]})


@cache
def _vanlige() -> frozenset[str]:
    linjer = _ORDLISTE.read_text(encoding="utf-8").splitlines()
    return frozenset(ord_ for linje in linjer if (ord_ := linje.strip()) and not ord_.startswith("#"))


def _styrke(passord: str, personlig: tuple[str, ...]) -> float:
    """A rough count of the guesses: a common word counts one, own names nothing, a run of digits or signs a
    half, a keyboard run one, repeated parts once, and every other letter one.
    """
    tekst = _uten_gjentakelse(passord.casefold())
    if len(tekst) < MINSTE_LENGDE // 2:
        return 0.0
    egne = {
        _enkelt(bit) for navn in personlig for bit in re.split(r"[^\w]+|_", navn.casefold()) if len(bit) >= 3
    }
    ordliste = _vanlige()
    styrke = 0.0
    sett: set[str] = set()
    plass = 0
    while plass < len(tekst):
        bit, verdi = _neste_bit(tekst, plass, ordliste, egne)
        if bit not in sett:
            sett.add(bit)
            styrke += verdi
        elif len(bit) == 1 and bit.isalpha():
            styrke += 0.5  # a letter again is no new guess, but it is no pattern either
        plass += len(bit)
    return styrke


def _uten_gjentakelse(tekst: str) -> str:
    """«abcabcabc» → «abc»: what is repeated to the end is guessed once."""
    for lengde in range(1, len(tekst) // 2 + 1):
        if (tekst[:lengde] * (len(tekst) // lengde + 1))[: len(tekst)] == tekst:
            return tekst[:lengde]
    return tekst


def _neste_bit(tekst: str, plass: int, ordliste: frozenset[str], egne: set[str]) -> tuple[str, float]:
    rest = tekst[plass:]
    rekke = _rekke(rest)
    for lengde in range(min(len(rest), 20), 2, -1):
        bit = rest[:lengde]
        lest = bit.translate(_SKRIVEMAATER)
        if _enkelt(bit) in egne or _enkelt(lest) in egne:
            return bit, 0.0
        if lengde >= max(4, rekke) and (bit in ordliste or lest in ordliste):
            return bit, 1.0
    if rekke >= 4:
        return rest[:rekke], 1.0
    treff = re.match(r"\d+|[\W_]+", rest)
    if treff:
        return treff.group(), 0.5
    return rest[0], 1.0


def _enkelt(tekst: str) -> str:
    """Letters without accents, one for one: «Márët» is guessed as «maret»."""
    return "".join(unicodedata.normalize("NFD", t)[0] for t in tekst).translate(_ENKLE)


def _rekke(rest: str) -> int:
    """How many signs from the start follow each other (keyboard, alphabet, digits) or are the same."""
    lengde = 1
    while lengde < len(rest) and (
        rest[lengde - 1] == rest[lengde] or (rest[lengde - 1], rest[lengde]) in _FOELGER
    ):
        lengde += 1
    return lengde


def personlige_ord(navn: str, epost: str, *steder: str) -> tuple[str, ...]:
    """What somebody who knows the person would try first: name, e-mail name and host, workplace."""
    konto, _alfa, vert = epost.partition("@")
    return (navn, konto, vert.rpartition(".")[0], *steder)


# --- hashing ---------------------------------------------------------------------------------------------


def lag_hash(passord: str) -> Passordhash:
    """The hash to store. Run it on a thread (see the module's text)."""
    return Passordhash(_hasher.hash(normaliser(passord)))


#: A hash of forgotten random bytes: an unknown account takes as long to refuse as a known one. Made with the
#: settings above (a test compares them).
INGEN_KONTO = (
    "$argon2id$v=19$m=65536,t=3,p=1$8oR4Eggr5hxwproWPWzbQA$80sOvoEjItJkOVxDuQkucP1w2scG/2VwLjWkXqzlYIA"
)


def stemmer(lagret: str | None, passord: str) -> bool:
    """Whether the password is the one that was hashed. Without a hash, False after the same time.

    A password over the limit is not hashed at all: it cannot be anyone's, and must not cost processor.
    """
    if len(passord) > 4 * STOERSTE_LENGDE or len(passord := normaliser(passord)) > STOERSTE_LENGDE:
        return False
    try:
        riktig = _hasher.verify(lagret or INGEN_KONTO, passord)
    except (VerificationError, InvalidHashError):
        return False
    return riktig and lagret is not None


def boer_fornyes(lagret: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(lagret)
