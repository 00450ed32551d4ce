"""«Varslene mine»: channels, the proof that they work, choices and quiet hours; through the pages and the services."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import sett_innstillinger
from portal.core.db import db, transactional
from portal.core.errors import ForMange, IkkeFunnet, UgyldigData
from portal.identitet.models import Person
from portal.varsler import push, steps
from portal.varsler.models import Kanal, Utsending, Varsel, Varselkanal
from portal.varsler.service import bjelle, kanaler
from tests.bygg import Opptak, Scene, om, revisjon, uten_spor
from tests.vakthjelp import lag_kanal
from tests.varsler.varselhjelp import fortell, utsendinger

Som = Callable[[Aktor], FlaskClient]
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def med_port(app: Flask) -> Iterator[None]:
    """The installation has a gateway for text messages and calls."""
    i = app.config["INNSTILLINGER"]
    sett_innstillinger(
        replace(
            i, sms_url="http://127.0.0.1:9/sms", tale_url="http://127.0.0.1:9/tale", varselnoekkel="k" * 32
        )
    )
    yield
    sett_innstillinger(i)


def noekler() -> dict[str, str]:
    """The keys of a browser's subscription."""

    def som_tekst(raa: bytes) -> str:
        return urlsafe_b64encode(raa).rstrip(b"=").decode()

    punkt = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {
        "p256dh": som_tekst(punkt.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": som_tekst(b"0123456789abcdef"),
    }


def nettleser(**endret: str) -> dict[str, str]:
    return {"adresse": "https://push.eksempel.example/a/b", **noekler(), "navn": "Chrome", **endret}


def egne(aktor: Aktor) -> list[Varselkanal]:
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(Varselkanal)
            .where(Varselkanal.person_id == aktor.person_id, Varselkanal.fjernet.is_(None))
            .order_by(Varselkanal.opprettet)
        )
    )


def brev() -> list[Utsending]:
    """Letters of their own: what the person is told of the channels."""
    return [u for u in utsendinger() if u.varsel_id is None]


@transactional
def svar(utsending_id: UUID, kanal_id: UUID | None) -> None:
    """What the receiver's answer leaves: the message acknowledged, its channel proven."""
    rad = db.session.get_one(Utsending, utsending_id)
    rad.sendt, rad.kvittert = rad.sendt or now(), now()
    if kanal_id is not None:
        db.session.get_one(Varselkanal, kanal_id).bevist = now()
    steps.kvitter_varsel(rad.varsel_id, rad.kanal)


@transactional
def sendt(utsending_id: UUID, **felt: Any) -> None:
    rad = db.session.get_one(Utsending, utsending_id)
    for navn, verdi in {"sendt": now(), **felt}.items():
        setattr(rad, navn, verdi)


# --- telephones ------------------------------------------------------------------------------------------


def test_et_nummer_legges_til_og_personen_faar_vite_det(scene: Scene, som: Som, opptak: Opptak) -> None:
    svar_ = som(scene.lege).post(
        "/varsler/kanaler", data={"kanal": "sms", "nummer": "900 00 123", "navn": " Privat "}
    )
    assert (svar_.status_code, svar_.headers["Location"]) == (303, "/varsler/valg#kanaler")
    (k,) = egne(scene.lege)
    assert (k.kanal, k.adresse, k.navn, k.bevist) == ("sms", "+4790000123", "Privat", None)
    (b,) = brev()
    til = db.session.get_one(Person, scene.lege.person_id)
    assert b.til == til.epost and "SMS +47•••••123 er lagt til" in b.tekst and "900" not in b.tekst
    (innslag,) = revisjon("varsler.kanal_lagt_til")
    assert (innslag.objekt_id, innslag.person_id) == (str(k.id), scene.lege.person_id)
    assert ("varsler.endret", {"person_id": scene.lege.person_id}) in opptak.hendelser
    html = som(scene.lege).get("/varsler/valg").text
    assert "Privat" in html and "900 00 123" in html and "Ikke bekreftet ennå" in html


