"""The shape in which an agreement leaves and comes back, and the document that PDF and DOCX are made from. Pure."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.avtaler import dokument, eksport, innhold
from portal.avtaler.forloep import Status
from portal.core.sprak import paa_spraak
from tests.avtaler.uthjelp import DAG, MARKDOWN, NAA, avvik, klausul, som_json


def godkjenning(dok: dict[str, Any], **felt: Any) -> dict[str, Any]:
    """A link of the kommune's chain in a document."""
    return {
        "organisasjon": dok["parter"][1]["organisasjon"],
        "plass": 1,
        "ledd": "Kommunestyret",
        "krever_vedtak": True,
        "gitt": NAA.isoformat(),
        "gitt_av": "Sárá Sállu",
        "saksnummer": "26/114",
        "vedtaksdato": "2026-11-01",
        "innhold_hash": dok["versjon"]["innhold_hash"],
        "merknad": "",
        "sendt_tilbake": None,
        "opphevet": None,
        **felt,
    }


@pytest.fixture
def ord_(_app: Flask) -> dict[str, dict[str, str]]:
    with _app.test_request_context(), paa_spraak("nb"):
        return dokument.ordbok()


# --- the shape -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dok",
    [
        som_json(),
        som_json([]),
        som_json(status=Status.GJELDENDE, fra=DAG, til=DAG, sendt_til_godkjenning=NAA, oensket_fra=DAG),
    ],
    ids=["utkast", "uten bestemmelser", "i kraft"],
)
def test_formen_er_som_beskrevet(dok: dict[str, Any]) -> None:
    dok["godkjenninger"] = [godkjenning(dok), godkjenning(dok, gitt=None, gitt_av=None, vedtaksdato=None)]
    assert avvik(orjson.loads(orjson.dumps(dok)), eksport.SKJEMA) == []


def test_sjekken_av_formen_finner_avvik() -> None:
    """The check that the others rest on: what is left out, added or of another kind is told."""
    for endre in (
        lambda d: d["avtale"].pop("nummer"),
        lambda d: d["avtale"].update(ekstra=1),
        lambda d: d["versjon"].update(status="finnes_ikke"),
        lambda d: d["versjon"].update(gjelder=1),
        lambda d: d["bestemmelser"][0].update(faser=[6]),
        lambda d: d["format"].update(versjon=2),
        lambda d: d.update(parter=None),
        lambda d: d["avtale"].update(id="x"),
    ):
        dok = copy.deepcopy(som_json())
        endre(dok)
        assert avvik(dok, eksport.SKJEMA) != []


_TEKST = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
_KLAUSUL = st.fixed_dictionaries(
    {
        "nummer": _TEKST,
        "overskrift": _TEKST,
        "tekst": _TEKST,
        "punkt": st.none() | st.integers(1, 13),
        "faser": st.integers(1, 31).map(lambda n: n << 1),
        "fagomraader": st.lists(st.sampled_from(["geriatri", "kirurgi"]), unique=True),
        "kriterier": st.lists(
            st.fixed_dictionaries({"kriterium": _TEKST}, optional={"frist": _TEKST | st.none()})
        ),
        "trinn": st.lists(st.sampled_from(["varsel", "svar"]), unique=True),
    }
)


@given(st.lists(_KLAUSUL, max_size=4))
def test_det_som_gaar_ut_kommer_inn_igjen(klausuler: list[dict[str, Any]]) -> None:
    """Through the file and back nothing of the content is changed, and the hash of it is the same."""
    rader = [klausul(**k) for k in klausuler]
    dok = orjson.loads(orjson.dumps(som_json(rader)))
    assert eksport.er_vaart(dok)
    assert [eksport.klausul_inn(k) for k in dok["bestemmelser"]] == [innhold.som_data(r) for r in rader]
    v = dok["versjon"]
    assert v["innhold_hash"] == eksport.innholdshash(v["tittel"], v["medvirkning"], dok["bestemmelser"])
    assert v["innhold_hash"] == innhold.versjonshash(
        v["tittel"], v["medvirkning"], [{"noekkel": r.noekkel, **innhold.som_data(r)} for r in rader]
    )


def test_hashen_som_ble_godkjent_staar_fast() -> None:
    assert som_json(innhold_hash="a" * 64)["versjon"]["innhold_hash"] == "a" * 64


