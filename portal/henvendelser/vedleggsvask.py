"""Judging and cleaning a file that somebody attaches: what is stored is made anew, never what was sent.

The kind of a file is told by its content. Pictures are decoded and encoded again, so that metadata (EXIF with the
place), a second file behind the picture, and whatever only pretends to be one are left behind. A PDF is rewritten by
qpdf without what acts: JavaScript, actions, embedded files, forms that fetch.

The decoders meet whatever anybody can make, so they run in a process of their own (`i_egen_prosess`) with limits on
memory, processor and output: a bomb kills that process alone. Pillow and pikepdf are imported there and nowhere else.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pikepdf
    from PIL import Image

MAKS_PIKSLER = 50_000_000
MAKS_SIDER = 200
#: Pictures inside a PDF may be scans of large sheets: A3 at 600 dpi is 70 million.
MAKS_PIKSLER_I_PDF = 100_000_000
MAKS_OBJEKTER = 200_000
#: All streams of a PDF together, unpacked.
MAKS_UTPAKKET = 300 * 2**20
JPEG_KVALITET = 88

#: The limits of the process: address space and output in bytes, processor and wall clock in seconds.
MAKS_MINNE = 700 * 2**20
MAKS_UT = 40 * 2**20
MAKS_CPU = 20
MAKS_VENT = 30.0

#: Pillow's name of what is accepted, by the type that the content shows.
BILDER = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/apng": ("PNG",),
    "image/webp": ("WEBP",),
}
PDF = "application/pdf"
#: Telephones' own formats, which only some programs can read.
HEIC = {"image/heic", "image/heif", "image/avif"}
_HODE = 8192

ENDELSER = {"image/jpeg": "jpg", "image/png": "png", PDF: "pdf"}


class Avvist(Exception):
    """The file is not taken. `kode` says why; the words stand where the user is answered."""

    def __init__(self, kode: str) -> None:
        self.kode = kode
        super().__init__(kode)


@dataclass(frozen=True)
class Vasket:
    """What became of a file: its true type and its size. `animert`: of several frames only the first is left."""

    innholdstype: str
    bredde: int | None = None
    hoeyde: int | None = None
    sider: int | None = None
    animert: bool = False


def innholdstype(hode: bytes) -> str:
    """The type that the first bytes show. Raises Avvist for all that is not taken."""
    import filetype  # type: ignore[import-untyped]

    funnet = filetype.guess_mime(hode)
    if funnet in BILDER or funnet == PDF:
        return str(funnet)
    if funnet in HEIC or (hode[4:8] == b"ftyp" and hode[8:12] in (b"heic", b"heix", b"mif1", b"avif")):
        raise Avvist("heic")
    raise Avvist("feil_type")


def vask(inn: BinaryIO, ut: BinaryIO) -> Vasket:
    """Writes the cleaned file to `ut`. Raises Avvist. Needs the limits of `begrens` around it."""
    inn.seek(0)
    hode = inn.read(_HODE)
    if not hode:
        raise Avvist("tom")
    slag = innholdstype(hode)
    inn.seek(0)
    try:
        return _vask_pdf(inn, ut) if slag == PDF else _vask_bilde(inn, ut, BILDER[slag])
    except MemoryError:
        raise Avvist("for_tung") from None


# --- pictures --------------------------------------------------------------------------------------------


def _vask_bilde(inn: BinaryIO, ut: BinaryIO, formater: tuple[str, ...]) -> Vasket:
    from PIL import Image, ImageOps

    # The size is judged below, with our own answer.
    Image.MAX_IMAGE_PIXELS = None
    try:
        bilde: Image.Image = Image.open(inn, formats=formater)
        if bilde.width * bilde.height > MAKS_PIKSLER:
            raise Avvist("for_mange_piksler")
        # An MPO is one photograph with its copies, not an animation.
        animert = bilde.format != "MPO" and getattr(bilde, "n_frames", 1) > 1
        var_png = bilde.format == "PNG"
        bilde.seek(0)
        bilde.load()
        profil = bilde.info.get("icc_profile")
        ImageOps.exif_transpose(bilde, in_place=True)
    except (Avvist, MemoryError):
        raise
    except Exception:
        # The decoders raise whatever they come upon in a broken file.
        raise Avvist("uleselig") from None
    gjennomsiktig = "A" in bilde.getbands() or "transparency" in bilde.info
    bilde = _vanlige_farger(bilde, gjennomsiktig)
    if profil:
        bilde = _til_srgb(bilde, profil)
    # A new picture with the same pixels: nothing of what stood in the file follows.
    bilde.info = {}
    if var_png or gjennomsiktig:
        bilde.save(ut, "PNG")
        return Vasket("image/png", bilde.width, bilde.height, animert=animert)
    bilde.save(ut, "JPEG", quality=JPEG_KVALITET)
    return Vasket("image/jpeg", bilde.width, bilde.height, animert=animert)


def _vanlige_farger(bilde: Image.Image, gjennomsiktig: bool) -> Image.Image:
    """As greys or RGB with 8 bits, with transparency where there was any: all that the two formats need."""
    if bilde.mode.startswith("I"):
        # 16 bits a pixel, as of a radiograph: scaled, since a plain conversion would make it white.
        return bilde.convert("I").point(lambda v: v * (1 / 256)).convert("L")
    maal = "RGBA" if gjennomsiktig else "L" if bilde.mode in ("1", "L") else "RGB"
    return bilde if bilde.mode == maal else bilde.convert(maal)


def _til_srgb(bilde: Image.Image, profil: bytes) -> Image.Image:
    """The colours as they were meant, without the profile: a telephone's wide colours would else turn pale."""
    from PIL import ImageCms

    try:
        fra = ImageCms.ImageCmsProfile(io.BytesIO(profil))
        ImageCms.profileToProfile(bilde, fra, ImageCms.createProfile("sRGB"), inPlace=True)
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile of another kind than the picture's colours: the pixels stand as they are.
        return bilde
    return bilde


