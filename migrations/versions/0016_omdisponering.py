"""Reallocation of staff and premises: needs, offers, what both sides agree on, and what follows.

Revision ID: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _delvis(navn: str, tabell: str, kolonner: list[str], hvor: str) -> None:
    """An index over the rows that the condition holds for."""
    vilkaar = sa.text(hvor)
    op.create_index(navn, tabell, kolonner, sqlite_where=vilkaar, postgresql_where=vilkaar)


def upgrade() -> None:
    op.create_table(
        "behov",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=True),
        sa.Column("slag", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("stilling", sa.String(length=20), nullable=True),
        sa.Column("kompetanse", sa.Integer(), nullable=False),
        sa.Column("krever_autorisasjon", sa.Boolean(), nullable=False),
        sa.Column("krever_vaksine", sa.Boolean(), nullable=False),
        sa.Column("krever_smittevern", sa.Boolean(), nullable=False),
        sa.Column("andel", sa.Integer(), nullable=False),
        sa.Column("lokaleslag", sa.String(length=20), nullable=True),
        sa.Column("plasser", sa.Integer(), nullable=True),
        sa.Column("kvm", sa.Integer(), nullable=True),
        sa.Column("lokalkrav", sa.Integer(), nullable=False),
        sa.Column("antall", sa.Integer(), nullable=False),
        sa.Column("minst", sa.Integer(), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sted_id", sa.Uuid(), nullable=False),
        sa.Column("hvorfor", sa.Text(), nullable=False),
        sa.Column("fase", sa.Integer(), nullable=False),
        sa.Column("kilde", sa.String(length=80), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("meldt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lukket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lukket_grunn", sa.String(length=500), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(slag = 'lokale') = (lokaleslag IS NOT NULL) AND (lokaleslag IS NULL OR lokaleslag IN ('annet', 'behandlingsrom', 'isolat', 'kontor', 'lager', 'overnatting', 'sengepost', 'teststasjon', 'vaksinelokale'))",
            name=op.f("ck_behov_lokaleslag"),
        ),
        sa.CheckConstraint(
            "(slag = 'personell') = (stilling IS NOT NULL) AND (stilling IS NULL OR stilling IN ('ambulansearbeider', 'annet', 'assistent', 'bioingenioer', 'ergoterapeut', 'farmasoeyt', 'fysioterapeut', 'helsefagarbeider', 'helsesekretaer', 'jordmor', 'lege', 'psykolog', 'radiograf', 'renholder', 'student', 'sykepleier', 'vernepleier'))",
            name=op.f("ck_behov_stilling"),
        ),
        sa.CheckConstraint("slag IN ('lokale', 'personell')", name=op.f("ck_behov_slag")),
        sa.CheckConstraint(
            "status IN ('aapent', 'dekket', 'lukket', 'utkast')", name=op.f("ck_behov_status")
        ),
        sa.CheckConstraint("andel BETWEEN 1 AND 100", name=op.f("ck_behov_andel")),
        sa.CheckConstraint(
            "antall BETWEEN 1 AND 50 AND minst BETWEEN 0 AND antall", name=op.f("ck_behov_antall")
        ),
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name=op.f("ck_behov_fase")),
        sa.CheckConstraint("kompetanse BETWEEN 0 AND 524287", name=op.f("ck_behov_kompetanse")),
        sa.CheckConstraint("lokalkrav BETWEEN 0 AND 511", name=op.f("ck_behov_lokalkrav")),
        sa.CheckConstraint("til > fra", name=op.f("ck_behov_varighet")),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_behov_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_behov_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_behov_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["sted_id"], ["organisasjon.id"], name=op.f("fk_behov_sted_id_organisasjon")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behov")),
    )
    _delvis("ix_behov_aapne", "behov", ["til"], "status IN ('aapent', 'dekket')")
    op.create_index("ix_behov_organisasjon", "behov", ["organisasjon_id", "status"], unique=False)
    op.create_table(
        "omdisponering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.String(length=20), nullable=False),
        sa.Column("slag", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("behov_id", sa.Uuid(), nullable=False),
        sa.Column("avgiver_id", sa.Uuid(), nullable=False),
        sa.Column("mottaker_id", sa.Uuid(), nullable=False),
        sa.Column("avgiver_enhet_id", sa.Uuid(), nullable=True),
        sa.Column("mottaker_enhet_id", sa.Uuid(), nullable=True),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ansvarsforhold", sa.Text(), nullable=False),
        sa.Column("arbeidsgiveransvar", sa.Text(), nullable=False),
        sa.Column("organisering", sa.Text(), nullable=False),
        sa.Column("finansiering", sa.Text(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=True),
        sa.Column("avtale_nummer", sa.Integer(), nullable=True),
        sa.Column("bestemmelse_id", sa.Uuid(), nullable=True),
        sa.Column("stenges", sa.Integer(), nullable=False),
        sa.Column("aapnes", sa.Integer(), nullable=False),
        sa.Column("ble_stengt", sa.Integer(), nullable=True),
        sa.Column("ble_aapnet", sa.Integer(), nullable=True),
        sa.Column("gulv_overstyrt", sa.String(length=500), nullable=False),
        sa.Column("vedtak_id", sa.Uuid(), nullable=True),
        sa.Column("merknad", sa.Text(), nullable=False),
        sa.Column("innhold_hash", sa.String(length=64), nullable=False),
        sa.Column("foreslaatt_side", sa.String(length=10), nullable=False),
        sa.Column("foreslaatt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("foreslaatt_av_id", sa.Uuid(), nullable=True),
        sa.Column("svarfrist", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purret", sa.DateTime(timezone=True), nullable=True),
        sa.Column("godkjent_avgiver", sa.DateTime(timezone=True), nullable=True),
        sa.Column("godkjent_avgiver_av_id", sa.Uuid(), nullable=True),
        sa.Column("godkjent_avgiver_hash", sa.String(length=64), nullable=True),
        sa.Column("godkjent_mottaker", sa.DateTime(timezone=True), nullable=True),
        sa.Column("godkjent_mottaker_av_id", sa.Uuid(), nullable=True),
        sa.Column("godkjent_mottaker_hash", sa.String(length=64), nullable=True),
        sa.Column("iverksatt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grunn", sa.String(length=500), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "foreslaatt_side IN ('avgiver', 'mottaker')", name=op.f("ck_omdisponering_foreslaatt_side")
        ),
        sa.CheckConstraint("slag IN ('lokale', 'personell')", name=op.f("ck_omdisponering_slag")),
        sa.CheckConstraint(
            "status IN ('avslaatt', 'avsluttet', 'foreslaatt', 'godkjent_avgiver', 'godkjent_mottaker', 'iverksatt', 'trukket', 'utkast')",
            name=op.f("ck_omdisponering_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('godkjent_avgiver', 'godkjent_mottaker', 'iverksatt', 'avsluttet') OR (ansvarsforhold <> '' AND arbeidsgiveransvar <> '' AND organisering <> '' AND finansiering <> '' AND bestemmelse_id IS NOT NULL AND godkjent_avgiver IS NOT NULL)",
            name=op.f("ck_omdisponering_lovfelt"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('godkjent_mottaker', 'iverksatt', 'avsluttet') OR (godkjent_mottaker IS NOT NULL AND godkjent_mottaker_hash = innhold_hash AND godkjent_avgiver_hash = innhold_hash)",
            name=op.f("ck_omdisponering_samme_innhold"),
        ),
        sa.CheckConstraint("avgiver_id <> mottaker_id", name=op.f("ck_omdisponering_parter")),
        sa.CheckConstraint(
            "stenges BETWEEN 0 AND 200 AND aapnes BETWEEN 0 AND 200", name=op.f("ck_omdisponering_virkning")
        ),
        sa.CheckConstraint("til > fra", name=op.f("ck_omdisponering_varighet")),
        sa.ForeignKeyConstraint(
            ["avgiver_enhet_id"], ["enhet.id"], name=op.f("fk_omdisponering_avgiver_enhet_id_enhet")
        ),
        sa.ForeignKeyConstraint(
            ["avgiver_id"], ["organisasjon.id"], name=op.f("fk_omdisponering_avgiver_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_omdisponering_avtale_id_avtale")),
        sa.ForeignKeyConstraint(["behov_id"], ["behov.id"], name=op.f("fk_omdisponering_behov_id_behov")),
        sa.ForeignKeyConstraint(
            ["bestemmelse_id"], ["bestemmelse.id"], name=op.f("fk_omdisponering_bestemmelse_id_bestemmelse")
        ),
        sa.ForeignKeyConstraint(
            ["foreslaatt_av_id"], ["person.id"], name=op.f("fk_omdisponering_foreslaatt_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["godkjent_avgiver_av_id"],
            ["person.id"],
            name=op.f("fk_omdisponering_godkjent_avgiver_av_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["godkjent_mottaker_av_id"],
            ["person.id"],
            name=op.f("fk_omdisponering_godkjent_mottaker_av_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["mottaker_enhet_id"], ["enhet.id"], name=op.f("fk_omdisponering_mottaker_enhet_id_enhet")
        ),
        sa.ForeignKeyConstraint(
            ["mottaker_id"], ["organisasjon.id"], name=op.f("fk_omdisponering_mottaker_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_omdisponering_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["vedtak_id"], ["beordringsvedtak.id"], name=op.f("fk_omdisponering_vedtak_id_beordringsvedtak")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_omdisponering")),
        sa.UniqueConstraint("nummer", name=op.f("uq_omdisponering_nummer")),
    )
    op.create_index(
        "ix_omdisponering_avgiver", "omdisponering", ["avgiver_id", "status", "til"], unique=False
    )
    _delvis("ix_omdisponering_begynner", "omdisponering", ["fra"], "status = 'godkjent_mottaker'")
    op.create_index("ix_omdisponering_behov", "omdisponering", ["behov_id", "status"], unique=False)
    op.create_index(
        "ix_omdisponering_mottaker", "omdisponering", ["mottaker_id", "status", "til"], unique=False
    )
    _delvis("ix_omdisponering_slutter", "omdisponering", ["til"], "status = 'iverksatt'")
    _delvis(
        "ix_omdisponering_svar",
        "omdisponering",
        ["svarfrist"],
        "status IN ('foreslaatt', 'godkjent_avgiver')",
    )
    op.create_table(
        "tilbud",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("slag", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("ressursperson_id", sa.Uuid(), nullable=True),
        sa.Column("lokale_id", sa.Uuid(), nullable=True),
        sa.Column("behov_id", sa.Uuid(), nullable=True),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("andel", sa.Integer(), nullable=False),
        sa.Column("merknad", sa.String(length=500), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("trukket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(slag = 'personell') = (ressursperson_id IS NOT NULL) AND (slag = 'lokale') = (lokale_id IS NOT NULL)",
            name=op.f("ck_tilbud_hva"),
        ),
        sa.CheckConstraint("slag IN ('lokale', 'personell')", name=op.f("ck_tilbud_slag")),
        sa.CheckConstraint("status IN ('aapent', 'trukket')", name=op.f("ck_tilbud_status")),
        sa.CheckConstraint("andel BETWEEN 1 AND 100", name=op.f("ck_tilbud_andel")),
        sa.CheckConstraint("til > fra", name=op.f("ck_tilbud_varighet")),
        sa.ForeignKeyConstraint(["behov_id"], ["behov.id"], name=op.f("fk_tilbud_behov_id_behov")),
        sa.ForeignKeyConstraint(["lokale_id"], ["lokale.id"], name=op.f("fk_tilbud_lokale_id_lokale")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_tilbud_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_tilbud_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["ressursperson_id"], ["ressursperson.id"], name=op.f("fk_tilbud_ressursperson_id_ressursperson")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tilbud")),
    )
    _delvis("ix_tilbud_aapne", "tilbud", ["til"], "status = 'aapent'")
    _delvis("ix_tilbud_behov", "tilbud", ["behov_id"], "behov_id IS NOT NULL")
    op.create_index("ix_tilbud_lokale_id", "tilbud", ["lokale_id"], unique=False)
    op.create_index("ix_tilbud_organisasjon", "tilbud", ["organisasjon_id", "status"], unique=False)
    op.create_index("ix_tilbud_ressursperson_id", "tilbud", ["ressursperson_id"], unique=False)
    op.create_table(
        "delegering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("ressursperson_id", sa.Uuid(), nullable=False),
        sa.Column("omdisponering_id", sa.Uuid(), nullable=True),
        sa.Column("oppgave", sa.String(length=20), nullable=False),
        sa.Column("omfang", sa.String(length=500), nullable=False),
        sa.Column("fra", sa.Date(), nullable=False),
        sa.Column("til", sa.Date(), nullable=False),
        sa.Column("fullmakt_av", sa.String(length=200), nullable=False),
        sa.Column("opplaering", sa.String(length=300), nullable=False),
        sa.Column("opplaert", sa.Date(), nullable=False),
        sa.Column("veileder", sa.String(length=200), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("trukket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trukket_av_id", sa.Uuid(), nullable=True),
        sa.Column("trukket_grunn", sa.String(length=300), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "fullmakt_av <> '' AND opplaering <> '' AND veileder <> ''", name=op.f("ck_delegering_grunnlag")
        ),
        sa.CheckConstraint(
            "oppgave IN ('annet', 'injeksjoner', 'intravenoest', 'legemidler', 'oksygenbehandling', 'proever', 'stell', 'vaksiner')",
            name=op.f("ck_delegering_oppgave"),
        ),
        sa.CheckConstraint("til >= fra", name=op.f("ck_delegering_varighet")),
        sa.ForeignKeyConstraint(
            ["omdisponering_id"],
            ["omdisponering.id"],
            name=op.f("fk_delegering_omdisponering_id_omdisponering"),
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_delegering_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_delegering_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["ressursperson_id"],
            ["ressursperson.id"],
            name=op.f("fk_delegering_ressursperson_id_ressursperson"),
        ),
        sa.ForeignKeyConstraint(
            ["trukket_av_id"], ["person.id"], name=op.f("fk_delegering_trukket_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegering")),
    )
    op.create_index("ix_delegering_organisasjon", "delegering", ["organisasjon_id", "til"], unique=False)
    op.create_index("ix_delegering_person", "delegering", ["ressursperson_id", "til"], unique=False)
    op.create_table(
        "omdisponeringsavvik",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("omdisponering_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("hendt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alvor", sa.String(length=10), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("tiltak", sa.Text(), nullable=False),
        sa.Column("meldt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meldt_av_id", sa.Uuid(), nullable=True),
        sa.Column("lukket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lukket_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "alvor IN ('alvorlig', 'liten', 'middels')", name=op.f("ck_omdisponeringsavvik_alvor")
        ),
        sa.CheckConstraint("lukket IS NULL OR tiltak <> ''", name=op.f("ck_omdisponeringsavvik_tiltak")),
        sa.ForeignKeyConstraint(
            ["lukket_av_id"], ["person.id"], name=op.f("fk_omdisponeringsavvik_lukket_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["meldt_av_id"], ["person.id"], name=op.f("fk_omdisponeringsavvik_meldt_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["omdisponering_id"],
            ["omdisponering.id"],
            name=op.f("fk_omdisponeringsavvik_omdisponering_id_omdisponering"),
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_omdisponeringsavvik_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_omdisponeringsavvik")),
    )
    op.create_index(
        "ix_omdisponeringsavvik_omdisponering", "omdisponeringsavvik", ["omdisponering_id"], unique=False
    )
    op.create_table(
        "omdisponeringsevaluering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("omdisponering_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("nytte", sa.Integer(), nullable=False),
        sa.Column("avklart", sa.Integer(), nullable=False),
        sa.Column("igjen", sa.Integer(), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("svart", sa.DateTime(timezone=True), nullable=False),
        sa.Column("svart_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "nytte BETWEEN 1 AND 5 AND avklart BETWEEN 1 AND 5 AND igjen BETWEEN 1 AND 5",
            name=op.f("ck_omdisponeringsevaluering_svar"),
        ),
        sa.ForeignKeyConstraint(
            ["omdisponering_id"],
            ["omdisponering.id"],
            name=op.f("fk_omdisponeringsevaluering_omdisponering_id_omdisponering"),
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_omdisponeringsevaluering_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["svart_av_id"], ["person.id"], name=op.f("fk_omdisponeringsevaluering_svart_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_omdisponeringsevaluering")),
        sa.UniqueConstraint(
            "omdisponering_id",
            "organisasjon_id",
            name=op.f("uq_omdisponeringsevaluering_omdisponering_id_organisasjon_id"),
        ),
    )
    op.create_table(
        "omdisponeringshendelse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("omdisponering_id", sa.Uuid(), nullable=False),
        sa.Column("nr", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=True),
        sa.Column("tekst", sa.String(length=500), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.CheckConstraint(
            "type IN ('avslaatt', 'avsluttet', 'endret', 'foreslaatt', 'godkjent_avgiver', 'godkjent_mottaker', 'iverksatt', 'opphevet', 'opprettet', 'purret', 'stroeket', 'trukket')",
            name=op.f("ck_omdisponeringshendelse_type"),
        ),
        sa.ForeignKeyConstraint(
            ["omdisponering_id"],
            ["omdisponering.id"],
            name=op.f("fk_omdisponeringshendelse_omdisponering_id_omdisponering"),
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_omdisponeringshendelse_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_omdisponeringshendelse_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_omdisponeringshendelse")),
        sa.UniqueConstraint(
            "omdisponering_id", "nr", name=op.f("uq_omdisponeringshendelse_omdisponering_id_nr")
        ),
    )
    op.create_table(
        "omdisponeringslinje",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("omdisponering_id", sa.Uuid(), nullable=False),
        sa.Column("rekkefoelge", sa.Integer(), nullable=False),
        sa.Column("tilbud_id", sa.Uuid(), nullable=True),
        sa.Column("ressursperson_id", sa.Uuid(), nullable=True),
        sa.Column("lokale_id", sa.Uuid(), nullable=True),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("andel", sa.Integer(), nullable=False),
        sa.Column("samtykket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("samtykket_av_id", sa.Uuid(), nullable=True),
        sa.Column("beordret", sa.Boolean(), nullable=False),
        sa.Column("opptar", sa.Boolean(), nullable=False),
        sa.Column("stroeket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stroeket_grunn", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "stroeket_grunn IS NULL OR stroeket_grunn IN ('ikke_godkjent', 'opptatt', 'trukket')",
            name=op.f("ck_omdisponeringslinje_stroeket_grunn"),
        ),
        sa.CheckConstraint(
            "(NOT opptar OR stroeket IS NULL) AND (stroeket IS NULL) = (stroeket_grunn IS NULL)",
            name=op.f("ck_omdisponeringslinje_stroeket"),
        ),
        sa.CheckConstraint(
            "(ressursperson_id IS NULL) <> (lokale_id IS NULL)", name=op.f("ck_omdisponeringslinje_hva")
        ),
        sa.CheckConstraint(
            "NOT opptar OR lokale_id IS NOT NULL OR beordret OR samtykket IS NOT NULL",
            name=op.f("ck_omdisponeringslinje_villig"),
        ),
        sa.CheckConstraint("andel BETWEEN 1 AND 100", name=op.f("ck_omdisponeringslinje_andel")),
        sa.CheckConstraint("til > fra", name=op.f("ck_omdisponeringslinje_varighet")),
        sa.ForeignKeyConstraint(
            ["lokale_id"], ["lokale.id"], name=op.f("fk_omdisponeringslinje_lokale_id_lokale")
        ),
        sa.ForeignKeyConstraint(
            ["omdisponering_id"],
            ["omdisponering.id"],
            name=op.f("fk_omdisponeringslinje_omdisponering_id_omdisponering"),
        ),
        sa.ForeignKeyConstraint(
            ["ressursperson_id"],
            ["ressursperson.id"],
            name=op.f("fk_omdisponeringslinje_ressursperson_id_ressursperson"),
        ),
        sa.ForeignKeyConstraint(
            ["samtykket_av_id"], ["person.id"], name=op.f("fk_omdisponeringslinje_samtykket_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["tilbud_id"], ["tilbud.id"], name=op.f("fk_omdisponeringslinje_tilbud_id_tilbud")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_omdisponeringslinje")),
    )
    _delvis("ix_omdisponeringslinje_lokale", "omdisponeringslinje", ["lokale_id", "til"], "opptar")
    op.create_index(
        "ix_omdisponeringslinje_omdisponering", "omdisponeringslinje", ["omdisponering_id"], unique=False
    )
    _delvis("ix_omdisponeringslinje_person", "omdisponeringslinje", ["ressursperson_id", "til"], "opptar")
    op.create_index("ix_omdisponeringslinje_tilbud_id", "omdisponeringslinje", ["tilbud_id"], unique=False)
    op.create_table(
        "timefoering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("linje_id", sa.Uuid(), nullable=False),
        sa.Column("dag", sa.Date(), nullable=False),
        sa.Column("minutter", sa.Integer(), nullable=False),
        sa.Column("merknad", sa.String(length=200), nullable=False),
        sa.Column("foert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("foert_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutter BETWEEN 0 AND 1500", name=op.f("ck_timefoering_minutter")),
        sa.ForeignKeyConstraint(
            ["foert_av_id"], ["person.id"], name=op.f("fk_timefoering_foert_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["linje_id"], ["omdisponeringslinje.id"], name=op.f("fk_timefoering_linje_id_omdisponeringslinje")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timefoering")),
        sa.UniqueConstraint("linje_id", "dag", name=op.f("uq_timefoering_linje_id_dag")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE omdisponeringslinje ADD CONSTRAINT ex_omdisponeringslinje_lokale EXCLUDE USING gist "
            "(lokale_id WITH =, tstzrange(fra, til) WITH &&) WHERE (opptar AND lokale_id IS NOT NULL)"
        )


def downgrade() -> None:
    op.drop_table("timefoering")
    op.drop_table("omdisponeringslinje")
    op.drop_table("omdisponeringshendelse")
    op.drop_table("omdisponeringsevaluering")
    op.drop_table("omdisponeringsavvik")
    op.drop_table("delegering")
    op.drop_table("tilbud")
    op.drop_table("omdisponering")
    op.drop_table("behov")
