"""What this room's use cases and the rooms above it share: who somebody is, a new role, which number to ring.

Nothing here asks for permission: the answers are facts that a use case or another `access.py` then judges.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, i_transaksjon, meld
from portal.core.errors import IkkeInnlogget, Konflikt, Laast, UgyldigData
from portal.core.sprak import _, paa_spraak
from portal.identitet import brev, vakttap
from portal.identitet.access import gyldig_naa, medlemskap_gyldig
from portal.identitet.models import (
    SYKEHUS,
    Engangslenke,
    Enhet,
    Fagtelefon,
    Lenkeformaal,
    Medlemskap,
    MedlemskapFagomraade,
    Organisasjon,
    Organisasjonstype,
    Person,
    Sesjon,
    Tjenestekonto,
)
from portal.identitet.passord import Passordhash
from portal.identitet.roller import Rolleoppdrag, feil_i_oppdrag
from portal.identitet.sesjonsbruk import Sesjonsbruk, bygg, roller_av
from portal.revisjon.steps import logg
from portal.varsler.steps import send_epost


def hash_token(token: str) -> str:
    """What is stored of a session's or a service account's token. The token is random: no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- the actor -------------------------------------------------------------------------------------------

_AKTOERFELT = (
    Medlemskap.id.label("medlemskap_id"),
    Medlemskap.rolle,
    Medlemskap.organisasjon_id,
    Medlemskap.enhet_id,
    Organisasjon.kortnavn,
    Organisasjon.type,
    Enhet.navn.label("enhet_navn"),
    Person.id.label("person_id"),
    Person.navn.label("person_navn"),
    MedlemskapFagomraade.fagomraade,
)


def _person_kan_brukes() -> sa.ColumnElement[bool]:
    """Not switched off; and the demo's people exist in demo mode only."""
    return sa.and_(Person.aktiv, sa.true() if innstillinger().demo else sa.not_(Person.demo))


def _aktoersporring(*ekstra: Any, naa: sa.BindParameter[Any] | None = None) -> sa.Select[*tuple[Any, ...]]:
    """Memberships that are valid (at `naa`) with everything an Aktor holds: one row per specialty."""
    return (
        sa.select(*_AKTOERFELT, *ekstra)
        .select_from(Person)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .join(Organisasjon, Organisasjon.id == Medlemskap.organisasjon_id)
        .outerjoin(Enhet, Enhet.id == Medlemskap.enhet_id)
        .outerjoin(MedlemskapFagomraade, MedlemskapFagomraade.medlemskap_id == Medlemskap.id)
        .where(_person_kan_brukes(), gyldig_naa() if naa is None else medlemskap_gyldig(naa))
    )


def sesjon_holder(naa: Any) -> sa.ColumnElement[bool]:
    """The session has not ended. Its absolute limit does not fall inside a shift. `naa`: a moment or a parameter."""
    return sa.and_(Sesjon.avsluttet.is_(None), sa.or_(Sesjon.utloeper > naa, Sesjon.vakt_til > naa))


def sesjon_laast(grense: Any) -> sa.ColumnElement[bool]:
    """The session's screen is locked: by its owner, or since nobody has used it after `grense` (`laasegrense`)."""
    return sa.or_(Sesjon.laast.is_not(None), Sesjon.sist_brukt <= grense)


def laasegrense(naa: datetime) -> datetime:
    """Whatever was not used after this moment is locked."""
    return naa - timedelta(minutes=innstillinger().laases_etter_minutter)


#: The membership that a session acts in: the chosen one while it is valid, else the oldest of the person.
_VALGT_FOERST = (
    sa.case((Medlemskap.id == Sesjon.medlemskap_id, 0), else_=1),
    Medlemskap.gyldig_fra,
    Medlemskap.id,
)


