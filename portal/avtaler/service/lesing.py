"""Agreements as a page and as a list: what the actor may see of them, and may do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer, joinedload

from portal.avtaler import access, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_ARBEID, I_KRAFT, Avtaletype, Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, en_av_sortert
from portal.identitet.access import er_system
from portal.identitet.models import Organisasjon

#: Agreements on a page of the list.
PER_SIDE = 50


# --- reading one -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kan:
    """What the actor may do with the agreement as it stands now: right and state together."""

    #: Drafts, proposals, comments and approvals are shown.
    se_arbeid: bool = False
    #: Write, strike and move clauses of the draft.
    skrive: bool = False
    #: Change what is said about the version (title, medvirkning, oensket_fra).
    endre: bool = False
    #: Invite kommuner and withdraw invitations.
    invitere: bool = False
    sende_til_forhandling: bool = False
    sende_til_godkjenning: bool = False
    forkaste: bool = False
    ny_versjon: bool = False
    #: Comment and propose.
    forhandle: bool = False
    #: Answer the other side's proposals.
    svare: bool = False
    #: Answer the invitation, or change the answer.
    svare_invitasjon: bool = False
    #: Record reviews, disagreements and notices for one's own organisation.
    foere: bool = False
    godkjenne: bool = False
    sende_inn: bool = False


@dataclass(frozen=True, slots=True)
class Avtaleside:
    """An agreement in one of its versions, with all that a page of it shows."""

    avtale: Avtale
    versjon: Avtaleversjon
    bestemmelser: Sequence[Bestemmelse]
    #: For who sees the work all of them; for others those for whom it has held. The trust's side first, then by name.
    parter: Sequence[Avtalepart]
    #: Those that the actor may see, the newest first.
    versjoner: Sequence[Avtaleversjon]
    #: The version that holds today, and the one that is worked on (where the actor may see it).
    gjelder: Avtaleversjon | None
    arbeid: Avtaleversjon | None
    egen_part: Avtalepart | None
    #: What it hangs on, and what hangs on it; only what the actor sees.
    overordnet: Avtale | None
    underavtaler: Sequence[Avtale]
    kan: Kan


def hent_avtale(aktor: Aktor, avtale_id: UUID, nummer: int | None = None) -> Avtaleside:
    """An agreement in a version: that number, else the one that holds today, else the newest that the actor may see.

    Raises IkkeFunnet for an agreement, or a version of it, that the actor may not see.
    """
    avtale = access.hent(aktor, Handling.SE, avtale_id)
    versjon = access.hent_versjon(aktor, avtale, nummer) if nummer is not None else vis(aktor, avtale)
    synlige = [v for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]
    arbeid = steps.i_arbeid(avtale)
    kan_ = hva_kan(aktor, avtale)
    slekt = (Avtale.overordnet_id == avtale.id) | (Avtale.id == avtale.overordnet_id)
    naere = db.session.scalars(
        sa.select(Avtale)
        .where(slekt, access.synlige(aktor))
        .order_by(Avtale.nummer, Avtale.tittel, Avtale.id)
    ).all()
    return Avtaleside(
        avtale=avtale,
        versjon=versjon,
        bestemmelser=steps.bestemmelser(avtale.id, versjon.nummer),
        parter=sorted(
            (p for p in avtale.parter if kan_.se_arbeid or p.fra is not None),
            key=lambda p: (p.side != Side.FORETAK, p.status not in access.MED, p.organisasjon.kortnavn),
        ),
        versjoner=sorted(synlige, key=lambda v: -v.nummer),
        gjelder=steps.holder_for(aktor, avtale),
        arbeid=arbeid if arbeid in synlige else None,
        egen_part=access.part(avtale, aktor.organisasjon_id),
        overordnet=next((a for a in naere if a.id == avtale.overordnet_id), None),
        underavtaler=[a for a in naere if a.overordnet_id == avtale.id],
        kan=kan_,
    )


def vis(aktor: Aktor, avtale: Avtale) -> Avtaleversjon:
    """The version that is shown to who asked for none. Raises IkkeFunnet when there is none that the actor may see."""
    if (gjelder := steps.holder_for(aktor, avtale)) is not None:
        return gjelder
    synlige = [v.nummer for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]
    return access.hent_versjon(aktor, avtale, max(synlige, default=0))


def hva_kan(aktor: Aktor, avtale: Avtale) -> Kan:
    """What the actor may do with an agreement now: the buttons of its pages. The use cases judge again."""
    arbeid = steps.i_arbeid(avtale)
    status = Status(arbeid.status) if arbeid else None
    eier = access.kan(aktor, Handling.REDIGERE, avtale)
    egen = access.part(avtale, aktor.organisasjon_id)
    # Who is invited alone answers that first.
    forhandles = status == Status.TIL_FORHANDLING and egen is not None and egen.status == Partstatus.DELTAR
    foere = access.kan(aktor, Handling.FOERE, avtale)
    gjelder = steps.holder(avtale)
    slutt = gjelder is None and any(v.i_kraft_fra for v in avtale.versjoner)
    ferdig = arbeid is None or arbeid is gjelder
    aapen = status in (Status.UTKAST, Status.TIL_FORHANDLING) or (ferdig and gjelder is not None)
    return Kan(
        se_arbeid=access.kan(aktor, Handling.SE_ARBEID, avtale),
        skrive=eier and status == Status.UTKAST,
        endre=eier and status in (Status.UTKAST, Status.TIL_FORHANDLING),
        invitere=eier
        and aapen
        and (arbeid is not None or gjelder is None or gjelder.status != Status.OPPSAGT),
        sende_til_forhandling=eier and status == Status.UTKAST,
        sende_til_godkjenning=eier and status in (Status.UTKAST, Status.TIL_FORHANDLING),
        forkaste=eier and not ferdig,
        ny_versjon=eier and ferdig and not slutt,
        forhandle=forhandles and access.kan(aktor, Handling.FORHANDLE, avtale),
        svare=forhandles and access.kan(aktor, Handling.SVARE, avtale),
        svare_invitasjon=bool(
            foere
            and egen
            and egen.side == Side.KOMMUNE
            and egen.fra is None
            and (aapen or egen.status == "invitert")
        ),
        foere=foere,
        godkjenne=access.kan(aktor, Handling.GODKJENNE, avtale),
        sende_inn=access.kan(aktor, Handling.SENDE_INN, avtale),
    )


# --- reading many ----------------------------------------------------------------------------------------

#: What a list can be narrowed to. «arbeid»: a version that the actor may see is being worked on; «invitert»: an
#: invitation waits for the actor's own organisation.
TILSTANDER = ("i_kraft", "arbeid", "invitert", "avsluttet")


@dataclass(frozen=True, slots=True)
class Avtalerad:
    """A row of the list."""

    avtale: Avtale
    #: The version that holds today, and the one that is worked on (where the actor may see it).
    gjelder: Avtaleversjon | None
    arbeid: Avtaleversjon | None
    #: How many kommuner take part, and how many have not answered (0 where the actor does not see the work).
    kommuner: int
    inviterte: int
    egen_part: Avtalepart | None


@dataclass(frozen=True, slots=True)
class Liste:
    """A page of the agreements that the actor sees. `tall`: how many of each of `TILSTANDER`, and «alle»."""

    rader: Sequence[Avtalerad]
    antall: int
    side: int
    sider: int
    tall: Mapping[str, int]


def synlige_avtaler(aktor: Aktor, filter: Mapping[str, Any] | None = None, side: int = 1) -> Liste:
    """The agreements that the actor sees, 50 a page: the overordnede first, then by title.

    `filter` (what is left out or empty narrows nothing): `q` words of the title, the number or a party's name; `type`;
    `tilstand` of `TILSTANDER`; `eier_id`; `part_id`: an organisation that takes part. A page beyond the last gives the
    last. Asked by sets and by the partial indexes of what holds and what is worked on: old versions cost nothing.
    """
    valg = {k: v for k, v in (filter or {}).items() if v}
    vilkaar = [access.synlige(aktor), *_vilkaar(valg)]
    gjelder, arbeid = _gjelder(aktor), _arbeid(aktor)
    i_tilstand = _tilstander(aktor, gjelder, arbeid)
    tall = _tell(vilkaar, i_tilstand)
    tilstand = valg.get("tilstand")
    antall = tall[tilstand or "alle"]
    sider = max(1, -(-antall // PER_SIDE))
    side = min(max(side, 1), sider)
    rekke = sa.case({t: n for n, t in enumerate(TYPEREKKE)}, value=Avtale.type)
    avtaler = db.session.scalars(
        sa.select(Avtale)
        .where(*vilkaar, *([i_tilstand[tilstand]] if tilstand else []))
        .options(joinedload(Avtale.eier))
        .order_by(rekke, Avtale.tittel, Avtale.id)
        .limit(PER_SIDE)
        .offset((side - 1) * PER_SIDE)
    ).all()
    return Liste(_rader(aktor, avtaler, sa.or_(*gjelder), sa.and_(*arbeid)), antall, side, sider, tall)


def _tell(
    vilkaar: Sequence[sa.ColumnElement[bool]], i_tilstand: Mapping[str, sa.ColumnElement[bool]]
) -> dict[str, int]:
    """How many there are in all, and of each of `TILSTANDER`: grouped by the conditions, so that each is asked once."""
    rader = db.session.execute(
        sa.select(
            i_tilstand["i_kraft"].label("er_i_kraft"),
            i_tilstand["arbeid"].label("har_arbeid"),
            i_tilstand["invitert"].label("er_invitert"),
            sa.func.count(),
        )
        .select_from(Avtale)
        .where(*vilkaar)
        .group_by("er_i_kraft", "har_arbeid", "er_invitert")
    )
    tall = dict.fromkeys(("alle", *TILSTANDER), 0)
    for i_kraft, arbeid, invitert, n in rader:
        for navn, er_det in (
            ("alle", True),
            ("i_kraft", i_kraft),
            ("arbeid", arbeid),
            ("invitert", invitert),
            ("avsluttet", not i_kraft and not arbeid),
        ):
            tall[navn] += n if er_det else 0
    return tall


#: The order of the list.
TYPEREKKE = tuple(Avtaletype)


def _vilkaar(valg: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    ut: list[sa.ColumnElement[bool]] = []
    if "type" in valg:
        ut.append(Avtale.type == valg["type"])
    if "eier_id" in valg:
        ut.append(Avtale.eier_id == valg["eier_id"])
    if "part_id" in valg:
        ut.append(Avtale.id.in_(_med_part(Avtalepart.organisasjon_id == valg["part_id"])))
    for ord_ in str(valg.get("q", "")).split()[:8]:
        organisasjoner = sa.select(Organisasjon.id).where(
            sa.or_(_likner(Organisasjon.kortnavn, ord_), _likner(Organisasjon.navn_alternativ, ord_))
        )
        ut.append(
            sa.or_(
                _likner(Avtale.tittel, ord_),
                _likner(Avtale.nummer, ord_),
                Avtale.id.in_(_med_part(Avtalepart.organisasjon_id.in_(organisasjoner))),
            )
        )
    return ut


def _med_part(hvem: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The agreements that somebody takes part in, or has. Who was invited alone is told to who sees the work only."""
    return sa.select(Avtalepart.avtale_id).where(hvem, sa.or_(Avtalepart.fra.is_not(None), _deltar()))


