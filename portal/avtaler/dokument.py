"""An agreement as a document to be read on paper: its title page, parts and tables, as plain data. Pure.

Made from the data of `eksport.som_json`, and shown alike by `typstfil` (PDF) and `docxfil` (DOCX). Words come in a
dictionary that the caller made in the agreement's own language (`ordbok`), so that all of this can run on the thread
pool, outside of any request.

A block is a mapping with `type`: avsnitt (`biter`) · liste (`ordnet`, `start`, `punkter`: lists of blocks) · sitat
(`blokker`) · kode (`tekst`) · linje · tabell (`navn`, `hode`, `rader`: cells of `biter`). A bit is a piece of text with
`stil` (fet, kursiv, strek, kode) and `lenke` («» : none); «\\n» alone breaks the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from portal.avtaler.forloep import Side, Status
from portal.avtaler.ord import ETIKETTER
from portal.avtaler.punkter import PUNKTER, TILTAKSKRAV
from portal.avtaler.tekst import leser
from portal.avtaler.utskrivning import TRINN
from portal.beredskap.ord import ETIKETTER as FASEORD
from portal.core.clock import oslo
from portal.core.sprak import _l
from portal.identitet.fagomraader import ALLE_OMRAADER

#: Lists within lists are set in so far, and no further.
DYPEST = 5
#: A table of Markdown with more columns than a page has room for is shown as lines of text.
FLEST_KOLONNER = 12
#: Signs of the agreement's name at the top of each page.
_LENGST_OEVERST = 70
#: Parties that are named on the title page; all of them stand in the table of parties.
_FLEST_NAVN = 12
#: Signs of the agreement's name in the name of a file, which may be 255 bytes long: two for each letter like ø.
_LENGSTE_NAVN = 90

_ORD: dict[str, Any] = {
    "versjon": _l("Versjon %(nr)s"),
    "versjonstall": _l("Versjon"),
    "status": _l("Status"),
    "eier": _l("Eies av"),
    "mellom_mange": _l("%(navn)s og %(antall)s kommuner"),
    "og": _l("og"),
    "ligger_under": _l("Ligger under"),
    "gjelder_fra": _l("Gjelder fra"),
    "til_og_med": _l("Til og med"),
    "oensket_fra": _l("Ønsket fra"),
    "neste_gjennomgang": _l("Gjennomgås innen"),
    "innhold": _l("Innhold"),
    "parter": _l("Parter"),
    "part": _l("Part"),
    "side": _l("Side"),
    "fra": _l("Fra"),
    "medvirkning": _l("Medvirkning fra pasienter og brukere"),
    "nytt": _l("Nytt i denne versjonen"),
    "ingen": _l("Denne versjonen har ingen bestemmelser."),
    "punkt": _l("§ 6-2 nr. %(nr)s"),
    "alle_faser": _l("Gjelder i alle faser"),
    "en_fase": _l("Gjelder bare i fase %(fase)s"),
    "faser": _l("Gjelder i fase"),
    "fagomraader": _l("Fagområder"),
    "kriterier": _l("Kriterier"),
    "kriterium": _l("Kriterium"),
    "hvem_avgjoer": _l("Hvem avgjør"),
    "frist": _l("Frist"),
    "matrise": _l("Roller og ansvar"),
    "oppgave": _l("Oppgave"),
    "forpliktelser": _l("Forpliktelser"),
    "hva": _l("Hva"),
    "hvor_ofte": _l("Hvor ofte"),
    "hvem": _l("Hvem"),
    "tiltak": _l("Samarbeidstiltak: %(navn)s"),
    "ikke_sagt": _l("Ikke sagt"),
    "trinn": _l("Trinn i utskrivningsforskriften"),
    "vedlegg": _l("Vedlegg: Godkjenninger"),
    "ledd": _l("Ledd"),
    "godkjent_av": _l("Godkjent av"),
    "naar": _l("Når"),
    "vedtak": _l("Vedtak"),
    "sak": _l("Sak %(nr)s"),
    "venter": _l("Venter på godkjenning"),
    "sendt_tilbake": _l("Sendt tilbake"),
    "opphevet": _l("Gjelder ikke"),
    "annet_innhold": _l("Gitt for et annet innhold"),
    "ikke_sendt": _l("Versjonen er ikke sendt til godkjenning."),
    "ingen_godkjenninger": _l("Ingen godkjenninger av denne versjonen er ført i portalen."),
    "hash": _l("Avtrykk av det som godkjennes (SHA-256)"),
    "hash_om": _l(
        "Avtrykket er regnet ut av tittelen, medvirkningen og bestemmelsene i rekkefølge: endres ett ord, blir det et "
        "annet. En godkjenning gjelder bare innholdet med akkurat dette avtrykket."
    ),
    "hash_utkast": _l("Innholdet kan fortsatt endres. Da endres avtrykket."),
    "hentet": _l("Hentet fra Samhandlingsportalen %(tid)s av %(navn)s."),
    "sidetall": _l("Side"),
    "av": _l("av"),
    "dagtid": _l("%(dag)s kl. %(klokke)s"),
    "UTKAST": _l("UTKAST"),
    "FORKASTET": _l("FORKASTET"),
    "IKKE_ENNAA": _l("GJELDER IKKE ENNÅ"),
    "IKKE_LENGER": _l("GJELDER IKKE LENGER"),
    "om_UTKAST": _l("Utkast. Ikke godkjent av alle partene, og ikke i kraft."),
    "om_FORKASTET": _l("Forkastet. Denne versjonen har aldri vært i kraft, og kommer ikke i kraft."),
    "om_IKKE_ENNAA": _l("Godkjent, men ikke i kraft ennå."),
    "om_IKKE_LENGER": _l("Denne versjonen gjelder ikke lenger."),
}
#: What the letters of the matrix say.
_ANSVAR = {"A": _l("Ansvarlig"), "U": _l("Utfører"), "K": _l("Konsulteres"), "I": _l("Informeres")}
_GRUPPER = ("avtaletype", "avtalestatus", "bestemmelsesart", "avtaleside", "partstatus", "hyppighet")


def ordbok() -> dict[str, dict[str, str]]:
    """Every word of the document, in the language that is on."""
    grupper: dict[str, Mapping[Any, Any]] = {
        "": _ORD,
        **{g: ETIKETTER[g] for g in _GRUPPER},
        "fase": FASEORD["fase"],
        "fagomraade": ALLE_OMRAADER,
        "punkt": {nr: navn for nr, (navn, _krav) in PUNKTER.items()},
        "tiltakskrav": TILTAKSKRAV,
        "ansvar": _ANSVAR,
        "trinn": {kode: f"{paragraf}: {krav}" for kode, (paragraf, krav) in TRINN.items()},
    }
    return {gruppe: {str(k): str(v) for k, v in ord_.items()} for gruppe, ord_ in grupper.items()}


class _Skriver:
    """Words and values of one document."""

    def __init__(self, ord_: Mapping[str, Mapping[str, str]]) -> None:
        self.ord = ord_

    def __call__(self, noekkel: str, **verdier: object) -> str:
        tekst = self.ord[""][noekkel]
        return tekst % verdier if verdier else tekst

    def kode(self, gruppe: str, kode: object) -> str:
        return self.ord[gruppe].get(str(kode), str(kode)) if kode not in (None, "") else ""

    def dag(self, dag: str | None) -> str:
        return date.fromisoformat(dag).strftime("%d.%m.%Y") if dag else ""

    def siste_dag(self, til: str | None) -> str:
        """The last day of [fra, til): what people read."""
        return (date.fromisoformat(til) - timedelta(days=1)).strftime("%d.%m.%Y") if til else ""

    def tid(self, tid: str) -> str:
        lokal = oslo(datetime.fromisoformat(tid))
        return self("dagtid", dag=lokal.strftime("%d.%m.%Y"), klokke=lokal.strftime("%H.%M"))


def lag(dok: Mapping[str, Any], ord_: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The document: what `typstfil` and `docxfil` show. `dok`: as `eksport.som_json` gives it."""
    s = _Skriver(ord_)
    versjon, avtale = dok["versjon"], dok["avtale"]
    merke = _merke(versjon)
    klausuler = _klausuler(dok["bestemmelser"], s)
    foran = [_parter(dok, s)]
    if versjon["medvirkning"]:
        foran.append(_del(s("medvirkning"), _avsnitt_av(versjon["medvirkning"])))
    if versjon["notat"]:
        foran.append(_del(s("nytt"), _avsnitt_av(versjon["notat"])))
    navn = f"{avtale['nummer']} {versjon['tittel']}".strip()
    return {
        "spraak": avtale["maalform"],
        "tittel": versjon["tittel"],
        "dokumenttittel": f"{navn}, {s('versjon', nr=versjon['nummer']).lower()}",
        "over": f"{s.kode('avtaletype', avtale['type'])} {avtale['nummer']}".strip(),
        "mellom": _mellom(dok, s),
        "merke": s(merke) if merke else "",
        "merketekst": s(f"om_{merke}") if merke else "",
        "fakta": _fakta(dok, s),
        "innholdstittel": s("innhold"),
        "deler": [*foran, *klausuler, _vedlegg(dok, s, merke)],
        "hashtittel": s("hash"),
        "hash": versjon["innhold_hash"],
        "hentet": s("hentet", tid=s.tid(dok["hentet"]["tidspunkt"]), navn=dok["hentet"]["av"]),
        # On a line with the mark, which it must not push away.
        "topptekst": navn if len(navn) <= _LENGST_OEVERST else f"{navn[: _LENGST_OEVERST - 1]}…",
        "bunntekst": s("versjon", nr=versjon["nummer"]),
        "side": s("sidetall"),
        "av": s("av"),
        "forfatter": avtale["eier"]["navn"],
        "tidspunkt": dok["hentet"]["tidspunkt"],
    }


