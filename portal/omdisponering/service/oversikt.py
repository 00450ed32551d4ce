"""What waits for whom: the room's first page, the list of needs, and one need with all that is about it. Reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Enhet, Organisasjon, Organisasjonstype
from portal.omdisponering import access, behovsregler, steps, tilbudsrest
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Behovsstatus, Side, Slag, Status, Tilbudsstatus
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.regler import naar
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.omdisponering.service import tilbud as tilbudstjeneste
from portal.omdisponering.service.lesing import TUR
from portal.omdisponering.service.tilbud import Tilbudsrad
from portal.plasser.avstand import kilometer

#: How far ahead the first page looks.
SNART = timedelta(days=7)
#: How many of each the first page shows, and how many needs a page of the list.
FORSIDE, PER_SIDE = 8, 50


@dataclass(frozen=True, slots=True)
class Behovsrad:
    """A need as a list shows it."""

    behov: Behov
    egen: bool
    #: How many both sides have approved: half a post, or half of the time, is half of one.
    dekket: float
    #: To the nearest place where the actor's organisation has people or rooms; None: not known.
    km: float | None = None
    #: How many of its register are of the profession, or the kind.
    har: int = 0
    #: Open offers to this need alone: all of them for who has it, for others their own.
    tilbud: int = 0

    @property
    def nok(self) -> bool:
        """At least as many as must be there."""
        return naar(self.dekket, self.behov.minst)


@dataclass(frozen=True, slots=True)
class Omdrad:
    """A reallocation as a list shows it; `antall`: its people or rooms."""

    omd: Omdisponering
    #: The actor's; None: the actor is lent, and works at neither of the two.
    side: Side | None
    antall: int


@dataclass(frozen=True, slots=True)
class Oversikt:
    venter: list[Omdrad] = field(default_factory=list)
    utkast: list[Omdrad] = field(default_factory=list)
    hos_andre: list[Omdrad] = field(default_factory=list)
    i_gang: list[Omdrad] = field(default_factory=list)
    begynner: list[Omdrad] = field(default_factory=list)
    slutter: list[Omdrad] = field(default_factory=list)
    egne: list[Behovsrad] = field(default_factory=list)
    andres: list[Behovsrad] = field(default_factory=list)
    #: Others' open needs beside those shown.
    andres_flere: int = 0
    #: The organisation has registered people or premises.
    har_register: bool = False


def hent(aktor: Aktor) -> Oversikt:
    """The first page for who works with reallocations. Raises IkkeTilgang."""
    access.krev_eget(aktor, Handling.SE)
    naa = now()
    rader = _rader(
        aktor,
        access.synlige(aktor)
        .where(_part(aktor), Omdisponering.status.in_(_LEVENDE))
        .order_by(Omdisponering.svarfrist.is_(None), Omdisponering.svarfrist, Omdisponering.fra)
        .limit(500),
    )
    egne = _behov(
        aktor,
        access.synlige_behov(aktor)
        .where(
            Behov.organisasjon_id == aktor.organisasjon_id,
            Behov.status.in_([Behovsstatus.UTKAST, Behovsstatus.AAPENT, Behovsstatus.DEKKET]),
        )
        .order_by(Behov.status == Behovsstatus.DEKKET, Behov.fra, Behov.id)
        .limit(PER_SIDE),
    )
    alle = sorted(_behov(aktor, _andres(aktor).limit(500)), key=_viktigst)
    register = har_register(aktor)
    aktuelle = [r for r in alle if r.har] if register else alle
    return Oversikt(
        venter=[r for r in rader if venter_paa(r.omd) == r.side],
        utkast=[r for r in rader if r.omd.status == Status.UTKAST],
        hos_andre=[r for r in rader if venter_paa(r.omd) not in (None, r.side)],
        i_gang=[r for r in rader if r.omd.status == Status.IVERKSATT],
        begynner=sorted(
            (r for r in rader if r.omd.status == Status.GODKJENT_MOTTAKER and r.omd.fra <= naa + SNART),
            key=lambda r: r.omd.fra,
        ),
        slutter=sorted(
            (r for r in rader if r.omd.status == Status.IVERKSATT and r.omd.til <= naa + SNART),
            key=lambda r: r.omd.til,
        ),
        egne=egne,
        andres=aktuelle[:FORSIDE],
        andres_flere=len(alle) - len(aktuelle[:FORSIDE]),
        har_register=register,
    )


#: Whatever still goes on.
_LEVENDE = (
    Status.UTKAST,
    Status.FORESLAATT,
    Status.GODKJENT_AVGIVER,
    Status.GODKJENT_MOTTAKER,
    Status.IVERKSATT,
)


def venter_paa(omd: Omdisponering) -> Side | None:
    """Whose answer a proposal waits for: the lender's first."""
    return TUR.get(Status(omd.status))


