"""Delegated tasks (oppgavedelegering, helsepersonelloven § 5): who may do what here, on what grounds, and until when.

Of the organisation's own people, and of those it borrows. A delegation to somebody borrowed ends by itself with the
reallocation: it holds no longer than that, whatever its own last day says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.avtaler import vern
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Person
from portal.identitet.mottakere import med_rolle, mottakerfelt
from portal.omdisponering import access
from portal.omdisponering.access import INNSIDE, Handling
from portal.omdisponering.forloep import Delegert, Side, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.revisjon.steps import logg as revider
from portal.varsler.steps import Mottaker, stopp, varsle_alle

#: A reallocation in which somebody can be delegated to.
HOLDER = frozenset({Status.GODKJENT_MOTTAKER, Status.IVERKSATT})
#: How many days before the end people are reminded, and from when a delegation «utløper snart».
PAAMINNELSER = (14, 1)
#: As long as one can be given.
LENGST = timedelta(days=3 * 366)
#: So many of those that have ended are listed.
FLEST_TIDLIGERE = 200
_ADRESSE = "/omdisponering/delegering"


class Utvalg(StrEnum):
    """Which delegations are listed."""

    NAA = "naa"
    SNART = "snart"
    TIDLIGERE = "tidligere"


@dataclass(frozen=True, slots=True)
class Rad:
    """A delegation, how many days are left of it, and why it has ended: «trukket», «omdisponering», «slettet»,
    «utloept»; empty while it holds, or before it begins."""

    delegering: Delegering
    igjen: int
    slutt: str

    @property
    def begynner(self) -> bool:
        return not self.slutt and self.delegering.fra > i_dag()

    @property
    def snart(self) -> bool:
        return not self.slutt and self.igjen <= max(PAAMINNELSER)


@dataclass(frozen=True, slots=True)
class Liste:
    """Those of the organisation that are asked for, how many there are of each kind, and the actor's own."""

    rader: list[Rad]
    tall: dict[Utvalg, int]
    egne: list[Rad]
    kan_se: bool
    kan_delegere: bool
    organisasjon: Organisasjon | None


@dataclass(frozen=True, slots=True)
class Kandidat:
    """Somebody whom a task can be delegated to. Of who is borrowed: by which reallocation, and on which days."""

    person: Ressursperson
    omd: Omdisponering | None = None
    fra: date | None = None
    til: date | None = None

    @property
    def kode(self) -> str:
        return f"{self.person.id}:{self.omd.id}" if self.omd else str(self.person.id)


@dataclass(frozen=True, slots=True)
class Gitt:
    """What was given. `kortet`: from or to another day than was asked for, since the person is not there else."""

    id: UUID
    fra: date
    til: date
    kortet: bool


# --- lists -----------------------------------------------------------------------------------------------


def _sporring() -> sa.Select[Delegering]:
    return (
        sa.select(Delegering)
        .join(Delegering.ressursperson)
        .outerjoin(Delegering.omdisponering)
        .options(
            contains_eager(Delegering.ressursperson),
            contains_eager(Delegering.omdisponering).joinedload(Omdisponering.avgiver),
            joinedload(Delegering.organisasjon),
        )
    )


def _kan_holde(dag: date) -> sa.ColumnElement[bool]:
    """Neither withdrawn nor over, and the person is there."""
    return sa.and_(
        Delegering.trukket.is_(None),
        Delegering.til >= dag,
        Ressursperson.slettet.is_(None),
        sa.or_(Delegering.omdisponering_id.is_(None), Omdisponering.status.in_(HOLDER)),
    )


def _rad(d: Delegering) -> Rad:
    dag = i_dag()
    slutt = ""
    if d.trukket is not None:
        slutt = "trukket"
    elif d.omdisponering is not None and d.omdisponering.status not in HOLDER:
        slutt = "omdisponering"
    elif d.ressursperson.slettet is not None:
        slutt = "slettet"
    elif d.til < dag:
        slutt = "utloept"
    return Rad(d, (d.til - dag).days, slutt)


