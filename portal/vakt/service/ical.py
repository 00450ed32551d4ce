"""A roster out of and into calendar files (iCalendar). A file is taken in whole or not at all.

Each line of a file is judged twice by the same rules, when it is shown and when it is taken in, since the house may
have changed meanwhile. The same file again makes nothing new, and what is over already is passed by.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import icalendar
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import hele_sekunder, now
from portal.core.db import db, transactional
from portal.core.errors import PortalError, UgyldigData, Utdatert
from portal.core.sprak import SPRAAK, _, paa_spraak
from portal.core.traader import i_traadpool
from portal.identitet.access import ikke_slutt
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Medlemskap, Person
from portal.vakt import access, dobbelt, erstatning, icalfil, skriving
from portal.vakt.access import Handling
from portal.vakt.erstatning import Ny, Utgaar
from portal.vakt.icalfil import Icalfeil, Icalrad, Lestfil
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.vakt.ord import ETIKETTER
from portal.vakt.skriving import Vaktrad
from portal.vakt.tidsord import tidsrom

#: What an export holds: from this long ago, and never more shifts.
_TILBAKE, _FLEST_UT = timedelta(days=31), 20_000
#: A shift that runs into hundreds of others of its file is told of so many.
_FLEST_OVERLAPP = 10


class Radutfall(StrEnum):
    """What a line leads to."""

    NY = "ny"
    FINNES = "finnes"
    #: It is over: nobody is put on call in the past.
    FORBI = "forbi"
    #: Called off in the file.
    AVLYST = "avlyst"
    FEIL = "feil"


@dataclass(slots=True)
class Rad:
    """One shift of the file as it would be, or with what is wrong with it."""

    fil: Icalrad
    #: From when on it is given: what has been of a shift that stands is not rewritten.
    fra: datetime
    utfall: Radutfall = Radutfall.NY
    nivaa: Nivaa | None = None
    medlemskap: Medlemskap | None = None
    navn: str = ""
    feil: list[str] = field(default_factory=list)
    #: Somebody else has the time: it can be replaced.
    opptatt: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A file as it would be taken in."""

    rader: Sequence[Rad]
    #: What is wrong with the file itself: (line or None, how to mend it).
    feil: Sequence[Icalfeil]
    antall: Counter[str]
    #: Where the file puts somebody at two levels at once.
    advarsler: Sequence[str] = ()
    #: The plan's version that was judged.
    versjon: int = 0
    #: What gives way, where the file replaces what stands.
    utgaar: Sequence[Utgaar] = ()

    @property
    def tapt(self) -> list[Utgaar]:
        """What somebody loses, by time."""
        return sorted((u for u in self.utgaar if not u.beholder), key=lambda u: u.fra)

    @property
    def hull(self) -> int:
        """How many stretches nobody has afterwards that somebody has now."""
        return sum(len(u.hull) for u in self.utgaar)

    @property
    def kan_erstatte(self) -> bool:
        """Nothing is wrong but that others have the time."""
        return not self.feil and any(r.opptatt for r in self.rader)

    @property
    def feilede(self) -> int:
        return self.antall[Radutfall.FEIL] + len(self.feil)

    @property
    def nye(self) -> int:
        return self.antall[Radutfall.NY]

    @property
    def sortert(self) -> list[Rad]:
        """Those to be mended first."""
        return sorted(self.rader, key=lambda r: r.utfall != Radutfall.FEIL)


def les_fil(data: bytes) -> Lestfil:
    """The shifts of a file, before any transaction: reading may take a second."""
    return i_traadpool(icalfil.les_fil, data)


def vurder(aktor: Aktor, plan_id: UUID, fil: Lestfil, nivaa: Nivaa | None, *, erstatt: bool = False) -> Plan:
    """What taking the file in would do. `nivaa` is of all its shifts; None: each one's own. Writes nothing.

    With `erstatt` the file takes the place of what stands at its levels from its first shift to its last.
    """
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id)
    skriving.krev_i_bruk(plan)
    return _vurder(plan, fil, nivaa, erstatt)


