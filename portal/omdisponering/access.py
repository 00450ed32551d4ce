"""Who may see and do what with needs, offers, people, premises and reallocations. The only place that fetches by id.

A need that has been stated is seen by everybody who could help: the coordinators, kommuneoverleger and vaktledere of
all organisations; it tells of no person. An offer and a register entry are the lender's; others see of an offer what it
is (profession, competence, share, period, from where), never who. A reallocation exists for its two sides alone, a
draft for the side that writes it; who the people are the receiver sees from the lender's approval on. Who works where
the people come to, or from, sees those who come, and for `ETTERPAA` those who came. A person with a user of the portal
sees the own assignments. Of what is agreed in an area its organisations see how many, never who (`synlige_omraader`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Any, Never, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from portal.core.aktor import KLINIKERE, Aktor, Rolle
from portal.core.clock import now
from portal.core.db import Base, db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.access import er_system
from portal.identitet.models import SYKEHUS, Organisasjon, Organisasjonstype
from portal.omdisponering.forloep import OPPTAR, TELLER, Behovsstatus, Side, Status, Tilbudsstatus
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursperson, Vedtak
from portal.plasser.historikk import Opptrapping
from portal.plasser.models import Plassenhet
from portal.revisjon.steps import logg

R = TypeVar("R", bound=Base)

#: For so long the clinicians of the two sides see what has ended.
ETTERPAA = timedelta(days=7)


class Handling(StrEnum):
    SE = "se"
    #: State needs, offer, write and propose reallocations, for one's own organisation.
    SKRIVE = "skrive"
    #: Approve, decline, start and end for one's own side.
    GODKJENNE = "godkjenne"
    #: The organisation's people and premises, and how few must be left.
    REGISTRERE = "registrere"
    #: A decision that people can be ordered by, and the register of those outside the service.
    BEREDSKAP = "beredskap"
    #: Who may do which task.
    DELEGERE = "delegere"
    #: Who may do what now, for those who work there.
    SE_DELEGERT = "se_delegert"
    #: Hours, incidents, evaluation.
    FOELGE_OPP = "foelge_opp"


#: What lends and borrows.
PARTER = frozenset(
    {
        Organisasjonstype.KOMMUNE,
        Organisasjonstype.HF,
        Organisasjonstype.IDEELT_SYKEHUS,
        Organisasjonstype.RHF,
    }
)
#: Who works with reallocations in an organisation.
INNSIDE = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE, Rolle.VAKTLEDER})
_ROLLER: dict[Handling, frozenset[Rolle]] = {
    Handling.SE: INNSIDE,
    Handling.SKRIVE: INNSIDE,
    Handling.GODKJENNE: INNSIDE,
    Handling.REGISTRERE: INNSIDE,
    Handling.BEREDSKAP: frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE}),
    Handling.DELEGERE: INNSIDE,
    Handling.SE_DELEGERT: INNSIDE | KLINIKERE,
    Handling.FOELGE_OPP: INNSIDE,
}


def kan(aktor: Aktor, handling: Handling, organisasjon_id: UUID | None) -> bool:
    """Whether the actor may do this for an organisation: its own, in a role that does."""
    if er_system(aktor):
        return True
    return (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.organisasjon_type in PARTER
        and organisasjon_id is not None
        and aktor.organisasjon_id == organisasjon_id
        and aktor.rolle in _ROLLER[handling]
    )


def kan_noe(aktor: Aktor, handling: Handling) -> bool:
    """The same for the actor's own organisation: for menus and doors."""
    return kan(aktor, handling, aktor.organisasjon_id)


def nekt(aktor: Aktor, handling: Handling, objekt: str, objekt_id: UUID | None, *, finnes: bool) -> Never:
    """Logs a denial and raises: IkkeTilgang where the actor may know that it exists, else IkkeFunnet."""
    uavhengig(lambda: logg(aktor, f"omdisponering.{handling}", objekt, objekt_id or "", utfall="avslag"))
    raise IkkeTilgang() if finnes else IkkeFunnet()


def krev(aktor: Aktor, handling: Handling, organisasjon_id: UUID | None) -> UUID:
    """Demands that the actor may do this for the organisation, which is given back. Raises IkkeTilgang."""
    if organisasjon_id is None or not kan(aktor, handling, organisasjon_id):
        nekt(aktor, handling, "organisasjon", organisasjon_id, finnes=True)
    return organisasjon_id