@lru_cache
def _sesjonssporring(felt: str, _demo: bool) -> sa.Select[*tuple[Any, ...]]:
    """What `_les_sesjon` asks, for each mode: every request asks it, and to put it together takes longer."""
    naa: sa.BindParameter[Any] = sa.bindparam("naa")
    return (
        _aktoersporring(
            Sesjon.id.label("sesjon_id"),
            *(Sesjon.sist_brukt, Sesjon.utloeper, Sesjon.vakt_til, Sesjon.laast),
            *(Sesjon.medlemskap_id.label("valgt"), Medlemskap.gyldig_fra, Person.spraak),
            Person.totp_hemmelighet.is_not(None).label("totrinn"),
            naa=naa,
        )
        .join(Sesjon, Sesjon.person_id == Person.id)
        .where(getattr(Sesjon, felt) == sa.bindparam("noekkel"), sesjon_holder(naa))
        .order_by(*_VALGT_FOERST)
    )


def _les_sesjon(felt: str, noekkel: str | UUID) -> Sesjonsbruk | None:
    """One query: session, person, and all valid memberships, the chosen one first, else the oldest."""
    naa = now()
    sporring = _sesjonssporring(felt, innstillinger().demo)
    rader = db.session.execute(sporring, {"naa": naa, "noekkel": noekkel}).all()
    if not rader:
        return None
    rad = rader[0]
    aktor = bygg(rader, rad.sesjon_id)
    assert aktor is not None
    return Sesjonsbruk(
        aktor=aktor,
        spraak=rad.spraak,
        sist_brukt=rad.sist_brukt,
        slutter=max(rad.utloeper, rad.vakt_til or rad.utloeper),
        vakt_til=rad.vakt_til if rad.vakt_til and rad.vakt_til > naa else None,
        laast=rad.laast is not None or rad.sist_brukt <= laasegrense(naa),
        totrinn=rad.totrinn and innstillinger().tofaktor != "av",
        gammel=(naa - rad.sist_brukt).total_seconds()
        > min(60, innstillinger().laases_etter_minutter * 60 / 8),
        byttet=rad.valgt != rad.medlemskap_id,
        rader=rader,
    )


def sesjonsbruk(token: str) -> Sesjonsbruk | None:
    """As `aktor_fra_token`, with what the web door needs beside the actor."""
    return _les_sesjon("token_hash", hash_token(token))


def aktor_fra_token(token: str) -> Aktor | None:
    """Who holds this browser token now, or None when the session, the person or every membership has ended.

    Where the chosen membership has ended, the person acts in another valid one. A locked screen is still that
    person's: what it may show is the door's to judge. One query.
    """
    bruk = sesjonsbruk(token)
    return bruk.aktor if bruk else None


def aktor_fra_sesjon(sesjon_id: UUID) -> Aktor | None:
    """As `aktor_fra_token`, for a socket that keeps the session's id. Raises Laast when its screen is locked."""
    bruk = bruk_av_sesjon(sesjon_id)
    if bruk is not None and bruk.laast:
        raise Laast()
    return bruk.aktor if bruk else None


def bruk_av_sesjon(sesjon_id: UUID) -> Sesjonsbruk | None:
    """As `sesjonsbruk`, by the session's id."""
    return _les_sesjon("id", sesjon_id)


def egen_sesjon(aktor: Aktor) -> Sesjon:
    """The actor's own session, locked for a change of it. Raises IkkeInnlogget when it has ended."""
    sesjon = db.session.get(Sesjon, aktor.sesjon_id, with_for_update=True) if aktor.sesjon_id else None
    if sesjon is None or sesjon.avsluttet is not None or sesjon.person_id != aktor.person_id:
        raise IkkeInnlogget()
    return sesjon


class Sesjonstilstand(NamedTuple):
    """The membership that a session acts in now, and whether its screen is locked."""

    medlemskap_id: UUID
    laast: bool


