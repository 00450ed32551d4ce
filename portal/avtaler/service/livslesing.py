"""What follows from an agreement, read for one page: what ends when, notices, what was sent in, what has happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, beskjeder, plikter, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_ARBEID, Partstatus, Side, Status
from portal.avtaler.livsmodeller import Gjennomgang, Innsending, Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.avtaler.service import innsending, lesing, oppsigelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, oslo
from portal.core.db import db
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.oppgaver.models import Oppgave

EN_DAG = timedelta(days=1)


class Oppsigelsestilstand(StrEnum):
    LOEPER = "loeper"
    TRUKKET = "trukket"
    VIRKET = "virket"
    #: A new version took the place of the one that was to end, before it did.
    FALT_BORT = "falt_bort"


@dataclass(frozen=True, slots=True)
class Oppsigelsesrad:
    """A notice. `dager`: left until it takes effect; `hele`: it ends the agreement for all."""

    rad: Oppsigelse
    tilstand: Oppsigelsestilstand
    hele: bool
    dager: int
    kan_trekke: bool
    melding: Innsendingsrad | None


@dataclass(frozen=True, slots=True)
class Innsendingsrad:
    """What is to be sent in, or was: a version, or the word of a notice."""

    frist: date
    foeringer: Sequence[Innsending]
    #: Below 0: past the day; counted to the day on which it was sent, or to today.
    dager: int
    kan_foere: bool
    versjon: Avtaleversjon | None = None
    oppsigelse: Oppsigelse | None = None
    #: The task was marked done on its own page, and nothing is recorded here.
    merket: Oppgave | None = None

    @property
    def sen(self) -> bool:
        return self.dager < 0

    @property
    def mangler(self) -> bool:
        return not self.foeringer


@dataclass(frozen=True, slots=True)
class Slutt:
    """Something that ends, and its last day."""

    hva: Any
    siste: date
    dager: int


@dataclass(frozen=True, slots=True)
class Hendelse:
    """A line of the timeline; `kommer`: it is a day that has not come."""

    dag: date
    hva: Any
    ikon: str
    kommer: bool
    under: Any = ""


@dataclass(frozen=True, slots=True)
class Livet:
    avtale: Avtale
    #: The version that holds today; else the newest that the actor sees.
    versjon: Avtaleversjon
    gjelder: Avtaleversjon | None
    venter: Avtaleversjon | None
    arbeid: Avtaleversjon | None
    kan: lesing.Kan
    slutter: Sequence[Slutt]
    oppsigelser: Sequence[Oppsigelsesrad]
    #: The actor can give notice for its organisation now; `eiers`: it would end the whole.
    kan_si_opp: bool
    eiers: bool
    #: Why a party gave notice is shown to the parties' inside, the RHF and the state.
    ser_grunn: bool
    #: Disagreements are between those who take part.
    ser_uenighet: bool
    rhf: Organisasjon | None
    innsendinger: Sequence[Innsendingsrad]
    eldre_innsendinger: Sequence[Innsendingsrad]
    tidslinje: Sequence[Hendelse] = field(default_factory=list)


def hent_livet(aktor: Aktor, avtale_id: UUID) -> Livet:
    """All of it, as far as the actor may see. Raises IkkeFunnet."""
    avtale = access.hent(aktor, Handling.SE, avtale_id)
    synlige = [v for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]
    kan = lesing.hva_kan(aktor, avtale)
    deltar = kan.se_arbeid and access.deltar(aktor, avtale)
    gjelder, arbeid = steps.holder_for(aktor, avtale), steps.i_arbeid(avtale)
    foert = innsending.foeringer(avtale.id)
    oppgaver = _rhfs_oppgaver(avtale.id)
    oppsigelser = _oppsigelser(aktor, avtale, kan, foert, oppgaver)
    rader = [_versjonsrad(avtale, v, kan, foert, oppgaver) for v in _innsendte(synlige)]
    # What is still owed, and the newest: the others are history.
    naa = [r for n, r in enumerate(rader) if n == 0 or (r.mangler and r.versjon in (gjelder, arbeid))]
    rhf_id = access.rhf(avtale)
    return Livet(
        avtale=avtale,
        versjon=gjelder or max(synlige, key=lambda v: v.nummer),
        gjelder=gjelder,
        venter=arbeid
        if arbeid in synlige and arbeid is not gjelder and arbeid.status == Status.GODKJENT
        else None,
        arbeid=arbeid if arbeid in synlige and arbeid.status != Status.GODKJENT else None,
        kan=kan,
        slutter=list(_slutter(avtale, gjelder)),
        oppsigelser=oppsigelser,
        kan_si_opp=oppsigelse.kan_gis(aktor, avtale),
        eiers=aktor.organisasjon_id == avtale.eier_id,
        ser_grunn=deltar or _foelger_med(aktor, avtale),
        ser_uenighet=deltar,
        rhf=db.session.get(Organisasjon, rhf_id) if rhf_id is not None else None,
        innsendinger=naa,
        eldre_innsendinger=[r for r in rader if r not in naa],
        tidslinje=_tidslinje(aktor, avtale, synlige, deltar, oppsigelser, foert),
    )


def _foelger_med(aktor: Aktor, avtale: Avtale) -> bool:
    """Whether the actor is one of those that must be told why: at the RHF that tells the state, or the state itself."""
    hos_rhf = aktor.organisasjon_id == access.rhf(avtale) and aktor.rolle in access.INNSIDE | {Rolle.INNSYN}
    return hos_rhf or aktor.organisasjon_type == "myndighet"


# --- what ends when --------------------------------------------------------------------------------------


def _slutter(avtale: Avtale, gjelder: Avtaleversjon | None) -> Iterator[Slutt]:
    """The agreement, and each party's place in it, that have a last day to come."""
    dag, erstattes = i_dag(), False
    if gjelder is not None and gjelder.i_kraft_til is not None:
        erstattes = any(v is not gjelder and v.i_kraft_fra == gjelder.i_kraft_til for v in avtale.versjoner)
        hva = (
            _l("Versjon %(nr)s. En ny versjon tar over.", nr=gjelder.nummer)
            if erstattes
            else _l("Avtalen, for alle partene.")
        )
        yield Slutt(hva, gjelder.i_kraft_til - EN_DAG, (gjelder.i_kraft_til - dag).days)
    # Who would leave it later, ends with the others.
    slutt = gjelder.i_kraft_til if gjelder is not None and gjelder.i_kraft_til and not erstattes else date.max
    for p in sorted(avtale.parter, key=lambda p: (p.til or date.max, p.organisasjon.kortnavn)):
        if p.status == Partstatus.DELTAR and p.til is not None and dag < p.til < slutt:
            yield Slutt(
                _l("Avtalen, for %(navn)s.", navn=p.organisasjon.visningsnavn),
                p.til - EN_DAG,
                (p.til - dag).days,
            )


