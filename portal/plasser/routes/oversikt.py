"""The overview: the board with its search, the map, and the table that tells the same as the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Response, render_template, request
from markupsafe import Markup

from portal.core.clock import oslo
from portal.core.errors import IkkeFunnet, PortalError, UgyldigData
from portal.core.maltekst import Tegnet
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import kartutsnitt
from portal.plasser import soek as soeket
from portal.plasser.avstand import kart
from portal.plasser.forloep import Evne
from portal.plasser.fritekst import Oenske, rettet, tolk
from portal.plasser.routes.felles import blp
from portal.plasser.sammendrag import (
    SORTERING,
    Gruppe,
    Rad,
    Sum,
    alder,
    er_kjent,
    i_grupper,
)
from portal.plasser.schemas import KartInn, OversiktInn, TabellInn
from portal.plasser.service import oversikt as tjeneste
from portal.plasser.service.oversikt import Kommune, Oversikt
from portal.plasser.soek import FULLE, UKJENTE, finn
from portal.plasser.steps import Kvotebruk

#: Units on a page of the ungrouped board.
PR_SIDE = 50
#: Of a group or a search so many are shown; the rest is a page, or a narrower search, away.
HOEYST = 50
#: So many units are shown at once where something narrows the board; more are opened group by group.
AAPNE_OPPTIL = 60
_GRUPPERING = {"foretak": ("foretak_id", "foretak"), "fylke": ("fylke", "fylke")}


def _verdier() -> dict[str, Any]:
    """What the address says: boxes as a list, and empty fields as not said."""
    verdier: dict[str, Any] = {k: v for k, v in request.args.items() if v and k != "evner"}
    if evner := [e for e in request.args.getlist("evner") if e]:
        verdier["evner"] = evner
    return verdier


def _felles(tavlen: Oversikt) -> dict[str, Any]:
    """What the macros of a row need."""
    naa = tavlen.naa.isoformat()
    return {
        "tavlen": tavlen,
        "radalder": lambda rad: alder(rad, naa),
        "radkjent": er_kjent,
        "som_tid": datetime.fromisoformat,
        "hoeyst": HOEYST,
        "tegnet_rad": lambda makro, rad, holdknapp: _rad(tavlen, makro, rad, holdknapp),
        "tegnet_treff": lambda makro, treff, spoerring: _tegnet_treff(tavlen, makro, treff, spoerring),
        "tegnet_gruppe": lambda makro, g, slag: _GRUPPER.hent(
            (slag, g.noekkel, g.navn, g.sum.verdier()), makro, g, slag
        ),
        "tegnet_liste": lambda makro, *innhold: _LISTER.hent(innhold, makro, *innhold),
        "tegnet": lambda makro, *noekkel: _STORE.hent((makro.name, *noekkel), makro, *noekkel),
        "evner_av": lambda sum_: [e for e in Evne if sum_ & e],
        "prosent": _prosent,
    }


#: Some 1 KB each.
_RADER = Tegnet(10_000)
_TREFF = Tegnet(5_000)
_GRUPPER = Tegnet(2_000)
#: Some 20 KB each, and the map and the table, some 200 KB.
_LISTER = Tegnet(400)
_STORE = Tegnet(16)


def _rad(tavlen: Oversikt, makro: Callable[..., Markup], rad: Rad, holdknapp: bool) -> Markup:
    """A row of the board, drawn anew when the unit, its names or the words of its age have changed."""
    full = tavlen.fulle.get(rad["id"]) if holdknapp else None
    return _RADER.hent((holdknapp, full, *_radnoekkel(tavlen, rad)), makro, rad, holdknapp, full)


def _tegnet_treff(tavlen: Oversikt, makro: Callable[..., Markup], treff: Treff, spoerring: str) -> Markup:
    """What a search found, kept in the same way: all that says what it is to who asks is in the key."""
    rad = treff.rad
    noekkel = (
        *(treff.km, treff.passer, treff.holde, treff.full, spoerring),
        *(rad["ledig"], rad["evner"], rad["legedekning"], *_radnoekkel(tavlen, rad)),
    )
    return _TREFF.hent(noekkel, makro, treff, spoerring)


def _radnoekkel(tavlen: Oversikt, rad: Rad) -> tuple[Any, ...]:
    """What the drawing of a unit depends on, whoever looks."""
    siden = 0
    if rad["bekreftet"] is not None:
        minutter = int((tavlen.naa - datetime.fromisoformat(rad["bekreftet"])).total_seconds() // 60)
        # «for 5 min siden» changes by the minute, «for 3 t siden» by the hour.
        siden = minutter if minutter < 60 else -(minutter // 60)
    return (
        # Moments and days are said with their year where it is not this one.
        *(rad["id"], rad["versjon"], rad["fase"], siden, oslo(tavlen.naa).year),
        *(alder(rad, tavlen.naa.isoformat()), rad["navn"], rad["telefon"], rad["kommune"], rad["fylke"]),
        rad["bekreftet_av"],
        *(laan["organisasjon"] for laan in rad["laan"]),
    )


def _prosent(andel: float) -> str:
    """«87 %», rounded down: what is not whole is never shown as whole."""
    return f"{int(andel * 100 + 1e-9)} %"


# --- the board -------------------------------------------------------------------------------------------


@blp.get("/")
def oversikt() -> Any:
    """My units first, then the country by trust or fylke; with the answer of a search above."""
    verdier = _verdier()
    feil: PortalError | None = None
    try:
        valg = les(OversiktInn, verdier)
    except UgyldigData as e:
        feil, valg = e, les(OversiktInn, {})
    tavlen = tjeneste.hent(aktor())
    kommuner = tavlen.kommuner()
    oensket, svar = None, None
    # Whoever asks for nothing in particular is shown the nearest free bed, whatever it can take.
    if feil is None and ("q" in request.args or valg["sok"]):
        oensket = _oensket(valg, kommuner)
        try:
            svar = _soek(tavlen, kommuner, oensket)
        except UgyldigData as e:
            feil = e
    rader = _utvalg(tavlen, valg)
    html = render_template(
        "plasser/oversikt.html",
        landet=tavlen.landet(),
        egne=[r for r in tavlen.rader if r["id"] in tavlen.mine],
        kommunevalg=_kommunevalg(kommuner),
        alle_evner=list(Evne),
        valgte_evner=set(_evner(oensket.evner)) if oensket else set(),
        evnespoerring="".join(f"{'&' if n else '?'}evner={e}" for n, e in enumerate(_evner(oensket.evner)))
        if oensket
        else "",
        oensket=oensket,
        menteadresse=_mente(valg["q"], oensket) if oensket else "",
        videre=_videre(oensket) if oensket else "",
        svar=svar,
        valgt=valg,
        verdier=_skjemaverdier(valg, oensket, kommuner) | (verdier if feil else {}),
        **_tavledeler(tavlen, valg, rader),
        **_felles(tavlen),
        **feltfeil(feil),
    )
    return html, feil.status if feil else 200


@blp.get("/gruppe")
def gruppe() -> Any:
    """The units of one group, when its heading is opened; 304 where nothing in it has changed."""
    valg = les(OversiktInn, _verdier())
    if valg["grupper"] not in _GRUPPERING or valg["gruppe"] is None:
        raise IkkeFunnet()
    tavlen = tjeneste.hent(aktor())
    slag = _GRUPPERING[valg["grupper"]]
    utvalg = _utvalg(tavlen, valg)
    grupper = tavlen.grupper(*slag) if utvalg is tavlen.rader else i_grupper(utvalg, *slag, tavlen.naa)
    funnet = next((g for g in grupper if g.noekkel == valg["gruppe"]), None)
    if funnet is None:
        raise IkkeFunnet()
    html = render_template("plasser/oversikt_gruppe.html", gruppe=funnet, valgt=valg, **_felles(tavlen))
    return _med_merke(html)


def _med_merke(html: str) -> Response:
    svar = Response(html, mimetype="text/html")
    svar.set_etag(sha256(html.encode()).hexdigest()[:32])
    svar.make_conditional(request)
    return svar


def _utvalg(tavlen: Oversikt, valg: Mapping[str, Any]) -> Sequence[Rad]:
    """The rows that the filters leave."""
    rader: Sequence[Rad] = tavlen.rader
    if valg["foretak"]:
        rader = [r for r in rader if r["foretak_id"] == valg["foretak"]]
    if valg["fylke"]:
        rader = [r for r in rader if r["fylke"] == valg["fylke"]]
    if navn := valg["navn"].strip().casefold():
        rader = [r for r in rader if navn in f"{r['navn']} {r['kommune']}".casefold()]
    if valg["ledig"]:
        rader = [r for r in rader if r["ledig"]]
    return rader


def _tavledeler(tavlen: Oversikt, valg: Mapping[str, Any], rader: Sequence[Rad]) -> dict[str, Any]:
    """The board: its groups, or a page of its units; and what it can be narrowed by."""
    snevret = {k: valg[k] for k in ("foretak", "fylke", "navn", "ledig") if valg[k]}
    adresse = {"grupper": valg["grupper"], **{k: "1" if v is True else v for k, v in snevret.items()}}
    grupper: list[Gruppe] = []
    aapne: set[str] = set()
    sider = 1
    foretak, fylker = tavlen.steder()
    if valg["grupper"] == "enhet":
        flate = sorted(rader, key=lambda r: (sorteringsnoekkel(r["navn"]), r["kommune"]))
        sider = max(1, -(-len(flate) // PR_SIDE))
        side = min(valg["side"], sider)
        rader = flate[(side - 1) * PR_SIDE : side * PR_SIDE]
    else:
        side = 1
        slag = _GRUPPERING[valg["grupper"]]
        grupper = i_grupper(rader, *slag, tavlen.naa) if snevret else tavlen.grupper(*slag)
        if valg["gruppe"] is not None:
            aapne = {valg["gruppe"]}
        elif snevret and len(rader) <= AAPNE_OPPTIL:
            aapne = {g.noekkel for g in grupper}
    return {
        "plassgrupper": grupper,
        "aapne": aapne,
        "flate": rader if valg["grupper"] == "enhet" else [],
        "antall_vist": len(rader) if valg["grupper"] != "enhet" else None,
        "side": side,
        "sider": sider,
        "snevret": snevret,
        "uten_gruppering": urlencode({k: v for k, v in adresse.items() if k != "grupper"}),
        "gruppeadresse": urlencode(adresse),
        "alle_foretak": foretak,
        "alle_fylker": [(f, f) for f in fylker],
    }


# --- the search ------------------------------------------------------------------------------------------


def _oensket(valg: Mapping[str, Any], kommuner: list[Kommune]) -> Oenske:
    """What is asked for, as words or as choices. From where nobody has said: from one's own kommune."""
    if valg["q"]:
        navn = {k.navn.casefold(): k.nr for k in kommuner}
        navn |= {n.casefold(): k.nr for k in kommuner for n in k.andre_navn}
        lest = tolk(valg["q"], navn)
        fra = lest.fra or _egen(kommuner)
        return replace(lest, fra=fra)
    fra = valg["fra"] or _egen(kommuner)
    return Oenske(valg["evner"], valg["km"], valg["km"] is None, fra, valg["bare_mine"])


