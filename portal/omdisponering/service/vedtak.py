"""Decisions by which people can be ordered (helseberedskapsloven § 4-1): registered, used, lifted. Use cases.

A decision is made elsewhere; here stands that it was, by whom, on what grounds and for how long. Nobody is ordered but
by one that holds on all the days (`kontroll`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.avtaler import vern
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import access
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import FERDIG, OPPTAR, Status
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Vedtak
from portal.revisjon.steps import logg as revider

#: As long as one decision can hold: such a decision is for a time.
LENGST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Rad:
    """A decision, and who is ordered by it: lines of reallocations that are not over."""

    vedtak: Vedtak
    beordret: list[Omdisponeringslinje]

    @property
    def gjelder(self) -> bool:
        return self.vedtak.gjelder(i_dag())

    @property
    def kan_oppheves(self) -> bool:
        return self.vedtak.opphevet is None and self.vedtak.til >= i_dag()


def krev(aktor: Aktor) -> None:
    """Demands that the actor may register decisions. Raises IkkeTilgang."""
    access.krev_eget(aktor, Handling.BEREDSKAP)


def hent_liste(aktor: Aktor) -> list[Rad]:
    """The own organisation's decisions, the newest first."""
    organisasjon_id = access.krev_eget(aktor, Handling.BEREDSKAP)
    alle = db.session.scalars(
        sa.select(Vedtak)
        .where(Vedtak.organisasjon_id == organisasjon_id)
        .options(joinedload(Vedtak.registrert_av))
        .order_by(Vedtak.opphevet.is_not(None), Vedtak.til.desc(), Vedtak.registrert.desc(), Vedtak.id)
    ).all()
    linjer: dict[UUID, list[Omdisponeringslinje]] = {}
    for omd in _omdisponeringer([v.id for v in alle]):
        assert omd.vedtak_id is not None
        linjer.setdefault(omd.vedtak_id, []).extend(li for li in omd.linjer if li.gjelder and li.beordret)
    return [Rad(v, linjer.get(v.id, [])) for v in alle]


def _omdisponeringer(vedtak: list[UUID]) -> list[Omdisponering]:
    return list(
        db.session.scalars(
            sa.select(Omdisponering)
            .where(
                Omdisponering.vedtak_id.in_(vedtak),
                Omdisponering.status.not_in(FERDIG | {Status.UTKAST}),
            )
            .options(
                joinedload(Omdisponering.avgiver),
                joinedload(Omdisponering.mottaker),
                selectinload(Omdisponering.linjer).joinedload(Omdisponeringslinje.ressursperson),
            )
            .order_by(Omdisponering.fra, Omdisponering.id)
        )
    )


@transactional
def registrer(
    aktor: Aktor,
    *,
    hjemmel: str,
    besluttet_av: str,
    vedtatt: date,
    referanse: str,
    omfang: str,
    fra: date,
    til: date,
    ikke_fnr: bool = False,
) -> UUID:
    """Registers a decision that has been made. Raises UgyldigData by field."""
    organisasjon_id = access.krev_eget(aktor, Handling.BEREDSKAP)
    tekster = {"hjemmel": hjemmel, "besluttet_av": besluttet_av, "referanse": referanse, "omfang": omfang}
    feil: dict[str, list[Any]] = {f: [_l("Dette må fylles ut.")] for f, v in tekster.items() if not v.strip()}
    if vedtatt > i_dag():
        feil["vedtatt"] = [_l("Vedtaket må være fattet. Skriv dagen det skjedde.")]
    if fra < vedtatt:
        feil["fra"] = [_l("Vedtaket kan ikke gjelde før det er fattet.")]
    if til < fra:
        feil["til"] = [_l("Siste dag kan ikke være før første dag.")]
    elif til < i_dag():
        feil["til"] = [_l("Siste dag har vært. Et vedtak som er over, kan ingen beordres etter.")]
    elif til - fra > LENGST:
        feil["til"] = [_l("Et vedtak gjelder for en tid: høyst et år om gangen.")]
    if feil:
        raise UgyldigData(felter=feil)
    sluppet = vern.stopp_identitet(tekster, ikke_fnr=ikke_fnr)
    vedtak = Vedtak(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        vedtatt=vedtatt,
        fra=fra,
        til=til,
        registrert=now(),
        registrert_av_id=aktor.person_id,
        **{felt: tekst.strip() for felt, tekst in tekster.items()},
    )
    db.session.add(vedtak)
    revider(
        aktor,
        "omdisponering.vedtak_registrert",
        "beordringsvedtak",
        vedtak.id,
        referanse=vedtak.referanse,
        fra=fra.isoformat(),
        til=til.isoformat(),
        sluppet_tall=sluppet,
    )
    meld("omdisponering.vedtak", organisasjon_id=organisasjon_id)
    return vedtak.id


@transactional
def opphev(aktor: Aktor, vedtak_id: UUID, *, lest: int | None = None) -> int:
    """Lifts a decision before its last day: nobody is ordered by it from now on. Both sides of what is agreed or has
    begun are told that those who were ordered go on of their own will alone. Gives how many reallocations that were.

    Raises UgyldigOvergang when it holds no more, Utdatert.
    """
    vedtak = access.hent_vedtak(aktor, Handling.BEREDSKAP, vedtak_id, laas=True)
    if vedtak.opphevet is not None or vedtak.til < i_dag():
        raise UgyldigOvergang(_l("Vedtaket gjelder ikke lenger."))
    if lest is not None and lest != vedtak.versjon:
        raise Utdatert()
    vedtak.opphevet, vedtak.opphevet_av_id = now(), aktor.person_id
    roert = [
        o
        for o in _omdisponeringer([vedtak.id])
        if o.status in OPPTAR and any(li.gjelder and li.beordret for li in o.linjer)
    ]
    revider(aktor, "omdisponering.vedtak_opphevet", "beordringsvedtak", vedtak.id, omdisponeringer=len(roert))
    meld("omdisponering.vedtak", organisasjon_id=vedtak.organisasjon_id)
    for omd in roert:
        si(
            aktor,
            omd,
            [omd.avgiver_id, omd.mottaker_id],
            "omdisponering.vedtak_opphevet",
            _l("Vedtaket som noen i %(nummer)s er beordret etter, er opphevet", nummer=omd.nummer),
            _l("De kan bare fortsette frivillig. Avklar med dem, eller avslutt omdisponeringen."),
            noekkel=str(vedtak.id),
        )
    return len(roert)
