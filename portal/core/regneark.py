"""Lines of a file that a spreadsheet opens: `;` between the fields, UTF-8 behind a BOM, and never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: First in the file: without it a spreadsheet takes æøå for something else.
BOM = "\ufeff"
#: What a cell must not begin with (OWASP, CSV Injection): a name can be chosen to be a formula.
_FORMELTEGN = ("=", "+", "-", "@", "\t", "\r", "\n")


def som_csv(rader: Iterable[Iterable[str]]) -> str:
    """The rows as text. What a spreadsheet would take for a formula is kept a text by an apostrophe."""
    ut = io.StringIO()
    skriver = csv.writer(ut, delimiter=";", lineterminator="\r\n")
    for rad in rader:
        skriver.writerow(f"'{celle}" if celle.startswith(_FORMELTEGN) else celle for celle in rad)
    return ut.getvalue()
