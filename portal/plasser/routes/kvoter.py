"""Which kommuner have a place in a unit, and with how many of its beds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.identitet.steps import kommuner_for_valg
from portal.plasser.routes.felles import blp
from portal.plasser.routes.forvaltning import ENHET
from portal.plasser.schemas import KvoteInn, KvoterInn
from portal.plasser.service import forvaltning as tjeneste
from portal.plasser.service import forvaltningsvisning as visning

KVOTER = f"{ENHET}/kvoter"


@blp.route(KVOTER, methods=["GET", "POST"])
def forvalt_kvoter(plassenhet_id: UUID) -> Any:
    if request.method == "GET":
        return _vis(plassenhet_id)
    enkle, lister = skjema_med_lister("kommune", "kvote", "ut")
    sendt = {**enkle, **lister}
    try:
        inn = les(KvoterInn, sendt)
        tjeneste.sett_kvoter(
            aktor(), plassenhet_id, _kvoter(inn), lest=inn["lest"], bekreftet=inn["bekreftet"]
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, sendt, feil), feil.status
    flash(_("Kvotene er lagret. De gjelder fra i dag."), "success")
    return redirect(url_for("plasser.forvalt_kvoter", plassenhet_id=plassenhet_id), 303)


def _kvoter(inn: dict[str, Any]) -> dict[UUID, int]:
    """{kommune: how many beds} of the form's rows, without those to be taken out. Raises UgyldigData by row."""
    if len(inn["kommune"]) != len(inn["kvote"]):
        raise UgyldigData()
    rader = list(zip(inn["kommune"], inn["kvote"], strict=True))
    kvoter: dict[UUID, int] = {}
    felter: dict[str, Any] = {}
    ut = {str(k) for k in inn["ut"]}
    for kommune_id, kvote in rader:
        if kommune_id in ut:
            continue
        try:
            rad = les(KvoteInn, {"kommune_id": kommune_id, "kvote": kvote})
        except UgyldigData as feil:
            meldinger = [m for ms in feil.detaljer["felter"].values() for m in ms]
            felter[f"kvote-{kommune_id}"] = meldinger
            continue
        kvoter[rad["kommune_id"]] = rad["kvote"]
    if inn["ny_kommune"] is not None:
        if inn["ny_kommune"] in kvoter:
            felter["ny_kommune"] = [_("Kommunen er alt med. Endre kvoten i lista.")]
        else:
            try:
                rad = les(KvoteInn, {"kommune_id": str(inn["ny_kommune"]), "kvote": inn["ny_kvote"]})
            except UgyldigData as feil:
                felter["ny_kvote"] = feil.detaljer["felter"].get("kvote", [])
            else:
                kvoter[rad["kommune_id"]] = rad["kvote"]
    elif inn["ny_kvote"].strip():
        felter["ny_kommune"] = [_("Velg kommunen som skal med.")]
    if felter:
        raise UgyldigData(felter=felter)
    return kvoter


def _vis(plassenhet_id: UUID, sendt: dict[str, Any] | None = None, feil: PortalError | None = None) -> str:
    """The form as it was filled in; where somebody else was first, with what stands now."""
    f = visning.hent(aktor(), plassenhet_id)
    typet = dict(zip(sendt["kommune"], sendt["kvote"], strict=False)) if sendt else {}
    med = {m.kommune_id for m in f.medlemmer}
    return render_template(
        "plasser/forvalt_kvoter.html",
        f=f,
        enhet=f.enhet,
        typet=typet,
        skal_ut=set(sendt["ut"]) if sendt else set(),
        andre=[(str(i), navn) for i, navn in kommuner_for_valg() if i not in med],
        maa_bekrefte=feil is not None and feil.kode == "pasienter_bekreft",
        var_endret=isinstance(feil, Utdatert),
        verdier={**(sendt or {}), "lest": f.lest},
        **feltfeil(feil),
    )
