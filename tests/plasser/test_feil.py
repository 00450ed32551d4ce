"""A use case that fails, whatever it has done by then, leaves no row, no audit entry and no event; and what is told of
afterwards is found in the days that it was about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.clock import OSLO, now, som_om
from portal.core.db import db
from portal.core.errors import Konflikt
from portal.plasser import steps
from portal.plasser.forloep import Avslagsgrunn, Legedekning, Stengtgrunn, Tilstand
from portal.plasser.historikk import Plassdoegn
from portal.plasser.models import Plass, Plassenhet
from portal.plasser.service import doegn, drift, forvaltning, reservasjoner
from tests.bygg import Opptak, Scene, lag_enhet, om, uten_spor
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet, les_opphold, les_plasser

Handling = Callable[[], object]


def _handlinger(scene: Scene) -> dict[str, Handling]:
    """Each use case that moves the board, ready to be done, on beds of its own."""
    tilstander = ["ledig"] * 8 + ["belagt", "rengjoeres"]
    enhet = lag_plassenhet(scene, tilstander, kvoter={scene.kommune.id: 8})
    f: Folk = lag_folk(scene, enhet, kvote=1)
    p = [x.id for x in les_plasser(enhet)]
    tom = lag_plassenhet(scene, 1)
    hold = [reservasjoner.reserver(f.lege, enhet, klient_id=uuid4(), plass_id=x) for x in p[:4]]
    opphold = les_opphold(enhet)[0].id
    ny = lag_enhet(scene.kommune, "oehd_enhet")
    k, s = f.koordinator, f.sykepleier
    lest = forvaltning.kvotelest(steps.medlemmer(enhet))
    plassversjon = db.session.scalar(sa.select(Plass.versjon).where(Plass.id == p[9]))
    versjon = db.session.scalar(sa.select(Plassenhet.versjon).where(Plassenhet.id == enhet))
    db.session.rollback()
    return {
        "endre plass": partial(
            forvaltning.endre_plass, k, enhet, p[9], lest=plassversjon, navn="Annet", normert=True, evner=1
        ),
        "reserver": partial(reservasjoner.reserver, f.medlemslege, enhet, klient_id=uuid4(), plass_id=p[7]),
        "forleng": partial(reservasjoner.forleng, f.lege, hold[0]),
        "frigi": partial(reservasjoner.frigi, f.lege, hold[1]),
        "avvis": partial(drift.avvis, s, hold[2], grunn=Avslagsgrunn.KRITERIER),
        "legg inn fra hold": partial(drift.legg_inn, s, enhet, reservasjon_id=hold[3]),
        "legg inn": partial(drift.legg_inn, s, enhet, plass_id=p[4], kommune_id=f.medlem.id),
        "skriv ut": partial(drift.skriv_ut, s, opphold),
        "sett ledig": partial(drift.sett_tilstand, s, enhet, p[9], tilstand=Tilstand.LEDIG),
        "steng": partial(
            drift.sett_tilstand, s, enhet, p[5], tilstand=Tilstand.STENGT, grunn=Stengtgrunn.ROM
        ),
        "bemann": partial(drift.bemann, s, enhet, p[6], bemannet=False),
        "ingen endring": partial(drift.ingen_endring, s, enhet),
        "opprett": partial(forvaltning.opprett, k, ny.id, legedekning=Legedekning.DOEGN, plasser=2),
        "endre": partial(forvaltning.endre, k, enhet, lest=versjon, adresse="Torget 2"),
        "ny plass": partial(forvaltning.legg_til_plass, k, enhet, navn="Ny", normert=True, bemannet=True),
        "legg ned plass": partial(forvaltning.nedlegg_plass, k, enhet, p[9]),
        "kvoter": partial(
            forvaltning.sett_kvoter, k, enhet, {scene.kommune.id: 5, f.medlem.id: 1}, lest=lest
        ),
        "legg ned": partial(forvaltning.nedlegg, k, tom),
    }


def test_feil_etterlater_ingenting(scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails in its very last step: all that came before is as if it had not been."""
    handlinger = _handlinger(scene)

    def feil() -> None:
        raise RuntimeError("nede")

    with monkeypatch.context() as m:
        m.setattr(steps, "_ny_versjon", feil)
        for navn, gjoer in handlinger.items():
            with uten_spor(opptak), pytest.raises(RuntimeError, match="nede"):
                gjoer()
                pytest.fail(navn)
        with om(hours=3), uten_spor(opptak):
            assert reservasjoner.loes_ut_forfalte() == 0
    # Nothing was in the way but that: each of them goes when it does not fail.
    for gjoer in handlinger.values():
        foer = len(opptak.hendelser)
        gjoer()
        assert "plasser.endret" in [navn for navn, _ in opptak.hendelser[foer:]]


