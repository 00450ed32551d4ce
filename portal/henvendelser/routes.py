"""The pages of the advisory requests. They work without JavaScript; the live client makes them quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from portal.core.aktor import KOMMUNALE_KLINIKERE, SYKEHUSKLINIKERE, Aktor
from portal.core.errors import IkkeTilgang, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _
from portal.core.web import aktor, les, skjemadata, som_tekst
from portal.henvendelser import access
from portal.henvendelser.models import Handling, Henvendelse, Side
from portal.henvendelser.schemas import (
    BegrunnelseInn,
    BesvarInn,
    HenvendelseInn,
    ListeInn,
    LukkInn,
    MeldingInn,
    News2Inn,
    OpplysningerEndring,
    TekstInn,
    TomtSkjema,
    TrengerMerInn,
    VideresendInn,
    hendelse_ut,
    kvittering_ut,
    ren_tekst,
)
from portal.henvendelser.service import flyt, innsending, lesing, meldinger
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.steps import kommuner_for_valg, sykehus_for_valg, telefon_for

blp = Blueprint("henvendelser", __name__)


# --- home and lists --------------------------------------------------------------------------------------


@blp.get("/")
def hjem() -> Response:
    """Everybody's first page: what waits for this role."""
    rolle = aktor().rolle
    if rolle in SYKEHUSKLINIKERE:
        return redirect(url_for("henvendelser.koe"))
    if rolle in KOMMUNALE_KLINIKERE:
        return redirect(url_for("henvendelser.liste"))
    return redirect(url_for("henvendelser.tall") if rolle else url_for("identitet.organisasjoner"))


@blp.get("/henvendelser/")
def liste() -> str:
    """The cases of mine and my unit, the open ones first."""
    a = aktor()
    access.krev_kliniker(a, "liste")
    valg = les(ListeInn, request.args)
    saker, sider = lesing.synlige_saker(a, valg["filter"], valg["side"])
    return render_template(
        "henvendelser/liste.html",
        saker=saker,
        filter=valg["filter"],
        side=valg["side"],
        antall_sider=sider,
        uleste=lesing.antall_uleste(a, saker),
        sett_av=lesing.sett_av_mottaker(saker),
        numre=lesing.numre_aa_ringe(a, saker),
    )


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
    access.krev_kliniker(a, "koe", sykehus=True)
    visning = lesing.hent_koe(a)
    koer = [
        {"noekkel": n, "fagomraade": f, "navn": str(FAGOMRAADER.get(f, f)), "versjon": visning.versjoner[n]}
        for m, f in lesing.koer_for(a)
        for n in [lesing.koenoekkel(m, f)]
    ]
    alle = [*visning.ventende, *visning.mine, *visning.andres]
    return {
        "ventende": visning.ventende,
        "mine": visning.mine,
        "andres": visning.andres,
        "koeer": koer,
        "uleste": lesing.antall_uleste(a, alle),
    }


@blp.get("/tall")
def tall() -> str:
    """Figures for those who steer, without any case."""
    a = aktor()
    if a.rolle is None:
        raise IkkeTilgang()
    return render_template("henvendelser/tall.html", tall=lesing.hent_tall(a), periode=90)


# --- a new request ---------------------------------------------------------------------------------------


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
    verdier = _skjemadata()
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
        **_feil_til_skjema(feil),
        kommuner=kommuner_for_valg(),
        mottakere=sykehus_for_valg(),
        fagomraader=[(k, str(n)) for k, n in FAGOMRAADER.items()],
        klient_id=verdier.get("klient_id") or str(uuid4()),
        egen_telefon=innsending.egen_telefon(aktor()),
    )


def _skjemadata() -> dict[str, str]:
    """The form as it is stored: a browser sends line breaks as two characters, and the places of identity
    numbers are counted in the text with one."""
    return {navn: ren_tekst(verdi) for navn, verdi in skjemadata().items()}


