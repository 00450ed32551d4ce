"""Coming into force by date, without a gap: the day is set when all have approved, and the statuses follow it.

Steps for a use case's own transaction, with the agreement's lock; nothing here asks for permission.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, godkjenninger, livsloep, plikter, steps
from portal.avtaler.forloep import I_KRAFT, Partstatus, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, meld
from portal.core.errors import UgyldigOvergang
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


def bindes(avtale: Avtale, fra: date) -> list[Avtalepart]:
    """Whom a version that holds from that day binds: all that take part, but for who will have left by then. The trust
    first."""
    return sorted(
        (p for p in avtale.parter if p.status == Partstatus.DELTAR and (p.til is None or p.til > fra)),
        key=lambda p: (p.side != Side.FORETAK, p.organisasjon.kortnavn),
    )


def ikke_godkjent_av(avtale: Avtale, versjon: Avtaleversjon, fra: date) -> list[Avtalepart]:
    """Whom the version would bind from that day without the approval of their own chain.

    It has its day only when that is nobody. Asked again whenever the day, or a party's last day, is moved: who was not
    asked because it would have left, is asked when it will not have.
    """

    def har_godkjent(part: Avtalepart) -> bool:
        ledd = godkjenninger.gyldige(versjon, part.organisasjon_id)
        return bool(ledd) and all(g.gitt is not None for g in ledd)

    return [p for p in bindes(avtale, fra) if not har_godkjent(p)]


def spoer_resten(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> bool:
    """Asks whom a version out for approval would bind and who has not been asked; gives whether it waits for any."""
    mangler = ikke_godkjent_av(avtale, versjon, foerste_dag(avtale, versjon))
    for part in mangler:
        if godkjenninger.gyldige(versjon, part.organisasjon_id):
            continue
        rader = livsloep.be_om_godkjenning(versjon, part)
        logg(
            aktor, "avtale.part_spurt", "avtale", avtale.id, nummer=versjon.nummer, part=part.organisasjon_id
        )
        godkjenninger.varsle_tur(avtale, versjon, rader[:1])
        godkjenninger.si_alle(
            aktor,
            avtale,
            [p.organisasjon_id for p in avtale.parter if p.status in access.MED and p is not part],
            "part_spurt",
            rader[0].id,
            _l("%(navn)s skal også godkjenne: %(tittel)s", navn=part.organisasjon.visningsnavn, tittel=versjon.tittel),
            _l("Versjon %(nr)s binder også dem, og gjelder først når de har godkjent.", nr=versjon.nummer),
        )  # fmt: skip
    return bool(mangler)


def spoer_paa_nytt(aktor: Aktor, avtale: Avtale, gjelder: Avtaleversjon) -> None:
    """A kommune does not leave after all: what the others approve or have approved meanwhile, it is asked about too.

    A version that all have approved and that waits for its day goes back to approval: what the others have given stays
    given. Raises UgyldigOvergang where the one in force ends by the owner's notice: that would leave a gap.
    """
    versjon = steps.i_arbeid(avtale)
    if versjon is None or versjon is gjelder:
        return
    fra = versjon.i_kraft_fra
    if versjon.status == Status.GODKJENT and fra is not None and ikke_godkjent_av(avtale, versjon, fra):
        if gjelder.status == Status.OPPSAGT:
            raise UgyldigOvergang(
                _l(
                    "Versjon %(nr)s er godkjent uten dere, og tar over %(dag)s, når avtalen som er sagt opp, slutter. "
                    "Be %(eier)s ta versjonen tilbake først. Da kan dere trekke oppsigelsen og være med på å godkjenne "
                    "den.",
                    nr=versjon.nummer,
                    dag=f"{fra:%d.%m.%Y}",
                    eier=avtale.eier.visningsnavn,
                ),
                kode="godkjent_uten",
            )
        livsloep.angre_i_kraft(avtale, versjon)
        versjon.flytt_til(Status.TIL_GODKJENNING)
        db.session.flush()
        beskjeder.ti_om(avtale.id, ["avtale.godkjent"])
    if versjon.status == Status.TIL_GODKJENNING:
        spoer_resten(aktor, avtale, versjon)


def godta(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> None:
    """All who were asked have approved: the version has its day, and the one in force ends on it. It may be today.

    Where it would bind somebody who was not asked, they are asked instead.
    """
    if spoer_resten(aktor, avtale, versjon):
        return
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
        _meld_ut(aktor, avtale, part)
    db.session.flush()
    if utgaatte:
        livsloep.avgjoer_avslaatte(aktor, avtale)
        _vent_ikke_lenger(aktor, avtale)
    if not (ny or gammel or utgaatte):
        return False
    gjelder = _i_kraft(avtale, None)
    if utgaatte and gjelder is not None:
        plikter.lag_oppgaver(avtale, gjelder)
    meld("avtale.endret", avtale_id=avtale.id)
    return True


def avslutt_oppsigelse(avtale: Avtale, organisasjon_id: UUID) -> None:
    """An organisation's notice runs no more: it has had its effect, or there is nothing left that it could end."""
    db.session.execute(
        sa.update(Oppsigelse)
        .where(
            Oppsigelse.avtale_id == avtale.id,
            Oppsigelse.organisasjon_id == organisasjon_id,
            Oppsigelse.trukket.is_(None),
            Oppsigelse.avsluttet.is_(None),
        )
        .values(avsluttet=now())
        .execution_options(synchronize_session="fetch")
    )


