"""The migrations: one line of them, up and down with data, and the same schema as the models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, downgrade, stamp, upgrade
from sqlalchemy.engine import Engine

from portal.core import web
from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.config import ROT
from portal.core.db import Base, db, sett_opp_motor, skrivetransaksjon, transactional
from portal.core.puls import Puls
from portal.henvendelser.eskalering.models import (
    Eskalering,
    Eskaleringstrinn,
    Kanari,
    Kanarikjoering,
    Vaktskifte,
    Vaktskiftesak,
)
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import (
    Hendelse,
    Henvendelse,
    Innsyn,
    Innsynsoppfoelging,
    Saksinvitasjon,
    Vedlegg,
)
from portal.henvendelser.service import innsending, oppfoelging
from portal.henvendelser.service.meldinger import send_melding
from portal.identitet.models import Fagtelefon, Innloggingsforsoek, OrganisasjonHistorikk, Tjenestekonto
from portal.revisjon.service import forsegl
from portal.vakt.models import Fravaer, Hullvarsel, Nivaa, Rotasjon, Rotasjonsdeltaker, Vaktbytte, Vaktfeed
from portal.varsler.models import Utsending, Varsel, Varselro, Varselvalg
from tests.avtalehjelp import fyll_avtaler
from tests.bygg import Scene, lag_aktor, lagre, ny_sesjon
from tests.conftest import DB
from tests.omdisponering.fyll import fyll_omdisponering
from tests.plasser.fyll import fyll_plasser
from tests.vakthjelp import lag_kanal, lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

MAPPE = ROT / "migrations"
FILER = sorted((MAPPE / "versions").glob("*.py"))
VERSJONER = [f.stem for f in FILER]


@pytest.fixture(scope="module")
def adresse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database beside the others' for these tests alone."""
    if DB == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('migrasjoner') / 'm.db'}"
    from tests.postgres import new_database

    return new_database(request.getfixturevalue("postgres_url"), "migrasjoner")


@pytest.fixture
def hus(adresse: str, _app: Flask) -> Iterator[Engine]:
    """An app with nothing but the database, which is empty: no table at all. `_app` has read the settings."""
    hus = Flask("migrasjoner")
    hus.config.update(SQLALCHEMY_DATABASE_URI=adresse, TESTING=True)
    db.init_app(hus)
    Migrate(hus, db, directory=str(MAPPE), compare_type=True)
    # Notices are put into words.
    web.babel.init_app(hus)
    with hus.app_context():
        sett_opp_motor(db.engine)
        _riv(db.engine)
        yield db.engine
        db.session.remove()
        _riv(db.engine)
        db.engine.dispose()


def _riv(engine: Engine) -> None:
    with skrivetransaksjon(engine) as c:
        if engine.dialect.name == "postgresql":
            c.exec_driver_sql("DROP SCHEMA public CASCADE")
            c.exec_driver_sql("CREATE SCHEMA public")
            return
        c.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        c.exec_driver_sql("DROP TABLE IF EXISTS bestemmelse_fts")
        for navn in sa.inspect(c).get_table_names():
            c.exec_driver_sql(f'DROP TABLE "{navn}"')


