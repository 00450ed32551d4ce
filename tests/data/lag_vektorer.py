"""Writes the vectors that the Python and the JavaScript tests share: `python tests/data/lag_vektorer.py`.

Nothing of the portal is imported here: every expected value comes from a literal table or from how the text
was put together, so that an error in the code cannot write itself into its own test.

No number of a real person is written down. The literal ones are synthetic (month +65 or +80). A stem of nine
digits in braces, «{311239999}», stands for the same stem with its control digits, which the test computes; it
is as long as the number, so the offsets hold.
"""

from __future__ import annotations

import json
import random
from itertools import pairwise, product
from pathlib import Path
from typing import Any

MAPPE = Path(__file__).parent

# --- National identity numbers ----------------------------------------------------------------------------

VEKTER = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))


def rester(nummer: str) -> tuple[int, int]:
    """What is left of the two weighted sums, control digits included, when divided by eleven."""
    k1, k2 = (sum(vekt * int(siffer) for vekt, siffer in zip(v, nummer, strict=True)) % 11 for v in VEKTER)
    return k1, k2


def med_kontrollsifre(stamme: str, rest: int = 0) -> str | None:
    """The nine digits with the control digits that leave this remainder for k1, or None where none do."""
    for k1, k2 in product(range(10), repeat=2):
        if rester(f"{stamme}{k1}{k2}") == (rest, 0):
            return f"{stamme}{k1}{k2}"
    return None


def stamme(dag: int, maaned: int, aar: int, *, fra: int, rest: int = 0) -> str:
    """A stem of this date with the first individnummer from `fra` that has control digits."""
    for individnummer in range(fra, 1000):
        kandidat = f"{dag:02}{maaned:02}{aar:02}{individnummer:03}"
        if med_kontrollsifre(kandidat, rest):
            return kandidat
    raise AssertionError("no such number")


def nummer(dag: int, maaned: int, aar: int, *, fra: int, rest: int = 0) -> str:
    ferdig = med_kontrollsifre(stamme(dag, maaned, aar, fra=fra, rest=rest), rest)
    assert ferdig is not None
    return ferdig


SYNTETISK = "syntetisk"
TENOR = nummer(1, 81, 90, fra=123)  # 1 January 1990, Skatteetaten
HELSENETT = nummer(17, 70, 5, fra=600)  # 17 May 2005, Norsk helsenett
TENOR_D = nummer(41, 92, 64, fra=77)  # 1 December 1964, a synthetic D-nummer

SKILLETEGN = {
    "space": "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
    "\u205f\u3000\t\v\f",
    "no width": "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff",
    "dash": "-_\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e17\u2e1a\u2e3a"
    "\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead",
    "dot": ".\u00b7\u2022\u2024\u2027\u22c5\u3002\u30fb\uff0e\uff61",
    "slash": "/\\\u2044\u2215\uff0f\uff3c",
}
SIFFER_NULL = {
    "fullwidth": 0xFF10,
    "Arabic-Indic": 0x0660,
    "Persian": 0x06F0,
    "Devanagari": 0x0966,
    "mathematical bold": 0x1D7CE,
    "mathematical monospace": 0x1D7F6,
}