def la_oppsigelse_falle(aktor: Aktor, avtale: Avtale, rad: Oppsigelse) -> None:
    """A notice lapses before its day: what it would have ended has ended, or has been replaced. There is nothing to
    tell the state of, and whoever was told of the notice is told of that."""
    rad.avsluttet = now()
    db.session.flush()
    plikter.varsle_ikke(avtale, rad)
    logg(aktor, "avtale.oppsigelse_falt_bort", "avtale", avtale.id, oppsigelse=rad.id)
    parter = [p.organisasjon_id for p in avtale.parter if p.status in access.MED]
    tittel = _l("Oppsigelse falt bort: %(tittel)s", tittel=avtale.tittel)
    noekkel = f"avtale.oppsigelse_falt_bort:{rad.id}"
    tekst = _l(
        "Oppsigelsen fra %(navn)s får ingen virkning lenger. Se hva som gjelder nå.",
        navn=rad.organisasjon.visningsnavn,
    )
    beskjeder.si(aktor, avtale, parter, "avtale.oppsigelse_falt_bort", noekkel, tittel, tekst, sti="/livet")
    rhf = access.rhf(avtale)
    if rhf is not None and rhf not in parter:
        beskjeder.si(
            aktor,
            avtale,
            [rhf],
            "avtale.oppsigelse_falt_bort",
            f"{noekkel}:rhf",
            tittel,
            tekst,
            sti="/livet",
            roller=(Rolle.KOORDINATOR, Rolle.ADMINISTRATOR),
        )


def _loepende(avtale: Avtale) -> Sequence[Oppsigelse]:
    return db.session.scalars(
        sa.select(Oppsigelse)
        .where(
            Oppsigelse.avtale_id == avtale.id,
            Oppsigelse.trukket.is_(None),
            Oppsigelse.avsluttet.is_(None),
        )
        .order_by(Oppsigelse.virkning, Oppsigelse.id)
    ).all()


