"""Verifying and sealing the audit log, and reading it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional, uavhengig
from portal.core.errors import IkkeTilgang
from portal.revisjon import access
from portal.revisjon.models import FOERSTE, Revisjon, Revisjonskjede, Revisjonssegl
from portal.revisjon.steps import FELTER, beregn_hash, logg

#: How often the heads of the chains are sealed.
SEGL_HVER = timedelta(hours=1)
#: Lines of the log on a page, in one piece of a file, and in a whole file.
PER_SIDE = 50
PER_BIT = 1000
MAKS_I_FIL = 50_000
#: What is shown when nobody says a period.
STANDARDPERIODE = timedelta(days=30)
#: Paging on counts as the same look so long.
LEST_I = timedelta(hours=1)


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


# --- reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """What part of the log is asked for. `fra` and `til` bound every look, so that a rare kind is found quickly."""

    fra: datetime
    til: datetime
    #: Beginnings of codes, and whole codes.
    begynner_med: tuple[str, ...] = ()
    handlinger: tuple[str, ...] = ()
    bare_avslag: bool = False
    personer: tuple[UUID, ...] | None = None
    #: The last line seen: (tidspunkt, id).
    foer: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Linje:
    """One line of the log as it is shown. No free text of anybody's: only who, what, when and about which."""

    id: UUID
    tidspunkt: datetime
    person_id: UUID | None
    person: str
    rolle: str
    handling: str
    utfall: str
    objekt_type: str
    #: Where the entry has one.
    saksnummer: str
    grunn: str
    form: str


def _krev_lese(aktor: Aktor) -> None:
    try:
        access.krev_lese(aktor)
    except IkkeTilgang:
        uavhengig(
            lambda: logg(
                aktor,
                "revisjon.lest",
                "organisasjon",
                aktor.organisasjon_id or "",
                utfall="avslag",
                grunn="rolle",
            )
        )
        raise


@transactional
def aapne_logg(aktor: Aktor, filter_: Filter, valg: dict[str, Any]) -> tuple[list[Linje], bool]:
    """A page of the organisation's log, the newest first, and whether there is more.

    Reading is itself logged, with the filters (`valg`): one row an opening. Going on from a line is the same opening.
    """
    _krev_lese(aktor)
    if filter_.foer is None or not _nylig_lest(aktor):
        logg(aktor, "revisjon.lest", "organisasjon", aktor.organisasjon_id, **valg)
    linjer = _les(aktor, filter_, PER_SIDE + 1)
    return linjer[:PER_SIDE], len(linjer) > PER_SIDE


def _nylig_lest(aktor: Aktor) -> bool:
    return (
        db.session.execute(
            sa.select(Revisjon.id)
            .where(
                Revisjon.person_id == aktor.person_id,
                Revisjon.tidspunkt > now() - LEST_I,
                Revisjon.organisasjon_id == aktor.organisasjon_id,
                Revisjon.handling == "revisjon.lest",
                Revisjon.utfall == "ok",
            )
            .limit(1)
        ).first()
        is not None
    )


@transactional
def start_eksport(aktor: Aktor, valg: dict[str, Any]) -> None:
    """Writes that the log is taken out as a file, before the first line of it leaves."""
    _krev_lese(aktor)
    logg(aktor, "revisjon.eksportert", "organisasjon", aktor.organisasjon_id, **valg)


def les_i_biter(aktor: Aktor, filter_: Filter) -> Iterator[list[Linje]]:
    """The log in pieces, MAKS_I_FIL lines and one more at the most: the one tells that it was cut.

    No read transaction stays open between the pieces: whoever takes the file slowly keeps nobody waiting.
    """
    igjen = MAKS_I_FIL + 1
    while igjen > 0:
        bit = _les(aktor, filter_, min(PER_BIT, igjen))
        db.session.rollback()
        if bit:
            yield bit
        if len(bit) < PER_BIT:
            return
        igjen -= len(bit)
        filter_ = replace(filter_, foer=(bit[-1].tidspunkt, bit[-1].id))


_KOLONNER = (
    *(Revisjon.id, Revisjon.tidspunkt, Revisjon.person_id, Revisjon.person_navn, Revisjon.rolle),
    *(Revisjon.handling, Revisjon.utfall, Revisjon.objekt_type, Revisjon.objekt_id, Revisjon.detaljer),
)


def _les(aktor: Aktor, f: Filter, antall: int) -> list[Linje]:
    sporring = access.synlige(aktor).where(Revisjon.tidspunkt >= f.fra, Revisjon.tidspunkt < f.til)
    if f.foer is not None:
        tid, id_ = f.foer
        sporring = sporring.where(
            Revisjon.tidspunkt <= tid, sa.or_(Revisjon.tidspunkt < tid, Revisjon.id < id_)
        )
    if f.begynner_med:
        sporring = sporring.where(sa.or_(*(Revisjon.handling.startswith(b) for b in f.begynner_med)))
    if f.handlinger:
        sporring = sporring.where(Revisjon.handling.in_(f.handlinger))
    if f.bare_avslag:
        # Written out: a plan for any value could not use the index of the denials.
        sporring = sporring.where(Revisjon.utfall == sa.literal_column("'avslag'"))
    if f.personer is not None:
        sporring = sporring.where(Revisjon.person_id.in_(f.personer))
    rader = db.session.execute(
        sporring.with_only_columns(*_KOLONNER)
        .order_by(Revisjon.tidspunkt.desc(), Revisjon.id.desc())
        .limit(antall)
    )
    return [_linje(r) for r in rader]


def _linje(r: Any) -> Linje:
    detaljer = orjson.loads(r.detaljer)
    return Linje(
        id=r.id,
        tidspunkt=r.tidspunkt,
        person_id=r.person_id,
        person=r.person_navn,
        rolle=r.rolle,
        handling=r.handling,
        utfall=r.utfall,
        objekt_type=r.objekt_type,
        saksnummer=str(detaljer.get("saksnummer") or (r.objekt_id if r.objekt_type == "saksnummer" else "")),
        grunn=str(detaljer.get("grunn") or ""),
        form=str(detaljer.get("form") or ""),
    )
