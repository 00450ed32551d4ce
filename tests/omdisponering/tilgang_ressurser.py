"""Who keeps the registers of people, premises and floors: rows of `tests/test_tilgang_omdisponering.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Organisasjon
from portal.omdisponering.forloep import Lokaleslag, Stilling
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import lokaler, minstebemanning, ressurser, ressursimport
from tests.bygg import lag_enhet
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_gulv, lag_lokale, lag_ressurs
from tests.omdisponering.matrise import utlaan
from tests.omdisponering.ruter_ressurser import _nytt_nummer as nytt_nummer
from tests.tjenestematrise import Gjoer, Lag

#: The own organisation's registers, for who works with reallocations; `hf`'s person, premises and floor.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
ressurser.hent_liste                        - ----++-- ---++- -+--++- ---
ressurser.hent                              - 00000000 ---++- 0000000 00-
ressurser.valg                              - ----++-- ---++- -+--++- ---
ressurser.opprett                           - ----++-- ---++- -+--++- ---
ressurser.endre                             - 00000000 ---++- 0000000 00-
ressurser.merk_hpr                          - 00000000 ---++- 0000000 00-
ressurser.slett                             - 00000000 ---++- 0000000 00-
ressurser.meld_borte                        - 00000000 ---++- 0000000 00-
ressurser.fjern_borte                       - 00000000 ---++- 0000000 00-
ressursimport.importer                      - ----++-- ---++- -+--++- ---
ressursimport.eksporter                     - ----++-- ---++- -+--++- ---
lokaler.hent_liste                          - ----++-- ---++- -+--++- ---
lokaler.hent                                - 00000000 ---++- 0000000 00-
lokaler.valg                                - ----++-- ---++- -+--++- ---
lokaler.opprett                             - ----++-- ---++- -+--++- ---
lokaler.endre                               - 00000000 ---++- 0000000 00-
lokaler.nedlegg                             - 00000000 ---++- 0000000 00-
lokaler.gjenaapne                           - 00000000 ---++- 0000000 00-
lokaler.meld_borte                          - 00000000 ---++- 0000000 00-
lokaler.fjern_borte                         - 00000000 ---++- 0000000 00-
minstebemanning.hent                        - ----++-- ---++- -+--++- ---
minstebemanning.sett                        - ----++-- ---++- -+--++- ---
minstebemanning.fjern                       - 00000000 ---++- 0000000 00-
""")


def _ingen(v: Verden) -> None:
    """Nothing is made first."""


def _person(v: Verden) -> UUID:
    return lag_ressurs(v.hf, utlaan(v).post, hpr=nytt_nummer()).id


def _lokale(v: Verden) -> UUID:
    return lag_lokale(v.hf).id


def _naar() -> dict[str, Any]:
    return {"fra": now() + timedelta(days=7), "til": now() + timedelta(days=8)}


def _borte_person(v: Verden) -> tuple[UUID, UUID]:
    id_ = _person(v)
    ressurser.meld_borte(v.koordinator, id_, **_naar())
    return id_, ressurser.hent(v.koordinator, id_).fravaer[0].id


def _borte_lokale(v: Verden) -> tuple[UUID, UUID]:
    id_ = _lokale(v)
    lokaler.meld_borte(v.koordinator, id_, **_naar())
    return id_, lokaler.hent(v.koordinator, id_).fravaer[0].id


def _merk(v: Verden, a: Aktor, id_: UUID) -> None:
    hpr = db.session.get_one(Ressursperson, id_).hpr
    db.session.rollback()
    ressurser.merk_hpr(a, id_, hpr=hpr)


def _importer(v: Verden, a: Aktor, _i: Any) -> Any:
    tekst = f"navn;stilling;kommune\n{uuid4().hex};lege;{v.kommune.kode}\n"
    return ressursimport.importer(a, ressursimport.les_linjer(tekst))


def _enheter(v: Verden) -> dict[UUID | None, UUID]:
    """A unit of each organisation that has people who work with reallocations."""
    return {o.id: lag_enhet(o, "avdeling", uuid4().hex).id for o in _organisasjoner(v)}


def _organisasjoner(v: Verden) -> list[Organisasjon]:
    return [v.kommune, v.annen_kommune, v.hf, v.annet_hf]


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "ressurser.hent_liste": (_person, lambda v, a, i: ressurser.hent_liste(a)),
    "ressurser.hent": (_person, lambda v, a, i: ressurser.hent(a, i)),
    "ressurser.valg": (_ingen, lambda v, a, i: ressurser.valg(a)),
    "ressurser.opprett": (
        _ingen,
        lambda v, a, i: ressurser.opprett(
            a, navn=uuid4().hex, stilling=Stilling.LEGE, sted_id=v.kommune.id, prosent=100
        ),
    ),
    "ressurser.endre": (_person, lambda v, a, i: ressurser.endre(a, i, prosent=40)),
    "ressurser.merk_hpr": (_person, _merk),
    "ressurser.slett": (_person, lambda v, a, i: ressurser.slett(a, i)),
    "ressurser.meld_borte": (_person, lambda v, a, i: ressurser.meld_borte(a, i, **_naar())),
    "ressurser.fjern_borte": (_borte_person, lambda v, a, i: ressurser.fjern_borte(a, *i)),
    "ressursimport.importer": (_ingen, _importer),
    "ressursimport.eksporter": (_person, lambda v, a, i: ressursimport.eksporter(a)),
    "lokaler.hent_liste": (_lokale, lambda v, a, i: lokaler.hent_liste(a)),
    "lokaler.hent": (_lokale, lambda v, a, i: lokaler.hent(a, i)),
    "lokaler.valg": (_ingen, lambda v, a, i: lokaler.valg(a)),
    "lokaler.opprett": (
        _ingen,
        lambda v, a, i: lokaler.opprett(
            a, navn=uuid4().hex, slag=Lokaleslag.ISOLAT, sted_id=v.kommune.id, plasser=2
        ),
    ),
    "lokaler.endre": (_lokale, lambda v, a, i: lokaler.endre(a, i, plasser=3)),
    "lokaler.nedlegg": (_lokale, lambda v, a, i: lokaler.nedlegg(a, i)),
    "lokaler.gjenaapne": (
        lambda v: lag_lokale(v.hf, nedlagt=now()).id,
        lambda v, a, i: lokaler.gjenaapne(a, i),
    ),
    "lokaler.meld_borte": (_lokale, lambda v, a, i: lokaler.meld_borte(a, i, **_naar())),
    "lokaler.fjern_borte": (_borte_lokale, lambda v, a, i: lokaler.fjern_borte(a, *i)),
    "minstebemanning.hent": (_ingen, lambda v, a, i: minstebemanning.hent(a)),
    "minstebemanning.sett": (
        _enheter,
        lambda v, a, i: minstebemanning.sett(
            a, i.get(a.organisasjon_id) or uuid4(), Stilling.LEGE, antall=5, gulv=3
        ),
    ),
    "minstebemanning.fjern": (
        lambda v: lag_gulv(lag_enhet(v.hf, "avdeling", uuid4().hex)).id,
        lambda v, a, i: minstebemanning.fjern(a, i),
    ),
}
