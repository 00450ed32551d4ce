"""One batch of messages in one transaction: what must be known, the judgement of each message, what is written.

The counters of the cases and the heads of their audit chains are locked first. Only then, in a statement of its own
and so on a fresh snapshot, the rights are read: whoever closes or forwards a case takes the same lock, so a message
never slips in behind a closing that it did not see.

On PostgreSQL the statements travel together (psycopg's pipeline): three waits a batch, the commit included. On SQLite
`BEGIN IMMEDIATE` is the lock, and there is nobody to wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from portal.core.aktor import KLINIKERE, Aktor
from portal.core.clock import now
from portal.core.errors import IkkeInnlogget, Konflikt, Laast, UgyldigOvergang
from portal.core.samleskriver import Utfall
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import AAPNE, Hendelsestype
from portal.henvendelser.models import Deltaker, Hendelse, Henvendelse, HenvendelseHode
from portal.identitet.models import Medlemskap, Person, Sesjon
from portal.identitet.steps import laasegrense, sesjon_holder, sesjon_laast
from portal.revisjon import steps as revisjon


@dataclass(frozen=True, slots=True)
class Melding:
    """One message on its way to the batch writer. `sluppet`: how many number-like places were let through."""

    aktor: Aktor
    henvendelse_id: UUID
    klient_id: UUID
    tekst: str
    sluppet: int


class IkkeDeltaker(Exception):
    """The sender has no participant row: the slow path decides whether they may have one."""


@dataclass(frozen=True, slots=True)
class Grunnlag:
    """What the batch knows, keyed by case and membership. Rights are there or not: no row, no right."""

    hoder: dict[UUID, int]
    deltar: dict[tuple[UUID, UUID], Any]
    #: (session, membership) → whether its screen is locked.
    oekter: dict[tuple[UUID, UUID], bool]
    lagret: dict[tuple[UUID, UUID, UUID], tuple[int, str, datetime]]


def skriv_bunke(forbindelse: Connection, meldinger: Sequence[Melding]) -> list[Utfall]:
    """Writes a batch: log rows, counters and audit. Gives one `Utfall` for each message, in order."""
    naa = now()
    saker = sorted({m.henvendelse_id for m in meldinger})
    bord = _Postgres(forbindelse) if forbindelse.dialect.name == "postgresql" else _Sqlite(forbindelse)
    with bord.samlet():
        hoder, kjeder, rader = bord.les(saker, _parametre(meldinger, naa))
        grunnlag = _ordne(hoder, rader)
        utfall, hendelser, innslag = _doem(meldinger, grunnlag, naa)
        if hendelser:
            revisjon.lenke(innslag, kjeder)
            skrevet = {h["henvendelse_id"] for h in hendelser}
            bord.skriv(
                hendelser,
                {s: grunnlag.hoder[s] for s in skrevet},
                innslag,
                {k: kjeder[k] for k in (revisjon.sakskjede(s) for s in skrevet)},
            )
    return utfall


# --- what must be known ----------------------------------------------------------------------------------


def _rettigheter(blant: Callable[[Any, str], sa.ColumnElement[bool]]) -> Any:
    """Who of the senders takes part in which case, with which sessions, and which messages are stored already.

    `blant(column, parameter)` is «column is one of the parameter's values», in the database's own way.
    """
    return (
        sa.select(
            Henvendelse.id.label("henvendelse_id"),
            Henvendelse.status,
            Deltaker.medlemskap_id,
            Deltaker.side,
            Sesjon.id.label("sesjon_id"),
            sesjon_laast(sa.bindparam("laasegrense")).label("laast"),
            Hendelse.klient_id,
            Hendelse.sekvens.label("lagret_sekvens"),
            Hendelse.tekst.label("lagret_tekst"),
            Hendelse.tidspunkt.label("lagret_tid"),
        )
        .select_from(Henvendelse)
        .join(Deltaker, sa.and_(Deltaker.henvendelse_id == Henvendelse.id, Deltaker.til.is_(None)))
        .join(Medlemskap, Medlemskap.id == Deltaker.medlemskap_id)
        .join(Person, Person.id == Medlemskap.person_id)
        .outerjoin(
            Sesjon,
            sa.and_(
                Sesjon.person_id == Person.id,
                blant(Sesjon.id, "sesjoner"),
                sesjon_holder(sa.bindparam("naa")),
            ),
        )
        .outerjoin(
            Hendelse,
            sa.and_(
                Hendelse.henvendelse_id == Henvendelse.id,
                Hendelse.avsender_id == Person.id,
                blant(Hendelse.klient_id, "klienter"),
            ),
        )
        .where(
            blant(Henvendelse.id, "saker"),
            blant(Medlemskap.id, "medlemskap"),
            Medlemskap.rolle.in_([sa.literal_column(f"'{r}'") for r in sorted(KLINIKERE)]),
            access.medlemskap_gyldig(sa.bindparam("naa")),
            Person.aktiv,
        )
    )


def _parametre(meldinger: Sequence[Melding], naa: datetime) -> dict[str, Any]:
    return {
        "saker": list({m.henvendelse_id for m in meldinger}),
        "medlemskap": list({m.aktor.medlemskap_id for m in meldinger}),
        "sesjoner": list({m.aktor.sesjon_id for m in meldinger if m.aktor.sesjon_id}),
        "klienter": [m.klient_id for m in meldinger],
        "naa": naa,
        "laasegrense": laasegrense(naa),
    }


def _ordne(hoder: dict[UUID, int], rader: Sequence[Any]) -> Grunnlag:
    g = Grunnlag(hoder, {}, {}, {})
    for r in rader:
        g.deltar[(r.henvendelse_id, r.medlemskap_id)] = r
        if r.sesjon_id is not None:
            g.oekter[(r.sesjon_id, r.medlemskap_id)] = r.laast
        if r.klient_id is not None:
            g.lagret[(r.henvendelse_id, r.medlemskap_id, r.klient_id)] = (
                r.lagret_sekvens,
                r.lagret_tekst,
                r.lagret_tid.astimezone(UTC),
            )
    return g


# --- the judgement ---------------------------------------------------------------------------------------


def _doem(
    meldinger: Sequence[Melding], g: Grunnlag, naa: datetime
) -> tuple[list[Utfall], list[dict[str, Any]], list[dict[str, Any]]]:
    """Judges each message by itself. Gives the outcomes, the rows for the log and the audit entries."""
    utfall: list[Utfall] = []
    hendelser: list[dict[str, Any]] = []
    innslag: list[dict[str, Any]] = []
    for m in meldinger:
        assert m.aktor.medlemskap_id is not None
        noekkel = (m.henvendelse_id, m.aktor.medlemskap_id, m.klient_id)
        feil = _avvis(m, g)
        foer = g.lagret.get(noekkel)
        if feil is None and foer is not None:
            # A resend: the number it has already, also after the case has closed. Other content is another message.
            if foer[1] == m.tekst:
                utfall.append(Utfall(resultat=(foer[0], foer[2])))
                continue
            feil = Konflikt(_l("Denne meldingen er alt sendt med et annet innhold."))
        if feil is None and g.deltar[noekkel[:2]].status not in AAPNE:
            feil = UgyldigOvergang(_l("Saken er avsluttet. Gjenåpne den for å skrive videre."), kode="stengt")
        if feil is not None:
            utfall.append(Utfall(feil=feil))
            continue
        sekvens = g.hoder[m.henvendelse_id] = g.hoder[m.henvendelse_id] + 1
        g.lagret[noekkel] = (sekvens, m.tekst, naa)
        hendelse = _hendelse(m, g.deltar[noekkel[:2]].side, sekvens, naa)
        hendelser.append(hendelse)
        innslag.extend(_innslag(m, sekvens, naa))
        utfall.append(
            Utfall(resultat=(sekvens, naa), hendelser=[("henvendelse.hendelse", {"hendelse": hendelse})])
        )
    return utfall, hendelser, innslag


def _avvis(m: Melding, g: Grunnlag) -> Exception | None:
    """Why a message may not be written: no participant, an ended session or membership, or a locked screen."""
    assert m.aktor.medlemskap_id is not None
    if (m.henvendelse_id, m.aktor.medlemskap_id) not in g.deltar or m.henvendelse_id not in g.hoder:
        return IkkeDeltaker()
    if m.aktor.sesjon_id is not None:
        laast = g.oekter.get((m.aktor.sesjon_id, m.aktor.medlemskap_id))
        if laast is None:
            return IkkeInnlogget()
        if laast:
            return Laast()
    return None


def _hendelse(m: Melding, side: str, sekvens: int, naa: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "henvendelse_id": m.henvendelse_id,
        "sekvens": sekvens,
        "type": Hendelsestype.MELDING.value,
        "side": side,
        "avsender_id": m.aktor.person_id,
        "avsender_navn": steps.visningsnavn(m.aktor),
        "tekst": m.tekst,
        "data": {},
        "tidspunkt": naa,
        "klient_id": m.klient_id,
    }


def _innslag(m: Melding, sekvens: int, naa: datetime) -> list[dict[str, Any]]:
    """The audit of one message, and of what was let through as «not an identity number»."""
    detaljer: list[tuple[str, dict[str, int]]] = [("henvendelse.melding", {"sekvens": sekvens})]
    if m.sluppet:
        detaljer.append(("henvendelse.ikke_personnummer", {"sekvens": sekvens, "antall": m.sluppet}))
    return [
        revisjon.lag_innslag(
            m.aktor,
            handling,
            "henvendelse",
            m.henvendelse_id,
            naa,
            kjede=revisjon.sakskjede(m.henvendelse_id),
            detaljer=d,
        )
        for handling, d in detaljer
    ]


# --- the two databases -----------------------------------------------------------------------------------

_HODER = sa.select(HenvendelseHode.henvendelse_id, HenvendelseHode.sekvens).where(
    HenvendelseHode.henvendelse_id.in_(sa.bindparam("saker", expanding=True))
)
_RETTIGHETER = _rettigheter(lambda kolonne, navn: kolonne.in_(sa.bindparam(navn, expanding=True)))
_SETT_INN = sa.insert(Hendelse)
_TELL_OPP = (
    sa.update(HenvendelseHode)
    .where(HenvendelseHode.henvendelse_id == sa.bindparam("h"))
    .values(sekvens=sa.bindparam("s"))
)


class _Sqlite:
    """SQLAlchemy's own statements, one after the other: inside the process none of them waits."""

    def __init__(self, forbindelse: Connection) -> None:
        self._forbindelse = forbindelse

    def samlet(self) -> AbstractContextManager[object]:
        return nullcontext()

    def les(
        self, saker: list[UUID], parametre: dict[str, Any]
    ) -> tuple[dict[UUID, int], dict[str, tuple[int, str]], Sequence[Any]]:
        hoder = {r.henvendelse_id: r.sekvens for r in self._forbindelse.execute(_HODER, {"saker": saker})}
        kjeder = revisjon.laas_kjeder(self._forbindelse, [revisjon.sakskjede(s) for s in hoder])
        return hoder, kjeder, self._forbindelse.execute(_RETTIGHETER, parametre).all()

    def skriv(
        self,
        hendelser: list[dict[str, Any]],
        hoder: dict[UUID, int],
        innslag: list[dict[str, Any]],
        kjeder: dict[str, tuple[int, str]],
    ) -> None:
        self._forbindelse.execute(_SETT_INN, hendelser)
        self._forbindelse.execute(_TELL_OPP, [{"h": h, "s": s} for h, s in hoder.items()])
        revisjon.sett_inn(self._forbindelse, innslag)
        revisjon.oppdater_hoder(self._forbindelse, kjeder)


