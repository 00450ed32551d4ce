"""The answers: by link, press, key and reply. Each says «seen» once, proves the channel, and takes no case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.henvendelser.forloep import Status
from portal.varsler import steps
from portal.varsler.models import Kanal, Varsel, Varselkanal, Varselvalg
from portal.varsler.service import kvittering, levering
from tests.bygg import Opptak, Scene, alle_rader, lagre, revisjon
from tests.vakthjelp import lag_kanal
from tests.varsler.test_kanaler import en, rader, stopp, varsle
from tests.varsler.tjenere import oppsett, porten, posttjener, pushtjenesten, svar_fra_porten

NUMMER = "+4790000010"


@pytest.fixture
def klokke(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime.now(UTC), tick=False) as reise:
        yield reise


def les_varsel(id_: UUID) -> Varsel:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Varsel, id_)


def les_kanal(kanal: Varselkanal) -> Varselkanal:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Varselkanal, kanal.id)


def sti_i_brev(scene: Scene, **felt: Any) -> tuple[UUID, str]:
    """A notice that has gone out by e-mail, and the path in it."""
    with posttjener() as post:
        varsel_id = varsle(scene.spesialist, bare={Kanal.EPOST}, **felt)
        levering.lever()
        funnet = re.search(r"http://127\.0\.0\.1:5000(/kvitter/\S+)", post.mottatt[-1].get_content())
    assert funnet
    return varsel_id, funnet[1]


# --- the link ----------------------------------------------------------------------------------------------


def test_lenka_viser_og_knappen_kvitterer(scene: Scene, klient: FlaskClient, opptak: Opptak) -> None:
    varsel_id, sti = sti_i_brev(scene)
    foer = alle_rader()
    for _ in range(2):
        side = klient.get(sti)
        assert side.status_code == 200 and "Ny akutt henvendelse til Geriatri fra Eigersund" in side.text
        assert "Jeg har sett det" in side.text and side.headers["Cache-Control"] == "no-store"
        assert 'name="referrer" content="no-referrer"' in side.text
    assert alle_rader() == foer, "mail scanners open links: to open one acknowledges nothing"
    opptak.hendelser.clear()
    svar = klient.post(sti)
    assert (svar.status_code, svar.headers["Location"]) == (303, sti)
    side = klient.get(sti)
    assert "Kvittert" in side.text and "Jeg har sett det" not in side.text
    varsel = les_varsel(varsel_id)
    assert varsel.kvittert and varsel.kvittert_kanal == "epost" and varsel.lest is None
    assert en("epost").kvittert
    assert ("varsler.endret", {"person_id": scene.spesialist.person_id}) in opptak.hendelser
    (innslag,) = revisjon("varsler.kvittert")
    assert innslag.person_id == scene.spesialist.person_id and innslag.person_navn == scene.spesialist.navn
    assert innslag.organisasjon_id == scene.hf.id
    assert json.loads(innslag.detaljer) == {"kanal": "epost", "kode": "henvendelse.ny"}


def test_to_ganger_er_en_gang(scene: Scene, klient: FlaskClient, opptak: Opptak) -> None:
    _, sti = sti_i_brev(scene)
    assert klient.post(sti, headers={"Accept": "application/json"}).json == {"ok": True, "kvittert": True}
    foer = alle_rader()
    opptak.hendelser.clear()
    assert klient.post(sti, headers={"Accept": "application/json"}).json == {"ok": True, "kvittert": False}
    assert alle_rader() == foer and opptak.hendelser == []


def test_et_token_som_ikke_finnes(scene: Scene, klient: FlaskClient) -> None:
    _, sti = sti_i_brev(scene)
    for feil in (sti[:-1], "/kvitter/x", "/kvitter/None", sti + "x"):
        for metode in ("GET", "POST"):
            svar = klient.open(feil, method=metode)
            assert svar.status_code == 404 and "Lenken gjelder ikke" in svar.text
    assert klient.post("/kvitter/x", headers={"Accept": "application/json"}).status_code == 404
    assert en("epost").kvittert is None
    with pytest.raises(IkkeFunnet):
        kvittering.kvitter("x")


def test_en_laast_skjerm_og_en_annen_innlogget_hindrer_ikke(scene: Scene, som: Any) -> None:
    varsel_id, sti = sti_i_brev(scene)
    annen = som(scene.lege)
    annen.post("/laas/skjermen")
    assert annen.get("/henvendelser/").headers["Location"].startswith("/laas"), "the screen is locked"
    assert annen.get(sti).status_code == 200 and annen.post(sti).status_code == 303
    assert les_varsel(varsel_id).kvittert
    (innslag,) = revisjon("varsler.kvittert")
    assert innslag.person_id == scene.spesialist.person_id, "whose notice it is, not who is logged in"


def test_det_som_er_stoppet_sier_det(scene: Scene, klient: FlaskClient) -> None:
    varsel_id, sti = sti_i_brev(scene)
    stopp()
    assert "ikke aktuelt lenger" in klient.get(sti).text
    assert klient.post(sti).status_code == 303
    assert les_varsel(varsel_id).kvittert


def test_en_kvittering_tar_ikke_saken_og_stanser_resten(scene: Scene, klient: FlaskClient) -> None:
    sak = scene.send(hastegrad="akutt")
    telefoner = [(Kanal.SMS, NUMMER), (Kanal.TALE, NUMMER)]
    with posttjener(), porten() as telenett:
        varsel_id = varsle(scene.spesialist, gjelder=f"henvendelse:{sak}", telefoner=telefoner)
        assert levering.ta_neste(Kanal.SMS) is not None  # on its way already
        assert klient.post(f"/kvitter/{_token(varsel_id)}").status_code == 303
        levering.lever()
        assert telenett.kall == []
    assert scene.les(sak).status == Status.NY and scene.les(sak).ansvarlig_id is None
    assert {r.kanal: r.stoppet is not None for r in rader() if r.varsel_id == varsel_id} == {
        "epost": False,
        "sms": True,
        "tale": True,
    }


def _token(varsel_id: UUID) -> str:
    """The token of a notice's letter that has not left yet."""
    (rad,) = [r for r in rader("epost") if r.varsel_id == varsel_id]
    funnet = re.search(r"/kvitter/(\S+)", rad.tekst)
    assert funnet
    return funnet[1]


