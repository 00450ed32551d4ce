"""What became of the patient: asked three days after the closing, and at thirty where that was chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import _, _l, paa_spraak
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import (
    OPPFOELGINGSDAGER,
    Handling,
    Hendelsestype,
    Oppfoelgingssvar,
    Side,
    Status,
)
from portal.henvendelser.models import Henvendelse, Oppfoelging, OppfoelgingSvar
from portal.identitet.models import Medlemskap, Person
from portal.identitet.steps import aktor_for_medlemskap
from portal.varsler.steps import send_epost

ARBEIDER = Aktor.system("arbeider")
UENIGHET = "uenighet"
#: An unanswered question leaves the lists so long after it was asked. In the case it can be answered still.
PAA_LISTA = timedelta(days=60)
#: Cases in one round of the worker: it comes again in a minute.
PER_RUNDE = 200


def samlet_svar(svar: Iterable[tuple[int, str]]) -> str | None:
    """What the follow-up found, of all answers (day, answer) of both sides: a value of `Henvendelse.oppfoelging`.

    The latest day on which somebody knew counts. «Ukjent» contradicts nobody: it stands only where nobody knows.
    """
    alle = list(svar)
    kjente = [(dag, s) for dag, s in alle if s != Oppfoelgingssvar.UKJENT]
    if not kjente:
        return str(Oppfoelgingssvar.UKJENT) if alle else None
    siste = max(dag for dag, _s in kjente)
    ulike = {str(s) for dag, s in kjente if dag == siste}
    return ulike.pop() if len(ulike) == 1 else UENIGHET


@transactional
def svar(aktor: Aktor, henvendelse_id: UUID, dag: int, svar: str, *, spoer_igjen: bool = False) -> None:
    """Says what became of the patient, as the actor's side knows it; a side may correct its own answer.

    The other side's answer is never touched: where the two differ, the case says so. The same answer again changes
    nothing. `spoer_igjen` asks at thirty days too. Raises UgyldigOvergang where that day's question is not planned.
    """
    sak = access.hent(aktor, Handling.FOELGE_OPP, henvendelse_id, laas=True)
    planlagt = db.session.execute(
        sa.select(Oppfoelging).where(Oppfoelging.henvendelse_id == sak.id, Oppfoelging.dag == dag)
    ).scalar_one_or_none()
    if planlagt is None:
        raise UgyldigOvergang(
            _l("Denne saken følges ikke opp etter %(dag)s dager, så det er ingenting å svare på.", dag=dag),
            kode="foelges_ikke_opp",
        )
    if spoer_igjen and dag == OPPFOELGINGSDAGER[0] and svar != Oppfoelgingssvar.DOED:
        steps.planlegg_dag(sak, OPPFOELGINGSDAGER[1])
    assert aktor.person_id is not None
    min_side = access.side(aktor, sak)
    eget = db.session.get(OppfoelgingSvar, (planlagt.id, str(min_side)))
    if eget is not None and eget.svar == svar:
        return
    steps.bli_deltaker(aktor, sak)
    data: dict[str, object] = {"dag": dag, "svar": str(Oppfoelgingssvar(svar))}
    if eget is None:
        db.session.add(
            OppfoelgingSvar(
                oppfoelging_id=planlagt.id,
                side=str(min_side),
                svar=str(Oppfoelgingssvar(svar)),
                person_id=aktor.person_id,
                tidspunkt=now(),
            )
        )
    else:
        eget.svar, eget.person_id, eget.tidspunkt = str(Oppfoelgingssvar(svar)), aktor.person_id, now()
        data["hva"] = "rettet"
    db.session.flush()
    sak.oppfoelging = samlet_svar(
        (rad.dag, rad.svar)
        for rad in db.session.execute(
            sa.select(Oppfoelging.dag, OppfoelgingSvar.svar)
            .join(OppfoelgingSvar, OppfoelgingSvar.oppfoelging_id == Oppfoelging.id)
            .where(Oppfoelging.henvendelse_id == sak.id)
        )
    )
    steps.skriv_hendelse(aktor, sak, Hendelsestype.OPPFOELGING, data=data)


# --- the worker ------------------------------------------------------------------------------------------


def spoer_forfalte() -> int:
    """Asks what became of the patients where the day has come. Gives in how many cases somebody was asked.

    Each case is a transaction of its own: one that fails keeps no other waiting, and is tried again next time.
    """
    forfalt = sa.and_(Oppfoelging.spurt.is_(None), Oppfoelging.forfaller <= now())
    saker = db.session.execute(
        sa.select(Oppfoelging.henvendelse_id)
        .where(forfalt)
        .group_by(Oppfoelging.henvendelse_id)
        .order_by(sa.func.min(Oppfoelging.forfaller))
        .limit(PER_RUNDE)
    ).scalars()
    return hver(saker.all(), _spoer_i_saken, "oppfoelging_feilet", "henvendelse_id")


@transactional
def _spoer_i_saken(sak_id: UUID) -> int:
    """Asks in one case. Another worker that has it now, or a reopening, is left alone."""
    # The case is locked first, as by everybody else, so that nobody waits for one another in a ring.
    sak = db.session.execute(
        sa.select(Henvendelse)
        .where(Henvendelse.id == sak_id, Henvendelse.status == Status.LUKKET)
        .with_for_update(of=Henvendelse, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if sak is None:
        return 0
    naa = now()
    forfalte = list(
        db.session.execute(
            sa.select(Oppfoelging)
            .where(
                Oppfoelging.henvendelse_id == sak.id,
                Oppfoelging.spurt.is_(None),
                Oppfoelging.forfaller <= naa,
            )
            .order_by(Oppfoelging.dag)
            .execution_options(populate_existing=True)
        ).scalars()
    )
    if _har_sagt_doed(sak):
        # Nothing is asked about somebody who has died: a question that nobody has answered goes with the reason for it.
        for planlagt in [p for p in forfalte if not p.svar]:
            forfalte.remove(planlagt)
            db.session.delete(planlagt)
    for planlagt in forfalte:
        planlagt.spurt = naa
    # After a long stop of the worker both days may be due: the later question holds the earlier one.
    if not forfalte or _har_svart(forfalte[-1], Side.INNMELDER):
        return 0
    dag = forfalte[-1].dag
    steps.skriv_hendelse(ARBEIDER, sak, Hendelsestype.SPURT, data={"dag": dag})
    if aktor_for_medlemskap(sak.innmelder_medlemskap_id) is not None:
        _send_paaminnelse(sak, forfalte[-1])
    return 1


def _har_sagt_doed(sak: Henvendelse) -> bool:
    """Whether the requester's side has told that the patient died."""
    return (
        db.session.execute(
            sa.select(OppfoelgingSvar.oppfoelging_id)
            .join(Oppfoelging, Oppfoelging.id == OppfoelgingSvar.oppfoelging_id)
            .where(
                Oppfoelging.henvendelse_id == sak.id,
                OppfoelgingSvar.side == Side.INNMELDER,
                OppfoelgingSvar.svar == Oppfoelgingssvar.DOED,
            )
        ).first()
        is not None
    )


