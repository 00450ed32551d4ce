"""What the tests of escalations share: a roster, a clock that is set, and what has been told to whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import som_om
from portal.core.db import db
from portal.henvendelser.eskalering import service
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn
from portal.henvendelser.forloep import Hendelsestype
from portal.henvendelser.models import Hendelse
from portal.identitet.models import Person
from portal.vakt.models import Nivaa, Vaktplan
from portal.varsler.models import Utsending, Varsel
from tests.bygg import Scene, logg_over
from tests.vakthjelp import lag_vakt, lag_vaktplan

#: A Monday morning in June, in Oslo; later than the memberships of the scene began.
T0 = datetime(2031, 6, 9, 7, 0, tzinfo=UTC)


@contextmanager
def kl(minutter: float) -> Iterator[None]:
    """So many minutes after T0."""
    with som_om(T0 + timedelta(minutes=minutter)):
        yield


def vaktlag(
    scene: Scene,
    *,
    fag: str = "indremedisin",
    vakthavende: Aktor | None = None,
    bakvakt: Aktor | None = None,
    vaktleder: Aktor | None = None,
    timer: float = 48,
) -> Vaktplan:
    """A roster from an hour before T0 with those who are named."""
    with kl(-60):
        plan = lag_vaktplan(scene.hf.id, fag)
        for nivaa, aktor in (
            (Nivaa.VAKTHAVENDE, vakthavende),
            (Nivaa.BAKVAKT, bakvakt),
            (Nivaa.VAKTLEDER, vaktleder),
        ):
            if aktor is not None:
                lag_vakt(plan, aktor, nivaa, til=T0 + timedelta(hours=timer))
    return plan


def fullt_lag(scene: Scene) -> Vaktplan:
    return vaktlag(scene, vakthavende=scene.spesialist, bakvakt=scene.spesialist2, vaktleder=scene.vaktleder)


def ved(minutter: float) -> int:
    """What the worker takes at that moment."""
    with kl(minutter):
        return service.kjoer_forfalte()


def minutt_for_minutt(fra: int, til: int) -> list[int]:
    """Lets the worker look every minute; gives the minutes at which something was taken."""
    return [m for m in range(fra, til + 1) if ved(m)]


def fortalt(kode: str | None = None, *, bare_gjeldende: bool = False) -> list[tuple[float, str, str]]:
    """(minutes after T0, code, name) of each notice, in order."""
    db.session.rollback()
    sporring = sa.select(Varsel.opprettet, Varsel.kode, Person.navn).join(Person)
    if kode is not None:
        sporring = sporring.where(Varsel.kode == kode)
    if bare_gjeldende:
        sporring = sporring.where(Varsel.stoppet.is_(None))
    return [
        ((tid - T0) / timedelta(minutes=1), k, navn)
        for tid, k, navn in db.session.execute(sporring.order_by(Varsel.opprettet, Varsel.kode, Person.navn))
    ]


def venter_paa_aa_sendes() -> int:
    """Messages in the outbox of the notices that have neither left nor been stopped."""
    db.session.rollback()
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Utsending)
            .where(Utsending.varsel_id.is_not(None), Utsending.sendt.is_(None), Utsending.stoppet.is_(None))
        )
        or 0
    )


def eskaleringer(sak_id: UUID) -> list[Eskalering]:
    """The timers of a case as they began; of those that began together, as they ended."""
    db.session.rollback()
    db.session.expire_all()
    rader = db.session.scalars(sa.select(Eskalering).where(Eskalering.henvendelse_id == sak_id))
    return sorted(rader, key=lambda e: (e.start, e.avsluttet or datetime.max.replace(tzinfo=UTC)))


def loepende(sak_id: UUID) -> dict[str, float]:
    """The running timers of a case: kind → minutes after T0 at which they are due."""
    return {
        e.slag: (e.neste - T0) / timedelta(minutes=1) for e in eskaleringer(sak_id) if e.avsluttet is None
    }


def trinn(sak_id: UUID) -> list[tuple[float, str, str, str]]:
    """(minutes after T0, level, outcome, name) of each step of all the case's ladders."""
    db.session.rollback()
    rader = db.session.execute(
        sa.select(Eskaleringstrinn)
        .join(Eskalering)
        .where(Eskalering.henvendelse_id == sak_id)
        .order_by(Eskalering.start, Eskaleringstrinn.tidspunkt, Eskaleringstrinn.nummer)
    ).scalars()
    return [((r.tidspunkt - T0) / timedelta(minutes=1), r.nivaa, r.utfall, r.navn) for r in rader]


def eskalert(sak_id: UUID) -> list[Hendelse]:
    """The rows of the log that tell of steps."""
    return [h for h in logg_over(sak_id) if h.type == Hendelsestype.ESKALERT]
