"""Which offers fit which needs best, with the reasons, and why those that nearly fit do not. Only read: people decide.

The whole market is solved at once (`loesning.foreslaa`), so that what is best for one need is not taken from one that
needs it more. Others' people are shown as what they are, never who; whether they are vaccinated is not told at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.core.traader import Pulje
from portal.omdisponering import access
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Slag
from portal.omdisponering.loesning import foreslaa
from portal.omdisponering.models import Behov
from portal.omdisponering.service.forslagsgrunnlag import Lest, Venter, les
from portal.omdisponering.service.utkast import Ny
from portal.omdisponering.tilordning import Behovsrad, Kobling, Tilbudsrad, Vurdering, vurder

#: The assignment of a whole country takes most of a second: apart from what is short, and one after the other.
TILORDNINGER = Pulje(1, venter=20)
#: So many more that could come are shown, so many that nearly fit, and those with no more than so many faults.
FLEST_ANDRE, FLEST_NESTEN, FLEST_FEIL = 20, 10, 2
#: What nobody can mend: such offers are not even near. Those of another profession are not looked at at all.
_ALDRI = frozenset({"slag", "stilling", "lokaleslag", "egen", "rettet"})


@dataclass(frozen=True, slots=True)
class Rad:
    """An offer held against a need, as the actor may see it. `navn`: of premises, and of the actor's own people."""

    tilbud: Tilbudsrad
    behov: Behovsrad
    vurdering: Vurdering
    navn: str
    #: The lender, and where the person or the room is; where the need is.
    avgiver: str
    sted: str
    behovssted: str
    #: Proposed for this need.
    valgt: bool
    #: Why not: what is wrong (`vurdering.feil`), or why it is not among the best.
    hvorfor_ikke: tuple[str, ...] = ()
    #: The need that it is proposed for instead, or that it stands in a proposal for already.
    annet: Behovsrad | None = None
    annet_sted: str = ""
    venter: Venter | None = None

    @property
    def har_krav(self) -> int:
        """What the need asks for beside the profession (or kind), and gets."""
        return self.behov.kompetanse & self.tilbud.kompetanse

    @property
    def mangler(self) -> int:
        return self.behov.kompetanse & ~self.tilbud.kompetanse

    @property
    def naer(self) -> bool:
        """It is of the right kind, and could be used for the need if what is wrong were mended."""
        return not set(self.vurdering.feil) & _ALDRI

    @property
    def hel_periode(self) -> bool:
        return (self.vurdering.fra, self.vurdering.til) == (self.behov.fra, self.behov.til)

    @property
    def doegn(self) -> tuple[int, int]:
        """How many days and nights of how many: at least one of each."""
        v, b = self.vurdering, self.behov
        return max(1, round((v.til - v.fra).total_seconds() / 86400)), max(
            1, round((b.til - b.fra).total_seconds() / 86400)
        )


class Gruppe(NamedTuple):
    """One lender's offers for a need: a draft has one lender. `laaner_ut`: how many it has out already."""

    avgiver_id: UUID
    avgiver: str
    laaner_ut: int
    rader: list[Rad]


class Behovsforslag(NamedTuple):
    """The proposal for one need. `andre`: could come, but others are better, or are needed more elsewhere."""

    behov: Behovsrad
    #: Of whom the need is, and where it is.
    hvem: str
    sted: str
    dekket: float
    i_gang: float
    grupper: list[Gruppe]
    andre: list[Gruppe]
    #: So many more could come than are shown.
    flere: int
    nesten: list[Rad]

    @property
    def valgte(self) -> int:
        return sum(r.valgt for g in self.grupper for r in g.rader)


class Side(NamedTuple):
    """The page of one need. `kan_lage`: a draft can be made from here; `eget`: the need is the actor's."""

    behov: Behov
    forslag: Behovsforslag
    eget: bool
    kan_lage: bool


class Oversikt(NamedTuple):
    """The organisation's own needs, the needs of others that its offers fit best, and those that fit none."""

    behov: list[Behovsforslag]
    andres: list[Behovsforslag]
    ledige: list[Rad]
    flere_ledige: int
    #: How many needs there are of others.
    andres_behov: int


