"""Who may see a case, and who may do what with it. The only place that fetches a case by its id.

Need to know (tjenstlig behov, helsepersonelloven § 45): a case is the own of its participants, of those who answer
for its fagområde at the receiver, of clinicians of the requester's unit, and of the vaktleder of either side
(`_egen`). Whoever is invited may look at it before accepting; another clinician of the two organisations may look at
it for twelve hours after stating a reason (`hent_for_innsyn`), which is logged and told in the case. Everybody else –
another organisation, a coordinator, an administrator, an observer – gets «finnes ikke».

The rule stands once, in `_synlig`, as SQL over the membership's row: `hent`, every list, the heads over the socket
and the tick that throws people out ask the same question of fresh rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import KAN_SPOERRE, KAN_SVARE, KLINIKERE, KOMMUNALE_KLINIKERE, Aktor, Rolle
from portal.core.clock import now
from portal.core.db import UtcTid, db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigOvergang
from portal.core.sprak import _l
from portal.henvendelser.forloep import (
    AAPNE,
    ANSVARLIG_KAN_LUKKE_ETTER,
    GJENAAPNES_INNEN,
    INNSYN_VARER,
    OVERGANGER,
    Handling,
    Hvem,
    Invitasjonstilstand,
    Retning,
    Side,
    Status,
    overgang,
)
from portal.henvendelser.models import Deltaker, Hendelse, Henvendelse, Innsyn, Saksinvitasjon, Utskrivning
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Organisasjon, Person
from portal.revisjon import steps as revisjon

#: The moment that a statement is run, and what may be opened again then. The rule itself is put together once: to
#: build it anew for every question took longer than the database took to answer.
_NAA: sa.BindParameter[datetime] = sa.bindparam("naa_i_regelen", callable_=now, type_=UtcTid())
_KAN_GJENAAPNES: sa.BindParameter[datetime] = sa.bindparam(
    "kan_gjenaapnes", callable_=lambda: now() - GJENAAPNES_INNEN, type_=UtcTid()
)


def _paa_vakt() -> sa.ColumnElement[bool]:
    """Who answers for the case's fagområde at its receiver, while the case is open or can be opened again.

    Whoever took part keeps it as a participant; for the others the need to know ends with the case.
    """
    return sa.and_(
        Medlemskap.organisasjon_id == Henvendelse.mottaker_id,
        sa.or_(Henvendelse.status.in_(AAPNE), Henvendelse.lukket_tid > _KAN_GJENAAPNES),
        sa.exists().where(
            MedlemskapFagomraade.medlemskap_id == Medlemskap.id,
            MedlemskapFagomraade.fagomraade == Henvendelse.fagomraade,
        ),
    )


def _deltar() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Deltaker.henvendelse_id == Henvendelse.id,
        Deltaker.medlemskap_id == Medlemskap.id,
        Deltaker.til.is_(None),
    )


def _innmeldersiden() -> sa.ColumnElement[bool]:
    """The requester, in the membership the request was sent from, or one of the requester's unit."""
    return sa.or_(
        Henvendelse.innmelder_medlemskap_id == Medlemskap.id,
        Medlemskap.enhet_id == Henvendelse.avsender_enhet_id,
    )


def _vaktleder() -> sa.ColumnElement[bool]:
    return sa.and_(
        Medlemskap.rolle == Rolle.VAKTLEDER,
        sa.or_(
            Medlemskap.organisasjon_id == Henvendelse.mottaker_id,
            Medlemskap.organisasjon_id == Henvendelse.avsender_id,
        ),
    )


def _invitert() -> sa.ColumnElement[bool]:
    """Asked to take part or to take over, and not yet answered: an answer needs a look at the case."""
    return sa.exists().where(
        Saksinvitasjon.henvendelse_id == Henvendelse.id,
        Saksinvitasjon.til_medlemskap_id == Medlemskap.id,
        Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
        Henvendelse.status.in_(AAPNE),
    )


def _har_oppgitt_grunn() -> sa.ColumnElement[bool]:
    """Has stated a reason for looking into it, a short while ago, and is of one of the two organisations still."""
    return sa.and_(
        _av_partene(),
        sa.exists().where(
            Innsyn.henvendelse_id == Henvendelse.id,
            Innsyn.medlemskap_id == Medlemskap.id,
            Innsyn.utloeper > _NAA,
        ),
    )


