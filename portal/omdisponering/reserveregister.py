"""What the register of health-trained people outside the service keeps by: the link that a person answers by, what a
no takes with it, and how somebody is erased. For a use case's own transaction; nothing here asks for permission.

Nobody is in the register but by own consent (GDPR article 6 no. 1 a). The key of a link is kept as its SHA-256 alone.
Who does not answer, or has said no, is erased a month after the link has ended.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.config import innstillinger
from portal.core.db import db, meld
from portal.core.sprak import _, _l, paa_spraak
from portal.identitet.mottakere import med_rolle
from portal.omdisponering import register, steps
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import OPPTAR, Hendelsestype, Samtykke, Status, Strykgrunn, Tilbudsstatus
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.revisjon.steps import logg as revider
from portal.varsler.models import Utsending
from portal.varsler.steps import glem_utsendinger, send_epost, stopp_utsendinger, varsle_alle

#: As long as a link can be used.
GJELDER = timedelta(days=14)
#: As long a yes holds before the person is asked anew.
SAMTYKKE_VARER = timedelta(days=365)
#: So long after the link has ended is who has not said yes erased.
SLETTES_ETTER = timedelta(days=30)
#: Who keeps the register, and is told what its people have answered.
VOKTERE = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE})
#: Not agreed on by both sides: whoever has taken back the yes is taken out.
_AAPNE = frozenset({Status.UTKAST, Status.FORESLAATT, Status.GODKJENT_AVGIVER})
_AVTALT = OPPTAR - _AAPNE


def hash_av(noekkel: str) -> str:
    """How a key is kept."""
    return sha256(noekkel.encode()).hexdigest()


def adresse(noekkel: str) -> str:
    """The full address of the person's own page."""
    return f"{innstillinger().adresse}/omdisponering/samtykke/{noekkel}"


def slettes(person: Ressursperson) -> Any:
    """When somebody who has not said yes is erased."""
    return (person.noekkel_utloeper or now()) + SLETTES_ETTER


def send_lenke(person: Ressursperson, *, igjen: bool = False) -> None:
    """A new link to the person by e-mail; the one before does not work any more. `igjen`: the yes is a year old.

    The key is unique: to change it waits for all who refer to the person. Whoever locks reallocations does so first.
    """
    noekkel = secrets.token_urlsafe(32)
    hash_ = hash_av(noekkel)
    person.noekkel_hash, person.noekkel_utloeper = hash_, now() + GJELDER
    glem_brev(person)
    # Whoever has no user has chosen no language: the organisation's own.
    with paa_spraak("nn" if person.organisasjon.maalform == "nynorsk" else "nb"):
        emne, tekst = _brev(person, noekkel, igjen)
    send_epost(_brevnoekkel(person, hash_[:16]), person.epost, emne, tekst)


def _brev(person: Ressursperson, noekkel: str, igjen: bool) -> tuple[str, str]:
    """Subject and text, in the language that is set."""
    assert person.noekkel_utloeper is not None
    emne = _(
        "Vil du stå i reserveregisteret hos %(organisasjon)s?", organisasjon=person.organisasjon.kortnavn
    )
    avsnitt = [
        _("Hei, %(navn)s.", navn=person.navn),
        _(
            "Det er et år siden du sa ja til å stå i %(organisasjon)s sitt register over helseutdannede som kan hjelpe "
            "til når det trengs. Vi spør derfor på nytt.",
            organisasjon=person.organisasjon.navn,
        )
        if igjen
        else _(
            "%(organisasjon)s ønsker å føre deg opp i et register over helseutdannede som kan hjelpe til når det "
            "trengs. Det gjør vi bare hvis du sier ja.",
            organisasjon=person.organisasjon.navn,
        ),
        _("Her ser du alt som står om deg, og kan si ja eller nei, endre eller slette det:"),
        adresse(noekkel),
        _(
            "Lenken gjelder til %(naar)s, og er bare din. Svarer du ikke, slettes opplysningene %(slettes)s.",
            naar=f"{oslo(person.noekkel_utloeper):%d.%m.%Y}",
            slettes=f"{oslo(slettes(person)):%d.%m.%Y}",
        ),
        _("Hilsen Samhandlingsportalen. Denne e-posten kan ikke besvares."),
    ]
    return emne, "\n\n".join(avsnitt) + "\n"


