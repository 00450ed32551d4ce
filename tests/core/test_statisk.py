"""The addresses of the built front end: a rebuild is seen at once, also by a server that runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs

from portal.core.web import statisk


def test_en_ny_bygging_sees_med_en_gang(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_static_folder", str(tmp_path))
    fil = tmp_path / "dist" / "manifest.json"
    fil.parent.mkdir()
    with app.test_request_context(), capture_logs() as linjer:
        assert statisk("portal.css") == "/static/dist/portal.css"
        assert [linje["event"] for linje in linjer] == ["front_end_not_built"]
        fil.write_text('{"portal.css": "portal-A.css"}')
        # Two builds in the same second, a nanosecond apart.
        os.utime(fil, ns=(10**18, 10**18))
        assert statisk("portal.css") == "/static/dist/portal-A.css"
        fil.write_text('{"portal.css": "portal-B.css"}')
        os.utime(fil, ns=(10**18, 10**18 + 1))
        assert statisk("portal.css") == "/static/dist/portal-B.css"
        assert statisk("ikoner.svg") == "/static/dist/ikoner.svg"
