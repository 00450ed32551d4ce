"""Who may do what with the timeline, with who is where now, and with the letters: rows of
`tests/test_tilgang_omdisponering.py`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.core.clock import i_dag
from portal.omdisponering.forloep import Status
from portal.omdisponering.service import brev, naa, tidslinje
from portal.omdisponering.tidslinjeregler import Vinduslengde, vindu
from tests.matrise import Verden, les_tabell
from tests.omdisponering.matrise import omdisponering, utlaan
from tests.tjenestematrise import Gjoer, Lag

#: Letters are for who works with reallocations on the two sides (and for the person, `test_oppdragsfiler.py`).
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
tidslinje.hent                              - ++++++-+ +++++- ++++++- ---
naa.hent                                    + ++++++++ ++++++ +++++++ +++
brev.hent_brev                              0 ----++0- ---++0 0000000 000
brev.hent_kalender                          0 ----++0- ---++0 0000000 000
""")


def _avtalt(v: Verden) -> tuple[UUID, UUID]:
    id_ = omdisponering(v, Status.GODKJENT_MOTTAKER)
    return id_, utlaan(v).les(id_).linjer[0].id


def _linja(v: Verden, a: Any, _i: Any) -> tidslinje.Tidslinje:
    return tidslinje.hent(a, vindu(Vinduslengde.FIRE_UKER, i_dag()), tidslinje.Filter())


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "tidslinje.hent": (_avtalt, _linja),
    "naa.hent": (_avtalt, lambda v, a, i: naa.hent(a)),
    "brev.hent_brev": (_avtalt, lambda v, a, i: brev.hent_brev(a, *i)),
    "brev.hent_kalender": (_avtalt, lambda v, a, i: brev.hent_kalender(a, *i)),
}
