"""A document or a text comes in through the pages: found, checked, mended, and only then kept."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from docx import Document
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler import innhold, klausulfunn, maler, ooxml, steps
from portal.avtaler.models import Avtale
from portal.avtaler.service import avtaler, inn
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang
from tests.avtaler.motorhjelp import klausul, les, nytt_utkast, tekster, til_forhandling
from tests.avtaler.test_docxlesing import som_fil
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]

TEKST = """Tjenesteavtale om innleggelse

§ 1 Formål
Pasienten **først**.

§ 2 Innleggelse
1. Ring legen
2. Send henvisning

§ 3 Utskrivning
Kommunen svarer straks.
"""


def html(svar: TestResponse, status: int = 200) -> str:
    assert svar.status_code == status, svar.get_data(as_text=True)[:3000]
    return svar.get_data(as_text=True)


def skjemaet(side: str) -> dict[str, str]:
    """What a browser without scripts would send of the page's last form."""
    kode = re.findall(r'<form class="funnliste".*?</form>', side, re.S)[-1]
    ut = {}
    for merke in re.finditer(
        r"<(input|textarea|select)([^>]*)>(.*?)(?=<(?:input|textarea|select|/form))", kode, re.S
    ):
        slag, attributter, inne = merke.groups()
        navn = re.search(r'name="([^"]+)"', attributter)
        if not navn or navn[1] == "csrf_token":
            continue
        verdi = re.search(r'value="([^"]*)"', attributter)
        if slag == "textarea":
            ut[navn[1]] = unescape(inne.split("</textarea>")[0].removeprefix("\n"))
        elif slag == "select":
            valgt = re.search(r'<option value="([^"]*)" selected', inne) or re.search(
                r'value="([^"]*)"', inne
            )
            ut[navn[1]] = unescape(valgt[1]) if valgt else ""
        elif not re.search('type="(radio|checkbox)"', attributter) or " checked" in attributter:
            ut[navn[1]] = unescape(verdi[1]) if verdi else ""
    return ut


def les_inn(k: FlaskClient, **data: Any) -> dict[str, str]:
    return skjemaet(html(k.post("/avtaler/import", data=data)))


def lagre(k: FlaskClient, felter: dict[str, str], gjoer: str = "lag", **endret: str) -> TestResponse:
    return k.post("/avtaler/import/lagre", data={**felter, "gjoer": gjoer, **endret})


def avtale_fra(svar: TestResponse) -> UUID:
    assert svar.status_code == 303, svar.get_data(as_text=True)[:3000]
    return UUID(svar.headers["Location"].split("/")[2])


def antall_avtaler() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Avtale)) or 0


# --- the way in ------------------------------------------------------------------------------------------


def test_limt_inn_tekst_blir_et_utkast(scene: Scene, som: Som, opptak: Opptak) -> None:
    k = som(scene.koordinator)
    with uten_spor(opptak):
        felter = les_inn(k, tekst=TEKST)
    assert [felter[f"k{n}-nummer"] for n in range(3)] == ["§ 1", "§ 2", "§ 3"]
    assert [felter[f"k{n}-art"] for n in range(3)] == ["annet", "innleggelse", "utskrivning"]
    assert [felter[f"k{n}-punkt"] for n in range(3)] == ["", "3", "5"]
    assert (felter["tittel"], felter["type"], felter["maalform"]) == (
        "Tjenesteavtale om innleggelse",
        "tjenesteavtale",
        "nb",
    )
    avtale_id = avtale_fra(lagre(k, felter))
    assert tekster(avtale_id, 1) == [
        ("Formål", "Pasienten **først**."),
        ("Innleggelse", "1. Ring legen\n2. Send henvisning"),
        ("Utskrivning", "Kommunen svarer straks."),
    ]
    assert orjson.loads(revisjon("avtale.opprettet", objekt=avtale_id)[0].detaljer)["bestemmelser"] == 3


def test_et_word_dokument_blir_et_utkast(scene: Scene, som: Som) -> None:
    d = Document()
    d.add_paragraph("Delavtale om barsel", style="Title")
    d.add_heading("Barsel", 1)
    d.add_paragraph("Ring jordmor.")
    k = som(scene.koordinator)
    felter = les_inn(k, fil=(io.BytesIO(som_fil(d)), "avtale.docx"), tekst="")
    assert (felter["k0-overskrift"], felter["k0-punkt"], felter["type"]) == ("Barsel", "8", "delavtale")
    assert tekster(avtale_fra(lagre(k, felter)), 1) == [("Barsel", "Ring jordmor.")]


