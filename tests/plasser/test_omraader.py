"""The sums of areas and the day that runs: always what the units' own days and changes add up to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.clock import i_dag, now, oslo_til_utc, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Organisasjon
from portal.plasser import historikkregler as regler
from portal.plasser import steps
from portal.plasser.doegn import grenser
from portal.plasser.historikk import SUMMER, Omraadedoegn, Plassdoegn, Plassendring, Plassmerke
from portal.plasser.historikkregler import Opploesning
from portal.plasser.models import Plass, Plassenhet, Reservasjon
from portal.plasser.service import doegn, drift, historikk, omraader, reservasjoner
from portal.plasser.service.historikk import Historikk, Slag, Utvalg
from tests.bygg import Scene, lag_kommune, lag_organisasjon
from tests.plasser.hjelp import lag_folk, lag_plassenhet, les_opphold, les_plasser

EN = timedelta(days=1)
MINUTT = timedelta(minutes=1)
IDAG = date(2026, 11, 12)
NAA = oslo_til_utc(IDAG, time(11, 20))


# --- the pieces of a period ------------------------------------------------------------------------------

DAG = st.dates(date(2026, 1, 1), date(2026, 2, 28))


@given(DAG, DAG, st.lists(st.tuples(DAG, DAG), max_size=6))
def test_perioden_deles_i_det_som_er_unntatt_og_det_andre(
    fra: date, til: date, unntatt: list[tuple[date, date]]
) -> None:
    fra, til = min(fra, til), max(fra, til)
    unntatt = [(min(u), max(u)) for u in unntatt]
    biter = regler.del_opp(fra, til, unntatt)
    dager = [a + n * EN for a, b, _hel in biter for n in range((b - a).days + 1)]
    assert dager == [fra + n * EN for n in range((til - fra).days + 1)]
    for a, b, hel in biter:
        for n in range((b - a).days + 1):
            assert hel != any(u <= a + n * EN <= v for u, v in unntatt)
    assert all(en[2] != neste[2] for en, neste in pairwise(biter)), "no more than it takes"


# --- the day that runs -----------------------------------------------------------------------------------

TILSTANDER = ("ledig", "holdt", "belagt", "rengjoeres", "stengt", "ukjent", "nedlagt")
ENDRING = st.tuples(
    st.integers(0, 5), st.integers(0, 60 * 60), st.sampled_from(TILSTANDER), st.booleans(), st.booleans()
)


def test_det_som_loeper_er_det_endringene_sier(scene: Scene) -> None:
    """Of beds that have changed and beds that have not, with holds that have run out, over two days and a half."""
    begynner = grenser(IDAG - 2 * EN)[0]
    with som_om(begynner - 3 * EN):
        enheter = [lag_plassenhet(scene, 3, siden=now()) for _ in range(2)]
    plasser = [p.id for enhet in enheter for p in les_plasser(enhet)]
    db.session.rollback()

    @settings(max_examples=25, deadline=None)
    @given(st.lists(ENDRING, max_size=14), st.sets(st.integers(0, 5), max_size=2), st.integers(0, 2))
    def proev(endringer: list[tuple[int, int, str, bool, bool]], holdes: set[int], foer: int) -> None:
        _skriv(plasser, begynner, endringer, holdes)
        with som_om(NAA):
            fra = IDAG - foer * EN
            ventet = list(doegn.les_dager(enheter, fra, IDAG, now()))
            assert list(doegn.les_loepende(enheter, fra, IDAG, now())) == ventet
            # A period that ends before today, and units that are asked for by a condition.
            alle = sa.select(Plassenhet.id)
            ventet = list(doegn.les_dager(alle, fra - EN, IDAG - EN, now()))
            assert list(doegn.les_loepende(alle, fra - EN, IDAG - EN, now())) == ventet
        db.session.rollback()

    proev()


@transactional
def _skriv(
    plasser: list[UUID], start: datetime, endringer: list[tuple[int, int, str, bool, bool]], holdes: set[int]
) -> None:
    """The beds' changes by time, each bed as its last one says; some rows count no more."""
    db.session.execute(sa.delete(Plassendring).where(Plassendring.nr > 1))
    db.session.execute(sa.delete(Reservasjon))
    siste: dict[UUID, dict[str, Any]] = {
        p: {"tilstand": "ledig", "bemannet": True, "normert": True} for p in plasser
    }
    enhet_av = dict(db.session.execute(sa.select(Plass.id, Plass.plassenhet_id)).all())
    for nr, (plass, minutt, tilstand, bemannet, normert) in enumerate(
        sorted(endringer, key=lambda e: e[1]), start=2
    ):
        rettet = nr % 5 == 0
        hva = {"tilstand": tilstand, "bemannet": bemannet or tilstand == "holdt", "normert": normert}
        db.session.execute(
            sa.insert(Plassendring).values(
                plass_id=plasser[plass],
                nr=nr,
                plassenhet_id=enhet_av[plasser[plass]],
                tidspunkt=start + minutt * MINUTT,
                rettet=start if rettet else None,
                **hva,
            )
        )
        if not rettet:
            siste[plasser[plass]] = hva
    for n, (plass_id, hva) in enumerate(siste.items()):
        if n in holdes and hva["tilstand"] != "nedlagt":
            # Held the day before and run out some time since; its row is older than all that was written here.
            db.session.execute(
                sa.delete(Plassendring).where(Plassendring.plass_id == plass_id, Plassendring.nr > 1)
            )
            hva = {"tilstand": "holdt", "bemannet": True, "normert": True}
            db.session.execute(
                sa.insert(Plassendring).values(
                    plass_id=plass_id,
                    nr=1000,
                    plassenhet_id=enhet_av[plass_id],
                    tidspunkt=start - 60 * MINUTT,
                    **hva,
                )
            )
            db.session.add(
                Reservasjon(
                    id=uuid4(),
                    klient_id=uuid4(),
                    plass_id=plass_id,
                    plassenhet_id=enhet_av[plass_id],
                    kommune_id=_vert(enhet_av[plass_id]),
                    organisasjon_id=_vert(enhet_av[plass_id]),
                    status="aktiv",
                    opprettet=start - 60 * MINUTT,
                    utloeper=start + (60 + n * 700) * MINUTT,
                )
            )
        borte = hva["tilstand"] == "nedlagt"
        db.session.execute(
            sa.update(Plass)
            .where(Plass.id == plass_id)
            .values(
                tilstand="ledig" if borte else hva["tilstand"],
                stengt_grunn="smitte" if hva["tilstand"] == "stengt" else "",
                bemannet=hva["bemannet"],
                normert=hva["normert"],
                nedlagt=start if borte else None,
            )
        )


