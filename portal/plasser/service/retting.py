"""Corrections of the last fourteen days, by the vertskommune's coordinator and with a reason. Use cases.

The former value is kept (`Plassretting`), the bed's history is told anew from the moments that were wrong
(`Plassendring.rettet`, `rettet_fra`), and the days that have ended are added up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler.vern import stopp_identitet
from portal.core.aktor import Aktor
from portal.core.clock import now, oslo
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.forloep import RETT_DAGER, Holdstatus, Tilstand
from portal.plasser.historikk import Plassdoegn, Plassendring, Plassretting
from portal.plasser.holdvarsel import si_fra
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Reservasjon
from portal.plasser.rettelser import Rad, Tidsrom, nye_rader
from portal.plasser.service import doegn
from portal.revisjon.steps import logg as revider

#: What of a stay is corrected.
OPPHOLDSFELTER = (
    "inn",
    "ut",
    "kommune_id",
    "fra_hvor",
    "aldersgruppe",
    "aarsaksgruppe",
    "planlagt_timer",
    "til_hvor",
)
#: What somebody said on the unit's page. What follows from a stay or a hold is corrected there, or not at all.
_SAGT = ("side", "import", "retting")
_FORTELLES = frozenset({Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT})
_FLEST_VIST = 100
#: What the database's column can hold; an address can hold more.
_STOERSTE_NR = 2**31 - 1


# --- what can be corrected -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retteside:
    enhet: Plassenhet
    #: The stays that ran within the last days, the last admission first.
    opphold: list[Opphold]
    #: (what somebody said of a bed, the bed), the last first.
    endringer: list[tuple[Plassendring, Plass]]
    rettinger: list[Plassretting]
    #: {bed: its name} and {kommune: its name} as the corrections call them, also of what is no more.
    plassnavn: dict[str, str]
    kommunenavn: dict[str, str]


def grense() -> datetime:
    """Before this moment nothing is corrected any more."""
    return now() - timedelta(days=RETT_DAGER)


def hent(aktor: Aktor, plassenhet_id: UUID) -> Retteside:
    """What of a unit can be corrected, and what has been. Raises IkkeFunnet or IkkeTilgang."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id)
    fra = grense()
    opphold = db.session.scalars(
        sa.select(Opphold)
        .where(Opphold.plassenhet_id == enhet.id, sa.or_(Opphold.ut.is_(None), Opphold.ut >= fra))
        .options(joinedload(Opphold.kommune), joinedload(Opphold.plass))
        .order_by(Opphold.inn.desc(), Opphold.id)
    ).all()
    endringer = db.session.execute(
        sa.select(Plassendring, Plass)
        .join(Plass, Plass.id == Plassendring.plass_id)
        .where(
            Plassendring.plassenhet_id == enhet.id,
            Plassendring.tidspunkt >= fra,
            Plassendring.rettet.is_(None),
            *_sagt_av_noen(),
        )
        .order_by(Plassendring.tidspunkt.desc(), Plassendring.plass_id, Plassendring.nr.desc())
        .limit(_FLEST_VIST)
    ).tuples()
    rettinger = db.session.scalars(
        sa.select(Plassretting)
        .where(Plassretting.plassenhet_id == enhet.id)
        .options(joinedload(Plassretting.rettet_av))
        .order_by(Plassretting.rettet.desc(), Plassretting.id)
        .limit(_FLEST_VIST)
    ).all()
    plasser = db.session.execute(sa.select(Plass.id, Plass.navn).where(Plass.plassenhet_id == enhet.id))
    kommuner = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kortnavn).where(
            Organisasjon.id.in_({UUID(k) for r in rettinger for k in _kommuner_i(r)})
        )
    )
    return Retteside(
        enhet,
        list(opphold),
        list(endringer),
        list(rettinger),
        {str(r.id): r.navn for r in plasser},
        {str(r.id): r.kortnavn for r in kommuner},
    )


def _kommuner_i(retting: Plassretting) -> set[str]:
    return {str(side["kommune_id"]) for side in (retting.foer, retting.etter) if side.get("kommune_id")}


def _sagt_av_noen() -> tuple[sa.ColumnElement[bool], ...]:
    """A row that says what somebody saw, and not that a patient left just then: that is corrected with the stay."""
    skrevet_ut = sa.exists().where(
        Opphold.plass_id == Plassendring.plass_id, Opphold.ut == Plassendring.tidspunkt
    )
    return (Plassendring.aarsak.in_(_SAGT), Plassendring.tilstand.in_(_FORTELLES), ~skrevet_ut)


@dataclass(frozen=True, slots=True)
class Oppholdsside:
    enhet: Plassenhet
    opphold: Opphold
    #: Those that have, or have had, a place in the unit.
    kommuner: list[Organisasjon]

    @property
    def kommunevalg(self) -> list[tuple[str, str]]:
        return [(str(k.id), k.kortnavn) for k in self.kommuner]


def hent_opphold(aktor: Aktor, plassenhet_id: UUID, opphold_id: UUID) -> Oppholdsside:
    """A stay for the form that corrects it. Raises IkkeFunnet, IkkeTilgang; UgyldigOvergang for one that is too old."""
    opphold, enhet = _opphold(aktor, plassenhet_id, opphold_id, laas=False)
    kommuner = db.session.scalars(
        sa.select(Organisasjon)
        .where(Organisasjon.id.in_(_har_hatt_plass(enhet.id)))
        .order_by(Organisasjon.kortnavn)
    ).all()
    return Oppholdsside(enhet, opphold, list(kommuner))


def hent_endring(
    aktor: Aktor, plassenhet_id: UUID, plass_id: UUID, nr: int
) -> tuple[Plassendring, Plass, Plassenhet]:
    """What somebody said of a bed, for the form that corrects when. Raises IkkeFunnet or IkkeTilgang."""
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id)
    return *_endring(enhet, plass_id, nr), enhet


def _opphold(
    aktor: Aktor, plassenhet_id: UUID, opphold_id: UUID, *, laas: bool
) -> tuple[Opphold, Plassenhet]:
    opphold, enhet = access.hent_opphold(aktor, Handling.FORVALTE, opphold_id, laas=laas)
    if enhet.id != plassenhet_id:
        raise IkkeFunnet()
    if opphold.ut is not None and opphold.ut < grense():
        raise UgyldigOvergang(_l("Oppholdet er eldre enn 14 dager og kan ikke rettes lenger."))
    return opphold, enhet


def _endring(enhet: Plassenhet, plass_id: UUID, nr: int) -> tuple[Plassendring, Plass]:
    if nr > _STOERSTE_NR:
        raise IkkeFunnet()
    rad = db.session.execute(
        sa.select(Plassendring, Plass)
        .join(Plass, Plass.id == Plassendring.plass_id)
        .where(
            Plassendring.plass_id == plass_id,
            Plassendring.nr == nr,
            Plassendring.plassenhet_id == enhet.id,
            *_sagt_av_noen(),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    return rad[0], rad[1]


def _har_hatt_plass(plassenhet_id: UUID) -> sa.Select[UUID]:
    return sa.select(Plassmedlem.kommune_id).where(Plassmedlem.plassenhet_id == plassenhet_id)


# --- a stay ----------------------------------------------------------------------------------------------


@transactional
def rett_opphold(
    aktor: Aktor,
    plassenhet_id: UUID,
    opphold_id: UUID,
    *,
    lest: int,
    begrunnelse: str,
    ikke_fnr: bool = False,
    **felter: Any,
) -> None:
    """Corrects a stay (`felter`: those of OPPHOLDSFELTER, all of them; times to the minute).

    A stay that has not ended is ended on the unit's own page, and one that has is not begun again. Raises UgyldigData
    for what cannot have been (before the admission, in the future, while somebody else lay there), Utdatert.
    """
    opphold, enhet = _opphold(aktor, plassenhet_id, opphold_id, laas=True)
    if opphold.versjon != lest:
        raise Utdatert()
    stopp_identitet({"begrunnelse": begrunnelse}, ikke_fnr=ikke_fnr)
    plass = db.session.get_one(Plass, opphold.plass_id, populate_existing=True)
    nye = {k: felter[k] for k in OPPHOLDSFELTER}
    nye["inn"] = _samme_eller(opphold.inn, nye["inn"], _forrige_ut(opphold))
    nye["ut"] = _samme_eller(opphold.ut, nye["ut"])
    endret = {k: v for k, v in nye.items() if getattr(opphold, k) != v}
    if not endret:
        raise UgyldigData(_l("Ingenting er endret. Rett det som er feil, og lagre."))
    _krev_mulig(opphold, plass, nye, endret)
    gammel, ny = Tidsrom(opphold.inn, opphold.ut), Tidsrom(nye["inn"], nye["ut"])
    foer = {k: _som_data(getattr(opphold, k)) for k in endret}
    for k, v in endret.items():
        setattr(opphold, k, v)
    db.session.flush()
    if gammel != ny:
        _fortell_paa_nytt(aktor, plass, gammel, ny)
        tider = [t for t in (gammel.fra, gammel.til, ny.fra, ny.til) if t is not None]
        _legg_sammen(enhet.id, min(oslo(t).date() for t in tider))
    etter = {k: _som_data(v) for k, v in endret.items()}
    _noter(aktor, enhet, "opphold", str(opphold.id), foer, etter, begrunnelse, plass)
    steps.tell(aktor, enhet)
    revider(
        aktor,
        "plasser.rettet",
        "opphold",
        opphold.id,
        enhet=str(enhet.id),
        plass=plass.navn,
        felter=sorted(endret),
    )


@transactional
def stryk_opphold(
    aktor: Aktor,
    plassenhet_id: UUID,
    opphold_id: UUID,
    *,
    lest: int,
    begrunnelse: str,
    ikke_fnr: bool = False,
) -> None:
    """An admission that never was: the stay is taken away, and its bed was free all the while.

    What it held stays in the correction. Raises Utdatert; UgyldigOvergang for one that began too long ago.
    """
    opphold, enhet = _opphold(aktor, plassenhet_id, opphold_id, laas=True)
    if opphold.versjon != lest:
        raise Utdatert()
    if opphold.inn < grense():
        raise UgyldigOvergang(_l("Innleggelsen er eldre enn 14 dager og kan ikke strykes lenger."))
    stopp_identitet({"begrunnelse": begrunnelse}, ikke_fnr=ikke_fnr)
    plass = db.session.get_one(Plass, opphold.plass_id, populate_existing=True)
    foer = {k: _som_data(getattr(opphold, k)) for k in OPPHOLDSFELTER if getattr(opphold, k) is not None}
    gammel, id_ = Tidsrom(opphold.inn, opphold.ut), opphold.id
    if opphold.reservasjon_id is not None:
        _angre_hold(aktor, enhet, opphold.reservasjon_id)
    db.session.delete(opphold)
    db.session.flush()
    siste = _fortell_paa_nytt(aktor, plass, gammel, None)
    if gammel.til is None:
        plass.flytt_til(Tilstand(siste.tilstand))
        db.session.flush()
    _legg_sammen(enhet.id, oslo(gammel.fra).date())
    _noter(aktor, enhet, "opphold", str(id_), foer, {}, begrunnelse, plass)
    steps.tell(aktor, enhet)
    revider(aktor, "plasser.opphold_stroeket", "opphold", id_, enhet=str(enhet.id), plass=plass.navn)


def _angre_hold(aktor: Aktor, enhet: Plassenhet, reservasjon_id: UUID) -> None:
    """The hold that became the admission did not: whoever follows it is told that the bed was given back."""
    reservasjon = db.session.get_one(Reservasjon, reservasjon_id, populate_existing=True)
    reservasjon.status, reservasjon.avsluttet_av_id = Holdstatus.FRIGITT, aktor.person_id
    meld(
        "plasser.reservasjon_endret",
        reservasjon_id=reservasjon.id,
        referanse=reservasjon.referanse,
        status=str(Holdstatus.FRIGITT),
    )
    si_fra(aktor, enhet, reservasjon)


def _samme_eller(
    gammel: datetime | None, ny: datetime | None, kant: datetime | None = None
) -> datetime | None:
    """A form knows minutes: the minute that stood there, or the one in which somebody else left, is that moment."""
    for kjent in (gammel, kant):
        if kjent is not None and ny == kjent.replace(second=0, microsecond=0):
            return kjent
    return ny


def _forrige_ut(opphold: Opphold) -> datetime | None:
    """When whoever lay there before left."""
    return db.session.scalar(
        sa.select(sa.func.max(Opphold.ut)).where(
            Opphold.plass_id == opphold.plass_id, Opphold.id != opphold.id, Opphold.ut <= opphold.inn
        )
    )


def _krev_mulig(opphold: Opphold, plass: Plass, nye: Mapping[str, Any], endret: Mapping[str, Any]) -> None:
    """Raises UgyldigData for a stay that cannot have been so."""
    inn, ut, naa, fra = nye["inn"], nye["ut"], now(), grense()
    if inn is None:
        raise UgyldigData(felter={"inn": [_l("Skriv når pasienten ble lagt inn.")]})
    if opphold.ut is None and ut is not None:
        raise UgyldigData(
            felter={"ut": [_l("Pasienten er ikke skrevet ut. Skriv ut pasienten fra enhetens egen side.")]}
        )
    if opphold.ut is not None and ut is None:
        raise UgyldigData(felter={"ut": [_l("Skriv når pasienten ble skrevet ut.")]})
    if ut is None and nye["til_hvor"] is not None:
        raise UgyldigData(felter={"til_hvor": [_l("Pasienten er ikke skrevet ut ennå.")]})
    for felt in ("inn", "ut"):
        tid = nye[felt]
        if felt not in endret or tid is None:
            continue
        if tid > naa:
            raise UgyldigData(felter={felt: [_l("Tidspunktet kan ikke være i framtiden.")]})
        if min(tid, getattr(opphold, felt)) < fra:
            raise UgyldigData(felter={felt: [_l("Bare de siste 14 dagene kan rettes.")]})
    if ut is not None and ut < inn:
        raise UgyldigData(felter={"ut": [_l("Utskrivningen kan ikke være før innleggelsen.")]})
    if "inn" in endret and inn < plass.opprettet:
        raise UgyldigData(felter={"inn": [_l("Plassen fantes ikke da. Velg et senere tidspunkt.")]})
    if ut is not None and plass.nedlagt is not None and ut > plass.nedlagt:
        raise UgyldigData(felter={"ut": [_l("Plassen var lagt ned da. Velg et tidligere tidspunkt.")]})
    har_plass = sa.exists().where(
        Plassmedlem.plassenhet_id == plass.plassenhet_id, Plassmedlem.kommune_id == nye["kommune_id"]
    )
    if "kommune_id" in endret and not db.session.scalar(sa.select(har_plass)):
        raise UgyldigData(
            felter={
                "kommune_id": [_l("Kommunen har ingen plasser i denne enheten. Velg en kommune som er med.")]
            }
        )
    _krev_alene(opphold, inn, ut, endret)


def _krev_alene(opphold: Opphold, inn: datetime, ut: datetime | None, endret: Mapping[str, Any]) -> None:
    """Two never lay in one bed at the same time."""
    annen = db.session.scalars(
        sa.select(Opphold)
        .where(
            Opphold.plass_id == opphold.plass_id,
            Opphold.id != opphold.id,
            sa.or_(Opphold.ut.is_(None), Opphold.ut > inn),
            *([Opphold.inn < ut] if ut is not None else []),
        )
        .limit(1)
    ).one_or_none()
    if annen is not None:
        felt = "inn" if "ut" not in endret or ("inn" in endret and annen.inn < inn) else "ut"
        raise UgyldigData(
            felter={
                felt: [
                    _l("Da lå en annen pasient i plassen. Se oppholdene i lista, og velg et annet tidspunkt.")
                ]
            }
        )


# --- the moment of a bed's state -------------------------------------------------------------------------


@transactional
def rett_endring(
    aktor: Aktor,
    plassenhet_id: UUID,
    plass_id: UUID,
    nr: int,
    *,
    tidspunkt: datetime,
    begrunnelse: str,
    ikke_fnr: bool = False,
) -> None:
    """Corrects when a bed was free, to be cleaned or closed: between what was said before it and after it.

    Raises UgyldigData; Utdatert when it has been corrected already.
    """
    enhet = access.hent(aktor, Handling.FORVALTE, plassenhet_id, laas=True)
    rad, plass = _endring(enhet, plass_id, nr)
    if rad.rettet is not None:
        raise Utdatert()
    stopp_identitet({"begrunnelse": begrunnelse}, ikke_fnr=ikke_fnr)
    naa = now()
    if tidspunkt == rad.tidspunkt.replace(second=0, microsecond=0):
        raise UgyldigData(felter={"tidspunkt": [_l("Dette er tidspunktet som står der. Skriv det rette.")]})
    if tidspunkt > naa:
        raise UgyldigData(felter={"tidspunkt": [_l("Tidspunktet kan ikke være i framtiden.")]})
    if min(tidspunkt, rad.tidspunkt) < grense():
        raise UgyldigData(felter={"tidspunkt": [_l("Bare de siste 14 dagene kan rettes.")]})
    rader = _historie(plass.id)
    her = next(i for i, r in enumerate(rader) if r.nr == nr)
    foer = rader[her - 1].tidspunkt if her else plass.opprettet
    etter = rader[her + 1].tidspunkt if her + 1 < len(rader) else None
    # At the same moment as the next, it would come after it: a corrected row is written last.
    if tidspunkt < foer or (etter is not None and tidspunkt >= etter):
        raise UgyldigData(
            felter={
                "tidspunkt": [
                    _l(
                        "Da sto plassen i en annen tilstand. Velg et tidspunkt mellom endringen før og endringen etter."
                    )
                ]
            }
        )
    _skriv_historie(aktor, plass, [nr], [(nr, tidspunkt, rader[her])])
    _legg_sammen(enhet.id, min(oslo(rad.tidspunkt).date(), oslo(tidspunkt).date()))
    _noter(
        aktor,
        enhet,
        "plassendring",
        f"{plass.id.hex}:{nr}",
        {"tidspunkt": rad.tidspunkt.isoformat(), "tilstand": rad.tilstand},
        {"tidspunkt": tidspunkt.isoformat(), "tilstand": rad.tilstand},
        begrunnelse,
        plass,
    )
    steps.tell(aktor, enhet)
    revider(
        aktor,
        "plasser.rettet",
        "plass",
        plass.id,
        enhet=str(enhet.id),
        plass=plass.navn,
        felter=["tidspunkt"],
    )


# --- the history, told anew ------------------------------------------------------------------------------


def _historie(plass_id: UUID) -> list[Rad]:
    """The bed's rows that count, as they follow each other."""
    return [
        Rad(r.nr, r.tidspunkt, r.tilstand, r.stengt_grunn, r.bemannet, r.normert)
        for r in db.session.execute(
            sa.select(
                Plassendring.nr,
                Plassendring.tidspunkt,
                Plassendring.tilstand,
                Plassendring.stengt_grunn,
                Plassendring.bemannet,
                Plassendring.normert,
            )
            .where(Plassendring.plass_id == plass_id, Plassendring.rettet.is_(None))
            .order_by(Plassendring.tidspunkt, Plassendring.nr)
        )
    ]


def _fortell_paa_nytt(aktor: Aktor, plass: Plass, gammel: Tidsrom, ny: Tidsrom | None) -> Rad:
    """Writes the bed's history with the stay where it was. Gives the last row that counts then."""
    strykes, nye = nye_rader(_historie(plass.id), gammel, ny)
    _skriv_historie(
        aktor,
        plass,
        strykes,
        [
            (n.rettet_fra, n.tidspunkt, Rad(0, n.tidspunkt, n.tilstand, n.grunn, n.bemannet, n.normert))
            for n in nye
        ],
    )
    return _historie(plass.id)[-1]


def _skriv_historie(
    aktor: Aktor, plass: Plass, strykes: list[int], nye: list[tuple[int, datetime, Rad]]
) -> None:
    """Marks rows as corrected, and adds those that come instead. The bed's state is since its last row."""
    naa = now()
    if strykes:
        db.session.execute(
            sa.update(Plassendring)
            .where(Plassendring.plass_id == plass.id, Plassendring.nr.in_(strykes))
            .values(rettet=naa)
            .execution_options(synchronize_session=False)
        )
    for rettet_fra, tidspunkt, rad in nye:
        plass.endringer += 1
        db.session.execute(
            sa.insert(Plassendring).values(
                plass_id=plass.id,
                nr=plass.endringer,
                plassenhet_id=plass.plassenhet_id,
                tidspunkt=tidspunkt,
                tilstand=rad.tilstand,
                stengt_grunn=rad.grunn,
                bemannet=rad.bemannet,
                normert=rad.normert,
                person_id=aktor.person_id,
                aarsak="retting",
                rettet_fra=rettet_fra,
            )
        )
    plass.endret = _historie(plass.id)[-1].tidspunkt
    db.session.flush()


def _legg_sammen(enhet_id: UUID, fra: date) -> None:
    """Adds up the days anew from the first one that was wrong. What the job has not come to yet, it comes to."""
    steps.glem_dager(enhet_id, fra)
    siste = db.session.scalar(
        sa.select(sa.func.max(Plassdoegn.dag)).where(Plassdoegn.plassenhet_id == enhet_id)
    )
    if siste is not None:
        doegn.lag(enhet_id, siste + timedelta(days=1), doegn.siste_hele_dag())


def _noter(
    aktor: Aktor,
    enhet: Plassenhet,
    hva: str,
    hva_id: str,
    foer: dict[str, Any],
    etter: dict[str, Any],
    begrunnelse: str,
    plass: Plass,
) -> None:
    """The correction itself. `plass_id` goes with both sides, so that a list can name the bed."""
    db.session.add(
        Plassretting(
            id=uuid4(),
            plassenhet_id=enhet.id,
            hva=hva,
            hva_id=hva_id,
            foer={**foer, "plass_id": str(plass.id)},
            etter=etter,
            begrunnelse=begrunnelse,
            rettet=now(),
            rettet_av_id=aktor.person_id,
        )
    )
    db.session.flush()


def _som_data(verdi: Any) -> Any:
    if isinstance(verdi, datetime):
        return verdi.isoformat()
    return str(verdi) if isinstance(verdi, UUID) else verdi
