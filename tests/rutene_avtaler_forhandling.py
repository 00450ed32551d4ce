"""How the routes of a negotiation are asked; see `tests/rutene_avtaler.py`.

Every agreement is `hf`'s, negotiated with `kommune`, which takes part. The proposal is the trust's (`koordinator`), the
remark the kommune's (`koordinator_i_kommunen`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import UUID

from portal.avtaler.service import forslag, kommentarer, parter
from tests.avtaler.motorhjelp import lest_hash, noekler, til_forhandling
from tests.matrise import Verden, les_tabell

FORHANDLING = "/avtaler/<uuid:avtale_id>/forhandling"
KLAUSUL = f"{FORHANDLING}/bestemmelser/<uuid:noekkel>"
FORSLAG = f"{FORHANDLING}/forslag/<uuid:forslag_id>"
KOMMENTAR = f"{FORHANDLING}/kommentarer/<uuid:kommentar_id>"

#: 9: one's own side is not countered.
RUTER = les_tabell("""
                                                                                 i lksaocdu STKVCD 1234567 rnx
GET /avtaler/<uuid:avtale_id>/forhandling                                        ! 0000+++0 0000++ 0000000 000
GET /avtaler/<uuid:avtale_id>/forhandling/ny                                     ! 0000++-0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/ny                                    ! 0000++-0 0000+- 0000000 000
GET /avtaler/<uuid:avtale_id>/forhandling/bestemmelser/<uuid:noekkel>            ! 0000++-0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/bestemmelser/<uuid:noekkel>           ! 0000++-0 0000+- 0000000 000
GET /avtaler/<uuid:avtale_id>/forhandling/bestemmelser/<uuid:noekkel>/stryk      ! 0000++-0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/bestemmelser/<uuid:noekkel>/stryk     ! 0000++-0 0000+- 0000000 000
GET /avtaler/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>              ! 0000+++0 0000++ 0000000 000
GET /avtaler/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/motforslag   ! 0000++-0 00009- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/motforslag  ! 0000++-0 00009- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/svar        ! 0000-+-0 0000-- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/trekk       ! 0000---0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/kommentarer                           ! 0000++-0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/forhandling/kommentarer/<uuid:kommentar_id>/ordne ! 0000-+-0 0000+- 0000000 000
""")

Steder = dict[str, Any]
_nummer = count(1)


def forhandles(v: Verden) -> Steder:
    """In negotiation, and the first clause of it, with its hash."""
    avtale_id = til_forhandling(v)
    parter.svar(v.koordinator_i_kommunen, avtale_id, True)
    noekkel = noekler(avtale_id)[0]
    return {"avtale_id": avtale_id, "noekkel": noekkel, "hash": lest_hash(avtale_id, noekkel)}


def med_forslag(v: Verden) -> Steder:
    s = forhandles(v)
    id_ = forslag.foreslaa(
        v.koordinator, s["avtale_id"], s["noekkel"], "endre", {"tekst": "Straks."}, "", s["hash"]
    )
    return {**s, "forslag_id": id_}


def med_kommentar(v: Verden) -> Steder:
    s = forhandles(v)
    id_: UUID = kommentarer.skriv(v.koordinator_i_kommunen, s["avtale_id"], None, "Hva med natt?")
    return {**s, "kommentar_id": id_}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    FORHANDLING: forhandles,
    f"{FORHANDLING}/ny": forhandles,
    KLAUSUL: forhandles,
    f"{KLAUSUL}/stryk": forhandles,
    f"{FORHANDLING}/kommentarer": forhandles,
    FORSLAG: med_forslag,
    **{f"{FORSLAG}/{hva}": med_forslag for hva in ("motforslag", "svar", "trekk")},
    f"{KOMMENTAR}/ordne": med_kommentar,
}


def _klausul(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    return {
        "overskrift": f"Ny {next(_nummer)}",
        "tekst": "Ring først.",
        "art": "innleggelse",
        "faser": ["1"],
        "gjoer": "send",
    }


def _lest_klausul(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    return {**_klausul(v, person, steder), "lest": str(steder["hash"])}


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{FORHANDLING}/ny": _klausul,
    KLAUSUL: _lest_klausul,
    f"{KLAUSUL}/stryk": lambda v, p, s: {"lest": str(s["hash"])},
    f"{FORSLAG}/motforslag": _lest_klausul,
    f"{FORSLAG}/svar": lambda v, p, s: {"godtatt": "1"},
    f"{FORHANDLING}/kommentarer": lambda v, p, s: {"tekst": "Hva med helg?"},
    f"{KOMMENTAR}/ordne": lambda v, p, s: {"ordnet": "1"},
}
