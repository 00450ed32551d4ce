"""Clauses that are kept drawn: what holds now, for who may see it, in the language of who looks; and an end to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale, Avtaleversjon, Bestemmelse
from portal.avtaler.routes import gjelder
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.sprak import SPRAAK
from portal.identitet.models import Organisasjon
from tests.avtalehjelp import faser, lag_avtale, lag_bestemmelse, lag_fase
from tests.bygg import Scene, lag_aktor, lag_kommune, lagre, om

Klient = Callable[[Aktor], FlaskClient]
STI = "/avtaler/gjelder?situasjon=innleggelse"


@pytest.fixture(autouse=True)
def _tomt() -> Iterator[None]:
    gjelder._KLAUSULER._tegnet.clear()
    yield
    gjelder._KLAUSULER._tegnet.clear()


def tegnet(klient: FlaskClient, sti: str = STI) -> list[str]:
    svar = klient.get(sti)
    assert svar.status_code == 200
    return re.findall(r'<article class="gjelderklausul".*?</article>', svar.text, re.S)


def som_nytt(klient: FlaskClient, sti: str = STI) -> str:
    """What is kept is what is drawn when nothing is. Gives it."""
    lager = gjelder._KLAUSULER._tegnet
    beholdt, husket = tegnet(klient, sti), dict(lager)
    lager.clear()
    assert tegnet(klient, sti) == beholdt
    lager.update(husket)
    return "".join(beholdt)


@transactional
def sett(modell: Any, hvilken: Any, **felt: Any) -> None:
    rad = db.session.get_one(modell, hvilken)
    for navn, verdi in felt.items():
        setattr(rad, navn, verdi)


@transactional
def ny_kommune(navn: str, hf: Organisasjon) -> Organisasjon:
    return lag_kommune(navn, helseforetak_id=hf.id)


def test_en_endring_sees_straks_av_en_annen(scene: Scene, som: Klient) -> None:
    avtale = lag_avtale(
        scene.hf,
        [scene.kommune, scene.annen_kommune],
        status=Status.GJELDENDE,
        tittel="Innleggelse",
        bestemmelser=[
            {
                "tekst": "Ring vakthavende.",
                "kriterier": [{"kriterium": "NEWS2 over 6", "hvem": "Legevaktlegen", "frist": "Straks"}],
                "matrise": [{"oppgave": "Transport", "foretak": "A", "kommune": "I"}],
            }
        ],
    )
    klausul = db.session.scalars(sa.select(Bestemmelse.id)).one()
    ut_fra = f"{STI}&kommune={scene.kommune.id}"
    lesere = [(som(scene.lege), STI), *((som(a), ut_fra) for a in (scene.spesialist, scene.koordinator))]
    annet_kriterium = [{"kriterium": "NEWS2 over 4", "hvem": "Legevaktlegen", "frist": "Straks"}]
    endringer: list[tuple[Any, Any, dict[str, Any], str, str]] = [
        (Bestemmelse, klausul, {"tekst": "Skriv til vakthavende."}, "Ring vakt", "Skriv til vakt"),
        (Bestemmelse, klausul, {"overskrift": "Når det haster"}, "Innleggelse</h3>", "Når det haster"),
        (Bestemmelse, klausul, {"kriterier": annet_kriterium}, "NEWS2 over 6", "NEWS2 over 4"),
        (
            Bestemmelse,
            klausul,
            {"matrise": [{"oppgave": "Transport", "foretak": "I", "kommune": "K"}]},
            "Ansvarlig",
            "Konsulteres",
        ),
        (Avtale, avtale.id, {"nummer": "4.2"}, "", "4.2 "),
        (Organisasjon, scene.hf.id, {"kortnavn": "Sykehuset Ny"}, "Sykehuset Testfjord", "Sykehuset Ny"),
    ]
    for modell, hvilken, felt, foer, etter in endringer:
        for klient, sti in lesere:
            lest = som_nytt(klient, sti)
            assert foer in lest and etter not in lest, foer
        sett(modell, hvilken, **felt)
        for klient, sti in lesere:
            lest = som_nytt(klient, sti)
            assert etter in lest and (not foer or foer not in lest), etter


def test_fasen_og_neste_versjon_gjelder_straks(scene: Scene, som: Klient) -> None:
    i_morgen = i_dag() + timedelta(days=1)
    avtale = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        i_kraft_til=i_morgen,
        bestemmelser=[
            {"overskrift": "På toppen", "faser": faser(4)},
            {"overskrift": "Gammel ordlyd", "til_versjon": 2},
        ],
    )
    lagre(
        Avtaleversjon(
            id=uuid4(),
            avtale_id=avtale.id,
            nummer=2,
            status=Status.GODKJENT,
            opprettet=now(),
            i_kraft_fra=i_morgen,
        )
    )
    lag_bestemmelse(avtale, overskrift="Ny ordlyd", fra_versjon=2, plass=3)
    klient = som(scene.lege)
    lest = som_nytt(klient)
    assert "Gammel ordlyd" in lest and "På toppen" not in lest and "Ny ordlyd" not in lest
    lag_fase(scene.kommune, 4)
    assert "På toppen" in som_nytt(klient)
    with om(days=1):
        lest = som_nytt(som(scene.lege))
        assert "Ny ordlyd" in lest and "Gammel ordlyd" not in lest and "versjon 2" in lest


def test_ingen_faar_en_annens_bestemmelser(scene: Scene, som: Klient) -> None:
    """However often somebody has looked before: what is shown is what the own agreements say."""
    utenfor = ny_kommune("Utenfor", scene.annet_hf)
    for kommune, navn in ((scene.kommune, "Bare vår"), (scene.annen_kommune, "Bare naboens")):
        lag_avtale(
            scene.hf, [kommune], status=Status.GJELDENDE, tittel=navn, bestemmelser=[{"overskrift": navn}]
        )
    lege_utenfor = aktor_i(utenfor)
    for _gang in range(2):
        assert "Bare vår" in som_nytt(som(scene.lege)) and "naboens" not in som_nytt(som(scene.lege))
        nabo = som_nytt(som(scene.spesialist), f"{STI}&kommune={scene.annen_kommune.id}")
        assert "Bare naboens" in nabo and "Bare vår" not in nabo
        assert som_nytt(som(lege_utenfor)) == ""
        svar = som(lege_utenfor).get(f"{STI}&kommune={scene.kommune.id}")
        assert "Bare vår" not in svar.text


@transactional
def aktor_i(kommune: Organisasjon) -> Aktor:
    return lag_aktor(Rolle.LEGE_KOMMUNE, kommune)


def test_hvert_spraak_har_sitt(scene: Scene, som: Klient) -> None:
    lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    klient = som(scene.lege)
    sagt = []
    for kode in (*SPRAAK, *SPRAAK):
        with klient.session_transaction() as kapsel:
            kapsel["spraak"] = kode
        sagt.append(som_nytt(klient))
    assert sagt[: len(SPRAAK)] == sagt[len(SPRAAK) :] and len(set(sagt)) == len(SPRAAK)


def test_det_som_beholdes_har_en_ende(scene: Scene, som: Klient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither too many, nor a long one, nor one whose rate is another from day to day."""
    monkeypatch.setattr(gjelder._KLAUSULER, "_hoeyst", 3)
    lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        bestemmelser=[
            *({"overskrift": f"Bestemmelse {n}"} for n in range(1, 6)),
            {"overskrift": "Lang", "tekst": "ord " * 2_000},
            {"overskrift": "Med sats", "trinn": ["varsel", "svar"]},
        ],
    )
    assert len(tegnet(som(scene.lege))) == 7
    lager = gjelder._KLAUSULER._tegnet
    assert 0 < len(lager) <= 3
    monkeypatch.setattr(gjelder._KLAUSULER, "_hoeyst", 100)
    tegnet(som(scene.lege))
    beholdt = "".join(lager.values())
    assert "Bestemmelse 1" in beholdt and "Lang" not in beholdt and "Med sats" not in beholdt
