"""What the tests of notice share: an agreement in force with people at every table, and what the rows say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler.forloep import Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.avtaler.plikter import lag_oppgaver
from portal.avtaler.service import oppsigelse
from portal.avtaler.steps import holder
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.identitet.models import Organisasjon
from portal.oppgaver.models import Oppgave
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import les
from tests.bygg import Scene, lag_aktor

GRUNN = "Ny modell for samarbeidet."
ENIGE = "Referat fra klinisk samarbeidsutvalg, sak 26/88."


class Livet:
    """`hf`, under an RHF, with two kommuner in an agreement in force; each with a coordinator."""

    def __init__(self, scene: Scene, motpart: Aktor) -> None:
        self.scene, self.eier, self.kommune = scene, scene.koordinator, motpart
        self.nabo = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune, navn="Nina Nabo")
        self.rhf = lag_aktor(Rolle.KOORDINATOR, scene.rhf, navn="Rita Regional")
        self._legg_under_rhf()

    @transactional
    def _legg_under_rhf(self) -> None:
        db.session.get_one(Organisasjon, self.scene.hf.id).overordnet_id = self.scene.rhf.id

    def avtale(self, *, fra: date | None = None, **felt: Any) -> UUID:
        avtale = lag_avtale(
            self.scene.hf,
            [self.scene.kommune, self.scene.annen_kommune],
            status=Status.GJELDENDE,
            i_kraft_fra=fra,
            **felt,
        )
        fyll(avtale.id)
        return avtale.id


@transactional
def fyll(avtale_id: UUID) -> None:
    """The tasks of what holds."""
    avtale = db.session.get_one(Avtale, avtale_id)
    gjelder = holder(avtale)
    assert gjelder is not None
    lag_oppgaver(avtale, gjelder)


def versjon(avtale_id: UUID, nummer: int = 1) -> Avtaleversjon:
    """A version as the database has it."""
    return next(v for v in les(avtale_id).versjoner if v.nummer == nummer)


def part(avtale_id: UUID, organisasjon: Organisasjon | UUID) -> Avtalepart:
    """The newest place of an organisation in the agreement."""
    id_ = organisasjon if isinstance(organisasjon, UUID) else organisasjon.id
    return max((p for p in les(avtale_id).parter if p.organisasjon_id == id_), key=lambda p: p.invitert)


def rad(oppsigelse_id: UUID) -> Oppsigelse:
    """A notice as the database has it."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Oppsigelse, oppsigelse_id)


def gi(aktor: Aktor, avtale_id: UUID, virkning: date | None = None, enighet: str = "") -> UUID:
    """Notice given today; a year's, unless the day is named."""
    return oppsigelse.gi(aktor, avtale_id, virkning=virkning, begrunnelse=GRUNN, enighet=enighet)


def snart(aktor: Aktor, avtale_id: UUID, dager: int = 30) -> UUID:
    """A shorter notice, as the parties have agreed to it."""
    return gi(aktor, avtale_id, i_dag() + timedelta(days=dager), ENIGE)


def oppgaver(kode: str, hos: Organisasjon) -> Sequence[Oppgave]:
    """All of a kind at an organisation, open or not."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(
        sa.select(Oppgave)
        .where(Oppgave.kode == kode, Oppgave.organisasjon_id == hos.id)
        .order_by(Oppgave.frist)
    ).all()
