"""Approval: what must be in place, each party's own chain, four eyes, and the exact text."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.avtaler.forloep import Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtalepart, Avtaleversjon, Bestemmelse, Forslag, Godkjenning
from portal.avtaler.service import avtaler, godkjenning, ikrafttredelse, kjede, klausuler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import (
    IkkeFunnet,
    IkkeTilgang,
    Opptatt,
    PortalError,
    UgyldigData,
    UgyldigOvergang,
    Utdatert,
)
from tests.avtaler.godkjenninghjelp import (
    Bord,
    beskriv,
    gi,
    hash_naa,
    lenker,
    versjonen,
)
from tests.avtaler.motorhjelp import klausul, les, noekler, nytt_utkast, slutt, tekster, varslet
from tests.bygg import Opptak, Scene, lag_aktor, lag_medlemskap, lagre, om, revisjon, som_aktor, uten_spor
from tests.conftest import DB
from tests.samtidig import samtidig


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Bord:
    return Bord(scene, motpart)


# --- sending ---------------------------------------------------------------------------------------------


def test_det_som_mangler_nevnes_paa_en_gang(bord: Bord, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(bord.scene, bestemmelser=[])
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        bord.send(avtale_id)
    assert set(feil.value.detaljer["felter"]) == {"bestemmelser", "medvirkning", "parter"}


def test_aapne_forslag_maa_avgjoeres_foerst(bord: Bord) -> None:
    avtale_id = bord.til_forhandling()
    lagre(
        Forslag(
            id=uuid4(),
            avtale_id=avtale_id,
            nummer=1,
            noekkel=noekler(avtale_id)[0],
            type="endre",
            status="aapent",
            opprettet=now(),
            organisasjon_id=bord.scene.kommune.id,
            side="kommune",
        )
    )
    with pytest.raises(UgyldigData) as feil:
        bord.send(avtale_id)
    assert set(feil.value.detaljer["felter"]) == {"forslag"}


def test_en_part_uten_folk_kan_ikke_spoerres(bord: Bord) -> None:
    avtale_id = bord.til_forhandling()
    for a in (bord.motpart, bord.ordfoerer, bord.scene.kommuneoverlege):
        slutt(a)
    with pytest.raises(UgyldigData) as feil:
        bord.send(avtale_id)
    assert set(feil.value.detaljer["felter"]) == {"folk"}


def test_den_som_sender_maa_ha_lest_teksten(bord: Bord, opptak: Opptak) -> None:
    avtale_id = bord.til_forhandling()
    lest = hash_naa(avtale_id)
    beskriv(avtale_id, "Noe annet.", None)
    with uten_spor(opptak), pytest.raises(Utdatert):
        godkjenning.send(bord.eier, avtale_id, lest)


def test_sendt_er_laast_og_spoer_hver_kjede(bord: Bord, opptak: Opptak) -> None:
    avtale_id = bord.til_godkjenning()
    versjon = versjonen(avtale_id)
    assert (versjon.status, versjon.innhold_hash) == (Status.TIL_GODKJENNING, hash_naa(avtale_id))
    assert [(g.navn, g.krever_vedtak) for g in lenker(avtale_id, bord.ordfoerer)] == [("Kommunestyret", True)]
    assert [(g.navn, g.krever_vedtak) for g in lenker(avtale_id, bord.direktoer)] == [
        ("Administrerende direktør", False)
    ]
    assert set(varslet("avtale.til_godkjenning")) == {
        a.person_id for a in (bord.direktoer, bord.ordfoerer, bord.motpart, bord.scene.kommuneoverlege)
    }, "not whoever wrote it and sent it"
    with uten_spor(opptak, avslag=None), pytest.raises(UgyldigOvergang):
        klausuler.skriv(bord.eier, avtale_id, None, klausul())
    with uten_spor(opptak, avslag=None), pytest.raises(UgyldigOvergang):
        bord.send(avtale_id)
    assert [r.objekt_id for r in revisjon("avtale.sendt_til_godkjenning")] == [str(avtale_id)]


@pytest.mark.parametrize("hvem", ["motpart", "direktoer", "ordfoerer"])
def test_bare_eierens_koordinator_sender(bord: Bord, hvem: str) -> None:
    avtale_id = bord.til_forhandling()
    with pytest.raises(IkkeTilgang):
        godkjenning.send(getattr(bord, hvem), avtale_id, hash_naa(avtale_id))
    with pytest.raises(IkkeFunnet):
        godkjenning.send(bord.scene.fremmed_vaktleder, avtale_id, hash_naa(avtale_id))


# --- approving -------------------------------------------------------------------------------------------


def test_alle_godkjenner_og_avtalen_gjelder(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning()
    gi(bord.ordfoerer, avtale_id)
    assert versjonen(avtale_id).status == Status.TIL_GODKJENNING
    gi(bord.direktoer, avtale_id)
    versjon = versjonen(avtale_id)
    assert (versjon.status, versjon.i_kraft_fra, versjon.i_kraft_til) == (Status.GJELDENDE, i_dag(), None)
    assert {p.fra for p in les(avtale_id).parter} == {i_dag()}
    assert les(avtale_id).neste_gjennomgang is not None
    vedtak = lenker(avtale_id, bord.ordfoerer)[0]
    assert (vedtak.saksnummer, vedtak.vedtaksdato, vedtak.gitt_av_id) == (
        "26/114",
        i_dag(),
        bord.ordfoerer.person_id,
    )
    assert vedtak.innhold_hash == versjon.innhold_hash
    assert varslet("avtale.til_godkjenning") == []
    assert len(revisjon("avtale.godkjent")) == 2 and len(revisjon("avtale.i_kraft")) == 1


@pytest.mark.parametrize(
    ("saksnummer", "dager", "felt"),
    [
        ("", 0, {"saksnummer"}),
        ("26/1", None, {"vedtaksdato"}),
        ("26/1", 1, {"vedtaksdato"}),
        ("x" * 61, 0, {"saksnummer"}),
    ],
)
def test_kommunestyret_foerer_sak_og_dag(
    bord: Bord, opptak: Opptak, saksnummer: str, dager: int | None, felt: set[str]
) -> None:
    avtale_id = bord.til_godkjenning()
    lenke = lenker(avtale_id, bord.ordfoerer)[0].id
    dato = None if dager is None else i_dag() + timedelta(days=dager)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        godkjenning.godkjenn(bord.ordfoerer, lenke, hash_naa(avtale_id), saksnummer, dato)
    assert set(feil.value.detaljer["felter"]) == felt


def test_bare_akkurat_det_innholdet(bord: Bord, opptak: Opptak) -> None:
    avtale_id = bord.til_godkjenning()
    lenke = lenker(avtale_id, bord.direktoer)[0].id
    with uten_spor(opptak), pytest.raises(Utdatert):
        godkjenning.godkjenn(bord.direktoer, lenke, "0" * 64)

    @transactional
    def endre_i_databasen() -> None:
        db.session.execute(sa.update(Bestemmelse).values(tekst="Noe helt annet."))

    riktig = hash_naa(avtale_id)
    endre_i_databasen()
    for lest in (riktig, hash_naa(avtale_id)):
        with uten_spor(opptak), pytest.raises(Utdatert):
            godkjenning.godkjenn(bord.direktoer, lenke, lest)


def test_fire_oeyne(bord: Bord) -> None:
    """Neither who sent it, nor who wrote, proposed, accepted or described, also in the draft before."""
    avtale_id = bord.til_forhandling()
    skriver = lag_aktor(Rolle.KOORDINATOR, bord.scene.hf)
    avtaler.endre(
        skriver,
        avtale_id,
        tittel=versjonen(avtale_id).tittel,
        nummer="",
        medvirkning="Pårørende var med.",
        oensket_fra=None,
        notat="",
        lest=None,
    )
    bord.send(avtale_id)
    for a in (bord.eier, skriver):
        with pytest.raises(IkkeTilgang) as feil:
            gi(a, avtale_id)
        assert feil.value.kode == "fire_oeyne"
    assert [r.utfall for r in revisjon("avtale.godkjenne")] == ["avslag", "avslag"]
    godkjenning.aapne_igjen(lag_aktor(Rolle.KOORDINATOR, bord.scene.hf), avtale_id)
    andre = lag_aktor(Rolle.KOORDINATOR, bord.scene.hf)
    godkjenning.send(andre, avtale_id, hash_naa(avtale_id))
    for a in (bord.eier, skriver, andre):
        with pytest.raises(IkkeTilgang):
            gi(a, avtale_id)
    gi(bord.direktoer, avtale_id)


def test_den_som_skrev_i_en_versjon_som_gjelder_kan_godkjenne_den_neste(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    bord.ny_versjon(avtale_id)
    andre = lag_aktor(Rolle.KOORDINATOR, bord.scene.hf)
    godkjenning.send(andre, avtale_id, hash_naa(avtale_id))
    gi(bord.eier, avtale_id)


def test_ingen_godkjenner_for_begge_sider(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning()
    gi(bord.ordfoerer, avtale_id)
    person = db.session.get_one(type(lenker(avtale_id, bord.ordfoerer)[0].gitt_av), bord.ordfoerer.person_id)
    ved_foretaket = som_aktor(
        person, lag_medlemskap(person, Rolle.ADMINISTRATOR, bord.scene.hf), bord.scene.hf
    )
    with pytest.raises(IkkeTilgang) as feil:
        gi(ved_foretaket, avtale_id)
    assert feil.value.kode == "fire_oeyne"


def test_feil_part_og_feil_rolle(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning()
    lenke, lest = lenker(avtale_id, bord.ordfoerer)[0].id, hash_naa(avtale_id)
    with pytest.raises(IkkeTilgang):
        godkjenning.godkjenn(bord.direktoer, lenke, lest, "1/1", i_dag())
    for fremmed in (bord.scene.fremmed_lege, bord.scene.lege, bord.scene.fremmed_vaktleder):
        with pytest.raises(IkkeFunnet):
            godkjenning.godkjenn(fremmed, lenke, lest, "1/1", i_dag())
    with pytest.raises(IkkeFunnet):
        godkjenning.godkjenn(bord.direktoer, uuid4(), lest)
    with pytest.raises(IkkeTilgang):
        godkjenning.godkjenn(Aktor.system("arbeider"), lenke, lest, "1/1", i_dag())


def test_et_ledd_gis_en_gang(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning()
    lenke, lest = lenker(avtale_id, bord.direktoer)[0].id, hash_naa(avtale_id)
    godkjenning.godkjenn(bord.direktoer, lenke, lest)
    with pytest.raises(Opptatt):
        godkjenning.godkjenn(bord.direktoer, lenke, lest)


# --- a chain of several links ----------------------------------------------------------------------------


def test_ledd_gis_i_rekkefoelge_av_dem_de_nevner(bord: Bord) -> None:
    overlege = bord.scene.kommuneoverlege
    kjede.sett(
        bord.motpart,
        bord.scene.kommune.id,
        [
            {"navn": "Kommuneoverlegen", "medlemskap": [overlege.medlemskap_id]},
            {"navn": "Kommunestyret", "krever_vedtak": True, "medlemskap": [bord.ordfoerer.medlemskap_id]},
        ],
    )
    avtale_id = bord.til_godkjenning()
    assert bord.ordfoerer.person_id not in varslet("avtale.til_godkjenning")
    foerste, andre = (g.id for g in lenker(avtale_id, overlege))
    lest = hash_naa(avtale_id)
    with pytest.raises(UgyldigOvergang):
        godkjenning.godkjenn(bord.ordfoerer, andre, lest, "26/1", i_dag())
    with pytest.raises(IkkeTilgang) as feil:
        godkjenning.godkjenn(bord.ordfoerer, foerste, lest)
    assert feil.value.kode == "feil_person"
    godkjenning.godkjenn(overlege, foerste, lest)
    assert bord.ordfoerer.person_id in varslet("avtale.til_godkjenning")
    assert overlege.person_id not in varslet("avtale.til_godkjenning")
    godkjenning.godkjenn(bord.ordfoerer, andre, lest, "26/1", i_dag())
    gi(bord.direktoer, avtale_id)
    assert versjonen(avtale_id).status == Status.GJELDENDE


def test_et_ledd_venter_ikke_paa_en_som_har_sluttet(bord: Bord) -> None:
    kjede.sett(
        bord.motpart,
        bord.scene.kommune.id,
        [{"navn": "Kommunestyret", "krever_vedtak": True, "medlemskap": [bord.ordfoerer.medlemskap_id]}],
    )
    avtale_id = bord.til_godkjenning()
    with pytest.raises(IkkeTilgang):
        gi(bord.motpart, avtale_id)
    slutt(bord.ordfoerer)
    gi(bord.motpart, avtale_id)


def test_en_ny_kjede_endrer_ikke_det_som_er_sendt(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning()
    kjede.sett(bord.direktoer, bord.scene.hf.id, [{"navn": "Fagdirektøren"}, {"navn": "Styret"}])
    assert [g.navn for g in lenker(avtale_id, bord.direktoer)] == ["Administrerende direktør"]
    godkjenning.aapne_igjen(bord.eier, avtale_id)
    bord.send(avtale_id)
    assert [g.navn for g in lenker(avtale_id, bord.direktoer)] == ["Fagdirektøren", "Styret"]


# --- sending back, and opening again ---------------------------------------------------------------------


def test_sendt_tilbake_og_likevel_godkjent(bord: Bord, opptak: Opptak) -> None:
    avtale_id = bord.til_godkjenning()
    lenke = lenker(avtale_id, bord.ordfoerer)[0].id
    with uten_spor(opptak), pytest.raises(UgyldigData):
        godkjenning.avvis(bord.ordfoerer, lenke, "  ")
    godkjenning.avvis(bord.ordfoerer, lenke, "Fristen er for kort.")
    assert varslet("avtale.godkjenning_avvist")
    with pytest.raises(Opptatt):
        godkjenning.avvis(bord.ordfoerer, lenke, "Igjen.")
    gi(bord.direktoer, avtale_id)
    assert versjonen(avtale_id).status == Status.TIL_GODKJENNING
    gi(bord.ordfoerer, avtale_id)
    assert versjonen(avtale_id).status == Status.GJELDENDE


def test_en_endring_opphever_godkjenningene(bord: Bord, opptak: Opptak) -> None:
    avtale_id = bord.til_godkjenning()
    gi(bord.direktoer, avtale_id)
    lenke, lest = lenker(avtale_id, bord.ordfoerer)[0].id, hash_naa(avtale_id)
    foer = tekster(avtale_id, 1)
    with pytest.raises(IkkeTilgang):
        godkjenning.aapne_igjen(bord.ordfoerer, avtale_id)
    assert godkjenning.aapne_igjen(bord.eier, avtale_id) == 2
    assert versjonen(avtale_id, 1).status == Status.FORKASTET
    assert versjonen(avtale_id, 2).status == Status.TIL_FORHANDLING
    assert tekster(avtale_id, 2) == foer
    assert all(g.opphevet for g in db.session.scalars(sa.select(Godkjenning)))
    assert varslet("avtale.til_godkjenning") == []
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        godkjenning.godkjenn(bord.ordfoerer, lenke, lest, "26/1", i_dag())
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        godkjenning.aapne_igjen(bord.eier, avtale_id)
    bord.send(avtale_id)
    assert [g.gitt for g in lenker(avtale_id, bord.direktoer)] == [None]


# --- coming into force -----------------------------------------------------------------------------------


def test_dagen_avgjoer_og_arbeideren_flytter_bare_statusen(bord: Bord) -> None:
    foerste = bord.i_kraft()
    dag = i_dag() + timedelta(days=10)
    bord.ny_versjon(foerste, oensket_fra=dag)
    bord.send(foerste)
    bord.godkjenn_alle(foerste)
    assert (versjonen(foerste, 1).i_kraft_til, versjonen(foerste, 2).i_kraft_fra) == (dag, dag)
    assert versjonen(foerste, 2).status == Status.GODKJENT
    assert ikrafttredelse.sett_i_kraft() == 0
    with om(days=10):
        assert avtaler.hent_avtale(bord.motpart, foerste).versjon.nummer == 2
        assert ikrafttredelse.sett_i_kraft() == 1
        assert (versjonen(foerste, 1).status, versjonen(foerste, 2).status) == (
            Status.ERSTATTET,
            Status.GJELDENDE,
        )
        assert ikrafttredelse.sett_i_kraft() == 0


def test_tatt_tilbake_foer_dagen_gjelder_den_gamle_videre(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    bord.ny_versjon(avtale_id, oensket_fra=i_dag() + timedelta(days=10))
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    assert godkjenning.aapne_igjen(bord.eier, avtale_id) == 3
    assert versjonen(avtale_id, 1).i_kraft_til is None
    with om(days=20):
        assert ikrafttredelse.sett_i_kraft() == 0
        assert avtaler.hent_avtale(bord.motpart, avtale_id).gjelder is not None


def test_etter_dagen_kan_den_ikke_tas_tilbake(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning(oensket_fra=i_dag() + timedelta(days=3))
    bord.godkjenn_alle(avtale_id)
    with om(days=3), pytest.raises(UgyldigOvergang):
        godkjenning.aapne_igjen(bord.eier, avtale_id)


@transactional
def _si_opp(avtale_id: object, organisasjon_id: object, dager: int, *, eier: bool) -> None:
    """As the notice of a party leaves the rows."""
    virkning = i_dag() + timedelta(days=dager)
    db.session.add(
        Oppsigelse(
            id=uuid4(),
            avtale_id=avtale_id,
            organisasjon_id=organisasjon_id,
            varslet=i_dag(),
            virkning=virkning,
            begrunnelse="Ny modell.",
            registrert=now(),
        )
    )
    if eier:
        versjon = db.session.scalars(
            sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == avtale_id)
        ).one()
        versjon.flytt_til(Status.OPPSAGT)
        versjon.i_kraft_til = virkning
    else:
        db.session.scalars(
            sa.select(Avtalepart).where(Avtalepart.organisasjon_id == organisasjon_id)
        ).one().til = virkning


def test_en_oppsagt_avtale_utloeper(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    _si_opp(avtale_id, bord.scene.hf.id, 20, eier=True)
    with om(days=19):
        assert ikrafttredelse.sett_i_kraft() == 0
    with om(days=20):
        assert ikrafttredelse.sett_i_kraft() == 1
        assert versjonen(avtale_id).status == Status.UTLOEPT
        assert varslet("avtale.utloept")


def test_en_ny_tar_plassen_til_den_oppsagte_uten_hull(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    bord.ny_versjon(avtale_id, oensket_fra=i_dag() + timedelta(days=30))

    @transactional
    def si_opp() -> None:
        versjonen(avtale_id, 1).flytt_til(Status.OPPSAGT)
        versjonen(avtale_id, 1).i_kraft_til = i_dag() + timedelta(days=20)

    si_opp()
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    assert (
        versjonen(avtale_id, 2).i_kraft_fra
        == versjonen(avtale_id, 1).i_kraft_til
        == i_dag() + timedelta(days=20)
    )
    with om(days=20):
        ikrafttredelse.sett_i_kraft()
        assert versjonen(avtale_id, 1).status == Status.ERSTATTET


def test_den_som_har_sagt_opp_gaar_ut_og_spoerres_ikke(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    andre = lag_aktor(Rolle.KOORDINATOR, bord.scene.annen_kommune)
    parter.inviter(bord.eier, avtale_id, [bord.scene.annen_kommune.id])
    parter.svar(andre, avtale_id, True)
    gi(andre, avtale_id)
    _si_opp(avtale_id, bord.scene.kommune.id, 20, eier=False)
    with om(days=20):
        bord.ny_versjon(avtale_id)
        bord.send(avtale_id)
        assert lenker(avtale_id, bord.ordfoerer) == [] and lenker(avtale_id, andre) != []
        assert ikrafttredelse.sett_i_kraft() == 1
        status = {p.organisasjon_id: p.status for p in les(avtale_id).parter}
        assert status[bord.scene.kommune.id] == "utmeldt" and status[bord.scene.annen_kommune.id] == "deltar"


def test_en_som_feiler_holder_ikke_opp_de_andre(bord: Bord, monkeypatch: pytest.MonkeyPatch) -> None:
    ider = sorted([bord.til_godkjenning(oensket_fra=i_dag() + timedelta(days=1)) for _ in range(2)])
    for id_ in ider:
        bord.godkjenn_alle(id_)
    ekte = ikrafttredelse.ikraft.foelg_datoene

    def feiler(aktor: Aktor, avtale: object) -> bool:
        if avtale.id == ider[0]:  # type: ignore[attr-defined]
            raise RuntimeError
        return ekte(aktor, avtale)  # type: ignore[arg-type]

    monkeypatch.setattr(ikrafttredelse.ikraft, "foelg_datoene", feiler)
    with om(days=1):
        assert ikrafttredelse.sett_i_kraft() == 1
        assert [versjonen(i).status for i in ider] == [Status.GODKJENT, Status.GJELDENDE]


# --- at the same moment ----------------------------------------------------------------------------------

samtidige = pytest.mark.skipif(DB != "postgresql", reason="on SQLite one writes at a time")


@samtidige
def test_to_gir_samme_ledd_samtidig(bord: Bord, app: Flask) -> None:
    avtale_id = bord.til_godkjenning()
    lenke, lest = lenker(avtale_id, bord.ordfoerer)[0].id, hash_naa(avtale_id)
    svar = samtidig(
        app,
        *(
            partial(godkjenning.godkjenn, a, lenke, lest, "26/1", i_dag())
            for a in (bord.ordfoerer, bord.motpart)
        ),
    )
    assert sorted(type(s) for s in svar if s is not None) == [Opptatt]
    assert len(revisjon("avtale.godkjent")) == 1


@samtidige
def test_de_to_siste_partene_samtidig(bord: Bord, app: Flask) -> None:
    """One of them is the last: the version comes into force once, and neither waits for the other for ever."""
    for _ in range(5):
        avtale_id = bord.til_godkjenning()
        lest = hash_naa(avtale_id)
        foretak, kommune = (lenker(avtale_id, a)[0].id for a in (bord.direktoer, bord.ordfoerer))
        svar = samtidig(
            app,
            partial(godkjenning.godkjenn, bord.direktoer, foretak, lest),
            partial(godkjenning.godkjenn, bord.ordfoerer, kommune, lest, "26/1", i_dag()),
        )
        assert svar == [None, None]
        assert versjonen(avtale_id).status == Status.GJELDENDE
        assert len(revisjon("avtale.i_kraft", objekt=avtale_id)) == 1


@samtidige
def test_siste_godkjenning_og_aapning_samtidig(bord: Bord, app: Flask) -> None:
    """Either it came into force, or it was opened again: never a version in force whose approvals are void."""
    for _ in range(5):
        avtale_id = bord.til_godkjenning()
        gi(bord.direktoer, avtale_id)
        lenke, lest = lenker(avtale_id, bord.ordfoerer)[0].id, hash_naa(avtale_id)
        godkjent, aapnet = samtidig(
            app,
            partial(godkjenning.godkjenn, bord.ordfoerer, lenke, lest, "26/1", i_dag()),
            partial(godkjenning.aapne_igjen, bord.eier, avtale_id),
        )
        gjelder = versjonen(avtale_id, 1).status == Status.GJELDENDE
        assert isinstance(aapnet, PortalError) == gjelder == (godkjent is None)
        assert {g.opphevet is None for g in versjonen(avtale_id, 1).godkjenninger} == {gjelder}


@samtidige
def test_to_sender_samtidig(bord: Bord, app: Flask) -> None:
    avtale_id = bord.til_forhandling()
    lest = hash_naa(avtale_id)
    andre = lag_aktor(Rolle.KOORDINATOR, bord.scene.hf)
    svar = samtidig(app, *(partial(godkjenning.send, a, avtale_id, lest) for a in (bord.eier, andre)))
    assert [type(s) for s in svar if s is not None] == [UgyldigOvergang]
    assert len(versjonen(avtale_id).godkjenninger) == 2


@samtidige
def test_to_arbeidere_samtidig(bord: Bord, app: Flask) -> None:
    avtale_id = bord.til_godkjenning(oensket_fra=i_dag() + timedelta(days=1))
    bord.godkjenn_alle(avtale_id)
    with om(days=1):
        assert sorted(samtidig(app, ikrafttredelse.sett_i_kraft, ikrafttredelse.sett_i_kraft)) == [0, 1]
        assert len(revisjon("avtale.i_kraft")) == 1
