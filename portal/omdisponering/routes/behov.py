"""The room's first page, and the needs: their list, one with what is worked out for it, and its form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.beredskap.routes.felles import feltverdi
from portal.core.clock import now
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.omdisponering.forloep import Behovsstatus, Kompetanse, Lokaleslag, Lokalkrav, Slag, Stilling
from portal.omdisponering.models import Behov
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import (
    BehovInn,
    BehovslestInn,
    BehovslisteInn,
    LukkInn,
    OpptrappingInn,
    UtkastInn,
)
from portal.omdisponering.service import behov as tjeneste
from portal.omdisponering.service import opptrapping, oversikt, utkast

_LISTER = ("kompetanse", "lokalkrav")
#: What the form sends beside what the need says.
_UTENOM = ("gjoer", "lest", "ikke_fnr", "slag", "opptrapping", "liste", "nr")


@blp.get("/")
def forside() -> str:
    return render_template("omdisponering/oversikt.html", o=oversikt.hent(aktor()))


@blp.get("/behov")
def behovsliste() -> str:
    valgt = les(BehovslisteInn, request.args)
    return render_template(
        "omdisponering/behov_liste.html", s=oversikt.hent_behovsliste(aktor(), **valgt), valgt=valgt
    )


# --- the form --------------------------------------------------------------------------------------------


@blp.route("/behov/ny", methods=["GET", "POST"])
def nytt_behov() -> Any:
    if request.method == "GET":
        return _blankt()
    verdier, lister = skjema_med_lister(*_LISTER)
    verdier_ut: dict[str, Any] = {**verdier, **lister}
    try:
        inn = les(BehovInn, {**verdier, **lister})
        plan = (inn["opptrapping"], inn["liste"], inn["nr"] or 0) if inn["opptrapping"] else None
        if inn["slag"] is None:
            raise UgyldigData(felter={"slag": [_("Velg personell eller lokaler.")]})
        meldes = inn["gjoer"] == "meld"
        id_ = tjeneste.opprett(
            aktor(),
            slag=inn["slag"],
            meldes=meldes,
            opptrapping=plan,
            ikke_fnr=inn["ikke_fnr"],
            **_felter(inn),
        )
    except (Konflikt, UgyldigData) as feil:
        return _skjema(verdier_ut, feil=feil), feil.status
    flash(
        _("Behovet er meldt.") if meldes else _("Utkastet er lagret. Andre ser det først når du melder det."),
        "success",
    )
    return redirect(url_for("omdisponering.behov", behov_id=id_), 303)


def _felter(inn: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in inn.items() if k not in _UTENOM}


def _blankt() -> Any:
    """An empty form; of a surge plan's line, one that is filled in."""
    valgt = les(OpptrappingInn, request.args)
    fra = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=12)
    verdier: dict[str, Any] = {
        "slag": valgt["slag"] or Slag.PERSONELL,
        "antall": "1",
        "minst": "1",
        "andel": "100",
        "fra": feltverdi(fra),
        "til": feltverdi(fra + timedelta(days=7)),
        "kompetanse": [],
        "lokalkrav": [],
    }
    if valgt["opptrapping"] is None:
        return _skjema(verdier)
    forslag = opptrapping.hent_forslag(aktor(), valgt["opptrapping"], valgt["liste"], valgt["nr"] or 0)
    verdier |= som_skjema(forslag.felter)
    verdier |= {
        "slag": forslag.slag,
        "opptrapping": str(valgt["opptrapping"]),
        "liste": valgt["liste"],
        "nr": str(valgt["nr"] or 0),
    }
    return _skjema(verdier, finnes=forslag.finnes)


def som_skjema(felter: Mapping[str, Any]) -> dict[str, Any]:
    """A need's fields as its form has them."""
    ut: dict[str, Any] = {}
    for felt, verdi in felter.items():
        if isinstance(verdi, datetime):
            ut[felt] = feltverdi(verdi)
        elif felt in ("kompetanse", "lokalkrav"):
            ut[felt] = [str(int(f)) for f in (Kompetanse if felt == "kompetanse" else Lokalkrav) if verdi & f]
        elif isinstance(verdi, bool):
            ut[felt] = "1" if verdi else ""
        else:
            ut[felt] = "" if verdi is None else str(verdi)
    return ut


