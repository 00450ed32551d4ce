"""«Hva gjelder nå?»: the clauses that hold for a kommune in a situation and a phase; and what another phase changes.

Everything is read anew from dates and from the phase as it is: what is decided counts at once. Only reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, innhold, oppslag
from portal.avtaler.models import Avtale, Avtalepart, Bestemmelse
from portal.avtaler.oppslag import Avtaletreff, Klausul
from portal.avtaler.punkter import VED_SIDEN, Situasjon
from portal.beredskap import access as beredskapsadgang
from portal.beredskap.models import Fase
from portal.beredskap.steps import Situasjon as Fasesituasjon
from portal.beredskap.steps import situasjon as fasesituasjon
from portal.beredskap.steps import situasjoner as fasesituasjoner
from portal.core.aktor import Aktor
from portal.core.clock import OSLO, i_dag, now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.identitet.steps import kommuner_for_valg, sorteringsnoekkel

FORETAK = frozenset({Organisasjonstype.RHF, Organisasjonstype.HF, Organisasjonstype.IDEELT_SYKEHUS})
#: Organisations whose change of phase is shown together.
FLEST_SAMMEN = 400


@dataclass(frozen=True, slots=True)
class Gruppe:
    """The clauses of one situation, or (`situasjon` empty) those that stand beside it: who does what, how, and in
    preparedness. In the order of the agreements: the first ones with what they say, `flere` by their headings alone."""

    situasjon: str
    klausuler: Sequence[Klausul]
    flere: Sequence[Klausul]

    @property
    def antall(self) -> int:
        return len(self.klausuler) + len(self.flere)


@dataclass(frozen=True, slots=True)
class Gjelder:
    """What holds. `fase` is the one that was asked for, else the kommune's; `tenkt`: it is not the kommune's own."""

    kommune_id: UUID
    kommune: str
    dag: date
    lest: datetime
    naa: Fasesituasjon
    fase: int
    tenkt: bool
    situasjoner: Sequence[str]
    fagomraade: str | None
    avtaler: Sequence[Avtaletreff]
    grupper: Sequence[Gruppe]
    ved_siden: Gruppe

    @property
    def antall(self) -> int:
        return sum(g.antall for g in [*self.grupper, self.ved_siden])


def hva_gjelder(
    aktor: Aktor,
    kommune_id: UUID,
    situasjon: str | None,
    fagomraade: str | None = None,
    fase: int | None = None,
    oevelse_id: UUID | None = None,
    dag: date | None = None,
    *,
    hele: tuple[int, int] | None = None,
) -> Gjelder:
    """The clauses of the kommune's agreements that hold on a day (default: today), of those that the actor may see.

    `situasjon` None: all three. `fase` None: the kommune's own, that of the drill where there is one; a kommune without
    a phase counts as in the first. `hele`: of how many clauses of each situation, and of those beside them, the texts
    are read (None: of all). Raises IkkeFunnet for what is no kommune, UgyldigData for a phase that is none.
    """
    if fase is not None and fase not in set(Fase):
        raise UgyldigData(felter={"fase": [_l("Velg en fase fra 1 til 5.")]})
    if situasjon is not None and situasjon not in set(Situasjon):
        raise UgyldigData(felter={"situasjon": [_l("Velg innleggelse, utskrivning eller ØHD.")]})
    kommune = _kommune(kommune_id)
    naa = now()
    idag = i_dag()
    # Of another day: as it was, or is planned to be, at noon.
    tidspunkt = naa if dag in (None, idag) else datetime.combine(dag or idag, time(12), OSLO)
    naa_fase = fasesituasjon(kommune.id, tidspunkt, oevelse_id)
    i_fase = fase or naa_fase.fase
    spurt = [str(situasjon)] if situasjon else [str(s) for s in Situasjon]
    avtaler = oppslag.avtaler(kommune.id, dag or idag, access.synlige(aktor), access.leselige(aktor))
    klausuler = oppslag.for_situasjon(avtaler, spurt, i_fase, fagomraade or None)
    flest, flest_ved_siden = hele or (len(klausuler), len(klausuler))
    delt = {s: [k for k in klausuler if k.art == s] for s in spurt}
    ved_siden = [k for k in klausuler if k.art in VED_SIDEN]
    lest = {
        k.id_tekst: k
        for k in oppslag.utfyll([k for d in delt.values() for k in d[:flest]] + ved_siden[:flest_ved_siden])
    }
    return Gjelder(
        kommune_id=kommune.id,
        kommune=kommune.visningsnavn,
        dag=dag or idag,
        lest=naa,
        naa=naa_fase,
        fase=i_fase,
        tenkt=i_fase != naa_fase.fase,
        situasjoner=spurt,
        fagomraade=fagomraade or None,
        avtaler=avtaler,
        grupper=[Gruppe(s, [lest[k.id_tekst] for k in d[:flest]], d[flest:]) for s, d in delt.items()],
        ved_siden=Gruppe(
            "", [lest[k.id_tekst] for k in ved_siden[:flest_ved_siden]], ved_siden[flest_ved_siden:]
        ),
    )


def _kommune(kommune_id: UUID) -> Organisasjon:
    kommune = db.session.get(Organisasjon, kommune_id)
    if kommune is None or kommune.type != Organisasjonstype.KOMMUNE:
        raise IkkeFunnet()
    return kommune


# --- whose ------------------------------------------------------------------------------------------------


def kommuner_for(aktor: Aktor) -> list[tuple[UUID, str]]:
    """The kommuner that the actor can choose among: the own one; a trust's area and those it has agreements with; of an
    RHF those of its trusts; of the state's supervision all."""
    alle = kommuner_for_valg()
    if aktor.organisasjon_id is None or aktor.medlemskap_id is None:
        return []
    if aktor.er_kommunal:
        return [k for k in alle if k[0] == aktor.organisasjon_id]
    if aktor.organisasjon_type not in FORETAK:
        return alle if aktor.organisasjon_type == Organisasjonstype.MYNDIGHET else []
    egne = sa.select(Organisasjon.id).where(
        sa.or_(Organisasjon.id == aktor.organisasjon_id, Organisasjon.overordnet_id == aktor.organisasjon_id)
    )
    mine = set(
        db.session.scalars(
            sa.union(
                sa.select(Organisasjon.id).where(Organisasjon.helseforetak_id.in_(egne)),
                sa.select(Avtalepart.organisasjon_id)
                .join(Avtale, Avtale.id == Avtalepart.avtale_id)
                .where(Avtale.eier_id.in_(egne), Avtalepart.fra.is_not(None)),
            )
        )
    )
    return [k for k in alle if k[0] in mine]


