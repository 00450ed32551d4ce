"""How shifts are written: what every use case that changes a roster shares, inside its own transaction.

A shift that has been is history. Whoever changes one that runs keeps what has passed of it as a row of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import flag_modified

from portal.core.aktor import KAN_SVARE, Aktor, Rolle
from portal.core.clock import hele_sekunder, now, oslo
from portal.core.db import db, meld
from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet.access import ikke_slutt
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import med_rolle, mottaker_for
from portal.revisjon.steps import logg
from portal.vakt import dobbelt
from portal.vakt.models import Byttetilstand, Fravaer, Nivaa, Vakt, Vaktbytte, Vaktkilde, Vaktplan
from portal.vakt.ord import ETIKETTER
from portal.vakt.tidsord import tidsrom
from portal.vakt.turnus import LENGSTE_VAKT
from portal.varsler.models import Varsel
from portal.varsler.steps import Mottaker, stopp, varsle

#: What is written in one transaction bears times this close to each other.
SAMTIDIG = timedelta(seconds=5)
#: No shift is written further ahead: what is that far away is a slip of the pen.
LENGST_FRAM = timedelta(days=2 * 366)
#: Who lets a proposal lapse: the change of its shift is somebody's, and has an entry of its own.
_VAKT = Aktor.system("vakt")
#: Where notices about rosters lead: one's own shifts, and the proposals to swap.
MINE_VAKTER, BYTTER, FRAVAER = "/vakt/mine", "/vakt/bytter", "/vakt/fravaer"


#: So long before a shift its person is told of it, and asked to prove that notices come through.
PAAMINNES, PROEVES = timedelta(hours=24), timedelta(hours=1)


class Vaktrad(NamedTuple):
    """A shift that has been judged and is to be written."""

    nivaa: str
    medlemskap: Medlemskap
    fra: datetime
    til: datetime


# --- what may be written ---------------------------------------------------------------------------------


def krev_nivaa(nivaa: str) -> Nivaa:
    """Raises UgyldigData for what is no level."""
    if nivaa not in list(Nivaa):
        raise UgyldigData(felter={"nivaa": [_("Velg vakthavende, bakvakt eller vaktleder.")]})
    return Nivaa(nivaa)


def krev_i_bruk(plan: Vaktplan) -> None:
    """Raises Konflikt for a plan that has been ended."""
    if plan.avsluttet is not None:
        raise Konflikt(_("Vaktplanen er avsluttet. Åpne den igjen for å endre den."), kode="avsluttet")


def krev_tid(fra: datetime, til: datetime) -> None:
    """Raises UgyldigData for a shift that ends before it begins, is over, is too long or too far ahead."""
    if til <= fra:
        feil = {"til": [_("Vakten må slutte etter at den begynner.")]}
    elif til - fra > LENGSTE_VAKT:
        feil = {"til": [_("En vakt er høyst %(dager)s døgn. Del den i flere.", dager=LENGSTE_VAKT.days)]}
    elif til <= now():
        feil = {"til": [_("Vakten er over. Legg inn vakter som varer nå, eller som kommer.")]}
    elif fra > now() + LENGST_FRAM:
        feil = {"fra": [_("Dette er mer enn to år fram. Se over årstallet.")]}
    else:
        return
    raise UgyldigData(felter=feil)


def svarer_for(medlemskap: Medlemskap, plan: Vaktplan, nivaa: str) -> bool:
    """Whether the membership is one that may have this level of the plan (the rule of `steps.kan_ha_vakt`)."""
    return (
        medlemskap.organisasjon_id == plan.organisasjon_id
        and medlemskap.person.aktiv
        and (
            (nivaa == Nivaa.VAKTLEDER and medlemskap.rolle == Rolle.VAKTLEDER)
            or (medlemskap.rolle in KAN_SVARE and plan.fagomraade in medlemskap.fagomraader)
        )
    )


def gjelder_hele(medlemskap: Medlemskap, fra: datetime, til: datetime) -> bool:
    """Whether the membership is valid for the whole shift."""
    return medlemskap.gyldig_fra <= fra and (medlemskap.gyldig_til is None or medlemskap.gyldig_til >= til)


def les_medlemskap(medlemskap_ider: Collection[UUID]) -> dict[UUID, Medlemskap]:
    """Memberships with their people, by id; those that do not exist are not there."""
    rader = db.session.scalars(
        sa.select(Medlemskap)
        .where(Medlemskap.id.in_(list(medlemskap_ider)))
        .options(joinedload(Medlemskap.person))
    )
    return {m.id: m for m in rader}


def mulige(plan: Vaktplan, nivaa: str) -> list[Medlemskap]:
    """The memberships that may have this level now or later, by the people's names."""
    rader = db.session.scalars(
        sa.select(Medlemskap)
        .join(Person, Person.id == Medlemskap.person_id)
        .where(
            Medlemskap.organisasjon_id == plan.organisasjon_id,
            Medlemskap.rolle.in_([*KAN_SVARE, Rolle.VAKTLEDER]),
            ikke_slutt(),
        )
        .options(joinedload(Medlemskap.person), joinedload(Medlemskap.enhet))
        .order_by(Person.navn, Medlemskap.gyldig_fra, Medlemskap.id)
    )
    return [m for m in rader if svarer_for(m, plan, nivaa)]


