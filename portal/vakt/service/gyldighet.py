"""Why a shift on the roster does not count: `steps.kan_ha_vakt` and `steps.er_borte`, told to people.

What decides who is told of a request stands there, as SQL; here it is only explained, to the one whose shift it is and
to those who keep the roster. To colleagues it is a gap without a reason: that somebody is away, or has lost a role, is
not theirs to know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import KAN_SVARE, Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.sprak import _
from portal.identitet.models import Medlemskap, Person
from portal.vakt import access
from portal.vakt.models import Fravaer, Vakt, Vaktplan
from portal.vakt.ord import ETIKETTER
from portal.vakt.steps import rett_til_vakt
from portal.vakt.tidsord import tidsrom


class Grunn(StrEnum):
    PLAN_AVSLUTTET = "plan_avsluttet"
    STENGT_UTE = "stengt_ute"
    ROLLE_AVSLUTTET = "rolle_avsluttet"
    ROLLE_SLUTTER = "rolle_slutter"
    ROLLE_IKKE_BEGYNT = "rolle_ikke_begynt"
    FEIL_ROLLE = "feil_rolle"
    FAGOMRAADE = "fagomraade"
    BORTE = "borte"
    #: What colleagues are told, whatever it is.
    INGEN = "ingen"


@dataclass(frozen=True, slots=True)
class Bortfall:
    """A part [fra, til) of a shift in which its person does not answer."""

    grunn: Grunn
    fra: datetime
    til: datetime
    #: It is all that is left of the shift; of one that is over, all of it.
    hele: bool

    @property
    def tekst(self) -> str:
        """«Teller ikke: rollen er avsluttet»; with the time where it is a part of the shift."""
        grunn = str(ETIKETTER["vaktbortfall"][self.grunn])
        if self.hele:
            return _("Teller ikke: %(grunn)s", grunn=grunn)
        return _("Teller ikke %(tid)s: %(grunn)s", tid=tidsrom(self.fra, self.til), grunn=grunn)


def finn_bortfall(aktor: Aktor, vakter: Sequence[Vakt]) -> dict[UUID, tuple[Bortfall, ...]]:
    """What does not count of each of these shifts, which the actor sees; those that count as a whole are not there."""
    funnet = bortfall(vakter)
    eiere = {
        v.id
        for v in vakter
        if v.person_id == aktor.person_id or access.kan_redigere(aktor, v.vaktplan.organisasjon_id)
    }
    return {
        id_: deler if id_ in eiere else tuple(replace(d, grunn=Grunn.INGEN) for d in deler)
        for id_, deler in funnet.items()
    }


def bortfall(vakter: Sequence[Vakt]) -> dict[UUID, tuple[Bortfall, ...]]:
    """As `finn_bortfall`, for the owner of all of them. Two statements, however many they are.

    Of what is over only the days of the role and the absences are judged: what a role could then is not kept.
    """
    if not vakter:
        return {}
    naa = now()
    rader: Sequence[Any] = db.session.execute(
        sa.select(
            Vakt.id,
            Vakt.fra,
            Vakt.til,
            Vakt.person_id,
            Vaktplan.organisasjon_id,
            Vaktplan.avsluttet,
            Person.aktiv,
            Medlemskap.rolle,
            Medlemskap.gyldig_fra,
            Medlemskap.gyldig_til,
            rett_til_vakt().label("rett"),
        )
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .where(Vakt.id.in_([v.id for v in vakter]))
    ).all()
    borte = _les_fravaer(vakter)
    ut = {}
    for r in rader:
        start = r.fra if r.til <= naa else max(r.fra, naa)
        hele = _hele(r, start, naa)
        deler = [(hele, start, r.til)] if hele else _deler(r, start, borte.get(r.person_id, ()), naa)
        if deler:
            ut[r.id] = tuple(Bortfall(g, a, b, hele=a <= start and b >= r.til) for g, a, b in deler)
    return ut


def _hele(r: Any, start: datetime, naa: datetime) -> Grunn | None:
    """Why nothing of what is left counts."""
    if r.gyldig_til is not None and r.gyldig_til <= start:
        return Grunn.ROLLE_AVSLUTTET if r.gyldig_til <= naa else Grunn.ROLLE_SLUTTER
    if r.til <= naa:
        return None
    if r.avsluttet is not None:
        return Grunn.PLAN_AVSLUTTET
    if not r.aktiv:
        return Grunn.STENGT_UTE
    if not r.rett:
        return Grunn.FAGOMRAADE if r.rolle in KAN_SVARE else Grunn.FEIL_ROLLE
    return None


def _deler(
    r: Any, start: datetime, borte: Sequence[Fravaer], naa: datetime
) -> list[tuple[Grunn, datetime, datetime]]:
    deler = [
        (Grunn.BORTE, max(f.fra, start), min(f.til, r.til))
        for f in borte
        if f.organisasjon_id == r.organisasjon_id and f.fra < r.til and f.til > start
    ]
    if r.gyldig_fra > start:
        deler.append((Grunn.ROLLE_IKKE_BEGYNT, start, min(r.gyldig_fra, r.til)))
    if r.gyldig_til is not None and r.gyldig_til < r.til:
        grunn = Grunn.ROLLE_AVSLUTTET if r.gyldig_til <= naa else Grunn.ROLLE_SLUTTER
        deler.append((grunn, r.gyldig_til, r.til))
    return sorted(deler, key=lambda d: d[1])


def _les_fravaer(vakter: Sequence[Vakt]) -> Mapping[UUID, list[Fravaer]]:
    ut: dict[UUID, list[Fravaer]] = defaultdict(list)
    for f in db.session.scalars(
        sa.select(Fravaer).where(
            Fravaer.person_id.in_({v.person_id for v in vakter}),
            Fravaer.avlyst.is_(None),
            Fravaer.fra < max(v.til for v in vakter),
            Fravaer.til > min(v.fra for v in vakter),
        )
    ):
        ut[f.person_id].append(f)
    return ut
