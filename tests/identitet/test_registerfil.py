"""Reading a register file: what is accepted, and that every bad row is told with its line number."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.core.errors import UgyldigData
from portal.identitet.models import Organisasjonstype
from portal.identitet.registerfil import KOLONNER, MAKS_BYTE, Rad, les_registerfil
from portal.identitet.service.register import EGEN_FIL

HODE = ",".join(KOLONNER)
RHF = "rhf,,Helse Nord RHF,Helse Nord,,883658752,,,,,,"
HF = "hf,,Finnmarkssykehuset HF,Finnmarkssykehuset,,983974880,883658752,,,,,"
FYLKE = "fylke,56,Finnmark,Finnmark,,,,,,,2024-01-01,"
ALTA = "kommune,5601,Alta kommune,Alta,,944588132,56,983974880,21708,bokmål,2024-01-01,"


def les(*rader: str, hode: str = HODE) -> list[Rad]:
    return les_registerfil("\n".join([hode, *rader]) + "\n")


def feil_i(innhold: str | bytes | Path) -> list[tuple[int, str]]:
    with pytest.raises(UgyldigData) as info:
        les_registerfil(innhold)
    assert info.value.kode == "registerfil"
    return list(info.value.detaljer["rader"])


def feil_paa_rad(rad: str) -> str:
    """The messages about one row that stands on line 5, after three good ones."""
    feil = feil_i("\n".join([HODE, RHF, HF, FYLKE, rad]) + "\n")
    assert {linje for linje, _ in feil} == {5}
    return " ".join(melding for _, melding in feil)


def test_egen_fil_er_hele_registeret() -> None:
    rader = les_registerfil(EGEN_FIL)
    antall = {t: sum(r.type == t for r in rader) for t in Organisasjonstype}
    assert antall == {"kommune": 357, "fylke": 15, "rhf": 4, "hf": 20, "ideelt_sykehus": 3, "myndighet": 0}
    etter_kode = {r.kode: r for r in rader if r.kode}
    assert {r.navn for r in rader if r.navn.endswith(" herad")} == {"Voss herad", "Kvam herad", "Ulvik herad"}
    assert etter_kode["0301"].navn == "Oslo kommune"
    assert etter_kode["5610"].navn_alternativ == "Kárášjohka"
    assert etter_kode["1508"].erstatter == etter_kode["1580"].erstatter == ("1507",)
    assert sum(r.folketall or 0 for r in rader) == 5_550_203
    assert sorted(r.kode or "" for r in rader if r.kortnavn in ("Herøy", "Våler")) == [
        "1515",
        "1818",
        "3114",
        "3419",
    ]


@pytest.mark.parametrize(
    "omskriv",
    [
        lambda t: t.encode(),
        lambda t: b"\xef\xbb\xbf" + t.encode(),
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: t.replace(",", ";").encode(),
        lambda t: t.replace("Nord", "Nord   ").encode(),
        lambda t: t.replace("å", "a\u030a").encode(),
        lambda t: t.replace("\n", "\n\n"),
        lambda t: t.replace("983974880", "983 974 880"),
    ],
    ids=["bytes", "bom", "crlf", "semikolon", "mellomrom", "nfd", "tomme linjer", "sifre i grupper"],
)
def test_samme_fil_i_andre_klaer(omskriv: object) -> None:
    tekst = "\n".join([HODE, RHF, HF, FYLKE, ALTA]) + "\n"
    lest = les_registerfil(omskriv(tekst))  # type: ignore[operator]
    assert [r.organisasjonsnummer for r in lest] == ["883658752", "983974880", None, "944588132"]
    assert lest[3].maalform == "bokmål"
    assert lest[3].helseforetak == "983974880"


def test_kolonnene_kan_staa_i_annen_rekkefoelge() -> None:
    rad = dict(zip(KOLONNER, ALTA.split(","), strict=True))
    snudd = list(reversed(KOLONNER))
    lest = les(RHF_snudd := ",".join(dict(zip(KOLONNER, RHF.split(","), strict=True))[k] for k in snudd),
               ",".join(rad[k] for k in snudd), hode=",".join(snudd))  # fmt: skip
    assert RHF_snudd.endswith("rhf")
    assert (lest[1].kode, lest[1].navn, lest[1].folketall) == ("5601", "Alta kommune", 21708)


def test_tidligere_numre_deles_paa_flere_maater() -> None:
    for tekst in ('"1507;1534"', '"1507, 1534"', "1507 1534", "1507|1534|1507"):
        rad = ALTA.replace("2024-01-01,", f"2024-01-01,{tekst}")
        assert les(rad)[0].erstatter == ("1507", "1534"), tekst


@pytest.mark.parametrize(
    ("rad", "ord_"),
    [
        (ALTA.replace("kommune,5601", "kommunen,5601"), "Ukjent type"),
        (ALTA.replace(",5601,", ",561,"), "4 sifre"),
        (ALTA.replace(",5601,", ",٥٦٠١,"), "4 sifre"),
        (ALTA.replace(",5601,", ",5501,"), "hører ikke til fylke 56"),
        (ALTA.replace("944588132", "944588133"), "ikke gyldig"),
        (ALTA.replace("944588132", ""), "organisasjonsnummer mangler"),
        (ALTA.replace("21708", "21 708"), "helt tall"),
        (ALTA.replace("21708", "-1"), "helt tall"),
        (ALTA.replace("bokmål", "svensk"), "maalform"),
        (ALTA.replace("2024-01-01", "1.1.2024"), "ikke en dato"),
        (ALTA.replace("2024-01-01", "2024-02-30"), "ikke en dato"),
        (ALTA.replace(",56,", ",,"), "fylkesnummeret"),
        (ALTA.replace("983974880", "Finnmarkssykehuset"), "organisasjonsnummeret til foretaket"),
        (ALTA + "12", "erstatter"),
        (ALTA.replace("Alta kommune", ""), "Navn mangler"),
        (ALTA.replace("Alta kommune", "Alta\u200bkommune"), "usynlig"),
        (ALTA.replace("Alta kommune", "A" * 201), "lengre enn 200"),
        (ALTA.removesuffix(","), "kolonner"),
        (HF.replace("hf,,", "hf,12,").replace("983974880", "983974910"), "kode brukes bare"),
        (
            HF.replace("983974880", "983974910").removesuffix(",,,,") + ",100,,,",
            "folketall gjelder bare kommuner",
        ),
        (HF.replace("883658752", "").replace("983974880", "983974910"), "regionale helseforetaket"),
        (FYLKE, "kode 56 står også på linje 4"),
        (HF, "organisasjonsnummer 983974880 står også på linje 3"),
        ('kommune,5601,"Alta,Alta', "anførselstegn"),
    ],
)
def test_gal_rad_sies_med_linje_og_raad(rad: str, ord_: str) -> None:
    assert ord_ in feil_paa_rad(rad)


def test_alle_gale_rader_sies_paa_en_gang() -> None:
    gale = [ALTA.replace("944588132", "1"), RHF, ALTA.replace(",5601,", ",x,")]
    feil = feil_i("\n".join([HODE, *gale]) + "\n")
    assert {linje for linje, _ in feil} == {2, 4}


@pytest.mark.parametrize(
    ("innhold", "linje", "ord_"),
    [
        (b"", 0, "tom"),
        (b"\n \n", 0, "tom"),
        (HODE + "\n", 1, "ingen organisasjoner"),
        (HODE.replace(",erstatter", "") + "\n" + RHF + "\n", 1, "mangler kolonnen(e): erstatter"),
        (HODE + ",telefon\n" + RHF + ",\n", 1, "ukjente kolonner: telefon"),
        (HODE + ",navn\n" + RHF + ",\n", 1, "flere ganger: navn"),
        (HODE + "\n" + RHF + "\n" + ALTA[:40], 3, "midt i en linje"),
        (HODE + "\n" + RHF + "\n" + ALTA, 3, "midt i en linje"),
        ((HODE + "\n" + RHF + "\n").encode() + ALTA.encode("latin-1") + b"\n", 3, "UTF-8"),
        (b"\x00" * 20, 1, "mangler kolonnen"),
        (b"x" * (MAKS_BYTE + 1), 0, "for stor"),
        (Path("finnes-ikke.csv"), 0, "kan ikke leses"),
    ],
    ids=["tom", "blank", "bare hode", "mangler", "ukjent", "dobbel", "avkuttet", "uten linjeskift", "latin-1", "nuller",
         "stor", "borte"],
)  # fmt: skip
def test_fil_som_ikke_er_et_register(innhold: bytes | str | Path, linje: int, ord_: str) -> None:
    assert any(n == linje and ord_ in melding for n, melding in feil_i(innhold))
