"""What the demo's agreements say: fictitious, in the portal's own words, and no model for anybody's agreement.

Pure data, as `innhold.FELT`. The day rates and the deadlines of the law are not repeated here: the page shows them.
"""

from __future__ import annotations

from typing import Any

from portal.avtaler.innhold import fasebits

_TOPPEN = fasebits([4])
_ELLERS = fasebits([1, 2, 3, 5])
_FRA_SPREDNING = fasebits([3, 4, 5])
_BEGGE = ["foretak", "kommune"]


def _kriterium(kriterium: str, hvem: str, frist: str = "") -> dict[str, str]:
    return {"kriterium": kriterium, "hvem": hvem, "frist": frist}


def _oppgave(oppgave: str, foretak: str, kommune: str) -> dict[str, str]:
    return {"oppgave": oppgave, "foretak": foretak, "kommune": kommune}


def _plikt(tekst: str, hyppighet: str, sider: list[str], frist: str = "") -> dict[str, Any]:
    return {"tekst": tekst, "hyppighet": hyppighet, "frist": frist, "sider": sider}


OVERORDNET: tuple[dict[str, Any], ...] = (
    {
        "nummer": "1",
        "overskrift": "Formål",
        "art": "annet",
        "punkt": 1,
        "tekst": "Pasienten skal møte én helsetjeneste. Avtalen sier hvem som gjør hva når ansvaret går fra den ene "
        "til den andre, og hvordan partene blir enige når de ser ulikt på det.",
    },
    {
        "nummer": "2",
        "overskrift": "Ansvar og oppgaver",
        "art": "roller",
        "punkt": 1,
        "tekst": "Hver part svarer for sine egne tjenester. Den som har ansvaret, har det til den andre har sagt ja.",
        "matrise": [
            _oppgave("Plan for å gi råd døgnet rundt", "A", "K"),
            _oppgave("Plan for å ta imot utskrivningsklare pasienter", "K", "A"),
            _oppgave("Opplæring i portalen", "U", "U"),
        ],
    },
    {
        "nummer": "3",
        "overskrift": "Samarbeidsorgan",
        "art": "annet",
        "punkt": 12,
        "tekst": "Partene møtes i et klinisk samarbeidsutvalg. Utvalget går gjennom **avvik**, tall og planer.",
        "forpliktelser": [_plikt("Møte i klinisk samarbeidsutvalg", "halvaarlig", _BEGGE)],
    },
    {
        "nummer": "4",
        "overskrift": "Beredskapsplaner som passer sammen",
        "art": "beredskap",
        "punkt": 11,
        "tekst": "Partene legger fram planene sine for hverandre og øver sammen. En øvelse omfatter vaktlaget, "
        "legevakta og minst ett sykehjem.",
        "forpliktelser": [_plikt("Felles øvelse i mottak av mange syke", "aarlig", _BEGGE)],
    },
    {
        "nummer": "5",
        "overskrift": "Kunnskap begge veier",
        "art": "annet",
        "punkt": 6,
        "tekst": "Partene tilbyr hverandre hospitering og undervisning. Planen for året er klar til 1. februar.",
        "forpliktelser": [_plikt("Plan for hospitering og felles undervisning", "aarlig", ["foretak"])],
    },
    {
        "nummer": "6",
        "overskrift": "Uenighet",
        "art": "annet",
        "tekst": "Uenighet løses der den oppstår. Den som ikke er løst på fire uker, går til samarbeidsutvalget.",
    },
)