def hent_liste(aktor: Aktor, vis: Utvalg = Utvalg.NAA) -> Liste:
    """«Hvem kan hva nå» at the actor's organisation, for those who work there; and what is delegated to the actor.

    Raises IkkeTilgang for who has neither.
    """
    kan_se = access.kan_noe(aktor, Handling.SE_DELEGERT)
    egne = _egne(aktor)
    if not kan_se:
        if not egne:
            access.krev_eget(aktor, Handling.SE_DELEGERT)
        return Liste([], {}, egne, False, False, None)
    dag = i_dag()
    her = Delegering.organisasjon_id == aktor.organisasjon_id
    gjelder = [_rad(d) for d in db.session.scalars(_ordnet(_sporring().where(her, _kan_holde(dag))))]
    over = sa.not_(_kan_holde(dag))
    antall_over = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Delegering)
        .join(Delegering.ressursperson)
        .outerjoin(Delegering.omdisponering)
        .where(her, over)
    )
    snart = [r for r in gjelder if r.snart]
    if vis == Utvalg.TIDLIGERE:
        rader = [
            _rad(d)
            for d in db.session.scalars(
                _sporring()
                .where(her, over)
                .order_by(sa.func.coalesce(Delegering.trukket, Delegering.opprettet).desc(), Delegering.id)
                .limit(FLEST_TIDLIGERE)
            )
        ]
    else:
        rader = snart if vis == Utvalg.SNART else gjelder
    return Liste(
        rader=rader,
        tall={Utvalg.NAA: len(gjelder), Utvalg.SNART: len(snart), Utvalg.TIDLIGERE: antall_over or 0},
        egne=egne,
        kan_se=True,
        kan_delegere=access.kan_noe(aktor, Handling.DELEGERE),
        organisasjon=db.session.get(Organisasjon, aktor.organisasjon_id),
    )


def _ordnet(sporring: sa.Select[Delegering]) -> sa.Select[Delegering]:
    return sporring.order_by(Ressursperson.navn, Delegering.oppgave, Delegering.til, Delegering.id)


def _egne(aktor: Aktor) -> list[Rad]:
    """What is delegated to the actor, wherever it holds."""
    if aktor.person_id is None or aktor.medlemskap_id is None:
        return []
    egne = _sporring().where(Ressursperson.person_id == aktor.person_id, _kan_holde(i_dag()))
    return [_rad(d) for d in db.session.scalars(_ordnet(egne))]


def hent(aktor: Aktor, delegering_id: UUID) -> Rad:
    """One delegation. Raises IkkeFunnet, IkkeTilgang."""
    return _rad(access.hent_delegering(aktor, Handling.SE_DELEGERT, delegering_id))


def kan_delegere(aktor: Aktor, d: Delegering) -> bool:
    """Whether the actor may take back this one, or give it anew."""
    return access.kan(aktor, Handling.DELEGERE, d.organisasjon_id)


def hent_kandidater(aktor: Aktor) -> list[Kandidat]:
    """Whom the organisation can delegate to: those it has borrowed, and its own."""
    organisasjon_id = access.krev_eget(aktor, Handling.DELEGERE)
    laante = db.session.scalars(
        sa.select(Omdisponeringslinje)
        .join(Omdisponeringslinje.omdisponering)
        .join(Omdisponeringslinje.ressursperson)
        .where(
            Omdisponering.mottaker_id == organisasjon_id,
            Omdisponering.status.in_(HOLDER),
            Omdisponeringslinje.stroeket.is_(None),
            Ressursperson.slettet.is_(None),
        )
        .options(
            contains_eager(Omdisponeringslinje.omdisponering).joinedload(Omdisponering.avgiver),
            contains_eager(Omdisponeringslinje.ressursperson),
        )
        .order_by(Ressursperson.navn, Omdisponeringslinje.fra)
    ).all()
    ut: dict[str, Kandidat] = {}
    for li in laante:
        assert li.ressursperson is not None
        fra, til = _dager(l2 for l2 in laante if _samme(l2, li))
        kandidat = Kandidat(li.ressursperson, li.omdisponering, fra, til)
        if til >= i_dag():
            ut[kandidat.kode] = kandidat
    egne = db.session.scalars(
        sa.select(Ressursperson)
        .where(Ressursperson.organisasjon_id == organisasjon_id, Ressursperson.som_kan_brukes())
        .order_by(Ressursperson.navn, Ressursperson.id)
    )
    return [*ut.values(), *(Kandidat(p) for p in egne)]


def _samme(a: Omdisponeringslinje, b: Omdisponeringslinje) -> bool:
    return (a.omdisponering_id, a.ressursperson_id) == (b.omdisponering_id, b.ressursperson_id)


def _dager(linjer: Iterable[Omdisponeringslinje]) -> tuple[date, date]:
    """The first and the last day in Oslo of somebody who is borrowed."""
    linjer = list(linjer)
    slutt = max(li.til for li in linjer) - timedelta(microseconds=1)
    return oslo(min(li.fra for li in linjer)).date(), oslo(slutt).date()


