"""A reallocation as its people read it: whose turn it is, what it says, what it does, and what one may do now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler.models import Bestemmelse
from portal.avtaler.oppslag import Avtaletreff
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.core.errors import UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.models import Enhet
from portal.omdisponering import access, kontroll, roert, steps, virkning
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import (
    KAN_ENDRES,
    OPPTAR,
    OVERGANGER,
    Hendelsestype,
    Side,
    Slag,
    Status,
    Strykgrunn,
)
from portal.omdisponering.models import Omdisponering, Omdisponeringshendelse, Omdisponeringslinje, Tilbud
from portal.omdisponering.regler import Periode, hoeyeste, mangler, mangler_lokale
from portal.omdisponering.ressursmodeller import Lokale, Ressursfravaer, Ressursperson, Vedtak
from portal.omdisponering.service import flyt

#: So many people or rooms to choose from stand in the form.
FLEST_KANDIDATER = 60
#: What one does, by where it leads.
_HANDLINGER = {
    Status.FORESLAATT: "foreslaa",
    Status.GODKJENT_AVGIVER: "godkjenn",
    Status.GODKJENT_MOTTAKER: "godkjenn",
    Status.AVSLAATT: "avslaa",
    Status.TRUKKET: "trekk",
    Status.IVERKSATT: "iverksett",
    Status.AVSLUTTET: "avslutt",
}
#: With these the side whose turn it is begins to wait.
VENTER_FRA = (Hendelsestype.FORESLAATT, Hendelsestype.GODKJENT_AVGIVER, Hendelsestype.OPPHEVET)
#: Whose turn it is to answer.
TUR = {Status.FORESLAATT: Side.AVGIVER, Status.GODKJENT_AVGIVER: Side.MOTTAKER}


@dataclass(frozen=True, slots=True)
class Linje:
    """A line as the actor may see it: `navn` is empty while the actor may not know who it is."""

    id: UUID
    #: What the edit form calls it.
    noekkel: str
    navn: str
    stilling: str
    kompetanse: int
    enhet: str
    lokale: Lokale | None
    fra: datetime
    til: datetime
    andel: int
    #: Of the person's yes and being exempt only the lender is told; of others it is None.
    ja: bool | None
    fritatt: bool
    beordret: bool
    stroeket_grunn: str | None


@dataclass(frozen=True, slots=True)
class Trinn:
    """A step of the way: done (when, by whom), or to come."""

    status: str
    naar: datetime | None
    hvem: str
    #: The one that is waited for now.
    naa: bool = False


@dataclass(frozen=True, slots=True)
class Grunnlag:
    avtale_id: UUID
    avtale: str
    nummer: str
    overskrift: str
    #: It holds between the two today.
    gjelder: bool


@dataclass(frozen=True, slots=True)
class Visning:
    omd: Omdisponering
    #: The actor's side; None for the one who is lent and works at neither.
    side: Side | None
    ser_navn: bool
    linjer: Sequence[Linje]
    trinn: Sequence[Trinn]
    tur: Side | None
    venter_fra: datetime | None
    grunnlag: Grunnlag | None
    virkning: virkning.Virkning | None
    handlinger: frozenset[str]
    #: What must be mended before it can be approved: {field: messages}.
    mangler: Mapping[str, Sequence[Any]]
    #: {line that was approved and does not hold any more: why; for the receiver, that the lender must look at it}.
    holder_ikke: Mapping[UUID, Sequence[Any]]
    vedtak: Sequence[Vedtak]
    hendelser: Sequence[Omdisponeringshendelse]

    @property
    def min_tur(self) -> bool:
        return self.tur is not None and self.tur == self.side


@dataclass(frozen=True, slots=True)
class Kandidat:
    """Somebody, or some room, that can be put in: free for so much (`andel`) in [fra, til)."""

    noekkel: str
    navn: str
    stilling: str
    kompetanse: int
    enhet: str
    lokale: Lokale | None
    fra: datetime
    til: datetime
    andel: int
    fritatt: bool


@dataclass(frozen=True, slots=True)
class Endring:
    """What the form is made from."""

    visning: Visning
    kandidater: Sequence[Kandidat]
    #: There are more than are shown.
    flere: bool
    avgiver_enheter: Sequence[Enhet]
    mottaker_enheter: Sequence[Enhet]
    #: Units with ØHD beds: of those alone beds are closed and opened.
    plassenheter: frozenset[UUID]
    grunnlag: Sequence[tuple[Avtaletreff, Sequence[Bestemmelse]]]


def hent(aktor: Aktor, omdisponering_id: UUID) -> Visning:
    """The reallocation for its page. Raises IkkeFunnet."""
    return _vis(aktor, access.hent(aktor, Handling.SE, omdisponering_id))


def _vis(aktor: Aktor, omd: Omdisponering) -> Visning:
    status = Status(omd.status)
    ser = access.ser(aktor, omd)
    side = access.side(aktor, omd) if ser else None
    inne = side is not None and access.kan_noe(aktor, Handling.SE)
    hendelser = _hendelser(omd) if ser else []
    avgiver = side == Side.AVGIVER and inne
    return Visning(
        omd=omd,
        side=side,
        ser_navn=access.ser_personer(aktor, omd),
        linjer=_linjer(aktor, omd, ser=ser, avgiver=avgiver),
        trinn=_trinn(omd, hendelser),
        tur=TUR.get(status),
        venter_fra=max((h.tidspunkt for h in hendelser if h.type in VENTER_FRA), default=None),
        grunnlag=_grunnlag(omd),
        virkning=_virkning(omd, avgiver=avgiver) if inne else None,
        handlinger=_handlinger(aktor, omd) if inne else frozenset(),
        mangler=_mangler(omd, for_mottaker=side == Side.MOTTAKER) if inne and status in KAN_ENDRES else {},
        holder_ikke=_holder_ikke(omd, avgiver=avgiver) if inne and status in OPPTAR else {},
        vedtak=_vedtak(omd) if avgiver else [],
        hendelser=hendelser,
    )


def _linjer(aktor: Aktor, omd: Omdisponering, *, ser: bool, avgiver: bool) -> list[Linje]:
    """All of them for the two sides; the own for the one who is lent."""
    ser_navn = access.ser_personer(aktor, omd)
    ut = []
    for li in omd.linjer:
        p = li.ressursperson
        egen = p is not None and p.person_id is not None and p.person_id == aktor.person_id
        if not ser and not (egen and li.gjelder):
            continue
        kjent = ser_navn or (egen and not ser)
        enhet = p.enhet if p else li.lokale.enhet if li.lokale else None
        ut.append(
            Linje(
                id=li.id,
                noekkel=noekkel(li),
                navn=kontroll.navn(li) if kjent or p is None else "",
                stilling=p.stilling if p else "",
                kompetanse=p.kompetanse if p else 0,
                enhet=enhet.navn if enhet and (kjent or p is None) else "",
                lokale=li.lokale,
                fra=li.fra,
                til=li.til,
                andel=li.andel,
                ja=li.samtykket is not None if avgiver and p else None,
                fritatt=bool(p and p.fritatt and avgiver),
                beordret=li.beordret,
                stroeket_grunn=_hvorfor_struket(li, avgiver=avgiver),
            )
        )
    return ut


def noekkel(li: Omdisponeringslinje) -> str:
    """What the form calls a line: by its offer, or by the person or room in the lender's register. Of the receiver's
    own offers and of what stands already it gives nothing away."""
    if li.tilbud_id is not None:
        return f"t-{li.tilbud_id}"
    return f"p-{li.ressursperson_id}" if li.ressursperson_id else f"l-{li.lokale_id}"


def _trinn(omd: Omdisponering, hendelser: Sequence[Omdisponeringshendelse]) -> list[Trinn]:
    """The way as it was gone, and what is to come."""
    status = Status(omd.status)
    av = {h.type: h.person.navn if h.person else "" for h in hendelser}
    gaatt = [
        Trinn("utkast", omd.opprettet, av.get(Hendelsestype.OPPRETTET, "")),
        Trinn(Status.FORESLAATT, omd.foreslaatt, omd.foreslaatt_av.navn if omd.foreslaatt_av else ""),
        Trinn(
            Status.GODKJENT_AVGIVER,
            omd.godkjent_avgiver,
            omd.godkjent_avgiver_av.navn if omd.godkjent_avgiver_av else "",
        ),
        Trinn(
            "godkjent_mottaker",
            omd.godkjent_mottaker,
            omd.godkjent_mottaker_av.navn if omd.godkjent_mottaker_av else "",
        ),
        Trinn(Status.IVERKSATT, omd.iverksatt, av.get(Hendelsestype.IVERKSATT, "")),
        Trinn(
            Status.AVSLUTTET,
            omd.avsluttet if status == Status.AVSLUTTET else None,
            av.get(Hendelsestype.AVSLUTTET, ""),
        ),
    ]
    if status in (Status.AVSLAATT, Status.TRUKKET):
        return [
            *(t for t in gaatt if t.naar),
            Trinn(status, omd.avsluttet, av.get(Hendelsestype(status), "")),
        ]
    neste = next((i for i, t in enumerate(gaatt) if t.naar is None), None)
    return [Trinn(t.status, t.naar, t.hvem, i == neste) for i, t in enumerate(gaatt)]


def _hendelser(omd: Omdisponering) -> list[Omdisponeringshendelse]:
    return list(
        db.session.scalars(
            sa.select(Omdisponeringshendelse)
            .where(Omdisponeringshendelse.omdisponering_id == omd.id)
            .options(
                joinedload(Omdisponeringshendelse.person), joinedload(Omdisponeringshendelse.organisasjon)
            )
            .order_by(Omdisponeringshendelse.nr)
        )
    )


def _grunnlag(omd: Omdisponering) -> Grunnlag | None:
    b = db.session.get(Bestemmelse, omd.bestemmelse_id) if omd.bestemmelse_id else None
    if b is None or omd.avtale is None:
        return None
    gyldige = {x.id for _a, rader in steps.grunnlag(omd.avgiver_id, omd.mottaker_id) for x in rader}
    return Grunnlag(omd.avtale.id, omd.avtale.tittel, b.nummer, b.overskrift, b.id in gyldige)


def _virkning(omd: Omdisponering, *, avgiver: bool) -> virkning.Virkning | None:
    """Before it has begun; by how much it breaks the lender's floor is the lender's own to know."""
    if omd.iverksatt is not None or Status(omd.status) in (Status.AVSLAATT, Status.TRUKKET):
        return None
    v = virkning.av(omd)
    if avgiver or not v.under_gulv:
        return v
    return virkning.Virkning(v.folk, v.lokaler, v.stenges, v.aapnes)


def _handlinger(aktor: Aktor, omd: Omdisponering) -> frozenset[str]:
    """What the actor's side may do now: along which edges, and whether the content can be changed."""
    ut = set()
    for til in OVERGANGER[Status(omd.status)]:
        try:
            flyt.krev_kant(aktor, omd, til)
        except UgyldigOvergang:
            continue
        ut.add(_HANDLINGER[til])
    if omd.status == Status.GODKJENT_AVGIVER:
        # The edge back to «foreslått» is gone by changing it.
        ut.discard("foreslaa")
    if omd.fra > now():
        ut.discard("iverksett")
    if omd.til <= now():
        ut -= {"foreslaa", "godkjenn"}
    if Status(omd.status) in KAN_ENDRES:
        ut.add("endre")
    if "foreslaa" in ut and access.side(aktor, omd) == Side.AVGIVER:
        ut.add("foreslaa_og_godkjenn")
    return frozenset(ut)


