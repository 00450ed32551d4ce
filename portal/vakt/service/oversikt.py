"""What the pages of the rosters show: who is on call now, a shift with its history, a plan with its rotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import KAN_SVARE, Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Medlemskap, Person
from portal.vakt import access, steps
from portal.vakt.access import Handling
from portal.vakt.bevis import Klarhet, beviste_personer
from portal.vakt.erstatning import FOR_HAAND
from portal.vakt.models import (
    Byttetilstand,
    Nivaa,
    Rotasjon,
    Rotasjonsdeltaker,
    Vakt,
    Vaktbytte,
    Vaktkilde,
    Vaktplan,
    Vakttelefon,
)
from portal.vakt.service.gyldighet import bortfall
from portal.vakt.service.klarhet import hent_klarhet
from portal.vakt.service.vakter import mine_vakter, tatt_fra
from portal.vakt.skriving import SAMTIDIG
from portal.vakt.steps import Paavakt


@dataclass(frozen=True, slots=True)
class Nivaarad:
    """A level of a plan now: who has it, and its telephone."""

    nivaa: str
    paa_vakt: Paavakt | None
    telefon: Vakttelefon | None
    #: The actor may have it, and takes it with one press.
    kan_ta: bool
    #: Whoever has it has shown to be reachable; None where nobody has it.
    klar: bool | None
    #: From whom the actor has just taken it, and may give it back to; "" for nobody.
    tatt_fra: str = ""


@dataclass(frozen=True, slots=True)
class Planrad:
    plan: Vaktplan
    nivaaer: list[Nivaarad]


def hent_planer(
    aktor: Aktor, organisasjon: UUID | None = None, fagomraade: str | None = None
) -> list[Planrad]:
    """The plans of the actor's organisation that are kept, each with who is on call now; one fagområde's, if named.

    Raises IkkeTilgang; and IkkeFunnet where another organisation than the actor's own is named.
    """
    if organisasjon is not None:
        access.krev_se(aktor, organisasjon)
    sporring = access.synlige_planer(aktor).where(Vaktplan.avsluttet.is_(None))
    if organisasjon is not None:
        sporring = sporring.where(Vaktplan.organisasjon_id == organisasjon)
    if fagomraade is not None:
        sporring = sporring.where(Vaktplan.fagomraade == fagomraade)
    planer = db.session.scalars(
        sporring.options(joinedload(Vaktplan.organisasjon)).order_by(Vaktplan.fagomraade)
    ).all()
    brukt: dict[UUID, set[str]] = {}
    for plan_id, nivaa in db.session.execute(
        sa.select(Vakt.vaktplan_id, Vakt.nivaa)
        .where(
            Vakt.vaktplan_id.in_([p.id for p in planer]),
            Vakt.avlyst.is_(None),
            Vakt.fra > now() - steps.LENGSTE_VAKT,
        )
        .distinct()
    ):
        brukt.setdefault(plan_id, set()).add(nivaa)
    klarhet = hent_klarhet([p.id for p in planer])
    paa = steps.paa_vakt_hos({p.organisasjon_id for p in planer})
    # Fetched at once: what each was taken from, is asked of those just taken alone.
    ider = [p.vakt_id for nivaaer in paa.values() for p in nivaaer.values()]
    vakter = {v.id: v for v in db.session.scalars(sa.select(Vakt).where(Vakt.id.in_(ider)))}
    return [
        _planrad(
            aktor,
            plan,
            brukt.get(plan.id, set()),
            klarhet,
            paa.get((plan.organisasjon_id, plan.fagomraade), {}),
            vakter,
        )
        for plan in planer
    ]


def _planrad(
    aktor: Aktor,
    plan: Vaktplan,
    brukt: set[str],
    klarhet: dict[UUID, Klarhet],
    naa: Mapping[str, Paavakt],
    vakter: Mapping[UUID, Vakt],
) -> Planrad:
    telefoner = {t.nivaa: t for t in plan.telefoner}
    nivaaer = [n for n in Nivaa if n == Nivaa.VAKTHAVENDE or n in brukt or n in telefoner or n in naa]
    return Planrad(
        plan,
        [
            Nivaarad(
                str(n),
                naa.get(n),
                telefoner.get(n),
                kan_ta=_kan_ha(aktor, plan, n) and _andres(aktor, naa.get(n)),
                klar=klarhet.get(naa[n].vakt_id) == Klarhet.KLAR if n in naa else None,
                tatt_fra="" if _andres(aktor, naa.get(n)) else _tatt_fra(vakter[naa[n].vakt_id]),
            )
            for n in nivaaer
        ],
    )


def maa_bevises(aktor: Aktor) -> bool:
    """Whether the actor is on call now or within a day without a channel that wakes and was proven lately."""
    if aktor.person_id is None or aktor.person_id in beviste_personer({aktor.person_id}, now()):
        return False
    vakter = mine_vakter(aktor, now(), now() + timedelta(days=1))
    uten = bortfall(vakter)
    return any(not (v.id in uten and uten[v.id][0].hele) for v in vakter)


def _kan_ha(aktor: Aktor, plan: Vaktplan, nivaa: Nivaa) -> bool:
    """As `steps.rett_til_vakt` judges shifts, of the actor's own role: for showing a button, never for allowing."""
    if nivaa == Nivaa.VAKTLEDER and aktor.rolle == Rolle.VAKTLEDER:
        return True
    return aktor.rolle in KAN_SVARE and plan.fagomraade in aktor.fagomraader


