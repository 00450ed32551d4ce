"""The words of this room's codes, in bokmål as the source of the translations. Tasks of the rooms above too."""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l

#: {`Oppgave.kode`: what kind of task it is}: read with its title, which is what the task is about.
KODER: dict[str, Any] = {
    "avtale.forpliktelse": _l("Forpliktelse i en avtale"),
    "avtale.gjennomgang": _l("Årlig gjennomgang av en avtale"),
    "avtale.sendt_hdir": _l("Send avtalen til Helsedirektoratet"),
    "avtale.varsle_hdir": _l("Varsle Helsedirektoratet om oppsigelse"),
    "omdisponering.evaluering": _l("Fortell hvordan omdisponeringen gikk"),
    "plasser.behov": _l("Se på behovet for ØHD-plasser igjen"),
}

ETIKETTER: dict[str, dict[str, Any]] = {
    "oppgavekode": KODER,
    "oppgavehjelp": {
        "avtale.forpliktelse": _l("Avtalen krever dette av organisasjonen din."),
        "avtale.gjennomgang": _l(
            "Partene skal gå gjennom avtalen sammen minst én gang i året (helse- og omsorgstjenesteloven § 6-5)."
        ),
        "avtale.sendt_hdir": _l(
            "Det regionale helseforetaket skal sende avtalen til Helsedirektoratet innen en måned "
            "(helse- og omsorgstjenesteloven § 6-4)."
        ),
        "avtale.varsle_hdir": _l(
            "Det regionale helseforetaket skal varsle Helsedirektoratet når en avtale blir sagt opp "
            "(helse- og omsorgstjenesteloven § 6-5)."
        ),
        "omdisponering.evaluering": _l(
            "Omdisponeringen er avsluttet. Begge sider svarer på tre spørsmål om hvordan det gikk."
        ),
        "plasser.behov": _l(
            "Kommunen og helseforetaket vurderer sammen om kommunen trenger flere plasser "
            "(helse- og omsorgstjenesteloven § 6-2). Oppgaven er gjort når begge har besluttet en ny vurdering."
        ),
    },
    "oppgavevalg": {
        "aapne": _l("Åpne"),
        "mine": _l("Mine"),
        "ferdige": _l("Ferdige"),
    },
}
