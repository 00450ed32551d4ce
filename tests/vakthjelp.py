"""Builders for rosters: plans, shifts and policies straight into the tables, as `tests/bygg.py` does for people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.vakt.models import Eskaleringspolicy, Nivaa, Vakt, Vaktkilde, Vaktplan, Vakttelefon
from portal.varsler.models import Kanal, Varselkanal
from tests.bygg import lagre


def lag_vaktplan(organisasjon_id: UUID, fagomraade: str = "indremedisin", **felt: Any) -> Vaktplan:
    plan = Vaktplan(
        id=uuid4(), organisasjon_id=organisasjon_id, fagomraade=fagomraade, opprettet=now(), **felt
    )
    lagre(plan)
    return plan


def lag_vakt(
    plan: Vaktplan,
    aktor: Aktor,
    nivaa: Nivaa = Nivaa.VAKTHAVENDE,
    fra: datetime | None = None,
    til: datetime | None = None,
    kilde: Vaktkilde = Vaktkilde.ENKELT,
) -> Vakt:
    """A shift of the actor; without times from an hour ago for twelve hours."""
    fra = fra or now() - timedelta(hours=1)
    assert aktor.person_id and aktor.medlemskap_id
    vakt = Vakt(
        id=uuid4(),
        vaktplan_id=plan.id,
        nivaa=nivaa,
        person_id=aktor.person_id,
        medlemskap_id=aktor.medlemskap_id,
        fra=fra,
        til=til or fra + timedelta(hours=12),
        kilde=kilde,
        opprettet=now(),
    )
    lagre(vakt)
    return vakt


def lag_vakttelefon(
    plan: Vaktplan, nivaa: Nivaa, nummer: str = "+4790000001", *, sms: bool = True, tale: bool = False
) -> Vakttelefon:
    telefon = Vakttelefon(vaktplan_id=plan.id, nivaa=nivaa, nummer=nummer, sms=sms, tale=tale)
    lagre(telefon)
    return telefon


def lag_policy(
    organisasjon_id: UUID,
    hastegrad: str,
    ledd: list[tuple[str, int]],
    *,
    fagomraade: str = "",
    gjentakelser: int = 0,
    gjenta_etter: int = 10,
) -> Eskaleringspolicy:
    """A policy of (level, minutes) steps."""
    policy = Eskaleringspolicy(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        fagomraade=fagomraade,
        hastegrad=hastegrad,
        ledd=[{"nivaa": n, "etter": m} for n, m in ledd],
        gjentakelser=gjentakelser,
        gjenta_etter=gjenta_etter,
        opprettet=now(),
    )
    lagre(policy)
    return policy


def lag_kanal(aktor: Aktor, kanal: Kanal = Kanal.SMS, adresse: str = "", **felt: Any) -> Varselkanal:
    """A channel of a person, proven just now."""
    assert aktor.person_id
    rad = Varselkanal(
        id=uuid4(),
        person_id=aktor.person_id,
        kanal=kanal,
        adresse=adresse or f"+47{900_00_000 + aktor.person_id.int % 99_999}",
        **{"opprettet": now(), "bevist": now(), **felt},
    )
    lagre(rad)
    return rad
