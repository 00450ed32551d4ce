"""Who may do what with notices and with what was sent in: every use case, called without any door.

As `test_tilgang_avtaler.py`, for these three files of the room's service.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.avtaler.service import innsending, livslesing, oppsigelse
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from tests import rutene_avtaler_livet as r
from tests.avtaler.motorhjelp import les
from tests.matrise import PERSONER, Verden, les_tabell
from tests.rutene_avtaler_uenighet import med_avtale
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    en_verden,
    er_ingens,
    funksjoner,
)

#: The agreement is `hf`'s with `kommune`, and the notice that is there the kommune's; the first is somebody without a
#: role at `hf`, `innsyn` is at the RHF above.
TABELL = les_tabell("""
                                                    i lksaocdu STKVCD 1234567 rnx
oppsigelse.forhaandsvis                             0 -----+-- ----+- 0000000 -0-
oppsigelse.gi                                       0 -----+-- ----+- 0000000 -0-
oppsigelse.gi, for annen gang                       0 -----9-- ----+- 0000000 -0-
oppsigelse.trekk                                    0 -----+-- ------ 0000000 -0-
innsending.foer_avtale                              0 -------- ------ 0000000 -0-
innsending.foer_oppsigelse                          0 -------- ------ 0000000 -0-
livslesing.hent_livet                               0 ++++++++ ++++++ 0000000 +0+
""")


def _si_opp(v: Verden, a: Aktor, s: r.Steder) -> None:
    oppsigelse.gi(a, s["avtale_id"], begrunnelse="Ny modell.")


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "oppsigelse.forhaandsvis": (med_avtale, lambda v, a, s: oppsigelse.forhaandsvis(a, s["avtale_id"])),
    "oppsigelse.gi": (med_avtale, _si_opp),
    "oppsigelse.gi, for annen gang": (r.med_oppsigelse, _si_opp),
    "oppsigelse.trekk": (r.med_oppsigelse, lambda v, a, s: oppsigelse.trekk(a, s["oppsigelse_id"])),
    "innsending.foer_avtale": (
        med_avtale,
        lambda v, a, s: innsending.foer_avtale(a, s["avtale_id"], 1, i_dag(), "26/1043-2"),
    ),
    "innsending.foer_oppsigelse": (
        r.med_oppsigelse,
        lambda v, a, s: innsending.foer_oppsigelse(a, s["oppsigelse_id"], i_dag(), "26/1043-2"),
    ),
    "livslesing.hent_livet": (med_avtale, lambda v, a, s: livslesing.hent_livet(a, s["avtale_id"])),
}
#: What is read of what has been fetched (`test_det_som_er_hentet`).
EGNE = {"oppsigelse.kan_gis"}
FUNKSJONER = {
    n: b
    for n, b in funksjoner(["portal.avtaler.service"]).items()
    if n.startswith(("oppsigelse.", "innsending.", "livslesing."))
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
        lambda a, i: livslesing.hent_livet(a, i),
        lambda a, i: _si_opp(verden, a, {"avtale_id": i}),
        lambda a, i: oppsigelse.forhaandsvis(a, i),
        lambda a, i: oppsigelse.trekk(a, i),
        lambda a, i: innsending.foer_avtale(a, i, 1, i_dag(), "26/1"),
        lambda a, i: innsending.foer_oppsigelse(a, i, i_dag(), "26/1"),
    )


def test_det_som_er_hentet(verden: Verden) -> None:
    """The page offers each what the use cases let them do, and tells why notice was given to whom it concerns."""
    steder = r.med_oppsigelse(verden)
    for person in PERSONER:
        a = verden.aktor(person)
        les(steder["avtale_id"])
        if TABELL["livslesing.hent_livet"][person] != "+":
            continue
        s = livslesing.hent_livet(a, steder["avtale_id"])
        assert s.kan_si_opp == (TABELL["oppsigelse.gi, for annen gang"][person] == "+"), person
        (rad,) = s.oppsigelser
        assert rad.kan_trekke == (TABELL["oppsigelse.trekk"][person] == "+"), person
        assert rad.melding is not None
        assert rad.melding.kan_foere == (TABELL["innsending.foer_oppsigelse"][person] == "+"), person
        inne = a.rolle in ("koordinator", "administrator", "kommuneoverlege")
        assert s.ser_grunn == (inne or a.organisasjon_type in ("rhf", "myndighet")), person
