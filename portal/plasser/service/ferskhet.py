"""Figures that nobody has said are true for too long: who is reminded, how often, and what is shown before other work.

A unit is stale when its last confirmation is older than its vertskommune's phase allows (`steps.frist`); one of which
nobody has ever said anything is so at once, and reminded of when it has been in the registry for as long.

The first reminder goes to the unit's people and the vertskommune's coordinators; the later ones to the coordinators
alone (to the people where there is none). They come after the same time again, then after twice, four times …, and once
a day at the most often in the end: f, 2f, 4f … after the figures went stale. They are ordinary notices: quiet hours and
the person's own choice of channels hold. A confirmation ends them (`steps.bekreft`), and so does closing the unit down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.steps import situasjoner
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.enkeltvis import hver
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Enhet, Medlemskap, Person
from portal.identitet.mottakere import med_rolle, mottakerfelt
from portal.plasser import access, steps
from portal.plasser.access import Handling
from portal.plasser.models import Plassenhet, Plasstall
from portal.varsler.steps import Mottaker, stopp, varsle_alle

KODE = "plasser.fersk"
#: However long a unit is silent, its coordinators hear of it so often.
_SJELDNEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gammel:
    """A unit whose figures its own people are asked for. `ukjente`: so many beds that nobody has said anything of."""

    id: UUID
    navn: str
    bekreftet: datetime | None
    ukjente: int


def hent_gamle(aktor: Aktor) -> list[Gammel]:
    """The stale units of the actor: the one where it works, or those of the kommune that it coordinates.

    One statement by an index for who may have any, none for others; the phase is asked for where something may be old.
    """
    if aktor.medlemskap_id is None or not aktor.er_kommunal:
        return []
    vilkaar = [Plassenhet.nedlagt.is_(None), Plassenhet.vertskommune_id == aktor.organisasjon_id]
    if aktor.rolle in access.KLINISKE and aktor.enhet_id is not None:
        vilkaar.append(Plassenhet.enhet_id == aktor.enhet_id)
    elif aktor.rolle != Rolle.KOORDINATOR:
        return []
    naa = now()
    rader = [
        r
        for r in db.session.execute(_sporring(*vilkaar).order_by(Enhet.navn))
        if r.bekreftet is None or naa >= r.bekreftet + min(_frister(r))
    ]
    if not rader:
        return []
    fase = situasjoner([r.vertskommune_id for r in rader])
    return [
        Gammel(r.id, r.navn, r.bekreftet, r.ukjent)
        for r in rader
        if r.bekreftet is None or naa >= r.bekreftet + _frist(r, fase[r.vertskommune_id].fase)
    ]


def _sporring(*vilkaar: sa.ColumnElement[bool]) -> Any:
    """Units with beds."""
    return (
        sa.select(
            Plassenhet.id,
            Enhet.navn,
            Plassenhet.vertskommune_id,
            Plassenhet.bekreftet,
            Plassenhet.purret,
            Plassenhet.opprettet,
            Plassenhet.fersk_timer_lav,
            Plassenhet.fersk_timer_hoey,
            Plasstall.ukjent,
        )
        .join(Enhet, Enhet.id == Plassenhet.enhet_id)
        .join(Plasstall, Plasstall.plassenhet_id == Plassenhet.id)
        .where(Plasstall.antall > 0, *vilkaar)
    )


def _frister(rad: Any) -> tuple[timedelta, timedelta]:
    return timedelta(hours=rad.fersk_timer_lav), timedelta(hours=rad.fersk_timer_hoey)


def _frist(rad: Any, fase: int) -> timedelta:
    lav, hoey = _frister(rad)
    return hoey if fase >= 3 else lav


# --- reminding -------------------------------------------------------------------------------------------


def purr() -> int:
    """Job: reminds of what is stale, unit by unit. Gives how many. Safe to run twice and in two processes."""
    naa = now()
    rader = db.session.execute(_sporring(Plassenhet.nedlagt.is_(None)).order_by(Plassenhet.id)).all()
    fase = situasjoner({r.vertskommune_id for r in rader}) if rader else {}
    aktuelle = []
    for r in rader:
        frist = _frist(r, fase[r.vertskommune_id].fase)
        if _skal_purres(r, frist, naa) or (r.purret is not None and not _er_gammel(r, frist, naa)):
            aktuelle.append(r.id)
    db.session.rollback()
    return hver(aktuelle, _purr, "purring_feilet", "enhet")


def _er_gammel(rad: Any, frist: timedelta, naa: datetime) -> bool:
    return bool(naa >= (rad.bekreftet or rad.opprettet) + frist)


def _skal_purres(rad: Any, frist: timedelta, naa: datetime) -> bool:
    if not _er_gammel(rad, frist, naa):
        return False
    if rad.purret is None:
        return True
    siden = rad.purret - ((rad.bekreftet or rad.opprettet) + frist)
    return bool(naa >= rad.purret + min(max(frist, siden), max(frist, _SJELDNEST)))


@transactional
def _purr(plassenhet_id: UUID) -> int:
    arbeider = Aktor.system("arbeider")
    enhet = access.hent(arbeider, Handling.DRIVE, plassenhet_id, laas=True)
    if enhet.nedlagt is not None:
        return 0
    naa = now()
    frist = steps.frist(enhet, situasjoner([enhet.vertskommune_id])[enhet.vertskommune_id].fase)
    if not _er_gammel(enhet, frist, naa):
        # The phase has fallen: what was said of it holds no more.
        if enhet.purret is not None:
            _merk_purret(enhet, None)
            stopp(gjelder(enhet.id))
        return 0
    if not _skal_purres(enhet, frist, naa):
        return 0
    foerste = enhet.purret is None
    _merk_purret(enhet, naa)
    stopp(gjelder(enhet.id))
    varsle_alle(
        _mottakere(enhet, foerste=foerste),
        noekkel=f"{KODE}:{enhet.id}:{naa:%Y%m%dT%H%M%S}",
        kode=KODE,
        tittel=_l("%(enhet)s trenger nye tall", enhet=enhet.enhet.navn),
        tekst=_l(
            "Ingen har sagt hvordan plassene står på over %(timer)d timer. Er alt som før, er «Ingen endring» ett "
            "trykk.",
            timer=int((naa - enhet.bekreftet).total_seconds() // 3600),
        )
        if enhet.bekreftet is not None
        else _l("Ingen har sagt hvordan plassene står. De vises som ukjent, og ingen kan få dem."),
        lenke=f"/plasser/{enhet.id}",
        hastegrad="vanlig",
        gjelder=gjelder(enhet.id),
    )
    return 1


def _merk_purret(enhet: Plassenhet, naar: datetime | None) -> None:
    """`Plassenhet.versjon` stays, as in `steps.bekreft`: a reminder makes nobody's form late."""
    db.session.execute(
        sa.update(Plassenhet)
        .where(Plassenhet.id == enhet.id)
        .values(purret=naar)
        .execution_options(synchronize_session="evaluate")
    )


def gjelder(plassenhet_id: UUID) -> str:
    """What the reminders are about: `steps.bekreft` stops them by it."""
    return f"plasser:fersk:{plassenhet_id}"


def _mottakere(enhet: Plassenhet, *, foerste: bool) -> list[Mottaker]:
    koordinatorer = med_rolle(enhet.vertskommune_id, [Rolle.KOORDINATOR])
    if koordinatorer and not foerste:
        return koordinatorer
    rader = db.session.execute(
        sa.select(*mottakerfelt())
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.enhet_id == enhet.enhet_id,
            Medlemskap.organisasjon_id == enhet.vertskommune_id,
            Medlemskap.rolle.in_(sorted(access.KLINISKE)),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    folk = [Mottaker(r.person_id, r.navn, r.epost, r.spraak, enhet.vertskommune_id) for r in rader]
    return [*koordinatorer, *folk]