# --- PDF -------------------------------------------------------------------------------------------------

#: What a PDF must not have, wherever it stands: what acts, what is carried along, who made it.
_FJERNES = frozenset(
    {
        *("/OpenAction", "/AA", "/JS", "/JavaScript", "/Launch", "/URI", "/XFA"),
        *("/EmbeddedFiles", "/EF", "/RF", "/AF", "/Collection", "/RichMediaContent", "/RichMediaSettings"),
        *("/Metadata", "/PieceInfo", "/LastModified", "/Requirements", "/Extensions"),
    }
)
#: Annotations that carry or start something.
_FARLIGE_MERKNADER = frozenset(
    {"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/TrapNet", "/PrinterMark"}
)
#: The one action that stays: to another page of the same document.
_LOVLIG_HANDLING = "/GoTo"


def _vask_pdf(inn: BinaryIO, ut: BinaryIO) -> Vasket:
    import pikepdf

    try:
        pdf = pikepdf.open(inn)
    except pikepdf.PasswordError:
        raise Avvist("kryptert") from None
    except pikepdf.PdfError:
        raise Avvist("uleselig") from None
    with pdf:
        try:
            if pdf.is_encrypted:
                raise Avvist("kryptert")
            if len(pdf.objects) > MAKS_OBJEKTER:
                raise Avvist("for_tung")
            sider = len(pdf.pages)
            if not sider:
                raise Avvist("uleselig")
            if sider > MAKS_SIDER:
                raise Avvist("for_mange_sider")
            _vei_stroemmene(pdf)
            for objekt in pdf.objects:
                _rens(objekt)
            if "/Info" in pdf.trailer:
                del pdf.trailer["/Info"]
            pdf.save(ut, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        except (Avvist, MemoryError):
            raise
        except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError):
            raise Avvist("uleselig") from None
    return Vasket(PDF, sider=sider)


