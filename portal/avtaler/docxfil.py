"""An agreement as DOCX, with real headings, lists and tables. Pure: from the document of `dokument.lag`.

The package, its styles, header and footer are python-docx's. What stands between is written as WordprocessingML
(ECMA-376) and read in at once: a hundred clauses are 90,000 elements, and one by one they take ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from docx.document import Document

#: Signs that no XML can hold.
_ULOVLIGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPRAAK = {"nb": "nb-NO", "nn": "nn-NO"}
_SVART, _GRAA, _ROED, _BLAA = "1A1A1A", "4A4A4A", "A3161B", "0B4F9C"
#: Levels that a list is set in.
_NIVAAER = 6
#: A property of a document holds so many signs.
_EGENSKAP = 255
#: Twentieths of a point: how wide the text is (A4 less the margins), and how far a level is set in.
_BREDDE, _INNRYKK = 9184, 360
_SIDESKIFT = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'


def som_docx(dok: Mapping[str, Any]) -> bytes:
    """The document as DOCX. Takes 0.1 s and up to some seconds for hundreds of clauses: on the thread pool."""
    from docx import Document as nytt

    fil = nytt()
    kropp = _Kropp(fil, dok)
    kropp.sett_inn()
    _oppsett(fil, dok)
    _topp_og_bunn(fil, dok)
    ut = BytesIO()
    fil.save(ut)
    return ut.getvalue()


# --- WordprocessingML ------------------------------------------------------------------------------------


def _ren(tekst: str) -> str:
    return _ULOVLIGE.sub("", tekst)


def _kjoering(
    tekst: str, stil: Sequence[str] = (), *, farge: str = "", halvpunkt: int = 0, lenke: bool = False
) -> str:
    """A run of text; «\\n» breaks the line, «\\t» goes to the next stop. `halvpunkt`: its size in half points."""
    form = "".join(
        (
            '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>'
            if "kode" in stil
            else "",
            "<w:b/>" if "fet" in stil else "",
            "<w:i/>" if "kursiv" in stil else "",
            "<w:strike/>" if "strek" in stil else "",
            f'<w:color w:val="{farge}"/>' if farge else "",
            f'<w:sz w:val="{halvpunkt}"/><w:szCs w:val="{halvpunkt}"/>' if halvpunkt else "",
            '<w:u w:val="single"/>' if lenke else "",
        )
    )
    deler = [
        {"\n": "<w:br/>", "\t": "<w:tab/>"}.get(bit, f'<w:t xml:space="preserve">{escape(bit)}</w:t>')
        for bit in re.split(r"([\n\t])", _ren(tekst).replace("\r", "\n"))
        if bit
    ]
    return f"<w:r>{f'<w:rPr>{form}</w:rPr>' if form else ''}{''.join(deler)}</w:r>"


def _avsnitt(
    innhold: str,
    stil: str = "",
    *,
    sammen: bool = False,
    liste: tuple[int, int] | None = None,
    kant: bool = False,
    foer: int | None = None,
    tett: bool = False,
    innrykk: int = 0,
) -> str:
    """A paragraph. `sammen`: it stays on the page of what follows; `liste`: (the list's number, its level)."""
    luft = (f' w:before="{foer}"' if foer is not None else "") + (' w:after="0"' if tett else "")
    form = "".join(
        (
            f'<w:pStyle w:val="{stil}"/>' if stil else "",
            "<w:keepNext/>" if sammen else "",
            f'<w:numPr><w:ilvl w:val="{liste[1]}"/><w:numId w:val="{liste[0]}"/></w:numPr>' if liste else "",
            '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="B0B0B0"/></w:pBdr>'
            if kant
            else "",
            f"<w:spacing{luft}/>" if luft else "",
            f'<w:ind w:left="{innrykk}"/>' if innrykk else "",
        )
    )
    return f"<w:p>{f'<w:pPr>{form}</w:pPr>' if form else ''}{innhold}</w:p>"


def _felt(kode: str, tekst: str, halvpunkt: int) -> str:
    """A number that Word counts itself."""
    return f'<w:fldSimple w:instr="{kode}">{_kjoering(tekst, farge=_GRAA, halvpunkt=halvpunkt)}</w:fldSimple>'


def _feltmerke(slag: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{slag}"/></w:r>'


def _les_inn(xml: str) -> list[Any]:
    """Elements of a document, as python-docx has them."""
    from docx.oxml.ns import nsdecls
    from docx.oxml.parser import parse_xml

    return list(parse_xml(f"<w:body {nsdecls('w', 'r')}>{xml}</w:body>"))


# --- the body --------------------------------------------------------------------------------------------


class _Kropp:
    """What stands between the header and the footer, with the links and the lists that it needs."""

    def __init__(self, fil: Document, dok: Mapping[str, Any]) -> None:
        self.fil, self.dok = fil, dok
        self.lenker: dict[str, str] = {}
        self.lister: list[str] = []
        from docx.oxml.ns import qn

        self.nummerering = fil.part.numbering_part.element
        alle = self.nummerering.iter(qn("w:num"), qn("w:abstractNum"))
        brukte = [int(v) for e in alle for k, v in e.items() if k in (qn("w:numId"), qn("w:abstractNumId"))]
        self.foerste = max(brukte, default=0) + 1

    def sett_inn(self) -> None:
        biter = [self._forside(), self._innholdsliste()]
        for nr, del_ in enumerate(self.dok["deler"]):
            if del_.get("ny_side"):
                biter.append(_SIDESKIFT)
            biter.append(self._overskrift(del_["tittel"], del_["nivaa"], nr))
            if del_["kjennetegn"]:
                biter.append(_linje(" · ".join(del_["kjennetegn"]), 18, farge=_GRAA, sammen=True))
            biter += [self._blokk(b) for b in del_["blokker"]]
        # Before the section's own properties, which stand last.
        slutt = self.fil.element.body.sectPr
        for element in _les_inn("".join(biter)):
            slutt.addprevious(element)
        kuler, tall = self.foerste, self.foerste + 1
        for nr, slag in enumerate(_les_inn(_listeslag(kuler, "bullet") + _listeslag(tall, "decimal"))):
            # The kinds stand before the lists in the file.
            self.nummerering.insert(nr, slag)
        for element in _les_inn("".join(self.lister)):
            self.nummerering.append(element)

    def _forside(self) -> str:
        dok = self.dok
        fakta = [_avsnitt(_kjoering(f"{ord_}: ", ["fet"]) + _kjoering(verdi)) for ord_, verdi in dok["fakta"]]
        return "".join(
            (
                _linje(dok["over"], 24, farge=_GRAA, foer=1800),
                _avsnitt(_kjoering(dok["tittel"]), "Title"),
                _linje(dok["mellom"], 25),
                _linje(dok["merketekst"], 22, ["fet"], farge=_ROED) if dok["merke"] else "",
                *fakta,
                _linje(f"{dok['hashtittel']}: {dok['hash']}", 15, farge=_GRAA),
                _SIDESKIFT,
            )
        )

    def _innholdsliste(self) -> str:
        """The list of contents as a field that Word can bring up to date, filled in with what it has now."""
        deler = self.dok["deler"]
        # No heading of its own: it would stand in itself.
        biter = [_linje(self.dok["innholdstittel"], 28, ["fet"], sammen=True)]
        for nr, del_ in enumerate(deler):
            lenke = f'<w:hyperlink w:anchor="{_anker(nr)}">{_kjoering(del_["tittel"])}</w:hyperlink>'
            if nr == 0:
                kode = '<w:r><w:instrText xml:space="preserve">TOC \\o "1-3" \\h</w:instrText></w:r>'
                lenke = f"{_feltmerke('begin')}{kode}{_feltmerke('separate')}{lenke}"
            if nr == len(deler) - 1:
                lenke += _feltmerke("end")
            biter.append(_avsnitt(lenke, tett=True, innrykk=_INNRYKK * (del_["nivaa"] - 1)))
        return "".join([*biter, _SIDESKIFT])

    @staticmethod
    def _overskrift(tittel: str, nivaa: int, nr: int) -> str:
        merke = f'<w:bookmarkStart w:id="{nr}" w:name="{_anker(nr)}"/>'
        return _avsnitt(f'{merke}{_kjoering(tittel)}<w:bookmarkEnd w:id="{nr}"/>', f"Heading{nivaa}")

    # --- blocks ---

    def _blokk(self, b: Mapping[str, Any], innrykk: int = 0) -> str:
        slag = b["type"]
        if slag == "avsnitt":
            return _avsnitt(self._biter(b["biter"]), sammen=b["sammen"], innrykk=innrykk)
        if slag == "liste":
            return self._liste(b, 0)
        if slag == "sitat":
            return "".join(self._blokk(indre, innrykk + 2 * _INNRYKK) for indre in b["blokker"])
        if slag == "kode":
            return _avsnitt(_kjoering(b["tekst"], ["kode"]), innrykk=innrykk)
        if slag == "tabell":
            return self._tabell(b)
        return _avsnitt("", kant=True)

    def _biter(self, biter: Sequence[Mapping[str, Any]], *, fet: bool = False) -> str:
        ut = []
        for b in biter:
            stil = [*b["stil"], "fet"] if fet else b["stil"]
            if b["lenke"]:
                tekst = _kjoering(b["tekst"], stil, farge=_BLAA, lenke=True)
                ut.append(f"<w:hyperlink r:id={quoteattr(self._adresse(b['lenke']))}>{tekst}</w:hyperlink>")
            else:
                ut.append(_kjoering(b["tekst"], stil))
        return "".join(ut)

    def _adresse(self, adresse: str) -> str:
        from docx.opc.constants import RELATIONSHIP_TYPE

        if adresse not in self.lenker:
            self.lenker[adresse] = self.fil.part.relate_to(
                _ren(adresse), RELATIONSHIP_TYPE.HYPERLINK, is_external=True
            )
        return self.lenker[adresse]

    def _tabell(self, b: Mapping[str, Any]) -> str:
        rader = [b["hode"], *b["rader"]] if b["hode"] else list(b["rader"])
        if not rader:
            return ""
        antall = max(len(r) for r in rader)
        # A list of facts has short names in the first column.
        andeler = [1 / antall] * antall if b["hode"] else [0.28, *[0.72 / (antall - 1)] * (antall - 1)]
        bredder = [int(_BREDDE * a) for a in andeler]
        rutenett = "".join(f'<w:gridCol w:w="{w}"/>' for w in bredder)
        innhold = "".join(
            self._rad(rad, bredder, hode=bool(b["hode"]) and nr == 0, fakta=not b["hode"])
            for nr, rad in enumerate(rader)
        )
        form = (
            '<w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/>'
            '<w:tblLook w:val="04A0" w:firstRow="1" w:lastRow="0" w:firstColumn="1" w:lastColumn="0" '
            'w:noHBand="0" w:noVBand="1"/></w:tblPr>'
        )
        navn = _linje(b["navn"], 21, ["fet"], sammen=True) if b["navn"] else ""
        # Two tables in a row would become one: a paragraph between.
        return (
            f"{navn}<w:tbl>{form}<w:tblGrid>{rutenett}</w:tblGrid>{innhold}</w:tbl>{_avsnitt('', tett=True)}"
        )

    def _rad(self, rad: Sequence[Any], bredder: Sequence[int], *, hode: bool, fakta: bool) -> str:
        celler = []
        for nr, bredde in enumerate(bredder):
            biter = self._biter(rad[nr] if nr < len(rad) else [], fet=hode or (fakta and nr == 0))
            flate = '<w:shd w:val="clear" w:color="auto" w:fill="EEF1F4"/>' if hode else ""
            celler.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{bredde}" w:type="dxa"/>{flate}</w:tcPr>'
                f"{_avsnitt(biter, tett=True)}</w:tc>"
            )
        return (
            f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if hode else ''}</w:trPr>{''.join(celler)}</w:tr>"
        )

    def _liste(self, b: Mapping[str, Any], nivaa: int) -> str:
        nummer = self.foerste + 2 + len(self.lister)
        # Each list counts for itself, from its own first number.
        start = (
            f'<w:lvlOverride w:ilvl="{nivaa}"><w:startOverride w:val="{b["start"]}"/></w:lvlOverride>'
            if b["ordnet"]
            else ""
        )
        slag = self.foerste + (1 if b["ordnet"] else 0)
        self.lister.append(f'<w:num w:numId="{nummer}"><w:abstractNumId w:val="{slag}"/>{start}</w:num>')
        ut = []
        for punkt in b["punkter"]:
            foerst = punkt[0] if punkt and punkt[0]["type"] == "avsnitt" else None
            biter = self._biter(foerst["biter"]) if foerst else ""
            ut.append(_avsnitt(biter, tett=True, liste=(nummer, nivaa)))
            for indre in punkt[1 if foerst else 0 :]:
                if indre["type"] == "liste":
                    ut.append(self._liste(indre, min(nivaa + 1, _NIVAAER - 1)))
                else:
                    ut.append(self._blokk(indre, _INNRYKK * (nivaa + 1)))
        return "".join(ut)


