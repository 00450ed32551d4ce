"""The change of shift: what waits to be read back, and the reading back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for

from portal.core.clock import now
from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, etikett, les
from portal.henvendelser import access
from portal.henvendelser.eskalering import skiftelesing, uroerte, vaktskifte
from portal.henvendelser.eskalering.models import Vaktskiftesak
from portal.henvendelser.routes.felles import blp, feil_til_skjema, handling, skjemadata_rent
from portal.henvendelser.schemas import TilbakelestInn
from portal.identitet.steps import gyldige_medlemskap
from portal.identitet.vakttap import LENGSTE_VAKT
from portal.vakt.steps import roller_paa_vakt, vaktslutt


@blp.app_template_global()
def skifter_som_venter() -> list[Vaktskiftesak]:
    """What waits to be read back by the actor, on top of the queue."""
    return vaktskifte.hent_mine_skifter(aktor()).til_meg


@blp.app_template_global()
def min_vaktslutt() -> datetime | None:
    """When the actor's own shift of now ends, by the roster, where a login can last so long."""
    a = aktor()
    slutt = vaktslutt(a.person_id) if a.person_id is not None else None
    return slutt if slutt is not None and slutt <= now() + LENGSTE_VAKT else None


@blp.app_template_global()
def vakt_i_annen_rolle() -> list[dict[str, str]]:
    """One's other roles in which one is on call now, while one works in none of them: what to switch to, and where."""
    a = aktor()
    vakter = roller_paa_vakt(a.person_id) if a.person_id is not None and a.sesjon_id is not None else set()
    if a.person_id is None or not vakter or a.medlemskap_id in vakter:
        return []
    return [
        {
            "id": str(r.medlemskap_id),
            "sted": r.organisasjon_navn,
            "tekst": _(
                "Bytt til %(rolle)s hos %(sted)s",
                rolle=etikett("rolle", str(r.rolle)).lower(),
                sted=r.enhet_navn or r.organisasjon_navn,
            ),
        }
        for r in gyldige_medlemskap(a.person_id)
        if r.medlemskap_id in vakter
    ]


@blp.get("/vakt/uroerte")
def uroerte_saker() -> str:
    """What nobody answers, for those who keep the rosters."""
    return render_template("henvendelser/uroerte.html", uroerte=uroerte.hent_uroerte(aktor()))


@blp.get("/henvendelser/vaktskifte")
def vaktskifter() -> str:
    """Everything that waits to be read back and that concerns the actor."""
    access.krev_kliniker(aktor(), "vaktskifte")
    return _vis()


def _vis(
    valgt: tuple[UUID, UUID] | None = None,
    verdier: Mapping[str, str] | None = None,
    feil: UgyldigData | None = None,
) -> str:
    return render_template(
        "henvendelser/vaktskifte.html",
        skifter=vaktskifte.hent_mine_skifter(aktor()),
        paa_vei=skiftelesing.hent_paa_vei(aktor()),
        beholdte=skiftelesing.hent_beholdte(aktor()),
        feilskjema=skjemanavn(*valgt) if valgt else "",
        verdier=verdier or {},
        **feil_til_skjema(feil),
    )


def skjemanavn(skifte_id: UUID, henvendelse_id: UUID) -> str:
    return f"vaktskifte-{skifte_id}-{henvendelse_id}"


@blp.post("/henvendelser/<uuid:henvendelse_id>/vaktskifte/<uuid:skifte_id>")
def les_tilbake(henvendelse_id: UUID, skifte_id: UUID) -> Any:
    """Takes a case over, from its own page or from the list; goes back to where it was done."""
    verdier = skjemadata_rent()
    fra_lista = verdier.pop("fra", "") == "liste"

    def gjoer(a: Any, inn: dict[str, Any]) -> None:
        vaktskifte.godta(a, skifte_id, henvendelse_id, **inn)

    if not fra_lista:
        return handling(
            henvendelse_id, skjemanavn(skifte_id, henvendelse_id), TilbakelestInn, gjoer, verdier=verdier
        )
    try:
        gjoer(aktor(), les(TilbakelestInn, verdier))
        flash(_("Du har tatt over saken."), "success")
    except UgyldigData as feil:
        return make_response(_vis((skifte_id, henvendelse_id), verdier, feil), feil.status)
    except PortalError as feil:
        if feil.status != 409:
            raise
        flash(feil.melding, "warning")
    return redirect(url_for("henvendelser.vaktskifter"), 303)
