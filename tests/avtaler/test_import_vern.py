"""Documents that wish us ill, or are very large: read within limits; and a long form that is not lost at the lock."""

from __future__ import annotations

import random
import re
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from docx.oxml.ns import nsdecls
from flask import Flask
from flask.testing import FlaskClient

from portal.avtaler import docxlesing, filinn, innhold, klausulfunn, ooxml
from portal.avtaler.models import Avtale
from portal.beredskap.service import oevelser
from portal.core import barneprosess, web
from portal.core.barneprosess import Grenser
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.core.errors import Opptatt, UgyldigData
from portal.core.traader import FILER
from tests.avtaler.test_docxlesing import avslag, endre, enkel
from tests.avtaler.test_import import Som, html, lagre, les_inn
from tests.bygg import PASSORD, Scene, ny_sesjon
from tests.identitet.hjelp import gi_passord
from tests.skjemaer import Skjemaer

FORLAT = "/beredskap/oevelser/forlat"
_PAKKE = "http://schemas.openxmlformats.org/package/2006/relationships"


def dokument(kropp: str, **deler: str) -> bytes:
    """A document with this body, and with other parts by name («footnotes»)."""
    return endre(
        enkel(),
        {
            "word/document.xml": f"<w:document {nsdecls('w', 'r')}><w:body>{kropp}</w:body></w:document>".encode(),
            **{f"word/{navn}.xml": xml.encode() for navn, xml in deler.items()},
        },
    )


def avsnitt(inne: str) -> str:
    return f"<w:p>{inne}</w:p>"


def ord_(tekst: str) -> str:
    return f"<w:r><w:t>{tekst}</w:t></w:r>"


def samlet(data: bytes) -> str:
    return "\n".join(k["tekst"] for k in docxlesing.les(data).klausuler)


@pytest.fixture
def stramt() -> Callable[[Callable[[], object]], float]:
    """Runs something, and gives its seconds of processor; it may not take 150 MB."""

    def kjoer(gjoer: Callable[[], object]) -> float:
        tracemalloc.start()
        start = time.process_time()
        try:
            gjoer()
            tid, topp = time.process_time() - start, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert topp < 150e6, f"{topp / 1e6:.0f} MB"
        return tid

    return kjoer


# --- what grows as it is read ------------------------------------------------------------------------------


def test_en_fotnote_settes_inn_en_gang(stramt: Callable[[Callable[[], object]], float]) -> None:
    """A note of a megabyte that is referred to two thousand times was two gigabytes."""
    note = " ".join(f"o{n}" for n in range(200_000))
    fotnoter = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:id="1">{avsnitt(ord_(note))}</w:footnote></w:footnotes>'
    )
    vist = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    data = dokument(avsnitt(ord_("Ring legen") + vist * 2_000), footnotes=fotnoter)
    assert stramt(lambda: docxlesing.les(data)) < 5
    funn = docxlesing.les(data)
    tekst = funn.klausuler[0]["tekst"]
    assert tekst.startswith("Ring legen (o0 o1 o2 ") and " …)" in tekst and tekst.count("o1 o2") == 1
    assert tekst.count("(note 1)") == 1_999 and len(tekst) < 25_000
    assert {"noter", "noter_kortet"} <= set(funn.merknader)


def test_en_vanlig_fotnote_staar_hel() -> None:
    fotnoter = "".join(
        f'<w:footnote w:id="{n}">{avsnitt(ord_(f"Note {n} om § {n}."))}</w:footnote>' for n in (1, 2)
    )
    vist = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
    kropp = avsnitt(
        ord_("Ring") + vist.format(2) + ord_(" og send") + vist.format(1) + vist.format(2) + ord_(".")
    )
    data = dokument(kropp, footnotes=f"<w:footnotes {nsdecls('w')}>{fotnoter}</w:footnotes>")
    assert samlet(data) == "Ring (Note 2 om § 2.) og send (Note 1 om § 1.) (note 1)."
    assert "noter_kortet" not in docxlesing.les(data).merknader


def lenker(antall: int, adresse: str, inne: str = "<w:t>her</w:t>") -> bytes:
    rel = (
        f'<Relationships xmlns="{_PAKKE}"><Relationship Id="a" Type="x/hyperlink" TargetMode="External" '
        f'Target="{adresse}"/></Relationships>'
    )
    lenke = f'<w:hyperlink r:id="a"><w:r>{inne}</w:r></w:hyperlink>{ord_(" og ")}'
    return endre(dokument(avsnitt(lenke * antall)), {"word/_rels/document.xml.rels": rel.encode()})


