"""The pages of the history: occupancy, arrivals and refusals over time, of a unit or an area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import format_date, get_locale

from portal.core.clock import i_dag
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.core.regneark import BOM, Celle, Tall, celle_som_tekst, som_csv
from portal.core.sprak import _, _l
from portal.core.web import aktor, etikett, feltfeil, les
from portal.plasser import historikkregler as regler
from portal.plasser.forloep import Aarsaksgruppe, Aldersgruppe
from portal.plasser.historikkregler import Bolk, Opploesning
from portal.plasser.ord import aarsaksord
from portal.plasser.routes.felles import blp
from portal.plasser.schemas import HistorikkInn
from portal.plasser.service import endringer
from portal.plasser.service import historikk as tjeneste
from portal.plasser.service.historikk import Historikk, Slag, Utvalg

#: The longest period of one's own, in days.
LENGSTE = 15 * 366
#: The height and the width of a chart's own coordinates; the page stretches them.
BREDDE, HOEYDE = 1000.0, 100.0


@dataclass(frozen=True, slots=True)
class Soeyle:
    """A bar of a chart, in its own coordinates. `hoeyde` None: not known, drawn as a gap."""

    x: float
    bredde: float
    hoeyde: float | None
    strek: float | None
    tekst: str


@blp.get("/historikk")
def historikk() -> Any:
    sporring = {k: v for k, v in request.args.items() if v}
    try:
        inn = les(HistorikkInn, sporring)
        utvalg = _utvalg(inn)
        fra, til = _periode(inn)
    except UgyldigData as feil:
        return _vis(_standard(), tjeneste.utgangspunkt(aktor()), *_periode(_standard()), sporring, feil), 422
    return _vis(inn, utvalg, fra, til, sporring)


@blp.get("/<uuid:plassenhet_id>/historikk")
def enhetshistorikk(plassenhet_id: UUID) -> Any:
    utvalg = tjeneste.hent_utvalg(aktor(), Slag.ENHET, plassenhet_id)
    sporring = {k: v for k, v in request.args.items() if v}
    try:
        inn = les(HistorikkInn, sporring)
        fra, til = _periode(inn)
    except UgyldigData as feil:
        return _vis(_standard(), utvalg, *_periode(_standard()), sporring, feil), 422
    return _vis(inn, utvalg, fra, til, sporring)


@blp.get("/historikk.csv")
def historikk_csv() -> Response:
    """The same figures for a spreadsheet."""
    inn = les(HistorikkInn, {k: v for k, v in request.args.items() if v})
    utvalg = _utvalg(inn)
    h = tjeneste.hent(aktor(), utvalg, *_periode(inn), inn["opploesning"])
    rader = [
        [str(o) for o in (_("Fra og med"), _("Til og med"), *(ord_ for ord_, _k in KOLONNER))],
        *(
            [b.start.isoformat(), b.slutt.isoformat(), *(celle_som_tekst(c) for c in _celler(h, b))]
            for b in h.bolker
        ),
    ]
    return Response(
        BOM + som_csv(rader),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="belegg.csv"'},
    )


# --- what was asked for ----------------------------------------------------------------------------------


def _standard() -> dict[str, Any]:
    return les(HistorikkInn, {})


def _utvalg(inn: Mapping[str, Any]) -> Utvalg:
    for slag in (Slag.ENHET, Slag.FORETAK, Slag.FYLKE, Slag.KOMMUNE):
        if inn[slag]:
            return tjeneste.hent_utvalg(aktor(), slag, inn[slag])
    if not inn["omraade"]:
        return tjeneste.utgangspunkt(aktor())
    slag, _skille, id_ = inn["omraade"].partition(":")
    try:
        return tjeneste.hent_utvalg(aktor(), Slag(slag), UUID(id_) if id_ else None)
    except ValueError:
        raise IkkeFunnet() from None


def _periode(inn: Mapping[str, Any]) -> tuple[date, date]:
    """The first and the last day. Own dates that are given are meant, whatever else was chosen."""
    idag = i_dag()
    if inn["fra"] is None and inn["til"] is None and inn["periode"] != "egen":
        return idag - timedelta(days=int(inn["periode"]) - 1), idag
    til = min(inn["til"] or idag, idag)
    fra = inn["fra"] or til - timedelta(days=29)
    if fra > til:
        raise UgyldigData(
            felter={"fra": [_l("Den første dagen må være før den siste, og ikke i framtiden.")]}
        )
    if (til - fra).days > LENGSTE or fra.year < 2000:
        raise UgyldigData(felter={"fra": [_l("Velg høyst 15 år.")]})
    return fra, til


# --- the page --------------------------------------------------------------------------------------------

KOLONNER = (
    (_l("Belegg"), "belegg"),
    (_l("Belegg av normerte"), "belegg_normert"),
    (_l("Innlagt"), "innlagt"),
    (_l("Utskrevet"), "utskrevet"),
    (_l("Snitt liggetid (timer)"), "liggetid"),
    (_l("Avslag"), "avslag"),
    (_l("Holdt, men utløpt"), "utloept"),
)


def _celler(h: Historikk, b: Bolk) -> list[Celle]:
    s = b.summer
    if s is None:
        return [None] * len(KOLONNER)
    return [
        beleggcelle(h.vist(b), h.skjuler),
        beleggcelle(h.vist(b, "normert"), h.skjuler),
        Tall(s["innlagt"]),
        Tall(s["utskrevet"]),
        _liggetid(s, h.skjuler),
        Tall(s["avslag"]),
        Tall(s["utloept"]),
    ]


def _liggetid(summer: Mapping[str, int], skjuler: bool) -> Celle:
    timer = regler.vist_liggetid(summer, skjuler)
    if timer is None:
        return None
    return _("skjult") if isinstance(timer, str) else Tall(timer, "antall" if skjuler else "desimal")


def beleggcelle(andel: float | str | None, skjuler: bool) -> Celle:
    """An occupancy, for outsiders in whole percents or «skjult»."""
    if andel is None:
        return None
    if isinstance(andel, str):
        return _("skjult")
    return f"{round(andel * 100)}\u00a0%" if skjuler else Tall(andel, "prosent")


def celle(c: Celle) -> str:
    """A cell of a table; what is not known is a dash, never a zero."""
    return celle_som_tekst(c, "–")


def navn(b: Bolk, opploesning: Opploesning) -> str:
    """What people call a day, week, month or year: «3. nov.», «uke 45», «nov. 2026», «2026»."""
    engelsk = str(get_locale()) == "en"
    if opploesning == Opploesning.AAR:
        return str(b.start.year)
    if opploesning == Opploesning.MAANED:
        return str(format_date(b.start, "MMM y", rebase=False))
    if opploesning == Opploesning.UKE:
        aar, uke, _dag = b.start.isocalendar()
        return _("uke %(uke)s, %(aar)s", uke=uke, aar=aar)
    return str(format_date(b.start, "EEE d MMM" if engelsk else "EEE d. MMM", rebase=False))


def _soeyler(
    h: Historikk, verdier: list[float | None], streker: list[float | None], hoyest: float, tekster: list[str]
) -> list[Soeyle]:
    steg = BREDDE / max(len(verdier), 1)
    luft = min(steg * 0.18, 4)

    def hoeyde(v: float | None) -> float | None:
        return None if v is None else round(min(v / hoyest, 1) * HOEYDE, 2)

    return [
        Soeyle(round(n * steg + luft / 2, 2), round(steg - luft, 2), hoeyde(v), hoeyde(strek), tekst)
        for n, (v, strek, tekst) in enumerate(zip(verdier, streker, tekster, strict=True))
    ]


def _tak(hoyest: float) -> int:
    """A round number that the highest bar reaches to: 1, 2, 5, 10, 20 …; always even in halves."""
    tier = 2
    while tier < hoyest:
        tier *= 5 if str(tier).startswith("2") else 2
    return tier


def _grafer(h: Historikk) -> dict[str, Any]:
    navnene = [navn(b, h.opploesning) for b in h.bolker]
    vist = [h.vist(b) for b in h.bolker]
    belegg = [None if isinstance(v, str) else v for v in vist]
    normert = [None if isinstance(v, str) else v for v in (h.vist(b, "normert") for b in h.bolker)]
    tak = 1.0
    while any(v is not None and v > tak for v in (*belegg, *normert)) and tak < 3:
        tak += 0.5
    inn: list[float | None] = [float(b.summer["innlagt"]) if b.summer else None for b in h.bolker]
    inntak = _tak(max((v for v in inn if v is not None), default=0))
    ukjent = _("ukjent")
    return {
        "belegg": {
            "skjult": not any(isinstance(v, float) for v in vist),
            "soeyler": _soeyler(
                h,
                belegg,
                normert,
                tak,
                [
                    f"{n}: {celle_som_tekst(beleggcelle(v, h.skjuler), ukjent)}"
                    for n, v in zip(navnene, vist, strict=True)
                ],
            ),
            "akse": [celle_som_tekst(Tall(v)) + "\u00a0%" for v in (tak * 100, tak * 50, 0)],
        },
        "inn": {
            "soeyler": _soeyler(
                h,
                inn,
                [None] * len(inn),
                inntak,
                [
                    f"{n}: {celle_som_tekst(None if v is None else Tall(v), ukjent)}"
                    for n, v in zip(navnene, inn, strict=True)
                ],
            ),
            "akse": [celle_som_tekst(Tall(v)) for v in (inntak, inntak / 2, 0)],
        },
        "under": [navnene[n] for n in sorted({0, len(navnene) // 2, len(navnene) - 1})],
    }


def _varme(h: Historikk) -> dict[str, Any]:
    """The heat table: rows of hours, columns of weekdays, each cell with its number and one of six shades."""
    hoyest = max(h.varme.values(), default=0)
    mandag = date(2026, 11, 23)
    dager = [
        (
            str(format_date(mandag + timedelta(days=d), "EEE", rebase=False)),
            str(format_date(mandag + timedelta(days=d), "EEEE", rebase=False)),
        )
        for d in range(7)
    ]
    rader = []
    for time_ in range(24):
        celler = []
        for d in range(7):
            antall = h.varme.get((d, time_), 0)
            celler.append((antall, 0 if not antall else 1 + min(4, antall * 5 // (hoyest + 1))))
        rader.append((f"{time_:02d}–{(time_ + 1) % 24:02d}", celler, sum(a for a, _g in celler)))
    return {
        "dager": dager,
        "rader": rader,
        "sum_dager": [sum(h.varme.get((d, t), 0) for t in range(24)) for d in range(7)],
        "sum": sum(h.varme.values()),
    }


def _hvem(h: Historikk) -> list[dict[str, Any]]:
    ut = []
    for felt, gruppe, koder, tittel in (
        ("aldersgruppe", "oppholdsalder", Aldersgruppe, _("Alder")),
        ("aarsaksgruppe", "aarsaksgruppe", Aarsaksgruppe, _("Årsak")),
    ):
        tall = h.hvem.get(felt, {})
        # Where all are hidden the zeros are too.
        ellers = regler.SKJULT if h.skjuler and regler.helt_skjult(tall) else 0
        rader = [
            (etikett(gruppe, k), skjult_ord(tall.get(str(k), ellers)) if h.hvem_kjent else "–") for k in koder
        ]
        if tall.get(""):
            rader.append((_("Ikke oppgitt"), skjult_ord(tall[""])))
        ut.append({"tittel": tittel, "rader": rader})
    return ut


def skjult_ord(verdi: int | str) -> str:
    """A count, or what stands in place of one that is too small to be shown."""
    if verdi == regler.FAA:
        return "<5"
    return _("skjult") if verdi == regler.SKJULT else celle_som_tekst(Tall(int(verdi)))


def _vis(
    inn: Mapping[str, Any],
    utvalg: Utvalg,
    fra: date,
    til: date,
    sporring: Mapping[str, str],
    feil: UgyldigData | None = None,
) -> str:
    a = aktor()
    h = tjeneste.hent(a, utvalg, fra, til, inn["opploesning"])
    valgt = f"{utvalg.slag}:{utvalg.id}" if utvalg.id else str(utvalg.slag)
    egen = inn["periode"] == "egen" or inn["fra"] is not None or inn["til"] is not None
    verdier = {
        "omraade": valgt,
        "periode": "egen" if egen else inn["periode"],
        "fra": fra.isoformat() if egen else "",
        "til": til.isoformat() if egen else "",
        "opploesning": str(inn["opploesning"] or ""),
        **({k: sporring.get(k, "") for k in ("fra", "til", "periode")} if feil else {}),
    }
    fil = {
        "omraade": valgt,
        "fra": fra.isoformat(),
        "til": til.isoformat(),
        "opploesning": str(h.opploesning),
    }
    return render_template(
        "plasser/historikk.html",
        historikken=h,
        omraadevalg=tjeneste.hent_valg(a),
        verdier=verdier,
        grafer=_grafer(h),
        varmetabell=_varme(h),
        hvemtabeller=_hvem(h) if h.hvem else [],
        belegg=lambda s, av="operativ": beleggcelle(regler.vist_belegg(s, h.skjuler, av), h.skjuler),
        liggetid=lambda s: _liggetid(s, h.skjuler),
        celletekst=celle,
        som_tall=lambda v, slag="antall": celle(None if v is None else Tall(v, slag)),
        bolknavn=lambda b: navn(b, h.opploesning),
        bolkceller=lambda b: [celle(c) for c in _celler(h, b)],
        bolkhoder=[str(ord_) for ord_, _k in KOLONNER],
        endringene=endringer.hent_siste(a, utvalg.enhet.id) if utvalg.enhet and not h.skjuler else None,
        aarsaksord=aarsaksord,
        filadresse=f"/plasser/historikk.csv?{urlencode(fil)}",
        idag=i_dag(),
        **feltfeil(feil),
    )
