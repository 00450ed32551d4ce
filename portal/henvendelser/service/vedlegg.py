"""Attachments: taking one in, opening it, sweeping what came to nothing.

An attachment is a row of its own in the log, with the idempotency of a message: the same `klient_id` with the same
bytes is the row that is there, with others a conflict. What is heavy (the scanner, the cleaning, the disk) comes
before the transaction, and the file stands in its place before its row does.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import sqlalchemy as sa
import structlog

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional, uavhengig
from portal.core.errors import (
    IkkeFunnet,
    IkkeInnlogget,
    Konflikt,
    Opptatt,
    PortalError,
    UgyldigData,
    UgyldigOvergang,
)
from portal.core.sprak import _l
from portal.core.traader import i_traadpool
from portal.henvendelser import access, steps, vedleggslager, vedleggsvask, virusskanner
from portal.henvendelser.forloep import Handling, Hendelsestype
from portal.henvendelser.models import Hendelse, Henvendelse, Vedlegg
from portal.henvendelser.vedleggsvask import Avvist, Vasket
from portal.identitet.steps import aktor_fra_sesjon
from portal.revisjon import steps as revisjon
from portal.revisjon.models import Revisjon

logg = structlog.get_logger(__name__)

#: The largest file, in bytes, and what is said of a larger one.
MAKS_FIL = 10 * 2**20
FOR_STOR = _l(
    "Fila er for stor: grensen er 10 MB. Ta bildet med lavere oppløsning, eller del dokumentet i flere filer."
)
#: Files that are cleaned at once in one process: each may take 700 MB and a core. The others wait, in seconds.
SAMTIDIG, VENT_PAA_TUR = 2, 60.0
#: How often the worker sweeps one of the 256 folders, in seconds: all of them in a day.
RYDDES_HVER = 300

_AVVIST: dict[str, Any] = {
    "tom": _l("Fila er tom. Velg den på nytt, eller ta bildet en gang til."),
    "feil_type": _l(
        "Portalen tar bilder (JPEG, PNG, WebP) og PDF. Lagre fila som en av dem, og send den på nytt."
    ),
    "heic": _l(
        "Bildet er i telefonens eget format (HEIC). Ta bildet som JPEG: på iPhone under Innstillinger, Kamera, "
        "Formater, «Mest kompatibelt». Eller ta et skjermbilde av det og send det."
    ),
    "uleselig": _l(
        "Fila er skadet eller ufullstendig. Ta bildet på nytt, eller lagre dokumentet som PDF på nytt."
    ),
    "kryptert": _l("PDF-en er låst med passord. Lagre den uten passord, og send den på nytt."),
    "for_mange_piksler": _l(
        "Bildet har for mange piksler: grensen er 50 millioner. Send det med lavere oppløsning."
    ),
    "for_mange_sider": _l("PDF-en har for mange sider: grensen er 200. Send bare de sidene som trengs."),
    "for_tung": _l(
        "Fila er for tung å behandle. Send et mindre bilde, eller skriv dokumentet ut som en ny PDF."
    ),
    "virus": _l("Viruskontrollen fant noe skadelig i fila. Den er ikke sendt. Si fra til IT-avdelingen."),
}

_tur = threading.BoundedSemaphore(SAMTIDIG)


@dataclass(frozen=True)
class Sendt:
    """A file as it came in, open: what the sender calls it, its SHA-256, and the sender's id for this sending."""

    klient_id: UUID
    fil: BinaryIO
    navn: str
    sha256: str
    ikke_fnr: bool = False


@dataclass(frozen=True)
class Lagret:
    """Where an attachment stands in the log."""

    sekvens: int
    vedlegg_id: UUID
    tidspunkt: datetime


@dataclass(frozen=True)
class Aapnet:
    """An attachment on its way to a reader. Whoever gets it closes the file."""

    fil: BinaryIO
    navn: str
    innholdstype: str
    stoerrelse: int