def _vei_stroemmene(pdf: pikepdf.Pdf) -> None:
    """Unpacks every stream once: one that swells would else do so in the reader's browser."""
    import pikepdf

    igjen = MAKS_UTPAKKET
    for stroem in [o for o in pdf.objects if isinstance(o, pikepdf.Stream)]:
        if stroem.get("/Subtype") == "/Image":
            piksler = int(stroem.get("/Width", 0)) * int(stroem.get("/Height", 0))
            if piksler > MAKS_PIKSLER_I_PDF:
                raise Avvist("for_mange_piksler")
        try:
            igjen -= len(_utpakket(pdf, stroem))
        except pikepdf.PdfError:
            # Out of memory within the library, or broken: a reader would not do better.
            raise Avvist("for_tung") from None
        if igjen < 0:
            raise Avvist("for_tung")


#: Packed as a picture: its pixels are counted instead.
_BILDEFILTRE = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"})


def _filtre(stroem: pikepdf.Stream) -> list[str]:
    """The names of a stream's filters, outermost first."""
    import pikepdf

    filtre = stroem.get("/Filter")
    return [str(f) for f in (filtre if isinstance(filtre, pikepdf.Array) else [filtre] if filtre else [])]


def _utpakket(pdf: pikepdf.Pdf, stroem: pikepdf.Stream) -> bytes:
    """The content of a stream; of a packed picture what lies around it is unpacked, and the picture not."""
    import pikepdf

    filtre = _filtre(stroem)
    if not filtre or filtre[-1] not in _BILDEFILTRE:
        return stroem.read_bytes()
    if len(filtre) == 1:
        return b""
    ytre = pdf.make_stream(stroem.read_raw_bytes())
    ytre["/Filter"] = pikepdf.Array([pikepdf.Name(f) for f in filtre[:-1]])
    return ytre.read_bytes()


def _rens(objekt: Any, dybde: int = 0) -> None:
    """Takes out of an object, and of what stands directly in it, what a PDF must not have."""
    import pikepdf

    if dybde > 100:
        raise Avvist("for_tung")
    if isinstance(objekt, pikepdf.Array):
        for i in reversed(range(len(objekt))):
            if _er_farlig_merknad(objekt[i]):
                del objekt[i]
        deler = [d for d in objekt if isinstance(d, pikepdf.Object)]
    elif isinstance(objekt, (pikepdf.Dictionary, pikepdf.Stream)):
        for noekkel in list(objekt.keys()):
            if noekkel in _FJERNES or _er_handling(objekt[noekkel]):
                del objekt[noekkel]
        if _navn(objekt, "/S") == _LOVLIG_HANDLING and "/Next" in objekt:
            # What comes after the turning of the page. Elsewhere /Next is the next bookmark.
            del objekt["/Next"]
        if isinstance(objekt, pikepdf.Stream):
            for noekkel in ("/F", "/FFilter", "/FDecodeParms"):
                # The content in another file, which the reader would fetch.
                if noekkel in objekt:
                    del objekt[noekkel]
            _rens_jpeg(objekt)
        deler = [objekt[n] for n in objekt.keys()]  # noqa: SIM118 - pikepdf iterates a stream otherwise
    else:
        return
    for del_ in deler:
        # What is referred to is an object of its own and comes by itself.
        if isinstance(del_, pikepdf.Object) and not del_.is_indirect:
            _rens(del_, dybde + 1)


def _navn(objekt: Any, noekkel: str) -> str:
    import pikepdf

    verdi = objekt.get(noekkel) if isinstance(objekt, pikepdf.Dictionary) else None
    return str(verdi) if isinstance(verdi, pikepdf.Name) else ""


def _er_handling(verdi: Any) -> bool:
    """Whether the value is an action that does more than turn to a page."""
    slag = _navn(verdi, "/S")
    if slag == _LOVLIG_HANDLING:
        return False
    return _navn(verdi, "/Type") == "/Action" or slag in _HANDLINGER


_HANDLINGER = frozenset(
    {
        *("/JavaScript", "/Launch", "/URI", "/GoToR", "/GoToE", "/GoToDp", "/SubmitForm", "/ImportData"),
        *("/ResetForm", "/Hide", "/Named", "/Thread", "/Sound", "/Movie", "/Rendition", "/SetOCGState"),
        *("/Trans", "/GoTo3DView", "/RichMediaExecute"),
    }
)


def _er_farlig_merknad(verdi: Any) -> bool:
    return _navn(verdi, "/Subtype") in _FARLIGE_MERKNADER