def _har_svart(planlagt: Oppfoelging, hvem: Side) -> bool:
    return db.session.get(OppfoelgingSvar, (planlagt.id, str(hvem))) is not None


def _send_paaminnelse(sak: Henvendelse, planlagt: Oppfoelging) -> None:
    """A letter to the requester, without a word of the patient: the four answers are a click away."""
    with paa_spraak(sak.innmelder.spraak):
        emne = _("Hva skjedde? Sak %(nummer)s", nummer=sak.saksnummer)
        tekst = _(
            "Det er %(dag)s dager siden sak %(nummer)s ble lukket. Si hva som skjedde, med ett klikk, her:",
            dag=planlagt.dag,
            nummer=sak.saksnummer,
        )
    adresse = f"{innstillinger().adresse}/henvendelser/{sak.id}"
    send_epost(f"oppfoelging:{planlagt.id}", sak.innmelder.epost, emne, f"{tekst}\n{adresse}\n")


# --- reading ---------------------------------------------------------------------------------------------


def venter_paa(aktor: Aktor) -> list[Oppfoelging]:
    """The questions that wait for the actor: about own requests, and those of the unit whose requester is gone.

    One a case, the latest, the newest first.
    """
    innmelders = aliased(Medlemskap)
    borte = sa.not_(
        sa.exists()
        .where(innmelders.id == Henvendelse.innmelder_medlemskap_id)
        .where(Person.id == innmelders.person_id, Person.aktiv, innmelders.gyldig_fra <= now())
        .where(sa.or_(innmelders.gyldig_til.is_(None), innmelders.gyldig_til > now()))
    )
    egne = sa.and_(
        Henvendelse.innmelder_id == aktor.person_id,
        Henvendelse.innmelder_medlemskap_id == aktor.medlemskap_id,
    )
    enhetens = sa.and_(Henvendelse.avsender_enhet_id == aktor.enhet_id, borte)
    senere = aliased(Oppfoelging)
    rader = db.session.execute(
        access.synlige(aktor)
        .join(Oppfoelging, Oppfoelging.henvendelse_id == Henvendelse.id)
        .where(
            Oppfoelging.spurt > now() - PAA_LISTA,
            Henvendelse.status == Status.LUKKET,
            sa.or_(egne, enhetens) if aktor.enhet_id is not None else egne,
            ~sa.exists().where(
                OppfoelgingSvar.oppfoelging_id == Oppfoelging.id, OppfoelgingSvar.side == Side.INNMELDER
            ),
            ~sa.exists().where(
                senere.henvendelse_id == Henvendelse.id,
                senere.dag > Oppfoelging.dag,
                senere.spurt.is_not(None),
            ),
        )
        .with_only_columns(Oppfoelging, maintain_column_froms=True)
        .options(
            joinedload(Oppfoelging.henvendelse).joinedload(Henvendelse.avsender_enhet),
            joinedload(Oppfoelging.henvendelse).joinedload(Henvendelse.avsender),
            joinedload(Oppfoelging.henvendelse).joinedload(Henvendelse.mottaker),
            joinedload(Oppfoelging.henvendelse).joinedload(Henvendelse.innmelder),
        )
        .order_by(Oppfoelging.spurt.desc(), Oppfoelging.id)
    ).scalars()
    return list(rader)


