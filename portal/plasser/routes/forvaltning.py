"""What the vertskommune's coordinator tells of a unit: taking it in, its description, closing it down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.avtaler.tekst import som_html
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _, _l
from portal.core.web import aktor, feltfeil, les, skjema_med_lister, skjemadata
from portal.plasser.forloep import Evne, Legedekning
from portal.plasser.models import Plassenhet
from portal.plasser.ord import evner_av
from portal.plasser.routes.felles import blp
from portal.plasser.schemas import BekreftInn, EnhetInn, NyEnhetInn
from portal.plasser.service import forvaltning as tjeneste
from portal.plasser.service import forvaltningsvisning as visning
from portal.plasser.service import opptrapping

ENHET = "/<uuid:plassenhet_id>/forvalt"
ETIKETTER = {
    "adresse": _l("Adresse"),
    "legedekning": _l("Legedekning"),
    "evner": _l("Hva enheten kan ta imot"),
    "kriterier": _l("Inklusjonskriterier"),
    "fersk_timer_lav": _l("Tallene gjelder i fase 1 og 2"),
    "fersk_timer_hoey": _l("Tallene gjelder i fase 3, 4 og 5"),
    "hold_minutter": _l("En plass holdes i"),
}


@blp.context_processor
def _til_sidene() -> dict[str, Any]:
    """All abilities with their words; whether who is here takes units in; and what a unit can open (`Sammendrag`)."""
    return {
        "alle_evner": lambda: [(int(e), evner_av(int(e))[0]) for e in Evne],
        "kan_legge_inn": lambda: visning.kan_legge_inn(aktor()),
        "opptrapping_av": lambda enhet: opptrapping.sammendrag(aktor(), [enhet.id]).get(enhet.id),
    }


def bits(evner: int) -> list[str]:
    """A sum of abilities as the boxes of a form that are ticked."""
    return [str(int(e)) for e in Evne if evner & e]


# --- into the registry -----------------------------------------------------------------------------------


@blp.route("/ny", methods=["GET", "POST"])
def ny_enhet() -> Any:
    a = aktor()
    enheter = visning.kan_legges_inn(a)
    verdier: dict[str, Any] = {"enhet_id": str(enheter[0].id) if len(enheter) == 1 else ""}
    feil: PortalError | None = None
    if request.method == "POST":
        enkle, lister = skjema_med_lister("evner")
        verdier = {**enkle, **lister}
        try:
            inn = les(NyEnhetInn, verdier)
            plassenhet_id = tjeneste.opprett(a, inn.pop("enhet_id"), **inn)
        except (UgyldigData, Konflikt) as e:
            feil = e
        else:
            flash(
                _("Enheten er lagt inn. Si hvordan plassene står, så ser alle den med ferske tall."),
                "success",
            )
            return redirect(url_for("plasser.forvalt_plasser", plassenhet_id=plassenhet_id), 303)
    side = render_template(
        "plasser/forvalt_ny.html",
        enheter=[(str(e.id), e.navn) for e in enheter],
        organisasjon_id=a.organisasjon_id,
        legedekninger=[str(d) for d in Legedekning],
        verdier=verdier,
        **feltfeil(feil),
    )
    return side, feil.status if feil else 200


# --- what is told of it ----------------------------------------------------------------------------------


@blp.route(ENHET, methods=["GET", "POST"])
def forvalt(plassenhet_id: UUID) -> Any:
    if request.method == "GET":
        return _vis(plassenhet_id)
    enkle, lister = skjema_med_lister("evner")
    verdier = {**enkle, **lister}
    if verdier.pop("gjoer", "") == "vis":
        return _vis(plassenhet_id, verdier, forhaandsvis=True)
    try:
        inn = les(EnhetInn, verdier)
        tjeneste.endre(aktor(), plassenhet_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, verdier, feil), feil.status
    flash(_("Endringen er lagret."), "success")
    return redirect(url_for("plasser.forvalt", plassenhet_id=plassenhet_id), 303)


def _vis(
    plassenhet_id: UUID,
    verdier: Mapping[str, Any] | None = None,
    feil: PortalError | None = None,
    *,
    forhaandsvis: bool = False,
) -> str:
    """The form as it was filled in. Where somebody else was first, with what stands now beside it."""
    f = visning.hent(aktor(), plassenhet_id)
    lagret = _lagret(f.enhet)
    ulike = []
    if isinstance(feil, Utdatert) and verdier is not None:
        ulike = [k for k in ETIKETTER if k != "evner" and verdier.get(k, "") != lagret[k]]
    vist = {**lagret, **(verdier or {}), "lest": f.enhet.versjon if feil else (verdier or lagret).get("lest")}
    return render_template(
        "plasser/forvalt.html",
        f=f,
        enhet=f.enhet,
        verdier=vist,
        lagret=lagret,
        ulike=ulike,
        etiketter=ETIKETTER,
        legedekninger=[str(d) for d in Legedekning],
        forhaandsvist=som_html(str(vist["kriterier"])) if forhaandsvis else None,
        **feltfeil(feil),
    )


def _lagret(enhet: Plassenhet) -> dict[str, Any]:
    return {
        "adresse": enhet.adresse,
        "legedekning": enhet.legedekning,
        "evner": bits(enhet.evner),
        "kriterier": enhet.kriterier,
        "fersk_timer_lav": str(enhet.fersk_timer_lav),
        "fersk_timer_hoey": str(enhet.fersk_timer_hoey),
        "hold_minutter": str(enhet.hold_minutter),
        "lest": enhet.versjon,
    }


@blp.post(f"{ENHET}/nedlegg")
def nedlegg_enhet(plassenhet_id: UUID) -> Any:
    inn = les(BekreftInn, skjemadata())
    try:
        if not inn["bekreftet"]:
            raise UgyldigData(felter={"bekreftet": [_("Kryss av for at enheten skal legges ned.")]})
        tjeneste.nedlegg(aktor(), plassenhet_id)
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, feil=feil), feil.status
    flash(_("Enheten er lagt ned. Historikken står her fortsatt."), "success")
    return redirect(url_for("plasser.enhet", plassenhet_id=plassenhet_id), 303)
