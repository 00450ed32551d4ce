"""The administrator's pages for people: the list, one person, a new one, and many from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import format_date

from portal.core.aktor import Rolle
from portal.core.clock import now, oslo
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, ngettext
from portal.core.web import etikett, feltfeil, les
from portal.identitet import brev, folkefil, roller
from portal.identitet.fagomraader import omraader_for
from portal.identitet.innlogging import gjeldende_aktor, gjeldende_aktor_eller_ingen
from portal.identitet.models import Organisasjon
from portal.identitet.routes.felles import blp
from portal.identitet.schemas import (
    FagomraaderInn,
    FolkeimportInn,
    FolkSokInn,
    NyPersonInn,
    OpplysningerOmPersonInn,
    RolleInn,
    SluttdatoInn,
    StedInn,
    VakttapInn,
)
from portal.identitet.service import folk, folkeendring, folkeimport, lenker, oekter, personer, totrinn
from portal.identitet.service.folkeendring import AdresseIBruk, Lagttil
from portal.identitet.vakttap import VakterFaller

#: The text goes up again with the confirmation, where each line break may have become two signs.
_STOERSTE_FIL = folkefil.STOERST + 256 * 1024


@blp.url_value_preprocessor
def _slipp_fram_filen(endepunkt: str | None, _verdier: Any) -> None:
    """The one page that takes a file. Before the CSRF check, which reads the form; for administrators alone."""
    if endepunkt != "identitet.folkeimport" or request.method != "POST":
        return
    aktor = gjeldende_aktor_eller_ingen()
    if aktor is not None and folk.er_administrator(aktor):
        request.max_content_length = request.max_form_memory_size = _STOERSTE_FIL


def _dag(dag: date | datetime | None) -> str:
    """A day of the calendar in Oslo: «31. des. 2026»."""
    if dag is None:
        return ""
    return format_date(oslo(dag).date() if isinstance(dag, datetime) else dag, "d. MMM y")


def _organisasjon(skjema: type[StedInn] = StedInn) -> UUID | None:
    """The organisation that the address names, if any."""
    return les(skjema, request.args)["organisasjon"]


def _felles(sted: Organisasjon) -> dict[str, Any]:
    """What all the pages need: the place, and the addresses that keep to it."""
    aktor = gjeldende_aktor()
    valgt = sted.id if sted.id != aktor.organisasjon_id else None
    return {
        "sted": sted,
        "dag": _dag,
        "organisasjon_valgt": str(valgt) if valgt else "",
        "adresse_til": lambda endepunkt, **verdier: url_for(
            f"identitet.{endepunkt}", organisasjon=valgt, **verdier
        ),
    }


def _rollevalg(sted: Organisasjon) -> dict[str, Any]:
    """What a form for a role offers in this organisation."""
    roller_ = folk.roller_aa_gi(gjeldende_aktor(), sted)
    return {
        "roller": roller_,
        "enheter": folk.enheter_i(sted),
        "omraader": [(kode, str(navn)) for kode, navn in omraader_for(sted.type).items()]
        if any(roller.kan_ha_fagomraader(r) for r in roller_)
        else [],
        "i_dag": oslo(now()).date().isoformat(),
    }


def _skjema(*lister: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The form's single fields, and those that come once for each choice."""
    enkle = {navn: verdi for navn, verdi in request.form.items() if navn not in lister}
    if any(len(request.form.getlist(navn)) > 1 for navn in enkle):
        raise UgyldigData()
    return enkle, {navn: request.form.getlist(navn) for navn in lister}


# --- the list --------------------------------------------------------------------------------------------


@blp.get("/folk", endpoint="folk")
def folkeliste() -> str:
    aktor = gjeldende_aktor()
    valg = les(FolkSokInn, request.args)
    sted = folk.finn_sted(aktor, valg["organisasjon"])
    side = folk.liste(
        aktor,
        sted,
        sok=valg["sok"],
        rolle=valg["rolle"],
        enhet_id=valg["enhet"],
        tilstand=valg["tilstand"],
        side=valg["side"],
    )
    uten_side = {k: v for k, v in request.args.items() if k != "side" and v}
    return render_template(
        "identitet/folk.html",
        side=side,
        valg=valg,
        roller=folk.roller_aa_gi(aktor, sted),
        enheter=folk.enheter_i(sted),
        tilstandsvalg=[(str(t), etikett("persontilstand", t)) for t in roller.Tilstand],
        steder=folk.steder(aktor),
        adresse=f"{url_for('identitet.folk')}?{urlencode({**uten_side, 'side': ''})}",
        **_felles(sted),
    )


# --- a new person ----------------------------------------------------------------------------------------


