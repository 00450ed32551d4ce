"""The brake on guessing passwords, made so that nobody can lock somebody else out for ever.

A failed login counts in three budgets, and a refused try counts in none:

- account and source (`PAR`): after five failures the wait grows, 30 s, 1 min, … at most 15 min. It strikes
  only who tries from that source.
- account from everywhere (`KONTO`): only so many failures that a single source, held back by `PAR`, never
  reaches them; it takes several at once. The wait is bounded in the same way.
- source (`KILDE`): one address that tries many accounts waits until its failures are 15 minutes old.

A browser in which the account has logged in before holds a signed cookie (`kjent_enhet`). It has a budget of
its own (`PAR`, with the device as the source), and no one else's failures reach it. So the person at the
usual computer gets in, whatever a stranger does from elsewhere. A stolen cookie is held back all the same.

A try is written down before the password is looked at, and taken away when it was right: a hundred tries at
the same moment cannot all pass the count. E-mail and address are stored as keyed hashes.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from portal.core.config import innstillinger
from portal.core.db import db
from portal.identitet.models import Innloggingsforsoek


@dataclass(frozen=True, slots=True)
class Budsjett:
    """`gratis` failures within `vindu` are free; each further one doubles the wait."""

    gratis: int
    vindu: timedelta
    foerste: timedelta = timedelta(seconds=30)
    stoerste: timedelta = timedelta(minutes=15)

    def ledig_fra(self, feil: list[datetime]) -> datetime | None:
        """When the next try is let through (None: at once), by the failures in the window, oldest first."""
        over = len(feil) - self.gratis
        if over < 0:
            return None
        # The exponent is capped before the power is taken: it could otherwise grow with the failures.
        return feil[-1] + min(self.foerste * 2 ** min(over, 20), self.stoerste)


PAR = Budsjett(gratis=5, vindu=timedelta(hours=1))
#: A single source reaches 13 failures an hour at most (see PAR); 30 takes three of them.
KONTO = Budsjett(gratis=30, vindu=timedelta(hours=1))
#: Generous: a hospital sits behind one address.
KILDE_GRENSE = 60
KILDE_VINDU = timedelta(minutes=15)
#: Older tries than the longest window tell nothing.
GLEMMES = timedelta(hours=2)
#: How long a browser is known, and how many accounts it remembers (a shared computer at a ward).
KJENT_I = timedelta(days=180)
KJENTE_KONTOER = 12


def _noekkel(formaal: str) -> bytes:
    return sha256(f"{formaal}:{innstillinger().hemmelighet}".encode()).digest()


def _hash(formaal: str, verdi: str) -> str:
    return hmac.new(_noekkel(formaal), verdi.encode(), sha256).hexdigest()


def konto_hash(epost: str) -> str:
    """The account as it stands in the table of tries, known or unknown."""
    return _hash("konto", epost)


def for_seg(formaal: str, noekkel: str) -> str:
    """The key of an account or a source in a count of its own, beside that of the passwords."""
    return _hash(formaal, noekkel)


def kilde_hash(adresse: str) -> str:
    """The source: an IPv4 address, or the /64 that one household or office has of IPv6."""
    try:
        ip = ipaddress.ip_address(adresse)
    except ValueError:
        return _hash("kilde", adresse)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return _hash("kilde", str(ip.ipv4_mapped))
        return _hash("kilde", str(ipaddress.ip_network((ip, 64), strict=False)))
    return _hash("kilde", str(ip))


# --- the known device ------------------------------------------------------------------------------------


def kjent_enhet(kapsel: str, konto: str, naa: datetime) -> str | None:
    """The device's key in the table of tries, when the cookie shows that this account has logged in there."""
    for bevis in kapsel.split("~")[:KJENTE_KONTOER]:
        deler = bevis.split(".")
        if len(deler) != 3 or not all(d.isascii() for d in deler):
            continue
        enhet, tid, signatur = deler
        if not hmac.compare_digest(signatur, _signer_enhet(enhet, tid, konto)):
            continue
        if naa - datetime.fromtimestamp(int(tid), naa.tzinfo) < KJENT_I:
            return _hash("enhet", enhet)
    return None


def ny_enhetskapsel(kapsel: str, konto: str, naa: datetime) -> str:
    """The cookie after a successful login: this account first, then the others the browser knew."""
    andre = [b for b in kapsel.split("~") if _har_form(b) and not _gjelder(b, konto)]
    enhet, tid = secrets.token_urlsafe(12), str(int(naa.timestamp()))
    return "~".join([f"{enhet}.{tid}.{_signer_enhet(enhet, tid, konto)}", *andre[: KJENTE_KONTOER - 1]])


def _signer_enhet(enhet: str, tid: str, konto: str) -> str:
    return _hash("kjent_enhet", f"{enhet}.{tid}.{konto}")[:40]


def _har_form(bevis: str) -> bool:
    deler = bevis.split(".")
    return len(bevis) < 100 and bevis.isascii() and len(deler) == 3 and deler[1].isdecimal()


def _gjelder(bevis: str, konto: str) -> bool:
    enhet, tid, signatur = bevis.split(".")
    return hmac.compare_digest(signatur, _signer_enhet(enhet, tid, konto))


# --- the count -------------------------------------------------------------------------------------------


def laas(konto: str, kilde: str) -> None:
    """Lets one try at a time be counted per account and per source. SQLite has one writer anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        for slag, verdi in ((1, konto), (2, kilde)):  # always in this order: no deadlock
            tall = int(verdi[:8], 16) - 2**31
            db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(slag, tall)))


def vent_til(konto: str, kilde: str, naa: datetime, *, kjent: bool) -> datetime | None:
    """When the next try is let through; None: at once. `kilde` is the device's key where it is known."""
    par = _feil(Innloggingsforsoek.konto == konto, Innloggingsforsoek.kilde == kilde, siden=naa - PAR.vindu)
    tider = [PAR.ledig_fra(par)]
    if not kjent:
        tider.append(KONTO.ledig_fra(_feil(Innloggingsforsoek.konto == konto, siden=naa - KONTO.vindu)))
        fra_kilden = _feil(Innloggingsforsoek.kilde == kilde, siden=naa - KILDE_VINDU)
        if len(fra_kilden) >= KILDE_GRENSE:
            tider.append(fra_kilden[-KILDE_GRENSE] + KILDE_VINDU)
    return max((t for t in tider if t is not None and t > naa), default=None)


def _feil(*vilkaar: sa.ColumnElement[bool], siden: datetime) -> list[datetime]:
    return list(
        db.session.scalars(
            sa.select(Innloggingsforsoek.tidspunkt)
            .where(*vilkaar, Innloggingsforsoek.tidspunkt > siden)
            .order_by(Innloggingsforsoek.tidspunkt)
        )
    )


def tilgi(konto: str, kilde: str) -> None:
    """After a right password: the failures of this account from here are forgotten."""
    db.session.execute(
        sa.delete(Innloggingsforsoek).where(
            Innloggingsforsoek.konto == konto, Innloggingsforsoek.kilde == kilde
        )
    )


def rydd(naa: datetime) -> int:
    """Throws away what is too old to count, and gives its number."""
    svar = db.session.execute(
        sa.delete(Innloggingsforsoek).where(Innloggingsforsoek.tidspunkt < naa - GLEMMES)
    )
    return int(svar.rowcount)  # type: ignore[attr-defined]
