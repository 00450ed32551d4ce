"""Rotations: rules that make shifts, a year ahead, and that never write over what people have put in themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import hele_sekunder, now, oslo_til_utc
from portal.core.db import db, transactional
from portal.core.enkeltvis import sviktet
from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet.models import Medlemskap
from portal.revisjon.steps import logg
from portal.vakt import access, dobbelt, skriving
from portal.vakt.access import Handling
from portal.vakt.models import (
    Dagtype,
    Rotasjon,
    Rotasjonsdeltaker,
    Vakt,
    Vaktkilde,
    Vaktplan,
)
from portal.vakt.tidsord import tidsrom
from portal.vakt.turnus import (
    Regel,
    Turvakt,
    ledige_deler,
    les_klokke,
    rotasjonsvakter,
)
from portal.varsler.steps import stopp

#: Shifts are made for this long ahead.
FRAM = timedelta(weeks=52)
FLEST_DAGER = 28
_ARBEIDER = Aktor.system("arbeider")


@dataclass(frozen=True, slots=True)
class Laget:
    """A shift that a rotation makes, or would make."""

    medlemskap_id: UUID
    navn: str
    tur: int
    fra: datetime
    til: datetime


@dataclass(frozen=True, slots=True)
class Hoppet:
    """A time that a rotation leaves alone: somebody has it already, or the one whose turn it is cannot."""

    fra: datetime
    til: datetime
    #: «opptatt», «uten_rett» or «borte»: made all the same, but somebody else must cover it.
    grunn: str
    navn: str


@dataclass(frozen=True, slots=True)
class Forhaandsvisning:
    """What a rotation would make, without anything being written."""

    vakter: Sequence[Laget]
    hoppet: Sequence[Hoppet]
    #: How many turns begin for each person.
    turer: Sequence[tuple[str, int]]
    #: Where it puts somebody at two levels at once.
    advarsler: Sequence[str]


# --- use cases -------------------------------------------------------------------------------------------


@transactional
def lag(
    aktor: Aktor,
    plan_id: UUID,
    nivaa: str,
    *,
    deltakere: Sequence[UUID],
    gjelder_fra: date,
    gjelder_til: date | None = None,
    klokke_fra: str,
    klokke_til: str,
    dagtyper: Sequence[str],
    dager_per_tur: int,
) -> UUID:
    """Begins a rotation among these memberships, in their order, and makes its shifts 52 weeks ahead.

    `gjelder_til` is exclusive; None: until it is ended. What others have already is left to them. Each is told once.
    Raises UgyldigData with the fields that are wrong.
    """
    plan, rotasjon, folk = _ny(
        aktor,
        plan_id,
        nivaa,
        deltakere=deltakere,
        gjelder_fra=gjelder_fra,
        gjelder_til=gjelder_til,
        klokke_fra=klokke_fra,
        klokke_til=klokke_til,
        dagtyper=dagtyper,
        dager_per_tur=dager_per_tur,
        laas=True,
    )
    db.session.add(rotasjon)
    # Its row first: the shifts refer to it without a relation that would order them.
    skriving.lagre()
    laget, hoppet = _legg_ut(aktor, plan, rotasjon, folk)
    logg(
        aktor,
        "vakt.rotasjon_opprettet",
        "rotasjon",
        rotasjon.id,
        vaktplan_id=plan.id,
        nivaa=rotasjon.nivaa,
        deltakere=[m.person_id for m in folk],
        gjelder_fra=gjelder_fra,
        gjelder_til=gjelder_til,
        klokke=f"{klokke_fra}–{klokke_til}",
        dagtyper=rotasjon.dagtyper,
        dager_per_tur=dager_per_tur,
        vakter=len(laget),
        hoppet=len(hoppet),
    )
    skriving.endret(plan)
    for medlemskap in folk:
        deres = [v for v in laget if v.medlemskap_id == medlemskap.id]
        if not deres:
            continue
        skriving.fortell(
            medlemskap.id,
            uten=aktor.person_id,
            noekkel=f"vakt.rotasjon:{rotasjon.id}:{medlemskap.id}",
            kode="vakt.endret",
            gjelder=skriving.om_rotasjonen(rotasjon.id),
            tittel=_l(
                "Du er med i en vaktrotasjon: %(fag)s, %(nivaa)s", **skriving.hvilken(plan, rotasjon.nivaa)
            ),
            tekst=_l(
                "Den første vakten din er %(tid)s. Lagt inn av %(navn)s.",
                tid=tidsrom(deres[0].fra, deres[0].til),
                navn=aktor.navn,
            ),
        )
    return rotasjon.id


def forhaandsvis(
    aktor: Aktor,
    plan_id: UUID,
    nivaa: str,
    *,
    deltakere: Sequence[UUID],
    gjelder_fra: date,
    gjelder_til: date | None = None,
    klokke_fra: str,
    klokke_til: str,
    dagtyper: Sequence[str],
    dager_per_tur: int,
) -> Forhaandsvisning:
    """What `lag` would make of the same, and what it would leave alone. Writes nothing. Raises as `lag` does."""
    plan, rotasjon, folk = _ny(
        aktor,
        plan_id,
        nivaa,
        deltakere=deltakere,
        gjelder_fra=gjelder_fra,
        gjelder_til=gjelder_til,
        klokke_fra=klokke_fra,
        klokke_til=klokke_til,
        dagtyper=dagtyper,
        dager_per_tur=dager_per_tur,
        laas=False,
    )
    turvakter = _utlegg(rotasjon, len(folk))
    laget, hoppet = _fordel(plan, rotasjon.nivaa, folk, turvakter)
    turer = [
        (m.person.navn, len({t.tur for t in turvakter if t.plass == plass})) for plass, m in enumerate(folk)
    ]
    return Forhaandsvisning(
        [Laget(m.id, m.person.navn, t.tur, fra, til) for m, t, fra, til in laget],
        hoppet,
        turer,
        dobbelt.tekster(
            dobbelt.forutse(
                plan.id,
                [
                    dobbelt.Staar(rotasjon.nivaa, m.person_id, m.person.navn, fra, til)
                    for m, _tur, fra, til in laget
                ],
            ),
            plan.fagomraade,
        ),
    )


def advarsler(aktor: Aktor, rotasjon_id: UUID) -> list[str]:
    """Where a rotation has put somebody at two levels at once. Raises IkkeFunnet or IkkeTilgang."""
    rotasjon = access.hent_rotasjon(aktor, Handling.REDIGERE, rotasjon_id)
    naa = now()
    med = {d.medlemskap.person_id for d in rotasjon.deltakere}
    doble = [
        d
        for person_id in sorted(med)
        for d in dobbelt.hent(rotasjon.vaktplan_id, naa, naa + FRAM, person_id=person_id)
        if rotasjon.nivaa in d.nivaaer
    ]
    return dobbelt.tekster(sorted(doble, key=lambda d: d.fra), rotasjon.vaktplan.fagomraade)


@transactional
def avslutt(aktor: Aktor, rotasjon_id: UUID, fra_dag: date) -> int:
    """Ends a rotation: it makes no shift that begins on this day or later. Gives how many were called off.

    What has been, and what people have swapped or been given by hand, stays. Those who lose shifts are told. To
    change a rotation is to end it and begin another. Raises Konflikt when it has ended.
    """
    plan_id = access.hent_rotasjon(aktor, Handling.REDIGERE, rotasjon_id).vaktplan_id
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    rotasjon = access.hent_rotasjon(aktor, Handling.REDIGERE, rotasjon_id)
    db.session.refresh(rotasjon)
    if rotasjon.avsluttet is not None:
        raise Konflikt(_("Rotasjonen er alt avsluttet."), kode="avsluttet")
    if fra_dag < skriving.i_dag():
        raise UgyldigData(felter={"fra_dag": [_("Velg i dag eller en dag som kommer.")]})
    if rotasjon.gjelder_til is not None and fra_dag >= rotasjon.gjelder_til:
        raise UgyldigData(felter={"fra_dag": [_("Rotasjonen slutter før dette.")]})
    grense = oslo_til_utc(fra_dag, les_klokke(rotasjon.klokke_fra))
    # A night that began the evening before ends before this hour; a row of whole days is cut here.
    rammet = skriving.avlys_fra(
        db.session.scalars(
            sa.select(Vakt)
            .where(Vakt.rotasjon_id == rotasjon.id, Vakt.avlyst.is_(None), Vakt.til > max(grense, now()))
            .order_by(Vakt.fra)
        ).all(),
        grense,
    )
    if fra_dag > rotasjon.gjelder_fra:
        rotasjon.gjelder_til = fra_dag
    if fra_dag <= rotasjon.laget_til:
        rotasjon.avsluttet = now()
    logg(
        aktor,
        "vakt.rotasjon_avsluttet",
        "rotasjon",
        rotasjon.id,
        vaktplan_id=plan.id,
        fra_dag=fra_dag,
        vakter=len(rammet),
    )
    skriving.endret(plan)
    skriving.glem(rammet)
    if rotasjon.avsluttet is not None:
        stopp(skriving.om_rotasjonen(rotasjon.id))
    for medlemskap_id in sorted({v.medlemskap_id for v in rammet}):
        skriving.fortell(
            medlemskap_id,
            uten=aktor.person_id,
            noekkel=f"vakt.rotasjon_slutt:{rotasjon.id}:{fra_dag}:{medlemskap_id}",
            kode="vakt.endret",
            tittel=_l("Vaktrotasjonen slutter: %(fag)s, %(nivaa)s", **skriving.hvilken(plan, rotasjon.nivaa)),
            tekst=_l(
                "Vaktene dine fra %(dag)s er avlyst av %(navn)s.", dag=f"{fra_dag:%d.%m.%Y}", navn=aktor.navn
            ),
        )
    return len(rammet)


def fyll_fram() -> int:
    """Makes the shifts that have come within 52 weeks. Gives how many. Any number of times, at any time.

    Each rotation in a transaction of its own: one that fails keeps no other from its shifts.
    """
    til = skriving.i_dag() + FRAM
    forfalte = db.session.execute(
        sa.select(Rotasjon.id, Rotasjon.vaktplan_id)
        .join(Vaktplan, Vaktplan.id == Rotasjon.vaktplan_id)
        .where(
            Rotasjon.avsluttet.is_(None),
            Vaktplan.avsluttet.is_(None),
            Rotasjon.laget_til < til,
            sa.or_(Rotasjon.gjelder_til.is_(None), Rotasjon.laget_til < Rotasjon.gjelder_til),
        )
        # Those that were made first have the first word, as they had.
        .order_by(Rotasjon.opprettet, Rotasjon.id)
    ).all()
    antall = 0
    for rotasjon_id, plan_id in forfalte:
        try:
            antall += _fyll_en(rotasjon_id, plan_id)
        except Exception:
            sviktet("rotasjon_feilet", rotasjon=str(rotasjon_id))
    return antall


@transactional
def _fyll_en(rotasjon_id: UUID, plan_id: UUID) -> int:
    plan = access.hent_plan(_ARBEIDER, Handling.REDIGERE, plan_id, laas=True)
    rotasjon = access.hent_rotasjon(_ARBEIDER, Handling.REDIGERE, rotasjon_id)
    db.session.refresh(rotasjon)
    til = skriving.i_dag() + FRAM
    if rotasjon.avsluttet or plan.avsluttet or rotasjon.laget_til >= til:
        return 0
    ider = [d.medlemskap_id for d in rotasjon.deltakere]
    medlemskap = skriving.les_medlemskap(ider)
    laget, hoppet = _legg_ut(_ARBEIDER, plan, rotasjon, [medlemskap[id_] for id_ in ider])
    if laget or hoppet:
        logg(
            _ARBEIDER,
            "vakt.rotasjon_fylt",
            "rotasjon",
            rotasjon.id,
            vaktplan_id=plan.id,
            vakter=len(laget),
            hoppet=len(hoppet),
        )
    if laget:
        skriving.endret(plan)
    return len(laget)


# --- the rule, and what it makes -------------------------------------------------------------------------


def _ny(
    aktor: Aktor,
    plan_id: UUID,
    nivaa: str,
    *,
    deltakere: Sequence[UUID],
    gjelder_fra: date,
    gjelder_til: date | None,
    klokke_fra: str,
    klokke_til: str,
    dagtyper: Sequence[str],
    dager_per_tur: int,
    laas: bool,
) -> tuple[Vaktplan, Rotasjon, list[Medlemskap]]:
    """A rotation that has been checked and is not in the session yet, with its plan and its people in their order."""
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=laas)
    skriving.krev_i_bruk(plan)
    nivaa = skriving.krev_nivaa(nivaa)
    feil: dict[str, list[str]] = {}
    i_dag = skriving.i_dag()
    if gjelder_fra < i_dag:
        feil["gjelder_fra"] = [_("Velg i dag eller en dag som kommer.")]
    elif gjelder_fra > i_dag + skriving.LENGST_FRAM:
        feil["gjelder_fra"] = [_("Dette er mer enn to år fram. Se over årstallet.")]
    if gjelder_til is not None and gjelder_til <= gjelder_fra:
        feil["gjelder_til"] = [_("Rotasjonen må slutte etter at den begynner.")]
    for felt, klokke in (("klokke_fra", klokke_fra), ("klokke_til", klokke_til)):
        try:
            les_klokke(klokke)
        except ValueError:
            feil[felt] = [_("Skriv klokkeslettet som 15:30.")]
    if not dagtyper or set(dagtyper) - set(Dagtype):
        feil["dagtyper"] = [_("Velg minst én slags dager.")]
    if not 1 <= dager_per_tur <= FLEST_DAGER:
        feil["dager_per_tur"] = [_("Skriv et tall fra 1 til 28.")]
    folk, nei = _deltakere(plan, nivaa, deltakere, gjelder_fra)
    if nei:
        feil["deltakere"] = nei
    if feil:
        raise UgyldigData(felter=feil)
    rotasjon = Rotasjon(
        id=uuid4(),
        vaktplan_id=plan.id,
        nivaa=nivaa,
        gjelder_fra=gjelder_fra,
        gjelder_til=gjelder_til,
        klokke_fra=klokke_fra,
        klokke_til=klokke_til,
        dagtyper=[str(d) for d in Dagtype if d in set(dagtyper)],
        dager_per_tur=dager_per_tur,
        laget_til=gjelder_fra,
        dager_laget=0,
        opprettet=now(),
        deltakere=[Rotasjonsdeltaker(plass=plass, medlemskap_id=m.id) for plass, m in enumerate(folk)],
    )
    return plan, rotasjon, folk


def _deltakere(
    plan: Vaktplan, nivaa: str, deltakere: Sequence[UUID], fra: date
) -> tuple[list[Medlemskap], list[str]]:
    """The people of a new rotation, and what is wrong with them."""
    kjente = skriving.les_medlemskap(deltakere)
    if not deltakere:
        return [], [_("Velg minst én person.")]
    feil: list[str] = []
    for id_ in dict.fromkeys(deltakere):
        m = kjente.get(id_)
        if m is None or m.organisasjon_id != plan.organisasjon_id:
            feil.append(_("Velg en som har en rolle i organisasjonen."))
            continue
        if deltakere.count(id_) > 1:
            feil.append(_("%(navn)s står mer enn én gang.", navn=m.person.navn))
        begynner = oslo_til_utc(fra, les_klokke("00:00"))
        if not skriving.svarer_for(m, plan, nivaa) or (m.gyldig_til and m.gyldig_til <= begynner):
            feil.append(_("%(navn)s har ingen rolle som kan ha denne vakten.", navn=m.person.navn))
    return [kjente[id_] for id_ in deltakere if id_ in kjente], feil


def _utlegg(rotasjon: Rotasjon, antall: int) -> list[Turvakt]:
    """The shifts that are to be made now, and moves the rotation on past them."""
    regel = Regel(
        rotasjon.klokke_fra,
        rotasjon.klokke_til,
        frozenset(rotasjon.dagtyper),
        rotasjon.dager_per_tur,
        antall,
    )
    utlegg = rotasjonsvakter(
        regel,
        rotasjon.laget_til,
        skriving.i_dag() + FRAM,
        rotasjon.dager_laget,
        slutt=rotasjon.gjelder_til,
    )
    rotasjon.laget_til, rotasjon.dager_laget = utlegg.laget_til, utlegg.dager_laget
    return utlegg.vakter


def _legg_ut(
    aktor: Aktor, plan: Vaktplan, rotasjon: Rotasjon, folk: Sequence[Medlemskap]
) -> tuple[list[Vakt], list[Hoppet]]:
    deler, hoppet = _fordel(plan, rotasjon.nivaa, folk, _utlegg(rotasjon, len(folk)))
    vakter = [
        skriving.legg_til(
            aktor, plan, rotasjon.nivaa, m, fra, til, Vaktkilde.ROTASJON, rotasjon_id=rotasjon.id
        )
        for m, _tur, fra, til in deler
    ]
    skriving.lagre()
    return vakter, hoppet


def _fordel(
    plan: Vaktplan, nivaa: str, folk: Sequence[Medlemskap], turvakter: Sequence[Turvakt]
) -> tuple[list[tuple[Medlemskap, Turvakt, datetime, datetime]], list[Hoppet]]:
    """Whose each free part is, and what is left alone. Nothing is made of what has been."""
    if not turvakter:
        return [], []
    # From the whole minute: «05:01:17» is no time that a roster, or a calendar program, knows.
    naa = now()
    minutt = naa.replace(second=0, microsecond=0)
    slutt = max(t.til for t in turvakter)
    opptatt = skriving.overlappende(plan.id, nivaa, turvakter[0].fra, slutt)
    borte = skriving.fravaer_for({m.person_id for m in folk}, plan.organisasjon_id, minutt, slutt)
    deler: list[tuple[Medlemskap, Turvakt, datetime, datetime]] = []
    hoppet: list[Hoppet] = []
    foerste = 0
    for t in turvakter:
        m = folk[t.plass]
        fra = max(t.fra, min(naa, max(minutt, m.gyldig_fra)))
        if fra >= t.til:
            continue
        if not skriving.svarer_for(m, plan, nivaa) or not skriving.gjelder_hele(m, fra, t.til):
            hoppet.append(Hoppet(fra, t.til, "uten_rett", m.person.navn))
            continue
        # Both come in order: what has ended before this shift has ended before all that follow.
        while foerste < len(opptatt) and opptatt[foerste].til <= fra:
            foerste += 1
        andres = []
        for annen in opptatt[foerste:]:
            if annen.fra >= t.til:
                break
            andres.append((annen.fra, annen.til))
            hoppet.append(Hoppet(max(fra, annen.fra), min(t.til, annen.til), "opptatt", annen.person.navn))
        # A role that began in the middle of a second: the shift has the whole second, as a calendar file does.
        for start, slutt in ledige_deler(hele_sekunder(fra), t.til, andres):
            deler.append((m, t, start, slutt))
            hoppet += [
                Hoppet(max(start, f.fra), min(slutt, f.til), "borte", m.person.navn)
                for f in borte
                if f.person_id == m.person_id and f.fra < slutt and f.til > start
            ]
    return deler, hoppet
