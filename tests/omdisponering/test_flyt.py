"""The way of a reallocation, from draft to end, and what it does to the beds of both units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.core.db import db
from portal.core.errors import Opptatt, PortalError, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering import kontroll
from portal.omdisponering.forloep import OVERGANGER, Status
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringshendelse
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import flyt, klokke, ressurser, utkast
from portal.omdisponering.service import vedtak as vedtakstjeneste
from portal.plasser.models import Plass, Plasstall
from portal.varsler.models import Utsending, Varsel
from tests.bygg import om, skriv
from tests.omdisponering.hjelp import LOV, Utlaan, lag_behov, lag_gulv, lag_ressurs, lag_tilbud, lag_vedtak


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _bemannet(u: Utlaan) -> int:
    db.session.rollback()
    tall = db.session.get_one(Plasstall, u.plassenhet_id, populate_existing=True)
    staar = db.session.scalars(
        sa.select(Plass.bemannet).where(Plass.plassenhet_id == u.plassenhet_id, Plass.nedlagt.is_(None))
    ).all()
    assert tall.bemannet == sum(staar)
    return tall.bemannet


def test_fra_utkast_til_slutt_aapner_og_lukker_plassene(u: Utlaan) -> None:
    assert _bemannet(u) == 2
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    assert _bemannet(u) == 2
    with pytest.raises(UgyldigOvergang):
        flyt.iverksett(u.mottaker, id_)
    with om(days=1, minutes=1):
        flyt.iverksett(u.mottaker, id_)
        assert _bemannet(u) == 4
        omd = u.les(id_)
        assert (omd.ble_aapnet, omd.ble_stengt) == (2, 0)
        flyt.avslutt(u.avgiver, id_, grunn="Færre innlagte.")
        assert _bemannet(u) == 2
    assert u.les(id_).status == Status.AVSLUTTET
    assert not any(li.opptar for li in u.les(id_).linjer)


@pytest.mark.parametrize("til", list(Status))
@pytest.mark.parametrize("fra", list(Status))
def test_bare_kantene_kan_gaas(u: Utlaan, fra: Status, til: Status) -> None:
    """Each pair of states against the table, by the use case that moves along the edge."""
    id_ = u.til(fra)
    omd = u.les(id_)
    if til in OVERGANGER[fra]:
        omd.flytt_til(til)
        assert omd.status == til
    else:
        with pytest.raises(UgyldigOvergang):
            omd.flytt_til(til)
    db.session.rollback()


def test_mottaker_kan_ikke_godkjenne_foerst(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    with pytest.raises(UgyldigOvergang, match="ugyldig_overgang"):
        flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    assert u.les(id_).status == Status.FORESLAATT


def test_et_endret_forslag_maa_godkjennes_paa_nytt(u: Utlaan) -> None:
    id_ = u.til(Status.GODKJENT_AVGIVER)
    lest = u.les(id_).innhold_hash
    utkast.endre(u.mottaker, id_, lest=lest, merknad="Oppmøte ved hovedinngangen.")
    assert u.les(id_).status == Status.FORESLAATT
    assert not any(li.opptar for li in u.les(id_).linjer)
    with pytest.raises(Utdatert):
        flyt.godkjenn(u.avgiver, id_, lest=lest)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert u.les(id_).status == Status.GODKJENT_AVGIVER


@pytest.mark.parametrize("felt", [*LOV, "bestemmelse_id"])
def test_uten_lovfelt_ingen_godkjenning(u: Utlaan, felt: str) -> None:
    id_ = u.utkast(**{felt: None})
    flyt.foreslaa(u.avgiver, id_)
    with pytest.raises(UgyldigData) as feil:
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert set(feil.value.detaljer["felter"]) == {felt}
    assert u.les(id_).status == Status.FORESLAATT


def test_godkjent_kan_vaere_mindre_enn_foreslaatt(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    omd = u.les(id_)
    beholdt = omd.linjer[0].id
    flyt.godkjenn(u.avgiver, id_, lest=omd.innhold_hash, behold=[beholdt])
    linjer = {li.id: li for li in u.les(id_).linjer}
    assert [li.id for li in linjer.values() if li.opptar] == [beholdt]
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    assert db.session.get_one(Behov, u.behov.id, populate_existing=True).status == "aapent"


def test_den_som_er_lovet_bort_faller_ut_av_andre_forslag(u: Utlaan) -> None:
    annet = lag_behov(u.scene.annen_kommune)
    id_ = u.til(Status.FORESLAATT)
    id2 = utkast.opprett(
        u.avgiver,
        annet.id,
        [utkast.Ny(ressursperson_id=p.id, samtykket=True) for p in u.personer],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id},
    )
    flyt.foreslaa(u.avgiver, id2)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    tapt = u.les(id2)
    assert tapt.status == Status.AVSLAATT
    assert {li.stroeket_grunn for li in tapt.linjer} == {"opptatt"}
    with pytest.raises(PortalError):
        flyt.godkjenn(u.avgiver, id2, lest=tapt.innhold_hash)


def test_ingen_over_hundre_prosent(u: Utlaan) -> None:
    halv = lag_ressurs(u.scene.hf, u.post, navn="Jon Halv", prosent=80)
    for andel, gaar in ((50, True), (30, True), (10, False)):
        id_ = utkast.opprett(
            u.avgiver,
            u.behov.id,
            [utkast.Ny(ressursperson_id=halv.id, andel=andel, samtykket=True)],
            **{**LOV, "bestemmelse_id": u.bestemmelse.id},
        )
        flyt.foreslaa(u.avgiver, id_)
        if gaar:
            flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
        else:
            with pytest.raises(Opptatt):
                flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)


def test_under_gulvet_bare_med_en_grunn(u: Utlaan) -> None:
    lag_gulv(u.post, antall=4, gulv=3)
    id_ = u.til(Status.FORESLAATT)
    with pytest.raises(UgyldigData) as feil:
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert set(feil.value.detaljer["felter"]) == {"gulv_overstyrt"}
    utkast.endre(u.avgiver, id_, lest=u.les(id_).innhold_hash, gulv_overstyrt="Tre vikarer kommer.")
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert u.les(id_).status == Status.GODKJENT_AVGIVER


def test_behovet_er_dekket_til_noen_faller_fra(u: Utlaan) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    assert db.session.get_one(Behov, u.behov.id, populate_existing=True).status == "dekket"
    flyt.trekk(u.avgiver, id_, grunn="Syk selv.")
    assert db.session.get_one(Behov, u.behov.id, populate_existing=True).status == "aapent"
    assert isinstance(u.les(id_), Omdisponering)


# --- proposed and approved in one act --------------------------------------------------------------------


def _spor(u: Utlaan, id_: UUID) -> tuple[Any, ...]:
    """All that a draft says, what is written of it, and who was told."""
    omd = u.les(id_)
    return (
        *(omd.status, omd.versjon, omd.innhold_hash, omd.foreslaatt, omd.svarfrist, omd.aapnes),
        [(li.id, li.stroeket_grunn, li.opptar, li.beordret, li.samtykket) for li in omd.linjer],
        list(db.session.scalars(sa.select(Omdisponeringshendelse.type).order_by(Omdisponeringshendelse.nr))),
        db.session.scalar(sa.select(sa.func.count()).select_from(Varsel)),
        db.session.scalar(sa.select(sa.func.count()).select_from(Utsending)),
    )


def test_foreslaatt_og_godkjent_i_ett_og_mottaker_faar_vite_det_en_gang(u: Utlaan) -> None:
    id_ = u.utkast()
    omd = u.les(id_)
    flyt.foreslaa_og_godkjenn(u.avgiver, id_, lest=omd.innhold_hash, behold=[omd.linjer[0].id])
    omd = u.les(id_)
    assert omd.status == Status.GODKJENT_AVGIVER and omd.foreslaatt is not None and omd.svarfrist is not None
    assert [li.opptar for li in omd.linjer] == [True, False]
    fortalt = db.session.scalars(sa.select(Varsel.kode).where(Varsel.person_id == u.mottaker.person_id)).all()
    assert fortalt == ["omdisponering.godkjent_avgiver"]
    flyt.godkjenn(u.mottaker, id_, lest=omd.innhold_hash)
    assert u.les(id_).status == Status.GODKJENT_MOTTAKER


@pytest.mark.parametrize("hva", ["gulvet", "ja", "opptatt", "lest", "personnummer", "mottakers"])
def test_en_nektet_godkjenning_lar_utkastet_staa_som_det_var(u: Utlaan, hva: str) -> None:
    id_ = u.utkast()
    inn: dict[str, Any] = {"lest": u.les(id_).innhold_hash, "behold": [u.les(id_).linjer[0].id]}
    match hva:
        case "gulvet":
            lag_gulv(u.post, antall=3, gulv=3)
        case "ja":
            inn["ja"] = []
        case "opptatt":
            annen = u.til(Status.GODKJENT_AVGIVER, behov=lag_behov(u.scene.annen_kommune), aapnes=0)
            assert u.les(annen).status == Status.GODKJENT_AVGIVER
        case "lest":
            inn["lest"] = "noe annet"
        case "personnummer":
            lag_gulv(u.post, antall=3, gulv=3)
            inn["gulv_overstyrt"] = "Vikaren 13097248022 kommer."
    hvem = u.mottaker if hva == "mottakers" else u.avgiver
    if hva == "mottakers":
        tilbud = [lag_tilbud(p, u.behov) for p in u.personer]
        id_ = utkast.opprett(
            hvem,
            u.behov.id,
            [utkast.Ny(tilbud_id=t.id) for t in tilbud],
            **{**LOV, "bestemmelse_id": u.bestemmelse.id},
        )
        inn = {"lest": u.les(id_).innhold_hash}
    foer = _spor(u, id_)
    with pytest.raises(PortalError):
        flyt.foreslaa_og_godkjenn(hvem, id_, **inn)
    assert _spor(u, id_) == foer


def test_det_som_er_foreslaatt_foreslaas_ikke_igjen(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    with pytest.raises(UgyldigOvergang):
        flyt.foreslaa_og_godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    id_ = u.til(Status.GODKJENT_AVGIVER)
    with pytest.raises(UgyldigOvergang):
        flyt.foreslaa_og_godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert u.les(id_).status == Status.GODKJENT_AVGIVER


# --- what the lender has approved is kept, and nothing else --------------------------------------------------


def _nye(u: Utlaan, id_: UUID, **mer: Any) -> list[utkast.Ny]:
    """The lines as the form sends them back."""
    return [
        utkast.Ny(
            ressursperson_id=li.ressursperson_id,
            fra=li.fra,
            til=li.til,
            andel=li.andel,
            samtykket=li.samtykket is not None,
            beordret=li.beordret,
            **mer,
        )
        for li in u.les(id_).linjer
        if li.gjelder
    ]


@pytest.mark.parametrize("hvem", ["avgiver", "mottaker"])
def test_lagret_uten_endring_beholder_folkene(u: Utlaan, hvem: str) -> None:
    id_ = u.til(Status.GODKJENT_AVGIVER)
    foer = [li.id for li in u.les(id_).linjer]
    utkast.endre(getattr(u, hvem), id_, _nye(u, id_), lest=u.les(id_).innhold_hash)
    omd = u.les(id_)
    assert omd.status == Status.GODKJENT_AVGIVER
    assert [li.id for li in omd.linjer] == foer and all(li.opptar for li in omd.linjer)
    flyt.godkjenn(u.mottaker, id_, lest=omd.innhold_hash)


def test_et_ja_som_tas_bort_opphever_godkjenningen(u: Utlaan) -> None:
    """The words are the same; what the lender approved is not."""
    id_ = u.til(Status.GODKJENT_AVGIVER)
    nye = _nye(u, id_)
    nye[0] = replace(nye[0], samtykket=False)
    utkast.endre(u.avgiver, id_, nye, lest=u.les(id_).innhold_hash)
    omd = u.les(id_)
    assert omd.status == Status.FORESLAATT and not any(li.opptar for li in omd.linjer)
    assert [li.samtykket is None for li in omd.linjer] == [True, False]


def test_mottakers_endring_lar_ja_og_beordring_staa(u: Utlaan) -> None:
    vedtak = lag_vedtak(u.scene.hf)
    id_ = u.til(Status.FORESLAATT, vedtak_id=vedtak.id)
    beordret = u.les(id_).linjer[0].id
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash, beordret=[beordret])
    utkast.endre(u.mottaker, id_, _nye(u, id_), lest=u.les(id_).innhold_hash, merknad="Ta med ID-kort.")
    linjer = u.les(id_).linjer
    assert [(li.beordret, li.samtykket is not None) for li in linjer] == [(True, True), (False, True)]


def test_den_som_er_tatt_ut_kan_ikke_hentes_inn_av_mottaker(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    alle = _nye(u, id_)
    flyt.godkjenn(
        u.avgiver, id_, lest=u.les(id_).innhold_hash, behold=[u.les(id_).linjer[0].id], aapnes=2, stenges=0
    )
    with pytest.raises(UgyldigData):
        utkast.endre(u.mottaker, id_, alle, lest=u.les(id_).innhold_hash)
    assert len([li for li in u.les(id_).linjer if li.gjelder]) == 1


def test_faerre_folk_aapner_faerre_plasser(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    omd = u.les(id_)
    flyt.godkjenn(u.avgiver, id_, lest=omd.innhold_hash, behold=[omd.linjer[0].id])
    assert u.les(id_).aapnes == 1


# --- what has changed since the approval -----------------------------------------------------------------


def test_et_opphevet_vedtak_eller_fritak_beordrer_ingen(u: Utlaan) -> None:
    """Who can be ordered no more does not go; the other begins, and half of the beds are opened."""
    vedtak = lag_vedtak(u.scene.hf)
    id_ = u.til(Status.FORESLAATT, vedtak_id=vedtak.id)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash, beordret=[u.les(id_).linjer[0].id])
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    avtalt = u.les(id_).innhold_hash
    vedtakstjeneste.opphev(u.avgiver, vedtak.id)
    with om(days=1, minutes=1):
        flyt.iverksett(u.mottaker, id_)
    omd = u.les(id_)
    assert [(li.opptar, li.stroeket_grunn) for li in omd.linjer] == [(False, "ikke_lenger"), (True, None)]
    assert (omd.status, omd.ble_aapnet, omd.innhold_hash) == (Status.IVERKSATT, 1, avtalt)
    assert db.session.get_one(Behov, u.behov.id, populate_existing=True).status == "aapent"


def test_ingen_igjen_og_den_begynner_ikke(u: Utlaan) -> None:
    vedtak = lag_vedtak(u.scene.hf)
    id_ = u.til(Status.FORESLAATT, vedtak_id=vedtak.id)
    omd = u.les(id_)
    flyt.godkjenn(u.avgiver, id_, lest=omd.innhold_hash, beordret=[li.id for li in omd.linjer])
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    vedtakstjeneste.opphev(u.avgiver, vedtak.id)
    with om(days=1, minutes=1):
        klokke.sett_i_gang_og_avslutt()
        assert u.les(id_).status == Status.TRUKKET and _bemannet(u) == 2


def test_mottaker_faar_ikke_vite_hvorfor(u: Utlaan) -> None:
    """A need that asks for more after the names are known tells nobody's vaccination, and no exemption."""
    vedtak = lag_vedtak(u.scene.hf)
    id_ = u.til(Status.FORESLAATT, vedtak_id=vedtak.id)
    linje = u.les(id_).linjer[0]
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash, beordret=[linje.id])
    skriv(sa.update(Behov).where(Behov.id == u.behov.id).values(krever_vaksine=True))
    skriv(sa.update(Ressursperson).where(Ressursperson.id == linje.ressursperson_id).values(fritatt=True))
    with pytest.raises(UgyldigData) as feil:
        flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    svar = {felt: [str(t) for t in tekster] for felt, tekster in feil.value.detaljer["felter"].items()}
    assert svar == {f"linje-{linje.id}": [str(kontroll.AVGIVER_MAA_SE)]}


def test_den_som_er_blitt_borte_stopper_mottakers_godkjenning(u: Utlaan) -> None:
    id_ = u.til(Status.GODKJENT_AVGIVER)
    ressurser.meld_borte(u.avgiver, u.personer[0].id, fra=u.behov.fra, til=u.behov.til)
    with pytest.raises(Opptatt) as feil:
        flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    assert feil.value.melding == str(kontroll.AVGIVER_MAA_SE)
    assert "Somby" not in feil.value.melding
    fortalt = db.session.scalars(
        sa.select(Varsel.person_id).where(Varsel.kode == "omdisponering.borte")
    ).all()
    assert u.mottaker.person_id in fortalt
