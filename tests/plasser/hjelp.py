"""Builders of the tests of emergency beds: a unit with beds in given states, its quotas, and who works with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.beredskap.models import Faseperiode
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.db import db, transactional
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser import steps, tavlelager
from portal.plasser.forloep import Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Plasstall, Reservasjon
from portal.plasser.service import reservasjoner
from tests.bygg import Scene, lag_aktor, lag_enhet, lag_kommune

T = timedelta(hours=1)
DAG = timedelta(days=1)
_REGISTER = Aktor.system("test")


def lag_plassenhet(
    scene: Scene,
    plasser: int | Sequence[str] = 1,
    *,
    evner: int = 0,
    kvoter: Mapping[UUID, int] | None = None,
    vert: Organisasjon | None = None,
    enhet: Enhet | None = None,
    navn: str = "",
    siden: datetime | None = None,
    **felter: Any,
) -> UUID:
    """A unit with beds («1», «2», …): so many free ones, or one in each of the states. Gives its id.

    `kvoter` {kommune: beds}: the host with all of them where nothing is said. `siden`: since when all this is so (an
    hour ago); a held bed is held for the host since now, an occupied one occupied by its inhabitant since then.
    `felter`: of `Plassenhet`.
    """
    return _lag_plassenhet(scene, plasser, evner, kvoter, vert, enhet, navn, siden, felter)


@transactional
def _lag_plassenhet(
    scene: Scene,
    plasser: int | Sequence[str],
    evner: int,
    kvoter: Mapping[UUID, int] | None,
    vert: Organisasjon | None,
    enhet: Enhet | None,
    navn: str,
    siden: datetime | None,
    felter: dict[str, Any],
) -> UUID:
    vertskommune = vert or scene.kommune
    siden = siden or now() - T
    tilstander = [str(Tilstand.LEDIG)] * plasser if isinstance(plasser, int) else list(plasser)
    enhet = enhet or lag_enhet(vertskommune, "oehd_enhet", navn, telefon="78 48 00 10")
    rad = Plassenhet(
        id=uuid4(),
        enhet_id=enhet.id,
        vertskommune_id=vertskommune.id,
        evner=evner,
        **{
            "legedekning": "doegn",
            "fersk_timer_lav": 12,
            "fersk_timer_hoey": 4,
            "hold_minutter": 120,
            "opprettet": siden,
            "bekreftet": siden,
            **felter,
        },
    )
    db.session.add(rad)
    db.session.flush()
    dag = oslo(siden).date()
    for kommune_id, kvote in (kvoter or {vertskommune.id: len(tilstander)}).items():
        db.session.add(
            Plassmedlem(id=uuid4(), plassenhet_id=rad.id, kommune_id=kommune_id, kvote=kvote, fra=dag)
        )
    for nummer, tilstand in enumerate(tilstander):
        _plass(rad, tilstand, navn=f"{nummer + 1}", rekkefoelge=nummer, siden=siden)
    steps.tell(_REGISTER, rad)
    return rad.id


def ny_plass(plassenhet_id: UUID, tilstand: str = Tilstand.LEDIG, **felter: Any) -> UUID:
    """One bed more at a unit, in a state since an hour ago (`siden`). Gives its id."""
    return _ny_plass(plassenhet_id, tilstand, felter)


@transactional
def _ny_plass(plassenhet_id: UUID, tilstand: str, felter: dict[str, Any]) -> UUID:
    enhet = db.session.get_one(Plassenhet, plassenhet_id)
    nummer = len(steps.i_bruk(enhet.id))
    plass = _plass(
        enhet, tilstand, **{"navn": f"{nummer + 1}", "rekkefoelge": nummer, "siden": now() - T, **felter}
    )
    steps.tell(_REGISTER, enhet)
    return plass.id


def _plass(
    enhet: Plassenhet,
    tilstand: str,
    *,
    navn: str,
    rekkefoelge: int,
    siden: datetime,
    normert: bool = True,
    bemannet: bool = True,
    evner: int = 0,
    kommune_id: UUID | None = None,
) -> Plass:
    """A bed with its row of history, and who lies there or is on the way."""
    plass = Plass(
        id=uuid4(),
        plassenhet_id=enhet.id,
        navn=navn,
        rekkefoelge=rekkefoelge,
        normert=normert,
        bemannet=bemannet,
        evner=evner,
        tilstand=tilstand,
        stengt_grunn=Stengtgrunn.ROM if tilstand == Tilstand.STENGT else "",
        endret=siden,
        opprettet=siden,
    )
    db.session.add(plass)
    db.session.flush()
    if tilstand == Tilstand.BELAGT:
        db.session.add(
            Opphold(
                id=uuid4(),
                plass_id=plass.id,
                plassenhet_id=enhet.id,
                kommune_id=kommune_id or enhet.vertskommune_id,
                inn=siden,
                registrert=siden,
            )
        )
    if tilstand == Tilstand.HOLDT:
        db.session.add(
            Reservasjon(
                id=uuid4(),
                klient_id=uuid4(),
                plass_id=plass.id,
                plassenhet_id=enhet.id,
                kommune_id=kommune_id or enhet.vertskommune_id,
                organisasjon_id=enhet.vertskommune_id,
                status=Holdstatus.AKTIV,
                opprettet=now(),
                utloeper=now() + timedelta(minutes=enhet.hold_minutter),
            )
        )
    steps.noter(_REGISTER, plass, aarsak="test", tidspunkt=siden)
    return plass


@dataclass(frozen=True, slots=True)
class Folk:
    """Who works with a unit. `medlem` is another kommune with a place in it, `medlemslege` a doctor there."""

    sykepleier: Aktor
    lege: Aktor
    koordinator: Aktor
    medlem: Organisasjon
    medlemslege: Aktor
    #: A doctor and a coordinator of a kommune that has no place in the unit.
    fremmed: Aktor
    fremmed_koordinator: Aktor


def lag_folk(scene: Scene, plassenhet_id: UUID, kvote: int = 0) -> Folk:
    """The unit's people, its coordinator, a kommune more that may use it (with a quota), and two strangers."""
    return _lag_folk(scene, plassenhet_id, kvote)


