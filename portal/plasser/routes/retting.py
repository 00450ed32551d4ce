"""Corrections of the last fourteen days: what can be corrected, the forms, and what has been corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.beredskap.routes.felles import feltverdi
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, _l
from portal.core.web import aktor, etikett, feltfeil, klokke, les, skjemadata
from portal.plasser.forloep import Aarsaksgruppe, Aldersgruppe, Frahvor, Tilhvor
from portal.plasser.historikk import Plassretting
from portal.plasser.models import Opphold
from portal.plasser.routes.felles import blp
from portal.plasser.routes.forvaltning import ENHET
from portal.plasser.routes.samtidig import flett, grunnlag, ren, uten_grunnlag
from portal.plasser.schemas import OppholdsrettingInn, StrykInn, TidsrettingInn
from portal.plasser.service import retting as tjeneste

RETT = f"{ENHET}/rett"
OPPHOLD = f"{RETT}/opphold/<uuid:opphold_id>"
#: A field of a stay in words, and the group of its codes («»: a moment; None: as it stands).
FELTER: dict[str, tuple[Any, str | None]] = {
    "inn": (_l("Lagt inn"), ""),
    "ut": (_l("Skrevet ut"), ""),
    "tidspunkt": (_l("Tidspunkt"), ""),
    "kommune_id": (_l("Kommune"), None),
    "fra_hvor": (_l("Kom fra"), "frahvor"),
    "aldersgruppe": (_l("Alder"), "oppholdsalder"),
    "aarsaksgruppe": (_l("Årsak"), "aarsaksgruppe"),
    "planlagt_timer": (_l("Planlagt lengde i timer"), None),
    "til_hvor": (_l("Skrevet ut til"), "tilhvor"),
}
#: The fields of the form in the groups that are opened one by one, each with what it is called where it holds several.
GRUPPER: dict[str, tuple[Any, tuple[str, ...]]] = {
    "tid": (_l("Lagt inn og skrevet ut"), ("inn", "ut")),
    "kommune": ("", ("kommune_id",)),
    "pasient": (_l("Alder og årsak"), ("aldersgruppe", "aarsaksgruppe")),
    "sted": (_l("Kom fra og skrevet ut til"), ("fra_hvor", "til_hvor")),
    "lengde": ("", ("planlagt_timer",)),
}
#: Known of those who have left alone.
_ETTERPAA = frozenset({"ut", "til_hvor"})
ETIKETTER = {**{k: ord_ for k, (ord_, _g) in FELTER.items()}, "begrunnelse": _l("Hvorfor det rettes")}


@blp.get(RETT)
def forvalt_rett(plassenhet_id: UUID) -> str:
    s = tjeneste.hent(aktor(), plassenhet_id)
    return render_template(
        "plasser/forvalt_rett.html", s=s, enhet=s.enhet, grense=tjeneste.grense(), i_ord=_i_ord(s), feil={}
    )


def _i_ord(s: tjeneste.Retteside) -> dict[UUID, list[tuple[str, str, str]]]:
    """{correction: [(what, what stood there, what it became)]} in people's words."""
    return {
        r.id: [_en(r, k, s.kommunenavn) for k in FELTER if k in r.foer or k in r.etter] for r in s.rettinger
    }


def _en(r: Plassretting, felt: str, kommuner: Mapping[str, str]) -> tuple[str, str, str]:
    ledetekst, gruppe = FELTER[felt]
    foer, etter = (_verdi(felt, gruppe, side.get(felt), kommuner) for side in (r.foer, r.etter))
    return str(ledetekst), foer, etter


def _verdi(felt: str, gruppe: str | None, verdi: Any, kommuner: Mapping[str, str]) -> str:
    if verdi is None:
        return _("ikke oppgitt")
    if felt == "kommune_id":
        return kommuner.get(str(verdi), "–")
    if gruppe == "":
        return klokke(datetime.fromisoformat(str(verdi)))
    return etikett(gruppe, verdi) if gruppe else str(verdi)


# --- a stay ----------------------------------------------------------------------------------------------


