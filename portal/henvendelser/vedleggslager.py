"""The folder of attachments: outside the web root, random names in two levels of folders, readable by the portal alone.

A file stands in its place, on the disk, before its row is committed: a row without a file must never be. A file
without a row can be (the process was killed in between) and is swept a day later.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from portal.core.clock import now
from portal.core.config import innstillinger

#: A file without a row is left alone so long, in seconds: its transaction may be under way.
ET_DOEGN = 24 * 3600.0
#: A file on its way in that is older than this belongs to a process that is gone.
EN_TIME = 3600.0
_BIT = 256 * 1024
_NAVN = re.compile(r"[0-9a-f]{40}")


def mottaksmappe() -> Path:
    """Where files stand on their way in: on the same disk, so that a move is one step."""
    mappe = innstillinger().vedleggsmappe / "mottak"
    mappe.mkdir(mode=0o700, parents=True, exist_ok=True)
    return mappe


def nytt_navn() -> str:
    """A name that nobody can guess: 160 random bits."""
    return secrets.token_hex(20)


def _sti(navn: str) -> Path:
    if not _NAVN.fullmatch(navn):
        raise ValueError("not a name of the folder")
    return innstillinger().vedleggsmappe / navn[:2] / navn[2:4] / navn


def legg_inn(fra: Path, navn: str) -> tuple[int, str]:
    """Moves a cleaned file to its place, on the disk when this returns. Gives its size and SHA-256.

    Waits for the disk and sums the file: call it on the thread pool.
    """
    maal = _sti(navn)
    maal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with fra.open("rb") as fil:
        sum_ = _sum(fil)
        os.fchmod(fil.fileno(), 0o600)
        os.fsync(fil.fileno())
        stoerrelse = fil.tell()
    fra.rename(maal)
    for mappe in (maal.parent, maal.parent.parent, maal.parent.parent.parent):
        _fsync_mappe(mappe)
    return stoerrelse, sum_


def _fsync_mappe(mappe: Path) -> None:
    handtak = os.open(mappe, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handtak)
    finally:
        os.close(handtak)


def slett(navn: str) -> None:
    """Takes a file away that came to no row."""
    _sti(navn).unlink(missing_ok=True)


def aapne(navn: str, lagret_hash: str) -> BinaryIO | None:
    """The file, open and at its beginning, or None where it is gone or is not what was stored.

    Sums the file: call it on the thread pool. What is read afterwards is the same file, whatever becomes of its name.
    """
    try:
        fil = _sti(navn).open("rb")
    except OSError:
        return None
    if _sum(fil) != lagret_hash:
        fil.close()
        return None
    fil.seek(0)
    return fil


def _sum(fil: BinaryIO) -> str:
    sum_ = hashlib.sha256()
    while bit := fil.read(_BIT):
        sum_.update(bit)
    return sum_.hexdigest()


# --- sweeping --------------------------------------------------------------------------------------------


def gamle_i(mappenummer: int) -> Iterator[str]:
    """The names in one of the 256 folders that have stood for a day. The caller knows which of them have a row."""
    rot = innstillinger().vedleggsmappe / f"{mappenummer % 256:02x}"
    for fil in rot.glob("*/*"):
        if _NAVN.fullmatch(fil.name) and _alder(fil) > ET_DOEGN:
            yield fil.name


def rydd_mottak() -> int:
    """Takes away what killed processes left on its way in. Gives how many."""
    gamle = [f for f in mottaksmappe().iterdir() if _alder(f) > EN_TIME]
    for fil in gamle:
        fil.unlink(missing_ok=True)
    return len(gamle)


def _alder(fil: Path) -> float:
    """Seconds since the file was last written."""
    try:
        return now().timestamp() - fil.stat().st_mtime
    except OSError:
        return 0.0
