"""The process that sets a PDF: reads what to set from stdin, writes the PDF to stdout. See `pdf.py`, which starts it.

Knows nothing of the portal, and is started by its path: it must be up in a moment.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys

#: Seconds of processor, seconds on the wall, bytes of memory. 500 clauses of 4,000 signs (2 MB of text) take 3 s, and
#: 0.75 GB; more than that are tables by the thousand.
TID, VEGG, MINNE = 20, 40, 1_200 * 1024**2


def sett(bestilling: dict[str, object]) -> bytes:
    """`bestilling`: `mal` (path of the template), `data` (JSON as text), `standard` (of PDF)."""
    import typst

    mal = str(bestilling["mal"])
    valg: dict[str, object] = {
        "format": "pdf",
        "root": os.path.dirname(mal),
        "ignore_system_fonts": True,
        "sys_inputs": {"data": bestilling["data"]},
    }
    try:
        return bytes(typst.compile(mal, pdf_standards=bestilling["standard"], **valg))  # type: ignore[call-overload]
    except typst.TypstError:
        # The standards have no room for a sign that no font has, as a picture sign: then an ordinary PDF.
        return bytes(typst.compile(mal, **valg))  # type: ignore[call-overload]


def begrens(tid: int, vegg: int, minne: int) -> None:
    """Holds this process to seconds of processor, seconds on the wall, and bytes of memory."""
    # Whoever waits for a page goes before who waits for a file.
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CPU, (tid, tid))
    resource.setrlimit(resource.RLIMIT_AS, (minne, minne))
    # The system ends it, whatever it is doing: nobody has to watch.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.alarm(vegg)


if __name__ == "__main__":
    begrens(*map(int, sys.argv[1:]))
    sys.stdout.buffer.write(sett(json.load(sys.stdin.buffer)))
