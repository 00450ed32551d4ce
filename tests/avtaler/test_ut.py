"""An agreement as a file: what is in it, who may take it out, what is written down, and bad content."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4

import docx
import orjson
import pikepdf
import pytest
import sqlalchemy as sa
from docx.oxml.ns import qn
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler import docxfil, dokument, eksport, innhold, klausulfunn, typstfil
from portal.avtaler.forloep import Partstatus, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Godkjenning
from portal.avtaler.service import avtaler, godkjenning, klausuler, lesing, parter, ut
from portal.core import pdf as pdfkjerne
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag
from portal.core.config import ROT
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from tests.avtalehjelp import lag_avtale
from tests.avtaler.godkjenninghjelp import Bord, hash_naa, lenker
from tests.avtaler.motorhjelp import klausul, nytt_utkast, til_forhandling
from tests.avtaler.uthjelp import ALT, avvik, merker, sider, skrift, som_json
from tests.avtaler.uthjelp import klausul as rad
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]
TYPER = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}


@pytest.fixture
def avtale(scene: Scene) -> Avtale:
    return lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        tittel="Øyeblikkelig hjelp i Kárášjohka",
        nummer="4",
        bestemmelser=ALT,
    )


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Bord:
    return Bord(scene, motpart)


def hent(klient: FlaskClient, avtale_id: UUID, form: str, spoerring: str = "") -> TestResponse:
    return klient.get(f"/avtaler/{avtale_id}/eksport.{form}{spoerring}")


def filnavn(svar: TestResponse) -> str:
    """The name that a browser of today gives the file (RFC 6266)."""
    felt = svar.headers["Content-Disposition"]
    assert felt.startswith("attachment; ")
    return (
        unquote(felt.split("filename*=UTF-8''")[1])
        if "filename*" in felt
        else felt.split("filename=")[1].strip('"')
    )


def word(innhold: bytes) -> Any:
    return docx.Document(BytesIO(innhold))


# --- the files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ut.FORMER)
def test_filen_har_navn_og_skrives_ned(
    form: str, scene: Scene, som: Som, avtale: Avtale, opptak: Opptak
) -> None:
    id_ = avtale.id
    svar = hent(som(scene.lege), id_, form)
    assert (svar.status_code, svar.mimetype) == (200, TYPER[form])
    assert filnavn(svar) == f"4 Øyeblikkelig hjelp i Kárášjohka, versjon 1.{form}"
    assert svar.headers["Cache-Control"] == "no-store"
    assert svar.headers["X-Content-Type-Options"] == "nosniff"
    assert svar.content_length == len(svar.data)
    (innslag,) = revisjon("avtale.eksportert", objekt=id_)
    assert innslag.person_id == scene.lege.person_id and innslag.utfall == "ok"
    detaljer = orjson.loads(innslag.detaljer)
    assert detaljer["form"] == form and detaljer["nummer"] == 1 and len(detaljer["hash"]) == 64
    assert opptak.hendelser == []


def test_pdf_er_merket_for_skjermlesere(scene: Scene, som: Som, avtale: Avtale) -> None:
    svar = hent(som(scene.koordinator), avtale.id, "pdf")
    with pikepdf.open(BytesIO(svar.data)) as fil:
        assert str(fil.Root.Lang) == "nb-NO"
        assert fil.Root.MarkInfo.Marked
        assert fil.Root.ViewerPreferences.DisplayDocTitle
        with fil.open_metadata() as om:
            assert om["dc:title"] == "4 Øyeblikkelig hjelp i Kárášjohka, versjon 1"
            assert om["pdfuaid:part"] == "1"
        antall = len(fil.pages)
        assert len(fil.Root.Outlines.keys()) > 0
    tags = merker(svar.data)
    for tag in ("Title", "H1", "H2", "P", "L", "LI", "Table", "TH", "TD", "TOC", "TOCI", "Link", "Strong"):
        assert tag in tags, tag
    # Every clause and every part is a heading, and no other text is.
    assert tags.count("H1") + tags.count("H2") >= 7
    tekst = skrift(svar.data)
    for ord_ in (
        *("Tjenesteavtale 4", "Øyeblikkelig hjelp i Kárášjohka", "Gjelder fra", "Innhold", "Parter"),
        *("Fastlegen", "ringer", "NEWS2 over 6", "Legevaktlegen", "Straks", "Transport", "Ansvarlig"),
        *("Samarbeidsmøte", "Hvert halvår", "Samarbeidstiltak: Ambulant team", "Ikke sagt", "Čáppa Đŋ ŧž."),
        *("§ 6-2 nr. 3: Innleggelse", "Gjelder bare i fase 4 (epidemitopp)", "§ 13: Kommunen betaler"),
        *("<script>alert(1)</script>", "Vedlegg: Godkjenninger", f"Side 1 av {antall}"),
        hash_naa(avtale.id),
    ):
        assert ord_ in tekst, ord_
    assert "UTKAST" not in tekst and "**" not in tekst and "# Overskrift" not in tekst


def test_utkast_er_merket_paa_hver_side(scene: Scene, som: Som) -> None:
    id_ = nytt_utkast(scene, bestemmelser=[klausul(tekst="Et avsnitt.\n\n" * 120)])
    svar = hent(som(scene.koordinator), id_, "pdf")
    alle = sider(svar.data)
    assert len(alle) > 4 and all("UTKAST" in side for side in alle)
    assert filnavn(svar) == "Innleggelse og utskrivning, versjon 1, utkast.pdf"
    fil = word(hent(som(scene.koordinator), id_, "docx").data)
    assert fil.sections[0].header.paragraphs[0].text.endswith("\tUTKAST")
    assert not fil.sections[0].different_first_page_header_footer


def test_docx_har_overskrifter_lister_og_tabeller(scene: Scene, som: Som, avtale: Avtale) -> None:
    fil = word(hent(som(scene.koordinator), avtale.id, "docx").data)
    overskrifter = [(p.style.name, p.text) for p in fil.paragraphs if p.style.name.startswith("Heading")]
    assert overskrifter == [
        ("Heading 1", "Parter"),
        ("Heading 1", "Medvirkning fra pasienter og brukere"),
        ("Heading 1", "1 Formål"),
        ("Heading 1", "2 Innleggelse på toppen"),
        ("Heading 2", "2.1 Utskrivning til Kárášjohka"),
        ("Heading 1", "Tom"),
        ("Heading 1", "Vedlegg: Godkjenninger"),
    ]
    assert [p.text for p in fil.paragraphs if p.style.name == "Title"] == ["Øyeblikkelig hjelp i Kárášjohka"]
    tabeller = [[[c.text for c in r.cells] for r in t.rows] for t in fil.tables]
    assert ["Kriterium", "Hvem avgjør", "Frist"] in [t[0] for t in tabeller]
    assert ["Sepsis", "–", "–"] in [r for t in tabeller for r in t]
    hoder = [t for t in fil.tables if t._tbl.tr_lst[0].trPr.find(qn("w:tblHeader")) is not None]
    assert len(hoder) == len(fil.tables) - 1  # the measure is a list of facts
    om = fil.core_properties
    assert (om.title, om.language) == ("4 Øyeblikkelig hjelp i Kárášjohka, versjon 1", "nb-NO")
    assert {e.get(qn("w:val")) for e in fil.styles.element.iter(qn("w:lang"))} == {"nb-NO"}
    assert "UTKAST" not in fil.sections[0].header.paragraphs[0].text
    tekst = "\n".join(p.text for p in fil.paragraphs)
    assert "<script>alert(1)</script>" in tekst and "Čáppa Đŋ ŧž." in tekst and "**" not in tekst
    # The list of contents leads to the headings.
    anker = {e.get(qn("w:anchor")) for e in fil.element.iter(qn("w:hyperlink")) if e.get(qn("w:anchor"))}
    assert anker == {e.get(qn("w:name")) for e in fil.element.iter(qn("w:bookmarkStart"))} and len(anker) == 7
    ut_av = [r.target_ref for r in fil.part.rels.values() if r.is_external]
    assert ut_av == ["https://example.no/rutine"]


def test_docx_lister_teller_hver_for_seg(ord_nb: Any) -> None:
    """Each list begins at its own number: two of them are never counted through."""
    fil = _fil(tekst="1. a\n2. b\n\nOg:\n\n1. c\n\n- x\n\n  3. y")
    innhold = word(docxfil.som_docx(dokument.lag(fil, ord_nb)))
    numre = {p.text: p._p.pPr.numPr for p in innhold.paragraphs if p.text in ("a", "b", "c", "x", "y")}
    assert numre["a"].numId.val == numre["b"].numId.val
    assert len({numre[t].numId.val for t in "acxy"}) == 4
    assert {t: numre[t].ilvl.val for t in "abcxy"} == {"a": 0, "b": 0, "c": 0, "x": 0, "y": 1}
    rot = innhold.part.numbering_part.element
    starter = {
        num.numId: [o.find(qn("w:startOverride")).get(qn("w:val")) for o in num.findall(qn("w:lvlOverride"))]
        for num in rot.num_lst
    }
    assert [starter[numre[t].numId.val] for t in "acxy"] == [["1"], ["1"], [], ["3"]]
    # In the file the kinds of list stand before the lists, and each list has a kind.
    rekke = [e.tag for e in rot if e.tag in (qn("w:num"), qn("w:abstractNum"))]
    assert rekke == sorted(rekke, key=lambda t: t == qn("w:num"))
    slag = {e.get(qn("w:abstractNumId")) for e in rot.findall(qn("w:abstractNum"))}
    assert {n.find(qn("w:abstractNumId")).get(qn("w:val")) for n in rot.num_lst} <= slag


def test_json_er_det_samme_som_programmer_faar(scene: Scene, som: Som, avtale: Avtale) -> None:
    fil = hent(som(scene.koordinator), avtale.id, "json").json
    api = som(scene.koordinator).get(f"/api/v1/avtaler/{avtale.id}").json
    assert fil.pop("hentet")["av"] == api.pop("hentet")["av"] == f"{scene.koordinator.navn}, {scene.hf.navn}"
    assert fil == api
    assert eksport.er_vaart(fil)
    assert [b["overskrift"] for b in fil["bestemmelser"]] == [b["overskrift"] for b in ALT]
    assert fil["versjon"]["innhold_hash"] == hash_naa(avtale.id)


def test_json_kan_leses_inn_igjen(scene: Scene, som: Som, avtale: Avtale) -> None:
    """What is taken out can be brought in: the same clauses, to the letter."""
    funnet = klausulfunn.fra_json(hent(som(scene.koordinator), avtale.id, "json").data)
    side = lesing.hent_avtale(scene.koordinator, avtale.id)
    assert [innhold.rens(innhold.som_data(b)) for b in side.bestemmelser] == [
        {f: k[f] for f in innhold.FELT} for k in funnet.klausuler
    ]


def test_en_avtale_paa_nynorsk_er_paa_nynorsk(scene: Scene, som: Som) -> None:
    """Its own language, whatever the reader's is."""
    id_ = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, maalform="nn").id
    klient = som(scene.koordinator)
    klient.post("/spraak", data={"spraak": "en"})
    pdf = hent(klient, id_, "pdf").data
    with pikepdf.open(BytesIO(pdf)) as fil:
        assert str(fil.Root.Lang) == "nn-NO"
    fil = word(hent(klient, id_, "docx").data)
    assert fil.core_properties.language == "nn-NO"
    # A word that is another in nynorsk (and English) than in bokmål.
    nynorsk = [t for t in fil.paragraphs if "Gjeld i alle fasar" in t.text]
    assert nynorsk and "Gjeld i alle fasar" in skrift(pdf)


