"""Reads a calendar file (iCalendar, RFC 5545) into shifts, each with its line. Pure: who is meant, others judge.

The file comes from a stranger's program. Before any library reads it, it is measured: its structure line by line,
only the parts that a shift needs are kept, every time zone is one of ours, and a recurrence that has no end, or more
of it than a roster can hold, is refused by counting and not by expanding. What is left is expanded by
`recurring_ical_events`.

A time without a zone is Oslo's wall clock, and a whole day is from midnight to midnight there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from portal.core.clock import OSLO
from portal.core.sprak import _l

#: Bytes of a file, and shifts in it after expansion.
STOERST, FLEST = 1024 * 1024, 5000
#: Physical lines, and how long one may be when it is unfolded.
FLEST_LINJER, LENGSTE_LINJE = 60_000, 20_000
#: How many people one event names at most.
FLEST_DELTAKERE = 50
_SONER = available_timezones()
#: What of an event is kept. All else (alarms, descriptions, attachments) may be whatever it is.
_TIDER = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
_BRUKT = _TIDER | {"UID", "SUMMARY", "CATEGORIES", "ATTENDEE", "STATUS", "SEQUENCE", "DURATION", "RRULE"}
_EN_GANG = _BRUKT - {"RDATE", "EXDATE", "CATEGORIES", "ATTENDEE"}
_NAVN = re.compile(r"[A-Za-z0-9-]{1,60}\Z")
_TID = re.compile(r"\d{8}(T\d{6}Z?)?\Z")
_VARIGHET = re.compile(r"\+?P(\d{1,4}W|(\d{1,4}D)?(T(\d{1,5}H)?(\d{1,6}M)?(\d{1,7}S)?)?)\Z")
_REGELLEDD = {
    "FREQ": re.compile(r"(DAILY|WEEKLY|MONTHLY)\Z"),
    "UNTIL": _TID,
    "COUNT": re.compile(r"\d{1,5}\Z"),
    "INTERVAL": re.compile(r"\d{1,3}\Z"),
    "WKST": re.compile(r"(MO|TU|WE|TH|FR|SA|SU)\Z"),
    "BYDAY": re.compile(r"[+-]?[1-5]?(MO|TU|WE|TH|FR|SA|SU)(,[+-]?[1-5]?(MO|TU|WE|TH|FR|SA|SU)){0,30}\Z"),
    "BYMONTHDAY": re.compile(r"-?\d{1,2}(,-?\d{1,2}){0,30}\Z"),
}
_EPOST = re.compile(r"[^\s@<>\"',;:()]{1,64}@[^\s@<>\"',;:()]{1,190}")
_LINJE = "X-PORTAL-LINJE"
_SNUDD = _l("Vakten slutter før den begynner, eller i samme øyeblikk. Rett tidene.")
_FOR_MANGE = _l("Fila blir til flere enn %(antall)s vakter. Eksporter et kortere tidsrom.", antall=FLEST)


@dataclass(frozen=True, slots=True)
class Icalfeil:
    """What is wrong, and how to mend it; the line as a text editor counts it, None for the file as a whole."""

    linje: int | None
    melding: Any


@dataclass(frozen=True, slots=True)
class Icalrad:
    """One shift of the file: one event, or one time of an event that is repeated."""

    linje: int
    fra: datetime
    til: datetime
    sammendrag: str
    kategorier: tuple[str, ...] = ()
    #: Lower case; of ATTENDEE, and such as stand in the summary.
    epost: tuple[str, ...] = ()
    #: Called off in the file.
    avlyst: bool = False


@dataclass(slots=True)
class Lestfil:
    rader: list[Icalrad] = field(default_factory=list)
    feil: list[Icalfeil] = field(default_factory=list)


class _Stopp(Exception):
    """The file cannot be read on."""

    def __init__(self, linje: int | None, melding: Any) -> None:
        super().__init__(linje)
        self.feil = Icalfeil(linje, melding)


@dataclass(slots=True)
class _Egenskap:
    """One unfolded line: its number, its name, its parameters and its value."""

    linje: int
    navn: str
    parametre: dict[str, str]
    verdi: str


@dataclass(slots=True)
class _Hendelse:
    linje: int
    egenskaper: list[_Egenskap] = field(default_factory=list)

    def en(self, navn: str) -> _Egenskap | None:
        return next((e for e in self.egenskaper if e.navn == navn), None)

    def alle(self, navn: str) -> list[_Egenskap]:
        return [e for e in self.egenskaper if e.navn == navn]


def les_fil(data: bytes) -> Lestfil:
    """The shifts of the file, and everything that is wrong with it. Never raises for what a file may hold."""
    lest = Lestfil()
    try:
        hendelser = list(_hendelser(_som_tekst(data)))
        if not hendelser:
            raise _Stopp(None, _l("Kalenderfilen har ingen hendelser. Velg en annen fil."))
        gode = [h for h in hendelser if _kontroller(h, lest.feil)]
        _like(gode, lest.feil)
        _tell(gode)
        if not lest.feil:
            lest.rader = _utvid(gode, lest.feil)
    except _Stopp as stopp:
        lest.feil.append(stopp.feil)
    lest.rader.sort(key=lambda r: (r.fra, r.linje))
    lest.feil.sort(key=lambda f: f.linje or 0)
    return lest


# --- lines -----------------------------------------------------------------------------------------------


def _som_tekst(data: bytes) -> str:
    if len(data) > STOERST:
        raise _Stopp(None, _l("Fila er større enn 1 MB. Eksporter et kortere tidsrom, eller del den opp."))
    if not data.strip():
        raise _Stopp(None, _l("Fila er tom. Velg en kalenderfil (.ics)."))
    try:
        tekst = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        linje = data[: _foerste_feil(data)].count(b"\n") + 1
        raise _Stopp(
            linje, _l("Tegnene kan ikke leses. Lagre fila som UTF-8, slik kalendere gjør.")
        ) from None
    if "\x00" in tekst:
        raise _Stopp(
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
        raise _Stopp(None, _l("Fila har for mange linjer. Eksporter et kortere tidsrom, eller del den opp."))
    for nummer, linje in enumerate(linjer, 1):
        if linje[:1] in (" ", "\t") and deler:
            deler.append(linje[1:])
            lengde += len(linje)
        else:
            if deler:
                yield start, "".join(deler)
            deler, start, lengde = ([linje], nummer, len(linje)) if linje.strip() else ([], nummer, 0)
        if lengde > LENGSTE_LINJE:
            raise _Stopp(start, _l("Linja er for lang. Ta bort teksten som ikke trengs."))
    if deler:
        yield start, "".join(deler)


def _egenskap(nummer: int, linje: str) -> _Egenskap:
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
        raise _Stopp(nummer, _l("Linja har ikke formen «NAVN:verdi». Fila er skadet; eksporter den på nytt."))
    navn = deler[0].strip().upper()
    if not _NAVN.match(navn):
        raise _Stopp(nummer, _l("Linja har ikke formen «NAVN:verdi». Fila er skadet; eksporter den på nytt."))
    parametre = {}
    for d in deler[1:]:
        p, _likhet, v = d.partition("=")
        parametre[p.strip().upper()] = v.strip()
    return _Egenskap(nummer, navn, parametre, verdi)


def _hendelser(tekst: str) -> Iterator[_Hendelse]:
    """The events, with what is used of them. Raises _Stopp where the file's own structure is broken."""
    aapne: list[tuple[int, str]] = []
    hendelse: _Hendelse | None = None
    antall = 0
    sett_kalender = False
    for nummer, linje in _brettet_ut(tekst):
        e = _egenskap(nummer, linje)
        if not aapne and (e.navn, e.verdi.strip().upper()) != ("BEGIN", "VCALENDAR"):
            raise _Stopp(
                nummer, _l("En kalenderfil begynner med BEGIN:VCALENDAR. Velg en fil som ender på .ics.")
            )
        if e.navn == "BEGIN":
            aapne.append((nummer, e.verdi.strip().upper()))
            sett_kalender = True
            if len(aapne) > 6:
                raise _Stopp(
                    nummer, _l("Fila er skadet: for mange deler inni hverandre. Eksporter den på nytt.")
                )
            if aapne[-1][1] == "VEVENT":
                if hendelse is not None:
                    raise _Stopp(
                        nummer,
                        _l("En hendelse begynner inni en annen. Fila er skadet; eksporter den på nytt."),
                    )
                hendelse = _Hendelse(nummer)
                antall += 1
                if antall > FLEST:
                    raise _Stopp(
                        nummer, _l("Fila har flere enn %(antall)s hendelser. Del den opp.", antall=FLEST)
                    )
        elif e.navn == "END":
            if aapne[-1][1] != e.verdi.strip().upper():
                raise _Stopp(
                    nummer,
                    _l(
                        "Her slutter %(slutt)s, men %(start)s fra linje %(linje)s er ikke avsluttet. "
                        "Fila er skadet; eksporter den på nytt.",
                        slutt=e.verdi.strip()[:30],
                        start=aapne[-1][1][:30],
                        linje=aapne[-1][0],
                    ),
                )
            aapne.pop()
            if e.verdi.strip().upper() == "VEVENT" and hendelse is not None:
                yield hendelse
                hendelse = None
        elif hendelse is not None and aapne[-1][1] == "VEVENT" and e.navn in (*_BRUKT, "EXRULE"):
            hendelse.egenskaper.append(e)
    if aapne:
        raise _Stopp(
            aapne[-1][0],
            _l(
                "%(del)s er ikke avsluttet. Fila er kuttet; last den ned på nytt.",
                **{"del": aapne[-1][1][:30]},
            ),
        )
    if not sett_kalender:
        raise _Stopp(None, _l("Fila er tom. Velg en kalenderfil (.ics)."))


