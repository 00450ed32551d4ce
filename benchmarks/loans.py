"""A country that lends for the benchmark, and what proposals and the check for clashes take in it, in this process.

    python -m benchmarks.loans NEEDS OFFERS ENDED     # with the portal's environment; prints the figures as JSON

So many open needs of kommuner and so many offers of trusts and kommuner in all professions, with floors, people who are
taken and people who are away; made by rows, past the use cases. Then, on the same needs and offers, what the portal
finds, what a greedy helper finds that fills the most urgent place with the best that is left, and the same problem as a
dense matrix (`scipy.optimize.linear_sum_assignment`). Last, `ENDED` lines of reallocations that are over.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from benchmarks.load import percentile
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, skrivetransaksjon
from portal.factory import create_app
from portal.identitet.models import Enhet, Organisasjon
from portal.omdisponering import access, kontroll, loesning
from portal.omdisponering.access import Handling
from portal.omdisponering.models import Behov, Tilbud
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Ressursfravaer, Ressursperson
from portal.omdisponering.service import forslag, utkast
from portal.omdisponering.service.forslagsgrunnlag import les
from portal.omdisponering.tilordning import RETTFERD, Grunnlag, poeng, sjeldenhet, verdi, vurder
from tests.bygg import lag_aktor

ROUNDS, PEERS, CLASHES, LINES = 7, 2, 200, 10
HOUR = timedelta(hours=1)
#: Of a hundred people who are needed and offered, so many of each.
PROFESSIONS = {
    **{"sykepleier": 40, "helsefagarbeider": 20, "lege": 12, "vernepleier": 10},
    **{"jordmor": 6, "bioingenioer": 6, "assistent": 6},
}
#: Past the use cases: nobody asks for what these point to.
ENDED = """
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE slutt AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, %(reallocations)s) n;
INSERT INTO omdisponering (id, nummer, slag, status, behov_id, avgiver_id, mottaker_id, fra, til, ansvarsforhold,
    arbeidsgiveransvar, organisering, finansiering, bestemmelse_id, stenges, aapnes, gulv_overstyrt, merknad,
    innhold_hash, foreslaatt_side, godkjent_avgiver, godkjent_avgiver_hash, godkjent_mottaker, godkjent_mottaker_hash,
    iverksatt, avsluttet, grunn, opprettet, versjon)
  SELECT s.id, 'H-' || s.n, 'personell', 'avsluttet', gen_random_uuid(), '%(lender)s', '%(receiver)s',
    now() - interval '2 years', now() - interval '1 month', 'A', 'A', 'A', 'A', gen_random_uuid(), 0, 0, '', '',
    'h', 'avgiver', now(), 'h', now(), 'h', now(), now(), '', now(), 1 FROM slutt s;
INSERT INTO omdisponeringslinje (id, omdisponering_id, rekkefoelge, ressursperson_id, fra, til, andel, samtykket,
    beordret, opptar)
  SELECT gen_random_uuid(), s.id, p.nr, p.id, now() - (mod(s.n, 700) + 40) * interval '1 day',
    now() - (mod(s.n, 700) + 33) * interval '1 day', 100, now(), false, false
  FROM slutt s, (SELECT id, row_number() OVER (ORDER BY id) AS nr FROM ressursperson LIMIT %(people)s) p
