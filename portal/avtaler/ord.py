"""The words of this room's codes, in bokmål as the source of the translations."""

from __future__ import annotations

from typing import Any

from portal.avtaler.forloep import (
    Art,
    Avtaletype,
    Forslagsstatus,
    Forslagstype,
    Partstatus,
    Side,
    Status,
    Uenighetstrinn,
)
from portal.avtaler.punkter import Situasjon
from portal.core.sprak import _l

ETIKETTER: dict[str, dict[str, Any]] = {
    "avtaletype": {
        Avtaletype.OVERORDNET: _l("Overordnet samarbeidsavtale"),
        Avtaletype.TJENESTEAVTALE: _l("Tjenesteavtale"),
        Avtaletype.DELAVTALE: _l("Delavtale"),
        Avtaletype.SAERAVTALE: _l("Særavtale"),
    },
    "avtalestatus": {
        Status.UTKAST: _l("Utkast"),
        Status.TIL_FORHANDLING: _l("Til forhandling"),
        Status.TIL_GODKJENNING: _l("Til godkjenning"),
        Status.GODKJENT: _l("Godkjent"),
        Status.GJELDENDE: _l("Gjelder"),
        Status.UNDER_REVISJON: _l("Gjelder, under revisjon"),
        Status.OPPSAGT: _l("Gjelder, sagt opp"),
        Status.ERSTATTET: _l("Erstattet"),
        Status.UTLOEPT: _l("Utløpt"),
        Status.FORKASTET: _l("Forkastet"),
    },
    "avtaletilstand": {
        "i_kraft": _l("Gjelder nå"),
        "arbeid": _l("Under arbeid"),
        "invitert": _l("Venter på vårt svar"),
        "avsluttet": _l("Avsluttet"),
    },
    "bestemmelsesart": {
        Art.INNLEGGELSE: _l("Innleggelse"),
        Art.UTSKRIVNING: _l("Utskrivning"),
        Art.OEHD: _l("Øyeblikkelig hjelp døgnopphold"),
        Art.ROLLER: _l("Roller og ansvar"),
        Art.PROSEDYRE: _l("Prosedyre"),
        Art.INFORMASJON: _l("Informasjonsutveksling"),
        Art.BEREDSKAP: _l("Beredskap"),
        Art.ANNET: _l("Annet"),
    },
    "avtalesituasjon": {
        Situasjon.INNLEGGELSE: _l("Innleggelse"),
        Situasjon.UTSKRIVNING: _l("Utskrivning"),
        Situasjon.OEHD: _l("Øyeblikkelig hjelp døgnopphold"),
    },
    "avtaleside": {
        Side.FORETAK: _l("Helseforetaket"),
        Side.KOMMUNE: _l("Kommunen"),
    },
    "partstatus": {
        Partstatus.INVITERT: _l("Invitert, har ikke svart"),
        Partstatus.DELTAR: _l("Deltar"),
        Partstatus.TAKKET_NEI: _l("Takket nei"),
        Partstatus.UTMELDT: _l("Gått ut"),
    },
    "forslagstype": {
        Forslagstype.ENDRE: _l("Endring"),
        Forslagstype.NY: _l("Ny bestemmelse"),
        Forslagstype.STRYK: _l("Strykning"),
    },
    "forslagsstatus": {
        Forslagsstatus.AAPENT: _l("Venter på svar"),
        Forslagsstatus.GODTATT: _l("Godtatt"),
        Forslagsstatus.AVSLAATT: _l("Avslått"),
        Forslagsstatus.TRUKKET: _l("Trukket"),
        Forslagsstatus.BORTFALT: _l("Bortfalt"),
    },
    "uenighetstrinn": {
        Uenighetstrinn.DIALOG: _l("Dialog mellom partene"),
        Uenighetstrinn.LOKALT_ORGAN: _l("Lokalt tvisteorgan"),
        Uenighetstrinn.TVISTELOESNINGSNEMNDA: _l("Tvisteløsningsnemnda"),
        Uenighetstrinn.LOEST: _l("Løst"),
    },
    "hyppighet": {
        "engang": _l("Én gang"),
        "aarlig": _l("Hvert år"),
        "halvaarlig": _l("Hvert halvår"),
        "kvartal": _l("Hvert kvartal"),
        "maanedlig": _l("Hver måned"),
    },
    "maalform": {"nb": _l("Bokmål"), "nn": _l("Nynorsk")},
    "leddtilstand": {
        "godkjent": _l("Godkjent"),
        "tur": _l("Venter på godkjenning"),
        "venter": _l("Venter på leddet før"),
        "sendt_tilbake": _l("Sendt tilbake"),
        "opphevet": _l("Gjelder ikke"),
    },
    "oppsigelsestilstand": {
        "loeper": _l("Løper"),
        "trukket": _l("Trukket"),
        "virket": _l("Har virket"),
        "falt_bort": _l("Falt bort"),
    },
}
