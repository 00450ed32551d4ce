"""The organisation's people who can be lent: the list, one of them, the form, a file of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for

from portal.beredskap.routes.felles import feltverdi
from portal.core.clock import now
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _, _l, ngettext
from portal.core.web import (
    aktor,
    aktor_eller_ingen,
    feltfeil,
    les,
    skjema_med_lister,
    skjemadata,
    slipp_fram,
    som_tekst,
)
from portal.identitet.steps import kommuner_for_valg
from portal.omdisponering import access, ressursfil
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Kompetanse, Stilling
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.routes.felles import blp, si_holder_ikke
from portal.omdisponering.schemas import (
    BekreftInn,
    BorteInn,
    HprInn,
    PersonfilInn,
    PersonInn,
    PersonutvalgInn,
)
from portal.omdisponering.service import ressurser as tjeneste
from portal.omdisponering.service import ressursimport
from portal.plasser.schemas import TomtInn

#: The text comes up again with the form, where each line break may have become two signs.
_STOERSTE_FIL = ressursfil.STOERST + 256 * 1024
PERSONER = "/personer"
PERSON = f"{PERSONER}/<uuid:ressursperson_id>"
ORD = {
    "navn": _l("Navn"),
    "stilling": _l("Stilling"),
    "enhet_id": _l("Enhet"),
    "kompetanse": _l("Kompetanse"),
    "hpr": _l("HPR-nummer"),
    "prosent": _l("Kan avgis høyst"),
    "sted_id": _l("Holder til i"),
    "reise_km": _l("Reiser høyst"),
    "telefon": _l("Telefon"),
    "epost": _l("E-post"),
    "vaksinert": _l("Vaksinert"),
    "smittevern": _l("Opplæring i smittevern"),
    "fritatt": _l("Fritatt for beordring"),
    "bruker": _l("Bruker i portalen"),
}


def bits(sum_: int, flagg: Any) -> list[str]:
    """A sum of flags as the boxes of a form that are ticked."""
    return [str(int(f)) for f in flagg if sum_ & f]


# --- the list --------------------------------------------------------------------------------------------


@blp.get(PERSONER)
def personer() -> str:
    a = aktor()
    inn = les(PersonutvalgInn, request.args)
    utvalg = tjeneste.Utvalg(
        q=inn["q"],
        stilling=inn["stilling"],
        enhet_id=inn["enhet"],
        kompetanse=inn["kompetanse"] or 0,
        vis=inn["vis"],
    )
    uten_side = {k: v for k, v in request.args.items() if k != "side" and v}
    _egen, enheter = tjeneste.valg(a)
    return render_template(
        "omdisponering/personer.html",
        funnet=tjeneste.hent_liste(a, utvalg, inn["side"]),
        verdier=request.args,
        utvalg=uten_side,
        enheter=[(str(i), navn) for i, navn in enheter],
        stillinger=[str(s) for s in Stilling],
        kompetansevalg=[str(int(k)) for k in Kompetanse],
        adresse=f"{url_for('omdisponering.personer')}?{urlencode({**uten_side, 'side': ''})}",
        feil={},
    )


# --- one -------------------------------------------------------------------------------------------------


@blp.get(PERSON)
def ressursperson(ressursperson_id: UUID) -> str:
    return _vis(ressursperson_id)


def _vis(
    ressursperson_id: UUID, verdier: Mapping[str, Any] | None = None, feil: PortalError | None = None
) -> str:
    return render_template(
        "omdisponering/person.html",
        s=tjeneste.hent(aktor(), ressursperson_id),
        verdier=verdier or {},
        foerst_naa=feltverdi(now()),
        **feltfeil(feil),
    )


def _til_person(ressursperson_id: UUID) -> Any:
    return redirect(url_for("omdisponering.ressursperson", ressursperson_id=ressursperson_id), 303)


@blp.post(f"{PERSON}/hpr")
def merk_hpr(ressursperson_id: UUID) -> Any:
    try:
        inn = les(HprInn, skjemadata())
        numre = tjeneste.merk_hpr(aktor(), ressursperson_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis(ressursperson_id, feil=feil), feil.status
    if inn["gyldig"]:
        flash(_("Merket: slått opp i HPR i dag."), "success")
    else:
        flash(
            _("Merket er tatt bort. Personen kan ikke dekke behov som krever autorisasjon."),
            "warning",
        )
    si_holder_ikke(numre)
    return _til_person(ressursperson_id)


@blp.post(f"{PERSON}/fravaer")
def person_borte(ressursperson_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        numre = tjeneste.meld_borte(aktor(), ressursperson_id, **les(BorteInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis(ressursperson_id, verdier, feil), feil.status
    si_om_borte(numre)
    return _til_person(ressursperson_id)


def si_om_borte(numre: list[str]) -> None:
    """What was saved, and what is promised all the same."""
    if not numre:
        flash(_("Perioden er lagret. Ingen blir foreslått eller godkjent i den."), "success")
        return
    flash(
        _(
            "Perioden er lagret, men noe er alt lovet bort i den: %(numre)s. Det blir stående til dere trekker "
            "eller avslutter det.",
            numre=", ".join(numre),
        ),
        "warning",
    )


@blp.post(f"{PERSON}/fravaer/<uuid:borte_id>/fjern")
def person_ikke_borte(ressursperson_id: UUID, borte_id: UUID) -> Any:
    les(TomtInn, skjemadata())
    tjeneste.fjern_borte(aktor(), ressursperson_id, borte_id)
    flash(_("Perioden er tatt bort."), "success")
    return _til_person(ressursperson_id)


@blp.post(f"{PERSON}/slett")
def slett_person(ressursperson_id: UUID) -> Any:
    inn = les(BekreftInn, skjemadata())
    try:
        if not inn["bekreftet"]:
            raise UgyldigData(felter={"bekreftet": [_("Kryss av for at personen skal slettes.")]})
        tjeneste.slett(aktor(), ressursperson_id)
    except (UgyldigData, Konflikt) as feil:
        return _vis(ressursperson_id, feil=feil), feil.status
    flash(_("Personen er slettet fra registeret. Navn, numre og adresser er borte."), "success")
    return redirect(url_for("omdisponering.personer"), 303)


# --- the form --------------------------------------------------------------------------------------------


@blp.route(f"{PERSONER}/ny", methods=["GET", "POST"])
def ny_ressursperson() -> Any:
    a = aktor()
    egen, _enheter = tjeneste.valg(a)
    if request.method == "GET":
        hjemme = str(egen) if a.er_kommunal else ""
        return _skjema(None, {"prosent": "100", "sted_id": hjemme, "kompetanse": []})
    verdier = _sendt()
    try:
        inn = les(PersonInn, verdier)
        del inn["lest"]
        id_ = tjeneste.opprett(a, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _skjema(None, verdier, feil), feil.status
    flash(_("Personen er registrert."), "success")
    return _til_person(id_)


@blp.route(f"{PERSON}/endre", methods=["GET", "POST"])
def endre_person(ressursperson_id: UUID) -> Any:
    p = tjeneste.hent(aktor(), ressursperson_id).person
    if request.method == "GET":
        return _skjema(p, _lagret(p))
    verdier = _sendt()
    try:
        numre = tjeneste.endre(aktor(), ressursperson_id, **les(PersonInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        p = tjeneste.hent(aktor(), ressursperson_id).person
        return _skjema(p, verdier, feil), feil.status
    flash(_("Endringen er lagret."), "success")
    si_holder_ikke(numre)
    return _til_person(ressursperson_id)


def _sendt() -> dict[str, Any]:
    enkle, lister = skjema_med_lister("kompetanse")
    return {**enkle, **lister}


def _lagret(p: Ressursperson) -> dict[str, Any]:
    return {
        "navn": p.navn,
        "stilling": p.stilling,
        "enhet_id": str(p.enhet_id or ""),
        "kompetanse": bits(p.kompetanse, Kompetanse),
        "hpr": p.hpr,
        "prosent": str(p.prosent),
        "sted_id": str(p.sted_id),
        "reise_km": "" if p.reise_km is None else str(p.reise_km),
        "telefon": p.telefon,
        "epost": p.epost,
        "vaksinert": "" if p.vaksinert is None else str(int(p.vaksinert)),
        "smittevern": p.smittevern.isoformat() if p.smittevern else "",
        "fritatt": "1" if p.fritatt else "",
        "bruker": p.person.epost if p.person else "",
        "lest": str(p.versjon),
    }


def _skjema(p: Ressursperson | None, verdier: Mapping[str, Any], feil: PortalError | None = None) -> str:
    """The form as it was filled in. Where somebody else was first, what stands now is told beside it."""
    _egen, enheter = tjeneste.valg(aktor())
    lagret = _lagret(p) if p is not None else {}
    ulike: list[str] = []
    if p is not None and isinstance(feil, Utdatert):
        ulike = [k for k in ORD if (verdier.get(k) or "") != (lagret[k] or "")]
    kommuner = [(str(i), navn) for i, navn in kommuner_for_valg()]
    enhetsvalg = [(str(i), navn) for i, navn in enheter]
    if p is not None:
        # Where the person has been, may stand: a unit that is closed, an organisation that is no kommune.
        if p.enhet is not None and str(p.enhet_id) not in dict(enhetsvalg):
            enhetsvalg.append((str(p.enhet_id), p.enhet.navn))
        if str(p.sted_id) not in dict(kommuner):
            kommuner.append((str(p.sted_id), p.sted.kortnavn))
    return render_template(
        "omdisponering/person_skjema.html",
        p=p,
        verdier={
            **verdier,
            "lest": str(p.versjon) if p is not None and feil is not None else verdier.get("lest"),
        },
        lagret=lagret,
        ulike=ulike,
        etiketter=ORD,
        enheter=enhetsvalg,
        kommuner=kommuner,
        stillinger=[str(s) for s in Stilling],
        kompetansevalg=[str(int(k)) for k in Kompetanse],
        **feltfeil(feil),
    )


# --- a file ----------------------------------------------------------------------------------------------


@blp.url_value_preprocessor
def _slipp_fram_filen(endepunkt: str | None, _verdier: Any) -> None:
    """The one page that takes a file. Before the CSRF check, which reads the form; for who keeps the register alone."""
    if endepunkt == "omdisponering.importer_personer" and request.method == "POST":
        a = aktor_eller_ingen()
        if a is not None and access.kan_noe(a, Handling.REGISTRERE):
            slipp_fram(_STOERSTE_FIL)


def _som_fil(tekst: str, navn: str) -> Response:
    svar = Response(tekst, mimetype="text/csv")
    svar.headers.set("Content-Disposition", "attachment", filename=navn)
    return svar


@blp.get(f"{PERSONER}/eksport.csv")
def eksporter_personer() -> Response:
    return _som_fil(ressursimport.eksporter(aktor()), "personell.csv")


@blp.get(f"{PERSONER}/mal.csv")
def personmal() -> Response:
    tjeneste.valg(aktor())
    return _som_fil(ressursfil.skriv([]), "personell-mal.csv")


@blp.route(f"{PERSONER}/import", methods=["GET", "POST"])
def importer_personer() -> Any:
    a = aktor()
    # Before a file is read: who may.
    tjeneste.valg(a)
    if request.method == "GET":
        return _vis_import({})
    verdier = skjemadata()
    try:
        tekst = les(PersonfilInn, verdier)["tekst"]
        fil = request.files.get("fil")
        if fil is not None and fil.filename:
            with fil.stream:
                raa = fil.read(ressursfil.STOERST + 1)
            tekst = verdier["tekst"] = ressursimport.les_fil(raa)
        lest = ressursimport.importer(a, ressursimport.les_linjer(tekst))
    except (UgyldigData, Konflikt) as feil:
        return _vis_import(verdier, feil), feil.status
    flash(
        " ".join(
            (
                ngettext("%(num)s ny person er registrert.", "%(num)s nye personer er registrert.", lest.nye),
                ngettext("%(num)s er endret.", "%(num)s er endret.", lest.endret),
                ngettext("%(num)s sto som i fila.", "%(num)s sto som i fila.", lest.like),
            )
        ),
        "success",
    )
    si_holder_ikke(lest.holder_ikke)
    return redirect(url_for("omdisponering.personer"), 303)


def _vis_import(verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    _egen, enheter = tjeneste.valg(aktor())
    return render_template(
        "omdisponering/personer_import.html",
        importlinjer=som_tekst(feil.detaljer.get("linjer", [])) if feil is not None else [],
        verdier=verdier,
        kolonner=ressursfil.KOLONNER,
        flest=ressursfil.FLEST,
        stillinger=[str(s) for s in Stilling],
        kompetansevalg=list(Kompetanse),
        enheter=[navn for _id, navn in enheter],
        **feltfeil(feil),
    )
