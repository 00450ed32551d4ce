"""Opening an attachment, the folder where they stand, and the settings of both."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core import config
from portal.core.aktor import Aktor
from portal.core.config import (
    Innstillinger,
    Oppsettsfeil,
    innstillinger,
    les_innstillinger,
    sett_innstillinger,
)
from portal.henvendelser import vedleggslager
from portal.henvendelser.service import vedlegg
from tests.bygg import Scene, om, revisjon
from tests.henvendelser import filer
from tests.henvendelser.opplasting import filene, hent, rad_for, rydd_alt, send

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture(autouse=True)
def lager(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A folder of their own for the attachments of each test."""
    mappe = tmp_path / "vedlegg"
    sett_innstillinger(replace(innstillinger(), vedlegg=mappe))
    yield mappe
    sett_innstillinger(app.config["INNSTILLINGER"])


# --- opening ---------------------------------------------------------------------------------------------


def test_hver_aapning_av_saken_gir_en_rad_i_revisjonsloggen(scene: Scene, som: Som) -> None:
    sak = scene.send()
    rad = rad_for(send(som(scene.lege), sak, filer.bilde()))
    spesialist = som(scene.spesialist)

    def antall() -> int:
        return len(revisjon("henvendelse.vedlegg_aapnet", objekt=rad.id))

    spesialist.get(f"/henvendelser/{sak}")
    for _ in range(3):
        hent(spesialist, sak, rad.id)
    assert antall() == 1
    hent(som(scene.spesialist2), sak, rad.id)
    assert antall() == 2
    spesialist.get(f"/henvendelser/{sak}")
    assert antall() == 2
    for _ in range(2):
        hent(spesialist, sak, rad.id)
    assert antall() == 3
    (siste,) = [
        r for r in revisjon("henvendelse.vedlegg_aapnet") if r.person_id == scene.spesialist2.person_id
    ]
    assert siste.kjede == f"sak:{sak}" and siste.objekt_type == "vedlegg"


def test_en_endret_fil_vises_ikke(
    scene: Scene, som: Som, lager: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    rad = rad_for(send(klient, sak, filer.bilde()))
    (fil,) = filene(lager)
    data = fil.read_bytes()
    for gjoer in (lambda: fil.write_bytes(data[:-1] + b"X"), lambda: fil.unlink()):
        gjoer()
        svar = hent(klient, sak, rad.id)
        assert svar.status_code == 409 and svar.json["kode"] == "skadet"
    assert revisjon("henvendelse.vedlegg_aapnet") == []


# --- the folder ------------------------------------------------------------------------------------------


def test_ryddingen_tar_det_som_ikke_har_en_rad(scene: Scene, som: Som, lager: Path) -> None:
    rad = rad_for(send(som(scene.lege), scene.send(), filer.bilde()))
    foreldreloes = lager / "ab" / "cd" / ("abcd" + "0" * 36)
    foreldreloes.parent.mkdir(parents=True, exist_ok=True)
    foreldreloes.write_bytes(b"x")
    halv = lager / "mottak" / ("a" * 40)
    halv.write_bytes(b"x")
    fremmed = lager / "ab" / "cd" / "les meg.txt"
    fremmed.write_bytes(b"x")
    assert rydd_alt() == 1 and not halv.exists() and foreldreloes.exists()
    halv.write_bytes(b"x")
    os.utime(halv)
    assert vedlegg.rydd() == 0
    with om(hours=25):
        assert rydd_alt() == 2
    assert {f.name for f in filene(lager)} == {rad.lagret_som, "les meg.txt"}


@pytest.mark.parametrize("navn", ["../x", "a" * 39, "A" * 40, "/etc/passwd", ""])
def test_bare_egne_navn(navn: str) -> None:
    with pytest.raises(ValueError):
        vedleggslager.slett(navn)


@pytest.mark.parametrize(
    ("navn", "verdi", "sier"),
    [
        ("PORTAL_VEDLEGG", str(config.ROT / "static"), "static"),
        ("PORTAL_VEDLEGG", str(config.ROT / "static" / "x" / ".." / "vedlegg"), "static"),
        ("PORTAL_CLAMAV", "vert", "PORTAL_CLAMAV"),
        ("PORTAL_CLAMAV", "http://vert:1", "PORTAL_CLAMAV"),
    ],
)
def test_et_farlig_oppsett_avvises(
    navn: str, verdi: str, sier: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PORTAL_INSTANS", str(tmp_path))
    monkeypatch.setenv(navn, verdi)
    with pytest.raises(Oppsettsfeil, match=sier):
        les_innstillinger()


def test_standardmappa(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_INSTANS", str(tmp_path))
    lest: Innstillinger = les_innstillinger()
    assert lest.vedleggsmappe == tmp_path / "vedlegg" and lest.clamav == ""
