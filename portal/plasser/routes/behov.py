"""The assessments of the need for more places: the list, one with its form, and the page for paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.routes.felles import blp
from portal.plasser.routes.samtidig import flett, grunnlag
from portal.plasser.schemas import BehovInn, BeslutningInn, ForkastInn, VurderingInn
from portal.plasser.service import behov as tjeneste


@blp.get("/behov")
def behov() -> str:
    return _vis_liste()


def _vis_liste(feil: PortalError | None = None) -> str:
    return render_template("plasser/behov.html", s=tjeneste.hent_liste(aktor()), **feltfeil(feil))


@blp.post("/behov")
def begynn_vurdering() -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        id_ = tjeneste.begynn(aktor(), les(BehovInn, verdier)["kommune_id"])
    except (Konflikt, UgyldigData) as feil:
        return _vis_liste(feil), feil.status
    return redirect(url_for("plasser.vurdering", vurdering_id=id_), 303)


@blp.get("/behov/<uuid:vurdering_id>")
def vurdering(vurdering_id: UUID) -> str:
    return _vis(vurdering_id)


@blp.get("/behov/<uuid:vurdering_id>/utskrift")
def vurdering_paa_papir(vurdering_id: UUID) -> str:
    return render_template("plasser/behov_utskrift.html", s=tjeneste.hent(aktor(), vurdering_id))


def skjemaverdier(v: Behovsvurdering) -> dict[str, str]:
    """An assessment as its form has it."""
    return {
        "fra": v.fra.isoformat(),
        "til": v.til.isoformat(),
        **{k: getattr(v, k) for k in tjeneste.TEKSTFELTER},
        "flere_plasser": "" if v.flere_plasser is None else str(v.flere_plasser),
        "neste": v.neste.isoformat() if v.neste else "",
    }


def _vis(
    vurdering_id: UUID, feil: PortalError | None = None, skrevet: Mapping[str, str] | None = None
) -> str:
    """What was typed stands in the form; where somebody else wrote meanwhile, theirs stands beside it, to be chosen
    from: the next saving is on purpose."""
    s = tjeneste.hent(aktor(), vurdering_id)
    naa = skjemaverdier(s.vurdering)
    verdier, andres = flett(naa, skrevet, s.vurdering.versjon)
    return render_template(
        "plasser/behov_vurdering.html",
        s=s,
        verdier=verdier,
        andres=andres,
        grunnlag=grunnlag(naa),
        tapt_tekst=_det_du_skrev(skrevet or {}) if skrevet is not None and not s.kan_skrive else [],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


def _det_du_skrev(skrevet: Mapping[str, str]) -> list[tuple[str, str]]:
    """For a page that has the form no more: the others have decided, or laid it aside."""
    return [(ord_, skrevet[k]) for k, ord_ in _ord().items() if skrevet.get(k, "").strip()]


def _ord() -> dict[str, str]:
    return {
        "vurdering": _("Vurderingen"),
        "veiledning": _("Veiledning"),
        "personell": _("Personell"),
        "utstyr": _("Utstyr"),
        "konklusjon": _("Konklusjon"),
    }


@blp.post("/behov/<uuid:vurdering_id>")
def skriv_vurdering(vurdering_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(VurderingInn, verdier)
        del inn["grunnlag"]
        falt = tjeneste.skriv(aktor(), vurdering_id, **inn)
    except (Konflikt, UgyldigData) as feil:
        return _vis(vurdering_id, feil, verdier), feil.status
    if falt:
        flash(_("Lagret. Beslutningen som var tatt, gjelder ikke lenger, og de har fått beskjed."), "warning")
    elif inn["hent_tall"]:
        flash(_("Lagret, og tallene er hentet på nytt fra registeret."), "success")
    else:
        flash(_("Lagret."), "success")
    return redirect(url_for("plasser.vurdering", vurdering_id=vurdering_id), 303)


@blp.post("/behov/<uuid:vurdering_id>/beslutt")
def beslutt_vurdering(vurdering_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        begge = tjeneste.beslutt(aktor(), vurdering_id, **les(BeslutningInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(vurdering_id, feil), feil.status
    flash(
        _("Besluttet av begge sider. Neste gang står som oppgave hos dere begge.")
        if begge
        else _("Besluttet for deres side. Den andre siden har fått beskjed."),
        "success",
    )
    return redirect(url_for("plasser.vurdering", vurdering_id=vurdering_id), 303)


@blp.post("/behov/<uuid:vurdering_id>/forkast")
def forkast_vurdering(vurdering_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.forkast(aktor(), vurdering_id, **les(ForkastInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(vurdering_id, feil), feil.status
    flash(_("Vurderingen er lagt bort. Den andre siden har fått beskjed."), "success")
    return redirect(url_for("plasser.behov"), 303)