def gyldige_sesjoner(sesjon_ider: Iterable[UUID]) -> dict[UUID, Sesjonstilstand]:
    """Of these sessions, those that hold, and how they stand. One query."""
    naa = now()
    rader = db.session.execute(
        sa.select(Sesjon.id, Medlemskap.id, sesjon_laast(laasegrense(naa)))
        .join(Person, Person.id == Sesjon.person_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Sesjon.id.in_(list(sesjon_ider)),
            sesjon_holder(naa),
            _person_kan_brukes(),
            gyldig_naa(),
        )
        .order_by(*_VALGT_FOERST)
    )
    svar: dict[UUID, Sesjonstilstand] = {}
    for sesjon_id, medlemskap_id, laast in rader:
        svar.setdefault(sesjon_id, Sesjonstilstand(medlemskap_id, laast))
    return svar


def aktor_fra_tjenestetoken(token: str) -> Aktor | None:
    """The actor of a service account's Bearer token, or None when it is unknown, expired or withdrawn."""
    rader = db.session.execute(
        _aktoersporring(Tjenestekonto.navn.label("konto_navn"))
        .join(Tjenestekonto, Tjenestekonto.medlemskap_id == Medlemskap.id)
        .where(
            Tjenestekonto.token_hash == hash_token(token),
            Tjenestekonto.tilbakekalt.is_(None),
            Tjenestekonto.utloeper > now(),
        )
    ).all()
    return bygg(rader)


def aktor_for_medlemskap(medlemskap_id: UUID) -> Aktor | None:
    """The actor a membership makes now, without a session; None when it has ended."""
    return bygg(db.session.execute(_aktoersporring().where(Medlemskap.id == medlemskap_id)).all())


@lru_cache
def _rollesporring(_demo: bool) -> sa.Select[*tuple[Any, ...]]:
    """What `gyldige_medlemskap` asks, for each mode."""
    sporring = _aktoersporring(naa=sa.bindparam("naa")).where(Person.id == sa.bindparam("person"))
    return sporring.order_by(Medlemskap.gyldig_fra, Medlemskap.id)


def gyldige_medlemskap(person_id: UUID) -> list[Aktor]:
    """Every role the person may act in now, the oldest first."""
    verdier = {"naa": now(), "person": person_id}
    return roller_av(db.session.execute(_rollesporring(innstillinger().demo), verdier).all())


def avslutt_sesjoner(person_id: UUID, *, unntatt: UUID | None = None) -> int:
    """Ends a person's running sessions inside the caller's use case; sockets are told after the commit.

    The person's row is locked first, as every login does: one that is under way is either seen and ended here, or waits
    and then meets what the caller has changed.
    """
    db.session.flush()
    db.session.execute(sa.select(Person.id).where(Person.id == person_id).with_for_update())
    sesjoner = db.session.scalars(
        sa.select(Sesjon).where(
            Sesjon.person_id == person_id, Sesjon.avsluttet.is_(None), Sesjon.id != unntatt
        )
    ).all()
    for sesjon in sesjoner:
        sesjon.avsluttet = now()
        meld("identitet.sesjon_avsluttet", sesjon_id=sesjon.id)
    return len(sesjoner)


def sjekk_sesjoner(person_id: UUID) -> None:
    """After the commit the person's logins are judged again: what is open in windows and sockets may be so no more."""
    for sesjon_id in db.session.scalars(
        sa.select(Sesjon.id).where(Sesjon.person_id == person_id, Sesjon.avsluttet.is_(None))
    ):
        meld("identitet.sesjon_endret", sesjon_id=sesjon_id)


# --- people and roles ------------------------------------------------------------------------------------


def krev_ledig_epost(epost: str) -> None:
    """Raises Konflikt when a person has the address. Whose it is, is not told."""
    if db.session.scalar(sa.select(Person.id).where(Person.epost == epost)):
        melding = _("E-postadressen er i bruk. Gi personen en ny rolle i stedet.")
        raise Konflikt(melding, kode="finnes", felter={"epost": [melding]})


