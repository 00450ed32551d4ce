"""How a bed is held: a step, in the caller's transaction, with the unit's row locked.

A hold is for an inhabitant of a kommune that has a place in the unit. Beyond its quota only the unit itself lets it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, insert_for, meld, uavhengig
from portal.core.errors import Konflikt, Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import Avslagsgrunn, Holdstatus, Tilstand
from portal.plasser.holdvarsel import si_fra
from portal.plasser.models import HOLDES, Avslag, Opphold, Plass, Plassenhet, Reservasjon
from portal.revisjon.steps import logg as revider

#: Of a kommune that has no place in the unit.
IKKE_MED = _l("Kommunen har ingen plasser i denne enheten. Velg en kommune som er med.")


def hold(
    aktor: Aktor,
    enhet: Plassenhet,
    *,
    klient_id: UUID,
    kommune_id: UUID | None = None,
    plass_id: UUID | None = None,
    evner: int = 0,
    merknad: str = "",
    over_kvote: bool = False,
    referanse: str = "",
    saksnummer: str = "",
    sluppet: int = 0,
) -> Reservasjon:
    """Holds that bed, or the free one that can take what is asked and least beside.

    The same `klient_id` again gives the same hold; with other content it raises Konflikt. `referanse` and `saksnummer`:
    what it is for, as a higher room calls it; `sluppet`: how many numbers of `merknad` were said to be no identity
    number, for the log. Raises Opptatt when none is free (`holder`: who has it), UgyldigData for a
    kommune without a place, Konflikt («kvote») for one with its quota used up.
    """
    kjent = sendt_foer(aktor, klient_id, enhet.id, evner=evner, merknad=merknad, referanse=referanse)
    if kjent is not None:
        return kjent
    if enhet.nedlagt:
        raise UgyldigOvergang(_l("Enheten er nedlagt. Velg en annen enhet."))
    if steps.loes_ut(enhet):
        steps.tell(Aktor.system("arbeider"), enhet)
    kommune = _kommune(aktor, enhet, kommune_id)
    plass = _velg(aktor, enhet, kommune, plass_id, evner, klient_id)
    _krev_kvote(aktor, enhet, kommune, over_kvote=over_kvote)
    naa = now()
    reservasjon = Reservasjon(
        id=uuid4(),
        klient_id=klient_id,
        plass_id=plass.id,
        plassenhet_id=enhet.id,
        kommune_id=kommune.id,
        organisasjon_id=aktor.organisasjon_id,
        person_id=aktor.person_id,
        referanse=referanse,
        saksnummer=saksnummer,
        evner=evner,
        merknad=merknad,
        status=Holdstatus.AKTIV,
        opprettet=naa,
        utloeper=naa + timedelta(minutes=enhet.hold_minutter),
    )
    db.session.add(reservasjon)
    try:
        steps.sett(aktor, plass, Tilstand.HOLDT, aarsak="hold")
    except IntegrityError as feil:
        # Nobody comes here under the unit's lock; the index is there for whoever one day forgets it.
        raise Opptatt() from feil
    ferdig(aktor, enhet)
    revider(
        aktor,
        "plasser.reservert",
        "reservasjon",
        reservasjon.id,
        enhet=str(enhet.id),
        plass=plass.navn,
        kommune=kommune.navn,
        utloeper=reservasjon.utloeper.isoformat(),
        over_kvote=over_kvote,
        sluppet_tall=sluppet,
    )
    meld(
        "plasser.reservasjon_endret",
        reservasjon_id=reservasjon.id,
        referanse=referanse,
        status=str(Holdstatus.AKTIV),
    )
    return reservasjon


def sendt_foer(
    aktor: Aktor, klient_id: UUID, plassenhet_id: UUID, *, evner: int, merknad: str, referanse: str
) -> Reservasjon | None:
    """The hold that this click has given already. Raises Konflikt where it asked for something else then: nobody is to
    believe that the unit has read what it was never sent."""
    kjent = db.session.scalars(
        sa.select(Reservasjon).where(
            Reservasjon.klient_id == klient_id, Reservasjon.organisasjon_id == aktor.organisasjon_id
        )
    ).one_or_none()
    if kjent is not None and (kjent.plassenhet_id, kjent.evner, kjent.merknad, kjent.referanse) != (
        plassenhet_id,
        evner,
        merknad,
        referanse,
    ):
        raise Konflikt(_l("Denne reservasjonen er alt sendt med et annet innhold. Last siden på nytt."))
    return kjent


def ferdig(aktor: Aktor, enhet: Plassenhet) -> None:
    """What the unit's own people do to its beds says that they have looked at them."""
    if access.kan(aktor, Handling.DRIVE, enhet):
        steps.bekreft(aktor, enhet)
    steps.tell(aktor, enhet)


