"""A country of cases for the benchmark of the lists, made by the database itself, in one that `start-data` has made.

    python -m benchmarks.world CASES WAITING      # with the portal's environment; prints who is measured as JSON

Three units and ten people in every kommune, two specialists for each specialty of every hospital and a vaktleder over
them; cases of ten years between them, ten rows of log in each. Some ask and answer much and most a little, as people
do. A small world (up to 5,000 cases) is a pilot: one kommune and its hospital, so that the people who are measured
have as much on their first page as those in the large one. `WAITING` more wait in the queue of another hospital.

Rows go past the portal's use cases: half a million through them would take a night. Foreign keys are not looked up
one by one meanwhile, and the log's indexes are made when it stands; what is measured afterwards finds every one.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks.seed import cookie
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.factory import create_app
from portal.identitet.models import Organisasjon

PILOT = 5_000
#: The log's constraints, which are faster made once than kept up five million times.
LOG = {
    "pk_hendelse": "PRIMARY KEY (id)",
    "uq_hendelse_henvendelse_id_sekvens": "UNIQUE (henvendelse_id, sekvens)",
    "uq_hendelse_henvendelse_id_avsender_id_klient_id": "UNIQUE (henvendelse_id, avsender_id, klient_id)",
}

#: %(pilot)s is whether all cases are between one kommune and its hospital.
PEOPLE = """
CREATE TEMP TABLE sted AS
  SELECT id, helseforetak_id AS hf, row_number() OVER (ORDER BY kode) - 1 AS nr
  FROM organisasjon WHERE type = 'kommune' AND nedlagt IS NULL AND helseforetak_id IS NOT NULL;
CREATE TEMP TABLE sykehus AS
  SELECT id, row_number() OVER (ORDER BY organisasjonsnummer) - 1 AS nr
  FROM organisasjon WHERE type IN ('hf', 'ideelt_sykehus') AND nedlagt IS NULL;
CREATE TEMP TABLE fag AS
  SELECT kode, nr - 1 AS nr FROM unnest(%(fag)s::text[]) WITH ORDINALITY AS f(kode, nr);

CREATE TEMP TABLE ny_enhet AS
  SELECT gen_random_uuid() AS id, s.id AS org, n FROM sted s, generate_series(0, 2) n;
INSERT INTO enhet (id, organisasjon_id, type, navn, privat, telefon, aktiv, versjon)
  SELECT id, org, 'legevakt', 'Måleenhet ' || n, false, '', true, 1 FROM ny_enhet;

CREATE TEMP TABLE lege AS
  SELECT gen_random_uuid() AS person, gen_random_uuid() AS medlemskap, e.org, e.id AS enhet,
         row_number() OVER (PARTITION BY e.org ORDER BY e.n, k) - 1 AS nr
  FROM ny_enhet e, generate_series(0, 3) AS g(k) WHERE e.n * 4 + k < 10;
CREATE TEMP TABLE spesialist AS
  SELECT gen_random_uuid() AS person, gen_random_uuid() AS medlemskap, s.id AS org, f.kode AS fag, n AS nr
  FROM sykehus s, fag f, generate_series(0, 1) n;
CREATE TEMP TABLE leder AS
  SELECT gen_random_uuid() AS person, gen_random_uuid() AS medlemskap, id AS org FROM sykehus;
CREATE TEMP TABLE folk AS
  SELECT person, medlemskap, org, enhet, 'lege_kommune' AS rolle FROM lege
  UNION ALL SELECT person, medlemskap, org, NULL, 'spesialist' FROM spesialist
  UNION ALL SELECT person, medlemskap, org, NULL, 'vaktleder' FROM leder;
INSERT INTO person (id, navn, epost, telefon, aktiv, demo, spraak, opprettet)
  SELECT person, 'Måleperson ' || row_number() OVER (), 'maal-' || person || '@eksempel.example', '', true, true, 'nb',
         now() FROM folk;
INSERT INTO medlemskap (id, person_id, organisasjon_id, enhet_id, rolle, gyldig_fra)
  SELECT medlemskap, person, org, enhet, rolle, now() - interval '11 years' FROM folk;
INSERT INTO medlemskap_fagomraade (medlemskap_id, fagomraade) SELECT medlemskap, fag FROM spesialist;
"""

CASES = """
CREATE TEMP TABLE trukket_lodd AS
  SELECT i, gen_random_uuid() AS id,
         CASE WHEN %(pilot)s THEN 0 ELSE floor(power(random(), 1.7) * (SELECT count(*) FROM sted))::int END AS kommune,
         floor(power(random(), 2) * 10)::int AS lege,
         floor(power(random(), 3) * (SELECT count(*) FROM fag))::int AS fag,
         floor(power(random(), 1.3) * 2)::int AS spesialist,
         CASE WHEN i <= %(recent)s THEN now() - random() * interval '3 days'
              ELSE now() - interval '4 days' - random() * interval '3650 days' END AS opprettet,
         random() AS lodd
  FROM generate_series(1, %(cases)s) i;