def _mente(q: str, oensket: Oenske) -> str:
    """The address of the same search with the words that may be misspelt as they are spelt; empty without such."""
    if not oensket.forslag:
        return ""
    return "/plasser/?" + urlencode({"q": rettet(q, oensket.forslag)}) + "#treff"


def _videre(oensket: Oenske) -> str:
    """The same search in the whole country."""
    valg = {"sok": 1, "evner": _evner(oensket.evner), "fra": oensket.fra or ""}
    return (
        "/plasser/?"
        + urlencode(valg | ({"bare_mine": 1} if oensket.bare_mine else {}), doseq=True)
        + "#treff"
    )


def _evner(sum_: int) -> list[int]:
    return [int(e) for e in Evne if sum_ & e]


def _kommunevalg(kommuner: list[Kommune]) -> tuple[tuple[str, str], ...]:
    """The kommuner to choose from; those of one name with their fylke."""
    like = {n for n, antall in Counter(k.navn for k in kommuner).items() if antall > 1}
    return tuple((k.nr, f"{k.navn} ({k.fylke})" if k.navn in like else k.navn) for k in kommuner)


def _egen(kommuner: list[Kommune]) -> str | None:
    egen = str(aktor().organisasjon_id)
    return next((k.nr for k in kommuner if k.id == egen), None)


