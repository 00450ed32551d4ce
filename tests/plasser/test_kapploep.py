"""Many who grab one bed at the same moment: one gets it, and the others are told who. Real threads, each on its own
connection; the long race (10,000 rounds) is the benchmark's, `python -m benchmarks --bare plasser`."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from portal.core.errors import Opptatt, UgyldigOvergang
from portal.plasser.forloep import Holdstatus
from portal.plasser.models import Avslag, Opphold, Plasstall, Reservasjon
from portal.plasser.service import drift, reservasjoner
from tests.bygg import Scene, om
from tests.plasser.hjelp import lag_folk, lag_plassenhet, les_plasser
from tests.samtidig import samtidig

RUNDER, SAMTIDIG = 60, 32


def _antall(tabell: type, *vilkaar: sa.ColumnElement[bool]) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(tabell).where(*vilkaar)) or 0


def test_mange_griper_en_plass(scene: Scene, app: Flask) -> None:
    enhet_id = lag_plassenhet(scene, 1)
    folk = lag_folk(scene, enhet_id, kvote=1)
    plass = les_plasser(enhet_id)[0].id
    # Half of them belong to the host, half to another kommune; some ask for that bed, some for any.
    aktoerer = [(folk.lege, folk.medlemslege)[n % 2] for n in range(SAMTIDIG)]
    for runde in range(RUNDER):
        svar = samtidig(
            app,
            *[
                partial(
                    reservasjoner.reserver, a, enhet_id, klient_id=uuid4(), plass_id=(plass, None)[n // 2 % 2]
                )
                for n, a in enumerate(aktoerer)
            ],
        )
        vant = [s for s in svar if isinstance(s, UUID)]
        assert len(vant) == 1, (runde, svar)
        reservasjon = db.session.get_one(Reservasjon, vant[0])
        hvem = (scene.kommune if reservasjon.organisasjon_id == scene.kommune.id else folk.medlem).kortnavn
        tapte = [s for s in svar if not isinstance(s, UUID)]
        assert all(isinstance(s, Opptatt) for s in tapte), tapte
        assert {s.detaljer["holder"]["organisasjon"] for s in tapte} == {hvem}
        tall = db.session.get_one(Plasstall, enhet_id)
        assert (tall.ledig, tall.holdt) == (0, 1)
        reservasjoner.frigi((folk.lege, folk.medlemslege)[hvem == folk.medlem.kortnavn], vant[0])
    assert _antall(Reservasjon, Reservasjon.status == Holdstatus.FRIGITT) == RUNDER
    # Whoever asked in vain is counted, each time and once, whichever bed it named: the unit had no other.
    assert _antall(Avslag) == RUNDER * (SAMTIDIG - 1)


def test_samme_klikk_mange_ganger(scene: Scene, app: Flask) -> None:
    """A browser that sends its click again and again has one hold, and everybody is told the same."""
    enhet_id = lag_plassenhet(scene, 3)
    klient = uuid4()
    svar = samtidig(app, *[partial(reservasjoner.reserver, scene.lege, enhet_id, klient_id=klient)] * 8)
    assert len(set(svar)) == 1 and isinstance(svar[0], UUID)
    assert _antall(Reservasjon) == 1


def test_inn_og_fri_paa_en_gang(scene: Scene, app: Flask) -> None:
    """The unit admits while who holds the bed gives it back, and the worker finds the time over: one of them does."""
    enhet_id = lag_plassenhet(scene, 1)
    folk = lag_folk(scene, enhet_id)
    for runde in range(10):
        hold = reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4())
        with om(minutes=119 + runde % 3):
            svar = samtidig(
                app,
                partial(drift.legg_inn, folk.sykepleier, enhet_id, reservasjon_id=hold),
                partial(reservasjoner.frigi, folk.lege, hold),
                reservasjoner.loes_ut_forfalte,
            )
            status = db.session.get_one(Reservasjon, hold).status
            plass = les_plasser(enhet_id)[0]
            innlagt = isinstance(svar[0], UUID)
            assert [innlagt, svar[1] is None, svar[2] == 1].count(True) == 1, svar
            assert status == ("innlagt" if innlagt else "frigitt" if svar[1] is None else "utloept")
            nektet = [s for s in svar[:2] if s is not None and not isinstance(s, UUID)]
            assert all(isinstance(s, UgyldigOvergang) for s in nektet), nektet
            assert plass.tilstand == ("belagt" if innlagt else "ledig")
            assert _antall(Opphold, Opphold.ut.is_(None)) == innlagt
            if innlagt:
                drift.skriv_ut(folk.sykepleier, svar[0], rengjoeres=False)