def medlemskap_for(
    person_id: UUID, plan: Vaktplan, nivaa: str, fra: datetime, til: datetime, *, helst: UUID | None = None
) -> Medlemskap | None:
    """The membership in which a person may have a shift, `helst` before others; None when there is none."""
    egne = [m for m in mulige(plan, nivaa) if m.person_id == person_id and gjelder_hele(m, fra, til)]
    return next((m for m in egne if m.id == helst), egne[0] if egne else None)


def krev_egnet(plan: Vaktplan, nivaa: str, medlemskap_id: UUID, fra: datetime, til: datetime) -> Medlemskap:
    """The membership, when it may have the shift. Raises UgyldigData that says why not."""
    medlemskap = les_medlemskap([medlemskap_id]).get(medlemskap_id)
    if medlemskap is None or medlemskap.organisasjon_id != plan.organisasjon_id:
        feil = _("Velg en som har en rolle i organisasjonen.")
    elif not svarer_for(medlemskap, plan, nivaa):
        feil = _(
            "%(navn)s kan ikke ha denne vakten. Den som har vakt, må ha en rolle som svarer for %(fag)s.",
            navn=medlemskap.person.navn,
            fag=ALLE_OMRAADER[plan.fagomraade],
        )
    elif not gjelder_hele(medlemskap, fra, til):
        feil = _(
            "Rollen til %(navn)s gjelder ikke hele vakten. Kort ned vakten, eller forleng rollen.",
            navn=medlemskap.person.navn,
        )
    elif (borte := fravaer_i(medlemskap.person_id, plan.organisasjon_id, fra, til)) is not None:
        feil = _(
            "%(navn)s er borte %(tid)s. Avlys fraværet, eller velg en annen.",
            navn=medlemskap.person.navn,
            tid=tidsrom(borte.fra, borte.til),
        )
    else:
        return medlemskap
    raise UgyldigData(felter={"medlemskap_id": [feil]})


def fravaer_for(
    person_ider: Collection[UUID], organisasjon_id: UUID, fra: datetime, til: datetime
) -> list[Fravaer]:
    """The absences of these people at an organisation that touch [fra, til), in order."""
    return list(
        db.session.scalars(
            sa.select(Fravaer)
            .where(
                Fravaer.person_id.in_(list(person_ider)),
                Fravaer.organisasjon_id == organisasjon_id,
                Fravaer.avlyst.is_(None),
                Fravaer.fra < til,
                Fravaer.til > fra,
            )
            .order_by(Fravaer.fra)
        )
    )


def fravaer_i(person_id: UUID, organisasjon_id: UUID, fra: datetime, til: datetime) -> Fravaer | None:
    """The first absence of a person at an organisation that touches [fra, til)."""
    return next(iter(fravaer_for([person_id], organisasjon_id, fra, til)), None)


