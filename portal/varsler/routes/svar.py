"""The answers from outside: of the gateway (a key press, a reply), and of whoever opens the link in a notice.

Nobody is logged in here. The gateway proves itself by its signature; a person by the token of the notice, which lets
nobody see or do more than to say that it was seen.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from portal.core.errors import IkkeFunnet, IkkeInnlogget, UgyldigData
from portal.core.sprak import _l
from portal.core.web import csrf, json_svar, les, limiter, vil_ha_json
from portal.varsler import port
from portal.varsler.routes.felles import blp, trygg_lenke
from portal.varsler.schemas import PortsvarInn
from portal.varsler.service import kvittering

#: Bytes of a gateway's answer.
STOERSTE_SVAR = 8192


@blp.post("/varsler/svar")
@csrf.exempt
@limiter.limit("1200 per minute")
def svar() -> Any:
    """The gateway tells of a key press or a reply. The same again changes nothing."""
    if (request.content_length or 0) > STOERSTE_SVAR:
        raise RequestEntityTooLarge()
    kropp = request.get_data()
    signatur = request.headers.get(port.HODE_SIGNATUR, "")
    if not port.stemmer(request.headers.get(port.HODE_TID, ""), kropp, signatur):
        raise IkkeInnlogget(_l("Signaturen stemmer ikke, eller klokka går feil."), kode="signatur")
    try:
        data = orjson.loads(kropp)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise UgyldigData()
    inn = les(PortsvarInn, data)
    if "id" in inn:
        funnet = kvittering.kvitter_ved_id(inn["id"], inn["svar"])
    else:
        funnet = kvittering.kvitter_ved_nummer(inn["fra"], inn["tekst"], inn.get("svar_id") or signatur)
    return json_svar({"ok": True, "kvittert": funnet})


@blp.route("/kvitter/<token>", methods=["GET", "POST"])
@csrf.exempt
@limiter.limit("120 per minute")
def kvitter(token: str) -> Any:
    """The page behind the link: what it is about, and the button. POST acknowledges, from that button or from the
    browser's service worker, which asks for JSON; the token proves the sender, so no stranger's page can.

    GET acknowledges nothing: mail scanners open every link.
    """
    try:
        if request.method == "GET":
            sak = kvittering.hent_kvittering(token)
            return render_template("varsler/kvitter.html", sak=sak, lenke=trygg_lenke(sak.lenke))
        foerste = kvittering.kvitter(token)
    except IkkeFunnet as feil:
        if vil_ha_json():
            raise
        return render_template("varsler/kvitter.html", sak=None, lenke=""), feil.status
    if vil_ha_json():
        return json_svar({"ok": True, "kvittert": foerste})
    return redirect(url_for("varsler.kvitter", token=token), 303)
