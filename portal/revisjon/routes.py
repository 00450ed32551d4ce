"""The organisation's log: its page, and the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, stream_with_context

from portal.core.aktor import Rolle
from portal.core.clock import OSLO, now, oslo
from portal.core.errors import UgyldigData
from portal.core.regneark import BOM, som_csv
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.core.web import aktor, etikett, les, limiter, som_tekst
from portal.revisjon import service
from portal.revisjon.ord import AAPNINGER, ETIKETTER, GRUPPER
from portal.revisjon.schemas import LoggInn

blp = Blueprint("revisjon", __name__)

#: Gives the ids of an organisation's people whose names hold a text: the register is a higher room's.
Navnesoek = Callable[[UUID, str], list[UUID]]
_finn_personer: Navnesoek = lambda organisasjon_id, navn: []  # noqa: E731 - replaced by `sett_opp`


def sett_opp(finn_personer: Navnesoek) -> None:
    """Lets the log be searched by name."""
    global _finn_personer
    _finn_personer = finn_personer


@blp.get("/revisjon")
def logg() -> Any:
    a = aktor()
    valg, feil = _valg()
    linjer, mer = service.aapne_logg(a, _filter(valg), _som_data(valg))
    siste = linjer[-1] if linjer else None
    side = render_template(
        "revisjon/logg.html",
        linjer=linjer,
        valg=valg,
        feil=feil,
        grupper=[(k, str(ord_)) for k, (ord_, _koder) in GRUPPER.items()],
        spoerring=_som_spoerring(valg),
        neste=f"{siste.tidspunkt.isoformat()}_{siste.id}" if siste and mer else None,
        maks=service.MAKS_I_FIL,
    )
    return side, 422 if feil else 200


def _valg() -> tuple[dict[str, Any], dict[str, Any]]:
    """The filters, with the standard period where none is said; faulty ones are told and left out."""
    feil: dict[str, Any] = {}
    try:
        valg = les(LoggInn, request.args)
    except UgyldigData as e:
        feil = som_tekst(e.detaljer["felter"])
        valg = les(LoggInn, {})
    idag = oslo(now()).date()
    valg["til"] = valg["til"] or idag
    valg["fra"] = valg["fra"] or valg["til"] - service.STANDARDPERIODE
    return valg, feil


def _filter(valg: Mapping[str, Any]) -> service.Filter:
    a = aktor()
    personer: tuple[UUID, ...] | None = None
    if valg["person"]:
        personer = (valg["person"],)
    elif valg["navn"].strip() and a.organisasjon_id:
        personer = tuple(_finn_personer(a.organisasjon_id, valg["navn"].strip()))
    return service.Filter(
        fra=_midnatt(valg["fra"]),
        til=_midnatt(valg["til"] + timedelta(days=1)),
        begynner_med=GRUPPER[valg["gruppe"]][1] if valg["gruppe"] else (),
        handlinger=AAPNINGER if valg["bare"] == "aapninger" else (),
        bare_avslag=valg["bare"] == "avslag",
        personer=personer,
        foer=valg["foer"],
    )


def _midnatt(dag: date) -> datetime:
    """When a day begins in Oslo."""
    return datetime.combine(dag, time(), OSLO)


def _som_data(valg: Mapping[str, Any]) -> dict[str, Any]:
    """The filters as the audit log keeps them: not the searched name, which may be anything that was typed."""
    data = {k: str(valg[k]) for k in ("fra", "til", "gruppe", "bare", "person") if valg[k]}
    return {**data, "paa_navn": True} if valg["navn"] else data


def _som_spoerring(valg: Mapping[str, Any]) -> dict[str, str]:
    return {k: str(valg[k]) for k in ("fra", "til", "gruppe", "bare", "navn", "person") if valg[k]}


# --- as a file -------------------------------------------------------------------------------------------


@blp.get("/revisjon.csv")
@limiter.limit("10 per minute")
def logg_som_fil() -> Response:
    """The same lines as a file for a spreadsheet: `;` between the fields, UTF-8 with BOM."""
    a = aktor()
    valg, feil = _valg()
    if feil:
        raise UgyldigData(felter=feil)
    service.start_eksport(a, _som_data(valg))
    filter_ = _filter({**valg, "foer": None})
    ord_ = _ordbok()
    hode = [
        _("Tidspunkt"),
        _("Person"),
        _("Rolle"),
        _("Handling"),
        _("Utfall"),
        _("Gjelder"),
        _("Saksnummer"),
    ]
    kuttet = _(
        "Lista er kuttet ved %(antall)s linjer. Velg en kortere periode for å få resten.",
        antall=service.MAKS_I_FIL,
    )

    def linjer() -> Iterator[str]:
        yield BOM + som_csv([hode])
        igjen = service.MAKS_I_FIL
        for bit in service.les_i_biter(a, filter_):
            yield i_traadpool(_bit_som_csv, bit[:igjen], ord_)
            if len(bit) > igjen:
                yield som_csv([[kuttet]])
            igjen -= len(bit)

    return Response(
        stream_with_context(linjer()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="logg-{valg["fra"]}-{valg["til"]}.csv"'},
    )


def _ordbok() -> dict[str, dict[str, str]]:
    """The words that lines are written with, so that the thread needs no request."""
    grupper = {g: {str(k): str(v) for k, v in ord_.items()} for g, ord_ in ETIKETTER.items()}
    return {**grupper, "rolle": {str(r): etikett("rolle", r) for r in Rolle}}


def _bit_som_csv(linjer: list[service.Linje], ord_: Mapping[str, Mapping[str, str]]) -> str:
    def navn(gruppe: str, kode: str) -> str:
        return ord_[gruppe].get(kode, kode)

    return som_csv(
        [
            oslo(linje.tidspunkt).strftime("%Y-%m-%d %H:%M:%S%z"),
            linje.person,
            navn("rolle", linje.rolle),
            navn("handling", linje.handling),
            navn("utfall_av_handling", linje.utfall),
            navn("objekt", linje.objekt_type),
            linje.saksnummer,
        ]
        for linje in linjer
    )
