"""The whole case: both directions, opening with a reason, invitations, follow-up, discharge and attachments.

Revision ID: 0003
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: The codes as they were.
FOER = {
    ("henvendelse", "plan_uten_raad"): "plan_uten_raad IN ('legge_inn', 'oehd_plass', 'behandle_her', "
    "'poliklinikk', 'vet_ikke')",
    ("henvendelse", "raad"): "raad IS NULL OR raad IN ('behandles_i_kommunen', 'oehd_plass', 'innleggelse', "
    "'poliklinikk', 'mer_informasjon')",
    (
        "henvendelse",
        "utfall",
    ): "utfall IS NULL OR utfall IN ('behandles_i_kommunen', 'oehd_plass', 'innlagt', 'poliklinikk', "
    "'doed', 'annet')",
    ("opplysninger", "oppholdssted"): "oppholdssted IS NULL OR oppholdssted IN ('hjem', 'omsorgsbolig', "
    "'sykehjem', 'oehd', 'legevakt')",
    ("hendelse", "type"): "type IN ('sendt', 'melding', 'oppdatert', 'maaling', 'akseptert', 'gitt_tilbake', "
    "'videresendt', 'besvart', 'trenger_mer', 'lukket', 'tiden_ute', 'trukket', 'gjenaapnet')",
}
#: The codes from now on.
KODER = {
    ("henvendelse", "plan_uten_raad"): "plan_uten_raad IN ('legge_inn', 'oehd_plass', 'behandle_her', "
    "'poliklinikk', 'skrive_ut', 'bli_paa_sykehuset', 'vet_ikke')",
    ("henvendelse", "raad"): "raad IS NULL OR raad IN ('behandles_i_kommunen', 'oehd_plass', 'innleggelse', "
    "'poliklinikk', 'kan_ta_imot', 'kan_ikke_ta_imot', 'mer_informasjon')",
    (
        "henvendelse",
        "utfall",
    ): "utfall IS NULL OR utfall IN ('behandles_i_kommunen', 'oehd_plass', 'innlagt', "
    "'poliklinikk', 'utskrevet', 'ble_paa_sykehuset', 'doed', 'annet')",
    ("opplysninger", "oppholdssted"): "oppholdssted IS NULL OR oppholdssted IN ('hjem', 'omsorgsbolig', "
    "'sykehjem', 'oehd', 'legevakt', 'sykehus')",
    ("hendelse", "type"): "type IN ('sendt', 'melding', 'oppdatert', 'maaling', 'akseptert', 'gitt_tilbake', "
    "'videresendt', 'besvart', 'trenger_mer', 'lukket', 'tiden_ute', 'trukket', 'gjenaapnet', 'vedlegg', 'innsyn', "
    "'invitert', 'ble_med', 'tilbudt', 'overlevert', 'avslaatt', 'identitet', 'utskrivning', 'spurt', 'oppfoelging')",
}
RETNING = "retning IN ('til_sykehus', 'til_kommune')"
OPPFOELGING = "oppfoelging IS NULL OR oppfoelging IN ('bekreftet', 'innlagt', 'doed', 'ukjent', 'uenighet')"


def upgrade() -> None:
    op.create_table(
        "innsyn",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("grunn", sa.String(length=15), nullable=False),
        sa.Column("begrunnelse", sa.Text(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utloeper", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "grunn IN ('overtar', 'konsultert', 'samme_pasient', 'kvalitet', 'annet')",
            name=op.f("ck_innsyn_grunn"),
        ),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_innsyn_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_innsyn_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_innsyn_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_innsyn")),
    )
    op.create_index("ix_innsyn_medlemskap", "innsyn", ["medlemskap_id", "tidspunkt"], unique=False)
    op.create_index("ix_innsyn_sak", "innsyn", ["henvendelse_id", "medlemskap_id", "utloeper"], unique=False)
    op.create_table(
        "innsynsoppfoelging",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("fulgt_opp_av_id", sa.Uuid(), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merknad", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fulgt_opp_av_id"], ["person.id"], name=op.f("fk_innsynsoppfoelging_fulgt_opp_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_innsynsoppfoelging_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_innsynsoppfoelging_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_innsynsoppfoelging")),
    )
    op.create_index(
        "ix_innsynsoppfoelging_person",
        "innsynsoppfoelging",
        ["organisasjon_id", "person_id", "til"],
        unique=False,
    )
    op.create_table(
        "saksinvitasjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("slag", sa.String(length=15), nullable=False),
        sa.Column("tilstand", sa.String(length=10), nullable=False),
        sa.Column("fra_person_id", sa.Uuid(), nullable=False),
        sa.Column("til_person_id", sa.Uuid(), nullable=False),
        sa.Column("til_medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("avgjort", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(tilstand = 'venter') = (avgjort IS NULL)", name=op.f("ck_saksinvitasjon_avgjort")
        ),
        sa.CheckConstraint("slag IN ('kollega', 'overlevering')", name=op.f("ck_saksinvitasjon_slag")),
        sa.CheckConstraint(
            "tilstand IN ('venter', 'godtatt', 'avslaatt', 'trukket')",
            name=op.f("ck_saksinvitasjon_tilstand"),
        ),
        sa.ForeignKeyConstraint(
            ["fra_person_id"], ["person.id"], name=op.f("fk_saksinvitasjon_fra_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_saksinvitasjon_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["til_medlemskap_id"],
            ["medlemskap.id"],
            name=op.f("fk_saksinvitasjon_til_medlemskap_id_medlemskap"),
        ),
        sa.ForeignKeyConstraint(
            ["til_person_id"], ["person.id"], name=op.f("fk_saksinvitasjon_til_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saksinvitasjon")),
    )
    op.create_index(
        "ix_saksinvitasjon_til", "saksinvitasjon", ["til_medlemskap_id", "tilstand"], unique=False
    )
    op.create_index(
        "uq_saksinvitasjon_overlevering",
        "saksinvitasjon",
        ["henvendelse_id"],
        unique=True,
        sqlite_where=sa.text("tilstand = 'venter' AND slag = 'overlevering'"),
        postgresql_where=sa.text("tilstand = 'venter' AND slag = 'overlevering'"),
    )
    op.create_index(
        "uq_saksinvitasjon_venter",
        "saksinvitasjon",
        ["henvendelse_id", "til_medlemskap_id", "slag"],
        unique=True,
        sqlite_where=sa.text("tilstand = 'venter'"),
        postgresql_where=sa.text("tilstand = 'venter'"),
    )
    op.create_table(
        "oppfoelging",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("dag", sa.Integer(), nullable=False),
        sa.Column("forfaller", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spurt", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("dag IN (3, 30)", name=op.f("ck_oppfoelging_dag")),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_oppfoelging_henvendelse_id_henvendelse")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oppfoelging")),
        sa.UniqueConstraint("henvendelse_id", "dag", name=op.f("uq_oppfoelging_henvendelse_id_dag")),
    )
    op.create_index("ix_oppfoelging_forfaller", "oppfoelging", ["spurt", "forfaller"], unique=False)
    op.create_table(
        "oppfoelging_svar",
        sa.Column("oppfoelging_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("svar", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('innmelder', 'mottaker')", name=op.f("ck_oppfoelging_svar_side")),
        sa.CheckConstraint(
            "svar IN ('bekreftet', 'innlagt', 'doed', 'ukjent')", name=op.f("ck_oppfoelging_svar_svar")
        ),
        sa.ForeignKeyConstraint(
            ["oppfoelging_id"],
            ["oppfoelging.id"],
            name=op.f("fk_oppfoelging_svar_oppfoelging_id_oppfoelging"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_oppfoelging_svar_person_id_person")
        ),
        sa.PrimaryKeyConstraint("oppfoelging_id", "side", name=op.f("pk_oppfoelging_svar")),
    )
    op.create_table(
        "utskrivning",
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("innlagt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("varslet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forventet", sa.Date(), nullable=True),
        sa.Column("usikker", sa.Boolean(), nullable=False),
        sa.Column("vurdert_a", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vurdert_b", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vurdert_c", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vurdert_d", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vurdert_e", sa.DateTime(timezone=True), nullable=True),
        sa.Column("utskrivningsklar", sa.DateTime(timezone=True), nullable=True),
        sa.Column("besvart", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kan_ta_imot", sa.Boolean(), nullable=True),
        sa.Column("kan_ta_imot_fra", sa.Date(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_utskrivning_henvendelse_id_henvendelse")
        ),
        sa.PrimaryKeyConstraint("henvendelse_id", name=op.f("pk_utskrivning")),
    )
    op.create_table(
        "vedlegg",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("sekvens", sa.Integer(), nullable=False),
        sa.Column("lagret_som", sa.String(length=40), nullable=False),
        sa.Column("navn", sa.String(length=120), nullable=False),
        sa.Column("innholdstype", sa.String(length=40), nullable=False),
        sa.Column("stoerrelse", sa.Integer(), nullable=False),
        sa.Column("sendt_hash", sa.String(length=64), nullable=False),
        sa.Column("lagret_hash", sa.String(length=64), nullable=False),
        sa.Column("bredde", sa.Integer(), nullable=True),
        sa.Column("hoeyde", sa.Integer(), nullable=True),
        sa.Column("sider", sa.Integer(), nullable=True),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stoerrelse > 0", name=op.f("ck_vedlegg_stoerrelse")),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_vedlegg_henvendelse_id_henvendelse")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vedlegg")),
        sa.UniqueConstraint("lagret_som", name=op.f("uq_vedlegg_lagret_som")),
    )
    op.create_index(op.f("ix_vedlegg_henvendelse_id"), "vedlegg", ["henvendelse_id"], unique=False)
    bytt_koder(KODER)
    if op.get_bind().dialect.name == "postgresql":
        op.add_column(
            "henvendelse",
            sa.Column("retning", sa.String(length=12), nullable=False, server_default="til_sykehus"),
        )
        op.alter_column("henvendelse", "retning", server_default=None)
        op.add_column("henvendelse", sa.Column("oppfoelging", sa.String(length=12), nullable=True))
        op.create_check_constraint(op.f("ck_henvendelse_retning"), "henvendelse", RETNING)
        op.create_check_constraint(op.f("ck_henvendelse_oppfoelging"), "henvendelse", OPPFOELGING)
    else:
        kolonner = _kolonner("henvendelse")
        _lag_om(
            "henvendelse",
            lambda sql: sql.replace("CONSTRAINT pk_henvendelse", f"{NYE}CONSTRAINT pk_henvendelse", 1),
            f"{kolonner}, retning",
            f"{kolonner}, 'til_sykehus'",
        )


def downgrade() -> None:
    """Rows with codes that the former version does not know are left as they are; new ones of them are refused."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("henvendelse", "oppfoelging")
        op.drop_column("henvendelse", "retning")
    else:
        kolonner = _kolonner("henvendelse", uten=("retning", "oppfoelging"))
        _lag_om("henvendelse", lambda sql: sql.replace(NYE, "", 1), kolonner, kolonner)
    bytt_koder(FOER)
    for tabell in (
        "vedlegg",
        "utskrivning",
        "oppfoelging_svar",
        "oppfoelging",
        "saksinvitasjon",
        "innsynsoppfoelging",
        "innsyn",
    ):
        op.drop_table(tabell)


