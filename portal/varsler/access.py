"""Who may see a notice, a channel, and what could not be delivered. The only place that fetches them by id.

One's own notices and channels are for nobody else, whatever the role. What could not be delivered is seen by the
administrator of the organisation it was sent for, and all of it by the systemadministrator: never its text, which
may hold a link that lets somebody in.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.revisjon.steps import logg
from portal.varsler.models import Utsending, Varsel, Varselkanal

#: They see what could not be delivered: the one of the own organisation, the other everywhere.
ADMINISTRATORER = (Rolle.ADMINISTRATOR, Rolle.SYSTEMADMINISTRATOR)
Egen = TypeVar("Egen", Varsel, Varselkanal)


def krev_person(aktor: Aktor) -> UUID:
    """The person who acts. Raises IkkeTilgang for a program: it has no bell."""
    if aktor.person_id is None:
        raise IkkeTilgang()
    return aktor.person_id


# --- one's own -------------------------------------------------------------------------------------------


def synlige(aktor: Aktor) -> sa.Select[Varsel]:
    """A SELECT of the actor's own notices."""
    return sa.select(Varsel).where(Varsel.person_id == krev_person(aktor))


def hent(aktor: Aktor, varsel_id: UUID) -> Varsel:
    """A notice of one's own. Somebody else's is «finnes ikke», and the try is logged."""
    return _egen(aktor, db.session.get(Varsel, varsel_id), "varsler.se", "varsel")


def synlige_kanaler(aktor: Aktor) -> sa.Select[Varselkanal]:
    """A SELECT of the actor's own channels that are in use."""
    return sa.select(Varselkanal).where(
        Varselkanal.person_id == krev_person(aktor), Varselkanal.fjernet.is_(None)
    )


def hent_kanal(aktor: Aktor, kanal_id: UUID) -> Varselkanal:
    """A channel of one's own. One that is removed, or somebody else's, is «finnes ikke»."""
    rad = _egen(aktor, db.session.get(Varselkanal, kanal_id), "varsler.endre_kanal", "varselkanal")
    if rad.fjernet is not None:
        raise IkkeFunnet()
    return rad


def _egen(aktor: Aktor, rad: Egen | None, handling: str, objekt: str) -> Egen:
    person_id = krev_person(aktor)
    if rad is None:
        raise IkkeFunnet()
    if rad.person_id != person_id:
        id_ = rad.id
        uavhengig(lambda: logg(aktor, handling, objekt, id_, utfall="avslag"))
        raise IkkeFunnet()
    return rad


# --- what could not be delivered -------------------------------------------------------------------------


def ser_uleverte(aktor: Aktor) -> bool:
    """Whether the actor is one of those who see what could not be delivered."""
    return aktor.person_id is not None and aktor.rolle in ADMINISTRATORER


def krev_uleverte(aktor: Aktor) -> None:
    """Raises IkkeTilgang, and logs it, unless `ser_uleverte`."""
    if not ser_uleverte(aktor):
        uavhengig(
            lambda: logg(aktor, "varsler.se_uleverte", "organisasjon", aktor.organisasjon_id, utfall="avslag")
        )
        raise IkkeTilgang()


def synlige_uleverte(aktor: Aktor) -> sa.Select[Utsending]:
    """A SELECT of what was given up and not thrown away, as far as the actor reaches."""
    krev_uleverte(aktor)
    sporring = sa.select(Utsending).where(Utsending.oppgitt.is_not(None), Utsending.stoppet.is_(None))
    if aktor.rolle != Rolle.SYSTEMADMINISTRATOR:
        # Letters of nobody's organisation are the systemadministrator's alone.
        sporring = sporring.where(
            Utsending.organisasjon_id.is_not(None), Utsending.organisasjon_id == aktor.organisasjon_id
        )
    return sporring


def hent_uleverte(aktor: Aktor, utsending_id: UUID) -> Utsending:
    """One of them, locked, with its notice. What is out of reach, sent again by now or thrown away is «finnes
    ikke»; the try to reach another organisation's is logged."""
    rad = _innen_rekkevidde(aktor, utsending_id)
    if not _staar_der(rad):
        raise IkkeFunnet()
    return rad


def hent_valgte_uleverte(aktor: Aktor, ider: Collection[UUID]) -> list[Utsending]:
    """Those of them that still are on the list, locked in a fixed order. One out of reach refuses all of them."""
    rader = [_innen_rekkevidde(aktor, id_) for id_ in sorted(set(ider))]
    return [rad for rad in rader if _staar_der(rad)]


def _staar_der(rad: Utsending) -> bool:
    return rad.oppgitt is not None and rad.stoppet is None


def _innen_rekkevidde(aktor: Aktor, utsending_id: UUID) -> Utsending:
    krev_uleverte(aktor)
    rad = db.session.scalars(
        sa.select(Utsending)
        .where(Utsending.id == utsending_id)
        .options(joinedload(Utsending.varsel), joinedload(Utsending.varselkanal))
        .with_for_update(of=Utsending)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    egen = rad.organisasjon_id is not None and rad.organisasjon_id == aktor.organisasjon_id
    if aktor.rolle != Rolle.SYSTEMADMINISTRATOR and not egen:
        uavhengig(lambda: logg(aktor, "varsler.se_uleverte", "utsending", utsending_id, utfall="avslag"))
        raise IkkeFunnet()
    return rad
