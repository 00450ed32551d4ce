"""What the vertskommune's coordinator keeps: the unit, its beds, and who may use them. Use cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Enhet, Enhetstype, Organisasjon
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import FERSK_TIMER, HOLD_MINUTTER, KAN_NEDLEGGES, Legedekning, Tilstand
from portal.plasser.models import Plass, Plassenhet, Plassmedlem
from portal.revisjon.steps import logg as revider

#: What of a unit's description the form changes.
ENHETSFELTER = (
    "adresse",
    "legedekning",
    "evner",
    "kriterier",
    "fersk_timer_lav",
    "fersk_timer_hoey",
    "hold_minutter",
)


@transactional
def opprett(aktor: Aktor, enhet_id: UUID, *, legedekning: Legedekning, plasser: int, **felter: Any) -> UUID:
    """Makes a unit of type ØHD a unit with beds: so many, normed, staffed, of unknown state. The host has them all.

    Raises IkkeFunnet for a unit that is not the actor's kommune's, UgyldigOvergang for one that has beds already.
    """
    enhet = db.session.scalars(
        sa.select(Enhet)
        .where(Enhet.id == enhet_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if (
        enhet is None
        or aktor.medlemskap_id is None
        or enhet.organisasjon_id != aktor.organisasjon_id
        or enhet.type != Enhetstype.OEHD_ENHET
        or not enhet.aktiv
    ):
        raise IkkeFunnet()
    if aktor.rolle != Rolle.KOORDINATOR:
        access.nekt(aktor, Handling.FORVALTE, "enhet", enhet.id, finnes=True)
    if db.session.scalar(sa.select(Plassenhet.id).where(Plassenhet.enhet_id == enhet.id)):
        raise UgyldigOvergang(_l("Enheten er alt i plassregisteret."))
    naa = now()
    ny = Plassenhet(
        id=uuid4(),
        enhet_id=enhet.id,
        vertskommune_id=enhet.organisasjon_id,
        legedekning=legedekning,
        opprettet=naa,
        **{
            "fersk_timer_lav": FERSK_TIMER[0],
            "fersk_timer_hoey": FERSK_TIMER[1],
            "hold_minutter": HOLD_MINUTTER,
            **{k: v for k, v in felter.items() if k in ENHETSFELTER},
        },
    )
    db.session.add(ny)
    db.session.flush()
    db.session.add(
        Plassmedlem(
            id=uuid4(), plassenhet_id=ny.id, kommune_id=enhet.organisasjon_id, kvote=plasser, fra=i_dag()
        )
    )
    for nummer in range(plasser):
        _ny_plass(aktor, ny, navn=f"{nummer + 1}", rekkefoelge=nummer, normert=True, bemannet=True, evner=0)
    steps.tell(aktor, ny)
    revider(aktor, "plasser.opprettet", "plassenhet", ny.id, enhet=enhet.navn, plasser=plasser)
    return ny.id


@transactional
def endre(aktor: Aktor, plassenhet_id: UUID, *, lest: int, **felter: Any) -> None:
    """Changes what is told of the unit. Raises Utdatert when somebody else was first."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    if enhet.versjon != lest:
        raise Utdatert()
    endret = {k: v for k, v in felter.items() if k in ENHETSFELTER and getattr(enhet, k) != v}
    if not endret:
        return
    for k, v in endret.items():
        setattr(enhet, k, v)
    db.session.flush()
    # Free beds are counted by what they can take.
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.enhet_endret", "plassenhet", enhet.id, felter=sorted(endret))


def _ny_plass(aktor: Aktor, enhet: Plassenhet, **felter: Any) -> Plass:
    naa = now()
    plass = Plass(
        id=uuid4(), plassenhet_id=enhet.id, tilstand=Tilstand.UKJENT, endret=naa, opprettet=naa, **felter
    )
    db.session.add(plass)
    steps.noter(aktor, plass, aarsak="opprettet")
    return plass


@transactional
def legg_til_plass(
    aktor: Aktor, plassenhet_id: UUID, *, navn: str, normert: bool, bemannet: bool, evner: int = 0
) -> UUID:
    """A bed more, of unknown state until the unit says. Raises UgyldigData for a name that is taken."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    plasser = steps.i_bruk(enhet.id)
    _krev_ledig_navn(plasser, navn)
    sist = max((p.rekkefoelge for p in plasser), default=-1)
    plass = _ny_plass(
        aktor, enhet, navn=navn, rekkefoelge=sist + 1, normert=normert, bemannet=bemannet, evner=evner
    )
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.plass_ny", "plass", plass.id, enhet=str(enhet.id), plass=navn, normert=normert)
    return plass.id


def _krev_ledig_navn(plasser: Sequence[Plass], navn: str, unntatt: UUID | None = None) -> None:
    if any(p.navn.casefold() == navn.casefold() and p.id != unntatt for p in plasser):
        raise UgyldigData(felter={"navn": [_l("Enheten har alt en plass med dette navnet.")]})


@transactional
def endre_plass(
    aktor: Aktor, plassenhet_id: UUID, plass_id: UUID, *, lest: int, navn: str, normert: bool, evner: int
) -> None:
    """Changes what is told of a bed. Raises Utdatert; UgyldigData where the quotas would be too many."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    plass = access.hent_plass(enhet, plass_id)
    if plass.versjon != lest:
        raise Utdatert()
    plasser = steps.i_bruk(enhet.id)
    _krev_ledig_navn(plasser, navn, plass.id)
    if plass.normert and not normert:
        _krev_nok(enhet.id, sum(p.normert for p in plasser) - 1)
    plass.navn, plass.normert, plass.evner = navn, normert, evner
    db.session.flush()
    steps.tell(aktor, enhet)
    revider(
        aktor, "plasser.plass_endret", "plass", plass.id, enhet=str(enhet.id), plass=navn, normert=normert
    )