# --- which version ---------------------------------------------------------------------------------------


def test_versjonen_en_ber_om(scene: Scene, som: Som, bord: Bord) -> None:
    id_ = bord.i_kraft()
    bord.ny_versjon(id_)
    klient = som(scene.koordinator)
    assert hent(klient, id_, "json").json["versjon"]["nummer"] == 1
    assert hent(klient, id_, "json", "?versjon=").json["versjon"]["nummer"] == 1
    assert hent(klient, id_, "json", "?versjon=2").json["versjon"]["status"] == "utkast"
    assert hent(klient, id_, "json", "?versjon=3").status_code == 404
    for feil in ("?versjon=x", "?versjon=0", "?versjon=1&x=1"):
        assert hent(klient, id_, "json", feil).status_code == 422
    # The draft of the next is its owner's alone.
    assert hent(som(scene.lege), id_, "pdf", "?versjon=2").status_code == 404
    assert hent(som(bord.motpart), id_, "docx", "?versjon=2").status_code == 404
    assert [r.utfall for r in revisjon("avtale.eksportert", objekt=id_)] == ["ok"] * 3
    assert hent(klient, id_, "txt").status_code == 404


def test_det_som_ikke_er_ens_finnes_ikke(scene: Scene, som: Som, bord: Bord, opptak: Opptak) -> None:
    utkast = til_forhandling(scene)
    klient = som(scene.lege)
    for id_, avslag in ((utkast, 1), (uuid4(), 0)):
        for form in ut.FORMER:
            with uten_spor(opptak, avslag=avslag):
                assert hent(klient, id_, form).status_code == 404