def _av_partene() -> sa.ColumnElement[bool]:
    """Of the organisation that asks or of the one that is asked."""
    return sa.or_(
        Medlemskap.organisasjon_id == Henvendelse.mottaker_id,
        Medlemskap.organisasjon_id == Henvendelse.avsender_id,
    )


def _kliniker() -> sa.ColumnElement[bool]:
    """A clinician's membership that counts now, of a person who is not shut out."""
    return sa.and_(
        medlemskap_gyldig(_NAA),
        Medlemskap.rolle.in_(KLINIKERE),
        sa.exists().where(Person.id == Medlemskap.person_id, Person.aktiv),
    )


@cache
def _egen() -> sa.ColumnElement[bool]:
    """The case is the membership's own: one to act in, and not only to look at."""
    return sa.and_(_kliniker(), sa.or_(_deltar(), _innmeldersiden(), _paa_vakt(), _vaktleder()))


@cache
def _synlig() -> sa.ColumnElement[bool]:
    return sa.or_(_egen(), sa.and_(_kliniker(), sa.or_(_invitert(), _har_oppgitt_grunn())))


def synlige(aktor: Aktor) -> sa.Select[Henvendelse]:
    """A SELECT of the cases that the actor may open."""
    return sa.select(Henvendelse).join(Medlemskap, Medlemskap.id == aktor.medlemskap_id).where(_synlig())


class Omfang(StrEnum):
    """Which of the visible cases a list shows, told by what makes them visible."""

    MINE = "mine"  # asked by the membership, taken part in by it, or it is invited
    ENHETEN = "enheten"  # of its unit, its fagområder, or all that it leads
    ALLE = "alle"


@dataclass(frozen=True, slots=True)
class Gren:
    """Where an index finds cases that may be visible, and the columns of that index that order them."""

    vilkaar: tuple[sa.ColumnElement[bool], ...]
    opprettet: sa.ColumnElement[datetime] = Henvendelse.opprettet.expression
    sak_id: sa.ColumnElement[UUID] = Henvendelse.id.expression


def grener(aktor: Aktor, omfang: Omfang, *, aapne: bool) -> list[Gren]:
    """For each way in `_synlig`, where its open cases (or its closed ones) are found without looking at the others.

    These only find: whoever lists them asks `synlige` of what was found, so that the rule stands once. A way that
    was forgotten here would hide cases and never show one; a test compares the two on random worlds.
    """
    naa = now()
    medlemskap_id, organisasjon_id = aktor.medlemskap_id, aktor.organisasjon_id
    mine = [
        Gren(
            (
                Deltaker.henvendelse_id == Henvendelse.id,
                Deltaker.medlemskap_id == medlemskap_id,
                Deltaker.til.is_(None),
            ),
            Deltaker.sak_opprettet.expression,
            Deltaker.henvendelse_id.expression,
        ),
        Gren((Henvendelse.innmelder_medlemskap_id == medlemskap_id,)),
    ]
    if aapne:
        invitert = sa.select(Saksinvitasjon.henvendelse_id).where(
            Saksinvitasjon.til_medlemskap_id == medlemskap_id,
            Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
        )
        mine.append(Gren((Henvendelse.id.in_(invitert),)))
    enheten = []
    if aktor.enhet_id is not None:
        enheten.append(Gren((Henvendelse.avsender_enhet_id == aktor.enhet_id,)))
    if aktor.rolle in KAN_SVARE and aktor.fagomraader:
        paa_vakt = (
            Henvendelse.mottaker_id == organisasjon_id,
            Henvendelse.fagomraade.in_(sorted(aktor.fagomraader)),
        )
        nylig = () if aapne else (Henvendelse.lukket_tid > naa - GJENAAPNES_INNEN,)
        enheten.append(Gren((*paa_vakt, *nylig)))
    if aktor.rolle == Rolle.VAKTLEDER:
        enheten.append(Gren((Henvendelse.mottaker_id == organisasjon_id,)))
        enheten.append(Gren((Henvendelse.avsender_id == organisasjon_id,)))
    innsyn = sa.select(Innsyn.henvendelse_id).where(
        Innsyn.medlemskap_id == medlemskap_id, Innsyn.tidspunkt > naa - INNSYN_VARER, Innsyn.utloeper > naa
    )
    utvalg = {
        Omfang.MINE: mine,
        Omfang.ENHETEN: enheten,
        Omfang.ALLE: [*mine, *enheten, Gren((Henvendelse.id.in_(innsyn),))],
    }
    return utvalg[omfang]


