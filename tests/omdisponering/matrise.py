"""What the access matrices of reallocation share: a world in which `hf` lends to `kommune`, and what is made in it.

`koordinator` and `vaktleder` work with it at the lender, `koordinator_i_kommunen` and `kommuneoverlege` at the
receiver; `fremmed_kommuneoverlege`, `fremmed_vaktleder` and `fremmed_koordinator` elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.identitet.models import Organisasjon
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.service import utkast
from tests.matrise import Verden
from tests.omdisponering.hjelp import Utlaan, lag_behov, lag_ressurs, lag_tilbud

_VERDENER: WeakKeyDictionary[Verden, Utlaan] = WeakKeyDictionary()


def deler(begynnelse: str) -> list[ModuleType]:
    """The files of this folder whose names begin so: each part of the room has one of its own."""
    return [
        importlib.import_module(f"{__package__}.{m.name}")
        for m in pkgutil.iter_modules([str(Path(__file__).parent)])
        if m.name.startswith(begynnelse)
    ]


def samlet(moduler: list[ModuleType], navn: str) -> dict[str, Any]:
    """The dictionaries of this name, as one; nothing stands in two of them."""
    ut: dict[str, Any] = {}
    for modul in moduler:
        ny = getattr(modul, navn, {})
        assert not ut.keys() & ny.keys(), (modul.__name__, ut.keys() & ny.keys())
        ut |= ny
    return ut


def utlaan(v: Verden) -> Utlaan:
    """The lending of this world: its agreement, units and need. Made once."""
    if v not in _VERDENER:
        u = _VERDENER[v] = Utlaan(v)
        u.mottaker = v.koordinator_i_kommunen
    return _VERDENER[v]


def omdisponering(v: Verden, status: Status, **felter: Any) -> UUID:
    """A reallocation of a nurse whom nobody else wants, for a need of its own, that has come to the status."""
    u = utlaan(v)
    u.personer = [lag_ressurs(v.hf, u.post, navn="Elle Utlånt")]
    return u.til(status, **{"behov": lag_behov(v.kommune, u.oehd), **felter})


def hash_av(id_: UUID) -> str:
    """What whoever has the page open has read of a reallocation; of what is not there, anything."""
    db.session.rollback()
    omd = db.session.get(Omdisponering, id_, populate_existing=True)
    return "lest" if omd is None else omd.innhold_hash


def egne_linjer(v: Verden, aktor: Aktor) -> list[utkast.Ny]:
    """What the actor can put into a draft for the need: the kommune an offer, others somebody of their own."""
    if aktor.organisasjon_id == v.kommune.id:
        return [utkast.Ny(tilbud_id=lag_tilbud(lag_ressurs(v.hf, utlaan(v).post), utlaan(v).behov).id)]
    eier = db.session.get_one(Organisasjon, aktor.organisasjon_id)
    return [utkast.Ny(ressursperson_id=lag_ressurs(eier).id, samtykket=True)]
