"""What the pages of this room share; and the drill that a browser looks at, which the frame of every page asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, g, has_request_context, render_template, request, session

from portal.beredskap.models import Beredskapsnivaa, Fase
from portal.beredskap.service import forslag, oevelser, oversikt
from portal.core.clock import oslo
from portal.core.errors import Konflikt
from portal.core.sprak import _l
from portal.core.web import (
    aktor_eller_ingen,
    er_bakgrunn,
    er_laast,
    slipp_fram,
    stoerst_innpakket,
    stoerste_utkast,
    vil_ha_json,
)
from portal.identitet.routes.felles import trygg_adresse

blp = Blueprint("beredskap", __name__)

#: In the browser's signed session: the drill that it looks at.
OEVELSE = "oevelse"
#: In the same: what belongs to a phase while its preview is looked at.
FASEKLADD = "fasekladd"
#: What a form sends that nobody has written: ids, choices, hashes and moments.
_KODE = re.compile(r"[a-z0-9_.:T-]*")
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


@blp.url_value_preprocessor
def _slipp_fram_det_som_foelger_med(endepunkt: str | None, _verdier: Any) -> None:
    """Out of the drill goes what was written in it, also a whole document. Before the CSRF check reads the form."""
    if endepunkt == "beredskap.oevelse_forlat" and aktor_eller_ingen() is not None:
        slipp_fram(stoerst_innpakket())


@blp.before_app_request
def _ingenting_virkelig() -> Any:
    """While a drill is looked at, nothing real is written in the rooms that it shows; but the drill's own is."""
    if (
        request.method in ("GET", "HEAD", "OPTIONS")
        or request.blueprint not in BUNDNE
        or (request.endpoint or "").startswith("beredskap.oevelse")
    ):
        return None
    return _avvis() if gjeldende_oevelse() is not None else None


def _avvis() -> Any:
    """The refusal. What somebody has written stands on it, and goes with them out of the drill: there is no way back to
    a form that was filled in. A button has nothing to lose, and a program keeps what it sent. Raises IOevelse."""
    if vil_ha_json() or er_bakgrunn() or (request.content_length or 0) > stoerste_utkast(request.path):
        raise IOevelse()
    felter = [(n, v) for n, verdier in request.form.lists() for v in verdier if n != "csrf_token"]
    if not skrevet(felter):
        raise IOevelse()
    fil = any(f.filename for f in request.files.values())
    maal = request.full_path if request.query_string else request.path
    return vis_utkast({"maal": maal, "felter": felter, "fil": fil}, i_oevelse=True), IOevelse.status


def skrevet(felter: Iterable[tuple[str, str]]) -> list[str]:
    """Of a form's fields what people have written, for them to know it again: no ids, choices, hashes or moments."""
    return [v for _navn, v in felter if v.strip() and not _KODE.fullmatch(v)]


def vis_utkast(utkast: Mapping[str, Any], *, i_oevelse: bool) -> str:
    """What was written while a drill was looked at: to be taken out of it, or to be sent, now that one is out."""
    return render_template(
        "beredskap/oevelse_utkast.html",
        **utkast,
        vist=skrevet(utkast["felter"]),
        forseglet=orjson.dumps(utkast).decode() if i_oevelse else "",
        i_oevelse=i_oevelse,
    )


def les_utkast(tekst: str) -> dict[str, Any] | None:
    """What `vis_utkast` let the browser carry; anything else counts for nothing. The address is one of ours."""
    try:
        lest = orjson.loads(tekst)
        felter = [(str(navn), str(verdi)) for navn, verdi in lest["felter"]]
        maal, fil = trygg_adresse(str(lest["maal"])), bool(lest["fil"])
    except (ValueError, TypeError, KeyError):
        return None
    return {"maal": maal, "felter": felter, "fil": fil}


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


def det_du_skrev(verdier: Mapping[str, Any], **ledetekster: str) -> list[tuple[str, str]]:
    """What was written in these fields (their names as the form has them), for a page that has the form no more."""
    return [(ord_, str(verdier[k])) for k, ord_ in ledetekster.items() if str(verdier.get(k, "")).strip()]


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
