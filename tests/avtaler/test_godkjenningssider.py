"""The page of approvals and the page of the own chain, in a browser; and a kommune that joins what is in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.avtaler.forloep import Status
from portal.avtaler.service import godkjenning, godkjenningslesing, kjede, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, Utdatert
from tests.avtaler.godkjenninghjelp import Bord, gi, hash_naa, lenker, versjonen
from tests.avtaler.motorhjelp import les, slutt, varslet
from tests.bygg import Opptak, Scene, lag_aktor, om, revisjon, uten_spor
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Bord:
    return Bord(scene, motpart)


@pytest.fixture
def nabo(bord: Bord) -> Aktor:
    """The coordinator of a kommune that is not a party yet."""
    return lag_aktor(Rolle.KOORDINATOR, bord.scene.annen_kommune, navn="Nina Nabo")


def _side(klient: FlaskClient, avtale_id: UUID, **valg: str) -> tuple[int, str, dict[str, dict[str, str]]]:
    svar = klient.get(f"/avtaler/{avtale_id}/godkjenning", query_string=valg)
    return svar.status_code, svar.text, Skjemaer(svar.text).skjemaer


# --- from sending to in force, in a browser --------------------------------------------------------------


def test_fra_sending_til_i_kraft_i_nettleseren(bord: Bord, som: Som) -> None:
    avtale_id = bord.til_forhandling()
    eier, ordfoerer, direktoer = som(bord.eier), som(bord.ordfoerer), som(bord.direktoer)
    status, _tekst, skjemaer = _side(eier, avtale_id)
    send = f"/avtaler/{avtale_id}/godkjenning/send"
    assert status == 200 and skjemaer[send]["lest_hash"] == hash_naa(avtale_id)
    assert eier.post(send, data=skjemaer[send]).status_code == 303
    _status, tekst, skjemaer = _side(ordfoerer, avtale_id)
    assert "Din tur: Kommunestyret" in tekst and hash_naa(avtale_id)[:12] in tekst
    (gi_,) = (a for a in skjemaer if a.endswith("/godkjenn"))
    feil = ordfoerer.post(gi_, data={**skjemaer[gi_], "merknad": "Enstemmig."})
    assert feil.status_code == 422
    assert "Skriv saksnummeret" in feil.text and "Enstemmig." in feil.text, "what was typed stands there"
    riktig = {
        **skjemaer[gi_],
        "saksnummer": "26/114",
        "vedtaksdato": i_dag().isoformat(),
        "merknad": "Enstemmig.",
    }
    assert ordfoerer.post(gi_, data=riktig).status_code == 303
    _status, tekst, skjemaer = _side(direktoer, avtale_id)
    assert "26/114" in tekst and "Enstemmig." in tekst and "Olá Ordfører godkjente" in tekst
    (gi_,) = (a for a in skjemaer if a.endswith("/godkjenn"))
    assert direktoer.post(gi_, data=skjemaer[gi_]).status_code == 303
    assert versjonen(avtale_id).status == Status.GJELDENDE
    assert "2 av 2 ledd har godkjent" in _side(eier, avtale_id)[1]


def test_den_som_har_skrevet_faar_bare_sende_tilbake(bord: Bord, som: Som) -> None:
    avtale_id = bord.til_godkjenning()
    eier = som(bord.eier)
    _status, tekst, skjemaer = _side(eier, avtale_id)
    # Said at once, with who can: nothing waits for them alone.
    assert "Administrerende direktør: en annen må godkjenne" in tekst and "Din tur" not in tekst
    assert f"Hos dere kan den godkjennes av {bord.direktoer.navn}" in tekst
    assert "Venter på dere" not in tekst
    assert f"En annen hos dere må godkjenne, for du har selv en del i den: {bord.direktoer.navn}" in tekst
    hos_direktoeren = _side(som(bord.direktoer), avtale_id)[1]
    assert "Venter på dere." in hos_direktoeren and "Din tur: Administrerende direktør" in hos_direktoeren
    assert "Endres ett ord i teksten, blir avtrykket et annet." in tekst
    assert not [a for a in skjemaer if a.endswith("/godkjenn")]
    lenke = lenker(avtale_id, bord.eier)[0].id
    svar = eier.post(
        f"/avtaler/{avtale_id}/godkjenning/{lenke}/godkjenn", data={"innhold_hash": hash_naa(avtale_id)}
    )
    assert svar.status_code == 403 and "En annen må godkjenne" in svar.text


def test_en_gammel_tekst_i_skjemaet(bord: Bord, som: Som) -> None:
    avtale_id = bord.til_godkjenning()
    direktoer = som(bord.direktoer)
    lenke = lenker(avtale_id, bord.direktoer)[0].id
    adresse = f"/avtaler/{avtale_id}/godkjenning/{lenke}/godkjenn"
    svar = direktoer.post(adresse, data={"innhold_hash": "0" * 64, "merknad": "Fint."})
    assert svar.status_code == 409 and "Les versjonen på nytt" in svar.text and "Fint." in svar.text
    godkjenning.aapne_igjen(bord.eier, avtale_id)
    svar = direktoer.post(adresse, data={"innhold_hash": hash_naa(avtale_id)})
    assert svar.status_code == 409 and "gjelder ikke lenger" in svar.text


def test_sendt_tilbake_og_aapnet_igjen(bord: Bord, som: Som) -> None:
    avtale_id = bord.til_godkjenning()
    ordfoerer, eier = som(bord.ordfoerer), som(bord.eier)
    lenke = lenker(avtale_id, bord.ordfoerer)[0].id
    adresse = f"/avtaler/{avtale_id}/godkjenning/{lenke}/avvis"
    assert ordfoerer.post(adresse, data={"merknad": ""}).status_code == 422
    assert ordfoerer.post(adresse, data={"merknad": "Fristen er for kort."}).status_code == 303
    _status, tekst, skjemaer = _side(eier, avtale_id)
    assert "Fristen er for kort." in tekst
    aapne = f"/avtaler/{avtale_id}/godkjenning/aapne"
    svar = eier.post(aapne, data=skjemaer[aapne])
    assert svar.status_code == 303 and svar.headers["Location"].endswith("versjon=2")
    assert eier.post(aapne).status_code == 409
    assert "Godkjenningene av den gjelder ikke" in _side(eier, avtale_id, versjon="1")[1]
    assert _side(eier, avtale_id, versjon="9")[0] == 404


def test_det_som_mangler_staar_paa_siden(bord: Bord, som: Som) -> None:
    avtale_id = bord.til_forhandling(medvirkning="")
    _status, tekst, skjemaer = _side(som(bord.eier), avtale_id)
    assert "Dette mangler først" in tekst and "§ 6-1" in tekst
    assert not [a for a in skjemaer if a.endswith("/send")]
    svar = som(bord.eier).post(
        f"/avtaler/{avtale_id}/godkjenning/send", data={"lest_hash": hash_naa(avtale_id)}
    )
    assert svar.status_code == 422


def test_naar_ingen_er_fri_til_aa_godkjenne_staar_det_der(bord: Bord, som: Som) -> None:
    avtale_id = bord.til_godkjenning()
    slutt(bord.direktoer)
    assert "Alle som kan godkjenne her, har selv en del i teksten" in _side(som(bord.eier), avtale_id)[1]


@pytest.mark.parametrize(
    ("hvem", "status"),
    [("koordinator", 200), ("administrator", 200), ("kommuneoverlege", 200), ("spesialist", 404),
     ("lege", 404), ("fremmed_vaktleder", 404), ("innsyn", 404)],
)  # fmt: skip
def test_hvem_som_ser_godkjenningene(bord: Bord, som: Som, hvem: str, status: int) -> None:
    avtale_id = bord.til_godkjenning()
    assert _side(som(getattr(bord.scene, hvem)), avtale_id)[0] == status


def test_den_som_bare_ser_det_som_gjelder_ser_ikke_arbeidet(bord: Bord, som: Som) -> None:
    avtale_id = bord.i_kraft()
    assert _side(som(bord.scene.spesialist), avtale_id)[0] == 403


# --- joining what is in force ----------------------------------------------------------------------------


def test_en_kommune_slutter_seg_til_uten_at_de_andre_roeres(bord: Bord, nabo: Aktor, som: Som) -> None:
    avtale_id = bord.i_kraft()
    foer = [(g.id, g.gitt, g.opphevet) for g in lenker(avtale_id, bord.ordfoerer)]
    with om(days=5):
        parter.inviter(bord.eier, avtale_id, [bord.scene.annen_kommune.id])
        parter.svar(nabo, avtale_id, True)
        assert nabo.person_id in varslet("avtale.til_godkjenning")
        status, tekst, _skjemaer = _side(som(nabo), avtale_id)
        assert status == 200 and "Din tur: Kommunestyret" in tekst
        gi(nabo, avtale_id)
        assert access_fra(avtale_id, bord.scene.annen_kommune.id) == i_dag()
        assert varslet("avtale.til_godkjenning") == []
    assert access_fra(avtale_id, bord.scene.kommune.id) == i_dag()
    assert versjonen(avtale_id).status == Status.GJELDENDE
    assert [(g.id, g.gitt, g.opphevet) for g in lenker(avtale_id, bord.ordfoerer)] == foer
    assert len(revisjon("avtale.part_tiltraadt")) == 1


def access_fra(avtale_id: UUID, organisasjon_id: UUID) -> object:
    """From when the agreement holds for the party."""
    return next(p.fra for p in les(avtale_id).parter if p.organisasjon_id == organisasjon_id)


def test_en_som_er_paa_vei_inn_blir_part_i_den_neste(bord: Bord, nabo: Aktor) -> None:
    """The version in force was replaced while its kommunestyre had not met: it is asked about the next instead."""
    avtale_id = bord.i_kraft()
    parter.inviter(bord.eier, avtale_id, [bord.scene.annen_kommune.id])
    parter.svar(nabo, avtale_id, True)
    bord.ny_versjon(avtale_id)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    assert versjonen(avtale_id, 2).status == Status.TIL_GODKJENNING
    gi(nabo, avtale_id, 2)
    assert versjonen(avtale_id, 2).status == Status.GJELDENDE
    assert lenker(avtale_id, nabo, 1) == [] and varslet("avtale.til_godkjenning") == []
    assert access_fra(avtale_id, bord.scene.annen_kommune.id) == i_dag()


def test_den_som_ombestemmer_seg_spoerres_ikke_mer(bord: Bord, nabo: Aktor) -> None:
    avtale_id = bord.i_kraft()
    parter.inviter(bord.eier, avtale_id, [bord.scene.annen_kommune.id])
    parter.svar(nabo, avtale_id, True)
    parter.svar(nabo, avtale_id, False)
    assert lenker(avtale_id, nabo) == [] and varslet("avtale.til_godkjenning") == []


# --- the own chain ---------------------------------------------------------------------------------------


def test_kjeden_settes_i_nettleseren(bord: Bord, som: Som) -> None:
    klient = som(bord.motpart)
    skjema = Skjemaer(klient.get("/avtaler/kjede").text).skjemaer["/avtaler/kjede"]
    assert skjema["navn_1"] == "Kommunestyret" and skjema["navn_2"] == ""
    data = {
        **skjema,
        "plass_1": "2",
        "plass_2": "1",
        "navn_2": "Kommunedirektøren",
        "medlemskap_2": [str(bord.ordfoerer.medlemskap_id)],
    }
    assert "Ledd 3" in klient.post("/avtaler/kjede", data={**data, "flere": "1"}).text
    assert klient.post("/avtaler/kjede", data=data).status_code == 303
    k = kjede.hent(bord.motpart, bord.scene.kommune.id)
    assert [(le.navn, le.krever_vedtak, le.medlemskap) for le in k.ledd] == [
        ("Kommunedirektøren", False, (bord.ordfoerer.medlemskap_id,)),
        ("Kommunestyret", True, ()),
    ]
    # The one who had opened it before is told, and what was typed stands there.
    svar = klient.post("/avtaler/kjede", data={**skjema, "navn_2": "Formannskapet"})
    assert (
        svar.status_code == 409 and "Slik er kjeden nå" in svar.text and 'value="Formannskapet"' in svar.text
    )
    assert klient.post("/avtaler/kjede", data={"lest": k.lest, "standard": "1"}).status_code == 303
    db.session.rollback()
    assert not kjede.hent(bord.motpart, bord.scene.kommune.id).egen
    assert klient.post("/avtaler/kjede", data={"ukjent": "1"}).status_code == 422


@pytest.mark.parametrize(
    ("ledd", "felt"),
    [
        ([{"navn": "Kommunedirektøren"}], "ledd"),
        ([{"navn": "  ", "krever_vedtak": True}], "navn_1"),
        ([{"navn": "x" * 201, "krever_vedtak": True}], "navn_1"),
        ([{"navn": "A", "krever_vedtak": True}, {"navn": "a"}], "navn_2"),
        ([{"navn": f"Ledd {n}", "krever_vedtak": True} for n in range(11)], "ledd"),
    ],
)
def test_kjeder_som_ikke_gaar(bord: Bord, opptak: Opptak, ledd: list[dict[str, object]], felt: str) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        kjede.sett(bord.motpart, bord.scene.kommune.id, ledd)
    assert set(feil.value.detaljer["felter"]) == {felt}


def test_bare_egne_folk_med_rollen_kan_nevnes(bord: Bord) -> None:
    for a in (bord.scene.lege, bord.direktoer):
        with pytest.raises(UgyldigData) as feil:
            kjede.sett(
                bord.motpart,
                bord.scene.kommune.id,
                [{"navn": "Kommunestyret", "krever_vedtak": True, "medlemskap": [a.medlemskap_id]}],
            )
        assert set(feil.value.detaljer["felter"]) == {"medlemskap_1"}


def test_hvem_som_holder_kjeden(bord: Bord, som: Som, opptak: Opptak) -> None:
    for a, status in [
        (bord.motpart, 200),
        (bord.ordfoerer, 200),
        (bord.direktoer, 200),
        (bord.scene.kommuneoverlege, 403),
        (bord.scene.lege, 403),
        (bord.scene.innsyn, 403),
    ]:
        assert som(a).get("/avtaler/kjede").status_code == status, a.rolle
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        kjede.sett(bord.scene.kommuneoverlege, bord.scene.kommune.id, [])
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        kjede.sett(bord.direktoer, bord.scene.kommune.id, [])


def test_den_andre_av_to_faar_vite_det(bord: Bord) -> None:
    lest = kjede.hent(bord.motpart, bord.scene.kommune.id).lest
    ledd = [{"navn": "Kommunestyret", "krever_vedtak": True}]
    kjede.sett(bord.motpart, bord.scene.kommune.id, ledd, lest)
    with pytest.raises(Utdatert):
        kjede.sett(bord.ordfoerer, bord.scene.kommune.id, [*ledd, {"navn": "Rådmannen"}], lest)


def test_siden_sier_naar_det_gjelder(bord: Bord) -> None:
    avtale_id = bord.til_godkjenning(oensket_fra=i_dag() + timedelta(days=7))
    s = godkjenningslesing.hent_side(bord.direktoer, avtale_id)
    assert s.blokker[0].tidligst == i_dag() + timedelta(days=7)
    assert s.min is not None and s.min[1].rad.organisasjon_id == bord.scene.hf.id
