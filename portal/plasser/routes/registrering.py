"""All beds of a unit at once: in one form, or by a file; and the file to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, flash, render_template, request

from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _, _l, ngettext
from portal.core.web import aktor, etikett, feltfeil, les, skjemadata, som_tekst
from portal.plasser import tilstandsfil
from portal.plasser.access import Handling
from portal.plasser.forloep import Stengtgrunn, Tilstand
from portal.plasser.routes.enhet import ENHET, holdskjema, til_enheten
from portal.plasser.routes.felles import blp
from portal.plasser.routes.rimelighet import overraskelser
from portal.plasser.schemas import RegistreringInn, RegistrertPlassInn, TilstandsfilInn
from portal.plasser.service import enhetside, registrering
from portal.plasser.service.enhetside import Plassrad
from portal.plasser.service.registrering import Ny

#: The fields of one bed; its id follows after a hyphen.
_FELT = ("tilstand", "grunn", "kommune", "lest")


@blp.route(f"{ENHET}/registrering", methods=["GET", "POST"])
def registrer_alle(plassenhet_id: UUID) -> Any:
    """Every bed as it stands, filled in; what is changed is set together."""
    if request.method == "GET":
        return _vis(plassenhet_id, None)
    verdier = skjemadata()
    try:
        pr_plass, ellers = _del_opp(verdier)
        inn = les(RegistreringInn, ellers)
        antall = registrering.registrer(aktor(), plassenhet_id, _nye(pr_plass), **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis(plassenhet_id, verdier, feil), feil.status
    return _ferdig(plassenhet_id, antall)


def _del_opp(verdier: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The beds' own fields by bed, and the others."""
    pr_plass: dict[str, dict[str, str]] = {}
    ellers: dict[str, str] = {}
    for navn, verdi in verdier.items():
        felt, skille, plass = navn.partition("-")
        if skille and felt in _FELT:
            pr_plass.setdefault(plass, {})[felt] = verdi
        else:
            ellers[navn] = verdi
    return pr_plass, ellers


def _nye(pr_plass: Mapping[str, Mapping[str, str]]) -> list[Ny]:
    """What the form says of each bed. Raises UgyldigData with the faults of all of them."""
    nye: list[Ny] = []
    galt: dict[str, Any] = {}
    for plass, felter in pr_plass.items():
        try:
            plass_id = UUID(plass)
            # A reason or a kommune that stands filled in beside another state means nothing.
            til = felter.get("tilstand")
            grunn = felter.get("grunn", "") if til == Tilstand.STENGT else ""
            kommune = felter.get("kommune", "") if til == Tilstand.BELAGT else ""
            lest = les(RegistrertPlassInn, {**felter, "grunn": grunn, "kommune": kommune})
            nye.append(Ny(plass_id, kommune_id=lest.pop("kommune"), **lest))
        except UgyldigData as feil:
            galt |= {f"{felt}-{plass}": m for felt, m in feil.detaljer["felter"].items()}
        except ValueError:
            raise UgyldigData() from None
    if galt:
        raise UgyldigData(felter=galt)
    return nye


def _ferdig(plassenhet_id: UUID, antall: int) -> Any:
    flash(
        ngettext("%(num)s plass er endret.", "%(num)s plasser er endret.", antall)
        if antall
        else _("Ingen plasser er endret. Alle ser nå at tallene stemmer."),
        "success",
    )
    return til_enheten(plassenhet_id)


