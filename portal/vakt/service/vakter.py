"""Shifts: put in, overridden, called off, taken now and given back, and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import hele_sekunder, now, oslo, oslo_til_utc
from portal.core.db import db, transactional
from portal.core.errors import Konflikt, Opptatt, UgyldigData, Utdatert
from portal.core.sprak import _, _l
from portal.identitet.models import Medlemskap
from portal.revisjon.steps import logg
from portal.vakt import access, dobbelt, skriving, steps
from portal.vakt.access import Handling
from portal.vakt.models import Nivaa, Vakt, Vaktkilde, Vaktplan
from portal.vakt.tidsord import klokkeslett, tidsrom

#: Where nobody comes after, who takes an empty level has it for this long.
TA_HOEYST = timedelta(hours=12)
#: No more than this of a longer shift is proposed: to the hour at which it ends, never the middle of the night.
TA_FORESLAAS = timedelta(days=1)
#: So many of one's own shifts are listed at a time.
PR_SIDE = 50
#: For so long what was taken can be given back: later whoever had it counts on being off.
ANGRES = timedelta(minutes=30)
#: Who took a level is not pushed aside at once by another who pressed at the same moment.
NETTOPP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kandidat:
    """Somebody who may have a level."""

    medlemskap_id: UUID
    person_id: UUID
    navn: str
    rolle: str
    enhet: str


@transactional
def legg_inn(
    aktor: Aktor, plan_id: UUID, nivaa: str, medlemskap_id: UUID, fra: datetime, til: datetime
) -> UUID:
    """Puts in one shift where nobody has the level. The person is told.

    Raises UgyldigData, or Konflikt (`overlapper`) that says who has it and when.
    """
    plan = _hent_for_skriving(aktor, plan_id)
    nivaa = skriving.krev_nivaa(nivaa)
    skriving.krev_tid(fra, til)
    medlemskap = skriving.krev_egnet(plan, nivaa, medlemskap_id, fra, til)
    skriving.krev_ledig(plan.id, nivaa, fra, til)
    vakt = skriving.legg_til(aktor, plan, nivaa, medlemskap, fra, til, Vaktkilde.ENKELT)
    _loggfoer(aktor, "vakt.lagt_inn", vakt)
    skriving.endret(plan)
    skriving.fortell_ny(aktor, plan, vakt)
    return vakt.id


@transactional
def overstyr(
    aktor: Aktor,
    plan_id: UUID,
    nivaa: str,
    medlemskap_id: UUID,
    fra: datetime,
    til: datetime,
    *,
    versjon: int | None = None,
) -> UUID:
    """Gives [fra, til) of a level to somebody, whoever had it. Who had it, and who gets it, are told.

    What has been is not rewritten: an override that began before now begins now. What is left of a shift that is
    cut stays with its person. `versjon` is the plan's as the form was opened with: Utdatert when the roster has
    changed since, so that of two who override at once one wins and the other sees it. The same again changes nothing.
    """
    plan = _hent_for_skriving(aktor, plan_id)
    nivaa = skriving.krev_nivaa(nivaa)
    skriving.krev_tid(fra, til)
    # Whoever gets it has the role now; the roster has the whole second, as a calendar file does.
    egnet_fra = max(fra, now())
    fra = hele_sekunder(egnet_fra)
    rammet = skriving.overlappende(plan.id, nivaa, fra, til)
    if lik := next(
        (v for v in rammet if (v.medlemskap_id, v.til) == (medlemskap_id, til) and v.fra <= fra), None
    ):
        return lik.id
    if versjon is not None and plan.versjon != versjon:
        raise Utdatert(_("Vaktplanen er endret etter at du åpnet den. Se endringen, og overstyr på nytt."))
    medlemskap = skriving.krev_egnet(plan, nivaa, medlemskap_id, egnet_fra, til)
    return _erstatt(aktor, plan, nivaa, medlemskap, fra, til, rammet, Vaktkilde.OVERSTYRING).id


@transactional
def ta_naa(
    aktor: Aktor,
    plan_id: UUID,
    nivaa: str,
    til: datetime | None = None,
    *,
    fra_vakt_id: UUID | EllipsisType | None = ...,
    bekreftet: bool = False,
) -> UUID:
    """The actor takes a level from now `til` a moment; without one as `foreslaa_ta` proposes.

    Never past the end of the running shift, or the beginning of the next where nobody has the level. `fra_vakt_id` is
    the shift that the actor saw, None where nobody had the level: Utdatert when another has it now. `bekreftet`: that
    one has another level of the plan at the same time is meant; UgyldigData without it.
    Only who may have the level: IkkeTilgang else. Who had it is told. Of two who take it at once the second gets
    Opptatt that says who was first. Raises Konflikt (`har_vakten`, `borte`) when the actor has it already, or is away,
    and UgyldigData for an end that cannot be.
    """
    plan = access.hent_plan(aktor, Handling.SE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    nivaa = skriving.krev_nivaa(nivaa)
    naa = now()
    g = _grunnlag(aktor, plan, nivaa, naa)
    if fra_vakt_id is not ... and fra_vakt_id != (g.vakt.id if g.vakt else None):
        raise Utdatert(
            _("Vakten har skiftet hender mens du så på. Se hvem som har den nå, og ta den på nytt.")
        )
    til = g.forslag(naa) if til is None else g.krev_slutt(naa, til)
    skriving.krev_egnet(plan, nivaa, g.medlemskap.id, naa, til)
    # From the whole second, as a calendar file has it: no gap before it, and no overlap.
    fra = hele_sekunder(naa)
    dobbelt.krev_bekreftet(_doble(plan, nivaa, g.medlemskap, naa, til), plan.fagomraade, bekreftet)
    rammet = skriving.overlappende(plan.id, nivaa, fra, naa + timedelta.resolution)
    return _erstatt(aktor, plan, nivaa, g.medlemskap, fra, til, rammet, Vaktkilde.TATT).id


@dataclass(frozen=True, slots=True)
class _Grunnlag:
    """What somebody takes over who takes a level now: in which role, from which shift, and until when at most."""

    medlemskap: Medlemskap
    vakt: Vakt | None
    senest: datetime

    def forslag(self, naa: datetime) -> datetime:
        """Until the running shift's end, or the same hour within a day: never a whole week by one press."""
        if self.senest - naa <= TA_FORESLAAS:
            return self.senest
        klokka = oslo(self.senest).time()
        i_dag = oslo_til_utc(oslo(naa).date(), klokka)
        return i_dag if i_dag > naa else oslo_til_utc(oslo(naa).date() + timedelta(days=1), klokka)

    def krev_slutt(self, naa: datetime, til: datetime) -> datetime:
        """The end that was asked for. A form knows no seconds: the whole minute of the last moment is that moment."""
        if self.senest.replace(second=0, microsecond=0) <= til <= self.senest:
            return self.senest
        if til <= naa:
            raise UgyldigData(felter={"til": [_("Velg et tidspunkt som ikke har vært ennå.")]})
        if til > self.senest:
            raise UgyldigData(
                felter={
                    "til": [_("Du kan ikke ta vakten lenger enn til %(tid)s.", tid=klokkeslett(self.senest))]
                }
            )
        return til


