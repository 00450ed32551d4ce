"""Proposals that fall or are rejected by all, logged and told; how many there may be; and what a page of them reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from portal.avtaler import livsloep, steps
from portal.avtaler.models import Avtale
from portal.avtaler.service import avtaler, forhandlingslesing, forslag, ikrafttredelse, kommentarer, parter
from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.varsler.models import Varsel
from tests.avtaler.forhandlingshjelp import Forhandlingsbord, gaar_ut, status
from tests.avtaler.motorhjelp import les
from tests.bygg import Opptak, Scene, revisjon, uten_spor


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Forhandlingsbord:
    return Forhandlingsbord(scene, motpart)


def _foert(bord: Forhandlingsbord, kode: str) -> list[list[str]]:
    """The proposals that each entry of the kind names."""
    return [orjson.loads(r.detaljer)["forslag"] for r in revisjon(f"avtale.{kode}", objekt=bord.avtale_id)]


def _sagt(aktor: Aktor) -> list[tuple[str, str]]:
    """What the person is told of proposals that fell: (text, where it leads)."""
    db.session.rollback()
    return [
        (v.tekst, v.lenke)
        for v in db.session.scalars(
            sa.select(Varsel).where(
                Varsel.person_id == aktor.person_id, Varsel.kode == "avtale.forslag_bortfalt"
            )
        )
    ]


# --- logged, and told ------------------------------------------------------------------------------------


def test_det_som_faller_for_et_annet_staar_i_loggen(bord: Forhandlingsbord) -> None:
    a, b = bord.endre(bord.nord, "A."), bord.endre(bord.soer, "B.")
    forslag.svar(bord.eier, a, True)
    assert _foert(bord, "forslag_bortfalt") == [[str(b)]]


def test_en_kommune_som_gaar_mister_sine_og_faar_vite_det(bord: Forhandlingsbord) -> None:
    eiers, soers = bord.endre(bord.eier, "A."), bord.endre(bord.soer, "B.", plass=1)
    leges = bord.endre(bord.lege, "C.", plass=1)
    forslag.svar(bord.nord, eiers, False)
    parter.svar(bord.soer, bord.avtale_id, False)
    assert _foert(bord, "forslag_bortfalt") == [[str(soers)]]
    assert _foert(bord, "forslag_avslaatt_av_alle") == [[str(eiers)]]
    assert _sagt(bord.lege) == [], "theirs stand"
    parter.trekk_invitasjon(bord.eier, bord.avtale_id, bord.scene.kommune.id)
    assert status(leges) == "bortfalt" and [str(leges)] in _foert(bord, "forslag_bortfalt")
    # They see the agreement no more: the notice leads to the list.
    assert _sagt(bord.lege) == [
        ("Dere er tatt ut av avtalen, og det dere hadde foreslått, falt bort.", "/avtaler")
    ]


def test_den_siste_dagen_faller_de_ogsaa(bord: Forhandlingsbord) -> None:
    soers = bord.endre(bord.soer, "B.")
    gaar_ut(bord)
    assert ikrafttredelse.sett_i_kraft() == 1
    assert _foert(bord, "forslag_bortfalt") == [[str(soers)]]
    ((tekst, lenke),) = _sagt(bord.soer)
    assert "ikke lenger part" in tekst and lenke == f"/avtaler/{bord.avtale_id}/livet"


@pytest.mark.parametrize("aapne", [True, False])
def test_versjonen_trekkes(bord: Forhandlingsbord, aapne: bool) -> None:
    """One notice of both: that it was taken back, and that what waited for an answer fell with it."""
    id_ = bord.endre(bord.nord, "A.")
    if not aapne:
        forslag.trekk(bord.nord, id_)
    avtaler.forkast(bord.eier, bord.avtale_id)
    assert _foert(bord, "forslag_bortfalt") == ([[str(id_)]] if aapne else [])
    db.session.rollback()
    tekster = db.session.scalars(
        sa.select(Varsel.tekst).where(
            Varsel.person_id == bord.nord.person_id, Varsel.kode == "avtale.forkastet"
        )
    ).all()
    assert len(tekster) == 1 and ("er bortfalt" in tekster[0]) is aapne


# --- how many --------------------------------------------------------------------------------------------


def test_en_part_fyller_ikke_forhandlingen(
    bord: Forhandlingsbord, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forslag, "FLEST_AAPNE", 2)
    monkeypatch.setattr(forslag, "FLEST_FORSLAG", 3)
    monkeypatch.setattr(kommentarer, "FLEST", 1)
    bord.ny(bord.nord, "A")
    b = bord.ny(bord.nord, "B")
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        bord.ny(bord.nord, "C")
    assert feil.value.kode == "for_mange_forslag" and "venter på svar" in str(feil.value.melding)
    forslag.trekk(bord.nord, b)
    bord.ny(bord.nord, "D")
    forslag.trekk(bord.nord, _siste(bord))
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        bord.ny(bord.nord, "E")
    assert feil.value.kode == "for_mange_forslag" and "ikke plass til flere" in str(feil.value.melding)
    # The others have theirs.
    bord.ny(bord.soer, "F")
    kommentarer.skriv(bord.nord, bord.avtale_id, None, "En.")
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        kommentarer.skriv(bord.nord, bord.avtale_id, None, "To.")
    assert feil.value.kode == "for_mange_kommentarer"
    kommentarer.skriv(bord.soer, bord.avtale_id, None, "To.")


def _siste(bord: Forhandlingsbord) -> UUID:
    """The newest open proposal of Nord."""
    les(bord.avtale_id)
    return next(
        f.id
        for f in reversed(forslag.aapne(bord.avtale_id, bord.nummer))
        if f.organisasjon_id == bord.nord.organisasjon_id
    )


# --- what is read ----------------------------------------------------------------------------------------


@contextmanager
def _lest() -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sendt: list[str] = []

    def tell(_f: Any, _c: Any, setning: str, *_resten: Any) -> None:
        sendt.append(setning)

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        yield sendt
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)


def test_den_siste_som_gaar_leser_ikke_hvert_forslag_for_seg(bord: Forhandlingsbord) -> None:
    @transactional
    def avgjoer() -> int:
        avtale = db.session.get_one(Avtale, bord.avtale_id)
        _ = [p.organisasjon_id for p in avtale.parter]
        with _lest() as setninger:
            livsloep.avgjoer_avslaatte(bord.eier, avtale)
        return len(setninger)

    bord.ny(bord.eier, "A")
    en = avgjoer()
    for n in range(6):
        bord.ny(bord.eier, f"B{n}")
    assert avgjoer() == en


def test_siden_leser_ikke_alt_som_er_endret(bord: Forhandlingsbord) -> None:
    """Of what is settled: the text it was written on, and nothing of the history beside."""
    foer = bord.tekster()[0]
    for n in range(8):
        forslag.svar(bord.eier, bord.endre(bord.nord, f"Tekst {n}."), True)
    nei = bord.endre(bord.nord, "Aldri.")
    for n in range(8, 10):
        forslag.svar(bord.eier, bord.endre(bord.nord, f"Tekst {n}."), True)
    assert status(nei) == "bortfalt"
    les(bord.avtale_id)
    side = forhandlingslesing.hent_side(bord.nord, bord.avtale_id)
    assert side is not None
    vist = [f.foer["tekst"] if f.foer else None for f in reversed(side.blokker[0].avgjorte)]
    assert vist == [foer, *(f"Tekst {n}." for n in range(8)), "Tekst 7.", "Tekst 8."]
    with _lest() as setninger:
        les(bord.avtale_id)
        forhandlingslesing.hent_side(bord.nord, bord.avtale_id)
    historien = [s for s in setninger if "FROM bestemmelsesendring" in s]
    assert len(historien) == 1 and "forslag_id IN" in historien[0]


def test_navnet_er_det_den_hadde_da_og_aldri_et_senere_utkasts(bord: Forhandlingsbord) -> None:
    """A clause that was struck has the name it had, though a later draft that nobody has seen calls it otherwise."""
    noekkel = bord.klausul()
    kommentarer.skriv(bord.nord, bord.avtale_id, noekkel, "Trengs den?")
    _stryk_uten_forslag(bord, noekkel)
    _gjenoppsta(bord, noekkel)
    les(bord.avtale_id)
    side = forhandlingslesing.hent_side(bord.nord, bord.avtale_id, 1)
    assert side is not None
    (blokk,) = [b for b in side.blokker if b.noekkel == noekkel]
    assert (blokk.bestemmelse, blokk.overskrift) == (None, "Innleggelse")


@transactional
def _stryk_uten_forslag(bord: Forhandlingsbord, noekkel: UUID) -> None:
    """As the row of an older version ends: the clause was there, and is not in this one."""
    db.session.execute(
        sa.text("UPDATE bestemmelse SET fra_versjon = 0, til_versjon = 1 WHERE noekkel = :n"),
        {"n": noekkel if db.engine.dialect.name != "sqlite" else noekkel.hex},
    )


@transactional
def _gjenoppsta(bord: Forhandlingsbord, noekkel: UUID) -> None:
    """A draft after it takes the clause in again, by another name."""
    avtale = db.session.get_one(Avtale, bord.avtale_id)
    livsloep.forkast(bord.eier, avtale, avtale.versjoner[0])
    versjon = steps.ny_versjon(bord.eier, avtale)
    steps.skriv(bord.eier, versjon, noekkel, {"overskrift": "HEMMELIG", "art": "innleggelse"}, plass=1)
