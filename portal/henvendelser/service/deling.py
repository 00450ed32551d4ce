"""Sharing a case: colleagues by invitation, hand-over to a named person, and a word on the patient's identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.core.aktor import KAN_SVARE, KLINIKERE, Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional, uavhengig
from portal.core.errors import IkkeTilgang, Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser.eskalering import steps as eskalering
from portal.henvendelser.forloep import (
    AAPNE,
    Handling,
    Hendelsestype,
    Invitasjonsslag,
    Invitasjonstilstand,
    Status,
)
from portal.henvendelser.models import Deltaker, Hendelse, Henvendelse, Saksinvitasjon
from portal.henvendelser.service import lesing
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.identitet.mottakere import mottaker_for
from portal.identitet.steps import aktor_for_medlemskap
from portal.revisjon import steps as revisjon
from portal.varsler.steps import varsle

#: A second note that the identity was exchanged, so soon and by the same person, is a double click.
DOBBELTKLIKK = timedelta(minutes=1)


# --- asking ----------------------------------------------------------------------------------------------


@transactional
def inviter(aktor: Aktor, henvendelse_id: UUID, medlemskap_id: UUID) -> None:
    """Asks a clinician of the actor's own organisation to take part. Asked already: nothing more happens.

    Raises UgyldigData for somebody who is no clinician there (any more), or whose own the case is already.
    """
    sak = access.hent(aktor, Handling.INVITERE, henvendelse_id, laas=True)
    kollega = aktor_for_medlemskap(medlemskap_id)
    if (
        kollega is None
        or kollega.rolle not in KLINIKERE
        or kollega.organisasjon_id != aktor.organisasjon_id
        or kollega.person_id == aktor.person_id
    ):
        raise _feil_valg(
            _l("Velg en kollega fra lista. Den du valgte, har kanskje sluttet eller byttet rolle.")
        )
    if _ventende(sak, Invitasjonsslag.KOLLEGA, medlemskap_id) is not None:
        return
    if access.er_egen(kollega, sak):
        raise _feil_valg(_l("%(navn)s har saken allerede.", navn=kollega.navn))
    _spoer(aktor, sak, Invitasjonsslag.KOLLEGA, kollega)


@transactional
def tilby_overlevering(aktor: Aktor, henvendelse_id: UUID, medlemskap_id: UUID) -> None:
    """Offers the responsibility for the case to a named person at the receiver. It is theirs when they accept.

    Raises Opptatt while somebody else is asked: two who both believe that they take over is nobody.
    """
    sak = access.hent(aktor, Handling.OVERLEVERE, henvendelse_id, laas=True)
    ny = aktor_for_medlemskap(medlemskap_id)
    if ny is None or not _kan_overta(ny, sak):
        raise _feil_valg(
            _l("Velg en kollega fra lista. Den du valgte, har kanskje sluttet eller byttet rolle.")
        )
    if ny.medlemskap_id == sak.ansvarlig_medlemskap_id:
        raise _feil_valg(_l("%(navn)s er ansvarlig allerede.", navn=ny.navn))
    if ny.person_id == aktor.person_id:
        raise _feil_valg(_l("Velg en annen enn deg selv."))
    spurt = _ventende(sak, Invitasjonsslag.OVERLEVERING)
    if spurt is not None and spurt.til_medlemskap_id == medlemskap_id:
        return
    if spurt is not None:
        raise Opptatt(
            _l(
                "%(navn)s er alt spurt om å overta. Trekk det tilbudet først, så kan du spørre en annen.",
                navn=spurt.til_person.navn,
            )
        )
    _spoer(aktor, sak, Invitasjonsslag.OVERLEVERING, ny)


def _feil_valg(melding: Any) -> UgyldigData:
    return UgyldigData(felter={"medlemskap_id": [melding]})


def _kan_overta(ny: Aktor, sak: Henvendelse) -> bool:
    """Answers for some fagområde at the receiver: it need not be the case's own."""
    return ny.organisasjon_id == sak.mottaker_id and ny.rolle in KAN_SVARE and bool(ny.fagomraader)


