"""The life of a case: its codes, the table of lawful moves, and the deadlines. Pure rules, without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portal.core.errors import UgyldigOvergang


class Status(StrEnum):
    NY = "ny"
    AKSEPTERT = "akseptert"
    BESVART = "besvart"
    LUKKET = "lukket"
    TRUKKET = "trukket"


class Retning(StrEnum):
    """Who asks whom. The duty to give advice is mutual (spesialisthelsetjenesteloven § 6-3, hol § 5-11)."""

    TIL_SYKEHUS = "til_sykehus"
    TIL_KOMMUNE = "til_kommune"


class Hastegrad(StrEnum):
    AKUTT = "akutt"
    HASTER = "haster"
    VANLIG = "vanlig"


class Aldersgruppe(StrEnum):
    """The patient's age, only as a band (cut at 16, 18, 67 and 80): an exact age can point to a person."""

    UNDER_16 = "under_16"
    AAR_16_17 = "16_17"
    AAR_18_66 = "18_66"
    AAR_67_79 = "67_79"
    OVER_80 = "80_pluss"


class Kjoenn(StrEnum):
    KVINNE = "kvinne"
    MANN = "mann"
    UKJENT = "ukjent"


class Oppholdssted(StrEnum):
    HJEM = "hjem"
    OMSORGSBOLIG = "omsorgsbolig"
    SYKEHJEM = "sykehjem"
    OEHD = "oehd"
    LEGEVAKT = "legevakt"
    SYKEHUS = "sykehus"


class Plan(StrEnum):
    """«Hva ville du gjort nå uten råd?» – the baseline. Without it nobody can say what the advice changed."""

    LEGGE_INN = "legge_inn"
    OEHD_PLASS = "oehd_plass"
    BEHANDLE_HER = "behandle_her"
    POLIKLINIKK = "poliklinikk"
    SKRIVE_UT = "skrive_ut"
    BLI_PAA_SYKEHUSET = "bli_paa_sykehuset"
    VET_IKKE = "vet_ikke"


class Raad(StrEnum):
    """The structured advice of the responsible specialist."""

    BEHANDLES_I_KOMMUNEN = "behandles_i_kommunen"
    OEHD_PLASS = "oehd_plass"
    INNLEGGELSE = "innleggelse"
    POLIKLINIKK = "poliklinikk"
    KAN_TA_IMOT = "kan_ta_imot"
    KAN_IKKE_TA_IMOT = "kan_ikke_ta_imot"
    MER_INFORMASJON = "mer_informasjon"


class Utfall(StrEnum):
    """What was done, said at closing."""

    BEHANDLES_I_KOMMUNEN = "behandles_i_kommunen"
    OEHD_PLASS = "oehd_plass"
    INNLAGT = "innlagt"
    POLIKLINIKK = "poliklinikk"
    UTSKREVET = "utskrevet"
    BLE_PAA_SYKEHUSET = "ble_paa_sykehuset"
    DOED = "doed"
    ANNET = "annet"


#: The codes that fit each direction; those of the other one are refused.
PLANER: dict[Retning, tuple[Plan, ...]] = {
    Retning.TIL_SYKEHUS: (
        Plan.LEGGE_INN,
        Plan.OEHD_PLASS,
        Plan.BEHANDLE_HER,
        Plan.POLIKLINIKK,
        Plan.VET_IKKE,
    ),
    Retning.TIL_KOMMUNE: (Plan.SKRIVE_UT, Plan.BLI_PAA_SYKEHUSET, Plan.VET_IKKE),
}
RAAD: dict[Retning, tuple[Raad, ...]] = {
    Retning.TIL_SYKEHUS: (
        Raad.BEHANDLES_I_KOMMUNEN,
        Raad.OEHD_PLASS,
        Raad.INNLEGGELSE,
        Raad.POLIKLINIKK,
        Raad.MER_INFORMASJON,
    ),
    Retning.TIL_KOMMUNE: (
        Raad.KAN_TA_IMOT,
        Raad.KAN_IKKE_TA_IMOT,
        Raad.OEHD_PLASS,
        Raad.MER_INFORMASJON,
    ),
}
UTFALL: dict[Retning, tuple[Utfall, ...]] = {
    Retning.TIL_SYKEHUS: (
        Utfall.BEHANDLES_I_KOMMUNEN,
        Utfall.OEHD_PLASS,
        Utfall.INNLAGT,
        Utfall.POLIKLINIKK,
        Utfall.DOED,
        Utfall.ANNET,
    ),
    Retning.TIL_KOMMUNE: (Utfall.UTSKREVET, Utfall.BLE_PAA_SYKEHUSET, Utfall.DOED, Utfall.ANNET),
}
#: What happens to the patient when the requester can wait no longer.
UTFALL_UTEN_SVAR = {
    Retning.TIL_SYKEHUS: Utfall.INNLAGT,
    Retning.TIL_KOMMUNE: Utfall.BLE_PAA_SYKEHUSET,
}


