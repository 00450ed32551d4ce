"""The process that reads a file into clauses: the file on stdin, what was found (JSON) on stdout. See `filinn.py`.

Arguments: its limits (`begrens`), and the language to answer in.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Started by its path, alone (`-I`): it is told where the portal lies.
    sys.path.insert(0, str(Path(__file__).parents[2]))

import orjson
from flask import Flask
from flask_babel import Babel, force_locale

from portal.avtaler.docxlesing import les_fil
from portal.core.errors import UgyldigData
from portal.core.pdfprosess import begrens


def svar(data: bytes, spraak: str) -> bytes:
    """`{"funn": …}` (`klausulfunn.Funn`), or `{"feil": {field: [texts]}}` in the language."""
    try:
        return orjson.dumps({"funn": les_fil(data)})
    except UgyldigData as feil:
        # Its words are found where there is an app: the smallest there is.
        app = Flask("portal")
        Babel(app)
        with app.app_context(), force_locale(spraak):
            felter = {k: [str(m) for m in meldinger] for k, meldinger in feil.detaljer["felter"].items()}
        return orjson.dumps({"feil": felter})


if __name__ == "__main__":
    begrens(*map(int, sys.argv[1:4]))
    sys.stdout.buffer.write(svar(sys.stdin.buffer.read(), sys.argv[4]))
