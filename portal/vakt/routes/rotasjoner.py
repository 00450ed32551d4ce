"""A rotation is put together, shown as it would be, made, and ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.clock import now, oslo
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import feltfeil, les, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access
from portal.vakt.access import Handling
from portal.vakt.models import Dagtype, Nivaa
from portal.vakt.routes.felles import blp
from portal.vakt.routes.planer import vis_oppsett
from portal.vakt.schemas import FLEST_I_ROTASJON, RotasjonInn, SluttdagInn
from portal.vakt.service import rotasjoner, vakter

#: Empty places below those that are filled, for those whose browser does not add them.
_LEDIGE = 6
#: How much of a preview is shown: a year of days is long.
_VISES = 60


@blp.route("/vakt/planer/<uuid:plan_id>/rotasjon/ny", methods=["GET", "POST"])
def ny_rotasjon(plan_id: UUID) -> Any:
    """First what the rotation would make, then, when it is said again, the rotation."""
    aktor = gjeldende_aktor()
    if request.method == "GET":
        mandag = oslo(now()).date()
        mandag += timedelta(days=7 - mandag.weekday())
        forslag = {
            "nivaa": str(Nivaa.VAKTHAVENDE),
            "gjelder_fra": mandag.isoformat(),
            "klokke_fra": "08:00",
            "klokke_til": "08:00",
            "dager_per_tur": "7",
        }
        return _vis_ny(plan_id, forslag, [], [str(d) for d in Dagtype])
    verdier, lister = skjema_med_lister("deltakere", "dagtyper")
    deltakere = [d for d in lister["deltakere"] if d]
    forhaandsvist = None
    try:
        inn = les(RotasjonInn, {**verdier, "deltakere": deltakere, "dagtyper": lister["dagtyper"]})
        lagre, nivaa, siste = inn.pop("lagre"), inn.pop("nivaa"), inn.pop("gjelder_til")
        felt = {**inn, "gjelder_til": siste + timedelta(days=1) if siste else None}
        if lagre:
            rotasjon_id = rotasjoner.lag(aktor, plan_id, nivaa, **felt)
            flash(_("Rotasjonen er laget, og alle i den har fått beskjed."), "success")
            for advarsel in rotasjoner.advarsler(aktor, rotasjon_id):
                flash(advarsel, "warning")
            return redirect(f"{url_for('vakt.plan', plan_id=plan_id)}?maaned={inn['gjelder_fra']:%Y-%m}", 303)
        forhaandsvist = rotasjoner.forhaandsvis(aktor, plan_id, nivaa, **felt)
    except (UgyldigData, Konflikt) as feil:
        return _vis_ny(plan_id, verdier, deltakere, lister["dagtyper"], feil=feil), feil.status
    return _vis_ny(plan_id, verdier, deltakere, lister["dagtyper"], forhaandsvist)


def _vis_ny(
    plan_id: UUID,
    verdier: Mapping[str, str],
    deltakere: Sequence[str],
    dagtyper: Sequence[str],
    forhaandsvist: rotasjoner.Forhaandsvisning | None = None,
    feil: PortalError | None = None,
) -> str:
    aktor = gjeldende_aktor()
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id)
    folk = vakter.mulige_folk(aktor, plan_id, Nivaa.VAKTLEDER)
    plasser = min(max(len(deltakere) + 2, _LEDIGE), FLEST_I_ROTASJON, max(len(folk), 1))
    return render_template(
        "vakt/rotasjon_ny.html",
        plan=plan,
        folk=folk,
        verdier=verdier,
        deltakere=[*deltakere, *[""] * (plasser - len(deltakere))],
        dagtyper=dagtyper,
        alle_dagtyper=[str(d) for d in Dagtype],
        f=forhaandsvist,
        vises=_VISES,
        **feltfeil(feil),
    )


@blp.post("/vakt/rotasjoner/<uuid:rotasjon_id>/avslutt")
def avslutt_rotasjon(rotasjon_id: UUID) -> Any:
    aktor = gjeldende_aktor()
    verdier, _lister = skjema_med_lister()
    plan_id = access.hent_rotasjon(aktor, Handling.REDIGERE, rotasjon_id).vaktplan_id
    try:
        inn = les(SluttdagInn, verdier)
        antall = rotasjoner.avslutt(aktor, rotasjon_id, inn["fra_dag"])
    except (UgyldigData, Konflikt) as feil:
        return vis_oppsett(plan_id, feil, verdier, str(rotasjon_id)), feil.status
    flash(
        ngettext(
            "Rotasjonen er avsluttet. %(num)s vakt er avlyst.",
            "Rotasjonen er avsluttet. %(num)s vakter er avlyst.",
            antall,
        ),
        "success",
    )
    return redirect(url_for("vakt.oppsett", plan_id=plan_id), 303)