def _ventende(
    sak: Henvendelse, slag: Invitasjonsslag, medlemskap_id: UUID | None = None
) -> Saksinvitasjon | None:
    sporring = sa.select(Saksinvitasjon).where(
        Saksinvitasjon.henvendelse_id == sak.id,
        Saksinvitasjon.slag == slag,
        Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
    )
    if medlemskap_id is not None:
        sporring = sporring.where(Saksinvitasjon.til_medlemskap_id == medlemskap_id)
    return db.session.execute(sporring).scalar_one_or_none()


def _spoer(aktor: Aktor, sak: Henvendelse, slag: Invitasjonsslag, til: Aktor) -> None:
    """The pending invitation, its row in the log, and a notice without a word of what the case is about.

    Who is asked to take over is told as urgently as the case is: an akutt case may wake them, since nobody else has
    it meanwhile but one who wants to let it go. Who is asked to take part is not woken: the case has somebody.
    """
    assert aktor.person_id is not None and til.person_id is not None and til.medlemskap_id is not None
    invitasjon = Saksinvitasjon(
        id=uuid4(),
        henvendelse_id=sak.id,
        slag=slag,
        tilstand=Invitasjonstilstand.VENTER,
        fra_person_id=aktor.person_id,
        til_person_id=til.person_id,
        til_medlemskap_id=til.medlemskap_id,
        opprettet=now(),
    )
    db.session.add(invitasjon)
    overtar = slag == Invitasjonsslag.OVERLEVERING
    steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.TILBUDT if overtar else Hendelsestype.INVITERT,
        data={"hvem": til.navn, "medlemskap": str(til.medlemskap_id)},
    )
    mottaker = mottaker_for(til.medlemskap_id)
    assert mottaker is not None
    ord_ = {"hvem": aktor.navn, "nummer": sak.saksnummer}
    varsle(
        mottaker,
        noekkel=f"invitasjon:{invitasjon.id}",
        kode="henvendelse.overlevering" if overtar else "henvendelse.invitasjon",
        tittel=_l("Vil du overta sak %(nummer)s?", **ord_)
        if overtar
        else _l("Du er invitert til sak %(nummer)s", **ord_),
        tekst=_l(
            "%(hvem)s spør om du vil overta ansvaret for sak %(nummer)s. Ansvaret er ikke ditt før du sier ja. "
            "Se saken og svar i portalen.",
            **ord_,
        )
        if overtar
        else _l(
            "%(hvem)s inviterer deg til å delta i sak %(nummer)s. Se saken og svar i portalen.",
            **ord_,
        ),
        lenke=f"/henvendelser/{sak.id}",
        hastegrad=sak.hastegrad if overtar else None,
        gjelder=steps.spoersmaal_om(invitasjon.id),
    )


# --- answering -------------------------------------------------------------------------------------------


