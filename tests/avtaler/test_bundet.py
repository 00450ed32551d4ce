"""Nobody is bound by a version that their own chain has not approved, however notices are given and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtaleversjon
from portal.avtaler.service import avtaler, godkjenning, ikrafttredelse, oppsigelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from portal.core.errors import UgyldigData, UgyldigOvergang
from tests.avtaler.godkjenninghjelp import Bord, beskriv, hash_naa, lenker
from tests.avtaler.godkjenninghjelp import gi as godkjenn
from tests.avtaler.motorhjelp import les, varslet
from tests.avtaler.oppsigelsehjelp import ENIGE, GRUNN, Livet, part, rad, snart, versjon
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor
from tests.conftest import DB
from tests.samtidig import samtidig

DAG = timedelta(days=1)


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


@pytest.fixture
def bord(livet: Livet) -> Bord:
    return Bord(livet.scene, livet.kommune)


class Uten:
    """Version 2 is sent with the kommune's notice running: it would have left by the day that is wanted."""

    def __init__(self, livet: Livet, bord: Bord, ut: int = 30, om: int = 60) -> None:
        self.livet, self.bord = livet, bord
        self.id = livet.avtale()
        self.nabo = lag_aktor(Rolle.ADMINISTRATOR, livet.scene.annen_kommune, navn="Odd Ordfører")
        self.oppsigelse = snart(livet.kommune, self.id, ut)
        avtaler.ny_versjon(livet.eier, self.id)
        beskriv(self.id, "Brukerutvalget.", i_dag() + om * DAG)
        godkjenning.send(livet.eier, self.id, hash_naa(self.id))
        assert lenker(self.id, livet.kommune) == [], "not asked: it will have left"

    def de_andre_godkjenner(self) -> None:
        godkjenn(self.bord.direktoer, self.id)
        godkjenn(self.nabo, self.id)

    def kommunen_godkjenner(self) -> None:
        godkjenn(self.bord.ordfoerer, self.id)

    @property
    def ny(self) -> Avtaleversjon:
        return versjon(self.id, 2)

    @property
    def tilstand(self) -> tuple[str, int | None]:
        """The status of the new one, and in how many days it begins."""
        fra = self.ny.i_kraft_fra
        return self.ny.status, (fra - i_dag()).days if fra else None


@pytest.fixture
def uten(livet: Livet, bord: Bord) -> Uten:
    return Uten(livet, bord)


# --- the kommune takes its notice back -------------------------------------------------------------------


def test_trekkes_oppsigelsen_mens_de_andre_godkjenner_spoerres_kommunen_ogsaa(uten: Uten) -> None:
    livet = uten.livet
    oppsigelse.trekk(livet.kommune, uten.oppsigelse)
    assert [g.navn for g in lenker(uten.id, livet.kommune)] == ["Kommunestyret"]
    assert {uten.bord.ordfoerer.person_id, livet.kommune.person_id} <= set(varslet("avtale.til_godkjenning"))
    assert livet.eier.person_id in varslet("avtale.part_spurt")
    assert len(revisjon("avtale.part_spurt")) == 1
    uten.de_andre_godkjenner()
    assert uten.tilstand == (Status.TIL_GODKJENNING, None)
    uten.kommunen_godkjenner()
    assert uten.tilstand == (Status.GODKJENT, 60)
    assert part(uten.id, livet.scene.kommune).til is None