def _deltar() -> sa.ColumnElement[bool]:
    return Avtalepart.status == Partstatus.DELTAR


def _likner(kolonne: Any, ord_: str) -> sa.ColumnElement[bool]:
    """The column holds the word, whatever its case; SQLite folds ASCII alone, so other letters are tried both ways."""
    former = {ord_} if ord_.isascii() else {ord_, ord_.lower(), ord_.upper(), ord_.capitalize()}
    return sa.or_(*(kolonne.icontains(f, autoescape=True) for f in sorted(former)))


def _tilstander(
    aktor: Aktor,
    som_gjelder: Sequence[sa.ColumnElement[bool]],
    i_arbeid: Sequence[sa.ColumnElement[bool]],
) -> dict[str, sa.ColumnElement[bool]]:
    """The conditions of `TILSTANDER` on `Avtale`, among those that the actor sees: sets of ids, each found once."""
    gjelder = Avtale.id.in_(sa.union_all(*(sa.select(Avtaleversjon.avtale_id).where(v) for v in som_gjelder)))
    arbeid = Avtale.id.in_(sa.select(Avtaleversjon.avtale_id).where(*i_arbeid))
    invitert = Avtale.id.in_(
        sa.select(Avtalepart.avtale_id).where(
            Avtalepart.organisasjon_id == aktor.organisasjon_id,
            Avtalepart.status == Partstatus.INVITERT,
            sa.true() if aktor.rolle in access.INNSIDE else sa.false(),
        )
    )
    return {
        "i_kraft": gjelder,
        "arbeid": arbeid,
        "invitert": invitert,
        "avsluttet": sa.and_(sa.not_(gjelder), sa.not_(arbeid)),
    }