def _grunnlag(aktor: Aktor, plan: Vaktplan, nivaa: Nivaa, naa: datetime) -> _Grunnlag:
    medlemskap = None
    if aktor.person_id is not None:
        # A moment is enough to ask for: it is taken for no longer than the role lasts.
        medlemskap = skriving.medlemskap_for(
            aktor.person_id, plan, nivaa, naa, naa + timedelta(minutes=1), helst=aktor.medlemskap_id
        )
    if medlemskap is None:
        access.nekt(aktor, Handling.REDIGERE, "vaktplan", plan.id, finnes=True)
    naavaerende = next(iter(skriving.overlappende(plan.id, nivaa, naa, naa + timedelta.resolution)), None)
    if naavaerende is not None:
        _krev_kan_avloeses(aktor, naavaerende, naa)
        til = naavaerende.til
    else:
        neste = skriving.overlappende(plan.id, nivaa, naa, naa + TA_HOEYST)
        til = neste[0].fra if neste else hele_sekunder(naa + TA_HOEYST)
    if medlemskap.gyldig_til is not None:
        til = min(til, hele_sekunder(medlemskap.gyldig_til))
    borte = skriving.fravaer_i(medlemskap.person_id, plan.organisasjon_id, naa, til)
    if borte is not None and borte.fra <= naa:
        raise Konflikt(
            _("Du er meldt borte %(tid)s. Avlys fraværet først.", tid=tidsrom(borte.fra, borte.til)),
            kode="borte",
        )
    return _Grunnlag(medlemskap, naavaerende, min(til, borte.fra) if borte else til)


