"""Sending a request, and filling it in afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import Konflikt, UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.henvendelser import access, news2, steps
from portal.henvendelser import utskrivningsregler as regler
from portal.henvendelser.eskalering import steps as eskalering
from portal.henvendelser.forloep import (
    FRIST_AKSEPT,
    PLANER,
    Handling,
    Hastegrad,
    Hendelsestype,
    Kjoenn,
    Retning,
    Status,
)
from portal.henvendelser.models import Henvendelse, HenvendelseHode, News2Maaling, Opplysninger, Utskrivning
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import Enhet, Organisasjon, Person

#: The free texts of a request: searched for national identity numbers before anything is stored.
FRITEKST = (
    "situasjon",
    "bakgrunn",
    "analyse",
    "raad_oenskes",
    "sykdomsbyrde",
    "funksjonsnivaa",
    "behandlingsbegrensninger",
    "pasientens_oensker",
    "evne_tekst",
)
OPPLYSNINGER = (
    *FRITEKST,
    "bostedskommune_id",
    "aldersgruppe",
    "kjoenn",
    "gravid",
    "oppholdssted",
    "skroepelighet",
    "kognitiv_svikt",
    "evne_personell",
    "evne_kompetanse",
    "evne_utstyr",
    "evne_sted",
)


def egen_telefon(aktor: Aktor) -> str:
    """The call-back number to begin with: the unit's, else the actor's own."""
    enhet = db.session.get(Enhet, aktor.enhet_id) if aktor.enhet_id else None
    person = db.session.get(Person, aktor.person_id) if aktor.person_id else None
    return (enhet.telefon if enhet else "") or (person.telefon if person else "")


@transactional
def opprett(aktor: Aktor, data: Mapping[str, Any]) -> UUID:
    """Sends a request and gives its id. The same `klient_id` again gives the same case: a resend is safe.

    The actor's side decides the direction: a kommune asks a hospital, a hospital a kommune
    (spesialisthelsetjenesteloven § 6-3, hol § 5-11). `data` is what `schemas.HenvendelseInn` gives. Raises UgyldigData
    with the fields to mend: when the receiver is not of the other side, when nobody there answers for the fagområde
    in the portal (nobody would ever see the request), when a code is the other direction's, or when a text holds a
    national identity number.
    """
    access.krev_kan_spoerre(aktor)
    # One at a time per person: a double click must find the first one's row, not run into its unique key.
    db.session.execute(
        sa.select(Person.id).where(Person.id == aktor.person_id).with_for_update(key_share=True)
    )
    tidligere = db.session.execute(
        sa.select(Henvendelse)
        .options(sa.orm.joinedload(Henvendelse.opplysninger))
        .where(Henvendelse.innmelder_id == aktor.person_id, Henvendelse.klient_id == data["klient_id"])
    ).scalar_one_or_none()
    if tidligere is not None:
        if not _sier_det_samme(aktor, tidligere, data):
            raise Konflikt(
                _l("Denne henvendelsen er alt sendt med et annet innhold. Åpne den og oppdater der.")
            )
        return tidligere.id

    sluppet = steps.stopp_identitet(
        {f: data.get(f) or "" for f in (*FRITEKST, "tilbakeringing")}, ikke_fnr=data.get("ikke_fnr", False)
    )
    retning = retning_for(aktor)
    mottaker = _mottaker(aktor, data)
    if data["plan_uten_raad"] not in PLANER[retning]:
        raise UgyldigData(felter={"plan_uten_raad": [_l("Velg et av alternativene i lista.")]})
    if data["fagomraade"] not in omraader_for(mottaker.type):
        raise UgyldigData(felter={"fagomraade": [steps.velg_omraade(retning)]})
    steps.krev_noen_som_svarer(mottaker.id, data["fagomraade"])
    naa = now()
    utskrivning = _utskrivning(retning, data, naa)
    hastegrad = Hastegrad(data["hastegrad"])
    sak = Henvendelse(
        saksnummer=steps.nytt_saksnummer(),
        klient_id=data["klient_id"],
        retning=retning,
        status=Status.NY,
        hastegrad=hastegrad,
        fagomraade=data["fagomraade"],
        avsender_id=aktor.organisasjon_id,
        avsender_enhet_id=aktor.enhet_id,
        innmelder_id=aktor.person_id,
        innmelder_medlemskap_id=aktor.medlemskap_id,
        tilbakeringing=data["tilbakeringing"],
        mottaker_id=mottaker.id,
        plan_uten_raad=data["plan_uten_raad"],
        opprettet=naa,
        ventet_fra=naa,
        frist=naa + FRIST_AKSEPT[hastegrad],
    )
    db.session.add(sak)
    db.session.flush()
    db.session.add(HenvendelseHode(henvendelse_id=sak.id, sekvens=0))
    db.session.add(Opplysninger(henvendelse_id=sak.id, **_sagt(data)))
    if utskrivning is not None:
        utskrivning.henvendelse_id = sak.id
        db.session.add(utskrivning)
    db.session.flush()
    steps.bli_deltaker(aktor, sak)
    if data.get("news2"):
        _lagre_maaling(aktor, sak, data["news2"])
    steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.SENDT,
        data={"mottaker": mottaker.kortnavn, "fagomraade": sak.fagomraade, "hastegrad": sak.hastegrad},
    )
    steps.revider_sluppet(aktor, sak, sluppet)
    eskalering.start_aksept(sak, hvem=aktor.organisasjon_navn)
    steps.ny_versjon_av_koe(sak.mottaker_id, sak.fagomraade)
    return sak.id


def retning_for(aktor: Aktor) -> Retning:
    """Which way the actor's requests go."""
    return Retning.TIL_SYKEHUS if aktor.er_kommunal else Retning.TIL_KOMMUNE


