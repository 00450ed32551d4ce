"""Warnings of gaps 14, 7 and 2 days ahead, and notices before one's shift: once, to the right people, and in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap
from portal.vakt.models import Fravaer, Hullvarsel, Nivaa, Vakt, Vaktplan
from portal.vakt.service import bytte, klarhet, paaminnelser, planer, vakter
from portal.vakt.skriving import vaktstart
from portal.varsler.models import Kanal, Varsel
from tests.bygg import Opptak, Scene, lag_aktor, lagre, uten_spor
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan

#: Noon in Oslo on a Monday.
START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
T = timedelta(hours=1)
D = timedelta(days=1)


@pytest.fixture(autouse=True)
def _klokka() -> Iterator[None]:
    with som_om(START):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    """Covered for a year by one; what a test calls off is the gap."""
    p = lag_vaktplan(scene.hf.id)
    lag_vakt(p, scene.spesialist, fra=START - 10 * D, til=START + 3 * D)
    return p


def dekk(plan: Vaktplan, scene: Scene, *perioder: tuple[timedelta, timedelta]) -> None:
    """Shifts from START + a to START + b."""
    for a, b in perioder:
        start = a
        while start < b:
            slutt = min(start + 10 * D, b)
            lag_vakt(plan, scene.spesialist, fra=START + start, til=START + slutt)
            start = slutt


def varsler(kode: str = "vakt.hull") -> list[Varsel]:
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(sa.select(Varsel).where(Varsel.kode == kode).order_by(Varsel.opprettet, Varsel.id))
    )


@transactional
def endre(tabell: Any, id_: Any, **verdier: Any) -> None:
    db.session.execute(sa.update(tabell).where(tabell.id == id_).values(**verdier))


def dag(dager: float, *, time: float = 0) -> Any:
    return som_om(START + dager * D + time * T)


# --- gaps ------------------------------------------------------------------------------------------------


def test_fjorten_sju_og_to_dager_foer_og_ikke_ellers(scene: Scene, plan: Vaktplan) -> None:
    """Hour by hour through three weeks: three notices to the coordinator, at seven in the morning."""
    dekk(plan, scene, (3 * D, 20 * D), (21 * D, 60 * D))
    naar = []
    for time in range(24 * 22):
        with som_om(START + time * T):
            if paaminnelser.varsle_hull():
                naar.append(START + time * T)
    # Noon minus five hours: seven in Oslo.
    assert naar == [START + d * D - 5 * T for d in (6, 13, 18)]
    assert [v.person_id for v in varsler()] == [scene.koordinator.person_id] * 3
    foerste, _andre, siste = varsler()
    assert foerste.lenke == f"/vakt/dekning/{plan.id}"
    assert "Vakthavende: ingen fra søn. 21. juni kl. 12:00 til man. 22. juni kl. 12:00" in foerste.tekst
    assert foerste.tittel == "Hull i vaktplanen for Indremedisin fra søn. 21. juni kl. 12:00"
    assert (foerste.hastegrad, siste.hastegrad) == ("vanlig", "haster")


def test_det_som_fylles_sies_ikke_igjen(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    dekk(plan, scene, (3 * D, 20 * D), (21 * D, 60 * D))
    with dag(6):
        assert paaminnelser.varsle_hull() == 1
        with uten_spor(opptak):
            assert paaminnelser.varsle_hull() == 0
    dekk(plan, scene, (20 * D, 21 * D))
    with dag(6, time=1):
        assert paaminnelser.varsle_hull() == 0
    assert db.session.scalars(sa.select(Hullvarsel)).all() == [], "what was told of it is forgotten"
    for d in (7, 13, 18, 19.9):
        with dag(d), uten_spor(opptak):
            assert paaminnelser.varsle_hull() == 0


def test_ett_varsel_per_plan_samler_hullene(scene: Scene, plan: Vaktplan) -> None:
    """Five gaps of one plan are one notice; another plan's is its own; two coordinators get one each."""
    dekk(
        plan,
        scene,
        (3 * D, 12 * D),
        *[(12 * D + i * 12 * T + 6 * T, 12 * D + (i + 1) * 12 * T) for i in range(5)],
    )
    dekk(plan, scene, (14 * D + 12 * T, 60 * D))
    annen = lag_vaktplan(scene.hf.id, "kirurgi")
    lag_vakt(annen, scene.kirurg, fra=START - D, til=START + 5 * D)
    to = lag_aktor(Rolle.KOORDINATOR, scene.hf)
    assert paaminnelser.varsle_hull() == 6
    alle = varsler()
    assert sorted(v.person_id for v in alle) == sorted([scene.koordinator.person_id, to.person_id] * 2)
    linjer = {v.gjelder: len(v.tekst.splitlines()) for v in alle}
    assert linjer == {f"vaktplan:{plan.id}": 5, f"vaktplan:{annen.id}": 1}


