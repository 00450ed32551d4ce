"""«Hva gjelder nå?»: which clauses hold for a kommune in a situation and a phase, and what another phase changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from portal.avtaler import punkter
from portal.avtaler.forloep import Art, Partstatus, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.avtaler.service import gjelder
from portal.beredskap.models import Oevelse, Oevelsesdeltaker
from portal.core.aktor import Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData
from tests.avtalehjelp import faser, lag_avtale, lag_bestemmelse, lag_fase
from tests.bygg import Scene, lag_aktor, lag_organisasjon, lagre


def _avtale(scene: Scene, *klausuler: dict[str, Any], **felt: Any) -> Avtale:
    felt.setdefault("kommuner", [scene.kommune])
    return lag_avtale(
        scene.hf,
        felt.pop("kommuner"),
        status=felt.pop("status", Status.GJELDENDE),
        bestemmelser=klausuler,
        **felt,
    )


def _navn(g: gjelder.Gjelder) -> dict[str, list[str]]:
    return {
        **{gr.situasjon: [k.overskrift for k in gr.klausuler] for gr in g.grupper},
        "ved_siden": [k.overskrift for k in g.ved_siden.klausuler],
    }


def test_fasen_avgjoer_hvilke_bestemmelser_som_gjelder(scene: Scene) -> None:
    """The seed situation: what holds every day, and what replaces it at the peak, differs between two kommuner."""
    _avtale(
        scene,
        {"overskrift": "Til daglig", "faser": faser(1, 2, 3, 5)},
        {"overskrift": "Ved epidemitopp", "faser": faser(4)},
        {"overskrift": "Alltid"},
        kommuner=[scene.kommune, scene.annen_kommune],
    )
    lag_fase(scene.kommune, 4)
    her = gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse")
    assert _navn(her)["innleggelse"] == ["Ved epidemitopp", "Alltid"]
    assert (her.fase, her.naa.satt, her.tenkt) == (4, True, False)
    der = gjelder.hva_gjelder(scene.fremmed_lege, scene.annen_kommune.id, "innleggelse")
    assert _navn(der)["innleggelse"] == ["Til daglig", "Alltid"]
    assert (der.fase, der.naa.satt) == (1, False)
    tenkt = gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse", fase=2)
    assert _navn(tenkt)["innleggelse"] == ["Til daglig", "Alltid"]
    assert (tenkt.fase, tenkt.naa.fase, tenkt.tenkt) == (2, 4, True)


def test_situasjonen_avgjoer_og_det_som_staar_ved_siden(scene: Scene) -> None:
    _avtale(
        scene,
        {"overskrift": "Inn", "art": Art.INNLEGGELSE},
        {"overskrift": "Ut", "art": Art.UTSKRIVNING},
        {"overskrift": "Seng", "art": Art.OEHD},
        {"overskrift": "Roller", "art": Art.ROLLER},
        {"overskrift": "Roller ut", "art": Art.ROLLER, "punkt": 5},
        {"overskrift": "Varsel", "art": Art.PROSEDYRE, "trinn": ["varsel"]},
        {"overskrift": "Begge veier", "art": Art.INFORMASJON, "punkt": 2},
        {"overskrift": "Beredskap", "art": Art.BEREDSKAP, "punkt": 11},
        {"overskrift": "Forskning", "art": Art.ANNET, "punkt": 7},
    )

    def spurt(situasjon: str | None) -> dict[str, list[str]]:
        return _navn(gjelder.hva_gjelder(scene.lege, scene.kommune.id, situasjon))

    assert spurt("innleggelse") == {
        "innleggelse": ["Inn"],
        "ved_siden": ["Roller", "Begge veier", "Beredskap"],
    }
    assert spurt("utskrivning") == {
        "utskrivning": ["Ut"],
        "ved_siden": ["Roller", "Roller ut", "Varsel", "Begge veier", "Beredskap"],
    }
    assert spurt("oehd") == {"oehd": ["Seng"], "ved_siden": ["Roller", "Beredskap"]}
    alle = spurt(None)
    assert (alle["innleggelse"], alle["utskrivning"], alle["oehd"]) == (["Inn"], ["Ut"], ["Seng"])
    assert "Forskning" not in alle["ved_siden"]


def test_fagomraadet_avgrenser_bare_det_som_er_avgrenset(scene: Scene) -> None:
    _avtale(
        scene,
        {"overskrift": "Alle"},
        {"overskrift": "Hjertet", "fagomraader": ["hjertesykdommer"]},
        {"overskrift": "Lungene", "fagomraader": ["lungesykdommer", "infeksjonssykdommer"]},
    )
    svar = gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse", "lungesykdommer")
    assert _navn(svar)["innleggelse"] == ["Alle", "Lungene"]
    svar = gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse")
    assert len(_navn(svar)["innleggelse"]) == 3


def test_bare_det_som_holder_den_dagen_og_i_den_versjonen(scene: Scene) -> None:
    """Read from the dates of versions and parties, never from a status."""
    dag = i_dag()
    a = _avtale(
        scene, {"overskrift": "Gammel ordlyd", "til_versjon": 2}, i_kraft_til=dag, tittel="Med to versjoner"
    )
    # The worker has not moved the old one to «erstattet» yet, nor the new one to «gjeldende».
    lagre(
        Avtaleversjon(
            id=uuid4(), avtale_id=a.id, nummer=2, status=Status.GODKJENT, opprettet=now(), i_kraft_fra=dag
        )
    )
    lag_bestemmelse(a, overskrift="Ny ordlyd", fra_versjon=2)
    lag_bestemmelse(a, overskrift="I utkastet", fra_versjon=3, plass=2)
    _avtale(scene, {"overskrift": "Utkast"}, status=Status.UTKAST)
    _avtale(scene, {"overskrift": "Kommer"}, i_kraft_fra=dag + timedelta(days=1))
    _avtale(scene, {"overskrift": "Utløpt"}, i_kraft_fra=dag - timedelta(days=9), i_kraft_til=dag)

    def den(dag_: Any) -> list[str]:
        g = gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse", dag=dag_)
        return _navn(g)["innleggelse"]

    assert den(None) == den(dag) == ["Ny ordlyd"]
    assert den(dag - timedelta(days=1)) == ["Gammel ordlyd", "Utløpt"] or den(dag - timedelta(days=1)) == [
        "Utløpt",
        "Gammel ordlyd",
    ]
    assert sorted(den(dag + timedelta(days=1))) == ["Kommer", "Ny ordlyd"]


def test_en_kommune_som_gaar_ut_eller_kommer_til(scene: Scene) -> None:
    dag = i_dag()
    a = _avtale(scene, {"overskrift": "Felles"}, kommuner=[scene.kommune, scene.annen_kommune])

    @transactional
    def _endre() -> None:
        part = (
            db.session.query(Avtalepart)
            .filter_by(avtale_id=a.id, organisasjon_id=scene.annen_kommune.id)
            .one()
        )
        part.til, part.status = dag, Partstatus.UTMELDT

    _endre()
    assert gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse").antall == 1
    assert gjelder.hva_gjelder(scene.fremmed_lege, scene.annen_kommune.id, "innleggelse").antall == 0
    siste = gjelder.hva_gjelder(
        scene.fremmed_lege, scene.annen_kommune.id, "innleggelse", dag=dag - timedelta(days=1)
    )
    assert siste.antall == 1


def test_i_en_oevelse_gjelder_den_spilte_fasen(scene: Scene) -> None:
    _avtale(scene, {"overskrift": "Topp", "faser": faser(4)})
    oevelse = Oevelse(
        id=uuid4(),
        organisasjon_id=scene.hf.id,
        navn="Nord",
        fra=now() - timedelta(hours=1),
        til=now() + timedelta(hours=1),
        opprettet=now(),
        deltakere=[Oevelsesdeltaker(organisasjon_id=scene.kommune.id, fase=4, nivaa="roed")],
    )
    lagre(oevelse)
    assert gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse").antall == 0
    i_den = gjelder.hva_gjelder(scene.lege, scene.kommune.id, "innleggelse", oevelse_id=oevelse.id)
    assert (i_den.antall, i_den.naa.oevelse) == (1, "Nord")


def test_ingen_ser_mer_av_avtalene_enn_ellers(scene: Scene) -> None:
    _avtale(scene, {"overskrift": "Felles"})
    for hvem, antall in (
        (scene.lege, 1),
        (scene.sykepleier, 1),
        (scene.spesialist, 1),
        (scene.fremmed_lege, 0),
        (scene.fremmed_spesialist, 0),
    ):
        assert gjelder.hva_gjelder(hvem, scene.kommune.id, "innleggelse").antall == antall, hvem.navn
    for id_ in (scene.hf.id, uuid4()):
        with pytest.raises(IkkeFunnet):
            gjelder.hva_gjelder(scene.lege, id_, None)
    for feil in ({"fase": 6}, {"fase": 0}, {"situasjon": "ferie"}):
        with pytest.raises(UgyldigData):
            gjelder.hva_gjelder(scene.lege, scene.kommune.id, feil.get("situasjon"), fase=feil.get("fase"))  # type: ignore[arg-type]


def test_hvem_kan_velge_hvilke_kommuner(scene: Scene) -> None:
    """The own one; a trust's area and those it has agreements with; of an RHF those of its trusts; of the state all."""
    utenfor = lag_organisasjon("kommune", "Langt borte", helseforetak_id=scene.annet_hf.id)
    _avtale(scene, {}, kommuner=[utenfor])

    def navn(aktor: Any) -> list[str]:
        return [n for _id, n in gjelder.kommuner_for(aktor)]

    assert navn(scene.lege) == ["Guovdageaidnu"]
    assert navn(scene.spesialist) == ["Guovdageaidnu", "Langt borte", "Nabokommunen"]
    assert navn(scene.fremmed_spesialist) == ["Langt borte"]
    rhf = lag_organisasjon("rhf", "Helse Over")
    under = lag_organisasjon("hf", "Under", overordnet_id=rhf.id)
    lag_organisasjon("kommune", "Under dem", helseforetak_id=under.id)
    assert navn(lag_aktor(Rolle.INNSYN, rhf)) == ["Under dem"]
    assert len(navn(lag_aktor(Rolle.INNSYN, lag_organisasjon("myndighet", "Statsforvalteren")))) == 4


