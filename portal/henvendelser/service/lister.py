"""The lists of cases: what a person may see, filtered, searched by metadata, a page at a time, and as a table to keep.

A page costs the same with ten cases as with ten years of the whole country. Each way by which a case is visible
(`access.grener`) gives its first few from an index of its own; what they found is put in order, and `access.synlige`
– the one rule – is asked of those. Pages follow a key (urgency, when it was sent, id) and not a count, so that what
comes in meanwhile moves nothing. Clinical text is never searched: it will be encrypted at rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO
from portal.core.db import db, transactional
from portal.henvendelser import access
from portal.henvendelser.access import Gren, Omfang
from portal.henvendelser.forloep import Hastegrad, Invitasjonstilstand, Status
from portal.henvendelser.models import ER_AAPEN, Henvendelse, Saksinvitasjon
from portal.henvendelser.service import lesing
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.revisjon import steps as revisjon

T = TypeVar("T")

#: Hits are counted to here; more are «over 1 000».
TELLES_TIL = 1000
#: Rows of one table to keep, and how many are read at a time.
MAKS_EKSPORT, _BOLK = 10_000, 200
#: Words of a search beyond these are left out.
MAKS_ORD = 6
#: The place of closed cases in the order: after the open ones of any urgency.
_LUKKEDE = len(Hastegrad)

#: Said in the words of the partial indexes.
_AAPEN = sa.text(f"henvendelse.{ER_AAPEN}")
_IKKE_AAPEN = sa.text(f"NOT henvendelse.{ER_AAPEN}")


class Plass(NamedTuple):
    """A case's place in the order: open by urgency (0–2) before closed (3), the newest first."""

    rang: int
    opprettet: datetime
    sak_id: UUID


@dataclass(frozen=True)
class Utvalg:
    """What somebody has asked a list for."""

    omfang: Omfang = Omfang.ALLE
    #: aapne, lukkede or alle.
    filter: str = "aapne"
    hastegrad: str = ""
    fagomraade: str = ""
    #: The organisation on the other side.
    motpart: UUID | None = None
    #: Sent from and to these days in Oslo, both included.
    fra: date | None = None
    til: date | None = None
    venter: bool = False
    sok: str = ""

    @property
    def er_snevret(self) -> bool:
        """Whether anything but the kind of cases has been chosen."""
        return self != Utvalg(omfang=self.omfang, filter=self.filter)


@dataclass(frozen=True)
class Side:
    """One page, and the places from which the next and the former go on; None where there is no such page."""

    saker: list[Henvendelse]
    neste: Plass | None
    forrige: Plass | None
    #: All hits; None where it was not counted, `TELLES_TIL` + 1 where there are more.
    antall: int | None = field(default=None)


def hent_side(aktor: Aktor, utvalg: Utvalg, *, etter: Plass | None = None, foer: Plass | None = None) -> Side:
    """The page after a place, before one, or the first. Before the beginning is the first page."""
    filtre = _filtre(aktor, utvalg)
    stoerrelse = lesing.SIDESTOERRELSE
    bakover = foer is not None
    rader = _hent(aktor, utvalg, filtre, foer or etter, bakover=bakover, antall=stoerrelse + 1)
    if bakover and len(rader) <= stoerrelse:
        return hent_side(aktor, utvalg)
    flere = len(rader) > stoerrelse
    rader = rader[:stoerrelse]
    if bakover:
        rader.reverse()
    saker = [sak for _, sak in rader]
    foerste, siste = (rader[0][0], rader[-1][0]) if rader else (None, None)
    foerste_side = etter is None and not bakover
    return Side(
        saker=saker,
        neste=siste if bakover or flere else None,
        forrige=None if foerste_side else foerste or etter,
        antall=len(saker) if foerste_side and not flere else _antall(aktor, utvalg, filtre),
    )


def _antall(aktor: Aktor, utvalg: Utvalg, filtre: Sequence[sa.ColumnElement[bool]]) -> int | None:
    """The number of hits of a search. Nobody is helped by the number of all cases, and it is dear to count."""
    if not utvalg.er_snevret:
        return None
    return len(_finn(aktor, utvalg, filtre, TELLES_TIL + 1))


