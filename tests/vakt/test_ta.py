"""«Ta vakten nå» with an end, and «gi vakten tilbake»; and what is told of a shift stops when it changes hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeTilgang, Konflikt, UgyldigData, Utdatert
from portal.identitet.models import Medlemskap
from portal.vakt.models import Nivaa, Vaktkilde, Vaktplan
from portal.vakt.service import bytte, fravaer, paaminnelser, planer, rotasjoner, vakter
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, revisjon, skriv, uten_spor
from tests.vakt.hjelp import DAG, NAA, T, lag_fravaer, nivaa, spesialist
from tests.vakthjelp import lag_vakt, lag_vaktplan

V, B = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT
Klient = Callable[[Aktor], FlaskClient]
MIN = T / 60


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    return lag_vaktplan(scene.hf.id)


def staar(aktor: Aktor) -> list[str]:
    """What stands in the actor's bell: the texts of what has not been stopped."""
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel.tekst)
            .where(Varsel.person_id == aktor.person_id, Varsel.stoppet.is_(None))
            .order_by(Varsel.opprettet)
        )
    )


def test_ingen_tar_en_hel_uke_med_ett_trykk(scene: Scene, plan: Vaktplan) -> None:
    """A day at most is proposed of a week, to the hour at which it ends; all of it can be had on purpose."""
    lag_vakt(plan, scene.spesialist, fra=NAA - DAG, til=NAA + 6 * DAG)
    forslag = vakter.foreslaa_ta(scene.spesialist2, plan.id, V)
    assert (forslag.navn, forslag.til, forslag.senest) == (scene.spesialist.navn, NAA + DAG, NAA + 6 * DAG)
    vakter.ta_naa(scene.spesialist2, plan.id, V)
    assert [(f, t, p) for f, t, p, _k in nivaa(plan)] == [
        (NAA - DAG, NAA, scene.spesialist.person_id),
        (NAA, NAA + DAG, scene.spesialist2.person_id),
        (NAA + DAG, NAA + 6 * DAG, scene.spesialist.person_id),
    ]
    with som_om(NAA + 25 * T):
        vakter.ta_naa(scene.spesialist2, plan.id, V, NAA + 6 * DAG)
    assert nivaa(plan)[-1][1:3] == (NAA + 6 * DAG, scene.spesialist2.person_id)


def test_resten_av_vakten_foreslaas(scene: Scene, plan: Vaktplan) -> None:
    """To the running shift's end, also when that is more than half a day away, and never the middle of the night."""
    lag_vakt(plan, scene.spesialist, fra=NAA - 4 * T, til=NAA + 20 * T)
    lag_vakt(plan, scene.spesialist, B, NAA - 4 * T, NAA + 6 * DAG + 20 * T)
    assert vakter.foreslaa_ta(scene.spesialist2, plan.id, V).til == NAA + 20 * T
    assert vakter.foreslaa_ta(scene.spesialist2, plan.id, B).til == NAA + 20 * T


def test_det_som_gis_tilbake_blir_en_vakt_igjen(scene: Scene, plan: Vaktplan) -> None:
    """Taken for two hours and given back: nothing begins in the middle of what one has all along."""
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    tatt = vakter.ta_naa(scene.spesialist2, plan.id, V, NAA + 2 * T)
    paaminnelser.varsle_vakter()
    assert "vakt.snart" in _koder(scene.spesialist)
    with som_om(NAA + 10 * MIN):
        vakter.gi_tilbake(scene.spesialist2, tatt)
        paaminnelser.varsle_vakter()
        assert nivaa(plan)[-1][:3] == (NAA + 10 * MIN, NAA + 6 * T, scene.spesialist.person_id)
    assert len(nivaa(plan)) == 3 and "vakt.snart" not in _koder(scene.spesialist)


def _koder(aktor: Aktor) -> list[str]:
    """The kinds of what has been told and not stopped."""
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel.kode).where(Varsel.person_id == aktor.person_id, Varsel.stoppet.is_(None))
        )
    )