# --- notices ---------------------------------------------------------------------------------------------


def _oppsigelser(
    aktor: Aktor,
    avtale: Avtale,
    kan: lesing.Kan,
    foert: Sequence[Innsending],
    oppgaver: dict[str, Oppgave],
) -> list[Oppsigelsesrad]:
    """Those that run first, then the newest."""
    rader = db.session.scalars(
        sa.select(Oppsigelse)
        .where(Oppsigelse.avtale_id == avtale.id)
        .options(joinedload(Oppsigelse.organisasjon))
        .order_by(Oppsigelse.registrert.desc(), Oppsigelse.id)
    ).all()
    ut = []
    for rad in rader:
        tilstand = _tilstand(avtale, rad)
        loeper = tilstand == Oppsigelsestilstand.LOEPER
        egen = rad.organisasjon_id == aktor.organisasjon_id
        melding = None
        if rad.trukket is None:
            melding = _meldingsrad(avtale, rad, kan, foert, oppgaver)
        ut.append(
            Oppsigelsesrad(
                rad=rad,
                tilstand=tilstand,
                hele=_er_eiers(avtale, rad),
                dager=(rad.virkning - i_dag()).days,
                kan_trekke=loeper and egen and kan.foere and steps.holder(avtale) is not None,
                melding=melding,
            )
        )
    return sorted(ut, key=lambda o: o.tilstand != Oppsigelsestilstand.LOEPER)