def test_samme_klikk_paa_en_annen_enhet(scene: Scene, opptak: Opptak) -> None:
    """A browser's own name for a click is one hold's, and never that of another somewhere else."""
    en, annen = lag_plassenhet(scene), lag_plassenhet(scene)
    klient = uuid4()
    reservasjoner.reserver(scene.lege, en, klient_id=klient)
    with uten_spor(opptak), pytest.raises(Konflikt):
        reservasjoner.reserver(scene.lege, annen, klient_id=klient)


def test_skjemaet_taaler_klikk_paa_plassene(scene: Scene) -> None:
    """Who has the form of the unit open is not made late by those who work with its beds."""
    enhet = lag_plassenhet(scene)
    folk = lag_folk(scene, enhet)
    lest = db.session.scalar(sa.select(Plassenhet.versjon).where(Plassenhet.id == enhet))
    assert lest is not None
    drift.ingen_endring(folk.sykepleier, enhet)
    drift.bemann(folk.sykepleier, enhet, les_plasser(enhet)[0].id, bemannet=False)
    forvaltning.endre(folk.koordinator, enhet, lest=lest, adresse="Torget 2")


def _belagt(enhet: UUID, dag: datetime) -> float | None:
    """Bed-hours in which somebody lay there on that day, as added up; None: not added up."""
    db.session.rollback()
    sekunder = db.session.scalar(
        sa.select(Plassdoegn.belagt).where(Plassdoegn.plassenhet_id == enhet, Plassdoegn.dag == dag.date())
    )
    return None if sekunder is None else sekunder / 3600


def test_det_som_sies_etterpaa_kommer_i_dagene(scene: Scene) -> None:
    """Admitted and discharged yesterday, told of today, when yesterday was added up already."""
    i_dag = now().astimezone(OSLO).replace(hour=12, minute=0, second=0, microsecond=0)
    i_gaar = i_dag - timedelta(days=1)
    with som_om(i_dag):
        enhet = lag_plassenhet(scene, 1, siden=i_gaar - timedelta(days=3))
        folk = lag_folk(scene, enhet)
        doegn.legg_sammen_dager()
        assert _belagt(enhet, i_gaar) == 0
        # Yesterday at 10 she came, and somebody said at 11 that there was no staff.
        with som_om(i_gaar.replace(hour=11)):
            drift.bemann(folk.sykepleier, enhet, les_plasser(enhet)[0].id, bemannet=False)
        opphold = drift.legg_inn(
            folk.sykepleier,
            enhet,
            plass_id=les_plasser(enhet)[0].id,
            kommune_id=scene.kommune.id,
            inn=i_gaar.replace(hour=10),
        )
        doegn.legg_sammen_dager()
        assert _belagt(enhet, i_gaar) == 14
        drift.skriv_ut(folk.sykepleier, opphold, ut=i_gaar.replace(hour=22))
        doegn.legg_sammen_dager()
        assert _belagt(enhet, i_gaar) == 12
        assert _belagt(enhet, i_gaar - timedelta(days=1)) == 0
        assert les_plasser(enhet)[0].tilstand == Tilstand.RENGJOERES


def test_en_stoppet_arbeider_gjoer_ingen_for_sen(scene: Scene) -> None:
    """A page that shows a hold whose time is over: its click counts, though nobody has written down the end."""
    enhet = lag_plassenhet(scene)
    folk = lag_folk(scene, enhet)
    reservasjoner.reserver(folk.lege, enhet, klient_id=uuid4())
    lest = les_plasser(enhet)[0].versjon
    with om(hours=3):
        drift.sett_tilstand(
            folk.sykepleier,
            enhet,
            les_plasser(enhet)[0].id,
            tilstand=Tilstand.STENGT,
            grunn=Stengtgrunn.SMITTE,
            lest=lest,
        )
        assert les_plasser(enhet)[0].tilstand == Tilstand.STENGT
