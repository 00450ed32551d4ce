"""Whether new figures of a unit are believable. Pure.

Impossible ones are refused where they are set; a surprising one is asked about once more, since a person under pressure
puts the finger on the wrong line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: In units of at most so many beds a jump counts in beds, in larger ones as a share.
STOR_ENHET = 20
#: How many beds more or fewer are believed in a small unit.
HOPP = 7
#: One or two beds are never a surprise, though one free bed instead of two is half as many.
SMAATT = 2
TALL = ("ledig", "belagt")


@dataclass(frozen=True, slots=True)
class Overraskelse:
    """`tall`: «ledig», «belagt» or «normert»."""

    tall: str
    foer: int
    etter: int


def overraskelser(foer: Mapping[str, int], etter: Mapping[str, int]) -> list[Overraskelse]:
    """What of the free and occupied beds has changed more than one would think.

    Both map each of the board's groups to how many beds are in it. A bed of which nobody had said anything until now
    (`ukjent`) can be anything without being a surprise.
    """
    stor = sum(etter.values()) > STOR_ENHET
    ukjente = foer.get("ukjent", 0)
    return [
        Overraskelse(tall, a, b)
        for tall in TALL
        if _hopp(a := foer.get(tall, 0), b := etter.get(tall, 0), ukjente, stor=stor)
    ]


def normhopp(foer: int, etter: int) -> list[Overraskelse]:
    """Whether a unit gets more normed beds at once than one would think. Its first ones are no surprise."""
    if not foer or not _hopp(foer, etter, 0, stor=etter > STOR_ENHET):
        return []
    return [Overraskelse("normert", foer, etter)]


def _hopp(foer: int, etter: int, ukjente: int, *, stor: bool) -> bool:
    # As near to what was as the unknown beds allow.
    foer = max(foer, min(etter, foer + ukjente))
    endring = abs(etter - foer)
    if not stor:
        return endring > HOPP
    return endring > SMAATT and (etter >= 2 * foer or 2 * etter <= foer)
