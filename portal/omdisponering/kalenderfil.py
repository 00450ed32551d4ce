"""An assignment as a calendar file (iCalendar, RFC 5545). Pure: from plain data that names nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Oppdrag:
    """One entry. `sekvens` only grows, so that a calendar takes the newer over the older; `endret`: what it says was
    last decided then."""

    id: UUID
    sekvens: int
    endret: datetime
    fra: datetime
    til: datetime
    avlyst: bool
    tittel: str
    sted: str
    tekst: str
    #: What the calendar is called.
    navn: str


def som_ics(o: Oppdrag) -> bytes:
    """The file: one event, known again by its line, confirmed or called off. Times are in UTC."""
    import icalendar

    kalender = icalendar.Calendar()
    kalender.add("prodid", "-//Samhandlingsportalen//Omdisponering//NO")
    kalender.add("version", "2.0")
    kalender.add("method", "PUBLISH")
    kalender.add("x-wr-calname", o.navn)
    kalender.add("x-wr-timezone", "Europe/Oslo")
    h = icalendar.Event()
    h.add("uid", f"{o.id}@omdisponering.samhandlingsportalen")
    h.add("sequence", o.sekvens)
    h.add("dtstamp", o.endret)
    h.add("last-modified", o.endret)
    h.add("dtstart", o.fra)
    h.add("dtend", o.til)
    h.add("summary", o.tittel)
    h.add("location", o.sted)
    h.add("description", o.tekst)
    h.add("status", "CANCELLED" if o.avlyst else "CONFIRMED")
    # A share of a post for weeks is not an appointment that keeps all others away.
    h.add("transp", "TRANSPARENT")
    kalender.add_component(h)
    return bytes(kalender.to_ical())
