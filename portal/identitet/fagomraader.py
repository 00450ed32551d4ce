"""The fagområder a request can be sent to, with their names: a hospital's specialties, a kommune's services.

Codes are stored; the names are translated. The specialties follow Norway's medical ones (spesialistforskriften § 2),
cut to those a municipal physician asks for advice; the services are those a hospital needs an answer from (hol § 3-2).
"""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l

FAGOMRAADER: dict[str, Any] = {
    "indremedisin": _l("Indremedisin"),
    "geriatri": _l("Geriatri"),
    "hjertesykdommer": _l("Hjertesykdommer"),
    "lungesykdommer": _l("Lungesykdommer"),
    "infeksjonssykdommer": _l("Infeksjonssykdommer"),
    "nevrologi": _l("Nevrologi"),
    "nyresykdommer": _l("Nyresykdommer"),
    "fordoeyelsessykdommer": _l("Fordøyelsessykdommer"),
    "endokrinologi": _l("Endokrinologi"),
    "blodsykdommer": _l("Blodsykdommer"),
    "onkologi": _l("Onkologi"),
    "palliasjon": _l("Palliasjon"),
    "kirurgi": _l("Kirurgi"),
    "ortopedi": _l("Ortopedi"),
    "urologi": _l("Urologi"),
    "gynekologi": _l("Gynekologi og fødselshjelp"),
    "barnesykdommer": _l("Barnesykdommer"),
    "psykiatri": _l("Psykiatri"),
    "alderspsykiatri": _l("Alderspsykiatri"),
    "rus": _l("Rus- og avhengighetsmedisin"),
    "oere_nese_hals": _l("Øre-nese-hals"),
    "oeyesykdommer": _l("Øyesykdommer"),
    "hudsykdommer": _l("Hudsykdommer"),
    "revmatologi": _l("Revmatologi"),
    "anestesi": _l("Anestesi og intensiv"),
}

#: What a kommune answers for towards a hospital.
KOMMUNALE_OMRAADER: dict[str, Any] = {
    "utskrivning": _l("Utskrivning og tildeling"),
    "legevakt": _l("Legevakt"),
    "sykehjem": _l("Sykehjem"),
    "hjemmetjeneste": _l("Hjemmetjeneste"),
    "oehd": _l("Øyeblikkelig hjelp døgnopphold"),
    "fastlege": _l("Fastlege"),
    "rehabilitering": _l("Rehabilitering"),
    "psykisk_helse_og_rus": _l("Psykisk helse og rus"),
    "barn_og_unge": _l("Barn og unge"),
    "smittevern": _l("Smittevern"),
}

#: Every code there is.
ALLE_OMRAADER = FAGOMRAADER | KOMMUNALE_OMRAADER


def omraader_for(organisasjonstype: str) -> dict[str, Any]:
    """The fagområder of a receiver of that kind."""
    return KOMMUNALE_OMRAADER if organisasjonstype == "kommune" else FAGOMRAADER
