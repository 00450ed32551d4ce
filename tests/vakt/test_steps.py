"""Who is on call, which policy holds, and how a ladder is climbed: the steps that higher rooms build on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, skrivetransaksjon, transactional
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.identitet.mottakere import med_rolle, mottaker_for
from portal.vakt import steps
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktkilde, Vaktplan
from portal.vakt.steps import ANSVARLIG, STANDARD, Ledd, Policy, neste_steg
from tests.bygg import Scene, lag_aktor, lag_medlemskap, lagre, som_aktor
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

T = timedelta(hours=1)
MIN = timedelta(minutes=1)


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def paa(scene: Scene, naa: datetime | None = None, fag: str = "indremedisin") -> dict[str, Any]:
    """{level: person} now."""
    return {n: p.person_id for n, p in steps.paa_vakt(scene.hf.id, fag, naa).items()}


@transactional
def endre(tabell: Any, id_: Any, **verdier: Any) -> None:
    db.session.execute(sa.update(tabell).where(tabell.id == id_).values(**verdier))


# --- who is on call --------------------------------------------------------------------------------------


def test_hvert_nivaa_har_sin(scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT)
    lag_vakt(plan, scene.vaktleder, Nivaa.VAKTLEDER)
    funnet = steps.paa_vakt(scene.hf.id, "indremedisin")
    assert {n: p.person_id for n, p in funnet.items()} == {
        "vakthavende": scene.spesialist.person_id,
        "bakvakt": scene.spesialist2.person_id,
        "vaktleder": scene.vaktleder.person_id,
    }
    en = funnet["vakthavende"]
    assert (en.vakt_id, en.vaktplan_id, en.medlemskap_id) == (
        vakt.id,
        plan.id,
        scene.spesialist.medlemskap_id,
    )
    assert (en.navn, en.fra, en.til) == (scene.spesialist.navn, vakt.fra, vakt.til)
    assert en.mottaker.organisasjon_id == scene.hf.id and "@" in en.mottaker.epost


def test_vakta_er_fra_og_med_til_og_uten(scene: Scene, plan: Vaktplan) -> None:
    fra = now() + T
    lag_vakt(plan, scene.spesialist, fra=fra, til=fra + 8 * T)
    lag_vakt(plan, scene.spesialist2, fra=fra + 8 * T, til=fra + 16 * T)
    mikro = timedelta(microseconds=1)
    assert paa(scene, fra - mikro) == {}
    for naa, hvem in (
        (fra, scene.spesialist),
        (fra + 8 * T - mikro, scene.spesialist),
        (fra + 8 * T, scene.spesialist2),
        (fra + 16 * T - mikro, scene.spesialist2),
    ):
        assert paa(scene, naa) == {"vakthavende": hvem.person_id}
    assert paa(scene, fra + 16 * T) == {}


def test_den_lengste_vakta_finnes_til_den_er_over(scene: Scene, plan: Vaktplan) -> None:
    fra = now()
    lag_vakt(plan, scene.spesialist, fra=fra, til=fra + steps.LENGSTE_VAKT)
    assert paa(scene, fra + steps.LENGSTE_VAKT - MIN) == {"vakthavende": scene.spesialist.person_id}


def test_avlyst_vakt_og_avsluttet_plan(scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist)
    assert paa(scene)
    endre(Vakt, vakt.id, avlyst=now())
    assert paa(scene) == {}
    lag_vakt(plan, scene.spesialist2)
    assert paa(scene)
    endre(Vaktplan, plan.id, avsluttet=now())
    assert paa(scene) == {}


def test_fravaer_gjoer_nivaaet_tomt(scene: Scene, plan: Vaktplan) -> None:
    fra = now()
    lag_vakt(plan, scene.spesialist, fra=fra, til=fra + 12 * T)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, fra=fra, til=fra + 12 * T)

    def borte(organisasjon: Any, start: datetime, slutt: datetime, avlyst: datetime | None = None) -> None:
        lagre(
            Fravaer(
                id=uuid4(),
                organisasjon_id=organisasjon.id,
                person_id=scene.spesialist.person_id,
                fra=start,
                til=slutt,
                opprettet=fra,
                opprettet_av_id=scene.spesialist.person_id,
                avlyst=avlyst,
            )
        )

    borte(scene.hf, fra + T, fra + 2 * T)
    borte(scene.hf, fra + 3 * T, fra + 4 * T, avlyst=fra)
    borte(scene.annet_hf, fra + 5 * T, fra + 6 * T)
    assert "vakthavende" in paa(scene, fra + T - MIN)
    assert set(paa(scene, fra + T)) == {"bakvakt"}
    assert "vakthavende" in paa(scene, fra + 2 * T)
    assert "vakthavende" in paa(scene, fra + 3.5 * T)
    assert "vakthavende" in paa(scene, fra + 5.5 * T)


def test_medlemskapet_maa_gjelde_da(scene: Scene, plan: Vaktplan) -> None:
    """The moment that is asked of counts, not the moment of asking."""
    naa = now()
    lag_vakt(plan, scene.spesialist, fra=naa - T, til=naa + 12 * T)
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=naa + 2 * T)
    assert paa(scene) and paa(scene, naa + 2 * T - MIN)
    assert paa(scene, naa + 2 * T) == {}
    with som_om(naa + 3 * T):
        assert paa(scene) == {}
        assert paa(scene, naa) != {}


def test_stengt_ute_mistet_fag_og_feil_rolle(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT)
    endre(Person, scene.spesialist.person_id, aktiv=False)
    assert set(paa(scene)) == {"bakvakt"}
    endre(Person, scene.spesialist.person_id, aktiv=True)
    _uten_fag(scene.spesialist2, "indremedisin")
    assert set(paa(scene)) == {"vakthavende"}
    endre(Medlemskap, scene.spesialist.medlemskap_id, rolle=Rolle.INNSYN)
    assert paa(scene) == {}


@transactional
def _uten_fag(aktor: Aktor, fag: str) -> None:
    db.session.execute(
        sa.delete(MedlemskapFagomraade).where(
            MedlemskapFagomraade.medlemskap_id == aktor.medlemskap_id,
            MedlemskapFagomraade.fagomraade == fag,
        )
    )


def test_vaktlederen_er_bare_vaktleder(scene: Scene, plan: Vaktplan) -> None:
    """The organisation's vaktleder may stand at that level without a fagområde, and at no other."""
    lag_vakt(plan, scene.vaktleder, Nivaa.VAKTLEDER)
    lag_vakt(plan, scene.vaktleder, Nivaa.BAKVAKT)
    lag_vakt(plan, scene.koordinator, Nivaa.VAKTHAVENDE)
    assert set(paa(scene)) == {"vaktleder"}