def for_behov(aktor: Aktor, behov_id: UUID) -> Side:
    """The best offers for a need that the actor may see: all of them for who has it, its own for who could lend."""
    behov = access.hent_behov(aktor, Handling.SE, behov_id)
    lest = les(aktor, behov_id)
    eget = behov.organisasjon_id == aktor.organisasjon_id
    koblinger = TILORDNINGER.kjoer(foreslaa, lest.grunnlag)
    forslag = _Bygger(aktor, lest, koblinger).behov(lest.behov[behov_id], egne=not eget)
    return Side(behov, forslag, eget, access.aapent(behov) and access.kan_noe(aktor, Handling.SKRIVE))


def for_alle(aktor: Aktor) -> Oversikt:
    """All the open needs of the actor's organisation, and where what it offers fits."""
    egen = access.krev_eget(aktor, Handling.SE)
    lest = les(aktor)
    bygger = _Bygger(aktor, lest, TILORDNINGER.kjoer(foreslaa, lest.grunnlag))
    andres = [b for b in lest.grunnlag.behov if b.organisasjon != egen]
    brukt = {k.tilbud for k in bygger.koblinger}
    ledige = [t for t in lest.grunnlag.tilbud if andres and t.avgiver == egen and t.id not in brukt]
    return Oversikt(
        [bygger.behov(b, bare_valgte=True) for b in lest.grunnlag.behov if b.organisasjon == egen],
        [f for b in andres if (f := bygger.behov(b, egne=True, bare_valgte=True)).grupper],
        [bygger.uten(t) for t in ledige[:FLEST_ANDRE]],
        max(0, len(ledige) - FLEST_ANDRE),
        len(andres),
    )


def linjer(aktor: Aktor, behov_id: UUID, tilbud: Collection[UUID]) -> list[Ny]:
    """What was ticked, as the lines of a draft: in the time and with the share that fit now. Raises UgyldigData by
    field (`tilbud-<id>`) for what fits no more, IkkeFunnet for an offer that the actor may not know of."""
    access.hent_behov(aktor, Handling.SE, behov_id)
    lest = les(aktor, behov_id)
    if not tilbud:
        raise UgyldigData(felter={"tilbud": [_l("Velg minst ett tilbud.")]})
    feil, ut = {}, []
    for id_ in tilbud:
        if id_ not in lest.tilbud:
            access.hent_tilbud(aktor, Handling.SE, id_)
        v = vurder(lest.behov[behov_id], lest.tilbud[id_]) if id_ in lest.tilbud else None
        if v is None or v.feil:
            feil[f"tilbud-{id_}"] = [
                _l("Tilbudet passer ikke lenger. Se forslaget på nytt, og velg et annet.")
            ]
        else:
            ut.append(Ny(tilbud_id=id_, fra=v.fra, til=v.til, andel=v.andel))
    if feil:
        raise UgyldigData(felter=feil)
    return ut