class Treff(NamedTuple):
    rad: Rad
    km: int | None
    passer: int
    #: Whether the actor holds a bed there with one click, or would but for the kommune's quota.
    holde: bool
    full: Kvotebruk | None
    #: Of a full unit: when the next of its holds ends.
    neste: datetime | None = None


class Svar(NamedTuple):
    """What a search found (`Funn`), so many of each as are shown."""

    treff: list[Treff]
    ukjente: list[Treff]
    utenfor: list[Treff]
    fulle: list[Treff]
    #: How many there are.
    antall: int
    antall_fulle: int
    antall_ukjente: int
    fra: Kommune | None


def _soek(tavlen: Oversikt, kommuner: list[Kommune], oensket: Oenske) -> Svar:
    fra = next((k for k in kommuner if k.nr == oensket.fra), None)
    if oensket.fra and fra is None:
        raise UgyldigData(felter={"fra": [_("Ugyldig valg. Velg fra lista.")]})
    funn = finn(
        tavlen.rader,
        tavlen.mine,
        evner=oensket.evner,
        fra=oensket.fra,
        innen_km=oensket.km,
        bare_mine=oensket.bare_mine,
        kan_holde=tavlen.kan_holde,
    )
    return Svar(
        [_en(tavlen, t) for t in funn.treff[:HOEYST]],
        [_en(tavlen, t) for t in funn.ukjente[:UKJENTE]],
        [_en(tavlen, t) for t in funn.utenfor],
        [_en(tavlen, t) for t in funn.fulle[:FULLE]],
        *(len(funn.treff), len(funn.fulle), len(funn.ukjente)),
        fra,
    )


