"""Decisions that people can be ordered by: registered with all that they rest on, used, lifted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering.forloep import Status
from portal.omdisponering.ressursmodeller import Vedtak
from portal.omdisponering.service import flyt, utkast, vedtak
from portal.varsler.models import Varsel
from tests.bygg import om
from tests.omdisponering.hjelp import LOV, Utlaan

Som = Callable[[Aktor], FlaskClient]
D = timedelta(days=1)


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _felt(**felt: Any) -> dict[str, Any]:
    return {
        "hjemmel": "helseberedskapsloven § 4-1",
        "besluttet_av": "Helse- og omsorgsdepartementet",
        "vedtatt": i_dag(),
        "referanse": "26/1234",
        "omfang": "Intensivsykepleiere i helseforetaket.",
        "fra": i_dag(),
        "til": i_dag() + 30 * D,
        **felt,
    }


def _beordret(u: Utlaan, vedtak_id: UUID) -> UUID:
    id_ = utkast.opprett(
        u.avgiver,
        u.behov.id,
        [utkast.Ny(ressursperson_id=u.personer[0].id, beordret=True)],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id, "vedtak_id": vedtak_id},
    )
    flyt.foreslaa(u.avgiver, id_)
    return id_


def _varslet(aktor: Aktor) -> list[Varsel]:
    db.session.rollback()
    kode = "omdisponering.vedtak_opphevet"
    return list(db.session.scalars(sa.select(Varsel).filter_by(person_id=aktor.person_id, kode=kode)))


def test_lista_viser_hvem_som_er_beordret(u: Utlaan) -> None:
    id_ = vedtak.registrer(u.avgiver, **_felt())
    assert [r.beordret for r in vedtak.hent_liste(u.avgiver)] == [[]]
    omd_id = _beordret(u, id_)
    flyt.godkjenn(u.avgiver, omd_id, lest=u.les(omd_id).innhold_hash)
    (rad,) = vedtak.hent_liste(u.avgiver)
    assert [li.ressursperson_id for li in rad.beordret] == [u.personer[0].id] and rad.gjelder
    assert vedtak.hent_liste(u.mottaker) == []


def test_opphevet_kan_ingen_beordres_etter_og_sidene_faar_vite_det(u: Utlaan) -> None:
    id_ = vedtak.registrer(u.avgiver, **_felt())
    omd_id = _beordret(u, id_)
    flyt.godkjenn(u.avgiver, omd_id, lest=u.les(omd_id).innhold_hash)
    annen = _beordret(u, id_)
    with pytest.raises(Utdatert):
        vedtak.opphev(u.avgiver, id_, lest=9)
    assert vedtak.opphev(u.avgiver, id_, lest=1) == 1
    assert len(_varslet(u.mottaker)) == 1
    assert u.les(omd_id).status == Status.GODKJENT_AVGIVER
    with pytest.raises(UgyldigData):
        flyt.godkjenn(u.avgiver, annen, lest=u.les(annen).innhold_hash)
    with pytest.raises(UgyldigOvergang):
        vedtak.opphev(u.avgiver, id_)


@pytest.mark.parametrize("felt", ["hjemmel", "besluttet_av", "referanse", "omfang"])
def test_alt_maa_sies(u: Utlaan, felt: str) -> None:
    with pytest.raises(UgyldigData) as feil:
        vedtak.registrer(u.avgiver, **_felt(**{felt: "  "}))
    assert set(feil.value.detaljer["felter"]) == {felt}


@pytest.mark.parametrize(
    ("dager", "galt"),
    [
        ({"vedtatt": 1, "fra": 1}, "vedtatt"),
        ({"fra": -1}, "fra"),
        ({"fra": 3, "til": 2}, "til"),
        ({"vedtatt": -9, "fra": -9, "til": -1}, "til"),
        ({"til": 500}, "til"),
    ],
)
def test_dager_som_ikke_kan_vaere(u: Utlaan, dager: dict[str, int], galt: str) -> None:
    with pytest.raises(UgyldigData) as feil:
        vedtak.registrer(u.avgiver, **_felt(**{k: i_dag() + v * D for k, v in dager.items()}))
    assert set(feil.value.detaljer["felter"]) == {galt}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vedtak)) == 0


def test_hvem_som_kan(u: Utlaan) -> None:
    id_ = vedtak.registrer(u.avgiver, **_felt())
    vedtak.registrer(u.scene.kommuneoverlege, **_felt())
    for aktor in (u.scene.vaktleder, u.scene.spesialist):
        with pytest.raises(IkkeTilgang):
            vedtak.registrer(aktor, **_felt())
        with pytest.raises(IkkeTilgang):
            vedtak.opphev(aktor, id_)
    with pytest.raises(IkkeFunnet):
        vedtak.opphev(u.mottaker, id_)


def test_sidene(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    data = {k: str(v) for k, v in _felt().items()}
    svar = klient.post("/omdisponering/vedtak/ny", data={**data, "til": (i_dag() - D).isoformat()})
    assert svar.status_code == 422 and "Intensivsykepleiere" in svar.text
    assert klient.get("/omdisponering/vedtak/ny").status_code == 200
    assert klient.post("/omdisponering/vedtak/ny", data=data).status_code == 303
    id_ = db.session.scalars(sa.select(Vedtak.id)).one()
    _beordret(u, id_)
    side = klient.get("/omdisponering/vedtak").text
    assert "26/1234" in side and "Máret Somby" in side
    assert klient.post(f"/omdisponering/vedtak/{id_}/opphev", data={"lest": "1"}).status_code == 303
    assert klient.post(f"/omdisponering/vedtak/{id_}/opphev").status_code == 409
    with om(days=40):
        assert "Opphevet" in som(u.avgiver).get("/omdisponering/vedtak").text
    assert som(u.scene.vaktleder).get("/omdisponering/vedtak").status_code == 403
    assert som(u.scene.vaktleder).get("/omdisponering/vedtak/ny").status_code == 403