# --- taking one in ---------------------------------------------------------------------------------------


def krev_rett(aktor: Aktor, henvendelse_id: UUID) -> None:
    """Demands the right to write in the case, before anything of a file is read. Raises as `access.hent`.

    In a closed case whoever has attached something is let on: it may be a resend, which is answered also then.
    """
    try:
        access.hent(aktor, Handling.SKRIVE, henvendelse_id)
    except UgyldigOvergang:
        har_sendt = sa.select(Hendelse.id).where(
            Hendelse.henvendelse_id == henvendelse_id,
            Hendelse.avsender_id == aktor.person_id,
            Hendelse.type == Hendelsestype.VEDLEGG,
        )
        if db.session.execute(har_sendt.limit(1)).first() is None:
            raise
    # The file may take minutes to come: nobody waits for the database meanwhile.
    db.session.rollback()


def legg_ved(aktor: Aktor, henvendelse_id: UUID, sendt: Sendt) -> Lagret:
    """Cleans and stores an attachment, and gives its place in the log after the commit.

    Raises UgyldigData (`kode` says why the file is not taken, `personnummer` for its name), Konflikt, Opptatt, and
    what `access.hent` raises. The caller has asked `krev_rett`.
    """
    navn = rent_navn(sendt.navn)
    sluppet = steps.stopp_identitet({"fil": navn}, ikke_fnr=sendt.ikke_fnr)
    tidligere = _finn_sendt(aktor, henvendelse_id, sendt)
    db.session.rollback()
    if tidligere is not None:
        return tidligere
    _skann(aktor, henvendelse_id, sendt.fil)
    with _vasket(sendt.fil) as (vasket, lagret_som, stoerrelse, lagret_hash):
        rad = Vedlegg(
            id=uuid4(),
            henvendelse_id=henvendelse_id,
            lagret_som=lagret_som,
            navn=med_endelse(navn, vasket.innholdstype),
            innholdstype=vasket.innholdstype,
            stoerrelse=stoerrelse,
            sendt_hash=sendt.sha256,
            lagret_hash=lagret_hash,
            bredde=vasket.bredde,
            hoeyde=vasket.hoeyde,
            sider=vasket.sider,
        )
        lagret = _lagre(aktor, henvendelse_id, sendt, rad, vasket, sluppet)
        if lagret.vedlegg_id != rad.id:
            # The same file was sent twice at once, and the other came first.
            vedleggslager.slett(lagret_som)
        return lagret


@transactional
def _lagre(
    aktor: Aktor, henvendelse_id: UUID, sendt: Sendt, rad: Vedlegg, vasket: Vasket, sluppet: int
) -> Lagret:
    # The file may have been long on its way: the login must hold still.
    if aktor.sesjon_id is not None and aktor_fra_sesjon(aktor.sesjon_id) is None:
        raise IkkeInnlogget()
    if (tidligere := _finn_sendt(aktor, henvendelse_id, sendt)) is not None:
        return tidligere
    sak = access.hent(aktor, Handling.SKRIVE, henvendelse_id, laas=True)
    # Again, now that the lock is held: the other of two may have written meanwhile.
    if (tidligere := _finn_sendt(aktor, henvendelse_id, sendt)) is not None:
        return tidligere
    steps.bli_deltaker(aktor, sak)
    hendelse = steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.VEDLEGG,
        data={
            "innholdstype": rad.innholdstype,
            "stoerrelse": rad.stoerrelse,
            **{k: v for k in ("bredde", "hoeyde", "sider") if (v := getattr(rad, k)) is not None},
            **({"animert": True} if vasket.animert else {}),
        },
        # What a file is called may tell of the patient.
        innhold={"vedlegg_id": str(rad.id), "navn": rad.navn},
        klient_id=sendt.klient_id,
    )
    rad.sekvens, rad.tidspunkt = hendelse.sekvens, hendelse.tidspunkt
    db.session.add(rad)
    steps.revider_sluppet(aktor, sak, sluppet)
    return Lagret(hendelse.sekvens, rad.id, hendelse.tidspunkt)


