"""Telephone numbers that the portal itself rings or writes to, in the one form that every gateway takes (E.164)."""

from __future__ import annotations

import re

_SKILLETEGN = re.compile(r"[\s().\-/\u00a0]+")
#: Norway's country code, before one of its numbers.
_NORSK = re.compile(r"(\+|00)47(?=[0-9]{8}\Z)")
#: ITU-T E.164: a plus, a country code that does not begin with 0, and at most 15 digits in all.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class UgyldigTelefonnummer(ValueError):
    """The text is no number that can be rung from anywhere."""


def til_e164(tekst: str) -> str:
    """«900 00 000», «+47 90000000» and «0047 90000000» as «+4790000000».

    Eight digits without a country code are Norwegian. Short numbers (113, 116117, 02800) cannot be rung from abroad
    or be sent a text message, and are refused. Raises UgyldigTelefonnummer.
    """
    nummer = _SKILLETEGN.sub("", tekst)
    if re.fullmatch(r"[0-9]{8}", nummer):
        nummer = f"+47{nummer}"
    elif re.fullmatch(r"00[1-9][0-9]{8,14}", nummer):
        nummer = f"+{nummer[2:]}"
    # Norway's numbers have eight digits, neither more nor fewer.
    if not _E164.fullmatch(nummer) or (nummer.startswith("+47") and len(nummer) != 11):
        raise UgyldigTelefonnummer(tekst)
    return nummer


def lesbart(nummer: str) -> str:
    """«+4790000000», «0047 900 00 000» and «90000000» as it is written here: «900 00 000», or «77 00 00 00» where it is
    no mobile. Others (short and foreign numbers) as they are."""
    n = _NORSK.sub("", _SKILLETEGN.sub("", nummer))
    if not re.fullmatch(r"[0-9]{8}", n):
        return nummer
    return f"{n[:3]} {n[3:5]} {n[5:]}" if n[0] in "49" else f"{n[:2]} {n[2:4]} {n[4:6]} {n[6:]}"
