"""An organisation's own chain of approval: the links through which it enters agreements, in order.

A kommune enters through its kommunestyre (hol § 6-1), so one of its links demands a decision (vedtak). A change holds
for what is sent from then on: what waits now follows the chain it was sent with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from portal.avtaler import access, godkjenninger, innhold
from portal.avtaler.forloep import FORETAK, Side
from portal.avtaler.godkjenninger import Kandidat
from portal.avtaler.livsloep import STANDARDKJEDE
from portal.avtaler.models import Godkjenningsledd
from portal.core.aktor import Aktor
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.revisjon.steps import logg

FLEST_LEDD = 10
LENGSTE_NAVN = 200


@dataclass(frozen=True, slots=True)
class Ledd:
    """A link: who approves is whom `medlemskap` names, or whoever has a role for it."""

    navn: str
    krever_vedtak: bool
    medlemskap: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Kjede:
    """The chain as it is, or the standard (`egen` False), and whom its links can name. `lest` goes along on saving."""

    organisasjon: Organisasjon
    ledd: tuple[Ledd, ...]
    egen: bool
    kandidater: Sequence[Kandidat]
    lest: str


def hent(aktor: Aktor, organisasjon_id: UUID) -> Kjede:
    """The chain of the actor's own organisation. Raises IkkeTilgang, or IkkeFunnet for another's."""
    access.krev_kjede(aktor, organisasjon_id)
    organisasjon = db.session.get_one(Organisasjon, organisasjon_id)
    egne = _egne(organisasjon_id)
    ledd = tuple(Ledd(r.navn, r.krever_vedtak, tuple(UUID(m) for m in r.medlemskap)) for r in egne)
    return Kjede(
        organisasjon,
        ledd or standard(organisasjon.type),
        bool(egne),
        godkjenninger.kandidater([organisasjon_id])[organisasjon_id],
        _hash(egne),
    )


def standard(type_: str) -> tuple[Ledd, ...]:
    """What holds where an organisation has set nothing: one link; none for who can be no party."""
    if type_ == Organisasjonstype.KOMMUNE:
        return (Ledd(*STANDARDKJEDE[Side.KOMMUNE]),)
    return (Ledd(*STANDARDKJEDE[Side.FORETAK]),) if type_ in FORETAK else ()


@transactional
def sett(
    aktor: Aktor, organisasjon_id: UUID, ledd: Sequence[Mapping[str, Any]], lest: str | None = None
) -> None:
    """Sets the chain, in order: {navn, krever_vedtak, medlemskap} each. No link at all: the standard holds again.

    `lest` is the chain as it was read (`Kjede.lest`); changed since → Utdatert, and nothing is written. Raises
    UgyldigData by field («navn_<number from 1>», «medlemskap_<number>», "ledd" for the whole).
    """
    access.krev_kjede(aktor, organisasjon_id)
    # One change at a time; whoever is sent something meanwhile reads the whole of the one chain or of the other.
    organisasjon = db.session.scalars(
        sa.select(Organisasjon).where(Organisasjon.id == organisasjon_id).with_for_update(key_share=True)
    ).one()
    egne = _egne(organisasjon_id)
    if lest is not None and lest != _hash(egne):
        raise Utdatert(
            _l("Noen har endret kjeden etter at du åpnet den. Se hvordan den er nå, og lagre på nytt."),
            lest=_hash(egne),
        )
    nye = _les(organisasjon, ledd)
    if nye == [Ledd(r.navn, r.krever_vedtak, tuple(UUID(m) for m in r.medlemskap)) for r in egne]:
        return
    for rad in egne:
        db.session.delete(rad)
    db.session.flush()
    db.session.add_all(
        Godkjenningsledd(
            id=uuid4(),
            organisasjon_id=organisasjon_id,
            plass=plass,
            navn=n.navn,
            krever_vedtak=n.krever_vedtak,
            medlemskap=[str(m) for m in n.medlemskap],
        )
        for plass, n in enumerate(nye, 1)
    )
    logg(
        aktor,
        "avtale.kjede_satt",
        "organisasjon",
        organisasjon_id,
        ledd=[
            {"navn": n.navn, "vedtak": n.krever_vedtak, "medlemskap": [str(m) for m in n.medlemskap]}
            for n in nye
        ],
    )
    meld("avtale.kjede_endret", organisasjon_id=organisasjon_id)


def _les(organisasjon: Organisasjon, ledd: Sequence[Mapping[str, Any]]) -> list[Ledd]:
    felter: dict[str, list[Any]] = {}
    if not standard(organisasjon.type):
        raise UgyldigData(_l("Bare kommuner, helseforetak og RHF kan være part i avtaler."))
    if len(ledd) > FLEST_LEDD:
        raise UgyldigData(felter={"ledd": [_l("Kjeden kan ha høyst %(antall)s ledd.", antall=FLEST_LEDD)]})
    kan_velges = {k.medlemskap_id for k in godkjenninger.kandidater([organisasjon.id])[organisasjon.id]}
    nye: list[Ledd] = []
    for nr, le in enumerate(ledd, 1):
        raa = str(le.get("navn") or "")
        navn = "" if innhold.ULOVLIGE.search(raa) else " ".join(innhold.ren(raa).split())
        if not navn:
            felter[f"navn_{nr}"] = [_l("Skriv hvem som godkjenner i dette leddet.")]
        elif len(navn) > LENGSTE_NAVN:
            felter[f"navn_{nr}"] = [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=LENGSTE_NAVN)]
        elif navn.casefold() in {n.navn.casefold() for n in nye}:
            felter[f"navn_{nr}"] = [_l("To ledd heter det samme. Gi dem hvert sitt navn.")]
        medlemskap = tuple(dict.fromkeys(le.get("medlemskap") or ()))
        if set(medlemskap) - kan_velges:
            felter[f"medlemskap_{nr}"] = [
                _l(
                    "Velg blant dem som er koordinator, administrator eller kommuneoverlege hos dere nå. Andre må få "
                    "en av rollene først."
                )
            ]
        nye.append(Ledd(navn, bool(le.get("krever_vedtak")), medlemskap))
    if nye and organisasjon.type == Organisasjonstype.KOMMUNE and not any(n.krever_vedtak for n in nye):
        felter["ledd"] = [
            _l(
                "Kommunestyret selv inngår avtalen (helse- og omsorgstjenesteloven § 6-1). "
                "Minst ett ledd må kreve vedtak."
            )
        ]
    if felter:
        raise UgyldigData(felter=felter)
    return nye


def _egne(organisasjon_id: UUID) -> Sequence[Godkjenningsledd]:
    return db.session.scalars(
        sa.select(Godkjenningsledd)
        .where(Godkjenningsledd.organisasjon_id == organisasjon_id)
        .order_by(Godkjenningsledd.plass)
    ).all()


def _hash(rader: Sequence[Godkjenningsledd]) -> str:
    data = [[r.navn, r.krever_vedtak, sorted(r.medlemskap)] for r in rader]
    return sha256(orjson.dumps(data)).hexdigest()