@transactional
def svar_invitasjon(aktor: Aktor, invitasjon_id: UUID, ja: bool) -> UUID:
    """The invited takes part, or takes over, or declines. Gives the case. The same answer again changes nothing.

    Raises UgyldigOvergang where the invitation has been withdrawn, or has lapsed with a move of the case.
    """
    funnet = db.session.get(Saksinvitasjon, invitasjon_id)
    if funnet is not None and funnet.til_medlemskap_id == aktor.medlemskap_id and not _venter(funnet):
        return _avgjort_alt(funnet, ja)
    sak = access.hent(aktor, Handling.SE, funnet.henvendelse_id if funnet else invitasjon_id, laas=True)
    assert funnet is not None
    if funnet.til_medlemskap_id != aktor.medlemskap_id:
        _nekt(
            aktor,
            sak,
            "svar_invitasjon",
            _l("Invitasjonen er til en annen. Bare den som er spurt, kan svare."),
        )
    # Everybody who settles an invitation holds the lock of the case: read again, it is as it stays.
    db.session.refresh(funnet)
    if not _venter(funnet):
        return _avgjort_alt(funnet, ja)
    if not ja:
        funnet.tilstand, funnet.avgjort = Invitasjonstilstand.AVSLAATT, now()
        steps.skriv_hendelse(aktor, sak, Hendelsestype.AVSLAATT, data={"hva": f"nei_{funnet.slag}"})
        steps.ikke_spurt_lenger([funnet.id])
        meld("henvendelse.tilgang_endret", henvendelse_id=sak.id)
        return sak.id
    if funnet.slag == Invitasjonsslag.OVERLEVERING:
        _overta(aktor, sak)
    else:
        steps.bli_deltaker(aktor, sak)
        steps.skriv_hendelse(aktor, sak, Hendelsestype.BLE_MED, data={"hvem": aktor.navn})
    # Whoever takes over need not be asked to take part as well, nor the other way round when both are accepted.
    gjelder = Saksinvitasjon.id == funnet.id
    if funnet.slag == Invitasjonsslag.OVERLEVERING:
        gjelder = Saksinvitasjon.til_medlemskap_id == aktor.medlemskap_id
    besvart = db.session.execute(
        sa.update(Saksinvitasjon)
        .where(
            Saksinvitasjon.henvendelse_id == sak.id,
            Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
            gjelder,
        )
        .values(tilstand=Invitasjonstilstand.GODTATT, avgjort=now())
        .returning(Saksinvitasjon.id)
        .execution_options(synchronize_session=False)
    ).scalars()
    steps.ikke_spurt_lenger(besvart.all())
    return sak.id


def _overta(aktor: Aktor, sak: Henvendelse) -> None:
    """The responsibility changes hands. The deadlines stand, and the former responsible keeps the case."""
    if sak.status not in (Status.AKSEPTERT, Status.BESVART) or not _kan_overta(aktor, sak):
        raise UgyldigOvergang(
            _l("Du kan ikke overta saken lenger: den er flyttet, eller du svarer ikke for noe fagområde nå."),
            kode="kan_ikke_overta",
        )
    tidligere = sak.ansvarlig_id
    steps.overta(aktor, sak)
    eskalering.overtatt(sak, tidligere)


def _venter(invitasjon: Saksinvitasjon) -> bool:
    return invitasjon.tilstand == Invitasjonstilstand.VENTER


def _avgjort_alt(invitasjon: Saksinvitasjon, ja: bool) -> UUID:
    if invitasjon.tilstand == (Invitasjonstilstand.GODTATT if ja else Invitasjonstilstand.AVSLAATT):
        return invitasjon.henvendelse_id
    raise UgyldigOvergang(
        _l(
            "Invitasjonen gjelder ikke lenger: den er besvart eller trukket, eller saken er flyttet eller ferdig."
        ),
        kode="invitasjon_borte",
    )


@transactional
def trekk_invitasjon(aktor: Aktor, invitasjon_id: UUID) -> UUID:
    """Takes an unanswered invitation back. Gives the case.

    The one who asked may, and the responsible; an offered hand-over whoever could offer it anew, so that nobody has
    to wait for an answer from somebody who is gone.
    """
    funnet = db.session.get(Saksinvitasjon, invitasjon_id)
    sak = access.hent(aktor, Handling.SE, funnet.henvendelse_id if funnet else invitasjon_id, laas=True)
    assert funnet is not None
    if not _kan_trekke(aktor, sak, funnet):
        _nekt(
            aktor,
            sak,
            "trekk_invitasjon",
            _l("Bare den som spurte, eller den ansvarlige, kan trekke tilbudet."),
        )
    db.session.refresh(funnet)
    if funnet.tilstand == Invitasjonstilstand.TRUKKET:
        return sak.id
    if not _venter(funnet):
        raise UgyldigOvergang(
            _l("%(navn)s har alt svart.", navn=funnet.til_person.navn), kode="invitasjon_borte"
        )
    funnet.tilstand, funnet.avgjort = Invitasjonstilstand.TRUKKET, now()
    steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.AVSLAATT,
        data={"hva": f"trukket_{funnet.slag}", "hvem": funnet.til_person.navn},
    )
    steps.ikke_spurt_lenger([funnet.id])
    meld("henvendelse.tilgang_endret", henvendelse_id=sak.id)
    return sak.id


