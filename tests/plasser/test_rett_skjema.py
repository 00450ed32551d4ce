"""The form that corrects a stay shows what stands there now; only what is to be mended is open, without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.core.clock import som_om
from tests.bygg import Scene
from tests.plasser.hjelp import DAG, Folk, T, lag_folk, lag_plassenhet
from tests.plasser.test_enhetsside import tekst
from tests.plasser.test_retting import Som, les, opphold
from tests.skjemaer import skjema

GRUPPE = re.compile(
    r'<details class="rettgruppe" id="gruppe-(\w+)"( open)?>\s*<summary>(.*?)</summary>', re.S
)


@pytest.fixture
def enhet_id(scene: Scene) -> UUID:
    return lag_plassenhet(scene, 2, siden=datetime.now(UTC) - 20 * DAG)


@pytest.fixture
def folk(scene: Scene, enhet_id: UUID) -> Folk:
    return lag_folk(scene, enhet_id, kvote=1)


def grupper(svar: Any) -> dict[str, str]:
    """What each group says of what stands there; those that are open begin with «+»."""
    html = svar.get_data(as_text=True)
    return {
        kode: ("+" if aapen else "") + " ".join(re.sub("<[^>]+>", " ", s).split())
        for kode, aapen, s in GRUPPE.findall(html)
    }


def test_alt_er_lukket_med_det_som_staar_der(enhet_id: UUID, folk: Folk, som: Som) -> None:
    ekte = datetime.now(UTC)
    with som_om(ekte):
        id_ = opphold(folk, enhet_id, ekte - 3 * DAG, ekte - 2 * DAG)
        klient: FlaskClient = som(folk.koordinator)
        side = klient.get(f"/plasser/{enhet_id}/forvalt/rett/opphold/{id_}")
        viste = grupper(side)
        assert list(viste) == ["tid", "kommune", "pasient", "sted", "lengde"]
        assert re.fullmatch(r"Lagt inn og skrevet ut .* kl\. \d\d:\d\d · .* kl\. \d\d:\d\d", viste["tid"])
        assert viste["kommune"].startswith("Kommune ") and "Velg" not in viste["kommune"]
        assert viste["pasient"] == "Alder og årsak ikke oppgitt"
        assert viste["sted"] == "Kom fra og skrevet ut til ikke oppgitt · Hjemmet"
        assert viste["lengde"] == "Planlagt lengde i timer ikke oppgitt"
        # What is folded away is sent along: one thing is mended, the rest stands.
        data = skjema(side, f"/opphold/{id_}")
        assert data["til_hvor"] == "hjem"
        data |= {"aldersgruppe": "67-79", "begrunnelse": "Feil alder."}
        foer = les(id_)
        staar = (foer.inn, foer.ut, foer.kommune_id, foer.til_hvor)
        svar = klient.post(f"/plasser/{enhet_id}/forvalt/rett/opphold/{id_}", data=data)
        assert svar.status_code == 303, tekst(svar)
        etter = les(id_)
        assert (
            etter.inn,
            etter.ut,
            etter.kommune_id,
            etter.til_hvor,
        ) == staar and etter.aldersgruppe == "67-79"


def test_det_som_er_galt_eller_skrevet_staar_aapent(enhet_id: UUID, folk: Folk, som: Som) -> None:
    ekte = datetime.now(UTC)
    with som_om(ekte):
        id_ = opphold(folk, enhet_id, ekte - 3 * DAG, ekte - 2 * DAG)
        klient: FlaskClient = som(folk.koordinator)
        adresse = f"/plasser/{enhet_id}/forvalt/rett/opphold/{id_}"
        data = skjema(klient.get(adresse), f"/opphold/{id_}")
        svar = klient.post(adresse, data={**data, "inn": "", "planlagt_timer": "9999", "fra_hvor": "hjem"})
        assert svar.status_code == 422
        assert [k for k, v in grupper(svar).items() if v.startswith("+")] == ["tid", "sted", "lengde"]
        # The summary tells what is stored, and the field what was typed.
        assert grupper(svar)["sted"].endswith("ikke oppgitt · Hjemmet")
        assert skjema(svar, f"/opphold/{id_}")["fra_hvor"] == "hjem" and 'href="#planlagt_timer"' in svar.text


def test_den_som_ligger_der_har_ingen_utskrivning(enhet_id: UUID, folk: Folk, som: Som) -> None:
    ekte = datetime.now(UTC)
    with som_om(ekte):
        id_ = opphold(folk, enhet_id, ekte - 3 * T)
        side = som(folk.koordinator).get(f"/plasser/{enhet_id}/forvalt/rett/opphold/{id_}")
        viste = grupper(side)
        assert (
            re.fullmatch(r"Lagt inn .* kl\. \d\d:\d\d", viste["tid"])
            and viste["sted"] == "Kom fra ikke oppgitt"
        )
        assert "ut" not in skjema(side, f"/opphold/{id_}")