def test_uten_innlogging_faar_en_logge_inn(_app: Any, avtale: Avtale) -> None:
    for form in ut.FORMER:
        svar = _app.test_client().get(f"/avtaler/{avtale.id}/eksport.{form}")
        assert svar.status_code == 302 and "/innlogging" in svar.location


# --- approvals and parties -------------------------------------------------------------------------------


def test_godkjenningene_er_med(scene: Scene, som: Som, bord: Bord) -> None:
    id_ = bord.i_kraft()
    fil = ut.hent(scene.lege, id_)
    assert avvik(fil, eksport.SKJEMA) == []
    hf, kommune = fil["godkjenninger"]
    assert (hf["ledd"], hf["gitt_av"]) == ("Administrerende direktør", bord.direktoer.navn)
    assert (kommune["ledd"], kommune["gitt_av"], kommune["saksnummer"]) == (
        "Kommunestyret",
        "Olá Ordfører",
        "26/114",
    )
    assert kommune["vedtaksdato"] == i_dag().isoformat() and kommune["gitt"]
    assert {g["innhold_hash"] for g in fil["godkjenninger"]} == {fil["versjon"]["innhold_hash"]}
    assert [p["fra"] for p in fil["parter"]] == [i_dag().isoformat()] * 2
    tekst = skrift(hent(som(scene.lege), id_, "pdf").data)
    for ord_ in ("Kommunestyret", "Olá Ordfører", "Sak 26/114", fil["versjon"]["innhold_hash"]):
        assert ord_ in tekst
    assert any(
        "Olá Ordfører" in c.text
        for t in word(hent(som(scene.lege), id_, "docx").data).tables
        for c in t._cells
    )


