"""Reallocations as JSON: the same rules as on the pages, in the shape that the document promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.omdisponering.api import (
    BEHOVSKJEMA,
    BEHOVSLISTE,
    HEL_OMDSKJEMA,
    OMDLISTE,
    TILBUDSKJEMA,
    TILBUDSLISTE,
)
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Behov, Omdisponering
from tests.bygg import om
from tests.omdisponering.hjelp import DAG, LOV, Utlaan, lag_gulv, lag_lokale, lag_tilbud, lag_vedtak
from tests.plasser.test_api import som_lovet

Som = Callable[[Aktor], FlaskClient]
API = "/api/v1/omdisponering"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def test_behov_meldes_leses_og_lister(u: Utlaan, som: Som) -> None:
    mottaker, avgiver = som(u.mottaker), som(u.avgiver)
    kropp: dict[str, Any] = {
        "slag": "personell",
        "stilling": "lege",
        "antall": 1,
        "minst": 1,
        "kompetanse": 3,
        "fra": (now() + DAG).isoformat(),
        "til": (now() + 3 * DAG).isoformat(),
        "sted_id": str(u.scene.kommune.id),
        "hvorfor": "Legevakta mangler folk.",
    }
    svar = mottaker.post(f"{API}/behov", json=kropp)
    assert svar.status_code == 201, svar.get_json()
    nytt = svar.get_json()
    som_lovet(nytt, BEHOVSKJEMA)
    assert (nytt["status"], nytt["kompetanse"], nytt["fra"][-6:]) == ("aapent", 3, "+00:00")
    utkast = mottaker.post(f"{API}/behov", json={**kropp, "gjoer": "utkast"}).get_json()
    assert utkast["status"] == "utkast" and utkast["meldt"] is None
    assert avgiver.get(f"{API}/behov/{utkast['id']}").status_code == 404
    liste = avgiver.get(f"{API}/behov").get_json()
    som_lovet(liste, BEHOVSLISTE)
    assert {r["id"] for r in liste["rader"]} == {nytt["id"], str(u.behov.id)}
    egne = mottaker.get(f"{API}/behov?hvem=egne").get_json()["rader"]
    assert {r["id"] for r in egne} == {nytt["id"], utkast["id"], str(u.behov.id)}
    feil = mottaker.post(f"{API}/behov", json={**kropp, "minst": 5, "stilling": None})
    assert feil.status_code == 422 and set(feil.get_json()["felter"]) == {"minst", "stilling"}
    assert mottaker.post(f"{API}/behov", json={**kropp, "fra": "2026-11-21T10:00:00"}).status_code == 422
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Behov.id))) == 3


def test_tilbud_sier_hva_men_ikke_hvem(u: Utlaan, som: Som) -> None:
    person = lag_tilbud(u.personer[0], u.behov)
    lokale = lag_tilbud(lag_lokale(u.scene.hf, navn="Sengepost 3"))
    egne = som(u.avgiver).get(f"{API}/tilbud").get_json()
    som_lovet(egne, TILBUDSLISTE)
    assert {t["navn"] for t in egne["egne"]} == {"Máret Somby", "Sengepost 3"}
    andres = som(u.mottaker).get(f"{API}/tilbud")
    som_lovet(andres.get_json(), TILBUDSLISTE)
    assert {t["navn"] for t in andres.get_json()["andres"]} == {"", "Sengepost 3"}
    assert "Máret" not in andres.get_data(as_text=True)
    ett = som(u.mottaker).get(f"{API}/tilbud/{person.id}").get_json()
    som_lovet(ett, TILBUDSKJEMA)
    assert (ett["navn"], ett["stilling"], ett["sted"]) == ("", "sykepleier", u.scene.hf.kortnavn)
    bare = som(u.mottaker).get(f"{API}/tilbud?slag=lokale").get_json()["andres"]
    assert [t["id"] for t in bare] == [str(lokale.id)]


def test_godkjenne_det_en_har_lest_og_avslaa_med_grunn(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.FORESLAATT)
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    foer = mottaker.get(f"{API}/{id_}").get_json()
    som_lovet(foer, HEL_OMDSKJEMA)
    assert foer["side"] == "mottaker" and {li["navn"] for li in foer["linjer"]} == {""}
    for klient, lest, status in ((mottaker, foer["innhold_hash"], 409), (avgiver, "noe annet", 409)):
        assert klient.post(f"{API}/{id_}/godkjenn", json={"lest": lest}).status_code == status
    svar = avgiver.post(f"{API}/{id_}/godkjenn", json={"lest": foer["innhold_hash"]})
    assert svar.status_code == 200, svar.get_json()
    som_lovet(svar.get_json(), HEL_OMDSKJEMA)
    etter = mottaker.get(f"{API}/{id_}").get_json()
    assert etter["status"] == "godkjent_avgiver" and "Máret Somby" in {li["navn"] for li in etter["linjer"]}
    lest = etter["innhold_hash"]
    assert mottaker.post(f"{API}/{id_}/avslaa", json={"lest": lest, "grunn": " "}).status_code == 422
    svar = mottaker.post(f"{API}/{id_}/avslaa", json={"lest": lest, "grunn": "Vi fant egne."})
    assert (svar.status_code, svar.get_json()["status"]) == (200, "avslaatt")
    liste = avgiver.get(API).get_json()
    som_lovet(liste, OMDLISTE)
    assert [(r["id"], r["status"], r["antall"]) for r in liste["rader"]] == [(str(id_), "avslaatt", 2)]
    assert avgiver.get(f"{API}?status=iverksatt").get_json()["rader"] == []
    assert som(u.fremmed).get(API).get_json()["rader"] == []
    assert som(u.fremmed).get(f"{API}/{id_}").status_code == 404


def test_et_utkast_staar_bare_hos_den_som_skriver(u: Utlaan, som: Som) -> None:
    id_ = u.utkast()
    assert [r["id"] for r in som(u.avgiver).get(API).get_json()["rader"]] == [str(id_)]
    assert som(u.mottaker).get(API).get_json()["rader"] == []


# --- drafts, the lender's approval, and the way to the end, as a program goes it ---------------------------


def _lest(klient: FlaskClient, id_: str) -> dict[str, Any]:
    svar = klient.get(f"{API}/{id_}")
    assert svar.status_code == 200
    som_lovet(svar.get_json(), HEL_OMDSKJEMA)
    return dict(svar.get_json())


def _gjoer(klient: FlaskClient, id_: str, hva: str, **kropp: Any) -> tuple[int, Any]:
    """An act on what stands now, unless `lest` is given."""
    kropp.setdefault("lest", str(_hash(id_)))
    svar = klient.post(f"{API}/{id_}/{hva}", json=kropp)
    return svar.status_code, svar.get_json()


def _hash(id_: str) -> str:
    db.session.rollback()
    return db.session.get_one(Omdisponering, UUID(id_), populate_existing=True).innhold_hash


def _nytt(u: Utlaan, klient: FlaskClient, **kropp: Any) -> Any:
    linjer = [{"ressursperson_id": str(p.id), "samtykket": True} for p in u.personer]
    alt = {"behov_id": str(u.behov.id), "linjer": linjer, **LOV, "bestemmelse_id": str(u.bestemmelse.id)}
    return klient.post(API, json={**alt, **kropp})


def test_fra_utkast_til_slutt(u: Utlaan, som: Som) -> None:
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    svar = _nytt(u, avgiver, aapnes=2)
    assert svar.status_code == 201, svar.get_json()
    som_lovet(svar.get_json(), HEL_OMDSKJEMA)
    id_ = svar.get_json()["id"]
    assert svar.get_json()["status"] == "utkast" and svar.get_json()["aapnes"] == 2
    assert mottaker.get(f"{API}/{id_}").status_code == 404
    status, ut = _gjoer(avgiver, id_, "foreslaa")
    assert (status, ut["status"]) == (200, "foreslaatt")
    assert _gjoer(avgiver, id_, "foreslaa")[0] == 409
    for klient in (avgiver, mottaker):
        assert _gjoer(klient, id_, "godkjenn")[0] == 200
    assert _gjoer(mottaker, id_, "iverksett")[0] == 409
    with om(days=1, minutes=1):
        avgiver, mottaker = som(u.avgiver), som(u.mottaker)
        status, ut = _gjoer(mottaker, id_, "iverksett")
        assert (status, ut["status"], ut["kan"]) == (200, "iverksatt", ["avslutt"])
        status, ut = _gjoer(avgiver, id_, "avslutt")
        assert status == 422 and set(ut["felter"]) == {"grunn"}
        status, ut = _gjoer(avgiver, id_, "avslutt", grunn="Toppen er over.")
        assert (status, ut["status"], ut["grunn"]) == (200, "avsluttet", "Toppen er over.")
    assert u.les(UUID(id_)).ble_aapnet == 2


def test_avgiver_avgjoer_det_som_er_dens_idet_den_godkjenner(u: Utlaan, som: Som) -> None:
    """Who has said yes, who is ordered and by what, why it goes below the floor, the beds: as on the page."""
    vedtak = lag_vedtak(u.scene.hf)
    lag_gulv(u.post, antall=3, gulv=3)
    tilbud = [lag_tilbud(p, u.behov) for p in u.personer]
    mottaker, avgiver = som(u.mottaker), som(u.avgiver)
    linjer = [{"tilbud_id": str(t.id)} for t in tilbud]
    id_ = _nytt(u, mottaker, linjer=linjer).get_json()["id"]
    assert avgiver.get(f"{API}/{id_}").status_code == 404
    assert _gjoer(mottaker, id_, "foreslaa")[0] == 200
    ut = _lest(avgiver, id_)
    assert [(li["samtykket"], li["tilbud_id"]) for li in ut["linjer"]] == [(False, str(t.id)) for t in tilbud]
    en, to = (li["id"] for li in ut["linjer"])
    status, feil = _gjoer(avgiver, id_, "godkjenn", ja=[en], beordret=[to])
    assert status == 422 and set(feil["felter"]) == {f"linje-{to}"}
    alt = {"ja": [en], "beordret": [to], "vedtak_id": str(vedtak.id)}
    status, feil = _gjoer(avgiver, id_, "godkjenn", **alt)
    assert status == 422 and set(feil["felter"]) == {"gulv_overstyrt"}
    galt: dict[str, Any]
    for galt in (
        {"stenges": 1},
        {"stenges": -1},
        {"aapnes": 201},
        {"gulv_overstyrt": "x" * 501},
        {"ja": "alle"},
        {"vedtak_id": str(u.behov.id)},
        {"begrunnelse": "Finnes ikke"},
    ):
        status, feil = _gjoer(avgiver, id_, "godkjenn", **{**alt, "gulv_overstyrt": "Vikarer.", **galt})
        assert status == 422 and set(feil["felter"]) == set(galt), (galt, feil)
    status, ut = _gjoer(avgiver, id_, "godkjenn", **alt, gulv_overstyrt="Tre vikarer kommer.", aapnes=1)
    assert (status, ut["status"]) == (200, "godkjent_avgiver")
    assert [(li["samtykket"], li["beordret"]) for li in ut["linjer"]] == [(True, False), (False, True)]
    assert (ut["aapnes"], ut["gulv_overstyrt"], ut["vedtak_id"]) == (
        1,
        "Tre vikarer kommer.",
        str(vedtak.id),
    )
    mottakers = _lest(mottaker, id_)
    assert (mottakers["gulv_overstyrt"], {li["samtykket"] for li in mottakers["linjer"]}) == ("", {None})


def test_endre_det_som_sies_og_la_resten_staa(u: Utlaan, som: Som) -> None:
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    id_ = str(u.til(Status.GODKJENT_AVGIVER))
    foer = _lest(avgiver, id_)
    adresse = f"{API}/{id_}"
    # Saved as it stands, it is approved as before.
    av = ("tilbud_id", "ressursperson_id", "lokale_id", "fra", "til", "andel", "samtykket", "beordret")
    linjer = [{k: li[k] for k in av} for li in foer["linjer"]]
    svar = avgiver.put(adresse, json={"lest": foer["innhold_hash"], "linjer": linjer})
    assert (svar.status_code, svar.get_json()) == (200, foer)
    svar = mottaker.put(adresse, json={"lest": foer["innhold_hash"], "merknad": "Oppmøte kl. 7."})
    ut = svar.get_json()
    som_lovet(ut, HEL_OMDSKJEMA)
    assert (svar.status_code, ut["status"], ut["merknad"]) == (200, "foreslaatt", "Oppmøte kl. 7.")
    assert ut["ansvarsforhold"] == foer["ansvarsforhold"] and ut["aapnes"] == 2
    assert mottaker.put(adresse, json={"lest": foer["innhold_hash"], "merknad": "X"}).status_code == 409
    svar = mottaker.put(adresse, json={"lest": ut["innhold_hash"], "gulv_overstyrt": "Går bra."})
    assert svar.status_code == 422 and set(svar.get_json()["felter"]) == {"gulv_overstyrt"}
    svar = avgiver.put(adresse, json={"lest": ut["innhold_hash"], "linjer": linjer[:1]})
    assert svar.status_code == 200 and [li["navn"] for li in svar.get_json()["linjer"]] == ["Máret Somby"]
    lest = svar.get_json()["innhold_hash"]
    for galt, felt in (
        ([], "linjer"),
        ([{**linjer[0], "tilbud_id": str(u.behov.id)}], "linjer"),
        ([{**linjer[0], "andel": 101}], "linjer"),
        ([{**linjer[0], "fra": "2026-11-21T10:00:00"}], "linjer"),
        ([{**linjer[0], "til": linjer[0]["fra"]}], "linje-0"),
        ([{**linjer[0], "noe": 1}], "linjer"),
    ):
        svar = avgiver.put(adresse, json={"lest": lest, "linjer": galt})
        assert svar.status_code == 422 and set(svar.get_json()["felter"]) == {felt}, (galt, svar.get_json())
    assert _lest(avgiver, id_)["innhold_hash"] == lest


def test_et_nytt_utkast_som_ikke_gaar_og_ett_som_trekkes(u: Utlaan, som: Som) -> None:
    avgiver, fremmed = som(u.avgiver), som(u.fremmed)
    for galt, status in (
        ({"behov_id": str(u.bestemmelse.id)}, 404),
        ({"behov_id": "x"}, 422),
        ({"linjer": []}, 422),
        ({"linjer": [{}]}, 422),
        ({"bestemmelse_id": str(u.behov.id)}, 422),
        ({"merknad": "Ring 13097248022."}, 422),
    ):
        assert _nytt(u, avgiver, **galt).status_code == status, galt
    # Somebody else's people are nobody's to lend.
    assert _nytt(u, fremmed).status_code == 422
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Omdisponering.id))) == 0
    id_ = _nytt(u, avgiver).get_json()["id"]
    assert _gjoer(avgiver, id_, "trekk", lest="noe annet")[0] == 409
    assert _gjoer(fremmed, id_, "trekk")[0] == 404
    status, ut = _gjoer(avgiver, id_, "trekk")
    assert (status, ut["status"], ut["kan"]) == (200, "trukket", [])
    id_ = _nytt(u, avgiver).get_json()["id"]
    assert _gjoer(avgiver, id_, "foreslaa")[0] == 200
    status, ut = _gjoer(avgiver, id_, "trekk")
    assert status == 422 and set(ut["felter"]) == {"grunn"}
    assert _gjoer(avgiver, id_, "trekk", grunn="Vi trenger dem selv.")[0] == 200
