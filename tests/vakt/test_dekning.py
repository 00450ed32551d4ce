"""Coverage of rosters: what is a gap, how much is covered, how evenly the burden is shared, and what it costs."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db, skrivetransaksjon, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.vakt import dekningsregler
from portal.vakt.dekningsregler import Periode
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.vakt.service import dekning
from tests.bygg import Scene, lag_aktor, lagre
from tests.vakthjelp import lag_vakt, lag_vaktplan

Som = Callable[[Aktor], FlaskClient]
#: A Monday morning, two hours after Oslo's midnight.
START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
T = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _klokka() -> Iterator[None]:
    with som_om(START):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def borte(aktor: Aktor, fra: datetime, til: datetime, **felt: Any) -> None:
    lagre(
        Fravaer(
            id=uuid4(),
            organisasjon_id=aktor.organisasjon_id,
            person_id=aktor.person_id,
            fra=fra,
            til=til,
            opprettet=START,
            opprettet_av_id=aktor.person_id,
            **felt,
        )
    )


@transactional
def endre(tabell: Any, id_: Any, **verdier: Any) -> None:
    db.session.execute(sa.update(tabell).where(tabell.id == id_).values(**verdier))


def hull(aktor: Aktor, plan: Vaktplan, uker: int = 1) -> list[tuple[str, datetime, datetime]]:
    return [(h.nivaa, h.fra, h.til) for h in dekning.hent_dekning(aktor, plan.id, uker).hull]


# --- gaps ------------------------------------------------------------------------------------------------


def test_uten_vakter_er_alt_et_hull_paa_vakthavende_alene(scene: Scene, plan: Vaktplan) -> None:
    """A level that nobody ever had is no gap; the vakthavende always is one."""
    d = dekning.hent_dekning(scene.koordinator, plan.id)
    assert [(h.nivaa, h.fra, h.til) for h in d.hull] == [
        (Nivaa.VAKTHAVENDE, START, START + timedelta(weeks=52))
    ]
    assert (d.andel, d.rettferdighet) == (0, {})


def test_hull_mellom_foer_og_etter_vaktene(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START - 5 * T, til=START + 5 * T)
    lag_vakt(plan, scene.spesialist2, fra=START + 5 * T, til=START + 10 * T)
    lag_vakt(plan, scene.spesialist, fra=START + 12 * T, til=START + 168 * T)
    assert hull(scene.koordinator, plan) == [(Nivaa.VAKTHAVENDE, START + 10 * T, START + 12 * T)]
    assert dekning.hent_dekning(scene.koordinator, plan.id, 1).andel == pytest.approx(166 / 168)


def test_nivaa_i_bruk_har_hatt_eller_faar_en_vakt(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 168 * T)
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, START - timedelta(days=91), START - timedelta(days=90))
    lag_vakt(plan, scene.vaktleder, Nivaa.VAKTLEDER, START - timedelta(days=90), START - timedelta(days=89))
    assert [h[0] for h in hull(scene.koordinator, plan)] == [Nivaa.VAKTLEDER]
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, START + timedelta(days=400), START + timedelta(days=401))
    assert [h[0] for h in hull(scene.koordinator, plan)] == [Nivaa.BAKVAKT, Nivaa.VAKTLEDER]


def test_avlyst_vakt_dekker_ingenting(scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, fra=START, til=START + 168 * T)
    assert hull(scene.koordinator, plan) == []
    endre(Vakt, vakt.id, avlyst=START)
    assert len(hull(scene.koordinator, plan)) == 1


def test_fravaer_er_hull(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 84 * T)
    lag_vakt(plan, scene.spesialist2, fra=START + 84 * T, til=START + 168 * T)
    borte(scene.spesialist, START + 10 * T, START + 90 * T)
    borte(scene.spesialist, START + 1 * T, START + 2 * T, avlyst=START)
    assert hull(scene.koordinator, plan) == [(Nivaa.VAKTHAVENDE, START + 10 * T, START + 84 * T)]
    d = dekning.hent_dekning(scene.koordinator, plan.id, 1)
    assert d.hull[0].folk == (scene.spesialist.navn,)
    assert [p.byrde.timer for p in d.rettferdighet[Nivaa.VAKTHAVENDE].personer] == [84, 10]
    # Who only sees the roster sees the gap, and not whose absence it is.
    assert dekning.hent_dekning(scene.spesialist2, plan.id, 1).hull[0].folk == ()


def test_fravaer_i_en_annen_organisasjon_gjelder_ikke_her(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 168 * T)
    lagre(
        Fravaer(
            id=uuid4(),
            organisasjon_id=scene.annet_hf.id,
            person_id=scene.spesialist.person_id,
            fra=START,
            til=START + 20 * T,
            opprettet=START,
            opprettet_av_id=scene.spesialist.person_id,
        )
    )
    assert hull(scene.koordinator, plan) == []


def test_medlemskap_som_slutter_er_hull_derfra(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 24 * T)
    lag_vakt(plan, scene.spesialist, fra=START + 24 * T, til=START + 168 * T)
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=START + 30 * T)
    assert hull(scene.koordinator, plan) == [(Nivaa.VAKTHAVENDE, START + 30 * T, START + 168 * T)]
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=None, gyldig_fra=START + 20 * T)
    assert hull(scene.koordinator, plan) == [(Nivaa.VAKTHAVENDE, START, START + 20 * T)]


@pytest.mark.parametrize("slag", ["stengt", "fag", "rolle"])
def test_den_som_ikke_kan_ha_vakt_dekker_ikke(scene: Scene, plan: Vaktplan, slag: str) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 168 * T)
    assert hull(scene.koordinator, plan) == []
    if slag == "stengt":
        endre(Person, scene.spesialist.person_id, aktiv=False)
    elif slag == "rolle":
        endre(Medlemskap, scene.spesialist.medlemskap_id, rolle=Rolle.KOORDINATOR)
    else:
        _uten_fag(scene.spesialist)
    assert hull(scene.koordinator, plan) == [(Nivaa.VAKTHAVENDE, START, START + 168 * T)]
    assert dekning.hent_dekning(scene.koordinator, plan.id, 1).rettferdighet == {}


@transactional
def _uten_fag(aktor: Aktor) -> None:
    db.session.execute(
        sa.delete(MedlemskapFagomraade).where(MedlemskapFagomraade.medlemskap_id == aktor.medlemskap_id)
    )


# --- who sees it -----------------------------------------------------------------------------------------


def test_bare_organisasjonens_egne(scene: Scene, plan: Vaktplan) -> None:
    for aktor in (scene.koordinator, scene.vaktleder, scene.administrator, scene.spesialist, scene.kirurg):
        assert dekning.hent_dekning(aktor, plan.id).plan.plan.id == plan.id
        assert [p.plan.id for p in dekning.hent_oversikt(aktor)] == [plan.id]
    for aktor in (scene.lege, scene.fremmed_vaktleder, scene.systemadministrator, scene.innsyn):
        with pytest.raises(IkkeFunnet):
            dekning.hent_dekning(aktor, plan.id)
    assert dekning.hent_oversikt(scene.fremmed_vaktleder) == []
    with pytest.raises(IkkeTilgang):
        dekning.hent_oversikt(scene.innsyn)


def test_avsluttet_plan_er_ikke_i_oversikten(scene: Scene, plan: Vaktplan) -> None:
    endre(Vaktplan, plan.id, avsluttet=START)
    assert dekning.hent_oversikt(scene.koordinator) == []


# --- the burden ------------------------------------------------------------------------------------------


def oslo(*tall: int) -> datetime:
    from portal.core.clock import OSLO

    return datetime(*tall, tzinfo=OSLO).astimezone(UTC)  # type: ignore[arg-type, misc]


def byrde(*vakter: tuple[datetime, datetime]) -> dekningsregler.Byrde:
    return dekningsregler.byrde([[Periode(*v)] for v in vakter])


@pytest.mark.parametrize(
    ("fra", "til", "netter"),
    [
        (oslo(2026, 6, 2, 23), oslo(2026, 6, 3, 3), 1),
        (oslo(2026, 6, 2, 23), oslo(2026, 6, 3, 2, 59), 0),
        (oslo(2026, 6, 3, 3), oslo(2026, 6, 3, 15), 1),
        (oslo(2026, 6, 2, 8), oslo(2026, 6, 3, 8), 1),
        (oslo(2026, 6, 2, 8), oslo(2026, 6, 9, 8), 7),
        # Both nights of the clocks, seven and nine hours long.
        (oslo(2026, 3, 29, 1), oslo(2026, 3, 29, 6), 1),
        (oslo(2026, 3, 29, 1), oslo(2026, 3, 29, 5), 0),
        (oslo(2026, 10, 25, 1), oslo(2026, 10, 25, 4), 1),
    ],
)
def test_en_natt_er_fire_timer_mellom_23_og_7(fra: datetime, til: datetime, netter: int) -> None:
    assert byrde((fra, til)).netter == netter


def test_helg_og_helligdag() -> None:
    # Saturday and Sunday are one weekend, also by two shifts; the Friday evening is none.
    assert (
        byrde((oslo(2026, 6, 6, 8), oslo(2026, 6, 6, 20)), (oslo(2026, 6, 7, 8), oslo(2026, 6, 7, 20))).helger
        == 1
    )
    assert byrde((oslo(2026, 6, 5, 16), oslo(2026, 6, 6, 3, 59))).helger == 0
    assert byrde((oslo(2026, 6, 6, 20), oslo(2026, 6, 7, 0))).helger == 1
    assert byrde((oslo(2026, 6, 1, 0), oslo(2026, 6, 15, 0))).helger == 2
    # 17 May 2026 is a Sunday: a holiday and a weekend.
    b = byrde((oslo(2026, 5, 17, 8), oslo(2026, 5, 17, 20)))
    assert (b.helger, b.helligdager, b.timer, b.vakter, b.netter) == (1, 1, 12, 1, 0)
    assert byrde((oslo(2026, 12, 24, 8), oslo(2026, 12, 27, 8))).helligdager == 2


def test_delt_natt_er_en_natt() -> None:
    """Two halves that meet are one stretch: an override in the middle does not take the night away."""
    b = byrde((oslo(2026, 6, 2, 23), oslo(2026, 6, 3, 3)), (oslo(2026, 6, 3, 3), oslo(2026, 6, 3, 7)))
    assert (b.netter, b.vakter, b.timer) == (1, 2, 8)


def test_snitt_og_avvik(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 30 * T)
    lag_vakt(plan, scene.spesialist2, fra=START + 30 * T, til=START + 40 * T)
    # The burden of another level is not compared with this one's.
    lag_vakt(plan, scene.vaktleder, Nivaa.VAKTLEDER, fra=START, til=START + 160 * T)
    alle = dekning.hent_dekning(scene.koordinator, plan.id, 1).rettferdighet
    assert list(alle) == [Nivaa.VAKTHAVENDE, Nivaa.VAKTLEDER]
    assert [(p.navn, p.byrde.timer) for p in alle[Nivaa.VAKTLEDER].personer] == [(scene.vaktleder.navn, 160)]
    r = alle[Nivaa.VAKTHAVENDE]
    assert [(p.navn, p.byrde.timer) for p in r.personer] == [
        (scene.spesialist.navn, 30),
        (scene.spesialist2.navn, 10),
    ]
    assert (r.snitt.timer, r.avvik.timer, r.snitt.vakter, r.avvik.vakter, r.flest_timer) == (20, 10, 1, 0, 30)


# --- intervals -------------------------------------------------------------------------------------------


def per(*par: tuple[int, int]) -> list[Periode]:
    return [Periode(START + a * T, START + b * T) for a, b in par]


def test_perioder() -> None:
    assert dekningsregler.slaa_sammen(per((5, 6), (1, 3), (2, 4), (4, 5), (9, 9), (8, 7))) == per((1, 6))
    assert dekningsregler.trekk_fra(per((0, 10)), per((2, 3), (0, 1), (9, 12), (5, 5))) == per((1, 2), (3, 9))
    assert dekningsregler.trekk_fra(per((0, 2), (4, 6)), per((1, 5))) == per((0, 1), (5, 6))
    assert dekningsregler.trekk_fra(per((0, 2)), per((0, 2))) == []
    assert dekningsregler.klipp(per((0, 2), (2, 4), (5, 9)), START + T, START + 5 * T) == per((1, 2), (2, 4))


# --- what it costs ---------------------------------------------------------------------------------------


@contextmanager
def teller() -> Iterator[list[str]]:
    """The SELECTs that are sent meanwhile."""
    sett: list[str] = []

    def noter(_c: Any, _p: Any, setning: str, *_: Any) -> None:
        if setning.lstrip().upper().startswith(("SELECT", "WITH")):
            sett.append(setning)

    sa.event.listen(db.engine, "before_cursor_execute", noter)
    try:
        yield sett
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", noter)


def fyll(planer: list[Vaktplan], aktor: Aktor, antall: int, fra: datetime) -> None:
    """That many shifts of twelve hours after each other in every plan, some of them called off long ago."""
    rader = [
        {
            "id": uuid4(),
            "vaktplan_id": p.id,
            "nivaa": "vakthavende",
            "person_id": aktor.person_id,
            "medlemskap_id": aktor.medlemskap_id,
            "fra": fra + i * 12 * T,
            "til": fra + (i + 1) * 12 * T,
            "kilde": "import",
            "opprettet": START,
            "avlyst": None if i * 12 * T < timedelta(weeks=60) else START,
        }
        for p in planer
        for i in range(antall)
    ]
    db.session.rollback()
    with skrivetransaksjon(db.engine) as c:
        c.execute(sa.insert(Vakt), rader)


def test_femti_tusen_rader_koster_det_samme_som_ti(scene: Scene) -> None:
    """The number of statements does not depend on shifts, and rows that meet come as one."""
    fag = ("indremedisin", "geriatri", "kirurgi", "urologi", "onkologi")
    alle = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=fag)
    planer = [lag_vaktplan(scene.hf.id, f) for f in fag]
    fyll(planer, alle, 2, START)
    with teller() as faa:
        dekning.hent_oversikt(scene.koordinator)
    fyll(planer, alle, 10_000, START + 24 * T)
    hentet: list[int] = []

    def tell_rader(perioder: Any, bort: Any, *, ekte: Any = dekningsregler.trekk_fra) -> Any:
        perioder = list(perioder)
        hentet.append(len(perioder))
        return ekte(perioder, bort)

    with teller() as mange, pytest.MonkeyPatch.context() as m:
        m.setattr(dekning, "trekk_fra", tell_rader)
        oversikt = dekning.hent_oversikt(scene.koordinator)
    assert len(mange) == len(faa) <= 2 + 4 * len(planer)
    assert max(hentet) == 1
    assert [p.andel for p in oversikt] == [1.0] * 5
    with teller() as en:
        dekning.hent_dekning(scene.koordinator, planer[0].id)
    assert len(en) <= 10


def test_oversikten_slipper_andre_til_mellom_planene(
    scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite the database itself holds the hub: never for all the plans of a house at once."""
    lag_vaktplan(scene.hf.id, "kirurgi")
    gang: list[str] = []
    ekte = dekning.finn_dekning

    def finn(planer: Any, *andre: Any) -> Any:
        gang.append(f"{len(planer)} plan")
        return ekte(planer, *andre)

    monkeypatch.setattr(dekning, "finn_dekning", finn)
    monkeypatch.setattr(dekning.time, "sleep", lambda sekunder: gang.append("pust"))
    dekning.hent_oversikt(scene.koordinator)
    assert gang == ["1 plan", "pust"] * 2