@pytest.mark.parametrize(
    "dok",
    [
        None,
        [],
        "avtale",
        {},
        {"format": None},
        {"format": {"navn": "noe annet", "versjon": 1}},
        {"format": {"navn": eksport.FORMAT, "versjon": 2}},
        {"format": {"navn": eksport.FORMAT, "versjon": 0}},
        {"format": {"navn": eksport.FORMAT, "versjon": True}},
        {"format": {"navn": eksport.FORMAT, "versjon": "1"}},
        {"format": {"navn": eksport.FORMAT}},
    ],
)
def test_det_som_ikke_er_vaart_kjennes_ikke_igjen(dok: Any) -> None:
    assert not eksport.er_vaart(dok)


@pytest.mark.parametrize("faser", [[0], [6], ["4"], [True], [], [4, None], "4", None, 4.5])
def test_faser_som_ikke_er_faser_blir_sagt_fra_om(faser: Any) -> None:
    data = eksport.klausul_inn(
        {"overskrift": "A", "art": "annet", "faser": faser, "hash": "x", "nytt_felt": 1}
    )
    assert set(data) == {"overskrift", "art", "faser"}
    assert set(innhold.feil(data)) == {"faser"}


@pytest.mark.parametrize(
    ("fra", "til", "svar"),
    [
        (None, None, False),
        (date(2026, 11, 22), None, True),
        (date(2026, 11, 23), None, False),
        (date(2026, 1, 1), date(2026, 11, 22), False),
        (date(2026, 1, 1), date(2026, 11, 23), True),
    ],
)
def test_datoene_avgjoer_om_den_gjelder(fra: date | None, til: date | None, svar: bool) -> None:
    assert eksport.gjelder(fra, til, DAG) is svar


# --- the document ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "fra", "til", "merke", "ord_i_status"),
    [
        (Status.UTKAST, None, None, "UTKAST", "Utkast"),
        (Status.TIL_FORHANDLING, None, None, "UTKAST", "Til forhandling"),
        (Status.TIL_GODKJENNING, None, None, "UTKAST", "Til godkjenning"),
        (Status.FORKASTET, None, None, "FORKASTET", "Forkastet"),
        (Status.GODKJENT, date(2026, 12, 1), None, "GJELDER IKKE ENNÅ", "Godkjent"),
        # The worker has not been there: the dates decide.
        (Status.GODKJENT, date(2026, 11, 1), None, "", "Gjelder"),
        (Status.GJELDENDE, date(2026, 1, 1), date(2026, 11, 1), "GJELDER IKKE LENGER", "Utløpt"),
        (Status.GJELDENDE, date(2026, 1, 1), None, "", "Gjelder"),
        (Status.UNDER_REVISJON, date(2026, 1, 1), None, "", "Gjelder, under revisjon"),
        (Status.OPPSAGT, date(2026, 1, 1), date(2027, 1, 1), "", "Gjelder, sagt opp"),
        (Status.ERSTATTET, date(2025, 1, 1), date(2026, 1, 1), "GJELDER IKKE LENGER", "Erstattet"),
        (Status.UTLOEPT, date(2025, 1, 1), date(2026, 1, 1), "GJELDER IKKE LENGER", "Utløpt"),
    ],
)
def test_det_som_ikke_gjelder_er_merket(
    status: Status, fra: date | None, til: date | None, merke: str, ord_i_status: str, ord_: Any
) -> None:
    dok = dokument.lag(som_json(status=status, fra=fra, til=til), ord_)
    assert dok["merke"] == merke
    assert bool(dok["merketekst"]) == bool(merke)
    fakta = dict(dok["fakta"])
    assert fakta["Status"] == ord_i_status
    if til:
        # The last day on which it holds, and not the day after.
        dagen_foer = {
            date(2026, 11, 1): "31.10.2026",
            date(2026, 1, 1): "31.12.2025",
            date(2027, 1, 1): "31.12.2026",
        }
        assert fakta["Til og med"] == dagen_foer[til]


def test_dokumentet_har_alt(ord_: Any) -> None:
    dok = dokument.lag(som_json(), ord_)
    assert [d["tittel"] for d in dok["deler"]] == [
        "Parter",
        "Medvirkning fra pasienter og brukere",
        "Formål",
        "Innleggelse på toppen",
        "2.1 Utskrivning til Kárášjohka",
        "Tom",
        "Vedlegg: Godkjenninger",
    ]
    topp = dok["deler"][3]
    assert topp["kjennetegn"] == [
        "Annet",
        "§ 6-2 nr. 3: Innleggelse",
        "Gjelder i fase 3 (spredning) og 4 (epidemitopp)",
        "Fagområder: Geriatri",
    ]
    tabeller = {t["navn"]: t for t in topp["blokker"] if t["type"] == "tabell"}
    assert _celler(tabeller["Kriterier"]) == [
        ["NEWS2 over 6", "Legevaktlegen", "Straks"],
        ["Sepsis", "–", "–"],
    ]
    assert _celler(tabeller["Roller og ansvar"]) == [
        ["Transport", "Ansvarlig", "Konsulteres"],
        ["Samtale", "–", "Utfører"],
    ]
    assert _celler(tabeller["Forpliktelser"]) == [
        ["Samarbeidsmøte", "Hvert halvår", "1. juni", "Helseforetaket, Kommunen"]
    ]
    assert _celler(tabeller["Samarbeidstiltak: Ambulant team"]) == [
        ["Ansvarsforhold", "Foretaket leder"],
        ["Arbeidsgiveransvar", "Ikke sagt"],
        ["Organisering", "Ikke sagt"],
        ["Finansiering", "Likt"],
    ]
    assert "Gjelder bare i fase 4 (epidemitopp)" in dok["deler"][4]["kjennetegn"]
    assert "Gjelder i alle faser" in dok["deler"][5]["kjennetegn"]


