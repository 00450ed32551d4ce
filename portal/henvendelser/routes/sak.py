"""One case: its page, its changing parts, and the filling in afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.core.aktor import Aktor
from portal.core.errors import UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, les, skjemadata
from portal.henvendelser.forloep import Handling
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.routes.felles import (
    aapen_sak,
    blp,
    feil_til_skjema,
    handling,
    skjemadata_rent,
    statusdel,
    vis_sak,
)
from portal.henvendelser.schemas import News2Inn, OpplysningerEndring
from portal.henvendelser.service import innsending, lesing
from portal.identitet.steps import kommuner_for_valg


@blp.get("/henvendelser/<uuid:henvendelse_id>")
def sak(henvendelse_id: UUID) -> str:
    """Opens a case: the one reading that the audit log counts."""
    a = aktor()
    funnet = innsending.apne(a, henvendelse_id)
    return vis_sak(a, funnet)


@blp.get("/henvendelser/<uuid:henvendelse_id>/status")
def status(henvendelse_id: UUID) -> str:
    """The changing head of a case that is already open on the screen."""
    a = aktor()
    funnet = aapen_sak(a, henvendelse_id)
    return render_template(
        "henvendelser/_status.html",
        opp=lesing.hent_opplysninger(funnet.id),
        maalinger=lesing.hent_maalinger(funnet.id),
        feil={},
        verdier={},
        feilskjema="",
        fnr_treff={},
        **statusdel(a, funnet, lesing.hent_kvitteringer(funnet.id)),
    )


@blp.get("/henvendelser/<uuid:henvendelse_id>/opplysninger")
def opplysninger(henvendelse_id: UUID) -> str:
    a = aktor()
    lesing.hent_sak(a, henvendelse_id, Handling.OPPDATERE)
    funnet = aapen_sak(a, henvendelse_id)
    opp = lesing.hent_opplysninger(funnet.id)
    verdier: dict[str, Any] = {f: getattr(opp, f) for f in innsending.OPPLYSNINGER}
    verdier = {
        k: "" if v is None else ("1" if v is True else "" if v is False else str(v))
        for k, v in verdier.items()
    }
    return _vis_opplysninger(funnet, {**verdier, "versjon": str(opp.versjon)})


def _vis_opplysninger(
    funnet: Henvendelse, verdier: Mapping[str, Any], feil: UgyldigData | None = None
) -> str:
    return render_template(
        "henvendelser/opplysninger.html",
        sak=funnet,
        verdier=verdier,
        **feil_til_skjema(feil),
        kommuner=kommuner_for_valg(),
        versjon=verdier.get("versjon", ""),
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/opplysninger")
def lagre_opplysninger(henvendelse_id: UUID) -> Any:
    verdier = skjemadata_rent()
    try:
        inn = les(OpplysningerEndring, verdier)
        innsending.oppdater_opplysninger(aktor(), henvendelse_id, inn.pop("versjon"), inn)
    except Utdatert as feil:
        # Nothing typed is lost: the form comes back with it, and saves over the newer version when sent again.
        svar = {**verdier, "versjon": str(feil.detaljer.get("versjon", ""))}
        flash(feil.melding, "warning")
        return _vis_opplysninger(lesing.hent_sak(aktor(), henvendelse_id), svar), feil.status
    except UgyldigData as feil:
        funnet = lesing.hent_sak(aktor(), henvendelse_id, Handling.OPPDATERE)
        return _vis_opplysninger(funnet, verdier, feil), feil.status
    flash(_("Opplysningene er lagret."), "success")
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


@blp.post("/henvendelser/<uuid:henvendelse_id>/maalinger")
def ny_maaling(henvendelse_id: UUID) -> Any:
    def gjoer(a: Aktor, inn: dict[str, Any]) -> None:
        innsending.registrer_maaling(a, henvendelse_id, inn)

    verdier = {k.removeprefix("news2_"): v for k, v in skjemadata().items()}
    return handling(henvendelse_id, "maalinger", News2Inn, gjoer, verdier=verdier)