def test_arbeidet_med_avtalen_er_for_dem_som_ser_det(scene: Scene, bord: Bord) -> None:
    """Who waits for whom, what was sent back with which words, and who is invited: not for all who read what holds."""
    id_ = lag_avtale(scene.hf, status=Status.GJELDENDE).id
    parter.inviter(scene.koordinator, id_, [scene.kommune.id])
    inviterte = ut.hent(scene.koordinator, id_)["parter"]
    assert [p["status"] for p in inviterte] == ["deltar", "invitert"]
    parter.svar(bord.motpart, id_, True)
    godkjenning.avvis(
        scene.kommuneoverlege, lenker(id_, scene.kommuneoverlege)[0].id, "Fristene er for korte."
    )
    inne = ut.hent(scene.koordinator, id_)
    assert [g["merknad"] for g in inne["godkjenninger"]] == ["Fristene er for korte."]
    assert inne["godkjenninger"][0]["sendt_tilbake"] and not inne["godkjenninger"][0]["gitt"]
    ute = ut.hent(scene.spesialist, id_)
    assert ute["godkjenninger"] == [] and [p["organisasjon"]["navn"] for p in ute["parter"]] == [
        scene.hf.navn
    ]


def test_merknaden_til_en_godkjenning_er_for_dem_som_ser_arbeidet(scene: Scene, bord: Bord) -> None:
    id_ = bord.til_godkjenning()
    bord.godkjenn_alle(id_)
    _merknad(id_)
    assert {g["merknad"] for g in ut.hent(scene.koordinator, id_)["godkjenninger"]} == {"Internt."}
    assert {g["merknad"] for g in ut.hent(scene.lege, id_)["godkjenninger"]} == {""}


