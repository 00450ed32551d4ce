"""The list of kommuner that a process keeps: a register that another process has changed is seen at the next look."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from portal.core.db import db
from portal.identitet import steps
from tests.identitet.test_register import Fil, org

pytestmark = pytest.mark.usefixtures("app")


def valg() -> dict[str, UUID]:
    """What is kept is what is read anew. Gives it: {the text: the kommune}."""
    db.session.rollback()
    gitt = steps.kommuner_for_valg()
    assert gitt == steps._les_kommuner()
    return {tekst: id_ for id_, tekst in gitt}


@pytest.fixture
def fil() -> Fil:
    fil = Fil()
    fil.bruk()
    return fil


def test_nytt_navn_nytt_nummer_og_nytt_fylke(fil: Fil) -> None:
    foer = valg()
    assert list(foer) == ["A", "B", "C"]
    fil.sett("A", kode="1051", kortnavn="Æ", navn="Æ kommune").bruk()
    assert valg() == {"B": foer["B"], "C": foer["C"], "Æ": foer["A"]}
    # Two of a name are told apart by their fylke, which gets another name.
    fil.sett("C", kortnavn="B").sett("fylke2", type="fylke", kode="20", navn="Vestfylket")
    fil.sett("C", kode="2003", overordnet="20").bruk()
    assert list(valg()) == ["B (Nordfylket)", "B (Vestfylket)", "Æ"]
    fil.sett("fylke2", navn="Ytrefylket").bruk()
    assert valg() == {"B (Nordfylket)": foer["B"], "B (Ytrefylket)": foer["C"], "Æ": foer["A"]}
    # Two that trade their names: as many rows as before, and each name is still there.
    fil.sett("A", kortnavn="C").sett("C", kortnavn="Æ").bruk()
    assert valg() == {"B": foer["B"], "C": foer["A"], "Æ": foer["C"]}
    # And back: what it was then is not what is shown now.
    fil.sett("A", kortnavn="Æ").sett("C", kortnavn="C").bruk()
    assert valg() == {"B": foer["B"], "C": foer["C"], "Æ": foer["A"]}


def test_sammenslaaing_og_deling(fil: Fil) -> None:
    foer = valg()
    fil.uten("A", "B").kommune("D", "1060", gyldig_fra="2024-01-01", erstatter="1001;1002").bruk()
    etter = valg()
    assert list(etter) == ["C", "D"] and etter["C"] == foer["C"] and etter["D"] == org("D").id
    fil.uten("D").kommune("E", "1061", gyldig_fra="2025-01-01", erstatter="1060", folketall="900")
    fil.kommune("F", "1062", gyldig_fra="2025-01-01", erstatter="1060", folketall="100").bruk()
    assert list(valg()) == ["C", "E", "F"]


def test_en_annen_database_har_sitt_eget(fil: Fil, app: Flask) -> None:
    """As many kommuner, changed as often: a copy that was put back has the same ids, another register has others."""
    from tests.bygg import toem

    foer = valg()
    toem(db.engine)
    db.session.rollback()
    Fil().bruk()
    etter = valg()
    assert list(etter) == list(foer) and etter != foer
