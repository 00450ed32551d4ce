"""The record of disagreement (uenighetsprotokoll): what the parties disagree on, and what was done about it.

It goes from dialogue through the local body to Tvisteløsningsnemnda for helse- og omsorgssektoren, one step at a time,
or is solved on the way: that is for the party that began it to say. What was written stands. No patient's identity: the
parties' inside alone reads it, and what is sent to the body is to be anonymised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, beskjeder, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import NESTE_TRINN, Partstatus, Uenighetstrinn
from portal.avtaler.livsmodeller import Uenighet, Uenighetsfoering
from portal.avtaler.models import Avtale
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.revisjon.steps import logg

#: The same words again so soon after are the same sending.
_SAMME_SENDING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Uenighetsrad:
    """A disagreement in a list: when something was written last, and how many entries it has."""

    uenighet: Uenighet
    sist: datetime
    antall: int

    @property
    def aapen(self) -> bool:
        return self.uenighet.trinn != Uenighetstrinn.LOEST


@dataclass(frozen=True, slots=True)
class Uenighetsliste:
    avtale: Avtale
    rader: Sequence[Uenighetsrad]
    kan_foere: bool


@dataclass(frozen=True, slots=True)
class Uenighetsside:
    avtale: Avtale
    uenighet: Uenighet
    #: In the order in which they were written.
    foeringer: Sequence[Uenighetsfoering]
    #: Where the actor can take it from here.
    neste: Sequence[Uenighetstrinn]
    kan_foere: bool
    #: It is another party's to say that it is solved.
    andres: bool


# --- reading ---------------------------------------------------------------------------------------------


def hent_alle(aktor: Aktor, avtale: Avtale) -> list[Uenighetsrad]:
    """The disagreements under an agreement that the actor has fetched, the open first; none for who may see none."""
    if not (access.kan(aktor, Handling.SE_ARBEID, avtale) and access.deltar(aktor, avtale)):
        return []
    under = (
        sa.select(
            Uenighetsfoering.uenighet_id.label("id"),
            sa.func.max(Uenighetsfoering.tidspunkt).label("sist"),
            sa.func.count().label("antall"),
        )
        .where(
            Uenighetsfoering.uenighet_id.in_(sa.select(Uenighet.id).where(Uenighet.avtale_id == avtale.id))
        )
        .group_by(Uenighetsfoering.uenighet_id)
        .subquery()
    )
    rader = db.session.execute(
        sa.select(Uenighet, under.c.sist, under.c.antall)
        .join(under, under.c.id == Uenighet.id)
        .options(joinedload(Uenighet.organisasjon))
    )
    funnet = [Uenighetsrad(*r) for r in rader]
    return sorted(funnet, key=lambda r: (not r.aapen, -r.sist.timestamp()))


def hent_liste(aktor: Aktor, avtale_id: UUID) -> Uenighetsliste:
    """The page of the disagreements. Raises IkkeFunnet, or IkkeTilgang for who has no part in them."""
    avtale = access.hent_som_deltaker(aktor, Handling.SE_ARBEID, avtale_id)
    return Uenighetsliste(avtale, hent_alle(aktor, avtale), _kan_foere(aktor, avtale))


def hent(aktor: Aktor, avtale_id: UUID, uenighet_id: UUID) -> Uenighetsside:
    """One of them with all that was written. Raises IkkeFunnet or IkkeTilgang."""
    avtale, rad = access.hent_uenighet(aktor, Handling.SE_ARBEID, avtale_id, uenighet_id)
    foeringer = db.session.scalars(
        sa.select(Uenighetsfoering)
        .where(Uenighetsfoering.uenighet_id == rad.id)
        .options(joinedload(Uenighetsfoering.person), joinedload(Uenighetsfoering.organisasjon))
        .order_by(Uenighetsfoering.tidspunkt, Uenighetsfoering.id)
    ).all()
    trinn, loeser = Uenighetstrinn(rad.trinn), _kan_loese(aktor, avtale, rad)
    return Uenighetsside(
        avtale=avtale,
        uenighet=rad,
        foeringer=foeringer,
        neste=[t for t in NESTE_TRINN[trinn] if loeser or t != Uenighetstrinn.LOEST],
        kan_foere=_kan_foere(aktor, avtale),
        andres=trinn != Uenighetstrinn.LOEST and not loeser,
    )


def _kan_foere(aktor: Aktor, avtale: Avtale) -> bool:
    return access.kan(aktor, Handling.FOERE, avtale) and access.er_delt(avtale)


def _kan_loese(aktor: Aktor, avtale: Avtale, rad: Uenighet) -> bool:
    """Whether the actor's organisation may close the record as solved: the one that began it, while it takes part;
    after that, any party."""
    begynte = access.part(avtale, rad.organisasjon_id)
    if begynte is None or begynte.status != Partstatus.DELTAR:
        return True
    return aktor.organisasjon_id == rad.organisasjon_id


# --- writing ---------------------------------------------------------------------------------------------


@transactional
def opprett(aktor: Aktor, avtale_id: UUID, *, tittel: str, tekst: str, ikke_fnr: bool = False) -> UUID:
    """Begins a record at the first step, dialogue, with what it is about. Gives its id; sent twice, that of the first.

    Raises UgyldigOvergang while only the owner has seen the agreement: nobody can disagree with it; and UgyldigData for
    a text with a national identity number.
    """
    avtale = access.hent_som_deltaker(aktor, Handling.FOERE, avtale_id, laas=True)
    if not access.er_delt(avtale):
        raise UgyldigOvergang(_l("Partene har ikke sett avtalen ennå. Send den til forhandling først."))
    sluppet = vern.stopp_identitet({"tittel": tittel, "tekst": tekst}, ikke_fnr=ikke_fnr)
    if (begynt := _begynt_alt(aktor, avtale, tittel, tekst)) is not None:
        return begynt
    assert aktor.organisasjon_id is not None
    rad = Uenighet(
        id=uuid4(),
        avtale_id=avtale.id,
        tittel=tittel,
        trinn=Uenighetstrinn.DIALOG,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        organisasjon_id=aktor.organisasjon_id,
    )
    db.session.add(rad)
    db.session.flush()
    foering = _skriv(aktor, rad, tekst, anonymisert=False)
    logg(
        aktor,
        "avtale.uenighet_opprettet",
        "avtale",
        avtale.id,
        uenighet=rad.id,
        sluppet_tall=sluppet,
    )
    _si(aktor, avtale, rad, foering, _l("Ny uenighet om avtale: %(tittel)s", tittel=avtale.tittel))
    meld("avtale.endret", avtale_id=avtale.id)
    return rad.id


@transactional
def foer(
    aktor: Aktor,
    avtale_id: UUID,
    uenighet_id: UUID,
    *,
    fra: str,
    tekst: str,
    til: str | None = None,
    anonymisert: bool = False,
    ikke_fnr: bool = False,
) -> None:
    """Writes an entry, and with `til` moves the record on a step (`NESTE_TRINN`) or closes it as solved.

    `fra` is the step that the writer had read: another one now → Utdatert, nothing is written. To go to
    Tvisteløsningsnemnda the writer says that the documents are anonymised (`anonymisert`). Sent twice, it is written
    once. Raises UgyldigOvergang for a step that cannot follow, for a record that is closed, and where it is another's
    to say that it is solved; UgyldigData by field.
    """
    avtale, rad = access.hent_uenighet(aktor, Handling.FOERE, avtale_id, uenighet_id, laas=True)
    foer_trinn = Uenighetstrinn(rad.trinn)
    if _foert_alt(aktor, rad, fra, til, tekst):
        return
    if fra != foer_trinn:
        raise Utdatert(
            _l("Noen har ført uenigheten videre etter at du åpnet den. Les det nye, og send på nytt."),
            fra=str(foer_trinn),
        )
    if foer_trinn == Uenighetstrinn.LOEST:
        raise UgyldigOvergang(_l("Uenigheten er løst, og protokollen er lukket. Før en ny hvis det trengs."))
    nytt = foer_trinn if til is None else Uenighetstrinn(til)
    if nytt not in (foer_trinn, *NESTE_TRINN[foer_trinn]):
        raise UgyldigOvergang(
            _l(
                "Uenigheten går ett trinn om gangen: dialog, lokalt tvisteorgan, så Tvisteløsningsnemnda. Ingen "
                "trinn hoppes over, og ingen tas om igjen."
            )
        )
    if nytt == Uenighetstrinn.LOEST and not _kan_loese(aktor, avtale, rad):
        raise UgyldigOvergang(
            _l(
                "%(navn)s begynte protokollen, og fører den som løst. Er dere enige, skriv det, og la den stå her.",
                navn=rad.organisasjon.visningsnavn,
            ),
            kode="andres",
        )
    til_nemnda = nytt == Uenighetstrinn.TVISTELOESNINGSNEMNDA and nytt != foer_trinn
    if til_nemnda and not anonymisert:
        raise UgyldigData(
            felter={
                "anonymisert": [
                    _l(
                        "Dokumentene som sendes til Tvisteløsningsnemnda, må være anonymisert. Kryss av når de er det."
                    )
                ]
            }
        )
    sluppet = vern.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr)
    rad.trinn = nytt
    db.session.flush()
    foering = _skriv(aktor, rad, tekst, anonymisert=til_nemnda)
    logg(
        aktor,
        "avtale.uenighet_foert",
        "avtale",
        avtale.id,
        uenighet=rad.id,
        fra=foer_trinn,
        til=nytt,
        sluppet_tall=sluppet,
    )
    _si(aktor, avtale, rad, foering, _tittel(avtale, foer_trinn, nytt))
    meld("avtale.endret", avtale_id=avtale.id)


def _begynt_alt(aktor: Aktor, avtale: Avtale, tittel: str, tekst: str) -> UUID | None:
    """The same person's record with these words, just begun: the button was pressed twice."""
    return db.session.scalar(
        sa.select(Uenighet.id)
        .join(Uenighetsfoering, Uenighetsfoering.uenighet_id == Uenighet.id)
        .where(
            Uenighet.avtale_id == avtale.id,
            Uenighet.trinn == Uenighetstrinn.DIALOG,
            Uenighet.tittel == tittel,
            Uenighet.organisasjon_id == aktor.organisasjon_id,
            Uenighet.opprettet_av_id == aktor.person_id,
            Uenighet.opprettet > now() - _SAMME_SENDING,
            Uenighetsfoering.tekst == tekst,
        )
        .limit(1)
    )


