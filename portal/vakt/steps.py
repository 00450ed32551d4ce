"""What higher rooms ask of the rosters inside their own transaction: who is on call, and which step comes next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import KAN_SVARE, Rolle
from portal.core.clock import now
from portal.core.db import UtcTid, db
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.identitet.mottakere import mottakerfelt
from portal.identitet.vakttap import KommendeVakt
from portal.vakt.models import Eskaleringspolicy, Fravaer, Nivaa, Vakt, Vaktplan, Vakttelefon
from portal.vakt.turnus import LENGSTE_VAKT
from portal.varsler.models import Kanal
from portal.varsler.steps import Mottaker

#: Who has the case, as a level of a ladder.
ANSVARLIG = "ansvarlig"


@dataclass(frozen=True, slots=True)
class Paavakt:
    """Somebody on call: whose shift it is, and until when."""

    vakt_id: UUID
    vaktplan_id: UUID
    nivaa: str
    medlemskap_id: UUID
    mottaker: Mottaker
    fra: datetime
    til: datetime
    #: The ways to the telephone of the level that its roster has chosen.
    telefoner: tuple[tuple[Kanal, str], ...] = ()

    @property
    def person_id(self) -> UUID:
        return self.mottaker.person_id

    @property
    def navn(self) -> str:
        return self.mottaker.navn


def kan_ha_vakt(naa: Any = None) -> sa.ColumnElement[bool]:
    """Over (Vakt, Vaktplan, Medlemskap, Person): the membership counts then, and can open what comes to the roster.

    Whoever answers for the fagområde; at the level of the vaktleder also an organisation's vaktleder. `naa` is a
    moment or an expression for one; without it now is meant. That the membership is the shift's person's own is asked
    too: the shift names both.
    """
    return sa.and_(
        medlemskap_gyldig(now() if naa is None else naa),
        rett_til_vakt(),
    )


def rett_til_vakt() -> sa.ColumnElement[bool]:
    """As `kan_ha_vakt`, whatever the days of the membership: over a long time it is cut to them instead."""
    return sa.and_(
        Person.aktiv,
        Medlemskap.person_id == Vakt.person_id,
        Medlemskap.organisasjon_id == Vaktplan.organisasjon_id,
        sa.or_(
            sa.and_(Vakt.nivaa == Nivaa.VAKTLEDER, Medlemskap.rolle == Rolle.VAKTLEDER),
            sa.and_(
                Medlemskap.rolle.in_(KAN_SVARE),
                sa.exists().where(
                    MedlemskapFagomraade.medlemskap_id == Medlemskap.id,
                    MedlemskapFagomraade.fagomraade == Vaktplan.fagomraade,
                ),
            ),
        ),
    )


def er_borte(naa: datetime | sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Over (Vakt, Vaktplan): the shift's person is away from the organisation's rosters then."""
    return sa.exists().where(
        Fravaer.person_id == Vakt.person_id,
        Fravaer.organisasjon_id == Vaktplan.organisasjon_id,
        Fravaer.avlyst.is_(None),
        Fravaer.fra <= naa,
        Fravaer.til > naa,
    )


def _vakter_naa(*felt: Any) -> sa.Select[Any]:
    """The shifts that hold at `naa`, with the people who have them and the telephones of their levels.

    The levels are named so that the index finds each level's newest shifts, and never reads a plan's history.
    """
    naa: sa.BindParameter[datetime] = sa.bindparam("naa", type_=UtcTid())
    return (
        sa.select(
            Vakt.id,
            Vakt.vaktplan_id,
            Vakt.nivaa,
            Vakt.medlemskap_id,
            Vakt.fra,
            Vakt.til,
            *mottakerfelt(),
            Vakttelefon.nummer,
            Vakttelefon.sms,
            Vakttelefon.tale,
            *felt,
        )
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .outerjoin(
            Vakttelefon,
            sa.and_(Vakttelefon.vaktplan_id == Vakt.vaktplan_id, Vakttelefon.nivaa == Vakt.nivaa),
        )
        .where(
            Vaktplan.avsluttet.is_(None),
            Vakt.nivaa.in_(list(Nivaa)),
            Vakt.avlyst.is_(None),
            Vakt.fra <= naa,
            Vakt.fra > sa.bindparam("tidligst", type_=UtcTid()),
            Vakt.til > naa,
            kan_ha_vakt(naa),
            ~er_borte(naa),
        )
    )