#: Signs that no file system takes in a name, or that mean something there.
_I_FILNAVN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]+')


def filnavn(dok: Mapping[str, Any], ord_: Mapping[str, Mapping[str, str]], endelse: str) -> str:
    """«3 Innleggelse og utskrivning, versjon 2, utkast.pdf», in the agreement's own letters."""
    s = _Skriver(ord_)
    versjon = dok["versjon"]
    merke = _merke(versjon)
    navn = _I_FILNAVN.sub(" ", f"{dok['avtale']['nummer']} {versjon['tittel']}")
    navn = " ".join(navn.split())[:_LENGSTE_NAVN].strip(" .")
    bak = [s("versjon", nr=versjon["nummer"]), s(merke) if merke else ""]
    return f"{', '.join([navn, *(b.lower() for b in bak if b)])}.{endelse}".lstrip(" ,")


def _merke(versjon: Mapping[str, Any]) -> str:
    """What stands on every page of a version that nobody must take for one that holds. It is the dates that decide."""
    if versjon["gjelder"]:
        return ""
    if versjon["status"] in (Status.UTKAST, Status.TIL_FORHANDLING, Status.TIL_GODKJENNING):
        return "UTKAST"
    if versjon["status"] == Status.FORKASTET:
        return "FORKASTET"
    return "IKKE_ENNAA" if versjon["status"] == Status.GODKJENT else "IKKE_LENGER"