def _rens_jpeg(stroem: pikepdf.Stream) -> None:
    """A photograph inside a PDF loses its metadata too; its pixels are not touched."""
    import pikepdf

    if _filtre(stroem) != ["/DCTDecode"] or "/DecodeParms" in stroem:
        return
    raa = stroem.read_raw_bytes()
    rent = b"".join(_uten_metadata(raa))
    if len(rent) != len(raa):
        stroem.write(rent, filter=pikepdf.Name.DCTDecode)


def _uten_metadata(jpeg: bytes) -> Iterator[bytes]:
    """The segments of a JPEG but for EXIF and XMP (APP1), IPTC (APP13) and comments."""
    sted = 2
    if jpeg[:2] != b"\xff\xd8":
        yield jpeg
        return
    yield jpeg[:2]
    while sted + 4 <= len(jpeg) and jpeg[sted] == 0xFF and jpeg[sted + 1] != 0xDA:
        lengde = 2 + int.from_bytes(jpeg[sted + 2 : sted + 4], "big")
        if jpeg[sted + 1] not in (0xE1, 0xED, 0xFE):
            yield jpeg[sted : sted + lengde]
        sted += lengde
    yield jpeg[sted:]


# --- a process of its own --------------------------------------------------------------------------------


def begrens() -> None:
    """Sets the limits on this process. They cannot be lifted again. A message goes before a picture: it yields."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAKS_MINNE, MAKS_MINNE))
    resource.setrlimit(resource.RLIMIT_CPU, (MAKS_CPU, MAKS_CPU))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAKS_UT, MAKS_UT))


def i_egen_prosess(inn: BinaryIO, ut: Path) -> Vasket:
    """Cleans the open file `inn` into a new file `ut`, in a process with limits. Raises Avvist.

    Under gevent the wait lets everybody else on. `posix_spawn` and no fork: copying the tables of a process with
    thousands of connections takes 15 ms, in which nobody would be served. The process gets no setting of the portal,
    so it holds no secret.
    """
    her, der = socket.socketpair()
    with her, ut.open("xb") as maal:
        with der:
            inn.seek(0)
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-P", "-m", "portal.henvendelser.vedleggsvask"],
                {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2])},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, inn.fileno(), 0),
                    (os.POSIX_SPAWN_DUP2, maal.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, der.fileno(), 2),
                ],
            )
        try:
            linjer = _les_til_slutt(her).decode(errors="replace").splitlines()
        except TimeoutError:
            linjer = []
        finally:
            _avslutt(pid)
    # What it says last is its answer. One that a limit has ended says none.
    try:
        svar = json.loads(linjer[-1])
        if "avvist" in svar:
            raise Avvist(svar["avvist"])
        return Vasket(**svar)
    except (IndexError, ValueError, TypeError):
        raise Avvist("for_tung") from None


def _les_til_slutt(sokkel: socket.socket) -> bytes:
    """All that comes until the other end is closed. Raises TimeoutError after MAKS_VENT seconds in all."""
    frist = time.monotonic() + MAKS_VENT
    lest = b""
    while True:
        sokkel.settimeout(max(0.001, frist - time.monotonic()))
        bit = sokkel.recv(65536)
        if not bit:
            return lest
        # A library that complains without end must not fill the memory; the answer stands last.
        lest = (lest + bit)[-65536:]


def _avslutt(pid: int) -> None:
    """Ends the process if it still runs, and takes leave of it."""
    # It may have been taken leave of already, by gevent's own watch over children.
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def main() -> None:
    """Reads the file on standard input; writes the cleaned one to standard output, the answer to standard error."""
    begrens()
    svar: dict[str, Any]
    try:
        svar = asdict(vask(sys.stdin.buffer, sys.stdout.buffer))
        sys.stdout.buffer.flush()
    except Avvist as feil:
        svar = {"avvist": feil.kode}
    except (MemoryError, OSError):
        svar = {"avvist": "for_tung"}
    print(f"\n{json.dumps(svar)}", file=sys.stderr)


if __name__ == "__main__":
    main()
