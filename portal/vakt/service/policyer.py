"""The policies of escalation: how a request climbs at one receiver, by fagområde and hastegrad.

A policy is written once. A new one replaces it (`erstattet`) and the old row stays as history; what is running keeps
the one it began with. Where there is none, the organisation's own for all fagområder holds, and then the standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.core.sprak import _l
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import Organisasjon
from portal.revisjon.steps import logg
from portal.vakt import access
from portal.vakt.models import Eskaleringspolicy, Nivaa, Vaktplan
from portal.vakt.steps import STANDARD, Ledd, Policy, policy_av
from portal.varsler.models import HASTEGRADER

#: All climbs together, with the pauses.
LENGST = timedelta(days=7)
FLEST_GJENTAKELSER = 20
#: Minutes: an akutt request that waits longer before its second step asks whether that is meant.
AKUTT_VENTER = 15
_FLEST_MINUTTER = int(LENGST / timedelta(minutes=1))


class Kilde(StrEnum):
    """Where the policy that holds comes from."""

    EGEN = "egen"
    ORGANISASJONEN = "organisasjonen"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Gjeldende:
    """The policy that holds for a fagområde ("": for all that have none of their own) and a hastegrad."""

    fagomraade: str
    hastegrad: str
    policy: Policy
    kilde: Kilde


@dataclass(frozen=True, slots=True)
class Policyer:
    organisasjon: Organisasjon
    rader: tuple[Gjeldende, ...]
    #: Fagområder that have neither a plan nor a policy of their own.
    andre: tuple[str, ...]
    kan_redigere: bool


class MaaBekreftes(UgyldigData):
    """An akutt policy that waits long: it is kept once somebody has said that it is meant."""

    kode = "maa_bekreftes"
    standard = _l(
        "En akutt henvendelse vil vente lenge på neste ledd. Bekreft at det er meningen, og lagre på nytt."
    )


# --- reading ---------------------------------------------------------------------------------------------


def hent_policyer(aktor: Aktor, organisasjon_id: UUID) -> Policyer:
    """What holds at an organisation: for all, and for each fagområde with a plan or a policy of its own."""
    access.krev_se(aktor, organisasjon_id)
    organisasjon = _organisasjon(organisasjon_id)
    egne = _egne(organisasjon_id)
    planer = db.session.scalars(
        sa.select(Vaktplan.fagomraade).where(
            Vaktplan.organisasjon_id == organisasjon_id, Vaktplan.avsluttet.is_(None)
        )
    )
    brukt = set(planer) | {fag for fag, _ in egne if fag}
    omraader = omraader_for(organisasjon.type)
    rekke = ["", *(o for o in omraader if o in brukt), *sorted(brukt - set(omraader))]
    return Policyer(
        organisasjon,
        tuple(_gjeldende(egne, fag, h) for fag in rekke for h in HASTEGRADER),
        tuple(o for o in omraader if o not in brukt),
        access.kan_redigere(aktor, organisasjon_id),
    )


def hent_policy(aktor: Aktor, organisasjon_id: UUID, fagomraade: str, hastegrad: str) -> Gjeldende:
    """What holds there, for whoever is about to change it. Raises IkkeFunnet for an unknown fagområde or hastegrad."""
    access.krev_rediger(aktor, organisasjon_id)
    if hastegrad not in HASTEGRADER or not _kjent(_organisasjon(organisasjon_id), fagomraade):
        raise IkkeFunnet()
    return _gjeldende(_egne(organisasjon_id), fagomraade, hastegrad)


def _organisasjon(organisasjon_id: UUID) -> Organisasjon:
    organisasjon = db.session.get(Organisasjon, organisasjon_id)
    if organisasjon is None:
        raise IkkeFunnet()
    return organisasjon


def _kjent(organisasjon: Organisasjon, fagomraade: str) -> bool:
    return fagomraade == "" or fagomraade in omraader_for(organisasjon.type)


def _egne(organisasjon_id: UUID) -> dict[tuple[str, str], Policy]:
    rader = db.session.scalars(
        sa.select(Eskaleringspolicy).where(
            Eskaleringspolicy.organisasjon_id == organisasjon_id, Eskaleringspolicy.erstattet.is_(None)
        )
    )
    return {(r.fagomraade, r.hastegrad): policy_av(r.ledd, r.gjentakelser, r.gjenta_etter) for r in rader}


def _gjeldende(egne: dict[tuple[str, str], Policy], fagomraade: str, hastegrad: str) -> Gjeldende:
    """The same order as `steps.policy_for`."""
    if policy := egne.get((fagomraade, hastegrad)):
        return Gjeldende(fagomraade, hastegrad, policy, Kilde.EGEN)
    if policy := egne.get(("", hastegrad)):
        return Gjeldende(fagomraade, hastegrad, policy, Kilde.ORGANISASJONEN)
    return Gjeldende(fagomraade, hastegrad, STANDARD[hastegrad], Kilde.STANDARD)


# --- writing ---------------------------------------------------------------------------------------------


@transactional
def sett(
    aktor: Aktor,
    organisasjon_id: UUID,
    fagomraade: str,
    hastegrad: str,
    ledd: Sequence[tuple[str, int]],
    gjentakelser: int,
    gjenta_etter: int,
    *,
    bekreftet: bool = False,
) -> UUID:
    """Gives the policy of a fagområde ("": all that have none of their own) and a hastegrad from now on.

    Raises UgyldigData that says what is wrong with it, and MaaBekreftes for an akutt one that waits long.
    """
    organisasjon = _laas(aktor, organisasjon_id)
    policy = Policy(tuple(Ledd(n, e) for n, e in ledd), gjentakelser, gjenta_etter)
    felter = kontroller(policy)
    if hastegrad not in HASTEGRADER:
        felter["hastegrad"] = [_l("Velg akutt, haster eller vanlig.")]
    if not _kjent(organisasjon, fagomraade):
        felter["fagomraade"] = [_l("Organisasjonen svarer ikke for dette fagområdet. Velg et annet.")]
    if felter:
        raise UgyldigData(felter=felter)
    if not bekreftet and venter_lenge(policy, hastegrad):
        raise MaaBekreftes(felter={"bekreftet": [MaaBekreftes.standard]})
    gammel = _naavaerende(organisasjon_id, fagomraade, hastegrad)
    if gammel is not None:
        if policy_av(gammel.ledd, gammel.gjentakelser, gammel.gjenta_etter) == policy:
            return gammel.id
        gammel.erstattet = now()
        db.session.flush()
    ny = Eskaleringspolicy(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        fagomraade=fagomraade,
        hastegrad=hastegrad,
        ledd=[{"nivaa": str(led.nivaa), "etter": led.etter} for led in policy.ledd],
        gjentakelser=gjentakelser,
        gjenta_etter=gjenta_etter,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )
    db.session.add(ny)
    logg(
        aktor,
        "vakt.policy_satt",
        "organisasjon",
        organisasjon_id,
        fagomraade=fagomraade,
        hastegrad=hastegrad,
        **policy.som_dict(),
    )
    meld("vakt.policy_endret", organisasjon_id=organisasjon_id)
    return ny.id


@transactional
def tilbakestill(aktor: Aktor, organisasjon_id: UUID, fagomraade: str, hastegrad: str) -> None:
    """Takes the own policy away: the organisation's, or the standard, holds again. Without one nothing happens."""
    _laas(aktor, organisasjon_id)
    gammel = _naavaerende(organisasjon_id, fagomraade, hastegrad)
    if gammel is None:
        return
    gammel.erstattet = now()
    logg(
        aktor,
        "vakt.policy_tilbakestilt",
        "organisasjon",
        organisasjon_id,
        fagomraade=fagomraade,
        hastegrad=hastegrad,
    )
    meld("vakt.policy_endret", organisasjon_id=organisasjon_id)


