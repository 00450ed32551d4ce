"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from portal.core.aktor import Aktor
from portal.henvendelser import access

#: The lists that notices lead to, and whose they are.
_LISTER: dict[str, Callable[[Aktor], bool]] = {
    "henvendelser.koe": lambda a: a.har_koe,
    "henvendelser.vaktskifter": lambda a: a.er_kliniker,
}


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> set[UUID]:
    """The memberships that may see the case of the address, or the list: by the rule of `access.hent`."""
    ider = {r.medlemskap_id: r for r in roller if r.medlemskap_id is not None}
    sak_id = argumenter.get("henvendelse_id")
    if sak_id is not None:
        return {m for m, _sak in access.synlige_par((m, sak_id) for m in ider)}
    gjelder = _LISTER.get(endepunkt)
    return {m for m, r in ider.items() if gjelder(r)} if gjelder else set()
