"""Taking an agreement out of the portal: everything of a version as plain data, for a file or for a program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, eksport, steps
from portal.avtaler.access import Handling
from portal.avtaler.eksport import Dokument
from portal.avtaler.forloep import Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Godkjenning
from portal.avtaler.service.lesing import vis
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.revisjon.steps import logg

#: What an agreement is taken out as.
FORMER = ("pdf", "docx", "json")


def hent(aktor: Aktor, avtale_id: UUID, nummer: int | None = None) -> Dokument:
    """An agreement in a version (None: as `lesing.hent_avtale` chooses), as `eksport.SKJEMA` describes it.

    Raises IkkeFunnet for an agreement, or a version of it, that the actor may not see.
    """
    avtale = access.hent(aktor, Handling.SE, avtale_id)
    return _les(aktor, avtale, nummer)


@transactional
def eksporter(aktor: Aktor, avtale_id: UUID, form: str, nummer: int | None = None) -> Dokument:
    """The same, to be kept as a file of one of `FORMER`. One audit row, with the hash of what was taken out.

    The agreement is held while it is read: what is written in it meanwhile waits, and the file is of one moment.
    """
    avtale = access.hent(aktor, Handling.SE, avtale_id, laas=True)
    dok = _les(aktor, avtale, nummer)
    logg(
        aktor,
        "avtale.eksportert",
        "avtale",
        avtale.id,
        form=form,
        nummer=dok["versjon"]["nummer"],
        hash=dok["versjon"]["innhold_hash"],
    )
    return dok


def _les(aktor: Aktor, avtale: Avtale, nummer: int | None) -> Dokument:
    versjon = access.hent_versjon(aktor, avtale, nummer) if nummer is not None else vis(aktor, avtale)
    arbeid = access.kan(aktor, Handling.SE_ARBEID, avtale)
    parter = _parter(avtale, versjon, arbeid)
    dag, naa = i_dag(), now()
    return eksport.som_json(
        avtale,
        versjon,
        steps.bestemmelser(avtale.id, versjon.nummer),
        parter,
        _godkjenninger(versjon, parter, arbeid),
        _overordnet(aktor, avtale),
        tidspunkt=naa,
        dag=dag,
        av=", ".join(n for n in (aktor.navn, aktor.organisasjon_navn) if n),
        merknader=arbeid,
    )


def _overordnet(aktor: Aktor, avtale: Avtale) -> Avtale | None:
    """What it hangs on, where the actor sees that too."""
    if avtale.overordnet_id is None:
        return None
    return db.session.scalars(
        sa.select(Avtale).where(Avtale.id == avtale.overordnet_id, access.synlige(aktor))
    ).one_or_none()


def _parter(avtale: Avtale, versjon: Avtaleversjon, arbeid: bool) -> list[Avtalepart]:
    """Those for whom the version holds, has held or will hold; and, for who sees the work on one that is not yet past,
    those that are asked. The trust's side first, then by name."""
    levende = versjon.status not in (Status.ERSTATTET, Status.UTLOEPT)
    return sorted(
        (
            p
            for p in avtale.parter
            if (_holder(p, versjon) if p.fra is not None else arbeid and levende and p.status in access.MED)
        ),
        key=lambda p: (p.side != Side.FORETAK, p.organisasjon.kortnavn, p.invitert, p.id),
    )


def _holder(part: Avtalepart, versjon: Avtaleversjon) -> bool:
    """Whether the days of the party and those of the version meet. A version without days: who takes part still."""
    if versjon.i_kraft_fra is None:
        return part.status in access.MED
    # A version that was replaced on its first day was still a version for somebody.
    til = max(versjon.i_kraft_til or date.max, versjon.i_kraft_fra + timedelta(days=1))
    assert part.fra is not None
    return part.fra < til and (part.til is None or part.til > versjon.i_kraft_fra)


def _godkjenninger(
    versjon: Avtaleversjon, parter: Sequence[Avtalepart], arbeid: bool
) -> Sequence[Godkjenning]:
    """The links of the chains, in the order of the parties. For who sees the work all that count (of a version that was
    dropped all there were); for others those that were given by a party for which the agreement holds."""
    rekke = {p.organisasjon_id: nr for nr, p in enumerate(parter)}
    rader = db.session.scalars(
        sa.select(Godkjenning)
        .where(Godkjenning.avtaleversjon_id == versjon.id)
        .options(joinedload(Godkjenning.organisasjon), joinedload(Godkjenning.gitt_av))
        .execution_options(populate_existing=True)
    ).all()
    if arbeid:
        vist = [g for g in rader if g.opphevet is None or versjon.status == Status.FORKASTET]
    else:
        inne = {p.organisasjon_id for p in parter if p.fra is not None}
        vist = [g for g in rader if g.gitt is not None and g.opphevet is None and g.organisasjon_id in inne]
    return sorted(
        vist,
        key=lambda g: (
            rekke.get(g.organisasjon_id, len(rekke)),
            g.organisasjon.kortnavn,
            g.organisasjon_id,
            g.plass,
        ),
    )
