"""Cleaning a file: what comes through and how, what does not and why. Each file goes through the real process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import psutil
import pytest
from PIL import Image

from portal.core.config import ROT
from portal.henvendelser import vedleggsvask
from portal.henvendelser.vedleggsvask import Avvist, Vasket
from tests.henvendelser import filer


def vask(data: bytes, mappe: Path) -> tuple[Vasket, bytes]:
    inn, ut = mappe / "inn", mappe / "ut"
    inn.write_bytes(data)
    with inn.open("rb") as fil:
        svar = vedleggsvask.i_egen_prosess(fil, ut)
    return svar, ut.read_bytes()


def avvist(data: bytes, mappe: Path) -> str:
    with pytest.raises(Avvist) as feil:
        vask(data, mappe)
    return feil.value.kode


def test_et_bilde_med_sted_mister_det_og_staar_rett_vei(tmp_path: Path) -> None:
    sendt = filer.bilde_med_sted()
    assert sendt.count(filer.KANARI) == 2 and b"Exif" in sendt
    svar, lagret = vask(sendt, tmp_path)
    assert svar == Vasket("image/jpeg", bredde=60, hoeyde=80)
    assert filer.KANARI not in lagret and b"Exif" not in lagret
    bilde = Image.open(io.BytesIO(lagret))
    assert (
        bilde.size == (60, 80)
        and not bilde.getexif()
        and set(bilde.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    )


def test_en_polyglott_mister_halen(tmp_path: Path) -> None:
    sendt = filer.polyglott()
    assert filer.KANARI in sendt
    svar, lagret = vask(sendt, tmp_path)
    assert svar.innholdstype == "image/jpeg" and filer.KANARI not in lagret and b"<script" not in lagret
    assert lagret.endswith(b"\xff\xd9")


@pytest.mark.parametrize(
    ("sendt", "blir"),
    [
        (filer.bilde("PNG"), "image/png"),
        (filer.bilde("PNG", modus="RGBA"), "image/png"),
        (filer.bilde("PNG", modus="P"), "image/png"),
        (filer.bilde("PNG", modus="1"), "image/png"),
        (filer.bilde("PNG", modus="I;16"), "image/png"),
        (filer.bilde("WEBP"), "image/jpeg"),
        (filer.bilde("WEBP", modus="RGBA"), "image/png"),
        (filer.bilde("JPEG", modus="L"), "image/jpeg"),
        (filer.bilde("JPEG", modus="CMYK"), "image/jpeg"),
        (filer.bilde("JPEG", progressive=True), "image/jpeg"),
        (filer.pdf(3), "application/pdf"),
    ],
    ids=[
        "png",
        "alfa",
        "palett",
        "svart-hvitt",
        "16-bit",
        "webp",
        "webp-alfa",
        "graa",
        "cmyk",
        "progressiv",
        "pdf",
    ],
)
def test_det_vanlige_kommer_gjennom(sendt: bytes, blir: str, tmp_path: Path) -> None:
    svar, lagret = vask(sendt, tmp_path)
    assert svar.innholdstype == blir == vedleggsvask.innholdstype(lagret)
    if blir != "application/pdf":
        bilde = Image.open(io.BytesIO(lagret))
        bilde.load()
        assert bilde.size == (80, 60) == (svar.bredde, svar.hoeyde)
        assert bilde.mode in ("L", "RGB", "RGBA")
        # Something is to be seen: neither black nor white all over.
        assert len(set(bilde.convert("L").get_flattened_data())) > 1


def test_bredt_fargerom_blir_vanlig(tmp_path: Path) -> None:
    """A profile is applied and not just thrown away: the colours of a wound must be those that were seen."""
    from PIL import ImageCms

    lab = ImageCms.createProfile("sRGB")
    profil = bytearray(ImageCms.ImageCmsProfile(lab).tobytes())
    # Red and blue change places: what was meant as red is stored as blue.
    roed, blaa = profil.index(b"rXYZ"), profil.index(b"bXYZ")
    profil[roed : roed + 4], profil[blaa : blaa + 4] = b"bXYZ", b"rXYZ"
    ut = io.BytesIO()
    Image.new("RGB", (20, 20), (255, 0, 0)).save(ut, "PNG", icc_profile=bytes(profil))
    _, lagret = vask(ut.getvalue(), tmp_path)
    bilde = Image.open(io.BytesIO(lagret)).convert("RGB")
    r, _, b = bilde.getpixel((5, 5))  # type: ignore[misc]
    assert b > 200 and r < 60 and "icc_profile" not in bilde.info


def test_bare_foerste_bilde_av_en_animasjon(tmp_path: Path) -> None:
    ut = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(
        ut, "PNG", save_all=True, append_images=[Image.new("RGB", (20, 20), "blue")]
    )
    svar, lagret = vask(ut.getvalue(), tmp_path)
    assert svar.animert
    bilde = Image.open(io.BytesIO(lagret))
    assert getattr(bilde, "n_frames", 1) == 1
    assert bilde.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("sendt", "kode"),
    [
        (b"", "tom"),
        (filer.bilde("GIF", modus="P"), "feil_type"),
        (filer.bilde("TIFF"), "feil_type"),
        (filer.bilde("BMP"), "feil_type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "feil_type"),
        (b"<!doctype html><script>alert(1)</script>", "feil_type"),
        (b"MZ" + bytes(500), "feil_type"),
        (filer.zip_bombe(), "feil_type"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "heic"),
        (filer.png_bombe(), "for_mange_piksler"),
        (filer.bilde()[:1500], "uleselig"),
        (filer.bilde()[:200] + bytes(5000), "uleselig"),
        (filer.png_bombe(2000)[:300], "uleselig"),
        (filer.pdf(201), "for_mange_sider"),
        (filer.pdf(3)[:150], "uleselig"),
        (b"%PDF-1.7\n" + os.urandom(5000), "uleselig"),
        (filer.kryptert_pdf("hemmelig"), "kryptert"),
        (filer.kryptert_pdf(), "kryptert"),
        (filer.pdf_bombe(), "for_tung"),
    ],
    ids=[
        *("tom", "gif", "tiff", "bmp", "svg", "html", "exe", "zip", "heic", "png-bombe", "kutt-jpeg"),
        *("jpeg-graut", "kutt-png", "201-sider", "kutt-pdf", "pdf-graut", "pdf-passord", "pdf-uten-passord"),
        "pdf-bombe",
    ],
)
def test_det_farlige_og_det_ukjente_avvises(sendt: bytes, kode: str, tmp_path: Path) -> None:
    assert avvist(sendt, tmp_path) == kode


def test_en_pdf_mister_alt_som_handler(tmp_path: Path) -> None:
    sendt = filer.pdf_som_handler()
    assert sendt.count(filer.KANARI) >= 12
    svar, lagret = vask(sendt, tmp_path)
    assert svar == Vasket("application/pdf", sider=2)
    synlig = filer.utpakket(lagret)
    assert filer.KANARI not in synlig
    for ord_ in (
        b"/JavaScript",
        b"/OpenAction",
        b"/AA",
        b"/EmbeddedFile",
        b"/Launch",
        b"/URI",
        b"/XFA",
        b"Exif",
    ):
        assert ord_ not in synlig, ord_
    with pikepdf.open(io.BytesIO(lagret)) as dokument:
        assert len(dokument.pages) == 2
        assert "/Info" not in dokument.trailer
        # What helps the reader stays: the picture, the way to the second page, the bookmarks.
        assert "/I" in dokument.pages[0].obj.Resources.XObject
        lenker = [m for m in dokument.pages[0].obj.Annots if "/A" in m]
        assert [str(m.A.S) for m in lenker] == ["/GoTo"] and "/Next" not in lenker[0].A
        with dokument.open_outline() as innhold:
            assert [o.title for o in innhold.root] == ["Første", "Andre"]


def test_samme_fil_gir_samme_resultat(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    # One file: two that are made in different seconds have different ids.
    fil = filer.pdf(2)
    assert vask(fil, tmp_path / "a") == vask(fil, tmp_path / "b")


def test_femti_millioner_piksler_gaar_og_en_til_gaar_ikke(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stor = io.BytesIO()
    Image.new("RGB", (10_000, 5_000), "red").save(stor, "JPEG", exif=exif, progressive=True)
    svar, _ = vask(stor.getvalue(), tmp_path)
    assert (svar.bredde, svar.hoeyde) == (5_000, 10_000)
    stor = io.BytesIO()
    Image.new("L", (10_000, 5_001)).save(stor, "PNG")
    (tmp_path / "ut").unlink()
    assert avvist(stor.getvalue(), tmp_path) == "for_mange_piksler"


def test_prosessen_har_grenser_og_ingen_hemmeligheter() -> None:
    """The limits hold in a process that has set them, and nothing of the portal's settings is in it."""
    kode = (
        "import os, resource as r, portal.henvendelser.vedleggsvask as v; v.begrens(); assert os.nice(0) >= 10;"
        "print([r.getrlimit(x)[1] for x in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_FSIZE)]);"
        "bytearray(v.MAKS_MINNE)"
    )
    ferdig = subprocess.run([sys.executable, "-c", kode], cwd=ROT, capture_output=True, text=True, timeout=60)
    assert ferdig.returncode == 1 and "MemoryError" in ferdig.stderr
    assert ferdig.stdout.strip() == str([700 * 2**20, 20, 40 * 2**20])