def _mangler(omd: Omdisponering, *, for_mottaker: bool) -> dict[str, Any]:
    try:
        kontroll.komplett(omd, godkjennes=True, for_mottaker=for_mottaker)
    except UgyldigData as feil:
        return dict(feil.detaljer["felter"])
    except UgyldigOvergang as feil:
        return {"": [feil.melding]}
    return {}


def _hvorfor_struket(li: Omdisponeringslinje, *, avgiver: bool) -> str | None:
    """The receiver hears that somebody can be lent no more, and not whether it is a no: of who is left, it could be
    read who is exempt."""
    if not avgiver and li.stroeket_grunn == Strykgrunn.TRUKKET:
        return Strykgrunn.IKKE_LENGER
    return li.stroeket_grunn


def _holder_ikke(omd: Omdisponering, *, avgiver: bool) -> dict[UUID, Sequence[Any]]:
    return {
        linje_id: galt if avgiver else [roert.AVGIVER_SER] for linje_id, galt in roert.galt_i(omd).items()
    }


def _vedtak(omd: Omdisponering) -> list[Vedtak]:
    """The lender's decisions that people can be ordered by today or later."""
    return list(
        db.session.scalars(
            sa.select(Vedtak)
            .where(Vedtak.organisasjon_id == omd.avgiver_id, Vedtak.opphevet.is_(None), Vedtak.til >= i_dag())
            .order_by(Vedtak.fra, Vedtak.id)
        )
    )


