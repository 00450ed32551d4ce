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
from portal.omdisponering import steps
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import OPPTAR, Hendelsestype, Samtykke, Status, Strykgrunn, Tilbudsstatus
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Ressursfravaer, Ressursperson
from portal.revisjon.steps import logg as revider
from portal.varsler.models import Utsending
from portal.varsler.steps import send_epost, stopp_utsendinger, varsle_alle

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
    """A new link to the person by e-mail; the one before does not work any more. `igjen`: the yes is a year old."""
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


def la_gaa(aktor: Aktor, person: Ressursperson) -> int:
    """Takes the person out of all that both sides have not agreed on, and takes back the offers. Gives how many agreed
    ones are left, of which both sides are told. The person is locked."""
    # What is read anew below must not undo what the caller has changed.
    db.session.flush()
    for tilbud in db.session.scalars(
        sa.select(Tilbud)
        .where(Tilbud.ressursperson_id == person.id, Tilbud.status == Tilbudsstatus.AAPENT)
        .with_for_update(of=Tilbud)
    ):
        tilbud.status, tilbud.trukket = Tilbudsstatus.TRUKKET, now()
    avtalt = 0
    for omd in _med(person.id):
        if omd.status in _AAPNE:
            _stryk(aktor, omd, person.id)
        else:
            avtalt += 1
            si(
                aktor,
                omd,
                [omd.avgiver_id, omd.mottaker_id],
                "omdisponering.stroeket",
                _l("Noen i omdisponering %(nummer)s har trukket seg", nummer=omd.nummer),
                _l("Ring den andre siden, og avklar om omdisponeringen skal endres eller avsluttes."),
                noekkel=f"{person.id}:trukket",
            )
    return avtalt


def _med(person_id: UUID) -> list[Omdisponering]:
    """The reallocations that the person is in and that are not over, locked in the order of their ids."""
    ider = sa.select(Omdisponeringslinje.omdisponering_id).where(
        Omdisponeringslinje.ressursperson_id == person_id, Omdisponeringslinje.stroeket.is_(None)
    )
    laast = db.session.scalars(
        sa.select(Omdisponering.id)
        .where(Omdisponering.id.in_(ider), Omdisponering.status.in_(_AAPNE | _AVTALT))
        .order_by(Omdisponering.id)
        .with_for_update()
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


def _stryk(aktor: Aktor, omd: Omdisponering, person_id: UUID) -> None:
    """The person's lines are struck; an approval of the lender's holds no more, and what is empty then falls. A draft
    is only made smaller, and taken back when nothing is left of it."""
    for li in omd.linjer:
        if li.gjelder and li.ressursperson_id == person_id:
            li.stroeket, li.stroeket_grunn, li.opptar = now(), Strykgrunn.TRUKKET, False
    steps.tell_opp(omd)
    utkast = omd.status == Status.UTKAST
    if omd.status == Status.GODKJENT_AVGIVER:
        omd.flytt_til(Status.FORESLAATT)
        omd.godkjent_avgiver = omd.godkjent_avgiver_av_id = omd.godkjent_avgiver_hash = None
        omd.svarfrist, omd.purret = steps.svarfrist(omd.mottaker_id, omd.fra), None
        steps.opptar(omd)
        steps.noter(aktor, omd, Hendelsestype.OPPHEVET)
    tom = not any(li.gjelder for li in omd.linjer)
    if tom:
        omd.flytt_til(Status.TRUKKET if utkast else Status.AVSLAATT)
        omd.avsluttet = now()
        steps.ti_om(omd)
    steps.noter(aktor, omd, Hendelsestype.STROEKET, antall=1)
    revider(aktor, "omdisponering.stroeket", "omdisponering", omd.id, antall=1)
    if utkast:
        return
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.stroeket",
        _l("Forslag %(nummer)s er falt bort: personen har trukket seg", nummer=omd.nummer)
        if tom
        else _l("Forslag %(nummer)s er blitt mindre: en person har trukket seg", nummer=omd.nummer),
        _l("Behovet står fortsatt åpent.") if tom else _l("Se hva som er igjen, og svar på det."),
        noekkel=f"{person_id}:trukket",
    )


# --- erasing ---------------------------------------------------------------------------------------------


def slett(aktor: Aktor, person: Ressursperson) -> int:
    """Erases all that is known of the person: the row itself, or, where a reallocation points to it, everything in it
    but the profession. Gives how many agreed reallocations it was in. The person is locked."""
    avtalt = la_gaa(aktor, person)
    glem_brev(person)
    db.session.execute(sa.delete(Ressursfravaer).where(Ressursfravaer.ressursperson_id == person.id))
    brukt = db.session.scalar(
        sa.select(
            sa.or_(
                sa.exists().where(Omdisponeringslinje.ressursperson_id == person.id),
                sa.exists().where(Delegering.ressursperson_id == person.id),
            )
        )
    )
    if brukt:
        person.navn = person.hpr = person.telefon = person.epost = ""
        person.person_id = person.enhet_id = person.hpr_slaatt_opp = person.hpr_slaatt_opp_av_id = None
        person.reise_km = person.vaksinert = person.smittevern = None
        person.kompetanse, person.prosent, person.fritatt = 0, 100, False
        person.sted_id = person.organisasjon_id
        person.samtykke, person.samtykket = Samtykke.TRUKKET, None
        person.noekkel_hash = person.noekkel_utloeper = None
        person.slettet = now()
    else:
        db.session.execute(sa.delete(Tilbud).where(Tilbud.ressursperson_id == person.id))
        db.session.delete(person)
    db.session.flush()
    meld("omdisponering.reserve", organisasjon_id=person.organisasjon_id)
    return avtalt
