"""The organisation's premises that can be lent: the list, one of them, the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.beredskap.routes.felles import feltverdi
from portal.core.clock import now
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _, _l
from portal.core.web import aktor, feltfeil, les, skjema_med_lister, skjemadata
from portal.identitet.steps import kommuner_for_valg
from portal.omdisponering.forloep import Lokaleslag, Lokalkrav
from portal.omdisponering.ressursmodeller import Lokale
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.routes.ressurser import bits, si_om_borte
from portal.omdisponering.schemas import BekreftInn, BorteInn, LokaleInn, LokaleutvalgInn
from portal.omdisponering.service import lokaler as tjeneste
from portal.plasser.schemas import TomtInn

LOKALER = "/lokaler"
LOKALE = f"{LOKALER}/<uuid:lokale_id>"
ORD = {
    "navn": _l("Navn"),
    "slag": _l("Slags lokale"),
    "enhet_id": _l("Enhet"),
    "sted_id": _l("Kommune"),
    "adresse": _l("Adresse"),
    "plasser": _l("Plasser"),
    "kvm": _l("Kvadratmeter"),
    "krav": _l("Det lokalet har"),
    "merknad": _l("Merknad"),
}


@blp.get(LOKALER)
def lokaler() -> str:
    a = aktor()
    inn = les(LokaleutvalgInn, request.args)
    utvalg = tjeneste.Utvalg(q=inn["q"], slag=inn["slag"], krav=inn["krav"] or 0, vis=inn["vis"])
    uten_side = {k: v for k, v in request.args.items() if k != "side" and v}
    return render_template(
        "omdisponering/lokaler.html",
        funnet=tjeneste.hent_liste(a, utvalg, inn["side"]),
        verdier=request.args,
        utvalg=uten_side,
        lokaleslag=[str(s) for s in Lokaleslag],
        lokalkravvalg=[str(int(k)) for k in Lokalkrav],
        adresse=f"{url_for('omdisponering.lokaler')}?{urlencode({**uten_side, 'side': ''})}",
        feil={},
    )


@blp.get(LOKALE)
def lokale(lokale_id: UUID) -> str:
    return _vis(lokale_id)


def _vis(lokale_id: UUID, verdier: Mapping[str, Any] | None = None, feil: PortalError | None = None) -> str:
    return render_template(
        "omdisponering/lokale.html",
        s=tjeneste.hent(aktor(), lokale_id),
        verdier=verdier or {},
        foerst_naa=feltverdi(now()),
        **feltfeil(feil),
    )


def _til_lokale(lokale_id: UUID) -> Any:
    return redirect(url_for("omdisponering.lokale", lokale_id=lokale_id), 303)


@blp.post(f"{LOKALE}/fravaer")
def lokale_borte(lokale_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        numre = tjeneste.meld_borte(aktor(), lokale_id, **les(BorteInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis(lokale_id, verdier, feil), feil.status
    si_om_borte(numre)
    return _til_lokale(lokale_id)


@blp.post(f"{LOKALE}/fravaer/<uuid:borte_id>/fjern")
def lokale_ikke_borte(lokale_id: UUID, borte_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        tjeneste.fjern_borte(aktor(), lokale_id, borte_id)
    except Konflikt as feil:
        return _vis(lokale_id, feil=feil), feil.status
    flash(_("Perioden er tatt bort."), "success")
    return _til_lokale(lokale_id)


@blp.post(f"{LOKALE}/nedlegg")
def nedlegg_lokale(lokale_id: UUID) -> Any:
    inn = les(BekreftInn, skjemadata())
    try:
        if not inn["bekreftet"]:
            raise UgyldigData(felter={"bekreftet": [_("Kryss av for at lokalet skal tas ut av bruk.")]})
        tjeneste.nedlegg(aktor(), lokale_id)
    except (UgyldigData, Konflikt) as feil:
        return _vis(lokale_id, feil=feil), feil.status
    flash(_("Lokalet er tatt ut av bruk. Historikken står her fortsatt."), "success")
    return _til_lokale(lokale_id)


@blp.post(f"{LOKALE}/gjenaapne")
def gjenaapne_lokale(lokale_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    try:
        tjeneste.gjenaapne(aktor(), lokale_id)
    except (UgyldigData, Konflikt) as feil:
        return _vis(lokale_id, feil=feil), feil.status
    flash(_("Lokalet er i bruk igjen."), "success")
    return _til_lokale(lokale_id)


# --- the form --------------------------------------------------------------------------------------------


@blp.route(f"{LOKALER}/ny", methods=["GET", "POST"])
def nytt_lokale() -> Any:
    a = aktor()
    egen, _enheter = tjeneste.valg(a)
    if request.method == "GET":
        return _skjema(None, {"sted_id": str(egen) if a.er_kommunal else "", "krav": []})
    verdier = _sendt()
    try:
        inn = les(LokaleInn, verdier)
        del inn["lest"]
        id_ = tjeneste.opprett(a, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _skjema(None, verdier, feil), feil.status
    flash(_("Lokalet er registrert."), "success")
    return _til_lokale(id_)


@blp.route(f"{LOKALE}/endre", methods=["GET", "POST"])
def endre_lokale(lokale_id: UUID) -> Any:
    x = tjeneste.hent(aktor(), lokale_id).lokale
    if request.method == "GET":
        return _skjema(x, _lagret(x))
    verdier = _sendt()
    try:
        tjeneste.endre(aktor(), lokale_id, **les(LokaleInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        x = tjeneste.hent(aktor(), lokale_id).lokale
        return _skjema(x, verdier, feil), feil.status
    flash(_("Endringen er lagret."), "success")
    return _til_lokale(lokale_id)


def _sendt() -> dict[str, Any]:
    enkle, lister = skjema_med_lister("krav")
    return {**enkle, **lister}


def _lagret(x: Lokale) -> dict[str, Any]:
    return {
        "navn": x.navn,
        "slag": x.slag,
        "enhet_id": str(x.enhet_id or ""),
        "sted_id": str(x.sted_id),
        "adresse": x.adresse,
        "plasser": "" if x.plasser is None else str(x.plasser),
        "kvm": "" if x.kvm is None else str(x.kvm),
        "krav": bits(x.krav, Lokalkrav),
        "merknad": x.merknad,
        "lest": str(x.versjon),
    }


def _skjema(x: Lokale | None, verdier: Mapping[str, Any], feil: PortalError | None = None) -> str:
    """The form as it was filled in. Where somebody else was first, what stands now is told beside it."""
    _egen, enheter = tjeneste.valg(aktor())
    lagret = _lagret(x) if x is not None else {}
    ulike: list[str] = []
    if x is not None and isinstance(feil, Utdatert):
        ulike = [k for k in ORD if (verdier.get(k) or "") != (lagret[k] or "")]
    kommuner = [(str(i), navn) for i, navn in kommuner_for_valg()]
    enhetsvalg = [(str(i), navn) for i, navn in enheter]
    if x is not None:
        # Where it has been, may stand: a unit that is closed, an organisation that is no kommune.
        if x.enhet is not None and str(x.enhet_id) not in dict(enhetsvalg):
            enhetsvalg.append((str(x.enhet_id), x.enhet.navn))
        if str(x.sted_id) not in dict(kommuner):
            kommuner.append((str(x.sted_id), x.sted.kortnavn))
    return render_template(
        "omdisponering/lokale_skjema.html",
        lokale=x,
        verdier={
            **verdier,
            "lest": str(x.versjon) if x is not None and feil is not None else verdier.get("lest"),
        },
        lagret=lagret,
        ulike=ulike,
        etiketter=ORD,
        enheter=enhetsvalg,
        kommuner=kommuner,
        lokaleslag=[str(s) for s in Lokaleslag],
        lokalkravvalg=[str(int(k)) for k in Lokalkrav],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )
