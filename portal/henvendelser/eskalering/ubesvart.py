"""Which messages of the requester's side want an answer, and what answers them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from portal.core.db import db
from portal.henvendelser.eskalering.models import Eskalering, Slag, Slutt
from portal.henvendelser.forloep import Hendelsestype, Side
from portal.henvendelser.models import Hendelse

#: What the requester's side writes that wants an answer, and what of the receiver's side is one. Whatever was asked
#: before a case was closed, is not asked any more when it is opened again.
SPOERSMAAL = (Hendelsestype.MELDING, Hendelsestype.VEDLEGG)
SVARER = (Hendelsestype.MELDING, Hendelsestype.VEDLEGG, Hendelsestype.AKSEPTERT, Hendelsestype.BESVART)
LUKKER = (Hendelsestype.LUKKET, Hendelsestype.TIDEN_UTE)


def ordrett(kode: str) -> sa.ColumnElement[str]:
    """A code in the words of the statement: a plan that is made for any code at all reads whole tables."""
    return sa.literal_column(f"'{kode}'")


def _ordrette(koder: Iterable[str]) -> list[sa.ColumnElement[str]]:
    return [ordrett(k) for k in koder]


def er_spoersmaal() -> sa.ColumnElement[bool]:
    """Over `Hendelse`: the requester's side has written something that wants an answer."""
    return sa.and_(Hendelse.side == ordrett(Side.INNMELDER), Hendelse.type.in_(_ordrette(SPOERSMAAL)))


def er_svar() -> sa.ColumnElement[bool]:
    """Over `Hendelse`: the receiver's side has answered what was written before it, or the case was closed."""
    return sa.or_(
        sa.and_(Hendelse.side == ordrett(Side.MOTTAKER), Hendelse.type.in_(_ordrette(SVARER))),
        Hendelse.type.in_(_ordrette(LUKKER)),
    )


def foerste_ubesvarte(sak_id: UUID) -> Hendelse | None:
    """The first of the requester's messages that the receiver's side has written nothing after.

    One whose ladder has been climbed to its end is not climbed for again: the next message begins anew.
    """
    svart = (
        sa.select(sa.func.coalesce(sa.func.max(Hendelse.sekvens), 0))
        .where(Hendelse.henvendelse_id == sak_id, er_svar())
        .scalar_subquery()
    )
    uttoemt = (
        sa.select(sa.func.max(Eskalering.avsluttet))
        .where(
            Eskalering.henvendelse_id == sak_id,
            Eskalering.slag == Slag.MELDING,
            Eskalering.utfall == Slutt.UTTOEMT,
        )
        .scalar_subquery()
    )
    return db.session.scalars(
        sa.select(Hendelse)
        .where(
            Hendelse.henvendelse_id == sak_id,
            er_spoersmaal(),
            Hendelse.sekvens > svart,
            sa.or_(uttoemt.is_(None), Hendelse.tidspunkt > uttoemt),
        )
        .order_by(Hendelse.sekvens)
        .limit(1)
    ).one_or_none()