def _kan_trekke(aktor: Aktor, sak: Henvendelse, invitasjon: Saksinvitasjon) -> bool:
    return (
        invitasjon.fra_person_id == aktor.person_id
        or (sak.ansvarlig_medlemskap_id is not None and sak.ansvarlig_medlemskap_id == aktor.medlemskap_id)
        or (invitasjon.slag == Invitasjonsslag.OVERLEVERING and access.raar_for_overlevering(aktor, sak))
    )


def _nekt(aktor: Aktor, sak: Henvendelse, handling: str, melding: Any) -> None:
    """Refuses what is another's in a case that may be seen, and logs it. Always raises IkkeTilgang."""
    sak_id = sak.id
    uavhengig(
        lambda: revisjon.logg(
            aktor, f"henvendelse.{handling}", "henvendelse", sak_id, utfall="avslag", grunn="ikke_tilgang"
        )
    )
    raise IkkeTilgang(melding)


@transactional
def forlat(aktor: Aktor, henvendelse_id: UUID) -> None:
    """Takes part no more. Whoever only took part loses sight of the case; has left already: nothing happens.

    Raises UgyldigOvergang for the requester and the responsible: somebody must have the case.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id, laas=True)
    deltaker = _deltakelse(aktor, sak)
    if deltaker is None:
        raise UgyldigOvergang(
            _l("Du deltar ikke i saken, så det er ingenting å forlate."), kode="deltar_ikke"
        )
    if deltaker.til is not None:
        return
    if not _kan_forlate(aktor, sak):
        raise UgyldigOvergang(
            _l(
                "Innmelderen og den ansvarlige kan ikke forlate saken. Overlever den, gi den tilbake eller lukk den."
            ),
            kode="kan_ikke_forlate",
        )
    steps.skriv_hendelse(aktor, sak, Hendelsestype.AVSLAATT, data={"hva": "forlot"})
    deltaker.til = now()
    meld("henvendelse.tilgang_endret", henvendelse_id=sak.id)


def _deltakelse(aktor: Aktor, sak: Henvendelse) -> Deltaker | None:
    return db.session.execute(
        sa.select(Deltaker).where(
            Deltaker.henvendelse_id == sak.id, Deltaker.medlemskap_id == aktor.medlemskap_id
        )
    ).scalar_one_or_none()


def _kan_forlate(aktor: Aktor, sak: Henvendelse) -> bool:
    return aktor.medlemskap_id not in (sak.innmelder_medlemskap_id, sak.ansvarlig_medlemskap_id)


@transactional
def noter_identitet(aktor: Aktor, henvendelse_id: UUID) -> None:
    """Notes that the two sides have told each other who the patient is, outside the portal: that, and nothing of it.

    Again within a minute by the same person: a double click, which adds nothing.
    """
    sak = access.hent(aktor, Handling.IDENTITET, henvendelse_id, laas=True)
    nettopp = db.session.execute(
        sa.select(Hendelse.id).where(
            Hendelse.henvendelse_id == sak.id,
            Hendelse.type == Hendelsestype.IDENTITET,
            Hendelse.avsender_id == aktor.person_id,
            Hendelse.tidspunkt > now() - DOBBELTKLIKK,
        )
    ).first()
    if nettopp is None:
        steps.skriv_hendelse(aktor, sak, Hendelsestype.IDENTITET)


# --- reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delt:
    """Who has part in a case, who is asked, and what of that is the reader's to do."""

    deltakere: list[Deltaker]
    #: Those who are asked and have not answered, with whether the reader may take it back.
    ventende: list[tuple[Saksinvitasjon, bool]]
    #: What the reader is asked.
    mine: list[Saksinvitasjon]
    kan_forlate: bool


