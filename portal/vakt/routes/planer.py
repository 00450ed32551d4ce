"""A plan is begun, set up with telephones and rotations, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import etikett, feltfeil, les, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access
from portal.vakt.routes.felles import blp
from portal.vakt.schemas import NivaaInn, PlanInn, TelefonInn
from portal.vakt.service import oversikt, planer


@blp.route("/vakt/planer/ny", methods=["GET", "POST"])
def ny_plan() -> Any:
    aktor = gjeldende_aktor()
    if aktor.organisasjon_id is None:
        access.synlige_planer(aktor)
    assert aktor.organisasjon_id is not None
    omraader = planer.ledige_omraader(aktor, aktor.organisasjon_id)
    verdier: Mapping[str, str] = {}
    feil: PortalError | None = None
    if request.method == "POST":
        verdier, _lister = skjema_med_lister()
        try:
            inn = les(PlanInn, verdier)
            plan_id = planer.lag_plan(aktor, aktor.organisasjon_id, inn["fagomraade"])
            flash(
                _("Vaktplanen er laget. Legg inn telefonnumre og en rotasjon, så er den i gang."), "success"
            )
            return redirect(url_for("vakt.oppsett", plan_id=plan_id), 303)
        except (UgyldigData, Konflikt) as e:
            feil = e
    side = render_template(
        "vakt/plan_ny.html",
        omraader=sorted(((k, str(n)) for k, n in omraader.items()), key=lambda par: par[1].casefold()),
        verdier=verdier,
        **feltfeil(feil),
    )
    return side, feil.status if feil else 200


@blp.get("/vakt/planer/<uuid:plan_id>/oppsett")
def oppsett(plan_id: UUID) -> str:
    return vis_oppsett(plan_id)


def vis_oppsett(
    plan_id: UUID, feil: PortalError | None = None, verdier: Mapping[str, str] | None = None, skjema: str = ""
) -> str:
    """The page, with what was typed in the form that was refused: a telephone's (`nivaa`) or a rotation's (its id)."""
    o = oversikt.hent_oppsett(gjeldende_aktor(), plan_id)
    feltene = feltfeil(feil)
    if feil is not None and skjema:
        feltene = {"feil": {f"{felt}-{skjema}" if felt else "": m for felt, m in feltene["feil"].items()}}
    return render_template(
        "vakt/oppsett.html",
        o=o,
        plan=o.plan,
        navn=oversikt.navn_paa([d.medlemskap_id for r in o.rotasjoner for d in r.deltakere]),
        typet=verdier or {},
        aapen=skjema,
        **feltene,
    )


@blp.post("/vakt/planer/<uuid:plan_id>/telefon")
def sett_telefon(plan_id: UUID) -> Any:
    """A level's telephone; an empty number takes it away."""
    verdier, _lister = skjema_med_lister()
    nivaa = verdier.get("nivaa", "")
    try:
        inn = les(TelefonInn, verdier)
        if inn["nummer"].strip():
            planer.sett_telefon(
                gjeldende_aktor(), plan_id, inn["nivaa"], inn["nummer"], sms=inn["sms"], tale=inn["tale"]
            )
            flash(_("Vakttelefonen for %(nivaa)s er lagret.", nivaa=_nivaaord(nivaa)), "success")
        else:
            planer.fjern_telefon(gjeldende_aktor(), plan_id, inn["nivaa"])
            flash(_("Vakttelefonen for %(nivaa)s er tatt bort.", nivaa=_nivaaord(nivaa)), "success")
    except (UgyldigData, Konflikt) as feil:
        return vis_oppsett(plan_id, feil, verdier, nivaa), feil.status
    return redirect(url_for("vakt.oppsett", plan_id=plan_id), 303)


@blp.post("/vakt/planer/<uuid:plan_id>/telefon/fjern")
def fjern_telefon(plan_id: UUID) -> Any:
    inn = les(NivaaInn, skjema_med_lister()[0])
    planer.fjern_telefon(gjeldende_aktor(), plan_id, inn["nivaa"])
    flash(_("Vakttelefonen for %(nivaa)s er tatt bort.", nivaa=_nivaaord(inn["nivaa"])), "success")
    return redirect(url_for("vakt.oppsett", plan_id=plan_id), 303)


def _nivaaord(nivaa: str) -> str:
    return etikett("vaktnivaa", nivaa).lower()


@blp.post("/vakt/planer/<uuid:plan_id>/avslutt")
def avslutt_plan(plan_id: UUID) -> Any:
    skjema_med_lister()
    try:
        antall = planer.avslutt_plan(gjeldende_aktor(), plan_id)
    except Konflikt as feil:
        return vis_oppsett(plan_id, feil), feil.status
    flash(
        ngettext(
            "Vaktplanen er avsluttet. %(num)s vakt er avlyst.",
            "Vaktplanen er avsluttet. %(num)s vakter er avlyst.",
            antall,
        ),
        "success",
    )
    return redirect(url_for("vakt.forside"), 303)
