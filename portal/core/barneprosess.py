"""Work on what others wrote, in a process of its own that ends alone when it takes too long or too much.

What it has taken of memory is given back when it ends, and what it breaks is its own. What it works on (a case for the
journal, too) lies in memory alone: never in a file on a disk, where it could be read after a fall of the power.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path
from typing import BinaryIO, NamedTuple

# Started and waited for by the system's own calls: those of gevent belong to its hub, and this is another thread.
from gevent.monkey import get_original

#: Seconds that the parent waits beyond the wall's: a process that could not hold itself to it is ended from here.
_LENGER = 5


class Grenser(NamedTuple):
    """Seconds of processor, seconds on the wall, bytes of memory. The program holds itself to them (`begrens`)."""

    tid: int
    vegg: int
    minne: int


def kjoer(program: Path, data: bytes, grenser: Grenser, *mer: str) -> tuple[int, bytes]:
    """Runs a program of ours on `data` (its stdin), with the limits and `mer` as its arguments.

    Gives how it ended (0: well), and what it wrote to stdout. Waits for it: on a thread pool.
    """
    with _i_minnet("inn") as inn, _i_minnet("ut") as ut:
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
        slutt = _vent(pid, grenser.vegg + _LENGER)
        ut.seek(0)
        return slutt, ut.read()


def _i_minnet(navn: str) -> BinaryIO:
    """A file without a place on any disk: it is gone when nobody holds it."""
    return os.fdopen(os.memfd_create(navn), "w+b")


def _vent(pid: int, vegg: float) -> int:
    """How the process ended, by itself or after so many seconds by us: whoever waits for it has a thread that others
    need. Somebody else may have asked first (gevent does, for all): then what it left tells."""
    try:
        ende = os.pidfd_open(pid)
    except ProcessLookupError:
        return 0
    try:
        venter = get_original("select", "poll")()
        venter.register(ende, select.POLLIN)
        if not venter.poll(vegg * 1000):
            signal.pidfd_send_signal(ende, signal.SIGKILL)
        return os.waitstatus_to_exitcode(get_original("os", "waitpid")(pid, 0)[1])
    except (ChildProcessError, ProcessLookupError):
        return 0
    finally:
        os.close(ende)
