"""Somebody is admitted to a bed, what is known of the stay is filled in, and somebody is discharged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, render_template, request

from portal.core.clock import oslo
from portal.core.errors import IkkeFunnet, Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, _l
from portal.core.web import aktor, etikett, feltfeil, les, skjemadata
from portal.plasser.access import Handling
from portal.plasser.forloep import Aarsaksgruppe, Aldersgruppe, Frahvor, Tilhvor
from portal.plasser.models import Opphold
from portal.plasser.routes.enhet import ENHET, holdskjema, til_enheten, vis_enhet
from portal.plasser.routes.felles import blp
from portal.plasser.routes.samtidig import flett, grunnlag, uten_grunnlag
from portal.plasser.schemas import HvemInn, InnleggelseInn, OppholdInn, UtskrivningInn
from portal.plasser.service import drift, enhetside
from portal.plasser.service.enhetside import Enhetsside, Plassrad

OPPHOLD = f"{ENHET}/opphold/<uuid:opphold_id>"
#: What is known of a stay in words, and the group of its codes.
FELTER: dict[str, tuple[Any, str]] = {
    "fra_hvor": (_l("Kommer fra"), "frahvor"),
    "aldersgruppe": (_l("Alder"), "oppholdsalder"),
    "aarsaksgruppe": (_l("Hovedgrunn"), "aarsaksgruppe"),
    "planlagt_timer": (_l("Planlagt opphold"), ""),
}
#: The lists of the forms about a stay.
KODER = {
    "frahvor": [str(k) for k in Frahvor],
    "aldersgrupper": [str(k) for k in Aldersgruppe],
    "aarsaker": [str(k) for k in Aarsaksgruppe],
    "tilhvor": [str(k) for k in Tilhvor],
}


@blp.route(f"{ENHET}/innleggelse", methods=["GET", "POST"])
def legg_inn(plassenhet_id: UUID) -> Any:
    """The form: of a free bed (`plass`), or of the bed of a hold (`hold`)."""
    if request.method == "GET":
        hvem = les(HvemInn, request.args)
        u = enhetside.hent_side(aktor(), plassenhet_id, Handling.DRIVE)
        rad = _rad(u, hvem["plass"], hvem["hold"])
        if rad is None or not (rad.hold or rad.kan_legges_inn):
            # What one came from is gone: the page tells how it stands now.
            flash(_("Plassen er ikke ledig lenger. Se hvordan den står nå."), "warning")
            return til_enheten(plassenhet_id, rad.plass.id if rad else None)
        return _vis_innleggelse(u, rad, {})
    verdier = skjemadata()
    plass_id: UUID | None = None
    try:
        inn = les(InnleggelseInn, verdier)
        plass_id = inn["plass_id"]
        drift.legg_inn(aktor(), plassenhet_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _avvist(plassenhet_id, verdier, feil), feil.status
    flash(_("Pasienten er lagt inn."), "success")
    return til_enheten(plassenhet_id, plass_id)


def _rad(u: Enhetsside, plass_id: UUID | None, hold_id: UUID | None) -> Plassrad | None:
    """The bed of a hold that still runs, else the bed that was named."""
    if hold_id is not None:
        return next((r for r in u.rader if r.hold is not None and r.hold.id == hold_id), None)
    return u.rad(plass_id)


def _avvist(plassenhet_id: UUID, verdier: Mapping[str, str], feil: PortalError) -> str:
    """The form as it was filled in; where its bed is no longer to be had, another can be chosen in it."""
    u = enhetside.hent_side(aktor(), plassenhet_id, Handling.DRIVE)
    try:
        hvem = les(HvemInn, {"plass": verdier.get("plass_id", ""), "hold": verdier.get("reservasjon_id", "")})
    except UgyldigData:
        raise IkkeFunnet() from None
    rad = _rad(u, hvem["plass"], hvem["hold"])
    if rad is not None and not (rad.hold if hvem["hold"] else rad.kan_legges_inn):
        rad = None
    return _vis_innleggelse(u, rad, verdier, feil)


def _vis_innleggelse(
    u: Enhetsside, rad: Plassrad | None, verdier: Mapping[str, str], feil: PortalError | None = None
) -> str:
    ledige = [r for r in u.rader if r.kan_legges_inn]
    if rad is None and not ledige:
        return vis_enhet(u.enhet.id, feil)
    aktiv = rad.hold if rad is not None and not rad.for_sent else None
    forvalg = {"kommune_id": str(u.enhet.vertskommune_id) if len(u.kvoter) == 1 else ""}
    return render_template(
        "plasser/innleggelse.html",
        u=u,
        rad=rad,
        hold=aktiv,
        ledigvalg=[(str(r.plass.id), r.plass.navn) for r in ledige],
        **KODER,
        **{**holdskjema(u, {}), "verdier": {**forvalg, **verdier}},
        **feltfeil(feil),
    )


@blp.route(OPPHOLD, methods=["GET", "POST"])
def opphold(plassenhet_id: UUID, opphold_id: UUID) -> Any:
    """What became known after the admission."""
    rad, u = enhetside.hent_opphold(aktor(), plassenhet_id, opphold_id)
    if request.method == "GET":
        return _vis_opphold(u, rad)
    verdier = skjemadata()
    try:
        inn = les(OppholdInn, uten_grunnlag(verdier))
        drift.fyll_ut(aktor(), opphold_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        rad, u = enhetside.hent_opphold(aktor(), plassenhet_id, opphold_id)
        return _vis_opphold(u, rad, verdier, feil), feil.status
    flash(_("Opplysningene er lagret."), "success")
    return til_enheten(plassenhet_id, rad.plass_id)


def _verdier(rad: Opphold) -> dict[str, Any]:
    return {k: "" if (v := getattr(rad, k)) is None else str(v) for k in drift.OPPHOLDSFELTER}


def _vis_opphold(
    u: Enhetsside, rad: Opphold, sendt: Mapping[str, str] | None = None, feil: PortalError | None = None
) -> str:
    """What was chosen stands in the form; what a colleague filled in meanwhile stands in it too, or beside it."""
    naa = _verdier(rad)
    verdier, andres = flett(naa, sendt, rad.versjon)
    return render_template(
        "plasser/opphold.html",
        u=u,
        opphold=rad,
        verdier=verdier,
        andres=[(ord_, _i_ord(k, gruppe, andres[k])) for k, (ord_, gruppe) in FELTER.items() if k in andres],
        grunnlag=grunnlag(naa),
        **KODER,
        **feltfeil(feil),
    )


def _i_ord(felt: str, gruppe: str, verdi: str) -> str:
    if not verdi:
        return _("ikke oppgitt")
    return etikett(gruppe, verdi) if gruppe else _("%(antall)s timer", antall=verdi)


@blp.route(f"{OPPHOLD}/utskrivning", methods=["GET", "POST"])
def skriv_ut(plassenhet_id: UUID, opphold_id: UUID) -> Any:
    rad, u = enhetside.hent_opphold(aktor(), plassenhet_id, opphold_id)
    if request.method == "GET":
        return _vis_utskrivning(u, rad, {"rengjoeres": "1"})
    verdier = skjemadata()
    try:
        inn = les(UtskrivningInn, verdier)
        drift.skriv_ut(aktor(), opphold_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        rad, u = enhetside.hent_opphold(aktor(), plassenhet_id, opphold_id)
        return _vis_utskrivning(u, rad, verdier, feil), feil.status
    flash(_("Pasienten er skrevet ut."), "success")
    return til_enheten(plassenhet_id, rad.plass_id)


def _vis_utskrivning(
    u: Enhetsside, rad: Opphold, verdier: Mapping[str, Any], feil: PortalError | None = None
) -> str:
    return render_template(
        "plasser/utskrivning.html",
        u=u,
        opphold=rad,
        inn_lokal=f"{oslo(rad.inn):%Y-%m-%dT%H:%M}",
        verdier=verdier,
        **KODER,
        **feltfeil(feil),
    )
