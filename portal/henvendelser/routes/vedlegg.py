"""Attachments of a case: sending one, without JavaScript too, and opening one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, send_file, url_for

from portal.core.errors import IkkeTilgang, PortalError, UgyldigData
from portal.core.opplasting import mottak
from portal.core.sprak import _
from portal.core.web import aktor, csrf, json_svar, les, limiter, vil_ha_json
from portal.henvendelser.routes.felles import aapen_sak, blp, feil_til_skjema, vis_sak
from portal.henvendelser.schemas import VedleggInn, tidspunkt
from portal.henvendelser.service import vedlegg
from portal.henvendelser.vedleggslager import mottaksmappe


@blp.post("/henvendelser/<uuid:henvendelse_id>/vedlegg")
@limiter.limit("60 per minute")
@csrf.exempt
def legg_ved(henvendelse_id: UUID) -> Any:
    """Takes a file in. The token is looked for when the right is known and the body may be read (see `mottak`)."""
    a = aktor()
    vedlegg.krev_rett(a, henvendelse_id)
    try:
        with mottak("fil", mottaksmappe(), maks=vedlegg.MAKS_FIL, for_stor=vedlegg.FOR_STOR) as (fil, felter):
            inn = les(VedleggInn, felter)
            lagret = vedlegg.legg_ved(
                a,
                henvendelse_id,
                vedlegg.Sendt(inn["klient_id"], fil.fil, fil.navn, fil.sha256, inn["ikke_fnr"]),
            )
    except PortalError as feil:
        if vil_ha_json() or isinstance(feil, IkkeTilgang) or feil.status in (401, 404):
            raise
        if isinstance(feil, UgyldigData):
            funnet = aapen_sak(a, henvendelse_id)
            side = vis_sak(a, funnet, feilskjema="vedlegg", **feil_til_skjema(feil))
            return make_response(side, feil.status)
        flash(feil.melding, "warning")
        return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)
    if vil_ha_json():
        return json_svar(
            {
                "sekvens": lagret.sekvens,
                "vedlegg_id": str(lagret.vedlegg_id),
                "tidspunkt": tidspunkt(lagret.tidspunkt),
            },
            201,
        )
    flash(_("Vedlegget er sendt."), "success")
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


@blp.get("/henvendelser/<uuid:henvendelse_id>/vedlegg/<uuid:vedlegg_id>")
def vedlegg_fil(henvendelse_id: UUID, vedlegg_id: UUID) -> Response:
    """The file itself."""
    funnet = vedlegg.aapne(aktor(), henvendelse_id, vedlegg_id)
    svar = send_file(
        funnet.fil, mimetype=funnet.innholdstype, download_name=funnet.navn, etag=False, conditional=False
    )
    svar.content_length = funnet.stoerrelse
    return svar