def _celler(tabell: dict[str, Any]) -> list[list[str]]:
    return [["".join(b["tekst"] for b in celle) for celle in rad] for rad in tabell["rader"]]


def test_nummeret_sier_nivaaet_og_ingen_nivaa_hoppes_over(ord_: Any) -> None:
    numre = ["2.1.4", "1", "1.1", "1.1.1", "1.1.1.1", "§ 2.", "2.1.1", "A", "3.b", ""]
    dok = dokument.lag(som_json([klausul(nummer=n) for n in numre]), ord_)
    deler = dok["deler"][2:-1]
    assert [d["nivaa"] for d in deler] == [1, 1, 2, 3, 3, 1, 2, 1, 1, 1]
    assert deler[-1]["tittel"] == "Innleggelse"


def test_godkjenningene_sier_hvem_naar_og_hvilket_vedtak(ord_: Any) -> None:
    fil = som_json(status=Status.TIL_GODKJENNING, sendt_til_godkjenning=NAA)
    fil["godkjenninger"] = [
        godkjenning(fil),
        godkjenning(fil, gitt=None, gitt_av=None, saksnummer="", vedtaksdato=None),
        godkjenning(fil, gitt=None, sendt_tilbake=NAA.isoformat(), merknad="For kort frist."),
        godkjenning(fil, innhold_hash="b" * 64),
        godkjenning(fil, opphevet=NAA.isoformat()),
    ]
    rader = _celler(dokument.lag(fil, ord_)["deler"][-1]["blokker"][0])
    hvem = "Karasjok kommune / Kárášjoga gielda"
    tid, vedtak = "22.11.2026 kl. 10.30", "Sak 26/114\n01.11.2026"
    assert rader == [
        [hvem, "Kommunestyret", "Sárá Sállu", tid, vedtak],
        [hvem, "Kommunestyret", "Venter på godkjenning", "–", "–"],
        [hvem, "Kommunestyret", "Sendt tilbake", tid, f"{vedtak}\nFor kort frist."],
        [hvem, "Kommunestyret", "Sárá Sállu (gitt for et annet innhold)", tid, vedtak],
        [hvem, "Kommunestyret", "Sárá Sállu (gjelder ikke)", tid, vedtak],
    ]


def test_uten_godkjenninger_sies_det_hvorfor(ord_: Any) -> None:
    for fil, tekst in (
        (som_json(), "Versjonen er ikke sendt til godkjenning."),
        (
            som_json(status=Status.GJELDENDE, fra=DAG),
            "Ingen godkjenninger av denne versjonen er ført i portalen.",
        ),
    ):
        assert dokument.lag(fil, ord_)["deler"][-1]["blokker"][0]["biter"][0]["tekst"] == tekst


def test_en_part_som_har_gaatt_ut_har_en_siste_dag(ord_: Any) -> None:
    fil = som_json(status=Status.GJELDENDE, fra=date(2025, 1, 1))
    fil["parter"][1]["til"] = "2026-07-01"
    parter = dokument.lag(fil, ord_)["deler"][0]["blokker"][0]
    assert _celler(parter) == [
        ["Finnmarkssykehuset HF", "Helseforetaket", "01.01.2025", ""],
        ["Karasjok kommune / Kárášjoga gielda", "Kommunen", "01.01.2025", "30.06.2026"],
    ]


def test_forsiden_nevner_partene_naar_det_er_plass(ord_: Any) -> None:
    fil = som_json()
    assert dokument.lag(fil, ord_)["mellom"] == "Finnmarkssykehuset HF og Karasjok kommune"
    # Before it holds for anybody, the table of parties says who takes part.
    assert _ord_i(dokument.lag(fil, ord_)["deler"][0]["blokker"][0]["hode"]) == ["Part", "Side", "Status"]
    fil["parter"] += [fil["parter"][1]] * 11
    assert dokument.lag(fil, ord_)["mellom"] == "Finnmarkssykehuset HF og 12 kommuner"
    assert len(dokument.lag(fil, ord_)["deler"][0]["blokker"][0]["rader"]) == 13
    fil["parter"] = []
    dok = dokument.lag(fil, ord_)
    assert (dok["mellom"], dok["deler"][0]["blokker"]) == ("Finnmarkssykehuset HF", [])