def _slutt_for_alle(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> None:
    """The agreement has ended for all, and nothing comes after: who would have left it later, ended with the others."""
    if versjon.i_kraft_til is None or any(v.status == Status.GODKJENT for v in avtale.versjoner):
        return
    for part in avtale.parter:
        if part.status == Partstatus.DELTAR and part.til is not None and part.til > versjon.i_kraft_til:
            part.til = None
    for rad in _loepende(avtale):
        if rad.virkning > versjon.i_kraft_til:
            la_oppsigelse_falle(aktor, avtale, rad)


def _meld_ut(aktor: Aktor, avtale: Avtale, part: Avtalepart) -> None:
    """The party has had its last day: what it had in hand falls."""
    assert part.til is not None
    part.status = Partstatus.UTMELDT
    avslutt_oppsigelse(avtale, part.organisasjon_id)
    for versjon in avtale.versjoner:
        if versjon.status == Status.TIL_FORHANDLING:
            falt = livsloep.la_forslag_falle(aktor, avtale, versjon.nummer, part.organisasjon_id)
            tekst = _l("Dere er ikke lenger part i avtalen, og det dere hadde foreslått, falt bort.")
            livsloep.si_bortfalt(aktor, avtale, falt, tekst, sti="/livet")
        ventende = [g for g in godkjenninger.gyldige(versjon, part.organisasjon_id) if g.gitt is None]
        for g in ventende:
            g.opphevet = now()
        godkjenninger.ti_om_tur(avtale.id, ventende)
    logg(aktor, "avtale.part_utmeldt", "avtale", avtale.id, part=part.organisasjon_id)
    beskjeder.si(
        aktor,
        avtale,
        {avtale.eier_id, part.organisasjon_id},
        "avtale.part_utmeldt",
        f"avtale.part_utmeldt:{part.id}",
        _l("%(navn)s er ikke lenger part: %(tittel)s", navn=part.organisasjon.visningsnavn, tittel=avtale.tittel),
        _l("Den siste dagen var %(dag)s. Avtalen gjelder som før for de andre partene.",
           dag=f"{part.til - timedelta(days=1):%d.%m.%Y}"),
        sti="/livet",
    )  # fmt: skip


def _vent_ikke_lenger(aktor: Aktor, avtale: Avtale) -> None:
    """A version out for approval that waited for who has gone alone is approved by all, if a kommune is among them."""
    versjon = steps.i_arbeid(avtale)
    if versjon is None or versjon.status != Status.TIL_GODKJENNING or godkjenninger.neste(versjon):
        return
    kommuner = {
        p.organisasjon_id for p in avtale.parter if p.status == Partstatus.DELTAR and p.side == Side.KOMMUNE
    }
    if any(g.organisasjon_id in kommuner for g in godkjenninger.gyldige(versjon)):
        godta(aktor, avtale, versjon)


def _i_kraft(avtale: Avtale, unntatt: Avtaleversjon | None) -> Avtaleversjon | None:
    return next((v for v in avtale.versjoner if v is not unntatt and v.status in I_KRAFT), None)


def _avslutt(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, ny: Avtaleversjon | None) -> None:
    """The version in force has had its last day: another took its place on it, or the agreement has ended."""
    assert versjon.i_kraft_til is not None
    erstattet = ny is not None and ny.i_kraft_fra == versjon.i_kraft_til
    # Whoever was joining by it is a party by the next, or was too late.
    venter = [g for g in godkjenninger.gyldige(versjon) if g.gitt is None]
    for g in venter:
        g.opphevet = now()
    godkjenninger.ti_om_tur(avtale.id, venter)
    if erstattet:
        if versjon.status == Status.OPPSAGT:
            # A new agreement took the place of the one that was given notice: the notice has nothing left to end.
            for rad in _loepende(avtale):
                if rad.organisasjon_id == avtale.eier_id and rad.virkning > versjon.i_kraft_til:
                    la_oppsigelse_falle(aktor, avtale, rad)
            avslutt_oppsigelse(avtale, avtale.eier_id)
        versjon.flytt_til(Status.ERSTATTET)
    else:
        if versjon.status != Status.OPPSAGT:
            versjon.flytt_til(Status.OPPSAGT)
        versjon.flytt_til(Status.UTLOEPT)
        plikter.avslutt(avtale)
        avslutt_oppsigelse(avtale, avtale.eier_id)
        _slutt_for_alle(aktor, avtale, versjon)
        # A version that waits for a later day begins a year of its own.
        avtale.neste_gjennomgang = None
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