def i_tidsrommet(fra: datetime, til: datetime) -> sa.ColumnElement[bool]:
    """Over Vakt: it holds, and touches [fra, til). The bound below lets the index find it."""
    return sa.and_(Vakt.avlyst.is_(None), Vakt.fra < til, Vakt.fra > fra - LENGSTE_VAKT, Vakt.til > fra)


def overlappende(plan_id: UUID, nivaa: str, fra: datetime, til: datetime) -> list[Vakt]:
    """The shifts of a level that touch [fra, til), in order."""
    return list(
        db.session.scalars(
            sa.select(Vakt)
            .where(Vakt.vaktplan_id == plan_id, Vakt.nivaa == nivaa, i_tidsrommet(fra, til))
            .options(joinedload(Vakt.person))
            .order_by(Vakt.fra)
        )
    )


def krev_ledig(plan_id: UUID, nivaa: str, fra: datetime, til: datetime) -> None:
    """Raises Konflikt that says who has the level, and when."""
    for vakt in overlappende(plan_id, nivaa, fra, til):
        raise Konflikt(
            _(
                "%(navn)s har vakten %(tid)s. Overstyr den, eller velg et annet tidsrom.",
                navn=vakt.person.navn,
                tid=tidsrom(vakt.fra, vakt.til),
            ),
            kode="overlapper",
        )


# --- writing ---------------------------------------------------------------------------------------------


def legg_til(
    aktor: Aktor,
    plan: Vaktplan,
    nivaa: str,
    medlemskap: Medlemskap,
    fra: datetime,
    til: datetime,
    kilde: Vaktkilde,
    *,
    rotasjon_id: UUID | None = None,
) -> Vakt:
    """A new shift. Whether it may be there has been asked."""
    vakt = Vakt(
        id=uuid4(),
        vaktplan_id=plan.id,
        nivaa=nivaa,
        person_id=medlemskap.person_id,
        medlemskap_id=medlemskap.id,
        fra=fra,
        til=til,
        kilde=kilde,
        rotasjon_id=rotasjon_id,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )
    db.session.add(vakt)
    return vakt


def lagre() -> None:
    """Sends what is waiting to the database, where the constraint has the last word on overlaps."""
    with _overlapp_sies():
        db.session.flush()


@contextmanager
def _overlapp_sies() -> Iterator[None]:
    """Turns the database's refusal of an overlap into Konflikt."""
    try:
        yield
    except IntegrityError as feil:
        if "ex_vakt_overlapp" not in str(feil.orig):
            raise
        raise Konflikt(
            _("Noen andre la inn en vakt i samme tidsrom. Last siden på nytt, og se hvem som har den."),
            kode="overlapper",
        ) from feil


def endret(plan: Vaktplan) -> None:
    """The roster is another than before: a form that was opened earlier is stale, and open pages are told."""
    flag_modified(plan, "avsluttet")
    lagre()
    meld("vakt.endret", plan_id=plan.id, organisasjon_id=plan.organisasjon_id)


def kutt(vakter: Iterable[Vakt], fra: datetime, til: datetime) -> list[Vakt]:
    """Takes [fra, til) out of these shifts: they are called off, and what is left of them become rows of their own.

    Their pending swaps lapse. Gives the rows that are left.
    """
    vakter = list(vakter)
    avlys(vakter)
    rester = [
        Vakt(
            id=uuid4(),
            vaktplan_id=v.vaktplan_id,
            nivaa=v.nivaa,
            person_id=v.person_id,
            medlemskap_id=v.medlemskap_id,
            fra=start,
            til=slutt,
            kilde=v.kilde,
            rotasjon_id=v.rotasjon_id,
            opprettet=now(),
            opprettet_av_id=v.opprettet_av_id,
        )
        for v in vakter
        for start, slutt in ((v.fra, min(fra, v.til)), (max(til, v.fra), v.til))
        if slutt > start
    ]
    db.session.add_all(rester)
    lagre()
    return rester


