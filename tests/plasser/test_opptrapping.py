"""The surge plan: beds that can be opened, what they take as plain data, and the sum that everybody sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Utdatert
from portal.plasser.historikk import Opptrapping
from portal.plasser.models import Plasstavle
from portal.plasser.service import forvaltning, opptrapping
from portal.plasser.service.opptrapping import Sammendrag
from tests.bygg import Scene, revisjon
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def enhet_id(scene: Scene) -> UUID:
    return lag_plassenhet(scene, 2)


@pytest.fixture
def folk(scene: Scene, enhet_id: UUID) -> Folk:
    return lag_folk(scene, enhet_id)


@pytest.fixture
def k(folk: Folk, som: Som) -> FlaskClient:
    return som(folk.koordinator)


def rader(enhet_id: UUID) -> list[Opptrapping]:
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(Opptrapping)
            .where(Opptrapping.plassenhet_id == enhet_id, Opptrapping.avviklet.is_(None))
            .order_by(Opptrapping.innen_timer)
        )
    )


def skjema(**felt: Any) -> dict[str, Any]:
    return {
        "innen_timer": "24",
        "antall": "3",
        "evner": ["2"],
        "merknad": "Dagrommet tas i bruk.",
        "personell-rolle": ["Sykepleier", "", "Helsefagarbeider"],
        "personell-antall": ["2", "", "4"],
        "personell-kompetanse": ["intravenøs behandling", "", ""],
        "rom-slag": ["Enerom"],
        "rom-antall": ["3"],
        "rom-krav": ["eget bad"],
        "utstyr-navn": ["Oksygenkonsentrator"],
        "utstyr-antall": ["3"],
        "gjoer": "lagre",
        **felt,
    }


def tekst(svar: Any) -> str:
    assert svar.status_code in (200, 409, 422), svar.status_code
    hoved = svar.get_data(as_text=True).split('<main id="innhold"', 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", hoved)).split())


def test_en_rad_er_rene_data(enhet_id: UUID, k: FlaskClient) -> None:
    versjon = db.session.scalar(sa.select(Plasstavle.versjon)) or 0
    assert k.post(f"/plasser/{enhet_id}/forvalt/opptrapping/ny", data=skjema()).status_code == 303
    (rad,) = rader(enhet_id)
    assert (rad.innen_timer, rad.antall, rad.evner) == ("24", 3, 2)
    assert rad.personell == [
        {"rolle": "Sykepleier", "antall": 2, "kompetanse": "intravenøs behandling"},
        {"rolle": "Helsefagarbeider", "antall": 4, "kompetanse": ""},
    ]
    assert rad.rom == [{"slag": "Enerom", "antall": 3, "krav": "eget bad"}]
    assert rad.utstyr == [{"navn": "Oksygenkonsentrator", "antall": 3}]
    assert len(revisjon("plasser.opptrapping_ny")) == 1
    assert (db.session.scalar(sa.select(Plasstavle.versjon)) or 0) > versjon, "the boards are told"


def test_summen_som_alle_ser(scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    uten = lag_plassenhet(scene, 1)
    for innen, antall in (("24", 3), ("72", 2), ("24", 1)):
        opptrapping.legg_til(
            folk.koordinator,
            enhet_id,
            innen_timer=innen,
            antall=antall,
            personell=[{"rolle": "Sykepleier", "antall": antall, "kompetanse": ""}],
        )
    assert opptrapping.sammendrag(folk.fremmed, [enhet_id, uten]) == {enhet_id: Sammendrag(4, 6)}
    ord_ = tekst(k.get(f"/plasser/{enhet_id}/forvalt/opptrapping"))
    assert "Kan åpne 4 plasser innen 24 timer, til sammen 6 innen 72 timer" in ord_
    assert "Sykepleier × 6" in ord_, "like and like are added up"
    with pytest.raises(IkkeTilgang):
        opptrapping.sammendrag(Aktor(navn="Ingen", person_id=folk.lege.person_id), [enhet_id])


def test_en_rad_endres_og_tas_ut(enhet_id: UUID, k: FlaskClient, folk: Folk) -> None:
    k.post(f"/plasser/{enhet_id}/forvalt/opptrapping/ny", data=skjema())
    (rad,) = rader(enhet_id)
    adresse = f"/plasser/{enhet_id}/forvalt/opptrapping/{rad.id}"
    html = k.get(adresse).get_data(as_text=True)
    assert 'value="Helsefagarbeider"' in html and 'value="eget bad"' in html
    endret = skjema(lest=str(rad.versjon), antall="5", **{"utstyr-navn": [""], "utstyr-antall": [""]})
    assert k.post(adresse, data=endret).status_code == 303
    (rad,) = rader(enhet_id)
    assert (rad.antall, rad.utstyr) == (5, [])
    svar = k.post(adresse, data={**endret, "antall": "7"})
    assert svar.status_code == 409 and 'value="7"' in svar.get_data(as_text=True)
    assert rader(enhet_id)[0].antall == 5
    with pytest.raises(Utdatert):
        opptrapping.endre(folk.koordinator, enhet_id, rad.id, lest=99, antall=1)
    assert k.post(f"{adresse}/fjern", data={}).status_code == 303
    assert rader(enhet_id) == []
    assert k.get(adresse).status_code == 404
    assert db.session.get_one(Opptrapping, rad.id).avviklet is not None, "what was planned is kept"


@pytest.mark.parametrize(
    ("felter", "feilfelt"),
    [
        ({"antall": "0"}, "antall"),
        ({"antall": "501"}, "antall"),
        ({"innen_timer": "48"}, "innen_timer"),
        ({"personell-antall": ["mange", "", "4"]}, "personell-antall-0"),
        ({"rom-slag": [""]}, "rom-slag-0"),
        ({"utstyr-antall": ["-1"]}, "utstyr-antall-0"),
        ({"evner": ["3"]}, "evner"),
    ],
)
def test_feil_staar_der_de_er(enhet_id: UUID, k: FlaskClient, felter: dict[str, Any], feilfelt: str) -> None:
    svar = k.post(f"/plasser/{enhet_id}/forvalt/opptrapping/ny", data=skjema(**felter))
    assert svar.status_code == 422
    html = svar.get_data(as_text=True)
    assert f'id="{feilfelt}-feil"' in html or f'href="#{feilfelt}"' in html
    assert "Dagrommet tas i bruk." in html and 'value="intravenøs behandling"' in html, "nothing is lost"
    assert rader(enhet_id) == []


def test_flere_rader_uten_javascript(enhet_id: UUID, k: FlaskClient) -> None:
    svar = k.post(f"/plasser/{enhet_id}/forvalt/opptrapping/ny", data=skjema(gjoer="mer-personell"))
    assert svar.status_code == 200
    html = svar.get_data(as_text=True)
    assert html.count('name="personell-rolle"') == 2 + 2 + 3
    assert html.count('name="rom-slag"') == 1 + 2
    assert 'value="Sykepleier"' in html and rader(enhet_id) == []


def test_bare_gjennom_egen_enhet(scene: Scene, enhet_id: UUID, folk: Folk) -> None:
    rad_id = opptrapping.legg_til(folk.koordinator, enhet_id, innen_timer="24", antall=1)
    annen = lag_plassenhet(scene, 1)
    for gjoer in (
        lambda: opptrapping.hent_rad(folk.koordinator, annen, rad_id),
        lambda: opptrapping.fjern(folk.koordinator, annen, rad_id),
        lambda: opptrapping.endre(folk.koordinator, annen, rad_id, lest=1, antall=9),
    ):
        with pytest.raises(IkkeFunnet):
            gjoer()
    for hvem in (folk.sykepleier, folk.fremmed_koordinator):
        with pytest.raises(IkkeTilgang):
            opptrapping.fjern(hvem, enhet_id, rad_id)
    assert len(rader(enhet_id)) == 1


def test_en_nedlagt_enhet_planlegger_ikke(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    forvaltning.nedlegg(folk.koordinator, enhet_id)
    svar = k.post(f"/plasser/{enhet_id}/forvalt/opptrapping/ny", data=skjema())
    assert svar.status_code == 409 and "Enheten er nedlagt" in tekst(svar)
