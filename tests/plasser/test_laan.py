"""Staff that is lent: which beds open and close by it, what stands in its way, and where one sees why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import kortdag
from portal.identitet.models import Organisasjon
from portal.plasser import steps, tavlelager
from portal.plasser.forloep import Avslagsgrunn, Laan, Stengtgrunn, Tilstand
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Plass, Plassenhet
from portal.plasser.service import drift, forvaltning, reservasjoner, sammenslaaing, tavle
from portal.revisjon.models import Revisjon
from tests.bygg import Scene, lag_kommune, om
from tests.plasser.hjelp import DAG, Folk, lag_folk, lag_plassenhet, les_plasser, les_tall, ny_plass

Som = Callable[[Aktor], FlaskClient]
REF = "omdisponering:00000000-0000-4000-8000-000000000001"
_AKTOR = Aktor.system("test")


@transactional
def laan(enhet_id: UUID, retning: Laan, antall: int, hos: Organisasjon, til: datetime | None = None) -> int:
    """Staff comes to so many of the unit's beds, or goes from them, as a higher room's step does it. Gives how many."""
    steps.laas([enhet_id])
    enhet = db.session.get_one(Plassenhet, enhet_id)
    steps.loes_ut(enhet)
    velg = steps.kan_bemannes if retning == Laan.INN else steps.kan_avgi
    valgt = velg(steps.i_bruk(enhet_id))[:antall]
    for p in valgt:
        steps.laan(_AKTOR, p, retning, organisasjon_id=hos.id, til=til or now() + 7 * DAG, referanse=REF)
    steps.tell(_AKTOR, enhet)
    return len(valgt)


@transactional
def slutt() -> int:
    """The loan ends everywhere. Gives how many beds keep their staff for somebody who is on the way."""
    enheter = {p.plassenhet_id for p in steps.laant(REF)}
    steps.laas(enheter)
    for id_ in enheter:
        steps.loes_ut(db.session.get_one(Plassenhet, id_))
    igjen = sum(not steps.slutt_laan(_AKTOR, p) for p in steps.laant(REF))
    for id_ in enheter:
        steps.tell(_AKTOR, db.session.get_one(Plassenhet, id_))
    return igjen


def _historien(plass_id: UUID) -> list[tuple[str, bool, str]]:
    rader = db.session.execute(
        sa.select(Plassendring.tilstand, Plassendring.bemannet, Plassendring.aarsak)
        .where(Plassendring.plass_id == plass_id)
        .order_by(Plassendring.nr)
    ).all()
    # Without with whom.
    return [(r.tilstand, r.bemannet, r.aarsak.partition(":")[0]) for r in rader][1:]


def _bemannet(enhet_id: UUID) -> list[bool]:
    return [p.bemannet for p in les_plasser(enhet_id)]


def test_laanet_aapner_de_rette_plassene_og_lukker_dem_igjen(scene: Scene) -> None:
    """First the occupied bed without staff, then an empty one, then one closed for want of staff; never another's."""
    enhet_id = lag_plassenhet(scene, 1)
    tom, belagt = ny_plass(enhet_id, bemannet=False), ny_plass(enhet_id, Tilstand.BELAGT, bemannet=False)
    stengt, rom = (ny_plass(enhet_id, Tilstand.STENGT, bemannet=False) for _ in range(2))
    _steng(stengt, Stengtgrunn.PERSONELL)
    assert laan(enhet_id, Laan.INN, 1, scene.hf) == 1
    assert {p.id for p in les_plasser(enhet_id) if p.laan} == {belagt}
    assert laan(enhet_id, Laan.INN, 9, scene.hf) == 2
    plasser = {p.id: p for p in les_plasser(enhet_id)}
    assert {i for i, p in plasser.items() if p.laan} == {tom, belagt, stengt}
    assert (plasser[stengt].tilstand, plasser[rom].tilstand) == ("ledig", "stengt")
    tall = les_tall(enhet_id)
    assert (tall.bemannet, tall.laant_inn, tall.laant_ut, tall.ledig) == (4, 3, 0, 3)
    assert slutt() == 0
    assert _bemannet(enhet_id) == [True, False, False, False, False]
    assert les_tall(enhet_id).laant_inn == 0
    assert _historien(tom) == [("ledig", True, "laan_inn"), ("ledig", False, "laan_inn_slutt")]


@transactional
def _steng(plass_id: UUID, grunn: Stengtgrunn) -> None:
    db.session.get_one(Plass, plass_id).stengt_grunn = grunn