def _ord_i(celler: list[Any]) -> list[str]:
    return ["".join(b["tekst"] for b in celle) for celle in celler]


@pytest.mark.parametrize(
    ("nummer", "tittel", "navn"),
    [
        ("3", "Innleggelse og utskrivning", "3 Innleggelse og utskrivning, versjon 2, utkast.pdf"),
        (
            "",
            "Øyeblikkelig hjelp: Kárášjohka/Čáhput",
            "Øyeblikkelig hjelp Kárášjohka Čáhput, versjon 2, utkast.pdf",
        ),
        ("", '../..\\"x"\u202e<y>', "x y, versjon 2, utkast.pdf"),
        ("", "\x01?*", "versjon 2, utkast.pdf"),
    ],
)
def test_filnavnet(nummer: str, tittel: str, navn: str, ord_: Any) -> None:
    fil = som_json(tittel=tittel)
    fil["avtale"]["nummer"] = nummer
    assert dokument.filnavn(fil, ord_, "pdf") == navn
    fil["versjon"]["tittel"] = "ø" * 300
    assert len(dokument.filnavn(fil, ord_, "docx").encode()) <= 255


# --- Markdown --------------------------------------------------------------------------------------------


def test_markdown_blir_blokker() -> None:
    blokker = dokument.blokker(MARKDOWN)
    assert [b["type"] for b in blokker] == [
        *("avsnitt", "avsnitt", "liste", "liste", "sitat", "tabell", "avsnitt", "avsnitt")
    ]
    foerste = {b["tekst"]: b for b in blokker[0]["biter"]}
    assert foerste["ringer"]["stil"] == ["fet"] and foerste["før"]["stil"] == ["kursiv"]
    assert foerste["rutinen"]["lenke"] == "https://example.no/rutine" and "\n" in foerste
    assert blokker[1]["biter"][0]["stil"] == ["fet"]
    indre = blokker[2]["punkter"][0][1]
    assert (indre["type"], indre["ordnet"], blokker[2]["ordnet"]) == ("liste", True, False)
    assert (blokker[3]["ordnet"], blokker[3]["start"]) == (True, 7)
    slutt = blokker[-1]["biter"]
    assert "<script>alert(1)</script>" in "".join(b["tekst"] for b in slutt)
    assert not any(b["lenke"] for b in slutt)


@pytest.mark.parametrize(
    "adresse",
    [
        "javascript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "//host/x",
        "/avtaler",
        "ftp://x",
    ],
)
def test_bare_lenker_ut_paa_nettet(adresse: str) -> None:
    assert not any(b["lenke"] for a in dokument.blokker(f"[tekst]({adresse})") for b in a["biter"])


@pytest.mark.parametrize(
    "adresse", ["https://a.no/æ?x=1&y=2", "http://a.no", "mailto:a@b.no", "tel:+4790000000"]
)
def test_lenker_ut_paa_nettet(adresse: str) -> None:
    assert any(b["lenke"] for a in dokument.blokker(f"[tekst]({adresse})") for b in a["biter"])


def test_det_som_er_laget_for_aa_vaere_vanskelig_blir_tekst() -> None:
    """Deep lists are not set in for ever, and a table with a thousand columns is lines of text."""
    dypt = "\n".join("  " * n + f"- nivå {n}" for n in range(40))
    assert _dybde(dokument.blokker(dypt)) == dokument.DYPEST
    for n in range(9):
        assert f"nivå {n}" in orjson.dumps(dokument.blokker(dypt)).decode()
    bred = f"|{'a|' * 1000}\n|{'-|' * 1000}\n|{'b|' * 1000}"
    assert {b["type"] for b in dokument.blokker(bred)} == {"avsnitt"}
    assert dokument.blokker("") == [] and dokument.blokker("> " * 200 + "dypt") != []


def _dybde(blokker: list[dict[str, Any]]) -> int:
    lister = [b for b in blokker if b["type"] == "liste"]
    return max((1 + _dybde(p) for b in lister for p in b["punkter"]), default=0)


@given(st.text(max_size=200))
def test_ingen_tekst_faar_lesingen_til_aa_feile(tekst: str) -> None:
    orjson.dumps(dokument.blokker(tekst.encode(errors="ignore").decode()))
