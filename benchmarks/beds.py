"""A country of emergency beds for the benchmark, made by the database itself, in one that `start-data` has made.

    python -m benchmarks.beds UNITS YEARS BOARDS     # with the portal's environment; prints who is measured as JSON

Ten times today's 688 beds in 200 units, with or without years of history behind them: each bed changes every fifth day,
every fourth change is an admission. Rows go past the portal's use cases; foreign keys are not looked up one by one
meanwhile, and the history's keys and indexes are made when it stands. `BOARDS` people are logged in who will have the
board open.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks.seed import _idle, cookie
from portal.core.aktor import Rolle
from portal.core.db import db
from portal.factory import create_app
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser.service import omraader
from tests.bygg import lag_aktor

#: Units whose own people click while boards are open, each with free beds.
CLICKERS = 24
#: Changes of one bed in a year: 6,880 beds make five million rows in ten years.
CHANGES = 73
#: The history's keys and indexes, which are faster made once than kept up five million times.
KEYS = {
    "plassendring": "plass_id, nr",
    "plassdoegn": "plassenhet_id, dag",
    "plassmaaned": "plassenhet_id, maaned",
}

#: Kept by the unit's number: 3 or 4 beds in each, 3.44 in the middle.
UNITS = """
CREATE TEMP TABLE sted AS
  SELECT id, row_number() OVER (ORDER BY kode) - 1 AS nr FROM organisasjon
  WHERE type = 'kommune' AND nedlagt IS NULL AND helseforetak_id IS NOT NULL;
CREATE TEMP TABLE ny AS
  SELECT n AS nr, gen_random_uuid() AS id, gen_random_uuid() AS enhet, s.id AS vert,
         3 + (n %% 25 < 11)::int AS beds
  FROM generate_series(0, %(units)s - 1) n JOIN sted s ON s.nr = n %% (SELECT count(*) FROM sted);
INSERT INTO enhet (id, organisasjon_id, type, navn, privat, telefon, aktiv, versjon)
  SELECT enhet, vert, 'oehd_enhet', 'Målepost ' || nr, false, '78 48 00 10', true, 1 FROM ny;
INSERT INTO plassenhet (id, enhet_id, vertskommune_id, adresse, legedekning, evner, kriterier, fersk_timer_lav,
    fersk_timer_hoey, hold_minutter, bekreftet, opprettet, stavleversjon, versjon)
  SELECT id, enhet, vert, 'Storgata 1', (ARRAY['doegn', 'dagtid', 'tilkalling'])[1 + nr %% 3], nr * 37 %% 512,
         'Voksne med avklart tilstand.', 12, 4, 120, now() - (nr %% 20) * interval '1 hour',
         now() - interval '11 years', nr + 1, 1 FROM ny;
INSERT INTO plassmedlem (id, plassenhet_id, kommune_id, kvote, fra, versjon)
  SELECT gen_random_uuid(), id, vert, beds, current_date - 4000, 1 FROM ny
  UNION ALL SELECT gen_random_uuid(), ny.id, s.id, 0, current_date - 4000, 1
  FROM ny JOIN sted s ON s.nr = (ny.nr + 1) %% (SELECT count(*) FROM sted);
CREATE TEMP TABLE seng AS
  SELECT gen_random_uuid() AS id, ny.id AS enhet, ny.vert, ny.nr AS unit, b AS nr,
         CASE WHEN ny.nr < %(clickers)s THEN 'ledig'
              ELSE (ARRAY['ledig', 'belagt', 'rengjoeres', 'belagt', 'ledig'])[1 + (b + ny.nr) %% 5] END AS tilstand
  FROM ny, generate_series(0, ny.beds - 1) b;
INSERT INTO plass (id, plassenhet_id, navn, rekkefoelge, normert, bemannet, evner, tilstand, stengt_grunn, endret,
    opprettet, endringer, versjon, laan, laan_referanse)
  SELECT id, enhet, 'Rom ' || nr + 1, nr, true, unit < %(clickers)s OR unit %% 9 > 0, 0, tilstand, '', now(),
         now() - interval '11 years', %(changes)s * %(years)s, 1, '', '' FROM seng;
