"""Absence: whose it is to tell, which shifts it leaves empty, and that nobody reads why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, PortalError, UgyldigData
from portal.identitet.models import Person
from portal.vakt import skriving, steps
from portal.vakt.models import Fravaer, Nivaa, Vaktplan
from portal.vakt.service import fravaer
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, lag_aktor, lag_medlemskap, revisjon, setninger, uten_spor
from tests.samtidig import samtidig
from tests.vakt.hjelp import DAG, NAA, T, fortalt, lag_fravaer
from tests.vakthjelp import lag_vakt, lag_vaktplan


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def paa_vakt(scene: Scene, naar: datetime) -> set[str]:
    with som_om(naar):
        return set(steps.paa_vakt(scene.hf.id, "indremedisin"))


def test_eget_fravaer_gjoer_vakten_ledig_og_koordinatoren_faar_vite_det(
    scene: Scene, plan: Vaktplan, opptak: Opptak
) -> None:
    assert scene.spesialist.person_id
    lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T, til=NAA + 20 * T)
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, fra=NAA + 40 * T, til=NAA + 50 * T)
    id_ = fravaer.registrer(scene.spesialist, scene.spesialist.person_id, NAA + 12 * T, NAA + 30 * T)
    assert paa_vakt(scene, NAA + 11 * T) == {"vakthavende"}
    assert paa_vakt(scene, NAA + 13 * T) == set()
    assert paa_vakt(scene, NAA + 45 * T) == {"bakvakt"}
    assert fortalt(scene.koordinator) == ["Vakter må dekkes: Siri Spesialist er borte"]
    # The part that nobody has, and not the whole shift.
    tekst = db.session.scalars(sa.select(Varsel.tekst).where(Varsel.person_id == scene.koordinator.person_id))
    assert tekst.one() == "Vakthavende, Indremedisin: ingen tir. 3. mars kl. 00:00–08:00"
    assert fortalt(scene.spesialist) == []
    assert "vakt.fravaer" in opptak.navn()
    assert revisjon("vakt.fravaer_registrert", objekt=id_)
    fravaer.avlys(scene.spesialist, id_)
    assert paa_vakt(scene, NAA + 13 * T) == {"vakthavende"}
    with uten_spor(opptak), pytest.raises(Konflikt):
        fravaer.avlys(scene.spesialist, id_)


def test_uten_vakter_er_det_ingenting_aa_si(scene: Scene, plan: Vaktplan) -> None:
    assert scene.spesialist.person_id
    fravaer.registrer(scene.spesialist, scene.spesialist.person_id, NAA + T, NAA + 2 * T)
    assert fortalt(scene.koordinator) == []


def test_koordinatoren_melder_for_andre(scene: Scene, plan: Vaktplan) -> None:
    assert scene.spesialist.person_id
    lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    id_ = fravaer.registrer(scene.koordinator, scene.spesialist.person_id, NAA + T, NAA + 30 * T)
    assert fortalt(scene.koordinator) == []
    fravaer.avlys(scene.administrator, id_)
    assert sorted(fortalt(scene.spesialist)) == [
        "Du er meldt borte fra vaktene dine",
        "Fraværet ditt er avlyst",
    ]


def test_hvem_som_melder_for_hvem(scene: Scene, opptak: Opptak) -> None:
    assert scene.spesialist.person_id and scene.spesialist2.person_id
    tid = (NAA + T, NAA + 2 * T)
    for aktor, hvem, feil in (
        (scene.spesialist2, scene.spesialist, IkkeTilgang),
        (scene.lege, scene.spesialist, IkkeFunnet),
        (scene.fremmed_vaktleder, scene.spesialist, IkkeFunnet),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            fravaer.registrer(aktor, hvem.person_id, *tid, organisasjon_id=scene.hf.id)
    with uten_spor(opptak), pytest.raises(IkkeTilgang):
        fravaer.registrer(Aktor.system("x"), scene.spesialist.person_id, *tid)
    for hvem in (scene.koordinator, scene.innsyn, scene.lege):
        assert hvem.person_id
        with uten_spor(opptak), pytest.raises(UgyldigData):
            fravaer.registrer(scene.koordinator, hvem.person_id, *tid)


@pytest.mark.parametrize(
    ("fra", "til"),
    [(T, T), (2 * T, T), (-4 * T, -T), (T, 740 * DAG)],
    ids=["tomt", "baklengs", "over", "langt"],
)
def test_tider_som_ikke_kan_vaere(scene: Scene, opptak: Opptak, fra: timedelta, til: timedelta) -> None:
    assert scene.spesialist.person_id
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        fravaer.registrer(scene.spesialist, scene.spesialist.person_id, NAA + fra, NAA + til)
    assert list(feil.value.detaljer["felter"]) == ["til"]


def test_fravaer_oppaa_fravaer_avvises(app: Flask, scene: Scene, opptak: Opptak) -> None:
    person = scene.spesialist.person_id
    assert person
    lag_fravaer(scene.spesialist, NAA + 5 * T, NAA + 9 * T)
    with uten_spor(opptak), pytest.raises(Konflikt) as feil:
        fravaer.registrer(scene.spesialist, person, NAA + 8 * T, NAA + 20 * T)
    assert "man. 2. mars kl. 17:00–21:00" in feil.value.melding
    fravaer.registrer(scene.spesialist, person, NAA + 9 * T, NAA + 20 * T)
    svar = samtidig(
        app,
        lambda: fravaer.registrer(scene.spesialist, person, NAA + 40 * T, NAA + 50 * T),
        lambda: fravaer.registrer(scene.koordinator, person, NAA + 45 * T, NAA + 55 * T),
    )
    assert len([s for s in svar if isinstance(s, PortalError)]) == 1


def test_et_fravaer_som_gaar_avlyses_fra_naa(scene: Scene, plan: Vaktplan) -> None:
    """What has been is history: the level was empty then."""
    lag_vakt(plan, scene.spesialist, fra=NAA - 5 * T, til=NAA + 5 * T)
    rad = lag_fravaer(scene.spesialist, NAA - 2 * T, NAA + 30 * T)
    fravaer.avlys(scene.spesialist, rad.id)
    db.session.expire_all()
    lagret = db.session.get_one(Fravaer, rad.id)
    assert (lagret.til, lagret.avlyst) == (NAA, None)
    assert paa_vakt(scene, NAA - T) == set()
    assert paa_vakt(scene, NAA) == {"vakthavende"}


def test_andres_fravaer_finnes_ikke(scene: Scene, opptak: Opptak) -> None:
    rad = lag_fravaer(scene.spesialist, NAA + T, NAA + 2 * T)
    for aktor in (scene.spesialist2, scene.lege, scene.fremmed_vaktleder, scene.innsyn):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            fravaer.avlys(aktor, rad.id)


def test_koordinatoren_er_en_av_flere(scene: Scene, plan: Vaktplan) -> None:
    """Of two coordinators, the one who writes it down is not told; the other is."""
    annen = lag_aktor(Rolle.KOORDINATOR, scene.hf)
    lag_vakt(plan, scene.spesialist, fra=NAA + 10 * T)
    assert scene.spesialist.person_id
    fravaer.registrer(scene.koordinator, scene.spesialist.person_id, NAA + T, NAA + 30 * T)
    assert (len(fortalt(annen)), len(fortalt(scene.koordinator))) == (1, 0)


def test_ingen_steder_staar_det_hvorfor() -> None:
    assert not {"grunn", "aarsak", "tekst", "merknad"} & set(Fravaer.__table__.columns.keys())
    assert skriving.FRAVAER == "/vakt/fravaer"


def test_to_koordinatorer_som_melder_seg_borte_samtidig(app: Flask, scene: Scene, plan: Vaktplan) -> None:
    """Each is told of the other's shifts: neither waits for the other's row."""
    to = [lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",)) for _ in range(2)]
    for nummer, aktor in enumerate(to):
        assert aktor.person_id
        person = db.session.get_one(Person, aktor.person_id)
        lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf, fra=NAA - DAG)
        for dag in range(1, 6):
            lag_vakt(plan, aktor, (Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT)[nummer], fra=NAA + dag * DAG)

    def meld(aktor: Aktor, dag: int) -> Callable[[], object]:
        assert aktor.person_id
        person_id = aktor.person_id
        return lambda: fravaer.registrer(aktor, person_id, NAA + dag * DAG, NAA + dag * DAG + T)

    for dag in range(1, 6):
        svar = samtidig(app, *(meld(a, dag) for a in to))
        assert not [s for s in svar if isinstance(s, PortalError)]
    for aktor, annen in (to, to[::-1]):
        assert fortalt(aktor, "vakt.ubemannet") == [f"Vakter må dekkes: {annen.navn} er borte"] * 5


def test_lista_koster_det_samme_for_mange(scene: Scene, plan: Vaktplan) -> None:
    """Each absence with its own shifts alone: those left to cover, in order, and at one organisation."""
    bak = lag_vaktplan(scene.hf.id, "geriatri")
    folk = [lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin", "geriatri")) for _ in range(4)]
    for n, aktor in enumerate(folk):
        lag_fravaer(aktor, NAA + 10 * T, NAA + 100 * T)
        lag_vakt(plan, aktor, fra=NAA + (20 + 10 * n) * T, til=NAA + (30 + 10 * n) * T)
        if n == 0:
            lag_vakt(bak, aktor, fra=NAA + 5 * T, til=NAA + 11 * T)
            lag_vakt(bak, aktor, fra=NAA + 100 * T, til=NAA + 110 * T)
            antall = setninger(lambda: fravaer.hent_fravaer(scene.koordinator))
    db.session.rollback()
    db.session.expire_all()
    assert setninger(lambda: fravaer.hent_fravaer(scene.koordinator)) <= antall
    rader = fravaer.hent_fravaer(scene.koordinator).rader
    funnet = {r.navn: [((v.fra - NAA) / T, v.vaktplan.fagomraade) for v in r.vakter] for r in rader}
    assert funnet == {
        a.navn: [*([(5, "geriatri")] if n == 0 else []), (20 + 10 * n, "indremedisin")]
        for n, a in enumerate(folk)
    }


def test_lista_kommer_side_for_side(scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stands on one page, the first to begin first; what is over or called off counts on none."""
    monkeypatch.setattr(fravaer, "PR_SIDE", 2)
    folk = [lag_aktor(Rolle.SPESIALIST, scene.hf) for _ in range(5)]
    for n, aktor in enumerate(folk):
        lag_fravaer(aktor, NAA + (10 - n) * T, NAA + 100 * T)
    lag_fravaer(folk[0], NAA - 3 * T, NAA - 2 * T)
    borte = lag_fravaer(folk[1], NAA + 200 * T, NAA + 201 * T)
    fravaer.avlys(scene.koordinator, borte.id)
    sider = [fravaer.hent_fravaer(scene.koordinator, side=n) for n in (1, 2, 3)]
    assert [(s.side, s.sider, s.antall) for s in sider] == [(1, 3, 5), (2, 3, 5), (3, 3, 5)]
    assert [r.navn for s in sider for r in s.rader] == [a.navn for a in reversed(folk)]
    assert fravaer.hent_fravaer(scene.koordinator, side=9).side == 3
    egen = fravaer.hent_fravaer(folk[2])
    assert [r.navn for r in egen.rader] == [folk[2].navn] and egen.antall == 1
    assert fravaer.hent_fravaer(lag_aktor(Rolle.SPESIALIST, scene.hf)).sider == 1
