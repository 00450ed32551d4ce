"""Files for the tests of attachments: good ones, and those made to harm. All are made here, byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

#: Must be nowhere in what is stored.
KANARI = b"KANARI"


def bilde(
    format_: str = "JPEG", stoerrelse: tuple[int, int] = (80, 60), modus: str = "RGB", **valg: Any
) -> bytes:
    ut = io.BytesIO()
    stoey = Image.effect_noise(stoerrelse, 60)
    # 16 bits a pixel: the greys are spread over all of them.
    laget = (stoey.convert("I").point(lambda v: v * 257) if modus == "I;16" else stoey).convert(modus)
    if modus == "RGBA":
        laget.putalpha(100)
    laget.save(ut, format_, **valg)
    return ut.getvalue()


def foto(byte: int) -> bytes:
    """A photograph of twelve million pixels, as a telephone takes it, in a file of exactly so many bytes."""
    stort = bilde(stoerrelse=(4000, 3000), quality=60)
    assert len(stort) < byte, len(stort)
    return stort + bytes(byte - len(stort))


def bilde_med_sted() -> bytes:
    """A photograph that knows where it was taken and by whom, lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "KANARI-kamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (69.0, 58.0, 0.0), 3: "E", 4: (23.0, 16.0, 0.0)})
    return bilde(exif=exif, comment=b"KANARI-kommentar")


def polyglott() -> bytes:
    """A picture, and behind it a web page, a script and a zip file: whatever the reader looks for."""
    pakke = io.BytesIO()
    with zipfile.ZipFile(pakke, "w") as z:
        z.writestr("KANARI.exe", b"MZ KANARI")
    return bilde() + b"<html><script>alert('KANARI')</script>" + pakke.getvalue()


def _del(slag: bytes, innhold: bytes) -> bytes:
    return struct.pack(">I", len(innhold)) + slag + innhold + struct.pack(">I", zlib.crc32(slag + innhold))


def png_bombe(side: int = 50_000) -> bytes:
    """Some kilobytes that become gigabytes of pixels."""
    hode = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _del(b"IHDR", hode)
        + _del(b"IDAT", zlib.compress(bytes(1_000_000)))
        + _del(b"IEND", b"")
    )


def zip_bombe() -> bytes:
    pakke = io.BytesIO()
    with zipfile.ZipFile(pakke, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("nuller", bytes(50 * 2**20))
    return pakke.getvalue()


def pdf(sider: int = 1, innhold: bytes = b"", **lagring: Any) -> bytes:
    dokument = pikepdf.new()
    for _ in range(sider):
        dokument.add_blank_page()
    if innhold:
        dokument.pages[0].obj.Contents = dokument.make_stream(innhold)
    ut = io.BytesIO()
    dokument.save(ut, **lagring)
    return ut.getvalue()


def pdf_bombe() -> bytes:
    """One megabyte that becomes nine hundred when the page is shown. Packed twice, so that no length tells."""
    dokument = pikepdf.new()
    dokument.add_blank_page()
    pakker = zlib.compressobj()
    pakket = b"".join([pakker.compress(bytes(2**20)) for _ in range(900)] + [pakker.flush()])
    stroem = dokument.make_stream(zlib.compress(pakket))
    stroem.Filter = Array([Name.FlateDecode, Name.FlateDecode])
    dokument.pages[0].obj.Contents = stroem
    ut = io.BytesIO()
    dokument.save(ut, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return ut.getvalue()


def kryptert_pdf(passord: str = "") -> bytes:
    return pdf(encryption=pikepdf.Encryption(owner="eier", user=passord))


def pdf_som_handler() -> bytes:
    """Everything a PDF can do beside being read, and all that it can carry: each with the canary in it."""
    d = pikepdf.new()
    for _ in range(2):
        d.add_blank_page()
    foto = d.make_stream(bilde_med_sted())
    foto.Type, foto.Subtype, foto.Width, foto.Height = Name.XObject, Name.Image, 80, 60
    foto.Filter, foto.ColorSpace, foto.BitsPerComponent = Name.DCTDecode, Name.DeviceRGB, 8
    side = d.pages[0].obj
    side.Resources = Dictionary(XObject=Dictionary(I=foto))
    side.Contents = d.make_stream(b"q 80 0 0 60 0 0 cm /I Do Q")
    skript = Dictionary(S=Name.JavaScript, JS=d.make_stream(b"KANARI-skript"))
    vedlagt = Dictionary(Type=Name.Filespec, F="KANARI.exe", EF=Dictionary(F=d.make_stream(b"KANARI-fil")))
    d.Root.OpenAction = skript
    d.Root.AA = Dictionary(WC=skript)
    d.Root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([pikepdf.String("x"), skript])),
        EmbeddedFiles=Dictionary(Names=Array([pikepdf.String("f"), vedlagt])),
    )
    d.Root.AcroForm = Dictionary(XFA=d.make_stream(b"<KANARI-xfa/>"), Fields=Array([]))
    ramme = Array([0, 0, 10, 10])
    til_side_2 = Dictionary(
        S=Name.GoTo, D=Array([d.pages[1].obj, Name.Fit]), Next=Dictionary(S=Name.Launch, F="KANARI-start")
    )
    side.Annots = Array(
        [
            d.make_indirect(
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Link,
                    Rect=ramme,
                    A=d.make_indirect(Dictionary(S=Name.URI, URI="http://KANARI.example")),
                )
            ),
            Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=ramme, A=til_side_2),
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=ramme,
                PA=Dictionary(S=Name.SubmitForm, F="http://KANARI.example"),
            ),
            d.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=ramme, FS=vedlagt)),
        ]
    )
    with d.open_outline() as innhold:
        innhold.root.extend([pikepdf.OutlineItem("Første", 0), pikepdf.OutlineItem("Andre", 1)])
    d.docinfo["/Author"] = "KANARI-forfatter"
    with d.open_metadata() as metadata:
        metadata["dc:title"] = "KANARI-tittel"
    ut = io.BytesIO()
    d.save(ut, compress_streams=False)
    return ut.getvalue() + b"<script>KANARI-hale</script>"


def utpakket(pdf_: bytes) -> bytes:
    """A PDF with nothing packed: what is in it can be searched for."""
    ut = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_)) as dokument:
        dokument.save(
            ut,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return ut.getvalue()
