"""The clauses of a draft: written, struck, moved; two who write the same one; older versions never change."""

from __future__ import annotations

import random
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.avtaler import innhold, steps
from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale, Bestemmelse, Bestemmelsesendring
from portal.avtaler.service import avtaler, klausuler
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, Utdatert
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import (
    klausul,
    lest_hash,
    noekler,
    nytt_utkast,
    tekster,
)
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor
from tests.samtidig import samtidig


@pytest.fixture
def kollega(scene: Scene) -> Aktor:
    """Another coordinator of the same trust."""
    return lag_aktor(Rolle.KOORDINATOR, scene.hf, navn="Kari Kollega")


def les_klausul(avtale_id: UUID, noekkel: UUID, nummer: int = 1) -> Bestemmelse:
    db.session.rollback()
    db.session.expire_all()
    rad = steps.bestemmelse(avtale_id, nummer, noekkel)
    assert rad is not None
    return rad


def test_en_bestemmelse_skrives_endres_og_strykes(scene: Scene, kollega: Aktor, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[])
    n = klausuler.skriv(
        scene.koordinator,
        avtale_id,
        None,
        klausul(
            punkt=3,
            faser=0b10000,
            fagomraader=["geriatri"],
            kriterier=[{"kriterium": "Over 80", "hvem": "Legevakt", "frist": "1 time"}],
            matrise=[{"oppgave": "Ringe", "foretak": "I", "kommune": "A"}],
            forpliktelser=[{"tekst": "Møte", "hyppighet": "halvaarlig", "frist": "", "sider": ["kommune"]}],
            tiltak=[{"navn": "Felles team", "finansiering": "Likt"}],
            trinn=["varsel"],
        ),
    )
    rad = les_klausul(avtale_id, n)
    assert (rad.punkt, rad.faser, rad.fagomraader, rad.trinn) == (3, 16, ["geriatri"], ["varsel"])
    assert rad.matrise == [{"oppgave": "Ringe", "foretak": "I", "kommune": "A"}]
    assert rad.innhold_hash == innhold.innholdshash(innhold.som_data(rad))
    klausuler.skriv(kollega, avtale_id, n, {"tekst": "Linje 1\r\nLinje 2  "}, lest=rad.innhold_hash)
    rad = les_klausul(avtale_id, n)
    assert (rad.tekst, rad.punkt, rad.endret_av_id) == ("Linje 1\nLinje 2", 3, kollega.person_id)
    klausuler.stryk(scene.koordinator, avtale_id, n, rad.innhold_hash)
    assert tekster(avtale_id, 1) == []
    endringer = db.session.scalars(
        sa.select(Bestemmelsesendring).order_by(Bestemmelsesendring.tidspunkt)
    ).all()
    assert [
        ((e.foer or {}).get("tekst"), (e.etter or {}).get("tekst"), e.person_id, e.organisasjon_id)
        for e in endringer
    ] == [
        (None, "Ring først.", scene.koordinator.person_id, scene.hf.id),
        ("Ring først.", "Linje 1\nLinje 2", kollega.person_id, scene.hf.id),
        ("Linje 1\nLinje 2", None, scene.koordinator.person_id, scene.hf.id),
    ]
    assert [r.handling for r in revisjon(objekt=avtale_id)][1:] == [
        "avtale.bestemmelse_ny",
        "avtale.bestemmelse_endret",
        "avtale.bestemmelse_stroeket",
    ]


