"""Shifts: put in, overridden, called off, taken now; what is refused, who is told, and two at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, Opptatt, PortalError, UgyldigData, Utdatert
from portal.identitet.models import Medlemskap, Person
from portal.vakt import access, skriving, steps
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa, Vakt, Vaktkilde, Vaktplan
from portal.vakt.service import vakter
from portal.vakt.skriving import Vaktrad
from portal.varsler.models import Kanal, Utsending, Varsel
from tests.bygg import Opptak, Scene, lag_medlemskap, lagre, revisjon, som_aktor, uten_spor
from tests.conftest import DB
from tests.samtidig import samtidig
from tests.vakt.hjelp import (
    DAG,
    NAA,
    T,
    alle_vakter,
    endre,
    fortalt,
    lag_fravaer,
    nivaa,
    spesialist,
    uten_overlapp,
)
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan

Klient = Callable[[Aktor], FlaskClient]
V, B, L = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT, Nivaa.VAKTLEDER


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def inn(scene: Scene, plan: Vaktplan, hvem: Aktor, fra: datetime, til: datetime, hvilket: str = V) -> UUID:
    assert hvem.medlemskap_id
    return vakter.legg_inn(scene.koordinator, plan.id, hvilket, hvem.medlemskap_id, fra, til)


# --- putting in ------------------------------------------------------------------------------------------


def test_en_vakt_legges_inn_og_den_det_gjelder_faar_vite_det(
    scene: Scene, plan: Vaktplan, opptak: Opptak
) -> None:
    vakt_id = inn(scene, plan, scene.spesialist, NAA + T, NAA + 9 * T)
    assert nivaa(plan) == [(NAA + T, NAA + 9 * T, scene.spesialist.person_id, "enkelt")]
    assert fortalt(scene.spesialist) == ["Du er satt opp på vakt: Indremedisin, Vakthavende"]
    varsel = db.session.scalars(sa.select(Varsel)).one()
    assert varsel.hastegrad is None and varsel.kode == "vakt.endret"
    assert "man. 2. mars kl. 13:00–21:00" in varsel.tekst and scene.koordinator.navn in varsel.tekst
    (innslag,) = revisjon("vakt.lagt_inn", objekt=vakt_id)
    assert innslag.organisasjon_id == scene.hf.id
    assert "vakt.endret" in opptak.navn()
    with som_om(NAA + 2 * T):
        assert steps.paa_vakt(scene.hf.id, "indremedisin")[V].vakt_id == vakt_id


def test_ingen_faar_varsel_om_det_en_selv_gjorde(scene: Scene) -> None:
    plan = lag_vaktplan(scene.hf.id)
    assert scene.vaktleder.medlemskap_id
    vakter.legg_inn(scene.vaktleder, plan.id, L, scene.vaktleder.medlemskap_id, NAA, NAA + T)
    assert fortalt(scene.vaktleder) == []


@pytest.mark.parametrize(
    ("fra", "til", "felt"),
    [
        (T, T, "til"),
        (2 * T, T, "til"),
        (-5 * T, timedelta(), "til"),
        (T, T + 14 * DAG + timedelta(minutes=1), "til"),
        (740 * DAG, 740 * DAG + T, "fra"),
    ],
)
def test_tider_som_ikke_kan_vaere(
    scene: Scene, plan: Vaktplan, opptak: Opptak, fra: timedelta, til: timedelta, felt: str
) -> None:
    for gjoer in (vakter.legg_inn, vakter.overstyr):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            gjoer(scene.koordinator, plan.id, V, scene.spesialist.medlemskap_id, NAA + fra, NAA + til)
        assert list(feil.value.detaljer["felter"]) == [felt]


def test_fjorten_doegn_kan_en_vakt_vare(scene: Scene, plan: Vaktplan) -> None:
    inn(scene, plan, scene.spesialist, NAA, NAA + 14 * DAG)
    with som_om(NAA + 14 * DAG - timedelta(seconds=1)):
        assert V in steps.paa_vakt(scene.hf.id, "indremedisin")


def test_hvem_som_ikke_kan_ha_vakt(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    """Unknown, of another house, without the fagområde or the role, not for the whole shift, shut out, away."""
    slutter = spesialist(scene, "Slutter Snart", til=NAA + 5 * T)
    kommer = spesialist(scene, "Kommer Senere", fra=NAA + 3 * T)
    stengt, borte = spesialist(scene, "Stengt Ute"), spesialist(scene, "Borte Bakke")
    endre(Person, stengt.person_id, aktiv=False)
    lag_fravaer(borte, NAA + 4 * T, NAA + 40 * T)
    for medlemskap_id, hint in (
        (uuid4(), "Velg en"),
        (scene.fremmed_spesialist.medlemskap_id, "Velg en"),
        (scene.kirurg.medlemskap_id, "svarer for Indremedisin"),
        (scene.vaktleder.medlemskap_id, "svarer for Indremedisin"),
        (scene.koordinator.medlemskap_id, "svarer for Indremedisin"),
        (slutter.medlemskap_id, "Slutter Snart gjelder ikke hele"),
        (kommer.medlemskap_id, "Kommer Senere gjelder ikke hele"),
        (stengt.medlemskap_id, "Stengt Ute kan ikke"),
        (borte.medlemskap_id, "Borte Bakke er borte man. 2. mars kl. 16:00 – ons. 4. mars kl. 04:00"),
    ):
        assert medlemskap_id
        for gjoer in (vakter.legg_inn, vakter.overstyr):
            with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
                gjoer(scene.koordinator, plan.id, V, medlemskap_id, NAA + T, NAA + 6 * T)
            (tekst,) = feil.value.detaljer["felter"]["medlemskap_id"]
            assert hint in tekst
    with pytest.raises(UgyldigData) as feil:
        vakter.legg_inn(scene.koordinator, plan.id, "sjef", scene.spesialist.medlemskap_id, NAA, NAA + T)
    assert "nivaa" in feil.value.detaljer["felter"]


def test_en_vaktleder_kan_ha_vaktledernivaaet_og_en_spesialist_ogsaa(scene: Scene, plan: Vaktplan) -> None:
    inn(scene, plan, scene.vaktleder, NAA, NAA + T, L)
    inn(scene, plan, scene.spesialist, NAA + T, NAA + 2 * T, L)
    assert [v[2] for v in nivaa(plan, L)] == [scene.vaktleder.person_id, scene.spesialist.person_id]


def test_regelen_er_den_samme_som_ruting_spoer_etter(scene: Scene, plan: Vaktplan) -> None:
    """Whoever may be put in is found on call; whoever may not is not found, had the row been there."""
    alle = list(db.session.scalars(sa.select(Medlemskap)))
    for m in alle:
        for hvilket in Nivaa:
            vakt = Vakt(
                id=uuid4(),
                vaktplan_id=plan.id,
                nivaa=hvilket,
                person_id=m.person_id,
                medlemskap_id=m.id,
                fra=NAA - T,
                til=NAA + T,
                kilde=Vaktkilde.ENKELT,
                opprettet=NAA,
            )
            lagre(vakt)
            funnet = hvilket in steps.paa_vakt(scene.hf.id, "indremedisin")
            assert skriving.svarer_for(m, plan, hvilket) == funnet, (m.rolle, hvilket)
            mulige = {k.medlemskap_id for k in vakter.mulige_folk(scene.koordinator, plan.id, hvilket)}
            assert (m.id in mulige) == funnet
            endre(Vakt, vakt.id, avlyst=NAA)


@pytest.mark.parametrize(
    ("fra", "til"), [(2, 6), (6, 9), (0, 3), (9, 11), (3, 4), (0, 24)], ids=lambda n: str(n)
)
def test_overlapp_avvises_med_hvem_og_naar(
    scene: Scene, plan: Vaktplan, opptak: Opptak, fra: int, til: int
) -> None:
    inn(scene, plan, scene.spesialist, NAA + 2 * T, NAA + 10 * T)
    with uten_spor(opptak), pytest.raises(Konflikt) as feil:
        inn(scene, plan, scene.spesialist2, NAA + fra * T, NAA + til * T)
    assert feil.value.kode == "overlapper"
    assert "Siri Spesialist har vakten man. 2. mars kl. 14:00–22:00" in feil.value.melding


def test_ved_siden_av_andre_nivaa_og_andre_planer_er_ikke_overlapp(scene: Scene, plan: Vaktplan) -> None:
    annen = lag_vaktplan(scene.hf.id, "geriatri")
    inn(scene, plan, scene.spesialist, NAA + 2 * T, NAA + 10 * T)
    inn(scene, plan, scene.spesialist2, NAA + 10 * T, NAA + 12 * T)
    inn(scene, plan, scene.spesialist2, NAA + T, NAA + 2 * T)
    inn(scene, plan, scene.spesialist2, NAA + 2 * T, NAA + 10 * T, B)
    to_steder = inn(scene, annen, scene.spesialist2, NAA + 3 * T, NAA + 4 * T)
    assert vakter.advarsler(scene.koordinator, to_steder) == [
        f"{scene.spesialist2.navn} har også vakt i Indremedisin (Bakvakt) man. 2. mars kl. 14:00–22:00."
    ]


# --- overriding ------------------------------------------------------------------------------------------


def test_en_overstyring_kutter_og_historien_staar(scene: Scene, plan: Vaktplan) -> None:
    rad = lag_vakt(plan, scene.spesialist, fra=NAA + T, til=NAA + 10 * T, kilde=Vaktkilde.IMPORT)
    assert scene.spesialist2.medlemskap_id
    ny = vakter.overstyr(
        scene.koordinator, plan.id, V, scene.spesialist2.medlemskap_id, NAA + 3 * T, NAA + 5 * T
    )
    siri, to = scene.spesialist.person_id, scene.spesialist2.person_id
    assert nivaa(plan) == [
        (NAA + T, NAA + 3 * T, siri, "import"),
        (NAA + 3 * T, NAA + 5 * T, to, "overstyring"),
        (NAA + 5 * T, NAA + 10 * T, siri, "import"),
    ]
    avlyst = [v for v in alle_vakter(plan) if v.avlyst]
    assert [(v.id, v.fra, v.til, v.avlyst) for v in avlyst] == [(rad.id, NAA + T, NAA + 10 * T, NAA)]
    (innslag,) = revisjon("vakt.overstyrt", objekt=ny)
    assert str(rad.id) in innslag.detaljer
    assert fortalt(scene.spesialist) == ["Vakten din er endret: Indremedisin, Vakthavende"]
    assert fortalt(scene.spesialist2) == ["Du er satt opp på vakt: Indremedisin, Vakthavende"]
    tekst = db.session.scalars(sa.select(Varsel.tekst).where(Varsel.person_id == siri)).one()
    assert f"{scene.spesialist2.navn} har vakten man. 2. mars kl. 15:00–17:00" in tekst


def test_en_overstyring_over_flere(scene: Scene, plan: Vaktplan) -> None:
    tredje = spesialist(scene)
    for n in range(4):
        lag_vakt(plan, (scene.spesialist, tredje)[n % 2], fra=NAA + n * 10 * T, til=NAA + (n + 1) * 10 * T)
    assert scene.spesialist2.medlemskap_id
    vakter.overstyr(scene.koordinator, plan.id, V, scene.spesialist2.medlemskap_id, NAA + 5 * T, NAA + 35 * T)
    assert [(f, t) for f, t, *_ in nivaa(plan)] == [
        (NAA, NAA + 5 * T),
        (NAA + 5 * T, NAA + 35 * T),
        (NAA + 35 * T, NAA + 40 * T),
    ]


def test_det_som_har_vaert_skrives_ikke_om(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - 4 * T, til=NAA + 4 * T)
    assert scene.spesialist2.medlemskap_id
    vakter.overstyr(scene.koordinator, plan.id, V, scene.spesialist2.medlemskap_id, NAA - 3 * T, NAA + 4 * T)
    assert [(f, t, p) for f, t, p, _k in nivaa(plan)] == [
        (NAA - 4 * T, NAA, scene.spesialist.person_id),
        (NAA, NAA + 4 * T, scene.spesialist2.person_id),
    ]


def test_det_samme_en_gang_til_endrer_ingenting(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    args = (scene.koordinator, plan.id, V, scene.spesialist.medlemskap_id, NAA + T, NAA + 5 * T)
    foerst = vakter.overstyr(*args, versjon=1)  # type: ignore[arg-type]
    with uten_spor(opptak):
        assert vakter.overstyr(*args, versjon=1) == foerst  # type: ignore[arg-type]


def test_en_foreldet_plan_overstyres_ikke(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    db.session.expire_all()
    sett = db.session.get_one(Vaktplan, plan.id).versjon
    inn(scene, plan, scene.spesialist, NAA + T, NAA + 5 * T)
    with uten_spor(opptak), pytest.raises(Utdatert):
        vakter.overstyr(
            scene.vaktleder,
            plan.id,
            V,
            scene.spesialist2.medlemskap_id,  # type: ignore[arg-type]
            NAA + T,
            NAA + 5 * T,
            versjon=sett,
        )


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_overstyringer_i_hytt_og_pine(scene: Scene, plan: Vaktplan, data: st.DataObject) -> None:
    """Against a model of every half hour: who has the level is whoever was put there last, and never two."""
    folk = [scene.spesialist, scene.spesialist2]
    modell: dict[int, UUID | None] = {}

    @transactional
    def toem() -> None:
        db.session.execute(sa.delete(Vakt))

    toem()
    for _n in range(data.draw(st.integers(1, 8))):
        hvem = data.draw(st.sampled_from(folk))
        fra = data.draw(st.integers(0, 60))
        til = data.draw(st.integers(fra + 1, 64))
        tider = (NAA + fra * T / 2, NAA + til * T / 2)
        assert hvem.medlemskap_id
        if data.draw(st.booleans()):
            vakter.overstyr(scene.koordinator, plan.id, V, hvem.medlemskap_id, *tider)
        else:
            try:
                inn(scene, plan, hvem, *tider)
            except Konflikt:
                assert any(n in modell for n in range(fra, til))
                continue
            assert not any(n in modell for n in range(fra, til))
        modell |= dict.fromkeys(range(fra, til), hvem.person_id)
    naa = nivaa(plan)
    assert uten_overlapp(naa)
    funnet = {
        n: person for f, t, person, _k in naa for n in range((f - NAA) // (T / 2), (t - NAA) // (T / 2))
    }
    assert funnet == modell


# --- calling off -----------------------------------------------------------------------------------------


def test_avlyst_er_ingen_paa_vakt(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    kommer = lag_vakt(plan, scene.spesialist, fra=NAA + 20 * T)
    gaar = lag_vakt(plan, scene.spesialist2, fra=NAA - 2 * T)
    over = lag_vakt(plan, scene.spesialist, fra=NAA - 30 * T)
    vakter.avlys(scene.koordinator, kommer.id)
    vakter.avlys(scene.koordinator, gaar.id)
    assert [(f, t) for f, t, *_ in nivaa(plan)] == [(over.fra, over.til), (NAA - 2 * T, NAA)]
    assert steps.paa_vakt(scene.hf.id, "indremedisin") == {}
    assert fortalt(scene.spesialist2) == ["Vakten din er endret: Indremedisin, Vakthavende"]
    for vakt in (kommer, gaar, over):
        with uten_spor(opptak), pytest.raises(Konflikt):
            vakter.avlys(scene.koordinator, vakt.id)
    with pytest.raises(IkkeTilgang):
        vakter.avlys(scene.spesialist, over.id)
    with pytest.raises(IkkeFunnet):
        vakter.avlys(scene.fremmed_vaktleder, over.id)


# --- taking it now ---------------------------------------------------------------------------------------


def test_ta_vakten_naa(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - 2 * T, til=NAA + 6 * T)
    tatt = vakter.ta_naa(scene.spesialist2, plan.id, V)
    assert [(f, t, k) for f, t, _p, k in nivaa(plan)] == [
        (NAA - 2 * T, NAA, "enkelt"),
        (NAA, NAA + 6 * T, "tatt"),
    ]
    assert steps.paa_vakt(scene.hf.id, "indremedisin")[V].person_id == scene.spesialist2.person_id
    assert fortalt(scene.spesialist) == ["Vakten din er endret: Indremedisin, Vakthavende"]
    assert fortalt(scene.spesialist2) == []
    assert revisjon("vakt.tatt", objekt=tatt)
    with uten_spor(opptak), pytest.raises(Konflikt) as feil:
        vakter.ta_naa(scene.spesialist2, plan.id, V)
    assert feil.value.kode == "har_vakten"


def test_en_ledig_vakt_tas_til_den_neste_eller_i_tolv_timer(scene: Scene, plan: Vaktplan) -> None:
    vakter.ta_naa(scene.spesialist, plan.id, V)
    lag_vakt(plan, scene.spesialist, B, fra=NAA + 5 * T)
    vakter.ta_naa(scene.spesialist2, plan.id, B)
    slutter = spesialist(scene, til=NAA + 2 * T)
    vakter.ta_naa(slutter, plan.id, L)
    assert nivaa(plan, V)[0][:2] == (NAA, NAA + 12 * T)
    assert nivaa(plan, B)[0][:2] == (NAA, NAA + 5 * T)
    assert nivaa(plan, L)[0][:2] == (NAA, NAA + 2 * T)


def test_den_som_blir_borte_tar_vakten_saa_lenge(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    kollega = spesialist(scene)
    lag_fravaer(kollega, NAA + 2 * T, NAA + 4 * T)
    vakter.ta_naa(kollega, plan.id, V)
    assert [(f, t) for f, t, _p, _k in nivaa(plan)] == [(NAA, NAA + 2 * T)]
    borte = spesialist(scene)
    lag_fravaer(borte, NAA - T, NAA + 9 * T)
    with som_om(NAA + 3 * T):
        svar = som(borte).get(f"/vakt/planer/{plan.id}/ta?nivaa={V}", follow_redirects=True)
    assert "Du er meldt borte" in svar.text


def test_den_samme_overstyringen_av_en_vakt_som_loeper_to_ganger(scene: Scene, plan: Vaktplan) -> None:
    """A double press: the first began now, and the form still says an hour ago."""
    inn(scene, plan, scene.spesialist, NAA - T, NAA + 8 * T)
    ny = scene.spesialist2.medlemskap_id
    assert ny is not None
    en = vakter.overstyr(scene.koordinator, plan.id, V, ny, NAA - T, NAA + 8 * T)
    with som_om(NAA + timedelta(seconds=1)):
        assert vakter.overstyr(scene.koordinator, plan.id, V, ny, NAA - T, NAA + 8 * T) == en


def test_bare_den_som_kan_ha_vakten_tar_den(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    for aktor, avslag in (
        (scene.kirurg, IkkeTilgang),
        (scene.koordinator, IkkeTilgang),
        (scene.vaktleder, IkkeTilgang),
        (scene.fremmed_spesialist, IkkeFunnet),
        (scene.innsyn, IkkeFunnet),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(avslag):
            vakter.ta_naa(aktor, plan.id, V)
    vakter.ta_naa(scene.vaktleder, plan.id, L)
    lag_fravaer(scene.spesialist, NAA - T, NAA + T)
    # Away counts as nobody: to take it then would leave the level empty.
    with uten_spor(opptak), pytest.raises(Konflikt, match="borte"):
        vakter.ta_naa(scene.spesialist, plan.id, V)


def test_den_som_har_flere_roller_tar_vakten_i_den_som_kan(scene: Scene, plan: Vaktplan) -> None:
    person = db.session.get_one(Person, scene.koordinator.person_id)
    m = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
    vakter.ta_naa(scene.koordinator, plan.id, V)
    assert steps.paa_vakt(scene.hf.id, "indremedisin")[V].medlemskap_id == m.id


# --- at the same moment ----------------------------------------------------------------------------------


def test_to_som_legger_inn_samtidig(app: Flask, scene: Scene, plan: Vaktplan) -> None:
    for n in range(3):
        fra = NAA + (1 + 10 * n) * T
        db.session.refresh(plan)
        svar = samtidig(
            app,
            lambda fra=fra: inn(scene, plan, scene.spesialist, fra, fra + 8 * T),  # type: ignore[misc]
            lambda fra=fra: inn(scene, plan, scene.spesialist2, fra + T, fra + 9 * T),  # type: ignore[misc]
        )
        (feil,) = [s for s in svar if isinstance(s, PortalError)]
        assert feil.kode == "overlapper" and "har vakten" in feil.melding
    assert len(nivaa(plan)) == 3


def test_to_som_overstyrer_samtidig(app: Flask, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA + T, til=NAA + 9 * T)
    tredje = spesialist(scene)
    db.session.expire_all()
    sett = db.session.get_one(Vaktplan, plan.id).versjon

    def overstyr(aktor: Aktor, hvem: Aktor) -> UUID:
        assert hvem.medlemskap_id
        return vakter.overstyr(aktor, plan.id, V, hvem.medlemskap_id, NAA + 2 * T, NAA + 6 * T, versjon=sett)

    svar = samtidig(
        app,
        lambda: overstyr(scene.koordinator, scene.spesialist2),
        lambda: overstyr(scene.vaktleder, tredje),
    )
    (feil,) = [s for s in svar if isinstance(s, PortalError)]
    assert isinstance(feil, Utdatert)
    (vant,) = [s for s in svar if isinstance(s, UUID)]
    rader = nivaa(plan)
    assert len(rader) == 3 and uten_overlapp(rader)
    assert db.session.get_one(Vakt, vant).avlyst is None


def test_to_som_tar_vakten_samtidig(app: Flask, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 9 * T)
    tredje = spesialist(scene, "Rask Raske")
    svar = samtidig(
        app,
        lambda: vakter.ta_naa(scene.spesialist2, plan.id, V),
        lambda: vakter.ta_naa(tredje, plan.id, V),
    )
    (feil,) = [s for s in svar if isinstance(s, PortalError)]
    assert isinstance(feil, Opptatt)
    (vant,) = [s for s in svar if isinstance(s, UUID)]
    vinner = db.session.get_one(Vakt, vant)
    assert vinner.person.navn in feil.melding
    assert steps.paa_vakt(scene.hf.id, "indremedisin")[V].person_id == vinner.person_id
    # After a minute they have had time to talk.
    taper = scene.spesialist2 if vinner.person_id == tredje.person_id else tredje
    with som_om(NAA + timedelta(minutes=2)):
        vakter.ta_naa(taper, plan.id, V)


@pytest.mark.skipif(DB != "postgresql", reason="SQLite has the write lock alone")
def test_databasen_har_siste_ord_om_overlapp(
    scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the check ever passed by, the constraint would stop it, and the user is told the same."""
    inn(scene, plan, scene.spesialist, NAA + T, NAA + 5 * T)
    monkeypatch.setattr(skriving, "krev_ledig", lambda *_a: None)
    with pytest.raises(Konflikt) as feil:
        inn(scene, plan, scene.spesialist2, NAA + 4 * T, NAA + 6 * T)
    assert feil.value.kode == "overlapper"
    assert len(nivaa(plan)) == 1