def test_en_lenke_med_lang_adresse_er_bare_ord(stramt: Callable[[Callable[[], object]], float]) -> None:
    data = lenker(1_500, f"https://x/{'ab' * 300_000}")
    assert stramt(lambda: docxlesing.les(data)) < 5
    funn = docxlesing.les(data)
    assert "lenker" in funn.merknader and "https" not in funn.klausuler[0]["tekst"]
    assert funn.klausuler[0]["tekst"].count("her og") == 1_500


def test_en_lenke_over_mange_linjer_gir_ikke_adressen_for_hver(
    stramt: Callable[[Callable[[], object]], float],
) -> None:
    """The address stands in the Markdown of each line: what that comes to is counted before it is written."""
    data = lenker(1, f"https://x/{'ab' * 900}", "<w:t>a</w:t><w:br/>" * 40_000)

    def les() -> None:
        assert "for lang" in avslag(data)

    assert stramt(les) < 5


def test_arven_av_stiler_regnes_ut_en_gang_og_har_en_ende() -> None:
    """Ten thousand styles upon each other, and as many paragraphs: 20 seconds before."""
    stiler = "".join(
        f'<w:style w:styleId="s{n}"><w:basedOn w:val="s{n + 1}"/></w:style>' for n in range(10_000)
    )
    kropp = f'<w:p><w:pPr><w:pStyle w:val="s0"/></w:pPr>{ord_("a")}</w:p>' * 10_000
    data = dokument(kropp, styles=f"<w:styles {nsdecls('w')}>{stiler}</w:styles>")
    start = time.process_time()
    docxlesing.les(data)
    assert time.process_time() - start < 4


def test_en_stil_arver_gjennom_ti_ledd() -> None:
    stiler = "".join(
        f'<w:style w:styleId="s{n}"><w:name w:val="Egen {n}"/><w:basedOn w:val="s{n + 1}"/></w:style>'
        for n in range(10)
    )
    stiler += '<w:style w:styleId="s10"><w:name w:val="heading 1"/></w:style>'
    kropp = f'<w:p><w:pPr><w:pStyle w:val="s0"/></w:pPr>{ord_("Ansvar")}</w:p>{avsnitt(ord_("Ring."))}'
    funn = docxlesing.les(dokument(kropp, styles=f"<w:styles {nsdecls('w')}>{stiler}</w:styles>"))
    assert [(k["overskrift"], k["tekst"]) for k in funn.klausuler] == [("Ansvar", "Ring.")]


def test_lister_med_mange_nivaaer_og_lange_merker(stramt: Callable[[Callable[[], object]], float]) -> None:
    """Two thousand lists upon one definition of ten thousand levels, and a mark of a hundred thousand signs."""
    nivaaer = f'<w:lvl w:ilvl="0"><w:lvlText w:val="{"x" * 100_000}%1"/></w:lvl>' + "".join(
        f'<w:lvl w:ilvl="{n}"><w:lvlText w:val="%1"/></w:lvl>' for n in range(1, 10_000)
    )
    nums = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="0"/></w:num>' for n in range(1, 2_000))
    nummerering = f"""<w:numbering {nsdecls("w")}><w:abstractNum w:abstractNumId="0">{nivaaer}</w:abstractNum>
      {nums}</w:numbering>"""
    ledd = f"""<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>{ord_("Ring")}</w:p>"""
    data = dokument(ledd * 2_000, numbering=nummerering)
    assert stramt(lambda: docxlesing.les(data)) < 15


def test_tusen_brede_tabeller_uten_ord(stramt: Callable[[Callable[[], object]], float]) -> None:
    rnd = random.Random(1)
    celle = '<w:tc><w:tcPr><w:gridSpan w:val="60"/></w:tcPr>{}</w:tc>'
    tabeller = (celle.format(avsnitt(ord_(f"{rnd.random()}"))) for _n in range(15_000))
    data = dokument("".join(f"<w:tbl><w:tr>{t}</w:tr></w:tbl>" for t in tabeller))

    def les() -> None:
        assert "for lang" in avslag(data)

    assert stramt(les) < 20


def test_tekst_i_mange_biter_settes_sammen_en_gang() -> None:
    """A stretch of text that is broken by elements was copied for each: hundreds of gigabytes were moved."""
    xml = f"<w:t {nsdecls('w')}>{'b' * 500_000}{'<w:b/>c' * 240_000}</w:t>".encode()
    start = time.process_time()
    assert len(ooxml.les_xml(xml).tekst) == 740_000
    assert time.process_time() - start < 4


def test_aa_gaa_gjennom_et_tre_tar_ikke_tid_for_hvert_lag() -> None:
    rot = ooxml.Element("w:p", {})
    inn = rot
    for _n in range(5_000):
        barn = ooxml.Element("w:r", {})
        inn.barn += [barn, ooxml.Element("w:t", {})]
        inn = barn
    start = time.process_time()
    assert [e.merke for e in rot.under()].count("w:t") == 5_000
    assert time.process_time() - start < 1


