"""«Kopier til journal»: gathers a case for the journal of one side, and writes down that it was copied out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.telefon import lesbart
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import Handling
from portal.henvendelser.journaltekst import Journaldata
from portal.henvendelser.models import (
    Avtalegrunnlag,
    Hendelse,
    Henvendelse,
    Kvittering,
    News2Maaling,
    Oppfoelging,
    OppfoelgingSvar,
    Opplysninger,
    Utskrivning,
    Vedlegg,
)
from portal.identitet.models import Organisasjon
from portal.revisjon import steps as revisjon
from portal.revisjon.models import Revisjonskjede

#: How a case leaves the portal. The words are in the group `eksportform`.
FORMER = ("skjerm", "tekst", "utskrift", "pdf")

_HENDELSE = [
    getattr(Hendelse, f) for f in ("sekvens", "type", "side", "avsender_navn", "tekst", "data", "tidspunkt")
]


@transactional
def eksporter(aktor: Aktor, henvendelse_id: UUID, form: str) -> Journaldata:
    """The case as it is now, for the actor's side. One audit row, with the head of the chain that the copy tells.

    The chain is held while the case is read: the copy and its hash are of one moment.
    """
    sak = access.hent(aktor, Handling.EKSPORTERE, henvendelse_id)
    kjede = revisjon.sakskjede(sak.id)
    lenker, hode = db.session.execute(
        sa.select(Revisjonskjede.antall, Revisjonskjede.hode)
        .where(Revisjonskjede.noekkel == kjede)
        .with_for_update()
    ).one()
    db.session.refresh(sak)
    revisjon.logg(
        aktor,
        "henvendelse.eksportert",
        "henvendelse",
        sak.id,
        kjede=kjede,
        form=form,
        saksnummer=sak.saksnummer,
        lenker=lenker,
        hash=hode,
    )
    return Journaldata(
        sak=_sak(sak),
        opplysninger=_opplysninger(sak.id),
        hendelser=_rader(
            sa.select(*_HENDELSE).where(Hendelse.henvendelse_id == sak.id).order_by(Hendelse.sekvens)
        ),
        maalinger=_maalinger(sak.id),
        vedlegg=_rader(
            sa.select(*Vedlegg.__table__.columns)
            .where(Vedlegg.henvendelse_id == sak.id)
            .order_by(Vedlegg.sekvens)
        ),
        kvitteringer=_rader(
            sa.select(Kvittering.navn, Kvittering.sett, Kvittering.lest)
            .where(Kvittering.henvendelse_id == sak.id)
            .order_by(Kvittering.sett, Kvittering.navn)
        ),
        oppfoelginger=_oppfoelginger(sak.id),
        avtalegrunnlag=_rader(
            sa.select(*Avtalegrunnlag.__table__.columns, Organisasjon.kortnavn.label("kommune"))
            .join(Organisasjon, Organisasjon.id == Avtalegrunnlag.kommune_id)
            .where(Avtalegrunnlag.henvendelse_id == sak.id)
            .order_by(Avtalegrunnlag.sekvens)
        ),
        utskrivning=_en(
            sa.select(*Utskrivning.__table__.columns).where(Utskrivning.henvendelse_id == sak.id)
        ),
        lenker=lenker,
        hash=hode,
        kopiert=now(),
        kopiert_av=steps.visningsnavn(aktor),
        min_side=access.side(aktor, sak),
    )


def _rader(sporring: sa.Executable) -> list[dict[str, Any]]:
    return [dict(r) for r in db.session.execute(sporring).mappings()]


def _en(sporring: sa.Executable) -> dict[str, Any] | None:
    return next(iter(_rader(sporring)), None)


def _sak(sak: Henvendelse) -> dict[str, Any]:
    enhet = sak.avsender_enhet
    avsender = sak.avsender.kortnavn
    return {
        **{
            f: getattr(sak, f)
            for f in (
                *("saksnummer", "retning", "fagomraade", "hastegrad", "status", "plan_uten_raad", "utfall"),
                *("unngaatt", "opprettet", "akseptert_tid", "besvart_tid", "lukket_tid"),
            )
        },
        "fra": f"{enhet.navn}, {avsender}" if enhet else avsender,
        "til": sak.mottaker.kortnavn,
        "innmelder": f"{sak.innmelder.navn}, {lesbart(sak.tilbakeringing)}",
        "ansvarlig": sak.ansvarlig.navn if sak.ansvarlig else "",
    }


def _opplysninger(sak_id: UUID) -> dict[str, Any]:
    opp = db.session.execute(
        sa.select(Opplysninger)
        .options(joinedload(Opplysninger.bostedskommune))
        .where(Opplysninger.henvendelse_id == sak_id)
    ).scalar_one()
    verdier = {k.name: getattr(opp, k.name) for k in Opplysninger.__table__.columns}
    return {**verdier, "bostedskommune": opp.bostedskommune.kortnavn if opp.bostedskommune else ""}


def _maalinger(sak_id: UUID) -> list[dict[str, Any]]:
    rader = db.session.scalars(
        sa.select(News2Maaling).where(News2Maaling.henvendelse_id == sak_id).order_by(News2Maaling.tidspunkt)
    )
    return [
        {**{k.name: getattr(m, k.name) for k in News2Maaling.__table__.columns}, "minst": m.minst}
        for m in rader
    ]


def _oppfoelginger(sak_id: UUID) -> list[dict[str, Any]]:
    rader = db.session.scalars(
        sa.select(Oppfoelging)
        .options(joinedload(Oppfoelging.svar).joinedload(OppfoelgingSvar.person))
        .where(Oppfoelging.henvendelse_id == sak_id)
        .order_by(Oppfoelging.dag)
    ).unique()
    return [
        {
            "dag": o.dag,
            "spurt": o.spurt,
            "svar": [
                {"side": v.side, "svar": v.svar, "navn": v.person.navn, "tidspunkt": v.tidspunkt}
                for v in o.svar
            ],
        }
        for o in rader
    ]