INSERT INTO opphold (id, plass_id, plassenhet_id, kommune_id, inn, registrert, aldersgruppe, aarsaksgruppe, versjon)
  SELECT gen_random_uuid(), id, enhet, vert, now() - interval '1 day', now(), '67-79', 'infeksjon', 1 FROM seng
  WHERE tilstand = 'belagt';
INSERT INTO plasstall (plassenhet_id, antall, normert, bemannet, ledig, holdt, belagt, rengjoeres, stengt, ubemannet,
    ukjent, ledige_evner, endret, laant_inn, laant_ut)
  SELECT ny.id, count(*), count(*), count(*) FILTER (WHERE p.bemannet),
         count(*) FILTER (WHERE p.bemannet AND p.tilstand = 'ledig'), 0, count(*) FILTER (WHERE p.tilstand = 'belagt'),
         count(*) FILTER (WHERE p.bemannet AND p.tilstand = 'rengjoeres'), 0,
         count(*) FILTER (WHERE NOT p.bemannet AND p.tilstand <> 'belagt'), 0,
         CASE WHEN count(*) FILTER (WHERE p.bemannet AND p.tilstand = 'ledig') > 0 THEN jsonb_build_object(
           (ny.nr * 37 %% 512)::text, count(*) FILTER (WHERE p.bemannet AND p.tilstand = 'ledig'))
         ELSE '{}'::jsonb END, now(), 0, 0
  FROM ny JOIN plass p ON p.plassenhet_id = ny.id GROUP BY ny.id, ny.nr;
INSERT INTO plasstavle (id, versjon) VALUES (1, %(units)s)
  ON CONFLICT (id) DO UPDATE SET versjon = excluded.versjon + plasstavle.versjon;
UPDATE plassenhet SET stavleversjon = (SELECT versjon FROM plasstavle) WHERE stavleversjon > 0;
"""

HISTORY = """
INSERT INTO plassendring (plass_id, nr, plassenhet_id, tidspunkt, tilstand, stengt_grunn, bemannet, normert, aarsak)
  SELECT b.id, n, b.enhet,
         now() - interval '1 day' - (%(changes)s * %(years)s - n) * interval '5 days'
           - (b.nr * 7 + b.unit %% 17) * interval '10 minutes',
         CASE WHEN n = %(changes)s * %(years)s THEN b.tilstand
              ELSE (ARRAY['ledig', 'holdt', 'belagt', 'rengjoeres'])[1 + n %% 4] END, '', true, true, 'side'
  FROM seng b, generate_series(1, %(changes)s * %(years)s) n;
INSERT INTO opphold (id, plass_id, plassenhet_id, kommune_id, inn, ut, registrert, aldersgruppe, aarsaksgruppe,
    fra_hvor, til_hvor, versjon)
  SELECT gen_random_uuid(), e.plass_id, e.plassenhet_id, b.vert, e.tidspunkt, e.tidspunkt + interval '4 days',
         e.tidspunkt, (ARRAY['67-79', '80-89', '50-66', '90+'])[1 + e.nr %% 4], 'infeksjon', 'legevakt', 'hjem', 1
  FROM plassendring e JOIN seng b ON b.id = e.plass_id
  WHERE e.tilstand = 'belagt' AND e.nr < %(changes)s * %(years)s;
INSERT INTO plassdoegn (plassenhet_id, dag, ledig, holdt, belagt, rengjoeres, stengt, ubemannet, ukjent, normert,
    innlagt, utskrevet, avslag, utloept, liggetid, innlagt_timer, laget)
  SELECT ny.id, current_date - d, 86400 * (ny.beds - 2), 0, 86400 + ((d + ny.nr) %% 24) * 3600,
         86400 - ((d + ny.nr) %% 24) * 3600, 0, 0, 0, 86400 * ny.beds, (d + ny.nr) %% 3, (d + ny.nr) %% 3,
         ((d + ny.nr) %% 11 = 0)::int, 0, 259200 * ((d + ny.nr) %% 3),
         jsonb_build_object(((d + ny.nr) %% 24)::text, (d + ny.nr) %% 3), now()
  FROM ny, generate_series(1, 365 * %(years)s) d;
