"""Who may follow up, delegate, keep the reserve and register decisions: rows of `test_tilgang_omdisponering.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.omdisponering.forloep import Alvor, Stilling
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.service import delegering, oppfoelging, reserve, vedtak
from portal.omdisponering.service.oppfoelging import Foering
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_vedtak
from tests.omdisponering.ruter_oppfoelging import (
    delegeringsfelt,
    egne,
    en_delegering,
    en_reserve,
    et_avvik,
    i_gang,
    over,
)
from tests.tjenestematrise import Gjoer, Lag

TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
oppfoelging.hent                            0 ----++0- ---++0 0000000 000
oppfoelging.foer_timer                      0 ----++0- -----0 0000000 000
oppfoelging.hent_timeliste                  0 ----++0- ---++0 0000000 000
oppfoelging.meld_avvik                      0 ----++0- ---++0 0000000 000
oppfoelging.lukk_avvik                      0 ----++0- ---++0 0000000 000
oppfoelging.evaluer                         0 ----++0- ---++0 0000000 000
delegering.hent_liste                       - ++++++-+ +++++- ++++++- ---
delegering.hent                             0 ++++++0+ 000000 0000000 000
delegering.hent_kandidater                  - ----++-- ---++- -+--++- ---
delegering.deleger                          - ----++-- ---++- -+--++- ---
delegering.trekk                            0 ----++0- 000000 0000000 000
reserve.hent_liste                          - ----++-- ----+- -+---+- ---
reserve.hent                                - 00000000 ----+- 0000000 00-
reserve.hent_steder                         - ----++-- ----+- -+---+- ---
reserve.registrer                           - ----++-- ----+- -+---+- ---
reserve.endre                               - 00000000 ----+- 0000000 00-
reserve.send_lenke                          - 00000000 ----+- 0000000 00-
reserve.slett                               - 00000000 ----+- 0000000 00-
vedtak.krev                                 - ----++-- ----+- -+---+- ---
vedtak.hent_liste                           - ----++-- ----+- -+---+- ---
vedtak.registrer                            - ----++-- ----+- -+---+- ---
vedtak.opphev                               - 00000000 ----+- 0000000 00-
""")


def _foer(v: Verden, a: Aktor, id_: UUID) -> Any:
    db.session.rollback()
    linje = db.session.get_one(Omdisponering, id_).linjer[0].id
    return oppfoelging.foer_timer(a, id_, [Foering(linje, i_dag(), 60)])


def _meld(v: Verden, a: Aktor, id_: UUID) -> Any:
    return oppfoelging.meld_avvik(a, id_, hendt=now(), alvor=Alvor.LITEN, tekst="Nøkkelkortet virket ikke.")


def _deleger(v: Verden, a: Aktor, personer: dict[UUID, UUID]) -> Any:
    person_id = personer.get(a.organisasjon_id or uuid4(), UUID(int=4))
    return delegering.deleger(a, ressursperson_id=person_id, **delegeringsfelt())


def _reserve() -> dict[str, Any]:
    return {"navn": "Ola Ny", "stilling": Stilling.LEGE, "epost": f"{uuid4().hex[:12]}@eksempel.no"}


def _vedtak(v: Verden, a: Aktor, i: None) -> Any:
    return vedtak.registrer(
        a,
        hjemmel="helseberedskapsloven § 4-1",
        besluttet_av="Departementet",
        vedtatt=i_dag(),
        referanse="26/77",
        omfang="Leger.",
        fra=i_dag(),
        til=i_dag() + timedelta(days=9),
    )


def _ingen(v: Verden) -> None:
    """Nothing is made first."""


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "oppfoelging.hent": (i_gang, lambda v, a, i: oppfoelging.hent(a, i)),
    "oppfoelging.foer_timer": (i_gang, _foer),
    "oppfoelging.hent_timeliste": (i_gang, lambda v, a, i: oppfoelging.hent_timeliste(a, i)),
    "oppfoelging.meld_avvik": (i_gang, _meld),
    "oppfoelging.lukk_avvik": (et_avvik, lambda v, a, i: oppfoelging.lukk_avvik(a, *i, tiltak="Nytt kort.")),
    "oppfoelging.evaluer": (over, lambda v, a, i: oppfoelging.evaluer(a, i, nytte=5, avklart=4, igjen=3)),
    "delegering.hent_liste": (en_delegering, lambda v, a, i: delegering.hent_liste(a)),
    "delegering.hent": (en_delegering, lambda v, a, i: delegering.hent(a, i)),
    "delegering.hent_kandidater": (_ingen, lambda v, a, i: delegering.hent_kandidater(a)),
    "delegering.deleger": (egne, _deleger),
    "delegering.trekk": (en_delegering, lambda v, a, i: delegering.trekk(a, i, grunn="Vi gjør det selv.")),
    "reserve.hent_liste": (_ingen, lambda v, a, i: reserve.hent_liste(a)),
    "reserve.hent": (en_reserve, lambda v, a, i: reserve.hent(a, i)),
    "reserve.hent_steder": (_ingen, lambda v, a, i: reserve.hent_steder(a)),
    "reserve.registrer": (_ingen, lambda v, a, i: reserve.registrer(a, **_reserve())),
    "reserve.endre": (en_reserve, lambda v, a, i: reserve.endre(a, i, **_reserve())),
    "reserve.send_lenke": (en_reserve, lambda v, a, i: reserve.send_lenke(a, i)),
    "reserve.slett": (en_reserve, lambda v, a, i: reserve.slett(a, i)),
    "vedtak.krev": (_ingen, lambda v, a, i: vedtak.krev(a)),
    "vedtak.hent_liste": (_ingen, lambda v, a, i: vedtak.hent_liste(a)),
    "vedtak.registrer": (_ingen, _vedtak),
    "vedtak.opphev": (lambda v: lag_vedtak(v.hf).id, lambda v, a, i: vedtak.opphev(a, i)),
}
#: Asked of what the caller has fetched, or of a key that is the only login (`test_reserve.py`).
EGNE: set[str] = {
    "delegering.kan_delegere",
    *("samtykke.svar", "samtykke.endre", "samtykke.slett", "samtykke.be_om_ny"),
}