def test_det_som_kommer_braatt_sies_straks(scene: Scene, plan: Vaktplan) -> None:
    """Somebody falls ill at night: the gap of the same morning is told at the next round, whatever the hour."""
    dekk(plan, scene, (3 * D, 60 * D))
    with dag(1, time=-10):  # two at night
        assert paaminnelser.varsle_hull() == 0
        lagre(
            Fravaer(
                id=uuid4(),
                organisasjon_id=scene.hf.id,
                person_id=scene.spesialist.person_id,
                fra=START + D - 4 * T,
                til=START + D + 4 * T,
                opprettet=START,
                opprettet_av_id=scene.spesialist.person_id,
            )
        )
        assert paaminnelser.varsle_hull() == 1
    with dag(1):
        assert paaminnelser.varsle_hull() == 0, "it has begun, and was told"
    with dag(1, time=5):
        assert paaminnelser.varsle_hull() == 0


def test_et_hull_som_har_begynt_sies_en_gang(scene: Scene, opptak: Opptak) -> None:
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, fra=START - 10 * D, til=START - T)
    assert paaminnelser.varsle_hull() == 1
    (varsel,) = varsler()
    assert varsel.tittel == "Hull i vaktplanen for Indremedisin nå"
    assert varsel.tekst == "Vakthavende: ingen fra man. 1. juni kl. 12:00"
    for time in range(1, 24 * 12, 5):
        with som_om(START + time * T):
            assert paaminnelser.varsle_hull() == 0


def test_en_plan_uten_vakter_sies_en_gang(scene: Scene) -> None:
    lag_vaktplan(scene.hf.id)
    ganger = 0
    for d in range(40):
        with dag(d):
            ganger += paaminnelser.varsle_hull()
    assert ganger == 1 and [v.person_id for v in varsler()] == [scene.koordinator.person_id]


def test_bare_nivaaer_i_bruk(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    dekk(plan, scene, (3 * D, 60 * D))
    with uten_spor(opptak):
        assert paaminnelser.varsle_hull() == 0
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, START - D, START + D)
    assert paaminnelser.varsle_hull() == 1
    assert "Bakvakt: ingen fra tir. 2. juni kl. 12:00" in varsler()[0].tekst


@pytest.mark.parametrize(
    ("uten", "venter"),
    [
        ((), "koordinator"),
        (("koordinator",), "vaktleder"),
        (("koordinator", "vaktleder"), "administrator"),
        (("koordinator", "vaktleder", "administrator"), None),
    ],
)
def test_hvem_som_varsles(scene: Scene, plan: Vaktplan, uten: tuple[str, ...], venter: str | None) -> None:
    for navn in uten:
        endre(Medlemskap, getattr(scene, navn).medlemskap_id, gyldig_til=START)
    antall = paaminnelser.varsle_hull()
    assert [v.person_id for v in varsler()] == ([getattr(scene, venter).person_id] if venter else [])
    assert antall == (1 if venter else 0)
    if venter is None:
        # Nothing is remembered: the one who comes is told.
        assert db.session.scalars(sa.select(Hullvarsel)).all() == []
        ny = lag_aktor(Rolle.KOORDINATOR, scene.hf)
        assert paaminnelser.varsle_hull() == 1 and varsler()[0].person_id == ny.person_id


def test_avsluttet_plan_har_ingen_hull(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    endre(Vaktplan, plan.id, avsluttet=START)
    with uten_spor(opptak):
        assert paaminnelser.varsle_hull() == 0


def test_et_hull_som_fylles_og_aapnes_igjen(scene: Scene, plan: Vaktplan) -> None:
    """The same gap again is told again, also at the distance at which it was told before."""
    dekk(plan, scene, (3 * D, 20 * D), (21 * D, 60 * D))
    with dag(6):
        assert paaminnelser.varsle_hull() == 1
    lag_vakt(plan, scene.spesialist2, fra=START + 20 * D, til=START + 21 * D)
    with dag(13):
        assert paaminnelser.varsle_hull() == 0
    vakt = db.session.scalars(sa.select(Vakt).where(Vakt.person_id == scene.spesialist2.person_id)).one()
    endre(Vakt, vakt.id, avlyst=START)
    with dag(13):
        assert paaminnelser.varsle_hull() == 1
    endre(Vakt, vakt.id, avlyst=None)
    with dag(13, time=1):
        assert paaminnelser.varsle_hull() == 0
    endre(Vakt, vakt.id, avlyst=START)
    with dag(13, time=2):
        assert paaminnelser.varsle_hull() == 1
    with dag(13, time=3):
        assert paaminnelser.varsle_hull() == 0
    assert len(varsler()) == 3


def test_et_gammelt_hull_sies_ikke_paa_nytt(scene: Scene) -> None:
    """A gap that was told before it began, and lasts for weeks: its beginning is soon further back than is looked."""
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, fra=START - 10 * D, til=START + D)
    ganger = []
    for d in range(60):
        with dag(d):
            ganger += [d] * paaminnelser.varsle_hull()
    assert ganger == [0]


