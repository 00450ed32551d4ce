"""The audit log: whole chains, seals, and every kind of tampering named by its first broken link."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from portal.cli import arbeider
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, skrivetransaksjon, transactional, uavhengig
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import innsending
from portal.henvendelser.service.meldinger import send_melding
from portal.revisjon import service
from portal.revisjon.models import FOERSTE, Revisjon, Revisjonskjede, Revisjonssegl
from portal.revisjon.service import Brudd, forsegl, kontroller
from portal.revisjon.steps import FELTER, beregn_hash, logg, organisasjonskjede, sakskjede
from tests.bygg import Scene, om, revisjon, uten_vern

NOEKKEL = "noekkel-bare-for-testene"
SYSTEM = Aktor.system("test")


@transactional
def skriv(kjede: str = "system", antall: int = 1, handling: str = "proeve", **mer: Any) -> None:
    for _ in range(antall):
        logg(SYSTEM, handling, "ting", "1", kjede=kjede, **mer)


def _hode(kjede: str) -> tuple[int, str, int]:
    db.session.rollback()
    rad = db.session.execute(
        sa.select(Revisjonskjede.antall, Revisjonskjede.hode, Revisjonskjede.forseglet).where(
            Revisjonskjede.noekkel == kjede
        )
    ).one()
    return rad.antall, rad.hode, rad.forseglet


@contextmanager
def tukle() -> Iterator[Connection]:
    """What only the owner of the database can do: write with the triggers lifted."""
    db.session.rollback()
    with uten_vern(db.engine) as c:
        yield c
    db.session.rollback()
    db.session.expire_all()


def brudd(noekkel: str = NOEKKEL) -> list[Brudd]:
    db.session.rollback()
    db.session.expire_all()
    return kontroller(noekkel).brudd


# --- writing ---------------------------------------------------------------------------------------------


def test_en_kjede_henger_sammen(app: Flask) -> None:
    skriv(antall=2)
    skriv()
    lenker = revisjon()
    assert [r.nummer for r in lenker] == [1, 2, 3]
    assert [r.forrige_hash for r in lenker] == [FOERSTE, lenker[0].hash, lenker[1].hash]
    assert _hode("system") == (3, lenker[-1].hash, 0)
    k = kontroller(NOEKKEL)
    assert (k.kjeder, k.lenker, k.segl, k.brudd) == (1, 3, 0, [])


def test_hashen_dekker_hver_kolonne(app: Flask) -> None:
    skriv(a=1)
    (lenke,) = revisjon()
    innslag = {f: getattr(lenke, f) for f in FELTER}
    assert beregn_hash(lenke.forrige_hash, innslag) == lenke.hash
    assert set(FELTER) | {"id", "forrige_hash", "hash"} == set(Revisjon.__table__.c.keys())
    for felt in FELTER:
        assert beregn_hash(lenke.forrige_hash, {**innslag, felt: "endret"}) != lenke.hash, felt
    assert beregn_hash("1" * 64, innslag) != lenke.hash


def test_hashen_er_den_samme_paa_begge_databaser() -> None:
    """Fixed bytes: an export from one database can be verified on the other, and in ten years."""
    innslag = {
        "kjede": "org:00000000-0000-0000-0000-000000000007",
        "nummer": 2,
        "tidspunkt": datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC),
        "handling": "henvendelse.aapnet",
        "utfall": "ok",
        "person_id": UUID(int=1),
        "person_navn": "Elle Máret Đuoddar",
        "rolle": "spesialist",
        "organisasjon_id": UUID(int=7),
        "organisasjon_navn": "Finnmarkssykehuset",
        "enhet_id": None,
        "formaal": "helsehjelp",
        "objekt_type": "henvendelse",
        "objekt_id": str(UUID(int=9)),
        "detaljer": '{"status":"ny"}',
    }
    assert beregn_hash(FOERSTE, innslag) == FAST
    # What another program must do to verify it: compact JSON of the values, after the previous hash and a newline.
    verdier = [str(v) if isinstance(v, UUID) else v for v in innslag.values()]
    verdier[2] = "2026-01-02T03:04:05.000060+00:00"
    tekst = json.dumps(verdier, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(f"{FOERSTE}\n{tekst}".encode()).hexdigest() == FAST


#: If it ever changes, every chain written before is broken.
FAST = "bb85d4950e1f85d08ed472f16124cdd4bb8dad3fd8cb4fac34262f052b1b45e9"


def test_hvem_hva_naar_og_hvorfor(scene: Scene) -> None:
    a = scene.lege
    foer = now()
    id_ = scene.send()
    (rad,) = revisjon("henvendelse.sendt")
    assert (rad.person_id, rad.person_navn, rad.rolle) == (a.person_id, "Ingrid Lege", "lege_kommune")
    assert (rad.organisasjon_id, rad.organisasjon_navn, rad.enhet_id) == (
        scene.kommune.id,
        "Guovdageaidnu",
        scene.enhet.id,
    )
    assert (rad.formaal, rad.objekt_type, rad.objekt_id) == ("helsehjelp", "henvendelse", str(id_))
    assert foer <= rad.tidspunkt <= now() and rad.tidspunkt.utcoffset() == timedelta(0)


def test_en_kjede_per_sak_og_organisasjon(scene: Scene) -> None:
    id_ = scene.send()
    innsending.apne(scene.spesialist, id_)
    assert {r.kjede for r in revisjon(objekt=id_)} == {sakskjede(id_)}
    with pytest.raises(Exception, match="ikke_tilgang"):
        scene.send(scene.koordinator)
    assert revisjon("henvendelse.send")[0].kjede == organisasjonskjede(scene.hf.id)
    assert organisasjonskjede(None) == "system"


def test_bare_i_et_brukstilfelle(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="use case"):
        logg(SYSTEM, "proeve", "ting", "1")


def test_en_tilbakerulling_tar_med_innslaget_men_ikke_avslaget(app: Flask) -> None:
    @transactional
    def feiler() -> None:
        logg(SYSTEM, "ble.ikke", "ting", "1")
        uavhengig(lambda: logg(SYSTEM, "ble.nektet", "ting", "1", utfall="avslag"))
        raise ValueError

    with pytest.raises(ValueError):
        feiler()
    assert [(r.handling, r.nummer) for r in revisjon()] == [("ble.nektet", 1)]


def test_detaljer_i_fast_form(app: Flask) -> None:
    skriv(b=UUID(int=1), a="æ", detaljer={"handling": "opptatt navn"})
    (rad,) = revisjon()
    assert rad.detaljer == f'{{"a":"æ","b":"{UUID(int=1)}","handling":"opptatt navn"}}'


def test_samtidige_skrivere_gir_ingen_hull(app: Flask) -> None:
    sammen = Barrier(4)

    def mange(nummer: int) -> None:
        with app.app_context():
            sammen.wait()
            for i in range(10):
                # Two chains in one transaction, in either order: no deadlock.
                kjeder = ["a", "b"] if (nummer + i) % 2 else ["b", "a"]
                _to(kjeder)

    with ThreadPoolExecutor(4) as traader:
        for f in [traader.submit(mange, n) for n in range(4)]:
            f.result()
    assert [r.nummer for r in revisjon()] == [*range(1, 41), *range(1, 41)]
    assert brudd() == []


@transactional
def _to(kjeder: list[str]) -> None:
    for kjede in kjeder:
        logg(SYSTEM, "proeve", "ting", "1", kjede=kjede)


# --- the triggers ----------------------------------------------------------------------------------------

ANGREP = {
    "endre": sa.update(Revisjon).values(person_navn="en annen"),
    "slette": sa.delete(Revisjon),
    "endre segl": sa.update(Revisjonssegl).values(hoder="{}"),
    "slette segl": sa.delete(Revisjonssegl),
}


@pytest.mark.parametrize("hva", ANGREP)
def test_utloeserne_hindrer_endring(hva: str, app: Flask) -> None:
    skriv()
    assert forsegl(NOEKKEL)
    foer = [(r.hash, r.person_navn) for r in revisjon()]
    db.session.rollback()
    with (
        pytest.raises(sa.exc.DBAPIError, match="Loggen kan ikke endres"),
        skrivetransaksjon(db.engine) as c,
    ):
        c.execute(ANGREP[hva])
    if db.engine.dialect.name == "postgresql":
        with (
            pytest.raises(sa.exc.DBAPIError, match="Loggen kan ikke endres"),
            skrivetransaksjon(db.engine) as c,
        ):
            c.exec_driver_sql(f"TRUNCATE {ANGREP[hva].table.name} CASCADE")
    assert [(r.hash, r.person_navn) for r in revisjon()] == foer
    assert brudd() == []


# --- tampering, with the triggers lifted -----------------------------------------------------------------


@pytest.mark.parametrize("kolonne", [f for f in FELTER if f not in ("kjede", "nummer")])
def test_en_endret_rad(kolonne: str, app: Flask) -> None:
    skriv("a", 4)
    ny: Any = {"tidspunkt": now(), "person_id": uuid4(), "organisasjon_id": uuid4(), "enhet_id": uuid4()}.get(
        kolonne, "endret"
    )
    with tukle() as c:
        c.execute(sa.update(Revisjon).where(Revisjon.nummer == 3).values({kolonne: ny}))
    assert brudd() == [Brudd("a", 3, "er endret etter at den ble skrevet")]


def test_en_endret_rad_med_ny_hash(app: Flask) -> None:
    """Rehashed to look whole: the next link still points at the old one."""
    skriv("a", 3)
    with tukle() as c:
        rad = c.execute(sa.select(Revisjon.__table__).where(Revisjon.nummer == 2)).mappings().one()
        ny = {**rad, "person_navn": "en annen"}
        c.execute(
            sa.update(Revisjon)
            .where(Revisjon.nummer == 2)
            .values(person_navn="en annen", hash=beregn_hash(rad["forrige_hash"], ny))
        )
    assert brudd() == [Brudd("a", 3, "peker ikke på lenken før")]


def _skriv_om(c: Connection, fra: int) -> None:
    """The thorough forger: a changed row, and everything after it hashed anew, the head too."""
    rader = c.execute(sa.select(Revisjon.__table__).order_by(Revisjon.nummer)).mappings().all()
    forrige = FOERSTE
    for rad in rader:
        ny = dict(rad, forrige_hash=forrige)
        if rad["nummer"] == fra:
            ny["person_navn"] = "en annen"
        ny["hash"] = beregn_hash(forrige, ny)
        forrige = ny["hash"]
        c.execute(sa.update(Revisjon.__table__).where(Revisjon.id == rad["id"]).values(**ny))
    c.execute(sa.update(Revisjonskjede).values(hode=forrige))


def test_en_omskrevet_kjede_vises_mot_seglet(app: Flask) -> None:
    skriv("a", 3)
    with tukle() as c:
        _skriv_om(c, 2)
    assert brudd() == []  # without a seal nobody can tell
    skriv("a", 1)
    assert forsegl(NOEKKEL)
    skriv("a", 2)
    with tukle() as c:
        _skriv_om(c, 3)
    assert brudd() == [Brudd("a", 4, "er en annen enn den som ble forseglet")]


@pytest.mark.parametrize("nummer", [1, 2])
def test_en_slettet_rad(nummer: int, app: Flask) -> None:
    skriv("a", 3)
    with tukle() as c:
        c.execute(sa.delete(Revisjon).where(Revisjon.nummer == nummer))
    assert brudd() == [Brudd("a", nummer, "mangler")]


def test_en_innsatt_rad(app: Flask) -> None:
    skriv("a", 2)
    with tukle() as c:
        rad = c.execute(sa.select(Revisjon.__table__).where(Revisjon.nummer == 2)).mappings().one()
        ny = dict(rad, id=uuid4(), nummer=3, handling="oppdiktet", forrige_hash=rad["hash"])
        ny["hash"] = beregn_hash(rad["hash"], ny)
        c.execute(sa.insert(Revisjon).values(**ny))
    assert brudd() == [Brudd("a", 3, "er ikke den som hodet peker på")]


def test_kuttet_hale(app: Flask) -> None:
    skriv("a", 3)
    with tukle() as c:
        c.execute(sa.delete(Revisjon).where(Revisjon.nummer >= 2))
    assert brudd() == [Brudd("a", 2, "mangler")]


def test_kuttet_hale_med_hodet_flyttet(app: Flask) -> None:
    """Cut, and the head put back to match: only the seal tells."""
    skriv("a", 3)
    assert forsegl(NOEKKEL)
    with tukle() as c:
        c.execute(sa.delete(Revisjon).where(Revisjon.nummer == 3))
        siste = c.execute(sa.select(Revisjon.hash).where(Revisjon.nummer == 2)).scalar_one()
        c.execute(sa.update(Revisjonskjede).values(antall=2, hode=siste))
    assert brudd() == [Brudd("a", 3, "mangler")]


def test_hele_kjeden_borte_etter_segl(app: Flask) -> None:
    skriv("a", 2)
    skriv("b", 1)
    assert forsegl(NOEKKEL)
    with tukle() as c:
        c.execute(sa.delete(Revisjon).where(Revisjon.kjede == "a"))
        c.execute(sa.delete(Revisjonskjede).where(Revisjonskjede.noekkel == "a"))
    assert brudd() == [Brudd("a", 1, "mangler")]


def test_forfalsket_hode(app: Flask) -> None:
    skriv("a", 2)
    with tukle() as c:
        c.execute(sa.update(Revisjonskjede).values(hode="f" * 64))
    assert brudd() == [Brudd("a", 2, "er ikke den som hodet peker på")]


def test_hode_uten_rader(app: Flask) -> None:
    skriv("a", 2)
    with tukle() as c:
        c.execute(sa.update(Revisjonskjede).values(antall=5))
    assert brudd() == [Brudd("a", 3, "mangler")]


def test_rader_uten_hode(app: Flask) -> None:
    skriv("a", 2)
    with tukle() as c:
        c.execute(sa.delete(Revisjonskjede))
    assert brudd() == [Brudd("a", 1, "hører til en kjede uten hode")]


def test_bare_foerste_brudd_i_hver_kjede(app: Flask) -> None:
    for kjede in ("a", "b", "c"):
        skriv(kjede, 5)
    with tukle() as c:
        c.execute(
            sa.update(Revisjon).where(Revisjon.kjede == "a", Revisjon.nummer > 1).values(utfall="avslag")
        )
        c.execute(sa.delete(Revisjon).where(Revisjon.kjede == "c", Revisjon.nummer == 4))
    assert brudd() == [Brudd("a", 2, "er endret etter at den ble skrevet"), Brudd("c", 4, "mangler")]


# --- seals -----------------------------------------------------------------------------------------------


def _segl() -> list[Revisjonssegl]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Revisjonssegl).order_by(Revisjonssegl.nummer)))


def test_hodene_forsegles_hver_time(app: Flask) -> None:
    assert not forsegl(NOEKKEL)  # nothing to seal
    skriv("a", 2)
    assert forsegl(NOEKKEL)
    skriv("b", 1)
    with om(minutes=59):
        assert not forsegl(NOEKKEL)
    with om(minutes=60, seconds=1):
        assert forsegl(NOEKKEL)
    with om(hours=3):
        assert not forsegl(NOEKKEL)  # nothing has changed
    foerste, andre = _segl()
    assert orjson.loads(foerste.hoder) == {"a": [2, _hode("a")[1]]}
    assert orjson.loads(andre.hoder) == {"b": [1, _hode("b")[1]]}
    assert (foerste.forrige_hash, andre.forrige_hash) == (FOERSTE, foerste.hash)
    assert _hode("a")[2] == 2
    k = kontroller(NOEKKEL)
    assert (k.segl, k.brudd) == (2, [])


def test_to_arbeidere_forsegler_en_gang(app: Flask) -> None:
    skriv("a", 2)
    sammen = Barrier(3)

    def proev() -> bool:
        with app.app_context():
            sammen.wait()
            try:
                return forsegl(NOEKKEL)
            except sa.exc.IntegrityError:
                return False

    with ThreadPoolExecutor(3) as traader:
        svar = [f.result() for f in [traader.submit(proev) for _ in range(3)]]
    assert svar.count(True) == 1
    assert len(_segl()) == 1 and brudd() == []


def test_feil_noekkel(app: Flask) -> None:
    skriv("a", 2)
    forsegl(NOEKKEL)
    assert brudd("en annen nøkkel") == [Brudd("segl", 1, "har feil signatur")]


@pytest.mark.parametrize(
    ("endring", "nummer", "grunn"),
    [
        (lambda c: c.execute(sa.update(Revisjonssegl).where(_nr(2)).values(hoder="{}")), 2, "er brutt"),
        (
            lambda c: c.execute(sa.update(Revisjonssegl).where(_nr(1)).values(signatur="f" * 64)),
            1,
            "har feil signatur",
        ),
        (lambda c: c.execute(sa.delete(Revisjonssegl).where(_nr(1))), 1, "er brutt"),
        (lambda c: c.execute(sa.delete(Revisjonssegl).where(_nr(2))), 2, "er brutt"),
    ],
    ids=["endret", "signatur", "første borte", "midten borte"],
)
def test_tukling_med_seglene(
    endring: Callable[[Connection], object], nummer: int, grunn: str, app: Flask
) -> None:
    for time in range(3):
        with om(hours=2 * time):
            skriv("a", 1)
            assert forsegl(NOEKKEL)
    with tukle() as c:
        endring(c)
    assert Brudd("segl", nummer, grunn) in brudd()


def _nr(nummer: int) -> sa.ColumnElement[bool]:
    return Revisjonssegl.nummer == nummer


def test_siste_segl_borte(app: Flask) -> None:
    """Without its seal the head still tells how far it was sealed: a cut seal shows."""
    skriv("a", 1)
    forsegl(NOEKKEL)
    with om(hours=2):
        skriv("a", 1)
        forsegl(NOEKKEL)
    with tukle() as c:
        c.execute(sa.delete(Revisjonssegl).where(_nr(2)))
    assert brudd() == [Brudd("segl", 2, "mangler")]


def test_hele_saken_kontrolleres(scene: Scene) -> None:
    """A house in use: cases, messages, refusals and seals, all whole; then one row is touched."""
    id_ = scene.sak(Status.LUKKET)
    annen = scene.send()
    send_melding(scene.lege, annen, uuid4(), "Hei.")
    innsending.apne(scene.spesialist, annen)
    with pytest.raises(Exception, match="ikke_funnet"):
        innsending.apne(scene.fremmed_spesialist, annen)
    forsegl(NOEKKEL)
    k = kontroller(NOEKKEL)
    assert k.brudd == [] and k.kjeder == 3 and k.lenker == len(revisjon())
    with tukle() as c:
        c.execute(
            sa.update(Revisjon)
            .where(Revisjon.kjede == sakskjede(id_), Revisjon.handling == "henvendelse.besvart")
            .values(person_navn="en annen")
        )
    assert brudd() == [Brudd(f"sak:{id_}", 4, "er endret etter at den ble skrevet")]


# --- the command -----------------------------------------------------------------------------------------


def test_kommandoen(app: Flask) -> None:
    skriv("a", 2)
    kjoer = app.test_cli_runner()
    svar = kjoer.invoke(args=["portal", "revisjon", "forsegl"])
    assert (svar.exit_code, svar.output) == (0, "Forseglet.\n")
    svar = kjoer.invoke(args=["portal", "revisjon", "forsegl"])
    assert (svar.exit_code, svar.output) == (0, "Ikke noe å forsegle nå.\n")
    svar = kjoer.invoke(args=["portal", "revisjon", "kontroller"])
    assert svar.exit_code == 0
    assert svar.output == "1 kjeder, 2 lenker, 1 segl kontrollert.\nAlle kjeder er hele.\n"
    with tukle() as c:
        c.execute(sa.update(Revisjon).where(Revisjon.nummer == 2).values(handling="noe annet"))
    svar = kjoer.invoke(args=["portal", "revisjon", "kontroller"])
    assert svar.exit_code == 1
    assert "BRUDD i a: lenke 2 er endret etter at den ble skrevet." in svar.stderr
    assert "hele" not in svar.stdout


def test_arbeideren_forsegler(app: Flask) -> None:
    skriv("a", 1)
    arbeider(app).en_runde(0.0)
    assert len(_segl()) == 1
    assert timedelta(hours=1) == service.SEGL_HVER
