"""The form of a clause: what a browser sends of it, as the schema wants it, and rows that come and go without a script.

A row of a list is sent as `kriterier-0-frist`; a button that adds or takes away a row sends the whole form, and gets it
back with one row more or less. Used for drafts, and for the wordings that are proposed in a negotiation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import request

from portal.avtaler import innhold
from portal.avtaler.models import Bestemmelse
from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import som_tekst

_RAD = re.compile(r"(kriterier|matrise|forpliktelser|tiltak)-(\d{1,3})-([a-z]+)\Z")
#: Fields that come once for each choice.
FLERVALG = ("faser", "fagomraader", "trinn")
#: What a new row holds before anything is chosen.
_NY_RAD: dict[str, dict[str, Any]] = {
    "forpliktelser": {"hyppighet": "aarlig", "sider": ["foretak", "kommune"]}
}


def les_skjema(*andre: str) -> tuple[dict[str, Any], str, dict[str, str]]:
    """The submitted clause as it was typed, which button was pressed (`gjoer`), and the fields of `andre`.

    Whatever else was sent stays in, for the schema to refuse. Raises UgyldigData for a field sent twice.
    """
    verdier: dict[str, Any] = {felt: request.form.getlist(felt) for felt in FLERVALG}
    rader: dict[str, dict[int, dict[str, Any]]] = {navn: {} for navn in innhold.LISTER}
    ellers: dict[str, str] = {}
    gjoer = ""
    for felt, sendt in request.form.lists():
        m = _RAD.match(felt)
        if m is not None and m[3] in innhold.LISTER[m[1]]:
            rad = rader[m[1]].setdefault(int(m[2]), {})
            rad[m[3]] = sendt if m[3] == "sider" else sendt[0]
        elif felt not in FLERVALG and felt != "csrf_token":
            if len(sendt) > 1:
                raise UgyldigData()
            if felt == "gjoer":
                gjoer = sendt[0]
            elif felt in andre:
                ellers[felt] = sendt[0]
            else:
                verdier[felt] = sendt[0]
    for navn, funnet in rader.items():
        verdier[navn] = [funnet[n] for n in sorted(funnet)]
    return verdier, gjoer, ellers


def endre_rader(verdier: dict[str, Any], gjoer: str) -> str:
    """Does what a button for rows asks for («ny:kriterier», «bort:kriterier:2»). Gives the id of the field to go on in.

    Empty when the button was another. A row that is not there is not taken away.
    """
    hva, _kolon, resten = gjoer.partition(":")
    navn, _kolon, nummer = resten.partition(":")
    if hva not in ("ny", "bort") or navn not in innhold.LISTER:
        return ""
    rader = verdier[navn]
    if hva == "ny":
        if len(rader) < innhold.FLEST:
            rader.append(dict(_NY_RAD.get(navn, {})))
        return f"{navn}-{len(rader) - 1}-{innhold.LISTER[navn][0]}"
    if nummer.isdecimal() and int(nummer) < len(rader):
        del rader[int(nummer)]
    return f"{navn}-ny"


def som_verdier(bestemmelse: Bestemmelse | Mapping[str, Any]) -> dict[str, Any]:
    """A clause (a row, or its content) as the form holds it; `faser` as numbers in text."""
    data = dict(bestemmelse) if isinstance(bestemmelse, Mapping) else dict(innhold.som_data(bestemmelse))
    data["faser"] = [str(n) for n in innhold.faser(data["faser"])]
    data["punkt"] = str(data["punkt"] or "")
    for navn in innhold.LISTER:
        data[navn] = [dict(rad) for rad in data.get(navn) or []]
    return data


def tomme_verdier() -> dict[str, Any]:
    """The form of a new clause."""
    return {
        "art": "",
        "faser": [str(n) for n in range(1, 6)],
        "fagomraader": [],
        "trinn": [],
        **{navn: [] for navn in innhold.LISTER},
    }


def til_skjema(verdier: Mapping[str, Any]) -> dict[str, Any]:
    """What `schemas.BestemmelseInn` loads: rows in which nothing was written are left out, so that they are counted as
    they are seen."""
    ut = dict(verdier)
    for navn in innhold.LISTER:
        ut[navn] = [rad for rad in verdier[navn] if not er_tom(rad)]
    return ut


def er_tom(rad: Mapping[str, Any]) -> bool:
    """Whether nothing has been written in a row; a choice that every row has is nothing."""
    return not any(str(v).strip() for k, v in rad.items() if k not in ("hyppighet", "sider"))


def klausulfeil(feil: PortalError | None) -> dict[str, list[str]]:
    """The errors by field. Those of a row stand at its list, with the number of the row."""
    if feil is None:
        return {}
    felter = som_tekst(feil.detaljer.get("felter", {}))
    if not felter:
        return {"": [feil.melding]}
    ut: dict[str, list[str]] = {}
    for felt, meldinger in felter.items():
        if isinstance(meldinger, Mapping):
            for nummer, inne in meldinger.items():
                rad = int(nummer) + 1 if str(nummer).isdecimal() else 1
                for melding in _flat(inne):
                    ut.setdefault(felt, []).append(
                        _("Rad %(nr)s: %(feil)s", nr=rad, feil=melding) if felt in innhold.LISTER else melding
                    )
        else:
            ut[felt] = [str(m) for m in (meldinger if isinstance(meldinger, list) else [meldinger])]
    return ut


def _flat(verdi: Any) -> list[str]:
    if isinstance(verdi, Mapping):
        return [m for v in verdi.values() for m in _flat(v)]
    if isinstance(verdi, list):
        return [m for v in verdi for m in _flat(v)]
    return [str(verdi)]