def _krev_kan_avloeses(aktor: Aktor, vakt: Vakt, naa: datetime) -> None:
    if vakt.person_id == aktor.person_id:
        raise Konflikt(
            _("Du har vakten allerede, %(tid)s.", tid=tidsrom(vakt.fra, vakt.til)), kode="har_vakten"
        )
    if vakt.kilde == Vaktkilde.TATT and vakt.opprettet > naa - NETTOPP:
        raise Opptatt(
            _(
                "%(navn)s tok vakten rett før deg. Avtal med %(navn)s før du eventuelt tar den.",
                navn=vakt.person.navn,
            )
        )


def _erstatt(
    aktor: Aktor,
    plan: Vaktplan,
    nivaa: Nivaa,
    medlemskap: Medlemskap,
    fra: datetime,
    til: datetime,
    rammet: Sequence[Vakt],
    kilde: Vaktkilde,
) -> Vakt:
    """Puts a shift in the place of what it covers of others."""
    skriving.kutt(rammet, fra, til)
    vakt = skriving.legg_til(aktor, plan, nivaa, medlemskap, fra, til, kilde)
    handling = "vakt.tatt" if kilde == Vaktkilde.TATT else "vakt.overstyrt"
    _loggfoer(aktor, handling, vakt, erstatter=[str(v.id) for v in rammet])
    skriving.endret(plan)
    skriving.glem(rammet)
    for former in rammet:
        if former.person_id != medlemskap.person_id:
            skriving.fortell_mistet(aktor, plan, former, vakt, medlemskap.person.navn)
    skriving.fortell_ny(aktor, plan, vakt)
    return vakt


