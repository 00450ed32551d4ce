"""What was written in a form that somebody else made impossible stands on the page that refuses it, to be copied."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler.service import avtaler, forslag, godkjenning, oppsigelse, uenighet
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from tests.avtaler.forhandlingshjelp import Forhandlingsbord
from tests.avtaler.godkjenninghjelp import Bord, beskriv, gi, hash_naa, lenker
from tests.avtaler.oppsigelsehjelp import Livet, snart
from tests.bygg import Scene, lag_aktor

Klient = Callable[[Aktor], FlaskClient]
#: Signs that a page must not take for its own, and a break of lines.
TEKST = "Vi brukte en time på dette: «frist» < 3 dager & svar\nsamme dag."


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Forhandlingsbord:
    return Forhandlingsbord(scene, motpart)


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


def skrevet(svar: TestResponse, status: int = 409) -> dict[str, str]:
    """What the page gives back, by the name of the field."""
    side = svar.get_data(as_text=True)
    assert svar.status_code == status, side[:2000]
    m = re.search(r'<section[^>]*aria-labelledby="skrevet-tittel".*?</section>', side, re.S)
    if m is None:
        return {}
    felt = r'<label[^>]*for="(skrevet-\d+)">(.*?)</label>\s*<textarea[^>]*id="\1"[^>]*readonly>\n(.*?)</textarea>'
    funnet = {unescape(navn): unescape(tekst) for _id, navn, tekst in re.findall(felt, m[0], re.S)}
    assert m[0].count("data-kopier=") == len(funnet)
    # Below what was wrong, which leads to no field that is not there.
    assert side.index('id="feiloppsummering"') < side.index('id="skrevet-tittel"')
    assert 'href="#tekst' not in side
    return funnet


def test_kommentar_naar_versjonen_er_sendt_til_godkjenning(bord: Forhandlingsbord, som: Klient) -> None:
    beskriv(bord.avtale_id, "Brukerutvalget.", None)
    godkjenning.send(bord.eier, bord.avtale_id, hash_naa(bord.avtale_id))
    til = f"/avtaler/{bord.avtale_id}/forhandling/kommentarer"
    for noekkel in ("", str(bord.klausul())):
        svar = som(bord.nord).post(til, data={"noekkel": noekkel, "tekst": TEKST})
        assert skrevet(svar) == {"Kommentar": TEKST}
    # What is too long comes back too, though the form is gone.
    lang = "x" * 5001
    svar = som(bord.nord).post(til, data={"noekkel": "", "tekst": lang})
    assert skrevet(svar, svar.status_code) == {"Kommentar": lang}


def test_der_skjemaet_staar_kommer_teksten_tilbake_i_det(bord: Forhandlingsbord, som: Klient) -> None:
    svar = som(bord.nord).post(
        f"/avtaler/{bord.avtale_id}/forhandling/kommentarer", data={"noekkel": "", "tekst": "x" * 5001}
    )
    assert skrevet(svar, 422) == {}
    assert svar.get_data(as_text=True).count("x" * 5001) == 1


def test_merknad_naar_en_annen_part_har_avgjort_forslaget(bord: Forhandlingsbord, som: Klient) -> None:
    f = bord.endre(bord.eier, "Ny.")
    forslag.svar(bord.soer, f, True)
    svar = som(bord.nord).post(
        f"/avtaler/{bord.avtale_id}/forhandling/forslag/{f}/svar", data={"godtatt": "0", "merknad": TEKST}
    )
    assert skrevet(svar) == {"Merknad": TEKST}


def test_foering_naar_protokollen_er_lukket(livet: Livet, som: Klient) -> None:
    a = livet.avtale()
    u = uenighet.opprett(livet.kommune, a, tittel="Frist", tekst="Vi er uenige.")
    uenighet.foer(livet.kommune, a, u, fra="dialog", til="loest", tekst="Vi er enige.")
    svar = som(livet.kommune).post(f"/avtaler/{a}/uenighet/{u}", data={"fra": "dialog", "tekst": TEKST})
    assert skrevet(svar) == {"Hva som er sagt eller gjort": TEKST}


def test_oppsigelse_naar_en_kollega_var_foerst(livet: Livet, som: Klient) -> None:
    a = livet.avtale()
    kollega = lag_aktor(Rolle.KOORDINATOR, livet.scene.kommune, navn="Kari Kollega")
    oppsigelse.gi(kollega, a, begrunnelse="Vi slutter.")
    skjema = {"varslet": i_dag().isoformat(), "begrunnelse": TEKST, "enighet": "Sak 26/88"}
    ventet = {"Hvorfor": TEKST, "Enighet om en kortere frist": "Sak 26/88"}
    for mer in ({}, {"bekreft": "1"}, {"endre": "1"}, {"varslet": "i morgen"}):
        svar = som(livet.kommune).post(f"/avtaler/{a}/oppsigelse", data={**skjema, **mer})
        assert skrevet(svar) == ventet, mer


def test_gjennomgang_naar_avtalen_ikke_gjelder_lenger(livet: Livet, som: Klient) -> None:
    a = livet.avtale(fra=i_dag() - timedelta(days=30))
    snart(livet.eier, a, 10)
    with som_om(now() + timedelta(days=11)):
        svar = som(livet.kommune).post(
            f"/avtaler/{a}/gjennomgang",
            data={"dato": i_dag().isoformat(), "deltakere": "Kari", "referat": TEKST},
        )
        assert skrevet(svar) == {"Hvem som var med": "Kari", "Hva dere kom fram til": TEKST}


def test_innsending_naar_oppsigelsen_er_trukket(livet: Livet, som: Klient) -> None:
    a = livet.avtale()
    o = oppsigelse.gi(livet.kommune, a, begrunnelse="Vi slutter.")
    oppsigelse.trekk(livet.kommune, o)
    svar = som(livet.rhf).post(
        f"/avtaler/{a}/innsending",
        data={"oppsigelse_id": str(o), "dato": i_dag().isoformat(), "referanse": "26/1043-2"},
    )
    assert skrevet(svar, svar.status_code) == {"Hvor det kan finnes igjen": "26/1043-2"}


@pytest.mark.parametrize("handling", ["godkjenn", "avvis"])
def test_godkjenning_naar_versjonen_er_tatt_tilbake(
    scene: Scene, motpart: Aktor, som: Klient, handling: str
) -> None:
    b = Bord(scene, motpart)
    a = b.til_godkjenning()
    ledd = lenker(a, b.ordfoerer)[0].id
    skjema = {"innhold_hash": hash_naa(a), "saksnummer": "26/114", "vedtaksdato": "", "merknad": TEKST}
    godkjenning.aapne_igjen(b.eier, a)
    svar = som(b.ordfoerer).post(f"/avtaler/{a}/godkjenning/{ledd}/{handling}", data=skjema)
    assert skrevet(svar) == {"Merknad": TEKST, "Saksnummer": "26/114"}


def test_merknaden_gaar_ikke_over_i_skjemaet_til_neste_ledd(
    scene: Scene, motpart: Aktor, som: Klient
) -> None:
    """A colleague has given the first link; the second one's form is there, and is not filled in with the first's."""
    b = Bord(scene, motpart)
    fra = b.til_godkjenning()
    foerste = lenker(fra, b.ordfoerer)[0].id
    kollega = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune, navn="Anne Administrator")
    skjema = {"innhold_hash": hash_naa(fra), "saksnummer": "26/114", "vedtaksdato": "", "merknad": TEKST}
    gi(kollega, fra)
    svar = som(b.ordfoerer).post(f"/avtaler/{fra}/godkjenning/{foerste}/avvis", data=skjema)
    assert skrevet(svar) == {"Merknad": TEKST, "Saksnummer": "26/114"}


def test_opplysninger_naar_versjonen_er_forkastet(scene: Scene, som: Klient, motpart: Aktor) -> None:
    kollega = lag_aktor(Rolle.KOORDINATOR, scene.hf, navn="Kari Kollega")
    a = Bord(scene, motpart).i_kraft()
    avtaler.ny_versjon(scene.koordinator, a)
    avtaler.forkast(kollega, a)
    svar = som(scene.koordinator).post(
        f"/avtaler/{a}/opplysninger",
        data={
            "tittel": "Ny",
            "nummer": "",
            "medvirkning": TEKST,
            "notat": "",
            "oensket_fra": "",
            "lest": "1",
        },
    )
    assert skrevet(svar) == {"Tittel": "Ny", "Hvordan pasienter og brukere har medvirket": TEKST}
