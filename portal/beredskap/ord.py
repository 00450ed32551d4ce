"""The words of this room's codes, in bokmål as the source of the translations."""

from __future__ import annotations

from typing import Any

from portal.beredskap.models import Beredskapsnivaa, Fase, Svar
from portal.core.sprak import _l

ETIKETTER: dict[str, dict[str, Any]] = {
    "fase": {
        str(int(Fase.ENKELTTILFELLER)): _l("Enkelttilfeller"),
        str(int(Fase.KLYNGER)): _l("Klynger"),
        str(int(Fase.SPREDNING)): _l("Spredning"),
        str(int(Fase.TOPP)): _l("Epidemitopp"),
        str(int(Fase.NEDGANG)): _l("Nedgang"),
    },
    "faseforklaring": {
        str(int(Fase.ENKELTTILFELLER)): _l("Enkelte tilfeller, som oftest smittet et annet sted."),
        str(int(Fase.KLYNGER)): _l("Flere tilfeller som henger sammen."),
        str(int(Fase.SPREDNING)): _l("Smitten sprer seg i befolkningen."),
        str(int(Fase.TOPP)): _l("Flest er syke. Det er mest å gjøre, og flest ansatte er borte."),
        str(int(Fase.NEDGANG)): _l("Færre blir syke. Driften går tilbake mot det vanlige."),
    },
    "beredskapsnivaa": {
        Beredskapsnivaa.NORMAL: _l("Normal drift"),
        Beredskapsnivaa.GROENN: _l("Grønn beredskap"),
        Beredskapsnivaa.GUL: _l("Gul beredskap"),
        Beredskapsnivaa.ROED: _l("Rød beredskap"),
    },
    "fasesvar": {
        Svar.VENTER: _l("Venter på svar"),
        Svar.BEKREFTET: _l("Bekreftet"),
        Svar.AVSLAATT: _l("Avslått"),
        Svar.TRUKKET: _l("Trukket"),
        Svar.BORTFALT: _l("Bortfalt"),
    },
    # In which capacity somebody decided (`Faseperiode.satt_som`).
    "satt_som": {
        "kommuneoverlege": _l("kommuneoverlege"),
        "koordinator": _l("koordinator"),
        "kriseledelse": _l("kriseledelsen"),
        "sammenslaaing": _l("ført videre ved sammenslåing"),
    },
}
