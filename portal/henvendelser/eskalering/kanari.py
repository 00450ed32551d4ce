"""The canary: on a schedule a test request walks the whole chain, so that a broken link is seen in time.

The links: somebody stands on the roster (vaktplan), the worker takes the timer (eskalering), the outbox takes the
notice (varsel), and the mail server or push service takes the message (kvittering). The one on call need do nothing:
an answer is only noted as the stronger proof. It disturbs nobody more than they chose: in the bell, by e-mail where
the person takes e-mail for what is least urgent, by a channel that wakes only where that has been allowed, and never by
that in the person's quiet hours.

A worker that is dead closes no run: whoever reads, finds the run or the schedule overdue, and sees it red.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, insert_for, transactional, uavhengig
from portal.core.enkeltvis import hver
from portal.core.errors import IkkeFunnet, Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.henvendelser import access
from portal.henvendelser.eskalering.kanariledd import (
    Brudd,
    Kanariledd,
    foerste_brudd,
    groenn,
    hel,
    ledd_naa,
    roed,
)
from portal.henvendelser.eskalering.models import Eskalering, Kanari, Kanarikjoering, Slag, Slutt
from portal.henvendelser.forloep import Hastegrad
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.mottakere import med_rolle
from portal.revisjon import steps as revisjon
from portal.vakt.bevis import klare_vakter
from portal.vakt.models import Vaktplan
from portal.vakt.steps import Ledd, Mottaker, Paavakt, Policy, neste_steg, paa_vakt, policy_for
from portal.varsler import steps as varsler
from portal.varsler import valg
from portal.varsler.models import Kanal, Varselro, Varselvalg

logg = structlog.get_logger(__name__)

#: Not whole by then: red.
FRIST = timedelta(minutes=3)
#: Who sets the canaries of an organisation.
KAN_SETTE = frozenset({Rolle.KOORDINATOR, Rolle.VAKTLEDER, Rolle.ADMINISTRATOR})
#: Minutes between two runs that can be chosen.
INTERVALLER = (15, 60, 360, 1440, 10080)
I_EN_RUNDE = 50


# --- the walk --------------------------------------------------------------------------------------------


def kjoer_planlagte() -> int:
    """Begins the runs that are due, and gives how many. Asked for every few seconds; safe to run twice."""
    forfalt = sa.select(Kanari.id).where(Kanari.aktiv, Kanari.neste <= now()).order_by(Kanari.neste)
    return _hver(list(db.session.scalars(forfalt.limit(I_EN_RUNDE))), start)


def _hver(ider: list[UUID], gjoer: Callable[[UUID], bool]) -> int:
    """Does it for each, in a transaction of its own: one that fails keeps no other waiting."""
    db.session.rollback()
    return hver(ider, gjoer, "kanari_feilet", "id")


@transactional
def start(kanari_id: UUID) -> bool:
    """Begins a run, if it is still due. Of two workers one begins it."""
    naa = now()
    kanari = db.session.scalars(
        sa.select(Kanari)
        .where(Kanari.id == kanari_id, Kanari.aktiv, Kanari.neste <= naa)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if kanari is None:
        return False
    kanari.neste = naa + timedelta(minutes=kanari.hver_minutter)
    _avloes(kanari, naa)
    # The test before has told what it could: no pile of them in anybody's bell, and none is sent when a server that was
    # away comes back.
    varsler.stopp(_gjelder(kanari.id))
    kjoering = Kanarikjoering(kanari_id=kanari.id, start=naa, frist=naa + FRIST, ledd={})
    db.session.add(kjoering)
    vakt = foerste_paa_vakt(kanari)
    if vakt is None:
        kjoering.ledd = {Kanariledd.VAKTPLAN: roed(Brudd.INGEN_PAA_VAKT)}
        db.session.flush()
        _avslutt(kanari, kjoering, roed=True)
        return True
    esk = Eskalering(
        slag=Slag.KANARI,
        organisasjon_id=kanari.organisasjon_id,
        fagomraade=kanari.fagomraade,
        hastegrad="vanlig",
        policy=Policy((Ledd(vakt.nivaa, 0),), gjentakelser=0, gjenta_etter=1).som_dict(),
        start=naa,
        neste=naa,
    )
    db.session.add(esk)
    db.session.flush()
    kjoering.eskalering_id = esk.id
    # Whether an alarm would have woken them then: the test itself mostly goes by what wakes nobody.
    klar = vakt.vakt_id in klare_vakter([vakt.vakt_id])
    kjoering.ledd = {Kanariledd.VAKTPLAN: {**groenn(naa, vakt.nivaa), "klar": klar}}
    return True


def _avloes(kanari: Kanari, naa: datetime) -> None:
    """Ends the runs that are still open when a new one begins: one that ended after it would take its alarm back.

    One that holds already counts; of another nothing is known, and it leaves the state as it was.
    """
    gaar = sa.select(Kanarikjoering).where(
        Kanarikjoering.kanari_id == kanari.id, Kanarikjoering.ferdig.is_(None)
    )
    ider = list(db.session.scalars(gaar.with_only_columns(Kanarikjoering.eskalering_id)))
    # The timer before the run, as when it is taken.
    db.session.execute(sa.select(Eskalering.id).where(Eskalering.id.in_(ider)).with_for_update())
    for kjoering in db.session.scalars(gaar.order_by(Kanarikjoering.start).with_for_update()):
        kjoering.ledd = ledd_naa(kjoering, naa)
        if hel(kjoering.ledd):
            _avslutt(kanari, kjoering, roed=False)
        else:
            kjoering.ferdig, kjoering.roed = naa, bool(_roed_foer(kjoering))
            _stans_timer(kjoering)


def trinn(esk: Eskalering) -> None:
    """The timer of a test is due: tells the one on call, and ends it. Called by `steps.fyr` in its transaction."""
    naa = now()
    esk.avsluttet, esk.utfall = naa, Slutt.FERDIG
    kjoering = db.session.scalars(
        sa.select(Kanarikjoering)
        .where(Kanarikjoering.eskalering_id == esk.id, Kanarikjoering.ferdig.is_(None))
        .options(joinedload(Kanarikjoering.kanari))
        .with_for_update(of=Kanarikjoering)
    ).one_or_none()
    if kjoering is None or naa >= kjoering.frist:
        return  # given up, or about to be: the timer was not taken in time, and nobody is told of an old test
    ledd = {**kjoering.ledd, Kanariledd.ESKALERING: groenn(naa)}
    vakt = foerste_paa_vakt(kjoering.kanari)
    if vakt is None:
        kjoering.ledd = {**ledd, Kanariledd.VAKTPLAN: roed(Brudd.INGEN_PAA_VAKT)}
        _avslutt(kjoering.kanari, kjoering, roed=True)
        return
    til = vakt.mottaker
    kjoering.varsel_id = varsler.varsle(
        til,
        noekkel=f"kanari:{kjoering.id}",
        kode="kanari",
        tittel=_l("Prøvevarsel for %(fag)s. Du trenger ikke gjøre noe.", fag=_fag(kjoering.kanari)),
        tekst=_l(
            "Portalen sjekker selv at en henvendelse når fram til den som har vakt. "
            "Kvitter gjerne, så vet vi at varselet ikke bare ble sendt, men også sett."
        ),
        lenke="/status",
        hastegrad="vanlig",
        gjelder=_gjelder(kjoering.kanari_id),
        bare=_kanaler(til.person_id, naa),
    )
    kjoering.ledd = ledd


def foerste_paa_vakt(kanari: Kanari) -> Paavakt | None:
    """Whom a real request would go to first: by the policy of what is akutt, since that is what
    must reach somebody. A level that is manned and that no request ever climbs to, is nobody."""
    bemannet = paa_vakt(kanari.organisasjon_id, kanari.fagomraade)
    policy = policy_for(kanari.organisasjon_id, kanari.fagomraade, Hastegrad.AKUTT)
    nivaa = neste_steg(policy, 0, 0, bemannet).nivaa
    return bemannet[nivaa] if nivaa is not None else None


def _kanaler(person_id: UUID, naa: datetime) -> frozenset[Kanal]:
    """What the person has chosen for the least urgent; of that e-mail alone, where a test may not wake, or quiet hours
    are now. Nothing, where that is what was chosen: then the test goes to the bell."""
    rad = db.session.get(Varselvalg, (person_id, "vanlig"))
    valgt = valg.kanaler(rad.kanaler if rad else None, "vanlig")
    ro = db.session.get(Varselro, person_id)
    if ro is None or not ro.kanari_vekker or valg.etter_ro(naa, ro.fra, ro.til) > naa:
        return valgt & {Kanal.EPOST}
    return valgt


def fullfoer() -> int:
    """Closes the runs that are whole, and those whose time is out. Gives how many."""
    naa = now()
    aapne = list(db.session.scalars(sa.select(Kanarikjoering).where(Kanarikjoering.ferdig.is_(None))))
    return _hver([k.id for k in aapne if naa >= k.frist or hel(ledd_naa(k, naa))], avslutt_kjoering)


@transactional
def avslutt_kjoering(kjoering_id: UUID) -> bool:
    """Closes one run. False when it was closed meanwhile, or is no longer ripe."""
    # The timer before the run, as when it is taken (`trinn`): else two that take both may wait for each other.
    db.session.execute(
        sa.select(Eskalering.id)
        .join(Kanarikjoering, Kanarikjoering.eskalering_id == Eskalering.id)
        .where(Kanarikjoering.id == kjoering_id)
        .with_for_update(of=Eskalering)
    )
    kjoering = db.session.scalars(
        sa.select(Kanarikjoering)
        .where(Kanarikjoering.id == kjoering_id, Kanarikjoering.ferdig.is_(None))
        .options(joinedload(Kanarikjoering.kanari))
        .with_for_update(of=Kanarikjoering)
    ).one_or_none()
    naa = now()
    if kjoering is None:
        return False
    kjoering.ledd = ledd_naa(kjoering, naa)
    holdt = hel(kjoering.ledd)
    if not holdt and naa < kjoering.frist:
        return False
    _avslutt(kjoering.kanari, kjoering, roed=not holdt)
    return True


def _avslutt(kanari: Kanari, kjoering: Kanarikjoering, *, roed: bool) -> None:
    """Notes the end, and tells the leaders when it differs from the run before."""
    foer = _roed_foer(kjoering)
    kjoering.ferdig, kjoering.roed = now(), roed
    if roed:
        # It must not come in hours, when nobody asks any more; and a timer that was not taken, tells nobody now.
        varsler.stopp(_gjelder(kanari.id))
        _stans_timer(kjoering)
        logg.warning(
            "kanari_roed",
            organisasjon=str(kanari.organisasjon_id),
            fagomraade=kanari.fagomraade,
            hvorfor=foerste_brudd(kjoering.ledd),
        )
    if roed == bool(foer):
        return
    gjelder = f"kanaribrudd:{kanari.id}"
    varsler.stopp(gjelder)
    fag = _fag(kanari)
    for til in _ledere(kanari.organisasjon_id):
        if roed:
            varsler.varsle(
                til,
                noekkel=f"kanari.brutt:{kjoering.id}:{til.person_id}",
                kode="kanari.brutt",
                tittel=_l("Varslingen for %(fag)s virker ikke", fag=fag),
                tekst=_l("En prøve nådde ikke fram. Se hvilket ledd som er brutt, og hva som kan gjøres."),
                lenke="/vakt/kanari",
                hastegrad="haster",
                gjelder=gjelder,
            )
        else:
            varsler.varsle(
                til,
                noekkel=f"kanari.hel:{kjoering.id}:{til.person_id}",
                kode="kanari.hel",
                tittel=_l("Varslingen for %(fag)s virker igjen", fag=fag),
                lenke="/vakt/kanari",
                hastegrad="vanlig",
            )


def _roed_foer(kjoering: Kanarikjoering) -> bool | None:
    """Whether the run that ended before this one was red; None: there is none."""
    return db.session.scalars(
        sa.select(Kanarikjoering.roed)
        .where(
            Kanarikjoering.kanari_id == kjoering.kanari_id,
            Kanarikjoering.ferdig.is_not(None),
            Kanarikjoering.id != kjoering.id,
        )
        .order_by(Kanarikjoering.start.desc())
        .limit(1)
    ).one_or_none()


def _stans_timer(kjoering: Kanarikjoering) -> None:
    esk = db.session.get(Eskalering, kjoering.eskalering_id) if kjoering.eskalering_id else None
    if esk is not None and esk.avsluttet is None:
        esk.avsluttet, esk.utfall = now(), Slutt.AVSLUTTET


def _ledere(organisasjon_id: UUID) -> list[Mottaker]:
    """Who can mend a broken chain: the vaktledere; where there are none, those who keep the rosters."""
    return med_rolle(organisasjon_id, [Rolle.VAKTLEDER]) or med_rolle(
        organisasjon_id, [Rolle.KOORDINATOR, Rolle.ADMINISTRATOR]
    )


def _gjelder(kanari_id: UUID) -> str:
    return f"kanari:{kanari_id}"


def _fag(kanari: Kanari) -> Any:
    return ALLE_OMRAADER.get(kanari.fagomraade, kanari.fagomraade)


# --- setting them ----------------------------------------------------------------------------------------


@transactional
def sett(aktor: Aktor, fagomraade: str, hver_minutter: int, *, aktiv: bool) -> UUID:
    """Makes or changes the own organisation's canary of a fagområde, and lets it run at once.

    Raises IkkeTilgang and UgyldigData.
    """
    krev_kan_sette(aktor)
    if aktor.organisasjon_id is None or fagomraade not in fagomraader_med_plan(aktor):
        raise UgyldigData(felter={"fagomraade": [_l("Velg et fagområde som har en vaktplan.")]})
    if hver_minutter not in INTERVALLER:
        raise UgyldigData(felter={"hver_minutter": [_l("Velg hvor ofte fra lista.")]})
    # Two may set it up at the same moment: one makes it, and the other one's choice comes after.
    db.session.execute(
        insert_for(Kanari, db.engine.dialect.name)
        .values(
            id=uuid4(),
            organisasjon_id=aktor.organisasjon_id,
            fagomraade=fagomraade,
            hver_minutter=hver_minutter,
            aktiv=aktiv,
            neste=now(),
        )
        .on_conflict_do_nothing(index_elements=["organisasjon_id", "fagomraade"])
    )
    rad = db.session.scalars(
        sa.select(Kanari)
        .where(Kanari.organisasjon_id == aktor.organisasjon_id, Kanari.fagomraade == fagomraade)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    rad.hver_minutter, rad.aktiv, rad.neste = hver_minutter, aktiv, now()
    db.session.flush()
    revisjon.logg(
        aktor,
        "kanari.satt",
        "kanari",
        rad.id,
        fagomraade=fagomraade,
        hver_minutter=hver_minutter,
        aktiv=aktiv,
    )
    return rad.id


@transactional
def kjoer_naa(aktor: Aktor, kanari_id: UUID) -> None:
    """Lets the worker begin a run at once. Raises Konflikt where one is on its way, or the canary is off."""
    rad = hent_egen(aktor, kanari_id, laas=True)
    if not rad.aktiv:
        raise Konflikt(_("Prøven er slått av. Slå den på først."))
    gaar = db.session.scalar(
        sa.select(sa.exists().where(Kanarikjoering.kanari_id == rad.id, Kanarikjoering.ferdig.is_(None)))
    )
    if gaar:
        raise Konflikt(_("En prøve er i gang. Vent til den er ferdig."))
    rad.neste = now()
    revisjon.logg(aktor, "kanari.kjoert_naa", "kanari", rad.id, fagomraade=rad.fagomraade)


def krev_kan_sette(aktor: Aktor) -> None:
    """Demands a role that keeps the own organisation's canaries. Raises IkkeTilgang, and logs it."""
    access.krev_rolle(aktor, KAN_SETTE, "kanari")


def hent_egen(aktor: Aktor, kanari_id: UUID, *, laas: bool = False) -> Kanari:
    """A canary of the own organisation, for those who keep them. Raises IkkeTilgang; IkkeFunnet for another's, and
    the try is logged."""
    krev_kan_sette(aktor)
    sporring = sa.select(Kanari).where(Kanari.id == kanari_id)
    rad = db.session.scalars(sporring.with_for_update() if laas else sporring).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    if rad.organisasjon_id != aktor.organisasjon_id:
        uavhengig(lambda: revisjon.logg(aktor, "henvendelse.kanari", "kanari", kanari_id, utfall="avslag"))
        raise IkkeFunnet()
    return rad


def fagomraader_med_plan(aktor: Aktor) -> list[str]:
    """The fagområder of the own organisation that have a roster: without one there is nothing to walk."""
    return list(
        db.session.scalars(
            sa.select(Vaktplan.fagomraade)
            .where(Vaktplan.organisasjon_id == aktor.organisasjon_id, Vaktplan.avsluttet.is_(None))
            .order_by(Vaktplan.fagomraade)
        )
    )