def _finn_sendt(aktor: Aktor, henvendelse_id: UUID, sendt: Sendt) -> Lagret | None:
    """What this sending has become already, if anything. Raises Konflikt where its id stands for something else."""
    funnet = db.session.execute(
        sa.select(Hendelse.sekvens, Hendelse.tidspunkt, Vedlegg.id, Vedlegg.sendt_hash)
        .outerjoin(
            Vedlegg,
            sa.and_(Vedlegg.henvendelse_id == Hendelse.henvendelse_id, Vedlegg.sekvens == Hendelse.sekvens),
        )
        .where(
            Hendelse.henvendelse_id == henvendelse_id,
            Hendelse.avsender_id == aktor.person_id,
            Hendelse.klient_id == sendt.klient_id,
        )
    ).one_or_none()
    if funnet is None:
        return None
    if funnet.sendt_hash != sendt.sha256:
        raise Konflikt(_l("Dette er alt sendt med et annet innhold. Velg fila på nytt."))
    return Lagret(funnet.sekvens, funnet.id, funnet.tidspunkt)


def _avvis(kode: str) -> UgyldigData:
    return UgyldigData(_AVVIST[kode], kode=kode, felter={"fil": [_AVVIST[kode]]})


def _skann(aktor: Aktor, henvendelse_id: UUID, fil: BinaryIO) -> None:
    """Asks the virus scanner, where there is one. Without its answer the file is not taken."""
    adresse = innstillinger().clamav
    if not adresse:
        return
    try:
        funn = virusskanner.skann(adresse, fil)
    except virusskanner.Utilgjengelig as feil:
        logg.error("virusskanner_svarer_ikke", grunn=str(feil))
        raise Opptatt(
            _l("Viruskontrollen svarer ikke, så fila er ikke sendt. Prøv igjen om litt."), kode="skanner"
        ) from feil
    if funn is not None:
        uavhengig(
            lambda: revisjon.logg(
                aktor,
                "henvendelse.vedlegg",
                "henvendelse",
                henvendelse_id,
                utfall="avslag",
                grunn="virus",
                funn=funn,
            )
        )
        raise _avvis("virus")


@contextmanager
def _vasket(fil: BinaryIO) -> Iterator[tuple[Vasket, str, int, str]]:
    """The cleaned file in its place: what it is, its name there, its size and its sum.

    Taken away again where the transaction refuses. After any other error the commit may have happened all the same:
    then it stays, and is swept if no row names it.
    """
    if not _tur.acquire(timeout=VENT_PAA_TUR):
        raise Opptatt(_l("Mange filer behandles akkurat nå. Prøv igjen om litt."))
    navn = vedleggslager.nytt_navn()
    underveis = vedleggslager.mottaksmappe() / navn
    try:
        try:
            vasket = vedleggsvask.i_egen_prosess(fil, underveis)
        finally:
            _tur.release()
        stoerrelse, sum_ = i_traadpool(vedleggslager.legg_inn, underveis, navn)
    except Avvist as feil:
        raise _avvis(feil.kode) from None
    finally:
        underveis.unlink(missing_ok=True)
    try:
        yield vasket, navn, stoerrelse, sum_
    except PortalError:
        vedleggslager.slett(navn)
        raise


# --- names -----------------------------------------------------------------------------------------------

_LENGDE = 110


def rent_navn(navn: str) -> str:
    """A file's name without folders and without characters that nobody sees."""
    navn = unicodedata.normalize("NFC", re.split(r"[/\\]", navn)[-1])
    synlig = "".join(t for t in navn if not unicodedata.category(t).startswith("C"))
    return re.sub(r"\s+", " ", synlig).strip(" .")


