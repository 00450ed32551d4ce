"""Who decides the phase, who proposes one, and who runs a drill. The only place that fetches these things by id.

What phase an organisation is in is no secret: everybody who works here may read it, as they may the register. Why, and
who decided it, is the organisation's own. A kommune's phase is decided by its kommuneoverlege or a member of its
kriseledelse; a trust's by its coordinator or kriseledelse. For who stands outside a proposal or a drill it does not
exist.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any, Never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.beredskap.models import (
    Faseforslag,
    Faseforslagsmottaker,
    Faseperiode,
    Kriseledelse,
    Oevelse,
    Oevelsesdeltaker,
)
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.access import er_system
from portal.identitet.models import Medlemskap, Organisasjon, Organisasjonstype
from portal.revisjon.steps import logg


class Handling(StrEnum):
    #: The phase now, before and planned: everybody's.
    SE = "se"
    #: Why and by whom, and the proposals that wait.
    SE_INNSIDE = "se_innside"
    #: Set a phase, take a planned one back, answer a proposal.
    BESLUTTE = "beslutte"
    #: Propose a phase: a kommune's coordinator to its own deciders, a trust's deciders to its kommuner.
    FORESLAA = "foreslaa"
    #: Say who sits in the kriseledelse.
    OPPNEVNE = "oppnevne"
    #: Make, lead and end a drill; play a phase in one.
    OEVE = "oeve"


#: The trust's side of the table.
FORETAK = frozenset({Organisasjonstype.RHF, Organisasjonstype.HF, Organisasjonstype.IDEELT_SYKEHUS})
#: Who has a phase at all.
HAR_FASE = FORETAK | {Organisasjonstype.KOMMUNE}
#: Who decides without sitting in the kriseledelse.
BESLUTTERE: dict[bool, Rolle] = {True: Rolle.KOMMUNEOVERLEGE, False: Rolle.KOORDINATOR}
#: Who reads the reasons and the proposals of the own organisation.
INNSIDE = frozenset({Rolle.KOORDINATOR, Rolle.ADMINISTRATOR, Rolle.KOMMUNEOVERLEGE, Rolle.VAKTLEDER})
#: Who leads a drill, beside the kriseledelse.
OEVER = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE})


def har_fase(organisasjonstype: str) -> bool:
    """Whether organisations of this kind have a phase: kommuner, trusts and RHF."""
    return organisasjonstype in HAR_FASE


def i_kriseledelsen(aktor: Aktor) -> bool:
    """Whether the membership that the actor works in sits in its organisation's kriseledelse."""
    return (
        aktor.medlemskap_id is not None
        and db.session.scalar(
            _kriseledelsessporring(),
            {"medlemskap_id": aktor.medlemskap_id, "organisasjon_id": aktor.organisasjon_id},
        )
        is not None
    )


@lru_cache
def _kriseledelsessporring() -> sa.Select[*tuple[Any, ...]]:
    """Put together once: every page asks it, for its menu."""
    return sa.select(Kriseledelse.medlemskap_id).where(
        Kriseledelse.medlemskap_id == sa.bindparam("medlemskap_id"),
        Kriseledelse.organisasjon_id == sa.bindparam("organisasjon_id"),
    )


def kan(aktor: Aktor, handling: Handling, organisasjon_id: UUID | None) -> bool:
    """Whether the actor may do this for an organisation."""
    if er_system(aktor):
        return True
    if aktor.person_id is None or aktor.medlemskap_id is None:
        return False
    if handling == Handling.SE:
        return True
    if organisasjon_id is None or aktor.organisasjon_id != organisasjon_id:
        return False
    if handling == Handling.OPPNEVNE:
        return aktor.rolle == Rolle.ADMINISTRATOR and har_fase(aktor.organisasjon_type)
    if not har_fase(aktor.organisasjon_type):
        return False
    egen = {
        Handling.SE_INNSIDE: INNSIDE,
        Handling.BESLUTTE: frozenset({BESLUTTERE[aktor.er_kommunal]}),
        Handling.FORESLAA: frozenset({Rolle.KOORDINATOR}),
        Handling.OEVE: OEVER,
    }[handling]
    if aktor.rolle in egen:
        return True
    # A kommune's deciders decide; they need propose nothing to themselves.
    if handling == Handling.FORESLAA and aktor.er_kommunal:
        return False
    return i_kriseledelsen(aktor)


