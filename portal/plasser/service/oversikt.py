"""The overview beside the board: whose units are mine, the kommuner of the map, what one of them has. Reads alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import access, steps, tavlelager
from portal.plasser.hold import fulle_kvoter
from portal.plasser.sammendrag import Gruppe, Rad, Sum, i_rekkefoelge
from portal.plasser.service import tavle
from portal.plasser.tavlelager import Tavle

T = TypeVar("T")
#: What is made of a board, kept as long as the board itself is: {board: {what: it}}.
_laget: WeakKeyDictionary[Tavle, dict[Any, Any]] = WeakKeyDictionary()


def _en_gang(brett: Tavle, hva: tuple[Any, ...], lag: Callable[[], T]) -> T:
    """Makes a thing of a board once. Whoever gets it must not change it."""
    laget = _laget.setdefault(brett, {})
    if hva in laget:
        kjent: T = laget[hva]
        return kjent
    if len(laget) > 50:
        laget.clear()
    funnet = laget[hva] = lag()
    return funnet


@dataclass(frozen=True, slots=True)
class Oversikt:
    """The board as the actor meets it. `mine`: the ids of the units where the actor's kommune has a place."""

    brett: Tavle
    mine: frozenset[str]
    #: Those of them where it uses its whole quota: one rings.
    fulle: Mapping[str, steps.Kvotebruk]
    #: The trust that the actor belongs to, or whose area the actor's kommune lies in.
    foretak_id: str | None
    #: Whether the actor holds beds for the kommune's inhabitants.
    kan_holde: bool
    naa: datetime

    @property
    def versjon(self) -> int:
        return self.brett.versjon

    @property
    def faser(self) -> str:
        """The name of the phases that the ages are counted with: live boards compare it."""
        return self.brett.faser

    @property
    def navn(self) -> str:
        """The name of the names that the rows carry, compared in the same way."""
        return self.brett.navnemerke

    @property
    def rader(self) -> Sequence[Rad]:
        return self.brett.enheter

    @property
    def minutt(self) -> datetime:
        """Sums are made once a minute and change: how many figures are old needs no more."""
        return self.naa.replace(second=0, microsecond=0)

    def landet(self) -> Sum:
        return _en_gang(self.brett, ("landet", self.minutt), lambda: _landet(self.brett, self.naa))

    def grupper(self, noekkel: str, navn: str) -> list[Gruppe]:
        """All units by trust, fylke or kommune."""
        return _en_gang(
            self.brett,
            ("grupper", noekkel, self.minutt),
            lambda: _grupper(self.brett, noekkel, navn, self.naa),
        )

    def kommuner(self) -> list[Kommune]:
        """The kommuner of today, by name: kept from board to board, for as long as the names are."""
        arv = self.brett.arv
        if "kommuner" not in arv:
            arv["kommuner"] = [_kommune(r) for r in db.session.execute(_kommunesporring())]
        funnet: list[Kommune] = arv["kommuner"]
        return funnet

    def steder(self) -> tuple[list[tuple[str, str]], list[str]]:
        """What the board can be narrowed by: its trusts (id, name) and its fylker, by name."""
        return _en_gang(self.brett, ("steder",), lambda: _steder(self.rader))


def _landet(brett: Tavle, naa: datetime) -> Sum:
    ut, naa_tekst = Sum(), naa.isoformat()
    for sted in brett.steder.values():
        ut.ta_med_sted(sted, naa_tekst)
    return ut


def _grupper(brett: Tavle, noekkel: str, navn: str, naa: datetime) -> list[Gruppe]:
    """As `i_grupper` of all the units, by way of what is known of each place."""
    grupper: dict[str, Gruppe] = {}
    for rad in brett.enheter:
        kode = rad[noekkel] or "-"
        if (gruppe := grupper.get(kode)) is None:
            gruppe = grupper[kode] = Gruppe(kode, rad[navn] or "")
        gruppe.rader.append(rad)
    naa_tekst = naa.isoformat()
    for sted in brett.steder.values():
        grupper[sted.rader[0][noekkel] or "-"].sum.ta_med_sted(sted, naa_tekst)
    return i_rekkefoelge(grupper.values())