def _laas(aktor: Aktor, organisasjon_id: UUID) -> Organisasjon:
    """The organisation, locked: one change of its policies at a time, and requests to it go on meanwhile."""
    access.krev_rediger(aktor, organisasjon_id)
    return db.session.scalars(
        sa.select(Organisasjon).where(Organisasjon.id == organisasjon_id).with_for_update(key_share=True)
    ).one()


def _naavaerende(organisasjon_id: UUID, fagomraade: str, hastegrad: str) -> Eskaleringspolicy | None:
    return db.session.scalars(
        sa.select(Eskaleringspolicy).where(
            Eskaleringspolicy.organisasjon_id == organisasjon_id,
            Eskaleringspolicy.fagomraade == fagomraade,
            Eskaleringspolicy.hastegrad == hastegrad,
            Eskaleringspolicy.erstattet.is_(None),
        )
    ).one_or_none()


# --- what a policy may be --------------------------------------------------------------------------------


def venter_lenge(policy: Policy, hastegrad: str) -> bool:
    """Whether an akutt request waits longer than `AKUTT_VENTER` for whatever comes after its first step."""
    foerste = policy.ledd[1].etter if len(policy.ledd) > 1 else policy.gjenta_etter
    return hastegrad == "akutt" and foerste > AKUTT_VENTER