def krev_eget(aktor: Aktor, handling: Handling) -> UUID:
    """The actor's own organisation, for which it may do this. Raises IkkeTilgang."""
    return krev(aktor, handling, aktor.organisasjon_id)


def _rad(modell: type[R], id_: UUID, laas: bool, *med: ORMOption) -> R | None:
    """A row by its id, with what is read beside it. With `laas` it is locked; who refers to it meanwhile goes on."""
    kolonne: sa.ColumnElement[UUID] = sa.inspect(modell).columns["id"]
    sporring = sa.select(modell).where(kolonne == id_).options(*med).execution_options(populate_existing=laas)
    if laas:
        sporring = sporring.with_for_update(key_share=True, of=modell)
    return db.session.scalars(sporring).one_or_none()


# --- needs -----------------------------------------------------------------------------------------------


def ser_behov(aktor: Aktor, behov: Behov) -> bool:
    """Whether the need exists for the actor: its own organisation's, or one that has been stated."""
    if kan(aktor, Handling.SE, behov.organisasjon_id):
        return True
    return kan_noe(aktor, Handling.SE) and behov.meldt is not None


def synlige_behov(aktor: Aktor) -> sa.Select[Behov]:
    """The needs that exist for the actor, with their organisations."""
    sporring = sa.select(Behov).options(
        joinedload(Behov.organisasjon), joinedload(Behov.enhet), joinedload(Behov.sted)
    )
    return sporring.where(viste_behov(aktor))


def viste_behov(aktor: Aktor) -> sa.ColumnElement[bool]:
    """Over Behov: those that exist for the actor (`ser_behov`)."""
    if er_system(aktor):
        return sa.true()
    if not kan_noe(aktor, Handling.SE):
        return sa.false()
    return sa.or_(Behov.organisasjon_id == aktor.organisasjon_id, Behov.meldt.is_not(None))


def hent_behov(aktor: Aktor, handling: Handling, behov_id: UUID, *, laas: bool = False) -> Behov:
    """A need that the actor may see (SE), or change as its own (SKRIVE). Raises IkkeFunnet, IkkeTilgang."""
    behov = _rad(
        Behov, behov_id, laas, joinedload(Behov.organisasjon), joinedload(Behov.enhet), joinedload(Behov.sted)
    )
    if behov is None:
        raise IkkeFunnet()
    ser = ser_behov(aktor, behov)
    if not (ser and (handling == Handling.SE or kan(aktor, handling, behov.organisasjon_id))):
        nekt(aktor, handling, "behov", behov.id, finnes=ser)
    return behov


def hent_opptrapping(aktor: Aktor, opptrapping_id: UUID) -> Opptrapping:
    """A row of the surge plan of one of the actor's own units, to make a need from. Raises IkkeFunnet, IkkeTilgang."""
    krev_eget(aktor, Handling.SKRIVE)
    rad = db.session.scalars(
        sa.select(Opptrapping)
        .join(Opptrapping.plassenhet)
        .where(
            Opptrapping.id == opptrapping_id,
            Opptrapping.avviklet.is_(None),
        )
        .options(contains_eager(Opptrapping.plassenhet).joinedload(Plassenhet.enhet))
    ).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    if rad.plassenhet.vertskommune_id != aktor.organisasjon_id:
        nekt(aktor, Handling.SKRIVE, "opptrapping", opptrapping_id, finnes=False)
    return rad


# --- offers ----------------------------------------------------------------------------------------------


def synlige_tilbud(aktor: Aktor) -> sa.Select[Tilbud]:
    """The offers that the actor may know of: the own, and the open ones of all, of whoever has not taken back the yes.
    Of others': never who (`ser_person`)."""
    sporring = sa.select(Tilbud).options(
        joinedload(Tilbud.organisasjon),
        joinedload(Tilbud.ressursperson).joinedload(Ressursperson.sted),
        joinedload(Tilbud.lokale).joinedload(Lokale.sted),
    )
    return sporring.where(viste_tilbud(aktor))


def viste_tilbud(aktor: Aktor) -> sa.ColumnElement[bool]:
    """Over Tilbud: those that the actor may know of."""
    if er_system(aktor):
        return sa.true()
    if not kan_noe(aktor, Handling.SE):
        return sa.false()
    egne_behov = sa.select(Behov.id).where(Behov.organisasjon_id == aktor.organisasjon_id)
    return sa.or_(
        Tilbud.organisasjon_id == aktor.organisasjon_id,
        sa.and_(
            Tilbud.status == Tilbudsstatus.AAPENT,
            # Addressed to one need: for who has it.
            sa.or_(Tilbud.behov_id.is_(None), Tilbud.behov_id.in_(egne_behov)),
            sa.or_(
                Tilbud.ressursperson_id.is_(None), Tilbud.ressursperson.has(Ressursperson.som_kan_brukes())
            ),
        ),
    )


