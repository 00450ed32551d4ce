"""Telling the two sides what has happened with a reallocation, and reminding the one whose turn it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from portal.core.aktor import Aktor
from portal.identitet.mottakere import med_rolle
from portal.omdisponering.access import INNSIDE
from portal.omdisponering.models import Omdisponering
from portal.varsler.steps import varsle_alle


def si(
    aktor: Aktor,
    omd: Omdisponering,
    organisasjoner: Collection[UUID],
    kode: str,
    tittel: Any,
    tekst: Any = "",
    *,
    noekkel: str = "",
    hastegrad: str | None = "haster",
    under: str = "",
) -> None:
    """Tells who works with reallocations at the organisations, but not who did it. `noekkel` tells one time of several
    from the others: the version, by default. `under`: which of its pages it leads to."""
    for organisasjon_id in sorted(set(organisasjoner)):
        varsle_alle(
            [m for m in med_rolle(organisasjon_id, INNSIDE) if m.person_id != aktor.person_id],
            noekkel=f"{kode}:{omd.id}:{noekkel or omd.versjon}",
            kode=kode,
            tittel=tittel,
            tekst=tekst,
            lenke=f"/omdisponering/{omd.id}{under}",
            hastegrad=hastegrad,
            gjelder=f"omdisponering:{omd.id}",
        )
