"""The first page, the lists, the queue and the figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response as Svar
from flask import redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response

from portal.core.aktor import KLINIKERE, Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.errors import IkkeTilgang
from portal.core.regneark import BOM, som_csv
from portal.core.sprak import _
from portal.core.web import aktor, etikett, les
from portal.henvendelser import access
from portal.henvendelser.eskalering import lesing as eskaleringslesing
from portal.henvendelser.routes.felles import blp
from portal.henvendelser.routes.kort import kortskriver
from portal.henvendelser.schemas import ListeInn, UtvalgInn, plass_ut
from portal.henvendelser.service import lesing, lister
from portal.henvendelser.service.lister import Utvalg
from portal.identitet.fagomraader import ALLE_OMRAADER, FAGOMRAADER, KOMMUNALE_OMRAADER
from portal.identitet.steps import kommuner_for_valg, sykehus_for_valg


@blp.get("/")
def hjem() -> Response:
    """Everybody's first page: what waits for this role."""
    a = aktor()
    if a.har_koe:
        return redirect(url_for("henvendelser.koe"))
    if a.rolle in KLINIKERE:
        return redirect(url_for("henvendelser.liste"))
    if a.rolle == Rolle.KOORDINATOR:
        return redirect(url_for("innsikt.venter_paa_meg"))
    return redirect(url_for("henvendelser.tall") if a.rolle else url_for("identitet.organisasjoner"))


# --- the list of cases -----------------------------------------------------------------------------------


@blp.get("/henvendelser/")
def liste() -> Any:
    """The cases that I may see: which of them, the address tells, so that it can be kept and shared."""
    a = aktor()
    access.krev_kliniker(a, "liste")
    inn = les(ListeInn, request.args)
    if any(v == "" for v in request.args.values()):
        # A form sends what was left empty, too: the address to share says what was chosen.
        return redirect(_adresse({k: v for k, v in request.args.items() if v}))
    utvalg: Utvalg = inn["utvalg"]
    side = lister.hent_side(a, utvalg, etter=inn["etter"], foer=inn["foer"])
    motparter = _motparter(a)
    return render_template(
        "henvendelser/liste.html",
        saker=side.saker,
        kort=kortskriver(),
        utvalg=utvalg,
        neste=plass_ut(side.neste),
        forrige=plass_ut(side.forrige),
        antall=side.antall,
        telles_til=lister.TELLES_TIL,
        maks_eksport=lister.MAKS_EKSPORT,
        valgt=_valgt(utvalg, motparter),
        motparter=motparter,
        omraader=[*_omraader(a).items()],
        adresse=lambda **endret: _med(utvalg, **endret),
        uleste=lesing.antall_uleste(a, side.saker),
        maks_uleste=lesing.MAKS_ULESTE,
        sett_av=lesing.sett_av_mottaker(side.saker),
        numre=lesing.numre_aa_ringe(a, side.saker),
        stiger=eskaleringslesing.korte_stiger(side.saker),
    )


def _omraader(a: Aktor) -> dict[str, Any]:
    """The fagområder that the actor's cases can have: both kinds, those one mostly asks for first."""
    return FAGOMRAADER | KOMMUNALE_OMRAADER if a.er_kommunal else KOMMUNALE_OMRAADER | FAGOMRAADER


def _motparter(a: Aktor) -> list[tuple[UUID, str]]:
    """The organisations on the other side of the table."""
    return sykehus_for_valg() if a.er_kommunal else kommuner_for_valg()


def _som_adresse(utvalg: Utvalg) -> dict[str, str]:
    """The chosen as arguments of the address; what is so by itself is left out."""
    standard = Utvalg(filter="alle" if utvalg.sok else "aapne")
    ut = {}
    for felt in ("omfang", "filter", "hastegrad", "fagomraade", "motpart", "fra", "til", "venter", "sok"):
        verdi = getattr(utvalg, felt)
        if verdi != getattr(standard, felt):
            ut[felt] = "1" if verdi is True else str(verdi)
    return ut


def _adresse(argumenter: dict[str, str]) -> str:
    return url_for("henvendelser.liste", **argumenter)  # type: ignore[arg-type]


def _med(utvalg: Utvalg, **endret: Any) -> str:
    """The address of the same list with something else chosen: None takes a choice away, `etter` and `foer` turn the
    page, `endepunkt` is another page for the same choice."""
    endepunkt = endret.pop("endepunkt", "henvendelser.liste")
    argumenter: dict[str, Any] = {**_som_adresse(utvalg), **endret}
    return url_for(endepunkt, **{k: v for k, v in argumenter.items() if v is not None})