_INNLEGGELSE = {
    "nummer": "3",
    "overskrift": "Kriterier for innleggelse",
    "art": "innleggelse",
    "punkt": 3,
    "tekst": "Legen i kommunen vurderer pasienten før innleggelse, og ringer eller spør i portalen når det er tvil.\n\n"
    "Pasienter på sykehjem vurderes sammen med det som er avtalt med dem og de pårørende.",
    "kriterier": [
        _kriterium("NEWS2 på 7 eller mer", "Legen i kommunen", "straks"),
        _kriterium("NEWS2 på 5 eller 6 uten bedring etter tiltak", "Legen sammen med vakthavende", "2 timer"),
        _kriterium("Behov for utredning som kommunen ikke kan gjøre", "Vakthavende", "samme døgn"),
    ],
}
_OEHD = {
    "nummer": "4",
    "overskrift": "Øyeblikkelig hjelp døgnopphold",
    "art": "oehd",
    "punkt": 4,
    "tekst": "Plassene er for pasienter med kjent tilstand og klar plan, som trenger tilsyn og behandling noen døgn.",
    "kriterier": [
        _kriterium("Avklart tilstand og skriftlig plan for døgnet", "Legen i kommunen"),
        _kriterium("NEWS2 under 5 og stabil siste time", "Sykepleieren på enheten"),
        _kriterium("Overflytting til sykehus når planen ikke holder", "Legen i kommunen", "straks"),
    ],
}
_UTSKRIVNING = {
    "nummer": "5",
    "overskrift": "Utskrivning",
    "art": "utskrivning",
    "punkt": 5,
    "tekst": "Sykehuset varsler tidlig, og sier fra når det er usikkert. Kommunen svarer straks på om den kan ta imot, "
    "og fra når.",
    "trinn": ["varsel", "vurdering", "melding", "svar", "betaling"],
    "kriterier": [
        _kriterium("Vurderingen er skrevet ned, og plan for oppfølging er med", "Behandlende lege"),
        _kriterium("Legemiddelliste og resepter er klare", "Behandlende lege", "før hjemreise"),
        _kriterium("Mottaksstedet er avtalt med pasienten", "Kommunens koordinator", "samme dag"),
    ],
}

TJENESTE: tuple[dict[str, Any], ...] = (
    {
        "nummer": "1",
        "overskrift": "Hva avtalen gjelder",
        "art": "annet",
        "tekst": "Innleggelse i sykehus, øyeblikkelig hjelp døgnopphold i kommunen, og utskrivning.",
    },
    {
        "nummer": "2",
        "overskrift": "Hvem gjør hva",
        "art": "roller",
        "punkt": 2,
        "tekst": "Ansvaret følger pasienten. Den som spør, beholder ansvaret til den andre har tatt det.",
        "matrise": [
            _oppgave("Råd til legen i kommunen, hele døgnet", "A", "I"),
            _oppgave("Bestille transport", "K", "A"),
            _oppgave("Melde pasienten utskrivningsklar", "A", "I"),
            _oppgave("Sørge for plass og tjenester fra utskrivningsdagen", "I", "A"),
        ],
    },
    _INNLEGGELSE,
    _OEHD,
    _UTSKRIVNING,
    {
        "nummer": "6",
        "overskrift": "Lunge- og infeksjonspasienter med oksygen hjemme",
        "art": "innleggelse",
        "fagomraader": ["lungesykdommer", "infeksjonssykdommer"],
        "punkt": 3,
        "tekst": "Har pasienten oksygen hjemme, avtales metningsmål og når det skal ringes, før hjemreise.",
    },
    {
        "nummer": "7",
        "overskrift": "Opplysninger som følger pasienten",
        "art": "informasjon",
        "punkt": 6,
        "tekst": "Innleggelsesskriv, legemiddelliste og funksjon følger med inn. Epikrise følger med ut.",
        "forpliktelser": [
            _plikt("Felles gjennomgang av ti tilfeldige utskrivninger", "kvartal", _BEGGE),
            _plikt("Rutine for legemiddelliste ved utskrivning", "engang", ["foretak"]),
        ],
    },
)

