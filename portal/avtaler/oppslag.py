"""What the agreements of a kommune say on a day: asked by «Hva gjelder nå?», and by the rooms above beside a case.

Nothing here asks for permission, and nothing reads a version that does not hold on the day: the answer takes as long
with fifteen old versions as with none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse
from portal.avtaler.punkter import VED_SIDEN, Situasjon, angaar
from portal.avtaler.steps import i_kraft, i_versjonen
from portal.beredskap.steps import situasjon as situasjon_for
from portal.core.db import db
from portal.identitet.models import Organisasjon


@dataclass(frozen=True, slots=True)
class Avtaletreff:
    """An agreement that holds for the kommune on the day, and in which version."""

    avtale_id: UUID
    tittel: str
    #: As people call it: «4.2»; may be empty.
    kjenningsnummer: str
    type: str
    #: The version's number, and the day from which it holds for this kommune.
    versjon: int
    fra: date
    eier: str


class Klausul(NamedTuple):
    """A clause that holds, as plain data, with its agreement: what it is about, and of some what it says (`utfyll`)."""

    avtale: Avtaletreff
    #: Its two ids as the database writes them: of the thousands that are read, those of a few are asked for.
    id_tekst: str
    noekkel_tekst: str
    nummer: str
    overskrift: str
    art: str
    punkt: int | None
    faser: int
    #: It settles steps of the utskrivningsforskrift.
    har_trinn: bool
    tekst: str = ""
    kriterier: Sequence[dict[str, Any]] = ()
    matrise: Sequence[dict[str, Any]] = ()

    @property
    def id(self) -> UUID:
        return UUID(self.id_tekst)

    @property
    def noekkel(self) -> UUID:
        return UUID(self.noekkel_tekst)


def _holder_for(kommune_id: UUID, dag: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        Avtalepart.organisasjon_id == kommune_id,
        Avtalepart.fra <= dag,
        sa.or_(Avtalepart.til.is_(None), Avtalepart.til > dag),
    )


def avtaler(
    kommune_id: UUID, dag: date, *vilkaar: sa.ColumnElement[bool], foretak_id: UUID | None = None
) -> list[Avtaletreff]:
    """The agreements that hold for a kommune on a day; with `foretak_id` those that bind this trust too.

    A trust is bound by those it owns or takes part in, and by those of the RHF above it.
    """
    eier = aliased(Organisasjon)
    sporring = (
        sa.select(
            Avtale.id,
            Avtale.tittel,
            Avtale.nummer,
            Avtale.type,
            Avtaleversjon.nummer.label("versjon"),
            Avtaleversjon.i_kraft_fra,
            Avtalepart.fra,
            eier.kortnavn.label("eier"),
        )
        .select_from(Avtalepart)
        .join(Avtale, Avtale.id == Avtalepart.avtale_id)
        .join(Avtaleversjon, sa.and_(Avtaleversjon.avtale_id == Avtale.id, i_kraft(dag)))
        .join(eier, eier.id == Avtale.eier_id)
        .where(_holder_for(kommune_id, dag), *vilkaar)
        .order_by(Avtale.nummer, Avtale.tittel, Avtale.id)
    )
    if foretak_id is not None:
        over = sa.select(Organisasjon.overordnet_id).where(Organisasjon.id == foretak_id).scalar_subquery()
        motpart = aliased(Avtalepart)
        deltar = sa.exists().where(
            motpart.avtale_id == Avtale.id,
            motpart.organisasjon_id == foretak_id,
            motpart.fra <= dag,
            sa.or_(motpart.til.is_(None), motpart.til > dag),
        )
        sporring = sporring.where(sa.or_(Avtale.eier_id == foretak_id, Avtale.eier_id == over, deltar))
    return [
        Avtaletreff(r.id, r.tittel, r.nummer, r.type, r.versjon, max(r.fra, r.i_kraft_fra), r.eier)
        for r in db.session.execute(sporring)
    ]


def klausuler(
    treff: Sequence[Avtaletreff],
    arter: Collection[str] | None = None,
    *vilkaar: sa.ColumnElement[bool],
) -> list[Klausul]:
    """The clauses of the versions that hold, in the order of their agreements, without their texts. `arter`: of these
    kinds alone."""
    if not treff:
        return []
    # As both databases write an id: with its hyphens, or without.
    plass = {tekst: n for n, t in enumerate(treff) for tekst in (str(t.avtale_id), t.avtale_id.hex)}
    # One condition for each version number: a handful of them, and each is a range of the index.
    numre: dict[int, list[UUID]] = {}
    for t in treff:
        numre.setdefault(t.versjon, []).append(t.avtale_id)
    # Of the table, not of the class: a kommune may have thousands, and no object is made of any.
    c = Bestemmelse.__table__.c
    sporring = sa.select(
        *(_som_tekst(c.avtale_id), c.plass, _som_tekst(c.noekkel), _som_tekst(c.id)),
        *(c.nummer, c.overskrift, c.art, c.punkt, c.faser),
        (_som_tekst(c.trinn) != "[]").label("har_trinn"),
    ).where(
        sa.or_(*(sa.and_(Bestemmelse.avtale_id.in_(ider), i_versjonen(n)) for n, ider in numre.items())),
        *vilkaar,
    )
    if arter is not None:
        sporring = sporring.where(Bestemmelse.art.in_(list(arter)))
    rader = sorted(
        (plass[avtale_id], *resten) for avtale_id, *resten in db.session.execute(sporring).tuples()
    )
    return [
        Klausul(treff[n], id_, noekkel, nummer, overskrift, art, punkt, faser, bool(har_trinn))
        for n, _plass, noekkel, id_, nummer, overskrift, art, punkt, faser, har_trinn in rader
    ]


def utfyll(klausuler_: Sequence[Klausul]) -> list[Klausul]:
    """The same clauses with what they say: text, criteria and matrix."""
    if not klausuler_:
        return []
    sagt = {
        r.id.int: r
        for r in db.session.execute(
            sa.select(Bestemmelse.id, Bestemmelse.tekst, Bestemmelse.kriterier, Bestemmelse.matrise).where(
                Bestemmelse.id.in_([k.id for k in klausuler_])
            )
        )
    }
    med = ((k, sagt[k.id.int]) for k in klausuler_)
    return [k._replace(tekst=r.tekst, kriterier=r.kriterier, matrise=r.matrise) for k, r in med]


def i_fasen(fase: int) -> sa.ColumnElement[bool]:
    """The condition on `Bestemmelse` that it holds in a phase."""
    return Bestemmelse.faser.bitwise_and(1 << fase) != 0


def for_situasjon(
    treff: Sequence[Avtaletreff],
    situasjoner: Collection[str],
    fase: int,
    fagomraade: str | None = None,
) -> list[Klausul]:
    """The clauses about some situations that hold in a phase, for a fagområde (None: whatever it is), without texts."""
    arter = [*situasjoner, *VED_SIDEN]
    vilkaar = [i_fasen(fase)]
    if fagomraade is not None:
        omraader = _som_tekst(Bestemmelse.fagomraader)
        vilkaar.append(sa.or_(omraader == "[]", omraader.contains(f'"{fagomraade}"', autoescape=True)))
    # Thousands of clauses, of a few dozen kinds.
    slag: dict[tuple[str, int | None, bool], bool] = {}
    ut = []
    for k in klausuler(treff, arter, *vilkaar):
        if (s := (k.art, k.punkt, k.har_trinn)) not in slag:
            slag[s] = angaar(*s, situasjoner)
        if slag[s]:
            ut.append(k)
    return ut


def _som_tekst(kolonne: Any) -> sa.ColumnElement[str]:
    """A column as the database writes it. A list: «[]», or «["geriatri"]»; thousands of them need not be read."""
    return sa.cast(kolonne, sa.String)


def grunnlag(
    kommune_id: UUID,
    foretak_id: UUID | None,
    situasjon: Situasjon | str,
    fagomraade: str | None,
    dag: date,
    fase: int | None = None,
) -> list[dict[str, Any]]:
    """What advice is given on: each agreement in the version that holds, and its clauses about the situation.

    As `henvendelser.models.Avtalegrunnlag.avtaler` keeps it, plain data: [{"avtale_id", "tittel", "nummer",
    "bestemmelser": [{"noekkel", "nummer", "overskrift"}]}]. Agreements with no such clause are left out. `fase`: the
    kommune's, where the caller has read it.
    """
    if fase is None:
        fase = situasjon_for(kommune_id).fase
    treff = avtaler(kommune_id, dag, foretak_id=foretak_id)
    ut: dict[UUID, dict[str, Any]] = {}
    for k in for_situasjon(treff, [str(situasjon)], fase, fagomraade):
        rad = ut.setdefault(
            k.avtale.avtale_id,
            {
                "avtale_id": str(k.avtale.avtale_id),
                "tittel": k.avtale.tittel,
                "nummer": k.avtale.versjon,
                "bestemmelser": [],
            },
        )
        rad["bestemmelser"].append(
            {"noekkel": str(k.noekkel), "nummer": k.nummer, "overskrift": k.overskrift}
        )
    return list(ut.values())