CREATE TEMP TABLE ny_sak AS
  SELECT t.i, t.id, t.opprettet, l.org AS avsender, l.enhet, l.person AS innmelder, l.medlemskap AS fra,
         s.hf AS mottaker,
         f.kode AS fag, p.person AS spesialist, p.medlemskap AS til,
         (ARRAY['akutt', 'haster', 'vanlig'])[1 + floor(sqrt(t.lodd) * 3)::int] AS hastegrad,
         CASE WHEN t.i <= %(recent)s THEN (ARRAY['ny', 'akseptert', 'besvart'])[1 + floor(t.lodd * 3)::int]
              WHEN t.lodd < 0.02 THEN 'trukket' ELSE 'lukket' END AS status
  FROM trukket_lodd t JOIN sted s ON s.nr = t.kommune JOIN lege l ON l.org = s.id AND l.nr = t.lege
  JOIN fag f ON f.nr = t.fag JOIN spesialist p ON p.org = s.hf AND p.fag = f.kode AND p.nr = t.spesialist;
INSERT INTO ny_sak
  SELECT %(cases)s + i, gen_random_uuid(), now() - random() * interval '1 hour', l.org, l.enhet, l.person, l.medlemskap,
         (SELECT id FROM sykehus ORDER BY id = (SELECT hf FROM sted WHERE nr = 0), nr LIMIT 1),
         f.kode, NULL, NULL, (ARRAY['akutt', 'haster', 'vanlig'])[1 + i %% 3], 'ny'
  FROM generate_series(1, %(waiting)s) i JOIN lege l ON l.nr = i %% 10 AND l.org = (SELECT id FROM sted WHERE nr = 1)
  JOIN fag f ON f.nr = i %% (SELECT count(*) FROM fag);

INSERT INTO henvendelse (id, saksnummer, klient_id, retning, status, hastegrad, fagomraade, avsender_id,
    avsender_enhet_id, innmelder_id, innmelder_medlemskap_id, tilbakeringing, mottaker_id, ansvarlig_id,
    ansvarlig_medlemskap_id, plan_uten_raad, raad, utfall, opprettet, ventet_fra, frist, akseptert_tid, besvart_tid,
    lukket_tid, versjon)
  SELECT id, to_char(opprettet, 'YY') || '-' || lpad((200000 + i)::text, 6, '0'), gen_random_uuid(),
         'til_sykehus', status, hastegrad,
         fag, avsender, enhet, innmelder, fra, '00 00 00 00', mottaker,
         CASE WHEN status IN ('akseptert', 'besvart', 'lukket') THEN spesialist END,
         CASE WHEN status IN ('akseptert', 'besvart', 'lukket') THEN til END,
         'vet_ikke', CASE WHEN status IN ('besvart', 'lukket') THEN 'behandles_i_kommunen' END,
         CASE WHEN status = 'lukket' THEN 'behandles_i_kommunen' END, opprettet, opprettet,
         CASE WHEN status IN ('ny', 'akseptert') THEN opprettet + interval '1 hour' END,
         CASE WHEN status NOT IN ('ny', 'trukket') THEN opprettet + interval '5 minutes' END,
         CASE WHEN status IN ('besvart', 'lukket') THEN opprettet + interval '20 minutes' END,
         CASE WHEN status IN ('lukket', 'trukket') THEN opprettet + interval '1 day' END, 5
  FROM ny_sak;
INSERT INTO deltaker (id, henvendelse_id, person_id, medlemskap_id, side, fra, sak_opprettet)
  SELECT gen_random_uuid(), id, innmelder, fra, 'innmelder', opprettet, opprettet FROM ny_sak
  UNION ALL
  SELECT gen_random_uuid(), id, spesialist, til, 'mottaker', opprettet, opprettet FROM ny_sak
  WHERE status NOT IN ('ny', 'trukket');
INSERT INTO kvittering (henvendelse_id, person_id, side, navn, mottatt, lest, sett, tidspunkt)
  SELECT id, innmelder, 'innmelder', 'Måleperson, Måleenhet', 10, 10 - i %% 4, opprettet, opprettet FROM ny_sak
  UNION ALL
  SELECT id, spesialist, 'mottaker', 'Måleperson, sykehuset', 10, 10 - i %% 3, opprettet, opprettet FROM ny_sak
  WHERE status NOT IN ('ny', 'trukket');