def test_de_tomme_avgis_foerst_og_den_som_er_holdt_aldri(scene: Scene) -> None:
    enhet_id = lag_plassenhet(scene, ["belagt", "stengt", "holdt", "ukjent", "ledig"])
    rekkefoelge = [p.navn for p in steps.kan_avgi(les_plasser(enhet_id))]
    assert rekkefoelge == ["5", "4", "2", "1"]
    assert laan(enhet_id, Laan.UT, 2, scene.annen_kommune) == 2
    assert _bemannet(enhet_id) == [True, True, True, False, False]
    assert (les_tall(enhet_id).laant_ut, les_tall(enhet_id).ubemannet) == (2, 1)
    slutt()
    assert all(_bemannet(enhet_id))


_SLUTTER: dict[str, Callable[[Folk, UUID, UUID], object]] = {
    "frigitt": lambda f, e, r: reservasjoner.frigi(f.lege, r),
    "avvist": lambda f, e, r: drift.avvis(f.sykepleier, r, grunn=Avslagsgrunn.ANNET),
    "innlagt": lambda f, e, r: drift.legg_inn(f.sykepleier, e, reservasjon_id=r),
    "utloept": lambda f, e, r: reservasjoner.loes_ut_forfalte(),
}


@pytest.mark.parametrize("hvordan", list(_SLUTTER))
def test_en_holdt_plass_beholder_personellet_til_den_ikke_er_holdt(scene: Scene, hvordan: str) -> None:
    enhet_id = lag_plassenhet(scene, 1)
    folk = lag_folk(scene, enhet_id, kvote=1)
    plass_id = ny_plass(enhet_id, bemannet=False)
    laan(enhet_id, Laan.INN, 1, scene.hf)
    hold = reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4(), plass_id=plass_id)
    with om(minutes=5):
        assert slutt() == 1
    # Ended once more, it is the same.
    with om(minutes=6):
        assert slutt() == 1
    assert _bemannet(enhet_id) == [True, True]
    plass = les_plasser(enhet_id)[1]
    assert plass.laan_slutt is not None and plass.laan_slutt == plass.laan_til
    with pytest.raises(UgyldigOvergang) as feil:
        drift.bemann(folk.sykepleier, enhet_id, plass_id, bemannet=False)
    assert "går tilbake av seg selv" in str(feil.value.melding)
    with om(minutes=121 if hvordan == "utloept" else 10):
        _SLUTTER[hvordan](folk, enhet_id, hold)
        plass = les_plasser(enhet_id)[1]
        assert (plass.bemannet, plass.laan, plass.laan_slutt) == (False, "", None)
        assert (les_tall(enhet_id).bemannet, les_tall(enhet_id).laant_inn) == (1, 0)
    tilstand = "belagt" if hvordan == "innlagt" else "ledig"
    assert _historien(plass_id)[-1] == (tilstand, False, hvordan)


@pytest.mark.parametrize("retning", list(Laan))
def test_mens_laanet_loeper_kan_ingen_ta_plassen_bort(scene: Scene, retning: Laan) -> None:
    """By hand, by retiring the bed, by closing the unit: refused in words, and nothing is left of it."""
    enhet_id = lag_plassenhet(scene, 1, kvoter={scene.kommune.id: 0})
    folk = lag_folk(scene, enhet_id)
    if retning == Laan.INN:
        drift.bemann(folk.sykepleier, enhet_id, les_plasser(enhet_id)[0].id, bemannet=False)
    laan(enhet_id, retning, 1, scene.hf)
    plass = les_plasser(enhet_id)[0]
    spor = sa.select(sa.func.count()).select_from(Revisjon)
    foer = (_historien(plass.id), plass.versjon, db.session.scalar(spor))
    ord_ = "lånt personell" if retning == Laan.INN else "er lånt ut"
    for gjoer in (
        lambda: drift.bemann(folk.sykepleier, enhet_id, plass.id, bemannet=not plass.bemannet),
        lambda: forvaltning.nedlegg_plass(folk.koordinator, enhet_id, plass.id),
        lambda: forvaltning.nedlegg(folk.koordinator, enhet_id),
    ):
        with pytest.raises(UgyldigOvergang) as feil:
            gjoer()
        assert ord_ in str(feil.value.melding) and "Avslutt omdisponeringen" in str(feil.value.melding)
    plass = les_plasser(enhet_id)[0]
    assert (_historien(plass.id), plass.versjon, db.session.scalar(spor)) == foer
    # What is true already, may be said; and a bed that cannot be used can be closed.
    drift.bemann(folk.sykepleier, enhet_id, plass.id, bemannet=plass.bemannet)
    drift.sett_tilstand(folk.sykepleier, enhet_id, plass.id, tilstand=Tilstand.STENGT, grunn=Stengtgrunn.ROM)
    slutt()
    plass = les_plasser(enhet_id)[0]
    assert (plass.bemannet, plass.tilstand) == (retning == Laan.UT, "stengt")
    forvaltning.nedlegg_plass(folk.koordinator, enhet_id, plass.id)


