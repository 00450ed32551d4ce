"""Calendar files: a roster out, a file in, and one's own shifts at a secret address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.opplasting import ForStor
from portal.core.sprak import _, _l, ngettext
from portal.core.web import feltfeil, les, limiter, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor, gjeldende_aktor_eller_ingen
from portal.identitet.steps import hash_token
from portal.vakt import access, icallinjer
from portal.vakt.access import Handling
from portal.vakt.routes.felles import blp
from portal.vakt.schemas import IcalimportInn
from portal.vakt.service import feed, ical

#: The text goes up again with the confirmation, where each line break may have become two signs.
_STOERSTE_FORM = icallinjer.STOERST + 256 * 1024
_FOR_STOR = _l(
    "Kalenderfilen er større enn 1 MB. Eksporter et kortere tidsrom, eller del den opp. Ingenting er lest."
)
#: So many lines of a preview are drawn: those to be mended first.
_VISES = 500


@blp.url_value_preprocessor
def _slipp_fram_filen(endepunkt: str | None, _verdier: Any) -> None:
    """The one page that takes a file. Before the CSRF check, which reads the form; for those who keep rosters alone.

    One that says to be too large is refused before a byte of it is read.
    """
    if endepunkt != "vakt.importer_kalender" or request.method != "POST":
        return
    aktor = gjeldende_aktor_eller_ingen()
    if (
        aktor is None
        or aktor.organisasjon_id is None
        or not access.kan_redigere(aktor, aktor.organisasjon_id)
    ):
        return
    if (request.content_length or 0) > _STOERSTE_FORM:
        raise ForStor(_FOR_STOR)
    request.max_content_length = request.max_form_memory_size = _STOERSTE_FORM


# --- out -------------------------------------------------------------------------------------------------


@blp.get("/vakt/planer/<uuid:plan_id>/vaktplan.ics")
@limiter.limit("10 per minute")
def eksporter_kalender(plan_id: UUID) -> Response:
    return _kalender(ical.eksporter(gjeldende_aktor(), plan_id), "vaktplan.ics")


def _kalender(innhold: bytes, filnavn: str) -> Response:
    return Response(
        innhold,
        mimetype="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="{filnavn}"'},
    )


# --- in --------------------------------------------------------------------------------------------------


@blp.route("/vakt/planer/<uuid:plan_id>/import", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def importer_kalender(plan_id: UUID) -> Any:
    """First what the file would do, then, when no line is wrong, all of it."""
    aktor = gjeldende_aktor()
    if request.method == "GET":
        return _vis_import(plan_id, {})
    # Before anything is read: whose roster it is.
    access.hent_plan(aktor, Handling.REDIGERE, plan_id)
    verdier, _lister = skjema_med_lister()
    vurdert = None
    try:
        inn = les(IcalimportInn, verdier)
        data = inn["tekst"].encode()
        fil = request.files.get("fil")
        if fil is not None and fil.filename:
            with fil.stream:
                data = fil.read()
            verdier = {**verdier, "tekst": data.decode("utf-8-sig", "replace")}
        if not data.strip():
            raise UgyldigData(felter={"fil": [_("Velg en kalenderfil (.ics).")]})
        lest = ical.les_fil(data)
        vurdert = ical.vurder(aktor, plan_id, lest, inn["nivaa"], erstatt=inn["erstatt"])
        if inn["lagre"] and not vurdert.feilede:
            antall = ical.importer(
                aktor, plan_id, lest, inn["nivaa"], erstatt=inn["erstatt"], versjon=inn["versjon"]
            )
            flash(
                ngettext(
                    "%(num)s vakt er lagt inn fra kalenderfilen.",
                    "%(num)s vakter er lagt inn fra kalenderfilen.",
                    antall,
                ),
                "success",
            )
            if vurdert.tapt:
                flash(
                    ngettext(
                        "%(num)s vakt er tatt ut. Den som hadde den, har fått beskjed.",
                        "%(num)s vakter er tatt ut. De som hadde dem, har fått beskjed.",
                        len(vurdert.tapt),
                    ),
                    "success",
                )
            for advarsel in vurdert.advarsler:
                flash(advarsel, "warning")
            return redirect(url_for("vakt.plan", plan_id=plan_id), 303)
    except (UgyldigData, Konflikt) as feil:
        return _vis_import(plan_id, verdier, vurdert, feil), feil.status
    return _vis_import(plan_id, verdier, vurdert), 422 if vurdert.feilede else 200


def _vis_import(
    plan_id: UUID,
    verdier: Mapping[str, str],
    vurdert: ical.Plan | None = None,
    feil: PortalError | None = None,
) -> str:
    return render_template(
        "vakt/import.html",
        plan=access.hent_plan(gjeldende_aktor(), Handling.REDIGERE, plan_id),
        verdier=verdier,
        v=vurdert,
        vises=_VISES,
        maks=icallinjer.STOERST,
        **feltfeil(feil),
    )


# --- one's own, at a secret address ----------------------------------------------------------------------


@blp.get("/vakt/kalender")
def min_kalender() -> str:
    return _vis_kalender()


def _vis_kalender(adresse: str = "") -> str:
    return render_template(
        "vakt/kalender.html",
        feed=feed.hent_feed(gjeldende_aktor()),
        adresse=adresse,
        webcal=f"webcal://{urlsplit(adresse).netloc}{urlsplit(adresse).path}" if adresse else "",
    )


@blp.post("/vakt/kalender/ny")
@limiter.limit("10 per minute")
def ny_kalenderadresse() -> str:
    """The address, shown this once: only its hash is kept."""
    skjema_med_lister()
    token = feed.lag_feed(gjeldende_aktor())
    return _vis_kalender(url_for("vakt.feed", token=token, _external=True))


@blp.post("/vakt/kalender/trekk")
def trekk_kalenderadresse() -> Any:
    skjema_med_lister()
    feed.trekk_feed(gjeldende_aktor())
    flash(_("Adressen virker ikke lenger. Kalendere som leste den, får ikke flere vakter."), "success")
    return redirect(url_for("vakt.min_kalender"), 303)


def _hvilken_feed() -> str:
    """Each address is counted alone: one calendar service asks for thousands of people. Never the secret itself."""
    return hash_token(str((request.view_args or {}).get("token", "")))


@blp.get("/vakt/feed/<string:token>.ics", endpoint="feed")
@limiter.limit("600 per minute", key_func=get_remote_address)
@limiter.limit("30 per minute", key_func=_hvilken_feed)
def vis_feed(token: str) -> Response:
    """Without a login: the address is the key."""
    svar = _kalender(feed.les_feed(token), "vakter.ics")
    svar.headers["Referrer-Policy"] = "no-referrer"
    svar.headers["X-Robots-Tag"] = "noindex"
    return svar
