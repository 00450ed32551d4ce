"""The specialties (fagområder) a request can be sent to, with their names.

Codes are stored; the names are translated. The list follows Norway's medical specialties
(spesialistforskriften § 2), cut to those a municipal physician asks for advice.
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
