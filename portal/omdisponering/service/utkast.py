"""Writing a reallocation: from a need and the people or rooms of one lender, by either side. Use cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import access, steps
from portal.omdisponering import felter as felter_
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import (
    FLEST,
    KAN_ENDRES,
    Hendelsestype,
    Side,
    Slag,
    Status,
    Tilbudsstatus,
)
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from portal.revisjon.steps import logg as revider

_BORTE = _l("Noe av det du valgte, kan ikke avgis lenger. Velg på nytt.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ny:
    """A line as it is written: from an offer, or (the lender) straight from the register. Times left out: those of the
    offer within the need."""

    tilbud_id: UUID | None = None
    ressursperson_id: UUID | None = None
    lokale_id: UUID | None = None
    fra: datetime | None = None
    til: datetime | None = None
    andel: int | None = None
    #: The person has said yes: who writes it down is the lender's.
    samtykket: bool = False
    beordret: bool = False


@transactional
def opprett(
    aktor: Aktor, behov_id: UUID, linjer: Sequence[Ny], *, ikke_fnr: bool = False, **felter: Any
) -> UUID:
    """A draft for a need: the receiver writes it from one lender's offers, a lender from its own people or rooms.

    `felter`: those of `felter.FELTER`. Gives its id. Raises UgyldigOvergang for a need that is not open, UgyldigData,
    also (`personnummer`) for an identity in a text.
    """
    behov = access.hent_behov(aktor, Handling.SE, behov_id)
    egen = access.krev_eget(aktor, Handling.SKRIVE)
    sluppet = felter_.stopp_identitet(felter, ikke_fnr=ikke_fnr)
    if not access.aapent(behov):
        raise UgyldigOvergang(_l("Behovet er ikke åpent lenger."))
    side = Side.MOTTAKER if behov.organisasjon_id == egen else Side.AVGIVER
    omd = Omdisponering(
        id=uuid4(),
        nummer=steps.nytt_nummer(),
        slag=behov.slag,
        status=Status.UTKAST,
        behov_id=behov.id,
        behov=behov,
        mottaker_id=behov.organisasjon_id,
        mottaker_enhet_id=behov.enhet_id,
        foreslaatt_side=side,
        fra=behov.fra,
        til=behov.til,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        linjer=[],
    )
    omd.avgiver_id = egen if side == Side.AVGIVER else _avgiver(aktor, linjer)
    if omd.avgiver_id == omd.mottaker_id:
        raise UgyldigData(felter={"linjer": [_l("Dere kan ikke avgi til dere selv.")]})
    with db.session.no_autoflush:
        omd.linjer.extend(_nye_linjer(aktor, omd, linjer))
        omd.avgiver_enhet_id = _felles_enhet(omd)
        felter_.foreslaa(omd, felter)
        felter_.sett(aktor, omd, felter)
    db.session.add(omd)
    # What nobody has said gets its value now: the hash is of what is stored.
    db.session.flush()
    steps.tell_opp(omd)
    steps.noter(aktor, omd, Hendelsestype.OPPRETTET, antall=len(omd.linjer))
    revider(
        aktor,
        "omdisponering.opprettet",
        "omdisponering",
        omd.id,
        behov=str(behov.id),
        side=str(side),
        sluppet_tall=sluppet,
    )
    return omd.id


@transactional
def endre(
    aktor: Aktor,
    omdisponering_id: UUID,
    linjer: Sequence[Ny] | None = None,
    *,
    lest: str,
    ikke_fnr: bool = False,
    **felter: Any,
) -> None:
    """Changes the draft or the proposal, for either side. What the lender had approved is approved no more, and it is
    told; its people and rooms are free until it approves anew. Lines: None leaves them as they are.

    Raises Utdatert, UgyldigOvergang, UgyldigData, also (`personnummer`) for an identity in a text.
    """
    omd = access.hent(aktor, Handling.SKRIVE, omdisponering_id, laas=True)
    sluppet = felter_.stopp_identitet(felter, ikke_fnr=ikke_fnr)
    if Status(omd.status) not in KAN_ENDRES:
        raise UgyldigOvergang(_l("Det som er avtalt, kan ikke endres. Trekk det, og lag et nytt forslag."))
    if omd.innhold_hash != lest:
        raise Utdatert(innhold_hash=omd.innhold_hash)
    andre_linjer = linjer is not None and _bytt_linjer(aktor, omd, linjer)
    felter_.sett(aktor, omd, felter)
    steps.tell_opp(omd)
    if omd.innhold_hash == lest and not andre_linjer:
        return
    if omd.status == Status.GODKJENT_AVGIVER:
        _opphev(aktor, omd)
    else:
        steps.noter(aktor, omd, Hendelsestype.ENDRET)
        if omd.status == Status.FORESLAATT:
            _si_endret(aktor, omd)
    revider(
        aktor,
        "omdisponering.endret",
        "omdisponering",
        omd.id,
        innhold=omd.innhold_hash,
        sluppet_tall=sluppet,
    )


def _hvem(li: Omdisponeringslinje) -> tuple[Any, ...]:
    """What a yes is a yes to, and what an order orders."""
    return li.ressursperson_id, li.lokale_id, li.fra, li.til, li.andel


def _bytt_linjer(aktor: Aktor, omd: Omdisponering, linjer: Sequence[Ny]) -> bool:
    """The lines as they are wanted; what was struck stays struck. Gives whether any is another than before.

    A line that is as it was is the same row: what the lender has approved keeps its people while nothing is changed.
    """
    staar = [li for li in omd.linjer if li.gjelder]
    nye = _nye_linjer(
        aktor, omd, linjer, {i for li in staar for i in (li.ressursperson_id, li.lokale_id) if i}
    )
    if access.side(aktor, omd) == Side.MOTTAKER:
        # Who goes of own will or by order is the lender's to say: the receiver leaves it as it was noted.
        sagt = {_hvem(li): li for li in staar}
        for ny in nye:
            if (foer := sagt.get(_hvem(ny))) is not None:
                ny.samtykket, ny.samtykket_av_id = foer.samtykket, foer.samtykket_av_id
                ny.beordret = foer.beordret
    igjen, nytt = list(staar), []
    for ny in nye:
        lik = next((li for li in igjen if _lik(li, ny)), None)
        if lik is None:
            nytt.append(ny)
        else:
            igjen.remove(lik)
            lik.rekkefoelge = ny.rekkefoelge
    for li in igjen:
        omd.linjer.remove(li)
        db.session.delete(li)
    db.session.flush()
    omd.linjer.extend(nytt)
    return bool(igjen or nytt)


def _lik(a: Omdisponeringslinje, b: Omdisponeringslinje) -> bool:
    return (
        _hvem(a) == _hvem(b) and a.beordret == b.beordret and (a.samtykket is None) == (b.samtykket is None)
    )


def _opphev(aktor: Aktor, omd: Omdisponering) -> None:
    steps.opphev(aktor, omd)
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.opphevet",
        _l("Omdisponering %(nummer)s er endret og må godkjennes på nytt", nummer=omd.nummer),
    )


def _si_endret(aktor: Aktor, omd: Omdisponering) -> None:
    egen = access.side(aktor, omd)
    si(
        aktor,
        omd,
        [omd.mottaker_id if egen == Side.AVGIVER else omd.avgiver_id],
        "omdisponering.endret",
        _l("Forslag %(nummer)s er endret", nummer=omd.nummer),
    )


# --- lines -----------------------------------------------------------------------------------------------


def _avgiver(aktor: Aktor, linjer: Sequence[Ny]) -> UUID:
    """Whose offers the receiver has chosen: one lender's."""
    tilbud = [_tilbud(aktor, ny.tilbud_id) for ny in linjer if ny.tilbud_id]
    if None in tilbud:
        raise UgyldigData(felter={"linjer": [_BORTE]})
    eiere = {t.organisasjon_id for t in tilbud if t is not None}
    if not eiere:
        raise UgyldigData(felter={"linjer": [_l("Velg minst ett tilbud.")]})
    if len(eiere) > 1:
        raise UgyldigData(
            felter={"linjer": [_l("Tilbudene er fra flere avgivere. Lag ett forslag til hver av dem.")]}
        )
    return eiere.pop()


