"""A person's own ways to be told: telephones and browsers, what each is used for, and the proof that they work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, insert_for, meld, transactional
from portal.core.errors import ForMange, IkkeFunnet, UgyldigData
from portal.core.sprak import _, _l, paa_spraak
from portal.revisjon import steps as revisjon
from portal.varsler import access, port, steps
from portal.varsler import valg as regler
from portal.varsler.models import (
    HASTEGRADER,
    VEKKENDE,
    Kanal,
    Utsending,
    Varsel,
    Varselkanal,
    Varselro,
    Varselvalg,
)
from portal.varsler.ord import KANALER
from portal.varsler.service.mottakere import mottaker, mottaker_for

#: What a person may have at a time: more is a mistake, or a way to ring strangers.
MAKS_KANALER = 10
#: A test of one channel, and all tests of a person: each may cost money, and the number may be a stranger's.
PROEVES_HVERT = timedelta(seconds=30)
MAKS_PROEVER = 10
PROEVER_I = timedelta(hours=1)
#: So fresh a round trip must be before somebody goes on call.
BEVIS_HOLDER = timedelta(hours=24)
PROEVE = "varsler.proeve"


class Proevestand(StrEnum):
    """How a test of a channel stands."""

    VENTER = "venter"
    SENDT = "sendt"
    BEKREFTET = "bekreftet"
    FEILET = "feilet"


@dataclass(frozen=True, slots=True)
class Proeve:
    """The last test of a channel: how it stands, since when, and what went wrong."""

    stand: Proevestand
    tidspunkt: datetime
    feil: str = ""


@dataclass(frozen=True, slots=True)
class Kanalvisning:
    """One of a person's channels as the page shows it. `id` is None for the e-mail address of the login."""

    id: UUID | None
    kanal: Kanal
    navn: str
    adresse: str
    bevist: datetime | None
    opprettet: datetime | None
    proeve: Proeve | None
    #: By which a browser knows itself in the list: SHA-256 of its push endpoint, as hex.
    merke: str = ""


@dataclass(frozen=True, slots=True)
class Vekking:
    """The channel that wakes the person and was proven last, within `BEVIS_HOLDER`."""

    kanal: Kanal
    navn: str
    bevist: datetime


@dataclass(frozen=True, slots=True)
class Oppsett:
    """What a person has chosen: the channels by urgency, and the quiet hours."""

    valg: Mapping[str, frozenset[Kanal]]
    fra: str
    til: str
    akutt_bryter: bool
    kanari_vekker: bool


# --- what there is ---------------------------------------------------------------------------------------


def hent_kanaler(aktor: Aktor) -> list[Kanalvisning]:
    """The actor's channels, e-mail first, each with its last test."""
    til, proever = mottaker(aktor), _siste_proever(aktor)
    epost = proever.get((Kanal.EPOST, None))
    bevist = epost.tidspunkt if epost and epost.stand == Proevestand.BEKREFTET else None
    rader = db.session.scalars(access.synlige_kanaler(aktor).order_by(Varselkanal.opprettet, Varselkanal.id))
    return [
        Kanalvisning(None, Kanal.EPOST, "", til.epost, bevist, None, epost),
        *(
            Kanalvisning(
                r.id,
                Kanal(r.kanal),
                r.navn,
                urlsplit(r.adresse).hostname or "" if r.kanal == Kanal.PUSH else r.adresse,
                r.bevist,
                r.opprettet,
                proever.get((Kanal(r.kanal), r.id)),
                sha256(r.adresse.encode()).hexdigest() if r.kanal == Kanal.PUSH else "",
            )
            for r in rader
        ),
    ]


def _siste_proever(aktor: Aktor) -> dict[tuple[Kanal, UUID | None], Proeve]:
    """The last test of each channel within the time that a proof holds."""
    rader = db.session.scalars(
        sa.select(Utsending)
        .join(Varsel, Varsel.id == Utsending.varsel_id)
        .where(
            Varsel.person_id == access.krev_person(aktor),
            Varsel.kode == PROEVE,
            Varsel.opprettet > now() - BEVIS_HOLDER,
        )
        .order_by(Utsending.opprettet)
    )
    return {(Kanal(r.kanal), r.varselkanal_id): _stand(r) for r in rader}


def _stand(utsending: Utsending) -> Proeve:
    if utsending.kvittert is not None:
        return Proeve(Proevestand.BEKREFTET, utsending.kvittert)
    if utsending.oppgitt is not None:
        return Proeve(Proevestand.FEILET, utsending.oppgitt, utsending.feil)
    if utsending.sendt is not None:
        return Proeve(Proevestand.SENDT, utsending.sendt)
    return Proeve(Proevestand.VENTER, utsending.opprettet, utsending.feil)