def er_egen(aktor: Aktor, sak: Henvendelse) -> bool:
    """Whether the case is the actor's own. Not so for one who is only invited or has stated a reason."""
    return (
        db.session.execute(
            sa.select(Henvendelse.id)
            .join(Medlemskap, Medlemskap.id == aktor.medlemskap_id)
            .where(Henvendelse.id == sak.id, _egen())
        ).first()
        is not None
    )


def regel_for_egne() -> sa.ColumnElement[bool]:
    """The rule of «own», over (Henvendelse, Medlemskap): for asking it of many people at once."""
    return _egen()


def hent_for_innsyn(aktor: Aktor, saksnummer: str) -> Henvendelse:
    """A case by its number, for a clinician of one of the two organisations who states a reason.

    Raises IkkeFunnet for everybody else, and logs it: a number alone opens nothing.
    """
    sak = db.session.execute(
        sa.select(Henvendelse)
        .join(Medlemskap, Medlemskap.id == aktor.medlemskap_id)
        .where(Henvendelse.saksnummer == saksnummer, _kliniker(), _av_partene())
    ).scalar_one_or_none()
    if sak is None:
        uavhengig(
            lambda: revisjon.logg(
                aktor,
                "henvendelse.innsyn",
                "saksnummer",
                saksnummer[:12],
                utfall="avslag",
                grunn="ikke_funnet",
            )
        )
        raise IkkeFunnet()
    return sak


#: Pairs in one statement. To write it out takes 0.05 ms a pair, in which nobody else is served.
_PAR_OM_GANGEN = 500


