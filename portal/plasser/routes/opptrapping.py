"""A unit's surge plan: which beds it can open, how soon, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.skjema import Skjema
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister, skjemadata
from portal.plasser.forloep import Innen
from portal.plasser.historikk import Opptrapping
from portal.plasser.routes.felles import blp
from portal.plasser.routes.forvaltning import ENHET, bits
from portal.plasser.schemas import OpptrappingInn, PersonellradInn, RomradInn, TomtInn, UtstyrsradInn
from portal.plasser.service import opptrapping as tjeneste

PLAN = f"{ENHET}/opptrapping"
RAD = f"{PLAN}/<uuid:opptrapping_id>"
_SKJEMAER: dict[str, type[Skjema]] = {
    "personell": PersonellradInn,
    "rom": RomradInn,
    "utstyr": UtstyrsradInn,
}
#: The fields of the lists as the form calls them: «personell-rolle», one for each row.
_LISTEFELTER = [f"{liste}-{noekkel}" for liste, noekler in tjeneste.LISTER.items() for noekkel in noekler]
#: Rows that stand empty to be written in, and how many a list can have.
_TOMME, _FLEST = 2, 30


@blp.get(PLAN)
def forvalt_opptrapping(plassenhet_id: UUID) -> str:
    plan = tjeneste.hent(aktor(), plassenhet_id)
    return render_template("plasser/forvalt_opptrapping.html", plan=plan, enhet=plan.enhet, feil={})


@blp.route(f"{PLAN}/ny", methods=["GET", "POST"])
def ny_opptrapping(plassenhet_id: UUID) -> Any:
    if request.method == "GET":
        return _vis(plassenhet_id, None, {}, {})
    return _lagre(plassenhet_id, None)


@blp.route(RAD, methods=["GET", "POST"])
def endre_opptrapping(plassenhet_id: UUID, opptrapping_id: UUID) -> Any:
    rad = tjeneste.hent_rad(aktor(), plassenhet_id, opptrapping_id)
    if request.method == "GET":
        lister = {
            liste: [{k: str(v) for k, v in en.items()} for en in getattr(rad, liste)] for liste in _SKJEMAER
        }
        return _vis(plassenhet_id, rad, _verdier(rad), lister)
    return _lagre(plassenhet_id, rad)


def _verdier(rad: Opptrapping) -> dict[str, Any]:
    return {
        "innen_timer": rad.innen_timer,
        "antall": str(rad.antall),
        "evner": bits(rad.evner),
        "merknad": rad.merknad,
        "lest": str(rad.versjon),
    }


def _lagre(plassenhet_id: UUID, rad: Opptrapping | None) -> Any:
    enkle, sendt = skjema_med_lister("evner", *_LISTEFELTER)
    gjoer = enkle.pop("gjoer", "lagre")
    verdier = {**enkle, "evner": sendt["evner"]}
    lister = {liste: _rader(liste, sendt) for liste in _SKJEMAER}
    if gjoer.startswith("mer-"):
        return _vis(plassenhet_id, rad, verdier, lister, flere=gjoer.removeprefix("mer-"))
    try:
        felter = _les(verdier, lister)
        if rad is None:
            felter.pop("lest")
            tjeneste.legg_til(aktor(), plassenhet_id, **felter)
        else:
            felter["lest"] = felter["lest"] or 0
            tjeneste.endre(aktor(), plassenhet_id, rad.id, **felter)
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, rad, verdier, lister, feil), feil.status
    flash(_("Opptrappingsplanen er lagret."), "success")
    return redirect(url_for("plasser.forvalt_opptrapping", plassenhet_id=plassenhet_id), 303)


def _rader(liste: str, sendt: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """The rows of a list as they were typed, without those that hold nothing. Raises UgyldigData for half a row."""
    noekler = tjeneste.LISTER[liste]
    kolonner = [sendt[f"{liste}-{k}"] for k in noekler]
    if len({len(k) for k in kolonner}) > 1 or len(kolonner[0]) > _FLEST:
        raise UgyldigData()
    rader = [dict(zip(noekler, verdier, strict=True)) for verdier in zip(*kolonner, strict=True)]
    return [r for r in rader if any(v.strip() for v in r.values())]


def _les(verdier: Mapping[str, Any], lister: Mapping[str, list[dict[str, str]]]) -> dict[str, Any]:
    """The form's fields and lists together; raises UgyldigData with all that is wrong, each at its place."""
    felter: dict[str, Any] = {}
    lest: dict[str, Any] = {}
    try:
        lest = les(OpptrappingInn, verdier)
    except UgyldigData as feil:
        felter.update(feil.detaljer["felter"])
    for liste, skjema in _SKJEMAER.items():
        lest[liste] = []
        for nr, rad in enumerate(lister[liste]):
            try:
                lest[liste].append(les(skjema, rad))
            except UgyldigData as feil:
                felter.update({f"{liste}-{k}-{nr}": m for k, m in feil.detaljer["felter"].items()})
    if felter:
        raise UgyldigData(felter=felter)
    return lest


def _vis(
    plassenhet_id: UUID,
    rad: Opptrapping | None,
    verdier: Mapping[str, Any],
    lister: Mapping[str, list[dict[str, str]]],
    feil: PortalError | None = None,
    *,
    flere: str = "",
) -> str:
    plan = tjeneste.hent(aktor(), plassenhet_id)
    med_tomme = {
        liste: [
            *lister.get(liste, []),
            *[dict.fromkeys(noekler, "")] * (_TOMME + (3 if flere == liste else 0)),
        ][:_FLEST]
        for liste, noekler in tjeneste.LISTER.items()
    }
    vist = dict(verdier)
    if rad is not None and feil is not None:
        # Who has read that somebody else was first may go on.
        vist["lest"] = str(next((r.versjon for r in plan.rader if r.id == rad.id), rad.versjon))
    return render_template(
        "plasser/forvalt_opptrapping_rad.html",
        plan=plan,
        enhet=plan.enhet,
        rad=rad,
        innenvalg=[str(i) for i in Innen],
        lister=med_tomme,
        flere=flere,
        verdier=vist,
        **feltfeil(feil),
    )


@blp.post(f"{RAD}/fjern")
def fjern_opptrapping(plassenhet_id: UUID, opptrapping_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        tjeneste.fjern(aktor(), plassenhet_id, opptrapping_id)
    except Konflikt as feil:
        flash(feil.melding, "warning")
    else:
        flash(_("Raden er tatt ut av planen."), "success")
    return redirect(url_for("plasser.forvalt_opptrapping", plassenhet_id=plassenhet_id), 303)
