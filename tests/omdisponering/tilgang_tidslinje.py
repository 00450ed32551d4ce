"""Who may do what with the timeline, with who is where now, and with the letters: rows of
`tests/test_tilgang_omdisponering.py`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.core.clock import i_dag
from portal.omdisponering.forloep import Status
from portal.omdisponering.service import brev, naa, tidslinje, tidslinje_omraade
from portal.omdisponering.tidslinjeregler import Vinduslengde, vindu
from tests.matrise import Verden, les_tabell
from tests.omdisponering.matrise import omdisponering, utlaan
from tests.tjenestematrise import Gjoer, Lag

#: An area is for who works with reallocations there: of `hf`, `kommune`, `annen_kommune`; others have none to choose.
#: Letters are for who works with reallocations on the two sides (and for the person, `test_oppdragsfiler.py`).
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
tidslinje.hent                              - ++++++-+ +++++- ++++++- ---
tidslinje_omraade.hent                      - ----++-- ---++- -+--00- ---
tidslinje_omraade.hent_valg                 + ++++++++ ++++++ +++++++ +++
naa.hent                                    + ++++++++ ++++++ +++++++ +++
brev.hent_brev                              0 ----++0- ---++0 0000000 000
brev.hent_kalender                          0 ----++0- ---++0 0000000 000
""")


def _avtalt(v: Verden) -> tuple[UUID, UUID]:
    id_ = omdisponering(v, Status.GODKJENT_MOTTAKER)
    return id_, utlaan(v).les(id_).linjer[0].id


def _linja(v: Verden, a: Any, _i: Any) -> tidslinje.Tidslinje:
    return tidslinje.hent(a, vindu(Vinduslengde.FIRE_UKER, i_dag()), tidslinje.Filter())


def _omraadet(v: Verden, a: Any, _i: Any) -> tidslinje_omraade.Omraadelinje:
    v_ = vindu(Vinduslengde.FIRE_UKER, i_dag())
    return tidslinje_omraade.hent(a, v.hf.id, v_, tidslinje_omraade.Filter())


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "tidslinje.hent": (_avtalt, _linja),
    "tidslinje_omraade.hent": (_avtalt, _omraadet),
    "tidslinje_omraade.hent_valg": (_avtalt, lambda v, a, i: tidslinje_omraade.hent_valg(a)),
    "naa.hent": (_avtalt, lambda v, a, i: naa.hent(a)),
    "brev.hent_brev": (_avtalt, lambda v, a, i: brev.hent_brev(a, *i)),
    "brev.hent_kalender": (_avtalt, lambda v, a, i: brev.hent_kalender(a, *i)),
}