# --- what another phase changes ---------------------------------------------------------------------------


def test_forhaandsvisning_av_en_fase(scene: Scene) -> None:
    _avtale(
        scene,
        {"overskrift": "Til daglig", "faser": faser(1, 2, 3, 5)},
        {"overskrift": "Topp", "faser": faser(4), "art": Art.ROLLER},
        {"overskrift": "Alltid", "art": Art.ANNET},
        kommuner=[scene.kommune, scene.annen_kommune],
    )
    lag_fase(scene.annen_kommune, 4)
    f = gjelder.forhaandsvis(scene.kommuneoverlege, [scene.kommune.id], 4)
    assert [e.klausul.overskrift for e in f.trer_i_kraft] == ["Topp"]
    assert [e.klausul.overskrift for e in f.faller_bort] == ["Til daglig"]
    assert (f.uendret, f.uten_avtale, f.kommuner) == (1, [], 1)
    # For many at once: the one that is there already is not told of.
    begge = gjelder.forhaandsvis(scene.koordinator, [scene.kommune.id, scene.annen_kommune.id], 4)
    assert [list(e.kommuner) for e in begge.trer_i_kraft] == [["Guovdageaidnu"]]
    tilbake = gjelder.forhaandsvis(scene.koordinator, [scene.annen_kommune.id], 1)
    assert [e.klausul.overskrift for e in tilbake.faller_bort] == ["Topp"]
    # A trust's own phase decides no clause.
    eget = gjelder.forhaandsvis(scene.koordinator, [scene.hf.id], 4)
    assert (eget.kommuner, eget.trer_i_kraft, eget.faller_bort) == (0, [], [])


