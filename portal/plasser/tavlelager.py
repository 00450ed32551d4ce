"""The board as this process last read it, brought up to date with what has changed since. Reads alone.

Each question asks the database for the version, the names and the phases, so that two processes agree and nothing shown
is older than what holds; the rows themselves are read again only where they have changed. A row that is newer than the
version is read once more, never missed: the version is read first, and versions are committed in their order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property, lru_cache
from hashlib import blake2s
from types import SimpleNamespace
from typing import Any, NamedTuple
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
from portal.plasser.models import Plass, Plassenhet, Plasstall, Plasstavle
from portal.plasser.sammendrag import DELER, Sted, Sum, legg_sammen_sted

TALL = ("antall", "normert", "bemannet", *DELER)
#: So often (seconds) every row is read anew: the one name without a version of its own is the person's.
LEVETID = 300.0

Rad = dict[str, Any]
#: The trust's id, the fylke and the kommunenummer, as the rows have them.
Stednavn = tuple[str | None, str, str]


class Tavle:
    """The board at one version. Shared by all who ask: whoever wants to change a row copies it."""

    def __init__(
        self,
        versjon: int,
        navn: tuple[int, int],
        raa: dict[UUID, Any],
        alle_faser: dict[UUID, int],
        foer: Tavle | None,
        nye: Collection[UUID] = (),
    ) -> None:
        """`foer`: the board that this one follows, of the same names; `nye`: the units read since."""
        self.versjon, self.navn, self.raa, self.alle_faser = versjon, navn, raa, alle_faser
        self.lest: float = foer.lest if foer is not None else time.monotonic()
        #: What is made of names alone, and what the next board may make use of: handed on from board to board.
        self.arv: dict[Any, Any] = foer.arv if foer is not None else {}
        if (
            foer is not None
            and alle_faser == foer.alle_faser
            and len(raa) == len(foer.raa)
            and all(id_ in foer.raa and raa[id_].kommune_id == foer.raa[id_].kommune_id for id_ in nye)
        ):
            # The usual: a unit or two. The others are not so much as looked at.
            self.kommunefaser: dict[UUID, int] = foer.kommunefaser
            ferske = {id_: rad_av(raa[id_], self.kommunefaser[raa[id_].kommune_id]) for id_ in nye}
            self.rader: dict[UUID, Rad] = {**foer.rader, **ferske}
            return
        self.kommunefaser = faser_for({r.kommune_id for r in raa.values()}, alle_faser)
        #: {id: row}, in the order of the board, those closed down too.
        self.rader = {}
        for id_, r in raa.items():
            fase = self.kommunefaser[r.kommune_id]
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
    def steder(self) -> dict[Stednavn, Sted]:
        """{(trust, fylke, kommune): what its units in use add up to}: made anew where one of them has changed."""
        per: dict[Stednavn, list[Rad]] = {}
        for rad in self.enheter:
            per.setdefault((rad["foretak_id"], rad["fylke"], rad["kommunenummer"]), []).append(rad)
        foer: dict[Stednavn, Sted] = self.arv.get("steder", {})
        self.arv["steder"] = ut = {
            navn: gammelt
            if (gammelt := foer.get(navn)) is not None and gammelt.rader == rader
            else legg_sammen_sted(rader)
            for navn, rader in per.items()
        }
        return ut

    @cached_property
    def json(self) -> bytes:
        """The whole board, ready to be sent."""
        return self.som_json(self.enheter, hel=True)

    def som_json(self, rader: Sequence[Rad], *, hel: bool) -> bytes:
        """`som_svar` as JSON: a row is written once for as long as it stands unchanged, not once a board."""
        skrevet: dict[str, tuple[Rad, orjson.Fragment]] = self.arv.setdefault("json", {})
        deler = []
        for rad in rader:
            funnet = skrevet.get(rad["id"])
            if funnet is None or funnet[0] is not rad:
                funnet = skrevet[rad["id"]] = (rad, orjson.Fragment(orjson.dumps(rad)))
            deler.append(funnet[1])
        return orjson.dumps({**self.som_svar(rader, hel=hel), "enheter": deler})

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
        naa = now().isoformat()
        for sted in self.steder.values() if summer else ():
            for navn in grupper(sted.rader[0]):
                if (s := summer.get(navn)) is not None:
                    s.ta_med_sted(sted, naa)
        return {navn: _sum_ut(s) for navn, s in summer.items()}

    def som_svar(self, rader: Sequence[Rad], *, hel: bool) -> dict[str, Any]:
        svar = {
            **{"versjon": self.versjon, "faser": self.faser, "navn": self.navnemerke},
            **{"hel": hel, "enheter": rader},
        }
        return svar if hel else {**svar, "summer": self.summer_for(rader)}


# --- sums ------------------------------------------------------------------------------------------------


def grupper(rad: Mapping[str, Any]) -> tuple[str, str, str, str]:
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
    return sorted(_les(_radsporring().where(*vilkaar)), key=_plass_paa_tavla)


@lru_cache
def _radsporring() -> sa.Select[*tuple[Any, ...]]:
    """Put together once: that takes longer than to ask it for the unit or two that have changed."""
    vert, fylke, foretak = aliased(Organisasjon), aliased(Organisasjon), aliased(Organisasjon)
    return (
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
            Plasstall.laant_inn,
            Plasstall.laant_ut,
            *(getattr(Plasstall, k) for k in TALL),
        )
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .join(vert, vert.id == Plassenhet.vertskommune_id)
        .outerjoin(fylke, fylke.id == vert.overordnet_id)
        .outerjoin(foretak, foretak.id == vert.helseforetak_id)
        .outerjoin(Person, Person.id == Plassenhet.bekreftet_av_id)
        .outerjoin(Plasstall, Plasstall.plassenhet_id == Plassenhet.id)
    )


def _les(sporring: sa.Select[*tuple[Any, ...]], **verdier: Any) -> list[Any]:
    """Those of a question; where staff is lent or borrowed, with why (`laan`)."""
    funnet = db.session.execute(sporring, verdier).all()
    laante = [r.id for r in funnet if r.laant_inn or r.laant_ut]
    if not laante:
        return list(funnet)
    laan = _laan(laante)
    return [
        SimpleNamespace(**r._mapping, laan=laan.get(r.id, [])) if r.laant_inn or r.laant_ut else r
        for r in funnet
    ]


def _laan(enheter: Sequence[UUID]) -> dict[UUID, list[Rad]]:
    """{unit: why its staffing is another than its own}: beds without staff that is lent, then those that borrowed
    staff has opened; with whom, and until when."""
    ut: dict[UUID, list[Rad]] = {}
    for r in db.session.execute(
        sa.select(
            Plass.plassenhet_id,
            Plass.laan,
            Organisasjon.kortnavn,
            Plass.laan_til,
            sa.func.count().label("antall"),
        )
        .outerjoin(Organisasjon, Organisasjon.id == Plass.laan_organisasjon_id)
        .where(Plass.plassenhet_id.in_(enheter), Plass.nedlagt.is_(None), sa.text("plass.laan <> ''"))
        .group_by(Plass.plassenhet_id, Plass.laan, Organisasjon.kortnavn, Plass.laan_til)
        .order_by(Plass.laan.desc(), Plass.laan_til, Organisasjon.kortnavn)
    ):
        ut.setdefault(r.plassenhet_id, []).append(
            {
                "retning": r.laan,
                "antall": r.antall,
                "organisasjon": r.kortnavn or "",
                "til": r.laan_til.isoformat() if r.laan_til else None,
            }
        )
    return ut


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
        "laan": r.laan if r.laant_inn or r.laant_ut else [],
        "bekreftet": r.bekreftet.isoformat() if r.bekreftet else None,
        "bekreftet_av": r.bekreftet_av or "",
        "fase": fase,
        "ferskt_til": (r.bekreftet + timedelta(hours=timer)).isoformat() if r.bekreftet else None,
        "nedlagt": r.nedlagt is not None,
        "versjon": r.stavleversjon,
    }


def faser_for(kommuner: Iterable[UUID], alle: dict[UUID, int] | None = None) -> dict[UUID, int]:
    """The phase that holds now in each of these kommuner. `alle`: those of all, where they are known."""
    # All of them in one short statement: with hundreds of ids in it, it takes longer to write than to run.
    faser = faser_naa() if alle is None else alle
    return {k: faser.get(k, int(Fase.ENKELTTILFELLER)) for k in kommuner}


# --- what is kept ----------------------------------------------------------------------------------------

_siste: Tavle | None = None
_laas = threading.Lock()


def versjon() -> int:
    """The board's version: 0 before anything was ever changed."""
    return db.session.scalar(sa.select(Plasstavle.versjon)) or 0


