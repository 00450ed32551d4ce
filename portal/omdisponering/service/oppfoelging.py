"""What follows a reallocation: the hours of those who are lent, what went wrong, and how it went. Use cases and lists.

Both sides see it all. The receiver writes the hours, where the work is done; somebody who is lent and has a user
writes, and sees, the own alone. Whoever takes part may tell of an incident, and either side closes it with what was
done. At the end each side answers three questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import vern
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo, oslo_til_utc
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import access, steps
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import TELLER, Alvor, Side, Slag, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.oppfoelgingsmodeller import Avvik, Evaluering, Timefoering
from portal.oppgaver import steps as oppgaver
from portal.revisjon.steps import logg as revider

#: Hours are written from the beginning on.
HAR_TIMER = frozenset({Status.IVERKSATT, Status.AVSLUTTET})
_UKE = timedelta(days=7)
_UNDER = "/oppfoelging"
_ENDRET = _l("Andre har endret timene etter at du åpnet siden. Sjekk dem, og lagre på nytt.")


@dataclass(frozen=True, slots=True)
class Foering:
    """The hours of one day as they are written. `minutter` None: nothing was worked; `lest`: the row's version as it
    was read, None where there was none."""

    linje_id: UUID
    dag: date
    minutter: int | None
    merknad: str = ""
    lest: int | None = None

    @property
    def felt(self) -> str:
        return f"timer-{self.linje_id}-{self.dag}"


@dataclass(frozen=True, slots=True)
class Dagsrad:
    """A day on which a person can have worked, and what is written of it."""

    dag: date
    foert: Timefoering | None


@dataclass(frozen=True, slots=True)
class Personuke:
    """A person's days of the week that is shown, and the sums in minutes: of the week, and of all."""

    linje: Omdisponeringslinje
    dager: list[Dagsrad]
    i_uka: int
    i_alt: int
    kan_foere: bool


@dataclass(frozen=True, slots=True)
class Oppfoelging:
    """The page. `inne`: whoever follows up for a side; else somebody who is lent, who sees the own part.

    `mandag` is the first day of the week that is shown, `forrige` and `neste` those beside it that have days to write.
    """

    omd: Omdisponering
    inne: bool
    egen: Side | None
    mandag: date
    forrige: date | None
    neste: date | None
    personer: list[Personuke]
    i_uka: int
    i_alt: int
    avvik: list[Avvik]
    kan_melde: bool
    evalueringer: dict[UUID, Evaluering]
    viser_evaluering: bool
    kan_evaluere: bool


def hent(aktor: Aktor, omdisponering_id: UUID, dag: date | None = None) -> Oppfoelging:
    """What the actor may see of the follow-up, with the hours of the week of `dag`: today's, or the nearest."""
    omd, inne = access.hent_oppfoelging(aktor, omdisponering_id)
    linjer = _linjer(aktor, omd, inne)
    foert = _foert([li.id for li in linjer])
    dager = {li.id: _dager(omd, li) for li in linjer}
    alle = sorted({d for dd in dager.values() for d in dd})
    mandag = _mandag(min(max(dag or i_dag(), alle[0]), alle[-1]) if alle else dag or i_dag())
    uka = [mandag + timedelta(days=n) for n in range(7)]
    personer = [
        Personuke(
            linje=li,
            dager=[Dagsrad(d, foert.get((li.id, d))) for d in uka if d in dager[li.id]],
            i_uka=sum(t.minutter for (id_, d), t in foert.items() if id_ == li.id and d in uka),
            i_alt=sum(t.minutter for (id_, _d), t in foert.items() if id_ == li.id),
            kan_foere=_kan_foere(aktor, omd, li, inne),
        )
        for li in linjer
    ]
    evalueringer = {
        e.organisasjon_id: e
        for e in db.session.scalars(
            sa.select(Evaluering)
            .where(Evaluering.omdisponering_id == omd.id)
            .options(joinedload(Evaluering.svart_av))
        )
    }
    ferdig = omd.status == Status.AVSLUTTET
    return Oppfoelging(
        omd=omd,
        inne=inne,
        egen=access.side(aktor, omd),
        mandag=mandag,
        forrige=mandag - _UKE if alle and alle[0] < mandag else None,
        neste=mandag + _UKE if alle and alle[-1] >= mandag + _UKE else None,
        personer=personer,
        i_uka=sum(p.i_uka for p in personer),
        i_alt=sum(p.i_alt for p in personer),
        avvik=_avvik(aktor, omd, inne),
        kan_melde=omd.status in TELLER,
        evalueringer=evalueringer,
        viser_evaluering=ferdig and (inne or len(evalueringer) == 2),
        kan_evaluere=ferdig and inne and len(evalueringer) < 2,
    )