def hent_vekking(aktor: Aktor) -> Vekking | None:
    """How the actor can be woken for what is akutt: the proof that is freshest, or None when there is none of the
    last 24 hours, or when quiet hours keep back also what is akutt. The same rule as `steps.bevist_kanal`."""
    if not steps.slipper_fram(db.session.get(Varselro, access.krev_person(aktor)), now()):
        return None
    akutt = hent_oppsett(aktor).valg["akutt"]
    rader = db.session.scalars(
        access.synlige_kanaler(aktor)
        .where(Varselkanal.kanal.in_(VEKKENDE), Varselkanal.bevist > now() - BEVIS_HOLDER)
        .order_by(Varselkanal.bevist.desc())
    )
    for rad in rader:
        kanal = Kanal(rad.kanal)
        if kanal in akutt and port.er_satt_opp(kanal) and rad.bevist:
            return Vekking(kanal, rad.navn, rad.bevist)
    return None


def hent_oppsett(aktor: Aktor) -> Oppsett:
    """What the actor has chosen, or the standard."""
    person_id = access.krev_person(aktor)
    valgt = {
        v.hastegrad: v.kanaler
        for v in db.session.scalars(sa.select(Varselvalg).where(Varselvalg.person_id == person_id))
    }
    ro = db.session.get(Varselro, person_id)
    return Oppsett(
        {h: regler.kanaler(valgt.get(h), h) for h in HASTEGRADER},
        ro.fra if ro else "",
        ro.til if ro else "",
        ro.akutt_bryter if ro else True,
        ro.kanari_vekker if ro else False,
    )


# --- adding and removing ---------------------------------------------------------------------------------


@transactional
def legg_til(
    aktor: Aktor, kanal: Kanal, adresse: str, *, navn: str = "", data: Mapping[str, Any] | None = None
) -> UUID:
    """Adds a telephone number (E.164) or a browser (its push endpoint; `data` holds its keys), and gives its id.

    A browser that is here already gets its new keys, and what was proven with the former is not with them; one that
    somebody else had is theirs no more. The person is told by e-mail: a number that a stranger adds would hear what
    the person is told. Raises UgyldigData.
    """
    person_id = access.krev_person(aktor)
    egne = db.session.scalars(access.synlige_kanaler(aktor)).all()
    samme = next((k for k in egne if (k.kanal, k.adresse) == (kanal, adresse)), None)
    if samme is not None:
        if kanal != Kanal.PUSH:
            raise UgyldigData(felter={"nummer": [_l("Du har dette nummeret fra før.")]})
        _gi_noekler(aktor, samme, dict(data or {}), navn or samme.navn)
        return samme.id
    if len(egne) >= MAKS_KANALER:
        raise UgyldigData(
            felter={
                "nummer": [_l("Du kan ikke ha flere enn %(antall)s. Fjern en først.", antall=MAKS_KANALER)]
            }
        )
    if kanal == Kanal.PUSH:
        _ta_over_nettleseren(aktor, adresse)
    ny = db.session.execute(
        insert_for(Varselkanal, db.session.get_bind().dialect.name)
        .on_conflict_do_nothing(
            index_elements=["person_id", "kanal", "adresse"], index_where=sa.text("fjernet IS NULL")
        )
        .returning(Varselkanal.id),
        {
            "id": uuid4(),
            "person_id": person_id,
            "kanal": kanal,
            "adresse": adresse,
            "data": dict(data or {}),
            "navn": navn,
            "opprettet": now(),
        },
    ).scalar_one_or_none()
    if ny is None:
        raise UgyldigData(felter={"nummer": [_l("Du har dette nummeret fra før.")]})
    revisjon.logg(aktor, "varsler.kanal_lagt_til", "varselkanal", ny, kanal=kanal)
    _si_fra(person_id, ny, kanal, adresse, _ny_kanal)
    meld("varsler.endret", person_id=person_id)
    return ny


def _gi_noekler(aktor: Aktor, rad: Varselkanal, data: dict[str, Any], navn: str) -> None:
    """A browser that is here already, as it has told of itself anew: mostly the same, which changes nothing."""
    endret = [h for h, ny in (("noekler", rad.data != data), ("navn", rad.navn != navn)) if ny]
    if not endret:
        return
    if "noekler" in endret:
        rad.bevist = None
    rad.data, rad.navn = data, navn
    revisjon.logg(
        aktor, "varsler.kanal_endret", "varselkanal", rad.id, kanal=rad.kanal, hva=", ".join(endret)
    )
    meld("varsler.endret", person_id=rad.person_id)


