"""Telling somebody something, inside the transaction of what it tells of: the bell, and the outbox of the channels."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, insert_for, meld, transaksjon
from portal.core.sprak import _, paa_spraak
from portal.varsler import valg
from portal.varsler.models import Kanal, Utsending, Varsel, Varselkanal, Varselro, Varselvalg


@dataclass(frozen=True, slots=True)
class Mottaker:
    """Whom to tell: what this room must know of a person, given by the rooms that know people."""

    person_id: UUID
    navn: str
    epost: str
    spraak: str
    #: In whose service: its administrator sees what could not be delivered.
    organisasjon_id: UUID | None = None


def varsle(
    til: Mottaker,
    *,
    noekkel: str,
    kode: str,
    tittel: Any,
    tekst: Any = "",
    lenke: str = "",
    hastegrad: str | None = None,
    gjelder: str | None = None,
    telefoner: Sequence[tuple[Kanal, str]] = (),
    bare: Collection[Kanal] | None = None,
) -> UUID | None:
    """Tells a person something: in the bell at once, and by the channels the person has chosen for the urgency.

    `tittel` and `tekst` are lazy sentences (`_l`), put into the person's language here, and never hold clinical text.
    The same `noekkel` (at most 160 signs) again changes nothing and gives None. `gjelder` names what it is about, for
    `stopp`. `telefoner` are numbers beside the person's own: the vakttelefon. `bare` takes the place of the person's
    choice: an empty one tells in the bell alone.
    """
    transaksjon()
    naa = now()
    with paa_spraak(til.spraak):
        verdier = {
            "id": uuid4(),
            "noekkel": noekkel,
            "person_id": til.person_id,
            "kode": kode,
            "hastegrad": hastegrad,
            "tittel": en_linje(str(tittel))[:200],
            "tekst": str(tekst),
            "lenke": lenke,
            "gjelder": gjelder,
            "opprettet": naa,
        }
        ny = db.session.execute(
            insert_for(Varsel, db.session.get_bind().dialect.name)
            .on_conflict_do_nothing(index_elements=["noekkel"])
            .returning(Varsel.id),
            verdier,
        ).scalar_one_or_none()
        if ny is None:
            return None
        for kanal, adresse, rad in _veier(til, hastegrad, telefoner, bare):
            _legg_ut(til, verdier, kanal, adresse, rad, _naar(til.person_id, hastegrad, naa, rad))
    meld("varsler.endret", person_id=til.person_id)
    return ny


def _veier(
    til: Mottaker,
    hastegrad: str | None,
    telefoner: Sequence[tuple[Kanal, str]],
    bare: Collection[Kanal] | None,
) -> list[tuple[Kanal, str, Varselkanal | None]]:
    """The ways to the person: channel, address, and the row of the person's own, where it is one."""
    egne = list(
        db.session.scalars(
            sa.select(Varselkanal)
            .where(Varselkanal.person_id == til.person_id, Varselkanal.fjernet.is_(None))
            .order_by(Varselkanal.opprettet)
        )
    )
    valgt = valg.kanaler(_valgt(til.person_id, hastegrad), hastegrad) if bare is None else frozenset(bare)
    veier: list[tuple[Kanal, str, Varselkanal | None]] = []
    if Kanal.EPOST in valgt:
        veier.append((Kanal.EPOST, til.epost, None))
    veier += [(Kanal(k.kanal), k.adresse, k) for k in egne if k.kanal in valgt]
    kjente = {(k, a) for k, a, _rad in veier}
    veier += [(k, nummer, None) for k, nummer in telefoner if (k, nummer) not in kjente]
    return veier


def _valgt(person_id: UUID, hastegrad: str | None) -> list[str] | None:
    rad = db.session.get(Varselvalg, (person_id, hastegrad or "vanlig"))
    return rad.kanaler if rad else None


def _naar(person_id: UUID, hastegrad: str | None, naa: datetime, rad: Varselkanal | None) -> datetime:
    """When it may leave: after the person's quiet hours. A vakttelefon has none: it is on duty."""
    ro = db.session.get(Varselro, person_id) if rad is not None else None
    if ro is None or (hastegrad == "akutt" and ro.akutt_bryter):
        return naa
    return valg.etter_ro(naa, ro.fra, ro.til)