# --- one's own shift -------------------------------------------------------------------------------------


def mine() -> list[tuple[Any, str]]:
    """(person, «24» or «1») of all notices of shifts."""
    return [(v.person_id, v.noekkel.rsplit(":", 1)[1]) for v in varsler("vakt.snart")]


def test_et_doegn_og_en_time_foer(scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    vakt = lag_vakt(plan, scene.spesialist, fra=START + 2 * D, til=START + 2 * D + 8 * T)
    naar = []
    for minutt in range(0, 24 * 60 * 3, 5):
        with som_om(START + minutt * timedelta(minutes=1)):
            naar += [minutt / 60] * paaminnelser.varsle_vakter()
    assert naar == [24, 47]
    foerste, siste = varsler("vakt.snart")
    assert {foerste.person_id, siste.person_id} == {scene.spesialist.person_id}
    assert foerste.tittel == "Du har vakt fra ons. 3. juni kl. 12:00: Vakthavende, Indremedisin"
    assert foerste.tekst == "Vakten varer til ons. 3. juni kl. 20:00." and foerste.lenke == "/vakt"
    assert "er prøvd det siste døgnet. Prøv en nå" in siste.tekst and siste.lenke == "/varsler/valg"
    assert foerste.gjelder == vaktstart(vakt.person_id, vakt.fra)


def test_timen_foer_sier_om_kanalen_er_klar(scene: Scene) -> None:
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist, fra=START + T, til=START + 9 * T)
    lag_kanal(scene.spesialist, Kanal.PUSH, "https://push.example/x")
    assert paaminnelser.varsle_vakter() == 1
    (varsel,) = varsler("vakt.snart")
    assert "når deg" in varsel.tekst and varsel.lenke == "/vakt"


def test_en_gang_hver(scene: Scene, opptak: Opptak) -> None:
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist, fra=START + 20 * T, til=START + 30 * T)
    assert paaminnelser.varsle_vakter() == 1
    with uten_spor(opptak):
        assert paaminnelser.varsle_vakter() == 0


@pytest.mark.parametrize("hva", ["avlyst", "overstyrt", "byttet", "kuttet", "planen"])
def test_paaminnelsen_stopper_naar_vakten_er_en_annens(scene: Scene, hva: str) -> None:
    """Told a day ahead, and then it is another's, or nobody's: what has not left is not sent, and the bell forgets
    it. Who still begins then keeps it."""
    plan, annen = lag_vaktplan(scene.hf.id), lag_vaktplan(scene.hf.id, "geriatri")
    fra, til = START + 20 * T, START + 30 * T
    vakt = lag_vakt(plan, scene.spesialist, fra=fra, til=til)
    lag_vakt(annen, scene.spesialist2, fra=fra, til=til)
    assert paaminnelser.varsle_vakter() >= 1
    hos = {v.person_id: v for v in varsler("vakt.snart")}[scene.spesialist.person_id]
    assert hos.stoppet is None
    ny = scene.spesialist2.medlemskap_id
    assert ny is not None
    match hva:
        case "avlyst":
            vakter.avlys(scene.koordinator, vakt.id)
        case "overstyrt":
            vakter.overstyr(scene.koordinator, plan.id, Nivaa.VAKTHAVENDE, ny, fra, til)
        case "byttet":
            bytte.godta(scene.spesialist2, bytte.foreslaa(scene.spesialist, vakt.id, ny))
        case "kuttet":
            vakter.overstyr(scene.koordinator, plan.id, Nivaa.VAKTHAVENDE, ny, fra + T, til)
        case "planen":
            planer.avslutt_plan(scene.koordinator, plan.id)
    etter = {v.person_id: v.stoppet for v in varsler("vakt.snart")}
    assert etter.pop(scene.spesialist.person_id) == (None if hva == "kuttet" else START)
    assert set(etter.values()) <= {None}