def varighet(policy: Policy) -> timedelta:
    """How long the ladder lasts when everybody is there and nobody answers: all climbs with their pauses."""
    en = policy.ledd[-1].etter + policy.gjenta_etter
    return timedelta(minutes=en * (policy.gjentakelser + 1))


def kontroller(policy: Policy) -> dict[str, list[Any]]:
    """What is wrong with a policy, by the form's fields: `nivaa_1`, `etter_1`, …, `gjentakelser`, `gjenta_etter`."""
    felter: dict[str, list[Any]] = {}
    if not policy.ledd:
        felter["nivaa_1"] = [_l("Velg minst ett ledd: hvem skal varsles først?")]
    sett: set[str] = set()
    forrige = -1
    for nummer, led in enumerate(policy.ledd, start=1):
        if led.nivaa not in set(Nivaa):
            felter[f"nivaa_{nummer}"] = [_l("Velg vakthavende, bakvakt eller vaktleder.")]
        elif led.nivaa in sett:
            felter[f"nivaa_{nummer}"] = [
                _l(
                    "Nivået står i stigen fra før. Hvert nivå kan stå én gang; bruk gjentakelser for å varsle igjen."
                )
            ]
        sett.add(led.nivaa)
        if not 0 <= led.etter <= _FLEST_MINUTTER:
            felter[f"etter_{nummer}"] = [_l("Skriv et antall minutter fra 0 til 10 080 (7 døgn).")]
        elif nummer == 1 and led.etter != 0:
            felter["etter_1"] = [_l("Det første leddet varsles straks. Sett det til 0 minutter.")]
        elif led.etter <= forrige:
            felter[f"etter_{nummer}"] = [
                _l("Må være senere enn leddet foran. Minuttene regnes fra henvendelsen kom.")
            ]
        forrige = max(forrige, led.etter)
    if not 0 <= policy.gjentakelser <= FLEST_GJENTAKELSER:
        felter["gjentakelser"] = [_l("Skriv et tall fra 0 til 20.")]
    if not 1 <= policy.gjenta_etter <= _FLEST_MINUTTER:
        felter["gjenta_etter"] = [_l("Skriv et antall minutter fra 1 til 10 080 (7 døgn).")]
    if not felter and varighet(policy) > LENGST:
        felter["gjentakelser"] = [
            _l(
                "Hele stigen med gjentakelser varer lenger enn 7 døgn. Gjenta færre ganger, eller kort ned tidene."
            )
        ]
    return felter