def test_to_paa_en_gang_kvitterer_en_gang(scene: Scene, app: Flask) -> None:
    _, sti = sti_i_brev(scene)
    start, utfall = Barrier(4), []

    def trykk() -> None:
        with app.app_context():
            start.wait()
            utfall.append(kvittering.kvitter(sti.removeprefix("/kvitter/")))

    traader = [Thread(target=trykk) for _ in range(4)]
    for t in traader:
        t.start()
    for t in traader:
        t.join(30)
    assert sorted(utfall) == [False, False, False, True]
    assert len(revisjon("varsler.kvittert")) == 1


# --- the push ------------------------------------------------------------------------------------------------


def test_et_trykk_paa_pushen_beviser_nettleseren(scene: Scene, klient: FlaskClient) -> None:
    with pushtjenesten() as pushen:
        leser = pushen.abonner()
        kanal = lag_kanal(scene.spesialist, Kanal.PUSH, leser.endepunkt, data=leser.data, bevist=None)
        varsel_id = varsle(scene.spesialist, bare={Kanal.PUSH})
        assert levering.lever() == 1
        (vist,) = pushen.til(leser)
    foer = now()
    assert not bevist(scene, foer)
    svar = klient.post(
        vist["kvitter"].removeprefix("http://127.0.0.1:5000"), headers={"Accept": "application/json"}
    )
    assert svar.json == {"ok": True, "kvittert": True}
    assert les_kanal(kanal).bevist and les_varsel(varsel_id).kvittert_kanal == "push"
    assert bevist(scene, foer)


def bevist(scene: Scene, siden: datetime) -> bool:
    assert scene.spesialist.person_id
    db.session.rollback()
    return steps.bevist_kanal(scene.spesialist.person_id, siden)


def test_bevist_er_en_kanal_som_finnes_og_er_valgt_for_akutt(scene: Scene) -> None:
    kanal = lag_kanal(scene.spesialist, Kanal.SMS, NUMMER)
    siden = now() - timedelta(hours=24)
    assert not bevist(scene, siden), "no gateway: nobody is woken by it"
    with porten():
        assert bevist(scene, siden)
        assert not bevist(scene, now() + timedelta(seconds=1))
        assert scene.spesialist.person_id
        lagre(Varselvalg(person_id=scene.spesialist.person_id, hastegrad="akutt", kanaler=["epost", "push"]))
        assert not bevist(scene, siden), "the person is not woken by text messages"
        lag_kanal(scene.spesialist, Kanal.PUSH, "https://push.example/1", bevist=None)
        assert not bevist(scene, siden)
        assert kanal.bevist


# --- the gateway: a key press, a reply -----------------------------------------------------------------------


