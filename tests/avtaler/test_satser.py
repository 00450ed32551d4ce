"""The day rates: what the portal knows, what a coordinator enters, and that an old one never passes for a new one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.avtaler.forloep import Art, Status
from portal.avtaler.service import satser
from portal.avtaler.utskrivning import KJENTE_SATSER, sats
from portal.core.aktor import Aktor
from portal.core.clock import som_om
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, UgyldigData, Utdatert
from tests.avtalehjelp import lag_avtale
from tests.bygg import Opptak, Scene, revisjon, uten_spor
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture(autouse=True)
def _i_2026() -> object:
    """The tests' own year: two years after the last that the portal knows."""
    with som_om(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        yield


# --- the rule --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dag", "innlagte", "ventet"),
    [
        (date(2021, 12, 31), {}, None),
        (date(2022, 1, 1), {}, (5306, 2022)),
        (date(2023, 12, 31), {}, (5508, 2023)),
        (date(2024, 6, 1), {}, (5745, 2024)),
        (date(2026, 6, 1), {}, (5745, 2024)),
        (date(2026, 6, 1), {2025: 6000}, (6000, 2025)),
        (date(2026, 6, 1), {2025: 6000, 2026: 6200, 2027: 6400}, (6200, 2026)),
        (date(2024, 6, 1), {2024: 1}, (5745, 2024)),
    ],
)
def test_satsen_paa_en_dag(dag: date, innlagte: dict[int, int], ventet: tuple[int, int] | None) -> None:
    assert sats(dag, innlagte) == ventet


def test_forskriftens_satser() -> None:
    assert KJENTE_SATSER == {2022: 5306, 2023: 5508, 2024: 5745}


# --- entering --------------------------------------------------------------------------------------------


def test_en_koordinator_legger_inn(scene: Scene, motpart: Aktor) -> None:
    s = satser.hent(scene.lege)
    assert ([r.aar for r in s.rader], list(s.mangler), s.kan_foere) == (
        [2024, 2023, 2022],
        [2025, 2026],
        False,
    )
    satser.foer(motpart, 2025, 6000, "Rundskriv")
    satser.foer(scene.koordinator, 2027, 6400, "Rundskriv")
    s = satser.hent(motpart)
    assert [(r.aar, r.kroner) for r in s.rader[:3]] == [(2027, 6400), (2025, 6000), (2024, 5745)]
    assert (s.rader[1].av, list(s.mangler), list(s.ledige)) == (motpart.navn, [2026], [2026])
    d = satser.dagens()
    assert d is not None and (d.kroner, d.aar, d.mangler) == (6000, 2025, True)
    assert [i.objekt_id for i in revisjon("avtale.sats_foert")] in (["2025", "2027"], ["2027", "2025"])


@pytest.mark.parametrize(
    ("aar", "kroner", "felt"),
    [(2025, 0, "kroner"), (2025, -1, "kroner"), (2025, 100_001, "kroner"), (2024, 6000, "aar"),
     (2021, 4000, "aar"), (2028, 7000, "aar")],
)  # fmt: skip
def test_det_som_ikke_gaar(scene: Scene, opptak: Opptak, aar: int, kroner: int, felt: str) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        satser.foer(scene.koordinator, aar, kroner, "Rundskriv")
    assert set(feil.value.detaljer["felter"]) == {felt}