# --- giving and taking back ------------------------------------------------------------------------------


@transactional
def deleger(
    aktor: Aktor,
    *,
    ressursperson_id: UUID,
    omdisponering_id: UUID | None = None,
    oppgave: Delegert,
    omfang: str,
    fra: date,
    til: date,
    fullmakt_av: str,
    opplaering: str,
    opplaert: date,
    veileder: str,
    ikke_fnr: bool = False,
) -> Gitt:
    """Delegates a task to one of the organisation's own, or to somebody it borrows: then no longer than the person is
    there, and said so (`Gitt.kortet`).

    Raises UgyldigData by field, UgyldigOvergang when the person is not the organisation's to delegate to.
    """
    organisasjon_id = access.krev_eget(aktor, Handling.DELEGERE)
    person, omd, periode = _hvem(aktor, ressursperson_id, omdisponering_id)
    tekster = {
        "omfang": omfang,
        "fullmakt_av": fullmakt_av,
        "opplaering": opplaering,
        "veileder": veileder,
    }
    feil: dict[str, list[Any]] = {f: [_l("Dette må fylles ut.")] for f, v in tekster.items() if not v.strip()}
    bedt = (fra, til)
    if periode is not None:
        if fra > periode[1]:
            feil["fra"] = [_l("Da er personen reist hjem. Velg en dag mens omdisponeringen varer.")]
        elif til < periode[0]:
            feil["til"] = [_l("Da er personen ikke kommet. Velg en dag mens omdisponeringen varer.")]
        else:
            fra, til = max(fra, periode[0]), min(til, periode[1])
    if "fra" not in feil and "til" not in feil:
        if til < fra:
            feil["til"] = [_l("Siste dag kan ikke være før første dag.")]
        elif til < i_dag():
            feil["til"] = [_l("Siste dag har vært. Velg i dag eller senere.")]
        elif til - fra > LENGST:
            feil["til"] = [_l("Gi den for høyst tre år om gangen.")]
    if opplaert > i_dag():
        feil["opplaert"] = [_l("Opplæringen må være gjennomført først. Skriv dagen den ble gjort.")]
    if feil:
        raise UgyldigData(felter=feil)
    sluppet = vern.stopp_identitet(tekster, ikke_fnr=ikke_fnr)
    d = Delegering(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        ressursperson_id=person.id,
        omdisponering_id=omd.id if omd else None,
        oppgave=oppgave,
        fra=fra,
        til=til,
        opplaert=opplaert,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        **{felt: tekst.strip() for felt, tekst in tekster.items()},
    )
    db.session.add(d)
    revider(
        aktor,
        "omdisponering.delegert",
        "delegering",
        d.id,
        oppgave=str(oppgave),
        til=til.isoformat(),
        omdisponering=str(omd.id) if omd else "",
        sluppet_tall=sluppet,
    )
    meld("omdisponering.delegering", organisasjon_id=organisasjon_id)
    _si_personen(
        aktor,
        d,
        person,
        "omdisponering.delegert",
        _l("Du har fått delegert en oppgave: %(oppgave)s", oppgave=ETIKETTER["delegert"][oppgave]),
    )
    return Gitt(d.id, fra, til, (fra, til) != bedt)


def _hvem(
    aktor: Aktor, ressursperson_id: UUID, omdisponering_id: UUID | None
) -> tuple[Ressursperson, Omdisponering | None, tuple[date, date] | None]:
    """The person, locked where it is an own one; of somebody borrowed the reallocation, locked, and the days."""
    borte = UgyldigOvergang(_l("Personen er ikke hos dere. Velg en av dem som står i lista."))
    if omdisponering_id is None:
        person = access.hent_person(aktor, Handling.DELEGERE, ressursperson_id, laas=True)
        if not person.kan_brukes:
            raise borte
        return person, None, None
    omd = access.hent(aktor, Handling.DELEGERE, omdisponering_id, laas=True)
    linjer = [li for li in omd.linjer if li.gjelder and li.ressursperson_id == ressursperson_id]
    if access.side(aktor, omd) != Side.MOTTAKER or omd.status not in HOLDER or not linjer:
        raise borte
    laant = linjer[0].ressursperson
    if laant is None or laant.slettet is not None:
        raise borte
    return laant, omd, _dager(linjer)


