"""How a bed is held: a step, in the caller's transaction, with the unit's row locked.

A hold is for an inhabitant of a kommune that has a place in the unit. Beyond its quota only the unit itself lets it in.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, uavhengig
from portal.core.errors import Konflikt, Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import Avslagsgrunn, Holdstatus, Tilstand
from portal.plasser.models import Avslag, Plass, Plassenhet, Reservasjon
from portal.revisjon.steps import logg as revider


def hold(
    aktor: Aktor,
    enhet: Plassenhet,
    *,
    klient_id: UUID,
    kommune_id: UUID | None = None,
    plass_id: UUID | None = None,
    evner: int = 0,
    merknad: str = "",
    over_kvote: bool = False,
    referanse: str = "",
    saksnummer: str = "",
) -> Reservasjon:
    """Holds that bed, or the free one that can take what is asked and least beside.

    The same `klient_id` again gives the same hold. `referanse` and `saksnummer`: what it is for, as a higher room calls
    it. Raises Opptatt when none is free (`holder`: who has it), UgyldigData for a kommune without a place, Konflikt
    («kvote») for one with its quota used up.
    """
    kjent = db.session.scalars(
        sa.select(Reservasjon).where(
            Reservasjon.klient_id == klient_id, Reservasjon.organisasjon_id == aktor.organisasjon_id
        )
    ).one_or_none()
    if kjent is not None:
        return kjent
    if enhet.nedlagt:
        raise UgyldigOvergang(_l("Enheten er nedlagt. Velg en annen enhet."))
    if steps.loes_ut(enhet):
        steps.tell(Aktor.system("arbeider"), enhet)
    kommune = _kommune(aktor, enhet, kommune_id)
    plass = _velg(aktor, enhet, kommune, plass_id, evner)
    _krev_kvote(aktor, enhet, kommune, over_kvote=over_kvote)
    naa = now()
    reservasjon = Reservasjon(
        id=uuid4(),
        klient_id=klient_id,
        plass_id=plass.id,
        plassenhet_id=enhet.id,
        kommune_id=kommune.id,
        organisasjon_id=aktor.organisasjon_id,
        person_id=aktor.person_id,
        referanse=referanse,
        saksnummer=saksnummer,
        evner=evner,
        merknad=merknad,
        status=Holdstatus.AKTIV,
        opprettet=naa,
        utloeper=naa + timedelta(minutes=enhet.hold_minutter),
    )
    db.session.add(reservasjon)
    try:
        steps.sett(aktor, plass, Tilstand.HOLDT, aarsak="hold")
    except IntegrityError as feil:
        # Nobody comes here under the unit's lock; the index is there for whoever one day forgets it.
        raise Opptatt() from feil
    steps.tell(aktor, enhet)
    revider(
        aktor,
        "plasser.reservert",
        "reservasjon",
        reservasjon.id,
        enhet=str(enhet.id),
        plass=plass.navn,
        kommune=kommune.navn,
        utloeper=reservasjon.utloeper.isoformat(),
        over_kvote=over_kvote,
    )
    meld(
        "plasser.reservasjon_endret",
        reservasjon_id=reservasjon.id,
        referanse=referanse,
        status=str(Holdstatus.AKTIV),
    )
    return reservasjon


def _kommune(aktor: Aktor, enhet: Plassenhet, kommune_id: UUID | None) -> Organisasjon:
    """Whose inhabitant: others than the unit's people hold for their own kommune alone."""
    egen = aktor.organisasjon_id
    valgt = kommune_id or egen
    if valgt != egen and not access.kan(aktor, Handling.DRIVE, enhet):
        raise UgyldigData(
            felter={"kommune_id": [_l("Du kan bare holde plass for din egen kommunes innbyggere.")]}
        )
    kommune = db.session.get(Organisasjon, valgt) if valgt else None
    if kommune is None or not access.er_medlem(enhet.id, kommune.id):
        raise UgyldigData(
            felter={
                "kommune_id": [_l("Kommunen har ingen plasser i denne enheten. Velg en kommune som er med.")]
            }
        )
    return kommune


