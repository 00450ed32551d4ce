"""What the pages of the rosters share: the blueprint, the errors of a form, and times as people read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint
from flask_babel import format_date

from portal.core.clock import now, oslo
from portal.vakt.models import Nivaa, Vakt
from portal.vakt.tidsord import rom

blp = Blueprint("vakt", __name__)


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
