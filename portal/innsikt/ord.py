"""The words of the status page: the parts, how they are, and what to do about it."""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l

ETIKETTER: dict[str, dict[str, Any]] = {
    "driftstilstand": {
        "ok": _l("Virker"),
        "obs": _l("Følg med"),
        "roed": _l("Virker ikke"),
        "ukjent": _l("Ukjent"),
        "av": _l("Ikke satt opp"),
    },
    "driftsdel": {
        "spor.frist": _l("Frister og eskalering"),
        "spor.post": _l("Sending av varsler"),
        "spor.vanlig": _l("Opprydding og forsegling"),
        "spor.hjerte": _l("Livstegn til overvåkingen"),
        "vekking": _l("Vekker varslene den som har vakt?"),
        "eskalering": _l("Eskalering"),
        "utsending": _l("Køen av varsler"),
        "plasser": _l("Holdte ØHD-plasser"),
        "kanal.epost": _l("E-post"),
        "kanal.push": _l("Varsler i nettleseren"),
        "kanal.sms": _l("SMS"),
        "kanal.tale": _l("Oppringing"),
        "database": _l("Databasen"),
        "redis": _l("Redis"),
    },
    #: By the kind of part, and why it is not simply well.
    "driftshvorfor": {
        "spor.staar": _l(
            "Arbeideren har stanset, eller en jobb i den feiler. Start den på nytt, og se i loggen."
        ),
        "spor.svikter": _l(
            "Den går, men noe av det den skal gjøre, feiler og prøves igjen. Se i loggen hva det er."
        ),
        "spor.aldri": _l("Arbeideren har aldri gått her. Start den."),
        "eskalering.forfalt": _l("Trinn skulle ha gått for over et minutt siden. Ring i stedet for å vente."),
        "utsending.forfalt": _l("Varsler blir liggende. Se etter arbeideren."),
        "plasser.forfalt": _l(
            "Plasser står som holdt etter at tiden er ute. Se etter arbeideren, og i loggen."
        ),
        "vekking.ingen_vei": _l(
            "Ingen vei ut som vekker (SMS, oppringing eller varsel på telefonen), er satt opp og prøvd. Ring "
            "vakthavende når det er akutt."
        ),
        "vekking.ikke_proevd": _l(
            "De andre kan sove fra et varsel. Ring vakthavende når det er akutt, og be dem prøve varslene sine."
        ),
        "vekking.ingen_paa_vakt": _l("Ingen hos dere har vakt nå."),
        "kanal.feiler": _l("Tjeneren tar ikke imot."),
        "kanal.oppgitt": _l("Noe siste døgn nådde ikke fram og er gitt opp."),
        "kanal.filer": _l("Ingen e-posttjener er satt opp. Brevene legges i filer på tjeneren."),
        "kanal.ikke_satt_opp": _l("Denne kanalen finnes ikke i denne installasjonen."),
        "kanal.aldri_brukt": _l("Ingenting er sendt ennå."),
        "redis.svarer_ikke": _l("Redis svarer ikke. Andre ser endringer først etter noen sekunder."),
        "database.svarer_ikke": _l("Databasen svarer ikke."),
    },
}