# --- one event -------------------------------------------------------------------------------------------


def _kontroller(h: _Hendelse, feil: list[Icalfeil]) -> bool:
    """Whether the event can be expanded: its times are read, its zones are known, its recurrence has an end."""
    foer = len(feil)

    def si(e: _Egenskap | None, melding: Any) -> None:
        feil.append(Icalfeil(e.linje if e else h.linje, melding))

    for navn in sorted(_EN_GANG):
        if len(funnet := h.alle(navn)) > 1:
            si(funnet[1], _l("%(navn)s står to ganger i samme hendelse. Ta bort den ene.", navn=navn))
    start, slutt, varighet, regel = (h.en(n) for n in ("DTSTART", "DTEND", "DURATION", "RRULE"))
    for e in h.egenskaper:
        if e.navn in _TIDER and (galt := _tidsfeil(e)):
            si(e, galt)
    if "RANGE" in (h.en("RECURRENCE-ID") or _Egenskap(0, "", {}, "")).parametre:
        si(h.en("RECURRENCE-ID"), _l("Endringen gjelder alle senere ganger. Eksporter rekka som to rekker."))
    for e in h.alle("EXRULE"):
        si(e, _l("EXRULE er foreldet og leses ikke. Eksporter kalenderen på nytt."))
    if start is None:
        si(None, _l("Hendelsen mangler starttid (DTSTART)."))
    if slutt is None and varighet is None and start is not None and not _er_dag(start):
        si(start, _l("Hendelsen mangler sluttid (DTEND eller DURATION)."))
    if slutt is not None and varighet is not None:
        si(varighet, _l("Hendelsen har både sluttid og varighet. Ta bort den ene."))
    if varighet is not None and (not _VARIGHET.match(varighet.verdi) or not re.search(r"\d", varighet.verdi)):
        si(varighet, _l("Varigheten kan ikke leses. Den skrives som PT12H eller P1D."))
    if len(h.alle("ATTENDEE")) > FLEST_DELTAKERE:
        si(
            h.alle("ATTENDEE")[FLEST_DELTAKERE],
            _l("Hendelsen har for mange deltakere. En vakt har én person."),
        )
    if regel is not None and (galt := _regelfeil(regel)):
        si(regel, galt)
    if len(feil) == foer and start is not None:
        if slutt is not None and _er_dag(start) != _er_dag(slutt):
            si(slutt, _l("Starten og slutten må begge ha klokkeslett, eller ingen av dem."))
        else:
            fra, til = _grenser(h)
            if til <= fra:
                si(slutt or varighet or start, _SNUDD)
    return len(feil) == foer


