"""Delegated tasks: on what grounds, for how long, who may read, and what ends with a reallocation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, oslo
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering.forloep import Delegert, Status
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import delegering, flyt
from portal.omdisponering.service.delegering import Gitt, Utvalg
from portal.varsler.models import Varsel
from tests.bygg import lag_aktor, om
from tests.omdisponering.hjelp import Utlaan, lag_ressurs

Som = Callable[[Aktor], FlaskClient]
D = timedelta(days=1)


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


@pytest.fixture
def i_gang(u: Utlaan) -> Iterator[UUID]:
    id_ = u.til(Status.IVERKSATT)
    with om(days=2):
        yield id_


def _felt(**felt: Any) -> dict[str, Any]:
    return {
        "oppgave": Delegert.LEGEMIDLER,
        "omfang": "Ferdig doserte tabletter på Sykehjemmet.",
        "fra": i_dag(),
        "til": i_dag() + 3 * D,
        "fullmakt_av": "Kari Kommuneoverlege",
        "opplaering": "E-læring og praktisk prøve",
        "opplaert": i_dag() - D,
        "veileder": "Ole Sykepleier, 78 00 00 00",
        **felt,
    }


def _deleger(u: Utlaan, aktor: Aktor | None = None, **felt: Any) -> Gitt:
    """To one of the kommune's own, unless it says otherwise."""
    if "ressursperson_id" not in felt:
        felt["ressursperson_id"] = lag_ressurs(u.scene.kommune, navn="Elle Egen").id
    return delegering.deleger(aktor or u.mottaker, **_felt(**felt))


def _laante(u: Utlaan, id_: UUID, **felt: Any) -> Gitt:
    return _deleger(u, ressursperson_id=u.personer[0].id, omdisponering_id=id_, **felt)


def _navn(aktor: Aktor, vis: Utvalg = Utvalg.NAA) -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    return [r.delegering.ressursperson.navn for r in delegering.hent_liste(aktor, vis).rader]


@transactional
def _bruker(u: Utlaan) -> Aktor:
    """The first of those who are lent, as a user at the lender."""
    aktor = lag_aktor(Rolle.SPESIALIST, u.scene.hf, fag=("indremedisin",))
    db.session.get_one(Ressursperson, u.personer[0].id).person_id = aktor.person_id
    return aktor


def _varslet(aktor: Aktor, kode: str) -> list[Varsel]:
    db.session.rollback()
    return list(
        db.session.scalars(sa.select(Varsel).filter_by(person_id=aktor.person_id, kode=kode, stoppet=None))
    )


def test_egne_delegeres_og_klinikerne_leser_lista(u: Utlaan) -> None:
    _deleger(u)
    for leser in (u.mottaker, u.scene.lege, u.scene.sykepleier, u.scene.kommuneoverlege):
        assert _navn(leser) == ["Elle Egen"]
    assert _navn(u.avgiver) == []
    with pytest.raises(IkkeTilgang):
        delegering.hent_liste(u.scene.administrator)
    with pytest.raises(IkkeTilgang):
        _deleger(u, u.scene.lege)


def test_andres_personer_kan_ikke_delegeres_til(u: Utlaan, i_gang: UUID) -> None:
    with pytest.raises(IkkeFunnet):
        _deleger(u, ressursperson_id=u.personer[0].id)
    # The lender does not delegate at the receiver's, nor anybody else.
    with pytest.raises(UgyldigOvergang):
        delegering.deleger(u.avgiver, **_felt(ressursperson_id=u.personer[0].id, omdisponering_id=i_gang))
    with pytest.raises(IkkeFunnet):
        delegering.deleger(u.fremmed, **_felt(ressursperson_id=u.personer[0].id, omdisponering_id=i_gang))
    with pytest.raises(UgyldigOvergang):
        _deleger(u, ressursperson_id=lag_ressurs(u.scene.hf).id, omdisponering_id=i_gang)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delegering)) == 0


