"""Absence: who is away from an organisation's rosters, and which shifts somebody else must cover. Never why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.core.aktor import KAN_SVARE, Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeTilgang, Konflikt, UgyldigData
from portal.core.sprak import _, _l, paa_spraak
from portal.identitet.access import ikke_slutt
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import med_rolle
from portal.revisjon.steps import logg
from portal.vakt import access, brev, skriving, steps
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.vakt.tidsord import tidsrom
from portal.varsler.steps import Mottaker, stopp, varsle

LENGST = timedelta(days=2 * 366)
#: A hole that begins within this is also the vaktleder's to fill.
SNART = timedelta(days=3)
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
    coordinator is told of them; of what begins soon the vaktleder too. Raises UgyldigData, or Konflikt where it runs
    into an absence that is there.
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
        _si_fra(aktor, fravaer, person.navn, vakter)
    if not egen:
        _fortell_personen(aktor, fravaer, _l("Du er meldt borte fra vaktene dine"), "registrert")
    return fravaer.id


class _Hull(NamedTuple):
    """What of a shift nobody has: the part that lies in the absence, and is not over."""

    vakt: Vakt
    fra: datetime
    til: datetime


def _si_fra(aktor: Aktor, fravaer: Fravaer, navn: str, vakter: Sequence[Vakt]) -> None:
    """Tells those who keep the rosters; of holes that begin soon also who leads the shift, since days are few.

    A vaktleder who does not keep the rosters is told of the holes alone: that a colleague is away is theirs to tell.
    """
    sted, naa = fravaer.organisasjon_id, now()
    hull = [_Hull(v, max(v.fra, fravaer.fra, naa), min(v.til, fravaer.til)) for v in vakter]
    snart = [h for h in hull if h.fra <= naa + SNART]
    foerer = skriving.planansvarlige(sted)
    faar: dict[UUID, tuple[Mottaker, list[_Hull], bool]] = {m.person_id: (m, hull, True) for m in foerer}
    foererne = {m.person_id for m in med_rolle(sted, access.REDIGERER)}
    for plan in {h.vakt.vaktplan_id: h.vakt.vaktplan for h in snart}.values():
        deres = [h for h in snart if h.vakt.vaktplan_id == plan.id]
        for m in _vaktledere(plan, {fravaer.person_id}):
            _m, har, _foerer = faar.setdefault(m.person_id, (m, [], m.person_id in foererne))
            har += [h for h in deres if h not in har]
    for person_id, (til, deres, foerer_plan) in sorted(faar.items()):
        if person_id == aktor.person_id:
            continue
        with paa_spraak(til.spraak):
            varsle(
                til,
                noekkel=f"vakt.fravaer:{fravaer.id}:{person_id}",
                kode="vakt.ubemannet",
                gjelder=skriving.om_fravaeret(fravaer.id),
                tittel=_("Vakter må dekkes: %(navn)s er borte", navn=navn)
                if foerer_plan
                else brev.hull_tittel(deres[0].vakt.vaktplan.fagomraade, deres[0].fra, naa),
                tekst=brev.linjer(
                    brev.ubemannet_linje(h.vakt.nivaa, h.vakt.vaktplan.fagomraade, h.fra, h.til)
                    for h in deres
                ),
                lenke=skriving.FRAVAER if foerer_plan else f"/vakt/dekning/{deres[0].vakt.vaktplan_id}",
                hastegrad="haster" if any(h in snart for h in deres) else "vanlig",
            )


def _vaktledere(plan: Vaktplan, uten: Collection[UUID]) -> list[Mottaker]:
    """Who leads a plan's shift now; where nobody does, or only who is away, everybody with that role."""
    naa = steps.paa_vakt(plan.organisasjon_id, plan.fagomraade).get(Nivaa.VAKTLEDER)
    if naa is not None and naa.person_id not in uten:
        return [naa.mottaker]
    return [m for m in med_rolle(plan.organisasjon_id, [Rolle.VAKTLEDER]) if m.person_id not in uten]


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
