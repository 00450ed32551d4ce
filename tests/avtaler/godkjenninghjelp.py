"""What the tests of approval share: a version on its way through the chains, and what the database says of it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import steps
from portal.avtaler.models import Avtale, Avtaleversjon, Godkjenning
from portal.avtaler.service import avtaler, godkjenning, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from tests.avtaler.motorhjelp import les, nytt_utkast
from tests.bygg import Scene, lag_aktor


class Bord:
    """The two sides of the table, each with people enough for four eyes."""

    def __init__(self, scene: Scene, motpart: Aktor) -> None:
        self.scene, self.motpart = scene, motpart
        self.eier = scene.koordinator
        self.direktoer = scene.administrator
        self.ordfoerer = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune, navn="Olá Ordfører")

    def til_forhandling(
        self, *, oensket_fra: date | None = None, medvirkning: str = "Brukerutvalget."
    ) -> UUID:
        """Negotiated with the kommune of the scene, which takes part."""
        avtale_id = nytt_utkast(self.scene)
        parter.inviter(self.eier, avtale_id, [self.scene.kommune.id])
        avtaler.send_til_forhandling(self.eier, avtale_id)
        parter.svar(self.motpart, avtale_id, True)
        beskriv(avtale_id, medvirkning, oensket_fra)
        return avtale_id

    def til_godkjenning(self, *, oensket_fra: date | None = None) -> UUID:
        avtale_id = self.til_forhandling(oensket_fra=oensket_fra)
        self.send(avtale_id)
        return avtale_id

    def send(self, avtale_id: UUID) -> None:
        godkjenning.send(self.eier, avtale_id, hash_naa(avtale_id))

    def i_kraft(self, *, oensket_fra: date | None = None) -> UUID:
        """Approved by both."""
        avtale_id = self.til_godkjenning(oensket_fra=oensket_fra)
        self.godkjenn_alle(avtale_id)
        return avtale_id

    def godkjenn_alle(self, avtale_id: UUID) -> None:
        gi(self.direktoer, avtale_id)
        gi(self.ordfoerer, avtale_id)

    def ny_versjon(self, avtale_id: UUID, *, oensket_fra: date | None = None) -> int:
        """The next one, in which nobody has written, described and ready to be sent."""
        nummer = avtaler.ny_versjon(self.eier, avtale_id)
        beskriv(avtale_id, "Brukerutvalget.", oensket_fra)
        return nummer


@transactional
def beskriv(avtale_id: UUID, medvirkning: str, oensket_fra: date | None) -> None:
    """As `avtaler.endre`, but by nobody: a test of four eyes says itself who has written."""
    versjon = steps.i_arbeid(db.session.get_one(Avtale, avtale_id))
    assert versjon is not None
    versjon.medvirkning, versjon.oensket_fra = medvirkning, oensket_fra


def versjonen(avtale_id: UUID, nummer: int | None = None) -> Avtaleversjon:
    """That version as the database has it; without a number the newest."""
    avtale = les(avtale_id)
    return next(v for v in avtale.versjoner if v.nummer == (nummer or avtale.siste_nummer))


def hash_naa(avtale_id: UUID, nummer: int | None = None) -> str:
    """What a page that shows the version would send along."""
    return steps.hash_av(les(avtale_id), versjonen(avtale_id, nummer))


def lenker(avtale_id: UUID, aktor: Aktor, nummer: int | None = None) -> list[Godkjenning]:
    """The links of the actor's organisation that are not voided, in order."""
    les(avtale_id)
    return list(
        db.session.scalars(
            sa.select(Godkjenning)
            .join(Avtaleversjon, Avtaleversjon.id == Godkjenning.avtaleversjon_id)
            .where(
                Avtaleversjon.id == versjonen(avtale_id, nummer).id,
                Godkjenning.organisasjon_id == aktor.organisasjon_id,
                Godkjenning.opphevet.is_(None),
            )
            .order_by(Godkjenning.plass)
        )
    )


def gi(aktor: Aktor, avtale_id: UUID, nummer: int | None = None, *, plass: int = 0) -> None:
    """Approves in the actor's own chain, what stands there now."""
    lenke = next(g for g in lenker(avtale_id, aktor, nummer)[plass:] if g.gitt is None)
    id_, vedtak = lenke.id, lenke.krever_vedtak
    godkjenning.godkjenn(
        aktor, id_, hash_naa(avtale_id, nummer), "26/114" if vedtak else "", i_dag() if vedtak else None
    )