def _utskrivning(retning: Retning, data: Mapping[str, Any], naa: datetime) -> Utskrivning | None:
    """The timeline of a discharge, where the request is about one: always so when the kommune's «utskrivning» is asked.

    The kommune is told of the admission (utskrivningsforskriften § 8) by the regulated message alone: a request is
    none, so the step stands open until the hospital says when it sent the message.
    """
    sagt = data.get("utskrivning")
    if sagt is None:
        if data["fagomraade"] == "utskrivning":
            raise UgyldigData(felter={"utskrivning": {"innlagt": [_l("Når ble pasienten innlagt?")]}})
        return None
    if retning != Retning.TIL_KOMMUNE:
        raise UgyldigData(felter={"utskrivning": [_l("Bare et sykehus kan spørre om en utskrivning.")]})
    try:
        regler.kontroller(naa, **sagt)
    except UgyldigData as feil:
        raise UgyldigData(felter={"utskrivning": feil.detaljer["felter"]}) from None
    return Utskrivning(**sagt)


def _sagt(data: Mapping[str, Any]) -> dict[str, Any]:
    """The clinical fields that were filled in; the others get the table's defaults."""
    return {f: data[f] for f in OPPLYSNINGER if data.get(f) is not None}


def _sier_det_samme(aktor: Aktor, sak: Henvendelse, data: Mapping[str, Any]) -> bool:
    """Whether a resend says what was sent. What has been filled in or forwarded since then tells nothing."""
    if any(getattr(sak, f) != data[f] for f in ("hastegrad", "plan_uten_raad", "tilbakeringing")):
        return False
    if sak.ventet_fra == sak.opprettet and (sak.fagomraade, sak.mottaker_id) != (
        data["fagomraade"],
        _mottaker(aktor, data).id,
    ):
        return False
    if not _samme_utskrivning(sak, data.get("utskrivning")):
        return False
    opp = sak.opplysninger
    sagt = _sagt(data)
    foer = {f: getattr(opp, f) for f in OPPLYSNINGER}
    ikke_sagt = {f: v for f, v in foer.items() if f not in sagt}
    return opp.versjon > 1 or (
        all(foer[f] == v for f, v in sagt.items())
        and not any(v for f, v in ikke_sagt.items() if f != "kjoenn" or v != Kjoenn.UKJENT)
    )


def _samme_utskrivning(sak: Henvendelse, sagt: Mapping[str, Any] | None) -> bool:
    """Whether a resend tells the same of the discharge. What has been done on the timeline since tells nothing."""
    rad = db.session.get(Utskrivning, sak.id)
    if rad is None or sagt is None:
        return rad is None and sagt is None
    return rad.versjon > 1 or (
        rad.innlagt,
        rad.varslet,
        rad.forventet,
        rad.usikker,
    ) == (sagt["innlagt"], sagt.get("varslet"), sagt.get("forventet"), sagt.get("usikker", False))