def test_det_som_rettes_er_det_som_lagres(scene: Scene, som: Som) -> None:
    k = som(scene.koordinator)
    felter = les_inn(k, tekst=TEKST)
    endret = {
        "k0-overskrift": "Mål",
        "k0-nummer": "1",
        "k0-art": "roller",
        "k0-punkt": "1",
        "k0-tekst": "Nytt.\r\nOrd.",
    }
    avtale_id = avtale_fra(lagre(k, {**felter, **endret}, **{"k1-hva": "bort"}))
    les(avtale_id)
    rader = steps.bestemmelser(avtale_id, 1)
    assert [b.overskrift for b in rader] == ["Mål", "Utskrivning"]
    assert (rader[0].nummer, rader[0].art, rader[0].punkt, rader[0].tekst) == (
        "1",
        "roller",
        1,
        "Nytt.\nOrd.",
    )


def test_slaa_sammen_med_den_over(scene: Scene, som: Som) -> None:
    """Shown on the page before it is kept, and the same when it is kept at once; nothing of either text goes."""
    k = som(scene.koordinator)
    felter = les_inn(k, tekst=TEKST)
    valg = {"k1-hva": "slaa", "k2-hva": "slaa"}
    samlet = (
        "Pasienten **først**.\n\n**§ 2 Innleggelse**\n\n1. Ring legen\n2. Send henvisning\n\n"
        "**§ 3 Utskrivning**\n\nKommunen svarer straks."
    )
    vist = skjemaet(html(lagre(k, felter, "oppdater", **valg)))
    assert "k1-overskrift" not in vist and vist["k0-tekst"] == samlet and vist["k0-punkt"] == "3"
    for skjema in (vist, {**felter, **valg}):
        assert tekster(avtale_fra(lagre(k, skjema)), 1) == [("Formål", samlet)]
    # What is not to come along is passed over; the first of all has nothing above it.
    vist = skjemaet(html(lagre(k, felter, "oppdater", **{"k0-hva": "bort", "k1-hva": "slaa"})))
    assert (vist["k0-hva"], vist["k1-hva"], vist["k1-overskrift"]) == ("bort", "behold", "Innleggelse")


def test_legg_til_i_et_utkast(scene: Scene, som: Som) -> None:
    avtale_id = nytt_utkast(scene)
    k = som(scene.koordinator)
    side = html(k.get(f"/avtaler/import?avtale={avtale_id}"))
    assert f'name="avtale_id" value="{avtale_id}"' in side
    felter = les_inn(k, tekst=TEKST, avtale_id=str(avtale_id))
    assert felter["avtale_id"] == str(avtale_id)
    svar = lagre(k, felter, "leggtil", type="", tittel="")
    assert svar.headers["Location"] == f"/avtaler/{avtale_id}/utkast"
    assert [o for o, _t in tekster(avtale_id, 1)] == [
        *("Innleggelse", "Utskrivning"),
        *("Formål", "Innleggelse", "Utskrivning"),
    ]
    assert orjson.loads(revisjon("avtale.bestemmelser_hentet")[0].detaljer) == {
        "nummer": 1,
        "bestemmelser": 3,
        "sluppet_tall": 0,
    }
    assert antall_avtaler() == 1


def test_egen_json_kommer_tilbake_slik_den_gikk_ut(scene: Scene, som: Som) -> None:
    """What the portal gives out it takes in: every field of every clause, also what the page does not show."""
    for maalform in ("nb", "nn"):
        for mal in maler.alle():
            k = som(scene.koordinator)
            fra = avtaler.lag(
                scene.koordinator,
                type=mal.type,
                tittel=mal.tittel[maalform],
                nummer="4.2",
                maalform=maalform,
                bestemmelser=mal.klausuler(maalform),
            )
            fil = k.get(f"/avtaler/{fra}/eksport.json?versjon=1")
            assert fil.status_code == 200
            felter = les_inn(k, fil=(io.BytesIO(fil.get_data()), "avtale.json"), tekst="")
            assert (felter["tittel"], felter["nummer"], felter["type"], felter["maalform"]) == (
                *(mal.tittel[maalform], "4.2", mal.type),
                maalform,
            )
            til = avtale_fra(lagre(k, felter))
            foer, etter = ([innhold.som_data(b) for b in steps.bestemmelser(i, 1)] for i in (fra, til))
            assert etter == foer
        assert les(til).maalform == maalform