@transactional
def gi_tilbake(aktor: Aktor, vakt_id: UUID) -> UUID:
    """Who has just taken a shift gives what is left of it back to whoever had it. They are told at once, by what wakes.

    What comes after, which they have all along, is joined to it: one shift, and nothing that begins in its middle.
    Within half an hour: later the other counts on being off. Raises IkkeTilgang for another's shift, and Konflikt when
    it is too late, when nobody had it before, or when they cannot have it any more. Why not is theirs to tell.
    """
    plan_id = access.hent_egen_vakt(aktor, vakt_id).vaktplan_id
    plan = access.hent_plan(aktor, Handling.SE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    vakt = access.hent_egen_vakt(aktor, vakt_id)
    db.session.refresh(vakt)
    naa = now()
    former = tatt_fra(vakt, naa)
    if former is None:
        raise Konflikt(
            _("Vakten kan ikke gis tilbake nå. Den som skal ha den, tar den selv med «Ta vakten nå»."),
            kode="for_sent",
        )
    medlemskap = skriving.medlemskap_for(
        former.person_id, plan, vakt.nivaa, naa, vakt.til, helst=former.medlemskap_id
    )
    if medlemskap is None or skriving.fravaer_i(former.person_id, plan.organisasjon_id, naa, vakt.til):
        raise Konflikt(
            _(
                "%(navn)s kan ikke ta vakten tilbake. Avtal med en annen, eller snakk med koordinatoren.",
                navn=former.person.navn,
            ),
            kode="kan_ikke",
        )
    rest = _fortsettelse(vakt, former, medlemskap)
    fra, til = hele_sekunder(naa), rest.til if rest else vakt.til
    skriving.kutt([vakt, rest] if rest else [vakt], fra, til)
    # Not as «taken», which could be given back in its turn, and to the wrong one.
    kilde = Vaktkilde.ENKELT if former.kilde == Vaktkilde.TATT else Vaktkilde(former.kilde)
    ny = skriving.legg_til(
        aktor, plan, vakt.nivaa, medlemskap, fra, til, kilde, rotasjon_id=former.rotasjon_id
    )
    _loggfoer(aktor, "vakt.gitt_tilbake", ny, erstatter=[str(vakt.id)])
    skriving.endret(plan)
    skriving.glem([vakt, rest] if rest else [vakt])
    skriving.fortell_ny(
        aktor,
        plan,
        ny,
        tekst=_l(
            "%(navn)s tok vakten, og har gitt den tilbake. Den er din nå, %(tid)s.",
            navn=aktor.navn,
            tid=tidsrom(fra, til),
        ),
        hastegrad="haster",
    )
    return ny.id


def _fortsettelse(vakt: Vakt, former: Vakt, medlemskap: Medlemskap) -> Vakt | None:
    """What was left of the former shift after one that is given back, as long as they make one shift together."""
    return next(
        (
            v
            for v in skriving.overlappende(vakt.vaktplan_id, vakt.nivaa, vakt.til, former.til)
            if (v.fra, v.til, v.medlemskap_id, v.kilde, v.rotasjon_id)
            == (vakt.til, former.til, medlemskap.id, former.kilde, former.rotasjon_id)
        ),
        None,
    )


def tatt_fra(vakt: Vakt, naa: datetime) -> Vakt | None:
    """The shift that one which was just taken came in the place of; None where it cannot be given back any more."""
    tidligst = naa - ANGRES
    if vakt.kilde != Vaktkilde.TATT or vakt.avlyst is not None or vakt.til <= naa or vakt.fra < tidligst:
        return None
    return db.session.scalars(
        sa.select(Vakt)
        .where(
            Vakt.vaktplan_id == vakt.vaktplan_id,
            Vakt.nivaa == vakt.nivaa,
            Vakt.person_id != vakt.person_id,
            # Written in one transaction: the former is called off first.
            Vakt.avlyst > vakt.fra - skriving.SAMTIDIG,
            Vakt.avlyst < vakt.fra + skriving.SAMTIDIG,
            Vakt.fra > vakt.fra - skriving.LENGSTE_VAKT,
            Vakt.fra <= vakt.fra,
            Vakt.til > vakt.fra,
        )
        .options(joinedload(Vakt.person))
        .order_by(Vakt.avlyst.desc())
        .limit(1)
    ).first()


@transactional
def avlys(aktor: Aktor, vakt_id: UUID) -> None:
    """Calls a shift off: nobody has the level then. Of one that runs, what has been stays. The person is told.

    Raises Konflikt when it is over, or was changed meanwhile.
    """
    plan_id = access.hent_vakt(aktor, Handling.REDIGERE, vakt_id).vaktplan_id
    plan = _hent_for_skriving(aktor, plan_id)
    vakt = access.hent_vakt(aktor, Handling.REDIGERE, vakt_id)
    db.session.refresh(vakt)
    if vakt.avlyst is not None:
        raise Konflikt(_("Vakten er alt endret. Last siden på nytt, og se hvem som har den."), kode="endret")
    naa = now()
    if vakt.til <= naa:
        raise Konflikt(_("Vakten er over, og kan ikke avlyses."), kode="over")
    skriving.avlys_fra([vakt], naa)
    _loggfoer(aktor, "vakt.avlyst", vakt)
    skriving.endret(plan)
    skriving.glem([vakt])
    skriving.fortell_mistet(aktor, plan, vakt, None)


def _hent_for_skriving(aktor: Aktor, plan_id: UUID) -> Vaktplan:
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    return plan


def _loggfoer(aktor: Aktor, handling: str, vakt: Vakt, **mer: Any) -> None:
    logg(
        aktor,
        handling,
        "vakt",
        vakt.id,
        vaktplan_id=vakt.vaktplan_id,
        nivaa=vakt.nivaa,
        vakthavende=vakt.person_id,
        fra=vakt.fra,
        til=vakt.til,
        **mer,
    )


# --- reading ---------------------------------------------------------------------------------------------


def hent_vakter(aktor: Aktor, plan_id: UUID, fra: datetime, til: datetime) -> list[Vakt]:
    """The shifts of a plan that touch [fra, til), with their people, by level and time. Raises IkkeFunnet."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    vakter = db.session.scalars(
        sa.select(Vakt)
        # The levels are named so that the index finds each level's own, and never reads a plan's history.
        .where(Vakt.vaktplan_id == plan.id, Vakt.nivaa.in_(list(Nivaa)), skriving.i_tidsrommet(fra, til))
        .options(joinedload(Vakt.person))
    )
    rekke = list(Nivaa)
    return sorted(vakter, key=lambda v: (rekke.index(Nivaa(v.nivaa)), v.fra))


def mine_vakter(aktor: Aktor, fra: datetime, til: datetime) -> list[Vakt]:
    """The actor's own shifts that touch [fra, til), in every plan, by time."""
    if aktor.person_id is None:
        return []
    return list(
        db.session.scalars(
            sa.select(Vakt)
            .where(Vakt.person_id == aktor.person_id, skriving.i_tidsrommet(fra, til))
            .options(joinedload(Vakt.vaktplan).joinedload(Vaktplan.organisasjon), joinedload(Vakt.person))
            .order_by(Vakt.fra, Vakt.nivaa)
        )
    )


@dataclass(frozen=True, slots=True)
class Egneside:
    """A page of one's own shifts, and what they may be chosen by."""

    vakter: list[Vakt]
    side: int
    sider: int
    antall: int
    #: Of all, whatever is chosen.
    fagomraader: list[str]
    nivaaer: list[str]


def hent_egne(
    aktor: Aktor, fra: datetime, til: datetime, *, side: int = 1, fagomraade: str = "", nivaa: str = ""
) -> Egneside:
    """A page of the actor's own shifts that touch [fra, til), by time: of one fagområde or level, if named.

    A page past the last is the last.
    """
    egne = sa.and_(Vakt.person_id == aktor.person_id, skriving.i_tidsrommet(fra, til))
    har = db.session.execute(
        sa.select(Vaktplan.fagomraade, Vakt.nivaa, sa.func.count())
        .join(Vakt, Vakt.vaktplan_id == Vaktplan.id)
        .where(egne)
        .group_by(Vaktplan.fagomraade, Vakt.nivaa)
    ).all()
    antall = sum(n for fag, niv, n in har if fagomraade in ("", fag) and nivaa in ("", niv))
    sider = max(1, -(-antall // PR_SIDE))
    side = min(side, sider)
    sporring = sa.select(Vakt).join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id).where(egne)
    if fagomraade:
        sporring = sporring.where(Vaktplan.fagomraade == fagomraade)
    if nivaa:
        sporring = sporring.where(Vakt.nivaa == nivaa)
    vakter = db.session.scalars(
        sporring.options(joinedload(Vakt.vaktplan).joinedload(Vaktplan.organisasjon), joinedload(Vakt.person))
        .order_by(Vakt.fra, Vakt.nivaa, Vakt.id)
        .limit(PR_SIDE)
        .offset((side - 1) * PR_SIDE)
    )
    nivaaer = {niv for _fag, niv, _n in har}
    return Egneside(
        list(vakter),
        side,
        sider,
        antall,
        sorted({fag for fag, _niv, _n in har}),
        [str(n) for n in Nivaa if n in nivaaer],
    )


@dataclass(frozen=True, slots=True)
class Taforslag:
    """What «ta vakten nå» would do: from whom, until when as proposed and at most, and what should be known."""

    plan: Vaktplan
    nivaa: Nivaa
    #: The running shift, None where nobody has the level.
    vakt: Vakt | None
    #: Whoever answers now; "" where nobody does.
    navn: str
    til: datetime
    senest: datetime
    advarsler: list[str]


def foreslaa_ta(aktor: Aktor, plan_id: UUID, nivaa: str) -> Taforslag:
    """What the actor would take over, to be said before it is done. Writes nothing. Raises as `ta_naa` does."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    skriving.krev_i_bruk(plan)
    valgt = skriving.krev_nivaa(nivaa)
    naa = now()
    g = _grunnlag(aktor, plan, valgt, naa)
    til = g.forslag(naa)
    # That somebody who stands there is away is theirs to tell: to a colleague nobody has the level.
    svarer = steps.paa_vakt(plan.organisasjon_id, plan.fagomraade, naa).get(valgt)
    doble = _doble(plan, valgt, g.medlemskap, naa, til)
    return Taforslag(
        plan,
        valgt,
        g.vakt,
        svarer.navn if svarer else "",
        til,
        g.senest,
        dobbelt.tekster(doble, plan.fagomraade),
    )


def _doble(
    plan: Vaktplan, nivaa: Nivaa, medlemskap: Medlemskap, fra: datetime, til: datetime
) -> list[dobbelt.Dobbelt]:
    return dobbelt.forutse(
        plan.id, [dobbelt.Staar(nivaa, medlemskap.person_id, medlemskap.person.navn, fra, til)]
    )


def mulige_folk(aktor: Aktor, plan_id: UUID, nivaa: str) -> list[Kandidat]:
    """Who may have a level of a plan now or later, by name. Raises IkkeFunnet."""
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    return [
        Kandidat(m.id, m.person_id, m.person.navn, m.rolle, m.enhet.navn if m.enhet else "")
        for m in skriving.mulige(plan, skriving.krev_nivaa(nivaa))
    ]


def advarsler(aktor: Aktor, vakt_id: UUID) -> list[str]:
    """What is allowed but should be known of a shift: its person is on call in another place at the same time."""
    return skriving.advarsler(access.hent_vakt(aktor, Handling.SE, vakt_id))
