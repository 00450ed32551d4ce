"""The register of premises that can be lent: what is refused and why, what is promised, out of use and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering.forloep import Lokaleslag, Lokalkrav, Slag, Tilbudsstatus
from portal.omdisponering.models import Tilbud
from portal.omdisponering.ressursmodeller import Lokale
from portal.omdisponering.service import flyt, lokaler, utkast
from tests.bygg import om
from tests.omdisponering.hjelp import DAG, LOV, Utlaan, lag_behov, lag_lokale, lag_tilbud

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _nytt(u: Utlaan, **felt: Any) -> UUID:
    return lokaler.opprett(
        u.avgiver,
        **{
            "navn": "Gamle sykehjemmet",
            "slag": Lokaleslag.SENGEPOST,
            "sted_id": u.scene.kommune.id,
            "plasser": 12,
            **felt,
        },
    )


def _rad(id_: UUID) -> Lokale:
    db.session.rollback()
    return db.session.get_one(Lokale, id_, populate_existing=True)


def _feil(gjoer: Any) -> dict[str, Any]:
    with pytest.raises(UgyldigData) as feil:
        gjoer()
    db.session.rollback()
    return dict(feil.value.detaljer["felter"])


def _lovet(u: Utlaan, lokale_id: UUID) -> str:
    """The premises are promised to the kommune for a week; gives the number of it."""
    behov = lag_behov(u.scene.kommune, slag=Slag.LOKALE, antall=1)
    omd = utkast.opprett(
        u.avgiver, behov.id, [utkast.Ny(lokale_id=lokale_id)], **LOV, bestemmelse_id=u.bestemmelse.id
    )
    flyt.foreslaa(u.avgiver, omd)
    flyt.godkjenn(u.avgiver, omd, lest=u.les(omd).innhold_hash)
    return u.les(omd).nummer


def test_det_som_er_skrevet_staar(u: Utlaan) -> None:
    id_ = _nytt(u, kvm=400, krav=int(Lokalkrav.ISOLASJON | Lokalkrav.BAD), adresse=" Skolevegen 1 ")
    x = _rad(id_)
    assert (x.plasser, x.kvm, x.adresse) == (12, 400, "Skolevegen 1")
    assert x.krav == Lokalkrav.ISOLASJON | Lokalkrav.BAD


def test_det_som_er_galt(u: Utlaan) -> None:
    _nytt(u)
    assert set(_feil(lambda: _nytt(u))) == {"navn"}
    assert set(_feil(lambda: _nytt(u, navn="Uten tall", plasser=None))) == {"plasser"}
    assert set(_feil(lambda: _nytt(u, navn=" ", enhet_id=u.oehd.id, sted_id=u.scene.rhf.id))) == {
        *("navn", "enhet_id", "sted_id"),
    }
    # Nobody can be told apart in what the borrower reads.
    assert set(_feil(lambda: _nytt(u, navn="Rom", merknad="Ola 01019012480"))) == {"merknad"}
    _nytt(u, navn="Rom", merknad="Ola 01019012480", ikke_fnr=True)


def test_den_som_var_foerst_med_navnet(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two take the same name at the same moment, and neither sees the other's: the database has the last word."""
    _nytt(u)
    monkeypatch.setattr(lokaler, "_finnes", lambda *_a: False)
    assert set(_feil(lambda: _nytt(u))) == {"navn"}
    assert len(lokaler.hent_liste(u.avgiver).rader) == 1


def test_den_som_leste_noe_annet_faar_vite_det(u: Utlaan) -> None:
    id_ = _nytt(u)
    lest = _rad(id_).versjon
    lokaler.endre(u.avgiver, id_, lest=lest, plasser=8)
    with pytest.raises(Utdatert):
        lokaler.endre(u.avgiver, id_, lest=lest, plasser=6)
    assert _rad(id_).plasser == 8


def test_ut_av_bruk_og_inn_igjen(u: Utlaan) -> None:
    id_ = _nytt(u)
    tilbud = lag_tilbud(_rad(id_)).id
    lokaler.nedlegg(u.avgiver, id_)
    assert db.session.get_one(Tilbud, tilbud, populate_existing=True).status == Tilbudsstatus.TRUKKET
    db.session.rollback()
    for gjoer in (
        lambda: lokaler.endre(u.avgiver, id_, plasser=1),
        lambda: lokaler.nedlegg(u.avgiver, id_),
        lambda: lokaler.meld_borte(u.avgiver, id_, fra=now(), til=now() + DAG),
    ):
        with pytest.raises(UgyldigOvergang):
            gjoer()
    assert [r.lokale.id for r in lokaler.hent_liste(u.avgiver).rader] == []
    nedlagte = lokaler.hent_liste(u.avgiver, lokaler.Utvalg(vis="nedlagt"))
    assert [r.lokale.id for r in nedlagte.rader] == [id_]
    annet = _nytt(u)
    with pytest.raises(UgyldigOvergang):
        lokaler.gjenaapne(u.avgiver, id_)
    lokaler.endre(u.avgiver, annet, navn="Nye sykehjemmet")
    lokaler.gjenaapne(u.avgiver, id_)
    assert _rad(id_).nedlagt is None