# --- hours -----------------------------------------------------------------------------------------------


def _mandag(dag: date) -> date:
    return dag - timedelta(days=dag.weekday())


def _linjer(aktor: Aktor, omd: Omdisponering, inne: bool) -> list[Omdisponeringslinje]:
    """The people whose hours the actor sees, once it has begun."""
    if omd.slag != Slag.PERSONELL or omd.status not in HAR_TIMER:
        return []
    return [li for li in omd.linjer if li.gjelder and (inne or _er_egen(aktor, li))]


def _er_egen(aktor: Aktor, li: Omdisponeringslinje) -> bool:
    return (
        aktor.person_id is not None
        and li.ressursperson is not None
        and li.ressursperson.person_id == aktor.person_id
    )


def _kan_foere(aktor: Aktor, omd: Omdisponering, li: Omdisponeringslinje, inne: bool) -> bool:
    return (inne and access.side(aktor, omd) == Side.MOTTAKER) or _er_egen(aktor, li)


def _dager(omd: Omdisponering, li: Omdisponeringslinje) -> list[date]:
    """The days in Oslo from a person's beginning to the end, and no later than today."""
    foerste = oslo(max(li.fra, omd.iverksatt or li.fra)).date()
    slutt = min(li.til, omd.avsluttet or li.til) - timedelta(microseconds=1)
    siste = min(oslo(slutt).date(), i_dag())
    return [foerste + timedelta(days=n) for n in range(max((siste - foerste).days + 1, 0))]


def _foert(linjer: Sequence[UUID]) -> dict[tuple[UUID, date], Timefoering]:
    rader = db.session.scalars(
        sa.select(Timefoering)
        .where(Timefoering.linje_id.in_(list(linjer)))
        .options(joinedload(Timefoering.foert_av))
        .order_by(Timefoering.dag, Timefoering.linje_id)
    )
    return {(t.linje_id, t.dag): t for t in rader}


@transactional
def foer_timer(
    aktor: Aktor, omdisponering_id: UUID, foeringer: Sequence[Foering], *, ikke_fnr: bool = False
) -> int:
    """Writes what was worked, day by day: new, corrected, or taken away. Gives how many days were changed.

    Raises UgyldigOvergang before it has begun, UgyldigData by field (`Foering.felt`) for a day that is not the person's
    or more hours than it has, Utdatert where somebody else has changed a day meanwhile.
    """
    omd, inne = access.hent_oppfoelging(aktor, omdisponering_id, laas=True)
    if omd.status not in HAR_TIMER:
        raise UgyldigOvergang(_l("Timer føres når omdisponeringen har begynt."))
    linjer = {li.id: li for li in _linjer(aktor, omd, inne)}
    foert = _foert(list(linjer))
    feil: dict[str, list[Any]] = {}
    gamle: dict[str, list[Any]] = {}
    endret = 0
    for f in foeringer:
        li = linjer.get(f.linje_id)
        if li is None:
            raise IkkeFunnet()
        if not _kan_foere(aktor, omd, li, inne):
            access.nekt(aktor, Handling.FOELGE_OPP, "omdisponering", omd.id, finnes=True)
        rad = foert.get((li.id, f.dag))
        if (rad.minutter if rad else None, rad.merknad if rad else "") == (f.minutter, f.merknad.strip()):
            continue
        if galt := _galt(omd, li, f):
            feil[f.felt] = [galt]
        elif (rad.versjon if rad else None) != f.lest:
            gamle[f.felt] = [_ENDRET]
        else:
            endret += 1
            _skriv(aktor, f, rad)
    sluppet = vern.stopp_identitet({f.felt: f.merknad for f in foeringer}, ikke_fnr=ikke_fnr)
    if feil:
        raise UgyldigData(felter=feil)
    if gamle:
        raise Utdatert(_ENDRET, felter=gamle)
    if endret:
        revider(
            aktor, "omdisponering.timer_foert", "omdisponering", omd.id, antall=endret, sluppet_tall=sluppet
        )
        meld("omdisponering.endret", omdisponering_id=omd.id, status=omd.status)
    return endret


def _galt(omd: Omdisponering, li: Omdisponeringslinje, f: Foering) -> Any:
    """What is wrong with a day's hours; None: nothing."""
    if f.dag not in _dager(omd, li):
        return _l("Personen var ikke hos dere denne dagen. Velg en dag i perioden, til og med i dag.")
    doegn = oslo_til_utc(f.dag + timedelta(days=1), time()) - oslo_til_utc(f.dag, time())
    if f.minutter is None:
        return _l("Skriv timene som merknaden gjelder.") if f.merknad.strip() else None
    if not 0 <= f.minutter <= doegn // timedelta(minutes=1):
        return _l("Dagen har ikke så mange timer. Skriv for eksempel 7,5 eller 7:30.")
    return None


