"""Safe people: links that count once, the second factor, locked sessions, and the outbox.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "engangslenke",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("formaal", sa.String(length=15), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("utloeper", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brukt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trukket", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("formaal IN ('invitasjon', 'passord')", name=op.f("ck_engangslenke_formaal")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_engangslenke_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_engangslenke_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engangslenke")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_engangslenke_token_hash")),
    )
    op.create_index("ix_engangslenke_person", "engangslenke", ["person_id", "formaal"], unique=False)
    op.create_table(
        "gjenopprettingskode",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kode_hash", sa.String(length=64), nullable=False),
        sa.Column("brukt", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_gjenopprettingskode_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gjenopprettingskode")),
    )
    op.create_index(
        op.f("ix_gjenopprettingskode_person_id"), "gjenopprettingskode", ["person_id"], unique=False
    )
    op.create_table(
        "utsending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noekkel", sa.String(length=120), nullable=False),
        sa.Column("til", sa.String(length=254), nullable=False),
        sa.Column("emne", sa.String(length=200), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("neste", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forsoek", sa.Integer(), nullable=False),
        sa.Column("sendt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("oppgitt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feil", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_utsending")),
        sa.UniqueConstraint("noekkel", name=op.f("uq_utsending_noekkel")),
    )
    op.create_index(
        "ix_utsending_venter",
        "utsending",
        ["neste"],
        unique=False,
        sqlite_where=sa.text("sendt IS NULL AND oppgitt IS NULL"),
        postgresql_where=sa.text("sendt IS NULL AND oppgitt IS NULL"),
    )
    op.add_column("person", sa.Column("totp_hemmelighet", sa.String(length=300), nullable=True))
    op.add_column("person", sa.Column("totp_steg", sa.Integer(), nullable=True))
    op.add_column("sesjon", sa.Column("laast", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sesjon", sa.Column("vakt_til", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for tabell, kolonne in (
        ("sesjon", "vakt_til"),
        ("sesjon", "laast"),
        ("person", "totp_steg"),
        ("person", "totp_hemmelighet"),
    ):
        op.drop_column(tabell, kolonne)
    for tabell in ("utsending", "gjenopprettingskode", "engangslenke"):
        op.drop_table(tabell)