def _er_eiers(avtale: Avtale, rad: Oppsigelse) -> bool:
    """The trust's side ends the whole, also one that has been merged since."""
    sider = {p.organisasjon_id: p.side for p in avtale.parter}
    return rad.organisasjon_id == avtale.eier_id or sider.get(rad.organisasjon_id) == Side.FORETAK


def _tilstand(avtale: Avtale, rad: Oppsigelse) -> Oppsigelsestilstand:
    if rad.trukket is not None:
        return Oppsigelsestilstand.TRUKKET
    if rad.virkning > i_dag():
        return Oppsigelsestilstand.LOEPER if rad.avsluttet is None else Oppsigelsestilstand.FALT_BORT
    if rad.avsluttet is not None and oslo(rad.avsluttet).date() < rad.virkning:
        return Oppsigelsestilstand.FALT_BORT
    return Oppsigelsestilstand.VIRKET


# --- what is sent in -------------------------------------------------------------------------------------


def _rhfs_oppgaver(avtale_id: UUID) -> dict[str, Oppgave]:
    """The RHF's tasks that are marked done, by name: their proof is told where nothing is recorded."""
    rader = db.session.scalars(
        sa.select(Oppgave)
        .where(
            Oppgave.gjelder == beskjeder.gjelder(avtale_id),
            Oppgave.kode.in_([plikter.SENDT, plikter.VARSLE]),
            Oppgave.gjort.is_not(None),
        )
        .options(joinedload(Oppgave.gjort_av))
    )
    return {o.noekkel: o for o in rader}


def _innsendte(synlige: Sequence[Avtaleversjon]) -> list[Avtaleversjon]:
    """The versions that all have approved, the newest first."""
    return sorted(
        (v for v in synlige if v.i_kraft_fra is not None and v.status not in I_ARBEID - {Status.GODKJENT}),
        key=lambda v: -v.nummer,
    )


def _versjonsrad(
    avtale: Avtale,
    versjon: Avtaleversjon,
    kan: lesing.Kan,
    foert: Sequence[Innsending],
    oppgaver: dict[str, Oppgave],
) -> Innsendingsrad:
    assert versjon.i_kraft_fra is not None
    frist = plikter.om_maaneder(versjon.i_kraft_fra, 1)
    egne = [f for f in foert if f.slag == innsending.AVTALE and f.nummer == versjon.nummer]
    noekkel = plikter.noekkel(plikter.SENDT, avtale.id, versjon.nummer, access.rhf(avtale))
    merket = oppgaver.get(noekkel)
    return Innsendingsrad(
        frist,
        egne,
        _dager(frist, egne, merket),
        kan.sende_inn,
        versjon=versjon,
        merket=None if egne else merket,
    )


def _meldingsrad(
    avtale: Avtale,
    rad: Oppsigelse,
    kan: lesing.Kan,
    foert: Sequence[Innsending],
    oppgaver: dict[str, Oppgave],
) -> Innsendingsrad:
    frist = plikter.om_maaneder(oslo(rad.registrert).date(), 1)
    egne = [f for f in foert if f.oppsigelse_id == rad.id]
    merket = oppgaver.get(plikter.noekkel(plikter.VARSLE, avtale.id, rad.id, access.rhf(avtale)))
    return Innsendingsrad(
        frist,
        egne,
        _dager(frist, egne, merket),
        kan.sende_inn,
        oppsigelse=rad,
        merket=None if egne else merket,
    )


def _dager(frist: date, foert: Sequence[Innsending], merket: Oppgave | None) -> int:
    """Days in hand when it was sent the first time; not sent: as of today."""
    if foert:
        return (frist - min(f.dato for f in foert)).days
    if merket is not None and merket.gjort is not None:
        return (frist - oslo(merket.gjort).date()).days
    return (frist - i_dag()).days


# --- the timeline ----------------------------------------------------------------------------------------