def _like(hendelser: list[_Hendelse], feil: list[Icalfeil]) -> None:
    """The same event twice: a calendar knows one from the other by its UID, and a changed time by which it was."""
    sett: dict[tuple[str, str], int] = {}
    for h in hendelser:
        uid, gang = h.en("UID"), h.en("RECURRENCE-ID")
        if uid is not None:
            foerste = sett.setdefault((uid.verdi.strip(), gang.verdi.strip() if gang else ""), h.linje)
            if foerste != h.linje:
                feil.append(
                    Icalfeil(
                        h.linje,
                        _l("Samme hendelse (UID) står på linje %(linje)s. Ta bort den ene.", linje=foerste),
                    )
                )


def _er_dag(e: _Egenskap) -> bool:
    return len(e.verdi.split(",")[0].strip()) == 8


def _sone(tzid: str) -> str | None:
    """A zone by any of the names that calendars use for it, as ours."""
    navn = tzid.strip().strip('"')
    if navn in _SONER:
        return navn
    if navn in WINDOWS_TO_OLSON:
        return str(WINDOWS_TO_OLSON[navn])
    # «/freeassociation.sourceforge.net/Europe/Oslo»
    hale = "/".join(navn.rsplit("/", 2)[-2:])
    return hale if hale in _SONER else None