def _tilbud(aktor: Aktor, tilbud_id: UUID) -> Tilbud | None:
    """An offer that the actor may know of: one that was withdrawn meanwhile is an answer on the form, no refusal."""
    return db.session.scalars(access.synlige_tilbud(aktor).where(Tilbud.id == tilbud_id)).one_or_none()


def _nye_linjer(
    aktor: Aktor, omd: Omdisponering, linjer: Sequence[Ny], staar: Collection[UUID] = frozenset()
) -> list[Omdisponeringslinje]:
    """`staar`: the people and rooms that the lender has put in from its register; the receiver may keep those."""
    if not linjer:
        raise UgyldigData(felter={"linjer": [_l("Velg minst én person eller ett lokale.")]})
    if len(linjer) > FLEST:
        raise UgyldigData(felter={"linjer": [_l("Velg høyst %(flest)s om gangen.", flest=FLEST)]})
    return [_linje(aktor, omd, ny, nummer, staar) for nummer, ny in enumerate(linjer)]


def _linje(
    aktor: Aktor, omd: Omdisponering, ny: Ny, nummer: int, staar: Collection[UUID]
) -> Omdisponeringslinje:
    """A line of who or what belongs to the lender, within the need."""
    tilbud, person, lokale = _hva(aktor, omd, ny, staar)
    behov = omd.behov
    fra = ny.fra or max(behov.fra, tilbud.fra if tilbud else behov.fra)
    til = ny.til or min(behov.til, tilbud.til if tilbud else behov.til)
    andel = ny.andel or min(
        behov.andel, tilbud.andel if tilbud else behov.andel, person.prosent if person else 100
    )
    felt = f"linje-{nummer}"
    if til <= fra:
        raise UgyldigData(felter={felt: [_l("Slutten må være etter begynnelsen.")]})
    if fra < behov.fra or til > behov.til:
        raise UgyldigData(felter={felt: [_l("Perioden er utenfor behovet. Velg en periode innenfor den.")]})
    if not 1 <= andel <= 100:
        raise UgyldigData(felter={felt: [_l("Stillingsandelen må være fra 1 til 100 prosent.")]})
    if tilbud and (fra < tilbud.fra or til > tilbud.til or andel > tilbud.andel):
        raise UgyldigData(felter={felt: [_l("Dette er mer enn det som er tilbudt.")]})
    egen = access.side(aktor, omd) == Side.AVGIVER
    return Omdisponeringslinje(
        id=uuid4(),
        omdisponering_id=omd.id,
        rekkefoelge=nummer,
        tilbud_id=tilbud.id if tilbud else None,
        ressursperson_id=person.id if person else None,
        ressursperson=person,
        lokale_id=lokale.id if lokale else None,
        lokale=lokale,
        fra=fra,
        til=til,
        andel=andel,
        samtykket=now() if ny.samtykket and egen and person else None,
        samtykket_av_id=aktor.person_id if ny.samtykket and egen and person else None,
        beordret=ny.beordret and egen and person is not None,
    )


