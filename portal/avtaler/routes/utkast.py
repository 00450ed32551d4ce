"""The draft: what is said about it, its clauses one form each, their order, and off to the parties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.avtaler import access
from portal.avtaler.access import Handling
from portal.avtaler.innhold import FELT, ren
from portal.avtaler.routes.avtaler import vis_avtale
from portal.avtaler.routes.felles import bp, det_du_skrev, fagomraadevalg, fnr_treff
from portal.avtaler.routes.klausulskjema import (
    endre_rader,
    klausulfeil,
    les_skjema,
    som_verdier,
    til_skjema,
    tomme_verdier,
)
from portal.avtaler.schemas import BestemmelseInn, FlyttInn, IkkeFnrInn, LestInn, OpplysningerInn, TekstInn
from portal.avtaler.service import avtaler, klausuler, oversikt
from portal.core.errors import IkkeFunnet, Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister


@bp.get("/<uuid:avtale_id>/utkast")
def utkast(avtale_id: UUID) -> str:
    return _vis_utkast(avtale_id)


def _vis_utkast(avtale_id: UUID, feil: PortalError | None = None) -> str:
    s = oversikt.hent_arbeid(aktor(), avtale_id)
    noekler = [b.noekkel for b in s.bestemmelser]
    # A clause goes up before the one above it, and down before the one after the next («»: last).
    flytt = {
        n: (noekler[i - 1] if i else None, noekler[i + 2] if i + 2 < len(noekler) else "")
        for i, n in enumerate(noekler)
    }
    return render_template("avtaler/utkast.html", s=s, flytt=flytt, **feltfeil(feil))


@bp.post("/<uuid:avtale_id>/send-til-forhandling")
def send_til_forhandling(avtale_id: UUID) -> Any:
    skjema_med_lister()
    try:
        avtaler.send_til_forhandling(aktor(), avtale_id)
    except (UgyldigData, Konflikt) as feil:
        return _vis_utkast(avtale_id, feil), feil.status
    flash(
        _("Avtalen er sendt til forhandling. Partene har fått beskjed, og kan kommentere og foreslå."),
        "success",
    )
    return redirect(url_for("avtaler.avtale", avtale_id=avtale_id), 303)


# --- what is said about it -------------------------------------------------------------------------------


@bp.route("/<uuid:avtale_id>/opplysninger", methods=["GET", "POST"])
def opplysninger(avtale_id: UUID) -> Any:
    """Title, how users took part, wanted start. Saved by somebody else first: both are shown, and nothing is lost."""
    feil: PortalError | None = None
    konflikt: Mapping[str, Any] | None = None
    try:
        s = oversikt.hent_arbeid(aktor(), avtale_id)
    except Konflikt as borte:
        # It came into force, or a colleague dropped it, while it was written about.
        if request.method == "GET":
            raise
        tapt_tekst = det_du_skrev(
            skjema_med_lister()[0],
            tittel=_("Tittel"),
            medvirkning=_("Hvordan pasienter og brukere har medvirket"),
            notat=_("Nytt i denne versjonen"),
        )
        return vis_avtale(avtale_id, feil=borte, tapt_tekst=tapt_tekst), borte.status
    verdier: dict[str, Any] = {
        "tittel": s.versjon.tittel or s.avtale.tittel,
        "nummer": s.avtale.nummer,
        "medvirkning": s.versjon.medvirkning,
        "notat": s.versjon.notat,
        "oensket_fra": s.versjon.oensket_fra.isoformat() if s.versjon.oensket_fra else "",
        "lest": str(s.versjon.versjon),
    }
    if request.method == "POST":
        verdier, _lister = skjema_med_lister()
        try:
            inn = les(OpplysningerInn, verdier)
            avtaler.endre(aktor(), avtale_id, **inn)
            flash(_("Lagret."), "success")
            neste = "avtaler.utkast" if s.kan.skrive else "avtaler.avtale"
            return redirect(url_for(neste, avtale_id=avtale_id), 303)
        except Utdatert as e:
            feil, konflikt = e, e.detaljer.get("naa")
            verdier["lest"] = str(e.detaljer.get("lest", ""))
        except (UgyldigData, Konflikt) as e:
            feil = e
    html = render_template(
        "avtaler/utkast_opplysninger.html", s=s, verdier=verdier, konflikt=konflikt, **feltfeil(feil)
    )
    return html, feil.status if feil else 200


# --- clauses ---------------------------------------------------------------------------------------------


@bp.route("/<uuid:avtale_id>/bestemmelser/ny", methods=["GET", "POST"])
def ny_bestemmelse(avtale_id: UUID) -> Any:
    return _bestemmelse(avtale_id, None)


@bp.route("/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>", methods=["GET", "POST"])
def bestemmelse(avtale_id: UUID, noekkel: UUID) -> Any:
    return _bestemmelse(avtale_id, noekkel)


def _bestemmelse(avtale_id: UUID, noekkel: UUID | None) -> Any:
    """The form of one clause. Buttons for rows and for the preview give it back as it was typed; nothing is saved."""
    if request.method == "GET":
        s = oversikt.hent_arbeid(aktor(), avtale_id)
        if not s.kan.skrive:
            flash(_("Avtalen er ikke et utkast lenger. Endringer går som forslag i forhandlingen."), "info")
            return redirect(url_for("avtaler.avtale", avtale_id=avtale_id, versjon=s.versjon.nummer))
        return _vis_bestemmelse(avtale_id, noekkel)
    verdier, gjoer, ellers = les_skjema("ikke_fnr")
    if gjoer == "vis":
        return _vis_bestemmelse(avtale_id, noekkel, verdier, forhaandsvis=True)
    if fokus := endre_rader(verdier, gjoer):
        return _vis_bestemmelse(avtale_id, noekkel, verdier, fokus=fokus)
    verdier = til_skjema(verdier)
    try:
        inn, slipp = les(BestemmelseInn, verdier), les(IkkeFnrInn, ellers)
        # A new clause has been read by nobody.
        lest = inn["lest"] if noekkel is not None else None
        skrevet = klausuler.skriv(aktor(), avtale_id, noekkel, inn["data"], lest, **slipp)
    except (UgyldigData, Konflikt) as feil:
        return _vis_bestemmelse(avtale_id, noekkel, verdier, feil), feil.status
    flash(_("Bestemmelsen er lagret."), "success")
    if gjoer == "lagre_ny":
        return redirect(url_for("avtaler.ny_bestemmelse", avtale_id=avtale_id), 303)
    return redirect(url_for("avtaler.utkast", avtale_id=avtale_id, _anchor=f"rad-{skrevet}"), 303)


def _vis_bestemmelse(
    avtale_id: UUID,
    noekkel: UUID | None,
    verdier: dict[str, Any] | None = None,
    feil: PortalError | None = None,
    *,
    forhaandsvis: bool = False,
    fokus: str = "",
) -> str:
    """`verdier`: what was typed, else the clause as it reads. Was it saved by somebody else first, both are shown."""
    access.hent(aktor(), Handling.REDIGERE, avtale_id)
    s = avtaler.hent_avtale(aktor(), avtale_id, oversikt.nummer_i_arbeid(aktor(), avtale_id))
    naa = next((b for b in s.bestemmelser if b.noekkel == noekkel), None)
    # A clause that was struck while somebody wrote in it keeps its form: the words are theirs.
    if noekkel is not None and naa is None and verdier is None:
        raise IkkeFunnet()
    if verdier is None:
        verdier = {**som_verdier(naa), "lest": naa.innhold_hash} if naa else tomme_verdier()
    konflikt = None
    if isinstance(feil, Utdatert) and "naa" in feil.detaljer:
        staar = feil.detaljer["naa"]
        konflikt = {**feil.detaljer, "naa": som_verdier(staar) if staar else None}
        verdier = {**verdier, "lest": feil.detaljer.get("lest", "")}
    return render_template(
        "avtaler/bestemmelse.html",
        s=s,
        noekkel=noekkel,
        naa_rad=naa,
        verdier=verdier,
        konflikt=konflikt,
        ulike=_ulike(verdier, konflikt["naa"]) if konflikt and konflikt["naa"] else [],
        forhaandsvis=forhaandsvis,
        fokus=fokus,
        fagomraader=fagomraadevalg(),
        feil=klausulfeil(feil),
        fnr_treff=fnr_treff(feil),
    )


def _ulike(ditt: Mapping[str, Any], staar: Mapping[str, Any]) -> list[str]:
    """The fields of a clause in which two texts of it differ, in the order of reading."""
    return [f for f in FELT if _plan(ditt.get(f)) != _plan(staar.get(f))]


def _plan(verdi: Any) -> Any:
    """A field as it is compared: typed text has the line breaks of a form, and empty is empty."""
    if isinstance(verdi, Mapping):
        return {k: _plan(v) for k, v in verdi.items() if _plan(v)}
    if isinstance(verdi, (list, tuple)):
        return [_plan(v) for v in verdi]
    return ren(str(verdi or ""))


@bp.post("/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>/stryk")
def stryk_bestemmelse(avtale_id: UUID, noekkel: UUID) -> Any:
    inn = les(LestInn, skjema_med_lister()[0])
    try:
        klausuler.stryk(aktor(), avtale_id, noekkel, inn["lest"])
    except Utdatert as feil:
        # Nothing was typed: it is shown as it reads now, and struck from there.
        if feil.detaljer.get("naa") is None:
            flash(_("Bestemmelsen var strøket alt."), "info")
            return redirect(url_for("avtaler.utkast", avtale_id=avtale_id), 303)
        return _vis_bestemmelse(avtale_id, noekkel, feil=Konflikt(feil.melding)), feil.status
    except Konflikt as feil:
        return _vis_utkast(avtale_id, feil), feil.status
    flash(_("Bestemmelsen er strøket. I tidligere versjoner står den."), "success")
    return redirect(url_for("avtaler.utkast", avtale_id=avtale_id), 303)


@bp.post("/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>/flytt")
def flytt_bestemmelse(avtale_id: UUID, noekkel: UUID) -> Any:
    inn = les(FlyttInn, skjema_med_lister()[0])
    try:
        klausuler.flytt(aktor(), avtale_id, noekkel, inn["foer"])
    except Konflikt as feil:
        return _vis_utkast(avtale_id, feil), feil.status
    return redirect(url_for("avtaler.utkast", avtale_id=avtale_id, _anchor=f"rad-{noekkel}"), 303)


@bp.post("/forhaandsvis")
def forhaandsvis_tekst() -> str:
    """A text as it will be shown, for the form that shows it while it is written."""
    return render_template("avtaler/_tekst.html", tekst=les(TekstInn, skjema_med_lister()[0])["tekst"])
