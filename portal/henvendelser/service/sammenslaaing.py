"""Cases follow their people, and their receiver, when two organisations become one; so do the canaries."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.henvendelser import steps
from portal.henvendelser.eskalering import steps as eskalering
from portal.henvendelser.eskalering.models import Kanari
from portal.henvendelser.forloep import AAPNE, Invitasjonstilstand
from portal.henvendelser.models import Deltaker, Henvendelse, Saksinvitasjon
from portal.identitet.etterfoelgere import samme_rolle
from portal.identitet.models import Medlemskap, Organisasjon
from portal.revisjon import steps as revisjon
from portal.varsler.steps import stopp

_REGISTER = Aktor.system("register")
#: Has not been answered yet.
_VENTER = Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER


@transactional
def foelg_sammenslaatte() -> int:
    """Moves cases on after a merger, from the memberships that it ended and the receivers that are no more.

    Gives how many rows moved. Which belongs to which is read from the rows, so it may run at any time and any number
    of times; after two mergers in a row it takes two rounds.
    """
    return _foelg_folk() + _foelg_mottakere() + _foelg_kanarier()


def _foelg_folk() -> int:
    """Who took part, or was asked to, does so in the membership that the register made of the old one."""
    gammelt, nytt = aliased(Medlemskap), aliased(Medlemskap)
    naa = now()
    par = db.session.execute(
        sa.select(gammelt.id, nytt.id)
        .join(Organisasjon, Organisasjon.id == gammelt.organisasjon_id)
        .join(
            nytt,
            samme_rolle(gammelt, nytt, Organisasjon.etterfolger_id),
        )
        .where(
            gammelt.gyldig_til <= naa,
            sa.or_(
                sa.exists().where(Deltaker.medlemskap_id == gammelt.id, Deltaker.til.is_(None)),
                sa.exists().where(Saksinvitasjon.til_medlemskap_id == gammelt.id, _VENTER),
            ),
        )
    ).all()
    flyttet = 0
    for gammelt_id, nytt_id in par:
        deltar = sa.and_(Deltaker.medlemskap_id == gammelt_id, Deltaker.til.is_(None))
        spurt = sa.and_(Saksinvitasjon.til_medlemskap_id == gammelt_id, _VENTER)
        saker = set(db.session.execute(sa.select(Deltaker.henvendelse_id).where(deltar)).scalars())
        saker |= set(db.session.execute(sa.select(Saksinvitasjon.henvendelse_id).where(spurt)).scalars())
        har_alt = sa.select(Deltaker.henvendelse_id).where(Deltaker.medlemskap_id == nytt_id)
        alt = aliased(Saksinvitasjon)
        spurt_alt = sa.exists().where(
            alt.henvendelse_id == Saksinvitasjon.henvendelse_id,
            alt.til_medlemskap_id == nytt_id,
            alt.slag == Saksinvitasjon.slag,
            alt.tilstand == Invitasjonstilstand.VENTER,
        )
        for uttrykk in (
            sa.update(Henvendelse)
            .where(Henvendelse.innmelder_medlemskap_id == gammelt_id)
            .values(innmelder_medlemskap_id=nytt_id),
            sa.update(Henvendelse)
            .where(Henvendelse.ansvarlig_medlemskap_id == gammelt_id)
            .values(ansvarlig_medlemskap_id=nytt_id),
            sa.update(Deltaker)
            .where(deltar, Deltaker.henvendelse_id.not_in(har_alt.scalar_subquery()))
            .values(medlemskap_id=nytt_id),
            sa.update(Saksinvitasjon).where(spurt, sa.not_(spurt_alt)).values(til_medlemskap_id=nytt_id),
            # Whoever was there in the new role first takes part once, and is asked once.
            sa.update(Deltaker).where(deltar).values(til=naa),
            sa.update(Saksinvitasjon).where(spurt).values(tilstand=Invitasjonstilstand.TRUKKET, avgjort=naa),
        ):
            resultat = db.session.execute(uttrykk.execution_options(synchronize_session=False))
            flyttet += resultat.rowcount  # type: ignore[attr-defined]
        trukket = sa.select(Saksinvitasjon.id).where(
            Saksinvitasjon.til_medlemskap_id == gammelt_id,
            Saksinvitasjon.tilstand == Invitasjonstilstand.TRUKKET,
            Saksinvitasjon.avgjort == naa,
        )
        steps.ikke_spurt_lenger(db.session.scalars(trukket).all())
        for sak_id in sorted(saker):
            revisjon.logg(
                _REGISTER,
                "henvendelse.medlemskap_viderefoert",
                "henvendelse",
                sak_id,
                kjede=revisjon.sakskjede(sak_id),
                fra=str(gammelt_id),
                til=str(nytt_id),
            )
            meld("henvendelse.tilgang_endret", henvendelse_id=sak_id)
    return flyttet


def _foelg_mottakere() -> int:
    """What is open at a hospital or a kommune that is no more waits at its successor, where those on call see it."""
    etterfolgere = {
        gammel_id: ny_id
        for gammel_id, ny_id in db.session.execute(
            sa.select(Organisasjon.id, Organisasjon.etterfolger_id).where(
                Organisasjon.etterfolger_id.is_not(None)
            )
        )
        if ny_id is not None
    }
    if not etterfolgere:
        return 0
    saker = db.session.scalars(
        sa.select(Henvendelse)
        .where(Henvendelse.mottaker_id.in_(etterfolgere), Henvendelse.status.in_(AAPNE))
        .order_by(Henvendelse.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    koer: set[tuple[UUID, str]] = set()
    forlatte: set[tuple[UUID, str]] = set()
    for sak in saker:
        ny_id = etterfolgere[sak.mottaker_id]
        revisjon.logg(
            _REGISTER,
            "henvendelse.mottaker_viderefoert",
            "henvendelse",
            sak.id,
            kjede=revisjon.sakskjede(sak.id),
            fra=str(sak.mottaker_id),
            til=str(ny_id),
        )
        koer |= {(sak.mottaker_id, sak.fagomraade), (ny_id, sak.fagomraade)}
        forlatte.add((sak.mottaker_id, sak.fagomraade))
        eskalering.flytt_til_etterfolger(sak.id, ny_id)
        sak.mottaker_id = ny_id
        meld("henvendelse.tilgang_endret", henvendelse_id=sak.id)
        meld("henvendelse.sak_endret", henvendelse_id=sak.id)
    db.session.flush()
    for mottaker_id, fagomraade in sorted(koer):
        steps.ny_versjon_av_koe(mottaker_id, fagomraade)
    for mottaker_id, fagomraade in sorted(forlatte):
        # Nothing waits there any more; who is on call at the successor is told anew.
        stopp(eskalering.koe_gjelder(mottaker_id, fagomraade))
    return len(saker)


def _foelg_kanarier() -> int:
    """The tests of the fagområder go on at the successor. Where it tests the fagområde itself, the other one ends."""
    rader = db.session.execute(
        sa.select(Kanari, Organisasjon.etterfolger_id)
        .join(Organisasjon, Organisasjon.id == Kanari.organisasjon_id)
        .where(Organisasjon.etterfolger_id.is_not(None), Kanari.aktiv)
        .order_by(Kanari.id)
        .with_for_update(of=Kanari)
    ).all()
    for kanari, ny_id in rader:
        assert ny_id is not None
        # Asked for each: two that end in one successor may both have had a test.
        har_egen = bool(
            db.session.scalar(
                sa.select(
                    sa.exists().where(Kanari.organisasjon_id == ny_id, Kanari.fagomraade == kanari.fagomraade)
                )
            )
        )
        revisjon.logg(
            _REGISTER,
            "kanari.viderefoert",
            "kanari",
            kanari.id,
            fagomraade=kanari.fagomraade,
            fra=kanari.organisasjon_id,
            til=ny_id,
            avsluttet=har_egen,
        )
        if har_egen:
            kanari.aktiv = False
        else:
            kanari.organisasjon_id = ny_id
        db.session.flush()
    return len(rader)
