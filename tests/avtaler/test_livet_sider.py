"""The page of what follows from an agreement, notice with its confirmation, and sending-in, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.avtaler import plikter
from portal.avtaler.service import (
    avtaler,
    godkjenning,
    ikrafttredelse,
    innsending,
    livslesing,
    naa,
    oppsigelse,
)
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, som_om
from portal.core.errors import IkkeFunnet, UgyldigData
from tests.avtaler.godkjenninghjelp import Bord, lenker
from tests.avtaler.godkjenninghjelp import gi as godkjenn
from tests.avtaler.motorhjelp import les, nytt_utkast
from tests.avtaler.oppsigelsehjelp import ENIGE, GRUNN, Livet, gi, oppgaver, part, snart, versjon
from tests.bygg import Opptak, Scene, lag_aktor, lag_organisasjon, lagre, uten_spor
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]
DAG = timedelta(days=1)


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


@pytest.fixture
def bord(livet: Livet) -> Bord:
    return Bord(livet.scene, livet.kommune)


def _side(
    klient: FlaskClient, avtale_id: UUID, sti: str = "livet", **valg: str
) -> tuple[str, dict[str, dict[str, str]]]:
    svar = klient.get(f"/avtaler/{avtale_id}/{sti}", query_string=valg)
    assert svar.status_code == 200, svar.text
    return svar.text, Skjemaer(svar.text).skjemaer


# --- notice in a browser ---------------------------------------------------------------------------------


def test_en_kommune_sier_opp_ser_hva_det_betyr_og_trekker(livet: Livet, som: Som, opptak: Opptak) -> None:
    avtale_id, klient = livet.avtale(), som(livet.kommune)
    her = f"/avtaler/{avtale_id}/oppsigelse"
    tekst, _ = _side(klient, avtale_id)
    assert f'href="{her}"' in tekst and "uten sluttdato" in tekst
    _tekst, skjemaer = _side(klient, avtale_id, "oppsigelse")
    with uten_spor(opptak):
        feil = klient.post(
            her, data={**skjemaer[her], "virkning": str(i_dag() + 30 * DAG), "begrunnelse": GRUNN}
        )
    assert feil.status_code == 422 and "Fristen er ett år" in feil.text and GRUNN in feil.text
    with uten_spor(opptak):
        svar = klient.post(her, data={**skjemaer[her], "begrunnelse": GRUNN})
    assert svar.status_code == 200
    for ord_ in (
        "Dette betyr det å si opp for Guovdageaidnu",
        "1 bestemmelse gjelder",
        "Nabokommunen",
        "Helse Test",
    ):
        assert ord_ in svar.text, ord_
    bekreft = Skjemaer(svar.text).skjemaer[her]
    with uten_spor(opptak):
        endre = klient.post(her, data={**bekreft, "endre": "1"})
    assert endre.status_code == 200 and GRUNN in endre.text and "Se hva oppsigelsen betyr" in endre.text
    assert klient.post(her, data={**bekreft, "bekreft": "1"}).status_code == 303
    assert part(avtale_id, livet.scene.kommune).til is not None
    tekst, skjemaer = _side(klient, avtale_id)
    assert "Dere har sagt opp for deres del" in tekst and f'href="{her}"' not in tekst
    (trekk,) = (a for a in skjemaer if a.endswith("/trekk"))
    assert klient.post(trekk, data=skjemaer[trekk]).status_code == 303
    assert part(avtale_id, livet.scene.kommune).til is None
    svar = klient.post(trekk, data=skjemaer[trekk])
    assert svar.status_code == 409 and "alt trukket" in svar.text


def test_eieren_sier_opp_for_alle(livet: Livet, som: Som) -> None:
    avtale_id, klient = livet.avtale(), som(livet.eier)
    her = f"/avtaler/{avtale_id}/oppsigelse"
    svar = klient.post(
        her, data={"virkning": str(i_dag() + 40 * DAG), "begrunnelse": GRUNN, "enighet": ENIGE}
    )
    assert "Avtalen slutter også for 2 andre parter" in svar.text and ENIGE in svar.text
    assert klient.post(her, data={**Skjemaer(svar.text).skjemaer[her], "bekreft": "1"}).status_code == 303
    tekst, _ = _side(klient, avtale_id)
    assert "sagt opp av Sykehuset Testfjord: 40 dager igjen" in tekst and "trekk oppsigelsen" in tekst
    svar = klient.get(her)
    assert svar.status_code == 409 and "Dere har alt sagt opp" in svar.text


def test_et_foedselsnummer_stoppes_og_kan_slippes_gjennom(livet: Livet, som: Som) -> None:
    avtale_id, klient = livet.avtale(), som(livet.eier)
    her = f"/avtaler/{avtale_id}/oppsigelse"
    data = {"begrunnelse": "Konto 13097248022."}
    svar = klient.post(her, data=data)
    assert svar.status_code == 422 and "Dette er ikke et fødselsnummer" in svar.text
    svar = klient.post(her, data={**data, "ikke_fnr": "1"})
    skjema = Skjemaer(svar.text).skjemaer[her]
    assert svar.status_code == 200 and skjema["ikke_fnr"] == "1"
    assert klient.post(her, data={**skjema, "bekreft": "1"}).status_code == 303


def test_bekreftelsen_av_noe_annet_vises_paa_nytt(livet: Livet, som: Som, bord: Bord) -> None:
    avtale_id, klient = livet.avtale(), som(livet.eier)
    her = f"/avtaler/{avtale_id}/oppsigelse"
    skjema = Skjemaer(klient.post(her, data={"begrunnelse": GRUNN}).text).skjemaer[her]
    nummer = bord.ny_versjon(avtale_id, oensket_fra=i_dag() + 90 * DAG)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    godkjenn(lag_aktor(Rolle.ADMINISTRATOR, livet.scene.annen_kommune), avtale_id)
    svar = klient.post(her, data={**skjema, "bekreft": "1"})
    assert svar.status_code == 409 and f"Versjon {nummer} er godkjent av alle og tar over" in svar.text
    nytt = Skjemaer(svar.text).skjemaer[her]
    assert klient.post(her, data={**nytt, "bekreft": "1"}).status_code == 303
    assert versjon(avtale_id).i_kraft_til == i_dag() + 90 * DAG


def test_egne_ord_vises_som_tekst(livet: Livet, som: Som) -> None:
    avtale_id, klient = livet.avtale(), som(livet.eier)
    oppsigelse.gi(livet.eier, avtale_id, begrunnelse="<script>x</script>")
    tekst, _ = _side(klient, avtale_id)
    assert "<script>x" not in tekst and "&lt;script&gt;x" in tekst


def test_grunnen_er_for_dem_det_angaar(livet: Livet, som: Som) -> None:
    avtale_id = livet.avtale()
    gi(livet.kommune, avtale_id)
    for hvem, ser in ((livet.eier, True), (livet.nabo, True), (livet.rhf, True), (livet.scene.lege, False)):
        tekst, _ = _side(som(hvem), avtale_id)
        assert ("Guovdageaidnu sa opp for sin del" in tekst, GRUNN in tekst) == (True, ser)


# --- sending in ------------------------------------------------------------------------------------------


def test_rhf_foerer_innsendingen(livet: Livet, som: Som) -> None:
    avtale_id, klient = livet.avtale(), som(livet.rhf)
    tekst, skjemaer = _side(klient, avtale_id)
    her = f"/avtaler/{avtale_id}/innsending"
    assert "Venter på dere" in tekst and her not in skjemaer
    _tekst, skjemaer = _side(klient, avtale_id, foer="v1")
    svar = klient.post(her, data={**skjemaer[her], "referanse": ""})
    assert (
        svar.status_code == 422 and "journalnummeret" in svar.text and 'id="innsendingsskjema"' in svar.text
    )
    skjema = Skjemaer(svar.text).skjemaer[her]
    svar = klient.post(her, data={**skjema, "referanse": "26/1043-2"})
    assert svar.status_code == 303 and svar.location.endswith("/livet#innsending")
    tekst, _ = _side(klient, avtale_id)
    assert "26/1043-2" in tekst and "Venter på dere" not in tekst
    # Sent twice: the second is told, with what it wrote.
    svar = klient.post(her, data={**skjema, "referanse": "26/9"})
    assert svar.status_code == 409 and "har alt ført dette" in svar.text and "26/9" in svar.text
    tekst, skjemaer = _side(klient, avtale_id, foer="v1")
    assert klient.post(her, data={**skjemaer[her], "referanse": "26/10"}).status_code == 303


def test_ogsaa_en_eldre_versjon_kan_foeres(livet: Livet, bord: Bord, som: Som) -> None:
    avtale_id, klient = bord.i_kraft(), som(livet.rhf)
    bord.ny_versjon(avtale_id)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    her = f"/avtaler/{avtale_id}/innsending"
    assert "Eldre versjoner" in _side(klient, avtale_id)[0]
    tekst, skjemaer = _side(klient, avtale_id, foer="v1")
    assert skjemaer[her]["nummer"] == "1" and '<details class="ds-details" open>' in tekst
    assert klient.post(her, data={**skjemaer[her], "referanse": "26/3"}).status_code == 303
    assert [f.referanse for f in innsending.foeringer(avtale_id, nummer=1)] == ["26/3"]


def test_rhf_foerer_varselet(livet: Livet, som: Som) -> None:
    avtale_id, klient = livet.avtale(), som(livet.rhf)
    innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), "26/1")
    id_ = gi(livet.eier, avtale_id)
    her = f"/avtaler/{avtale_id}/innsending"
    tekst, skjemaer = _side(klient, avtale_id, foer=str(id_))
    assert "Varsle Helsedirektoratet om oppsigelsen" in tekst
    assert klient.post(her, data={**skjemaer[her], "referanse": "26/2"}).status_code == 303
    (oppgave,) = oppgaver(plikter.VARSLE, livet.scene.rhf)
    assert oppgave.gjort is not None
    for data in ({}, {"nummer": "1", "oppsigelse_id": str(id_)}):
        assert klient.post(her, data={**data, "dato": str(i_dag()), "referanse": "x"}).status_code == 422


def test_det_som_ble_sendt_foer_siste_godkjenning_er_ikke_avtalen(livet: Livet, bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    with pytest.raises(UgyldigData):
        innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag() - DAG, "26/1")
    innsending.foer_avtale(livet.rhf, avtale_id, 1, i_dag(), "26/1")


# --- what the page gathers -------------------------------------------------------------------------------


def test_alle_som_ser_avtalen_ser_siden_og_hver_sine_oppgaver(livet: Livet, som: Som) -> None:
    plikt = {"tekst": "Årlig møte", "hyppighet": "aarlig", "frist": "", "sider": ["kommune"]}
    avtale_id = livet.avtale(bestemmelser=[{"forpliktelser": [plikt]}])
    s = livet.scene
    myndighet = _myndighet()
    for hvem, ser in (
        *((a, True) for a in (livet.kommune, s.kommuneoverlege)),
        *((a, False) for a in (livet.eier, s.lege, s.spesialist, livet.rhf, myndighet)),
    ):
        tekst, _ = _side(som(hvem), avtale_id)
        assert ("Årlig møte" in tekst) == ser, hvem.rolle
    for fremmed in (s.fremmed_spesialist, s.fremmed_vaktleder):
        assert som(fremmed).get(f"/avtaler/{avtale_id}/livet").status_code == 404


def _myndighet() -> Aktor:
    organisasjon = lag_organisasjon("myndighet", "Helsetilsynet")
    lagre(organisasjon)
    return lag_aktor(Rolle.INNSYN, organisasjon)


def test_uenighet_er_mellom_partene(livet: Livet, som: Som) -> None:
    avtale_id = livet.avtale()
    assert 'id="uenighet"' in _side(som(livet.kommune), avtale_id)[0]
    for hvem in (livet.rhf, livet.scene.lege):
        assert 'id="uenighet"' not in _side(som(hvem), avtale_id)[0]


def test_tidslinja_er_fra_radene(livet: Livet, bord: Bord) -> None:
    """What each may know: the drafts for the parties' inside alone, the newest first, what comes marked."""
    avtale_id = bord.i_kraft()
    gi(livet.kommune, avtale_id)
    linje = [(str(h.hva), h.kommer) for h in livslesing.hent_livet(livet.kommune, avtale_id).tidslinje]
    assert linje == [
        ("Gjennomgås innen denne dagen", True),
        ("Guovdageaidnu er ikke lenger part", True),
        ("Guovdageaidnu sa opp for sin del", False),
        ("Versjon 1 gjelder", False),
        ("Versjon 1 til godkjenning", False),
        ("Versjon 1 til forhandling", False),
        ("Versjon 1 begynt", False),
    ]
    utenfra = [str(h.hva) for h in livslesing.hent_livet(livet.scene.lege, avtale_id).tidslinje]
    assert "Versjon 1 gjelder" in utenfra and not [h for h in utenfra if "begynt" in h or "til " in h]