def test_bare_egen_organisasjon_og_eget_fag(scene: Scene, plan: Vaktplan) -> None:
    annen = lag_vaktplan(scene.annet_hf.id)
    kirurgi = lag_vaktplan(scene.hf.id, "kirurgi")
    lag_vakt(annen, scene.fremmed_spesialist)
    lag_vakt(kirurgi, scene.kirurg)
    lag_vakt(plan, scene.fremmed_spesialist, Nivaa.BAKVAKT)  # of another house: is never asked
    assert paa(scene) == {}
    assert paa(scene, fag="kirurgi") == {"vakthavende": scene.kirurg.person_id}
    assert steps.paa_vakt(scene.annet_hf.id, "indremedisin")["vakthavende"].person_id == (
        scene.fremmed_spesialist.person_id
    )


def test_et_medlemskap_som_er_en_annens_teller_ikke(scene: Scene, plan: Vaktplan) -> None:
    """A row that names one person and another's membership tells nobody: never the wrong one."""
    assert scene.spesialist.person_id and scene.spesialist2.medlemskap_id
    lagre(
        Vakt(
            id=uuid4(),
            vaktplan_id=plan.id,
            nivaa=Nivaa.VAKTHAVENDE,
            person_id=scene.spesialist.person_id,
            medlemskap_id=scene.spesialist2.medlemskap_id,
            fra=now() - T,
            til=now() + T,
            kilde=Vaktkilde.ENKELT,
            opprettet=now(),
        )
    )
    assert paa(scene) == {}


