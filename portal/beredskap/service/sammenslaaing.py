"""The phase follows when organisations become one: the successor has the most severe of them, unless it has its own.

The kriseledelse follows its people, and drills go on under the new name. What is planned at an organisation that is no
more, and what is proposed to it, comes to nothing.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.beredskap import steps
from portal.beredskap.models import (
    Beredskapsnivaa,
    Fase,
    Faseforslagsmottaker,
    Faseperiode,
    Kriseledelse,
    Oevelse,
    Oevelsesdeltaker,
    Svar,
)
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.sprak import _
from portal.identitet.etterfoelgere import samme_rolle
from portal.identitet.models import Medlemskap, Organisasjon
from portal.revisjon.steps import logg

_REGISTER = Aktor.system("register")
#: The phases by how hard they are on those who work in them: the peak most.
ALVOR = (Fase.ENKELTTILFELLER, Fase.KLYNGER, Fase.NEDGANG, Fase.SPREDNING, Fase.TOPP)
_NIVAAER = tuple(Beredskapsnivaa)
SAMMENSLAATT = "sammenslaaing"


def foelg_sammenslaatte() -> int:
    """Job: lets the phases of organisations that are no more follow to their successors. Gives how many successors.

    What belongs to which is read from the rows: it may run at any time and any number of times. After two mergers in a
    row it takes two rounds.
    """
    naa = now()
    lever = sa.or_(
        sa.exists().where(
            Faseperiode.organisasjon_id == Organisasjon.id,
            Faseperiode.trukket.is_(None),
            sa.or_(Faseperiode.til.is_(None), Faseperiode.til > naa),
        ),
        sa.exists().where(
            Faseforslagsmottaker.organisasjon_id == Organisasjon.id, Faseforslagsmottaker.svar == Svar.VENTER
        ),
        sa.exists().where(Kriseledelse.organisasjon_id == Organisasjon.id),
        sa.exists().where(
            Oevelsesdeltaker.organisasjon_id == Organisasjon.id,
            Oevelsesdeltaker.oevelse_id == Oevelse.id,
            Oevelse.til > naa,
            Oevelse.avsluttet.is_(None),
        ),
    )
    ider = db.session.scalars(
        sa.select(Organisasjon.etterfolger_id)
        .where(Organisasjon.etterfolger_id.is_not(None), lever)
        .distinct()
        .order_by(Organisasjon.etterfolger_id)
    ).all()
    return hver([id_ for id_ in ider if id_ is not None], _foelg, "sammenslaaing_feilet")


@transactional
def _foelg(ny_id: UUID) -> int:
    gamle_ider = db.session.scalars(
        sa.select(Organisasjon.id).where(Organisasjon.etterfolger_id == ny_id)
    ).all()
    alle = steps.laas([ny_id, *gamle_ider])
    ny, gamle = alle[ny_id], [alle[g] for g in sorted(gamle_ider)]
    naa = now()
    loepende = _avslutt(gamle)
    if loepende and not steps.perioder(ny_id, naa):
        verst = max(
            loepende,
            key=lambda p: (
                ALVOR.index(Fase(p.fase)),
                _NIVAAER.index(Beredskapsnivaa(p.nivaa)),
                alle[p.organisasjon_id].folketall or 0,
                p.id,
            ),
        )
        _viderefoer(verst, ny, alle[verst.organisasjon_id])
    steps.la_bortfalle([g.id for g in gamle])
    _flytt_kriseledelsen([g.id for g in gamle], ny_id)
    _flytt_oevelser([g.id for g in gamle], ny_id)
    meld("beredskap.endret", organisasjon_id=ny_id)
    return 1


def _avslutt(gamle: list[Organisasjon]) -> list[Faseperiode]:
    """Ends what runs at those that are no more and takes back what was planned. Gives what ran."""
    naa = now()
    loepende = []
    for g in gamle:
        for p in steps.perioder(g.id, naa):
            if p.fra < naa:
                loepende.append(p)
                p.til = naa
            else:
                p.trukket = naa
    db.session.flush()
    return loepende


def _viderefoer(fra: Faseperiode, ny: Organisasjon, gammel: Organisasjon) -> None:
    naa = now()
    til = fra.bedt_til if fra.bedt_til is not None and fra.bedt_til > naa else None
    periode = Faseperiode(
        id=uuid4(),
        organisasjon_id=ny.id,
        organisasjon=ny,
        fase=fra.fase,
        nivaa=fra.nivaa,
        fra=naa,
        til=til,
        bedt_til=til,
        kilde=fra.kilde,
        begrunnelse=_("Ført videre fra %(sted)s ved sammenslåing.", sted=gammel.kortnavn),
        satt=naa,
        satt_som=SAMMENSLAATT,
    )
    db.session.add(periode)
    db.session.flush()
    logg(
        _REGISTER,
        "beredskap.fase_viderefoert",
        "organisasjon",
        ny.id,
        fra=str(gammel.id),
        fase=fra.fase,
        nivaa=fra.nivaa,
    )
    steps.fortell_begynt(periode)


def _flytt_kriseledelsen(gamle: list[UUID], ny_id: UUID) -> None:
    """Who sat in one of the old ones sits in the new, in the membership that the register began there."""
    nytt = aliased(Medlemskap)
    rader = db.session.execute(
        sa.select(Kriseledelse, nytt.id)
        .join(Medlemskap, Medlemskap.id == Kriseledelse.medlemskap_id)
        .outerjoin(
            nytt,
            samme_rolle(Medlemskap, nytt, ny_id),
        )
        .where(Kriseledelse.organisasjon_id.in_(gamle))
        .order_by(Kriseledelse.medlemskap_id)
    ).all()
    har = set(
        db.session.scalars(sa.select(Kriseledelse.medlemskap_id).where(Kriseledelse.organisasjon_id == ny_id))
    )
    for rad, medlemskap_id in rader:
        if medlemskap_id is not None and medlemskap_id not in har:
            har.add(medlemskap_id)
            db.session.add(
                Kriseledelse(
                    medlemskap_id=medlemskap_id,
                    organisasjon_id=ny_id,
                    oppnevnt=rad.oppnevnt,
                    oppnevnt_av_id=rad.oppnevnt_av_id,
                )
            )
        db.session.delete(rad)
    db.session.flush()


def _flytt_oevelser(gamle: list[UUID], ny_id: UUID) -> None:
    """The new organisation plays in the old ones' place, and leads what one of them led."""
    i_gang = sa.and_(Oevelse.til > now(), Oevelse.avsluttet.is_(None))
    rader = db.session.scalars(
        sa.select(Oevelse)
        .join(Oevelsesdeltaker, Oevelsesdeltaker.oevelse_id == Oevelse.id)
        .where(i_gang, Oevelsesdeltaker.organisasjon_id.in_(gamle))
        .distinct()
        .order_by(Oevelse.id)
    ).all()
    for oevelse in rader:
        borte = [d for d in oevelse.deltakere if d.organisasjon_id in gamle]
        if all(d.organisasjon_id != ny_id for d in oevelse.deltakere):
            verst = max(borte, key=lambda d: (ALVOR.index(Fase(d.fase)), d.organisasjon_id))
            oevelse.deltakere.append(
                Oevelsesdeltaker(organisasjon_id=ny_id, fase=verst.fase, nivaa=verst.nivaa)
            )
        for d in borte:
            oevelse.deltakere.remove(d)
        if oevelse.organisasjon_id in gamle:
            oevelse.organisasjon_id = ny_id
    db.session.flush()
