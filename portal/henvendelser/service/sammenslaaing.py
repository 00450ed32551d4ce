"""Cases follow their people when two kommuner become one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.henvendelser.models import Deltaker, Henvendelse
from portal.identitet.models import Medlemskap, Organisasjon
from portal.revisjon import steps as revisjon


@transactional
def foelg_sammenslaatte() -> int:
    """Moves cases from a membership that a merger ended to the one that continued it. Gives how many rows moved.

    The register ends every membership in an organisation that is no more, and makes one of the same role in its
    successor. Which belongs to which is read from the rows, so it may run at any time and any number of times.
    """
    gammelt, nytt = aliased(Medlemskap), aliased(Medlemskap)
    naa = now()
    par = db.session.execute(
        sa.select(gammelt.id, nytt.id, nytt.person_id)
        .join(Organisasjon, Organisasjon.id == gammelt.organisasjon_id)
        .join(
            nytt,
            sa.and_(
                nytt.person_id == gammelt.person_id,
                nytt.rolle == gammelt.rolle,
                nytt.organisasjon_id == Organisasjon.etterfolger_id,
                nytt.enhet_id.is_not_distinct_from(gammelt.enhet_id),
                nytt.gyldig_fra <= naa,
                sa.or_(nytt.gyldig_til.is_(None), nytt.gyldig_til > naa),
            ),
        )
        .where(gammelt.gyldig_til <= naa, sa.exists().where(Deltaker.medlemskap_id == gammelt.id))
    ).all()
    flyttet = 0
    for gammelt_id, nytt_id, _person in par:
        saker = list(
            db.session.execute(
                sa.select(Deltaker.henvendelse_id).where(Deltaker.medlemskap_id == gammelt_id)
            ).scalars()
        )
        har_alt = (
            sa.select(Deltaker.henvendelse_id).where(Deltaker.medlemskap_id == nytt_id).scalar_subquery()
        )
        for uttrykk in (
            sa.update(Henvendelse)
            .where(Henvendelse.innmelder_medlemskap_id == gammelt_id)
            .values(innmelder_medlemskap_id=nytt_id),
            sa.update(Henvendelse)
            .where(Henvendelse.ansvarlig_medlemskap_id == gammelt_id)
            .values(ansvarlig_medlemskap_id=nytt_id),
            sa.update(Deltaker)
            .where(Deltaker.medlemskap_id == gammelt_id, Deltaker.henvendelse_id.not_in(har_alt))
            .values(medlemskap_id=nytt_id),
        ):
            resultat = db.session.execute(uttrykk.execution_options(synchronize_session=False))
            flyttet += resultat.rowcount  # type: ignore[attr-defined]
        for sak_id in saker:
            revisjon.logg(
                Aktor.system("register"),
                "henvendelse.medlemskap_viderefoert",
                "henvendelse",
                sak_id,
                kjede=revisjon.sakskjede(sak_id),
                fra=str(gammelt_id),
                til=str(nytt_id),
            )
            meld("henvendelse.tilgang_endret", henvendelse_id=sak_id)
    return flyttet
