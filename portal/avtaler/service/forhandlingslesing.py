"""A negotiation as a page: every clause with what is proposed and said about it, and what waits for who reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.avtaler import access, innhold, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Forslagsstatus, Forslagstype, Partstatus, Status
from portal.avtaler.models import (
    Avtale,
    Avtalepart,
    Avtaleversjon,
    Bestemmelse,
    Bestemmelsesendring,
    Forslag,
    Forslagssvar,
    Kommentar,
)
from portal.avtaler.service.kommentarer import kan_ordne
from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Organisasjon


@dataclass(frozen=True, slots=True)
class Forslagsvisning:
    """A proposal with what the actor may do with it now."""

    rad: Forslag
    #: The clause as it reads where it is proposed (open), or read (settled); None: it is new, or not known any more.
    foer: Mapping[str, Any] | None
    #: The clause that is proposed; None: it is to be struck.
    etter: Mapping[str, Any] | None
    #: Those of the other side that take part and have not answered, by name.
    venter: Sequence[Organisasjon]
    motforslag: Sequence[Forslagsvisning] = ()
    kan_svare: bool = False
    #: The own organisation has answered no.
    svart_nei: bool = False
    kan_trekke: bool = False
    kan_motforeslaa: bool = False
    #: Settled, and the own organisation's: its words can be proposed anew.
    kan_gjentas: bool = False
    #: The clause is in the text now.
    i_teksten: bool = False

    @property
    def min_tur(self) -> bool:
        return self.kan_svare and not self.svart_nei


@dataclass(frozen=True, slots=True)
class Kommentarvisning:
    rad: Kommentar
    kan_ordne: bool


@dataclass(frozen=True, slots=True)
class Klausulblokk:
    """A clause of the version, or one that is proposed (`bestemmelse` None: it is not in the text)."""

    noekkel: UUID
    bestemmelse: Bestemmelse | None
    #: How it is called: its number and heading, or those of what is proposed.
    nummer: str
    overskrift: str
    aapne: Sequence[Forslagsvisning]
    avgjorte: Sequence[Forslagsvisning]
    kommentarer: Sequence[Kommentarvisning]
    ordnede: Sequence[Kommentarvisning]

    @property
    def min_tur(self) -> bool:
        return any(x.min_tur for f in self.aapne for x in (f, *f.motforslag))

    @property
    def er_aapen(self) -> bool:
        return bool(self.aapne or self.kommentarer)


@dataclass(frozen=True, slots=True)
class Forhandling:
    """The negotiation of one version."""

    avtale: Avtale
    versjon: Avtaleversjon
    #: The versions that have been negotiated and that the actor may see, the newest first.
    versjoner: Sequence[Avtaleversjon]
    #: It is going on.
    paagaar: bool
    egen_part: Avtalepart | None
    #: Comment and propose; answer.
    forhandle: bool
    svare: bool
    #: In the order of the text; then what is proposed as new, and what is not in the text (any more).
    blokker: Sequence[Klausulblokk]
    #: About the whole.
    kommentarer: Sequence[Kommentarvisning]
    ordnede: Sequence[Kommentarvisning]

    @property
    def venter_paa_meg(self) -> Sequence[Klausulblokk]:
        return [b for b in self.blokker if b.min_tur]

    @property
    def aapne(self) -> Sequence[Klausulblokk]:
        return [b for b in self.blokker if b.er_aapen]

    @property
    def antall_forslag(self) -> int:
        return sum(1 + len(f.motforslag) for b in self.blokker for f in b.aapne)

    @property
    def antall_kommentarer(self) -> int:
        return len(self.kommentarer) + sum(len(b.kommentarer) for b in self.blokker)


def hent_side(aktor: Aktor, avtale_id: UUID, nummer: int | None = None) -> Forhandling | None:
    """The negotiation of a version: that number, else the one that goes on, else the newest that there was; None where
    nothing has been negotiated. Raises IkkeFunnet for a version that the actor may not see.
    """
    avtale = access.hent(aktor, Handling.SE_ARBEID, avtale_id)
    versjoner = _forhandlede(aktor, avtale)
    if nummer is None:
        if not versjoner:
            return None
        nummer = min(versjoner, key=lambda v: (v.status != Status.TIL_FORHANDLING, -v.nummer)).nummer
    return _Leser(aktor, avtale, access.hent_forhandling(aktor, avtale, nummer)).side(versjoner)


def _forhandlede(aktor: Aktor, avtale: Avtale) -> list[Avtaleversjon]:
    return sorted(
        (v for v in avtale.versjoner if v.sendt_til_forhandling and access.ser_arbeidet(aktor, avtale, v)),
        key=lambda v: -v.nummer,
    )


def hent_forslag(aktor: Aktor, avtale_id: UUID, forslag_id: UUID) -> tuple[Forhandling, Forslagsvisning]:
    """One proposal, and the negotiation that it stands in. Raises IkkeFunnet for another agreement's."""
    avtale, versjon, rad = access.hent_forslag(aktor, Handling.SE_ARBEID, forslag_id)
    if avtale.id != avtale_id:
        raise IkkeFunnet()
    leser = _Leser(aktor, avtale, versjon)
    return leser.side(_forhandlede(aktor, avtale)), leser.vis(rad)


