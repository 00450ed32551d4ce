"""Notice of an agreement: given and taken back, by the owner for the whole and by a kommune for its own part."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.avtaler import plikter
from portal.avtaler.forloep import Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.service import avtaler, forpliktelser, godkjenning, ikrafttredelse, oppsigelse, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO, i_dag, som_om
from portal.core.db import db
from portal.core.errors import (
    IkkeFunnet,
    IkkeTilgang,
    UgyldigData,
    UgyldigOvergang,
    Utdatert,
)
from portal.identitet.models import Medlemskap
from tests.avtalehjelp import lag_avtale
from tests.avtaler.godkjenninghjelp import Bord
from tests.avtaler.godkjenninghjelp import gi as godkjenn
from tests.avtaler.motorhjelp import les, nytt_utkast, varslet
from tests.avtaler.oppsigelsehjelp import ENIGE, GRUNN, Livet, gi, oppgaver, part, rad, snart, versjon
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, skriv, uten_spor
from tests.conftest import DB
from tests.samtidig import samtidig

DAG = timedelta(days=1)


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


@pytest.fixture
def lenge_her(livet: Livet) -> None:
    """Everybody has had their role for years, so that the clock can be moved back."""
    skriv(sa.update(Medlemskap).values(gyldig_fra=datetime(2020, 1, 1, tzinfo=UTC)))


def _ett_aar_fram() -> date:
    dag = i_dag()
    return dag.replace(year=dag.year + 1) if (dag.month, dag.day) != (2, 29) else date(dag.year + 1, 2, 28)


# --- giving it -------------------------------------------------------------------------------------------


def test_eieren_sier_opp_for_alle_og_alle_faar_vite_det(livet: Livet) -> None:
    avtale_id = livet.avtale()
    id_ = gi(livet.eier, avtale_id)
    v, o = versjon(avtale_id), rad(id_)
    assert (o.varslet, o.virkning, o.begrunnelse, o.enighet) == (i_dag(), _ett_aar_fram(), GRUNN, "")
    assert (o.organisasjon_id, o.registrert_av_id, o.trukket, o.avsluttet) == (
        livet.scene.hf.id,
        livet.eier.person_id,
        None,
        None,
    )
    assert (v.status, v.i_kraft_til) == (Status.OPPSAGT, _ett_aar_fram())
    assert part(avtale_id, livet.scene.kommune).til is None, "the agreement ends, not the party's place in it"
    ventet = {
        livet.kommune.person_id,
        livet.nabo.person_id,
        livet.rhf.person_id,
        livet.scene.kommuneoverlege.person_id,
    }
    assert set(varslet("avtale.oppsagt")) == ventet, "all but who did it"
    (innslag,) = revisjon("avtale.oppsagt")
    assert innslag.objekt_id == str(avtale_id)
    (oppgave,) = oppgaver(plikter.VARSLE, livet.scene.rhf)
    assert oppgave.krever_bevis and oppgave.frist == plikter.om_maaneder(i_dag(), 1)
    assert oppgave.noekkel == plikter.noekkel(plikter.VARSLE, avtale_id, id_, livet.scene.rhf.id)


def test_en_kommune_sier_opp_for_sin_del(livet: Livet) -> None:
    avtale_id = livet.avtale()
    gi(livet.kommune, avtale_id)
    assert versjon(avtale_id).status == Status.GJELDENDE
    assert versjon(avtale_id).i_kraft_til is None
    assert part(avtale_id, livet.scene.kommune).til == _ett_aar_fram()
    assert part(avtale_id, livet.scene.annen_kommune).til is None
    assert {livet.eier.person_id, livet.nabo.person_id, livet.rhf.person_id} <= set(varslet("avtale.oppsagt"))
    assert len(oppgaver(plikter.VARSLE, livet.scene.rhf)) == 1


def test_et_rhf_som_selv_er_part_faar_beskjeden_en_gang_og_oppgaven(livet: Livet) -> None:
    """The RHF owns the agreement: it is the one to tell, and to tell the state."""
    annen = lag_aktor(Rolle.KOORDINATOR, livet.scene.rhf, navn="Rolf Regional")
    avtale = lag_avtale(livet.scene.rhf, [livet.scene.kommune], status=Status.GJELDENDE)
    gi(livet.kommune, avtale.id)
    assert sorted(varslet("avtale.oppsagt"), key=str) == sorted(
        [livet.rhf.person_id, annen.person_id, livet.scene.kommuneoverlege.person_id], key=str
    )
    assert len(oppgaver(plikter.VARSLE, livet.scene.rhf)) == 1


def test_uten_et_rhf_er_det_ingen_aa_gi_oppgaven_til(scene: Scene, motpart: Aktor) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    gi(motpart, avtale.id)
    assert oppgaver(plikter.VARSLE, scene.rhf) == []
    assert part(avtale.id, scene.kommune).til == _ett_aar_fram()


@pytest.mark.parametrize(
    ("varslet_", "virkning", "enighet", "felt"),
    [
        (0, 364, "", "virkning"),
        (0, 1, "", "virkning"),
        (0, 0, ENIGE, "virkning"),
        (0, -1, ENIGE, "virkning"),
        (1, 400, "", "varslet"),
        (-31, 400, "", "varslet"),
        (-14, 350, "", "virkning"),
        (0, 365 * 11 + 5, "", "virkning"),
        (0, 30, "   ", "virkning"),
        (0, 30, "x" * 501, "enighet"),
        (0, 30, "Referat\x00", "enighet"),
    ],
)
def test_dager_som_ikke_kan_vaere(
    livet: Livet, opptak: Opptak, varslet_: int, virkning: int, enighet: str, felt: str
) -> None:
    avtale_id = livet.avtale(fra=i_dag() - 30 * DAG)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        oppsigelse.gi(
            livet.eier,
            avtale_id,
            varslet=i_dag() + varslet_ * DAG,
            virkning=i_dag() + virkning * DAG,
            begrunnelse=GRUNN,
            enighet=enighet,
        )
    assert list(feil.value.detaljer["felter"]) == [felt]


@pytest.mark.parametrize(
    ("tekst", "kode"),
    [
        ("", "ugyldig"),
        (" \n ", "ugyldig"),
        ("x" * 5_001, "ugyldig"),
        ("Se 13097248022.", "personnummer"),
    ],
)
def test_begrunnelser_som_ikke_kan_lagres(livet: Livet, opptak: Opptak, tekst: str, kode: str) -> None:
    avtale_id = livet.avtale()
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        oppsigelse.gi(livet.eier, avtale_id, begrunnelse=tekst)
    assert feil.value.kode == kode and list(feil.value.detaljer["felter"]) == ["begrunnelse"]


def test_et_tall_som_ikke_er_et_foedselsnummer_slipper_gjennom_og_logges(livet: Livet) -> None:
    avtale_id = livet.avtale()
    oppsigelse.gi(livet.eier, avtale_id, begrunnelse="Konto 13097248022.", ikke_fnr=True)
    assert '"sluppet_tall":1' in revisjon("avtale.oppsagt")[0].detaljer.replace(" ", "")


def test_kortere_frist_naar_partene_er_enige_om_den(livet: Livet) -> None:
    avtale_id = livet.avtale()
    id_ = gi(livet.eier, avtale_id, i_dag() + DAG, f"  {ENIGE}\n")
    assert (rad(id_).virkning, rad(id_).enighet) == (i_dag() + DAG, ENIGE)


def test_et_brev_som_ble_sendt_foer_teller_fra_da(livet: Livet) -> None:
    """Given on the first day it held, a year counts from that; not a day earlier."""
    avtale_id = livet.avtale(fra=i_dag() - 30 * DAG)
    id_ = oppsigelse.gi(
        livet.kommune, avtale_id, varslet=i_dag() - 30 * DAG, begrunnelse=GRUNN, brev="Brev, sak 26/12"
    )
    assert rad(id_).virkning == (i_dag() - 30 * DAG).replace(year=(i_dag() - 30 * DAG).year + 1)


@pytest.mark.usefixtures("lenge_her")
def test_skuddaarsdagen(livet: Livet) -> None:
    with som_om(datetime(2028, 2, 29, 12, tzinfo=OSLO)):
        avtale_id = livet.avtale(fra=date(2028, 1, 1))
        with pytest.raises(UgyldigData):
            gi(livet.eier, avtale_id, date(2029, 2, 27))
        assert rad(gi(livet.eier, avtale_id)).virkning == date(2029, 2, 28)
    with som_om(datetime(2029, 2, 27, 23, 59, tzinfo=OSLO)):
        ikrafttredelse.sett_i_kraft()
        assert versjon(avtale_id).status == Status.OPPSAGT
    with som_om(datetime(2029, 2, 28, 0, 1, tzinfo=OSLO)):
        ikrafttredelse.sett_i_kraft()
        assert versjon(avtale_id).status == Status.UTLOEPT


@pytest.mark.usefixtures("lenge_her")
@pytest.mark.parametrize(
    "virkning", [date(2027, 3, 28), date(2027, 3, 29), date(2027, 10, 31), date(2027, 11, 1)]
)
def test_dagene_er_oslos_ogsaa_naar_klokka_stilles(livet: Livet, virkning: date) -> None:
    """It holds until midnight in Oslo, an hour or two before or after UTC's."""
    with som_om(datetime(2026, 3, 1, 12, tzinfo=OSLO)):
        avtale_id = livet.avtale(fra=date(2026, 1, 1))
        gi(livet.kommune, avtale_id, virkning)
    midnatt = datetime.combine(virkning, datetime.min.time(), OSLO).astimezone(UTC)
    with som_om(midnatt - timedelta(minutes=1)):
        assert ikrafttredelse.sett_i_kraft() == 0
        assert part(avtale_id, livet.scene.kommune).status == "deltar"
    with som_om(midnatt + timedelta(minutes=1)):
        assert ikrafttredelse.sett_i_kraft() == 1
        assert part(avtale_id, livet.scene.kommune).status == "utmeldt"


