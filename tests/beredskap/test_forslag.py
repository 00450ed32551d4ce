"""Proposals: one act to many, one click each, and what falls away when something newer comes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.beredskap import steps
from portal.beredskap.models import Faseforslag
from portal.beredskap.service import faser, forslag
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, PortalError, UgyldigData, UgyldigOvergang
from portal.identitet.models import Organisasjon
from portal.varsler.models import Varsel
from tests.beredskap.hjelp import (
    DAG,
    NAA,
    T,
    endre,
    foreslaa,
    fortalt,
    i_kriseledelsen,
    mottaker,
    perioder,
    sett,
    siden_alltid,
)
from tests.bygg import Opptak, Scene, lag_aktor, lag_kommune, revisjon, uten_spor
from tests.samtidig import samtidig


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def nabolege(scene: Scene) -> Aktor:
    """The kommuneoverlege of the other kommune."""
    aktor = lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.annen_kommune)
    siden_alltid(scene)
    return aktor


def begge(scene: Scene, **felt: object) -> UUID:
    return foreslaa(scene.koordinator, scene.kommune.id, scene.annen_kommune.id, **felt)  # type: ignore[arg-type]


def test_ett_forslag_til_mange_bekreftes_hver_for_seg(scene: Scene, nabolege: Aktor) -> None:
    id_ = begge(scene)
    assert fortalt(scene.kommuneoverlege) == ["Foreslått for Guovdageaidnu: fase 4, Epidemitopp"]
    assert fortalt(nabolege) == ["Foreslått for Nabokommunen: fase 4, Epidemitopp"]
    assert [m.forslag_id for m in forslag.som_venter(nabolege)] == [id_]
    assert forslag.antall_venter(nabolege) == 1
    with som_om(NAA + T):
        forslag.bekreft(nabolege, mottaker(id_, scene.annen_kommune.id).id)
    assert perioder(scene.annen_kommune.id) == [(4, NAA + T, None)]
    assert perioder(scene.kommune.id) == []
    assert (forslag.antall_venter(nabolege), forslag.antall_venter(scene.kommuneoverlege)) == (0, 1)
    # The bell forgets what has been answered.
    assert fortalt(nabolege, "beredskap.forslag", bare_naa=True) == []
    sendt, antall = forslag.sendte(scene.koordinator)
    assert antall == 1 and sendt[0].svar == {"bekreftet": 1, "venter": 1}
    assert (sendt[0].antall, sendt[0].svart) == (2, 1)


def test_kommunens_koordinator_forbereder_og_kommuneoverlegen_bekrefter(scene: Scene, opptak: Opptak) -> None:
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    siden_alltid(scene)
    id_ = foreslaa(koordinator, scene.kommune.id)
    m = mottaker(id_, scene.kommune.id)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        forslag.bekreft(koordinator, m.id)
    forslag.bekreft(scene.kommuneoverlege, m.id)
    assert perioder(scene.kommune.id) == [(4, NAA, None)]
    assert fortalt(koordinator, "beredskap.begynt") == ["Guovdageaidnu er i fase 4: Epidemitopp"]


def test_fra_et_tidspunkt_som_kommer_blir_planlagt(scene: Scene, nabolege: Aktor) -> None:
    id_ = begge(scene, fra=NAA + 2 * DAG)
    forslag.bekreft(nabolege, mottaker(id_, scene.annen_kommune.id).id)
    assert perioder(scene.annen_kommune.id) == [(4, NAA + 2 * DAG, None)]
    # Who confirms later confirms from then.
    with som_om(NAA + 3 * DAG):
        forslag.bekreft(scene.kommuneoverlege, mottaker(id_, scene.kommune.id).id)
    assert perioder(scene.kommune.id) == [(4, NAA + 3 * DAG, None)]


def test_avslag_setter_ingenting_og_den_som_foreslo_ser_hvorfor(scene: Scene, nabolege: Aktor) -> None:
    id_ = begge(scene)
    forslag.avslaa(nabolege, mottaker(id_, scene.annen_kommune.id).id, "Vi har to syke.")
    assert perioder(scene.annen_kommune.id) == []
    m = mottaker(id_, scene.annen_kommune.id)
    assert (m.svar, m.merknad, m.svart_av_id) == ("avslaatt", "Vi har to syke.", nabolege.person_id)
    assert fortalt(scene.koordinator, "beredskap.svar") == ["Nabokommunen har avslått fase 4"]
    assert [r.handling for r in revisjon("beredskap.avslaatt")] == ["beredskap.avslaatt"]


def test_den_som_foreslo_faar_vite_at_de_bekrefter(scene: Scene, nabolege: Aktor) -> None:
    """At the first, and again when it has been read or nobody is left to answer: not for each of forty."""
    tredje = lag_kommune("Tredje", helseforetak_id=scene.hf.id)
    fjerde = lag_kommune("Fjerde", helseforetak_id=scene.hf.id)
    leger = [lag_aktor(Rolle.KOMMUNEOVERLEGE, k) for k in (tredje, fjerde)]
    siden_alltid(scene)
    id_ = foreslaa(scene.koordinator, scene.kommune.id, scene.annen_kommune.id, tredje.id, fjerde.id)
    forslag.bekreft(scene.kommuneoverlege, mottaker(id_, scene.kommune.id).id)
    assert fortalt(scene.koordinator, "beredskap.svar") == ["Guovdageaidnu har bekreftet fase 4"]
    forslag.bekreft(nabolege, mottaker(id_, scene.annen_kommune.id).id)
    assert len(fortalt(scene.koordinator, "beredskap.svar")) == 1, "the first is not read yet"
    forslag.avslaa(leger[0], mottaker(id_, tredje.id).id, "Nei.")
    assert len(fortalt(scene.koordinator, "beredskap.svar")) == 2, "a no is always told"
    forslag.bekreft(leger[1], mottaker(id_, fjerde.id).id)
    assert "Fjerde har bekreftet fase 4" in fortalt(scene.koordinator, "beredskap.svar")
    siste = db.session.scalars(sa.select(Varsel).where(Varsel.tittel == "Fjerde har bekreftet fase 4")).one()
    assert siste.tekst == "Nå venter forslaget ikke på flere svar."
    assert siste.lenke == f"/beredskap/forslag/{id_}"


def test_et_nyere_forslag_tar_over(scene: Scene, nabolege: Aktor, opptak: Opptak) -> None:
    gammelt, nytt = begge(scene), begge(scene, fase=5)
    m = mottaker(gammelt, scene.kommune.id)
    assert m.svar == "bortfalt"
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
        forslag.bekreft(scene.kommuneoverlege, m.id)
    assert "noe nyere er kommet" in feil.value.melding
    assert fortalt(nabolege, "beredskap.forslag", bare_naa=True) == [
        "Foreslått for Nabokommunen: fase 5, Nedgang"
    ]
    assert [v.forslag_id for v in forslag.som_venter(nabolege)] == [nytt]


def test_en_egen_fase_lar_forslaget_falle(scene: Scene, nabolege: Aktor) -> None:
    id_ = begge(scene)
    sett(nabolege, 3)
    assert mottaker(id_, scene.annen_kommune.id).svar == "bortfalt"
    assert mottaker(id_, scene.kommune.id).svar == "venter"


def test_to_som_svarer_samtidig(app: Flask, scene: Scene) -> None:
    kollega = lag_aktor(Rolle.KOMMUNEOVERLEGE, scene.kommune, navn="Kjell Kollega")
    siden_alltid(scene)
    id_ = mottaker(foreslaa(scene.koordinator, scene.kommune.id), scene.kommune.id).id
    db.session.rollback()
    svar = samtidig(
        app, lambda: forslag.bekreft(scene.kommuneoverlege, id_), lambda: forslag.bekreft(kollega, id_)
    )
    feil = [s for s in svar if isinstance(s, PortalError)]
    assert len(feil) == 1 and isinstance(feil[0], Opptatt) and "har alt svart: Bekreftet" in feil[0].melding
    assert len(perioder(scene.kommune.id)) == 1


def test_bekreftelse_over_en_planlagt_sier_hva_som_er_i_veien(
    scene: Scene, nabolege: Aktor, opptak: Opptak
) -> None:
    sett(nabolege, 5, fra=NAA + 5 * DAG)
    m = mottaker(begge(scene), scene.annen_kommune.id)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        forslag.bekreft(nabolege, m.id)
    assert "er fase 5 planlagt" in str(feil.value.detaljer["felter"]["til"][0])
    assert mottaker(m.forslag_id, scene.annen_kommune.id).svar == "venter"


def test_trekke_det_som_ingen_har_svart_paa(scene: Scene, nabolege: Aktor, opptak: Opptak) -> None:
    id_ = begge(scene)
    forslag.bekreft(nabolege, mottaker(id_, scene.annen_kommune.id).id)
    assert forslag.trekk(scene.koordinator, id_) == 1
    assert mottaker(id_, scene.kommune.id).svar == "trukket"
    assert mottaker(id_, scene.annen_kommune.id).svar == "bekreftet"
    assert fortalt(scene.kommuneoverlege, "beredskap.forslag", bare_naa=True) == []
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        forslag.trekk(scene.koordinator, id_)


# --- who -------------------------------------------------------------------------------------------------


def test_bare_egne_kommuner(scene: Scene, opptak: Opptak) -> None:
    siden_alltid(scene)
    fremmed = lag_kommune("Langtvekk", helseforetak_id=scene.annet_hf.id)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        foreslaa(scene.koordinator, scene.kommune.id, fremmed.id)
    assert "organisasjoner" in feil.value.detaljer["felter"]
    with uten_spor(opptak), pytest.raises(UgyldigData):
        foreslaa(scene.koordinator)
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        foreslaa(koordinator, scene.annen_kommune.id)


def test_rhf_foreslaar_for_foretakenes_kommuner(scene: Scene) -> None:
    rhf = lag_aktor(Rolle.KOORDINATOR, scene.rhf)
    siden_alltid(scene)
    assert forslag.kan_foreslaa_for(rhf) == []
    endre(Organisasjon, scene.hf.id, overordnet_id=scene.rhf.id)
    assert {o.id for o in forslag.kan_foreslaa_for(rhf)} == {scene.kommune.id, scene.annen_kommune.id}


def test_hvem_som_foreslaar_og_ser(scene: Scene, nabolege: Aktor, opptak: Opptak) -> None:
    for nektet in (scene.kommuneoverlege, scene.lege, scene.administrator, scene.vaktleder, scene.spesialist):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            foreslaa(nektet, scene.kommune.id)
    i_kriseledelsen(scene.spesialist)
    id_ = foreslaa(scene.spesialist, scene.kommune.id)
    m = mottaker(id_, scene.kommune.id)
    # The proposer's insiders see the answers; those who may answer see theirs; nobody else knows of it.
    assert forslag.hent(scene.vaktleder, id_).id == id_
    assert forslag.hent_mottatt(scene.kommuneoverlege, m.id).id == m.id
    for fremmed in (nabolege, scene.lege, scene.fremmed_vaktleder):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            forslag.hent_mottatt(fremmed, m.id)
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            forslag.bekreft(fremmed, m.id)
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            forslag.hent(fremmed, id_)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        forslag.trekk(scene.vaktleder, id_)
    assert forslag.som_venter(scene.lege) == []
    assert forslag.antall_venter(scene.lege) == 0


def test_forty_to_kommuner_i_en_handling(scene: Scene) -> None:
    siden_alltid(scene)
    kommuner = [lag_kommune(f"Kommune {n:02}", helseforetak_id=scene.hf.id) for n in range(40)]
    leger = [lag_aktor(Rolle.KOMMUNEOVERLEGE, k) for k in kommuner[:3]]
    siden_alltid(scene)
    id_ = foreslaa(scene.koordinator, *(o.id for o in forslag.kan_foreslaa_for(scene.koordinator)))
    assert len(db.session.get_one(Faseforslag, id_).mottakere) == 42
    assert all(len(fortalt(lege)) == 1 for lege in leger)
    with som_om(NAA + T):
        for lege, kommune in zip(leger, kommuner, strict=False):
            forslag.bekreft(lege, mottaker(id_, kommune.id).id)
    faser_naa = steps.situasjoner([k.id for k in kommuner], NAA + T)
    assert sorted(s.fase for s in faser_naa.values()) == [1] * 37 + [4] * 3


def test_uten_noen_som_kan_bekrefte(scene: Scene) -> None:
    """The kommune has nobody who decides: nobody is told, and the trust can see it (`oversikt.kommunerader`)."""
    siden_alltid(scene)
    id_ = foreslaa(scene.koordinator, scene.annen_kommune.id)
    assert mottaker(id_, scene.annen_kommune.id).svar == "venter"
    assert steps.besluttere([scene.annen_kommune.id]) == {scene.annen_kommune.id: []}


def test_tiden_proeves_som_for_en_fase(scene: Scene, opptak: Opptak) -> None:
    siden_alltid(scene)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        foreslaa(scene.koordinator, scene.kommune.id, fra=NAA - DAG)
    assert list(feil.value.detaljer["felter"]) == ["fra"]
    assert faser.SLAKK < T
