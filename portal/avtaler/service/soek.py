"""Searching the clauses of the agreements that the actor may see: what holds, what has been approved for later or has
run out, and drafts for those who see the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.avtaler import access, soek
from portal.avtaler.forloep import I_ARBEID, Status
from portal.avtaler.models import EVIG, LEVENDE, Avtale, Avtalepart, Avtaleversjon, Bestemmelse
from portal.avtaler.steps import i_kraft
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, planlegg_for_verdiene
from portal.identitet.access import er_system
from portal.identitet.models import Organisasjon

SIDESTOERRELSE = 20
#: More matches than this are not ranked: a word that stands everywhere finds nothing for anybody.
FLEST_TREFF = 1_000
#: An actor who sees more agreements than this, searches the whole country and leaves out what is not to be seen.
FLEST_EGNE = 1_000
#: And of so few, every clause is looked through: the index of words tells of all in the country that have the word.
FAA_EGNE = 100
#: Agreements whose title has the words, shown above the clauses.
FLEST_AVTALER = 5
#: A version that neither holds nor is worked on, and is still what there is to read of its agreement.
_LESBARE = (Status.GODKJENT, Status.UTLOEPT, Status.OPPSAGT)


@dataclass(frozen=True, slots=True)
class Treff:
    """A clause that was found: where it stands, and the piece of it that has the words, marked (`soek.merkede`)."""

    avtale_id: UUID
    tittel: str
    kjenningsnummer: str
    eier: str
    versjon: int
    status: str
    #: It holds today; otherwise `status` says what it is.
    gjelder: bool
    noekkel: UUID
    nummer: str
    art: str
    overskrift: str
    utdrag: str


@dataclass(frozen=True, slots=True)
class Avtalenavn:
    avtale_id: UUID
    tittel: str
    kjenningsnummer: str
    eier: str


@dataclass(frozen=True, slots=True)
class Soekeside:
    """One page of what was found. `forstaatt` False: the question has no word that can be searched for."""

    spoersmaal: str
    forstaatt: bool = True
    antall: int = 0
    #: There were more than are ranked.
    flere: bool = False
    side: int = 1
    treff: Sequence[Treff] = field(default_factory=list)
    avtaler: Sequence[Avtalenavn] = field(default_factory=list)

    @property
    def antall_sider(self) -> int:
        return max(1, -(-self.antall // SIDESTOERRELSE))


def finn(aktor: Aktor, spoersmaal: str, side: int = 1, art: str | None = None) -> Soekeside:
    """The clauses with these words, the best first, read as `websearch_to_tsquery` does: «a b», "a b", -a, a or b."""
    spoersmaal = " ".join(spoersmaal.replace("\x00", " ").split())[: soek.LENGSTE_SPOERSMAAL]
    if not soek.har_ord(spoersmaal):
        return Soekeside(spoersmaal, forstaatt=not spoersmaal)
    pg = db.engine.dialect.name == "postgresql"
    finn_ = _paa_sqlite if not pg else _i_hele_landet if access.ser_landet(aktor) else _paa_postgresql
    antall, funnet = finn_(_versjoner(aktor), spoersmaal, art, (side - 1) * SIDESTOERRELSE)
    if not funnet and side > 1:
        return finn(aktor, spoersmaal, max(1, -(-antall // SIDESTOERRELSE)) if antall else 1, art)
    return Soekeside(
        spoersmaal,
        antall=min(antall, FLEST_TREFF),
        flere=antall > FLEST_TREFF,
        side=side,
        treff=_les(funnet, spoersmaal, pg),
        avtaler=_navn(aktor, spoersmaal) if side == 1 and not art else [],
    )


# --- which versions --------------------------------------------------------------------------------------


def _versjoner(aktor: Aktor) -> sa.Select[Any]:
    """The versions that are searched (avtale_id, nummer, gjelder, siste_nummer): at most two of an agreement, and never
    an old one that another has replaced."""
    gjelder = i_kraft(i_dag())
    vilkaar = [sa.and_(access.leselige(aktor), sa.or_(gjelder, Avtaleversjon.status.in_(_LESBARE)))]
    arbeid = Avtaleversjon.status.in_(I_ARBEID - {Status.GODKJENT})
    if er_system(aktor):
        vilkaar.append(arbeid)
    elif aktor.rolle in access.INNSIDE and aktor.organisasjon_id is not None:
        med = (
            sa.select(Avtalepart.avtale_id)
            .where(Avtalepart.organisasjon_id == aktor.organisasjon_id, Avtalepart.status.in_(access.MED))
            .correlate(None)
        )
        sendt = sa.or_(
            Avtaleversjon.sendt_til_forhandling.is_not(None), Avtaleversjon.sendt_til_godkjenning.is_not(None)
        )
        egen = Avtale.eier_id == aktor.organisasjon_id
        vilkaar.append(sa.and_(arbeid, Avtale.id.in_(med), sa.or_(egen, sendt)))
    return (
        sa.select(
            Avtaleversjon.avtale_id,
            Avtaleversjon.nummer,
            sa.case((gjelder, 1), else_=0).label("gjelder"),
            Avtale.siste_nummer,
        )
        .join(Avtale, Avtale.id == Avtaleversjon.avtale_id)
        .where(access.synlige(aktor), sa.text(f"avtaleversjon.{LEVENDE}"), sa.or_(*vilkaar))
    )


# --- how each database finds -----------------------------------------------------------------------------

Funnet = tuple[int, list[tuple[UUID, int]]]


def _side(kandidater: Any, hopp: int, *, stigende: bool) -> Funnet:
    """How many there are, and one page of (clause, version), the best first: each clause once, as it stands in the
    version that holds, else in the newest."""
    k = kandidater.subquery("k")
    rang = sa.func.min(k.c.rang) if stigende else sa.func.max(k.c.rang).desc()
    i_den = sa.func.max(sa.case((k.c.gjelder == 1, k.c.nummer)))
    sporring = sa.select(
        k.c.id,
        sa.func.coalesce(i_den, sa.func.max(k.c.nummer)).label("nummer"),
        sa.func.count().over().label("antall"),
    ).group_by(k.c.id)
    planlegg_for_verdiene()
    rader = db.session.execute(sporring.order_by(rang, k.c.id).limit(SIDESTOERRELSE).offset(hopp)).all()
    if not rader and hopp:
        # Past the last page: how many pages there are is still to be told.
        return db.session.scalar(sa.select(sa.func.count(k.c.id.distinct()))) or 0, []
    return (rader[0].antall if rader else 0), [(r.id, r.nummer) for r in rader]


def _paa_postgresql(versjoner: sa.Select[Any], spoersmaal: str, art: str | None, hopp: int) -> Funnet:
    """The versions first, by themselves: PostgreSQL then knows how few (or how many) they are, and chooses its way."""
    v = db.session.execute(versjoner).all()
    if not v:
        return 0, []
    ord_: sa.ColumnElement[Any] = sa.literal_column("bestemmelse.ord")
    spurt = _tsquery(spoersmaal)
    b = Bestemmelse
    treff = [ord_.op("@@")(spurt), *([b.art == art] if art else [])]
    rang = sa.func.ts_rank(ord_, spurt).label("rang")
    # Those that no version has ended are in the index of words. An actor who sees a good part of the country looks
    # through all of it; the others through their own agreements alone.
    mine = {r.avtale_id for r in v}
    egne = (
        [] if len(mine) > FLEST_EGNE else [b.avtale_id == sa.any_(sa.literal(list(mine), ARRAY(sa.Uuid())))]
    )
    holder = b.til_versjon == sa.literal_column(str(EVIG))
    if len(mine) <= FAA_EGNE:
        # OFFSET 0 keeps PostgreSQL from asking the index of words after all.
        k = sa.select(b.id, b.avtale_id, b.fra_versjon, b.art, ord_.label("ord")).where(holder, *egne)
        m = k.offset(sa.literal_column("0")).subquery("mine")
        funnet = sa.select(
            m.c.id, m.c.avtale_id, m.c.fra_versjon, sa.func.ts_rank(m.c.ord, spurt).label("rang")
        )
        funnet = funnet.where(m.c.ord.op("@@")(spurt), *([m.c.art == art] if art else []))
    else:
        funnet = sa.select(b.id, b.avtale_id, b.fra_versjon, rang).where(holder, *egne, *treff)
    nye = funnet.limit(FLEST_TREFF + 1 if egne else FLEST_TREFF * 2).subquery("nye")
    alle = _tabell(v, "v")
    deler = [
        sa.select(nye.c.id, alle.c.nummer, alle.c.gjelder, nye.c.rang).join(
            alle, sa.and_(alle.c.avtale_id == nye.c.avtale_id, alle.c.nummer >= nye.c.fra_versjon)
        )
    ]
    # The few others that hold are those that a draft has ended: found by their agreement, and by no older version.
    if eldre := [r for r in v if r.nummer < r.siste_nummer]:
        e = _tabell(eldre, "e")
        deler.append(
            sa.select(b.id, e.c.nummer, e.c.gjelder, rang)
            .join(
                e,
                sa.and_(
                    e.c.avtale_id == b.avtale_id,
                    b.til_versjon > e.c.nummer,
                    b.til_versjon < EVIG,
                    b.fra_versjon <= e.c.nummer,
                ),
            )
            .where(*treff)
        )
    return _side(sa.union_all(*deler), hopp, stigende=False)


def _i_hele_landet(versjoner: sa.Select[Any], spoersmaal: str, art: str | None, hopp: int) -> Funnet:
    """As `_paa_postgresql`, for who sees every agreement: the words first, and then the versions of what was found. To
    fetch the versions of thousands of agreements, only to send them back, takes longer than to search."""
    ord_: sa.ColumnElement[Any] = sa.literal_column("bestemmelse.ord")
    spurt = _tsquery(spoersmaal)
    b = Bestemmelse
    treff = [ord_.op("@@")(spurt), *([b.art == art] if art else [])]
    rang = sa.func.ts_rank(ord_, spurt).label("rang")
    nye = (
        sa.select(b.id, b.avtale_id, b.fra_versjon, rang)
        .where(b.til_versjon == sa.literal_column(str(EVIG)), *treff)
        .limit(FLEST_TREFF * 2)
        .cte("nye")
        .prefix_with("MATERIALIZED")
    )
    v = (
        versjoner.where(Avtale.id.in_(sa.select(nye.c.avtale_id).distinct()))
        .cte("v")
        .prefix_with("MATERIALIZED")
    )
    e = versjoner.where(Avtaleversjon.nummer < Avtale.siste_nummer).cte("e").prefix_with("MATERIALIZED")
    deler = [
        sa.select(nye.c.id, v.c.nummer, v.c.gjelder, nye.c.rang).join(
            v, sa.and_(v.c.avtale_id == nye.c.avtale_id, v.c.nummer >= nye.c.fra_versjon)
        ),
        # What a draft has ended is looked through where the rest was not more than is ranked.
        sa.select(b.id, e.c.nummer, e.c.gjelder, rang)
        .join(
            e,
            sa.and_(
                e.c.avtale_id == b.avtale_id,
                b.til_versjon > e.c.nummer,
                b.til_versjon < EVIG,
                b.fra_versjon <= e.c.nummer,
            ),
        )
        .where(*treff, sa.select(sa.func.count()).select_from(nye).scalar_subquery() < FLEST_TREFF * 2),
    ]
    return _side(sa.union_all(*deler), hopp, stigende=False)


def _tabell(rader: Sequence[Any], navn: str) -> Any:
    """Versions as a table of the statement."""
    kolonner = [
        sa.literal([getattr(r, felt) for r in rader], ARRAY(slag))
        for felt, slag in (("avtale_id", sa.Uuid()), ("nummer", sa.Integer()), ("gjelder", sa.Integer()))
    ]
    return (
        sa.func.unnest(*kolonner)
        .table_valued(
            sa.column("avtale_id", sa.Uuid()),
            sa.column("nummer", sa.Integer),
            sa.column("gjelder", sa.Integer),
            name=navn,
        )
        .render_derived()
    )


def _tsquery(spoersmaal: str) -> sa.ColumnElement[Any]:
    return sa.func.websearch_to_tsquery(
        sa.literal_column("'norwegian'::regconfig"), soek.som_websearch(spoersmaal)
    )


def _paa_sqlite(versjoner: sa.Select[Any], spoersmaal: str, art: str | None, hopp: int) -> Funnet:
    v = versjoner.subquery("v")
    fts = sa.table("bestemmelse_fts", sa.column("bestemmelse_id", sa.Uuid()), sa.column("rank"))
    treff = (
        sa.select(fts.c.bestemmelse_id, fts.c.rank.label("rang"))
        .where(sa.text("bestemmelse_fts MATCH :uttrykk").bindparams(uttrykk=soek.som_fts5(spoersmaal)))
        .subquery("t")
    )
    sporring = (
        sa.select(Bestemmelse.id, v.c.nummer, v.c.gjelder, treff.c.rang)
        .join(treff, treff.c.bestemmelse_id == Bestemmelse.id)
        .join(v, v.c.avtale_id == Bestemmelse.avtale_id)
        .where(Bestemmelse.fra_versjon <= v.c.nummer, Bestemmelse.til_versjon > v.c.nummer)
    )
    return _side(sporring.where(Bestemmelse.art == art) if art else sporring, hopp, stigende=True)


# --- what is shown ---------------------------------------------------------------------------------------


def _les(par: Sequence[tuple[UUID, int]], spoersmaal: str, pg: bool) -> list[Treff]:
    if not par:
        return []
    b = Bestemmelse
    tekst: Any = b.tekst
    overskrift: Any = b.overskrift
    if pg:
        valg = f"StartSel={soek.MERK_FRA}, StopSel={soek.MERK_TIL}, "
        tekst = _hodelinje(sa.func.left(b.tekst, soek.LETES), spoersmaal, f"{valg}MaxWords=38, MinWords=18")
        overskrift = _hodelinje(b.overskrift, spoersmaal, f"{valg}HighlightAll=true")
    rader = {
        r.id: r
        for r in db.session.execute(
            sa.select(
                *(b.id, b.avtale_id, b.noekkel, b.nummer, b.art),
                *(overskrift.label("overskrift"), tekst.label("tekst")),
                *(Avtale.tittel, Avtale.nummer.label("kjenningsnummer"), Organisasjon.kortnavn),
            )
            .join(Avtale, Avtale.id == b.avtale_id)
            .join(Organisasjon, Organisasjon.id == Avtale.eier_id)
            .where(b.id.in_([id_ for id_, _n in par]))
        )
    }
    hvilke = {(rader[id_].avtale_id, n) for id_, n in par}
    versjoner = {
        (r.avtale_id, r.nummer): r
        for r in db.session.execute(
            sa.select(
                Avtaleversjon.avtale_id,
                Avtaleversjon.nummer,
                Avtaleversjon.status,
                sa.case((i_kraft(i_dag()), 1), else_=0).label("gjelder"),
            ).where(
                sa.or_(*(sa.and_(Avtaleversjon.avtale_id == a, Avtaleversjon.nummer == n) for a, n in hvilke))
            )
        )
    }
    ut = []
    for id_, n in par:
        r = rader[id_]
        v = versjoner[r.avtale_id, n]
        ut.append(
            Treff(
                avtale_id=r.avtale_id,
                tittel=r.tittel,
                kjenningsnummer=r.kjenningsnummer,
                eier=r.kortnavn,
                versjon=n,
                status=v.status,
                gjelder=bool(v.gjelder),
                noekkel=r.noekkel,
                nummer=r.nummer,
                art=r.art,
                overskrift=r.overskrift if pg else soek.utdrag(r.overskrift, spoersmaal),
                utdrag=soek.uten_markdown(r.tekst) if pg else soek.utdrag(r.tekst, spoersmaal),
            )
        )
    return ut


def _hodelinje(tekst: Any, spoersmaal: str, valg: str) -> sa.ColumnElement[Any]:
    """PostgreSQL's piece of a text with the words marked. Our own marks, should they stand in it, are taken out."""
    uten = sa.func.translate(tekst, soek.MERK_FRA + soek.MERK_TIL, "")
    return sa.func.ts_headline(sa.literal_column("'norwegian'::regconfig"), uten, _tsquery(spoersmaal), valg)


def _navn(aktor: Aktor, spoersmaal: str) -> list[Avtalenavn]:
    """Agreements with all the words in their title or number."""
    ord_ = [o for o in spoersmaal.replace('"', " ").split() if not o.startswith("-")]
    navn = sa.func.lower(Avtale.nummer + " " + Avtale.tittel)
    rader = db.session.execute(
        sa.select(Avtale.id, Avtale.tittel, Avtale.nummer, Organisasjon.kortnavn)
        .join(Organisasjon, Organisasjon.id == Avtale.eier_id)
        .where(access.synlige(aktor), *(navn.contains(o.lower(), autoescape=True) for o in ord_))
        .order_by(Avtale.nummer, Avtale.tittel, Avtale.id)
        .limit(FLEST_AVTALER)
    )
    return [Avtalenavn(*r) for r in rader]
