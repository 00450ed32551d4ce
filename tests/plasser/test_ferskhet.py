"""Stale figures: who is reminded, how often, and what stands before other work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.beredskap.models import Beredskapsnivaa, Fase
from portal.beredskap.service import faser
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap
from portal.plasser.models import Plassenhet
from portal.plasser.service import drift, ferskhet, forvaltning, reservasjoner
from portal.varsler.models import Kanal, Utsending, Varsel
from tests.bygg import Scene
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet

Som = Callable[[Aktor], FlaskClient]
#: When the unit last said how it stands.
BEKREFTET = datetime.fromisoformat("2026-03-02T06:00:00+00:00")


@pytest.fixture
def enhet(scene: Scene) -> UUID:
    return lag_plassenhet(scene, ["ledig", "belagt"], siden=BEKREFTET, navn="Demoenheten")


@pytest.fixture
def folk(scene: Scene, enhet: UUID) -> Folk:
    folk = lag_folk(scene, enhet)

    @transactional
    def fra_da() -> None:
        db.session.execute(sa.update(Medlemskap).values(gyldig_fra=BEKREFTET - timedelta(days=30)))

    fra_da()
    return folk


def kl(timer: float) -> datetime:
    """So many hours after the confirmation."""
    return BEKREFTET + timedelta(hours=timer)


def purr(timer: float) -> int:
    with som_om(kl(timer)):
        return ferskhet.purr()


def fikk(aktor: Aktor, *, gjelder: bool = False) -> list[float]:
    """At which hours after the confirmation a person was told; with `gjelder` those that the bell still shows."""
    db.session.rollback()
    vilkaar = [Varsel.stoppet.is_(None)] if gjelder else []
    return [
        (t - BEKREFTET).total_seconds() / 3600
        for t in db.session.scalars(
            sa.select(Varsel.opprettet)
            .where(Varsel.person_id == aktor.person_id, Varsel.kode == ferskhet.KODE, *vilkaar)
            .order_by(Varsel.opprettet)
        )
    ]


def i_fase(scene: Scene, fase: Fase, timer: float) -> None:
    assert scene.kommune.id
    with som_om(kl(timer)):
        faser.sett(
            scene.kommuneoverlege,
            scene.kommune.id,
            fase=fase,
            nivaa=Beredskapsnivaa.GUL,
            kilde="FHI",
            begrunnelse="",
        )


# --- the reminders ---------------------------------------------------------------------------------------


def test_en_purring_naar_fristen_er_ute(folk: Folk) -> None:
    assert purr(11.99) == 0
    assert purr(12) == 1 and purr(12.02) == 0 and purr(20) == 0
    for hvem in (folk.sykepleier, folk.lege, folk.koordinator):
        assert fikk(hvem) == [12]
    for hvem in (folk.medlemslege, folk.fremmed_koordinator):
        assert fikk(hvem) == []


def test_fasen_bestemmer_fristen(scene: Scene, folk: Folk) -> None:
    i_fase(scene, Fase.SPREDNING, 1)
    assert purr(3.99) == 0 and purr(4) == 1
    assert fikk(folk.sykepleier) == [4]


def test_faller_fasen_er_det_sagte_ikke_sant_lenger(scene: Scene, folk: Folk) -> None:
    i_fase(scene, Fase.SPREDNING, 1)
    assert purr(5) == 1
    i_fase(scene, Fase.ENKELTTILFELLER, 6)
    assert purr(7) == 0
    assert fikk(folk.sykepleier, gjelder=True) == []
    assert purr(12) == 1, "and then it is stale after the longer time"


def test_sjeldnere_og_sjeldnere_og_bare_koordinatoren(folk: Folk) -> None:
    """12 h stale, then after twelve more, and so on: at most once a day, and not to everybody each time."""
    for kvarter in range(12 * 4, 120 * 4):
        purr(kvarter / 4)
    assert fikk(folk.sykepleier) == [12]
    assert fikk(folk.koordinator) == [12, 24, 36, 60, 84, 108]
    assert fikk(folk.koordinator, gjelder=True) == [108], "the bell shows the last alone"


def test_i_hoey_fase_dobles_pausen_til_ett_doegn(scene: Scene, folk: Folk) -> None:
    i_fase(scene, Fase.TOPP, 0.5)
    for kvarter in range(4 * 4, 100 * 4):
        purr(kvarter / 4)
    assert fikk(folk.koordinator) == [4, 8, 12, 20, 36, 60, 84]


def test_uten_koordinator_paaminnes_folkene_igjen(scene: Scene, folk: Folk) -> None:
    @transactional
    def slutt() -> None:
        db.session.execute(
            sa.update(Medlemskap)
            .where(Medlemskap.id == folk.koordinator.medlemskap_id)
            .values(gyldig_til=kl(1))
        )

    slutt()
    assert purr(12) == 1 and purr(24) == 1
    assert fikk(folk.sykepleier) == [12, 24] and fikk(folk.koordinator) == []


def test_ingen_endring_er_nok(enhet: UUID, folk: Folk) -> None:
    purr(12)
    with som_om(kl(13)):
        drift.ingen_endring(folk.sykepleier, enhet)
    assert fikk(folk.koordinator, gjelder=True) == []
    assert purr(24.9) == 0 and purr(25) == 1, "twelve hours after the new confirmation"


def test_et_hold_utenfra_er_ingen_bekreftelse(enhet: UUID, folk: Folk, scene: Scene) -> None:
    with som_om(kl(11)):
        reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    assert purr(12) == 1


def test_den_som_aldri_er_bekreftet(scene: Scene, enhet: UUID, folk: Folk) -> None:
    @transactional
    def aldri() -> None:
        db.session.get_one(Plassenhet, enhet).bekreftet = None

    aldri()
    assert purr(11) == 0 and purr(12) == 1
    tekst = db.session.scalars(sa.select(Varsel.tekst).where(Varsel.kode == ferskhet.KODE)).first()
    assert tekst is not None and "ukjent" in tekst


def test_nedlagt_purres_aldri(scene: Scene, folk: Folk) -> None:
    tom = lag_plassenhet(scene, 1, siden=BEKREFTET, vert=scene.annen_kommune, navn="Nedlagt")
    purr(12)
    koordinator = folk.koordinator
    assert fikk(koordinator) == [12]

    @transactional
    def legg_ned() -> None:
        db.session.get_one(Plassenhet, tom).nedlagt = kl(12.5)

    legg_ned()
    foer = db.session.scalar(sa.select(Plassenhet.purret).where(Plassenhet.id == tom))
    assert purr(60) == 1, "the other one"
    db.session.rollback()
    assert db.session.scalar(sa.select(Plassenhet.purret).where(Plassenhet.id == tom)) == foer


def test_den_som_legges_ned_tier(scene: Scene, folk: Folk) -> None:
    """What has been said of it is no more either."""
    alene = lag_plassenhet(scene, 1, siden=BEKREFTET, navn="Skal ned")
    purr(12)
    assert len(fikk(folk.koordinator, gjelder=True)) == 2
    with som_om(kl(13)):
        forvaltning.nedlegg(folk.koordinator, alene)
    assert len(fikk(folk.koordinator, gjelder=True)) == 1


def test_uten_plasser_purres_ikke(scene: Scene) -> None:
    lag_plassenhet(scene, 0, siden=BEKREFTET)
    assert purr(50) == 0


def test_ingen_vekkes(scene: Scene, folk: Folk) -> None:
    """Ordinary notices: the standard is a letter, which wakes nobody."""
    purr(12)
    assert set(db.session.scalars(sa.select(Varsel.hastegrad).where(Varsel.kode == ferskhet.KODE))) == {
        "vanlig"
    }
    assert set(db.session.scalars(sa.select(Utsending.kanal))) == {Kanal.EPOST}


# --- before other work -----------------------------------------------------------------------------------


def test_de_som_maa_svare_ser_det_foerst(scene: Scene, enhet: UUID, folk: Folk, som: Som) -> None:
    """The unit's people and its coordinator, on whatever page they come to; nobody else."""
    for hvem in (folk.sykepleier, folk.lege, folk.koordinator):
        side = som(hvem).get("/organisasjoner").text
        assert "1 ØHD-enhet trenger nye tall" in side and f"/plasser/{enhet}/fersk" in side
        assert side.index("ferskhetsbar") < side.index("<main")
    for andre in (folk.medlemslege, scene.lege, scene.spesialist, folk.fremmed_koordinator):
        assert "ferskhetsbar" not in som(andre).get("/organisasjoner").text


