"""The approvals of an agreement, and the own organisation's chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.avtaler import access
from portal.avtaler.routes.felles import bp, det_du_skrev
from portal.avtaler.schemas import GodkjenningInn, GodkjenningsvalgInn, KjedeInn, SendTilGodkjenningInn
from portal.avtaler.service import godkjenning as tjeneste
from portal.avtaler.service import kjede as kjeder
from portal.avtaler.service.godkjenningslesing import hent_side
from portal.avtaler.service.sammenligning import hva_er_nytt
from portal.core.errors import IkkeTilgang, Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister

#: Signs of a hash that are shown: enough to compare by eye.
KORT_HASH = 12
_AVVIST = (Konflikt, UgyldigData)


# --- the approvals of an agreement -----------------------------------------------------------------------


@bp.get("/<uuid:avtale_id>/godkjenning")
def godkjenning(avtale_id: UUID) -> str:
    valg = les(GodkjenningsvalgInn, {k: v for k, v in request.args.items() if v})
    return _vis(avtale_id, nummer=valg["versjon"])


def _vis(
    avtale_id: UUID,
    feil: PortalError | None = None,
    verdier: Mapping[str, str] | None = None,
    nummer: int | None = None,
    ledd: UUID | None = None,
) -> str:
    """`verdier`: what was typed in the form of `ledd`; where that is not on the page any more, it stands at the top."""
    s = hent_side(aktor(), avtale_id, nummer)
    samme = s.min is not None and s.min[1].rad.id == ledd
    tapt_tekst = det_du_skrev(
        verdier or {},
        **({} if samme else {"merknad": _("Merknad")}),
        **({} if samme and s.min and not s.min[1].egen_del else {"saksnummer": _("Saksnummer")}),
    )
    foerste = s.blokker[0].versjon if s.blokker else None
    return render_template(
        "avtaler/godkjenning.html",
        s=s,
        nytt=hva_er_nytt(aktor(), s.avtale, foerste) if foerste is not None else None,
        avtale=s.avtale,
        versjon=foerste,
        fane="godkjenning",
        verdier=(verdier or {}) if samme else {},
        tapt_tekst=tapt_tekst,
        KORT=KORT_HASH,
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/godkjenning/send")
def send_til_godkjenning(avtale_id: UUID) -> Any:
    inn = les(SendTilGodkjenningInn, skjema_med_lister()[0])
    try:
        tjeneste.send(aktor(), avtale_id, inn["lest_hash"])
    except _AVVIST as feil:
        return _vis(avtale_id, feil), feil.status
    flash(_("Sendt til godkjenning. De som skal godkjenne, har fått beskjed."), "success")
    return redirect(url_for("avtaler.godkjenning", avtale_id=avtale_id), 303)


@bp.post("/<uuid:avtale_id>/godkjenning/<uuid:godkjenning_id>/godkjenn")
def godkjenn(avtale_id: UUID, godkjenning_id: UUID) -> Any:
    return _gi(
        avtale_id,
        godkjenning_id,
        lambda inn: tjeneste.godkjenn(
            aktor(),
            godkjenning_id,
            inn["innhold_hash"],
            inn["saksnummer"],
            inn["vedtaksdato"],
            inn["merknad"],
        ),
        _("Godkjent."),
    )


@bp.post("/<uuid:avtale_id>/godkjenning/<uuid:godkjenning_id>/avvis")
def avvis_godkjenning(avtale_id: UUID, godkjenning_id: UUID) -> Any:
    return _gi(
        avtale_id,
        godkjenning_id,
        lambda inn: tjeneste.avvis(aktor(), godkjenning_id, inn["merknad"]),
        _("Sendt tilbake. Eieren av avtalen har fått beskjed."),
    )


def _gi(avtale_id: UUID, godkjenning_id: UUID, handling: Callable[[dict[str, Any]], None], svar: str) -> Any:
    """What was typed stands in the form again when it is refused."""
    verdier, _lister = skjema_med_lister()
    try:
        handling(les(GodkjenningInn, verdier))
    except (*_AVVIST, IkkeTilgang) as feil:
        return _vis(avtale_id, feil, verdier, ledd=godkjenning_id), feil.status
    flash(svar, "success")
    return redirect(url_for("avtaler.godkjenning", avtale_id=avtale_id), 303)


@bp.post("/<uuid:avtale_id>/godkjenning/aapne")
def aapne_igjen(avtale_id: UUID) -> Any:
    try:
        nummer = tjeneste.aapne_igjen(aktor(), avtale_id)
    except Konflikt as feil:
        return _vis(avtale_id, feil), feil.status
    flash(
        _(
            "Godkjenningene gjelder ikke lenger. Versjon %(nr)s er til forhandling med samme tekst.",
            nr=nummer,
        ),
        "success",
    )
    return redirect(url_for("avtaler.avtale", avtale_id=avtale_id, versjon=nummer), 303)


# --- the own chain ---------------------------------------------------------------------------------------


def _organisasjon() -> UUID:
    """The actor's own: nobody keeps another's."""
    a = aktor()
    if a.organisasjon_id is None:
        raise IkkeTilgang()
    return a.organisasjon_id


@bp.get("/kjede")
def kjede() -> str:
    k = kjeder.hent(aktor(), _organisasjon())
    rader = [{"navn": le.navn, "vedtak": le.krever_vedtak, "medlemskap": le.medlemskap} for le in k.ledd]
    return _vis_kjede(k, rader, k.lest)


@bp.post("/kjede")
def endre_kjede() -> Any:
    """Rows in the order of their numbers; a row without a name and without anybody named is passed over."""
    a, organisasjon_id = aktor(), _organisasjon()
    access.krev_kjede(a, organisasjon_id)
    rader, resten = _rader()
    if resten.pop("flere", None):
        return _vis_kjede(kjeder.hent(a, organisasjon_id), rader, resten.get("lest"), ekstra=True)
    if resten.pop("standard", None):
        rader = []
    ledd = [{"navn": r["navn"], "krever_vedtak": r["vedtak"], "medlemskap": r["medlemskap"]} for r in rader]
    try:
        inn = les(KjedeInn, {**resten, "ledd": ledd})
        kjeder.sett(a, organisasjon_id, inn["ledd"], inn["lest"])
    except Utdatert as feil:
        # Their own stays in the form; the chain as it is now is shown beside it, and the next saving is meant.
        return _vis_kjede(kjeder.hent(a, organisasjon_id), rader, feil.detaljer["lest"], feil), feil.status
    except UgyldigData as feil:
        return _vis_kjede(kjeder.hent(a, organisasjon_id), rader, resten.get("lest"), feil), feil.status
    flash(_("Kjeden er lagret. Den gjelder for det som sendes til godkjenning fra nå."), "success")
    return redirect(url_for("avtaler.kjede"), 303)


def _rader() -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The rows of the form that hold something, in the order that was asked for, and its other fields."""
    numre = range(1, kjeder.FLEST_LEDD + 1)
    verdier, lister = skjema_med_lister(*(f"medlemskap_{n}" for n in numre))
    rader = []
    for n in numre:
        plass = verdier.pop(f"plass_{n}", "").strip()
        rad: dict[str, Any] = {
            "navn": verdier.pop(f"navn_{n}", ""),
            "vedtak": bool(verdier.pop(f"vedtak_{n}", "")),
            "medlemskap": lister[f"medlemskap_{n}"],
        }
        if rad["navn"].strip() or rad["medlemskap"]:
            rader.append((int(plass) if plass.isascii() and plass.isdecimal() else n, n, rad))
    return [r for _plass, _n, r in sorted(rader, key=lambda r: r[:2])], verdier


def _vis_kjede(
    k: kjeder.Kjede,
    rader: Sequence[Mapping[str, Any]],
    lest: str | None,
    feil: PortalError | None = None,
    *,
    ekstra: bool = False,
) -> str:
    """One empty row below those that are filled in; `ekstra`: two."""
    tomme = min((2 if ekstra else 1), kjeder.FLEST_LEDD - len(rader))
    return render_template(
        "avtaler/kjede.html",
        k=k,
        rader=[
            *({**r, "medlemskap": {str(m) for m in r["medlemskap"]}} for r in rader),
            *({"navn": "", "vedtak": False, "medlemskap": set()} for _n in range(tomme)),
        ],
        lest=lest or "",
        standard=kjeder.standard(k.organisasjon.type),
        utdatert=isinstance(feil, Utdatert),
        flest=kjeder.FLEST_LEDD,
        verdier={},
        **feltfeil(feil),
    )
