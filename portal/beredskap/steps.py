"""What an organisation is in now, read anew each time so that a change counts at once; and how a phase begins.

In a drill (`oevelse_id`) its organisations' played phase stands in for the real one. Nothing here asks for permission.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.beredskap.access import BESLUTTERE
from portal.beredskap.brev import Naar
from portal.beredskap.models import (
    Beredskapsnivaa,
    Fase,
    Faseforslag,
    Faseforslagsmottaker,
    Faseperiode,
    Kriseledelse,
    Oevelse,
    Oevelsesdeltaker,
    Svar,
)
from portal.beredskap.ord import ETIKETTER
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import UtcTid, db, meld
from portal.core.errors import Opptatt, UgyldigData
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Organisasjon, Organisasjonstype, Person
from portal.identitet.mottakere import mottakerfelt
from portal.revisjon.steps import logg
from portal.varsler.steps import Mottaker, stopp, varsle_alle

#: Who is told that a phase has begun, beside who decided it.
SKAL_VITE = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE, Rolle.VAKTLEDER})
KODE_BEGYNT = "beredskap.begynt"


@dataclass(frozen=True, slots=True)
class Situasjon:
    """`satt` False: nobody has set a phase, and it counts as the first, at the normal level."""

    organisasjon_id: UUID
    fase: int
    nivaa: str
    satt: bool
    fra: datetime | None = None
    til: datetime | None = None
    kilde: str = ""
    #: The name of the drill that this is played in; empty: it is real.
    oevelse: str = ""


def situasjon(
    organisasjon_id: UUID, naa: datetime | None = None, oevelse_id: UUID | None = None
) -> Situasjon:
    """The situation of one organisation (see `situasjoner`)."""
    return situasjoner([organisasjon_id], naa, oevelse_id)[organisasjon_id]


def situasjoner(
    organisasjoner: Collection[UUID], naa: datetime | None = None, oevelse_id: UUID | None = None
) -> dict[UUID, Situasjon]:
    """{organisation: its situation} at a moment (default: now), every one of them in it."""
    naa = naa or now()
    svar = {o: Situasjon(o, Fase.ENKELTTILFELLER, Beredskapsnivaa.NORMAL, False) for o in organisasjoner}
    for r in db.session.execute(
        sa.select(
            Faseperiode.organisasjon_id,
            Faseperiode.fase,
            Faseperiode.nivaa,
            Faseperiode.fra,
            Faseperiode.til,
            Faseperiode.kilde,
        ).where(
            Faseperiode.organisasjon_id.in_(organisasjoner),
            Faseperiode.trukket.is_(None),
            Faseperiode.fra <= naa,
            sa.or_(Faseperiode.til.is_(None), Faseperiode.til > naa),
        )
    ):
        svar[r.organisasjon_id] = Situasjon(r.organisasjon_id, r.fase, r.nivaa, True, r.fra, r.til, r.kilde)
    if oevelse_id is not None:
        for d in db.session.execute(
            sa.select(
                Oevelsesdeltaker.organisasjon_id,
                Oevelsesdeltaker.fase,
                Oevelsesdeltaker.nivaa,
                Oevelse.navn,
                Oevelse.fra,
                Oevelse.til,
            )
            .join(Oevelse, Oevelse.id == Oevelsesdeltaker.oevelse_id)
            .where(
                Oevelse.id == oevelse_id,
                Oevelse.fra <= naa,
                Oevelse.til > naa,
                Oevelse.avsluttet.is_(None),
                Oevelsesdeltaker.organisasjon_id.in_(organisasjoner),
            )
        ):
            svar[d.organisasjon_id] = Situasjon(
                d.organisasjon_id, d.fase, d.nivaa, True, d.fra, d.til, d.navn, oevelse=d.navn
            )
    return svar


def faser_naa() -> dict[UUID, int]:
    """{organisation: its phase} now, of all who have one; whoever is not there is in the first. For who asks of all."""
    rader = db.session.execute(_fasesporring(), {"naa": now()})
    return {r.organisasjon_id: r.fase for r in rader}


@lru_cache
def _fasesporring() -> sa.Select[*tuple[Any, ...]]:
    """Put together once: every look at the board asks it."""
    naa: sa.BindParameter[Any] = sa.bindparam("naa", type_=UtcTid())
    return sa.select(Faseperiode.organisasjon_id, Faseperiode.fase).where(
        Faseperiode.trukket.is_(None),
        Faseperiode.fra <= naa,
        sa.or_(Faseperiode.til.is_(None), Faseperiode.til > naa),
    )


# --- how a phase begins ----------------------------------------------------------------------------------


def laas(organisasjoner: Iterable[UUID]) -> dict[UUID, Organisasjon]:
    """The organisations, locked in the order of their ids: one decides about a phase at a time.

    Whoever refers to them (a new request, a new person) goes on meanwhile.
    """
    rader = db.session.scalars(
        sa.select(Organisasjon)
        .where(Organisasjon.id.in_(sorted(set(organisasjoner))))
        .order_by(Organisasjon.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {o.id: o for o in rader}


def lest(organisasjon_id: UUID) -> str:
    """What whoever opens the form has seen: it changes when a phase is set or taken back, and with nothing else."""
    antall, trukket = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(Faseperiode.trukket)).where(
            Faseperiode.organisasjon_id == organisasjon_id
        )
    ).one()
    return f"{antall}.{trukket}"


def perioder(organisasjon_id: UUID, etter: datetime) -> list[Faseperiode]:
    """The phases that have not ended at a moment, planned ones too, in order."""
    return list(
        db.session.scalars(
            sa.select(Faseperiode)
            .where(
                Faseperiode.organisasjon_id == organisasjon_id,
                Faseperiode.trukket.is_(None),
                sa.or_(Faseperiode.til.is_(None), Faseperiode.til > etter),
            )
            .order_by(Faseperiode.fra)
            .execution_options(populate_existing=True)
        )
    )


def begynn(
    aktor: Aktor,
    organisasjon: Organisasjon,
    *,
    fase: int,
    nivaa: str,
    fra: datetime,
    til: datetime | None,
    kilde: str,
    begrunnelse: str,
    satt_som: str,
    forslag: Faseforslag | None = None,
) -> Faseperiode:
    """Writes a phase, ends the one that it takes the place of, lets older proposals fall, and tells people when it has
    begun. The organisation is locked (`laas`).

    What runs now gives way to what begins now, and what has no end of its own to whatever comes. Other overlaps are
    refused: UgyldigData says with what. Raises Opptatt when somebody else was first in the same moment.
    """
    naa = now()
    for p in finn_plass(organisasjon.id, fra, til):
        p.til = fra
    periode = Faseperiode(
        id=uuid4(),
        organisasjon_id=organisasjon.id,
        organisasjon=organisasjon,
        fase=fase,
        nivaa=nivaa,
        fra=fra,
        til=til,
        bedt_til=til,
        kilde=kilde,
        begrunnelse=begrunnelse,
        satt=naa,
        satt_av_id=aktor.person_id,
        satt_som=satt_som,
        forslag_id=forslag.id if forslag else None,
    )
    _skriv(periode)
    la_bortfalle([organisasjon.id], unntatt=forslag.id if forslag else None)
    logg(
        aktor,
        "beredskap.fase_satt",
        "organisasjon",
        organisasjon.id,
        fase=fase,
        nivaa=nivaa,
        fra=fra.isoformat(),
        til=til.isoformat() if til else None,
        forslag=str(forslag.id) if forslag else None,
    )
    meld("beredskap.endret", organisasjon_id=organisasjon.id)
    if fra <= naa:
        fortell_begynt(periode)
    return periode


def finn_plass(organisasjon_id: UUID, fra: datetime, til: datetime | None) -> list[Faseperiode]:
    """The phases that give way to one in [fra, til). Raises UgyldigData that says with what it would overlap."""
    naa = now()
    viker = []
    for p in perioder(organisasjon_id, fra):
        if p.fra >= fra:
            if til is None or til > p.fra:
                raise UgyldigData(felter={"til": [_overlapp_etter(p, fra)]})
        elif p.til is None or p.til != p.bedt_til or (p.fra <= naa and fra <= naa):
            viker.append(p)
        else:
            raise UgyldigData(
                felter={
                    "fra": [
                        _l(
                            "Fase %(fase)s er satt til %(til)s. La den nye begynne da, eller ta den andre tilbake "
                            "først.",
                            fase=p.fase,
                            til=Naar(p.til),
                        )
                    ]
                }
            )
    return viker


def _overlapp_etter(p: Faseperiode, fra: datetime) -> Any:
    if p.fra == fra:
        return _l(
            "Det er alt satt en fase fra %(naar)s. Ta den tilbake først, eller velg et annet tidspunkt.",
            naar=Naar(p.fra),
        )
    return _l(
        "Fra %(naar)s er fase %(fase)s planlagt. Skriv en slutt som ikke er senere enn det, eller ta den planlagte "
        "tilbake først.",
        naar=Naar(p.fra),
        fase=p.fase,
    )


def _skriv(periode: Faseperiode) -> None:
    """Ends what gives way before the new one is written: the constraint looks at each statement. Raises Opptatt."""
    try:
        db.session.flush()
        db.session.add(periode)
        db.session.flush()
    except IntegrityError as feil:
        raise Opptatt(
            _l("Noen andre satte en fase i samme øyeblikk. Last siden på nytt og se hva som gjelder nå.")
        ) from feil


def la_bortfalle(organisasjoner: Collection[UUID], unntatt: UUID | None = None) -> None:
    """The proposals that wait for these organisations fall away, but for one: what is newer has come."""
    vilkaar = [
        Faseforslagsmottaker.organisasjon_id.in_(list(organisasjoner)),
        Faseforslagsmottaker.svar == Svar.VENTER,
    ]
    if unntatt is not None:
        vilkaar.append(Faseforslagsmottaker.forslag_id != unntatt)
    for m in db.session.scalars(
        sa.select(Faseforslagsmottaker).where(*vilkaar).order_by(Faseforslagsmottaker.id)
    ):
        m.svar, m.svart = Svar.BORTFALT, now()
        stopp(om_mottaker(m.id))


def om_mottaker(mottaker_id: UUID) -> str:
    """What the notices of a proposal to one organisation are about."""
    return f"faseforslag:{mottaker_id}"


def besluttere(organisasjoner: Collection[UUID]) -> dict[UUID, list[Mottaker]]:
    """{organisation: who decides its phase now}, every one of them in it: by role, and the kriseledelse."""
    alle = list(organisasjoner)
    svar: dict[UUID, list[Mottaker]] = {o: [] for o in alle}
    kommune = Organisasjon.type == Organisasjonstype.KOMMUNE
    rader = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .join(Organisasjon, Organisasjon.id == Medlemskap.organisasjon_id)
        .where(
            Medlemskap.organisasjon_id.in_(alle),
            medlemskap_gyldig(now()),
            Person.aktiv,
            sa.or_(
                sa.and_(kommune, Medlemskap.rolle == BESLUTTERE[True]),
                sa.and_(sa.not_(kommune), Medlemskap.rolle == BESLUTTERE[False]),
                Medlemskap.id.in_(
                    sa.select(Kriseledelse.medlemskap_id).where(Kriseledelse.organisasjon_id.in_(alle))
                ),
            ),
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    for r in rader:
        svar[r.organisasjon_id].append(Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id))
    return svar


def fortell_begynt(periode: Faseperiode) -> None:
    """Tells the organisation's coordinators, kommuneoverleger and vaktledere that a phase has begun, once."""
    periode.varslet = now()
    rader = db.session.execute(
        sa.select(*mottakerfelt())
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id == periode.organisasjon_id,
            Medlemskap.rolle.in_(list(SKAL_VITE)),
            medlemskap_gyldig(now()),
            Person.aktiv,
            Person.id.is_distinct_from(periode.satt_av_id),
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    varsle_alle(
        [Mottaker(r.person_id, r.navn, r.epost, r.spraak, periode.organisasjon_id) for r in rader],
        noekkel=f"beredskap.begynt:{periode.id}",
        kode=KODE_BEGYNT,
        tittel=_l(
            "%(sted)s er i fase %(fase)s: %(ord)s",
            sted=periode.organisasjon.kortnavn,
            fase=periode.fase,
            ord=ETIKETTER["fase"][str(periode.fase)],
        ),
        tekst=_l(
            "%(nivaa)s. Gjelder fra %(naar)s. Kilde: %(kilde)s. Se i avtalene hva som gjelder i denne fasen.",
            nivaa=ETIKETTER["beredskapsnivaa"][periode.nivaa],
            naar=Naar(periode.fra),
            kilde=periode.kilde,
        ),
        lenke="/beredskap",
        hastegrad="haster",
        gjelder=f"faseperiode:{periode.id}",
    )