@transactional
def importer(
    aktor: Aktor,
    plan_id: UUID,
    fil: Lestfil,
    nivaa: Nivaa | None,
    *,
    erstatt: bool = False,
    versjon: int | None = None,
) -> int:
    """Takes every shift of the file in, or none at all. Gives how many are new.

    With `erstatt` what stands in its time gives way, in the same transaction; `versjon` is the plan's when that was
    shown: Utdatert when the roster has changed since. Raises UgyldigData (`rader`: pairs of line and reason) when a
    line is wrong, Konflikt for an ended plan.
    """
    plan = access.hent_plan(aktor, Handling.REDIGERE, plan_id, laas=True)
    skriving.krev_i_bruk(plan)
    if erstatt and versjon is not None and versjon != plan.versjon:
        raise Utdatert(
            _(
                "Vaktplanen er endret etter at du så hva som faller ut. Se hva som faller ut nå, og lagre på nytt."
            )
        )
    vurdert = _vurder(plan, fil, nivaa, erstatt)
    if vurdert.feilede:
        raise UgyldigData(
            _("Noen linjer må rettes. Ingen vakter er lagt inn."),
            kode="rader",
            rader=[(f.linje, str(f.melding)) for f in vurdert.feil]
            + [(r.fil.linje, melding) for r in vurdert.rader for melding in r.feil],
        )
    nye = [
        Vaktrad(r.nivaa, r.medlemskap, r.fra, r.fil.til)
        for r in vurdert.rader
        if r.utfall == Radutfall.NY and r.nivaa is not None and r.medlemskap is not None
    ]
    if not nye and not vurdert.utgaar:
        return 0
    if vurdert.utgaar:
        erstatning.gjoer(aktor, plan, vurdert.utgaar)
    if nye:
        skriving.skriv_mange(aktor, plan, nye)
    erstatning.fortell(aktor, plan, vurdert.utgaar)
    return len(nye)


# --- the judgement ---------------------------------------------------------------------------------------


def _vurder(plan: Vaktplan, fil: Lestfil, nivaa: Nivaa | None, erstatt: bool) -> Plan:
    rader = [Rad(r, r.fra) for r in fil.rader]
    naa = now()
    for rad in rader:
        if rad.fil.avlyst:
            rad.utfall = Radutfall.AVLYST
        elif rad.fil.til <= naa:
            rad.utfall = Radutfall.FORBI
    gjelder = [r for r in rader if r.utfall == Radutfall.NY]
    folk, nivaaer = _Folk(plan), _Nivaaer()
    for rad in gjelder:
        rad.nivaa = nivaa or nivaaer.finn(rad)
        folk.finn(rad)
        try:
            skriving.krev_tid(rad.fil.fra, rad.fil.til)
        except PortalError as feil:
            rad.feil += [str(m) for ms in feil.detaljer["felter"].values() for m in ms]
    _mot_hverandre(gjelder)
    _mot_planen(plan, gjelder, erstatt)
    _mot_fravaer(plan, gjelder)
    for rad in gjelder:
        if rad.feil:
            rad.utfall = Radutfall.FEIL
    antall = Counter(str(r.utfall) for r in rader)
    i_orden = [
        Ny(r.nivaa, r.medlemskap.person_id, r.navn, r.fra, r.fil.til, r.utfall == Radutfall.FINNES)
        for r in gjelder
        if r.nivaa is not None and r.medlemskap is not None and not r.feil
    ]
    # A file with errors replaces nothing.
    hel = erstatt and not fil.feil and not antall[Radutfall.FEIL]
    utgaar = erstatning.finn(plan, i_orden) if hel else []
    nye = [dobbelt.Staar(n.nivaa, n.person_id, n.navn, n.fra, n.til) for n in i_orden if not n.finnes]
    doble = dobbelt.forutse(plan.id, nye, uten=[u.vakt.id for u in utgaar])
    return Plan(rader, fil.feil, antall, dobbelt.tekster(doble, plan.fagomraade), plan.versjon, utgaar)


def _noekkel(tekst: str) -> str:
    return " ".join(unicodedata.normalize("NFC", tekst).casefold().split())


