"""Documents as clauses: what Word writes, what it calls headings and lists, and files that wish us ill."""

from __future__ import annotations

import io
import random
import re
import time
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.avtaler import docxlesing, innhold, klausulfunn, ooxml
from portal.avtaler.tekst import som_html
from portal.core.errors import UgyldigData


def som_fil(dokument: Any) -> bytes:
    ut = io.BytesIO()
    dokument.save(ut)
    return ut.getvalue()


def les(bygg: Callable[[Any], None]) -> klausulfunn.Funn:
    """What is found in the document that `bygg` writes."""
    dokument = Document()
    bygg(dokument)
    return docxlesing.les(som_fil(dokument))


def endre(data: bytes, deler: dict[str, bytes | None]) -> bytes:
    """A document with parts put in the place of others; None: taken away."""
    ut = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as inn, zipfile.ZipFile(ut, "w", zipfile.ZIP_DEFLATED) as fil:
        for navn in inn.namelist():
            if navn not in deler:
                fil.writestr(navn, inn.read(navn))
        for navn, innholdet in deler.items():
            if innholdet is not None:
                fil.writestr(navn, innholdet)
    return ut.getvalue()


def enkel() -> bytes:
    dokument = Document()
    dokument.add_heading("Innleggelse", 1)
    dokument.add_paragraph("Ring først.")
    return som_fil(dokument)


