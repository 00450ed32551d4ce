"""Proposals as people get them: read from what is open, with reasons, through the services and the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, UgyldigData
from portal.identitet.models import Organisasjon
from portal.omdisponering.forloep import Behovsstatus, Kompetanse, Lokalkrav, Slag, Status
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.ressursmodeller import Ressursfravaer, Ressursperson
from portal.omdisponering.service import flyt, forslag, utkast
from portal.omdisponering.service.forslag import Behovsforslag, Rad
from tests.bygg import lag_aktor, lag_organisasjon, lagre, om, skriv
from tests.omdisponering.hjelp import (
    DAG,
    LOV,
    T,
    Utlaan,
    lag_behov,
    lag_gulv,
    lag_lokale,
    lag_ressurs,
    lag_tilbud,
)

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def valgte(f: Behovsforslag) -> set[UUID]:
    return {r.tilbud.id for g in f.grupper for r in g.rader if r.valgt}


def alle(f: Behovsforslag) -> dict[UUID, Rad]:
    return {r.tilbud.id: r for g in (*f.grupper, *f.andre) for r in g.rader} | {
        r.tilbud.id: r for r in f.nesten
    }


def til_behov(u: Utlaan, aktor: Aktor | None = None, behov_id: UUID | None = None) -> Behovsforslag:
    db.session.rollback()
    return forslag.for_behov(aktor or u.mottaker, behov_id or u.behov.id).forslag


def krysset(html: str) -> int:
    """How many offers are ticked on the page."""
    return len(re.findall(r'<input[^>]*name="tilbud"[^>]* checked', html))


def tekst(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


# --- what is proposed ------------------------------------------------------------------------------------


def test_de_beste_foreslaas_med_grunner(u: Utlaan) -> None:
    a, b = (lag_tilbud(p, u.behov) for p in u.personer)
    f = til_behov(u)
    assert valgte(f) == {a.id, b.id}
    (gruppe,) = f.grupper
    assert (gruppe.avgiver, gruppe.laaner_ut) == (u.scene.hf.kortnavn, 0)
    assert all(r.hel_periode and r.vurdering.andel == 100 and r.hvorfor_ikke == () for r in gruppe.rader)
    # Who they are is the lender's to know.
    assert {r.navn for r in gruppe.rader} == {""}
    hos_avgiver = til_behov(u, u.avgiver)
    assert {r.navn for g in hos_avgiver.grupper for r in g.rader} == {"Máret Somby", "Åse Ørn"}


def test_bare_det_som_er_aapent_og_kan_brukes(u: Utlaan) -> None:
    """Withdrawn, over, erased, of somebody who has not said yes, meant for another need: none of these."""
    lag_tilbud(u.personer[0], u.behov, status="trukket")
    lag_tilbud(u.personer[1], u.behov, fra=now() - 3 * DAG, til=now() - DAG)
    reserve = lag_ressurs(u.scene.hf, samtykke="venter", noekkel_hash="0" * 64)
    lag_tilbud(reserve, u.behov)
    slettet = lag_ressurs(u.scene.hf, navn="", slettet=now())
    lag_tilbud(slettet, u.behov)
    lag_tilbud(lag_ressurs(u.scene.hf), lag_behov(u.scene.annen_kommune, fase=1), rettet=True)
    nedlagt = lag_lokale(u.scene.hf, nedlagt=now())
    lag_tilbud(nedlagt, u.behov)
    assert alle(til_behov(u)) == {}
    reserve = lag_ressurs(u.scene.hf, samtykke="gitt", noekkel_hash="1" * 64)
    ja = lag_tilbud(reserve, u.behov)
    assert valgte(til_behov(u)) == {ja.id}


def test_det_som_er_avtalt_og_under_arbeid_teller(u: Utlaan) -> None:
    """What is approved, or stands in a draft that the actor writes, is not asked for again, nor are its people."""
    tilbud = [lag_tilbud(p, u.behov) for p in (*u.personer, lag_ressurs(u.scene.hf, u.post))]
    skriv(sa.update(type(u.behov)).where(type(u.behov).id == u.behov.id).values(antall=3, minst=1))
    assert valgte(til_behov(u)) == {t.id for t in tilbud}
    utkast.opprett(u.mottaker, u.behov.id, forslag.linjer(u.mottaker, u.behov.id, [tilbud[0].id]))
    f = til_behov(u)
    assert (f.i_gang, f.behov.antall, f.behov.minst) == (1, 2, 0)
    assert valgte(f) == {tilbud[1].id, tilbud[2].id}
    rad = alle(f)[tilbud[0].id]
    assert rad.hvorfor_ikke == ("alt_i", "opptatt") and rad.venter is not None and rad.venter.nummer
    # Nobody else sees the draft.
    assert alle(til_behov(u, u.avgiver))[tilbud[0].id].venter is None


def test_lovet_bort_borte_og_rettferd(u: Utlaan) -> None:
    """Somebody lent elsewhere is not proposed in that time; the lender is then one that lends already."""
    lovet = u.til(Status.GODKJENT_MOTTAKER)
    tilbud = [lag_tilbud(p, u.behov) for p in u.personer]
    annet = lag_behov(u.scene.annen_kommune, fase=5)
    fremmed = u.fremmed
    f = til_behov(u, fremmed, annet.id)
    assert valgte(f) == set()
    assert {alle(f)[t.id].hvorfor_ikke for t in tilbud} == {("opptatt",)}
    assert all(r.venter is None for r in f.nesten)
    ledig = lag_ressurs(u.scene.hf, u.post)
    t = lag_tilbud(ledig, annet)
    lagre(
        Ressursfravaer(
            id=uuid4(), ressursperson_id=ledig.id, fra=annet.fra, til=annet.fra + 2 * DAG, opprettet=now()
        )
    )
    f = til_behov(u, fremmed, annet.id)
    assert valgte(f) == {t.id}
    (gruppe,) = f.grupper
    assert gruppe.laaner_ut == 2
    assert (gruppe.rader[0].vurdering.fra, gruppe.rader[0].doegn) == (annet.fra + 2 * DAG, (5, 7))
    flyt.trekk(u.avgiver, lovet, grunn="Syk.")
    assert len(valgte(til_behov(u, fremmed, annet.id))) == 2


def test_minstebemanningen_hos_avgiver_respekteres(u: Utlaan, som: Som) -> None:
    lag_gulv(u.post, antall=4, gulv=3)
    tilbud = [lag_tilbud(p, u.behov) for p in u.personer]
    f = til_behov(u)
    assert len(valgte(f)) == 1
    (ikke,) = {t.id for t in tilbud} - valgte(f)
    # How near its floor a unit is, is the lender's to know.
    assert alle(f)[ikke].hvorfor_ikke == ("ikke_flere",)
    side = tekst(som(u.mottaker).get(f"/omdisponering/behov/{u.behov.id}/forslag").text)
    assert "Ikke flere å avgi fra enheten" in side and "minstebemanning" not in side
    assert alle(til_behov(u, u.avgiver))[ikke].hvorfor_ikke == ("gulv",)


def test_den_som_trenger_det_mest_faar_forslaget(u: Utlaan) -> None:
    t = lag_tilbud(u.personer[0], u.behov)
    hoeyere = lag_behov(u.scene.annen_kommune, fase=5, fra=u.behov.fra)
    f = til_behov(u)
    assert valgte(f) == set()
    rad = alle(f)[t.id]
    assert rad.hvorfor_ikke == ("annet_behov",) and rad.annet is not None and rad.annet.id == hoeyere.id
    assert valgte(til_behov(u, u.fremmed, hoeyere.id)) == {t.id}


def test_hvorfor_ikke_av_dem_som_nesten_passer(u: Utlaan) -> None:
    krav = int(Kompetanse.INTENSIV | Kompetanse.OKSYGEN)
    behov = lag_behov(
        u.scene.kommune,
        u.oehd,
        kompetanse=krav,
        krever_autorisasjon=True,
        krever_vaksine=True,
        krever_smittevern=True,
    )
    fjernt = lag_organisasjon("kommune", "Fjernvik")
    for organisasjon, kode in ((fjernt, "0301"), (u.scene.kommune, "5612")):
        skriv(sa.update(Organisasjon).where(Organisasjon.id == organisasjon.id).values(kode=kode))
    felles = {
        "kompetanse": krav,
        "vaksinert": True,
        "smittevern": now().date(),
        "hpr": "1234567",
        "hpr_slaatt_opp": now().date(),
    }

    def tilby(nr: int, **felt: Any) -> UUID:
        return lag_tilbud(lag_ressurs(u.scene.hf, **{**felles, "hpr": f"123456{nr}", **felt}), behov).id

    god = tilby(0)
    uten_oksygen = tilby(1, kompetanse=int(Kompetanse.INTENSIV))
    uten_oppslag = tilby(2, hpr_slaatt_opp=None)
    uten_vaksine = tilby(3, vaksinert=False)
    uten_smittevern = tilby(4, smittevern=None)
    for_langt = tilby(5, sted_id=fjernt.id, reise_km=100)
    lege = tilby(6, stilling="lege")
    f = til_behov(u, behov_id=behov.id)
    assert valgte(f) == {god}
    ikke = {id_: r.hvorfor_ikke for id_, r in alle(f).items() if id_ != god}
    assert ikke == {
        uten_oksygen: ("kompetanse",),
        uten_oppslag: ("autorisasjon",),
        uten_smittevern: ("smittevern",),
        for_langt: ("avstand",),
    }
    assert alle(f)[uten_oksygen].mangler == Kompetanse.OKSYGEN
    # Whether somebody else's people are vaccinated is nobody's but the lender's to see.
    egne = {id_: r.hvorfor_ikke for id_, r in alle(til_behov(u, u.avgiver, behov.id)).items()}
    assert egne[uten_vaksine] == ("vaksine",) and lege not in egne


def test_lokaler_foreslaas_etter_slag_krav_og_stoerrelse(u: Utlaan) -> None:
    behov = lag_behov(
        u.scene.kommune,
        slag=Slag.LOKALE,
        antall=1,
        minst=1,
        plasser=10,
        lokalkrav=int(Lokalkrav.OKSYGENUTTAK),
    )
    passer = lag_tilbud(lag_lokale(u.scene.hf, krav=int(Lokalkrav.OKSYGENUTTAK), navn="Post 3"), behov)
    stort = lag_tilbud(lag_lokale(u.scene.hf, krav=int(Lokalkrav.OKSYGENUTTAK), plasser=40), behov)
    uten = lag_tilbud(lag_lokale(u.scene.hf), behov)
    f = til_behov(u, behov_id=behov.id)
    assert valgte(f) == {passer.id}
    assert alle(f)[passer.id].navn == "Post 3"
    assert alle(f)[stort.id].hvorfor_ikke == ("nok",)
    assert alle(f)[uten.id].hvorfor_ikke == ("lokalkrav",)


def test_et_behov_som_er_i_gang_regnes_fra_naa(u: Utlaan) -> None:
    """Who can come for all that is left covers all of it."""
    t = lag_tilbud(u.personer[0], None, fra=u.behov.fra + 3 * DAG, til=u.behov.til)
    assert not alle(til_behov(u))[t.id].hel_periode
    with om(days=4, hours=1):
        rad = alle(til_behov(u))[t.id]
        assert rad.hel_periode and rad.valgt
        (linje,) = forslag.linjer(u.mottaker, u.behov.id, [t.id])
        assert linje.fra is not None and now() - T < linje.fra <= now()


# --- who sees what ---------------------------------------------------------------------------------------


def test_avgiver_ser_sine_egne_mot_andres_behov(u: Utlaan) -> None:
    egen = lag_tilbud(u.personer[0], u.behov)
    andres = lag_tilbud(lag_ressurs(u.scene.annen_kommune), u.behov)
    assert alle(til_behov(u, u.avgiver)).keys() == {egen.id}
    assert alle(til_behov(u)).keys() == {egen.id, andres.id}


def test_utkast_til_behov_er_bare_for_egne(u: Utlaan) -> None:
    behov = lag_behov(u.scene.kommune, status=Behovsstatus.UTKAST, meldt=None, fase=5)
    t = lag_tilbud(u.personer[0], behov)
    side = forslag.for_behov(u.mottaker, behov.id)
    assert valgte(side.forslag) == {t.id} and not side.kan_lage
    with pytest.raises(IkkeFunnet):
        forslag.for_behov(u.avgiver, behov.id)


def test_oversikten_har_egne_behov_og_der_egne_tilbud_passer(u: Utlaan) -> None:
    lag_tilbud(u.personer[0], u.behov)
    lag_tilbud(lag_ressurs(u.scene.hf, stilling="jordmor"))
    hos_mottaker = forslag.for_alle(u.mottaker)
    assert [f.behov.id for f in hos_mottaker.behov] == [u.behov.id] and hos_mottaker.behov[0].valgte == 1
    assert hos_mottaker.andres == [] and hos_mottaker.ledige == []
    hos_avgiver = forslag.for_alle(u.avgiver)
    assert [f.behov.id for f in hos_avgiver.andres] == [u.behov.id] and hos_avgiver.behov == []
    (ledig,) = hos_avgiver.ledige
    assert ledig.tilbud.hva == "jordmor" and not ledig.naer


def test_linjer_sier_hva_som_ikke_passer_lenger(u: Utlaan) -> None:
    t = lag_tilbud(u.personer[0], u.behov)
    with pytest.raises(UgyldigData) as feil:
        forslag.linjer(u.mottaker, u.behov.id, [])
    assert set(feil.value.detaljer["felter"]) == {"tilbud"}
    lovet = u.til(Status.GODKJENT_AVGIVER)
    with pytest.raises(UgyldigData) as feil:
        forslag.linjer(u.mottaker, u.behov.id, [t.id])
    assert set(feil.value.detaljer["felter"]) == {f"tilbud-{t.id}"}
    flyt.trekk(u.avgiver, lovet, grunn="Syk.")
    assert [li.tilbud_id for li in forslag.linjer(u.mottaker, u.behov.id, [t.id])] == [t.id]
    with pytest.raises(IkkeFunnet):
        forslag.linjer(u.mottaker, u.behov.id, [uuid4()])


# --- the pages -------------------------------------------------------------------------------------------


def test_siden_viser_grunner_og_lager_utkast(u: Utlaan, som: Som) -> None:
    skriv(
        sa.update(Ressursperson)
        .where(Ressursperson.id == u.personer[0].id)
        .values(kompetanse=int(Kompetanse.INTENSIV | Kompetanse.OKSYGEN))
    )
    behov = lag_behov(u.scene.kommune, u.oehd, kompetanse=int(Kompetanse.INTENSIV), antall=1)
    t = lag_tilbud(u.personer[0], behov)
    lag_tilbud(u.personer[1], behov, fra=behov.fra - DAG)
    klient = som(u.mottaker)
    side = klient.get(f"/omdisponering/behov/{behov.id}/forslag")
    assert side.status_code == 200
    vist = tekst(side.text)
    for ord_ in (
        "Har det som kreves: intensiv",
        "Hele perioden",
        "Låner ikke ut noen nå",
        "Mangler: intensiv",
    ):
        assert ord_ in vist, ord_
    assert "Somby" not in vist and "Ørn" not in vist
    assert krysset(side.text) == 1 and f'value="{t.id}"' in side.text
    svar = klient.post(f"/omdisponering/behov/{behov.id}/forslag", data={"tilbud": [str(t.id)]})
    assert svar.status_code == 303
    db.session.rollback()
    omd = db.session.scalars(sa.select(Omdisponering).where(Omdisponering.behov_id == behov.id)).one()
    assert svar.headers["Location"].endswith(f"/omdisponering/{omd.id}")
    (linje,) = omd.linjer
    assert (omd.status, linje.tilbud_id, linje.fra, linje.til) == ("utkast", t.id, behov.fra, behov.til)
    etter = tekst(klient.get(f"/omdisponering/behov/{behov.id}/forslag").text)
    assert f"Står alt i {omd.nummer}" in etter and "Behovet er dekket av det som er avtalt" in etter


def test_avgiver_lager_utkast_av_egne(u: Utlaan, som: Som) -> None:
    t = lag_tilbud(u.personer[0], u.behov)
    klient = som(u.avgiver)
    for adresse in (f"/omdisponering/behov/{u.behov.id}/forslag", "/omdisponering/forslag"):
        assert "Máret Somby" in tekst(klient.get(adresse).text)
    svar = klient.post(f"/omdisponering/behov/{u.behov.id}/forslag", data={"tilbud": [str(t.id)]})
    assert svar.status_code == 303
    db.session.rollback()
    omd = db.session.scalars(sa.select(Omdisponering).where(Omdisponering.behov_id == u.behov.id)).one()
    assert (omd.foreslaatt_side, omd.avgiver_id) == ("avgiver", u.scene.hf.id)


def test_ingenting_valgt_og_flere_avgivere_gir_svar_i_skjemaet(u: Utlaan, som: Som) -> None:
    ene = lag_tilbud(u.personer[0], u.behov)
    andre = lag_tilbud(lag_ressurs(u.scene.annen_kommune), u.behov)
    klient = som(u.mottaker)
    adresse = f"/omdisponering/behov/{u.behov.id}/forslag"
    svar = klient.post(adresse, data={})
    assert svar.status_code == 422 and "Velg minst ett tilbud." in tekst(svar.text)
    assert krysset(svar.text) == 0
    svar = klient.post(adresse, data={"tilbud": [str(ene.id), str(andre.id)]})
    assert svar.status_code == 422 and "fra flere avgivere" in tekst(svar.text)
    assert krysset(svar.text) == 2
    assert klient.post(adresse, data={"tilbud": ["ikke-en-id"]}).status_code == 422
    assert klient.post(adresse, data={"tilbud": [str(uuid4())]}).status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Omdisponering)) == 0


def test_det_som_er_tatt_imens_staar_ved_tilbudet(u: Utlaan, som: Som) -> None:
    t = lag_tilbud(u.personer[0], u.behov)
    klient = som(u.mottaker)
    klient.get(f"/omdisponering/behov/{u.behov.id}/forslag")
    annet = lag_behov(u.scene.annen_kommune)
    u.til(Status.GODKJENT_AVGIVER, behov=annet, aapnes=0)
    svar = klient.post(f"/omdisponering/behov/{u.behov.id}/forslag", data={"tilbud": [str(t.id)]})
    assert svar.status_code == 422
    assert "Tilbudet passer ikke lenger" in tekst(svar.text) and "Lovet bort i perioden" in tekst(svar.text)


def test_lukket_behov_kan_ses_men_ikke_brukes(u: Utlaan, som: Som) -> None:
    t = lag_tilbud(u.personer[0], u.behov)
    skriv(
        sa.update(type(u.behov)).where(type(u.behov).id == u.behov.id).values(status="lukket", lukket=now())
    )
    klient = som(u.mottaker)
    side = klient.get(f"/omdisponering/behov/{u.behov.id}/forslag")
    assert side.status_code == 200 and "Lag utkast" not in tekst(side.text)
    svar = klient.post(f"/omdisponering/behov/{u.behov.id}/forslag", data={"tilbud": [str(t.id)]})
    assert svar.status_code == 409 and "ikke åpent lenger" in tekst(svar.text)


def test_oversiktssiden(u: Utlaan, som: Som) -> None:
    tom = tekst(som(u.fremmed).get("/omdisponering/forslag").text)
    assert "Dere har ingen åpne behov" in tom
    lag_tilbud(u.personer[0], u.behov)
    lag_tilbud(lag_ressurs(u.scene.hf, navn="Risten Jordmor", stilling="jordmor"))
    hos_mottaker = tekst(som(u.mottaker).get("/omdisponering/forslag").text)
    assert "1 av 2 foreslått" in hos_mottaker and "Somby" not in hos_mottaker
    hos_avgiver = tekst(som(u.avgiver).get("/omdisponering/forslag").text)
    assert "Risten Jordmor" in hos_avgiver and "Ingen har meldt behov for dette nå." in hos_avgiver


@pytest.mark.parametrize("rolle", [Rolle.LEGE_KOMMUNE, Rolle.INNSYN])
def test_andre_roller_slipper_ikke_inn(u: Utlaan, som: Som, rolle: Rolle) -> None:
    klient = som(lag_aktor(rolle, u.scene.kommune))
    assert klient.get("/omdisponering/forslag").status_code == 403
    assert klient.get(f"/omdisponering/behov/{u.behov.id}/forslag").status_code == 404


def test_vilkaarene_fra_et_forslag_holder_hele_veien(u: Utlaan) -> None:
    """What is proposed can be proposed, approved and begun as it is."""
    t = lag_tilbud(u.personer[0], u.behov)
    id_ = utkast.opprett(
        u.avgiver,
        u.behov.id,
        [
            utkast.Ny(tilbud_id=li.tilbud_id, fra=li.fra, til=li.til, andel=li.andel, samtykket=True)
            for li in forslag.linjer(u.avgiver, u.behov.id, [t.id])
        ],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id},
    )
    flyt.foreslaa(u.avgiver, id_)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert u.les(id_).status == Status.GODKJENT_AVGIVER