# --- who and when ----------------------------------------------------------------------------------------


def test_bare_koordinatoren_hos_en_part(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    s = livet.scene
    fremmed = lag_aktor(Rolle.KOORDINATOR, s.annet_hf)
    for hvem, feil in [
        *((a, IkkeTilgang) for a in (s.administrator, s.kommuneoverlege, s.lege, s.spesialist, livet.rhf)),
        (fremmed, IkkeFunnet),
    ]:
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            gi(hvem, avtale_id)
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            oppsigelse.forhaandsvis(hvem, avtale_id)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        gi(livet.eier, uuid4())


@pytest.mark.parametrize("hvem", ["eier", "kommune"])
def test_to_ganger_er_en_for_mye(livet: Livet, opptak: Opptak, hvem: str) -> None:
    avtale_id = livet.avtale()
    gi(getattr(livet, hvem), avtale_id)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang, match="alt_oppsagt"):
        gi(getattr(livet, hvem), avtale_id)


def test_det_som_ikke_binder_kan_ikke_sies_opp(livet: Livet, opptak: Opptak) -> None:
    utkast = nytt_utkast(livet.scene)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        gi(livet.eier, utkast)
    # Invited to what is in force, and bound by nothing.
    avtale = lag_avtale(livet.scene.hf, [livet.scene.kommune], status=Status.GJELDENDE)
    parter.inviter(livet.eier, avtale.id, [livet.scene.annen_kommune.id])
    parter.svar(livet.nabo, avtale.id, True)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang, match="ugyldig_overgang"):
        gi(livet.nabo, avtale.id)


