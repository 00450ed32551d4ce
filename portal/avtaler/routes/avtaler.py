"""The list of agreements, a new one, the page of one, and what its owner does with its versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.avtaler import access, maler
from portal.avtaler.forloep import FORETAK
from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import AvtalefilterInn, NyAvtaleInn, VersjonInn
from portal.avtaler.service import avtaler, oversikt
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, etikett, feltfeil, les, skjema_med_lister, velg_spraak


@bp.get("")
def liste() -> Any:
    """Narrowed by words, type, state and party; the agreements of a page as a tree."""
    a = aktor()
    verdier = {k: v for k, v in request.args.items() if v}
    feil: PortalError | None = None
    try:
        valg = les(AvtalefilterInn, verdier)
    except UgyldigData as e:
        feil, valg = e, les(AvtalefilterInn, {})
    side = valg.pop("side")
    funnet = avtaler.synlige_avtaler(a, valg, side)
    utvalg = {k: str(v) for k, v in valg.items() if v}
    html = render_template(
        "avtaler/liste.html",
        funnet=funnet,
        tre=oversikt.som_tre(a, funnet.rader),
        parter=oversikt.parter_i_lista(a),
        tilstander=[
            ("", _("Alle"), funnet.tall["alle"]),
            *(
                (t, etikett("avtaletilstand", t), funnet.tall[t])
                for t in avtaler.TILSTANDER
                if funnet.tall[t] or valg["tilstand"] == t
            ),
        ],
        utvalg=utvalg,
        verdier=verdier if feil else utvalg,
        # The address of the list with another state, and with another page.
        uten_tilstand=urlencode({k: v for k, v in utvalg.items() if k != "tilstand"}),
        adresse=f"{url_for('avtaler.liste')}?{urlencode(utvalg)}{'&' if utvalg else ''}side=",
        kan_opprette=access.kan_opprette(a),
        kan_se_kjede=a.rolle in access.KJEDEHOLDERE and a.organisasjon_type in (*FORETAK, "kommune"),
        **feltfeil(feil),
    )
    return html, feil.status if feil else 200


@bp.route("/ny", methods=["GET", "POST"])
def ny_avtale() -> Any:
    """Blank, with the clauses of a template, or with those of another agreement of the own."""
    a = aktor()
    over, egne = oversikt.kan_ligge_under(a), oversikt.kan_kopieres(a)
    spurt = {k: v for k, v in request.args.items() if k in NyAvtaleInn().fields}
    verdier: Mapping[str, str] = {**_fra_mal(spurt), **spurt}
    feil: PortalError | None = None
    if request.method == "POST":
        verdier, _lister = skjema_med_lister()
        try:
            return redirect(url_for("avtaler.utkast", avtale_id=_begynn(les(NyAvtaleInn, verdier))), 303)
        except (UgyldigData, Konflikt) as e:
            feil = e
    html = render_template(
        "avtaler/ny.html",
        over=[
            (b.id, f"{etikett('avtaletype', b.type)}: {b.nummer} {b.tittel}".replace("  ", " ")) for b in over
        ],
        egne=[(b.id, f"{b.nummer} {b.tittel}".strip()) for b in egne],
        maler=[(m.kode, m.tittel[malspraak()]) for m in maler.alle()],
        verdier=verdier,
        **feltfeil(feil),
    )
    return html, feil.status if feil else 200


def malspraak() -> str:
    """The målform in which templates are told of: the page's own where it is one."""
    return "nn" if velg_spraak() == "nn" else "nb"


def _fra_mal(spurt: Mapping[str, str]) -> dict[str, str]:
    """What the template that the address names would fill in: its type and its title, in the målform asked for."""
    mal = maler.hent(spurt.get("mal", ""))
    if mal is None:
        return {}
    maalform = spurt["maalform"] if spurt.get("maalform") in maler.MAALFORMER else malspraak()
    return {"type": mal.type, "tittel": mal.tittel[maalform], "maalform": maalform}


def _begynn(inn: Mapping[str, Any]) -> UUID:
    felles = {k: inn[k] for k in ("type", "tittel", "nummer", "overordnet_id")}
    mal = maler.hent(inn["mal"]) if inn["mal"] else None
    # What is asked for and cannot be given must not become a blank agreement.
    if inn["mal"] and mal is None:
        raise UgyldigData(felter={"mal": [_("Malen finnes ikke. Velg en annen, eller begynn uten.")]})
    if mal is not None and inn["kopi_av"]:
        raise UgyldigData(
            felter={"mal": [_("Velg enten en mal eller teksten fra en annen avtale, ikke begge.")]}
        )
    if inn["kopi_av"]:
        avtale_id = avtaler.kopier(aktor(), inn["kopi_av"], **felles)
    else:
        klausuler = mal.klausuler(inn["maalform"]) if mal else []
        avtale_id = avtaler.lag(aktor(), maalform=inn["maalform"], bestemmelser=klausuler, **felles)
    flash(_("Utkastet er laget. Bare dere ser det til dere sender det til forhandling."), "success")
    return avtale_id


@bp.get("/<uuid:avtale_id>")
def avtale(avtale_id: UUID) -> str:
    """The version that holds, or the one asked for."""
    inn = les(VersjonInn, {k: v for k, v in request.args.items() if v})
    return vis_avtale(avtale_id, inn["versjon"])


def vis_avtale(
    avtale_id: UUID,
    nummer: int | None = None,
    feil: PortalError | None = None,
    tapt_tekst: Sequence[tuple[str, str]] = (),
) -> str:
    """The page, with what was wrong with an act that began on it, and what was written in a form that is gone."""
    s = avtaler.hent_avtale(aktor(), avtale_id, nummer)
    return render_template("avtaler/avtale.html", s=s, tapt_tekst=tapt_tekst, **feltfeil(feil))


# --- what the owner does with versions -------------------------------------------------------------------


@bp.post("/<uuid:avtale_id>/ny-versjon")
def ny_versjon(avtale_id: UUID) -> Any:
    skjema_med_lister()
    try:
        nummer = avtaler.ny_versjon(aktor(), avtale_id)
    except Konflikt as feil:
        return vis_avtale(avtale_id, feil=feil), feil.status
    flash(
        _("Versjon %(nr)s er begynt. Det som gjelder, gjelder til den nye har trådt i kraft.", nr=nummer),
        "success",
    )
    return redirect(url_for("avtaler.utkast", avtale_id=avtale_id), 303)


@bp.post("/<uuid:avtale_id>/forkast")
def forkast(avtale_id: UUID) -> Any:
    skjema_med_lister()
    try:
        avtaler.forkast(aktor(), avtale_id)
    except Konflikt as feil:
        return vis_avtale(avtale_id, feil=feil), feil.status
    flash(_("Versjonen er forkastet. Det som gjaldt før, gjelder fortsatt."), "success")
    return redirect(url_for("avtaler.avtale", avtale_id=avtale_id), 303)