@pytest.mark.parametrize(
    ("kanal", "nummer", "blir"),
    [
        ("sms", "40000000", "+4740000000"),
        ("sms", "+47 900 00 123", "+4790000123"),
        ("sms", "0046 70 123 45 67", "+46701234567"),
        ("tale", "22 00 00 00", "+4722000000"),
    ],
)
def test_numre_skrives_som_e164(scene: Scene, som: Som, kanal: str, nummer: str, blir: str) -> None:
    assert (
        som(scene.lege).post("/varsler/kanaler", data={"kanal": kanal, "nummer": nummer}).status_code == 303
    )
    assert [k.adresse for k in egne(scene.lege)] == [blir]


@pytest.mark.parametrize(
    ("felt", "melding"),
    [
        ({"nummer": "113"}, "8 sifre"),
        ({"nummer": "90000"}, "8 sifre"),
        ({"nummer": "+4790000"}, "8 sifre"),
        ({"nummer": "ring meg"}, "8 sifre"),
        ({"nummer": ""}, "8 sifre"),
        ({"nummer": "22 00 00 00"}, "mobilnumre"),
        ({"nummer": "820 00 000", "kanal": "tale"}, "kan ikke brukes"),
        ({"nummer": "90000000", "kanal": "push"}, "Velg SMS eller oppringing"),
        ({"nummer": "90000000", "kanal": "epost"}, "Velg SMS eller oppringing"),
        ({"nummer": "90000000", "navn": "x" * 81}, "for lang"),
        ({"nummer": "90000000", "rolle": "x"}, "finnes ikke"),
    ],
)
def test_gale_numre_avvises_med_grunn(
    scene: Scene, som: Som, opptak: Opptak, felt: dict[str, str], melding: str
) -> None:
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar_ = klient.post("/varsler/kanaler", data={"kanal": "sms", **felt})
    assert svar_.status_code == 422 and melding in svar_.text
    # What was written still stands there.
    assert f'value="{felt["nummer"]}"' in svar_.text


def test_uten_port_sies_det_og_nummeret_tas_ikke_imot(
    scene: Scene, som: Som, app: Flask, opptak: Opptak
) -> None:
    sett_innstillinger(app.config["INNSTILLINGER"])
    klient = som(scene.lege)
    html = klient.get("/varsler/valg").text
    assert "ikke satt opp for SMS eller oppringing" in html and 'name="nummer"' not in html
    with uten_spor(opptak):
        svar_ = klient.post("/varsler/kanaler", data={"kanal": "sms", "nummer": "90000000"})
    assert svar_.status_code == 422


def test_samme_nummer_en_gang_men_igjen_naar_det_er_fjernet(scene: Scene, opptak: Opptak) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000")
    with uten_spor(opptak), pytest.raises(UgyldigData):
        kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000")
    kanaler.legg_til(scene.lege, Kanal.TALE, "+4790000000")
    kanaler.legg_til(scene.kollega, Kanal.SMS, "+4790000000")
    kanaler.fjern(scene.lege, id_)
    assert kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000") != id_
    assert len(egne(scene.lege)) == 2


def test_ikke_saa_mange_kanaler_at_det_blir_misbruk(scene: Scene, opptak: Opptak) -> None:
    for nummer in range(kanaler.MAKS_KANALER):
        kanaler.legg_til(scene.lege, Kanal.SMS, f"+4790000{nummer:03}")
    with uten_spor(opptak), pytest.raises(UgyldigData):
        kanaler.legg_til(scene.lege, Kanal.SMS, "+4790009999")


def test_aa_fjerne_stopper_det_som_er_paa_vei_og_sier_fra(scene: Scene, som: Som) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000")
    varsel = fortell(scene.lege, bare={Kanal.SMS, Kanal.EPOST})
    assert som(scene.lege).post(f"/varsler/kanaler/{id_}/fjern").status_code == 303
    assert egne(scene.lege) == []
    assert {u.kanal: u.stoppet is not None for u in utsendinger(varsel)} == {"epost": False, "sms": True}
    assert [b.emne.split()[1] for b in sorted(brev(), key=lambda b: b.opprettet)] == [
        "varslingskanal",
        "fjernet",
    ]
    assert [r.handling for r in revisjon(objekt=id_)] == ["varsler.kanal_lagt_til", "varsler.kanal_fjernet"]


