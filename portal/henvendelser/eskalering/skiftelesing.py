"""What the page of the change of shift tells beside what waits to be read back: what is on its way there, and what
somebody keeps, so that it is never silent about cases that somebody looks for on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.henvendelser import access
from portal.henvendelser.eskalering.models import Skiftetilstand, Vaktskifte, Vaktskiftesak
from portal.henvendelser.eskalering.vaktskifte import NIVAAER, aapne_hos, nye_skifter
from portal.henvendelser.models import Henvendelse
from portal.identitet.mottakere import mottaker_for
from portal.vakt.steps import Paavakt, paa_vakt, paa_vakt_hos


@dataclass(frozen=True, slots=True)
class Paavei:
    """A shift has just passed from one to another, and the worker makes the list of what is to be read back."""

    fagomraade: str
    fra: str
    til: str
    #: Open cases that will be on the list.
    antall: int


@dataclass(frozen=True, slots=True)
class Beholdt:
    """Whoever had the shift before is on call at another level still, and keeps these cases."""

    fagomraade: str
    #: Who keeps them, and at which level they are on call.
    navn: str
    nivaa: str
    #: Who has the shift now.
    neste: str
    #: They are the actor's own.
    mine: bool
    saker: Sequence[Henvendelse]


def hent_paa_vei(aktor: Aktor) -> list[Paavei]:
    """The changes that concern the actor and are not made yet, where there is something to hand over."""
    ut = []
    for r in nye_skifter():
        angaar = aktor.medlemskap_id in (r.medlemskap_id, r.fra_medlemskap_id)
        if not angaar and not (aktor.rolle == Rolle.VAKTLEDER and aktor.organisasjon_id == r.organisasjon_id):
            continue
        vakter = paa_vakt(r.organisasjon_id, r.fagomraade)
        ny, fra = vakter.get(r.nivaa), mottaker_for(r.fra_medlemskap_id)
        if ny is None or ny.vakt_id != r.vakt_id or r.fra_medlemskap_id in _medlemskap(vakter.values()):
            continue
        venter = sa.exists().where(
            Vaktskiftesak.henvendelse_id == Henvendelse.id,
            Vaktskiftesak.tilstand == Skiftetilstand.VENTER,
        )
        hos = aapne_hos(r.fra_medlemskap_id, r.organisasjon_id, r.fagomraade)
        antall = db.session.scalar(sa.select(sa.func.count(Henvendelse.id)).where(*hos, ~venter))
        if antall:
            ut.append(Paavei(r.fagomraade, fra.navn if fra else "", ny.navn, antall))
    return ut


def hent_beholdte(aktor: Aktor) -> list[Beholdt]:
    """In the queues where the actor is on call (all of the organisation's, for its vaktleder): who went over to another
    level when the shift that holds now began, and has open cases still. Only those the actor may see are there."""
    if aktor.organisasjon_id is None:
        return []
    leder = aktor.rolle == Rolle.VAKTLEDER
    koer = {
        koe: vakter
        for koe, vakter in paa_vakt_hos([aktor.organisasjon_id]).items()
        if leder or aktor.medlemskap_id in _medlemskap(vakter.values())
    }
    noekler = {
        (p.vaktplan_id, nivaa, p.fra): (koe, p)
        for koe, vakter in koer.items()
        for nivaa, p in vakter.items()
        if nivaa in NIVAAER
    }
    if not noekler:
        return []
    skifter = db.session.scalars(
        sa.select(Vaktskifte)
        .where(
            sa.tuple_(Vaktskifte.vaktplan_id, Vaktskifte.nivaa, Vaktskifte.tidspunkt).in_(list(noekler)),
        )
        .order_by(Vaktskifte.tidspunkt, Vaktskifte.id)
    )
    ut = []
    for s in skifter:
        (organisasjon_id, fagomraade), ny = noekler[s.vaktplan_id, s.nivaa, s.tidspunkt]
        vakter = koer[organisasjon_id, fagomraade]
        naa = next((p for p in vakter.values() if p.medlemskap_id == s.fra_medlemskap_id), None)
        if naa is None:
            continue
        saker = db.session.scalars(
            access.synlige(aktor)
            .where(*aapne_hos(s.fra_medlemskap_id, organisasjon_id, fagomraade))
            .options(joinedload(Henvendelse.avsender), joinedload(Henvendelse.avsender_enhet))
            .order_by(Henvendelse.frist, Henvendelse.saksnummer)
        ).unique()
        if funnet := list(saker):
            mine = s.fra_medlemskap_id == aktor.medlemskap_id
            ut.append(Beholdt(fagomraade, naa.navn, naa.nivaa, ny.navn, mine, funnet))
    return ut


def _medlemskap(vakter: Iterable[Paavakt]) -> set[UUID]:
    return {p.medlemskap_id for p in vakter}
