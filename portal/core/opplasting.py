"""Receiving a file: a multipart body read in pieces into a file without a name, never into memory.

A file without a name disappears with the last handle to it: a cut upload, an error or a killed process leaves
nothing. Between the pieces everybody else is served.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import current_app, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _l
from portal.core.web import csrf

#: What stands around the file in the body: boundaries, names, the other fields.
_RUNDT = 64 * 1024
_MAKS_DELER = 10


class ForStor(PortalError):
    """The body is larger than what is taken."""

    status = 413
    kode = "for_stor"
    standard = _l("Fila er for stor. Velg en mindre fil.")


@dataclass(frozen=True)
class Mottatt:
    """A received file, open and at its beginning, with what the sender called it and the SHA-256 of its bytes."""

    fil: BinaryIO
    navn: str
    stoerrelse: int
    sha256: str


class Mottaksfil:
    """A file without a name that counts and sums what is written to it."""

    def __init__(self, mappe: Path) -> None:
        self.fil = tempfile.TemporaryFile(dir=mappe)  # noqa: SIM115 - closed by who received it
        self.stoerrelse = 0
        self.sum = hashlib.sha256()

    def write(self, bit: bytes | bytearray) -> int:
        self.fil.write(bit)
        self.sum.update(bit)
        self.stoerrelse += len(bit)
        # A fast sender would else keep the hub until the whole file is in.
        time.sleep(0)
        return len(bit)

    def seek(self, sted: int) -> int:
        self.fil.flush()
        return self.fil.seek(sted)

    def close(self) -> None:
        self.fil.close()


@contextmanager
def mottak(
    felt: str, mappe: Path, *, maks: int, for_stor: Any, krev_csrf: bool = True
) -> Iterator[tuple[Mottatt, dict[str, str]]]:
    """Receives the file of this request and its other fields, and closes the file at the end.

    The CSRF token may stand in the body, so the route must be exempt from the check that comes before it; it is
    checked here, unless the caller brings a Bearer token instead of a cookie. Raises ForStor with the words
    `for_stor`: at once where the size is told, else when `maks` bytes have come. Raises UgyldigData without a file.
    """
    filer: list[Mottaksfil] = []

    def ny(**_: Any) -> BinaryIO:
        filer.append(Mottaksfil(mappe))
        return cast("BinaryIO", filer[-1])

    class Leser(FormDataParser):
        def __init__(self, **valg: Any) -> None:
            super().__init__(**{**valg, "stream_factory": ny, "silent": False})

    request.max_content_length = maks + _RUNDT
    request.max_form_parts = _MAKS_DELER
    request.form_data_parser_class = Leser
    mappe.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield _les(felt, filer, maks, for_stor, krev_csrf)
    finally:
        for fil in filer:
            fil.close()


def _les(
    felt: str, filer: list[Mottaksfil], maks: int, for_stor: Any, krev_csrf: bool
) -> tuple[Mottatt, dict[str, str]]:
    try:
        skjema = request.form
    except RequestEntityTooLarge:
        raise ForStor(for_stor) from None
    except ValueError:
        raise UgyldigData(
            _l("Det som ble sendt, kunne ikke leses. Prøv en gang til."), kode="uleselig"
        ) from None
    if krev_csrf and current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()
    felter = {navn: verdi for navn, verdi in skjema.items() if navn != "csrf_token"}
    sendt: list[FileStorage] = request.files.getlist(felt)
    if len(sendt) != 1 or len(filer) != 1 or not sendt[0].filename:
        raise UgyldigData(felter={felt: [_l("Velg én fil.")]})
    mottaksfil = filer[0]
    if mottaksfil.stoerrelse > maks:
        raise ForStor(for_stor)
    return (
        Mottatt(mottaksfil.fil, sendt[0].filename, mottaksfil.stoerrelse, mottaksfil.sum.hexdigest()),
        felter,
    )
