"""Demo cases: fictitious patients, written through the same use cases as real ones, some with history."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo, som_om
from portal.core.config import innstillinger
from portal.core.db import db
from portal.core.errors import IkkeTilgang
from portal.henvendelser.models import Henvendelse, Utskrivning
from portal.henvendelser.service import flyt, innsending, meldinger, oppfoelging, utskrivning
from portal.identitet.demo import ALTA, aktor, finnes_demo
from portal.identitet.models import Organisasjon

_HJERTESVIKT: dict[str, Any] = {
    "hastegrad": "haster",
    "fagomraade": "indremedisin",
    "plan_uten_raad": "legge_inn",
    "situasjon": "Økende tungpust siste to døgn hos beboer med kjent hjertesvikt. Vekt opp 3 kg på fem dager.",
    "bakgrunn": "Hjertesvikt NYHA III, atrieflimmer, nyresvikt stadium 3b. Står på bumetanid 2 mg × 1.",
    "analyse": "Tolkes som forverret hjertesvikt. Ingen feber, CRP 12. Ikke brystsmerter.",
    "raad_oenskes": "Kan vi øke vanndrivende og følge opp her, eller må hun inn?",
    "aldersgruppe": "80_pluss",
    "kjoenn": "kvinne",
    "oppholdssted": "sykehjem",
    "skroepelighet": 6,
    "behandlingsbegrensninger": "HLR minus. Ikke intensivbehandling.",
    "pasientens_oensker": "Ønsker helst å bli på sykehjemmet.",
    "evne_personell": "ja",
    "evne_kompetanse": "ja",
    "evne_utstyr": "delvis",
    "evne_sted": "ja",
    "evne_tekst": "Kan veie daglig og ta blodprøver. Har ikke mulighet for intravenøs behandling om natta.",
    "news2": {
        "respirasjon": 23,
        "spo2": 93,
        "skala": 1,
        "oksygen": False,
        "systolisk": 128,
        "puls": 96,
        "bevissthet": "A",
        "temperatur": 36.8,
    },
}
_SEPSIS: dict[str, Any] = {
    "hastegrad": "akutt",
    "fagomraade": "indremedisin",
    "plan_uten_raad": "legge_inn",
    "situasjon": "Feber 39,4, hurtig pust og nedsatt allmenntilstand siden i morges. Mistenker urosepsis.",
    "bakgrunn": "Permanent kateter. Ellers frisk for alderen, går med rullator.",
    "aldersgruppe": "67_79",
    "kjoenn": "mann",
    "oppholdssted": "legevakt",
    "news2": {
        "respirasjon": 25,
        "spo2": 94,
        "skala": 1,
        "oksygen": False,
        "systolisk": 104,
        "puls": 118,
        "bevissthet": "A",
        "temperatur": 39.4,
    },
}
_FALL: dict[str, Any] = {
    "hastegrad": "vanlig",
    "fagomraade": "geriatri",
    "plan_uten_raad": "vet_ikke",
    "situasjon": "Tredje fall på to uker. Ingen bruddmistanke. Ønsker råd om medisingjennomgang.",
    "bakgrunn": "Demens, hypertensjon. Står på tre blodtrykksmedisiner og innsovningstablett.",
    "aldersgruppe": "80_pluss",
    "kjoenn": "kvinne",
    "oppholdssted": "omsorgsbolig",
    "kognitiv_svikt": "ja",
    "skroepelighet": 5,
    "evne_personell": "delvis",
}
_PNEUMONI: dict[str, Any] = {
    "hastegrad": "haster",
    "fagomraade": "lungesykdommer",
    "plan_uten_raad": "oehd_plass",
    "situasjon": "Pneumoni hos kolspasient. Startet antibiotika i går, lite bedring.",
    "bakgrunn": "Kols grad III, har hjemmeoksygen 1 liter.",
    "aldersgruppe": "67_79",
    "kjoenn": "mann",
    "oppholdssted": "oehd",
    "news2": {
        "respirasjon": 22,
        "spo2": 89,
        "skala": 2,
        "oksygen": True,
        "systolisk": 135,
        "puls": 92,
        "bevissthet": "A",
        "temperatur": 37.9,
    },
}
_HOFTEBRUDD: dict[str, Any] = {
    "hastegrad": "vanlig",
    "fagomraade": "utskrivning",
    "plan_uten_raad": "skrive_ut",
    "situasjon": "Operert for hoftebrudd for to dager siden. Går med hjelp av én og prekestol. Trenger opptrening.",
    "bakgrunn": "Bodde alene uten hjemmesykepleie før fallet. Hypertensjon, ellers frisk.",
    "raad_oenskes": "Kan dere ta imot på korttidsplass, og fra når?",
    "aldersgruppe": "80_pluss",
    "kjoenn": "kvinne",
    "oppholdssted": "sykehus",
    "funksjonsnivaa": "Klarte seg selv før fallet.",
    "pasientens_oensker": "Vil hjem så snart det er trygt.",
}
_LUNGEBETENNELSE: dict[str, Any] = {
    "hastegrad": "haster",
    "fagomraade": "utskrivning",
    "plan_uten_raad": "bli_paa_sykehuset",
    "situasjon": "Ferdigbehandlet for lungebetennelse. Trenger hjemmesykepleie to ganger daglig de første dagene.",
    "aldersgruppe": "67_79",
    "kjoenn": "mann",
    "oppholdssted": "sykehus",
}


def _send(lege: Aktor, fra: dict[str, Any], tid: datetime, **endret: Any) -> UUID:
    hf = db.session.get(Organisasjon, lege.organisasjon_id)
    data = {
        "klient_id": uuid4(),
        "mottaker_id": hf.helseforetak_id if hf else None,
        "bostedskommune_id": lege.organisasjon_id,
        "tilbakeringing": innsending.egen_telefon(lege) or "00 00 00 00",
        "kjoenn": "ukjent",
        **fra,
        **endret,
    }
    with som_om(tid):
        return innsending.opprett(lege, data)


def _spoer_alta(spesialist: Aktor, fra: dict[str, Any], tid: datetime, **om_utskrivningen: Any) -> UUID:
    """The hospital asks Alta about a discharge."""
    alta = db.session.execute(
        sa.select(Organisasjon.id).where(Organisasjon.kode == ALTA, Organisasjon.nedlagt.is_(None))
    ).scalar_one()
    data = {
        "klient_id": uuid4(),
        "mottaker_id": None,
        "bostedskommune_id": alta,
        "tilbakeringing": innsending.egen_telefon(spesialist) or "00 00 00 00",
        **fra,
        "utskrivning": om_utskrivningen,
    }
    with som_om(tid):
        return innsending.opprett(spesialist, data)


def _steg(hvem: Aktor, sak: UUID, tid: datetime, *steg: str, **mer: Any) -> None:
    """Steps on the timeline of a discharge, one minute apart."""
    for nummer, ett in enumerate(steg):
        versjon = db.session.execute(
            sa.select(Utskrivning.versjon).where(Utskrivning.henvendelse_id == sak)
        ).scalar_one()
        with som_om(tid + timedelta(minutes=nummer)):
            utskrivning.oppdater(hvem, sak, versjon, ett, **mer)


def _utskrivninger(spesialist: Aktor, sykepleier: Aktor, naa: datetime) -> int:
    """Two questions the other way: one that is under way, and one that is closed."""
    innlagt = naa - timedelta(days=2, hours=3)
    aapen = _spoer_alta(
        spesialist,
        _HOFTEBRUDD,
        naa - timedelta(hours=4),
        innlagt=innlagt,
        varslet=innlagt + timedelta(hours=18),
        forventet=oslo(naa + timedelta(days=2)).date(),
        usikker=True,
    )
    with som_om(naa - timedelta(hours=3, minutes=30)):
        flyt.aksepter(sykepleier, aapen)
    with som_om(naa - timedelta(hours=3, minutes=25)):
        meldinger.send_melding(
            sykepleier, aapen, uuid4(), "Vi har trolig plass fra mandag. Trenger hun heis eller spesialseng?"
        )
    _steg(spesialist, aapen, naa - timedelta(hours=2), "a", "b", "d")

    lukket = _spoer_alta(
        spesialist,
        _LUNGEBETENNELSE,
        naa - timedelta(days=6),
        innlagt=naa - timedelta(days=7),
        varslet=naa - timedelta(days=6, hours=20),
        forventet=oslo(naa - timedelta(days=6)).date(),
    )
    with som_om(naa - timedelta(days=6) + timedelta(minutes=20)):
        flyt.aksepter(sykepleier, lukket)
    klar = naa - timedelta(days=6) + timedelta(minutes=30)
    _steg(spesialist, lukket, klar, "a", "b", "c", "d", "e", "klar")
    fra = oslo(klar).date()
    _steg(sykepleier, lukket, klar + timedelta(minutes=20), "svar", kan_ta_imot=True, fra=fra)
    with som_om(klar + timedelta(minutes=25)):
        flyt.besvar(
            sykepleier,
            lukket,
            "kan_ta_imot",
            "Hjemmesykepleien kommer første gang samme kveld. Send med legemiddelliste og antibiotika for to døgn.",
        )
    with som_om(klar + timedelta(hours=5)):
        flyt.lukk(spesialist, lukket, "utskrevet")
    return 2


def skal_saas() -> bool:
    """Whether the database has the demo people and no case yet."""
    ingen_sak = db.session.execute(sa.select(Henvendelse.id).limit(1)).first() is None
    return ingen_sak and finnes_demo()


def saa_saker() -> int:
    """Makes the demo cases. Gives how many. Refuses outside demo mode."""
    if not innstillinger().demo:
        raise IkkeTilgang()
    naa = now()
    lege, sykehjemslege = aktor("lege"), aktor("sykehjemslege")
    spesialist, hjertelege = aktor("spesialist"), aktor("spesialist_hjerte")

    antall = _historikk(sykehjemslege, hjertelege, naa)

    besvart = _send(sykehjemslege, _HJERTESVIKT, naa - timedelta(hours=3))
    with som_om(naa - timedelta(hours=2, minutes=52)):
        flyt.aksepter(spesialist, besvart)
    samtale = (
        (spesialist, "Hei! Hva er kreatinin og kalium nå, og hvor mye vanndrivende har hun fått siste døgn?"),
        (sykehjemslege, "Kreatinin 142 (habituelt 130), kalium 4,1. Bumetanid 2 mg i morges, ikke mer."),
        (spesialist, "Da har dere noe å gå på. Har hun ødemer, og klarer dere vekt og blodprøver daglig?"),
        (sykehjemslege, "Pittingødem til knærne. Ja, det klarer vi."),
    )
    for nummer, (hvem, tekst) in enumerate(samtale):
        with som_om(naa - timedelta(hours=2, minutes=50 - 3 * nummer)):
            meldinger.send_melding(hvem, besvart, uuid4(), tekst)
    with som_om(naa - timedelta(hours=2, minutes=30)):
        flyt.besvar(
            spesialist,
            besvart,
            "behandles_i_kommunen",
            "Øk bumetanid til 2 mg × 2 i tre dager. Daglig vekt, elektrolytter og kreatinin annenhver dag. "
            "Ta kontakt på nytt ved stigende pustebesvær, SpO₂ under 90 eller kreatinin over 180.",
        )

    pneumoni = _send(lege, _PNEUMONI, naa - timedelta(minutes=40))
    with som_om(naa - timedelta(minutes=33)):
        flyt.aksepter(hjertelege, pneumoni)
    with som_om(naa - timedelta(minutes=31)):
        meldinger.send_melding(
            hjertelege, pneumoni, uuid4(), "Jeg ser på saken. Har dere blodgass eller bare metning?"
        )

    _send(sykehjemslege, _FALL, naa - timedelta(minutes=55))
    _send(lege, _SEPSIS, naa - timedelta(minutes=2))
    return antall + 4 + _utskrivninger(spesialist, aktor("sykepleier"), naa)


#: What became of the patients who were not admitted.
_FUNN = ("bekreftet", "bekreftet", "innlagt", "bekreftet", "ukjent")


def _historikk(lege: Aktor, spesialist: Aktor, naa: datetime) -> int:
    """Closed cases of the last weeks, so that the figures show something."""
    tilfeldig = random.Random(20241)  # noqa: S311 - the same demo on every machine
    antall = 24
    for nummer in range(antall):
        start = naa - timedelta(days=2 + 2 * nummer, hours=tilfeldig.randrange(24))
        fra = tilfeldig.choice((_HJERTESVIKT, _PNEUMONI))
        sak = _send(
            lege,
            fra,
            start,
            plan_uten_raad=tilfeldig.choice(("legge_inn", "legge_inn", "oehd_plass", "vet_ikke")),
        )
        aksept = start + timedelta(minutes=tilfeldig.randrange(1, 25))
        with som_om(aksept):
            flyt.aksepter(spesialist, sak)
        svar = aksept + timedelta(minutes=tilfeldig.randrange(5, 50))
        utfall = tilfeldig.choice(("behandles_i_kommunen", "behandles_i_kommunen", "oehd_plass", "innlagt"))
        with som_om(svar):
            flyt.besvar(
                spesialist,
                sak,
                "innleggelse" if utfall == "innlagt" else utfall,
                "Se plan i samtalen. Ta kontakt ved forverring.",
            )
        with som_om(svar + timedelta(minutes=10)):
            flyt.lukk(lege, sak, utfall)
        if nummer > 1:
            # The newest is not due yet, and the next is left for whoever tries the demo.
            funnet = "innlagt" if utfall == "innlagt" else _FUNN[nummer % len(_FUNN)]
            with som_om(svar + timedelta(days=3, hours=1)):
                oppfoelging.svar(lege, sak, 3, funnet)
    return antall