def finn_for_eksport(aktor: Aktor, utvalg: Utvalg) -> list[UUID]:
    """The cases of a table to keep, in the order of the list; at most `MAKS_EKSPORT`."""
    return _finn(aktor, utvalg, _filtre(aktor, utvalg), MAKS_EKSPORT)


@transactional
def noter_eksport(aktor: Aktor, utvalg: Utvalg, antall: int) -> None:
    """Writes to the audit log that so many cases' metadata leave the portal, before the first of them does."""
    revisjon.logg(
        aktor,
        "henvendelse.liste_eksportert",
        "organisasjon",
        aktor.organisasjon_id or "",
        antall=antall,
        omfang=str(utvalg.omfang),
        filter=utvalg.filter,
        snevret=utvalg.er_snevret,
    )


def metadata(aktor: Aktor, ider: Sequence[UUID]) -> Iterator[Any]:
    """What a table to keep says of each case, a few hundred at a time. What is no longer visible is left out."""
    avsender, mottaker = aliased(Organisasjon), aliased(Organisasjon)
    innmelder, ansvarlig = aliased(Person), aliased(Person)
    for fra in range(0, len(ider), _BOLK):
        bolk = ider[fra : fra + _BOLK]
        sporring = (
            access.synlige(aktor)
            .join(avsender, avsender.id == Henvendelse.avsender_id)
            .join(mottaker, mottaker.id == Henvendelse.mottaker_id)
            .join(innmelder, innmelder.id == Henvendelse.innmelder_id)
            .outerjoin(ansvarlig, ansvarlig.id == Henvendelse.ansvarlig_id)
            .outerjoin(Enhet, Enhet.id == Henvendelse.avsender_enhet_id)
            .where(Henvendelse.id.in_(bolk))
            .with_only_columns(
                Henvendelse.id,
                Henvendelse.saksnummer,
                Henvendelse.retning,
                Henvendelse.status,
                Henvendelse.hastegrad,
                Henvendelse.fagomraade,
                avsender.kortnavn.label("avsender"),
                Enhet.navn.label("enhet"),
                innmelder.navn.label("innmelder"),
                mottaker.kortnavn.label("mottaker"),
                ansvarlig.navn.label("ansvarlig"),
                Henvendelse.opprettet,
                Henvendelse.akseptert_tid,
                Henvendelse.besvart_tid,
                Henvendelse.lukket_tid,
            )
        )
        rader = {r.id: r for r in db.session.execute(sporring)}
        yield from (rader[i] for i in bolk if i in rader)


# --- finding ---------------------------------------------------------------------------------------------


def _gaa_gjennom(
    aktor: Aktor,
    utvalg: Utvalg,
    filtre: Sequence[sa.ColumnElement[bool]],
    fra: Plass | None,
    hent: Callable[[Sequence[UUID]], Mapping[UUID, T]],
    *,
    bakover: bool,
    antall: int,
) -> list[tuple[Plass, T]]:
    """So many places from one on, each with what `hent` gives of its case: of those that the actor may see, alone."""
    rader: list[tuple[Plass, T]] = []
    while len(rader) < antall:
        spurt = min(antall - len(rader), TELLES_TIL + 1)
        plasser = _plasser(aktor, utvalg, filtre, fra, bakover=bakover, antall=spurt)
        funnet = hent([p.sak_id for p in plasser])
        rader += [(p, funnet[p.sak_id]) for p in plasser if p.sak_id in funnet]
        if len(plasser) < spurt:
            break
        fra = plasser[-1]
    return rader


def _hent(
    aktor: Aktor,
    utvalg: Utvalg,
    filtre: Sequence[sa.ColumnElement[bool]],
    fra: Plass | None,
    *,
    bakover: bool,
    antall: int,
) -> list[tuple[Plass, Henvendelse]]:
    """The cases of so many places, as they may be shown."""

    def hent(ider: Sequence[UUID]) -> dict[UUID, Henvendelse]:
        synlige = access.synlige(aktor).where(Henvendelse.id.in_(ider)).options(*lesing.MED_NAVN)
        return {s.id: s for s in db.session.execute(synlige).scalars()}

    return _gaa_gjennom(aktor, utvalg, filtre, fra, hent, bakover=bakover, antall=antall)


