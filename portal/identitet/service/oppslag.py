"""Reading the register: search, one organisation with what belongs to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.identitet import access, steps
from portal.identitet.access import Handling, ikke_slutt
from portal.identitet.bretting import brett
from portal.identitet.models import (
    SYKEHUS,
    Enhet,
    EnhetKommune,
    Medlemskap,
    Organisasjon,
    OrganisasjonHistorikk,
    Organisasjonstype,
    Person,
)
from portal.varsler.steps import Mottaker

PER_SIDE = 50
_UTEN_NORSKE = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


@dataclass(frozen=True, slots=True)
class Treff:
    """One line of the register's list."""

    id: UUID
    type: str
    kode: str | None
    navn: str
    kortnavn: str
    navn_alternativ: str
    organisasjonsnummer: str | None
    overordnet: str | None
    helseforetak: str | None
    nedlagt: Any


@dataclass(frozen=True, slots=True)
class Side:
    """One page of a search."""

    treff: Sequence[Treff]
    antall: int
    side: int
    antall_sider: int


def sok(
    aktor: Aktor,
    tekst: str = "",
    *,
    slag: str = "",
    rhf_id: UUID | None = None,
    nedlagte: bool = False,
    side: int = 1,
) -> Side:
    """Organisations whose names or numbers hold every word of `tekst`; those that begin with it first.

    The comparison is done here and not in SQL: no database folds æøå and the Sámi letters alike, and the
    register is a few hundred rows. `slag` is an organisation type, `rhf_id` a health region; `nedlagte` takes
    ended ones in.
    """
    overordnet, foretak = aliased(Organisasjon), aliased(Organisasjon)
    sporring: sa.Select[*tuple[Any, ...]] = (
        access.synlige(aktor)
        .with_only_columns(
            Organisasjon.id,
            Organisasjon.type,
            Organisasjon.kode,
            Organisasjon.navn,
            Organisasjon.kortnavn,
            Organisasjon.navn_alternativ,
            Organisasjon.organisasjonsnummer,
            overordnet.kortnavn,
            foretak.kortnavn,
            Organisasjon.nedlagt,
        )
        .outerjoin(overordnet, overordnet.id == Organisasjon.overordnet_id)
        .outerjoin(foretak, foretak.id == Organisasjon.helseforetak_id)
    )
    if slag:
        sporring = sporring.where(Organisasjon.type == slag)
    if rhf_id is not None:
        # The region of a kommune is that of its trust.
        sporring = sporring.where(
            sa.or_(
                Organisasjon.id == rhf_id,
                Organisasjon.overordnet_id == rhf_id,
                foretak.overordnet_id == rhf_id,
            )
        )
    if not nedlagte:
        sporring = sporring.where(Organisasjon.nedlagt.is_(None))
    rader = [Treff(*rad) for rad in db.session.execute(sporring)]
    ord_ = brett(tekst).split()
    vektet = [(vekt, rad) for rad in rader if (vekt := _vekt(rad, ord_)) is not None]
    vektet.sort(key=lambda v: (v[0], _TYPEFOELGE.get(v[1].type, 9), steps.sorteringsnoekkel(v[1].kortnavn)))
    antall_sider = max(1, -(-len(vektet) // PER_SIDE))
    side = min(max(side, 1), antall_sider)
    utsnitt = [rad for _, rad in vektet[(side - 1) * PER_SIDE : side * PER_SIDE]]
    return Side(utsnitt, len(vektet), side, antall_sider)


_TYPEFOELGE: dict[str, int] = {
    Organisasjonstype.RHF: 0,
    Organisasjonstype.HF: 1,
    Organisasjonstype.IDEELT_SYKEHUS: 2,
    Organisasjonstype.KOMMUNE: 3,
    Organisasjonstype.FYLKE: 4,
}


def _vekt(rad: Treff, ord_: list[str]) -> int | None:
    """How well a row fits: 0 begins with the text, 1 a word in it does, 2 holds it; None: not at all."""
    if not ord_:
        return 0
    navn = brett(f"{rad.navn} / {rad.navn_alternativ}" if rad.navn_alternativ else rad.navn)
    numre = f"{rad.kode or ''} {rad.organisasjonsnummer or ''}"
    # «alesund» finds Ålesund, but «ås» does not find Askim: letters fold towards a plain keyboard only.
    enkelt = navn.translate(_UTEN_NORSKE)
    siffer = "".join(ord_)
    if siffer.isdecimal():
        return (
            0
            if (rad.kode or "").startswith(siffer) or (rad.organisasjonsnummer or "").startswith(siffer)
            else None
        )
    felt = f"{navn} | {enkelt} | {numre}"
    if not all(o in felt for o in ord_):
        return None
    hele = " ".join(ord_)
    if navn.startswith(hele) or enkelt.startswith(hele):
        return 0
    return 1 if f" {hele}" in f" {felt}" else 2


@dataclass(frozen=True, slots=True)
class Visning:
    """Everything the page of an organisation shows."""

    organisasjon: Organisasjon
    enheter: Sequence[Enhet]
    #: Units of other kommuner that serve this one too.
    betjenes_av: Sequence[Enhet]
    fagtelefoner: dict[str, str]
    historikk: Sequence[OrganisasjonHistorikk]
    forgjengere: Sequence[Organisasjon]
    #: The kommuner of a hospital's catchment, the trusts of an RHF, the kommuner of a fylke.
    underordnede: Sequence[Organisasjon]
    kan_redigere: bool


def hent_visning(aktor: Aktor, organisasjon_id: UUID) -> Visning:
    """An organisation with units, numbers, history and catchment. Raises IkkeFunnet."""
    o = access.hent(aktor, Handling.SE, organisasjon_id)
    betjenes_av = db.session.scalars(
        sa.select(Enhet)
        .join(EnhetKommune, EnhetKommune.enhet_id == Enhet.id)
        .where(EnhetKommune.organisasjon_id == o.id, Enhet.aktiv)
        .order_by(Enhet.navn)
    ).all()
    historikk = db.session.scalars(
        sa.select(OrganisasjonHistorikk)
        .where(OrganisasjonHistorikk.organisasjon_id == o.id)
        .order_by(OrganisasjonHistorikk.gyldig_fra.desc(), OrganisasjonHistorikk.felt)
    ).all()
    forgjengere = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.etterfolger_id == o.id)).all()
    kobling = Organisasjon.helseforetak_id if o.type in SYKEHUS else Organisasjon.overordnet_id
    underordnede = db.session.scalars(
        sa.select(Organisasjon).where(kobling == o.id, Organisasjon.nedlagt.is_(None))
    ).all()
    kan_redigere = o.nedlagt is None and access.kan(aktor, Handling.REDIGERE, o.id)
    return Visning(
        organisasjon=o,
        enheter=[e for e in o.enheter if e.aktiv or kan_redigere],
        betjenes_av=betjenes_av,
        fagtelefoner=steps.fagtelefoner([o.id])[o.id],
        historikk=historikk,
        forgjengere=forgjengere,
        underordnede=sorted(underordnede, key=lambda u: steps.sorteringsnoekkel(u.kortnavn)),
        kan_redigere=kan_redigere,
    )


