"""How the routes of tasks are asked; see `tests/rutene.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from portal.core.clock import now
from tests.avtalehjelp import lag_oppgave
from tests.matrise import Verden, les_tabell

OPPGAVE = "/oppgaver/<uuid:oppgave_id>"

#: The task is `hf`'s; `administrator` has it where it is given back or done.
RUTER = les_tabell("""
                                                                    i lksaocdu STKVCD 1234567 rnx
GET /oppgaver                                                       ! ----+++- ---+++ -+--+++ ---
GET /oppgaver/<uuid:oppgave_id>                                     ! 00000000 000+++ 0000000 000
POST /oppgaver/<uuid:oppgave_id>/ta                                 ! 00000000 000-+- 0000000 000
POST /oppgaver/<uuid:oppgave_id>/gi-fra-seg                         ! 00000000 000-++ 0000000 000
POST /oppgaver/<uuid:oppgave_id>/gjoer                              ! 00000000 000-++ 0000000 000
POST /oppgaver/<uuid:oppgave_id>/gjenaapne                          ! 00000000 000-+- 0000000 000
""")

Steder = dict[str, Any]


# --- what is made first ----------------------------------------------------------------------------------


def ledig(v: Verden) -> UUID:
    return lag_oppgave(v.hf).id


def administratorens(v: Verden) -> UUID:
    return lag_oppgave(v.hf, ansvarlig_id=v.administrator.person_id).id


def gjort(v: Verden) -> UUID:
    """Done by `administrator`, who had it."""
    hvem = v.administrator.person_id
    return lag_oppgave(v.hf, ansvarlig_id=hvem, gjort=now(), gjort_av_id=hvem).id


def _sted(lag: Callable[[Verden], UUID]) -> Callable[[Verden], Steder]:
    return lambda v: {"oppgave_id": lag(v)}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    f"{OPPGAVE}/gi-fra-seg": _sted(administratorens),
    f"{OPPGAVE}/gjoer": _sted(administratorens),
    f"{OPPGAVE}/gjenaapne": _sted(gjort),
}


def sett_opp(v: Verden, regel: str) -> Steder | None:
    """The places of one of these routes; None where it is no such route."""
    return {"oppgave_id": ledig(v)} if "<uuid:oppgave_id>" in regel else None


# --- what is sent ----------------------------------------------------------------------------------------


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{OPPGAVE}/gjoer": lambda v, p, s: {"bevis": "Sak 26/114."},
}
