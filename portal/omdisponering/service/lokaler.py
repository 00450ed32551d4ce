"""The organisation's premises that can be lent: what they are, what they have, what is promised of them. Use cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler.vern import stopp_identitet
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet import kontroll
from portal.identitet.bretting import brett
from portal.identitet.steps import sorteringsnoekkel
from portal.omdisponering import access, register
from portal.omdisponering.access import Handling
from portal.omdisponering.forloep import Tilbudsstatus
from portal.omdisponering.models import Omdisponeringslinje, Tilbud
from portal.omdisponering.register import PER_SIDE, Lovet
from portal.omdisponering.ressursmodeller import Lokale, Ressursfravaer
from portal.revisjon.steps import logg as revider

#: What is written of premises.
FELTER = ("navn", "slag", "enhet_id", "sted_id", "adresse", "plasser", "kvm", "krav", "merknad")
#: What a list can be narrowed to beside words, kind and requirements.
VISNINGER = ("ledig", "lovet", "borte", "nedlagt")
_SAMME_NAVN = _l("Et lokale i bruk heter det alt. Velg et navn som skiller dem.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utvalg:
    """What a list is narrowed to. `krav`: all of these it has. `vis`: one of VISNINGER."""

    q: str = ""
    slag: str | None = None
    krav: int = 0
    vis: str = ""


@dataclass(frozen=True, slots=True)
class Rad:
    """Premises in the list, and what is promised from now on."""

    lokale: Lokale
    lovet: Sequence[Lovet]
    #: Cannot be used now: until when.
    borte_til: datetime | None


@dataclass(frozen=True, slots=True)
class Liste:
    """One page. `antall` fit, `alle` are in use."""

    rader: Sequence[Rad]
    antall: int
    alle: int
    side: int
    antall_sider: int


@dataclass(frozen=True, slots=True)
class Lokaleside:
    """All that is known of premises."""

    lokale: Lokale
    lovet: Sequence[Lovet]
    fravaer: Sequence[Ressursfravaer]


def hent_liste(aktor: Aktor, utvalg: Utvalg | None = None, side: int = 1) -> Liste:
    """The premises of the actor's organisation, by name: those in use, unless those that are not are asked for."""
    utvalg = utvalg or Utvalg()
    egne = access.synlige_lokaler(aktor)
    i_bruk = egne.where(Lokale.nedlagt.is_(None))
    alle = db.session.scalar(sa.select(sa.func.count()).select_from(i_bruk.subquery())) or 0
    rader = db.session.execute(
        egne.where(*_vilkaar(utvalg)).with_only_columns(Lokale.id, Lokale.navn, Lokale.adresse)
    )
    ord_ = brett(utvalg.q).split()
    treff = sorted(
        (sorteringsnoekkel(brett(navn)), id_.hex, id_)
        for id_, navn, adresse in rader
        if not ord_ or all(o in brett(f"{navn} {adresse}") for o in ord_)
    )
    antall_sider = max(1, -(-len(treff) // PER_SIDE))
    side = min(max(side, 1), antall_sider)
    ider = [t[2] for t in treff[(side - 1) * PER_SIDE : side * PER_SIDE]]
    return Liste(_rader(egne, ider), len(treff), alle, side, antall_sider)


def _vilkaar(utvalg: Utvalg) -> list[sa.ColumnElement[bool]]:
    ut: list[sa.ColumnElement[bool]] = []
    if utvalg.slag:
        ut.append(Lokale.slag == utvalg.slag)
    if utvalg.krav:
        ut.append(Lokale.krav.bitwise_and(utvalg.krav) == utvalg.krav)
    if utvalg.vis == "nedlagt":
        return [*ut, Lokale.nedlagt.is_not(None)]
    ut.append(Lokale.nedlagt.is_(None))
    naa = now()
    lovet = sa.exists().where(
        Omdisponeringslinje.lokale_id == Lokale.id,
        sa.text("omdisponeringslinje.opptar"),
        Omdisponeringslinje.fra <= naa,
        Omdisponeringslinje.til > naa,
    )
    borte = sa.exists().where(
        Ressursfravaer.lokale_id == Lokale.id, Ressursfravaer.fra <= naa, Ressursfravaer.til > naa
    )
    match utvalg.vis:
        case "ledig":
            ut += [sa.not_(lovet), sa.not_(borte)]
        case "lovet":
            ut.append(lovet)
        case "borte":
            ut.append(borte)
    return ut


def _rader(egne: sa.Select[Lokale], ider: Sequence[UUID]) -> list[Rad]:
    lokaler = {x.id: x for x in db.session.scalars(egne.where(Lokale.id.in_(ider)))}
    lovet = register.lovet(Omdisponeringslinje.lokale_id, ider)
    borte = register.borte_til(Ressursfravaer.lokale_id, ider)
    return [Rad(lokaler[i], lovet.get(i, []), borte.get(i)) for i in ider]


def hent(aktor: Aktor, lokale_id: UUID) -> Lokaleside:
    """Premises of the own organisation, closed ones too. Raises IkkeFunnet, IkkeTilgang."""
    lokale = access.hent_lokale(aktor, Handling.REGISTRERE, lokale_id)
    return Lokaleside(
        lokale=lokale,
        lovet=register.lovet(Omdisponeringslinje.lokale_id, [lokale.id]).get(lokale.id, []),
        fravaer=register.fravaer(Ressursfravaer.lokale_id, [lokale.id]).get(lokale.id, []),
    )


def valg(aktor: Aktor) -> tuple[UUID, list[tuple[UUID, str]]]:
    """The actor's organisation, and its units to choose between. Raises IkkeTilgang."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    return egen, register.enheter(egen)


# --- writing ---------------------------------------------------------------------------------------------


@transactional
def opprett(aktor: Aktor, *, ikke_fnr: bool = False, **felter: Any) -> UUID:
    """Registers premises, and gives the id. `felter`: those of FELTER; `navn`, `slag` and `sted_id` are needed. Raises
    UgyldigData."""
    egen = access.krev_eget(aktor, Handling.REGISTRERE)
    lokale = Lokale(
        id=uuid4(),
        organisasjon_id=egen,
        adresse="",
        krav=0,
        merknad="",
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )
    with db.session.no_autoflush:
        sluppet = _sett(lokale, felter, ikke_fnr=ikke_fnr)
    with register.ett_av_hvert("navn", _SAMME_NAVN):
        db.session.add(lokale)
    revider(
        aktor, "omdisponering.lokale_registrert", "lokale", lokale.id, slag=lokale.slag, sluppet_tall=sluppet
    )
    return lokale.id


@transactional
def endre(
    aktor: Aktor, lokale_id: UUID, *, lest: int | None = None, ikke_fnr: bool = False, **felter: Any
) -> None:
    """Changes what is given. Raises Utdatert, UgyldigOvergang for closed ones, UgyldigData."""
    lokale = _i_bruk(aktor, lokale_id)
    if lest is not None and lest != lokale.versjon:
        raise Utdatert(versjon=lokale.versjon)
    foer = {k: getattr(lokale, k) for k in FELTER}
    with db.session.no_autoflush:
        sluppet = _sett(lokale, felter, ikke_fnr=ikke_fnr)
    endret = sorted(k for k, v in foer.items() if getattr(lokale, k) != v)
    if not endret:
        return
    with register.ett_av_hvert("navn", _SAMME_NAVN):
        db.session.add(lokale)
    revider(aktor, "omdisponering.lokale_endret", "lokale", lokale.id, felter=endret, sluppet_tall=sluppet)


@transactional
def nedlegg(aktor: Aktor, lokale_id: UUID) -> None:
    """Takes premises out of use: they can be lent no more, and their offers are taken back. Raises UgyldigOvergang
    while something is promised."""
    lokale = _i_bruk(aktor, lokale_id)
    if numre := register.holdes_av(lokale):
        raise UgyldigOvergang(
            _l(
                "Lokalet er lovet bort i %(numre)s. Trekk eller avslutt det først, så kan lokalet tas ut av bruk.",
                numre=", ".join(numre),
            )
        )
    lokale.nedlagt = now()
    for tilbud in db.session.scalars(
        sa.select(Tilbud).where(Tilbud.lokale_id == lokale.id, Tilbud.status == Tilbudsstatus.AAPENT)
    ):
        tilbud.status, tilbud.trukket = Tilbudsstatus.TRUKKET, now()
    db.session.flush()
    revider(aktor, "omdisponering.lokale_nedlagt", "lokale", lokale.id)


@transactional
def gjenaapne(aktor: Aktor, lokale_id: UUID) -> None:
    """Takes closed premises into use again. Raises UgyldigOvergang where others have got the name meanwhile."""
    lokale = access.hent_lokale(aktor, Handling.REGISTRERE, lokale_id, laas=True)
    if lokale.nedlagt is None:
        raise UgyldigOvergang(_l("Lokalet er alt i bruk."))
    if _finnes(lokale, lokale.navn):
        raise UgyldigOvergang(_l("Et annet lokale har fått navnet. Endre navnet på det andre først."))
    lokale.nedlagt = None
    with register.ett_av_hvert("navn", _SAMME_NAVN):
        db.session.add(lokale)
    revider(aktor, "omdisponering.lokale_gjenaapnet", "lokale", lokale.id)


@transactional
def meld_borte(aktor: Aktor, lokale_id: UUID, *, fra: datetime, til: datetime) -> list[str]:
    """Says when the premises cannot be lent. Gives the numbers of what is promised in that time. Raises UgyldigData."""
    return register.meld_borte(aktor, _i_bruk(aktor, lokale_id), fra, til)


@transactional
def fjern_borte(aktor: Aktor, lokale_id: UUID, fravaer_id: UUID) -> None:
    """The premises can be lent in that time after all."""
    register.fjern_borte(aktor, _i_bruk(aktor, lokale_id), fravaer_id)


def _i_bruk(aktor: Aktor, lokale_id: UUID) -> Lokale:
    """Premises in use, locked. Raises UgyldigOvergang."""
    lokale = access.hent_lokale(aktor, Handling.REGISTRERE, lokale_id, laas=True)
    if lokale.nedlagt is not None:
        raise UgyldigOvergang(_l("Lokalet er tatt ut av bruk. Ta det i bruk igjen først."))
    return lokale


def _finnes(lokale: Lokale, navn: str) -> bool:
    return bool(
        db.session.scalar(
            sa.select(
                sa.exists().where(
                    Lokale.organisasjon_id == lokale.organisasjon_id,
                    Lokale.id != lokale.id,
                    Lokale.nedlagt.is_(None),
                    Lokale.navn == navn,
                )
            )
        )
    )


def _sett(lokale: Lokale, felter: Mapping[str, Any], *, ikke_fnr: bool) -> int:
    """Writes what is given of FELTER, and raises UgyldigData with all that is wrong. Gives how many numbers that look
    like a person's were let through."""
    feil: dict[str, Any] = {}
    for felt, verdi in felter.items():
        try:
            _sett_ett(lokale, felt, verdi)
        except UgyldigData as e:
            feil |= e.detaljer["felter"]
    if not feil and lokale.plasser is None and lokale.kvm is None:
        feil["plasser"] = [_l("Skriv hvor mange plasser det er, eller hvor mange kvadratmeter.")]
    if feil:
        raise UgyldigData(felter=feil)
    # Others read it when the premises are offered.
    return stopp_identitet(
        {"navn": lokale.navn, "adresse": lokale.adresse, "merknad": lokale.merknad}, ikke_fnr=ikke_fnr
    )


def _sett_ett(lokale: Lokale, felt: str, verdi: Any) -> None:
    match felt:
        case "navn":
            navn = kontroll.navn(verdi)
            if navn != lokale.navn and _finnes(lokale, navn):
                raise UgyldigData(felter={"navn": [_SAMME_NAVN]})
            lokale.navn = navn
        case "enhet_id":
            register.krev_enhet(verdi, lokale.organisasjon_id, lokale.enhet_id)
            lokale.enhet_id = verdi
        case "sted_id":
            register.krev_sted(verdi, lokale.sted_id)
            lokale.sted_id = verdi
        case "adresse" | "merknad":
            setattr(lokale, felt, verdi.strip())
        case "slag" | "plasser" | "kvm" | "krav":
            setattr(lokale, felt, verdi)
        case _:
            raise TypeError(felt)
