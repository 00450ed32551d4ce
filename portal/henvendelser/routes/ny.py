"""A new request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import redirect, render_template, url_for

from portal.core.errors import UgyldigData
from portal.core.web import aktor, les
from portal.henvendelser import access
from portal.henvendelser.routes.felles import blp, feil_til_skjema, skjemadata_rent
from portal.henvendelser.schemas import HenvendelseInn
from portal.henvendelser.service import innsending
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.steps import kommuner_for_valg, sykehus_for_valg


@blp.get("/henvendelser/ny")
def ny() -> str:
    a = aktor()
    access.krev_kan_spoerre(a)
    verdier: dict[str, Any] = {"klient_id": str(uuid4()), "news2_skala": "1"}
    if a.organisasjon_type == "kommune":
        verdier["bostedskommune_id"] = str(a.organisasjon_id)
    return _vis_ny(verdier)


@blp.post("/henvendelser/ny")
def send_ny() -> Any:
    verdier = skjemadata_rent()
    try:
        inn = les(HenvendelseInn, _med_news2(verdier))
        sak_id = innsending.opprett(aktor(), inn)
    except UgyldigData as feil:
        return _vis_ny(verdier, feil), feil.status
    return redirect(url_for("henvendelser.sak", henvendelse_id=sak_id), 303)


def _vis_ny(verdier: Mapping[str, Any], feil: UgyldigData | None = None) -> str:
    return render_template(
        "henvendelser/ny.html",
        verdier=verdier,
        **feil_til_skjema(feil),
        kommuner=kommuner_for_valg(),
        mottakere=sykehus_for_valg(),
        fagomraader=[(k, str(n)) for k, n in FAGOMRAADER.items()],
        klient_id=verdier.get("klient_id") or str(uuid4()),
        egen_telefon=innsending.egen_telefon(aktor()),
    )


def _med_news2(verdier: Mapping[str, str]) -> dict[str, Any]:
    """The form's flat `news2_…` fields as one object; none where nothing was measured."""
    maal = {k.removeprefix("news2_"): v for k, v in verdier.items() if k.startswith("news2_")}
    data: dict[str, Any] = {k: v for k, v in verdier.items() if not k.startswith("news2_")}
    if any(v for k, v in maal.items() if k != "skala"):
        data["news2"] = maal
    return data
