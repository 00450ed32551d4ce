"""The life of a version, for this room's use cases: where the next begins, what is dropped, who is asked to approve.

Steps for a use case's own transaction, with the agreement's lock; nothing here asks for permission.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.avtaler import beskjeder
from portal.avtaler.forloep import I_KRAFT, Forslagsstatus, Partstatus, Side, Status
from portal.avtaler.godkjenninger import ti_om_tur
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import (
    Avtale,
    Avtalepart,
    Avtaleversjon,
    Forslag,
    Godkjenning,
    Godkjenningsledd,
)
from portal.avtaler.steps import holder, rull_tilbake
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import _l
from portal.revisjon.steps import logg


def utgangspunkt(avtale: Avtale) -> Avtaleversjon | None:
    """Which version the next one begins from: the one in force, or the newest when none has been.

    Raises UgyldigOvergang when the agreement has ended: what is no more is not changed, but begun anew.
    """
    gjelder = holder(avtale)
    if gjelder is None and any(v.i_kraft_fra is not None for v in avtale.versjoner):
        raise UgyldigOvergang(
            _l("Avtalen er avsluttet, og får ingen nye versjoner. Lag en ny avtale med den som utgangspunkt.")
        )
    return gjelder or max(avtale.versjoner, key=lambda v: v.nummer, default=None)


def begynn_revisjon(avtale: Avtale) -> None:
    """The version in force is under revision from when a newer one is begun."""
    gjelder = holder(avtale)
    if gjelder is not None and gjelder.status == Status.GJELDENDE:
        gjelder.flytt_til(Status.UNDER_REVISJON)


def avslutt_revisjon(avtale: Avtale) -> None:
    """It is simply in force again, when the newer one was dropped."""
    gjelder = holder(avtale)
    if gjelder is not None and gjelder.status == Status.UNDER_REVISJON:
        gjelder.flytt_til(Status.GJELDENDE)


def forkast(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> list[Forslag]:
    """Drops a version before it is in force: its open proposals and its approvals fall, and what holds goes on.

    A draft that nobody else has seen leaves no rows behind where there is an older text to go back to; what others have
    seen stays readable, and so does a first draft, from which the next may begin. Gives the proposals that fell: the
    caller tells the parties, of the version and of these. Raises UgyldigOvergang.
    """
    delt = versjon.sendt_til_forhandling is not None or versjon.sendt_til_godkjenning is not None
    angre_i_kraft(avtale, versjon)
    versjon.flytt_til(Status.FORKASTET)
    falt = la_forslag_falle(aktor, avtale, versjon.nummer)
    opphev_godkjenninger(versjon)
    if not delt and holder(avtale) is not None:
        rull_tilbake(versjon)
    db.session.flush()
    return falt


def angre_i_kraft(avtale: Avtale, versjon: Avtaleversjon) -> None:
    """Takes back the date of an approved version that has not come into force: the one before holds as long as it did.

    Raises UgyldigOvergang when its day has come.
    """
    fra = versjon.i_kraft_fra
    if fra is None:
        return
    if fra <= i_dag():
        raise UgyldigOvergang(_l("Versjonen gjelder alt. Begynn en ny versjon for å endre den."))
    versjon.i_kraft_fra = versjon.i_kraft_til = None
    for part in avtale.parter:
        if part.fra == fra:
            part.fra = None
    # Before the older one goes on: no two may hold on the same day, not even for a moment.
    db.session.flush()
    forrige = next((v for v in avtale.versjoner if v is not versjon and v.i_kraft_til == fra), None)
    if forrige is not None and forrige.status in I_KRAFT:
        forrige.i_kraft_til = db.session.scalar(
            sa.select(sa.func.min(Oppsigelse.virkning)).where(
                Oppsigelse.avtale_id == avtale.id,
                Oppsigelse.organisasjon_id == avtale.eier_id,
                Oppsigelse.trukket.is_(None),
                Oppsigelse.avsluttet.is_(None),
            )
        )
    db.session.flush()


def la_forslag_falle(
    aktor: Aktor, avtale: Avtale, nummer: int, organisasjon_id: UUID | None = None
) -> list[Forslag]:
    """The open proposals of a version (of one organisation alone) fall away: the negotiation has ended (for it).

    Gives them, for the caller to tell of (`si_bortfalt`)."""
    vilkaar = [
        Forslag.avtale_id == avtale.id,
        Forslag.nummer == nummer,
        Forslag.status == Forslagsstatus.AAPENT,
    ]
    if organisasjon_id is not None:
        vilkaar.append(Forslag.organisasjon_id == organisasjon_id)
    falt = list(db.session.scalars(sa.select(Forslag).where(*vilkaar).order_by(Forslag.id)))
    for forslag in falt:
        forslag.status = Forslagsstatus.BORTFALT
        forslag.avgjort = now()
    db.session.flush()
    loggfoer_bortfalt(aktor, avtale, nummer, falt)
    ti_om_forslag(avtale.id, nummer)
    return falt


def loggfoer_bortfalt(aktor: Aktor, avtale: Avtale, nummer: int, falt: Sequence[Forslag]) -> None:
    """Which proposals fell by the act of the actor's that is logged beside."""
    if falt:
        ider = [str(f.id) for f in falt]
        logg(aktor, "avtale.forslag_bortfalt", "avtale", avtale.id, nummer=nummer, forslag=ider)