#: What the second version adds: the practice when the epidemic spreads, and at its peak.
TIL_TOPPEN: tuple[dict[str, Any], ...] = (
    {
        "nummer": "8",
        "overskrift": "Innleggelse på epidemitoppen",
        "art": "innleggelse",
        "punkt": 3,
        "faser": _TOPPEN,
        "tekst": "Alle innleggelser avtales med vakthavende **før** pasienten flyttes. Vakthavende svarer innen "
        "15 minutter; ellers bestemmer legen i kommunen.\n\nDet som kan behandles i kommunen med råd, blir i kommunen.",
        "kriterier": [
            _kriterium("Oksygenbehov over 4 liter, eller stigende behov", "Vakthavende", "15 minutter"),
            _kriterium("Akutt tilstand uten sammenheng med epidemien", "Legen i kommunen", "straks"),
            _kriterium("Sykehjemsbeboer: mål for behandlingen er avklart", "Sykehjemslegen", "før avtalen"),
        ],
    },
    {
        "nummer": "9",
        "overskrift": "ØHD-plassene på epidemitoppen",
        "art": "oehd",
        "punkt": 4,
        "faser": _TOPPEN,
        "tekst": "Kommunen holder to plasser for pasienter som sykehuset vil flytte ut samme dag.",
        "kriterier": [
            _kriterium("Oksygen høyst 2 liter og stabil siste 12 timer", "Vakthavende", "samme dag")
        ],
    },
    {
        "nummer": "10",
        "overskrift": "Utskrivning på epidemitoppen",
        "art": "utskrivning",
        "punkt": 5,
        "faser": _TOPPEN,
        "trinn": ["varsel", "svar"],
        "tekst": "Sykehuset melder utskrivningsklare to ganger i døgnet, klokka 9 og 14. Kommunen svarer innen to "
        "timer og tar imot samme dag, også i helgene.",
        "kriterier": [
            _kriterium("Smittefri, eller plass der smitte kan isoleres", "Behandlende lege", "før melding"),
            _kriterium("Oksygenbehovet er stabilt siste døgn", "Behandlende lege"),
        ],
    },
    {
        "nummer": "11",
        "overskrift": "Felles utrykningsteam fra spredningen begynner",
        "art": "beredskap",
        "punkt": 11,
        "faser": _FRA_SPREDNING,
        "tekst": "Et team fra sykehuset reiser til sykehjem med utbrudd. Vaktleder setter det i gang.",
        "tiltak": [
            {
                "navn": "Ambulerende team",
                "ansvarsforhold": "Sykehjemslegen har ansvaret for pasienten, teamet for rådene sine.",
                "arbeidsgiveransvar": "Hver part for sine egne.",
                "organisering": "Én lege og to sykepleiere, i beredskap på dagtid hele uka.",
                "finansiering": "Sykehuset lønner teamet, kommunen dekker reise og utstyr.",
            }
        ],
        "forpliktelser": [_plikt("Ny liste over dem som kan reise, med telefon", "halvaarlig", ["foretak"])],
    },
)
#: The clauses above that hold as long as there is no peak, once the second version is in force.
VIKER_PAA_TOPPEN = ("Kriterier for innleggelse", "Øyeblikkelig hjelp døgnopphold", "Utskrivning")
ELLERS = _ELLERS
#: In the second version the answer has a deadline, so that the comparison of the two has words to show.
NY_UTSKRIVNING = (
    "Sykehuset varsler innen 24 timer, og sier fra når det er usikkert. Kommunen svarer straks, og senest innen tre "
    "timer på dagtid, på om den kan ta imot, og fra når."
)

