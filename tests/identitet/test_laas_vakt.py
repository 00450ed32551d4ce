"""The shift that a login lasts through: the twelve-hour limit never falls inside one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO, now, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.henvendelser.service.meldinger import send_melding
from portal.identitet import steps
from portal.identitet.models import Person, Sesjon
from portal.identitet.service import laas, oekter
from portal.vakt.models import Nivaa
from tests.bygg import PASSORD, Opptak, Scene, lag_aktor, ny_sesjon, revisjon, uten_spor
from tests.identitet.laashjelp import Inne, bruk, rad
from tests.vakthjelp import lag_vakt, lag_vaktplan


def test_tolvtimersgrensen_faller_ikke_midt_i_en_vakt(scene: Scene, inne: Inne) -> None:
    sak = scene.sak()
    a, klient = inne(scene.spesialist)
    start = now()
    laas.sett_vakt(a, start + timedelta(hours=20))
    (logget,) = revisjon("innlogging.vakt")
    assert logget.objekt_id == str(a.sesjon_id)
    with som_om(start + timedelta(hours=19)):
        assert bruk(a).slutter == start + timedelta(hours=20)
        assert klient.get("/koe").status_code == 302
        laas.laas_opp(a, PASSORD, kilde="127.0.0.1")
        # Every place that asks whether the session holds says the same: page, socket, tick, batch writer.
        assert klient.get("/koe").status_code == 200
        assert steps.aktor_fra_sesjon(UUID(str(a.sesjon_id))) == a
        assert oekter.gyldige_sesjoner([UUID(str(a.sesjon_id))]) == {a.sesjon_id: (a.medlemskap_id, False)}
        assert send_melding(a, sak, uuid4(), "Midt i vakten.")
    with som_om(start + timedelta(hours=20)):
        assert steps.aktor_fra_sesjon(UUID(str(a.sesjon_id))) is None
        assert oekter.gyldige_sesjoner([UUID(str(a.sesjon_id))]) == {}
        assert klient.get("/koe").location.startswith("/innlogging")


def test_vaktplanens_vakt_gjoer_det_av_seg_selv(scene: Scene) -> None:
    """The roster knows when the shift ends: nobody need type it, and the limit does not fall inside it."""
    start = now()

    def logg_inn(aktor: Aktor, fra: float, til: float) -> steps.Sesjonsbruk:
        lag_vakt(
            lag_vaktplan(scene.hf.id, uuid4().hex[:12]),
            aktor,
            Nivaa.VAKTLEDER,
            fra=start + timedelta(hours=fra),
            til=start + timedelta(hours=til),
        )
        assert aktor.person_id
        person, roller = (
            db.session.get_one(Person, aktor.person_id),
            steps.gyldige_medlemskap(aktor.person_id),
        )
        return bruk(transactional(lambda: steps.aapne_sesjon(person, roller, "test"))()[0])

    def ny() -> Aktor:
        return lag_aktor(Rolle.VAKTLEDER, scene.hf)

    with som_om(start):
        funnet = logg_inn(ny(), 4, 20)
        assert funnet.slutter == funnet.vakt_til == start + timedelta(hours=20)
        # Neither one that is over before the limit, nor one that begins after it or lasts for days.
        for fra, til in ((-1, 10), (13, 20), (-1, 100)):
            funnet = logg_inn(ny(), fra, til)
            assert funnet.vakt_til is None and funnet.slutter == start + timedelta(hours=12), (fra, til)


def test_vakten_en_har_naa_staar_i_feltet(scene: Scene, inne: Inne) -> None:
    """Taken after one logged in: proposed, and one press away."""
    _a, klient = inne(scene.spesialist)
    slutt = (now() + timedelta(hours=9)).replace(second=0, microsecond=0)
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist, til=slutt)
    side = klient.get("/koe").get_data(as_text=True)
    assert f'value="{slutt.astimezone(OSLO):%H:%M}"' in side and "Tidspunktet er fra vaktplanen" in side


def test_uten_vakt_er_det_tolv_timer(scene: Scene) -> None:
    a, _ = ny_sesjon(scene.spesialist)
    laas.sett_vakt(a, now() + timedelta(hours=1))
    with som_om(now() + timedelta(hours=12)):
        assert steps.aktor_fra_sesjon(UUID(str(a.sesjon_id))) is None


@pytest.mark.parametrize("om", [timedelta(0), timedelta(minutes=-1), timedelta(hours=26, minutes=1)])
def test_en_vakt_varer_hoeyst_26_timer(scene: Scene, opptak: Opptak, om: timedelta) -> None:
    a, _ = ny_sesjon(scene.spesialist)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        laas.sett_vakt(a, now() + om)


def test_en_innlogging_varer_ikke_evig_om_vakten_flyttes(scene: Scene, opptak: Opptak) -> None:
    start = now()
    a, _ = ny_sesjon(scene.spesialist, utloeper=start + timedelta(hours=12))
    laas.sett_vakt(a, start + timedelta(hours=26))
    with som_om(start + timedelta(hours=25)):
        laas.sett_vakt(a, start + timedelta(hours=38))  # the shift began before the login's own limit
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            laas.sett_vakt(a, start + timedelta(hours=38, minutes=1))
        assert "logg ut og inn igjen" in feil.value.detaljer["felter"]["til"][0]
    with som_om(start + timedelta(hours=38)):
        assert steps.aktor_fra_sesjon(UUID(str(a.sesjon_id))) is None


@pytest.mark.parametrize(
    ("naa", "til", "ventet"),
    [
        # 25 October 2026: 02:00–03:00 comes twice, first as UTC+2, then as UTC+1.
        ("2026-10-25T00:10Z", "02:45", "2026-10-25T00:45Z"),
        ("2026-10-25T01:10Z", "02:45", "2026-10-25T01:45Z"),
        ("2026-10-25T00:50Z", "02:45", "2026-10-25T01:45Z"),
        ("2026-10-24T20:00Z", "07:00", "2026-10-25T06:00Z"),
        # 28 March 2027: 02:30 never comes; clocks show 03:30 then.
        ("2027-03-27T22:00Z", "02:30", "2027-03-28T01:30Z"),
    ],
)
def test_vaktens_slutt_naar_klokka_stilles(scene: Scene, inne: Inne, naa: str, til: str, ventet: str) -> None:
    with som_om(datetime.fromisoformat(naa)):
        a, klient = inne(scene.spesialist)
        svar = klient.post("/laas/vakt", data={"til": til}, headers={"Accept": "application/json"})
        assert svar.status_code == 200
    assert rad(a).vakt_til == datetime.fromisoformat(ventet)


def test_vakt_er_for_den_noe_kan_vente_paa(scene: Scene, inne: Inne, opptak: Opptak) -> None:
    for aktor in (scene.lege, scene.koordinator, scene.administrator):
        a, klient = inne(aktor)
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            laas.sett_vakt(a, now() + timedelta(hours=1))
        assert klient.post("/laas/vakt", data={"til": "08:00"}).status_code == 403


def test_vakten_settes_med_klokkeslett_i_oslo(scene: Scene, inne: Inne) -> None:
    kveld = datetime(2027, 6, 10, 22, 0, tzinfo=OSLO)
    with som_om(kveld):
        a, klient = inne(scene.vaktleder)
        svar = klient.post("/laas/vakt", data={"til": "08:15"}, headers={"Referer": "http://localhost/koe"})
        assert (svar.status_code, svar.location) == (303, "/koe")
        (sesjon,) = db.session.scalars(sa.select(Sesjon).where(Sesjon.vakt_til.is_not(None)))
        assert sesjon.person_id == a.person_id
        assert sesjon.vakt_til == datetime(2027, 6, 11, 8, 15, tzinfo=OSLO)
        side = klient.get("/koe").get_data(as_text=True)
        assert 'value="08:15"' in side and "8:15" in side
        assert klient.post("/laas/vakt", data={"til": "kl. 8"}).status_code == 303
        assert "Skriv klokkeslettet som tt:mm." in klient.get("/koe").get_data(as_text=True)
        assert klient.post("/laas/vakt", data={"til": ""}).status_code == 303
        db.session.rollback()
        assert not db.session.scalars(sa.select(Sesjon).where(Sesjon.vakt_til.is_not(None))).all()


def test_en_laast_skjerm_forlenger_ingen_vakt(scene: Scene, inne: Inne) -> None:
    a, klient = inne(scene.spesialist)
    laas.laas(a)
    svar = klient.post("/laas/vakt", data={"til": "08:00"}, headers={"Accept": "application/json"})
    assert svar.status_code == 423
    assert rad(a).vakt_til is None
