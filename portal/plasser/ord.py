"""The words of this room's codes, in bokmål as the source of the translations."""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _, _l
from portal.plasser.forloep import (
    Aarsaksgruppe,
    Aldersgruppe,
    Avslagsgrunn,
    Evne,
    Frahvor,
    Holdstatus,
    Innen,
    Laan,
    Legedekning,
    Stengtgrunn,
    Tilhvor,
    Tilstand,
    Vurderingsstatus,
)
from portal.plasser.historikkregler import Opploesning

ETIKETTER: dict[str, dict[str, Any]] = {
    "plasstilstand": {
        Tilstand.UKJENT: _l("Ukjent"),
        Tilstand.LEDIG: _l("Ledig"),
        Tilstand.HOLDT: _l("Holdt"),
        Tilstand.BELAGT: _l("Belagt"),
        Tilstand.RENGJOERES: _l("Rengjøres"),
        Tilstand.STENGT: _l("Stengt"),
    },
    # In which of the board's groups a bed is counted: as the states, and one more.
    "plassgruppe": {
        "ledig": _l("Ledig"),
        "holdt": _l("Holdt"),
        "belagt": _l("Belagt"),
        "rengjoeres": _l("Rengjøres"),
        "stengt": _l("Stengt"),
        "ubemannet": _l("Uten bemanning"),
        "ukjent": _l("Ukjent"),
    },
    # Of all the beds, beside the groups: as columns, and as one reads them alone.
    "laanttall": {
        "laant_inn": _l("Lånt inn"),
        "laant_ut": _l("Lånt ut"),
        "laant_inn.lang": _l("Åpnet med lånt personell"),
        "laant_ut.lang": _l("Personellet er lånt ut"),
    },
    # Why a bed was changed, as `Plassendring.aarsak` has it; a loan is told by `aarsaksord`.
    "plassaarsak": {
        "hold": _l("Holdt for en pasient på vei"),
        "innlagt": _l("Pasienten ble lagt inn"),
        "utskrevet": _l("Pasienten ble skrevet ut"),
        "utloept": _l("Tiden for holdet gikk ut"),
        "frigitt": _l("Holdet ble gitt fri"),
        "avvist": _l("Enheten avviste holdet"),
        "side": _l("Satt av enheten"),
        "import": _l("Lest inn fra fil"),
        "retting": _l("Rettet i etterkant"),
        "opprettet": _l("Plassen ble lagt inn i registeret"),
        "normert": _l("Endret om plassen er normert"),
        "nedlagt": _l("Plassen ble lagt ned"),
    },
    "stengtgrunn": {
        Stengtgrunn.PERSONELL: _l("Mangler personell"),
        Stengtgrunn.ROM: _l("Rommet kan ikke brukes"),
        Stengtgrunn.UTSTYR: _l("Mangler utstyr"),
        Stengtgrunn.SMITTE: _l("Smitte"),
    },
    "legedekning": {
        Legedekning.DOEGN: _l("Lege hele døgnet"),
        Legedekning.DAGTID: _l("Lege på dagtid"),
        Legedekning.TILKALLING: _l("Lege ved tilkalling"),
    },
    "evne": {
        str(int(Evne.ISOLASJON)): _l("Isolasjon"),
        str(int(Evne.OKSYGEN)): _l("Oksygen"),
        str(int(Evne.INTRAVENOES)): _l("Intravenøs behandling"),
        str(int(Evne.PALLIASJON)): _l("Lindrende behandling"),
        str(int(Evne.PSYKISK_HELSE)): _l("Psykisk helse"),
        str(int(Evne.RUS)): _l("Rus"),
        str(int(Evne.OVERVAAKING)): _l("Overvåking"),
        str(int(Evne.BARN)): _l("Barn"),
        str(int(Evne.RULLESTOL)): _l("Rullestol"),
        str(int(Evne.BARIATRISK)): _l("Kraftig overvekt"),
    },
    "holdstatus": {
        Holdstatus.AKTIV: _l("Holdt"),
        Holdstatus.INNLAGT: _l("Innlagt"),
        Holdstatus.FRIGITT: _l("Gitt fri"),
        Holdstatus.UTLOEPT: _l("Utløpt"),
        Holdstatus.AVVIST: _l("Avvist av enheten"),
    },
    "oppholdsalder": {
        Aldersgruppe.UNDER_18: _l("Under 18 år"),
        Aldersgruppe.VOKSEN: _l("18–49 år"),
        Aldersgruppe.MIDDEL: _l("50–66 år"),
        Aldersgruppe.ELDRE: _l("67–79 år"),
        Aldersgruppe.GAMMEL: _l("80–89 år"),
        Aldersgruppe.ELDST: _l("90 år eller eldre"),
    },
    "plasslaan": {
        Laan.INN: _l("Bemannet med lånt personell"),
        Laan.UT: _l("Personellet er lånt ut"),
    },
    "aarsaksgruppe": {
        Aarsaksgruppe.INFEKSJON: _l("Infeksjon"),
        Aarsaksgruppe.LUNGE: _l("Lunge og pust"),
        Aarsaksgruppe.HJERTE: _l("Hjerte og kar"),
        Aarsaksgruppe.FALL: _l("Fall eller skade"),
        Aarsaksgruppe.SMERTER: _l("Smerter"),
        Aarsaksgruppe.ERNAERING: _l("Væske og ernæring"),
        Aarsaksgruppe.FORVERRING: _l("Forverring av kjent sykdom"),
        Aarsaksgruppe.PSYKISK: _l("Psykisk helse"),
        Aarsaksgruppe.RUS: _l("Rus"),
        Aarsaksgruppe.PALLIASJON: _l("Lindrende behandling"),
        Aarsaksgruppe.OBSERVASJON: _l("Observasjon"),
        Aarsaksgruppe.ANNET: _l("Annet"),
    },
    "frahvor": {
        Frahvor.HJEM: _l("Hjemmet"),
        Frahvor.OMSORGSBOLIG: _l("Omsorgsbolig"),
        Frahvor.SYKEHJEM: _l("Sykehjem"),
        Frahvor.LEGEVAKT: _l("Legevakt"),
        Frahvor.SYKEHUS: _l("Sykehus"),
        Frahvor.ANNET: _l("Annet sted"),
    },
    "tilhvor": {
        Tilhvor.HJEM: _l("Hjemmet"),
        Tilhvor.HJEMMETJENESTE: _l("Hjemmet med hjemmetjeneste"),
        Tilhvor.KORTTID: _l("Korttidsplass"),
        Tilhvor.SYKEHJEM: _l("Sykehjem"),
        Tilhvor.SYKEHUS: _l("Sykehus"),
        Tilhvor.DOED: _l("Død"),
        Tilhvor.ANNET: _l("Annet sted"),
    },
    "plassavslag": {
        Avslagsgrunn.FULLT: _l("Ingen ledig plass"),
        Avslagsgrunn.EVNE: _l("Kan ikke ta imot det pasienten trenger"),
        Avslagsgrunn.KRITERIER: _l("Utenfor inklusjonskriteriene"),
        Avslagsgrunn.BEMANNING: _l("For lite bemanning"),
        Avslagsgrunn.SMITTE: _l("Smitte"),
        Avslagsgrunn.ANNET: _l("Annet"),
    },
    "behovsvurdering": {
        Vurderingsstatus.UTKAST: _l("Under arbeid"),
        Vurderingsstatus.VENTER: _l("Venter på den andre siden"),
        Vurderingsstatus.BESLUTTET: _l("Besluttet"),
        Vurderingsstatus.FORKASTET: _l("Lagt bort"),
    },
    "opploesning": {
        Opploesning.DAG: _l("Dag for dag"),
        Opploesning.UKE: _l("Uke for uke"),
        Opploesning.MAANED: _l("Måned for måned"),
        Opploesning.AAR: _l("År for år"),
    },
    "historikkslag": {
        "land": _l("Hele landet"),
        "foretak": _l("Helseforetak"),
        "fylke": _l("Fylke"),
        "kommune": _l("Vertskommune"),
        "enhet": _l("Enhet"),
    },
    "historikkperiode": {
        "7": _l("Siste 7 dager"),
        "30": _l("Siste 30 dager"),
        "90": _l("Siste 90 dager"),
        "365": _l("Siste år"),
        "3650": _l("Siste ti år"),
        "egen": _l("Egne datoer"),
    },
    "opptrapping": {
        Innen.ET_DOEGN: _l("Innen 24 timer"),
        Innen.TRE_DOEGN: _l("Innen 72 timer"),
    },
}


def evner_av(sum_: int) -> list[Any]:
    """The words of a sum of abilities, in the order of `Evne`."""
    return [ord_ for bit, ord_ in ETIKETTER["evne"].items() if sum_ & int(bit)]


def aarsaksord(aarsak: str, organisasjon: str = "") -> Any:
    """Why a bed was changed, in words; empty where nobody said. `organisasjon`: whose staff came, or who got it."""
    kode = aarsak.partition(":")[0]
    hvem = organisasjon or _("en annen organisasjon")
    if kode == "laan_inn":
        return _("Bemannet med lånt personell fra %(organisasjon)s", organisasjon=hvem)
    if kode == "laan_ut":
        return _("Uten bemanning: personellet er lånt ut til %(organisasjon)s", organisasjon=hvem)
    if kode == "laan_inn_slutt":
        return _("Lånt personell fra %(organisasjon)s har reist", organisasjon=hvem)
    if kode == "laan_ut_slutt":
        return _("Personellet er tilbake fra %(organisasjon)s", organisasjon=hvem)
    return ETIKETTER["plassaarsak"].get(kode, "")
