"""Who may see and change rosters. The only place that fetches plans, shifts, rotations, absences and swaps by id.

A roster belongs to its organisation: the clinicians there see it, and its coordinators, vaktledere and administrators
change it. For everybody else it does not exist. One's own shifts, absence and swaps are one's own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import KLINIKERE, Aktor, Rolle
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.access import er_system
from portal.revisjon.steps import logg
from portal.vakt.models import Fravaer, Rotasjon, Vakt, Vaktbytte, Vaktplan


class Handling(StrEnum):
    SE = "se"
    REDIGERE = "redigere"


#: Who keeps the rosters of the own organisation.
REDIGERER = frozenset({Rolle.KOORDINATOR, Rolle.VAKTLEDER, Rolle.ADMINISTRATOR})
_SER = REDIGERER | KLINIKERE


def kan(aktor: Aktor, handling: Handling, organisasjon_id: UUID) -> bool:
    """Whether the actor may do this with the rosters of an organisation."""
    if er_system(aktor):
        return True
    roller = REDIGERER if handling == Handling.REDIGERE else _SER
    return (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.organisasjon_id == organisasjon_id
        and aktor.rolle in roller
    )


def kan_redigere(aktor: Aktor, organisasjon_id: UUID) -> bool:
    """Whether the actor keeps the rosters of the organisation."""
    return kan(aktor, Handling.REDIGERE, organisasjon_id)


def krev_rediger(aktor: Aktor, organisasjon_id: UUID) -> None:
    """Demands that the actor keeps the rosters of the organisation. Raises as `krev_se` does."""
    _krev_side(aktor, Handling.REDIGERE, organisasjon_id)


def krev_se(aktor: Aktor, organisasjon_id: UUID) -> None:
    """Demands that the actor sees the rosters of the organisation.

    Raises IkkeTilgang where it is the actor's own: the page is there, for others. Another's does not exist: IkkeFunnet.
    The denial is logged.
    """
    _krev_side(aktor, Handling.SE, organisasjon_id)


def _krev_side(aktor: Aktor, handling: Handling, organisasjon_id: UUID) -> None:
    if not kan(aktor, handling, organisasjon_id):
        egen = aktor.organisasjon_id == organisasjon_id
        nekt(aktor, handling, "organisasjon", organisasjon_id, finnes=egen)


def _krev(aktor: Aktor, handling: Handling, organisasjon_id: UUID, objekt: str, objekt_id: UUID) -> None:
    if not kan(aktor, handling, organisasjon_id):
        nekt(aktor, handling, objekt, objekt_id, finnes=kan(aktor, Handling.SE, organisasjon_id))


def nekt(aktor: Aktor, handling: Handling, objekt: str, objekt_id: UUID, *, finnes: bool) -> Never:
    """Logs a denial and raises: IkkeTilgang where the actor may know that it exists, else IkkeFunnet."""
    uavhengig(lambda: logg(aktor, f"vakt.{handling}", objekt, objekt_id, utfall="avslag"))
    raise IkkeTilgang() if finnes else IkkeFunnet()


# --- fetching by id --------------------------------------------------------------------------------------


def hent_plan(aktor: Aktor, handling: Handling, plan_id: UUID, *, laas: bool = False) -> Vaktplan:
    """A plan, if the actor may do this with it. Raises IkkeFunnet or IkkeTilgang.

    With `laas` its row is locked: whoever changes shifts does so, plans before all else (on PostgreSQL; on SQLite the
    whole database is).
    """
    sporring = sa.select(Vaktplan).where(Vaktplan.id == plan_id).options(joinedload(Vaktplan.organisasjon))
    plan = db.session.scalars(_laast(sporring, Vaktplan) if laas else sporring).one_or_none()
    if plan is None:
        raise IkkeFunnet()
    _krev(aktor, handling, plan.organisasjon_id, "vaktplan", plan.id)
    return plan


def hent_vakt(aktor: Aktor, handling: Handling, vakt_id: UUID) -> Vakt:
    """A shift with its plan and person. Raises IkkeFunnet or IkkeTilgang."""
    vakt = db.session.scalars(
        sa.select(Vakt)
        .where(Vakt.id == vakt_id)
        .options(joinedload(Vakt.vaktplan), joinedload(Vakt.person), joinedload(Vakt.medlemskap))
    ).one_or_none()
    if vakt is None:
        raise IkkeFunnet()
    _krev(aktor, handling, vakt.vaktplan.organisasjon_id, "vakt", vakt.id)
    return vakt


def hent_egen_vakt(aktor: Aktor, vakt_id: UUID) -> Vakt:
    """A shift of the actor's own. Raises IkkeTilgang for another's on a roster that the actor sees."""
    vakt = hent_vakt(aktor, Handling.SE, vakt_id)
    if vakt.person_id != aktor.person_id:
        nekt(aktor, Handling.REDIGERE, "vakt", vakt.id, finnes=True)
    return vakt


def hent_rotasjon(aktor: Aktor, handling: Handling, rotasjon_id: UUID) -> Rotasjon:
    """A rotation with its plan and people. Raises IkkeFunnet or IkkeTilgang."""
    rotasjon = db.session.scalars(
        sa.select(Rotasjon).where(Rotasjon.id == rotasjon_id).options(joinedload(Rotasjon.vaktplan))
    ).one_or_none()
    if rotasjon is None:
        raise IkkeFunnet()
    _krev(aktor, handling, rotasjon.vaktplan.organisasjon_id, "rotasjon", rotasjon.id)
    return rotasjon


def hent_fravaer(aktor: Aktor, fravaer_id: UUID) -> Fravaer:
    """An absence that the actor may change: one's own, or one in the organisation whose rosters the actor keeps.

    Another's does not exist, not even for colleagues: that somebody is away is theirs to tell.
    """
    fravaer = db.session.scalars(
        sa.select(Fravaer).where(Fravaer.id == fravaer_id).options(joinedload(Fravaer.person))
    ).one_or_none()
    if fravaer is None:
        raise IkkeFunnet()
    egen = aktor.person_id is not None and fravaer.person_id == aktor.person_id
    if not egen and not kan_redigere(aktor, fravaer.organisasjon_id):
        nekt(aktor, Handling.REDIGERE, "fravaer", fravaer.id, finnes=False)
    return fravaer


def hent_bytte(aktor: Aktor, bytte_id: UUID, *, laas: bool = False) -> Vaktbytte:
    """A proposed swap that the actor takes part in. Raises IkkeFunnet for everybody else's."""
    sporring = (
        sa.select(Vaktbytte)
        .where(Vaktbytte.id == bytte_id)
        .options(
            joinedload(Vaktbytte.fra_medlemskap),
            joinedload(Vaktbytte.til_medlemskap),
            joinedload(Vaktbytte.vakt).joinedload(Vakt.vaktplan),
            joinedload(Vaktbytte.motvakt).joinedload(Vakt.vaktplan),
        )
    )
    bytte = db.session.scalars(_laast(sporring, Vaktbytte) if laas else sporring).one_or_none()
    if bytte is None:
        raise IkkeFunnet()
    parter = {bytte.fra_medlemskap.person_id, bytte.til_medlemskap.person_id}
    if aktor.person_id is None or aktor.person_id not in parter:
        nekt(aktor, Handling.SE, "vaktbytte", bytte.id, finnes=False)
    return bytte


def _laast(sporring: sa.Select[Any], tabell: type[Any]) -> sa.Select[Any]:
    return sporring.with_for_update(of=tabell).execution_options(populate_existing=True)


# --- lists -----------------------------------------------------------------------------------------------


def synlige_planer(aktor: Aktor) -> sa.Select[Vaktplan]:
    """A SELECT of the plans the actor sees: those of the own organisation, ended ones too. Raises IkkeTilgang."""
    sporring = sa.select(Vaktplan)
    if er_system(aktor):
        return sporring
    organisasjon_id = aktor.organisasjon_id
    if organisasjon_id is None or not kan(aktor, Handling.SE, organisasjon_id):
        uavhengig(lambda: logg(aktor, "vakt.se", "organisasjon", organisasjon_id or "", utfall="avslag"))
        raise IkkeTilgang()
    return sporring.where(Vaktplan.organisasjon_id == organisasjon_id)