class _Nivaaer:
    """Which level a text names. The words are put together once for a file: it may have thousands of shifts."""

    def __init__(self) -> None:
        # Every word for a level: its code, and what the pages call it in each language.
        self._ord = {n.value: n for n in Nivaa}
        for spraak in SPRAAK:
            with paa_spraak(spraak):
                self._ord |= {_noekkel(str(ETIKETTER["vaktnivaa"][n])): n for n in Nivaa}
        # The longest first, or a word that begins as another would hide it.
        ord_ = sorted(map(re.escape, self._ord), key=len, reverse=True)
        self._moenster = re.compile(rf"(?<!\w)(?:{'|'.join(ord_)})(?!\w)")
        self._husket: dict[str, frozenset[Nivaa]] = {}

    def _i(self, tekst: str) -> frozenset[Nivaa]:
        if tekst not in self._husket:
            funnet = self._moenster.findall(_noekkel(tekst))
            self._husket[tekst] = frozenset(self._ord[o] for o in funnet)
        return self._husket[tekst]

    def finn(self, rad: Rad) -> Nivaa | None:
        """The level that the categories name, else the summary; None, with an error, for none or several."""
        for tekster in (rad.fil.kategorier, (rad.fil.sammendrag,)):
            funnet = {n for tekst in tekster for n in self._i(tekst)}
            if len(funnet) == 1:
                return funnet.pop()
            if funnet:
                break
        rad.feil.append(
            _(
                "Nivået står ikke i hendelsen. Velg nivå for hele kalenderfilen, eller skriv det i hendelsen "
                "(vakthavende, bakvakt)."
            )
        )
        return None


class _Folk:
    """Who is meant by an address or a name in a file, among the organisation's people. Of others nothing is told."""

    def __init__(self, plan: Vaktplan) -> None:
        self._plan = plan
        self._egnede: dict[UUID, list[Medlemskap]] = {}
        for m in skriving.mulige(plan, Nivaa.VAKTLEDER):
            self._egnede.setdefault(m.person_id, []).append(m)
        rader = db.session.execute(
            sa.select(Person.id, Person.navn, Person.epost)
            .join(Medlemskap, Medlemskap.person_id == Person.id)
            .where(Medlemskap.organisasjon_id == plan.organisasjon_id, ikke_slutt())
            .distinct()
        ).all()
        self._navn = {r.id: r.navn for r in rader}
        self._epost = {r.epost.casefold(): r.id for r in rader}
        self._som: dict[str, set[UUID]] = {}
        for r in rader:
            self._som.setdefault(_noekkel(r.navn), set()).add(r.id)
        self._husket: dict[tuple[Any, ...], set[UUID]] = {}

    def _mulige(self, rad: Icalrad) -> set[UUID]:
        noekkel = (rad.epost, rad.sammendrag)
        if noekkel not in self._husket:
            self._husket[noekkel] = self._let(rad)
        return self._husket[noekkel]

    def _let(self, rad: Icalrad) -> set[UUID]:
        """By address where one of them is known here, else the longest name that stands in the summary."""
        if med_epost := {self._epost[e] for e in rad.epost if e in self._epost}:
            return med_epost
        tekst = _noekkel(rad.sammendrag)
        deler = {tekst, *(d.strip() for d in re.split(r"[:;,/|()–—-]", tekst))}
        if helt := {i for d in deler for i in self._som.get(d, ())}:
            return helt
        staar = [n for n in self._som if n in tekst and re.search(rf"(?<!\w){re.escape(n)}(?!\w)", tekst)]
        # «Kari Berg» stands in «Kari Bergersen» no longer, but «Kari» does in «Kari Berg».
        lengst = [n for n in staar if not any(n != m and n in m for m in staar)]
        return {i for n in lengst for i in self._som[n]}

    def finn(self, rad: Rad) -> None:
        """Gives the row its membership, or says why it has none."""
        funnet = self._mulige(rad.fil)
        if not funnet:
            hvem = ", ".join(rad.fil.epost) or rad.fil.sammendrag or "–"
            rad.feil.append(
                _(
                    "Ingen her passer med «%(hvem)s». Skriv navnet eller e-postadressen slik den står i portalen.",
                    hvem=hvem[:80],
                )
            )
            return
        if len(funnet) > 1:
            rad.navn = ", ".join(sorted(self._navn[i] for i in funnet))[:120]
            rad.feil.append(
                _("Flere passer: %(navn)s. Skriv e-postadressen til den ene i hendelsen.", navn=rad.navn)
            )
            return
        person_id = next(iter(funnet))
        rad.navn = self._navn[person_id]
        if rad.nivaa is None:
            # The level is an error of its own: whether the person fits none of them is told all the same.
            if person_id not in self._egnede:
                self._kan_ikke(rad)
            return
        egnede = [m for m in self._egnede.get(person_id, ()) if skriving.svarer_for(m, self._plan, rad.nivaa)]
        rad.medlemskap = next((m for m in egnede if skriving.gjelder_hele(m, rad.fil.fra, rad.fil.til)), None)
        if not egnede:
            self._kan_ikke(rad)
        elif rad.medlemskap is None:
            rad.feil.append(
                _(
                    "Rollen til %(navn)s gjelder ikke hele vakten. Kort ned vakten, eller forleng rollen.",
                    navn=rad.navn,
                )
            )

    def _kan_ikke(self, rad: Rad) -> None:
        rad.feil.append(
            _(
                "%(navn)s kan ikke ha denne vakten. Den som har vakt, må ha en rolle som svarer for %(fag)s.",
                navn=rad.navn,
                fag=ALLE_OMRAADER[self._plan.fagomraade],
            )
        )


