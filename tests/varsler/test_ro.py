"""Choices and quiet hours: what wakes whom, and when it may, also on the two nights when the clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.core.clock import OSLO, now, oslo
from portal.varsler import valg
from portal.varsler.models import Kanal, Varselro, Varselvalg
from tests.bygg import Scene, lagre
from tests.vakthjelp import lag_kanal
from tests.varsler.test_kanaler import rader, varsle


def lokal(tekst: str, fold: int = 0) -> datetime:
    """A moment on the wall clock in Oslo, as UTC."""
    return datetime.fromisoformat(tekst).replace(tzinfo=OSLO, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("naa", "fra", "til", "ventet"),
    [
        # Over midnight, winter and summer.
        ("2026-01-15 21:59", "22:00", "07:00", "2026-01-15 21:59"),
        ("2026-01-15 22:00", "22:00", "07:00", "2026-01-16 07:00"),
        ("2026-01-16 00:00", "22:00", "07:00", "2026-01-16 07:00"),
        ("2026-01-16 06:59", "22:00", "07:00", "2026-01-16 07:00"),
        ("2026-01-16 07:00", "22:00", "07:00", "2026-01-16 07:00"),
        ("2026-07-15 23:30", "22:00", "07:00", "2026-07-16 07:00"),
        # Within a day.
        ("2026-01-15 12:30", "12:00", "13:00", "2026-01-15 13:00"),
        ("2026-01-15 13:00", "12:00", "13:00", "2026-01-15 13:00"),
        # New year.
        ("2026-12-31 23:00", "22:00", "07:00", "2027-01-01 07:00"),
        # None.
        ("2026-01-15 23:00", "", "", "2026-01-15 23:00"),
        ("2026-01-15 23:00", "22:00", "22:00", "2026-01-15 23:00"),
        # The 23-hour night to 29 March 2026, and the 25-hour night to 25 October 2026.
        ("2026-03-28 23:00", "22:00", "07:00", "2026-03-29 07:00"),
        ("2026-10-24 23:00", "22:00", "07:00", "2026-10-25 07:00"),
        ("2026-03-29 01:30", "22:00", "03:00", "2026-03-29 03:00"),
        # 02:30 is not there that night: the clocks show 03:00 when it is past.
        ("2026-03-29 01:30", "22:00", "02:30", "2026-03-29 03:00"),
        # 02:30 is there twice: the first of them ends it.
        ("2026-10-25 01:30", "22:00", "02:30", "2026-10-25 02:30"),
    ],
)
def test_hviletiden_slutter_paa_klokka_i_oslo(naa: str, fra: str, til: str, ventet: str) -> None:
    assert valg.etter_ro(lokal(naa), fra, til) == lokal(ventet)


def test_hviletiden_varer_saa_lenge_natten_gjoer() -> None:
    for naa, timer in (("2026-03-28 22:00", 8), ("2026-10-24 22:00", 10), ("2026-01-15 22:00", 9)):
        assert valg.etter_ro(lokal(naa), "22:00", "07:00") - lokal(naa) == timedelta(hours=timer)


def test_den_andre_gangen_klokka_er_halv_tre() -> None:
    andre = lokal("2026-10-25 02:10", fold=1)
    assert valg.etter_ro(andre, "22:00", "02:30") == lokal("2026-10-25 02:30", fold=1)
    assert valg.etter_ro(lokal("2026-10-25 02:10"), "22:00", "02:30") == lokal("2026-10-25 02:30")


KLOKKESLETT = st.times().map(lambda t: f"{t:%H:%M}")
#: Mostly around the nights when the clock is changed.
TIDSPUNKT = st.one_of(
    *(
        st.datetimes(datetime.fromisoformat(fra), datetime.fromisoformat(til))
        for fra, til in (
            ("2026-01-01", "2027-12-31"),
            ("2026-03-28T12:00", "2026-03-29T12:00"),
            ("2026-10-24T12:00", "2026-10-25T12:00"),
        )
    )
).map(lambda t: t.replace(tzinfo=UTC))


def _er_ro(naa: datetime, fra: str, til: str) -> bool:
    """The rule in its simplest form: what the wall clock shows."""
    klokke = f"{oslo(naa):%H:%M}"
    return fra <= klokke < til if fra < til else klokke >= fra or klokke < til


@given(TIDSPUNKT, KLOKKESLETT, KLOKKESLETT)
def test_ingen_vekkes_i_hviletiden_og_ingen_venter_for_lenge(naa: datetime, fra: str, til: str) -> None:
    etter = valg.etter_ro(naa, fra, til)
    if fra == til:
        assert etter == naa
        return
    assert not _er_ro(etter, fra, til)
    assert (etter == naa) is not _er_ro(naa, fra, til)
    assert timedelta(0) <= etter - naa <= timedelta(hours=25)
    if etter > naa:
        # Right before, it was still quiet, or the clock had just jumped past the end.
        assert _er_ro(etter - timedelta(minutes=1), fra, til)


# --- what leaves when ----------------------------------------------------------------------------------------


def _med_ro(scene: Scene, **felt: bool) -> None:
    assert scene.spesialist.person_id
    lagre(Varselro(person_id=scene.spesialist.person_id, fra="22:00", til="07:00", **felt))
    lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")


NATT, MORGEN = lokal("2026-01-15 23:00"), lokal("2026-01-16 07:00")


@pytest.mark.parametrize(
    ("hastegrad", "bryter", "ventet"),
    [("akutt", True, NATT), ("akutt", False, MORGEN), ("haster", True, MORGEN), (None, True, MORGEN)],
)
def test_akutt_bryter_hvis_det_er_valgt(
    scene: Scene, app: Flask, hastegrad: str | None, bryter: bool, ventet: datetime
) -> None:
    with time_machine.travel(NATT, tick=False):
        _med_ro(scene, akutt_bryter=bryter)
        varsle(scene.spesialist, hastegrad=hastegrad, bare={Kanal.EPOST, Kanal.SMS})
        # E-mail wakes nobody, and waits for nothing.
        assert {r.kanal: r.neste for r in rader()} == {"epost": NATT, "sms": ventet}
        assert all(r.foerst == r.neste and r.opprettet == now() for r in rader())


def test_vakttelefonen_hviler_ikke(scene: Scene) -> None:
    with time_machine.travel(NATT, tick=False):
        _med_ro(scene, akutt_bryter=False)
        telefoner = [(Kanal.SMS, "+4790000099"), (Kanal.SMS, "+4790000010")]
        varsle(scene.spesialist, telefoner=telefoner, bare={Kanal.SMS})
        # The person's own number is the telephone of the duty now: it rings, and an answer proves it all the same.
        assert {r.til: r.neste for r in rader()} == {"+4790000099": NATT, "+4790000010": NATT}
        assert {r.til: r.varselkanal_id is not None for r in rader()} == {
            "+4790000099": False,
            "+4790000010": True,
        }


# --- the choice ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hastegrad", "ventet"),
    [
        ("akutt", {"epost", "push", "sms", "tale"}),
        ("haster", {"epost", "push", "sms"}),
        (None, {"epost", "push"}),
    ],
)
def test_standarden_naar_ingenting_er_valgt(scene: Scene, hastegrad: str | None, ventet: set[str]) -> None:
    for n, kanal in enumerate((Kanal.PUSH, Kanal.SMS, Kanal.TALE)):
        lag_kanal(scene.spesialist, kanal, f"adresse{n}")
    varsle(scene.spesialist, hastegrad=hastegrad)
    assert {r.kanal for r in rader()} == ventet


def test_valget_gjelder_sin_hastegrad_og_bare_gaar_foran(scene: Scene) -> None:
    assert scene.spesialist.person_id
    lagre(
        Varselvalg(person_id=scene.spesialist.person_id, hastegrad="akutt", kanaler=["sms"]),
        Varselvalg(person_id=scene.spesialist.person_id, hastegrad="vanlig", kanaler=[]),
    )
    lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
    for hastegrad, bare, ventet in (
        ("akutt", None, ["sms"]),
        ("haster", None, ["epost", "sms"]),
        ("vanlig", None, []),
        (None, None, []),
        ("vanlig", {Kanal.EPOST}, ["epost"]),
        ("akutt", set(), []),
        ("akutt", {Kanal.TALE}, []),
    ):
        foer = {r.id for r in rader()}
        assert varsle(scene.spesialist, hastegrad=hastegrad, bare=bare) is not None
        assert [r.kanal for r in rader() if r.id not in foer] == ventet, (hastegrad, bare)
