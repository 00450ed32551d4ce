"""The yearly report: whose stays count where, what is compared with what, what is hidden, and the files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.core.regneark import Ark, Tall, celle_som_tekst, som_xlsx
from portal.identitet.models import Organisasjon
from portal.plasser.doegn import grenser
from portal.plasser.forloep import Holdstatus
from portal.plasser.models import Avslag, Opphold, Reservasjon
from portal.plasser.rapporttall import Oppholdsrad, forskjell, tell_opphold
from portal.plasser.routes.rapport import tabeller
from portal.plasser.service import doegn, rapport
from tests.bygg import Scene, lag_aktor, lag_kommune, lag_organisasjon, revisjon
from tests.plasser.hjelp import lag_plassenhet, les_plasser

TIME = timedelta(hours=1)
EN = timedelta(days=1)
I_AAR = 2026
#: The reports are made at this moment: the year 2025 is over, 2026 is not.
NAA = grenser(date(I_AAR, 6, 1))[0] + 12 * TIME
#: Then this year is over too: of one that runs others than the kommune are told little.
ETTER = grenser(date(I_AAR + 1, 2, 1))[0]


def _kl(maaned: int, dag: int, time: int = 12, aar: int = I_AAR) -> datetime:
    return grenser(date(aar, maaned, dag))[0] + time * TIME


@transactional
def _opphold(
    enhet_id: UUID, plass_id: UUID, kommune: Organisasjon, inn: datetime, timer: float | None, **felt: Any
) -> None:
    db.session.add(
        Opphold(
            id=uuid4(),
            plass_id=plass_id,
            plassenhet_id=enhet_id,
            kommune_id=kommune.id,
            inn=inn,
            ut=None if timer is None else inn + timer * TIME,
            registrert=inn,
            **felt,
        )
    )


@transactional
def _avslag(enhet_id: UUID, kommune: Organisasjon, grunn: str, naar: datetime) -> None:
    db.session.add(
        Avslag(id=uuid4(), plassenhet_id=enhet_id, kommune_id=kommune.id, grunn=grunn, tidspunkt=naar)
    )


@transactional
def _hold(enhet_id: UUID, plass_id: UUID, kommune: Organisasjon, naar: datetime, status: Holdstatus) -> None:
    db.session.add(
        Reservasjon(
            id=uuid4(),
            klient_id=uuid4(),
            plass_id=plass_id,
            plassenhet_id=enhet_id,
            kommune_id=kommune.id,
            organisasjon_id=kommune.id,
            status=status,
            opprettet=naar,
            utloeper=naar + 2 * TIME,
            avsluttet=None if status == Holdstatus.AKTIV else naar + 2 * TIME,
        )
    )


def _enhet(scene: Scene, vert: Organisasjon | None = None, navn: str = "") -> tuple[UUID, UUID]:
    """A unit with two beds since New Year the year before, in which both kommuner have a place."""
    with som_om(_kl(1, 1, 0, I_AAR - 1)):
        enhet = lag_plassenhet(
            scene,
            2,
            vert=vert,
            navn=navn,
            siden=now(),
            kvoter={scene.kommune.id: 1, scene.annen_kommune.id: 1},
        )
    return enhet, les_plasser(enhet)[0].id


@pytest.fixture
def leser(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, scene.kommune)


def _tabell(r: rapport.Rapport, noekkel: str) -> dict[str, list[Any]]:
    ark = next(t.ark for t in tabeller(r) if t.noekkel == noekkel)
    return {str(rad[0]): [c.verdi if isinstance(c, Tall) else c for c in rad[1:]] for rad in ark.rader}


# --- the figures -----------------------------------------------------------------------------------------


def _rad(inn: datetime, ut: datetime | None, **felt: Any) -> Oppholdsrad:
    ellers = dict.fromkeys(("aldersgruppe", "aarsaksgruppe", "fra_hvor", "til_hvor"))
    return Oppholdsrad(UUID(int=1), UUID(int=2), inn, ut, **{**ellers, **felt})


def test_opphold_over_aarsskiftet_deles_mellom_aarene() -> None:
    fra, til = grenser(date(2026, 1, 1))[0], grenser(date(2026, 12, 31))[1]
    rader = [
        _rad(fra - 12 * TIME, fra + 12 * TIME),
        _rad(til - 6 * TIME, til + 6 * TIME),
        _rad(fra - 48 * TIME, fra),
        _rad(fra - 48 * TIME, None),
        _rad(til, til + TIME),
    ]
    t = tell_opphold(rader, fra, til)
    assert (t.innleggelser, t.opphold, t.utskrevet) == (1, 3, 2)
    assert t.liggedoegn == pytest.approx(0.5 + 0.25 + 365)
    # Whole stays of those who left within it.
    assert (t.snitt_timer, t.median_timer) == (36, 36)


def test_andelen_over_67_er_av_dem_alderen_er_kjent_for() -> None:
    fra, til = grenser(date(2026, 1, 1))[0], grenser(date(2026, 12, 31))[1]
    aldre = ["67-79", "80-89", "90+", "50-66", None, None]
    t = tell_opphold([_rad(fra + n * EN, None, aldersgruppe=a) for n, a in enumerate(aldre)], fra, til)
    assert (t.over_67, t.alder_oppgitt, t.alder[""], t.andel_over_67) == (3, 4, 2, 0.75)
    assert tell_opphold([], fra, til).andel_over_67 is None


def test_endring_fra_ingenting_er_ukjent() -> None:
    assert forskjell(3, 2) == pytest.approx(0.5)
    assert forskjell(3, 0) is None and forskjell(None, 3) is None and forskjell(0, 4) == -1


# --- the report ------------------------------------------------------------------------------------------


def test_innbyggernes_innleggelser_overalt_og_egne_enheter(scene: Scene, leser: Aktor) -> None:
    hjemme, plass = _enhet(scene, navn="Hjemmeenheten")
    borte, annen = _enhet(scene, scene.annen_kommune, navn="Borteenheten")
    vi, de = scene.kommune, scene.annen_kommune
    _opphold(hjemme, plass, vi, _kl(2, 1), 24, aldersgruppe="80-89", aarsaksgruppe="fall", til_hvor="hjem")
    _opphold(borte, annen, vi, _kl(3, 2), 72, aldersgruppe="18-49", fra_hvor="legevakt", til_hvor="sykehus")
    _opphold(hjemme, plass, de, _kl(4, 3), 48)
    _opphold(borte, annen, de, _kl(4, 3), 48)
    # The year before, one before and one after the day that this year has come to.
    _opphold(hjemme, plass, vi, _kl(5, 1, aar=I_AAR - 1), 10)
    _opphold(hjemme, plass, vi, _kl(7, 1, aar=I_AAR - 1), 10)
    _avslag(borte, vi, "fullt", _kl(2, 3))
    _avslag(hjemme, de, "smitte", _kl(2, 3))
    _hold(hjemme, plass, vi, _kl(1, 5), Holdstatus.UTLOEPT)
    _hold(borte, annen, vi, _kl(1, 6), Holdstatus.AKTIV)
    _hold(borte, annen, vi, _kl(1, 7), Holdstatus.FRIGITT)
    with som_om(NAA):
        r = rapport.hent(leser, vi.id, I_AAR)
    assert r.loeper and not r.skjuler
    tall = _tabell(r, "hovedtall")
    assert tall["Innleggelser"] == [2, 1, 1.0]
    assert tall["Liggedøgn"][:2] == [4.0, pytest.approx(10 / 24)]
    assert tall["Snitt liggetid (timer)"][:2] == [48, 10]
    assert tall["67 år og eldre"][:2] == [1, 0]
    assert tall["Andel 67 år og eldre"] == [0.5, None, None]
    assert tall["Avslag"][:2] == [1, 0]
    # One that has run out and that no worker has ended yet counts too.
    assert tall["Holdt, men utløpt"][:2] == [2, 0]
    assert _tabell(r, "enheter") == {
        f"Borteenheten, {de.kortnavn}": [1, 0],
        f"Hjemmeenheten, {vi.kortnavn}": [1, 1],
        "I alt": [2, 1],
    }
    assert _tabell(r, "kommuner") == {vi.kortnavn: [1, 1], de.kortnavn: [1, 0], "I alt": [2, 1]}
    assert _tabell(r, "alder")["Ikke oppgitt"] == [0, 1]
    assert _tabell(r, "aarsak")["Ikke oppgitt"] == [1, 1]
    assert _tabell(r, "til")["Sykehus"] == [1, 0]
    assert _tabell(r, "avslag")["Ingen ledig plass"] == [1, 0]
    assert _tabell(r, "egneavslag")["Smitte"] == [1, 0]
    maaneder = _tabell(r, "maaneder")
    assert maaneder["februar"] == [1, 0] and maaneder["desember"] == [None, None]
    assert _tabell(r, "klokka")["12–13"] == [2, 1]
    egne = _tabell(r, "egne")
    assert list(egne) == ["Hjemmeenheten"] and egne["Hjemmeenheten"][2] == 2


def test_belegget_i_egne_enheter_er_av_hele_perioden(scene: Scene, leser: Aktor) -> None:
    enhet, _plass = _enhet(scene)
    with som_om(NAA):
        doegn.legg_sammen_dager()
        r = rapport.hent(leser, scene.kommune.id, I_AAR)
    summer = r.naa.egne[0].summer
    assert summer["ledig"] == int((NAA - grenser(r.naa.fra)[0]).total_seconds()) * 2
    i_fjor = grenser(r.foer.til)[1] - grenser(r.foer.fra)[0]
    assert r.foer.egne[0].summer["ledig"] == int(i_fjor.total_seconds()) * 2
    assert _tabell(r, "hovedtall")["Belegg i egne enheter"] == [0, 0, 0]
    assert enhet == r.naa.egne[0].id


def test_foer_registeret_er_ukjent_og_ikke_null(scene: Scene, leser: Aktor) -> None:
    with som_om(_kl(3, 10)):
        lag_plassenhet(scene, 1, siden=now())
    with som_om(NAA):
        r = rapport.hent(leser, scene.kommune.id, I_AAR)
    assert r.naa.begynner == date(I_AAR, 3, 10)
    assert _tabell(r, "hovedtall")["Innleggelser"] == [0, None, None]
    assert _tabell(r, "maaneder")["februar"] == [None, None]
    assert _tabell(r, "maaneder")["mars"] == [0, None]
    assert _tabell(r, "alder")["I alt"] == [0, None]
    # Nor is a unit's own row of a year in which nobody knew of it, though another unit was in use.
    _enhet(scene, navn="Den gamle")
    with som_om(NAA):
        i_fjor = _tabell(rapport.hent(leser, scene.kommune.id, I_AAR - 1), "egne")
        i_aar = _tabell(rapport.hent(leser, scene.kommune.id, I_AAR), "egne")
    assert i_fjor.pop("Den gamle")[2] == 0
    assert list(i_fjor.values()) == [[None] * 10]
    assert i_aar["Den gamle"][9] == 0 and {rad[9] for n, rad in i_aar.items() if n != "Den gamle"} == {None}


def test_en_kommune_uten_plass_noe_sted(scene: Scene) -> None:
    kommune = lag_kommune("Uten plass")
    with som_om(NAA):
        r = rapport.hent(lag_aktor(Rolle.KOORDINATOR, kommune), kommune.id, I_AAR)
    assert _tabell(r, "hovedtall")["Innleggelser"] == [None, None, None]
    assert _tabell(r, "egne") == {}


@pytest.mark.parametrize(("aar", "finnes"), [(I_AAR + 1, False), (1999, False), (2000, True), (I_AAR, True)])
def test_hvilke_aar(scene: Scene, leser: Aktor, aar: int, finnes: bool) -> None:
    with som_om(NAA):
        if finnes:
            assert rapport.hent(leser, scene.kommune.id, aar).loeper == (aar == I_AAR)
        else:
            with pytest.raises(IkkeFunnet):
                rapport.hent(leser, scene.kommune.id, aar)


def test_skuddaar_sammenlignes_med_dagen_foer(scene: Scene, leser: Aktor) -> None:
    with som_om(_kl(2, 29, aar=2028)):
        assert rapport.hent(leser, scene.kommune.id, 2028).foer.til == date(2027, 2, 28)


# --- who reads it, and what is hidden --------------------------------------------------------------------


def test_hvem_som_leser(scene: Scene) -> None:
    scene_rhf_hf = lag_organisasjon("hf", "Under rhf", overordnet_id=scene.rhf.id)
    kommune = lag_kommune("Rapportnes", helseforetak_id=scene_rhf_hf.id)
    hf = scene_rhf_hf
    myndighet = lag_organisasjon("myndighet", "Direktoratet")
    leser = [
        lag_aktor(Rolle.KOORDINATOR, kommune),
        lag_aktor(Rolle.KOMMUNEOVERLEGE, kommune),
        lag_aktor(Rolle.INNSYN, kommune),
        lag_aktor(Rolle.KOORDINATOR, hf),
        lag_aktor(Rolle.INNSYN, hf),
        scene.innsyn,
        lag_aktor(Rolle.INNSYN, myndighet),
    ]
    andre = [
        lag_aktor(Rolle.LEGE_KOMMUNE, kommune),
        lag_aktor(Rolle.ADMINISTRATOR, kommune),
        lag_aktor(Rolle.VAKTLEDER, hf),
        lag_aktor(Rolle.KOORDINATOR, scene.hf),
        lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune),
        lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.annen_kommune),
    ]
    for a in leser:
        assert rapport.hent(a, kommune.id, i_dag().year).skjuler == (a.organisasjon_id != kommune.id)
        assert kommune.id in [k.id for k in rapport.synlige_kommuner(a)]
    for a in andre:
        with pytest.raises(IkkeTilgang):
            rapport.hent(a, kommune.id, i_dag().year)
    assert len(revisjon("plasser.se_rapport")) == len(andre)
    for a in andre[:3]:
        with pytest.raises(IkkeTilgang):
            rapport.synlige_kommuner(a)
    for a in andre[3:]:
        assert kommune.id not in [k.id for k in rapport.synlige_kommuner(a)]
    with pytest.raises(IkkeFunnet):
        rapport.hent(leser[0], hf.id, i_dag().year)


def test_smaa_tall_skjules_for_foretaket(scene: Scene, leser: Aktor) -> None:
    enhet, plass = _enhet(scene)
    for n in range(7):
        _opphold(enhet, plass, scene.kommune, _kl(2, 1 + n), 10, aldersgruppe="80-89", aarsaksgruppe="fall")
    for n in range(2):
        _opphold(enhet, plass, scene.kommune, _kl(2, 1 + n, 3), 2, aldersgruppe="0-17", aarsaksgruppe="rus")
    with som_om(ETTER):
        egen = rapport.hent(leser, scene.kommune.id, I_AAR)
        foretakets = rapport.hent(scene.koordinator, scene.kommune.id, I_AAR)
    assert _tabell(egen, "alder")["Under 18 år"] == [2, 0]
    assert _tabell(egen, "hovedtall")["67 år og eldre"][0] == 7
    alder = _tabell(foretakets, "alder")
    assert (alder["Under 18 år"][0], alder["80–89 år"][0], alder["I alt"][0]) == ("<5", "skjult", 9)
    assert _tabell(foretakets, "aarsak")["Rus"][0] == "<5"
    # Nor is it told by what is left: neither the number nor the share.
    tall = _tabell(foretakets, "hovedtall")
    assert tall["67 år og eldre"][0] == "skjult" and tall["Andel 67 år og eldre"][0] is None
    assert tall["Innleggelser"][0] == 9
    assert tall["Alder ikke oppgitt"][0] == 0


def test_ingen_av_tabellene_roeper_faa(scene: Scene, leser: Aktor) -> None:
    """Three stays, one refusal, one hold: outside the kommune no number says more than that they were few."""
    enhet, plass = _enhet(scene, navn="Enheten")
    for n in range(3):
        _opphold(
            enhet, plass, scene.kommune, _kl(2, 2, 3 + n), 7.5, aldersgruppe="80-89", fra_hvor="legevakt"
        )
    _avslag(enhet, scene.kommune, "fullt", _kl(2, 3))
    _hold(enhet, plass, scene.kommune, _kl(1, 5), Holdstatus.UTLOEPT)
    with som_om(ETTER):
        doegn.legg_sammen_dager()
        egen = rapport.hent(leser, scene.kommune.id, I_AAR)
        andres = rapport.hent(scene.koordinator, scene.kommune.id, I_AAR)
    assert _tabell(egen, "alder")["80–89 år"] == [3, 0] and _tabell(egen, "klokka")["03–04"] == [1, 0]
    assert [t.noekkel for t in tabeller(andres)] == [t.noekkel for t in tabeller(egen)]
    for noekkel in ("alder", "aarsak", "fra", "til", "avslag", "egneavslag", "enheter", "kommuner"):
        tabell = _tabell(andres, noekkel)
        # The zeros too: they would say which one it is.
        assert tabell.pop("I alt") == ["<5", 0], noekkel
        assert {rad[0] for rad in tabell.values()} == {"skjult"}, noekkel
    for noekkel in ("maaneder", "ukedager", "klokka"):
        assert {rad[0] for rad in _tabell(andres, noekkel).values()} == {"skjult"}, noekkel
    tall = _tabell(andres, "hovedtall")
    for ord_ in ("Innleggelser", "Opphold (også de som begynte året før)", "Avslag", "Holdt, men utløpt"):
        # No change either: it would tell the one by the other.
        assert tall[ord_] == ["<5", 0, None], ord_
    for ord_ in ("Liggedøgn", "Snitt liggetid (timer)", "Median liggetid (timer)", "67 år og eldre"):
        assert tall[ord_][0] == "skjult", ord_
    assert tall["Andel 67 år og eldre"][0] is None
    assert _tabell(andres, "egne")["Enheten"][2:8] == ["skjult"] * 6
    assert _tabell(egen, "egne")["Enheten"][2:8] == [3, pytest.approx(22.5 / 24), 7.5, 7.5, 1, 1]


def test_liggetiden_er_i_hele_timer_for_andre(scene: Scene, leser: Aktor) -> None:
    enhet, plass = _enhet(scene, navn="Enheten")
    for n in range(6):
        _opphold(enhet, plass, scene.kommune, _kl(2, 2 + n), 7.4, aldersgruppe="80-89")
    _opphold(enhet, plass, scene.kommune, _kl(12, 31, aar=I_AAR - 1), 24)
    with som_om(ETTER):
        tall = _tabell(rapport.hent(scene.koordinator, scene.kommune.id, I_AAR), "hovedtall")
        egen = _tabell(rapport.hent(leser, scene.kommune.id, I_AAR), "hovedtall")
    assert (tall["Median liggetid (timer)"][0], egen["Median liggetid (timer)"][0]) == (7, 7.4)
    # One of the stays began the year before: the stays without the admissions would be that one.
    ord_ = "Opphold (også de som begynte året før)"
    assert (egen[ord_][0], tall[ord_][0], tall["Innleggelser"][0]) == (7, "skjult", 6)
    assert tall["67 år og eldre"][0] == 6 and tall["Andel 67 år og eldre"][0] == 1


def test_aaret_som_loeper_fordeles_ikke_for_andre(
    scene: Scene, leser: Aktor, som: Callable[[Aktor], FlaskClient]
) -> None:
    """Read today and tomorrow, the difference would be who came meanwhile."""
    enhet, plass = _enhet(scene, navn="Enheten")
    for aar in (I_AAR, I_AAR - 1):
        for n in range(6):
            _opphold(enhet, plass, scene.kommune, _kl(2, 2 + n, aar=aar), 7.5, aldersgruppe="80-89")
    with som_om(NAA):
        foretaket = lag_aktor(Rolle.KOORDINATOR, scene.hf)
        andres = rapport.hent(foretaket, scene.kommune.id, I_AAR)
        assert len(tabeller(rapport.hent(leser, scene.kommune.id, I_AAR))) > 10
        side = som(foretaket).get(f"/plasser/rapport?kommune={scene.kommune.id}&aar={I_AAR}").text
        i_fjor = rapport.hent(foretaket, scene.kommune.id, I_AAR - 1)
    assert [t.noekkel for t in tabeller(andres)] == ["hovedtall", "egne"]
    tall = _tabell(andres, "hovedtall")
    assert tall["Innleggelser"] == [6, 6, 0]
    assert not [o for o in tall if "liggetid" in o or "67" in o or "døgn" in o or "Alder" in o]
    assert _tabell(andres, "egne")["Enheten"][3:6] == ["skjult"] * 3
    sier = "Utenfor kommunen vises liggetid, belegg og fordelinger bare for år som er slutt."
    assert sier in side
    # What is over is told of.
    assert _tabell(i_fjor, "alder")["80–89 år"] == [6, None]


def test_etterfoelgeren_leser_rapporten_til_den_som_er_borte(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    gammel, videre, ny, annen = (lag_kommune(n) for n in ("Gammelnes", "Midtnes", "Nyenes", "Andrenes"))
    enhet, plass = _enhet(scene)
    _opphold(enhet, plass, gammel, _kl(2, 2), 7.5, aldersgruppe="80-89")

    @transactional
    def slaa_sammen(en: Organisasjon, til: Organisasjon) -> None:
        rad = db.session.get_one(Organisasjon, en.id)
        rad.nedlagt, rad.etterfolger_id = i_dag(), til.id

    with som_om(NAA):
        slaa_sammen(gammel, videre)
        slaa_sammen(videre, ny)
        db.session.expire_all()
        leser = lag_aktor(Rolle.KOORDINATOR, ny)
        assert {k.id for k in rapport.synlige_kommuner(leser)} == {gammel.id, videre.id, ny.id}
        r = rapport.hent(leser, gammel.id, I_AAR)
        assert not r.skjuler and r.naa.innbyggere.innleggelser == 1 and r.forgjengere == []
        # Its own says what is not in it, on the page and in the files.
        sier = "Opphold som var over i Gammelnes, Midtnes før sammenslåingen, er ikke med her"
        side = som(leser).get(f"/plasser/rapport?aar={I_AAR}").text
        assert "Nyenes" in side and sier in side and f'value="{gammel.id}"' in side
        assert sier in som(leser).get(f"/plasser/rapport.csv?aar={I_AAR}&kommune={ny.id}").text
        with pytest.raises(IkkeTilgang):
            rapport.hent(lag_aktor(Rolle.LEGE_KOMMUNE, ny), gammel.id, I_AAR)
        for fremmed in (lag_aktor(Rolle.KOORDINATOR, annen), scene.koordinator):
            with pytest.raises(IkkeTilgang):
                rapport.hent(fremmed, gammel.id, I_AAR)
        assert [k.id for k in rapport.synlige_kommuner(lag_aktor(Rolle.KOORDINATOR, annen))] == [annen.id]
    with som_om(_kl(6, 1, aar=I_AAR + 2)):
        assert rapport.hent(leser, ny.id, I_AAR + 2).forgjengere == [], "both years came after it"


# --- the page and the files ------------------------------------------------------------------------------


def test_siden_sier_at_aaret_loeper(scene: Scene, leser: Aktor, som: Callable[[Aktor], FlaskClient]) -> None:
    lag_plassenhet(scene, 1)
    svar = som(leser).get(f"/plasser/rapport?aar={i_dag().year}")
    assert svar.status_code == 200
    assert "Året er ikke slutt" in svar.text and "Hovedtall" in svar.text
    i_fjor = som(leser).get(f"/plasser/rapport?aar={i_dag().year - 1}&kommune={scene.kommune.id}")
    assert "Året er ikke slutt" not in i_fjor.text


def test_den_med_flere_kommuner_velger(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    svar = som(scene.koordinator).get("/plasser/rapport")
    assert svar.status_code == 200 and "Velg kommune" in svar.text and "Hovedtall" not in svar.text
    assert som(scene.lege).get("/plasser/rapport").status_code == 403
    assert som(scene.koordinator).get("/plasser/rapport?aar=nittenaatti").status_code == 422


def _arkene(innhold: bytes) -> dict[str, list[list[Any]]]:
    """{name: rows}: numbers as numbers, texts as texts."""
    ns = {"a": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(innhold)) as z:
        tekster = [
            "".join(t.text or "" for t in si.iter(f"{{{ns['a']}}}t"))
            for si in ElementTree.fromstring(z.read("xl/sharedStrings.xml"))
        ]
        navn = [
            s.attrib["name"]
            for s in ElementTree.fromstring(z.read("xl/workbook.xml")).iter(f"{{{ns['a']}}}sheet")
        ]
        ut: dict[str, list[list[Any]]] = {}
        for n, ett in enumerate(navn, start=1):
            ark = ElementTree.fromstring(z.read(f"xl/worksheets/sheet{n}.xml"))
            assert not list(ark.iter(f"{{{ns['a']}}}f")), "a formula"
            assert next(ark.iter(f"{{{ns['a']}}}pane")).attrib["state"] == "frozen"
            ut[ett] = [
                [
                    tekster[int(c[0].text or 0)] if c.attrib.get("t") == "s" else float(c[0].text or 0)
                    for c in rad
                    if len(c)
                ]
                for rad in ark.iter(f"{{{ns['a']}}}row")
            ]
    return ut


def test_excel_har_tall_og_ett_ark_for_hver_tabell(
    scene: Scene, leser: Aktor, som: Callable[[Aktor], FlaskClient]
) -> None:
    enhet = lag_plassenhet(scene, 1, navn="=HYPERLINK(1)")
    _opphold(enhet, les_plasser(enhet)[0].id, scene.kommune, now() - 3 * TIME, 1.5, aldersgruppe="90+")
    aar = i_dag().year
    svar = som(leser).get(f"/plasser/rapport.xlsx?kommune={scene.kommune.id}&aar={aar}")
    assert svar.status_code == 200
    assert f"oehd-rapport-guovdageaidnu-{aar}.xlsx" in svar.headers["Content-Disposition"]
    ark = _arkene(svar.data)
    assert list(ark)[:3] == ["Hovedtall", "Egne enheter", "Alder"]
    rader = {r[0]: r[1:] for r in ark["Hovedtall"] if r}
    assert rader["Innleggelser"][0] == 1.0
    assert rader["Andel 67 år og eldre"][0] == 1.0
    assert any(r and r[0] == "=HYPERLINK(1)" for r in ark["Egne enheter"])


def test_csv_er_trygg_og_paa_norsk(scene: Scene, leser: Aktor, som: Callable[[Aktor], FlaskClient]) -> None:
    lag_plassenhet(scene, 1, navn="=1+1")
    svar = som(leser).get(f"/plasser/rapport.csv?kommune={scene.kommune.id}&aar={i_dag().year}")
    assert svar.data.startswith(b"\xef\xbb\xbf") and svar.mimetype == "text/csv"
    linjer = svar.data.decode("utf-8-sig").split("\r\n")
    assert any(linje.startswith("'=1+1;") for linje in linjer)
    assert any(re.match(r"Innleggelser;0;", linje) for linje in linjer)
    assert not any(linje.startswith(("=", "+", "@", "-")) for linje in linjer)


@pytest.mark.parametrize("fil", ["xlsx", "csv"])
def test_filene_gis_bare_den_som_leser_rapporten(
    scene: Scene, som: Callable[[Aktor], FlaskClient], fil: str
) -> None:
    adresse = f"/plasser/rapport.{fil}?kommune={scene.kommune.id}&aar={i_dag().year}"
    assert som(scene.lege).get(adresse).status_code == 403
    assert som(scene.koordinator).get(adresse).status_code == 200
    assert som(scene.koordinator).get(f"/plasser/rapport.{fil}").status_code == 404


def test_arknavn_er_slik_excel_vil_ha_dem() -> None:
    ark = [
        Ark("A/B: et navn som er altfor langt for et ark", ["x"], [["y", None, Tall(-1.5, "desimal")]])
        for _ in "ab"
    ]
    navn = list(_arkene(som_xlsx(ark)))
    assert len({n.casefold() for n in navn}) == 2 and all(len(n) <= 31 and "/" not in n for n in navn)


@pytest.mark.parametrize(
    ("celle", "tekst"),
    [
        (Tall(1234), "1\u00a0234"),
        (Tall(12.46, "desimal"), "12,5"),
        (Tall(-0.031, "endring"), "−3,1\u00a0%"),
        (Tall(0.031, "endring"), "+3,1\u00a0%"),
        (Tall(0.5, "prosent"), "50,0\u00a0%"),
        (Tall(-2.14, "poeng"), "−2,1\u00a0pp"),
        ("<5", "<5"),
        (None, "–"),
    ],
)
def test_celler_paa_norsk(celle: Any, tekst: str) -> None:
    assert celle_som_tekst(celle, "–") == tekst