def test_ett_trykk_og_tilbake(enhet: UUID, folk: Folk, som: Som) -> None:
    klient = som(folk.sykepleier)
    svar = klient.post(f"/plasser/{enhet}/fersk", data={"neste": "/organisasjoner?sok=a"})
    assert svar.status_code == 303 and svar.location == "/organisasjoner?sok=a"
    side = klient.get("/organisasjoner").text
    assert "ferskhetsbar" not in side
    svar = klient.post(f"/plasser/{enhet}/fersk", data={"neste": "https://ond.example/"})
    assert svar.location == "/"


def test_ukjente_plasser_ma_sies_foerst(scene: Scene, som: Som) -> None:
    ukjent = lag_plassenhet(scene, ["ukjent", "ledig"], siden=BEKREFTET, navn="Ukjenten")
    folk = lag_folk(scene, ukjent)
    klient = som(folk.koordinator)
    side = klient.get("/organisasjoner").text
    assert "1 plass er ukjent" in side and f"/plasser/{ukjent}/fersk" not in side
    svar = klient.post(f"/plasser/{ukjent}/fersk", data={"neste": "/organisasjoner"})
    assert svar.status_code == 303 and svar.location == f"/plasser/{ukjent}"


def test_baren_lukkes_ute_der_den_er_i_veien(enhet: UUID, folk: Folk, som: Som) -> None:
    """On the unit's own page, on what a page fetches by itself, and beside a form that came back with errors."""
    klient = som(folk.koordinator)
    assert "ferskhetsbar" not in klient.get(f"/plasser/{enhet}").text
    assert "ferskhetsbar" not in klient.get("/organisasjoner", headers={"X-Bakgrunn": "1"}).text
    svar = klient.post("/plasser/behov", data={"kommune_id": "tull"})
    assert svar.status_code == 422 and "ferskhetsbar" not in svar.text


def test_baren_er_billig(scene: Scene, enhet: UUID, folk: Folk) -> None:
    """Fresh: one statement for who may have a unit, none for others. Stale: one more, for the phase."""

    def spoerringer(aktor: Aktor, timer: float) -> int:
        antall = 0

        def tell(_c: object, _m: object, setning: str, *_: object) -> None:
            nonlocal antall
            antall += setning.startswith("SELECT")

        db.session.rollback()
        sa.event.listen(db.engine, "before_cursor_execute", tell)
        try:
            with som_om(kl(timer)):
                ferskhet.hent_gamle(aktor)
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", tell)
        return antall

    assert [spoerringer(folk.sykepleier, t) for t in (1, 5, 13)] == [1, 2, 2]
    assert [spoerringer(a, 13) for a in (scene.spesialist, scene.koordinator, scene.kommuneoverlege)] == [
        0
    ] * 3


def test_en_rolle_uten_enhet_har_ingen(scene: Scene, enhet: UUID) -> None:
    assert ferskhet.hent_gamle(Aktor(navn="ingen")) == []
    assert scene.kommuneoverlege.rolle == Rolle.KOMMUNEOVERLEGE and now() > kl(12)
    assert ferskhet.hent_gamle(scene.kommuneoverlege) == []
