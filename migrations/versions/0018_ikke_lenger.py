"""A line can be struck since the person can be lent no more, though nobody took back a yes.

Revision ID: 0018
"""

from __future__ import annotations

import re

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABELL = "omdisponeringslinje"
_MED = "stroeket_grunn IS NULL OR stroeket_grunn IN ('ikke_godkjent', {}'opptatt', 'trukket', 'utloept')"
#: Why a line is struck, as it was, and from now on.
GRUNNER_FOER = _MED.format("")
GRUNNER = _MED.format("'ikke_lenger', ")


def upgrade() -> None:
    bytt_grunner(GRUNNER)


def downgrade() -> None:
    # As it was told before.
    op.execute(
        "UPDATE omdisponeringslinje SET stroeket_grunn = 'trukket' WHERE stroeket_grunn = 'ikke_lenger'"
    )
    bytt_grunner(GRUNNER_FOER)


def bytt_grunner(grunner: str) -> None:
    """Puts another CHECK on why a line is struck.

    On SQLite the table is made anew from its own text, with its indexes: «Making Other Kinds Of Table Schema Changes»,
    https://www.sqlite.org/lang_altertable.html
    """
    bind = op.get_bind()
    navn = op.f(f"ck_{_TABELL}_stroeket_grunn")
    if bind.dialect.name == "postgresql":
        op.drop_constraint(navn, _TABELL, type_="check")
        op.create_check_constraint(navn, _TABELL, grunner)
        return
    sql = bind.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{_TABELL}'").scalar_one()
    resten = [
        r[0]
        for r in bind.exec_driver_sql(
            f"SELECT sql FROM sqlite_master WHERE tbl_name = '{_TABELL}' AND type <> 'table' AND sql IS NOT NULL"
        )
    ]
    ny, antall = re.subn(rf"(CONSTRAINT {navn} CHECK )\(.*?\)\)", lambda m: f"{m[1]}({grunner})", sql)
    assert antall == 1
    kolonner = ", ".join(r[1] for r in bind.exec_driver_sql(f"PRAGMA table_info({_TABELL})"))
    bind.exec_driver_sql(re.sub(rf'CREATE TABLE "?{_TABELL}"?', f"CREATE TABLE {_TABELL}_ny", ny, count=1))
    bind.exec_driver_sql(f"INSERT INTO {_TABELL}_ny ({kolonner}) SELECT {kolonner} FROM {_TABELL}")
    # What points at the name finds the new table.
    bind.exec_driver_sql(f"DROP TABLE {_TABELL}")
    bind.exec_driver_sql("PRAGMA legacy_alter_table=ON")
    bind.exec_driver_sql(f"ALTER TABLE {_TABELL}_ny RENAME TO {_TABELL}")
    bind.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
    for setning in resten:
        bind.exec_driver_sql(setning)
