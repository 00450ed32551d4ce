"""The embedded server holds no answer back."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest
from gevent.pywsgi import WSGIHandler

from portal.core.innebygd import Straks


def test_et_svar_venter_ikke_paa_kvittering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it each page on a kept connection came 40 ms late."""
    satt: list[int] = []
    monkeypatch.setattr(
        WSGIHandler,
        "handle",
        lambda h: satt.append(h.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)),
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as lytter,
        socket.create_connection(lytter.getsockname()) as nettleser,
    ):
        forbindelse, adresse = lytter.accept()
        with forbindelse:
            Straks(forbindelse, adresse, SimpleNamespace()).handle()
        assert nettleser.fileno() > 0
    assert satt and satt[0] != 0