@lru_cache
def _merkesporring() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        sa.select(Plasstavle.versjon).scalar_subquery(),
        sa.select(sa.func.sum(Enhet.versjon)).where(Enhet.type == Enhetstype.OEHD_ENHET).scalar_subquery(),
        sa.select(sa.func.sum(Organisasjon.versjon)).scalar_subquery(),
    )


class _Naa(NamedTuple):
    """What is asked each time: the board's version, that of the names on it (units' and organisations'), the phases."""

    versjon: int
    navn: tuple[int, int]
    alle_faser: dict[UUID, int]


def _les_naa() -> _Naa:
    # The version before all else: a row that is newer than it is read once more, never missed.
    r = db.session.execute(_merkesporring()).one()
    return _Naa(r[0] or 0, (int(r[1] or 0), int(r[2] or 0)), faser_naa())


def hent() -> Tavle:
    """The board as it is now. Inside a use case it is read anew and not kept: it may never be committed."""
    if i_transaksjon():
        return _ny(None, _les_naa())
    sett = _siste
    # Before the lock, also where the answer is known to be old: who has the lock has a connection already, and waits
    # for none that is held by those who wait for it.
    naa = _les_naa()
    if sett is not None and not _utgaatt(sett) and _er(sett, naa):
        return sett
    with _laas:
        return _oppdater(sett, naa)