def _ta_over_nettleseren(aktor: Aktor, adresse: str) -> None:
    """A browser belongs to who is logged in there now: what others are told must not be shown on its screen."""
    andres = db.session.scalars(
        sa.select(Varselkanal)
        .where(Varselkanal.kanal == Kanal.PUSH, Varselkanal.adresse == adresse, Varselkanal.fjernet.is_(None))
        .order_by(Varselkanal.id)
    )
    for rad in andres:
        _ta_bort(rad)
        revisjon.logg(aktor, "varsler.kanal_fjernet", "varselkanal", rad.id, kanal=rad.kanal, overtatt=True)
        _si_fra(rad.person_id, rad.id, Kanal(rad.kanal), rad.adresse, _fjernet_kanal)


@transactional
def fjern(aktor: Aktor, kanal_id: UUID) -> None:
    """Takes a channel away; what has not left for it is not sent. The person is told by e-mail."""
    rad = access.hent_kanal(aktor, kanal_id)
    _ta_bort(rad)
    revisjon.logg(aktor, "varsler.kanal_fjernet", "varselkanal", rad.id, kanal=rad.kanal)
    _si_fra(rad.person_id, rad.id, Kanal(rad.kanal), rad.adresse, _fjernet_kanal)


def _ta_bort(rad: Varselkanal) -> None:
    """Its messages first, then the channel: the order in which everybody locks them."""
    steps.stopp_utsendinger(Utsending.varselkanal_id == rad.id)
    rad.fjernet = now()
    meld("varsler.endret", person_id=rad.person_id)


@transactional
def navngi(aktor: Aktor, kanal_id: UUID, navn: str) -> None:
    """Gives a channel another name: by it the person knows what is whose, so that a change is audited like any."""
    rad = access.hent_kanal(aktor, kanal_id)
    if rad.navn != navn:
        rad.navn = navn
        revisjon.logg(aktor, "varsler.kanal_endret", "varselkanal", rad.id, kanal=rad.kanal, hva="navn")


@transactional
def bytt_nettleser(aktor: Aktor, gammel: str, adresse: str, data: Mapping[str, Any]) -> UUID:
    """The browser's push service has given it another address. What was proven of the old one is not of the new."""
    rad = db.session.scalars(
        access.synlige_kanaler(aktor).where(Varselkanal.kanal == Kanal.PUSH, Varselkanal.adresse == gammel)
    ).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    if adresse != gammel:
        _ta_over_nettleseren(aktor, adresse)
        # A row that was just taken over must be gone before this one takes its address.
        db.session.flush()
        rad.adresse, rad.bevist = adresse, None
    rad.data = dict(data)
    revisjon.logg(aktor, "varsler.kanal_endret", "varselkanal", rad.id, kanal=rad.kanal)
    return rad.id


def _si_fra(
    person_id: UUID, kanal_id: UUID, kanal: Kanal, adresse: str, skriv: Callable[[str], tuple[str, str]]
) -> None:
    """The letter about a changed channel, in the person's language: it may be somebody else who has changed it."""
    til = mottaker_for(person_id)
    with paa_spraak(til.spraak):
        emne, tekst = skriv(f"{KANALER[kanal]} {skjult(kanal, adresse)}".strip())
    steps.send_epost(f"varselkanal:{kanal_id}:{skriv.__name__.strip('_')}", til.epost, emne, tekst)


def _ny_kanal(hva: str) -> tuple[str, str]:
    return (
        _("Ny varslingskanal i Samhandlingsportalen"),
        _(
            "%(hva)s er lagt til for varsler til deg.\n\nVar det ikke deg? Logg inn, fjern den under «Varslene "
            "mine» og bytt passord.",
            hva=hva,
        ),
    )


def _fjernet_kanal(hva: str) -> tuple[str, str]:
    return (
        _("Varslingskanal fjernet i Samhandlingsportalen"),
        _(
            "%(hva)s er fjernet, og får ikke lenger varsler til deg.\n\nVar det ikke deg? Logg inn, legg den til "
            "igjen under «Varslene mine» og bytt passord.",
            hva=hva,
        ),
    )


def skjult(kanal: str, adresse: str) -> str:
    """An address for the eyes of others: enough to know it again. «k•••@sykehus.example», «+47•••••123»."""
    if kanal == Kanal.PUSH:
        return urlsplit(adresse).hostname or ""
    if kanal == Kanal.EPOST:
        navn, _alfa, vert = adresse.rpartition("@")
        return f"{navn[:1]}•••@{vert}"
    return f"{adresse[:3]}{'•' * max(0, len(adresse) - 6)}{adresse[-3:]}"


# --- choices ---------------------------------------------------------------------------------------------


@transactional
def sett_valg(aktor: Aktor, valgt: Mapping[str, Collection[str]]) -> None:
    """Which channels each urgency goes by. What is akutt must go by one at least. Raises UgyldigData."""
    person_id = access.krev_person(aktor)
    if not valgt["akutt"]:
        raise UgyldigData(felter={"akutt": [_l("Velg minst én kanal for det som er akutt.")]})
    for hastegrad in HASTEGRADER:
        _sett(
            Varselvalg,
            ("person_id", "hastegrad"),
            person_id=person_id,
            hastegrad=hastegrad,
            kanaler=[str(k) for k in Kanal if k in valgt[hastegrad]],
        )
    revisjon.logg(
        aktor,
        "varsler.valg_endret",
        "person",
        person_id,
        detaljer={h: sorted(map(str, valgt[h])) for h in HASTEGRADER},
    )


