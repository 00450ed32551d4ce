"""What the pages of this room share; and the drill that a browser looks at, which the frame of every page asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, g, has_request_context, request, session

from portal.beredskap.models import Beredskapsnivaa, Fase
from portal.beredskap.service import forslag, oevelser, oversikt
from portal.core.clock import oslo
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _l
from portal.core.web import aktor_eller_ingen, er_laast, som_tekst

blp = Blueprint("beredskap", __name__)

#: In the browser's signed session: the drill that it looks at.
OEVELSE = "oevelse"
#: In the same: what belongs to a phase while its preview is looked at.
FASEKLADD = "fasekladd"
#: The rooms whose writes would be real while somebody looks at a drill. Requests about patients are never stopped.
BUNDNE = frozenset({"beredskap", "avtaler", "oppgaver", "api_beredskap", "api_avtaler", "api_oppgaver"})


class IOevelse(Konflikt):
    kode = "i_oevelse"
    standard = _l(
        "Du ser på en øvelse, og dette ville ha blitt virkelig. Gå ut av øvelsen øverst på siden, og gjør det på nytt."
    )


# --- the drill that is looked at -------------------------------------------------------------------------


def gjeldende_oevelse() -> oevelser.Visning | None:
    """The drill that this browser looks at, while it runs and who is here takes part in it; else None."""
    if not has_request_context() or OEVELSE not in session:
        return None
    if "oevelse" not in g:
        g.oevelse = _finn_oevelse()
    funnet: oevelser.Visning | None = g.oevelse
    return funnet


def _finn_oevelse() -> oevelser.Visning | None:
    aktor = aktor_eller_ingen()
    if aktor is None or er_laast():
        return None
    try:
        funnet = oevelser.se_paa(aktor, UUID(str(session[OEVELSE])))
    except ValueError:
        funnet = None
    if funnet is None:
        session.pop(OEVELSE, None)
    return funnet


def oevelse_id() -> UUID | None:
    """The id of the drill that this browser looks at, for reads that take one: `steps.situasjon(…, oevelse_id)`."""
    visning = gjeldende_oevelse()
    return visning.oevelse.id if visning else None


@blp.before_app_request
def _ingenting_virkelig() -> None:
    """While a drill is looked at, nothing real is written in the rooms that it shows; but the drill's own is."""
    if (
        request.method in ("GET", "HEAD", "OPTIONS")
        or request.blueprint not in BUNDNE
        or (request.endpoint or "").startswith("beredskap.oevelse")
    ):
        return
    if gjeldende_oevelse() is not None:
        raise IOevelse()


# --- for every page --------------------------------------------------------------------------------------


@blp.app_context_processor
def _i_rammen() -> dict[str, Any]:
    """`hent_oevelse()` and `antall_faseforslag()`: asked for only where they are shown."""
    return {"hent_oevelse": gjeldende_oevelse, "antall_faseforslag": _antall_faseforslag}


def _antall_faseforslag() -> int | None:
    """How many proposals wait for who is here; None for whom the room is no part of the day: no entry in the menu."""
    aktor = aktor_eller_ingen()
    if aktor is None or er_laast() or not oversikt.foelger_med(aktor):
        return None
    return forslag.antall_venter(aktor)


# --- forms -----------------------------------------------------------------------------------------------


def feltfeil(feil: PortalError | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, "" for the form as a whole."""
    if feil is None:
        return {"feil": {}}
    felter = som_tekst(feil.detaljer.get("felter", {}))
    ut = {k: v if isinstance(v, list) else [str(x) for x in v.values()] for k, v in felter.items()}
    return {"feil": ut or {"": [feil.melding]}}


def skjema(*lister: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The form's single fields, and those that come once for each choice. Raises UgyldigData for a field sent twice."""
    enkle = {navn: verdi for navn, verdi in request.form.items() if navn not in lister}
    if any(len(request.form.getlist(navn)) > 1 for navn in enkle):
        raise UgyldigData()
    return enkle, {navn: request.form.getlist(navn) for navn in lister}


def feltverdi(tid: datetime) -> str:
    """As `<input type="datetime-local">` wants it, by Oslo's clock."""
    return f"{oslo(tid):%Y-%m-%dT%H:%M}"


@blp.context_processor
def _ord() -> dict[str, Any]:
    return {
        "faser": [int(f) for f in Fase],
        "nivaaer": [str(n) for n in Beredskapsnivaa],
        "feltverdi": feltverdi,
    }
