"""The pages of when and where: the timeline, who is where now, and a person's letter and calendar entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, render_template, request, send_file
from flask_babel import format_date, get_locale

from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.errors import UgyldigData
from portal.core.sprak import _, _l
from portal.core.traader import FILER, i_traadpool
from portal.core.web import aktor, feltfeil, les, limiter
from portal.omdisponering import brevfil, kalenderfil, tidslinjeregler
from portal.omdisponering.forloep import Stilling
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import TidslinjeInn
from portal.omdisponering.service import brev, naa, tidslinje, tidslinje_omraade
from portal.omdisponering.tidslinjeregler import LENGSTE, Retning, Vindu, Vinduslengde, vindu

_FILER = limiter.shared_limit("30 per minute", scope="oppdragsfiler")


# --- the timeline ----------------------------------------------------------------------------------------


@blp.get("/tidslinje")
def vis_tidslinje() -> Any:
    sporring = {k: v for k, v in request.args.items() if v}
    try:
        inn = les(TidslinjeInn, sporring)
        valgt = _vindu(inn)
    except UgyldigData as feil:
        # A fault in the dates is told of in the area that was asked for.
        feilet = feil.detaljer.get("felter", {})
        inn = les(TidslinjeInn, {k: v for k, v in sporring.items() if k == "vis_omraade" and k not in feilet})
        return _vis(inn, _vindu(inn), sporring, feil), 422
    return _vis(inn, valgt, sporring)


def _vindu(inn: Mapping[str, Any]) -> Vindu:
    """The days that were asked for: the window of a length that a day is in, or one's own first and last day."""
    lengde = Vinduslengde(inn["vindu"])
    if lengde != Vinduslengde.EGET:
        dag = inn["dag"] or i_dag()
        if not 2000 <= dag.year <= 2200:
            raise UgyldigData(felter={"dag": [_l("Velg et år fra 2000 til 2200.")]})
        return vindu(lengde, dag)
    fra = inn["fra"] or i_dag()
    til = inn["til"] or fra + timedelta(days=27)
    if not (2000 <= fra.year <= 2200 and 2000 <= til.year <= 2200):
        raise UgyldigData(felter={"fra": [_l("Velg et år fra 2000 til 2200.")]})
    if til < fra:
        raise UgyldigData(felter={"til": [_l("Den siste dagen må være etter den første.")]})
    if (til - fra).days >= LENGSTE:
        raise UgyldigData(felter={"til": [_l("Velg høyst et år om gangen.")]})
    return vindu(lengde, fra, til)


def _vis(
    inn: Mapping[str, Any], valgt: Vindu, sporring: Mapping[str, str], feil: UgyldigData | None = None
) -> str:
    hvem = aktor()
    i_omraade = inn["vis_omraade"] is not None
    t = _hent_omraade(hvem, inn, valgt) if i_omraade else _hent_egen(hvem, inn, valgt)
    verdier = {
        k: "" if inn[k] is None else str(inn[k])
        for k in ("vis_omraade", "vindu", "status", "stilling", "retning", "motpart", "omraade", "vis")
    }
    if i_omraade and inn["status"] not in tidslinje_omraade.STATUSER:
        verdier["status"] = ""
    if valgt.lengde == Vinduslengde.EGET:
        verdier |= {"fra": valgt.fra.isoformat(), "til": valgt.siste.isoformat()}
    if feil:
        verdier |= {k: sporring.get(k, "") for k in ("vindu", "dag", "fra", "til")}
    fast = {k: v for k, v in verdier.items() if v and k not in ("fra", "til", "dag")}
    plasser = _bolkplass(t)
    return render_template(
        "omdisponering/tidslinje_omraade.html" if i_omraade else "omdisponering/tidslinje.html",
        tidsplan=t,
        omraadevalg=tidslinje_omraade.hent_valg(hvem),
        verdier=verdier,
        akse=[(m, _merkenavn(m.dag, valgt) if m.navn else "") for m in tidslinjeregler.merker(valgt)],
        bolknavn=[_bolknavn(fra, til) for fra, til in pairwise(t.bolker)],
        trapp=lambda flest: tidslinjeregler.trapp(flest, plasser),
        stillingsvalg=[
            *((str(s), str(ETIKETTER["stilling"][s])) for s in Stilling),
            (tidslinjeregler.LOKALER, _("Lokaler")),
        ],
        tidslenke=lambda **mer: f"/omdisponering/tidslinje?{_sporring(fast | _dager(valgt), mer)}",
        flytt=lambda dag: f"/omdisponering/tidslinje?{_sporring(fast, _flyttet(valgt, dag))}",
        idag=i_dag(),
        **feltfeil(feil),
    )