def _som_tekst(uttrykk: Any) -> str:
    """A statement as psycopg takes it, compiled once: its text never changes, so the server plans it once."""
    return str(uttrykk.compile(dialect=postgresql.psycopg.dialect()))


def _i_liste(kolonne: Any, navn: str) -> sa.ColumnElement[bool]:
    treff: sa.ColumnElement[bool] = kolonne == sa.any_(sa.bindparam(navn, type_=postgresql.ARRAY(sa.Uuid())))
    return treff


_LAAS_HODER_SQL = (
    "SELECT henvendelse_id, sekvens FROM henvendelse_hode "
    "WHERE henvendelse_id = ANY(%s) ORDER BY henvendelse_id FOR UPDATE"
)
_RETTIGHETER_SQL = _som_tekst(_rettigheter(_i_liste))
_SKRIV_SQL = """
WITH nye AS (
    INSERT INTO hendelse (id, henvendelse_id, sekvens, type, side, avsender_id, avsender_navn, tekst, data,
                          tidspunkt, klient_id)
    SELECT id, sak, sekvens, 'melding', side, avsender, navn, tekst, '{}', %(tidspunkt)s, klient
    FROM unnest(%(id)s::uuid[], %(sak)s::uuid[], %(sekvens)s::int[], %(side)s::text[], %(avsender)s::uuid[],
                %(navn)s::text[], %(tekst)s::text[], %(klient)s::uuid[])
         AS n (id, sak, sekvens, side, avsender, navn, tekst, klient)
)
UPDATE henvendelse_hode SET sekvens = h.sekvens
FROM unnest(%(hoder)s::uuid[], %(sekvenser)s::int[]) AS h (sak, sekvens)
WHERE henvendelse_id = h.sak
"""


