"""«Hva gjelder nå?», what a phase would change, and what of § 6-2 an agreement covers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from flask import render_template, request, url_for
from markupsafe import Markup

from portal.avtaler.oppslag import Klausul
from portal.avtaler.punkter import TILTAKSKRAV, Situasjon
from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import FaseskifteInn, GjelderInn, VersjonInn
from portal.avtaler.service import fullstendighet as dekning
from portal.avtaler.service import gjelder as tjeneste
from portal.avtaler.tekst import som_html
from portal.beredskap.models import Fase
from portal.beredskap.routes.felles import feltverdi, oevelse_id
from portal.core.errors import PortalError, UgyldigData
from portal.core.maltekst import Tegnet
from portal.core.web import aktor, etikett, feltfeil, les
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.steps import sorteringsnoekkel

#: Clauses of a situation that are shown whole, and of those beside it; and how many more are named, each with a link.
#: Nobody on duty reads more: the fagområde and the search find the rest.
HELE, FLERE = (25, 10), 30
#: Clauses as they are shown, some 3 KB each: those that hold are the same for everybody who looks, day after day.
_KLAUSULER = Tegnet(1_000)
#: A longer one is drawn each time: a thousand of those would fill the memory.
_LENGST = 4_000


@bp.app_context_processor
def _tekst() -> dict[str, Any]:
    """`som_html`: clauses are also read beside a case."""
    return {"som_html": som_html}


def _tegnet(makro: Callable[..., Markup], k: Klausul, dag: date) -> Markup:
    """A clause of what holds. The rate that stands with some depends on the day, and on who may enter a new one."""
    if k.har_trinn or len(k.tekst) > _LENGST:
        return makro(k, dag=dag)
    *hva, kriterier, matrise = k
    return _KLAUSULER.hent((*hva, orjson.dumps([kriterier, matrise])), makro, k)


def _spurt() -> dict[str, str]:
    """The query as it was typed; a field that was left empty is not one."""
    return {k: v for k, v in request.args.items() if v}


@bp.get("/gjelder")
def gjelder() -> Any:
    """Filled in with the own kommune, or the trust's only one, in the phase that it is in."""
    a = aktor()
    kommuner = tjeneste.kommuner_for(a)
    verdier = _spurt()
    if "kommune" not in verdier and len(kommuner) == 1:
        verdier["kommune"] = str(kommuner[0][0])
    feil: PortalError | None = None
    svar = None
    try:
        inn = les(GjelderInn, verdier)
        kommune_id = inn.pop("kommune")
        if kommune_id is not None:
            svar = tjeneste.hva_gjelder(a, kommune_id, oevelse_id=oevelse_id(), **inn, hele=HELE)
            if kommune_id not in {k for k, _navn in kommuner}:
                kommuner = [*kommuner, (kommune_id, svar.kommune)]
    except UgyldigData as e:
        feil = e
    side = render_template(
        "avtaler/gjelder.html",
        g=svar,
        kommuner=kommuner,
        situasjoner=[(str(s), etikett("avtalesituasjon", s)) for s in Situasjon],
        fagomraader=sorted(
            ((k, str(n)) for k, n in FAGOMRAADER.items()), key=lambda par: sorteringsnoekkel(par[1])
        ),
        faser=[(int(f), f"{int(f)} – {etikett('fase', int(f))}") for f in Fase],
        verdier=verdier,
        FLERE=FLERE,
        tegnet_klausul=_tegnet,
        **feltfeil(feil),
    )
    return side, feil.status if feil else 200


@bp.get("/faseskifte")
def faseskifte() -> str:
    """What the phase of a form would change. The form on it leads back to where phases are set."""
    a = aktor()
    inn = les(
        FaseskifteInn,
        {
            **{k: v for k, v in _spurt().items() if k != "organisasjon"},
            "organisasjon": request.args.getlist("organisasjon"),
        },
    )
    f = tjeneste.forhaandsvis(a, inn["organisasjon"], inn["fase"])
    egen = [id_ for id_, _navn in f.organisasjoner] == [a.organisasjon_id]
    # As the form had them: what is looked at is what is set, whatever another tab has begun meanwhile.
    tider = {k: feltverdi(inn[k]) if inn[k] else "" for k in ("fra", "til")}
    forvalg = {k: v for k, v in {**inn, **tider}.items() if k != "organisasjon" and v}
    return render_template(
        "avtaler/faseskifte.html",
        f=f,
        nivaa=inn["nivaa"],
        kilde=inn["kilde"],
        fra=inn["fra"],
        til=inn["til"],
        tider=tider,
        ingen_kommune=not tjeneste.har_kommune(f),
        kan_sette=egen and bool(inn["nivaa"]) and tjeneste.kan_sette(a),
        tilbake=url_for("beredskap.ny_fase", **forvalg) if egen else url_for("beredskap.forside"),
    )


@bp.get("/<uuid:avtale_id>/fullstendighet")
def fullstendighet(avtale_id: UUID) -> str:
    inn = les(VersjonInn, _spurt())
    f = dekning.sjekk(aktor(), avtale_id, inn["versjon"])
    return render_template("avtaler/fullstendighet.html", f=f, tiltakskrav=TILTAKSKRAV)