def _fyll() -> UUID:
    """A house in use, through its use cases: a row or more in every table."""
    scene = Scene()
    sak = scene.sak(Status.LUKKET, news2={"puls": 90})
    annen = scene.send()
    send_melding(scene.lege, annen, uuid4(), "Hei.")
    innsending.apne(scene.spesialist, annen)
    oppfoelging.svar(scene.lege, sak, 3, "bekreftet")
    ny_sesjon(scene.lege)
    lagre(
        Saksinvitasjon(
            id=uuid4(),
            henvendelse_id=annen,
            slag="kollega",
            fra_person_id=scene.lege.person_id,
            til_person_id=scene.annen_lege.person_id,
            til_medlemskap_id=scene.annen_lege.medlemskap_id,
            opprettet=now(),
        ),
        Innsyn(
            id=uuid4(),
            henvendelse_id=annen,
            person_id=scene.kirurg.person_id,
            medlemskap_id=scene.kirurg.medlemskap_id,
            grunn="overtar",
            begrunnelse="Overtar henne i natt.",
            tidspunkt=now(),
            utloeper=now(),
        ),
        Innsynsoppfoelging(
            id=uuid4(),
            organisasjon_id=scene.hf.id,
            person_id=scene.kirurg.person_id,
            fulgt_opp_av_id=scene.administrator.person_id,
            til=now(),
        ),
        Vedlegg(
            henvendelse_id=annen,
            sekvens=2,
            lagret_som="0" * 40,
            navn="bilde.jpg",
            innholdstype="image/jpeg",
            stoerrelse=1,
            sendt_hash="0" * 64,
            lagret_hash="0" * 64,
            tidspunkt=now(),
        ),
        Fagtelefon(organisasjon_id=scene.hf.id, fagomraade="kirurgi", telefon="22 00 00 00"),
        Tjenestekonto(
            id=uuid4(), navn="J", token_hash="x", medlemskap_id=scene.lege.medlemskap_id, utloeper=now()
        ),
        Innloggingsforsoek(id=uuid4(), konto="k", kilde="k", tidspunkt=now()),
        OrganisasjonHistorikk(
            id=uuid4(),
            organisasjon_id=scene.hf.id,
            felt="navn",
            fra_verdi="A",
            til_verdi="B",
            gyldig_fra=now().date(),
            registrert=now(),
            kilde="prøve",
        ),
    )
    lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, scene.enhet, fag=("utskrivning",))
    innsending.opprett(
        scene.spesialist,
        scene.henvendelse(
            mottaker_id=scene.kommune.id,
            fagomraade="utskrivning",
            plan_uten_raad="skrive_ut",
            oppholdssted="sykehus",
            utskrivning={"innlagt": now(), "usikker": True},
        ),
    )
    _betjen(scene)
    fyll_plasser(scene, annen)
    fyll_omdisponering(scene)
    assert forsegl("noekkel")
    return sak


def _betjen(scene: Scene) -> None:
    from portal.identitet.models import EnhetKommune

    lagre(EnhetKommune(enhet_id=scene.enhet.id, organisasjon_id=scene.annen_kommune.id))
    _inviter(scene)
    _paa_vakt(scene)
    fyll_avtaler(scene)


@transactional
def _paa_vakt(scene: Scene) -> None:
    """A roster with all that belongs to it, a running escalation, a hand-over and a canary, and who is told how."""
    plan = lag_vaktplan(scene.hf.id)
    db.session.flush()
    lag_vakttelefon(plan, Nivaa.VAKTHAVENDE)
    lag_policy(scene.hf.id, "akutt", [("vakthavende", 0), ("bakvakt", 5)])
    vakt = lag_vakt(plan, scene.spesialist)
    kanal = lag_kanal(scene.spesialist)
    til, fra = scene.spesialist2, scene.spesialist
    naa = now()
    tid = {"fra": naa, "til": naa + timedelta(days=1), "opprettet": naa}
    sak_id = db.session.scalars(sa.select(Henvendelse.id).limit(1)).one()
    rotasjon = Rotasjon(
        id=uuid4(),
        vaktplan_id=plan.id,
        nivaa="bakvakt",
        gjelder_fra=naa.date(),
        klokke_fra="08:00",
        klokke_til="08:00",
        dagtyper=["hverdag"],
        dager_per_tur=7,
        laget_til=naa.date(),
        opprettet=naa,
        deltakere=[Rotasjonsdeltaker(plass=0, medlemskap_id=fra.medlemskap_id)],
    )
    skifte = Vaktskifte(
        id=uuid4(),
        vaktplan_id=plan.id,
        nivaa="vakthavende",
        fra_medlemskap_id=fra.medlemskap_id,
        til_medlemskap_id=til.medlemskap_id,
        tidspunkt=naa,
    )
    esk = Eskalering(
        id=uuid4(),
        slag="melding",
        henvendelse_id=sak_id,
        organisasjon_id=scene.hf.id,
        fagomraade="indremedisin",
        hastegrad="akutt",
        policy={},
        start=naa,
        neste=naa,
    )
    kanari = Kanari(
        id=uuid4(), organisasjon_id=scene.hf.id, fagomraade="kirurgi", hver_minutter=60, neste=naa
    )
    varsel = Varsel(id=uuid4(), noekkel="v", person_id=fra.person_id, kode="k", tittel="t", opprettet=naa)
    utsending = {"emne": "e", "tekst": "t", "opprettet": naa, "neste": naa}
    db.session.flush()
    db.session.add_all([rotasjon, skifte, esk, kanari, varsel])
    db.session.flush()
    db.session.add_all(
        [
            Fravaer(
                organisasjon_id=scene.hf.id, person_id=fra.person_id, opprettet_av_id=fra.person_id, **tid
            ),
            Vaktbytte(
                vakt_id=vakt.id,
                fra_medlemskap_id=fra.medlemskap_id,
                til_medlemskap_id=til.medlemskap_id,
                opprettet=naa,
            ),
            Vaktfeed(person_id=fra.person_id, token_hash="x", opprettet=naa),
            Hullvarsel(vaktplan_id=plan.id, nivaa="bakvakt", fra=naa, dager=7, varslet=naa),
            Vaktskiftesak(vaktskifte_id=skifte.id, henvendelse_id=sak_id),
            Eskaleringstrinn(
                eskalering_id=esk.id, nummer=1, runde=0, utfall="varslet", forfalt=naa, tidspunkt=naa
            ),
            Kanarikjoering(kanari_id=kanari.id, start=naa, frist=naa),
            Varselvalg(person_id=fra.person_id, hastegrad="akutt", kanaler=["sms"]),
            Varselro(person_id=fra.person_id),
            Utsending(
                noekkel="sms",
                kanal="sms",
                varsel_id=varsel.id,
                varselkanal_id=kanal.id,
                organisasjon_id=scene.hf.id,
                til="+4790000001" + "0" * 300,
                **utsending,
            ),
            Hendelse(
                henvendelse_id=sak_id,
                sekvens=900,
                type="eskalert",
                side="system",
                avsender_navn="Samhandlingsportalen",
                tidspunkt=naa,
            ),
            Puls(navn="arbeider", sist=naa),
        ]
    )


