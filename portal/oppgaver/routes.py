"""The pages of tasks: the organisation's list, one task, and the buttons on both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from portal.core.aktor import Aktor
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, aktor_eller_ingen, les, skjemadata, som_tekst
from portal.oppgaver import access, service
from portal.oppgaver.schemas import GjortInn, TomtInn, UtvalgInn

blp = Blueprint("oppgaver", __name__)
#: Days ahead that stand under a heading of their own.
SNART = 30


@blp.get("/oppgaver")
def liste() -> str:
    utvalg = les(UtvalgInn, request.args)
    funnet = service.hent_oppgaver(aktor(), vis=utvalg["vis"], side=utvalg["side"])
    return render_template(
        "oppgaver/liste.html", funnet=funnet, vis=utvalg["vis"], grupper=_grupper(funnet, utvalg["vis"])
    )


def _grupper(funnet: service.Liste, vis: str) -> list[tuple[str, list[service.Rad]]]:
    """The rows under their headings: what is overdue first. Headings without rows are left out."""
    if vis == "ferdige":
        return [(_("Ferdige"), funnet.rader)] if funnet.rader else []
    deler: list[tuple[str, Callable[[int], bool]]] = [
        (_("Over fristen"), lambda d: d < 0),
        (_("De neste 30 dagene"), lambda d: 0 <= d <= SNART),
        (_("Senere"), lambda d: d > SNART),
    ]
    grupper = [(ord_, [r for r in funnet.rader if hoerer(r.dager)]) for ord_, hoerer in deler]
    return [(ord_, rader) for ord_, rader in grupper if rader]


@blp.get("/oppgaver/<uuid:oppgave_id>")
def oppgave(oppgave_id: UUID) -> str:
    return _vis(oppgave_id)


def _vis(oppgave_id: UUID, feil: PortalError | None = None, verdier: dict[str, str] | None = None) -> str:
    rad = service.hent_oppgave(aktor(), oppgave_id)
    tapt = "" if feil is None or rad.kan_gjoere else (verdier or {}).get("bevis", "")
    return render_template(
        "oppgaver/oppgave.html",
        rad=rad,
        tapt_tekst=[(_("Hvor det kan finnes igjen"), tapt)] if tapt.strip() else [],
        verdier=verdier if verdier is not None else {"bevis": rad.oppgave.bevis},
        feil=som_tekst(feil.detaljer.get("felter") or {"": [feil.melding]}) if feil else {},
    )


@blp.post("/oppgaver/<uuid:oppgave_id>/ta")
def ta(oppgave_id: UUID) -> Any:
    return _knapp(service.ta, oppgave_id, _("Oppgaven er din."))


@blp.post("/oppgaver/<uuid:oppgave_id>/gi-fra-seg")
def gi_fra_seg(oppgave_id: UUID) -> Any:
    return _knapp(service.gi_fra_seg, oppgave_id, _("Ingen har oppgaven nå. Koordinatorene blir påminnet."))


@blp.post("/oppgaver/<uuid:oppgave_id>/gjenaapne")
def gjenaapne(oppgave_id: UUID) -> Any:
    return _knapp(service.gjenaapne, oppgave_id, _("Oppgaven er åpen igjen."))


@blp.post("/oppgaver/<uuid:oppgave_id>/gjoer")
def gjoer(oppgave_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        service.gjoer(aktor(), oppgave_id, les(GjortInn, verdier)["bevis"])
    except UgyldigData as feil:
        return _vis(oppgave_id, feil, verdier), feil.status
    except Konflikt as feil:
        # What was written as proof stays on the page, also when somebody else was first.
        return _vis(oppgave_id, feil, verdier), feil.status
    flash(_("Oppgaven er gjort."), "success")
    return redirect(url_for("oppgaver.liste"), 303)


def _knapp(gjoer: Callable[[Aktor, UUID], None], oppgave_id: UUID, melding: str) -> Any:
    les(TomtInn, skjemadata())
    try:
        gjoer(aktor(), oppgave_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(melding, "success")
    return redirect(url_for("oppgaver.oppgave", oppgave_id=oppgave_id), 303)


@blp.app_context_processor
def _i_rammen() -> dict[str, Any]:
    """`ser_oppgaver()`: whether the menu has an entry for who is here."""
    return {"ser_oppgaver": _ser}


def _ser() -> bool:
    hvem = aktor_eller_ingen()
    return hvem is not None and access.ser(hvem)