# --- to change it ----------------------------------------------------------------------------------------


def hent_endring(aktor: Aktor, omdisponering_id: UUID) -> Endring:
    """The reallocation and what can be chosen for it. Raises IkkeFunnet, IkkeTilgang, UgyldigOvergang."""
    omd = access.hent(aktor, Handling.SKRIVE, omdisponering_id)
    if Status(omd.status) not in KAN_ENDRES:
        raise UgyldigOvergang(_l("Det som er avtalt, kan ikke endres. Trekk det, og lag et nytt forslag."))
    kandidater = _fra_register(omd) if access.side(aktor, omd) == Side.AVGIVER else _fra_tilbud(aktor, omd)
    enheter = _enheter(omd.avgiver_id), _enheter(omd.mottaker_id)
    return Endring(
        visning=_vis(aktor, omd),
        kandidater=kandidater[:FLEST_KANDIDATER],
        flere=len(kandidater) > FLEST_KANDIDATER,
        avgiver_enheter=enheter[0],
        mottaker_enheter=enheter[1],
        plassenheter=steps.med_plasser(e.id for rader in enheter for e in rader),
        grunnlag=steps.grunnlag(omd.avgiver_id, omd.mottaker_id),
    )


def _enheter(organisasjon_id: UUID) -> list[Enhet]:
    return list(
        db.session.scalars(
            sa.select(Enhet)
            .where(Enhet.organisasjon_id == organisasjon_id, Enhet.aktiv)
            .order_by(Enhet.navn, Enhet.id)
        )
    )


