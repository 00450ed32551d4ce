"""Two in one form: what nobody touched takes the other's, and what both touched stands side by side.

A form tells what stood in each field when it was made (`grunnlag`), so that the next saving is on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

#: The hidden field; no schema reads it but where it says so.
GRUNNLAG = "grunnlag"


def ren(tekst: str) -> str:
    return tekst.replace("\r\n", "\n").strip()


def _merke(tekst: str) -> str:
    return sha256(ren(tekst).encode()).hexdigest()[:16]


def grunnlag(naa: Mapping[str, str]) -> str:
    """What stands in each field of the form that is made now: «field:mark», so that a later page can tell what was
    typed from what was there."""
    return " ".join(f"{k}:{_merke(v)}" for k, v in naa.items())


def uten_grunnlag(sendt: Mapping[str, str]) -> dict[str, str]:
    """What was sent, as the schema knows it."""
    return {k: v for k, v in sendt.items() if k != GRUNNLAG}


def _uroert(naa: Mapping[str, str], sendt: Mapping[str, str]) -> set[str]:
    """The fields that came back as they went out: whatever somebody else wrote there meanwhile stands."""
    foer = dict(del_.split(":", 1) for del_ in sendt.get(GRUNNLAG, "").split() if ":" in del_)
    return {k for k, merke in foer.items() if k in naa and _merke(sendt.get(k, "")) == merke}


def flett(
    naa: Mapping[str, str], sendt: Mapping[str, str] | None, versjon: int
) -> tuple[dict[str, str], dict[str, str]]:
    """(what the form holds, what somebody else wrote in a field that was filled in otherwise).

    `naa`: the fields as they are stored, at `versjon`; `sendt`: the form that was refused. One made of the same version
    stands as it was typed, whatever it was refused for.
    """
    verdier = {**naa, **(sendt or {})}
    if sendt is None or sendt.get("lest") == str(versjon):
        return verdier, {}
    uroert = _uroert(naa, sendt)
    verdier |= {k: naa[k] for k in uroert}
    return verdier, {k: v for k, v in naa.items() if k not in uroert and ren(v) != ren(sendt.get(k, v))}