def del_i(data: bytes, navn: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as fil:
        return fil.read(navn)


def avslag(data: bytes) -> str:
    with pytest.raises(UgyldigData) as feil:
        docxlesing.les(data)
    assert set(feil.value.detaljer["felter"]) == {"fil"}
    return str(feil.value.detaljer["felter"]["fil"][0])


def overskrifter(funn: klausulfunn.Funn) -> list[tuple[str, str]]:
    return [(k["nummer"], k["overskrift"]) for k in funn.klausuler]


# --- what is kept ----------------------------------------------------------------------------------------


def test_en_avtale_fra_word_blir_bestemmelser() -> None:
    def bygg(d: Any) -> None:
        d.add_paragraph("Tjenesteavtale mellom Nord og Sør", style="Title")
        d.add_paragraph("Inngått mellom partene.")
        d.add_heading("1 Innleggelse", 1)
        p = d.add_paragraph("Legen ")
        p.add_run("ringer ").bold = True
        p.add_run("vakthavende").italic = True
        p.add_run(" først.")
        d.add_heading("1.1 Kriterier", 2)
        d.add_paragraph("Livstruende", style="List Bullet")
        d.add_paragraph("Uavklart", style="List Bullet")
        d.add_paragraph("Ring", style="List Number")
        d.add_paragraph("Send", style="List Number")
        d.add_heading("§ 4-2. Utskrivning og betaling", 1)
        d.add_paragraph("Kommunen svarer straks.")

    funn = les(bygg)
    assert funn.tittel == "Tjenesteavtale mellom Nord og Sør"
    assert klausulfunn.gjett_type(funn.tittel) == "tjenesteavtale"
    assert overskrifter(funn) == [
        ("", "Innledning"),
        ("1", "Innleggelse"),
        ("1.1", "Kriterier"),
        ("§ 4-2", "Utskrivning og betaling"),
    ]
    innledning, inn, kriterier, ut = funn.klausuler
    assert innledning["tekst"] == "Inngått mellom partene."
    assert inn["tekst"] == "Legen **ringer** *vakthavende* først."
    assert (inn["art"], inn["punkt"]) == ("innleggelse", 3)
    # What stands under a heading is about the same.
    assert (kriterier["art"], kriterier["punkt"]) == ("innleggelse", 3)
    assert (ut["art"], ut["punkt"]) == ("utskrivning", 5)
    html = som_html(kriterier["tekst"])
    assert html.count("<ul>") == html.count("<ol>") == 1 and html.count("<li>") == 4
    assert all(innhold.feil(k) == {} for k in funn.klausuler)
    assert funn.merknader == []


def test_tabeller_blir_tabeller() -> None:
    def bygg(d: Any) -> None:
        d.add_heading("Roller", 1)
        t = d.add_table(rows=3, cols=3)
        for rad, ord_ in zip(
            t.rows, (["Oppgave", "Foretak", "Kommune"], ["A|B", "x", "y"], ["C", "", "z"]), strict=True
        ):
            for celle, tekst in zip(rad.cells, ord_, strict=True):
                celle.text = tekst
        t.rows[2].cells[0].merge(t.rows[2].cells[1])
        d.add_paragraph("Etter tabellen.")
        ramme = d.add_table(rows=1, cols=1)
        ramme.rows[0].cells[0].text = "I en ramme."

    tekst = les(bygg).klausuler[0]["tekst"]
    assert tekst.split("\n\n")[0] == (
        "| Oppgave | Foretak | Kommune |\n| --- | --- | --- |\n| A\\|B | x | y |\n| C |  | z |"
    )
    html = som_html(tekst)
    assert html.count("<tr>") == 3 and "<td>A|B</td>" in html
    assert "<p>I en ramme.</p>" in html


def test_ords_egne_numre_telles() -> None:
    """Headings that Word numbers have no number in their text: it is counted from the definitions."""
    numre = f"""<w:numbering {nsdecls("w")}><w:abstractNum w:abstractNumId="7">
      <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="§ %1"/></w:lvl>
      <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2."/></w:lvl>
      <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%3)"/></w:lvl>
      </w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="7"/></w:num></w:numbering>"""
    d = Document()

    def numrer(avsnitt: Any, ilvl: int) -> None:
        numpr = OxmlElement("w:numPr")
        for navn, verdi in (("w:ilvl", ilvl), ("w:numId", 7)):
            e = OxmlElement(navn)
            e.set(qn("w:val"), str(verdi))
            numpr.append(e)
        avsnitt._p.get_or_add_pPr().append(numpr)

    for tekst, nivaa in (
        ("Formål", 0),
        ("Innleggelse", 0),
        ("Kriterier", 1),
        ("Frister", 1),
        ("Varighet", 0),
    ):
        numrer(d.add_heading(tekst, nivaa + 1), nivaa)
        if tekst == "Frister":
            for ledd in ("straks", "i morgen"):
                numrer(d.add_paragraph(ledd), 2)
    funn = docxlesing.les(endre(som_fil(d), {"word/numbering.xml": numre.encode()}))
    assert overskrifter(funn) == [
        ("§ 1", "Formål"),
        ("§ 2", "Innleggelse"),
        ("2.1", "Kriterier"),
        ("2.2", "Frister"),
        ("§ 3", "Varighet"),
    ]
    assert funn.klausuler[3]["tekst"] == "- a) straks\n- b) i morgen"


def test_uten_stiler_kjennes_overskriftene_paa_ordene() -> None:
    def bygg(d: Any) -> None:
        d.add_paragraph("Samarbeidsavtale")
        for linje in ("§ 1 Formål", "Pasienten først.", "§ 2 Innleggelse", "Ring."):
            d.add_paragraph(linje)
        d.add_paragraph().add_run("Beredskap").bold = True
        d.add_paragraph("Partene øver sammen.")

    funn = les(bygg)
    assert funn.tittel == "Samarbeidsavtale"
    assert overskrifter(funn) == [("§ 1", "Formål"), ("§ 2", "Innleggelse"), ("", "Beredskap")]
    assert funn.klausuler[2]["art"] == "beredskap"


def test_egne_stiler_som_bygger_paa_overskrifter() -> None:
    def bygg(d: Any) -> None:
        stil = d.styles.add_style("Avtaleoverskrift", WD_STYLE_TYPE.PARAGRAPH)
        stil.base_style = d.styles["Heading 1"]
        d.add_paragraph("Utskrivning", style="Avtaleoverskrift")
        d.add_paragraph("Svar straks.")
        for nivaa in (4, 5):
            d.add_heading(f"Nivå {nivaa}", nivaa)

    funn = les(bygg)
    assert overskrifter(funn) == [("", "Utskrivning"), ("", "Nivå 4")]
    # Deeper headings are lines in bold: nothing of the text goes.
    assert funn.klausuler[1]["tekst"] == "**Nivå 5**"


def test_det_som_ikke_er_tekst_blir_sagt() -> None:
    """Struck and hidden words, pictures, comments and tables of contents stay out; footnotes and links come along."""
    data = enkel()
    kropp = f"""<w:document {nsdecls("w", "r", "a")}><w:body>
      <w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>
        <w:sdtContent><w:p><w:r><w:t>Innhold 3</w:t></w:r></w:p></w:sdtContent></w:sdt>
      <w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Innleggelse</w:t></w:r></w:p>
      <w:p><w:ins><w:r><w:t xml:space="preserve">Nytt </w:t></w:r></w:ins>
        <w:del><w:r><w:delText>gammelt</w:delText></w:r></w:del>
        <w:r><w:rPr><w:vanish/></w:rPr><w:t>skjult</w:t></w:r><w:r><w:t>ord</w:t><w:footnoteReference w:id="2"/></w:r>
        <w:r><w:drawing><a:blip r:embed="rId9"/></w:drawing></w:r></w:p>
      <w:p><w:hyperlink r:id="rId51"><w:r><w:t>veilederen</w:t></w:r></w:hyperlink>
        <w:hyperlink r:id="rId52"><w:r><w:t xml:space="preserve"> og koden</w:t></w:r></w:hyperlink></w:p>
      <w:p><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>I en tekstboks.</w:t></w:r></w:p></w:txbxContent>
        </w:pict></w:r></w:p>
      </w:body></w:document>"""
    noter = f"""<w:footnotes {nsdecls("w")}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>
      <w:footnote w:id="2"><w:p><w:r><w:t>Se loven.</w:t></w:r></w:p></w:footnote></w:footnotes>"""
    lenke = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    rels = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
      <Relationship Id="rId51" Type="{lenke}" Target="https://helsedirektoratet.no/v" TargetMode="External"/>
      <Relationship Id="rId52" Type="{lenke}" Target="javascript:alert(1)" TargetMode="External"/></Relationships>"""
    funn = docxlesing.les(
        endre(
            data,
            {
                "word/document.xml": kropp.encode(),
                "word/footnotes.xml": noter.encode(),
                "word/comments.xml": f"<w:comments {nsdecls('w')}/>".encode(),
                "word/_rels/document.xml.rels": rels.encode(),
            },
        )
    )
    assert funn.klausuler[0]["tekst"] == (
        "Nytt ord (Se loven.)\n\n[veilederen](https://helsedirektoratet.no/v) og koden\n\nI en tekstboks."
    )
    assert set(funn.merknader) == {"bilder", "innhold", "stroeket", "skjult", "kommentarer", "noter"}
    assert set(funn.merknader) <= set(klausulfunn.MERKNADER)


TEGN = st.text(
    st.sampled_from("aB1 .)*_`[](){}#+-|<>&;~\\!:§=øá\n\t") | st.characters(codec="utf-8"), max_size=60
)


@settings(max_examples=400, deadline=None)
@given(TEGN)
def test_ord_er_ord_ogsaa_naar_de_ligner_merker(ord_: str) -> None:
    """Plain text is shown letter by letter as it stood, whatever marks of Markdown it looks like."""
    tekst = klausulfunn.rydd(ord_)
    tekst = innhold.ren("\n".join(" ".join(linje.split()) for linje in tekst.split("\n") if linje.strip()))
    html = som_html(docxlesing.uskadd(tekst))
    assert not re.search(r"<(?!/?p>|br>)", html)
    vist = unescape(re.sub(r"<[^>]+>", " ", str(html)))
    assert "".join(vist.split()) == "".join(tekst.split())


# --- files that wish us ill ------------------------------------------------------------------------------


def test_hva_som_ikke_er_et_dokument_blir_sagt() -> None:
    assert ".docx" in avslag(b"") and ".docx" in avslag(b"Hei")
    assert "PDF" in avslag(b"%PDF-1.7 ...")
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert ".doc)" in avslag(ole)
    assert "passord" in avslag(ole + "EncryptedPackage".encode("utf-16-le"))
    assert "ødelagt" in avslag(b"PK\x03\x04" + b"\0" * 200)
    assert "ødelagt" in avslag(enkel()[:-200])
    tom = io.BytesIO()
    with zipfile.ZipFile(tom, "w") as fil:
        fil.writestr("bilde.png", b"x")
    assert ".docx" in avslag(tom.getvalue())
    # Another kind of Office file is a zip as well.
    typer = del_i(enkel(), "[Content_Types].xml").replace(
        b"wordprocessingml.document.main", b"spreadsheetml.sheet.main"
    )
    assert ".docx" in avslag(endre(enkel(), {"[Content_Types].xml": typer}))


def test_makroer_slippes_ikke_inn() -> None:
    hoved = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    typer = del_i(enkel(), "[Content_Types].xml").replace(
        hoved, b"application/vnd.ms-word.document.macroEnabled.main+xml"
    )
    assert "makroer" in avslag(endre(enkel(), {"[Content_Types].xml": typer}))
    # One that says it is none may carry them along: they are never looked at.
    assert docxlesing.les(endre(enkel(), {"word/vbaProject.bin": b"\xd0\xcf"})).klausuler


def test_en_zip_som_vokser_pakkes_aldri_ut(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 MB of zeros, thousands of parts, or a ratio no document has: told by the table of contents, before a byte."""
    bomber = [
        {"word/media/1.bin": b"\0" * (101 * ooxml.MB)},
        {"word/document.xml": b"<a>" + b" " * (30 * ooxml.MB) + b"</a>"},
        {f"word/media/{n}.bin": b"" for n in range(2_001)},
    ]
    filer = [endre(enkel(), bombe) for bombe in bomber]  # type: ignore[arg-type]
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_a, **_k: pytest.fail("unpacked"))
    for data in filer:
        assert len(data) < ooxml.MB
        assert "pakkes ut" in avslag(data)