def test_det_som_er_lovet_bort_tas_ikke_ut_av_bruk(u: Utlaan) -> None:
    id_ = _nytt(u)
    nummer = _lovet(u, id_)
    with pytest.raises(UgyldigOvergang) as feil:
        lokaler.nedlegg(u.avgiver, id_)
    assert nummer in feil.value.melding
    assert [x.nummer for x in lokaler.hent(u.avgiver, id_).lovet] == [nummer]


def test_borte_sperrer(u: Utlaan) -> None:
    id_ = _nytt(u)
    lokaler.meld_borte(u.avgiver, id_, fra=now() + 2 * DAG, til=now() + 3 * DAG)
    with pytest.raises(Opptatt):
        _lovet(u, id_)
    db.session.rollback()
    lokaler.fjern_borte(u.avgiver, id_, lokaler.hent(u.avgiver, id_).fravaer[0].id)
    assert _lovet(u, id_)


def test_utvalgene(u: Utlaan) -> None:
    a = _nytt(u, adresse="Strandvegen 4", krav=3)
    b = _nytt(u, navn="Ødehallen", slag=Lokaleslag.TESTSTASJON, krav=1)
    lag_lokale(u.scene.kommune)

    def funnet(**valg: Any) -> list[UUID]:
        return [r.lokale.id for r in lokaler.hent_liste(u.avgiver, lokaler.Utvalg(**valg)).rader]

    assert funnet() == [a, b]
    assert funnet(q="strandv") == funnet(krav=2) == funnet(slag=Lokaleslag.SENGEPOST) == [a]
    assert funnet(krav=1) == [a, b]
    _lovet(u, a)
    assert funnet(vis="lovet") == []
    with om(days=1, minutes=1):
        assert funnet(vis="lovet") == [a]
        assert funnet(vis="ledig") == [b]
        lokaler.meld_borte(u.avgiver, b, fra=now(), til=now() + DAG)
        assert funnet(vis="borte") == [b]
        assert funnet(vis="ledig") == []


def test_i_nettleseren(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    felter = {
        "navn": "Idrettshallen",
        "slag": "vaksinelokale",
        "sted_id": str(u.scene.kommune.id),
        "enhet_id": "",
        "plasser": "",
        "kvm": "600",
        "krav": ["4", "8"],
        "adresse": "",
        "merknad": "Nøkkel hos vaktmesteren.",
    }
    galt = klient.post("/omdisponering/lokaler/ny", data={**felter, "kvm": "0", "merknad": "01019012480"})
    assert galt.status_code == 422 and 'value="Idrettshallen"' in galt.text
    galt = klient.post("/omdisponering/lokaler/ny", data={**felter, "merknad": "Ring 01019012480"})
    assert galt.status_code == 422 and "<mark>01019012480</mark>" in galt.text
    svar = klient.post("/omdisponering/lokaler/ny", data=felter)
    assert svar.status_code == 303
    adresse = svar.headers["Location"]
    side = klient.get(adresse).text
    assert "600 m²" in side and "Universelt utformet" in side and "Nøkkel hos vaktmesteren." in side
    lest = re.search(r'name="lest" value="(\d+)"', klient.get(f"{adresse}/endre").text)
    assert lest is not None
    lokaler.endre(u.avgiver, UUID(adresse.rsplit("/", 1)[1]), kvm=500)
    svar = klient.post(f"{adresse}/endre", data={**felter, "navn": "Hallen", "lest": lest[1]})
    assert svar.status_code == 409
    assert 'value="Hallen"' in svar.text and "Kvadratmeter: <strong>500</strong>" in svar.text
    assert klient.post(f"{adresse}/nedlegg").status_code == 422
    assert klient.post(f"{adresse}/nedlegg", data={"bekreftet": "1"}).status_code == 303
    assert "Ta i bruk igjen" in klient.get(adresse).text
    assert klient.post(f"{adresse}/endre", data={**felter, "lest": ""}).status_code == 409
    assert klient.post(f"{adresse}/gjenaapne").status_code == 303
    assert "Idrettshallen" in klient.get("/omdisponering/lokaler").text