def test_et_tastetrykk(scene: Scene, klient: FlaskClient) -> None:
    kanal = lag_kanal(scene.spesialist, Kanal.TALE, NUMMER, bevist=None)
    with porten() as telenett:
        varsel_id = varsle(scene.spesialist, bare={Kanal.TALE})
        levering.lever()
        (ringt,) = telenett.meldinger("tale")
        for svar in ("2", "", "nei"):
            assert svar_fra_porten(klient, {"id": ringt["id"], "svar": svar}).json == {
                "ok": True,
                "kvittert": False,
            }
        assert les_varsel(varsel_id).kvittert is None
        assert svar_fra_porten(klient, {"id": ringt["id"], "svar": "1"}).json == {
            "ok": True,
            "kvittert": True,
        }
        assert svar_fra_porten(klient, {"id": ringt["id"], "svar": "1"}).json == {
            "ok": True,
            "kvittert": False,
        }
        assert svar_fra_porten(klient, {"id": str(uuid4()), "svar": "1"}).json == {
            "ok": True,
            "kvittert": False,
        }
    assert les_varsel(varsel_id).kvittert_kanal == "tale" and les_kanal(kanal).bevist


@pytest.mark.parametrize("tekst", ["1", " 1. ", "OK", "ok!", "Ja", "JA ", "«1»"])
def test_et_svar_paa_sms(scene: Scene, klient: FlaskClient, tekst: str) -> None:
    kanal = lag_kanal(scene.spesialist, Kanal.SMS, NUMMER, bevist=None)
    with porten():
        varsel_id = varsle(scene.spesialist, bare={Kanal.SMS})
        assert svar_fra_porten(klient, {"fra": NUMMER, "tekst": tekst}).json == {
            "ok": True,
            "kvittert": False,
        }
        levering.lever()
        assert svar_fra_porten(klient, {"fra": NUMMER, "tekst": tekst}).json == {"ok": True, "kvittert": True}
    assert les_varsel(varsel_id).kvittert_kanal == "sms" and les_kanal(kanal).bevist


@pytest.mark.parametrize("tekst", ["", "nei", "11", "1 2", "hvem er dette", "kan ikke"])
def test_et_svar_som_ikke_er_et_ja(scene: Scene, klient: FlaskClient, tekst: str) -> None:
    with porten():
        varsel_id = varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
        levering.lever()
        assert svar_fra_porten(klient, {"fra": NUMMER, "tekst": tekst}).json == {
            "ok": True,
            "kvittert": False,
        }
    assert les_varsel(varsel_id).kvittert is None


@pytest.mark.parametrize("fra", ["4790000010", "90000010", "0047 900 00 010", "+47 900 00 010"])
def test_numre_skrives_paa_mange_maater(scene: Scene, klient: FlaskClient, fra: str) -> None:
    with porten():
        varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "900 00 010")])
        levering.lever()
        assert svar_fra_porten(klient, {"fra": fra, "tekst": "1"}).json["kvittert"] is True
        assert svar_fra_porten(klient, {"fra": "ingen", "tekst": "1"}).json["kvittert"] is False


def test_et_svar_gjelder_den_nyeste_til_det_nummeret_innen_et_doegn(
    scene: Scene, klient: FlaskClient, klokke: time_machine.Traveller
) -> None:
    with porten():
        ider = []
        for _ in range(3):
            ider.append(varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)]))
            varsle(scene.spesialist2, bare=(), telefoner=[(Kanal.SMS, "+4790000011")])
            levering.lever()
            klokke.shift(12 * 3600)
        kvitterte = [[les_varsel(i).kvittert is not None for i in ider]]
        for n in range(4):
            svar = svar_fra_porten(klient, {"fra": NUMMER, "tekst": "1", "svar_id": f"s{n}"})
            assert svar.json["kvittert"] is (n < 1), "two are older than a day"
            kvitterte.append([les_varsel(i).kvittert is not None for i in ider])
    assert kvitterte == [[False] * 3, *[[False, False, True]] * 4]
    assert all(r.kvittert is None for r in rader() if r.til == "+4790000011")


def test_det_samme_svaret_en_gang_til_kvitterer_ikke_for_et_annet(scene: Scene, klient: FlaskClient) -> None:
    """A gateway that tells twice of one reply: the older notice stays unanswered."""
    with porten():
        eldst = varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
        levering.lever()
        nyest = varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
        levering.lever()
        svar = {"fra": NUMMER, "tekst": "1", "svar_id": "abc"}
        assert svar_fra_porten(klient, svar).json["kvittert"] is True
        assert svar_fra_porten(klient, svar).json["kvittert"] is False
        # Signed anew, a second later.
        assert svar_fra_porten(klient, svar, for_sent=1).json["kvittert"] is False
        assert (les_varsel(nyest).kvittert is not None, les_varsel(eldst).kvittert) == (True, None)
        assert svar_fra_porten(klient, {**svar, "svar_id": "def"}).json["kvittert"] is True
    assert les_varsel(eldst).kvittert