@pytest.mark.parametrize("felt", ["omfang", "fullmakt_av", "opplaering", "veileder"])
def test_uten_grunnlag_ingen_delegering(u: Utlaan, felt: str) -> None:
    with pytest.raises(UgyldigData) as feil:
        _deleger(u, **{felt: "  "})
    assert set(feil.value.detaljer["felter"]) == {felt}


@pytest.mark.parametrize(
    ("felt", "galt"),
    [
        ({"fra": 5, "til": 3}, "til"),
        ({"fra": -9, "til": -2}, "til"),
        ({"til": 4000}, "til"),
        ({"opplaert": 1}, "opplaert"),
    ],
)
def test_dager_som_ikke_kan_vaere(u: Utlaan, felt: dict[str, int], galt: str) -> None:
    with pytest.raises(UgyldigData) as feil:
        _deleger(u, **{k: i_dag() + v * D for k, v in felt.items()})
    assert set(feil.value.detaljer["felter"]) == {galt}


def test_den_laante_faar_ikke_lenger_enn_omdisponeringen(u: Utlaan, i_gang: UUID) -> None:
    slutt = oslo(u.les(i_gang).til - timedelta(seconds=1)).date()
    gitt = _laante(u, i_gang, fra=i_dag() - 30 * D, til=i_dag() + 100 * D)
    assert gitt.kortet and gitt.til == slutt
    assert gitt.fra == oslo(u.les(i_gang).fra).date()
    assert not _laante(u, i_gang).kortet
    with pytest.raises(UgyldigData) as feil:
        _laante(u, i_gang, fra=slutt + D, til=slutt + 2 * D)
    assert set(feil.value.detaljer["felter"]) == {"fra"}


def test_delegeringen_slutter_med_omdisponeringen(u: Utlaan, i_gang: UUID) -> None:
    _laante(u, i_gang)
    assert _navn(u.mottaker) == ["Máret Somby"]
    flyt.avslutt(u.avgiver, i_gang, grunn="Toppen er over.")
    assert _navn(u.mottaker) == []
    (rad,) = delegering.hent_liste(u.scene.lege, Utvalg.TIDLIGERE).rader
    assert rad.slutt == "omdisponering"
    with pytest.raises(UgyldigOvergang):
        delegering.trekk(u.mottaker, rad.delegering.id, grunn="For sent.")
    with pytest.raises(UgyldigOvergang):
        _laante(u, i_gang)


def test_trekkes_tilbake_med_grunn_og_personen_faar_vite_det(u: Utlaan, i_gang: UUID) -> None:
    selv = _bruker(u)
    gitt = _laante(u, i_gang)
    assert len(_varslet(selv, "omdisponering.delegert")) == 1
    assert [r.delegering.id for r in delegering.hent_liste(selv).egne] == [gitt.id]
    assert delegering.hent(selv, gitt.id).delegering.id == gitt.id
    with pytest.raises(IkkeTilgang):
        delegering.trekk(selv, gitt.id, grunn="Vil ikke.")
    with pytest.raises(IkkeFunnet):
        delegering.trekk(u.avgiver, gitt.id, grunn="Vil ikke.")
    with pytest.raises(UgyldigData):
        delegering.trekk(u.mottaker, gitt.id, grunn=" ")
    with pytest.raises(Utdatert):
        delegering.trekk(u.mottaker, gitt.id, grunn="Feil dose.", lest=9)
    delegering.trekk(u.mottaker, gitt.id, grunn="Feil dose.", lest=1)
    assert _navn(u.mottaker) == [] and delegering.hent_liste(u.mottaker).tall[Utvalg.TIDLIGERE] == 1
    assert len(_varslet(selv, "omdisponering.delegering_trukket")) == 1
    assert not _varslet(selv, "omdisponering.delegert")


