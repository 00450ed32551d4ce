"""Plans and their telephones: begun, ended, and which number is whose level's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.core.telefon import UgyldigTelefonnummer, til_e164
from portal.identitet.fagomraader import ALLE_OMRAADER, omraader_for
from portal.identitet.models import SYKEHUS, Organisasjon, Organisasjonstype
from portal.revisjon.steps import logg
from portal.vakt import access, skriving
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa, Rotasjon, Vakt, Vaktplan, Vakttelefon
from portal.varsler.steps import stopp

_HAR_VAKT = SYKEHUS | {Organisasjonstype.KOMMUNE}


@transactional
def lag_plan(aktor: Aktor, organisasjon_id: UUID, fagomraade: str) -> UUID:
    """Begins a plan for a fagområde, or opens an ended one again. Raises UgyldigData or Konflikt."""
    access.krev_rediger(aktor, organisasjon_id)
    # Two who begin the same plan at the same moment wait for each other.
    organisasjon = db.session.get(Organisasjon, organisasjon_id, with_for_update={"key_share": True})
    if organisasjon is None or organisasjon.nedlagt is not None or organisasjon.type not in _HAR_VAKT:
        raise UgyldigData(_("Bare sykehus og kommuner som finnes i dag, har vaktplaner."))
    if fagomraade not in omraader_for(organisasjon.type):
        raise UgyldigData(felter={"fagomraade": [_("Velg et fagområde som organisasjonen svarer for.")]})
    plan = db.session.scalars(
        sa.select(Vaktplan).where(
            Vaktplan.organisasjon_id == organisasjon_id, Vaktplan.fagomraade == fagomraade
        )
    ).one_or_none()
    if plan is not None and plan.avsluttet is None:
        raise Konflikt(
            _("Det finnes alt en vaktplan for %(fag)s. Åpne den.", fag=ALLE_OMRAADER[fagomraade]),
            kode="finnes",
            plan_id=str(plan.id),
        )
    if plan is None:
        plan = Vaktplan(id=uuid4(), organisasjon_id=organisasjon_id, fagomraade=fagomraade, opprettet=now())
        db.session.add(plan)
    else:
        plan.avsluttet = None
    logg(aktor, "vakt.plan_opprettet", "vaktplan", plan.id, fagomraade=fagomraade)
    meld("vakt.endret", plan_id=plan.id, organisasjon_id=organisasjon_id)
    return plan.id


@transactional
def avslutt_plan(aktor: Aktor, plan_id: UUID) -> int:
    """Ends a plan: its rotations end, and all that is left of its shifts is called off. Gives how many shifts.

    Requests for the fagområde find nobody on call from now on. Those who had shifts are told. Raises Konflikt.
    """
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    naa = now()
    rammet = skriving.avlys_fra(
        db.session.scalars(
            sa.select(Vakt)
            .where(
                Vakt.vaktplan_id == plan.id,
                Vakt.nivaa.in_(list(Nivaa)),
                Vakt.avlyst.is_(None),
                Vakt.fra > naa - skriving.LENGSTE_VAKT,
                Vakt.til > naa,
            )
            .order_by(Vakt.fra)
        ).all(),
        naa,
    )
    rotasjoner = db.session.scalars(
        sa.update(Rotasjon)
        .where(Rotasjon.vaktplan_id == plan.id, Rotasjon.avsluttet.is_(None))
        .values(avsluttet=naa)
        .returning(Rotasjon.id)
        .execution_options(synchronize_session=False)
    ).all()
    plan.avsluttet = naa
    logg(aktor, "vakt.plan_avsluttet", "vaktplan", plan.id, fagomraade=plan.fagomraade, vakter=len(rammet))
    meld("vakt.endret", plan_id=plan.id, organisasjon_id=plan.organisasjon_id)
    skriving.glem(rammet)
    stopp(f"vaktplan:{plan.id}")
    for rotasjon_id in sorted(rotasjoner):
        stopp(skriving.om_rotasjonen(rotasjon_id))
    for medlemskap_id in sorted({v.medlemskap_id for v in rammet}):
        skriving.fortell(
            medlemskap_id,
            uten=aktor.person_id,
            noekkel=f"vakt.plan_avsluttet:{plan.id}:{naa.isoformat()}:{medlemskap_id}",
            kode="vakt.endret",
            tittel=_l("Vaktplanen for %(fag)s er avsluttet", fag=ALLE_OMRAADER[plan.fagomraade]),
            tekst=_l("Vaktene dine i den er avlyst av %(navn)s.", navn=aktor.navn),
        )
    return len(rammet)


@transactional
def sett_telefon(
    aktor: Aktor, plan_id: UUID, nivaa: str, nummer: str, *, sms: bool = True, tale: bool = False
) -> None:
    """Gives a level its vakttelefon: rung and written to when the level is alerted, and shown to who asks.

    The number is kept with its country code. With neither SMS nor voice it is only shown. Raises UgyldigData.
    """
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    nivaa = skriving.krev_nivaa(nivaa)
    try:
        nytt = til_e164(nummer)
    except UgyldigTelefonnummer as feil:
        raise UgyldigData(
            felter={
                "nummer": [
                    _(
                        "Skriv et helt telefonnummer, som 900 00 000. Er det utenlandsk, skriv + og landkoden først. "
                        "Korte numre kan ikke brukes."
                    )
                ]
            }
        ) from feil
    telefon = next((t for t in plan.telefoner if t.nivaa == nivaa), None)
    if telefon is not None and (telefon.nummer, telefon.sms, telefon.tale) == (nytt, sms, tale):
        return
    fra = telefon.nummer if telefon else ""
    if telefon is None:
        telefon = Vakttelefon(vaktplan_id=plan.id, nivaa=nivaa)
        plan.telefoner.append(telefon)
    telefon.nummer, telefon.sms, telefon.tale = nytt, sms, tale
    logg(
        aktor,
        "vakt.telefon_endret",
        "vaktplan",
        plan.id,
        nivaa=nivaa,
        fra=fra,
        til=nytt,
        sms=sms,
        tale=tale,
    )
    skriving.endret(plan)


@transactional
def fjern_telefon(aktor: Aktor, plan_id: UUID, nivaa: str) -> None:
    """Takes a level's vakttelefon away. Raises IkkeFunnet when it has none."""
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    telefon = next((t for t in plan.telefoner if t.nivaa == nivaa), None)
    if telefon is None:
        raise IkkeFunnet()
    plan.telefoner.remove(telefon)
    logg(aktor, "vakt.telefon_endret", "vaktplan", plan.id, nivaa=nivaa, fra=telefon.nummer, til="")
    skriving.endret(plan)


# --- reading ---------------------------------------------------------------------------------------------


def ledige_omraader(aktor: Aktor, organisasjon_id: UUID) -> dict[str, Any]:
    """The fagområder of an organisation that have no running plan yet."""
    access.krev_rediger(aktor, organisasjon_id)
    organisasjon = db.session.get(Organisasjon, organisasjon_id)
    if organisasjon is None or organisasjon.type not in _HAR_VAKT:
        return {}
    har = set(
        db.session.scalars(
            sa.select(Vaktplan.fagomraade).where(
                Vaktplan.organisasjon_id == organisasjon_id, Vaktplan.avsluttet.is_(None)
            )
        )
    )
    return {kode: navn for kode, navn in omraader_for(organisasjon.type).items() if kode not in har}
