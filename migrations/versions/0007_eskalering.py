"""Running escalations: timers and their steps, the hand-over at a shift change, and the canary.

Revision ID: 0007
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_FELLES = (
    "type IN ('sendt', 'melding', 'oppdatert', 'maaling', 'akseptert', 'gitt_tilbake', 'videresendt', 'besvart', "
    "'trenger_mer', 'lukket', 'tiden_ute', 'trukket', 'gjenaapnet', 'vedlegg', 'innsyn', 'invitert', 'ble_med', "
    "'tilbudt', 'overlevert', 'avslaatt', 'identitet', 'utskrivning', 'spurt', 'oppfoelging'"
)
#: The kinds of rows in the log as they were, and from now on.
TYPER_FOER = f"{_FELLES})"
TYPER = f"{_FELLES}, 'eskalert')"


def upgrade() -> None:
    op.create_table(
        "eskalering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slag", sa.String(length=10), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("hastegrad", sa.String(length=10), nullable=False),
        sa.Column("policy", JSON, nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posisjon", sa.Integer(), nullable=False),
        sa.Column("runde", sa.Integer(), nullable=False),
        sa.Column("neste", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utsatt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("utfall", sa.String(length=10), nullable=True),
        sa.Column("sekvens", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(henvendelse_id IS NULL) = (slag = 'kanari')", name=op.f("ck_eskalering_gjelder")
        ),
        sa.CheckConstraint(
            "slag IN ('aksept', 'svar', 'melding', 'kanari')", name=op.f("ck_eskalering_slag")
        ),
        sa.CheckConstraint(
            "utfall IS NULL OR utfall IN ('tatt', 'flyttet', 'besvart', 'avsluttet', 'uttoemt', 'ferdig')",
            name=op.f("ck_eskalering_utfall"),
        ),
        sa.CheckConstraint("(avsluttet IS NULL) = (utfall IS NULL)", name=op.f("ck_eskalering_avsluttet")),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_eskalering_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_eskalering_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eskalering")),
    )
    op.create_index(
        "ix_eskalering_forfall",
        "eskalering",
        ["neste"],
        unique=False,
        sqlite_where=sa.text("avsluttet IS NULL"),
        postgresql_where=sa.text("avsluttet IS NULL"),
    )
    op.create_index("ix_eskalering_sak", "eskalering", ["henvendelse_id", "start"], unique=False)
    op.create_index(
        "uq_eskalering_loeper",
        "eskalering",
        ["henvendelse_id", "slag"],
        unique=True,
        sqlite_where=sa.text("avsluttet IS NULL"),
        postgresql_where=sa.text("avsluttet IS NULL"),
    )
    op.create_table(
        "eskaleringstrinn",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("eskalering_id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("runde", sa.Integer(), nullable=False),
        sa.Column("nivaa", sa.String(length=15), nullable=False),
        sa.Column("utfall", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("forfalt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "utfall IN ('varslet', 'tomt', 'ingen', 'uttoemt')", name=op.f("ck_eskaleringstrinn_utfall")
        ),
        sa.ForeignKeyConstraint(
            ["eskalering_id"], ["eskalering.id"], name=op.f("fk_eskaleringstrinn_eskalering_id_eskalering")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_eskaleringstrinn_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eskaleringstrinn")),
        sa.UniqueConstraint("eskalering_id", "nummer", name=op.f("uq_eskaleringstrinn_eskalering_id_nummer")),
    )
    op.create_index("ix_eskaleringstrinn_tidspunkt", "eskaleringstrinn", ["tidspunkt"], unique=False)
    op.create_table(
        "vaktskifte",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vaktplan_id", sa.Uuid(), nullable=False),
        sa.Column("nivaa", sa.String(length=15), nullable=False),
        sa.Column("fra_medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("til_medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["fra_medlemskap_id"], ["medlemskap.id"], name=op.f("fk_vaktskifte_fra_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(
            ["til_medlemskap_id"], ["medlemskap.id"], name=op.f("fk_vaktskifte_til_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(
            ["vaktplan_id"], ["vaktplan.id"], name=op.f("fk_vaktskifte_vaktplan_id_vaktplan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vaktskifte")),
        sa.UniqueConstraint(
            "vaktplan_id",
            "nivaa",
            "tidspunkt",
            "fra_medlemskap_id",
            name=op.f("uq_vaktskifte_vaktplan_id_nivaa_tidspunkt_fra_medlemskap_id"),
        ),
    )
    op.create_index("ix_vaktskifte_fra", "vaktskifte", ["fra_medlemskap_id", "tidspunkt"], unique=False)
    op.create_index("ix_vaktskifte_til", "vaktskifte", ["til_medlemskap_id", "tidspunkt"], unique=False)
    op.create_table(
        "vaktskiftesak",
        sa.Column("vaktskifte_id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("tilstand", sa.String(length=10), nullable=False),
        sa.Column("avgjort", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(tilstand = 'venter') = (avgjort IS NULL)", name=op.f("ck_vaktskiftesak_avgjort")
        ),
        sa.CheckConstraint(
            "tilstand IN ('venter', 'godtatt', 'bortfalt')", name=op.f("ck_vaktskiftesak_tilstand")
        ),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_vaktskiftesak_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["vaktskifte_id"], ["vaktskifte.id"], name=op.f("fk_vaktskiftesak_vaktskifte_id_vaktskifte")
        ),
        sa.PrimaryKeyConstraint("vaktskifte_id", "henvendelse_id", name=op.f("pk_vaktskiftesak")),
    )
    op.create_index(
        "uq_vaktskiftesak_venter",
        "vaktskiftesak",
        ["henvendelse_id"],
        unique=True,
        sqlite_where=sa.text("tilstand = 'venter'"),
        postgresql_where=sa.text("tilstand = 'venter'"),
    )
    op.create_table(
        "kanari",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("hver_minutter", sa.Integer(), nullable=False),
        sa.Column("aktiv", sa.Boolean(), nullable=False),
        sa.Column("neste", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hver_minutter BETWEEN 5 AND 10080", name=op.f("ck_kanari_hver_minutter")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_kanari_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kanari")),
        sa.UniqueConstraint(
            "organisasjon_id", "fagomraade", name=op.f("uq_kanari_organisasjon_id_fagomraade")
        ),
    )
    op.create_index(
        "ix_kanari_neste",
        "kanari",
        ["neste"],
        unique=False,
        sqlite_where=sa.text("aktiv"),
        postgresql_where=sa.text("aktiv"),
    )
    op.create_table(
        "kanarikjoering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kanari_id", sa.Uuid(), nullable=False),
        sa.Column("eskalering_id", sa.Uuid(), nullable=True),
        sa.Column("varsel_id", sa.Uuid(), nullable=True),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frist", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ferdig", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ledd", JSON, nullable=False),
        sa.Column("roed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["eskalering_id"], ["eskalering.id"], name=op.f("fk_kanarikjoering_eskalering_id_eskalering")
        ),
        sa.ForeignKeyConstraint(
            ["kanari_id"], ["kanari.id"], name=op.f("fk_kanarikjoering_kanari_id_kanari")
        ),
        sa.ForeignKeyConstraint(
            ["varsel_id"], ["varsel.id"], name=op.f("fk_kanarikjoering_varsel_id_varsel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kanarikjoering")),
    )
    op.create_index("ix_kanarikjoering_kanari", "kanarikjoering", ["kanari_id", "start"], unique=False)
    op.create_index(
        "ix_kanarikjoering_loeper",
        "kanarikjoering",
        ["frist"],
        unique=False,
        sqlite_where=sa.text("ferdig IS NULL"),
        postgresql_where=sa.text("ferdig IS NULL"),
    )
    bytt_hendelsestyper(TYPER)


def downgrade() -> None:
    bytt_hendelsestyper(TYPER_FOER)
    op.drop_table("kanarikjoering")
    op.drop_table("kanari")
    op.drop_table("vaktskiftesak")
    op.drop_table("vaktskifte")
    op.drop_index("ix_eskaleringstrinn_tidspunkt", table_name="eskaleringstrinn")
    op.drop_table("eskaleringstrinn")
    op.drop_table("eskalering")


def bytt_hendelsestyper(typer: str) -> None:
    """Puts another CHECK on the kinds of rows in the log. Rows that are there already are not judged.

    On SQLite the table is made anew from its own text, with its indexes and triggers: «Making Other Kinds Of Table
    Schema Changes», https://www.sqlite.org/lang_altertable.html
    """
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_hendelse_type"), "hendelse", type_="check")
        op.create_check_constraint(op.f("ck_hendelse_type"), "hendelse", typer, postgresql_not_valid=True)
        return
    sql = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'hendelse'").scalar_one()
    resten = [
        r[0]
        for r in bind.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'hendelse' AND type <> 'table' AND sql IS NOT NULL"
        )
    ]
    ny, antall = re.subn(r"(CONSTRAINT ck_hendelse_type CHECK )\(.*?\)\)", lambda m: f"{m[1]}({typer})", sql)
    assert antall == 1
    kolonner = ", ".join(r[1] for r in bind.exec_driver_sql("PRAGMA table_info(hendelse)"))
    bind.exec_driver_sql(re.sub(r'CREATE TABLE "?hendelse"?', "CREATE TABLE hendelse_ny", ny, count=1))
    bind.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    bind.exec_driver_sql(f"INSERT INTO hendelse_ny ({kolonner}) SELECT {kolonner} FROM hendelse")
    bind.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
    # Its triggers go with it, before they could stop anything; what points at the name finds the new table.
    bind.exec_driver_sql("DROP TABLE hendelse")
    bind.exec_driver_sql("PRAGMA legacy_alter_table=ON")
    bind.exec_driver_sql("ALTER TABLE hendelse_ny RENAME TO hendelse")
    bind.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
    for setning in resten:
        bind.exec_driver_sql(setning)
