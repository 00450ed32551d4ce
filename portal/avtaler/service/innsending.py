"""What the RHF has sent to Helsedirektoratet: an agreement within a month (hol § 6-4), the word of a notice (§ 6-5).

The portal sends nothing: it keeps when it was sent, and where that can be found again. Each entry stays; one that was
wrong is put right by a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, innhold, plikter
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Status
from portal.avtaler.livsmodeller import Innsending, Oppsigelse
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db, meld, transactional
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.oppgaver import steps as oppgaver
from portal.revisjon.steps import logg

#: Signs.
LENGSTE_REFERANSE = 300
AVTALE, OPPSIGELSE = "avtale", "oppsigelse"


@transactional
def foer_avtale(
    aktor: Aktor, avtale_id: UUID, nummer: int, dato: date | None, referanse: str, sett: int = 0
) -> UUID:
    """Records that a version was sent in on a day, and where that can be found; the RHF's task is done. Gives its id.

    `sett`: how many entries of it the writer had seen: another one now → Opptatt, nothing is written. Raises
    UgyldigOvergang for a version that not all have approved, UgyldigData by field, IkkeFunnet for an unknown version.
    """
    avtale = access.hent(aktor, Handling.SENDE_INN, avtale_id, laas=True)
    versjon = access.hent_versjon(aktor, avtale, nummer)
    if versjon.i_kraft_fra is None:
        raise UgyldigOvergang(_l("Versjonen er ikke godkjent av alle ennå, og er ikke klar til å sendes."))
    foer = foeringer(avtale.id, nummer=nummer)
    rad = _ny(aktor, avtale, versjon.nummer, dato, referanse, foer, sett, _inngaatt(versjon))
    _ferdig(aktor, avtale, rad, plikter.noekkel(plikter.SENDT, avtale.id, nummer, access.rhf(avtale)))
    return rad.id


@transactional
def foer_oppsigelse(
    aktor: Aktor, oppsigelse_id: UUID, dato: date | None, referanse: str, sett: int = 0
) -> UUID:
    """Records that Helsedirektoratet was told of a notice; as `foer_avtale`. Also of one that has had its effect."""
    avtale, oppsigelse = access.hent_oppsigelse(aktor, Handling.SENDE_INN, oppsigelse_id, laas=True)
    if oppsigelse.trukket is not None:
        raise UgyldigOvergang(_l("Oppsigelsen er trukket, og det er ingenting å varsle om."))
    foer = foeringer(avtale.id, oppsigelse_id=oppsigelse.id)
    nummer = _sagt_opp(avtale, oppsigelse)
    rad = _ny(aktor, avtale, nummer, dato, referanse, foer, sett, oppsigelse.varslet, oppsigelse.id)
    _ferdig(aktor, avtale, rad, plikter.noekkel(plikter.VARSLE, avtale.id, oppsigelse.id, access.rhf(avtale)))
    return rad.id


def foeringer(
    avtale_id: UUID, *, nummer: int | None = None, oppsigelse_id: UUID | None = None
) -> Sequence[Innsending]:
    """What was recorded of the agreement, of one version or of one notice, the last first."""
    vilkaar = [Innsending.avtale_id == avtale_id]
    if nummer is not None:
        vilkaar += [Innsending.nummer == nummer, Innsending.slag == AVTALE]
    if oppsigelse_id is not None:
        vilkaar.append(Innsending.oppsigelse_id == oppsigelse_id)
    return db.session.scalars(
        sa.select(Innsending)
        .where(*vilkaar)
        .options(joinedload(Innsending.registrert_av))
        .order_by(Innsending.registrert.desc(), Innsending.id)
    ).all()


def _ny(
    aktor: Aktor,
    avtale: Avtale,
    nummer: int,
    dato: date | None,
    referanse: str,
    foer: Sequence[Innsending],
    sett: int,
    tidligst: date | None,
    oppsigelse_id: UUID | None = None,
) -> Innsending:
    if len(foer) != sett:
        navn = foer[0].registrert_av.navn if foer and foer[0].registrert_av else ""
        raise Opptatt(
            _l("%(navn)s har alt ført dette. Se det før du fører noe nytt.", navn=navn or _l("Noen"))
        )
    rad = Innsending(
        id=uuid4(),
        avtale_id=avtale.id,
        nummer=nummer,
        slag=AVTALE if oppsigelse_id is None else OPPSIGELSE,
        oppsigelse_id=oppsigelse_id,
        registrert=now(),
        registrert_av_id=aktor.person_id,
        **_felter(dato, referanse, tidligst),
    )
    db.session.add(rad)
    db.session.flush()
    return rad


def _felter(dato: date | None, referanse: str, tidligst: date | None) -> dict[str, Any]:
    """The day and the reference as they are stored. Raises UgyldigData with all that is wrong."""
    felter: dict[str, list[Any]] = {}
    if dato is None:
        felter["dato"] = [_l("Skriv dagen det ble sendt.")]
    elif dato > i_dag():
        felter["dato"] = [_l("Det må være sendt: velg i dag eller en dag som har vært.")]
    elif tidligst is not None and dato < tidligst:
        felter["dato"] = [
            _l("Det fantes ikke noe å sende da. Velg %(dag)s eller senere.", dag=f"{tidligst:%d.%m.%Y}")
        ]
    renset = "" if innhold.ULOVLIGE.search(referanse) else " ".join(innhold.ren(referanse).split())
    if not renset:
        felter["referanse"] = [
            _l("Skriv hvor det kan finnes igjen, for eksempel journalnummeret på brevet: 26/1043-2.")
        ]
    elif len(renset) > LENGSTE_REFERANSE:
        felter["referanse"] = [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=LENGSTE_REFERANSE)]
    if felter:
        raise UgyldigData(felter=felter)
    return {"dato": dato, "referanse": renset}


def _inngaatt(versjon: Avtaleversjon) -> date | None:
    """The day on which the last had approved it; None: it was entered as in force."""
    gitt = [g.gitt for g in versjon.godkjenninger if g.gitt is not None and g.opphevet is None]
    return oslo(max(gitt)).date() if gitt else None


def _sagt_opp(avtale: Avtale, oppsigelse: Oppsigelse) -> int:
    """The version that held when the notice was recorded; the newest that has held, where that cannot be read."""
    dag = oslo(oppsigelse.registrert).date()
    holdt = [v for v in avtale.versjoner if v.i_kraft_fra is not None and v.status != Status.GODKJENT]
    da = [v.nummer for v in holdt if v.i_kraft_fra is not None and v.i_kraft_fra <= dag]
    return max(da or [v.nummer for v in holdt], default=avtale.siste_nummer)


def _ferdig(aktor: Aktor, avtale: Avtale, rad: Innsending, noekkel: str) -> None:
    oppgaver.fullfoer(aktor, noekkel, bevis=rad.referanse)
    logg(
        aktor,
        "avtale.innsending_foert",
        "avtale",
        avtale.id,
        slag=rad.slag,
        nummer=rad.nummer,
        dato=rad.dato.isoformat(),
        referanse=rad.referanse,
    )
    meld("avtale.endret", avtale_id=avtale.id)