#: What `henvendelse` gets, as SQLite keeps it in the text of the table.
NYE = (
    "retning VARCHAR(12) NOT NULL, oppfoelging VARCHAR(12), "
    f"CONSTRAINT ck_henvendelse_retning CHECK ({RETNING}), "
    f"CONSTRAINT ck_henvendelse_oppfoelging CHECK ({OPPFOELGING}), "
)


def bytt_koder(koder: dict[tuple[str, str], str]) -> None:
    """Puts other CHECKs in the place of those that stand there. Rows that are there already are not judged: they may
    have come with a later version that was left again."""
    if op.get_bind().dialect.name == "postgresql":
        for (tabell, navn), vilkaar in koder.items():
            op.drop_constraint(op.f(f"ck_{tabell}_{navn}"), tabell, type_="check")
            op.create_check_constraint(
                op.f(f"ck_{tabell}_{navn}"), tabell, vilkaar, postgresql_not_valid=True
            )
        return
    for tabell in sorted({t for t, _ in koder}):

        def endre(sql: str, tabell: str = tabell) -> str:
            for (t, navn), vilkaar in koder.items():
                if t == tabell:
                    sql, antall = re.subn(
                        rf"(CONSTRAINT ck_{tabell}_{navn} CHECK )\(.*?\)\)",
                        lambda m, v=vilkaar: f"{m[1]}({v})",
                        sql,
                    )
                    assert antall == 1, navn
            return sql

        kolonner = _kolonner(tabell)
        _lag_om(tabell, endre, kolonner, kolonner)


