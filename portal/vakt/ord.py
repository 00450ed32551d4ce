"""The words of this room's codes, in bokmål as the source of the translations."""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l
from portal.vakt.models import Byttetilstand, Dagtype, Nivaa, Vaktkilde

ETIKETTER: dict[str, dict[str, Any]] = {
    "vaktnivaa": {
        Nivaa.VAKTHAVENDE: _l("Vakthavende"),
        Nivaa.BAKVAKT: _l("Bakvakt"),
        Nivaa.VAKTLEDER: _l("Vaktleder"),
    },
    "dagtype": {
        Dagtype.HVERDAG: _l("Hverdager"),
        Dagtype.HELG: _l("Lørdager og søndager"),
        Dagtype.HELLIGDAG: _l("Helligdager"),
    },
    "vaktkilde": {
        Vaktkilde.ENKELT: _l("Lagt inn"),
        Vaktkilde.ROTASJON: _l("Fra rotasjon"),
        Vaktkilde.OVERSTYRING: _l("Overstyrt"),
        Vaktkilde.BYTTE: _l("Byttet"),
        Vaktkilde.TATT: _l("Tatt over"),
        Vaktkilde.IMPORT: _l("Lest inn fra fil"),
    },
    "byttetilstand": {
        Byttetilstand.VENTER: _l("Venter på svar"),
        Byttetilstand.GODTATT: _l("Godtatt"),
        Byttetilstand.AVSLAATT: _l("Takket nei"),
        Byttetilstand.TRUKKET: _l("Trukket"),
        Byttetilstand.BORTFALT: _l("Bortfalt"),
    },
    # Why a shift does not count (`service.gyldighet.Grunn`).
    "vaktbortfall": {
        "plan_avsluttet": _l("vaktplanen er avsluttet"),
        "stengt_ute": _l("personen er stengt ute av portalen"),
        "rolle_avsluttet": _l("rollen er avsluttet"),
        "rolle_slutter": _l("rollen slutter før vakten er over"),
        "rolle_ikke_begynt": _l("rollen har ikke begynt"),
        "feil_rolle": _l("rollen kan ikke ha denne vakten"),
        "fagomraade": _l("rollen svarer ikke lenger for fagområdet"),
        "borte": _l("meldt borte"),
        "ingen": _l("ingen har vakten da"),
    },
    # By the names that `turnus.helligdag` gives.
    "helligdag": {
        "Første nyttårsdag": _l("Første nyttårsdag"),
        "Skjærtorsdag": _l("Skjærtorsdag"),
        "Langfredag": _l("Langfredag"),
        "Første påskedag": _l("Første påskedag"),
        "Andre påskedag": _l("Andre påskedag"),
        "Arbeidernes dag": _l("Arbeidernes dag"),
        "Kristi himmelfartsdag": _l("Kristi himmelfartsdag"),
        "Grunnlovsdag": _l("Grunnlovsdag"),
        "Første pinsedag": _l("Første pinsedag"),
        "Andre pinsedag": _l("Andre pinsedag"),
        "Første juledag": _l("Første juledag"),
        "Andre juledag": _l("Andre juledag"),
    },
}
