"""Reads a calendar file (iCalendar, RFC 5545) into shifts, each with its line. Pure: who is meant, others judge.

The file comes from a stranger's program. Before any library reads it, it is measured: its structure line by line
(`icallinjer`), every time zone is one of ours, and a recurrence that has no end, or more
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
from portal.vakt.icallinjer import (
    BRUKT,
    FLEST,
    TIDER,
    Egenskap,
    Hendelse,
    Icalfeil,
    Stopp,
    les_hendelser,
    som_tekst,
)

#: How many people one event names at most.
FLEST_DELTAKERE = 50
_SONER = available_timezones()
_EN_GANG = BRUKT - {"RDATE", "EXDATE", "CATEGORIES", "ATTENDEE"}
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
_FOR_MANGE = _l(
    "Kalenderfilen blir til flere enn %(antall)s vakter. Eksporter et kortere tidsrom.", antall=FLEST
)


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


def les_fil(data: bytes) -> Lestfil:
    """The shifts of the file, and everything that is wrong with it. Never raises for what a file may hold.

    The shifts of what is right are there beside the errors of what is not: all that must be mended is told at once.
    """
    lest = Lestfil()
    try:
        hendelser = list(les_hendelser(som_tekst(data)))
        if not hendelser:
            raise Stopp(None, _l("Kalenderfilen har ingen hendelser. Velg en annen fil."))
        gode = [h for h in hendelser if _kontroller(h, lest.feil)]
        _like(gode, lest.feil)
        # What belongs to a refused event cannot be judged without it.
        feilet = {f.linje for f in lest.feil}
        riktige = {h.linje for h in gode} - feilet
        refusert = {h.uid for h in hendelser if h.linje not in riktige} - {""}
        gode = [h for h in gode if h.uid not in refusert and h.linje in riktige]
        _tell(gode)
        lest.rader = _utvid(gode, lest.feil) if gode else []
    except Stopp as stopp:
        lest.feil.append(stopp.feil)
    lest.rader.sort(key=lambda r: (r.fra, r.linje))
    lest.feil.sort(key=lambda f: f.linje or 0)
    return lest


# --- one event -------------------------------------------------------------------------------------------


def _kontroller(h: Hendelse, feil: list[Icalfeil]) -> bool:
    """Whether the event can be expanded: its times are read, its zones are known, its recurrence has an end."""
    foer = len(feil)

    def si(e: Egenskap | None, melding: Any) -> None:
        feil.append(Icalfeil(e.linje if e else h.linje, melding))

    for navn in sorted(_EN_GANG):
        if len(funnet := h.alle(navn)) > 1:
            si(funnet[1], _l("%(navn)s står to ganger i samme hendelse. Ta bort den ene.", navn=navn))
    start, slutt, varighet, regel = (h.en(n) for n in ("DTSTART", "DTEND", "DURATION", "RRULE"))
    for e in h.egenskaper:
        if e.navn in TIDER:
            for galt in _tidsfeil(e):
                si(e, galt)
    if "RANGE" in (h.en("RECURRENCE-ID") or Egenskap(0, "", {}, "")).parametre:
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
    if regel is not None:
        for galt in _regelfeil(regel):
            si(regel, galt)
    tider = [e for e in (start, slutt) if e is not None]
    if start is not None and not any(_tidsfeil(e) for e in tider) and (varighet is None or len(feil) == foer):
        if slutt is not None and _er_dag(start) != _er_dag(slutt):
            si(slutt, _l("Starten og slutten må begge ha klokkeslett, eller ingen av dem."))
        else:
            fra, til = _grenser(h)
            if til <= fra:
                si(slutt or varighet or start, _SNUDD)
    return len(feil) == foer


def _like(hendelser: list[Hendelse], feil: list[Icalfeil]) -> None:
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


def _er_dag(e: Egenskap) -> bool:
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


def _tidsfeil(e: Egenskap) -> list[Any]:
    """All that is wrong with a line of times; gives the zone its own name where it is known."""
    feil: list[Any] = []
    tzid = e.parametre.get("TZID")
    sone = _sone(tzid) if tzid is not None else None
    if tzid is not None and sone is None:
        feil.append(
            _l(
                "Tidssonen «%(sone)s» er ukjent. Eksporter kalenderen med Europe/Oslo eller UTC.",
                sone=tzid[:60],
            )
        )
    elif sone is not None:
        e.parametre["TZID"] = sone
    verdier = [v.strip() for v in e.verdi.split(",")]
    if len(verdier) > 1 and e.navn not in ("RDATE", "EXDATE"):
        return [*feil, _l("Tidspunktet kan ikke leses: det står flere på linja.")]
    if len({len(v) == 8 for v in verdier}) > 1:
        return [*feil, _l("Linja blander dager og klokkeslett. Del den i to.")]
    feil += [
        _l("«%(tid)s» er ikke et tidspunkt. Det skrives som 20260302T080000.", tid=v[:40])
        for v in verdier
        if _les_tid(v, sone) is None
    ]
    return feil


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


def _grenser(h: Hendelse) -> tuple[datetime, datetime]:
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


def _regel(e: Egenskap) -> dict[str, str]:
    ledd = (d.partition("=") for d in e.verdi.strip().upper().split(";") if d.strip())
    return {navn.strip(): verdi.strip() for navn, _likhet, verdi in ledd}


def _regelfeil(e: Egenskap) -> list[Any]:
    """All that is wrong with a recurrence. The kinds let through all come round within months: none runs on in vain."""
    regel = _regel(e)
    feil: list[Any] = []
    if "FREQ" not in regel:
        feil.append(_l("Gjentakelsen mangler hvor ofte (FREQ). Eksporter kalenderen på nytt."))
    if "UNTIL" not in regel and "COUNT" not in regel:
        feil.append(
            _l(
                "Gjentakelsen har ingen slutt. Gi den en sluttdato (UNTIL) eller et antall (COUNT) i kalenderen."
            )
        )
    if "UNTIL" in regel and "COUNT" in regel:
        feil.append(_l("Gjentakelsen har både sluttdato (UNTIL) og antall (COUNT). Ta bort det ene."))
    uleste = [n for n, v in regel.items() if not ((m := _REGELLEDD.get(n)) and m.match(v))]
    feil += [
        _l(
            "Gjentakelsen kan ikke leses ved «%(ledd)s». Vakter kan gjentas daglig, ukentlig eller månedlig.",
            ledd=f"{navn}={regel[navn]}"[:40],
        )
        for navn in uleste
    ]
    if uleste or "FREQ" not in regel:
        return feil
    intervall, hyppighet = int(regel.get("INTERVAL", "1")), regel["FREQ"]
    if intervall < 1 or int(regel.get("COUNT", "1")) < 1:
        feil.append(_l("Gjentakelsen har et antall på null. Ta den bort, eller rett tallet."))
    if "UNTIL" in regel and _les_tid(regel["UNTIL"], None) is None:
        feil.append(_l("Sluttdatoen for gjentakelsen kan ikke leses."))
    # A rule that can never come round would be counted to the year 9999.
    dager = regel.get("BYDAY", "")
    umulig = (
        (hyppighet == "DAILY" and ((dager and intervall > 1) or "BYMONTHDAY" in regel))
        or (hyppighet == "WEEKLY" and "BYMONTHDAY" in regel)
        or (hyppighet != "MONTHLY" and re.search(r"\d", dager))
        or (hyppighet == "MONTHLY" and (intervall > 6 or (dager and "BYMONTHDAY" in regel)))
    )
    if umulig:
        feil.append(
            _l(
                "Gjentakelsen er for sammensatt. Eksporter den som enkeltvakter, eller del den i enklere rekker."
            )
        )
    maaneds = [abs(int(d)) for d in regel.get("BYMONTHDAY", "1").split(",")]
    if not all(1 <= d <= 31 for d in maaneds):
        feil.append(_l("Gjentakelsen nevner en dag som ingen måned har."))
    return feil


def _tell(hendelser: list[Hendelse]) -> None:
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
            raise Stopp(
                h.linje,
                _l(
                    "Kalenderfilen blir til flere enn %(antall)s vakter. Eksporter et kortere tidsrom.",
                    antall=FLEST,
                ),
            )


def _utvid(hendelser: list[Hendelse], feil: list[Icalfeil]) -> list[Icalrad]:
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
            raise Stopp(linje, _FOR_MANGE)
    feil += [
        Icalfeil(
            linje,
            _l("Hendelsen gir ingen vakter: gjentakelsen er slutt før den begynner, eller hører ikke til."),
        )
        for linje in linjer
    ]
    return rader


def _ganger(hendelser: list[Hendelse]) -> Iterator[Any]:
    try:
        kalender = icalendar.Calendar.from_ical(_renset(hendelser))
        yield from recurring_ical_events.of(kalender).between(
            datetime(1969, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)
        )
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, icalendar.InvalidCalendar):
        # The libraries' own words are English, and know no line.
        raise Stopp(
            None, _l("Kalenderfilen kan ikke leses. Eksporter den på nytt, uten gjentakelser.")
        ) from None


def _oeyeblikk(tid: date | datetime) -> datetime:
    if not isinstance(tid, datetime):
        return datetime.combine(tid, time(), tzinfo=OSLO).astimezone(UTC)
    return (tid if tid.tzinfo else tid.replace(tzinfo=OSLO)).astimezone(UTC)


def _renset(hendelser: list[Hendelse]) -> str:
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


def _som_linje(e: Egenskap) -> str:
    if e.navn not in TIDER:
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