class _Bygger:
    """Puts the assignment beside what was read, as the actor may see it."""

    def __init__(self, aktor: Aktor, lest: Lest, koblinger: Sequence[Kobling]) -> None:
        self.aktor, self.lest, self.koblinger = aktor, lest, koblinger
        self.til = {k.tilbud: k.behov for k in koblinger}
        self.valgte: dict[UUID, list[Tilbudsrad]] = defaultdict(list)
        for k in koblinger:
            self.valgte[k.behov].append(lest.tilbud[k.tilbud])
        #: A person with two offers that overlap has one of them proposed at most.
        self.ressurs_til = {lest.tilbud[k.tilbud].ressurs: k.behov for k in koblinger}
        self.gaar = Counter(lest.tilbud[k.tilbud].gruppe for k in koblinger)
        self.fylt = Counter(k.behov for k in koblinger)

    def behov(self, b: Behovsrad, *, egne: bool = False, bare_valgte: bool = False) -> Behovsforslag:
        """A need with its offers. `egne`: the actor's alone; `bare_valgte`: without those that are not proposed."""
        mulige = self.valgte[b.id] if bare_valgte else self.lest.grunnlag.tilbud
        rader = [
            self._rad(b, t, vurder(b, t))
            for t in mulige
            if _samme_slag(b, t) and (not egne or t.avgiver == self.aktor.organisasjon_id)
        ]
        valgte = [r for r in rader if r.valgt]
        kan = sorted((r for r in rader if not r.valgt and not r.vurdering.feil), key=_naermest)
        return Behovsforslag(
            b,
            self.lest.steder[b.organisasjon][0],
            self._sted(b),
            self.lest.dekket[b.id],
            self.lest.i_gang[b.id],
            self._grupper(valgte),
            self._grupper(kan[:FLEST_ANDRE]),
            max(0, len(kan) - FLEST_ANDRE),
            sorted((r for r in rader if self._er_nesten(r)), key=_naermest)[:FLEST_NESTEN],
        )

    def uten(self, t: Tilbudsrad) -> Rad:
        """An offer of the actor's own that is proposed for nothing, against the need that it is nearest to fit."""
        andres = [b for b in self.lest.grunnlag.behov if b.organisasjon != t.avgiver]
        mulige = [(b, vurder(b, t)) for b in andres if _samme_slag(b, t)] or [
            (andres[0], vurder(andres[0], t))
        ]
        b, v = min(
            mulige, key=lambda m: (bool(_ALDRI & set(m[1].feil)), len(m[1].feil), -m[1].dekning, m[0].id)
        )
        return self._rad(b, t, v)

    def _rad(self, b: Behovsrad, t: Tilbudsrad, v: Vurdering) -> Rad:
        vist = self.lest.vist[t.id]
        valgt = self.til.get(t.id) == b.id
        annet_id = self.ressurs_til.get(t.ressurs)
        venter = self.lest.venter.get(t.ressurs)
        annet = self.lest.behov[annet_id] if annet_id not in (None, b.id) and not valgt else None
        return Rad(
            t,
            b,
            v,
            vist.navn,
            self.lest.steder[t.avgiver][0],
            vist.sted,
            self._sted(b),
            valgt,
            () if valgt else v.feil or self._hvorfor_ikke(b, t, annet),
            annet,
            self._sted(annet) if annet else "",
            venter if v.feil and set(v.feil) & {"opptatt", "alt_i"} else None,
        )

    def _hvorfor_ikke(self, b: Behovsrad, t: Tilbudsrad, annet: Behovsrad | None) -> tuple[str, ...]:
        """Why an offer that could be used is not among the best."""
        if annet is not None:
            return ("annet_behov",)
        ledige = self.lest.grunnlag.ledige.get(t.gruppe) if t.gruppe else None
        if ledige is not None and self.gaar[t.gruppe] >= ledige:
            # How near its floor a unit is, its own organisation alone is told.
            return ("gulv" if t.avgiver == self.aktor.organisasjon_id else "ikke_flere",)
        return ("nok",) if self.fylt[b.id] >= b.antall else ("samme",)

    def _er_nesten(self, r: Rad) -> bool:
        feil = set(r.vurdering.feil)
        andres = r.tilbud.avgiver != self.aktor.organisasjon_id
        if not feil or feil & _ALDRI or (andres and r.tilbud.slag == Slag.PERSONELL and "vaksine" in feil):
            return False
        return len(feil) <= FLEST_FEIL

    def _sted(self, b: Behovsrad) -> str:
        return self.lest.steder[self.lest.behovssted[b.id]][0]

    def _grupper(self, rader: Sequence[Rad]) -> list[Gruppe]:
        """By lender: who lends most here first, and each one's best first."""
        ordnet = sorted(rader, key=lambda r: r.tilbud.avgiver)
        grupper = [
            Gruppe(
                avgiver,
                self.lest.steder[avgiver][0],
                self.lest.grunnlag.laant.get(avgiver, 0),
                sorted(egne, key=_naermest),
            )
            for avgiver, egne in groupby(ordnet, key=lambda r: r.tilbud.avgiver)
        ]
        return sorted(grupper, key=lambda g: (-len(g.rader), g.avgiver))


def _samme_slag(b: Behovsrad, t: Tilbudsrad) -> bool:
    return (t.slag, t.hva) == (b.slag, b.hva)


def _naermest(r: Rad) -> tuple[int, int, int, str]:
    v = r.vurdering
    return len(v.feil), -v.dekning, 10_000 if v.km is None else v.km, str(r.tilbud.id)
