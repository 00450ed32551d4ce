"""One shift: put in, seen with its history, changed, called off; and «ta vakten nå»."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import etikett, feltfeil, les, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa
from portal.vakt.routes.felles import blp, feltverdi, vaktverdier
from portal.vakt.schemas import AvloesningInn, EndreVaktInn, NivaaInn, NyVaktForslag, NyVaktInn, TaInn
from portal.vakt.service import bytte, gyldighet, oversikt, vakter
from portal.vakt.tidsord import tidsrom

#: A shift that is suggested where nothing else is known.
_FORSLAG = timedelta(hours=12)


@blp.route("/vakt/planer/<uuid:plan_id>/ny-vakt", methods=["GET", "POST"])
def ny_vakt(plan_id: UUID) -> Any:
    """One shift where nobody has the level, or, when so chosen, in the place of what others have."""
    aktor = gjeldende_aktor()
    if request.method == "GET":
        valg = les(NyVaktForslag, request.args)
        fra = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        forslag = {
            "nivaa": str(valg["nivaa"] or Nivaa.VAKTHAVENDE),
            "fra": valg["fra"] or feltverdi(fra),
            "til": valg["til"] or feltverdi(fra + _FORSLAG),
            "overstyr": "1" if valg["overstyr"] else "",
        }
        return _vis_ny(plan_id, forslag)
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(NyVaktInn, verdier)
        gjoer = vakter.overstyr if inn["overstyr"] else vakter.legg_inn
        vakt_id = gjoer(aktor, plan_id, inn["nivaa"], inn["medlemskap_id"], inn["fra"], inn["til"])
    except (UgyldigData, Konflikt) as feil:
        return _vis_ny(plan_id, verdier, feil), feil.status
    flash(_("Vakten er lagt inn, og den som har den, har fått beskjed."), "success")
    _advar(aktor, vakt_id)
    return _til_vakt(vakt_id)


def _vis_ny(plan_id: UUID, verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    aktor = gjeldende_aktor()
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id)
    return render_template(
        "vakt/vakt_ny.html",
        plan=plan,
        # Who may have the highest level: all that may have any.
        folk=vakter.mulige_folk(aktor, plan_id, Nivaa.VAKTLEDER),
        verdier=verdier,
        overlapper=feil is not None and feil.kode == "overlapper",
        **feltfeil(feil),
    )


@blp.get("/vakt/vakter/<uuid:vakt_id>")
def vakt(vakt_id: UUID) -> str:
    return _vis_vakt(vakt_id)


def _vis_vakt(
    vakt_id: UUID, feil: PortalError | None = None, verdier: Mapping[str, str] | None = None
) -> str:
    """The shift. A form that came too late stands there with what was typed, beside what holds now."""
    aktor = gjeldende_aktor()
    v = oversikt.hent_vaktside(aktor, vakt_id)
    kan_endres = v.kan_redigere and not v.over and (v.vakt.avlyst is None or verdier is not None)
    return render_template(
        "vakt/vakt.html",
        v=v,
        vakt=v.vakt,
        plan=v.plan,
        folk=vakter.mulige_folk(aktor, v.plan.id, v.vakt.nivaa) if kan_endres else [],
        avloesere=bytte.mulige_kolleger(aktor, vakt_id) if v.er_min and v.loeper else [],
        advarsler=[] if v.vakt.avlyst or v.over else vakter.advarsler(aktor, vakt_id),
        teller_ikke=() if v.vakt.avlyst else gyldighet.finn_bortfall(aktor, [v.vakt]).get(v.vakt.id, ()),
        kan_endres=kan_endres,
        verdier=verdier or vaktverdier(v.vakt),
        skrevet=verdier is not None,
        utdatert=feil is not None and feil.kode in ("utdatert", "endret"),
        **feltfeil(feil),
    )


@blp.post("/vakt/vakter/<uuid:vakt_id>/endre")
def endre_vakt(vakt_id: UUID) -> Any:
    """Gives all or part of the shift's time to somebody. Of two forms that were open at once the second is told."""
    aktor = gjeldende_aktor()
    verdier, _lister = skjema_med_lister()
    naa = access.hent_vakt(aktor, Handling.REDIGERE, vakt_id)
    try:
        inn = les(EndreVaktInn, verdier)
        ny_id = vakter.overstyr(
            aktor,
            naa.vaktplan_id,
            naa.nivaa,
            inn["medlemskap_id"],
            inn["fra"],
            inn["til"],
            versjon=inn["versjon"],
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_vakt(vakt_id, feil, verdier), feil.status
    flash(_("Vakten er endret. De det gjelder, har fått beskjed."), "success")
    _advar(aktor, ny_id)
    return _til_vakt(ny_id)


@blp.post("/vakt/vakter/<uuid:vakt_id>/avloesning")
def be_om_avloesning(vakt_id: UUID) -> Any:
    """Asks a colleague to take what is left of one's own running shift."""
    verdier, _lister = skjema_med_lister()
    try:
        navn = bytte.be_om_avloesning(
            gjeldende_aktor(), vakt_id, les(AvloesningInn, verdier)["til_medlemskap_id"]
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_vakt(vakt_id, feil), feil.status
    flash(_("%(navn)s er spurt. Vakten er din til %(navn)s tar den.", navn=navn), "success")
    return _til_vakt(vakt_id)


@blp.post("/vakt/vakter/<uuid:vakt_id>/avlys")
def avlys_vakt(vakt_id: UUID) -> Any:
    aktor = gjeldende_aktor()
    skjema_med_lister()
    plan_id = access.hent_vakt(aktor, Handling.REDIGERE, vakt_id).vaktplan_id
    try:
        vakter.avlys(aktor, vakt_id)
    except Konflikt as feil:
        return _vis_vakt(vakt_id, feil), feil.status
    flash(_("Vakten er avlyst. Nå har ingen denne tiden; legg inn en annen."), "warning")
    return redirect(url_for("vakt.plan", plan_id=plan_id), 303)


@blp.route("/vakt/planer/<uuid:plan_id>/ta", methods=["GET", "POST"])
def ta_vakten(plan_id: UUID) -> Any:
    """First from whom and until when, then, when it is said again, the shift."""
    aktor = gjeldende_aktor()
    try:
        if request.method == "GET":
            return _vis_ta(plan_id, les(NivaaInn, request.args)["nivaa"])
        verdier, _lister = skjema_med_lister()
        nivaa = les(NivaaInn, {"nivaa": verdier.get("nivaa")})["nivaa"]
        try:
            inn = les(TaInn, verdier)
            vakt_id = vakter.ta_naa(
                aktor, plan_id, nivaa, inn["til"], fra_vakt_id=inn["fra_vakt_id"], bekreftet=inn["bekreftet"]
            )
        except (UgyldigData, Utdatert) as feil:
            return _vis_ta(
                plan_id, nivaa, verdier if isinstance(feil, UgyldigData) else None, feil
            ), feil.status
    except Konflikt as feil:
        # There is nothing to take: the reason, and who has it now.
        flash(feil.melding, "warning")
        return redirect(url_for("vakt.forside"), 303)
    tatt = access.hent_vakt(aktor, Handling.SE, vakt_id)
    flash(
        _(
            "Du har vakten som %(nivaa)s, %(tid)s.",
            nivaa=etikett("vaktnivaa", tatt.nivaa).lower(),
            tid=tidsrom(tatt.fra, tatt.til),
        ),
        "success",
    )
    _advar(aktor, vakt_id)
    return redirect(url_for("vakt.forside"), 303)


def _vis_ta(
    plan_id: UUID, nivaa: Nivaa, verdier: Mapping[str, str] | None = None, feil: PortalError | None = None
) -> str:
    forslag = vakter.foreslaa_ta(gjeldende_aktor(), plan_id, nivaa)
    return render_template(
        "vakt/ta.html",
        t=forslag,
        plan=forslag.plan,
        verdier={"til": feltverdi(forslag.til), **(verdier or {})},
        **feltfeil(feil),
    )


@blp.post("/vakt/vakter/<uuid:vakt_id>/gi-tilbake")
def gi_tilbake_vakt(vakt_id: UUID) -> Any:
    aktor = gjeldende_aktor()
    skjema_med_lister()
    try:
        ny = access.hent_vakt(aktor, Handling.SE, vakter.gi_tilbake(aktor, vakt_id))
    except Konflikt as feil:
        flash(feil.melding, "warning")
        return redirect(url_for("vakt.forside"), 303)
    flash(
        _("Vakten er gitt tilbake. %(navn)s har den nå, og har fått beskjed.", navn=ny.person.navn), "success"
    )
    return redirect(url_for("vakt.forside"), 303)


def _advar(aktor: Aktor, vakt_id: UUID) -> None:
    for tekst in vakter.advarsler(aktor, vakt_id):
        flash(tekst, "warning")


def _til_vakt(vakt_id: UUID) -> Any:
    return redirect(url_for("vakt.vakt", vakt_id=vakt_id), 303)
