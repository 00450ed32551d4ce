"""What a locked screen may tell of the queues (vaktmodus): how many wait, where, how urgent, and until when.

No case, no text and nobody's name. A case that waits has a mark that means something in this session alone, so
that a screen can tell a new one from those it has shown before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.henvendelser import access
from portal.henvendelser.forloep import Hastegrad, Status
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.service.lesing import koer_for, koeversjoner
from portal.identitet.steps import fagtelefoner, sykehustelefoner


@dataclass
class Linje:
    """Those of one urgency in one fagområde that wait, the earliest deadline and the longest wait among them."""

    hastegrad: str
    fagomraade: str
    frist: datetime
    frist_fra: datetime
    fra: datetime
    antall: int = 0


@dataclass
class Vaktbilde:
    """The actor's queues without any case in them. `telefon` is the number to ring when the line is down, or ""."""

    linjer: list[Linje]
    #: The mark of each case that waits → its urgency.
    merker: dict[str, str]
    #: The mark of each → its fagområde.
    fag: dict[str, str]
    versjoner: dict[str, int]
    telefon: str
    per_hastegrad: dict[str, int] = field(default_factory=dict)

    @property
    def ventende(self) -> int:
        return len(self.merker)


def hent_vaktbilde(aktor: Aktor) -> Vaktbilde:
    """What waits for the actor, counted. Raises IkkeTilgang for one for whom nothing can wait."""
    access.krev_koe(aktor)
    # Read before the cases: whoever compares versions then fetches once too often, never once too seldom.
    versjoner = koeversjoner(koer_for(aktor))
    rader = db.session.execute(
        access.synlige_i_koe(aktor)
        .with_only_columns(
            Henvendelse.id,
            Henvendelse.hastegrad,
            Henvendelse.fagomraade,
            Henvendelse.frist,
            Henvendelse.ventet_fra,
        )
        .where(Henvendelse.status == Status.NY)
        .order_by(Henvendelse.frist)
    ).all()
    linjer: dict[tuple[str, str], Linje] = {}
    for r in rader:
        linje = linjer.setdefault(
            (r.hastegrad, r.fagomraade),
            Linje(r.hastegrad, r.fagomraade, frist=r.frist, frist_fra=r.ventet_fra, fra=r.ventet_fra),
        )
        linje.antall += 1
        linje.fra = min(linje.fra, r.ventet_fra)
    rekke = [str(h) for h in Hastegrad]
    return Vaktbilde(
        linjer=sorted(linjer.values(), key=lambda x: (rekke.index(x.hastegrad), x.frist)),
        merker={_merke(aktor, r.id): r.hastegrad for r in rader},
        fag={_merke(aktor, r.id): r.fagomraade for r in rader},
        versjoner=versjoner,
        telefon=_telefon(aktor),
        per_hastegrad={h: sum(x.antall for x in linjer.values() if x.hastegrad == h) for h in rekke},
    )


def _merke(aktor: Aktor, sak_id: UUID) -> str:
    return hashlib.sha256(f"{aktor.sesjon_id}:{sak_id}".encode()).hexdigest()[:12]


def _telefon(aktor: Aktor) -> str:
    """Where those who ask are answered by voice: the number of the actor's only fagområde, else the main one."""
    if aktor.organisasjon_id is None:
        return ""
    fag = fagtelefoner([aktor.organisasjon_id])[aktor.organisasjon_id]
    eget = [fag[f] for f in aktor.fagomraader if f in fag] if len(aktor.fagomraader) == 1 else []
    return eget[0] if eget else sykehustelefoner([aktor.organisasjon_id]).get(aktor.organisasjon_id, "")
