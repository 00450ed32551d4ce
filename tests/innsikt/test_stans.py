"""The red strip: on every page of a clinician while nothing is told to anybody, and on no other; told by the tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.core import puls, realtime
from portal.core.aktor import Aktor
from portal.core.arbeider import Spor, pulsnavn
from portal.core.db import db
from portal.core.realtime import Tilkobling
from portal.innsikt import service, sockets
from tests.bygg import Scene

ONSDAG = datetime.fromisoformat("2026-10-14T09:00:00+00:00")
Som = Callable[[Aktor], FlaskClient]


@pytest.fixture(autouse=True)
def klokke(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    monkeypatch.setattr(service, "_stans", None)
    monkeypatch.setattr(sockets, "_igjen", 0)
    with time_machine.travel(ONSDAG, tick=False) as reisende:
        yield reisende


def slaa() -> None:
    for s in Spor:
        puls.slaa(pulsnavn(s))


def stripe(html: str) -> str:
    """The strip as it stands; \"\" where it is hidden or not there."""
    _foer, _skille, rest = html.partition('<aside class="stansstripe"')
    aapning, _slutt, innhold = rest.partition(">")
    if not rest or aapning.endswith(" hidden"):
        return ""
    return innhold.partition("</aside>")[0]


def test_stripa_staar_mens_arbeideren_er_doed(scene: Scene, som: Som, klokke: time_machine.Traveller) -> None:
    slaa()
    klokke.shift(30)
    assert stripe(som(scene.lege).get("/henvendelser/").text) == "", "before a tick nothing is known"
    service.oppdater_stans()
    for aktor in (scene.lege, scene.spesialist, scene.sykepleier, scene.vaktleder):
        tekst = stripe(som(aktor).get("/organisasjoner").text)
        assert "Varslingen står stille siden 11:00." in tekst and "Ring" in tekst, aktor.rolle
    for aktor in (scene.koordinator, scene.administrator, scene.innsyn):
        assert stripe(som(aktor).get("/organisasjoner").text) == "", aktor.rolle
    klokke.shift(timedelta(days=1))
    service.oppdater_stans()
    assert "siden 14.10. 11:00." in stripe(som(scene.lege).get("/organisasjoner").text)
    slaa()
    service.oppdater_stans()
    assert stripe(som(scene.lege).get("/organisasjoner").text) == ""


def test_en_side_spoer_ikke_databasen_om_det(monkeypatch: pytest.MonkeyPatch) -> None:
    service.oppdater_stans()

    def nei(*_: object) -> None:
        raise AssertionError

    sa.event.listen(db.engine, "before_cursor_execute", nei)
    try:
        assert service.varslingsstans() is not None
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", nei)


def test_tikket_forteller_klinikerne(
    scene: Scene, klokke: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sendt: list[tuple[str, bool, str]] = []

    def ta(hendelse: str, data: dict[str, Any], sid: str) -> None:
        assert hendelse == "drift"
        sendt.append((sid, data["staar"], data["naar"]))

    monkeypatch.setattr(realtime, "til_sokkel", ta)
    alle = [
        Tilkobling(sid=n, aktor=getattr(scene, n), spraak="nb", laast=False, kvote=1, kvote_tid=0)
        for n in ("lege", "koordinator")
    ]
    slaa()
    sockets.fortell(alle)
    assert sendt == [], "while all is well nothing is sent"
    klokke.shift(30)
    sockets.fortell(alle)
    assert sendt == [("lege", True, "11:00")]
    slaa()
    for _ in range(10):
        sockets.fortell(alle)
    assert sendt[1:] == [("lege", False, "")] * (sockets.GANGER - 1)
