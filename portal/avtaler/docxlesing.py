"""A Word document as clauses: headings begin them, and what stands below becomes Markdown. Pure: bytes → `Funn`.

Kept: bold and italic, lists with their numbers, tables (as Markdown tables), links to the web, footnotes (in brackets
where they stand), text boxes, and the numbers that Word itself counts for headings. What is not text (pictures,
comments, what was struck with tracked changes) is left out, and told of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from portal.avtaler import klausulfunn, ooxml
from portal.avtaler.klausulfunn import Del, Funn
from portal.avtaler.ooxml import Element
from portal.avtaler.ordnummer import Nummerering
from portal.core.sprak import _l

#: Headings down to this level begin a clause; those below are lines in bold.
NIVAAER = 4
_OVERSKRIFT = re.compile(r"(?:heading|overskrift)\s*([1-9])\Z")
_INNHOLDSLISTE = re.compile(r"(?:toc|innh)\s*\d\Z")
_TRYGG = re.compile(r"(?:https?://|mailto:)[^\s()<>]+\Z", re.I)
#: Signs of an address, and of a footnote: a link with a longer one is words alone, and a longer note is cut.
_LENGSTE_LENKE = _LENGSTE_NOTE = 2_000
#: Signs that are read before it is given up: an agreement, and all that its links, numbers and tables may add.
_MEST = 2 * klausulfunn.LENGST
#: How many styles a style may be based on, one upon the other. Word allows ten.
_STILKJEDE = 20
#: Columns of a table, and cells.
_BREDEST, _FLEST_CELLER = 60, 50_000
#: What is walked through as if it were not there.
_GJENNOM = {
    "w:ins",
    "w:moveTo",
    "w:smartTag",
    "w:customXml",
    "w:fldSimple",
    "w:dir",
    "w:bdo",
    "m:oMath",
    "m:oMathPara",
}
#: What was struck.
_STROEKET = {"w:del", "w:moveFrom"}


@dataclass(slots=True)
class _Stil:
    navn: str = ""
    over: str = ""
    #: 0-based, as Word counts; None: it is no heading.
    nivaa: int | None = None
    num: str = ""
    ilvl: int | None = None
    fet: bool = False


@dataclass(slots=True)
class _Avsnitt:
    """A paragraph: its Markdown, its plain words, and what it is. A table is one with `tekst` alone."""

    tekst: str
    rent: str
    #: 1–9: a heading; 0: none; -1: the title.
    nivaa: int = 0
    #: The number that Word counts, as it is shown («1.2», «a)», «•»); and how deep in a list it stands.
    merke: str = ""
    kule: bool = False
    dybde: int = 0


@dataclass(slots=True)
class _Kilde:
    """What all of a document has in common, and how much of it is read."""

    pakke: ooxml.Pakke
    stiler: dict[str, _Stil] = field(default_factory=dict)
    #: {style: the same with what it has from others}, as far as it was asked for.
    arvet: dict[str, _Stil] = field(default_factory=dict)
    lenker: dict[str, str] = field(default_factory=dict)
    noter: dict[str, dict[str, str]] = field(default_factory=dict)
    #: {note: its number} of those that are put in.
    satt_inn: dict[tuple[str, str], int] = field(default_factory=dict)
    nummerering: Nummerering | None = None
    tegn: int = 0

    def bruk(self, tegn: int) -> None:
        """Counts signs as they come, before they are put together. Raises UgyldigData when there are too many."""
        self.tegn += tegn
        if self.tegn > _MEST:
            raise ooxml.avvis(klausulfunn.for_lang())


@dataclass(slots=True)
class _Leser:
    """What is read of a document, or of a cell in it."""

    kilde: _Kilde
    #: What was met that is not kept.
    bilder: int = 0
    stroeket: bool = False
    skjult: bool = False
    innholdsliste: bool = False
    innbakt: bool = False
    avsnitt: list[_Avsnitt] = field(default_factory=list)


def les(data: bytes) -> Funn:
    """The clauses of a document. Raises UgyldigData (field `fil`), also for one without text."""
    pakke = ooxml.Pakke(data)
    dokument = pakke.del_(pakke.hoved)
    kropp = dokument.finn("w:body") if dokument is not None else None
    if kropp is None:
        raise ooxml.avvis(_l("Dokumentet har ingen tekst. Velg et annet."))
    kilde = _Kilde(pakke, _stiler(pakke.ved_siden("styles.xml")))
    adresser = pakke.lenker()
    kilde.lenker = {k: a for k, a in adresser.items() if len(a) <= _LENGSTE_LENKE and _TRYGG.match(a)}
    kilde.nummerering = Nummerering(
        pakke.ved_siden("numbering.xml"), {k: s.num for k, s in kilde.stiler.items() if s.num}
    )
    for slag, fil in (("w:footnote", "footnotes.xml"), ("w:endnote", "endnotes.xml")):
        rot = pakke.ved_siden(fil)
        kilde.noter[slag] = {
            n.attr.get("w:id", ""): " ".join(_ren_tekst(n).split())
            for n in (rot.alle(slag) if rot is not None else [])
            if n.attr.get("w:type", "normal") == "normal"
        }
    leser = _Leser(kilde)
    _les_blokker(leser, kropp)
    funn = _som_funn(leser)
    _si_fra(leser, funn)
    if any(len(a) > _LENGSTE_LENKE for a in adresser.values()):
        funn.merk("lenker")
    return funn


# --- styles ----------------------------------------------------------------------------------------------


def _stiler(rot: Element | None) -> dict[str, _Stil]:
    ut: dict[str, _Stil] = {}
    for s in rot.alle("w:style") if rot is not None else []:
        ppr, rpr = s.finn("w:pPr"), s.finn("w:rPr")
        stil = _Stil(s.verdi("w:name").casefold(), s.verdi("w:basedOn"))
        if ppr is not None:
            stil.nivaa = _tall(ppr.verdi("w:outlineLvl"))
            numpr = ppr.finn("w:numPr")
            if numpr is not None:
                stil.num, stil.ilvl = numpr.verdi("w:numId"), _tall(numpr.verdi("w:ilvl"))
        stil.fet = rpr is not None and rpr.paa("w:b")
        m = _OVERSKRIFT.match(stil.navn)
        if m is not None:
            stil.nivaa = int(m[1]) - 1
        ut[s.attr.get("w:styleId", "")] = stil
    return ut


def _arv(kilde: _Kilde, stil_id: str) -> _Stil:
    """A style with what it has from those it is based on. Worked out once: every paragraph asks."""
    if stil_id not in kilde.stiler:
        return _Stil()
    if stil_id in kilde.arvet:
        return kilde.arvet[stil_id]
    ut, over = _Stil(), stil_id
    for _ledd in range(_STILKJEDE):
        s = kilde.stiler.get(over)
        if s is None:
            break
        ut.navn = ut.navn or s.navn
        ut.nivaa = s.nivaa if ut.nivaa is None else ut.nivaa
        ut.ilvl = s.ilvl if ut.ilvl is None else ut.ilvl
        ut.num = ut.num or s.num
        over = s.over
    kilde.arvet[stil_id] = ut
    return ut


def _tall(verdi: str) -> int | None:
    return int(verdi) if verdi.isdecimal() and len(verdi) < 6 else None


# --- blocks ----------------------------------------------------------------------------------------------


def _les_blokker(leser: _Leser, sted: Element) -> None:
    for e in sted.barn:
        if e.merke == "w:p":
            _les_avsnitt(leser, e)
        elif e.merke == "w:tbl":
            _les_tabell(leser, e)
        elif e.merke == "w:sdt":
            if _er_innholdsliste(e):
                leser.innholdsliste = True
            elif (innhold := e.finn("w:sdtContent")) is not None:
                _les_blokker(leser, innhold)
        elif e.merke in ("w:customXml", "w:ins", "w:moveTo"):
            _les_blokker(leser, e)
        elif e.merke == "mc:AlternateContent":
            if (valg := _valgt(e)) is not None:
                _les_blokker(leser, valg)
        elif e.merke in _STROEKET:
            leser.stroeket = True
        elif e.merke == "w:altChunk":
            leser.innbakt = True


def _er_innholdsliste(sdt: Element) -> bool:
    egenskaper = sdt.finn("w:sdtPr", "w:docPartObj")
    return egenskaper is not None and egenskaper.verdi("w:docPartGallery") == "Table of Contents"


def _valgt(e: Element) -> Element | None:
    """What a reader of today shows of two ways to say the same."""
    return e.finn("mc:Choice") or e.finn("mc:Fallback")


def _les_avsnitt(leser: _Leser, p: Element) -> None:
    ppr = p.finn("w:pPr") or Element("w:pPr", {})
    stil = _arv(leser.kilde, ppr.verdi("w:pStyle"))
    if _INNHOLDSLISTE.match(stil.navn):
        leser.innholdsliste = True
        return
    biter: list[_Bit] = []
    bokser: list[Element] = []
    _les_biter(leser, p, biter, bokser)
    rent = " ".join("".join(b.tekst for b in biter).split())
    nivaa = _tall(ppr.verdi("w:outlineLvl"))
    nivaa = stil.nivaa if nivaa is None else nivaa
    avsnitt = _Avsnitt(som_markdown(biter), rent)
    if nivaa is not None and nivaa < 9:
        avsnitt.nivaa = nivaa + 1
    elif stil.navn in ("title", "tittel"):
        avsnitt.nivaa = -1
    numpr = ppr.finn("w:numPr")
    num = numpr.verdi("w:numId") if numpr is not None else ""
    ilvl = _tall(numpr.verdi("w:ilvl")) if numpr is not None else None
    # «0» takes the numbering of the style away.
    num = num or stil.num
    if rent and num not in ("", "0") and leser.kilde.nummerering is not None:
        avsnitt.dybde = ilvl if ilvl is not None else (stil.ilvl or 0)
        avsnitt.merke, avsnitt.kule = leser.kilde.nummerering.neste(num, avsnitt.dybde)
        leser.kilde.bruk(len(avsnitt.merke))
    if rent:
        leser.avsnitt.append(avsnitt)
    for boks in bokser:
        _les_blokker(leser, boks)


def _les_tabell(leser: _Leser, tbl: Element) -> None:
    rader: list[list[str]] = []
    for tr in (e for e in _rader(tbl)):
        celler: list[str] = []
        for tc in (e for e in tr.barn if e.merke in ("w:tc", "w:sdt")):
            innhold = tc.finn("w:sdtContent", "w:tc") if tc.merke == "w:sdt" else tc
            if innhold is None:
                continue
            celle = _Leser(leser.kilde)
            tcpr = innhold.finn("w:tcPr") or Element("w:tcPr", {})
            sammen = tcpr.finn("w:vMerge")
            if sammen is None or sammen.attr.get("w:val") == "restart":
                _les_blokker(celle, innhold)
            leser.bilder += celle.bilder
            leser.stroeket |= celle.stroeket
            leser.skjult |= celle.skjult
            linjer = [f"{a.merke} {a.tekst}" if a.merke else a.tekst for a in celle.avsnitt]
            celler.append("\n\n".join(linjer))
            spenn = min(_tall(tcpr.verdi("w:gridSpan")) or 1, 60)
            leser.kilde.bruk(spenn)
            celler += [""] * (spenn - 1)
        if any(celler):
            rader.append(celler)
    if not rader:
        return
    bredde = max(len(r) for r in rader)
    if bredde == 1:
        # A frame around a text is no table.
        leser.avsnitt += [_Avsnitt(bit, bit) for r in rader for bit in r[0].split("\n\n") if bit]
        return
    if bredde > _BREDEST or bredde * len(rader) > _FLEST_CELLER:
        # Nobody reads such a table in a clause: its rows are lines.
        leser.avsnitt += [
            _Avsnitt(linje, linje) for r in rader if (linje := " – ".join(_celle(c) for c in r if c))
        ]
        return
    # Cells that no row has are signs all the same: a table of one word may be sixty wide, and there may be thousands.
    leser.kilde.bruk(3 * bredde * (len(rader) + 1))
    linjer = ["| " + " | ".join(_celle(c) for c in [*r, *[""] * (bredde - len(r))]) + " |" for r in rader]
    linjer.insert(1, "|" + " --- |" * bredde)
    leser.avsnitt.append(_Avsnitt("\n".join(linjer), linjer[0]))


def _rader(tbl: Element) -> list[Element]:
    ut = []
    for e in tbl.barn:
        if e.merke == "w:tr":
            ut.append(e)
        elif e.merke == "w:sdt" and (innhold := e.finn("w:sdtContent")) is not None:
            ut += innhold.alle("w:tr")
        elif e.merke in ("w:ins", "w:customXml"):
            ut += e.alle("w:tr")
    return ut


def _celle(tekst: str) -> str:
    return " ".join(tekst.split()).replace("|", "\\|")


# --- words -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Bit:
    tekst: str
    fet: bool = False
    kursiv: bool = False
    lenke: str = ""


def _les_biter(
    leser: _Leser, sted: Element, biter: list[_Bit], bokser: list[Element], lenke: str = ""
) -> None:
    for e in sted.barn:
        if e.merke == "w:r":
            _les_run(leser, e, biter, bokser, lenke)
        elif e.merke == "w:hyperlink":
            _les_biter(leser, e, biter, bokser, leser.kilde.lenker.get(e.attr.get("r:id", ""), lenke))
        elif e.merke in _GJENNOM or e.merke == "m:r":
            _les_biter(leser, e, biter, bokser, lenke)
        elif e.merke == "m:t":
            leser.kilde.bruk(len(e.tekst) + len(lenke))
            biter.append(_Bit(e.tekst, lenke=lenke))
        elif e.merke == "w:sdt" and (innhold := e.finn("w:sdtContent")) is not None:
            _les_biter(leser, innhold, biter, bokser, lenke)
        elif e.merke == "mc:AlternateContent" and (valg := _valgt(e)) is not None:
            _les_biter(leser, valg, biter, bokser, lenke)
        elif e.merke in _STROEKET:
            leser.stroeket = True
        elif e.merke.startswith("m:"):
            _les_biter(leser, e, biter, bokser, lenke)


def _les_run(leser: _Leser, r: Element, biter: list[_Bit], bokser: list[Element], lenke: str) -> None:
    rpr = r.finn("w:rPr") or Element("w:rPr", {})
    if rpr.paa("w:vanish"):
        leser.skjult = leser.skjult or any(e.tekst.strip() for e in r.under())
        return
    stil = leser.kilde.stiler.get(rpr.verdi("w:rStyle"))
    fet = rpr.paa("w:b") or (stil is not None and stil.fet and rpr.finn("w:b") is None)
    ord_: list[str] = []
    for e in r.barn:
        if e.merke == "w:t":
            leser.kilde.bruk(len(e.tekst))
            ord_.append(e.tekst)
        elif e.merke in ("w:tab", "w:ptab"):
            ord_.append(" ")
        elif e.merke == "w:cr" or (e.merke == "w:br" and e.attr.get("w:type") not in ("page", "column")):
            ord_.append("\n")
        elif e.merke == "w:noBreakHyphen":
            ord_.append("-")
        elif e.merke in ("w:footnoteReference", "w:endnoteReference"):
            ord_.append(_note(leser.kilde, e.merke.removesuffix("Reference"), e.attr.get("w:id", "")))
        elif e.merke in ("w:drawing", "w:pict", "w:object", "mc:AlternateContent"):
            _les_tegning(leser, e, bokser)
    tekst = klausulfunn.rydd("".join(ord_))
    if tekst:
        # The address stands in the Markdown of every line of the link.
        leser.kilde.bruk(len(lenke) * (tekst.count("\n") + 1))
        biter.append(_Bit(tekst, fet, rpr.paa("w:i"), lenke))


def _note(kilde: _Kilde, slag: str, note_id: str) -> str:
    """What stands where a note is referred to: its words the first time, later its number by where it stands."""
    note = kilde.noter.get(slag, {}).get(note_id, "")
    if not note:
        return ""
    nr = kilde.satt_inn.get((slag, note_id))
    if nr is None:
        kilde.satt_inn[slag, note_id] = len(kilde.satt_inn) + 1
        ut = f" ({kortet(note, _LENGSTE_NOTE)})"
    else:
        ut = f" (note {nr})"
    kilde.bruk(len(ut))
    return ut


def kortet(tekst: str, lengde: int) -> str:
    """A text cut between words, with a sign that there was more."""
    return tekst if len(tekst) <= lengde else f"{tekst[:lengde].rsplit(' ', 1)[0]} …"


def _les_tegning(leser: _Leser, e: Element, bokser: list[Element]) -> None:
    """The text boxes of a drawing; what lies in a box is met when the box is read."""
    if e.merke == "w:txbxContent":
        bokser.append(e)
        return
    if e.merke in ("a:blip", "v:imagedata"):
        leser.bilder += 1
    sted = _valgt(e) if e.merke == "mc:AlternateContent" else e
    for inne in sted.barn if sted is not None else ():
        _les_tegning(leser, inne, bokser)


def _ren_tekst(sted: Element) -> str:
    return " ".join(e.tekst for e in sted.under() if e.merke == "w:t" and e.tekst)


# --- Markdown --------------------------------------------------------------------------------------------

_TEGN = re.compile(r"[\\`*\[\]<~]|&(?=#?\w+;)|_(?![^\W_])|(?<![^\W_])_")
_LINJESTART = re.compile(r"(?m)^(?:([-+>]|#{1,6})(?=\s|$)|([-=+>#~`]))")
_LISTETALL = re.compile(r"(?m)^(\d{1,9})([.)])(?=\s|$)")


def uskadd(tekst: str) -> str:
    """Plain text as Markdown that reads the same: what would be marks are escaped («1. januar» stays words)."""
    ut = _TEGN.sub(lambda m: "\\" + m[0], tekst)
    ut = "\n".join(linje.strip() for linje in ut.split("\n"))
    ut = _LINJESTART.sub(lambda m: "\\" + m[0], ut)
    return _LISTETALL.sub(r"\1\\\2", ut)


def som_markdown(biter: list[_Bit]) -> str:
    """The words of a paragraph with their bold, italic and links."""
    grupper: list[tuple[_Bit, list[str]]] = []
    for b in biter:
        forrige, ord_ = grupper[-1] if grupper else (None, [])
        # Spaces have no weight: what is bold on both sides of one is bold all through.
        likt = forrige is not None and (forrige.fet, forrige.kursiv, forrige.lenke) == (
            b.fet,
            b.kursiv,
            b.lenke,
        )
        if likt or (forrige is not None and not b.tekst.strip() and "\n" not in b.tekst and not b.lenke):
            ord_.append(b.tekst)
        else:
            grupper.append((b, [b.tekst]))
    samlet = [_Bit("".join(ord_), b.fet, b.kursiv, b.lenke) for b, ord_ in grupper]
    hele = "".join(b.tekst for b in samlet)
    if not any(b.fet or b.kursiv or b.lenke for b in samlet):
        return uskadd(hele.strip())
    return "\n".join(linje.strip() for linje in "".join(_merket(b) for b in samlet).strip().split("\n"))


def _merket(b: _Bit) -> str:
    """One stretch in its marks, line by line: a mark does not reach over a line break, nor around spaces."""
    linjer = []
    for linje in b.tekst.split("\n"):
        inne = linje.strip()
        if not inne:
            linjer.append(linje)
            continue
        foer, etter = linje[: len(linje) - len(linje.lstrip())], linje[len(linje.rstrip()) :]
        kode = uskadd(inne)
        if b.lenke:
            kode = f"[{kode}]({b.lenke})"
        kode = f"*{kode}*" if b.kursiv else kode
        kode = f"**{kode}**" if b.fet else kode
        linjer.append(f"{foer}{kode}{etter}")
    return "\n".join(linjer)


# --- clauses ---------------------------------------------------------------------------------------------


def _som_funn(leser: _Leser) -> Funn:
    funn = Funn([])
    med_stil = any(1 <= a.nivaa <= NIVAAER for a in leser.avsnitt)
    if not med_stil:
        # Written without styles: the headings are found as in a text that is pasted.
        tekst = _skriv(leser.avsnitt, funn)
        if not tekst.strip():
            raise ooxml.avvis(_l("Dokumentet har ingen tekst. Velg et annet."))
        funnet = klausulfunn.fra_tekst(tekst, "fil")
        funnet.tittel = funn.tittel or funnet.tittel
        return funnet
    deler, samlet = [Del("", "")], []
    for a in leser.avsnitt:
        if not 1 <= a.nivaa <= NIVAAER:
            samlet.append(a)
            continue
        deler[-1].avsnitt.append(_skriv(samlet, funn))
        samlet = []
        nummer, navn = klausulfunn.skill_nummer(a.rent)
        if a.merke and not a.kule and not nummer:
            nummer, navn = a.merke.rstrip(".").strip(), a.rent
        if len(nummer) > klausulfunn.innhold.LENGDE["nummer"]:
            nummer, navn = "", f"{nummer} {navn}"
        deler.append(Del(nummer, navn or nummer))
    deler[-1].avsnitt.append(_skriv(samlet, funn))
    if sum(len(t) for d in deler for t in d.avsnitt) > klausulfunn.LENGST:
        raise ooxml.avvis(klausulfunn.for_lang())
    return klausulfunn.sett_sammen(deler, funn, "fil")


def _skriv(avsnitt: list[_Avsnitt], funn: Funn) -> str:
    """The paragraphs as Markdown: items of a list under each other, everything else with a line between."""
    ut: list[str] = []
    #: The lists that are open: (depth, where their items begin, where what is below an item begins).
    aapne: list[tuple[int, int, int]] = []
    for a in avsnitt:
        if a.nivaa == -1 and not funn.tittel:
            funn.tittel = a.rent[:300]
            continue
        ledd = _listemerke(a)
        if not ledd:
            aapne = []
            foran = f"{uskadd(a.merke)} " if a.merke and not a.kule else ""
            tekst = f"**{uskadd(a.rent)}**" if a.nivaa > NIVAAER else f"{foran}{a.tekst}"
            ut += ["", tekst]
            continue
        if not aapne:
            ut.append("")
        while aapne and aapne[-1][0] >= a.dybde:
            aapne.pop()
        inn = aapne[-1][2] if aapne else 0
        aapne.append((a.dybde, inn, inn + len(ledd.split(" ")[0]) + 1))
        ut.append(" " * inn + ledd + a.tekst.replace("\n", "\n" + " " * aapne[-1][2]))
    return "\n".join(ut).strip()


def _listemerke(a: _Avsnitt) -> str:
    """How an item of a list begins in Markdown; empty: it is no such item. «a)» stands after the bullet, as a name."""
    if a.nivaa > 0 or not a.merke:
        return ""
    if a.kule:
        return "- "
    if re.fullmatch(r"\d{1,9}[.)]", a.merke):
        return f"{a.merke} "
    return "" if re.match(r"[\d§]", a.merke) else f"- {uskadd(a.merke)} "


def _si_fra(leser: _Leser, funn: Funn) -> None:
    """What was left out, for who checks it."""
    sagt = {
        "bilder": leser.bilder,
        "innhold": leser.innholdsliste,
        "stroeket": leser.stroeket,
        "skjult": leser.skjult,
        "innbakt": leser.innbakt,
        "kommentarer": leser.kilde.pakke.har_ved_siden("comments.xml"),
        "noter": any(leser.kilde.noter.values()),
        "noter_kortet": any(
            len(leser.kilde.noter[slag][note_id]) > _LENGSTE_NOTE for slag, note_id in leser.kilde.satt_inn
        ),
    }
    for hva, er in sagt.items():
        if er:
            funn.merk(hva)


# --- any file --------------------------------------------------------------------------------------------


def les_fil(data: bytes) -> Funn:
    """The clauses of a file, by what it is: a Word document, an agreement of the portal's (JSON), or plain text."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return klausulfunn.fra_json(data.removeprefix(b"\xef\xbb\xbf"))
    if data[:2] != b"PK" and b"\0" not in data and not data.startswith((b"%PDF", b"{\\rtf", b"<")):
        try:
            tekst = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return les(data)
        return klausulfunn.fra_tekst(tekst, "fil")
    return les(data)