class Svar(StrEnum):
    JA = "ja"
    DELVIS = "delvis"
    NEI = "nei"


class Side(StrEnum):
    INNMELDER = "innmelder"
    MOTTAKER = "mottaker"
    SYSTEM = "system"


class Hendelsestype(StrEnum):
    """The kinds of rows in the log of a case."""

    SENDT = "sendt"
    MELDING = "melding"
    OPPDATERT = "oppdatert"
    MAALING = "maaling"
    AKSEPTERT = "akseptert"
    GITT_TILBAKE = "gitt_tilbake"
    VIDERESENDT = "videresendt"
    BESVART = "besvart"
    TRENGER_MER = "trenger_mer"
    LUKKET = "lukket"
    TIDEN_UTE = "tiden_ute"
    TRUKKET = "trukket"
    GJENAAPNET = "gjenaapnet"
    VEDLEGG = "vedlegg"
    INNSYN = "innsyn"
    INVITERT = "invitert"
    BLE_MED = "ble_med"
    TILBUDT = "tilbudt"
    OVERLEVERT = "overlevert"
    AVSLAATT = "avslaatt"
    IDENTITET = "identitet"
    UTSKRIVNING = "utskrivning"
    SPURT = "spurt"
    OPPFOELGING = "oppfoelging"
    ESKALERT = "eskalert"
    PLASS_HOLDT = "plass_holdt"
    PLASS_FORLENGET = "plass_forlenget"
    PLASS_FRIGITT = "plass_frigitt"
    PLASS_UTLOEPT = "plass_utloept"
    PLASS_INNLAGT = "plass_innlagt"
    PLASS_AVVIST = "plass_avvist"


class Handling(StrEnum):
    """What somebody wants to do with a case. Those that stand in no row of `OVERGANGER` change no status."""

    SE = "se"
    SKRIVE = "skriv"
    OPPDATERE = "oppdater"
    AKSEPTERE = "aksepter"
    GI_TILBAKE = "gi_tilbake"
    VIDERESENDE = "videresend"
    BESVARE = "besvar"
    BE_OM_MER = "trenger_mer"
    LUKKE = "lukk"
    LUKKE_SOM_ANSVARLIG = "lukk_som_ansvarlig"
    TIDEN_ER_UTE = "tiden_er_ute"
    TREKKE = "trekk"
    GJENAAPNE = "gjenaapne"
    #: Copying out of the portal: into the own journal, as a file. Not for who only looks in with a reason.
    EKSPORTERE = "eksporter"
    INVITERE = "inviter"
    OVERLEVERE = "overlever"
    IDENTITET = "identitet"
    UTSKRIVNING = "utskrivning"
    FOELGE_OPP = "foelg_opp"
    #: An emergency bed for the patient, and what becomes of it: the kommune of the case alone.
    HOLDE_PLASS = "hold_plass"
    STYRE_PLASS = "styr_plass"


class Hvem(StrEnum):
    """Who may take an edge, judged by `access.py` on fresh rows."""

    PAA_VAKT = "paa_vakt"  # answers for the fagområde at the receiver
    PAA_VAKT_ELLER_VAKTLEDER = "paa_vakt_eller_vaktleder"  # or the receiver's vaktleder, when none takes it
    ANSVARLIG = "ansvarlig"  # the one who accepted
    ANSVARLIG_ELLER_VAKTLEDER = (
        "ansvarlig_eller_vaktleder"  # or the receiver's vaktleder, for one who is gone
    )
    INNMELDERSIDEN = "innmeldersiden"  # the requester, or a clinician of the requester's unit
    BEGGE = "begge"  # the requester's side, or those on call at the receiver


@dataclass(frozen=True, slots=True)
class Overgang:
    """One lawful edge: from, to, who may take it, and what it writes to the log."""

    handling: Handling
    fra: Status
    til: Status
    hvem: Hvem
    logger: Hendelsestype


