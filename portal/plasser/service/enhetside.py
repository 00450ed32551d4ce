"""The page of one unit: its beds as they stand, who is on the way, who lies there, its quotas. Reads alone.

The unit's people see holds and stays; a clinician the own organisation's holds; others states and figures. What is
written about somebody on the way is read by the unit's clinicians, and by who wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.beredskap.steps import situasjoner
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Organisasjon
from portal.plasser import access, soek, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import OVERGANGER, Holdstatus, Tilstand
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Plasstall, Reservasjon
from portal.plasser.service import tavle

#: What the unit's people set a bed to by one click; the rest comes of holds and stays.
TRYKK = (Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT)
#: How many of the nearest units with a free bed are told to who lost one.
NAERMESTE = 5


@dataclass(frozen=True, slots=True)
class Plassrad:
    """A bed. `hold` and `opphold`: for those who may see them."""

    plass: Plass
    gruppe: str
    hold: Reservasjon | None
    opphold: Opphold | None

    @property
    def for_sent(self) -> bool:
        """Whether it is held for somebody whose time is over: the next act at the unit releases it."""
        return self.hold is not None and self.hold.utloeper <= now()

    @property
    def tilstand(self) -> Tilstand:
        """What the next act at the unit will find."""
        return Tilstand.LEDIG if self.for_sent else Tilstand(self.plass.tilstand)

    @property
    def neste(self) -> list[Tilstand]:
        """To which states one click may bring it."""
        if self.tilstand in (Tilstand.HOLDT, Tilstand.BELAGT):
            return []
        return [t for t in TRYKK if t in OVERGANGER[self.tilstand] or (self.for_sent and t == Tilstand.LEDIG)]

    @property
    def kan_legges_inn(self) -> bool:
        return self.tilstand in (Tilstand.LEDIG, Tilstand.UKJENT)


@dataclass(frozen=True, slots=True)
class Kvote:
    kommune: Organisasjon
    kvote: int
    i_bruk: int

    @property
    def full(self) -> bool:
        return self.i_bruk >= self.kvote


@dataclass(frozen=True, slots=True)
class Enhetsside:
    enhet: Plassenhet
    fase: int
    #: Until when the figures count as fresh; None: nobody has ever said them.
    ferskt_til: datetime | None
    gammelt: bool
    tall: Plasstall | None
    rader: Sequence[Plassrad]
    kvoter: Sequence[Kvote]
    #: The running holds of the actor's own organisation, for who does not work here.
    egne_hold: Sequence[Reservasjon]
    #: The holds whose words and case are the actor's to read.
    lesbare: frozenset[UUID]
    drive: bool
    forvalte: bool
    reservere: bool
    #: What the actor's kommune uses of its quota, where that leaves it no bed to hold. The unit's people may go beyond.
    full_kvote: steps.Kvotebruk | None
    #: Whether there is a bed to hold: a free one, or one whose hold is over.
    noe_ledig: bool

    @property
    def noen_evner(self) -> int:
        """What some of its beds can take beside what all of them can."""
        sum_ = 0
        for rad in self.rader:
            sum_ |= rad.plass.evner
        return sum_ & ~self.enhet.evner

    @property
    def evner(self) -> int:
        """What the unit, or at least one of its beds, can take."""
        return self.enhet.evner | self.noen_evner

    @property
    def ukjente(self) -> int:
        return sum(r.plass.tilstand == Tilstand.UKJENT for r in self.rader)

    def rad(self, plass_id: UUID | None) -> Plassrad | None:
        return next((r for r in self.rader if r.plass.id == plass_id), None)


def hent_side(aktor: Aktor, plassenhet_id: UUID, handling: Handling = Handling.SE) -> Enhetsside:
    """All that the page shows. Raises IkkeFunnet, or IkkeTilgang for who may not do `handling` here."""
    enhet = access.hent(aktor, handling, plassenhet_id)
    ser = access.kan(aktor, Handling.SE_OPPHOLD, enhet)
    plassene = _plassene(enhet.id)
    hold = _hold(aktor, enhet.id, ser=ser)
    opphold = _opphold(enhet.id) if ser else {}
    fase = situasjoner({enhet.vertskommune_id})[enhet.vertskommune_id].fase
    aapen = enhet.nedlagt is None
    drive = aapen and access.kan(aktor, Handling.DRIVE, enhet)
    kvoter = hent_kvoter(enhet.id)
    egen = next((k for k in kvoter if k.kommune.id == aktor.organisasjon_id), None)
    tall = db.session.get(Plasstall, enhet.id)
    return Enhetsside(
        enhet=enhet,
        fase=fase,
        ferskt_til=enhet.bekreftet + steps.frist(enhet, fase) if enhet.bekreftet else None,
        gammelt=tavle.er_gammelt(enhet, fase),
        tall=tall,
        rader=[
            Plassrad(
                plass=p,
                gruppe=steps.gruppe(p.tilstand, p.bemannet),
                hold=hold.get(p.id) if ser else None,
                opphold=opphold.get(p.id),
            )
            for p in plassene
        ],
        kvoter=kvoter,
        egne_hold=[] if ser else sorted(hold.values(), key=lambda r: r.utloeper),
        lesbare=frozenset(r.id for r in hold.values() if access.leser_beskjed(aktor, enhet, r)),
        drive=drive,
        forvalte=access.kan(aktor, Handling.FORVALTE, enhet),
        reservere=aapen and access.kan(aktor, Handling.RESERVERE, enhet),
        full_kvote=steps.Kvotebruk(egen.kvote, egen.i_bruk) if egen and egen.full and not drive else None,
        noe_ledig=bool(tall and tall.ledig) or _utloept_hold(enhet.id),
    )


def _plassene(enhet_id: UUID) -> list[Plass]:
    return list(
        db.session.scalars(
            sa.select(Plass)
            .where(Plass.plassenhet_id == enhet_id, Plass.nedlagt.is_(None))
            .options(joinedload(Plass.endret_av), joinedload(Plass.laan_organisasjon))
            .order_by(Plass.rekkefoelge, Plass.navn)
        )
    )


def _hold(aktor: Aktor, enhet_id: UUID, *, ser: bool) -> dict[UUID, Reservasjon]:
    """The running holds by bed: all of them, or the actor's organisation's."""
    if not ser and aktor.rolle not in access.KLINISKE:
        return {}
    sporring = (
        sa.select(Reservasjon)
        .where(Reservasjon.plassenhet_id == enhet_id, Reservasjon.status == Holdstatus.AKTIV)
        .options(
            joinedload(Reservasjon.kommune),
            joinedload(Reservasjon.organisasjon),
            joinedload(Reservasjon.person),
            joinedload(Reservasjon.plass),
        )
    )
    if not ser:
        sporring = sporring.where(
            Reservasjon.organisasjon_id == aktor.organisasjon_id, Reservasjon.utloeper > now()
        )
    return {r.plass_id: r for r in db.session.scalars(sporring)}


def _utloept_hold(enhet_id: UUID) -> bool:
    """Whether a bed is held for somebody whose time is over: it is given to whoever asks."""
    funnet = sa.select(Reservasjon.id).where(
        Reservasjon.plassenhet_id == enhet_id,
        Reservasjon.status == Holdstatus.AKTIV,
        Reservasjon.utloeper <= now(),
    )
    return bool(db.session.scalar(sa.select(funnet.exists())))


def _opphold(enhet_id: UUID) -> dict[UUID, Opphold]:
    return {
        o.plass_id: o
        for o in db.session.scalars(
            sa.select(Opphold)
            .where(Opphold.plassenhet_id == enhet_id, Opphold.ut.is_(None))
            .options(joinedload(Opphold.kommune))
        )
    }


def hent_kvoter(enhet_id: UUID) -> list[Kvote]:
    """The kommuner with a place in the unit today, the largest quota first, with what each of them uses."""
    brukt = steps.i_bruk_av(enhet_id)
    medlemmer: list[Plassmedlem] = steps.medlemmer(enhet_id)
    summer: dict[UUID, int] = {}
    for m in medlemmer:
        summer[m.kommune_id] = summer.get(m.kommune_id, 0) + m.kvote
    kommuner = {
        k.id: k for k in db.session.scalars(sa.select(Organisasjon).where(Organisasjon.id.in_(summer)))
    }
    alle = [Kvote(kommuner[id_], kvote, brukt.get(id_, 0)) for id_, kvote in summer.items()]
    return sorted(alle, key=lambda k: (-k.kvote, k.kommune.kortnavn))


def hent_hold(aktor: Aktor, plassenhet_id: UUID, reservasjon_id: UUID) -> tuple[Reservasjon, Enhetsside]:
    """A hold of this unit, as its unit's people answer it. Raises IkkeFunnet, IkkeTilgang."""
    reservasjon, enhet = access.hent_reservasjon(aktor, reservasjon_id)
    if enhet.id != plassenhet_id:
        raise IkkeFunnet()
    return reservasjon, hent_side(aktor, plassenhet_id, Handling.DRIVE)


