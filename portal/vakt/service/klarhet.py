"""Readiness: whoever goes on call must be reachable, and have shown it within the last 24 hours.

Shown is a round trip on a channel that wakes (push, SMS, voice): something was sent there, and it was answered. The
level's vakttelefon counts in its stead when its own number has answered a text message or a call within 24 hours (that
it is configured is no proof). E-mail wakes nobody and never counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.sprak import paa_spraak
from portal.identitet.mottakere import med_rolle
from portal.vakt import brev
from portal.vakt.bevis import (
    BEVIS_GJELDER,
    Klarhet,
    tilstander_av,
    vakter_naa,
)
from portal.vakt.skriving import klarhetsproeve
from portal.varsler.models import Varsel
from portal.varsler.steps import Mottaker, stopp, varsle

#: A shift that is taken, given back and taken again asks nobody anew so soon, nor tells the vaktledere of the same.
RO = timedelta(hours=4)
KODE, KODE_LEDER = "vakt.klarhet", "vakt.klarhet_leder"
VALGSIDE = "/varsler/valg"


@dataclass(frozen=True, slots=True)
class Vaktstart:
    """A person goes on call at one moment in one organisation, for one roster or for many: it is told once."""

    til: Mottaker
    fra: datetime
    vakter: list[sa.Row[Any]]

    @property
    def noekkel(self) -> str:
        """The name of this beginning; the same whoever of the rosters is added or taken away."""
        return f"{self.til.person_id}:{self.til.organisasjon_id}:{self.fra:%Y%m%dT%H%M%S}"


def samle(vakter: Iterable[sa.Row[Any]]) -> list[Vaktstart]:
    """The shifts by who begins when, in a fixed order (of the keys, so that two workers take them alike)."""
    ut: dict[str, Vaktstart] = {}
    for v in vakter:
        ny = Vaktstart(Mottaker(v.person_id, v.navn, v.epost, v.spraak, v.organisasjon_id), v.fra, [])
        ut.setdefault(ny.noekkel, ny).vakter.append(v)
    return [ut[noekkel] for noekkel in sorted(ut)]


@dataclass(frozen=True, slots=True)
class Paavakt:
    """Somebody who is on call now or within the hour, and whether the notices reach them."""

    vakt_id: UUID
    vaktplan_id: UUID
    fagomraade: str
    nivaa: str
    person_id: UUID
    navn: str
    fra: datetime
    til: datetime
    klarhet: Klarhet


def hent_paa_vakt(plan_ids: Collection[UUID]) -> list[Paavakt]:
    """Who is on call in these plans now or within the hour; those who are not ready come first."""
    naa = now()
    vakter = vakter_naa(naa, plan_ids) if plan_ids else []
    tilstander = tilstander_av(vakter, naa)
    rader = [
        Paavakt(
            v.id, v.vaktplan_id, v.fagomraade, v.nivaa, v.person_id, v.navn, v.fra, v.til, tilstander[v.id]
        )
        for v in vakter
    ]
    return sorted(
        rader,
        key=lambda r: (r.klarhet == Klarhet.KLAR, r.fra, r.navn, str(r.person_id), r.fagomraade, r.nivaa),
    )


def hent_klarhet(plan_ids: Collection[UUID], naa: datetime | None = None) -> dict[UUID, Klarhet]:
    """{shift: state} of who is on call in these plans now or within the hour. Others are not there."""
    if not plan_ids:
        return {}
    naa = naa or now()
    return tilstander_av(vakter_naa(naa, plan_ids), naa)


def kontroller() -> int:
    """Job: asks whoever is not reachable to prove a channel, and tells the vaktledere. Gives how many were asked.

    Once each time a person goes on call, however many rosters that is for, and once for each day of what lasts longer:
    a proof holds for a day. When it has come, what was asked is withdrawn. The vaktledere have one notice at a time, of
    all who are not ready: a new one comes in its place when there is somebody whom they were not told of lately.
    """
    naa = now()
    start, klare, _alle = _fordel(naa)
    if _uten_varsel(start, naa) or _ubesvarte(klare):
        return _varsle()
    return 0


def _fordel(naa: datetime) -> tuple[list[Vaktstart], set[UUID], set[UUID]]:
    """Who goes on call without being ready, the people who are on call and ready, and all organisations of both."""
    vakter = vakter_naa(naa)
    tilstander = tilstander_av(vakter, naa)
    ikke_klare = [v for v in vakter if tilstander[v.id] == Klarhet.IKKE_BEVIST]
    klare = {v.person_id for v in vakter} - {v.person_id for v in ikke_klare}
    return samle(ikke_klare), klare, {v.organisasjon_id for v in vakter}


@transactional
def _varsle() -> int:
    """Reads it all again inside the transaction: somebody may have answered, or the shift changed hands."""
    naa = now()
    start, klare, alle = _fordel(naa)
    for organisasjon_id in sorted(alle - {s.vakter[0].organisasjon_id for s in start}):
        stopp(_til_ledere(organisasjon_id))
    for gjelder in _ubesvarte(klare):
        stopp(gjelder, koder=(KODE,))
    sagt_nylig = _spurt_nylig(start, naa)
    nye: set[UUID] = set()
    antall = 0
    for s in _uten_varsel(start, naa):
        with paa_spraak(s.til.spraak):
            laget = varsle(
                s.til,
                noekkel=_noekkel(s, naa),
                kode=KODE,
                tittel=brev.klarhet_tittel(),
                tekst=brev.klarhet_tekst(_steder(s), s.fra, max(v.til for v in s.vakter)),
                lenke=VALGSIDE,
                hastegrad="haster",
                gjelder=klarhetsproeve(s.til.person_id),
            )
        # None: another worker was first, and tells the vaktledere too.
        if laget is not None:
            antall += 1
            if _hvem(s) not in sagt_nylig:
                nye.add(s.vakter[0].organisasjon_id)
    for organisasjon_id in sorted(nye):
        _varsle_ledere(
            organisasjon_id, [v for s in start for v in s.vakter if v.organisasjon_id == organisasjon_id]
        )
    return antall


def _varsle_ledere(organisasjon_id: UUID, vakter: list[sa.Row[Any]]) -> None:
    """One notice to each vaktleder, of all who are not ready, in the place of the former one; to the coordinators where
    there is no vaktleder, and to the administrators where there is neither."""
    for rolle in (Rolle.VAKTLEDER, Rolle.KOORDINATOR, Rolle.ADMINISTRATOR):
        if ledere := med_rolle(organisasjon_id, [rolle]):
            break
    # A shift that lasts for days is told of anew each day.
    merke = sha256("".join([now().isoformat(), *(str(v.id) for v in vakter)]).encode()).hexdigest()[:32]
    per_person: dict[UUID, tuple[str, list[tuple[str, str]]]] = {}
    for v in vakter:
        per_person.setdefault(v.person_id, (v.navn, []))[1].append((v.nivaa, v.fagomraade))
    folk = sorted(per_person.values())
    stopp(_til_ledere(organisasjon_id))
    for leder in ledere:
        with paa_spraak(leder.spraak):
            varsle(
                leder,
                noekkel=f"{KODE_LEDER}:{merke}:{leder.person_id}",
                kode=KODE_LEDER,
                tittel=brev.klarhet_leder_tittel(len(folk)),
                tekst=brev.klarhet_leder_tekst(folk),
                lenke="/vakt/dekning",
                hastegrad="haster",
                gjelder=_til_ledere(organisasjon_id),
            )


def _til_ledere(organisasjon_id: UUID) -> str:
    """What the notice to an organisation's vaktledere is about (`gjelder`): there is one at a time."""
    return f"klarhetsoversikt:{organisasjon_id}"


