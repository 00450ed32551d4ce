"""Who may see and change agreements. The only place that fetches them by id.

An agreement in force is open to everybody at its parties, to the RHF above its owner and to the state's supervision:
on duty one must be able to read what holds. What is being drafted belongs to those who write it (the owner's
coordinators), what is negotiated to the coordinators, administrators and kommuneoverleger of its parties. For all
others it does not exist.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.avtaler.forloep import FORETAK, I_ARBEID, I_KRAFT, Partstatus, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse, Uenighet
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Forslag, Godkjenning, Kommentar
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, en_av_sortert, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.access import er_system
from portal.identitet.models import Organisasjon
from portal.revisjon.steps import logg


class Handling(StrEnum):
    SE = "se"
    #: Everything that is being worked on: drafts, proposals, comments, approvals under way.
    SE_ARBEID = "se_arbeid"
    #: Write and invite, send on, take back: the owner's.
    REDIGERE = "redigere"
    #: Comment and propose.
    FORHANDLE = "forhandle"
    #: Answer the other side's proposals.
    SVARE = "svare"
    #: Answer an invitation, leave, record reviews and disagreements, for one's own organisation.
    FOERE = "foere"
    #: Approve in one's own organisation's chain (who exactly: `Godkjenning.medlemskap`).
    GODKJENNE = "godkjenne"
    #: Record what was sent to Helsedirektoratet: the RHF's.
    SENDE_INN = "sende_inn"


#: Who sees the work on an agreement at a party.
INNSIDE = frozenset({Rolle.KOORDINATOR, Rolle.ADMINISTRATOR, Rolle.KOMMUNEOVERLEGE})
#: Who may comment and propose.
FORHANDLERE = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE})
#: Who approves where the chain's link names nobody.
GODKJENNERE = INNSIDE
_ROLLER: dict[Handling, frozenset[Rolle]] = {
    Handling.SE_ARBEID: INNSIDE,
    Handling.REDIGERE: frozenset({Rolle.KOORDINATOR}),
    Handling.FORHANDLE: FORHANDLERE,
    Handling.SVARE: frozenset({Rolle.KOORDINATOR}),
    Handling.FOERE: frozenset({Rolle.KOORDINATOR}),
    Handling.GODKJENNE: GODKJENNERE,
    Handling.SENDE_INN: frozenset({Rolle.KOORDINATOR, Rolle.ADMINISTRATOR}),
}
MED = (Partstatus.INVITERT, Partstatus.DELTAR)


def part(avtale: Avtale, organisasjon_id: UUID | None) -> Avtalepart | None:
    """The organisation's place in the agreement, invited or in; None: it has none (any more)."""
    return next((p for p in avtale.parter if p.organisasjon_id == organisasjon_id and p.status in MED), None)


def side(avtale: Avtale, organisasjon_id: UUID | None) -> Side | None:
    """Which side of the table an organisation sits on in this agreement."""
    p = part(avtale, organisasjon_id)
    return Side(p.side) if p else None


def kan(aktor: Aktor, handling: Handling, avtale: Avtale) -> bool:
    """Whether the actor may do this with the agreement. The state of a version is the use case's to judge."""
    if er_system(aktor):
        return True
    if aktor.person_id is None or aktor.medlemskap_id is None:
        return False
    if handling == Handling.SE:
        return _ser_gjeldende(aktor, avtale) or kan(aktor, Handling.SE_ARBEID, avtale)
    if handling == Handling.SENDE_INN:
        return aktor.rolle in _ROLLER[handling] and aktor.organisasjon_id == rhf(avtale)
    if aktor.rolle not in _ROLLER[handling]:
        return False
    if handling == Handling.REDIGERE:
        return aktor.organisasjon_id == avtale.eier_id
    p = part(avtale, aktor.organisasjon_id)
    if p is None:
        return False
    # A draft that has not been sent out is its owner's own paper; but who is invited may know that it is.
    return aktor.organisasjon_id == avtale.eier_id or er_delt(avtale)