def _hent_egen(hvem: Aktor, inn: Mapping[str, Any], valgt: Vindu) -> tidslinje.Tidslinje:
    filter_ = tidslinje.Filter(
        status=inn["status"],
        stilling=inn["stilling"],
        retning=inn["retning"],
        motpart_id=inn["motpart"],
        omraade_id=inn["omraade"],
        enkeltvis=inn["vis"] == "enkeltvis",
    )
    return tidslinje.hent(hvem, valgt, filter_, inn["side"])


def _hent_omraade(hvem: Aktor, inn: Mapping[str, Any], valgt: Vindu) -> tidslinje_omraade.Omraadelinje:
    """Of what both have agreed on: a status before that, from the own organisation's list, asks for nothing here."""
    filter_ = tidslinje_omraade.Filter(
        status=inn["status"] if inn["status"] in tidslinje_omraade.STATUSER else None,
        stilling=inn["stilling"],
        part_id=inn["motpart"],
    )
    return tidslinje_omraade.hent(hvem, inn["vis_omraade"], valgt, filter_, inn["side"])


def _sporring(fast: Mapping[str, str], mer: Mapping[str, Any]) -> str:
    """The address's question: `mer` over `fast`; what is empty is left out."""
    return urlencode({k: str(v) for k, v in {**fast, **mer}.items() if v})


def _dager(v: Vindu) -> dict[str, str]:
    if v.lengde == Vinduslengde.EGET:
        return {"fra": v.fra.isoformat(), "til": v.siste.isoformat()}
    return {"dag": v.fra.isoformat()}


def _flyttet(v: Vindu, dag: date) -> dict[str, str]:
    """A window as long as this one, from another day."""
    if v.lengde == Vinduslengde.EGET:
        return {"fra": dag.isoformat(), "til": (dag + (v.siste - v.fra)).isoformat()}
    return {"dag": dag.isoformat()}


def _moenster(norsk: str, engelsk: str) -> str:
    return engelsk if str(get_locale()) == "en" else norsk


def _merkenavn(dag: date, v: Vindu) -> str:
    """What stands at a line of the grid: «man. 23.», «23. nov.», «des.»; the year where it is a new one."""
    dager = (v.slutt - v.fra).days
    if dager <= 14:
        return str(format_date(dag, _moenster("EEE d.", "EEE d"), rebase=False))
    if dager <= 45 or dag.day != 1:
        return str(format_date(dag, _moenster("d. MMM", "d MMM"), rebase=False))
    return str(format_date(dag, "MMM y" if dag.month == 1 else "MMM", rebase=False))


def _bolknavn(fra: date, til: date) -> str:
    """A day, or from a day to the day before the next part's."""
    m = _moenster("EEE d. MMM", "EEE d MMM")
    siste = til - timedelta(days=1)
    navn = str(format_date(fra, m, rebase=False))
    return navn if siste == fra else f"{navn} – {format_date(siste, m, rebase=False)}"


def _bolkplass(t: tidslinje.Tidslinje | tidslinje_omraade.Omraadelinje) -> list[float]:
    """Where each part of the sums begins, and where the last one ends, in per cent."""
    return [tidslinjeregler.plass(tidslinjeregler.midnatt(d), t.vindu.start, t.vindu.ende) for d in t.bolker]


# --- who is where now ------------------------------------------------------------------------------------


@blp.get("/naa")
def hvem_er_hvor() -> str:
    return render_template("omdisponering/naa.html", naabildet=naa.hent(aktor()), retninger=list(Retning))


# --- files -----------------------------------------------------------------------------------------------


@blp.get("/<uuid:omdisponering_id>/brev/<uuid:linje_id>.pdf")
@_FILER
def oppdragsbrev(omdisponering_id: UUID, linje_id: UUID) -> Response:
    hvem = aktor()
    b = brev.hent_brev(hvem, omdisponering_id, linje_id)
    pdf = FILER.kjoer_for(hvem.person_id, brevfil.som_pdf, b.data)
    return _fil(pdf, "application/pdf", f"{b.filnavn}.pdf")


@blp.get("/<uuid:omdisponering_id>/<uuid:linje_id>.ics")
@_FILER
def oppdragskalender(omdisponering_id: UUID, linje_id: UUID) -> Response:
    oppdrag = brev.hent_kalender(aktor(), omdisponering_id, linje_id)
    return _fil(i_traadpool(kalenderfil.som_ics, oppdrag), "text/calendar", "oppdrag.ics")


def _fil(innhold: bytes, mimetype: str, navn: str) -> Response:
    svar = send_file(
        BytesIO(innhold),
        mimetype=mimetype,
        as_attachment=True,
        download_name=navn,
        etag=False,
        conditional=False,
    )
    svar.content_length = len(innhold)
    return svar