def _foert_alt(aktor: Aktor, rad: Uenighet, fra: str, til: str | None, tekst: str) -> bool:
    """Whether the last entry is this one, by the same person a moment ago, and went the same way."""
    siste = db.session.scalars(
        sa.select(Uenighetsfoering)
        .where(Uenighetsfoering.uenighet_id == rad.id)
        .order_by(Uenighetsfoering.tidspunkt.desc(), Uenighetsfoering.id.desc())
        .limit(2)
    ).all()
    if len(siste) < 2:
        return False
    sist, foer_den = siste
    return (
        (sist.person_id, sist.organisasjon_id, sist.tekst) == (aktor.person_id, aktor.organisasjon_id, tekst)
        and sist.tidspunkt > now() - _SAMME_SENDING
        and (foer_den.trinn, sist.trinn, rad.trinn) == (fra, til or fra, til or fra)
    )


def _tittel(avtale: Avtale, fra: Uenighetstrinn, til: Uenighetstrinn) -> Any:
    if til == Uenighetstrinn.LOEST:
        return _l("Uenighet løst: %(tittel)s", tittel=avtale.tittel)
    if til == Uenighetstrinn.LOKALT_ORGAN != fra:
        return _l("Uenighet til lokalt tvisteorgan: %(tittel)s", tittel=avtale.tittel)
    if til == Uenighetstrinn.TVISTELOESNINGSNEMNDA != fra:
        return _l("Uenighet til Tvisteløsningsnemnda: %(tittel)s", tittel=avtale.tittel)
    return _l("Nytt om uenighet: %(tittel)s", tittel=avtale.tittel)


def _skriv(aktor: Aktor, rad: Uenighet, tekst: str, *, anonymisert: bool) -> Uenighetsfoering:
    assert aktor.organisasjon_id is not None
    foering = Uenighetsfoering(
        id=uuid4(),
        uenighet_id=rad.id,
        trinn=rad.trinn,
        tekst=tekst,
        anonymisert=anonymisert,
        tidspunkt=now(),
        person_id=aktor.person_id,
        organisasjon_id=aktor.organisasjon_id,
    )
    db.session.add(foering)
    db.session.flush()
    return foering


def _si(aktor: Aktor, avtale: Avtale, rad: Uenighet, foering: Uenighetsfoering, tittel: Any) -> None:
    """The other parties are told that something was written, not what: a notice leaves the portal."""
    beskjeder.si(
        aktor,
        avtale,
        [p.organisasjon_id for p in avtale.parter if p.status == Partstatus.DELTAR],
        "avtale.uenighet",
        f"avtale.uenighet:{foering.id}",
        tittel,
        _l("%(navn)s har skrevet i protokollen.", navn=aktor.organisasjon_navn),
        sti=f"/uenighet/{rad.id}",
    )
