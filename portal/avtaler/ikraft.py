"""Coming into force by date, without a gap: the day is set when all have approved, and the statuses follow it.

Steps for a use case's own transaction, with the agreement's lock; nothing here asks for permission.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, godkjenninger, plikter
from portal.avtaler.forloep import I_KRAFT, Partstatus, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld
from portal.core.sprak import _l
from portal.revisjon.steps import logg


def ett_aar_etter(dag: date) -> date:
    """The same day of the next year (29 February: the 28th)."""
    try:
        return dag.replace(year=dag.year + 1)
    except ValueError:
        return dag.replace(year=dag.year + 1, day=28)


def foerste_dag(avtale: Avtale, versjon: Avtaleversjon) -> date:
    """From when a version holds if its last approval comes today: the day wanted, or today.

    Never later than the day on which the one in force ends by notice: a new version leaves no gap.
    """
    dag = i_dag()
    fra = max(versjon.oensket_fra or dag, dag)
    gjelder = _i_kraft(avtale, versjon)
    if gjelder is not None and gjelder.i_kraft_til is not None and gjelder.i_kraft_til >= dag:
        fra = min(fra, gjelder.i_kraft_til)
    return fra


def godta(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> None:
    """All have approved: the version has its day, and the one in force ends on it. It may be today."""
    fra = foerste_dag(avtale, versjon)
    gjelder = _i_kraft(avtale, versjon)
    if gjelder is not None and (gjelder.i_kraft_til is None or gjelder.i_kraft_til > fra):
        # Before the newer one begins: no two hold on the same day, not even for a moment.
        gjelder.i_kraft_til = fra
        db.session.flush()
    versjon.flytt_til(Status.GODKJENT)
    versjon.i_kraft_fra = fra
    godkjente = {g.organisasjon_id for g in godkjenninger.gyldige(versjon)}
    for part in avtale.parter:
        if part.status == Partstatus.DELTAR and part.fra is None and part.organisasjon_id in godkjente:
            part.fra = fra
    db.session.flush()
    logg(aktor, "avtale.godkjent_av_alle", "avtale", avtale.id, nummer=versjon.nummer, fra=fra.isoformat())
    if fra > i_dag():
        godkjenninger.si_alle(
            aktor,
            avtale,
            [p.organisasjon_id for p in avtale.parter if p.status in access.MED],
            "godkjent",
            versjon.id,
            _l("Avtale godkjent av alle: %(tittel)s", tittel=versjon.tittel),
            _l("Versjon %(nr)s gjelder fra %(dag)s.", nr=versjon.nummer, dag=f"{fra:%d.%m.%Y}"),
        )
    foelg_datoene(aktor, avtale)


def foelg_datoene(aktor: Aktor, avtale: Avtale) -> bool:
    """Moves the statuses to what the dates say today, and makes the tasks of what has come into force.

    Gives whether anything was moved. It may be done at any time and any number of times.
    """
    dag = i_dag()
    ny = next(
        (
            v
            for v in avtale.versjoner
            if v.status == Status.GODKJENT and v.i_kraft_fra is not None and v.i_kraft_fra <= dag
        ),
        None,
    )
    gammel = next(
        (
            v
            for v in avtale.versjoner
            if v.status in I_KRAFT and v.i_kraft_til is not None and v.i_kraft_til <= dag
        ),
        None,
    )
    if gammel is not None:
        _avslutt(aktor, avtale, gammel, ny)
    if ny is not None:
        _begynn(aktor, avtale, ny)
    utgaatte = [
        p for p in avtale.parter if p.status == Partstatus.DELTAR and p.til is not None and p.til <= dag
    ]
    for part in utgaatte:
        part.status = Partstatus.UTMELDT
        logg(aktor, "avtale.part_utmeldt", "avtale", avtale.id, part=part.organisasjon_id)
    db.session.flush()
    if not (ny or gammel or utgaatte):
        return False
    gjelder = _i_kraft(avtale, None)
    if utgaatte and gjelder is not None:
        plikter.lag_oppgaver(avtale, gjelder)
    meld("avtale.endret", avtale_id=avtale.id)
    return True


def _i_kraft(avtale: Avtale, unntatt: Avtaleversjon | None) -> Avtaleversjon | None:
    return next((v for v in avtale.versjoner if v is not unntatt and v.status in I_KRAFT), None)


def _avslutt(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, ny: Avtaleversjon | None) -> None:
    """The version in force has had its last day: another took its place on it, or the agreement has ended."""
    erstattet = ny is not None and ny.i_kraft_fra == versjon.i_kraft_til
    # Whoever was joining by it is a party by the next, or was too late.
    venter = [g for g in godkjenninger.gyldige(versjon) if g.gitt is None]
    for g in venter:
        g.opphevet = now()
    godkjenninger.ti_om_tur(avtale.id, venter)
    if erstattet:
        if versjon.status == Status.OPPSAGT:
            # A new agreement took the place of the one that was given notice: the notice has nothing left to end.
            db.session.execute(
                sa.update(Oppsigelse)
                .where(
                    Oppsigelse.avtale_id == avtale.id,
                    Oppsigelse.organisasjon_id == avtale.eier_id,
                    Oppsigelse.trukket.is_(None),
                )
                .values(trukket=now())
                .execution_options(synchronize_session=False)
            )
        versjon.flytt_til(Status.ERSTATTET)
    else:
        if versjon.status != Status.OPPSAGT:
            versjon.flytt_til(Status.OPPSAGT)
        versjon.flytt_til(Status.UTLOEPT)
        assert versjon.i_kraft_til is not None
        plikter.avslutt(avtale)
        logg(aktor, "avtale.utloept", "avtale", avtale.id, nummer=versjon.nummer)
        beskjeder.si(
            aktor,
            avtale,
            [p.organisasjon_id for p in avtale.parter if p.status in access.MED],
            "avtale.utloept",
            f"avtale.utloept:{versjon.id}",
            _l("Avtalen gjelder ikke lenger: %(tittel)s", tittel=versjon.tittel),
            _l("Den siste dagen var %(dag)s.", dag=f"{versjon.i_kraft_til - timedelta(days=1):%d.%m.%Y}"),
        )
    # Before another is in force: one version of an agreement at a time.
    db.session.flush()


def _begynn(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> None:
    assert versjon.i_kraft_fra is not None
    versjon.flytt_til(Status.GJELDENDE)
    if avtale.neste_gjennomgang is None:
        avtale.neste_gjennomgang = ett_aar_etter(versjon.i_kraft_fra)
    db.session.flush()
    plikter.lag_oppgaver(avtale, versjon)
    logg(
        aktor,
        "avtale.i_kraft",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        fra=versjon.i_kraft_fra.isoformat(),
    )
    beskjeder.si(
        aktor,
        avtale,
        [p.organisasjon_id for p in avtale.parter if p.status in access.MED],
        "avtale.i_kraft",
        f"avtale.i_kraft:{versjon.id}",
        _l("Avtalen gjelder: %(tittel)s", tittel=versjon.tittel),
        _l("Versjon %(nr)s gjelder fra %(dag)s.", nr=versjon.nummer, dag=f"{versjon.i_kraft_fra:%d.%m.%Y}"),
    )
