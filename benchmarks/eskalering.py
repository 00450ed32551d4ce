"""Escalations with 500 open requests and 50,000 roster rows: how late a step fires, what routing adds to sending a
request, and whether a worker's rounds cost more when the history is ten times as long. On PostgreSQL, in one process.

    python -m benchmarks.eskalering OPEN SHIFTS HISTORY ROUNDS   # with the portal's environment; prints JSON

Rosters and history go past the use cases; requests, their routing and every step go through them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple
from unittest import mock
from uuid import UUID, uuid4

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks.load import percentile
from benchmarks.servers import finish
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.factory import create_app
from portal.henvendelser.eskalering import service, tomme
from portal.henvendelser.eskalering import steps as eskalering
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn
from portal.henvendelser.service import flyt, innsending, meldinger
from portal.identitet.models import Organisasjon
from portal.vakt.models import Nivaa, Vakt, Vaktplan
from portal.vakt.service import bytte, fratraadte, klarhet, paaminnelser, rotasjoner
from tests.bygg import lag_aktor, lag_enhet
from tests.postgres import new_database

#: Requests that wait, rows of rosters, closed cases before and ten times as many after, and repeats.
OPEN, SHIFTS, HISTORY, ROUNDS = 500, 50_000, 5_000, 40
WARM_UP = 5
FAG = ("indremedisin", "geriatri", "kirurgi", "nevrologi")
HOSPITALS = 25
#: A step fires within so many seconds of being due; routing a request adds so many ms; a round may cost so much more.
LATE_S, ROUTING_MS, LONGER = 5.0, 5.0, 1.3


class Escalations(NamedTuple):
    """Seconds late (p50, max) when all are due at once, and what a step took; ms of routing; ms of an idle round, of
    the timers and of the rosters."""

    open: int
    shifts: int
    late_p50: float
    late_max: float
    step_ms: float
    sent_ms: float
    routing_ms: float
    history: tuple[int, int]
    round_ms: tuple[float, float]
    rosters_ms: tuple[float, float]


def measure(folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None]) -> Escalations:
    """Measure in a process and a database of their own."""
    sizes = (100, 5_000, 1_000, 15) if short else (OPEN, SHIFTS, HISTORY, ROUNDS)
    say(f"escalations: {sizes[0]} open requests and {sizes[1]:,} shifts")
    place = folder / "eskalering"
    place.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))} | {
        "PORTAL_MODUS": "demo",
        "PORTAL_INSTANS": str(place),
        "PORTAL_DATABASE_URL": new_database(postgres_url, "eskalering"),
    }
    finish("-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data", env=environment)
    words = ("-m", "benchmarks.eskalering", *(str(n) for n in sizes))
    return Escalations(**orjson.loads(finish(*words, env=environment)))


# --- what is told of it ----------------------------------------------------------------------------------

HEAD = ("what", "with", "measured")


def rows(e: Escalations) -> list[tuple[str, ...]]:
    """The table."""
    world = f"{e.open:,} open, {e.shifts:,} shifts"
    less, more = (f"{n:,} closed cases" for n in e.history)
    return [
        ("a step after its moment, p50", f"{world}, all due at once", f"{e.late_p50:.2f} s"),
        ("a step after its moment, max", f"{world}, all due at once", f"{e.late_max:.2f} s"),
        ("a step", world, f"{e.step_ms:.1f} ms"),
        ("sending a request, routed", world, f"{e.sent_ms:.1f} ms"),
        ("of that, routing", world, f"{e.routing_ms:.1f} ms"),
        ("a round of the worker with nothing due", less, f"{e.round_ms[0]:.2f} ms"),
        ("a round of the worker with nothing due", more, f"{e.round_ms[1]:.2f} ms"),
        ("a round of the rosters' jobs", f"{less}, and as many shifts", f"{e.rosters_ms[0]:.0f} ms"),
        ("a round of the rosters' jobs", f"{more}, and as many shifts", f"{e.rosters_ms[1]:.0f} ms"),
    ]


def aims(e: Escalations | None) -> list[tuple[str, str, bool]]:
    """The aims, each with what was measured and whether it is met."""
    if e is None:
        return []
    ratio, rosters = (ms[1] / ms[0] for ms in (e.round_ms, e.rosters_ms))
    return [
        (
            f"a step fires within {LATE_S:.0f} s of its moment with {e.open} due at once",
            f"{e.late_max:.2f} s",
            e.late_max <= LATE_S,
        ),
        (
            f"routing a request adds at most {ROUTING_MS:.0f} ms",
            f"{e.routing_ms:.1f} ms",
            e.routing_ms <= ROUTING_MS,
        ),
        (f"a worker's round within {LONGER} × with ten times the history", f"{ratio:.2f} ×", ratio <= LONGER),
        (f"the rosters' within {LONGER} × with ten times the history", f"{rosters:.2f} ×", rosters <= LONGER),
    ]


NOTE = (
    "\n- **Escalations**: every request is sent through the portal and waits; then all are due at the same moment, and "
    "a worker that looks once a second takes them, one transaction each. Sending is measured in pairs, with routing "
    "and without, in turn: policy, who is on call, their notice, the timer, its first step and its row in the log. A "
    "round is what the worker asks when nothing is due: timers, unanswered messages, new shifts, the auditor. The "
    "rosters' jobs come once a minute to once an hour, and read a year ahead: readiness, shifts to tell of, gaps, who "
    "has left, swaps, rotations."
)


# --- the process that measures ---------------------------------------------------------------------------


def _rosters(shifts: int) -> list[UUID]:
    """Hospitals with rosters of several fagområder; a shift is a day. Gives the hospitals."""
    hospitals = db.session.scalars(
        sa.select(Organisasjon)
        .where(Organisasjon.type == "hf", Organisasjon.nedlagt.is_(None))
        .limit(HOSPITALS)
    ).all()
    each = shifts // (len(hospitals) * len(FAG) * len(Nivaa)) + 1
    first = now() - timedelta(days=each // 2, hours=1)

    @transactional
    def fill() -> None:
        db.session.execute(sa.update(Vakt).values(avlyst=now()))
        db.session.execute(sa.update(Vaktplan).values(fagomraade=sa.cast(Vaktplan.id, sa.String(30))))
        made = 0
        for hospital in hospitals:
            for fag in FAG:
                plan = Vaktplan(id=uuid4(), organisasjon_id=hospital.id, fagomraade=fag, opprettet=now())
                db.session.add(plan)
                people = [lag_aktor(Rolle.SPESIALIST, hospital, fag=(fag,)) for _ in Nivaa]
                db.session.flush()
                values = [
                    {
                        "id": uuid4(),
                        "vaktplan_id": plan.id,
                        "nivaa": nivaa,
                        "person_id": person.person_id,
                        "medlemskap_id": person.medlemskap_id,
                        "fra": first + timedelta(days=day),
                        "til": first + timedelta(days=day + 1),
                        "kilde": "rotasjon",
                        "opprettet": now(),
                    }
                    for nivaa, person in zip(Nivaa, people, strict=True)
                    for day in range(each)
                ]
                db.session.execute(sa.insert(Vakt), values[: shifts - made])
                made += len(values[: shifts - made])

    fill()
    return [h.id for h in hospitals]


def _send(physician: Aktor, hospital: UUID, number: int) -> UUID:
    return innsending.opprett(
        physician,
        {
            "klient_id": uuid4(),
            "mottaker_id": hospital,
            "fagomraade": FAG[number % len(FAG)],
            "hastegrad": "akutt",
            "tilbakeringing": "00 00 00 00",
            "plan_uten_raad": "vet_ikke",
            "situasjon": "Måling.",
            "kjoenn": "ukjent",
        },
    )


def _ms(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1000


def _routing(physician: Aktor, hospitals: list[UUID], rounds: int) -> tuple[float, float]:
    """Sending with routing, and how much of that it is: medians of pairs that take turns at going first."""
    routed, added = [], []
    for number in range(rounds + WARM_UP):
        taken = {}
        for on in (True, False) if number % 2 else (False, True):
            step = eskalering.start_aksept if on else lambda _case, **_more: None
            with mock.patch.object(eskalering, "start_aksept", step):
                taken[on] = _ms(lambda n=number: _send(physician, hospitals[n % len(hospitals)], n))  # type: ignore[misc]
        if number >= WARM_UP:
            routed.append(taken[True])
            added.append(taken[True] - taken[False])
    return median(routed), median(added)


def _lateness(number: int) -> tuple[float, float, float]:
    """All waiting timers due at one moment, and a worker that looks each second: seconds late (p50, max), ms a step."""
    moment = now() + timedelta(seconds=1.5)
    waiting = sa.and_(Eskalering.avsluttet.is_(None), Eskalering.slag == "aksept")

    @transactional
    def due() -> None:
        db.session.execute(sa.update(Eskalering).where(waiting).values(neste=moment))

    due()
    fired, spent = 0, 0.0
    deadline = time.monotonic() + 120
    while fired < number and time.monotonic() < deadline:
        start = time.monotonic()
        taken = service.kjoer_forfalte()
        if taken:
            fired, spent = fired + taken, spent + time.monotonic() - start
        time.sleep(max(0.0, 1 - (time.monotonic() - start)))
    taken_at = db.session.scalars(
        sa.select(Eskaleringstrinn.tidspunkt).where(Eskaleringstrinn.forfalt == moment)
    ).all()
    db.session.rollback()
    late = sorted((t - moment).total_seconds() for t in taken_at)
    if fired < number:
        raise SystemExit(f"{fired} of {number} steps were taken")
    return percentile(late, 50), late[-1], spent / fired * 1000


def _round() -> None:
    service.kjoer_forfalte()
    service.finn_ubesvarte()
    tomme.hopp_over_tomme()
    service.nye_paa_vakt()
    service.kontroller()


def _roster_round() -> None:
    klarhet.kontroller()
    paaminnelser.varsle_vakter()
    paaminnelser.varsle_hull()
    fratraadte.meld_fratraadte()
    bytte.la_forfalle()
    rotasjoner.fyll_fram()


#: Closed cases with what a case leaves: log, ended timers with their steps, notices; and as many shifts that are over.
PAST = """
CREATE TEMP TABLE fortid AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS esk, i,
    now() - i * interval '1 minute' - interval '3 days' AS da FROM generate_series(%(fra)s, %(til)s) i;
