"""Who on call has shown that what is akutt would wake them: steps, for this room's use cases and for higher rooms."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Medlemskap, Person
from portal.vakt.models import Vakt, Vaktplan, Vakttelefon
from portal.vakt.skriving import PROEVES
from portal.vakt.steps import LENGSTE_VAKT, er_borte, kan_ha_vakt
from portal.varsler.models import Kanal, Utsending
from portal.varsler.steps import beviste

#: A proof holds so long.
BEVIS_GJELDER = timedelta(hours=24)
#: So long before the shift it is asked for.
FOER_VAKT = PROEVES
#: A message is answered within a day of its making: older ones are not looked through.
_SVARES_INNEN = timedelta(hours=24)


class Klarhet(StrEnum):
    KLAR = "klar"
    IKKE_BEVIST = "ikke_bevist"


@dataclass(frozen=True, slots=True)
class Vekkbarhet:
    """Of the people who are on call now: how many they are, and how many of them what is akutt would wake."""

    paa_vakt: int
    klare: int


def vekkbarhet(organisasjon_id: UUID | None) -> Vekkbarhet:
    """Whether an alarm now would wake those on call in an organisation (None: in all of them), counted by people.

    Somebody with several shifts is ready when they are so in all of them.
    """
    naa = now()
    planer = sa.select(Vaktplan.id).where(Vaktplan.avsluttet.is_(None))
    if organisasjon_id is not None:
        planer = planer.where(Vaktplan.organisasjon_id == organisasjon_id)
    vakter = [v for v in vakter_naa(naa, list(db.session.scalars(planer))) if v.fra <= naa]
    tilstander = tilstander_av(vakter, naa)
    alle = {v.person_id for v in vakter}
    return Vekkbarhet(
        len(alle), len(alle - {v.person_id for v in vakter if tilstander[v.id] != Klarhet.KLAR})
    )


def klare_vakter(vakt_ider: Collection[UUID]) -> set[UUID]:
    """Of these shifts, which run now, those whose person what is akutt would wake: the one rule of all pages."""
    if not vakt_ider:
        return set()
    vakter: Iterable[Any] = db.session.execute(
        sa.select(Vakt.id, Vakt.vaktplan_id, Vakt.nivaa, Vakt.person_id).where(Vakt.id.in_(vakt_ider))
    ).all()
    return {id_ for id_, tilstand in tilstander_av(vakter, now()).items() if tilstand == Klarhet.KLAR}


def vakter_naa(naa: datetime, plan_ids: Collection[UUID] | None = None) -> list[sa.Row[Any]]:
    """The shifts of now and of the coming hour, of people who really have them then. In a fixed order."""
    begynner = sa.case((Vakt.fra > naa, Vakt.fra), else_=naa)
    return list(
        db.session.execute(
            sa.select(
                Vakt.id,
                Vakt.vaktplan_id,
                Vakt.nivaa,
                Vakt.fra,
                Vakt.til,
                Vaktplan.fagomraade,
                Vaktplan.organisasjon_id,
                Person.id.label("person_id"),
                Person.navn,
                Person.epost,
                Person.spraak,
            )
            .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
            .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
            .join(Person, Person.id == Vakt.person_id)
            .where(
                *([Vakt.vaktplan_id.in_(plan_ids)] if plan_ids is not None else []),
                Vaktplan.avsluttet.is_(None),
                Vakt.avlyst.is_(None),
                Vakt.fra <= naa + FOER_VAKT,
                Vakt.fra > naa - LENGSTE_VAKT,
                Vakt.til > naa,
                kan_ha_vakt(begynner),
                ~er_borte(begynner),
            )
            .order_by(Vakt.id)
        )
    )


def tilstander_av(vakter: Iterable[sa.Row[Any]], naa: datetime) -> dict[UUID, Klarhet]:
    vakter = list(vakter)
    if not vakter:
        return {}
    beviste = beviste_personer({v.person_id for v in vakter}, naa)
    telefoner = beviste_telefoner({v.vaktplan_id for v in vakter}, naa)
    return {
        v.id: Klarhet.KLAR
        if v.person_id in beviste or (v.vaktplan_id, v.nivaa) in telefoner
        else Klarhet.IKKE_BEVIST
        for v in vakter
    }


def beviste_personer(personer: Collection[UUID], naa: datetime) -> set[UUID]:
    """Those with a channel that wakes them for what is akutt, and that was proven lately."""
    return beviste(personer, naa - BEVIS_GJELDER, naa)


def beviste_telefoner(plan_ids: Collection[UUID], naa: datetime) -> set[tuple[UUID, str]]:
    """(plan, level) whose vakttelefon has answered, on a channel that it is alerted by."""
    rader = db.session.execute(
        sa.select(Vakttelefon.vaktplan_id, Vakttelefon.nivaa)
        .join(Utsending, Utsending.til == Vakttelefon.nummer)
        .where(
            Vakttelefon.vaktplan_id.in_(plan_ids),
            sa.or_(
                sa.and_(Vakttelefon.sms, Utsending.kanal == Kanal.SMS),
                sa.and_(Vakttelefon.tale, Utsending.kanal == Kanal.TALE),
            ),
            Utsending.opprettet > naa - BEVIS_GJELDER - _SVARES_INNEN,
            Utsending.kvittert > naa - BEVIS_GJELDER,
        )
        .distinct()
    )
    return {(r.vaktplan_id, r.nivaa) for r in rader}
