"""Assignments of one trust for the benchmark of the timeline, made by the database itself, in one that `start-data` has
made.

    python -m benchmarks.assignments STANDING ENDED     # with the portal's environment; prints whom to measure as JSON

`STANDING` people are lent and borrowed in a month around today, five in a reallocation, with kommuner of the whole
country; `ENDED` more were in the three years before. Rows go past the portal's use cases.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks.seed import cookie
from portal.core.aktor import Rolle
from portal.core.db import db
from portal.factory import create_app
from portal.identitet.models import Organisasjon
from tests.bygg import lag_aktor

#: People in one reallocation.
EACH = 5
TRUST = "Finnmarkssykehuset"

#: Every fifth is to the trust, the others from it; of the standing ones a third have not begun. `old`: they have ended.
LENT = """
CREATE TEMP TABLE sted AS
  SELECT id, row_number() OVER (ORDER BY kode) - 1 AS nr FROM organisasjon
  WHERE type = 'kommune' AND nedlagt IS NULL AND helseforetak_id IS NOT NULL;
CREATE TEMP TABLE ny AS
  SELECT n AS nr, gen_random_uuid() AS omd, gen_random_uuid() AS behov, n %% 5 = 0 AS inn, s.id AS sted, t.id AS hf,
         x.fra, x.fra + (4 + n %% 11) * interval '1 day' AS til,
         CASE WHEN %(old)s THEN 'avsluttet' WHEN x.fra > now() THEN 'godkjent_mottaker' ELSE 'iverksatt' END AS status
  FROM generate_series(1, %(number)s) n
  JOIN sted s ON s.nr = n %% (SELECT count(*) FROM sted)
  CROSS JOIN (SELECT id FROM organisasjon WHERE kortnavn = %(trust)s) t
  CROSS JOIN LATERAL (SELECT CASE WHEN %(old)s
    THEN date_trunc('day', now()) - interval '60 days' - (n * 7 %% 1000) * interval '1 day'
    ELSE date_trunc('day', now()) + (n * 7 %% 13 - 4) * interval '1 day' + interval '7 hours' END AS fra) x;
INSERT INTO behov (id, organisasjon_id, slag, status, stilling, kompetanse, krever_autorisasjon, krever_vaksine,
    krever_smittevern, andel, lokalkrav, antall, minst, fra, til, sted_id, hvorfor, fase, kilde, lukket_grunn,
    opprettet, meldt, versjon)
  SELECT behov, CASE WHEN inn THEN hf ELSE sted END, 'personell', 'dekket', 'sykepleier', 0, false, false, false, 100,
         0, 5, 1, fra, til, sted, 'Mange syke.', 4, '', '', now(), now(), 1 FROM ny;
INSERT INTO omdisponering (id, nummer, slag, status, behov_id, avgiver_id, mottaker_id, fra, til, ansvarsforhold,
    arbeidsgiveransvar, organisering, finansiering, avtale_id, avtale_nummer, bestemmelse_id, stenges, aapnes,
    gulv_overstyrt, merknad, innhold_hash, foreslaatt_side, foreslaatt, godkjent_avgiver, godkjent_avgiver_hash,
    godkjent_mottaker, godkjent_mottaker_hash, iverksatt, avsluttet, grunn, opprettet, versjon)
  SELECT omd, CASE WHEN %(old)s THEN 'G' ELSE 'N' END || nr, 'personell', ny.status, behov,
         CASE WHEN inn THEN sted ELSE hf END, CASE WHEN inn THEN hf ELSE sted END, fra, til, 'A', 'A', 'O', 'F',
         b.avtale_id, 1, b.id, 0, 0, '', '', repeat('a', 64), 'avgiver', now(), now(), repeat('a', 64), now(),
         repeat('a', 64), CASE WHEN ny.status <> 'godkjent_mottaker' THEN fra END,
         CASE WHEN %(old)s THEN til END, '', now(), 1
  FROM ny CROSS JOIN (SELECT id, avtale_id FROM bestemmelse ORDER BY id LIMIT 1) b;
CREATE TEMP TABLE folk AS
  SELECT gen_random_uuid() AS id, gen_random_uuid() AS linje, ny.*, k FROM ny, generate_series(1, %(each)s) k;
INSERT INTO ressursperson (id, organisasjon_id, navn, stilling, kompetanse, hpr, prosent, sted_id, telefon, epost,
    fritatt, opprettet, versjon)
  SELECT id, CASE WHEN inn THEN sted ELSE hf END, 'Måleperson ' || nr || '-' || k,
         (ARRAY['sykepleier', 'helsefagarbeider', 'lege', 'vernepleier'])[1 + (nr + k) %% 4], 1, '', 100, sted,
         '900 11 222', '', false, now(), 1 FROM folk;
INSERT INTO omdisponeringslinje (id, omdisponering_id, rekkefoelge, ressursperson_id, fra, til, andel, samtykket,
    beordret, opptar)
  SELECT linje, omd, k, id, fra, til, 100, now(), false, NOT %(old)s FROM folk;
DROP TABLE sted, ny, folk;
"""


def make(connection: psycopg.Connection[Any], standing: int, ended: int) -> int:
    """Fill the database. Gives how many lines there are."""
    # Values written into the statement: CREATE TABLE … AS takes no parameters.
    cursor = psycopg.ClientCursor(connection)
    with connection.transaction():
        for number, old in ((standing, False), (ended, True)):
            values = {"number": number // EACH, "old": old, "each": EACH, "trust": TRUST}
            for statement in LENT.split(";\n") if number else ():
                if statement.strip():
                    cursor.execute(statement, values)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    return int((connection.execute("SELECT count(*) FROM omdisponeringslinje").fetchone() or (0,))[0])


def main(standing: int, ended: int) -> None:
    app = create_app()
    with app.app_context():
        url = app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg://", "postgresql://")
        start = time.monotonic()
        with psycopg.connect(url) as connection:
            lines = make(connection, standing, ended)
        seconds = round(time.monotonic() - start, 1)
        trust = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.kortnavn == TRUST)).one()
        people = {
            "coordinator": cookie(app, lag_aktor(Rolle.KOORDINATOR, trust)),
            "specialist": cookie(app, lag_aktor(Rolle.SPESIALIST, trust, fag=("indremedisin",))),
        }
        made = {"people": people, "lines": lines, "seconds": seconds, "area": str(trust.id)}
    sys.stdout.buffer.write(orjson.dumps(made))


if __name__ == "__main__":
    main(*(int(n) for n in sys.argv[1:3]))
