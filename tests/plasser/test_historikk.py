"""The history: what is added up of whom, what is a gap, and who sees the small numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.models import Organisasjon
from portal.plasser import historikkregler as regler
from portal.plasser import steps
from portal.plasser.doegn import grenser
from portal.plasser.historikk import SUMMER, Plassdoegn
from portal.plasser.historikkregler import Opploesning
from portal.plasser.models import Opphold
from portal.plasser.service import doegn, drift, historikk, omraader
from portal.plasser.service.historikk import Slag
from tests.bygg import Scene, lag_aktor, lag_kommune, lag_organisasjon
from tests.plasser.hjelp import lag_folk, lag_plassenhet, les_plasser

TIME = timedelta(hours=1)
EN = timedelta(days=1)


def _summer(**felt: int) -> dict[str, int]:
    return {**dict.fromkeys(SUMMER, 0), **felt}


@transactional
def _dager(enhet_id: UUID, dager: dict[date, dict[str, Any]]) -> None:
    """Writes the sums of days as the job would, with their months."""
    for dag, felt in dager.items():
        timer = felt.pop("innlagt_timer", {})
        db.session.add(
            Plassdoegn(plassenhet_id=enhet_id, dag=dag, laget=now(), innlagt_timer=timer, **_summer(**felt))
        )
    db.session.flush()
    doegn._lag_maaneder(enhet_id, min(dager).replace(day=1), max(dager))
    steps.merk_dager(min(dager), max(dager))
    omraader.sett_omraade(enhet_id)


@transactional
def _opphold(enhet_id: UUID, plass_id: UUID, kommune: Organisasjon, inn: Any, **felt: Any) -> None:
    db.session.add(
        Opphold(
            id=uuid4(),
            plass_id=plass_id,
            plassenhet_id=enhet_id,
            kommune_id=kommune.id,
            inn=inn,
            ut=felt.pop("ut", inn + TIME),
            registrert=inn,
            **felt,
        )
    )


# --- the rules -------------------------------------------------------------------------------------------


def test_belegg_er_av_den_tiden_som_er_kjent_og_operativ() -> None:
    s = _summer(ledig=30, holdt=10, belagt=50, rengjoeres=10, stengt=500, ubemannet=500, normert=200)
    assert regler.belegg(s) == 0.5
    assert regler.belegg_normert(s) == 0.25
    # More beds than the normed ones.
    assert regler.belegg_normert({**s, "normert": 25}) == 2


@pytest.mark.parametrize(("ukjent", "belegg"), [(0, 0.5), (100, 0.5), (101, None), (100_000, None)])
def test_det_meste_ukjent_er_ukjent(ukjent: int, belegg: float | None) -> None:
    s = _summer(ledig=50, belagt=50, ukjent=ukjent, normert=100)
    assert regler.belegg(s) == belegg
    assert (regler.belegg_normert(s) is None) == (belegg is None)


def test_uten_operativ_tid_er_belegget_ukjent_og_ikke_null() -> None:
    assert regler.belegg(_summer(stengt=100)) is None
    assert regler.belegg(_summer(ledig=100)) == 0
    assert regler.liggetid(_summer(belagt=100)) is None
    assert regler.liggetid(_summer(utskrevet=2, liggetid=3 * 7200)) == 3


@settings(max_examples=40, deadline=None)
@given(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(0, 4000),
    st.sampled_from([None, *Opploesning]),
)
def test_bolkene_deler_perioden(fra: date, lengde: int, oensket: Opploesning | None) -> None:
    til = fra + lengde * EN
    opploesning = regler.velg(fra, til, oensket)
    alle = [(fra + n * EN, _summer(innlagt=1)) for n in range(lengde + 1)]
    bolker = regler.bolker(alle, fra, til, opploesning)
    assert bolker[0].start == fra and bolker[-1].slutt == til
    for en, neste in pairwise(bolker):
        assert en.slutt + EN == neste.start
    assert sum(b.summer["innlagt"] for b in bolker if b.summer) == lengde + 1
    # Each has as many days as were added up.
    assert all(b.summer and b.summer["innlagt"] == (b.slutt - b.start).days + 1 for b in bolker)
    assert len(bolker) <= 367


def test_en_dag_uten_sum_er_et_hull() -> None:
    fra = date(2026, 11, 1)
    bolker = regler.bolker([(fra, _summer(ledig=1))], fra, fra + EN, Opploesning.DAG)
    assert [b.summer is None for b in bolker] == [False, True]
    assert bolker[0].summer is not None and regler.belegg(bolker[0].summer) == 0


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 12), min_size=1))
def test_smaa_tall_kan_ikke_regnes_ut(tall: dict[str, int]) -> None:
    vist = regler.skjul(tall)
    assert vist.keys() == tall.keys()
    for k, v in vist.items():
        assert v in (tall[k], regler.FAA, regler.SKJULT)
        assert v != tall[k] or v == 0 or int(v) >= regler.MINSTE
    # Who knows what they are all together, and which of them are 1–4, can work out none of them.
    borte = [k for k, v in vist.items() if isinstance(v, str)]
    if regler.helt_skjult(vist):
        return
    sum_ = sum(tall[k] for k in borte)
    assert not borte or sum_ >= regler.MINSTE
    mulige = [range(1, 5) if vist[k] == regler.FAA else range(5, sum_ + 1) for k in borte]
    for n, k in enumerate(borte):
        andre = mulige[:n] + mulige[n + 1 :]
        smaa, store = sum(r[0] for r in andre), sum(r[-1] for r in andre)
        assert sum(smaa <= sum_ - verdi <= store for verdi in mulige[n]) > 1, (k, tall, vist)


def test_faa_alene_skjules_med_nullene() -> None:
    for tall in ({"80-89": 3}, {"80-89": 2, "90+": 1}, {"a": 4, "b": 4}, {"a": 5, "b": 1}):
        vist = regler.skjul(tall)
        assert regler.helt_skjult(vist) and vist.keys() == tall.keys(), tall
    assert not regler.helt_skjult(regler.skjul({})) and not regler.helt_skjult(regler.skjul({"a": 0}))
    assert [regler.enkelt(n) for n in (0, 1, 4, 5)] == [0, regler.FAA, regler.FAA, 5]


def test_to_grupper_kan_ikke_regnes_ut_av_summene_sine() -> None:
    # 12 of 67 and older, 10 of them from 80 to 89: the difference would be the two that are hidden.
    assert not regler.kan_deles({"67-79": 2, "80-89": 10, "18-49": 6}, {"67-79", "80-89"})
    assert not regler.kan_deles({"80-89": 7, "0-17": 2}, {"80-89"})
    assert not regler.kan_deles({"80-89": 3}, {"80-89"})
    assert regler.kan_deles({"67-79": 4, "80-89": 3, "18-49": 6}, {"67-79", "80-89"})
    assert regler.kan_deles({"80-89": 7, "": 5}, {"80-89"})


# --- of whom ---------------------------------------------------------------------------------------------


def test_omraadene_er_de_enhetene_som_hoerer_til(scene: Scene) -> None:
    fylke = lag_organisasjon("fylke", "Testfylket")
    hjemme = lag_kommune(helseforetak_id=scene.hf.id, overordnet_id=fylke.id)
    borte = lag_kommune(helseforetak_id=scene.annet_hf.id, overordnet_id=fylke.id)
    dag = i_dag() - 3 * EN
    for vert, belagt in ((hjemme, 1), (borte, 10), (scene.annen_kommune, 100)):
        enhet = lag_plassenhet(scene, 1, vert=vert, siden=now() - TIME)
        _dager(enhet, {dag: {"belagt": belagt, "ledig": 100}})

    def belagt_i(slag: Slag, id_: UUID | None = None) -> int:
        utvalg = historikk.hent_utvalg(scene.innsyn, slag, id_)
        return historikk.hent(scene.innsyn, utvalg, dag, dag).sum["belagt"]

    assert belagt_i(Slag.LAND) == 111
    assert belagt_i(Slag.FYLKE, fylke.id) == 11
    assert belagt_i(Slag.FORETAK, scene.annet_hf.id) == 10
    assert belagt_i(Slag.KOMMUNE, borte.id) == 10
    with pytest.raises(IkkeFunnet):
        belagt_i(Slag.FORETAK, fylke.id)
    with pytest.raises(IkkeFunnet):
        belagt_i(Slag.KOMMUNE, uuid4())
    deler = historikk.hent(scene.innsyn, historikk.hent_utvalg(scene.innsyn, Slag.FYLKE, fylke.id), dag, dag)
    assert sorted(d.summer["belagt"] for d in deler.deler) == [1, 10]
    assert sum(d.summer["belagt"] for d in deler.deler) == deler.sum["belagt"]


def test_uten_rolle_ingen_historikk(scene: Scene) -> None:
    with pytest.raises(IkkeTilgang):
        historikk.hent_utvalg(Aktor.system("x"), Slag.LAND)


def test_dager_og_maaneder_sier_det_samme(scene: Scene) -> None:
    """Ten years are read from the sums of months; their edges, which are no whole months, from the days."""
    terning = random.Random(4)
    enhet = lag_plassenhet(scene, 1, siden=now() - TIME)
    begynner = i_dag() - 430 * EN
    dager = {
        begynner + n * EN: {"belagt": terning.randint(0, 9), "ledig": 10, "innlagt": terning.randint(0, 3)}
        for n in range(430)
        if terning.random() < 0.9
    }
    fasit = {d: dict(v) for d, v in dager.items()}
    _dager(enhet, dager)
    utvalg = historikk.hent_utvalg(scene.lege, Slag.ENHET, enhet)
    for _runde in range(12):
        fra, til = sorted(begynner + terning.randint(0, 429) * EN for _ in "ab")
        for opploesning in (Opploesning.MAANED, Opploesning.AAR, Opploesning.UKE, Opploesning.DAG):
            h = historikk.hent(scene.lege, utvalg, fra, til, opploesning)
            ventet = {
                k: sum(v[k] for d, v in fasit.items() if fra <= d <= til) for k in ("belagt", "innlagt")
            }
            assert {k: h.sum[k] for k in ventet} == ventet, (fra, til, opploesning)
            assert sum(b.summer["belagt"] for b in h.bolker if b.summer) == ventet["belagt"]


def test_dagen_i_dag_er_med_levende(scene: Scene) -> None:
    med = grenser(date(2026, 11, 12))[0]
    with som_om(med + 8 * TIME):
        enhet = lag_plassenhet(scene, 2, siden=now() - 2 * EN)
        folk = lag_folk(scene, enhet)
        plass = les_plasser(enhet)[0].id
        drift.legg_inn(folk.lege, enhet, plass_id=plass, kommune_id=scene.kommune.id)
    with som_om(med + 10 * TIME):
        utvalg = historikk.hent_utvalg(folk.lege, Slag.ENHET, enhet)
        h = historikk.hent(folk.lege, utvalg, i_dag() - 4 * EN, i_dag())
        # No job has run: the two days that have ended are added up live too; before that there was nothing.
        assert [b.summer is None for b in h.bolker] == [True, True, False, False, False]
        assert h.bolker[-1].summer is not None
        assert h.bolker[-1].summer["belagt"] == 2 * 3600
        assert regler.belegg(h.bolker[-1].summer) == pytest.approx(2 / 20)
        assert h.varme == {(i_dag().weekday(), 8): 1}
        # The figures at the top are of the days that have ended, and today so far stands beside them.
        assert h.i_dag is not None and h.i_dag["innlagt"] == 1 and h.sum["innlagt"] == 0
        assert h.siste_dag == i_dag() - EN
        foer = h.sum
        doegn.legg_sammen_dager()
        assert historikk.hent(scene.lege, utvalg, i_dag() - 4 * EN, i_dag()).sum == foer
        assert historikk.summer(utvalg, i_dag() - 4 * EN, i_dag() - EN) == foer
        alt = historikk.summer(utvalg, i_dag() - 4 * EN, i_dag())
        assert alt == {k: foer[k] + h.i_dag[k] for k in foer}
        bare = historikk.hent(folk.lege, utvalg, i_dag(), i_dag())
        assert (bare.sum, bare.i_dag, bare.siste_dag) == (h.i_dag, None, i_dag())


def test_tallene_oeverst_er_av_de_samme_dagene_som_fordelingen(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    """Also while yesterday waits for its sum: the line of what is not shared out yet has it."""
    med = grenser(date(2026, 11, 12))[0]
    with som_om(med - 20 * TIME):
        enheter = [lag_plassenhet(scene, 2, siden=now() - EN) for _ in range(2)]
        folk = lag_folk(scene, enheter[0])
        drift.legg_inn(
            folk.lege, enheter[0], plass_id=les_plasser(enheter[0])[0].id, kommune_id=scene.kommune.id
        )
    with som_om(med + 8 * TIME):
        drift.legg_inn(
            folk.lege, enheter[0], plass_id=les_plasser(enheter[0])[1].id, kommune_id=scene.kommune.id
        )
    with som_om(med + 10 * TIME):
        utvalg = historikk.hent_utvalg(folk.lege, Slag.KOMMUNE, scene.kommune.id)
        fra, idag = i_dag() - 6 * EN, i_dag()

        def innlagt() -> tuple[int, int, int]:
            h = historikk.hent(folk.lege, utvalg, fra, idag)
            assert h.i_dag is not None
            assert sum(b.summer["innlagt"] for b in h.bolker if b.summer) == 2
            ventende = h.ventende["innlagt"] if h.ventende else 0
            return h.sum["innlagt"], sum(d.summer["innlagt"] for d in h.deler), ventende

        adresse = f"/plasser/historikk?kommune={scene.kommune.id}&fra={fra}&til={idag}"
        assert innlagt() == (1, 0, 1)
        assert "Dager som ikke er fordelt ennå" not in som(folk.lege).get(adresse).text
        doegn.legg_sammen_dager()
        assert innlagt() == (1, 1, 0)
        side = som(folk.lege).get(adresse).text
        assert "Tallene er for hele dager, 6. nov. 2026 til 11. nov. 2026." in side
        assert "I dag så langt: 1 innlagt, 0 utskrevet." in side
        assert "Hele dager, 6. nov. 2026 til 11. nov. 2026. I dag er ikke med." in side
        assert "i dag så langt</span>" in side
        i_dag_alene = som(folk.lege).get(
            f"/plasser/historikk?kommune={scene.kommune.id}&fra={idag}&til={idag}"
        )
        assert "Tallene er for i dag så langt." in i_dag_alene.text and "Fordelt på" not in i_dag_alene.text


@pytest.fixture
def koordinator(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, scene.kommune)


def test_naar_de_kommer_etter_ukedag_og_klokke(scene: Scene, koordinator: Aktor) -> None:
    mandag = i_dag() - (i_dag().weekday() + 7) * EN
    for _ in range(2):
        enhet = lag_plassenhet(scene, 1, siden=now() - TIME)
        _dager(
            enhet,
            {
                mandag: {"innlagt": 3, "innlagt_timer": {"0": 1, "13": 2}},
                mandag + EN: {"innlagt": 1, "innlagt_timer": {"23": 1}},
                mandag - 400 * EN: {"innlagt": 1, "innlagt_timer": {"5": 1}},
            },
        )
    utvalg = historikk.hent_utvalg(koordinator, Slag.KOMMUNE, scene.kommune.id)
    h = historikk.hent(koordinator, utvalg, mandag - 500 * EN, mandag + EN)
    assert h.varme == {(0, 0): 2, (0, 13): 4, (1, 23): 2}
    assert h.varme_fra == mandag + EN - 365 * EN
    assert h.sum["innlagt"] == 10


# --- who is in the small numbers -------------------------------------------------------------------------


def test_smaa_tall_vises_bare_den_som_ser_oppholdene(
    scene: Scene, som: Callable[[Aktor], FlaskClient], koordinator: Aktor
) -> None:
    i_fjor = grenser(date(i_dag().year - 1, 6, 1))[0]
    enhet = lag_plassenhet(scene, 1, siden=i_fjor - EN)
    plass = les_plasser(enhet)[0].id
    for n in range(8):
        _opphold(enhet, plass, scene.kommune, i_fjor + n * EN, aldersgruppe="80-89", aarsaksgruppe="fall")
    for n in range(3):
        _opphold(enhet, plass, scene.kommune, i_fjor + n * EN + 2 * TIME, aldersgruppe="0-17")
    _opphold(enhet, plass, scene.kommune, now() - 5 * TIME, aldersgruppe="18-49")
    fra, til = i_dag() - 29 * EN, i_dag()
    folk = lag_folk(scene, enhet)
    for ser in (folk.lege, folk.sykepleier, koordinator):
        egen = historikk.hent(ser, historikk.hent_utvalg(ser, Slag.ENHET, enhet), fra, til)
        assert egen.hvem["aldersgruppe"] == {"18-49": 1} and not egen.skjuler
    # The rest of the vertskommune sees no stays: neither its physicians elsewhere nor those who run or oversee things.
    andre = [
        scene.fremmed_lege,
        scene.lege,
        scene.kommuneoverlege,
        lag_aktor(Rolle.INNSYN, scene.kommune),
        lag_aktor(Rolle.ADMINISTRATOR, scene.kommune),
    ]
    for a in andre:
        for slag, id_ in ((Slag.ENHET, enhet), (Slag.KOMMUNE, scene.kommune.id)):
            andres = historikk.hent(a, historikk.hent_utvalg(a, slag, id_), fra, til)
            # Another year, whole: two periods that differ by a day would tell of one person.
            assert andres.hvem_periode == (date(til.year - 1, 1, 1), date(til.year - 1, 12, 31)), a.rolle
            assert andres.hvem["aldersgruppe"] == {"80-89": regler.SKJULT, "0-17": regler.FAA}
            assert andres.hvem["aarsaksgruppe"] == {"fall": regler.SKJULT, "": regler.FAA}
    # Of a whole kommune the coordinator alone.
    for ser, skjuler in ((koordinator, False), (folk.lege, True)):
        alle = historikk.hent(ser, historikk.hent_utvalg(ser, Slag.KOMMUNE, scene.kommune.id), fra, til)
        assert alle.skjuler == skjuler
    for a in andre[:2]:
        side = som(a).get(f"/plasser/{enhet}/historikk").text
        assert "<td>&lt;5</td>" in side and "<td>skjult</td>" in side
    assert "&lt;5" not in som(folk.lege).get(f"/plasser/{enhet}/historikk").text
    # Two units: what is hidden of one would be all of them without the other.
    lag_plassenhet(scene, 1, siden=now() - TIME)
    valgt = historikk.hent_utvalg(scene.lege, Slag.KOMMUNE, scene.kommune.id)
    assert historikk.hent(scene.lege, valgt, fra, til).hvem == {}
    assert historikk.hent(koordinator, valgt, fra, til).hvem["aldersgruppe"] == {"18-49": 1}


def test_en_enkelt_pasients_time_og_liggetid_vises_ikke_andre(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    enhet = lag_plassenhet(scene, 1, siden=now() - TIME)
    dag = i_dag() - 20 * EN
    dager: dict[date, dict[str, Any]] = {
        dag: {"innlagt": 1, "innlagt_timer": {"3": 1}, "utskrevet": 1, "liggetid": 7 * 3600 + 1800},
        dag + 7 * EN: {
            "innlagt": 7,
            "innlagt_timer": {"13": 5, "14": 2},
            "utskrevet": 6,
            "liggetid": 6 * 4000,
        },
    }
    _dager(enhet, dager)
    folk = lag_folk(scene, enhet)
    uke = dag + 7 * EN

    def se(a: Aktor, fra: date, til: date) -> tuple[str, list[str]]:
        sporring = f"enhet={enhet}&fra={fra}&til={til}"
        linjer = som(a).get(f"/plasser/historikk.csv?{sporring}").data.decode("utf-8-sig").splitlines()
        return som(a).get(f"/plasser/historikk?{sporring}").text, [x.split(";")[6] for x in linjer[1:]]

    side, liggetid = se(folk.lege, dag, dag)
    assert "7,5" in side and liggetid == ["7,5"] and "varmetabell" in side
    for a in (scene.lege, scene.fremmed_lege, scene.innsyn):
        side, liggetid = se(a, dag, dag)
        assert "7,5" not in side and liggetid == ["skjult"]
        assert "varmetabell" not in side and "For få innleggelser til å vise når de kom." in side
        # Of enough: whole hours, and the hours with enough alone; no sums that tell of the others.
        side, liggetid = se(a, uke, uke)
        assert liggetid == ["1"] and "1,1" not in side
        assert side.count("varme--5") == 1 and "<tfoot>" not in side
        # Nor of an area that has this unit alone.
        omraade = som(a).get(f"/plasser/historikk?kommune={scene.kommune.id}&fra={dag}&til={dag}").text
        assert "7,5" not in omraade and "varmetabell" not in omraade
    h = historikk.hent(scene.lege, historikk.hent_utvalg(scene.lege, Slag.LAND), dag, uke)
    assert h.varme == {(uke.weekday(), 13): 5}
    full = {(d, t): 9 for d in range(7) for t in range(24)}
    assert regler.skjul_varme(full) == full
    # One cell that is not shown would be the difference from all: another goes with it.
    assert len(regler.skjul_varme({**full, (0, 0): 2})) == 7 * 24 - 2


def test_en_periode_uten_tall_er_ukjent_og_ikke_null(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    enhet = lag_plassenhet(scene, 1, siden=now() - TIME)
    folk = lag_folk(scene, enhet)
    fra, til = i_dag() - 400 * EN, i_dag() - 390 * EN
    side = som(folk.lege).get(f"/plasser/{enhet}/historikk?fra={fra}&til={til}").text
    for ord_ in ("Innlagt", "Snitt liggetid", "Fikk ikke plass"):
        verdi = side.split(f'<dt class="tallkort__ord">{ord_}</dt>')[1].split("</dd>")[0]
        assert ">–<" in verdi and "ukjent" in verdi and "0" not in verdi, ord_
    assert "varmetabell" not in side and "Ukjent: registeret har ingen tall for perioden." in side
    hvem = side.split("Hvem som ble lagt inn")[1].split("</section>")[0]
    assert "<td>–</td>" in hvem and "<td>0</td>" not in hvem
    # In use it is a zero.
    side = som(folk.lege).get(f"/plasser/{enhet}/historikk?periode=7").text
    assert "varmetabell" in side and "<td>0</td>" in side.split("Hvem som ble lagt inn")[1]


# --- the pages -------------------------------------------------------------------------------------------


def test_siden_viser_hull_tabell_og_tall(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    enhet = lag_plassenhet(scene, 1, siden=now() - TIME)
    dag = i_dag() - 2 * EN
    _dager(
        enhet,
        {
            dag: {"belagt": 43200, "ledig": 43200, "normert": 86400, "innlagt": 4, "avslag": 2, "utloept": 1},
            dag + EN: {"ukjent": 86400, "normert": 86400},
        },
    )
    klient = som(lag_folk(scene, enhet).lege)
    svar = klient.get(f"/plasser/historikk?enhet={enhet}&fra={dag - EN}&til={dag + EN}")
    assert svar.status_code == 200
    # Three days: one that nobody knows of, one known, one unknown.
    assert svar.text.count("graf__ukjent") == 2 + 1
    assert svar.text.count('<tr><th scope="row">') >= 3
    assert "50,0\u00a0%" in svar.text and "Fikk ikke plass" in svar.text
    csv = klient.get(f"/plasser/historikk.csv?enhet={enhet}&fra={dag - EN}&til={dag + EN}")
    linjer = csv.data.decode("utf-8-sig").splitlines()
    assert csv.data.startswith(b"\xef\xbb\xbf")
    assert linjer[1] == f"{dag - EN};{dag - EN};;;;;;;"
    assert linjer[2].startswith(f"{dag};{dag};50,0\u00a0%;50,0\u00a0%;4;0;;2;1")
    assert linjer[3].startswith(f"{dag + EN};{dag + EN};;;0")


@pytest.mark.parametrize(
    ("sporring", "sier"),
    [
        ("fra=2026-11-20&til=2026-11-01", "Den første dagen må være før den siste"),
        ("fra=1990-01-01&til=2026-11-01", "Velg høyst 15 år."),
        ("fra=i-fjor", "Skriv en dato som 2026-11-21."),
        ("periode=14", "Ugyldig valg. Velg fra lista."),
        ("opploesning=time", "Ugyldig valg. Velg fra lista."),
        ("ukjent=1", "Dette feltet finnes ikke."),
    ],
)
def test_galt_valg_sies_og_siden_staar(
    scene: Scene, som: Callable[[Aktor], FlaskClient], sporring: str, sier: str
) -> None:
    enhet = lag_plassenhet(scene, 1)
    for adresse in ("/plasser/historikk", f"/plasser/{enhet}/historikk"):
        svar = som(scene.lege).get(f"{adresse}?{sporring}")
        assert svar.status_code == 422
        assert sier in svar.text and "Over tid" in svar.text


@pytest.mark.parametrize("omraade", ["maanen", "enhet", "foretak:", "enhet:x", f"fylke:{UUID(int=1)}"])
def test_et_omraade_som_ikke_finnes(scene: Scene, som: Callable[[Aktor], FlaskClient], omraade: str) -> None:
    assert som(scene.lege).get(f"/plasser/historikk?omraade={omraade}").status_code == 404


def test_utgangspunktet_er_ens_eget(scene: Scene) -> None:
    lag_plassenhet(scene, 1)
    assert historikk.utgangspunkt(scene.lege).id == scene.kommune.id
    assert historikk.utgangspunkt(scene.koordinator).id == scene.hf.id
    assert historikk.utgangspunkt(scene.innsyn).slag == Slag.LAND
    uten = lag_aktor(Rolle.LEGE_KOMMUNE, lag_kommune(helseforetak_id=scene.hf.id))
    assert historikk.utgangspunkt(uten).id == scene.hf.id
    valg = historikk.hent_valg(scene.lege)
    assert (scene.kommune.id, scene.kommune.kortnavn) in valg[Slag.KOMMUNE]


def test_en_for_lang_periode_vises_grovere(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    lag_plassenhet(scene, 1)
    svar = som(scene.lege).get("/plasser/historikk?omraade=land&periode=3650&opploesning=dag")
    assert "Perioden er for lang til det. Vises måned for måned." in svar.text
