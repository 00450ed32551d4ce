"""What the agreements said when advice was given, beside the conversation.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "avtalegrunnlag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("sekvens", sa.Integer(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kommune_id", sa.Uuid(), nullable=False),
        sa.Column("situasjon", sa.String(length=20), nullable=False),
        sa.Column("fase", sa.Integer(), nullable=False),
        sa.Column("fase_satt", sa.Boolean(), nullable=False),
        sa.Column("avtaler", JSON, nullable=False),
        sa.CheckConstraint("fase BETWEEN 1 AND 5", name=op.f("ck_avtalegrunnlag_fase")),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_avtalegrunnlag_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["kommune_id"], ["organisasjon.id"], name=op.f("fk_avtalegrunnlag_kommune_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avtalegrunnlag")),
        sa.UniqueConstraint(
            "henvendelse_id", "sekvens", name=op.f("uq_avtalegrunnlag_henvendelse_id_sekvens")
        ),
    )


def downgrade() -> None:
    op.drop_table("avtalegrunnlag")