def _i_stedet(kode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program in the place of the real one, with the same files and the same environment."""
    ekte = os.posix_spawn

    def posix_spawn(program: str, _ord: list[str], miljoe: dict[str, str], **valg: Any) -> int:
        return ekte(program, [program, "-c", kode], miljoe, **valg)

    monkeypatch.setattr(os, "posix_spawn", posix_spawn)


def test_prosessen_faar_ikke_portalens_miljoe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HEMMELIGHET", "hemmelig")
    _i_stedet("import os; print(dict(os.environ), os.listdir('/proc/self/fd'))", monkeypatch)
    with pytest.raises(Avvist):
        vask(b"x", tmp_path)
    sett = (tmp_path / "ut").read_text()
    assert "PYTHONPATH" in sett and "PORTAL" not in sett and "hemmelig" not in sett
    # Its three files, and the one that lists them: none of the portal's connections.
    assert sett.count("'3'") == 1 and "'4'" not in sett


@pytest.mark.parametrize(
    "kode",
    [
        "import os; os.kill(os.getpid(), 9)",
        "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
        "raise SystemError('noe')",
        "import sys; print('tull', file=sys.stderr)",
        "import sys; print('[1]', file=sys.stderr)",
        "import sys; print('{}', file=sys.stderr)",
        "import sys; sys.stderr.write('x' * 10_000_000)",
        "import time; time.sleep(60)",
        "while True: pass",
    ],
    ids=["drept", "cpu", "feilet", "tull", "annet", "tomt", "mye", "henger", "spinner"],
)
def test_en_prosess_som_ikke_svarer_er_et_klart_svar(
    kode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vedleggsvask, "MAKS_VENT", 3.0)
    _i_stedet(kode, monkeypatch)
    foer = psutil.Process().children()
    assert avvist(b"x", tmp_path) == "for_tung"
    # Nobody is left behind.
    assert psutil.Process().children() == foer