def avlys(vakter: Sequence[Vakt]) -> None:
    """Calls shifts off. Proposals to swap them lapse, and those who made them are told."""
    naa = now()
    for vakt in vakter:
        vakt.avlyst = naa
    # Before any new row: the constraint looks at each statement, and the session writes the new ones first.
    lagre()
    ider = [v.id for v in vakter]
    stopp_om(ider)
    for bytte in db.session.scalars(
        sa.select(Vaktbytte)
        .where(
            Vaktbytte.tilstand == Byttetilstand.VENTER,
            sa.or_(Vaktbytte.vakt_id.in_(ider), Vaktbytte.motvakt_id.in_(ider)),
        )
        .order_by(Vaktbytte.id)
    ):
        la_falle(bytte)


def avlys_fra(vakter: Iterable[Vakt], grense: datetime) -> list[Vakt]:
    """Calls off what is left of these shifts from a moment on, never what has been. Gives those it changed.

    From the whole second: a calendar file knows nothing smaller.
    """
    grense = hele_sekunder(max(grense, now()))
    rammet = [v for v in vakter if v.til > grense]
    avlys([v for v in rammet if v.fra >= grense])
    loepende = [v for v in rammet if v.fra < grense]
    if loepende:
        kutt(loepende, grense, max(v.til for v in loepende))
    return rammet


def glem(vakter: Iterable[Vakt]) -> None:
    """Stops what people were told of their shifts to come, and asked for them, where these are theirs no longer.

    Called when all that takes the place of `vakter` is written: who still begins at that moment keeps the notice.
    """
    naa, vakter = now(), list(vakter)
    snart = {(v.person_id, v.fra) for v in vakter if naa < v.fra <= naa + PAAMINNES}
    folk = {v.person_id for v in vakter if v.fra <= naa + PROEVES and v.til > naa}
    if not snart and not folk:
        return
    staar = db.session.execute(
        sa.select(Vakt.person_id, Vakt.fra).where(
            Vakt.person_id.in_({p for p, _fra in snart} | folk),
            i_tidsrommet(naa, naa + PAAMINNES + timedelta.resolution),
        )
    ).all()
    igjen = {(r.person_id, r.fra) for r in staar}
    for person_id, fra in sorted(snart - igjen):
        stopp(vaktstart(person_id, fra))
    for person_id in sorted(folk - {p for p, fra in igjen if fra <= naa + PROEVES}):
        stopp(klarhetsproeve(person_id))


def stopp_om(vakt_ider: Collection[UUID]) -> None:
    """Nothing more is told of these shifts: they are called off, and whoever takes part in a change is told of that."""
    noekler = [om_vakten(i) for i in vakt_ider]
    omtalt = db.session.scalars(
        sa.select(Varsel.gjelder).where(Varsel.gjelder.in_(noekler), Varsel.stoppet.is_(None)).distinct()
    ).all()
    for gjelder in sorted(g for g in omtalt if g):
        stopp(gjelder)


def om_vakten(vakt_id: UUID) -> str:
    """What the notices that a shift has changed hands are about (`gjelder`): the shift that came of it."""
    return f"vakt:{vakt_id}"


def om_rotasjonen(rotasjon_id: UUID) -> str:
    """What the notice that somebody goes round in a rotation is about (`gjelder`)."""
    return f"vaktrotasjon:{rotasjon_id}"


def om_fravaeret(fravaer_id: UUID) -> str:
    """What the notices of an absence are about (`gjelder`)."""
    return f"vaktfravaer:{fravaer_id}"


def vaktstart(person_id: UUID, fra: datetime) -> str:
    """What the notices before a shift are about (`gjelder`): a person goes on call then, on one roster or many."""
    return f"vaktstart:{person_id}:{fra:%Y%m%dT%H%M%S}"


def klarhetsproeve(person_id: UUID) -> str:
    """What the request to prove a channel is about (`gjelder`)."""
    return f"klarhet:{person_id}"


def bytteforslag(bytte_id: UUID) -> str:
    """What the question to a colleague is about (`gjelder`)."""
    return f"vaktbytte:{bytte_id}"