def test_oversikten_og_planen_sier_det_samme(scene: Scene, plan: Vaktplan) -> None:
    annen = lag_vaktplan(scene.hf.id, "kirurgi")
    lag_vakt(annen, scene.kirurg, fra=START + 3 * T, til=START + 9 * T)
    lag_vakt(plan, scene.spesialist, fra=START + 1 * T, til=START + 9 * T)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, fra=START + 2 * T, til=START + 4 * T)
    borte(scene.kirurg, START + 4 * T, START + 5 * T)
    oversikt = {p.plan.id: p for p in dekning.hent_oversikt(scene.spesialist, 1)}
    for p in (plan, annen):
        assert oversikt[p.id].hull == dekning.hent_dekning(scene.spesialist, p.id, 1).hull
    assert len(oversikt[annen.id].hull) == 3
    uuid: UUID = plan.id
    assert {n.nivaa for n in oversikt[uuid].nivaaer} == {"vakthavende", "bakvakt"}


# --- the pages -------------------------------------------------------------------------------------------


def tekst(svar: Any) -> str:
    return html.unescape(svar.get_data(as_text=True))


@pytest.fixture
def med_hull(scene: Scene, plan: Vaktplan) -> Vaktplan:
    """Covered but for two hours; the second of those belongs to somebody who is away."""
    lag_vakt(plan, scene.spesialist, fra=START - 2 * T, til=START + 10 * T)
    lag_vakt(plan, scene.spesialist2, fra=START + 11 * T, til=START + 14 * T)
    borte(scene.spesialist2, START + 11 * T, START + 12 * T)
    for i in range(60):
        lag_vakt(
            plan, scene.spesialist, fra=START + 14 * T + i * 168 * T, til=START + 14 * T + (i + 1) * 168 * T
        )
    return plan