@transactional
def _inviter(scene: Scene) -> None:
    """A letter with a link on its way, and a recovery code."""
    from portal.identitet.models import Gjenopprettingskode, Lenkeformaal, Person
    from portal.identitet.steps import lag_lenke
    from portal.varsler.steps import send_epost

    person = db.session.get_one(Person, scene.lege.person_id)
    lag_lenke(scene.administrator, person, Lenkeformaal.INVITASJON)
    send_epost("invitasjon", person.epost, "Velkommen", "Velg passord.")
    lagre(Gjenopprettingskode(id=uuid4(), person_id=person.id, kode_hash="x"))


def _tabeller(c: sa.Connection) -> list[str]:
    """The portal's tables: not the migrations' own, and not those that SQLite's search index is made of."""
    navn = sa.inspect(c).get_table_names()
    return sorted(t for t in navn if t != "alembic_version" and not t.startswith("bestemmelse_fts"))


def _antall(engine: Engine) -> dict[str, int]:
    with engine.connect() as c:
        return {t: c.exec_driver_sql(f'SELECT count(*) FROM "{t}"').scalar_one() for t in _tabeller(c)}


# --- one line of them ------------------------------------------------------------------------------------


def test_ett_hode_og_en_linje() -> None:
    skript = ScriptDirectory(str(MAPPE))
    assert len(skript.get_heads()) == 1
    alle = list(skript.walk_revisions())
    assert len(alle) == len(FILER) > 0
    # Numbered, each on the one before.
    i_rekkefoelge = [r.revision for r in reversed(alle)]
    assert i_rekkefoelge == [f"{n:04d}" for n in range(1, len(alle) + 1)]
    assert [f.name.split("_")[0] for f in FILER] == i_rekkefoelge


@pytest.mark.parametrize("fil", FILER, ids=VERSJONER)
def test_en_migrasjon_kjenner_ikke_portalen(fil: Path) -> None:
    """The code of today must not change what a migration of yesterday does."""
    tre = ast.parse(fil.read_text())
    navn = {n.module or "" for n in ast.walk(tre) if isinstance(n, ast.ImportFrom)}
    navn |= {a.name for n in ast.walk(tre) if isinstance(n, ast.Import) for a in n.names}
    assert not [n for n in navn if n.split(".")[0] in ("portal", "app", "tests")]
    funksjoner = {n.name: n for n in tre.body if isinstance(n, ast.FunctionDef)}
    for vei in ("upgrade", "downgrade"):
        assert not all(isinstance(s, ast.Pass | ast.Expr) and not isinstance(getattr(s, "value", None), ast.Call)
                       for s in funksjoner[vei].body), f"{vei} does nothing"  # fmt: skip