def _linje(
    tekst: str,
    halvpunkt: int,
    stil: Sequence[str] = (),
    *,
    farge: str = _SVART,
    sammen: bool = False,
    foer: int | None = None,
) -> str:
    return _avsnitt(_kjoering(tekst, stil, farge=farge, halvpunkt=halvpunkt), sammen=sammen, foer=foer)


def _anker(nr: int) -> str:
    return f"_Toc{nr + 1:08d}"


def _listeslag(id_: int, format_: str) -> str:
    """A kind of list, for as many levels as lists are set in."""
    nivaaer = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{format_}"/>'
        f'<w:lvlText w:val="{"•" if format_ == "bullet" else f"%{n + 1}."}"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="{_INNRYKK * (n + 1)}" w:hanging="{_INNRYKK}"/></w:pPr></w:lvl>'
        for n in range(_NIVAAER)
    )
    return (
        f'<w:abstractNum w:abstractNumId="{id_}"><w:multiLevelType w:val="hybridMultilevel"/>{nivaaer}'
        "</w:abstractNum>"
    )


# --- the rest of the file --------------------------------------------------------------------------------


def _oppsett(fil: Document, dok: Mapping[str, Any]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    side = fil.sections[0]
    side.page_width, side.page_height = Cm(21), Cm(29.7)
    side.left_margin = side.right_margin = Cm(2.4)
    side.top_margin, side.bottom_margin = Cm(2.6), Cm(2.4)
    om = fil.core_properties
    om.title, om.author = _ren(dok["dokumenttittel"])[:_EGENSKAP], _ren(dok["forfatter"])[:_EGENSKAP]
    om.language, om.comments = _SPRAAK[dok["spraak"]], ""
    om.created = om.modified = datetime.fromisoformat(dok["tidspunkt"]).replace(tzinfo=None)
    om.last_modified_by = om.author
    # What a reader's voice and spelling go by. The template that comes along is in English.
    for spraak in fil.styles.element.iter(qn("w:lang")):
        spraak.set(qn("w:val"), _SPRAAK[dok["spraak"]])
    fil.styles["Normal"].font.size = Pt(11)
    for navn in ("Title", "Heading 1", "Heading 2", "Heading 3"):
        stil: Any = fil.styles[navn]
        stil.font.color.rgb = RGBColor.from_string(_SVART)
        stil.paragraph_format.keep_with_next = True


def _topp_og_bunn(fil: Document, dok: Mapping[str, Any]) -> None:
    """The name and the mark on every page, and which page it is."""
    side = fil.sections[0]
    topp = _kjoering(dok["topptekst"], farge=_GRAA, halvpunkt=17)
    if dok["merke"]:
        topp += _kjoering(f"\t{dok['merke']}", ["fet"], farge=_ROED, halvpunkt=18)
    bunn = _kjoering(f"{dok['bunntekst']}\t{dok['side']} ", farge=_GRAA, halvpunkt=17)
    bunn += _felt("PAGE", "1", 17) + _kjoering(f" {dok['av']} ", farge=_GRAA, halvpunkt=17)
    bunn += _felt("NUMPAGES", "1", 17)
    stopp = f'<w:pPr><w:tabs><w:tab w:val="right" w:pos="{_BREDDE}"/></w:tabs></w:pPr>'
    for del_, innhold in ((side.header, topp), (side.footer, bunn)):
        del_.is_linked_to_previous = False
        gammelt: Any = del_.paragraphs[0]._p
        gammelt.addprevious(_les_inn(f"<w:p>{stopp}{innhold}</w:p>")[0])
        gammelt.getparent().remove(gammelt)
