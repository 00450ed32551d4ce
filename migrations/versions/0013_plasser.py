"""Emergency beds: units, beds, holds, stays, their history, the need for more, and surge plans.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plasstavle",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("versjon", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_plasstavle_en")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plasstavle")),
    )
    op.create_table(
        "behovsvurdering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kommune_id", sa.Uuid(), nullable=False),
        sa.Column("foretak_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("fra", sa.Date(), nullable=False),
        sa.Column("til", sa.Date(), nullable=False),
        sa.Column("tall", JSON, nullable=False),
        sa.Column("vurdering", sa.Text(), nullable=False),
        sa.Column("flere_plasser", sa.Integer(), nullable=True),
        sa.Column("konklusjon", sa.Text(), nullable=False),
        sa.Column("veiledning", sa.Text(), nullable=False),
        sa.Column("personell", sa.Text(), nullable=False),
        sa.Column("utstyr", sa.Text(), nullable=False),
        sa.Column("neste", sa.Date(), nullable=True),
        sa.Column("innhold_hash", sa.String(length=64), nullable=False),
        sa.Column("kommune_besluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kommune_besluttet_av_id", sa.Uuid(), nullable=True),
        sa.Column("foretak_besluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("foretak_besluttet_av_id", sa.Uuid(), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('besluttet', 'forkastet', 'utkast', 'venter')", name=op.f("ck_behovsvurdering_status")
        ),
        sa.CheckConstraint(
            "flere_plasser IS NULL OR flere_plasser BETWEEN -500 AND 500",
            name=op.f("ck_behovsvurdering_flere_plasser"),
        ),
        sa.CheckConstraint("til >= fra", name=op.f("ck_behovsvurdering_periode")),
        sa.ForeignKeyConstraint(
            ["foretak_besluttet_av_id"],
            ["person.id"],
            name=op.f("fk_behovsvurdering_foretak_besluttet_av_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["foretak_id"], ["organisasjon.id"], name=op.f("fk_behovsvurdering_foretak_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["kommune_besluttet_av_id"],
            ["person.id"],
            name=op.f("fk_behovsvurdering_kommune_besluttet_av_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["kommune_id"], ["organisasjon.id"], name=op.f("fk_behovsvurdering_kommune_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_behovsvurdering_opprettet_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behovsvurdering")),
    )
    op.create_index("ix_behovsvurdering_foretak", "behovsvurdering", ["foretak_id", "status"], unique=False)
    op.create_index(
        "ix_behovsvurdering_kommune", "behovsvurdering", ["kommune_id", "opprettet"], unique=False
    )
    _delvis(
        "uq_behovsvurdering_i_arbeid",
        "behovsvurdering",
        ["kommune_id"],
        "status IN ('utkast', 'venter')",
        unique=True,
    )
    op.create_table(
        "plassenhet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=False),
        sa.Column("vertskommune_id", sa.Uuid(), nullable=False),
        sa.Column("adresse", sa.String(length=300), nullable=False),
        sa.Column("legedekning", sa.String(length=12), nullable=False),
        sa.Column("evner", sa.Integer(), nullable=False),
        sa.Column("kriterier", sa.Text(), nullable=False),
        sa.Column("fersk_timer_lav", sa.Integer(), nullable=False),
        sa.Column("fersk_timer_hoey", sa.Integer(), nullable=False),
        sa.Column("hold_minutter", sa.Integer(), nullable=False),
        sa.Column("bekreftet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bekreftet_av_id", sa.Uuid(), nullable=True),
        sa.Column("purret", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nedlagt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stavleversjon", sa.BigInteger(), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "legedekning IN ('dagtid', 'doegn', 'tilkalling')", name=op.f("ck_plassenhet_legedekning")
        ),
        sa.CheckConstraint("evner BETWEEN 0 AND 1023", name=op.f("ck_plassenhet_evner")),
        sa.CheckConstraint("fersk_timer_hoey BETWEEN 1 AND 72", name=op.f("ck_plassenhet_fersk_timer_hoey")),
        sa.CheckConstraint("fersk_timer_lav BETWEEN 1 AND 72", name=op.f("ck_plassenhet_fersk_timer_lav")),
        sa.CheckConstraint("hold_minutter BETWEEN 15 AND 720", name=op.f("ck_plassenhet_hold_minutter")),
        sa.ForeignKeyConstraint(
            ["bekreftet_av_id"], ["person.id"], name=op.f("fk_plassenhet_bekreftet_av_id_person")
        ),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_plassenhet_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["vertskommune_id"], ["organisasjon.id"], name=op.f("fk_plassenhet_vertskommune_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plassenhet")),
        sa.UniqueConstraint("enhet_id", name=op.f("uq_plassenhet_enhet_id")),
    )
    op.create_index("ix_plassenhet_stavle", "plassenhet", ["stavleversjon"], unique=False)
    op.create_index(op.f("ix_plassenhet_vertskommune_id"), "plassenhet", ["vertskommune_id"], unique=False)
    op.create_table(
        "opptrapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("innen_timer", sa.String(length=3), nullable=False),
        sa.Column("antall", sa.Integer(), nullable=False),
        sa.Column("evner", sa.Integer(), nullable=False),
        sa.Column("personell", JSON, nullable=False),
        sa.Column("rom", JSON, nullable=False),
        sa.Column("utstyr", JSON, nullable=False),
        sa.Column("merknad", sa.String(length=1000), nullable=False),
        sa.Column("endret", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endret_av_id", sa.Uuid(), nullable=True),
        sa.Column("avviklet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("innen_timer IN ('24', '72')", name=op.f("ck_opptrapping_innen_timer")),
        sa.CheckConstraint("antall BETWEEN 1 AND 500", name=op.f("ck_opptrapping_antall")),
        sa.ForeignKeyConstraint(
            ["endret_av_id"], ["person.id"], name=op.f("fk_opptrapping_endret_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_opptrapping_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opptrapping")),
    )
    _delvis("ix_opptrapping_enhet", "opptrapping", ["plassenhet_id"], "avviklet IS NULL")
    op.create_table(
        "plass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("navn", sa.String(length=60), nullable=False),
        sa.Column("rekkefoelge", sa.Integer(), nullable=False),
        sa.Column("normert", sa.Boolean(), nullable=False),
        sa.Column("bemannet", sa.Boolean(), nullable=False),
        sa.Column("evner", sa.Integer(), nullable=False),
        sa.Column("tilstand", sa.String(length=12), nullable=False),
        sa.Column("stengt_grunn", sa.String(length=12), nullable=False),
        sa.Column("endret", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endret_av_id", sa.Uuid(), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nedlagt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("endringer", sa.Integer(), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(tilstand = 'stengt') = (stengt_grunn <> '') AND (stengt_grunn = '' OR stengt_grunn IN ('personell', 'rom', 'smitte', 'utstyr'))",
            name=op.f("ck_plass_stengt_grunn"),
        ),
        sa.CheckConstraint("tilstand <> 'holdt' OR bemannet", name=op.f("ck_plass_holdt_bemannet")),
        sa.CheckConstraint(
            "tilstand IN ('belagt', 'holdt', 'ledig', 'rengjoeres', 'stengt', 'ukjent')",
            name=op.f("ck_plass_tilstand"),
        ),
        sa.CheckConstraint("evner BETWEEN 0 AND 1023", name=op.f("ck_plass_evner")),
        sa.ForeignKeyConstraint(["endret_av_id"], ["person.id"], name=op.f("fk_plass_endret_av_id_person")),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plass_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plass")),
    )
    _delvis("ix_plass_i_bruk", "plass", ["plassenhet_id", "tilstand"], "nedlagt IS NULL")
    _delvis("uq_plass_navn", "plass", ["plassenhet_id", "navn"], "nedlagt IS NULL", unique=True)
    op.create_table(
        "plassdoegn",
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("dag", sa.Date(), nullable=False),
        sa.Column("ledig", sa.BigInteger(), nullable=False),
        sa.Column("holdt", sa.BigInteger(), nullable=False),
        sa.Column("belagt", sa.BigInteger(), nullable=False),
        sa.Column("rengjoeres", sa.BigInteger(), nullable=False),
        sa.Column("stengt", sa.BigInteger(), nullable=False),
        sa.Column("ubemannet", sa.BigInteger(), nullable=False),
        sa.Column("ukjent", sa.BigInteger(), nullable=False),
        sa.Column("normert", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("innlagt", sa.Integer(), nullable=False),
        sa.Column("utskrevet", sa.Integer(), nullable=False),
        sa.Column("avslag", sa.Integer(), nullable=False),
        sa.Column("utloept", sa.Integer(), nullable=False),
        sa.Column("liggetid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("innlagt_timer", JSON, nullable=False),
        sa.Column("laget", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassdoegn_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("plassenhet_id", "dag", name=op.f("pk_plassdoegn")),
    )
    op.create_index("ix_plassdoegn_dag", "plassdoegn", ["dag"], unique=False)
    op.create_table(
        "plassmaaned",
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("maaned", sa.Date(), nullable=False),
        *_summer(),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassmaaned_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("plassenhet_id", "maaned", name=op.f("pk_plassmaaned")),
    )
    op.create_index("ix_plassmaaned_maaned", "plassmaaned", ["maaned"], unique=False)
    op.create_table(
        "plassmedlem",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("kommune_id", sa.Uuid(), nullable=False),
        sa.Column("kvote", sa.Integer(), nullable=False),
        sa.Column("fra", sa.Date(), nullable=False),
        sa.Column("til", sa.Date(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("kvote >= 0", name=op.f("ck_plassmedlem_kvote")),
        sa.CheckConstraint("til IS NULL OR til >= fra", name=op.f("ck_plassmedlem_varighet")),
        sa.ForeignKeyConstraint(
            ["kommune_id"], ["organisasjon.id"], name=op.f("fk_plassmedlem_kommune_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassmedlem_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plassmedlem")),
    )
    op.create_index("ix_plassmedlem_kommune", "plassmedlem", ["kommune_id"], unique=False)
    _delvis("uq_plassmedlem_en", "plassmedlem", ["plassenhet_id", "kommune_id"], "til IS NULL", unique=True)
    op.create_table(
        "plassretting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("hva", sa.String(length=20), nullable=False),
        sa.Column("hva_id", sa.String(length=40), nullable=False),
        sa.Column("foer", JSON, nullable=False),
        sa.Column("etter", JSON, nullable=False),
        sa.Column("begrunnelse", sa.String(length=500), nullable=False),
        sa.Column("rettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rettet_av_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassretting_plassenhet_id_plassenhet")
        ),
        sa.ForeignKeyConstraint(
            ["rettet_av_id"], ["person.id"], name=op.f("fk_plassretting_rettet_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plassretting")),
    )
    op.create_index(op.f("ix_plassretting_plassenhet_id"), "plassretting", ["plassenhet_id"], unique=False)
    op.create_table(
        "plasstall",
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("antall", sa.Integer(), nullable=False),
        sa.Column("normert", sa.Integer(), nullable=False),
        sa.Column("bemannet", sa.Integer(), nullable=False),
        sa.Column("ledig", sa.Integer(), nullable=False),
        sa.Column("holdt", sa.Integer(), nullable=False),
        sa.Column("belagt", sa.Integer(), nullable=False),
        sa.Column("rengjoeres", sa.Integer(), nullable=False),
        sa.Column("stengt", sa.Integer(), nullable=False),
        sa.Column("ubemannet", sa.Integer(), nullable=False),
        sa.Column("ukjent", sa.Integer(), nullable=False),
        sa.Column("ledige_evner", JSON, nullable=False),
        sa.Column("endret", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endret_av_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "antall = ledig + holdt + belagt + rengjoeres + stengt + ubemannet + ukjent",
            name=op.f("ck_plasstall_antall"),
        ),
        sa.ForeignKeyConstraint(
            ["endret_av_id"], ["person.id"], name=op.f("fk_plasstall_endret_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plasstall_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("plassenhet_id", name=op.f("pk_plasstall")),
    )
    op.create_table(
        "plassendring",
        sa.Column("plass_id", sa.Uuid(), nullable=False),
        sa.Column("nr", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tilstand", sa.String(length=12), nullable=False),
        sa.Column("stengt_grunn", sa.String(length=12), nullable=False),
        sa.Column("bemannet", sa.Boolean(), nullable=False),
        sa.Column("normert", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("aarsak", sa.String(length=80), nullable=False),
        sa.Column("rettet_fra", sa.Integer(), nullable=True),
        sa.Column("rettet", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "tilstand IN ('belagt', 'holdt', 'ledig', 'nedlagt', 'rengjoeres', 'stengt', 'ukjent')",
            name=op.f("ck_plassendring_tilstand"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_plassendring_person_id_person")),
        sa.ForeignKeyConstraint(["plass_id"], ["plass.id"], name=op.f("fk_plassendring_plass_id_plass")),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassendring_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("plass_id", "nr", name=op.f("pk_plassendring")),
    )
    op.create_index("ix_plassendring_enhet", "plassendring", ["plassenhet_id", "tidspunkt"], unique=False)
    op.create_index("ix_plassendring_plass", "plassendring", ["plass_id", "tidspunkt", "nr"], unique=False)
    op.create_table(
        "reservasjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("klient_id", sa.Uuid(), nullable=False),
        sa.Column("plass_id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("kommune_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("referanse", sa.String(length=80), nullable=False),
        sa.Column("saksnummer", sa.String(length=20), nullable=False),
        sa.Column("evner", sa.Integer(), nullable=False),
        sa.Column("merknad", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utloeper", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forlenget", sa.DateTime(timezone=True), nullable=True),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("avsluttet_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'aktiv') = (avsluttet IS NULL)", name=op.f("ck_reservasjon_avsluttet")),
        sa.CheckConstraint(
            "status IN ('aktiv', 'avvist', 'frigitt', 'innlagt', 'utloept')",
            name=op.f("ck_reservasjon_status"),
        ),
        sa.CheckConstraint("utloeper > opprettet", name=op.f("ck_reservasjon_varighet")),
        sa.ForeignKeyConstraint(
            ["avsluttet_av_id"], ["person.id"], name=op.f("fk_reservasjon_avsluttet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["kommune_id"], ["organisasjon.id"], name=op.f("fk_reservasjon_kommune_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_reservasjon_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reservasjon_person_id_person")),
        sa.ForeignKeyConstraint(["plass_id"], ["plass.id"], name=op.f("fk_reservasjon_plass_id_plass")),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_reservasjon_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservasjon")),
        sa.UniqueConstraint(
            "organisasjon_id", "klient_id", name=op.f("uq_reservasjon_organisasjon_id_klient_id")
        ),
    )
    _delvis("ix_reservasjon_enhet", "reservasjon", ["plassenhet_id"], "status = 'aktiv'")
    _delvis("ix_reservasjon_utloept", "reservasjon", ["plassenhet_id", "avsluttet"], "status = 'utloept'")
    _delvis("ix_reservasjon_forfaller", "reservasjon", ["utloeper"], "status = 'aktiv'")
    op.create_index("ix_reservasjon_referanse", "reservasjon", ["referanse"], unique=False)
    _delvis("uq_reservasjon_en", "reservasjon", ["plass_id"], "status = 'aktiv'", unique=True)
    op.create_table(
        "opphold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plass_id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("kommune_id", sa.Uuid(), nullable=False),
        sa.Column("reservasjon_id", sa.Uuid(), nullable=True),
        sa.Column("inn", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ut", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planlagt_timer", sa.Integer(), nullable=True),
        sa.Column("fra_hvor", sa.String(length=14), nullable=True),
        sa.Column("aldersgruppe", sa.String(length=6), nullable=True),
        sa.Column("aarsaksgruppe", sa.String(length=14), nullable=True),
        sa.Column("til_hvor", sa.String(length=16), nullable=True),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "aarsaksgruppe IS NULL OR aarsaksgruppe IN ('annet', 'ernaering', 'fall', 'forverring', 'hjerte', 'infeksjon', 'lunge', 'observasjon', 'palliasjon', 'psykisk', 'rus', 'smerter')",
            name=op.f("ck_opphold_aarsaksgruppe"),
        ),
        sa.CheckConstraint(
            "aldersgruppe IS NULL OR aldersgruppe IN ('0-17', '18-49', '50-66', '67-79', '80-89', '90+')",
            name=op.f("ck_opphold_aldersgruppe"),
        ),
        sa.CheckConstraint(
            "fra_hvor IS NULL OR fra_hvor IN ('annet', 'hjem', 'legevakt', 'omsorgsbolig', 'sykehjem', 'sykehus')",
            name=op.f("ck_opphold_fra_hvor"),
        ),
        sa.CheckConstraint(
            "til_hvor IS NULL OR til_hvor IN ('annet', 'doed', 'hjem', 'hjemmetjeneste', 'korttid', 'sykehjem', 'sykehus')",
            name=op.f("ck_opphold_til_hvor"),
        ),
        sa.CheckConstraint(
            "planlagt_timer IS NULL OR planlagt_timer BETWEEN 1 AND 720",
            name=op.f("ck_opphold_planlagt_timer"),
        ),
        sa.CheckConstraint("til_hvor IS NULL OR ut IS NOT NULL", name=op.f("ck_opphold_til_hvor_ut")),
        sa.CheckConstraint("ut IS NULL OR ut >= inn", name=op.f("ck_opphold_varighet")),
        sa.ForeignKeyConstraint(
            ["kommune_id"], ["organisasjon.id"], name=op.f("fk_opphold_kommune_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["plass_id"], ["plass.id"], name=op.f("fk_opphold_plass_id_plass")),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_opphold_plassenhet_id_plassenhet")
        ),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_opphold_registrert_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["reservasjon_id"], ["reservasjon.id"], name=op.f("fk_opphold_reservasjon_id_reservasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opphold")),
    )
    _delvis("ix_opphold_aapent", "opphold", ["plassenhet_id"], "ut IS NULL")
    _delvis("ix_opphold_ut", "opphold", ["plassenhet_id", "ut"], "ut IS NOT NULL")
    op.create_index("ix_opphold_enhet", "opphold", ["plassenhet_id", "inn"], unique=False)
    op.create_index("ix_opphold_kommune", "opphold", ["kommune_id", "inn"], unique=False)
    op.create_index(op.f("ix_opphold_reservasjon_id"), "opphold", ["reservasjon_id"], unique=False)
    _delvis("uq_opphold_ett", "opphold", ["plass_id"], "ut IS NULL", unique=True)
    op.create_table(
        "plassavslag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("kommune_id", sa.Uuid(), nullable=False),
        sa.Column("reservasjon_id", sa.Uuid(), nullable=True),
        sa.Column("klient_id", sa.Uuid(), nullable=True),
        sa.Column("grunn", sa.String(length=12), nullable=False),
        sa.Column("merknad", sa.String(length=300), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "grunn IN ('annet', 'bemanning', 'evne', 'fullt', 'kriterier', 'smitte')",
            name=op.f("ck_plassavslag_grunn"),
        ),
        sa.ForeignKeyConstraint(
            ["kommune_id"], ["organisasjon.id"], name=op.f("fk_plassavslag_kommune_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassavslag_plassenhet_id_plassenhet")
        ),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_plassavslag_registrert_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["reservasjon_id"], ["reservasjon.id"], name=op.f("fk_plassavslag_reservasjon_id_reservasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plassavslag")),
    )
    op.create_index("ix_plassavslag_enhet", "plassavslag", ["plassenhet_id", "tidspunkt"], unique=False)
    op.create_index("ix_plassavslag_kommune", "plassavslag", ["kommune_id", "tidspunkt"], unique=False)
    _delvis(
        "uq_plassavslag_klient",
        "plassavslag",
        ["plassenhet_id", "kommune_id", "klient_id"],
        "klient_id IS NOT NULL",
        unique=True,
    )
    _omraadesummer("omraadedoegn", "dag", [f"time_{n:02d}" for n in range(24)])
    _omraadesummer("omraademaaned", "maaned", [])
    op.create_table(
        "plassmerke",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fra", sa.Date(), nullable=False),
        sa.Column("til", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plassmerke")),
    )
    op.create_table(
        "plassomraade",
        sa.Column("plassenhet_id", sa.Uuid(), nullable=False),
        sa.Column("foretak_id", sa.Uuid(), nullable=False),
        sa.Column("fylke_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plassenhet_id"], ["plassenhet.id"], name=op.f("fk_plassomraade_plassenhet_id_plassenhet")
        ),
        sa.PrimaryKeyConstraint("plassenhet_id", name=op.f("pk_plassomraade")),
    )


def _delvis(navn: str, tabell: str, kolonner: list[str], naar: str, *, unique: bool = False) -> None:
    hvor = sa.text(naar)
    op.create_index(navn, tabell, kolonner, unique=unique, sqlite_where=hvor, postgresql_where=hvor)


def _summer() -> list[sa.Column[int]]:
    sekunder = (
        "ledig",
        "holdt",
        "belagt",
        "rengjoeres",
        "stengt",
        "ubemannet",
        "ukjent",
        "normert",
        "liggetid",
    )
    return [
        *(sa.Column(k, sa.BigInteger(), nullable=False) for k in sekunder),
        *(sa.Column(k, sa.Integer(), nullable=False) for k in ("innlagt", "utskrevet", "avslag", "utloept")),
    ]


def _omraadesummer(tabell: str, periode: str, timer: list[str]) -> None:
    op.create_table(
        tabell,
        sa.Column(periode, sa.Date(), nullable=False),
        sa.Column("foretak_id", sa.Uuid(), nullable=False),
        sa.Column("fylke_id", sa.Uuid(), nullable=False),
        *_summer(),
        *(sa.Column(k, sa.Integer(), nullable=False) for k in timer),
        sa.PrimaryKeyConstraint(periode, "foretak_id", "fylke_id", name=op.f(f"pk_{tabell}")),
    )


def downgrade() -> None:
    for tabell in ("plassomraade", "plassmerke", "omraademaaned", "omraadedoegn"):
        op.drop_table(tabell)
    op.drop_table("plassavslag")
    op.drop_table("opphold")
    op.drop_table("reservasjon")
    op.drop_table("plassendring")
    op.drop_table("plasstall")
    op.drop_table("plassretting")
    op.drop_table("plassmedlem")
    op.drop_table("plassmaaned")
    op.drop_table("plassdoegn")
    op.drop_table("plass")
    op.drop_table("opptrapping")
    op.drop_table("plassenhet")
    op.drop_table("behovsvurdering")
    op.drop_table("plasstavle")