def la_falle(bytte: Vaktbytte) -> None:
    """A proposal that no longer can be: one of its shifts was changed, or has begun. Both are told."""
    bytte.tilstand, bytte.avgjort = Byttetilstand.BORTFALT, now()
    stopp(bytteforslag(bytte.id))
    logg(_VAKT, "vakt.bytte_bortfalt", "vaktbytte", bytte.id, vakt=bytte.vakt_id, motvakt=bytte.motvakt_id)
    for medlemskap_id in (bytte.fra_medlemskap_id, bytte.til_medlemskap_id):
        fortell(
            medlemskap_id,
            noekkel=f"vakt.bytte:{bytte.id}:bortfalt:{medlemskap_id}",
            kode="vakt.bytte",
            tittel=_l("Et forslag om vaktbytte gjelder ikke lenger"),
            tekst=_l("En av vaktene er endret, eller har begynt."),
            lenke=BYTTER,
        )


def skriv_mange(aktor: Aktor, plan: Vaktplan, rader: Sequence[Vaktrad]) -> list[UUID]:
    """Puts in the shifts of a file, which the caller has judged as one under the plan's lock.

    As one statement: one by one, or as objects of the session, thousands of rows would hold the database for seconds.
    Each person is told once.
    """
    felles = {
        "vaktplan_id": plan.id,
        "kilde": Vaktkilde.IMPORT,
        "opprettet": now(),
        "opprettet_av_id": aktor.person_id,
    }
    nye = [(uuid4(), rad) for rad in rader]
    with _overlapp_sies():
        db.session.execute(
            sa.insert(Vakt),
            [
                {
                    "id": id_,
                    "nivaa": rad.nivaa,
                    "person_id": rad.medlemskap.person_id,
                    "medlemskap_id": rad.medlemskap.id,
                    "fra": rad.fra,
                    "til": rad.til,
                    **felles,
                }
                for id_, rad in nye
            ],
        )
    logg(aktor, "vakt.lest_inn", "vaktplan", plan.id, antall=len(nye))
    endret(plan)
    per_medlemskap: dict[UUID, list[tuple[UUID, Vaktrad]]] = {}
    for id_, rad in nye:
        per_medlemskap.setdefault(rad.medlemskap.id, []).append((id_, rad))
    for medlemskap_id, deres in sorted(per_medlemskap.items()):
        foerste_id, foerste = min(deres, key=lambda v: v[1].fra)
        fortell(
            medlemskap_id,
            uten=aktor.person_id,
            noekkel=f"vakt.ny:{foerste_id}",
            kode="vakt.endret",
            # Of all in the file, and not of the first alone: it holds until the plan is ended.
            gjelder=f"vaktplan:{plan.id}",
            tittel=_l("Du er satt opp på vakt: %(fag)s, %(nivaa)s", **hvilken(plan, foerste.nivaa)),
            tekst=_l(
                "%(antall)s vakter er lagt inn av %(navn)s. Den første er %(tid)s.",
                antall=len(deres),
                navn=aktor.navn,
                tid=tidsrom(foerste.fra, foerste.til),
            ),
        )
    return [id_ for id_, _rad in nye]


# --- telling ---------------------------------------------------------------------------------------------


def hvilken(plan: Vaktplan, nivaa: str) -> dict[str, Any]:
    """The words of a plan's level, for a lazy sentence with `fag` and `nivaa`."""
    return {"fag": ALLE_OMRAADER[plan.fagomraade], "nivaa": ETIKETTER["vaktnivaa"][Nivaa(nivaa)]}


def fortell(medlemskap_id: UUID, *, uten: UUID | None = None, **varsel: Any) -> None:
    """Tells the person of a membership, unless it has ended or is the one (`uten`) who did it. Wakes nobody."""
    til = mottaker_for(medlemskap_id)
    if til is not None and til.person_id != uten:
        varsle(til, **{"lenke": MINE_VAKTER, **varsel})


def fortell_ny(aktor: Aktor, plan: Vaktplan, vakt: Vakt, **varsel: Any) -> None:
    """Tells somebody of a shift that another has given them."""
    fortell(
        vakt.medlemskap_id,
        uten=aktor.person_id,
        noekkel=f"vakt.ny:{vakt.id}",
        kode="vakt.endret",
        tittel=_l("Du er satt opp på vakt: %(fag)s, %(nivaa)s", **hvilken(plan, vakt.nivaa)),
        gjelder=om_vakten(vakt.id),
        **{
            "tekst": _l("%(tid)s. Lagt inn av %(navn)s.", tid=tidsrom(vakt.fra, vakt.til), navn=aktor.navn),
            **varsel,
        },
    )