def _part(aktor: Aktor) -> sa.ColumnElement[bool]:
    return sa.or_(
        Omdisponering.avgiver_id == aktor.organisasjon_id, Omdisponering.mottaker_id == aktor.organisasjon_id
    )


def _rader(aktor: Aktor, sporring: sa.Select[Omdisponering]) -> list[Omdrad]:
    """Each with how many it is about."""
    funnet = db.session.scalars(sporring.options(joinedload(Omdisponering.behov))).all()
    antall = {
        r.omdisponering_id: r.antall
        for r in db.session.execute(
            sa.select(Omdisponeringslinje.omdisponering_id, sa.func.count().label("antall"))
            .where(
                Omdisponeringslinje.omdisponering_id.in_([o.id for o in funnet]),
                Omdisponeringslinje.stroeket.is_(None),
            )
            .group_by(Omdisponeringslinje.omdisponering_id)
        )
    }
    return [Omdrad(o, access.side(aktor, o), antall.get(o.id, 0)) for o in funnet]


@dataclass(frozen=True, slots=True)
class Omdliste:
    rader: list[Omdrad]
    side: int
    sider: int


def hent_omdisponeringer(aktor: Aktor, *, status: Status | None = None, side: int = 1) -> Omdliste:
    """All that exist for the actor, the newest first, page by page; the own assignments among them."""
    sporring = access.synlige(aktor)
    if status is not None:
        sporring = sporring.where(Omdisponering.status == status)
    sider, side = _sider(sporring, side)
    sporring = sporring.order_by(Omdisponering.opprettet.desc(), Omdisponering.id)
    return Omdliste(_rader(aktor, sporring.limit(PER_SIDE).offset((side - 1) * PER_SIDE)), side, sider)


