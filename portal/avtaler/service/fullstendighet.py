"""What of the law an agreement answers: hol § 6-2 first and second paragraph, and the steps of a discharge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access
from portal.avtaler.access import Handling
from portal.avtaler.models import Avtale, Avtaleversjon, Bestemmelse
from portal.avtaler.punkter import PUNKTER, TILTAKSKRAV
from portal.avtaler.steps import bestemmelser, holder_for, i_arbeid, i_kraft, i_versjonen
from portal.avtaler.utskrivning import TRINN
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db
from portal.core.errors import IkkeFunnet


@dataclass(frozen=True, slots=True)
class Sted:
    """A clause that answers a demand; with an agreement of its own where it stands in another one of the structure."""

    noekkel: UUID
    nummer: str
    overskrift: str
    avtale_id: UUID | None = None
    avtale: str = ""
    #: The version it was read in.
    versjon: int = 0


@dataclass(frozen=True, slots=True)
class Krav:
    """A demand and the clauses that answer it: here, and in the agreements above and below this one."""

    kode: str
    navn: str
    innhold: str
    her: Sequence[Sted]
    ellers: Sequence[Sted] = ()

    @property
    def dekket(self) -> bool:
        return bool(self.her or self.ellers)


@dataclass(frozen=True, slots=True)
class Tiltak:
    """A joint measure, and what is said of it: {demand: the text, empty where it is missing}."""

    navn: str
    sted: Sted
    sagt: dict[str, str]

    @property
    def mangler(self) -> list[str]:
        return [k for k, v in self.sagt.items() if not v]


@dataclass(frozen=True, slots=True)
class Fullstendighet:
    avtale: Avtale
    versjon: Avtaleversjon
    punkter: Sequence[Krav]
    tiltak: Sequence[Tiltak]
    trinn: Sequence[Krav]

    @property
    def mangler(self) -> int:
        """How many items of the first paragraph no clause of the structure answers."""
        return sum(not k.dekket for k in self.punkter)


def sjekk(aktor: Aktor, avtale_id: UUID, nummer: int | None = None) -> Fullstendighet:
    """What a version covers (None: the one being worked on where the actor sees it, else the one that holds).

    An item may be answered by another agreement of the same structure that holds today: the law asks of the parties'
    agreements together (hol § 6-1), not of each document. Only those that the actor sees are told of.
    """
    avtale = access.hent(aktor, Handling.SE, avtale_id)
    versjon = _versjon(aktor, avtale, nummer)
    punkter: dict[int, list[Sted]] = {}
    trinn: dict[str, list[Sted]] = {}
    tiltak = []
    for b in bestemmelser(avtale.id, versjon.nummer):
        sted = Sted(b.noekkel, b.nummer, b.overskrift, versjon=versjon.nummer)
        if b.punkt:
            punkter.setdefault(b.punkt, []).append(sted)
        for t in b.trinn:
            trinn.setdefault(t, []).append(sted)
        for rad in b.tiltak:
            sagt = {k: str(rad.get(k) or "").strip() for k in TILTAKSKRAV}
            tiltak.append(Tiltak(str(rad.get("navn") or ""), sted, sagt))
    andre_punkter, andre_trinn = _i_andre(aktor, avtale)
    return Fullstendighet(
        avtale=avtale,
        versjon=versjon,
        punkter=[
            Krav(str(n), str(navn), str(hva), punkter.get(n, []), andre_punkter.get(n, []))
            for n, (navn, hva) in PUNKTER.items()
        ],
        tiltak=tiltak,
        trinn=[
            Krav(kode, paragraf, str(hva), trinn.get(kode, []), andre_trinn.get(kode, []))
            for kode, (paragraf, hva) in TRINN.items()
        ],
    )


def _versjon(aktor: Aktor, avtale: Avtale, nummer: int | None) -> Avtaleversjon:
    if nummer is not None:
        return access.hent_versjon(aktor, avtale, nummer)
    synlige = [v for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]
    if not synlige:
        raise IkkeFunnet()
    arbeid = i_arbeid(avtale)
    return arbeid if arbeid in synlige else holder_for(aktor, avtale) or synlige[-1]


def _i_andre(aktor: Aktor, avtale: Avtale) -> tuple[dict[int, list[Sted]], dict[str, list[Sted]]]:
    """What the agreements above and below this one, and beside it under the same, answer today."""
    naboer = [Avtale.overordnet_id == avtale.id]
    if avtale.overordnet_id is not None:
        naboer += [Avtale.id == avtale.overordnet_id, Avtale.overordnet_id == avtale.overordnet_id]
    rader = db.session.execute(
        sa.select(
            *(Bestemmelse.noekkel, Bestemmelse.nummer, Bestemmelse.overskrift),
            *(Bestemmelse.punkt, Bestemmelse.trinn),
            *(Avtale.id, Avtale.tittel, Avtale.nummer.label("kjenningsnummer")),
            Avtaleversjon.nummer.label("versjon"),
        )
        .select_from(Avtale)
        .join(Avtaleversjon, sa.and_(Avtaleversjon.avtale_id == Avtale.id, i_kraft(i_dag())))
        .join(Bestemmelse, sa.and_(Bestemmelse.avtale_id == Avtale.id, i_versjonen(Avtaleversjon.nummer)))
        .where(
            sa.or_(*naboer),
            Avtale.id != avtale.id,
            access.synlige(aktor),
            access.leselige(aktor),
            # The steps of a discharge stand in clauses on discharge or on how things are done: few have any at all.
            sa.or_(Bestemmelse.punkt.is_not(None), sa.cast(Bestemmelse.trinn, sa.String) != "[]"),
        )
        .order_by(Avtale.nummer, Avtale.tittel, Bestemmelse.plass)
    )
    punkter: dict[int, list[Sted]] = {}
    trinn: dict[str, list[Sted]] = {}
    for r in rader:
        navn = f"{r.kjenningsnummer} {r.tittel}".strip()
        sted = Sted(r.noekkel, r.nummer, r.overskrift, r.id, navn, r.versjon)
        if r.punkt:
            punkter.setdefault(r.punkt, []).append(sted)
        for t in r.trinn:
            trinn.setdefault(t, []).append(sted)
    return punkter, trinn
