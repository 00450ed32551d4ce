"""Who may see and do tasks. The only place that fetches them by id.

Tasks are their organisation's: its coordinators, administrators, kommuneoverleger and vaktledere see them. Its
coordinators answer for them together: each may take one, take it from a colleague, mark it done whoever has it or none,
and reopen it; who did what is in the row and in the log. Of the others who has taken one on may mark it done or give it
back. For everybody else they do not exist.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.oppgaver.models import Oppgave
from portal.revisjon.steps import logg


class Handling(StrEnum):
    SE = "se"
    TA = "ta"
    GI_FRA_SEG = "gi_fra_seg"
    GJOERE = "gjoere"
    GJENAAPNE = "gjenaapne"


#: Who sees the tasks of the own organisation.
SER = frozenset({Rolle.KOORDINATOR, Rolle.ADMINISTRATOR, Rolle.KOMMUNEOVERLEGE, Rolle.VAKTLEDER})
#: What whoever has taken a task may do with it, coordinator or not.
_EGEN = frozenset({Handling.GJOERE, Handling.GI_FRA_SEG})


def ser(aktor: Aktor) -> bool:
    """Whether the actor sees the tasks of the own organisation."""
    return (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.organisasjon_id is not None
        and aktor.rolle in SER
    )


def kan(aktor: Aktor, handling: Handling, oppgave: Oppgave) -> bool:
    """Whether the actor may do this with a task, whatever state it is in."""
    if not ser(aktor) or aktor.organisasjon_id != oppgave.organisasjon_id:
        return False
    if handling == Handling.SE or aktor.rolle == Rolle.KOORDINATOR:
        return True
    return handling in _EGEN and oppgave.ansvarlig_id == aktor.person_id


def krev_liste(aktor: Aktor) -> UUID:
    """The organisation whose tasks the actor sees: the own. Raises IkkeTilgang, and logs the denial."""
    if not ser(aktor):
        _nekt(aktor, Handling.SE, "organisasjon", aktor.organisasjon_id, finnes=True)
    assert aktor.organisasjon_id is not None
    return aktor.organisasjon_id


def hent(aktor: Aktor, handling: Handling, oppgave_id: UUID, *, laas: bool = False) -> Oppgave:
    """A task, if the actor may do this with it. Raises IkkeFunnet, or IkkeTilgang where the actor sees it.

    With `laas` its row is locked: whoever changes it does so.
    """
    sporring = (
        sa.select(Oppgave)
        .where(Oppgave.id == oppgave_id)
        .options(
            joinedload(Oppgave.organisasjon), joinedload(Oppgave.ansvarlig), joinedload(Oppgave.gjort_av)
        )
    )
    if laas:
        sporring = sporring.with_for_update(of=Oppgave).execution_options(populate_existing=True)
    oppgave = db.session.scalars(sporring).one_or_none()
    if oppgave is None:
        raise IkkeFunnet()
    if not kan(aktor, handling, oppgave):
        _nekt(aktor, handling, "oppgave", oppgave.id, finnes=kan(aktor, Handling.SE, oppgave))
    return oppgave


def _nekt(aktor: Aktor, handling: Handling, objekt: str, objekt_id: UUID | None, *, finnes: bool) -> Never:
    uavhengig(lambda: logg(aktor, f"oppgave.{handling}", objekt, objekt_id or "", utfall="avslag"))
    raise IkkeTilgang() if finnes else IkkeFunnet()
