"""What the RHF has sent to Helsedirektoratet: recorded with proof, once, and put right by a later entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.avtaler import plikter
from portal.avtaler.livsmodeller import Innsending
from portal.avtaler.service import avtaler, innsending, livslesing, oppsigelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, UgyldigData, UgyldigOvergang
from portal.identitet.models import Organisasjon
from portal.oppgaver import service as oppgavetjeneste
from tests.avtaler.oppsigelsehjelp import Livet, gi, oppgaver
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor
from tests.conftest import DB
from tests.samtidig import samtidig

DAG = timedelta(days=1)
REF = "26/1043-2"


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


def _foert() -> list[Innsending]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Innsending).order_by(Innsending.registrert)))


def test_avtalen_er_sendt_og_oppgaven_gjort(livet: Livet) -> None:
    avtale_id = livet.avtale()
    innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), f"  {REF}\n")
    (rad,) = _foert()
    assert (rad.slag, rad.nummer, rad.dato, rad.referanse, rad.oppsigelse_id) == (
        "avtale",
        1,
        i_dag(),
        REF,
        None,
    )
    assert rad.registrert_av_id == livet.rhf.person_id
    (oppgave,) = oppgaver(plikter.SENDT, livet.scene.rhf)
    assert oppgave.gjort is not None and oppgave.gjort_av_id == livet.rhf.person_id and oppgave.bevis == REF
    assert len(revisjon("avtale.innsending_foert", objekt=avtale_id)) == 1


def test_varselet_om_oppsigelse_er_sendt_og_oppgaven_gjort(livet: Livet) -> None:
    avtale_id = livet.avtale()
    eiers, kommunens = gi(livet.eier, avtale_id), gi(livet.kommune, avtale_id)
    innsending.foer_oppsigelse(livet.rhf, kommunens, i_dag(), REF)
    (rad,) = _foert()
    assert (rad.slag, rad.nummer, rad.oppsigelse_id) == ("oppsigelse", 1, kommunens)
    gjort = {o.noekkel: o.gjort is not None for o in oppgaver(plikter.VARSLE, livet.scene.rhf)}
    assert gjort == {
        plikter.noekkel(plikter.VARSLE, avtale_id, kommunens, livet.scene.rhf.id): True,
        plikter.noekkel(plikter.VARSLE, avtale_id, eiers, livet.scene.rhf.id): False,
    }


def test_ogsaa_etter_at_den_har_virket_men_ikke_naar_den_er_trukket(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    id_ = gi(livet.kommune, avtale_id)
    with som_om(datetime.now(UTC) + 400 * DAG):
        innsending.foer_oppsigelse(livet.rhf, id_, i_dag(), REF)
    annen = gi(livet.nabo, avtale_id)
    oppsigelse.trekk(livet.nabo, annen)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        innsending.foer_oppsigelse(livet.rhf, annen, i_dag(), REF)


def test_en_feil_rettes_av_en_ny_foering(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), "26/1")
    with uten_spor(opptak), pytest.raises(Opptatt, match="opptatt") as feil:
        innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), REF)
    assert "Rita Regional" in feil.value.melding
    innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), REF, sett=1)
    assert [f.referanse for f in innsending.foeringer(avtale_id, nummer=1)] == [REF, "26/1"]


@pytest.mark.parametrize(
    ("dager", "referanse", "felter"),
    [
        (1, REF, {"dato"}),
        (None, REF, {"dato"}),
        (0, "", {"referanse"}),
        (0, " \n", {"referanse"}),
        (0, "26/1\x00", {"referanse"}),
        (0, "x" * 301, {"referanse"}),
        (None, "", {"dato", "referanse"}),
    ],
)
def test_det_som_ikke_kan_foeres(
    livet: Livet, opptak: Opptak, dager: int | None, referanse: str, felter: set[str]
) -> None:
    avtale_id = livet.avtale()
    dag = None if dager is None else i_dag() + dager * DAG
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        innsending.foer_avtale(livet.rhf, avtale_id, 1, dag, referanse)
    assert set(feil.value.detaljer["felter"]) == felter


def test_det_fantes_ingen_oppsigelse_foer_den_ble_gitt(livet: Livet, opptak: Opptak) -> None:
    id_ = gi(livet.eier, livet.avtale())
    with uten_spor(opptak), pytest.raises(UgyldigData):
        innsending.foer_oppsigelse(livet.rhf, id_, i_dag() - DAG, REF)
    innsending.foer_oppsigelse(livet.rhf, id_, i_dag(), REF)


def test_hvem_som_foerer(livet: Livet, opptak: Opptak) -> None:
    """The RHF's coordinators and administrators; who has insight reads, and for others it is theirs to do."""
    s, avtale_id = livet.scene, livet.avtale()
    id_ = gi(livet.eier, avtale_id)
    fremmed = lag_aktor(Rolle.KOORDINATOR, s.annet_hf)
    rhf_lege = lag_aktor(Rolle.SYSTEMADMINISTRATOR, s.rhf)
    for hvem, feil in (
        *((a, IkkeTilgang) for a in (livet.eier, livet.kommune, s.lege, s.administrator, rhf_lege, s.innsyn)),
        (fremmed, IkkeFunnet),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            innsending.foer_avtale(hvem, avtale_id, 1, i_dag(), REF)
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            innsending.foer_oppsigelse(hvem, id_, i_dag(), REF)
    innsending.foer_avtale(lag_aktor(Rolle.ADMINISTRATOR, s.rhf), avtale_id, 1, i_dag(), REF)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        innsending.foer_oppsigelse(livet.rhf, uuid4(), i_dag(), REF)


def test_bare_det_alle_har_godkjent(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    avtaler.ny_versjon(livet.eier, avtale_id)
    for nummer, avslag in ((2, 1), (9, 0)):
        with uten_spor(opptak, avslag=avslag), pytest.raises(IkkeFunnet):
            innsending.foer_avtale(livet.rhf, avtale_id, nummer, i_dag(), REF)


def test_for_sent_sies(livet: Livet) -> None:
    avtale_id = livet.avtale(fra=i_dag() - 90 * DAG)
    (rad,) = livslesing.hent_livet(livet.rhf, avtale_id).innsendinger
    assert rad.mangler and rad.sen and rad.kan_foere
    innsending.foer_avtale(livet.rhf, avtale_id, 1, rad.frist, REF)
    (rad,) = livslesing.hent_livet(livet.kommune, avtale_id).innsendinger
    assert (rad.mangler, rad.sen, rad.dager, rad.kan_foere) == (False, False, 0, False), (
        "sent on the last day"
    )
    innsending.foer_avtale(livet.rhf, avtale_id, 1, rad.frist + 3 * DAG, REF, sett=1)
    (rad,) = livslesing.hent_livet(livet.rhf, avtale_id).innsendinger
    assert not rad.sen, "the first time counts"


def test_merket_paa_oppgavesiden_vises_med_hvor_det_finnes(livet: Livet) -> None:
    avtale_id = livet.avtale()
    (oppgave,) = oppgaver(plikter.SENDT, livet.scene.rhf)
    oppgavetjeneste.gjoer(livet.rhf, oppgave.id, "Arkiv 12")
    (rad,) = livslesing.hent_livet(livet.eier, avtale_id).innsendinger
    assert rad.merket is not None and rad.merket.bevis == "Arkiv 12" and not rad.sen
    innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), REF)
    (rad,) = livslesing.hent_livet(livet.eier, avtale_id).innsendinger
    assert rad.merket is None and rad.foeringer[0].referanse == REF