def krev(aktor: Aktor, handling: Handling, organisasjon_id: UUID | None) -> None:
    """Raises IkkeTilgang, and logs it, unless `kan`: that the organisation has a phase is known to all."""
    if not kan(aktor, handling, organisasjon_id):
        nekt(aktor, handling, "organisasjon", organisasjon_id, finnes=True)


def nekt(aktor: Aktor, handling: Handling, objekt: str, objekt_id: UUID | None, *, finnes: bool) -> Never:
    """Logs a denial and raises: IkkeTilgang where the actor may know that it exists, else IkkeFunnet."""
    uavhengig(lambda: logg(aktor, f"beredskap.{handling}", objekt, objekt_id or "", utfall="avslag"))
    raise IkkeTilgang() if finnes else IkkeFunnet()


# --- fetching by id --------------------------------------------------------------------------------------


def hent_organisasjon(aktor: Aktor, handling: Handling, organisasjon_id: UUID) -> Organisasjon:
    """An organisation that can have a phase. Raises IkkeFunnet for one that cannot, IkkeTilgang."""
    organisasjon = db.session.get(Organisasjon, organisasjon_id)
    if organisasjon is None or not har_fase(organisasjon.type):
        raise IkkeFunnet()
    krev(aktor, handling, organisasjon.id)
    return organisasjon


