"""The demo's rosters: rotations among the demo's people, with a gap or two as real rosters have.

The telephone numbers begin with zeros, which no telephone can ring. Nobody is told of what the seed writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now, som_om
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.core.sprak import _
from portal.identitet.demo import (
    ALTA,
    DEMO,
    FINNMARKSSYKEHUSET,
    HELSE_BERGEN,
    HELSE_STAVANGER,
    finnes_demo,
)
from portal.identitet.models import Medlemskap, Organisasjon, Person
from portal.revisjon.steps import logg
from portal.vakt import skriving
from portal.vakt.models import (
    Dagtype,
    Fravaer,
    Nivaa,
    Rotasjon,
    Rotasjonsdeltaker,
    Vaktplan,
    Vakttelefon,
)
from portal.vakt.service import rotasjoner

#: So far back that the demo's older cases found somebody on call.
_TILBAKE = timedelta(weeks=5)
_ALLE = tuple(Dagtype)
_FRIE = (Dagtype.HELG, Dagtype.HELLIGDAG)
_DEMO = Aktor.system("demo")


@dataclass(frozen=True, slots=True)
class Demorotasjon:
    """A rule at a level, among the keys of `identitet.demo.DEMO`."""

    nivaa: Nivaa
    folk: tuple[str, ...]
    dager: int = 7
    klokke: tuple[str, str] = ("08:00", "08:00")
    dagtyper: tuple[Dagtype, ...] = _ALLE


@dataclass(frozen=True, slots=True)
class Demoplan:
    organisasjon: str
    fagomraade: str
    rotasjoner: tuple[Demorotasjon, ...]


def _vakt(*folk: str, dager: int = 7) -> Demorotasjon:
    return Demorotasjon(Nivaa.VAKTHAVENDE, folk, dager)


def _bak(*folk: str, dager: int = 7) -> Demorotasjon:
    return Demorotasjon(Nivaa.BAKVAKT, folk, dager)


_LEDER = Demorotasjon(Nivaa.VAKTLEDER, ("vaktleder",))

PLANER = (
    Demoplan(
        FINNMARKSSYKEHUSET,
        "indremedisin",
        (
            _vakt("spesialist", "spesialist_hjerte", dager=1),
            _bak("spesialist_hjerte", "spesialist", dager=1),
            _LEDER,
        ),
    ),
    Demoplan(FINNMARKSSYKEHUSET, "geriatri", (_vakt("spesialist", "flere_roller"), _LEDER)),
    # Weekdays till half past three, then the evening and night: the same hour ends one and begins the other.
    Demoplan(
        FINNMARKSSYKEHUSET,
        "hjertesykdommer",
        (
            Demorotasjon(
                Nivaa.VAKTHAVENDE, ("spesialist_hjerte",), 5, ("08:00", "15:30"), (Dagtype.HVERDAG,)
            ),
            Demorotasjon(
                Nivaa.VAKTHAVENDE, ("spesialist_hjerte",), 5, ("15:30", "08:00"), (Dagtype.HVERDAG,)
            ),
            Demorotasjon(Nivaa.VAKTHAVENDE, ("spesialist_hjerte",), 2, ("08:00", "08:00"), _FRIE),
            _LEDER,
        ),
    ),
    Demoplan(FINNMARKSSYKEHUSET, "lungesykdommer", (_vakt("spesialist_hjerte"), _LEDER)),
    Demoplan(FINNMARKSSYKEHUSET, "infeksjonssykdommer", (_vakt("spesialist"), _LEDER)),
    Demoplan(FINNMARKSSYKEHUSET, "palliasjon", (_vakt("flere_roller"), _LEDER)),
    Demoplan(FINNMARKSSYKEHUSET, "kirurgi", (_vakt("spesialist_kirurgi"), _LEDER)),
    Demoplan(FINNMARKSSYKEHUSET, "ortopedi", (_vakt("spesialist_kirurgi"), _LEDER)),
    Demoplan(ALTA, "utskrivning", (_vakt("sykepleier"),)),
    Demoplan(ALTA, "sykehjem", (_vakt("sykepleier", "sykehjemslege"), _bak("sykehjemslege", "sykepleier"))),
    Demoplan(HELSE_STAVANGER, "indremedisin", (_vakt("spesialist_stavanger"),)),
    Demoplan(HELSE_BERGEN, "geriatri", (_vakt("spesialist_bergen"),)),
)
#: Away for some days a few weeks from now: a gap that the coverage shows, and that nobody has mended yet.
_BORTE, _BORTE_OM, _BORTE_I = "spesialist_kirurgi", timedelta(weeks=3), timedelta(days=5)


def skal_saas() -> bool:
    """Whether there are demo people and not a single roster."""
    return finnes_demo() and not db.session.scalar(sa.select(sa.exists().where(Vaktplan.id.is_not(None))))


def saa_vakter() -> None:
    """Makes the demo's plans, telephones and a year of shifts, from five weeks ago. Raises IkkeTilgang."""
    if not innstillinger().demo:
        raise IkkeTilgang(_("Demodata finnes bare i demomodus."))
    with som_om(now() - _TILBAKE):
        _lag_planer()
        rotasjoner.fyll_fram()
    rotasjoner.fyll_fram()
    _meld_borte()


