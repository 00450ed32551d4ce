"""Remarks in a negotiation, to a clause or to the agreement as a whole. Plain text, never deleted, tidied when done."""

from __future__ import annotations

from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Forslag, Kommentar
from portal.avtaler.service.forslag import krev_deltar, krev_forhandling, motparter, ren_tekst
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.revisjon.steps import logg

#: Signs.
LENGSTE = 5_000
#: Remarks of one party in one version.
FLEST = 1_000


@transactional
def skriv(aktor: Aktor, avtale_id: UUID, noekkel: UUID | None, tekst: str, *, ikke_fnr: bool = False) -> UUID:
    """A party's remark to a clause of the version that is negotiated, or to the whole (None); gives its id.

    Also to a clause that is only proposed. Sent twice by the same person, it is the one that stands. Raises IkkeFunnet
    for one that the version has not, UgyldigData for an empty or a bad text and for a national identity number,
    UgyldigOvergang when nothing is negotiated, or by who does not take part.
    """
    avtale = access.hent(aktor, Handling.FORHANDLE, avtale_id, laas=True)
    versjon = krev_forhandling(avtale)
    part = krev_deltar(avtale, aktor)
    if noekkel is not None:
        _krev_bestemmelse(avtale, versjon, noekkel)
    tekst = ren_tekst("tekst", tekst, LENGSTE, paakrevd=_l("Skriv kommentaren."))
    sluppet = vern.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr)
    if (sendt := _sendt_alt(aktor, versjon, noekkel, tekst)) is not None:
        return sendt
    _krev_plass(versjon, part)
    kommentar = Kommentar(
        id=uuid4(),
        avtale_id=avtale.id,
        nummer=versjon.nummer,
        noekkel=noekkel,
        tekst=tekst,
        opprettet=now(),
        person_id=aktor.person_id,
        organisasjon_id=part.organisasjon_id,
    )
    db.session.add(kommentar)
    db.session.flush()
    logg(
        aktor,
        "avtale.kommentert",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        bestemmelse=noekkel or "",
        kommentar=kommentar.id,
        sluppet_tall=sluppet,
    )
    beskjeder.si_samlet(
        aktor,
        avtale,
        motparter(avtale, part.side),
        "avtale.kommentar",
        f"avtale.kommentar:{kommentar.id}",
        _l("Kommentar til avtale: %(tittel)s", tittel=versjon.tittel),
        _l("%(navn)s har kommentert i forhandlingen.", navn=part.organisasjon.visningsnavn),
    )
    meld("avtale.endret", avtale_id=avtale.id)
    return kommentar.id


def _sendt_alt(aktor: Aktor, versjon: Avtaleversjon, noekkel: UUID | None, tekst: str) -> UUID | None:
    """The same remark of the same person, still open: the button was pressed twice."""
    return db.session.scalar(
        sa.select(Kommentar.id)
        .where(
            Kommentar.avtale_id == versjon.avtale_id,
            Kommentar.nummer == versjon.nummer,
            Kommentar.noekkel == noekkel if noekkel is not None else Kommentar.noekkel.is_(None),
            Kommentar.person_id == aktor.person_id,
            Kommentar.organisasjon_id == aktor.organisasjon_id,
            Kommentar.tekst == tekst,
            Kommentar.ordnet.is_(None),
        )
        .limit(1)
    )


def _krev_plass(versjon: Avtaleversjon, part: Avtalepart) -> None:
    """Raises UgyldigData when the party has as many remarks in the version as it may."""
    antall = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Kommentar)
        .where(
            Kommentar.avtale_id == versjon.avtale_id,
            Kommentar.nummer == versjon.nummer,
            Kommentar.organisasjon_id == part.organisasjon_id,
        )
    )
    if (antall or 0) >= FLEST:
        raise UgyldigData(
            _l(
                "Dere har skrevet %(antall)s kommentarer til denne versjonen, og det er ikke plass til flere. Snakk "
                "med den andre siden om resten.",
                antall=FLEST,
            ),
            kode="for_mange_kommentarer",
        )


def _krev_bestemmelse(avtale: Avtale, versjon: Avtaleversjon, noekkel: UUID) -> None:
    foreslaatt = sa.exists().where(
        Forslag.avtale_id == avtale.id, Forslag.nummer == versjon.nummer, Forslag.noekkel == noekkel
    )
    if steps.bestemmelse(avtale.id, versjon.nummer, noekkel) is None and not db.session.scalar(
        sa.select(foreslaatt)
    ):
        raise IkkeFunnet()


def kan_ordne(kommentar: Kommentar, avtale: Avtale, aktor: Aktor) -> bool:
    """Whether the actor may mark a remark as done: who wrote it, and the owner's coordinators."""
    return access.kan(aktor, Handling.REDIGERE, avtale) or (
        aktor.person_id is not None and kommentar.person_id == aktor.person_id
    )


@transactional
def ordne(aktor: Aktor, kommentar_id: UUID, ordnet: bool = True) -> UUID | None:
    """Marks a remark as done, or open again; gives the clause it is about. What is so already stays.

    Raises IkkeTilgang for who may not (`kan_ordne`), UgyldigOvergang when its version is not negotiated any more.
    """
    avtale, _versjon, kommentar = access.hent_kommentar(aktor, Handling.FORHANDLE, kommentar_id, laas=True)
    versjon = krev_forhandling(avtale)
    krev_deltar(avtale, aktor)
    if not kan_ordne(kommentar, avtale, aktor):
        access.nekt(aktor, Handling.FORHANDLE, avtale.id, finnes=True)
    if kommentar.nummer != versjon.nummer:
        raise UgyldigOvergang()
    if (kommentar.ordnet is not None) == ordnet:
        return kommentar.noekkel
    kommentar.ordnet = now() if ordnet else None
    kommentar.ordnet_av_id = aktor.person_id if ordnet else None
    logg(
        aktor,
        "avtale.kommentar_ordnet" if ordnet else "avtale.kommentar_aapnet",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        kommentar=kommentar.id,
    )
    meld("avtale.endret", avtale_id=avtale.id)
    return kommentar.noekkel