def _en(tavlen: Oversikt, t: soeket.Treff) -> Treff:
    full = tavlen.fulle.get(t.rad["id"])
    holde = bool(t.passer and tavlen.kan_holde and t.medlem and full is None)
    return Treff(t.rad, t.km, t.passer, holde, full, t.neste)


def _skjemaverdier(
    valg: Mapping[str, Any], oensket: Oenske | None, kommuner: list[Kommune]
) -> dict[str, Any]:
    """What the forms are filled in with: the choices that the words were read as."""
    verdier = {k: valg[k] for k in ("q", "foretak", "fylke", "navn")}
    verdier |= {"ledig": "1" if valg["ledig"] else ""}
    if oensket is None:
        return verdier | {"fra": _egen(kommuner) or "", "km": "", "bare_mine": ""}
    return verdier | {
        "fra": oensket.fra or "",
        "km": oensket.km or "",
        "bare_mine": "1" if oensket.bare_mine else "",
    }


# --- the map, and the table beside it --------------------------------------------------------------------


class Sted(NamedTuple):
    """A kommune of the map and the table: everything that its drawing depends on."""

    nr: str
    navn: str
    fylke: str
    enheter: int
    ukjente: int
    gamle: int
    usikker: bool
    grad: str
    ledig: int
    holdt: int
    belagt: int
    rengjoeres: int
    stengt: int
    ubemannet: int
    laant_inn: int
    laant_ut: int
    bemannet: int
    antall: int
    eldst: str | None


def _steder(tavlen: Oversikt) -> list[tuple[Kommune, Sum]]:
    per = {g.noekkel: g.sum for g in tavlen.grupper("kommunenummer", "kommune")}
    tom = Sum()
    return [(k, per.get(k.nr, tom)) for k in tavlen.kommuner()]


