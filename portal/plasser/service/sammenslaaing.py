"""Beds follow when kommuner become one: units, quotas, holds and who lies there. What has been stays where it was.

The register moves a unit (`Enhet`) to the successor; here its beds are given the same vertskommune, and each quota goes
to the successor, added to what it has. What is held, and who lies there, count for the successor from then on; so does
staff that was lent to or from it.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver
from portal.identitet.models import Organisasjon
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import Holdstatus, Vurderingsstatus
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Reservasjon
from portal.revisjon.steps import logg

_REGISTER = Aktor.system("register")
_I_ARBEID = (Vurderingsstatus.UTKAST, Vurderingsstatus.VENTER)


def foelg_sammenslaatte() -> int:
    """Job: moves what belongs to organisations that are no more to their successors. Gives how many units.

    What belongs to which is read from the rows: it may run at any time and any number of times. After two mergers in a
    row it takes two rounds.
    """
    borte = sa.select(Organisasjon.id).where(Organisasjon.etterfolger_id.is_not(None))
    ider = db.session.scalars(
        sa.select(Plassenhet.id)
        .where(
            sa.or_(
                Plassenhet.vertskommune_id.in_(borte),
                sa.exists().where(
                    Plassmedlem.plassenhet_id == Plassenhet.id,
                    Plassmedlem.kommune_id.in_(borte),
                    Plassmedlem.til.is_(None),
                ),
                sa.exists().where(
                    Reservasjon.plassenhet_id == Plassenhet.id,
                    Reservasjon.status == Holdstatus.AKTIV,
                    sa.or_(Reservasjon.kommune_id.in_(borte), Reservasjon.organisasjon_id.in_(borte)),
                ),
                sa.exists().where(
                    Opphold.plassenhet_id == Plassenhet.id,
                    Opphold.ut.is_(None),
                    Opphold.kommune_id.in_(borte),
                ),
                sa.exists().where(
                    Plass.plassenhet_id == Plassenhet.id, Plass.laan_organisasjon_id.in_(borte)
                ),
            )
        )
        .order_by(Plassenhet.id)
    ).all()
    vurderinger = db.session.scalars(
        sa.select(Behovsvurdering.id)
        .where(
            Behovsvurdering.status.in_(_I_ARBEID),
            sa.or_(Behovsvurdering.kommune_id.in_(borte), Behovsvurdering.foretak_id.in_(borte)),
        )
        .order_by(Behovsvurdering.id)
    ).all()
    db.session.rollback()
    hver(vurderinger, _flytt_vurdering, "sammenslaaing_feilet")
    return hver(ider, _foelg, "sammenslaaing_feilet")


def _etterfoelgere() -> dict[UUID, UUID]:
    return {
        r.id: r.etterfolger_id
        for r in db.session.execute(
            sa.select(Organisasjon.id, Organisasjon.etterfolger_id).where(
                Organisasjon.etterfolger_id.is_not(None)
            )
        )
        if r.etterfolger_id is not None
    }


@transactional
def _foelg(plassenhet_id: UUID) -> int:
    enhet = access.hent(_REGISTER, Handling.FORVALTE, plassenhet_id, laas=True)
    nye = _etterfoelgere()
    vert = enhet.vertskommune_id
    if vert in nye:
        enhet.vertskommune_id = nye[vert]
        db.session.flush()
        db.session.expire(enhet, ["vertskommune"])
    _flytt_kvoter(enhet, nye)
    for modell, kolonne, vilkaar in (
        (Reservasjon, Reservasjon.kommune_id, Reservasjon.status == Holdstatus.AKTIV),
        (Reservasjon, Reservasjon.organisasjon_id, Reservasjon.status == Holdstatus.AKTIV),
        (Opphold, Opphold.kommune_id, Opphold.ut.is_(None)),
        (Plass, Plass.laan_organisasjon_id, Plass.laan != ""),
    ):
        for rad in db.session.scalars(
            sa.select(modell).where(modell.plassenhet_id == enhet.id, vilkaar, kolonne.in_(list(nye)))
        ).all():
            setattr(rad, kolonne.key, nye[getattr(rad, kolonne.key)])
    db.session.flush()
    steps.flytt_stavlen(enhet.id)
    logg(
        _REGISTER,
        "plasser.sammenslaatt",
        "plassenhet",
        enhet.id,
        fra=str(vert) if vert in nye else "",
        til=str(enhet.vertskommune_id),
        kvoter={str(m.kommune_id): m.kvote for m in steps.medlemmer(enhet.id)},
    )
    return 1


def _flytt_kvoter(enhet: Plassenhet, nye: dict[UUID, UUID]) -> None:
    """The successor has what it had and what they had; their own places end today."""
    dag = i_dag()
    medlemmer = {
        m.kommune_id: m
        for m in db.session.scalars(
            sa.select(Plassmedlem).where(Plassmedlem.plassenhet_id == enhet.id, Plassmedlem.til.is_(None))
        )
    }
    for gammel in [m for k, m in sorted(medlemmer.items()) if k in nye]:
        ny_id = nye[gammel.kommune_id]
        # One that was to begin later has no day at all.
        gammel.til = fra = max(dag, gammel.fra)
        del medlemmer[gammel.kommune_id]
        if ny_id in medlemmer:
            sum_ = medlemmer[ny_id].kvote + gammel.kvote
            medlemmer[ny_id] = steps.ny_kvote(medlemmer[ny_id], sum_, fra)
        else:
            medlemmer[ny_id] = Plassmedlem(
                id=uuid4(),
                plassenhet_id=enhet.id,
                kommune_id=ny_id,
                kvote=gammel.kvote,
                fra=fra,
            )
            db.session.add(medlemmer[ny_id])
        db.session.flush()


@transactional
def _flytt_vurdering(vurdering_id: UUID) -> int:
    """An assessment in work goes on at the successor, unless it has one of its own: then that one goes on."""
    rad = access.hent_vurdering(_REGISTER, vurdering_id, laas=True)
    if rad.status not in _I_ARBEID:
        return 0
    nye = _etterfoelgere()
    kommune_id = nye.get(rad.kommune_id, rad.kommune_id)
    har_egen = kommune_id != rad.kommune_id and db.session.scalar(
        sa.select(
            sa.exists().where(Behovsvurdering.kommune_id == kommune_id, Behovsvurdering.status.in_(_I_ARBEID))
        )
    )
    if har_egen:
        rad.flytt_til(Vurderingsstatus.FORKASTET)
    else:
        # What one side has decided was decided of another kommune: both look at it again.
        if rad.status == Vurderingsstatus.VENTER:
            rad.flytt_til(Vurderingsstatus.UTKAST)
            rad.kommune_besluttet = rad.kommune_besluttet_av_id = None
            rad.foretak_besluttet = rad.foretak_besluttet_av_id = None
        rad.kommune_id = kommune_id
        rad.foretak_id = nye.get(rad.foretak_id, rad.foretak_id)
    db.session.flush()
    logg(
        _REGISTER,
        "plasser.sammenslaatt",
        "behovsvurdering",
        rad.id,
        til=str(kommune_id),
        status=str(rad.status),
    )
    return 1
