"""The virus scanner: a small clamd of our own that speaks the real protocol, since the real one is not here."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from portal.core.aktor import Aktor
from portal.core.config import innstillinger, sett_innstillinger
from portal.henvendelser import virusskanner
from tests.bygg import Opptak, Scene, logg_over, revisjon, uten_spor
from tests.henvendelser import filer

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """INSTREAM as clamd(8) has it: the command, pieces with their lengths, a zero, one answer, hang up."""

    def __init__(self, maks: int = 25 * 2**20) -> None:
        self.maks = maks
        self.mottatt: list[bytes] = []
        self.svar: bytes | None = None
        self._lytter = socket.create_server(("127.0.0.1", 0))
        self.adresse = f"127.0.0.1:{self._lytter.getsockname()[1]}"
        threading.Thread(target=self._loekke, daemon=True).start()

    def _loekke(self) -> None:
        while True:
            try:
                forbindelse, _ = self._lytter.accept()
            except OSError:
                return
            with forbindelse, forbindelse.makefile("rb") as inn:
                forbindelse.sendall(self._behandle(inn))

    def _behandle(self, inn: io.BufferedReader) -> bytes:
        assert inn.read(10) == b"zINSTREAM\0"
        data = b""
        while lengde := int.from_bytes(inn.read(4), "big"):
            bit = inn.read(lengde)
            assert len(bit) == lengde
            data += bit
            if len(data) > self.maks:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.mottatt.append(data)
        if self.svar is not None:
            return self.svar
        return b"stream: Eicar-Signature FOUND\0" if EICAR in data else b"stream: OK\0"

    def steng(self) -> None:
        # Closing alone would leave the thread in its accept.
        with contextlib.suppress(OSError):
            self._lytter.shutdown(socket.SHUT_RDWR)
        self._lytter.close()


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    clamd = Clamd()
    yield clamd
    clamd.steng()


@pytest.fixture
def med_skanner(app: Flask, clamd: Clamd, tmp_path: Path) -> Iterator[Clamd]:
    sett_innstillinger(replace(innstillinger(), vedlegg=tmp_path / "vedlegg", clamav=clamd.adresse))
    yield clamd
    sett_innstillinger(app.config["INNSTILLINGER"])


def test_hele_fila_gaar_til_skanneren(clamd: Clamd) -> None:
    data = bytes(range(256)) * 2000
    assert virusskanner.skann(clamd.adresse, io.BytesIO(data)) is None
    assert virusskanner.skann(clamd.adresse, io.BytesIO(data + EICAR)) == "Eicar-Signature"
    assert virusskanner.skann(clamd.adresse, io.BytesIO(b"")) is None
    assert clamd.mottatt == [data, data + EICAR, b""]


def test_over_en_sokkel_i_filsystemet(tmp_path: Path) -> None:
    sti = tmp_path / "clamd.ctl"
    lytter = socket.socket(socket.AF_UNIX)
    lytter.bind(str(sti))
    lytter.listen()

    def svar() -> None:
        forbindelse, _ = lytter.accept()
        with forbindelse, forbindelse.makefile("rb") as inn:
            inn.read(10)
            while lengde := int.from_bytes(inn.read(4), "big"):
                inn.read(lengde)
            forbindelse.sendall(b"stream: OK\0")

    traad = threading.Thread(target=svar)
    traad.start()
    assert virusskanner.skann(f"unix:{sti}", io.BytesIO(b"x" * 100_000)) is None
    traad.join(10)
    lytter.close()


@pytest.mark.parametrize(
    "svar",
    [
        b"",
        b"\0",
        b"stream: noe ERROR\0",
        b"tull\0",
        b"stream: OK og mer\0",
        b"UNKNOWN COMMAND\0",
        b"x" * 9000,
    ],
)
def test_et_uklart_svar_er_ikke_et_ja(clamd: Clamd, svar: bytes) -> None:
    clamd.svar = svar
    with pytest.raises(virusskanner.Utilgjengelig):
        virusskanner.skann(clamd.adresse, io.BytesIO(b"x"))


def test_skannerens_egen_grense(clamd: Clamd) -> None:
    clamd.maks = 1000
    with pytest.raises(virusskanner.Utilgjengelig):
        virusskanner.skann(clamd.adresse, io.BytesIO(bytes(5 * 2**20)))


def test_ingen_skanner_der(clamd: Clamd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clamd.steng()
    for adresse in (clamd.adresse, f"unix:{tmp_path / 'ingen'}"):
        with pytest.raises(virusskanner.Utilgjengelig):
            virusskanner.skann(adresse, io.BytesIO(b"x"))
    # One that listens and says nothing is given up.
    monkeypatch.setattr(virusskanner, "_SVAR", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as taus:
        adresse = f"127.0.0.1:{taus.getsockname()[1]}"
        with pytest.raises(virusskanner.Utilgjengelig):
            virusskanner.skann(adresse, io.BytesIO(b"x"))


def _send(klient: FlaskClient, sak: object, data: bytes) -> object:
    return klient.post(
        f"/henvendelser/{sak}/vedlegg",
        data={"klient_id": str(uuid4()), "fil": (io.BytesIO(data), "bilde.jpg")},
        headers={"Accept": "application/json"},
    )


def test_et_vedlegg_med_virus_avvises_logges_og_sies(
    scene: Scene, som: Callable[[Aktor], FlaskClient], med_skanner: Clamd, opptak: Opptak
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    # Hidden behind a picture: what was sent is looked at, not what would have been left of it.
    smittet = filer.bilde() + EICAR
    with uten_spor(opptak, avslag=1):
        svar = _send(klient, sak, smittet)
    assert (
        svar.status_code == 422 and svar.json["kode"] == "virus" and "Viruskontrollen" in svar.json["melding"]
    )  # type: ignore[attr-defined]
    (innslag,) = revisjon("henvendelse.vedlegg")
    assert (innslag.utfall, innslag.objekt_id) == (
        "avslag",
        str(sak),
    ) and "Eicar-Signature" in innslag.detaljer
    assert med_skanner.mottatt == [smittet]
    assert [f for f in innstillinger().vedleggsmappe.rglob("*") if f.is_file()] == []
    ren = filer.bilde()
    assert _send(klient, sak, ren).status_code == 201  # type: ignore[attr-defined]
    assert med_skanner.mottatt[1:] == [ren] and logg_over(sak)[-1].type == "vedlegg"


def test_uten_svar_fra_skanneren_tas_ingenting_imot(
    scene: Scene, som: Callable[[Aktor], FlaskClient], med_skanner: Clamd, opptak: Opptak
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    med_skanner.steng()
    with uten_spor(opptak), capture_logs() as linjer:
        svar = _send(klient, sak, filer.bilde())
    assert svar.status_code == 409 and svar.json["kode"] == "skanner" and "Prøv igjen" in svar.json["melding"]  # type: ignore[attr-defined]
    assert "virusskanner_svarer_ikke" in [linje["event"] for linje in linjer]
    assert [f for f in innstillinger().vedleggsmappe.rglob("*") if f.is_file()] == []