def _tatt_fra(vakt: Vakt) -> str:
    former = tatt_fra(vakt, now())
    return former.person.navn if former is not None else ""


def kan_gis_tilbake(aktor: Aktor, vakter: Sequence[Vakt]) -> dict[UUID, str]:
    """Of the actor's own shifts those just taken, and from whom: they may be given back, as on the front page.

    One at another organisation than the role is at is not opened from here, and cannot be given back either.
    """
    return {
        v.id: navn
        for v in vakter
        if v.person_id == aktor.person_id
        and v.vaktplan.avsluttet is None
        and access.kan(aktor, Handling.SE, v.vaktplan.organisasjon_id)
        and (navn := _tatt_fra(v))
    }


def _andres(aktor: Aktor, vakt: Paavakt | None) -> bool:
    return vakt is None or vakt.person_id != aktor.person_id


# --- a shift ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endring:
    """A shift that gave way to others: whose it was, and when and by whom it was changed."""

    vakt: Vakt
    av: str


@dataclass(frozen=True, slots=True)
class Vaktside:
    vakt: Vakt
    plan: Vaktplan
    lagt_av: str
    #: What holds now in the time of a shift that has been called off, and who called it off.
    naa: Sequence[Vakt]
    avlyst_av: str
    tidligere: list[Endring]
    bytte: Vaktbytte | None
    kan_redigere: bool
    er_min: bool
    over: bool
    #: It holds, and runs now.
    loeper: bool


def hent_vaktside(aktor: Aktor, vakt_id: UUID) -> Vaktside:
    """A shift with its history. Raises IkkeFunnet."""
    vakt = access.hent_vakt(aktor, Handling.SE, vakt_id)
    plan = vakt.vaktplan
    nabo = (
        sa.select(Vakt)
        .where(
            Vakt.vaktplan_id == plan.id,
            Vakt.nivaa == vakt.nivaa,
            Vakt.id != vakt.id,
            Vakt.fra < vakt.til,
            Vakt.fra > vakt.fra - steps.LENGSTE_VAKT,
            Vakt.til > vakt.fra,
        )
        .options(joinedload(Vakt.person))
    )
    naa = (
        db.session.scalars(nabo.where(Vakt.avlyst.is_(None)).order_by(Vakt.fra)).all() if vakt.avlyst else []
    )
    foer = db.session.scalars(
        nabo.where(Vakt.avlyst.is_not(None), Vakt.opprettet <= vakt.opprettet)
        .order_by(Vakt.avlyst.desc(), Vakt.fra)
        .limit(20)
    ).all()
    navn = _navn({v.opprettet_av_id for v in (vakt, *naa)})
    avlyst = _avlyst_av([vakt, *foer])
    return Vaktside(
        vakt,
        plan,
        lagt_av=navn.get(vakt.opprettet_av_id, ""),
        naa=naa,
        avlyst_av=avlyst.get(vakt.id, ""),
        tidligere=[Endring(v, avlyst.get(v.id, "")) for v in foer],
        bytte=_bytte(vakt),
        kan_redigere=access.kan_redigere(aktor, plan.organisasjon_id) and plan.avsluttet is None,
        er_min=aktor.person_id is not None and vakt.person_id == aktor.person_id,
        over=vakt.til <= now(),
        loeper=vakt.avlyst is None and vakt.fra <= now() < vakt.til,
    )