def _vert(enhet_id: UUID) -> UUID:
    return db.session.get_one(Plassenhet, enhet_id).vertskommune_id


# --- areas -----------------------------------------------------------------------------------------------


@pytest.fixture
def landet(scene: Scene) -> Iterator[dict[str, Any]]:
    """Three trusts' worth of units in two fylker, one kommune without either, with ninety days behind them."""
    with som_om(NAA - 90 * EN):
        fylker = [lag_organisasjon("fylke", f"Fylke {n}") for n in range(2)]
        verter = [
            lag_kommune(helseforetak_id=hf, overordnet_id=fylke)
            for hf, fylke in (
                (scene.hf.id, fylker[0].id),
                (scene.hf.id, fylker[1].id),
                (scene.annet_hf.id, fylker[1].id),
                (None, None),
            )
        ]
        enheter = [lag_plassenhet(scene, 2, vert=v, siden=now()) for v in [*verter, verter[0]]]
        folk = {e: lag_folk(scene, e) for e in enheter}
    terning = random.Random(7)
    for dag in range(89, 1, -9):
        with som_om(NAA - dag * EN):
            for e in enheter:
                plass = terning.choice(les_plasser(e))
                if plass.tilstand == "ledig":
                    drift.legg_inn(folk[e].lege, e, plass_id=plass.id, kommune_id=_vert(e))
                else:
                    inne = next(o for o in les_opphold(e) if o.plass_id == plass.id and o.ut is None)
                    drift.skriv_ut(folk[e].lege, inne.id, rengjoeres=False)
            db.session.rollback()
    with som_om(NAA):
        yield {"fylker": fylker, "verter": verter, "enheter": enheter, "folk": folk}


def _utvalgene(scene: Scene, landet: dict[str, Any]) -> list[Utvalg]:
    return [
        Utvalg(Slag.LAND),
        *(Utvalg(Slag.FORETAK, f.id) for f in (scene.hf, scene.annet_hf)),
        *(Utvalg(Slag.FYLKE, f.id) for f in landet["fylker"]),
    ]


def _innhold(h: Historikk) -> dict[str, Any]:
    return {
        "bolker": [(b.start, b.slutt, b.summer) for b in h.bolker],
        "sum": h.sum,
        # Before anything of it is hidden.
        "varme": historikk._varme(
            h.utvalg,
            historikk._spenn(h.utvalg, h.fra, h.til),
            h.fra,
            historikk._levende(h.utvalg, h.fra, h.til),
        ),
        "deler": sorted(((d.navn, d.sted, str(d.foretak_id), d.summer) for d in h.deler), key=str),
    }


def _krev_likt(scene: Scene, landet: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    """What is read by areas is what is read unit by unit. Gives whether the areas' sums were read at all."""
    db.session.rollback()
    brukt = False
    for utvalg in _utvalgene(scene, landet):
        for fra, opploesning in (
            (i_dag() - 89 * EN, Opploesning.MAANED),
            (i_dag() - 70 * EN, Opploesning.UKE),
            (i_dag() - 5 * EN, Opploesning.DAG),
        ):
            ny = _innhold(historikk.hent(scene.lege, utvalg, fra, i_dag(), opploesning))
            brukt = brukt or any(s[2] for s in historikk._spenn(utvalg, fra, i_dag() - EN))
            with monkeypatch.context() as m:
                m.setattr(omraader, "noen_flyttet", lambda: True)
                m.setattr(doegn, "les_loepende", doegn.les_dager)
                gammel = _innhold(historikk.hent(scene.lege, utvalg, fra, i_dag(), opploesning))
            assert ny == gammel, (utvalg, fra, opploesning)
            assert not ny["deler"] or sum(d[3]["ledig"] for d in ny["deler"]) <= ny["sum"]["ledig"]
    db.session.rollback()
    return brukt


def _merker() -> int:
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(Plassmerke)) or 0
    db.session.rollback()
    return antall


