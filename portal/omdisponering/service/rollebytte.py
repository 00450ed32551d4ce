"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.omdisponering import access
from portal.omdisponering.access import Handling
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson, Vedtak

#: What stands in an address, and belongs to one organisation.
_EGET: tuple[tuple[str, Any], ...] = (
    ("tilbud_id", Tilbud),
    ("ressursperson_id", Ressursperson),
    ("lokale_id", Lokale),
    ("vedtak_id", Vedtak),
)


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that see the reallocation or the need of the address, or are of the organisation that has what
    stands there: by the rules of `access`."""
    egne = [(r, r.medlemskap_id) for r in roller if r.medlemskap_id is not None]
    if (id_ := argumenter.get("omdisponering_id")) is not None:
        omd = db.session.scalars(
            sa.select(Omdisponering)
            .where(Omdisponering.id == id_)
            .options(
                selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
                joinedload(Omdisponering.behov),
            )
        ).one_or_none()
        if omd is None:
            return set()
        inne = {m for r, m in egne if access.ser(r, omd)}
        arbeider = {m for r, m in egne if m in inne and access.kan_noe(r, Handling.SE)}
        return arbeider or inne or {m for r, m in egne if access.er_selv(r, omd)}
    if (id_ := argumenter.get("behov_id")) is not None:
        behov = db.session.get(Behov, id_)
        eiere = {m for r, m in egne if behov is not None and r.organisasjon_id == behov.organisasjon_id}
        ser = {m for r, m in egne if behov is not None and access.ser_behov(r, behov)}
        return ser & eiere or ser
    for navn, modell in _EGET:
        if (id_ := argumenter.get(navn)) is not None:
            eier = db.session.scalar(sa.select(modell.organisasjon_id).where(modell.id == id_))
            return {m for r, m in egne if eier is not None and access.kan(r, Handling.SE, eier)}
    return set()
