"""Hours, incidents and evaluation of a reallocation: who writes, who sees, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering.forloep import Alvor, Status
from portal.omdisponering.oppfoelgingsmodeller import Avvik, Evaluering, Timefoering
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import oppfoelging
from portal.omdisponering.service.oppfoelging import Foering
from portal.oppgaver.models import Oppgave
from portal.varsler.models import Varsel
from tests.bygg import lag_aktor, om, revisjon
from tests.omdisponering.hjelp import Utlaan, lag_behov
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
FNR = "15076500565"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


@pytest.fixture
def i_gang(u: Utlaan) -> Iterator[UUID]:
    """A reallocation that began two days ago."""
    id_ = u.til(Status.IVERKSATT)
    with om(days=3):
        yield id_


def _linje(u: Utlaan, id_: UUID, nr: int = 0) -> UUID:
    return u.les(id_).linjer[nr].id


def _rad(linje_id: UUID, dag: date) -> Timefoering | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Timefoering).filter_by(linje_id=linje_id, dag=dag)).one_or_none()


@transactional
def _gjoer_til_bruker(u: Utlaan, aktor: Aktor, nr: int = 0) -> None:
    person = db.session.get_one(Ressursperson, u.personer[nr].id)
    person.person_id = aktor.person_id


@transactional
def _ny_laant(u: Utlaan) -> Aktor:
    return lag_aktor(Rolle.SPESIALIST, u.scene.hf, fag=("indremedisin",), navn="Máret Somby")


def _laant(u: Utlaan) -> Aktor:
    """The first of those who are lent, as a user."""
    aktor = _ny_laant(u)
    _gjoer_til_bruker(u, aktor)
    return aktor


def _varslet(aktor: Aktor, kode: str) -> list[Varsel]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Varsel).filter_by(person_id=aktor.person_id, kode=kode)))


# --- hours -----------------------------------------------------------------------------------------------


def test_timer_foeres_rettes_og_tas_bort(u: Utlaan, i_gang: UUID) -> None:
    linje = _linje(u, i_gang)
    assert oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), 450, "Kveld")]) == 1
    rad = _rad(linje, i_dag())
    assert rad is not None and (rad.minutter, rad.merknad, rad.foert_av_id) == (
        450,
        "Kveld",
        u.mottaker.person_id,
    )
    oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), 480, "Kveld", rad.versjon)])
    side = oppfoelging.hent(u.avgiver, i_gang)
    assert (side.i_uka, side.i_alt) == (480, 480)
    rad = _rad(linje, i_dag())
    assert rad is not None
    assert oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), None, "", rad.versjon)]) == 1
    assert _rad(linje, i_dag()) is None


def test_det_som_ikke_er_endret_skrives_ikke(u: Utlaan, i_gang: UUID) -> None:
    linje = _linje(u, i_gang)
    oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), 450)])
    foer = len(revisjon("omdisponering.timer_foert"))
    assert oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), 450)]) == 0
    assert len(revisjon("omdisponering.timer_foert")) == foer == 1


def test_to_som_skriver_samme_dag_mister_ingenting(u: Utlaan, i_gang: UUID) -> None:
    linje = _linje(u, i_gang)
    oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), 450)])
    with pytest.raises(Utdatert) as feil:
        oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, i_dag(), 300)])
    assert set(feil.value.detaljer["felter"]) == {f"timer-{linje}-{i_dag()}"}
    rad = _rad(linje, i_dag())
    assert rad is not None and rad.minutter == 450


@pytest.mark.parametrize(
    ("dager", "minutter"),
    [(1, 60), (-4, 60), (0, 1441), (0, -1)],
    ids=["framtid", "foer", "for_mye", "under"],
)
def test_timer_som_ikke_kan_vaere(u: Utlaan, i_gang: UUID, dager: int, minutter: int) -> None:
    linje = _linje(u, i_gang)
    dag = i_dag() + timedelta(days=dager)
    with pytest.raises(UgyldigData) as feil:
        oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(linje, dag, minutter)])
    assert set(feil.value.detaljer["felter"]) == {f"timer-{linje}-{dag}"}
    assert _rad(linje, dag) is None


def test_ingen_timer_foer_det_begynner_eller_etter_at_det_er_slutt(u: Utlaan) -> None:
    avtalt = u.til(Status.GODKJENT_MOTTAKER)
    with pytest.raises(UgyldigOvergang):
        oppfoelging.foer_timer(u.mottaker, avtalt, [Foering(_linje(u, avtalt), i_dag(), 60)])


def test_etter_slutten_kan_bare_dagene_foer_den_foeres(u: Utlaan) -> None:
    slutt = u.til(Status.AVSLUTTET)
    linje = _linje(u, slutt)
    with om(days=4):
        with pytest.raises(UgyldigData):
            oppfoelging.foer_timer(u.mottaker, slutt, [Foering(linje, i_dag(), 60)])
        oppfoelging.foer_timer(u.mottaker, slutt, [Foering(linje, i_dag() - timedelta(days=2), 60)])
        assert oppfoelging.hent(u.avgiver, slutt).i_alt == 60


def test_avgiver_ser_timene_og_skriver_dem_ikke(u: Utlaan, i_gang: UUID) -> None:
    with pytest.raises(IkkeTilgang):
        oppfoelging.foer_timer(u.avgiver, i_gang, [Foering(_linje(u, i_gang), i_dag(), 60)])
    assert not any(p.kan_foere for p in oppfoelging.hent(u.avgiver, i_gang).personer)
    with pytest.raises(IkkeFunnet):
        oppfoelging.foer_timer(u.fremmed, i_gang, [Foering(_linje(u, i_gang), i_dag(), 60)])


def test_den_som_er_laant_foerer_og_ser_bare_egne(u: Utlaan, i_gang: UUID) -> None:
    selv = _laant(u)
    egen, annens = _linje(u, i_gang), _linje(u, i_gang, 1)
    oppfoelging.foer_timer(u.mottaker, i_gang, [Foering(annens, i_dag(), 60)])
    oppfoelging.foer_timer(selv, i_gang, [Foering(egen, i_dag(), 450)])
    side = oppfoelging.hent(selv, i_gang)
    assert [p.linje.id for p in side.personer] == [egen]
    assert side.i_alt == 450 and not side.inne
    with pytest.raises(IkkeFunnet):
        oppfoelging.foer_timer(selv, i_gang, [Foering(annens, i_dag(), 90, "", 1)])
    assert [t.linje_id for t in oppfoelging.hent_timeliste(selv, i_gang)[1]] == [egen]


def test_en_kollega_som_ikke_er_laant_ser_ikke_oppfoelgingen(u: Utlaan, i_gang: UUID) -> None:
    """What is agreed they see; hours and incidents are not theirs to know of."""
    with pytest.raises(IkkeTilgang):
        oppfoelging.hent(u.scene.lege, i_gang)


def test_siden_foerer_timer_og_gir_tilbake_det_som_er_galt(u: Utlaan, i_gang: UUID, som: Som) -> None:
    klient = som(u.mottaker)
    adresse = f"/omdisponering/{i_gang}/oppfoelging"
    linje = _linje(u, i_gang)
    assert "Máret Somby" in klient.get(adresse).text
    rad = {
        "linje": str(linje),
        "dag": i_dag().isoformat(),
        "timer": "sju og en halv",
        "merknad": "Natt",
        "lest": "",
    }
    svar = klient.post(f"{adresse}/timer", data=rad)
    assert svar.status_code == 422
    assert 'value="sju og en halv"' in svar.text and 'value="Natt"' in svar.text
    assert f'id="timer-{linje}-{i_dag()}-feil"' in svar.text
    svar = klient.post(f"{adresse}/timer", data={**rad, "timer": "7,5"})
    assert svar.status_code == 303
    foert = _rad(linje, i_dag())
    assert foert is not None and foert.minutter == 450
    # Somebody else's form is older: it comes back with what was typed, and may be saved on purpose.
    svar = klient.post(f"{adresse}/timer", data={**rad, "timer": "8:00"})
    assert svar.status_code == 409
    assert 'value="8:00"' in svar.text and "Nå står det 7 t 30 min" in svar.text
    lest = re.search(rf'value="{i_dag()}">\s*<input type="hidden" name="lest" value="(\d+)"', svar.text)
    assert lest is not None
    assert klient.post(f"{adresse}/timer", data={**rad, "timer": "8:00", "lest": lest[1]}).status_code == 303
    foert = _rad(linje, i_dag())
    assert foert is not None and foert.minutter == 480


def test_timene_som_fil(u: Utlaan, i_gang: UUID, som: Som) -> None:
    linje = _linje(u, i_gang)
    oppfoelging.foer_timer(
        u.mottaker,
        i_gang,
        [Foering(linje, i_dag(), 450, "=1+1"), Foering(linje, i_dag() - timedelta(days=1), 480)],
    )
    svar = som(u.avgiver).get(f"/omdisponering/{i_gang}/oppfoelging/timer.csv")
    linjer = svar.text.splitlines()
    assert svar.mimetype == "text/csv" and len(linjer) == 4
    assert f"{i_dag()};7,5;'=1+1" in linjer[2]
    assert "Sum;15,5" in linjer[3]
    assert revisjon("omdisponering.timer_eksportert")


# --- incidents -------------------------------------------------------------------------------------------


def _avvik(u: Utlaan, id_: UUID, aktor: Aktor | None = None, **felt: Any) -> UUID:
    return oppfoelging.meld_avvik(
        aktor or u.mottaker,
        id_,
        **{
            "hendt": now() - timedelta(hours=1),
            "alvor": Alvor.ALVORLIG,
            "tekst": "Feil legemiddel ble hentet.",
            **felt,
        },
    )


def test_avvik_meldes_den_andre_siden_faar_vite_det_og_lukker(u: Utlaan, i_gang: UUID) -> None:
    avvik_id = _avvik(u, i_gang)
    (varsel,) = _varslet(u.avgiver, "omdisponering.avvik_meldt")
    assert "legemiddel" not in f"{varsel.tittel}{varsel.tekst}"
    assert varsel.lenke.endswith(f"/oppfoelging#avvik-{avvik_id}")
    assert not _varslet(u.mottaker, "omdisponering.avvik_meldt")
    with pytest.raises(UgyldigData):
        oppfoelging.lukk_avvik(u.avgiver, i_gang, avvik_id, tiltak="  ")
    oppfoelging.lukk_avvik(u.avgiver, i_gang, avvik_id, tiltak="Skapet er merket.", lest=1)
    rad = db.session.get_one(Avvik, avvik_id, populate_existing=True)
    assert (rad.tiltak, rad.lukket_av_id) == ("Skapet er merket.", u.avgiver.person_id)
    assert len(_varslet(u.mottaker, "omdisponering.avvik_lukket")) == 1
    with pytest.raises(UgyldigOvergang):
        oppfoelging.lukk_avvik(u.mottaker, i_gang, avvik_id, tiltak="Igjen.")


def test_avvik_uten_pasientens_identitet_og_ikke_i_framtida(u: Utlaan, i_gang: UUID) -> None:
    with pytest.raises(UgyldigData) as feil:
        _avvik(u, i_gang, tekst=f"Gjaldt {FNR}.")
    assert feil.value.kode == "personnummer"
    with pytest.raises(UgyldigData) as feil:
        _avvik(u, i_gang, hendt=now() + timedelta(hours=1))
    assert set(feil.value.detaljer["felter"]) == {"hendt"}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Avvik)) == 0
    _avvik(u, i_gang, tekst=f"Saksnummer {FNR}.", ikke_fnr=True)
    assert json.loads(revisjon("omdisponering.avvik_meldt")[-1].detaljer)["sluppet_tall"] == 1


def test_den_som_er_laant_melder_og_ser_bare_eget(u: Utlaan, i_gang: UUID) -> None:
    selv = _laant(u)
    _avvik(u, i_gang)
    eget = _avvik(u, i_gang, selv)
    assert [a.id for a in oppfoelging.hent(selv, i_gang).avvik] == [eget]
    assert len(oppfoelging.hent(u.avgiver, i_gang).avvik) == 2
    assert len(_varslet(u.avgiver, "omdisponering.avvik_meldt")) == 2
    with pytest.raises(IkkeTilgang):
        oppfoelging.lukk_avvik(selv, i_gang, eget, tiltak="Ordnet.")


def test_et_avvik_i_en_annen_omdisponering_er_ikke_der(u: Utlaan) -> None:
    slutt = u.til(Status.AVSLUTTET)
    gaar = u.til(Status.IVERKSATT, behov=lag_behov(u.scene.kommune, u.oehd))
    with om(days=3):
        avvik_id = _avvik(u, gaar)
        with pytest.raises(IkkeFunnet):
            oppfoelging.lukk_avvik(u.mottaker, slutt, avvik_id, tiltak="Nei.")
        assert db.session.get_one(Avvik, avvik_id, populate_existing=True).lukket is None


def test_siden_melder_og_gir_tilbake_teksten(u: Utlaan, i_gang: UUID, som: Som) -> None:
    klient = som(u.mottaker)
    adresse = f"/omdisponering/{i_gang}/oppfoelging"
    data = {"hendt": f"{i_dag()}T00:01", "alvor": "middels", "tekst": f"Pasient {FNR}"}
    svar = klient.post(f"{adresse}/avvik", data=data)
    assert svar.status_code == 422 and f"Pasient {FNR}" in svar.text and "ikke_fnr" in svar.text
    assert klient.post(f"{adresse}/avvik", data={**data, "tekst": "Manglet utstyr."}).status_code == 303
    avvik = db.session.scalars(sa.select(Avvik)).one()
    svar = klient.post(f"{adresse}/avvik/{avvik.id}/lukk", data={"tiltak": "", "lest": "1"})
    assert svar.status_code == 422 and "Manglet utstyr." in svar.text
    felter = skjema(klient.get(adresse), f"/avvik/{avvik.id}/lukk")
    assert (
        klient.post(f"{adresse}/avvik/{avvik.id}/lukk", data={**felter, "tiltak": "Kjøpt."}).status_code
        == 303
    )
    assert "Kjøpt." in klient.get(adresse).text


# --- evaluation ------------------------------------------------------------------------------------------


def _oppgaver() -> dict[UUID, bool]:
    db.session.rollback()
    return {
        o.organisasjon_id: o.gjort is not None
        for o in db.session.scalars(sa.select(Oppgave).filter_by(kode="omdisponering.evaluering"))
    }


def _svar(aktor: Aktor, id_: UUID, **felt: Any) -> None:
    oppfoelging.evaluer(aktor, id_, **{"nytte": 5, "avklart": 3, "igjen": 4, "egne_ord": "Bra.", **felt})


def test_begge_sider_blir_bedt_og_svarer_hver_for_seg(u: Utlaan) -> None:
    id_ = u.til(Status.AVSLUTTET)
    kommune, hf = u.scene.kommune.id, u.scene.hf.id
    with om(days=3):
        assert _oppgaver() == {kommune: False, hf: False}
        _svar(u.mottaker, id_)
        assert _oppgaver() == {kommune: True, hf: False}
        assert set(oppfoelging.hent(u.avgiver, id_).evalueringer) == {kommune}
        # The own answer may be changed until the other side has answered.
        with pytest.raises(Utdatert):
            _svar(u.mottaker, id_, nytte=1)
        _svar(u.mottaker, id_, nytte=2, lest=1)
        _svar(u.avgiver, id_)
        assert _oppgaver() == {kommune: True, hf: True}
        with pytest.raises(UgyldigOvergang):
            _svar(u.mottaker, id_, nytte=1, lest=2)
    svar = db.session.scalars(sa.select(Evaluering).filter_by(organisasjon_id=kommune)).one()
    assert (svar.nytte, svar.avklart, svar.igjen) == (2, 3, 4)
    assert len(_varslet(u.mottaker, "omdisponering.evaluert")) == 1


def test_evaluering_foerst_ved_slutten_og_bare_av_sidene(u: Utlaan) -> None:
    selv = _laant(u)
    id_ = u.til(Status.AVSLUTTET)
    gaar = u.til(Status.IVERKSATT, behov=lag_behov(u.scene.kommune, u.oehd))
    with om(days=3):
        with pytest.raises(UgyldigOvergang):
            _svar(u.mottaker, gaar)
        with pytest.raises(IkkeTilgang):
            _svar(selv, id_)
        with pytest.raises(UgyldigData):
            _svar(u.mottaker, id_, igjen=6)
        # Whoever is lent reads the answers once both sides have given theirs.
        _svar(u.mottaker, id_)
        assert not oppfoelging.hent(selv, id_).viser_evaluering
        _svar(u.avgiver, id_)
        assert oppfoelging.hent(selv, id_).viser_evaluering


def test_siden_evaluerer_og_mister_ingenting(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.AVSLUTTET)
    with om(days=3):
        klient = som(u.mottaker)
        adresse = f"/omdisponering/{id_}/oppfoelging"
        svar = klient.post(f"{adresse}/evaluering", data={"nytte": "5", "egne_ord": "Godt samarbeid."})
        assert svar.status_code == 422 and "Godt samarbeid." in svar.text
        alt = {"nytte": "5", "avklart": "4", "igjen": "5", "egne_ord": "Godt samarbeid.", "lest": ""}
        assert klient.post(f"{adresse}/evaluering", data=alt).status_code == 303
        _svar(u.avgiver, id_)
        svar = klient.post(
            f"{adresse}/evaluering", data={**alt, "egne_ord": "Vi mente noe annet.", "lest": "1"}
        )
        assert svar.status_code == 409
        assert "Vi mente noe annet." in svar.text and "Det du skrev" in svar.text
        side = klient.get(adresse).text
        assert "Godt samarbeid." in side and "Bra." in side
