"""The day rates of the utskrivningsforskrift § 13: what a kommune pays per day for who is ready for discharge.

The years that the portal knows are in `utskrivning.KJENTE_SATSER`, and stand. Later ones are entered by a coordinator,
once for the whole country, with where it was read; a slip of the pen can be put right, and both are in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access
from portal.avtaler.livsmodeller import Doegnsats
from portal.avtaler.utskrivning import KILDE, KJENTE_SATSER, sats
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, insert_for, meld, transactional
from portal.core.errors import IkkeFunnet, Opptatt, UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.revisjon.steps import logg

MINST, MEST = 1, 100_000


@dataclass(frozen=True, slots=True)
class Satsrad:
    aar: int
    kroner: int
    kilde: str
    #: Entered by somebody: when, and who; None: the portal knows it itself.
    registrert: datetime | None = None
    av: str = ""


@dataclass(frozen=True, slots=True)
class Satser:
    """All rates, the newest first."""

    rader: Sequence[Satsrad]
    #: Years up to this one that are not known, and those that may be entered.
    mangler: Sequence[int]
    ledige: Sequence[int]
    kan_foere: bool


@dataclass(frozen=True, slots=True)
class Dagens:
    """The rate of a day, the year it is from, and the day's own year: another one means that its own is not known."""

    kroner: int
    aar: int
    dagens_aar: int

    @property
    def mangler(self) -> bool:
        return self.aar != self.dagens_aar


# --- reading ---------------------------------------------------------------------------------------------


def hent(aktor: Aktor) -> Satser:
    """The table, for everybody."""
    innlagte = db.session.scalars(sa.select(Doegnsats).options(joinedload(Doegnsats.registrert_av))).all()
    rader = [
        *(Satsrad(aar, kroner, KILDE) for aar, kroner in KJENTE_SATSER.items()),
        *(
            Satsrad(r.aar, r.kroner, r.kilde, r.registrert, r.registrert_av.navn if r.registrert_av else "")
            for r in innlagte
            if r.aar not in KJENTE_SATSER
        ),
    ]
    kjente = {r.aar for r in rader}
    iaar = i_dag().year
    ukjente = [aar for aar in range(max(KJENTE_SATSER) + 1, iaar + 2) if aar not in kjente]
    return Satser(
        sorted(rader, key=lambda r: -r.aar),
        [aar for aar in ukjente if aar <= iaar],
        ukjente,
        access.kan_foere_satser(aktor),
    )


def dagens(dag: date | None = None) -> Dagens | None:
    """The rate on a day (default: today); None: nothing is known so early."""
    dag = dag or i_dag()
    innlagte = {r.aar: r.kroner for r in db.session.execute(sa.select(Doegnsats.aar, Doegnsats.kroner))}
    funnet = sats(dag, innlagte)
    return None if funnet is None else Dagens(*funnet, dag.year)


# --- writing ---------------------------------------------------------------------------------------------


@transactional
def foer(aktor: Aktor, aar: int, kroner: int, kilde: str) -> None:
    """Enters the rate of a year. Raises IkkeTilgang, UgyldigData by field, Opptatt when somebody else was first."""
    access.krev_satser(aktor)
    _krev(kroner)
    if aar in KJENTE_SATSER:
        raise UgyldigData(
            felter={"aar": [_l("Satsen for dette året er fastsatt i forskriften, og kan ikke endres her.")]}
        )
    if not max(KJENTE_SATSER) < aar <= i_dag().year + 1:
        raise UgyldigData(
            felter={
                "aar": [
                    _l(
                        "Velg et år fra %(fra)s til %(til)s.",
                        fra=max(KJENTE_SATSER) + 1,
                        til=i_dag().year + 1,
                    )
                ]
            }
        )
    ny = db.session.execute(
        insert_for(Doegnsats, db.engine.dialect.name)
        .values(aar=aar, kroner=kroner, kilde=kilde, registrert=now(), registrert_av_id=aktor.person_id)
        .on_conflict_do_nothing(index_elements=["aar"])
        .returning(Doegnsats.aar)
    ).scalar_one_or_none()
    if ny is None:
        raise Opptatt(_alt_foert(aar))
    logg(aktor, "avtale.sats_foert", "doegnsats", aar, kroner=kroner, kilde=kilde)
    meld("avtale.satser_endret", aar=aar)


@transactional
def rett(aktor: Aktor, aar: int, kroner: int, kilde: str, lest: int, lest_kilde: str) -> None:
    """Puts right what was entered. `lest` and `lest_kilde` are the amount and the source that the writer had read:
    others now → Utdatert.

    Raises IkkeTilgang, IkkeFunnet for a year that nobody has entered, UgyldigData.
    """
    access.krev_satser(aktor)
    rad = db.session.scalars(
        sa.select(Doegnsats)
        .where(Doegnsats.aar == aar)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if rad is None or aar in KJENTE_SATSER:
        raise IkkeFunnet()
    _krev(kroner)
    if rad.kroner != lest:
        raise Utdatert(_alt_foert(aar))
    if rad.kilde != lest_kilde:
        raise Utdatert(
            _l("Noen andre har rettet kilden for %(aar)s. Nå står det: %(kilde)s", aar=aar, kilde=rad.kilde)
        )
    if (rad.kroner, rad.kilde) == (kroner, kilde):
        return
    logg(
        aktor,
        "avtale.sats_rettet",
        "doegnsats",
        aar,
        kroner=kroner,
        kilde=kilde,
        foer_kroner=rad.kroner,
        foer_kilde=rad.kilde,
    )
    rad.kroner, rad.kilde = kroner, kilde
    rad.registrert, rad.registrert_av_id = now(), aktor.person_id
    meld("avtale.satser_endret", aar=aar)


def _krev(kroner: int) -> None:
    if not MINST <= kroner <= MEST:
        raise UgyldigData(felter={"kroner": [_l("Skriv hele kroner per døgn, fra 1 til 100 000.")]})


def _alt_foert(aar: int) -> Any:
    kroner = db.session.scalar(sa.select(Doegnsats.kroner).where(Doegnsats.aar == aar))
    return _l("Noen andre har ført satsen for %(aar)s: %(kroner)s kr.", aar=aar, kroner=kroner)