def _legg_ut(
    til: Mottaker,
    varsel: dict[str, Any],
    kanal: Kanal,
    adresse: str,
    rad: Varselkanal | None,
    neste: datetime,
) -> None:
    token = secrets.token_urlsafe(24)
    lenke = f"{innstillinger().adresse}{varsel['lenke']}"
    kvittering = f"{innstillinger().adresse}/kvitter/{token}"
    db.session.add(
        Utsending(
            noekkel=f"{varsel['id']}:{kanal}:{rad.id if rad else sha256(adresse.encode()).hexdigest()[:16]}",
            kanal=kanal,
            varsel_id=varsel["id"],
            varselkanal_id=rad.id if rad else None,
            organisasjon_id=til.organisasjon_id,
            til=adresse,
            emne=varsel["tittel"],
            tekst=_tekst(kanal, varsel, lenke, kvittering),
            kvittering_hash=sha256(token.encode()).hexdigest(),
            opprettet=now(),
            neste=neste,
        )
    )


def _tekst(kanal: Kanal, varsel: dict[str, Any], lenke: str, kvittering: str) -> str:
    """What is said on a channel, in the language that is set."""
    tittel, tekst = varsel["tittel"], varsel["tekst"]
    if kanal == Kanal.TALE:
        return _("Samhandlingsportalen. %(tittel)s. Trykk 1 for å kvittere.", tittel=tittel)
    if kanal == Kanal.SMS:
        return _("%(tittel)s. %(lenke)s Svar 1 for å kvittere.", tittel=tittel, lenke=lenke)
    if kanal == Kanal.PUSH:
        # The address that acknowledges alone: title, text and link are the notice's.
        return kvittering
    return "\n\n".join(
        d
        for d in (
            tittel,
            tekst,
            lenke,
            _("Kvitter for at du har sett dette: %(lenke)s", lenke=kvittering),
            _("Hilsen Samhandlingsportalen. Denne e-posten kan ikke besvares."),
        )
        if d
    )


def stopp(gjelder: str, *, koder: Collection[str] | None = None) -> int:
    """Nothing more is told of a thing: what has not left is not sent, and the bells forget it. Gives how many.

    `koder` stops those kinds alone.
    """
    transaksjon()
    naa = now()
    db.session.flush()
    vilkaar = [Varsel.gjelder == gjelder, Varsel.stoppet.is_(None)]
    if koder is not None:
        vilkaar.append(Varsel.kode.in_(list(koder)))
    stoppet = db.session.execute(
        sa.update(Varsel)
        .where(*vilkaar)
        .values(stoppet=naa)
        .returning(Varsel.id, Varsel.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    if stoppet:
        db.session.execute(
            sa.update(Utsending)
            .where(
                Utsending.varsel_id.in_([s.id for s in stoppet]),
                Utsending.sendt.is_(None),
                Utsending.oppgitt.is_(None),
                Utsending.stoppet.is_(None),
            )
            .values(stoppet=naa, tekst="")
            .execution_options(synchronize_session=False)
        )
    for person_id in {s.person_id for s in stoppet}:
        meld("varsler.endret", person_id=person_id)
    return len(stoppet)


def send_epost(noekkel: str, til: str, emne: str, tekst: str) -> None:
    """Queues one e-mail; it leaves after the commit, and not at all when the use case fails.

    The same `noekkel` (at most 120 signs) again is the same letter, and changes nothing. Never clinical text:
    mail is no safe place for it. The subject is one line of at most 200 signs whatever is put into it.
    """
    transaksjon()
    naa = now()
    db.session.execute(
        insert_for(Utsending, db.session.get_bind().dialect.name).on_conflict_do_nothing(
            index_elements=["noekkel"]
        ),
        {
            "id": uuid4(),
            "noekkel": noekkel,
            "kanal": Kanal.EPOST,
            "til": til,
            "emne": en_linje(emne)[:200],
            # PostgreSQL takes no NUL in a text.
            "tekst": tekst.replace("\x00", ""),
            "opprettet": naa,
            "neste": naa,
            "forsoek": 0,
            "feil": "",
        },
    )


def en_linje(tekst: str) -> str:
    """A text as one line without control signs, fit for a header."""
    return " ".join("".join(t if t.isprintable() else " " for t in tekst).split())