# --- many at once ----------------------------------------------------------------------------------------


def test_mange_paa_en_gang(scene: Scene, plan: Vaktplan) -> None:
    """A file of shifts: each person is told once, of the first."""
    med = skriving.les_medlemskap([a.medlemskap_id for a in (scene.spesialist, scene.spesialist2)])

    @transactional
    def skriv(*rader: tuple[Aktor, int, int]) -> list[UUID]:
        plan_ = access.hent_plan(scene.koordinator, Handling.REDIGERE, plan.id, laas=True)
        return skriving.skriv_mange(
            scene.koordinator,
            plan_,
            [Vaktrad(V, med[a.medlemskap_id], NAA + f * T, NAA + t * T) for a, f, t in rader],
        )

    ider = skriv((scene.spesialist, 20, 25), (scene.spesialist, 1, 5), (scene.spesialist2, 5, 8))
    assert len(ider) == 3 and {v[3] for v in nivaa(plan)} == {"import"}
    for aktor, foerste in ((scene.spesialist, "13:00–17:00"), (scene.spesialist2, "17:00–20:00")):
        (tekst,) = db.session.scalars(sa.select(Varsel.tekst).where(Varsel.person_id == aktor.person_id))
        assert foerste in tekst
    assert len(revisjon("vakt.lest_inn", objekt=plan.id)) == 1
    if DB == "postgresql":
        with pytest.raises(Konflikt):
            skriv((scene.spesialist, 24, 26))


