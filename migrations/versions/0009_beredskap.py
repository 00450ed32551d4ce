"""The epidemic phase and the preparedness of each organisation, proposals, the kriseledelse, and drills.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "faseforslag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fra_organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fase", sa.Integer(), nullable=False),
        sa.Column("nivaa", sa.String(length=10), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kilde", sa.String(length=300), nullable=False),
        sa.Column("begrunnelse", sa.Text(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("nivaa IN ('normal', 'groenn', 'gul', 'roed')", name=op.f("ck_faseforslag_nivaa")),
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name=op.f("ck_faseforslag_fase")),
        sa.ForeignKeyConstraint(
            ["fra_organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_faseforslag_fra_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_faseforslag_opprettet_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faseforslag")),
    )
    op.create_index(
        op.f("ix_faseforslag_fra_organisasjon_id"), "faseforslag", ["fra_organisasjon_id"], unique=False
    )
    op.create_table(
        "oevelse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("til > fra", name=op.f("ck_oevelse_varighet")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_oevelse_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_oevelse_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oevelse")),
    )
    op.create_index("ix_oevelse_til", "oevelse", ["til"], unique=False)
    op.create_table(
        "faseforslagsmottaker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("forslag_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("svar", sa.String(length=10), nullable=False),
        sa.Column("svart", sa.DateTime(timezone=True), nullable=True),
        sa.Column("svart_av_id", sa.Uuid(), nullable=True),
        sa.Column("merknad", sa.String(length=500), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "svar IN ('venter', 'bekreftet', 'avslaatt', 'trukket', 'bortfalt')",
            name=op.f("ck_faseforslagsmottaker_svar"),
        ),
        sa.ForeignKeyConstraint(
            ["forslag_id"], ["faseforslag.id"], name=op.f("fk_faseforslagsmottaker_forslag_id_faseforslag")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_faseforslagsmottaker_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["svart_av_id"], ["person.id"], name=op.f("fk_faseforslagsmottaker_svart_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faseforslagsmottaker")),
        sa.UniqueConstraint(
            "forslag_id", "organisasjon_id", name=op.f("uq_faseforslagsmottaker_forslag_id_organisasjon_id")
        ),
    )
    op.create_index(
        "ix_faseforslagsmottaker_venter",
        "faseforslagsmottaker",
        ["organisasjon_id"],
        unique=False,
        sqlite_where=sa.text("svar = 'venter'"),
        postgresql_where=sa.text("svar = 'venter'"),
    )
    op.create_table(
        "faseperiode",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fase", sa.Integer(), nullable=False),
        sa.Column("nivaa", sa.String(length=10), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bedt_til", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kilde", sa.String(length=300), nullable=False),
        sa.Column("begrunnelse", sa.Text(), nullable=False),
        sa.Column("satt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("satt_av_id", sa.Uuid(), nullable=True),
        sa.Column("satt_som", sa.String(length=200), nullable=False),
        sa.Column("forslag_id", sa.Uuid(), nullable=True),
        sa.Column("trukket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("varslet", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("nivaa IN ('normal', 'groenn', 'gul', 'roed')", name=op.f("ck_faseperiode_nivaa")),
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name=op.f("ck_faseperiode_fase")),
        sa.CheckConstraint("til IS NULL OR til > fra", name=op.f("ck_faseperiode_varighet")),
        sa.ForeignKeyConstraint(
            ["forslag_id"], ["faseforslag.id"], name=op.f("fk_faseperiode_forslag_id_faseforslag")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_faseperiode_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["satt_av_id"], ["person.id"], name=op.f("fk_faseperiode_satt_av_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faseperiode")),
    )
    op.create_index(
        "ix_faseperiode_organisasjon",
        "faseperiode",
        ["organisasjon_id", "fra"],
        unique=False,
        sqlite_where=sa.text("trukket IS NULL"),
        postgresql_where=sa.text("trukket IS NULL"),
    )
    op.create_index(
        "ix_faseperiode_uvarslet",
        "faseperiode",
        ["fra"],
        unique=False,
        sqlite_where=sa.text("trukket IS NULL AND varslet IS NULL"),
        postgresql_where=sa.text("trukket IS NULL AND varslet IS NULL"),
    )
    op.create_table(
        "oevelsesdeltaker",
        sa.Column("oevelse_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fase", sa.Integer(), nullable=False),
        sa.Column("nivaa", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "nivaa IN ('normal', 'groenn', 'gul', 'roed')", name=op.f("ck_oevelsesdeltaker_nivaa")
        ),
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name=op.f("ck_oevelsesdeltaker_fase")),
        sa.ForeignKeyConstraint(
            ["oevelse_id"], ["oevelse.id"], name=op.f("fk_oevelsesdeltaker_oevelse_id_oevelse")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_oevelsesdeltaker_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("oevelse_id", "organisasjon_id", name=op.f("pk_oevelsesdeltaker")),
    )
    op.create_index(
        op.f("ix_oevelsesdeltaker_organisasjon_id"), "oevelsesdeltaker", ["organisasjon_id"], unique=False
    )
    op.create_table(
        "kriseledelse",
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("oppnevnt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("oppnevnt_av_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_kriseledelse_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(
            ["oppnevnt_av_id"], ["person.id"], name=op.f("fk_kriseledelse_oppnevnt_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_kriseledelse_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("medlemskap_id", name=op.f("pk_kriseledelse")),
    )
    op.create_index(
        op.f("ix_kriseledelse_organisasjon_id"), "kriseledelse", ["organisasjon_id"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        # The extension is there since the rosters; SQLite is held by the check under the write lock.
        op.execute(
            "ALTER TABLE faseperiode ADD CONSTRAINT ex_faseperiode_overlapp EXCLUDE USING gist "
            "(organisasjon_id WITH =, tstzrange(fra, til) WITH &&) WHERE (trukket IS NULL)"
        )


def downgrade() -> None:
    op.drop_table("kriseledelse")
    op.drop_table("oevelsesdeltaker")
    op.drop_table("faseperiode")
    op.drop_table("faseforslagsmottaker")
    op.drop_table("oevelse")
    op.drop_table("faseforslag")
