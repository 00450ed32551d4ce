"""The vertskommune's coordinator takes a unit in, tells of it, keeps its beds and its quotas, and closes it down."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.core.errors import Konflikt, UgyldigData, UgyldigOvergang, Utdatert
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser import steps
from portal.plasser.forloep import Legedekning, Tilstand
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Plass, Plassenhet, Plassmedlem, Plasstavle
from portal.plasser.plassnavn import les_navn
from portal.plasser.service import drift, ferskhet, forvaltning, forvaltningsvisning
from portal.plasser.service.opptrapping import sammendrag
from tests.bygg import Scene, lag_enhet, lag_kommune, om, revisjon
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet, les_plasser, les_tall, ny_plass

Som = Callable[[Aktor], FlaskClient]


def tekst(svar: Any) -> str:
    """What a page says, as one line of words."""
    assert svar.status_code in (200, 409, 422), svar.status_code
    hoved = svar.get_data(as_text=True).split('<main id="innhold"', 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", hoved)).split())


def les(plassenhet_id: UUID) -> Plassenhet:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Plassenhet, plassenhet_id)


def kvoter(plassenhet_id: UUID) -> dict[UUID, int]:
    db.session.rollback()
    db.session.expire_all()
    return {m.kommune_id: m.kvote for m in steps.medlemmer(plassenhet_id)}


@pytest.fixture
def enhet_id(scene: Scene) -> UUID:
    return lag_plassenhet(scene, 3, navn="ØHD Testnes")


@pytest.fixture
def folk(scene: Scene, enhet_id: UUID) -> Folk:
    return lag_folk(scene, enhet_id)


@pytest.fixture
def k(folk: Folk, som: Som) -> FlaskClient:
    return som(folk.koordinator)


def beskrivelse(enhet_id: UUID, **felt: Any) -> dict[str, Any]:
    return {
        "adresse": "Bredbuktnesveien 6",
        "legedekning": "dagtid",
        "evner": ["1", "2"],
        "kriterier": "Kan ta imot **stabile** pasienter.",
        "fersk_timer_lav": "8",
        "fersk_timer_hoey": "2",
        "hold_minutter": "90",
        "lest": str(les(enhet_id).versjon),
        "gjoer": "lagre",
        **felt,
    }


# --- into the registry -----------------------------------------------------------------------------------


@transactional
def _ny_enhet(kommune: Organisasjon, navn: str = "ØHD Ny", type_: str = "oehd_enhet") -> Enhet:
    return lag_enhet(kommune, type_, navn)


def test_en_enhet_legges_inn(scene: Scene, folk: Folk, k: FlaskClient) -> None:
    enhet = _ny_enhet(scene.kommune)
    assert "ØHD Ny" in tekst(k.get("/plasser/ny"))
    assert "ØHD Testnes" not in tekst(k.get("/plasser/ny")), "it has its beds already"
    svar = k.post(
        "/plasser/ny",
        data={
            "enhet_id": str(enhet.id),
            "plasser": "4",
            "legedekning": "doegn",
            "adresse": "",
            "evner": ["2", "4"],
        },
    )
    assert svar.status_code == 303
    ny = db.session.scalars(sa.select(Plassenhet).where(Plassenhet.enhet_id == enhet.id)).one()
    assert svar.location == f"/plasser/{ny.id}/forvalt/plasser"
    assert (ny.evner, ny.legedekning, ny.vertskommune_id) == (6, "doegn", scene.kommune.id)
    assert kvoter(ny.id) == {scene.kommune.id: 4}
    assert {p.tilstand for p in les_plasser(ny.id)} == {Tilstand.UKJENT}
    tall = les_tall(ny.id)
    assert (tall.antall, tall.ukjent, tall.ledig) == (4, 4, 0), "unknown is unknown, and not free"
    assert len(revisjon("plasser.opprettet")) == 1


def test_bare_kommunens_egne_oehd_enheter(scene: Scene, folk: Folk, k: FlaskClient) -> None:
    andres = _ny_enhet(scene.annen_kommune, "ØHD Nabo")
    sykehjem = _ny_enhet(scene.kommune, "Sykehjemmet ved sjøen", "sykehjem")
    assert "ØHD Nabo" not in tekst(k.get("/plasser/ny"))
    for enhet in (andres, sykehjem):
        svar = k.post("/plasser/ny", data={"enhet_id": str(enhet.id), "plasser": "4", "legedekning": "doegn"})
        assert svar.status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Plassenhet)) == 1


def test_uten_enhet_vises_veien(folk: Folk, k: FlaskClient, scene: Scene) -> None:
    side = k.get("/plasser/ny")
    assert "Administratoren i kommunen legger til enheten" in tekst(side)
    assert f"/organisasjoner/{scene.kommune.id}" in side.get_data(as_text=True)


def test_feil_i_skjemaet_mister_ingenting(scene: Scene, folk: Folk, k: FlaskClient) -> None:
    enhet = _ny_enhet(scene.kommune)
    svar = k.post(
        "/plasser/ny",
        data={
            "enhet_id": str(enhet.id),
            "plasser": "0",
            "legedekning": "",
            "adresse": "Veien 3",
            "evner": ["8"],
        },
    )
    assert svar.status_code == 422
    html = svar.get_data(as_text=True)
    assert "Skriv et helt antall, fra 1 til 500." in tekst(svar)
    assert 'value="Veien 3"' in html
    assert re.search(r'id="evner-8"[^>]*checked', html)


# --- what is told of it ----------------------------------------------------------------------------------


def test_beskrivelsen(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    assert "Om enheten" in tekst(k.get(f"/plasser/{enhet_id}/forvalt"))
    versjon = db.session.scalar(sa.select(Plasstavle.versjon)) or 0
    svar = k.post(f"/plasser/{enhet_id}/forvalt", data=beskrivelse(enhet_id))
    assert svar.status_code == 303
    e = les(enhet_id)
    assert (e.adresse, e.legedekning, e.evner) == ("Bredbuktnesveien 6", "dagtid", 3)
    assert (e.fersk_timer_lav, e.fersk_timer_hoey, e.hold_minutter) == (8, 2, 90)
    assert les_tall(enhet_id).ledige_evner == {"3": 3}, "free beds are found by what they can take"
    assert (db.session.scalar(sa.select(Plasstavle.versjon)) or 0) > versjon
    assert orjson.loads(revisjon("plasser.enhet_endret")[0].detaljer)["felter"] == sorted(
        (
            "adresse",
            "legedekning",
            "evner",
            "kriterier",
            "fersk_timer_lav",
            "fersk_timer_hoey",
            "hold_minutter",
        )
    )


def test_forhaandsvisning_lagrer_ikke(enhet_id: UUID, k: FlaskClient) -> None:
    svar = k.post(
        f"/plasser/{enhet_id}/forvalt",
        data=beskrivelse(enhet_id, gjoer="vis", kriterier="Bare **stabile**. <script>nei</script>"),
    )
    assert svar.status_code == 200
    html = svar.get_data(as_text=True)
    assert "<strong>stabile</strong>" in html and "<script>nei" not in html
    assert "Bredbuktnesveien 6" in html, "what was typed stays"
    assert les(enhet_id).kriterier == ""


def test_en_annen_var_foerst(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    gammelt = beskrivelse(enhet_id)
    forvaltning.endre(folk.koordinator, enhet_id, lest=les(enhet_id).versjon, adresse="Andres vei 1")
    svar = k.post(f"/plasser/{enhet_id}/forvalt", data=gammelt)
    assert svar.status_code == 409
    assert "Slik står det lagret nå" in tekst(svar) and "Andres vei 1" in tekst(svar)
    html = svar.get_data(as_text=True)
    assert 'value="Bredbuktnesveien 6"' in html
    assert les(enhet_id).adresse == "Andres vei 1"
    # Who has read it may go on.
    nytt = re.search(r'name="lest" value="(\d+)"', html)
    assert nytt is not None
    assert k.post(f"/plasser/{enhet_id}/forvalt", data={**gammelt, "lest": nytt[1]}).status_code == 303
    assert les(enhet_id).adresse == "Bredbuktnesveien 6"


def test_en_purring_gjoer_ikke_skjemaet_gammelt(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    data = beskrivelse(enhet_id)
    with om(hours=30):
        assert ferskhet.purr() == 1 and les(enhet_id).purret is not None
    assert k.post(f"/plasser/{enhet_id}/forvalt", data=data).status_code == 303


def test_arbeidet_paa_enheten_gjoer_ikke_skjemaet_gammelt(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    data = beskrivelse(enhet_id)
    drift.ingen_endring(folk.sykepleier, enhet_id)
    assert k.post(f"/plasser/{enhet_id}/forvalt", data=data).status_code == 303


@pytest.mark.parametrize(
    ("felt", "verdi"),
    [
        ("fersk_timer_lav", "0"),
        ("fersk_timer_hoey", "73"),
        ("hold_minutter", "5"),
        ("legedekning", "alltid"),
        ("evner", ["3"]),
    ],
)
def test_det_umulige_avvises(enhet_id: UUID, k: FlaskClient, felt: str, verdi: Any) -> None:
    svar = k.post(f"/plasser/{enhet_id}/forvalt", data=beskrivelse(enhet_id, **{felt: verdi}))
    assert svar.status_code == 422
    assert les(enhet_id).versjon == 1 and not revisjon("plasser.enhet_endret")


# --- beds ------------------------------------------------------------------------------------------------


def test_navn_paa_rekke_og_rad() -> None:
    assert les_navn("Rom 1–3\n\n  Seng  A \n01-02") == ["Rom 1", "Rom 2", "Rom 3", "Seng A", "01", "02"]
    for galt in ("Rom 3-1", "A\na", "1-999", "x" * 61):
        with pytest.raises(UgyldigData):
            les_navn(galt)


def test_mange_plasser_paa_en_gang(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    svar = k.post(
        f"/plasser/{enhet_id}/forvalt/plasser",
        data={"navn": "Rom 10–14\nIsolatet", "normert": "1", "bemannet": "1", "evner": ["1"]},
    )
    assert svar.status_code == 303
    navn = [p.navn for p in les_plasser(enhet_id)]
    assert navn == ["1", "2", "3", "Rom 10", "Rom 11", "Rom 12", "Rom 13", "Rom 14", "Isolatet"]
    tall = les_tall(enhet_id)
    assert (tall.antall, tall.normert, tall.ukjent) == (9, 9, 6)
    nye = les_plasser(enhet_id)[3:]
    assert {p.evner for p in nye} == {1}
    antall = db.session.scalar(
        sa.select(sa.func.count()).where(Plassendring.plass_id.in_([p.id for p in nye]))
    )
    assert antall == 6, "each begins its history"


def test_et_stort_hopp_i_normen_maa_bekreftes(enhet_id: UUID, k: FlaskClient) -> None:
    adresse = f"/plasser/{enhet_id}/forvalt/plasser"
    data = {"navn": "Rom 10–21", "normert": "1", "evner": ["1"]}
    svar = k.post(adresse, data=data)
    ord_, html = tekst(svar), svar.get_data(as_text=True)
    assert svar.status_code == 409 and "Normert: fra 3 til 15 plasser" in ord_
    assert len(les_plasser(enhet_id)) == 3 and not revisjon("plasser.plass_ny")
    # Everything stands as it was typed: what was ticked, and what was not.
    assert "Rom 10–21</textarea>" in html and 'id="evner-1" name="evner" value="1" checked' in html
    assert re.search(r'name="normert"[^>]* checked[^>]*>(?=(?:(?!name="normert").)*$)', html, re.S)
    assert not re.search(r'name="bemannet"[^>]* checked', html)
    # A wrong name is said first, and a bed that is no normed one surprises nobody.
    assert k.post(adresse, data={**data, "navn": "1\nRom 10–21"}).status_code == 422
    svar = k.post(adresse, data={**data, "bekreftet": "1"}, follow_redirects=True)
    assert len(les_plasser(enhet_id)) == 15
    assert "12 plasser er uten kvote." in svar.get_data(as_text=True)
    assert k.post(adresse, data={"navn": "Sal 1–40"}).status_code == 303


def test_alle_eller_ingen(enhet_id: UUID, k: FlaskClient) -> None:
    svar = k.post(f"/plasser/{enhet_id}/forvalt/plasser", data={"navn": "Rom 9\n2", "normert": "1"})
    assert svar.status_code == 422
    assert "Enheten har alt en plass som heter «2»." in tekst(svar)
    assert "Rom 9\n2</textarea>" in svar.get_data(as_text=True)
    assert len(les_plasser(enhet_id)) == 3 and not revisjon("plasser.plass_ny")


def test_en_plass_endres(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    plass = les_plasser(enhet_id)[0]
    adresse = f"/plasser/{enhet_id}/forvalt/plasser/{plass.id}"
    data = {"navn": "Rom 7", "evner": ["64"], "lest": str(plass.versjon)}
    # The quotas are all three normed beds.
    svar = k.post(adresse, data=data)
    assert svar.status_code == 422 and "Kvotene er til sammen 3." in tekst(svar)
    assert k.post(adresse, data={**data, "normert": "1"}).status_code == 303
    endret = les_plasser(enhet_id)[0]
    assert (endret.navn, endret.evner, endret.normert) == ("Rom 7", 64, True)
    svar = k.post(adresse, data={**data, "navn": "Rom 8", "normert": "1"})
    assert svar.status_code == 409 and 'value="Rom 8"' in svar.get_data(as_text=True)
    assert les_plasser(enhet_id)[0].navn == "Rom 7"


def test_normen_staar_i_historikken(scene: Scene, enhet_id: UUID, folk: Folk) -> None:
    forvaltning.sett_kvoter(
        folk.koordinator,
        enhet_id,
        {scene.kommune.id: 2, folk.medlem.id: 0},
        lest=forvaltningsvisning.hent(folk.koordinator, enhet_id).lest,
    )
    plass = les_plasser(enhet_id)[2]
    forvaltning.endre_plass(
        folk.koordinator, enhet_id, plass.id, lest=plass.versjon, navn=plass.navn, normert=False, evner=0
    )
    sist = db.session.scalars(
        sa.select(Plassendring).where(Plassendring.plass_id == plass.id).order_by(Plassendring.nr.desc())
    ).first()
    assert sist is not None and (sist.normert, sist.tilstand) == (False, Tilstand.LEDIG)
    assert les_tall(enhet_id).normert == 2


def test_rekkefoelgen(enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    en, _to, tre = les_plasser(enhet_id)
    adresse = f"/plasser/{enhet_id}/forvalt/plasser"
    assert k.post(f"{adresse}/{tre.id}/flytt", data={"opp": "1"}).status_code == 303
    assert [p.navn for p in les_plasser(enhet_id)] == ["1", "3", "2"]
    k.post(f"{adresse}/{en.id}/flytt", data={"opp": "1"})
    assert [p.navn for p in les_plasser(enhet_id)] == ["1", "3", "2"], "the first stays first"
    k.post(f"{adresse}/{en.id}/flytt", data={"opp": "0"})
    assert [p.navn for p in les_plasser(enhet_id)] == ["3", "1", "2"]


def test_en_plass_legges_ned(scene: Scene, som: Som) -> None:
    enhet_id = lag_plassenhet(scene, ["ledig", "belagt", "holdt"], kvoter={scene.kommune.id: 2})
    folk = lag_folk(scene, enhet_id)
    k = som(folk.koordinator)
    ledig, belagt, holdt = les_plasser(enhet_id)
    adresse = f"/plasser/{enhet_id}/forvalt/plasser"
    for plass in (belagt, holdt):
        svar = k.post(f"{adresse}/{plass.id}/nedlegg", data={"bekreftet": "1"})
        assert svar.status_code == 409 and "Plassen er i bruk" in tekst(svar)
    assert k.post(f"{adresse}/{ledig.id}/nedlegg", data={}).status_code == 422, "asked for first"
    assert k.post(f"{adresse}/{ledig.id}/nedlegg", data={"bekreftet": "1"}).status_code == 303
    assert [p.id for p in les_plasser(enhet_id)] == [belagt.id, holdt.id]
    assert les_tall(enhet_id).antall == 2
    sist = db.session.scalars(
        sa.select(Plassendring).where(Plassendring.plass_id == ledig.id).order_by(Plassendring.nr.desc())
    ).first()
    assert sist is not None and sist.tilstand == "nedlagt"
    # Its name is free again.
    assert k.post(adresse, data={"navn": "1"}).status_code == 303


# --- quotas ----------------------------------------------------------------------------------------------


def skjema(enhet_id: UUID, folk: Folk, rader: dict[UUID, str], **felt: Any) -> dict[str, Any]:
    return {
        "kommune": [str(i) for i in rader],
        "kvote": list(rader.values()),
        "ny_kommune": "",
        "ny_kvote": "",
        "lest": forvaltningsvisning.hent(folk.koordinator, enhet_id).lest,
        **felt,
    }


def test_kvotene_deles(scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    adresse = f"/plasser/{enhet_id}/forvalt/kvoter"
    assert "0 betyr at kommunen er med uten egne plasser" in tekst(k.get(adresse))
    svar = k.post(
        adresse,
        data=skjema(
            enhet_id,
            folk,
            {scene.kommune.id: "1", folk.medlem.id: "0"},
            ny_kommune=str(scene.annen_kommune.id),
            ny_kvote="2",
        ),
    )
    assert svar.status_code == 303
    assert kvoter(enhet_id) == {scene.kommune.id: 1, folk.medlem.id: 0, scene.annen_kommune.id: 2}


def test_ikke_flere_enn_normerte(scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    ny_plass(enhet_id, normert=False)
    svar = k.post(
        f"/plasser/{enhet_id}/forvalt/kvoter",
        data=skjema(enhet_id, folk, {scene.kommune.id: "3", folk.medlem.id: "1"}),
    )
    assert svar.status_code == 422
    assert "Kvotene er til sammen 4, men enheten har 3 normerte plasser." in tekst(svar)
    assert re.search(rf'id="kvote-{folk.medlem.id}"[^>]*value="1"', svar.get_data(as_text=True))
    assert kvoter(enhet_id) == {scene.kommune.id: 3, folk.medlem.id: 0}


def test_verten_er_alltid_med(scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    svar = k.post(
        f"/plasser/{enhet_id}/forvalt/kvoter",
        data=skjema(enhet_id, folk, {scene.kommune.id: "3", folk.medlem.id: "0"}, ut=[str(scene.kommune.id)]),
    )
    assert svar.status_code == 422 and "Vertskommunen må være med." in tekst(svar)


@pytest.mark.parametrize("kvote", ["-1", "501", "to", ""])
def test_kvoten_er_et_tall(scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient, kvote: str) -> None:
    svar = k.post(
        f"/plasser/{enhet_id}/forvalt/kvoter",
        data=skjema(enhet_id, folk, {scene.kommune.id: "2", folk.medlem.id: kvote}),
    )
    assert svar.status_code == 422
    assert f'id="kvote-{folk.medlem.id}-feil"' in svar.get_data(as_text=True)


def test_en_kommune_med_pasienter_gaar_ut_bare_bekreftet(
    scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient
) -> None:
    ny_plass(enhet_id, "belagt", kommune_id=folk.medlem.id, normert=False)
    data = skjema(enhet_id, folk, {scene.kommune.id: "3", folk.medlem.id: "0"}, ut=[str(folk.medlem.id)])
    svar = k.post(f"/plasser/{enhet_id}/forvalt/kvoter", data=data)
    assert svar.status_code == 409
    assert "Medlemskommunen har pasienter her eller på vei." in tekst(svar)
    assert 'name="bekreftet"' in svar.get_data(as_text=True)
    assert folk.medlem.id in kvoter(enhet_id)
    assert k.post(f"/plasser/{enhet_id}/forvalt/kvoter", data={**data, "bekreftet": "1"}).status_code == 303
    assert kvoter(enhet_id) == {scene.kommune.id: 3}
    assert steps.i_bruk_av(enhet_id) == {folk.medlem.id: 1}, "who lies there stays"


def test_kvotene_ble_endret_av_en_annen(scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient) -> None:
    gammelt = skjema(enhet_id, folk, {scene.kommune.id: "2", folk.medlem.id: "1"})
    forvaltning.sett_kvoter(
        folk.koordinator, enhet_id, {scene.kommune.id: 1, folk.medlem.id: 2}, lest=gammelt["lest"]
    )
    svar = k.post(f"/plasser/{enhet_id}/forvalt/kvoter", data=gammelt)
    assert svar.status_code == 409
    assert kvoter(enhet_id) == {scene.kommune.id: 1, folk.medlem.id: 2}


def test_ut_og_inn_igjen_samme_dag(scene: Scene, enhet_id: UUID, folk: Folk) -> None:
    def sett(kvoter_: dict[UUID, int]) -> None:
        lest = forvaltningsvisning.hent(folk.koordinator, enhet_id).lest
        forvaltning.sett_kvoter(folk.koordinator, enhet_id, kvoter_, lest=lest)

    sett({scene.kommune.id: 3})
    sett({scene.kommune.id: 2, folk.medlem.id: 1})
    assert kvoter(enhet_id) == {scene.kommune.id: 2, folk.medlem.id: 1}
    rader = db.session.scalars(sa.select(Plassmedlem).where(Plassmedlem.kommune_id == folk.medlem.id)).all()
    assert sorted(m.til is None for m in rader) == [False, True]
    assert {m.til for m in rader} == {None, i_dag()}


def test_bare_kommuner_som_finnes(scene: Scene, enhet_id: UUID, folk: Folk) -> None:
    @transactional
    def nedlagt() -> UUID:
        return lag_kommune("Borte", nedlagt=i_dag()).id

    for hvem in (scene.hf.id, nedlagt()):
        with pytest.raises(UgyldigData):
            forvaltning.sett_kvoter(
                folk.koordinator,
                enhet_id,
                {scene.kommune.id: 1, hvem: 1},
                lest=forvaltningsvisning.hent(folk.koordinator, enhet_id).lest,
            )
    assert set(kvoter(enhet_id)) == {scene.kommune.id, folk.medlem.id}


# --- the end ---------------------------------------------------------------------------------------------


def test_enheten_legges_ned_og_tas_opp_igjen(
    scene: Scene, enhet_id: UUID, folk: Folk, k: FlaskClient
) -> None:
    assert k.post(f"/plasser/{enhet_id}/forvalt/nedlegg", data={}).status_code == 422
    svar = k.post(f"/plasser/{enhet_id}/forvalt/nedlegg", data={"bekreftet": "1"})
    assert svar.status_code == 303
    e = les(enhet_id)
    assert e.nedlagt is not None and not les_plasser(enhet_id) and not kvoter(enhet_id)
    assert les_tall(enhet_id).antall == 0
    assert "Enheten er nedlagt" in tekst(k.get(f"/plasser/{enhet_id}/forvalt"))
    with pytest.raises(UgyldigOvergang):
        forvaltning.legg_til_plass(folk.koordinator, enhet_id, navn="9", normert=True, bemannet=True)
    igjen = forvaltning.opprett(folk.koordinator, e.enhet_id, legedekning=Legedekning.DAGTID, plasser=2)
    assert igjen == enhet_id, "the same unit, with its history"
    assert [p.navn for p in les_plasser(enhet_id)] == ["1", "2"]
    e = les(enhet_id)
    assert (e.nedlagt, e.bekreftet, e.legedekning) == (None, None, "dagtid")
    assert db.session.scalar(sa.select(sa.func.count()).where(Plass.plassenhet_id == enhet_id)) == 5


def test_ikke_mens_noen_ligger_der(scene: Scene, som: Som) -> None:
    enhet_id = lag_plassenhet(scene, ["ledig", "belagt"])
    folk = lag_folk(scene, enhet_id)
    svar = som(folk.koordinator).post(f"/plasser/{enhet_id}/forvalt/nedlegg", data={"bekreftet": "1"})
    assert svar.status_code == 409 and "Noen plasser er i bruk" in tekst(svar)
    assert les(enhet_id).nedlagt is None and len(les_plasser(enhet_id)) == 2


def test_andres_koordinator_og_enhetens_folk(enhet_id: UUID, folk: Folk, som: Som) -> None:
    for hvem in (folk.sykepleier, folk.fremmed_koordinator, folk.medlemslege):
        klient = som(hvem)
        for sti in ("forvalt", "forvalt/plasser", "forvalt/kvoter", "forvalt/opptrapping", "forvalt/rett"):
            assert klient.get(f"/plasser/{enhet_id}/{sti}").status_code == 403
    with pytest.raises(Utdatert):
        forvaltning.endre(folk.koordinator, enhet_id, lest=99, adresse="x")
    with pytest.raises(Konflikt):
        forvaltning.opprett(
            folk.koordinator, les(enhet_id).enhet_id, legedekning=Legedekning.DOEGN, plasser=1
        )
    assert sammendrag(folk.sykepleier, [enhet_id]) == {}