@transactional
def trekk(
    aktor: Aktor, delegering_id: UUID, *, grunn: str, lest: int | None = None, ikke_fnr: bool = False
) -> None:
    """Takes a delegation back at once, with the reason. The person is told. Raises UgyldigOvergang when it has ended,
    Utdatert, UgyldigData without a reason."""
    d = access.hent_delegering(aktor, Handling.DELEGERE, delegering_id, laas=True)
    if _rad(d).slutt:
        raise UgyldigOvergang(_l("Delegeringen gjelder ikke lenger."))
    if lest is not None and lest != d.versjon:
        raise Utdatert()
    if not grunn.strip():
        raise UgyldigData(felter={"grunn": [_l("Skriv hvorfor den trekkes tilbake.")]})
    sluppet = vern.stopp_identitet({"grunn": grunn}, ikke_fnr=ikke_fnr)
    d.trukket, d.trukket_av_id, d.trukket_grunn = now(), aktor.person_id, grunn.strip()
    stopp(_gjelder(d.id))
    revider(aktor, "omdisponering.delegering_trukket", "delegering", d.id, sluppet_tall=sluppet)
    meld("omdisponering.delegering", organisasjon_id=d.organisasjon_id)
    _si_personen(
        aktor,
        d,
        d.ressursperson,
        "omdisponering.delegering_trukket",
        _l(
            "Delegeringen av en oppgave er trukket tilbake: %(oppgave)s",
            oppgave=ETIKETTER["delegert"][Delegert(d.oppgave)],
        ),
        hastegrad="haster",
    )


def _gjelder(delegering_id: UUID) -> str:
    return f"delegering:{delegering_id}"


def _personen(person: Ressursperson) -> list[Mottaker]:
    """The person as somebody to tell, where it is a user."""
    if person.person_id is None:
        return []
    rader = db.session.execute(sa.select(*mottakerfelt()).where(Person.id == person.person_id, Person.aktiv))
    return [Mottaker(r.person_id, r.navn, r.epost, r.spraak, person.organisasjon_id) for r in rader]


def _si_personen(
    aktor: Aktor, d: Delegering, person: Ressursperson, kode: str, tittel: Any, hastegrad: str | None = None
) -> None:
    varsle_alle(
        [m for m in _personen(person) if m.person_id != aktor.person_id],
        noekkel=f"{kode}:{d.id}",
        kode=kode,
        tittel=tittel,
        lenke=f"{_ADRESSE}/{d.id}",
        hastegrad=hastegrad,
        gjelder=_gjelder(d.id),
    )


# --- reminding -------------------------------------------------------------------------------------------


def minn_om() -> int:
    """Job: tells those who delegate, and the person, 14 days and one day before a delegation ends. Gives how many
    delegations. Safe to run twice and in two processes: each reminder has a name, and is told once."""
    dag = i_dag()
    ider = db.session.scalars(
        sa.select(Delegering.id)
        .join(Delegering.ressursperson)
        .outerjoin(Delegering.omdisponering)
        .where(_kan_holde(dag), Delegering.til <= dag + timedelta(days=max(PAAMINNELSER)))
        .order_by(Delegering.id)
    ).all()
    db.session.rollback()
    return hver(ider, _minn_om, "omdisponering_feilet")


@transactional
def _minn_om(delegering_id: UUID) -> bool:
    d = db.session.scalars(
        _sporring()
        .where(Delegering.id == delegering_id, _kan_holde(i_dag()))
        .with_for_update(of=Delegering)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if d is None:
        return False
    trinn = min((p for p in PAAMINNELSER if (d.til - i_dag()).days <= p), default=None)
    # One that was given for a shorter time than this is not reminded of on its first day.
    if trinn is None or (d.til - oslo(d.opprettet).date()).days <= trinn:
        return False
    mottakere = [*med_rolle(d.organisasjon_id, INNSIDE), *_personen(d.ressursperson)]
    nye = varsle_alle(
        mottakere,
        noekkel=f"omdisponering.delegering_utloeper:{d.id}:{trinn}",
        kode="omdisponering.delegering_utloeper",
        tittel=_l(
            "Delegert oppgave utløper: %(oppgave)s", oppgave=ETIKETTER["delegert"][Delegert(d.oppgave)]
        ),
        tekst=_l("Siste dag er %(dag)s. Forny den i tide, eller la den løpe ut.", dag=f"{d.til:%d.%m.%Y}"),
        lenke=f"{_ADRESSE}/{d.id}",
        hastegrad="haster" if trinn == min(PAAMINNELSER) else None,
        gjelder=_gjelder(d.id),
    )
    return bool(nye)
