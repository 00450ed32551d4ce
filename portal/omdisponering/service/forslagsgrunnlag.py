"""What proposals are made from: the open needs and offers that the actor may know of, as the plain values of
`tilordning`, with who is taken or away, how low a floor lets a unit go, and how many each lender has out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Organisasjon
from portal.omdisponering import access, steps
from portal.omdisponering.forloep import FULL, KAN_ENDRES, OPPTAR, Behovsstatus, Slag, Tilbudsstatus
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.regler import Periode, del_av, gjenstaar, hoeyeste
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursfravaer, Ressursperson
from portal.omdisponering.tilordning import Behovsrad, Grunnlag, Tilbudsrad
from portal.plasser.avstand import punkt


class Vist(NamedTuple):
    """What is told of an offer. `navn`: of premises, and of the actor's own people; of others' people nothing."""

    navn: str
    sted: str


class Venter(NamedTuple):
    """A person or a room that stands in a draft or a proposal that the actor sees."""

    omdisponering_id: UUID
    nummer: str
    behov_id: UUID


@dataclass(frozen=True, slots=True)
class Lest:
    """All of it. `steder`: {organisation: (what it is called, kommunenummer)}."""

    grunnlag: Grunnlag
    behov: Mapping[UUID, Behovsrad]
    tilbud: Mapping[UUID, Tilbudsrad]
    vist: Mapping[UUID, Vist]
    steder: Mapping[UUID, tuple[str, str | None]]
    #: {need: where it is}.
    behovssted: Mapping[UUID, UUID]
    venter: Mapping[UUID, Venter]
    #: {need: how many are approved, and in proposals that the actor sees}: parts of one, as `regler.del_av` says.
    dekket: Mapping[UUID, float]
    i_gang: Mapping[UUID, float]


class _Linje(NamedTuple):
    avgiver: UUID
    behov: UUID
    ressurs: UUID
    gruppe: tuple[UUID | None, str | None]
    periode: Periode
    omdisponering: UUID
    nummer: str
    status: str
    #: The actor sees the reallocation.
    vises: bool


def les(aktor: Aktor, ogsaa: UUID | None = None) -> Lest:
    """Reads what is open now and not over. `ogsaa`: a need that is taken in however it stands."""
    naa = now().replace(minute=0, second=0, microsecond=0)
    behov = _behov(aktor, naa, ogsaa)
    rader = _tilbud(aktor, naa)
    steder = _steder({i for b in behov for i in (b.organisasjon_id, b.sted_id)}, rader)
    linjer = _linjer(aktor, naa)
    opptatt = [li for li in linjer if li.status in OPPTAR]
    dekket = steps.dekket([b.id for b in behov])
    i_gang = _i_gang(behov, linjer)
    egne: dict[UUID, list[_Linje]] = defaultdict(list)
    for li in linjer:
        egne[li.ressurs].append(li)
    borte = _fravaer(aktor, naa)
    tilbud = [_tilbudsrad(r, steder, egne, borte) for r in rader]
    behovsrader = [_behovsrad(b, naa, steder, dekket[b.id] + i_gang[b.id]) for b in behov]
    return Lest(
        Grunnlag(
            behovsrader,
            tilbud,
            _ledige(tilbud, opptatt),
            Counter(li.avgiver for li in opptatt),
        ),
        {b.id: b for b in behovsrader},
        {t.id: t for t in tilbud},
        {
            r.id: Vist(
                r.lokalenavn or (r.personnavn if r.organisasjon_id == aktor.organisasjon_id else "") or "",
                steder[r.psted or r.lsted][0],
            )
            for r in rader
        },
        steder,
        {b.id: b.sted_id for b in behov},
        {
            li.ressurs: Venter(li.omdisponering, li.nummer, li.behov)
            for li in linjer
            if li.vises and li.status in KAN_ENDRES
        },
        dekket,
        i_gang,
    )


def _i_gang(behov: Sequence[Any], linjer: Iterable[_Linje]) -> dict[UUID, float]:
    """{need: how many stand in proposals}, as `steps.dekket` counts those that are approved."""
    trengs = {b.id: Periode(b.fra, b.til, b.andel) for b in behov}
    ut = dict.fromkeys(trengs, 0.0)
    for li in linjer:
        if li.status in KAN_ENDRES and li.behov in trengs:
            ut[li.behov] += del_av(li.periode, trengs[li.behov])
    return ut


def _behov(aktor: Aktor, naa: datetime, ogsaa: UUID | None) -> Sequence[Any]:
    aapne = sa.and_(Behov.status == Behovsstatus.AAPENT, Behov.til > naa)
    return db.session.execute(
        sa.select(
            *(Behov.id, Behov.organisasjon_id, Behov.slag, Behov.stilling, Behov.lokaleslag, Behov.fase),
            *(Behov.kompetanse, Behov.lokalkrav, Behov.krever_autorisasjon, Behov.krever_vaksine),
            *(Behov.krever_smittevern, Behov.andel, Behov.plasser, Behov.kvm, Behov.antall, Behov.minst),
            *(Behov.fra, Behov.til, Behov.sted_id),
        )
        .where(access.viste_behov(aktor), sa.or_(aapne, Behov.id == ogsaa) if ogsaa else aapne)
        .order_by(Behov.fase.desc(), Behov.fra, Behov.id)
    ).all()


def _tilbud(aktor: Aktor, naa: datetime) -> Sequence[Any]:
    """The open offers of people and rooms that can be used."""
    return db.session.execute(
        sa.select(
            *(Tilbud.id, Tilbud.organisasjon_id, Tilbud.slag, Tilbud.ressursperson_id, Tilbud.lokale_id),
            *(Tilbud.behov_id, Tilbud.fra, Tilbud.til, Tilbud.andel),
            *(Ressursperson.navn.label("personnavn"), Ressursperson.stilling, Ressursperson.prosent),
            *(Ressursperson.kompetanse, Ressursperson.hpr_slaatt_opp, Ressursperson.vaksinert),
            *(Ressursperson.smittevern, Ressursperson.reise_km, Ressursperson.enhet_id),
            Ressursperson.sted_id.label("psted"),
            *(Lokale.navn.label("lokalenavn"), Lokale.slag.label("lokaleslag"), Lokale.krav, Lokale.plasser),
            *(Lokale.kvm, Lokale.sted_id.label("lsted")),
        )
        .outerjoin(Ressursperson, Ressursperson.id == Tilbud.ressursperson_id)
        .outerjoin(Lokale, Lokale.id == Tilbud.lokale_id)
        # An offer of premises has no person: nothing is known of it that keeps it from being used.
        .where(*_aapne_tilbud(aktor, naa), Ressursperson.som_kan_brukes(), Lokale.nedlagt.is_(None))
    ).all()


def _aapne_tilbud(aktor: Aktor, naa: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return access.viste_tilbud(aktor), Tilbud.status == Tilbudsstatus.AAPENT, Tilbud.til > naa


def _steder(ider: Iterable[UUID], rader: Sequence[Any]) -> dict[UUID, tuple[str, str | None]]:
    alle = {*ider, *(r.organisasjon_id for r in rader), *(r.psted or r.lsted for r in rader)}
    return {
        id_: (navn, kode)
        for id_, navn, kode in db.session.execute(
            sa.select(Organisasjon.id, Organisasjon.kortnavn, Organisasjon.kode).where(
                Organisasjon.id.in_(sorted(alle))
            )
        )
    }


def _linjer(aktor: Aktor, naa: datetime) -> list[_Linje]:
    """Who is taken in the whole country, and who stands in what the actor is working out; none of them over.

    Two questions, for each has an index of its own: what has ended costs nothing.
    """
    ser = access.med_side(aktor)
    alle = (
        sa.select(
            *(Omdisponering.avgiver_id, Omdisponering.behov_id, Omdisponeringslinje.ressursperson_id),
            *(Omdisponeringslinje.lokale_id, Ressursperson.enhet_id, Ressursperson.stilling),
            *(Omdisponeringslinje.fra, Omdisponeringslinje.til, Omdisponeringslinje.andel),
            *(
                Omdisponering.id,
                Omdisponering.nummer,
                Omdisponering.status,
                sa.case((ser, 1), else_=0).label("vises"),
            ),
        )
        .join(Omdisponering, Omdisponering.id == Omdisponeringslinje.omdisponering_id)
        .outerjoin(Ressursperson, Ressursperson.id == Omdisponeringslinje.ressursperson_id)
        .where(Omdisponeringslinje.til > naa)
    )
    tatt = alle.where(sa.text("omdisponeringslinje.opptar"))
    egne = alle.where(
        ser, Omdisponering.status.in_(KAN_ENDRES - OPPTAR), Omdisponeringslinje.stroeket.is_(None)
    )
    return [
        _Linje(
            *(r.avgiver_id, r.behov_id, r.ressursperson_id or r.lokale_id, (r.enhet_id, r.stilling)),
            Periode(r.fra, r.til, r.andel),
            *(r.id, r.nummer, r.status, bool(r.vises)),
        )
        for sporring in (tatt, egne)
        for r in db.session.execute(sporring)
    ]


def _fravaer(aktor: Aktor, naa: datetime) -> dict[UUID, list[Periode]]:
    """{person or room of an offer: when it cannot be had}. Never why."""
    egne = sa.select(Tilbud.ressursperson_id, Tilbud.lokale_id).where(*_aapne_tilbud(aktor, naa)).subquery()
    ut: dict[UUID, list[Periode]] = defaultdict(list)
    for person, lokale, fra, til in db.session.execute(
        sa.select(
            *(Ressursfravaer.ressursperson_id, Ressursfravaer.lokale_id),
            *(Ressursfravaer.fra, Ressursfravaer.til),
        ).where(
            Ressursfravaer.til > naa,
            sa.or_(
                Ressursfravaer.ressursperson_id.in_(sa.select(egne.c.ressursperson_id)),
                Ressursfravaer.lokale_id.in_(sa.select(egne.c.lokale_id)),
            ),
        )
    ):
        if (ressurs := person or lokale) is not None:
            ut[ressurs].append(Periode(fra, til, FULL))
    return ut


def _behovsrad(b: Any, naa: datetime, steder: Mapping[UUID, tuple[str, str | None]], har: float) -> Behovsrad:
    """A need as it is left: what is not filled, from now on. Where a part of one is not, one more is wanted."""
    person = b.slag == Slag.PERSONELL
    maal = "" if person else "plasser" if b.plasser else "kvm" if b.kvm else ""
    return Behovsrad(
        id=b.id,
        organisasjon=b.organisasjon_id,
        slag=b.slag,
        hva=b.stilling if person else b.lokaleslag,
        antall=gjenstaar(b.antall, har),
        minst=gjenstaar(b.minst, har),
        fra=max(b.fra, naa) if b.til > naa else b.fra,
        til=b.til,
        fase=b.fase,
        kompetanse=b.kompetanse if person else b.lokalkrav,
        autorisasjon=b.krever_autorisasjon,
        vaksine=b.krever_vaksine,
        smittevern=b.krever_smittevern,
        andel=b.andel,
        maal=maal,
        stoerrelse=getattr(b, maal) if maal else 0,
        sted=punkt(steder[b.sted_id][1]),
    )


def _tilbudsrad(
    r: Any,
    steder: Mapping[UUID, tuple[str, str | None]],
    linjer: Mapping[UUID, list[_Linje]],
    borte: Mapping[UUID, list[Periode]],
) -> Tilbudsrad:
    person = r.slag == Slag.PERSONELL
    ressurs = r.ressursperson_id or r.lokale_id
    return Tilbudsrad(
        id=r.id,
        ressurs=ressurs,
        avgiver=r.organisasjon_id,
        slag=r.slag,
        hva=r.stilling if person else r.lokaleslag,
        fra=r.fra,
        til=r.til,
        kompetanse=r.kompetanse if person else r.krav,
        hpr_sett=r.hpr_slaatt_opp is not None,
        vaksinert=r.vaksinert,
        smittevern=r.smittevern is not None,
        andel=r.andel,
        prosent=r.prosent if person else FULL,
        plasser=r.plasser,
        kvm=r.kvm,
        sted=punkt(steder[r.psted or r.lsted][1]),
        reise_km=r.reise_km,
        rettet=r.behov_id,
        gruppe=(r.enhet_id, r.stilling) if person and r.enhet_id else None,
        borte=tuple(borte.get(ressurs, ())),
        tatt=tuple(li.periode for li in linjer.get(ressurs, ())),
        alt_i=frozenset(li.behov for li in linjer.get(ressurs, ())),
    )


def _ledige(tilbud: Sequence[Tilbudsrad], opptatt: Sequence[_Linje]) -> dict[tuple[UUID, str], int]:
    """How many of a unit's profession may go before the floor is reached: as the worst moment of what is offered."""
    enheter = {t.gruppe[0] for t in tilbud if t.gruppe}
    avgitt: dict[Any, list[Periode]] = defaultdict(list)
    for li in opptatt:
        avgitt[li.gruppe].append(li.periode)
    perioder: dict[Any, list[Tilbudsrad]] = defaultdict(list)
    for t in tilbud:
        perioder[t.gruppe].append(t)
    ut = {}
    for enhet_id, stilling, antall, gulv in db.session.execute(
        sa.select(
            Bemanningsgulv.enhet_id, Bemanningsgulv.stilling, Bemanningsgulv.antall, Bemanningsgulv.gulv
        ).where(Bemanningsgulv.enhet_id.in_(sorted(enheter)))
    ):
        gruppe = (enhet_id, stilling)
        if egne := perioder.get(gruppe):
            borte = hoeyeste(avgitt[gruppe], min(t.fra for t in egne), max(t.til for t in egne))
            ut[gruppe] = max(0, ((antall - gulv) * FULL - borte) // FULL)
    return ut
