"""The board as this process last read it, brought up to date with what has changed since. Reads alone.

Each question asks the database for the version, the names and the phases, so that two processes agree and nothing shown
is older than what holds; the rows themselves are read again only where they have changed. A row that is newer than the
version is read once more, never missed: the version is read first, and versions are committed in their order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cached_property
from hashlib import blake2s
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.beredskap.models import Fase
from portal.beredskap.steps import faser_naa
from portal.core.clock import now
from portal.core.db import db, i_transaksjon
from portal.identitet.models import Enhet, Enhetstype, Organisasjon, Person
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser.models import Plassenhet, Plasstall, Plasstavle
from portal.plasser.sammendrag import DELER, Sum

TALL = ("antall", "normert", "bemannet", *DELER)
#: So often (seconds) every row is read anew: the one name without a version of its own is the person's.
LEVETID = 300.0

Rad = dict[str, Any]


class Tavle:
    """The board at one version. Shared by all who ask: whoever wants to change a row copies it."""

    def __init__(
        self,
        versjon: int,
        navn: tuple[int, int],
        raa: dict[UUID, Any],
        faser: dict[UUID, int],
        foer: Tavle | None,
    ) -> None:
        self.versjon, self.navn, self.raa, self.kommunefaser = versjon, navn, raa, faser
        self.lest: float = foer.lest if foer is not None else time.monotonic()
        #: {id: row}, in the order of the board, those closed down too.
        self.rader: dict[UUID, Rad] = {}
        for id_, r in raa.items():
            fase = faser[r.kommune_id]
            gammel = foer.rader.get(id_) if foer is not None and foer.raa.get(id_) is r else None
            self.rader[id_] = gammel if gammel is not None and gammel["fase"] == fase else rad_av(r, fase)

    @cached_property
    def faser(self) -> str:
        """A name of the phases that the rows are counted with: another when one of them is."""
        ulike = sorted((str(k), int(f)) for k, f in self.kommunefaser.items() if f != Fase.ENKELTTILFELLER)
        return blake2s(orjson.dumps(ulike), digest_size=6).hexdigest()

    @property
    def navnemerke(self) -> str:
        """A name of the names that the rows carry: another when a unit or an organisation is told of otherwise."""
        return "-".join(str(d) for d in self.navn)

    @cached_property
    def enheter(self) -> list[Rad]:
        """The rows of the units that are in use."""
        return [r for r in self.rader.values() if not r["nedlagt"]]

    @cached_property
    def json(self) -> bytes:
        """The whole board, ready to be sent."""
        return orjson.dumps(self.som_svar(self.enheter, hel=True))

    @property
    def merke(self) -> str:
        """What the whole board can be known by (ETag): the same in every process that shows the same. A person's new
        name alone does not change it."""
        return f"{self.versjon}-{self.navnemerke}-{self.faser}"

    def etter(self, versjon: int) -> list[Rad]:
        """What has changed after a version, units that have closed down too."""
        return [r for r in self.rader.values() if r["versjon"] > versjon]

    def summer_for(self, rader: Sequence[Rad]) -> dict[str, Rad]:
        """{«alle», «foretak:…», «fylke:…», «kommune:…»: its figures}: those that these rows count in."""
        summer = {navn: Sum() for rad in rader for navn in grupper(rad)}
        steder = {(rad["foretak_id"], rad["fylke"]) for rad in rader}
        foretak, fylker = {s[0] for s in steder}, {s[1] for s in steder}
        naa = now().isoformat()
        for rad in self.enheter if summer else ():
            alle, *egne = (
                grupper(rad) if rad["fylke"] in fylker or rad["foretak_id"] in foretak else ("alle",)
            )
            summer[alle].ta_med(rad, naa)
            for navn in egne:
                if (s := summer.get(navn)) is not None:
                    s.ta_med(rad, naa)
        return {navn: _sum_ut(s) for navn, s in summer.items()}

    def som_svar(self, rader: list[Rad], *, hel: bool) -> dict[str, Any]:
        svar = {
            **{"versjon": self.versjon, "faser": self.faser, "navn": self.navnemerke},
            **{"hel": hel, "enheter": rader},
        }
        return svar if hel else {**svar, "summer": self.summer_for(rader)}


# --- sums ------------------------------------------------------------------------------------------------


def grupper(rad: Rad) -> tuple[str, str, str, str]:
    """The sums that a row counts in."""
    return (
        "alle",
        f"foretak:{rad['foretak_id'] or ''}",
        f"fylke:{rad['fylke']}",
        f"kommune:{rad['kommunenummer']}",
    )


def _sum_ut(s: Sum) -> Rad:
    """As `leggSammen` in frontend/lib/plasstall.js gives it."""
    return {
        **{
            f: getattr(s, f)
            for f in ("enheter", "ukjente", "gamle", "antall", "bemannet", "usikker", "eldst")
        },
        **s.tall,
    }


# --- rows ------------------------------------------------------------------------------------------------


def les_rader(*vilkaar: sa.ColumnElement[bool]) -> list[Any]:
    """The rows as the database has them, without the phase, in the order of the board: trust, kommune, unit."""
    vert, fylke, foretak = aliased(Organisasjon), aliased(Organisasjon), aliased(Organisasjon)
    funnet = db.session.execute(
        sa.select(
            Plassenhet.id,
            Plassenhet.nedlagt,
            Plassenhet.evner,
            Plassenhet.legedekning,
            Plassenhet.fersk_timer_lav,
            Plassenhet.fersk_timer_hoey,
            Plassenhet.bekreftet,
            Plassenhet.stavleversjon,
            Enhet.navn,
            Enhet.telefon,
            vert.id.label("kommune_id"),
            vert.kode.label("kommunenummer"),
            vert.kortnavn.label("kommune"),
            fylke.kortnavn.label("fylke"),
            foretak.id.label("foretak_id"),
            foretak.kortnavn.label("foretak"),
            Person.navn.label("bekreftet_av"),
            Plasstall.ledige_evner,
            *(getattr(Plasstall, k) for k in TALL),
        )
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .join(vert, vert.id == Plassenhet.vertskommune_id)
        .outerjoin(fylke, fylke.id == vert.overordnet_id)
        .outerjoin(foretak, foretak.id == vert.helseforetak_id)
        .outerjoin(Person, Person.id == Plassenhet.bekreftet_av_id)
        .outerjoin(Plasstall, Plasstall.plassenhet_id == Plassenhet.id)
        .where(*vilkaar)
    ).all()
    return sorted(funnet, key=_plass_paa_tavla)


def _plass_paa_tavla(r: Any) -> tuple[Any, ...]:
    n = sorteringsnoekkel
    return (r.foretak is None, n(r.foretak or ""), n(r.kommune), n(r.navn), str(r.id))


def rad_av(r: Any, fase: int) -> Rad:
    """The row that everybody sees."""
    timer = r.fersk_timer_hoey if fase >= 3 else r.fersk_timer_lav
    kjent = r.antall is not None
    return {
        "id": str(r.id),
        "navn": r.navn,
        "telefon": r.telefon,
        "kommune_id": str(r.kommune_id),
        "kommunenummer": r.kommunenummer,
        "kommune": r.kommune,
        "fylke": r.fylke or "",
        "foretak_id": str(r.foretak_id) if r.foretak_id else None,
        "foretak": r.foretak or "",
        "legedekning": r.legedekning,
        "evner": r.evner,
        "ledige_evner": r.ledige_evner if kjent else {},
        **{k: getattr(r, k) for k in TALL},
        "bekreftet": r.bekreftet.isoformat() if r.bekreftet else None,
        "bekreftet_av": r.bekreftet_av or "",
        "fase": fase,
        "ferskt_til": (r.bekreftet + timedelta(hours=timer)).isoformat() if r.bekreftet else None,
        "nedlagt": r.nedlagt is not None,
        "versjon": r.stavleversjon,
    }


def faser_for(kommuner: Iterable[UUID]) -> dict[UUID, int]:
    """The phase that holds now in each of these kommuner."""
    # All of them in one short statement: with hundreds of ids in it, it takes longer to write than to run.
    alle = faser_naa()
    return {k: alle.get(k, int(Fase.ENKELTTILFELLER)) for k in kommuner}


# --- what is kept ----------------------------------------------------------------------------------------

_siste: Tavle | None = None
_laas = threading.Lock()


def versjon() -> int:
    """The board's version: 0 before anything was ever changed."""
    return db.session.scalar(sa.select(Plasstavle.versjon)) or 0


