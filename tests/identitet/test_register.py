"""Applying a register file: new, changed, renumbered, merged and split, all or nothing."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import abonner, db
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.identitet.models import (
    Enhet,
    EnhetKommune,
    Medlemskap,
    Organisasjon,
    OrganisasjonHistorikk,
)
from portal.identitet.registerfil import KOLONNER
from portal.identitet.service import oekter, register
from portal.identitet.service.register import Rapport, oppdater
from portal.identitet.steps import aktor_fra_token
from portal.revisjon.models import Revisjon
from tests.bygg import Scene, _orgnr, lag_enhet, lag_medlemskap, lag_person, lagre
from tests.identitet.hjelp import SYSTEM, logg_inn_uten_passord

pytestmark = pytest.mark.usefixtures("app")

NR = {navn: _orgnr(5000 + i) for i, navn in enumerate(["rhf", "rhf2", "hf", "hf2", "hf3", *"ABCDEFG"])}


class Fil:
    """A small country: two regions, two fylker, kommuner A–C; changed by the tests and written as CSV."""

    def __init__(self) -> None:
        self.rader: dict[str, dict[str, str]] = {}
        for navn in ("rhf", "rhf2"):
            self.sett(navn, type="rhf", navn=f"Helse {navn}", organisasjonsnummer=NR[navn])
        for navn, eier in (("hf", "rhf"), ("hf2", "rhf"), ("hf3", "rhf2")):
            self.sett(
                navn, type="hf", navn=f"Sykehuset {navn}", organisasjonsnummer=NR[navn], overordnet=NR[eier]
            )
        self.sett("fylke", type="fylke", kode="10", navn="Nordfylket")
        for navn, kode, folk in (("A", "1001", "900"), ("B", "1002", "500"), ("C", "1003", "100")):
            self.kommune(navn, kode, folketall=folk)

    def sett(self, noekkel: str, /, **felt: str) -> Fil:
        self.rader.setdefault(noekkel, {}).update(felt)
        return self

    def kommune(self, navn: str, kode: str, /, **felt: str) -> Fil:
        grunn = {
            "type": "kommune",
            "kode": kode,
            "navn": f"{navn} kommune",
            "kortnavn": navn,
            "organisasjonsnummer": NR[navn],
            "overordnet": kode[:2],
            "helseforetak": NR["hf"],
            "gyldig_fra": "2020-01-01",
        }
        return self.sett(navn, **{**grunn, **felt})

    def uten(self, *noekler: str) -> Fil:
        for n in noekler:
            del self.rader[n]
        return self

    def csv(self, stokk: int | None = None) -> str:
        rader = list(self.rader.values())
        if stokk is not None:
            random.Random(stokk).shuffle(rader)
        linjer = [",".join(r.get(k, "") for k in KOLONNER) for r in rader]
        return "\n".join([",".join(KOLONNER), *linjer]) + "\n"

    def bruk(self) -> Rapport:
        return oppdater(SYSTEM, self.csv())


@pytest.fixture
def fil() -> Fil:
    fil = Fil()
    fil.bruk()
    return fil


def org(navn: str) -> Organisasjon:
    """The organisation by its short name (or name) as the database has it now."""
    db.session.expire_all()
    return db.session.scalars(
        sa.select(Organisasjon).where(sa.or_(Organisasjon.kortnavn == navn, Organisasjon.navn == navn))
    ).one()


def historikk(o: Organisasjon) -> set[tuple[str, str, str]]:
    return {
        (h.felt, h.fra_verdi, h.til_verdi)
        for h in db.session.scalars(
            sa.select(OrganisasjonHistorikk).where(OrganisasjonHistorikk.organisasjon_id == o.id)
        )
    }


def antall(modell: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(modell)) or 0


def avvist(fil: Fil) -> dict[str, str]:
    """{key of the row: its messages} of a refused file; and nothing was applied."""
    foer = (antall(Organisasjon), antall(OrganisasjonHistorikk), antall(Revisjon))
    versjoner = set(db.session.execute(sa.select(Organisasjon.id, Organisasjon.versjon)))
    with pytest.raises(UgyldigData) as info:
        fil.bruk()
    db.session.expire_all()
    assert (antall(Organisasjon), antall(OrganisasjonHistorikk), antall(Revisjon)) == foer
    assert set(db.session.execute(sa.select(Organisasjon.id, Organisasjon.versjon))) == versjoner
    noekler = list(fil.rader)
    ut: dict[str, str] = {}
    for linje, melding in info.value.detaljer["rader"]:
        noekkel = noekler[linje - 2]
        ut[noekkel] = f"{ut.get(noekkel, '')} {melding}".strip()
    return ut


# --- the whole country -----------------------------------------------------------------------------------


def test_hele_registeret_lastes_fort_og_en_gang() -> None:
    assert register.er_tomt()
    start = time.perf_counter()
    rapport = oppdater(SYSTEM)
    brukt = time.perf_counter() - start
    assert len(rapport.nye) == 399
    assert brukt < 2
    assert not register.er_tomt()
    alta = org("Alta")
    assert alta.visningsnavn == "Alta"
    assert alta.overordnet is not None and alta.overordnet.navn == "Finnmark"
    assert alta.helseforetak is not None and alta.helseforetak.kortnavn == "Finnmarkssykehuset"
    assert alta.telefon == ""
    assert org("Karasjok").visningsnavn == "Karasjok / Kárášjohka"
    igjen = oppdater(SYSTEM)
    assert (igjen.nye, igjen.endrede, igjen.nedlagte, igjen.uendrede) == ([], [], [], 399)


def test_rekkefoelgen_er_likegyldig() -> None:
    oppdater(SYSTEM, Fil().csv(stokk=3))
    assert org("A").overordnet == org("Nordfylket")
    assert org("A").helseforetak == org("Sykehuset hf")


def test_rapporten_sier_hva_som_skjedde(fil: Fil) -> None:
    rapport = fil.uten("C").sett("A", folketall="901").kommune("D", "1004").bruk()
    assert rapport.nye == ["1004 D kommune"]
    assert rapport.endrede == ["1001 A kommune: folketall"]
    assert rapport.beholdt == ["1003 C kommune"]
    assert rapport.uendrede == len(fil.rader) - 2
    assert "Ikke i filen, beholdt: 1" in rapport.som_tekst()
    assert org("C").nedlagt is None


def test_bare_systemet_og_systemadministrator(scene: Scene) -> None:
    for aktor in (scene.administrator, scene.lege, scene.innsyn):
        with pytest.raises(IkkeTilgang):
            oppdater(aktor, Fil().csv())
    assert db.session.scalar(sa.select(sa.func.count()).where(Revisjon.utfall == "avslag")) == 3
    assert oppdater(scene.systemadministrator, Fil().csv()).nye


# --- changed and renumbered ------------------------------------------------------------------------------


def test_endring_skriver_historikk_og_revisjon(fil: Fil) -> None:
    foer = org("A")
    fil.sett("A", folketall="950", helseforetak=NR["hf2"], gyldig_fra="2023-05-01").bruk()
    etter = org("A")
    assert (etter.id, etter.folketall, etter.helseforetak) == (foer.id, 950, org("Sykehuset hf2"))
    assert historikk(etter) == {
        ("folketall", "900", "950"),
        ("helseforetak", "Sykehuset hf", "Sykehuset hf2"),
    }
    fra = db.session.scalars(sa.select(OrganisasjonHistorikk.gyldig_fra)).all()
    assert set(fra) == {date(2023, 5, 1)}
    innslag = db.session.scalars(sa.select(Revisjon).where(Revisjon.handling == "organisasjon.endret")).one()
    assert innslag.objekt_id == str(foer.id)


def test_nytt_nummer_er_samme_organisasjon(fil: Fil) -> None:
    id_ = org("A").id
    fil.kommune("A", "1051", folketall="900", gyldig_fra="2024-01-01").bruk()
    assert (org("A").id, org("A").kode) == (id_, "1051")
    assert ("kode", "1001", "1051") in historikk(org("A"))
    assert fil.bruk().uendrede == len(fil.rader)


def test_nytt_nummer_og_nytt_orgnr_gjennom_erstatter(fil: Fil) -> None:
    id_ = org("A").id
    person = lag_person()
    m = lag_medlemskap(person, Rolle.LEGE_KOMMUNE, org("A"))
    fil.uten("A").kommune("D", "1051", gyldig_fra="2024-01-01", erstatter="1001").bruk()
    assert (org("D").id, org("D").organisasjonsnummer) == (id_, NR["D"])
    assert {("kode", "1001", "1051"), ("navn", "A kommune", "D kommune")} <= historikk(org("D"))
    db.session.expire_all()
    assert db.session.get_one(Medlemskap, m.id).gyldig_til is None
    igjen = fil.bruk()
    assert (igjen.nye, igjen.endrede, igjen.nedlagte) == ([], [], [])


def test_to_kommuner_kan_bytte_nummer(fil: Fil) -> None:
    a, b = org("A").id, org("B").id
    fil.sett("A", kode="1002").sett("B", kode="1001").bruk()
    assert (org("A").id, org("A").kode) == (a, "1002")
    assert (org("B").id, org("B").kode) == (b, "1001")


def test_rekke_av_nye_numre_og_fylke(fil: Fil) -> None:
    """A new fylke number moves all codes, and one takes the code that another has just left."""
    fil.sett(
        "fylke2", type="fylke", kode="20", navn="Nyfylket", gyldig_fra="2024-01-01", erstatter="10"
    ).uten("fylke")
    for navn, kode in (("A", "2002"), ("B", "2003"), ("C", "2004")):
        fil.sett(navn, kode=kode, overordnet="20", gyldig_fra="2024-01-01")
    fylke = org("Nordfylket").id
    fil.bruk()
    assert org("Nyfylket").id == fylke
    assert [org(n).kode for n in "ABC"] == ["2002", "2003", "2004"]
    assert all(org(n).overordnet_id == fylke for n in "ABC")


# --- mergers and splits ----------------------------------------------------------------------------------


def test_sammenslaaing_flytter_enheter_og_medlemskap(fil: Fil) -> None:
    a, b, c = org("A"), org("B"), org("C")
    legevakt_a = lag_enhet(a, "legevakt", "Legevakten")
    legevakt_b = lag_enhet(b, "legevakt", "Legevakten")
    hos_c = lag_enhet(c, "legevakt", "Felles legevakt")
    lagre(
        EnhetKommune(enhet_id=hos_c.id, organisasjon_id=a.id),
        EnhetKommune(enhet_id=hos_c.id, organisasjon_id=b.id),
    )
    person, senere, ferdig = lag_person(), lag_person(), lag_person()
    loepende = lag_medlemskap(person, Rolle.LEGE_KOMMUNE, a, legevakt_a, fra=datetime(2022, 1, 1, tzinfo=UTC))
    begynt_etter = lag_medlemskap(senere, Rolle.ADMINISTRATOR, a, fra=now() - timedelta(days=2))
    framtidig = lag_medlemskap(senere, Rolle.KOORDINATOR, b, fra=now() + timedelta(days=5))
    avsluttet = lag_medlemskap(
        ferdig,
        Rolle.LEGE_KOMMUNE,
        a,
        fra=datetime(2021, 1, 1, tzinfo=UTC),
        til=datetime(2022, 1, 1, tzinfo=UTC),
    )
    meldt: list[UUID] = []
    abonner("identitet.organisasjon_nedlagt", lambda **d: meldt.append(d["organisasjon_id"]))

    fil.uten("A", "B").kommune("D", "1050", gyldig_fra="2024-01-01", erstatter='"1001;1002"')
    rapport = fil.bruk()

    d = org("D")
    assert rapport.nye == ["1050 D kommune"]
    assert len(rapport.nedlagte) == 2
    assert set(meldt) == {a.id, b.id}
    for gammel in (org("A"), org("B")):
        assert (gammel.nedlagt, gammel.etterfolger_id) == (date(2024, 1, 1), d.id)
        assert gammel.kode in ("1001", "1002")
    navn = {e.id: e.navn for e in db.session.scalars(sa.select(Enhet).where(Enhet.organisasjon_id == d.id))}
    assert sorted(navn) == sorted([legevakt_a.id, legevakt_b.id])
    assert len(set(navn.values())) == 2 and "Legevakten" in navn.values()
    dekning = set(db.session.execute(sa.select(EnhetKommune.enhet_id, EnhetKommune.organisasjon_id)))
    assert dekning == {(hos_c.id, d.id)}

    db.session.expire_all()
    gammelt = db.session.get_one(Medlemskap, loepende.id)
    # Midnight in Oslo, which is an hour before midnight in UTC in January.
    assert gammelt.gyldig_til == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert gammelt.organisasjon_id == a.id
    nye = db.session.scalars(
        sa.select(Medlemskap).where(Medlemskap.person_id == person.id, Medlemskap.id != loepende.id)
    ).all()
    assert [(m.organisasjon_id, m.enhet_id, m.gyldig_fra, m.gyldig_til) for m in nye] == [
        (d.id, legevakt_a.id, gammelt.gyldig_til, None)
    ]
    etter = db.session.get_one(Medlemskap, begynt_etter.id)
    assert etter.gyldig_til is not None and abs(etter.gyldig_til - now()) < timedelta(minutes=1)
    assert db.session.get_one(Medlemskap, framtidig.id).organisasjon_id == d.id
    assert db.session.get_one(Medlemskap, avsluttet.id).gyldig_til == datetime(2022, 1, 1, tzinfo=UTC)

    foer = antall(Medlemskap)
    igjen = fil.bruk()
    assert (igjen.nye, igjen.endrede, igjen.nedlagte) == ([], [], [])
    assert antall(Medlemskap) == foer


def test_innlogget_person_fortsetter_i_etterfolgeren(fil: Fil) -> None:
    person = lag_person()
    m = lag_medlemskap(person, Rolle.SPESIALIST, org("Sykehuset hf"), fag=("geriatri",))
    lag_medlemskap(person, Rolle.KOORDINATOR, org("C"), fra=now() - timedelta(days=400))
    token = logg_inn_uten_passord(person, m)
    meldt: list[UUID] = []
    abonner("identitet.sesjon_endret", lambda **d: meldt.append(d["sesjon_id"]))
    fil.uten("hf", "hf2")
    fil.sett("ny", type="hf", navn="Sykehuset Ny", organisasjonsnummer=NR["E"], overordnet=NR["rhf"],
             gyldig_fra="2024-01-01", erstatter=f'"{NR["hf"]};{NR["hf2"]}"')  # fmt: skip
    for navn in "ABC":
        fil.sett(navn, helseforetak=NR["E"])
    fil.uten("C").bruk()
    aktor = aktor_fra_token(token)
    assert aktor is not None
    assert (aktor.rolle, aktor.organisasjon_navn, aktor.fagomraader) == (
        Rolle.SPESIALIST,
        "Sykehuset Ny",
        {"geriatri"},
    )
    assert aktor.sesjon_id in meldt
    # A kommune that the file does not mention follows its hospital all the same.
    assert org("C").helseforetak_id == org("Sykehuset Ny").id


def test_en_kommune_tar_opp_en_annen_og_beholder_nummeret(fil: Fil) -> None:
    a = org("A").id
    lag_medlemskap(lag_person(), Rolle.LEGE_KOMMUNE, org("B"))
    fil.uten("B").sett("A", erstatter="1002", gyldig_fra="2024-01-01", folketall="1400").bruk()
    assert org("A").id == a
    assert org("B").etterfolger_id == a
    assert ("erstatter", "1002", "1001") in historikk(org("A"))
    assert fil.bruk().uendrede == len(fil.rader)


@pytest.mark.parametrize("stokk", [1, 2, 3])
def test_deling_gir_hovedarvingen_folket(fil: Fil, stokk: int) -> None:
    """As Ålesund 1507 → 1508 Ålesund and 1580 Haram: the one with the same name takes over."""
    gammel = org("A")
    m = lag_medlemskap(lag_person(), Rolle.LEGE_KOMMUNE, gammel)
    fil.uten("A")
    felles = {"gyldig_fra": "2024-01-01", "erstatter": "1001"}
    fil.kommune("E", "1080", navn="Haram kommune", kortnavn="Haram", folketall="9999", **felles)
    fil.kommune("D", "1008", navn="A kommune", kortnavn="A", folketall="800", **felles)
    oppdater(SYSTEM, fil.csv(stokk))
    db.session.expire_all()
    etter = db.session.get_one(Organisasjon, gammel.id)
    arving = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.kode == "1008")).one()
    assert (etter.nedlagt, etter.etterfolger_id) == (date(2024, 1, 1), arving.id)
    assert ("erstatter", "1001", "1080") in historikk(org("Haram"))
    steder = db.session.scalars(
        sa.select(Medlemskap.organisasjon_id).where(
            Medlemskap.person_id == m.person_id, Medlemskap.gyldig_til.is_(None)
        )
    ).all()
    assert steder == [arving.id]
    igjen = fil.bruk()
    assert (igjen.nye, igjen.endrede, igjen.nedlagte) == ([], [], [])


def test_utskilt_del_lar_den_gamle_leve(fil: Fil) -> None:
    a = org("A").id
    m = lag_medlemskap(lag_person(), Rolle.LEGE_KOMMUNE, org("A"))
    fil.kommune("D", "1004", erstatter="1001", gyldig_fra="2024-01-01").bruk()
    assert (org("A").id, org("A").nedlagt) == (a, None)
    assert org("D").id != a
    db.session.expire_all()
    assert db.session.get_one(Medlemskap, m.id).gyldig_til is None
    assert fil.bruk().uendrede == len(fil.rader)


# --- refused ---------------------------------------------------------------------------------------------


def test_alt_eller_intet(fil: Fil) -> None:
    feil = avvist(fil.sett("A", folketall="1").kommune("D", "1004", overordnet="99", kode="9904"))
    assert list(feil) == ["D"]
    assert "Fylke 99 finnes ikke" in feil["D"]
    assert org("A").folketall == 900


@pytest.mark.parametrize(
    ("felt", "ord_"),
    [
        ({"helseforetak": NR["rhf"]}, "ikke et helseforetak"),
        ({"helseforetak": NR["G"]}, "ikke et helseforetak"),
        ({"helseforetak": NR["hf3"]}, "annen helseregion"),
        ({"erstatter": "1999"}, "ingen organisasjon har eller har hatt"),
        ({"erstatter": "1003", "gyldig_fra": ""}, "gyldig_fra mangler"),
        ({"gyldig_fra": "2999-01-01"}, "ikke er kommet ennå"),
        ({"organisasjonsnummer": NR["hf"]}, "også på linje"),
    ],
)
def test_rad_som_ikke_passer_registeret(fil: Fil, felt: dict[str, str], ord_: str) -> None:
    fil.uten("C").kommune("D", "1004").sett("D", **felt)
    assert ord_ in avvist(fil)["D"]


def test_hf_under_noe_som_ikke_er_rhf(fil: Fil) -> None:
    assert "regionalt helseforetak" in avvist(fil.sett("hf2", overordnet=NR["hf"]))["hf2"]


def test_type_kan_ikke_byttes(fil: Fil) -> None:
    feil = avvist(fil.sett("hf2", type="ideelt_sykehus"))
    assert "registrert som hf" in feil["hf2"]


def test_kode_som_en_utelatt_kommune_har(fil: Fil) -> None:
    fil.uten("C")
    assert "tilhører C kommune" in avvist(fil.sett("B", kode="1003"))["B"]


def test_gammel_fil_etter_ny_avvises() -> None:
    gammel = Fil()
    gammel.bruk()
    Fil().sett("A", kode="1051").bruk()
    assert "tidligere nummer" in avvist(gammel)["A"]


def test_nedlagt_kommune_vekkes_ikke() -> None:
    gammel = Fil()
    gammel.bruk()
    Fil().uten("A", "B").kommune("D", "1050", gyldig_fra="2024-01-01", erstatter='"1001;1002"').bruk()
    feil = avvist(gammel)
    assert "ble nedlagt 2024-01-01" in feil["A"]
    assert set(feil) == {"A", "B"}


def test_foerste_fil_kan_erstatte_det_ukjente() -> None:
    """A fresh house never had 1507; a later one that invents a number is stopped (see above)."""
    fil = Fil().sett("A", erstatter="1999")
    fil.bruk()
    assert ("erstatter", "1999", "1001") in historikk(org("A"))
    assert fil.bruk().uendrede == len(fil.rader)


def test_feil_ruller_alt_tilbake(fil: Fil, monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    def gaar_galt(*_: object, **__: object) -> None:
        raise RuntimeError("midt i")

    monkeypatch.setattr("portal.identitet.service.register._Oppdatering._flytt_dekning", gaar_galt)
    foer = (antall(Revisjon), antall(OrganisasjonHistorikk))
    meldt: list[object] = []
    abonner("identitet.organisasjon_nedlagt", lambda **d: meldt.append(d))
    with pytest.raises(RuntimeError, match="midt i"):
        fil.uten("A", "B").kommune("D", "1050", gyldig_fra="2024-01-01", erstatter='"1001;1002"').bruk()
    assert (antall(Revisjon), antall(OrganisasjonHistorikk)) == foer
    assert org("A").nedlagt is None
    assert meldt == []


def test_medlemskap_etter_sammenslaaing_logger_inn(fil: Fil) -> None:
    person = lag_person()
    lag_medlemskap(person, Rolle.LEGE_KOMMUNE, org("A"))
    fil.uten("A", "B").kommune("D", "1050", gyldig_fra="2024-01-01", erstatter='"1001;1002"').bruk()
    roller = oekter.steps.gyldige_medlemskap(person.id)
    assert [r.organisasjon_navn for r in roller] == ["D"]


def test_system_er_en_aktor_uten_person() -> None:
    with pytest.raises(IkkeTilgang):
        oppdater(Aktor(navn="noen"), Fil().csv())
