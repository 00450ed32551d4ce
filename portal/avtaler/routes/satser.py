"""The day rates of the utskrivningsforskrift § 13: the table, and what clauses on discharge show of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for

from portal.avtaler import access
from portal.avtaler.routes.felles import bp, det_du_skrev
from portal.avtaler.schemas import SatsInn, SatsvalgInn
from portal.avtaler.service import satser as tjeneste
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister


def _dagens(dag: date | None = None) -> tjeneste.Dagens | None:
    """The rate of a day: read once for a page, however many clauses show it."""
    kjent: dict[date | None, tjeneste.Dagens | None] = g.setdefault("doegnsatser", {})
    if dag not in kjent:
        kjent[dag] = tjeneste.dagens(dag)
    return kjent[dag]


def kroner(antall: int) -> str:
    """«5 745 kr», which is not broken over two lines."""
    return f"{antall:,} kr".replace(",", "\N{NO-BREAK SPACE}").replace(" ", "\N{NO-BREAK SPACE}")


@bp.app_context_processor
def _sats() -> dict[str, Any]:
    """Clauses are read beside cases too; `doegnsats` is asked for only where it is shown."""
    return {
        "doegnsats": _dagens,
        "kroner": kroner,
        "kan_foere_satser": lambda: access.kan_foere_satser(aktor()),
    }


@bp.get("/satser")
def satser() -> str:
    """With `rett`: one that was entered, to be put right."""
    valg = les(SatsvalgInn, {k: v for k, v in request.args.items() if v})
    return _vis(retter=valg["rett"])


def _vis(
    feil: PortalError | None = None, verdier: Mapping[str, str] | None = None, retter: int | None = None
) -> str:
    """What was typed stands in the form again; an amount changed meanwhile is the one that is put right next."""
    s = tjeneste.hent(aktor())
    rad = next((r for r in s.rader if r.aar == retter and r.registrert and s.kan_foere), None)
    if verdier is None and rad is not None:
        verdier = {"kroner": str(rad.kroner), "kilde": rad.kilde}
    return render_template(
        "avtaler/satser.html",
        s=s,
        retter=rad,
        aarvalg=[(aar, str(aar)) for aar in s.ledige],
        verdier=verdier or {"aar": str(s.ledige[0]) if s.ledige else ""},
        tapt_tekst=[]
        if rad or s.ledige or feil is None
        else det_du_skrev(verdier or {}, kroner=_("Kroner per døgn"), kilde=_("Hvor det står")),
        **feltfeil(feil),
    )


@bp.post("/satser")
def foer_sats() -> Any:
    return _skriv(lambda inn: tjeneste.foer(aktor(), inn["aar"], inn["kroner"], inn["kilde"]))


@bp.post("/satser/rett")
def rett_sats() -> Any:
    return _skriv(
        lambda inn: tjeneste.rett(
            aktor(), inn["aar"], inn["kroner"], inn["kilde"], inn["lest"] or 0, inn["lest_kilde"]
        ),
        retter=True,
    )


def _skriv(gjoer: Callable[[dict[str, Any]], None], *, retter: bool = False) -> Any:
    """Who may not is told so before what is wrong with the form."""
    access.krev_satser(aktor())
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(SatsInn, verdier)
        gjoer(inn)
    except (Konflikt, UgyldigData) as feil:
        aar = verdier.get("aar", "")
        rettes = int(aar) if retter and aar.isascii() and aar.isdecimal() and len(aar) < 5 else None
        return _vis(feil, verdier, rettes), feil.status
    flash(_("Satsen for %(aar)s er lagret.", aar=inn["aar"]), "success")
    return redirect(url_for("avtaler.satser"), 303)