def fulle_kvoter(
    aktor: Aktor, kvoter: Mapping[UUID, steps.Kvotebruk] | None = None
) -> dict[str, steps.Kvotebruk]:
    """{unit: quota and use}, where the actor's kommune uses all that it has, and the unit must be asked: nothing is
    offered there that `hold` refuses. `kvoter`: of that kommune, where they are known already."""
    if kvoter is None:
        kvoter = steps.kvotebruk(aktor.organisasjon_id) if aktor.organisasjon_id else {}
    fulle = {enhet: k for enhet, k in kvoter.items() if k.full}
    if not fulle:
        return {}
    return {
        str(enhet.id): fulle[enhet.id]
        for enhet in db.session.scalars(sa.select(Plassenhet).where(Plassenhet.id.in_(fulle)))
        if not access.kan(aktor, Handling.DRIVE, enhet)
    }


def krev_aktiv(reservasjon: Reservasjon) -> None:
    """It holds its bed still. One whose time is over does not, whether the worker has come to it or not."""
    if reservasjon.status != Holdstatus.AKTIV or reservasjon.utloeper <= now():
        raise UgyldigOvergang(
            _l("Plassen er ikke holdt lenger. Last siden på nytt og se hva som har skjedd.")
        )


def forleng_hold(aktor: Aktor, reservasjon: Reservasjon, enhet: Plassenhet) -> None:
    """Extends a running hold, once, by the time that the unit gives a hold. Raises UgyldigOvergang."""
    krev_aktiv(reservasjon)
    if reservasjon.forlenget is not None:
        raise UgyldigOvergang(
            _l("Plassen er alt forlenget én gang. Legg inn pasienten, eller frigi plassen.")
        )
    reservasjon.forlenget = now()
    reservasjon.utloeper += timedelta(minutes=enhet.hold_minutter)
    steps.flytt_stavlen(enhet.id)
    revider(
        aktor, "plasser.forlenget", "reservasjon", reservasjon.id, utloeper=reservasjon.utloeper.isoformat()
    )
    meld(
        "plasser.reservasjon_endret",
        reservasjon_id=reservasjon.id,
        referanse=reservasjon.referanse,
        status=str(Holdstatus.AKTIV),
    )


def frigi_hold(aktor: Aktor, reservasjon: Reservasjon, enhet: Plassenhet) -> None:
    """Gives a held bed back; who held it is told, when it is another. Raises UgyldigOvergang when it is not held."""
    krev_aktiv(reservasjon)
    steps.avslutt(aktor, reservasjon, Holdstatus.FRIGITT)
    si_fra(aktor, enhet, reservasjon)
    ferdig(aktor, enhet)
    revider(aktor, "plasser.frigitt", "reservasjon", reservasjon.id, enhet=str(enhet.id))


def _kommune(aktor: Aktor, enhet: Plassenhet, kommune_id: UUID | None) -> Organisasjon:
    """Whose inhabitant: others than the unit's people hold for their own kommune alone."""
    egen = aktor.organisasjon_id
    valgt = kommune_id or egen
    if valgt != egen and not access.kan(aktor, Handling.DRIVE, enhet):
        raise UgyldigData(
            felter={"kommune_id": [_l("Du kan bare holde plass for din egen kommunes innbyggere.")]}
        )
    return krev_medlem(enhet, valgt)


def krev_medlem(enhet: Plassenhet, kommune_id: UUID | None) -> Organisasjon:
    """A kommune that has a place in the unit today. Raises UgyldigData."""
    kommune = db.session.get(Organisasjon, kommune_id) if kommune_id else None
    if kommune is None or not access.er_medlem(enhet.id, kommune.id):
        raise UgyldigData(felter={"kommune_id": [IKKE_MED]})
    return kommune


def _krev_kvote(aktor: Aktor, enhet: Plassenhet, kommune: Organisasjon, *, over_kvote: bool) -> None:
    kvote = steps.kvotebruk(kommune.id)[enhet.id]
    if not kvote.full:
        return
    if not access.kan(aktor, Handling.DRIVE, enhet):
        raise Konflikt(
            _l(
                "Kommunen din bruker allerede alle plassene den har her (%(brukt)d av %(kvote)d). "
                "Ring enheten. Den kan gi dere en plass til.",
                **kvote._asdict(),
            ),
            kode="kvote",
        )
    if not over_kvote:
        raise Konflikt(
            _l(
                "%(kommune)s bruker allerede alle plassene kommunen har her (%(brukt)d av %(kvote)d). "
                "Bekreft at dere gir den en plass til.",
                kommune=kommune.kortnavn,
                **kvote._asdict(),
            ),
            kode="kvote_bekreft",
        )


