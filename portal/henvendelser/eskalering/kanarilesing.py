"""The canaries as they are shown: told from their rows and the clock, so that a worker that is dead is seen too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.henvendelser.eskalering.kanari import foerste_paa_vakt, hent_egen
from portal.henvendelser.eskalering.kanariledd import (
    Brudd,
    Kanariledd,
    foerste_brudd,
    hel,
    ledd_naa,
    venter,
)
from portal.henvendelser.eskalering.models import Kanari, Kanarikjoering
from portal.identitet.models import Organisasjon
from portal.vakt.bevis import klare_vakter
from portal.varsler.models import VEKKENDE

#: A run or a start that is later than this tells of a worker that stands.
SLINGRING = timedelta(seconds=30)
#: How many runs are shown.
HISTORIKK = 30


class Kanaritilstand(StrEnum):
    OK = "ok"
    #: The chain holds, but nothing has proven that an alarm would wake the one on call.
    OBS = "obs"
    #: One is on its way, and nothing is known yet.
    GAAR = "gaar"
    ROED = "roed"
    #: Never run.
    UKJENT = "ukjent"
    AV = "av"


@dataclass(frozen=True, slots=True)
class Leddbilde:
    """A link as it is shown. `ok` is None while it is waited for, and where a link before it is broken."""

    ledd: Kanariledd
    ok: bool | None
    hvorfor: str
    detalj: str
    tid: datetime | None
    #: The person has answered: more than that it was sent.
    sett: bool
    #: The person is told of what is least urgent in the portal alone: no channel was tried.
    bare_portal: bool
    #: There is no mail server: it became a file that nobody reads.
    fil: bool


@dataclass(frozen=True, slots=True)
class Kjoeringsbilde:
    """A run as it is shown."""

    start: datetime
    ferdig: datetime | None
    roed: bool
    hvorfor: str
    ledd: tuple[Leddbilde, ...]
    #: Whether an alarm would have woken the one on call, by the rule of the rosters, when it began.
    vekker: bool

    @property
    def gaar(self) -> bool:
        """Nothing is known of it yet."""
        return self.ferdig is None and not self.roed and not all(x.ok for x in self.ledd)

    @property
    def vist(self) -> Kanaritilstand:
        """How it went, as it is shown: what wakes nobody is not green."""
        if self.roed:
            return Kanaritilstand.ROED
        if self.gaar:
            return Kanaritilstand.GAAR
        return Kanaritilstand.OK if self.vekker else Kanaritilstand.OBS


@dataclass(frozen=True, slots=True)
class Kanaribilde:
    """A canary as it is now: told from its rows and the clock, so that a dead worker is seen too."""

    id: UUID
    organisasjon: str
    fagomraade: str
    hver_minutter: int
    neste: datetime
    tilstand: Kanaritilstand
    #: A value of `Brudd` where it is red.
    hvorfor: str
    #: The run that `tilstand` tells of; None when there has been none.
    siste: Kjoeringsbilde | None
    #: One is on its way.
    gaar: bool
    #: Whether an alarm now would wake the one on call, by the rule of the rosters (`vakt.bevis`).
    vekker: bool = False

    @property
    def vist(self) -> Kanaritilstand:
        """The state as it is shown: nothing is green while a test goes on, nor where the alarm may wake nobody."""
        if self.tilstand not in (Kanaritilstand.OK, Kanaritilstand.UKJENT):
            return self.tilstand
        if self.gaar and self.siste is not None and self.siste.gaar:
            return Kanaritilstand.GAAR
        if self.tilstand == Kanaritilstand.OK and not self.vekker:
            return Kanaritilstand.OBS
        return self.tilstand


def synlige_kanarier(aktor: Aktor, *, egne_alene: bool = False) -> list[Kanaribilde]:
    """The canaries of the own organisation; all of them for the systemadministrator, but with `egne_alene`."""
    sporring = sa.select(Kanari, Organisasjon.kortnavn).join(
        Organisasjon, Organisasjon.id == Kanari.organisasjon_id
    )
    if egne_alene or aktor.rolle != Rolle.SYSTEMADMINISTRATOR:
        sporring = sporring.where(Kanari.organisasjon_id == aktor.organisasjon_id)
    return _bilder(sporring)


def _bilder(sporring: sa.Select[Kanari, str]) -> list[Kanaribilde]:
    naa = now()
    rader = db.session.execute(sporring.order_by(Organisasjon.kortnavn, Kanari.fagomraade)).all()
    aapne, ferdige = _nyeste([k.id for k, _navn in rader])
    bilder = [_bilde(k, navn, aapne.get(k.id), ferdige.get(k.id), naa) for k, navn in rader]
    foerste = {
        b.id: vakt.vakt_id
        for b, (k, _navn) in zip(bilder, rader, strict=True)
        if b.tilstand == Kanaritilstand.OK and (vakt := foerste_paa_vakt(k)) is not None
    }
    klare = klare_vakter(foerste.values())
    return [replace(b, vekker=foerste.get(b.id) in klare) for b in bilder]


def _nyeste(
    kanarier: list[UUID],
) -> tuple[dict[UUID, Kanarikjoering], dict[UUID, Kanarikjoering]]:
    """Of each the run that is on its way, and the last that ended."""
    aapne = db.session.scalars(
        sa.select(Kanarikjoering)
        .where(Kanarikjoering.kanari_id.in_(kanarier), Kanarikjoering.ferdig.is_(None))
        .order_by(Kanarikjoering.start.desc())
    )
    ferdige: dict[UUID, Kanarikjoering] = {}
    for id_ in kanarier:
        siste = db.session.scalars(_kjoeringer(id_).where(Kanarikjoering.ferdig.is_not(None)).limit(1))
        if (kjoering := siste.one_or_none()) is not None:
            ferdige[id_] = kjoering
    # The oldest open one last, so that it stands: it is the one that should have ended.
    return {k.kanari_id: k for k in aapne}, ferdige


def _kjoeringer(kanari_id: UUID) -> sa.Select[Kanarikjoering]:
    return (
        sa.select(Kanarikjoering)
        .where(Kanarikjoering.kanari_id == kanari_id)
        .order_by(Kanarikjoering.start.desc())
    )


def _bilde(
    kanari: Kanari,
    organisasjon: str,
    aapen: Kanarikjoering | None,
    ferdig: Kanarikjoering | None,
    naa: datetime,
) -> Kanaribilde:
    vist = aapen or ferdig
    siste = _kjoeringsbilde(vist, naa) if vist is not None else None
    tilstand, hvorfor = Kanaritilstand.UKJENT, ""
    if not kanari.aktiv:
        tilstand = Kanaritilstand.AV
    elif aapen is not None and naa > aapen.frist + SLINGRING:
        # It should have been closed. What is broken first is known from its rows; where nothing is, the closing is.
        tilstand, hvorfor = Kanaritilstand.ROED, foerste_brudd(ledd_naa(aapen, naa)) or Brudd.IKKE_STARTET
    elif aapen is None and naa > kanari.neste + SLINGRING:
        tilstand, hvorfor = Kanaritilstand.ROED, str(Brudd.IKKE_STARTET)
    elif aapen is not None and hel(ledd_naa(aapen, naa)):
        # Whole, and closed in a moment.
        tilstand = Kanaritilstand.OK
    elif ferdig is not None:
        tilstand = Kanaritilstand.ROED if ferdig.roed else Kanaritilstand.OK
        hvorfor = foerste_brudd(ferdig.ledd) if ferdig.roed else ""
        if ferdig.roed:
            # Red until another one has held: what is shown is why.
            siste = _kjoeringsbilde(ferdig, naa)
    return Kanaribilde(
        id=kanari.id,
        organisasjon=organisasjon,
        fagomraade=kanari.fagomraade,
        hver_minutter=kanari.hver_minutter,
        neste=kanari.neste,
        tilstand=tilstand,
        hvorfor=str(hvorfor),
        siste=siste,
        gaar=aapen is not None,
    )


def _kjoeringsbilde(kjoering: Kanarikjoering, naa: datetime) -> Kjoeringsbilde:
    ledd = ledd_naa(kjoering, naa)
    brudd = foerste_brudd(ledd)
    return Kjoeringsbilde(
        start=kjoering.start,
        ferdig=kjoering.ferdig,
        roed=bool(kjoering.roed) if kjoering.ferdig else bool(brudd),
        hvorfor=brudd,
        ledd=tuple(_leddbilde(k, ledd.get(k)) for k in Kanariledd),
        vekker=_vekket(ledd),
    )


def _vekket(ledd: dict[str, Any]) -> bool:
    """Whether an alarm would have woken the one on call: proven before, or by an answer to this test on what wakes."""
    svar = ledd.get(Kanariledd.KVITTERING) or {}
    if svar.get("sett") and svar["detalj"] in VEKKENDE:
        return True
    return bool((ledd.get(Kanariledd.VAKTPLAN) or {}).get("klar"))


def _leddbilde(ledd: Kanariledd, data: dict[str, Any] | None) -> Leddbilde:
    data = data or venter()
    return Leddbilde(
        ledd=ledd,
        ok=data["ok"],
        hvorfor=data["hvorfor"],
        detalj=data["detalj"],
        tid=datetime.fromisoformat(data["tid"]) if data["tid"] else None,
        sett=bool(data.get("sett")),
        bare_portal=bool(data.get("bare_portal")),
        fil=bool(data.get("fil")),
    )


@dataclass(frozen=True, slots=True)
class Historikk:
    """A canary, and its last runs, newest first."""

    kanari: Kanaribilde
    kjoeringer: list[Kjoeringsbilde]


def hent_historikk(aktor: Aktor, kanari_id: UUID) -> Historikk:
    """A canary of the own organisation with its runs, for those who keep it. Raises IkkeTilgang and IkkeFunnet."""
    egen = hent_egen(aktor, kanari_id)
    bilder = [k for k in synlige_kanarier(aktor, egne_alene=True) if k.id == egen.id]
    naa = now()
    kjoeringer = db.session.scalars(_kjoeringer(kanari_id).limit(HISTORIKK))
    return Historikk(bilder[0], [_kjoeringsbilde(k, naa) for k in kjoeringer])