def test_planens_side(scene: Scene, med_hull: Vaktplan, som: Som) -> None:
    adresse = f"/vakt/dekning/{med_hull.id}"
    side = tekst(som(scene.koordinator).get(adresse))
    assert "man. 1. juni kl. 12:00–14:00" in side and "(2 t)" in side
    assert f"men er borte eller har ikke rollen: {scene.spesialist2.navn}" in side
    assert (
        f"/vakt/planer/{med_hull.id}/ny-vakt?nivaa=vakthavende&fra=2026-06-01T12:00&til=2026-06-01T14:00"
        in (side.replace("%3A", ":"))
    )
    # 2 hours of 8736: never rounded up to whole.
    assert "99,9 %" in side and "100 %" not in side
    side = tekst(som(scene.spesialist).get(adresse))
    assert "man. 1. juni kl. 12:00–14:00" in side and "har ikke rollen:" not in side and "ny-vakt" not in side
    oversikt = tekst(som(scene.spesialist).get("/vakt/dekning"))
    assert f'href="{adresse}">Indremedisin</a>' in oversikt and "man. 1. juni kl. 12:00–14:00" in oversikt


def test_regnearkene(scene: Scene, med_hull: Vaktplan, som: Som) -> None:
    klient = som(scene.koordinator)
    linje = "Indremedisin;Vakthavende;2026-06-01 12:00;2026-06-01 14:00;2,00;"
    alle = klient.get("/vakt/dekning/hull.csv")
    assert (
        alle.mimetype == "text/csv"
        and 'filename="hull-i-vaktplanene-2026-06-01.csv"' in (alle.headers["Content-Disposition"])
    )
    rader = tekst(alle).removeprefix("\ufeff").splitlines()
    assert rader[1] == linje and len(rader) == 2
    ett = tekst(klient.get(f"/vakt/dekning/{med_hull.id}/hull.csv")).splitlines()
    assert ett[1] == linje + scene.spesialist2.navn
    assert tekst(som(scene.spesialist).get(f"/vakt/dekning/{med_hull.id}/hull.csv")).splitlines()[1] == linje
    fordeling = tekst(klient.get(f"/vakt/dekning/{med_hull.id}/fordeling.csv")).splitlines()
    assert fordeling[0].removeprefix("\ufeff") == "Nivå;Navn;Vakter;Timer;Netter;Helger;Helligdager"
    assert fordeling[1].startswith("Vakthavende;Siri Spesialist;53,00;8732,00;364,00;52,00;")
    assert fordeling[2].startswith(f"Vakthavende;{scene.spesialist2.navn};1,00;2,00;0,00;")
    assert [r.split(";")[1] for r in fordeling[3:]] == ["Snitt", "Standardavvik"]


