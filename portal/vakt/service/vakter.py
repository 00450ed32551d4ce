"""Shifts: put in, overridden, called off, taken now, and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import Konflikt, Opptatt, Utdatert
from portal.core.sprak import _
from portal.identitet.models import Medlemskap
from portal.revisjon.steps import logg
from portal.vakt import access, skriving
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa, Vakt, Vaktkilde, Vaktplan
from portal.vakt.turnus import tidsrom

#: Where nobody comes after, who takes an empty level has it for this long.
TA_HOEYST = timedelta(hours=12)
#: Who took a level is not pushed aside at once by another who pressed at the same moment.
NETTOPP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kandidat:
    """Somebody who may have a level."""

    medlemskap_id: UUID
    person_id: UUID
    navn: str
    rolle: str
    enhet: str


@transactional
def legg_inn(
    aktor: Aktor, plan_id: UUID, nivaa: str, medlemskap_id: UUID, fra: datetime, til: datetime
) -> UUID:
    """Puts in one shift where nobody has the level. The person is told.

    Raises UgyldigData, or Konflikt (`overlapper`) that says who has it and when.
    """
    plan = _hent_for_skriving(aktor, plan_id)
    nivaa = skriving.krev_nivaa(nivaa)
    skriving.krev_tid(fra, til)
    medlemskap = skriving.krev_egnet(plan, nivaa, medlemskap_id, fra, til)
    skriving.krev_ledig(plan.id, nivaa, fra, til)
    vakt = skriving.legg_til(aktor, plan, nivaa, medlemskap, fra, til, Vaktkilde.ENKELT)
    _loggfoer(aktor, "vakt.lagt_inn", vakt)
    skriving.endret(plan)
    skriving.fortell_ny(aktor, plan, vakt)
    return vakt.id


@transactional
def overstyr(
    aktor: Aktor,
    plan_id: UUID,
    nivaa: str,
    medlemskap_id: UUID,
    fra: datetime,
    til: datetime,
    *,
    versjon: int | None = None,
) -> UUID:
    """Gives [fra, til) of a level to somebody, whoever had it. Who had it, and who gets it, are told.

    What has been is not rewritten: an override that began before now begins now. What is left of a shift that is
    cut stays with its person. `versjon` is the plan's as the form was opened with: Utdatert when the roster has
    changed since, so that of two who override at once one wins and the other sees it. The same again changes nothing.
    """
    plan = _hent_for_skriving(aktor, plan_id)
    nivaa = skriving.krev_nivaa(nivaa)
    skriving.krev_tid(fra, til)
    fra = max(fra, now())
    rammet = skriving.overlappende(plan.id, nivaa, fra, til)
    if lik := next(
        (v for v in rammet if (v.medlemskap_id, v.til) == (medlemskap_id, til) and v.fra <= fra), None
    ):
        return lik.id
    if versjon is not None and plan.versjon != versjon:
        raise Utdatert(_("Vaktplanen er endret etter at du åpnet den. Se endringen, og overstyr på nytt."))
    medlemskap = skriving.krev_egnet(plan, nivaa, medlemskap_id, fra, til)
    return _erstatt(aktor, plan, nivaa, medlemskap, fra, til, rammet, Vaktkilde.OVERSTYRING).id


@transactional
def ta_naa(aktor: Aktor, plan_id: UUID, nivaa: str) -> UUID:
    """The actor takes a level now, to the end of the running shift; of an empty level to the next one, or for 12 h.

    Only who may have the level: IkkeTilgang else. Who had it is told. Of two who take it at once the second gets
    Opptatt that says who was first. Raises Konflikt (`har_vakten`, `borte`) when the actor has it already, or is away;
    who will be away later has it until then.
    """
    plan = access.hent_plan(aktor, Handling.SE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    nivaa = skriving.krev_nivaa(nivaa)
    naa = now()
    medlemskap = None
    if aktor.person_id is not None:
        # A moment is enough to ask for: it is taken for no longer than the role lasts.
        medlemskap = skriving.medlemskap_for(
            aktor.person_id, plan, nivaa, naa, naa + timedelta(minutes=1), helst=aktor.medlemskap_id
        )
    if medlemskap is None:
        access.nekt(aktor, Handling.REDIGERE, "vaktplan", plan.id, finnes=True)
    naavaerende = next(iter(skriving.overlappende(plan.id, nivaa, naa, naa + timedelta.resolution)), None)
    if naavaerende is not None:
        _krev_kan_avloeses(aktor, naavaerende, naa)
        til = naavaerende.til
    else:
        neste = skriving.overlappende(plan.id, nivaa, naa, naa + TA_HOEYST)
        til = neste[0].fra if neste else naa + TA_HOEYST
    til = min(til, medlemskap.gyldig_til or til)
    borte = skriving.fravaer_i(medlemskap.person_id, plan.organisasjon_id, naa, til)
    if borte is not None and borte.fra <= naa:
        raise Konflikt(
            _("Du er meldt borte %(tid)s. Avlys fraværet først.", tid=tidsrom(borte.fra, borte.til)),
            kode="borte",
        )
    til = min(til, borte.fra) if borte else til
    skriving.krev_egnet(plan, nivaa, medlemskap.id, naa, til)
    rammet = [naavaerende] if naavaerende else []
    return _erstatt(aktor, plan, nivaa, medlemskap, naa, til, rammet, Vaktkilde.TATT).id


def _krev_kan_avloeses(aktor: Aktor, vakt: Vakt, naa: datetime) -> None:
    if vakt.person_id == aktor.person_id:
        raise Konflikt(
            _("Du har vakten allerede, %(tid)s.", tid=tidsrom(vakt.fra, vakt.til)), kode="har_vakten"
        )
    if vakt.kilde == Vaktkilde.TATT and vakt.opprettet > naa - NETTOPP:
        raise Opptatt(
            _(
                "%(navn)s tok vakten rett før deg. Avtal med %(navn)s før du eventuelt tar den.",
                navn=vakt.person.navn,
            )
        )


def _erstatt(
    aktor: Aktor,
    plan: Vaktplan,
    nivaa: Nivaa,
    medlemskap: Medlemskap,
    fra: datetime,
    til: datetime,
    rammet: Sequence[Vakt],
    kilde: Vaktkilde,
) -> Vakt:
    """Puts a shift in the place of what it covers of others."""
    skriving.kutt(rammet, fra, til)
    vakt = skriving.legg_til(aktor, plan, nivaa, medlemskap, fra, til, kilde)
    handling = "vakt.tatt" if kilde == Vaktkilde.TATT else "vakt.overstyrt"
    _loggfoer(aktor, handling, vakt, erstatter=[str(v.id) for v in rammet])
    skriving.endret(plan)
    skriving.glem(rammet)
    for former in rammet:
        if former.person_id != medlemskap.person_id:
            skriving.fortell_mistet(aktor, plan, former, medlemskap.person.navn, fra, til)
    skriving.fortell_ny(aktor, plan, vakt)
    return vakt


@transactional
def avlys(aktor: Aktor, vakt_id: UUID) -> None:
    """Calls a shift off: nobody has the level then. Of one that runs, what has been stays. The person is told.

    Raises Konflikt when it is over, or was changed meanwhile.
    """
    plan_id = access.hent_vakt(aktor, Handling.REDIGERE, vakt_id).vaktplan_id
    plan = _hent_for_skriving(aktor, plan_id)
    vakt = access.hent_vakt(aktor, Handling.REDIGERE, vakt_id)
    db.session.refresh(vakt)
    if vakt.avlyst is not None:
        raise Konflikt(_("Vakten er alt endret. Last siden på nytt, og se hvem som har den."), kode="endret")
    naa = now()
    if vakt.til <= naa:
        raise Konflikt(_("Vakten er over, og kan ikke avlyses."), kode="over")
    skriving.avlys_fra([vakt], naa)
    _loggfoer(aktor, "vakt.avlyst", vakt)
    skriving.endret(plan)
    skriving.glem([vakt])
    skriving.fortell_mistet(aktor, plan, vakt, None, naa, vakt.til)


def _hent_for_skriving(aktor: Aktor, plan_id: UUID) -> Vaktplan:
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    return plan


def _loggfoer(aktor: Aktor, handling: str, vakt: Vakt, **mer: Any) -> None:
    logg(
        aktor,
        handling,
        "vakt",
        vakt.id,
        vaktplan_id=vakt.vaktplan_id,
        nivaa=vakt.nivaa,
        vakthavende=vakt.person_id,
        fra=vakt.fra,
        til=vakt.til,
        **mer,
    )


# --- reading ---------------------------------------------------------------------------------------------


def hent_vakter(aktor: Aktor, plan_id: UUID, fra: datetime, til: datetime) -> list[Vakt]:
    """The shifts of a plan that touch [fra, til), with their people, by level and time. Raises IkkeFunnet."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    vakter = db.session.scalars(
        sa.select(Vakt)
        # The levels are named so that the index finds each level's own, and never reads a plan's history.
        .where(Vakt.vaktplan_id == plan.id, Vakt.nivaa.in_(list(Nivaa)), skriving.i_tidsrommet(fra, til))
        .options(joinedload(Vakt.person))
    )
    rekke = list(Nivaa)
    return sorted(vakter, key=lambda v: (rekke.index(Nivaa(v.nivaa)), v.fra))


def mine_vakter(aktor: Aktor, fra: datetime, til: datetime) -> list[Vakt]:
    """The actor's own shifts that touch [fra, til), in every plan, by time."""
    if aktor.person_id is None:
        return []
    return list(
        db.session.scalars(
            sa.select(Vakt)
            .where(Vakt.person_id == aktor.person_id, skriving.i_tidsrommet(fra, til))
            .options(joinedload(Vakt.vaktplan).joinedload(Vaktplan.organisasjon), joinedload(Vakt.person))
            .order_by(Vakt.fra, Vakt.nivaa)
        )
    )


def mulige_folk(aktor: Aktor, plan_id: UUID, nivaa: str) -> list[Kandidat]:
    """Who may have a level of a plan now or later, by name. Raises IkkeFunnet."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    return [
        Kandidat(m.id, m.person_id, m.person.navn, m.rolle, m.enhet.navn if m.enhet else "")
        for m in skriving.mulige(plan, skriving.krev_nivaa(nivaa))
    ]


def advarsler(aktor: Aktor, vakt_id: UUID) -> list[str]:
    """What is allowed but should be known of a shift: its person is on call in another place at the same time."""
    return skriving.advarsler(access.hent_vakt(aktor, Handling.SE, vakt_id))
