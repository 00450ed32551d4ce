"""What the pages of this room share: the blueprint, the form as it is stored, and a case as it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from marshmallow import Schema

from portal.core.aktor import Aktor
from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, les, skjemadata, som_tekst
from portal.henvendelser import access
from portal.henvendelser.models import Henvendelse, Side
from portal.henvendelser.schemas import hendelse_ut, kvittering_ut, ren_tekst
from portal.henvendelser.service import innsending, lesing
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.steps import sykehus_for_valg, telefon_for

blp = Blueprint("henvendelser", __name__)


def skjemadata_rent() -> dict[str, str]:
    """The form as it is stored: a browser sends line breaks as two characters, and the places of identity
    numbers are counted in the text with one."""
    return {navn: ren_tekst(verdi) for navn, verdi in skjemadata().items()}


def feil_til_skjema(feil: UgyldigData | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, and the places of identity numbers."""
    if feil is None:
        return {"feil": {}, "fnr_treff": {}}
    felter: dict[str, Any] = {}
    for felt, meldinger_ in som_tekst(feil.detaljer.get("felter", {})).items():
        if felt == "news2" and isinstance(meldinger_, dict):
            felter.update({f"news2_{k}": v for k, v in meldinger_.items()})
        else:
            felter[felt] = meldinger_ if isinstance(meldinger_, list) else [str(meldinger_)]
    return {"feil": felter or {"": [feil.melding]}, "fnr_treff": feil.detaljer.get("treff", {})}


def aapen_sak(a: Aktor, henvendelse_id: UUID) -> Henvendelse:
    """A case that should be open on the screen already. Whoever has never seen it, opens it now."""
    if lesing.er_aapning(a, henvendelse_id, 1):
        return innsending.apne(a, henvendelse_id)
    return lesing.hent_sak(a, henvendelse_id)


def vis_sak(a: Aktor, funnet: Henvendelse, **mer: Any) -> str:
    logg = lesing.hent_hele_loggen(a, funnet.id)
    return render_template(
        "henvendelser/sak.html",
        hendelser=[hendelse_ut(h) for h in logg.hendelser],
        hode=logg.hode,
        opp=lesing.hent_opplysninger(funnet.id),
        maalinger=lesing.hent_maalinger(funnet.id),
        mottakere=sykehus_for_valg(),
        fagomraader=[(k, str(n)) for k, n in FAGOMRAADER.items()],
        klient_id=str(uuid4()),
        **{"feil": {}, "verdier": {}, "feilskjema": "", "fnr_treff": {}, **mer},
        **statusdel(a, funnet),
    )


def statusdel(a: Aktor, funnet: Henvendelse) -> dict[str, Any]:
    min_side = access.side(a, funnet)
    nummer = telefon_for(funnet.mottaker_id, funnet.fagomraade)
    return {
        "sak": funnet,
        "kvitteringer": [kvittering_ut(k) for k in lesing.hent_kvitteringer(funnet.id)],
        "deltakere": lesing.hent_deltakere(funnet.id),
        "handlinger": access.mulige_handlinger(a, funnet),
        "min_side": str(min_side),
        "telefon": {"nummer": nummer, "hvem": funnet.mottaker.kortnavn}
        if min_side == Side.INNMELDER
        else {"nummer": funnet.tilbakeringing, "hvem": funnet.innmelder.navn},
    }


def handling(
    henvendelse_id: UUID,
    skjema: str,
    schema: type[Schema],
    gjoer: Callable[[Aktor, dict[str, Any]], None],
    *,
    verdier: dict[str, str] | None = None,
) -> Any:
    """Validates, does it, and goes back to the case. A mistake shows the case again with what was typed."""
    verdier = skjemadata_rent() if verdier is None else verdier
    a = aktor()
    try:
        gjoer(a, les(schema, verdier))
    except UgyldigData as feil:
        funnet = aapen_sak(a, henvendelse_id)
        side = vis_sak(a, funnet, feilskjema=skjema, verdier=verdier, **feil_til_skjema(feil))
        return make_response(side, feil.status)
    except PortalError as feil:
        if feil.status != 409:
            raise
        flash(feil.melding, "warning")
    if not lesing.kan_se(a, henvendelse_id):
        # The move took the case out of the actor's sight, as forwarding to another hospital does.
        flash(_("Saken er sendt videre og er ikke lenger din."), "success")
        return redirect(url_for("henvendelser.hjem"), 303)
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)
