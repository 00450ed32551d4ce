"""How a job takes what is due: one by one, so that one that fails does not stop the rest; and nobody is told that all
is well meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

import structlog

logg = structlog.get_logger(__name__)

_sviktet: ContextVar[set[str] | None] = ContextVar("enkeltvis_sviktet", default=None)


def hver(
    ider: Iterable[UUID], gjoer: Callable[[UUID], int], hendelse: str, felt: str = "gjelder", *, hva: str = ""
) -> int:
    """Does it with each, in a use case of its own. Gives the sum of what they give; one that fails is logged as
    `hendelse`, with its id as `felt` and what was done (`hva`, or the use case), and is due again the next time."""
    antall = 0
    for id_ in ider:
        try:
            antall += gjoer(id_)
        except Exception:
            sviktet(hendelse, **{felt: str(id_), "hva": hva or gjoer.__name__})
    return antall


def sviktet(hendelse: str, **hvilken: object) -> None:
    """Tells the log, as `hendelse`, and who listens (`samlet`) of one that failed: where its error is being handled."""
    logg.exception(hendelse, **hvilken)
    if (samling := _sviktet.get()) is not None:
        samling.add(hendelse)


@contextmanager
def samlet() -> Iterator[set[str]]:
    """Inside, the set fills with what is told by `sviktet`."""
    samling: set[str] = set()
    merke = _sviktet.set(samling)
    try:
        yield samling
    finally:
        _sviktet.reset(merke)
