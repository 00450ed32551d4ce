"""The negotiation: what is proposed and said about each clause, and the forms that propose, answer and remark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.avtaler import innhold
from portal.avtaler.forloep import Forslagstype
from portal.avtaler.routes.felles import bp, det_du_skrev, fagomraadevalg, fnr_treff
from portal.avtaler.routes.klausulskjema import (
    endre_rader,
    klausulfeil,
    les_skjema,
    som_verdier,
    til_skjema,
    tomme_verdier,
)
from portal.avtaler.schemas import (
    BegrunnelseInn,
    BestemmelseInn,
    ForhandlingsvalgInn,
    ForslagssvarInn,
    GjentaInn,
    KommentarInn,
    OrdnetInn,
    StrykforslagInn,
)
from portal.avtaler.service import forhandlingslesing as lesing
from portal.avtaler.service import forslag as tjeneste
from portal.avtaler.service import kommentarer
from portal.core.errors import IkkeTilgang, Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, limiter, skjema_med_lister

#: Refusals that are about this proposal, to who sees the page all the same.
_VAAR_EGEN_SIDE = ("egen_side", "fire_oeyne")
#: Nobody writes faster; a script could.
_OFTEST = "60 per minute"


# --- the page --------------------------------------------------------------------------------------------


@bp.get("/<uuid:avtale_id>/forhandling")
def forhandling(avtale_id: UUID) -> Any:
    valg = les(ForhandlingsvalgInn, {k: v for k, v in request.args.items() if v})
    return _vis(avtale_id, nummer=valg["versjon"], vis=valg["vis"])


def _vis(
    avtale_id: UUID,
    feil: PortalError | None = None,
    *,
    sted: str = "",
    verdier: Mapping[str, str] | None = None,
    nummer: int | None = None,
    vis: str = "",
) -> str:
    """`sted` is the form that was refused («svar-<id>», «kommentar-<id>»): it stands open, with what was typed; where
    it is not on the page any more, what was typed stands at the top."""
    s = lesing.hent_side(aktor(), avtale_id, nummer)
    meldinger = feltfeil(feil)["feil"]
    tapt_tekst = (
        det_du_skrev(verdier, tekst=_("Kommentar"), merknad=_("Merknad"))
        if verdier and not (s and _har_plass(s, sted))
        else []
    )
    if s is None:
        return render_template(
            "avtaler/forhandling_tom.html",
            avtale=lesing.avtalen(aktor(), avtale_id),
            fane="forhandling",
            feil=meldinger,
            tapt_tekst=tapt_tekst,
        )
    blokker = {"": s.blokker, "aapne": s.aapne, "venter": s.venter_paa_meg}[vis]
    return render_template(
        "avtaler/forhandling.html",
        s=s,
        avtale=s.avtale,
        versjon=s.versjon,
        fane="forhandling",
        vis=vis,
        blokker=blokker,
        sted=sted,
        verdier=verdier or {},
        feil={f"{felt}-{sted}" if felt else "": m for felt, m in meldinger.items()},
        fnr_treff=fnr_treff(feil),
        tapt_tekst=tapt_tekst,
    )


def _har_plass(s: lesing.Forhandling, sted: str) -> bool:
    """Whether that form is on the page: what it was about may have been settled, or all of it be over."""
    aapne = (f for b in s.blokker for foerste in b.aapne for f in (foerste, *foerste.motforslag))
    steder = {f"svar-{f.rad.id}" for f in aapne if f.kan_svare}
    if s.forhandle:
        steder |= {"kommentar-hele", *(f"kommentar-{b.noekkel}" for b in s.blokker)}
    return sted in steder


def _til(avtale_id: UUID, anker: str) -> Any:
    return redirect(url_for("avtaler.forhandling", avtale_id=avtale_id, _anchor=anker), 303)


@bp.get("/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>")
def vis_forslag(avtale_id: UUID, forslag_id: UUID) -> str:
    """One proposal with all its words, also when it has been settled."""
    s, forslag = lesing.hent_forslag(aktor(), avtale_id, forslag_id)
    return render_template(
        "avtaler/forhandling_ett.html",
        s=s,
        avtale=s.avtale,
        versjon=s.versjon,
        f=forslag,
        fane="forhandling",
        sted="",
        verdier={},
        feil={},
    )


# --- proposing -------------------------------------------------------------------------------------------


@bp.route("/<uuid:avtale_id>/forhandling/ny", methods=["GET", "POST"])
@limiter.limit(_OFTEST, methods=["POST"])
def foreslaa_ny(avtale_id: UUID) -> Any:
    return _foreslaa(avtale_id)


@bp.route("/<uuid:avtale_id>/forhandling/bestemmelser/<uuid:noekkel>", methods=["GET", "POST"])
@limiter.limit(_OFTEST, methods=["POST"])
def foreslaa_endring(avtale_id: UUID, noekkel: UUID) -> Any:
    return _foreslaa(avtale_id, noekkel)


@bp.route("/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/motforslag", methods=["GET", "POST"])
@limiter.limit(_OFTEST, methods=["POST"])
def motforslag(avtale_id: UUID, forslag_id: UUID) -> Any:
    return _foreslaa(avtale_id, svar_paa_id=forslag_id)


def _foreslaa(avtale_id: UUID, noekkel: UUID | None = None, svar_paa_id: UUID | None = None) -> Any:
    """The form of a wording. Buttons for rows and for looking at it give it back as it was typed; nothing is sent."""
    if request.method == "GET":
        fra = les(GjentaInn, {k: v for k, v in request.args.items() if v})["fra"]
        g = lesing.hent_grunnlag(aktor(), avtale_id, noekkel, svar_paa_id=svar_paa_id, fra_id=fra)
        if not g.aapen:
            flash(_("Her kan dere ikke foreslå noe nå. Se hva som har skjedd i forhandlingen."), "info")
            return _til(avtale_id, "")
        return _vis_skjema(g)
    verdier, gjoer, ellers = les_skjema("begrunnelse", "ikke_fnr")
    g = lesing.hent_grunnlag(aktor(), avtale_id, noekkel, svar_paa_id=svar_paa_id)
    begrunnelse = ellers.get("begrunnelse", "")
    if gjoer in ("vis", "forskjell"):
        return _vis_skjema(g, verdier, begrunnelse, visning=gjoer)
    if fokus := endre_rader(verdier, gjoer):
        return _vis_skjema(g, verdier, begrunnelse, fokus=fokus)
    verdier = til_skjema(verdier)
    try:
        inn, ved = les(BestemmelseInn, verdier), les(BegrunnelseInn, ellers)
        forslag_id = tjeneste.foreslaa(
            aktor(),
            avtale_id,
            noekkel,
            g.type,
            inn["data"],
            ved["begrunnelse"],
            inn["lest"] or "",
            svar_paa_id,
            ikke_fnr=ved["ikke_fnr"],
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_skjema(g, verdier, begrunnelse, feil), feil.status
    flash(_("Forslaget er sendt. Den andre siden har fått beskjed."), "success")
    return _til(avtale_id, f"f-{forslag_id}")


def _vis_skjema(
    g: lesing.Grunnlag,
    verdier: dict[str, Any] | None = None,
    begrunnelse: str = "",
    feil: PortalError | None = None,
    *,
    visning: str = "",
    fokus: str = "",
) -> str:
    """`verdier`: what was typed, else the wording to begin with. Has the text changed meanwhile, the difference is
    shown, and the next sending is about the text as it is now."""
    lest = g.bestemmelse.innhold_hash if g.bestemmelse else ""
    if verdier is None:
        utgangspunkt = g.utgangspunkt
        verdier = {**(som_verdier(utgangspunkt) if utgangspunkt else tomme_verdier()), "lest": lest}
    konflikt = isinstance(feil, Utdatert) and "naa" in feil.detaljer
    if konflikt:
        verdier = {**verdier, "lest": lest}
    return render_template(
        "avtaler/forhandling_forslag.html",
        g=g,
        avtale=g.avtale,
        versjon=g.versjon,
        verdier={**verdier, "begrunnelse": begrunnelse},
        staar=innhold.som_data(g.bestemmelse) if g.bestemmelse else None,
        konflikt=konflikt,
        forhaandsvis=visning == "vis",
        vis_forskjell=visning == "forskjell",
        fokus=fokus,
        fagomraader=fagomraadevalg(),
        feil=klausulfeil(feil),
        fnr_treff=fnr_treff(feil),
    )


@bp.route("/<uuid:avtale_id>/forhandling/bestemmelser/<uuid:noekkel>/stryk", methods=["GET", "POST"])
@limiter.limit(_OFTEST, methods=["POST"])
def foreslaa_stryk(avtale_id: UUID, noekkel: UUID) -> Any:
    """That a clause is struck, and why."""
    g = lesing.hent_grunnlag(aktor(), avtale_id, noekkel)
    if request.method == "GET":
        if not g.aapen:
            flash(_("Her kan dere ikke foreslå noe nå. Se hva som har skjedd i forhandlingen."), "info")
            return _til(avtale_id, "")
        return _vis_stryk(g)
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(StrykforslagInn, verdier)
        forslag_id = tjeneste.foreslaa(
            aktor(),
            avtale_id,
            noekkel,
            Forslagstype.STRYK,
            None,
            inn["begrunnelse"],
            inn["lest"],
            ikke_fnr=inn["ikke_fnr"],
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_stryk(g, verdier, feil), feil.status
    flash(_("Forslaget er sendt. Den andre siden har fått beskjed."), "success")
    return _til(avtale_id, f"f-{forslag_id}")


def _vis_stryk(
    g: lesing.Grunnlag, verdier: Mapping[str, str] | None = None, feil: PortalError | None = None
) -> str:
    return render_template(
        "avtaler/forhandling_stryk.html",
        g=g,
        avtale=g.avtale,
        versjon=g.versjon,
        verdier=verdier or {},
        fnr_treff=fnr_treff(feil),
        **feltfeil(feil),
    )


# --- answering, taking back, remarking -------------------------------------------------------------------


def _gjoer(
    avtale_id: UUID, sted: str, verdier: Mapping[str, str], handling: Callable[[], str], melding: str
) -> Any:
    """Does it, and leads to the place that it gives; refused, the page comes back with what was typed in its place."""
    try:
        anker = handling()
    except (Konflikt, UgyldigData) as feil:
        return _vis(avtale_id, feil, sted=sted, verdier=verdier), feil.status
    except IkkeTilgang as feil:
        if feil.kode not in _VAAR_EGEN_SIDE:
            raise
        return _vis(avtale_id, feil, sted=sted, verdier=verdier), feil.status
    flash(melding, "success")
    return _til(avtale_id, anker)


@bp.post("/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/svar")
@limiter.limit(_OFTEST)
def svar_forslag(avtale_id: UUID, forslag_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()

    def handling() -> str:
        inn = les(ForslagssvarInn, verdier)
        return f"b-{tjeneste.svar(aktor(), forslag_id, **inn)}"

    melding = (
        _("Forslaget er godtatt, og teksten er endret.")
        if verdier.get("godtatt") == "1"
        else _("Svaret er sendt: dere godtar det ikke.")
    )
    return _gjoer(avtale_id, f"svar-{forslag_id}", verdier, handling, melding)


@bp.post("/<uuid:avtale_id>/forhandling/forslag/<uuid:forslag_id>/trekk")
@limiter.limit(_OFTEST)
def trekk_forslag(avtale_id: UUID, forslag_id: UUID) -> Any:
    skjema_med_lister()
    return _gjoer(
        avtale_id,
        "",
        {},
        lambda: f"b-{tjeneste.trekk(aktor(), forslag_id)}",
        _("Forslaget er trukket."),
    )


@bp.post("/<uuid:avtale_id>/forhandling/kommentarer")
@limiter.limit(_OFTEST)
def kommenter(avtale_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    noekkel = verdier.get("noekkel", "")

    def handling() -> str:
        inn = les(KommentarInn, {k: v for k, v in verdier.items() if k != "noekkel" or v})
        return f"k-{kommentarer.skriv(aktor(), avtale_id, **inn)}"

    return _gjoer(avtale_id, f"kommentar-{noekkel or 'hele'}", verdier, handling, _("Kommentaren er sendt."))


@bp.post("/<uuid:avtale_id>/forhandling/kommentarer/<uuid:kommentar_id>/ordne")
@limiter.limit(_OFTEST)
def ordne_kommentar(avtale_id: UUID, kommentar_id: UUID) -> Any:
    ordnet = les(OrdnetInn, skjema_med_lister()[0])["ordnet"]

    def handling() -> str:
        noekkel = kommentarer.ordne(aktor(), kommentar_id, ordnet)
        return f"b-{noekkel}" if noekkel else "hele"

    return _gjoer(
        avtale_id,
        "",
        {},
        handling,
        _("Kommentaren er ordnet.") if ordnet else _("Kommentaren er tatt opp igjen."),
    )
