"""Agreements in a whole country: the list, the search and «Hva gjelder nå?», with fifteen versions of each and with
one. The two portals stand at once and take turns, so that whatever else the machine does hits both. On PostgreSQL.

    python -m benchmarks.avtaler VERSIONS AGREEMENTS   # fills a database that `start-data` has made; prints JSON

Twenty trusts and the 357 kommuner; a trust has one agreement in ten with all its kommuner and the others with one each.
A version has a hundred clauses and changes twenty of the one before it. One agreement in ten has a draft besides. Rows
are copied in past the use cases: a million and a half through them would take days.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks.lists import Browser
from benchmarks.load import percentile
from benchmarks.seed import cookie
from benchmarks.servers import Portal
from portal.avtaler.forloep import Art
from portal.avtaler.models import ALLE_FASER, EVIG
from portal.core.aktor import Rolle
from portal.core.db import db
from portal.factory import create_app
from portal.identitet.models import Organisasjon
from tests.bygg import lag_aktor, lag_enhet, lag_organisasjon
from tests.postgres import new_database

#: Agreements, versions of each (and the least there can be, to compare with), and pages asked for.
AGREEMENTS, VERSIONS, FEWEST = 4_000, 15, 1
ROUNDS, WARM_UP = 60, 8
#: Clauses of a version, how many of them a new version changes, trusts, and one in so many has all its kommuner.
CLAUSES, CHANGED, TRUSTS, SHARED = 100, 20, 20, 10
#: A page, in ms at the 95th percentile; and how much slower it may be for the old versions.
PAGE_MS, OLDER = 50.0, 1.2

#: Who asks, and for what.
PAGES = {
    ("hva gjelder", "physician"): "/avtaler/gjelder?situasjon=innleggelse",
    (
        "hva gjelder, phase 4, geriatri",
        "physician",
    ): "/avtaler/gjelder?situasjon=innleggelse&fase=4&fagomraade=geriatri",
    ("hva gjelder", "trust"): "/avtaler/gjelder?kommune={kommune}&situasjon=utskrivning",
    ("search, a rare word", "physician"): "/avtaler/soek?q=dehydrering",
    ("search, a common word", "physician"): "/avtaler/soek?q=innleggelse",
    ("search, a rare word", "trust"): "/avtaler/soek?q=dehydrering",
    ("search, a common word", "trust"): "/avtaler/soek?q=innleggelse",
    ("search, a phrase", "trust"): "/avtaler/soek?q=%22%C3%B8yeblikkelig+hjelp%22+ambulanse",
    ("search, two words", "state"): "/avtaler/soek?q=dehydrering+ambulanse",
    ("list", "physician"): "/avtaler",
    ("list", "trust"): "/avtaler",
    ("list", "state"): "/avtaler",
}


class Times(NamedTuple):
    """What one page took, in ms."""

    p50: float
    p95: float
    max: float


class Agreements(NamedTuple):
    """{(page, person): (with old versions, with none)}, and the two as wholes; agreements, and rows of clauses."""

    pages: dict[tuple[str, str], tuple[Times, Times]]
    whole: tuple[Times, Times]
    agreements: int
    clauses: tuple[int, int]


class AgreementServer(Portal):
    """The portal on a database with agreements. No worker: with thousands of agreements that came past the use cases
    it would be busy for minutes with the tasks that they ask for, which in a real portal are made one at a time."""

    def __init__(self, folder: Path, database_url: str, versions: int, agreements: int) -> None:
        super().__init__(
            folder, database_url, "benchmarks.avtaler", str(versions), str(agreements), worker=False
        )


def measure(folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None]) -> Agreements:
    """Make both countries and measure them in turns."""
    agreements, rounds = (400, 15) if short else (AGREEMENTS, ROUNDS)
    with ExitStack() as stack:
        servers = []
        for versions in (VERSIONS, FEWEST):
            say(f"agreements: making {agreements:,} with {versions} versions each")
            place = folder / f"avtaler-{versions}"
            place.mkdir()
            url = new_database(postgres_url, f"avtaler_{versions}")
            server = AgreementServer(place, url, versions, agreements)
            stack.callback(server.stop)
            servers.append(server)
        pages: dict[tuple[str, str], tuple[Times, Times]] = {}
        whole: tuple[list[float], list[float]] = ([], [])
        for (what, person), path in PAGES.items():
            say(f"agreements: {what}, {person}")
            browsers = [Browser(s.port, s.seeded["people"][person]) for s in servers]
            paths = [path.format(kommune=s.seeded["kommune"]) for s in servers]
            both: tuple[list[float], list[float]] = ([], [])
            for number in range(WARM_UP + rounds):
                for side in (0, 1) if number % 2 else (1, 0):
                    taken, _page = browsers[side].get(paths[side])
                    if number >= WARM_UP:
                        both[side].append(taken)
            pages[what, person] = (_times(both[0]), _times(both[1]))
            whole[0].extend(both[0])
            whole[1].extend(both[1])
        counted = [s.seeded["clauses"] for s in servers]
        return Agreements(pages, (_times(whole[0]), _times(whole[1])), agreements, (counted[0], counted[1]))


def _times(taken: list[float]) -> Times:
    ordered = sorted(taken)
    return Times(percentile(ordered, 50), percentile(ordered, 95), ordered[-1])


# --- what is told of it ----------------------------------------------------------------------------------

HEAD = ("page", "who", "p50 ms", "p95 ms", "max ms", "one version: p50 ms", "p95 ms", "ratio of p50")


def rows(a: Agreements) -> list[tuple[str, ...]]:
    """The table."""
    return [
        (
            *(what, person),
            *(f"{old.p50:.1f}", f"{old.p95:.1f}", f"{old.max:.1f}"),
            *(f"{new.p50:.1f}", f"{new.p95:.1f}", f"{old.p50 / new.p50:.2f} ×"),
        )
        for (what, person), (old, new) in a.pages.items()
    ]


def aims(a: Agreements | None) -> list[tuple[str, str, bool]]:
    """The aims, each with what was measured and whether it is met."""
    if a is None:
        return []
    found = []
    for name in ("hva gjelder", "search", "list"):
        worst = max(old.p95 for (what, _p), (old, _n) in a.pages.items() if what.startswith(name))
        text = f"p95 of «{name}» among {a.agreements:,} agreements of {VERSIONS} versions within {PAGE_MS:.0f} ms"
        found.append((text, f"{worst:.1f} ms", worst <= PAGE_MS))
    ratio = a.whole[0].p50 / a.whole[1].p50
    text = f"p50 of these with {VERSIONS} versions within {OLDER} × that with {FEWEST}"
    return [*found, (text, f"{ratio:.2f} ×", ratio <= OLDER)]


NOTE = (
    "\n- **Agreements**: one browser on a connection that is kept, from asking until the whole page is there. The "
    "*physician* works in a kommune with some twenty agreements, the *trust*'s coordinator sees two hundred and their "
    "drafts, the *state*'s supervisor all. Both countries have the same agreements in force; in the one each has "
    f"{VERSIONS - 1} older versions. They are asked in turn. The web process serves pages alone, as in "
    "production; the worker stands beside it there."
)


# --- the process that fills the database -----------------------------------------------------------------

_ARTER = (
    *((Art.INNLEGGELSE, 15), (Art.UTSKRIVNING, 15), (Art.OEHD, 8), (Art.ROLLER, 12), (Art.PROSEDYRE, 15)),
    *((Art.INFORMASJON, 10), (Art.BEREDSKAP, 10), (Art.ANNET, 15)),
)
#: The kind of each clause of an agreement, by its place, and the item of § 6-2 where the kind has one.
ART = [str(art) for art, antall in _ARTER for _ in range(antall)]
PUNKT = {"innleggelse": "3", "utskrivning": "5", "oehd": "4", "informasjon": "6", "beredskap": "11"}
#: What the texts are made of, the common first.
_ORD = """
og kommunen sykehuset skal pasienten innleggelse utskrivning for helseforetaket varsel ansvar innen legevakt
melding vurdering tjenester avtalen partene oppfølging hjelp øyeblikkelig fastlege sykehjem behandling
informasjon kapasitet beredskap rutine kontakt vakthavende lege døgn timer hjemmetjeneste epidemi smitte
transport koordinator plan opplæring møte journal medisiner epikrise samtykke pårørende rehabilitering
habilitering ambulanse prøver isolasjon personell utstyr kriterier avvik frist samarbeid kompetanse
hospitering barn eldre psykisk rus svangerskap tolk transportør laboratorium dehydrering røntgen palliasjon
sår infusjon blodprøve avdeling kjøretøy fergeleie
"""
ORD = _ORD.split()
TEKSTER, ORD_I_TEKST = 3_000, 45


def _texts(chance: Random) -> list[str]:
    """Texts in which the first words stand in most and the last in few."""
    weights = [1 / (n + 2) for n in range(len(ORD))]
    return [" ".join(chance.choices(ORD, weights, k=ORD_I_TEKST)).capitalize() + "." for _ in range(TEKSTER)]


def _phases(clause: int) -> int:
    """Three of five hold always, one at the peak alone, one otherwise."""
    return {3: 0b010000, 4: 0b101110}.get(clause % 5, ALLE_FASER)


def _id(kind: int, first: int, second: int = 0) -> str:
    return str(UUID(int=(kind << 120) | (4 << 76) | (first << 40) | (8 << 60) | second))


def _spans(clause: int, versions: int, draft: bool) -> Iterator[tuple[int, int]]:
    """The wordings of one clause: [from version, to version). Version n changes the twenty from 20 n on, round."""
    last = versions + 1 if draft else versions
    begins = [1, *(v for v in range(2, last + 1) if (clause - v * CHANGED) % CLAUSES < CHANGED)]
    yield from zip(begins, [*begins[1:], EVIG], strict=True)


def fill(
    connection: psycopg.Connection[Any],
    trusts: list[UUID],
    places: dict[UUID, list[UUID]],
    versions: int,
    agreements: int,
) -> int:
    """Copies everything in. `places`: {trust: its kommuner}. Gives the number of rows of clauses."""
    moment = datetime.now(UTC).isoformat()
    this_year = date.today().year  # noqa: DTZ011 - the measured portal's own day may differ by hours, never by a year
    tail = _tails()
    parties, drafts, rows_ = [], set(), 0

    def begin(number: int) -> str:
        return f"{this_year - (versions - number)}-01-01"

    with connection.cursor() as c:
        c.execute("SET LOCAL session_replication_role = replica")
        with c.copy(
            "COPY avtale (id, type, eier_id, tittel, nummer, maalform, siste_nummer, opprettet, versjon) FROM STDIN"
        ) as copy:
            for a in range(agreements):
                trust = trusts[a % len(trusts)]
                nth = a // len(trusts)
                shared = nth % SHARED == 0
                if nth % 10 == 5:
                    drafts.add(a)
                mine = places[trust]
                kommuner = mine if shared else [mine[nth % len(mine)]]
                parties += [(a, trust, "foretak"), *((a, k, "kommune") for k in kommuner)]
                copy.write_row(
                    (
                        *(
                            _id(1, a),
                            "tjenesteavtale",
                            trust,
                            f"Avtale om {ORD[a % len(ORD)]} {nth}",
                            f"{nth}",
                        ),
                        *("nb", versions + (a in drafts), moment, 1),
                    )
                )
        with c.copy(
            "COPY avtalepart (id, avtale_id, organisasjon_id, side, status, invitert, fra, versjon) FROM STDIN"
        ) as copy:
            for n, (a, organisation, side) in enumerate(parties):
                copy.write_row((_id(2, n), _id(1, a), organisation, side, "deltar", moment, begin(1), 1))
        with c.copy(
            "COPY avtaleversjon (id, avtale_id, nummer, tittel, status, opprettet, sendt_til_forhandling, "
            "innhold_hash, medvirkning, notat, i_kraft_fra, i_kraft_til, versjon) FROM STDIN"
        ) as copy:
            for a in range(agreements):
                for v in range(1, versions + 1):
                    last = v == versions
                    status, til = ("gjeldende", None) if last else ("erstattet", begin(v + 1))
                    copy.write_row(
                        (
                            *(
                                _id(3, a, v),
                                _id(1, a),
                                v,
                                "",
                                status,
                                moment,
                                moment,
                                "",
                                "Brukerutvalget.",
                                "",
                            ),
                            *(begin(v), til, 1),
                        )
                    )
                if a in drafts:
                    copy.write_row(
                        (
                            *(
                                _id(3, a, versions + 1),
                                _id(1, a),
                                versions + 1,
                                "",
                                "til_forhandling",
                                moment,
                                moment,
                            ),
                            *("", "", "", None, None, 1),
                        )
                    )
        with c.copy(
            "COPY bestemmelse (id, avtale_id, noekkel, fra_versjon, til_versjon, plass, nummer, overskrift, tekst, "
            "art, punkt, faser, fagomraader, kriterier, matrise, forpliktelser, tiltak, trinn, innhold_hash, endret, "
            "versjon) FROM STDIN"
        ) as copy:
            for a in range(agreements):
                agreement = _id(1, a)
                lines = []
                for clause in range(CLAUSES):
                    key = _id(4, a, clause)
                    for begins, ends in _spans(clause, versions, a in drafts):
                        rows_ += 1
                        own = _id(5, a, clause * 100 + begins)
                        text = tail[clause][(a * 7 + begins) % TEKSTER]
                        lines.append(f"{own}\t{agreement}\t{key}\t{begins}\t{ends}\t{text}\t{moment}\t1\n")
                copy.write("".join(lines))
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    return rows_


def _tails() -> list[list[str]]:
    """For each place of a clause and each text: the columns from `plass` to `innhold_hash`, as COPY reads them."""
    chance = Random(1)
    texts = _texts(chance)
    heads = [f"{ORD[n % 40].capitalize()} og {ORD[(n * 7) % 60]}" for n in range(CLAUSES)]
    criteria = orjson.dumps(
        [
            {"kriterium": f"Kriterium {n}", "hvem": "Vakthavende lege", "frist": "Innen 2 timer"}
            for n in range(2)
        ]
    ).decode()

    def of(clause: int) -> list[str]:
        art = ART[clause]
        areas = '["geriatri"]' if clause % 10 == 7 else "[]"
        own = criteria if art in ("innleggelse", "utskrivning", "oehd") else "[]"
        end = f"{art}\t{PUNKT.get(art, chr(92) + 'N')}\t{_phases(clause)}\t{areas}\t{own}\t[]\t[]\t[]\t[]\t{'0' * 64}"
        return [f"{clause}\t{clause // 10}.{clause % 10}\t{heads[clause]}\t{t}\t{end}" for t in texts]

    return [of(clause) for clause in range(CLAUSES)]


def main(versions: int, agreements: int) -> None:
    app = create_app()
    with app.app_context():
        url = app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg://", "postgresql://")
        alive = Organisasjon.nedlagt.is_(None)
        trusts = list(
            db.session.scalars(
                sa.select(Organisasjon)
                .where(Organisasjon.type == "hf", alive)
                .order_by(Organisasjon.organisasjonsnummer)
                .limit(TRUSTS)
            )
        )
        kommuner = list(
            db.session.scalars(
                sa.select(Organisasjon)
                .where(Organisasjon.type == "kommune", alive)
                .order_by(Organisasjon.kode)
            )
        )
        places = {t.id: [k.id for k in kommuner[n :: len(trusts)]] for n, t in enumerate(trusts)}
        physician = lag_aktor(Rolle.LEGE_KOMMUNE, kommuner[0], lag_enhet(kommuner[0]))
        people = {
            "physician": physician,
            "trust": lag_aktor(Rolle.KOORDINATOR, trusts[0]),
            "state": lag_aktor(Rolle.INNSYN, lag_organisasjon("myndighet", "Tilsynet")),
        }
        headers = {name: cookie(app, actor) for name, actor in people.items()}
        kommune = str(kommuner[0].id)
        trust_ids = [t.id for t in trusts]
        db.session.rollback()
        start = time.monotonic()
        with psycopg.connect(url) as connection:
            clauses = fill(connection, trust_ids, places, versions, agreements)
        seconds = round(time.monotonic() - start, 1)
    sys.stdout.buffer.write(
        orjson.dumps({"people": headers, "kommune": kommune, "clauses": clauses, "seconds": seconds})
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