@transactional
def _lag_folk(scene: Scene, plassenhet_id: UUID, kvote: int) -> Folk:
    enhet = db.session.get_one(Plassenhet, plassenhet_id)
    vert = db.session.get_one(Organisasjon, enhet.vertskommune_id)
    deres = db.session.get_one(Enhet, enhet.enhet_id)
    medlem = lag_kommune("Medlemskommunen", helseforetak_id=scene.hf.id)
    fremmed = lag_kommune("Kommunen langt unna", helseforetak_id=scene.annet_hf.id)
    db.session.add(
        Plassmedlem(
            id=uuid4(),
            plassenhet_id=enhet.id,
            kommune_id=medlem.id,
            kvote=kvote,
            fra=oslo(now()).date(),
        )
    )
    return Folk(
        sykepleier=lag_aktor(Rolle.HELSEPERSONELL, vert, deres, navn="Sunniva Sykepleier"),
        lege=lag_aktor(Rolle.LEGE_KOMMUNE, vert, deres, navn="Ole Oversiktslege"),
        koordinator=lag_aktor(Rolle.KOORDINATOR, vert, navn="Kaja Koordinator"),
        medlem=medlem,
        medlemslege=lag_aktor(Rolle.LEGE_KOMMUNE, medlem, navn="Mons Medlemslege"),
        fremmed=lag_aktor(Rolle.LEGE_KOMMUNE, fremmed),
        fremmed_koordinator=lag_aktor(Rolle.KOORDINATOR, fremmed),
    )


# --- what the database holds now -------------------------------------------------------------------------


def les_plasser(plassenhet_id: UUID) -> list[Plass]:
    """The unit's beds in use, in their order, as the database has them."""
    db.session.rollback()
    db.session.expire_all()
    return steps.i_bruk(plassenhet_id)


def les_tall(plassenhet_id: UUID) -> Plasstall:
    """What the board shows of the unit."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Plasstall, plassenhet_id)


def les_opphold(plassenhet_id: UUID) -> list[Opphold]:
    """The unit's stays, the first admission first."""
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(Opphold).where(Opphold.plassenhet_id == plassenhet_id).order_by(Opphold.inn)
        )
    )


# --- the access matrices ---------------------------------------------------------------------------------
# In `Verden`, `annen_lege` («a») works at the unit and `koordinator_i_kommunen` («c») keeps it; `lege`, `kollega`,
# `sykepleier` and `kommuneoverlege` are clinicians of the host, «1 2 3» those of a kommune with a place in it.


def enheten(v: Scene) -> UUID:
    """The one unit of the matrices, with room for all that they do."""
    funnet = db.session.scalar(sa.select(Plassenhet.id).where(Plassenhet.enhet_id == v.annen_enhet.id))
    db.session.rollback()
    if funnet is not None:
        return funnet
    return lag_plassenhet(v, 1, enhet=v.annen_enhet, kvoter={v.kommune.id: 5000, v.annen_kommune.id: 5000})


def en_plass(v: Scene, tilstand: str = Tilstand.LEDIG) -> tuple[UUID, UUID]:
    """(the unit, a new bed of it)."""
    enhet_id = enheten(v)
    return enhet_id, ny_plass(enhet_id, tilstand, navn=uuid4().hex)


def et_hold(v: Scene, aktor: Aktor | None = None) -> UUID:
    """A hold of a new bed, taken by `lege` of the host (or by somebody else)."""
    enhet_id, plass_id = en_plass(v)
    return reservasjoner.reserver(aktor or v.lege, enhet_id, klient_id=uuid4(), plass_id=plass_id)


def et_opphold(v: Scene) -> UUID:
    """Somebody who has been in a new bed for an hour."""
    _, plass_id = en_plass(v, Tilstand.BELAGT)
    opphold_id = db.session.scalar(sa.select(Opphold.id).where(Opphold.plass_id == plass_id))
    db.session.rollback()
    assert opphold_id is not None
    return opphold_id


def egen_enhet(v: Scene) -> UUID:
    """A unit of the host's with two free beds and nobody who works there: for what changes the whole of it."""
    return lag_plassenhet(v, 2, kvoter={v.kommune.id: 1})


@transactional
def sett_fase(kommune_id: UUID, fase: int) -> None:
    """A phase of a kommune that has begun, as a row: past the use case and its notices."""
    db.session.add(
        Faseperiode(
            id=uuid4(),
            organisasjon_id=kommune_id,
            fase=fase,
            nivaa="normal",
            fra=now() - timedelta(minutes=1),
            begrunnelse="Test.",
            satt=now(),
            kilde="Test",
        )
    )


def teller(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were read each time they were."""
    lest: list[int] = []
    ekte = tavlelager.les_rader

    def les(*vilkaar: Any) -> list[Any]:
        funnet = ekte(*vilkaar)
        lest.append(len(funnet))
        return funnet

    monkeypatch.setattr(tavlelager, "les_rader", les)
    return lest