@transactional
def nedlegg_plass(aktor: Aktor, plassenhet_id: UUID, plass_id: UUID) -> None:
    """Takes a bed out of use for good; its history stays. Raises UgyldigOvergang for one that is held or occupied."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    steps.loes_ut(enhet)
    plass = access.hent_plass(enhet, plass_id)
    if Tilstand(plass.tilstand) not in KAN_NEDLEGGES:
        raise UgyldigOvergang(
            _l("Plassen er i bruk. Skriv ut pasienten, eller frigi reservasjonen, før plassen legges ned.")
        )
    if plass.normert:
        _krev_nok(enhet.id, sum(p.normert for p in steps.i_bruk(enhet.id)) - 1)
    plass.nedlagt = now()
    steps.noter(aktor, plass, aarsak="nedlagt")
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.plass_nedlagt", "plass", plass.id, enhet=str(enhet.id), plass=plass.navn)


# --- who may use them ------------------------------------------------------------------------------------


@transactional
def sett_kvoter(aktor: Aktor, plassenhet_id: UUID, kvoter: Mapping[UUID, int], *, lest: str) -> None:
    """Says which kommuner have a place in the unit, and with how many beds, from today.

    The host is always one of them. Who falls out keeps what it holds and who lies there. Raises UgyldigData where the
    quotas are more than the normed beds, Utdatert when somebody else was first.
    """
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    naa = {m.kommune_id: m for m in steps.medlemmer(enhet.id)}
    if lest != kvotelest(list(naa.values())):
        raise Utdatert()
    if enhet.vertskommune_id not in kvoter:
        raise UgyldigData(felter={"kvoter": [_l("Vertskommunen må være med.")]})
    kommuner = set(
        db.session.scalars(
            sa.select(Organisasjon.id).where(
                Organisasjon.id.in_(kvoter), Organisasjon.type == "kommune", Organisasjon.nedlagt.is_(None)
            )
        )
    )
    if kommuner != set(kvoter) or any(v < 0 for v in kvoter.values()):
        raise UgyldigData(felter={"kvoter": [_l("Velg kommuner fra lista, med 0 eller flere plasser hver.")]})
    normerte = sum(p.normert for p in steps.i_bruk(enhet.id))
    if sum(kvoter.values()) > normerte:
        raise UgyldigData(
            felter={
                "kvoter": [
                    _l(
                        "Kvotene er til sammen %(sum)d, men enheten har %(antall)d normerte plasser.",
                        sum=sum(kvoter.values()),
                        antall=normerte,
                    )
                ]
            }
        )
    dag = i_dag()
    for kommune_id, medlem in naa.items():
        if kommune_id not in kvoter:
            medlem.til = dag
    for kommune_id, antall in kvoter.items():
        if kommune_id not in naa:
            db.session.add(
                Plassmedlem(id=uuid4(), plassenhet_id=enhet.id, kommune_id=kommune_id, kvote=antall, fra=dag)
            )
        elif naa[kommune_id].kvote != antall:
            naa[kommune_id].kvote = antall
    steps.flytt_stavlen(enhet.id)
    revider(
        aktor, "plasser.kvoter", "plassenhet", enhet.id, kvoter={str(k): v for k, v in sorted(kvoter.items())}
    )


def kvotelest(medlemmer: Sequence[Plassmedlem]) -> str:
    """What whoever opens the form of the quotas has seen."""
    return ",".join(f"{m.kommune_id}:{m.kvote}" for m in sorted(medlemmer, key=lambda m: m.kommune_id))


def _krev_nok(plassenhet_id: UUID, normerte: int) -> None:
    kvoter = sum(m.kvote for m in steps.medlemmer(plassenhet_id))
    if kvoter > normerte:
        raise UgyldigData(
            _l(
                "Kvotene er til sammen %(sum)d. Sett dem ned før enheten får færre normerte plasser.",
                sum=kvoter,
            )
        )


@transactional
def nedlegg(aktor: Aktor, plassenhet_id: UUID) -> None:
    """Closes the unit down for good; its history stays. Raises UgyldigOvergang while a bed is held or occupied."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    steps.loes_ut(enhet)
    plasser = steps.i_bruk(enhet.id)
    if any(Tilstand(p.tilstand) not in KAN_NEDLEGGES for p in plasser):
        raise UgyldigOvergang(
            _l("Noen plasser er i bruk. Skriv ut pasientene og frigi reservasjonene først.")
        )
    naa, dag = now(), i_dag()
    for plass in plasser:
        plass.nedlagt = naa
        steps.noter(aktor, plass, aarsak="nedlagt")
    for medlem in steps.medlemmer(enhet.id):
        medlem.til = dag
    enhet.nedlagt = naa
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.nedlagt", "plassenhet", enhet.id)