def _mot_hverandre(rader: Iterable[Rad]) -> None:
    """The file against itself: nobody has the same level at the same time. Each is told of all it runs into."""
    aapne: dict[Nivaa, list[Rad]] = {}
    for rad in sorted(rader, key=lambda r: r.fil.fra):
        if rad.nivaa is None:
            continue
        foer = aapne[rad.nivaa] = [r for r in aapne.get(rad.nivaa, ()) if r.fil.til > rad.fil.fra]
        rad.feil += [
            _(
                "Vakten overlapper den på linje %(linje)s, %(tid)s. Ta bort den ene.",
                linje=r.fil.linje,
                tid=tidsrom(r.fil.fra, r.fil.til),
            )
            for r in foer
        ]
        foer.append(rad)
        # Those that last longest are run into by what follows; more of them would tell nothing new.
        foer.sort(key=lambda r: r.fil.til, reverse=True)
        del foer[_FLEST_OVERLAPP:]


def _mot_planen(plan: Vaktplan, rader: Sequence[Rad], erstatt: bool) -> None:
    """The file against the plan: the same shift is there already, or another has the time, and may give way."""
    if not rader:
        return
    grense = erstatning.grense()
    vakter: dict[str, list[Any]] = {}
    v: Any
    for v in db.session.execute(
        sa.select(Vakt.nivaa, Vakt.fra, Vakt.til, Vakt.person_id, Person.navn)
        .join(Person, Person.id == Vakt.person_id)
        .where(
            Vakt.vaktplan_id == plan.id,
            skriving.i_tidsrommet(min(r.fil.fra for r in rader), max(r.fil.til for r in rader)),
        )
        .order_by(Vakt.fra)
    ):
        vakter.setdefault(v.nivaa, []).append(v)
    # They never overlap within a level: what ends in order begins in order too.
    # A file knows whole seconds: what older rows have of smaller parts is not compared.
    ender = {n: [hele_sekunder(v.til) for v in vs] for n, vs in vakter.items()}
    for rad in rader:
        if rad.nivaa is None:
            continue
        plass = bisect_left(ender.get(rad.nivaa, []), rad.fil.fra + timedelta.resolution)
        for v in vakter.get(rad.nivaa, [])[plass:]:
            fra, til = hele_sekunder(v.fra), hele_sekunder(v.til)
            if fra >= rad.fil.til:
                break
            hvem = rad.medlemskap.person_id if rad.medlemskap else None
            if (fra, til, v.person_id) == (rad.fil.fra, rad.fil.til, hvem):
                rad.utfall = Radutfall.FINNES
            elif erstatt:
                if fra < grense:
                    rad.fra = max(rad.fra, grense)
            else:
                rad.opptatt = True
                rad.feil.append(
                    _(
                        "%(navn)s har vakten %(tid)s. Velg å erstatte det som står, eller ta denne ut av "
                        "kalenderfilen.",
                        navn=v.navn,
                        tid=tidsrom(v.fra, v.til),
                    )
                )


def _mot_fravaer(plan: Vaktplan, rader: Sequence[Rad]) -> None:
    folk = {r.medlemskap.person_id for r in rader if r.medlemskap}
    if not folk:
        return
    borte: dict[UUID, list[Fravaer]] = {}
    for f in db.session.scalars(
        sa.select(Fravaer).where(
            Fravaer.organisasjon_id == plan.organisasjon_id,
            Fravaer.person_id.in_(folk),
            Fravaer.avlyst.is_(None),
            Fravaer.til > min(r.fil.fra for r in rader),
        )
    ):
        borte.setdefault(f.person_id, []).append(f)
    for rad in rader:
        if rad.medlemskap is None or rad.utfall == Radutfall.FINNES:
            continue
        for f in borte.get(rad.medlemskap.person_id, ()):
            if f.fra < rad.fil.til and f.til > rad.fil.fra:
                rad.feil.append(
                    _(
                        "%(navn)s er borte %(tid)s. Avlys fraværet, eller velg en annen.",
                        navn=rad.navn,
                        tid=tidsrom(f.fra, f.til),
                    )
                )


