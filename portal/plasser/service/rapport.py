"""The yearly ØHD report of a kommune: its inhabitants' admissions at all units, and its own units.

Reads alone. What the need for more places is weighed by is counted in `behovstall.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Enhet, Organisasjon
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import access, rapporttall
from portal.plasser import historikkregler as regler
from portal.plasser.access import Handling
from portal.plasser.doegn import grenser
from portal.plasser.forloep import Holdstatus
from portal.plasser.models import Avslag, Opphold, Plassenhet, Plassmedlem, Reservasjon
from portal.plasser.rapporttall import Oppholdsrad, Oppholdstall
from portal.plasser.service import historikk
from portal.plasser.service.doegn import foerste_endring

#: The first year that can be asked for.
FOERSTE_AAR = 2000


@dataclass(frozen=True, slots=True)
class Egenenhet:
    """One of the kommune's own units in the period, with everybody's admissions."""

    id: UUID
    navn: str
    summer: dict[str, int]
    #: Bed-days of those who lay there.
    opphold: Oppholdstall
    #: The first day that the registry knows anything of there.
    begynner: date | None


@dataclass(frozen=True, slots=True)
class Periodetall:
    fra: date
    #: The last day: the year's, or today.
    til: date
    innbyggere: Oppholdstall
    #: {reason: how many} refused inhabitants, wherever they asked.
    avslag: dict[str, int]
    #: Holds for inhabitants that ran out.
    utloept: int
    egne: list[Egenenhet]
    #: The occupancy of all its own units together.
    egne_sum: dict[str, int]
    #: Refused at its own units, whoever's inhabitant.
    egne_avslag: dict[str, int]
    #: The first day that the registry knows anything of at the units that the kommune has had a place in, if any.
    begynner: date | None

    @property
    def kjent(self) -> bool:
        """Whether the registry was in use then at all: what was before is not zero."""
        return self.begynner is not None and self.begynner <= self.til


@dataclass(frozen=True, slots=True)
class Rapport:
    kommune: Organisasjon
    aar: int
    naa: Periodetall
    #: The year before, whole; for a running year the same part of it.
    foer: Periodetall
    #: The year is not over.
    loeper: bool
    #: Others than the kommune read it: small numbers are hidden, and of a year that runs all that is of persons.
    skjuler: bool
    enhetsnavn: dict[UUID, str]
    kommunenavn: dict[UUID, str]
    #: The kommuner that became this one within the two years: the stays that ended there before are in their reports.
    forgjengere: list[str]

    @property
    def bare_hovedtall(self) -> bool:
        """Of two readings of a year that runs the difference would be a person."""
        return self.skjuler and self.loeper


def synlige_kommuner(aktor: Aktor) -> list[Organisasjon]:
    """The kommuner whose report the actor may read, by name. Raises IkkeTilgang for who may read none."""
    kommuner = list(db.session.scalars(access.rapportkommuner(aktor)))
    if not kommuner:
        access.nekt(aktor, Handling.SE_RAPPORT, "organisasjon", aktor.organisasjon_id, finnes=True)
    return sorted(kommuner, key=lambda k: sorteringsnoekkel(k.kortnavn))


def hent(aktor: Aktor, kommune_id: UUID, aar: int) -> Rapport:
    """The report of a year. Raises IkkeFunnet for a year that has not begun, IkkeTilgang."""
    kommune = access.hent_rapportkommune(aktor, kommune_id)
    idag = i_dag()
    if not FOERSTE_AAR <= aar <= idag.year:
        raise IkkeFunnet()
    loeper = aar == idag.year
    til = idag if loeper else date(aar, 12, 31)
    foer_til = date(aar - 1, 12, 31)
    if loeper:
        # 29 February has no counterpart.
        foer_til = til.replace(year=aar - 1, day=min(til.day, 28) if til.month == 2 else til.day)
    naa = periodetall(kommune.id, date(aar, 1, 1), til)
    foer = periodetall(kommune.id, date(aar - 1, 1, 1), foer_til)
    enheter = {*naa.innbyggere.enheter, *foer.innbyggere.enheter}
    kommuner = {k for p in (naa, foer) for e in p.egne for k in e.opphold.kommuner}
    return Rapport(
        kommune,
        aar,
        naa,
        foer,
        loeper,
        not access.er_kommunens(aktor, kommune),
        _enhetsnavn(enheter),
        _kommunenavn(kommuner),
        _forgjengere(kommune.id, foer.fra),
    )


def _forgjengere(kommune_id: UUID, fra: date) -> list[str]:
    navn = db.session.scalars(
        sa.select(Organisasjon.kortnavn).where(
            Organisasjon.id.in_(access.forgjengere(kommune_id)),
            Organisasjon.type == "kommune",
            Organisasjon.nedlagt > fra,
        )
    )
    return sorted(navn, key=sorteringsnoekkel)


def periodetall(kommune_id: UUID, fra: date, til: date) -> Periodetall:
    """The figures of the days [fra, til]; of a day that runs, so far."""
    start, slutt = grenser(fra)[0], min(grenser(til)[1], now())
    egne = db.session.execute(
        sa.select(Plassenhet.id, Enhet.navn, foerste_endring())
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .where(Plassenhet.vertskommune_id == kommune_id)
        .order_by(Enhet.navn)
    ).all()
    ider = [e[0] for e in egne]
    rader = _opphold(sa.or_(Opphold.kommune_id == kommune_id, Opphold.plassenhet_id.in_(ider)), start, slutt)
    enheter = []
    samlet = regler.tomme()
    for enhet_id, navn, foerste in egne:
        summer = historikk.summer(historikk.Utvalg(historikk.Slag.ENHET, enhet_id), fra, til)
        regler.legg_til(samlet, summer)
        enheter.append(
            Egenenhet(
                enhet_id,
                navn,
                summer,
                rapporttall.tell_opphold([r for r in rader if r.plassenhet_id == enhet_id], start, slutt),
                oslo(foerste).date() if foerste is not None else None,
            )
        )
    return Periodetall(
        fra,
        til,
        rapporttall.tell_opphold([r for r in rader if r.kommune_id == kommune_id], start, slutt),
        _avslag(Avslag.kommune_id == kommune_id, start, slutt),
        _utloept(kommune_id, start, slutt),
        enheter,
        samlet,
        _avslag(Avslag.plassenhet_id.in_(ider), start, slutt),
        _begynner(kommune_id),
    )


def _begynner(kommune_id: UUID) -> date | None:
    medlem = sa.select(Plassmedlem.plassenhet_id).where(Plassmedlem.kommune_id == kommune_id)
    foerste = db.session.scalars(
        sa.select(foerste_endring()).where(
            sa.or_(Plassenhet.vertskommune_id == kommune_id, Plassenhet.id.in_(medlem))
        )
    )
    return min((oslo(t).date() for t in foerste if t is not None), default=None)


def _opphold(vilkaar: sa.ColumnElement[bool], fra: datetime, til: datetime) -> list[Oppholdsrad]:
    return [
        Oppholdsrad(*r)
        for r in db.session.execute(
            sa.select(
                Opphold.plassenhet_id,
                Opphold.kommune_id,
                Opphold.inn,
                Opphold.ut,
                Opphold.aldersgruppe,
                Opphold.aarsaksgruppe,
                Opphold.fra_hvor,
                Opphold.til_hvor,
            ).where(vilkaar, Opphold.inn < til, sa.or_(Opphold.ut.is_(None), Opphold.ut >= fra))
        )
    ]


def _avslag(vilkaar: sa.ColumnElement[bool], fra: datetime, til: datetime) -> dict[str, int]:
    return {
        r[0]: r[1]
        for r in db.session.execute(
            sa.select(Avslag.grunn, sa.func.count())
            .where(vilkaar, Avslag.tidspunkt >= fra, Avslag.tidspunkt < til)
            .group_by(Avslag.grunn)
        )
    }


def _utloept(kommune_id: UUID, fra: datetime, til: datetime) -> int:
    """Held-but-expired, also those whose end the worker has not written yet."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Reservasjon)
            .where(
                Reservasjon.kommune_id == kommune_id,
                Reservasjon.status.in_((Holdstatus.UTLOEPT, Holdstatus.AKTIV)),
                Reservasjon.utloeper >= fra,
                Reservasjon.utloeper < til,
            )
        )
        or 0
    )


def _enhetsnavn(ider: set[UUID]) -> dict[UUID, str]:
    if not ider:
        return {}
    return {
        r[0]: f"{r[1]}, {r[2]}"
        for r in db.session.execute(
            sa.select(Plassenhet.id, Enhet.navn, Organisasjon.kortnavn)
            .join(Enhet, Enhet.id == Plassenhet.enhet_id)
            .join(Organisasjon, Organisasjon.id == Plassenhet.vertskommune_id)
            .where(Plassenhet.id.in_(ider))
        )
    }


def _kommunenavn(ider: set[UUID]) -> dict[UUID, str]:
    if not ider:
        return {}
    return {
        r[0]: r[1]
        for r in db.session.execute(
            sa.select(Organisasjon.id, Organisasjon.kortnavn).where(Organisasjon.id.in_(ider))
        )
    }
