"""What the vertskommune's coordinator keeps: the unit, its beds, and who may use them. Use cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, Konflikt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Enhet, Enhetstype, Organisasjon
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import FERSK_TIMER, HOLD_MINUTTER, KAN_NEDLEGGES, Legedekning, Tilstand
from portal.plasser.models import Plass, Plassenhet, Plassmedlem
from portal.plasser.rimelighet import normhopp
from portal.revisjon.steps import logg as revider
from portal.varsler.steps import stopp

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
#: More beds than any unit has, and few enough for one page.
FLEST_PLASSER = 500


@transactional
def opprett(aktor: Aktor, enhet_id: UUID, *, legedekning: Legedekning, plasser: int, **felter: Any) -> UUID:
    """Makes a unit of type ØHD a unit with beds: so many, normed, staffed, of unknown state. The host has them all.

    One that was closed down is taken up again, with its history and new beds. Raises IkkeFunnet for a unit that is not
    the actor's kommune's, UgyldigOvergang for one that has beds already.
    """
    enhet = db.session.scalars(
        sa.select(Enhet)
        .where(Enhet.id == enhet_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if enhet is None or enhet.type != Enhetstype.OEHD_ENHET or not enhet.aktiv:
        raise IkkeFunnet()
    egen = aktor.medlemskap_id is not None and enhet.organisasjon_id == aktor.organisasjon_id
    if not egen or aktor.rolle != Rolle.KOORDINATOR:
        access.nekt(aktor, Handling.FORVALTE, "enhet", enhet.id, finnes=egen)
    ny = _som_ny(enhet, legedekning, felter)
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


def _som_ny(enhet: Enhet, legedekning: Legedekning, felter: Mapping[str, Any]) -> Plassenhet:
    """The unit's row: a new one, or that of one that was closed down. Raises UgyldigOvergang."""
    verdier = {
        "fersk_timer_lav": FERSK_TIMER[0],
        "fersk_timer_hoey": FERSK_TIMER[1],
        "hold_minutter": HOLD_MINUTTER,
        **{k: v for k, v in felter.items() if k in ENHETSFELTER},
        "legedekning": legedekning,
    }
    rad = db.session.scalars(
        sa.select(Plassenhet)
        .where(Plassenhet.enhet_id == enhet.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if rad is None:
        rad = Plassenhet(
            id=uuid4(), enhet_id=enhet.id, vertskommune_id=enhet.organisasjon_id, opprettet=now(), **verdier
        )
        db.session.add(rad)
    elif rad.nedlagt is None:
        raise UgyldigOvergang(_l("Enheten er alt i plassregisteret."))
    else:
        rad.nedlagt, rad.bekreftet, rad.bekreftet_av_id = None, None, None
        rad.vertskommune_id = enhet.organisasjon_id
        for k, v in verdier.items():
            setattr(rad, k, v)
    db.session.flush()
    return rad


def _aapne(aktor: Aktor, plassenhet_id: UUID) -> Plassenhet:
    """The unit, locked, for its coordinator. Raises UgyldigOvergang for one that is closed down."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    if enhet.nedlagt is not None:
        raise UgyldigOvergang(_l("Enheten er nedlagt. Legg den inn på nytt for å ta den i bruk igjen."))
    return enhet


@transactional
def endre(aktor: Aktor, plassenhet_id: UUID, *, lest: int, **felter: Any) -> None:
    """Changes what is told of the unit. Raises Utdatert when somebody else was first."""
    enhet = _aapne(aktor, plassenhet_id)
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
    enhet = _aapne(aktor, plassenhet_id)
    return _legg_til(aktor, enhet, [navn], normert=normert, bemannet=bemannet, evner=evner)[0]


@transactional
def legg_til_plasser(
    aktor: Aktor,
    plassenhet_id: UUID,
    *,
    navn: Sequence[str],
    normert: bool,
    bemannet: bool,
    evner: int = 0,
    bekreftet: bool = False,
) -> int:
    """Beds more, all at once or none. Gives how many of the unit's normed beds are in no kommune's quota.

    Raises UgyldigData for a name that is taken or comes twice, Konflikt («overraskende», with `tall`) for so many
    normed ones that it must be confirmed.
    """
    enhet = _aapne(aktor, plassenhet_id)
    foer = sum(p.normert for p in steps.i_bruk(enhet.id))
    etter = foer + len(navn) * normert
    _legg_til(aktor, enhet, navn, normert=normert, bemannet=bemannet, evner=evner)
    if not bekreftet and (rart := normhopp(foer, etter)):
        # Last: what can't be done at all is said first. All of it is undone.
        raise Konflikt(
            _l("Enheten får mange flere plasser på én gang. Se over, og bekreft at det stemmer."),
            kode="overraskende",
            tall=[{"tall": o.tall, "foer": o.foer, "etter": o.etter} for o in rart],
        )
    return max(0, etter - sum(m.kvote for m in steps.medlemmer(enhet.id)))


def _legg_til(
    aktor: Aktor, enhet: Plassenhet, navn: Sequence[str], *, normert: bool, bemannet: bool, evner: int
) -> list[UUID]:
    plasser = steps.i_bruk(enhet.id)
    if not navn:
        raise UgyldigData(felter={"navn": [_l("Skriv navnet på minst én plass.")]})
    if len(plasser) + len(navn) > FLEST_PLASSER:
        raise UgyldigData(
            felter={"navn": [_l("En enhet kan ha høyst %(antall)d plasser.", antall=FLEST_PLASSER)]}
        )
    sist = max((p.rekkefoelge for p in plasser), default=-1)
    nye: list[Plass] = []
    for nummer, ett in enumerate(navn, sist + 1):
        _krev_ledig_navn([*plasser, *nye], ett)
        nye.append(
            _ny_plass(
                aktor, enhet, navn=ett, rekkefoelge=nummer, normert=normert, bemannet=bemannet, evner=evner
            )
        )
    steps.tell(aktor, enhet)
    for plass in nye:
        revider(
            aktor,
            "plasser.plass_ny",
            "plass",
            plass.id,
            enhet=str(enhet.id),
            plass=plass.navn,
            normert=normert,
        )
    return [p.id for p in nye]


def _krev_ledig_navn(plasser: Sequence[Plass], navn: str, unntatt: UUID | None = None) -> None:
    if any(p.navn.casefold() == navn.casefold() and p.id != unntatt for p in plasser):
        raise UgyldigData(felter={"navn": [_l("Enheten har alt en plass som heter «%(navn)s».", navn=navn)]})


@transactional
def endre_plass(
    aktor: Aktor, plassenhet_id: UUID, plass_id: UUID, *, lest: int, navn: str, normert: bool, evner: int
) -> None:
    """Changes what is told of a bed. Raises Utdatert; UgyldigData where the quotas would be too many."""
    enhet = _aapne(aktor, plassenhet_id)
    plass = access.hent_plass(enhet, plass_id)
    if plass.versjon != lest:
        raise Utdatert()
    if (plass.navn, plass.normert, plass.evner) == (navn, normert, evner):
        return
    plasser = steps.i_bruk(enhet.id)
    _krev_ledig_navn(plasser, navn, plass.id)
    if plass.normert and not normert:
        _krev_nok(enhet.id, sum(p.normert for p in plasser) - 1)
    normen_er_ny = plass.normert != normert
    plass.navn, plass.normert, plass.evner = navn, normert, evner
    if normen_er_ny:
        # The history counts normed beds' time.
        steps.noter(aktor, plass, aarsak="normert")
    db.session.flush()
    steps.tell(aktor, enhet)
    revider(
        aktor, "plasser.plass_endret", "plass", plass.id, enhet=str(enhet.id), plass=navn, normert=normert
    )


@transactional
def flytt_plass(aktor: Aktor, plassenhet_id: UUID, plass_id: UUID, *, opp: bool) -> None:
    """Moves a bed one place up or down in the unit's own order. The first stays first, the last stays last."""
    enhet = _aapne(aktor, plassenhet_id)
    access.hent_plass(enhet, plass_id)
    plasser = steps.i_bruk(enhet.id)
    fra = next(i for i, p in enumerate(plasser) if p.id == plass_id)
    til = fra - 1 if opp else fra + 1
    if not 0 <= til < len(plasser):
        return
    plasser.insert(til, plasser.pop(fra))
    for nummer, plass in enumerate(plasser):
        if plass.rekkefoelge != nummer:
            plass.rekkefoelge = nummer
    db.session.flush()
    steps.flytt_stavlen(enhet.id)
    revider(aktor, "plasser.plass_flyttet", "plass", plass_id, enhet=str(enhet.id), plass=plasser[til].navn)


@transactional
def nedlegg_plass(aktor: Aktor, plassenhet_id: UUID, plass_id: UUID) -> None:
    """Takes a bed out of use for good; its history stays. Raises UgyldigOvergang for one that is held or occupied, or
    whose staff is lent or borrowed."""
    enhet = _aapne(aktor, plassenhet_id)
    steps.loes_ut(enhet)
    plass = access.hent_plass(enhet, plass_id)
    if Tilstand(plass.tilstand) not in KAN_NEDLEGGES:
        raise UgyldigOvergang(
            _l("Plassen er i bruk. Skriv ut pasienten, eller frigi reservasjonen, før plassen legges ned.")
        )
    steps.krev_uten_laan(plass)
    if plass.normert:
        _krev_nok(enhet.id, sum(p.normert for p in steps.i_bruk(enhet.id)) - 1)
    plass.nedlagt = now()
    steps.noter(aktor, plass, aarsak="nedlagt")
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.plass_nedlagt", "plass", plass.id, enhet=str(enhet.id), plass=plass.navn)


# --- who may use them ------------------------------------------------------------------------------------


@transactional
def sett_kvoter(
    aktor: Aktor, plassenhet_id: UUID, kvoter: Mapping[UUID, int], *, lest: str, bekreftet: bool = False
) -> None:
    """Says which kommuner have a place in the unit, and with how many beds, from today.

    The host is always one of them. Who falls out keeps what it holds and who lies there, and whoever takes it out says
    that they know (`bekreftet`). Raises UgyldigData where the quotas are more than the normed beds, Konflikt
    («pasienter_bekreft»), Utdatert when somebody else was first.
    """
    enhet = _aapne(aktor, plassenhet_id)
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
    ut = {k for k in naa if k not in kvoter}
    if ut and not bekreftet:
        _varsle_om_pasienter(enhet, ut)
    dag = i_dag()
    for kommune_id in ut:
        naa[kommune_id].til = dag
    for kommune_id, antall in kvoter.items():
        if kommune_id not in naa:
            db.session.add(
                Plassmedlem(id=uuid4(), plassenhet_id=enhet.id, kommune_id=kommune_id, kvote=antall, fra=dag)
            )
        elif naa[kommune_id].kvote != antall:
            steps.ny_kvote(naa[kommune_id], antall, dag)
    steps.flytt_stavlen(enhet.id)
    revider(
        aktor, "plasser.kvoter", "plassenhet", enhet.id, kvoter={str(k): v for k, v in sorted(kvoter.items())}
    )


def _varsle_om_pasienter(enhet: Plassenhet, ut: Collection[UUID]) -> None:
    """Whoever takes a kommune out while its inhabitants lie there, or are on their way, says that they know."""
    har = set(steps.i_bruk_av(enhet.id)) & set(ut)
    if har:
        navn = db.session.scalars(
            sa.select(Organisasjon.kortnavn).where(Organisasjon.id.in_(har)).order_by(Organisasjon.kortnavn)
        )
        raise Konflikt(
            _l(
                "%(kommuner)s har pasienter her eller på vei. De blir til de skrives ut, men kommunen får ikke holde "
                "flere plasser. Bekreft at den skal ut.",
                kommuner=", ".join(navn),
            ),
            kode="pasienter_bekreft",
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
    """Closes the unit down for good; its history stays. Raises UgyldigOvergang while a bed is held or occupied, or
    its staff lent or borrowed."""
    enhet = _aapne(aktor, plassenhet_id)
    steps.loes_ut(enhet)
    plasser = steps.i_bruk(enhet.id)
    if any(Tilstand(p.tilstand) not in KAN_NEDLEGGES for p in plasser):
        raise UgyldigOvergang(
            _l("Noen plasser er i bruk. Skriv ut pasientene og frigi reservasjonene først.")
        )
    for plass in plasser:
        steps.krev_uten_laan(plass)
    naa, dag = now(), i_dag()
    for plass in plasser:
        plass.nedlagt = naa
        steps.noter(aktor, plass, aarsak="nedlagt")
    for medlem in steps.medlemmer(enhet.id):
        medlem.til = dag
    enhet.nedlagt = naa
    # Nobody is asked for its figures any more (`service/ferskhet.py`).
    stopp(f"plasser:fersk:{enhet.id}")
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.nedlagt", "plassenhet", enhet.id)
