"""Which role fits where, and from when until when: the pure rules of a membership.

People think in days of the Norwegian calendar, «til og med 31. mai»; what is stored is the first moment after it, in
UTC. Here the one becomes the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from portal.core.aktor import KAN_SVARE, KOMMUNALE_KLINIKERE, Rolle
from portal.core.clock import OSLO, oslo
from portal.core.errors import UgyldigData
from portal.core.sprak import _
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import SYKEHUS, Organisasjonstype

_DATO = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")


class Tilstand(StrEnum):
    """How it stands with a person in the organisation."""

    AKTIV = "aktiv"
    #: Has no password yet, and a link that counts.
    INVITERT = "invitert"
    #: Has no password yet, and no link that counts.
    IKKE_INVITERT = "ikke_invitert"
    STENGT = "stengt"
    UTEN_ROLLE = "uten_rolle"


@dataclass(frozen=True, slots=True)
class Rolleoppdrag:
    """A membership to give: a role at an organisation or a unit of it; `gyldig_til` is exclusive."""

    organisasjon_id: UUID
    rolle: Rolle
    enhet_id: UUID | None = None
    fagomraader: frozenset[str] = frozenset()
    gyldig_fra: datetime | None = None
    gyldig_til: datetime | None = None


def _feil_sted(rolle: Rolle, organisasjonstype: str) -> str:
    """Why the role does not exist at such an organisation; empty when it does."""
    if rolle in KOMMUNALE_KLINIKERE and organisasjonstype != Organisasjonstype.KOMMUNE:
        return _("Denne rollen finnes bare i en kommune.")
    if rolle == Rolle.SPESIALIST and organisasjonstype not in SYKEHUS:
        return _("Denne rollen finnes bare i et helseforetak eller ideelt sykehus.")
    if rolle == Rolle.VAKTLEDER and organisasjonstype not in {*SYKEHUS, Organisasjonstype.KOMMUNE}:
        return _("Denne rollen finnes bare i en kommune eller ved et sykehus.")
    return ""


def roller_for(organisasjonstype: str) -> list[Rolle]:
    """The roles that exist at such an organisation; the systemadministrator's, which is of no place, is among them."""
    return [r for r in Rolle if not _feil_sted(r, organisasjonstype)]


def kan_ha_fagomraader(rolle: Rolle) -> bool:
    """Whether a membership in the role may name the fagområder it answers for."""
    return rolle in KAN_SVARE


def feil_i_oppdrag(o: Rolleoppdrag, organisasjonstype: str, naa: datetime) -> dict[str, list[str]]:
    """What does not fit together in a membership to give, by field; empty when all is well."""
    felter: dict[str, list[str]] = {}
    if feil := _feil_sted(o.rolle, organisasjonstype):
        felter["rolle"] = [feil]
    if o.rolle == Rolle.SPESIALIST and not o.fagomraader:
        felter["fagomraader"] = [_("En spesialist må ha minst ett fagområde.")]
    if not kan_ha_fagomraader(o.rolle) and o.fagomraader:
        felter["fagomraader"] = [_("Bare de som svarer på henvendelser, har fagområder.")]
    if ukjente := sorted(o.fagomraader - omraader_for(organisasjonstype).keys()):
        felter["fagomraader"] = [_("Ukjent fagområde: %(navn)s.", navn=", ".join(ukjente))]
    if o.gyldig_til is not None and o.gyldig_til <= (o.gyldig_fra or naa):
        felter["til"] = [_("Sluttdatoen må være etter startdatoen.")]
    return felter


# --- days --------------------------------------------------------------------------------------------------


def les_dato(tekst: str, felt: str) -> date | None:
    """A day as people and spreadsheets write it: 31.12.2026 or 2026-12-31. None when nothing is written."""
    tekst = tekst.strip()
    if not tekst:
        return None
    try:
        if treff := _DATO.fullmatch(tekst):
            dag = date(int(treff[3]), int(treff[2]), int(treff[1]))
        else:
            dag = date.fromisoformat(tekst)
    except ValueError:
        dag = date.min
    if not 2000 <= dag.year <= 2100:
        raise UgyldigData(felter={felt: [_("Skriv datoen som 31.12.2026 eller 2026-12-31.")]})
    return dag


def begynner(dag: date | None, naa: datetime) -> datetime:
    """The first moment of the day in Oslo; now, when none is named or it has passed: no role begins before it is
    given."""
    if dag is None:
        return naa
    return max(naa, datetime.combine(dag, time(), OSLO).astimezone(UTC))


def slutter(dag: date | None, naa: datetime, felt: str = "til") -> datetime | None:
    """The moment after the last day in Oslo. Raises UgyldigData for a day that has passed."""
    if dag is None:
        return None
    if dag < oslo(naa).date():
        raise UgyldigData(felter={felt: [_("Datoen har vært. Velg i dag eller en senere dag.")]})
    return datetime.combine(dag + timedelta(days=1), time(), OSLO).astimezone(UTC)


def siste_dag(slutt: datetime | None) -> date | None:
    """The last day in Oslo of what ends at that moment."""
    return None if slutt is None else oslo(slutt - timedelta(microseconds=1)).date()