def test_overskrifter_av_nummertegn_leses_fort() -> None:
    start = time.process_time()
    funn = klausulfunn.fra_tekst(f"# {'#' * 1_100}x\n" * 400)
    assert len(funn.klausuler) == 400 and time.process_time() - start < 1
    assert klausulfunn.fra_tekst("## Formål ##\nTekst.").klausuler[0]["overskrift"] == "Formål"


# --- a process of its own --------------------------------------------------------------------------------


def test_filen_leses_i_en_egen_prosess_og_svarer_paa_spraaket() -> None:
    assert filinn.les(enkel(), "nb") == docxlesing.les_fil(enkel())
    for spraak, ord__ in (("nb", "ødelagt"), ("nn", "øydelagd")):
        with pytest.raises(UgyldigData) as feil:
            filinn.les(b"PK\x03\x04", spraak)
        assert ord__ in feil.value.detaljer["felter"]["fil"][0]


@pytest.mark.parametrize("grenser", [Grenser(20, 40, 30 * 1024**2), Grenser(20, 1, 1024**3)])
def test_en_fil_som_tar_for_mye_ender_alene(grenser: Grenser, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory to read in; or no time."""
    monkeypatch.setattr(filinn, "GRENSER", grenser)
    rnd = random.Random(1)
    tung = dokument("".join(avsnitt(ord_(f"{rnd.random()}")) for _n in range(60_000)))
    with pytest.raises(UgyldigData) as feil:
        filinn.les(tung, "nb")
    assert "for tung" in str(feil.value.detaljer["felter"]["fil"][0])


def test_et_dypt_json_er_ingen_feil_hos_oss(som: Som, scene: Scene) -> None:
    dyp = b'{"format":"portal-avtale","bestemmelser":[{"kriterier":' + b"[" * 900 + b"]" * 900 + b"}]}"
    with pytest.raises(UgyldigData):
        filinn.les(dyp, "nb")


def test_barneprosessen_kjenner_ikke_miljoeet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HEMMELIG_PROEVE", "x")
    program = tmp_path / "p.py"
    program.write_text(
        "import os, sys\nprint(sys.argv[1:], sys.stdin.read(), 'PORTAL_HEMMELIG_PROEVE' in os.environ, end='')"
    )
    assert barneprosess.kjoer(program, b"hei", Grenser(1, 2, 3), "nn") == (
        0,
        b"['1', '2', '3', 'nn'] hei False",
    )
    program.write_text("import sys; sys.exit(7)")
    assert barneprosess.kjoer(program, b"", Grenser(1, 2, 3)) == (7, b"")


def test_limt_tekst_er_der_fortsatt_naar_det_er_koe(
    scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fullt(*_: object) -> None:
        raise Opptatt("Mange filer", kode="travelt")

    monkeypatch.setattr(FILER, "kjoer", fullt)
    side = html(som(scene.koordinator).post("/avtaler/import", data={"tekst": "# Kanarifugl\nx"}), 409)
    assert "Mange filer" in side and "# Kanarifugl" in side


# --- merging ---------------------------------------------------------------------------------------------


def test_aa_slaa_sammen_mange_tar_ikke_tid_og_det_som_er_for_langt_sies(scene: Scene, som: Som) -> None:
    k = som(scene.koordinator)
    felter = les_inn(k, tekst="".join(f"# Nr {n}\n{'Kommunen tar imot. ' * 100}\n" for n in range(300)))
    valg = {f"k{n}-hva": "slaa" for n in range(1, 300)}
    start = time.process_time()
    svar = lagre(k, {**felter, **valg}, "oppdater")
    assert time.process_time() - start < 1.5
    side = html(svar, 422)
    assert "Sammen blir disse for lange" in side and side.count('<option value="slaa" selected>') == 299
    # Some of them may be.
    side = html(lagre(k, {**felter, **{f"k{n}-hva": "slaa" for n in range(1, 20)}}, "oppdater"))
    assert "Vi fant 281 bestemmelser" in side


def test_det_som_slaas_sammen_maales_som_det_lagres(scene: Scene, som: Som) -> None:
    """A browser sends each line break as two signs: it is kept as one."""
    k = som(scene.koordinator)
    halv = "x\r\n" * (innhold.LENGDE["tekst"] // 4 - 20)
    felter = les_inn(k, tekst="# En\nx\n# To\ny") | {"k0-tekst": halv, "k1-tekst": halv, "k1-hva": "slaa"}
    assert "Vi fant 1 bestemmelse." in html(lagre(k, felter, "oppdater"))


# --- the lock --------------------------------------------------------------------------------------------


@pytest.fixture
def inne(app: Flask, scene: Scene) -> FlaskClient:
    assert scene.koordinator.person_id
    gi_passord(scene.koordinator.person_id)
    _med, token = ny_sesjon(scene.koordinator)
    klient = app.test_client()
    with klient.session_transaction() as kapsel:
        kapsel["_user_id"] = token
    return klient


def stort(k: FlaskClient) -> dict[str, str]:
    """A form of a megabyte and more, as it is sent: an agreement of four hundred pages."""
    tekst = "".join(f"# Nr {n}\n{'Kommunen sørger for å ta imot. ' * 60}\n" for n in range(490))
    return les_inn(k, tekst=tekst) | {"k7-tekst": "Kanarifugl <b>æøå</b>"}


def test_en_lang_avtale_overlever_at_skjermen_laases(inne: FlaskClient, scene: Scene) -> None:
    felter = {**stort(inne), "tittel": "Etter låsen", "type": "overordnet", "gjoer": "lag"}
    with som_om(now() + timedelta(minutes=31)):
        svar = inne.post("/avtaler/import/lagre", data=felter)
        assert (svar.status_code, svar.location) == (307, "/laas/utkast?neste=/avtaler/import/lagre")
        landet = html(inne.post(svar.location, data=felter), 423)
        assert "Det er tatt vare på" in landet and "Kanarifugl" not in landet
        forseglet = re.search(r'name="utkast" value="([^"]+)"', landet)
        assert forseglet and len(forseglet[1]) > 1_000_000
        feil = html(inne.post("/laas/opp", data={"bevis": "feil", "utkast": forseglet[1]}), 422)
        assert forseglet[1] in feil
        aapnet = html(inne.post("/laas/opp", data={"bevis": PASSORD, "utkast": forseglet[1]}))
        assert 'action="/avtaler/import/lagre"' in aapnet
        igjen = {
            navn: unescape(verdi)
            for navn, verdi in re.findall(
                r'<textarea name="([^"]+)" hidden[^>]*>\n(.*?)</textarea>', aapnet, re.S
            )
        }
        assert igjen == felter
        assert inne.post("/avtaler/import/lagre", data=igjen).status_code == 303
    assert [a.tittel for a in db.session.query(Avtale)] == ["Etter låsen"]


def test_bare_dette_skjemaet_faar_vaere_saa_stort(inne: FlaskClient, app: Flask, scene: Scene) -> None:
    stor = {"tekst": "x" * 400_000}
    for neste in ("/avtaler/import/lagre?a=1", "/avtaler/ny", "/"):
        assert inne.post("/laas/utkast", query_string={"neste": neste}, data=stor).status_code == 413
    for adresse in ("/laas/utkast?neste=/avtaler/import/lagre", "/laas/opp"):
        assert app.test_client().post(adresse, data=stor).status_code in (302, 413)
    for_stort = {"tekst": "x" * web.stoerste_utkast("/avtaler/import/lagre")}
    assert inne.post("/laas/utkast?neste=/avtaler/import/lagre", data=for_stort).status_code == 413


def test_som_er_logget_ut_faar_vite_at_dokumentet_maa_hentes_paa_nytt(app: Flask, inne: FlaskClient) -> None:
    assert "Blir du logget ut, så logg inn i et annet vindu" in html(
        inne.post("/avtaler/import", data={"tekst": "# A\nb"})
    )
    ute = app.test_client()
    svar = ute.post("/avtaler/import/lagre", data={"gjoer": "lag"})
    assert svar.status_code == 302
    assert "hent dokumentet på nytt" in html(ute.get(svar.location))
    assert "blir stående" in html(ute.get(ute.post("/avtaler/ny", data={"tittel": "x"}).location))


def test_en_lang_avtale_foelger_med_ut_av_en_oevelse(inne: FlaskClient, scene: Scene) -> None:
    felter = {**stort(inne), "tittel": "Etter øvelsen", "type": "overordnet", "gjoer": "lag"}
    oevelse = oevelser.lag(
        scene.koordinator,
        navn="Øvelse",
        til=now() + timedelta(hours=2),
        organisasjoner=[],
        fase=3,
        nivaa="gul",
    )
    inne.post(f"/beredskap/oevelser/{oevelse}/se")
    nektet = html(inne.post("/avtaler/import/lagre", data=felter), 409)
    assert "Kanarifugl &lt;b&gt;æøå" in nektet
    ute = html(inne.post(FORLAT, data=Skjemaer(nektet).skjemaer[FORLAT]))
    igjen = Skjemaer(ute).skjemaer["/avtaler/import/lagre"]
    assert {k: v for k, v in igjen.items() if k != "csrf_token"} == felter
    assert inne.post("/avtaler/import/lagre", data=igjen).status_code == 303
