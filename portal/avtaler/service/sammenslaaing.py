"""Agreements follow when two organisations become one: the successor is party to what its predecessors had agreed.

A kommune that becomes part of another has rights and duties that do not end: on the day it is no more, its successor is
party in its place, for as long as it would have been. What waited for an answer or an approval waits at the successor.
Both sides' coordinators are told, since the text may not fit the whole of the new one.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, godkjenninger, ikraft, livsloep
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_ARBEID, Forslagsstatus, Partstatus, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import (
    Avtale,
    Avtalepart,
    Avtaleversjon,
    Forslag,
    Godkjenning,
    Godkjenningsledd,
)
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.sprak import _l
from portal.identitet.etterfoelgere import medlemskap_i_etterfoelgeren
from portal.identitet.models import Organisasjon
from portal.revisjon.steps import logg

_REGISTER = Aktor.system("register")


def foelg_sammenslaatte() -> int:
    """Job: puts successors in the place of organisations that are no more. Gives in how many agreements.

    What belongs to which is read from the rows: it may run at any time and any number of times. After two mergers in a
    row it takes two rounds.
    """
    borte = sa.select(Organisasjon.id).where(Organisasjon.etterfolger_id.is_not(None))
    if db.session.scalar(sa.select(sa.exists().where(Godkjenningsledd.organisasjon_id.in_(borte)))):
        _foelg_kjeder()
    ider = db.session.scalars(
        sa.select(Avtale.id)
        .where(
            sa.or_(
                Avtale.eier_id.in_(borte),
                Avtale.id.in_(
                    sa.select(Avtalepart.avtale_id).where(
                        Avtalepart.organisasjon_id.in_(borte), Avtalepart.status.in_(access.MED)
                    )
                ),
            )
        )
        .order_by(Avtale.id)
    ).all()
    return hver(ider, _foelg, "sammenslaaing_feilet")


@transactional
def _foelg(avtale_id: UUID) -> int:
    avtale = access.hent(_REGISTER, Handling.REDIGERE, avtale_id, laas=True)
    flyttet: dict[UUID, UUID] = {}
    for part in sorted(avtale.parter, key=lambda p: p.id):
        ny_id = part.organisasjon.etterfolger_id
        if part.status in access.MED and ny_id is not None:
            _flytt_part(avtale, part, ny_id)
            _flytt_det_som_venter(avtale, part.organisasjon_id, ny_id)
            flyttet[part.organisasjon_id] = ny_id
    if avtale.eier.etterfolger_id is not None:
        flyttet[avtale.eier_id] = avtale.eier_id = avtale.eier.etterfolger_id
        db.session.flush()
        db.session.expire(avtale, ["eier"])
    for gammel, ny in sorted(flyttet.items()):
        logg(_REGISTER, "avtale.part_viderefoert", "avtale", avtale.id, fra=gammel, til=ny)
        navn = db.session.get_one(Organisasjon, ny).visningsnavn
        beskjeder.si(
            _REGISTER,
            avtale,
            {ny, avtale.eier_id},
            "avtale.part_viderefoert",
            f"avtale.viderefoert:{avtale.id}:{gammel}",
            _l("Avtale ført videre etter sammenslåing: %(tittel)s", tittel=avtale.tittel),
            _l("%(navn)s er part nå. Se over om avtalen passer for hele området.", navn=navn),
        )
    for versjon in avtale.versjoner:
        # The last who had not approved has become part of one that has.
        alle = godkjenninger.gyldige(versjon)
        if versjon.status == Status.TIL_GODKJENNING and alle and not godkjenninger.neste(versjon):
            ikraft.godta(_REGISTER, avtale, versjon)
    if flyttet:
        livsloep.avgjoer_avslaatte(_REGISTER, avtale)
        meld("avtale.endret", avtale_id=avtale.id)
    return int(bool(flyttet))


def _flytt_part(avtale: Avtale, part: Avtalepart, ny_id: UUID) -> None:
    """Ends the old one's place on the day it was no more, and begins the successor's there."""
    dag = part.organisasjon.nedlagt or i_dag()
    status, fra, til = part.status, part.fra, part.til
    part.status = Partstatus.UTMELDT
    if fra is not None:
        # An agreement that would have begun later has never held for the old one.
        part.til = max(fra, dag) if til is None else max(fra, min(til, dag))
    db.session.flush()
    ny_fra = None if fra is None else max(fra, dag)
    if ny_fra is not None and til is not None and til <= ny_fra:
        ny_fra = til
    egen = access.part(avtale, ny_id)
    if egen is None:
        db.session.add(
            Avtalepart(
                id=uuid4(),
                avtale_id=avtale.id,
                organisasjon_id=ny_id,
                side=part.side,
                status=status,
                invitert=part.invitert,
                invitert_av_id=part.invitert_av_id,
                svart=part.svart,
                svart_av_id=part.svart_av_id,
                fra=ny_fra,
                til=til,
            )
        )
    else:
        _foren(egen, status, ny_fra, til)
    db.session.flush()
    db.session.expire(avtale, ["parter"])


def _foren(egen: Avtalepart, status: str, fra: date | None, til: date | None) -> None:
    """The successor has a place of its own: it is bound from when either of the two is, as long as one is."""
    if status == Partstatus.DELTAR:
        egen.status = Partstatus.DELTAR
    if fra is None:
        return
    if egen.fra is None:
        egen.fra, egen.til = fra, til
    else:
        egen.fra = min(egen.fra, fra)
        egen.til = None if egen.til is None or til is None else max(egen.til, til)


def _flytt_det_som_venter(avtale: Avtale, gammel: UUID, ny: UUID) -> None:
    """Open proposals, notices that run and the approvals of what is under way are the successor's."""
    uten = {"synchronize_session": False}
    db.session.execute(
        sa.update(Forslag)
        .where(
            Forslag.avtale_id == avtale.id,
            Forslag.organisasjon_id == gammel,
            Forslag.status == Forslagsstatus.AAPENT,
        )
        .values(organisasjon_id=ny, versjon=Forslag.versjon + 1)
        .execution_options(**uten)
    )
    _flytt_oppsigelser(avtale, gammel, ny)
    for versjon in avtale.versjoner:
        _flytt_godkjenninger(avtale, versjon, gammel, ny)