def _kolonner(tabell: str, uten: tuple[str, ...] = ()) -> str:
    rader = op.get_bind().exec_driver_sql(f"PRAGMA table_info({tabell})")
    return ", ".join(r[1] for r in rader if r[1] not in uten)


def _lag_om(tabell: str, endre: Callable[[str], str], kolonner: str, verdier: str) -> None:
    """SQLite changes no constraint: the table is made anew from its own text, with its indexes and triggers.

    «Making Other Kinds Of Table Schema Changes», https://www.sqlite.org/lang_altertable.html
    """
    bind = op.get_bind()
    sql = bind.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{tabell}'").scalar_one()
    resten = [
        r[0]
        for r in bind.exec_driver_sql(
            f"SELECT sql FROM sqlite_master WHERE tbl_name = '{tabell}' AND type <> 'table' AND sql IS NOT NULL"
        )
    ]
    ny = endre(sql)
    assert ny != sql, tabell
    bind.exec_driver_sql(re.sub(rf'CREATE TABLE "?{tabell}"?', f"CREATE TABLE {tabell}_ny", ny, count=1))
    bind.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    bind.exec_driver_sql(f"INSERT INTO {tabell}_ny ({kolonner}) SELECT {verdier} FROM {tabell}")
    bind.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
    # Its triggers go with it, before they could stop anything; what points at the name finds the new table.
    bind.exec_driver_sql(f"DROP TABLE {tabell}")
    bind.exec_driver_sql("PRAGMA legacy_alter_table=ON")
    bind.exec_driver_sql(f"ALTER TABLE {tabell}_ny RENAME TO {tabell}")
    bind.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
    for setning in resten:
        bind.exec_driver_sql(setning)