def _statusord(versjon: Mapping[str, Any], s: _Skriver) -> str:
    """The status in words. The worker sets it after the dates: a version that holds is not called merely approved."""
    status = versjon["status"]
    if versjon["gjelder"] and status == Status.GODKJENT:
        status = Status.GJELDENDE
    elif _merke(versjon) == "IKKE_LENGER" and status != Status.ERSTATTET:
        status = Status.UTLOEPT
    return s.kode("avtalestatus", status)


def _mellom(dok: Mapping[str, Any], s: _Skriver) -> str:
    """«Finnmarkssykehuset HF og Alta kommune»; of more than there is room for, how many."""
    navn = [p["organisasjon"]["navn"] for p in dok["parter"]] or [dok["avtale"]["eier"]["navn"]]
    if len(navn) > _FLEST_NAVN:
        return s("mellom_mange", navn=navn[0], antall=len(navn) - 1)
    return f"{', '.join(navn[:-1])} {s('og')} {navn[-1]}" if len(navn) > 1 else navn[0]


def _fakta(dok: Mapping[str, Any], s: _Skriver) -> list[list[str]]:
    avtale, versjon = dok["avtale"], dok["versjon"]
    over = avtale["overordnet"]
    linjer = [
        (s("versjonstall"), str(versjon["nummer"])),
        (s("status"), _statusord(versjon, s)),
        (s("gjelder_fra"), s.dag(versjon["i_kraft_fra"])),
        (s("oensket_fra"), "" if versjon["i_kraft_fra"] else s.dag(versjon["oensket_fra"])),
        (s("til_og_med"), s.siste_dag(versjon["i_kraft_til"])),
        (s("neste_gjennomgang"), s.dag(avtale["neste_gjennomgang"]) if versjon["gjelder"] else ""),
        (s("eier"), avtale["eier"]["navn"]),
        (s("ligger_under"), f"{over['nummer']} {over['tittel']}".strip() if over else ""),
    ]
    return [[o, v] for o, v in linjer if v]