JORDMOR: tuple[dict[str, Any], ...] = (
    {
        "nummer": "1",
        "overskrift": "Svangerskapsomsorg",
        "art": "roller",
        "punkt": 8,
        "tekst": "Jordmor i kommunen følger svangerskapet. Sykehuset gir råd samme dag når hun spør.",
        "matrise": [
            _oppgave("Kontroller i svangerskapet", "K", "A"),
            _oppgave("Vurdering når noe avviker", "A", "I"),
        ],
    },
    {
        "nummer": "2",
        "overskrift": "Følgetjeneste til fødestedet",
        "art": "prosedyre",
        "punkt": 8,
        "tekst": "Jordmor følger den fødende når reisen tar mer enn 90 minutter.",
        "tiltak": [
            {
                "navn": "Følgetjeneste med jordmor",
                "ansvarsforhold": "Sykehuset har ansvaret fra jordmor er kalt ut.",
                "arbeidsgiveransvar": "Kommunen",
                "organisering": "Vakt hele døgnet, delt mellom kommunene.",
                "finansiering": "",
            }
        ],
    },
    {
        "nummer": "3",
        "overskrift": "Hjem etter fødselen",
        "art": "utskrivning",
        "punkt": 8,
        "tekst": "Jordmor får beskjed samme dag, og kommer på hjemmebesøk innen tre døgn.",
        "kriterier": [_kriterium("Mor og barn er undersøkt", "Barselavdelingen", "før hjemreise")],
    },
)
FOELGE, HJEM = "Følgetjeneste til fødestedet", "Hjem etter fødselen"
#: (text, why): what the kommune proposes, what the trust answers, what was accepted, and a clause that is new.
JORDMOR_FORSLAG = (
    "Jordmor følger den fødende når reisen tar mer enn 60 minutter, og alltid når veien er stengt.",
    "Om vinteren er veien stengt flere dager i måneden.",
)
JORDMOR_MOTFORSLAG = (
    "Jordmor følger den fødende når reisen tar mer enn 75 minutter, og alltid når veien er meldt stengt.",
    "60 minutter gir flere reiser enn vakta rekker over.",
)
JORDMOR_GODTATT = (
    "Jordmor får beskjed samme dag, og kommer på hjemmebesøk innen to døgn, også i helgene.",
    "Det første døgnet hjemme er det som uroer mest.",
)
JORDMOR_NY = {
    "nummer": "4",
    "overskrift": "Samisk språk og tolk",
    "art": "prosedyre",
    "punkt": 8,
    "tekst": "Den som vil snakke samisk, får jordmor som kan det, eller tolk, på telefon når det ikke går ellers.",
}
JORDMOR_NY_FORDI = "Halvparten av de fødende hos oss har samisk som førstespråk."
JORDMOR_BETALING = "Hvem betaler når vakta deles mellom to kommuner? Det må stå her."
JORDMOR_HELG = "Tre døgn er for lenge i helgene med stengt vei. Kan vi si to?"
JORDMOR_MOETE = "Kommunestyret behandler saken i neste møte. Vi vil gjerne ha teksten en uke før."

UENIGHET = "Svar på utskrivningsklare i helgene"
UENIGHET_ALTA = (
    "Vi har fått melding om utskrivningsklare etter klokka 15 på fredager, med betaling fra samme kveld. Avtalen sier "
    "straks, men ingen som kan svare er på jobb. Vi mener fristen må regnes fra neste hverdag."
)
UENIGHET_SYKEHUSET = (
    "Sykehuset melder når pasienten er klar. Vi ser at fredag ettermiddag er vanskelig, og foreslår en felles vakt som "
    "kan svare i helgene. Vi tar det opp i samarbeidsutvalget."
)

DIGITALT: tuple[dict[str, Any], ...] = (
    {
        "nummer": "1",
        "overskrift": "Én vei for spørsmål",
        "art": "informasjon",
        "punkt": 9,
        "tekst": "Spørsmål mellom lege og sykehus går i portalen. Telefon brukes når det haster eller linja er nede.",
    },
    {
        "nummer": "2",
        "overskrift": "Når løsningen er nede",
        "art": "prosedyre",
        "punkt": 9,
        "tekst": "Partene har telefonnumrene på papir på hver vakt, og bytter dem ut når de endres.",
        "forpliktelser": [_plikt("Bytte ut papirlista med telefonnumre", "kvartal", _BEGGE)],
    },
)
