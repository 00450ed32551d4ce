"""The annual review (hol § 6-5): the parties go through the agreement together, and say what came of it.

What they have before them is what the portal knows of the time since the last review: what was to be done and was or
was not, what they disagree on, in which phases the agreement has been used, what has changed in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, beskjeder, plikter, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_KRAFT, Uenighetstrinn
from portal.avtaler.livsmodeller import Gjennomgang, Uenighet
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.beredskap.models import Fase, Faseperiode
from portal.core.aktor import Aktor
from portal.core.clock import OSLO, i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.access import er_system
from portal.oppgaver import steps as oppgaver
from portal.oppgaver.models import Oppgave
from portal.revisjon.steps import logg

#: Months from one review to the day before which the next must be held.
HVERT = 12
#: So long a review that was held stands before the form for the next.
NYLIG = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Gjennomganger:
    """The reviews of an agreement, the newest first; to who takes no part in it only the day of the next is told."""

    rader: Sequence[Gjennomgang]
    neste: date | None
    #: That day has passed.
    forfalt: bool
    #: The actor sees minutes, and may record a review now.
    innside: bool
    kan_foere: bool


@dataclass(frozen=True, slots=True)
class Forpliktelser:
    """What was to be done by a party since the last review."""

    navn: str
    gjort: Sequence[Oppgave]
    over: Sequence[Oppgave]
    #: Open, and not due yet.
    gjenstaar: int


@dataclass(frozen=True, slots=True)
class Underlag:
    """What the parties go through, from the day of the last review (else from the first day in force) until today."""

    fra: date
    forpliktelser: Sequence[Forpliktelser]
    uenigheter: Sequence[Uenighet]
    loest: int
    #: Phases above the first that parties have been in, the newest first.
    faser: Sequence[Faseperiode]
    #: What came into force after the first day, and who came or left: {the version or party}.
    versjoner: Sequence[Avtaleversjon]
    kommet: Sequence[Avtalepart]
    gaatt: Sequence[Avtalepart]


@dataclass(frozen=True, slots=True)
class Gjennomgangsside:
    avtale: Avtale
    gjelder: Avtaleversjon | None
    gjennomganger: Gjennomganger
    underlag: Underlag | None
    #: One has just been held: another one is not what the page is opened for.
    nylig: bool


# --- reading ---------------------------------------------------------------------------------------------


def hent(aktor: Aktor, avtale: Avtale) -> Gjennomganger:
    """The reviews of an agreement that the actor has fetched."""
    innside = access.kan(aktor, Handling.SE_ARBEID, avtale) and access.deltar(aktor, avtale)
    rader: Sequence[Gjennomgang] = ()
    if innside:
        rader = db.session.scalars(
            sa.select(Gjennomgang)
            .where(Gjennomgang.avtale_id == avtale.id)
            .options(joinedload(Gjennomgang.organisasjon), joinedload(Gjennomgang.registrert_av))
            .order_by(Gjennomgang.dato.desc(), Gjennomgang.registrert.desc())
        ).all()
    neste = avtale.neste_gjennomgang if steps.holder(avtale) is not None else None
    return Gjennomganger(
        rader,
        neste,
        neste is not None and neste < i_dag(),
        innside,
        kan_foere(aktor, avtale),
    )


def kan_foere(aktor: Aktor, avtale: Avtale) -> bool:
    """Whether the actor may record a review of an agreement that has been fetched."""
    return access.kan(aktor, Handling.FOERE, avtale) and _feil_tid(aktor, avtale) is None


def hent_side(aktor: Aktor, avtale_id: UUID) -> Gjennomgangsside:
    """The page of the reviews. Raises IkkeFunnet, or IkkeTilgang for who sees only what holds or is invited alone."""
    avtale = access.hent_som_deltaker(aktor, Handling.SE_ARBEID, avtale_id)
    gjennomganger = hent(aktor, avtale)
    rader = gjennomganger.rader
    return Gjennomgangsside(
        avtale,
        steps.holder(avtale),
        gjennomganger,
        _underlag(avtale, rader),
        bool(rader) and i_dag() - rader[0].dato < NYLIG,
    )


def _underlag(avtale: Avtale, holdt: Sequence[Gjennomgang]) -> Underlag | None:
    """None: the agreement has not been in force."""
    foerste = _foerste_dag(avtale)
    idag = i_dag()
    if foerste is None or foerste > idag:
        return None
    fra = max(holdt[0].dato, foerste) if holdt else foerste
    uenigheter = db.session.scalars(
        sa.select(Uenighet).where(Uenighet.avtale_id == avtale.id).order_by(Uenighet.opprettet)
    ).all()
    siden = datetime.combine(fra, time(), OSLO)
    return Underlag(
        fra=fra,
        forpliktelser=_forpliktelser(avtale, siden),
        uenigheter=[u for u in uenigheter if u.trinn != Uenighetstrinn.LOEST],
        loest=sum(u.trinn == Uenighetstrinn.LOEST for u in uenigheter),
        faser=_faser(avtale, siden),
        versjoner=[
            v
            for v in avtale.versjoner
            if v.i_kraft_fra is not None and fra < v.i_kraft_fra <= idag and v.i_kraft_fra != foerste
        ],
        kommet=[p for p in avtale.parter if p.fra is not None and max(fra, foerste) < p.fra <= idag],
        gaatt=[p for p in avtale.parter if p.til is not None and fra <= p.til <= idag],
    )


def _foerste_dag(avtale: Avtale) -> date | None:
    return min((v.i_kraft_fra for v in avtale.versjoner if v.i_kraft_fra), default=None)


def _forpliktelser(avtale: Avtale, siden: datetime) -> list[Forpliktelser]:
    """By party, in the order of the parties: what was done since then, what is overdue, how much is to come."""
    rader = db.session.scalars(
        sa.select(Oppgave)
        .where(
            Oppgave.gjelder == beskjeder.gjelder(avtale.id),
            Oppgave.kode == plikter.FORPLIKTELSE,
            Oppgave.avlyst.is_(None),
            sa.or_(Oppgave.gjort.is_(None), Oppgave.gjort >= siden),
        )
        .order_by(Oppgave.frist, Oppgave.tittel, Oppgave.id)
    ).all()
    idag = i_dag()
    navn = {p.organisasjon_id: p.organisasjon.visningsnavn for p in avtale.parter}
    ut = []
    for organisasjon_id, kalt in sorted(navn.items(), key=lambda par: (par[0] != avtale.eier_id, par[1])):
        egne = [r for r in rader if r.organisasjon_id == organisasjon_id]
        if egne:
            ut.append(
                Forpliktelser(
                    kalt,
                    [r for r in egne if r.gjort is not None],
                    [r for r in egne if r.gjort is None and r.frist < idag],
                    sum(r.gjort is None and r.frist >= idag for r in egne),
                )
            )
    return ut


def _faser(avtale: Avtale, siden: datetime) -> Sequence[Faseperiode]:
    naa = now()
    return db.session.scalars(
        sa.select(Faseperiode)
        .where(
            Faseperiode.organisasjon_id.in_([p.organisasjon_id for p in avtale.parter if p.fra is not None]),
            Faseperiode.trukket.is_(None),
            Faseperiode.fase > Fase.ENKELTTILFELLER,
            Faseperiode.fra <= naa,
            sa.or_(Faseperiode.til.is_(None), Faseperiode.til > siden),
        )
        .options(joinedload(Faseperiode.organisasjon))
        .order_by(Faseperiode.fra.desc(), Faseperiode.id)
    ).all()


# --- recording -------------------------------------------------------------------------------------------


@transactional
def foer(
    aktor: Aktor,
    avtale_id: UUID,
    *,
    dato: date,
    deltakere: str,
    referat: str,
    endres: bool = False,
    ikke_fnr: bool = False,
) -> UUID:
    """Records a review that was held on `dato`, by a party's coordinator, for all parties.

    The next is due a year after it; the tasks of all parties for this one are done. `endres`: the parties will change
    the agreement. Raises UgyldigOvergang where the agreement does not hold (for the actor's organisation), UgyldigData
    by field, Opptatt when a review of that day has been recorded.
    """
    avtale = access.hent(aktor, Handling.FOERE, avtale_id, laas=True)
    if (feil_tid := _feil_tid(aktor, avtale)) is not None:
        raise feil_tid
    _krev_dato(avtale, dato)
    sluppet = vern.stopp_identitet({"deltakere": deltakere, "referat": referat}, ikke_fnr=ikke_fnr)
    alt = db.session.scalars(
        sa.select(Gjennomgang)
        .where(Gjennomgang.avtale_id == avtale.id)
        .options(joinedload(Gjennomgang.organisasjon))
    ).all()
    samme = next((g for g in alt if g.dato == dato), None)
    if samme is not None:
        raise Opptatt(
            _l(
                "%(navn)s har alt ført gjennomgangen denne dagen. Les den nedenfor. Velg en annen dag hvis dere hadde "
                "en til.",
                navn=samme.organisasjon.visningsnavn,
            )
        )
    assert aktor.organisasjon_id is not None
    rad = Gjennomgang(
        id=uuid4(),
        avtale_id=avtale.id,
        dato=dato,
        deltakere=deltakere,
        referat=referat,
        endres=endres,
        registrert=now(),
        registrert_av_id=aktor.person_id,
        organisasjon_id=aktor.organisasjon_id,
    )
    db.session.add(rad)
    db.session.flush()
    if all(g.dato < dato for g in alt):
        _flytt_neste(aktor, avtale, dato)
    logg(
        aktor,
        "avtale.gjennomgang_foert",
        "avtale",
        avtale.id,
        dato=dato.isoformat(),
        endres=endres,
        neste=avtale.neste_gjennomgang.isoformat() if avtale.neste_gjennomgang else "",
        sluppet_tall=sluppet,
    )
    beskjeder.si(
        aktor,
        avtale,
        [p.organisasjon_id for p in avtale.parter if p.status in access.MED and p.fra is not None],
        "avtale.gjennomgang",
        f"avtale.gjennomgang:{rad.id}",
        _l("Avtalen er gjennomgått: %(tittel)s", tittel=avtale.tittel),
        _l("%(navn)s har ført gjennomgangen. Partene vil endre avtalen.", navn=aktor.organisasjon_navn)
        if endres
        else _l("%(navn)s har ført gjennomgangen. Se referatet.", navn=aktor.organisasjon_navn),
        sti="/gjennomgang",
    )
    meld("avtale.endret", avtale_id=avtale.id)
    return rad.id


def _feil_tid(aktor: Aktor, avtale: Avtale) -> UgyldigOvergang | None:
    """Why the actor's organisation can record no review now; None: it can."""
    if steps.holder(avtale) is None:
        return UgyldigOvergang(_l("Avtalen gjelder ikke nå, så det er ingenting å gå gjennom."))
    part, idag = access.part(avtale, aktor.organisasjon_id), i_dag()
    if er_system(aktor) or (
        part is not None
        and part.fra is not None
        and part.fra <= idag
        and (part.til is None or part.til > idag)
    ):
        return None
    return UgyldigOvergang(
        _l("Avtalen gjelder ikke for organisasjonen din nå. En av partene fører gjennomgangen.")
    )


def _krev_dato(avtale: Avtale, dato: date) -> None:
    foerste = _foerste_dag(avtale)
    if dato > i_dag():
        raise UgyldigData(
            felter={"dato": [_l("Dagen har ikke vært ennå. Før gjennomgangen når den er holdt.")]}
        )
    if foerste is None or dato < foerste:
        raise UgyldigData(felter={"dato": [_l("Den dagen gjaldt ikke avtalen. Velg en senere dag.")]})


def _flytt_neste(aktor: Aktor, avtale: Avtale, dato: date) -> None:
    """The next is due a year after the last. What is recorded long afterwards does not bring an old deadline back."""
    neste, staar = plikter.om_maaneder(dato, HVERT), avtale.neste_gjennomgang
    if neste == staar or (staar is not None and neste <= min(staar, i_dag())):
        return
    avtale.neste_gjennomgang = neste
    db.session.flush()
    aapne = db.session.execute(
        sa.select(Oppgave.noekkel).where(
            Oppgave.gjelder == beskjeder.gjelder(avtale.id),
            Oppgave.kode == plikter.GJENNOMGANG,
            oppgaver.AAPEN,
        )
    ).scalars()
    nye = {plikter.noekkel(plikter.GJENNOMGANG, avtale.id, neste, p.id) for p in avtale.parter}
    for noekkel in sorted(set(aapne) - nye):
        oppgaver.fullfoer(aktor, noekkel)
    versjon = steps.holder(avtale)
    if versjon is not None and versjon.status in I_KRAFT:
        plikter.lag_oppgaver(avtale, versjon)