@dataclass(frozen=True)
class Spoersmaal:
    """One of the questions of a case, with what each side has said."""

    dag: int
    forfaller: datetime
    spurt: datetime | None
    svar: dict[str, OppfoelgingSvar]
    #: The sides have said different things that both claim to know.
    uenige: bool
    #: The day has come, and the reader's own side has not answered.
    venter: bool


def hent_spoersmaal(aktor: Aktor, sak: Henvendelse) -> list[Spoersmaal]:
    """The questions of a case that has been fetched through `access`, the earliest first."""
    if sak.status != Status.LUKKET:
        return []
    min_side = str(access.side(aktor, sak))
    naa = now()
    planlagt = db.session.execute(
        sa.select(Oppfoelging).where(Oppfoelging.henvendelse_id == sak.id).order_by(Oppfoelging.dag)
    ).scalars()
    svar_ = list(
        db.session.execute(
            sa.select(OppfoelgingSvar)
            .join(Oppfoelging, Oppfoelging.id == OppfoelgingSvar.oppfoelging_id)
            .options(joinedload(OppfoelgingSvar.person))
            .where(Oppfoelging.henvendelse_id == sak.id)
        ).scalars()
    )
    liste = []
    for p in planlagt:
        sagt = {s.side: s for s in svar_ if s.oppfoelging_id == p.id}
        liste.append(
            Spoersmaal(
                dag=p.dag,
                forfaller=p.forfaller,
                spurt=p.spurt,
                svar=sagt,
                uenige=samlet_svar((p.dag, s.svar) for s in sagt.values()) == UENIGHET,
                venter=p.forfaller <= naa and min_side not in sagt,
            )
        )
    return liste