# --- what goes wrong -------------------------------------------------------------------------------------


def test_ingenting_gaar_tapt_naar_noe_er_galt(scene: Scene, som: Som, opptak: Opptak) -> None:
    k = som(scene.koordinator)
    felter = les_inn(k, tekst=TEKST)
    felter |= {
        "k0-overskrift": " ",
        "k2-nummer": "9" * 21,
        "k1-hva": "bort",
        "k2-tekst": "Mine <ord> & «tegn»\n\nher",
    }
    with uten_spor(opptak):
        side = html(lagre(k, felter, tittel=""), 422)
    # All at once, each fault at its field and its clause, however many above it are left out.
    assert skjemaet(side) == {**felter, "tittel": ""} and 'href="#tittel"' in side
    assert (
        'href="#k0-overskrift"' in side
        and 'href="#k2-nummer"' in side
        and "k1-" not in re.findall('href="#(.*?)"', side)
    )
    assert antall_avtaler() == 0


def test_ugyldig_tekst_og_fil_kommer_tilbake(scene: Scene, som: Som) -> None:
    k = som(scene.koordinator)
    assert "Velg en fil, eller lim inn" in html(k.post("/avtaler/import", data={"tekst": " "}), 422)
    assert "Velg en fil, eller lim inn" in html(
        k.post("/avtaler/import", data={"tekst": "", "fil": (io.BytesIO(b""), "")}), 422
    )
    side = html(k.post("/avtaler/import", data={"tekst": TEKST, "fil": (io.BytesIO(b"PK"), "a.docx")}), 422)
    assert "ikke begge" in side and "Send henvisning" in side
    side = html(
        k.post("/avtaler/import", data={"tekst": "", "fil": (io.BytesIO(b"PK\x03\x04x"), "a.docx")}), 422
    )
    assert 'id="fil-feil"' in side and "ødelagt" in side
    lang = "ord " * (klausulfunn.LENGST // 4 + 1)
    side = html(k.post("/avtaler/import", data={"tekst": lang}), 422)
    assert "for lang" in side and side.count("ord ord") > 1000
    mange = "\n".join(f"§ {n} Del\nTekst." for n in range(klausulfunn.FLEST + 1))
    assert "501" in html(k.post("/avtaler/import", data={"tekst": mange}), 422)


def test_for_mye_og_feil_form(scene: Scene, som: Som, opptak: Opptak) -> None:
    """Forms that no page of ours sends are refused whole; one that says to be too large before it is read."""
    k = som(scene.koordinator)
    felter = les_inn(k, tekst=TEKST)
    with uten_spor(opptak):
        for mer in (
            "{",
            "[]",
            '{"ukjent": 1}',
            '{"faser": "alle"}',
            '{"kriterier": {"a": 1}}',
            '{"tiltak": [1]}',
        ):
            side = html(lagre(k, felter, **{"k0-mer": mer}), 422)
            assert "borte på veien" in side and "Send henvisning" in side
        for ekstra in ({"ukjent": "1"}, {"k0-ukjent": "1"}, {"kx-art": "1"}):
            html(k.post("/avtaler/import/lagre", data={**felter, **ekstra}), 422)
        html(lagre(k, felter, **{"k0-punkt": "14"}), 422)
        html(lagre(k, felter, **{"k0-art": "finnes ikke"}), 422)
        html(lagre(k, {f: v for f, v in felter.items() if not f.startswith("k")}), 422)
        stor = {"CONTENT_LENGTH": str(20 * ooxml.MB)}
        for adresse in ("/avtaler/import", "/avtaler/import/lagre"):
            svar = k.post(adresse, data={"tekst": "x"}, environ_overrides=stor)
            assert svar.status_code == 413 and "10 MB" in svar.get_data(as_text=True)
    # Who may not begin agreements sends nothing large at all.
    lege = som(scene.lege)
    assert lege.post("/avtaler/import", data={"tekst": "x" * 400_000}).status_code in (403, 413)


def test_utkastet_er_sendt_i_mellomtiden(scene: Scene, som: Som, motpart: Aktor) -> None:
    avtale_id = nytt_utkast(scene)
    k = som(scene.koordinator)
    felter = les_inn(k, tekst=TEKST, avtale_id=str(avtale_id))
    til_forhandling(scene, avtale_id)
    side = html(lagre(k, felter, "leggtil"), 409)
    assert "ikke et utkast lenger" in side and "Send henvisning" in side
    # The words become a draft of their own instead.
    felter = skjemaet(side)
    assert len(tekster(avtale_fra(lagre(k, felter)), 1)) == 3
    assert len(tekster(avtale_id, 1)) == 2
    side = html(lagre(k, felter, "leggtil", avtale_id=str(uuid4())), 404)
    assert "Send henvisning" in side
    html(lagre(k, felter, "leggtil", avtale_id=""), 422)


# --- the use cases ---------------------------------------------------------------------------------------


def test_legg_til_er_alt_eller_ingenting(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as feil:
            inn.legg_til(scene.koordinator, avtale_id, [klausul(), klausul(overskrift="", punkt=14)])
        assert set(feil.value.detaljer["felter"]) == {"bestemmelser.2.overskrift", "bestemmelser.2.punkt"}
        with pytest.raises(UgyldigData):
            inn.legg_til(scene.koordinator, avtale_id, [])
        with pytest.raises(UgyldigData):
            inn.legg_til(scene.koordinator, avtale_id, [klausul()] * steps.FLEST_BESTEMMELSER)
        with pytest.raises(IkkeFunnet):
            inn.legg_til(scene.koordinator, uuid4(), [klausul()])
    assert inn.legg_til(scene.koordinator, avtale_id, [klausul()]) == 1
    til_forhandling(scene, avtale_id)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        inn.legg_til(scene.koordinator, avtale_id, [klausul()])


def test_egne_utkast_er_bare_utkast_og_bare_egne(scene: Scene, motpart: Aktor) -> None:
    utkast, sendt = nytt_utkast(scene), nytt_utkast(scene)
    til_forhandling(scene, sendt)
    annet = lag_aktor(Rolle.KOORDINATOR, scene.annet_hf, navn="Kari Annet")
    avtaler.lag(annet, type="overordnet", tittel="En annens")
    assert [a.id for a in inn.egne_utkast(scene.koordinator)] == [utkast]


# --- finding clauses in a text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("linje", "nummer", "overskrift"),
    [
        ("§ 3 Innleggelse", "§ 3", "Innleggelse"),
        ("§ 3-1. Innleggelse", "§ 3-1", "Innleggelse"),
        ("§3", "§3", ""),
        ("Kapittel 2 – Ansvar", "Kapittel 2", "Ansvar"),
        ("KAPITTEL IV ANSVAR", "KAPITTEL IV", "ANSVAR"),
        ("2.1 Utskrivning", "2.1", "Utskrivning"),
        ("2.1.3. Utskrivning", "2.1.3", "Utskrivning"),
        ("4. Varighet", "4", "Varighet"),
        ("4 Varighet", "4", "Varighet"),
        ("## 5 Beredskap", "5", "Beredskap"),
        ("# Barn og unge", "", "Barn og unge"),
        ("**Økonomi**", "", "Økonomi"),
        ("ØKONOMI OG ANSVAR", "", "ØKONOMI OG ANSVAR"),
    ],
)
def test_overskrifter_i_en_tekst(linje: str, nummer: str, overskrift: str) -> None:
    funn = klausulfunn.fra_tekst(f"Avtalen\n\n{linje}\n\nPartene samarbeider.")
    assert [(k["nummer"], k["overskrift"], k["tekst"]) for k in funn.klausuler] == [
        (nummer, overskrift or nummer, "Partene samarbeider.")
    ]


@pytest.mark.parametrize(
    "linje",
    [
        "§ 6-2 første ledd sier at partene skal samarbeide",
        "1. januar 2026 begynner avtalen.",
        "Partene møtes to ganger i året.",
        "112 ringes når det haster.",
        "    4 Varighet",
        "Kapittel 2 i planen gjelder fortsatt for partene.",
        "NB",
    ],
)
def test_det_som_ikke_er_en_overskrift(linje: str) -> None:
    funn = klausulfunn.fra_tekst(f"# Formål\nPartene samarbeider.\n\n{linje}\n\nMer tekst.")
    assert len(funn.klausuler) == 1 and linje.strip() in funn.klausuler[0]["tekst"]


def test_lister_og_innholdsfortegnelser_er_ikke_overskrifter() -> None:
    funn = klausulfunn.fra_tekst(
        "Innhold\n1 Formål ........ 3\n2 Ansvar\t4\n\n1 Formål\n\n1. Ring\n\n2. Send\n\n3. Vent\n\n2 Ansvar\nHver part."
    )
    assert funn.merknader == ["innhold"]
    assert ("2", "Ansvar") in [(k["nummer"], k["overskrift"]) for k in funn.klausuler]
    samlet = " ".join(k["tekst"] for k in funn.klausuler)
    assert "1. Ring" in samlet and "2. Send" in samlet and "3. Vent" in samlet


def test_utdraget_er_vanlige_ord() -> None:
    assert klausulfunn.utdrag(
        "**Ring** *straks* 1\\. januar\r\n\r\n| A | B |\r\n| --- | --- |\r\n| x | y |"
    ) == ("Ring straks 1. januar A B x y")
    assert klausulfunn.utdrag("ord " * 100).endswith("ord …") and klausulfunn.utdrag("") == ""


def test_tegn_fra_en_pdf_og_andre_linjeskift() -> None:
    funn = klausulfunn.fra_tekst("\ufeff§ 1 Formål\x0bEn\x00 linje\x0c§ 2 Ansvar\r\nTo\u2028tre\ud800")
    assert [(k["overskrift"], k["tekst"]) for k in funn.klausuler] == [
        ("Formål", "En linje"),
        ("Ansvar", "To\ntre"),
    ]
    assert all(innhold.feil(k) == {} for k in funn.klausuler)


@pytest.mark.parametrize(
    ("overskrift", "tekst", "art", "punkt"),
    [
        ("Kriterier for innleggelse", "", "innleggelse", 3),
        ("Retningslinjer for innlegging", "", "innleggelse", 3),
        ("Utskrivningsklare pasienter", "", "utskrivning", 5),
        ("Øyeblikkelig hjelp døgnopphold", "", "oehd", 4),
        ("Plassar for augeblikkeleg hjelp døgnopphald", "", "oehd", 4),
        ("Barn og unge", "Om beredskap.", "beredskap", 13),
        ("Samarbeid om jordmortjenester", "", "annet", 8),
        ("Forskning og utdanning", "", "annet", 7),
        ("IKT", "", "informasjon", 9),
        ("Beredskap og akuttkjeden", "", "beredskap", 11),
        ("Roller og ansvar", "", "roller", 1),
        ("Forebygging", "", "annet", 10),
        ("Diverse", "Svarer på § 6-2 første ledd nr. 12.", "annet", 12),
        ("Diverse", "Svarer på § 6-2 nr. 99.", "annet", None),
        ("Varighet", "Avtalen gjelder til den sies opp.", "annet", None),
    ],
)
def test_art_og_punkt_gjettes(overskrift: str, tekst: str, art: str, punkt: int | None) -> None:
    assert klausulfunn.gjett_art(overskrift, tekst) == art
    assert klausulfunn.gjett_punkt(overskrift, tekst) == punkt


def test_maalformen_gjettes_av_teksten() -> None:
    for mal in maler.alle():
        for maalform in maler.MAALFORMER:
            samlet = " ".join(k["tekst"] for k in mal.klausuler(maalform))
            assert klausulfunn.gjett_maalform(samlet) == maalform
    assert klausulfunn.fra_tekst("Dei skal ikkje vente.\n\n§ 1 Ansvar\nKva partane gjer.").klausuler[0][
        "overskrift"
    ] in (
        "Innleiing",
        "Ansvar",
    )


def test_slaa_sammen_tar_vare_paa_alt() -> None:
    over = {**klausulfunn.klausul("1", "Innleggelse", "Ring."), "faser": 0b1000, "fagomraader": ["geriatri"]}
    under = {
        **klausulfunn.klausul("1.1", "Kriterier", ""),
        **{"faser": 0b10000, "fagomraader": ["geriatri", "onkologi"], "trinn": ["svar"]},
        "kriterier": [{"kriterium": "NEWS2 over 5", "hvem": "", "frist": ""}],
    }
    begge = klausulfunn.slaa_sammen(over, under)
    assert begge["tekst"] == "Ring.\n\n**1.1 Kriterier**"
    assert (begge["faser"], begge["fagomraader"], begge["trinn"]) == (
        0b11000,
        ["geriatri", "onkologi"],
        ["svar"],
    )
    assert begge["kriterier"] == under["kriterier"] and over["kriterier"] == []
    assert klausulfunn.slaa_sammen(over, {**under, "fagomraader": []})["fagomraader"] == []
    assert innhold.feil(begge) == {}
