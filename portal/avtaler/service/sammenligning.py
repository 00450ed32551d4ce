"""Two versions of an agreement beside each other: what is changed, new, struck and moved, and who did it when.

Only what the actor may see: the versions by `access.kan_se_versjon`, and of their history neither what others wrote
before they sent it out, nor, for who sees no work on agreements, who proposed what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, innhold, ordforskjell, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_ARBEID, Status
from portal.avtaler.models import Avtale, Avtaleversjon, Bestemmelse, Bestemmelsesendring, Forslag
from portal.avtaler.ordforskjell import Op
from portal.core.aktor import Aktor
from portal.core.db import db, i_transaksjon
from portal.core.traader import TEKSTER
from portal.identitet.access import er_system
from portal.identitet.models import Person

A = TypeVar("A")
R = TypeVar("R")
#: From so many signs on in the texts together, comparing them may take more than the hub has to give.
_LANG = 1_000


def orddeler(a: str | None, b: str | None) -> list[ordforskjell.Del]:
    """The parts of two texts as a page marks them. A form's line breaks are no difference."""
    return alle_orddeler([(a, b)])[0]


def alle_orddeler(par: Iterable[tuple[str | None, str | None]]) -> list[list[ordforskjell.Del]]:
    """The same for all pairs of texts in a clause."""
    tekster = [(_tekst(a), _tekst(b)) for a, b in par]
    tegn = sum(len(a) + len(b) for a, b in tekster if a != b)
    return _utenfor_huben(tegn, ordforskjell.forskjeller, tekster)


def alle_radforskjeller(
    par: Sequence[tuple[Sequence[Any], Sequence[Any]]],
) -> list[list[ordforskjell.Rad]]:
    """What became of the rows of each pair of lists."""
    tegn = sum(_tegn(rad) for lister in par for liste in lister for rad in liste)
    return _utenfor_huben(tegn, ordforskjell.radforskjeller, par)


def _tekst(t: str | None) -> str:
    return (t or "").replace("\r\n", "\n")


def _tegn(rad: Any) -> int:
    return sum(len(str(v)) for v in rad.values()) if isinstance(rad, Mapping) else len(str(rad))


def _utenfor_huben(tegn: int, funksjon: Callable[[A], R], inn: A) -> R:
    """Called on a thread when there are so many signs to compare that everybody else would wait for it."""
    if tegn > _LANG and not i_transaksjon():
        return TEKSTER.kjoer(funksjon, inn)
    return funksjon(inn)


# --- what is read ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endring:
    """A change of a clause on its way from one version to the other. `hva`: new, changed or struck."""

    nummer: int
    tidspunkt: datetime
    hva: Op
    #: Empty: written before the version was sent out, which is the organisation's own matter.
    person: str
    organisasjon: str
    foer: Mapping[str, Any] | None
    etter: Mapping[str, Any] | None
    #: The proposal it came from; who took it up is `person`.
    forslag: Forslag | None = None


@dataclass(frozen=True, slots=True)
class Klausul:
    """A clause that is not the same in both versions. Its contents as `innhold.som_data`; None: it is not there."""

    noekkel: UUID
    op: Op
    foer: Mapping[str, Any] | None
    etter: Mapping[str, Any] | None
    flyttet: bool
    #: Nothing but its number is another, as when one before it has come or gone.
    bare_nummer: bool
    historie: Sequence[Endring]

    @property
    def vist(self) -> Mapping[str, Any]:
        """The clause as it reads now, or last read."""
        return self.etter or self.foer or {}