@transactional
def sett_ro(aktor: Aktor, fra: str, til: str, *, akutt_bryter: bool, kanari_vekker: bool) -> None:
    """Quiet hours («22:00», Oslo time; both empty: none), what may break them, and whether the canary may wake.

    Raises UgyldigData when only one of the two is said, or when they are the same moment.
    """
    person_id = access.krev_person(aktor)
    if bool(fra) != bool(til):
        mangler = "til" if fra else "fra"
        raise UgyldigData(felter={mangler: [_l("Skriv begge klokkeslettene, eller la begge stå tomme.")]})
    if fra and fra == til:
        raise UgyldigData(
            felter={"til": [_l("Hviletiden må slutte på et annet klokkeslett enn den begynner.")]}
        )
    verdier = {"fra": fra, "til": til, "akutt_bryter": akutt_bryter, "kanari_vekker": kanari_vekker}
    _sett(Varselro, ("person_id",), person_id=person_id, **verdier)
    revisjon.logg(aktor, "varsler.ro_endret", "person", person_id, detaljer=verdier)


def _sett(tabell: Any, noekkel: tuple[str, ...], **verdier: Any) -> None:
    """Writes the person's row, whether it is there or not."""
    uttrykk = insert_for(tabell, db.session.get_bind().dialect.name).values(**verdier)
    db.session.execute(
        uttrykk.on_conflict_do_update(
            index_elements=list(noekkel),
            set_={k: v for k, v in verdier.items() if k not in noekkel},
        )
    )


# --- the round trip --------------------------------------------------------------------------------------


@transactional
def proev(aktor: Aktor, kanal_id: UUID | None) -> None:
    """Sends a test by one channel at once, also in quiet hours; None is the e-mail address. Its owner's answer is
    the proof. Raises ForMange."""
    person_id = access.krev_person(aktor)
    rad = access.hent_kanal(aktor, kanal_id) if kanal_id is not None else None
    kanal = Kanal(rad.kanal) if rad is not None else Kanal.EPOST
    _krev_ikke_for_ofte(person_id, kanal, kanal_id)
    varsel_id = steps.varsle(
        mottaker(aktor),
        noekkel=f"proeve:{uuid4()}",
        kode=PROEVE,
        tittel=_l("Prøvevarsel til deg. Kvitter for å bekrefte at det kom fram"),
        lenke="/varsler/valg",
        gjelder=f"varselproeve:{kanal_id or person_id}",
        bare={kanal},
    )
    db.session.flush()
    # The person's other channels of the kind are not what is tried.
    db.session.execute(
        sa.delete(Utsending)
        .where(Utsending.varsel_id == varsel_id, Utsending.varselkanal_id.is_distinct_from(kanal_id))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Utsending)
        .where(Utsending.varsel_id == varsel_id)
        .values(foerst=now(), neste=now())
        .execution_options(synchronize_session=False)
    )
    # It stands on the page of the channels, and need not ring in the bell too.
    db.session.execute(
        sa.update(Varsel)
        .where(Varsel.id == varsel_id)
        .values(lest=now())
        .execution_options(synchronize_session=False)
    )
    revisjon.logg(aktor, "varsler.proevd", "varselkanal", kanal_id or "", kanal=kanal)


def _krev_ikke_for_ofte(person_id: UUID, kanal: Kanal, kanal_id: UUID | None) -> None:
    naa = now()
    sendt = db.session.execute(
        sa.select(Utsending.kanal, Utsending.varselkanal_id, Utsending.opprettet)
        .join(Varsel, Varsel.id == Utsending.varsel_id)
        .where(Varsel.person_id == person_id, Varsel.kode == PROEVE, Varsel.opprettet > naa - PROEVER_I)
        .order_by(Utsending.opprettet)
    ).all()
    vent = max(
        (
            s.opprettet + PROEVES_HVERT - naa
            for s in sendt
            if (s.kanal, s.varselkanal_id) == (kanal, kanal_id)
        ),
        default=timedelta(0),
    )
    if len(sendt) >= MAKS_PROEVER:
        vent = max(vent, sendt[-MAKS_PROEVER].opprettet + PROEVER_I - naa)
    if vent > timedelta(0):
        sekunder = int(vent.total_seconds()) + 1
        raise ForMange(
            _l("Du har nettopp prøvd. Vent %(sekunder)s sekunder før neste prøve.", sekunder=sekunder),
            vent=sekunder,
        )
