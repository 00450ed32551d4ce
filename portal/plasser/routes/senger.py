"""A unit's beds, as its coordinator keeps them: new ones, what they are called and can take, their order, their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, feltfeil, les, skjema_med_lister, skjemadata
from portal.plasser.plassnavn import les_navn
from portal.plasser.routes.felles import blp
from portal.plasser.routes.forvaltning import ENHET, bits
from portal.plasser.routes.rimelighet import overraskelser
from portal.plasser.schemas import BekreftInn, FlyttPlassInn, NyePlasserInn, PlassInn
from portal.plasser.service import forvaltning as tjeneste
from portal.plasser.service import forvaltningsvisning as visning

PLASSER = f"{ENHET}/plasser"
PLASS = f"{PLASSER}/<uuid:plass_id>"


@blp.route(PLASSER, methods=["GET", "POST"])
def forvalt_plasser(plassenhet_id: UUID) -> Any:
    if request.method == "GET":
        return _vis(plassenhet_id)
    enkle, lister = skjema_med_lister("evner")
    verdier = {**enkle, **lister}
    try:
        inn = les(NyePlasserInn, verdier)
        navn = les_navn(inn.pop("navn"))
        uten_kvote = tjeneste.legg_til_plasser(aktor(), plassenhet_id, navn=navn, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, verdier, feil), feil.status
    flash(
        ngettext(
            "%(num)s plass er lagt til. Den er ukjent til enheten sier hvordan den står.",
            "%(num)s plasser er lagt til. De er ukjente til enheten sier hvordan de står.",
            len(navn),
        ),
        "success",
    )
    if inn["normert"] and uten_kvote:
        flash(
            ngettext("%(num)s plass er uten kvote.", "%(num)s plasser er uten kvote.", uten_kvote), "warning"
        )
    return _tilbake(plassenhet_id)


def _tilbake(plassenhet_id: UUID, plass_id: UUID | None = None) -> Any:
    anker = f"plass-{plass_id}" if plass_id else None
    return redirect(url_for("plasser.forvalt_plasser", plassenhet_id=plassenhet_id, _anchor=anker), 303)


def _vis(
    plassenhet_id: UUID,
    verdier: Mapping[str, Any] | None = None,
    feil: PortalError | None = None,
    plass_id: UUID | None = None,
) -> str:
    """The page; with what was typed in the form that was refused: one bed's (`plass_id`), or that of new ones."""
    f = visning.hent(aktor(), plassenhet_id)
    feltene = feltfeil(feil)
    if plass_id is not None:
        feltene = {"feil": {f"{k}-{plass_id}" if k else "": m for k, m in feltene["feil"].items()}}
    typet = dict(verdier or {})
    return render_template(
        "plasser/forvalt_plasser.html",
        f=f,
        enhet=f.enhet,
        aapen=plass_id,
        typet=typet,
        bits=bits,
        overraskelser=overraskelser(feil),
        verdier=typet if verdier is not None and plass_id is None else {"normert": "1", "bemannet": "1"},
        **feltene,
    )


@blp.post(PLASS)
def endre_plass(plassenhet_id: UUID, plass_id: UUID) -> Any:
    enkle, lister = skjema_med_lister("evner")
    verdier = {**enkle, **lister}
    try:
        inn = les(PlassInn, verdier)
        tjeneste.endre_plass(aktor(), plassenhet_id, plass_id, **{**inn, "navn": inn["navn"].strip()})
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, verdier, feil, plass_id), feil.status
    flash(_("Plassen er lagret."), "success")
    return _tilbake(plassenhet_id, plass_id)


@blp.post(f"{PLASS}/flytt")
def flytt_plass(plassenhet_id: UUID, plass_id: UUID) -> Any:
    inn = les(FlyttPlassInn, skjemadata())
    try:
        tjeneste.flytt_plass(aktor(), plassenhet_id, plass_id, opp=inn["opp"])
    except Konflikt as feil:
        return _vis(plassenhet_id, feil=feil), feil.status
    return _tilbake(plassenhet_id, plass_id)


@blp.post(f"{PLASS}/nedlegg")
def nedlegg_plass(plassenhet_id: UUID, plass_id: UUID) -> Any:
    inn = les(BekreftInn, skjemadata())
    try:
        if not inn["bekreftet"]:
            raise UgyldigData(felter={"bekreftet": [_("Kryss av for at plassen skal legges ned.")]})
        tjeneste.nedlegg_plass(aktor(), plassenhet_id, plass_id)
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, {}, feil, plass_id), feil.status
    flash(_("Plassen er lagt ned. Historikken dens består."), "success")
    return _tilbake(plassenhet_id)