class _Postgres:
    """psycopg's own cursors in one pipeline: what can travel together, does."""

    def __init__(self, forbindelse: Connection) -> None:
        self._driver: Any = forbindelse.connection.driver_connection

    def samlet(self) -> AbstractContextManager[object]:
        pipeline: AbstractContextManager[object] = self._driver.pipeline()
        return pipeline

    def les(
        self, saker: list[UUID], parametre: dict[str, Any]
    ) -> tuple[dict[UUID, int], dict[str, tuple[int, str]], Sequence[Any]]:
        from psycopg.rows import namedtuple_row

        hoder = self._driver.execute(_LAAS_HODER_SQL, (saker,))
        kjeder = self._driver.execute(
            revisjon.LAAS_KJEDER_SQL, (sorted(revisjon.sakskjede(s) for s in saker),)
        )
        rettigheter = self._driver.cursor(row_factory=namedtuple_row).execute(_RETTIGHETER_SQL, parametre)
        return (
            dict(hoder.fetchall()),
            {noekkel: (antall, hode) for noekkel, antall, hode in kjeder.fetchall()},
            rettigheter.fetchall(),
        )

    def skriv(
        self,
        hendelser: list[dict[str, Any]],
        hoder: dict[UUID, int],
        innslag: list[dict[str, Any]],
        kjeder: dict[str, tuple[int, str]],
    ) -> None:
        def kolonne(navn: str) -> list[Any]:
            return [h[navn] for h in hendelser]

        self._driver.execute(
            _SKRIV_SQL,
            {
                "id": kolonne("id"),
                "sak": kolonne("henvendelse_id"),
                "sekvens": kolonne("sekvens"),
                "side": kolonne("side"),
                "avsender": kolonne("avsender_id"),
                "navn": kolonne("avsender_navn"),
                "tekst": kolonne("tekst"),
                "klient": kolonne("klient_id"),
                "tidspunkt": hendelser[0]["tidspunkt"],
                "hoder": list(hoder),
                "sekvenser": list(hoder.values()),
            },
        )
        self._driver.execute(*revisjon.skriv_sql(innslag, kjeder))
