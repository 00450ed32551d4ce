"""Verifying and sealing the audit log."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.revisjon.models import FOERSTE, Revisjon, Revisjonskjede, Revisjonssegl
from portal.revisjon.steps import FELTER, beregn_hash

#: How often the heads of the chains are sealed.
SEGL_HVER = timedelta(hours=1)


@dataclass(frozen=True)
class Brudd:
    """The first broken link of a chain: where, and what is wrong with it."""

    kjede: str
    nummer: int
    grunn: str


@dataclass(frozen=True)
class Kontroll:
    """What `kontroller` found."""

    kjeder: int
    lenker: int
    segl: int
    brudd: list[Brudd]


def _signer(noekkel: str, tekst: str) -> str:
    return hmac.new(noekkel.encode(), tekst.encode(), hashlib.sha256).hexdigest()


def kontroller(noekkel: str) -> Kontroll:
    """Walks every chain and every seal, and gives the first broken link of each.

    `noekkel` is the key the seals were signed with. Reads in pieces: ten years of rows must fit in memory.
    """
    brudd: list[Brudd] = []
    _ett_oeyeblikk()
    kjeder = db.session.execute(sa.select(Revisjonskjede)).scalars().all()
    hoder = {k.noekkel: (k.antall, k.hode) for k in kjeder}
    forseglet, segl, seglbrudd = _les_segl(noekkel)
    siste_forseglet: dict[str, int] = {}
    for kjede, nummer in forseglet:
        siste_forseglet[kjede] = max(nummer, siste_forseglet.get(kjede, 0))
    if not seglbrudd and any(k.forseglet > siste_forseglet.get(k.noekkel, 0) for k in kjeder):
        seglbrudd.append(Brudd("segl", segl + 1, "mangler"))
    brudd.extend(seglbrudd)
    lenker = 0
    brutt: set[str] = set()
    ventet: dict[str, tuple[int, str]] = {}
    for rad in _alle_lenker():
        lenker += 1
        kjede, nummer = rad["kjede"], rad["nummer"]
        if kjede in brutt:
            continue
        forrige_nummer, forrige_hash = ventet.get(kjede, (0, FOERSTE))
        grunn = ""
        if nummer != forrige_nummer + 1:
            nummer, grunn = forrige_nummer + 1, "mangler"
        elif rad["forrige_hash"] != forrige_hash:
            grunn = "peker ikke på lenken før"
        elif beregn_hash(forrige_hash, rad) != rad["hash"]:
            grunn = "er endret etter at den ble skrevet"
        elif forseglet.get((kjede, nummer), rad["hash"]) != rad["hash"]:
            grunn = "er en annen enn den som ble forseglet"
        if grunn:
            brutt.add(kjede)
            brudd.append(Brudd(kjede, nummer, grunn))
            continue
        ventet[kjede] = (nummer, rad["hash"])
    for kjede in sorted((set(hoder) | set(siste_forseglet)) - brutt):
        antall, siste = ventet.get(kjede, (0, FOERSTE))
        if max(hoder.get(kjede, (0, ""))[0], siste_forseglet.get(kjede, 0)) > antall:
            brudd.append(Brudd(kjede, antall + 1, "mangler"))
        elif hoder.get(kjede) != (antall, siste):
            brudd.append(Brudd(kjede, antall, "er ikke den som hodet peker på"))
    for kjede in sorted(set(ventet) - set(hoder) - set(siste_forseglet)):
        brudd.append(Brudd(kjede, 1, "hører til en kjede uten hode"))
    return Kontroll(kjeder=len(hoder), lenker=lenker, segl=segl, brudd=brudd)


def _ett_oeyeblikk() -> None:
    """Everything is read as it stood at one moment: what people do meanwhile must not look like a broken chain.

    SQLite reads so by itself; on PostgreSQL each statement would see what was committed before it.
    """
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _alle_lenker() -> Iterator[dict[str, Any]]:
    kolonner = [getattr(Revisjon, f) for f in (*FELTER, "forrige_hash", "hash")]
    sporring = sa.select(*kolonner).order_by(Revisjon.kjede, Revisjon.nummer)
    resultat = db.session.execute(sporring.execution_options(yield_per=2000))
    for rad in resultat.mappings():
        yield dict(rad)


def _les_segl(noekkel: str) -> tuple[dict[tuple[str, int], str], int, list[Brudd]]:
    """The sealed heads, the number of seals, and what is broken among the seals themselves."""
    forseglet: dict[tuple[str, int], str] = {}
    brudd: list[Brudd] = []
    forrige, antall = FOERSTE, 0
    for s in db.session.execute(sa.select(Revisjonssegl).order_by(Revisjonssegl.nummer)).scalars():
        antall += 1
        ventet = hashlib.sha256(f"{forrige}\n{s.nummer}\n{s.hoder}".encode()).hexdigest()
        if s.nummer != antall or s.forrige_hash != forrige or s.hash != ventet:
            brudd.append(Brudd("segl", antall, "er brutt"))
            break
        if not hmac.compare_digest(s.signatur, _signer(noekkel, s.hash)):
            brudd.append(Brudd("segl", antall, "har feil signatur"))
            break
        forrige = s.hash
        for kjede, (nummer, verdi) in orjson.loads(s.hoder).items():
            forseglet[(kjede, nummer)] = verdi
    return forseglet, antall, brudd


@transactional
def forsegl(noekkel: str) -> bool:
    """Seals the heads that have changed since the last seal. Gives False when an hour has not gone yet,
    or nothing has changed. Idempotent: the primary key lets one of two workers through."""
    siste = db.session.execute(
        sa.select(Revisjonssegl).order_by(Revisjonssegl.nummer.desc()).limit(1)
    ).scalar_one_or_none()
    naa = now()
    if siste is not None and siste.tidspunkt > naa - SEGL_HVER:
        return False
    # Locked in the same order as `laas_kjeder` takes them, so that a writer waits and never deadlocks.
    kjeder = db.session.execute(
        sa.select(Revisjonskjede)
        .where(Revisjonskjede.antall > Revisjonskjede.forseglet)
        .order_by(Revisjonskjede.noekkel)
        .with_for_update()
    ).scalars()
    hoder = {}
    for k in kjeder:
        hoder[k.noekkel] = [k.antall, k.hode]
        k.forseglet = k.antall
    if not hoder:
        return False
    nummer = siste.nummer + 1 if siste else 1
    forrige = siste.hash if siste else FOERSTE
    tekst = orjson.dumps(hoder, option=orjson.OPT_SORT_KEYS).decode()
    hash_ = hashlib.sha256(f"{forrige}\n{nummer}\n{tekst}".encode()).hexdigest()
    db.session.add(
        Revisjonssegl(
            nummer=nummer,
            tidspunkt=naa,
            hoder=tekst,
            forrige_hash=forrige,
            hash=hash_,
            signatur=_signer(noekkel, hash_),
        )
    )
    return True
