"""Many people from a file: all or none, what is changed and what is new, and the file that comes out."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.omdisponering import ressursfil
from portal.omdisponering.forloep import Kompetanse, Samtykke, Stilling
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import ressurser, ressursimport
from tests.omdisponering.hjelp import Utlaan, lag_ressurs

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _les(u: Utlaan, tekst: str, aktor: Aktor | None = None) -> ressursimport.Lest:
    return ressursimport.importer(aktor or u.avgiver, ressursimport.les_linjer(tekst))


def _galt(u: Utlaan, tekst: str) -> dict[int, list[str]]:
    """{line: what is wrong}; nothing is stored."""
    foer = _alle(u)
    with pytest.raises(UgyldigData) as feil:
        _les(u, tekst)
    assert feil.value.kode == "linjer"
    assert _alle(u) == foer
    ut: dict[int, list[str]] = {}
    for li in feil.value.detaljer["linjer"]:
        ut.setdefault(li["linje"], []).append(str(li["melding"]))
    return ut


def _alle(u: Utlaan) -> list[tuple[Any, ...]]:
    db.session.rollback()
    rader = db.session.execute(sa.select(*Ressursperson.__table__.c).order_by(Ressursperson.id)).all()
    return [tuple(r) for r in rader]


def _med(navn: str) -> Ressursperson:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Ressursperson).where(Ressursperson.navn == navn).execution_options(populate_existing=True)
    ).one()


def test_alt_i_en_linje(u: Utlaan) -> None:
    lest = _les(
        u,
        "Navn;Yrke;Avdeling;Kompetanse;HPR-nummer;Prosent;Kommune;Reise;Mobil;E-post;Vaksinert;Smittevern;Fritatt\n"
        f"Áile Østmo;Sykepleier;medisinsk POST;Intensiv, samisk språk;1234567;80 %;{u.scene.kommune.kode};50 km;"
        "900 00 000;aile@hf.no;ja;31.01.2026;nei\n"
        f"Per Lege;lege;;;;;{u.scene.kommune.kortnavn};;;;;;\n",
    )
    assert (lest.nye, lest.endret, lest.like) == (2, 0, 0)
    p = _med("Áile Østmo")
    assert (p.stilling, p.enhet_id, p.hpr, p.prosent) == ("sykepleier", u.post.id, "1234567", 80)
    assert p.kompetanse == Kompetanse.INTENSIV | Kompetanse.SAMISK
    assert (p.sted_id, p.reise_km, p.vaksinert, p.fritatt) == (u.scene.kommune.id, 50, True, False)
    assert p.smittevern is not None and p.smittevern.isoformat() == "2026-01-31"
    p = _med("Per Lege")
    assert (p.prosent, p.enhet_id, p.reise_km, p.vaksinert) == (100, None, None, None)


def test_hver_feil_har_sin_linje_og_ingenting_lagres(u: Utlaan) -> None:
    galt = _galt(
        u,
        "navn,stilling,enhet,kompetanse,hpr,prosent,kommune,vaksinert,smittevern,id\n"
        f"God Linje,lege,,,,,{u.scene.kommune.kode},,,\n"
        "\n"
        ",trollmann,Kjelleren,flyging,12,0,Ingensteds,kanskje,i går,x\n"
        "Uten Sted,lege,,,,,,,,\n",
    )
    assert set(galt) == {4, 5}
    assert len(galt[4]) == 9 and all(
        any(ord_ in m for m in galt[4])
        for ord_ in ("trollmann", "Kjelleren", "flyging", "7–9 sifre", "1 til 100", "Ingensteds", "kanskje")
    )
    assert len(galt[5]) == 1 and "kommune" in galt[5][0]


def test_samme_fil_igjen_endrer_ingenting(u: Utlaan) -> None:
    fil = ressursimport.eksporter(u.avgiver)
    lest = _les(u, fil)
    assert (lest.nye, lest.endret, lest.like) == (0, 0, 2)


def test_eksporten_kan_endres_og_leses_inn(u: Utlaan) -> None:
    p = u.personer[0]
    ressurser.endre(
        u.avgiver, p.id, hpr="1234567", kompetanse=9, reise_km=30, vaksinert=False, smittevern=i_dag()
    )
    ressurser.merk_hpr(u.avgiver, p.id, hpr="1234567")
    foer = _med("Máret Somby")
    fil = ressursimport.eksporter(u.avgiver)
    lest = _les(u, fil.replace("Åse Ørn;Sykepleier", "Åse Ørn;Lege"))
    assert (lest.nye, lest.endret, lest.like) == (0, 1, 1)
    assert _med("Åse Ørn").stilling == Stilling.LEGE
    etter = _med("Máret Somby")
    assert all(getattr(foer, k) == getattr(etter, k) for k in ("kompetanse", "reise_km", "vaksinert"))
    assert etter.hpr_slaatt_opp == i_dag()


def test_hpr_nummeret_sier_hvem_det_er(u: Utlaan) -> None:
    ressurser.endre(u.avgiver, u.personer[0].id, hpr="1234567", telefon="900 00 000")
    ressurser.merk_hpr(u.avgiver, u.personer[0].id, hpr="1234567")
    lest = _les(u, "navn;stilling;hpr;prosent\nMáret Ny Somby;sykepleier;1234567;40\n")
    assert (lest.nye, lest.endret) == (0, 1)
    p = _med("Máret Ny Somby")
    # What the file says nothing of stays; the number is the same, and has been looked up.
    assert (p.id, p.prosent, p.telefon, p.hpr_slaatt_opp) == (u.personer[0].id, 40, "900 00 000", i_dag())
    id_ = u.personer[0].id
    _les(u, f"id;navn;stilling;hpr\n{id_};Máret Ny Somby;sykepleier;7654321\n")
    assert _med("Máret Ny Somby").hpr_slaatt_opp is None


def test_det_som_ikke_kan_skilles_fra_en_annen(u: Utlaan) -> None:
    lag_ressurs(u.scene.hf, navn="Reserve Person", hpr="9999999", samtykke=Samtykke.GITT)
    kode = u.scene.kommune.kode
    enhet = u.post.navn
    galt = _galt(
        u,
        "navn;stilling;enhet;hpr;kommune\n"
        f"Máret  somby;Sykepleier;{enhet};;{kode}\n"
        f"A;lege;;1111111;{kode}\n"
        f"B;lege;;1111111;{kode}\n"
        f"C;lege;;9999999;{kode}\n",
    )
    assert set(galt) == {2, 4, 5}
    assert "id" in galt[2][0] and "HPR" in galt[4][0] and "Reserve" not in galt[5][0]
    # Another organisation's person is not there, whoever knows the id.
    fremmed = lag_ressurs(u.scene.kommune, navn="Fremmed")
    assert set(_galt(u, f"id;navn;stilling\n{fremmed.id};Stjålet;lege\n")) == {2}
    assert set(_galt(u, f"id;navn;stilling\n{u.personer[0].id};X;lege\n{u.personer[0].id};Y;lege\n")) == {3}


@pytest.mark.parametrize(
    ("tekst", "ord_"),
    [
        ("", "tom"),
        ("navn;stilling\n", "bare overskrifter"),
        ("navn;skostørrelse\nA;43\n", "skostørrelse"),
        ("navn;prosent\nA;43\n", "stilling"),
        ("navn;stilling;navn\nA;lege;B\n", "to ganger"),
        ('navn;stilling\n"A;lege\n', "anførselstegn"),
    ],
)
def test_hele_fila_er_gal(u: Utlaan, tekst: str, ord_: str) -> None:
    with pytest.raises(UgyldigData) as feil:
        ressursimport.les_linjer(tekst)
    assert ord_ in str(feil.value.detaljer["felter"]["fil"][0])


def test_kommunens_egne_holder_til_i_kommunen(u: Utlaan) -> None:
    _les(u, "navn;stilling\nKari Kommune;lege\n", u.mottaker)
    assert _med("Kari Kommune").sted_id == u.scene.kommune.id


def test_en_formel_er_en_tekst(u: Utlaan) -> None:
    lag_ressurs(u.scene.hf, navn="=1+1", sted_id=u.scene.kommune.id)
    fil = ressursimport.eksporter(u.avgiver)
    assert ";'=1+1;" in fil
    assert _les(u, fil).endret == 0


def test_to_tusen_paa_sekunder(u: Utlaan) -> None:
    kode = u.scene.kommune.kode
    linjer = "".join(
        f"Person {n};sykepleier;{u.post.navn};Intensiv;{1000000 + n};100;{kode}\n" for n in range(2000)
    )
    fil = f"navn;stilling;enhet;kompetanse;hpr;prosent;kommune\n{linjer}"
    begynte = time.perf_counter()
    assert _les(u, fil).nye == 2000
    assert time.perf_counter() - begynte < 8
    assert _les(u, fil).like == 2000
    with pytest.raises(UgyldigData):
        ressursimport.les_linjer(fil + linjer[:60])


def test_over_nettleseren(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    assert klient.get("/omdisponering/personer/import").status_code == 200
    mal = klient.get("/omdisponering/personer/mal.csv")
    assert mal.text.removeprefix("\ufeff").strip() == ";".join(ressursfil.KOLONNER)
    svar = klient.post("/omdisponering/personer/import", data={"tekst": "navn;stilling\nA <b>;trollmann\n"})
    assert svar.status_code == 422
    assert "Linje 2" in svar.text and "trollmann" in svar.text and "A &lt;b&gt;;trollmann" in svar.text
    fil = f"navn;stilling;kommune\nÅse Fra Fil;lege;{u.scene.kommune.kode}\n".encode("cp1252")
    svar = klient.post(
        "/omdisponering/personer/import",
        data={"fil": (io.BytesIO(fil), "folk.csv")},
        content_type="multipart/form-data",
    )
    assert svar.status_code == 303
    assert _med("Åse Fra Fil").stilling == Stilling.LEGE
    svar = klient.post(
        "/omdisponering/personer/import",
        data={"fil": (io.BytesIO(b"%PDF-1.7"), "folk.pdf")},
        content_type="multipart/form-data",
    )
    assert svar.status_code == 422 and "ikke en CSV-fil" in svar.text
    ut = klient.get("/omdisponering/personer/eksport.csv")
    assert "Åse Fra Fil" in ut.text and "attachment" in ut.headers["Content-Disposition"]


def test_en_stor_fil_slipper_fram_for_den_som_foerer_registeret(u: Utlaan, som: Som) -> None:
    kode = u.scene.kommune.kode
    fil = "navn;stilling;kommune;epost\n" + "".join(
        f"Person {n} {'x' * 120};lege;{kode};person{n}@{'y' * 60}.no\n" for n in range(1900)
    )
    assert len(fil) > 300_000

    def send(aktor: Aktor) -> int:
        return (
            som(aktor)
            .post(
                "/omdisponering/personer/import",
                data={"fil": (io.BytesIO(fil.encode()), "folk.csv")},
                content_type="multipart/form-data",
            )
            .status_code
        )

    assert send(u.scene.spesialist) == 403
    assert send(u.avgiver) == 303
    assert len(ressurser.hent_liste(u.avgiver).rader) == 50
