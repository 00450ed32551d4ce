"""How a job takes what is due: one by one, so that one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

import structlog

logg = structlog.get_logger(__name__)


def hver(ider: Collection[UUID], gjoer: Callable[[UUID], int], hendelse: str) -> int:
    """Does it with each, in a use case of its own. Gives the sum of what they give; one that fails is logged as
    `hendelse`, and is due again the next time."""
    antall = 0
    for id_ in ider:
        try:
            antall += gjoer(id_)
        except Exception:
            logg.exception(hendelse, gjelder=str(id_), hva=gjoer.__name__)
    return antall
