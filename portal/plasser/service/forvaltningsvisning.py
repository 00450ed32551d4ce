"""What the vertskommune's coordinator sees of a unit: its beds, who may use them, and what can be taken in. Reads."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.identitet.models import Enhet, Enhetstype
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.models import Plass, Plassenhet, Plassmedlem
from portal.plasser.service.forvaltning import kvotelest


@dataclass(frozen=True, slots=True)
class Forvaltning:
    enhet: Plassenhet
    plasser: list[Plass]
    #: The kommuner with a place in it today: the host first, the others by name.
    medlemmer: list[Plassmedlem]
    #: {kommune: how many beds are held for it or taken by its inhabitants}.
    i_bruk: dict[UUID, int]

    @property
    def normerte(self) -> int:
        return sum(p.normert for p in self.plasser)

    @property
    def kvoter(self) -> int:
        return sum(m.kvote for m in self.medlemmer)

    @property
    def lest(self) -> str:
        """What the form of the quotas was made from."""
        return kvotelest(self.medlemmer)


def hent(aktor: Aktor, plassenhet_id: UUID) -> Forvaltning:
    """A unit for who keeps it. Raises IkkeFunnet or IkkeTilgang."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id)
    medlemmer = db.session.scalars(
        sa.select(Plassmedlem)
        .where(
            Plassmedlem.plassenhet_id == enhet.id,
            Plassmedlem.i_dag(),
        )
        .options(joinedload(Plassmedlem.kommune))
    ).all()
    return Forvaltning(
        enhet=enhet,
        plasser=steps.i_bruk(enhet.id),
        medlemmer=sorted(
            medlemmer,
            key=lambda m: (m.kommune_id != enhet.vertskommune_id, m.kommune.kortnavn.casefold()),
        ),
        i_bruk=steps.i_bruk_av(enhet.id),
    )


def kan_legges_inn(aktor: Aktor) -> list[Enhet]:
    """The units of type ØHD in the coordinator's own kommune that have no beds in the registry. Raises IkkeTilgang."""
    if not kan_legge_inn(aktor):
        access.nekt(aktor, Handling.FORVALTE, "plassenhet", None, finnes=True)
    i_registeret = sa.exists().where(Plassenhet.enhet_id == Enhet.id, Plassenhet.nedlagt.is_(None))
    return list(
        db.session.scalars(
            sa.select(Enhet)
            .where(
                Enhet.organisasjon_id == aktor.organisasjon_id,
                Enhet.type == Enhetstype.OEHD_ENHET,
                Enhet.aktiv,
                ~i_registeret,
            )
            .order_by(Enhet.navn)
        )
    )


def kan_legge_inn(aktor: Aktor) -> bool:
    """Whether the actor is a kommune's coordinator: for the link on the overview."""
    return (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.er_kommunal
        and aktor.rolle == Rolle.KOORDINATOR
    )