def _gjelder(aktor: Aktor) -> list[sa.ColumnElement[bool]]:
    """The two conditions on a version of which one is true when it holds today, and the actor may read it.

    The dates decide. Its status is then one of these, however late the worker is, and the partial indexes over them
    pass by all that has been replaced. Written out, since PostgreSQL takes no partial index for a parameter.
    """
    naa = sa.and_(steps.i_kraft(i_dag()), access.leselige(aktor))
    return [sa.and_(_status(I_KRAFT), naa), sa.and_(_status([Status.GODKJENT]), naa)]


def _arbeid(aktor: Aktor) -> list[sa.ColumnElement[bool]]:
    """The conditions on a version that it is worked on and that `access.kan_se_versjon` holds for the actor."""
    if er_system(aktor):
        return [_status(I_ARBEID)]
    godkjent = sa.and_(Avtaleversjon.status == Status.GODKJENT, Avtaleversjon.i_kraft_fra.is_not(None))
    if aktor.rolle not in access.INNSIDE:
        return [_status(I_ARBEID), godkjent]
    egne = sa.select(Avtale.id).where(Avtale.eier_id == aktor.organisasjon_id).correlate(None)
    med = sa.select(Avtalepart.avtale_id).where(
        Avtalepart.organisasjon_id == aktor.organisasjon_id, Avtalepart.status.in_(access.MED)
    )
    sendt = sa.or_(
        Avtaleversjon.sendt_til_forhandling.is_not(None), Avtaleversjon.sendt_til_godkjenning.is_not(None)
    )
    innenfor = sa.and_(sendt, Avtaleversjon.avtale_id.in_(med))
    return [_status(I_ARBEID), sa.or_(godkjent, Avtaleversjon.avtale_id.in_(egne), innenfor)]