def _hvem(s: Vaktstart) -> tuple[UUID, UUID | None]:
    return s.til.person_id, s.til.organisasjon_id


def _spurt_nylig(
    start: list[Vaktstart], naa: datetime, *, staar: bool = False
) -> set[tuple[UUID, UUID | None]]:
    """Of these, who have been asked within `RO`, for whichever shift; `staar`: and are asked still."""
    if not start:
        return set()
    sporring = sa.select(Varsel.noekkel).where(
        Varsel.person_id.in_({s.til.person_id for s in start}),
        Varsel.kode == KODE,
        Varsel.opprettet > naa - RO,
    )
    if staar:
        sporring = sporring.where(Varsel.stoppet.is_(None))
    # «vakt.klarhet:person:organisation:…»
    sagt = {tuple(noekkel.split(":")[1:3]) for noekkel in db.session.scalars(sporring)}
    return {h for s in start if tuple(map(str, h := _hvem(s))) in sagt}


def _noekkel(s: Vaktstart, naa: datetime) -> str:
    doegn = max(naa - s.fra, timedelta()) // BEVIS_GJELDER
    return f"{KODE}:{s.noekkel}:{doegn}"


def _steder(s: Vaktstart) -> list[tuple[str, str]]:
    return [(v.nivaa, v.fagomraade) for v in s.vakter]


# --- reading ---------------------------------------------------------------------------------------------


def _uten_varsel(start: list[Vaktstart], naa: datetime) -> list[Vaktstart]:
    """Those who have not been asked, nor lately for another shift, which stands."""
    if not start:
        return []
    noekler = {_noekkel(s, naa): s for s in start}
    sagt = set(db.session.scalars(sa.select(Varsel.noekkel).where(Varsel.noekkel.in_(list(noekler)))))
    usagte = [s for noekkel, s in noekler.items() if noekkel not in sagt]
    staar = _spurt_nylig(usagte, naa, staar=True)
    return [s for s in usagte if _hvem(s) not in staar]


def _ubesvarte(personer: Collection[UUID]) -> list[str]:
    """What these people were asked, and still stands."""
    if not personer:
        return []
    return list(
        db.session.scalars(
            sa.select(Varsel.gjelder)
            .where(
                Varsel.gjelder.in_([klarhetsproeve(p) for p in personer]),
                Varsel.kode == KODE,
                Varsel.stoppet.is_(None),
            )
            .distinct()
            .order_by(Varsel.gjelder)
        )
    )
