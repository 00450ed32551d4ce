"""The lines of a calendar file (RFC 5545), measured before a library reads them: its events, and what is used of them.

The file comes from a stranger's program. Its size, its number of lines and their length, and how its parts lie inside
each other are looked at line by line; only the parts that a shift needs are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.core.sprak import _l

#: Bytes of a file, and events in it: two shifts a day at three levels for a year are 2 190. They are taken in as one.
STOERST, FLEST = 1024 * 1024, 2500
#: Physical lines, and how long one may be when it is unfolded.
FLEST_LINJER, LENGSTE_LINJE = 60_000, 20_000
#: What of an event is kept. All else (alarms, descriptions, attachments) may be whatever it is.
TIDER = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
BRUKT = TIDER | {"UID", "SUMMARY", "CATEGORIES", "ATTENDEE", "STATUS", "SEQUENCE", "DURATION", "RRULE"}
_NAVN = re.compile(r"[A-Za-z0-9-]{1,60}\Z")


@dataclass(frozen=True, slots=True)
class Icalfeil:
    """What is wrong, and how to mend it; the line as a text editor counts it, None for the file as a whole."""

    linje: int | None
    melding: Any


class Stopp(Exception):
    """The file cannot be read on."""

    def __init__(self, linje: int | None, melding: Any) -> None:
        super().__init__(linje)
        self.feil = Icalfeil(linje, melding)


@dataclass(slots=True)
class Egenskap:
    """One unfolded line: its number, its name, its parameters and its value."""

    linje: int
    navn: str
    parametre: dict[str, str]
    verdi: str


@dataclass(slots=True)
class Hendelse:
    linje: int
    egenskaper: list[Egenskap] = field(default_factory=list)

    @property
    def uid(self) -> str:
        """What the times of one event have in common; "" for one of its own."""
        uid = self.en("UID")
        return uid.verdi.strip() if uid is not None else ""

    def en(self, navn: str) -> Egenskap | None:
        return next((e for e in self.egenskaper if e.navn == navn), None)

    def alle(self, navn: str) -> list[Egenskap]:
        return [e for e in self.egenskaper if e.navn == navn]


def som_tekst(data: bytes) -> str:
    if len(data) > STOERST:
        raise Stopp(
            None, _l("Kalenderfilen er større enn 1 MB. Eksporter et kortere tidsrom, eller del den opp.")
        )
    if not data.strip():
        raise Stopp(None, _l("Kalenderfilen er tom. Velg en kalenderfil (.ics)."))
    try:
        tekst = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        linje = data[: _foerste_feil(data)].count(b"\n") + 1
        raise Stopp(
            linje, _l("Tegnene kan ikke leses. Lagre kalenderfilen som UTF-8, slik kalendere gjør.")
        ) from None
    if "\x00" in tekst:
        raise Stopp(
            tekst[: tekst.index("\x00")].count("\n") + 1,
            _l("Dette er ikke en kalenderfil. Velg en fil som ender på .ics."),
        )
    return tekst


def _foerste_feil(data: bytes) -> int:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as feil:
        return feil.start
    return 0


def _brettet_ut(tekst: str) -> Iterator[tuple[int, str]]:
    """The lines, each that begins with a space or a tab joined to the one before (RFC 5545 § 3.1)."""
    deler: list[str] = []
    start = lengde = 0
    # Only \r\n, \n and \r end a line: splitlines() would also cut at signs that may stand in a text.
    linjer = re.split(r"\r\n|\n|\r", tekst)
    if len(linjer) > FLEST_LINJER:
        raise Stopp(
            None, _l("Kalenderfilen har for mange linjer. Eksporter et kortere tidsrom, eller del den opp.")
        )
    for nummer, linje in enumerate(linjer, 1):
        if linje[:1] in (" ", "\t") and deler:
            deler.append(linje[1:])
            lengde += len(linje)
        else:
            if deler:
                yield start, "".join(deler)
            deler, start, lengde = ([linje], nummer, len(linje)) if linje.strip() else ([], nummer, 0)
        if lengde > LENGSTE_LINJE:
            raise Stopp(start, _l("Linja er for lang. Ta bort teksten som ikke trengs."))
    if deler:
        yield start, "".join(deler)


def _egenskap(nummer: int, linje: str) -> Egenskap:
    """«DTSTART;TZID=Europe/Oslo:20260302T080000» in its parts. A value in quotation marks may hold : and ;"""
    deler: list[str] = []
    del_: list[str] = []
    i_sitat = False
    for plass, tegn in enumerate(linje):
        if tegn == '"':
            i_sitat = not i_sitat
        elif tegn == ":" and not i_sitat:
            deler.append("".join(del_))
            verdi = linje[plass + 1 :]
            break
        elif tegn == ";" and not i_sitat:
            deler.append("".join(del_))
            del_ = []
            continue
        if tegn != '"':
            del_.append(tegn)
    else:
        raise Stopp(
            nummer, _l("Linja har ikke formen «NAVN:verdi». Kalenderfilen er skadet; eksporter den på nytt.")
        )
    navn = deler[0].strip().upper()
    if not _NAVN.match(navn):
        raise Stopp(
            nummer, _l("Linja har ikke formen «NAVN:verdi». Kalenderfilen er skadet; eksporter den på nytt.")
        )
    parametre = {}
    for d in deler[1:]:
        p, _likhet, v = d.partition("=")
        parametre[p.strip().upper()] = v.strip()
    return Egenskap(nummer, navn, parametre, verdi)


def les_hendelser(tekst: str) -> Iterator[Hendelse]:
    """The events, with what is used of them. Raises Stopp where the file's own structure is broken."""
    aapne: list[tuple[int, str]] = []
    hendelse: Hendelse | None = None
    antall = 0
    sett_kalender = False
    for nummer, linje in _brettet_ut(tekst):
        e = _egenskap(nummer, linje)
        if not aapne and (e.navn, e.verdi.strip().upper()) != ("BEGIN", "VCALENDAR"):
            raise Stopp(
                nummer, _l("En kalenderfil begynner med BEGIN:VCALENDAR. Velg en fil som ender på .ics.")
            )
        if e.navn == "BEGIN":
            aapne.append((nummer, e.verdi.strip().upper()))
            sett_kalender = True
            if len(aapne) > 6:
                raise Stopp(
                    nummer,
                    _l("Kalenderfilen er skadet: for mange deler inni hverandre. Eksporter den på nytt."),
                )
            if aapne[-1][1] == "VEVENT":
                if hendelse is not None:
                    raise Stopp(
                        nummer,
                        _l(
                            "En hendelse begynner inni en annen. Kalenderfilen er skadet; eksporter den på nytt."
                        ),
                    )
                hendelse = Hendelse(nummer)
                antall += 1
                if antall > FLEST:
                    raise Stopp(
                        nummer,
                        _l("Kalenderfilen har flere enn %(antall)s hendelser. Del den opp.", antall=FLEST),
                    )
        elif e.navn == "END":
            if aapne[-1][1] != e.verdi.strip().upper():
                raise Stopp(
                    nummer,
                    _l(
                        "Her slutter %(slutt)s, men %(start)s fra linje %(linje)s er ikke avsluttet. "
                        "Kalenderfilen er skadet; eksporter den på nytt.",
                        slutt=e.verdi.strip()[:30],
                        start=aapne[-1][1][:30],
                        linje=aapne[-1][0],
                    ),
                )
            aapne.pop()
            if e.verdi.strip().upper() == "VEVENT" and hendelse is not None:
                yield hendelse
                hendelse = None
        elif hendelse is not None and aapne[-1][1] == "VEVENT" and e.navn in (*BRUKT, "EXRULE"):
            hendelse.egenskaper.append(e)
    if aapne:
        raise Stopp(
            aapne[-1][0],
            _l(
                "%(del)s er ikke avsluttet. Kalenderfilen er kuttet; last den ned på nytt.",
                **{"del": aapne[-1][1][:30]},
            ),
        )
    if not sett_kalender:
        raise Stopp(None, _l("Kalenderfilen er tom. Velg en kalenderfil (.ics)."))