def test_et_navn_blir_aldri_en_formel(scene: Scene, plan: Vaktplan, som: Som) -> None:
    endre(Person, scene.spesialist.person_id, navn="=1+1")
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 8 * T)
    assert "'=1+1;1,00" in tekst(som(scene.koordinator).get(f"/vakt/dekning/{plan.id}/fordeling.csv"))


def test_ingen_plan_ennaa(scene: Scene, som: Som) -> None:
    assert "Ingen vaktplaner ennå" in tekst(som(scene.koordinator).get("/vakt/dekning"))


def test_sidene_for_andre(scene: Scene, plan: Vaktplan, som: Som) -> None:
    egne = ("/vakt/dekning", "/vakt/dekning/hull.csv")
    planens = [f"/vakt/dekning/{plan.id}{slutt}" for slutt in ("", "/hull.csv", "/fordeling.csv")]
    for aktor, egen, planen in (
        (scene.administrator, 200, 200),
        (scene.kirurg, 200, 200),
        (scene.lege, 200, 404),
        (scene.systemadministrator, 403, 404),
        (scene.innsyn, 403, 404),
    ):
        klient = som(aktor)
        assert {klient.get(a).status_code for a in egne} == {egen}, aktor.rolle
        assert {klient.get(a).status_code for a in planens} == {planen}, aktor.rolle