def _merker() -> tuple[int, tuple[int, int]]:
    """The board's version, and that of the names on it: those of units and those of organisations."""
    r = db.session.execute(
        sa.select(
            sa.select(Plasstavle.versjon).scalar_subquery(),
            sa.select(sa.func.sum(Enhet.versjon))
            .where(Enhet.type == Enhetstype.OEHD_ENHET)
            .scalar_subquery(),
            sa.select(sa.func.sum(Organisasjon.versjon)).scalar_subquery(),
        )
    ).one()
    return r[0] or 0, (int(r[1] or 0), int(r[2] or 0))


def hent() -> Tavle:
    """The board as it is now. Inside a use case it is read anew and not kept: it may never be committed."""
    if i_transaksjon():
        return _les(None)
    tavle = _siste
    if (
        tavle is not None
        and time.monotonic() - tavle.lest < LEVETID
        and _merker() == (tavle.versjon, tavle.navn)
        and faser_for(tavle.kommunefaser) == tavle.kommunefaser
    ):
        return tavle
    with _laas:
        return _oppdater()


def _oppdater() -> Tavle:
    global _siste
    gammel = _siste
    if gammel is not None and time.monotonic() - gammel.lest >= LEVETID:
        gammel = None
    _siste = _les(gammel)
    return _siste


def _les(gammel: Tavle | None) -> Tavle:
    nr, navn = _merker()
    # A lower version: another database, or a reader whose transaction began before the last change.
    if gammel is None or navn != gammel.navn or nr < gammel.versjon:
        raa = {r.id: r for r in les_rader()}
        return Tavle(nr, navn, raa, faser_for(r.kommune_id for r in raa.values()), None)
    if nr == gammel.versjon:
        faser = faser_for(gammel.kommunefaser)
        return gammel if faser == gammel.kommunefaser else Tavle(nr, navn, gammel.raa, faser, gammel)
    nye = {r.id: r for r in les_rader(Plassenhet.stavleversjon > gammel.versjon)}
    raa = {**gammel.raa, **nye}
    if any(id_ not in gammel.raa for id_ in nye):
        raa = {r.id: r for r in sorted(raa.values(), key=_plass_paa_tavla)}
    return Tavle(nr, navn, raa, faser_for(r.kommune_id for r in raa.values()), gammel)


def glem() -> None:
    """Reads everything anew the next time: for a database that was changed beneath us."""
    global _siste
    with _laas:
        _siste = None