# --- what another phase changes ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endring:
    """A clause that begins or ends to hold, and for which kommuner."""

    klausul: Klausul
    kommuner: Sequence[str]


@dataclass(frozen=True, slots=True)
class Faseskifte:
    """What changes when these organisations are set to a phase: the clauses that come and those that go."""

    organisasjoner: Sequence[tuple[UUID, str]]
    #: {organisation: its situation now}.
    naa: dict[UUID, Fasesituasjon]
    fase: int
    trer_i_kraft: Sequence[Endring]
    faller_bort: Sequence[Endring]
    #: Clauses that hold before and after.
    uendret: int
    #: Kommuner without an agreement in force.
    uten_avtale: Sequence[str]
    #: How many of them are kommuner.
    kommuner: int


def har_kommune(skifte: Faseskifte) -> bool:
    """Whether any of them is a kommune: a trust's own phase decides no clause."""
    return skifte.kommuner > 0


def kan_sette(aktor: Aktor) -> bool:
    """Whether the actor decides the phase of the own organisation."""
    return beredskapsadgang.kan(aktor, beredskapsadgang.Handling.BESLUTTE, aktor.organisasjon_id)


def forhaandsvis(aktor: Aktor, organisasjoner: Sequence[UUID], fase: int) -> Faseskifte:
    """What would change at once, were the phase set for these kommuner now. For who decides or proposes it.

    A trust's own phase decides no clause: those follow the phase of each kommune. Raises IkkeFunnet, IkkeTilgang (who
    decides and proposes nothing), UgyldigData.
    """
    if fase not in set(Fase):
        raise UgyldigData(felter={"fase": [_l("Velg en fase fra 1 til 5.")]})
    if not 0 < len(set(organisasjoner)) <= FLEST_SAMMEN:
        raise UgyldigData(felter={"organisasjon": [_l("Velg minst én organisasjon.")]})
    egen = aktor.organisasjon_id
    if not any(
        beredskapsadgang.kan(aktor, h, egen)
        for h in (beredskapsadgang.Handling.BESLUTTE, beredskapsadgang.Handling.FORESLAA)
    ):
        beredskapsadgang.krev(aktor, beredskapsadgang.Handling.BESLUTTE, egen)
    rader = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.id.in_(set(organisasjoner)))).all()
    if len(rader) != len(set(organisasjoner)) or any(not beredskapsadgang.har_fase(o.type) for o in rader):
        raise IkkeFunnet()
    rader = sorted(rader, key=lambda o: sorteringsnoekkel(o.kortnavn))
    naa = fasesituasjoner([o.id for o in rader])
    kommer: dict[tuple[UUID, UUID], tuple[Klausul, list[str]]] = {}
    gaar: dict[tuple[UUID, UUID], tuple[Klausul, list[str]]] = {}
    uendret, uten = set(), []
    for o in rader:
        if o.type != Organisasjonstype.KOMMUNE:
            continue
        avtaler = oppslag.avtaler(o.id, i_dag(), access.synlige(aktor), access.leselige(aktor))
        if not avtaler:
            uten.append(o.visningsnavn)
        foer, etter = naa[o.id].fase, fase
        for k in oppslag.klausuler(avtaler, None, Bestemmelse.faser.bitwise_and(1 << foer | 1 << etter) != 0):
            i_faser = innhold.faser(k.faser)
            noekkel = (k.avtale.avtale_id, k.noekkel)
            if foer in i_faser and etter in i_faser:
                uendret.add(noekkel)
            else:
                (kommer if etter in i_faser else gaar).setdefault(noekkel, (k, []))[1].append(o.visningsnavn)
    return Faseskifte(
        organisasjoner=[(o.id, o.visningsnavn) for o in rader],
        naa=naa,
        fase=fase,
        trer_i_kraft=[Endring(*v) for v in kommer.values()],
        faller_bort=[Endring(*v) for v in gaar.values()],
        uendret=len(uendret),
        uten_avtale=uten,
        kommuner=sum(o.type == Organisasjonstype.KOMMUNE for o in rader),
    )
