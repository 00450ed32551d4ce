"""Remarks in a negotiation: who writes them, about what, who tidies them, and who is told."""

from __future__ import annotations

from uuid import uuid4

import pytest

from portal.avtaler.models import Kommentar
from portal.avtaler.service import avtaler, forslag, kommentarer
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang
from tests.avtaler.forhandlingshjelp import Forhandlingsbord, hent
from tests.avtaler.motorhjelp import til_forhandling, varslet
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, revisjon, uten_spor


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Forhandlingsbord:
    return Forhandlingsbord(scene, motpart)


def test_om_en_bestemmelse_om_en_foreslaatt_og_om_alt(bord: Forhandlingsbord, opptak: Opptak) -> None:
    ny = hent(bord.ny(bord.soer)).noekkel
    for noekkel in (bord.klausul(), ny, None):
        id_ = kommentarer.skriv(bord.lege, bord.avtale_id, noekkel, "  Hva med natt?\r\nOg helg?  ")
        db.session.rollback()
        rad = db.session.get_one(Kommentar, id_)
        assert (rad.noekkel, rad.tekst, rad.nummer) == (noekkel, "Hva med natt?\nOg helg?", 1)
        assert (rad.person_id, rad.organisasjon_id) == (bord.lege.person_id, bord.scene.kommune.id)
    assert ("avtale.endret", {"avtale_id": bord.avtale_id}) in opptak.hendelser
    assert len(revisjon("avtale.kommentert")) == 3
    # The trust's people, once; not the writer's own side.
    assert sorted(varslet("avtale.kommentar")) == sorted([bord.eier.person_id, bord.eier2.person_id])


def test_det_som_ikke_kan_skrives(bord: Forhandlingsbord, opptak: Opptak) -> None:
    for tekst in ("", "  \n ", "x" * 5_001, "a\x00b"):
        with uten_spor(opptak), pytest.raises(UgyldigData):
            kommentarer.skriv(bord.nord, bord.avtale_id, None, tekst)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        kommentarer.skriv(bord.nord, bord.avtale_id, uuid4(), "Hm.")


def test_bare_de_som_deltar_og_bare_i_en_forhandling(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    invitert = til_forhandling(scene)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        kommentarer.skriv(motpart, invitert, None, "Hm.")
    bord = Forhandlingsbord(scene, motpart)
    id_ = kommentarer.skriv(bord.nord, bord.avtale_id, None, "Hm.")
    for aktor in (scene.administrator, scene.spesialist):
        with pytest.raises((IkkeTilgang, IkkeFunnet)):
            kommentarer.skriv(aktor, bord.avtale_id, None, "Hm.")
    avtaler.forkast(bord.eier, bord.avtale_id)
    for gjoer in (
        lambda: kommentarer.skriv(bord.nord, bord.avtale_id, None, "Hm."),
        lambda: kommentarer.ordne(bord.nord, id_),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            gjoer()


def test_den_som_skrev_og_eierens_koordinatorer_ordner(bord: Forhandlingsbord, opptak: Opptak) -> None:
    kollega = lag_aktor(Rolle.KOORDINATOR, bord.scene.kommune)
    id_ = kommentarer.skriv(bord.nord, bord.avtale_id, bord.klausul(), "Hm.")
    for aktor in (bord.soer, kollega, bord.lege):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            kommentarer.ordne(aktor, id_)
    kommentarer.ordne(bord.nord, id_)
    assert _ordnet(id_) == bord.nord.person_id
    with uten_spor(opptak):
        kommentarer.ordne(bord.eier, id_)
    kommentarer.ordne(bord.eier2, id_, False)
    assert _ordnet(id_) is None
    kommentarer.ordne(bord.eier2, id_, True)
    assert _ordnet(id_) == bord.eier2.person_id
    assert len(revisjon("avtale.kommentar_ordnet")) == 2 and len(revisjon("avtale.kommentar_aapnet")) == 1
    with pytest.raises(IkkeFunnet):
        kommentarer.ordne(bord.eier, uuid4())


def _ordnet(id_: object) -> object:
    db.session.rollback()
    rad = db.session.get_one(Kommentar, id_)
    assert (rad.ordnet is None) == (rad.ordnet_av_id is None)
    return rad.ordnet_av_id


def test_en_stroeket_bestemmelse_kan_fortsatt_omtales(bord: Forhandlingsbord) -> None:
    """It was proposed to strike it, and that was accepted: why, can still be said."""
    n = bord.klausul()
    forslag.svar(bord.eier, bord.stryk(bord.nord), True)
    kommentarer.skriv(bord.soer, bord.avtale_id, n, "Hvorfor?")


def test_to_trykk_er_en_kommentar(bord: Forhandlingsbord) -> None:
    en = kommentarer.skriv(bord.nord, bord.avtale_id, None, "Hva med natt?")
    assert kommentarer.skriv(bord.nord, bord.avtale_id, None, " Hva med natt?\n") == en
    andre = [
        kommentarer.skriv(bord.nord, bord.avtale_id, bord.klausul(), "Hva med natt?"),
        kommentarer.skriv(bord.lege, bord.avtale_id, None, "Hva med natt?"),
    ]
    assert en not in andre
    # Once it is tidied, the same words are said anew.
    kommentarer.ordne(bord.nord, en)
    assert kommentarer.skriv(bord.nord, bord.avtale_id, None, "Hva med natt?") not in (en, *andre)
    assert len(revisjon("avtale.kommentert")) == 4


def test_ingen_pasient_i_en_kommentar(bord: Forhandlingsbord, opptak: Opptak) -> None:
    tekst = f"Pasient {PERSONNUMMER} ble sendt hjem."
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        kommentarer.skriv(bord.nord, bord.avtale_id, None, tekst)
    assert feil.value.kode == "personnummer" and feil.value.detaljer["treff"] == {"tekst": [(8, 19)]}
    kommentarer.skriv(bord.nord, bord.avtale_id, None, tekst, ikke_fnr=True)
    assert '"sluppet_tall":1' in revisjon("avtale.kommentert")[0].detaljer