# --- out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Utvakt:
    """A shift as a calendar shows it: plain data, for the thread that writes the file."""

    id: UUID
    fra: datetime
    til: datetime
    opprettet: datetime
    sammendrag: str
    sted: str
    kategorier: tuple[str, ...]


def eksporter(aktor: Aktor, plan_id: UUID) -> bytes:
    """A plan with all its levels, from a month ago on, as a calendar file. Raises IkkeFunnet.

    Colleagues get it without the coming shifts of who is away then, as they are gaps to them in the calendar too: that
    somebody is away is theirs to tell.
    """
    plan = access.hent_plan(aktor, Handling.SE, plan_id)
    fag, organisasjon = str(ALLE_OMRAADER[plan.fagomraade]), plan.organisasjon.kortnavn
    vakter = [
        som_utvakt(v, f"{nivaaord(v.nivaa)} {fag}: {v.person.navn}", organisasjon)
        for v in db.session.scalars(
            sa.select(Vakt)
            .where(
                Vakt.vaktplan_id == plan.id,
                Vakt.avlyst.is_(None),
                Vakt.fra > now() - _TILBAKE,
                *([] if access.kan_redigere(aktor, plan.organisasjon_id) else [_kjent_for(aktor, plan)]),
            )
            .options(joinedload(Vakt.person))
            .order_by(Vakt.fra)
            .limit(_FLEST_UT)
        )
    ]
    return som_kalender(f"{_('Vaktplan')} {fag}, {organisasjon}", vakter)


def _kjent_for(aktor: Aktor, plan: Vaktplan) -> sa.ColumnElement[bool]:
    """Over Vakt: one's own, what is over, and what no absence touches."""
    return sa.or_(
        Vakt.person_id == aktor.person_id,
        Vakt.til <= now(),
        ~sa.exists().where(
            Fravaer.person_id == Vakt.person_id,
            Fravaer.organisasjon_id == plan.organisasjon_id,
            Fravaer.avlyst.is_(None),
            Fravaer.fra < Vakt.til,
            Fravaer.til > Vakt.fra,
            Fravaer.til > now(),
        ),
    )


def nivaaord(nivaa: str) -> str:
    return str(ETIKETTER["vaktnivaa"][Nivaa(nivaa)])


def som_utvakt(vakt: Vakt, sammendrag: str, sted: str) -> Utvakt:
    return Utvakt(vakt.id, vakt.fra, vakt.til, vakt.opprettet, sammendrag, sted, (nivaaord(vakt.nivaa),))


def som_kalender(navn: str, vakter: Sequence[Utvakt]) -> bytes:
    """The shifts as a calendar file, in UTC, written on a thread: a year of shifts takes a tenth of a second."""
    return i_traadpool(_skriv, navn, vakter)


def _skriv(navn: str, vakter: Sequence[Utvakt]) -> bytes:
    kalender = icalendar.Calendar()
    kalender.add("prodid", "-//Samhandlingsportalen//Vakt//NO")
    kalender.add("version", "2.0")
    kalender.add("method", "PUBLISH")
    kalender.add("x-wr-calname", navn)
    kalender.add("x-wr-timezone", "Europe/Oslo")
    kalender.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    for v in vakter:
        if hele_sekunder(v.fra) == hele_sekunder(v.til):
            # Shorter than what a file can say: it would end as it begins, and be refused when read.
            continue
        h = icalendar.Event()
        # The shift's own id: a calendar program knows it again. A changed shift is another one.
        h.add("uid", f"{v.id}@vakt.samhandlingsportalen")
        h.add("dtstamp", v.opprettet)
        h.add("dtstart", v.fra)
        h.add("dtend", v.til)
        h.add("summary", v.sammendrag)
        h.add("location", v.sted)
        h.add("categories", list(v.kategorier))
        kalender.add_component(h)
    return bytes(kalender.to_ical())
