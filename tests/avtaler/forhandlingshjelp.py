"""What the tests of the negotiation share: a table with two kommuner and a trust, and short ways to propose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import steps
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtalepart, Forslag
from portal.avtaler.service import avtaler, forslag, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from tests.avtaler.motorhjelp import les, nytt_utkast
from tests.bygg import Scene, lag_aktor


class Forhandlingsbord:
    """The trust, and two kommuner that have both said yes; the agreement is in negotiation."""

    def __init__(self, scene: Scene, motpart: Aktor) -> None:
        self.scene = scene
        self.eier, self.nord = scene.koordinator, motpart
        self.eier2 = lag_aktor(Rolle.KOORDINATOR, scene.hf, navn="Kari Kollega")
        self.soer = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune, navn="Siri Sør")
        self.lege = scene.kommuneoverlege
        self.avtale_id = nytt_utkast(scene)
        parter.inviter(self.eier, self.avtale_id, [scene.kommune.id, scene.annen_kommune.id])
        avtaler.send_til_forhandling(self.eier, self.avtale_id)
        for aktor in (self.nord, self.soer):
            parter.svar(aktor, self.avtale_id, True)

    @property
    def nummer(self) -> int:
        return les(self.avtale_id).siste_nummer

    def klausul(self, plass: int = 0) -> UUID:
        les(self.avtale_id)
        return steps.bestemmelser(self.avtale_id, self.nummer)[plass].noekkel

    def lest(self, noekkel: UUID) -> str:
        les(self.avtale_id)
        rad = steps.bestemmelse(self.avtale_id, self.nummer, noekkel)
        return rad.innhold_hash if rad else ""

    def endre(self, aktor: Aktor, tekst: str, *, plass: int = 0, svar_paa: UUID | None = None) -> UUID:
        n = self.klausul(plass)
        return forslag.foreslaa(
            aktor, self.avtale_id, n, "endre", {"tekst": tekst}, "Fordi.", self.lest(n), svar_paa
        )

    def stryk(self, aktor: Aktor, *, plass: int = 0, svar_paa: UUID | None = None) -> UUID:
        n = self.klausul(plass)
        return forslag.foreslaa(aktor, self.avtale_id, n, "stryk", None, "", self.lest(n), svar_paa)

    def ny(self, aktor: Aktor, overskrift: str = "Transport", **felt: Any) -> UUID:
        data = {"overskrift": overskrift, "tekst": "Bil.", "art": "annet", **felt}
        return forslag.foreslaa(aktor, self.avtale_id, None, "ny", data)

    def tekster(self) -> list[str]:
        les(self.avtale_id)
        return [b.tekst for b in steps.bestemmelser(self.avtale_id, self.nummer)]


def status(forslag_id: UUID) -> str:
    return hent(forslag_id).status


def hent(forslag_id: UUID) -> Forslag:
    """The proposal as the database has it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Forslag).where(Forslag.id == forslag_id)).one()


@transactional
def gaar_ut(bord: Forhandlingsbord) -> None:
    """The notice of Sør has come to its day."""
    part = db.session.scalars(
        sa.select(Avtalepart).where(Avtalepart.organisasjon_id == bord.scene.annen_kommune.id)
    ).one()
    part.fra = part.til = i_dag()
    db.session.add(
        Oppsigelse(
            id=uuid4(),
            avtale_id=bord.avtale_id,
            organisasjon_id=part.organisasjon_id,
            varslet=i_dag() - timedelta(days=365),
            virkning=i_dag(),
            begrunnelse="Ny modell.",
            registrert=now(),
        )
    )