def _skriv(aktor: Aktor, f: Foering, rad: Timefoering | None) -> None:
    if f.minutter is None:
        db.session.delete(rad)
        return
    if rad is None:
        rad = Timefoering(id=uuid4(), linje_id=f.linje_id, dag=f.dag)
        db.session.add(rad)
    rad.minutter, rad.merknad = f.minutter, f.merknad.strip()
    rad.foert, rad.foert_av_id = now(), aktor.person_id


@transactional
def hent_timeliste(aktor: Aktor, omdisponering_id: UUID) -> tuple[Omdisponering, list[Timefoering]]:
    """All hours that the actor may see, to be taken along in a file: by person, then by day. It is noted in the log."""
    omd, inne = access.hent_oppfoelging(aktor, omdisponering_id)
    linjer = {li.id: li for li in _linjer(aktor, omd, inne)}
    rader = list(_foert(list(linjer)).values())
    revider(aktor, "omdisponering.timer_eksportert", "omdisponering", omd.id, antall=len(rader))
    return omd, sorted(rader, key=lambda t: (linjer[t.linje_id].rekkefoelge, t.dag))


# --- incidents -------------------------------------------------------------------------------------------


def _avvik(aktor: Aktor, omd: Omdisponering, inne: bool) -> list[Avvik]:
    """Those that are open first; of somebody who is lent those that they told of themselves."""
    sporring = (
        sa.select(Avvik)
        .where(Avvik.omdisponering_id == omd.id)
        .options(joinedload(Avvik.organisasjon), joinedload(Avvik.meldt_av), joinedload(Avvik.lukket_av))
        .order_by(Avvik.lukket.is_not(None), Avvik.hendt.desc(), Avvik.id)
    )
    if not inne:
        sporring = sporring.where(Avvik.meldt_av_id == aktor.person_id)
    return list(db.session.scalars(sporring))


@transactional
def meld_avvik(
    aktor: Aktor,
    omdisponering_id: UUID,
    *,
    hendt: datetime,
    alvor: Alvor,
    tekst: str,
    ikke_fnr: bool = False,
) -> UUID:
    """Tells of something that went wrong, without any patient's identity. Both sides' coordinators are told that there
    is something to read, not what. Raises UgyldigOvergang before both have agreed, UgyldigData."""
    omd, _inne = access.hent_oppfoelging(aktor, omdisponering_id, laas=True)
    if omd.status not in TELLER:
        raise UgyldigOvergang(_l("Avvik meldes når begge sider har godkjent omdisponeringen."))
    if hendt > now():
        raise UgyldigData(felter={"hendt": [_l("Tidspunktet har ikke vært ennå. Skriv når det skjedde.")]})
    if hendt < omd.opprettet.replace(second=0, microsecond=0):
        raise UgyldigData(
            felter={"hendt": [_l("Tidspunktet er før omdisponeringen. Skriv når det skjedde.")]}
        )
    sluppet = vern.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr)
    egen = access.side(aktor, omd)
    avvik = Avvik(
        id=uuid4(),
        omdisponering_id=omd.id,
        organisasjon_id=omd.mottaker_id if egen == Side.MOTTAKER else omd.avgiver_id,
        hendt=hendt,
        alvor=alvor,
        tekst=tekst.strip(),
        meldt=now(),
        meldt_av_id=aktor.person_id,
    )
    db.session.add(avvik)
    revider(
        aktor,
        "omdisponering.avvik_meldt",
        "omdisponering",
        omd.id,
        avvik=str(avvik.id),
        alvor=str(alvor),
        sluppet_tall=sluppet,
    )
    meld("omdisponering.endret", omdisponering_id=omd.id, status=omd.status)
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.avvik_meldt",
        _l("Avvik meldt i omdisponering %(nummer)s", nummer=omd.nummer),
        _l("Les det, og skriv hva som er gjort."),
        noekkel=str(avvik.id),
        hastegrad="haster" if alvor == Alvor.ALVORLIG else None,
        under=f"{_UNDER}#avvik-{avvik.id}",
    )
    return avvik.id