# --- the parts -------------------------------------------------------------------------------------------


def _del(
    tittel: str, blokker: Sequence[Any], nivaa: int = 1, kjennetegn: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "tittel": tittel,
        "nivaa": nivaa,
        "kjennetegn": [k for k in kjennetegn if k],
        "blokker": list(blokker),
    }


def _parter(dok: Mapping[str, Any], s: _Skriver) -> dict[str, Any]:
    rader = [
        [
            _navn(p["organisasjon"]),
            s.kode("avtaleside", p["side"]),
            s.dag(p["fra"]) or s.kode("partstatus", p["status"]),
            s.siste_dag(p["til"]) if p["fra"] else "",
        ]
        for p in dok["parter"]
    ]
    # Before it holds for anybody, there is only to tell who takes part and who is asked.
    hode = [s("part"), s("side"), s("fra") if any(p["fra"] for p in dok["parter"]) else s("status")]
    if any(r[3] for r in rader):
        hode.append(s("til_og_med"))
    rader = [r[: len(hode)] for r in rader]
    return _del(s("parter"), [_tabell("", hode, rader)] if rader else [])


def _navn(o: Mapping[str, Any]) -> str:
    return f"{o['navn']} / {o['navn_alternativ']}" if o["navn_alternativ"] else str(o["navn"])


def _klausuler(klausuler: Sequence[Mapping[str, Any]], s: _Skriver) -> list[dict[str, Any]]:
    """The clauses, each on the level that its number says («3.2»: the second), and none skipped on the way down."""
    if not klausuler:
        return [_del(s("ingen"), [])]
    ut: list[dict[str, Any]] = []
    forrige = 0
    for b in klausuler:
        ledd = [d for d in str(b["nummer"]).strip(" §.").split(".") if d]
        nivaa = len(ledd) if ledd and all(d.isdecimal() for d in ledd) else 1
        forrige = min(nivaa, forrige + 1, 3)
        ut.append(
            _del(f"{b['nummer']} {b['overskrift']}".strip(), _innhold(b, s), forrige, _kjennetegn(b, s))
        )
    return ut


def _kjennetegn(b: Mapping[str, Any], s: _Skriver) -> list[str]:
    """What a clause is about: its kind, its item of § 6-2, its phases, its fagområder."""
    punkt = f"{s('punkt', nr=b['punkt'])}: {s.kode('punkt', b['punkt'])}" if b["punkt"] else ""
    omraader = ", ".join(s.kode("fagomraade", f) for f in b["fagomraader"] or [])
    return [
        s.kode("bestemmelsesart", b["art"]),
        punkt,
        _faser(b["faser"], s),
        f"{s('fagomraader')}: {omraader}" if omraader else "",
    ]


def _faser(numre: Sequence[int], s: _Skriver) -> str:
    """«Gjelder i fase 3 (…) og 4 (epidemitopp)»."""
    if len(numre) == 5:
        return s("alle_faser")
    ord_ = [f"({s.kode('fase', n).lower()})" for n in numre]
    if len(numre) == 1:
        return f"{s('en_fase', fase=numre[0])} {ord_[0]}"
    deler = [f"{n} {o}" for n, o in zip(numre, ord_, strict=True)]
    return f"{s('faser')} {', '.join(deler[:-1])} {s('og')} {deler[-1]}"


