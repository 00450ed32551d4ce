"""The words of this room's codes, in bokmål as the source of the translations."""

from __future__ import annotations

from typing import Any

from portal.core.aktor import Rolle
from portal.core.sprak import _, _l
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Enhetstype, Organisasjonstype
from portal.identitet.roller import Tilstand

ETIKETTER: dict[str, dict[str, Any]] = {
    "rolle": {
        Rolle.LEGE_KOMMUNE: _l("Lege i kommunen"),
        Rolle.KOMMUNEOVERLEGE: _l("Kommuneoverlege"),
        Rolle.HELSEPERSONELL: _l("Helsepersonell"),
        Rolle.SPESIALIST: _l("Spesialist"),
        Rolle.VAKTLEDER: _l("Vaktleder"),
        Rolle.KOORDINATOR: _l("Koordinator"),
        Rolle.ADMINISTRATOR: _l("Administrator"),
        Rolle.SYSTEMADMINISTRATOR: _l("Systemadministrator"),
        Rolle.INNSYN: _l("Innsyn"),
    },
    "fagomraade": ALLE_OMRAADER,
    "organisasjonstype": {
        Organisasjonstype.KOMMUNE: _l("Kommune"),
        Organisasjonstype.FYLKE: _l("Fylke"),
        Organisasjonstype.RHF: _l("Regionalt helseforetak"),
        Organisasjonstype.HF: _l("Helseforetak"),
        Organisasjonstype.IDEELT_SYKEHUS: _l("Ideelt sykehus"),
        Organisasjonstype.MYNDIGHET: _l("Myndighet"),
    },
    "enhetstype": {
        Enhetstype.SYKEHJEM: _l("Sykehjem"),
        Enhetstype.LEGEVAKT: _l("Legevakt"),
        Enhetstype.LEGEKONTOR: _l("Legekontor"),
        Enhetstype.AVDELING: _l("Avdeling"),
        Enhetstype.OEHD_ENHET: _l("ØHD-enhet"),
    },
    "persontilstand": {
        Tilstand.AKTIV: _l("Aktiv"),
        Tilstand.INVITERT: _l("Invitert"),
        Tilstand.IKKE_INVITERT: _l("Ikke invitert"),
        Tilstand.STENGT: _l("Stengt ute"),
        Tilstand.UTEN_ROLLE: _l("Uten rolle"),
    },
    "maalform": {"bokmål": _l("Bokmål"), "nynorsk": _l("Nynorsk"), "nøytral": _l("Nøytral")},
    "organisasjonsfelt": {
        "kode": _l("Nummer"),
        "navn": _l("Navn"),
        "kortnavn": _l("Kort navn"),
        "navn_alternativ": _l("Parallelle navn"),
        "organisasjonsnummer": _l("Organisasjonsnummer"),
        "folketall": _l("Folketall"),
        "maalform": _l("Målform"),
        "overordnet": _l("Overordnet"),
        "helseforetak": _l("Opptaksområde"),
        "erstatter": _l("Overtok etter"),
        "nedlagt": _l("Nedlagt"),
    },
}

#: What a browser calls itself → its name. The first that fits: many say what others say, and then themselves.
_NETTLESERE = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("FxiOS", "Firefox")),
    *(("Firefox/", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
_SYSTEMER = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS X", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def nettleser_i_ord(agent: str) -> str:
    """A browser as people say it: «Chrome på Windows»."""
    nettleser = next((navn for merke, navn in _NETTLESERE if merke in agent), "")
    system = next((navn for merke, navn in _SYSTEMER if merke in agent), "")
    if nettleser and system:
        return _("%(nettleser)s på %(system)s", nettleser=nettleser, system=system)
    return nettleser or system or _("Ukjent nettleser")
