"""A notice runs until it has had its effect, and tells where its letter is; a sending-in about one says which.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LOEPER, FOER = sa.text("trukket IS NULL AND avsluttet IS NULL"), sa.text("trukket IS NULL")


def upgrade() -> None:
    op.drop_index("uq_oppsigelse_en", table_name="oppsigelse")
    op.add_column("oppsigelse", sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True))
    op.add_column("oppsigelse", sa.Column("brev", sa.String(500), nullable=False, server_default=""))
    with op.batch_alter_table("oppsigelse") as b:
        b.alter_column("brev", server_default=None)
    _en_om_gangen(LOEPER)
    with op.batch_alter_table("innsending") as b:
        b.add_column(sa.Column("oppsigelse_id", sa.Uuid(), nullable=True))
        b.create_foreign_key(
            op.f("fk_innsending_oppsigelse_id_oppsigelse"), "oppsigelse", ["oppsigelse_id"], ["id"]
        )
    # Until now it was the agreement's newest notice: there was no other to tell of.
    op.execute(
        "UPDATE innsending SET oppsigelse_id = (SELECT o.id FROM oppsigelse o WHERE o.avtale_id = innsending.avtale_id "
        "ORDER BY o.registrert DESC, o.id LIMIT 1) WHERE slag = 'oppsigelse'"
    )
    with op.batch_alter_table("innsending") as b:
        b.create_check_constraint(
            op.f("ck_innsending_hva"), "(slag = 'oppsigelse') = (oppsigelse_id IS NOT NULL)"
        )


def downgrade() -> None:
    with op.batch_alter_table("innsending") as b:
        b.drop_constraint(op.f("ck_innsending_hva"), type_="check")
        b.drop_constraint(op.f("fk_innsending_oppsigelse_id_oppsigelse"), type_="foreignkey")
        b.drop_column("oppsigelse_id")
    op.drop_index("uq_oppsigelse_en", table_name="oppsigelse")
    # One that has had its effect runs no more: as the older schema says it.
    op.execute("UPDATE oppsigelse SET trukket = avsluttet WHERE trukket IS NULL AND avsluttet IS NOT NULL")
    with op.batch_alter_table("oppsigelse") as b:
        b.drop_column("brev")
        b.drop_column("avsluttet")
    _en_om_gangen(FOER)


def _en_om_gangen(naar: sa.TextClause) -> None:
    op.create_index(
        "uq_oppsigelse_en",
        "oppsigelse",
        ["avtale_id", "organisasjon_id"],
        unique=True,
        sqlite_where=naar,
        postgresql_where=naar,
    )