def _utgaatt(tavle: Tavle) -> bool:
    return time.monotonic() - tavle.lest >= LEVETID


def _er(tavle: Tavle, naa: _Naa) -> bool:
    """Whether the board is the one of now."""
    if (naa.versjon, naa.navn) != (tavle.versjon, tavle.navn):
        return False
    return naa.alle_faser == tavle.alle_faser or (
        faser_for(tavle.kommunefaser, naa.alle_faser) == tavle.kommunefaser
    )


def _holder(tavle: Tavle, naa: _Naa) -> bool:
    """Whether the board is of now, or of a moment after it: versions only grow, and the phases were read after them."""
    spurt, har = (naa.versjon, *naa.navn), (tavle.versjon, *tavle.navn)
    return _er(tavle, naa) or (har != spurt and all(h >= s for h, s in zip(har, spurt, strict=True)))


def _oppdater(sett: Tavle | None, naa: _Naa) -> Tavle:
    """`sett`: what was kept before it was asked for `naa`; another is one that somebody read while this one waited."""
    global _siste
    siste = _siste
    if siste is not None and _utgaatt(siste):
        siste = None
    if siste is None or siste is sett or not _holder(siste, naa):
        siste = _siste = _ny(siste, naa)
    return siste


def _ny(gammel: Tavle | None, naa: _Naa) -> Tavle:
    # A lower version: another database, or a reader whose transaction began before the last change.
    if gammel is None or naa.navn != gammel.navn or naa.versjon < gammel.versjon:
        return Tavle(*naa[:2], {r.id: r for r in les_rader()}, naa.alle_faser, None)
    if naa.versjon == gammel.versjon:
        return gammel if _er(gammel, naa) else Tavle(*naa[:2], gammel.raa, naa.alle_faser, gammel)
    nye = {r.id: r for r in les_rader(Plassenhet.stavleversjon > gammel.versjon)}
    raa = {**gammel.raa, **nye}
    if any(id_ not in gammel.raa for id_ in nye):
        raa = {r.id: r for r in sorted(raa.values(), key=_plass_paa_tavla)}
    return Tavle(*naa[:2], raa, naa.alle_faser, gammel, nye)


def glem() -> None:
    """Reads everything anew the next time: for a database that was changed beneath us."""
    global _siste
    with _laas:
        _siste = None
