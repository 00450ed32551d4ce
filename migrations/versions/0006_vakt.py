"""Rosters: plans, shifts, rotations, absence, swaps, feeds, and the policies of escalation.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "vaktplan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_vaktplan_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vaktplan")),
        sa.UniqueConstraint(
            "organisasjon_id", "fagomraade", name=op.f("uq_vaktplan_organisasjon_id_fagomraade")
        ),
    )
    op.create_table(
        "vakttelefon",
        sa.Column("vaktplan_id", sa.Uuid(), nullable=False),
        sa.Column("nivaa", sa.String(length=15), nullable=False),
        sa.Column("nummer", sa.String(length=20), nullable=False),
        sa.Column("sms", sa.Boolean(), nullable=False),
        sa.Column("tale", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "nivaa IN ('vakthavende', 'bakvakt', 'vaktleder')", name=op.f("ck_vakttelefon_nivaa")
        ),
        sa.ForeignKeyConstraint(
            ["vaktplan_id"], ["vaktplan.id"], name=op.f("fk_vakttelefon_vaktplan_id_vaktplan")
        ),
        sa.PrimaryKeyConstraint("vaktplan_id", "nivaa", name=op.f("pk_vakttelefon")),
    )
    op.create_table(
        "rotasjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vaktplan_id", sa.Uuid(), nullable=False),
        sa.Column("nivaa", sa.String(length=15), nullable=False),
        sa.Column("gjelder_fra", sa.Date(), nullable=False),
        sa.Column("gjelder_til", sa.Date(), nullable=True),
        sa.Column("klokke_fra", sa.String(length=5), nullable=False),
        sa.Column("klokke_til", sa.String(length=5), nullable=False),
        sa.Column("dagtyper", JSON, nullable=False),
        sa.Column("dager_per_tur", sa.Integer(), nullable=False),
        sa.Column("laget_til", sa.Date(), nullable=False),
        sa.Column("dager_laget", sa.Integer(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "nivaa IN ('vakthavende', 'bakvakt', 'vaktleder')", name=op.f("ck_rotasjon_nivaa")
        ),
        sa.CheckConstraint("dager_per_tur BETWEEN 1 AND 28", name=op.f("ck_rotasjon_dager_per_tur")),
        sa.CheckConstraint(
            "gjelder_til IS NULL OR gjelder_til > gjelder_fra", name=op.f("ck_rotasjon_gjelder")
        ),
        sa.ForeignKeyConstraint(
            ["vaktplan_id"], ["vaktplan.id"], name=op.f("fk_rotasjon_vaktplan_id_vaktplan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotasjon")),
    )
    op.create_index("ix_rotasjon_plan", "rotasjon", ["vaktplan_id", "nivaa"], unique=False)
    op.create_table(
        "rotasjonsdeltaker",
        sa.Column("rotasjon_id", sa.Uuid(), nullable=False),
        sa.Column("plass", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_rotasjonsdeltaker_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(
            ["rotasjon_id"], ["rotasjon.id"], name=op.f("fk_rotasjonsdeltaker_rotasjon_id_rotasjon")
        ),
        sa.PrimaryKeyConstraint("rotasjon_id", "plass", name=op.f("pk_rotasjonsdeltaker")),
    )
    op.create_table(
        "vakt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vaktplan_id", sa.Uuid(), nullable=False),
        sa.Column("nivaa", sa.String(length=15), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kilde", sa.String(length=15), nullable=False),
        sa.Column("rotasjon_id", sa.Uuid(), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("avlyst", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kilde IN ('enkelt', 'rotasjon', 'overstyring', 'bytte', 'tatt', 'import')",
            name=op.f("ck_vakt_kilde"),
        ),
        sa.CheckConstraint("nivaa IN ('vakthavende', 'bakvakt', 'vaktleder')", name=op.f("ck_vakt_nivaa")),
        sa.CheckConstraint("til > fra", name=op.f("ck_vakt_varighet")),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_vakt_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_vakt_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_vakt_person_id_person")),
        sa.ForeignKeyConstraint(["rotasjon_id"], ["rotasjon.id"], name=op.f("fk_vakt_rotasjon_id_rotasjon")),
        sa.ForeignKeyConstraint(["vaktplan_id"], ["vaktplan.id"], name=op.f("fk_vakt_vaktplan_id_vaktplan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vakt")),
    )
    op.create_index(
        "ix_vakt_fra",
        "vakt",
        ["fra"],
        unique=False,
        sqlite_where=sa.text("avlyst IS NULL"),
        postgresql_where=sa.text("avlyst IS NULL"),
    )
    op.create_index(
        "ix_vakt_person",
        "vakt",
        ["person_id", "fra"],
        unique=False,
        sqlite_where=sa.text("avlyst IS NULL"),
        postgresql_where=sa.text("avlyst IS NULL"),
    )
    op.create_index(
        "ix_vakt_plan",
        "vakt",
        ["vaktplan_id", "nivaa", "fra"],
        unique=False,
        sqlite_where=sa.text("avlyst IS NULL"),
        postgresql_where=sa.text("avlyst IS NULL"),
    )
    op.create_index("ix_vakt_rotasjon", "vakt", ["rotasjon_id"], unique=False)
    op.create_table(
        "fravaer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=False),
        sa.Column("avlyst", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("til > fra", name=op.f("ck_fravaer_varighet")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_fravaer_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_fravaer_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_fravaer_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fravaer")),
    )
    op.create_index(
        "ix_fravaer_organisasjon",
        "fravaer",
        ["organisasjon_id", "fra"],
        unique=False,
        sqlite_where=sa.text("avlyst IS NULL"),
        postgresql_where=sa.text("avlyst IS NULL"),
    )
    op.create_index(
        "ix_fravaer_person",
        "fravaer",
        ["person_id", "fra"],
        unique=False,
        sqlite_where=sa.text("avlyst IS NULL"),
        postgresql_where=sa.text("avlyst IS NULL"),
    )
    op.create_table(
        "vaktbytte",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vakt_id", sa.Uuid(), nullable=False),
        sa.Column("motvakt_id", sa.Uuid(), nullable=True),
        sa.Column("fra_medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("til_medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("tilstand", sa.String(length=10), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("avgjort", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(tilstand = 'venter') = (avgjort IS NULL)", name=op.f("ck_vaktbytte_avgjort")),
        sa.CheckConstraint(
            "tilstand IN ('venter', 'godtatt', 'avslaatt', 'trukket', 'bortfalt')",
            name=op.f("ck_vaktbytte_tilstand"),
        ),
        sa.ForeignKeyConstraint(
            ["fra_medlemskap_id"], ["medlemskap.id"], name=op.f("fk_vaktbytte_fra_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(["motvakt_id"], ["vakt.id"], name=op.f("fk_vaktbytte_motvakt_id_vakt")),
        sa.ForeignKeyConstraint(
            ["til_medlemskap_id"], ["medlemskap.id"], name=op.f("fk_vaktbytte_til_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(["vakt_id"], ["vakt.id"], name=op.f("fk_vaktbytte_vakt_id_vakt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vaktbytte")),
    )
    op.create_index(
        "ix_vaktbytte_motvakt",
        "vaktbytte",
        ["motvakt_id"],
        unique=False,
        sqlite_where=sa.text("tilstand = 'venter'"),
        postgresql_where=sa.text("tilstand = 'venter'"),
    )
    op.create_index("ix_vaktbytte_til", "vaktbytte", ["til_medlemskap_id", "tilstand"], unique=False)
    op.create_index("ix_vaktbytte_vakt", "vaktbytte", ["vakt_id"], unique=False)
    op.create_index(
        "uq_vaktbytte_venter",
        "vaktbytte",
        ["vakt_id"],
        unique=True,
        sqlite_where=sa.text("tilstand = 'venter'"),
        postgresql_where=sa.text("tilstand = 'venter'"),
    )
    op.create_table(
        "vaktfeed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trukket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sist_hentet", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_vaktfeed_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vaktfeed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_vaktfeed_token_hash")),
    )
    op.create_index(
        "uq_vaktfeed_person",
        "vaktfeed",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("trukket IS NULL"),
        postgresql_where=sa.text("trukket IS NULL"),
    )
    op.create_table(
        "hullvarsel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vaktplan_id", sa.Uuid(), nullable=False),
        sa.Column("nivaa", sa.String(length=15), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dager", sa.Integer(), nullable=False),
        sa.Column("varslet", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "nivaa IN ('vakthavende', 'bakvakt', 'vaktleder')", name=op.f("ck_hullvarsel_nivaa")
        ),
        sa.ForeignKeyConstraint(
            ["vaktplan_id"], ["vaktplan.id"], name=op.f("fk_hullvarsel_vaktplan_id_vaktplan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hullvarsel")),
        sa.UniqueConstraint(
            "vaktplan_id", "nivaa", "fra", "dager", name=op.f("uq_hullvarsel_vaktplan_id_nivaa_fra_dager")
        ),
    )
    op.create_table(
        "eskaleringspolicy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("hastegrad", sa.String(length=10), nullable=False),
        sa.Column("ledd", JSON, nullable=False),
        sa.Column("gjentakelser", sa.Integer(), nullable=False),
        sa.Column("gjenta_etter", sa.Integer(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("erstattet", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "hastegrad IN ('akutt', 'haster', 'vanlig')", name=op.f("ck_eskaleringspolicy_hastegrad")
        ),
        sa.CheckConstraint("gjentakelser BETWEEN 0 AND 20", name=op.f("ck_eskaleringspolicy_gjentakelser")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_eskaleringspolicy_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_eskaleringspolicy_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eskaleringspolicy")),
    )
    op.create_index(
        "uq_eskaleringspolicy_gjeldende",
        "eskaleringspolicy",
        ["organisasjon_id", "fagomraade", "hastegrad"],
        unique=True,
        sqlite_where=sa.text("erstattet IS NULL"),
        postgresql_where=sa.text("erstattet IS NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # uuid and text inside a GiST index. A trusted extension: the owner of the database may add it.
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(
            "ALTER TABLE vakt ADD CONSTRAINT ex_vakt_overlapp EXCLUDE USING gist "
            "(vaktplan_id WITH =, nivaa WITH =, tstzrange(fra, til) WITH &&) WHERE (avlyst IS NULL)"
        )


def downgrade() -> None:
    op.drop_table("eskaleringspolicy")
    op.drop_table("hullvarsel")
    op.drop_table("vaktfeed")
    op.drop_table("vaktbytte")
    op.drop_table("fravaer")
    op.drop_table("vakt")
    op.drop_table("rotasjonsdeltaker")
    op.drop_table("rotasjon")
    op.drop_table("vakttelefon")
    op.drop_table("vaktplan")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP EXTENSION IF EXISTS btree_gist")
