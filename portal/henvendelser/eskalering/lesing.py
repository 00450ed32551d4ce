"""The ladder of a case, as it is shown: who has been told, who has seen it, what comes next and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import UtcTid, db
from portal.henvendelser import access
from portal.henvendelser.eskalering import telefon
from portal.henvendelser.eskalering.models import (
    Eskalering,
    Eskaleringstrinn,
    Slag,
    Slutt,
    Trinnutfall,
)
from portal.henvendelser.eskalering.ubesvart import er_svar
from portal.henvendelser.forloep import Hastegrad, Side, Status
from portal.henvendelser.models import Hendelse, Henvendelse, Kvittering
from portal.identitet.mottakere import mottaker_for
from portal.vakt.steps import (
    ANSVARLIG,
    Policy,
    egne_nivaaer,
    neste_steg,
    paa_vakt,
)
from portal.varsler.models import Kanal, Varsel

#: An acknowledgement so new may be one that the open pages have not heard of.
NYLIG = timedelta(seconds=30)
#: The channels by which somebody says «sett». The others acknowledge by leading to the case, which tells by itself
#: that it was opened.
_SIER_SETT = (Kanal.SMS, Kanal.TALE, Kanal.EPOST)
_HASTER_MEST_FOERST = [str(h) for h in (Hastegrad.AKUTT, Hastegrad.HASTER, Hastegrad.VANLIG)]


@dataclass(frozen=True, slots=True)
class Trinn:
    """A step that was taken. `sett`: when the person first saw the case or said that the notice was seen (by SMS, a
    key or the letter's button); None: not yet. To press on it in the bell or on a push is neither: it may end on
    «finnes ikke» in another of the person's roles."""

    nummer: int
    nivaa: str
    utfall: str
    navn: str
    tidspunkt: datetime
    sett: datetime | None


@dataclass(frozen=True, slots=True)
class Runde:
    """A climb before the present one, and the steps that were taken in it."""

    #: From 1.
    nummer: int
    trinn: list[Trinn]


@dataclass(frozen=True, slots=True)
class Senere:
    """A step of this climb that comes after the next one, when nobody has acted by then."""

    nivaa: str
    #: Who is on call there now.
    navn: str
    tidspunkt: datetime


@dataclass(frozen=True, slots=True)
class Neste:
    """What happens at `forfaller`, when nobody has acted by then. `fra`: when this wait began."""

    #: "": nobody, since the rest of the ladder has nobody now, or is at its end (`slutt`).
    nivaa: str
    #: Who is on call there now; "" for nobody.
    navn: str
    #: Levels on the way that nobody has now.
    tomme: tuple[str, ...]
    #: The ladder is then climbed once more, or has come to its end.
    igjen: bool
    slutt: bool
    fra: datetime
    forfaller: datetime
    #: The rest of the climb, with those who are on call now.
    senere: tuple[Senere, ...] = ()
    #: How many times more the whole ladder is climbed after it.
    gjentas: int = 0
    #: When the portal gives up, and says so to the requester; None: it has.
    ende: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stige:
    """What a case waits for, and everything that is done about it."""

    #: A value of `Slag`: what is waited for.
    slag: str
    #: The steps of the present climb, and the climbs before it.
    trinn: list[Trinn] = field(default_factory=list)
    tidligere: list[Runde] = field(default_factory=list)
    neste: Neste | None = None
    #: The place in the receiver's queue, from 1; None for a case that somebody has.
    plass: int | None = None
    ring: telefon.Ring = telefon.INGEN

    @property
    def ingen(self) -> bool:
        """Nobody is on call at any level."""
        return bool(self.trinn) and self.trinn[-1].utfall == Trinnutfall.INGEN

    @property
    def uttoemt(self) -> bool:
        """The ladder is at its end, and nobody has answered."""
        return bool(self.trinn) and self.trinn[-1].utfall == Trinnutfall.UTTOEMT


def hent_stige(
    aktor: Aktor,
    sak: Henvendelse,
    *,
    kvitteringer: Sequence[Kvittering] | None = None,
    nummer: str | None = None,
) -> Stige | None:
    """The ladder of a case that has been fetched through `access`; None where nothing is waited for.

    `kvitteringer` and `nummer` (the receiver's own number) are those of the case, where the caller has them already.
    """
    if sak.status not in (Status.NY, Status.AKSEPTERT, Status.BESVART):
        return None
    esk, rader = _siste(sak)
    if esk is None and sak.status == Status.BESVART:
        return None
    if kvitteringer is None and rader:
        kvitteringer = _kvitteringer(sak.id, {r.trinn.person_id for r in rader if r.trinn.person_id})
    alle = [_trinn(r.trinn, r.svart, kvitteringer or (), _neste_gang(r.trinn, rader)) for r in rader]
    # The present climb is the last one in which somebody was asked for: the end of the ladder comes after it.
    spurt = [r.trinn.runde for r in rader if r.trinn.utfall in (Trinnutfall.VARSLET, Trinnutfall.TOMT)]
    denne = [t for t, r in zip(alle, rader, strict=True) if not spurt or r.trinn.runde >= spurt[-1]]
    neste = _neste(esk, sak, denne) if esk is not None and esk.avsluttet is None else None
    sist = next((r.trinn for r in reversed(rader) if r.trinn.utfall == Trinnutfall.VARSLET), None)
    innmelder = access.side(aktor, sak) == Side.INNMELDER
    # Whoever has the case, or was told last, is not asked to ring themselves.
    egen = not innmelder and aktor.person_id in (sak.ansvarlig_id, sist.person_id if sist else None)
    ring = telefon.for_sak(sak, sist.nivaa if sist else "", nummer if innmelder else "")
    return Stige(
        slag=esk.slag if esk is not None else (Slag.AKSEPT if sak.status == Status.NY else Slag.SVAR),
        trinn=denne,
        tidligere=_runder(alle[: len(alle) - len(denne)], rader),
        neste=neste,
        plass=_plass_i_koen(sak) if sak.status == Status.NY else None,
        ring=telefon.INGEN if egen else ring,
    )


def _runder(trinn: Sequence[Trinn], rader: Sequence[_Rad]) -> list[Runde]:
    runder: dict[int, list[Trinn]] = {}
    for t, r in zip(trinn, rader, strict=False):
        runder.setdefault(r.trinn.runde, []).append(t)
    return [Runde(runde + 1, tatt) for runde, tatt in sorted(runder.items())]


@dataclass(frozen=True, slots=True)
class _Rad:
    trinn: Eskaleringstrinn
    #: When a notice of the case to the person was first acknowledged after the step.
    svart: datetime | None


def _siste(sak: Henvendelse) -> tuple[Eskalering | None, list[_Rad]]:
    """The escalation that tells what the case waits for, with its steps: one statement, however many it has had.

    Of two that run for an accepted case, the one that has told somebody.
    """
    slag = [Slag.AKSEPT] if sak.status == Status.NY else [Slag.MELDING]
    if sak.status == Status.AKSEPTERT:
        slag.append(Slag.SVAR)
    rader = db.session.execute(
        _siste_sporring(),
        {
            "sak_id": sak.id,
            "slag": [str(s) for s in slag],
            "gjelder": f"henvendelse:{sak.id}",
            "opprettet": sak.opprettet,
        },
    ).all()
    if not rader:
        return None, []
    return rader[0][0], [_Rad(trinn, svart) for _esk, trinn, svart in rader if trinn is not None]


@cache
def _siste_sporring() -> sa.Select[*tuple[Any, ...]]:
    """Put together once: to build it anew for every page took longer than the database takes to answer."""
    har_trinn = sa.exists().where(Eskaleringstrinn.eskalering_id == Eskalering.id)
    gjelder = (
        sa.select(Eskalering.id)
        .where(
            Eskalering.henvendelse_id == sa.bindparam("sak_id"),
            Eskalering.slag.in_(sa.bindparam("slag", expanding=True)),
            sa.or_(Eskalering.avsluttet.is_(None), _forgjeves()),
        )
        .order_by(har_trinn.desc(), Eskalering.start.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(Eskalering, Eskaleringstrinn, _svart())
        .outerjoin(Eskaleringstrinn, Eskaleringstrinn.eskalering_id == Eskalering.id)
        .where(Eskalering.id == gjelder)
        .order_by(Eskaleringstrinn.nummer)
    )


def _forgjeves() -> sa.ColumnElement[bool]:
    """It came to its end, and what it waited for has neither come nor been asked for anew."""
    senere = aliased(Eskalering)
    return sa.and_(
        Eskalering.utfall == Slutt.UTTOEMT,
        ~sa.exists().where(
            senere.henvendelse_id == Eskalering.henvendelse_id,
            senere.slag == Eskalering.slag,
            senere.start > Eskalering.start,
        ),
        ~sa.exists().where(
            Hendelse.henvendelse_id == Eskalering.henvendelse_id,
            Hendelse.sekvens > Eskalering.sekvens,
            er_svar(),
        ),
    )


def _svart() -> sa.ScalarSelect[Any]:
    """The first time the step's person said, after the step, that a notice of the case was seen."""
    svart = Varsel.kvittert
    return (
        sa.select(sa.func.min(svart))
        .where(
            Varsel.person_id == Eskaleringstrinn.person_id,
            Varsel.opprettet >= sa.bindparam("opprettet"),
            Varsel.gjelder == sa.bindparam("gjelder"),
            Varsel.kvittert_kanal.in_(_SIER_SETT),
            svart >= Eskaleringstrinn.tidspunkt,
        )
        .correlate(Eskaleringstrinn)
        .scalar_subquery()
    )


def _kvitteringer(sak_id: UUID, personer: Iterable[UUID]) -> list[Kvittering]:
    return list(
        db.session.scalars(
            sa.select(Kvittering).where(
                Kvittering.henvendelse_id == sak_id, Kvittering.person_id.in_(list(personer))
            )
        )
    )


def _neste_gang(rad: Eskaleringstrinn, rader: Sequence[_Rad]) -> datetime | None:
    """When the same person was told anew, in a later climb; None: not."""
    return next(
        (
            r.trinn.tidspunkt
            for r in rader
            if r.trinn.nummer > rad.nummer
            and r.trinn.runde > rad.runde
            and r.trinn.person_id == rad.person_id
            and r.trinn.utfall == Trinnutfall.VARSLET
        ),
        None,
    )


def _trinn(
    rad: Eskaleringstrinn,
    svart: datetime | None,
    kvitteringer: Sequence[Kvittering],
    neste_gang: datetime | None,
) -> Trinn:
    """The step with when it was seen: what is seen after the person was told anew (`neste_gang`) is of that time."""
    kvittering = next((k for k in kvitteringer if k.person_id == rad.person_id), None)
    sett = [svart] if svart else []
    if kvittering is not None:
        sett += [t for t in (kvittering.sett, kvittering.tidspunkt) if t >= rad.tidspunkt]
        # Whoever had opened the waiting case before being told, knows of it. A new climb asks anew: it begins unseen.
        if not sett and rad.nivaa != ANSVARLIG and rad.runde == 0 and kvittering.sett < rad.tidspunkt:
            sett = [kvittering.sett]
    if neste_gang is not None:
        sett = [t for t in sett if t < neste_gang]
    return Trinn(
        nummer=rad.nummer,
        nivaa=rad.nivaa,
        utfall=rad.utfall,
        navn=rad.navn,
        tidspunkt=rad.tidspunkt,
        sett=min(sett, default=None) if rad.utfall == Trinnutfall.VARSLET else None,
    )


def _neste(esk: Eskalering, sak: Henvendelse, trinn: Sequence[Trinn]) -> Neste:
    vakter = paa_vakt(esk.organisasjon_id, esk.fagomraade)
    navn = {str(nivaa): vakt.navn for nivaa, vakt in vakter.items()}
    hvem = {str(nivaa): vakt.person_id for nivaa, vakt in vakter.items()}
    if esk.slag != Slag.AKSEPT and sak.ansvarlig_medlemskap_id is not None:
        ansvarlig = mottaker_for(sak.ansvarlig_medlemskap_id)
        if ansvarlig is not None:
            navn[ANSVARLIG], hvem[ANSVARLIG] = ansvarlig.navn, ansvarlig.person_id
    egne = egne_nivaaer(hvem)
    policy, bemannet = Policy.fra_dict(esk.policy), navn.keys() - egne
    steg = neste_steg(policy, esk.posisjon, esk.runde, bemannet)
    nivaa = steg.nivaa or ""
    senere: list[Senere] = []
    tid, plass = esk.neste, steg.neste
    # The ladder is climbed ahead of time, with those who are on call now.
    while plass is not None:
        tid += plass.vent
        videre = neste_steg(policy, plass.posisjon, plass.runde, bemannet)
        if plass.runde == esk.runde and videre.nivaa is not None:
            senere.append(Senere(videre.nivaa, navn.get(videre.nivaa, ""), tid))
        plass = videre.neste
    return Neste(
        nivaa=nivaa,
        navn=navn.get(nivaa, ""),
        tomme=tuple(n for n in steg.tomme if n not in egne),
        igjen=esk.posisjon == 0 and esk.runde > 0,
        slutt=steg.neste is None,
        fra=trinn[-1].tidspunkt if trinn else esk.start,
        forfaller=esk.neste,
        senere=tuple(senere),
        gjentas=policy.gjentakelser - esk.runde,
        ende=tid if steg.neste is not None else None,
    )


def _plass_i_koen(sak: Henvendelse) -> int:
    """The case's place among those that wait for the same fagområde, in the order of the queue: urgency, deadline."""
    foran = _HASTER_MEST_FOERST[: _HASTER_MEST_FOERST.index(sak.hastegrad)]
    antall = db.session.scalar(
        _foran_i_koen(),
        {
            "mottaker_id": sak.mottaker_id,
            "fagomraade": sak.fagomraade,
            "haster_mer": foran,
            "hastegrad": sak.hastegrad,
            "frist": sak.frist,
            "opprettet": sak.opprettet,
            "saksnummer": sak.saksnummer,
        },
    )
    return 1 + (antall or 0)


@cache
def _foran_i_koen() -> sa.Select[*tuple[Any, ...]]:
    sak: dict[str, sa.BindParameter[Any]] = {
        n: sa.bindparam(n) for n in ("mottaker_id", "fagomraade", "hastegrad", "saksnummer")
    }
    frist, opprettet = (sa.bindparam(n, type_=UtcTid()) for n in ("frist", "opprettet"))
    samme_frist = sa.or_(
        Henvendelse.opprettet < opprettet,
        sa.and_(Henvendelse.opprettet == opprettet, Henvendelse.saksnummer < sak["saksnummer"]),
    )
    return sa.select(sa.func.count()).where(
        Henvendelse.mottaker_id == sak["mottaker_id"],
        Henvendelse.fagomraade == sak["fagomraade"],
        Henvendelse.status == Status.NY,
        sa.or_(
            Henvendelse.hastegrad.in_(sa.bindparam("haster_mer", expanding=True)),
            sa.and_(
                Henvendelse.hastegrad == sak["hastegrad"],
                sa.or_(Henvendelse.frist < frist, sa.and_(Henvendelse.frist == frist, samme_frist)),
            ),
        ),
    )


# --- in a list -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KortStige:
    """The last step of a case that waits, for one line in a list."""

    utfall: str
    nivaa: str
    navn: str


def korte_stiger(saker: Sequence[Henvendelse]) -> dict[UUID, KortStige]:
    """For each case that waits (fetched through `access`), the last step that was taken for it."""
    venter = [s.id for s in saker if s.status == Status.NY]
    if not venter:
        return {}
    siste = (
        sa.select(sa.func.max(Eskaleringstrinn.nummer))
        .where(Eskaleringstrinn.eskalering_id == Eskalering.id, Eskaleringstrinn.utfall != Trinnutfall.TOMT)
        .correlate(Eskalering)
        .scalar_subquery()
    )
    rader = db.session.execute(
        sa.select(
            Eskalering.henvendelse_id, Eskaleringstrinn.utfall, Eskaleringstrinn.nivaa, Eskaleringstrinn.navn
        )
        .join(Eskaleringstrinn, Eskaleringstrinn.eskalering_id == Eskalering.id)
        .where(
            Eskalering.henvendelse_id.in_(venter),
            Eskalering.slag == Slag.AKSEPT,
            sa.or_(Eskalering.avsluttet.is_(None), Eskalering.utfall == Slutt.UTTOEMT),
            Eskaleringstrinn.nummer == siste,
        )
        .order_by(Eskalering.start)
    )
    return {r.henvendelse_id: KortStige(r.utfall, r.nivaa, r.navn) for r in rader}


# --- hints -----------------------------------------------------------------------------------------------


def saker_nettopp_kvittert(person_id: UUID) -> set[UUID]:
    """The cases of which the person has just acknowledged a notice: their open ladders are old."""
    naa = now()
    gjelder = db.session.scalars(
        sa.select(Varsel.gjelder).where(
            Varsel.person_id == person_id,
            Varsel.opprettet > naa - timedelta(days=2),
            Varsel.gjelder.like("henvendelse:%"),
            sa.func.coalesce(Varsel.kvittert, Varsel.lest) > naa - NYLIG,
        )
    )
    return {UUID(g.removeprefix("henvendelse:")) for g in gjelder if g}
