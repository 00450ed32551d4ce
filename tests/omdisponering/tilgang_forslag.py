"""Who may do what with the proposals: rows of `tests/test_tilgang_omdisponering.py`."""

from __future__ import annotations

from uuid import UUID

from portal.omdisponering.service import forslag
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_behov, lag_ressurs, lag_tilbud
from tests.omdisponering.matrise import utlaan
from tests.tjenestematrise import Gjoer, Lag

#: A draft is checked where it is written (`utkast.opprett`): an offer to nobody in particular is seen by all of them.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
forslag.for_alle                            - ----++-- ---++- -+--++- ---
forslag.for_behov                           0 0000++00 000++0 0+00++0 000
forslag.linjer                              0 0000++00 000++0 0+00++0 000
""")


def _behov_og_tilbud(v: Verden) -> tuple[UUID, UUID]:
    behov = lag_behov(v.kommune, utlaan(v).oehd)
    return behov.id, lag_tilbud(lag_ressurs(v.hf, utlaan(v).post), behov).id


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "forslag.for_alle": (_behov_og_tilbud, lambda v, a, i: forslag.for_alle(a)),
    "forslag.for_behov": (_behov_og_tilbud, lambda v, a, i: forslag.for_behov(a, i[0])),
    "forslag.linjer": (_behov_og_tilbud, lambda v, a, i: forslag.linjer(a, i[0], [i[1]])),
}

#: Reads what the actor may see of needs and offers: nothing, for who may see none.
EGNE = {"forslagsgrunnlag.les"}