def test_laanet_foelger_kommunen_som_blir_en_annen(scene: Scene) -> None:
    gammel, ny = lag_kommune("Gammelvik"), lag_kommune("Nyvik")
    enhet_id = lag_plassenhet(scene, 1)
    laan(enhet_id, Laan.UT, 1, gammel)
    _slaa_sammen(gammel.id, ny.id)
    assert sammenslaaing.foelg_sammenslaatte() == 1
    assert les_plasser(enhet_id)[0].laan_organisasjon_id == ny.id
    assert sammenslaaing.foelg_sammenslaatte() == 0


@transactional
def _slaa_sammen(gammel: UUID, ny: UUID) -> None:
    rad = db.session.get_one(Organisasjon, gammel)
    rad.etterfolger_id, rad.nedlagt = ny, now().date()


# --- where one sees it -----------------------------------------------------------------------------------


def test_tavla_sier_hvorfor(scene: Scene, som: Som) -> None:
    enhet_id = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 2})
    for _ in range(3):
        ny_plass(enhet_id, bemannet=False)
    til = now() + 5 * DAG
    foer = tavle.hent_tavle(scene.lege)
    assert [r["laan"] for r in foer["enheter"]] == [[]]
    laan(enhet_id, Laan.INN, 3, scene.hf, til)
    laan(enhet_id, Laan.UT, 1, scene.annen_kommune, til)
    (rad,) = tavle.hent_tavle(scene.lege, foer["versjon"])["enheter"]
    assert rad["laan"] == [
        {"retning": "ut", "antall": 1, "organisasjon": scene.annen_kommune.kortnavn, "til": til.isoformat()},
        {"retning": "inn", "antall": 3, "organisasjon": scene.hf.kortnavn, "til": til.isoformat()},
    ]
    tavlelager.glem()
    assert tavle.hent_tavle(scene.lege)["enheter"] == [rad]
    nettleser = som(scene.lege)
    with nettleser.application.test_request_context():
        dag = kortdag(til)
    ord_ = [
        f"3 åpnet med lånt personell fra {scene.hf.kortnavn} til {dag}",
        f"1 uten personell: lånt ut til {scene.annen_kommune.kortnavn} til {dag}",
    ]
    for adresse in ("/plasser/?grupper=enhet", f"/plasser/kommuner/{scene.kommune.kode}"):
        side = nettleser.get(adresse).text
        assert all(o in side for o in ord_), adresse
    api = nettleser.get(f"/api/v1/plasser/{enhet_id}").json
    assert api["laan"] == rad["laan"]
    assert [p["laan"] and p["laan"]["retning"] for p in api["plasser"]] == [None, "ut", "inn", "inn", "inn"]
    # A new name of who lends is a new name here.
    _doep(scene.hf.id, "Det nye foretaket")
    assert "fra Det nye foretaket til" in nettleser.get("/plasser/?grupper=enhet").text


@transactional
def _doep(organisasjon_id: UUID, navn: str) -> None:
    rad = db.session.get_one(Organisasjon, organisasjon_id)
    rad.kortnavn = navn


def test_enhetens_side_sier_det_om_hver_plass(scene: Scene, som: Som) -> None:
    enhet_id = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 2})
    folk = lag_folk(scene, enhet_id)
    ny_plass(enhet_id, bemannet=False)
    laan(enhet_id, Laan.INN, 1, scene.hf)
    laan(enhet_id, Laan.UT, 1, scene.annen_kommune)
    inn = f"Åpnet med lånt personell fra {scene.hf.kortnavn} til"
    ut = f"Uten personell: lånt ut til {scene.annen_kommune.kortnavn} til"
    for hvem in (folk.sykepleier, folk.koordinator, folk.fremmed, scene.spesialist):
        side = som(hvem).get(f"/plasser/{enhet_id}").text
        assert inn in side and ut in side, hvem.navn
        # Who keeps the unit is a party to the loan, and comes to it from here.
        assert (f'href="/omdisponering/{REF.split(":")[1]}"' in side) == (hvem is folk.koordinator)
    side = som(folk.sykepleier).get(f"/plasser/{enhet_id}").text
    # A button that would be refused is not there.
    plasser = les_plasser(enhet_id)
    for p in plasser:
        assert (f"/plass/{p.id}/bemanning" in side) == (not p.laan)
    assert "lånt ut" in som(folk.koordinator).get(f"/plasser/{enhet_id}/forvalt/plasser").text
