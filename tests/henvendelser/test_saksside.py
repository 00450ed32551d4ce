"""The page of a case: what stands first for each side, and the advice in full where it is looked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.telefon import lesbart
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import flyt, innsending
from tests.bygg import Scene

Som = Callable[[Aktor], FlaskClient]
RAADET = "Øk bumetanid til 2 mg × 2."


def _plass(html: str, *biter: str) -> list[int]:
    """Where each begins in the page, in the order that was asked for."""
    steder = [html.find(b) for b in biter]
    assert -1 not in steder, dict(zip(biter, steder, strict=True))
    return steder


@pytest.mark.parametrize("hva", ["", "/status"])
def test_sporsmaalet_staar_foer_knapper_stige_og_samtale(scene: Scene, som: Som, hva: str) -> None:
    sak = scene.send(situasjon="Tungpust siden i natt.")
    for aktor in (scene.lege, scene.spesialist):
        html = som(aktor).get(f"/henvendelser/{sak}{hva}").text
        etter = ['data-bit="handlinger"', 'data-bit="stige"', 'data-bit="fakta"']
        if not hva:
            etter.append('id="samtale"')
        for del_ in etter:
            rekke = _plass(html, 'data-bit="klinisk"', "Tungpust siden i natt.", "NEWS2", del_)
            assert rekke == sorted(rekke), (aktor.navn, del_)
        assert html.count('data-bit="klinisk"') == 1


def test_maalingene_staar_med_poeng_ved_sporsmaalet(scene: Scene, som: Som) -> None:
    sak = scene.send()
    html = som(scene.spesialist).get(f"/henvendelser/{sak}").text
    assert "Ingen målinger ennå." in html[: html.index('data-bit="handlinger"')]
    innsending.registrer_maaling(scene.lege, sak, {"respirasjon": 25, "puls": 104, "skala": 1})
    klinisk = som(scene.spesialist).get(f"/henvendelser/{sak}").text.split('data-bit="handlinger"')[0]
    assert 'news2sum__tall">Minst 4<' in klinisk
    assert 'class="maaleverdier__rad" data-poeng="3"><dt>Respirasjonsfrekvens' in klinisk


def test_raadet_staar_foerst_for_den_som_spurte(scene: Scene, som: Som) -> None:
    """In full, with who gave it; for whoever gave it, after the question. A later advice takes its place."""
    sak = scene.sak(Status.AKSEPTERT)
    flyt.besvar(scene.spesialist, sak, "behandles_i_kommunen", RAADET)
    for hva in ("", "/status"):
        html = som(scene.lege).get(f"/henvendelser/{sak}{hva}").text
        rekke = _plass(html, RAADET, scene.spesialist.navn, 'id="fakta-sporsmaal"', 'data-bit="handlinger"')
        assert rekke == sorted(rekke)
        html = som(scene.spesialist).get(f"/henvendelser/{sak}{hva}").text
        rekke = _plass(html, 'id="fakta-sporsmaal"', RAADET, 'data-bit="handlinger"')
        assert rekke == sorted(rekke)
    flyt.be_om_mer(scene.lege, sak, "Hvor lenge?")
    flyt.besvar(scene.spesialist, sak, "innleggelse", "Legg inn nå.")
    klinisk = som(scene.lege).get(f"/henvendelser/{sak}").text.split('data-bit="handlinger"')[0]
    assert "Legg inn nå." in klinisk and RAADET not in klinisk


def test_numrene_er_skrevet_likt(scene: Scene, som: Som) -> None:
    assert [lesbart(n) for n in ("+47 00 00 00 01", "0047 90000000", "77000000", "+4790000000")] == [
        "00 00 00 01",
        "900 00 000",
        "77 00 00 00",
        "900 00 000",
    ]
    assert [lesbart(n) for n in ("116 117", "113", "+46 70 123 45 67", "")] == [
        "116 117",
        "113",
        "+46 70 123 45 67",
        "",
    ]
    sak = scene.send(hastegrad="akutt", tilbakeringing="+47 00 00 00 01")
    html = som(scene.spesialist).get(f"/henvendelser/{sak}").text
    assert "+47 00 00 00 01" not in html and html.count("00 00 00 01") >= 3
    assert 'href="tel:+4700000001"' in html