def _mottaker(aktor: Aktor, data: Mapping[str, Any]) -> Organisasjon:
    """The chosen receiver on the other side. Where none is chosen, the patient's bostedskommune decides: the trust
    whose catchment it belongs to, or when a hospital asks, the kommune itself."""
    retning = retning_for(aktor)
    mottaker_id = data.get("mottaker_id")
    if mottaker_id is None and data.get("bostedskommune_id") is not None:
        kommune = db.session.get(Organisasjon, data["bostedskommune_id"])
        if kommune is not None:
            mottaker_id = kommune.helseforetak_id if retning == Retning.TIL_SYKEHUS else kommune.id
    mottaker = db.session.get(Organisasjon, mottaker_id) if mottaker_id else None
    if mottaker is None or not steps.kan_vaere_mottaker(mottaker, retning):
        raise UgyldigData(
            felter={
                "mottaker_id": [
                    _l("Velg hvilket sykehus som skal spørres.")
                    if retning == Retning.TIL_SYKEHUS
                    else _l("Velg hvilken kommune som skal spørres.")
                ]
            }
        )
    if data.get("bostedskommune_id") is not None:
        kommune = db.session.get(Organisasjon, data["bostedskommune_id"])
        if kommune is None or kommune.type != "kommune":
            raise UgyldigData(felter={"bostedskommune_id": [_l("Velg en kommune fra lista.")]})
    return mottaker


@transactional
def oppdater_opplysninger(
    aktor: Aktor, henvendelse_id: UUID, versjon: int, data: Mapping[str, Any]
) -> list[str]:
    """Fills in or corrects the clinical part. Gives the names of the fields that changed.

    Raises Utdatert when somebody saved after `versjon` was read. The log tells which fields, never their text;
    the baseline is not among them.
    """
    sak = access.hent(aktor, Handling.OPPDATERE, henvendelse_id, laas=True)
    sluppet = steps.stopp_identitet(
        {f: data.get(f) or "" for f in FRITEKST}, ikke_fnr=data.get("ikke_fnr", False)
    )
    opp = db.session.execute(
        sa.select(Opplysninger)
        .where(Opplysninger.henvendelse_id == sak.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if opp.versjon != versjon:
        raise Utdatert(versjon=opp.versjon)
    endret = [f for f in OPPLYSNINGER if f in data and getattr(opp, f) != data[f]]
    for felt in endret:
        setattr(opp, felt, data[felt])
    if {"aldersgruppe", "gravid"} & set(endret):
        _regn_om(opp)
    if endret:
        steps.bli_deltaker(aktor, sak)
        steps.skriv_hendelse(aktor, sak, Hendelsestype.OPPDATERT, data={"felter": endret})
        steps.revider_sluppet(aktor, sak, sluppet)
    return endret


@transactional
def registrer_maaling(aktor: Aktor, henvendelse_id: UUID, verdier: Mapping[str, Any]) -> UUID:
    """Adds a set of vital signs; earlier ones stay, so that the trend shows."""
    sak = access.hent(aktor, Handling.OPPDATERE, henvendelse_id, laas=True)
    steps.bli_deltaker(aktor, sak)
    maaling = _lagre_maaling(aktor, sak, verdier)
    steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.MAALING,
        data={"sum": maaling.sum, "status": maaling.status, "varsel": maaling.varsel},
    )
    return maaling.id


def _lagre_maaling(aktor: Aktor, sak: Henvendelse, verdier: Mapping[str, Any]) -> News2Maaling:
    opp = db.session.get(Opplysninger, sak.id)
    assert opp is not None  # made with the case
    resultat = news2.beregn(news2.Maalinger(**verdier), aldersgruppe=opp.aldersgruppe, gravid=opp.gravid)
    maaling = News2Maaling(
        henvendelse_id=sak.id,
        registrert_av_id=aktor.person_id,
        tidspunkt=now(),
        status=resultat.status,
        sum=resultat.sum,
        varsel=resultat.varsel,
        **verdier,
    )
    db.session.add(maaling)
    db.session.flush()
    return maaling


def _regn_om(opp: Opplysninger) -> None:
    """A corrected age or pregnancy decides for the measurements before it too: no child keeps a NEWS2 score."""
    for m in db.session.scalars(
        sa.select(News2Maaling).where(News2Maaling.henvendelse_id == opp.henvendelse_id).with_for_update()
    ):
        resultat = news2.beregn(m.maalinger, aldersgruppe=opp.aldersgruppe, gravid=opp.gravid)
        m.status, m.sum, m.varsel = resultat.status, resultat.sum, resultat.varsel


@transactional
def apne(aktor: Aktor, henvendelse_id: UUID) -> Henvendelse:
    """Opens a case for reading: one audit row per person, case and opening. Shows the sender that it is seen.

    The doors call it when somebody opens the page, and when a log is read from its beginning or by one who has never
    seen the case; a fetch of what came since is no opening.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    kvittering = steps.noter_aapning(aktor, sak)
    meld("henvendelse.kvittering", kvittering=kvittering.som_dict())
    return sak
