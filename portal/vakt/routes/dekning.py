"""Coverage: the organisation's plans in one view, and one plan with its gaps and its people. Also for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import Response, render_template

from portal.core.clock import now, oslo
from portal.core.regneark import BOM, som_csv
from portal.core.sprak import _, _l
from portal.core.web import etikett
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import brev, dobbelt
from portal.vakt.routes.felles import blp
from portal.vakt.service import dekning as tjeneste
from portal.vakt.service import klarhet
from portal.vakt.service.dekning import Hull, Plandekning
from portal.vakt.turnus import LENGSTE_VAKT

#: Gaps that the page shows of each plan; the file has all.
VIST = 60

#: The columns of the burden: the fields of `dekningsregler.Byrde`, with their words.
MAAL = (
    ("vakter", _l("Vakter")),
    ("timer", _l("Timer")),
    ("netter", _l("Netter")),
    ("helger", _l("Helger")),
    ("helligdager", _l("Helligdager")),
)


def _tall(verdi: float, desimaler: int = 0) -> str:
    """As it is written here: «12,5», «−3»."""
    return f"{verdi:.{desimaler}f}".replace(".", ",").replace("-", "−")


def prosent(andel: float) -> str:
    """«99,9 %», rounded down: what is not whole is never shown as whole."""
    tideler = int(andel * 1000 + 1e-9)
    return f"{_tall(tideler / 10, 1 if tideler % 10 else 0)} %"


def _varighet(h: Hull) -> str:
    return brev.varighet(max(1, round(h.varighet.total_seconds() / 60)))


def _paa_vakt(plan_ids: list[UUID]) -> list[list[klarhet.Paavakt]]:
    """Who is on call now or within the hour, by person: one may stand on many rosters at once."""
    grupper: dict[object, list[klarhet.Paavakt]] = {}
    for r in klarhet.hent_paa_vakt(plan_ids):
        grupper.setdefault((r.person_id, r.klarhet, r.fra, r.til), []).append(r)
    return list(grupper.values())


@blp.get("/vakt/dekning")
def dekningsoversikt() -> str:
    aktor = gjeldende_aktor()
    planer = sorted(tjeneste.hent_oversikt(aktor), key=lambda p: etikett("fagomraade", p.plan.fagomraade))
    return render_template(
        "vakt/dekning.html",
        planer=planer,
        naa_paa_vakt=_paa_vakt([p.plan.id for p in planer]),
        prosent=prosent,
        varighet=_varighet,
        uker=tjeneste.UKER,
    )


@blp.get("/vakt/dekning/<uuid:plan_id>")
def plandekning(plan_id: UUID) -> str:
    d = tjeneste.hent_dekning(gjeldende_aktor(), plan_id)
    return render_template(
        "vakt/dekning_plan.html",
        d=d,
        plan=d.plan.plan,
        doble=[dobbelt.som_tekst(x, d.plan.plan.fagomraade) for x in d.doble[:VIST]],
        flere_doble=max(len(d.doble) - VIST, 0),
        hull=d.hull[:VIST],
        flere=max(len(d.hull) - VIST, 0),
        naa_paa_vakt=_paa_vakt([plan_id]),
        maal=MAAL,
        tall=_tall,
        prosent=prosent,
        varighet=_varighet,
        lengste_vakt=LENGSTE_VAKT,
        uker=tjeneste.UKER,
    )


# --- for a spreadsheet -----------------------------------------------------------------------------------


@blp.get("/vakt/dekning/hull.csv")
def dekningsoversikt_csv() -> Response:
    return _hull_csv(tjeneste.hent_oversikt(gjeldende_aktor()), "hull-i-vaktplanene")


@blp.get("/vakt/dekning/<uuid:plan_id>/hull.csv")
def plandekning_csv(plan_id: UUID) -> Response:
    plan = tjeneste.hent_dekning(gjeldende_aktor(), plan_id).plan
    return _hull_csv([plan], f"hull-{plan.plan.fagomraade}")


def _hull_csv(planer: Iterable[Plandekning], navn: str) -> Response:
    rader = [[_("Fagområde"), _("Nivå"), _("Fra"), _("Til"), _("Timer"), _("Står på vakt, men teller ikke")]]
    for p in planer:
        for h in p.hull:
            rader.append(
                [
                    etikett("fagomraade", p.plan.fagomraade),
                    etikett("vaktnivaa", h.nivaa),
                    f"{oslo(h.fra):%Y-%m-%d %H:%M}",
                    f"{oslo(h.til):%Y-%m-%d %H:%M}",
                    _tall(h.varighet.total_seconds() / 3600, 2),
                    ", ".join(h.folk),
                ]
            )
    return _fil(rader, navn)


@blp.get("/vakt/dekning/<uuid:plan_id>/fordeling.csv")
def fordeling_csv(plan_id: UUID) -> Response:
    d = tjeneste.hent_dekning(gjeldende_aktor(), plan_id)
    rader = [[_("Nivå"), _("Navn"), *(str(ord_) for _m, ord_ in MAAL)]]
    for nivaa, r in d.rettferdighet.items():
        for navn, b in [
            *((p.navn, p.byrde) for p in r.personer),
            (_("Snitt"), r.snitt),
            (_("Standardavvik"), r.avvik),
        ]:
            rader.append([etikett("vaktnivaa", nivaa), navn, *(_tall(getattr(b, m), 2) for m, _ord in MAAL)])
    return _fil(rader, f"fordeling-{d.plan.plan.fagomraade}")


def _fil(rader: list[list[str]], navn: str) -> Response:
    return Response(
        BOM + som_csv(rader),
        mimetype="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{navn}-{oslo(now()).date().isoformat()}.csv"'
        },
    )