# --- the models' schema ----------------------------------------------------------------------------------


def _skjema(engine: Engine) -> dict[str, Any]:
    """Everything about every table, as the database itself tells it."""
    ut: dict[str, Any] = {}
    with engine.connect() as c:
        i = sa.inspect(c)
        for t in _tabeller(c):
            ut[t] = {
                "kolonner": {
                    k["name"]: (str(k["type"]), k["nullable"], k["default"]) for k in i.get_columns(t)
                },
                "primærnøkkel": i.get_pk_constraint(t)["constrained_columns"],
                "pk-navn": i.get_pk_constraint(t)["name"],
                "fremmednøkler": sorted(
                    (str(f["name"]), f["constrained_columns"], f["referred_table"], str(f["options"]))
                    for f in i.get_foreign_keys(t)
                ),
                "unike": sorted((str(u["name"]), u["column_names"]) for u in i.get_unique_constraints(t)),
                "sjekker": sorted((str(s["name"]), s["sqltext"]) for s in i.get_check_constraints(t)),
                "indekser": sorted(
                    (
                        str(x["name"]),
                        x["column_names"],
                        bool(x["unique"]),
                        _vilkaar(x.get("dialect_options", {})),
                    )
                    for x in i.get_indexes(t)
                ),
            }
    return ut


def _vilkaar(valg: dict[str, Any]) -> str:
    return "".join(str(v) for k, v in sorted(valg.items()) if k.endswith("where"))


def test_modeller_og_migrasjoner_er_like(hus: Engine) -> None:
    upgrade()
    with hus.connect() as c:
        valg = {
            "compare_type": True,
            "compare_server_default": True,
            # The full-text search's own, which no model describes.
            "include_name": lambda navn, slag, _: (
                navn not in ("ix_bestemmelse_soek", "ord") and not str(navn).startswith("bestemmelse_fts")
            ),
        }
        forskjeller = compare_metadata(MigrationContext.configure(c, opts=valg), Base.metadata)
    assert forskjeller == []
    migrert = _skjema(hus)
    _riv(hus)
    with skrivetransaksjon(hus) as c:
        Base.metadata.create_all(c)
    laget = _skjema(hus)
    assert set(migrert) == set(laget) == {t.name for t in Base.metadata.sorted_tables}
    for tabell, del_ in laget.items():
        for hva, verdi in del_.items():
            assert migrert[tabell][hva] == verdi, f"{tabell}: {hva}"


def test_hver_status_har_en_sjekk_i_basen(hus: Engine) -> None:
    """Where a column holds one of a few words, the database refuses any other."""
    upgrade()
    sjekket = {
        (t, k["name"])
        for t, d in _skjema(hus).items()
        for k in d["sjekker"] and [{"name": s[0].removeprefix(f"ck_{t}_")} for s in d["sjekker"]]
    }
    for tabell, kolonne in (
        ("henvendelse", "status"),
        ("henvendelse", "hastegrad"),
        ("henvendelse", "plan_uten_raad"),
        ("henvendelse", "raad"),
        ("henvendelse", "utfall"),
        ("hendelse", "type"),
        ("hendelse", "side"),
        ("deltaker", "side"),
        ("opplysninger", "aldersgruppe"),
        ("opplysninger", "kjoenn"),
        ("opplysninger", "oppholdssted"),
        ("medlemskap", "rolle"),
        ("organisasjon", "type"),
        ("enhet", "type"),
    ):
        assert (tabell, kolonne) in sjekket, f"{tabell}.{kolonne} has no CHECK"


# --- up and down with data -------------------------------------------------------------------------------