def _staar(omd: Omdisponering) -> set[UUID]:
    return {i for li in omd.linjer if li.gjelder for i in (li.ressursperson_id, li.lokale_id) if i}


def _fra_register(omd: Omdisponering) -> list[Kandidat]:
    """The lender's people or rooms that the need asks for, and that are free for some of it."""
    behov = omd.behov
    staar = _staar(omd)
    if omd.slag == Slag.LOKALE:
        lokaler = db.session.scalars(
            sa.select(Lokale)
            .where(
                Lokale.organisasjon_id == omd.avgiver_id,
                Lokale.nedlagt.is_(None),
                Lokale.slag == behov.lokaleslag,
            )
            .options(joinedload(Lokale.enhet))
            .order_by(Lokale.navn, Lokale.id)
        ).all()
        opptatte = {
            t.lokale_id
            for t in steps.opptatt_av(
                Omdisponeringslinje.lokale_id, [x.id for x in lokaler], behov.fra, behov.til, unntatt=omd.id
            )
        }
        opptatte |= _borte(Ressursfravaer.lokale_id, [x.id for x in lokaler], omd)
        return [
            Kandidat(
                f"l-{x.id}",
                x.navn,
                "",
                0,
                x.enhet.navn if x.enhet else "",
                x,
                behov.fra,
                behov.til,
                100,
                False,
            )
            for x in lokaler
            if x.id not in staar | opptatte and not mangler_lokale(steps.romkrav(behov), steps.rom(x))
        ]
    personer = db.session.scalars(
        sa.select(Ressursperson)
        .where(
            Ressursperson.organisasjon_id == omd.avgiver_id,
            Ressursperson.slettet.is_(None),
            Ressursperson.stilling == behov.stilling,
        )
        .options(joinedload(Ressursperson.enhet))
        .order_by(Ressursperson.navn, Ressursperson.id)
    ).all()
    borte = _borte(Ressursfravaer.ressursperson_id, [p.id for p in personer], omd)
    aktuelle = [
        p
        for p in personer
        if p.kan_brukes and p.id not in staar | borte and not mangler(steps.krav(behov), steps.har(p))
    ]
    tatt: dict[UUID, list[Periode]] = {}
    for t in steps.opptatt_av(
        Omdisponeringslinje.ressursperson_id, [p.id for p in aktuelle], behov.fra, behov.til, unntatt=omd.id
    ):
        if t.ressursperson_id is not None:
            tatt.setdefault(t.ressursperson_id, []).append(Periode(t.fra, t.til, t.andel))
    ut = []
    for p in aktuelle:
        ledig = p.prosent - hoeyeste(tatt.get(p.id, []), behov.fra, behov.til)
        if ledig > 0:
            ut.append(
                Kandidat(
                    f"p-{p.id}",
                    p.navn,
                    p.stilling,
                    p.kompetanse,
                    p.enhet.navn if p.enhet else "",
                    None,
                    behov.fra,
                    behov.til,
                    min(ledig, behov.andel),
                    p.fritatt,
                )
            )
    return ut