def si_bortfalt(
    aktor: Aktor, avtale: Avtale, falt: Sequence[Forslag], tekst: Any, *, sti: str | None = None
) -> None:
    """Those who had written them are told that they wait for nobody any more. `sti` as in `beskjeder.si`."""
    if falt:
        beskjeder.si(
            aktor,
            avtale,
            {f.organisasjon_id for f in falt},
            "avtale.forslag_bortfalt",
            f"avtale.forslag_bortfalt:{falt[0].id}",
            _l("Forslag bortfalt: %(tittel)s", tittel=avtale.tittel),
            tekst,
            sti=sti,
        )


def avgjoer_avslaatte(aktor: Aktor, avtale: Avtale) -> None:
    """The proposals that all who take part on the other side have rejected are rejected, and their parties told.

    Asked when a party has answered, and when one has gone: nobody waits for it any more. With nobody left on the other
    side a proposal stays open: who comes may take it.
    """
    deltar = {p.organisasjon_id: p.side for p in avtale.parter if p.status == Partstatus.DELTAR}
    avslaatte = []
    for forslag in db.session.scalars(
        sa.select(Forslag)
        .where(Forslag.avtale_id == avtale.id, Forslag.status == Forslagsstatus.AAPENT)
        .options(selectinload(Forslag.svar))
        .order_by(Forslag.id)
    ):
        spurte = {o for o, side in deltar.items() if side != forslag.side}
        if spurte and spurte <= {s.organisasjon_id for s in forslag.svar if not s.godtatt}:
            forslag.status, forslag.avgjort = Forslagsstatus.AVSLAATT, now()
            avslaatte.append(forslag)
    db.session.flush()
    for nummer in sorted({f.nummer for f in avslaatte}):
        ider = [str(f.id) for f in avslaatte if f.nummer == nummer]
        logg(aktor, "avtale.forslag_avslaatt_av_alle", "avtale", avtale.id, nummer=nummer, forslag=ider)
        ti_om_forslag(avtale.id, nummer)
    for forslag in avslaatte:
        beskjeder.si_samlet(
            aktor,
            avtale,
            [forslag.organisasjon_id],
            "avtale.forslag_avslaatt",
            f"avtale.forslag_avslaatt:{forslag.id}",
            _l("Forslag avslått: %(tittel)s", tittel=avtale.tittel),
            _l("Den andre siden godtar det ikke. Les hvorfor, og foreslå gjerne noe annet."),
        )


def ti_om_forslag(avtale_id: UUID, nummer: int) -> None:
    """When no proposal of the version is open any more, nobody is asked to answer any."""
    aapne = sa.exists().where(
        Forslag.avtale_id == avtale_id,
        Forslag.nummer == nummer,
        Forslag.status == Forslagsstatus.AAPENT,
    )
    if not db.session.scalar(sa.select(aapne)):
        beskjeder.ti_om(avtale_id, [beskjeder.FORSLAG])


# --- approvals -------------------------------------------------------------------------------------------

#: An organisation's chain where it has set none: {side: (name, whether case number and date must be given)}.
STANDARDKJEDE: dict[str, tuple[str, bool]] = {
    Side.KOMMUNE: ("Kommunestyret", True),
    Side.FORETAK: ("Administrerende direktør", False),
}


def be_om_godkjenning(versjon: Avtaleversjon, part: Avtalepart) -> list[Godkjenning]:
    """The rows that ask a party to approve a version: one for each link of its chain as it is now."""
    ledd = db.session.scalars(
        sa.select(Godkjenningsledd)
        .where(Godkjenningsledd.organisasjon_id == part.organisasjon_id)
        .order_by(Godkjenningsledd.plass)
    ).all()
    lenker = [(le.navn, le.krever_vedtak, le.medlemskap) for le in ledd] or [(*STANDARDKJEDE[part.side], [])]
    foer = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.max(Godkjenning.plass), 0)).where(
            Godkjenning.avtaleversjon_id == versjon.id, Godkjenning.organisasjon_id == part.organisasjon_id
        )
    )
    assert foer is not None
    rader = [
        Godkjenning(
            id=uuid4(),
            avtaleversjon_id=versjon.id,
            organisasjon_id=part.organisasjon_id,
            plass=plass,
            navn=navn,
            krever_vedtak=krever_vedtak,
            medlemskap=list(medlemskap),
        )
        # A party that left and came back has rows from then: theirs are kept.
        for plass, (navn, krever_vedtak, medlemskap) in enumerate(lenker, foer + 1)
    ]
    db.session.add_all(rader)
    db.session.flush()
    db.session.expire(versjon, ["godkjenninger"])
    return rader


def opphev_godkjenninger(versjon: Avtaleversjon, organisasjon_id: UUID | None = None) -> None:
    """The approvals of a version (of one party alone), given and asked for, count no more."""
    vilkaar = [Godkjenning.avtaleversjon_id == versjon.id, Godkjenning.opphevet.is_(None)]
    if organisasjon_id is not None:
        vilkaar.append(Godkjenning.organisasjon_id == organisasjon_id)
    rader = db.session.scalars(sa.select(Godkjenning).where(*vilkaar).order_by(Godkjenning.id)).all()
    for rad in rader:
        rad.opphevet = now()
    db.session.flush()
    ti_om_tur(versjon.avtale_id, rader)
