"""Told in good time: a gap in a roster to those who keep it, and a shift to the one who has it.

A gap is told 14, 7 and 2 days before it begins, to the organisation's coordinators (its vaktledere where there is
none, its administrators where there is neither): one notice a plan and day, from seven in the morning, with all that
is new in it. A gap that comes up later than that is told at the next round; one that begins within a day, at any hour.
What was told of a gap is forgotten when it is filled: the same gap again is told again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.clock import now, oslo
from portal.core.db import db, insert_for, transactional
from portal.core.sprak import paa_spraak
from portal.identitet.models import Medlemskap, Person
from portal.vakt import brev
from portal.vakt.bevis import beviste_personer, beviste_telefoner
from portal.vakt.models import Hullvarsel, Vakt, Vaktplan
from portal.vakt.service.dekning import finn_dekning
from portal.vakt.service.klarhet import VALGSIDE, Vaktstart, samle
from portal.vakt.skriving import PAAMINNES, planansvarlige, vaktstart
from portal.vakt.steps import LENGSTE_VAKT, er_borte, kan_ha_vakt
from portal.varsler.models import Varsel
from portal.varsler.steps import Mottaker, varsle

#: Days before a gap.
AVSTANDER = (14, 7, 2)
#: Oslo's clock: from then on a day's gaps are told.
MORGEN = 7
#: A gap that begins within this is told at any hour.
STRAKS = timedelta(days=1)
#: How far back the beginning of a gap is looked for. One that began before is known by what was told of it first, or
#: by its plan.
_TILBAKE = timedelta(days=14)
_FRAM = timedelta(days=AVSTANDER[0] + 2)
KODE_HULL, KODE_VAKT = "vakt.hull", "vakt.snart"

#: Before a shift.
FOERST, SIST = PAAMINNES, timedelta(hours=1)


# --- gaps ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hull:
    """A gap that runs or comes. `noekkel` is its beginning as it is remembered."""

    plan: Vaktplan
    nivaa: str
    fra: datetime
    til: datetime
    noekkel: datetime
    #: Which of the warnings it has come to; None: none yet.
    dager: int | None
    #: It ends within what was looked at.
    slutter: bool


def varsle_hull() -> int:
    """Job: tells of gaps that have come within 14, 7 or 2 days. Gives how many gaps were told of."""
    hull, minne = _finn_hull(_planer())
    beroert = {h.plan.id for h in _usagte_hull(hull, minne)} | {m.vaktplan_id for m in _fylte(hull, minne)}
    return _varsle_hull(beroert) if beroert else 0


def _planer(ider: Collection[UUID] | None = None) -> list[Vaktplan]:
    sporring = sa.select(Vaktplan).where(Vaktplan.avsluttet.is_(None)).order_by(Vaktplan.id)
    if ider is not None:
        sporring = sporring.where(Vaktplan.id.in_(ider))
    return list(db.session.scalars(sporring))


def _finn_hull(planer: list[Vaktplan]) -> tuple[list[Hull], list[Hullvarsel]]:
    """The gaps of these plans, and what has been told of them, in the order of their beginnings."""
    naa = now()
    fra, til = naa - _TILBAKE, naa + _FRAM
    minne = list(
        db.session.scalars(
            sa.select(Hullvarsel)
            .where(Hullvarsel.vaktplan_id.in_([p.id for p in planer]))
            .order_by(Hullvarsel.fra, Hullvarsel.id)
        )
    )
    foer = {(m.vaktplan_id, m.nivaa): m.fra for m in minne if m.fra <= fra}
    hull = [
        Hull(
            p.plan,
            h.nivaa,
            h.fra,
            h.til,
            noekkel=h.fra if h.fra > fra else foer.get((p.plan.id, h.nivaa), p.plan.opprettet),
            dager=_avstand(h.fra, naa),
            slutter=h.til < til,
        )
        for p in finn_dekning(planer, fra, til)
        for h in p.hull
        if h.til > naa
    ]
    return hull, minne


def _avstand(fra: datetime, naa: datetime) -> int | None:
    """Which of the warnings a gap has come to; None: too early for any, or too early in the day."""
    om = (oslo(fra).date() - oslo(naa).date()).days
    passert = [a for a in AVSTANDER if om <= a]
    if not passert or (fra > naa + STRAKS and oslo(naa).hour < MORGEN):
        return None
    return min(passert)


def _usagte_hull(hull: list[Hull], minne: list[Hullvarsel]) -> list[Hull]:
    """Those that have come to a warning, and have not been told of at this distance."""
    sagt = {(m.vaktplan_id, m.nivaa, m.fra, m.dager) for m in minne}
    return [h for h in hull if h.dager is not None and (h.plan.id, h.nivaa, h.noekkel, h.dager) not in sagt]


def _fylte(hull: list[Hull], minne: list[Hullvarsel]) -> list[Hullvarsel]:
    """What was told of gaps that are no more: filled, begun elsewhere, or over."""
    staar = {(h.plan.id, h.nivaa, h.noekkel) for h in hull}
    return [m for m in minne if (m.vaktplan_id, m.nivaa, m.fra) not in staar]


@transactional
def _varsle_hull(plan_ids: Collection[UUID]) -> int:
    """Looks again inside the transaction: what has been filled meanwhile is not told of."""
    per_plan: dict[UUID, list[Hull]] = defaultdict(list)
    alle, minne = _finn_hull(_planer(plan_ids))
    db.session.execute(sa.delete(Hullvarsel).where(Hullvarsel.id.in_([m.id for m in _fylte(alle, minne)])))
    for hull in _usagte_hull(alle, minne):
        per_plan[hull.plan.id].append(hull)
    antall = 0
    for dens in per_plan.values():
        plan = dens[0].plan
        mottakere = planansvarlige(plan.organisasjon_id)
        # Nobody to tell: nothing is remembered, so that it is told as soon as there is somebody.
        nye = [h for h in dens if _husk(h)] if mottakere else []
        for til in mottakere if nye else ():
            _si_fra(til, plan, nye)
        antall += len(nye)
    return antall


def _husk(hull: Hull) -> bool:
    """Whether it is new: another worker, or an earlier round, may have told of it."""
    return (
        db.session.execute(
            insert_for(Hullvarsel, db.session.get_bind().dialect.name)
            .on_conflict_do_nothing(index_elements=["vaktplan_id", "nivaa", "fra", "dager"])
            .returning(Hullvarsel.id),
            {
                "id": uuid4(),
                "vaktplan_id": hull.plan.id,
                "nivaa": hull.nivaa,
                "fra": hull.noekkel,
                "dager": hull.dager,
                "varslet": now(),
            },
        ).scalar_one_or_none()
        is not None
    )


def _si_fra(til: Mottaker, plan: Vaktplan, hull: list[Hull]) -> None:
    naa = now()
    # With the moment: a gap that was filled and has opened again is told again. What keeps it from being told twice is
    # what is remembered of it (`_husk`).
    deler = [naa.isoformat(), *(f"{h.nivaa}:{h.noekkel}:{h.dager}" for h in hull)]
    merke = sha256("|".join(deler).encode()).hexdigest()[:16]
    with paa_spraak(til.spraak):
        varsle(
            til,
            noekkel=f"{KODE_HULL}:{plan.id}:{merke}:{til.person_id}",
            kode=KODE_HULL,
            tittel=brev.hull_tittel(plan.fagomraade, hull[0].fra, naa),
            tekst=brev.linjer(brev.hull_linje(h.nivaa, max(h.fra, naa), h.til, h.slutter) for h in hull),
            lenke=f"/vakt/dekning/{plan.id}",
            hastegrad="haster" if hull[0].dager == min(AVSTANDER) else "vanlig",
            gjelder=f"vaktplan:{plan.id}",
        )


# --- shifts ----------------------------------------------------------------------------------------------


def varsle_vakter() -> int:
    """Job: tells people of their shifts, a day and an hour ahead. Gives how many notices were made.

    One notice each time somebody goes on call, also when it is for many rosters. A shift that goes on where the
    person's former one ends is not told of, nor one that the person put in less than a day ahead, until the last hour.
    """
    naa = now()
    return _varsle_vakter() if _usagte(_kommende(naa), naa) else 0


@transactional
def _varsle_vakter() -> int:
    """Reads the shifts again inside the transaction: one that has changed hands is not told to the former."""
    naa = now()
    nye = _usagte(_kommende(naa), naa)
    snart = [v for s in nye if _snart(s, naa) for v in s.vakter]
    beviste = beviste_personer({v.person_id for v in snart}, naa) if snart else set()
    telefoner = beviste_telefoner({v.vaktplan_id for v in snart}, naa) if snart else set()
    antall = 0
    for s in nye:
        klar = s.til.person_id in beviste or all((v.vaktplan_id, v.nivaa) in telefoner for v in s.vakter)
        with paa_spraak(s.til.spraak):
            slutt = brev.vakt_tekst(max(v.til for v in s.vakter), snart=_snart(s, naa), klar=klar)
            flere = [brev.sted(v.nivaa, v.fagomraade) for v in s.vakter] if len(s.vakter) > 1 else []
            laget = varsle(
                s.til,
                noekkel=_noekkel(s, naa),
                kode=KODE_VAKT,
                tittel=brev.vakt_tittel([(v.nivaa, v.fagomraade) for v in s.vakter], s.fra),
                tekst=brev.linjer([slutt, *flere]),
                lenke=VALGSIDE if _snart(s, naa) and not klar else "/vakt",
                hastegrad="vanlig",
                gjelder=vaktstart(s.til.person_id, s.fra),
            )
        antall += laget is not None
    return antall


def _snart(s: Vaktstart, naa: datetime) -> bool:
    return s.fra <= naa + SIST


def _noekkel(s: Vaktstart, naa: datetime) -> str:
    return f"{KODE_VAKT}:{s.noekkel}:{1 if _snart(s, naa) else 24}"


def _kommende(naa: datetime) -> list[Vaktstart]:
    """The shifts that begin within a day, of people who will have them then, by person and moment."""
    forrige = aliased(Vakt)
    fortsetter = sa.exists().where(
        forrige.vaktplan_id == Vakt.vaktplan_id,
        forrige.nivaa == Vakt.nivaa,
        forrige.fra < Vakt.fra,
        forrige.fra > naa - LENGSTE_VAKT,
        forrige.til == Vakt.fra,
        forrige.person_id == Vakt.person_id,
        forrige.avlyst.is_(None),
    )
    rader: Iterable[Any] = db.session.execute(
        sa.select(
            Vakt.id,
            Vakt.vaktplan_id,
            Vakt.nivaa,
            Vakt.fra,
            Vakt.til,
            Vakt.opprettet,
            Vakt.opprettet_av_id,
            Vaktplan.fagomraade,
            Vaktplan.organisasjon_id,
            Person.id.label("person_id"),
            Person.navn,
            Person.epost,
            Person.spraak,
        )
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .where(
            Vaktplan.avsluttet.is_(None),
            Vakt.avlyst.is_(None),
            Vakt.fra > naa,
            Vakt.fra <= naa + FOERST,
            kan_ha_vakt(Vakt.fra),
            ~er_borte(Vakt.fra.expression),
            ~fortsetter,
        )
        .order_by(Vakt.id)
    )
    return samle(v for v in rader if v.fra <= naa + SIST or not _lagt_inn_selv(v))


def _lagt_inn_selv(v: Any) -> bool:
    """Made by its own person, less than a day ahead."""
    return bool(v.opprettet_av_id == v.person_id and v.opprettet > v.fra - FOERST)


def _usagte(start: list[Vaktstart], naa: datetime) -> list[Vaktstart]:
    """Those that have not been told of yet."""
    noekler = {_noekkel(s, naa): s for s in start}
    if not noekler:
        return []
    sagt = set(db.session.scalars(sa.select(Varsel.noekkel).where(Varsel.noekkel.in_(list(noekler)))))
    return [s for noekkel, s in noekler.items() if noekkel not in sagt]