def test_en_zip_som_lyver_om_stoerrelsen() -> None:
    """The size that a part is said to have is not believed: more than that is never read."""
    data = bytearray(endre(enkel(), {"word/document.xml": b"<a>" + b"x" * (3 * ooxml.MB) + b"</a>"}))
    sted = data.rfind(b"word/document.xml") - 46
    assert data[sted : sted + 4] == b"PK\x01\x02"
    data[sted + 24 : sted + 28] = (1000).to_bytes(4, "little")
    assert "ødelagt" in avslag(bytes(data))


def test_laast_del_og_for_stor_fil() -> None:
    data = bytearray(enkel())
    sted = data.find(b"PK\x01\x02")
    data[sted + 8] |= 1
    assert "passord" in avslag(bytes(data))
    assert "10 MB" in avslag(b"PK" + b"\0" * ooxml.STOERST)
    # Mostly noise, so that it cannot be refused for how it is packed.
    stoy = random.Random(1).randbytes(17 * ooxml.MB // 2).hex().encode()
    assert "stor" in avslag(endre(enkel(), {"word/document.xml": b"<a>" + stoy + b"</a>"})[: ooxml.STOERST])


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE a [<!ENTITY b "cccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"),
        b"<a><b></a>",
        b"",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="klingon"?><a/>',
    ],
)
def test_xml_som_ikke_er_til_aa_stole_paa(xml: bytes) -> None:
    """No entity grows or points anywhere; what is not whole is told of."""
    assert "ødelagt" in avslag(endre(enkel(), {"word/document.xml": xml}))
    assert "ødelagt" in avslag(endre(enkel(), {"word/styles.xml": xml}))