def hent_opphold(aktor: Aktor, plassenhet_id: UUID, opphold_id: UUID) -> tuple[Opphold, Enhetsside]:
    """A stay at this unit, for its people. Raises IkkeFunnet."""
    opphold, enhet = access.hent_opphold(aktor, Handling.DRIVE, opphold_id)
    if enhet.id != plassenhet_id:
        raise IkkeFunnet()
    return opphold, hent_side(aktor, plassenhet_id, Handling.DRIVE)


def naermeste(
    aktor: Aktor, plassenhet_id: UUID, evner: int, plass_id: UUID | None = None
) -> Sequence[Mapping[str, Any]]:
    """Other units with a free bed that can take the same, one's own kommune's first, then by distance. Raises
    IkkeTilgang. `plass_id`: the bed that was asked for; what it can beyond its unit is asked for with it."""
    tavle.krev_inne(aktor)
    if plass_id is not None:
        egne = sa.select(Plass.evner).where(Plass.id == plass_id, Plass.plassenhet_id == plassenhet_id)
        evner |= db.session.scalar(egne) or 0
    funnet = [r for r in soek.ledige(aktor, evner=evner) if r["id"] != str(plassenhet_id)]
    return sorted(funnet, key=lambda r: not r["medlem"])[:NAERMESTE]
