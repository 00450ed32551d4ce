"""The rules of the days and the rotations, against a model that looks at every quarter of an hour."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.clock import OSLO, som_om
from portal.core.sprak import paa_spraak
from portal.vakt.models import Dagtype
from portal.vakt.ord import ETIKETTER
from portal.vakt.tidsord import klokkeslett, tidsrom
from portal.vakt.turnus import (
    LENGSTE_VAKT,
    Regel,
    dagtype,
    helligdag,
    ledige_deler,
    les_klokke,
    rotasjonsvakter,
    skift,
)
from tests.veggklokke import foerste_visning

DAG = timedelta(days=1)
KVARTER = timedelta(minutes=15)
VAAR, HOEST = date(2026, 3, 29), date(2026, 10, 25)


def utc(tekst: str) -> datetime:
    return datetime.fromisoformat(tekst).replace(tzinfo=UTC)


# --- the clock -------------------------------------------------------------------------------------------


def test_nettene_da_klokka_stilles() -> None:
    """23:00 to 07:00 is eight hours, but seven in March and nine in October."""
    for dag, timer in ((VAAR - DAG, 7), (HOEST - DAG, 9), (date(2026, 6, 1), 8)):
        fra, til = skift(dag, "23:00", "07:00")
        assert til - fra == timedelta(hours=timer)
    assert skift(VAAR - DAG, "08:00", "08:00")[1] - skift(VAAR - DAG, "08:00", "08:00")[0] == timedelta(
        hours=23
    )
    assert skift(HOEST - DAG, "08:00", "08:00")[1] - skift(HOEST - DAG, "08:00", "08:00")[0] == timedelta(
        hours=25
    )


@pytest.mark.parametrize("feil", ["", "8:00", "08.00", "25:00", "08:60", "08:00:00", "kl.08", "24:00"])
def test_hva_som_ikke_er_et_klokkeslett(feil: str) -> None:
    with pytest.raises(ValueError):
        les_klokke(feil)


# --- the days --------------------------------------------------------------------------------------------


def test_helligdagene() -> None:
    """All twelve of lov om helligdager and of 1 and 17 May, and no Sunday, 24 or 31 December among them."""
    i_2027 = {d: helligdag(d) for n in range(365) if helligdag(d := date(2027, 1, 1) + n * DAG)}
    assert " ".join(f"{d:%d.%m}" for d in i_2027) == (
        "01.01 25.03 26.03 28.03 29.03 01.05 06.05 16.05 17.05 25.12 26.12"
    )
    assert helligdag(date(2027, 5, 17)) in ("Andre pinsedag", "Grunnlovsdag")  # the two fall together
    assert helligdag(date(2026, 5, 17)) == "Grunnlovsdag"
    for dag in (date(2026, 12, 24), date(2026, 12, 31), date(2026, 11, 22)):
        assert helligdag(dag) is None
    assert dagtype(date(2026, 12, 24)) == Dagtype.HVERDAG
    assert dagtype(date(2026, 11, 22)) == Dagtype.HELG
    assert dagtype(date(2026, 12, 26)) == Dagtype.HELLIGDAG  # a Saturday
    alle = {helligdag(date(aar, 1, 1) + n * DAG) for aar in range(2024, 2044) for n in range(365)} - {None}
    assert alle == set(ETIKETTER["helligdag"])


# --- rotations -------------------------------------------------------------------------------------------

REGLER = st.builds(
    Regel,
    klokke_fra=st.sampled_from(["00:00", "02:30", "07:45", "08:00", "15:30", "22:00"]),
    klokke_til=st.sampled_from(["00:00", "02:30", "08:00", "15:30", "22:15"]),
    dagtyper=st.sets(st.sampled_from([str(d) for d in Dagtype]), min_size=1).map(frozenset),
    dager_per_tur=st.integers(1, 28),
    antall=st.integers(1, 6),
)
STARTER = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def modell(regel: Regel, fra_dag: date, dager: int) -> dict[datetime, int]:
    """Whose each quarter of an hour is, when the rule is read day by day off the wall clock."""
    hvem: dict[datetime, int] = {}
    nummer = 0
    for n in range(dager):
        dag = fra_dag + n * DAG
        if dagtype(dag) not in regel.dagtyper:
            continue
        plass = nummer // regel.dager_per_tur % regel.antall
        nummer += 1
        over = 0 if regel.klokke_til > regel.klokke_fra else 1
        naa = foerste_visning(dag, les_klokke(regel.klokke_fra))
        slutt = foerste_visning(dag + over * DAG, les_klokke(regel.klokke_til))
        while naa < slutt:
            assert naa not in hvem or hvem[naa] == plass, "the rule itself overlaps"
            hvem[naa] = plass
            naa += KVARTER
    return hvem


@given(regel=REGLER, fra_dag=STARTER, dager=st.integers(1, 45))
@settings(max_examples=60, deadline=None)
def test_rotasjonen_er_som_modellen(regel: Regel, fra_dag: date, dager: int) -> None:
    utlegg = rotasjonsvakter(regel, fra_dag, fra_dag + dager * DAG)
    hvem: dict[datetime, int] = {}
    for v in utlegg.vakter:
        assert timedelta() < v.til - v.fra <= LENGSTE_VAKT
        naa = v.fra
        while naa < v.til:
            assert naa not in hvem, "two at once"
            hvem[naa] = v.plass
            naa += KVARTER
    assert hvem == modell(regel, fra_dag, (utlegg.laget_til - fra_dag).days)
    assert fra_dag + dager * DAG <= utlegg.laget_til < fra_dag + (dager + 28) * DAG


@given(regel=REGLER, fra_dag=STARTER, deling=st.lists(st.integers(1, 200), max_size=4))
@settings(max_examples=80, deadline=None)
def test_i_biter_som_i_ett(regel: Regel, fra_dag: date, deling: list[int]) -> None:
    """A year made at once is a year made bit by bit: the same turns, and no row of days broken in two."""
    slutt = fra_dag + 364 * DAG
    alt = rotasjonsvakter(regel, fra_dag, slutt)
    biter, dag, laget = [], fra_dag, 0
    for n in [*sorted(deling), 364]:
        bit = rotasjonsvakter(regel, dag, max(dag, fra_dag + n * DAG), laget)
        biter += bit.vakter
        dag, laget = bit.laget_til, bit.dager_laget
    assert biter == alt.vakter
    assert (dag, laget) == (alt.laget_til, alt.dager_laget)


@given(fra_dag=STARTER, dager_per_tur=st.integers(1, 13), antall=st.integers(1, 8))
@settings(deadline=None)
def test_et_aar_med_hele_doegn_er_uten_hull_og_rettferdig(
    fra_dag: date, dager_per_tur: int, antall: int
) -> None:
    """Continuous over both nights that the clocks change, and nobody has more than one turn more than another."""
    regel = Regel("08:00", "08:00", frozenset(map(str, Dagtype)), dager_per_tur, antall)
    vakter = rotasjonsvakter(regel, fra_dag, fra_dag + 364 * DAG).vakter
    assert all(en.til == neste.fra for en, neste in pairwise(vakter))
    assert len({v.tur for v in vakter}) == len(vakter)  # each turn is one row
    turer = Counter(v.plass for v in vakter)
    assert max(turer.values()) - min(turer[p] for p in range(antall)) <= 1


@given(fra_dag=STARTER)
@settings(max_examples=20, deadline=None)
def test_hverdag_helg_og_helligdag_til_sammen_er_hele_aaret(fra_dag: date) -> None:
    """Three rotations that share the days cover each once, and end where the next begins."""
    vakter = sorted(
        (v.fra, v.til, slag)
        for slag in Dagtype
        for v in rotasjonsvakter(
            Regel("07:30", "07:30", frozenset({str(slag)}), 1, 2), fra_dag, fra_dag + 364 * DAG
        ).vakter
    )
    assert all(en[1] == neste[0] for en, neste in pairwise(vakter))
    assert len(vakter) == 364
    for fra, _til, slag in vakter:
        assert dagtype(fra.astimezone(OSLO).date()) == slag


def test_rotasjonen_slutter_der_den_skal() -> None:
    """A week that has begun is broken off by the day from which the rule no longer holds, and by nothing else."""
    regel = Regel("08:00", "08:00", frozenset(map(str, Dagtype)), 7, 2)
    mandag = date(2026, 3, 2)
    uten = rotasjonsvakter(regel, mandag, mandag + 10 * DAG)
    assert (uten.laget_til, len(uten.vakter)) == (mandag + 14 * DAG, 2)
    med = rotasjonsvakter(regel, mandag, mandag + 10 * DAG, slutt=mandag + 9 * DAG)
    assert (med.laget_til, med.vakter[-1].til) == (mandag + 9 * DAG, utc("2026-03-11T07:00"))
    assert rotasjonsvakter(regel, mandag, mandag + 10 * DAG, slutt=mandag).vakter == []


def test_en_lang_tur_deles_naar_den_ellers_ble_for_lang() -> None:
    regel = Regel("08:00", "08:00", frozenset(map(str, Dagtype)), 28, 2)
    vakter = rotasjonsvakter(regel, date(2026, 10, 12), date(2026, 11, 9)).vakter
    # Over the night with 25 hours fourteen days are an hour too long.
    assert [(v.til - v.fra).days for v in vakter] == [13, 14, 1]
    assert {v.plass for v in vakter} == {0}


TIDER = st.integers(0, 96).map(lambda n: utc("2026-03-01T00:00") + n * KVARTER)
TIDSROM = st.tuples(TIDER, TIDER).filter(lambda t: t[0] < t[1])


@given(vakt=TIDSROM, andre=st.lists(TIDSROM, max_size=6))
def test_ledige_deler(vakt: tuple[datetime, datetime], andre: list[tuple[datetime, datetime]]) -> None:
    def kvarter(tider: list[tuple[datetime, datetime]]) -> set[datetime]:
        return {f + n * KVARTER for f, t in tider for n in range((t - f) // KVARTER)}

    deler = ledige_deler(*vakt, andre)
    assert all(f < t for f, t in deler)
    assert all(en[1] < neste[0] for en, neste in pairwise(deler))
    assert kvarter(deler) == kvarter([vakt]) - kvarter(andre)


def test_tidsrom_leses_paa_norsk_klokke(app: Flask) -> None:
    """Oslo's clock, and never an end that looks as if it came before the beginning: the other day is named."""
    natt = utc("2026-12-24T14:30"), utc("2026-12-25T07:00")
    with app.test_request_context(), som_om(utc("2026-11-01T12:00")):
        assert str(tidsrom(*natt)) == "tor. 24. des. kl. 15:30 – fre. 25. des. kl. 08:00"
        assert str(tidsrom(natt[0], utc("2026-12-24T22:59"))) == "tor. 24. des. kl. 15:30–23:59"
        assert str(klokkeslett(utc("2027-01-04T07:00"))) == "man. 4. jan. 2027 kl. 08:00"
        # It waits for the reader: a notice is in its receiver's language.
        tekst = tidsrom(*natt)
        with paa_spraak("en"):
            assert str(tekst) == "Thu 24 Dec 15:30 – Fri 25 Dec 08:00"