@blp.route(OPPHOLD, methods=["GET", "POST"])
def rett_opphold(plassenhet_id: UUID, opphold_id: UUID) -> Any:
    if request.method == "GET":
        return _vis_opphold(plassenhet_id, opphold_id)
    verdier = skjemadata()
    try:
        inn = les(OppholdsrettingInn, uten_grunnlag(verdier))
        tjeneste.rett_opphold(aktor(), plassenhet_id, opphold_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis_opphold(plassenhet_id, opphold_id, verdier, feil), feil.status
    flash(_("Oppholdet er rettet."), "success")
    return redirect(url_for("plasser.forvalt_rett", plassenhet_id=plassenhet_id), 303)


@blp.post(f"{OPPHOLD}/stryk")
def stryk_opphold(plassenhet_id: UUID, opphold_id: UUID) -> Any:
    verdier = skjemadata()
    try:
        inn = les(StrykInn, verdier)
        tjeneste.stryk_opphold(aktor(), plassenhet_id, opphold_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis_opphold(plassenhet_id, opphold_id, verdier, feil, stryk=True), feil.status
    flash(_("Innleggelsen er strøket."), "success")
    return redirect(url_for("plasser.forvalt_rett", plassenhet_id=plassenhet_id), 303)


def _vis_opphold(
    plassenhet_id: UUID,
    opphold_id: UUID,
    sendt: Mapping[str, str] | None = None,
    feil: PortalError | None = None,
    *,
    stryk: bool = False,
) -> str:
    """The two forms; what was typed stays in the one that was refused, with what another corrected meanwhile."""
    s = tjeneste.hent_opphold(aktor(), plassenhet_id, opphold_id)
    feltene = feltfeil(feil)
    if stryk:
        feltene = {"feil": {f"stryk-{k}" if k else "": m for k, m in feltene["feil"].items()}}
    lagret = _lagret(s.opphold)
    verdier, andres = flett(lagret, sendt if not stryk else None, s.opphold.versjon)
    kommuner = {str(k.id): k.kortnavn for k in s.kommuner}
    return render_template(
        "plasser/forvalt_rett_opphold.html",
        s=s,
        enhet=s.enhet,
        verdier={"begrunnelse": "", **verdier, "lest": s.opphold.versjon},
        andres=[
            (ord_, _verdi(k, gruppe, _raa(s.opphold, k), kommuner))
            for k, (ord_, gruppe) in FELTER.items()
            if k in andres
        ],
        grunnlag=grunnlag(lagret),
        grupper=_grupper(s.opphold, lagret, verdier, feltene["feil"], kommuner),
        stryk_begrunnelse=sendt.get("begrunnelse", "") if stryk and sendt else "",
        stryker=stryk,
        etiketter={**ETIKETTER, "stryk-begrunnelse": _("Hvorfor innleggelsen strykes")},
        frahvor=[str(v) for v in Frahvor],
        tilhvor=[str(v) for v in Tilhvor],
        aldre=[str(v) for v in Aldersgruppe],
        aarsaker=[str(v) for v in Aarsaksgruppe],
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltene,
    )


class Gruppe(NamedTuple):
    """Fields that are opened together: what they are called, what stands there now, and whether they are open."""

    navn: str
    naa: str
    aapen: bool


def _grupper(
    o: Opphold,
    lagret: Mapping[str, str],
    verdier: Mapping[str, str],
    feil: Mapping[str, Any],
    kommuner: Mapping[str, str],
) -> dict[str, Gruppe]:
    """The groups of the form, closed but for those where something is wrong, or typed and not saved."""
    ut: dict[str, Gruppe] = {}
    for kode, (tittel, alle) in GRUPPER.items():
        felter = [f for f in alle if o.ut is not None or f not in _ETTERPAA]
        # Of what nobody has said anything that is said once.
        naa = [
            _verdi(f, FELTER[f][1], _raa(o, f), kommuner) for f in felter if any(lagret[a] for a in felter)
        ]
        aapen = any(f in feil or ren(verdier[f]) != ren(lagret[f]) for f in felter)
        navn = str(tittel) if len(felter) > 1 else str(FELTER[felter[0]][0])
        ut[kode] = Gruppe(navn, " · ".join(naa) or _("ikke oppgitt"), aapen)
    return ut


def _lagret(o: Opphold) -> dict[str, str]:
    return {
        "inn": feltverdi(o.inn),
        "ut": feltverdi(o.ut) if o.ut else "",
        "kommune_id": str(o.kommune_id),
        "fra_hvor": o.fra_hvor or "",
        "aldersgruppe": o.aldersgruppe or "",
        "aarsaksgruppe": o.aarsaksgruppe or "",
        "planlagt_timer": str(o.planlagt_timer or ""),
        "til_hvor": o.til_hvor or "",
    }


def _raa(o: Opphold, felt: str) -> Any:
    """A field of a stay as a correction keeps it."""
    verdi = getattr(o, felt)
    return verdi.isoformat() if isinstance(verdi, datetime) else verdi


# --- the moment of a bed's state -------------------------------------------------------------------------


@blp.route(f"{RETT}/plass/<uuid:plass_id>/<int:nr>", methods=["GET", "POST"])
def rett_endring(plassenhet_id: UUID, plass_id: UUID, nr: int) -> Any:
    rad, plass, enhet = tjeneste.hent_endring(aktor(), plassenhet_id, plass_id, nr)
    verdier: dict[str, Any] = {"tidspunkt": feltverdi(rad.tidspunkt)}
    feil: PortalError | None = None
    if request.method == "POST":
        verdier = dict(skjemadata())
        try:
            inn = les(TidsrettingInn, verdier)
            tjeneste.rett_endring(aktor(), plassenhet_id, plass_id, nr, **inn)
        except (UgyldigData, Konflikt) as e:
            feil = e
        else:
            flash(_("Tidspunktet er rettet."), "success")
            return redirect(url_for("plasser.forvalt_rett", plassenhet_id=plassenhet_id), 303)
    side = render_template(
        "plasser/forvalt_rett_endring.html",
        rad=rad,
        plass=plass,
        enhet=enhet,
        verdier=verdier,
        etiketter=ETIKETTER,
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )
    return side, feil.status if feil else 200
