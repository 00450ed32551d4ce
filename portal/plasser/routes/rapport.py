"""The yearly ØHD report of a kommune: the page, the workbook and the CSV file, from the same tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, send_file
from flask_babel import format_date

from portal.core.clock import i_dag
from portal.core.errors import IkkeFunnet
from portal.core.regneark import BOM, Ark, Celle, Tall, celle_som_tekst, som_csv, som_xlsx
from portal.core.sprak import _
from portal.core.traader import i_traadpool
from portal.core.web import aktor, etikett, les, limiter
from portal.plasser import historikkregler as regler
from portal.plasser.forloep import OVER_67, Aarsaksgruppe, Aldersgruppe, Avslagsgrunn, Frahvor, Tilhvor
from portal.plasser.rapporttall import forskjell
from portal.plasser.routes.felles import blp
from portal.plasser.routes.historikk import beleggcelle
from portal.plasser.schemas import RapportInn
from portal.plasser.service import rapport as tjeneste
from portal.plasser.service.rapport import Egenenhet, Periodetall, Rapport

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Rapporttabell:
    """A table of the report. `smal`: short enough to stand beside another."""

    noekkel: str
    ark: Ark
    smal: bool = True


@blp.get("/rapport")
def rapport() -> Any:
    inn = les(RapportInn, {k: v for k, v in request.args.items() if v})
    idag = i_dag()
    # In January the report that is wanted is last year's.
    aar = inn["aar"] or (idag.year if idag.month > 1 else idag.year - 1)
    r = tjeneste.hent(aktor(), inn["kommune"], aar) if inn["kommune"] else None
    kommuner = tjeneste.synlige_kommuner(aktor())
    if r is None:
        kommune_id = _forvalgt([k.id for k in kommuner])
        if kommune_id is None:
            return render_template("plasser/rapport_velg.html", kommuner=kommuner, rapportaar=aar, idag=idag)
        r = tjeneste.hent(aktor(), kommune_id, aar)
    return render_template(
        "plasser/rapport.html",
        rapporten=r,
        rapporttabeller=tabeller(r),
        kommuner=kommuner,
        rapportaar=aar,
        celletekst=lambda c: celle_som_tekst(c, "–"),
        foer_sammenslaaingen=foer_sammenslaaingen,
        idag=idag,
    )


@blp.get("/rapport.xlsx")
@limiter.limit("30 per minute")
def rapport_xlsx() -> Response:
    r = _hentet()
    # Made on a thread: the workbook takes longer than the hub may be held.
    innhold = i_traadpool(som_xlsx, [t.ark for t in tabeller(r)])
    svar = send_file(
        BytesIO(innhold),
        mimetype=_XLSX,
        as_attachment=True,
        download_name=f"{_filnavn(r)}.xlsx",
        etag=False,
        conditional=False,
    )
    svar.content_length = len(innhold)
    return svar


@blp.get("/rapport.csv")
@limiter.limit("30 per minute")
def rapport_csv() -> Response:
    """All tables below each other, a blank line between them."""
    r = _hentet()
    rader: list[list[str]] = [[linje] for linje in _over(r)]
    for t in tabeller(r):
        rader += [
            [],
            [t.ark.navn],
            list(t.ark.hode),
            *([celle_som_tekst(c) for c in rad] for rad in t.ark.rader),
        ]
    svar = Response(BOM + som_csv(rader), mimetype="text/csv")
    svar.headers.set("Content-Disposition", "attachment", filename=f"{_filnavn(r)}.csv")
    return svar


def _hentet() -> Rapport:
    inn = les(RapportInn, {k: v for k, v in request.args.items() if v})
    if inn["kommune"] is None or inn["aar"] is None:
        raise IkkeFunnet()
    return tjeneste.hent(aktor(), inn["kommune"], inn["aar"])


def _forvalgt(kommuner: Sequence[UUID]) -> UUID | None:
    """The own kommune, or the only one there is."""
    egen = aktor().organisasjon_id
    if egen in kommuner:
        return egen
    return kommuner[0] if len(kommuner) == 1 else None


def _filnavn(r: Rapport) -> str:
    navn = "".join(t if t.isascii() and t.isalnum() else "-" for t in _uten_norsk(r.kommune.kortnavn.lower()))
    return f"oehd-rapport-{navn.strip('-')}-{r.aar}"


def _uten_norsk(tekst: str) -> str:
    return tekst.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")


def _tall(p: Periodetall, verdi: float, slag: str = "antall") -> Celle:
    """A count of a period; None where the registry was not in use: what nobody wrote down is not zero."""
    return Tall(verdi, slag) if p.kjent else None


def _over(r: Rapport) -> list[str]:
    ut = [_("ØHD-rapport for %(kommune)s %(aar)s", kommune=r.kommune.kortnavn, aar=r.aar)]
    if r.loeper:
        ut.append(_("Til og med %(dag)s. Sammenlignet med samme del av året før.", dag=r.naa.til.isoformat()))
    if r.naa.begynner is not None and r.naa.begynner > r.naa.fra:
        ut.append(
            _(
                "Registeret ble tatt i bruk %(dag)s. Det som var før, er ukjent.",
                dag=r.naa.begynner.isoformat(),
            )
        )
    if r.skjuler:
        ut.append(_("Tall fra 1 til 4 vises som «<5» utenfor kommunen."))
    if r.bare_hovedtall:
        ut.append(_("Utenfor kommunen vises liggetid, belegg og fordelinger bare for år som er slutt."))
    if r.forgjengere:
        ut.append(foer_sammenslaaingen(r))
    return ut


def foer_sammenslaaingen(r: Rapport) -> str:
    return _(
        "Opphold som var over i %(kommuner)s før sammenslåingen, er ikke med her, men i rapporten derfra.",
        kommuner=", ".join(r.forgjengere),
    )


# --- the tables ------------------------------------------------------------------------------------------


def tabeller(r: Rapport) -> list[Rapporttabell]:
    """All that the report tells, in its order."""
    over = _over(r)
    t, f = r.naa.innbyggere, r.foer.innbyggere

    def ark(
        noekkel: str, navn: str, hode: Sequence[str], rader: Iterable[Sequence[Celle]], smal: bool = True
    ) -> Rapporttabell:
        return Rapporttabell(noekkel, Ark(navn, hode, list(rader), over), smal)

    def fordelt(
        noekkel: str,
        navn: str,
        foerst: str,
        koder: Iterable[tuple[str, str]],
        a: Mapping[str, int],
        b: Mapping[str, int],
    ) -> Rapporttabell:
        return ark(noekkel, navn, [foerst, *_aarene(r)], _fordelt(r, koder, a, b))

    foerst = [
        ark(
            "hovedtall",
            _("Hovedtall"),
            [_("Innbyggerne i kommunen"), *_aarene(r), _("Endring")],
            _hovedtall(r),
            False,
        ),
        ark("egne", _("Egne enheter"), _egnehode(), _egne(r), False),
    ]
    if r.bare_hovedtall:
        return foerst
    maaneder = [date(r.aar, m, 1) for m in range(1, 13)]
    mandag = date(2026, 11, 23)
    i_maaned = _vist(r, r.naa, _med_tekst(t.maaneder)), _vist(r, r.foer, _med_tekst(f.maaneder))
    paa_dag = _vist(r, r.naa, _med_tekst(t.ukedager)), _vist(r, r.foer, _med_tekst(f.ukedager))
    paa_time = _vist(r, r.naa, _med_tekst(t.timer)), _vist(r, r.foer, _med_tekst(f.timer))
    return [
        *foerst,
        fordelt("alder", _("Alder"), _("Alder"), _ord("oppholdsalder", Aldersgruppe), t.alder, f.alder),
        fordelt("aarsak", _("Årsak"), _("Årsak"), _ord("aarsaksgruppe", Aarsaksgruppe), t.aarsak, f.aarsak),
        fordelt("fra", _("Innlagt fra"), _("Innlagt fra"), _ord("frahvor", Frahvor), t.fra_hvor, f.fra_hvor),
        fordelt(
            "til", _("Skrevet ut til"), _("Skrevet ut til"), _ord("tilhvor", Tilhvor), t.til_hvor, f.til_hvor
        ),
        fordelt(
            "avslag",
            _("Avslag"),
            _("Hvorfor innbyggere ikke fikk plass"),
            _ord("plassavslag", Avslagsgrunn),
            r.naa.avslag,
            r.foer.avslag,
        ),
        fordelt(
            "egneavslag",
            _("Avslag i egne enheter"),
            _("Hvorfor noen ikke fikk plass hos oss"),
            _ord("plassavslag", Avslagsgrunn),
            r.naa.egne_avslag,
            r.foer.egne_avslag,
        ),
        fordelt(
            "enheter",
            _("Hvor innbyggerne lå"),
            _("Enhet"),
            [(str(i), n) for i, n in sorted(r.enhetsnavn.items(), key=lambda p: p[1])],
            {str(k): v for k, v in t.enheter.items()},
            {str(k): v for k, v in f.enheter.items()},
        ),
        fordelt(
            "kommuner",
            _("Hvem som lå i egne enheter"),
            _("Bostedskommune"),
            [(str(i), n) for i, n in sorted(r.kommunenavn.items(), key=lambda p: p[1])],
            _kommuner(r.naa),
            _kommuner(r.foer),
        ),
        ark(
            "maaneder",
            _("Måneder"),
            [_("Måned"), *_aarene(r)],
            [
                [
                    str(format_date(m, "MMMM", rebase=False)),
                    _maaned(r.naa, m, i_maaned[0]),
                    _maaned(r.foer, m.replace(year=r.aar - 1), i_maaned[1]),
                ]
                for m in maaneder
            ],
        ),
        ark(
            "ukedager",
            _("Ukedager"),
            [_("Ukedag"), *_aarene(r)],
            [
                [
                    str(format_date(mandag + timedelta(days=d), "EEEE", rebase=False)),
                    *(vist(str(d)) for vist in paa_dag),
                ]
                for d in range(7)
            ],
        ),
        ark(
            "klokka",
            _("Klokkeslett"),
            [_("Klokka"), *_aarene(r)],
            [[f"{k:02d}–{(k + 1) % 24:02d}", *(vist(str(k)) for vist in paa_time)] for k in range(24)],
        ),
    ]


def _aarene(r: Rapport) -> list[str]:
    return [str(r.aar), str(r.aar - 1)]


def _ord(gruppe: str, koder: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(k), etikett(gruppe, k)) for k in koder]


def _kommuner(p: Periodetall) -> dict[str, int]:
    ut: dict[str, int] = {}
    for e in p.egne:
        for k, antall in e.opphold.kommuner.items():
            ut[str(k)] = ut.get(str(k), 0) + antall
    return ut


def _med_tekst(tall: Mapping[Any, int]) -> dict[str, int]:
    return {str(k): v for k, v in tall.items()}


def _maaned(p: Periodetall, maaned: date, vist: Callable[[str], Celle]) -> Celle:
    siste = regler.neste(maaned, regler.Opploesning.MAANED) - timedelta(days=1)
    if p.begynner is None or p.begynner > siste or maaned > p.til:
        return None
    return vist(str(maaned))


def _celle(p: Periodetall, verdi: int | str) -> Celle:
    if verdi == regler.FAA:
        return "<5"
    return _("skjult") if verdi == regler.SKJULT else _tall(p, int(verdi))


def _vist(r: Rapport, p: Periodetall, tall: Mapping[str, int]) -> Callable[[str], Celle]:
    """What is shown of each of these counts: to others than the kommune no small ones."""
    skjult = regler.skjul(tall) if r.skjuler else dict(tall)
    ellers = regler.SKJULT if r.skjuler and regler.helt_skjult(skjult) else 0
    return lambda kode: _celle(p, skjult.get(kode, ellers))


def _enkelt(r: Rapport, p: Periodetall, antall: int) -> Celle:
    return _celle(p, regler.enkelt(antall) if r.skjuler else antall)


def _varighet(r: Rapport, verdi: float | None, antall: int) -> Celle:
    """Days or hours of so many persons: to others than the kommune whole ones; of a few none, nor of a running year."""
    if verdi is None or not r.skjuler:
        return _desimal(verdi)
    if r.loeper or 0 < antall < regler.MINSTE:
        return _("skjult")
    return Tall(round(verdi))


def _fordelt(
    r: Rapport, koder: Iterable[tuple[str, str]], a: Mapping[str, int], b: Mapping[str, int]
) -> list[list[Celle]]:
    naa, foer = _vist(r, r.naa, a), _vist(r, r.foer, b)
    rader: list[list[Celle]] = [[ord_, naa(kode), foer(kode)] for kode, ord_ in koder]
    if a.get("") or b.get(""):
        rader.append([_("Ikke oppgitt"), naa(""), foer("")])
    return [*rader, [_("I alt"), _enkelt(r, r.naa, sum(a.values())), _enkelt(r, r.foer, sum(b.values()))]]


def _prosent(andel: float | None) -> Celle:
    return None if andel is None else Tall(andel, "prosent")


def _desimal(tall: float | None) -> Celle:
    return None if tall is None else Tall(tall, "desimal")


def _endring(naa: Celle, foer: Celle) -> Celle:
    """Of what is shown: of a number that is not, it would be told by the other and the change."""
    if not isinstance(naa, Tall) or not isinstance(foer, Tall):
        return None
    endret = forskjell(naa.verdi, foer.verdi)
    return None if endret is None else Tall(endret, "endring")


def _poeng(naa: float | str | None, foer: float | str | None) -> Celle:
    if isinstance(naa, str) or isinstance(foer, str) or naa is None or foer is None:
        return None
    return Tall((naa - foer) * 100, "poeng")


def _hovedtall(r: Rapport) -> list[list[Celle]]:
    t, f = r.naa.innbyggere, r.foer.innbyggere
    rader: list[list[Celle]] = []

    def antall(ord_: str, a: Celle, b: Celle) -> None:
        rader.append([ord_, a, b, _endring(a, b)])

    def belegget(ord_: str, av: str = "operativ") -> None:
        a, b = (_belegg(r, p.egne_sum, av) for p in (r.naa, r.foer))
        rader.append([ord_, _beleggcelle(r, a), _beleggcelle(r, b), _poeng(a, b)])

    antall(_("Innleggelser"), _enkelt(r, r.naa, t.innleggelser), _enkelt(r, r.foer, f.innleggelser))
    antall(_("Opphold (også de som begynte året før)"), _oppholdene(r, r.naa), _oppholdene(r, r.foer))
    if not r.bare_hovedtall:
        antall(_("Liggedøgn"), _liggedoegn(r, r.naa), _liggedoegn(r, r.foer))
        antall(
            _("Snitt liggetid (timer)"),
            _varighet(r, t.snitt_timer, t.utskrevet),
            _varighet(r, f.snitt_timer, f.utskrevet),
        )
        antall(
            _("Median liggetid (timer)"),
            _varighet(r, t.median_timer, t.utskrevet),
            _varighet(r, f.median_timer, f.utskrevet),
        )
        rader += _over_67(r)
    antall(
        _("Avslag"),
        _enkelt(r, r.naa, sum(r.naa.avslag.values())),
        _enkelt(r, r.foer, sum(r.foer.avslag.values())),
    )
    antall(_("Holdt, men utløpt"), _enkelt(r, r.naa, r.naa.utloept), _enkelt(r, r.foer, r.foer.utloept))
    if r.naa.egne:
        belegget(_("Belegg i egne enheter"))
        belegget(_("Belegg av normerte i egne enheter"), "normert")
    return rader


def _belegg(r: Rapport, summer: Mapping[str, int], av: str = "operativ") -> float | str | None:
    """The occupancy, as the history tells it to others than the kommune: of a year that runs not at all."""
    if r.bare_hovedtall and summer["belagt"]:
        return regler.SKJULT
    return regler.vist_belegg(summer, r.skjuler, av)


def _beleggcelle(r: Rapport, andel: float | str | None) -> Celle:
    return beleggcelle(andel, r.skjuler)


def _oppholdene(r: Rapport, p: Periodetall) -> Celle:
    """The stays; hidden too where so few of them began the year before."""
    t = p.innbyggere
    fra_foer = r.skjuler and 0 < t.opphold - t.innleggelser < regler.MINSTE <= t.opphold
    return _("skjult") if fra_foer else _enkelt(r, p, t.opphold)


def _liggedoegn(r: Rapport, p: Periodetall) -> Celle:
    return _varighet(r, p.innbyggere.liggedoegn, p.innbyggere.opphold) if p.kjent else None


def _over_67(r: Rapport) -> list[list[Celle]]:
    """67 and older: the number, the share of those whose age is known, and of how many it is not. For others than the
    kommune neither where it would give away what is hidden of the age bands."""
    antall: list[Celle] = []
    andeler: list[float | None] = []
    ukjente: list[Celle] = []
    for p in (r.naa, r.foer):
        t = p.innbyggere
        ukjent = _vist(r, p, t.alder)("")
        skjult = r.skjuler and not regler.kan_deles(t.alder, OVER_67)
        antall.append(_("skjult") if skjult else _tall(p, t.over_67))
        andeler.append(None if skjult or isinstance(ukjent, str) else t.andel_over_67)
        ukjente.append(ukjent)
    return [
        [_("67 år og eldre"), *antall, None],
        [_("Andel 67 år og eldre"), *(_prosent(a) for a in andeler), _poeng(*andeler)],
        [_("Alder ikke oppgitt"), *ukjente, None],
    ]


def _egnehode() -> list[str]:
    return [
        _("Enhet"),
        _("Belegg"),
        _("Belegg av normerte"),
        _("Innlagt"),
        _("Liggedøgn"),
        _("Snitt liggetid (timer)"),
        _("Median liggetid (timer)"),
        _("Avslag"),
        _("Holdt, men utløpt"),
        _("Belegg året før"),
        _("Innlagt året før"),
    ]


def _egne(r: Rapport) -> list[list[Celle]]:
    foer = {e.id: e for e in r.foer.egne}
    innlagt = _vist(r, r.naa, {str(e.id): e.opphold.innleggelser for e in r.naa.egne})
    innlagt_foer = _vist(r, r.foer, {str(e.id): e.opphold.innleggelser for e in r.foer.egne})
    avslag = _vist(r, r.naa, {str(e.id): e.summer["avslag"] for e in r.naa.egne})
    utloept = _vist(r, r.naa, {str(e.id): e.summer["utloept"] for e in r.naa.egne})
    ut: list[list[Celle]] = []
    for e in r.naa.egne:
        f = foer.get(e.id)
        i_bruk = _i_bruk(e, r.naa)
        ut.append(
            [
                e.navn,
                _beleggcelle(r, _belegg(r, e.summer)),
                _beleggcelle(r, _belegg(r, e.summer, "normert")),
                innlagt(str(e.id)) if i_bruk else None,
                _varighet(r, e.opphold.liggedoegn, e.opphold.opphold) if i_bruk else None,
                _varighet(r, e.opphold.snitt_timer, e.opphold.utskrevet),
                _varighet(r, e.opphold.median_timer, e.opphold.utskrevet),
                avslag(str(e.id)) if i_bruk else None,
                utloept(str(e.id)) if i_bruk else None,
                _beleggcelle(r, _belegg(r, f.summer)) if f else None,
                innlagt_foer(str(e.id)) if f and _i_bruk(f, r.foer) else None,
            ]
        )
    return ut


def _i_bruk(e: Egenenhet, p: Periodetall) -> bool:
    """Whether the registry knew anything of the unit in the period: what was before is not zero."""
    return e.begynner is not None and e.begynner <= p.til
