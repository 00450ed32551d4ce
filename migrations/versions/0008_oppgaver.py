"""Tasks: one table of what an organisation must have done by a day.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oppgave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noekkel", sa.String(length=200), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("ansvarlig_id", sa.Uuid(), nullable=True),
        sa.Column("kode", sa.String(length=60), nullable=False),
        sa.Column("tittel", sa.String(length=300), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("gjelder", sa.String(length=80), nullable=False),
        sa.Column("lenke", sa.String(length=300), nullable=False),
        sa.Column("frist", sa.Date(), nullable=False),
        sa.Column("paaminnelser", sa.String(length=60), nullable=False),
        sa.Column("neste_paaminnelse", sa.DateTime(timezone=True), nullable=True),
        sa.Column("krever_bevis", sa.Boolean(), nullable=False),
        sa.Column("bevis", sa.String(length=500), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("gjort", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gjort_av_id", sa.Uuid(), nullable=True),
        sa.Column("avlyst", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("gjort IS NULL OR avlyst IS NULL", name=op.f("ck_oppgave_ferdig")),
        sa.ForeignKeyConstraint(["ansvarlig_id"], ["person.id"], name=op.f("fk_oppgave_ansvarlig_id_person")),
        sa.ForeignKeyConstraint(["gjort_av_id"], ["person.id"], name=op.f("fk_oppgave_gjort_av_id_person")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_oppgave_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_oppgave_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oppgave")),
        sa.UniqueConstraint("noekkel", name=op.f("uq_oppgave_noekkel")),
    )
    op.create_index(
        "ix_oppgave_aapen",
        "oppgave",
        ["organisasjon_id", "frist"],
        unique=False,
        sqlite_where=sa.text("gjort IS NULL AND avlyst IS NULL"),
        postgresql_where=sa.text("gjort IS NULL AND avlyst IS NULL"),
    )
    op.create_index(op.f("ix_oppgave_ansvarlig_id"), "oppgave", ["ansvarlig_id"], unique=False)
    op.create_index("ix_oppgave_gjelder", "oppgave", ["gjelder"], unique=False)
    op.create_index(
        "ix_oppgave_paaminnelse",
        "oppgave",
        ["neste_paaminnelse"],
        unique=False,
        sqlite_where=sa.text("gjort IS NULL AND avlyst IS NULL AND neste_paaminnelse IS NOT NULL"),
        postgresql_where=sa.text("gjort IS NULL AND avlyst IS NULL AND neste_paaminnelse IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("oppgave")