def test_slutten_maa_vaere_i_vakten(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    slutt = NAA + 6 * T + 40 * MIN / 60
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=slutt)
    for til in (NAA, NAA - T, NAA + 7 * T):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            vakter.ta_naa(scene.spesialist2, plan.id, V, til)
        assert list(feil.value.detaljer["felter"]) == ["til"]
    # A form knows no seconds: no rest of forty of them is left.
    vakter.ta_naa(scene.spesialist2, plan.id, V, NAA + 6 * T)
    assert [t for _f, t, _p, _k in nivaa(plan)] == [NAA, slutt]


def test_en_annen_har_tatt_den_imens(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    sett = lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    tredje = spesialist(scene, "Tredje Lege")
    vakter.ta_naa(tredje, plan.id, V)
    with som_om(NAA + 2 * MIN):
        with pytest.raises(Utdatert):
            vakter.ta_naa(scene.spesialist2, plan.id, V, NAA + 2 * T, fra_vakt_id=sett.id)
        with pytest.raises(Utdatert):
            vakter.ta_naa(scene.spesialist2, plan.id, V, NAA + 2 * T, fra_vakt_id=None)
        felt = {"nivaa": "vakthavende", "til": "2026-03-02T13:00", "fra_vakt_id": str(sett.id)}
        svar = som(scene.spesialist2).post(f"/vakt/planer/{plan.id}/ta", data=felt)
        assert svar.status_code == 409 and "Ta vakten fra Tredje Lege" in svar.text
    assert nivaa(plan)[-1][2] == tredje.person_id


def test_at_noen_er_borte_sies_ikke_til_den_som_tar_vakten(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    lag_fravaer(scene.spesialist, NAA - T, NAA + 9 * T)
    assert vakter.foreslaa_ta(scene.spesialist2, plan.id, V).navn == ""


def test_vakten_gis_tilbake(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    tatt = vakter.ta_naa(scene.spesialist2, plan.id, V)
    assert any(scene.spesialist2.navn in t for t in staar(scene.spesialist))
    with som_om(NAA + 10 * MIN):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            vakter.gi_tilbake(scene.spesialist, tatt)
        ny = vakter.gi_tilbake(scene.spesialist2, tatt)
        assert [(f, t, p, k) for f, t, p, k in nivaa(plan)] == [
            (NAA - T, NAA, scene.spesialist.person_id, Vaktkilde.ENKELT),
            (NAA, NAA + 10 * MIN, scene.spesialist2.person_id, Vaktkilde.TATT),
            (NAA + 10 * MIN, NAA + 6 * T, scene.spesialist.person_id, Vaktkilde.ENKELT),
        ]
        assert revisjon("vakt.gitt_tilbake", objekt=ny)
        # That the other has it is no longer so: one notice stands, and it is not one that waits till morning.
        (tekst,) = staar(scene.spesialist)
        assert "har gitt den tilbake" in tekst
        assert db.session.scalar(sa.select(Varsel.hastegrad).where(Varsel.tekst == tekst)) == "haster"
        with pytest.raises(Konflikt):
            vakter.gi_tilbake(scene.spesialist2, tatt)


def test_hva_som_ikke_kan_gis_tilbake(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    # Nobody had it.
    ledig = vakter.ta_naa(scene.spesialist2, plan.id, B)
    # It is another's by an override, and not taken.
    gitt = vakter.overstyr(
        scene.koordinator,
        plan.id,
        V,
        scene.spesialist2.medlemskap_id,
        NAA,
        NAA + T,  # type: ignore[arg-type]
    )
    for vakt_id in (ledig, gitt):
        with uten_spor(opptak), pytest.raises(Konflikt):
            vakter.gi_tilbake(scene.spesialist2, vakt_id)
    lag_vakt(plan, scene.spesialist, fra=NAA + T, til=NAA + 9 * T)
    with som_om(NAA + 2 * T):
        sent = vakter.ta_naa(scene.spesialist2, plan.id, V, bekreftet=True)
    with som_om(NAA + 2 * T + 31 * MIN), uten_spor(opptak), pytest.raises(Konflikt) as feil:
        vakter.gi_tilbake(scene.spesialist2, sent)
    assert feil.value.kode == "for_sent"
    # Whoever had it is away: why is theirs to tell.
    lag_fravaer(scene.spesialist, NAA + 3 * T, NAA + 4 * T)
    with som_om(NAA + 2 * T + MIN), uten_spor(opptak), pytest.raises(Konflikt) as feil:
        vakter.gi_tilbake(scene.spesialist2, sent)
    assert feil.value.kode == "kan_ikke" and "borte" not in feil.value.melding


def test_det_som_ble_tatt_fra_en_som_tok_den_gis_ikke_feil_vei(scene: Scene, plan: Vaktplan) -> None:
    """Given back to somebody who took it, it is theirs as any other: the next undo cannot go round in a ring."""
    tredje = spesialist(scene, "Tredje Lege")
    lag_vakt(plan, scene.spesialist, fra=NAA - T, til=NAA + 6 * T)
    vakter.ta_naa(scene.spesialist2, plan.id, V)
    with som_om(NAA + 5 * MIN):
        tatt = vakter.ta_naa(tredje, plan.id, V)
    with som_om(NAA + 6 * MIN):
        igjen = vakter.gi_tilbake(tredje, tatt)
        assert nivaa(plan)[-1][2:] == (scene.spesialist2.person_id, Vaktkilde.ENKELT)
        with pytest.raises(Konflikt):
            vakter.gi_tilbake(scene.spesialist2, igjen)


# --- what was told stops ---------------------------------------------------------------------------------


def _satt_opp(scene: Scene, plan: Vaktplan) -> object:
    assert scene.spesialist.medlemskap_id
    return vakter.legg_inn(
        scene.koordinator, plan.id, V, scene.spesialist.medlemskap_id, NAA + DAG, NAA + DAG + 8 * T
    )


@pytest.mark.parametrize("hvordan", ["avlyst", "byttet", "overstyrt", "planen"])
def test_det_som_er_sagt_om_vakten_stopper(scene: Scene, plan: Vaktplan, hvordan: str) -> None:
    vakt_id = _satt_opp(scene, plan)
    satt = [t for t in staar(scene.spesialist) if "Lagt inn av" in t]
    assert len(satt) == 1
    if hvordan == "avlyst":
        vakter.avlys(scene.koordinator, vakt_id)  # type: ignore[arg-type]
    elif hvordan == "byttet":
        til = scene.spesialist2.medlemskap_id
        bytte.godta(scene.spesialist2, bytte.foreslaa(scene.spesialist, vakt_id, til))  # type: ignore[arg-type]
    elif hvordan == "overstyrt":
        til = scene.spesialist2.medlemskap_id
        vakter.overstyr(scene.koordinator, plan.id, V, til, NAA + DAG, NAA + DAG + 4 * T)  # type: ignore[arg-type]
    else:
        planer.avslutt_plan(scene.koordinator, plan.id)
    assert satt[0] not in staar(scene.spesialist) and staar(scene.spesialist)


def test_rotasjon_og_fravaer_sies_ikke_lenger_enn_de_gjelder(scene: Scene, plan: Vaktplan) -> None:
    rotasjon = rotasjoner.lag(
        scene.koordinator,
        plan.id,
        V,
        deltakere=[scene.spesialist.medlemskap_id],  # type: ignore[list-item]
        gjelder_fra=NAA.date(),
        klokke_fra="08:00",
        klokke_til="08:00",
        dagtyper=["hverdag", "helg", "helligdag"],
        dager_per_tur=7,
    )
    assert any("Den første vakten din" in t for t in staar(scene.spesialist))
    rotasjoner.avslutt(scene.koordinator, rotasjon, NAA.date() + DAG)
    assert not any("Den første vakten din" in t for t in staar(scene.spesialist))
    _satt_opp(scene, plan)
    borte = fravaer.registrer(scene.spesialist, scene.spesialist.person_id, NAA + DAG, NAA + 2 * DAG)  # type: ignore[arg-type]
    assert any("Vakthavende, Indremedisin: ingen" in t for t in staar(scene.koordinator))
    fravaer.avlys(scene.spesialist, borte)
    assert not any("Vakthavende, Indremedisin: ingen" in t for t in staar(scene.koordinator))