@cache
def _paa_vakt_sporring() -> sa.Select[Any]:
    """Put together once: to build it anew for every request took longer than the database takes to answer."""
    return _vakter_naa().where(
        Vaktplan.organisasjon_id == sa.bindparam("organisasjon_id"),
        Vaktplan.fagomraade == sa.bindparam("fagomraade"),
    )


@cache
def _paa_vakt_hos_sporring() -> sa.Select[Any]:
    return _vakter_naa(Vaktplan.organisasjon_id, Vaktplan.fagomraade).where(
        Vaktplan.organisasjon_id.in_(sa.bindparam("organisasjoner", expanding=True))
    )


@cache
def _egne_naa_sporring() -> sa.Select[Any]:
    return (
        _vakter_naa()
        .where(Vakt.person_id == sa.bindparam("person_id"))
        .with_only_columns(Vakt.medlemskap_id)
        .distinct()
    )


@cache
def _egne_slutter_sporring() -> sa.Select[Any]:
    return _vakter_naa().where(Vakt.person_id == sa.bindparam("person_id")).with_only_columns(Vakt.til)


def roller_paa_vakt(person_id: UUID) -> set[UUID]:
    """The memberships in which the person is on call now."""
    naa = now()
    return set(
        db.session.scalars(
            _egne_naa_sporring(), {"naa": naa, "tidligst": naa - LENGSTE_VAKT, "person_id": person_id}
        )
    )


def vaktslutt(person_id: UUID) -> datetime | None:
    """When the last of the person's shifts of now ends; None where they have none."""
    naa = now()
    return max(
        db.session.scalars(
            _egne_slutter_sporring(), {"naa": naa, "tidligst": naa - LENGSTE_VAKT, "person_id": person_id}
        ),
        default=None,
    )


def paa_vakt(organisasjon_id: UUID, fagomraade: str, naa: datetime | None = None) -> dict[str, Paavakt]:
    """Who is on call now, by level. Levels that nobody has, or only somebody who is away, are not there."""
    naa = naa or now()
    rader = db.session.execute(
        _paa_vakt_sporring(),
        {
            "organisasjon_id": organisasjon_id,
            "fagomraade": fagomraade,
            "naa": naa,
            "tidligst": naa - LENGSTE_VAKT,
        },
    )
    return _etter_nivaa(rader, organisasjon_id)


def paa_vakt_hos(organisasjoner: Iterable[UUID]) -> dict[tuple[UUID, str], dict[str, Paavakt]]:
    """`paa_vakt` of all the rosters of many organisations: {(organisation, fagområde): {level: who}}, those alone that
    somebody is on call for. One statement for two hundred organisations."""
    naa = now()
    rader: dict[tuple[UUID, str], list[Any]] = {}
    alle = list(organisasjoner)
    for i in range(0, len(alle), 200):
        for r in db.session.execute(
            _paa_vakt_hos_sporring(),
            {"organisasjoner": alle[i : i + 200], "naa": naa, "tidligst": naa - LENGSTE_VAKT},
        ):
            rader.setdefault((r.organisasjon_id, r.fagomraade), []).append(r)
    return {koe: _etter_nivaa(gruppe, koe[0]) for koe, gruppe in rader.items()}


def _etter_nivaa(rader: Iterable[Any], organisasjon_id: UUID) -> dict[str, Paavakt]:
    return {
        r.nivaa: Paavakt(
            vakt_id=r.id,
            vaktplan_id=r.vaktplan_id,
            nivaa=r.nivaa,
            medlemskap_id=r.medlemskap_id,
            mottaker=Mottaker(r.person_id, r.navn, r.epost, r.spraak, organisasjon_id),
            fra=r.fra,
            til=r.til,
            telefoner=tuple(
                (kanal, r.nummer) for kanal, paa in ((Kanal.SMS, r.sms), (Kanal.TALE, r.tale)) if paa
            ),
        )
        for r in rader
    }


def kommende_vakter(person_id: UUID) -> list[KommendeVakt]:
    """The shifts that run or come, and that the person's roles give the right to: what ending a role takes away.

    Asked by the room of the roles through the factory (`identitet.vakttap`).
    """
    rader = db.session.execute(
        sa.select(Vakt.medlemskap_id, Vaktplan.fagomraade, Vakt.fra, Vakt.til)
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .where(
            Vakt.person_id == person_id,
            Vakt.avlyst.is_(None),
            Vakt.fra > now() - LENGSTE_VAKT,
            Vakt.til > now(),
            Vaktplan.avsluttet.is_(None),
            rett_til_vakt(),
            sa.or_(Medlemskap.gyldig_til.is_(None), Medlemskap.gyldig_til > Vakt.fra),
        )
        .order_by(Vakt.fra, Vakt.id)
    )
    return [KommendeVakt(*r) for r in rader]


