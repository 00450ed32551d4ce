"""Which roles of a person open a page of this room (see `identitet.service.rollebytte`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.henvendelser import access
from portal.henvendelser.eskalering import kanari, tekster, vaktskifte
from portal.henvendelser.eskalering.models import Kanari
from portal.henvendelser.forloep import Handling
from portal.henvendelser.models import Henvendelse
from portal.varsler.models import Varsel

#: The list of what waits at a change of shift, and the act that it waits for.
_VAKTSKIFTER, _LES_TILBAKE = "henvendelser.vaktskifter", "henvendelser.les_tilbake"
#: What the requester's side is told of a case.
_TIL_INNMELDEREN = (tekster.INGEN_PAA_VAKT, tekster.INGEN_SVARER, tekster.AKSEPTERT, tekster.BESVART)
#: The lists that notices lead to, and whose they are.
_LISTER: dict[str, Callable[[Aktor], bool]] = {
    "henvendelser.koe": lambda a: a.har_koe,
    "henvendelser.vaktskifter": lambda a: a.er_kliniker,
    "henvendelser.uroerte_saker": lambda a: a.rolle in kanari.KAN_SETTE,
    "henvendelser.kanarier": lambda a: a.rolle in kanari.KAN_SETTE,
}


def aapner(endepunkt: str, argumenter: Mapping[str, Any], roller: Sequence[Aktor]) -> Collection[UUID]:
    """The memberships that may see the case of the address, or the list: by the rule of `access.hent`. Of a case, in
    a list that begins with the one that the person was told in; of the change of shift, those whom cases wait for.

    Of a canary: those that keep its organisation's, by the rule of `kanari.hent_egen`.
    """
    ider = {r.medlemskap_id: r for r in roller if r.medlemskap_id is not None}
    sak_id = argumenter.get("henvendelse_id")
    if sak_id is not None:
        synlige = {m for m, _sak in access.synlige_par((m, sak_id) for m in ider)}
        if len(synlige) < 2:
            return synlige
        sak = access.hent(ider[next(iter(synlige))], Handling.SE, sak_id)
        return sorted(synlige, key=_etter_varselet(sak, ider))
    if "kanari_id" in argumenter:
        sted = db.session.scalar(
            sa.select(Kanari.organisasjon_id).where(Kanari.id == argumenter["kanari_id"])
        )
        return {
            m
            for m, r in ider.items()
            if sted is not None and r.organisasjon_id == sted and r.rolle in kanari.KAN_SETTE
        }
    if endepunkt in (_LES_TILBAKE, _VAKTSKIFTER):
        skifter = {m: vaktskifte.hent_mine_skifter(r) for m, r in ider.items()}
        # Who gave the shift away is told of it, too, and reads back nothing.
        fra = endepunkt == _VAKTSKIFTER
        venter = {m for m, s in skifter.items() if s.til_meg or (fra and s.fra_meg)}
        if venter or endepunkt == _LES_TILBAKE:
            return venter
    gjelder = _LISTER.get(endepunkt)
    return {m for m, r in ider.items() if gjelder(r)} if gjelder else set()


def _etter_varselet(sak: Henvendelse, ider: Mapping[UUID, Aktor]) -> Callable[[UUID], tuple[bool, bool]]:
    """The order in which a person's roles are offered for a case: the side that the last notice of it was for, and on
    that side whoever can act on it. Without a notice, the side that answers."""
    person_id = next(iter(ider.values())).person_id
    kode = db.session.scalar(
        sa.select(Varsel.kode)
        .where(Varsel.person_id == person_id, Varsel.gjelder == f"henvendelse:{sak.id}")
        .order_by(Varsel.opprettet.desc(), Varsel.id)
        .limit(1)
    )

    def plass(medlemskap_id: UUID) -> tuple[bool, bool]:
        rolle = ider[medlemskap_id]
        mottaker = rolle.organisasjon_id == sak.mottaker_id
        if kode in _TIL_INNMELDEREN:
            return mottaker, rolle.medlemskap_id != sak.innmelder_medlemskap_id
        leder = kode == tekster.IKKE_TATT
        return not mottaker, access.er_paa_vakt(rolle, sak) == leder

    return plass