@transactional
def lukk_avvik(
    aktor: Aktor,
    omdisponering_id: UUID,
    avvik_id: UUID,
    *,
    tiltak: str,
    lest: int | None = None,
    ikke_fnr: bool = False,
) -> None:
    """Closes an incident with what was done, for either side; both are told. Raises IkkeTilgang for others,
    UgyldigOvergang when it is closed, Utdatert, UgyldigData without what was done."""
    omd = access.hent(aktor, Handling.FOELGE_OPP, omdisponering_id, laas=True)
    avvik = db.session.scalars(
        sa.select(Avvik)
        .where(Avvik.id == avvik_id, Avvik.omdisponering_id == omd.id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if avvik is None:
        raise IkkeFunnet()
    if avvik.lukket is not None:
        raise UgyldigOvergang(_l("Avviket er alt lukket. Se hva som er gjort, nedenfor."))
    if lest is not None and lest != avvik.versjon:
        raise Utdatert()
    if not tiltak.strip():
        raise UgyldigData(felter={"tiltak": [_l("Skriv hva som er gjort.")]})
    sluppet = vern.stopp_identitet({"tiltak": tiltak}, ikke_fnr=ikke_fnr)
    avvik.tiltak, avvik.lukket, avvik.lukket_av_id = tiltak.strip(), now(), aktor.person_id
    revider(
        aktor,
        "omdisponering.avvik_lukket",
        "omdisponering",
        omd.id,
        avvik=str(avvik.id),
        sluppet_tall=sluppet,
    )
    meld("omdisponering.endret", omdisponering_id=omd.id, status=omd.status)
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.avvik_lukket",
        _l("Avvik lukket i omdisponering %(nummer)s", nummer=omd.nummer),
        noekkel=str(avvik.id),
        hastegrad=None,
        under=f"{_UNDER}#avvik-{avvik.id}",
    )


# --- how it went -----------------------------------------------------------------------------------------


@transactional
def evaluer(
    aktor: Aktor,
    omdisponering_id: UUID,
    *,
    nytte: int,
    avklart: int,
    igjen: int,
    egne_ord: str = "",
    lest: int | None = None,
    ikke_fnr: bool = False,
) -> None:
    """One side's answers, from 1 to 5, when it has ended: they may be changed until both sides have answered.

    The side's task is done by it. Raises UgyldigOvergang before the end and once both have answered, Utdatert where
    somebody at the own organisation has answered meanwhile.
    """
    omd = access.hent(aktor, Handling.FOELGE_OPP, omdisponering_id, laas=True)
    egen_id = omd.avgiver_id if access.side(aktor, omd) == Side.AVGIVER else omd.mottaker_id
    if omd.status != Status.AVSLUTTET:
        raise UgyldigOvergang(_l("Omdisponeringen evalueres når den er avsluttet."))
    svar = {
        e.organisasjon_id: e
        for e in db.session.scalars(
            sa.select(Evaluering)
            .where(Evaluering.omdisponering_id == omd.id)
            .execution_options(populate_existing=True)
        )
    }
    rad = svar.get(egen_id)
    if len(svar) == 2:
        raise UgyldigOvergang(_l("Begge sider har svart, og svarene kan ikke endres lenger."))
    if (rad.versjon if rad else None) != lest:
        raise Utdatert(_l("En kollega har svart for dere. Les svaret, og endre det om du vil."))
    for felt, tall in (("nytte", nytte), ("avklart", avklart), ("igjen", igjen)):
        if not 1 <= tall <= 5:
            raise UgyldigData(felter={felt: [_l("Velg et tall fra 1 til 5.")]})
    sluppet = vern.stopp_identitet({"egne_ord": egne_ord}, ikke_fnr=ikke_fnr)
    if rad is None:
        rad = svar[egen_id] = Evaluering(id=uuid4(), omdisponering_id=omd.id, organisasjon_id=egen_id)
        db.session.add(rad)
    rad.nytte, rad.avklart, rad.igjen, rad.tekst = nytte, avklart, igjen, egne_ord.strip()
    rad.svart, rad.svart_av_id = now(), aktor.person_id
    oppgaver.fullfoer(aktor, steps.evalueringsnoekkel(omd.id, egen_id))
    revider(aktor, "omdisponering.evaluert", "omdisponering", omd.id, sluppet_tall=sluppet)
    meld("omdisponering.endret", omdisponering_id=omd.id, status=omd.status)
    if len(svar) == 2:
        si(
            aktor,
            omd,
            [omd.avgiver_id, omd.mottaker_id],
            "omdisponering.evaluert",
            _l("Begge sider har evaluert omdisponering %(nummer)s", nummer=omd.nummer),
            noekkel="begge",
            hastegrad=None,
            under=f"{_UNDER}#evaluering",
        )