def hent_for_redigering(aktor: Aktor, organisasjon_id: UUID) -> Organisasjon:
    """An organisation whose units the actor may change. Raises IkkeFunnet or IkkeTilgang."""
    return access.hent(aktor, Handling.REDIGERE, organisasjon_id)


def nabokommuner(o: Organisasjon, valgte: Collection[str] = ()) -> list[tuple[UUID, str]]:
    """The other kommuner of the fylke (whom an interkommunal unit most often serves), and those chosen."""
    naboer = set(
        db.session.scalars(
            sa.select(Organisasjon.id).where(
                Organisasjon.overordnet_id == o.overordnet_id, Organisasjon.type == Organisasjonstype.KOMMUNE
            )
        )
    )
    return [
        (i, navn) for i, navn in steps.kommuner_for_valg() if i != o.id and (i in naboer or str(i) in valgte)
    ]


def hent_enhet(aktor: Aktor, enhet_id: UUID) -> Enhet:
    """A unit to change. Raises IkkeFunnet or IkkeTilgang."""
    return access.hent_enhet(aktor, Handling.REDIGERE, enhet_id)


def regionale_foretak(aktor: Aktor) -> list[tuple[UUID, str]]:
    """The RHF, for the filter of the search."""
    rader = db.session.scalars(
        access.synlige(aktor).where(
            Organisasjon.type == Organisasjonstype.RHF, Organisasjon.nedlagt.is_(None)
        )
    )
    return sorted(((o.id, o.kortnavn) for o in rader), key=lambda v: steps.sorteringsnoekkel(v[1]))


def mottakere(person_ider: Collection[UUID]) -> dict[UUID, Mottaker]:
    """People as somebody to tell, by id. For the rooms below, through the factory: nobody's rights are asked for."""
    rader = db.session.execute(
        sa.select(Person.id, Person.navn, Person.epost, Person.spraak).where(Person.id.in_(person_ider))
    )
    return {r.id: Mottaker(r.id, r.navn, r.epost, r.spraak) for r in rader}


def teller_ennaa(person_id: UUID, organisasjon_id: UUID | None) -> bool:
    """Whether a person may still be told what was told in an organisation's service: not shut out, and with a role
    there that has not ended. Of an organisation that has become part of another, any role counts: it moved along.
    """
    har_rolle = sa.exists().where(
        Medlemskap.person_id == person_id,
        ikke_slutt(),
        sa.or_(
            Medlemskap.organisasjon_id == organisasjon_id,
            sa.exists().where(Organisasjon.id == organisasjon_id, Organisasjon.nedlagt.is_not(None)),
        ),
    )
    regler = [Person.id == person_id, Person.aktiv, *([har_rolle] if organisasjon_id else [])]
    return bool(db.session.scalar(sa.select(sa.exists().where(*regler))))