_O = Overgang
#: The whole life of a case. What is not here cannot be done.
OVERGANGER: tuple[Overgang, ...] = (
    _O(Handling.AKSEPTERE, Status.NY, Status.AKSEPTERT, Hvem.PAA_VAKT, Hendelsestype.AKSEPTERT),
    _O(Handling.VIDERESENDE, Status.NY, Status.NY, Hvem.PAA_VAKT_ELLER_VAKTLEDER, Hendelsestype.VIDERESENDT),
    _O(
        Handling.VIDERESENDE,
        Status.AKSEPTERT,
        Status.NY,
        Hvem.ANSVARLIG_ELLER_VAKTLEDER,
        Hendelsestype.VIDERESENDT,
    ),
    _O(
        Handling.GI_TILBAKE,
        Status.AKSEPTERT,
        Status.NY,
        Hvem.ANSVARLIG_ELLER_VAKTLEDER,
        Hendelsestype.GITT_TILBAKE,
    ),
    _O(Handling.BESVARE, Status.AKSEPTERT, Status.BESVART, Hvem.ANSVARLIG, Hendelsestype.BESVART),
    _O(Handling.BE_OM_MER, Status.BESVART, Status.AKSEPTERT, Hvem.INNMELDERSIDEN, Hendelsestype.TRENGER_MER),
    _O(Handling.LUKKE, Status.BESVART, Status.LUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.LUKKET),
    _O(Handling.LUKKE_SOM_ANSVARLIG, Status.BESVART, Status.LUKKET, Hvem.ANSVARLIG, Hendelsestype.LUKKET),
    _O(Handling.TIDEN_ER_UTE, Status.NY, Status.LUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TIDEN_UTE),
    _O(Handling.TIDEN_ER_UTE, Status.AKSEPTERT, Status.LUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TIDEN_UTE),
    _O(Handling.TREKKE, Status.NY, Status.TRUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TRUKKET),
    _O(Handling.TREKKE, Status.AKSEPTERT, Status.TRUKKET, Hvem.INNMELDERSIDEN, Hendelsestype.TRUKKET),
    _O(Handling.GJENAAPNE, Status.LUKKET, Status.AKSEPTERT, Hvem.BEGGE, Hendelsestype.GJENAAPNET),
)

#: In these the conversation is open.
AAPNE = frozenset({Status.NY, Status.AKSEPTERT, Status.BESVART})

#: From sent to accepted, and from accepted to answered. Akutt, haster, vanlig.
FRIST_AKSEPT = {
    Hastegrad.AKUTT: timedelta(minutes=5),
    Hastegrad.HASTER: timedelta(minutes=30),
    Hastegrad.VANLIG: timedelta(hours=4),
}
FRIST_SVAR = {
    Hastegrad.AKUTT: timedelta(minutes=15),
    Hastegrad.HASTER: timedelta(hours=2),
    Hastegrad.VANLIG: timedelta(hours=24),
}
#: The responsible may close what the requester leaves open.
ANSVARLIG_KAN_LUKKE_ETTER = timedelta(hours=24)
GJENAAPNES_INNEN = timedelta(hours=72)


class Innsynsgrunn(StrEnum):
    """Why a clinician who has no part in a case opens it (tjenstlig behov)."""

    OVERTAR = "overtar"
    KONSULTERT = "konsultert"
    SAMME_PASIENT = "samme_pasient"
    KVALITET = "kvalitet"
    ANNET = "annet"


#: An opening with a reason lasts so long.
INNSYN_VARER = timedelta(hours=12)


class Invitasjonsslag(StrEnum):
    #: To take part beside those who do.
    KOLLEGA = "kollega"
    #: To become the responsible.
    OVERLEVERING = "overlevering"


class Invitasjonstilstand(StrEnum):
    VENTER = "venter"
    GODTATT = "godtatt"
    AVSLAATT = "avslaatt"
    TRUKKET = "trukket"


class Oppfoelgingssvar(StrEnum):
    """What became of the patient, as one side knows it."""

    BEKREFTET = "bekreftet"
    INNLAGT = "innlagt"
    DOED = "doed"
    UKJENT = "ukjent"


class Unngaatt(StrEnum):
    """«Innleggelse unngått», computed and never typed (see `unngaatt`)."""

    AAPEN = "aapen"
    UTELATT = "utelatt"
    FORVENTET = "forventet"
    BEKREFTET = "bekreftet"
    AVKREFTET = "avkreftet"
    UKJENT = "ukjent"
    UENIGHET = "uenighet"


#: Days after the closing at which the requester is asked what happened.
OPPFOELGINGSDAGER = (3, 30)


def unngaatt(status: str, plan: str, utfall: str | None, resultat: str | None) -> Unngaatt:
    """Whether the advice spared the patient an admission.

    Counted only where the plan without advice was to admit; death and «annet» tell nothing of the advice. `resultat`
    is what the follow-up found (a value of `Oppfoelgingssvar`, or «uenighet» where the two sides say different things).
    """
    if status != Status.LUKKET:
        return Unngaatt.AAPEN
    if plan != Plan.LEGGE_INN or utfall in (Utfall.DOED, Utfall.ANNET) or resultat == Oppfoelgingssvar.DOED:
        return Unngaatt.UTELATT
    if resultat == "uenighet":
        return Unngaatt.UENIGHET
    if utfall == Utfall.INNLAGT or resultat == Oppfoelgingssvar.INNLAGT:
        return Unngaatt.AVKREFTET
    if resultat == Oppfoelgingssvar.BEKREFTET:
        return Unngaatt.BEKREFTET
    return Unngaatt.UKJENT if resultat == Oppfoelgingssvar.UKJENT else Unngaatt.FORVENTET


def overgang(handling: Handling, fra: str) -> Overgang:
    """The edge for an act from a status. Raises UgyldigOvergang where the table has none."""
    for o in OVERGANGER:
        if o.handling == handling and o.fra == fra:
            return o
    raise UgyldigOvergang(status=fra, handling=handling)
