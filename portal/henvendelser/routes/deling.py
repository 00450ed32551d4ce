"""Sharing a case: whom to ask, the answers, leaving, and the word that the identity was exchanged outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for

from portal.core.aktor import Aktor
from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, les
from portal.henvendelser.forloep import Handling
from portal.henvendelser.models import Saksinvitasjon
from portal.henvendelser.routes.felles import aapen_sak, blp, feil_til_skjema, handling, skjemadata_rent
from portal.henvendelser.schemas import KollegaInn, TomtSkjema
from portal.henvendelser.service import deling, lesing


@blp.app_template_global()
def invitasjoner_til_meg() -> list[Saksinvitasjon]:
    """What waits for an answer, on top of any list."""
    return deling.invitasjoner_til(aktor())


# --- asking ----------------------------------------------------------------------------------------------


@blp.get("/henvendelser/<uuid:henvendelse_id>/inviter")
def velg_invitert(henvendelse_id: UUID) -> str:
    lesing.hent_sak(aktor(), henvendelse_id, Handling.INVITERE)
    return _vis_valg(henvendelse_id, "inviter")


@blp.post("/henvendelser/<uuid:henvendelse_id>/inviter")
def inviter(henvendelse_id: UUID) -> Any:
    return _spoer(henvendelse_id, "inviter", deling.inviter)


@blp.get("/henvendelser/<uuid:henvendelse_id>/overlever")
def velg_overtaker(henvendelse_id: UUID) -> str:
    lesing.hent_sak(aktor(), henvendelse_id, Handling.OVERLEVERE)
    return _vis_valg(henvendelse_id, "overlever")


@blp.post("/henvendelser/<uuid:henvendelse_id>/overlever")
def overlever(henvendelse_id: UUID) -> Any:
    return _spoer(henvendelse_id, "overlever", deling.tilby_overlevering)


def _spoer(henvendelse_id: UUID, hva: str, gjoer: Callable[[Aktor, UUID, UUID], None]) -> Any:
    verdier = skjemadata_rent()
    try:
        gjoer(aktor(), henvendelse_id, les(KollegaInn, verdier)["medlemskap_id"])
    except UgyldigData as feil:
        lesing.hent_sak(aktor(), henvendelse_id, Handling(hva))
        return make_response(_vis_valg(henvendelse_id, hva, verdier, feil), feil.status)
    except PortalError as feil:
        if feil.status != 409:
            raise
        flash(feil.melding, "warning")
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


def _vis_valg(
    henvendelse_id: UUID, hva: str, verdier: Mapping[str, str] | None = None, feil: UgyldigData | None = None
) -> str:
    a = aktor()
    funnet = aapen_sak(a, henvendelse_id)
    valg = deling.kolleger_aa_overlevere_til if hva == "overlever" else deling.kolleger_aa_invitere
    return render_template(
        "henvendelser/velg_kollega.html",
        sak=funnet,
        hva=hva,
        kolleger=valg(a, funnet),
        verdier=verdier or {},
        **feil_til_skjema(feil),
    )


# --- answering -------------------------------------------------------------------------------------------


@blp.post("/invitasjoner/<uuid:invitasjon_id>/godta")
def godta(invitasjon_id: UUID) -> Any:
    return _avgjoer(lambda a: deling.svar_invitasjon(a, invitasjon_id, ja=True))


@blp.post("/invitasjoner/<uuid:invitasjon_id>/avslaa")
def avslaa(invitasjon_id: UUID) -> Any:
    return _avgjoer(lambda a: deling.svar_invitasjon(a, invitasjon_id, ja=False), _("Du har takket nei."))


@blp.post("/invitasjoner/<uuid:invitasjon_id>/trekk")
def trekk_invitasjon(invitasjon_id: UUID) -> Any:
    return _avgjoer(lambda a: deling.trekk_invitasjon(a, invitasjon_id))


def _avgjoer(gjoer: Callable[[Aktor], UUID], beskjed: str = "") -> Any:
    """To the case, where it can be seen; else home, with a word. An invitation that is no more: home too."""
    a = aktor()
    les(TomtSkjema, skjemadata_rent())
    try:
        sak_id = gjoer(a)
    except PortalError as feil:
        if feil.status != 409:
            raise
        flash(feil.melding, "warning")
        return redirect(url_for("henvendelser.hjem"), 303)
    return _til_saken_eller_hjem(a, sak_id, beskjed)


def _til_saken_eller_hjem(a: Aktor, henvendelse_id: UUID, beskjed: str) -> Any:
    if lesing.kan_se(a, henvendelse_id):
        return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)
    if beskjed:
        flash(beskjed, "success")
    return redirect(url_for("henvendelser.hjem"), 303)


@blp.post("/henvendelser/<uuid:henvendelse_id>/forlat")
def forlat(henvendelse_id: UUID) -> Any:
    a = aktor()
    les(TomtSkjema, skjemadata_rent())
    try:
        deling.forlat(a, henvendelse_id)
    except PortalError as feil:
        if feil.status != 409:
            raise
        flash(feil.melding, "warning")
    return _til_saken_eller_hjem(a, henvendelse_id, _("Du deltar ikke lenger i saken."))


@blp.post("/henvendelser/<uuid:henvendelse_id>/identitet")
def identitet(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id, "identitet", TomtSkjema, lambda a, _inn: deling.noter_identitet(a, henvendelse_id)
    )
