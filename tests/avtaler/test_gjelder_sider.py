"""The pages «Hva gjelder nå?», the preview of a phase, the search and the coverage, as a browser meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.avtaler import soek as regler
from portal.avtaler.forloep import Art, Status
from portal.avtaler.models import Avtale, Bestemmelse
from portal.avtaler.tekst import som_html
from portal.beredskap.models import Faseperiode
from portal.beredskap.routes.felles import feltverdi
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.web import klokke
from tests.avtalehjelp import faser, lag_avtale, lag_fase
from tests.bygg import Scene, lag_aktor
from tests.skjemaer import Skjemaer

Klient = Callable[[Aktor], FlaskClient]


def tekst(svar: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", svar).split())


@pytest.fixture
def avtale(scene: Scene) -> Avtale:
    return lag_avtale(
        scene.hf,
        [scene.kommune, scene.annen_kommune],
        status=Status.GJELDENDE,
        tittel="Innleggelse og utskrivning",
        nummer="3",
        bestemmelser=[
            {
                "overskrift": "Når legges det inn",
                "tekst": "**Alltid** etter samtale. <script>alert(1)</script>",
                "punkt": 3,
                "kriterier": [{"kriterium": "NEWS2 over 6", "hvem": "Legevaktlegen", "frist": "Straks"}],
            },
            {"overskrift": "Innleggelse på toppen", "faser": faser(4)},
            {"overskrift": "Innleggelse til daglig", "faser": faser(1, 2, 3, 5)},
            {
                "overskrift": "Hvem gjør hva",
                "art": Art.ROLLER,
                "matrise": [{"oppgave": "Transport", "foretak": "A", "kommune": "I"}],
            },
            {"overskrift": "Utskrivning", "art": Art.UTSKRIVNING, "punkt": 5, "trinn": ["varsel", "svar"]},
        ],
    )


# --- what holds -------------------------------------------------------------------------------------------


def test_siden_er_fylt_ut_med_egen_kommune_og_fase(som: Klient, scene: Scene, avtale: Avtale) -> None:
    lag_fase(scene.kommune, 4)
    svar = som(scene.lege).get("/avtaler/gjelder?situasjon=innleggelse")
    side = tekst(svar.text)
    assert svar.status_code == 200
    assert "Guovdageaidnu" in side and "Fase 4 – Epidemitopp" in side and "Kilde: Kriseledelsen" in side
    assert "Innleggelse på toppen" in side and "Innleggelse til daglig" not in side
    assert "NEWS2 over 6 Legevaktlegen Straks" in side
    assert "Transport Ansvarlig Informeres" in side
    assert "3 Innleggelse og utskrivning (Sykehuset Testfjord), versjon 1, gjelder fra" in side
    noekkel = db.session.scalars(sa.select(Bestemmelse.noekkel).where(Bestemmelse.plass == 1)).one()
    assert f"/avtaler/{avtale.id}?versjon=1#b-{noekkel}" in svar.text
    # What people write is never markup.
    assert "<strong>Alltid</strong>" in svar.text and "<script>alert" not in svar.text


def test_uten_fase_sies_det_at_den_ikke_er_satt(som: Klient, scene: Scene, avtale: Avtale) -> None:
    side = tekst(som(scene.lege).get("/avtaler/gjelder").text)
    assert "Ingen har satt fase for Guovdageaidnu. Det regnes som fase 1." in side
    assert "Innleggelse til daglig" in side and "Utskrivning" in side
    tenkt = tekst(som(scene.lege).get("/avtaler/gjelder?fase=4").text)
    assert "Du ser hva som ville gjelde i fase 4. Guovdageaidnu er i fase 1 nå." in tenkt.replace(
        "s er", " er"
    )
    assert "Innleggelse på toppen" in tenkt


def test_sykehusets_folk_velger_kommune(som: Klient, scene: Scene, avtale: Avtale) -> None:
    klient = som(scene.spesialist)
    tom = klient.get("/avtaler/gjelder").text
    assert 'name="kommune"' in tom and "Nabokommunen" in tom and "gjelder-tittel" not in tom
    valgt = klient.get(f"/avtaler/gjelder?kommune={scene.annen_kommune.id}&situasjon=&fagomraade=&fase=").text
    assert "Når legges det inn" in valgt


def test_feil_i_spoersmaalet_sies_og_ingenting_gaar_tapt(som: Klient, scene: Scene, avtale: Avtale) -> None:
    klient = som(scene.lege)
    for sporring in ("fase=9", "situasjon=ferie", "kommune=x", "dag=i+morgen", "fagomraade=astrologi"):
        svar = klient.get(f"/avtaler/gjelder?{sporring}")
        assert svar.status_code == 422, sporring
        assert "feiloppsummering" in svar.text
    assert klient.get(f"/avtaler/gjelder?kommune={uuid4()}").status_code == 404
    assert klient.get("/avtaler/gjelder?dag=31.12.2026").status_code == 200


def test_mange_bestemmelser_vises_ved_navn(som: Klient, scene: Scene) -> None:
    lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        bestemmelser=[{"overskrift": f"Bestemmelse {n}"} for n in range(60)],
    )
    side = som(scene.lege).get("/avtaler/gjelder?situasjon=innleggelse").text
    assert side.count('<article class="gjelderklausul"') == 25
    assert "Bestemmelse 54" in side and "Bestemmelse 55" not in side
    assert "Flere bestemmelser" in side and "Det er 5 til." in side


# --- the preview of a phase -------------------------------------------------------------------------------


def test_forhaandsvisning_og_veien_til_aa_sette_fasen(som: Klient, scene: Scene, avtale: Avtale) -> None:
    """The whole way: the form, the preview, the setting, and «hva gjelder» answers differently for the two."""
    klient = som(scene.kommuneoverlege)
    skjema = {"fase": "4", "nivaa": "roed", "kilde": "FHI uke 12", "begrunnelse": "Mange syke."}
    videre = klient.post("/beredskap/ny", data=skjema)
    assert videre.status_code == 303, tekst(videre.text)
    forhaands = klient.get(videre.headers["Location"])
    side = tekst(forhaands.text)
    assert "Begynner å gjelde" in side and "Innleggelse på toppen" in side
    assert "Slutter å gjelde" in side and "Innleggelse til daglig" in side
    assert "3 bestemmelser gjelder som før" in side
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Faseperiode)) == 0
    felter = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forhaands.text))
    sendt = {k: felter[k] for k in ("organisasjon", "fase", "nivaa", "kilde")}
    assert klient.post("/beredskap/faser", data=sendt).status_code == 303
    her = tekst(som(scene.lege).get("/avtaler/gjelder?situasjon=innleggelse").text)
    der = tekst(som(scene.fremmed_lege).get("/avtaler/gjelder?situasjon=innleggelse").text)
    assert "Innleggelse på toppen" in her and "Innleggelse på toppen" not in der
    assert "Innleggelse til daglig" in der and "Innleggelse til daglig" not in her


def test_en_planlagt_fase_vises_og_settes_med_dagene_sine(
    app: Flask, som: Klient, scene: Scene, avtale: Avtale
) -> None:
    """From the form over the preview: what is shown is what is set, and going back loses none of it."""
    klient = som(scene.kommuneoverlege)
    fra, til = (now().replace(minute=0, second=0, microsecond=0) + timedelta(days=d) for d in (3, 10))
    inn = {"fase": "4", "nivaa": "roed", "kilde": "FHI", "begrunnelse": "Ventet topp."}
    tider = {"fra": feltverdi(fra), "til": feltverdi(til)}
    sted = klient.post("/beredskap/ny", data={**inn, **tider}).headers["Location"]
    # Another tab that begins a phase meanwhile takes nothing of this one's.
    assert klient.post("/beredskap/ny", data={**inn, "til": feltverdi(fra)}).status_code == 303
    side = klient.get(sted).text
    with app.test_request_context():
        assert f"Fra {klokke(fra)} Til {klokke(til)}" in tekst(side)
    assert "Planlegg fase 4 for Guovdageaidnu" in tekst(side)
    tilbake = unescape(re.findall(r'href="(/beredskap/ny\?[^"]+)"', side)[0])
    skjema = klient.get(tilbake).text
    assert all(f'name="{k}" value="{v}"' in skjema for k, v in tider.items())
    sendt = Skjemaer(side).skjemaer["/beredskap/faser"]
    assert sendt.items() >= tider.items()
    assert klient.post("/beredskap/faser", data=sendt).status_code == 303
    db.session.rollback()
    rad = db.session.scalars(sa.select(Faseperiode)).one()
    assert (rad.fra, rad.til, rad.kilde, rad.begrunnelse) == (fra, til, "FHI", "Ventet topp.")
    # Without days it is said that it is at once, until another.
    naa = tekst(klient.get(f"/avtaler/faseskifte?organisasjon={scene.kommune.id}&fase=3&nivaa=roed").text)
    assert "Fra Straks den settes Til Uten slutt, til noe annet settes" in naa and "Sett fase 3" in naa
    assert (
        klient.get(f"/avtaler/faseskifte?organisasjon={scene.kommune.id}&fase=3&fra=i%20morgen").status_code
        == 422
    )


def test_forhaandsvisning_for_mange_og_for_et_foretak(som: Klient, scene: Scene, avtale: Avtale) -> None:
    klient = som(scene.koordinator)
    to = "&".join(f"organisasjon={k.id}" for k in (scene.kommune, scene.annen_kommune))
    side = klient.get(f"/avtaler/faseskifte?{to}&fase=4&nivaa=roed").text
    assert "Guovdageaidnu, Nabokommunen" in side and 'action="/beredskap/faser"' not in side
    eget = klient.get(f"/avtaler/faseskifte?organisasjon={scene.hf.id}&fase=4&nivaa=roed").text
    assert "følger fasen i hver kommune" in eget and 'action="/beredskap/faser"' in eget


def test_hvem_som_ser_forhaandsvisningen(som: Klient, scene: Scene, avtale: Avtale) -> None:
    adresse = f"/avtaler/faseskifte?organisasjon={scene.kommune.id}&fase=4&nivaa=roed"
    for aktor, status in (
        (scene.kommuneoverlege, 200),
        (scene.koordinator, 200),
        (lag_aktor(Rolle.KOORDINATOR, scene.kommune), 200),
        (scene.lege, 403),
        (scene.spesialist, 403),
        (scene.administrator, 403),
    ):
        assert som(aktor).get(adresse).status_code == status, aktor.rolle
    klient = som(scene.kommuneoverlege)
    assert klient.get("/avtaler/faseskifte?fase=4").status_code == 422
    assert klient.get(f"/avtaler/faseskifte?organisasjon={scene.kommune.id}").status_code == 422
    assert klient.get(f"/avtaler/faseskifte?organisasjon={uuid4()}&fase=4").status_code == 404
    # The kommune's coordinator proposes: the form that sets it is not for them.
    forslag = som(lag_aktor(Rolle.KOORDINATOR, scene.kommune)).get(adresse).text
    assert 'action="/beredskap/faser"' not in forslag


# --- the search -------------------------------------------------------------------------------------------


def test_soekesiden(som: Klient, scene: Scene, avtale: Avtale) -> None:
    @transactional
    def indekser() -> None:
        regler.indekser(db.session.scalars(sa.select(Bestemmelse)).all())

    indekser()
    klient = som(scene.lege)
    tom = klient.get("/avtaler/soek")
    assert tom.status_code == 200 and "treff" not in tekst(tom.text).lower().split("søk etter")[1][:80]
    side = klient.get("/avtaler/soek?q=samtaler")
    assert "1 treff" in tekst(side.text) and "<mark>samtale</mark>" in side.text
    assert "<script>alert" not in side.text
    assert 'value="samtaler"' in side.text
    assert "Ingen treff" in klient.get("/avtaler/soek?q=isbjørn").text
    assert "Skriv et ord som betyr noe alene" in klient.get("/avtaler/soek?q=og").text
    assert "1 treff" not in tekst(som(scene.annen_lege).get("/avtaler/soek?q=samtale&art=oehd").text)
    for sporring in ("art=ferie", "side=0", "side=x", "q=a&r=b"):
        assert klient.get(f"/avtaler/soek?{sporring}").status_code == 422, sporring
    angrep = klient.get("/avtaler/soek?q=%3Cscript%3Ex").text
    assert "<script>x" not in angrep


# --- the coverage -----------------------------------------------------------------------------------------


def test_dekningen_av_loven(som: Klient, scene: Scene, avtale: Avtale) -> None:
    underavtale = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        tittel="Beredskap",
        overordnet_id=avtale.id,
        bestemmelser=[
            {"overskrift": "Planer", "art": Art.BEREDSKAP, "punkt": 11},
            {
                "overskrift": "Felles team",
                "art": Art.ANNET,
                "tiltak": [{"navn": "Akutteam", "ansvarsforhold": "Sykehuset", "organisering": "Vakt"}],
            },
        ],
    )
    klient = som(scene.lege)
    side = tekst(klient.get(f"/avtaler/{avtale.id}/fullstendighet").text)
    assert "10 av 13 punkter mangler" in side
    assert "11. Beredskap og akuttkjeden Dekket i en annen avtale" in side
    assert "3. Innleggelse Dekket " in side and "8. Jordmortjenester Mangler" in side
    assert "§ 8 Varsel til kommunen" in side
    assert side.count("Dekket") >= 4
    under = tekst(klient.get(f"/avtaler/{underavtale.id}/fullstendighet").text)
    assert (
        "Akutteam Mangler" in under
        and "Ansvarsforhold Sykehuset" in under
        and "Finansiering Mangler" in under
    )


def test_hvem_som_ser_dekningen(som: Klient, scene: Scene, avtale: Avtale) -> None:
    adresse = f"/avtaler/{avtale.id}/fullstendighet"
    for aktor, status in ((scene.lege, 200), (scene.koordinator, 200), (scene.fremmed_spesialist, 404)):
        assert som(aktor).get(adresse).status_code == status
    assert som(scene.lege).get(f"{adresse}?versjon=2").status_code == 404
    assert som(scene.lege).get(f"{adresse}?versjon=x").status_code == 422
    utkast = lag_avtale(scene.hf, [scene.kommune])
    assert som(scene.koordinator).get(f"/avtaler/{utkast.id}/fullstendighet").status_code == 200
    assert som(scene.kommuneoverlege).get(f"/avtaler/{utkast.id}/fullstendighet").status_code == 404


# --- Markdown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inn", "finnes", "finnes_ikke"),
    [
        ("**fet** og _kursiv_", "<strong>fet</strong> og <em>kursiv</em>", ""),
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
        ("[x](javascript:alert(1))", "javascript:alert(1)", "href"),
        ("[x](data:text/html,a)", "", "href"),
        ("<a href=x onclick=y>", "&lt;a", "<a"),
        ("[fhi](https://www.fhi.no)", 'href="https://www.fhi.no" rel="noopener noreferrer nofollow"', ""),
        ("[ring](tel:113)", 'href="tel:113"', ""),
        ("![bilde](https://x.no/a.png)", "bilde", "<img"),
        ("# Stor\n\ntekst", "<p><strong>Stor</strong></p>", "<h1"),
        ("| a | b |\n|---|--:|\n| 1 | 2 |", '<div class="avtaletekst__tabell" tabindex="0"><table>', "style"),
        ("1. en\n2. to", "<ol>", ""),
        ("linje\nlinje", "<br>", ""),
        ("a\x00b", "a", "\x00"),
        ('<div class="hele-siden" tabindex="5">x</div>', "&lt;div", "<div"),
        ("<style>*{}</style><iframe src=x>", "&lt;style", "<iframe"),
    ],
)
def test_markdown_blir_trygg_html(inn: str, finnes: str, finnes_ikke: str) -> None:
    html = str(som_html(inn))
    assert finnes in html
    assert not finnes_ikke or finnes_ikke not in html


def test_en_lang_tekst_tar_slutt(app: Any) -> None:
    for inn in ("[" * 40_000, "> " * 20_000, "**a" * 13_000, "|a" * 20_000 + "\n" + "|-" * 20_000):
        assert som_html(inn) is not None
