"""Appending to the audit log: last in the transaction, one chain per case and one per organisation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, insert_for, transaksjon
from portal.revisjon.models import FOERSTE, Revisjon, Revisjonskjede

#: The columns under the hash, in this order. Changing it breaks every chain: add a chain version instead.
FELTER = (
    "kjede",
    "nummer",
    "tidspunkt",
    "handling",
    "utfall",
    "person_id",
    "person_navn",
    "rolle",
    "organisasjon_id",
    "organisasjon_navn",
    "enhet_id",
    "formaal",
    "objekt_type",
    "objekt_id",
    "detaljer",
)
_LAGER = "revisjon"


def sakskjede(henvendelse_id: UUID) -> str:
    """The chain of one case."""
    return f"sak:{henvendelse_id}"


def organisasjonskjede(organisasjon_id: UUID | None) -> str:
    """The chain of one organisation; `system` for what belongs to none."""
    return f"org:{organisasjon_id}" if organisasjon_id else "system"


def lag_innslag(
    aktor: Aktor,
    handling: str,
    objekt_type: str,
    objekt_id: object,
    tidspunkt: datetime,
    *,
    kjede: str,
    utfall: str = "ok",
    detaljer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry, not yet linked. `detaljer` holds plain data and never clinical text."""
    return {
        "id": uuid4(),
        "kjede": kjede,
        "tidspunkt": tidspunkt,
        "handling": handling,
        "utfall": utfall,
        "person_id": aktor.person_id,
        "person_navn": aktor.navn,
        "rolle": aktor.rolle or "system",
        "organisasjon_id": aktor.organisasjon_id,
        "organisasjon_navn": aktor.organisasjon_navn,
        "enhet_id": aktor.enhet_id,
        "formaal": aktor.formaal,
        "objekt_type": objekt_type,
        "objekt_id": str(objekt_id),
        "detaljer": orjson.dumps(detaljer or {}, default=str, option=orjson.OPT_SORT_KEYS).decode(),
    }