def _vis(plassenhet_id: UUID, sendt: Mapping[str, str] | None, feil: PortalError | None = None) -> str:
    """What was chosen stands; but a bed that has changed since the form was made shows how it is now, whatever the form
    was refused for: what was chosen of it was said of something else, and sent once more it would be done unseen."""
    u = enhetside.hent_side(aktor(), plassenhet_id, Handling.DRIVE)
    verdier: dict[str, Any] = {}
    sendt = dict(sendt or {})
    imens: dict[UUID, str] = {}
    for rad in u.rader:
        if sendt.get(f"lest-{rad.plass.id}", str(rad.plass.versjon)) != str(rad.plass.versjon):
            imens[rad.plass.id] = _sendt_i_ord(rad, sendt)
            for felt in ("tilstand", "grunn", "kommune"):
                sendt.pop(f"{felt}-{rad.plass.id}", None)
        verdier[f"tilstand-{rad.plass.id}"] = "" if rad.tilstand == Tilstand.UKJENT else str(rad.tilstand)
        verdier[f"grunn-{rad.plass.id}"] = rad.plass.stengt_grunn
    verdier |= {k: v for k, v in sendt.items() if not k.startswith("lest-")}
    return render_template(
        "plasser/registrering.html",
        u=u,
        endret_imens=imens,
        overraskelser=overraskelser(feil),
        stengtgrunner=[str(g) for g in Stengtgrunn],
        **{**holdskjema(u, {}), "verdier": verdier},
        **feltfeil(feil),
    )


def _sendt_i_ord(rad: Plassrad, sendt: Mapping[str, str]) -> str:
    """What was sent of a bed that has changed meanwhile; empty where that is how it stands."""
    tilstand = sendt.get(f"tilstand-{rad.plass.id}", "")
    grunn = sendt.get(f"grunn-{rad.plass.id}", "") if tilstand == Tilstand.STENGT else ""
    if tilstand not in list(Tilstand) or (tilstand, grunn) == (rad.tilstand, rad.plass.stengt_grunn):
        return ""
    ord_ = etikett("plasstilstand", tilstand).lower()
    return f"{ord_} ({etikett('stengtgrunn', grunn).lower()})" if grunn in list(Stengtgrunn) else ord_


# --- by a file -------------------------------------------------------------------------------------------


@blp.get(f"{ENHET}/plasser.csv")
def last_ned_tilstander(plassenhet_id: UUID) -> Response:
    tekst, navn = registrering.eksporter(aktor(), plassenhet_id)
    svar = Response(tekst, mimetype="text/csv")
    svar.headers.set("Content-Disposition", "attachment", filename=f"plasser-{navn}.csv")
    return svar


@blp.route(f"{ENHET}/import", methods=["GET", "POST"])
def importer_tilstander(plassenhet_id: UUID) -> Any:
    if request.method == "GET":
        return _vis_import(plassenhet_id, {})
    # Before the file is read: nobody else's is.
    enhetside.hent_side(aktor(), plassenhet_id, Handling.DRIVE)
    verdier = skjemadata()
    try:
        inn = les(TilstandsfilInn, verdier)
        fil = request.files.get("fil")
        if fil is not None and fil.filename:
            with fil.stream:
                raa = fil.read(tilstandsfil.STOERST + 1)
            if len(raa) > tilstandsfil.STOERST:
                raise UgyldigData(felter={"fil": [_l("Fila er for stor. Del den opp.")]})
            verdier["tekst"] = inn["tekst"] = tilstandsfil.som_tekst(raa)
        antall = registrering.importer(aktor(), plassenhet_id, **inn)
    except (UgyldigData, Konflikt) as feil:
        return _vis_import(plassenhet_id, verdier, feil), feil.status
    return _ferdig(plassenhet_id, antall)


def _vis_import(plassenhet_id: UUID, verdier: Mapping[str, str], feil: PortalError | None = None) -> str:
    u = enhetside.hent_side(aktor(), plassenhet_id, Handling.DRIVE)
    return render_template(
        "plasser/import.html",
        u=u,
        importlinjer=som_tekst(feil.detaljer.get("linjer", [])) if feil is not None else [],
        overraskelser=overraskelser(feil),
        kolonner=tilstandsfil.KOLONNER,
        **{**holdskjema(u, {}), "verdier": verdier},
        **feltfeil(feil),
    )