def test_det_som_slutter_og_naar(livet: Livet) -> None:
    avtale_id = livet.avtale()
    snart(livet.kommune, avtale_id, 10)
    snart(livet.eier, avtale_id, 40)
    s = livslesing.hent_livet(livet.eier, avtale_id)
    assert [(x.siste, x.dager) for x in s.slutter] == [(i_dag() + 39 * DAG, 40), (i_dag() + 9 * DAG, 10)]
    assert [(o.hele, o.tilstand, o.kan_trekke) for o in s.oppsigelser] == [
        (True, "loeper", True),
        (False, "loeper", False),
    ]
    with som_om(datetime.now(UTC) + 40 * DAG):
        for arbeider in (False, True):
            if arbeider:
                ikrafttredelse.sett_i_kraft()
            s = livslesing.hent_livet(livet.eier, avtale_id)
            assert s.slutter == [] and s.gjelder is None and not s.kan_si_opp
            assert {o.tilstand for o in s.oppsigelser} == {"virket"}


def test_oppsigelsens_tilstander(livet: Livet, bord: Bord) -> None:
    avtale_id = livet.avtale()
    oppsigelse.trekk(livet.nabo, gi(livet.nabo, avtale_id))
    gi(livet.eier, avtale_id)
    bord.ny_versjon(avtale_id)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    godkjenn(lag_aktor(Rolle.ADMINISTRATOR, livet.scene.annen_kommune), avtale_id)
    s = livslesing.hent_livet(livet.eier, avtale_id)
    assert {(o.hele, o.tilstand) for o in s.oppsigelser} == {(True, "falt_bort"), (False, "trukket")}
    assert s.kan_si_opp and s.slutter == []


