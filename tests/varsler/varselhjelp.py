"""Builders for notices: told through the room's own steps, as any room above tells them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.varsler import steps
from portal.varsler.models import Kanal, Utsending, Varsel
from portal.varsler.service.mottakere import mottaker


@transactional
def fortell(
    aktor: Aktor,
    tittel: str = "Ny henvendelse til Geriatri",
    *,
    hastegrad: str | None = "haster",
    lenke: str = "/organisasjoner",
    bare: Collection[Kanal] | None = frozenset(),
    gjelder: str | None = None,
    **felt: Any,
) -> UUID:
    """Tells the actor something, in the bell alone unless `bare` names channels."""
    varsel_id = steps.varsle(
        mottaker(aktor),
        noekkel=str(uuid4()),
        kode="henvendelse.ny",
        tittel=tittel,
        lenke=lenke,
        hastegrad=hastegrad,
        bare=bare,
        gjelder=gjelder,
        **felt,
    )
    assert varsel_id is not None
    return varsel_id


@transactional
def avblaas(gjelder: str) -> int:
    """Stops what is told of a thing."""
    return steps.stopp(gjelder)


@transactional
def gi_opp(varsel_id: UUID | None = None, feil: str = "550 no such user", **felt: Any) -> UUID:
    """Gives up the only message of a notice (or the only one there is), and gives its id."""
    sporring = sa.select(Utsending)
    rad = db.session.scalars(
        sporring if varsel_id is None else sporring.where(Utsending.varsel_id == varsel_id)
    ).one()
    rad.oppgitt, rad.feil, rad.forsoek = now(), feil, 7
    for navn, verdi in felt.items():
        setattr(rad, navn, verdi)
    return rad.id


def les_varsel(id_: UUID) -> Varsel:
    """The row as the database has it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Varsel, id_)


def les_utsending(id_: UUID) -> Utsending:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Utsending, id_)


def utsendinger(varsel_id: UUID | None = None) -> list[Utsending]:
    """The messages (of one notice), in order of channel and address."""
    db.session.rollback()
    db.session.expire_all()
    sporring = sa.select(Utsending).order_by(Utsending.kanal, Utsending.til)
    if varsel_id is not None:
        sporring = sporring.where(Utsending.varsel_id == varsel_id)
    return list(db.session.scalars(sporring))