def _brevnoekkel(person: Ressursperson, hva: str) -> str:
    return f"reserve:{person.id}:{hva}"


def glem_brev(person: Ressursperson) -> None:
    """Letters to the person that have not left do not leave, and their texts, with the keys, are thrown away."""
    db.session.flush()
    stopp_utsendinger(Utsending.noekkel.startswith(_brevnoekkel(person, ""), autoescape=True))


def si_vokterne(person: Ressursperson, kode: str, tittel: Any, tekst: Any = "", noekkel: str = "") -> None:
    """Tells those who keep the register, never who it is about: whoever is erased is to be forgotten."""
    varsle_alle(
        med_rolle(person.organisasjon_id, VOKTERE),
        noekkel=f"{kode}:{person.id}:{noekkel or person.versjon}",
        kode=kode,
        tittel=tittel,
        tekst=tekst,
        lenke="/omdisponering/reserve",
        hastegrad=None,
        gjelder=f"reserve:{person.id}",
    )


# --- a no, and what it takes with it ---------------------------------------------------------------------


def la_gaa(aktor: Aktor, person: Ressursperson, *, utloept: bool = False) -> int:
    """Takes the person out of all that both sides have not agreed on, and takes back the offers. Gives how many agreed
    ones are left, of which both sides are told. The person is locked. `utloept`: nobody has said no, the yes holds
    no more, and the person is asked anew."""
    # What is read anew below must not undo what the caller has changed.
    db.session.flush()
    for tilbud in db.session.scalars(
        sa.select(Tilbud)
        .where(Tilbud.ressursperson_id == person.id, Tilbud.status == Tilbudsstatus.AAPENT)
        .order_by(Tilbud.id)
        .with_for_update(key_share=True, of=Tilbud)
        .execution_options(populate_existing=True)
    ):
        tilbud.status, tilbud.trukket = Tilbudsstatus.TRUKKET, now()
    avtalt = 0
    for omd in _med(person.id):
        if not any(li.gjelder and li.ressursperson_id == person.id for li in omd.linjer):
            # Taken out by somebody else while this waited for the lock.
            continue
        if omd.status in _AAPNE:
            _stryk(aktor, omd, person, utloept)
        else:
            avtalt += 1
            si(
                aktor,
                omd,
                [omd.avgiver_id, omd.mottaker_id],
                "omdisponering.stroeket",
                _l("Samtykket til en i omdisponering %(nummer)s har gått ut", nummer=omd.nummer)
                if utloept
                else _l("Noen i omdisponering %(nummer)s har trukket seg", nummer=omd.nummer),
                _l(
                    "Personen er spurt på nytt. Avklar med den andre siden hva dere gjør hvis svaret ikke er ja."
                )
                if utloept
                else _l("Ring den andre siden, og avklar om omdisponeringen skal endres eller avsluttes."),
                noekkel=_hvorfor(person, utloept),
            )
    return avtalt


def _hvorfor(person: Ressursperson, utloept: bool) -> str:
    """What keeps a notice from being sent twice: a no is one, but a yes can be given anew, and lapse again."""
    return f"{person.id}:utloept:{person.versjon}" if utloept else f"{person.id}:trukket"


