"""«Hold plass» from within a conversation: the units to choose among, the hold, its extension and its release."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for

from portal.core.aktor import Aktor
from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, les
from portal.henvendelser.routes.felles import (
    aapen_sak,
    blp,
    feil_til_skjema,
    handling,
    skjemadata_rent,
    vis_sak,
)
from portal.henvendelser.schemas import PlassInn, PlassvalgInn, TomtSkjema
from portal.henvendelser.service import lesing, plasser


def _evner() -> int | None:
    """What the address asks for: abilities one by one; None where nothing is said. «sok» alone asks for none."""
    data: dict[str, Any] = {k: v for k, v in request.args.items() if k != "evner"}
    if valgt := request.args.getlist("evner"):
        data["evner"] = valgt
    inn = les(PlassvalgInn, data)
    if inn["evner"] is None and not inn["sok"]:
        return None
    return int(reduce(or_, inn["evner"] or [], 0))


@blp.get("/henvendelser/<uuid:henvendelse_id>/plass")
def plassvalg(henvendelse_id: UUID) -> str:
    """The case with the choice of units open."""
    a = aktor()
    valg = plasser.hent_valg(a, henvendelse_id, _evner())
    return vis_sak(a, aapen_sak(a, henvendelse_id), plassvalg=valg)


@blp.get("/henvendelser/<uuid:henvendelse_id>/plass/valg")
def plassvalg_del(henvendelse_id: UUID) -> str:
    """The choice alone, for a case that is open on the screen already."""
    a = aktor()
    valg = plasser.hent_valg(a, henvendelse_id, _evner())
    return render_template(
        "henvendelser/_plassvalg.html",
        sak=lesing.hent_sak(a, henvendelse_id),
        plassvalg=valg,
        feil={},
        verdier={},
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/plass")
def hold_plass(henvendelse_id: UUID) -> Any:
    """Holds a bed. Who comes too late sees who has it, and the nearest free ones to choose among."""
    a, verdier = aktor(), skjemadata_rent()
    try:
        inn = les(PlassInn, verdier)
        plasser.hold_plass(a, henvendelse_id, inn.pop("plassenhet_id"), **inn)
    except UgyldigData as feil:
        return make_response(_vis_valget(a, henvendelse_id, verdier, **feil_til_skjema(feil)), feil.status)
    except Konflikt as tapt:
        if plasser.kan_holde(a, henvendelse_id):
            return make_response(_vis_valget(a, henvendelse_id, verdier, plasstapt=tapt), tapt.status)
        flash(tapt.melding, "warning")
        if merknad := verdier.get("merknad", "").strip():
            flash(_("Det du skrev til enheten, ble ikke sendt: «%(tekst)s»", tekst=merknad), "warning")
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


def _vis_valget(a: Aktor, henvendelse_id: UUID, verdier: dict[str, str], **mer: Any) -> str:
    """The case with the choice open as it was, with what was typed and what has happened since."""
    evner = verdier.get("evner", "")
    valg = plasser.hent_valg(a, henvendelse_id, int(evner) if evner.isdecimal() else None)
    return vis_sak(
        a, aapen_sak(a, henvendelse_id), plassvalg=valg, feilskjema="hold_plass", verdier=verdier, **mer
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/plass/<uuid:reservasjon_id>/forleng")
def forleng_plass(henvendelse_id: UUID, reservasjon_id: UUID) -> Any:
    return handling(
        henvendelse_id,
        "forleng_plass",
        TomtSkjema,
        lambda a, _inn: plasser.forleng_plass(a, henvendelse_id, reservasjon_id),
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/plass/<uuid:reservasjon_id>/frigi")
def frigi_plass(henvendelse_id: UUID, reservasjon_id: UUID) -> Any:
    return handling(
        henvendelse_id,
        "frigi_plass",
        TomtSkjema,
        lambda a, _inn: plasser.frigi_plass(a, henvendelse_id, reservasjon_id),
    )
