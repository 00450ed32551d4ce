"""Reading CSV files as spreadsheets write them, and refusing what is none."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal.core.errors import UgyldigData
from portal.identitet import folkefil
from portal.identitet.folkefil import FLEST, les, som_tekst

HODE = "navn;epost;rolle\r\n"


def feil(app: Flask, tekst: str) -> str:
    with app.test_request_context(), pytest.raises(UgyldigData) as info:
        les(tekst)
    return str(info.value.detaljer["felter"]["fil"][0])


@pytest.mark.parametrize("koding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("skille", [";", ",", "\t"])
@pytest.mark.parametrize("linjeskift", ["\n", "\r\n", "\r"])
def test_slik_regneark_skriver(koding: str, skille: str, linjeskift: str) -> None:
    rader = [["Rolle", "E-post", "NAVN", "Til og med"], ["lege", "aase@b.no", "Åse Ærø", "31.12.2030"]]
    data = linjeskift.join(skille.join(r) for r in rader).encode(koding)
    (linje,) = les(som_tekst(data))
    assert linje.nummer == 2
    assert linje.celler == {"rolle": "lege", "epost": "aase@b.no", "navn": "Åse Ærø", "til": "31.12.2030"}


def test_samiske_bokstaver_og_bom_i_teksten() -> None:
    (linje,) = les("\ufeff" + HODE + "Ánte Ŧávvon;a@b.no;lege")
    assert linje.celler["navn"] == "Ánte Ŧávvon"


def test_linjenumrene_er_regnearkets() -> None:
    linjer = les('\n\nnavn;epost;rolle\n\n"To\nlinjer";a@b.no;x\n;;\nEn;b@b.no;y')
    assert [(li.nummer, li.celler["epost"]) for li in linjer] == [(5, "a@b.no"), (8, "b@b.no")]


def test_for_mange_felt_merkes() -> None:
    med, uten = les(HODE + "Nordmann; Kari;k@b.no;lege\nOla;o@b.no;lege;;")
    assert med.for_mange and not uten.for_mange


@pytest.mark.parametrize(
    ("tekst", "ord_"),
    [
        ("", "tom"),
        (" \r\n ", "tom"),
        (HODE, "bare overskrifter"),
        (HODE + ";;\n\n", "bare overskrifter"),
        ("navn;epost\nA;b@c.no", "rolle mangler"),
        ("navn;epost;rolle;personnummer\nA;b@c.no;x;1", "personnummer"),
        ("navn;epost;rolle;e-post\nA;b@c.no;x;1", "epost står to ganger"),
        ("Kari;k@b.no;lege\nOla;o@b.no;lege", "må ha overskriftene"),
        (HODE + '"Kari;k@b.no;lege\nOla;o@b.no;lege', "anførselstegn"),
        (HODE + "A;b@c.no;x\n" * (FLEST + 1), str(FLEST)),
    ],
)
def test_filer_som_ikke_kan_leses(app: Flask, tekst: str, ord_: str) -> None:
    assert ord_ in feil(app, tekst)


def test_akkurat_saa_mange_som_faar_vaere_med() -> None:
    assert len(les(HODE + "A;b@c.no;x\n" * FLEST)) == FLEST


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04regneark", b"\xd0\xcf\x11\xe0gammelt", b"%PDF-1.7", b"navn\x00epost", b"\xff\xfea"]
)
def test_annet_enn_tekst(data: bytes) -> None:
    with pytest.raises(UgyldigData):
        som_tekst(data)


def test_bytes_uten_betydning_blir_styretegn() -> None:
    assert "\x81" in som_tekst("Åse".encode("cp1252") + b"\x81")


def test_malen_leses_av_leseren() -> None:
    (linje,) = les(folkefil.MAL + ";".join(["x"] * 9))
    assert set(linje.celler) == set(folkefil.KOLONNER)


@pytest.mark.parametrize("nyttelast", ["=1+1", "@SUM(A1)", "'; DROP TABLE person; --", "<script>"])
def test_tegn_er_bare_tegn(nyttelast: str) -> None:
    linje: Any = les(HODE + f'"{nyttelast}";a@b.no;x')[0]
    assert linje.celler["navn"] == nyttelast