def _finn(aktor: Aktor, utvalg: Utvalg, filtre: Sequence[sa.ColumnElement[bool]], antall: int) -> list[UUID]:
    """The ids of the first so many cases, in the order of the list."""

    def hent(ider: Sequence[UUID]) -> dict[UUID, UUID]:
        synlige = access.synlige(aktor).with_only_columns(Henvendelse.id).where(Henvendelse.id.in_(ider))
        return {i: i for i in db.session.execute(synlige).scalars()}

    funnet = _gaa_gjennom(aktor, utvalg, filtre, None, hent, bakover=False, antall=antall)
    return [sak_id for _plass, sak_id in funnet]


def _plasser(
    aktor: Aktor,
    utvalg: Utvalg,
    filtre: Sequence[sa.ColumnElement[bool]],
    fra: Plass | None,
    *,
    bakover: bool,
    antall: int,
) -> list[Plass]:
    """The next places that may be the actor's, after `fra` in the direction: the open ones first."""
    deler = {"aapne": [True], "lukkede": [False], "alle": [True, False]}[utvalg.filter]
    if bakover:
        deler.reverse()
    plasser: list[Plass] = []
    for aapne in deler:
        er_her = fra is not None and (fra.rang < _LUKKEDE) == aapne
        if fra is not None and not er_her and aapne != bakover:
            continue  # the place is in the other part, which comes after this one
        sporring = _i_del(
            access.grener(aktor, utvalg.omfang, aapne=aapne),
            filtre,
            fra if er_her else None,
            aapne=aapne,
            bakover=bakover,
            antall=antall - len(plasser),
        )
        if sporring is not None:
            plasser += [Plass(*rad) for rad in db.session.execute(sporring)]
        if len(plasser) >= antall:
            break
    return plasser


def _i_del(
    grener: Sequence[Gren],
    filtre: Sequence[sa.ColumnElement[bool]],
    fra: Plass | None,
    *,
    aapne: bool,
    bakover: bool,
    antall: int,
) -> sa.Select[Any] | None:
    """The first places of the open cases, or of the closed ones: a few from each branch, then of all of them."""
    if not grener:
        return None
    rang = lesing.REKKEFOELGE if aapne else sa.literal_column(str(_LUKKEDE), sa.Integer)
    deler = []
    for gren in grener:
        valg = sa.select(
            rang.label("rang"), gren.opprettet.label("opprettet"), gren.sak_id.label("sak_id")
        ).where(*gren.vilkaar, _AAPEN if aapne else _IKKE_AAPEN, *filtre)
        if fra is not None:
            valg = valg.where(_forbi(rang, gren, fra, aapne=aapne, bakover=bakover))
        rekkefoelge: list[sa.ColumnElement[Any]] = (
            [rang, gren.opprettet, gren.sak_id] if aapne else [gren.opprettet, gren.sak_id]
        )
        delen = valg.order_by(*_ordnet(rekkefoelge, aapne=aapne, bakover=bakover)).limit(antall).subquery()
        deler.append(sa.select(delen))
    alle = sa.union(*deler).subquery()
    kolonner = [alle.c.rang, alle.c.opprettet, alle.c.sak_id]
    return sa.select(*kolonner).order_by(*_ordnet(kolonner, aapne=True, bakover=bakover)).limit(antall)


def _ordnet(
    kolonner: Sequence[sa.ColumnElement[Any]], *, aapne: bool, bakover: bool
) -> list[sa.ColumnElement[Any]]:
    """The order: urgency up, where it is the first of the columns; the newest first. Backwards, the other way."""
    return [k.asc() if (aapne and nr == 0) != bakover else k.desc() for nr, k in enumerate(kolonner)]


def _forbi(
    rang: sa.ColumnElement[int], gren: Gren, fra: Plass, *, aapne: bool, bakover: bool
) -> sa.ColumnElement[bool]:
    """Beyond a place in the direction."""
    her = sa.tuple_(gren.opprettet, gren.sak_id)
    stedet = sa.tuple_(
        sa.literal(fra.opprettet, Henvendelse.opprettet.type), sa.literal(fra.sak_id, Henvendelse.id.type)
    )
    forbi = her > stedet if bakover else her < stedet
    if not aapne:
        return forbi
    lenger = rang < fra.rang if bakover else rang > fra.rang
    return sa.or_(lenger, sa.and_(rang == fra.rang, forbi))