INSERT INTO henvendelse_hode (henvendelse_id, sekvens)
  SELECT id, CASE WHEN i > %(cases)s THEN 1 ELSE 10 END FROM ny_sak;
INSERT INTO hendelse (id, henvendelse_id, sekvens, type, side, avsender_id, avsender_navn, tekst, data, tidspunkt,
    klient_id)
  SELECT gen_random_uuid(), id, n, CASE WHEN n = 1 THEN 'sendt' ELSE 'melding' END,
         CASE WHEN n %% 2 = 1 THEN 'innmelder' ELSE 'mottaker' END,
         CASE WHEN n %% 2 = 1 THEN innmelder ELSE spesialist END, 'Måleperson, Måleenhet',
         'Pasienten er klar, men slapp. NEWS2 har steget siden i natt, og vi vurderer behandling her.', '{}',
         opprettet + n * interval '1 minute', gen_random_uuid()
  FROM ny_sak, generate_series(1, 10) n WHERE i <= %(cases)s OR n = 1;
"""

#: Who is measured, each the busiest of the kind: (name, query for person and membership).
MEASURED = {
    "vaktleder": "SELECT l.person, l.medlemskap FROM leder l JOIN ny_sak s ON s.mottaker = l.org "
    "WHERE s.i <= %(cases)s GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1",
    "specialist": "SELECT spesialist, til FROM ny_sak WHERE spesialist IS NOT NULL GROUP BY 1, 2 "
    "ORDER BY count(*) DESC LIMIT 1",
    "physician": "SELECT innmelder, fra FROM ny_sak WHERE i <= %(cases)s GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1",
    "queue": "SELECT l.person, l.medlemskap FROM leder l JOIN ny_sak s ON s.mottaker = l.org "
    "WHERE s.i > %(cases)s LIMIT 1",
}


def make(
    connection: psycopg.Connection[Any], cases: int, waiting: int, fag: list[str]
) -> dict[str, tuple[Any, Any]]:
    """Fill the database; who is measured: {name: (person, membership)}."""
    values = {
        "cases": cases,
        "waiting": waiting,
        "pilot": cases <= PILOT,
        "recent": max(cases // 200, 150),
        "fag": fag,
    }
    # Values written into the statement: CREATE TABLE … AS takes no parameters.
    cursor = psycopg.ClientCursor(connection)
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        connection.execute("SET LOCAL work_mem = '128MB'")
        connection.execute("SELECT setseed(0.417)")
        for name in LOG:
            connection.execute(f"ALTER TABLE hendelse DROP CONSTRAINT {name}")
        for script in (PEOPLE, CASES):
            for statement in script.split(";\n"):
                if statement.strip():
                    cursor.execute(statement, values)
        for name, what in LOG.items():
            connection.execute(f"ALTER TABLE hendelse ADD CONSTRAINT {name} {what}")
        found = {name: cursor.execute(query, values).fetchone() for name, query in MEASURED.items()}
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    return {name: (row[0], row[1]) for name, row in found.items() if row is not None}


def main(cases: int, waiting: int) -> None:
    app = create_app()
    with app.app_context():
        url = app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg://", "postgresql://")
        # Those that the demo's queues are of; the specialties in an order that makes the first the most asked.
        fag = ["indremedisin", "geriatri", "hjertesykdommer", "lungesykdommer", "kirurgi", "nevrologi"]
        fag += ["ortopedi", "infeksjonssykdommer", "palliasjon", "nyresykdommer", "psykiatri", "urologi"]
        with psycopg.connect(url) as connection:
            measured = make(connection, cases, waiting, fag)
            counted = {
                name: connection.execute(
                    "SELECT count(*) FROM henvendelse h JOIN medlemskap m ON m.id = %s AND (m.organisasjon_id = "
                    "h.mottaker_id AND m.rolle = 'vaktleder' OR EXISTS (SELECT FROM deltaker d WHERE "
                    "d.henvendelse_id = h.id AND d.medlemskap_id = m.id))",
                    (medlemskap,),
                ).fetchone()
                for name, (_, medlemskap) in measured.items()
            }
        people = {}
        for name, (person, medlemskap) in measured.items():
            role = {"vaktleder": Rolle.VAKTLEDER, "queue": Rolle.VAKTLEDER}.get(name, Rolle.SPESIALIST)
            people[name] = {
                "cases": (counted[name] or (0,))[0],
                "headers": cookie(
                    app, Aktor(navn=name, person_id=person, medlemskap_id=medlemskap, rolle=role)
                ),
            }
        hospitals = db.session.scalar(sa.select(sa.func.count()).where(Organisasjon.type == "hf"))
    sys.stdout.buffer.write(orjson.dumps({"people": people, "hospitals": hospitals}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
