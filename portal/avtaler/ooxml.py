"""A Word document's parts, opened without trust: the zip is measured before it is unpacked, the XML has no entities.

Nothing in the file is run, followed or fetched: macros, pictures, embedded files and what it points to elsewhere are
not read at all. Pure: bytes in, small trees out. Errors are UgyldigData at the field `fil`, and say what to do.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from portal.core.errors import UgyldigData
from portal.core.sprak import _l

MB = 1024 * 1024
#: Bytes of a file that is taken in.
STOERST = 10 * MB
#: Of all that it unpacks to, of one part that is read, its parts, and how many times larger it may become.
UTPAKKET, DEL, FILER, FORHOLD = 100 * MB, 16 * MB, 2_000, 200
#: A small part of zeros is no bomb.
_SMAA = MB
#: Signs of text in a part: several times what an agreement may have, for what is struck or hidden is counted too.
TEGN = 4 * MB
#: Elements of a part, and how deep they may lie in each other.
ELEMENTER, DYBDE = 500_000, 200

_HOVED = "application/vnd.openxmlformats-officedocument.wordprocessingml.%s.main+xml"
_DOKUMENT = {_HOVED % "document", _HOVED % "template"}
_MAKRO = {
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
}
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#: The namespaces that are read, by the prefix they are known by here; also those of strict Open XML.
_ROM = {
    _W: "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "urn:schemas-microsoft-com:vml": "v",
    "http://schemas.openxmlformats.org/package/2006/content-types": "ct",
    "http://schemas.openxmlformats.org/package/2006/relationships": "rel",
}
#: The elements whose own text is the document's.
_MED_TEKST = {"w:t", "m:t"}


def avvis(melding: object) -> UgyldigData:
    """The refusal of a file, as the form shows it."""
    return UgyldigData(felter={"fil": [melding]})


_ODELAGT = _l("Filen er ødelagt og kan ikke leses. Åpne den i Word, lagre den på nytt, og prøv igjen.")
_IKKE_WORD = _l(
    "Dette er ikke et Word-dokument (.docx). Åpne det i programmet det er laget i, og lagre det som .docx."
)
_FOR_LANG = _l("Teksten i dokumentet er for stor til å leses. Del dokumentet i flere.")
_FOR_MYE = _l("Filen er mye større enn den ser ut til når den pakkes ut, og blir ikke lest.")


# --- the tree --------------------------------------------------------------------------------------------


class Element:
    """An element: its name with a known prefix («w:p»), its attributes, what is in it, and its text («w:t» alone)."""

    __slots__ = ("attr", "barn", "merke", "tekst")

    def __init__(self, merke: str, attr: dict[str, str]) -> None:
        self.merke = merke
        self.attr = attr
        self.barn: list[Element] = []
        self.tekst = ""

    def finn(self, *merker: str) -> Element | None:
        """The first child of a child … of these names; None: there is none."""
        funnet: Element | None = self
        for merke in merker:
            if funnet is None:
                return None
            funnet = next((b for b in funnet.barn if b.merke == merke), None)
        return funnet

    def alle(self, merke: str) -> list[Element]:
        """The children of this name."""
        return [b for b in self.barn if b.merke == merke]

    def under(self) -> Iterator[Element]:
        """Everything in it, in the order of the text."""
        stabel = [iter(self.barn)]
        while stabel:
            b = next(stabel[-1], None)
            if b is None:
                stabel.pop()
                continue
            yield b
            stabel.append(iter(b.barn))

    def verdi(self, merke: str) -> str:
        """`w:val` of the child of this name; empty: there is none."""
        barn = self.finn(merke)
        return barn.attr.get("w:val", "") if barn is not None else ""

    def paa(self, merke: str) -> bool:
        """Whether a switch («w:b») is on: it is there, and not said to be off."""
        barn = self.finn(merke)
        return barn is not None and barn.attr.get("w:val", "1") not in ("0", "false", "off", "none")


def les_xml(data: bytes) -> Element:
    """The root of a part. Raises UgyldigData for what is not XML, has a DTD, or is too large or too deep."""
    rot = Element("", {})
    stabel = [rot]
    #: The text of each that is open, in the pieces it comes in: joined once, when it closes.
    biter: list[list[str]] = [[]]
    antall = tegn = 0
    kjente: dict[str, str] = {}

    def navn(fullt: str) -> str:
        if fullt not in kjente:
            rom, _skille, lokalt = fullt.rpartition("}")
            kjente[fullt] = f"{_ROM.get(rom, '?')}:{lokalt}" if rom else lokalt
        return kjente[fullt]

    def inn(fullt: str, attr: dict[str, str]) -> None:
        nonlocal antall
        # Word gives a paragraph six or seven attributes: one with hundreds is no paragraph.
        antall += 1 + len(attr) // 10
        if antall > ELEMENTER or len(stabel) > DYBDE:
            raise avvis(_FOR_MYE)
        e = Element(navn(fullt), {navn(k): v for k, v in attr.items()})
        stabel[-1].barn.append(e)
        stabel.append(e)
        biter.append([])

    def ut(_fullt: str) -> None:
        stabel.pop().tekst = "".join(biter.pop())

    def tekst(biten: str) -> None:
        nonlocal tegn
        if stabel[-1].merke not in _MED_TEKST:
            return
        tegn += len(biten)
        if tegn > TEGN:
            raise avvis(_FOR_LANG)
        biter[-1].append(biten)

    def dtd(*_: object) -> None:
        # Entities grow, and point to elsewhere. No word processor writes any.
        raise avvis(_ODELAGT)

    leser = expat.ParserCreate(namespace_separator="}")
    leser.buffer_text = True
    leser.StartElementHandler = inn
    leser.EndElementHandler = ut
    leser.CharacterDataHandler = tekst
    leser.StartDoctypeDeclHandler = dtd
    try:
        leser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise avvis(_ODELAGT) from None
    return rot.barn[0]


# --- the package -----------------------------------------------------------------------------------------


class Pakke:
    """The parts of a document by name. Raises UgyldigData for what is no DOCX that can be read with care."""

    def __init__(self, data: bytes) -> None:
        if len(data) > STOERST:
            raise avvis(_l("Filen er for stor: høyst 10 MB. Ta ut bildene, eller del den."))
        _se_paa_starten(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            deler = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, OSError):
            raise avvis(_ODELAGT if data[:2] == b"PK" else _IKKE_WORD) from None
        _maal(deler, len(data))
        self._navn = {d.filename: d for d in deler}
        self.hoved = self._finn_hoved()

    def _finn_hoved(self) -> str:
        typer = self.del_("[Content_Types].xml")
        if typer is None:
            raise avvis(_IKKE_WORD)
        for o in typer.alle("ct:Override"):
            slag = o.attr.get("ContentType", "")
            if slag in _MAKRO:
                raise avvis(_l("Dokumentet kan ha makroer (.docm). Lagre det som .docx, og prøv igjen."))
            if slag in _DOKUMENT:
                return o.attr.get("PartName", "").lstrip("/")
        raise avvis(_IKKE_WORD)

    def del_(self, navn: str) -> Element | None:
        """A part's root; None: there is no such part."""
        info = self._navn.get(navn)
        if info is None:
            return None
        if info.file_size > DEL:
            raise avvis(_FOR_LANG)
        try:
            with self._zip.open(info) as fil:
                # What is said of its size is not believed.
                data = fil.read(DEL + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            NotImplementedError,
            ValueError,
            OSError,
        ):
            raise avvis(_ODELAGT) from None
        if len(data) > DEL:
            raise avvis(_FOR_MYE)
        return les_xml(data)

    def ved_siden(self, navn: str) -> Element | None:
        """A part that lies beside the main one («styles.xml»)."""
        return self.del_(self._ved_siden(navn))

    def har_ved_siden(self, navn: str) -> bool:
        """Whether there is such a part; it is not read."""
        return self._ved_siden(navn) in self._navn

    def _ved_siden(self, navn: str) -> str:
        mappe, _skille, _fil = self.hoved.rpartition("/")
        return f"{mappe}/{navn}" if mappe else navn

    def lenker(self) -> dict[str, str]:
        """{id: address} of the links that the text points to elsewhere with. They are never followed."""
        mappe, _skille, fil = self.hoved.rpartition("/")
        rot = self.del_(f"{mappe}/_rels/{fil}.rels" if mappe else f"_rels/{fil}.rels")
        if rot is None:
            return {}
        return {
            r.attr.get("Id", ""): r.attr.get("Target", "")
            for r in rot.alle("rel:Relationship")
            if r.attr.get("TargetMode") == "External" and r.attr.get("Type", "").endswith("/hyperlink")
        }


