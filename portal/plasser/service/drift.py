"""The unit's own work: states of beds, admission, discharge, the answer to a hold, «ingen endring». Use cases.

Each click says which version of the bed it saw (`lest`): one on a stale page is refused with the state as it is now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import vern
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import RETT_DAGER, Avslagsgrunn, Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.hold import ferdig, krev_aktiv, krev_medlem, noter_avslag_naa
from portal.plasser.holdvarsel import si_fra
from portal.plasser.models import Opphold, Plass, Plassenhet, Reservasjon
from portal.revisjon.steps import logg as revider

#: What a stay may tell, beside when and where.
OPPHOLDSFELTER = ("planlagt_timer", "fra_hvor", "aldersgruppe", "aarsaksgruppe")


def _aapne(aktor: Aktor, plassenhet_id: UUID, plass_id: UUID, lest: int | None) -> tuple[Plassenhet, Plass]:
    """The unit, locked and without overdue holds, and the bed as who clicked saw it. Raises Utdatert."""
    enhet = access.hent(aktor, Handling.DRIVE, plassenhet_id, laas=True)
    plass = access.hent_plass(enhet, plass_id)
    # Before overdue holds end: with the worker stopped, a page that shows one would be late each time anew.
    if lest is not None and plass.versjon != lest:
        raise Utdatert(
            _l("Plassen er endret etter at du åpnet siden. Se hvordan den står nå, og prøv igjen."),
            tilstand=plass.tilstand,
            versjon=plass.versjon,
        )
    if steps.loes_ut(enhet):
        steps.tell(Aktor.system("arbeider"), enhet)
    return enhet, plass


@transactional
def sett_tilstand(
    aktor: Aktor,
    plassenhet_id: UUID,
    plass_id: UUID,
    *,
    tilstand: Tilstand,
    grunn: Stengtgrunn | None = None,
    lest: int | None = None,
) -> None:
    """Says that a bed is free, is being cleaned, or is closed and why.

    An occupied bed is discharged from (`skriv_ut`), a held one answered first. Raises UgyldigOvergang, Utdatert,
    UgyldigData for a closing without a reason.
    """
    if tilstand not in (Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT):
        raise UgyldigData(felter={"tilstand": [_l("Velg ledig, rengjøres eller stengt.")]})
    if (tilstand == Tilstand.STENGT) != (grunn is not None):
        raise UgyldigData(felter={"grunn": [_l("Velg hvorfor plassen stenges.")]})
    enhet, plass = _aapne(aktor, plassenhet_id, plass_id, lest)
    if plass.tilstand == Tilstand.BELAGT:
        raise UgyldigOvergang(_l("Det ligger en pasient i plassen. Skriv ut pasienten først."))
    if plass.tilstand == Tilstand.HOLDT:
        raise UgyldigOvergang(
            _l("Plassen er holdt for en pasient på vei. Frigi eller avvis reservasjonen først.")
        )
    if plass.tilstand == tilstand == Tilstand.STENGT:
        # Another reason for what is closed already.
        plass.stengt_grunn = str(grunn)
        steps.noter(aktor, plass, aarsak="side")
    elif plass.tilstand != tilstand:
        # It may be so already: free, since the hold that the page showed has run out.
        steps.sett(aktor, plass, tilstand, grunn=str(grunn or ""), aarsak="side")
    ferdig(aktor, enhet)
    revider(
        aktor,
        "plasser.tilstand",
        "plass",
        plass.id,
        enhet=str(enhet.id),
        plass=plass.navn,
        tilstand=str(tilstand),
        grunn=str(grunn or ""),
    )


@transactional
def legg_inn(
    aktor: Aktor,
    plassenhet_id: UUID,
    *,
    plass_id: UUID | None = None,
    reservasjon_id: UUID | None = None,
    kommune_id: UUID | None = None,
    inn: datetime | None = None,
    lest: int | None = None,
    **felter: Any,
) -> UUID:
    """Admits somebody: into the bed that a hold gave, or into a free one. Gives the stay's id.

    `felter`: those of OPPHOLDSFELTER; what is not known is left out. Raises UgyldigOvergang when the bed is not free,
    UgyldigData for a kommune without a place in the unit or a time that has not come.
    """
    naa = now()
    if inn is not None and inn > naa:
        raise UgyldigData(felter={"inn": [_l("Tidspunktet for innleggelsen kan ikke være i framtiden.")]})
    _krev_nylig("inn", inn)
    reservasjon: Reservasjon | None = None
    if reservasjon_id is not None:
        reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id, laas=True)
        access.krev(aktor, Handling.DRIVE, enhet)
        if enhet.id != plassenhet_id:
            raise IkkeFunnet()
        krev_aktiv(reservasjon)
        plass = access.hent_plass(enhet, reservasjon.plass_id)
        # A kommune that has lost its place in the unit since then keeps what it holds.
        kommune = reservasjon.kommune
        steps.avslutt(aktor, reservasjon, Holdstatus.INNLAGT)
    else:
        if plass_id is None:
            raise UgyldigData(felter={"plass_id": [_l("Velg en plass.")]})
        enhet, plass = _aapne(aktor, plassenhet_id, plass_id, lest)
        if plass.tilstand not in (Tilstand.LEDIG, Tilstand.UKJENT):
            raise UgyldigOvergang(_l("Plassen er ikke ledig. Last siden på nytt og se hvordan den står nå."))
        kommune = krev_medlem(enhet, kommune_id)
    opphold = Opphold(
        id=uuid4(),
        plass_id=plass.id,
        plassenhet_id=enhet.id,
        kommune_id=kommune.id,
        reservasjon_id=reservasjon.id if reservasjon else None,
        inn=inn or naa,
        registrert=naa,
        registrert_av_id=aktor.person_id,
        **{k: felter.get(k) for k in OPPHOLDSFELTER},
    )
    _krev_ledig_da(opphold)
    db.session.add(opphold)
    steps.sett(aktor, plass, Tilstand.BELAGT, aarsak="innlagt", tidspunkt=inn)
    ferdig(aktor, enhet)
    revider(
        aktor,
        "plasser.innlagt",
        "opphold",
        opphold.id,
        enhet=str(enhet.id),
        plass=plass.navn,
        kommune=kommune.navn,
    )
    return opphold.id


def _krev_nylig(felt: str, tid: datetime | None) -> None:
    """What is told of afterwards reaches as far back as a correction does."""
    if tid is not None and tid < now() - timedelta(days=RETT_DAGER):
        raise UgyldigData(
            felter={felt: [_l("Velg et tidspunkt høyst %(dager)s dager tilbake.", dager=RETT_DAGER)]}
        )


def _krev_ledig_da(opphold: Opphold) -> None:
    """An admission told of afterwards cannot have begun while somebody else lay there."""
    forrige = db.session.scalar(
        sa.select(sa.func.max(Opphold.ut)).where(Opphold.plass_id == opphold.plass_id)
    )
    if forrige is not None and forrige > opphold.inn:
        raise UgyldigData(felter={"inn": [_l("Da lå en annen pasient i plassen. Velg et senere tidspunkt.")]})


@transactional
def skriv_ut(
    aktor: Aktor,
    opphold_id: UUID,
    *,
    ut: datetime | None = None,
    til_hvor: str | None = None,
    rengjoeres: bool = True,
    lest: int | None = None,
) -> None:
    """Discharges: the bed is to be cleaned, or free at once. Raises UgyldigOvergang for who has left already,
    UgyldigData for a discharge before the admission or in the future, Utdatert."""
    opphold, enhet = access.hent_opphold(aktor, Handling.DRIVE, opphold_id, laas=True)
    naa = now()
    if opphold.ut is not None:
        raise UgyldigOvergang(_l("Pasienten er alt skrevet ut."))
    if lest is not None and opphold.versjon != lest:
        raise Utdatert()
    ut = ut or naa
    if ut < opphold.inn:
        raise UgyldigData(felter={"ut": [_l("Utskrivningen kan ikke være før innleggelsen.")]})
    if ut > naa:
        raise UgyldigData(felter={"ut": [_l("Tidspunktet for utskrivningen kan ikke være i framtiden.")]})
    _krev_nylig("ut", ut)
    opphold.ut, opphold.til_hvor = ut, til_hvor
    plass = access.hent_plass(enhet, opphold.plass_id)
    steps.sett(
        aktor, plass, Tilstand.RENGJOERES if rengjoeres else Tilstand.LEDIG, aarsak="utskrevet", tidspunkt=ut
    )
    ferdig(aktor, enhet)
    revider(aktor, "plasser.utskrevet", "opphold", opphold.id, enhet=str(enhet.id), plass=plass.navn)


@transactional
def fyll_ut(aktor: Aktor, opphold_id: UUID, *, lest: int | None = None, **felter: Any) -> None:
    """What became known of somebody who lies there: those of OPPHOLDSFELTER. Raises UgyldigOvergang for who has left
    (that is a correction), Utdatert."""
    opphold, enhet = access.hent_opphold(aktor, Handling.DRIVE, opphold_id, laas=True)
    if opphold.ut is not None:
        raise UgyldigOvergang(_l("Pasienten er alt skrevet ut."))
    if lest is not None and opphold.versjon != lest:
        raise Utdatert()
    endret = {k: v for k, v in felter.items() if k in OPPHOLDSFELTER and getattr(opphold, k) != v}
    for k, v in endret.items():
        setattr(opphold, k, v)
    revider(
        aktor, "plasser.opphold_utfylt", "opphold", opphold.id, enhet=str(enhet.id), felter=sorted(endret)
    )


@transactional
def avvis(
    aktor: Aktor,
    reservasjon_id: UUID,
    *,
    grunn: Avslagsgrunn,
    merknad: str = "",
    ikke_fnr: bool = False,
) -> None:
    """The unit cannot take the patient after all: the bed is free again, and the refusal is counted.

    Raises UgyldigOvergang when it is not held any more, UgyldigData (`personnummer`) for an identity in the remark.
    """
    reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id, laas=True)
    access.krev(aktor, Handling.DRIVE, enhet)
    krev_aktiv(reservasjon)
    sluppet = vern.stopp_identitet({"merknad": merknad}, ikke_fnr=ikke_fnr)
    steps.avslutt(aktor, reservasjon, Holdstatus.AVVIST)
    noter_avslag_naa(aktor, reservasjon, grunn, merknad)
    si_fra(aktor, enhet, reservasjon, grunn)
    ferdig(aktor, enhet)
    revider(
        aktor,
        "plasser.avvist",
        "reservasjon",
        reservasjon.id,
        enhet=str(enhet.id),
        grunn=str(grunn),
        sluppet_tall=sluppet,
    )


@transactional
def ingen_endring(aktor: Aktor, plassenhet_id: UUID) -> None:
    """One click: everything at the unit stands as the board says. Refused while nobody has said what a bed is."""
    enhet = access.hent(aktor, Handling.DRIVE, plassenhet_id, laas=True)
    if enhet.nedlagt:
        raise UgyldigOvergang(_l("Enheten er nedlagt. Velg en annen enhet."))
    if steps.loes_ut(enhet):
        steps.tell(Aktor.system("arbeider"), enhet)
    ukjente = [p.navn for p in steps.i_bruk(enhet.id) if p.tilstand == Tilstand.UKJENT]
    if ukjente:
        raise UgyldigOvergang(
            _l("Si først hvordan disse plassene står: %(plasser)s.", plasser=", ".join(ukjente[:10]))
        )
    steps.bekreft(aktor, enhet)
    steps.flytt_stavlen(enhet.id)
    revider(aktor, "plasser.ingen_endring", "plassenhet", enhet.id)


@transactional
def bemann(
    aktor: Aktor, plassenhet_id: UUID, plass_id: UUID, *, bemannet: bool, lest: int | None = None
) -> None:
    """Says whether there is staff for a bed. Raises UgyldigOvergang for a held one: somebody is on the way."""
    enhet, plass = _aapne(aktor, plassenhet_id, plass_id, lest)
    steps.bemann(aktor, plass, bemannet, aarsak="side")
    ferdig(aktor, enhet)
    revider(
        aktor, "plasser.bemannet", "plass", plass.id, enhet=str(enhet.id), plass=plass.navn, bemannet=bemannet
    )