def med_endelse(navn: str, innholdstype: str) -> str:
    """The name with the ending of what the file is, whatever it was called."""
    endelse = vedleggsvask.ENDELSER[innholdstype]
    stamme = re.sub(r"\.[0-9A-Za-z]{1,8}$", "", navn)[:_LENGDE].strip(" .")
    return f"{stamme or 'vedlegg'}.{endelse}"


# --- opening ---------------------------------------------------------------------------------------------


def aapne(aktor: Aktor, henvendelse_id: UUID, vedlegg_id: UUID) -> Aapnet:
    """An attachment of a case the actor may see. Logged: once for each person, attachment and opening of the case.

    Raises IkkeFunnet, also for an attachment of another case; Konflikt when the file is not what was stored.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    rad = db.session.execute(
        sa.select(Vedlegg).where(Vedlegg.henvendelse_id == sak.id, Vedlegg.id == vedlegg_id)
    ).scalar_one_or_none()
    if rad is None:
        raise IkkeFunnet()
    navn, innholdstype, stoerrelse = rad.navn, rad.innholdstype, rad.stoerrelse
    lagret_som, lagret_hash = rad.lagret_som, rad.lagret_hash
    alt_notert = _aapning_er_notert(aktor, sak, vedlegg_id)
    db.session.rollback()
    fil = i_traadpool(vedleggslager.aapne, lagret_som, lagret_hash)
    if fil is None:
        logg.error("vedlegg_er_ikke_som_lagret", vedlegg=str(vedlegg_id))
        raise Konflikt(
            _l(
                "Fila er ikke slik den ble lagret, og vises derfor ikke. Be avsenderen sende den på nytt, og si fra "
                "til administratoren."
            ),
            kode="skadet",
        )
    try:
        if not alt_notert:
            _noter_aapning(aktor, henvendelse_id, vedlegg_id)
    except BaseException:
        fil.close()
        raise
    return Aapnet(fil, navn, innholdstype, stoerrelse)


def _aapning_er_notert(aktor: Aktor, sak: Henvendelse, vedlegg_id: UUID) -> bool:
    """Whether the actor has opened the attachment since last opening the case."""
    mine = sa.and_(Revisjon.kjede == revisjon.sakskjede(sak.id), Revisjon.person_id == aktor.person_id)
    saken = sa.select(sa.func.coalesce(sa.func.max(Revisjon.nummer), 0)).where(
        mine, Revisjon.handling == "henvendelse.aapnet"
    )
    vedlegget = sa.select(Revisjon.id).where(
        mine,
        Revisjon.handling == "henvendelse.vedlegg_aapnet",
        Revisjon.objekt_id == str(vedlegg_id),
        Revisjon.nummer > saken.scalar_subquery(),
    )
    return db.session.execute(vedlegget.limit(1)).first() is not None


@transactional
def _noter_aapning(aktor: Aktor, henvendelse_id: UUID, vedlegg_id: UUID) -> None:
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    revisjon.logg(
        aktor,
        "henvendelse.vedlegg_aapnet",
        "vedlegg",
        vedlegg_id,
        kjede=revisjon.sakskjede(sak.id),
        saksnummer=sak.saksnummer,
    )


# --- sweeping --------------------------------------------------------------------------------------------


def rydd() -> int:
    """Takes away files that came to no row, in one folder at a time. Gives how many. Run by the worker."""
    slettet = vedleggslager.rydd_mottak()
    gamle = list(vedleggslager.gamle_i(int(now().timestamp()) // RYDDES_HVER))
    for fra in range(0, len(gamle), 500):
        navn = gamle[fra : fra + 500]
        med_rad = set(db.session.scalars(sa.select(Vedlegg.lagret_som).where(Vedlegg.lagret_som.in_(navn))))
        for uten_rad in set(navn) - med_rad:
            vedleggslager.slett(uten_rad)
            slettet += 1
    if slettet:
        logg.info("vedlegg_ryddet", antall=slettet)
    return slettet