def hent_tilbud(aktor: Aktor, handling: Handling, tilbud_id: UUID, *, laas: bool = False) -> Tilbud:
    """An offer that the actor may know of (SE), or of its own organisation (SKRIVE). Raises IkkeFunnet, IkkeTilgang."""
    sporring = synlige_tilbud(aktor).where(Tilbud.id == tilbud_id).execution_options(populate_existing=laas)
    if laas:
        sporring = sporring.with_for_update(key_share=True, of=Tilbud)
    tilbud = db.session.scalars(sporring).one_or_none()
    if tilbud is None:
        if db.session.get(Tilbud, tilbud_id) is None:
            raise IkkeFunnet()
        nekt(aktor, handling, "tilbud", tilbud_id, finnes=False)
    if handling != Handling.SE and not kan(aktor, handling, tilbud.organisasjon_id):
        nekt(aktor, handling, "tilbud", tilbud_id, finnes=True)
    return tilbud


# --- people, premises, decisions -------------------------------------------------------------------------


def synlige_personer(aktor: Aktor) -> sa.Select[Ressursperson]:
    """The people of the actor's own organisation who can be lent: not those outside the service, nor erased ones."""
    sporring = (
        sa.select(Ressursperson)
        .where(Ressursperson.slettet.is_(None), Ressursperson.samtykke.is_(None))
        .options(joinedload(Ressursperson.enhet), joinedload(Ressursperson.sted))
    )
    return sporring.where(Ressursperson.organisasjon_id == krev_eget(aktor, Handling.REGISTRERE))


def synlige_lokaler(aktor: Aktor) -> sa.Select[Lokale]:
    """The premises of the actor's own organisation, closed ones too."""
    return (
        sa.select(Lokale)
        .where(Lokale.organisasjon_id == krev_eget(aktor, Handling.REGISTRERE))
        .options(joinedload(Lokale.enhet), joinedload(Lokale.sted))
    )


def synlige_gulv(aktor: Aktor) -> sa.Select[Bemanningsgulv]:
    """How few must be left at the units of the actor's own organisation."""
    return (
        sa.select(Bemanningsgulv)
        .where(Bemanningsgulv.organisasjon_id == krev_eget(aktor, Handling.REGISTRERE))
        .options(joinedload(Bemanningsgulv.enhet))
    )


def hent_gulv(aktor: Aktor, gulv_id: UUID) -> Bemanningsgulv:
    """A floor of the actor's own organisation, locked. Raises IkkeFunnet, IkkeTilgang."""
    gulv = _rad(Bemanningsgulv, gulv_id, True, joinedload(Bemanningsgulv.enhet))
    if gulv is None:
        raise IkkeFunnet()
    if not er_system(aktor) and gulv.organisasjon_id != aktor.organisasjon_id:
        nekt(aktor, Handling.REGISTRERE, "bemanningsgulv", gulv_id, finnes=False)
    krev(aktor, Handling.REGISTRERE, gulv.organisasjon_id)
    return gulv


def hent_person(aktor: Aktor, handling: Handling, person_id: UUID, *, laas: bool = False) -> Ressursperson:
    """A person of the actor's own register, erased ones too. Raises IkkeFunnet, IkkeTilgang."""
    person = _rad(
        Ressursperson, person_id, laas, joinedload(Ressursperson.enhet), joinedload(Ressursperson.sted)
    )
    if person is None:
        raise IkkeFunnet()
    if not er_system(aktor) and person.organisasjon_id != aktor.organisasjon_id:
        nekt(aktor, handling, "ressursperson", person_id, finnes=False)
    krev(aktor, handling, person.organisasjon_id)
    return person


def hent_lokale(aktor: Aktor, handling: Handling, lokale_id: UUID, *, laas: bool = False) -> Lokale:
    """Premises of the actor's own organisation. Raises IkkeFunnet, IkkeTilgang."""
    lokale = _rad(Lokale, lokale_id, laas, joinedload(Lokale.enhet), joinedload(Lokale.sted))
    if lokale is None:
        raise IkkeFunnet()
    if not er_system(aktor) and lokale.organisasjon_id != aktor.organisasjon_id:
        nekt(aktor, handling, "lokale", lokale_id, finnes=False)
    krev(aktor, handling, lokale.organisasjon_id)
    return lokale