def _flytt_oppsigelser(avtale: Avtale, gammel: UUID, ny: UUID) -> None:
    """The notice that ends the successor's place is the successor's. One that ends nothing any more runs no more."""
    loeper = db.session.scalars(
        sa.select(Oppsigelse)
        .where(
            Oppsigelse.avtale_id == avtale.id,
            Oppsigelse.organisasjon_id.in_([gammel, ny]),
            Oppsigelse.trukket.is_(None),
            Oppsigelse.avsluttet.is_(None),
            Oppsigelse.virkning > i_dag(),
        )
        .order_by(Oppsigelse.virkning, Oppsigelse.id)
    ).all()
    part = access.part(avtale, ny)
    til = part.til if part is not None else None
    # The owner's ends the whole, not its place alone.
    gyldige = [o for o in loeper if avtale.eier_id in (gammel, ny) or o.virkning == til]
    for o in loeper:
        if o not in gyldige[:1]:
            ikraft.la_oppsigelse_falle(_REGISTER, avtale, o)
    for o in gyldige[:1]:
        o.organisasjon_id = ny
    db.session.flush()


def _flytt_godkjenninger(avtale: Avtale, versjon: Avtaleversjon, gammel: UUID, ny: UUID) -> None:
    """What is asked of the old one is asked of the successor, and what it has given counts there.

    Where the successor has been asked itself, its own chain answers for the whole of it.
    """
    gamle = godkjenninger.gyldige(versjon, gammel)
    venter = [g for g in gamle if g.gitt is None]
    if not venter and versjon.status not in I_ARBEID:
        return
    if godkjenninger.gyldige(versjon, ny):
        godkjenninger.ti_om_tur(avtale.id, venter)
        for g in venter:
            g.opphevet = now()
        db.session.flush()
        db.session.expire(versjon, ["godkjenninger"])
        return
    nye, foer = medlemskap_i_etterfoelgeren(gammel), _hoeyeste_plass(versjon.id, ny)
    for nr, g in enumerate(gamle, 1):
        g.organisasjon_id, g.plass = ny, foer + nr
        g.medlemskap = [str(nye.get(UUID(m), m)) for m in g.medlemskap]
    db.session.flush()
    # Who was told has the notice still; told are those who have come to it by their roles in the successor.
    godkjenninger.varsle_tur(
        avtale, versjon, [g for g in godkjenninger.neste(versjon) if g.organisasjon_id == ny]
    )


def _hoeyeste_plass(versjon_id: UUID, organisasjon_id: UUID) -> int:
    hvor = (Godkjenning.avtaleversjon_id == versjon_id, Godkjenning.organisasjon_id == organisasjon_id)
    return db.session.scalar(sa.select(sa.func.max(Godkjenning.plass)).where(*hvor)) or 0


@transactional
def _foelg_kjeder() -> None:
    """The chain of approval of an organisation that is no more is its successor's, where that one has none."""
    rader = db.session.execute(
        sa.select(Godkjenningsledd, Organisasjon.etterfolger_id)
        .join(Organisasjon, Organisasjon.id == Godkjenningsledd.organisasjon_id)
        .where(Organisasjon.etterfolger_id.is_not(None))
        .order_by(Godkjenningsledd.organisasjon_id, Godkjenningsledd.plass)
        .with_for_update(of=Godkjenningsledd)
    ).all()
    par: list[tuple[Godkjenningsledd, UUID]] = [(ledd, ny) for ledd, ny in rader if ny is not None]
    har = set(
        db.session.scalars(
            sa.select(Godkjenningsledd.organisasjon_id).where(
                Godkjenningsledd.organisasjon_id.in_({ny for _, ny in par})
            )
        )
    )
    tatt: dict[UUID, UUID] = {}
    for ledd, ny in par:
        gammel = ledd.organisasjon_id
        if ny in har or tatt.setdefault(ny, gammel) != gammel:
            db.session.delete(ledd)
            continue
        nye = medlemskap_i_etterfoelgeren(gammel)
        ledd.organisasjon_id = ny
        ledd.medlemskap = [str(nye.get(UUID(m), m)) for m in ledd.medlemskap]
    for ny, gammel in sorted(tatt.items()):
        logg(_REGISTER, "avtale.kjede_viderefoert", "organisasjon", ny, fra=gammel)