def _skjema(
    verdier: Mapping[str, Any],
    *,
    rad: Behov | None = None,
    finnes: Behov | None = None,
    feil: PortalError | None = None,
) -> str:
    return render_template(
        "omdisponering/behov_skjema.html",
        verdier=verdier,
        rad=rad,
        finnes=finnes,
        valg=oversikt.hent_skjemavalg(aktor()),
        stillinger=list(Stilling),
        lokaleslagene=list(Lokaleslag),
        kompetansene=[int(k) for k in Kompetanse],
        lokalkravene=[int(k) for k in Lokalkrav],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@blp.route("/behov/<uuid:behov_id>/endre", methods=["GET", "POST"])
def endre_behov(behov_id: UUID) -> Any:
    rad = tjeneste.hent_til_endring(aktor(), behov_id)
    if request.method == "GET":
        staar = {felt: getattr(rad, felt) for felt in tjeneste.behovsregler.FELTER}
        return _skjema({**som_skjema(staar), "slag": rad.slag, "lest": str(rad.versjon)}, rad=rad)
    verdier, lister = skjema_med_lister(*_LISTER)
    try:
        inn = les(BehovInn, {**verdier, **lister})
        felter = {"lest": inn["lest"] or 0, "ikke_fnr": inn["ikke_fnr"], **_felter(inn)}
        tjeneste.endre(aktor(), behov_id, **felter)
        if inn["gjoer"] == "meld" and rad.status == Behovsstatus.UTKAST:
            tjeneste.meld_ut(aktor(), behov_id, lest=tjeneste.hent_til_endring(aktor(), behov_id).versjon)
    except (Konflikt, UgyldigData) as feil:
        rad = tjeneste.hent_til_endring(aktor(), behov_id)
        # Who has read that somebody else was first may go on.
        vist = {**verdier, **lister, "slag": rad.slag, "lest": str(rad.versjon)}
        return _skjema(vist, rad=rad, feil=feil), feil.status
    flash(_("Behovet er lagret."), "success")
    return redirect(url_for("omdisponering.behov", behov_id=behov_id), 303)


# --- one need --------------------------------------------------------------------------------------------


@blp.get("/behov/<uuid:behov_id>")
def behov(behov_id: UUID) -> str:
    return _vis(behov_id)


def _vis(
    behov_id: UUID,
    feil: PortalError | None = None,
    verdier: Mapping[str, Any] | None = None,
    valgte: list[str] | None = None,
) -> str:
    return render_template(
        "omdisponering/behov.html",
        s=oversikt.hent_behov(aktor(), behov_id),
        verdier=verdier or {},
        valgte=valgte or [],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@blp.post("/behov/<uuid:behov_id>/meld")
def meld_behov(behov_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.meld_ut(aktor(), behov_id, **les(BehovslestInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(behov_id, feil), feil.status
    flash(_("Behovet er meldt."), "success")
    return redirect(url_for("omdisponering.behov", behov_id=behov_id), 303)


@blp.post("/behov/<uuid:behov_id>/lukk")
def lukk_behov(behov_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        falt = tjeneste.lukk(aktor(), behov_id, **les(LukkInn, verdier))
    except (Konflikt, UgyldigData) as feil:
        return _vis(behov_id, feil, verdier), feil.status
    tekst = _("Behovet er lukket.")
    if falt:
        tekst += " " + ngettext(
            "%(num)s forslag som ikke var avtalt, falt bort.",
            "%(num)s forslag som ikke var avtalt, falt bort.",
            falt,
        )
    flash(tekst, "success")
    return redirect(url_for("omdisponering.behov", behov_id=behov_id), 303)


@blp.post("/behov/<uuid:behov_id>/utkast")
def utkast_av_tilbud(behov_id: UUID) -> Any:
    """A draft of the offers that were ticked; where there are several lenders, one lender's at a time."""
    _verdier, lister = skjema_med_lister("tilbud")
    try:
        inn = les(UtkastInn, lister)
        linjer = [utkast.Ny(tilbud_id=id_) for id_ in inn["tilbud"]]
        id_ = utkast.opprett(aktor(), behov_id, linjer)
    except (Konflikt, UgyldigData) as feil:
        return _vis(behov_id, feil, valgte=lister["tilbud"]), feil.status
    flash(_("Utkastet er laget. Fyll ut resten, og send det til den andre siden."), "success")
    return redirect(f"/omdisponering/{id_}", 303)