def _velg(
    aktor: Aktor,
    enhet: Plassenhet,
    kommune: Organisasjon,
    plass_id: UUID | None,
    evner: int,
    klient_id: UUID,
) -> Plass:
    """The bed that was asked for, or the free one that can take what is asked and least beside. Raises Opptatt.

    Where the unit has none that can take it, the request is counted as one in vain, whichever bed it named.
    """
    plasser = steps.i_bruk(enhet.id)
    ledige = [p for p in plasser if steps.gruppe(p.tilstand, p.bemannet) == "ledig"]
    passer = [p for p in ledige if not evner & ~(enhet.evner | p.evner)]
    valgt = access.hent_plass(enhet, plass_id) if plass_id is not None else None
    if not passer:
        grunn = Avslagsgrunn.EVNE if ledige else Avslagsgrunn.FULLT
        noter_avslag(aktor, enhet.id, kommune.id, grunn, klient_id)
    if valgt is not None:
        if valgt not in ledige:
            raise Opptatt(holder=holder(valgt))
        if evner & ~(enhet.evner | valgt.evner):
            raise UgyldigData(felter={"evner": [_l("Denne plassen kan ikke ta imot det du ber om.")]})
        return valgt
    if passer:
        return min(passer, key=lambda p: (p.evner.bit_count(), p.rekkefoelge, p.navn))
    raise Opptatt(
        _l("Ingen ledig plass her kan ta imot det du ber om.")
        if ledige
        else _l("Det er ingen ledig plass her nå."),
        holder=None if ledige else _siste_hold(enhet.id),
    )


def holder(plass: Plass) -> dict[str, str] | None:
    """Who has a held bed: the organisation, for which kommune, and since when; None for one that is not held.

    No person, no case.
    """
    return _holder(Reservasjon.plass_id == plass.id)


def _siste_hold(plassenhet_id: UUID) -> dict[str, str] | None:
    """Who took the last bed of a full unit by a hold; None where somebody was admitted after it without one."""
    direkte = sa.select(Opphold.id).where(
        Opphold.plassenhet_id == plassenhet_id,
        Opphold.ut.is_(None),
        Opphold.reservasjon_id.is_(None),
        Opphold.registrert > Reservasjon.opprettet,
    )
    return _holder(Reservasjon.plassenhet_id == plassenhet_id, ~direkte.exists())


@cache
def _aktive() -> sa.Select[str, str, datetime, datetime]:
    """The latest of the active holds. Put together once: many lose a bed in the same second."""
    kommune = aliased(Organisasjon)
    return (
        sa.select(
            Organisasjon.kortnavn,
            kommune.kortnavn.label("kommune"),
            Reservasjon.opprettet,
            Reservasjon.utloeper,
        )
        .join(Organisasjon, Organisasjon.id == Reservasjon.organisasjon_id)
        .join(kommune, kommune.id == Reservasjon.kommune_id)
        .where(Reservasjon.status == Holdstatus.AKTIV)
        .order_by(Reservasjon.opprettet.desc())
        .limit(1)
    )


def _holder(*vilkaar: sa.ColumnElement[bool]) -> dict[str, str] | None:
    """Who has the latest of the active holds."""
    rad = db.session.execute(_aktive().where(*vilkaar)).one_or_none()
    if rad is None:
        return None
    return {
        "organisasjon": rad.kortnavn,
        "kommune": rad.kommune,
        "siden": rad.opprettet.isoformat(),
        "utloeper": rad.utloeper.isoformat(),
    }


def noter_avslag(
    aktor: Aktor, plassenhet_id: UUID, kommune_id: UUID, grunn: Avslagsgrunn, klient_id: UUID
) -> None:
    """That somebody asked in vain is counted, though the request itself comes to nothing: once for each click."""
    person = aktor.person_id
    naa = now()

    def skriv() -> None:
        db.session.execute(
            insert_for(Avslag, db.engine.dialect.name)
            .values(
                id=uuid4(),
                plassenhet_id=plassenhet_id,
                kommune_id=kommune_id,
                klient_id=klient_id,
                grunn=str(grunn),
                merknad="",
                tidspunkt=naa,
                registrert_av_id=person,
            )
            .on_conflict_do_nothing()
        )

    uavhengig(skriv)


def noter_avslag_naa(aktor: Aktor, reservasjon: Reservasjon, grunn: Avslagsgrunn, merknad: str) -> None:
    """The refusal of a hold, in the transaction that ends it."""
    db.session.add(
        Avslag(
            id=uuid4(),
            plassenhet_id=reservasjon.plassenhet_id,
            kommune_id=reservasjon.kommune_id,
            reservasjon_id=reservasjon.id,
            grunn=grunn,
            merknad=merknad,
            tidspunkt=now(),
            registrert_av_id=aktor.person_id,
        )
    )


def loepende(forfalt: timedelta) -> tuple[int, int]:
    """How many holds are written down as running, and how many of them have been over for longer than `forfalt`."""
    over = sa.func.count().filter(Reservasjon.utloeper < now() - forfalt)
    rad = db.session.execute(sa.select(sa.func.count(), over).select_from(Reservasjon).where(HOLDES)).one()
    return rad[0], rad[1]
