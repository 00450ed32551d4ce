"""Which number to ring about a case: one rule from the form until it is closed, asked of this module alone.

While the case waits: the telephone of the level that was told last, else the first one that the roster has, in the
order of the levels. When somebody has taken it: the telephone of the level that this person is on call at, else the
roster's first one, named as the fagområde's and never as a level that somebody else has. Where the roster has no
telephone: the number that the receiver has entered for the fagområde, or for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.db import db
from portal.core.telefon import lesbart
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt, Trinnutfall
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse
from portal.identitet.steps import fagtelefoner, sykehustelefoner, telefon_for
from portal.vakt import steps as vakt
from portal.vakt.models import Nivaa

_Koe = tuple[UUID, str]


class Ring(NamedTuple):
    """A number to ring, and whose it is."""

    #: "" where none is known.
    nummer: str = ""
    #: The level whose telephone it is; "" where it is not rung as a level's.
    nivaa: str = ""
    #: A telephone of the roster, and not the receiver's own number.
    vakttelefon: bool = False


INGEN = Ring()


def _velg(telefoner: Mapping[str, str], nivaaer: Collection[str], *, som_nivaa: bool) -> Ring:
    """The telephone of the first of these levels that has one, else the roster's first, `som_nivaa` or as
    the fagområde's."""
    nivaa = next((n for n in nivaaer if n in telefoner), "")
    if nivaa:
        return Ring(telefoner[nivaa], nivaa, vakttelefon=True)
    foerste = next((str(n) for n in Nivaa if n in telefoner), "")
    return Ring(telefoner[foerste], foerste if som_nivaa else "", vakttelefon=True) if foerste else INGEN


def _for_sak(
    sak: Henvendelse, telefoner: Mapping[str, str], spurt: str, paa: Mapping[str, vakt.Paavakt]
) -> Ring:
    """The rule. `spurt`: the level told last of a case that waits; `paa`: who is on call, where it is taken."""
    if sak.status == Status.NY:
        return _velg(telefoner, [spurt], som_nivaa=True)
    hos = [str(n) for n in Nivaa if n in paa and paa[n].person_id == sak.ansvarlig_id]
    return _velg(telefoner, hos if sak.ansvarlig_id else (), som_nivaa=False)


def paa_vakttelefon(sak: Henvendelse, spurt: str) -> Ring:
    """The telephone of the roster to ring about a case; an empty one where the roster has none."""
    telefoner = {n: lesbart(t.nummer) for n, t in vakt.vakttelefoner(sak.mottaker_id, sak.fagomraade).items()}
    tatt = bool(telefoner) and sak.status != Status.NY and sak.ansvarlig_id is not None
    return _for_sak(sak, telefoner, spurt, vakt.paa_vakt(sak.mottaker_id, sak.fagomraade) if tatt else {})


def for_sak(sak: Henvendelse, spurt: str | None = None, ellers: str | None = None) -> Ring:
    """The number to ring about a case. `spurt` (the level told last) and `ellers` (the receiver's own number) are
    read where the caller has not done so."""
    if spurt is None:
        spurt = _sist_spurt([sak]).get(sak.id, "")
    ring = paa_vakttelefon(sak, spurt)
    if ring.nummer:
        return ring
    return Ring((telefon_for(sak.mottaker_id, sak.fagomraade) if ellers is None else ellers) or "")


def for_saker(saker: Sequence[Henvendelse]) -> dict[UUID, Ring]:
    """`for_sak` of a whole list, in as many statements as for one."""
    mottakere = {s.mottaker_id for s in saker}
    if not mottakere:
        return {}
    telefoner = _vakttelefoner(mottakere)
    berort = [s for s in saker if (s.mottaker_id, s.fagomraade) in telefoner]
    spurt = _sist_spurt(berort)
    tatt = {s.mottaker_id for s in berort if s.status != Status.NY and s.ansvarlig_id is not None}
    paa = vakt.paa_vakt_hos(tatt) if tatt else {}
    sykehus, fag = sykehustelefoner(mottakere), fagtelefoner(mottakere)
    ut = {}
    for s in saker:
        koe = (s.mottaker_id, s.fagomraade)
        ring = _for_sak(s, telefoner.get(koe, {}), spurt.get(s.id, ""), paa.get(koe, {}))
        ut[s.id] = (
            ring
            if ring.nummer
            else Ring(fag[s.mottaker_id].get(s.fagomraade) or sykehus.get(s.mottaker_id, ""))
        )
    return ut


def for_nye(mottakere: Collection[UUID], hastegrader: Collection[str]) -> dict[_Koe, dict[str, str]]:
    """For each roster of these receivers that has a telephone: by hastegrad, the number that a case would have as soon
    as it is sent, when the first of its ladder who is there has been told."""
    telefoner = _vakttelefoner(mottakere)
    if not telefoner:
        return {}
    paa = vakt.paa_vakt_hos({mottaker for mottaker, _fag in telefoner})
    policyer = vakt.policyer_for({mottaker for mottaker, _fag in telefoner})
    ut: dict[_Koe, dict[str, str]] = {}
    for koe, numre in telefoner.items():
        bemannet = paa.get(koe, {}).keys()
        ut[koe] = {}
        for hastegrad in hastegrader:
            steg = vakt.neste_steg(policyer(*koe, hastegrad), 0, 0, bemannet)
            ut[koe][hastegrad] = _velg(numre, [steg.nivaa or ""], som_nivaa=True).nummer
    return ut


def _vakttelefoner(mottakere: Collection[UUID]) -> dict[_Koe, dict[str, str]]:
    ut: dict[_Koe, dict[str, str]] = {}
    for koe, nivaaer in vakt.vakttelefoner_hos(mottakere).items():
        ut[koe] = {n: lesbart(nummer) for n, nummer in nivaaer.items()}
    return ut


def _sist_spurt(saker: Sequence[Henvendelse]) -> dict[UUID, str]:
    """For each case that waits: the level that was told last."""
    venter = [s.id for s in saker if s.status == Status.NY]
    if not venter:
        return {}
    siste = (
        sa.select(sa.func.max(Eskaleringstrinn.nummer))
        .where(
            Eskaleringstrinn.eskalering_id == Eskalering.id,
            Eskaleringstrinn.utfall == Trinnutfall.VARSLET,
        )
        .correlate(Eskalering)
        .scalar_subquery()
    )
    rader = db.session.execute(
        sa.select(Eskalering.henvendelse_id, Eskaleringstrinn.nivaa)
        .join(Eskaleringstrinn, Eskaleringstrinn.eskalering_id == Eskalering.id)
        .where(
            Eskalering.henvendelse_id.in_(venter),
            Eskalering.slag == Slag.AKSEPT,
            sa.or_(Eskalering.avsluttet.is_(None), Eskalering.utfall == Slutt.UTTOEMT),
            Eskaleringstrinn.nummer == siste,
        )
        .order_by(Eskalering.start)
    )
    return {r.henvendelse_id: r.nivaa for r in rader}
