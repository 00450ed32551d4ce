"""What the pages of the rosters share: the blueprint, the errors of a form, and times as people read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, request
from flask_babel import format_date

from portal.core.clock import now, oslo
from portal.core.errors import PortalError, UgyldigData
from portal.core.web import som_tekst
from portal.vakt.models import Nivaa, Vakt
from portal.vakt.tidsord import rom

blp = Blueprint("vakt", __name__)


def feltfeil(feil: PortalError | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, "" for the form as a whole."""
    if feil is None:
        return {"feil": {}}
    felter = som_tekst(feil.detaljer.get("felter", {}))
    ut = {k: v if isinstance(v, list) else [str(v)] for k, v in felter.items()}
    return {"feil": ut or {"": [feil.melding]}}


def skjema(*lister: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The form's single fields, and those that come once for each choice. Raises UgyldigData for a field sent twice."""
    enkle = {navn: verdi for navn, verdi in request.form.items() if navn not in lister}
    if any(len(request.form.getlist(navn)) > 1 for navn in enkle):
        raise UgyldigData()
    return enkle, {navn: request.form.getlist(navn) for navn in lister}


# --- times in words --------------------------------------------------------------------------------------


def dagord(dag: date | datetime, *, lang: bool = False) -> str:
    """«ma. 2. mars», or «mandag 2. mars», with the year when it is another."""
    dag = oslo(dag).date() if isinstance(dag, datetime) else dag
    aar = "" if dag.year == oslo(now()).year else " y"
    return format_date(dag, f"EEEE d. MMMM{aar}" if lang else f"EEE d. MMM{aar}", rebase=False)


def klokkeord(tid: datetime) -> str:
    """«15:30», in Oslo."""
    return f"{oslo(tid):%H:%M}"


def ukenavn(dag: date | datetime) -> str:
    """«2026-W13», as ISO 8601 counts; of a moment, the week that it is in Oslo."""
    aar, uke, _dag = (oslo(dag) if isinstance(dag, datetime) else dag).isocalendar()
    return f"{aar}-W{uke:02}"


def feltverdi(tid: datetime) -> str:
    """As `<input type="datetime-local">` wants it, by Oslo's clock."""
    return f"{oslo(tid):%Y-%m-%dT%H:%M}"


def vaktverdier(vakt: Vakt) -> dict[str, str]:
    """A shift as a form holds it."""
    return {
        "medlemskap_id": str(vakt.medlemskap_id),
        "fra": feltverdi(vakt.fra),
        "til": feltverdi(vakt.til),
    }


@blp.context_processor
def _ord() -> dict[str, Any]:
    return {
        "dagord": dagord,
        "maanedsord": lambda dag: format_date(dag, "LLLL y", rebase=False).capitalize(),
        "klokkeord": klokkeord,
        "tidsrom": rom,
        "feltverdi": feltverdi,
        "ukenavn": ukenavn,
        "nivaaer": [str(n) for n in Nivaa],
        "i_dag": oslo(now()).date().isoformat(),
    }
