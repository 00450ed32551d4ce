"""The front page of the rosters, one's own shifts, and a plan week by week or month by month."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from flask import render_template, request, url_for

from portal.core.clock import now, oslo
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.core.web import les
from portal.identitet.innlogging import gjeldende_aktor
from portal.vakt import access
from portal.vakt.routes.felles import blp, ukenavn
from portal.vakt.schemas import KalenderInn, MineVakterInn
from portal.vakt.service import bytte, gyldighet, kalender, oversikt, vakter

#: How far ahead one's own shifts are listed, and how far back.
_FRAM, _TILBAKE = timedelta(days=365), timedelta(days=30)
_UKE = timedelta(days=7)


@blp.get("/vakt")
def forside() -> str:
    """Who is on call now at my organisation, my next shifts, and what waits for me."""
    aktor = gjeldende_aktor()
    planer = oversikt.hent_planer(aktor)
    naa = now()
    mine_neste = vakter.mine_vakter(aktor, naa, naa + _FRAM)[:5]
    return render_template(
        "vakt/forside.html",
        planer=planer,
        mine=mine_neste,
        teller_ikke=gyldighet.finn_bortfall(aktor, mine_neste),
        bytter=[r for r in bytte.hent_bytter(aktor) if r.venter_paa_meg],
        kan_redigere=aktor.organisasjon_id is not None and access.kan_redigere(aktor, aktor.organisasjon_id),
        maa_bevises=oversikt.maa_bevises(aktor),
    )


@blp.get("/vakt/mine")
def mine() -> str:
    aktor = gjeldende_aktor()
    naa = now()
    inn = les(MineVakterInn, request.args)
    valg = {n: inn[n] for n in ("fagomraade", "nivaa") if inn[n]}
    egne = vakter.hent_egne(aktor, naa, naa + _FRAM, side=inn["side"], **valg)
    tidligere = [v for v in vakter.mine_vakter(aktor, naa - _TILBAKE, naa) if v.til <= naa]
    return render_template(
        "vakt/mine.html",
        egne=egne,
        # What runs is listed where it began.
        maaneder=[
            (d, list(vs)) for d, vs in groupby(egne.vakter, lambda v: oslo(v.fra).date().replace(day=1))
        ],
        valg=valg,
        adresse=f"{url_for('vakt.mine')}?{urlencode({**valg, 'side': ''})}",
        tidligere=tidligere,
        teller_ikke=gyldighet.finn_bortfall(aktor, [*egne.vakter, *tidligere]),
        tatt_fra=oversikt.kan_gis_tilbake(aktor, egne.vakter),
        maa_bevises=oversikt.maa_bevises(aktor),
    )


@blp.get("/vakt/planer/<uuid:plan_id>")
def plan(plan_id: UUID) -> str:
    """The calendar. Without `uke` and `maaned` it is this week."""
    aktor = gjeldende_aktor()
    valg = les(KalenderInn, request.args)
    i_dag = oslo(now()).date()
    if valg["maaned"]:
        foerste = date.fromisoformat(f"{valg['maaned']}-01")
        neste = (foerste + timedelta(days=32)).replace(day=1)
        forrige = (foerste - timedelta(days=1)).replace(day=1)
        start = foerste - timedelta(days=foerste.weekday())
        slutt = neste + timedelta(days=-neste.weekday() % 7)
        k = kalender.hent_kalender(aktor, plan_id, start, slutt, maaned=(foerste.year, foerste.month))
        adresser = {"forrige": {"maaned": f"{forrige:%Y-%m}"}, "neste": {"maaned": f"{neste:%Y-%m}"}}
        vist, andre = foerste, {"uke": ukenavn(i_dag if foerste <= i_dag < neste else foerste)}
        denne, er_naa = {"maaned": f"{i_dag:%Y-%m}"}, foerste <= i_dag < neste
    else:
        mandag = _mandag(valg["uke"]) if valg["uke"] else i_dag - timedelta(days=i_dag.weekday())
        k = kalender.hent_kalender(aktor, plan_id, mandag, mandag + _UKE)
        adresser = {"forrige": {"uke": ukenavn(mandag - _UKE)}, "neste": {"uke": ukenavn(mandag + _UKE)}}
        midt = mandag + timedelta(days=3)
        vist, andre = mandag, {"maaned": f"{midt:%Y-%m}"}
        denne, er_naa = {"uke": ukenavn(i_dag)}, mandag <= i_dag < mandag + _UKE
    valgene = {**adresser, "naa": denne, "andre": andre}
    return render_template(
        "vakt/plan.html",
        k=k,
        plan=k.plan,
        maaned=bool(valg["maaned"]),
        vist=vist,
        uke=ukenavn(vist),
        er_naa=er_naa,
        lenker={n: f"{url_for('vakt.plan', plan_id=plan_id)}?{urlencode(v)}" for n, v in valgene.items()},
    )


def _mandag(uke: str) -> date:
    try:
        return date.fromisocalendar(int(uke[:4]), int(uke[6:]), 1)
    except ValueError:
        raise UgyldigData(felter={"uke": [_l("Uka finnes ikke. Den skrives som 2026-W13.")]}) from None