def test_uten_svar_id_er_signaturen_svarets_navn(
    scene: Scene, klient: FlaskClient, klokke: time_machine.Traveller
) -> None:
    with porten():
        for _ in range(2):
            varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
            levering.lever()
        svar = {"fra": NUMMER, "tekst": "1"}
        assert svar_fra_porten(klient, svar).json["kvittert"] is True
        assert svar_fra_porten(klient, svar).json["kvittert"] is False, "replayed as it was"
        klokke.shift(1)
        assert svar_fra_porten(klient, svar).json["kvittert"] is True


def test_et_svar_paa_sms_kvitterer_ikke_for_en_oppringing(scene: Scene, klient: FlaskClient) -> None:
    with porten():
        sms = varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
        levering.lever()
        tale = varsle(scene.spesialist, bare=(), telefoner=[(Kanal.TALE, NUMMER)])
        levering.lever()
        assert svar_fra_porten(klient, {"fra": NUMMER, "tekst": "1"}).json["kvittert"] is True
    assert (les_varsel(sms).kvittert is not None, les_varsel(tale).kvittert) == (True, None)


# --- who may speak for the gateway ---------------------------------------------------------------------------


def test_bare_den_som_har_noekkelen(scene: Scene, klient: FlaskClient) -> None:
    with porten():
        varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
        levering.lever()
        foer = alle_rader()
        svar = {"fra": NUMMER, "tekst": "1"}
        for galt in (
            {"noekkel": "x" * 40},
            {"noekkel": ""},
            {"for_sent": 301},
            {"for_sent": -301},
            {"endret": b" "},
        ):
            avvist = svar_fra_porten(klient, svar, **galt)
            assert avvist.status_code == 401 and avvist.json["kode"] == "signatur", galt
        for hoder in ({}, {"Portal-Tid": "nå", "Portal-Signatur": "å"}, {"Portal-Tid": "9" * 30}):
            assert (
                klient.post(
                    "/varsler/svar", json=svar, headers={**hoder, "Accept": "application/json"}
                ).status_code
                == 401
            )
        assert alle_rader() == foer
        assert svar_fra_porten(klient, svar, for_sent=290).json["kvittert"] is True
    # Where there is no gateway, nobody speaks for it: not with an empty key either.
    with oppsett(varselnoekkel=""):
        assert svar_fra_porten(klient, svar, noekkel="").status_code == 401


def test_portalens_egne_meldinger_kan_ikke_kastes_tilbake(scene: Scene, klient: FlaskClient) -> None:
    """What the portal signed for the gateway is no answer, though the signature holds."""
    with porten() as telenett:
        varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, NUMMER)])
        levering.lever()
        kall = telenett.kall[0]
    with oppsett(varselnoekkel=kall.hoder["authorization"].removeprefix("Bearer ")):
        svar = klient.post(
            "/varsler/svar",
            data=kall.kropp,
            headers={
                "Portal-Tid": kall.hoder["portal-tid"],
                "Portal-Signatur": kall.hoder["portal-signatur"],
                "Accept": "application/json",
            },
        )
    assert svar.status_code == 422 and en("sms").kvittert is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b"[" * 4000, 422),
        ({}, 422),
        ({"id": "ingen", "svar": "1"}, 422),
        ({"id": str(uuid4())}, 422),
        ({"id": str(uuid4()), "svar": "1", "fra": NUMMER, "tekst": "1"}, 422),
        ({"fra": NUMMER, "tekst": "1", "mer": 1}, 422),
        ({"fra": NUMMER, "tekst": "\x00"}, 422),
        ({"fra": [NUMMER], "tekst": "1"}, 422),
        ({"fra": NUMMER, "tekst": "1" * 2000}, 422),
        ({"fra": NUMMER, "tekst": "1" * 9000}, 413),
    ],
)
def test_et_svar_med_feil_form(app: Flask, klient: FlaskClient, data: Any, status: int) -> None:
    with porten():
        assert svar_fra_porten(klient, data).status_code == status


def test_csrf_gjelder_ikke_der_beviset_er_et_annet(scene: Scene, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        _, sti = sti_i_brev(scene)
        assert app.test_client().post(sti).status_code == 303
        with porten():
            assert svar_fra_porten(app.test_client(), {"fra": NUMMER, "tekst": "1"}).status_code == 200
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert db.session.scalar(sa.select(sa.func.count()).where(Varsel.kvittert.is_not(None))) == 1