@pytest.mark.skipif(DB != "postgresql", reason="on SQLite one writes at a time")
def test_to_foerer_samtidig(livet: Livet, app: Flask) -> None:
    avtale_id = livet.avtale()
    annen = lag_aktor(Rolle.KOORDINATOR, livet.scene.rhf)
    svar = samtidig(
        app,
        *(partial(innsending.foer_avtale, a, avtale_id, 1, i_dag(), REF) for a in (livet.rhf, annen)),
    )
    assert sorted(type(s).__name__ for s in svar) == ["Opptatt", "UUID"]
    assert len(_foert()) == 1


def test_uten_et_rhf_sier_siden_at_ingen_har_plikten(
    livet: Livet, som: Callable[[Aktor], FlaskClient]
) -> None:
    """Nobody has the task, and no page is silent about it (hol §§ 6-4, 6-5)."""
    avtale_id = livet.avtale()
    side = som(livet.eier).get(f"/avtaler/{avtale_id}/livet").text
    assert "sender avtalen innen en måned" in side and "ingen får oppgaven" not in side
    _uten_rhf(livet)
    gi(livet.eier, avtale_id)
    assert oppgaver(plikter.VARSLE, livet.scene.rhf) == []
    side = som(livet.eier).get(f"/avtaler/{avtale_id}/livet").text
    assert "så ingen får oppgaven" in side and "varsle om en oppsigelse (§ 6-5)" in side


@transactional
def _uten_rhf(livet: Livet) -> None:
    db.session.get_one(Organisasjon, livet.scene.hf.id).overordnet_id = None