def _steder(rader: Sequence[Rad]) -> tuple[list[tuple[str, str]], list[str]]:
    foretak = {r["foretak_id"]: r["foretak"] for r in rader if r["foretak_id"]}
    fylker = {r["fylke"] for r in rader if r["fylke"]}
    return (
        sorted(foretak.items(), key=lambda f: sorteringsnoekkel(f[1])),
        sorted(fylker, key=sorteringsnoekkel),
    )


def hent(aktor: Aktor) -> Oversikt:
    """The whole board. Raises IkkeTilgang for who has no role."""
    tavle.krev_inne(aktor)
    egen = db.session.get(Organisasjon, aktor.organisasjon_id) if aktor.organisasjon_id else None
    kommune = egen is not None and egen.type == Organisasjonstype.KOMMUNE
    foretak = egen.helseforetak_id if egen is not None and kommune else aktor.organisasjon_id
    kan_holde = kommune and aktor.rolle in access.KLINISKE
    kvoter = steps.kvotebruk(egen.id) if egen is not None and kommune else {}
    return Oversikt(
        brett=tavlelager.hent(),
        mine=frozenset(map(str, kvoter)),
        fulle=fulle_kvoter(aktor, kvoter) if kan_holde else {},
        foretak_id=str(foretak) if foretak else None,
        kan_holde=kan_holde,
        naa=now(),
    )


def _mine(kommune_id: UUID) -> frozenset[str]:
    return frozenset(str(enhet) for enhet in steps.har_plass_i(kommune_id))


@dataclass(frozen=True, slots=True)
class Kommune:
    id: str
    nr: str
    navn: str
    fylke: str
    foretak_id: str | None
    #: Parallel Sámi and Kven names.
    andre_navn: tuple[str, ...] = ()


def _kommunesporring() -> sa.Select[*tuple[Any, ...]]:
    fylke = aliased(Organisasjon)
    return (
        sa.select(
            Organisasjon.id,
            Organisasjon.kode,
            Organisasjon.kortnavn,
            fylke.kortnavn.label("fylke"),
            Organisasjon.helseforetak_id,
            Organisasjon.navn_alternativ,
        )
        .outerjoin(fylke, fylke.id == Organisasjon.overordnet_id)
        .where(
            Organisasjon.type == Organisasjonstype.KOMMUNE,
            Organisasjon.nedlagt.is_(None),
            Organisasjon.kode.is_not(None),
        )
        .order_by(Organisasjon.kortnavn)
    )


def _kommune(r: Any) -> Kommune:
    foretak = str(r.helseforetak_id) if r.helseforetak_id else None
    andre = tuple(r.navn_alternativ.split(" / ")) if r.navn_alternativ else ()
    return Kommune(str(r.id), r.kode, r.kortnavn, r.fylke or "", foretak, andre)


@dataclass(frozen=True, slots=True)
class Kommunevisning:
    """A kommune's units: those that lie there, and those elsewhere where it has a place."""

    kommune: Kommune
    her: list[Rad]
    ellers: list[Rad]


def hent_kommune(tavlen: Oversikt, nr: str) -> Kommunevisning:
    """What one kommune has, out of the board that the actor got. Raises IkkeFunnet."""
    kommune = next((k for k in tavlen.kommuner() if k.nr == nr), None)
    if kommune is None:
        raise IkkeFunnet()
    har_plass = _mine(UUID(kommune.id))
    rader = tavlen.rader
    return Kommunevisning(
        kommune,
        [r for r in rader if r["kommunenummer"] == nr],
        [r for r in rader if r["kommunenummer"] != nr and r["id"] in har_plass],
    )