def _se_paa_starten(data: bytes) -> None:
    """Tells what a file is that is no zip."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise avvis(_l("Dokumentet er låst med passord. Ta bort passordet i Word, og prøv igjen."))
        raise avvis(_l("Dette er det gamle Word-formatet (.doc). Åpne det i Word, og lagre det som .docx."))
    if data.startswith(b"%PDF"):
        raise avvis(_l("Dette er en PDF. Åpne den, merk teksten, og lim den inn i feltet under."))
    if not data.startswith(b"PK"):
        raise avvis(_IKKE_WORD)


def _maal(deler: list[zipfile.ZipInfo], stoerrelse: int) -> None:
    """Raises for what would unpack to a heap, by what its own table of contents says."""
    if len(deler) > FILER:
        raise avvis(_FOR_MYE)
    utpakket = sum(d.file_size for d in deler)
    if utpakket > UTPAKKET or (utpakket > _SMAA and utpakket > FORHOLD * stoerrelse):
        raise avvis(_FOR_MYE)
    if any(d.file_size > _SMAA and d.file_size > FORHOLD * max(1, d.compress_size) for d in deler):
        raise avvis(_FOR_MYE)
    if any(d.flag_bits & 0x1 for d in deler):
        raise avvis(_l("Dokumentet er låst med passord. Ta bort passordet i Word, og prøv igjen."))