def krev_ledig_hpr(hpr_nummer: str | None, person_id: UUID | None = None) -> None:
    """Raises Konflikt when another person has the HPR number."""
    if hpr_nummer and db.session.scalar(
        sa.select(Person.id).where(Person.hpr_nummer == hpr_nummer, Person.id != person_id)
    ):
        melding = _("HPR-nummeret er registrert på en annen person. Sjekk nummeret.")
        raise Konflikt(melding, kode="finnes", felter={"hpr_nummer": [melding]})


def ny_person(
    aktor: Aktor, lest: dict[str, Any], *, passordhash: Passordhash | None = None, spraak: str = "nb"
) -> Person:
    """A new person of what `kontroll.person` gave. Whether address and HPR number are free is asked before, and
    answered for good by `lagre_folk`."""
    person = Person(
        id=uuid4(),
        passord_hash=passordhash.verdi if passordhash else None,
        spraak=spraak,
        opprettet=now(),
        **lest,
    )
    db.session.add(person)
    logg(
        aktor, "person.opprettet", "person", person.id, navn=person.navn, har_passord=passordhash is not None
    )
    return person


def lagre_folk() -> None:
    """Writes what is gathered. Raises Konflikt when somebody else was first with an address or HPR number."""
    try:
        db.session.flush()
    except IntegrityError:
        melding = _("Noen andre la inn samme e-postadresse eller HPR-nummer samtidig. Se over og prøv igjen.")
        raise Konflikt(melding, kode="finnes") from None


def krev_mulig(o: Rolleoppdrag) -> None:
    """Demands that role, place, fagområder and dates fit together. Raises UgyldigData by field."""
    organisasjon = db.session.get(Organisasjon, o.organisasjon_id)
    if organisasjon is None or organisasjon.nedlagt is not None:
        raise UgyldigData(felter={"organisasjon": [_("Organisasjonen finnes ikke, eller er nedlagt.")]})
    felter = feil_i_oppdrag(o, organisasjon.type, now())
    if o.enhet_id is not None:
        enhet = db.session.get(Enhet, o.enhet_id)
        if enhet is None or enhet.organisasjon_id != o.organisasjon_id or not enhet.aktiv:
            felter["enhet"] = [_("Enheten finnes ikke i denne organisasjonen, eller er ikke i bruk.")]
    if felter:
        raise UgyldigData(felter=felter)


def samme_roller(person_id: UUID, o: Rolleoppdrag) -> list[Medlemskap]:
    """The person's memberships in the same role at the same place, at some time that the new one would count."""
    fra = o.gyldig_fra or now()
    return list(
        db.session.scalars(
            sa.select(Medlemskap).where(
                Medlemskap.person_id == person_id,
                Medlemskap.organisasjon_id == o.organisasjon_id,
                Medlemskap.enhet_id == o.enhet_id,
                Medlemskap.rolle == str(o.rolle),
                sa.or_(Medlemskap.gyldig_til.is_(None), Medlemskap.gyldig_til > fra),
                sa.true() if o.gyldig_til is None else Medlemskap.gyldig_fra < o.gyldig_til,
            )
        )
    )


def gi_rolle(aktor: Aktor, person: Person, oppdrag: Rolleoppdrag) -> Medlemskap:
    """A membership that `krev_mulig` has let through."""
    medlemskap = Medlemskap(
        id=uuid4(),
        person_id=person.id,
        organisasjon_id=oppdrag.organisasjon_id,
        enhet_id=oppdrag.enhet_id,
        rolle=str(oppdrag.rolle),
        gyldig_fra=oppdrag.gyldig_fra or now(),
        gyldig_til=oppdrag.gyldig_til,
        fag=[MedlemskapFagomraade(fagomraade=f) for f in sorted(oppdrag.fagomraader)],
    )
    db.session.add(medlemskap)
    logg(
        aktor,
        "medlemskap.gitt",
        "medlemskap",
        medlemskap.id,
        person=person.id,
        rolle=medlemskap.rolle,
        organisasjon=medlemskap.organisasjon_id,
        enhet=medlemskap.enhet_id,
        fagomraader=sorted(oppdrag.fagomraader),
        fra=medlemskap.gyldig_fra,
        til=medlemskap.gyldig_til,
    )
    return medlemskap


