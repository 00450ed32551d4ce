"""Rotations: what they make, what they leave alone, how they end, and that a year of them is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor
from portal.core.clock import oslo, som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, UgyldigData
from portal.vakt.models import Dagtype, Nivaa, Rotasjon, Vaktplan
from portal.vakt.service import rotasjoner, vakter
from portal.vakt.turnus import dagtype
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, alle_rader, revisjon, uten_spor
from tests.samtidig import samtidig
from tests.vakt.hjelp import (
    DAG,
    NAA,
    T,
    alle_vakter,
    endre,
    fortalt,
    kl,
    lag_fravaer,
    nivaa,
    spesialist,
    uten_overlapp,
)
from tests.vakthjelp import lag_vakt, lag_vaktplan

V, B = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT
MANDAG = date(2026, 3, 2)
ALLE = tuple(map(str, Dagtype))


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def regel(*folk: Aktor, **endret: Any) -> dict[str, Any]:
    """Whole days from Tuesday 3 March, a day each, unless told otherwise."""
    return {
        "deltakere": [a.medlemskap_id for a in folk],
        "gjelder_fra": MANDAG + DAG,
        "klokke_fra": "08:00",
        "klokke_til": "08:00",
        "dagtyper": ALLE,
        "dager_per_tur": 1,
        **endret,
    }


def lag(scene: Scene, plan: Vaktplan, *folk: Aktor, hvilket: str = V, **endret: Any) -> UUID:
    return rotasjoner.lag(scene.koordinator, plan.id, hvilket, **regel(*folk, **endret))


# --- beginning -------------------------------------------------------------------------------------------


def test_en_rotasjon_lager_vakter_et_aar_fram(scene: Scene, plan: Vaktplan) -> None:
    rotasjon_id = lag(scene, plan, scene.spesialist, scene.spesialist2)
    rader = nivaa(plan)
    assert rader[0][:2] == (kl("2026-03-03 08:00"), kl("2026-03-04 08:00"))
    assert rader[-1][1] == kl("2027-03-01 08:00")  # 52 weeks from today
    assert len(rader) == 363 and {r[3] for r in rader} == {"rotasjon"}
    assert [r[2] for r in rader[:3]] == [
        scene.spesialist.person_id,
        scene.spesialist2.person_id,
        scene.spesialist.person_id,
    ]
    r = db.session.get_one(Rotasjon, rotasjon_id)
    assert (r.laget_til, r.dager_laget) == (date(2027, 3, 1), 363)
    assert len(revisjon("vakt.rotasjon_opprettet", objekt=rotasjon_id)) == 1
    # One notice each, not one for each shift.
    assert fortalt(scene.spesialist) == ["Du er med i en vaktrotasjon: Indremedisin, Vakthavende"]
    tekst = db.session.scalars(
        sa.select(Varsel.tekst).where(Varsel.person_id == scene.spesialist2.person_id)
    ).one()
    assert "ons. 4. mars kl. 08:00" in tekst


def test_en_uke_er_en_vakt(scene: Scene, plan: Vaktplan) -> None:
    lag(scene, plan, scene.spesialist, scene.spesialist2, dager_per_tur=7, gjelder_fra=MANDAG + 7 * DAG)
    rader = nivaa(plan)
    assert len(rader) == 51 and all(
        timedelta(hours=167) <= t - f <= timedelta(hours=169) for f, t, *_ in rader
    )


def test_forhaandsvisningen_skriver_ingenting_og_sier_det_samme(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist2, fra=kl("2026-03-05 12:00"), til=kl("2026-03-05 20:00"))
    lag_fravaer(scene.spesialist, kl("2026-03-07 00:00"), kl("2026-03-08 00:00"))
    foer = alle_rader()
    vist = rotasjoner.forhaandsvis(
        scene.koordinator,
        plan.id,
        V,
        **regel(scene.spesialist, scene.spesialist2, gjelder_til=MANDAG + 8 * DAG),
    )
    assert alle_rader() == foer
    assert [(h.grunn, h.fra, h.til, h.navn) for h in vist.hoppet] == [
        ("opptatt", kl("2026-03-05 12:00"), kl("2026-03-05 20:00"), scene.spesialist2.navn),
        ("borte", kl("2026-03-07 08:00"), kl("2026-03-08 00:00"), "Siri Spesialist"),
    ]
    assert dict(vist.turer) == {"Siri Spesialist": 4, scene.spesialist2.navn: 3}
    lag(scene, plan, scene.spesialist, scene.spesialist2, gjelder_til=MANDAG + 8 * DAG)
    laget = [(f, t, p) for f, t, p, kilde in nivaa(plan) if kilde == "rotasjon"]
    person = {scene.spesialist.medlemskap_id: scene.spesialist.person_id}
    assert laget == [
        (v.fra, v.til, person.get(v.medlemskap_id, scene.spesialist2.person_id)) for v in vist.vakter
    ]


@pytest.mark.parametrize(
    ("endret", "felt"),
    [
        ({"deltakere": []}, "deltakere"),
        ({"deltakere": [uuid4()]}, "deltakere"),
        ({"gjelder_fra": MANDAG - DAG}, "gjelder_fra"),
        ({"gjelder_fra": date(2029, 1, 1)}, "gjelder_fra"),
        ({"gjelder_til": MANDAG + DAG}, "gjelder_til"),
        ({"klokke_fra": "8"}, "klokke_fra"),
        ({"klokke_til": "24:00"}, "klokke_til"),
        ({"dagtyper": []}, "dagtyper"),
        ({"dagtyper": ["onsdag"]}, "dagtyper"),
        ({"dager_per_tur": 0}, "dager_per_tur"),
        ({"dager_per_tur": 29}, "dager_per_tur"),
    ],
)
def test_hva_en_rotasjon_ikke_kan_vaere(
    scene: Scene, plan: Vaktplan, opptak: Opptak, endret: dict[str, Any], felt: str
) -> None:
    for gjoer in (rotasjoner.lag, rotasjoner.forhaandsvis):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            gjoer(scene.koordinator, plan.id, V, **regel(scene.spesialist, **endret))
        assert list(feil.value.detaljer["felter"]) == [felt]


def test_hvem_som_ikke_kan_vaere_med(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    sluttet = spesialist(scene, til=NAA + 3 * T)
    for folk, hint in (
        ((scene.kirurg,), scene.kirurg.navn),
        ((scene.koordinator,), scene.koordinator.navn),
        ((scene.fremmed_spesialist,), "Velg en"),
        ((sluttet,), sluttet.navn),
        ((scene.spesialist, scene.spesialist2, scene.spesialist), "mer enn én gang"),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            lag(scene, plan, *folk)
        assert hint in " ".join(feil.value.detaljer["felter"]["deltakere"])
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        rotasjoner.lag(scene.spesialist, plan.id, V, **regel(scene.spesialist))
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        rotasjoner.forhaandsvis(scene.fremmed_vaktleder, plan.id, V, **regel(scene.spesialist))


# --- what others have is theirs --------------------------------------------------------------------------


def test_rotasjonen_fyller_det_som_er_ledig(scene: Scene, plan: Vaktplan) -> None:
    """By hand, in the middle, over an edge, and exactly: all stand, and what is around them is filled."""
    for fra, til in (
        ("2026-03-04 12:00", "2026-03-04 16:00"),
        ("2026-03-06 20:00", "2026-03-07 20:00"),
        ("2026-03-09 08:00", "2026-03-10 08:00"),
    ):
        lag_vakt(plan, scene.spesialist2, fra=kl(fra), til=kl(til))
    lag(scene, plan, scene.spesialist)
    rader = nivaa(plan)
    assert len([r for r in rader if r[3] == "enkelt"]) == 3
    assert uten_overlapp(rader)
    assert all(en[1] == neste[0] for en, neste in pairwise(rader))
    assert (kl("2026-03-04 08:00"), kl("2026-03-04 12:00")) in [r[:2] for r in rader]


def test_en_rotasjon_som_begynner_i_dag_begynner_naa(scene: Scene, plan: Vaktplan) -> None:
    lag(scene, plan, scene.spesialist, gjelder_fra=MANDAG)
    assert nivaa(plan)[0][:2] == (NAA, kl("2026-03-03 08:00"))


def test_den_som_slutter_faar_ingen_vakter_etterpaa(scene: Scene, plan: Vaktplan) -> None:
    slutter = spesialist(scene, "Slutter Snart", til=kl("2026-03-10 00:00"))
    vist = rotasjoner.forhaandsvis(scene.koordinator, plan.id, V, **regel(slutter, scene.spesialist))
    assert Counter(h.grunn for h in vist.hoppet)["uten_rett"] == len(vist.hoppet) > 170
    lag(scene, plan, slutter, scene.spesialist)
    assert max(t for _f, t, p, _k in nivaa(plan) if p == slutter.person_id) <= kl("2026-03-10 00:00")


# --- going on --------------------------------------------------------------------------------------------


def test_dag_for_dag_er_som_paa_en_gang(scene: Scene, plan: Vaktplan) -> None:
    """The worker goes on every day; a week stays one shift, the turns stay in order, and twice a day is once."""
    annen = lag_vaktplan(scene.hf.id, "geriatri")
    folk = (scene.spesialist2, spesialist(scene, fag=("indremedisin", "geriatri")))
    lag(scene, plan, *folk, dager_per_tur=7)
    with som_om(NAA - 30 * DAG):
        lag(scene, annen, *folk, dager_per_tur=7)
    for n in range(1, 31):
        with som_om(NAA + (n - 30) * DAG):
            rotasjoner.fyll_fram()
            assert rotasjoner.fyll_fram() == 0
    foerste = [(f, t, p) for f, t, p, _k in nivaa(plan)]
    assert foerste == [(f, t, p) for f, t, p, _k in nivaa(annen)]
    with som_om(NAA + 20 * DAG):
        laget = rotasjoner.fyll_fram()
    assert laget == len(nivaa(plan)) + len(nivaa(annen)) - 2 * len(foerste) > 0
    rader = nivaa(plan)
    assert len(rader) == len({r[0].date().isocalendar()[:2] for r in rader})
    # Told when it began, and of no day that was added.
    assert sorted(fortalt(folk[0])) == [
        "Du er med i en vaktrotasjon: Geriatri, Vakthavende",
        "Du er med i en vaktrotasjon: Indremedisin, Vakthavende",
    ]


def test_rotasjonen_fyller_ikke_en_avsluttet_plan_eller_forbi_slutten(scene: Scene, plan: Vaktplan) -> None:
    lag(scene, plan, scene.spesialist, gjelder_til=MANDAG + 370 * DAG)
    foer = len(nivaa(plan))
    with som_om(NAA + 60 * DAG):
        assert rotasjoner.fyll_fram() == 6
        assert rotasjoner.fyll_fram() == 0
    assert len(nivaa(plan)) == foer + 6
    endre(Vaktplan, plan.id, avsluttet=NAA)
    with som_om(NAA + 90 * DAG):
        assert rotasjoner.fyll_fram() == 0


def test_to_arbeidere_fyller_en_gang(app: Flask, scene: Scene, plan: Vaktplan) -> None:
    lag(scene, plan, scene.spesialist)
    with som_om(NAA + 10 * DAG):
        laget = samtidig(app, rotasjoner.fyll_fram, rotasjoner.fyll_fram)
    assert sorted(laget) == [0, 10]
    assert uten_overlapp(nivaa(plan))


# --- ending ----------------------------------------------------------------------------------------------


def test_en_rotasjon_slutter_fra_en_dag(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    rotasjon_id = lag(scene, plan, scene.spesialist, scene.spesialist2, dager_per_tur=7)
    assert scene.spesialist2.medlemskap_id
    vakter.overstyr(
        scene.koordinator,
        plan.id,
        V,
        scene.spesialist2.medlemskap_id,
        kl("2026-03-20 08:00"),
        kl("2026-03-20 16:00"),
    )
    with uten_spor(opptak), pytest.raises(UgyldigData):
        rotasjoner.avslutt(scene.koordinator, rotasjon_id, MANDAG - DAG)
    antall = rotasjoner.avslutt(scene.koordinator, rotasjon_id, date(2026, 3, 12))
    assert [(f, t) for f, t, *_ in nivaa(plan)] == [
        (kl("2026-03-03 08:00"), kl("2026-03-10 08:00")),
        (kl("2026-03-10 08:00"), kl("2026-03-12 08:00")),
        # What was put in by hand is not the rotation's.
        (kl("2026-03-20 08:00"), kl("2026-03-20 16:00")),
    ]
    assert antall > 50
    assert "Vaktrotasjonen slutter: Indremedisin, Vakthavende" in fortalt(scene.spesialist)
    with uten_spor(opptak), pytest.raises(Konflikt):
        rotasjoner.avslutt(scene.koordinator, rotasjon_id, date(2026, 3, 12))
    with som_om(NAA + 30 * DAG):
        assert rotasjoner.fyll_fram() == 0
    # To change is to end and begin anew, where the former ended.
    lag(scene, plan, scene.spesialist2, gjelder_fra=date(2026, 3, 12))
    rader = nivaa(plan)
    assert all(en[1] == neste[0] for en, neste in pairwise(rader))


def test_en_natt_som_har_begynt_er_hel(scene: Scene, plan: Vaktplan) -> None:
    rotasjon_id = lag(scene, plan, scene.spesialist, klokke_fra="20:00")
    rotasjoner.avslutt(scene.koordinator, rotasjon_id, MANDAG + 3 * DAG)
    assert [t for _f, t, *_ in nivaa(plan)] == [kl("2026-03-04 08:00"), kl("2026-03-05 08:00")]


def test_det_som_har_vaert_av_dagens_vakt_staar(scene: Scene, plan: Vaktplan) -> None:
    """Ended from today at noon: this morning was somebody's, and remains theirs."""
    with som_om(NAA - 2 * DAG):
        rotasjon_id = lag(scene, plan, scene.spesialist, gjelder_fra=MANDAG)
    rotasjoner.avslutt(scene.koordinator, rotasjon_id, MANDAG)
    assert [r[:2] for r in nivaa(plan)] == [(kl("2026-03-02 08:00"), NAA)]