def _krev_kvote(aktor: Aktor, enhet: Plassenhet, kommune: Organisasjon, *, over_kvote: bool) -> None:
    kvote = sum(m.kvote for m in steps.medlemmer(enhet.id) if m.kommune_id == kommune.id)
    if steps.i_bruk_av(enhet.id).get(kommune.id, 0) < kvote:
        return
    if not access.kan(aktor, Handling.DRIVE, enhet):
        raise Konflikt(
            _l(
                "Kommunen din bruker alt plassene den har her (%(kvote)d). Ring enheten: den kan gi dere en til.",
                kvote=kvote,
            ),
            kode="kvote",
        )
    if not over_kvote:
        raise Konflikt(
            _l(
                "%(kommune)s bruker alt plassene den har her (%(kvote)d). Bekreft at dere gir den en til.",
                kommune=kommune.kortnavn,
                kvote=kvote,
            ),
            kode="kvote_bekreft",
        )


def _velg(aktor: Aktor, enhet: Plassenhet, kommune: Organisasjon, plass_id: UUID | None, evner: int) -> Plass:
    """The bed that was asked for, or the free one that can take what is asked and least beside. Raises Opptatt."""
    plasser = steps.i_bruk(enhet.id)
    ledige = [p for p in plasser if steps.gruppe(p.tilstand, p.bemannet) == "ledig"]
    if plass_id is not None:
        valgt = access.hent_plass(enhet, plass_id)
        if valgt not in ledige:
            raise Opptatt(holder=holder(valgt))
        if evner & ~(enhet.evner | valgt.evner):
            raise UgyldigData(felter={"evner": [_l("Denne plassen kan ikke ta imot det du ber om.")]})
        return valgt
    passer = [p for p in ledige if not evner & ~(enhet.evner | p.evner)]
    if passer:
        return min(passer, key=lambda p: (p.evner.bit_count(), p.rekkefoelge, p.navn))
    grunn = Avslagsgrunn.EVNE if ledige else Avslagsgrunn.FULLT
    noter_avslag(aktor, enhet.id, kommune.id, grunn)
    siste = next((p for p in plasser if p.tilstand in (Tilstand.HOLDT, Tilstand.BELAGT)), None)
    raise Opptatt(
        _l("Ingen ledig plass her kan ta imot det du ber om.")
        if ledige
        else _l("Det er ingen ledig plass her nå."),
        holder=holder(siste) if siste is not None and len(plasser) == 1 else None,
    )


def holder(plass: Plass) -> dict[str, str] | None:
    """Who has a held bed: the organisation, and since when; None for one that is not held. No person, no case."""
    rad = db.session.execute(
        sa.select(Organisasjon.kortnavn, Reservasjon.opprettet, Reservasjon.utloeper)
        .join(Organisasjon, Organisasjon.id == Reservasjon.organisasjon_id)
        .where(Reservasjon.plass_id == plass.id, Reservasjon.status == Holdstatus.AKTIV)
    ).one_or_none()
    if rad is None:
        return None
    return {
        "organisasjon": rad.kortnavn,
        "siden": rad.opprettet.isoformat(),
        "utloeper": rad.utloeper.isoformat(),
    }


def noter_avslag(aktor: Aktor, plassenhet_id: UUID, kommune_id: UUID, grunn: Avslagsgrunn) -> None:
    """That somebody asked in vain is counted, though the request itself comes to nothing."""
    person = aktor.person_id
    naa = now()

    def skriv() -> None:
        db.session.add(
            Avslag(
                id=uuid4(),
                plassenhet_id=plassenhet_id,
                kommune_id=kommune_id,
                grunn=grunn,
                tidspunkt=naa,
                registrert_av_id=person,
            )
        )

    uavhengig(skriv)


def noter_avslag_naa(aktor: Aktor, reservasjon: Reservasjon, grunn: Avslagsgrunn, merknad: str) -> None:
    """The refusal of a hold, in the transaction that ends it."""
    db.session.add(
        Avslag(
            id=uuid4(),
            plassenhet_id=reservasjon.plassenhet_id,
            kommune_id=reservasjon.kommune_id,
            reservasjon_id=reservasjon.id,
            grunn=grunn,
            merknad=merknad,
            tidspunkt=now(),
            registrert_av_id=aktor.person_id,
        )
    )