@transactional
def _lag_planer() -> None:
    for nummer, plan in enumerate(PLANER, start=1):
        _lag_plan(plan, nummer)
    logg(_DEMO, "demo.saadd", "register", "vaktplaner", vaktplaner=len(PLANER))


def _lag_plan(demo: Demoplan, nummer: int) -> None:
    organisasjon_id = db.session.scalars(
        sa.select(Organisasjon.id).where(
            sa.or_(
                Organisasjon.organisasjonsnummer == demo.organisasjon, Organisasjon.kode == demo.organisasjon
            ),
            Organisasjon.nedlagt.is_(None),
        )
    ).one()
    plan = Vaktplan(id=uuid4(), organisasjon_id=organisasjon_id, fagomraade=demo.fagomraade, opprettet=now())
    db.session.add(plan)
    db.session.flush()
    i_dag = skriving.i_dag()
    for rekke, nivaa in enumerate(dict.fromkeys(r.nivaa for r in demo.rotasjoner)):
        # To be rung by people alone: a demo sends no text messages.
        db.session.add(
            Vakttelefon(
                vaktplan_id=plan.id, nivaa=nivaa, nummer=f"+4700001{nummer:02}{rekke}", sms=False, tale=False
            )
        )
    for r in demo.rotasjoner:
        # In a demo house that an older portal made, or where somebody has ended a role, not all of them are there.
        folk = [m for m in (_medlemskap(plan, r.nivaa, noekkel) for noekkel in r.folk) if m is not None]
        if not folk:
            continue
        db.session.add(
            Rotasjon(
                id=uuid4(),
                vaktplan_id=plan.id,
                nivaa=r.nivaa,
                # Turns of a week begin on Mondays.
                gjelder_fra=i_dag - timedelta(days=i_dag.weekday()),
                klokke_fra=r.klokke[0],
                klokke_til=r.klokke[1],
                dagtyper=[str(d) for d in r.dagtyper],
                dager_per_tur=r.dager,
                laget_til=i_dag - timedelta(days=i_dag.weekday()),
                opprettet=now(),
                deltakere=[
                    Rotasjonsdeltaker(plass=plass, medlemskap_id=medlemskap_id)
                    for plass, medlemskap_id in enumerate(folk)
                ],
            )
        )


def _medlemskap(plan: Vaktplan, nivaa: str, noekkel: str) -> UUID | None:
    """The membership in which a demo person may have the level; None: there is none (any more)."""
    return next((m.id for m in skriving.mulige(plan, nivaa) if m.person.epost == DEMO[noekkel]), None)


@transactional
def _meld_borte() -> None:
    medlemskap = db.session.scalars(
        sa.select(Medlemskap)
        .join(Person, Person.id == Medlemskap.person_id)
        .where(Person.epost == DEMO[_BORTE])
        .limit(1)
    ).one()
    fra = now().replace(minute=0, second=0, microsecond=0) + _BORTE_OM
    fravaer = Fravaer(
        id=uuid4(),
        organisasjon_id=medlemskap.organisasjon_id,
        person_id=medlemskap.person_id,
        fra=fra,
        til=fra + _BORTE_I,
        opprettet=now(),
        opprettet_av_id=medlemskap.person_id,
    )
    db.session.add(fravaer)
    logg(_DEMO, "vakt.fravaer_registrert", "fravaer", fravaer.id, person=fravaer.person_id)