def synlige_par(par: Iterable[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of the given (membership, case) pairs, those that still hold: one query for some hundred of a process's sockets.

    The pairs are a table of their own in the statement: asked for as two lists, the database would judge everybody
    against every case (a thousand sockets took nine seconds).
    """
    alle = list(set(par))
    holder: set[tuple[UUID, UUID]] = set()
    for fra in range(0, len(alle), _PAR_OM_GANGEN):
        spurt = (
            sa.values(sa.column("medlemskap", sa.Uuid), sa.column("sak", sa.Uuid), name="spurt")
            .data(alle[fra : fra + _PAR_OM_GANGEN])
            .cte("spurt")
        )
        rader = db.session.execute(
            sa.select(Medlemskap.id, Henvendelse.id)
            .select_from(spurt)
            .join(Medlemskap, Medlemskap.id == spurt.c.medlemskap)
            .join(Henvendelse, Henvendelse.id == spurt.c.sak)
            .where(_synlig())
        )
        holder.update((m, h) for m, h in rader)
    return holder


def synlige_i_koe(aktor: Aktor) -> sa.Select[Henvendelse]:
    """The open cases of the actor's queues: own fagområder at own organisation, or all of it for a vaktleder; and
    what has been handed over to the actor from another fagområde."""
    return synlige(aktor).where(
        Henvendelse.mottaker_id == aktor.organisasjon_id,
        sa.or_(_paa_vakt(), _vaktleder(), Henvendelse.ansvarlig_medlemskap_id == Medlemskap.id),
    )


def synlige_tall(aktor: Aktor) -> sa.ColumnElement[bool]:
    """Which cases the actor may count (never read): own organisation on either side; a regional trust its
    trusts'; a system administrator all. Everybody else: none."""
    if aktor.rolle == Rolle.SYSTEMADMINISTRATOR:
        return sa.true()
    if aktor.organisasjon_id is None:
        return sa.false()
    egne = sa.or_(
        Henvendelse.mottaker_id == aktor.organisasjon_id, Henvendelse.avsender_id == aktor.organisasjon_id
    )
    if aktor.rolle != Rolle.INNSYN:
        return egne
    underlagte = sa.select(Organisasjon.id).where(Organisasjon.overordnet_id == aktor.organisasjon_id)
    return sa.or_(egne, Henvendelse.mottaker_id.in_(underlagte), Henvendelse.avsender_id.in_(underlagte))


def hent(aktor: Aktor, handling: Handling, henvendelse_id: UUID, *, laas: bool = False) -> Henvendelse:
    """The case, if the actor may do this with it as it stands now.

    Raises IkkeFunnet when the case is not the actor's to see, IkkeTilgang when it is but the act is another's,
    and UgyldigOvergang when the act does not fit the status. Denials are written to the case's chain.
    `laas` locks the row, for acts that change it.
    """
    sporring = synlige(aktor).where(Henvendelse.id == henvendelse_id)
    if laas:
        # Not against FOR KEY SHARE, which a message's foreign key takes: the batch writer holds the counter by then,
        # and the move that waits for the counter would be waited for.
        sporring = sporring.with_for_update(of=Henvendelse, key_share=True).execution_options(
            populate_existing=True
        )
    sak = db.session.execute(sporring).scalar_one_or_none()
    if sak is None:
        _skriv_avslag(aktor, handling, henvendelse_id, "ikke_funnet")
        raise IkkeFunnet()
    if handling != Handling.SE:
        krev(aktor, handling, sak)
    return sak


def krev(aktor: Aktor, handling: Handling, sak: Henvendelse) -> None:
    """Demands that the actor may do this with a case that `hent` gave. Raises and logs as `hent` does."""
    if not _kan(aktor, handling, sak):
        _skriv_avslag(aktor, handling, sak.id, "ikke_tilgang")
        raise IkkeTilgang()


def krev_rolle(aktor: Aktor, roller: Collection[Rolle], handling: str, melding: Any = None) -> None:
    """Demands one of the roles for what concerns no single case. Raises IkkeTilgang, and logs it."""
    if aktor.rolle in roller:
        return
    uavhengig(
        lambda: revisjon.logg(
            aktor,
            f"henvendelse.{handling}",
            "organisasjon",
            aktor.organisasjon_id or "",
            utfall="avslag",
            grunn="rolle",
        )
    )
    raise IkkeTilgang(melding)


def krev_kan_spoerre(aktor: Aktor) -> None:
    """Demands a role that may send a request."""
    krev_rolle(
        aktor,
        KAN_SPOERRE,
        "send",
        _l("Bare leger kan sende en henvendelse. Bytt rolle øverst om du har flere."),
    )


def krev_kliniker(aktor: Aktor, handling: str) -> None:
    """Demands a clinician's role."""
    krev_rolle(aktor, KLINIKERE, handling)


def krev_koe(aktor: Aktor) -> None:
    """Demands somebody for whom requests can wait."""
    krev_rolle(aktor, [aktor.rolle] if aktor.har_koe and aktor.rolle else [], "koe")


def _skriv_avslag(aktor: Aktor, handling: Handling, henvendelse_id: UUID, grunn: str) -> None:
    """A refused try is logged on the chain of the actor's organisation: a foreign id must not start a chain."""
    uavhengig(
        lambda: revisjon.logg(
            aktor, f"henvendelse.{handling}", "henvendelse", henvendelse_id, utfall="avslag", grunn=grunn
        )
    )


def _kan(aktor: Aktor, handling: Handling, sak: Henvendelse, egen: bool | None = None) -> bool:
    """Whether the act is this actor's on a case that is already known to be visible.

    `egen` is what `er_egen` gives, where it is known. Raises UgyldigOvergang when the status, or the clock, has no
    room for the act.
    """
    if handling == Handling.OVERLEVERE:
        return _kan_overlevere(aktor, sak)
    if handling in _FOR_EGNE:
        if not (er_egen(aktor, sak) if egen is None else egen):
            return False
        if handling in (Handling.HOLDE_PLASS, Handling.STYRE_PLASS) and not er_kommunens(aktor, sak):
            return False
        if handling == Handling.FOELGE_OPP and sak.status != Status.LUKKET:
            raise UgyldigOvergang(_l("Saken må være lukket før den følges opp."), status=sak.status)
        if handling not in _I_AAPEN_SAK:
            return True
        if sak.status not in AAPNE:
            raise UgyldigOvergang(_I_AAPEN_SAK[handling], kode="stengt", status=sak.status)
        if handling == Handling.OPPDATERE:
            return er_innmeldersiden(aktor, sak)
        if handling == Handling.UTSKRIVNING:
            return sak.retning == Retning.TIL_KOMMUNE and db.session.get(Utskrivning, sak.id) is not None
        return True
    hvem = {o.hvem for o in OVERGANGER if o.handling == handling and o.fra == sak.status}
    if not hvem:
        # Say first whether it could ever be theirs: a stranger learns nothing of the status.
        if not any(_kunne_vaert(aktor, o.hvem, sak) for o in OVERGANGER if o.handling == handling):
            return False
        overgang(handling, sak.status)
    if not any(_er(aktor, h, sak) for h in hvem):
        return False
    _innen_tiden(handling, sak)
    return True


#: What is done in an open case by those whose own it is, and what they are told when it is closed.
_I_AAPEN_SAK: dict[Handling, Any] = {
    Handling.SKRIVE: _l("Saken er avsluttet. Gjenåpne den for å skrive videre."),
    Handling.OPPDATERE: _l("Saken er avsluttet. Gjenåpne den for å endre opplysningene."),
    Handling.INVITERE: _l("Saken er avsluttet. Gjenåpne den for å invitere noen."),
    Handling.IDENTITET: _l("Saken er avsluttet. Gjenåpne den for å notere dette."),
    Handling.UTSKRIVNING: _l("Saken er avsluttet. Gjenåpne den for å endre utskrivningen."),
    Handling.HOLDE_PLASS: _l("Saken er avsluttet. Gjenåpne den for å holde en plass."),
}
#: What needs the case to be one's own.
_FOR_EGNE = {*_I_AAPEN_SAK, Handling.EKSPORTERE, Handling.FOELGE_OPP, Handling.STYRE_PLASS}


def _kan_overlevere(aktor: Aktor, sak: Henvendelse) -> bool:
    """The responsible hands over; or the vaktleder, or another on call when the responsible is gone."""
    if not raar_for_overlevering(aktor, sak):
        return False
    if sak.status not in (Status.AKSEPTERT, Status.BESVART):
        raise UgyldigOvergang(_l("Bare en sak som noen har tatt, kan overleveres."), status=sak.status)
    return True


def raar_for_overlevering(aktor: Aktor, sak: Henvendelse) -> bool:
    """Who may offer a case to a new responsible, and so also take such an offer back, whoever made it."""
    return _er(aktor, Hvem.ANSVARLIG_ELLER_VAKTLEDER, sak)


def _innen_tiden(handling: Handling, sak: Henvendelse) -> None:
    naa = now()
    if handling == Handling.LUKKE_SOM_ANSVARLIG and (
        sak.besvart_tid is None or naa < sak.besvart_tid + ANSVARLIG_KAN_LUKKE_ETTER
    ):
        raise UgyldigOvergang(
            _l(
                "Du kan lukke saken når det har gått 24 timer siden svaret. Til da er det innmelderen som lukker."
            ),
            kode="for_tidlig",
        )
    if handling == Handling.GJENAAPNE and (sak.lukket_tid is None or naa > sak.lukket_tid + GJENAAPNES_INNEN):
        raise UgyldigOvergang(
            _l("Saken kan gjenåpnes i 72 timer etter at den ble lukket. Send en ny henvendelse."),
            kode="for_sent",
        )


def _kunne_vaert(aktor: Aktor, hvem: Hvem, sak: Henvendelse) -> bool:
    """Whether the act could be the actor's in another status: whoever is on call can become the responsible."""
    return _er(aktor, hvem, sak) or (
        hvem in (Hvem.ANSVARLIG, Hvem.ANSVARLIG_ELLER_VAKTLEDER) and er_paa_vakt(aktor, sak)
    )


def _er(aktor: Aktor, hvem: Hvem, sak: Henvendelse) -> bool:
    if hvem == Hvem.PAA_VAKT:
        return er_paa_vakt(aktor, sak)
    ansvarlig = sak.ansvarlig_medlemskap_id == aktor.medlemskap_id
    vaktleder = aktor.rolle == Rolle.VAKTLEDER and aktor.organisasjon_id == sak.mottaker_id
    if hvem == Hvem.PAA_VAKT_ELLER_VAKTLEDER:
        return vaktleder or er_paa_vakt(aktor, sak)
    if hvem == Hvem.ANSVARLIG:
        return ansvarlig
    if hvem == Hvem.ANSVARLIG_ELLER_VAKTLEDER:
        return ansvarlig or vaktleder or (er_paa_vakt(aktor, sak) and not ansvarlig_er_der(sak))
    if hvem == Hvem.INNMELDERSIDEN:
        return er_innmeldersiden(aktor, sak)
    return er_innmeldersiden(aktor, sak) or er_paa_vakt(aktor, sak)


def er_paa_vakt(aktor: Aktor, sak: Henvendelse) -> bool:
    """Answers for the case's fagområde at the receiver."""
    return (
        aktor.rolle in KAN_SVARE
        and aktor.organisasjon_id == sak.mottaker_id
        and sak.fagomraade in aktor.fagomraader
    )


def er_innmeldersiden(aktor: Aktor, sak: Henvendelse) -> bool:
    """The requester in the sending membership, or a clinician of the requester's unit."""
    return sak.innmelder_medlemskap_id == aktor.medlemskap_id or (
        aktor.enhet_id is not None and aktor.enhet_id == sak.avsender_enhet_id
    )


def er_kommunens(aktor: Aktor, sak: Henvendelse) -> bool:
    """A clinician of the kommune in the case: the one that asks, or is asked by a hospital."""
    kommune_id = sak.avsender_id if sak.retning == Retning.TIL_SYKEHUS else sak.mottaker_id
    return aktor.rolle in KOMMUNALE_KLINIKERE and aktor.organisasjon_id == kommune_id


def ansvarlig_er_der(sak: Henvendelse) -> bool:
    """Whether the case has a responsible whose membership still counts: otherwise nobody holds it."""
    return (
        sak.ansvarlig_medlemskap_id is not None
        and db.session.execute(
            sa.select(Medlemskap.id)
            .join(Person, Person.id == Medlemskap.person_id)
            .where(Medlemskap.id == sak.ansvarlig_medlemskap_id, Person.aktiv, medlemskap_gyldig(now()))
        ).scalar_one_or_none()
        is not None
    )


def side(aktor: Aktor, sak: Henvendelse) -> Side:
    """On which side of the conversation the actor stands: by the kind of organisation, which a merger never changes."""
    if aktor.person_id is None:
        return Side.SYSTEM
    return Side.INNMELDER if aktor.er_kommunal == (sak.retning == Retning.TIL_SYKEHUS) else Side.MOTTAKER


def mulige_handlinger(aktor: Aktor, sak: Henvendelse) -> set[str]:
    """What the actor could do with the case right now: for showing buttons, never for deciding."""
    mulige = set()
    egen = er_egen(aktor, sak)
    for handling in Handling:
        try:
            if handling == Handling.SE or _kan(aktor, handling, sak, egen):
                mulige.add(str(Handling.LUKKE if handling == Handling.LUKKE_SOM_ANSVARLIG else handling))
        except UgyldigOvergang:
            continue
    return mulige


def kan_ta(aktor: Aktor, sak: Henvendelse) -> bool:
    """Whether the actor could take the case right now: `mulige_handlinger` of one act, for a queue of hundreds. Asks
    the database nothing."""
    try:
        return _kan(aktor, Handling.AKSEPTERE, sak)
    except UgyldigOvergang:
        return False


def kan_motta(mottaker_ider: Collection[UUID]) -> dict[UUID, set[str]]:
    """The fagområder that somebody at each receiver answers for in the portal now."""
    naa = now()
    bemannet: dict[UUID, set[str]] = {m: set() for m in mottaker_ider}
    rader = db.session.execute(
        sa.select(Medlemskap.organisasjon_id, MedlemskapFagomraade.fagomraade)
        .join(MedlemskapFagomraade, MedlemskapFagomraade.medlemskap_id == Medlemskap.id)
        .where(
            Medlemskap.organisasjon_id.in_(bemannet),
            Medlemskap.rolle.in_(KAN_SVARE),
            Medlemskap.person.has(aktiv=True),
            medlemskap_gyldig(naa),
        )
        .distinct()
    )
    for organisasjon_id, fagomraade in rader:
        bemannet[organisasjon_id].add(fagomraade)
    return bemannet


def hendelser_etter(sak_id: UUID, etter: int, antall: int | None) -> list[Hendelse]:
    """Rows of the log of a case already fetched through `hent`, in order, after a sequence number."""
    return list(
        db.session.execute(
            sa.select(Hendelse)
            .where(Hendelse.henvendelse_id == sak_id, Hendelse.sekvens > etter)
            .order_by(Hendelse.sekvens)
            .limit(antall)
        ).scalars()
    )