def _innhold(b: Mapping[str, Any], s: _Skriver) -> list[dict[str, Any]]:
    ut = blokker(b["tekst"])
    if b["kriterier"]:
        rader = [[r["kriterium"], r.get("hvem") or "–", r.get("frist") or "–"] for r in b["kriterier"]]
        ut.append(_tabell(s("kriterier"), [s("kriterium"), s("hvem_avgjoer"), s("frist")], rader))
    if b["matrise"]:
        sider = [str(x) for x in Side]
        rader = [
            [r["oppgave"], *(s.kode("ansvar", r.get(side)) or "–" for side in sider)] for r in b["matrise"]
        ]
        hode = [s("oppgave"), *(s.kode("avtaleside", side) for side in sider)]
        ut.append(_tabell(s("matrise"), hode, rader))
    if b["forpliktelser"]:
        rader = [
            [
                r["tekst"],
                s.kode("hyppighet", r.get("hyppighet")),
                r.get("frist") or "–",
                ", ".join(s.kode("avtaleside", side) for side in r.get("sider") or []),
            ]
            for r in b["forpliktelser"]
        ]
        hode = [s("hva"), s("hvor_ofte"), s("frist"), s("hvem")]
        ut.append(_tabell(s("forpliktelser"), hode, rader))
    for r in b["tiltak"] or []:
        rader = [[navn, r.get(krav) or s("ikke_sagt")] for krav, navn in s.ord["tiltakskrav"].items()]
        ut.append(_tabell(s("tiltak", navn=r["navn"]), [], rader))
    if b["trinn"]:
        ut.append(_avsnitt([_bit(s("trinn"), "fet")], sammen=True))
        ut.append(_liste([[_avsnitt([_bit(s.kode("trinn", t))])] for t in b["trinn"]]))
    return ut


def _vedlegg(dok: Mapping[str, Any], s: _Skriver, merke: str) -> dict[str, Any]:
    """Who has approved, when and by which decision, and the hash of what they approved."""
    versjon = dok["versjon"]
    rader = [
        [_navn(g["organisasjon"]), g["ledd"], *_godkjent(g, versjon, s), _vedtak(g, s)]
        for g in dok["godkjenninger"]
    ]
    if rader:
        hode = [s("part"), s("ledd"), s("godkjent_av"), s("naar"), s("vedtak")]
        ut = [_tabell("", hode, rader)]
    elif versjon["sendt_til_godkjenning"] or versjon["i_kraft_fra"]:
        ut = [_avsnitt([_bit(s("ingen_godkjenninger"))])]
    else:
        ut = [_avsnitt([_bit(s("ikke_sendt"))])]
    ut += [
        _avsnitt([_bit(s("hash"), "fet")], sammen=True),
        _avsnitt([_bit(versjon["innhold_hash"], "kode")], sammen=True),
        _avsnitt([_bit(s("hash_om") if merke != "UTKAST" else f"{s('hash_om')} {s('hash_utkast')}")]),
        _avsnitt([_bit(s("hentet", tid=s.tid(dok["hentet"]["tidspunkt"]), navn=dok["hentet"]["av"]))]),
    ]
    return {**_del(s("vedlegg"), ut), "ny_side": True}


def _godkjent(g: Mapping[str, Any], versjon: Mapping[str, Any], s: _Skriver) -> tuple[str, str]:
    """Who and when; or why nobody has."""
    if g["gitt"] is None:
        return (s("sendt_tilbake"), s.tid(g["sendt_tilbake"])) if g["sendt_tilbake"] else (s("venter"), "–")
    hvem = g["gitt_av"] or "–"
    if g["opphevet"]:
        hvem += f" ({s('opphevet').lower()})"
    elif g["innhold_hash"] != versjon["innhold_hash"]:
        hvem += f" ({s('annet_innhold').lower()})"
    return hvem, s.tid(g["gitt"])


def _vedtak(g: Mapping[str, Any], s: _Skriver) -> str:
    deler = [s("sak", nr=g["saksnummer"]) if g["saksnummer"] else "", s.dag(g["vedtaksdato"]), g["merknad"]]
    return "\n".join(d for d in deler if d) or "–"


# --- blocks ----------------------------------------------------------------------------------------------


def _bit(tekst: str, *stil: str, lenke: str = "") -> dict[str, Any]:
    return {"tekst": tekst, "stil": list(stil), "lenke": lenke}


def _avsnitt(biter: Sequence[Any], *, sammen: bool = False) -> dict[str, Any]:
    """A paragraph. `sammen`: it stays on the page of what follows."""
    return {"type": "avsnitt", "biter": list(biter), "sammen": sammen}


def _liste(punkter: Sequence[Any], start: int | None = None) -> dict[str, Any]:
    return {
        "type": "liste",
        "ordnet": start is not None,
        "start": 1 if start is None else start,
        "punkter": punkter,
    }