def test_det_samme_en_gang_til_endrer_ingenting(scene: Scene, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    n = noekler(avtale_id)[0]
    with uten_spor(opptak):
        assert klausuler.skriv(scene.koordinator, avtale_id, n, klausul(), lest_hash(avtale_id, n)) == n
        klausuler.flytt(scene.koordinator, avtale_id, n, n)


def test_ukjente_bestemmelser_finnes_ikke(scene: Scene, opptak: Opptak) -> None:
    avtale_id, annen = nytt_utkast(scene), nytt_utkast(scene)
    egen, fremmed = noekler(avtale_id)[0], noekler(annen)[0]
    for n in (uuid4(), fremmed):
        for gjoer in (
            lambda n=n: klausuler.skriv(scene.koordinator, avtale_id, n, klausul()),
            lambda n=n: klausuler.skriv(scene.koordinator, avtale_id, n, klausul(), "x" * 64),
            lambda n=n: klausuler.skriv(scene.koordinator, avtale_id, n, klausul(), ""),
            lambda n=n: klausuler.stryk(scene.koordinator, avtale_id, n),
            lambda n=n: klausuler.flytt(scene.koordinator, avtale_id, n, None),
            lambda n=n: klausuler.flytt(scene.koordinator, avtale_id, egen, n),
        ):
            with uten_spor(opptak), pytest.raises(IkkeFunnet):
                gjoer()


def test_feil_sies_ved_feltet_og_ingenting_skrives(scene: Scene, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    n = noekler(avtale_id)[0]
    for endret in (
        {"overskrift": " "},
        {"art": "vits"},
        {"faser": 0},
        {"faser": 1},
        {"punkt": "3"},
        {"tekst": "a\x00b"},
        {"overskrift": "\ud800"},
        {"matrise": [{"oppgave": "x", "foretak": "B"}]},
        {"kriterier": [{"hvem": "Legen"}]},
        {"tiltak": [{"navn": "x" * 2001}]},
        {"forpliktelser": [{"tekst": "x", "hyppighet": "aarlig", "sider": []}]},
        {"trinn": ["hopp"]},
        {"fagomraader": ["geriatri", "geriatri"]},
        {"noekkel": str(uuid4())},
        {"avtale_id": str(uuid4())},
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            klausuler.skriv(scene.koordinator, avtale_id, n, endret)
        assert list(feil.value.detaljer["felter"]) == list(endret)


# --- two who write the same clause -----------------------------------------------------------------------


def test_den_andre_faar_begge_tekstene(scene: Scene, kollega: Aktor, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    n = noekler(avtale_id)[0]
    lest = lest_hash(avtale_id, n)
    klausuler.skriv(kollega, avtale_id, n, {"tekst": "Karis tekst."}, lest)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        klausuler.skriv(scene.koordinator, avtale_id, n, {"tekst": "Min tekst."}, lest)
    d = feil.value.detaljer
    assert (d["naa"]["tekst"], d["ditt"]["tekst"], d["endret_av"]) == (
        "Karis tekst.",
        "Min tekst.",
        "Kari Kollega",
    )
    assert d["endret"].endswith("+00:00")
    klausuler.skriv(scene.koordinator, avtale_id, n, {"tekst": "Begge."}, d["lest"])
    assert tekster(avtale_id, 1)[0][1] == "Begge."


def test_den_andre_faar_det_ogsaa_paa_en_tekst_som_en_eldre_versjon_deler(
    scene: Scene, kollega: Aktor, opptak: Opptak
) -> None:
    """The first writer's change makes a new row: that it is another row must not hide that the text is another."""
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    n = noekler(avtale.id)[0]
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    lest = lest_hash(avtale.id, n, 2)
    klausuler.skriv(kollega, avtale.id, n, {"tekst": "Karis tekst."}, lest)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        klausuler.skriv(scene.koordinator, avtale.id, n, {"tekst": "Min tekst."}, lest)
    assert feil.value.detaljer["naa"]["tekst"] == "Karis tekst."


def test_den_andre_faar_vite_at_bestemmelsen_er_stroeket(
    scene: Scene, kollega: Aktor, opptak: Opptak
) -> None:
    avtale_id = nytt_utkast(scene)
    n = noekler(avtale_id)[0]
    lest = lest_hash(avtale_id, n)
    klausuler.stryk(kollega, avtale_id, n, lest)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        klausuler.skriv(scene.koordinator, avtale_id, n, klausul(tekst="Min tekst."), lest)
    d = feil.value.detaljer
    assert (d["naa"], d["ditt"]["tekst"], d["lest"]) == (None, "Min tekst.", "")
    # Saved all the same: the clause is there again, last, under the name it had.
    klausuler.skriv(scene.koordinator, avtale_id, n, d["ditt"], d["lest"])
    assert noekler(avtale_id)[-1] == n and tekster(avtale_id, 1)[-1][1] == "Min tekst."


def test_den_som_stryker_ser_en_endring_foerst(scene: Scene, kollega: Aktor, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    n = noekler(avtale_id)[0]
    lest = lest_hash(avtale_id, n)
    klausuler.skriv(kollega, avtale_id, n, {"tekst": "Karis tekst."}, lest)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        klausuler.stryk(scene.koordinator, avtale_id, n, lest)
    assert feil.value.detaljer["ditt"] is None


def test_den_som_bare_flytter_staar_ikke_i_veien(scene: Scene, kollega: Aktor) -> None:
    avtale_id = nytt_utkast(scene)
    a, b = noekler(avtale_id)
    lest = lest_hash(avtale_id, a)
    klausuler.flytt(kollega, avtale_id, a, None)
    klausuler.skriv(scene.koordinator, avtale_id, a, {"tekst": "Ny."}, lest)
    assert noekler(avtale_id) == [b, a] and tekster(avtale_id, 1)[1][1] == "Ny."


def test_to_i_samme_oeyeblikk(scene: Scene, kollega: Aktor, app: Flask) -> None:
    avtale_id = nytt_utkast(scene)
    n = noekler(avtale_id)[0]
    lest = lest_hash(avtale_id, n)
    for runde in range(4):
        svar = samtidig(
            app,
            *(
                partial(klausuler.skriv, h, avtale_id, n, {"tekst": f"{h.navn} {runde}"}, lest)
                for h in (scene.koordinator, kollega)
            ),
        )
        tapte = [s for s in svar if isinstance(s, Utdatert)]
        assert len(tapte) == 1 and [s for s in svar if s == n]
        assert tapte[0].detaljer["naa"]["tekst"] == tekster(avtale_id, 1)[0][1]
        lest = lest_hash(avtale_id, n)


# --- the order -------------------------------------------------------------------------------------------


def test_rekkefoelgen_foelger_flyttingene_og_eldre_versjoner_staar(scene: Scene) -> None:
    """Random moves, new and struck clauses against a plain list, over several versions; each keeps its own order."""
    tilfeldig = random.Random(5)
    avtale = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        bestemmelser=[{"overskrift": f"{n}"} for n in range(6)],
    )
    gjaldt = noekler(avtale.id)
    sett: dict[int, list[UUID]] = {1: list(gjaldt)}
    for _ in range(3):
        nummer = avtaler.ny_versjon(scene.koordinator, avtale.id)
        modell = list(gjaldt)
        for _ in range(25):
            handling = tilfeldig.random()
            n = tilfeldig.choice(modell)
            if handling < 0.1 and len(modell) > 2:
                klausuler.stryk(scene.koordinator, avtale.id, n)
                modell.remove(n)
            elif handling < 0.2:
                modell.append(klausuler.skriv(scene.koordinator, avtale.id, None, klausul()))
            else:
                foer = tilfeldig.choice([None, *modell])
                klausuler.flytt(scene.koordinator, avtale.id, n, foer)
                if foer != n:
                    modell.remove(n)
                    modell.insert(modell.index(foer) if foer else len(modell), n)
            assert noekler(avtale.id, nummer) == modell
        sett[nummer] = modell
        delt = tilfeldig.random() < 0.7
        if delt:
            _del_ut(avtale.id)
        avtaler.forkast(scene.koordinator, avtale.id)
        if not delt:
            sett[nummer] = sett[nummer - 1]
        for v, rekke in sett.items():
            assert noekler(avtale.id, v) == rekke, v


@transactional
def _del_ut(avtale_id: UUID) -> None:
    """The parties have seen the newest version."""
    versjon = max(db.session.get_one(Avtale, avtale_id).versjoner, key=lambda v: v.nummer)
    versjon.flytt_til(Status.TIL_FORHANDLING)
    versjon.sendt_til_forhandling = now()


def test_aa_flytte_mange_ganger_skriver_ikke_alle_radene(scene: Scene) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[klausul(overskrift=str(n)) for n in range(20)])
    rekke = noekler(avtale_id)
    foer: dict[Any, int] = dict(_versjoner(avtale_id))
    klausuler.flytt(scene.koordinator, avtale_id, rekke[15], rekke[3])
    assert [n for n, v in _versjoner(avtale_id) if foer[n] != v] == [rekke[15]]
    for _ in range(30):
        # Always into the same gap, until it is full: then all are moved apart, and it goes on.
        rekke = noekler(avtale_id)
        klausuler.flytt(scene.koordinator, avtale_id, rekke[-1], rekke[1])
        assert noekler(avtale_id) == [rekke[0], rekke[-1], *rekke[1:-1]]


def _versjoner(avtale_id: UUID) -> list[Any]:
    db.session.rollback()
    kolonner = (Bestemmelse.noekkel, Bestemmelse.versjon)
    return [
        tuple(r) for r in db.session.execute(sa.select(*kolonner).where(Bestemmelse.avtale_id == avtale_id))
    ]


def test_flytting_endrer_det_som_godkjennes_men_ikke_hvem_som_skrev(scene: Scene, kollega: Aktor) -> None:
    avtale_id = nytt_utkast(scene)
    a, b = noekler(avtale_id)

    def hash_() -> str:
        db.session.rollback()
        db.session.expire_all()
        avtale = db.session.get_one(Avtale, avtale_id)
        return steps.hash_av(avtale, avtale.versjoner[0])

    foer = hash_()
    klausuler.flytt(kollega, avtale_id, b, a)
    assert hash_() != foer
    assert les_klausul(avtale_id, b).endret_av_id == scene.koordinator.person_id
    klausuler.flytt(kollega, avtale_id, b, None)
    assert hash_() == foer