@dataclass(frozen=True, slots=True)
class Sammenligning:
    """What is different in `til`, compared with `fra`."""

    fra: Avtaleversjon
    til: Avtaleversjon
    #: What is said about the version, where it differs: {title, medvirkning: (before, after)}.
    opplysninger: Mapping[str, tuple[str, str]]
    #: In the order of the newer version; what is struck stands where it stood.
    klausuler: Sequence[Klausul]
    #: Those that only have another number or another place.
    omnummerert: Sequence[Klausul]
    uendrede: Sequence[Bestemmelse]

    @property
    def like(self) -> bool:
        return not (self.opplysninger or self.klausuler or self.omnummerert)

    def antall(self, op: str) -> int:
        return sum(k.op == op for k in self.klausuler)

    @property
    def antall_flyttet(self) -> int:
        return sum(k.flyttet for k in (*self.klausuler, *self.omnummerert))


@dataclass(frozen=True, slots=True)
class Versjonsside:
    """All versions that the actor may see, the newest first, and two of them compared."""

    avtale: Avtale
    versjoner: Sequence[Avtaleversjon]
    #: Who began each version (for who sees the work), by its number.
    laget_av: Mapping[int, str]
    #: The numbers of dropped drafts whose text was not kept: nothing to compare.
    uten_tekst: frozenset[int]
    gjelder: Avtaleversjon | None
    arbeid: Avtaleversjon | None
    #: None: there is one version alone, or the same one was chosen twice.
    sammenligning: Sammenligning | None
    #: What the form for the choice is filled in with.
    fra: int | None
    til: int | None

    @property
    def kan_velges(self) -> Sequence[Avtaleversjon]:
        valgt = (self.fra, self.til)
        return [v for v in self.versjoner if v.nummer not in self.uten_tekst or v.nummer in valgt]


# --- the use cases ---------------------------------------------------------------------------------------


def sammenlign(aktor: Aktor, avtale_id: UUID, fra: int | None = None, til: int | None = None) -> Versjonsside:
    """The versions of an agreement, and what differs between two of them, whichever is named first.

    Without numbers: what is in force against what is worked on, else the two newest. Raises IkkeFunnet for an agreement
    or a version that the actor may not see.
    """
    avtale = access.hent(aktor, Handling.SE, avtale_id)
    valgte = {n: access.hent_versjon(aktor, avtale, n) for n in (fra, til) if n is not None}
    synlige = _synlige(aktor, avtale)
    uten_tekst = _uten_tekst(avtale, synlige)
    gjelder, arbeid = steps.holder_for(aktor, avtale), steps.i_arbeid(avtale)
    kandidater = [v for v in synlige if v.nummer not in uten_tekst]
    if fra is None and til is None:
        par = _standard(kandidater, gjelder, arbeid)
    elif fra is None or til is None:
        par = _med_en(kandidater, next(iter(valgte.values())), gjelder)
    else:
        par = (valgte[fra], valgte[til])
    eldst, nyest = sorted(par, key=lambda v: v.nummer) if par else (None, None)
    ulike = eldst is not None and nyest is not None and eldst is not nyest
    return Versjonsside(
        avtale=avtale,
        versjoner=sorted(synlige, key=lambda v: -v.nummer),
        laget_av=_laget_av([v for v in synlige if access.ser_arbeidet(aktor, avtale, v)]),
        uten_tekst=uten_tekst,
        gjelder=gjelder,
        arbeid=arbeid if arbeid in synlige else None,
        sammenligning=_sammenlign(aktor, avtale, eldst, nyest) if ulike and eldst and nyest else None,
        fra=eldst.nummer if eldst else None,
        til=nyest.nummer if nyest else None,
    )