def test_samme_person_i_to_roller(scene: Scene, plan: Vaktplan) -> None:
    """The shift is of one membership: that the person has another one helps nobody."""
    lag_vakt(plan, scene.spesialist)
    person = db.session.get_one(Person, scene.spesialist.person_id)
    ny = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=now())
    assert paa(scene) == {}
    lag_vakt(plan, som_aktor(person, ny, scene.hf), Nivaa.BAKVAKT)
    assert set(paa(scene)) == {"bakvakt"}


@pytest.mark.parametrize("dag", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_natta_da_klokka_stilles(scene: Scene, plan: Vaktplan, dag: datetime) -> None:
    """Every minute of the night has exactly the one whose shift it is, also in the hour that is skipped or doubled."""
    from portal.vakt.turnus import skift

    with som_om(dag - timedelta(days=3)):
        scene2 = Scene()
        p = lag_vaktplan(scene2.hf.id)
        kveld, natt = skift((dag - timedelta(days=1)).date(), "15:30", "23:00"), None
        natt = skift((dag - timedelta(days=1)).date(), "23:00", "08:00")
        morgen = skift(dag.date(), "08:00", "15:30")
        assert natt[1] - natt[0] == (8 if dag.month == 3 else 10) * T
        folk = [scene2.spesialist, scene2.spesialist2, scene2.spesialist]
        for aktor, (fra, til) in zip(folk, (kveld, natt, morgen), strict=True):
            lag_vakt(p, aktor, fra=fra, til=til)
    with som_om(dag):
        t = kveld[0]
        while t < morgen[1]:
            venter = scene2.spesialist2 if natt[0] <= t < natt[1] else scene2.spesialist
            assert paa(scene2, t) == {"vakthavende": venter.person_id}, t
            t += 15 * MIN


def test_spoerringa_ser_ikke_paa_historien(scene: Scene, plan: Vaktplan) -> None:
    """With years of shifts in the plan the index is asked for the newest of each level."""
    assert scene.spesialist.person_id
    naa = now()
    rader = [
        {
            "id": uuid4(),
            "vaktplan_id": plan.id,
            "nivaa": nivaa,
            "person_id": scene.spesialist.person_id,
            "medlemskap_id": scene.spesialist.medlemskap_id,
            "fra": naa + i * 12 * T,
            "til": naa + (i + 1) * 12 * T,
            "kilde": "import",
            "opprettet": naa,
            "avlyst": None,
        }
        for nivaa in Nivaa
        for i in range(-2000, 1000)
    ]
    with skrivetransaksjon(db.engine) as c:
        c.execute(sa.insert(Vakt), rader)
        if db.engine.dialect.name == "postgresql":
            c.exec_driver_sql("ANALYZE vakt")
    setning = steps._paa_vakt_sporring()
    param = {
        "organisasjon_id": scene.hf.id,
        "fagomraade": "indremedisin",
        "naa": naa,
        "tidligst": naa - steps.LENGSTE_VAKT,
    }
    sendt: list[tuple[str, Any]] = []
    noter: Callable[..., None] = lambda _c, _p, s, p, *_: sendt.append((s, p))  # noqa: E731
    sa.event.listen(db.engine, "before_cursor_execute", noter)
    try:
        assert len(db.session.execute(setning, param).all()) == 3
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", noter)
    forklar = (
        "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, FORMAT TEXT) "
    )
    linjer = [str(r[-1]) for r in db.session.connection().exec_driver_sql(forklar + sendt[0][0], sendt[0][1])]
    plantekst = "\n".join(linjer)
    if db.engine.dialect.name == "sqlite":
        assert "ix_vakt_plan (vaktplan_id=? AND nivaa=? AND fra>? AND fra<?)" in plantekst, plantekst
    else:
        # By the plan and its levels, or by the time alone: with one plan they are as good.
        funn = [x for x in linjer if "Index Cond" in x and "fra <=" in x and "fra >" in x]
        assert funn, plantekst
        assert "Seq Scan on vakt " not in plantekst
        # Two weeks of three levels, of nine thousand rows.
        fjernet = [int(x) for x in re.findall(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", plantekst)]
        assert max(fjernet) < 200, plantekst


def test_vakttelefoner_og_folk_med_rolle(scene: Scene, plan: Vaktplan) -> None:
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002", tale=True)
    lag_vakttelefon(lag_vaktplan(scene.annet_hf.id), Nivaa.VAKTHAVENDE)
    funnet = steps.vakttelefoner(scene.hf.id, "indremedisin")
    assert {n: (t.nummer, t.sms, t.tale) for n, t in funnet.items()} == {
        "bakvakt": ("+4790000002", True, True)
    }
    to = lag_aktor(Rolle.VAKTLEDER, scene.hf)
    endre(Medlemskap, to.medlemskap_id, gyldig_til=now())
    assert [m.person_id for m in med_rolle(scene.hf.id, [Rolle.VAKTLEDER])] == [scene.vaktleder.person_id]
    assert to.medlemskap_id and mottaker_for(to.medlemskap_id) is None


# --- which policy ----------------------------------------------------------------------------------------


def test_fagomraadets_saa_organisasjonens_saa_standarden(scene: Scene) -> None:
    hf = scene.hf.id
    assert steps.policy_for(hf, "indremedisin", "akutt") == STANDARD["akutt"]
    lag_policy(hf, "akutt", [("bakvakt", 0)], gjenta_etter=7)
    lag_policy(scene.annet_hf.id, "akutt", [("vaktleder", 0)], fagomraade="indremedisin")
    for_alle = Policy((Ledd("bakvakt", 0),), 0, 7)
    assert steps.policy_for(hf, "indremedisin", "akutt") == for_alle
    egen = lag_policy(hf, "akutt", [("vakthavende", 0), ("vaktleder", 3)], fagomraade="indremedisin")
    assert steps.policy_for(hf, "indremedisin", "akutt").ledd == (
        Ledd("vakthavende", 0),
        Ledd("vaktleder", 3),
    )
    assert steps.policy_for(hf, "geriatri", "akutt") == for_alle
    assert steps.policy_for(hf, "indremedisin", "haster") == STANDARD["haster"]
    endre(type(egen), egen.id, erstattet=now())
    assert steps.policy_for(hf, "indremedisin", "akutt") == for_alle


def test_standarden_er_den_som_er_lovet() -> None:
    assert {h: p.ledd[1].etter for h, p in STANDARD.items()} == {"akutt": 5, "haster": 30, "vanlig": 240}
    for p in STANDARD.values():
        assert [led.nivaa for led in p.ledd] == list(Nivaa)
        assert Policy.fra_dict(p.som_dict()) == p


def test_stigen_til_den_ansvarlige() -> None:
    assert STANDARD["akutt"].for_ansvarlig().ledd == (
        Ledd(ANSVARLIG, 0),
        Ledd("vakthavende", 5),
        Ledd("bakvakt", 10),
        Ledd("vaktleder", 15),
    )
    # As long as the vakthavende would have had, whatever the pause is.
    p = Policy((Ledd("vakthavende", 0), Ledd("bakvakt", 4), Ledd("vaktleder", 10)), 1, 6).for_ansvarlig()
    assert p.ledd == (
        Ledd(ANSVARLIG, 0),
        Ledd("vakthavende", 4),
        Ledd("bakvakt", 8),
        Ledd("vaktleder", 14),
    )
    # A ladder that begins at the bakvakt: the responsible gets the pause first, and nobody falls out.
    p = Policy((Ledd("bakvakt", 0), Ledd("vakthavende", 4), Ledd("vaktleder", 10)), 1, 6).for_ansvarlig()
    assert p.ledd == (
        Ledd(ANSVARLIG, 0),
        Ledd("bakvakt", 6),
        Ledd("vakthavende", 10),
        Ledd("vaktleder", 16),
    )
    bare = Policy((Ledd("vakthavende", 0),), 2, 5).for_ansvarlig()
    assert bare.ledd == (Ledd(ANSVARLIG, 0), Ledd("vakthavende", 5))


def test_den_ansvarliges_egne_nivaaer() -> None:
    a, b = uuid4(), uuid4()
    hvem = {"vakthavende": a, "bakvakt": b, "vaktleder": a}
    assert steps.egne_nivaaer(hvem) == set()
    assert steps.egne_nivaaer({**hvem, ANSVARLIG: a}) == {"vakthavende", "vaktleder"}


# --- the ladder ------------------------------------------------------------------------------------------


@st.composite
def policyer(draw: st.DrawFn) -> Policy:
    nivaaer = draw(st.permutations(list(Nivaa)))[: draw(st.integers(1, 3))]
    tider = [0, *sorted(draw(st.sets(st.integers(1, 500), min_size=2, max_size=2)))]
    return Policy(
        tuple(Ledd(n, t) for n, t in zip(nivaaer, tider, strict=False)),
        draw(st.integers(0, 4)),
        draw(st.integers(1, 300)),
    )


def klatre(policy: Policy, bemannet: Callable[[int], frozenset[str]]) -> list[tuple[int, int, Any]]:
    """[(minute, climb, level | None)] as `neste_steg` gives it, with the end as «slutt». Staffing by the minute."""
    ut: list[tuple[int, int, Any]] = []
    posisjon, runde, minutt = 0, 0, 0
    for _ in range(200):
        steg = neste_steg(policy, posisjon, runde, bemannet(minutt))
        if steg.neste is None:
            return [*ut, (minutt, runde, "slutt")]
        assert set(steg.tomme).isdisjoint(bemannet(minutt))
        assert steg.ingen == (not any(led.nivaa in bemannet(minutt) for led in policy.ledd))
        if steg.nivaa is not None or steg.ingen:
            ut.append((minutt, runde, steg.nivaa))
        else:
            # Nobody above: nothing is waited for.
            assert steg.neste.vent == timedelta()
        posisjon, runde = steg.neste.posisjon, steg.neste.runde
        minutt += int(steg.neste.vent / MIN)
    raise AssertionError("the ladder never ends")


def utrullet(policy: Policy, bemannet: frozenset[str]) -> list[tuple[int, int, Any]]:
    """The same, written out: with the same people all the time.

    Each climb asks those who are there, in order; the first at once, and each of the others when the time to the step
    after the former one has gone. Above the last one that is there nobody is waited for.
    """
    ut: list[tuple[int, int, Any]] = []
    minutt = 0
    rest = [led for led in policy.ledd if led.nivaa in bemannet]
    for runde in range(policy.gjentakelser + 1):
        if not rest:
            ut.append((minutt, runde, None))
            minutt += policy.gjenta_etter
            continue
        for led in rest:
            ut.append((minutt, runde, led.nivaa))
            i = policy.ledd.index(led)
            if i + 1 < len(policy.ledd):
                minutt += policy.ledd[i + 1].etter - led.etter
            else:
                minutt += policy.gjenta_etter
    return [*ut, (minutt, policy.gjentakelser, "slutt")]


@given(policyer(), st.frozensets(st.sampled_from([str(n) for n in Nivaa])))
def test_stigen_som_en_enkel_modell(policy: Policy, bemannet: frozenset[str]) -> None:
    gang = klatre(policy, lambda _minutt: bemannet)
    assert gang == utrullet(policy, bemannet)
    if bemannet >= {led.nivaa for led in policy.ledd}:
        # With everybody there it lasts as long as it says, and every step is on its own minute.
        en = policy.ledd[-1].etter + policy.gjenta_etter
        assert gang[-1][0] == en * (policy.gjentakelser + 1)
        assert [m for m, r, _ in gang[:-1] if r == 0] == [led.etter for led in policy.ledd]


@given(policyer(), st.lists(st.frozensets(st.sampled_from([str(n) for n in Nivaa])), min_size=1, max_size=40))
def test_stigen_naar_folk_kommer_og_gaar(policy: Policy, skift: list[frozenset[str]]) -> None:
    """Whoever comes and goes meanwhile: no level twice in a climb, in order, each climb at most once, and an end."""
    gang = klatre(policy, lambda minutt: skift[(minutt // 7) % len(skift)])
    rekke = {led.nivaa: i for i, led in enumerate(policy.ledd)}
    for runde in range(policy.gjentakelser + 1):
        spurt = [rekke[n] for _, r, n in gang[:-1] if r == runde and n is not None]
        assert spurt == sorted(set(spurt))
    runder = [r for _, r, _ in gang]
    assert runder == sorted(runder) and runder[-1] == policy.gjentakelser
    assert gang[-1][0] <= (policy.ledd[-1].etter + policy.gjenta_etter) * (policy.gjentakelser + 1)
    # Never asked before its people were there.
    for minutt, _, nivaa in gang[:-1]:
        assert nivaa is None or nivaa in skift[(minutt // 7) % len(skift)]
