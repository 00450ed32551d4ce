"""What this room's use cases share, and the rooms above it ask: the clauses of a version, and which version holds.

What is to be done when a version is begun, dropped or approved is in `livsloep.py`. Nothing here asks for permission.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import access, innhold, soek
from portal.avtaler.forloep import I_ARBEID, Status
from portal.avtaler.models import (
    EVIG,
    Avtale,
    Avtaleversjon,
    Bestemmelse,
    Bestemmelsesendring,
)
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l

#: Clauses that a version can hold.
FLEST_BESTEMMELSER = 500


def i_arbeid(avtale: Avtale) -> Avtaleversjon | None:
    """The version that is being worked on (or waits for its date); None: there is none."""
    return next((v for v in avtale.versjoner if v.status in I_ARBEID), None)


def holder(avtale: Avtale, dag: date | None = None) -> Avtaleversjon | None:
    """The version that holds on a day (default: today in Oslo), read from its dates alone."""
    dag = dag or i_dag()
    return next(
        (
            v
            for v in avtale.versjoner
            if v.i_kraft_fra is not None
            and v.i_kraft_fra <= dag
            and (v.i_kraft_til is None or v.i_kraft_til > dag)
        ),
        None,
    )


def holder_for(aktor: Aktor, avtale: Avtale) -> Avtaleversjon | None:
    """The version that holds today, for who may read it: who has left reads none that came later."""
    versjon = holder(avtale)
    return versjon if versjon is not None and access.kan_se_versjon(aktor, avtale, versjon) else None


def i_kraft(dag: date) -> sa.ColumnElement[bool]:
    """The condition on `Avtaleversjon` that it holds on a day."""
    return sa.and_(
        Avtaleversjon.i_kraft_fra <= dag,
        sa.or_(Avtaleversjon.i_kraft_til.is_(None), Avtaleversjon.i_kraft_til > dag),
    )


def i_versjonen(nummer: Any) -> sa.ColumnElement[bool]:
    """The condition on `Bestemmelse` that it is in version `nummer` of its agreement (a number or a column)."""
    return sa.and_(Bestemmelse.til_versjon > nummer, Bestemmelse.fra_versjon <= nummer)


def bestemmelser(avtale_id: UUID, nummer: int) -> Sequence[Bestemmelse]:
    """The clauses of a version in their order."""
    return db.session.scalars(
        sa.select(Bestemmelse)
        .where(Bestemmelse.avtale_id == avtale_id, i_versjonen(nummer))
        .order_by(Bestemmelse.plass, Bestemmelse.id)
    ).all()


def bestemmelse(avtale_id: UUID, nummer: int, noekkel: UUID) -> Bestemmelse | None:
    """One clause as it reads in a version."""
    return db.session.scalars(
        sa.select(Bestemmelse).where(
            Bestemmelse.avtale_id == avtale_id, Bestemmelse.noekkel == noekkel, i_versjonen(nummer)
        )
    ).one_or_none()


def har_vaert(avtale_id: UUID, noekkel: UUID) -> bool:
    """Whether the agreement has had such a clause, in any version, also one that was struck again."""
    endret = sa.exists().where(
        Bestemmelsesendring.avtale_id == avtale_id, Bestemmelsesendring.noekkel == noekkel
    )
    finnes = sa.exists().where(Bestemmelse.avtale_id == avtale_id, Bestemmelse.noekkel == noekkel)
    return bool(db.session.scalar(sa.select(sa.or_(endret, finnes))))


def ny_versjon(
    aktor: Aktor,
    avtale: Avtale,
    status: Status = Status.UTKAST,
    utgangspunkt: Avtaleversjon | None = None,
) -> Avtaleversjon:
    """The next version, with the clauses of `utgangspunkt` (default: the newest version).

    From the newest nothing is copied: its clauses simply go on. From an older one (the newest was dropped after others
    had seen it, and stays readable) the rows are written that bring the text back to how it read there.
    The caller has the agreement's lock, and sees to it that no other version is being worked on.
    """
    forrige = max(avtale.versjoner, key=lambda v: v.nummer, default=None)
    fra = utgangspunkt or forrige
    avtale.siste_nummer += 1
    versjon = Avtaleversjon(
        id=uuid4(),
        avtale_id=avtale.id,
        nummer=avtale.siste_nummer,
        tittel=fra.tittel if fra else avtale.tittel,
        status=status,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        medvirkning=fra.medvirkning if fra else "",
        oensket_fra=fra.oensket_fra if fra and fra.status == Status.FORKASTET else None,
        innhold_hash="",
        notat="",
    )
    avtale.versjoner.append(versjon)
    db.session.flush()
    if forrige is not None and fra is not None and fra.nummer != forrige.nummer:
        _gaa_tilbake(versjon, fra)
    return versjon


def _gaa_tilbake(versjon: Avtaleversjon, fra: Avtaleversjon) -> None:
    """Writes the rows that make the new version read as an older one does. Its authors are who wrote them then."""
    naa_rader = {b.noekkel: b for b in bestemmelser(versjon.avtale_id, versjon.nummer)}
    maal = {b.noekkel: b for b in bestemmelser(versjon.avtale_id, fra.nummer)}
    ulike = {
        n
        for n in naa_rader.keys() | maal.keys()
        if n not in maal or n not in naa_rader or _tekst_og_plass(naa_rader[n]) != _tekst_og_plass(maal[n])
    }
    for noekkel in sorted(ulike & naa_rader.keys()):
        naa_rader[noekkel].til_versjon = versjon.nummer
    db.session.flush()
    nye = [
        Bestemmelse(
            id=uuid4(),
            avtale_id=versjon.avtale_id,
            noekkel=noekkel,
            fra_versjon=versjon.nummer,
            til_versjon=EVIG,
            plass=maal[noekkel].plass,
            innhold_hash=maal[noekkel].innhold_hash,
            endret=maal[noekkel].endret,
            endret_av_id=maal[noekkel].endret_av_id,
            **innhold.som_data(maal[noekkel]),
        )
        for noekkel in sorted(ulike & maal.keys())
    ]
    db.session.add_all(nye)
    db.session.flush()
    soek.indekser(nye)


def _tekst_og_plass(rad: Bestemmelse) -> tuple[int, dict[str, Any]]:
    return rad.plass, innhold.som_data(rad)


def krev_skrivbar(versjon: Avtaleversjon) -> None:
    """Raises UgyldigOvergang unless the content of the version may change: it is a draft, or in negotiation."""
    if versjon.status not in (Status.UTKAST, Status.TIL_FORHANDLING):
        raise UgyldigOvergang(
            _l(
                "Innholdet i denne versjonen kan ikke endres lenger. Last siden på nytt og se hva som har skjedd."
            )
        )


def skriv(
    aktor: Aktor,
    versjon: Avtaleversjon,
    noekkel: UUID | None,
    data: dict[str, Any] | None,
    *,
    plass: int | None = None,
    lest: str | None = None,
    forslag_id: UUID | None = None,
) -> UUID:
    """Writes one clause into a version that is being worked on: new (`noekkel` None), changed, or struck (`data` None).

    A clause that older versions share is never touched: it ends before this version, and a new row goes on. `lest` is
    the `innhold_hash` of the clause as the writer had read it («» : it was not there); another text now → Utdatert with
    both texts (see `_utdatert`), nothing is written. None: whatever it reads. `data` may hold some of the fields: the
    others stay. Who changed what goes to `Bestemmelsesendring`. Raises UgyldigData for a wrong shape.
    Gives the clause's `noekkel`.
    """
    krev_skrivbar(versjon)
    naa_rad = bestemmelse(versjon.avtale_id, versjon.nummer, noekkel) if noekkel else None
    foer = innhold.som_data(naa_rad) if naa_rad else None
    if data is not None:
        data = innhold.rens({**(foer or TOM), **data})
    if lest is not None and lest != (naa_rad.innhold_hash if naa_rad else ""):
        raise _utdatert(naa_rad, data)
    if data is None and naa_rad is None:
        raise UgyldigOvergang()
    if data is not None and (mangler := innhold.feil(data)):
        raise UgyldigData(felter=mangler)
    if naa_rad is not None and foer == data and plass in (None, naa_rad.plass):
        return naa_rad.noekkel
    noekkel = noekkel or uuid4()
    ny_rad = _legg(aktor, versjon, noekkel, naa_rad, data, plass)
    if foer != data:
        db.session.add(_endring(aktor, versjon, noekkel, foer, data, forslag_id))
    db.session.flush()
    if ny_rad is not None:
        soek.indekser([ny_rad])
    return noekkel


def skriv_flere(aktor: Aktor, versjon: Avtaleversjon, klausuler: Sequence[dict[str, Any]]) -> list[UUID]:
    """Writes new clauses after those that the version has: a template, a copy, a document. Gives their `noekkel`.

    Raises UgyldigData that names each wrong field as «bestemmelser.<number from 1>.<field>»; then none is written.
    """
    krev_skrivbar(versjon)
    alle = [innhold.rens({**TOM, **k}) for k in klausuler]
    _krev_plass(antall_bestemmelser(versjon) + len(alle))
    felter = {
        f"bestemmelser.{nr}.{felt}": meldinger
        for nr, data in enumerate(alle, 1)
        for felt, meldinger in innhold.feil(data).items()
    }
    if felter:
        raise UgyldigData(felter=felter)
    plass, naa = _siste_plass(versjon), now()
    rader = [
        Bestemmelse(
            id=uuid4(),
            avtale_id=versjon.avtale_id,
            noekkel=uuid4(),
            fra_versjon=versjon.nummer,
            til_versjon=EVIG,
            plass=plass + nr * AVSTAND,
            innhold_hash=innhold.innholdshash(data),
            endret=naa,
            endret_av_id=aktor.person_id,
            **data,
        )
        for nr, data in enumerate(alle, 1)
    ]
    db.session.add_all(rader)
    db.session.add_all(
        _endring(aktor, versjon, rad.noekkel, None, data) for rad, data in zip(rader, alle, strict=True)
    )
    db.session.flush()
    soek.indekser(rader)
    return [rad.noekkel for rad in rader]


def _endring(
    aktor: Aktor,
    versjon: Avtaleversjon,
    noekkel: UUID,
    foer: dict[str, Any] | None,
    etter: dict[str, Any] | None,
    forslag_id: UUID | None = None,
) -> Bestemmelsesendring:
    return Bestemmelsesendring(
        id=uuid4(),
        avtale_id=versjon.avtale_id,
        nummer=versjon.nummer,
        noekkel=noekkel,
        foer=foer,
        etter=etter,
        forslag_id=forslag_id,
        tidspunkt=now(),
        person_id=aktor.person_id,
        organisasjon_id=aktor.organisasjon_id,
    )


def _krev_plass(antall: int) -> None:
    if antall > FLEST_BESTEMMELSER:
        raise UgyldigData(
            _l(
                "Avtalen kan ha høyst %(antall)s bestemmelser. Slå noen sammen, eller lag en delavtale.",
                antall=FLEST_BESTEMMELSER,
            ),
            kode="for_mange_bestemmelser",
        )


def _utdatert(rad: Bestemmelse | None, ditt: dict[str, Any] | None) -> Utdatert:
    """The refusal to the second of two writers, with all that both have written, so that nothing is lost.

    `detaljer`: `ditt` (what was sent; None: to strike it), `naa` (how it reads now; None: it is gone), `lest` (to be
    sent along when it is saved all the same), `endret_av` and `endret` (ISO 8601; empty when it is gone).
    """
    if rad is None:
        melding = _l("Noen har strøket denne bestemmelsen etter at du åpnet den. Teksten din er ikke lagret.")
        return Utdatert(melding, **konflikt(rad, ditt))
    return Utdatert(
        _l("Noen har endret denne bestemmelsen etter at du åpnet den. Se begge tekstene, og lagre på nytt."),
        **konflikt(rad, ditt),
    )


def konflikt(rad: Bestemmelse | None, ditt: dict[str, Any] | None) -> dict[str, Any]:
    """The details of `_utdatert`: how a clause reads now (None: it is gone), beside what somebody wants of it."""
    return {
        "ditt": ditt,
        "naa": innhold.som_data(rad) if rad else None,
        "lest": rad.innhold_hash if rad else "",
        "endret_av": rad.endret_av.navn if rad and rad.endret_av else "",
        "endret": rad.endret.isoformat() if rad else "",
    }


#: A clause before anything is written in it.
TOM: dict[str, Any] = {
    "nummer": "",
    "overskrift": "",
    "tekst": "",
    "art": "annet",
    "punkt": None,
    "faser": 0b111110,
    "fagomraader": [],
    "kriterier": [],
    "matrise": [],
    "forpliktelser": [],
    "tiltak": [],
    "trinn": [],
}


#: Between two clauses, so that one can be moved in between without touching the others.
AVSTAND = 1024


def _legg(
    aktor: Aktor,
    versjon: Avtaleversjon,
    noekkel: UUID,
    rad: Bestemmelse | None,
    data: dict[str, Any] | None,
    plass: int | None,
) -> Bestemmelse | None:
    """Gives the row that now holds the clause; None: it is struck."""
    egen = rad is not None and rad.fra_versjon == versjon.nummer
    if data is None:
        assert rad is not None
        if egen:
            db.session.delete(rad)
        else:
            rad.til_versjon = versjon.nummer
        return None
    if plass is None:
        plass = rad.plass if rad else _siste_plass(versjon) + AVSTAND
    verdier = {
        **data,
        "plass": plass,
        "innhold_hash": innhold.innholdshash(data),
        "endret": now(),
        "endret_av_id": aktor.person_id,
    }
    if rad is not None and innhold.som_data(rad) == data:
        # Moved alone: the words are still theirs who wrote them.
        verdier |= {"endret": rad.endret, "endret_av_id": rad.endret_av_id}
    if egen:
        assert rad is not None
        for felt, verdi in verdier.items():
            setattr(rad, felt, verdi)
        return rad
    if rad is not None:
        rad.til_versjon = versjon.nummer
        db.session.flush()
    else:
        _krev_plass(antall_bestemmelser(versjon) + 1)
    ny = Bestemmelse(
        id=uuid4(),
        avtale_id=versjon.avtale_id,
        noekkel=noekkel,
        fra_versjon=versjon.nummer,
        til_versjon=EVIG,
        **verdier,
    )
    db.session.add(ny)
    return ny


def antall_bestemmelser(versjon: Avtaleversjon) -> int:
    """How many clauses a version has."""
    vilkaar = (Bestemmelse.avtale_id == versjon.avtale_id, i_versjonen(versjon.nummer))
    return db.session.scalar(sa.select(sa.func.count()).select_from(Bestemmelse).where(*vilkaar)) or 0


def _siste_plass(versjon: Avtaleversjon) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.max(Bestemmelse.plass)).where(
                Bestemmelse.avtale_id == versjon.avtale_id, i_versjonen(versjon.nummer)
            )
        )
        or 0
    )


def plass_foer(versjon: Avtaleversjon, noekkel: UUID, foer: UUID | None) -> int:
    """The `plass` that puts a clause right before another (None: last). Gives its own when it stands there already.

    Where two clauses stand too close, all rows of the agreement are moved apart first: their order is the same in every
    version, and nothing that is approved changes. Raises UgyldigOvergang when `foer` is not in the version.
    """
    for _ in range(2):
        rader = list(bestemmelser(versjon.avtale_id, versjon.nummer))
        egen = next((i for i, b in enumerate(rader) if b.noekkel == noekkel), None)
        etter = rader[egen + 1] if egen is not None and egen + 1 < len(rader) else None
        if egen is not None and (foer == noekkel or foer == (etter.noekkel if etter else None)):
            return rader[egen].plass
        andre = [b for b in rader if b.noekkel != noekkel]
        sted = next((i for i, b in enumerate(andre) if b.noekkel == foer), None) if foer else len(andre)
        if sted is None:
            raise UgyldigOvergang()
        under = andre[sted - 1].plass if sted else 0
        if sted == len(andre):
            return under + AVSTAND
        if andre[sted].plass - under > 1:
            return (under + andre[sted].plass) // 2
        _spre(versjon.avtale_id)
    raise AssertionError


def _spre(avtale_id: UUID) -> None:
    """Moves the clauses of an agreement apart, in all its versions alike."""
    plasser = db.session.scalars(
        sa.select(Bestemmelse.plass).where(Bestemmelse.avtale_id == avtale_id).distinct()
    ).all()
    nye = {plass: n * AVSTAND for n, plass in enumerate(sorted(plasser), 1)}
    db.session.execute(
        sa.update(Bestemmelse)
        .where(Bestemmelse.avtale_id == avtale_id)
        .values(plass=sa.case(nye, value=Bestemmelse.plass))
        .execution_options(synchronize_session=False)
    )
    for rad in list(db.session.identity_map.values()):
        if isinstance(rad, Bestemmelse):
            db.session.expire(rad, ["plass"])


def rull_tilbake(versjon: Avtaleversjon) -> None:
    """Takes away what a dropped draft had written: the clauses go on as they were before it.

    Only for the newest version, and only when it never left its owner's desk; one that others have seen stays readable.
    What was written stands in `Bestemmelsesendring`.
    """
    db.session.flush()
    db.session.execute(
        sa.delete(Bestemmelse)
        .where(Bestemmelse.avtale_id == versjon.avtale_id, Bestemmelse.fra_versjon == versjon.nummer)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Bestemmelse)
        .where(Bestemmelse.avtale_id == versjon.avtale_id, Bestemmelse.til_versjon == versjon.nummer)
        .values(til_versjon=EVIG, versjon=Bestemmelse.versjon + 1)
        .execution_options(synchronize_session=False)
    )
    for rad in list(db.session.identity_map.values()):
        if isinstance(rad, Bestemmelse):
            db.session.expunge(rad)


def hash_av(avtale: Avtale, versjon: Avtaleversjon) -> str:
    """The hash of all that is approved in a version (`innhold.versjonshash`)."""
    return innhold.versjonshash(
        versjon.tittel,
        versjon.medvirkning,
        [{"noekkel": b.noekkel, **innhold.som_data(b)} for b in bestemmelser(avtale.id, versjon.nummer)],
    )
