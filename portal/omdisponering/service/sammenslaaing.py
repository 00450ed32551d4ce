"""Reallocations follow when organisations become one: the registers, what is open, and what has been agreed and runs.

The register moves the units; here people, premises, floors, decisions, needs, offers and delegations are given the
same owner, and the successor takes its predecessor's place in every reallocation that has not ended. What both sides
approved stays approved: the words are the same, and the successor has taken over what its predecessor bound itself to.
Where lender and receiver have become one there is nothing to lend any more: it ends. What has ended stays as it was.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.omdisponering import access, gang, steps
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import FERDIG, Behovsstatus, Hendelsestype, Status, Tilbudsstatus
from portal.omdisponering.models import Behov, Omdisponering, Tilbud
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursperson, Vedtak
from portal.revisjon.steps import logg as revider

_REGISTER = Aktor.system("register")


def foelg_sammenslaatte() -> int:
    """Job: moves what belongs to organisations that are no more to their successors. Gives how many reallocations.

    What belongs to which is read from the rows: it may run at any time and any number of times. After two mergers in a
    row it takes two rounds.
    """
    borte = sa.select(Organisasjon.id).where(Organisasjon.etterfolger_id.is_not(None))
    eiere = db.session.scalars(
        borte.where(
            sa.or_(*(sa.exists().where(kolonne == Organisasjon.id, vilkaar) for kolonne, vilkaar in _eies()))
        ).order_by(Organisasjon.id)
    ).all()
    ider = db.session.scalars(
        sa.select(Omdisponering.id)
        .where(
            Omdisponering.status.not_in(sorted(FERDIG)),
            sa.or_(Omdisponering.avgiver_id.in_(borte), Omdisponering.mottaker_id.in_(borte)),
        )
        .order_by(Omdisponering.id)
    ).all()
    db.session.rollback()
    hver(eiere, _flytt_register, "sammenslaaing_feilet")
    return hver(ider, _flytt, "sammenslaaing_feilet")


def _eies() -> tuple[tuple[sa.orm.InstrumentedAttribute[UUID], sa.ColumnElement[bool]], ...]:
    """What an organisation has in this room, and of which rows that still counts."""
    return (
        (Ressursperson.organisasjon_id, Ressursperson.slettet.is_(None)),
        (Ressursperson.sted_id, Ressursperson.slettet.is_(None)),
        (Lokale.organisasjon_id, sa.true()),
        (Lokale.sted_id, sa.true()),
        (Bemanningsgulv.organisasjon_id, sa.true()),
        (Vedtak.organisasjon_id, Vedtak.til >= i_dag()),
        (Behov.organisasjon_id, Behov.status != Behovsstatus.LUKKET),
        (Behov.sted_id, Behov.status != Behovsstatus.LUKKET),
        (Tilbud.organisasjon_id, Tilbud.status == Tilbudsstatus.AAPENT),
        (Delegering.organisasjon_id, Delegering.til >= i_dag()),
    )


@transactional
def _flytt_register(gammel_id: UUID) -> int:
    gammel = db.session.get_one(Organisasjon, gammel_id)
    ny_id = gammel.etterfolger_id
    assert ny_id is not None
    _unngaa_like(gammel, ny_id)
    antall: dict[str, int] = {}
    for kolonne, vilkaar in _eies():
        rader = db.session.scalars(
            sa.update(kolonne.class_)
            .where(kolonne == gammel_id, vilkaar)
            .values({kolonne.key: ny_id, "versjon": kolonne.class_.versjon + 1})
            .returning(kolonne.class_.id)
            .execution_options(synchronize_session=False)
        ).all()
        tabell = str(kolonne.class_.__tablename__)
        antall[tabell] = max(antall.get(tabell, 0), len(rader))
    revider(_REGISTER, "omdisponering.sammenslaatt", "organisasjon", gammel_id, til=str(ny_id), rader=antall)
    return sum(antall.values())


def _unngaa_like(gammel: Organisasjon, ny_id: UUID) -> None:
    """Two can have the same person, or premises of the same name: the number stays with the successor's own entry, and
    the name that comes tells from where."""
    hos_ny = sa.select(Ressursperson.hpr).where(
        Ressursperson.organisasjon_id == ny_id, Ressursperson.hpr != ""
    )
    db.session.execute(
        sa.update(Ressursperson)
        .where(Ressursperson.organisasjon_id == gammel.id, Ressursperson.hpr.in_(hos_ny))
        .values(hpr="", hpr_slaatt_opp=None, hpr_slaatt_opp_av_id=None)
        .execution_options(synchronize_session=False)
    )
    navn = sa.select(Lokale.navn).where(Lokale.organisasjon_id == ny_id, Lokale.nedlagt.is_(None))
    for lokale in db.session.scalars(
        sa.select(Lokale).where(Lokale.organisasjon_id == gammel.id, Lokale.navn.in_(navn))
    ):
        lokale.navn = f"{lokale.navn[:140]} ({gammel.kortnavn[:50]})"
    db.session.flush()


@transactional
def _flytt(omdisponering_id: UUID) -> int:
    """The successor in its predecessor's place, or the end where both sides have become one."""
    omd = access.hent(_REGISTER, Handling.GODKJENNE, omdisponering_id, laas=True)
    nye = {o.id: o.etterfolger_id for o in (omd.avgiver, omd.mottaker) if o.etterfolger_id is not None}
    avgiver_id, mottaker_id = (
        nye.get(omd.avgiver_id, omd.avgiver_id),
        nye.get(omd.mottaker_id, omd.mottaker_id),
    )
    if not nye or Status(omd.status) in FERDIG:
        return 0
    if avgiver_id == mottaker_id:
        _opploes(omd)
        return 1
    omd.avgiver_id, omd.mottaker_id = avgiver_id, mottaker_id
    db.session.flush()
    db.session.expire(omd, ["avgiver", "mottaker"])
    _samme_ord(omd)
    steps.noter(_REGISTER, omd, Hendelsestype.ENDRET, sammenslaatt=1)
    revider(
        _REGISTER,
        "omdisponering.sammenslaatt",
        "omdisponering",
        omd.id,
        avgiver=str(avgiver_id),
        mottaker=str(mottaker_id),
    )
    return 1


def _samme_ord(omd: Omdisponering) -> None:
    """The content names the parties: what was approved of it is approved of it under their new names."""
    foer = omd.innhold_hash
    steps.tell_opp(omd)
    for felt in ("godkjent_avgiver_hash", "godkjent_mottaker_hash"):
        if getattr(omd, felt) == foer:
            setattr(omd, felt, omd.innhold_hash)
    db.session.flush()


def _opploes(omd: Omdisponering) -> None:
    if omd.status == Status.IVERKSATT:
        gang.slutt(_REGISTER, omd)
        return
    fra = omd.status
    steps.lukk(omd, Status.TRUKKET)
    steps.noter(_REGISTER, omd, Hendelsestype.TRUKKET, sammenslaatt=1)
    revider(_REGISTER, "omdisponering.trukket", "omdisponering", omd.id, fra=str(fra), sammenslaatt=True)
    if fra == Status.GODKJENT_MOTTAKER:
        steps.tell_behov(omd.behov_id)
    if fra != Status.UTKAST:
        si(
            _REGISTER,
            omd,
            [o.etterfolger_id or o.id for o in (omd.avgiver, omd.mottaker)],
            "omdisponering.trukket",
            _l("Omdisponering %(nummer)s er trukket", nummer=omd.nummer),
            _l("Avgiver og mottaker er blitt én organisasjon."),
        )
