"""Who may make people, give roles and set passwords, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, PortalError, UgyldigData
from portal.identitet import kontroll, steps
from portal.identitet.models import Medlemskap, Person
from portal.identitet.passord import Passordhash
from portal.identitet.service import oekter, personer
from portal.identitet.service.personer import Rolleoppdrag
from portal.revisjon.models import Revisjon
from tests.bygg import Scene, lag_enhet, lag_medlemskap, lag_person
from tests.identitet.hjelp import SYSTEM, logg_inn_uten_passord, revisjon

HASH = Passordhash("$argon2id$prøve")


def ny(aktor: Aktor, oppdrag: Rolleoppdrag, **felt: Any) -> Person:
    return personer.opprett_person(
        aktor, **{"navn": "Láilá  Øvergård ", "epost": " Laila@Eksempel.example", "oppdrag": oppdrag, **felt}
    )


def antall(modell: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(modell)) or 0


def test_ny_person_med_rolle(scene: Scene) -> None:
    oppdrag = Rolleoppdrag(scene.hf.id, Rolle.SPESIALIST, fagomraader=frozenset({"geriatri"}))
    person = ny(
        scene.administrator, oppdrag, telefon="+47 400 00 000", hpr_nummer="1234567", passordhash=HASH
    )
    assert (person.navn, person.epost, person.telefon) == (
        "Láilá Øvergård",
        "laila@eksempel.example",
        "+47 400 00 000",
    )
    (rolle,) = steps.gyldige_medlemskap(person.id)
    assert (rolle.rolle, rolle.organisasjon_id, rolle.fagomraader) == (
        Rolle.SPESIALIST,
        scene.hf.id,
        {"geriatri"},
    )
    assert revisjon("person.opprettet")[0].person_id == scene.administrator.person_id
    assert revisjon("medlemskap.gitt")[0].objekt_id == str(rolle.medlemskap_id)


@pytest.mark.parametrize(
    "hvem", ["lege", "spesialist", "vaktleder", "koordinator", "innsyn", "kommuneoverlege"]
)
def test_andre_roller_lager_ingen(scene: Scene, hvem: str) -> None:
    aktor: Aktor = getattr(scene, hvem)
    foer = antall(Person)
    with pytest.raises(IkkeTilgang):
        ny(aktor, Rolleoppdrag(aktor.organisasjon_id or uuid4(), Rolle.KOORDINATOR))
    with pytest.raises(IkkeTilgang):
        personer.gi_medlemskap(
            aktor, aktor.person_id or uuid4(), Rolleoppdrag(scene.hf.id, Rolle.ADMINISTRATOR)
        )
    assert antall(Person) == foer
    assert antall(Revisjon) == 2
    assert set(db.session.scalars(sa.select(Revisjon.utfall))) == {"avslag"}


def test_administrator_bare_i_egen_organisasjon(scene: Scene) -> None:
    with pytest.raises(IkkeTilgang):
        ny(scene.administrator, Rolleoppdrag(scene.annet_hf.id, Rolle.KOORDINATOR))
    with pytest.raises(IkkeTilgang):
        ny(scene.administrator, Rolleoppdrag(scene.hf.id, Rolle.SYSTEMADMINISTRATOR))
    assert ny(scene.systemadministrator, Rolleoppdrag(scene.annet_hf.id, Rolle.SYSTEMADMINISTRATOR))


@pytest.mark.parametrize(
    ("felt", "verdi"),
    [
        ("navn", " "),
        ("navn", "a" * 201),
        ("navn", "Kari\x00"),
        ("epost", "ikke en adresse"),
        ("epost", "a@b"),
        ("epost", "a b@c.no"),
        ("epost", "a@b@c.no"),
        ("epost", "a" * 250 + "@b.no"),
        ("telefon", "12"),
        ("telefon", "1234567890123456"),
        ("telefon", "ring meg"),
        ("telefon", "++4712345678"),
        ("hpr_nummer", "12"),
        ("hpr_nummer", "012345678"),
    ],
)
def test_ugyldige_opplysninger(scene: Scene, felt: str, verdi: str) -> None:
    foer = (antall(Person), antall(Medlemskap), antall(Revisjon))
    with pytest.raises(UgyldigData) as info:
        ny(SYSTEM, Rolleoppdrag(scene.hf.id, Rolle.KOORDINATOR), **{felt: verdi})
    assert list(info.value.detaljer["felter"]) == [felt]
    assert (antall(Person), antall(Medlemskap), antall(Revisjon)) == foer


def test_opptatt_epost_og_hpr(scene: Scene) -> None:
    oppdrag = Rolleoppdrag(scene.hf.id, Rolle.KOORDINATOR)
    ny(SYSTEM, oppdrag, hpr_nummer="7654321")
    with pytest.raises(Konflikt):
        ny(SYSTEM, oppdrag, epost="LAILA@eksempel.example")
    with pytest.raises(Konflikt):
        ny(SYSTEM, oppdrag, epost="ny@eksempel.example", hpr_nummer="7654321")


@pytest.mark.parametrize(
    ("felt", "oppdrag"),
    [
        ("rolle", lambda s: Rolleoppdrag(s.hf.id, Rolle.LEGE_KOMMUNE)),
        ("rolle", lambda s: Rolleoppdrag(s.rhf.id, Rolle.VAKTLEDER)),
        ("fagomraader", lambda s: Rolleoppdrag(s.hf.id, Rolle.SPESIALIST)),
        ("fagomraader", lambda s: Rolleoppdrag(s.hf.id, Rolle.SPESIALIST, fagomraader=frozenset({"magi"}))),
        (
            "fagomraader",
            lambda s: Rolleoppdrag(s.hf.id, Rolle.VAKTLEDER, fagomraader=frozenset({"geriatri"})),
        ),
        ("enhet", lambda s: Rolleoppdrag(s.annen_kommune.id, Rolle.LEGE_KOMMUNE, s.enhet.id)),
        (
            "til",
            lambda s: Rolleoppdrag(s.hf.id, Rolle.KOORDINATOR, gyldig_til=now() - timedelta(days=1)),
        ),
        ("organisasjon", lambda s: Rolleoppdrag(uuid4(), Rolle.KOORDINATOR)),
    ],
)
def test_rolle_og_sted_maa_passe(scene: Scene, felt: str, oppdrag: Any) -> None:
    with pytest.raises(UgyldigData) as info:
        ny(SYSTEM, oppdrag(scene))
    assert list(info.value.detaljer["felter"]) == [felt]


def test_enhet_ute_av_bruk(scene: Scene) -> None:
    enhet = lag_enhet(scene.kommune, "sykehjem", "Gammelheimen", aktiv=False)
    with pytest.raises(UgyldigData):
        ny(SYSTEM, Rolleoppdrag(scene.kommune.id, Rolle.LEGE_KOMMUNE, enhet.id))


# --- passwords of others ---------------------------------------------------------------------------------


def test_administrator_setter_passord_for_sine_egne(scene: Scene) -> None:
    mitt, andres = scene.spesialist.person_id, scene.fremmed_spesialist.person_id
    assert mitt and andres
    personer.sett_passord(scene.administrator, mitt, HASH)
    with pytest.raises(IkkeTilgang):
        personer.sett_passord(scene.administrator, andres, HASH)
    with pytest.raises(IkkeTilgang):
        personer.sett_passord(scene.spesialist2, mitt, HASH)
    personer.sett_passord(scene.spesialist2, scene.spesialist2.person_id or uuid4(), HASH)
    with pytest.raises(IkkeFunnet):
        personer.sett_passord(scene.administrator, uuid4(), HASH)


def test_passord_er_ingen_vei_inn_i_andres_hus(scene: Scene) -> None:
    """An administrator cannot take over somebody who also has a role elsewhere, now or later."""
    person = lag_person()
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf)
    lag_medlemskap(person, Rolle.ADMINISTRATOR, scene.annet_hf, fra=now() + timedelta(days=1))
    with pytest.raises(IkkeTilgang):
        personer.sett_passord(scene.administrator, person.id, HASH)
    system = scene.systemadministrator.person_id
    assert system
    with pytest.raises(IkkeTilgang):  # of the same organisation
        personer.sett_passord(scene.administrator, system, HASH)
    with pytest.raises(IkkeTilgang):
        personer.sett_aktiv(scene.administrator, system, False)
    with pytest.raises(PortalError):
        personer.avslutt_medlemskap(scene.administrator, scene.systemadministrator.medlemskap_id or uuid4())


def test_nytt_passord_avslutter_andre_sesjoner(scene: Scene) -> None:
    person = lag_person()
    m = lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf)
    her, der = logg_inn_uten_passord(person, m), logg_inn_uten_passord(person, m)
    aktor = steps.aktor_fra_token(her)
    assert aktor
    personer.sett_passord(aktor, person.id, HASH)
    assert steps.aktor_fra_token(her) and not steps.aktor_fra_token(der)


def test_mistet_telefon(scene: Scene) -> None:
    person = lag_person()
    token = logg_inn_uten_passord(person, lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf))
    with pytest.raises(IkkeTilgang):
        oekter.avslutt_sesjoner(scene.koordinator, person.id)
    assert oekter.avslutt_sesjoner(scene.administrator, person.id) == 1
    assert steps.aktor_fra_token(token) is None


# --- the command line's helpers --------------------------------------------------------------------------


def test_ny_med_medlemskap_fra_kommandolinja(scene: Scene) -> None:
    felles = {"navn": "Ánne Ǥ", "organisasjon": scene.kommune.kode or "", "rolle": "lege_kommune"}
    with pytest.raises(UgyldigData) as info:
        personer.ny_med_medlemskap(SYSTEM, **felles, epost="a@b.no", passord="Sommer2024!!!")
    assert list(info.value.detaljer["felter"]) == ["passord"]
    for feil in ({"organisasjon": "9999"}, {"enhet": "Finnes ikke"}):
        with pytest.raises(UgyldigData):
            personer.ny_med_medlemskap(SYSTEM, **{**felles, **feil}, epost="a@b.no", passord="x")
    person = personer.ny_med_medlemskap(
        SYSTEM, **felles, epost="a@b.no", passord="lilla traktor på taket", enhet=scene.enhet.navn
    )
    assert (
        oekter.logg_inn("a@b.no", "lilla traktor på taket", kilde="192.0.2.1").aktor.enhet_id
        == scene.enhet.id
    )
    personer.bytt_passord_for(SYSTEM, epost="A@b.no ", passord="grønn bever i badekar")
    assert oekter.logg_inn("a@b.no", "grønn bever i badekar", kilde="192.0.2.1").aktor.person_id == person.id


def test_ny_tjenestekonto_fra_kommandolinja(scene: Scene) -> None:
    person = lag_person()
    lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    token = personer.ny_tjenestekonto(SYSTEM, navn="EPJ", epost=person.epost)
    aktor = steps.aktor_fra_tjenestetoken(token)
    assert aktor and aktor.person_id == person.id
    lag_medlemskap(person, Rolle.VAKTLEDER, scene.annet_hf)
    with pytest.raises(UgyldigData, match="ugyldig"):
        personer.ny_tjenestekonto(SYSTEM, navn="EPJ", epost=person.epost)
    nummer = scene.annet_hf.organisasjonsnummer or ""
    token = personer.ny_tjenestekonto(SYSTEM, navn="EPJ", epost=person.epost, organisasjon=nummer)
    aktor = steps.aktor_fra_tjenestetoken(token)
    assert aktor and aktor.rolle == Rolle.VAKTLEDER


@pytest.mark.parametrize(
    "nummer", ["113", "116 117", "+47 00 00 00 01", "12345678", "004712345678", "+1 202 555 01 23"]
)
def test_telefonnumre_som_er_gode(app: object, nummer: str) -> None:
    assert kontroll.telefon(f"  {nummer} ") == nummer