def _sted(k: Kommune, s: Sum) -> Sted:
    t = s.tall
    return Sted(
        *(k.nr, k.navn, k.fylke, s.enheter, s.ukjente, s.gamle, s.usikker, s.grad),
        *(t["ledig"], t["holdt"], t["belagt"], t["rengjoeres"], t["stengt"], t["ubemannet"]),
        *(t["laant_inn"], t["laant_ut"], s.bemannet, s.antall),
        s.eldst,
    )


@blp.get("/kart")
def kartet() -> Any:
    """Every kommune a shape with its figures; the units of the one that is chosen beside it."""
    valg = les(KartInn, _verdier())
    tavlen = tjeneste.hent(aktor())
    kommuner = tavlen.kommuner()
    mine = [k.nr for k in kommuner if k.foretak_id and k.foretak_id == tavlen.foretak_id]
    omraader = {d: kartutsnitt.landet(d) for d in ("norge", "soer", "nord")}
    if mine:
        omraader["mitt"] = kartutsnitt.utsnitt(mine)
    omraade = valg["omraade"] if valg["omraade"] in omraader else "norge"
    steder = tuple(_sted(k, s) for k, s in _steder(tavlen))
    valgt = valg["kommune"] if any(s.nr == valg["kommune"] for s in steder) else ""
    return render_template(
        "plasser/oversikt_kart.html",
        steder=steder,
        geografi=kart()["kommuner"],
        deler_flate=kartutsnitt.delt(),
        omraader=omraader,
        omraade=omraade,
        foerste=valgt or _egen(kommuner) or (steder[0].nr if steder else ""),
        landet=tavlen.landet(),
        visning=tjeneste.hent_kommune(tavlen, valgt) if valgt else None,
        delt=[
            (navn[nr], navn[annen])
            for navn in ({k.nr: k.navn for k in kommuner},)
            for nr, annen in kartutsnitt.delt().items()
            if nr in navn and annen in navn
        ],
        kilde=kart()["kilde"],
        **_felles(tavlen),
    )


@blp.get("/kommuner/<string:kommunenummer>")
def kommune(kommunenummer: str) -> Any:
    """The units of one kommune: what the map opens beside itself."""
    tavlen = tjeneste.hent(aktor())
    visning = tjeneste.hent_kommune(tavlen, kommunenummer)
    return _med_merke(render_template("plasser/oversikt_kommune.html", visning=visning, **_felles(tavlen)))


@blp.get("/tabell")
def tabell() -> Any:
    """The figures of the map as a table: the own and the near ones first, or sorted by any column."""
    valg = les(TabellInn, _verdier())
    kolonne, ned = valg["sorter"].removeprefix("-"), valg["sorter"].startswith("-")
    tavlen = tjeneste.hent(aktor())
    par = _steder(tavlen)
    antall = {"alle": len(par), "bare": sum(bool(s.enheter) for _k, s in par)}
    if valg["bare"]:
        par = [(k, s) for k, s in par if s.enheter]
    if kolonne in SORTERING:
        regel = SORTERING[kolonne]
        med = [(regel(k.navn, k.fylke, s), k, s) for k, s in par]
        kjente = sorted((m for m in med if m[0] is not None), key=lambda m: m[0], reverse=ned)
        rader = [(k, s) for _v, k, s in (*kjente, *(m for m in med if m[0] is None))]
    else:
        kolonne, ned = "foerst", False
        egen = str(aktor().organisasjon_id)
        rader = sorted(par, key=lambda p: _hvor_naer(tavlen, egen, *p))
    return render_template(
        "plasser/oversikt_tabell.html",
        steder=tuple(_sted(k, s) for k, s in rader),
        minutt=tavlen.minutt,
        kolonne=kolonne,
        ned=ned,
        bare=valg["bare"],
        landet=tavlen.landet(),
        antall=antall,
        **_felles(tavlen),
    )


def _hvor_naer(tavlen: Oversikt, egen: str, k: Kommune, s: Sum) -> int:
    """The own kommune, those with a unit in the own trust's area, others with one, and the rest; each by name."""
    if k.id == egen:
        return 0
    if not s.enheter:
        return 3
    return 1 if k.foretak_id and k.foretak_id == tavlen.foretak_id else 2
