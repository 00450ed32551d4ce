"""Two in one form: sending what was refused once more undoes nothing that another did meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.plasser.forloep import Tilstand
from portal.plasser.models import Opphold
from portal.plasser.routes.samtidig import flett, grunnlag
from portal.plasser.service import drift, retting
from tests.bygg import Scene
from tests.plasser.hjelp import DAG, Folk, lag_folk, lag_plassenhet, les_opphold
from tests.plasser.test_enhetsside import tekst
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def enhet_id(scene: Scene) -> UUID:
    return lag_plassenhet(scene, [Tilstand.BELAGT], siden=now() - 2 * DAG)


@pytest.fixture
def folk(scene: Scene, enhet_id: UUID) -> Folk:
    return lag_folk(scene, enhet_id, kvote=1)


def opphold(enhet_id: UUID) -> Opphold:
    (ett,) = les_opphold(enhet_id)
    return ett


# --- the rule --------------------------------------------------------------------------------------------


def test_uroert_er_den_andres_og_resten_staar_side_om_side() -> None:
    foer = {"a": "1", "b": "1", "c": "1", "d": "1"}
    naa = {"a": "2", "b": "2", "c": "2", "d": "1"}
    sendt = {"a": "1", "b": "3", "c": "2", "d": "3", "lest": "1", "grunnlag": grunnlag(foer)}
    verdier, andres = flett(naa, sendt, 2)
    assert {k: verdier[k] for k in naa} == {"a": "2", "b": "3", "c": "2", "d": "3"}
    assert andres == {"b": "2", "d": "1"}
    assert flett(naa, sendt, 1)[1] == {} and flett(naa, None, 2) == (naa, {})


# --- what is filled in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("timer", ["", "0"])
def test_det_en_kollega_fylte_ut_blir_staaende(som: Som, enhet_id: UUID, folk: Folk, timer: str) -> None:
    """Whatever the first click was refused for: that the form was old, or a number that cannot be."""
    id_ = opphold(enhet_id).id
    adresse = f"/plasser/{enhet_id}/opphold/{id_}"
    klient = som(folk.sykepleier)
    data = skjema(klient.get(adresse), adresse)
    drift.fyll_ut(folk.lege, id_, aldersgruppe="80-89", fra_hvor="hjem")
    data |= {"aarsaksgruppe": "fall", "fra_hvor": "legevakt", "planlagt_timer": timer}
    svar = klient.post(adresse, data=data)
    assert svar.status_code == (422 if timer else 409)
    assert "En annen har skrevet noe annet enn du imens Kommer fra: Hjemmet" in tekst(svar)
    paa_nytt = skjema(svar, adresse)
    assert (paa_nytt["aldersgruppe"], paa_nytt["fra_hvor"]) == ("80-89", "legevakt")
    assert klient.post(adresse, data={**paa_nytt, "planlagt_timer": ""}).status_code == 303
    o = opphold(enhet_id)
    assert (o.aldersgruppe, o.fra_hvor, o.aarsaksgruppe) == ("80-89", "legevakt", "fall")


# --- what is corrected -----------------------------------------------------------------------------------


def test_det_en_annen_rettet_rettes_ikke_tilbake(som: Som, enhet_id: UUID, folk: Folk) -> None:
    o = opphold(enhet_id)
    adresse = f"/plasser/{enhet_id}/forvalt/rett/opphold/{o.id}"
    klient = som(folk.koordinator)
    data = skjema(klient.get(adresse), adresse)
    naa = {k: getattr(o, k) for k in retting.OPPHOLDSFELTER}
    naa |= {"kommune_id": folk.medlem.id, "aldersgruppe": "90+"}
    retting.rett_opphold(
        folk.koordinator, enhet_id, o.id, **{**naa, "lest": o.versjon, "begrunnelse": "Feil kommune."}
    )
    data |= {"aarsaksgruppe": "fall", "aldersgruppe": "67-79", "begrunnelse": "Glemt."}
    svar = klient.post(adresse, data=data)
    assert svar.status_code == 409
    assert "En annen har skrevet noe annet enn du imens Alder: 90 år" in tekst(svar)
    paa_nytt = skjema(svar, adresse)
    assert (paa_nytt["begrunnelse"], paa_nytt["aldersgruppe"]) == ("Glemt.", "67-79")
    assert klient.post(adresse, data=paa_nytt).status_code == 303
    o = opphold(enhet_id)
    assert (o.kommune_id, o.aldersgruppe, o.aarsaksgruppe) == (folk.medlem.id, "67-79", "fall")