def test_et_aar_to_ganger(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    satser.foer(motpart, 2025, 6000, "Rundskriv")
    with uten_spor(opptak), pytest.raises(Opptatt) as feil:
        satser.foer(scene.koordinator, 2025, 6001, "Avisa")
    assert "6000" in feil.value.melding


def test_en_skrivefeil_rettes(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    satser.foer(motpart, 2025, 60000, "Rundskriv")
    with uten_spor(opptak), pytest.raises(Utdatert):
        satser.rett(scene.koordinator, 2025, 6000, "Rundskriv", 6000, "Rundskriv")
    for aar in (2024, 2026):
        with uten_spor(opptak), pytest.raises(IkkeFunnet):
            satser.rett(scene.koordinator, aar, 6000, "Rundskriv", 5745, "Rundskriv")
    with uten_spor(opptak), pytest.raises(UgyldigData):
        satser.rett(scene.koordinator, 2025, 0, "Rundskriv", 60000, "Rundskriv")
    satser.rett(scene.koordinator, 2025, 6000, "Rundskriv 3", 60000, "Rundskriv")
    d = satser.dagens(date(2025, 2, 1))
    assert d is not None and (d.kroner, d.mangler) == (6000, False)
    (innslag,) = revisjon("avtale.sats_rettet")
    detaljer = json.loads(innslag.detaljer)
    assert (detaljer["foer_kroner"], detaljer["kroner"]) == (60000, 6000)
    with uten_spor(opptak):
        satser.rett(scene.koordinator, 2025, 6000, "Rundskriv 3", 6000, "Rundskriv 3")


def test_kilden_er_rettet_av_en_annen(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    satser.foer(motpart, 2025, 6000, "Avisa")
    satser.rett(motpart, 2025, 6000, "Rundskriv 3", 6000, "Avisa")
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        satser.rett(scene.koordinator, 2025, 6100, "Rundskriv 4", 6000, "Avisa")
    assert "Rundskriv 3" in feil.value.melding
    satser.rett(scene.koordinator, 2025, 6100, "Rundskriv 4", 6000, "Rundskriv 3")


@pytest.mark.parametrize("hvem", ["administrator", "kommuneoverlege", "lege", "spesialist", "innsyn"])
def test_bare_koordinatorer(scene: Scene, opptak: Opptak, hvem: str) -> None:
    a = getattr(scene, hvem)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        satser.foer(a, 2025, 6000, "Rundskriv")
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        satser.rett(a, 2025, 6000, "Rundskriv", 1, "Rundskriv")


# --- in a browser ----------------------------------------------------------------------------------------


def test_satsene_i_nettleseren(scene: Scene, motpart: Aktor, som: Som) -> None:
    klient = som(motpart)
    tekst = klient.get("/avtaler/satser").text
    assert (
        "2024: 5\N{NO-BREAK SPACE}745\N{NO-BREAK SPACE}kr" in tekst and "Ikke registrert: 2025, 2026" in tekst
    )
    skjema = Skjemaer(tekst).skjemaer["/avtaler/satser"]
    assert skjema["aar"] == "2025"
    for kroner in ("", "mange", "0", "5745,5"):
        feil = klient.post("/avtaler/satser", data={**skjema, "kroner": kroner, "kilde": "Rundskrivet"})
        assert feil.status_code == 422 and 'value="Rundskrivet"' in feil.text, kroner
    for aar in ("0", "2024", "2040", "9" * 30, "i fjor"):
        for sted in ("", "/rett"):
            tull = {"aar": aar, "kroner": "6000", "kilde": "Rundskrivet", "lest": "1"}
            assert klient.post(f"/avtaler/satser{sted}", data=tull).status_code in (404, 422), aar
    data = {**skjema, "kroner": "6 000 kr", "kilde": "Rundskrivet"}
    assert klient.post("/avtaler/satser", data=data).status_code == 303
    to = klient.post("/avtaler/satser", data={**data, "kroner": "6001"})
    assert to.status_code == 409 and "Noen andre har ført satsen for 2025: 6000 kr" in to.text
    rett = Skjemaer(klient.get("/avtaler/satser?rett=2025").text).skjemaer["/avtaler/satser/rett"]
    assert (rett["kroner"], rett["kilde"], rett["lest"]) == ("6000", "Rundskrivet", "6000")
    assert rett["lest_kilde"] == "Rundskrivet"
    assert klient.post("/avtaler/satser/rett", data={**rett, "kroner": "0"}).status_code == 422
    assert klient.post("/avtaler/satser/rett", data={**rett, "kroner": "6100"}).status_code == 303
    gammel = klient.post("/avtaler/satser/rett", data={**rett, "kroner": "6200"})
    assert gammel.status_code == 409 and 'value="6200"' in gammel.text
    assert Skjemaer(gammel.text).skjemaer["/avtaler/satser/rett"]["lest"] == "6100"
    assert klient.get("/avtaler/satser?rett=tull").status_code == 422


def test_den_som_bare_leser_faar_ingen_skjema(scene: Scene, som: Som) -> None:
    satser.foer(scene.koordinator, 2025, 6000, "Rundskriv")
    for a in (scene.lege, scene.kommuneoverlege, scene.innsyn):
        tekst = som(a).get("/avtaler/satser?rett=2025").text
        assert "2025: 6" in tekst and not [s for s in Skjemaer(tekst).skjemaer if "satser" in s]
        assert som(a).post("/avtaler/satser", data={"aar": "x"}).status_code == 403


@pytest.fixture
def utskrivningsavtale(scene: Scene, motpart: Aktor) -> UUID:
    return lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        i_kraft_fra=date(2024, 1, 1),
        bestemmelser=[
            {"overskrift": "Utskrivning", "art": Art.UTSKRIVNING, "trinn": ["melding", "betaling"]},
            {"overskrift": "Innleggelse"},
        ],
    ).id


def test_satsen_staar_ved_bestemmelser_om_utskrivning(
    scene: Scene, motpart: Aktor, som: Som, utskrivningsavtale: UUID
) -> None:
    avtalen = f"/avtaler/{utskrivningsavtale}"
    naa = f"/avtaler/gjelder?kommune={scene.kommune.id}"
    gammel = "Døgnsats 2024: 5\N{NO-BREAK SPACE}745\N{NO-BREAK SPACE}kr"
    for adresse in (avtalen, naa):
        tekst = som(motpart).get(adresse).text
        assert tekst.count("Døgnsats 2024") == 1, "at the clause on discharge alone"
        assert gammel in tekst and "Ikke registrert for 2026" in tekst and "Legg inn satsen for 2026" in tekst
        tekst = som(scene.lege).get(adresse).text
        assert "Ikke registrert for 2026" in tekst and "Legg inn" not in tekst
    satser.foer(motpart, 2026, 6200, "Rundskriv")
    for adresse in (avtalen, naa):
        tekst = som(scene.lege).get(adresse).text
        assert "Døgnsats 2026: 6\N{NO-BREAK SPACE}200" in tekst and "Ikke registrert" not in tekst
    # Of another day: the rate of that day.
    assert gammel in som(scene.lege).get(f"{naa}&dag=2024-05-01").text


def test_koordinatoren_finner_dem_fra_lista(scene: Scene, motpart: Aktor, som: Som) -> None:
    for a, kjeden in (
        (motpart, True),
        (scene.administrator, True),
        (scene.lege, False),
        (scene.innsyn, False),
    ):
        tekst = som(a).get("/avtaler").text
        assert 'href="/avtaler/satser"' in tekst and ('href="/avtaler/kjede"' in tekst) == kjeden, a.rolle