def _navn(ider: set[UUID | None]) -> dict[UUID | None, str]:
    rader = db.session.execute(sa.select(Person.id, Person.navn).where(Person.id.in_([i for i in ider if i])))
    return {r.id: r.navn for r in rader}


def _avlyst_av(vakter: Sequence[Vakt]) -> dict[UUID, str]:
    """Who changed each: whoever made the shift that took its place at that moment. Nobody of one only called off."""
    ut: dict[UUID, str] = {}
    for v in vakter:
        if v.avlyst is None:
            continue
        # In one transaction: what is left of the former is written first, the new one last.
        ut[v.id] = (
            db.session.scalar(
                sa.select(Person.navn)
                .join(Vakt, Vakt.opprettet_av_id == Person.id)
                .where(
                    Vakt.vaktplan_id == v.vaktplan_id,
                    Vakt.nivaa == v.nivaa,
                    Vakt.fra < v.til,
                    Vakt.til > v.fra,
                    Vakt.kilde.in_([*FOR_HAAND, Vaktkilde.IMPORT]),
                    Vakt.opprettet >= v.avlyst,
                    Vakt.opprettet < v.avlyst + SAMTIDIG,
                )
                .order_by(Vakt.opprettet.desc())
                .limit(1)
            )
            or ""
        )
    return ut


def _bytte(vakt: Vakt) -> Vaktbytte | None:
    return db.session.scalars(
        sa.select(Vaktbytte)
        .where(
            sa.or_(Vaktbytte.vakt_id == vakt.id, Vaktbytte.motvakt_id == vakt.id),
            Vaktbytte.tilstand == Byttetilstand.VENTER,
        )
        .options(joinedload(Vaktbytte.til_medlemskap), joinedload(Vaktbytte.fra_medlemskap))
        .limit(1)
    ).first()


# --- a plan's set-up -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Oppsett:
    plan: Vaktplan
    telefoner: dict[str, Vakttelefon]
    rotasjoner: Sequence[Rotasjon]


def hent_oppsett(aktor: Aktor, plan_id: UUID) -> Oppsett:
    """A plan's telephones and rotations, for those who keep it. Raises IkkeFunnet or IkkeTilgang."""
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id)
    rotasjoner = db.session.scalars(
        sa.select(Rotasjon)
        .where(Rotasjon.vaktplan_id == plan.id)
        .options(joinedload(Rotasjon.deltakere).joinedload(Rotasjonsdeltaker.medlemskap))
        .order_by(Rotasjon.avsluttet.is_not(None), Rotasjon.nivaa, Rotasjon.gjelder_fra)
    )
    return Oppsett(plan, {t.nivaa: t for t in plan.telefoner}, rotasjoner.unique().all())


def navn_paa(medlemskap: Sequence[UUID]) -> dict[UUID, str]:
    """The names of memberships' people, for lists that hold their ids alone."""
    rader = db.session.execute(
        sa.select(Medlemskap.id, Person.navn)
        .join(Person, Person.id == Medlemskap.person_id)
        .where(Medlemskap.id.in_(list(medlemskap)))
    )
    return {r.id: r.navn for r in rader}
