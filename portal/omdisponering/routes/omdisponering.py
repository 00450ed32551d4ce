"""A reallocation's page, and what either side does with it there. To change what it says: `omdisponering_endre`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from flask import flash, redirect, render_template, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, dag, feltfeil, les, skjema_med_lister
from portal.omdisponering.flytskjemaer import GodkjenningInn, GrunnInn, KlikkInn
from portal.omdisponering.forloep import LOVFELT
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.service import flyt, lesing

ID = "/<uuid:omdisponering_id>"
_LISTER = ("behold", "ja", "beordret")


class Skrevet(NamedTuple):
    """A form that came back: which (`skjema`), its fields, and its ticks."""

    skjema: str
    verdier: Mapping[str, str]
    valgt: Mapping[str, list[str]]


@blp.get(ID)
def vis_omdisponering(omdisponering_id: UUID) -> str:
    return _vis(omdisponering_id)


def _vis(omdisponering_id: UUID, feil: PortalError | None = None, skrevet: Skrevet | None = None) -> str:
    """The page; with a form that was refused, what was typed stands in it, on what the reallocation says now."""
    v = lesing.hent(aktor(), omdisponering_id)
    valgt = skrevet.valgt if skrevet is not None and skrevet.skjema == "godkjenn" else _staar(v)
    return render_template(
        "omdisponering/omdisponering.html",
        v=v,
        lovfelt=LOVFELT,
        skrevet=skrevet.skjema if skrevet else "",
        valgt=valgt,
        verdier={**_tall(v), **(skrevet.verdier if skrevet else {})},
        vedtaksvalg=vedtaksvalg(v),
        tatt=feil.detaljer.get("linjer", []) if feil else [],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **_feil(feil, v),
    )


def vedtaksvalg(v: lesing.Visning) -> list[tuple[str, str]]:
    """The lender's decisions, to choose from."""
    return [(str(d.id), f"{d.hjemmel}, {d.besluttet_av} ({dag(d.fra)} – {dag(d.til)})") for d in v.vedtak]


def _staar(v: lesing.Visning) -> dict[str, list[str]]:
    """The ticks as they stand."""
    linjer = [li for li in v.linjer if not li.stroeket_grunn]
    return {
        "behold": [str(li.id) for li in linjer],
        "ja": [str(li.id) for li in linjer if li.ja],
        "beordret": [str(li.id) for li in linjer if li.beordret],
    }


def _tall(v: lesing.Visning) -> dict[str, str]:
    omd = v.omd
    return {
        "stenges": str(omd.stenges),
        "aapnes": str(omd.aapnes),
        "gulv_overstyrt": omd.gulv_overstyrt,
        "vedtak_id": str(omd.vedtak_id or ""),
    }


def _feil(feil: PortalError | None, v: lesing.Visning) -> dict[str, Any]:
    """What is wrong on top of the page. What was found in a line that is not shown is about the form as a whole."""
    ut = feltfeil(feil)
    kjente = {f"linje-{li.id}" for li in v.linjer} | {*LOVFELT, "bestemmelse_id", "grunn", "linjer", ""}
    kjente |= {"gulv_overstyrt", "vedtak_id", "stenges", "aapnes", "behold", "ja", "beordret", "lest"}
    ut["feil"] = {k if k in kjente else "": m for k, m in ut["feil"].items()}
    return ut


# --- what is done ----------------------------------------------------------------------------------------


def _tilbake(omdisponering_id: UUID) -> Any:
    return redirect(url_for("omdisponering.vis_omdisponering", omdisponering_id=omdisponering_id), 303)


def _gjoer(omdisponering_id: UUID, skjema: str, gjoer: Callable[[dict[str, Any]], Any], beskjed: str) -> Any:
    """Reads the form, does it, and says so; what is refused comes back with what was typed."""
    enkle, lister = skjema_med_lister(*_LISTER)
    skrevet = Skrevet(skjema, enkle, lister)
    try:
        gjoer({**enkle, **{k: v for k, v in lister.items() if v}})
    except (Konflikt, UgyldigData) as feil:
        return _vis(omdisponering_id, feil, skrevet), feil.status
    flash(beskjed, "success")
    return _tilbake(omdisponering_id)


def _godkjenning(data: Mapping[str, Any]) -> dict[str, Any]:
    """An approval as the use case takes it: what the lender settles only where its form carried it."""
    inn = les(GodkjenningInn, data)
    ut: dict[str, Any] = {"lest": inn["lest"], "ikke_fnr": inn["ikke_fnr"]}
    if inn["linjer"]:
        ut |= {k: inn[k] for k in _LISTER}
        ut["vedtak_id"] = inn["vedtak_id"] if inn["beordret"] else None
    for felt in ("stenges", "aapnes", "gulv_overstyrt"):
        if inn[felt] is not None:
            ut[felt] = inn[felt]
    return ut


@blp.post(f"{ID}/foreslaa")
def foreslaa_omdisponering(omdisponering_id: UUID) -> Any:
    """From the lender's form as well, whose ticks are for its approval: they are kept on the page alone."""
    return _gjoer(
        omdisponering_id,
        "godkjenn",
        lambda data: flyt.foreslaa(aktor(), omdisponering_id, lest=les(GodkjenningInn, data)["lest"]),
        _("Forslaget er sendt. Den andre siden har fått beskjed."),
    )


@blp.post(f"{ID}/foreslaa-og-godkjenn")
def foreslaa_og_godkjenn(omdisponering_id: UUID) -> Any:
    """The lender's two acts in one click: both, or neither."""
    return _gjoer(
        omdisponering_id,
        "godkjenn",
        lambda data: flyt.foreslaa_og_godkjenn(aktor(), omdisponering_id, **_godkjenning(data)),
        _("Foreslått og godkjent av dere. Nå venter det på mottakeren."),
    )


@blp.post(f"{ID}/godkjenn")
def godkjenn_omdisponering(omdisponering_id: UUID) -> Any:
    return _gjoer(
        omdisponering_id,
        "godkjenn",
        lambda data: flyt.godkjenn(aktor(), omdisponering_id, **_godkjenning(data)),
        _("Godkjent for deres side. Den andre siden har fått beskjed."),
    )


@blp.post(f"{ID}/avslaa")
def avslaa_omdisponering(omdisponering_id: UUID) -> Any:
    return _gjoer(
        omdisponering_id,
        "avslaa",
        lambda data: flyt.avslaa(aktor(), omdisponering_id, **les(GrunnInn, data)),
        _("Avslått. Den andre siden har fått begrunnelsen."),
    )


@blp.post(f"{ID}/trekk")
def trekk_omdisponering(omdisponering_id: UUID) -> Any:
    return _gjoer(
        omdisponering_id,
        "trekk",
        lambda data: flyt.trekk(aktor(), omdisponering_id, **les(GrunnInn, data)),
        _("Trukket."),
    )


@blp.post(f"{ID}/iverksett")
def iverksett_omdisponering(omdisponering_id: UUID) -> Any:
    return _gjoer(
        omdisponering_id,
        "iverksett",
        lambda data: flyt.iverksett(aktor(), omdisponering_id, lest=les(KlikkInn, data)["lest"]),
        _("Omdisponeringen har begynt. Plassene på tavla er oppdatert."),
    )


@blp.post(f"{ID}/avslutt")
def avslutt_omdisponering(omdisponering_id: UUID) -> Any:
    return _gjoer(
        omdisponering_id,
        "avslutt",
        lambda data: flyt.avslutt(aktor(), omdisponering_id, **les(GrunnInn, data)),
        _("Omdisponeringen er avsluttet. Plassene på tavla er oppdatert."),
    )
