"""Notices: the bell, channels, choices and quiet hours; the outbox carries more than mail; the pulse of the worker.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KANAL = "kanal IN ('epost', 'push', 'sms', 'tale')"
VENTER = "sendt IS NULL AND oppgitt IS NULL AND stoppet IS NULL"


def upgrade() -> None:
    op.create_table(
        "puls",
        sa.Column("navn", sa.String(length=40), nullable=False),
        sa.Column("sist", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("navn", name=op.f("pk_puls")),
    )
    op.create_table(
        "varsel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("noekkel", sa.String(length=160), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kode", sa.String(length=40), nullable=False),
        sa.Column("hastegrad", sa.String(length=10), nullable=True),
        sa.Column("tittel", sa.String(length=200), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("lenke", sa.String(length=300), nullable=False),
        sa.Column("gjelder", sa.String(length=80), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kvittert", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kvittert_kanal", sa.String(length=10), nullable=True),
        sa.Column("stoppet", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "hastegrad IS NULL OR hastegrad IN ('akutt', 'haster', 'vanlig')",
            name=op.f("ck_varsel_hastegrad"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_varsel_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_varsel")),
        sa.UniqueConstraint("noekkel", name=op.f("uq_varsel_noekkel")),
    )
    op.create_index(
        "ix_varsel_gjelder",
        "varsel",
        ["gjelder"],
        unique=False,
        sqlite_where=sa.text("gjelder IS NOT NULL AND stoppet IS NULL"),
        postgresql_where=sa.text("gjelder IS NOT NULL AND stoppet IS NULL"),
    )
    op.create_index("ix_varsel_person", "varsel", ["person_id", "opprettet"], unique=False)
    op.create_index(
        "ix_varsel_uleste",
        "varsel",
        ["person_id"],
        unique=False,
        sqlite_where=sa.text("lest IS NULL AND stoppet IS NULL"),
        postgresql_where=sa.text("lest IS NULL AND stoppet IS NULL"),
    )
    op.create_table(
        "varselkanal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kanal", sa.String(length=10), nullable=False),
        sa.Column("adresse", sa.String(length=800), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("navn", sa.String(length=80), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bevist", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fjernet", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kanal IN ('push', 'sms', 'tale')", name=op.f("ck_varselkanal_kanal")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_varselkanal_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_varselkanal")),
    )
    op.create_index(
        "uq_varselkanal_adresse",
        "varselkanal",
        ["person_id", "kanal", "adresse"],
        unique=True,
        sqlite_where=sa.text("fjernet IS NULL"),
        postgresql_where=sa.text("fjernet IS NULL"),
    )
    op.create_table(
        "varselvalg",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("hastegrad", sa.String(length=10), nullable=False),
        sa.Column("kanaler", JSON, nullable=False),
        sa.CheckConstraint(
            "hastegrad IN ('akutt', 'haster', 'vanlig')", name=op.f("ck_varselvalg_hastegrad")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_varselvalg_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "hastegrad", name=op.f("pk_varselvalg")),
    )
    op.create_table(
        "varselro",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("fra", sa.String(length=5), nullable=False),
        sa.Column("til", sa.String(length=5), nullable=False),
        sa.Column("akutt_bryter", sa.Boolean(), nullable=False),
        sa.Column("kanari_vekker", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_varselro_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_varselro")),
    )
    op.drop_index("ix_utsending_venter", table_name="utsending")
    with op.batch_alter_table("utsending") as b:
        b.add_column(sa.Column("kanal", sa.String(10), nullable=False, server_default="epost"))
        b.add_column(sa.Column("varsel_id", sa.Uuid(), nullable=True))
        b.add_column(sa.Column("varselkanal_id", sa.Uuid(), nullable=True))
        b.add_column(sa.Column("organisasjon_id", sa.Uuid(), nullable=True))
        b.add_column(sa.Column("kvittering_hash", sa.String(64), nullable=True))
        b.add_column(sa.Column("stoppet", sa.DateTime(timezone=True), nullable=True))
        b.add_column(sa.Column("kvittert", sa.DateTime(timezone=True), nullable=True))
        b.add_column(sa.Column("foerst", sa.DateTime(timezone=True), nullable=True))
        b.alter_column("til", existing_type=sa.String(254), type_=sa.String(800), existing_nullable=False)
        b.create_check_constraint(op.f("ck_utsending_kanal"), KANAL)
        b.create_unique_constraint(op.f("uq_utsending_kvittering_hash"), ["kvittering_hash"])
        for tabell in ("organisasjon", "varsel", "varselkanal"):
            b.create_foreign_key(op.f(f"fk_utsending_{tabell}_id_{tabell}"), tabell, [f"{tabell}_id"], ["id"])
    op.execute("UPDATE utsending SET foerst = opprettet")
    with op.batch_alter_table("utsending") as b:
        b.alter_column("foerst", existing_type=sa.DateTime(timezone=True), nullable=False)
        b.alter_column("kanal", existing_type=sa.String(10), existing_nullable=False, server_default=None)
    _delvis("ix_utsending_venter", ["kanal", "neste"], VENTER)
    _delvis("ix_utsending_oppgitt", ["oppgitt"], "oppgitt IS NOT NULL")
    _delvis("ix_utsending_sendt", ["kanal", "sendt"], "sendt IS NOT NULL")
    _delvis("ix_utsending_feil", ["kanal", "opprettet"], "feil <> ''")
    op.create_index("ix_utsending_til", "utsending", ["til", "opprettet"])
    op.create_index("ix_utsending_varsel", "utsending", ["varsel_id"])


def downgrade() -> None:
    # What was not mail can be sent no more.
    op.execute(
        "UPDATE utsending SET oppgitt = opprettet, feil = 'nedgradert' "
        "WHERE kanal <> 'epost' AND sendt IS NULL AND oppgitt IS NULL"
    )
    op.execute("UPDATE utsending SET oppgitt = stoppet WHERE stoppet IS NOT NULL AND sendt IS NULL")
    for navn in ("venter", "oppgitt", "sendt", "feil", "til", "varsel"):
        op.drop_index(f"ix_utsending_{navn}", table_name="utsending")
    with op.batch_alter_table("utsending") as b:
        for tabell in ("organisasjon", "varsel", "varselkanal"):
            b.drop_constraint(op.f(f"fk_utsending_{tabell}_id_{tabell}"), type_="foreignkey")
        b.drop_constraint(op.f("uq_utsending_kvittering_hash"), type_="unique")
        b.drop_constraint(op.f("ck_utsending_kanal"), type_="check")
        for kolonne in (
            "foerst",
            "kvittert",
            "stoppet",
            "kvittering_hash",
            "organisasjon_id",
            "varselkanal_id",
            "varsel_id",
            "kanal",
        ):
            b.drop_column(kolonne)
        b.alter_column(
            "til",
            existing_type=sa.String(800),
            type_=sa.String(254),
            existing_nullable=False,
            postgresql_using="left(til, 254)",
        )
    _delvis("ix_utsending_venter", ["neste"], "sendt IS NULL AND oppgitt IS NULL")
    op.drop_table("varselro")
    op.drop_table("varselvalg")
    op.drop_table("varselkanal")
    op.drop_table("varsel")
    op.drop_table("puls")


def _delvis(navn: str, kolonner: list[str], naar: str) -> None:
    op.create_index(navn, "utsending", kolonner, sqlite_where=sa.text(naar), postgresql_where=sa.text(naar))