def test_omraadene_sier_alltid_det_enhetene_sier(
    scene: Scene, landet: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    enhet, folk = landet["enheter"][0], landet["folk"][landet["enheter"][0]]
    assert _krev_likt(scene, landet, monkeypatch) is True, "no day has been added up: none is marked"
    doegn.legg_sammen_dager()
    assert _merker() == 0 and _krev_likt(scene, landet, monkeypatch)
    assert db.session.scalar(sa.select(sa.func.sum(Omraadedoegn.innlagt))) == db.session.scalar(
        sa.select(sa.func.sum(Plassdoegn.innlagt))
    )
    # Told of afterwards: its days are gone until the job has made them anew.
    ledig = next(p.id for p in les_plasser(enhet) if p.tilstand == "ledig")
    drift.legg_inn(folk.lege, enhet, plass_id=ledig, kommune_id=_vert(enhet), inn=now() - 2 * EN)
    assert _merker() > 0 and _krev_likt(scene, landet, monkeypatch)
    # The units' days are there, those of the areas are not.
    with monkeypatch.context() as m:
        m.setattr(omraader, "legg_sammen", lambda: None)
        doegn.legg_sammen_dager()
        assert _merker() > 0 and _krev_likt(scene, landet, monkeypatch)
    doegn.legg_sammen_dager()
    assert _merker() == 0 and _krev_likt(scene, landet, monkeypatch)


def test_en_enhet_som_faar_et_annet_omraade_tar_dagene_med(
    scene: Scene, landet: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    doegn.legg_sammen_dager()
    foer = _innhold(
        historikk.hent(scene.lege, Utvalg(Slag.FORETAK, scene.annet_hf.id), i_dag() - 60 * EN, i_dag())
    )
    # Two kommuner become one: the units are the successor's. And a kommune gets another trust.
    _flytt(landet["enheter"][0], landet["verter"][2])
    _gi_foretak(landet["verter"][1].id, scene.annet_hf.id)
    assert _krev_likt(scene, landet, monkeypatch) is False, "read unit by unit until the job has been there"
    doegn.legg_sammen_dager()
    assert _merker() == 0 and _krev_likt(scene, landet, monkeypatch)
    naa = _innhold(
        historikk.hent(scene.lege, Utvalg(Slag.FORETAK, scene.annet_hf.id), i_dag() - 60 * EN, i_dag())
    )
    assert sum(naa["sum"][k] for k in SUMMER) > sum(foer["sum"][k] for k in SUMMER)


@transactional
def _flytt(enhet_id: UUID, til: Organisasjon) -> None:
    db.session.get_one(Plassenhet, enhet_id).vertskommune_id = til.id


@transactional
def _gi_foretak(kommune_id: UUID, foretak_id: UUID) -> None:
    db.session.get_one(Organisasjon, kommune_id).helseforetak_id = foretak_id


def test_et_merke_som_settes_mens_det_legges_sammen_blir_staaende(
    scene: Scene, landet: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    doegn.legg_sammen_dager()
    ekte, ganger = omraader._lag, []

    def lag(fra: date, til: date) -> None:
        ganger.append((fra, til))
        ekte(fra, til)
        if len(ganger) == 1:
            steps.merk_dager(til, til)

    monkeypatch.setattr(omraader, "_lag", lag)
    _merk(i_dag() - 40 * EN, i_dag() - 2 * EN)
    omraader.legg_sammen()
    # The last month first, then the day that was marked meanwhile, then the rest of the first mark.
    siste = i_dag() - 2 * EN
    assert [g[1] for g in ganger] == [siste, siste, siste - omraader.PR_GANG * EN] and _merker() == 0


@transactional
def _merk(fra: date, til: date) -> None:
    steps.merk_dager(fra, til)


def test_et_hold_som_har_loept_ut_er_ledig_for_landet(scene: Scene) -> None:
    with som_om(NAA - 2 * EN):
        enhet = lag_plassenhet(scene, 1, siden=now(), hold_minutter=60)
    with som_om(NAA - 3 * 60 * MINUTT):
        reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    with som_om(NAA):
        h = historikk.hent(scene.lege, Utvalg(Slag.LAND), IDAG, IDAG)
        assert (h.sum["holdt"], h.sum["utloept"]) == (3600, 1)
        assert h.sum["ledig"] + h.sum["holdt"] == int((NAA - grenser(IDAG)[0]).total_seconds())