INSERT INTO henvendelse (id, saksnummer, klient_id, retning, status, hastegrad, fagomraade, avsender_id, innmelder_id,
    innmelder_medlemskap_id, tilbakeringing, mottaker_id, ansvarlig_id, ansvarlig_medlemskap_id, plan_uten_raad, utfall,
    opprettet, ventet_fra, akseptert_tid, lukket_tid, versjon)
  SELECT f.id, 'F' || f.i, gen_random_uuid(), 'til_sykehus', 'lukket', 'akutt', m.fagomraade, m.avsender_id,
    m.innmelder_id, m.innmelder_medlemskap_id, '0', m.mottaker_id, m.innmelder_id, m.innmelder_medlemskap_id,
    'vet_ikke', 'annet', f.da, f.da, f.da, f.da, 1
  FROM fortid f, (SELECT * FROM henvendelse WHERE status = 'ny' LIMIT 1) m;
INSERT INTO hendelse (id, henvendelse_id, sekvens, type, side, avsender_navn, tekst, data, tidspunkt)
  SELECT gen_random_uuid(), id, n, 'melding', CASE WHEN n %% 2 = 0 THEN 'mottaker' ELSE 'innmelder' END, 'M', 'T',
    '{}', da FROM fortid, generate_series(1, 5) n;