def test_to_vakter_fra_samme_tid_og_bare_den_ene_borte(scene: Scene) -> None:
    fra, til = START + 20 * T, START + 30 * T
    for fag in ("indremedisin", "geriatri"):
        vakt = lag_vakt(lag_vaktplan(scene.hf.id, fag), scene.spesialist2, fra=fra, til=til)
    assert paaminnelser.varsle_vakter() == 1
    vakter.avlys(scene.koordinator, vakt.id)
    assert varsler("vakt.snart")[0].stoppet is None


def test_den_som_er_bedt_om_aa_proeve_slipper_naar_vakten_er_gitt_bort(scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    vakt = lag_vakt(plan, scene.spesialist, fra=START + T / 2, til=START + 9 * T)
    assert klarhet.kontroller() == 1
    vakter.avlys(scene.koordinator, vakt.id)
    assert [v.stoppet for v in varsler("vakt.klarhet")] == [START]


def test_aldri_om_en_vakt_som_har_skiftet_hender(scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    gammel = lag_vakt(plan, scene.spesialist, fra=START + 30 * T, til=START + 40 * T)
    endre(Vakt, gammel.id, avlyst=START)
    lag_vakt(plan, scene.spesialist2, fra=START + 30 * T, til=START + 40 * T)
    with dag(0, time=10):
        paaminnelser.varsle_vakter()
    with dag(0, time=29.5):
        paaminnelser.varsle_vakter()
    assert mine() == [(scene.spesialist2.person_id, "24"), (scene.spesialist2.person_id, "1")]


def test_ikke_til_den_som_er_borte_eller_har_sluttet(scene: Scene, opptak: Opptak) -> None:
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, fra=START + 20 * T, til=START + 30 * T)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, fra=START + 20 * T, til=START + 30 * T)
    lagre(
        Fravaer(
            id=uuid4(),
            organisasjon_id=scene.hf.id,
            person_id=scene.spesialist.person_id,
            fra=START + 20 * T,
            til=START + 21 * T,
            opprettet=START,
            opprettet_av_id=scene.spesialist.person_id,
        )
    )
    endre(Medlemskap, scene.spesialist2.medlemskap_id, gyldig_til=START + 20 * T)
    with uten_spor(opptak):
        assert paaminnelser.varsle_vakter() == 0


def test_ikke_om_en_vakt_som_fortsetter(scene: Scene) -> None:
    """Day after day on the same roster is one stretch; the next level, or the next person, is not."""
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, fra=START - 10 * T, til=START + 14 * T)
    lag_vakt(plan, scene.spesialist, fra=START + 14 * T, til=START + 20 * T)
    lag_vakt(plan, scene.spesialist2, fra=START + 20 * T, til=START + 30 * T)
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, fra=START + 14 * T, til=START + 20 * T)
    assert paaminnelser.varsle_vakter() == 2
    assert sorted(mine()) == sorted([(scene.spesialist2.person_id, "24"), (scene.spesialist.person_id, "24")])


def test_mange_planer_paa_en_gang_er_ett_varsel(scene: Scene) -> None:
    planer = [lag_vaktplan(scene.hf.id, f) for f in ("indremedisin", "kirurgi", "geriatri")]
    for p in planer:
        lag_vakt(p, scene.vaktleder, Nivaa.VAKTLEDER, fra=START + 20 * T, til=START + 30 * T)
    assert paaminnelser.varsle_vakter() == 1
    (varsel,) = varsler("vakt.snart")
    assert varsel.tittel.endswith("og 2 til") and len(varsel.tekst.splitlines()) == 4
    for fag in ("Indremedisin", "Kirurgi", "Geriatri"):
        assert f"Vaktleder, {fag}" in varsel.tekst


def test_ikke_et_doegn_foer_om_den_jeg_nettopp_la_inn_selv(scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    vakt = lag_vakt(plan, scene.spesialist, fra=START + 20 * T, til=START + 30 * T)
    endre(Vakt, vakt.id, opprettet_av_id=scene.spesialist.person_id)
    assert paaminnelser.varsle_vakter() == 0
    with dag(0, time=19.5):
        assert paaminnelser.varsle_vakter() == 1
    assert mine() == [(scene.spesialist.person_id, "1")]
    # One made in good time is told of, also one's own.
    tidlig = lag_vakt(plan, scene.spesialist, fra=START + 80 * T, til=START + 90 * T)
    endre(Vakt, tidlig.id, opprettet_av_id=scene.spesialist.person_id)
    with dag(0, time=56):
        assert paaminnelser.varsle_vakter() == 1
