"""Absence: who is away from an organisation's rosters, and which shifts somebody else must cover. Never why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.core.aktor import KAN_SVARE, Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeTilgang, Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet.access import ikke_slutt
from portal.identitet.models import Medlemskap, Person
from portal.revisjon.steps import logg
from portal.vakt import access, skriving
from portal.vakt.models import Fravaer, Vakt, Vaktplan
from portal.vakt.turnus import tidsrom
from portal.varsler.steps import stopp

LENGST = timedelta(days=2 * 366)
PR_SIDE = 50
_KAN_HA = (*KAN_SVARE, Rolle.VAKTLEDER)


@dataclass(frozen=True, slots=True)
class Fravaersrad:
    """An absence that is running or to come, with the shifts that must be covered."""

    fravaer: Fravaer
    navn: str
    vakter: Sequence[Vakt]


@dataclass(frozen=True, slots=True)
class Fravaersside:
    """A page of them, the first to begin first. `antall`: how many there are in all."""

    rader: list[Fravaersrad]
    side: int
    sider: int
    antall: int


@transactional
def registrer(
    aktor: Aktor, person_id: UUID, fra: datetime, til: datetime, *, organisasjon_id: UUID | None = None
) -> UUID:
    """Writes that a person is away [fra, til) from the rosters of an organisation, the actor's own if none is named.

    Oneself, or whoever keeps the rosters for others. The shifts in it count as empty from now on, and the
    coordinator is told of them. Raises UgyldigData, or Konflikt where it runs into an absence that is there.
    """
    sted = organisasjon_id or aktor.organisasjon_id
    if sted is None or aktor.person_id is None:
        raise IkkeTilgang()
    egen = person_id == aktor.person_id
    if egen:
        access.krev_se(aktor, sted)
    else:
        access.krev_rediger(aktor, sted)
    _krev_tid(fra, til)
    # Two absences of one person at the same moment wait for each other, and nobody else for them: a row that refers to
    # the person takes a share of this lock, and two who tell each other would wait in a ring.
    person = db.session.get(Person, person_id, with_for_update={"key_share": True})
    har_rolle = db.session.scalar(
        sa.select(
            sa.exists().where(
                Medlemskap.person_id == person_id,
                Medlemskap.organisasjon_id == sted,
                Medlemskap.rolle.in_(_KAN_HA),
                ikke_slutt(),
            )
        )
    )
    if person is None or not har_rolle:
        raise UgyldigData(felter={"person_id": [_("Velg en som kan ha vakt i organisasjonen.")]})
    if annet := skriving.fravaer_i(person_id, sted, fra, til):
        raise Konflikt(
            _(
                "%(navn)s er alt meldt borte %(tid)s. Avlys det først, eller velg et annet tidsrom.",
                navn=person.navn,
                tid=tidsrom(annet.fra, annet.til),
            ),
            kode="overlapper",
        )
    fravaer = Fravaer(
        id=uuid4(),
        organisasjon_id=sted,
        person_id=person_id,
        fra=fra,
        til=til,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )
    db.session.add(fravaer)
    logg(aktor, "vakt.fravaer_registrert", "fravaer", fravaer.id, person=person_id, fra=fra, til=til)
    meld("vakt.fravaer", organisasjon_id=sted, person_id=person_id)
    vakter = _vakter_i(fravaer)
    if vakter:
        skriving.si_fra_til_koordinator(
            sted,
            uten=aktor.person_id,
            noekkel=f"vakt.fravaer:{fravaer.id}",
            kode="vakt.ubemannet",
            gjelder=skriving.om_fravaeret(fravaer.id),
            tittel=_l("Vakter må dekkes: %(navn)s er borte", navn=person.navn),
            tekst=_l(
                "%(antall)s vakter i tidsrommet %(tid)s. Den første er %(foerste)s.",
                antall=len(vakter),
                tid=tidsrom(fra, til),
                foerste=tidsrom(vakter[0].fra, vakter[0].til),
            ),
            lenke=skriving.FRAVAER,
        )
    if not egen:
        _fortell_personen(aktor, fravaer, _l("Du er meldt borte fra vaktene dine"), "registrert")
    return fravaer.id


@transactional
def avlys(aktor: Aktor, fravaer_id: UUID) -> None:
    """The person is not away after all: the shifts that still stand count again. Of a running one, from now on.

    Raises Konflikt when it is over or called off already.
    """
    fravaer = access.hent_fravaer(aktor, fravaer_id)
    db.session.refresh(fravaer, ["til", "avlyst"], with_for_update=True)
    naa = now()
    if fravaer.avlyst is not None or fravaer.til <= naa:
        raise Konflikt(_("Fraværet er over, eller alt avlyst."), kode="over")
    if fravaer.fra < naa:
        # What has been is history: the shifts in it were empty.
        fravaer.til = naa
    else:
        fravaer.avlyst = naa
    stopp(skriving.om_fravaeret(fravaer.id))
    logg(aktor, "vakt.fravaer_avlyst", "fravaer", fravaer.id, person=fravaer.person_id)
    meld("vakt.fravaer", organisasjon_id=fravaer.organisasjon_id, person_id=fravaer.person_id)
    if fravaer.person_id != aktor.person_id:
        _fortell_personen(aktor, fravaer, _l("Fraværet ditt er avlyst"), "avlyst")


def _krev_tid(fra: datetime, til: datetime) -> None:
    if til <= fra:
        feil = {"til": [_("Fraværet må slutte etter at det begynner.")]}
    elif til <= now():
        feil = {"til": [_("Dette er alt over. Meld fravær som varer nå, eller som kommer.")]}
    elif til > now() + LENGST:
        feil = {"til": [_("Dette er mer enn to år fram. Se over årstallet.")]}
    else:
        return
    raise UgyldigData(felter=feil)


def _fortell_personen(aktor: Aktor, fravaer: Fravaer, tittel: object, hva: str) -> None:
    medlemskap_id = db.session.scalar(
        sa.select(Medlemskap.id)
        .where(
            Medlemskap.person_id == fravaer.person_id,
            Medlemskap.organisasjon_id == fravaer.organisasjon_id,
            ikke_slutt(),
        )
        .order_by(Medlemskap.gyldig_fra)
        .limit(1)
    )
    if medlemskap_id is not None:
        skriving.fortell(
            medlemskap_id,
            noekkel=f"vakt.fravaer:{fravaer.id}:{hva}",
            kode="vakt.endret",
            gjelder=skriving.om_fravaeret(fravaer.id),
            tittel=tittel,
            tekst=_l("%(tid)s. Endret av %(navn)s.", tid=tidsrom(fravaer.fra, fravaer.til), navn=aktor.navn),
            lenke=skriving.FRAVAER,
        )


# --- reading ---------------------------------------------------------------------------------------------


def hent_fravaer(aktor: Aktor, organisasjon_id: UUID | None = None, *, side: int = 1) -> Fravaersside:
    """The absences that are not over, with the shifts to be covered: one's own; all, for who keeps the rosters.

    A page past the last is the last: what stood on it may have been called off meanwhile.
    """
    sted = organisasjon_id or aktor.organisasjon_id
    if sted is None:
        raise IkkeTilgang()
    access.krev_se(aktor, sted)
    vis = [Fravaer.organisasjon_id == sted, Fravaer.avlyst.is_(None), Fravaer.til > now()]
    if not access.kan_redigere(aktor, sted):
        vis.append(Fravaer.person_id == aktor.person_id)
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(Fravaer).where(*vis)) or 0
    sider = max(1, -(-antall // PR_SIDE))
    side = min(side, sider)
    rader = db.session.scalars(
        sa.select(Fravaer)
        .where(*vis)
        .options(joinedload(Fravaer.person))
        .order_by(Fravaer.fra, Fravaer.id)
        .limit(PR_SIDE)
        .offset((side - 1) * PR_SIDE)
    ).all()
    vakter = _vakter_i_alle([f.id for f in rader])
    return Fravaersside(
        [Fravaersrad(f, f.person.navn, vakter.get(f.id, [])) for f in rader], side, sider, antall
    )


def mulige_folk(aktor: Aktor) -> list[tuple[UUID, str]]:
    """Whose absence the actor may write: (person, name), by name. Only oneself for who does not keep the rosters."""
    sted = aktor.organisasjon_id
    if sted is None:
        return []
    access.krev_se(aktor, sted)
    sporring = (
        sa.select(Person.id, Person.navn)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(Medlemskap.organisasjon_id == sted, Medlemskap.rolle.in_(_KAN_HA), ikke_slutt(), Person.aktiv)
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    if not access.kan_redigere(aktor, sted):
        sporring = sporring.where(Person.id == aktor.person_id)
    return [(r.id, r.navn) for r in db.session.execute(sporring)]


def _vakter_i(fravaer: Fravaer) -> list[Vakt]:
    """The shifts of an absence that are left to be covered, in order."""
    naa = max(fravaer.fra, now())
    if naa >= fravaer.til:
        return []
    return list(
        db.session.scalars(
            sa.select(Vakt)
            .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
            .where(
                Vakt.person_id == fravaer.person_id,
                Vaktplan.organisasjon_id == fravaer.organisasjon_id,
                skriving.i_tidsrommet(naa, fravaer.til),
            )
            .options(joinedload(Vakt.vaktplan))
            .order_by(Vakt.fra)
        )
    )


def _vakter_i_alle(fravaer: Sequence[UUID]) -> dict[UUID, list[Vakt]]:
    """`_vakter_i` of a page that is not over, with one statement."""
    naa = now()
    ut: dict[UUID, list[Vakt]] = {}
    for fravaer_id, vakt in db.session.execute(
        sa.select(Fravaer.id, Vakt)
        .join(Vaktplan, Vaktplan.organisasjon_id == Fravaer.organisasjon_id)
        .join(
            Vakt,
            sa.and_(
                Vakt.vaktplan_id == Vaktplan.id,
                Vakt.person_id == Fravaer.person_id,
                skriving.i_tidsrommet(naa, naa + LENGST),
                Vakt.fra < Fravaer.til,
                Vakt.til > Fravaer.fra,
            ),
        )
        .where(Fravaer.id.in_(fravaer))
        .options(contains_eager(Vakt.vaktplan))
        .order_by(Vakt.fra, Vakt.id)
    ):
        ut.setdefault(fravaer_id, []).append(vakt)
    return ut
