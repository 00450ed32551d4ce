"""Names made alike for a search: case and accents away. Pure."""

from __future__ import annotations

import unicodedata

#: Sámi and other letters that do not come apart into a letter and an accent.
_BOKSTAVER = str.maketrans({"đ": "d", "ŋ": "n", "ŧ": "t", "ß": "ss", "ð": "d", "þ": "th", "ł": "l"})
_NORSKE = frozenset("æøå")


def brett(tekst: str) -> str:
    """For comparing: case and accents away, but æ, ø and å kept; «Kárášjohka» → «karasjohka»."""
    ut = []
    for tegn in unicodedata.normalize("NFC", tekst).casefold():
        if tegn in _NORSKE:
            ut.append(tegn)
        else:
            ut.append("".join(t for t in unicodedata.normalize("NFD", tegn) if not unicodedata.combining(t)))
    return "".join(ut).translate(_BOKSTAVER)