INSERT INTO eskalering (id, slag, henvendelse_id, organisasjon_id, fagomraade, hastegrad, policy, start, posisjon,
    runde, neste, avsluttet, utfall)
  SELECT f.esk, 'aksept', f.id, h.mottaker_id, h.fagomraade, 'akutt', '{}', f.da, 1, 0, f.da, f.da, 'tatt'
  FROM fortid f JOIN henvendelse h ON h.id = f.id;
INSERT INTO eskaleringstrinn (id, eskalering_id, nummer, runde, nivaa, utfall, navn, forfalt, tidspunkt)
  SELECT gen_random_uuid(), esk, n, 0, 'vakthavende', 'varslet', 'M', da, da FROM fortid, generate_series(1, 3) n;
INSERT INTO varsel (id, noekkel, person_id, kode, tittel, tekst, lenke, gjelder, opprettet, stoppet)
  SELECT gen_random_uuid(), 'fortid:' || f.i || ':' || n, h.innmelder_id, 'henvendelse.ny', 'T', '', '',
    'henvendelse:' || f.id, f.da, f.da FROM fortid f JOIN henvendelse h ON h.id = f.id, generate_series(1, 3) n;
INSERT INTO vakt (id, vaktplan_id, nivaa, person_id, medlemskap_id, fra, til, kilde, opprettet)
  SELECT gen_random_uuid(), v.vaktplan_id, v.nivaa, v.person_id, v.medlemskap_id, v.fra - i * interval '1 day',
    v.til - i * interval '1 day', v.kilde, v.opprettet
  FROM (SELECT DISTINCT ON (vaktplan_id, nivaa) * FROM vakt WHERE avlyst IS NULL ORDER BY vaktplan_id, nivaa, fra) v,
    generate_series(1, (SELECT count(*) / %(nivaaer)s + 1 FROM fortid)) i;
