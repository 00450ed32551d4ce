"""Who has approved a version, whom it waits for, and what the actor can do about it: read for the page of approvals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.avtaler import access, godkjenninger, ikraft, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_ARBEID, Partstatus, Side, Status
from portal.avtaler.godkjenninger import Kandidat
from portal.avtaler.models import Avtale, Avtaleversjon, Godkjenning
from portal.avtaler.service import godkjenning
from portal.core.aktor import Aktor
from portal.identitet.models import Organisasjon

_AAPEN = (Status.UTKAST, Status.TIL_FORHANDLING)


class Leddtilstand(StrEnum):
    GODKJENT = "godkjent"
    #: It is its turn.
    TUR = "tur"
    #: A link before it comes first.
    VENTER = "venter"
    SENDT_TILBAKE = "sendt_tilbake"
    #: The version was changed or dropped: it counts no more, whether it was given or not.
    OPPHEVET = "opphevet"


@dataclass(frozen=True, slots=True)
class Ledd:
    """A link, who may give it now (`kan`) and who of those has no part in the text (`frie`): they can."""

    rad: Godkjenning
    tilstand: Leddtilstand
    kan: Sequence[str] = ()
    frie: Sequence[str] = ()
    #: It is the actor's to give now; with `egen_del` the actor has a part in the text, and can only send it back.
    min_tur: bool = False
    egen_del: bool = False


@dataclass(frozen=True, slots=True)
class Partskjede:
    organisasjon: Organisasjon
    ledd: Sequence[Ledd]
    #: It was bound before: only who joins is waited for, in a version in force.
    ferdig: bool


@dataclass(frozen=True, slots=True)
class Blokk:
    """A version with its approvals. `hash`: what is approved; of one that is not sent yet, what it reads as now."""

    versjon: Avtaleversjon
    hash: str
    kjeder: Sequence[Partskjede]
    gitt: int
    alle: int
    #: The first day on which it would hold, were the last approval given today; None where it has its day, or never.
    tidligst: date | None = None


@dataclass(frozen=True, slots=True)
class Godkjenningsside:
    avtale: Avtale
    blokker: Sequence[Blokk]
    #: The first link that is the actor's own to give, with its version.
    min: tuple[Blokk, Ledd] | None
    #: What may be sent: the version, with all that is missing first.
    kan_sende: bool
    mangler: Mapping[str, Sequence[Any]]
    #: The kommuner that have not answered: they are not asked.
    ubesvarte: Sequence[str]
    kan_aapne: bool
    #: The newest version is shown alone, or another one was asked for.
    valgt: int | None


def hent_side(aktor: Aktor, avtale_id: UUID, nummer: int | None = None) -> Godkjenningsside:
    """The approvals of what is worked on and of what holds; with `nummer` those of that version alone.

    For who sees the work on the agreement. Raises IkkeTilgang, and IkkeFunnet.
    """
    avtale = access.hent(aktor, Handling.SE_ARBEID, avtale_id)
    arbeid = steps.i_arbeid(avtale)
    if nummer is not None:
        vist = [access.hent_versjon(aktor, avtale, nummer)]
    else:
        gjelder = steps.holder(avtale)
        vist = [v for v in dict.fromkeys((arbeid, gjelder)) if v and access.kan_se_versjon(aktor, avtale, v)]
        if not vist:
            # Nothing is worked on and nothing holds: how the last one came, and what became of it.
            synlige = [v for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]
            vist = sorted(synlige, key=lambda v: -v.nummer)[:1]
    blokker = [_blokk(aktor, avtale, v) for v in vist]
    mine = ((b, le) for b in blokker for k in b.kjeder for le in k.ledd if le.min_tur)
    eier = access.kan(aktor, Handling.REDIGERE, avtale)
    kan_sende = eier and arbeid is not None and arbeid in vist and arbeid.status in _AAPEN
    return Godkjenningsside(
        avtale=avtale,
        blokker=blokker,
        min=next(mine, None),
        kan_sende=kan_sende,
        mangler=godkjenning.mangler(avtale, arbeid) if kan_sende and arbeid is not None else {},
        ubesvarte=sorted(p.organisasjon.kortnavn for p in avtale.parter if p.status == Partstatus.INVITERT),
        kan_aapne=eier and arbeid in vist and godkjenning.kan_aapnes(avtale),
        valgt=nummer,
    )


def _blokk(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Blokk:
    levende = versjon.status not in (Status.FORKASTET, Status.ERSTATTET, Status.UTLOEPT)
    rader = sorted(versjon.godkjenninger, key=lambda g: g.plass)
    if levende:
        rader = [g for g in rader if g.opphevet is None]
    tur = godkjenninger.neste(versjon) if levende else []
    alle = godkjenninger.kandidater({g.organisasjon_id for g in tur})
    sperret = godkjenninger.forfattere(avtale, versjon) if tur else frozenset()
    kjeder: dict[UUID, list[Ledd]] = {}
    for g in rader:
        kjeder.setdefault(g.organisasjon_id, []).append(
            _ledd(aktor, avtale, versjon, g, alle.get(g.organisasjon_id, []), sperret, g in tur)
        )
    foretak = {p.organisasjon_id for p in avtale.parter if p.side == Side.FORETAK}
    telles = [g for g in rader if g.opphevet is None]
    return Blokk(
        versjon=versjon,
        hash=godkjenninger.hash_av(avtale, versjon),
        kjeder=[
            Partskjede(
                ledd[0].rad.organisasjon, ledd, all(le.tilstand == Leddtilstand.GODKJENT for le in ledd)
            )
            for id_, ledd in sorted(
                kjeder.items(), key=lambda par: (par[0] not in foretak, par[1][0].rad.organisasjon.kortnavn)
            )
        ],
        gitt=sum(g.gitt is not None for g in telles),
        alle=len(telles),
        tidligst=ikraft.foerste_dag(avtale, versjon)
        if versjon.status in I_ARBEID - {Status.GODKJENT}
        else None,
    )


def _ledd(
    aktor: Aktor,
    avtale: Avtale,
    versjon: Avtaleversjon,
    rad: Godkjenning,
    hos: Sequence[Kandidat],
    sperret: frozenset[UUID],
    tur: bool,
) -> Ledd:
    if rad.opphevet is not None:
        return Ledd(rad, Leddtilstand.OPPHEVET)
    if rad.gitt is not None:
        return Ledd(rad, Leddtilstand.GODKJENT)
    if not tur:
        return Ledd(rad, Leddtilstand.VENTER)
    borte = sperret | godkjenninger.godkjent_for_andre(avtale, versjon, rad)
    mulige = godkjenninger.som_kan(rad.medlemskap, hos)
    frie = [k for k in mulige if k.mottaker.person_id not in borte]
    return Ledd(
        rad,
        Leddtilstand.SENDT_TILBAKE if rad.avvist is not None else Leddtilstand.TUR,
        kan=list(dict.fromkeys(k.mottaker.navn for k in mulige)),
        frie=list(dict.fromkeys(k.mottaker.navn for k in frie)),
        min_tur=aktor.person_id is not None and any(k.medlemskap_id == aktor.medlemskap_id for k in mulige),
        egen_del=aktor.person_id in borte,
    )
