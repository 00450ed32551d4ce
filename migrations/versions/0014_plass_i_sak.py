"""The link between a case and the hold of an emergency bed, and the log's rows that tell of it.

Revision ID: 0014
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_FELLES = (
    "type IN ('sendt', 'melding', 'oppdatert', 'maaling', 'akseptert', 'gitt_tilbake', 'videresendt', 'besvart', "
    "'trenger_mer', 'lukket', 'tiden_ute', 'trukket', 'gjenaapnet', 'vedlegg', 'innsyn', 'invitert', 'ble_med', "
    "'tilbudt', 'overlevert', 'avslaatt', 'identitet', 'utskrivning', 'spurt', 'oppfoelging', 'eskalert'"
)
#: The kinds of rows in the log as they were, and from now on.
TYPER_FOER = f"{_FELLES})"
TYPER = (
    f"{_FELLES}, 'plass_holdt', 'plass_forlenget', 'plass_frigitt', 'plass_utloept', 'plass_innlagt', "
    "'plass_avvist')"
)


def upgrade() -> None:
    op.create_table(
        "plassreservasjon_sak",
        sa.Column("reservasjon_id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("fortalt", sa.String(length=10), nullable=False),
        sa.Column("fortalt_utloeper", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "fortalt IN ('aktiv', 'innlagt', 'frigitt', 'utloept', 'avvist')",
            name=op.f("ck_plassreservasjon_sak_fortalt"),
        ),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"],
            ["henvendelse.id"],
            name=op.f("fk_plassreservasjon_sak_henvendelse_id_henvendelse"),
        ),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"],
            ["medlemskap.id"],
            name=op.f("fk_plassreservasjon_sak_medlemskap_id_medlemskap"),
        ),
        sa.ForeignKeyConstraint(
            ["reservasjon_id"],
            ["reservasjon.id"],
            name=op.f("fk_plassreservasjon_sak_reservasjon_id_reservasjon"),
        ),
        sa.PrimaryKeyConstraint("reservasjon_id", name=op.f("pk_plassreservasjon_sak")),
    )
    op.create_index(
        "ix_plassreservasjon_sak_aktiv",
        "plassreservasjon_sak",
        ["reservasjon_id"],
        unique=False,
        sqlite_where=sa.text("fortalt = 'aktiv'"),
        postgresql_where=sa.text("fortalt = 'aktiv'"),
    )
    op.create_index(
        "ix_plassreservasjon_sak_innlagt",
        "plassreservasjon_sak",
        ["opprettet"],
        unique=False,
        sqlite_where=sa.text("fortalt = 'innlagt'"),
        postgresql_where=sa.text("fortalt = 'innlagt'"),
    )
    op.create_index(
        "ix_plassreservasjon_sak_henvendelse",
        "plassreservasjon_sak",
        ["henvendelse_id", "opprettet"],
        unique=False,
    )
    bytt_hendelsestyper(TYPER)


def downgrade() -> None:
    bytt_hendelsestyper(TYPER_FOER)
    op.drop_index("ix_plassreservasjon_sak_henvendelse", table_name="plassreservasjon_sak")
    op.drop_index("ix_plassreservasjon_sak_innlagt", table_name="plassreservasjon_sak")
    op.drop_index("ix_plassreservasjon_sak_aktiv", table_name="plassreservasjon_sak")
    op.drop_table("plassreservasjon_sak")


def bytt_hendelsestyper(typer: str) -> None:
    """Puts another CHECK on the kinds of rows in the log. Rows that are there already are not judged.

    On SQLite the table is made anew from its own text, with its indexes and triggers: «Making Other Kinds Of Table
    Schema Changes», https://www.sqlite.org/lang_altertable.html
    """
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_hendelse_type"), "hendelse", type_="check")
        op.create_check_constraint(
            op.f("ck_hendelse_type"), "hendelse", typer, postgresql_not_valid=typer is TYPER_FOER
        )
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