def vakttelefoner(organisasjon_id: UUID, fagomraade: str) -> dict[str, Vakttelefon]:
    """The telephones of the roster, by level."""
    rader = db.session.scalars(
        sa.select(Vakttelefon)
        .join(Vaktplan, Vaktplan.id == Vakttelefon.vaktplan_id)
        .where(
            Vaktplan.organisasjon_id == organisasjon_id,
            Vaktplan.fagomraade == fagomraade,
            Vaktplan.avsluttet.is_(None),
        )
    )
    return {t.nivaa: t for t in rader}


def vakttelefoner_hos(organisasjoner: Iterable[UUID]) -> dict[tuple[UUID, str], dict[str, str]]:
    """`vakttelefoner` of all the rosters of many organisations, as {level: number}, where there is one."""
    ut: dict[tuple[UUID, str], dict[str, str]] = {}
    alle = list(organisasjoner)
    for i in range(0, len(alle), 200):
        for r in db.session.execute(
            sa.select(Vaktplan.organisasjon_id, Vaktplan.fagomraade, Vakttelefon.nivaa, Vakttelefon.nummer)
            .join(Vaktplan, Vaktplan.id == Vakttelefon.vaktplan_id)
            .where(Vaktplan.organisasjon_id.in_(alle[i : i + 200]), Vaktplan.avsluttet.is_(None))
        ):
            ut.setdefault((r.organisasjon_id, r.fagomraade), {})[r.nivaa] = r.nummer
    return ut


# --- the policy ------------------------------------------------------------------------------------------


class Ledd(NamedTuple):
    """A step of a ladder: who, and how many minutes after it began."""

    nivaa: str
    etter: int


@dataclass(frozen=True, slots=True)
class Policy:
    """How a request climbs: its steps in rising order, and how many times the whole is climbed again.

    `gjenta_etter`: minutes after the last step at which the next climb begins, or the ladder is at its end.
    """

    ledd: tuple[Ledd, ...]
    gjentakelser: int
    gjenta_etter: int

    def som_dict(self) -> dict[str, Any]:
        """Plain data, for the row of a running escalation: it keeps the policy that it began with."""
        return {
            "ledd": [list(led) for led in self.ledd],
            "gjentakelser": self.gjentakelser,
            "gjenta_etter": self.gjenta_etter,
        }

    @classmethod
    def fra_dict(cls, data: dict[str, Any]) -> Policy:
        return cls(tuple(Ledd(n, e) for n, e in data["ledd"]), data["gjentakelser"], data["gjenta_etter"])

    def for_ansvarlig(self) -> Policy:
        """The ladder of a case that somebody has: the responsible first, then the whole ladder after them.

        The vakthavende is in it: somebody is at work, while the responsible may have gone home. The responsible gets
        as long before the next is told as the policy gives the vakthavende, else `gjenta_etter`. Whoever has a level
        and the case is told once (`egne_nivaaer`): then the next level comes no later than that either.
        """
        skyv = self.gjenta_etter
        if self.ledd[0].nivaa == Nivaa.VAKTHAVENDE and len(self.ledd) > 1:
            skyv = self.ledd[1].etter
        return Policy(
            (Ledd(ANSVARLIG, 0), *(Ledd(led.nivaa, led.etter + skyv) for led in self.ledd)),
            self.gjentakelser,
            self.gjenta_etter,
        )


def egne_nivaaer(hvem: Mapping[str, UUID]) -> set[str]:
    """Of {level: person}, the levels that the responsible has too: passed by, since that person has been told."""
    ansvarlig = hvem.get(ANSVARLIG)
    return {n for n, person_id in hvem.items() if n != ANSVARLIG and person_id == ansvarlig}


#: Where an organisation has made none. To be accepted within 5 min, 30 min and 4 h, then one level up as often.
STANDARD = {
    hastegrad: Policy(
        (Ledd(Nivaa.VAKTHAVENDE, 0), Ledd(Nivaa.BAKVAKT, minutter), Ledd(Nivaa.VAKTLEDER, 2 * minutter)),
        gjentakelser=3,
        gjenta_etter=minutter,
    )
    for hastegrad, minutter in (("akutt", 5), ("haster", 30), ("vanlig", 240))
}