def _status(verdier: Iterable[Status]) -> sa.ColumnElement[bool]:
    return sa.literal_column(f"({en_av_sortert('avtaleversjon.status', verdier)})", sa.Boolean())


def _rader(
    aktor: Aktor,
    avtaler: Sequence[Avtale],
    som_gjelder: sa.ColumnElement[bool],
    i_arbeid: sa.ColumnElement[bool],
) -> list[Avtalerad]:
    ider = [a.id for a in avtaler]
    if not ider:
        return []
    # How users took part, and the notes, are long and stand in no list.
    versjoner = (
        sa.select(Avtaleversjon, som_gjelder.label("er_gjeldende"), i_arbeid.label("er_i_arbeid"))
        .where(
            Avtaleversjon.avtale_id.in_(ider),
            _status([*I_KRAFT, *I_ARBEID, Status.GODKJENT]),
            sa.or_(som_gjelder, i_arbeid),
        )
        .options(defer(Avtaleversjon.medvirkning), defer(Avtaleversjon.notat))
    )
    gjelder: dict[UUID, Avtaleversjon] = {}
    arbeid: dict[UUID, Avtaleversjon] = {}
    for versjon, er_gjeldende, er_i_arbeid in db.session.execute(versjoner):
        if er_gjeldende:
            gjelder[versjon.avtale_id] = versjon
        if er_i_arbeid:
            arbeid[versjon.avtale_id] = versjon
    antall: dict[UUID, dict[str, int]] = defaultdict(dict)
    for avtale_id, status, n in db.session.execute(
        sa.select(Avtalepart.avtale_id, Avtalepart.status, sa.func.count())
        .where(
            Avtalepart.avtale_id.in_(ider),
            Avtalepart.side == Side.KOMMUNE,
            Avtalepart.status.in_(access.MED),
        )
        .group_by(Avtalepart.avtale_id, Avtalepart.status)
    ):
        antall[avtale_id][status] = n
    egne = {
        p.avtale_id: p
        for p in db.session.scalars(
            sa.select(Avtalepart).where(
                Avtalepart.avtale_id.in_(ider),
                Avtalepart.organisasjon_id == aktor.organisasjon_id,
                Avtalepart.status.in_(access.MED),
            )
        )
    }
    return [
        Avtalerad(
            avtale=a,
            gjelder=gjelder.get(a.id),
            arbeid=arbeid.get(a.id),
            kommuner=antall[a.id].get(Partstatus.DELTAR, 0),
            inviterte=antall[a.id].get(Partstatus.INVITERT, 0) if _innenfor(aktor, a, egne) else 0,
            egen_part=egne.get(a.id),
        )
        for a in avtaler
    ]


def _innenfor(aktor: Aktor, avtale: Avtale, egne: Mapping[UUID, Avtalepart]) -> bool:
    return er_system(aktor) or (aktor.rolle in access.INNSIDE and avtale.id in egne)