def avtalen(aktor: Aktor, avtale_id: UUID) -> Avtale:
    """The agreement, for who sees the work on it."""
    return access.hent(aktor, Handling.SE_ARBEID, avtale_id)


@dataclass(frozen=True, slots=True)
class Grunnlag:
    """What a proposal is written on."""

    avtale: Avtale
    versjon: Avtaleversjon
    #: A proposal can be sent: it is negotiated, the own organisation takes part, and what is answered is open.
    aapen: bool
    type: Forslagstype
    #: The clause as it reads now; None: it is not in the text.
    bestemmelse: Bestemmelse | None
    #: The proposal that is answered.
    svar_paa: Forslag | None
    #: The wording to begin with; None: blank.
    utgangspunkt: Mapping[str, Any] | None


def hent_grunnlag(
    aktor: Aktor,
    avtale_id: UUID,
    noekkel: UUID | None,
    *,
    svar_paa_id: UUID | None = None,
    fra_id: UUID | None = None,
) -> Grunnlag:
    """A clause as it reads in the version that is negotiated (or was last), for who may propose something about it.

    `noekkel` None: a new one. `svar_paa_id`: the proposal of the other side that it answers; `fra_id`: the earlier one
    whose words it begins with. Raises IkkeFunnet for what is not in the agreement.
    """
    avtale = access.hent(aktor, Handling.FORHANDLE, avtale_id)
    side = hent_side(aktor, avtale_id)
    if side is None:
        raise IkkeFunnet()
    kilde = svar_paa_id or fra_id
    forslag = access.hent_forslag_i(avtale, kilde) if kilde else None
    if forslag is not None:
        if noekkel not in (None, forslag.noekkel):
            raise IkkeFunnet()
        access.hent_forhandling(aktor, avtale, forslag.nummer)
    svar_paa = forslag if svar_paa_id else None
    if svar_paa is not None:
        noekkel = svar_paa.noekkel
    rad = steps.bestemmelse(avtale.id, side.versjon.nummer, noekkel) if noekkel else None
    if noekkel is not None and rad is None and svar_paa is None and not steps.har_vaert(avtale.id, noekkel):
        raise IkkeFunnet()
    ny = noekkel is None or (svar_paa is not None and svar_paa.type == Forslagstype.NY)
    return Grunnlag(
        avtale=avtale,
        versjon=side.versjon,
        aapen=side.forhandle
        and (ny or rad is not None)
        and (
            svar_paa is None
            or (
                svar_paa.status == Forslagsstatus.AAPENT
                and svar_paa.side != access.side(avtale, aktor.organisasjon_id)
            )
        ),
        type=Forslagstype.NY if ny else Forslagstype.ENDRE,
        bestemmelse=rad,
        svar_paa=svar_paa,
        utgangspunkt=(forslag.innhold if forslag and forslag.innhold else None)
        or (innhold.som_data(rad) if rad else None),
    )


