"""The whole house of the first issue: organisations, people, sessions, requests, the log and the audit chains.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Tables whose rows are only ever added.
UROERLIGE = ("revisjon", "revisjonssegl", "hendelse")


def upgrade() -> None:
    op.create_table(
        "innloggingsforsoek",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("konto", sa.String(length=64), nullable=False),
        sa.Column("kilde", sa.String(length=64), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_innloggingsforsoek")),
    )
    op.create_index("ix_innloggingsforsoek_kilde", "innloggingsforsoek", ["kilde", "tidspunkt"], unique=False)
    op.create_index("ix_innloggingsforsoek_konto", "innloggingsforsoek", ["konto", "tidspunkt"], unique=False)
    op.create_table(
        "organisasjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("kode", sa.String(length=4), nullable=True),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("kortnavn", sa.String(length=200), nullable=False),
        sa.Column("navn_alternativ", sa.String(length=200), nullable=False),
        sa.Column("organisasjonsnummer", sa.String(length=9), nullable=True),
        sa.Column("overordnet_id", sa.Uuid(), nullable=True),
        sa.Column("helseforetak_id", sa.Uuid(), nullable=True),
        sa.Column("folketall", sa.Integer(), nullable=True),
        sa.Column("maalform", sa.String(length=10), nullable=False),
        sa.Column("telefon", sa.String(length=30), nullable=False),
        sa.Column("nedlagt", sa.Date(), nullable=True),
        sa.Column("etterfolger_id", sa.Uuid(), nullable=True),
        sa.Column("kilde", sa.String(length=200), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "type IN ('kommune', 'fylke', 'rhf', 'hf', 'ideelt_sykehus', 'myndighet')",
            name=op.f("ck_organisasjon_type"),
        ),
        sa.ForeignKeyConstraint(
            ["etterfolger_id"], ["organisasjon.id"], name=op.f("fk_organisasjon_etterfolger_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["helseforetak_id"],
            ["organisasjon.id"],
            name=op.f("fk_organisasjon_helseforetak_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["overordnet_id"], ["organisasjon.id"], name=op.f("fk_organisasjon_overordnet_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisasjon")),
    )
    op.create_index(
        op.f("ix_organisasjon_helseforetak_id"), "organisasjon", ["helseforetak_id"], unique=False
    )
    op.create_index(op.f("ix_organisasjon_overordnet_id"), "organisasjon", ["overordnet_id"], unique=False)
    op.create_index(
        "uq_organisasjon_organisasjonsnummer",
        "organisasjon",
        ["organisasjonsnummer"],
        unique=True,
        sqlite_where=sa.text("organisasjonsnummer IS NOT NULL"),
        postgresql_where=sa.text("organisasjonsnummer IS NOT NULL"),
    )
    op.create_index(
        "uq_organisasjon_type_kode",
        "organisasjon",
        ["type", "kode"],
        unique=True,
        sqlite_where=sa.text("kode IS NOT NULL AND nedlagt IS NULL"),
        postgresql_where=sa.text("kode IS NOT NULL AND nedlagt IS NULL"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("epost", sa.String(length=254), nullable=False),
        sa.Column("telefon", sa.String(length=30), nullable=False),
        sa.Column("hpr_nummer", sa.String(length=9), nullable=True),
        sa.Column("passord_hash", sa.String(length=200), nullable=True),
        sa.Column("aktiv", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("spraak", sa.String(length=5), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("epost", name=op.f("uq_person_epost")),
        sa.UniqueConstraint("hpr_nummer", name=op.f("uq_person_hpr_nummer")),
    )
    op.create_table(
        "revisjonskjede",
        sa.Column("noekkel", sa.String(length=60), nullable=False),
        sa.Column("antall", sa.Integer(), nullable=False),
        sa.Column("hode", sa.String(length=64), nullable=False),
        sa.Column("forseglet", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("noekkel", name=op.f("pk_revisjonskjede")),
    )
    op.create_table(
        "revisjonssegl",
        sa.Column("nummer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hoder", sa.Text(), nullable=False),
        sa.Column("forrige_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signatur", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("nummer", name=op.f("pk_revisjonssegl")),
    )
    op.create_table(
        "saksnummerteller",
        sa.Column("aar", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("siste", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("aar", name=op.f("pk_saksnummerteller")),
    )
    op.create_table(
        "enhet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("privat", sa.Boolean(), nullable=False),
        sa.Column("organisasjonsnummer", sa.String(length=9), nullable=True),
        sa.Column("telefon", sa.String(length=30), nullable=False),
        sa.Column("aktiv", sa.Boolean(), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "type IN ('sykehjem', 'legevakt', 'legekontor', 'avdeling', 'oehd_enhet')",
            name=op.f("ck_enhet_type"),
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_enhet_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enhet")),
        sa.UniqueConstraint("organisasjon_id", "navn", name=op.f("uq_enhet_organisasjon_id_navn")),
    )
    op.create_table(
        "fagtelefon",
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("telefon", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_fagtelefon_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("organisasjon_id", "fagomraade", name=op.f("pk_fagtelefon")),
    )
    op.create_table(
        "koe",
        sa.Column("mottaker_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mottaker_id"], ["organisasjon.id"], name=op.f("fk_koe_mottaker_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("mottaker_id", "fagomraade", name=op.f("pk_koe")),
    )
    op.create_table(
        "organisasjon_historikk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("felt", sa.String(length=40), nullable=False),
        sa.Column("fra_verdi", sa.String(length=200), nullable=False),
        sa.Column("til_verdi", sa.String(length=200), nullable=False),
        sa.Column("gyldig_fra", sa.Date(), nullable=False),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kilde", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_organisasjon_historikk_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisasjon_historikk")),
    )
    op.create_index(
        op.f("ix_organisasjon_historikk_organisasjon_id"),
        "organisasjon_historikk",
        ["organisasjon_id"],
        unique=False,
    )
    op.create_table(
        "revisjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kjede", sa.String(length=60), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handling", sa.String(length=60), nullable=False),
        sa.Column("utfall", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_navn", sa.String(length=200), nullable=False),
        sa.Column("rolle", sa.String(length=30), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_navn", sa.String(length=200), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=True),
        sa.Column("formaal", sa.String(length=60), nullable=False),
        sa.Column("objekt_type", sa.String(length=40), nullable=False),
        sa.Column("objekt_id", sa.String(length=60), nullable=False),
        sa.Column("detaljer", sa.Text(), nullable=False),
        sa.Column("forrige_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["kjede"], ["revisjonskjede.noekkel"], name=op.f("fk_revisjon_kjede_revisjonskjede")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisjon")),
        sa.UniqueConstraint("kjede", "nummer", name=op.f("uq_revisjon_kjede_nummer")),
    )
    op.create_index("ix_revisjon_objekt", "revisjon", ["objekt_type", "objekt_id"], unique=False)
    op.create_index("ix_revisjon_organisasjon", "revisjon", ["organisasjon_id", "tidspunkt"], unique=False)
    op.create_index("ix_revisjon_person", "revisjon", ["person_id", "tidspunkt"], unique=False)
    op.create_table(
        "enhet_kommune",
        sa.Column("enhet_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_enhet_kommune_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_enhet_kommune_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("enhet_id", "organisasjon_id", name=op.f("pk_enhet_kommune")),
    )
    op.create_table(
        "medlemskap",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("enhet_id", sa.Uuid(), nullable=True),
        sa.Column("rolle", sa.String(length=30), nullable=False),
        sa.Column("gyldig_fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gyldig_til", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "rolle IN ('lege_kommune', 'kommuneoverlege', 'helsepersonell', 'spesialist', 'vaktleder', 'koordinator', 'administrator', 'systemadministrator', 'innsyn')",
            name=op.f("ck_medlemskap_rolle"),
        ),
        sa.CheckConstraint(
            "gyldig_til IS NULL OR gyldig_til > gyldig_fra", name=op.f("ck_medlemskap_gyldighet")
        ),
        sa.ForeignKeyConstraint(["enhet_id"], ["enhet.id"], name=op.f("fk_medlemskap_enhet_id_enhet")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_medlemskap_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_medlemskap_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medlemskap")),
    )
    op.create_index(op.f("ix_medlemskap_enhet_id"), "medlemskap", ["enhet_id"], unique=False)
    op.create_index(
        "ix_medlemskap_organisasjon_rolle", "medlemskap", ["organisasjon_id", "rolle"], unique=False
    )
    op.create_index(op.f("ix_medlemskap_person_id"), "medlemskap", ["person_id"], unique=False)
    op.create_table(
        "henvendelse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("saksnummer", sa.String(length=12), nullable=False),
        sa.Column("klient_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("hastegrad", sa.String(length=10), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.Column("avsender_id", sa.Uuid(), nullable=False),
        sa.Column("avsender_enhet_id", sa.Uuid(), nullable=True),
        sa.Column("innmelder_id", sa.Uuid(), nullable=False),
        sa.Column("innmelder_medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("tilbakeringing", sa.String(length=30), nullable=False),
        sa.Column("mottaker_id", sa.Uuid(), nullable=False),
        sa.Column("ansvarlig_id", sa.Uuid(), nullable=True),
        sa.Column("ansvarlig_medlemskap_id", sa.Uuid(), nullable=True),
        sa.Column("plan_uten_raad", sa.String(length=20), nullable=False),
        sa.Column("raad", sa.String(length=25), nullable=True),
        sa.Column("utfall", sa.String(length=25), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ventet_fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frist", sa.DateTime(timezone=True), nullable=True),
        sa.Column("akseptert_tid", sa.DateTime(timezone=True), nullable=True),
        sa.Column("besvart_tid", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lukket_tid", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "hastegrad IN ('akutt', 'haster', 'vanlig')", name=op.f("ck_henvendelse_hastegrad")
        ),
        sa.CheckConstraint(
            "plan_uten_raad IN ('legge_inn', 'oehd_plass', 'behandle_her', 'poliklinikk', 'vet_ikke')",
            name=op.f("ck_henvendelse_plan_uten_raad"),
        ),
        sa.CheckConstraint(
            "raad IS NULL OR raad IN ('behandles_i_kommunen', 'oehd_plass', 'innleggelse', 'poliklinikk', 'mer_informasjon')",
            name=op.f("ck_henvendelse_raad"),
        ),
        sa.CheckConstraint(
            "status <> 'lukket' OR utfall IS NOT NULL", name=op.f("ck_henvendelse_lukket_har_utfall")
        ),
        sa.CheckConstraint("status <> 'ny' OR ansvarlig_id IS NULL", name=op.f("ck_henvendelse_ny_er_ledig")),
        sa.CheckConstraint(
            "status IN ('ny', 'akseptert', 'besvart', 'lukket', 'trukket')",
            name=op.f("ck_henvendelse_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('akseptert', 'besvart') OR ansvarlig_id IS NOT NULL",
            name=op.f("ck_henvendelse_ansvarlig_finnes"),
        ),
        sa.CheckConstraint(
            "utfall IS NULL OR utfall IN ('behandles_i_kommunen', 'oehd_plass', 'innlagt', 'poliklinikk', 'doed', 'annet')",
            name=op.f("ck_henvendelse_utfall"),
        ),
        sa.ForeignKeyConstraint(
            ["ansvarlig_id"], ["person.id"], name=op.f("fk_henvendelse_ansvarlig_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["ansvarlig_medlemskap_id"],
            ["medlemskap.id"],
            name=op.f("fk_henvendelse_ansvarlig_medlemskap_id_medlemskap"),
        ),
        sa.ForeignKeyConstraint(
            ["avsender_enhet_id"], ["enhet.id"], name=op.f("fk_henvendelse_avsender_enhet_id_enhet")
        ),
        sa.ForeignKeyConstraint(
            ["avsender_id"], ["organisasjon.id"], name=op.f("fk_henvendelse_avsender_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["innmelder_id"], ["person.id"], name=op.f("fk_henvendelse_innmelder_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["innmelder_medlemskap_id"],
            ["medlemskap.id"],
            name=op.f("fk_henvendelse_innmelder_medlemskap_id_medlemskap"),
        ),
        sa.ForeignKeyConstraint(
            ["mottaker_id"], ["organisasjon.id"], name=op.f("fk_henvendelse_mottaker_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_henvendelse")),
        sa.UniqueConstraint("innmelder_id", "klient_id", name=op.f("uq_henvendelse_innmelder_id_klient_id")),
        sa.UniqueConstraint("saksnummer", name=op.f("uq_henvendelse_saksnummer")),
    )
    op.create_index("ix_henvendelse_ansvarlig", "henvendelse", ["ansvarlig_id", "status"], unique=False)
    op.create_index("ix_henvendelse_avsender", "henvendelse", ["avsender_id", "status"], unique=False)
    op.create_index(
        "ix_henvendelse_avsender_enhet", "henvendelse", ["avsender_enhet_id", "opprettet"], unique=False
    )
    op.create_index("ix_henvendelse_innmelder", "henvendelse", ["innmelder_id", "opprettet"], unique=False)
    op.create_index(
        "ix_henvendelse_koe", "henvendelse", ["mottaker_id", "fagomraade", "status"], unique=False
    )
    op.create_table(
        "medlemskap_fagomraade",
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("fagomraade", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"],
            ["medlemskap.id"],
            name=op.f("fk_medlemskap_fagomraade_medlemskap_id_medlemskap"),
        ),
        sa.PrimaryKeyConstraint("medlemskap_id", "fagomraade", name=op.f("pk_medlemskap_fagomraade")),
    )
    op.create_table(
        "sesjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utloeper", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sist_brukt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("avsluttet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nettleser", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_sesjon_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sesjon_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sesjon")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sesjon_token_hash")),
    )
    op.create_index(op.f("ix_sesjon_person_id"), "sesjon", ["person_id"], unique=False)
    op.create_table(
        "tjenestekonto",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("utloeper", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tilbakekalt", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_tjenestekonto_medlemskap_id_medlemskap")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tjenestekonto")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tjenestekonto_token_hash")),
    )
    op.create_table(
        "deltaker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("medlemskap_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("fra", sa.DateTime(timezone=True), nullable=False),
        sa.Column("til", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("side IN ('innmelder', 'mottaker', 'system')", name=op.f("ck_deltaker_side")),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_deltaker_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["medlemskap_id"], ["medlemskap.id"], name=op.f("fk_deltaker_medlemskap_id_medlemskap")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_deltaker_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deltaker")),
        sa.UniqueConstraint(
            "henvendelse_id", "medlemskap_id", name=op.f("uq_deltaker_henvendelse_id_medlemskap_id")
        ),
    )
    op.create_index("ix_deltaker_medlemskap", "deltaker", ["medlemskap_id", "til"], unique=False)
    op.create_table(
        "hendelse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("sekvens", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=15), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("avsender_id", sa.Uuid(), nullable=True),
        sa.Column("avsender_navn", sa.String(length=420), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("klient_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("side IN ('innmelder', 'mottaker', 'system')", name=op.f("ck_hendelse_side")),
        sa.CheckConstraint(
            "type IN ('sendt', 'melding', 'oppdatert', 'maaling', 'akseptert', 'gitt_tilbake', 'videresendt', 'besvart', 'trenger_mer', 'lukket', 'tiden_ute', 'trukket', 'gjenaapnet')",
            name=op.f("ck_hendelse_type"),
        ),
        sa.ForeignKeyConstraint(["avsender_id"], ["person.id"], name=op.f("fk_hendelse_avsender_id_person")),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_hendelse_henvendelse_id_henvendelse")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hendelse")),
        sa.UniqueConstraint(
            "henvendelse_id",
            "avsender_id",
            "klient_id",
            name=op.f("uq_hendelse_henvendelse_id_avsender_id_klient_id"),
        ),
        sa.UniqueConstraint("henvendelse_id", "sekvens", name=op.f("uq_hendelse_henvendelse_id_sekvens")),
    )
    op.create_table(
        "henvendelse_hode",
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("sekvens", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"],
            ["henvendelse.id"],
            name=op.f("fk_henvendelse_hode_henvendelse_id_henvendelse"),
        ),
        sa.PrimaryKeyConstraint("henvendelse_id", name=op.f("pk_henvendelse_hode")),
    )
    op.create_table(
        "kvittering",
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("navn", sa.String(length=420), nullable=False),
        sa.Column("mottatt", sa.Integer(), nullable=False),
        sa.Column("lest", sa.Integer(), nullable=False),
        sa.Column("sett", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_kvittering_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kvittering_person_id_person")),
        sa.PrimaryKeyConstraint("henvendelse_id", "person_id", name=op.f("pk_kvittering")),
    )
    op.create_table(
        "news2_maaling",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respirasjon", sa.Integer(), nullable=True),
        sa.Column("spo2", sa.Integer(), nullable=True),
        sa.Column("skala", sa.Integer(), nullable=False),
        sa.Column("oksygen", sa.Boolean(), nullable=True),
        sa.Column("systolisk", sa.Integer(), nullable=True),
        sa.Column("puls", sa.Integer(), nullable=True),
        sa.Column("bevissthet", sa.String(length=1), nullable=True),
        sa.Column("temperatur", sa.Numeric(precision=3, scale=1), nullable=True),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("sum", sa.Integer(), nullable=True),
        sa.Column("varsel", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_news2_maaling_henvendelse_id_henvendelse")
        ),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_news2_maaling_registrert_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news2_maaling")),
    )
    op.create_index(
        "ix_news2_maaling_henvendelse", "news2_maaling", ["henvendelse_id", "tidspunkt"], unique=False
    )
    op.create_table(
        "opplysninger",
        sa.Column("henvendelse_id", sa.Uuid(), nullable=False),
        sa.Column("bostedskommune_id", sa.Uuid(), nullable=True),
        sa.Column("aldersgruppe", sa.String(length=10), nullable=True),
        sa.Column("kjoenn", sa.String(length=10), nullable=False),
        sa.Column("gravid", sa.Boolean(), nullable=False),
        sa.Column("oppholdssted", sa.String(length=15), nullable=True),
        sa.Column("situasjon", sa.Text(), nullable=False),
        sa.Column("bakgrunn", sa.Text(), nullable=False),
        sa.Column("analyse", sa.Text(), nullable=False),
        sa.Column("raad_oenskes", sa.Text(), nullable=False),
        sa.Column("sykdomsbyrde", sa.Text(), nullable=False),
        sa.Column("funksjonsnivaa", sa.Text(), nullable=False),
        sa.Column("skroepelighet", sa.Integer(), nullable=True),
        sa.Column("kognitiv_svikt", sa.String(length=10), nullable=False),
        sa.Column("behandlingsbegrensninger", sa.Text(), nullable=False),
        sa.Column("pasientens_oensker", sa.Text(), nullable=False),
        sa.Column("evne_personell", sa.String(length=10), nullable=False),
        sa.Column("evne_kompetanse", sa.String(length=10), nullable=False),
        sa.Column("evne_utstyr", sa.String(length=10), nullable=False),
        sa.Column("evne_sted", sa.String(length=10), nullable=False),
        sa.Column("evne_tekst", sa.Text(), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "aldersgruppe IS NULL OR aldersgruppe IN ('under_16', '16_17', '18_66', '67_79', '80_pluss')",
            name=op.f("ck_opplysninger_aldersgruppe"),
        ),
        sa.CheckConstraint("kjoenn IN ('kvinne', 'mann', 'ukjent')", name=op.f("ck_opplysninger_kjoenn")),
        sa.CheckConstraint(
            "oppholdssted IS NULL OR oppholdssted IN ('hjem', 'omsorgsbolig', 'sykehjem', 'oehd', 'legevakt')",
            name=op.f("ck_opplysninger_oppholdssted"),
        ),
        sa.CheckConstraint(
            "skroepelighet IS NULL OR skroepelighet BETWEEN 1 AND 9",
            name=op.f("ck_opplysninger_skroepelighet"),
        ),
        sa.ForeignKeyConstraint(
            ["bostedskommune_id"],
            ["organisasjon.id"],
            name=op.f("fk_opplysninger_bostedskommune_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["henvendelse_id"], ["henvendelse.id"], name=op.f("fk_opplysninger_henvendelse_id_henvendelse")
        ),
        sa.PrimaryKeyConstraint("henvendelse_id", name=op.f("pk_opplysninger")),
    )
    _lag_utloesere()


def downgrade() -> None:
    _fjern_utloesere()

    op.drop_table("opplysninger")
    op.drop_index("ix_news2_maaling_henvendelse", table_name="news2_maaling")
    op.drop_table("news2_maaling")
    op.drop_table("kvittering")
    op.drop_table("henvendelse_hode")
    op.drop_table("hendelse")
    op.drop_index("ix_deltaker_medlemskap", table_name="deltaker")
    op.drop_table("deltaker")
    op.drop_table("tjenestekonto")
    op.drop_index(op.f("ix_sesjon_person_id"), table_name="sesjon")
    op.drop_table("sesjon")
    op.drop_table("medlemskap_fagomraade")
    op.drop_index("ix_henvendelse_koe", table_name="henvendelse")
    op.drop_index("ix_henvendelse_innmelder", table_name="henvendelse")
    op.drop_index("ix_henvendelse_avsender_enhet", table_name="henvendelse")
    op.drop_index("ix_henvendelse_avsender", table_name="henvendelse")
    op.drop_index("ix_henvendelse_ansvarlig", table_name="henvendelse")
    op.drop_table("henvendelse")
    op.drop_index(op.f("ix_medlemskap_person_id"), table_name="medlemskap")
    op.drop_index("ix_medlemskap_organisasjon_rolle", table_name="medlemskap")
    op.drop_index(op.f("ix_medlemskap_enhet_id"), table_name="medlemskap")
    op.drop_table("medlemskap")
    op.drop_table("enhet_kommune")
    op.drop_index("ix_revisjon_person", table_name="revisjon")
    op.drop_index("ix_revisjon_organisasjon", table_name="revisjon")
    op.drop_index("ix_revisjon_objekt", table_name="revisjon")
    op.drop_table("revisjon")
    op.drop_index(op.f("ix_organisasjon_historikk_organisasjon_id"), table_name="organisasjon_historikk")
    op.drop_table("organisasjon_historikk")
    op.drop_table("koe")
    op.drop_table("fagtelefon")
    op.drop_table("enhet")
    op.drop_table("saksnummerteller")
    op.drop_table("revisjonssegl")
    op.drop_table("revisjonskjede")
    op.drop_table("person")
    op.drop_index(
        "uq_organisasjon_type_kode",
        table_name="organisasjon",
        sqlite_where=sa.text("kode IS NOT NULL AND nedlagt IS NULL"),
        postgresql_where=sa.text("kode IS NOT NULL AND nedlagt IS NULL"),
    )
    op.drop_index(
        "uq_organisasjon_organisasjonsnummer",
        table_name="organisasjon",
        sqlite_where=sa.text("organisasjonsnummer IS NOT NULL"),
        postgresql_where=sa.text("organisasjonsnummer IS NOT NULL"),
    )
    op.drop_index(op.f("ix_organisasjon_overordnet_id"), table_name="organisasjon")
    op.drop_index(op.f("ix_organisasjon_helseforetak_id"), table_name="organisasjon")
    op.drop_table("organisasjon")
    op.drop_index("ix_innloggingsforsoek_konto", table_name="innloggingsforsoek")
    op.drop_index("ix_innloggingsforsoek_kilde", table_name="innloggingsforsoek")
    op.drop_table("innloggingsforsoek")


def _lag_utloesere() -> None:
    """No row of the audit log or of a case's log is ever changed or removed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION loggen_er_uroerlig() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'Loggen kan ikke endres (%)', TG_OP USING ERRCODE = 'insufficient_privilege';
            END $$
            """
        )
        for tabell in UROERLIGE:
            op.execute(
                f"CREATE TRIGGER {tabell}_uroerlig BEFORE UPDATE OR DELETE ON {tabell} "
                "FOR EACH ROW EXECUTE FUNCTION loggen_er_uroerlig()"
            )
            op.execute(
                f"CREATE TRIGGER {tabell}_toemmes_ikke BEFORE TRUNCATE ON {tabell} "
                "FOR EACH STATEMENT EXECUTE FUNCTION loggen_er_uroerlig()"
            )
    else:
        for tabell in UROERLIGE:
            for handling in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {tabell}_uroerlig_{handling.lower()} BEFORE {handling} ON {tabell} "
                    f"BEGIN SELECT RAISE(ABORT, 'Loggen kan ikke endres ({handling})'); END"
                )


def _fjern_utloesere() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for tabell in UROERLIGE:
            op.execute(f"DROP TRIGGER {tabell}_uroerlig ON {tabell}")
            op.execute(f"DROP TRIGGER {tabell}_toemmes_ikke ON {tabell}")
        op.execute("DROP FUNCTION loggen_er_uroerlig()")
    else:
        for tabell in UROERLIGE:
            for handling in ("update", "delete"):
                op.execute(f"DROP TRIGGER {tabell}_uroerlig_{handling}")
