"""Taking in people from a file: every wrong line named, all or nothing, and the same file again changes nothing."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.identitet import folkefil, steps
from portal.identitet.models import Engangslenke, Medlemskap, Person
from portal.identitet.service import folkeimport, personer
from portal.identitet.service.folkeimport import Linjeutfall
from portal.varsler.models import Utsending
from tests.bygg import Opptak, Scene, lag_aktor, lag_enhet, lag_medlemskap, lag_person, uten_spor
from tests.identitet.hjelp import revisjon

Som = Callable[[Aktor], FlaskClient]
HODE = "navn;epost;telefon;hpr;rolle;enhet;fagomraader;fra;til\n"


@pytest.fixture
def leder(scene: Scene) -> Aktor:
    """The administrator of the kommune."""
    return lag_aktor(Rolle.ADMINISTRATOR, scene.kommune, navn="Adm i kommunen")


def antall(modell: type) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(modell)) or 0


def vurder(aktor: Aktor, tekst: str, sted: UUID | None = None) -> folkeimport.Plan:
    assert aktor.organisasjon_id
    return folkeimport.vurder(aktor, sted or aktor.organisasjon_id, folkeimport.les_linjer(tekst))


def importer(aktor: Aktor, tekst: str, **valg: Any) -> folkeimport.Plan:
    assert aktor.organisasjon_id
    return folkeimport.importer(aktor, aktor.organisasjon_id, folkeimport.les_linjer(tekst), **valg)


def utfall(plan: folkeimport.Plan) -> list[str]:
    return [str(linje.utfall) for linje in plan.linjer]


GODE = (
    HODE
    + f"Áile Hætta;aile@b.no;78 42 10 00;1234567;lege_kommune;Legevakta;legevakt, Sykehjem;;31.12.{now().year + 1}\n"
    + "Bjørn Ås;bjorn@b.no;;;Helsepersonell; sykehjemmet ;;;\n"
    + "Áile Hætta;AILE@b.no;;;koordinator;;;;\n"
)


def test_alle_linjene_i_en_transaksjon(leder: Aktor, scene: Scene) -> None:
    foer = antall(Person)
    plan = vurder(leder, GODE)
    assert utfall(plan) == [Linjeutfall.NY] * 3 and plan.nye == 2
    assert antall(Person) == foer, "looking writes nothing"
    importer(leder, GODE)
    assert antall(Person) == foer + 2
    aile = db.session.scalars(sa.select(Person).where(Person.epost == "aile@b.no")).one()
    roller = {r.rolle: r for r in steps.gyldige_medlemskap(aile.id)}
    assert set(roller) == {Rolle.LEGE_KOMMUNE, Rolle.KOORDINATOR}
    lege = roller[Rolle.LEGE_KOMMUNE]
    assert (lege.enhet_id, lege.fagomraader) == (scene.enhet.id, {"legevakt", "sykehjem"})
    assert (aile.telefon, aile.hpr_nummer) == ("78 42 10 00", "1234567")
    assert antall(Engangslenke) == antall(Utsending) == 2
    assert len(revisjon("person.opprettet")) == 2 and len(revisjon("medlemskap.gitt")) == 3
    (samlet,) = revisjon("folk.importert")
    assert samlet.person_id == leder.person_id


def test_samme_fil_igjen_endrer_ingenting(leder: Aktor) -> None:
    importer(leder, GODE)
    foer = (antall(Person), antall(Medlemskap), antall(Engangslenke), antall(Utsending))
    assert utfall(importer(leder, GODE)) == [Linjeutfall.FINNES] * 3
    assert (antall(Person), antall(Medlemskap), antall(Engangslenke), antall(Utsending)) == foer


def test_uten_invitasjoner(leder: Aktor) -> None:
    importer(leder, GODE, inviter=False)
    assert antall(Engangslenke) == antall(Utsending) == 0


BRA = "Kari Nordmann;kari@b.no;;;koordinator;;;;"


@pytest.mark.parametrize(
    ("linje", "kolonne", "ord_"),
    [
        (" ;kari@b.no;;;koordinator;;;;", "navn", "Skriv et navn"),
        ("Kari\x07;kari@b.no;;;koordinator;;;;", "navn", "Skriv et navn"),
        ("Kari\u200b;kari@b.no;;;koordinator;;;;", "navn", "Skriv et navn"),
        ('"Kari\u2028N";kari@b.no;;;tull;;;;', "rolle", "Ukjent rolle"),
        ("K" * 201 + ";kari@b.no;;;koordinator;;;;", "navn", "200"),
        ("Kari;kari;;;koordinator;;;;", "epost", "navn@sted.no"),
        ("Kari;kari@b.no;ring;;koordinator;;;;", "telefon", "sifre"),
        ("Kari;kari@b.no;;123456;koordinator;;;;", "hpr", "7–9"),
        ("Kari;kari@b.no;;1234567890;koordinator;;;;", "hpr", "7–9"),
        ("Kari;kari@b.no;;;sjef;;;;", "rolle", "Ukjent rolle"),
        ("Kari;kari@b.no;;;;;;;", "rolle", "Ukjent rolle"),
        ("Kari;kari@b.no;;;systemadministrator;;;;", "rolle", "systemadministrator"),
        ("Kari;kari@b.no;;;spesialist;;legevakt;;", "rolle", "sykehus"),
        ("Kari;kari@b.no;;;koordinator;Finnes ikke;;;", "enhet", "ingen enhet"),
        ("Kari;kari@b.no;;;koordinator;Gammelheimen;;;", "enhet", "ingen enhet"),
        ("Kari;kari@b.no;;;lege_kommune;;geriatri;;", "fagomraader", "geriatri"),
        ("Kari;kari@b.no;;;koordinator;;legevakt;;", "fagomraader", "Bare de som svarer"),
        ("Kari;kari@b.no;;;koordinator;;;32.01.2030;", "fra", "31.12.2026"),
        ("Kari;kari@b.no;;;koordinator;;;;i morgen", "til", "31.12.2026"),
        ("Kari;kari@b.no;;;koordinator;;;;01.01.2020", "til", "Datoen har vært"),
        ("Kari;kari@b.no;;;koordinator;;;2031-02-01;2031-01-31", "til", "etter startdatoen"),
        ("Kari; Nordmann;kari@b.no;;;koordinator;;;;31.12.2030", "", "flere felt"),
    ],
)
def test_daarlig_linje_sies_med_felt_og_raad(
    leder: Aktor, scene: Scene, app: Flask, opptak: Opptak, linje: str, kolonne: str, ord_: str
) -> None:
    lag_enhet(scene.kommune, "sykehjem", "Gammelheimen", aktiv=False)
    tekst = HODE + "God Linje;god@b.no;;;koordinator;;;;\n" + linje + "\n"
    with app.test_request_context():
        plan = vurder(leder, tekst)
    god, daarlig = plan.linjer
    assert not god.feil and daarlig.nummer == 3 and daarlig.utfall == Linjeutfall.FEIL
    funnet = [m for k, m in daarlig.feil if k == kolonne]
    assert funnet and ord_ in funnet[0], daarlig.feil
    with uten_spor(opptak), pytest.raises(UgyldigData):
        importer(leder, tekst)


@pytest.mark.parametrize(
    ("andre", "kolonne", "ord_"),
    [
        (BRA, "", "gjentar linje 2"),
        ("Kari  Nordmann;KARI@b.no;;;Koordinator;;;;", "", "gjentar linje 2"),
        ("En Annen;kari@b.no;;;innsyn;;;;", "navn", "linje 2"),
    ],
)
def test_linjer_mot_hverandre(leder: Aktor, andre: str, kolonne: str, ord_: str) -> None:
    _, linje = vurder(leder, HODE + BRA + "\n" + andre).linjer
    (melding,) = [m for k, m in linje.feil if k == kolonne]
    assert ord_ in melding


def test_samme_hpr_paa_to(leder: Aktor) -> None:
    tekst = HODE + "A;a@b.no;;1234567;koordinator;;;;\nB;b@b.no;;1234567;koordinator;;;;"
    foerste, andre = vurder(leder, tekst).linjer
    assert not foerste.feil and [k for k, _ in andre.feil] == ["hpr"]


def test_folk_som_finnes(leder: Aktor, scene: Scene) -> None:
    fremmed = lag_person("Hemmelig Navn", epost="fremmed@b.no", hpr_nummer="7654321")
    lag_medlemskap(fremmed, Rolle.KOORDINATOR, scene.hf)
    kjent = lag_person("Kjent", epost="kjent@b.no")
    lag_medlemskap(kjent, Rolle.LEGE_KOMMUNE, scene.kommune, scene.enhet, fag=("legevakt",))
    linjer = (
        "Fremmed;fremmed@b.no;;;koordinator;;;;",
        "Kjent;kjent@b.no;;;lege_kommune;Legevakta;legevakt;;",
        "Kjent;kjent@b.no;;;lege_kommune;Sykehjemmet;;;",
    )
    plan = vurder(leder, HODE + "\n".join(linjer))
    assert utfall(plan) == [Linjeutfall.NY_ROLLE, Linjeutfall.FINNES, Linjeutfall.NY_ROLLE]
    assert "Hemmelig" not in repr(plan)
    importer(leder, HODE + "\n".join(linjer))
    assert antall(Engangslenke) == 0, "nobody's password is opened by an import"
    db.session.expire_all()
    assert db.session.get_one(Person, fremmed.id).navn == "Hemmelig Navn"
    annet_fag = vurder(leder, HODE + "Kjent;kjent@b.no;;;lege_kommune;Legevakta;sykehjem;;")
    assert "andre fagområder" in annet_fag.linjer[0].feil[0][1]
    annens_hpr = vurder(leder, HODE + "X;x@b.no;;7654321;koordinator;;;;")
    assert [k for k, _ in annens_hpr.linjer[0].feil] == ["hpr"] and "Hemmelig" not in repr(annens_hpr)


def test_rolle_som_er_slutt_gis_paa_nytt(leder: Aktor, scene: Scene) -> None:
    person = lag_person("Kari Nordmann", epost="kari@b.no")
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.kommune, til=now() - timedelta(days=1))
    assert utfall(importer(leder, HODE + BRA)) == [Linjeutfall.NY_ROLLE]
    assert len(steps.gyldige_medlemskap(person.id)) == 1


def test_bare_administratoren_der(leder: Aktor, scene: Scene) -> None:
    for aktor in (scene.lege, scene.kommuneoverlege, scene.administrator, scene.innsyn):
        with pytest.raises(IkkeTilgang):
            vurder(aktor, HODE + BRA, scene.kommune.id)
        with pytest.raises(IkkeTilgang):
            folkeimport.importer(aktor, scene.kommune.id, folkeimport.les_linjer(HODE + BRA))
    assert vurder(scene.systemadministrator, HODE + BRA, scene.kommune.id).nye == 1


def test_feiler_en_feiler_alle(leder: Aktor, opptak: Opptak, monkeypatch: pytest.MonkeyPatch) -> None:
    ekte, kalt = steps.inviter, []

    def brist(aktor: Aktor, person: Person, **valg: bool) -> str:
        kalt.append(person)
        if len(kalt) == 2:
            raise UgyldigData()
        return ekte(aktor, person, **valg)

    monkeypatch.setattr(steps, "inviter", brist)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        importer(leder, GODE)
    assert len(kalt) == 2


# --- the page --------------------------------------------------------------------------------------------


def tekst_i(side: str) -> str:
    """What the page would send with the confirmation: HTML drops the first line break of a textarea."""
    funnet = re.search(r'<textarea name="tekst" hidden>\n?(.*?)</textarea>', side, re.S)
    assert funnet, "no confirmation on the page"
    return html.unescape(funnet[1])


def test_opplasting_vises_foer_den_lagres(leder: Aktor, som: Som) -> None:
    klient, foer = som(leder), antall(Person)
    data = {
        "fil": (io.BytesIO(GODE.encode("cp1252", "replace").replace(b"?ile", b"Aile")), "folk.csv"),
        "inviter": "1",
    }
    svar = klient.post("/folk/import", data=data, content_type="multipart/form-data")
    assert svar.status_code == 200 and "Alle linjene er i orden" in svar.text
    assert "Bjørn Ås" in svar.text and "2 nye personer" in svar.text
    assert antall(Person) == foer
    with klient.session_transaction() as kapsel:
        assert "Bjørn" not in repr(dict(kapsel))
    lagre = {"tekst": tekst_i(svar.text), "lagre": "1", "inviter": "1"}
    svar = klient.post("/folk/import", data=lagre, content_type="multipart/form-data")
    assert (svar.status_code, svar.location) == (303, "/folk")
    assert antall(Person) == foer + 2
    assert "Fila er lest inn: 2 nye personer" in klient.get("/folk").text
    # A second press of the button.
    assert klient.post("/folk/import", data=lagre, content_type="multipart/form-data").status_code == 303
    assert antall(Person) == foer + 2


def test_daarlige_linjer_paa_siden(leder: Aktor, som: Som) -> None:
    klient, foer = som(leder), antall(Person)
    tekst = HODE + BRA + "\nOla;ola;;;sjef;;;;\n<b>;c@b.no;;;innsyn;;;;\n"
    for lagre in ({}, {"lagre": "1"}):
        svar = klient.post("/folk/import", data={"tekst": tekst, **lagre})
        assert svar.status_code == 422 and "1 linje må rettes. Ingenting er lagret." in svar.text
        assert "Skriv e-postadressen" in svar.text and "Ukjent rolle" in svar.text
        assert '<textarea name="tekst" hidden>' not in svar.text, "there is nothing to confirm"
        assert "<b>;" not in svar.text and "&lt;b&gt;" in svar.text
    assert antall(Person) == foer


def test_bekreftelsen_vurderes_paa_nytt(leder: Aktor, som: Som, scene: Scene) -> None:
    """What was right when it was shown may be wrong when it is saved; and nobody needs to have been shown anything."""
    klient = som(leder)
    tekst = HODE + "Kari;kari@b.no;;1234567;koordinator;;;;"
    tekst = tekst_i(klient.post("/folk/import", data={"tekst": tekst}).text)
    lag_person("Noen Andre", hpr_nummer="1234567")
    svar = klient.post("/folk/import", data={"tekst": tekst, "lagre": "1"})
    assert svar.status_code == 422 and "HPR-nummeret er registrert" in svar.text
    assert db.session.scalar(sa.select(Person.id).where(Person.epost == "kari@b.no")) is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"navn;epost\n", b"\xff\xfe\x00"])
def test_filer_som_ikke_kan_leses(leder: Aktor, som: Som, data: bytes) -> None:
    svar = som(leder).post(
        "/folk/import", data={"fil": (io.BytesIO(data), "x.csv")}, content_type="multipart/form-data"
    )
    assert svar.status_code == 422 and 'href="#fil"' in svar.text and "Rett dette" in svar.text


def test_stoerrelsen(leder: Aktor, som: Som, scene: Scene) -> None:
    klient = som(leder)
    linje = "Navn Navnesen{0};navn{0}@b.no;;;koordinator;;;;" + " " * 410 + "\n"
    tekst = HODE + "".join(linje.format(n) for n in range(folkefil.FLEST))
    assert 900_000 < len(tekst) < folkefil.STOERST

    def send(**felter: Any) -> Any:
        # Encoded here: the test's browser would leave a temporary file open.
        grense, kropp = encode_multipart(felter)
        return klient.post("/folk/import", data=kropp, content_type=f"multipart/form-data; boundary={grense}")

    def fil(innhold: str) -> FileStorage:
        return FileStorage(io.BytesIO(innhold.encode()), "folk.csv", "fil")

    svar = send(fil=fil(tekst))
    assert svar.status_code == 200
    assert send(tekst=tekst_i(svar.text)).status_code == 200
    assert send(fil=fil(tekst + " " * 135_000)).status_code == 422, "just over 1 MB: told so on the page"
    assert send(fil=fil(tekst * 3)).status_code == 413
    # The door is wide for this page and for administrators alone.
    assert klient.post("/folk/ny", data={"navn": "x" * 400_000}).status_code == 413
    annen = som(scene.lege).post("/folk/import", data={"tekst": tekst})
    assert annen.status_code == 413


def test_malen(leder: Aktor, som: Som) -> None:
    svar = som(leder).get("/folk/import/mal")
    assert (
        svar.data.startswith(b"\xef\xbb\xbfnavn;epost;") and "folk.csv" in svar.headers["Content-Disposition"]
    )


def test_systemadministrator_importerer_i_valgt_organisasjon(scene: Scene, som: Som) -> None:
    klient = som(scene.systemadministrator)
    data = {"tekst": HODE + BRA, "lagre": "1", "organisasjon": str(scene.kommune.id)}
    svar = klient.post("/folk/import", data=data)
    assert svar.location == f"/folk?organisasjon={scene.kommune.id}"
    db.session.rollback()
    m = db.session.scalars(sa.select(Medlemskap).join(Person).where(Person.epost == "kari@b.no")).one()
    assert m.organisasjon_id == scene.kommune.id


def test_stengt_person_aapnes_ikke(scene: Scene, leder: Aktor) -> None:
    importer(leder, HODE + BRA)
    person = db.session.scalars(sa.select(Person).where(Person.epost == "kari@b.no")).one()
    personer.sett_aktiv(leder, person.id, False)
    importer(leder, HODE + "Kari Nordmann;kari@b.no;;;innsyn;;;;")
    db.session.expire_all()
    assert db.session.get_one(Person, person.id).aktiv is False