def hent_periode(aktor: Aktor, handling: Handling, periode_id: UUID) -> Faseperiode:
    """A phase of an organisation, if the actor may do this with it. Raises IkkeFunnet or IkkeTilgang."""
    periode = db.session.scalars(
        sa.select(Faseperiode)
        .where(Faseperiode.id == periode_id)
        .options(joinedload(Faseperiode.organisasjon))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if periode is None:
        raise IkkeFunnet()
    if not kan(aktor, handling, periode.organisasjon_id):
        nekt(aktor, handling, "faseperiode", periode.id, finnes=True)
    return periode


def hent_mottaker(aktor: Aktor, handling: Handling, mottaker_id: UUID) -> Faseforslagsmottaker:
    """One organisation's place in a proposal: its own insiders see it, its deciders answer. Else IkkeFunnet."""
    mottaker = db.session.scalars(
        sa.select(Faseforslagsmottaker)
        .where(Faseforslagsmottaker.id == mottaker_id)
        .options(
            joinedload(Faseforslagsmottaker.organisasjon),
            joinedload(Faseforslagsmottaker.svart_av),
            joinedload(Faseforslagsmottaker.forslag).joinedload(Faseforslag.fra_organisasjon),
            joinedload(Faseforslagsmottaker.forslag).joinedload(Faseforslag.opprettet_av),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if mottaker is None:
        raise IkkeFunnet()
    if not kan(aktor, handling, mottaker.organisasjon_id):
        ser = kan(aktor, Handling.SE_INNSIDE, mottaker.organisasjon_id)
        nekt(aktor, handling, "faseforslag", mottaker.forslag_id, finnes=ser)
    return mottaker


def hent_forslag(aktor: Aktor, handling: Handling, forslag_id: UUID) -> Faseforslag:
    """A proposal of the actor's own organisation, with everybody's answers. Raises IkkeFunnet or IkkeTilgang."""
    forslag = db.session.scalars(
        sa.select(Faseforslag)
        .where(Faseforslag.id == forslag_id)
        .options(
            joinedload(Faseforslag.opprettet_av),
            joinedload(Faseforslag.fra_organisasjon),
            selectinload(Faseforslag.mottakere).options(
                joinedload(Faseforslagsmottaker.organisasjon), joinedload(Faseforslagsmottaker.svart_av)
            ),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if forslag is None:
        raise IkkeFunnet()
    if not kan(aktor, handling, forslag.fra_organisasjon_id):
        ser = kan(aktor, Handling.SE_INNSIDE, forslag.fra_organisasjon_id)
        nekt(aktor, handling, "faseforslag", forslag.id, finnes=ser)
    return forslag


def hent_medlemskap(aktor: Aktor, medlemskap_id: UUID) -> Medlemskap:
    """A membership of the own organisation, for its administrator. One of another organisation is «finnes ikke»."""
    medlemskap = db.session.scalars(
        sa.select(Medlemskap)
        .where(Medlemskap.id == medlemskap_id)
        .options(joinedload(Medlemskap.person), joinedload(Medlemskap.organisasjon))
    ).one_or_none()
    if medlemskap is None:
        raise IkkeFunnet()
    if not kan(aktor, Handling.OPPNEVNE, medlemskap.organisasjon_id):
        egen = aktor.organisasjon_id == medlemskap.organisasjon_id
        nekt(aktor, Handling.OPPNEVNE, "medlemskap", medlemskap.id, finnes=egen)
    return medlemskap


def er_med(aktor: Aktor, oevelse: Oevelse) -> bool:
    """Whether the actor's organisation leads the drill or takes part in it."""
    return er_system(aktor) or (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.organisasjon_id
        in {oevelse.organisasjon_id, *(d.organisasjon_id for d in oevelse.deltakere)}
    )


def leder(aktor: Aktor, oevelse: Oevelse) -> bool:
    """Whether the actor leads the drill: who may drill, in the organisation that made it."""
    return kan(aktor, Handling.OEVE, oevelse.organisasjon_id)


def hent_oevelse(aktor: Aktor, oevelse_id: UUID, *, laas: bool = False) -> Oevelse:
    """A drill that the actor's organisation takes part in. Raises IkkeFunnet for everybody else's.

    With `laas` its row is locked: whoever changes a drill takes it first.
    """
    sporring = (
        sa.select(Oevelse)
        .where(Oevelse.id == oevelse_id)
        .options(
            joinedload(Oevelse.organisasjon),
            selectinload(Oevelse.deltakere).joinedload(Oevelsesdeltaker.organisasjon),
        )
    )
    if laas:
        sporring = sporring.with_for_update(of=Oevelse).execution_options(populate_existing=True)
    oevelse = db.session.scalars(sporring).one_or_none()
    if oevelse is None:
        raise IkkeFunnet()
    if not er_med(aktor, oevelse):
        nekt(aktor, Handling.SE, "oevelse", oevelse.id, finnes=False)
    return oevelse


# --- lists -----------------------------------------------------------------------------------------------


def synlige_oevelser(aktor: Aktor) -> sa.Select[Oevelse]:
    """A SELECT of the drills that the actor's organisation leads or takes part in."""
    sporring: sa.Select[Any] = sa.select(Oevelse)
    if er_system(aktor):
        return sporring
    med = sa.select(Oevelsesdeltaker.oevelse_id).where(
        Oevelsesdeltaker.organisasjon_id == aktor.organisasjon_id
    )
    return sporring.where(
        sa.or_(Oevelse.organisasjon_id == aktor.organisasjon_id, Oevelse.id.in_(med)),
        sa.true() if aktor.medlemskap_id is not None else sa.false(),
    )


def kommuner_under(organisasjon_id: UUID) -> sa.Select[Organisasjon]:
    """A SELECT of the kommuner whose somatic catchment is the trust's, or that of a trust below the RHF."""
    under = sa.select(Organisasjon.id).where(Organisasjon.overordnet_id == organisasjon_id)
    return sa.select(Organisasjon).where(
        Organisasjon.type == Organisasjonstype.KOMMUNE,
        Organisasjon.nedlagt.is_(None),
        sa.or_(
            Organisasjon.helseforetak_id == organisasjon_id,
            Organisasjon.helseforetak_id.in_(under),
        ),
    )