def test_paaminnes_fjorten_dager_og_en_dag_foer_og_bare_en_gang(u: Utlaan) -> None:
    _deleger(u, til=i_dag() + 30 * D)
    kode = "omdisponering.delegering_utloeper"
    assert delegering.minn_om() == 0
    with om(days=16):
        assert (delegering.minn_om(), delegering.minn_om()) == (1, 0)
        assert _navn(u.scene.lege, Utvalg.SNART) == ["Elle Egen"]
    with om(days=20):
        assert delegering.minn_om() == 0
    with om(days=29):
        assert (delegering.minn_om(), delegering.minn_om()) == (1, 0)
    assert len(_varslet(u.mottaker, kode)) == 2
    assert not any("Elle" in f"{v.tittel}{v.tekst}" for v in _varslet(u.mottaker, kode))
    with om(days=31):
        assert delegering.minn_om() == 0
        assert _navn(u.mottaker) == []


def test_en_paaminnelse_som_feiler_stopper_ikke_de_andre(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    ider = sorted(_deleger(u, til=i_dag() + 30 * D).id for _ in range(3))
    ekte = delegering.varsle_alle

    def varsle_alle(*args: Any, noekkel: str, **felt: Any) -> Any:
        if str(ider[0]) in noekkel:
            raise RuntimeError("no bell")
        return ekte(*args, noekkel=noekkel, **felt)

    with om(days=16):
        monkeypatch.setattr(delegering, "varsle_alle", varsle_alle)
        assert delegering.minn_om() == 2
        monkeypatch.setattr(delegering, "varsle_alle", ekte)
        assert delegering.minn_om() == 1


def test_en_kort_delegering_paaminnes_bare_dagen_foer(u: Utlaan) -> None:
    _deleger(u, til=i_dag() + 5 * D)
    assert delegering.minn_om() == 0
    with om(days=4):
        assert delegering.minn_om() == 1


def test_sidene(u: Utlaan, i_gang: UUID, som: Som) -> None:
    klient = som(u.mottaker)
    side = klient.get("/omdisponering/delegering/ny").text
    assert f'value="{u.personer[0].id}:{i_gang}"' in side
    data = {k: str(v) for k, v in _felt(hvem=f"{u.personer[0].id}:{i_gang}").items()}
    svar = klient.post("/omdisponering/delegering/ny", data={**data, "veileder": ""})
    assert svar.status_code == 422 and "Ferdig doserte tabletter" in svar.text
    data["til"] = (i_dag() + 60 * D).isoformat()
    svar = klient.post("/omdisponering/delegering/ny", data=data, follow_redirects=True)
    assert "så lenge varer omdisponeringen" in svar.text and "Máret Somby" in svar.text
    db.session.rollback()
    rad = db.session.scalars(sa.select(Delegering)).one()
    for adresse in (
        "/omdisponering/delegering?etter=oppgave",
        "/omdisponering/delegering?vis=snart",
        "/omdisponering/delegering/utskrift",
        f"/omdisponering/delegering/{rad.id}",
    ):
        assert "Máret Somby" in klient.get(adresse).text, adresse
    fornyes = klient.get(f"/omdisponering/delegering/ny?fornyer={rad.id}").text
    assert "Ferdig doserte tabletter" in fornyes
    svar = klient.post(f"/omdisponering/delegering/{rad.id}/trekk", data={"grunn": ""})
    assert svar.status_code == 422
    svar = klient.post(
        f"/omdisponering/delegering/{rad.id}/trekk", data={"grunn": "Feil."}, follow_redirects=True
    )
    assert "Máret Somby" not in svar.text
    lege = som(u.scene.lege)
    tidligere = lege.get("/omdisponering/delegering?vis=tidligere").text
    assert "Máret Somby" in tidligere and "Deleger en oppgave" not in tidligere
    assert lege.get("/omdisponering/delegering/ny").status_code == 403
    assert som(u.avgiver).get(f"/omdisponering/delegering/{rad.id}").status_code == 404
    assert klient.get(f"/omdisponering/delegering/{uuid4()}").status_code == 404
    assert klient.post("/omdisponering/delegering/ny", data={**data, "hvem": "x"}).status_code == 422
    galt = "-" * 36
    assert klient.post("/omdisponering/delegering/ny", data={**data, "hvem": galt}).status_code == 422
