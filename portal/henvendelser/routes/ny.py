"""A new request: a kommune's to a hospital, or a hospital's to a kommune."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from flask import redirect, render_template, url_for

from portal.core.errors import UgyldigData
from portal.core.web import aktor, les
from portal.henvendelser import access
from portal.henvendelser.forloep import PLANER, Retning
from portal.henvendelser.routes.felles import blp, feil_til_skjema, mottakere_for_valg, skjemadata_rent
from portal.henvendelser.schemas import HenvendelseInn
from portal.henvendelser.service import innsending
from portal.identitet.fagomraader import FAGOMRAADER, KOMMUNALE_OMRAADER
from portal.identitet.steps import kommuner_for_valg


@blp.get("/henvendelser/ny")
def ny() -> str:
    a = aktor()
    access.krev_kan_spoerre(a)
    verdier: dict[str, Any] = {"klient_id": str(uuid4()), "news2_skala": "1"}
    if a.er_kommunal:
        verdier["bostedskommune_id"] = str(a.organisasjon_id)
    return _vis_ny(verdier)


@blp.post("/henvendelser/ny")
def send_ny() -> Any:
    verdier = skjemadata_rent()
    try:
        inn = les(HenvendelseInn, _nestet(verdier))
        sak_id = innsending.opprett(aktor(), inn)
    except UgyldigData as feil:
        return _vis_ny(verdier, feil), feil.status
    return redirect(url_for("henvendelser.sak", henvendelse_id=sak_id), 303)


def _vis_ny(verdier: Mapping[str, Any], feil: UgyldigData | None = None) -> str:
    a = aktor()
    retning = innsending.retning_for(a)
    til_sykehus = retning == Retning.TIL_SYKEHUS
    return render_template(
        "henvendelser/ny.html",
        verdier=verdier,
        **feil_til_skjema(feil),
        til_sykehus=til_sykehus,
        planer=[str(p) for p in PLANER[retning]],
        kommuner=kommuner_for_valg(),
        mottakere=mottakere_for_valg(retning),
        fagomraader=[(k, str(n)) for k, n in (FAGOMRAADER if til_sykehus else KOMMUNALE_OMRAADER).items()],
        klient_id=verdier.get("klient_id") or str(uuid4()),
        egen_telefon=innsending.egen_telefon(a),
    )


def _nestet(verdier: Mapping[str, str]) -> dict[str, Any]:
    """The form's flat `news2_…` and `utskrivning_…` fields as one object each; none where nothing was said."""
    maal, om = _gruppe(verdier, "news2_"), _gruppe(verdier, "utskrivning_")
    data: dict[str, Any] = {k: v for k, v in verdier.items() if not k.startswith(("news2_", "utskrivning_"))}
    if any(v for k, v in maal.items() if k != "skala"):
        data["news2"] = maal
    # Ticked, filled in, or asked of those who answer for discharges: then it is about one, whatever else is empty.
    gjelder = om.pop("gjelder", "")
    if gjelder or any(om.values()) or (om and verdier.get("fagomraade") == "utskrivning"):
        data["utskrivning"] = om
    return data


def _gruppe(verdier: Mapping[str, str], foran: str) -> dict[str, str]:
    return {k.removeprefix(foran): v for k, v in verdier.items() if k.startswith(foran)}