def fortell_mistet(aktor: Aktor, plan: Vaktplan, vakt: Vakt, ny: Vakt | None, navn: str = "") -> None:
    """Tells somebody that their shift is nobody's now, or that what lies in the new one (`ny`) is another's (`navn`).

    Who has the new one is said until that one is called off in its turn.
    """
    naa = now()
    tid = tidsrom(max(ny.fra if ny else naa, vakt.fra), min(ny.til if ny else vakt.til, vakt.til))
    if ny is None:
        tekst = _l("Du har ikke lenger vakt %(tid)s. Endret av %(navn)s.", tid=tid, navn=aktor.navn)
    else:
        tekst = _l("%(ny)s har vakten %(tid)s. Endret av %(navn)s.", ny=navn, tid=tid, navn=aktor.navn)
    fortell(
        vakt.medlemskap_id,
        uten=aktor.person_id,
        noekkel=f"vakt.mistet:{vakt.id}",
        kode="vakt.endret",
        tittel=_l("Vakten din er endret: %(fag)s, %(nivaa)s", **hvilken(plan, vakt.nivaa)),
        tekst=tekst,
        gjelder=om_vakten(ny.id) if ny else None,
    )


def planansvarlige(organisasjon_id: UUID) -> list[Mottaker]:
    """Those who keep the rosters: the coordinators, else the vaktledere, else the administrators."""
    for rolle in (Rolle.KOORDINATOR, Rolle.VAKTLEDER, Rolle.ADMINISTRATOR):
        if folk := med_rolle(organisasjon_id, [rolle]):
            return folk
    return []


def si_fra_til_koordinator(organisasjon_id: UUID, *, uten: UUID | None = None, **varsel: Any) -> int:
    """Tells the `planansvarlige`. `noekkel` is made one for each. Gives how many there are."""
    folk = planansvarlige(organisasjon_id)
    for til in folk:
        if til.person_id != uten:
            varsle(til, **{**varsel, "noekkel": f"{varsel['noekkel']}:{til.person_id}"})
    return len(folk)


# --- more than one at a time -----------------------------------------------------------------------------


def dobbeltvakter(
    person_id: UUID, fra: datetime, til: datetime, *, uten: Collection[UUID] = ()
) -> list[Vakt]:
    """The person's other shifts that touch [fra, til), in any plan and at any level."""
    return list(
        db.session.scalars(
            sa.select(Vakt)
            .where(Vakt.person_id == person_id, i_tidsrommet(fra, til), Vakt.id.not_in(list(uten)))
            .options(joinedload(Vakt.vaktplan), joinedload(Vakt.person))
            .order_by(Vakt.fra)
        )
    )


def advarsler(vakt: Vakt, *, uten: Collection[UUID] = ()) -> list[str]:
    """What is allowed, but should be known: on call in two places at the same time, as in small hospitals.

    At two levels of one plan a request would climb from the person to the same person: that is said first, also of
    those (`uten`) that are only left out of the other places, as they are told of on their own.
    """
    fra = max(vakt.fra, min(now(), vakt.til))  # what has been is nobody's worry
    doble = dobbelt.hent(vakt.vaktplan_id, fra, vakt.til, person_id=vakt.person_id)
    egne = [d for d in doble if vakt.nivaa in d.nivaaer and d.fra < vakt.til and d.til > vakt.fra]
    return dobbelt.tekster(egne, vakt.vaktplan.fagomraade) + [
        _(
            "%(navn)s har også vakt i %(fag)s (%(nivaa)s) %(tid)s.",
            navn=annen.person.navn,
            tid=tidsrom(annen.fra, annen.til),
            **hvilken(annen.vaktplan, annen.nivaa),
        )
        for annen in dobbeltvakter(vakt.person_id, fra, vakt.til, uten=[vakt.id, *uten])
        if annen.vaktplan_id != vakt.vaktplan_id
    ]


def i_dag() -> Any:
    """Today in Oslo."""
    return oslo(now()).date()