def _med(person_id: UUID) -> list[Omdisponering]:
    """The reallocations that the person is in and that are not over, locked in the order of their ids."""
    ider = sa.select(Omdisponeringslinje.omdisponering_id).where(
        Omdisponeringslinje.ressursperson_id == person_id, Omdisponeringslinje.stroeket.is_(None)
    )
    laast = db.session.scalars(
        sa.select(Omdisponering.id)
        .where(Omdisponering.id.in_(ider), Omdisponering.status.in_(_AAPNE | _AVTALT))
        .order_by(Omdisponering.id)
        .with_for_update(key_share=True)
    ).all()
    return list(
        db.session.scalars(
            sa.select(Omdisponering)
            .where(Omdisponering.id.in_(laast), Omdisponering.status.in_(_AAPNE | _AVTALT))
            .options(
                joinedload(Omdisponering.avgiver),
                joinedload(Omdisponering.mottaker),
                selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
                selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.lokale),
            )
            .order_by(Omdisponering.id)
            .execution_options(populate_existing=True)
        )
    )


def _stryk(aktor: Aktor, omd: Omdisponering, person: Ressursperson, utloept: bool) -> None:
    """The person's lines are struck; an approval of the lender's holds no more, and what is empty then falls. A draft
    is only made smaller, and taken back when nothing is left of it."""
    alle = sum(li.gjelder for li in omd.linjer)
    for li in omd.linjer:
        if li.gjelder and li.ressursperson_id == person.id:
            li.stroeket, li.opptar = now(), False
            li.stroeket_grunn = Strykgrunn.UTLOEPT if utloept else Strykgrunn.TRUKKET
    steps.faerre_plasser(omd, alle)
    steps.tell_opp(omd)
    utkast = omd.status == Status.UTKAST
    if omd.status == Status.GODKJENT_AVGIVER:
        steps.opphev(aktor, omd)
    tom = not any(li.gjelder for li in omd.linjer)
    if tom:
        steps.lukk(omd, Status.TRUKKET if utkast else Status.AVSLAATT)
    steps.noter(aktor, omd, Hendelsestype.STROEKET, antall=1)
    revider(aktor, "omdisponering.stroeket", "omdisponering", omd.id, antall=1)
    if utkast:
        return
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.stroeket",
        _tittel(omd, tom, utloept),
        _l("Behovet står fortsatt åpent.") if tom else _l("Se hva som er igjen, og svar på det."),
        noekkel=_hvorfor(person, utloept),
    )


def _tittel(omd: Omdisponering, tom: bool, utloept: bool) -> Any:
    if utloept:
        return (
            _l("Forslag %(nummer)s er falt bort: samtykket fra personen har gått ut", nummer=omd.nummer)
            if tom
            else _l("Forslag %(nummer)s er blitt mindre: et samtykke har gått ut", nummer=omd.nummer)
        )
    return (
        _l("Forslag %(nummer)s er falt bort: personen har trukket seg", nummer=omd.nummer)
        if tom
        else _l("Forslag %(nummer)s er blitt mindre: en person har trukket seg", nummer=omd.nummer)
    )


# --- erasing ---------------------------------------------------------------------------------------------


def slett(aktor: Aktor, person: Ressursperson) -> int:
    """Erases all that is known of the person: the row itself, or, where a reallocation points to it, everything in it
    but the profession. Gives how many agreed reallocations it was in. The person is locked."""
    avtalt = la_gaa(aktor, person)
    # Who refers to the person in this moment is waited for, and seen below. After the reallocations' locks, as
    # whoever writes in one of them refers to its people.
    db.session.execute(sa.select(Ressursperson.id).where(Ressursperson.id == person.id).with_for_update())
    brukt = db.session.scalar(
        sa.select(
            sa.or_(
                sa.exists().where(Omdisponeringslinje.ressursperson_id == person.id),
                sa.exists().where(Delegering.ressursperson_id == person.id),
            )
        )
    )
    person.samtykke, person.samtykket = Samtykke.TRUKKET, None
    register.glem(aktor, person)
    # The letters said the name, and went to the address.
    glem_utsendinger(Utsending.noekkel.startswith(_brevnoekkel(person, ""), autoescape=True))
    if not brukt:
        db.session.execute(sa.delete(Tilbud).where(Tilbud.ressursperson_id == person.id))
        db.session.delete(person)
    db.session.flush()
    meld("omdisponering.reserve", organisasjon_id=person.organisasjon_id)
    return avtalt
