"""What can be lent: people, premises, and how few must be left. A bed tells when its staff is borrowed, or lent.

Revision ID: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LAAN = (
    "(laan = '') = (laan_referanse = '') AND (laan = '') = (laan_til IS NULL) "
    "AND (laan = '' OR laan IN ('inn', 'ut')) AND (laan = '' OR bemannet = (laan = 'inn'))"
)
LAAN_SLUTT = "laan_slutt IS NULL OR (laan = 'inn' AND tilstand = 'holdt')"


def _delvis(navn: str, tabell: str, kolonner: list[str], hvor: str, *, unique: bool = False) -> None:
    """An index over the rows that the condition holds for."""
    vilkaar = sa.text(hvor)
    op.create_index(navn, tabell, kolonner, unique=unique, sqlite_where=vilkaar, postgresql_where=vilkaar)


def _plassindekser() -> None:
    """A table that SQLite makes anew loses the conditions of its indexes."""
    _delvis("uq_plass_navn", "plass", ["plassenhet_id", "navn"], "nedlagt IS NULL", unique=True)
    _delvis("ix_plass_i_bruk", "plass", ["plassenhet_id", "tilstand"], "nedlagt IS NULL")


def upgrade() -> None:
    op.drop_index("uq_plass_navn", table_name="plass")
    op.drop_index("ix_plass_i_bruk", table_name="plass")
    with op.batch_alter_table("plass") as b:
        b.add_column(sa.Column("laan", sa.String(length=3), nullable=False, server_default=""))
        b.add_column(sa.Column("laan_organisasjon_id", sa.Uuid(), nullable=True))
        b.add_column(sa.Column("laan_til", sa.DateTime(timezone=True), nullable=True))
        b.add_column(sa.Column("laan_referanse", sa.String(length=80), nullable=False, server_default=""))
        b.add_column(sa.Column("laan_slutt", sa.DateTime(timezone=True), nullable=True))
        b.create_check_constraint(op.f("ck_plass_laan"), LAAN)
        b.create_check_constraint(op.f("ck_plass_laan_slutt"), LAAN_SLUTT)
        b.create_foreign_key(
            op.f("fk_plass_laan_organisasjon_id_organisasjon"),
            "organisasjon",
            ["laan_organisasjon_id"],
            ["id"],
        )
    with op.batch_alter_table("plass") as b:
        b.alter_column("laan", existing_type=sa.String(3), existing_nullable=False, server_default=None)
        b.alter_column(
            "laan_referanse", existing_type=sa.String(80), existing_nullable=False, server_default=None
        )
    _plassindekser()
    _delvis("ix_plass_laan", "plass", ["laan_referanse"], "laan <> ''")
    for kolonne in ("laant_inn", "laant_ut"):
        with op.batch_alter_table("plasstall") as b:
            b.add_column(sa.Column(kolonne, sa.Integer(), nullable=False, server_default="0"))
        with op.batch_alter_table("plasstall") as b:
            b.alter_column(kolonne, existing_type=sa.Integer(), existing_nullable=False, server_default=None)
    op.create_table(
        "beordringsvedtak",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("hjemmel", sa.String(length=200), nullable=False),
        sa.Column("besluttet_av", sa.String(length=200), nullable=False),
        sa.Column("vedtatt", sa.Date(), nullable=False),
        sa.Column("referanse", sa.String(length=100), nullable=False),
        sa.Column("omfang", sa.Text(), nullable=False),
        sa.Column("fra", sa.Date(), nullable=False),
        sa.Column("til", sa.Date(), nullable=False),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.Column("opphevet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opphevet_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("til >= fra", name=op.f("ck_beordringsvedtak_varighet")),
        sa.ForeignKeyConstraint(
            ["opphevet_av_id"], ["person.id"], name=op.f("fk_beordringsvedtak_opphevet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_beordringsvedtak_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_beordringsvedtak_registrert_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beordringsvedtak")),
    )
    op.create_index(
        "ix_beordringsvedtak_organisasjon", "beordringsvedtak", ["organisasjon_id", "til"], unique=False
    )
    op.create_table(
        "bemanningsgulv",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=False),
        sa.Column("stilling", sa.String(length=20), nullable=False),
        sa.Column("antall", sa.Integer(), nullable=False),
        sa.Column("gulv", sa.Integer(), nullable=False),
        sa.Column("plasser_per", sa.Double(), nullable=True),
        sa.Column("endret", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endret_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stilling IN ('ambulansearbeider', 'annet', 'assistent', 'bioingenioer', 'ergoterapeut', 'farmasoeyt', 'fysioterapeut', 'helsefagarbeider', 'helsesekretaer', 'jordmor', 'lege', 'psykolog', 'radiograf', 'renholder', 'student', 'sykepleier', 'vernepleier')",
            name=op.f("ck_bemanningsgulv_stilling"),
        ),
        sa.CheckConstraint(
            "antall BETWEEN 0 AND 1000 AND gulv BETWEEN 0 AND antall", name=op.f("ck_bemanningsgulv_antall")
        ),
        sa.CheckConstraint(
            "plasser_per IS NULL OR plasser_per BETWEEN 0 AND 20", name=op.f("ck_bemanningsgulv_plasser_per")
        ),
        sa.ForeignKeyConstraint(
            ["endret_av_id"], ["person.id"], name=op.f("fk_bemanningsgulv_endret_av_id_person")
        ),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_bemanningsgulv_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_bemanningsgulv_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bemanningsgulv")),
        sa.UniqueConstraint("enhet_id", "stilling", name=op.f("uq_bemanningsgulv_enhet_id_stilling")),
    )
    op.create_index("ix_bemanningsgulv_organisasjon_id", "bemanningsgulv", ["organisasjon_id"], unique=False)
    op.create_table(
        "lokale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=True),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("slag", sa.String(length=20), nullable=False),
        sa.Column("adresse", sa.String(length=300), nullable=False),
        sa.Column("sted_id", sa.Uuid(), nullable=False),
        sa.Column("plasser", sa.Integer(), nullable=True),
        sa.Column("kvm", sa.Integer(), nullable=True),
        sa.Column("krav", sa.Integer(), nullable=False),
        sa.Column("merknad", sa.String(length=500), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("nedlagt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "slag IN ('annet', 'behandlingsrom', 'isolat', 'kontor', 'lager', 'overnatting', 'sengepost', 'teststasjon', 'vaksinelokale')",
            name=op.f("ck_lokale_slag"),
        ),
        sa.CheckConstraint("krav BETWEEN 0 AND 511", name=op.f("ck_lokale_krav")),
        sa.CheckConstraint("kvm IS NULL OR kvm BETWEEN 1 AND 100000", name=op.f("ck_lokale_kvm")),
        sa.CheckConstraint("plasser IS NULL OR plasser BETWEEN 0 AND 1000", name=op.f("ck_lokale_plasser")),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_lokale_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_lokale_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_lokale_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["sted_id"], ["organisasjon.id"], name=op.f("fk_lokale_sted_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lokale")),
    )
    _delvis("uq_lokale_navn", "lokale", ["organisasjon_id", "navn"], "nedlagt IS NULL", unique=True)
    op.create_table(
        "ressursperson",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("stilling", sa.String(length=20), nullable=False),
        sa.Column("kompetanse", sa.Integer(), nullable=False),
        sa.Column("hpr", sa.String(length=9), nullable=False),
        sa.Column("hpr_slaatt_opp", sa.Date(), nullable=True),
        sa.Column("hpr_slaatt_opp_av_id", sa.Uuid(), nullable=True),
        sa.Column("prosent", sa.Integer(), nullable=False),
        sa.Column("sted_id", sa.Uuid(), nullable=False),
        sa.Column("reise_km", sa.Integer(), nullable=True),
        sa.Column("telefon", sa.String(length=30), nullable=False),
        sa.Column("epost", sa.String(length=254), nullable=False),
        sa.Column("vaksinert", sa.Boolean(), nullable=True),
        sa.Column("smittevern", sa.Date(), nullable=True),
        sa.Column("fritatt", sa.Boolean(), nullable=False),
        sa.Column("samtykke", sa.String(length=10), nullable=True),
        sa.Column("samtykket", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noekkel_hash", sa.String(length=64), nullable=True),
        sa.Column("noekkel_utloeper", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("slettet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(hpr_slaatt_opp IS NULL) OR (hpr <> '')", name=op.f("ck_ressursperson_hpr_slaatt_opp")
        ),
        sa.CheckConstraint(
            "samtykke IS NULL OR samtykke IN ('venter', 'gitt', 'trukket')",
            name=op.f("ck_ressursperson_samtykke"),
        ),
        sa.CheckConstraint(
            "slettet IS NULL OR (navn = '' AND hpr = '' AND telefon = '' AND epost = '' AND person_id IS NULL)",
            name=op.f("ck_ressursperson_slettet"),
        ),
        sa.CheckConstraint(
            "stilling IN ('ambulansearbeider', 'annet', 'assistent', 'bioingenioer', 'ergoterapeut', 'farmasoeyt', 'fysioterapeut', 'helsefagarbeider', 'helsesekretaer', 'jordmor', 'lege', 'psykolog', 'radiograf', 'renholder', 'student', 'sykepleier', 'vernepleier')",
            name=op.f("ck_ressursperson_stilling"),
        ),
        sa.CheckConstraint("kompetanse BETWEEN 0 AND 524287", name=op.f("ck_ressursperson_kompetanse")),
        sa.CheckConstraint("prosent BETWEEN 1 AND 100", name=op.f("ck_ressursperson_prosent")),
        sa.CheckConstraint(
            "reise_km IS NULL OR reise_km BETWEEN 0 AND 3000", name=op.f("ck_ressursperson_reise_km")
        ),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_ressursperson_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["hpr_slaatt_opp_av_id"], ["person.id"], name=op.f("fk_ressursperson_hpr_slaatt_opp_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_ressursperson_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_ressursperson_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ressursperson_person_id_person")),
        sa.ForeignKeyConstraint(
            ["sted_id"], ["organisasjon.id"], name=op.f("fk_ressursperson_sted_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ressursperson")),
    )
    _delvis(
        "ix_ressursperson_organisasjon", "ressursperson", ["organisasjon_id", "stilling"], "slettet IS NULL"
    )
    _delvis("ix_ressursperson_person", "ressursperson", ["person_id"], "person_id IS NOT NULL")
    _delvis("uq_ressursperson_hpr", "ressursperson", ["organisasjon_id", "hpr"], "hpr <> ''", unique=True)
    op.create_index("uq_ressursperson_noekkel", "ressursperson", ["noekkel_hash"], unique=True)
    op.create_table(
        "ressursfravaer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ressursperson_id", sa.Uuid(), nullable=True),
        sa.Column("lokale_id", sa.Uuid(), nullable=True),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(ressursperson_id IS NULL) <> (lokale_id IS NULL)", name=op.f("ck_ressursfravaer_hva")
        ),
        sa.CheckConstraint("til > fra", name=op.f("ck_ressursfravaer_varighet")),
        sa.ForeignKeyConstraint(
            ["lokale_id"], ["lokale.id"], name=op.f("fk_ressursfravaer_lokale_id_lokale")
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_ressursfravaer_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["ressursperson_id"],
            ["ressursperson.id"],
            name=op.f("fk_ressursfravaer_ressursperson_id_ressursperson"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ressursfravaer")),
    )
    _delvis("ix_ressursfravaer_lokale", "ressursfravaer", ["lokale_id", "til"], "lokale_id IS NOT NULL")
    _delvis(
        "ix_ressursfravaer_person",
        "ressursfravaer",
        ["ressursperson_id", "til"],
        "ressursperson_id IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_table("ressursfravaer")
    op.drop_table("ressursperson")
    op.drop_table("lokale")
    op.drop_table("bemanningsgulv")
    op.drop_table("beordringsvedtak")
    with op.batch_alter_table("plasstall") as b:
        b.drop_column("laant_ut")
        b.drop_column("laant_inn")
    for navn in ("ix_plass_laan", "ix_plass_i_bruk", "uq_plass_navn"):
        op.drop_index(navn, table_name="plass")
    with op.batch_alter_table("plass") as b:
        b.drop_constraint(op.f("ck_plass_laan_slutt"), type_="check")
        b.drop_constraint(op.f("ck_plass_laan"), type_="check")
    # Staff that is lent is where it was before: nobody keeps count of it any more.
    op.execute("UPDATE plass SET bemannet = NOT bemannet WHERE laan <> '' AND tilstand <> 'holdt'")
    with op.batch_alter_table("plass") as b:
        b.drop_constraint(op.f("fk_plass_laan_organisasjon_id_organisasjon"), type_="foreignkey")
        for kolonne in ("laan_slutt", "laan_referanse", "laan_til", "laan_organisasjon_id", "laan"):
            b.drop_column(kolonne)
    _plassindekser()
