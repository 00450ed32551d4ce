"""Need to know: opening a case with a reason, the case's own log, and the administrator's list of patterns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.aktor import Rolle
from portal.core.errors import IkkeFunnet, Konflikt, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, les
from portal.henvendelser import access
from portal.henvendelser.forloep import Innsynsgrunn
from portal.henvendelser.routes.felles import aapen_sak, blp, feil_til_skjema, skjemadata_rent
from portal.henvendelser.schemas import FoelgOppInn, InnsynInn, InnsynsloggInn, MoensterInn
from portal.henvendelser.service import innsyn
from portal.identitet.steps import kommuner_for_valg, sykehus_for_valg


@blp.get("/henvendelser/innsyn")
def innsyn_skjema() -> str:
    access.krev_kliniker(aktor(), "innsyn")
    return _vis_skjema({})


@blp.post("/henvendelser/innsyn")
def aapne_med_grunn() -> Any:
    verdier = skjemadata_rent()
    a = aktor()
    try:
        # The role first: whoever may open none is told so, whatever was typed.
        access.krev_kliniker(a, "innsyn")
        sak_id = innsyn.aapne_med_grunn(a, **les(InnsynInn, verdier))
    except IkkeFunnet as feil:
        # What was typed is kept: a digit may be wrong.
        return _vis_skjema(verdier, UgyldigData(felter={"saksnummer": [feil.melding]})), feil.status
    except UgyldigData as feil:
        return _vis_skjema(verdier, feil), feil.status
    return redirect(url_for("henvendelser.sak", henvendelse_id=sak_id), 303)


def _vis_skjema(verdier: Mapping[str, Any], feil: UgyldigData | None = None) -> str:
    return render_template(
        "henvendelser/innsyn.html",
        verdier=verdier,
        grunner=[str(g) for g in Innsynsgrunn],
        **feil_til_skjema(feil),
    )


@blp.get("/henvendelser/<uuid:henvendelse_id>/innsynslogg")
def innsynslogg(henvendelse_id: UUID) -> str:
    """Who opened the case, when, in which role and why, and what was done with it."""
    a = aktor()
    funnet = aapen_sak(a, henvendelse_id)
    valg = les(InnsynsloggInn, request.args)
    linjer, neste = innsyn.hent_innsynslogg(
        a, henvendelse_id, foer=valg["foer"], bare_aapninger=valg["vis"] == "aapninger"
    )
    return render_template(
        "henvendelser/innsynslogg.html",
        sak=funnet,
        linjer=linjer,
        neste=neste,
        vis=valg["vis"],
        foer=valg["foer"],
    )


@blp.get("/innsyn/oppfoelging")
def innsynsmoenstre() -> str:
    valg = les(MoensterInn, request.args)
    return _vis_moenstre(valg["organisasjon"])


@blp.post("/innsyn/oppfoelging/<uuid:person_id>")
def foelg_opp_innsyn(person_id: UUID) -> Any:
    verdier = skjemadata_rent()
    a = aktor()
    # The role first, as above.
    access.krev_rolle(a, innsyn.KAN_FOELGE_OPP, "innsynsoppfoelging")
    inn: dict[str, Any] = {}
    try:
        inn = les(FoelgOppInn, verdier)
        innsyn.foelg_opp(a, person_id, inn["merknad"], inn["organisasjon"], ikke_fnr=inn["ikke_fnr"])
    except UgyldigData as feil:
        side = _vis_moenstre(inn.get("organisasjon"), feilet=person_id, verdier=verdier, feil=feil)
        return side, feil.status
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(_("Oppfølgingen er lagret."), "success")
    return redirect(url_for("henvendelser.innsynsmoenstre", organisasjon=inn["organisasjon"]), 303)


def _vis_moenstre(
    organisasjon_id: UUID | None,
    *,
    feilet: UUID | None = None,
    verdier: Mapping[str, Any] | None = None,
    feil: UgyldigData | None = None,
) -> str:
    a = aktor()
    return render_template(
        "henvendelser/innsyn_oppfoelging.html",
        moenstre=innsyn.aapne_oppfoelging(a, organisasjon_id),
        tidligere=innsyn.tidligere_oppfoelginger(a, organisasjon_id),
        grenser=innsyn,
        organisasjon_id=organisasjon_id or a.organisasjon_id,
        organisasjoner=[*sykehus_for_valg(), *kommuner_for_valg()]
        if a.rolle == Rolle.SYSTEMADMINISTRATOR
        else [],
        feilet=feilet,
        verdier=verdier or {},
        **feil_til_skjema(feil),
    )
