"""The register of organisations, and what an administrator enters in it: telephone numbers and units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import format_decimal
from werkzeug.wrappers import Response

from portal.core.errors import PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import feltfeil, les, skjemadata
from portal.identitet.fagomraader import omraader_for
from portal.identitet.innlogging import gjeldende_aktor
from portal.identitet.models import SYKEHUS, Enhet, Organisasjon, Organisasjonstype
from portal.identitet.routes.felles import blp
from portal.identitet.schemas import EnhetInn, FagtelefonerInn, SokInn, TelefonInn
from portal.identitet.service import oppslag, organisasjoner
from portal.identitet.service.organisasjoner import Enhetsfelter, enhetstyper_for
from portal.identitet.steps import kommuner_for_valg


@blp.get("/organisasjoner", endpoint="organisasjoner")
def register() -> str:
    aktor = gjeldende_aktor()
    valg = les(SokInn, request.args)
    side = oppslag.sok(
        aktor,
        valg["sok"],
        slag=valg["type"],
        rhf_id=valg["rhf"],
        nedlagte=bool(valg["nedlagte"]),
        side=valg["side"],
    )
    uten_side = {k: str(v) for k, v in request.args.items() if k != "side" and v}
    return render_template(
        "identitet/organisasjoner.html",
        side=side,
        valg=valg,
        typer=list(Organisasjonstype),
        regioner=oppslag.regionale_foretak(aktor),
        adresse=f"{url_for('identitet.organisasjoner')}?{urlencode({**uten_side, 'side': ''})}",
    )


@blp.get("/organisasjoner/<uuid:organisasjon_id>")
def organisasjon(organisasjon_id: UUID) -> str:
    return _vis_organisasjon(organisasjon_id)


def _vis_organisasjon(
    organisasjon_id: UUID, verdier: Mapping[str, str] | None = None, feil: PortalError | None = None
) -> str:
    visning = oppslag.hent_visning(gjeldende_aktor(), organisasjon_id)
    o = visning.organisasjon
    return render_template(
        "identitet/organisasjon.html",
        v=visning,
        o=o,
        folketall="" if o.folketall is None else format_decimal(o.folketall),
        er_sykehus=o.type in SYKEHUS,
        fagomraader=[(kode, str(navn)) for kode, navn in omraader_for(o.type).items()],
        kan_ha_enheter=bool(enhetstyper_for(o.type)),
        verdier=verdier or {},
        **feltfeil(feil),
    )


@blp.post("/organisasjoner/<uuid:organisasjon_id>/telefon")
def lagre_telefon(organisasjon_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(TelefonInn, verdier)
        organisasjoner.sett_telefon(gjeldende_aktor(), organisasjon_id, inn["versjon"], inn["telefon"])
    except (UgyldigData, Utdatert) as feil:
        return _vis_organisasjon(organisasjon_id, verdier, feil), feil.status
    return _lagret(organisasjon_id)


@blp.post("/organisasjoner/<uuid:organisasjon_id>/fagtelefoner")
def lagre_fagtelefoner(organisasjon_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(FagtelefonerInn, verdier)
        versjon = inn.pop("versjon")
        numre = {navn.removeprefix("fag_"): nummer for navn, nummer in inn.items()}
        organisasjoner.sett_fagtelefoner(gjeldende_aktor(), organisasjon_id, versjon, numre)
    except (UgyldigData, Utdatert) as feil:
        return _vis_organisasjon(organisasjon_id, verdier, feil), feil.status
    return _lagret(organisasjon_id)


def _lagret(organisasjon_id: UUID) -> Response:
    flash(_("Endringen er lagret."), "success")
    return redirect(url_for("identitet.organisasjon", organisasjon_id=organisasjon_id), 303)


# --- units -----------------------------------------------------------------------------------------------


@blp.route("/organisasjoner/<uuid:organisasjon_id>/enheter/ny", methods=["GET", "POST"])
def ny_enhet(organisasjon_id: UUID) -> Any:
    """A new unit of the organisation."""
    sted = oppslag.hent_for_redigering(gjeldende_aktor(), organisasjon_id)
    if request.method == "GET":
        return _vis_enhet(sted, None, {"aktiv": "1"}, frozenset())
    verdier, valgte = _enhetsskjema()
    try:
        inn = les(EnhetInn, {**verdier, "kommuner": valgte})
        organisasjoner.legg_til_enhet(gjeldende_aktor(), organisasjon_id, _enhetsfelter(inn))
    except UgyldigData as feil:
        return _vis_enhet(sted, None, verdier, frozenset(valgte), feil), feil.status
    return _lagret(organisasjon_id)


@blp.route("/enheter/<uuid:enhet_id>", methods=["GET", "POST"])
def enhet(enhet_id: UUID) -> Any:
    """Changing a unit, or taking it out of use."""
    funnet = oppslag.hent_enhet(gjeldende_aktor(), enhet_id)
    if request.method == "GET":
        lagret = {
            "navn": funnet.navn,
            "type": funnet.type,
            "privat": "1" if funnet.privat else "",
            "organisasjonsnummer": funnet.organisasjonsnummer or "",
            "telefon": funnet.telefon,
            "aktiv": "1" if funnet.aktiv else "",
        }
        return _vis_enhet(funnet.organisasjon, funnet, lagret, frozenset(str(k.id) for k in funnet.kommuner))
    verdier, valgte = _enhetsskjema()
    try:
        inn = les(EnhetInn, {**verdier, "kommuner": valgte})
        organisasjoner.endre_enhet(gjeldende_aktor(), enhet_id, inn["versjon"], _enhetsfelter(inn))
    except (UgyldigData, Utdatert) as feil:
        # What somebody else saved meanwhile is read afresh: its version goes with the form.
        funnet = oppslag.hent_enhet(gjeldende_aktor(), enhet_id)
        return _vis_enhet(funnet.organisasjon, funnet, verdier, frozenset(valgte), feil), feil.status
    return _lagret(funnet.organisasjon_id)


def _enhetsskjema() -> tuple[dict[str, str], list[str]]:
    """The form's single fields, and the served kommuner, which come once each."""
    enkle = {navn: verdi for navn, verdi in request.form.items() if navn != "kommuner"}
    if any(len(request.form.getlist(navn)) > 1 for navn in enkle):
        raise UgyldigData()
    return enkle, request.form.getlist("kommuner")


def _enhetsfelter(inn: Mapping[str, Any]) -> Enhetsfelter:
    kommuner = {*inn["kommuner"], *([inn["annen_kommune"]] if inn["annen_kommune"] else [])}
    return Enhetsfelter(
        navn=inn["navn"],
        type=inn["type"],
        privat=inn["privat"],
        organisasjonsnummer=inn["organisasjonsnummer"],
        telefon=inn["telefon"],
        aktiv=inn["aktiv"],
        kommuner=frozenset(kommuner),
    )


def _vis_enhet(
    sted: Organisasjon,
    enhet_: Enhet | None,
    verdier: Mapping[str, str],
    valgte: frozenset[str],
    feil: PortalError | None = None,
) -> str:
    return render_template(
        "identitet/enhet.html",
        o=sted,
        enhet=enhet_,
        verdier=verdier,
        valgte=valgte,
        typer=enhetstyper_for(sted.type),
        naboer=[(str(i), navn) for i, navn in oppslag.nabokommuner(sted, valgte)],
        andre=[(str(i), navn) for i, navn in kommuner_for_valg() if i != sted.id],
        kan_vaere_interkommunal=sted.type == Organisasjonstype.KOMMUNE,
        **feltfeil(feil),
    )
