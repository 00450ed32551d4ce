"""Work that would stop everyone else: run on a thread of its own while the hub serves the others.

What takes more than about 5 ms of processor (password hashing takes some 150 ms) must not run on gevent's
hub. Never call this inside a transaction: on SQLite nothing in one may yield.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from gevent.threadpool import ThreadPool

from portal.core.db import gevent_patchet, i_transaksjon

P = ParamSpec("P")
R = TypeVar("R")

#: Two at a time: each hashing takes 64 MB and one core, and a flood of logins must queue and not fill memory.
STOERRELSE = 2
_traader: Any = None


def i_traadpool(funksjon: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls a pure function on the thread pool and waits for it cooperatively.

    Where gevent has not patched the process (the command line, the worker, the tests) it is called directly.
    The function sees no application context and no database session. Its errors are raised here.
    """
    global _traader
    if i_transaksjon():
        raise RuntimeError("Nothing inside a transaction may wait for a thread: do this before the use case")
    if not gevent_patchet():
        return funksjon(*args, **kwargs)
    if _traader is None:
        _traader = ThreadPool(STOERRELSE)
    return _traader.spawn(funksjon, *args, **kwargs).get()
