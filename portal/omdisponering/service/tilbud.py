"""What an organisation can spare: people and rooms of its register, offered to whoever needs them or to one need.

Use cases. An offer promises nothing: who is promised is decided when a reallocation is approved. Yet nothing is offered
that cannot be had as things stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler.vern import stopp_identitet
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.omdisponering import access, behovsregler, steps, tilbudsrest
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import FLEST, FULL, Slag, Tilbudsstatus
from portal.omdisponering.models import Behov, Omdisponeringslinje, Tilbud
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.regler import Periode, hoeyeste, mangler, mangler_lokale
from portal.omdisponering.ressursmodeller import Lokale, Ressursfravaer, Ressursperson
from portal.omdisponering.tilbudsrest import Tatt
from portal.revisjon.steps import logg as revider


@transactional
def tilby(
    aktor: Aktor,
    *,
    personer: Sequence[UUID] = (),
    lokaler: Sequence[UUID] = (),
    fra: datetime | None,
    til: datetime | None,
    andel: int = FULL,
    merknad: str = "",
    behov_id: UUID | None = None,
    ikke_fnr: bool = False,
) -> list[UUID]:
    """Offers people or rooms of the actor's register in [fra, til), to all or to one need, which hears of it once.

    A person who can be lent for less than `andel` per cent must be offered alone. Gives the offers' ids. Raises
    UgyldigData by field (`fra`, `til`, `andel`, `hvem`, `person-<id>`, `lokale-<id>`), UgyldigOvergang for a need that
    is not open.
    """
    organisasjon_id = access.krev_eget(aktor, Handling.SKRIVE)
    behov = access.hent_behov(aktor, Handling.SE, behov_id) if behov_id else None
    sluppet = stopp_identitet({"merknad": merknad}, ikke_fnr=ikke_fnr)
    if behov is not None:
        _krev_behov(aktor, behov)
    feil = behovsregler.periode(fra, til)
    if not 1 <= andel <= FULL:
        feil["andel"] = [_l("Stillingsandelen må være fra 1 til 100 prosent.")]
    personer, lokaler = list(dict.fromkeys(personer)), list(dict.fromkeys(lokaler))
    if not personer and not lokaler:
        feil["hvem"] = [_l("Velg minst én person eller ett lokale.")]
    if len(personer) + len(lokaler) > FLEST:
        feil["hvem"] = [_l("Velg høyst %(flest)s om gangen.", flest=FLEST)]
    if feil or fra is None or til is None:
        raise UgyldigData(felter=feil)
    if behov is not None and (til <= behov.fra or fra >= behov.til):
        raise UgyldigData(felter={"fra": [_l("Perioden er utenfor behovet. Velg en som er innenfor.")]})
    # Somebody may promise them just now: who offers waits for that, and sees it.
    steps.laas_ressurser(personer, lokaler)
    nye: list[Tilbud] = []
    for person_id in personer:
        person = access.hent_person(aktor, Handling.SKRIVE, person_id)
        if galt := _person(person, behov, fra, til, andel):
            feil[f"person-{person_id}"] = galt
        nye.append(_nytt(aktor, organisasjon_id, behov, fra, til, andel, merknad, person=person))
    for lokale_id in lokaler:
        lokale = access.hent_lokale(aktor, Handling.SKRIVE, lokale_id)
        if galt := _lokale(lokale, behov, fra, til):
            feil[f"lokale-{lokale_id}"] = galt
        nye.append(_nytt(aktor, organisasjon_id, behov, fra, til, FULL, merknad, lokale=lokale))
    if feil:
        raise UgyldigData(felter=feil)
    db.session.add_all(nye)
    db.session.flush()
    for t in nye:
        revider(
            aktor,
            "tilbud.opprettet",
            "tilbud",
            t.id,
            behov=str(behov_id or ""),
            slag=t.slag,
            ikke_fnr=sluppet,
        )
    if behov is not None:
        behovsregler.fortell(
            aktor,
            behov,
            [behov.organisasjon_id],
            "behov.tilbud",
            _l(
                "%(sted)s tilbyr %(antall)s: %(hva)s",
                sted=db.session.get_one(Organisasjon, organisasjon_id).kortnavn,
                antall=len(nye),
                hva=behovsregler.hva(behov),
            ),
            str(nye[0].id),
        )
    meld("tilbud.endret", behov_id=behov_id, antall=len(nye))
    return [t.id for t in nye]


@transactional
def trekk(aktor: Aktor, tilbud_id: UUID, *, lest: int | None = None) -> None:
    """Takes an offer back. What was made from it is answered where it is. Raises UgyldigOvergang, Utdatert."""
    tilbud = access.hent_tilbud(aktor, Handling.SKRIVE, tilbud_id, laas=True)
    if tilbud.status != Tilbudsstatus.AAPENT:
        raise UgyldigOvergang(_l("Tilbudet er alt trukket."))
    if lest is not None and tilbud.versjon != lest:
        raise Utdatert()
    tilbud.status, tilbud.trukket = Tilbudsstatus.TRUKKET, now()
    revider(aktor, "tilbud.trukket", "tilbud", tilbud.id)
    meld("tilbud.endret", behov_id=tilbud.behov_id, antall=1)


def _krev_behov(aktor: Aktor, behov: Behov) -> None:
    if behov.organisasjon_id == aktor.organisasjon_id:
        raise UgyldigOvergang(_l("Dette er deres eget behov. Andre må tilby noe til det."))
    if not access.aapent(behov):
        raise UgyldigOvergang(_l("Behovet er ikke åpent lenger."))


def _nytt(
    aktor: Aktor,
    organisasjon_id: UUID,
    behov: Behov | None,
    fra: datetime,
    til: datetime,
    andel: int,
    merknad: str,
    *,
    person: Ressursperson | None = None,
    lokale: Lokale | None = None,
) -> Tilbud:
    return Tilbud(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        slag=Slag.PERSONELL if person else Slag.LOKALE,
        status=Tilbudsstatus.AAPENT,
        ressursperson_id=person.id if person else None,
        lokale_id=lokale.id if lokale else None,
        behov_id=behov.id if behov else None,
        fra=fra,
        til=til,
        andel=andel,
        merknad=merknad.strip(),
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )


def _person(
    person: Ressursperson, behov: Behov | None, fra: datetime, til: datetime, andel: int
) -> list[Any]:
    """What keeps a locked person from being offered so."""
    if not person.kan_brukes:
        return [_l("%(navn)s kan ikke avgis lenger.", navn=person.navn)]
    ut = [_l("%(navn)s: %(hva)s", navn=person.navn, hva=m) for m in _passer_ikke(person, behov)]
    if andel > person.prosent:
        ut.append(
            _l(
                "%(navn)s kan avgis høyst %(prosent)s %%. Tilby mindre, eller tilby personen for seg.",
                navn=person.navn,
                prosent=person.prosent,
            )
        )
    staar = _stander(Omdisponeringslinje.ressursperson_id, [person.id], fra, til).get(person.id, _Stand())
    return ut + staar.hindrer(person.navn, andel, person.prosent, behov.id if behov else None)


def _lokale(lokale: Lokale, behov: Behov | None, fra: datetime, til: datetime) -> list[Any]:
    """What keeps locked premises from being offered so."""
    if lokale.nedlagt is not None:
        return [_l("%(navn)s kan ikke avgis lenger.", navn=lokale.navn)]
    ut = [_l("%(navn)s: %(hva)s", navn=lokale.navn, hva=m) for m in _passer_ikke(lokale, behov)]
    staar = _stander(Omdisponeringslinje.lokale_id, [lokale.id], fra, til).get(lokale.id, _Stand())
    return ut + staar.hindrer(lokale.navn, FULL, FULL, behov.id if behov else None)


def _passer_ikke(hva: Ressursperson | Lokale, behov: Behov | None) -> list[Any]:
    """Why it is not what the need asks for."""
    if behov is None:
        return []
    if isinstance(hva, Ressursperson):
        if behov.slag != Slag.PERSONELL:
            return [_l("Behovet gjelder lokaler.")]
        return [ETIKETTER["mangel"][m] for m in mangler(steps.krav(behov), steps.har(hva))]
    if behov.slag != Slag.LOKALE:
        return [_l("Behovet gjelder personell.")]
    return [ETIKETTER["lokalmangel"][m] for m in mangler_lokale(steps.romkrav(behov), steps.rom(hva))]


# --- what can be had, as things stand --------------------------------------------------------------------


@dataclass(slots=True)
class _Stand:
    """How a person or a room stands in a period: away, how much of it is promised, and to which needs it is offered."""

    borte: bool = False
    lovet: int = 0
    #: None among them: to everybody.
    tilbudt: frozenset[UUID | None] = frozenset()

    def hindrer(self, navn: str, andel: int, hoeyst: int, behov_id: UUID | None) -> list[Any]:
        if self.borte:
            return [_l("%(navn)s er ikke tilgjengelig i hele perioden.", navn=navn)]
        if self.lovet and self.lovet + andel > hoeyst:
            return [_l("%(navn)s er alt lovet bort i perioden.", navn=navn)]
        if behov_id in self.tilbudt:
            return [_l("%(navn)s er alt tilbudt i perioden. Trekk det tilbudet først.", navn=navn)]
        return []


def _stander(
    kolonne: sa.orm.InstrumentedAttribute[Any], ider: Sequence[UUID], fra: datetime, til: datetime
) -> dict[UUID, _Stand]:
    """{person or room: how it stands in [fra, til)}, of those that there is something to tell of. Three questions."""
    ut: dict[UUID, _Stand] = {}
    navn = kolonne.key
    borte = getattr(Ressursfravaer, navn)
    for id_ in db.session.scalars(
        sa.select(borte).where(borte.in_(ider), Ressursfravaer.til > fra, Ressursfravaer.fra < til).distinct()
    ):
        ut.setdefault(id_, _Stand()).borte = True
    tatt: dict[UUID, list[Periode]] = {}
    for li in steps.opptatt_av(kolonne, ider, fra, til) if ider else ():
        tatt.setdefault(getattr(li, navn), []).append(Periode(li.fra, li.til, li.andel))
    for id_, perioder in tatt.items():
        ut.setdefault(id_, _Stand()).lovet = hoeyeste(perioder, fra, til)
    hos = getattr(Tilbud, navn)
    for id_, behov_id in db.session.execute(
        sa.select(hos, Tilbud.behov_id).where(
            hos.in_(ider), Tilbud.status == Tilbudsstatus.AAPENT, Tilbud.til > fra, Tilbud.fra < til
        )
    ):
        staar = ut.setdefault(id_, _Stand())
        staar.tilbudt = staar.tilbudt | {behov_id}
    return ut


@dataclass(frozen=True, slots=True)
class Valgbar:
    """Somebody, or some premises, of the own register that could be offered; or why not."""

    hva: Ressursperson | Lokale
    lovet: int
    #: It is not what the need asks for, whenever.
    passer_ikke: list[Any]
    #: Not in this period.
    ikke_naa: list[Any]

    @property
    def hvorfor_ikke(self) -> list[Any]:
        return [*self.passer_ikke, *self.ikke_naa]


@dataclass(frozen=True, slots=True)
class Valg:
    """What there is to choose from for an offer. `ellers`: how many of the register are not what is asked for."""

    behov: Behov | None
    slag: Slag
    rader: list[Valgbar]
    ellers: int


def hent_valg(
    aktor: Aktor,
    *,
    slag: Slag = Slag.PERSONELL,
    behov_id: UUID | None = None,
    fra: datetime | None = None,
    til: datetime | None = None,
) -> Valg:
    """The own people or rooms, and whether each can be offered in a period: those who can come first. Of a need: those
    of its profession or kind, in its time. Raises IkkeFunnet, IkkeTilgang."""
    organisasjon_id = access.krev_eget(aktor, Handling.SKRIVE)
    behov = access.hent_behov(aktor, Handling.SE, behov_id) if behov_id else None
    slag = Slag(behov.slag) if behov else slag
    alle: list[Ressursperson | Lokale] = [*_register(organisasjon_id, slag)]
    aktuelle = [r for r in alle if behov is None or _av_slaget(r, behov)]
    fra, til = fra or (behov.fra if behov else None), til or (behov.til if behov else None)
    kolonne = (
        Omdisponeringslinje.ressursperson_id if slag == Slag.PERSONELL else Omdisponeringslinje.lokale_id
    )
    stander = _stander(kolonne, [r.id for r in aktuelle], fra, til) if fra and til and fra < til else {}
    rader = []
    for r in aktuelle:
        staar = stander.get(r.id, _Stand())
        hoyst = r.prosent if isinstance(r, Ressursperson) else FULL
        hindrer = staar.hindrer(r.navn, 1 if slag == Slag.PERSONELL else FULL, hoyst, behov_id)
        rader.append(Valgbar(r, staar.lovet, _passer_ikke(r, behov), hindrer))
    rader.sort(key=lambda v: bool(v.hvorfor_ikke))
    return Valg(behov, slag, rader, len(alle) - len(aktuelle))


def _av_slaget(hva: Ressursperson | Lokale, behov: Behov) -> bool:
    if isinstance(hva, Ressursperson):
        return hva.stilling == behov.stilling
    return hva.slag == behov.lokaleslag


def _register(organisasjon_id: UUID, slag: Slag) -> Sequence[Ressursperson] | Sequence[Lokale]:
    if slag == Slag.PERSONELL:
        return db.session.scalars(
            sa.select(Ressursperson)
            .where(Ressursperson.organisasjon_id == organisasjon_id, Ressursperson.som_kan_brukes())
            .options(joinedload(Ressursperson.enhet), joinedload(Ressursperson.sted))
            .order_by(Ressursperson.stilling, Ressursperson.navn, Ressursperson.id)
        ).all()
    return db.session.scalars(
        sa.select(Lokale)
        .where(Lokale.organisasjon_id == organisasjon_id, Lokale.nedlagt.is_(None))
        .options(joinedload(Lokale.enhet), joinedload(Lokale.sted))
        .order_by(Lokale.slag, Lokale.navn, Lokale.id)
    ).all()


# --- what is offered -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tilbudsrad:
    """An offer as the actor may know of it: of others' people what they are, never who."""

    tilbud: Tilbud
    egen: bool
    #: The person's or the room's. Empty for others' people.
    navn: str
    #: The kommune that distances are from.
    sted: str
    #: It cannot be picked for the need that it is shown at (`til_behov`).
    tatt: Tatt | None = None