def test_den_som_har_lest_noe_annet_maa_lese_paa_nytt(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    lest = oppsigelse.forhaandsvis(livet.eier, avtale_id).lest
    bord = Bord(livet.scene, livet.kommune)
    _ny_godkjent(livet, bord, avtale_id, i_dag() + 100 * DAG)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        oppsigelse.gi(livet.eier, avtale_id, begrunnelse=GRUNN, lest=lest)
    oppsigelse.gi(livet.eier, avtale_id, begrunnelse=GRUNN, lest=feil.value.detaljer["lest"])


def _ny_godkjent(livet: Livet, bord: Bord, avtale_id: Any, fra: date) -> int:
    """The next version is approved by all three, and waits for its day."""
    nummer = bord.ny_versjon(avtale_id, oensket_fra=fra)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    godkjenn(lag_aktor(Rolle.ADMINISTRATOR, livet.scene.annen_kommune), avtale_id)
    assert versjon(avtale_id, nummer).status == Status.GODKJENT
    return nummer


# --- what it means ---------------------------------------------------------------------------------------


def test_det_vises_hva_den_betyr_foer_den_gis(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale(tittel="Overordnet")
    under = lag_avtale(
        livet.scene.hf, [livet.scene.kommune], status=Status.GJELDENDE, overordnet_id=avtale_id
    )
    lag_avtale(livet.scene.hf, [livet.scene.kommune], overordnet_id=avtale_id)
    with uten_spor(opptak):
        f = oppsigelse.forhaandsvis(livet.eier, avtale_id, begrunnelse=GRUNN)
    assert f.hele and f.frister is not None and not f.frister.kort
    assert (f.slutt, f.siste) == (_ett_aar_fram(), _ett_aar_fram() - DAG)
    assert [p.organisasjon_id for p in f.andre] == [livet.scene.kommune.id, livet.scene.annen_kommune.id]
    assert [b.overskrift for b in f.bestemmelser] == ["Innleggelse"]
    assert [a.id for a in f.underavtaler] == [under.id], "those that hold"
    assert f.rhf is not None and f.rhf.id == livet.scene.rhf.id
    with uten_spor(opptak), pytest.raises(UgyldigData):
        oppsigelse.forhaandsvis(livet.eier, avtale_id, begrunnelse="", virkning=i_dag())
    for_kommunen = oppsigelse.forhaandsvis(livet.kommune, avtale_id, begrunnelse=GRUNN)
    assert not for_kommunen.hele and for_kommunen.underavtaler == []


# --- taking it back --------------------------------------------------------------------------------------


@pytest.mark.parametrize("hvem", ["eier", "kommune"])
def test_den_som_sa_opp_kan_trekke_mens_den_loeper(livet: Livet, hvem: str) -> None:
    avtale_id = livet.avtale()
    aktor: Aktor = getattr(livet, hvem)
    id_ = gi(aktor, avtale_id)
    with som_om(datetime.now(UTC) + 364 * DAG):
        oppsigelse.trekk(aktor, id_)
    assert rad(id_).trukket is not None
    v = versjon(avtale_id)
    assert (v.status, v.i_kraft_til, part(avtale_id, livet.scene.kommune).til) == (
        Status.GJELDENDE,
        None,
        None,
    )
    assert varslet("avtale.oppsagt") == [], "what nobody has read is not so any more"
    assert {livet.rhf.person_id, livet.nabo.person_id} <= set(varslet("avtale.oppsigelse_trukket"))
    (oppgave,) = oppgaver(plikter.VARSLE, livet.scene.rhf)
    assert oppgave.avlyst is not None
    assert len(revisjon("avtale.oppsigelse_trukket")) == 1
    # And it can be given again.
    gi(aktor, avtale_id)


def test_en_annens_oppsigelse_trekkes_ikke(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    id_ = gi(livet.kommune, avtale_id)
    fremmed = lag_aktor(Rolle.KOORDINATOR, livet.scene.annet_hf)
    for hvem in (livet.eier, livet.nabo, livet.scene.kommuneoverlege, livet.rhf):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            oppsigelse.trekk(hvem, id_)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        oppsigelse.trekk(fremmed, id_)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        oppsigelse.trekk(livet.eier, uuid4())


@pytest.mark.parametrize("hvem", ["eier", "kommune"])
@pytest.mark.parametrize("arbeider", [True, False])
def test_naar_den_har_virket_er_det_for_sent(livet: Livet, opptak: Opptak, hvem: str, arbeider: bool) -> None:
    avtale_id = livet.avtale()
    id_ = snart(getattr(livet, hvem), avtale_id)
    with som_om(datetime.now(UTC) + 30 * DAG):
        if arbeider:
            ikrafttredelse.sett_i_kraft()
        feil = IkkeTilgang if hvem == "kommune" and arbeider else UgyldigOvergang
        with uten_spor(opptak, avslag=int(feil is IkkeTilgang)), pytest.raises(feil):
            oppsigelse.trekk(getattr(livet, hvem), id_)


def test_trukket_to_ganger(livet: Livet, opptak: Opptak) -> None:
    avtale_id = livet.avtale()
    id_ = gi(livet.eier, avtale_id)
    oppsigelse.trekk(livet.eier, id_)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        oppsigelse.trekk(livet.eier, id_)


# --- beside another version ------------------------------------------------------------------------------


def test_under_revisjon_er_den_igjen_naar_oppsigelsen_trekkes(livet: Livet) -> None:
    avtale_id = livet.avtale()
    avtaler.ny_versjon(livet.eier, avtale_id)
    id_ = gi(livet.eier, avtale_id)
    assert versjon(avtale_id).status == Status.OPPSAGT
    oppsigelse.trekk(livet.eier, id_)
    assert versjon(avtale_id).status == Status.UNDER_REVISJON
    avtaler.forkast(livet.eier, avtale_id)
    assert versjon(avtale_id).status == Status.GJELDENDE


@pytest.mark.parametrize(("varsel", "slutt_"), [(None, 100), (50, 50)])
def test_en_ny_versjon_som_venter(livet: Livet, varsel: int | None, slutt_: int) -> None:
    """The old one ends at the earlier of the two days; taken back, it holds until the new one."""
    avtale_id, dag = livet.avtale(), i_dag()
    _ny_godkjent(livet, Bord(livet.scene, livet.kommune), avtale_id, dag + 100 * DAG)
    id_ = snart(livet.eier, avtale_id, varsel) if varsel else gi(livet.eier, avtale_id)
    assert versjon(avtale_id).i_kraft_til == dag + slutt_ * DAG
    oppsigelse.trekk(livet.eier, id_)
    assert (versjon(avtale_id).status, versjon(avtale_id).i_kraft_til) == (
        Status.UNDER_REVISJON,
        dag + 100 * DAG,
    )


def test_tas_den_nye_tilbake_virker_oppsigelsen(livet: Livet) -> None:
    avtale_id, dag = livet.avtale(), i_dag()
    _ny_godkjent(livet, Bord(livet.scene, livet.kommune), avtale_id, dag + 100 * DAG)
    gi(livet.eier, avtale_id)
    godkjenning.aapne_igjen(livet.eier, avtale_id)
    assert (versjon(avtale_id).status, versjon(avtale_id).i_kraft_til) == (Status.OPPSAGT, _ett_aar_fram())


def test_en_ny_versjon_tar_over_og_oppsigelsen_faller_bort(livet: Livet) -> None:
    avtale_id, dag = livet.avtale(), i_dag()
    id_ = gi(livet.eier, avtale_id)
    kommunens = gi(livet.kommune, avtale_id)
    ut = _ett_aar_fram()
    _ny_godkjent(livet, Bord(livet.scene, livet.kommune), avtale_id, dag + 100 * DAG)
    with som_om(datetime.now(UTC) + 100 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert (versjon(avtale_id).status, versjon(avtale_id, 2).status) == (
            Status.ERSTATTET,
            Status.GJELDENDE,
        )
        assert rad(id_).avsluttet is not None and rad(id_).trukket is None, "fell away, was not taken back"
        assert rad(kommunens).avsluttet is None, "the kommune's own runs on"
        assert part(avtale_id, livet.scene.kommune).til == ut
        with pytest.raises(UgyldigOvergang):
            oppsigelse.trekk(livet.eier, id_)
        gi(livet.eier, avtale_id)


def test_en_dag_uten_avtale_og_saa_den_nye(livet: Livet) -> None:
    """Agreed to end before the next begins: nothing holds between, and then there is a year until its review."""
    avtale_id, dag = livet.avtale(neste_gjennomgang=i_dag() + 40 * DAG), i_dag()
    _ny_godkjent(livet, Bord(livet.scene, livet.kommune), avtale_id, dag + 100 * DAG)
    snart(livet.eier, avtale_id, 50)
    with som_om(datetime.now(UTC) + 50 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert versjon(avtale_id).status == Status.UTLOEPT
        assert les(avtale_id).neste_gjennomgang is None
    with som_om(datetime.now(UTC) + 100 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert versjon(avtale_id, 2).status == Status.GJELDENDE
        ventet = plikter.om_maaneder(dag + 100 * DAG, 12)
        assert les(avtale_id).neste_gjennomgang == ventet
        aapne = [o.frist for o in oppgaver(plikter.GJENNOMGANG, livet.scene.hf) if o.avlyst is None]
        assert aapne == [ventet]


# --- the day it takes effect -----------------------------------------------------------------------------


def test_den_som_gaar_ut_slipper_alt_den_hadde(livet: Livet) -> None:
    """What its chain was asked for falls, and a version that waited for it alone is approved by all."""
    avtale_id, bord = livet.avtale(), Bord(livet.scene, livet.kommune)
    id_ = snart(livet.nabo, avtale_id)
    # Wanted today: the neighbour is asked too.
    nummer = bord.ny_versjon(avtale_id)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    assert versjon(avtale_id, nummer).status == Status.TIL_GODKJENNING
    with som_om(datetime.now(UTC) + 30 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert part(avtale_id, livet.scene.annen_kommune).status == "utmeldt"
        assert (versjon(avtale_id).status, versjon(avtale_id, nummer).status) == (
            Status.ERSTATTET,
            Status.GJELDENDE,
        )
        assert part(avtale_id, livet.scene.annen_kommune).til == i_dag()
        assert {livet.eier.person_id, livet.nabo.person_id} <= set(varslet("avtale.part_utmeldt"))
    assert rad(id_).avsluttet is not None
    assert varslet("avtale.til_godkjenning") == []


def test_gaar_den_siste_kommunen_ut_er_versjonen_ikke_godkjent_av_noen_motpart(livet: Livet) -> None:
    avtale_id = lag_avtale(livet.scene.hf, [livet.scene.kommune], status=Status.GJELDENDE).id
    bord = Bord(livet.scene, livet.kommune)
    snart(livet.kommune, avtale_id)
    nummer = bord.ny_versjon(avtale_id)
    bord.send(avtale_id)
    godkjenn(bord.direktoer, avtale_id)
    with som_om(datetime.now(UTC) + 30 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert versjon(avtale_id, nummer).status == Status.TIL_GODKJENNING
        godkjenning.aapne_igjen(livet.eier, avtale_id)


def test_den_som_kommer_tilbake_kan_si_opp_igjen(livet: Livet) -> None:
    avtale_id = livet.avtale()
    snart(livet.kommune, avtale_id)
    bord = Bord(livet.scene, livet.kommune)
    with som_om(datetime.now(UTC) + 30 * DAG):
        ikrafttredelse.sett_i_kraft()
        parter.inviter(livet.eier, avtale_id, [livet.scene.kommune.id])
        parter.svar(livet.kommune, avtale_id, True)
        godkjenn(bord.ordfoerer, avtale_id)
        assert part(avtale_id, livet.scene.kommune).fra == i_dag()
        with pytest.raises(UgyldigData):
            oppsigelse.gi(livet.kommune, avtale_id, varslet=i_dag() - DAG, begrunnelse=GRUNN)
        snart(livet.kommune, avtale_id)
    with som_om(datetime.now(UTC) + 61 * DAG):
        assert ikrafttredelse.sett_i_kraft() == 1
        assert part(avtale_id, livet.scene.kommune).status == "utmeldt"


def test_ingenting_bes_om_etter_den_siste_dagen(livet: Livet) -> None:
    """Tasks of days beyond a notice are not made; taken back, they are. What was asked for before stays."""
    plikt = {"tekst": "Møte", "hyppighet": "kvartal", "frist": "", "sider": ["foretak", "kommune"]}
    avtale_id = livet.avtale(fra=i_dag(), bestemmelser=[{"forpliktelser": [plikt]}])
    foer = len(oppgaver(plikter.FORPLIKTELSE, livet.scene.kommune))
    id_ = gi(livet.kommune, avtale_id)
    with som_om(datetime.now(UTC) + 300 * DAG):
        forpliktelser.fyll_paa()
        assert len(oppgaver(plikter.FORPLIKTELSE, livet.scene.kommune)) == foer
        assert len(oppgaver(plikter.FORPLIKTELSE, livet.scene.hf)) > foer
        oppsigelse.trekk(livet.kommune, id_)
        assert len(oppgaver(plikter.FORPLIKTELSE, livet.scene.kommune)) > foer


def test_naar_avtalen_er_slutt_er_oppgavene_borte_men_ikke_det_staten_skal_vite(livet: Livet) -> None:
    avtale_id = livet.avtale()
    id_ = snart(livet.eier, avtale_id)
    with som_om(datetime.now(UTC) + 30 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert versjon(avtale_id).status == Status.UTLOEPT
    assert rad(id_).avsluttet is not None
    (melding,) = oppgaver(plikter.VARSLE, livet.scene.rhf)
    (sendt,) = oppgaver(plikter.SENDT, livet.scene.rhf)
    assert melding.avlyst is None and sendt.avlyst is None


# --- at the same moment ----------------------------------------------------------------------------------

samtidige = pytest.mark.skipif(DB != "postgresql", reason="on SQLite one writes at a time")


@samtidige
def test_to_koordinatorer_sier_opp_samtidig(livet: Livet, app: Flask) -> None:
    """The second is told; there is one notice."""
    avtale_id = livet.avtale()
    annen = lag_aktor(Rolle.KOORDINATOR, livet.scene.hf)
    svar = samtidig(app, partial(gi, livet.eier, avtale_id), partial(gi, annen, avtale_id))
    assert sorted(type(s).__name__ for s in svar) == ["UUID", "UgyldigOvergang"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Oppsigelse)) == 1


@samtidige
def test_eieren_trekker_mens_kommunen_sier_opp(livet: Livet, app: Flask) -> None:
    avtale_id = livet.avtale()
    id_ = gi(livet.eier, avtale_id)
    trukket, gitt = samtidig(
        app, partial(oppsigelse.trekk, livet.eier, id_), partial(gi, livet.kommune, avtale_id)
    )
    assert trukket is None and isinstance(gitt, UUID)
    assert versjon(avtale_id).i_kraft_til is None
    assert part(avtale_id, livet.scene.kommune).til == _ett_aar_fram()