def test_navn_kan_endres(scene: Scene, som: Som) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000")
    klient = som(scene.lege)
    assert klient.post(f"/varsler/kanaler/{id_}/navn", data={"navn": "Vaktmobil"}).status_code == 303
    assert egne(scene.lege)[0].navn == "Vaktmobil"
    assert klient.post(f"/varsler/kanaler/{id_}/navn", data={"navn": "x" * 81}).status_code == 422


def test_andres_kanaler_finnes_ikke(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000", navn="Min egen")
    for aktor in (scene.kollega, scene.administrator, scene.systemadministrator):
        klient = som(aktor)
        for hva, data in (("fjern", {}), ("navn", {"navn": "x"}), ("proev", {})):
            with uten_spor(opptak, avslag=1):
                assert klient.post(f"/varsler/kanaler/{id_}/{hva}", data=data).status_code == 404
        assert "Min egen" not in klient.get("/varsler/valg").text
    assert {r.handling for r in revisjon(objekt=id_) if r.utfall == "avslag"} == {"varsler.endre_kanal"}
    kanaler.fjern(scene.lege, id_)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        kanaler.fjern(scene.lege, id_)


# --- browsers --------------------------------------------------------------------------------------------


def test_en_nettleser_abonnerer(scene: Scene, som: Som) -> None:
    felt = nettleser()
    svar_ = som(scene.lege).post("/varsler/kanaler/nettleser", data=felt, headers=JSON)
    assert svar_.status_code == 201
    (k,) = egne(scene.lege)
    assert svar_.json == {"id": str(k.id)}
    assert (k.kanal, k.adresse, k.data) == (
        "push",
        felt["adresse"],
        {"p256dh": felt["p256dh"], "auth": felt["auth"]},
    )
    html = som(scene.lege).get("/varsler/valg").text
    # The page shows whose service it is, and never the secret address.
    assert "push.eksempel.example" in html and felt["adresse"] not in html
    assert f'data-noekkel="{push.offentlig_noekkel()}"' in html


def test_samme_nettleser_igjen_faar_nye_noekler(scene: Scene, som: Som) -> None:
    klient = som(scene.lege)
    for navn in ("Første", ""):
        felt = nettleser(navn=navn)
        klient.post("/varsler/kanaler/nettleser", data=felt, headers=JSON)
    (k,) = egne(scene.lege)
    assert (k.data["p256dh"], k.navn) == (felt["p256dh"], "Første")
    assert len(brev()) == 1


def test_en_nettleser_er_den_sin_som_er_logget_inn_i_den(scene: Scene, som: Som) -> None:
    """A shared computer: what the former user is told is no longer shown on its screen, and she is told so."""
    som(scene.lege).post("/varsler/kanaler/nettleser", data=nettleser(), headers=JSON)
    varsel = fortell(scene.lege, bare={Kanal.PUSH})
    som(scene.kollega).post("/varsler/kanaler/nettleser", data=nettleser(), headers=JSON)
    assert egne(scene.lege) == [] and len(egne(scene.kollega)) == 1
    assert [u.stoppet is not None for u in utsendinger(varsel)] == [True]
    til = db.session.get_one(Person, scene.lege.person_id).epost
    assert [b.emne.split()[1] for b in sorted(brev(), key=lambda b: b.opprettet) if b.til == til] == [
        "varslingskanal",
        "fjernet",
    ]


@pytest.mark.parametrize(
    "endret",
    [
        {"adresse": "ftp://push.eksempel.example/a"},
        {"adresse": "https://bruker@push.eksempel.example/a"},
        {"adresse": "https://"},
        {"adresse": f"https://push.eksempel.example/{'a' * 800}"},
        {"p256dh": "AAAA"},
        {"p256dh": urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode()},
        {"auth": "AAAA"},
        {"auth": "æ"},
        {"ukjent": "1"},
    ],
)
def test_et_abonnement_som_ikke_kan_brukes_avvises(
    scene: Scene, som: Som, opptak: Opptak, endret: dict[str, str]
) -> None:
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar_ = klient.post("/varsler/kanaler/nettleser", data=nettleser(**endret), headers=JSON)
    assert svar_.status_code == 422 and svar_.json["felter"]


def test_nettleseren_faar_en_ny_adresse(scene: Scene, som: Som, opptak: Opptak) -> None:
    """`pushsubscriptionchange`: what was proven of the old address is not proven of the new one."""
    gammel = nettleser()["adresse"]
    id_ = kanaler.legg_til(scene.lege, Kanal.PUSH, gammel, data=noekler())
    _bevis(id_)
    ny = nettleser(adresse="https://push.eksempel.example/ny", gammel=gammel, navn="")
    klient, fremmed = som(scene.lege), som(scene.kollega)
    hentet = klient.get("/varsler/kanaler/nettleser", headers=JSON).json
    assert hentet["noekkel"] == push.offentlig_noekkel() and hentet["csrf"]
    with uten_spor(opptak):
        assert fremmed.post("/varsler/kanaler/nettleser/bytt", data=ny).status_code == 404
    assert klient.post("/varsler/kanaler/nettleser/bytt", data=ny).status_code == 204
    (k,) = egne(scene.lege)
    assert (k.id, k.adresse, k.bevist, k.data["auth"]) == (id_, ny["adresse"], None, ny["auth"])


def test_nye_noekler_for_samme_adresse_er_ikke_bevist(scene: Scene, opptak: Opptak) -> None:
    adresse, foerst = nettleser()["adresse"], noekler()
    id_ = kanaler.legg_til(scene.lege, Kanal.PUSH, adresse, data=foerst, navn="Kontoret")
    _bevis(id_)
    with uten_spor(opptak):
        assert kanaler.legg_til(scene.lege, Kanal.PUSH, adresse, data=foerst) == id_
    assert kanaler.legg_til(scene.lege, Kanal.PUSH, adresse, data={**foerst, "auth": "ny"}) == id_
    (k,) = egne(scene.lege)
    assert (k.bevist, k.data["auth"], k.navn) == (None, "ny", "Kontoret")
    (rad,) = revisjon("varsler.kanal_endret", objekt=id_)
    assert rad.person_id == scene.lege.person_id and "ny" not in str(rad.detaljer)


def test_et_nummer_som_ikke_er_bevist_advares_det_mot(scene: Scene, som: Som) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000000")
    klient = som(scene.lege)
    assert "data-ubevist" in klient.get("/varsler/valg").text
    _bevis(id_)
    assert "data-ubevist" not in klient.get("/varsler/valg").text


@transactional
def _bevis(id_: UUID) -> None:
    db.session.get_one(Varselkanal, id_).bevist = now()


def test_tjenestearbeideren_staar_i_rota_og_er_aapen(app: Flask, klient: FlaskClient) -> None:
    """Browsers look for a newer one also when nobody is logged in; it holds no secret."""
    svar_ = klient.get("/sw.js")
    assert svar_.status_code == 200 and svar_.mimetype == "text/javascript"
    assert svar_.headers["Service-Worker-Allowed"] == "/"
    assert svar_.headers["Cache-Control"] == "no-store"
    assert "notificationclick" in svar_.text and "pushsubscriptionchange" in svar_.text
    # It is one file: a classic worker imports nothing.
    assert not re.search(r"\b(import|export)\b", svar_.text)


# --- the round trip --------------------------------------------------------------------------------------


def test_proev_gaar_paa_den_ene_kanalen_med_en_gang_ogsaa_i_hviletid(scene: Scene, som: Som) -> None:
    valgt = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000001")
    kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000002")
    kanaler.sett_ro(scene.lege, "00:00", "23:59", akutt_bryter=False, kanari_vekker=False)
    svar_ = som(scene.lege).post(f"/varsler/kanaler/{valgt}/proev")
    assert svar_.headers["Location"] == f"/varsler/valg#kanal-{valgt}"
    (u,) = [u for u in utsendinger() if u.varsel_id]
    assert (u.kanal, u.til, u.varselkanal_id) == ("sms", "+4790000001", valgt)
    assert u.neste <= now() and u.foerst <= now()
    v = db.session.get_one(Varsel, u.varsel_id)
    assert v.kode == kanaler.PROEVE
    # The bell does not ring for what one has asked for oneself.
    assert bjelle.hent_bjelle(scene.lege).antall == 0


def test_siden_forteller_hvordan_det_gaar_med_proeven(scene: Scene, som: Som) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000001", navn="Mobilen")
    klient = som(scene.lege)

    def side() -> str:
        return som(scene.lege).get("/varsler/valg").text

    assert "Ingen kanal som vekker, er bevist det siste døgnet" in side()
    klient.post(f"/varsler/kanaler/{id_}/proev")
    assert 'data-stand="venter"' in side()
    (u,) = [u for u in utsendinger() if u.varsel_id]
    sendt(u.id)
    html = side()
    assert "Sendt – venter på svar." in html and "Svar 1 på meldingen." in html
    svar(u.id, id_)
    html = side()
    assert 'data-stand="bekreftet"' in html and re.search(r"Bekreftet \d+\. \w+\.? kl\. \d\d:\d\d", html)
    assert "Du kan vekkes: Mobilen bevist" in html
    with om(hours=25):
        assert "Ingen kanal som vekker, er bevist" in side()


def test_en_proeve_som_ikke_kom_fram_sier_hvorfor(scene: Scene, som: Som) -> None:
    som(scene.lege).post("/varsler/kanaler/epost/proev")
    (u,) = utsendinger()
    sendt(u.id, sendt=None, oppgitt=now(), feil="550 no such user")
    assert "Kom ikke fram: 550 no such user" in som(scene.lege).get("/varsler/valg").text


def test_epost_kan_proeves_men_vekker_ingen(scene: Scene, som: Som) -> None:
    assert som(scene.lege).post("/varsler/kanaler/epost/proev").status_code == 303
    (u,) = utsendinger()
    assert (u.kanal, u.varselkanal_id) == ("epost", None)
    svar(u.id, None)
    html = som(scene.lege).get("/varsler/valg").text
    assert 'data-stand="bekreftet"' in html and "Ingen kanal som vekker, er bevist" in html


def test_en_bevist_kanal_som_ikke_er_valgt_for_akutt_vekker_ikke(scene: Scene) -> None:
    """The same answer as the readiness check gives."""
    lag_kanal(scene.lege, Kanal.SMS)
    assert scene.lege.person_id
    valgt = {"akutt": ["epost", "sms"], "haster": ["epost"], "vanlig": []}
    for kanaler_, kan in ((["epost", "sms"], True), (["epost"], False)):
        kanaler.sett_valg(scene.lege, {**valgt, "akutt": kanaler_})
        assert (kanaler.hent_vekking(scene.lege) is not None) is kan
        assert steps.bevist_kanal(scene.lege.person_id, now() - timedelta(hours=24)) is kan


def test_det_proeves_ikke_saa_ofte_at_det_blir_plage(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000001")
    annen = kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000002")
    klient = som(scene.lege)
    assert klient.post(f"/varsler/kanaler/{id_}/proev").status_code == 303
    with uten_spor(opptak):
        svar_ = klient.post(f"/varsler/kanaler/{id_}/proev")
    assert svar_.status_code == 429 and "Du har nettopp prøvd" in svar_.text
    assert klient.post(f"/varsler/kanaler/{annen}/proev").status_code == 303
    for runde in range(kanaler.MAKS_PROEVER - 2):
        with om(minutes=1 + runde):
            kanaler.proev(scene.lege, id_)
    with om(minutes=20), pytest.raises(ForMange) as feil:
        kanaler.proev(scene.lege, id_)
    assert 39 * 60 < feil.value.detaljer["vent"] <= 40 * 60 + 1
    with om(minutes=61):
        kanaler.proev(scene.lege, id_)


# --- choices ---------------------------------------------------------------------------------------------


def test_uten_valg_gjelder_standarden_og_skjemaet_viser_den(scene: Scene, som: Som) -> None:
    html = som(scene.lege).get("/varsler/valg").text
    merket = set(re.findall(r'name="(akutt|haster|vanlig)" value="(\w+)"[^>]*checked', html))
    assert {k for h, k in merket if h == "akutt"} == {str(k) for k in Kanal}
    assert {k for h, k in merket if h == "vanlig"} == {"epost", "push"}


def test_valgene_gjelder_for_det_som_varsles_etterpaa(scene: Scene, som: Som) -> None:
    kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000001")
    klient = som(scene.lege)
    data = {"akutt": ["sms"], "haster": ["epost", "sms"]}
    assert klient.post("/varsler/valg", data=data).status_code == 303
    for hastegrad, gaar in (("akutt", ["sms"]), ("haster", ["epost", "sms"]), ("vanlig", [])):
        varsel = fortell(scene.lege, hastegrad=hastegrad, bare=None)
        assert [u.kanal for u in utsendinger(varsel)] == gaar
    # Changed again, it is the last that counts.
    klient.post("/varsler/valg", data={"akutt": ["epost"], "vanlig": ["sms"]})
    varsel = fortell(scene.lege, hastegrad="akutt", bare=None)
    assert [u.kanal for u in utsendinger(varsel)] == ["epost"]
    assert len(revisjon("varsler.valg_endret")) == 2


@pytest.mark.parametrize(
    "data",
    [{"haster": ["epost"]}, {"akutt": ["due"]}, {"akutt": ["epost"], "x": ["1"]}, {"akutt": ["epost"] * 5}],
)
def test_gale_valg_avvises(scene: Scene, som: Som, opptak: Opptak, data: dict[str, list[str]]) -> None:
    klient = som(scene.lege)
    with uten_spor(opptak):
        assert klient.post("/varsler/valg", data=data).status_code == 422


def test_hviletiden_lagres_og_utsetter_det_som_ikke_er_akutt(scene: Scene, som: Som) -> None:
    kanaler.legg_til(scene.lege, Kanal.SMS, "+4790000001")
    klient = som(scene.lege)
    data = {"fra": "00:00", "til": "23:59:00", "akutt_bryter": "1"}
    assert klient.post("/varsler/ro", data=data).status_code == 303
    html = klient.get("/varsler/valg").text
    assert 'value="00:00"' in html and 'value="23:59"' in html
    haster, akutt = (fortell(scene.lege, hastegrad=h, bare={Kanal.SMS}) for h in ("haster", "akutt"))
    assert utsendinger(haster)[0].neste > now() >= utsendinger(akutt)[0].neste
    assert klient.post("/varsler/ro", data={"fra": "", "til": "", "kanari_vekker": "1"}).status_code == 303
    db.session.rollback()
    db.session.expire_all()
    oppsett = kanaler.hent_oppsett(scene.lege)
    assert (oppsett.fra, oppsett.til, oppsett.akutt_bryter, oppsett.kanari_vekker) == ("", "", False, True)


@pytest.mark.parametrize(
    "data",
    [
        {"fra": "22:00", "til": ""},
        {"fra": "", "til": "07:00"},
        {"fra": "22:00", "til": "22:00"},
        {"fra": "25:00", "til": "07:00"},
        {"fra": "kl 22", "til": "07:00"},
        {"fra": "22:00", "til": "07:00", "x": "1"},
    ],
)
def test_gal_hviletid_avvises(scene: Scene, som: Som, opptak: Opptak, data: dict[str, str]) -> None:
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar_ = klient.post("/varsler/ro", data=data)
    assert svar_.status_code == 422 and "feiloppsummering" in svar_.text


# --- doors -----------------------------------------------------------------------------------------------


def test_bare_egne_valg_og_ingen_for_den_som_ikke_er_innlogget(scene: Scene, klient: FlaskClient) -> None:
    for sti in ("/varsler", "/varsler/valg", "/varsler/bjelle", "/varsler/kanaler/nettleser"):
        svar_ = klient.get(sti, headers=JSON)
        assert svar_.status_code == 401, sti
    for sti in (
        *("/varsler/kanaler", "/varsler/kanaler/nettleser", "/varsler/kanaler/epost/proev", "/varsler/ro"),
        f"/varsler/kanaler/{uuid4()}/proev",
    ):
        assert klient.post(sti, headers=JSON).status_code == 401, sti


def test_siden_finnes_fra_kontoen_og_i_menyen(scene: Scene, som: Som) -> None:
    assert som(scene.lege).get("/konto").text.count('href="/varsler/valg"') == 3