def _sider(sporring: sa.Select[Any], side: int) -> tuple[int, int]:
    """How many pages it is, and which of them is asked for."""
    alle = sporring.order_by(None).subquery()
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(alle)) or 0
    sider = max(1, -(-antall // PER_SIDE))
    return sider, min(max(side, 1), sider)


# --- needs -----------------------------------------------------------------------------------------------


def _andres(aktor: Aktor) -> sa.Select[Behov]:
    """Others' open needs, the most pressing first."""
    return (
        access.synlige_behov(aktor)
        .where(
            Behov.organisasjon_id != aktor.organisasjon_id,
            Behov.status == Behovsstatus.AAPENT,
            Behov.til > now(),
        )
        .order_by(Behov.fase.desc(), Behov.fra, Behov.id)
    )


def _viktigst(rad: Behovsrad) -> tuple[int, object, float]:
    """By phase, then by the day that it begins on, then by how far it is."""
    b = rad.behov
    return -b.fase, max(b.fra, now()).date(), rad.km if rad.km is not None else float("inf")


@dataclass(frozen=True, slots=True)
class Behovsliste:
    rader: list[Behovsrad]
    side: int
    sider: int


def hent_behovsliste(
    aktor: Aktor, *, hvem: str = "andre", slag: Slag | None = None, alle: bool = False, side: int = 1
) -> Behovsliste:
    """Needs, page by page. `hvem`: «egne» or «andre»; `alle`: those that are covered or closed too, newest first."""
    access.krev_eget(aktor, Handling.SE)
    egne = hvem == "egne"
    if alle:
        egen = Behov.organisasjon_id == aktor.organisasjon_id
        sporring = access.synlige_behov(aktor).where(egen if egne else ~egen)
        sporring = sporring.order_by(Behov.opprettet.desc(), Behov.id)
    elif egne:
        sporring = access.synlige_behov(aktor).where(
            Behov.organisasjon_id == aktor.organisasjon_id, Behov.status != Behovsstatus.LUKKET
        )
        sporring = sporring.order_by(Behov.status == Behovsstatus.DEKKET, Behov.fra, Behov.id)
    else:
        sporring = _andres(aktor)
    if slag is not None:
        sporring = sporring.where(Behov.slag == slag)
    antall = (
        db.session.scalar(sa.select(sa.func.count()).select_from(sporring.order_by(None).subquery())) or 0
    )
    sider = max(1, -(-antall // PER_SIDE))
    side = min(max(side, 1), sider)
    rader = _behov(aktor, sporring.limit(PER_SIDE).offset((side - 1) * PER_SIDE))
    return Behovsliste(rader if alle or egne else sorted(rader, key=_viktigst), side, sider)


def _behov(aktor: Aktor, sporring: sa.Select[Behov]) -> list[Behovsrad]:
    """Needs with what is known of them: so many questions, however many they are."""
    behov = db.session.scalars(sporring).all()
    if not behov:
        return []
    ider = [b.id for b in behov]
    dekket = steps.dekket(ider)
    andres = [b for b in behov if b.organisasjon_id != aktor.organisasjon_id]
    har = _har(aktor) if andres else {}
    steder = _steder(aktor) if andres else []
    egne = [b for b in behov if b.organisasjon_id == aktor.organisasjon_id]
    tilbud = _tilbud_til(aktor, egne, andres)
    return [
        Behovsrad(
            b,
            egen=b.organisasjon_id == aktor.organisasjon_id,
            dekket=dekket[b.id],
            km=naermest(steder, b),
            har=har.get(b.stilling or f"lokale:{b.lokaleslag}", 0),
            tilbud=tilbud[b.id],
        )
        for b in behov
    ]


def _tilbud_til(aktor: Aktor, egne: Sequence[Behov], andres: Sequence[Behov]) -> Counter[UUID | None]:
    """{need: offers}: to the own ones those of anybody that can be picked, to others' what the own organisation has
    offered."""
    aapent = Tilbud.status == Tilbudsstatus.AAPENT
    antall: Counter[UUID | None] = Counter()
    if egne:
        ved_id = {b.id: b for b in egne}
        til_egne = db.session.scalars(
            access.synlige_tilbud(aktor).where(Tilbud.behov_id.in_(list(ved_id)), aapent)
        ).all()
        tatt = tilbudsrest.tatt([(ved_id[t.behov_id], t) for t in til_egne if t.behov_id is not None])
        antall.update(t.behov_id for t in til_egne if t.id not in tatt)
    if andres:
        ider = [b.id for b in andres]
        antall.update(
            db.session.scalars(
                sa.select(Tilbud.behov_id).where(
                    Tilbud.behov_id.in_(ider), Tilbud.organisasjon_id == aktor.organisasjon_id, aapent
                )
            )
        )
    return antall


def _har(aktor: Aktor) -> dict[str, int]:
    """{profession, or «lokale:<kind>»: how many the actor's organisation has registered}."""
    return {
        str(slag): antall
        for slag, antall in (
            *db.session.execute(
                sa.select(Ressursperson.stilling, sa.func.count())
                .where(Ressursperson.organisasjon_id == aktor.organisasjon_id, Ressursperson.som_kan_brukes())
                .group_by(Ressursperson.stilling)
            ),
            *db.session.execute(
                sa.select(sa.literal("lokale:") + Lokale.slag, sa.func.count())
                .where(Lokale.organisasjon_id == aktor.organisasjon_id, Lokale.nedlagt.is_(None))
                .group_by(Lokale.slag)
            ),
        )
    }


def har_register(aktor: Aktor) -> bool:
    """Whether the actor's organisation has registered anybody, or any premises."""
    return bool(_har(aktor))


def _steder(aktor: Aktor) -> Sequence[str]:
    """The kommunenummer that distances are from: where the organisation has people and premises, and its own."""
    egne = sa.select(Organisasjon.id).where(
        Organisasjon.id == aktor.organisasjon_id, Organisasjon.type == Organisasjonstype.KOMMUNE
    )
    folk = sa.select(Ressursperson.sted_id).where(
        Ressursperson.organisasjon_id == aktor.organisasjon_id, Ressursperson.som_kan_brukes()
    )
    rom = sa.select(Lokale.sted_id).where(
        Lokale.organisasjon_id == aktor.organisasjon_id, Lokale.nedlagt.is_(None)
    )
    return [
        kode
        for kode in db.session.scalars(
            sa.select(Organisasjon.kode).where(sa.or_(*(Organisasjon.id.in_(q) for q in (egne, folk, rom))))
        )
        if kode
    ]


def naermest(steder: Collection[str], behov: Behov) -> float | None:
    """Kilometres from the nearest of the places to where the need is."""
    return min((km for sted in steder if (km := kilometer(sted, behov.sted.kode)) is not None), default=None)


# --- one need --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Behovsside:
    rad: Behovsrad
    omd: list[Omdrad]
    tilbud: list[Tilbudsrad]
    #: The actor's organisation may change and close it.
    kan_endre: bool
    #: It may offer something for it.
    kan_tilby: bool
    #: It may make a draft of the offers.
    kan_lage_utkast: bool
    #: People or premises in proposals that nobody has agreed on yet.
    paa_vei: int


def hent_behov(aktor: Aktor, behov_id: UUID) -> Behovsside:
    """A need with what is offered to it and worked out for it, as the actor may know it. Raises IkkeFunnet."""
    behov = access.hent_behov(aktor, Handling.SE, behov_id)
    (rad,) = _behov(aktor, access.synlige_behov(aktor).where(Behov.id == behov.id))
    omd = _rader(
        aktor,
        access.synlige(aktor)
        .where(_part(aktor), Omdisponering.behov_id == behov.id)
        .order_by(Omdisponering.opprettet),
    )
    aapent = access.aapent(behov)
    kan_skrive = access.kan_noe(aktor, Handling.SKRIVE)
    tilbud = (
        tilbudstjeneste.til_behov(aktor, behov) if behov.meldt and behov.status != Behovsstatus.LUKKET else []
    )
    return Behovsside(
        rad=rad,
        omd=omd,
        tilbud=tilbud,
        kan_endre=behov.status != Behovsstatus.LUKKET
        and access.kan(aktor, Handling.SKRIVE, behov.organisasjon_id),
        kan_tilby=aapent and kan_skrive and not rad.egen,
        kan_lage_utkast=aapent and kan_skrive and any(r.tatt is None for r in tilbud),
        paa_vei=sum(r.antall for r in omd if venter_paa(r.omd) is not None),
    )


@dataclass(frozen=True, slots=True)
class Skjemavalg:
    """What a need's form lets one choose: the own units, and the kommuner near by, the own one first."""

    enheter: list[tuple[UUID, str]]
    steder: list[tuple[UUID, str]]


def hent_skjemavalg(aktor: Aktor) -> Skjemavalg:
    """For the form of a need. Raises IkkeTilgang."""
    organisasjon_id = access.krev_eget(aktor, Handling.SKRIVE)
    organisasjon = db.session.get_one(Organisasjon, organisasjon_id)
    enheter = db.session.execute(
        sa.select(Enhet.id, Enhet.navn)
        .where(Enhet.organisasjon_id == organisasjon_id, Enhet.aktiv)
        .order_by(Enhet.navn)
    )
    naboer = behovsregler.naboer(organisasjon)
    steder = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn)
        .where(
            Organisasjon.type == Organisasjonstype.KOMMUNE,
            Organisasjon.nedlagt.is_(None),
            sa.or_(
                Organisasjon.id == organisasjon_id,
                Organisasjon.id.in_(naboer),
                Organisasjon.helseforetak_id.in_(naboer),
            ),
        )
        .order_by(Organisasjon.id != organisasjon_id, Organisasjon.kortnavn)
    )
    return Skjemavalg([(r.id, r.navn) for r in enheter], [(r.id, r.kortnavn) for r in steder])
