"""How requests climb at the organisation: the policies that hold, one to change, and back to the standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import etikett, feltfeil, les, skjema_med_lister
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access, brev
from portal.vakt.models import Nivaa
from portal.vakt.routes.felles import blp
from portal.vakt.schemas import PolicyInn, PolicyvalgInn
from portal.vakt.service import policyer
from portal.vakt.steps import Ledd, Policy

#: Each level can stand once: there are no more rows than levels.
RADER = range(1, len(Nivaa) + 1)


def _organisasjon() -> UUID:
    """The actor's own: nobody sees another's."""
    aktor = gjeldende_aktor()
    if aktor.organisasjon_id is None:
        access.synlige_planer(aktor)
    assert aktor.organisasjon_id is not None
    return aktor.organisasjon_id


def _hvor(fagomraade: str) -> str:
    return etikett("fagomraade", fagomraade) if fagomraade else _("Alle fagområder uten egen")


@blp.get("/vakt/policy")
def policy() -> str:
    p = policyer.hent_policyer(gjeldende_aktor(), _organisasjon())
    grupper: dict[str, list[policyer.Gjeldende]] = {}
    for rad in p.rader:
        grupper.setdefault(rad.fagomraade, []).append(rad)
    # In full only where something is the fagområde's own: the others follow what stands on top.
    egne = [f for f, rader in grupper.items() if f and any(r.kilde == policyer.Kilde.EGEN for r in rader)]
    foelger = [f for f in grupper if f and f not in egne]
    return render_template(
        "vakt/policy.html",
        p=p,
        grupper=[(fag, _hvor(fag), grupper[fag]) for fag in ["", *egne]],
        foelger=[etikett("fagomraade", f) for f in foelger],
        andre=sorted(((f, etikett("fagomraade", f)) for f in [*foelger, *p.andre]), key=lambda par: par[1]),
        forklar=brev.forklar,
    )


@blp.route("/vakt/policy/endre", methods=["GET", "POST"])
def endre_policy() -> Any:
    """Shown before it is saved (`forhaandsvis`), and asked about once more where akutt would wait long."""
    aktor, organisasjon_id = gjeldende_aktor(), _organisasjon()
    if request.method == "GET":
        valg = les(PolicyvalgInn, request.args)
        gjelder = policyer.hent_policy(aktor, organisasjon_id, valg["fagomraade"], valg["hastegrad"])
        return _vis(gjelder, _verdier(gjelder.policy), gjelder.policy)
    verdier, _lister = skjema_med_lister()
    valg = les(PolicyvalgInn, {k: v for k, v in verdier.items() if k in ("fagomraade", "hastegrad")})
    gjelder = policyer.hent_policy(aktor, organisasjon_id, valg["fagomraade"], valg["hastegrad"])
    try:
        inn = les(PolicyInn, verdier)
        ny = _les_policy(inn)
        if inn["forhaandsvis"]:
            if felter := policyer.kontroller(ny):
                raise UgyldigData(felter=felter)
            return _vis(gjelder, verdier, ny, forhaandsvist=True)
        try:
            policyer.sett(
                aktor,
                organisasjon_id,
                inn["fagomraade"],
                inn["hastegrad"],
                ny.ledd,
                ny.gjentakelser,
                ny.gjenta_etter,
                bekreftet=inn["bekreftet"],
            )
        except policyer.MaaBekreftes as feil:
            return _vis(gjelder, verdier, ny, feil, bekreft=True), feil.status
    except UgyldigData as feil:
        return _vis(gjelder, verdier, None, _i_rader(feil, verdier)), feil.status
    flash(
        _(
            "Lagret. Nye henvendelser følger dette; de som venter nå, følger det de begynte med: %(hvor)s, "
            "%(hastegrad)s.",
            hvor=_hvor(inn["fagomraade"]),
            hastegrad=etikett("hastegrad", inn["hastegrad"]).lower(),
        ),
        "success",
    )
    return redirect(url_for("vakt.policy"), 303)


@blp.post("/vakt/policy/tilbakestill")
def tilbakestill_policy() -> Any:
    valg = les(PolicyvalgInn, skjema_med_lister()[0])
    policyer.tilbakestill(gjeldende_aktor(), _organisasjon(), valg["fagomraade"], valg["hastegrad"])
    flash(_("De egne varslingstrinnene er tatt bort. Fra nå gjelder det som står i lista."), "success")
    return redirect(url_for("vakt.policy"), 303)


def _les_policy(inn: Mapping[str, Any]) -> Policy:
    """The rows that name a level. A row without minutes is told at once."""
    ledd = tuple(Ledd(str(inn[f"nivaa_{n}"]), inn[f"etter_{n}"] or 0) for n in RADER if inn[f"nivaa_{n}"])
    return Policy(ledd, inn["gjentakelser"], inn["gjenta_etter"])


def _i_rader(feil: UgyldigData, verdier: Mapping[str, str]) -> UgyldigData:
    """The service counts the steps; a form that left a row empty has them further down."""
    brukte = [n for n in RADER if verdier.get(f"nivaa_{n}")]
    felter = {}
    for felt, meldinger in feil.detaljer.get("felter", {}).items():
        navn, _strek, nummer = felt.rpartition("_")
        if navn in ("nivaa", "etter") and nummer.isdecimal() and int(nummer) <= len(brukte):
            felt = f"{navn}_{brukte[int(nummer) - 1]}"
        felter[felt] = meldinger
    return UgyldigData(felter=felter)


def _verdier(policy: Policy) -> dict[str, str]:
    """A policy as the form holds it."""
    verdier = {"gjentakelser": str(policy.gjentakelser), "gjenta_etter": str(policy.gjenta_etter)}
    for n, led in enumerate(policy.ledd, start=1):
        verdier |= {f"nivaa_{n}": str(led.nivaa), f"etter_{n}": str(led.etter)}
    return verdier


def _vis(
    gjelder: policyer.Gjeldende,
    verdier: Mapping[str, str],
    vist: Policy | None,
    feil: PortalError | None = None,
    *,
    bekreft: bool = False,
    forhaandsvist: bool = False,
) -> str:
    return render_template(
        "vakt/policy_endre.html",
        gjelder=gjelder,
        hvor=_hvor(gjelder.fagomraade),
        verdier=verdier,
        rader=RADER,
        forklaring=brev.forklar(vist) if vist is not None else [],
        bekreft=bekreft,
        forhaandsvist=forhaandsvist,
        **feltfeil(feil),
    )