def beregn_hash(forrige: str, innslag: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the entry's columns in the fixed order, as hex.

    Times are taken with microseconds in UTC, identifiers as text, so that both databases give the same bytes.
    """
    verdier = [innslag[f] for f in FELTER]
    kanonisk = orjson.dumps(
        [v.isoformat(timespec="microseconds") if isinstance(v, datetime) else v for v in verdier], default=str
    )
    return hashlib.sha256(forrige.encode() + b"\n" + kanonisk).hexdigest()


def logg(
    aktor: Aktor,
    handling: str,
    objekt_type: str,
    objekt_id: object,
    *,
    kjede: str | None = None,
    utfall: str = "ok",
    detaljer: Mapping[str, Any] | None = None,
    **flere: Any,
) -> None:
    """Adds an entry to the running use case; it is linked and written right before the commit.

    `utfall` is ok or avslag. What it tells beside that comes by name, or in `detaljer` where names are data.
    """
    tx = transaksjon()
    if _LAGER not in tx.lager:
        tx.lager[_LAGER] = []
        tx.foer_commit.append(_skriv_lageret)
    tx.lager[_LAGER].append(
        lag_innslag(
            aktor,
            handling,
            objekt_type,
            objekt_id,
            now(),
            kjede=kjede or organisasjonskjede(aktor.organisasjon_id),
            utfall=utfall,
            detaljer={**(detaljer or {}), **flere},
        )
    )


def _skriv_lageret() -> None:
    skriv_innslag(db.session.connection(), transaksjon().lager[_LAGER])


def skriv_innslag(forbindelse: Connection, innslag: Sequence[dict[str, Any]]) -> None:
    """Links and inserts entries on a connection. The chains' heads are locked in sorted order (no deadlock)."""
    hoder = laas_kjeder(forbindelse, sorted({i["kjede"] for i in innslag}))
    lenke(innslag, hoder)
    sett_inn(forbindelse, innslag)
    oppdater_hoder(forbindelse, hoder)


def sett_inn(forbindelse: Connection, innslag: Sequence[dict[str, Any]]) -> None:
    """Inserts linked entries."""
    forbindelse.execute(_SETT_INN, list(innslag))


def laas_kjeder(forbindelse: Connection, noekler: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Locks the heads of the chains, and starts those that are new. Gives {chain: (number, hash)}."""
    hoder = _les_hoder(forbindelse, noekler)
    nye = [n for n in noekler if n not in hoder]
    if nye:
        forbindelse.execute(
            insert_for(Revisjonskjede, forbindelse.dialect.name).on_conflict_do_nothing(),
            [{"noekkel": n, "antall": 0, "hode": FOERSTE} for n in nye],
        )
        hoder = _les_hoder(forbindelse, noekler)
    return hoder


_LES_HODER = (
    sa.select(Revisjonskjede.noekkel, Revisjonskjede.antall, Revisjonskjede.hode)
    .where(Revisjonskjede.noekkel.in_(sa.bindparam("noekler", expanding=True)))
    .order_by(Revisjonskjede.noekkel)
    .with_for_update()
)
_SETT_INN = sa.insert(Revisjon)
_FLYTT_HODE = (
    sa.update(Revisjonskjede)
    .where(Revisjonskjede.noekkel == sa.bindparam("n"))
    .values(antall=sa.bindparam("a"), hode=sa.bindparam("h"))
)


def _les_hoder(forbindelse: Connection, noekler: Sequence[str]) -> dict[str, tuple[int, str]]:
    rader = forbindelse.execute(_LES_HODER, {"noekler": list(noekler)})
    return {r.noekkel: (r.antall, r.hode) for r in rader}


def lenke(innslag: Iterable[dict[str, Any]], hoder: dict[str, tuple[int, str]]) -> None:
    """Gives each entry its number and hashes, and moves the heads in `hoder` along."""
    for i in innslag:
        antall, forrige = hoder[i["kjede"]]
        i["nummer"] = antall + 1
        i["forrige_hash"] = forrige
        i["hash"] = beregn_hash(forrige, i)
        hoder[i["kjede"]] = (i["nummer"], i["hash"])


def oppdater_hoder(forbindelse: Connection, hoder: Mapping[str, tuple[int, str]]) -> None:
    """Writes the moved heads back."""
    forbindelse.execute(
        _FLYTT_HODE,
        [{"n": n, "a": a, "h": h} for n, (a, h) in sorted(hoder.items())],
    )


# --- the same for the batch writer on PostgreSQL, as psycopg takes it -------------------------------------

LAAS_KJEDER_SQL = (
    "SELECT noekkel, antall, hode FROM revisjonskjede WHERE noekkel = ANY(%s) ORDER BY noekkel FOR UPDATE"
)
_TYPER = {
    "id": "uuid",
    "nummer": "int",
    "tidspunkt": "timestamptz",
    "person_id": "uuid",
    "organisasjon_id": "uuid",
    "enhet_id": "uuid",
}
_KOLONNER = ("id", *FELTER, "forrige_hash", "hash")
_SKRIV_SQL = f"""
WITH nye AS (
    INSERT INTO revisjon ({", ".join(_KOLONNER)})
    SELECT * FROM unnest({", ".join(f"%({k})s::{_TYPER.get(k, 'text')}[]" for k in _KOLONNER)})
)
UPDATE revisjonskjede SET antall = k.antall, hode = k.hode
FROM unnest(%(kjeder)s::text[], %(antall)s::int[], %(hoder)s::text[]) AS k (noekkel, antall, hode)
WHERE revisjonskjede.noekkel = k.noekkel
"""  # noqa: S608 - column names from this module


def skriv_sql(
    innslag: Sequence[Mapping[str, Any]], hoder: Mapping[str, tuple[int, str]]
) -> tuple[str, dict[str, Any]]:
    """One statement, and its parameters, that inserts linked entries and moves their chains' heads."""
    parametre: dict[str, Any] = {k: [i[k] for i in innslag] for k in _KOLONNER}
    parametre["rolle"] = [str(r) for r in parametre["rolle"]]
    parametre["kjeder"] = list(hoder)
    parametre["antall"] = [antall for antall, _ in hoder.values()]
    parametre["hoder"] = [hode for _, hode in hoder.values()]
    return _SKRIV_SQL, parametre
