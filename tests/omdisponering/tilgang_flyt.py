"""Who may read and change a reallocation: rows of `tests/test_tilgang_omdisponering.py`."""

from __future__ import annotations

from portal.omdisponering.forloep import Status
from portal.omdisponering.service import flyt, lesing
from tests.matrise import les_tabell
from tests.omdisponering.matrise import hash_av, omdisponering
from tests.tjenestematrise import Gjoer, Lag

#: Clinicians of both sides see what is agreed on, and change nothing.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
lesing.hent, et utkast                      0 00000000 000++0 0000000 000
lesing.hent, et forslag                     0 0000++00 000++0 0000000 000
lesing.hent, det avtalte                    0 ++++++0+ +++++0 0000000 000
lesing.hent_endring                         0 0000++00 000++0 0000000 000
flyt.foreslaa_og_godkjenn                   0 00000000 000++0 0000000 000
""")


def _i(status: Status) -> Lag:
    return lambda v: omdisponering(v, status)


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "lesing.hent, et utkast": (_i(Status.UTKAST), lambda v, a, i: lesing.hent(a, i)),
    "lesing.hent, et forslag": (_i(Status.FORESLAATT), lambda v, a, i: lesing.hent(a, i)),
    "lesing.hent, det avtalte": (_i(Status.GODKJENT_MOTTAKER), lambda v, a, i: lesing.hent(a, i)),
    "lesing.hent_endring": (_i(Status.FORESLAATT), lambda v, a, i: lesing.hent_endring(a, i)),
    "flyt.foreslaa_og_godkjenn": (
        _i(Status.UTKAST),
        lambda v, a, i: flyt.foreslaa_og_godkjenn(a, i, lest=hash_av(i)),
    ),
}
