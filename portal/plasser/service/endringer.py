"""The last changes of a unit's beds and why they were made, for who sees its stays. Reads alone.

Others do not see them: when a bed was taken and given back is one person's stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.identitet.models import Organisasjon, Person
from portal.plasser import access
from portal.plasser.access import Handling
from portal.plasser.forloep import Laan
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Plass

#: So many are shown.
ANTALL = 20


@dataclass(frozen=True, slots=True)
class Endring:
    """A change of a bed. `tilstand`: what it was from then on, or «nedlagt»; `navn`: who made it, else the portal."""

    plass: str
    tidspunkt: datetime
    tilstand: str
    stengt_grunn: str
    bemannet: bool
    #: What it was before: None for its first.
    foer: tuple[str, bool] | None
    aarsak: str
    #: Whose staff came, or who got it.
    organisasjon: str
    navn: str

    @property
    def bemanning_endret(self) -> bool:
        return self.foer is not None and self.foer[1] != self.bemannet

    @property
    def reist(self) -> bool:
        """Borrowed staff that a loan's end had left at a held bed went when the hold ended."""
        ord_ = self.aarsak.partition(":")[0]
        return self.bemanning_endret and not self.bemannet and ord_ in AV_ET_HOLD


#: What ends a hold.
AV_ET_HOLD = frozenset({"innlagt", "utloept", "frigitt", "avvist"})


def hent_siste(aktor: Aktor, plassenhet_id: UUID) -> Sequence[Endring]:
    """The unit's last changes, the newest first; what was corrected is left out. Raises IkkeFunnet, or IkkeTilgang for
    who may not see the stays."""
    enhet = access.hent(aktor, Handling.SE_OPPHOLD, plassenhet_id)
    e, f = aliased(Plassendring), aliased(Plassendring)
    # The row before it of the same bed, by when it was so: a correction is written later than what follows it.
    nr_foer = (
        sa.select(f.nr)
        .where(
            f.plass_id == e.plass_id,
            sa.or_(f.tidspunkt < e.tidspunkt, sa.and_(f.tidspunkt == e.tidspunkt, f.nr < e.nr)),
            f.rettet.is_(None),
        )
        .order_by(f.tidspunkt.desc(), f.nr.desc())
        .limit(1)
        .correlate(e)
        .scalar_subquery()
    )
    foer = aliased(Plassendring)
    sporring = (
        sa.select(
            Plass.navn.label("plass"),
            e.tidspunkt,
            e.tilstand,
            e.stengt_grunn,
            e.bemannet,
            e.aarsak,
            foer.tilstand.label("foer_tilstand"),
            foer.bemannet.label("foer_bemannet"),
            Person.navn,
        )
        .join(Plass, Plass.id == e.plass_id)
        .outerjoin(foer, sa.and_(foer.plass_id == e.plass_id, foer.nr == nr_foer))
        .outerjoin(Person, Person.id == e.person_id)
        .where(e.plassenhet_id == enhet.id, e.rettet.is_(None))
        .order_by(e.tidspunkt.desc(), e.plass_id, e.nr.desc())
        .limit(ANTALL)
    )
    rader = db.session.execute(sporring).all()
    hvem = {r.aarsak: _organisasjon(r.aarsak) for r in rader}
    navn: dict[UUID, str] = {
        r.id: r.kortnavn
        for r in db.session.execute(
            sa.select(Organisasjon.id, Organisasjon.kortnavn).where(
                Organisasjon.id.in_([i for i in hvem.values() if i is not None])
            )
        )
    }
    return [
        Endring(
            r.plass,
            r.tidspunkt,
            r.tilstand,
            r.stengt_grunn,
            r.bemannet,
            None if r.foer_tilstand is None else (r.foer_tilstand, r.foer_bemannet),
            r.aarsak,
            navn.get(id_, "") if (id_ := hvem[r.aarsak]) is not None else "",
            r.navn or "",
        )
        for r in rader
    ]


def _organisasjon(aarsak: str) -> UUID | None:
    """With whom, of a loan; the older ones do not say."""
    hva, _skille, id_ = aarsak.partition(":")
    if not id_ or not hva.startswith(tuple(f"laan_{retning}" for retning in Laan)):
        return None
    return UUID(id_)
