"""The steps of a discharge, their deadlines and where they stand. Pure rules over a row and a clock.

Source: forskrift 18. november 2011 nr. 1115 om kommunal betaling for utskrivningsklare pasienter
(utskrivningsforskriften), §§ 8–11 and 13. The portal mirrors the regulated messages (PLO) and never replaces them.

- § 8: when it is likely that the patient needs the kommune's help afterwards, the hospital tells the kommune within
  24 hours of the admission, with the patient's state, the likely course and the expected time of discharge. What is
  uncertain is said to be uncertain.
- § 9: a patient is ready (utskrivningsklar) when a physician has assessed that no more specialist treatment is needed;
  a–e are the points that must have been assessed and documented.
- § 10: the hospital tells the kommune at once that the patient is ready, and also when that is no longer so.
- § 11: the kommune answers at once whether it can receive the patient, and when.
- § 13: the kommune pays from and with the day the patient is ready, when §§ 8–10 are kept and it has said that it
  cannot receive the patient, or has not answered. Told as information: the portal computes no money.

«At once» (straks) has no number in the regulation, and gets none here: what waits is shown with how long it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from portal.core.clock import oslo
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.henvendelser.forloep import Side

#: § 8: real hours. A night with summer time's change is 23 or 25 hours on the wall, and 24 all the same here.
VARSEL_INNEN = timedelta(hours=24)
#: § 9 first paragraph, letters a–e.
VURDERINGER = ("a", "b", "c", "d", "e")
#: How far back an admission may lie: further is a slip of the pen.
INNLAGT_INNEN = timedelta(days=730)


class Steg(StrEnum):
    """What one of the sides can say of a discharge."""

    VARSEL = "varsel"
    FORVENTET = "forventet"
    A = "a"
    B = "b"
    C = "c"
    D = "d"
    E = "e"
    KLAR = "klar"
    SVAR = "svar"


#: In a discharge the hospital asks: it is the requester's side.
SYKEHUSET, KOMMUNEN = Side.INNMELDER, Side.MOTTAKER
PARAGRAF = {
    Steg.VARSEL: "§ 8",
    Steg.FORVENTET: "§ 8",
    **{Steg(v): f"§ 9 {v}" for v in VURDERINGER},
    Steg.KLAR: "§ 10",
    Steg.SVAR: "§ 11",
}


class Tilstand(StrEnum):
    """Where a step stands."""

    GJORT = "gjort"
    #: Done, after its deadline.
    GJORT_FOR_SENT = "gjort_for_sent"
    #: Its deadline has not passed, or it has none.
    VENTER = "venter"
    #: Due at once: what it waited for has come.
    STRAKS = "straks"
    FORSINKET = "forsinket"
    #: Cannot be done before another step.
    SENERE = "senere"


class Rad(Protocol):
    """What the rules read of `models.Utskrivning`."""

    @property
    def innlagt(self) -> datetime: ...
    @property
    def varslet(self) -> datetime | None: ...
    @property
    def forventet(self) -> date | None: ...
    @property
    def usikker(self) -> bool: ...
    @property
    def vurdert_a(self) -> datetime | None: ...
    @property
    def vurdert_b(self) -> datetime | None: ...
    @property
    def vurdert_c(self) -> datetime | None: ...
    @property
    def vurdert_d(self) -> datetime | None: ...
    @property
    def vurdert_e(self) -> datetime | None: ...
    @property
    def utskrivningsklar(self) -> datetime | None: ...
    @property
    def besvart(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Punkt:
    """One step on the timeline."""

    steg: Steg
    paragraf: str
    side: Side
    tilstand: Tilstand
    #: When it was done.
    gjort: datetime | None = None
    #: When it must be done; None for «at once» and for what has no deadline.
    frist: datetime | None = None
    #: From when it has been due at once.
    straks_fra: datetime | None = None


def side_for(steg: Steg) -> Side:
    """Whose step it is: § 11 is the kommune's, all the others the hospital's."""
    return KOMMUNEN if steg == Steg.SVAR else SYKEHUSET


def varselfrist(innlagt: datetime) -> datetime:
    """§ 8: twenty-four hours after the admission, counted in UTC."""
    return innlagt.astimezone(UTC) + VARSEL_INNEN


def vurdert(rad: Rad) -> dict[str, datetime | None]:
    """§ 9: when each of a–e was done."""
    return {v: getattr(rad, f"vurdert_{v}") for v in VURDERINGER}


def alt_vurdert(rad: Rad) -> bool:
    """§ 9: all of a–e are done, so that the patient may be declared ready."""
    return all(vurdert(rad).values())


def kontroller(
    naa: datetime,
    innlagt: datetime,
    *,
    varslet: datetime | None = None,
    forventet: date | None = None,
    usikker: bool = False,
) -> None:
    """Raises UgyldigData with the fields of what cannot be so: times that have not been, days before the admission,
    and a discharge of which nothing is said (§ 8 lets it be uncertain, not silent)."""
    felter: dict[str, list[object]] = {}
    if innlagt > naa:
        felter["innlagt"] = [_l("Pasienten kan ikke være innlagt i framtida. Sjekk dato og klokkeslett.")]
    elif innlagt < naa - INNLAGT_INNEN:
        felter["innlagt"] = [_l("Innleggelsen er for mer enn to år siden. Sjekk årstallet.")]
    if varslet is not None and not innlagt <= varslet <= naa:
        felter["varslet"] = [_l("Varselet må være sendt etter innleggelsen og ikke i framtida.")]
    if forventet is None and not usikker:
        felter["forventet"] = [_l("Velg dato, eller kryss av for at den er usikker.")]
    elif forventet is not None and forventet < oslo(innlagt).date():
        felter["forventet"] = [_l("Utskrivningen kan ikke være før innleggelsen.")]
    elif forventet is not None and forventet > oslo(naa).date() + INNLAGT_INNEN:
        felter["forventet"] = [_l("Datoen er for langt fram. Sjekk årstallet.")]
    if felter:
        raise UgyldigData(felter=felter)


def tidslinje(rad: Rad, naa: datetime) -> list[Punkt]:
    """The discharge as it stands at a moment: §§ 8, 9 a–e, 10 and 11, in that order."""
    return [_varsel(rad, naa), *_vurderinger(rad), _klar(rad), _svar(rad)]


def _punkt(steg: Steg, tilstand: Tilstand, **mer: datetime | None) -> Punkt:
    return Punkt(steg, PARAGRAF[steg], side_for(steg), tilstand, **mer)


def _varsel(rad: Rad, naa: datetime) -> Punkt:
    frist = varselfrist(rad.innlagt)
    if rad.varslet is None:
        tilstand = Tilstand.FORSINKET if naa > frist else Tilstand.VENTER
    else:
        tilstand = Tilstand.GJORT_FOR_SENT if rad.varslet > frist else Tilstand.GJORT
    return _punkt(Steg.VARSEL, tilstand, gjort=rad.varslet, frist=frist)


def _vurderinger(rad: Rad) -> list[Punkt]:
    return [
        _punkt(Steg(v), Tilstand.GJORT if tid else Tilstand.VENTER, gjort=tid)
        for v, tid in vurdert(rad).items()
    ]


def _klar(rad: Rad) -> Punkt:
    if rad.utskrivningsklar is not None:
        return _punkt(Steg.KLAR, Tilstand.GJORT, gjort=rad.utskrivningsklar)
    if not alt_vurdert(rad):
        return _punkt(Steg.KLAR, Tilstand.SENERE)
    return _punkt(Steg.KLAR, Tilstand.STRAKS, straks_fra=max(t for t in vurdert(rad).values() if t))


def _svar(rad: Rad) -> Punkt:
    if rad.utskrivningsklar is None:
        return _punkt(Steg.SVAR, Tilstand.SENERE)
    if rad.besvart is not None:
        return _punkt(Steg.SVAR, Tilstand.GJORT, gjort=rad.besvart)
    return _punkt(Steg.SVAR, Tilstand.STRAKS, straks_fra=rad.utskrivningsklar)