def test_hver_migrasjon_opp_ned_opp_med_data(hus: Engine) -> None:
    """From the newest to the first: down one, up, down again. What both sides have, keeps its rows."""
    upgrade()
    _fyll()
    db.session.remove()
    foer = _antall(hus)
    assert not [t for t, n in foer.items() if n == 0], "a table without a row is not tested"
    fullt = _skjema(hus)
    for nummer in range(len(VERSJONER), 0, -1):
        naa, skjema = _antall(hus), _skjema(hus)
        downgrade(revision="-1")
        nede = _antall(hus)
        assert {t: n for t, n in nede.items() if t in naa} == {t: naa[t] for t in nede if t in naa}, nummer
        upgrade(revision="+1")
        assert _skjema(hus) == skjema, nummer
        oppe = _antall(hus)
        assert {t: oppe[t] for t in nede if t in oppe} == {t: nede[t] for t in nede if t in oppe}, nummer
        downgrade(revision="-1")
    assert _antall(hus) == {}
    _ingen_rester(hus)
    upgrade()
    assert _skjema(hus) == fullt
    _fyll()


@pytest.mark.parametrize(("foer", "kode"), [("0016", "utloept"), ("0017", "ikke_lenger")])
def test_en_ny_strykgrunn_staar_som_foer_naar_den_tas_bort(hus: Engine, foer: str, kode: str) -> None:
    """Down: the code that was told before. Up again: nobody can know which it was, and it stands."""

    def grunner() -> list[str]:
        with hus.connect() as c:
            sporring = "SELECT stroeket_grunn FROM omdisponeringslinje WHERE stroeket_grunn IS NOT NULL"
            return list(c.exec_driver_sql(sporring).scalars())

    def sett() -> None:
        with skrivetransaksjon(hus) as c:
            c.exec_driver_sql(
                f"UPDATE omdisponeringslinje SET stroeket_grunn = '{kode}' WHERE stroeket_grunn IS NOT NULL"
            )

    upgrade()
    _fyll()
    db.session.remove()
    sett()
    assert grunner() == [kode]
    downgrade(revision=foer)
    assert grunner() == ["trukket"]
    with pytest.raises(sa.exc.IntegrityError):
        sett()
    upgrade()
    assert grunner() == ["trukket"]


def _ingen_rester(engine: Engine) -> None:
    """Nothing of ours is left: no function, no trigger, no type, no sequence."""
    with engine.connect() as c:
        if engine.dialect.name == "postgresql":
            for katalog, kolonne in (("pg_proc", "pronamespace"), ("pg_class", "relnamespace")):
                rester = c.exec_driver_sql(
                    f"SELECT count(*) FROM {katalog} WHERE {kolonne} = 'public'::regnamespace "
                    + ("AND relname NOT LIKE 'alembic_version%%'" if katalog == "pg_class" else "")
                ).scalar_one()
                assert rester == 0, katalog
        else:
            rester = c.exec_driver_sql(
                "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE '%alembic_version%'"
            ).scalar_one()
            assert rester == 0


def test_utloeserne_virker_etter_opp_ned_opp(hus: Engine) -> None:
    upgrade()
    downgrade(revision="base")
    upgrade()
    _fyll()
    for tabell in ("revisjon", "revisjonssegl", "hendelse"):
        for setning in (f"DELETE FROM {tabell}", f"UPDATE {tabell} SET tidspunkt = tidspunkt"):
            with (
                pytest.raises(sa.exc.DBAPIError, match="Loggen kan ikke endres"),
                skrivetransaksjon(hus) as c,
            ):
                c.exec_driver_sql(setning)


def test_en_migrasjon_som_feiler_etterlater_ingenting(hus: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in one transaction: a start that breaks is mended by the next."""
    from alembic import op

    ekte = op.create_index
    antall = 0

    def brist(*args: Any, **kwargs: Any) -> None:
        nonlocal antall
        antall += 1
        if antall == 5:
            raise OSError("full disk")
        ekte(*args, **kwargs)

    with monkeypatch.context() as m:
        m.setattr(op, "create_index", brist)
        with pytest.raises(OSError, match="full disk"):
            upgrade()
    assert _antall(hus) == {}
    upgrade()
    _fyll()


def test_stemplet_base_oppgraderes_ikke_paa_nytt(hus: Engine) -> None:
    upgrade()
    _fyll()
    foer = _antall(hus)
    stamp()
    upgrade()
    assert _antall(hus) == foer