# --- reading ---------------------------------------------------------------------------------------------


def test_hva_en_leser(scene: Scene, plan: Vaktplan) -> None:
    annen = lag_vaktplan(scene.hf.id, "geriatri")
    a = lag_vakt(plan, scene.spesialist2, B, fra=NAA - 13 * DAG, til=NAA + DAG)
    b = lag_vakt(plan, scene.spesialist2, fra=NAA + T)
    c = lag_vakt(annen, scene.spesialist2, fra=NAA + 30 * T)
    lag_vakt(plan, scene.spesialist, fra=NAA - 20 * T, til=NAA)
    assert [v.id for v in vakter.mine_vakter(scene.spesialist2, NAA, NAA + 2 * DAG)] == [a.id, b.id, c.id]
    assert vakter.mine_vakter(Aktor.system("x"), NAA, NAA + DAG) == []
    assert [v.id for v in vakter.hent_vakter(scene.spesialist, plan.id, NAA, NAA + DAG)] == [b.id, a.id]
    for les in (
        lambda: vakter.mulige_folk(scene.lege, plan.id, V),
        lambda: vakter.hent_vakter(scene.lege, plan.id, NAA, NAA + DAG),
    ):
        with pytest.raises(IkkeFunnet):
            les()
    navn = [k.navn for k in vakter.mulige_folk(scene.spesialist, plan.id, V)]
    assert navn == sorted(navn) and set(navn) == {scene.spesialist.navn, scene.spesialist2.navn}


def test_en_endring_vekker_ingen(scene: Scene, plan: Vaktplan) -> None:
    """It has no urgency: even who has a telephone that rings for what is akutt is not rung for this."""
    lag_kanal(scene.spesialist, Kanal.TALE)
    inn(scene, plan, scene.spesialist, NAA + T, NAA + 2 * T)
    assert Kanal.TALE not in {u.kanal for u in db.session.scalars(sa.select(Utsending))}


def test_en_annens_medlemskap_kan_ikke_laanes(scene: Scene, plan: Vaktplan) -> None:
    """A specialist in two roles at the hospital: the membership that answers for it is the one that counts."""
    person = db.session.get_one(Person, scene.kirurg.person_id)
    m = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
    begge = som_aktor(person, m, scene.hf)
    inn(scene, plan, begge, NAA + T, NAA + 2 * T)
    with pytest.raises(UgyldigData):
        inn(scene, plan, scene.kirurg, NAA + 3 * T, NAA + 4 * T)