def er_delt(avtale: Avtale) -> bool:
    """Whether the parties have been shown anything: one version has left the owner's desk."""
    return any(v.sendt_til_forhandling or v.sendt_til_godkjenning or v.i_kraft_fra for v in avtale.versjoner)


def rhf(avtale: Avtale) -> UUID | None:
    """The RHF whose duty it is to tell the state (hol § 6-4): the owner itself, or the one above it."""
    return avtale.eier_id if avtale.eier.type == "rhf" else avtale.eier.overordnet_id


def _ser_gjeldende(aktor: Aktor, avtale: Avtale) -> bool:
    return any(_leser(aktor, avtale, v) for v in avtale.versjoner)


def _leser(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> bool:
    """Whether a version that comes into force, or has been so, is the actor's to read once it is.

    Who has left reads on what it was bound by, and none that came into force from its last day on.
    """
    if versjon.i_kraft_fra is None:
        return False
    egen = aktor.organisasjon_id
    if er_system(aktor) or ser_landet(aktor) or egen in (avtale.eier_id, rhf(avtale)) or part(avtale, egen):
        return True
    return any(
        p.organisasjon_id == egen
        and p.fra is not None
        and p.til is not None
        and p.fra < p.til
        and versjon.i_kraft_fra < p.til
        for p in avtale.parter
    )


def ser_landet(aktor: Aktor) -> bool:
    """Whether the actor sees whatever has been in force, whose it may be: who looks over the whole country."""
    return aktor.rolle == Rolle.INNSYN and aktor.organisasjon_type == "myndighet"


def synlige(aktor: Aktor) -> sa.ColumnElement[bool]:
    """The condition on `Avtale` for a list: the same agreements as `kan(aktor, Handling.SE, …)`."""
    if er_system(aktor):
        return sa.true()
    if aktor.person_id is None or aktor.medlemskap_id is None or aktor.organisasjon_id is None:
        return sa.false()
    return _synlige(aktor.organisasjon_id, ser_landet(aktor), aktor.rolle in INNSIDE)


@lru_cache(maxsize=512)
def _synlige(egen: UUID, landet: bool, innside: bool) -> sa.ColumnElement[bool]:
    """Put together once for an organisation: to build it anew for every page takes longer than to answer it."""
    # Each asks of its own: whoever puts the condition on may have the same tables beside the agreement.
    i_kraft = _har_versjon(Avtaleversjon.i_kraft_fra.is_not(None))
    if landet:
        # Of a whole country nearly all hold now, and a partial index is the set of those; only the others are asked one
        # by one. Written out, since PostgreSQL takes no partial index for a parameter.
        status = sa.literal_column(f"({en_av_sortert('avtaleversjon.status', I_KRAFT)})", sa.Boolean())
        naa = sa.select(Avtaleversjon.avtale_id).where(status, Avtaleversjon.i_kraft_fra.is_not(None))
        return sa.or_(Avtale.id.in_(naa.correlate(None)), i_kraft)
    under = aliased(Organisasjon)
    # Sets of ids, found from the own organisation: never a question asked of each agreement in the country.
    som_part = (
        sa.select(Avtalepart.avtale_id)
        .where(
            Avtalepart.organisasjon_id == egen,
            # Was bound for a day at least: what held then, it reads for ever.
            sa.or_(Avtalepart.fra < Avtalepart.til, Avtalepart.status.in_(MED)),
        )
        .correlate(None)
    )
    eide = sa.select(under.id).where(sa.or_(under.id == egen, under.overordnet_id == egen))
    vilkaar = [sa.and_(sa.or_(Avtale.id.in_(som_part), Avtale.eier_id.in_(eide)), i_kraft)]
    if innside:
        delt = _har_versjon(
            sa.or_(
                Avtaleversjon.sendt_til_forhandling.is_not(None),
                Avtaleversjon.sendt_til_godkjenning.is_not(None),
                Avtaleversjon.i_kraft_fra.is_not(None),
            )
        )
        med = (
            sa.select(Avtalepart.avtale_id)
            .where(Avtalepart.organisasjon_id == egen, Avtalepart.status.in_(MED))
            .correlate(None)
        )
        vilkaar += [Avtale.eier_id == egen, sa.and_(Avtale.id.in_(med), delt)]
    return sa.or_(*vilkaar)


def leselige(aktor: Aktor) -> sa.ColumnElement[bool]:
    """The condition on `Avtaleversjon`, beside `synlige` on its agreement, that one in force is the actor's to read:
    the same as `_leser`."""
    if er_system(aktor) or ser_landet(aktor) or aktor.organisasjon_id is None:
        return sa.true()
    return _leselige(aktor.organisasjon_id)


@lru_cache(maxsize=512)
def _leselige(egen: UUID) -> sa.ColumnElement[bool]:
    under, forlatt = aliased(Organisasjon), aliased(Avtalepart)
    forlatte = sa.select(Avtalepart.avtale_id).where(
        Avtalepart.organisasjon_id == egen, Avtalepart.status.not_in(MED)
    )
    med = sa.select(Avtalepart.avtale_id).where(
        Avtalepart.organisasjon_id == egen, Avtalepart.status.in_(MED)
    )
    eide = (
        sa.select(Avtale.id)
        .join(under, under.id == Avtale.eier_id)
        .where(sa.or_(under.id == egen, under.overordnet_id == egen))
    )
    da = sa.exists().where(
        forlatt.avtale_id == Avtaleversjon.avtale_id,
        forlatt.organisasjon_id == egen,
        forlatt.fra < forlatt.til,
        forlatt.til > Avtaleversjon.i_kraft_fra,
    )
    # Nearly none has left anything: the first, a small set, lets nearly all through.
    return sa.or_(
        Avtaleversjon.avtale_id.not_in(forlatte.correlate(None)),
        Avtaleversjon.avtale_id.in_(med.correlate(None)),
        Avtaleversjon.avtale_id.in_(eide.correlate(None)),
        da.correlate(Avtaleversjon),
    )


def _har_versjon(vilkaar: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the agreement has a version of which this holds.

    As the first row of one agreement's versions, looked up for those that the rest of the condition has let through:
    from an EXISTS, PostgreSQL makes a table of all versions in the country.
    """
    foerste = sa.select(Avtaleversjon.id).where(Avtaleversjon.avtale_id == Avtale.id, vilkaar).limit(1)
    return foerste.correlate(Avtale).scalar_subquery().is_not(None)


def nekt(aktor: Aktor, handling: Handling, avtale_id: UUID, *, finnes: bool) -> Never:
    """Logs a denial and raises: IkkeTilgang where the actor may know that it exists, else IkkeFunnet."""
    uavhengig(lambda: logg(aktor, f"avtale.{handling}", "avtale", avtale_id, utfall="avslag"))
    raise IkkeTilgang() if finnes else IkkeFunnet()


def krev(aktor: Aktor, handling: Handling, avtale: Avtale) -> None:
    """Raises IkkeTilgang for who sees it but may not do this, else IkkeFunnet, and logs it."""
    if not kan(aktor, handling, avtale):
        nekt(aktor, handling, avtale.id, finnes=kan(aktor, Handling.SE, avtale))


def kan_opprette(aktor: Aktor) -> bool:
    """Whether the actor may begin agreements: the coordinators of a trust or an RHF, which then owns them."""
    if er_system(aktor):
        return aktor.organisasjon_id is not None
    return (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.rolle == Rolle.KOORDINATOR
        and aktor.organisasjon_type in FORETAK
    )


def krev_opprette(aktor: Aktor) -> UUID:
    """Raises IkkeTilgang for who may not begin agreements, and logs it. Gives the organisation that will own it."""
    if not kan_opprette(aktor) or aktor.organisasjon_id is None:
        uavhengig(
            lambda: logg(
                aktor,
                "avtale.opprette",
                "organisasjon",
                aktor.organisasjon_id or "",
                utfall="avslag",
            )
        )
        raise IkkeTilgang()
    return aktor.organisasjon_id


#: Who keeps an organisation's own chain of approval.
KJEDEHOLDERE = frozenset({Rolle.ADMINISTRATOR, Rolle.KOORDINATOR})


def krev_kjede(aktor: Aktor, organisasjon_id: UUID) -> None:
    """Demands that the actor keeps the organisation's chain of approval; a denial is logged.

    Raises IkkeTilgang in the own organisation, IkkeFunnet in another's: it exists for nobody else.
    """
    if er_system(aktor):
        return
    egen = aktor.medlemskap_id is not None and aktor.organisasjon_id == organisasjon_id
    if egen and aktor.rolle in KJEDEHOLDERE:
        return
    uavhengig(lambda: logg(aktor, "avtale.kjede", "organisasjon", organisasjon_id, utfall="avslag"))
    raise IkkeTilgang() if egen else IkkeFunnet()


def kan_foere_satser(aktor: Aktor) -> bool:
    """Whether the actor enters day rates (utskrivningsforskriften § 13): coordinators of who pays and who is paid."""
    return er_system(aktor) or (
        aktor.person_id is not None
        and aktor.medlemskap_id is not None
        and aktor.rolle == Rolle.KOORDINATOR
        and aktor.organisasjon_type in (*FORETAK, "kommune")
    )


def krev_satser(aktor: Aktor) -> None:
    """Raises IkkeTilgang for who enters no day rates, and logs it."""
    if not kan_foere_satser(aktor):
        uavhengig(
            lambda: logg(aktor, "avtale.sats", "organisasjon", aktor.organisasjon_id or "", utfall="avslag")
        )
        raise IkkeTilgang()


def deltar(aktor: Aktor, avtale: Avtale) -> bool:
    """Whether the actor's organisation takes part: who is invited alone has no part in what the parties disagree on."""
    p = part(avtale, aktor.organisasjon_id)
    return er_system(aktor) or (p is not None and p.status == Partstatus.DELTAR)


# --- fetching by id --------------------------------------------------------------------------------------


def hent(aktor: Aktor, handling: Handling, avtale_id: UUID, *, laas: bool = False) -> Avtale:
    """An agreement with its parties and versions, if the actor may do this with it. Raises IkkeFunnet or IkkeTilgang.

    With `laas` its row is locked: every use case that changes an agreement, a party or a version takes it first.
    """
    if laas:
        db.session.execute(sa.select(Avtale.id).where(Avtale.id == avtale_id).with_for_update())
    avtale = db.session.scalars(
        sa.select(Avtale)
        .where(Avtale.id == avtale_id)
        .options(
            joinedload(Avtale.eier),
            selectinload(Avtale.parter).joinedload(Avtalepart.organisasjon),
            selectinload(Avtale.versjoner),
        )
        .execution_options(populate_existing=laas)
    ).one_or_none()
    if avtale is None:
        raise IkkeFunnet()
    krev(aktor, handling, avtale)
    return avtale


def hent_versjon(aktor: Aktor, avtale: Avtale, nummer: int) -> Avtaleversjon:
    """A version of an agreement that the actor sees (`kan_se_versjon`). Raises IkkeFunnet."""
    versjon = next((v for v in avtale.versjoner if v.nummer == nummer), None)
    if versjon is None:
        raise IkkeFunnet()
    if not kan_se_versjon(aktor, avtale, versjon):
        nekt(aktor, Handling.SE_ARBEID, avtale.id, finnes=False)
    return versjon


def hent_godkjenning(
    aktor: Aktor, godkjenning_id: UUID, *, laas: bool = False
) -> tuple[Avtale, Avtaleversjon, Godkjenning]:
    """A link of the chain of the actor's own organisation, for one version, with `laas` under the agreement's lock.

    Raises IkkeFunnet for who does not see the version, IkkeTilgang for another party's link. Which people it names is
    the use case's to judge.
    """
    avtale_id = db.session.scalar(
        sa.select(Avtaleversjon.avtale_id)
        .join(Godkjenning, Godkjenning.avtaleversjon_id == Avtaleversjon.id)
        .where(Godkjenning.id == godkjenning_id)
    )
    if avtale_id is None:
        raise IkkeFunnet()
    avtale = hent(aktor, Handling.GODKJENNE, avtale_id, laas=laas)
    rad = db.session.scalars(
        sa.select(Godkjenning)
        .where(Godkjenning.id == godkjenning_id)
        .execution_options(populate_existing=laas)
    ).one()
    versjon = next(v for v in avtale.versjoner if v.id == rad.avtaleversjon_id)
    if not kan_se_versjon(aktor, avtale, versjon):
        nekt(aktor, Handling.GODKJENNE, avtale.id, finnes=False)
    if aktor.person_id is None or rad.organisasjon_id != aktor.organisasjon_id:
        nekt(aktor, Handling.GODKJENNE, avtale.id, finnes=True)
    return avtale, versjon, rad


def hent_forslag(
    aktor: Aktor, handling: Handling, forslag_id: UUID, *, laas: bool = False
) -> tuple[Avtale, Avtaleversjon, Forslag]:
    """A proposal in the negotiation of a version, with `laas` under the agreement's lock.

    Raises IkkeFunnet for who does not see the version, IkkeTilgang for who may not do this with the agreement. Whose
    proposal it is, is the use case's to judge.
    """
    avtale_id = db.session.scalar(sa.select(Forslag.avtale_id).where(Forslag.id == forslag_id))
    avtale = _hent_forhandlet(aktor, handling, avtale_id, laas)
    rad = db.session.get_one(Forslag, forslag_id, populate_existing=laas)
    return avtale, _versjon_av(aktor, handling, avtale, rad.nummer), rad


def hent_forslag_i(avtale: Avtale, forslag_id: UUID) -> Forslag:
    """A proposal about an agreement that the actor has fetched for its negotiation. Raises IkkeFunnet."""
    rad = db.session.get(Forslag, forslag_id)
    if rad is None or rad.avtale_id != avtale.id:
        raise IkkeFunnet()
    return rad


def hent_kommentar(
    aktor: Aktor, handling: Handling, kommentar_id: UUID, *, laas: bool = False
) -> tuple[Avtale, Avtaleversjon, Kommentar]:
    """A remark in the negotiation of a version; as `hent_forslag`."""
    avtale_id = db.session.scalar(sa.select(Kommentar.avtale_id).where(Kommentar.id == kommentar_id))
    avtale = _hent_forhandlet(aktor, handling, avtale_id, laas)
    rad = db.session.get_one(Kommentar, kommentar_id, populate_existing=laas)
    return avtale, _versjon_av(aktor, handling, avtale, rad.nummer), rad


def _hent_forhandlet(aktor: Aktor, handling: Handling, avtale_id: UUID | None, laas: bool) -> Avtale:
    if avtale_id is None:
        raise IkkeFunnet()
    return hent(aktor, handling, avtale_id, laas=laas)


def _versjon_av(aktor: Aktor, handling: Handling, avtale: Avtale, nummer: int) -> Avtaleversjon:
    versjon = next(v for v in avtale.versjoner if v.nummer == nummer)
    if not ser_arbeidet(aktor, avtale, versjon):
        nekt(aktor, handling, avtale.id, finnes=False)
    return versjon


def hent_som_deltaker(aktor: Aktor, handling: Handling, avtale_id: UUID, *, laas: bool = False) -> Avtale:
    """As `hent`, for what is between those that take part. Raises IkkeTilgang for who is invited alone."""
    avtale = hent(aktor, handling, avtale_id, laas=laas)
    if not deltar(aktor, avtale):
        nekt(aktor, handling, avtale.id, finnes=True)
    return avtale


def hent_uenighet(
    aktor: Aktor, handling: Handling, avtale_id: UUID, uenighet_id: UUID, *, laas: bool = False
) -> tuple[Avtale, Uenighet]:
    """A disagreement under an agreement, with `laas` under the agreement's lock. Raises as `hent_som_deltaker`, and
    IkkeFunnet for one under another agreement."""
    avtale = hent_som_deltaker(aktor, handling, avtale_id, laas=laas)
    rad = db.session.scalars(
        sa.select(Uenighet)
        .where(Uenighet.id == uenighet_id, Uenighet.avtale_id == avtale.id)
        .execution_options(populate_existing=laas)
    ).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    return avtale, rad


def hent_oppsigelse(
    aktor: Aktor, handling: Handling, oppsigelse_id: UUID, *, laas: bool = False
) -> tuple[Avtale, Oppsigelse]:
    """A notice and its agreement, with `laas` under the agreement's lock, if the actor may do this with it.

    What is done for one's own organisation (FOERE) is refused to another's notice. Raises IkkeFunnet or IkkeTilgang.
    """
    avtale_id = db.session.scalar(sa.select(Oppsigelse.avtale_id).where(Oppsigelse.id == oppsigelse_id))
    if avtale_id is None:
        raise IkkeFunnet()
    avtale = hent(aktor, handling, avtale_id, laas=laas)
    rad = db.session.scalars(
        sa.select(Oppsigelse).where(Oppsigelse.id == oppsigelse_id).execution_options(populate_existing=laas)
    ).one()
    if handling == Handling.FOERE and rad.organisasjon_id != aktor.organisasjon_id:
        nekt(aktor, handling, avtale.id, finnes=True)
    return avtale, rad


def kan_se_versjon(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> bool:
    """What has come into force is for all who see the agreement; of the rest, those whose making the actor may read."""
    return (_har_gjeldt(versjon) and _leser(aktor, avtale, versjon)) or ser_arbeidet(aktor, avtale, versjon)


def _har_gjeldt(versjon: Avtaleversjon) -> bool:
    return versjon.i_kraft_fra is not None and versjon.status not in I_ARBEID - {Status.GODKJENT}


def ser_arbeidet(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> bool:
    """Whether the actor may read how a version came to be: what was proposed and said about it, and by whom.

    A draft is the owner's until it is sent out. Who is invited alone reads what it is asked about: what is worked on
    now, and what was still being worked on when it was asked; not what the parties settled among themselves before.
    """
    if not kan(aktor, Handling.SE_ARBEID, avtale):
        return False
    if er_system(aktor) or aktor.organisasjon_id == avtale.eier_id:
        return True
    sendt = versjon.sendt_til_godkjenning or versjon.sendt_til_forhandling
    p = part(avtale, aktor.organisasjon_id)
    if p is None or p.status == Partstatus.DELTAR:
        return sendt is not None or _har_gjeldt(versjon)
    if sendt is None:
        return False
    return versjon.status in I_ARBEID - {Status.GODKJENT} or sendt >= p.invitert


def hent_forhandling(aktor: Aktor, avtale: Avtale, nummer: int) -> Avtaleversjon:
    """A version whose negotiation the actor may read. Raises IkkeFunnet."""
    versjon = hent_versjon(aktor, avtale, nummer)
    if not ser_arbeidet(aktor, avtale, versjon):
        nekt(aktor, Handling.SE_ARBEID, avtale.id, finnes=False)
    return versjon