class _Leser:
    """Reads the rows of one version's negotiation once, and puts them together."""

    def __init__(self, aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> None:
        self.aktor, self.avtale, self.versjon = aktor, avtale, versjon
        hvor = {"avtale_id": avtale.id, "nummer": versjon.nummer}
        self.tekst = {b.noekkel: b for b in steps.bestemmelser(avtale.id, versjon.nummer)}
        self.forslag = list(
            db.session.scalars(
                sa.select(Forslag)
                .filter_by(**hvor)
                .options(
                    joinedload(Forslag.person),
                    joinedload(Forslag.organisasjon),
                    selectinload(Forslag.svar).options(
                        joinedload(Forslagssvar.person), joinedload(Forslagssvar.organisasjon)
                    ),
                )
                .order_by(Forslag.opprettet, Forslag.id)
            )
        )
        self.kommentarer = list(
            db.session.scalars(
                sa.select(Kommentar)
                .filter_by(**hvor)
                .options(joinedload(Kommentar.person), joinedload(Kommentar.organisasjon))
                .order_by(Kommentar.opprettet, Kommentar.id)
            )
        )
        self.egen = access.part(avtale, aktor.organisasjon_id)
        self.paagaar = versjon.status == Status.TIL_FORHANDLING
        med = self.paagaar and self.egen is not None and self.egen.status == Partstatus.DELTAR
        self.forhandle = med and access.kan(aktor, Handling.FORHANDLE, avtale)
        self.svare = med and access.kan(aktor, Handling.SVARE, avtale)
        self._foer: dict[tuple[UUID, str], Mapping[str, Any]] | None = None

    # --- a proposal ---

    def vis(self, rad: Forslag, motforslag: Sequence[Forslag] = ()) -> Forslagsvisning:
        aapent = rad.status == Forslagsstatus.AAPENT and self.paagaar
        motsatt = self.egen is not None and self.egen.side != rad.side
        vaart = self.egen is not None and self.egen.organisasjon_id == rad.organisasjon_id
        mine = aapent and self.svare and motsatt and self.aktor.person_id != rad.person_id
        return Forslagsvisning(
            rad=rad,
            foer=self._grunnlag(rad),
            etter=rad.innhold if rad.type != Forslagstype.STRYK else None,
            venter=self._venter(rad) if aapent else (),
            motforslag=[self.vis(f) for f in motforslag],
            kan_svare=mine,
            svart_nei=any(
                s.organisasjon_id == self.aktor.organisasjon_id and not s.godtatt for s in rad.svar
            ),
            kan_trekke=aapent and self.forhandle and vaart,
            kan_motforeslaa=aapent and self.forhandle and motsatt,
            i_teksten=rad.noekkel in self.tekst,
            kan_gjentas=not aapent and self.forhandle and vaart and rad.status != Forslagsstatus.GODTATT,
        )

    def _venter(self, rad: Forslag) -> list[Organisasjon]:
        svart = {s.organisasjon_id for s in rad.svar}
        return sorted(
            (
                p.organisasjon
                for p in self.avtale.parter
                if p.status == Partstatus.DELTAR and p.side != rad.side and p.organisasjon_id not in svart
            ),
            key=lambda o: o.kortnavn,
        )

    def _grunnlag(self, rad: Forslag) -> Mapping[str, Any] | None:
        """The clause as it read when it was proposed."""
        naa = self.tekst.get(rad.noekkel)
        if naa is not None and naa.innhold_hash == rad.grunnlag_hash:
            return innhold.som_data(naa)
        return self._tidligere().get((rad.noekkel, rad.grunnlag_hash))

    def _tidligere(self) -> Mapping[tuple[UUID, str], Mapping[str, Any]]:
        """What the proposals of the version were written on and the text no longer says, by its hash; read when one
        asks.

        Such a text went when another proposal on the very same was accepted: one change for each, and no more of the
        history than that. What changed by other ways (a draft, before it was sent) is a row of the version's, or of an
        older one's.
        """
        if self._foer is None:
            borte = {
                (f.noekkel, f.grunnlag_hash)
                for f in self.forslag
                if f.grunnlag_hash
                and not ((b := self.tekst.get(f.noekkel)) and b.innhold_hash == f.grunnlag_hash)
            }
            godtatte = {
                f.id: (f.noekkel, f.grunnlag_hash)
                for f in self.forslag
                if f.status == Forslagsstatus.GODTATT and (f.noekkel, f.grunnlag_hash) in borte
            }
            endringer = sa.select(Bestemmelsesendring.forslag_id, Bestemmelsesendring.foer).where(
                Bestemmelsesendring.avtale_id == self.avtale.id,
                Bestemmelsesendring.nummer == self.versjon.nummer,
                Bestemmelsesendring.forslag_id.in_(list(godtatte)),
            )
            rader = db.session.execute(endringer).all() if godtatte else ()
            self._foer = {godtatte[r.forslag_id]: r.foer for r in rader if r.foer}
            self._foer |= {
                (b.noekkel, b.innhold_hash): innhold.som_data(b)
                for b in self._rader({n for n, _hash in borte - self._foer.keys()})
                if (b.noekkel, b.innhold_hash) in borte
            }
        return self._foer

    def _rader(self, noekler: Collection[UUID]) -> Sequence[Bestemmelse]:
        """The rows of clauses in this version and before it, the newest first: none of a draft that came later."""
        if not noekler:
            return []
        return db.session.scalars(
            sa.select(Bestemmelse)
            .where(
                Bestemmelse.avtale_id == self.avtale.id,
                Bestemmelse.noekkel.in_(list(noekler)),
                Bestemmelse.fra_versjon <= self.versjon.nummer,
            )
            .order_by(Bestemmelse.fra_versjon.desc(), Bestemmelse.id)
        ).all()

    # --- the page ---

    def side(self, versjoner: Sequence[Avtaleversjon]) -> Forhandling:
        om: dict[UUID | None, list[Kommentarvisning]] = defaultdict(list)
        for k in self.kommentarer:
            kan = self.forhandle and kan_ordne(k, self.avtale, self.aktor)
            om[k.noekkel].append(Kommentarvisning(k, kan))
        hele = om.pop(None, [])
        utenfor = [n for n in dict.fromkeys([f.noekkel for f in self.forslag] + [*om]) if n not in self.tekst]
        # New ones that wait come before those that have been struck, or never came in.
        venter = {f.noekkel for f in self.forslag if f.status == Forslagsstatus.AAPENT}
        rekke = [*self.tekst, *sorted((n for n in utenfor if n), key=lambda n: n not in venter)]
        return Forhandling(
            avtale=self.avtale,
            versjon=self.versjon,
            versjoner=versjoner,
            paagaar=self.paagaar,
            egen_part=self.egen,
            forhandle=self.forhandle,
            svare=self.svare,
            blokker=[self._blokk(n, om.get(n, [])) for n in rekke],
            kommentarer=[k for k in hele if k.rad.ordnet is None],
            ordnede=[k for k in hele if k.rad.ordnet is not None],
        )

    def _blokk(self, noekkel: UUID, kommentarer: Sequence[Kommentarvisning]) -> Klausulblokk:
        egne = [f for f in self.forslag if f.noekkel == noekkel]
        aapne = [f for f in egne if f.status == Forslagsstatus.AAPENT]
        under: dict[UUID, list[Forslag]] = defaultdict(list)
        topp = []
        for f in aapne:
            foerste = self._foerste(f, aapne)
            if foerste is None:
                topp.append(f)
            else:
                under[foerste].append(f)
        b = self.tekst.get(noekkel)
        navn: Mapping[str, Any] = (
            {"nummer": b.nummer, "overskrift": b.overskrift} if b else self._navn(noekkel, egne)
        )
        return Klausulblokk(
            noekkel=noekkel,
            bestemmelse=b,
            nummer=navn.get("nummer", ""),
            overskrift=navn.get("overskrift", ""),
            aapne=[self.vis(f, under[f.id]) for f in topp],
            avgjorte=[self.vis(f) for f in reversed(egne) if f.status != Forslagsstatus.AAPENT],
            kommentarer=[k for k in kommentarer if k.rad.ordnet is None],
            ordnede=[k for k in kommentarer if k.rad.ordnet is not None],
        )

    def _navn(self, noekkel: UUID, egne: Sequence[Forslag]) -> Mapping[str, Any]:
        """What a clause that is not in the text is called: as proposed last, or as it was called when it was there."""
        foreslaatt = next((f.innhold for f in reversed(egne) if f.innhold), None)
        if foreslaatt is not None:
            return foreslaatt
        foer = next((data for f in reversed(egne) if (data := self._grunnlag(f))), None)
        return foer or next((innhold.som_data(b) for b in self._rader([noekkel])), {})

    @staticmethod
    def _foerste(forslag: Forslag, aapne: Sequence[Forslag]) -> UUID | None:
        """The open proposal at the bottom of what this one answers; None: it answers none that is open."""
        ved_id = {f.id: f for f in aapne}
        funnet, rad = None, forslag
        while rad.svar_paa_id in ved_id:
            rad = ved_id[rad.svar_paa_id]
            funnet = rad.id
        return funnet