def _tidslinje(
    aktor: Aktor,
    avtale: Avtale,
    synlige: Sequence[Avtaleversjon],
    deltar: bool,
    oppsigelser: Sequence[Oppsigelsesrad],
    foert: Sequence[Innsending],
) -> list[Hendelse]:
    """What has happened, and the days that are set: the last day first."""
    dag = i_dag()
    alle: list[tuple[date, Any, str, Any]] = []
    for v in synlige:
        alle += _versjonens(avtale, v, arbeid=access.ser_arbeidet(aktor, avtale, v))
    for p in avtale.parter:
        alle += _partens(avtale, p)
    for o in oppsigelser:
        alle += _oppsigelsens(o)
    alle += [
        (
            f.dato,
            _l("Versjon %(nr)s sendt til Helsedirektoratet", nr=f.nummer)
            if f.slag == innsending.AVTALE
            else _l("Helsedirektoratet varslet om oppsigelse"),
            "PaperplaneFill",
            f.referanse,
        )
        for f in foert
    ]
    if deltar:
        holdt = db.session.scalars(sa.select(Gjennomgang.dato).where(Gjennomgang.avtale_id == avtale.id))
        alle += [(d, _l("Årlig gjennomgang holdt"), "PersonGroup", "") for d in holdt]
    if avtale.neste_gjennomgang is not None and steps.holder(avtale) is not None:
        alle.append((avtale.neste_gjennomgang, _l("Gjennomgås innen denne dagen"), "Calendar", ""))
    # Of one day, what came after stands above what came before.
    alle.sort(key=lambda h: h[0])
    return [
        Hendelse(dag=d, hva=hva, ikon=ikon, kommer=d > dag, under=under)
        for d, hva, ikon, under in reversed(alle)
    ]


def _versjonens(avtale: Avtale, v: Avtaleversjon, *, arbeid: bool) -> Iterator[tuple[date, Any, str, Any]]:
    nr = {"nr": v.nummer}
    if arbeid:
        yield oslo(v.opprettet).date(), _l("Versjon %(nr)s begynt", **nr), "NotePencil", v.notat
        if v.sendt_til_forhandling:
            yield (
                oslo(v.sendt_til_forhandling).date(),
                _l("Versjon %(nr)s til forhandling", **nr),
                "Chat2",
                "",
            )
        if v.sendt_til_godkjenning:
            yield (
                oslo(v.sendt_til_godkjenning).date(),
                _l("Versjon %(nr)s til godkjenning", **nr),
                "Hourglass",
                "",
            )
    if v.i_kraft_fra is None or v.status in I_ARBEID - {Status.GODKJENT}:
        return
    yield v.i_kraft_fra, _l("Versjon %(nr)s gjelder", **nr), "CheckmarkCircleFill", ""
    if v.i_kraft_til is not None and not any(
        a is not v and a.i_kraft_fra == v.i_kraft_til for a in avtale.versjoner
    ):
        yield v.i_kraft_til, _l("Avtalen gjelder ikke lenger"), "MinusCircle", ""


def _partens(avtale: Avtale, p: Avtalepart) -> Iterator[tuple[date, Any, str, Any]]:
    """Those that came or left on other days than the agreement itself."""
    navn = {"navn": p.organisasjon.visningsnavn}
    if p.fra is not None and all(p.fra != v.i_kraft_fra for v in avtale.versjoner):
        yield p.fra, _l("%(navn)s ble part", **navn), "PersonPlus", ""
    if p.fra is not None and p.til is not None:
        yield p.til, _l("%(navn)s er ikke lenger part", **navn), "PersonMinus", ""


def _oppsigelsens(o: Oppsigelsesrad) -> Iterator[tuple[date, Any, str, Any]]:
    navn = {"navn": o.rad.organisasjon.visningsnavn}
    yield (
        o.rad.varslet,
        _l("%(navn)s sa opp avtalen", **navn) if o.hele else _l("%(navn)s sa opp for sin del", **navn),
        "ExclamationmarkTriangle",
        "",
    )
    if o.rad.trukket is not None:
        yield oslo(o.rad.trukket).date(), _l("%(navn)s trakk oppsigelsen", **navn), "ArrowUndo", ""
    elif o.tilstand == Oppsigelsestilstand.FALT_BORT and o.rad.avsluttet is not None:
        yield oslo(o.rad.avsluttet).date(), _l("Oppsigelsen falt bort"), "MinusCircle", ""
