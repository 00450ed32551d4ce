"""The pages of delegated tasks: who may do what now, one delegation, a new one, and the list for paper."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.clock import i_dag
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, dag, etikett, feltfeil, les, skjema_med_lister
from portal.omdisponering.forloep import Delegert
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import (
    DelegeringInn,
    DelegeringsvalgInn,
    NyDelegeringInn,
    TrekkDelegeringInn,
)
from portal.omdisponering.service import delegering as tjeneste
from portal.omdisponering.service.delegering import Rad, Utvalg

DELEGERING = "/delegering/<uuid:delegering_id>"
_FORNYES = ("omfang", "fullmakt_av", "opplaering", "veileder")


@blp.get("/delegering")
def delegering() -> str:
    valgt = les(DelegeringsvalgInn, {k: v for k, v in request.args.items() if v})
    liste = tjeneste.hent_liste(aktor(), valgt["vis"])
    return render_template(
        "omdisponering/delegering.html",
        s=liste,
        grupper=_grupper(liste.rader, valgt["etter"]),
        utvalg=list(Utvalg),
        **valgt,
    )


@blp.get("/delegering/utskrift")
def delegering_paa_papir() -> str:
    liste = tjeneste.hent_liste(aktor())
    return render_template(
        "omdisponering/delegering_utskrift.html",
        s=liste,
        grupper=_grupper([r for r in liste.rader if not r.begynner], "person"),
        i_dag=i_dag(),
    )


def _grupper(rader: list[Rad], etter: str) -> list[tuple[str, list[Rad]]]:
    """By person, or by task: what the group is called, and its rows. Two of one name are two people."""
    if etter == "oppgave":
        ordnet = sorted(rader, key=lambda r: (etikett("delegert", r.delegering.oppgave), _navn(r)))
        return [
            (etikett("delegert", oppgave), list(gruppe))
            for oppgave, gruppe in groupby(ordnet, key=lambda r: r.delegering.oppgave)
        ]
    ordnet = sorted(rader, key=lambda r: (_navn(r), str(r.delegering.ressursperson_id)))
    grupper = [list(g) for _id, g in groupby(ordnet, key=lambda r: r.delegering.ressursperson_id)]
    return [(_navn(g[0]) or _("Slettet person"), g) for g in grupper]


def _navn(r: Rad) -> str:
    return r.delegering.ressursperson.navn


# --- a new one -------------------------------------------------------------------------------------------


@blp.route("/delegering/ny", methods=["GET", "POST"])
def ny_delegering() -> Any:
    if request.method == "GET":
        fornyer = les(NyDelegeringInn, {k: v for k, v in request.args.items() if v})["fornyer"]
        return _vis_ny(_forvalgt(fornyer))
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(DelegeringInn, verdier)
        person_id, _skille, omd_id = inn.pop("hvem").partition(":")
        gitt = tjeneste.deleger(
            aktor(),
            ressursperson_id=_uuid(person_id),
            omdisponering_id=_uuid(omd_id) if omd_id else None,
            **inn,
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_ny(verdier, feil), feil.status
    if gitt.kortet:
        flash(
            _(
                "Oppgaven er delegert fra %(fra)s til og med %(til)s: så lenge varer omdisponeringen.",
                fra=dag(gitt.fra),
                til=dag(gitt.til),
            ),
            "warning",
        )
    else:
        flash(_("Oppgaven er delegert."), "success")
    return redirect(url_for("omdisponering.delegering"), 303)


def _uuid(tekst: str) -> UUID:
    try:
        return UUID(tekst)
    except ValueError:
        raise UgyldigData(felter={"hvem": [_("Velg personen fra lista.")]}) from None


def _forvalgt(fornyer: UUID | None) -> dict[str, str]:
    """What the form begins with: today, or the day after the one that is given anew."""
    if fornyer is None:
        return {"fra": i_dag().isoformat()}
    d = tjeneste.hent(aktor(), fornyer).delegering
    hvem = f"{d.ressursperson_id}:{d.omdisponering_id}" if d.omdisponering_id else str(d.ressursperson_id)
    return {
        "hvem": hvem,
        "oppgave": d.oppgave,
        "fra": i_dag().isoformat(),
        "opplaert": d.opplaert.isoformat(),
        **{felt: getattr(d, felt) for felt in _FORNYES},
    }


def _vis_ny(verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    return render_template(
        "omdisponering/delegering_ny.html",
        kandidater=tjeneste.hent_kandidater(aktor()),
        oppgavevalg=[str(d) for d in Delegert],
        i_dag=i_dag(),
        verdier=verdier,
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


# --- one -------------------------------------------------------------------------------------------------


@blp.get(DELEGERING)
def en_delegering(delegering_id: UUID) -> str:
    return _vis_en(delegering_id)


@blp.post(f"{DELEGERING}/trekk")
def trekk_delegering(delegering_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.trekk(aktor(), delegering_id, **les(TrekkDelegeringInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis_en(delegering_id, verdier, feil), feil.status
    flash(_("Delegeringen er trukket tilbake, og gjelder ikke lenger."), "success")
    return redirect(url_for("omdisponering.delegering"), 303)


def _vis_en(
    delegering_id: UUID, verdier: Mapping[str, str] | None = None, feil: PortalError | None = None
) -> str:
    rad = tjeneste.hent(aktor(), delegering_id)
    kan = tjeneste.kan_delegere(aktor(), rad.delegering)
    return render_template(
        "omdisponering/delegering_en.html",
        rad=rad,
        kan_trekke=kan and not rad.slutt,
        kan_fornye=kan and rad.slutt not in ("omdisponering", "slettet"),
        verdier=verdier or {},
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )
