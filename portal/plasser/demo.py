"""The demo's emergency beds: fictitious units in real kommuner, in all the states there are, with sixty days behind.

The units' people cannot log in, but for those of Alta (`identitet.demo`). The telephone numbers begin with zeros, which
no telephone can ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import hele_sekunder, i_dag, now, oslo
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet.demo import (
    ALTA,
    BERGEN,
    KAUTOKEINO,
    KVITSOEY,
    RANDABERG,
    SOLA,
    STAVANGER,
    aktor,
    har_rollene,
)
from portal.identitet.models import Enhet, Enhetstype, Medlemskap, Organisasjon, Person
from portal.plasser import steps
from portal.plasser.demohistorikk import DAGER, Enhetshistorie, Rader, Seng
from portal.plasser.forloep import (
    ALLE_EVNER,
    FERSK_TIMER,
    HOLD_MINUTTER,
    Evne,
    Innen,
    Legedekning,
    Stengtgrunn,
    Tilstand,
)
from portal.plasser.historikk import Opptrapping, Plassendring
from portal.plasser.models import Avslag, Opphold, Plass, Plassenhet, Plassmedlem, Reservasjon
from portal.plasser.service import behov, doegn
from portal.revisjon.steps import logg
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp_varsler

_DEMO = Aktor.system("demo")
_VANLIG = Evne.OKSYGEN | Evne.INTRAVENOES | Evne.RULLESTOL
HAMMERFEST, SOER_VARANGER, KARASJOK, LOPPA = "5603", "5605", "5610", "5614"
PORSANGER, LEBESBY, GAMVIK, TANA = "5622", "5624", "5626", "5628"
EIGERSUND, SANDNES, TIME, VOSS, OEYGARDEN, ASKOEY = "1101", "1108", "1121", "4621", "4626", "4627"

#: A letter for each bed of `Demoenhet.senger`.
_BOKSTAVER: dict[str, Tilstand] = {
    "L": Tilstand.LEDIG,
    "B": Tilstand.BELAGT,
    "H": Tilstand.HOLDT,
    "R": Tilstand.RENGJOERES,
    "P": Tilstand.STENGT,
    "S": Tilstand.STENGT,
    "U": Tilstand.UKJENT,
    #: Free, and nobody to staff it.
    "N": Tilstand.LEDIG,
}
_GRUNNER = {"P": Stengtgrunn.PERSONELL, "S": Stengtgrunn.SMITTE}

KRITERIER = """**Tar imot**

- voksne med avklart tilstand som trenger behandling eller observasjon i opptil tre døgn
- infeksjon som trenger antibiotika intravenøst, forverring av kols, dehydrering, smertebehandling
- pasienter som er vurdert av lege, med plan for behandlingen og NEWS2 på høyst 4

**Tar ikke imot**

- uavklart brystsmerte, nedsatt bevissthet eller mistanke om hjerneslag
- barn, og pasienter som trenger kontinuerlig tilsyn
"""

VURDERING = """Enheten har vært full i perioder, mest i helgene og når smitten i kommunen var høyest.

Legevakta melder at noen eldre med infeksjon er sendt til sykehuset fordi det ikke var ledig plass med isolasjon.
Avstanden til sykehuset gjør at pårørende sjelden kan besøke."""


@dataclass(frozen=True, slots=True)
class Demoenhet:
    kommune: str
    sted: str
    adresse: str
    #: What the beds are now, one letter each (`_BOKSTAVER`).
    senger: str
    #: Kommune → how many of the beds are its own.
    kvoter: Mapping[str, int]
    #: Minutes since the unit said that its figures are true; None: never.
    bekreftet: int | None
    #: Hours between two in the same bed, on average.
    pause: float
    sykepleier: str
    legedekning: Legedekning = Legedekning.DAGTID
    evner: int = int(_VANLIG)
    #: Abilities of single beds beside the unit's, by their number from 1.
    egne: Mapping[int, int] | None = None
    avslag: int = 4
    #: Beds that can be opened: (within, how many, (role, how many), (equipment, how many)).
    opptrapping: tuple[tuple[Innen, int, tuple[str, int], tuple[str, int]], ...] = ()


_ISO = int(Evne.ISOLASJON)
ENHETER = (
    Demoenhet(
        *(ALTA, "Alta", "Demoveien 1, 9510 Alta", "LLBBHRNN"),
        {ALTA: 3, KAUTOKEINO: 2, LOPPA: 1},
        *(35, 16, ""),
        legedekning=Legedekning.DOEGN,
        evner=int(_VANLIG | Evne.OVERVAAKING),
        egne={1: _ISO, 5: _ISO, 6: int(Evne.BARIATRISK)},
        avslag=14,
        opptrapping=(
            (Innen.ET_DOEGN, 2, ("sykepleier", 3), ("oksygenkonsentrator", 2)),
            (Innen.TRE_DOEGN, 4, ("sykepleier", 6), ("infusjonspumpe", 4)),
        ),
    ),
    Demoenhet(
        *(KAUTOKEINO, "Guovdageaidnu", "Demogeaidnu 4, 9520 Kautokeino", "BL"),
        {KAUTOKEINO: 1, ALTA: 1},
        # Stale: in phase 4 its figures hold for four hours.
        *(9 * 60, 30, "Elle Siri Hætta"),
        evner=int(_VANLIG),
        egne={2: _ISO},
        opptrapping=((Innen.TRE_DOEGN, 1, ("sykepleier", 2), ("oksygenkonsentrator", 1)),),
    ),
    Demoenhet(
        *(HAMMERFEST, "Hammerfest", "Demogata 12, 9600 Hammerfest", "LBLH"),
        {ALTA: 2, HAMMERFEST: 2},
        *(80, 26, "Ronny Sivertsen"),
        legedekning=Legedekning.DOEGN,
        egne={3: _ISO | int(Evne.OVERVAAKING)},
    ),
    Demoenhet(
        *(SOER_VARANGER, "Kirkenes", "Demosvingen 3, 9900 Kirkenes", "BBPL"),
        {SOER_VARANGER: 4},
        *(200, 20, "Tuula Mäkinen"),
        egne={4: int(Evne.PSYKISK_HELSE | Evne.RUS)},
        avslag=7,
    ),
    Demoenhet(
        *(PORSANGER, "Lakselv", "Demobakken 7, 9700 Lakselv", "LLN"),
        {PORSANGER: 2, KARASJOK: 1},
        *(150, 40, "Berit Anne Porsanger"),
        legedekning=Legedekning.TILKALLING,
        egne={1: int(Evne.PALLIASJON)},
    ),
    Demoenhet(
        *(TANA, "Deatnu", "Demotunet 2, 9845 Tana", "BLR"),
        {TANA: 2, GAMVIK: 1, LEBESBY: 0},
        *(45, 34, "Ánde Guttorm"),
        legedekning=Legedekning.TILKALLING,
    ),
    Demoenhet(
        *(STAVANGER, "Stavanger", "Demoallmenningen 5, 4009 Stavanger", "BBBBBBHLRP"),
        {STAVANGER: 6, SOLA: 2, RANDABERG: 1, KVITSOEY: 0},
        *(12, 9, "Kristin Tjøstheim"),
        legedekning=Legedekning.DOEGN,
        evner=int(_VANLIG | Evne.OVERVAAKING),
        egne={8: _ISO, 9: _ISO},
        avslag=26,
        opptrapping=((Innen.ET_DOEGN, 3, ("sykepleier", 5), ("infusjonspumpe", 3)),),
    ),
    Demoenhet(
        *(SANDNES, "Sandnes", "Demostredet 9, 4306 Sandnes", "BBBLLBHR"),
        {SANDNES: 6, TIME: 2},
        *(95, 14, "Jone Aase"),
        egne={4: int(Evne.PALLIASJON), 5: _ISO},
        avslag=11,
    ),
    # Unknown: it has come into the registry, and nobody has said how its beds stand.
    Demoenhet(
        *(EIGERSUND, "Egersund", "Demogaten 21, 4370 Egersund", "UUUU"),
        {EIGERSUND: 4},
        *(None, 30, "Torill Hovland"),
        avslag=0,
    ),
    Demoenhet(
        *(BERGEN, "Bergen", "Demosmauet 8, 5005 Bergen", "BBBBBLLHRS"),
        {BERGEN: 10},
        *(20, 10, "Ragnhild Fosse"),
        legedekning=Legedekning.DOEGN,
        evner=int(_VANLIG | Evne.OVERVAAKING | Evne.PSYKISK_HELSE),
        egne={6: _ISO, 7: _ISO, 1: int(Evne.RUS)},
        avslag=21,
    ),
    Demoenhet(
        *(OEYGARDEN, "Øygarden", "Demovegen 30, 5353 Straume", "BLBLN"),
        {OEYGARDEN: 3, ASKOEY: 2},
        *(310, 22, "Sindre Landro"),
    ),
    Demoenhet(
        *(VOSS, "Voss", "Demoflaten 6, 5700 Voss", "LBL"),
        {VOSS: 3},
        *(130, 28, "Gudrun Mølster"),
        egne={3: int(Evne.PALLIASJON)},
    ),
)


def skal_saas() -> bool:
    """Whether the demo people that it takes are there, and not a single unit with beds."""
    finnes = db.session.scalar(sa.select(sa.exists().where(Plassenhet.id.is_not(None))))
    return not finnes and har_rollene("oehd_sykepleier", "koordinator", "koordinator_kautokeino")


def saa_plasser() -> None:
    """Makes the demo's units, beds, holds, stays, sixty days of history, and an assessment that is being written.

    Raises IkkeTilgang outside the demo.
    """
    if not innstillinger().demo:
        raise IkkeTilgang()
    _lag_plasser()
    _vurder()


def _vurder() -> None:
    """Alta's coordinator has begun to weigh whether the kommune needs more places; tells nobody."""
    hvem = aktor("koordinator")
    assert hvem.organisasjon_id is not None
    id_ = behov.begynn(hvem, hvem.organisasjon_id)
    til = i_dag() - timedelta(days=1)
    behov.skriv(
        hvem,
        id_,
        lest=1,
        fra=til - timedelta(days=DAGER - 1),
        til=til,
        vurdering=VURDERING,
        veiledning="Fast telefontid med vakthavende indremedisiner, og hospitering på medisinsk avdeling.",
        flere_plasser=1,
    )
    _ti_stille()


@transactional
def _ti_stille() -> None:
    stopp_varsler(Varsel.kode.startswith("plasser."), Varsel.stoppet.is_(None))


@transactional
def _lag_plasser() -> None:
    naa = hele_sekunder(now())
    steder = {
        o.kode: o.id
        for o in db.session.execute(
            sa.select(Organisasjon.kode, Organisasjon.id).where(
                Organisasjon.type == "kommune", Organisasjon.nedlagt.is_(None)
            )
        )
    }
    rader = Rader()
    # A kommune that has merged since this was written has no unit here.
    laget = [
        _enhet(rader, nummer, e, steder, naa)
        for nummer, e in enumerate(ENHETER, start=1)
        if e.kvoter.keys() <= steder.keys()
    ]
    for tabell, verdier in (
        (Plass, rader.plasser),
        (Plassendring, rader.endringer),
        (Reservasjon, rader.reservasjoner),
        (Opphold, rader.opphold),
        (Avslag, rader.avslag),
    ):
        db.session.execute(sa.insert(tabell), verdier)
    i_gaar = oslo(naa).date() - timedelta(days=1)
    for enhet in laget:
        steps.tell(_DEMO, enhet)
        doegn.lag(enhet.id, oslo(enhet.opprettet).date(), i_gaar)
    logg(_DEMO, "demo.saadd", "register", "plasser", enheter=len(laget), plasser=len(rader.plasser))


def _enhet(
    rader: Rader, nummer: int, demo: Demoenhet, steder: Mapping[str, UUID], naa: datetime
) -> Plassenhet:
    opprettet = naa - timedelta(days=DAGER)
    enhet = _sted(nummer, demo, steder[demo.kommune])
    person_id = _pleier(nummer, demo, enhet, opprettet)
    bekreftet = naa - timedelta(minutes=demo.bekreftet) if demo.bekreftet is not None else None
    ny = Plassenhet(
        id=uuid4(),
        enhet_id=enhet.id,
        vertskommune_id=enhet.organisasjon_id,
        adresse=demo.adresse,
        legedekning=demo.legedekning,
        evner=demo.evner,
        kriterier=KRITERIER,
        fersk_timer_lav=FERSK_TIMER[0],
        fersk_timer_hoey=FERSK_TIMER[1],
        hold_minutter=HOLD_MINUTTER,
        bekreftet=bekreftet,
        bekreftet_av_id=person_id if bekreftet else None,
        opprettet=opprettet,
    )
    db.session.add(ny)
    db.session.flush()
    kvoter = {steder[k]: antall for k, antall in demo.kvoter.items()}
    for kommune_id, antall in kvoter.items():
        db.session.add(
            Plassmedlem(
                id=uuid4(),
                plassenhet_id=ny.id,
                kommune_id=kommune_id,
                kvote=antall,
                fra=oslo(opprettet).date(),
            )
        )
    historie = Enhetshistorie(
        rader,
        ny.id,
        naa,
        bekreftet or naa,
        list(kvoter.items()),
        person_id,
        pause_timer=demo.pause,
        froe=f"plasser:{demo.sted}",
    )
    for i, seng in enumerate(_senger(demo, kvoter)):
        historie.seng(i, seng)
    historie.avslaa(demo.avslag)
    for innen, antall, personell, utstyr in demo.opptrapping:
        db.session.add(_opptrapping(ny.id, innen, antall, personell, utstyr, person_id, opprettet))
    db.session.flush()
    return ny


def _senger(demo: Demoenhet, kvoter: Mapping[UUID, int]) -> list[Seng]:
    """The beds as they stand, nobody's quota overdrawn: the last members fill theirs first."""
    plass_til = [k for k, antall in kvoter.items() for _i in range(antall)]
    senger = []
    for i, bokstav in enumerate(demo.senger, start=1):
        kommune = plass_til.pop() if bokstav in "BH" else None
        senger.append(
            Seng(
                f"Rom {i}",
                _BOKSTAVER[bokstav],
                bemannet=bokstav != "N",
                evner=(demo.egne or {}).get(i, 0) & ALLE_EVNER,
                grunn=str(_GRUNNER.get(bokstav, "")),
                kommune=kommune,
            )
        )
    return senger


def _sted(nummer: int, demo: Demoenhet, kommune_id: UUID) -> Enhet:
    navn = f"Demo ØHD-enhet {demo.sted}"
    enhet = db.session.scalars(
        sa.select(Enhet).where(Enhet.organisasjon_id == kommune_id, Enhet.navn == navn)
    ).one_or_none()
    if enhet is None:
        enhet = Enhet(id=uuid4(), organisasjon_id=kommune_id, type=str(Enhetstype.OEHD_ENHET), navn=navn)
        db.session.add(enhet)
    enhet.telefon = enhet.telefon or f"+47 00 00 05 {nummer:02}"
    db.session.flush()
    return enhet


def _pleier(nummer: int, demo: Demoenhet, enhet: Enhet, siden: datetime) -> UUID | None:
    """Who says how the unit stands: one that is there, or somebody who cannot log in."""
    der = db.session.scalar(
        sa.select(Medlemskap.person_id)
        .where(Medlemskap.enhet_id == enhet.id, Medlemskap.rolle == Rolle.HELSEPERSONELL)
        .limit(1)
    )
    if der is not None or not demo.sykepleier:
        return der
    person = Person(
        id=uuid4(),
        navn=demo.sykepleier,
        epost=f"oehd.{nummer}@demo.example",
        telefon=f"+47 00 00 06 {nummer:02}",
        demo=True,
        opprettet=siden,
    )
    db.session.add(person)
    db.session.add(
        Medlemskap(
            id=uuid4(),
            person=person,
            organisasjon_id=enhet.organisasjon_id,
            enhet_id=enhet.id,
            rolle=str(Rolle.HELSEPERSONELL),
            gyldig_fra=siden,
        )
    )
    db.session.flush()
    return person.id


def _opptrapping(
    plassenhet_id: UUID,
    innen: Innen,
    antall: int,
    personell: tuple[str, int],
    utstyr: tuple[str, int],
    person_id: UUID | None,
    endret: datetime,
) -> Opptrapping:
    rom: list[dict[str, Any]] = [{"slag": "pasientrom", "antall": antall, "krav": "oksygenuttak"}]
    return Opptrapping(
        id=uuid4(),
        plassenhet_id=plassenhet_id,
        innen_timer=str(innen),
        antall=antall,
        evner=int(_VANLIG),
        personell=[{"rolle": personell[0], "antall": personell[1], "kompetanse": "intravenøs behandling"}],
        rom=rom,
        utstyr=[{"navn": utstyr[0], "antall": utstyr[1]}],
        merknad="Dagrommet kan gjøres om. Ring vertskommunens koordinator.",
        endret=endret,
        endret_av_id=person_id,
    )
