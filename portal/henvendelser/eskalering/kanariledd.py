"""The links of the chain that a canary walks: which of them hold, told from the rows of a run and its notice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from portal.core.config import innstillinger
from portal.core.db import db
from portal.henvendelser.eskalering.models import Kanarikjoering
from portal.varsler.models import Kanal, Utsending, Varsel

_ADRESSE = re.compile(r"\S+@\S+")


class Kanariledd(StrEnum):
    """The links, in the order of the chain."""

    VAKTPLAN = "vaktplan"
    ESKALERING = "eskalering"
    VARSEL = "varsel"
    KVITTERING = "kvittering"


class Brudd(StrEnum):
    """Why a link does not hold."""

    INGEN_PAA_VAKT = "ingen_paa_vakt"
    TIMER_IKKE_TATT = "timer_ikke_tatt"
    IKKE_FORSOEKT = "ikke_forsoekt"
    IKKE_LEVERT = "ikke_levert"
    #: Production without a mail server, where e-mail becomes files that nobody reads.
    INGEN_KANAL = "ingen_kanal"
    #: The schedule says that it should have begun, or the run that it should have ended: the worker stands.
    IKKE_STARTET = "ikke_startet"


def groenn(tid: datetime, detalj: str = "") -> dict[str, Any]:
    return {"ok": True, "tid": tid.isoformat(), "hvorfor": "", "detalj": detalj}


def roed(hvorfor: Brudd, detalj: str = "") -> dict[str, Any]:
    return {"ok": False, "tid": None, "hvorfor": str(hvorfor), "detalj": detalj}


def venter() -> dict[str, Any]:
    return {"ok": None, "tid": None, "hvorfor": "", "detalj": ""}


def hel(ledd: dict[str, Any]) -> bool:
    return all((ledd.get(k) or {}).get("ok") for k in Kanariledd)


def foerste_brudd(ledd: dict[str, Any]) -> str:
    """Why the first link that does not hold, does not. "" when none is known to be broken."""
    return next((d["hvorfor"] for k in Kanariledd if (d := ledd.get(k)) and d["ok"] is False), "")


def ledd_naa(kjoering: Kanarikjoering, naa: datetime) -> dict[str, Any]:
    """The links of a run as they are now. Past its time what still waits is broken, and what comes after is unknown."""
    varsel = db.session.get(Varsel, kjoering.varsel_id) if kjoering.varsel_id else None
    ledd: dict[str, Any] = dict(kjoering.ledd)
    if varsel is not None and varsel.kvittert is not None and not foerste_brudd(ledd):
        # An answer is the proof of everything before it, also when it comes after the run has ended.
        ledd.setdefault(Kanariledd.VARSEL, groenn(varsel.kvittert))
        mottatt = groenn(varsel.kvittert, varsel.kvittert_kanal or "")
        ledd[Kanariledd.KVITTERING] = {**mottatt, "sett": True}
    if kjoering.ferdig is not None or hel(ledd):
        return ledd
    ute = naa >= kjoering.frist
    if Kanariledd.ESKALERING not in ledd:
        ledd[Kanariledd.ESKALERING] = roed(Brudd.TIMER_IKKE_TATT) if ute else venter()
        return ledd
    utsendinger = list(
        db.session.scalars(sa.select(Utsending).where(Utsending.varsel_id == kjoering.varsel_id))
    )
    if varsel is not None and not utsendinger:
        # The person takes what is least urgent in the portal alone: there it stands, and nothing is to be carried.
        ledd[Kanariledd.VARSEL] = groenn(varsel.opprettet)
        ledd[Kanariledd.KVITTERING] = {**groenn(varsel.opprettet, "portal"), "bare_portal": True}
        return ledd
    feil = _feil(utsendinger, kjoering.start)
    if feil or any(u.forsoek or u.sendt for u in utsendinger):
        ledd[Kanariledd.VARSEL] = groenn(
            min((u.sendt for u in utsendinger if u.sendt), default=kjoering.start)
        )
        ledd[Kanariledd.KVITTERING] = _kvittering(utsendinger, feil, ute=ute)
    else:
        ledd[Kanariledd.VARSEL] = roed(Brudd.IKKE_FORSOEKT) if ute else venter()
    return ledd


def _kvittering(utsendinger: Iterable[Utsending], feil: str, *, ute: bool) -> dict[str, Any]:
    """Whether each channel that was used took the message: on one address of each, where there are several."""
    tatt: dict[str, Utsending] = {}
    for u in utsendinger:
        if u.sendt is not None:
            tatt.setdefault(u.kanal, u)
    mangler = sorted({u.kanal for u in utsendinger} - set(tatt))
    if mangler:
        detalj = f"{', '.join(mangler)}: {feil}" if feil else ", ".join(mangler)
        return roed(Brudd.IKKE_LEVERT, detalj) if ute else venter()
    if all(_blir_fil(u) for u in tatt.values()):
        if innstillinger().modus == "produksjon":
            return roed(Brudd.INGEN_KANAL)
        return {**groenn(max(u.sendt for u in tatt.values() if u.sendt), "epost"), "fil": True}
    return groenn(max(u.sendt for u in tatt.values() if u.sendt), ", ".join(sorted(tatt)))


def _blir_fil(utsending: Utsending) -> bool:
    """Whether the message went into a file that nobody reads, for want of a mail server."""
    return utsending.kanal == Kanal.EPOST and not innstillinger().smtp_url


def _feil(utsendinger: Iterable[Utsending], siden: datetime) -> str:
    """What the channel said: to this message, or to another that was tried meanwhile, when the server is away for all.

    Without addresses: a server's answer may name whom it was for.
    """
    egne = [u for u in utsendinger if u.sendt is None]
    feil = next((u.feil for u in egne if u.feil), "")
    if not feil and egne:
        feil = (
            db.session.scalars(
                sa.select(Utsending.feil)
                .where(
                    Utsending.kanal.in_({u.kanal for u in egne}),
                    # Not as a parameter: the index of those that failed is chosen by the words of the condition.
                    Utsending.feil != sa.literal_column("''"),
                    Utsending.sendt.is_(None),
                    Utsending.opprettet > siden - timedelta(days=1),
                    Utsending.neste >= siden,
                )
                .order_by(Utsending.opprettet.desc())
                .limit(1)
            ).one_or_none()
            or ""
        )
    return uten_adresser(feil)


def uten_adresser(tekst: str) -> str:
    """A server's words without the e-mail addresses in them."""
    return _ADRESSE.sub("…", tekst)
