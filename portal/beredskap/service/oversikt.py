"""What an organisation is in, what has been and what is planned; and a trust's kommuner side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.beredskap import access, steps
from portal.beredskap.access import Handling
from portal.beredskap.models import Faseforslagsmottaker, Faseperiode, Svar
from portal.beredskap.steps import Situasjon
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Organisasjon

#: Phases on a page of the history.
PR_SIDE = 25


@dataclass(frozen=True, slots=True)
class Rettigheter:
    """What the actor may do for the organisation."""

    inne: bool
    beslutter: bool
    foreslaar: bool
    oppnevner: bool
    oever: bool


@dataclass(frozen=True, slots=True)
class Status:
    """An organisation now. `egen` is what is real where a drill is looked at."""

    organisasjon: Organisasjon
    situasjon: Situasjon
    virkelig: Situasjon
    naa: Faseperiode | None
    planlagte: list[Faseperiode]
    historikk: list[Faseperiode]
    antall: int
    kan: Rettigheter
    #: Who decides here, by name.
    besluttere: list[str]


@dataclass(frozen=True, slots=True)
class Kommunerad:
    """A kommune in its trust's table. `venter`: a proposal waits for it."""

    organisasjon: Organisasjon
    situasjon: Situasjon
    neste: Faseperiode | None
    venter: bool
    #: Nobody there could confirm.
    uten_beslutter: bool


def rettigheter(aktor: Aktor, organisasjon_id: UUID | None) -> Rettigheter:
    """See `access.kan`."""
    return Rettigheter(
        *(
            access.kan(aktor, h, organisasjon_id)
            for h in (
                Handling.SE_INNSIDE,
                Handling.BESLUTTE,
                Handling.FORESLAA,
                Handling.OPPNEVNE,
                Handling.OEVE,
            )
        )
    )


def foelger_med(aktor: Aktor) -> bool:
    """Whether the phase is part of the actor's day: its insiders, the kriseledelse, and who oversees. All may read."""
    if aktor.rolle == Rolle.INNSYN:
        return True
    return access.kan(aktor, Handling.SE_INNSIDE, aktor.organisasjon_id)


def krev_inne(aktor: Aktor) -> None:
    """Demands that the actor sees the inside of the own organisation. Raises IkkeTilgang, and logs it."""
    access.krev(aktor, Handling.SE_INNSIDE, aktor.organisasjon_id)


def har_fase(aktor: Aktor) -> bool:
    """Whether the actor's organisation is of a kind that has a phase."""
    return aktor.organisasjon_id is not None and access.har_fase(aktor.organisasjon_type)


def hent_status(
    aktor: Aktor,
    organisasjon_id: UUID,
    *,
    side: int = 1,
    pr_side: int = PR_SIDE,
    oevelse_id: UUID | None = None,
) -> Status:
    """An organisation's phase now, planned and before, a page of it. Raises IkkeFunnet for one that has none."""
    organisasjon = access.hent_organisasjon(aktor, Handling.SE, organisasjon_id)
    naa = now()
    felles = (Faseperiode.organisasjon_id == organisasjon_id,)
    alle = steps.perioder(organisasjon_id, naa)
    tidligere = (*felles, Faseperiode.til <= naa, Faseperiode.trukket.is_(None))
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(Faseperiode).where(*tidligere)) or 0
    if side < 1 or (side > 1 and (side - 1) * pr_side >= antall):
        raise IkkeFunnet()
    historikk = db.session.scalars(
        sa.select(Faseperiode)
        .where(*tidligere)
        .options(joinedload(Faseperiode.satt_av))
        .order_by(Faseperiode.fra.desc(), Faseperiode.id)
        .limit(pr_side)
        .offset((side - 1) * pr_side)
    ).all()
    kan = rettigheter(aktor, organisasjon_id)
    virkelig = steps.situasjon(organisasjon_id, naa)
    return Status(
        organisasjon,
        steps.situasjon(organisasjon_id, naa, oevelse_id) if oevelse_id else virkelig,
        virkelig,
        next((p for p in alle if p.fra <= naa), None),
        [p for p in alle if p.fra > naa],
        list(historikk),
        antall,
        kan,
        [m.navn for m in steps.besluttere([organisasjon_id])[organisasjon_id]] if kan.inne else [],
    )


def hent_situasjon(aktor: Aktor, organisasjon_id: UUID) -> tuple[Organisasjon, Situasjon, list[Faseperiode]]:
    """The real phase of an organisation, and what is planned: for programs."""
    organisasjon = access.hent_organisasjon(aktor, Handling.SE, organisasjon_id)
    naa = now()
    planlagte = [p for p in steps.perioder(organisasjon_id, naa) if p.fra > naa]
    return organisasjon, steps.situasjon(organisasjon_id, naa), planlagte


def synlige_kommuner(aktor: Aktor, oevelse_id: UUID | None = None) -> list[Kommunerad]:
    """The kommuner of the actor's trust or RHF, by name, each with its phase; nothing for a kommune's own people.

    The phases are open to everybody. That a proposal waits is told to those who see the trust's inside.
    """
    if aktor.er_kommunal or not har_fase(aktor) or not access.kan(aktor, Handling.SE, aktor.organisasjon_id):
        return []
    assert aktor.organisasjon_id is not None
    kommuner = db.session.scalars(
        access.kommuner_under(aktor.organisasjon_id).order_by(Organisasjon.kortnavn, Organisasjon.id)
    ).all()
    return kommunerader(aktor, kommuner, oevelse_id)


def kommunerader(
    aktor: Aktor, kommuner: Sequence[Organisasjon], oevelse_id: UUID | None = None
) -> list[Kommunerad]:
    """The given kommuner with their phases, in the order given: as many statements for one as for all."""
    ider = [k.id for k in kommuner]
    naa = now()
    situasjoner = steps.situasjoner(ider, naa, oevelse_id)
    neste: dict[UUID, Faseperiode] = {}
    for p in db.session.scalars(
        sa.select(Faseperiode)
        .where(Faseperiode.organisasjon_id.in_(ider), Faseperiode.trukket.is_(None), Faseperiode.fra > naa)
        .order_by(Faseperiode.fra)
    ):
        neste.setdefault(p.organisasjon_id, p)
    venter: set[UUID] = set()
    uten: set[UUID] = set()
    if access.kan(aktor, Handling.SE_INNSIDE, aktor.organisasjon_id):
        venter = set(
            db.session.scalars(
                sa.select(Faseforslagsmottaker.organisasjon_id).where(
                    Faseforslagsmottaker.organisasjon_id.in_(ider), Faseforslagsmottaker.svar == Svar.VENTER
                )
            )
        )
        uten = {o for o, folk in steps.besluttere(ider).items() if not folk}
    return [Kommunerad(k, situasjoner[k.id], neste.get(k.id), k.id in venter, k.id in uten) for k in kommuner]