def _valgt(utvalg: Utvalg, motparter: list[tuple[UUID, str]]) -> list[tuple[str, str]]:
    """Each filter that is on: its words, and the address without it."""
    ord_: dict[str, str] = {}
    if utvalg.sok:
        ord_["sok"] = f"«{utvalg.sok}»"
    if utvalg.venter:
        ord_["venter"] = _("Venter på meg")
    if utvalg.hastegrad:
        ord_["hastegrad"] = etikett("hastegrad", utvalg.hastegrad)
    if utvalg.fagomraade:
        ord_["fagomraade"] = str(ALLE_OMRAADER[utvalg.fagomraade])
    if utvalg.motpart is not None:
        ord_["motpart"] = dict(motparter).get(utvalg.motpart, _("Valgt organisasjon"))
    if utvalg.fra is not None:
        ord_["fra"] = _("Fra %(dag)s", dag=f"{utvalg.fra:%d.%m.%Y}")
    if utvalg.til is not None:
        ord_["til"] = _("Til %(dag)s", dag=f"{utvalg.til:%d.%m.%Y}")
    return [(tekst, _med(utvalg, **{felt: None})) for felt, tekst in ord_.items()]


# --- as a table to keep ----------------------------------------------------------------------------------


@blp.get("/henvendelser/csv")
def liste_csv() -> Svar:
    """The same list as a table: metadata alone, of at most `lister.MAKS_EKSPORT` cases."""
    a = aktor()
    access.krev_kliniker(a, "liste_csv")
    utvalg: Utvalg = les(UtvalgInn, request.args)["utvalg"]
    ider = lister.finn_for_eksport(a, utvalg)
    lister.noter_eksport(a, utvalg, len(ider))
    navn = f"saker-{oslo(now()):%Y-%m-%d}.csv"
    return Svar(
        stream_with_context(_tabell(a, ider)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{navn}"'},
    )


def _tabell(a: Aktor, ider: list[UUID]) -> Iterator[str]:
    yield BOM + som_csv(
        [
            [
                _("Saksnummer"),
                _("Retning"),
                _("Status"),
                _("Hastegrad"),
                _("Fagområde"),
                _("Avsender"),
                _("Enhet"),
                _("Innmelder"),
                _("Mottaker"),
                _("Ansvarlig"),
                _("Sendt"),
                _("Tatt"),
                _("Besvart"),
                _("Avsluttet"),
            ]
        ]
    )
    for r in lister.metadata(a, ider):
        yield som_csv(
            [
                [
                    r.saksnummer,
                    _("Til sykehus") if r.retning == "til_sykehus" else _("Til kommune"),
                    etikett("status", r.status),
                    etikett("hastegrad", r.hastegrad),
                    etikett("fagomraade", r.fagomraade),
                    r.avsender,
                    r.enhet or "",
                    r.innmelder,
                    r.mottaker,
                    r.ansvarlig or "",
                    *(_tid(t) for t in (r.opprettet, r.akseptert_tid, r.besvart_tid, r.lukket_tid)),
                ]
            ]
        )


def _tid(tidspunkt: datetime | None) -> str:
    return f"{oslo(tidspunkt):%Y-%m-%d %H:%M}" if tidspunkt else ""


# --- the queue and the figures ---------------------------------------------------------------------------


@blp.get("/koe")
def koe() -> str:
    """What waits for me."""
    return render_template("henvendelser/koe.html", **_koe())


@blp.get("/koe/liste")
def koe_liste() -> str:
    """The changing part of the queue, for the live client."""
    return render_template("henvendelser/_koe_liste.html", **_koe())


def _koe() -> dict[str, Any]:
    a = aktor()
    access.krev_koe(a)
    visning = lesing.hent_koe(a)
    koer = [
        {"noekkel": n, "fagomraade": f, "navn": str(ALLE_OMRAADER.get(f, f)), "versjon": visning.versjoner[n]}
        for m, f in lesing.koer_for(a)
        for n in [lesing.koenoekkel(m, f)]
    ]
    alle = [*visning.ventende, *visning.mine, *visning.andres]
    return {
        "ventende": visning.ventende,
        "kan_tas": {sak.id for sak in visning.ventende if access.kan_ta(a, sak)},
        "mine": visning.mine,
        "andres": visning.andres,
        "kort": kortskriver(),
        "koeer": koer,
        "uleste": lesing.antall_uleste(a, alle),
        "maks_uleste": lesing.MAKS_ULESTE,
    }


@blp.get("/tall")
def tall() -> str:
    """Figures for those who steer, without any case."""
    a = aktor()
    if a.rolle is None:
        raise IkkeTilgang()
    return render_template("henvendelser/tall.html", tall=lesing.hent_tall(a), periode=90)