def test_bare_de_som_beslutter_eller_foreslaar_ser_forhaandsvisningen(scene: Scene) -> None:
    for hvem in (scene.lege, scene.spesialist, scene.sykepleier):
        with pytest.raises(IkkeTilgang):
            gjelder.forhaandsvis(hvem, [scene.kommune.id], 4)
    gjelder.forhaandsvis(lag_aktor(Rolle.KOORDINATOR, scene.kommune), [scene.kommune.id], 4)
    for organisasjoner, fase, feil in (
        ([scene.kommune.id], 6, UgyldigData),
        ([], 4, UgyldigData),
        ([uuid4()], 4, IkkeFunnet),
    ):
        with pytest.raises(feil):
            gjelder.forhaandsvis(scene.kommuneoverlege, organisasjoner, fase)


# --- the rule by itself -----------------------------------------------------------------------------------


def test_hvert_punkt_er_sagt_og_situasjonene_er_arter() -> None:
    assert list(punkter.PUNKTER) == list(range(1, 14))
    assert {str(s) for s in punkter.Situasjon} < set(Art)
    assert not set(punkter.VED_SIDEN) & {str(s) for s in punkter.Situasjon}
    # A situation's own kind is about it, whatever item it answers.
    assert punkter.angaar("innleggelse", 5, True, ["innleggelse"])
    assert not punkter.angaar("innleggelse", 5, True, ["utskrivning"])
    assert not punkter.angaar("roller", 4, False, ["utskrivning"])