# --- filters ---------------------------------------------------------------------------------------------


def _filtre(aktor: Aktor, utvalg: Utvalg) -> list[sa.ColumnElement[bool]]:
    """The chosen filters as conditions on the case."""
    h = Henvendelse
    vilkaar: list[sa.ColumnElement[bool]] = []
    if utvalg.hastegrad:
        vilkaar.append(h.hastegrad == utvalg.hastegrad)
    if utvalg.fagomraade:
        vilkaar.append(h.fagomraade == utvalg.fagomraade)
    if utvalg.motpart is not None:
        vilkaar.append(sa.or_(h.mottaker_id == utvalg.motpart, h.avsender_id == utvalg.motpart))
    if utvalg.fra is not None:
        vilkaar.append(h.opprettet >= _midnatt(utvalg.fra))
    if utvalg.til is not None:
        vilkaar.append(h.opprettet < _midnatt(utvalg.til + timedelta(days=1)))
    if utvalg.venter:
        vilkaar.append(_venter_paa(aktor))
    vilkaar += [_treffer(ord_) for ord_ in utvalg.sok.split()[:MAKS_ORD]]
    return vilkaar


def _midnatt(dag: date) -> datetime:
    return datetime.combine(dag, time(), OSLO)


def _venter_paa(aktor: Aktor) -> sa.ColumnElement[bool]:
    """What the actor is the next to do something about: take it, answer it, close it, or accept an invitation."""
    h = Henvendelse
    maa = [
        sa.and_(h.status == Status.AKSEPTERT, h.ansvarlig_medlemskap_id == aktor.medlemskap_id),
        sa.and_(h.status == Status.BESVART, h.innmelder_medlemskap_id == aktor.medlemskap_id),
        h.id.in_(
            sa.select(Saksinvitasjon.henvendelse_id).where(
                Saksinvitasjon.til_medlemskap_id == aktor.medlemskap_id,
                Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
            )
        ),
    ]
    if aktor.har_koe:
        i_koen = sa.and_(h.status == Status.NY, h.mottaker_id == aktor.organisasjon_id)
        if aktor.rolle != Rolle.VAKTLEDER:
            i_koen = sa.and_(i_koen, h.fagomraade.in_(sorted(aktor.fagomraader)))
        maa.append(i_koen)
    return sa.or_(*maa)


def _treffer(ord_: str) -> sa.ColumnElement[bool]:
    """A word of a search: the case number from its beginning («26-0004») or its end («417»), or a part of the name
    of the requester, the responsible, the organisations, the unit or the fagområde."""
    h = Henvendelse
    personer = sa.select(Person.id).where(_holder(Person.navn, ord_))
    organisasjoner = sa.select(Organisasjon.id).where(
        sa.or_(_holder(Organisasjon.navn, ord_), _holder(Organisasjon.navn_alternativ, ord_))
    )
    treff: list[sa.ColumnElement[bool]] = [
        h.innmelder_id.in_(personer),
        h.ansvarlig_id.in_(personer),
        h.avsender_id.in_(organisasjoner),
        h.mottaker_id.in_(organisasjoner),
        h.avsender_enhet_id.in_(sa.select(Enhet.id).where(_holder(Enhet.navn, ord_))),
    ]
    fag = [kode for kode, navn in ALLE_OMRAADER.items() if ord_.casefold() in str(navn).casefold()]
    if fag:
        treff.append(h.fagomraade.in_(fag))
    if ord_.replace("-", "").isdecimal():
        treff.append(
            h.saksnummer.startswith(ord_, autoescape=True)
            if "-" in ord_
            else h.saksnummer.endswith(ord_, autoescape=True)
        )
    return sa.or_(*treff)


def _holder(kolonne: sa.orm.InstrumentedAttribute[str], ord_: str) -> sa.ColumnElement[bool]:
    """Whether a name holds the word, whichever case it is written in.

    SQLite knows capitals of ASCII alone: the ways in which a name is written are asked for there.
    """
    former = dict.fromkeys((ord_, ord_.lower(), ord_.upper(), ord_.capitalize()))
    return sa.or_(*(kolonne.icontains(f, autoescape=True) for f in former))