def rad(aktor: Aktor, t: Tilbud, tatt: Tatt | None = None) -> Tilbudsrad:
    """An offer that the actor got through `access`, without what it may not know."""
    egen = t.organisasjon_id == aktor.organisasjon_id
    if t.lokale is not None:
        return Tilbudsrad(t, egen, t.lokale.navn, t.lokale.sted.kortnavn, tatt)
    assert t.ressursperson is not None
    return Tilbudsrad(t, egen, t.ressursperson.navn if egen else "", t.ressursperson.sted.kortnavn, tatt)


@dataclass(frozen=True, slots=True)
class Liste:
    egne: list[Tilbudsrad]
    andres: list[Tilbudsrad]
    flere: bool


#: How many of others' offers a page shows.
VISES = 200


def hent_liste(aktor: Aktor, *, slag: Slag | None = None) -> Liste:
    """The own open offers, and those of others that the actor may know of, those that begin first first."""
    access.krev_eget(aktor, Handling.SE)
    sporring = access.synlige_tilbud(aktor).where(Tilbud.status == Tilbudsstatus.AAPENT, Tilbud.til > now())
    if slag is not None:
        sporring = sporring.where(Tilbud.slag == slag)
    sporring = sporring.options(joinedload(Tilbud.behov).joinedload(Behov.organisasjon))
    sporring = sporring.order_by(Tilbud.fra, Tilbud.id)
    egen = Tilbud.organisasjon_id == aktor.organisasjon_id
    andres = db.session.scalars(sporring.where(~egen).limit(VISES + 1)).all()
    return Liste(
        [rad(aktor, t) for t in db.session.scalars(sporring.where(egen))],
        [rad(aktor, t) for t in andres[:VISES]],
        len(andres) > VISES,
    )


