"""One's own shifts as a calendar that a telephone reads by itself, at a secret address that can be taken back.

Whoever has the address sees when and where the person is on call, and nothing else. Only its hash is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.core.sprak import _, paa_spraak
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Medlemskap, Person
from portal.identitet.steps import hash_token
from portal.revisjon.steps import logg
from portal.vakt.models import Vakt, Vaktfeed, Vaktplan
from portal.vakt.service.gyldighet import Bortfall, bortfall
from portal.vakt.service.ical import nivaaord, som_kalender, som_utvakt

_TILBAKE, _FRAM = timedelta(days=31), timedelta(days=400)
#: A calendar program asks every few minutes: that it did is written down no oftener than this.
_SJELDEN = timedelta(hours=1)


def hent_feed(aktor: Aktor) -> Vaktfeed | None:
    """One's own address, without its secret; None where there is none."""
    return db.session.scalars(
        sa.select(Vaktfeed).where(Vaktfeed.person_id == aktor.person_id, Vaktfeed.trukket.is_(None))
    ).one_or_none()


@transactional
def lag_feed(aktor: Aktor) -> str:
    """A new secret address for the actor; a former one stops at once. Gives the secret, this once."""
    person_id = _krev_person(aktor)
    # Two clicks at the same moment wait for each other.
    db.session.get(Person, person_id, with_for_update={"key_share": True})
    _trekk(person_id)
    token = secrets.token_urlsafe(32)
    feed = Vaktfeed(id=uuid4(), person_id=person_id, token_hash=hash_token(token), opprettet=now())
    db.session.add(feed)
    logg(aktor, "vakt.feed_laget", "vaktfeed", feed.id)
    return token


@transactional
def trekk_feed(aktor: Aktor) -> None:
    """Stops the actor's address. Raises IkkeFunnet when there is none."""
    trukket = _trekk(_krev_person(aktor))
    if trukket is None:
        raise IkkeFunnet()
    logg(aktor, "vakt.feed_trukket", "vaktfeed", trukket)


def _krev_person(aktor: Aktor) -> UUID:
    if aktor.person_id is None:
        raise IkkeTilgang()
    return aktor.person_id


def _trekk(person_id: UUID) -> UUID | None:
    feed = db.session.scalars(
        sa.select(Vaktfeed)
        .where(Vaktfeed.person_id == person_id, Vaktfeed.trukket.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if feed is None:
        return None
    feed.trukket = now()
    # Before a new one: a person has one at a time, and the database says so.
    db.session.flush()
    return feed.id


def les_feed(token: str) -> bytes:
    """The calendar at a secret address. Raises IkkeFunnet for one that is not, is taken back, or is of nobody here."""
    funnet = db.session.execute(
        sa.select(Vaktfeed.id, Vaktfeed.sist_hentet, Person.id.label("person_id"), Person.spraak)
        .join(Person, Person.id == Vaktfeed.person_id)
        .where(Vaktfeed.token_hash == hash_token(token), Vaktfeed.trukket.is_(None), Person.aktiv)
    ).one_or_none()
    if funnet is None:
        raise IkkeFunnet()
    naa = now()
    with paa_spraak(funnet.spraak or "nb"):
        egne = db.session.scalars(
            sa.select(Vakt)
            .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
            .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
            .where(
                Vakt.person_id == funnet.person_id,
                Vakt.avlyst.is_(None),
                Vakt.fra > naa - _TILBAKE,
                Vakt.fra < naa + _FRAM,
                medlemskap_gyldig(naa),
            )
            .options(joinedload(Vakt.vaktplan).joinedload(Vaktplan.organisasjon))
            .order_by(Vakt.fra)
        ).all()
        teller_ikke = bortfall(egne)
        vakter = [
            som_utvakt(v, _sammendrag(v, teller_ikke.get(v.id, ())), v.vaktplan.organisasjon.navn)
            for v in egne
        ]
        navn = _("Mine vakter")
    if funnet.sist_hentet is None or funnet.sist_hentet < naa - _SJELDEN:
        noter_hentet(funnet.id)
    return som_kalender(navn, vakter)


def _sammendrag(vakt: Vakt, teller_ikke: Iterable[Bortfall]) -> str:
    """«Vakthavende Geriatri, Finnmarkssykehuset», with why it does not count before it."""
    plan = vakt.vaktplan
    hva = f"{nivaaord(vakt.nivaa)} {ALLE_OMRAADER[plan.fagomraade]}, {plan.organisasjon.kortnavn}"
    return " – ".join([*(d.tekst for d in teller_ikke), hva])


@transactional
def noter_hentet(feed_id: UUID) -> None:
    """That the address was read, so that its owner sees that it is in use."""
    feed = db.session.get(Vaktfeed, feed_id)
    if feed is not None:
        feed.sist_hentet = now()
