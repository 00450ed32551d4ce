"""The cases that nobody answers though the ladder has alarmed the leaders: for those who keep the rosters, who see no
case, but can find somebody. Numbers, names and times; never what a case is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.telefon import lesbart
from portal.henvendelser import access
from portal.henvendelser.eskalering.kanari import KAN_SETTE
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt, Trinnutfall
from portal.henvendelser.forloep import Hastegrad, Status
from portal.henvendelser.models import Henvendelse
from portal.identitet.models import Organisasjon
from portal.identitet.steps import telefon_for
from portal.vakt import steps as vakt
from portal.vakt.models import Nivaa, Vaktplan

#: So long it is told of a case that somebody has, whose ladder is at its end.
TIL_SLUTT = timedelta(hours=12)
_HASTER_MEST_FOERST = [str(h) for h in (Hastegrad.AKUTT, Hastegrad.HASTER, Hastegrad.VANLIG)]


@dataclass(frozen=True, slots=True)
class Aaringe:
    """A level of the roster: who is on call, "" where nobody is, and the level's telephone, "" where there is none."""

    nivaa: str
    navn: str
    telefon: str


@dataclass(frozen=True, slots=True)
class Uroert:
    """A case that nobody answers, without anything of what it is about."""

    saksnummer: str
    hastegrad: str
    fagomraade: str
    fra: str
    ventet_fra: datetime
    #: Somebody has it, and does not answer.
    tatt: bool
    folk: tuple[Aaringe, ...]
    #: The organisation's own number, where the roster has no telephone.
    telefon: str
    vaktplan_id: UUID | None


def hent_uroerte(aktor: Aktor) -> list[Uroert]:
    """Those of the actor's organisation, the most urgent first. Raises IkkeTilgang."""
    access.krev_rolle(aktor, KAN_SETTE, "uroerte")
    alarmert = sa.exists().where(
        Eskaleringstrinn.eskalering_id == Eskalering.id,
        Eskaleringstrinn.utfall.in_([Trinnutfall.UTTOEMT, Trinnutfall.INGEN]),
    )
    rader = db.session.execute(
        sa.select(
            Henvendelse.saksnummer,
            Henvendelse.hastegrad,
            Henvendelse.fagomraade,
            Henvendelse.mottaker_id,
            Henvendelse.ventet_fra,
            Henvendelse.status,
            Organisasjon.kortnavn,
        )
        .join(Eskalering, Eskalering.henvendelse_id == Henvendelse.id)
        .join(Organisasjon, Organisasjon.id == Henvendelse.avsender_id)
        .where(
            Henvendelse.mottaker_id == aktor.organisasjon_id,
            Eskalering.organisasjon_id == aktor.organisasjon_id,
            sa.or_(
                sa.and_(Eskalering.slag == Slag.AKSEPT, Henvendelse.status == Status.NY),
                sa.and_(Eskalering.slag == Slag.SVAR, Henvendelse.status == Status.AKSEPTERT),
            ),
            sa.or_(
                Eskalering.avsluttet.is_(None),
                sa.and_(Eskalering.utfall == Slutt.UTTOEMT, Eskalering.avsluttet > now() - TIL_SLUTT),
            ),
            alarmert,
        )
        .distinct()
    ).all()
    if not rader or aktor.organisasjon_id is None:
        return []
    planer = {
        r.fagomraade: r.id
        for r in db.session.execute(
            sa.select(Vaktplan.fagomraade, Vaktplan.id).where(
                Vaktplan.organisasjon_id == aktor.organisasjon_id, Vaktplan.avsluttet.is_(None)
            )
        )
    }
    fag = {r.fagomraade for r in rader}
    folk = {f: _folk(aktor.organisasjon_id, f) for f in fag}
    ellers = {f: telefon_for(aktor.organisasjon_id, f) or "" for f in fag}
    return [
        Uroert(
            r.saksnummer,
            r.hastegrad,
            r.fagomraade,
            r.kortnavn,
            r.ventet_fra,
            r.status != Status.NY,
            folk[r.fagomraade],
            ellers[r.fagomraade],
            planer.get(r.fagomraade),
        )
        for r in sorted(rader, key=lambda r: (_HASTER_MEST_FOERST.index(r.hastegrad), r.ventet_fra))
    ]


def _folk(organisasjon_id: UUID, fagomraade: str) -> tuple[Aaringe, ...]:
    paa = vakt.paa_vakt(organisasjon_id, fagomraade)
    telefoner = vakt.vakttelefoner(organisasjon_id, fagomraade)
    return tuple(
        Aaringe(
            str(n),
            paa[n].navn if n in paa else "",
            lesbart(telefoner[n].nummer) if n in telefoner else "",
        )
        for n in Nivaa
        if n == Nivaa.VAKTHAVENDE or n in paa or n in telefoner
    )