def _borte(kolonne: Any, ider: Collection[UUID], omd: Omdisponering) -> set[UUID]:
    """Who or what of these is away in a part of the need's time."""
    return set(steps.borte(kolonne, ider, omd.behov.fra, omd.behov.til))


def _fra_tilbud(aktor: Aktor, omd: Omdisponering) -> list[Kandidat]:
    """What the lender has offered, for the receiver to choose from: never who."""
    behov = omd.behov
    staar = _staar(omd)
    tilbud = db.session.scalars(
        access.synlige_tilbud(aktor)
        .where(
            Tilbud.organisasjon_id == omd.avgiver_id,
            Tilbud.slag == omd.slag,
            Tilbud.til > behov.fra,
            Tilbud.fra < behov.til,
        )
        .order_by(Tilbud.fra, Tilbud.id)
    ).unique()
    ut = []
    for t in tilbud:
        p, lokale = t.ressursperson, t.lokale
        passer = (
            not mangler(steps.krav(behov), steps.har(p))
            if p is not None
            else lokale is not None and not mangler_lokale(steps.romkrav(behov), steps.rom(lokale))
        )
        if not passer or (t.ressursperson_id or t.lokale_id) in staar:
            continue
        ut.append(
            Kandidat(
                f"t-{t.id}",
                lokale.navn if lokale else "",
                p.stilling if p else "",
                p.kompetanse if p else 0,
                "",
                lokale,
                max(t.fra, behov.fra),
                min(t.til, behov.til),
                min(t.andel, behov.andel),
                False,
            )
        )
    return ut