def aapne_sesjon(person: Person, roller: Sequence[Aktor], nettleser: str) -> tuple[Aktor, str]:
    """A login that has shown all it must: the actor with a new session, and the browser's token.

    `roller` are the person's valid memberships, one at least; the one used last is chosen, else the oldest.
    """
    naa = now()
    sist = db.session.scalar(
        sa.select(Sesjon.medlemskap_id)
        .where(Sesjon.person_id == person.id)
        .order_by(Sesjon.opprettet.desc())
        .limit(1)
    )
    valgt = next((r for r in roller if r.medlemskap_id == sist), roller[0])
    token = secrets.token_urlsafe(32)
    sesjon = Sesjon(
        id=uuid4(),
        token_hash=hash_token(token),
        person_id=person.id,
        medlemskap_id=valgt.medlemskap_id,
        opprettet=naa,
        **vakttap.sesjonstider(person.id, roller, naa),
        sist_brukt=naa,
        nettleser=nettleser[:200],
    )
    db.session.add(sesjon)
    return replace(valgt, sesjon_id=sesjon.id), token


# --- links that count once -------------------------------------------------------------------------------

LENKETID = {Lenkeformaal.INVITASJON: timedelta(days=7), Lenkeformaal.PASSORD: timedelta(hours=1)}


def lag_lenke(aktor: Aktor, person: Person, formaal: Lenkeformaal, *, foerste: bool = False) -> str:
    """A new link for the person, and its token, which is kept nowhere. The unused older ones are withdrawn.

    `foerste`: the person is new and has none; for an import that is half of its time.
    """
    if not foerste:
        trekk_lenker(person.id, formaal)
    token, naa = secrets.token_urlsafe(32), now()
    db.session.add(
        Engangslenke(
            id=uuid4(),
            token_hash=hash_token(token),
            person_id=person.id,
            formaal=str(formaal),
            opprettet=naa,
            opprettet_av_id=aktor.person_id,
            utloeper=naa + LENKETID[formaal],
        )
    )
    return token


def trekk_lenker(person_id: UUID, *formaal: Lenkeformaal) -> None:
    """Withdraws the person's unused links of those purposes."""
    db.session.execute(
        sa.update(Engangslenke)
        .where(
            Engangslenke.person_id == person_id,
            Engangslenke.formaal.in_([str(f) for f in formaal]),
            Engangslenke.brukt.is_(None),
            Engangslenke.trukket.is_(None),
        )
        .values(trukket=now())
    )


def lenkeutloep(formaal: Lenkeformaal) -> datetime:
    """When a link made now ends."""
    return now() + LENKETID[formaal]


def send_brev(person: Person, noekkel: str, skriv: Callable[[], brev.Brev]) -> None:
    """Queues a letter to the person, in the person's language. The same `noekkel` again is the same letter."""
    with paa_spraak(person.spraak):
        emne, tekst = skriv()
    send_epost(noekkel, person.epost, emne, tekst)


def inviter(aktor: Aktor, person: Person, *, ny: bool = False) -> str:
    """Queues a letter with a link to choose a password, and gives the link's token: it is shown this once.

    `ny`: the person is made in the same use case.
    """
    token = lag_lenke(aktor, person, Lenkeformaal.INVITASJON, foerste=ny)
    utloep = lenkeutloep(Lenkeformaal.INVITASJON)
    noekkel = f"invitasjon:{hash_token(token)[:40]}"
    send_brev(person, noekkel, lambda: brev.invitasjon(person.navn, token, utloep))
    logg(aktor, "person.invitert", "person", person.id)
    return token


# --- the register, for forms -----------------------------------------------------------------------------


