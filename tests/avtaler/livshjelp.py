"""What a negotiation and a notice leave in the tables, written there at once: for tests of what comes after them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import steps
from portal.avtaler.forloep import Forslagsstatus, Forslagstype, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Forslag, Forslagssvar
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional


@transactional
def foreslaa(aktor: Aktor, avtale_id: UUID, noekkel: UUID, tekst: str) -> UUID:
    """An open proposal of another text for a clause."""
    avtale = db.session.get_one(Avtale, avtale_id)
    versjon = steps.i_arbeid(avtale)
    assert versjon is not None and versjon.status == Status.TIL_FORHANDLING
    assert aktor.organisasjon_id is not None
    rad = Forslag(
        id=uuid4(),
        avtale_id=avtale_id,
        nummer=versjon.nummer,
        noekkel=noekkel,
        type=Forslagstype.ENDRE,
        status=Forslagsstatus.AAPENT,
        innhold={"tekst": tekst},
        opprettet=now(),
        person_id=aktor.person_id,
        organisasjon_id=aktor.organisasjon_id,
        side=Side.FORETAK if aktor.organisasjon_id == avtale.eier_id else Side.KOMMUNE,
    )
    db.session.add(rad)
    return rad.id


@transactional
def svar(aktor: Aktor, forslag_id: UUID, godtatt: bool) -> None:
    """The other side takes it into the text, or the last of its parties rejects it."""
    rad = db.session.get_one(Forslag, forslag_id)
    assert aktor.organisasjon_id is not None
    db.session.add(
        Forslagssvar(
            id=uuid4(),
            forslag_id=rad.id,
            organisasjon_id=aktor.organisasjon_id,
            godtatt=godtatt,
            svart=now(),
            person_id=aktor.person_id,
        )
    )
    rad.status, rad.avgjort = (Forslagsstatus.GODTATT if godtatt else Forslagsstatus.AVSLAATT), now()
    if godtatt:
        versjon = steps.i_arbeid(db.session.get_one(Avtale, rad.avtale_id))
        assert versjon is not None
        data: dict[str, Any] = rad.innhold
        steps.skriv(aktor, versjon, rad.noekkel, data, forslag_id=rad.id)


@transactional
def si_opp(aktor: Aktor, avtale_id: UUID, dager: int) -> None:
    """A party's notice: the owner's ends the whole agreement, a kommune's its own place in it."""
    avtale = db.session.get_one(Avtale, avtale_id)
    virkning = i_dag() + timedelta(days=dager)
    assert aktor.organisasjon_id is not None
    db.session.add(
        Oppsigelse(
            id=uuid4(),
            avtale_id=avtale_id,
            organisasjon_id=aktor.organisasjon_id,
            varslet=i_dag(),
            virkning=virkning,
            begrunnelse="Ny modell.",
            registrert=now(),
        )
    )
    if aktor.organisasjon_id == avtale.eier_id:
        versjon = steps.holder(avtale)
        assert versjon is not None
        versjon.flytt_til(Status.OPPSAGT)
        if versjon.i_kraft_til is None:
            versjon.i_kraft_til = virkning
    else:
        part = next(
            p for p in avtale.parter if p.organisasjon_id == aktor.organisasjon_id and p.status == "deltar"
        )
        part.til = virkning


@transactional
def trekk_oppsigelse(avtale_id: UUID) -> None:
    """The owner takes its notice back while it runs."""
    avtale = db.session.get_one(Avtale, avtale_id)
    db.session.execute(
        sa.update(Oppsigelse)
        .where(Oppsigelse.avtale_id == avtale_id, Oppsigelse.organisasjon_id == avtale.eier_id)
        .values(trukket=now())
    )
    versjon = steps.holder(avtale)
    assert versjon is not None
    versjon.flytt_til(Status.GJELDENDE)
    versjon.i_kraft_til = None