def _klassifiser() -> list[dict[str, Any]]:
    def rad(tall: str, slag: str | None, slag_2032: str | None) -> dict[str, Any]:
        return {"nummer": tall, "type": slag, "type_2032": slag_2032}

    def begge(tall: str, slag: str | None) -> dict[str, Any]:
        return rad(tall, slag, slag)

    def med(dag: int, maaned: int, aar: int, fra: int) -> str:
        return "{" + stamme(dag, maaned, aar, fra=fra) + "}"

    rader = [
        # Dates in the future belong to nobody, and a date is never compared with today's.
        begge(med(31, 12, 39, 500), "foedselsnummer"),
        begge(med(1, 1, 39, 999 - 30), "foedselsnummer"),
        begge(med(71, 12, 38, 700), "d_nummer"),
        begge(med(41, 1, 39, 900), "d_nummer"),
        begge(med(31, 52, 39, 500), "h_nummer"),
        begge(med(15, 41, 38, 612), "h_nummer"),
        begge(med(55, 41, 38, 612), SYNTETISK),  # Nav's D-nummer
        begge(med(80, 0, 0, 0), "fh_nummer"),
        begge(med(99, 99, 99, 0), "fh_nummer"),
        begge(med(81, 81, 90, 123), "fh_nummer"),
        begge(TENOR, SYNTETISK),
        begge(HELSENETT, SYNTETISK),
        begge(TENOR_D, SYNTETISK),
        begge(nummer(31, 92, 99, fra=400), SYNTETISK),
        begge(nummer(31, 77, 99, fra=950), SYNTETISK),
        begge(nummer(71, 66, 20, fra=510), SYNTETISK),
        # Days and months outside every series.
        *(begge(med(dag, 81, 90, 100), None) for dag in (0, 32, 39, 40, 72, 79)),
        *(begge(med(1, maaned, 90, 100), None) for maaned in (0, 13, 40, 53, 65, 78, 80, 93, 99)),
        begge(nummer(31, 84, 90, fra=100), None),
        begge(nummer(30, 82, 90, fra=100), None),
        begge(nummer(29, 82, 91, fra=100), None),
        begge(nummer(69, 67, 89, fra=100), None),
        begge(nummer(29, 82, 92, fra=100), SYNTETISK),
        # 1900 was no leap year, 2000 was; from 2032 the individnummer does not tell which.
        rad(nummer(29, 82, 0, fra=100), None, SYNTETISK),
        begge(nummer(29, 82, 0, fra=500), SYNTETISK),
        # The series of individnumre: 500–749 for 1854–1899, 500–999 for 2000–2039, 900–999 for 1940–1999.
        begge(nummer(5, 83, 54, fra=500), SYNTETISK),
        rad(nummer(5, 83, 53, fra=500), None, SYNTETISK),
        rad(nummer(5, 83, 54, fra=750), None, SYNTETISK),
        rad(nummer(5, 83, 45, fra=890), None, SYNTETISK),
        begge(nummer(5, 83, 40, fra=900), SYNTETISK),
        begge(nummer(5, 83, 39, fra=750), SYNTETISK),
        # Not eleven ASCII digits.
        *(begge(tall, None) for tall in ("", TENOR[:10], TENOR + "0", TENOR[:6] + " " + TENOR[6:])),
        begge("".join(chr(0x0660 + int(siffer)) for siffer in TENOR), None),
        begge(TENOR[:8] + "\u00b2" + TENOR[9:], None),
    ]
    for dag, maaned, aar, fra in ((2, 81, 32, 999 - 40), (70, 90, 82, 950), (4, 72, 31, 555)):
        for rest in range(11):
            tall = nummer(dag, maaned, aar, fra=fra, rest=rest)
            rader.append(rad(tall, SYNTETISK if rest == 0 else None, SYNTETISK if rest <= 3 else None))
    for tall in (TENOR, HELSENETT, TENOR_D):
        for feil in range(1, 10):
            rader.append(begge(tall[:10] + str((int(tall[10]) + feil) % 10), None))
    # The FH-numre do not come from Skatteetaten, so the rule of 2032 does not reach them.
    rader.extend(begge(nummer(88, 88, 88, fra=100, rest=rest), None) for rest in (1, 2, 3))
    return rader


def _overlapp() -> tuple[str, str, str]:
    """Three groups of digits where the first two make a number, and the last two as well."""
    midten = "01819"  # the last five digits of one, and 1 January 199x of the other
    for dag, maaned, aar in product(range(1, 29), range(81, 93), range(0, 100)):
        foerste = f"{dag:02}{maaned:02}{aar:02}"
        if rester(foerste + midten) == (0, 0):
            siste = next(f"{rest:06}" for rest in range(10**6) if rester(midten + f"{rest:06}") == (0, 0))
            return foerste, midten, siste
    raise AssertionError("no such numbers")