def test_trekkes_den_naar_alle_andre_har_godkjent_gaar_versjonen_tilbake(uten: Uten) -> None:
    """What the others gave stays given, and the version that holds goes on without an end."""
    livet = uten.livet
    uten.de_andre_godkjenner()
    assert uten.tilstand == (Status.GODKJENT, 60)
    assert versjon(uten.id).i_kraft_til == i_dag() + 60 * DAG
    oppsigelse.trekk(livet.kommune, uten.oppsigelse)
    assert uten.tilstand == (Status.TIL_GODKJENNING, None)
    assert (versjon(uten.id).status, versjon(uten.id).i_kraft_til) == (Status.UNDER_REVISJON, None)
    assert all(g.gitt for o in (uten.nabo, uten.bord.direktoer) for g in lenker(uten.id, o, 2))
    with som_om(now() + 61 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert versjon(uten.id).status == Status.UNDER_REVISJON, "no gap, and nobody bound unasked"
    uten.kommunen_godkjenner()
    assert uten.tilstand == (Status.GODKJENT, 60)
    assert versjon(uten.id).i_kraft_til == i_dag() + 60 * DAG


def test_har_den_godkjent_foer_den_sa_opp_er_ingenting_aa_spoerre_om(livet: Livet, bord: Bord) -> None:
    avtale_id = livet.avtale()
    nabo = lag_aktor(Rolle.ADMINISTRATOR, livet.scene.annen_kommune, navn="Odd Ordfører")
    bord.ny_versjon(avtale_id, oensket_fra=i_dag() + 60 * DAG)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    id_ = snart(livet.kommune, avtale_id, 30)
    godkjenn(nabo, avtale_id)
    oppsigelse.trekk(livet.kommune, id_)
    assert versjon(avtale_id, 2).status == Status.GODKJENT
    assert len(lenker(avtale_id, livet.kommune)) == 1


def test_er_avtalen_sagt_opp_for_alle_tas_den_nye_ikke_fra_dem_paa_den_maaten(
    uten: Uten, opptak: Opptak
) -> None:
    """The day after the last of the old one would have none: the owner must take it back itself."""
    livet = uten.livet
    uten.de_andre_godkjenner()
    snart(livet.eier, uten.id, 90)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
        oppsigelse.trekk(livet.kommune, uten.oppsigelse)
    assert "Be Sykehuset Testfjord ta versjonen tilbake først." in str(feil.value.melding)
    assert rad(uten.oppsigelse).trukket is None
    assert part(uten.id, livet.scene.kommune).til == i_dag() + 30 * DAG
    godkjenning.aapne_igjen(livet.eier, uten.id)
    oppsigelse.trekk(livet.kommune, uten.oppsigelse)
    godkjenning.send(livet.eier, uten.id, hash_naa(uten.id))
    assert len(lenker(uten.id, livet.kommune)) == 1


def test_det_staar_paa_siden_foer_den_trekkes(uten: Uten, som: Callable[[Aktor], FlaskClient]) -> None:
    klient, her = som(uten.livet.kommune), f"/avtaler/{uten.id}/oppsigelse/{uten.oppsigelse}/trekk"
    assert "spørres dere også om å godkjenne den" in klient.get(f"/avtaler/{uten.id}/livet").text
    uten.de_andre_godkjenner()
    snart(uten.livet.eier, uten.id, 90)
    svar = klient.post(her)
    assert svar.status_code == 409 and "Da kan dere trekke oppsigelsen" in svar.text


# --- the owner's notice moves the day --------------------------------------------------------------------


@pytest.mark.parametrize("naar", ["foer", "etter"])
def test_en_tidligere_dag_binder_ingen_som_ikke_er_spurt(livet: Livet, bord: Bord, naar: str) -> None:
    """The kommune leaves in 90 days, the new one was wanted in 120; the old one ends in 30."""
    uten = Uten(livet, bord, ut=90, om=120)
    if naar == "foer":
        snart(livet.eier, uten.id, 30)
        assert len(lenker(uten.id, livet.kommune)) == 1, "asked at once"
    uten.de_andre_godkjenner()
    if naar == "etter":
        # Its day is set, and is not moved: what holds ends before it, and nothing binds the kommune.
        snart(livet.eier, uten.id, 30)
        assert uten.tilstand == (Status.GODKJENT, 120) and lenker(uten.id, livet.kommune) == []
        return
    assert uten.tilstand == (Status.TIL_GODKJENNING, None)
    uten.kommunen_godkjenner()
    assert uten.tilstand == (Status.GODKJENT, 30)


# --- two at once -----------------------------------------------------------------------------------------


@pytest.mark.skipif(DB != "postgresql", reason="SQLite takes one writer at a time")
def test_den_siste_godkjenner_mens_oppsigelsen_trekkes(uten: Uten, app: Flask) -> None:
    godkjenn(uten.bord.direktoer, uten.id)
    lenke = lenker(uten.id, uten.nabo)[0].id
    hash_ = hash_naa(uten.id)
    kommune = uten.livet.kommune
    samtidig(
        app,
        lambda: oppsigelse.trekk(kommune, uten.oppsigelse),
        lambda: godkjenning.godkjenn(uten.nabo, lenke, hash_, "26/114", i_dag()),
    )
    les(uten.id)
    assert uten.tilstand == (Status.TIL_GODKJENNING, None)
    assert [g.gitt for g in lenker(uten.id, kommune)] == [None]


# --- a notice that was given before it was entered -------------------------------------------------------


def _si_opp(livet: Livet, avtale_id: UUID, foer: int, om: int | None, **felt: str) -> UUID:
    return oppsigelse.gi(
        livet.eier,
        avtale_id,
        varslet=i_dag() - foer * DAG,
        virkning=i_dag() + om * DAG if om is not None else None,
        begrunnelse=GRUNN,
        **felt,
    )


@pytest.mark.parametrize(
    ("foer", "om", "felt", "feil"),
    [
        (15, None, {}, ["brev"]),
        (15, None, {"brev": " "}, ["brev"]),
        (15, None, {"enighet": ENIGE}, ["brev"]),
        (15, None, {"brev": "x" * 501}, ["brev"]),
        (364, 1, {"brev": "Brev, sak 26/114"}, ["virkning"]),
        (364, 13, {"brev": "Brev, sak 26/114"}, ["virkning"]),
        (364, 1, {}, ["brev", "virkning"]),
        (360, None, {"brev": "Brev, sak 26/114"}, ["virkning"]),
        (15, None, {"brev": "Se 13097248022."}, ["brev"]),
    ],
)
def test_en_oppsigelse_langt_tilbake_i_tid_maa_vises(
    livet: Livet, opptak: Opptak, foer: int, om: int | None, felt: dict[str, str], feil: list[str]
) -> None:
    avtale_id = livet.avtale(fra=i_dag() - 400 * DAG)
    with uten_spor(opptak), pytest.raises(UgyldigData) as info:
        _si_opp(livet, avtale_id, foer, om, **felt)
    assert sorted(info.value.detaljer["felter"]) == feil


@pytest.mark.parametrize(
    ("foer", "om", "felt"),
    [
        (14, None, {}),
        (15, None, {"brev": " Brev 3. mars,\n sak 26/114 "}),
        (355, 14, {"brev": "Brev 3. mars, sak 26/114"}),
        (364, 1, {"brev": "Brev 3. mars, sak 26/114", "enighet": ENIGE}),
    ],
)
def test_den_som_viser_den_kan_foere_den(
    livet: Livet, foer: int, om: int | None, felt: dict[str, str]
) -> None:
    avtale_id = livet.avtale(fra=i_dag() - 400 * DAG)
    funnet = rad(_si_opp(livet, avtale_id, foer, om, **felt))
    assert funnet.brev == ("Brev 3. mars, sak 26/114" if felt else "")
    # The log, which nobody can change, says that a letter was named, and not what somebody wrote about it.
    logget = json.loads(revisjon("avtale.oppsagt")[0].detaljer)
    assert logget["brev"] is bool(felt) and logget["oppsigelse"] == str(funnet.id)


def test_alle_partene_ser_hvor_brevet_er(livet: Livet, som: Callable[[Aktor], FlaskClient]) -> None:
    avtale_id = livet.avtale(fra=i_dag() - 400 * DAG)
    her, dag = f"/avtaler/{avtale_id}/oppsigelse", i_dag() - 40 * DAG
    inn = {"varslet": dag.isoformat(), "begrunnelse": GRUNN}
    klient = som(livet.eier)
    svar = klient.post(her, data=inn)
    assert svar.status_code == 422 and "Skriv hvor den skriftlige oppsigelsen finnes" in svar.text
    assert GRUNN in svar.text
    inn["brev"] = "Brev 3. mars, sak 26/114"
    svar = klient.post(her, data=inn)
    assert svar.status_code == 200 and svar.text.count("Brev 3. mars, sak 26/114") == 2
    assert klient.post(her, data={**inn, "bekreft": "1"}).status_code == 303
    assert "Brev 3. mars, sak 26/114" in som(livet.nabo).get(f"/avtaler/{avtale_id}/livet").text