def telefon_for(mottaker_id: UUID, fagomraade: str) -> str | None:
    """The number to ring at a hospital for a specialty: its own, else the hospital's, else None."""
    rad = db.session.execute(
        sa.select(Fagtelefon.telefon, Organisasjon.telefon)
        .select_from(Organisasjon)
        .outerjoin(
            Fagtelefon,
            sa.and_(Fagtelefon.organisasjon_id == Organisasjon.id, Fagtelefon.fagomraade == fagomraade),
        )
        .where(Organisasjon.id == mottaker_id)
    ).one_or_none()
    return (rad[0] or rad[1] or None) if rad else None


def fagtelefoner(organisasjon_ider: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """The entered numbers per specialty of several hospitals, in one query."""
    ider = list(organisasjon_ider)
    svar: dict[UUID, dict[str, str]] = {i: {} for i in ider}
    for f in db.session.scalars(sa.select(Fagtelefon).where(Fagtelefon.organisasjon_id.in_(ider))):
        svar[f.organisasjon_id][f.fagomraade] = f.telefon
    return svar


def sykehustelefoner(organisasjon_ider: Iterable[UUID]) -> dict[UUID, str]:
    """The entered main numbers of several hospitals; those without one are left out."""
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.telefon).where(
            Organisasjon.id.in_(list(organisasjon_ider)), Organisasjon.telefon != ""
        )
    )
    return {r[0]: r[1] for r in rader}


#: The list of kommuner as it was last made, and of which register: every other form and search chooses from it.
_kommuner: tuple[tuple[Any, ...], list[tuple[UUID, str]]] | None = None


def kommuner_for_valg() -> list[tuple[UUID, str]]:
    """All active kommuner for a list to choose from: alphabetical, with the fylke where two share a name."""
    global _kommuner
    if i_transaksjon():
        # What is changed here may never be committed.
        return _les_kommuner()
    merke = tuple(db.session.execute(_registermerke()).one())
    if _kommuner is None or _kommuner[0] != merke:
        _kommuner = (merke, _les_kommuner())
    return list(_kommuner[1])


@lru_cache
def _registermerke() -> sa.Select[*tuple[Any, ...]]:
    """Another with each change of the register: no organisation is ever deleted, and each change counts one up. The
    name of one of them says which register it is."""
    navn = sa.func.max(sa.cast(Organisasjon.id, sa.String))
    return sa.select(sa.func.count(), sa.func.sum(Organisasjon.versjon), navn).select_from(Organisasjon)


def _les_kommuner() -> list[tuple[UUID, str]]:
    fylke = aliased(Organisasjon)
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn, Organisasjon.navn_alternativ, fylke.kortnavn)
        .outerjoin(fylke, fylke.id == Organisasjon.overordnet_id)
        .where(Organisasjon.type == Organisasjonstype.KOMMUNE, Organisasjon.nedlagt.is_(None))
    ).all()
    antall = Counter(navn for _, navn, _, _ in rader)
    valg = []
    for id_, navn, alternativ, fylkesnavn in rader:
        tekst = f"{navn} / {alternativ}" if alternativ else navn
        valg.append((id_, f"{tekst} ({fylkesnavn})" if antall[navn] > 1 else tekst))
    return sorted(valg, key=lambda v: sorteringsnoekkel(v[1]))


def sykehus_for_valg() -> list[tuple[UUID, str]]:
    """All active trusts and ideelle hospitals, alphabetical."""
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn).where(
            Organisasjon.type.in_(SYKEHUS), Organisasjon.nedlagt.is_(None)
        )
    )
    return sorted(((r[0], r[1]) for r in rader), key=lambda v: sorteringsnoekkel(v[1]))


def foreslaatt_mottaker(kommune_id: UUID) -> UUID | None:
    """The trust of the kommune's somatic catchment."""
    return db.session.scalar(sa.select(Organisasjon.helseforetak_id).where(Organisasjon.id == kommune_id))


_SIST = str.maketrans("æäøöå", "{{||}")


def sorteringsnoekkel(navn: str) -> str:
    """Norwegian order whatever the machine's locale is: æ, ø and å become the signs after z in ASCII."""
    return navn.casefold().translate(_SIST)