def hent_vedtak(aktor: Aktor, handling: Handling, vedtak_id: UUID, *, laas: bool = False) -> Vedtak:
    """A decision of the actor's own organisation. Raises IkkeFunnet, IkkeTilgang."""
    vedtak = _rad(Vedtak, vedtak_id, laas, joinedload(Vedtak.organisasjon), joinedload(Vedtak.registrert_av))
    if vedtak is None or (not er_system(aktor) and vedtak.organisasjon_id != aktor.organisasjon_id):
        nekt(aktor, handling, "beordringsvedtak", vedtak_id, finnes=False)
    krev(aktor, handling, vedtak.organisasjon_id)
    return vedtak


# --- reallocations ---------------------------------------------------------------------------------------


def side(aktor: Aktor, omd: Omdisponering) -> Side | None:
    """On which side the actor's organisation stands. None: on neither."""
    if aktor.organisasjon_id == omd.avgiver_id:
        return Side.AVGIVER
    return Side.MOTTAKER if aktor.organisasjon_id == omd.mottaker_id else None


def ser(aktor: Aktor, omd: Omdisponering) -> bool:
    """Whether the reallocation exists for the actor."""
    if er_system(aktor):
        return True
    egen = side(aktor, omd)
    if egen is None or aktor.person_id is None or aktor.medlemskap_id is None:
        return False
    if kan_noe(aktor, Handling.SE):
        return omd.foreslaatt is not None or omd.foreslaatt_side == egen
    # Where they come to, and from, one must know who is there; a draft and a proposal are not told of.
    if aktor.rolle not in KLINIKERE or omd.status not in TELLER:
        return False
    return omd.status != Status.AVSLUTTET or (omd.avsluttet is not None and omd.avsluttet > now() - ETTERPAA)


def ser_personer(aktor: Aktor, omd: Omdisponering) -> bool:
    """Whether the actor may know who the people are: the lender always, the receiver once the lender has approved."""
    if not ser(aktor, omd):
        return False
    return side(aktor, omd) != Side.MOTTAKER or omd.status in OPPTAR | TELLER


def er_selv(aktor: Aktor, omd: Omdisponering) -> bool:
    """Whether the actor is one of those who are lent, once both sides have agreed."""
    return (
        aktor.person_id is not None
        and omd.status in TELLER
        and any(
            li.ressursperson is not None and li.ressursperson.person_id == aktor.person_id and li.gjelder
            for li in omd.linjer
        )
    )


def ser_tidslinje(aktor: Aktor) -> bool:
    """Whether the actor sees all that its organisation lends and gets: who works with it, and its clinicians."""
    return kan_noe(aktor, Handling.SE) or (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.organisasjon_type in PARTER
        and aktor.rolle in KLINIKERE
    )


def krev_tidslinje(aktor: Aktor) -> UUID:
    """The actor's organisation, whose reallocations it sees. Raises IkkeTilgang."""
    if aktor.organisasjon_id is None or not ser_tidslinje(aktor):
        nekt(aktor, Handling.SE, "organisasjon", aktor.organisasjon_id, finnes=True)
    return aktor.organisasjon_id


def synlige_omraader(aktor: Aktor) -> sa.Select[Organisasjon]:
    """The trusts and fylker whose areas the actor may follow: what is lent there, added up, and never who.

    For who works with reallocations (SE): a kommune sees its trust's area and its fylke, a trust its own area and the
    fylker of its kommuner, an RHF those of all its trusts.
    """
    o, egen = aliased(Organisasjon), aktor.organisasjon_id
    alle = sa.select(Organisasjon).where(
        Organisasjon.nedlagt.is_(None), Organisasjon.type.in_(SYKEHUS | {Organisasjonstype.FYLKE})
    )
    if er_system(aktor):
        return alle
    if not kan_noe(aktor, Handling.SE):
        return alle.where(sa.false())
    deres = o.id == egen
    foretak: sa.Select[Any] = sa.select(o.helseforetak_id).where(deres)
    if not aktor.er_kommunal:
        foretak = sa.select(o.id).where(o.type.in_(SYKEHUS), sa.or_(deres, o.overordnet_id == egen))
        deres = o.helseforetak_id.in_(foretak)
    fylker = sa.select(o.overordnet_id).where(o.type == "kommune", o.nedlagt.is_(None), deres)
    return alle.where(sa.or_(Organisasjon.id.in_(foretak), Organisasjon.id.in_(fylker)))