def test_for_dyp_og_for_mye_xml() -> None:
    dyp = b"<a>" * 5_000 + b"</a>" * 5_000
    assert "pakkes ut" in avslag(endre(enkel(), {"word/document.xml": dyp}))
    start = time.monotonic()
    tung = b"<a>" + bytes(f"{'<b/>' * 10}{start}", "ascii") * 60_000 + b"</a>"
    assert "pakkes ut" in avslag(endre(enkel(), {"word/document.xml": tung}))
    assert time.monotonic() - start < 20


def test_det_dokumentet_peker_paa_hentes_aldri(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template, a picture and a sub-document elsewhere: nothing opens a socket or a file."""
    rom = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = "".join(
        f'<Relationship Id="rId{n}" Type="{rom}/{slag}" Target="http://127.0.0.1:9/x" TargetMode="External"/>'
        for n, slag in enumerate(("attachedTemplate", "image", "subDocument", "frame", "aFChunk"))
    )
    data = endre(
        enkel(),
        {
            "word/_rels/document.xml.rels": (
                f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rels}</Relationships>'
            ).encode(),
            "word/document.xml": (
                f"<w:document {nsdecls('w', 'r')}><w:body><w:altChunk r:id='rId4'/><w:subDoc r:id='rId2'/>"
                "<w:p><w:r><w:t>Teksten.</w:t></w:r></w:p></w:body></w:document>"
            ).encode(),
        },
    )
    monkeypatch.setattr("socket.socket.connect", lambda *_a: pytest.fail("a socket"))
    monkeypatch.setattr("builtins.open", lambda *_a, **_k: pytest.fail("a file"))
    funn = docxlesing.les(data)
    assert [k["tekst"] for k in funn.klausuler] == ["Teksten."] or funn.tittel == "Teksten"
    assert "innbakt" in funn.merknader


def test_tekstbokser_i_hverandre_og_tabeller_uten_ende() -> None:
    """What lies in each other is read once, however deep; what is wide is no table; a row of blanks costs nothing."""
    boks = "<w:p><w:r><w:t>Innerst.</w:t></w:r></w:p>"
    for n in range(40):
        boks = f"<w:p><w:r><w:t>Boks {n}.</w:t><w:pict><w:txbxContent>{boks}</w:txbxContent></w:pict></w:r></w:p>"
    celler = "".join(f"<w:tc><w:p><w:r><w:t>c{n}</w:t></w:r></w:p></w:tc>" for n in range(2_000))
    rad = '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="60"/></w:tcPr><w:p><w:r><w:t>y</w:t></w:r></w:p></w:tc></w:tr>'
    biter = "<w:r><w:t>x </w:t></w:r>" * 50_000
    kropp = (
        f"<w:document {nsdecls('w')}><w:body>{boks}<w:tbl><w:tr>{celler}</w:tr>{rad * 5_000}</w:tbl>"
        f"<w:p>{biter}</w:p><w:p><w:r><w:t># a{' ' * 300_000}b</w:t></w:r></w:p></w:body></w:document>"
    )
    start = time.process_time()
    funn = docxlesing.les(endre(enkel(), {"word/document.xml": kropp.encode()}))
    assert time.process_time() - start < 6
    tekst = " ".join(k["overskrift"] + k["tekst"] for k in funn.klausuler) + funn.tittel
    assert tekst.count("Innerst.") == 1 and all(tekst.count(f"Boks {n}.") == 1 for n in range(40))
    assert "c0 – c1" in tekst and "c1999" in tekst and tekst.count("x ") >= 49_999


def test_stiler_i_ring_og_tall_uten_ende() -> None:
    stiler = f"""<w:styles {nsdecls("w")}><w:style w:styleId="A"><w:name w:val="a"/><w:basedOn w:val="B"/></w:style>
      <w:style w:styleId="B"><w:name w:val="b"/><w:basedOn w:val="A"/></w:style></w:styles>"""
    kropp = f"""<w:document {nsdecls("w")}><w:body><w:p><w:pPr><w:pStyle w:val="A"/><w:outlineLvl w:val="{"9" * 500}"/>
      <w:numPr><w:ilvl w:val="-1"/><w:numId w:val="99999999999"/></w:numPr></w:pPr>
      <w:r><w:t>Ord står her.</w:t></w:r></w:p>
      <w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="99999"/></w:tcPr><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc>
      </w:tr></w:tbl>
      </w:body></w:document>"""
    funn = docxlesing.les(
        endre(enkel(), {"word/styles.xml": stiler.encode(), "word/document.xml": kropp.encode()})
    )
    assert "Ord står her." in funn.klausuler[0]["tekst"]


def test_tomt_dokument_og_altfor_langt() -> None:
    assert "ingen tekst" in avslag(som_fil(Document()))
    assert "ingen tekst" in avslag(endre(enkel(), {"word/document.xml": b"<a/>"}))
    d = Document()
    d.add_heading("Innleggelse", 1)
    ord_ = [f"{random.Random(n).random():.6f}" for n in range(5_000)]
    for _ in range(25):
        d.add_paragraph(" ".join(random.Random(1).choices(ord_, k=5_000)))
    assert "for lang" in avslag(som_fil(d))


def test_en_lang_bestemmelse_deles_og_sier_det() -> None:
    d = Document()
    d.add_heading("2 Innleggelse", 1)
    for n in range(30):
        d.add_paragraph(f"{n} " + "ord " * 700)
    funn = docxlesing.les(som_fil(d))
    assert overskrifter(funn)[:2] == [("2", "Innleggelse"), ("", "Innleggelse (2)")]
    assert "delt" in funn.merknader
    assert all(innhold.feil(k) == {} for k in funn.klausuler)
    samlet = " ".join(k["tekst"] for k in funn.klausuler)
    assert samlet.count("ord") == 30 * 700


def test_en_stor_avtale_leses_fort() -> None:
    """A hundred pages: under a second and a half on two cores, and it runs beside the hub."""
    d = Document()
    for n in range(120):
        d.add_heading(f"{n + 1} Bestemmelse", 1)
        for _ in range(12):
            d.add_paragraph("Partene samarbeider om pasienten, og sier fra i god tid når noe endres. " * 4)
    data = som_fil(d)
    start = time.process_time()
    assert len(docxlesing.les(data).klausuler) == 120
    assert time.process_time() - start < 1.5


def test_filer_kjennes_paa_innholdet() -> None:
    assert overskrifter(docxlesing.les_fil("§ 1 Formål\nPasienten.".encode())) == [("§ 1", "Formål")]
    assert overskrifter(docxlesing.les_fil(enkel())) == [("", "Innleggelse")]
    for data in (b"{}", b'{"bestemmelser": []}', b"{", b"\xef\xbb\xbf{}"):
        with pytest.raises(UgyldigData) as feil:
            docxlesing.les_fil(data)
        assert "JSON" in str(feil.value.detaljer["felter"]["fil"][0])
    for data in (b"%PDF-1.4", b"\xff\xd8\xff\xe0JFIF", b"<html></html>", b"{\\rtf1 hei}"):
        with pytest.raises(UgyldigData):
            docxlesing.les_fil(data)


def test_ordnumre_som_word_viser_dem() -> None:
    from portal.avtaler.ordnummer import som_tegn

    assert [som_tegn(n, "lowerLetter") for n in (1, 26, 27, 53)] == ["a", "z", "aa", "aaa"]
    assert [som_tegn(n, "upperRoman") for n in (1, 4, 9, 14, 40, 99)] == [
        "I",
        "IV",
        "IX",
        "XIV",
        "XL",
        "XCIX",
    ]
    assert som_tegn(3, "decimalZero") == "03" and som_tegn(0, "lowerLetter") == "0"
    assert som_tegn(10**9, "lowerRoman") == str(10**9)