INSERT INTO plassmaaned (plassenhet_id, maaned, ledig, holdt, belagt, rengjoeres, stengt, ubemannet, ukjent, normert,
    innlagt, utskrevet, avslag, utloept, liggetid)
  SELECT plassenhet_id, date_trunc('month', dag)::date, sum(ledig), sum(holdt), sum(belagt), sum(rengjoeres),
         sum(stengt), sum(ubemannet), sum(ukjent), sum(normert), sum(innlagt), sum(utskrevet), sum(avslag),
         sum(utloept), sum(liggetid)
  FROM plassdoegn WHERE plassenhet_id IN (SELECT id FROM ny) GROUP BY 1, 2;
"""


def make(connection: psycopg.Connection[Any], units: int, years: int) -> dict[str, int]:
    """Fill the database. Gives how many rows there are of what."""
    values = {"units": units, "years": years, "changes": CHANGES, "clickers": CLICKERS}
    # Values written into the statement: CREATE TABLE … AS takes no parameters.
    cursor = psycopg.ClientCursor(connection)
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        # Its days are Oslo's: made by another calendar, the last one of them would lack its sum near midnight.
        connection.execute("SET LOCAL TIME ZONE 'Europe/Oslo'")
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        connection.execute("SET LOCAL work_mem = '256MB'")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT LIKE 'pk_%%'",
            (list(KEYS),),
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for table in KEYS:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT pk_{table}")
        for script in (UNITS, HISTORY) if years else (UNITS,):
            for statement in script.split(";\n"):
                if statement.strip():
                    cursor.execute(statement, values)
        for table, columns in KEYS.items():
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({columns})")
        for _, definition in indexes:
            connection.execute(definition)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    return {
        table: int((connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,))[0])
        for table in ("plassenhet", "plass", "plassendring", "plassdoegn", "opphold")
    }


def main(units: int, years: int, boards: int) -> None:
    app = create_app()
    with app.app_context():
        url = app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg://", "postgresql://")
        start = time.monotonic()
        with psycopg.connect(url) as connection:
            counted = make(connection, units, years)
            clickers = connection.execute(
                "SELECT p.id, e.id, p.vertskommune_id, array_agg(s.id) FROM plassenhet p JOIN enhet e "
                "ON e.id = p.enhet_id JOIN plass s ON s.plassenhet_id = p.id WHERE e.navn = ANY(%s) GROUP BY 1, 2, 3",
                ([f"Målepost {n}" for n in range(CLICKERS)],),
            ).fetchall()
            version = (connection.execute("SELECT versjon FROM plasstavle").fetchone() or (0,))[0]
            # The areas' sums, as the worker makes them.
            omraader.legg_sammen()
            connection.execute("VACUUM (ANALYZE) omraadedoegn, omraademaaned, plassomraade, plassmerke")
        seconds = round(time.monotonic() - start, 1)
        alive = Organisasjon.nedlagt.is_(None)
        kommuner = db.session.scalars(
            sa.select(Organisasjon).where(Organisasjon.type == "kommune", alive).order_by(Organisasjon.kode)
        ).all()
        trusts = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.type == "hf", alive)).all()
        own = []
        for unit, enhet_id, vert_id, beds in clickers:
            vert, enhet = (
                db.session.get_one(Organisasjon, vert_id),
                db.session.get_one(Enhet, enhet_id),
            )
            own.append(
                {
                    "unit": str(unit),
                    "beds": [str(b) for b in beds],
                    "headers": cookie(app, lag_aktor(Rolle.HELSEPERSONELL, vert, enhet)),
                }
            )
        people = {
            "physician": cookie(app, lag_aktor(Rolle.LEGE_KOMMUNE, kommuner[0])),
            "specialist": cookie(app, lag_aktor(Rolle.SPESIALIST, trusts[0], fag=("indremedisin",))),
            "unit": own[0]["headers"],
        }
        listeners = _idle(app, boards, kommuner, trusts)
    out = {"people": people, "own": own, "boards": listeners, "version": version, "rows": counted}
    sys.stdout.buffer.write(orjson.dumps({**out, "seconds": seconds}))


if __name__ == "__main__":
    main(*(int(n) for n in sys.argv[1:4]))
