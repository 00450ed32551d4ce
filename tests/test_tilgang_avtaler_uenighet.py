"""Who may do what with reviews, disagreements and day rates: every use case, called without any door.

As `test_tilgang_avtaler.py`, for these three files of the room's service.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.avtaler.forloep import Partstatus, Side, Status
from portal.avtaler.models import Avtalepart
from portal.avtaler.service import gjennomgang, satser, uenighet
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from tests import rutene_avtaler_uenighet as r
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import les
from tests.bygg import lagre
from tests.matrise import PERSONER, Verden, les_tabell
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    en_verden,
    er_ingens,
    funksjoner,
)

#: The agreement is `hf`'s with `kommune`; the first is somebody without a role at `hf`, `innsyn` is at the RHF above.
#: «Invitert»: the kommune has not answered whether it will take part in what holds for the trust and its neighbour.
TABELL = les_tabell("""
                                                    i lksaocdu STKVCD 1234567 rnx
gjennomgang.hent_side                               0 ----+++- ----++ 0000000 -0-
gjennomgang.hent_side, invitert                     0 -------- ----++ 0000000 -0-
gjennomgang.foer                                    0 -----+-- ----+- 0000000 -0-
uenighet.hent_liste                                 0 ----+++- ----++ 0000000 -0-
uenighet.hent_liste, invitert                       0 -------- ----++ 0000000 -0-
uenighet.hent                                       0 ----+++- ----++ 0000000 -0-
uenighet.opprett                                    0 -----+-- ----+- 0000000 -0-
uenighet.opprett, invitert                          0 -------- ----+- 0000000 -0-
uenighet.foer                                       0 -----+-- ----+- 0000000 -0-
satser.foer                                         - -----+-- ----+- -----+- ---
satser.rett                                         - -----+-- ----+- -----+- ---
""")


def _invitert(v: Verden) -> r.Steder:
    avtale = lag_avtale(v.hf, status=Status.GJELDENDE)
    lagre(
        Avtalepart(
            id=uuid4(),
            avtale_id=avtale.id,
            organisasjon_id=v.kommune.id,
            side=Side.KOMMUNE,
            status=Partstatus.INVITERT,
            invitert=now(),
        )
    )
    return {"avtale_id": avtale.id}


def _gjennomgaa(v: Verden, a: Aktor, s: r.Steder) -> None:
    gjennomgang.foer(a, s["avtale_id"], dato=i_dag(), deltakere="Kari og Ola", referat="Videreføres.")


def _bli_uenig(v: Verden, a: Aktor, s: r.Steder) -> None:
    uenighet.opprett(a, s["avtale_id"], tittel="Frist for svar", tekst="Ett døgn eller to.")


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "gjennomgang.hent_side": (r.med_avtale, lambda v, a, s: gjennomgang.hent_side(a, s["avtale_id"])),
    "gjennomgang.hent_side, invitert": (_invitert, lambda v, a, s: gjennomgang.hent_side(a, s["avtale_id"])),
    "gjennomgang.foer": (r.med_avtale, _gjennomgaa),
    "uenighet.hent_liste": (r.med_avtale, lambda v, a, s: uenighet.hent_liste(a, s["avtale_id"])),
    "uenighet.hent_liste, invitert": (_invitert, lambda v, a, s: uenighet.hent_liste(a, s["avtale_id"])),
    "uenighet.hent": (r.med_uenighet, lambda v, a, s: uenighet.hent(a, **s)),
    "uenighet.opprett": (r.med_avtale, _bli_uenig),
    "uenighet.opprett, invitert": (_invitert, _bli_uenig),
    "uenighet.foer": (r.med_uenighet, lambda v, a, s: uenighet.foer(a, **s, fra="dialog", tekst="Møte.")),
    "satser.foer": (r.uten_satser, lambda v, a, s: satser.foer(a, 2025, 6_000, "Rundskriv")),
    "satser.rett": (
        r.med_sats,
        lambda v, a, s: satser.rett(a, 2025, 6_000, "Rundskriv", 60_000, "Rundskriv"),
    ),
}
#: What is read of what has been fetched (`test_det_som_er_hentet`), and the rates, which everybody reads.
EGNE = {"gjennomgang.hent", "gjennomgang.kan_foere", "uenighet.hent_alle", "satser.hent"}
FUNKSJONER = {
    n: b
    for n, b in funksjoner(["portal.avtaler.service"]).items()
    if n.startswith(("gjennomgang.", "uenighet.", "satser."))
}


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    yield from en_verden(_app)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva in TABELL}
    assert not i_tabellen & EGNE
    assert set(FUNKSJONER) == i_tabellen | EGNE
    assert set(GJOER) == set(TABELL)


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "koordinator_i_kommunen", "fremmed_koordinator", "lege", "innsyn"),
        lambda a, i: gjennomgang.hent_side(a, i),
        lambda a, i: _gjennomgaa(verden, a, {"avtale_id": i}),
        lambda a, i: uenighet.hent(a, i, i),
        lambda a, i: uenighet.foer(a, i, i, fra="dialog", tekst="Møte."),
        lambda a, i: _bli_uenig(verden, a, {"avtale_id": i}),
    )


def test_det_som_er_hentet(verden: Verden) -> None:
    """Beside an agreement that somebody sees, the minutes and the disagreements are shown to whom their pages open."""
    steder = r.med_uenighet(verden)
    avtale_id: UUID = steder["avtale_id"]
    _gjennomgaa(verden, verden.koordinator, steder)
    for person in PERSONER:
        a, avtale = verden.aktor(person), les(avtale_id)
        ser = TABELL["uenighet.hent_liste"][person] == "+"
        assert bool(uenighet.hent_alle(a, avtale)) == ser, person
        g = gjennomgang.hent(a, avtale)
        assert (bool(g.rader), g.innside) == (ser, ser), person
        assert g.kan_foere == (TABELL["gjennomgang.foer"][person] == "+"), person
        assert satser.hent(a).kan_foere == (TABELL["satser.foer"][person] == "+"), person
