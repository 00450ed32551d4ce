"""Indexes of the lists: a page of cases costs the same with ten years of them.

Revision ID: 0004
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ER_AAPEN = sa.text("status IN ('ny', 'akseptert', 'besvart')")
DELTAR = sa.text("til IS NULL")
#: Denials in the audit log: few among millions, and asked for alone.
AVSLAG = sa.text("utfall = 'avslag'")
#: The newest of each way by which a case is visible.
NYESTE = {
    "mottaker_tid": ["mottaker_id", "opprettet"],
    "avsender_tid": ["avsender_id", "opprettet"],
    "innmelder_tid": ["innmelder_medlemskap_id", "opprettet"],
    "lukket": ["mottaker_id", "lukket_tid"],
}
#: The open ones, which are few however many there have been.
AAPNE = {
    "aapne_mottaker": ["mottaker_id", "fagomraade"],
    "aapne_avsender": ["avsender_id"],
    "aapne_enhet": ["avsender_enhet_id"],
    "aapne_innmelder": ["innmelder_medlemskap_id"],
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("deltaker", sa.Column("sak_opprettet", sa.DateTime(timezone=True), nullable=True))
        op.execute(
            "UPDATE deltaker SET sak_opprettet = h.opprettet FROM henvendelse h WHERE h.id = henvendelse_id"
        )
        op.alter_column("deltaker", "sak_opprettet", nullable=False)
    else:
        _ny_kolonne()
    for navn, kolonner in NYESTE.items():
        op.create_index(f"ix_henvendelse_{navn}", "henvendelse", kolonner)
    for navn, kolonner in AAPNE.items():
        op.create_index(
            f"ix_henvendelse_{navn}",
            "henvendelse",
            kolonner,
            sqlite_where=ER_AAPEN,
            postgresql_where=ER_AAPEN,
        )
    op.create_index(
        "ix_deltaker_saker",
        "deltaker",
        ["medlemskap_id", "sak_opprettet", "henvendelse_id"],
        sqlite_where=DELTAR,
        postgresql_where=DELTAR,
    )
    op.create_index(
        "ix_revisjon_avslag",
        "revisjon",
        ["organisasjon_id", "tidspunkt"],
        sqlite_where=AVSLAG,
        postgresql_where=AVSLAG,
    )


def _ny_kolonne() -> None:
    """SQLite adds no column that must be filled in: the table is made anew from its own text, with its indexes."""
    bind = op.get_bind()
    sql = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'deltaker'").scalar_one()
    indekser = [
        r[0]
        for r in bind.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'deltaker' AND type = 'index' AND sql IS NOT NULL"
        )
    ]
    kolonner = ", ".join(r[1] for r in bind.exec_driver_sql("PRAGMA table_info(deltaker)"))
    sql = re.sub(r'CREATE TABLE "?deltaker"?', "CREATE TABLE deltaker_ny", sql, count=1)
    sql, antall = re.subn(
        r"CONSTRAINT pk_deltaker", "sak_opprettet DATETIME NOT NULL, CONSTRAINT pk_deltaker", sql
    )
    assert antall == 1
    bind.exec_driver_sql(sql)
    bind.exec_driver_sql(
        f"INSERT INTO deltaker_ny ({kolonner}, sak_opprettet) SELECT {kolonner}, "
        "(SELECT opprettet FROM henvendelse h WHERE h.id = deltaker.henvendelse_id) FROM deltaker"
    )
    bind.exec_driver_sql("DROP TABLE deltaker")
    bind.exec_driver_sql("ALTER TABLE deltaker_ny RENAME TO deltaker")
    for setning in indekser:
        bind.exec_driver_sql(setning)


def downgrade() -> None:
    op.drop_index("ix_revisjon_avslag", table_name="revisjon")
    op.drop_index("ix_deltaker_saker", table_name="deltaker")
    for navn in [*AAPNE, *NYESTE]:
        op.drop_index(f"ix_henvendelse_{navn}", table_name="henvendelse")
    op.drop_column("deltaker", "sak_opprettet")
