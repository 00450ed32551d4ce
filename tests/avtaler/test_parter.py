"""Who takes part: invited, answered, taken out; and who is no kommune of today, or has nobody who could answer."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.avtaler.forloep import Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Forslag, Godkjenning
from portal.avtaler.service import avtaler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import les, noekler, nytt_utkast, slutt, til_forhandling, varslet
from tests.bygg import Opptak, Scene, lag_aktor, lag_kommune, lagre, revisjon, uten_spor

DELTAR, INVITERT, NEI = Partstatus.DELTAR, Partstatus.INVITERT, Partstatus.TAKKET_NEI


def stilling(avtale_id: UUID) -> dict[UUID, str]:
    """{kommune: status} of those that have a place, or have had."""
    return {p.organisasjon_id: p.status for p in les(avtale_id).parter if p.side == Side.KOMMUNE}


def forslag_fra(scene: Scene, avtale_id: UUID, organisasjon_id: UUID) -> Forslag:
    rad = Forslag(
        id=uuid4(),
        avtale_id=avtale_id,
        nummer=1,
        noekkel=noekler(avtale_id)[0],
        type="stryk",
        status="aapent",
        innhold={},
        opprettet=now(),
        organisasjon_id=organisasjon_id,
        side=Side.KOMMUNE,
    )
    lagre(rad)
    return rad


def venter(versjon_id: UUID) -> list[tuple[str, bool, bool]]:
    """The links asked for of a version: (name, whether a case number is demanded, whether it counts)."""
    db.session.rollback()
    rader = db.session.scalars(
        sa.select(Godkjenning).where(Godkjenning.avtaleversjon_id == versjon_id).order_by(Godkjenning.plass)
    )
    return [(g.navn, g.krever_vedtak, g.opphevet is None) for g in rader]


def test_en_kommune_inviteres_og_svarer(scene: Scene, motpart: Aktor) -> None:
    avtale_id = til_forhandling(scene)
    assert stilling(avtale_id) == {scene.kommune.id: INVITERT}
    assert avtaler.hent_avtale(motpart, avtale_id).kan.svare_invitasjon
    parter.svar(motpart, avtale_id, True)
    assert stilling(avtale_id) == {scene.kommune.id: DELTAR}
    assert varslet("avtale.part_svart") == [scene.koordinator.person_id]
    parter.svar(motpart, avtale_id, False)
    assert stilling(avtale_id) == {scene.kommune.id: NEI}
    with pytest.raises(IkkeFunnet):
        avtaler.hent_avtale(motpart, avtale_id)
    # Asked again, it is another invitation; what was answered before stays.
    assert parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id]) == [scene.kommune.id]
    assert sorted(p.status for p in les(avtale_id).parter) == sorted([DELTAR, NEI, INVITERT])
    assert sorted(varslet("avtale.invitert")) == sorted([motpart.person_id, scene.kommuneoverlege.person_id])
    assert [r.handling for r in revisjon("avtale.part_svart")] == ["avtale.part_svart"] * 2


def test_det_samme_svaret_og_den_samme_invitasjonen_igjen_er_ingenting(
    scene: Scene, motpart: Aktor, opptak: Opptak
) -> None:
    avtale_id = til_forhandling(scene)
    parter.svar(motpart, avtale_id, True)
    with uten_spor(opptak):
        parter.svar(motpart, avtale_id, True)
        assert parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id, scene.kommune.id]) == []


def test_bare_kommuner_av_i_dag_inviteres(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    ny = lag_kommune("Nye Fjord")
    mellom = lag_kommune("Mellomfjord", nedlagt=date(2020, 1, 1), etterfolger_id=ny.id)
    gammel = lag_kommune("Gamlefjord", nedlagt=date(2018, 1, 1), etterfolger_id=mellom.id)
    for valgt, ventet in (
        ([], "minst én kommune"),
        ([uuid4()], "fra lista"),
        ([scene.annet_hf.id], "ikke en kommune"),
        ([scene.rhf.id], "ikke en kommune"),
        ([gammel.id], "Inviter Nye Fjord"),
        ([scene.kommune.id, scene.annen_kommune.id], "Ingen kan svare for Nabokommunen"),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            parter.inviter(scene.koordinator, avtale_id, valgt)
        assert ventet in str(feil.value.detaljer["felter"]["organisasjoner"][0])
    assert gammel.id not in [o.id for o in parter.kan_inviteres(scene.koordinator, avtale_id)]
    slutt(motpart)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id])


@pytest.mark.parametrize("rolle", [r for r in Rolle if r != Rolle.KOORDINATOR and r != Rolle.SPESIALIST])
def test_bare_kommunens_koordinator_svarer(
    scene: Scene, motpart: Aktor, opptak: Opptak, rolle: Rolle
) -> None:
    avtale_id = til_forhandling(scene)
    aktor = lag_aktor(rolle, scene.kommune)
    ser = rolle in (Rolle.ADMINISTRATOR, Rolle.KOMMUNEOVERLEGE)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang if ser else IkkeFunnet):
        parter.svar(aktor, avtale_id, True)


def test_den_som_ikke_er_invitert_har_ikke_noe_aa_svare_paa(
    scene: Scene, motpart: Aktor, opptak: Opptak
) -> None:
    avtale_id = til_forhandling(scene)
    nabo = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        parter.svar(nabo, avtale_id, True)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        parter.svar(scene.koordinator, avtale_id, True)
    bundet = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        parter.svar(motpart, bundet.id, False)


def test_den_som_trekkes_ut_mister_det_som_venter(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    avtale_id = til_forhandling(scene)
    parter.svar(motpart, avtale_id, True)
    rad = forslag_fra(scene, avtale_id, scene.kommune.id)
    parter.trekk_invitasjon(scene.koordinator, avtale_id, scene.kommune.id)
    assert stilling(avtale_id) == {}
    db.session.expire_all()
    assert db.session.get_one(Forslag, rad.id).status == "bortfalt"
    assert motpart.person_id in varslet("avtale.invitasjon_trukket")
    with pytest.raises(IkkeFunnet):
        avtaler.hent_avtale(motpart, avtale_id)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        parter.trekk_invitasjon(scene.koordinator, avtale_id, scene.kommune.id)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        parter.trekk_invitasjon(scene.koordinator, avtale_id, scene.hf.id)
    bundet = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        parter.trekk_invitasjon(scene.koordinator, bundet.id, scene.kommune.id)


def test_en_kommune_kommer_med_i_en_avtale_som_gjelder(scene: Scene, motpart: Aktor) -> None:
    """Its own chain is asked to approve the version in force; nobody else is asked anything."""
    avtale = lag_avtale(scene.hf, [scene.annen_kommune], status=Status.GJELDENDE)
    parter.inviter(scene.koordinator, avtale.id, [scene.kommune.id])
    assert motpart.person_id in varslet("avtale.invitert")
    versjon_id = les(avtale.id).versjoner[0].id
    assert venter(versjon_id) == []
    parter.svar(motpart, avtale.id, True)
    assert venter(versjon_id) == [("Kommunestyret", True, True)]
    db.session.rollback()
    assert {g.organisasjon_id for g in db.session.scalars(sa.select(Godkjenning))} == {scene.kommune.id}
    parter.svar(motpart, avtale.id, False)
    assert venter(versjon_id) == [("Kommunestyret", True, False)]
    parter.inviter(scene.koordinator, avtale.id, [scene.kommune.id])
    parter.svar(motpart, avtale.id, True)
    assert venter(versjon_id) == [("Kommunestyret", True, False), ("Kommunestyret", True, True)]


@pytest.mark.parametrize("status", [Status.TIL_GODKJENNING, Status.GODKJENT])
def test_mens_en_versjon_er_til_godkjenning_kommer_og_gaar_ingen(
    scene: Scene, motpart: Aktor, opptak: Opptak, status: Status
) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=status)
    nabo = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    lagre(
        Avtalepart(
            avtale_id=avtale.id,
            organisasjon_id=scene.annen_kommune.id,
            side=Side.KOMMUNE,
            status=INVITERT,
            invitert=now(),
        )
    )
    _delt(avtale.id)
    tredje = lag_kommune()
    lag_aktor(Rolle.KOORDINATOR, tredje)
    for gjoer in (
        lambda: parter.inviter(scene.koordinator, avtale.id, [tredje.id]),
        lambda: parter.trekk_invitasjon(scene.koordinator, avtale.id, scene.kommune.id),
        lambda: parter.svar(motpart, avtale.id, False),
        lambda: parter.svar(nabo, avtale.id, True),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            gjoer()
    assert stilling(avtale.id) == {scene.kommune.id: DELTAR, scene.annen_kommune.id: INVITERT}
    parter.svar(nabo, avtale.id, False)
    assert stilling(avtale.id)[scene.annen_kommune.id] == NEI, "a no is always heard"


@transactional
def _delt(avtale_id: UUID) -> None:
    """The parties have seen it."""
    db.session.get_one(Avtale, avtale_id).versjoner[0].sendt_til_forhandling = now()


@pytest.mark.parametrize("status", [Status.OPPSAGT, Status.UTLOEPT, Status.FORKASTET])
def test_til_en_avtale_som_er_slutt_inviteres_ingen(
    scene: Scene, motpart: Aktor, opptak: Opptak, status: Status
) -> None:
    dager = (-400, 100 if status == Status.OPPSAGT else -10)
    fra, til = (now().date() + timedelta(days=d) for d in dager)
    tid = {} if status == Status.FORKASTET else {"i_kraft_fra": fra, "i_kraft_til": til}
    avtale = lag_avtale(scene.hf, [scene.annen_kommune], status=status, **tid)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        parter.inviter(scene.koordinator, avtale.id, [scene.kommune.id])