def til_behov(aktor: Aktor, behov: Behov) -> list[Tilbudsrad]:
    """The open offers that fit a need, those to it alone first: for who has it all, for a lender its own. Those that
    cannot be picked (`tilbudsrest`) come last, and say why."""
    sporring = access.synlige_tilbud(aktor).where(
        Tilbud.status == Tilbudsstatus.AAPENT,
        Tilbud.slag == behov.slag,
        Tilbud.til > behov.fra,
        Tilbud.fra < behov.til,
        sa.or_(Tilbud.behov_id.is_(None), Tilbud.behov_id == behov.id),
        Tilbud.organisasjon_id != behov.organisasjon_id,
    )
    if behov.organisasjon_id != aktor.organisasjon_id:
        sporring = sporring.where(Tilbud.organisasjon_id == aktor.organisasjon_id)
    if behov.slag == Slag.PERSONELL:
        sporring = sporring.join(Tilbud.ressursperson).where(Ressursperson.stilling == behov.stilling)
    else:
        sporring = sporring.join(Tilbud.lokale).where(Lokale.slag == behov.lokaleslag)
    sporring = sporring.order_by(Tilbud.behov_id.is_(None), Tilbud.organisasjon_id, Tilbud.fra, Tilbud.id)
    rader = db.session.scalars(sporring.limit(VISES)).all()
    passer = [
        t
        for t in rader
        if not _passer_ikke(t.ressursperson or t.lokale, behov)  # type: ignore[arg-type]
    ]
    tatt = tilbudsrest.tatt([(behov, t) for t in passer])
    return sorted((rad(aktor, t, tatt.get(t.id)) for t in passer), key=lambda r: r.tatt is not None)


def hent(aktor: Aktor, tilbud_id: UUID) -> Tilbudsrad:
    """One offer. Raises IkkeFunnet, IkkeTilgang."""
    return rad(aktor, access.hent_tilbud(aktor, Handling.SE, tilbud_id))
