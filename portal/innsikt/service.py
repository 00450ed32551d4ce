"""How the portal runs, told when somebody asks: from rows and pulses, so that nothing that is dead can say it lives."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import Any

import redis
import sqlalchemy as sa
import structlog
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from portal.core import puls
from portal.core.aktor import Aktor
from portal.core.arbeider import PULS_GRENSE, Spor, pulsnavn, sviktnavn
from portal.core.clock import now, oslo
from portal.core.config import innstillinger
from portal.core.db import database_klar, db
from portal.henvendelser.eskalering import kanarilesing
from portal.henvendelser.eskalering import service as eskalering
from portal.henvendelser.eskalering.kanari import KAN_SETTE
from portal.henvendelser.eskalering.kanariledd import uten_adresser
from portal.henvendelser.eskalering.kanarilesing import Kanaribilde
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Kanari, Kanarikjoering, Slag
from portal.plasser.hold import loepende as loepende_hold
from portal.vakt.bevis import vekkbarhet
from portal.varsler.models import VEKKENDE, Kanal, Utsending
from portal.varsler.service import levering
from portal.varsler.service.levering import Kanaltilstand

logg = structlog.get_logger(__name__)

#: Seconds past due at which a step that has not been taken is an error (the auditor's limit).
FORFALT = 60
#: How long past due a message may wait, and a channel may refuse, before an outside monitor hears of it.
UTSENDING_GRENSE = timedelta(minutes=5)
DOEGN = timedelta(hours=24)
#: Redis is asked at most this often (seconds): it is outside, and a page that is open asks all the time.
REDIS_HVER = 10.0


class Tilstand(StrEnum):
    OK = "ok"
    #: Works, but somebody should look at it.
    OBS = "obs"
    ROED = "roed"
    #: Has never run: nobody can tell.
    UKJENT = "ukjent"
    #: Not set up.
    AV = "av"


@dataclass(frozen=True, slots=True)
class Del:
    """One part, and how it is. `hvorfor` is a code with words of its own; `tid` the moment that it tells of."""

    kode: str
    tilstand: Tilstand
    hvorfor: str = ""
    tid: datetime | None = None
    #: What somebody's server said, without addresses.
    detalj: str = ""
    tall: Mapping[str, int] = field(default_factory=dict)
    #: Since when it has been so, where that is known.
    siden: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """All parts, as they were at one moment."""

    naa: datetime
    deler: Mapping[str, Del]

    def av_slag(self, slag: str) -> list[Del]:
        """The parts of one kind: «spor», «kanal»."""
        return [d for kode, d in self.deler.items() if kode.partition(".")[0] == slag]

    @property
    def roede(self) -> list[str]:
        return [kode for kode, d in self.deler.items() if d.tilstand == Tilstand.ROED]


@dataclass(frozen=True, slots=True)
class Driftsstatus:
    """What one person sees on the status page."""

    drift: Drift
    kanarier: Sequence[Kanaribilde]
    #: Whether the person may set the canaries of the own organisation.
    kan_sette: bool
    #: Whether an alarm now would wake those on call at the own organisation: the same rule as the rosters' pages have.
    #: None where the database is away.
    vekking: Del | None

    @property
    def obs(self) -> bool:
        """Whether something that this person sees is not proven: then not everything works."""
        return (
            any(d.tilstand == Tilstand.OBS for d in [*self.drift.deler.values(), self.vekking] if d)
            or any(d.tilstand == Tilstand.UKJENT for d in self.drift.av_slag("spor"))
            or any(k.vist == kanarilesing.Kanaritilstand.OBS for k in self.kanarier)
        )

    @property
    def roed(self) -> bool:
        """Whether anything that this person sees is red."""
        return bool(self.drift.roede) or any(
            k.tilstand == kanarilesing.Kanaritilstand.ROED for k in self.kanarier
        )


def hent_driftsstatus(aktor: Aktor) -> Driftsstatus:
    """The state of everything, and the canaries of the own organisation (all for the systemadministrator)."""
    drift = les_drift()
    return Driftsstatus(
        drift=drift,
        kanarier=kanarilesing.synlige_kanarier(aktor),
        kan_sette=aktor.rolle in KAN_SETTE,
        vekking=_vekking(aktor, drift),
    )


def _vekking(aktor: Aktor, drift: Drift) -> Del | None:
    """Whether what is akutt would wake those on call now. That the parts run says nothing of it: a portal without a
    way that wakes is well, and nobody hears it."""
    veier = [d for kanal in VEKKENDE if (d := drift.deler.get(f"kanal.{kanal}")) is not None]
    if not veier:
        return None
    v = vekkbarhet(aktor.organisasjon_id)
    tall = {"paa_vakt": v.paa_vakt, "klare": v.klare}
    if v.paa_vakt and v.klare == v.paa_vakt:
        return Del("vekking", Tilstand.OK, tall=tall)
    if not v.klare and all(d.tilstand in (Tilstand.AV, Tilstand.UKJENT) for d in veier):
        return Del("vekking", Tilstand.OBS, "ingen_vei", tall=tall)
    if not v.paa_vakt:
        return Del("vekking", Tilstand.UKJENT, "ingen_paa_vakt", tall=tall)
    return Del("vekking", Tilstand.OBS, "ikke_proevd", tall=tall)


def les_drift() -> Drift:
    """Every part as it is now. Where the database is away that is all that can be told."""
    naa = now()
    deler = [Del("database", Tilstand.ROED, "svarer_ikke")]
    if database_klar():
        try:
            kanaler = levering.tilstand()
            deler = [
                *_spor(naa),
                _eskalering(naa),
                _utsending(kanaler, naa),
                _plasser(),
                *(_kanal(k, naa) for k in kanaler),
                Del("database", Tilstand.OK),
            ]
        except SQLAlchemyError:
            db.session.rollback()
            logg.exception("drift_kan_ikke_leses")
    deler += _redis()
    return Drift(naa, {d.kode: d for d in deler})


def _spor(naa: datetime) -> list[Del]:
    """The lanes of the worker, each by its pulse.

    The others may be long at one job; but where the lane of the timers is silent, so is the whole worker, and none
    of them is believed for longer. Nor is a pulse from the future: a clock was wrong, and the worker may be dead.
    One that lives, and fails with some of what it takes one by one, is to be looked at.
    """
    siste = puls.siste()

    def alder(navn: str) -> float:
        """In seconds. What has never been is endlessly old; what is of the future as old as it is ahead."""
        return abs((naa - siste[navn]).total_seconds()) if navn in siste else inf

    deler = []
    satt_opp = [s for s in Spor if s != Spor.HJERTE or innstillinger().hjerteslag_url]
    frist = PULS_GRENSE[Spor.FRIST]
    staar = alder(pulsnavn(Spor.FRIST)) > frist
    for spor in satt_opp:
        tid = siste.get(pulsnavn(spor))
        if tid is None:
            deler.append(Del(f"spor.{spor}", Tilstand.UKJENT, "aldri"))
        elif alder(pulsnavn(spor)) > (frist if staar else PULS_GRENSE[spor]):
            deler.append(Del(f"spor.{spor}", Tilstand.ROED, "staar", tid))
        elif alder(sviktnavn(spor)) <= PULS_GRENSE[spor]:
            deler.append(Del(f"spor.{spor}", Tilstand.OBS, "svikter", tid))
        else:
            deler.append(Del(f"spor.{spor}", Tilstand.OK, tid=tid))
    return deler


def _eskalering(naa: datetime) -> Del:
    loeper = sa.and_(Eskalering.avsluttet.is_(None), Eskalering.slag != Slag.KANARI)
    antall, neste = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Eskalering.neste)).where(loeper)
    ).one()
    fyrt = db.session.scalar(sa.select(sa.func.count()).where(Eskaleringstrinn.tidspunkt > naa - DOEGN))
    forfalt = eskalering.forfalt_mer_enn(FORFALT) + eskalering.uten_timer(FORFALT)
    return Del(
        "eskalering",
        Tilstand.ROED if forfalt else Tilstand.OK,
        "forfalt" if forfalt else "",
        neste,
        tall={"loeper": antall, "forfalt": forfalt, "fyrt": fyrt or 0},
    )


def _utsending(kanaler: Sequence[Kanaltilstand], naa: datetime) -> Del:
    """The outbox: what is due and nobody takes. That a server refuses is told by its channel."""
    forfalt, eldste = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Utsending.neste)).where(
            Utsending.sendt.is_(None),
            Utsending.oppgitt.is_(None),
            Utsending.stoppet.is_(None),
            Utsending.neste < naa - UTSENDING_GRENSE,
        )
    ).one()
    return Del(
        "utsending",
        Tilstand.ROED if forfalt else Tilstand.OK,
        "forfalt" if forfalt else "",
        eldste,
        tall={
            "venter": sum(k.venter for k in kanaler),
            "forfalt": forfalt,
            "oppgitt": sum(k.oppgitt for k in kanaler),
        },
    )


def _plasser() -> Del:
    """Holds of emergency beds: the worker ends those that are over, and the web processes do where it has stopped."""
    loepende, forfalt = loepende_hold(timedelta(seconds=FORFALT))
    return Del(
        "plasser",
        Tilstand.OBS if forfalt else Tilstand.OK,
        "forfalt" if forfalt else "",
        tall={"holdt": loepende, "forfalt": forfalt},
    )


def _kanal(k: Kanaltilstand, naa: datetime) -> Del:
    """A channel by what last left on it, and what it refused after that, also to a test that was stopped since.

    What was refused at the first try was so for its own sake (nobody at that address): no fault of the channel's.
    """
    kode, tall = f"kanal.{k.kanal}", {"venter": k.venter, "oppgitt": k.oppgitt}
    if not k.satt_opp:
        return Del(kode, Tilstand.AV, "ikke_satt_opp", k.sist_sendt, tall=tall)
    if k.kanal == Kanal.EPOST and not innstillinger().smtp_url:
        return Del(kode, Tilstand.AV, "filer", k.sist_sendt, tall=tall)
    feilet = [
        Utsending.kanal == k.kanal,
        # Not as a parameter: the index of those that failed is chosen by the words of the condition.
        Utsending.feil != sa.literal_column("''"),
        Utsending.sendt.is_(None),
        sa.or_(Utsending.oppgitt.is_(None), Utsending.forsoek > 1),
        # The index is by when it was made. What waited for quiet hours was first tried long after that, and is
        # judged by it: a message that left meanwhile proves nothing of a server that has gone since.
        Utsending.opprettet > naa - DOEGN,
        Utsending.foerst > (k.sist_sendt or naa - DOEGN),
    ]
    siste = db.session.execute(
        sa.select(Utsending.feil).where(*feilet).order_by(Utsending.opprettet.desc()).limit(1)
    ).scalar_one_or_none()
    if siste is not None:
        siden = db.session.scalar(sa.select(sa.func.min(Utsending.foerst)).where(*feilet))
        return Del(kode, Tilstand.ROED, "feiler", k.sist_sendt, uten_adresser(siste), tall, siden)
    if k.oppgitt:
        return Del(kode, Tilstand.OBS, "oppgitt", k.sist_sendt, tall=tall)
    if k.sist_sendt is None:
        return Del(kode, Tilstand.UKJENT, "aldri_brukt", tall=tall)
    return Del(kode, Tilstand.OK, tid=k.sist_sendt, tall=tall)


_redis_sist: tuple[float, str, bool] = (0.0, "", False)


def _redis() -> list[Del]:
    """Redis, where it is set up: without it two web processes do not hear of each other at once."""
    global _redis_sist
    url = innstillinger().redis_url
    if not url:
        return []
    naa = time.monotonic()
    spurt, hvem, svarte = _redis_sist
    if hvem != url or naa - spurt > REDIS_HVER:
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as klient:
                svarte = bool(klient.ping())
        except (redis.RedisError, OSError):
            svarte = False
        _redis_sist = (naa, url, svarte)
    return [Del("redis", Tilstand.OK if svarte else Tilstand.ROED, "" if svarte else "svarer_ikke")]


# --- for monitors ----------------------------------------------------------------------------------------

#: The parts whose counts are told.
_MED_TALL = ("eskalering", "utsending", "plasser")
#: A part that is so is not to be trusted.
_DAARLIG = (Tilstand.ROED, Tilstand.UKJENT)
#: What a request needs to reach a human. A channel counts when it has refused for a while.
_KREVES = ("database", f"spor.{Spor.FRIST}", f"spor.{Spor.POST}", "eskalering", "utsending")


def eskaleringshelse() -> tuple[list[str], dict[str, int]]:
    """The red parts of the way to a human, and the counts. A worker that was never started is red here."""
    drift = les_drift()
    antall = {
        f"{kode}_{navn}": verdi
        for kode in _MED_TALL
        if kode in drift.deler
        for navn, verdi in drift.deler[kode].tall.items()
    }
    return _paa_veien(drift), antall


def _paa_veien(drift: Drift) -> list[str]:
    roede = [k for k in _KREVES if k in drift.deler and drift.deler[k].tilstand in _DAARLIG]
    for d in drift.av_slag("kanal"):
        if d.siden is not None and drift.naa - d.siden > UTSENDING_GRENSE:
            roede.append(d.kode)
    return roede


@dataclass(frozen=True, slots=True)
class Stans:
    """The way to a human is red: nothing is told to anybody, or nobody can say that it is."""

    #: Since when, where that is known.
    siden: datetime | None

    @property
    def naar(self) -> str:
        """«07:12», with the date before it on another day (Oslo time); "" where it is not known."""
        if self.siden is None:
            return ""
        her = oslo(self.siden)
        return f"{her:%H:%M}" if her.date() == oslo(now()).date() else f"{her:%d.%m. %H:%M}"


_stans: Stans | None = None


def oppdater_stans() -> Stans | None:
    """Reads how it is now, for all the pages of this process until the next tick."""
    global _stans
    drift = les_drift()
    roede = [drift.deler[kode] for kode in _paa_veien(drift)]
    tider = [tid for d in roede if (tid := d.siden or d.tid) is not None]
    _stans = Stans(min(tider, default=None)) if roede else None
    return _stans


def varslingsstans() -> Stans | None:
    """Whether the way to a human was red at the last tick; None: it was not. Asks the database nothing."""
    return _stans


def ikke_vel() -> list[str]:
    """What keeps the heartbeat from going out: as above, and the lane of everything else."""
    drift = les_drift()
    vanlig = drift.deler.get(f"spor.{Spor.VANLIG}")
    return [*_paa_veien(drift), *([vanlig.kode] if vanlig and vanlig.tilstand in _DAARLIG else [])]


def tall() -> bytes:
    """The figures for Prometheus. Of canaries only how many there are and how many are red."""
    drift = les_drift()
    register = CollectorRegistry()

    def sett(navn: str, hva: str, verdier: Mapping[str, float], etikett: str = "") -> None:
        maal = Gauge(f"portal_{navn}", hva, [etikett] if etikett else [], registry=register)
        for kode, verdi in verdier.items():
            (maal.labels(kode) if etikett else maal).set(verdi)

    sett(
        "del_roed",
        "1 where the part is red",
        {k: d.tilstand == Tilstand.ROED for k, d in drift.deler.items()},
        "del",
    )
    sett(
        "arbeider_puls_sekunder",
        "Seconds since the lane of the worker told that it lives",
        {
            d.kode.partition(".")[2]: (drift.naa - d.tid).total_seconds()
            for d in drift.av_slag("spor")
            if d.tid is not None
        },
        "spor",
    )
    sett(
        "arbeider_svikter",
        "1 where the lane goes, and some of what it does one by one fails",
        {d.kode.partition(".")[2]: d.hvorfor == "svikter" for d in drift.av_slag("spor")},
        "spor",
    )
    for kode in _MED_TALL:
        for navn, verdi in (drift.deler[kode].tall if kode in drift.deler else {}).items():
            sett(f"{kode}_{navn}", f"{kode}: {navn}", {"": verdi})
    if drift.deler["database"].tilstand == Tilstand.OK:
        roede, alle = _kanaritall()
        sett("kanari", "Canaries that are on", {"": alle})
        sett("kanari_roed", "Canaries whose last run was red", {"": roede})
    return generate_latest(register)


def _kanaritall() -> tuple[int, int]:
    siste = (
        sa.select(Kanarikjoering.roed)
        .where(Kanarikjoering.kanari_id == Kanari.id, Kanarikjoering.ferdig.is_not(None))
        .order_by(Kanarikjoering.start.desc())
        .limit(1)
        .correlate(Kanari)
        .scalar_subquery()
    )
    rader: list[Any] = list(db.session.scalars(sa.select(siste).select_from(Kanari).where(Kanari.aktiv)))
    return sum(bool(r) for r in rader), len(rader)