def _feil_til_skjema(feil: UgyldigData | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, and the places of identity numbers."""
    if feil is None:
        return {"feil": {}, "fnr_treff": {}}
    felter: dict[str, Any] = {}
    for felt, meldinger_ in som_tekst(feil.detaljer.get("felter", {})).items():
        if felt == "news2" and isinstance(meldinger_, dict):
            felter.update({f"news2_{k}": v for k, v in meldinger_.items()})
        else:
            felter[felt] = meldinger_ if isinstance(meldinger_, list) else [str(meldinger_)]
    return {"feil": felter or {"": [feil.melding]}, "fnr_treff": feil.detaljer.get("treff", {})}


def _med_news2(verdier: Mapping[str, str]) -> dict[str, Any]:
    """The form's flat `news2_…` fields as one object; none where nothing was measured."""
    maal = {k.removeprefix("news2_"): v for k, v in verdier.items() if k.startswith("news2_")}
    data: dict[str, Any] = {k: v for k, v in verdier.items() if not k.startswith("news2_")}
    if any(v for k, v in maal.items() if k != "skala"):
        data["news2"] = maal
    return data


# --- one case --------------------------------------------------------------------------------------------


@blp.get("/henvendelser/<uuid:henvendelse_id>")
def sak(henvendelse_id: UUID) -> str:
    """Opens a case: the one reading that the audit log counts."""
    a = aktor()
    funnet = innsending.apne(a, henvendelse_id)
    return _vis_sak(a, funnet)


def _aapen_sak(a: Aktor, henvendelse_id: UUID) -> Henvendelse:
    """A case that should be open on the screen already. Whoever has never seen it, opens it now."""
    if lesing.er_aapning(a, henvendelse_id, 1):
        return innsending.apne(a, henvendelse_id)
    return lesing.hent_sak(a, henvendelse_id)


def _vis_sak(a: Aktor, funnet: Henvendelse, **mer: Any) -> str:
    logg = lesing.hent_hele_loggen(a, funnet.id)
    return render_template(
        "henvendelser/sak.html",
        hendelser=[hendelse_ut(h) for h in logg.hendelser],
        hode=logg.hode,
        opp=lesing.hent_opplysninger(funnet.id),
        maalinger=lesing.hent_maalinger(funnet.id),
        mottakere=sykehus_for_valg(),
        fagomraader=[(k, str(n)) for k, n in FAGOMRAADER.items()],
        klient_id=str(uuid4()),
        **{"feil": {}, "verdier": {}, "feilskjema": "", "fnr_treff": {}, **mer},
        **_statusdel(a, funnet),
    )


def _statusdel(a: Aktor, funnet: Henvendelse) -> dict[str, Any]:
    min_side = access.side(a, funnet)
    nummer = telefon_for(funnet.mottaker_id, funnet.fagomraade)
    return {
        "sak": funnet,
        "kvitteringer": [kvittering_ut(k) for k in lesing.hent_kvitteringer(funnet.id)],
        "deltakere": lesing.hent_deltakere(funnet.id),
        "handlinger": access.mulige_handlinger(a, funnet),
        "min_side": str(min_side),
        "telefon": {"nummer": nummer, "hvem": funnet.mottaker.kortnavn}
        if min_side == Side.INNMELDER
        else {"nummer": funnet.tilbakeringing, "hvem": funnet.innmelder.navn},
    }


@blp.get("/henvendelser/<uuid:henvendelse_id>/status")
def status(henvendelse_id: UUID) -> str:
    """The changing head of a case that is already open on the screen."""
    a = aktor()
    funnet = _aapen_sak(a, henvendelse_id)
    return render_template(
        "henvendelser/_status.html",
        mottakere=sykehus_for_valg(),
        fagomraader=[(k, str(n)) for k, n in FAGOMRAADER.items()],
        opp=lesing.hent_opplysninger(funnet.id),
        maalinger=lesing.hent_maalinger(funnet.id),
        feil={},
        verdier={},
        feilskjema="",
        fnr_treff={},
        **_statusdel(a, funnet),
    )


@blp.get("/henvendelser/<uuid:henvendelse_id>/opplysninger")
def opplysninger(henvendelse_id: UUID) -> str:
    a = aktor()
    lesing.hent_sak(a, henvendelse_id, Handling.OPPDATERE)
    funnet = _aapen_sak(a, henvendelse_id)
    opp = lesing.hent_opplysninger(funnet.id)
    verdier: dict[str, Any] = {f: getattr(opp, f) for f in innsending.OPPLYSNINGER}
    verdier = {
        k: "" if v is None else ("1" if v is True else "" if v is False else str(v))
        for k, v in verdier.items()
    }
    return _vis_opplysninger(funnet, {**verdier, "versjon": str(opp.versjon)})


def _vis_opplysninger(
    funnet: Henvendelse, verdier: Mapping[str, Any], feil: UgyldigData | None = None
) -> str:
    return render_template(
        "henvendelser/opplysninger.html",
        sak=funnet,
        verdier=verdier,
        **_feil_til_skjema(feil),
        kommuner=kommuner_for_valg(),
        versjon=verdier.get("versjon", ""),
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/opplysninger")
def lagre_opplysninger(henvendelse_id: UUID) -> Any:
    verdier = _skjemadata()
    try:
        inn = les(OpplysningerEndring, verdier)
        innsending.oppdater_opplysninger(aktor(), henvendelse_id, inn.pop("versjon"), inn)
    except Utdatert as feil:
        # Nothing typed is lost: the form comes back with it, and saves over the newer version when sent again.
        svar = {**verdier, "versjon": str(feil.detaljer.get("versjon", ""))}
        flash(feil.melding, "warning")
        return _vis_opplysninger(lesing.hent_sak(aktor(), henvendelse_id), svar), feil.status
    except UgyldigData as feil:
        funnet = lesing.hent_sak(aktor(), henvendelse_id, Handling.OPPDATERE)
        return _vis_opplysninger(funnet, verdier, feil), feil.status
    flash(_("Opplysningene er lagret."), "success")
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


@blp.post("/henvendelser/<uuid:henvendelse_id>/maalinger")
def ny_maaling(henvendelse_id: UUID) -> Any:
    def gjoer(a: Aktor, inn: dict[str, Any]) -> None:
        innsending.registrer_maaling(a, henvendelse_id, inn)

    verdier = {k.removeprefix("news2_"): v for k, v in skjemadata().items()}
    return _handling(henvendelse_id, "maalinger", News2Inn, gjoer, verdier=verdier)


# --- the moves: one door each, all through `_handling` ----------------------------------------------------


def _handling(
    henvendelse_id: UUID,
    skjema: str,
    schema: type[Schema],
    gjoer: Callable[[Aktor, dict[str, Any]], None],
    *,
    verdier: dict[str, str] | None = None,
) -> Any:
    """Validates, does it, and goes back to the case. A mistake shows the case again with what was typed."""
    verdier = _skjemadata() if verdier is None else verdier
    a = aktor()
    try:
        gjoer(a, les(schema, verdier))
    except UgyldigData as feil:
        funnet = _aapen_sak(a, henvendelse_id)
        side = _vis_sak(a, funnet, feilskjema=skjema, verdier=verdier, **_feil_til_skjema(feil))
        return make_response(side, feil.status)
    except PortalError as feil:
        if feil.status != 409:
            raise
        flash(feil.melding, "warning")
    if not lesing.kan_se(a, henvendelse_id):
        # The move took the case out of the actor's sight, as forwarding to another hospital does.
        flash(_("Saken er sendt videre og er ikke lenger din."), "success")
        return redirect(url_for("henvendelser.hjem"), 303)
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


@blp.post("/henvendelser/<uuid:henvendelse_id>/meldinger")
def ny_melding(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id,
        "meldinger",
        MeldingInn,
        lambda a, inn: _kast(meldinger.send_melding(a, henvendelse_id, **inn)),
    )


def _kast(_resultat: object) -> None:
    """The page shows the log itself: it needs no result."""


@blp.post("/henvendelser/<uuid:henvendelse_id>/aksepter")
def aksepter(henvendelse_id: UUID) -> Any:
    return _handling(henvendelse_id, "aksepter", TomtSkjema, lambda a, inn: flyt.aksepter(a, henvendelse_id))


@blp.post("/henvendelser/<uuid:henvendelse_id>/gi-tilbake")
def gi_tilbake(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id, "gi_tilbake", BegrunnelseInn, lambda a, inn: flyt.gi_tilbake(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/videresend")
def videresend(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id, "videresend", VideresendInn, lambda a, inn: flyt.videresend(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/besvar")
def besvar(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id, "besvar", BesvarInn, lambda a, inn: flyt.besvar(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/trenger-mer")
def trenger_mer(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id, "trenger_mer", TrengerMerInn, lambda a, inn: flyt.be_om_mer(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/lukk")
def lukk(henvendelse_id: UUID) -> Any:
    return _handling(henvendelse_id, "lukk", LukkInn, lambda a, inn: flyt.lukk(a, henvendelse_id, **inn))


@blp.post("/henvendelser/<uuid:henvendelse_id>/tiden-er-ute")
def tiden_er_ute(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id, "tiden_er_ute", TekstInn, lambda a, inn: flyt.tiden_er_ute(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/trekk")
def trekk(henvendelse_id: UUID) -> Any:
    return _handling(henvendelse_id, "trekk", TekstInn, lambda a, inn: flyt.trekk(a, henvendelse_id, **inn))


@blp.post("/henvendelser/<uuid:henvendelse_id>/gjenaapne")
def gjenaapne(henvendelse_id: UUID) -> Any:
    return _handling(
        henvendelse_id, "gjenaapne", TekstInn, lambda a, inn: flyt.gjenaapne(a, henvendelse_id, **inn)
    )
