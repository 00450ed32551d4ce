"""«Hva gjelder her nå»: what the agreements of a case's kommune and trust say, now and when advice was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import oppslag
from portal.avtaler.oppslag import Avtaletreff, Klausul
from portal.beredskap.steps import Situasjon as Fasesituasjon
from portal.beredskap.steps import situasjon as fasesituasjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import Handling
from portal.henvendelser.models import Avtalegrunnlag, Henvendelse
from portal.identitet.models import Organisasjon

#: Clauses that are shown whole beside a case.
FLEST = 20


@dataclass(frozen=True, slots=True)
class Grunnlag:
    """What held when advice was given: one row of `Avtalegrunnlag`, with the kommune's name."""

    sekvens: int
    tidspunkt: datetime
    kommune: str
    situasjon: str
    fase: int
    fase_satt: bool
    avtaler: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Avtalevisning:
    """The answer beside a case. `kommune` None: no kommune takes part in it, and no agreement is about it."""

    sak: Henvendelse
    kommune_id: UUID | None = None
    kommune: str = ""
    situasjon: str = ""
    fagomraade: str | None = None
    fase: Fasesituasjon | None = None
    avtaler: Sequence[Avtaletreff] = ()
    #: With what they say; `flere` and `ved_siden` by their headings alone.
    klausuler: Sequence[Klausul] = ()
    flere: Sequence[Klausul] = ()
    ved_siden: Sequence[Klausul] = ()
    grunnlag: Sequence[Grunnlag] = ()


def hent(aktor: Aktor, henvendelse_id: UUID, oevelse_id: UUID | None = None) -> Avtalevisning:
    """The clauses about the case's situation in the agreements between its kommune and its trust, in the phase that the
    kommune is in; and those that stood when advice was given. For who sees the case. Raises IkkeFunnet, IkkeTilgang.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    spurt = steps.avtalespoersmaal(sak)
    if spurt is None:
        return Avtalevisning(sak, grunnlag=hent_grunnlag(sak.id))
    kommune, foretak_id, situasjon, fagomraade = spurt
    fase = fasesituasjon(kommune.id, oevelse_id=oevelse_id)
    # Whoever sees the case works at one of its two sides, or is let in to it: what binds both is theirs to read.
    avtaler = oppslag.avtaler(kommune.id, i_dag(), foretak_id=foretak_id)
    klausuler = oppslag.for_situasjon(avtaler, [situasjon], fase.fase, fagomraade)
    egne = [k for k in klausuler if k.art == situasjon]
    return Avtalevisning(
        sak=sak,
        kommune_id=kommune.id,
        kommune=kommune.visningsnavn,
        situasjon=situasjon,
        fagomraade=fagomraade,
        fase=fase,
        avtaler=avtaler,
        klausuler=oppslag.utfyll(egne[:FLEST]),
        flere=egne[FLEST:],
        ved_siden=[k for k in klausuler if k.art != situasjon],
        grunnlag=hent_grunnlag(sak.id),
    )


def hent_grunnlag(henvendelse_id: UUID) -> list[Grunnlag]:
    """The agreements as they were at each advice, the newest first. The caller has judged who may see the case."""
    rader = db.session.execute(
        sa.select(Avtalegrunnlag, Organisasjon.kortnavn)
        .join(Organisasjon, Organisasjon.id == Avtalegrunnlag.kommune_id)
        .where(Avtalegrunnlag.henvendelse_id == henvendelse_id)
        .order_by(Avtalegrunnlag.sekvens.desc())
    )
    return [
        Grunnlag(g.sekvens, g.tidspunkt, navn, g.situasjon, g.fase, g.fase_satt, g.avtaler)
        for g, navn in rader
    ]