def test_et_utkast_har_ogsaa_en_side(livet: Livet, som: Som) -> None:
    avtale_id = nytt_utkast(livet.scene)
    tekst, _ = _side(som(livet.eier), avtale_id)
    assert "Avtalen gjelder ikke i dag" in tekst and "/oppsigelse" not in tekst
    assert som(livet.eier).get(f"/avtaler/{avtale_id}/oppsigelse").status_code == 409
    with pytest.raises(IkkeFunnet):
        livslesing.hent_livet(livet.kommune, avtale_id)


# --- what happens now ------------------------------------------------------------------------------------


def test_naa_sier_hvem_som_sendte_tilbake_og_hvorfor(livet: Livet, bord: Bord) -> None:
    avtale_id = bord.til_godkjenning()
    lenke = lenker(avtale_id, bord.ordfoerer)[0].id
    godkjenning.avvis(bord.ordfoerer, lenke, "Fristene er for korte. " + "Mer. " * 60)
    hos_eier = naa.hva_skjer(bord.eier, les(avtale_id))
    assert "Sendt tilbake av Guovdageaidnu (Kommunestyret), fordi: «Fristene er for korte." in hos_eier.hva
    assert hos_eier.hva.endswith("…»") and len(hos_eier.hva) < 400
    assert hos_eier.min_tur and hos_eier.sti == "/godkjenning" and "Ta versjonen tilbake" in hos_eier.neste
    hos_kommunen = naa.hva_skjer(livet.kommune, les(avtale_id))
    assert "Fristene er for korte" in hos_kommunen.hva and "Eieren" in hos_kommunen.neste
    godkjenn(bord.ordfoerer, avtale_id)
    assert "Sendt tilbake" not in naa.hva_skjer(bord.eier, les(avtale_id)).hva


def test_naa_sier_oppsigelsen_ogsaa_mens_det_arbeides(livet: Livet) -> None:
    avtale_id = livet.avtale()
    snart(livet.eier, avtale_id, 200)
    avtaler.ny_versjon(livet.eier, avtale_id)
    n = naa.hva_skjer(livet.eier, les(avtale_id))
    assert "200 dager igjen" in n.neste and "utkast" in n.hva
    utenfra = naa.hva_skjer(livet.kommune, les(avtale_id))
    assert "sagt opp av Sykehuset Testfjord: 200 dager igjen" in utenfra.hva and not utenfra.min_tur


def test_naa_for_de_andre_naar_en_gaar_ut(livet: Livet) -> None:
    avtale_id = livet.avtale()
    snart(livet.kommune, avtale_id, 1)
    assert "Guovdageaidnu går ut" in naa.hva_skjer(livet.nabo, les(avtale_id)).neste
    egen = naa.hva_skjer(livet.kommune, les(avtale_id))
    assert "1 dag igjen" in egen.hva and egen.frist == i_dag() and "trekk oppsigelsen" in egen.neste
    lege = naa.hva_skjer(livet.scene.lege, les(avtale_id))
    assert "1 dag igjen" in lege.hva and lege.neste == ""
