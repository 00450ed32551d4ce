"""Cooperation agreements: parties, versions, clauses, negotiation, approval, and what follows from being in force.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "avtale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("overordnet_id", sa.Uuid(), nullable=True),
        sa.Column("eier_id", sa.Uuid(), nullable=False),
        sa.Column("tittel", sa.String(length=300), nullable=False),
        sa.Column("nummer", sa.String(length=30), nullable=False),
        sa.Column("maalform", sa.String(length=2), nullable=False),
        sa.Column("siste_nummer", sa.Integer(), nullable=False),
        sa.Column("neste_gjennomgang", sa.Date(), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("maalform IN ('nb', 'nn')", name=op.f("ck_avtale_maalform")),
        sa.CheckConstraint(
            "type IN ('delavtale', 'overordnet', 'saeravtale', 'tjenesteavtale')", name=op.f("ck_avtale_type")
        ),
        sa.ForeignKeyConstraint(
            ["eier_id"], ["organisasjon.id"], name=op.f("fk_avtale_eier_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_avtale_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["overordnet_id"], ["avtale.id"], name=op.f("fk_avtale_overordnet_id_avtale")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avtale")),
    )
    op.create_index("ix_avtale_eier", "avtale", ["eier_id", "type"], unique=False)
    op.create_index("ix_avtale_overordnet", "avtale", ["overordnet_id"], unique=False)
    op.create_table(
        "doegnsats",
        sa.Column("aar", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kroner", sa.Integer(), nullable=False),
        sa.Column("kilde", sa.String(length=300), nullable=False),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kroner > 0", name=op.f("ck_doegnsats_kroner")),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_doegnsats_registrert_av_id_person")
        ),
        sa.PrimaryKeyConstraint("aar", name=op.f("pk_doegnsats")),
    )
    op.create_table(
        "godkjenningsledd",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("plass", sa.Integer(), nullable=False),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("krever_vedtak", sa.Boolean(), nullable=False),
        sa.Column("medlemskap", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_godkjenningsledd_organisasjon_id_organisasjon"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_godkjenningsledd")),
        sa.UniqueConstraint(
            "organisasjon_id", "plass", name=op.f("uq_godkjenningsledd_organisasjon_id_plass")
        ),
    )
    op.create_table(
        "avtalepart",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("invitert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invitert_av_id", sa.Uuid(), nullable=True),
        sa.Column("svart", sa.DateTime(timezone=True), nullable=True),
        sa.Column("svart_av_id", sa.Uuid(), nullable=True),
        sa.Column("fra", sa.Date(), nullable=True),
        sa.Column("til", sa.Date(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("side IN ('foretak', 'kommune')", name=op.f("ck_avtalepart_side")),
        sa.CheckConstraint(
            "status IN ('deltar', 'invitert', 'takket_nei', 'utmeldt')", name=op.f("ck_avtalepart_status")
        ),
        sa.CheckConstraint("til IS NULL OR fra IS NULL OR til >= fra", name=op.f("ck_avtalepart_varighet")),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_avtalepart_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["invitert_av_id"], ["person.id"], name=op.f("fk_avtalepart_invitert_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_avtalepart_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["svart_av_id"], ["person.id"], name=op.f("fk_avtalepart_svart_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avtalepart")),
    )
    op.create_index(op.f("ix_avtalepart_avtale_id"), "avtalepart", ["avtale_id"], unique=False)
    op.create_index("ix_avtalepart_organisasjon", "avtalepart", ["organisasjon_id", "status"], unique=False)
    op.create_index(
        "uq_avtalepart_en",
        "avtalepart",
        ["avtale_id", "organisasjon_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('invitert', 'deltar')"),
        postgresql_where=sa.text("status IN ('invitert', 'deltar')"),
    )
    op.create_table(
        "avtaleversjon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("tittel", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("oensket_fra", sa.Date(), nullable=True),
        sa.Column("sendt_til_forhandling", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sendt_til_godkjenning", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sendt_av_id", sa.Uuid(), nullable=True),
        sa.Column("innhold_hash", sa.String(length=64), nullable=False),
        sa.Column("medvirkning", sa.Text(), nullable=False),
        sa.Column("notat", sa.Text(), nullable=False),
        sa.Column("i_kraft_fra", sa.Date(), nullable=True),
        sa.Column("i_kraft_til", sa.Date(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('erstattet', 'forkastet', 'gjeldende', 'godkjent', 'oppsagt', 'til_forhandling', 'til_godkjenning', 'under_revisjon', 'utkast', 'utloept')",
            name=op.f("ck_avtaleversjon_status"),
        ),
        sa.CheckConstraint(
            "i_kraft_til IS NULL OR i_kraft_til >= i_kraft_fra", name=op.f("ck_avtaleversjon_varighet")
        ),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_avtaleversjon_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_avtaleversjon_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["sendt_av_id"], ["person.id"], name=op.f("fk_avtaleversjon_sendt_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avtaleversjon")),
        sa.UniqueConstraint("avtale_id", "nummer", name=op.f("uq_avtaleversjon_avtale_id_nummer")),
    )
    op.create_index(
        "ix_avtaleversjon_i_kraft",
        "avtaleversjon",
        ["avtale_id", "i_kraft_fra"],
        unique=False,
        sqlite_where=sa.text("i_kraft_fra IS NOT NULL"),
        postgresql_where=sa.text("i_kraft_fra IS NOT NULL"),
    )
    op.create_index(
        "ix_avtaleversjon_levende",
        "avtaleversjon",
        ["avtale_id"],
        unique=False,
        sqlite_where=sa.text("status NOT IN ('erstattet', 'forkastet')"),
        postgresql_where=sa.text("status NOT IN ('erstattet', 'forkastet')"),
    )
    op.create_index(
        "ix_avtaleversjon_venter",
        "avtaleversjon",
        ["i_kraft_fra"],
        unique=False,
        sqlite_where=sa.text("status = 'godkjent'"),
        postgresql_where=sa.text("status = 'godkjent'"),
    )
    op.create_index(
        "uq_avtaleversjon_i_arbeid",
        "avtaleversjon",
        ["avtale_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('godkjent', 'til_forhandling', 'til_godkjenning', 'utkast')"),
        postgresql_where=sa.text("status IN ('godkjent', 'til_forhandling', 'til_godkjenning', 'utkast')"),
    )
    op.create_index(
        "uq_avtaleversjon_i_kraft",
        "avtaleversjon",
        ["avtale_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('gjeldende', 'oppsagt', 'under_revisjon')"),
        postgresql_where=sa.text("status IN ('gjeldende', 'oppsagt', 'under_revisjon')"),
    )
    op.create_table(
        "bestemmelse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("noekkel", sa.Uuid(), nullable=False),
        sa.Column("fra_versjon", sa.Integer(), nullable=False),
        sa.Column("til_versjon", sa.Integer(), nullable=False),
        sa.Column("plass", sa.Integer(), nullable=False),
        sa.Column("nummer", sa.String(length=20), nullable=False),
        sa.Column("overskrift", sa.String(length=300), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("art", sa.String(length=20), nullable=False),
        sa.Column("punkt", sa.Integer(), nullable=True),
        sa.Column("faser", sa.Integer(), nullable=False),
        sa.Column("fagomraader", JSON, nullable=False),
        sa.Column("kriterier", JSON, nullable=False),
        sa.Column("matrise", JSON, nullable=False),
        sa.Column("forpliktelser", JSON, nullable=False),
        sa.Column("tiltak", JSON, nullable=False),
        sa.Column("trinn", JSON, nullable=False),
        sa.Column("innhold_hash", sa.String(length=64), nullable=False),
        sa.Column("endret", sa.DateTime(timezone=True), nullable=False),
        sa.Column("endret_av_id", sa.Uuid(), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "art IN ('annet', 'beredskap', 'informasjon', 'innleggelse', 'oehd', 'prosedyre', 'roller', 'utskrivning')",
            name=op.f("ck_bestemmelse_art"),
        ),
        sa.CheckConstraint("faser > 0 AND (faser & ~62) = 0", name=op.f("ck_bestemmelse_faser")),
        sa.CheckConstraint("punkt IS NULL OR punkt BETWEEN 1 AND 13", name=op.f("ck_bestemmelse_punkt")),
        sa.CheckConstraint("til_versjon > fra_versjon", name=op.f("ck_bestemmelse_versjoner")),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_bestemmelse_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["endret_av_id"], ["person.id"], name=op.f("fk_bestemmelse_endret_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bestemmelse")),
        sa.UniqueConstraint(
            "avtale_id", "noekkel", "fra_versjon", name=op.f("uq_bestemmelse_avtale_id_noekkel_fra_versjon")
        ),
    )
    op.create_index(
        "ix_bestemmelse_versjon", "bestemmelse", ["avtale_id", "til_versjon", "fra_versjon"], unique=False
    )
    op.create_table(
        "forslag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("noekkel", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("grunnlag_hash", sa.String(length=64), nullable=False),
        sa.Column("innhold", JSON, nullable=False),
        sa.Column("begrunnelse", sa.Text(), nullable=False),
        sa.Column("svar_paa_id", sa.Uuid(), nullable=True),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("avgjort", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('aapent', 'avslaatt', 'bortfalt', 'godtatt', 'trukket')",
            name=op.f("ck_forslag_status"),
        ),
        sa.CheckConstraint("type IN ('endre', 'ny', 'stryk')", name=op.f("ck_forslag_type")),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_forslag_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_forslag_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_forslag_person_id_person")),
        sa.ForeignKeyConstraint(["svar_paa_id"], ["forslag.id"], name=op.f("fk_forslag_svar_paa_id_forslag")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forslag")),
    )
    op.create_index("ix_forslag_avtale", "forslag", ["avtale_id", "nummer", "status"], unique=False)
    op.create_table(
        "gjennomgang",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("dato", sa.Date(), nullable=False),
        sa.Column("deltakere", sa.Text(), nullable=False),
        sa.Column("referat", sa.Text(), nullable=False),
        sa.Column("endres", sa.Boolean(), nullable=False),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_gjennomgang_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_gjennomgang_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_gjennomgang_registrert_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gjennomgang")),
    )
    op.create_index(op.f("ix_gjennomgang_avtale_id"), "gjennomgang", ["avtale_id"], unique=False)
    op.create_table(
        "innsending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("slag", sa.String(length=12), nullable=False),
        sa.Column("dato", sa.Date(), nullable=False),
        sa.Column("referanse", sa.String(length=300), nullable=False),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("slag IN ('avtale', 'oppsigelse')", name=op.f("ck_innsending_slag")),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_innsending_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_innsending_registrert_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_innsending")),
    )
    op.create_index(op.f("ix_innsending_avtale_id"), "innsending", ["avtale_id"], unique=False)
    op.create_table(
        "kommentar",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("noekkel", sa.Uuid(), nullable=True),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("ordnet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordnet_av_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_kommentar_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["ordnet_av_id"], ["person.id"], name=op.f("fk_kommentar_ordnet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_kommentar_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kommentar_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kommentar")),
    )
    op.create_index("ix_kommentar_avtale", "kommentar", ["avtale_id", "nummer"], unique=False)
    op.create_table(
        "oppsigelse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("varslet", sa.Date(), nullable=False),
        sa.Column("virkning", sa.Date(), nullable=False),
        sa.Column("begrunnelse", sa.Text(), nullable=False),
        sa.Column("enighet", sa.String(length=500), nullable=False),
        sa.Column("registrert", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registrert_av_id", sa.Uuid(), nullable=True),
        sa.Column("trukket", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("virkning > varslet", name=op.f("ck_oppsigelse_varighet")),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_oppsigelse_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_oppsigelse_organisasjon_id_organisasjon")
        ),
        sa.ForeignKeyConstraint(
            ["registrert_av_id"], ["person.id"], name=op.f("fk_oppsigelse_registrert_av_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oppsigelse")),
    )
    op.create_index(
        "uq_oppsigelse_en",
        "oppsigelse",
        ["avtale_id", "organisasjon_id"],
        unique=True,
        sqlite_where=sa.text("trukket IS NULL"),
        postgresql_where=sa.text("trukket IS NULL"),
    )
    op.create_table(
        "uenighet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("tittel", sa.String(length=300), nullable=False),
        sa.Column("trinn", sa.String(length=30), nullable=False),
        sa.Column("opprettet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opprettet_av_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "trinn IN ('dialog', 'loest', 'lokalt_organ', 'tvisteloesningsnemnda')",
            name=op.f("ck_uenighet_trinn"),
        ),
        sa.ForeignKeyConstraint(["avtale_id"], ["avtale.id"], name=op.f("fk_uenighet_avtale_id_avtale")),
        sa.ForeignKeyConstraint(
            ["opprettet_av_id"], ["person.id"], name=op.f("fk_uenighet_opprettet_av_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_uenighet_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uenighet")),
    )
    op.create_index(op.f("ix_uenighet_avtale_id"), "uenighet", ["avtale_id"], unique=False)
    op.create_table(
        "bestemmelsesendring",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtale_id", sa.Uuid(), nullable=False),
        sa.Column("nummer", sa.Integer(), nullable=False),
        sa.Column("noekkel", sa.Uuid(), nullable=False),
        sa.Column("foer", JSON, nullable=True),
        sa.Column("etter", JSON, nullable=True),
        sa.Column("forslag_id", sa.Uuid(), nullable=True),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["avtale_id"], ["avtale.id"], name=op.f("fk_bestemmelsesendring_avtale_id_avtale")
        ),
        sa.ForeignKeyConstraint(
            ["forslag_id"], ["forslag.id"], name=op.f("fk_bestemmelsesendring_forslag_id_forslag")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_bestemmelsesendring_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_bestemmelsesendring_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bestemmelsesendring")),
    )
    op.create_index(
        "ix_bestemmelsesendring_avtale",
        "bestemmelsesendring",
        ["avtale_id", "nummer", "tidspunkt"],
        unique=False,
    )
    op.create_table(
        "forslagssvar",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("forslag_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("godtatt", sa.Boolean(), nullable=False),
        sa.Column("merknad", sa.String(length=1000), nullable=False),
        sa.Column("svart", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["forslag_id"], ["forslag.id"], name=op.f("fk_forslagssvar_forslag_id_forslag")
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_forslagssvar_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_forslagssvar_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forslagssvar")),
        sa.UniqueConstraint(
            "forslag_id", "organisasjon_id", name=op.f("uq_forslagssvar_forslag_id_organisasjon_id")
        ),
    )
    op.create_table(
        "godkjenning",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avtaleversjon_id", sa.Uuid(), nullable=False),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.Column("plass", sa.Integer(), nullable=False),
        sa.Column("navn", sa.String(length=200), nullable=False),
        sa.Column("krever_vedtak", sa.Boolean(), nullable=False),
        sa.Column("medlemskap", JSON, nullable=False),
        sa.Column("gitt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gitt_av_id", sa.Uuid(), nullable=True),
        sa.Column("innhold_hash", sa.String(length=64), nullable=False),
        sa.Column("saksnummer", sa.String(length=60), nullable=False),
        sa.Column("vedtaksdato", sa.Date(), nullable=True),
        sa.Column("merknad", sa.String(length=1000), nullable=False),
        sa.Column("avvist", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opphevet", sa.DateTime(timezone=True), nullable=True),
        sa.Column("versjon", sa.Integer(), nullable=False),
        sa.CheckConstraint("gitt IS NULL OR innhold_hash <> ''", name=op.f("ck_godkjenning_innhold")),
        sa.ForeignKeyConstraint(
            ["avtaleversjon_id"],
            ["avtaleversjon.id"],
            name=op.f("fk_godkjenning_avtaleversjon_id_avtaleversjon"),
        ),
        sa.ForeignKeyConstraint(["gitt_av_id"], ["person.id"], name=op.f("fk_godkjenning_gitt_av_id_person")),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"], ["organisasjon.id"], name=op.f("fk_godkjenning_organisasjon_id_organisasjon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_godkjenning")),
        sa.UniqueConstraint(
            "avtaleversjon_id",
            "organisasjon_id",
            "plass",
            name=op.f("uq_godkjenning_avtaleversjon_id_organisasjon_id_plass"),
        ),
    )
    op.create_index(
        "ix_godkjenning_venter",
        "godkjenning",
        ["organisasjon_id"],
        unique=False,
        sqlite_where=sa.text("gitt IS NULL AND opphevet IS NULL"),
        postgresql_where=sa.text("gitt IS NULL AND opphevet IS NULL"),
    )
    op.create_table(
        "uenighetsfoering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uenighet_id", sa.Uuid(), nullable=False),
        sa.Column("trinn", sa.String(length=30), nullable=False),
        sa.Column("tekst", sa.Text(), nullable=False),
        sa.Column("anonymisert", sa.Boolean(), nullable=False),
        sa.Column("tidspunkt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisasjon_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "trinn IN ('dialog', 'loest', 'lokalt_organ', 'tvisteloesningsnemnda')",
            name=op.f("ck_uenighetsfoering_trinn"),
        ),
        sa.ForeignKeyConstraint(
            ["organisasjon_id"],
            ["organisasjon.id"],
            name=op.f("fk_uenighetsfoering_organisasjon_id_organisasjon"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_uenighetsfoering_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["uenighet_id"], ["uenighet.id"], name=op.f("fk_uenighetsfoering_uenighet_id_uenighet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uenighetsfoering")),
    )
    op.create_index(
        op.f("ix_uenighetsfoering_uenighet_id"), "uenighetsfoering", ["uenighet_id"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE avtaleversjon ADD CONSTRAINT ex_avtaleversjon_i_kraft EXCLUDE USING gist "
            "(avtale_id WITH =, daterange(i_kraft_fra, i_kraft_til) WITH &&) WHERE (i_kraft_fra IS NOT NULL)"
        )
        op.execute(
            "ALTER TABLE bestemmelse ADD COLUMN ord tsvector GENERATED ALWAYS AS ("
            "setweight(to_tsvector('norwegian'::regconfig, overskrift), 'A') || "
            "setweight(to_tsvector('norwegian'::regconfig, tekst), 'B') || "
            "setweight(jsonb_to_tsvector('norwegian'::regconfig, kriterier, '[\"string\"]'), 'B')) STORED"
        )
        op.execute(
            "CREATE INDEX ix_bestemmelse_soek ON bestemmelse USING gin (ord) WHERE til_versjon = 2147483647"
        )
    else:
        op.execute(
            "CREATE VIRTUAL TABLE bestemmelse_fts USING fts5(bestemmelse_id UNINDEXED, stammer, tokenize = 'unicode61')"
        )
        op.execute(
            "CREATE TRIGGER bestemmelse_fts_slett AFTER DELETE ON bestemmelse BEGIN "
            "DELETE FROM bestemmelse_fts WHERE bestemmelse_id = old.id; END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER bestemmelse_fts_slett")
        op.execute("DROP TABLE bestemmelse_fts")
    op.drop_table("uenighetsfoering")
    op.drop_table("godkjenning")
    op.drop_table("forslagssvar")
    op.drop_table("bestemmelsesendring")
    op.drop_table("uenighet")
    op.drop_table("oppsigelse")
    op.drop_table("kommentar")
    op.drop_table("innsending")
    op.drop_table("gjennomgang")
    op.drop_table("forslag")
    op.drop_table("bestemmelse")
    op.drop_table("avtaleversjon")
    op.drop_table("avtalepart")
    op.drop_table("godkjenningsledd")
    op.drop_table("doegnsats")
    op.drop_table("avtale")