def _hva(
    aktor: Aktor, omd: Omdisponering, ny: Ny, staar: Collection[UUID]
) -> tuple[Tilbud | None, Ressursperson | None, Lokale | None]:
    feil = UgyldigData(felter={"linjer": [_BORTE]})
    tilbud: Tilbud | None = None
    person_id, lokale_id = ny.ressursperson_id, ny.lokale_id
    if ny.tilbud_id is not None:
        tilbud = _tilbud(aktor, ny.tilbud_id)
        if tilbud is None:
            raise feil
        person_id, lokale_id = tilbud.ressursperson_id, tilbud.lokale_id
        if tilbud.status != Tilbudsstatus.AAPENT or tilbud.organisasjon_id != omd.avgiver_id:
            raise feil
    elif access.side(aktor, omd) != Side.AVGIVER and (person_id or lokale_id) not in staar:
        raise feil
    # Who is erased in this moment is gone, or stays as one who is referred to: never a line of nobody.
    henvist = {"read": True, "key_share": True}
    person = db.session.get(Ressursperson, person_id, with_for_update=henvist) if person_id else None
    lokale = db.session.get(Lokale, lokale_id) if lokale_id else None
    eier = person.organisasjon_id if person else lokale.organisasjon_id if lokale else None
    slag = Slag.PERSONELL if person else Slag.LOKALE
    if eier != omd.avgiver_id or slag != omd.slag:
        raise feil
    return tilbud, person, lokale


def _felles_enhet(omd: Omdisponering) -> UUID | None:
    """The unit that all of them come from, when it is one."""
    enheter = {
        (li.ressursperson.enhet_id if li.ressursperson else li.lokale.enhet_id if li.lokale else None)
        for li in omd.linjer
    }
    return enheter.pop() if len(enheter) == 1 else None
