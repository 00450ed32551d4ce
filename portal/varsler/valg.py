"""Which channels an urgency goes by, and when quiet hours end. Pure rules, without a database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from portal.core.clock import OSLO, oslo
from portal.varsler.models import Kanal

#: Where a person has chosen nothing. In the bell everything always stands.
STANDARD: dict[str, frozenset[Kanal]] = {
    "akutt": frozenset(Kanal),
    "haster": frozenset({Kanal.EPOST, Kanal.PUSH, Kanal.SMS}),
    "vanlig": frozenset({Kanal.EPOST, Kanal.PUSH}),
}


def kanaler(valgt: Iterable[str] | None, hastegrad: str | None) -> frozenset[Kanal]:
    """The channels for an urgency: the chosen ones, or the standard. What has none counts as vanlig."""
    if valgt is None:
        return STANDARD[hastegrad or "vanlig"]
    return frozenset(Kanal(k) for k in valgt)


def etter_ro(naa: datetime, fra: str, til: str) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls in (Oslo time, over midnight where fra > til)."""
    if not fra or not til or fra == til:
        return naa
    start, slutt = time.fromisoformat(fra), time.fromisoformat(til)
    her = oslo(naa)
    klokke = her.time().replace(tzinfo=None)
    stille = start <= klokke < slutt if start < slutt else klokke >= start or klokke < slutt
    if not stille:
        return naa
    dag = her.date() + timedelta(days=1) if start > slutt and klokke >= start else her.date()
    # The hour that comes twice when summer time ends: the second of them stays in the second.
    ferdig = datetime.combine(dag, slutt, tzinfo=OSLO).replace(fold=her.fold)
    utc = ferdig.astimezone(UTC)
    if utc.astimezone(OSLO).time() != slutt:
        # The hour that is not there when summer time begins: the clocks are past it from the turn of the hour on.
        utc = utc.replace(minute=0)
    return max(naa, utc)
