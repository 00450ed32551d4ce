"""All beds of a unit said anew at once, in a form or by a file: plausible, and whole or not at all. Use cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import Konflikt, UgyldigData, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.identitet.steps import sorteringsnoekkel
from portal.plasser import access, steps, tilstandsfil
from portal.plasser.access import Handling
from portal.plasser.forloep import OVERGANGER, Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.hold import IKKE_MED, krev_medlem
from portal.plasser.models import Opphold, Plass, Plassenhet, Reservasjon
from portal.plasser.rimelighet import overraskelser
from portal.revisjon.steps import logg as revider


@dataclass(frozen=True, slots=True)
class Ny:
    """What a bed is said to be. `lest`: which version of it the form was made from; None: it comes from a file."""

    plass_id: UUID
    tilstand: Tilstand
    grunn: Stengtgrunn | None = None
    lest: int | None = None
    #: Whose inhabitant a new patient is; None: as is said of all of them.
    kommune_id: UUID | None = None


@transactional
def registrer(
    aktor: Aktor,
    plassenhet_id: UUID,
    nye: Sequence[Ny],
    *,
    kommune_id: UUID | None = None,
    bekreftet: bool = False,
) -> int:
    """Says of every bed of the unit how it stands. Gives how many have changed.

    An occupied bed that is said to be empty is discharged from now, a bed that is newly occupied is an admission now of
    an inhabitant of the bed's own `kommune_id`, else of the common one (the host's, where no other kommune has a
    place). Raises UgyldigData by bed (`tilstand-<id>`, `grunn-<id>`, `kommune-<id>`), Utdatert with `plasser` for a
    form that is no longer true, Konflikt («overraskende», with `tall` and, kommune by kommune, `over_kvote`) for what
    must be confirmed.
    """
    sagt = {n.plass_id: n for n in nye}
    enhet, plassene = _aapne(aktor, plassenhet_id, sagt)
    feil: dict[str, list[Any]] = {}
    for plass in plassene:
        ny = sagt.get(plass.id)
        if ny is None:
            feil[f"tilstand-{plass.id}"] = [_l("Velg hvordan plassen står.")]
        elif (galt := _umulig(plass, ny)) is not None:
            feil[f"{galt[0]}-{plass.id}"] = [galt[1]]
        elif ny.kommune_id is not None and not access.er_medlem(enhet.id, ny.kommune_id):
            feil[f"kommune-{plass.id}"] = [IKKE_MED]
    if feil:
        raise UgyldigData(felter=feil)
    return _utfoer(aktor, enhet, plassene, sagt, kommune_id, bekreftet=bekreftet, aarsak="side")


@transactional
def importer(
    aktor: Aktor, plassenhet_id: UUID, tekst: str, *, kommune_id: UUID | None = None, bekreftet: bool = False
) -> int:
    """The same of the beds that a CSV file names; the others stand as they did. Gives how many have changed.

    A line may name the kommune of its new patient; `kommune_id` is that of the lines which do not.
    Raises UgyldigData («linjer») with all wrong lines, Konflikt («overraskende»). Nothing is written then.
    """
    enhet, plassene = _aapne(aktor, plassenhet_id)
    linjer = tilstandsfil.les(tekst)
    ved_navn = {p.navn.casefold(): p for p in plassene}
    medlemmer = _ved_navn(enhet)
    ligger = _ligger(enhet)
    sagt: dict[UUID, Ny] = {}
    galt: list[tuple[int, Any]] = []
    for li in linjer:
        plass = ved_navn.get(li.plass.casefold())
        if plass is None:
            galt.append((li.nummer, _l("Enheten har ingen plass som heter «%(navn)s».", navn=li.plass[:60])))
            continue
        kommuner = medlemmer.get(_kommunenavn(li.kommune), set()) if li.kommune else {None}
        if len(kommuner) != 1:
            galt.append((li.nummer, _ikke_en_kommune(li.kommune, len(kommuner))))
            continue
        kommune = next(iter(kommuner))
        if li.tilstand == plass.tilstand == Tilstand.BELAGT and ligger.get(plass.id) == kommune:
            # The same file again, or one that names everybody who lies there.
            kommune = None
        sagt[plass.id] = ny = Ny(plass.id, li.tilstand, li.grunn, kommune_id=kommune)
        if (umulig := _umulig(plass, ny)) is not None:
            galt.append((li.nummer, umulig[1]))
    if galt:
        raise tilstandsfil.feil_i_linjer(galt)
    return _utfoer(aktor, enhet, plassene, sagt, kommune_id, bekreftet=bekreftet, aarsak="import")


def eksporter(aktor: Aktor, plassenhet_id: UUID) -> tuple[str, str]:
    """The unit's beds as they stand, as a file that `importer` reads, and the unit's name."""
    enhet = access.hent(aktor, Handling.DRIVE, plassenhet_id)
    return (
        tilstandsfil.skriv((p.navn, p.tilstand, p.stengt_grunn) for p in steps.i_bruk(enhet.id)),
        enhet.enhet.navn,
    )


def _ligger(enhet: Plassenhet) -> dict[UUID, UUID]:
    """{bed: the kommune of who lies there}."""
    return {
        r.plass_id: r.kommune_id
        for r in db.session.execute(
            sa.select(Opphold.plass_id, Opphold.kommune_id).where(
                Opphold.plassenhet_id == enhet.id, Opphold.ut.is_(None)
            )
        )
    }


def _kommunenavn(tekst: str) -> str:
    return " ".join(tekst.casefold().split()).removesuffix(" kommune")


def _ved_navn(enhet: Plassenhet) -> dict[str, set[UUID]]:
    """{how a file may name it: the kommuner} of those that have a place in the unit: by name, also a Sámi or Kven one,
    and by number."""
    ut: dict[str, set[UUID]] = {}
    ider = {m.kommune_id for m in steps.medlemmer(enhet.id)}
    for k in db.session.scalars(sa.select(Organisasjon).where(Organisasjon.id.in_(ider))):
        for navn in (k.navn, k.kortnavn, k.kode or "", *(k.navn_alternativ or "").split(" / ")):
            ut.setdefault(_kommunenavn(navn), set()).add(k.id)
    return ut


def _ikke_en_kommune(skrevet: str, antall: int) -> Any:
    if antall:
        return _l("Flere kommuner heter «%(ord)s». Skriv kommunenummeret.", ord=skrevet[:60])
    return _l(
        "«%(ord)s» har ingen plasser i enheten. Skriv navnet eller nummeret til en kommune som er med.",
        ord=skrevet[:60],
    )


# --- what both share -------------------------------------------------------------------------------------


def _aapne(
    aktor: Aktor, plassenhet_id: UUID, sagt: Mapping[UUID, Ny] | None = None
) -> tuple[Plassenhet, list[Plass]]:
    """The unit, locked and without overdue holds, and its beds. Counted by `_utfoer`: a refusal changes nothing."""
    enhet = access.hent(aktor, Handling.DRIVE, plassenhet_id, laas=True)
    if sagt is not None:
        # Before overdue holds end: with the worker stopped, a form that shows one would be late each time anew.
        _krev_fersk(steps.i_bruk(enhet.id), sagt)
    steps.loes_ut(enhet)
    db.session.flush()
    return enhet, steps.i_bruk(enhet.id)


def _krev_fersk(plassene: Iterable[Plass], sagt: Mapping[UUID, Ny]) -> None:
    """No bed has changed since the form was made. Raises Utdatert."""
    endret = [
        p.navn
        for p in plassene
        if p.id in sagt and sagt[p.id].lest is not None and sagt[p.id].lest != p.versjon
    ]
    if endret:
        raise Utdatert(
            _l(
                "Disse er endret etter at du åpnet siden: %(plasser)s. Se hvordan de står nå, og lagre på nytt.",
                plasser=", ".join(endret[:10]),
            ),
            plasser=endret,
        )


def _umulig(plass: Plass, ny: Ny) -> tuple[str, Any] | None:
    """(the field, why) for what a bed cannot become."""
    fra, til = Tilstand(plass.tilstand), ny.tilstand
    if (til == Tilstand.STENGT) != (ny.grunn is not None):
        if til == Tilstand.STENGT:
            return "grunn", _l("Velg hvorfor plassen stenges.")
        return "grunn", _l("Bare en stengt plass har en grunn.")
    if til == Tilstand.UKJENT:
        return "tilstand", _l("Velg hvordan plassen står.")
    if ny.kommune_id is not None and (til != Tilstand.BELAGT or fra in (Tilstand.BELAGT, Tilstand.HOLDT)):
        if fra == Tilstand.HOLDT and til == Tilstand.BELAGT:
            return "kommune", _l("Plassen er holdt: pasientens kommune følger reservasjonen.")
        return "kommune", _l("Kommune oppgis bare når plassen blir belagt nå.")
    if til == fra:
        return None
    if til == Tilstand.HOLDT:
        return "tilstand", _l("Plassen er ikke holdt nå. Velg hvordan den står.")
    if fra == Tilstand.HOLDT and til != Tilstand.BELAGT:
        return "tilstand", _l(
            "Plassen er holdt for en pasient på vei. Frigi eller avvis reservasjonen først."
        )
    if fra == Tilstand.BELAGT and til == Tilstand.STENGT:
        return "tilstand", _l("Det ligger en pasient i plassen. Skriv ut pasienten først.")
    return None


def _endret(plass: Plass, ny: Ny) -> bool:
    return (plass.tilstand, plass.stengt_grunn) != (ny.tilstand, str(ny.grunn or ""))


def _utfoer(
    aktor: Aktor,
    enhet: Plassenhet,
    plassene: Sequence[Plass],
    sagt: Mapping[UUID, Ny],
    kommune_id: UUID | None,
    *,
    bekreftet: bool,
    aarsak: str,
) -> int:
    """Does what has been found possible: asks first where it surprises, then bed by bed, and counts once."""
    foer = Counter(steps.gruppe(p.tilstand, p.bemannet) for p in plassene)
    etter = Counter(
        steps.gruppe(sagt[p.id].tilstand if p.id in sagt else p.tilstand, p.bemannet) for p in plassene
    )
    endrede = [p for p in plassene if p.id in sagt and _endret(p, sagt[p.id])]
    hold = _hold(enhet.id)
    nye = [p for p in endrede if sagt[p.id].tilstand == Tilstand.BELAGT and p.id not in hold]
    kommuner = _kommuner_til_nye(enhet, nye, sagt, kommune_id)
    over = _over_kvote(enhet, kommuner.values(), endrede)
    rart = overraskelser(foer, etter)
    if not bekreftet and (rart or over):
        raise Konflikt(
            _l("Tallene endrer seg mye på én gang. Se over, og bekreft at de stemmer.")
            if rart
            else _l("Kommunen får flere plasser enn kvoten. Se over, og bekreft at det stemmer.")
            if len(over) == 1
            else _l("Kommuner får flere plasser enn kvotene. Se over, og bekreft at det stemmer."),
            kode="overraskende",
            tall=[{"tall": o.tall, "foer": o.foer, "etter": o.etter} for o in rart],
            over_kvote=over,
        )
    for plass in endrede:
        _sett(aktor, plass, sagt[plass.id], hold.get(plass.id), kommuner.get(plass.id), aarsak)
    if not any(p.tilstand == Tilstand.UKJENT for p in plassene):
        steps.bekreft(aktor, enhet)
    steps.tell(aktor, enhet)
    revider(
        aktor,
        "plasser.registrert",
        "plassenhet",
        enhet.id,
        kilde=aarsak,
        plasser={p.navn: p.tilstand for p in endrede},
        bekreftet=bekreftet,
        over_kvote=bool(over),
    )
    return len(endrede)


def _over_kvote(enhet: Plassenhet, nye: Collection[UUID], endrede: Sequence[Plass]) -> list[dict[str, Any]]:
    """The kommuner of the new patients (`nye`, one for each) that get more than their quota by them, and more than they
    have already; by name."""
    if not nye:
        return []
    slutter = [p.id for p in endrede if p.tilstand == Tilstand.BELAGT]
    ut: Counter[UUID] = Counter(
        db.session.scalars(
            sa.select(Opphold.kommune_id).where(Opphold.plass_id.in_(slutter), Opphold.ut.is_(None))
        )
    )
    kvoter: Counter[UUID] = Counter()
    for m in steps.medlemmer(enhet.id):
        kvoter[m.kommune_id] += m.kvote
    i_bruk = steps.i_bruk_av(enhet.id)
    over = []
    for kommune_id, kommer in Counter(nye).items():
        foer = i_bruk.get(kommune_id, 0)
        antall = foer - ut[kommune_id] + kommer
        if antall > max(kvoter[kommune_id], foer):
            navn = db.session.get_one(Organisasjon, kommune_id).kortnavn
            over.append({"kommune": navn, "antall": antall, "kvote": kvoter[kommune_id]})
    return sorted(over, key=lambda o: sorteringsnoekkel(o["kommune"]))


def _hold(enhet_id: UUID) -> dict[UUID, Reservasjon]:
    return {
        r.plass_id: r
        for r in db.session.scalars(
            sa.select(Reservasjon).where(
                Reservasjon.plassenhet_id == enhet_id, Reservasjon.status == Holdstatus.AKTIV
            )
        )
    }


def _kommuner_til_nye(
    enhet: Plassenhet, nye: Sequence[Plass], sagt: Mapping[UUID, Ny], felles: UUID | None
) -> dict[UUID, UUID]:
    """{bed: whose inhabitant its new patient is}: what is said of the bed, else of all of them; where that is not said
    either, the only kommune with a place. Raises UgyldigData."""
    ut: dict[UUID, UUID] = {}
    vanlig: UUID | None = None
    for plass in nye:
        kommune = sagt[plass.id].kommune_id
        if kommune is None:
            kommune = vanlig = vanlig or _felles_kommune(enhet, felles)
        ut[plass.id] = kommune
    return ut


def _felles_kommune(enhet: Plassenhet, kommune_id: UUID | None) -> UUID:
    medlemmer = {m.kommune_id for m in steps.medlemmer(enhet.id)}
    if kommune_id is None and len(medlemmer) == 1:
        return medlemmer.pop()
    if kommune_id is None:
        raise UgyldigData(felter={"kommune_id": [_l("Velg hvilken kommune de nye pasientene kommer fra.")]})
    return krev_medlem(enhet, kommune_id).id


def _sett(
    aktor: Aktor, plass: Plass, ny: Ny, hold: Reservasjon | None, kommune_id: UUID | None, aarsak: str
) -> None:
    """One bed becomes what it is said to be, with the stay that ends or begins by it."""
    naa = now()
    if plass.tilstand == ny.tilstand == Tilstand.STENGT:
        plass.stengt_grunn = str(ny.grunn)
        steps.noter(aktor, plass, aarsak=aarsak)
        return
    if plass.tilstand == Tilstand.BELAGT:
        opphold = db.session.scalars(
            sa.select(Opphold).where(Opphold.plass_id == plass.id, Opphold.ut.is_(None))
        ).one()
        opphold.ut = naa
    if ny.tilstand == Tilstand.BELAGT:
        if hold is not None:
            steps.avslutt(aktor, hold, Holdstatus.INNLAGT)
        db.session.add(
            Opphold(
                id=uuid4(),
                plass_id=plass.id,
                plassenhet_id=plass.plassenhet_id,
                kommune_id=hold.kommune_id if hold else kommune_id,
                reservasjon_id=hold.id if hold else None,
                inn=naa,
                registrert=naa,
                registrert_av_id=aktor.person_id,
            )
        )
    if ny.tilstand not in OVERGANGER[Tilstand(plass.tilstand)]:
        # «Rengjøres» and then occupied: in between it was free.
        steps.sett(aktor, plass, Tilstand.LEDIG, aarsak=aarsak)
    steps.sett(aktor, plass, ny.tilstand, grunn=str(ny.grunn or ""), aarsak=aarsak)
