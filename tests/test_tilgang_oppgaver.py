"""Who may do what with tasks: every use case, called without any door. As `test_tilgang_vakt.py` for the rosters."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask

from portal.oppgaver import service
from tests import rutene_oppgaver as r
from tests.avtalehjelp import lag_oppgave
from tests.matrise import PERSONER, Verden, les_tabell
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    en_verden,
    er_ingens,
    funksjoner,
)

#: The task is `hf`'s. The first is somebody without a role there. 9 is the right person, when nobody has it.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
hent_oppgaver                               - ----+++- ---+++ -+--+++ ---
hent_om                                     + ++++++++ ++++++ +++++++ +++
hent_oppgave                                0 00000000 000+++ 0000000 000
ta                                          0 00000000 000-+- 0000000 000
gi_fra_seg, administratorens                0 00000000 000-++ 0000000 000
gi_fra_seg, ledig                           0 00000000 000-9- 0000000 000
gjoer, administratorens                     0 00000000 000-++ 0000000 000
gjoer, ledig                                0 00000000 000-+- 0000000 000
gjenaapne                                   0 00000000 000-+- 0000000 000
""")
#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "hent_oppgaver": (r.ledig, lambda v, a, i: service.hent_oppgaver(a)),
    # Nobody is refused: who has no part in them gets none (`test_det_om_en_ting_er_den_egne_organisasjonens`).
    "hent_om": (r.ledig, lambda v, a, i: service.hent_om(a, "avtale:1")),
    "hent_oppgave": (r.ledig, lambda v, a, i: service.hent_oppgave(a, i)),
    "ta": (r.ledig, lambda v, a, i: service.ta(a, i)),
    "gi_fra_seg, administratorens": (r.administratorens, lambda v, a, i: service.gi_fra_seg(a, i)),
    "gi_fra_seg, ledig": (r.ledig, lambda v, a, i: service.gi_fra_seg(a, i)),
    "gjoer, administratorens": (r.administratorens, lambda v, a, i: service.gjoer(a, i, "Sak 26/114.")),
    "gjoer, ledig": (r.ledig, lambda v, a, i: service.gjoer(a, i, "Sak 26/114.")),
    "gjenaapne": (r.gjort, lambda v, a, i: service.gjenaapne(a, i)),
}
FUNKSJONER = {
    navn.removeprefix("service."): skriver
    for navn, skriver in funksjoner(["portal.oppgaver"]).items()
    if navn.startswith("service.")
}


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    yield from en_verden(_app)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva, rad in TABELL.items() if "+" in rad.values()}
    assert set(FUNKSJONER) == i_tabellen
    assert set(GJOER) == set(TABELL)


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "administrator", "fremmed_koordinator", "lege"),
        service.hent_oppgave,
        service.ta,
        service.gi_fra_seg,
        service.gjoer,
        service.gjenaapne,
    )


def test_lista_er_den_egne_organisasjonens(verden: Verden) -> None:
    v = verden
    egen, kommunens = r.ledig(v), lag_oppgave(v.kommune).id
    for person in PERSONER:
        if TABELL["hent_oppgaver"][person] != "+":
            continue
        a = v.aktor(person)
        sett = {rad.oppgave.id for side in (1, 2) for rad in service.hent_oppgaver(a, side=side).rader}
        ventet = {v.hf.id: {egen}, v.kommune.id: {kommunens}}.get(a.organisasjon_id or uuid4(), set())
        assert sett & {egen, kommunens} == ventet, person


def test_det_om_en_ting_er_den_egne_organisasjonens(verden: Verden) -> None:
    v = verden
    egen, kommunens = (lag_oppgave(o, gjelder="avtale:1").id for o in (v.hf, v.kommune))
    lag_oppgave(v.hf, gjelder="avtale:2")
    for person in PERSONER:
        a = v.aktor(person)
        ventet = {v.hf.id: [egen], v.kommune.id: [kommunens]}.get(a.organisasjon_id or uuid4(), [])
        if TABELL["hent_oppgaver"][person] != "+":
            ventet = []
        assert [rad.oppgave.id for rad in service.hent_om(a, "avtale:1")] == ventet, person
