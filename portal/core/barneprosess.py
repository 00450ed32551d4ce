"""Work on what others wrote, in a process of its own that ends alone when it takes too long or too much.

What it has taken of memory is given back when it ends, and what it breaks is its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

# Started and waited for by the system's own calls: those of gevent belong to its hub, and this is another thread.
from gevent.monkey import get_original


class Grenser(NamedTuple):
    """Seconds of processor, seconds on the wall, bytes of memory. The program holds itself to them (`begrens`)."""

    tid: int
    vegg: int
    minne: int


def kjoer(program: Path, data: bytes, grenser: Grenser, *mer: str) -> tuple[int, bytes]:
    """Runs a program of ours on `data` (its stdin), with the limits and `mer` as its arguments.

    Gives how it ended (0: well), and what it wrote to stdout. Waits for it: on a thread pool.
    """
    with tempfile.TemporaryFile() as inn, tempfile.TemporaryFile() as ut:
        inn.write(data)
        inn.seek(0)
        pid = get_original("os", "posix_spawn")(
            sys.executable,
            [sys.executable, "-I", str(program), *map(str, grenser), *mer],
            # It needs nothing of what the portal is set up with, and has no business with its secrets.
            {},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, inn.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, ut.fileno(), 1),
            ],
        )
        slutt = _vent(pid)
        ut.seek(0)
        return slutt, ut.read()


def _vent(pid: int) -> int:
    """How the process ended. Somebody else may have asked first (gevent does, for all): then what it left tells."""
    try:
        return os.waitstatus_to_exitcode(get_original("os", "waitpid")(pid, 0)[1])
    except ChildProcessError:
        return 0