def krev_omraade(aktor: Aktor, omraade_id: UUID) -> Organisasjon:
    """The trust or fylke whose area the actor may follow. Raises IkkeFunnet for another's, IkkeTilgang by role."""
    omraade = db.session.scalars(synlige_omraader(aktor).where(Organisasjon.id == omraade_id)).one_or_none()
    if omraade is None:
        nekt(aktor, Handling.SE, "organisasjon", omraade_id, finnes=not kan_noe(aktor, Handling.SE))
    return omraade


def med_side(aktor: Aktor) -> sa.ColumnElement[bool]:
    """Over Omdisponering: those of the actor's organisation that exist for the actor (`ser`)."""
    part = sa.or_(
        Omdisponering.avgiver_id == aktor.organisasjon_id, Omdisponering.mottaker_id == aktor.organisasjon_id
    )
    if kan_noe(aktor, Handling.SE):
        egen_side = sa.case(
            (Omdisponering.avgiver_id == aktor.organisasjon_id, str(Side.AVGIVER)), else_=str(Side.MOTTAKER)
        )
        return sa.and_(
            part, sa.or_(Omdisponering.foreslaatt.is_not(None), Omdisponering.foreslaatt_side == egen_side)
        )
    if aktor.rolle in KLINIKERE:
        return sa.and_(
            part,
            Omdisponering.status.in_(TELLER),
            sa.or_(Omdisponering.status != Status.AVSLUTTET, Omdisponering.avsluttet > now() - ETTERPAA),
        )
    return sa.false()


def ser_telefon(aktor: Aktor, enheter: Collection[UUID | None]) -> bool:
    """Whether the actor may ring somebody who is lent on the own number: who works with reallocations on a side, and
    the clinicians of the units that the person comes from and to."""
    if kan_noe(aktor, Handling.SE):
        return True
    return aktor.rolle in KLINIKERE and aktor.enhet_id is not None and aktor.enhet_id in enheter


def viser_navn(aktor: Aktor, avgiver_id: UUID, status: str) -> bool:
    """`ser_personer`, of a row of what the actor's organisation has a side in."""
    return aktor.organisasjon_id == avgiver_id or status in OPPTAR | TELLER


def synlige(aktor: Aktor) -> sa.Select[Omdisponering]:
    """The reallocations that exist for the actor (`ser`), the own assignments among them."""
    sporring = sa.select(Omdisponering).options(
        joinedload(Omdisponering.avgiver), joinedload(Omdisponering.mottaker)
    )
    if er_system(aktor):
        return sporring
    if aktor.person_id is None or aktor.medlemskap_id is None:
        return sporring.where(sa.false())
    egne = sa.and_(
        Omdisponering.status.in_(TELLER),
        Omdisponering.id.in_(
            sa.select(Omdisponeringslinje.omdisponering_id)
            .join(Ressursperson, Ressursperson.id == Omdisponeringslinje.ressursperson_id)
            .where(Ressursperson.person_id == aktor.person_id, Omdisponeringslinje.stroeket.is_(None))
        ),
    )
    return sporring.where(sa.or_(med_side(aktor), egne))