def _tabell(navn: str, hode: Sequence[str], rader: Iterable[Sequence[str]]) -> dict[str, Any]:
    """A table of plain text. The first column says what the row is about; without `hode` it is a list of facts."""
    return {
        "type": "tabell",
        "navn": navn,
        "hode": [_linjer(h) for h in hode],
        "rader": [[_linjer(str(c)) for c in rad] for rad in rader],
    }


def _linjer(tekst: str) -> list[dict[str, Any]]:
    """Plain text as bits, its line breaks kept."""
    ut: list[dict[str, Any]] = []
    for nr, linje in enumerate(tekst.splitlines()):
        if nr:
            ut.append(_bit("\n"))
        if linje:
            ut.append(_bit(linje))
    return ut


def _avsnitt_av(tekst: str) -> list[dict[str, Any]]:
    """Plain text as paragraphs: an empty line begins a new one."""
    return [_avsnitt(_linjer(del_.strip("\n"))) for del_ in tekst.split("\n\n") if del_.strip()]


# --- Markdown --------------------------------------------------------------------------------------------

_STIL = {"strong": "fet", "em": "kursiv", "s": "strek"}
_LENKER = {"http", "https", "mailto", "tel"}


def blokker(markdown: str) -> list[dict[str, Any]]:
    """The text of a clause as blocks: what `tekst.som_html` shows, so to say. HTML in it is text as it was typed."""
    from markdown_it.tree import SyntaxTreeNode

    return _blokker(SyntaxTreeNode(leser().parse(markdown)).children, 0)


def _blokker(noder: Iterable[Any], dybde: int) -> list[dict[str, Any]]:
    ut: list[dict[str, Any]] = []
    for n in noder:
        if n.type in ("bullet_list", "ordered_list"):
            punkter = [_blokker(p.children, dybde + 1) for p in n.children]
            if dybde >= DYPEST:
                ut += [b for p in punkter for b in p]
            else:
                start = None if n.type == "bullet_list" else int(n.attrs.get("start", 1))
                ut.append(_liste(punkter, start))
        elif n.type == "blockquote":
            indre = _blokker(n.children, dybde + 1)
            ut += indre if dybde >= DYPEST else [{"type": "sitat", "blokker": indre}]
        elif n.type in ("fence", "code_block"):
            ut.append({"type": "kode", "tekst": n.content.rstrip("\n")})
        elif n.type == "hr":
            ut.append({"type": "linje"})
        elif n.type == "table":
            ut += _markdowntabell(n)
        elif n.type in ("paragraph", "heading"):
            # A heading in a clause is a bold line: the clause has its own, and the document its order of them.
            biter = _biter(n.children, ("fet",) if n.type == "heading" else ())
            ut.append(_avsnitt(biter, sammen=n.type == "heading"))
        else:
            ut.append(_avsnitt(_linjer(n.content)))
    return ut


def _markdowntabell(node: Any) -> list[dict[str, Any]]:
    rader = [
        [_biter(celle.children) for celle in rad.children] for del_ in node.children for rad in del_.children
    ]
    hode, *resten = rader
    if len(hode) <= FLEST_KOLONNER:
        return [{"type": "tabell", "navn": "", "hode": hode, "rader": resten}]
    skille = _bit(" | ")
    return [_avsnitt([b for celle in rad for b in (*celle, skille)][:-1]) for rad in rader]


def _biter(noder: Iterable[Any], stil: tuple[str, ...] = (), lenke: str = "") -> list[dict[str, Any]]:
    ut: list[dict[str, Any]] = []
    for n in noder:
        if n.type in ("softbreak", "hardbreak"):
            ut.append(_bit("\n"))
        elif n.type == "code_inline":
            ut.append(_bit(n.content, *stil, "kode", lenke=lenke))
        elif n.type == "link":
            ut += _biter(n.children, stil, _trygg(str(n.attrs.get("href", ""))) or lenke)
        elif n.children:
            ny = _STIL.get(n.type)
            ut += _biter(n.children, (*stil, ny) if ny and ny not in stil else stil, lenke)
        elif n.content:
            ut.append(_bit(n.content, *stil, lenke=lenke))
    return ut


def _trygg(adresse: str) -> str:
    """The address of a link that leads to the web, to mail or to a telephone; «» for any other."""
    try:
        return adresse if urlsplit(adresse).scheme in _LENKER else ""
    except ValueError:
        return ""
