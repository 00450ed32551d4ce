"""The pages of the register of those outside the service: the coordinator's, and the person's own behind a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address

from portal.core.errors import IkkeFunnet, Konflikt, PortalError, UgyldigData
from portal.core.skjema import Skjema
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, limiter, skjema_med_lister
from portal.omdisponering.forloep import Stilling
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.routes.felles import blp, si_holder_ikke
from portal.omdisponering.schemas import LestInn, ReserveInn, SamtykkeendringInn
from portal.omdisponering.service import reserve as tjeneste
from portal.omdisponering.service import samtykke as egen

RESERVE = "/reserve/<uuid:reserve_id>"


@blp.get("/reserve")
def reserve() -> str:
    return render_template("omdisponering/reserve.html", rader=tjeneste.hent_liste(aktor()))


@blp.route("/reserve/ny", methods=["GET", "POST"])
def ny_reserve() -> Any:
    if request.method == "GET":
        return _vis_skjema(None, {"sted_id": _egen_kommune()}, [])
    verdier, lister = skjema_med_lister("kompetanse")
    try:
        inn = les(ReserveInn, {**verdier, **lister})
        del inn["lest"]
        tjeneste.registrer(aktor(), **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis_skjema(None, verdier, lister["kompetanse"], feil), feil.status
    flash(_("Personen har fått en e-post, og kan brukes når svaret er ja."), "success")
    return redirect(url_for("omdisponering.reserve"), 303)


def _egen_kommune() -> str:
    return str(aktor().organisasjon_id) if aktor().er_kommunal else ""


@blp.route(RESERVE, methods=["GET", "POST"])
def en_reserve(reserve_id: UUID) -> Any:
    if request.method == "GET":
        return _vis_en(reserve_id)
    verdier, lister = skjema_med_lister("kompetanse")
    try:
        endret = tjeneste.endre(aktor(), reserve_id, **les(ReserveInn, {**verdier, **lister}))
    except (UgyldigData, Konflikt) as feil:
        return _vis_en(reserve_id, verdier, lister["kompetanse"], feil), feil.status
    if endret.spurt:
        flash(_("Lagret. Adressen er ny, så personen er spurt på nytt der."), "warning")
    else:
        flash(_("Lagret."), "success")
    si_holder_ikke(endret.numre)
    return redirect(url_for("omdisponering.reserve"), 303)


def _vis_en(
    reserve_id: UUID,
    verdier: Mapping[str, str] | None = None,
    kompetanse: list[str] | None = None,
    feil: PortalError | None = None,
) -> str:
    rad = tjeneste.hent(aktor(), reserve_id)
    p = rad.person
    staar = {
        "navn": p.navn,
        "stilling": p.stilling,
        "epost": p.epost,
        "telefon": p.telefon,
        "sted_id": str(p.sted_id),
        "hpr": p.hpr,
    }
    if verdier is None and p.hpr_slaatt_opp:
        staar["hpr_slaatt_opp"] = "1"
    # Who has read that somebody else was first may go on: the version is always that of now.
    vist = {**staar, **(verdier or {}), "lest": str(p.versjon)}
    return _vis_skjema(rad, vist, _biter(p.kompetanse) if kompetanse is None else kompetanse, feil)


def _biter(sum_: int) -> list[str]:
    return [str(int(k)) for k in ETIKETTER["kompetanse"] if sum_ & k]


def _vis_skjema(
    rad: tjeneste.Rad | None,
    verdier: Mapping[str, str],
    kompetanse: list[str],
    feil: PortalError | None = None,
) -> str:
    return render_template(
        "omdisponering/reserve_skjema.html",
        rad=rad,
        stillinger=[str(s) for s in Stilling],
        steder=[(str(o.id), o.kortnavn) for o in tjeneste.hent_steder(aktor())],
        kompetansevalg=_kompetansevalg(),
        valgte=kompetanse,
        verdier=verdier,
        **feltfeil(feil),
    )


def _kompetansevalg() -> list[tuple[str, str]]:
    return [(str(int(k)), str(ord_)) for k, ord_ in ETIKETTER["kompetanse"].items()]


@blp.post(f"{RESERVE}/lenke")
@limiter.limit("20 per minute")
def send_reservelenke(reserve_id: UUID) -> Any:
    les(LestInn, skjema_med_lister()[0])
    try:
        tjeneste.send_lenke(aktor(), reserve_id)
    except Konflikt as feil:
        return _vis_en(reserve_id, feil=feil), feil.status
    flash(_("En ny lenke er sendt. Den forrige virker ikke lenger."), "success")
    return redirect(url_for("omdisponering.reserve"), 303)


@blp.post(f"{RESERVE}/slett")
def slett_reserve(reserve_id: UUID) -> Any:
    try:
        avtalt = tjeneste.slett(aktor(), reserve_id, **les(LestInn, skjema_med_lister()[0]))
    except Konflikt as feil:
        return _vis_en(reserve_id, feil=feil), feil.status
    flash(_("Personen er slettet fra registeret."), "success")
    if avtalt:
        flash(
            ngettext(
                "Personen var med i %(num)s avtalt omdisponering. Ring den andre siden i dag.",
                "Personen var med i %(num)s avtalte omdisponeringer. Ring de andre sidene i dag.",
                avtalt,
            ),
            "warning",
        )
    return redirect(url_for("omdisponering.reserve"), 303)


# --- the person's own page -------------------------------------------------------------------------------


class _Tomt(Skjema):
    """A button of the page: which one stands in `gjoer`."""


def _endre(noekkel: str, verdier: Mapping[str, Any]) -> None:
    if egen.endre(noekkel, **les(SamtykkeendringInn, verdier)):
        flash(_("Noe du er med i, passer ikke med dette. De det gjelder, har fått beskjed."), "warning")


#: {the button: (what is done, what is said)}.
_HANDLINGER: dict[str, tuple[Callable[[str], object], Callable[[], str]]] = {
    "ja": (lambda n: egen.svar(n, True), lambda: _("Takk! Du står i registeret, og kan bli spurt.")),
    "nei": (lambda n: egen.svar(n, False), lambda: _("Du har sagt nei, og blir ikke spurt.")),
}


@blp.route("/samtykke/<string:noekkel>", methods=["GET", "POST"])
@limiter.limit("30 per minute", key_func=get_remote_address)
def samtykke(noekkel: str) -> Any:
    """What is stored of the person, and what may be done with it. The address holds the secret, so it goes nowhere."""
    try:
        if request.method == "GET":
            return _hemmelig(_vis_egen(noekkel))
        return _gjoer(noekkel)
    except egen.UkjentLenke as feil:
        return _hemmelig(render_template("omdisponering/samtykke_feil.html", grunn=feil), feil.status)
    except egen.GammelLenke as feil:
        side = render_template("omdisponering/samtykke_feil.html", grunn=feil, kan_be_om_ny=True)
        return _hemmelig(side, feil.status)


def _gjoer(noekkel: str) -> Response:
    verdier, lister = skjema_med_lister("kompetanse")
    gjoer = verdier.pop("gjoer", "")
    try:
        if gjoer == "endre":
            _endre(noekkel, {**verdier, **lister})
            flash(_("Lagret."), "success")
        elif gjoer == "slett":
            les(_Tomt, verdier)
            egen.slett(noekkel)
            return _hemmelig(render_template("omdisponering/samtykke_slettet.html"))
        elif gjoer == "ny":
            les(_Tomt, verdier)
            egen.be_om_ny(noekkel)
            return _hemmelig(render_template("omdisponering/samtykke_sendt.html"))
        elif gjoer in _HANDLINGER:
            les(_Tomt, verdier)
            handling, melding = _HANDLINGER[gjoer]
            handling(noekkel)
            flash(melding(), "success")
        else:
            raise IkkeFunnet()
    except (UgyldigData, Konflikt) as feil:
        if gjoer == "ny":
            return _hemmelig(render_template("omdisponering/samtykke_feil.html", grunn=feil), feil.status)
        return _hemmelig(_vis_egen(noekkel, verdier, lister["kompetanse"], feil), feil.status)
    return _hemmelig(redirect(request.path, 303))


def _vis_egen(
    noekkel: str,
    verdier: Mapping[str, str] | None = None,
    kompetanse: list[str] | None = None,
    feil: PortalError | None = None,
) -> str:
    s = egen.se(noekkel)
    p = s.person
    staar = {
        "epost": p.epost,
        "telefon": p.telefon,
        "sted_id": str(p.sted_id),
        "reise_km": "" if p.reise_km is None else str(p.reise_km),
        "prosent": str(p.prosent),
        "vaksinert": "" if p.vaksinert is None else ("ja" if p.vaksinert else "nei"),
        "smittevern": p.smittevern.isoformat() if p.smittevern else "",
    }
    return render_template(
        "omdisponering/samtykke.html",
        s=s,
        steder=[(str(o.id), o.kortnavn) for o in s.steder],
        kompetansevalg=_kompetansevalg(),
        valgte=_biter(p.kompetanse) if kompetanse is None else kompetanse,
        verdier={**staar, **(verdier or {}), "lest": str(p.versjon)},
        **feltfeil(feil),
    )


def _hemmelig(innhold: Any, status: int = 200) -> Response:
    svar = make_response(innhold, status) if isinstance(innhold, str) else make_response(innhold)
    svar.headers["Referrer-Policy"] = "no-referrer"
    return svar