def policy_for(organisasjon_id: UUID, fagomraade: str, hastegrad: str) -> Policy:
    """The policy of a fagområde, else the organisation's, else the standard."""
    rad = db.session.execute(
        _POLICY,
        {"organisasjon_id": organisasjon_id, "fagomraader": [fagomraade, ""], "hastegrad": hastegrad},
    ).first()
    return STANDARD[hastegrad] if rad is None else policy_av(rad.ledd, rad.gjentakelser, rad.gjenta_etter)


def policyer_for(organisasjoner: Iterable[UUID]) -> Callable[[UUID, str, str], Policy]:
    """`policy_for` of many organisations, read at once: asked of what is given back."""
    egne = {
        (r.organisasjon_id, r.fagomraade, r.hastegrad): policy_av(r.ledd, r.gjentakelser, r.gjenta_etter)
        for r in db.session.scalars(
            sa.select(Eskaleringspolicy).where(
                Eskaleringspolicy.organisasjon_id.in_(list(organisasjoner)),
                Eskaleringspolicy.erstattet.is_(None),
            )
        )
    }

    def policy(organisasjon_id: UUID, fagomraade: str, hastegrad: str) -> Policy:
        fagets = egne.get((organisasjon_id, fagomraade, hastegrad))
        return fagets or egne.get((organisasjon_id, "", hastegrad)) or STANDARD[hastegrad]

    return policy


def policy_av(ledd: Iterable[dict[str, Any]], gjentakelser: int, gjenta_etter: int) -> Policy:
    """The policy of a row of `Eskaleringspolicy`."""
    return Policy(tuple(Ledd(led["nivaa"], led["etter"]) for led in ledd), gjentakelser, gjenta_etter)


#: "" sorts first: the fagområde's own comes before the one for all.
_POLICY = (
    sa.select(Eskaleringspolicy.ledd, Eskaleringspolicy.gjentakelser, Eskaleringspolicy.gjenta_etter)
    .where(
        Eskaleringspolicy.organisasjon_id == sa.bindparam("organisasjon_id"),
        Eskaleringspolicy.fagomraade.in_(sa.bindparam("fagomraader", expanding=True)),
        Eskaleringspolicy.hastegrad == sa.bindparam("hastegrad"),
        Eskaleringspolicy.erstattet.is_(None),
    )
    .order_by(Eskaleringspolicy.fagomraade.desc())
    .limit(1)
)


class Plass(NamedTuple):
    """Where the ladder goes on: which step, in which climb, and how long from now."""

    posisjon: int
    runde: int
    vent: timedelta


@dataclass(frozen=True, slots=True)
class Steg:
    """What is done when a step is due."""

    #: Levels that nobody has: skipped at once, never waited for.
    tomme: tuple[str, ...]
    #: Whom to tell; None when nobody was left in this climb.
    nivaa: str | None
    #: None: the ladder is at its end.
    neste: Plass | None
    #: Nobody at any level of the ladder.
    ingen: bool


def neste_steg(policy: Policy, posisjon: int, runde: int, bemannet: Collection[str]) -> Steg:
    """The step that is due at `posisjon` in climb `runde`, when these levels have somebody.

    An empty level is skipped at once; the time to the step after it is kept. After the last step of the ladder the
    next climb begins in `gjenta_etter` minutes. Where nobody is left above in this climb, but somebody below, there is
    nobody to wait for either: the next climb begins now (`vent` 0). Where the whole ladder is empty, it is tried again
    after the pause. Past the last climb, `posisjon` is the number of steps, and the ladder ends.
    """
    if posisjon >= len(policy.ledd):
        return Steg((), None, None, ingen=False)
    tomme: list[str] = []
    for i in range(posisjon, len(policy.ledd)):
        if policy.ledd[i].nivaa in bemannet:
            return Steg(tuple(tomme), policy.ledd[i].nivaa, _etter(policy, i, runde), ingen=False)
        tomme.append(policy.ledd[i].nivaa)
    ingen = not any(led.nivaa in bemannet for led in policy.ledd)
    neste = _etter(policy, len(policy.ledd) - 1, runde)
    return Steg(tuple(tomme), None, neste if ingen else neste._replace(vent=timedelta()), ingen=ingen)


def _etter(policy: Policy, posisjon: int, runde: int) -> Plass:
    if posisjon + 1 < len(policy.ledd):
        minutter = policy.ledd[posisjon + 1].etter - policy.ledd[posisjon].etter
        return Plass(posisjon + 1, runde, timedelta(minutes=minutter))
    pause = timedelta(minutes=policy.gjenta_etter)
    if runde < policy.gjentakelser:
        return Plass(0, runde + 1, pause)
    return Plass(len(policy.ledd), runde, pause)
