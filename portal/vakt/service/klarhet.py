"""Readiness: whoever goes on call must be reachable, and have shown it within the last 24 hours.

Shown is a round trip on a channel that wakes (push, SMS, voice): something was sent there, and it was answered. The
level's vakttelefon counts in its stead when its own number has answered a text message or a call within 24 hours (that
it is configured is no proof). E-mail wakes nobody and never counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.sprak import paa_spraak
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import med_rolle
from portal.vakt import brev
from portal.vakt.models import Vakt, Vaktplan, Vakttelefon
from portal.vakt.skriving import PROEVES, klarhetsproeve
from portal.vakt.steps import LENGSTE_VAKT, er_borte, kan_ha_vakt
from portal.varsler.models import Kanal, Utsending, Varsel
from portal.varsler.steps import Mottaker, beviste, stopp, varsle

#: A proof holds so long.
BEVIS_GJELDER = timedelta(hours=24)
#: So long before the shift it is asked for.
FOER_VAKT = PROEVES
#: A message is answered within a day of its making: older ones are not looked through.
_SVARES_INNEN = timedelta(hours=24)
#: A shift that is taken, given back and taken again asks nobody anew so soon, nor tells the vaktledere of the same.
RO = timedelta(hours=4)
KODE, KODE_LEDER = "vakt.klarhet", "vakt.klarhet_leder"
VALGSIDE = "/varsler/valg"


class Klarhet(StrEnum):
    KLAR = "klar"
    IKKE_BEVIST = "ikke_bevist"


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
    vakter = _vakter(naa, plan_ids) if plan_ids else []
    tilstander = _tilstander(vakter, naa)
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


@dataclass(frozen=True, slots=True)
class Vekkbarhet:
    """Of the people who are on call now: how many they are, and how many of them what is akutt would wake."""

    paa_vakt: int
    klare: int


def hent_vekkbarhet(organisasjon_id: UUID | None) -> Vekkbarhet:
    """Whether an alarm now would wake those on call in an organisation (None: in all of them), counted by people.

    Somebody with several shifts is ready when they are so in all of them.
    """
    naa = now()
    planer = sa.select(Vaktplan.id).where(Vaktplan.avsluttet.is_(None))
    if organisasjon_id is not None:
        planer = planer.where(Vaktplan.organisasjon_id == organisasjon_id)
    vakter = [v for v in _vakter(naa, list(db.session.scalars(planer))) if v.fra <= naa]
    tilstander = _tilstander(vakter, naa)
    alle = {v.person_id for v in vakter}
    return Vekkbarhet(
        len(alle), len(alle - {v.person_id for v in vakter if tilstander[v.id] != Klarhet.KLAR})
    )


def klare_vakter(vakt_ider: Collection[UUID]) -> set[UUID]:
    """Of these shifts, which run now, those whose person what is akutt would wake: the one rule of all pages."""
    if not vakt_ider:
        return set()
    vakter: Iterable[Any] = db.session.execute(
        sa.select(Vakt.id, Vakt.vaktplan_id, Vakt.nivaa, Vakt.person_id).where(Vakt.id.in_(vakt_ider))
    ).all()
    return {id_ for id_, tilstand in _tilstander(vakter, now()).items() if tilstand == Klarhet.KLAR}


def hent_klarhet(plan_ids: Collection[UUID], naa: datetime | None = None) -> dict[UUID, Klarhet]:
    """{shift: state} of who is on call in these plans now or within the hour. Others are not there."""
    if not plan_ids:
        return {}
    naa = naa or now()
    return _tilstander(_vakter(naa, plan_ids), naa)


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
    vakter = _vakter(naa)
    tilstander = _tilstander(vakter, naa)
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


def _vakter(naa: datetime, plan_ids: Collection[UUID] | None = None) -> list[sa.Row[Any]]:
    """The shifts of now and of the coming hour, of people who really have them then. In a fixed order."""
    begynner = sa.case((Vakt.fra > naa, Vakt.fra), else_=naa)
    return list(
        db.session.execute(
            sa.select(
                Vakt.id,
                Vakt.vaktplan_id,
                Vakt.nivaa,
                Vakt.fra,
                Vakt.til,
                Vaktplan.fagomraade,
                Vaktplan.organisasjon_id,
                Person.id.label("person_id"),
                Person.navn,
                Person.epost,
                Person.spraak,
            )
            .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
            .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
            .join(Person, Person.id == Vakt.person_id)
            .where(
                *([Vakt.vaktplan_id.in_(plan_ids)] if plan_ids is not None else []),
                Vaktplan.avsluttet.is_(None),
                Vakt.avlyst.is_(None),
                Vakt.fra <= naa + FOER_VAKT,
                Vakt.fra > naa - LENGSTE_VAKT,
                Vakt.til > naa,
                kan_ha_vakt(begynner),
                ~er_borte(begynner),
            )
            .order_by(Vakt.id)
        )
    )


def _tilstander(vakter: Iterable[sa.Row[Any]], naa: datetime) -> dict[UUID, Klarhet]:
    vakter = list(vakter)
    if not vakter:
        return {}
    beviste = beviste_personer({v.person_id for v in vakter}, naa)
    telefoner = beviste_telefoner({v.vaktplan_id for v in vakter}, naa)
    return {
        v.id: Klarhet.KLAR
        if v.person_id in beviste or (v.vaktplan_id, v.nivaa) in telefoner
        else Klarhet.IKKE_BEVIST
        for v in vakter
    }


def beviste_personer(personer: Collection[UUID], naa: datetime) -> set[UUID]:
    """Those with a channel that wakes them for what is akutt, and that was proven lately."""
    return beviste(personer, naa - BEVIS_GJELDER, naa)


def beviste_telefoner(plan_ids: Collection[UUID], naa: datetime) -> set[tuple[UUID, str]]:
    """(plan, level) whose vakttelefon has answered, on a channel that it is alerted by."""
    rader = db.session.execute(
        sa.select(Vakttelefon.vaktplan_id, Vakttelefon.nivaa)
        .join(Utsending, Utsending.til == Vakttelefon.nummer)
        .where(
            Vakttelefon.vaktplan_id.in_(plan_ids),
            sa.or_(
                sa.and_(Vakttelefon.sms, Utsending.kanal == Kanal.SMS),
                sa.and_(Vakttelefon.tale, Utsending.kanal == Kanal.TALE),
            ),
            Utsending.opprettet > naa - BEVIS_GJELDER - _SVARES_INNEN,
            Utsending.kvittert > naa - BEVIS_GJELDER,
        )
        .distinct()
    )
    return {(r.vaktplan_id, r.nivaa) for r in rader}


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
