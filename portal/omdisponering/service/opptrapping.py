"""From a row of a unit's surge plan to a need, filled in: the plan's words turned into the room's codes. Reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.core.sprak import SPRAAK, _, paa_spraak
from portal.omdisponering import access
from portal.omdisponering.forloep import FLEST, Behovsstatus, Lokaleslag, Slag, Stilling
from portal.omdisponering.models import Behov
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.service.behov import kilde

#: How long a need made from a plan is for, until somebody says otherwise.
VARER = timedelta(days=14)
#: Shorter than this a word says too little.
_MINST = 4


@dataclass(frozen=True, slots=True)
class Forslag:
    """A need as the plan's row asks for it; `finnes`: an open one that was made from the same row."""

    slag: Slag
    felter: dict[str, Any]
    finnes: Behov | None


def hent_forslag(aktor: Aktor, opptrapping_id: UUID, liste: str, nr: int) -> Forslag:
    """A need of the people (`personell`) or rooms (`rom`) in one line of a row. Raises IkkeFunnet, IkkeTilgang."""
    rad = access.hent_opptrapping(aktor, opptrapping_id)
    linjer = {"personell": rad.personell, "rom": rad.rom}.get(liste, [])
    if not 0 <= nr < len(linjer):
        raise IkkeFunnet()
    linje = linjer[nr]
    antall = int(linje["antall"])
    hva, mer = (
        str(linje["rolle" if liste == "personell" else "slag"]),
        str(linje["kompetanse" if liste == "personell" else "krav"]),
    )
    fra = _neste_time(now() + timedelta(hours=int(rad.innen_timer)))
    felter: dict[str, Any] = {
        "enhet_id": rad.plassenhet.enhet_id,
        "sted_id": rad.plassenhet.vertskommune_id,
        "fra": fra,
        "til": fra + VARER,
        "hvorfor": _(
            "Opptrapping ved %(enhet)s: %(plasser)s plasser innen %(timer)s timer. Trenger %(antall)s %(hva)s.",
            enhet=rad.plassenhet.enhet.navn,
            plasser=rad.antall,
            timer=int(rad.innen_timer),
            antall=antall,
            hva=f"{hva} ({mer})" if mer else hva,
        ),
    }
    if liste == "personell":
        slag = Slag.PERSONELL
        felter |= {
            "stilling": finn("stilling", hva) or Stilling.ANNET,
            "kompetanse": summer("kompetanse", mer),
            "antall": min(antall, FLEST),
            "minst": 1,
            "andel": 100,
        }
    else:
        slag = Slag.LOKALE
        isolat = finn("lokaleslag", hva) == Lokaleslag.ISOLAT
        felter |= {
            # Rooms for patients make a ward with so many beds; isolates are asked for one by one.
            "lokaleslag": Lokaleslag.ISOLAT if isolat else finn("lokaleslag", hva) or Lokaleslag.SENGEPOST,
            "lokalkrav": summer("lokalkrav", mer),
            "antall": min(antall, FLEST) if isolat else 1,
            "minst": 1,
            "plasser": None if isolat else rad.antall,
        }
    finnes = db.session.scalars(
        sa.select(Behov)
        .where(
            Behov.organisasjon_id == aktor.organisasjon_id,
            Behov.kilde == kilde(rad.id, liste, nr),
            Behov.status != Behovsstatus.LUKKET,
        )
        .limit(1)
    ).one_or_none()
    return Forslag(slag, felter, finnes)


def _neste_time(tid: datetime) -> datetime:
    """The next whole hour."""
    return tid.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _ord(gruppe: str) -> list[tuple[str, Any]]:
    """(label, code) of a group in all languages, the longest labels first."""
    ut = []
    for spraak in SPRAAK:
        with paa_spraak(spraak):
            ut += [(str(etikett).casefold(), kode) for kode, etikett in ETIKETTER[gruppe].items()]
    return sorted(ut, key=lambda par: -len(par[0]))


def finn(gruppe: str, tekst: str) -> Any:
    """The code that a word of the plan means («sykepleiere», «Nurse»); None: none of them."""
    skrevet = tekst.strip().casefold()
    if len(skrevet) < _MINST:
        return next((kode for ord_, kode in _ord(gruppe) if ord_ == skrevet), None)
    return next(
        (kode for ord_, kode in _ord(gruppe) if skrevet.startswith(ord_) or ord_.startswith(skrevet)), None
    )


def summer(gruppe: str, tekst: str) -> int:
    """The sum of what a text of the plan asks for: «intravenøs behandling, oksygen»."""
    deler = [d for d in tekst.replace(" og ", ",").replace(";", ",").split(",") if len(d.strip()) >= _MINST]
    return sum({int(kode) for d in deler if (kode := finn(gruppe, d)) is not None})
