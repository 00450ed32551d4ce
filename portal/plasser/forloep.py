"""The words and the edges of a bed, a hold and a stay: states, reasons, abilities and which may follow which.

What is asked of a stay is so coarse that it points to nobody: an age band, a group of reasons, from where and to where.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum


class Tilstand(StrEnum):
    """A bed as it stands. `ukjent`: nobody has said yet; it counts neither as free nor as occupied."""

    UKJENT = "ukjent"
    LEDIG = "ledig"
    #: Held for somebody who is on the way (`Reservasjon`).
    HOLDT = "holdt"
    #: Somebody lies in it (`Opphold`).
    BELAGT = "belagt"
    #: Empty, and not free: it is being washed and made.
    RENGJOERES = "rengjoeres"
    STENGT = "stengt"


#: Which state may follow which. A held bed is released before it is closed, an occupied one discharged from.
OVERGANGER: dict[Tilstand, frozenset[Tilstand]] = {
    Tilstand.UKJENT: frozenset({Tilstand.LEDIG, Tilstand.BELAGT, Tilstand.RENGJOERES, Tilstand.STENGT}),
    Tilstand.LEDIG: frozenset({Tilstand.HOLDT, Tilstand.BELAGT, Tilstand.RENGJOERES, Tilstand.STENGT}),
    Tilstand.HOLDT: frozenset({Tilstand.LEDIG, Tilstand.BELAGT}),
    Tilstand.BELAGT: frozenset({Tilstand.LEDIG, Tilstand.RENGJOERES}),
    Tilstand.RENGJOERES: frozenset({Tilstand.LEDIG, Tilstand.STENGT}),
    Tilstand.STENGT: frozenset({Tilstand.LEDIG, Tilstand.RENGJOERES}),
}
#: The states in which a bed can be taken out of use for good.
KAN_NEDLEGGES = frozenset({Tilstand.UKJENT, Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT})


class Stengtgrunn(StrEnum):
    PERSONELL = "personell"
    ROM = "rom"
    UTSTYR = "utstyr"
    SMITTE = "smitte"


class Legedekning(StrEnum):
    """When a physician is at the unit, beside the legevakt that everybody has."""

    DOEGN = "doegn"
    DAGTID = "dagtid"
    TILKALLING = "tilkalling"


class Evne(IntFlag):
    """What a unit, or a single bed, can take. Stored as their sum."""

    ISOLASJON = 1
    OKSYGEN = 2
    INTRAVENOES = 4
    PALLIASJON = 8
    PSYKISK_HELSE = 16
    RUS = 32
    OVERVAAKING = 64
    BARN = 128
    RULLESTOL = 256
    BARIATRISK = 512


ALLE_EVNER = sum(Evne)


class Laan(StrEnum):
    """Why a bed is staffed, or not: people of another organisation are here, or its own are there."""

    INN = "inn"
    UT = "ut"


class Holdstatus(StrEnum):
    AKTIV = "aktiv"
    INNLAGT = "innlagt"
    FRIGITT = "frigitt"
    UTLOEPT = "utloept"
    #: The unit could not take the patient after all; counted as a refusal (`Avslag`).
    AVVIST = "avvist"


class Aldersgruppe(StrEnum):
    """Bands whose edge at 67 the yearly report asks for."""

    UNDER_18 = "0-17"
    VOKSEN = "18-49"
    MIDDEL = "50-66"
    ELDRE = "67-79"
    GAMMEL = "80-89"
    ELDST = "90+"


#: The bands that the report counts as «over 67 år».
OVER_67 = frozenset({Aldersgruppe.ELDRE, Aldersgruppe.GAMMEL, Aldersgruppe.ELDST})


class Aarsaksgruppe(StrEnum):
    INFEKSJON = "infeksjon"
    LUNGE = "lunge"
    HJERTE = "hjerte"
    FALL = "fall"
    SMERTER = "smerter"
    ERNAERING = "ernaering"
    FORVERRING = "forverring"
    PSYKISK = "psykisk"
    RUS = "rus"
    PALLIASJON = "palliasjon"
    OBSERVASJON = "observasjon"
    ANNET = "annet"


class Frahvor(StrEnum):
    HJEM = "hjem"
    OMSORGSBOLIG = "omsorgsbolig"
    SYKEHJEM = "sykehjem"
    LEGEVAKT = "legevakt"
    SYKEHUS = "sykehus"
    ANNET = "annet"


class Tilhvor(StrEnum):
    HJEM = "hjem"
    HJEMMETJENESTE = "hjemmetjeneste"
    KORTTID = "korttid"
    SYKEHJEM = "sykehjem"
    SYKEHUS = "sykehus"
    DOED = "doed"
    ANNET = "annet"


class Avslagsgrunn(StrEnum):
    """Why somebody did not get a bed. `fullt` is noted by itself when a hold finds no free bed at the unit."""

    FULLT = "fullt"
    EVNE = "evne"
    KRITERIER = "kriterier"
    BEMANNING = "bemanning"
    SMITTE = "smitte"
    ANNET = "annet"


class Vurderingsstatus(StrEnum):
    """An assessment of the need for more places: written by either side, decided by both."""

    UTKAST = "utkast"
    #: One side has decided; the other's answer is waited for.
    VENTER = "venter"
    BESLUTTET = "besluttet"
    FORKASTET = "forkastet"


VURDERINGSOVERGANGER: dict[Vurderingsstatus, frozenset[Vurderingsstatus]] = {
    Vurderingsstatus.UTKAST: frozenset({Vurderingsstatus.VENTER, Vurderingsstatus.FORKASTET}),
    #: A change after one side's decision voids it.
    Vurderingsstatus.VENTER: frozenset(
        {Vurderingsstatus.UTKAST, Vurderingsstatus.BESLUTTET, Vurderingsstatus.FORKASTET}
    ),
    Vurderingsstatus.BESLUTTET: frozenset(),
    Vurderingsstatus.FORKASTET: frozenset(),
}


class Innen(StrEnum):
    """How soon the beds of a surge plan can be open, in hours."""

    ET_DOEGN = "24"
    TRE_DOEGN = "72"


#: How long a hold lasts, and how much one extension adds, in minutes.
HOLD_MINUTTER = 120
#: After so many hours without a word from the unit its figures are stale, in phase 1–2 and in phase 3–5.
FERSK_TIMER = (12, 4)
#: A correction may reach so far back, in days.
RETT_DAGER = 14
