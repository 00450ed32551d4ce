"""How the routes of what follows from an agreement are asked; see `tests/rutene_avtaler.py`.

Every agreement is `hf`'s with `kommune`, and in force.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from portal.avtaler.service import oppsigelse
from portal.core.clock import i_dag
from tests.matrise import Verden, les_tabell
from tests.rutene_avtaler_uenighet import AVTALE, Steder, med_avtale

OPPSIGELSE = f"{AVTALE}/oppsigelse/<uuid:oppsigelse_id>"

#: The notice that is taken back is the kommune's.
RUTER = les_tabell("""
                                                                            i lksaocdu STKVCD 1234567 rnx
GET /avtaler/<uuid:avtale_id>/livet                                         ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/oppsigelse                                    ! -----+-- ----+- 0000000 -0-
POST /avtaler/<uuid:avtale_id>/oppsigelse                                   ! -----+-- ----+- 0000000 -0-
POST /avtaler/<uuid:avtale_id>/oppsigelse/<uuid:oppsigelse_id>/trekk        ! -----+-- ------ 0000000 -0-
POST /avtaler/<uuid:avtale_id>/innsending                                   ! -------- ------ 0000000 -0-
""")


def med_oppsigelse(v: Verden) -> Steder:
    """The kommune has given notice for its own part."""
    avtale_id: UUID = med_avtale(v)["avtale_id"]
    id_ = oppsigelse.gi(v.koordinator_i_kommunen, avtale_id, begrunnelse="Ny modell.")
    return {"avtale_id": avtale_id, "oppsigelse_id": id_}


FOERST: dict[str, Callable[[Verden], Steder]] = {
    **{f"{AVTALE}/{sti}": med_avtale for sti in ("livet", "oppsigelse", "innsending")},
    f"{OPPSIGELSE}/trekk": med_oppsigelse,
}

INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    f"{AVTALE}/oppsigelse": lambda v, p, s: {"begrunnelse": "Ny modell.", "bekreft": "1"},
    f"{AVTALE}/innsending": lambda v, p, s: {"nummer": "1", "dato": f"{i_dag()}", "referanse": "26/1043-2"},
}
