"""A unit's own page, and what its people set by one click: states of beds, staffing, «ingen endring»."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import flash, redirect, render_template, url_for

from portal.avtaler.tekst import som_html
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, etikett, feltfeil, les, skjemadata
from portal.plasser.forloep import Evne, Stengtgrunn
from portal.plasser.ord import evner_av
from portal.plasser.routes.felles import blp
from portal.plasser.schemas import BemanningInn, TilstandInn, TomtInn
from portal.plasser.service import drift, enhetside
from portal.plasser.service.enhetside import Enhetsside, Plassrad

ENHET = "/<uuid:plassenhet_id>"
PLASS = f"{ENHET}/plass/<uuid:plass_id>"


@blp.context_processor
def _i_malene() -> dict[str, Any]:
    return {"evneord": evner_av}


@blp.get(ENHET)
def enhet(plassenhet_id: UUID) -> str:
    return vis_enhet(plassenhet_id)


def vis_enhet(
    plassenhet_id: UUID,
    feil: PortalError | None = None,
    verdier: Mapping[str, str] | None = None,
    plass_id: UUID | None = None,
) -> str:
    """The page as it stands now; after a refused click with what was wrong, at the bed and on top."""
    u = enhetside.hent_side(aktor(), plassenhet_id)
    rad = u.rad(plass_id)
    felter = feltfeil(feil)["feil"]
    melding = " ".join(m for meldinger in felter.values() for m in meldinger)
    if rad is not None and isinstance(feil, Konflikt):
        melding = f"{melding} {_staar_naa(rad)}"
    return render_template(
        "plasser/enhet.html",
        u=u,
        kriterier=som_html(u.enhet.kriterier),
        stengtgrunner=[str(g) for g in Stengtgrunn],
        typet=verdier or {},
        plassfeil=melding if rad is not None else "",
        feilplass=rad.plass.id if rad is not None else None,
        konflikt=isinstance(feil, Konflikt),
        **holdskjema(u, {}),
        **(
            {"feil": {f"plass-{rad.plass.id}": [melding]}}
            if rad is not None and melding
            else {"feil": felter}
        ),
    )


def _staar_naa(rad: Plassrad) -> str:
    """How a bed stands, and who said so."""
    ord_ = {"plass": rad.plass.navn, "tilstand": etikett("plassgruppe", rad.gruppe).lower()}
    if rad.plass.endret_av is None:
        return _("%(plass)s er nå: %(tilstand)s.", **ord_)
    return _("%(plass)s er nå: %(tilstand)s, satt av %(navn)s.", **ord_, navn=rad.plass.endret_av.navn)


def holdskjema(u: Enhetsside, verdier: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of a hold needs; each form that is shown has an id of its own, and keeps it when it is refused."""
    return {
        "verdier": {"klient_id": uuid4(), **verdier},
        "evnevalg": [(int(e), evner_av(int(e))[0]) for e in Evne if u.evner & e],
        "kommunevalg": [(str(k.kommune.id), kvotetekst(k)) for k in u.kvoter],
    }


def kvotetekst(k: enhetside.Kvote) -> str:
    """A kommune with its quota: «Kárášjohka (1 av 2 i bruk)»."""
    return _(
        "%(kommune)s (%(brukt)s av %(kvote)s i bruk)",
        kommune=k.kommune.kortnavn,
        brukt=k.i_bruk,
        kvote=k.kvote,
    )


def til_enheten(plassenhet_id: UUID, plass_id: UUID | None = None) -> Any:
    return redirect(
        url_for(
            "plasser.enhet", plassenhet_id=plassenhet_id, _anchor=f"plass-{plass_id}" if plass_id else None
        ),
        303,
    )


@blp.post(f"{PLASS}/tilstand")
def sett_tilstand(plassenhet_id: UUID, plass_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(TilstandInn, verdier)
        drift.sett_tilstand(aktor(), plassenhet_id, plass_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return vis_enhet(plassenhet_id, feil, verdier, plass_id), feil.status
    return _satt(plassenhet_id, plass_id)


def _satt(plassenhet_id: UUID, plass_id: UUID) -> Any:
    rad = enhetside.hent_side(aktor(), plassenhet_id).rad(plass_id)
    if rad is not None:
        flash(
            _(
                "%(plass)s: %(tilstand)s.",
                plass=rad.plass.navn,
                tilstand=etikett("plassgruppe", rad.gruppe).lower(),
            ),
            "success",
        )
    return til_enheten(plassenhet_id, plass_id)


@blp.post(f"{PLASS}/bemanning")
def sett_bemanning(plassenhet_id: UUID, plass_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(BemanningInn, verdier)
        drift.bemann(aktor(), plassenhet_id, plass_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return vis_enhet(plassenhet_id, feil, verdier, plass_id), feil.status
    return _satt(plassenhet_id, plass_id)


@blp.post(f"{ENHET}/ingen-endring")
def ingen_endring(plassenhet_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        drift.ingen_endring(aktor(), plassenhet_id)
    except Konflikt as feil:
        return vis_enhet(plassenhet_id, feil), feil.status
    flash(_("Takk. Alle ser nå at tallene stemmer."), "success")
    return til_enheten(plassenhet_id)