@transactional
def _merknad(avtale_id: UUID) -> None:
    for g in db.session.scalars(sa.select(Godkjenning)):
        g.merknad = "Internt."


def test_parter_er_de_som_versjonen_gjelder_for(scene: Scene) -> None:
    """One that left before the version began, and one that came after it had ended, have no part in it."""
    dag = i_dag()
    andre = [lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)]
    id_ = lag_avtale(scene.hf, [scene.kommune, scene.annen_kommune], status=Status.ERSTATTET).id
    _datoer(id_, dag - timedelta(days=300), dag - timedelta(days=100))
    navn = {p["organisasjon"]["navn"] for p in ut.hent(scene.koordinator, id_, 1)["parter"]}
    assert navn == {scene.hf.navn, scene.kommune.navn, scene.annen_kommune.navn}
    _part(id_, scene.annen_kommune.id, fra=dag - timedelta(days=100), til=None)
    assert len(ut.hent(scene.koordinator, id_, 1)["parter"]) == 2
    _part(id_, scene.annen_kommune.id, fra=dag - timedelta(days=900), til=dag - timedelta(days=300))
    assert len(ut.hent(scene.koordinator, id_, 1)["parter"]) == 2
    _part(id_, scene.annen_kommune.id, fra=dag - timedelta(days=900), til=dag - timedelta(days=299))
    fil = ut.hent(andre[0], id_, 1)
    assert len(fil["parter"]) == 3
    assert fil["parter"][-1]["til"] == (dag - timedelta(days=299)).isoformat()


@transactional
def _datoer(avtale_id: UUID, fra: date, til: date) -> None:
    versjon = db.session.scalars(sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == avtale_id)).one()
    versjon.i_kraft_fra, versjon.i_kraft_til = fra, til
    for p in db.session.scalars(sa.select(Avtalepart).where(Avtalepart.avtale_id == avtale_id)):
        p.fra = fra


@transactional
def _part(avtale_id: UUID, organisasjon_id: UUID, *, fra: date, til: date | None) -> None:
    part = db.session.scalars(
        sa.select(Avtalepart).where(
            Avtalepart.avtale_id == avtale_id, Avtalepart.organisasjon_id == organisasjon_id
        )
    ).one()
    part.fra, part.til = fra, til
    part.status = Partstatus.UTMELDT if til else Partstatus.DELTAR


def test_overordnet_avtale_nevnes_for_den_som_ser_den(scene: Scene, bord: Bord) -> None:
    over = lag_avtale(scene.hf, type="overordnet", tittel="Hemmelig utkast", nummer="1").id
    id_ = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, overordnet_id=over).id
    assert ut.hent(scene.koordinator, id_)["avtale"]["overordnet"]["tittel"] == "Hemmelig utkast"
    assert ut.hent(scene.lege, id_)["avtale"]["overordnet"] is None
    assert ut.hent(bord.motpart, id_)["avtale"]["overordnet"] is None


def test_en_forkastet_versjon_viser_godkjenningene_som_falt(scene: Scene, bord: Bord) -> None:
    id_ = bord.til_godkjenning()
    godkjenning.aapne_igjen(scene.koordinator, id_)
    fil = ut.hent(scene.koordinator, id_, 1)
    assert fil["versjon"]["status"] == "forkastet"
    assert len(fil["godkjenninger"]) == 2 and all(g["opphevet"] for g in fil["godkjenninger"])
    assert ut.hent(scene.koordinator, id_, 2)["godkjenninger"] == []