@blp.route("/folk/ny", methods=["GET", "POST"])
def ny_person() -> Any:
    aktor = gjeldende_aktor()
    if request.method == "GET":
        return _vis_ny(folk.finn_sted(aktor, _organisasjon()), {"inviter": "1"}, [])
    verdier, lister = _skjema("fagomraader")
    sted = folk.finn_sted(
        aktor, les(StedInn, {"organisasjon": verdier.get("organisasjon", "")})["organisasjon"]
    )
    try:
        inn = les(NyPersonInn, {**verdier, **lister})
        lagt_til = folkeendring.legg_til(
            aktor,
            _oppdrag(sted, inn),
            navn=inn["navn"],
            epost=inn["epost"],
            telefon=inn["telefon"],
            hpr_nummer=inn["hpr_nummer"],
            inviter=inn["inviter"],
            bruk_eksisterende=inn["bruk_eksisterende"],
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis_ny(sted, verdier, lister["fagomraader"], feil), feil.status
    if lagt_til.token:
        return _vis_invitert(sted, lagt_til)
    flash(_("%(navn)s er lagt til.", navn=lagt_til.navn), "success")
    return _til_person(sted, lagt_til.person_id)


def _oppdrag(sted: Organisasjon, inn: Mapping[str, Any]) -> roller.Rolleoppdrag:
    return folkeendring.oppdrag(
        sted,
        rolle=inn["rolle"],
        enhet=inn["enhet"],
        fagomraader=inn["fagomraader"],
        fra=inn["fra"],
        til=inn["til"],
    )


def _vis_ny(
    sted: Organisasjon, verdier: Mapping[str, str], valgte: Sequence[str], feil: PortalError | None = None
) -> str:
    i_bruk = feil if isinstance(feil, AdresseIBruk) else None
    return render_template(
        "identitet/folk_ny.html",
        verdier=verdier,
        valgte=valgte,
        i_bruk=i_bruk is not None,
        finnes_her=i_bruk.detaljer["her"] if i_bruk else None,
        **_rollevalg(sted),
        **_felles(sted),
        **feltfeil(None if i_bruk else feil),
    )


def _vis_invitert(sted: Organisasjon, invitert: Lagttil) -> str:
    """The link, shown this once: only its hash is kept."""
    assert invitert.token is not None
    return render_template(
        "identitet/folk_invitert.html",
        invitert=invitert,
        lenke=brev.lenkeadresse(invitert.token),
        **_felles(sted),
    )


# --- one person ------------------------------------------------------------------------------------------


@blp.get("/folk/<uuid:person_id>")
def person(person_id: UUID) -> str:
    sted = folk.finn_sted_for(gjeldende_aktor(), person_id, _organisasjon())
    return _vis_person(sted, person_id)


def _vis_person(
    sted: Organisasjon,
    person_id: UUID,
    feil: PortalError | None = None,
    *,
    opplysninger: Mapping[str, str] | None = None,
    rolle: Mapping[str, str] | None = None,
    valgte: Sequence[str] = (),
    roller_endret: UUID | None = None,
    skrevet: Mapping[str, Any] | None = None,
) -> str:
    """The page, with what was typed in the form that was refused: the person's, a new role's, or that of a role she has
    (`skrevet`: its end date or its fagområder). Where shifts are left without anybody, the form asks once more."""
    visning = folk.hent(gjeldende_aktor(), sted, person_id)
    faller = feil if isinstance(feil, VakterFaller) else None
    p, feltene = visning.person, feltfeil(None if faller else feil)
    if roller_endret is not None:
        # Each role has its own fields.
        feltene = {
            "feil": {
                f"{f}-{roller_endret}" if f in ("til", "fagomraader") else f: m
                for f, m in feltene["feil"].items()
            }
        }
    lagret = {"navn": p.navn, "epost": p.epost, "telefon": p.telefon, "hpr_nummer": p.hpr_nummer or ""}
    return render_template(
        "identitet/folk_person.html",
        v=visning,
        p=p,
        verdier={**(opplysninger or lagret), **(rolle or {})},
        aapen="opplysninger" if opplysninger is not None else "rolle" if rolle is not None else "",
        roller_endret=roller_endret,
        skrevet=skrevet or {},
        faller=faller,
        valgte=valgte,
        **_rollevalg(sted),
        **_felles(sted),
        **feltene,
    )


def _sted_for(person_id: UUID, verdier: Mapping[str, str]) -> Organisasjon:
    """The place that the form names, and the person has or had a role there. Raises IkkeFunnet."""
    aktor = gjeldende_aktor()
    valgt = les(StedInn, {"organisasjon": verdier.get("organisasjon", "")})["organisasjon"]
    sted = folk.finn_sted_for(aktor, person_id, valgt)
    folk.krev_her(aktor, sted, person_id)
    return sted


def _til_person(sted: Organisasjon, person_id: UUID) -> Any:
    return redirect(_felles(sted)["adresse_til"]("person", person_id=person_id), 303)


@blp.post("/folk/<uuid:person_id>/opplysninger")
def endre_person(person_id: UUID) -> Any:
    verdier, _lister = _skjema()
    sted = _sted_for(person_id, verdier)
    try:
        inn = les(OpplysningerOmPersonInn, verdier)
        inn.pop("organisasjon")
        folkeendring.endre_person(gjeldende_aktor(), sted.id, person_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis_person(sted, person_id, feil, opplysninger=verdier), feil.status
    flash(_("Endringen er lagret."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/roller")
def gi_rolle(person_id: UUID) -> Any:
    verdier, lister = _skjema("fagomraader")
    sted = _sted_for(person_id, verdier)
    try:
        inn = les(RolleInn, {**verdier, **lister})
        folkeendring.gi_rolle(gjeldende_aktor(), person_id, _oppdrag(sted, inn))
    except UgyldigData as feil:
        svar = _vis_person(sted, person_id, feil, rolle=verdier, valgte=lister["fagomraader"])
        return svar, feil.status
    flash(_("Rollen er gitt."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/roller/<uuid:medlemskap_id>/sluttdato")
def sett_sluttdato(person_id: UUID, medlemskap_id: UUID) -> Any:
    verdier, _lister = _skjema()
    sted = _sted_for(person_id, verdier)
    try:
        inn = les(SluttdatoInn, verdier)
        folkeendring.sett_sluttdato(
            gjeldende_aktor(), sted.id, person_id, medlemskap_id, inn["til"], sett_vakter=inn["vakter"]
        )
    except (UgyldigData, VakterFaller) as feil:
        skrevet = {"til": verdier.get("til", "")}
        svar = _vis_person(sted, person_id, feil, roller_endret=medlemskap_id, skrevet=skrevet)
        return svar, feil.status
    flash(_("Sluttdatoen er lagret."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/roller/<uuid:medlemskap_id>/fagomraader")
def sett_fagomraader(person_id: UUID, medlemskap_id: UUID) -> Any:
    """What the role answers for. What is open in windows is judged again."""
    verdier, lister = _skjema("fagomraader")
    sted = _sted_for(person_id, verdier)
    try:
        inn = les(FagomraaderInn, {**verdier, **lister})
        folkeendring.sett_fagomraader(
            gjeldende_aktor(),
            sted.id,
            person_id,
            medlemskap_id,
            inn["fagomraader"],
            sett_vakter=inn["vakter"],
        )
    except (UgyldigData, VakterFaller) as feil:
        svar = _vis_person(sted, person_id, feil, roller_endret=medlemskap_id, skrevet=lister)
        return svar, feil.status
    flash(_("Fagområdene er lagret."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/roller/<uuid:medlemskap_id>/avslutt")
def avslutt_rolle(person_id: UUID, medlemskap_id: UUID) -> Any:
    """Now. Windows that are open in the role close."""
    verdier, _lister = _skjema()
    sted = _sted_for(person_id, verdier)
    folkeendring.krev_rolle_her(gjeldende_aktor(), sted.id, person_id, medlemskap_id)
    try:
        personer.avslutt_medlemskap(
            gjeldende_aktor(), medlemskap_id, sett_vakter=les(VakttapInn, verdier)["vakter"]
        )
    except VakterFaller as feil:
        svar = _vis_person(sted, person_id, feil, roller_endret=medlemskap_id, skrevet={"avslutt": True})
        return svar, feil.status
    flash(_("Rollen er avsluttet. Åpne vinduer i rollen er stengt."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/steng")
def steng_person(person_id: UUID) -> Any:
    verdier, _lister = _skjema()
    sted = _sted_for(person_id, verdier)
    try:
        personer.sett_aktiv(
            gjeldende_aktor(), person_id, False, sett_vakter=les(VakttapInn, verdier)["vakter"]
        )
    except VakterFaller as feil:
        return _vis_person(sted, person_id, feil, skrevet={"steng": True}), feil.status
    flash(_("Personen er stengt ute og logget ut alle steder."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/aapne")
def aapne_person(person_id: UUID) -> Any:
    sted = _sted_for(person_id, _skjema()[0])
    personer.sett_aktiv(gjeldende_aktor(), person_id, True)
    flash(_("Personen er sluppet inn igjen."), "success")
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/inviter")
def inviter_person(person_id: UUID) -> Any:
    """A new invitation: the former link counts no more."""
    sted = _sted_for(person_id, _skjema()[0])
    aktor = gjeldende_aktor()
    token = lenker.inviter(aktor, person_id)
    p = folk.hent(aktor, sted, person_id).person
    return _vis_invitert(sted, Lagttil(person_id, p.navn, p.epost, token))


@blp.post("/folk/<uuid:person_id>/totrinn")
def nullstill_totrinn(person_id: UUID) -> Any:
    sted = _sted_for(person_id, _skjema()[0])
    totrinn.nullstill(gjeldende_aktor(), person_id)
    flash(
        _("Totrinnsinnloggingen er nullstilt. Personen setter opp en ny app ved neste innlogging."), "success"
    )
    return _til_person(sted, person_id)


@blp.post("/folk/<uuid:person_id>/logg-ut")
def logg_ut_person(person_id: UUID) -> Any:
    sted = _sted_for(person_id, _skjema()[0])
    antall = oekter.avslutt_sesjoner(gjeldende_aktor(), person_id)
    flash(
        ngettext("%(num)s innlogging er avsluttet.", "%(num)s innlogginger er avsluttet.", antall), "success"
    )
    return _til_person(sted, person_id)


# --- many from a file ------------------------------------------------------------------------------------


@blp.get("/folk/import/mal")
def folkemal() -> Response:
    """The empty file: UTF-8 with a mark and semicolons, which Norwegian spreadsheets open as columns."""
    folk.finn_sted(gjeldende_aktor(), _organisasjon())
    return Response(
        folkefil.MAL,
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="folk.csv"'},
    )


@blp.route("/folk/import", methods=["GET", "POST"], endpoint="folkeimport")
def importer_folk() -> Any:
    """First what the file would do, then, when no line is wrong, all of it. The text goes up again in between."""
    aktor = gjeldende_aktor()
    if request.method == "GET":
        return _vis_import(folk.finn_sted(aktor, _organisasjon()), {"inviter": "1"})
    verdier, _lister = _skjema()
    sted = folk.finn_sted(
        aktor, les(StedInn, {"organisasjon": verdier.get("organisasjon", "")})["organisasjon"]
    )
    plan = None
    try:
        inn = les(FolkeimportInn, verdier)
        fil = request.files.get("fil")
        if fil is not None and fil.filename:
            with fil.stream:
                verdier = {**verdier, "tekst": folkeimport.les_fil(fil.read())}
        linjer = folkeimport.les_linjer(verdier.get("tekst", ""))
        plan = folkeimport.vurder(aktor, sted.id, linjer)
        if inn["lagre"] and not plan.feilede:
            plan = folkeimport.importer(aktor, sted.id, linjer, inviter=inn["inviter"])
            return _importert(sted, plan)
    except (UgyldigData, Konflikt) as feil:
        return _vis_import(sted, verdier, plan, feil), feil.status
    return _vis_import(sted, verdier, plan), 422 if plan.feilede else 200


def _importert(sted: Organisasjon, plan: folkeimport.Plan) -> Any:
    antall = plan.antall
    flash(
        _(
            "Fila er lest inn: %(nye)s nye personer, %(roller)s nye roller til folk som fantes, %(finnes)s fra før.",
            nye=plan.nye,
            roller=antall[folkeimport.Linjeutfall.NY_ROLLE],
            finnes=antall[folkeimport.Linjeutfall.FINNES],
        ),
        "success",
    )
    return redirect(_felles(sted)["adresse_til"]("folk"), 303)


def _eksempel(sted: Organisasjon) -> str:
    """A line that would be right here."""
    rolle = folk.roller_aa_gi(gjeldende_aktor(), sted)[0]
    enhet = next((navn for _id, navn in folk.enheter_i(sted)), "")
    fag = next(iter(omraader_for(sted.type))) if rolle == Rolle.SPESIALIST else ""
    aar = oslo(now()).year + 1
    celler = ["Kari Nordmann", "kari@eksempel.no", "", "", rolle, enhet, fag, f"01.01.{aar}", f"31.12.{aar}"]
    return ";".join(celler)


def _vis_import(
    sted: Organisasjon,
    verdier: Mapping[str, str],
    plan: folkeimport.Plan | None = None,
    feil: PortalError | None = None,
) -> str:
    return render_template(
        "identitet/folk_import.html",
        verdier=verdier,
        plan=plan,
        kolonner=folkefil.KOLONNER,
        flest=folkefil.FLEST,
        eksempel=_eksempel(sted),
        **_rollevalg(sted),
        **_felles(sted),
        **feltfeil(feil),
    )