"""


class World(NamedTuple):
    trust: Aktor
    kommune: Aktor
    #: A need of the kommune.
    need: UUID
    #: People of the trust, free all the time.
    people: list[UUID]


def make(needs: int, offers: int) -> World:
    """The country: a third of the offers are the trusts', the rest fifty kommuner's. The same every time."""
    r = random.Random(7)
    alive = Organisasjon.nedlagt.is_(None)
    kommuner = list(
        db.session.scalars(
            sa.select(Organisasjon)
            .where(Organisasjon.type == "kommune", Organisasjon.helseforetak_id.is_not(None), alive)
            .order_by(Organisasjon.kode)
        )
    )
    near = defaultdict(list)
    for k in kommuner:
        near[k.helseforetak_id].append(k)
    trusts = sorted(near, key=str)
    lenders = [(t, near[t][0].id) for t in trusts] * 2 + [(k.id, k.id) for k in r.sample(kommuner, 50)]
    units = {org: uuid4() for org, _place in lenders}
    since = now().replace(minute=0, second=0, microsecond=0)
    rows: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for org, unit in units.items():
        rows[Enhet].append({"id": unit, "organisasjon_id": org, "type": "avdeling", "navn": "Målepost"})
        for profession in PROFESSIONS:
            rows[Bemanningsgulv].append(
                {
                    **{"id": uuid4(), "organisasjon_id": org, "enhet_id": unit, "stilling": profession},
                    **{"antall": 30, "gulv": r.randint(20, 30), "endret": since},
                }
            )
    for n in range(offers):
        org, place = r.choice(lenders)
        person, begins = uuid4(), since + r.randrange(-240, 480) * HOUR
        rows[Ressursperson].append(
            {
                **{"id": person, "organisasjon_id": org, "enhet_id": units[org], "navn": f"Måleperson {n}"},
                **{
                    "stilling": _profession(r),
                    "kompetanse": sum(1 << i for i in range(19) if r.random() < 0.3),
                },
                **{"hpr": f"{1_000_000 + n}", "hpr_slaatt_opp": i_dag() if r.random() < 0.9 else None},
                **{"prosent": r.choice([100, 100, 80, 50]), "sted_id": place, "opprettet": since},
                **{"reise_km": r.choice([None, 100, 300, 600, 900]), "vaksinert": r.random() < 0.8},
                **{"smittevern": i_dag() if r.random() < 0.7 else None},
            }
        )
        rows[Tilbud].append(
            {
                **{"id": uuid4(), "organisasjon_id": org, "slag": "personell", "status": "aapent"},
                **{"ressursperson_id": person, "fra": begins, "til": begins + r.randrange(300, 1500) * HOUR},
                **{"andel": 100, "opprettet": since},
            }
        )
        if r.random() < 0.1:
            away = since + r.randrange(480) * HOUR
            rows[Ressursfravaer].append(
                {
                    **{"id": uuid4(), "ressursperson_id": person, "lokale_id": None, "fra": away},
                    **{"til": away + 72 * HOUR, "opprettet": since},
                }
            )
    for n in range(needs):
        k = kommuner[0] if n < 5 else r.choice(kommuner)
        begins, number = since + r.randrange(480) * HOUR, r.randint(1, 5)
        rows[Behov].append(
            {
                **{"id": uuid4(), "organisasjon_id": k.id, "slag": "personell", "status": "aapent"},
                **{"stilling": _profession(r), "kompetanse": r.choice([0, 1, 2, 8, 9, 16, 4096])},
                **{"krever_autorisasjon": r.random() < 0.7, "krever_smittevern": r.random() < 0.3},
                **{"antall": number, "minst": r.randint(0, number), "andel": r.choice([100, 100, 80, 50])},
                **{"fra": begins, "til": begins + r.randrange(24, 700) * HOUR, "sted_id": k.id},
                **{"hvorfor": "Måling.", "fase": r.randint(1, 5), "opprettet": since, "meldt": since},
            }
        )
    with skrivetransaksjon(db.engine) as connection:
        for model in (Enhet, Bemanningsgulv, Ressursperson, Tilbud, Ressursfravaer, Behov):
            connection.execute(sa.insert(model), rows[model])
    _analyze()
    trust = db.session.get_one(Organisasjon, trusts[0])
    free = [p["id"] for p in rows[Ressursperson] if p["organisasjon_id"] == trust.id]
    gone = {f["ressursperson_id"] for f in rows[Ressursfravaer]}
    return World(
        lag_aktor(Rolle.KOORDINATOR, trust),
        lag_aktor(Rolle.KOORDINATOR, kommuner[0]),
        rows[Behov][0]["id"],
        [p for p in free if p not in gone],
    )


def _profession(r: random.Random) -> str:
    return r.choices(list(PROFESSIONS), list(PROFESSIONS.values()))[0]


def _analyze() -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


# --- proposals -------------------------------------------------------------------------------------------


def timed(call: Callable[[], object], rounds: int) -> dict[str, float]:
    """What a call takes, in ms, each time in a session of its own."""
    taken = []
    for _ in range(rounds):
        db.session.remove()
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return {
        "p10": percentile(taken, 10),
        "p50": percentile(taken, 50),
        "p95": percentile(taken, 95),
        "max": taken[-1],
    }


def worth(g: Grunnlag, pairs: dict[UUID, UUID]) -> int:
    """What an assignment {offer: need} is worth, counted from the rules and not from how it was found."""
    needs, offers, price = {b.id: b for b in g.behov}, {t.id: t for t in g.tilbud}, sjeldenhet(g.tilbud)
    total, filled = 0, defaultdict(list)
    for offer, need in pairs.items():
        v = vurder(needs[need], offers[offer])
        filled[need].append(v.dekning)
        total -= poeng(needs[need], offers[offer], v, price)
    for need, degrees in filled.items():
        for n, degree in enumerate(sorted(degrees, reverse=True)):
            total += verdi(needs[need].fase, degree, minimum=n < needs[need].minst)
    for lender, number in Counter(offers[o].avgiver for o in pairs).items():
        total -= sum(RETTFERD * (g.laant.get(lender, 0) + n) for n in range(number))
    return total


def greedy(g: Grunnlag) -> dict[UUID, UUID]:
    """A careful helper with a list: all minimums first, the highest phase first, each place with the best that is left,
    and never below a floor."""
    edges = loesning.finn_kanter(g.behov, g.tilbud)
    fits = defaultdict(list)
    for b, t, degree, points in zip(*(a.tolist() for a in edges), strict=True):
        fits[b].append((t, degree, points))
    taken: set[int] = set()
    left, lent = dict(g.ledige), Counter(g.laant)
    out: dict[UUID, UUID] = {}
    order = sorted(range(len(g.behov)), key=lambda n: -g.behov[n].fase)
    for minimum in (True, False):
        for b in order:
            need = g.behov[b]
            for _ in range(need.minst if minimum else need.antall - need.minst):
                best = None
                for t, degree, points in fits[b]:
                    offer = g.tilbud[t]
                    if t in taken or left.get(offer.gruppe, 1) < 1:
                        continue
                    gain = verdi(need.fase, degree, minimum=minimum) - points - RETTFERD * lent[offer.avgiver]
                    if best is None or gain > best[0]:
                        best = gain, t
                if best is not None:
                    offer = g.tilbud[best[1]]
                    taken.add(best[1])
                    lent[offer.avgiver] += 1
                    if offer.gruppe in left:
                        left[offer.gruppe] -= 1
                    out[offer.id] = need.id
    return out


def _dense(np: Any, row: Any, column: Any, cost: Any) -> Any:
    """The same problem as one matrix with every row and column."""
    from scipy.optimize import linear_sum_assignment

    matrix = np.full((int(row.max()) + 1, int(column.max()) + 1), np.inf)
    matrix[row, column] = cost
    return linear_sum_assignment(matrix)[1]


@contextmanager
def dense() -> Iterator[None]:
    sparse, loesning._billigst = loesning._billigst, _dense
    try:
        yield
    finally:
        loesning._billigst = sparse


def proposals(world: World) -> dict[str, Any]:
    """Times of the whole and of its parts, and what the peers take and find."""
    start = time.perf_counter()
    forslag.for_alle(world.trust)
    first = (time.perf_counter() - start) * 1000
    g = les(world.kommune).grunnlag
    found = {
        "portal": (lambda: {k.tilbud: k.behov for k in loesning.foreslaa(g)}),
        "greedy": (lambda: greedy(g)),
    }
    out: dict[str, Any] = {"first": first, "needs": len(g.behov), "offers": len(g.tilbud)}
    out["pairs"] = len(loesning.finn_kanter(g.behov, g.tilbud).behov)
    out["whole"] = {
        "a trust, all": timed(lambda: forslag.for_alle(world.trust), ROUNDS),
        "a kommune, all": timed(lambda: forslag.for_alle(world.kommune), ROUNDS),
        "a kommune, one need": timed(lambda: forslag.for_behov(world.kommune, world.need), ROUNDS),
    }
    out["reading"] = timed(lambda: les(world.kommune), ROUNDS)
    out["still"] = _standstill(lambda: loesning.foreslaa(g))
    out["found"] = {}
    for name, find in found.items():
        out["found"][name] = _found(g, find, ROUNDS if name == "portal" else PEERS)
    with dense():
        out["found"]["dense"] = _found(g, found["portal"], PEERS)
    return out


def _found(g: Grunnlag, find: Callable[[], dict[UUID, UUID]], rounds: int) -> dict[str, Any]:
    pairs = find()
    needs, filled = {b.id: b for b in g.behov}, Counter(pairs.values())
    return {
        **timed(find, rounds),
        "worth": worth(g, pairs),
        "minimum": sum(min(n, needs[b].minst) for b, n in filled.items()),
        "places": len(pairs),
    }


def _standstill(call: Callable[[], object]) -> float:
    """For how long at most another thread gets no turn while it works, in ms."""
    worst, done = 0.0, threading.Event()
    thread = threading.Thread(target=lambda: (call(), done.set()))
    last = time.perf_counter()
    thread.start()
    while not done.is_set():
        time.sleep(0.001)
        last, before = time.perf_counter(), last
        worst = max(worst, last - before)
    thread.join()
    return worst * 1000


# --- clashes ---------------------------------------------------------------------------------------------


def clashes(world: World, ended: int) -> dict[str, Any]:
    """The check that nobody is promised twice, and the proposals, before and after so many lines that are over."""
    id_ = utkast.opprett(
        world.trust, world.need, [utkast.Ny(ressursperson_id=p, samtykket=True) for p in world.people[:LINES]]
    )

    def check() -> None:
        kontroll.ledige(access.hent(world.trust, Handling.GODKJENNE, id_))

    out = {}
    for lines in (0, ended):
        if lines:
            _history(world, lines)
        timed(check, 20)
        out[str(lines)] = {
            "check": timed(check, CLASHES),
            "proposals": timed(lambda: forslag.for_alle(world.kommune), ROUNDS),
        }
    return out


def _history(world: World, lines: int) -> None:
    people = min(2000, lines)
    values = {
        "people": people,
        "reallocations": -(-lines // people),
        "lender": world.trust.organisasjon_id,
        "receiver": world.kommune.organisasjon_id,
    }
    db.session.remove()
    with skrivetransaksjon(db.engine) as connection:
        for statement in (ENDED % values).split(";\n"):
            connection.exec_driver_sql(statement)
    _analyze()


def main(needs: int, offers: int, ended: int) -> None:
    with create_app().app_context():
        world = make(needs, offers)
        out = {"proposals": proposals(world), "clashes": clashes(world, ended)}
    sys.stdout.buffer.write(orjson.dumps(out))


if __name__ == "__main__":
    main(*(int(n) for n in sys.argv[1:4]))