def _finn() -> list[dict[str, Any]]:
    rader: list[dict[str, Any]] = []

    def legg_til(navn: str, *deler: str | tuple[str, str], regel_2032: bool = False) -> None:
        """A text of parts; a part given with a type is expected to be found."""
        tekst, treff = "", []
        for del_ in deler:
            if isinstance(del_, str):
                tekst += del_
                continue
            start = tekst
            tekst += del_[0]
            treff.append(
                {
                    "type": del_[1],
                    "tegn": [len(start), len(tekst)],
                    "utf16": [len(t.encode("utf-16-le", "surrogatepass")) // 2 for t in (start, tekst)],
                }
            )
        rader.append({"navn": navn, "tekst": tekst, "regel_2032": regel_2032, "treff": treff})

    foerst, sist = TENOR[:6], TENOR[6:]
    legg_til("empty", "")
    legg_til("alone", (TENOR, SYNTETISK))
    legg_til("in a sentence", "Pasienten (", (TENOR, SYNTETISK), ") har feber.")
    legg_til("between letters", "fnr", (HELSENETT, SYNTETISK), "har feber")
    legg_til("after astral characters", "😀🩺 ", (TENOR_D, SYNTETISK), " 😀")
    legg_til("two", (TENOR, SYNTETISK), ", ", (HELSENETT, SYNTETISK))
    legg_til("two in a row of separators", (TENOR, SYNTETISK), " ", (HELSENETT, SYNTETISK))
    legg_til("as it is usually written", "f. ", (f"{foerst} {sist}", SYNTETISK))
    legg_til("date with dots", (f"{foerst[:2]}.{foerst[2:4]}.{foerst[4:]} - {sist}", SYNTETISK))
    legg_til("each digit alone", (" ".join(TENOR), SYNTETISK), " slutt")
    legg_til("each digit alone with several", (" \u200b-\u00a0".join(HELSENETT), SYNTETISK))
    legg_til("separators around", " - ", (TENOR, SYNTETISK), " - ")
    for navn, alle in SKILLETEGN.items():
        for tegn in alle:
            legg_til(f"{navn} {ord(tegn):04X}", "x ", (f"{foerst}{tegn}{sist}", SYNTETISK), " x")
    for navn, null in SIFFER_NULL.items():
        fremmed = "".join(chr(null + int(siffer)) for siffer in TENOR)
        legg_til(f"digits: {navn}", "nr ", (fremmed, SYNTETISK), " ja")
        legg_til(f"digits with space: {navn}", "nr ", (f"{fremmed[:6]} {fremmed[6:]}", SYNTETISK), " ja")
        legg_til(f"digits mixed: {navn}", (foerst + fremmed[6:], SYNTETISK))
    legg_til("superscripts are no digits", foerst + "\u00b9" + sist[1:])
    for navn, skift in (("LF", "\n"), ("CRLF", "\r\n"), ("CR", "\r"), ("LS", "\u2028"), ("NEL", "\x85")):
        legg_til(f"one {navn}", "a\n", (f"{foerst} {skift}  {sist}", SYNTETISK), "\nb")
        legg_til(f"empty line of {navn}", f"{foerst}{skift} {skift}{sist}")
    for tegn in ",;:+|*xæ'\"()=%":
        legg_til(f"{tegn} is no separator", f"{foerst}{tegn}{sist}")
    legg_til("letter after space", f"{foerst} og {sist}")

    # Where a number may begin and end.
    legg_til("after a group", "tlf 4712345 ", (TENOR, SYNTETISK))
    legg_til("before a group", (TENOR, SYNTETISK), "-900")
    legg_til("split, between groups", "12 ", (f"{foerst}-{sist}", SYNTETISK), ".7")
    legg_til("digit glued in front", f"7{TENOR}")
    legg_til("digit glued behind", f"{TENOR}7")
    legg_til("split, digit glued in front", f"7{foerst} {sist}")
    legg_til("split, digit glued behind", f"{foerst} {sist}7")
    legg_til("inside a long row", f"4712{TENOR}998")
    for plass in range(1, 11):
        legg_til(f"split at {plass}", "a", (f"{TENOR[:plass]} {TENOR[plass:]}", SYNTETISK), "b")
    a, b, c = _overlapp()
    tekst = f"{a} {b} {c}"
    rader.append(
        {
            "navn": "overlapping",
            "tekst": tekst,
            "regel_2032": False,
            "treff": [
                {"type": SYNTETISK, "tegn": [0, 12], "utf16": [0, 12]},
                {"type": SYNTETISK, "tegn": [7, 19], "utf16": [7, 19]},
            ],
        }
    )

    # Every type, and the rule of 2032.
    for slag, tall in (
        ("foedselsnummer", "{" + stamme(31, 12, 39, fra=500) + "}"),
        ("d_nummer", "{" + stamme(71, 12, 38, fra=700) + "}"),
        ("h_nummer", "{" + stamme(15, 41, 38, fra=612) + "}"),
        ("fh_nummer", "{" + stamme(90, 12, 34, fra=567) + "}"),
    ):
        legg_til(f"type {slag}", "Gjelder ", (tall, slag), ".")
    for rest in range(5):
        tall = nummer(2, 81, 32, fra=959, rest=rest)
        ny = (tall, SYNTETISK) if rest <= 3 else tall
        legg_til(f"remainder {rest} by the rule of 2032", "nr ", ny, regel_2032=True)
        legg_til(f"remainder {rest} by the rule of 1964", "nr ", (tall, SYNTETISK) if rest == 0 else tall)

    # What a clinical text is full of.
    for tekst in (
        "BT 120/80 puls 80 temp 38.2 kl 13.45 dato 12.03.2024 tlf 900 12 345",
        "BT 95/60, puls 118, RF 24, SpO2 91 % på 2 l O2, temp 39,1. GCS 14. NEWS2 = 9.",
        "CRP 148-210-95, Hb 10.4, Na 131, K 4.8, kreat 164, eGFR 34, laktat 2.7",
        "Innlagt 03.02.2026, utskrevet 11.02.2026. Ny kontroll 25.03.2026 kl. 10:30.",
        "Furix 40 mg 1+1+0, Metoprolol depot 50 mg x 1, Marevan etter INR 2,4 (mål 2-3)",
        "Pårørende nås på +47 900 12 345 eller 22 33 44 55. Vaktlege 116117, ring 113 ved forverring.",
        "EAN 7038010000065, HPR 1234567, org.nr 974 760 673, sak 2026/14322-7",
        "Ble 84 år 12. mars; vekt 62 kg, høyde 171 cm, BMI 21,2; røykt 20/dag 1965-1999.",
        "Ps. 12345 67890. Rom 214, seng 2. Klokken 07.00 - 08.30 - 21.15.",
        "Sykehjemmet, Storgata 12, 0155 Oslo. Tlf. 23 45 67 89, faks 23 45 67 90.",
    ):
        legg_til("clinical text", tekst)

    terning = random.Random(2032)
    alle_skilletegn = "".join(SKILLETEGN.values())
    for nr in range(60):
        dag = terning.randrange(1, 29) + terning.choice((0, 40))
        tall = nummer(
            dag, terning.randrange(1, 13) + terning.choice((65, 80)), terning.randrange(40), fra=500
        )
        spredt = tall[0] + "".join(
            "".join(terning.choice(alle_skilletegn) for _ in range(terning.choice((0, 0, 1, 3)))) + siffer
            for siffer in tall[1:]
        )
        foran = terning.choice(("", "fnr ", "født 1. januar\n\n", "🙂", "tlf 900 12 345, nr: "))
        legg_til(
            f"random {nr}", foran, (spredt, SYNTETISK), terning.choice(("", ".", " ja", "\r\n\r\n12 34"))
        )
    return rader


# --- NEWS2 ------------------------------------------------------------------------------------------------

# The chart of the Royal College of Physicians (2017), row by row: from, to, points. Temperature in tenths of
# a degree. The outer ends are the limits of what the portal takes for a measurement.
SKALA_1 = [[30, 91, 3], [92, 93, 2], [94, 95, 1], [96, 100, 0]]
KART: list[dict[str, Any]] = [
    {"felt": "respirasjon", "rader": [[0, 8, 3], [9, 11, 1], [12, 20, 0], [21, 24, 2], [25, 80, 3]]},
    {"felt": "spo2", "skala": 1, "rader": SKALA_1},
    {"felt": "spo2", "skala": 1, "oksygen": False, "rader": SKALA_1},
    {"felt": "spo2", "skala": 1, "oksygen": True, "rader": SKALA_1},
    {
        "felt": "spo2",
        "skala": 2,
        "oksygen": False,
        "rader": [[30, 83, 3], [84, 85, 2], [86, 87, 1], [88, 92, 0], [93, 100, 0]],
    },
    {
        "felt": "spo2",
        "skala": 2,
        "oksygen": True,
        "rader": [[30, 83, 3], [84, 85, 2], [86, 87, 1], [88, 92, 0], [93, 94, 1], [95, 96, 2], [97, 100, 3]],
    },
    {
        "felt": "spo2",
        "skala": 2,
        "rader": [[30, 83, 3], [84, 85, 2], [86, 87, 1], [88, 92, 0], [93, 100, None]],
    },
    {"felt": "systolisk", "rader": [[0, 90, 3], [91, 100, 2], [101, 110, 1], [111, 219, 0], [220, 320, 3]]},
    {
        "felt": "puls",
        "rader": [[0, 40, 3], [41, 50, 1], [51, 90, 0], [91, 110, 1], [111, 130, 2], [131, 320, 3]],
    },
    {
        "felt": "temperatur",
        "rader": [[200, 350, 3], [351, 360, 1], [361, 380, 0], [381, 390, 1], [391, 450, 2]],
    },
]
BEVISSTHET = {"A": 0, "C": 3, "V": 3, "P": 3, "U": 3}
OKSYGEN = {True: 2, False: 0}
PARAMETERE = ("respirasjon", "spo2", "oksygen", "systolisk", "puls", "bevissthet", "temperatur")
FRISK = {
    "respirasjon": 16,
    "spo2": 97,
    "skala": 1,
    "oksygen": False,
    "systolisk": 125,
    "puls": 70,
    "bevissthet": "A",
    "temperatur": 37.0,
}
# Sum → risk and alert, without and with a single 3.
RISIKO = {
    **dict.fromkeys(range(0, 5), ("lav", None, "lav_middels", "haster")),
    **dict.fromkeys(range(5, 7), ("middels", "haster", "middels", "haster")),
    **dict.fromkeys(range(7, 21), ("hoy", "akutt", "hoy", "akutt")),
}


def _les_av(maalinger: dict[str, Any], felt: str) -> int | None:
    """The points of one field, read off the chart."""
    verdi = maalinger.get(felt)
    if verdi is None:
        return None
    if felt == "bevissthet":
        return BEVISSTHET[verdi]
    if felt == "oksygen":
        return OKSYGEN[verdi]
    if felt == "temperatur":
        verdi = round(verdi * 10)
    for kart in KART:
        if kart["felt"] != felt:
            continue
        if felt == "spo2" and (kart["skala"], kart.get("oksygen")) != (
            maalinger.get("skala", 1),
            maalinger.get("oksygen"),
        ):
            continue
        return next(poeng for fra, til, poeng in kart["rader"] if fra <= verdi <= til)
    raise AssertionError(felt)


def _ventet(maalinger: dict[str, Any]) -> dict[str, Any]:
    poeng = {felt: _les_av(maalinger, felt) for felt in PARAMETERE}
    kjente = [verdi for verdi in poeng.values() if verdi is not None]
    fullstendig = len(kjente) == 7
    risiko, varsel, risiko_tre, varsel_tre = RISIKO[sum(kjente)]
    tre = 3 in kjente
    return {
        "status": "fullstendig" if fullstendig else "ufullstendig",
        "poeng": poeng,
        "sum": sum(kjente) if fullstendig else None,
        "minst": sum(kjente),
        "enkelt_tre": tre,
        "risiko": (risiko_tre if tre else risiko) if fullstendig else None,
        "varsel": varsel_tre if tre else varsel,
        "grunn": None,
    }


def _tilfeller() -> list[dict[str, Any]]:
    rader: list[dict[str, Any]] = []

    def legg_til(maalinger: dict[str, Any], aldersgruppe: str | None = "18_66", gravid: bool = False) -> None:
        ventet = _ventet(maalinger)
        grunn = "alder" if aldersgruppe == "under_16" else "graviditet" if gravid else None
        if grunn:
            ventet = {
                "status": "ikke_aktuelt",
                "poeng": dict.fromkeys(PARAMETERE),
                "sum": None,
                "minst": None,
                "enkelt_tre": False,
                "risiko": None,
                "varsel": None,
                "grunn": grunn,
            }
        rader.append(
            {"maalinger": maalinger, "aldersgruppe": aldersgruppe, "gravid": gravid, "ventet": ventet}
        )

    legg_til({})
    legg_til(FRISK)
    for aldersgruppe in (None, "under_16", "16_17", "18_66", "67_79", "80_pluss"):
        for gravid in (False, True):
            legg_til({**FRISK, "puls": 140, "spo2": 90}, aldersgruppe, gravid)
    # Each boundary from both sides, in an otherwise healthy patient and as the only measurement.
    for kart in KART:
        valg: dict[str, Any] = {navn: kart[navn] for navn in ("skala", "oksygen") if navn in kart}
        grenser = [fra for fra, _, _ in kart["rader"]] + [til for _, til, _ in kart["rader"]]
        for grense in sorted(set(grenser)):
            verdi = grense / 10 if kart["felt"] == "temperatur" else grense
            hele = {**FRISK, **valg, kart["felt"]: verdi}
            if kart["felt"] == "spo2" and "oksygen" not in valg:
                del hele["oksygen"]
            legg_til(hele)
            legg_til({**valg, kart["felt"]: verdi})
    for grad in BEVISSTHET:
        legg_til({**FRISK, "bevissthet": grad})
    for felt in PARAMETERE:
        legg_til({navn: verdi for navn, verdi in FRISK.items() if navn != felt})
        legg_til({**FRISK, "bevissthet": "V", felt: None})
    # Sums around the thresholds, with and without a single 3.
    legg_til({**FRISK, "oksygen": True, "puls": 115})  # 4
    legg_til({**FRISK, "oksygen": True, "puls": 115, "temperatur": 38.5})  # 5
    legg_til({**FRISK, "oksygen": True, "puls": 115, "systolisk": 95})  # 6
    legg_til({**FRISK, "oksygen": True, "puls": 115, "systolisk": 95, "temperatur": 38.5})  # 7
    legg_til({**FRISK, "respirasjon": 25, "temperatur": 38.5})  # 4, a single 3
    legg_til({**FRISK, "respirasjon": 25, "puls": 115})  # 5, a single 3
    legg_til({**FRISK, "respirasjon": 25, "bevissthet": "C"})  # 6, two of 3
    legg_til({"respirasjon": 25, "bevissthet": "C", "puls": 95})  # at least 7
    legg_til({"oksygen": True, "puls": 115, "temperatur": 38.5})  # at least 5
    legg_til({"oksygen": True, "puls": 115})  # at least 4

    terning = random.Random(2017)
    for _ in range(120):
        maalinger: dict[str, Any] = {"skala": terning.choice((1, 2))}
        mangler = terning.choice((0, 0, 0, 0.3))
        for felt, verdi in (
            ("respirasjon", terning.randint(4, 36)),
            ("spo2", terning.randint(78, 100)),
            ("oksygen", terning.choice((False, True))),
            ("systolisk", terning.randint(70, 240)),
            ("puls", terning.randint(30, 150)),
            ("bevissthet", terning.choice("AAAACVPU")),
            ("temperatur", terning.randint(340, 405) / 10),
        ):
            if terning.random() >= mangler:
                maalinger[felt] = verdi
        legg_til(maalinger, terning.choice((None, "16_17", "67_79", "80_pluss")))
    return rader


def _ugyldige() -> list[dict[str, Any]]:
    """Values that must be refused, each with the field at fault."""
    feil: dict[str, tuple[Any, ...]] = {
        "respirasjon": (-1, 81, 16.5, "16", True),
        "spo2": (29, 101, 97.5, "97", 0),
        "systolisk": (-1, 321, 120.5, "120/80"),
        "puls": (-1, 321, 70.5, "70"),
        "temperatur": (19.9, 45.1, 38.04, 36.65, "37,0", 370, 0, False),
        "skala": (0, 3, "1", True),
        "oksygen": (0, 1, "ja"),
        "bevissthet": ("a", "B", "", "AV", 0),
    }
    return [{"felt": felt, "verdi": verdi} for felt, verdier in feil.items() for verdi in verdier]


def _kontroller_kartet() -> None:
    for kart in KART:
        for (_, til, _), (fra, _, _) in pairwise(kart["rader"]):
            assert fra == til + 1, kart


def vektorer() -> dict[str, str]:
    """File name → content: one row a line, in ASCII, so that changes and invisible characters can be seen."""
    _kontroller_kartet()
    filer: dict[str, dict[str, list[dict[str, Any]]]] = {
        "personnumre.json": {"klassifiser": _klassifiser(), "finn": _finn()},
        "news2.json": {"kart": KART, "tilfeller": _tilfeller(), "ugyldige": _ugyldige()},
    }
    return {
        navn: "{\n"
        + ",\n".join(
            f'"{del_}": [\n' + ",\n".join(json.dumps(rad) for rad in rader) + "\n]"
            for del_, rader in innhold.items()
        )
        + "\n}\n"
        for navn, innhold in filer.items()
    }


if __name__ == "__main__":
    for filnavn, innholdet in vektorer().items():
        (MAPPE / filnavn).write_text(innholdet, encoding="ascii")