def test_det_som_feiler_etterlater_ingenting(
    scene: Scene, avtale: Avtale, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    def feil(*_args: object, **_kw: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(ut.eksport, "som_json", feil)
    with uten_spor(opptak), pytest.raises(RuntimeError):
        ut.eksporter(scene.koordinator, avtale.id, "pdf")


# --- bad content -----------------------------------------------------------------------------------------


@pytest.fixture
def ord_nb(_app: Any) -> Any:
    with _app.test_request_context():
        return dokument.ordbok()


def _fil(antall: int = 1, **felt: Any) -> dict[str, Any]:
    """A file of a draft whose clauses have these fields."""
    return som_json([rad(**{"nummer": str(n), **felt}) for n in range(1, antall + 1)])


VONDT = {
    "langt ord": {
        "overskrift": "Ø" * 300,
        "tekst": "x" * 20_000,
        "kriterier": [{"kriterium": "y" * 2_000, "frist": "z" * 2_000}],
    },
    "typst": {
        "overskrift": '#panic("x") $x^2$ = Tittel',
        "tekst": '#read("/etc/passwd") \\ <merke> @kilde // /*',
    },
    "xml": {"overskrift": "</w:t></w:r> & <w:p/>", "tekst": "]]> &amp; <![CDATA[ \"'", "nummer": '"/><'},
    "samisk": {"overskrift": "ŋ đ ŧ č š ž á Ŋ Đ Ŧ Č Š Ž Á", "tekst": "ŋđŧčšžá æøå ïöâ"},
    "tomme lister": {
        "tekst": "",
        "kriterier": [],
        "matrise": [],
        "tiltak": [],
        "forpliktelser": [],
        "trinn": [],
    },
    "tomme felt": {
        "kriterier": [{"kriterium": "a", "hvem": None, "frist": None}],
        "matrise": [{"oppgave": "b", "foretak": None, "kommune": ""}],
        "tiltak": [{"navn": "c"}],
    },
    "mange rader": {"kriterier": [{"kriterium": f"Nr. {n}", "hvem": "a\nb"} for n in range(100)]},
    "bred tabell": {"tekst": f"|{'a|' * 200}\n|{'-|' * 200}\n|{'b|' * 200}"},
    "skjev tabell": {"tekst": "|a|b|\n|-|-|\n|1|\n|1|2|3|"},
    "tom tabell": {"tekst": "|a|b|\n|-|-|"},
    "bilder i skriften": {"overskrift": "Bra 😀", "tekst": "👩‍⚕️ \u202edlo\u202c \u200b"},
    "dypt": {"tekst": "\n".join("  " * n + f"- {n}" for n in range(30)) + "\n\n" + "> " * 15 + "sitat"},
    "bare lister": {"tekst": "- - - x\n-\n1.\n   - y\n\n- > z\n- ```\n  k\n  ```\n- | a |\n  |---|\n  | b |"},
    "lenker": {
        "tekst": "[a](https://a.no/æ\"?x=<1>&y='2') <https://b.no> [**fet**](mailto:a@b.no) [](https://c.no)"
    },
}


@pytest.mark.parametrize("hva", VONDT)
def test_innhold_som_vil_vondt(hva: str, ord_nb: Any) -> None:
    """Every file is made, can be opened, and shows the words as they were written."""
    dok = dokument.lag(_fil(**VONDT[hva]), ord_nb)
    pdf = typstfil.som_pdf(dok)
    with pikepdf.open(BytesIO(pdf)) as fil:
        assert fil.Root.MarkInfo.Marked and str(fil.Root.Lang) == "nb-NO"
    fil = word(docxfil.som_docx(dok))
    overskrift = VONDT[hva].get("overskrift", "Innleggelse")
    assert any(p.style.name == "Heading 1" and overskrift in p.text for p in fil.paragraphs)
    if hva in ("typst", "xml", "samisk"):
        tekst = skrift(pdf).replace("\n", "")
        for ord_ in f"{overskrift} {VONDT[hva]['tekst']}".replace("&amp;", "&").replace("\\", " ").split():
            assert ord_ in tekst, ord_


def test_lange_ord_gaar_ikke_utenfor_siden(ord_nb: Any) -> None:
    """No line of a word that nobody could break is wider than the page."""
    dok = dokument.lag(
        _fil(tekst="W" * 5_000, kriterier=[{"kriterium": "W" * 900, "hvem": "W" * 900}]), ord_nb
    )
    linjer = [li for side in sider(typstfil.som_pdf(dok)) for li in side.split("\n")]
    assert max(li.count("W") for li in linjer) < 60 and sum(li.count("W") for li in linjer) == 6_800


def test_tegn_som_xml_ikke_kan_ha(ord_nb: Any) -> None:
    dok = dokument.lag(_fil(tekst="a\x0eb\ufffec\x1fd", overskrift="e\x01f"), ord_nb)
    tekst = "\n".join(p.text for p in word(docxfil.som_docx(dok)).paragraphs)
    assert "abcd" in tekst and "ef" in tekst


def test_hundre_bestemmelser(ord_nb: Any) -> None:
    dok = dokument.lag(_fil(100, **{k: v for k, v in ALT[1].items() if k != "nummer"}), ord_nb)
    tekst = skrift(typstfil.som_pdf(dok))
    assert tekst.count("NEWS2 over 6") == 100
    fil = word(docxfil.som_docx(dok))
    assert len(fil.tables) == 401 and sum(p.style.name == "Heading 1" for p in fil.paragraphs) == 103


def test_det_som_ikke_kan_settes_stopper_ingen(tmp_path: Any) -> None:
    """A template that fails (or takes too much) ends its own process, and gives an answer."""
    mal = tmp_path / "feil.typ"
    mal.write_text("#let f(n) = f(n + 1)\n#f(0)")
    with pytest.raises(UgyldigData) as feil:
        pdfkjerne.lag_pdf(mal, b"{}", "ua-1")
    assert feil.value.kode == "for_stort"


_PAA_GEVENT = """
from gevent import monkey
monkey.patch_all()
import sys
from pathlib import Path
from gevent import joinall, spawn
from portal.core.pdf import lag_pdf
from portal.core.traader import i_traadpool
mal = Path(sys.argv[1])
jobber = [spawn(i_traadpool, lag_pdf, mal, b"{}", "ua-1") for _ in range(4)]
joinall(jobber, raise_error=True)
assert all(j.value.startswith(b"%PDF-") for j in jobber)
assert "typst" not in sys.modules
print("ferdig")
"""


def test_pdf_lages_i_en_egen_prosess_ogsaa_fra_webprosessen(tmp_path: Path) -> None:
    """The web process runs on gevent, whose calls for processes belong to its hub; the compiler stays out of it."""
    mal = tmp_path / "mal.typ"
    mal.write_text('#set document(title: "x")\n= Hei')
    kommando = [sys.executable, "-c", _PAA_GEVENT, str(mal)]
    svar = subprocess.run(kommando, cwd=ROT, capture_output=True, text=True, timeout=120, check=False)
    assert svar.stdout.strip() == "ferdig", svar.stderr


def test_gamle_versjoner_leses_som_de_var(scene: Scene, bord: Bord) -> None:
    """The clauses, the hash and the approvals are the version's own, also when a newer one holds."""
    id_ = bord.i_kraft()
    foer = ut.hent(scene.koordinator, id_, 1)
    avtaler.ny_versjon(scene.koordinator, id_)
    noekkel = lesing.hent_avtale(scene.koordinator, id_, 2).bestemmelser[0].noekkel
    klausuler.skriv(scene.koordinator, id_, noekkel, klausul(tekst="Ny tekst."))
    etter = ut.hent(scene.koordinator, id_, 1)
    assert etter["versjon"].pop("status") == "under_revisjon" and foer["versjon"].pop("status") == "gjeldende"
    assert etter | {"hentet": None} == foer | {"hentet": None}
    ny = ut.hent(scene.koordinator, id_, 2)
    assert ny["versjon"]["innhold_hash"] != foer["versjon"]["innhold_hash"]
    like = [a["hash"] == b["hash"] for a, b in zip(ny["bestemmelser"], foer["bestemmelser"], strict=True)]
    assert like == [False, True]
    assert ny["versjon"]["innhold_hash"] == hash_naa(id_, 2)