def hent_oppdrag(
    aktor: Aktor, omdisponering_id: UUID, linje_id: UUID
) -> tuple[Omdisponering, Omdisponeringslinje]:
    """A person's assignment, for who works with reallocations on one of the two sides, and for the person itself.

    The person has it once both sides have agreed, and keeps it when it is taken back: that it fell is the person's to
    know. Raises IkkeFunnet, IkkeTilgang; UgyldigOvergang before both sides have agreed.
    """
    omd = db.session.scalars(
        sa.select(Omdisponering)
        .where(Omdisponering.id == omdisponering_id)
        .options(
            joinedload(Omdisponering.avgiver),
            joinedload(Omdisponering.mottaker),
            selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if omd is None:
        raise IkkeFunnet()
    avtalt = omd.godkjent_mottaker is not None
    linje = next(
        (li for li in omd.linjer if li.id == linje_id and li.gjelder and li.ressursperson is not None), None
    )
    person = linje.ressursperson if linje else None
    selv = (
        avtalt and aktor.person_id is not None and person is not None and person.person_id == aktor.person_id
    )
    if not selv and not ser(aktor, omd):
        nekt(aktor, Handling.SE, "omdisponering", omd.id, finnes=False)
    if not selv and not er_system(aktor) and not kan_noe(aktor, Handling.SE):
        nekt(aktor, Handling.SE, "omdisponering", omd.id, finnes=True)
    if linje is None:
        raise IkkeFunnet()
    if not avtalt:
        raise UgyldigOvergang(_l("Brevet og kalenderen finnes når begge sider har godkjent."))
    return omd, linje


def hent(aktor: Aktor, handling: Handling, omdisponering_id: UUID, *, laas: bool = False) -> Omdisponering:
    """A reallocation, if the actor may do this with it for its side. Raises IkkeFunnet, IkkeTilgang.

    With `laas` its row is locked first: whoever changes it or its lines does so.
    """
    if laas:
        db.session.execute(
            sa.select(Omdisponering.id)
            .where(Omdisponering.id == omdisponering_id)
            .with_for_update(key_share=True)
        )
    omd = db.session.scalars(
        sa.select(Omdisponering)
        .where(Omdisponering.id == omdisponering_id)
        .options(
            joinedload(Omdisponering.avgiver),
            joinedload(Omdisponering.mottaker),
            joinedload(Omdisponering.behov),
            selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
            selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.lokale),
        )
        .execution_options(populate_existing=laas)
    ).one_or_none()
    if omd is None:
        raise IkkeFunnet()
    finnes = ser(aktor, omd) or (handling == Handling.SE and er_selv(aktor, omd))
    if not finnes:
        nekt(aktor, handling, "omdisponering", omd.id, finnes=False)
    egen = er_system(aktor) or (side(aktor, omd) is not None and kan_noe(aktor, handling))
    if handling != Handling.SE and not egen:
        nekt(aktor, handling, "omdisponering", omd.id, finnes=True)
    return omd


def er_utkast_til(aktor: Aktor, omd: Omdisponering) -> bool:
    """Whether the actor's side writes the draft."""
    return omd.status == Status.UTKAST and side(aktor, omd) == omd.foreslaatt_side


def aapent(behov: Behov) -> bool:
    """Whether something can still be offered for it."""
    return behov.status == Behovsstatus.AAPENT


# --- what follows ----------------------------------------------------------------------------------------


def hent_oppfoelging(
    aktor: Aktor, omdisponering_id: UUID, *, laas: bool = False
) -> tuple[Omdisponering, bool]:
    """A reallocation to be followed up, and whether the actor does so for a side; else it is one of those who are lent,
    for whom there is the own part alone. Raises IkkeFunnet, IkkeTilgang."""
    omd = hent(aktor, Handling.SE, omdisponering_id, laas=laas)
    inne = er_system(aktor) or (side(aktor, omd) is not None and kan_noe(aktor, Handling.FOELGE_OPP))
    if not inne and not er_selv(aktor, omd):
        nekt(aktor, Handling.FOELGE_OPP, "omdisponering", omd.id, finnes=True)
    return omd, inne


def hent_delegering(
    aktor: Aktor, handling: Handling, delegering_id: UUID, *, laas: bool = False
) -> Delegering:
    """A delegation: for those who work where it holds (SE_DELEGERT), for whom it is about, and to be withdrawn
    (DELEGERE). Raises IkkeFunnet, IkkeTilgang."""
    sporring = (
        sa.select(Delegering)
        .where(Delegering.id == delegering_id)
        .options(
            joinedload(Delegering.ressursperson),
            joinedload(Delegering.organisasjon),
            joinedload(Delegering.opprettet_av),
            joinedload(Delegering.omdisponering).joinedload(Omdisponering.avgiver),
        )
        .execution_options(populate_existing=laas)
    )
    if laas:
        sporring = sporring.with_for_update(of=Delegering)
    d = db.session.scalars(sporring).one_or_none()
    if d is None:
        raise IkkeFunnet()
    selv = aktor.person_id is not None and d.ressursperson.person_id == aktor.person_id
    ser_den = kan(aktor, Handling.SE_DELEGERT, d.organisasjon_id) or selv
    if not (ser_den and (handling == Handling.SE_DELEGERT or kan(aktor, handling, d.organisasjon_id))):
        nekt(aktor, handling, "delegering", d.id, finnes=ser_den)
    return d


def hent_reserve(aktor: Aktor, person_id: UUID, *, laas: bool = False) -> Ressursperson:
    """Somebody outside the service, in the register of the actor's own organisation. Raises IkkeFunnet, IkkeTilgang."""
    person = hent_person(aktor, Handling.BEREDSKAP, person_id, laas=laas)
    if person.samtykke is None or person.slettet is not None:
        raise IkkeFunnet()
    return person
