"""Work in a process of its own: what it works on is in memory alone, and who waits for it is not held for ever."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from portal.core import barneprosess
from portal.core.barneprosess import Grenser, kjoer

GRENSER = Grenser(5, 5, 512 * 1024**2)


def _program(mappe: Path, kode: str) -> Path:
    fil = mappe / "program.py"
    fil.write_text(kode)
    return fil


def test_det_som_arbeides_med_ligger_i_minnet_alene(tmp_path: Path) -> None:
    program = _program(
        tmp_path,
        "import os, sys\n"
        "inn = sys.stdin.buffer.read()\n"
        "steder = [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1)]\n"
        "sys.stdout.buffer.write(inn + b' ' + ' '.join(steder).encode())\n",
    )
    slutt, ut = kjoer(program, b"pasienten er urolig", GRENSER)
    assert slutt == 0 and ut.startswith(b"pasienten er urolig ")
    assert ut.count(b"/memfd:") == 2


def test_ut_er_det_den_skrev_og_slutten_slik_den_gikk(tmp_path: Path) -> None:
    slutt, ut = kjoer(
        _program(tmp_path, "import sys\nprint(sys.argv[1:])\nsys.exit(3)\n"), b"", GRENSER, "nb"
    )
    assert slutt == 3 and ut == b"['5', '5', '536870912', 'nb']\n"


def test_den_som_ikke_holder_seg_til_klokka_blir_tatt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits, uses no processor, and has never come so far as to set its own alarm."""
    monkeypatch.setattr(barneprosess, "_LENGER", 0)
    fra = time.monotonic()
    slutt, ut = kjoer(_program(tmp_path, "import time\ntime.sleep(60)\n"), b"", Grenser(5, 1, 512 * 1024**2))
    assert (slutt, ut) == (-signal.SIGKILL, b"")
    assert time.monotonic() - fra < 10