def _tidsfeil(e: _Egenskap) -> Any:
    """What is wrong with a line of times; gives the zone its own name where nothing is."""
    tzid = e.parametre.get("TZID")
    if tzid is not None:
        sone = _sone(tzid)
        if sone is None:
            return _l(
                "Tidssonen «%(sone)s» er ukjent. Eksporter kalenderen med Europe/Oslo eller UTC.",
                sone=tzid[:60],
            )
        e.parametre["TZID"] = sone
    verdier = [v.strip() for v in e.verdi.split(",")]
    if len(verdier) > 1 and e.navn not in ("RDATE", "EXDATE"):
        return _l("Tidspunktet kan ikke leses: det står flere på linja.")
    if len({len(v) == 8 for v in verdier}) > 1:
        return _l("Linja blander dager og klokkeslett. Del den i to.")
    for v in verdier:
        if _les_tid(v, e.parametre.get("TZID")) is None:
            return _l("«%(tid)s» er ikke et tidspunkt. Det skrives som 20260302T080000.", tid=v[:40])
    return None


def _les_tid(verdi: str, sone: str | None) -> datetime | None:
    """A moment of a calendar file, aware; a day is its midnight in Oslo. None for what cannot be read."""
    if not _TID.match(verdi):
        return None
    try:
        if len(verdi) == 8:
            return datetime.combine(
                date(int(verdi[:4]), int(verdi[4:6]), int(verdi[6:])), time(), tzinfo=OSLO
            )
        naken = datetime.strptime(verdi.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone comes below
    except ValueError:
        return None
    if not 1970 <= naken.year <= 2200:
        return None
    if verdi.endswith("Z"):
        return naken.replace(tzinfo=UTC)
    return naken.replace(tzinfo=icalendar.vDatetime.from_ical(verdi, sone or "Europe/Oslo").tzinfo)


def _varighet(verdi: str) -> timedelta:
    varighet = icalendar.vDuration.from_ical(verdi)
    assert isinstance(varighet, timedelta)
    return varighet


def _grenser(h: _Hendelse) -> tuple[datetime, datetime]:
    """Begin and end of an event whose times have been read."""
    start, slutt, varighet = h.en("DTSTART"), h.en("DTEND"), h.en("DURATION")
    assert start is not None
    fra = _les_tid(start.verdi.strip(), start.parametre.get("TZID"))
    assert fra is not None
    if slutt is not None:
        til = _les_tid(slutt.verdi.strip(), slutt.parametre.get("TZID"))
        assert til is not None
        return fra.astimezone(UTC), til.astimezone(UTC)
    lengde = timedelta(days=1) if varighet is None else _varighet(varighet.verdi)
    return fra.astimezone(UTC), (fra + lengde).astimezone(UTC)


# --- recurrence ------------------------------------------------------------------------------------------


def _regel(e: _Egenskap) -> dict[str, str]:
    ledd = (d.partition("=") for d in e.verdi.strip().upper().split(";") if d.strip())
    return {navn.strip(): verdi.strip() for navn, _likhet, verdi in ledd}


def _regelfeil(e: _Egenskap) -> Any:
    """What is wrong with a recurrence. The kinds let through all come round within months: none runs on in vain."""
    regel = _regel(e)
    if "FREQ" not in regel:
        return _l("Gjentakelsen mangler hvor ofte (FREQ). Eksporter kalenderen på nytt.")
    if "UNTIL" not in regel and "COUNT" not in regel:
        return _l(
            "Gjentakelsen har ingen slutt. Gi den en sluttdato (UNTIL) eller et antall (COUNT) i kalenderen."
        )
    if "UNTIL" in regel and "COUNT" in regel:
        return _l("Gjentakelsen har både sluttdato (UNTIL) og antall (COUNT). Ta bort det ene.")
    for navn, verdi in regel.items():
        moenster = _REGELLEDD.get(navn)
        if moenster is None or not moenster.match(verdi):
            return _l(
                "Gjentakelsen kan ikke leses ved «%(ledd)s». Vakter kan gjentas daglig, ukentlig eller månedlig.",
                ledd=f"{navn}={verdi}"[:40],
            )
    intervall, hyppighet = int(regel.get("INTERVAL", "1")), regel["FREQ"]
    if intervall < 1 or int(regel.get("COUNT", "1")) < 1:
        return _l("Gjentakelsen har et antall på null. Ta den bort, eller rett tallet.")
    if "UNTIL" in regel and _les_tid(regel["UNTIL"], None) is None:
        return _l("Sluttdatoen for gjentakelsen kan ikke leses.")
    # A rule that can never come round would be counted to the year 9999.
    dager = regel.get("BYDAY", "")
    umulig = (
        (hyppighet == "DAILY" and ((dager and intervall > 1) or "BYMONTHDAY" in regel))
        or (hyppighet == "WEEKLY" and "BYMONTHDAY" in regel)
        or (hyppighet != "MONTHLY" and re.search(r"\d", dager))
        or (hyppighet == "MONTHLY" and (intervall > 6 or (dager and "BYMONTHDAY" in regel)))
    )
    if umulig:
        return _l(
            "Gjentakelsen er for sammensatt. Eksporter den som enkeltvakter, eller del den i enklere rekker."
        )
    maaneds = [abs(int(d)) for d in regel.get("BYMONTHDAY", "1").split(",")]
    if not all(1 <= d <= 31 for d in maaneds):
        return _l("Gjentakelsen nevner en dag som ingen måned har.")
    return None


def _tell(hendelser: list[_Hendelse]) -> None:
    """Refuses more shifts than a roster holds, by an upper bound: nothing has been expanded yet."""
    sum_ = 0
    for h in hendelser:
        sum_ += 1 + sum(len(e.verdi.split(",")) for e in h.alle("RDATE"))
        if (e := h.en("RRULE")) is not None:
            regel = _regel(e)
            if "COUNT" in regel:
                antall = int(regel["COUNT"])
            else:
                fra, slutt = _grenser(h)[0], _les_tid(regel["UNTIL"], None)
                assert slutt is not None
                dager = (slutt.astimezone(UTC) - fra).days + 2
                intervall = int(regel.get("INTERVAL", "1"))
                hver = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28}[regel["FREQ"]]
                per_runde = (
                    1 if hver == 1 else len(regel.get("BYDAY", regel.get("BYMONTHDAY", "")).split(","))
                )
                if "BYDAY" in regel and hver == 28:
                    per_runde *= 5
                antall = max(0, (dager // (hver * intervall) + 2) * per_runde)
            sum_ += antall
        if sum_ > FLEST or sum(len(e.verdi.split(",")) for e in h.alle("EXDATE")) > FLEST:
            raise _Stopp(
                h.linje,
                _l("Fila blir til flere enn %(antall)s vakter. Eksporter et kortere tidsrom.", antall=FLEST),
            )


def _utvid(hendelser: list[_Hendelse], feil: list[Icalfeil]) -> list[Icalrad]:
    """Every time of every event, with the summary that counts that time."""
    linjer = {h.linje for h in hendelser}
    rader: list[Icalrad] = []
    for del_ in _ganger(hendelser):
        linje = int(del_[_LINJE])
        fra, til = _oeyeblikk(del_["DTSTART"].dt), _oeyeblikk(del_["DTEND"].dt)
        linjer.discard(linje)
        if til <= fra:
            feil.append(Icalfeil(linje, _SNUDD))
        rader.append(_rad(del_, linje, fra, til))
        # An upper bound was counted before; this one holds whatever the counting missed.
        if len(rader) > FLEST:
            raise _Stopp(linje, _FOR_MANGE)
    feil += [
        Icalfeil(
            linje,
            _l("Hendelsen gir ingen vakter: gjentakelsen er slutt før den begynner, eller hører ikke til."),
        )
        for linje in linjer
    ]
    return rader


def _ganger(hendelser: list[_Hendelse]) -> Iterator[Any]:
    try:
        kalender = icalendar.Calendar.from_ical(_renset(hendelser))
        yield from recurring_ical_events.of(kalender).between(
            datetime(1969, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)
        )
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, icalendar.InvalidCalendar):
        # The libraries' own words are English, and know no line.
        raise _Stopp(
            None, _l("Kalenderfilen kan ikke leses. Eksporter den på nytt, uten gjentakelser.")
        ) from None


def _oeyeblikk(tid: date | datetime) -> datetime:
    if not isinstance(tid, datetime):
        return datetime.combine(tid, time(), tzinfo=OSLO).astimezone(UTC)
    return (tid if tid.tzinfo else tid.replace(tzinfo=OSLO)).astimezone(UTC)


def _renset(hendelser: list[_Hendelse]) -> str:
    """The file anew: only what was measured, every wall clock with its zone, and each event with its line."""
    linjer = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//portal//import//NO"]
    for h in hendelser:
        linjer += ["BEGIN:VEVENT", f"{_LINJE}:{h.linje}"]
        if h.en("UID") is None:
            linjer.append(f"UID:linje-{h.linje}")
        for e in h.egenskaper:
            linjer.append(_som_linje(e))
        linjer.append("END:VEVENT")
    return "\r\n".join([*linjer, "END:VCALENDAR", ""])


def _som_linje(e: _Egenskap) -> str:
    if e.navn not in _TIDER:
        verdi = e.verdi.strip().upper() if e.navn in ("RRULE", "DURATION", "STATUS") else e.verdi
        return f"{e.navn}:{verdi}"
    if _er_dag(e):
        return f"{e.navn};VALUE=DATE:{e.verdi.strip()}"
    if e.verdi.strip().endswith("Z"):
        return f"{e.navn}:{e.verdi.strip()}"
    return f"{e.navn};TZID={e.parametre.get('TZID', 'Europe/Oslo')}:{e.verdi.strip()}"


def _rad(del_: Any, linje: int, fra: datetime, til: datetime) -> Icalrad:
    sammendrag = " ".join(str(del_.get("SUMMARY", "")).split())[:300]
    epost = [m.lower() for m in _EPOST.findall(sammendrag)]
    for deltaker in _flere(del_.get("ATTENDEE")):
        adresse = re.sub(r"^mailto:", "", str(deltaker).strip(), flags=re.I).lower()
        if _EPOST.fullmatch(adresse):
            epost.append(adresse)
    kategorier = [
        str(k).strip() for gruppe in _flere(del_.get("CATEGORIES")) for k in getattr(gruppe, "cats", [gruppe])
    ]
    return Icalrad(
        linje=linje,
        fra=fra,
        til=til,
        sammendrag=sammendrag,
        kategorier=tuple(kategorier[:20]),
        epost=tuple(dict.fromkeys(epost)),
        avlyst=str(del_.get("STATUS", "")).strip().upper() == "CANCELLED",
    )


def _flere(verdi: Any) -> list[Any]:
    return [] if verdi is None else list(verdi) if isinstance(verdi, list) else [verdi]