DROP TABLE fortid;
"""


def _past(url: str, first: int, last: int) -> None:
    with psycopg.connect(
        url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True
    ) as connection:
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            cursor = psycopg.ClientCursor(connection)
            for statement in PAST.split(";\n"):
                if statement.strip():
                    levels = HOSPITALS * len(FAG) * len(Nivaa)
                    cursor.execute(statement, {"fra": first, "til": last, "nivaaer": levels})
        connection.execute("VACUUM (ANALYZE)")


def main(number: int, shifts: int, history: int, rounds: int) -> None:
    app = create_app()
    with app.app_context():
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        service.start_manglende()
        hospitals = _rosters(shifts)
        kommune = db.session.scalars(
            sa.select(Organisasjon)
            .where(Organisasjon.type == "kommune", Organisasjon.nedlagt.is_(None))
            .limit(1)
        ).one()
        physician = lag_aktor(Rolle.LEGE_KOMMUNE, kommune, lag_enhet(kommune))
        for n in range(number - 2 * (rounds + WARM_UP)):
            _send(physician, hospitals[n % len(hospitals)], n)
        for n in range(number // 5):
            case = _send(physician, hospitals[0], 0)
            flyt.aksepter(_specialist(hospitals[0]), case)
            if n % 2:
                meldinger.send_melding(physician, case, uuid4(), "Måling.")
        _past(url, 1, history)
        sent, routing = _routing(physician, hospitals, rounds)
        # Half of those pairs wait without a timer, as none does outside a measurement.
        service.start_manglende()
        waiting = db.session.scalar(
            sa.select(sa.func.count()).where(Eskalering.avsluttet.is_(None), Eskalering.slag == "aksept")
        )
        db.session.rollback()
        assert waiting is not None
        late_p50, late_max, step = _lateness(waiting)
        _round()
        _roster_round()
        taken: list[float] = []
        rosters: list[float] = []
        for last in (0, 10 * history):
            if last:
                _past(url, history + 1, last)
            for _ in range(WARM_UP):
                _round()
            taken.append(median(_ms(_round) for _ in range(rounds)))
            rosters.append(median(_ms(_roster_round) for _ in range(min(rounds, 10))))
    figures = Escalations(
        open=waiting,
        shifts=shifts,
        late_p50=late_p50,
        late_max=late_max,
        step_ms=step,
        sent_ms=sent,
        routing_ms=routing,
        history=(history, 10 * history),
        round_ms=(taken[0], taken[1]),
        rosters_ms=(rosters[0], rosters[1]),
    )
    sys.stdout.buffer.write(orjson.dumps(figures._asdict()))


def _specialist(hospital: UUID) -> Aktor:
    """The one on call there for the first fagområde, as an actor."""
    from portal.identitet.steps import aktor_for_medlemskap
    from portal.vakt.steps import paa_vakt

    actor = aktor_for_medlemskap(paa_vakt(hospital, FAG[0])[Nivaa.VAKTHAVENDE].medlemskap_id)
    assert actor is not None
    return actor


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