def hent_delt(aktor: Aktor, sak: Henvendelse) -> Delt:
    """Who shares a case that has been fetched through `access`."""
    deltakere = lesing.hent_deltakere(sak.id)
    venter: list[Saksinvitasjon] = []
    if sak.status in AAPNE:
        venter = list(
            db.session.execute(
                sa.select(Saksinvitasjon)
                .options(joinedload(Saksinvitasjon.til_person), joinedload(Saksinvitasjon.fra_person))
                .where(
                    Saksinvitasjon.henvendelse_id == sak.id,
                    Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
                )
                .order_by(Saksinvitasjon.opprettet)
            ).scalars()
        )
    return Delt(
        deltakere=deltakere,
        ventende=[
            (i, _kan_trekke(aktor, sak, i)) for i in venter if i.til_medlemskap_id != aktor.medlemskap_id
        ],
        mine=[i for i in venter if i.til_medlemskap_id == aktor.medlemskap_id],
        kan_forlate=any(d.medlemskap_id == aktor.medlemskap_id for d in deltakere)
        and _kan_forlate(aktor, sak),
    )


def invitasjoner_til(aktor: Aktor) -> list[Saksinvitasjon]:
    """What the actor is asked and has not answered: for the top of the lists and the queue."""
    # Under a name of its own: the rule of need to know asks the same table.
    spurt = aliased(Saksinvitasjon)
    return list(
        db.session.execute(
            access.synlige(aktor)
            .join(spurt, spurt.henvendelse_id == Henvendelse.id)
            .where(
                spurt.til_medlemskap_id == aktor.medlemskap_id,
                spurt.tilstand == Invitasjonstilstand.VENTER,
                Henvendelse.status.in_(AAPNE),
            )
            .with_only_columns(spurt, maintain_column_froms=True)
            .options(
                joinedload(spurt.fra_person),
                joinedload(spurt.henvendelse).joinedload(Henvendelse.avsender),
                joinedload(spurt.henvendelse).joinedload(Henvendelse.avsender_enhet),
                joinedload(spurt.henvendelse).joinedload(Henvendelse.mottaker),
            )
            .order_by(spurt.opprettet)
        ).scalars()
    )


def kolleger_aa_invitere(aktor: Aktor, sak: Henvendelse) -> list[Medlemskap]:
    """The clinicians of the actor's organisation who could be asked: whose own the case is not, by name."""
    return _folk(
        sak,
        Medlemskap.organisasjon_id == aktor.organisasjon_id,
        Medlemskap.rolle.in_(KLINIKERE),
        Medlemskap.person_id != aktor.person_id,
        # The rule of need to know itself, over each of them. Where it knows nothing (no unit on either side), it is no.
        access.regel_for_egne().is_not(sa.true()),
        sa.not_(_alt_spurt(Invitasjonsslag.KOLLEGA)),
    )


def kolleger_aa_overlevere_til(aktor: Aktor, sak: Henvendelse) -> list[Medlemskap]:
    """Those at the receiver who answer for some fagområde, the case's own first."""
    folk = _folk(
        sak,
        Medlemskap.organisasjon_id == sak.mottaker_id,
        Medlemskap.rolle.in_(KAN_SVARE),
        Medlemskap.person_id != aktor.person_id,
        sa.or_(sa.literal(sak.ansvarlig_medlemskap_id is None), Medlemskap.id != sak.ansvarlig_medlemskap_id),
        sa.exists().where(MedlemskapFagomraade.medlemskap_id == Medlemskap.id),
    )
    return sorted(folk, key=lambda m: sak.fagomraade not in m.fagomraader)


def _folk(sak: Henvendelse, *vilkaar: sa.ColumnElement[bool]) -> list[Medlemskap]:
    person = aliased(Person)
    return list(
        db.session.execute(
            sa.select(Medlemskap)
            .join(person, person.id == Medlemskap.person_id)
            .join(Henvendelse, Henvendelse.id == sak.id)
            .where(medlemskap_gyldig(now()), person.aktiv, *vilkaar)
            .options(joinedload(Medlemskap.person), joinedload(Medlemskap.enhet))
            .order_by(person.navn, Medlemskap.id)
        ).scalars()
    )


def _alt_spurt(slag: Invitasjonsslag) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Saksinvitasjon.henvendelse_id == Henvendelse.id,
        Saksinvitasjon.til_medlemskap_id == Medlemskap.id,
        Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
        Saksinvitasjon.slag == slag,
    )
