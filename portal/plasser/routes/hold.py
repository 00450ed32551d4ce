"""Holding a bed at a unit, for its people and the clinicians of its member kommuner; and the answer to a hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, render_template, request

from portal.core.errors import Konflikt, Opptatt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister, skjemadata
from portal.plasser.access import Handling
from portal.plasser.forloep import Avslagsgrunn
from portal.plasser.hold import fulle_kvoter
from portal.plasser.models import Reservasjon
from portal.plasser.routes.enhet import ENHET, holdskjema, til_enheten, vis_enhet
from portal.plasser.routes.felles import blp
from portal.plasser.schemas import AvvisInn, HoldInn, HoldvalgInn, TomtInn
from portal.plasser.service import drift, enhetside, reservasjoner
from portal.plasser.service.enhetside import Enhetsside

HOLD = f"{ENHET}/hold/<uuid:reservasjon_id>"


@blp.route(f"{ENHET}/hold", methods=["GET", "POST"])
def hold(plassenhet_id: UUID) -> Any:
    """The form, and the hold. Who comes too late is told who has it, and where the nearest free ones are."""
    if request.method == "GET":
        valg = les(HoldvalgInn, {**request.args.to_dict(), "evner": request.args.getlist("evner")})
        u = enhetside.hent_side(aktor(), plassenhet_id, Handling.RESERVERE)
        verdier = {"plass_id": str(valg["plass"] or ""), "kommune_id": _egen(u)}
        return _vis(u, verdier, _deler(valg["evner"]), evner=valg["evner"])
    verdier, lister = skjema_med_lister("evner")
    evner = 0
    try:
        inn = les(HoldInn, {**verdier, "evner": lister["evner"]})
        evner = inn["evner"]
        reservasjoner.reserver(aktor(), plassenhet_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        u = enhetside.hent_side(aktor(), plassenhet_id, Handling.RESERVERE)
        return _vis(u, verdier, lister["evner"], feil, evner), feil.status
    flash(_("Plassen er holdt. Enheten ser det nå."), "success")
    return til_enheten(plassenhet_id)


def _egen(u: Enhetsside) -> str:
    """The own kommune, where it has a place here."""
    egen = aktor().organisasjon_id
    return str(egen) if any(k.kommune.id == egen for k in u.kvoter) else ""


def _deler(evner: int) -> list[str]:
    return [str(1 << n) for n in range(evner.bit_length()) if evner >> n & 1]


def _vis(
    u: Enhetsside,
    verdier: Mapping[str, Any],
    valgte: list[str],
    feil: PortalError | None = None,
    evner: int = 0,
) -> str:
    tapt = isinstance(feil, Opptatt)
    andre = tapt or u.full_kvote is not None or not u.noe_ledig
    oensket = UUID(verdier["plass_id"]) if _er_id(verdier.get("plass_id")) else None
    plass = u.rad(oensket) if oensket is not None else None
    skjema = holdskjema(u, verdier)
    if tapt and plass is not None:
        # Sent once more it asks for any bed here that can take it.
        skjema["verdier"]["plass_id"] = ""
    return render_template(
        "plasser/hold.html",
        u=u,
        **skjema,
        valgte_evner=valgte,
        holdplass=plass,
        tapt_hold=tapt,
        holder=feil.detaljer.get("holder") if feil is not None else None,
        alternativer=enhetside.naermeste(aktor(), u.enhet.id, evner, oensket) if andre else [],
        fulle_kvoter=fulle_kvoter(aktor()) if andre else {},
        maa_bekrefte=feil is not None and feil.kode == "kvote_bekreft",
        kan_gi_andre=u.drive,
        fnr_treff=feil.detaljer.get("treff", {}) if feil is not None else {},
        **feltfeil(feil),
    )


def _er_id(tekst: Any) -> bool:
    try:
        UUID(str(tekst))
    except ValueError:
        return False
    return True


@blp.post(f"{HOLD}/forleng")
def forleng_hold(plassenhet_id: UUID, reservasjon_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        reservasjoner.forleng(aktor(), reservasjon_id)
    except Konflikt as feil:
        return vis_enhet(plassenhet_id, feil), feil.status
    flash(_("Plassen er holdt lenger."), "success")
    return til_enheten(plassenhet_id)


@blp.post(f"{HOLD}/frigi")
def frigi_hold(plassenhet_id: UUID, reservasjon_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        reservasjoner.frigi(aktor(), reservasjon_id)
    except Konflikt as feil:
        return vis_enhet(plassenhet_id, feil), feil.status
    flash(_("Plassen er gitt fri."), "success")
    return til_enheten(plassenhet_id)


@blp.route(f"{HOLD}/avvis", methods=["GET", "POST"])
def avvis_hold(plassenhet_id: UUID, reservasjon_id: UUID) -> Any:
    """The unit says no, and why."""
    reservasjon, u = enhetside.hent_hold(aktor(), plassenhet_id, reservasjon_id)
    if request.method == "GET":
        return _vis_avvis(u, reservasjon, {})
    verdier = skjemadata()
    try:
        inn = les(AvvisInn, verdier)
        drift.avvis(aktor(), reservasjon_id, **inn)
    except Konflikt as feil:
        return vis_enhet(plassenhet_id, feil), feil.status
    except UgyldigData as feil:
        reservasjon, u = enhetside.hent_hold(aktor(), plassenhet_id, reservasjon_id)
        return _vis_avvis(u, reservasjon, verdier, feil), feil.status
    flash(_("Reservasjonen er avvist. Den som holdt plassen, får beskjed."), "success")
    return til_enheten(plassenhet_id)


def _vis_avvis(
    u: Enhetsside, reservasjon: Reservasjon, verdier: Mapping[str, Any], feil: PortalError | None = None
) -> str:
    return render_template(
        "plasser/avvis.html",
        u=u,
        hold=reservasjon,
        avslagsgrunner=[str(g) for g in Avslagsgrunn],
        verdier=verdier,
        fnr_treff=feil.detaljer.get("treff", {}) if feil is not None else {},
        **feltfeil(feil),
    )