def hva_er_nytt(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Sammenligning | None:
    """What is new in a version that is worked on, for those who are to approve it. None: it is the first.

    Against the newest before it that was sent to approval, where a change has voided those approvals; else against the
    one in force. `versjon` is one that the actor has been given by `access`.
    """
    if versjon.status not in I_ARBEID:
        return None
    gjelder = steps.holder(avtale)
    foer = [
        v
        for v in avtale.versjoner
        if v.nummer < versjon.nummer
        and (v.sendt_til_godkjenning is not None or v is gjelder)
        and access.kan_se_versjon(aktor, avtale, v)
    ]
    if not foer:
        return None
    return _sammenlign(aktor, avtale, max(foer, key=lambda v: v.nummer), versjon)


# --- which versions --------------------------------------------------------------------------------------


def _synlige(aktor: Aktor, avtale: Avtale) -> list[Avtaleversjon]:
    return [v for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]


def _standard(
    kandidater: Sequence[Avtaleversjon], gjelder: Avtaleversjon | None, arbeid: Avtaleversjon | None
) -> tuple[Avtaleversjon, Avtaleversjon] | None:
    if gjelder in kandidater and arbeid in kandidater and gjelder is not arbeid:
        assert gjelder is not None and arbeid is not None
        return gjelder, arbeid
    siste = sorted(kandidater, key=lambda v: v.nummer)[-2:]
    return (siste[0], siste[1]) if len(siste) == 2 else None


def _med_en(
    kandidater: Sequence[Avtaleversjon], valgt: Avtaleversjon, gjelder: Avtaleversjon | None
) -> tuple[Avtaleversjon, Avtaleversjon]:
    """One of the two was named: the other is the one in force, else the nearest before it, else the nearest after."""
    if gjelder is not None and gjelder is not valgt and gjelder in kandidater:
        return gjelder, valgt
    andre = [v for v in kandidater if v is not valgt]
    foer = [v for v in andre if v.nummer < valgt.nummer]
    if foer:
        return max(foer, key=lambda v: v.nummer), valgt
    return min(andre, key=lambda v: v.nummer, default=valgt), valgt


def _er_delt(versjon: Avtaleversjon) -> datetime | None:
    """When others than its owner were first shown it."""
    return min(
        (t for t in (versjon.sendt_til_forhandling, versjon.sendt_til_godkjenning) if t is not None),
        default=None,
    )


def _uten_tekst(avtale: Avtale, versjoner: Iterable[Avtaleversjon]) -> frozenset[int]:
    """The dropped drafts whose text was taken away again (`steps.rull_tilbake`): what they had stands nowhere."""
    forkastede = [v.nummer for v in versjoner if v.status == Status.FORKASTET and _er_delt(v) is None]
    if not forkastede:
        return frozenset()
    egne = Bestemmelsesendring.avtale_id == avtale.id, Bestemmelsesendring.nummer.in_(forkastede)
    ut = set(db.session.scalars(sa.select(Bestemmelsesendring.nummer).where(*egne).distinct()))
    for kolonne in (Bestemmelse.fra_versjon, Bestemmelse.til_versjon):
        rader = sa.select(kolonne).where(Bestemmelse.avtale_id == avtale.id, kolonne.in_(forkastede))
        ut -= set(db.session.scalars(rader.distinct()))
    return frozenset(ut)


def _laget_av(versjoner: Iterable[Avtaleversjon]) -> dict[int, str]:
    personer = {v.opprettet_av_id for v in versjoner if v.opprettet_av_id}
    rader = db.session.execute(sa.select(Person.id, Person.navn).where(Person.id.in_(personer)))
    navn = {r.id: r.navn for r in rader}
    return {v.nummer: navn[v.opprettet_av_id] for v in versjoner if v.opprettet_av_id in navn}


# --- what differs ----------------------------------------------------------------------------------------


def _like(a: Mapping[str, Any] | None, b: Mapping[str, Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return not ordforskjell.ulike_felt(a, b, innhold.FELT)


def _sammenlign(aktor: Aktor, avtale: Avtale, fra: Avtaleversjon, til: Avtaleversjon) -> Sammenligning:
    foer = {b.noekkel: b for b in steps.bestemmelser(avtale.id, fra.nummer)}
    etter = {b.noekkel: b for b in steps.bestemmelser(avtale.id, til.nummer)}
    flyttet = ordforskjell.flyttet(list(foer), list(etter))
    rader = {
        n: tuple(innhold.som_data(r[n]) if n in r else None for r in (foer, etter))
        for n in _i_rekke(list(foer), list(etter))
        # The same row: nothing was written, however many versions lie between.
        if n not in foer or n not in etter or foer[n].id != etter[n].id
    }
    ulike = {n: par for n, par in rader.items() if not _like(*par)}
    historie = _historie(aktor, avtale, fra, til, ulike)
    klausuler: list[Klausul] = []
    omnummerert: list[Klausul] = []
    for n in _i_rekke(list(foer), list(etter)):
        if n not in ulike and n not in flyttet:
            continue
        a, b = ulike.get(n) or (innhold.som_data(foer[n]), innhold.som_data(etter[n]))
        felter = ordforskjell.ulike_felt(a, b, innhold.FELT) if a and b else []
        k = Klausul(
            noekkel=n,
            op=Op.INN if a is None else Op.UT if b is None else Op.ENDRET if felter else Op.LIKE,
            foer=a,
            etter=b,
            flyttet=n in flyttet,
            bare_nummer=felter == ["nummer"],
            historie=historie.get(n, []),
        )
        (omnummerert if k.op == Op.LIKE or k.bare_nummer else klausuler).append(k)
    par_av = {
        "tittel": (fra.tittel or avtale.tittel, til.tittel or avtale.tittel),
        "medvirkning": (fra.medvirkning, til.medvirkning),
    }
    return Sammenligning(
        fra=fra,
        til=til,
        opplysninger={k: par for k, par in par_av.items() if par[0] != par[1]},
        klausuler=klausuler,
        omnummerert=omnummerert,
        uendrede=[b for n, b in etter.items() if n not in ulike and n not in flyttet],
    )


def _i_rekke(foer: Sequence[UUID], etter: Sequence[UUID]) -> list[UUID]:
    """All clauses of two versions in the order of the newer; what is struck comes after what it stood behind."""
    nye = set(etter)
    bak: dict[UUID | None, list[UUID]] = defaultdict(list)
    forrige: UUID | None = None
    for n in foer:
        if n in nye:
            forrige = n
        else:
            bak[forrige].append(n)
    return [*bak[None], *(x for n in etter for x in (n, *bak[n]))]


# --- who did it ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Innsyn:
    """What the actor may see of the history: from when on each version was no longer its owner's own paper."""

    alt: bool
    delt: Mapping[int, datetime] = field(default_factory=dict)
    #: The versions that were settled before the actor's organisation was asked: what was done in them is not told.
    skjult: frozenset[int] = frozenset()

    def delt_fra(self, nummer: int) -> datetime | None:
        """When what was written in a version came before the others: with it, or with the next that they saw."""
        return min((t for n, t in self.delt.items() if n >= nummer), default=None)

    def aapen(self, e: Bestemmelsesendring) -> bool:
        return self.alt or (e.nummer in self.delt and e.tidspunkt >= self.delt[e.nummer])


def _innsyn(aktor: Aktor, avtale: Avtale) -> _Innsyn | None:
    if not access.kan(aktor, Handling.SE_ARBEID, avtale):
        return None
    if er_system(aktor) or aktor.organisasjon_id == avtale.eier_id:
        return _Innsyn(alt=True)
    delt = {v.nummer: tid for v in _synlige(aktor, avtale) if (tid := _er_delt(v)) is not None}
    skjult = {v.nummer for v in avtale.versjoner if _er_delt(v) and not access.ser_arbeidet(aktor, avtale, v)}
    return _Innsyn(alt=False, delt=delt, skjult=frozenset(skjult))


def _historie(
    aktor: Aktor,
    avtale: Avtale,
    fra: Avtaleversjon,
    til: Avtaleversjon,
    ulike: Mapping[UUID, tuple[Mapping[str, Any] | None, ...]],
) -> dict[UUID, list[Endring]]:
    """How each clause became what it is in `til`, the newest change first; empty for who sees no work on agreements."""
    innsyn = _innsyn(aktor, avtale)
    if innsyn is None or not ulike:
        return {}
    per_klausul: dict[UUID, list[Bestemmelsesendring]] = defaultdict(list)
    for e in db.session.scalars(
        sa.select(Bestemmelsesendring)
        .where(
            Bestemmelsesendring.avtale_id == avtale.id,
            Bestemmelsesendring.nummer > fra.nummer,
            Bestemmelsesendring.nummer <= til.nummer,
            Bestemmelsesendring.noekkel.in_(ulike),
        )
        .options(joinedload(Bestemmelsesendring.person), joinedload(Bestemmelsesendring.organisasjon))
        .order_by(
            Bestemmelsesendring.nummer.desc(),
            Bestemmelsesendring.tidspunkt.desc(),
            Bestemmelsesendring.id,
        )
    ):
        per_klausul[e.noekkel].append(e)
    veier = {
        n: [e for e in _veien_hit(rader, ulike[n][1]) if e.nummer not in innsyn.skjult]
        for n, rader in per_klausul.items()
    }
    forslag = _forslag({e.forslag_id for vei in veier.values() for e in vei if e.forslag_id})
    return {n: _vises(vei, innsyn, avtale, forslag) for n, vei in veier.items()}


def _veien_hit(
    rader: Iterable[Bestemmelsesendring], etter: Mapping[str, Any] | None
) -> list[Bestemmelsesendring]:
    """The changes that led to this text, backwards. What a version that was dropped had changed is no part of it."""
    ut = []
    for e in rader:
        if _like(e.etter, etter):
            ut.append(e)
            etter = e.foer
    return ut


def _forslag(ider: set[UUID]) -> dict[UUID, Forslag]:
    if not ider:
        return {}
    return {
        f.id: f
        for f in db.session.scalars(
            sa.select(Forslag)
            .where(Forslag.id.in_(ider))
            .options(joinedload(Forslag.person), joinedload(Forslag.organisasjon))
        )
    }


def _vises(
    vei: Sequence[Bestemmelsesendring],
    innsyn: _Innsyn,
    avtale: Avtale,
    forslag: Mapping[UUID, Forslag],
) -> list[Endring]:
    """The changes as the actor sees them: what was written before it was sent out is one, from first to last word."""
    ut: list[Endring] = []
    lukkede: list[Bestemmelsesendring] = []
    for e in vei:
        if not innsyn.aapen(e):
            lukkede.append(e)
            continue
        ut += [*_samlet(lukkede, innsyn, avtale), _endring(e, forslag)]
        lukkede = []
    return [*ut, *_samlet(lukkede, innsyn, avtale)]


def _endring(e: Bestemmelsesendring, forslag: Mapping[UUID, Forslag]) -> Endring:
    return Endring(
        nummer=e.nummer,
        tidspunkt=e.tidspunkt,
        hva=_hva(e.foer, e.etter),
        person=e.person.navn if e.person else "",
        organisasjon=e.organisasjon.kortnavn if e.organisasjon else "",
        foer=e.foer,
        etter=e.etter,
        forslag=forslag.get(e.forslag_id) if e.forslag_id else None,
    )


def _samlet(lukkede: Sequence[Bestemmelsesendring], innsyn: _Innsyn, avtale: Avtale) -> list[Endring]:
    if not lukkede:
        return []
    foer, etter, nummer = lukkede[-1].foer, lukkede[0].etter, lukkede[0].nummer
    if _like(foer, etter):
        return []
    return [
        Endring(
            nummer=nummer,
            tidspunkt=innsyn.delt_fra(nummer) or lukkede[0].tidspunkt,
            hva=_hva(foer, etter),
            person="",
            organisasjon=avtale.eier.kortnavn,
            foer=foer,
            etter=etter,
        )
    ]


def _hva(foer: Mapping[str, Any] | None, etter: Mapping[str, Any] | None) -> Op:
    return Op.INN if foer is None else Op.UT if etter is None else Op.ENDRET
