"""Who may do what with reallocations: every use case, called without any door.

As `test_tilgang_plasser.py` does for the beds. Each part of the room tells of its own use cases in
`tests/omdisponering/tilgang_<part>.py`: TABELL, GJOER, and in EGNE what no role decides. The lender is `hf`, the
receiver `kommune` (`tests/omdisponering/matrise.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask

from portal.core.aktor import Aktor
from portal.omdisponering.forloep import Status
from portal.omdisponering.service import flyt, utkast
from tests.bygg import om
from tests.matrise import PERSONER, Verden, les_tabell
from tests.omdisponering.matrise import deler, egne_linjer, hash_av, omdisponering, samlet, utlaan
from tests.tjenestematrise import Gjoer, Lag, alle_proever, en_verden, er_ingens, funksjoner

#: Whoever could help may write a draft for a need. A draft is seen by the side that writes it, a proposal by both; the
#: clinicians of both see what is agreed on. Who answers at the wrong time, or for the wrong side, is told so.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
utkast.opprett                              0 0000++00 000++0 0+00++0 000
utkast.endre, et utkast                     0 00000000 000++0 0000000 000
utkast.endre, et forslag                    0 0000++00 000++0 0000000 000
flyt.foreslaa                               0 00000000 000++0 0000000 000
flyt.godkjenn, som avgiver                  0 00009900 000++0 0000000 000
flyt.godkjenn, som mottaker                 0 0000++00 000990 0000000 000
flyt.avslaa                                 0 0000++00 000990 0000000 000
flyt.trekk                                  0 00009900 000++0 0000000 000
flyt.iverksett                              0 ----++0- ---++0 0000000 000
flyt.avslutt                                0 ----++0- ---++0 0000000 000
""")


def _i(status: Status) -> Lag:
    return lambda v: omdisponering(v, status)


def _endre(v: Verden, aktor: Aktor, id_: UUID) -> None:
    utkast.endre(aktor, id_, lest=hash_av(id_), merknad=f"Oppmøte for {aktor.navn}.")


def _foreslaa(v: Verden, aktor: Aktor, id_: UUID) -> None:
    flyt.foreslaa(aktor, id_, lest=hash_av(id_))


def _godkjenn(v: Verden, aktor: Aktor, id_: UUID) -> None:
    flyt.godkjenn(aktor, id_, lest=hash_av(id_))


def _iverksett(v: Verden, aktor: Aktor, id_: UUID) -> None:
    with om(days=1, minutes=1):
        flyt.iverksett(aktor, id_)


def _avslutt(v: Verden, aktor: Aktor, id_: UUID) -> None:
    with om(days=2):
        flyt.avslutt(aktor, id_, grunn="Toppen er over.")


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "utkast.opprett": (
        lambda v: {a: egne_linjer(v, v.aktor(a)) for a in PERSONER if TABELL["utkast.opprett"][a] == "+"},
        lambda v, a, i: utkast.opprett(a, utlaan(v).behov.id, next((i[p] for p in i if v.aktor(p) == a), [])),
    ),
    "utkast.endre, et utkast": (_i(Status.UTKAST), _endre),
    "utkast.endre, et forslag": (_i(Status.FORESLAATT), _endre),
    "flyt.foreslaa": (_i(Status.UTKAST), _foreslaa),
    "flyt.godkjenn, som avgiver": (_i(Status.FORESLAATT), _godkjenn),
    "flyt.godkjenn, som mottaker": (_i(Status.GODKJENT_AVGIVER), _godkjenn),
    "flyt.avslaa": (_i(Status.FORESLAATT), lambda v, a, i: flyt.avslaa(a, i, grunn="Vi har fått andre.")),
    "flyt.trekk": (_i(Status.FORESLAATT), lambda v, a, i: flyt.trekk(a, i, grunn="Ikke nødvendig lenger.")),
    "flyt.iverksett": (_i(Status.GODKJENT_MOTTAKER), _iverksett),
    "flyt.avslutt": (_i(Status.IVERKSATT), _avslutt),
}

_DELER = deler("tilgang_")
TABELL |= samlet(_DELER, "TABELL")
GJOER |= samlet(_DELER, "GJOER")
#: Asked of what the caller has fetched.
EGNE: set[str] = {"flyt.krev_kant"}.union(*(getattr(del_, "EGNE", set()) for del_ in _DELER))
FUNKSJONER = funksjoner(["portal.omdisponering.service"])


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    yield from en_verden(_app)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva in TABELL}
    assert not i_tabellen & EGNE
    assert set(FUNKSJONER) == i_tabellen | EGNE
    assert set(GJOER) == set(TABELL)
    assert all("+" in rad.values() for rad in TABELL.values())


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "vaktleder", "koordinator_i_kommunen", "lege", "fremmed_koordinator"),
        lambda a, i: utkast.opprett(a, i, []),
        lambda a, i: utkast.endre(a, i, lest=""),
        lambda a, i: flyt.foreslaa(a, i),
        lambda a, i: flyt.foreslaa_og_godkjenn(a, i, lest=""),
        lambda a, i: flyt.godkjenn(a, i, lest=""),
        lambda a, i: flyt.avslaa(a, i, grunn="Nei."),
        lambda a, i: flyt.trekk(a, i),
        lambda a, i: flyt.iverksett(a, i),
        lambda a, i: flyt.avslutt(a, i),
    )


def test_alle_er_med() -> None:
    """Whoever is added to `PERSONER` is asked here too."""
    assert all(set(rad) == set(PERSONER) for rad in TABELL.values())