def test_en_rotasjon_som_slutter_foer_den_begynner(scene: Scene, plan: Vaktplan) -> None:
    rotasjon_id = lag(scene, plan, scene.spesialist, gjelder_fra=MANDAG + 7 * DAG)
    rotasjoner.avslutt(scene.koordinator, rotasjon_id, MANDAG + 2 * DAG)
    assert nivaa(plan) == []
    assert all(v.avlyst == NAA for v in alle_vakter(plan))


def test_en_rotasjon_som_slutter_lenger_fram_enn_den_er_laget(scene: Scene, plan: Vaktplan) -> None:
    rotasjon_id = lag(scene, plan, scene.spesialist)
    assert rotasjoner.avslutt(scene.koordinator, rotasjon_id, MANDAG + 366 * DAG) == 0
    with som_om(NAA + 30 * DAG):
        assert rotasjoner.fyll_fram() == 2
    assert nivaa(plan)[-1][1] == kl("2027-03-03 08:00")


def test_en_rotasjon_som_feiler_stanser_ikke_de_andre(
    scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag(scene, plan, scene.spesialist)
    lag(scene, lag_vaktplan(scene.hf.id, "kirurgi"), scene.kirurg)
    foerst = db.session.scalars(sa.select(Rotasjon.id).order_by(Rotasjon.opprettet, Rotasjon.id)).first()
    ekte = rotasjoner.access.hent_rotasjon

    def hent(aktor: Aktor, handling: Any, id_: UUID) -> Rotasjon:
        if id_ == foerst:
            raise RuntimeError("this one")
        return ekte(aktor, handling, id_)

    monkeypatch.setattr(rotasjoner.access, "hent_rotasjon", hent)
    with som_om(NAA + DAG):
        assert rotasjoner.fyll_fram() == 1
        monkeypatch.undo()
        assert rotasjoner.fyll_fram() == 1


# --- a year ----------------------------------------------------------------------------------------------


def test_hverdager_helg_og_helligdager_hver_for_seg(scene: Scene, plan: Vaktplan) -> None:
    """Three rotations at one level share the year: each shift begins on its kind of day, and none overlaps."""
    folk = [spesialist(scene, f"Lege {n}") for n in range(4)]
    lag(scene, plan, *folk, dagtyper=["hverdag"], klokke_fra="15:30", klokke_til="08:00")
    lag(scene, plan, *folk[:3], dagtyper=["helg"], dager_per_tur=2)
    lag(scene, plan, *folk[2:], dagtyper=["helligdag"])
    assert uten_overlapp(nivaa(plan))
    regler = {r.id: r.dagtyper for r in db.session.scalars(sa.select(Rotasjon))}
    for v in alle_vakter(plan):
        assert v.rotasjon_id and [str(dagtype(oslo(v.fra).date()))] == regler[v.rotasjon_id]
    for folkene, typer in ((folk, ["hverdag"]), (folk[:3], ["helg"]), (folk[2:], ["helligdag"])):
        turer = Counter(
            v.person_id for v in alle_vakter(plan) if v.rotasjon_id and regler[v.rotasjon_id] == typer
        )
        antall = [turer[a.person_id] for a in folkene]
        # A weekend is one row, or two where a public holiday divides it.
        assert max(antall) - min(antall) <= (1 if typer != ["helg"] else 3)
