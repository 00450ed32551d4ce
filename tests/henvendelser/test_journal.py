"""«Kopier til journal»: the text of both sides, the files, who may, and what it leaves in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import orjson
import pikepdf
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.core.traader import FILER, JOURNAL
from portal.henvendelser import journaltekst
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Hendelse, HenvendelseHode, Vedlegg
from portal.henvendelser.service import flyt, innsending, innsyn, journal, meldinger
from portal.revisjon.models import Revisjonskjede
from tests import pdftekst
from tests.bygg import Opptak, Scene, lagre, logg_over, revisjon, uten_spor

FORMER = {"skjerm": "journal", "tekst": "journal.txt", "utskrift": "journal/utskrift", "pdf": "journal.pdf"}
BEGRUNNELSE = "Overtar pasienten i natt."


@pytest.fixture
def scene(app: Flask) -> Scene:
    """The people had their roles before the evening of the case."""
    with som_om(datetime(2025, 2, 1, tzinfo=UTC)):
        return Scene()


@pytest.fixture
def hel_sak(scene: Scene) -> Iterator[UUID]:
    """A case of one evening, whose times are known: asked, taken, written in, answered, closed."""
    start = datetime(2025, 3, 3, 18, 5, tzinfo=UTC)
    with som_om(start):
        id_ = scene.send(
            situasjon="Tungpust siden i går.\nSpO₂ faller.",
            bakgrunn="KOLS, Ođđá medisin #1.",
            raad_oenskes="Må hun inn?",
            news2={"respirasjon": 22, "spo2": 91, "puls": 101, "temperatur": None, "skala": 1},
        )
    with som_om(start + timedelta(minutes=4)):
        innsending.apne(scene.spesialist, id_)
        flyt.aksepter(scene.spesialist, id_)
    with som_om(start + timedelta(minutes=6)):
        meldinger.send_melding(scene.spesialist, id_, uuid4(), "Hvor mye oksygen får hun?")
    with som_om(start + timedelta(minutes=20)):
        flyt.besvar(scene.spesialist, id_, "behandles_i_kommunen", "Øk dosen.\nRing ved forverring.")
    with som_om(start + timedelta(hours=2)):
        flyt.lukk(scene.lege, id_, "behandles_i_kommunen")
    yield id_


def _tekst(aktor: Aktor, id_: UUID) -> str:
    data = journal.eksporter(aktor, id_, "tekst")
    return journaltekst.som_tekst(journaltekst.lag_dokument(data, journaltekst.ordbok()))


def _kjede(id_: UUID) -> tuple[int, str]:
    db.session.rollback()
    rad = db.session.execute(
        sa.select(Revisjonskjede.antall, Revisjonskjede.hode).where(Revisjonskjede.noekkel == f"sak:{id_}")
    ).one()
    return rad.antall, rad.hode


def test_teksten_for_innmelderen(hel_sak: UUID, scene: Scene) -> None:
    antall, hode = _kjede(hel_sak)
    with som_om(datetime(2025, 3, 4, 7, 0, tzinfo=UTC)):
        tekst = _tekst(scene.lege, hel_sak)
    nummer = scene.les(hel_sak).saksnummer
    assert (
        tekst
        == f"""Rådgivning mellom kommune og sykehus
Kopi til journalen hos den som spurte

Saksnummer: {nummer}
Retning: Kommunen spør sykehuset
Fra: Legevakta, Guovdageaidnu
Til: Sykehuset Testfjord
Fagområde: Indremedisin
Hastegrad: Haster
Status: Lukket
Innmelder: Ingrid Lege, 900 00 000
Ansvarlig for svaret: Siri Spesialist
Sendt: 03.03.2025 kl. 19.05
Tatt: 03.03.2025 kl. 19.09
Besvart: 03.03.2025 kl. 19.25
Avsluttet: 03.03.2025 kl. 21.05

DETTE SPURTE VI OM
Situasjon:
  Tungpust siden i går.
  SpO₂ faller.
Bakgrunn: KOLS, Ođđá medisin #1.
Råd som ønskes: Må hun inn?
Plan uten råd: Legge inn på sykehus

RÅDET VI FIKK
Råd: Behandles i kommunen
Begrunnelse:
  Øk dosen.
  Ring ved forverring.
Gitt: 03.03.2025 kl. 19.25, Siri Spesialist, Sykehuset Testfjord

AVTALENE SLIK DE VAR DA RÅDET BLE GITT
Kommune: Guovdageaidnu
Situasjon: Innleggelse
Epidemifase: 1 – Enkelttilfeller (ikke satt)
Gitt: 03.03.2025 kl. 19.25
Ingen avtale sa noe om dette.

PASIENTEN, UTEN IDENTITET
Kjønn: Kvinne
Bostedskommune: Guovdageaidnu

NEWS2
03.03.2025 kl. 19.05 – NEWS2 minst 6, ufullstendig. Haster: bør vurderes av lege straks
  Respirasjonsfrekvens 22, SpO₂ 91, Puls 101

UTFALL OG OPPFØLGING
Utfall: Behandlet i kommunen
Innleggelse unngått: Forventet

SAMTALE OG FORLØP
1. 03.03.2025 kl. 19.05 – Ingrid Lege, Legevakta – Sendt: Sykehuset Testfjord, Indremedisin
2. 03.03.2025 kl. 19.05 – Samhandlingsportalen – Ingen har vakt: ingen på vakt som vakthavende, bakvakt, vaktleder
3. 03.03.2025 kl. 19.09 – Siri Spesialist, Sykehuset Testfjord – Tatt
4. 03.03.2025 kl. 19.11 – Siri Spesialist, Sykehuset Testfjord – Melding
  Hvor mye oksygen får hun?
5. 03.03.2025 kl. 19.25 – Siri Spesialist, Sykehuset Testfjord – Besvart med råd: Behandles i kommunen
  Øk dosen.
  Ring ved forverring.
6. 03.03.2025 kl. 21.05 – Ingrid Lege, Legevakta – Lukket: Behandlet i kommunen

HVEM HAR SETT SAKEN
Siri Spesialist, Sykehuset Testfjord: først sett 03.03.2025 kl. 19.09, lest til og med nr. 0

OM KOPIEN
Kopiert fra Samhandlingsportalen 04.03.2025 kl. 08.00 av Ingrid Lege, Legevakta. Sak {nummer}.
Revisjonskjeden hadde {antall} ledd. Hash: {hode}
Pasientens identitet er ikke i portalen. Saken er knyttet til pasienten utenfor portalen, ved saksnummeret.
"""
    )


def test_teksten_for_mottakeren(hel_sak: UUID, scene: Scene) -> None:
    """The same facts, in the words of those who were asked."""
    with som_om(datetime(2025, 3, 4, 7, 0, tzinfo=UTC)):
        min_, andres = _tekst(scene.spesialist, hel_sak), _tekst(scene.lege, hel_sak)
    ulike = [(a, b) for a, b in zip(min_.splitlines(), andres.splitlines(), strict=True) if a != b]
    assert [a for a, _ in ulike[:3]] == [
        "Kopi til journalen hos den som svarte",
        "DETTE BLE VI SPURT OM",
        "RÅDET VI GA",
    ]
    # The rest that differs is who copied, and the chain, which is longer by the first copy.
    assert len(ulike) == 5
    assert "av Siri Spesialist, Sykehuset Testfjord. Sak" in ulike[3][0]


def test_uten_raad_sies_det(scene: Scene) -> None:
    assert "RÅDET VI FIKK\nDet er ikke gitt råd i saken.\n" in _tekst(scene.lege, scene.send())


def test_vurdering_og_vedlegg_kommer_med(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    data = journal.eksporter(scene.lege, id_, "tekst")
    rad = {
        **data.hendelser[-1],
        "type": "besvart",
        "tekst": "Plan.",
        "sekvens": 3,
        "data": {
            "raad": "oehd_plass",
            "vurdering": {
                "nytte": "God",
                "ressurs": "Én pleier",
                "alvorlighet": "Moderat",
                "mestring": "Bor alene",
            },
        },
    }
    lagre(
        Vedlegg(
            henvendelse_id=id_,
            sekvens=2,
            lagret_som=uuid4().hex,
            navn="sår <b>.pdf",
            innholdstype="application/pdf",
            stoerrelse=1_400_000,
            sendt_hash="a" * 64,
            lagret_hash="b" * 64,
            sider=3,
            tidspunkt=now(),
        )
    )
    fra_basen = journal.eksporter(scene.lege, id_, "tekst")
    data = replace(fra_basen, hendelser=[*fra_basen.hendelser, rad])
    tekst = journaltekst.som_tekst(journaltekst.lag_dokument(data, journaltekst.ordbok()))
    assert "Råd: ØHD-plass\nBegrunnelse: Plan.\nNytte: God\nRessurs: Én pleier\n" in tekst
    assert "Alvorlighet: Moderat\nMestring: Bor alene\n" in tekst
    assert "sår <b>.pdf (application/pdf, 1,4 MB, 3 sider)" in tekst


def test_natten_klokka_stilles_sier_hvilken_time() -> None:
    """02.30 comes twice: the zone tells which."""
    foerste = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert journaltekst.klokkeslett(foerste) == "25.10.2026 kl. 02.30 CEST"
    assert journaltekst.klokkeslett(foerste + timedelta(hours=1)) == "25.10.2026 kl. 02.30 CET"
    assert journaltekst.klokkeslett(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == "29.03.2026 kl. 03.30 CEST"
    assert journaltekst.klokkeslett(datetime(2026, 7, 1, 10, 0, tzinfo=UTC)) == "01.07.2026 kl. 12.00"


# --- the pages and the files -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMER)
def test_hver_form_gir_det_samme_og_revideres(
    form: str, hel_sak: UUID, scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    antall, hode = _kjede(hel_sak)
    svar = som(scene.lege).get(f"/henvendelser/{hel_sak}/{FORMER[form]}")
    assert svar.status_code == 200
    assert svar.headers["Cache-Control"] == "no-store"
    innslag = revisjon("henvendelse.eksportert")
    assert [(i.kjede, i.person_id, orjson.loads(i.detaljer)) for i in innslag] == [
        (
            f"sak:{hel_sak}",
            scene.lege.person_id,
            {"form": form, "hash": hode, "lenker": antall, "saksnummer": scene.les(hel_sak).saksnummer},
        )
    ]
    if form == "pdf":
        assert svar.mimetype == "application/pdf"
        assert f'filename="sak-{scene.les(hel_sak).saksnummer}.pdf"' in svar.headers["Content-Disposition"]
        return
    for ventet in ("Øk dosen.", "Hvor mye oksygen får hun?", "Ođđá", hode, "Dette spurte vi om"):
        assert ventet.lower() in svar.text.lower()
    if form == "tekst":
        assert svar.mimetype == "text/plain"
        assert "attachment" in svar.headers["Content-Disposition"]
        assert svar.text == svar.text.replace("\r\n", "\n")


def test_kopieringen_staar_i_sakens_logg(
    hel_sak: UUID, scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    som(scene.lege).get(f"/henvendelser/{hel_sak}/journal.txt")
    side = som(scene.spesialist).get(f"/henvendelser/{hel_sak}/innsynslogg")
    assert "Kopiert ut av portalen: tekstfil" in side.text


def test_dokumentet_er_paa_norsk_hva_enn_portalen_er_paa(
    hel_sak: UUID, scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    klient = som(scene.lege)
    with klient.session_transaction() as kapsel:
        kapsel["spraak"] = "en"
    assert "DETTE SPURTE VI OM" in klient.get(f"/henvendelser/{hel_sak}/journal.txt").text


# --- the PDF ---------------------------------------------------------------------------------------------


def _pdf(aktor: Aktor, id_: UUID) -> bytes:
    return journaltekst.som_pdf(
        journaltekst.lag_dokument(journal.eksporter(aktor, id_, "pdf"), journaltekst.ordbok())
    )


def test_pdf_har_innhold_og_kjedens_hash_paa_hver_side(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    for n in range(40):
        meldinger.send_melding(scene.lege, id_, uuid4(), f"Melding {n}\nmed to linjer.")
    _, hode = _kjede(id_)
    pdf = _pdf(scene.lege, id_)
    with pikepdf.open(BytesIO(pdf)) as dok:
        sider = len(dok.pages)
        assert dok.open_metadata().pdfa_status == "2B"
    assert sider > 1
    skrift = pdftekst.skrift(pdf)
    assert skrift.count(hode) == sider + 1
    assert f"Side {sider} av {sider}" in skrift
    assert scene.les(id_).saksnummer in skrift and "Melding 39" in skrift


@pytest.mark.parametrize(
    "tekst",
    [
        '#panic("x") $x^2$ *fet* _skraa_ @kilde <merke> = Overskrift',
        '#read("/etc/passwd") \\ ``` // kommentar /* ',
        "æøå ÆØÅ ŋ đ ŧ č š ž á Ŋ Đ Ŧ Č Š Ž Á",
        '{"a": 1} %%EOF (parentes) \\u{1F600}',
    ],
)
def test_det_noen_skrev_er_data_og_ikke_markering(tekst: str, scene: Scene) -> None:
    id_ = scene.send(situasjon=tekst)
    skrift = pdftekst.skrift(_pdf(scene.lege, id_)).replace("\n", "")
    for ord_ in tekst.split():
        assert ord_ in skrift, skrift


@pytest.mark.parametrize("skift", ["\n", "\u2028", "\u2029", "\x85"])
def test_ingen_skriver_en_linje_som_ser_ut_som_dokumentets(skift: str, scene: Scene) -> None:
    """A line of a message stays set in, also where it ends in a sign that only some editors break at."""
    falsk = "RÅDET VI FIKK"
    id_ = scene.send(situasjon=f"Tungpust.{skift}{falsk}")
    meldinger.send_melding(scene.lege, id_, uuid4(), f"Hei.{skift}{falsk}")
    tekst = journaltekst.som_tekst(
        journaltekst.lag_dokument(journal.eksporter(scene.lege, id_, "tekst"), journaltekst.ordbok())
    )
    linjer = tekst.splitlines()
    assert linjer.count(falsk) == 1 and linjer.count(f"  {falsk}") == 2


def test_et_tegn_ingen_skrift_har_stopper_ikke_pdfen(scene: Scene) -> None:
    id_ = scene.send(situasjon="Bra 😀 nå")
    with pikepdf.open(BytesIO(_pdf(scene.lege, id_))) as dok:
        assert len(dok.pages) >= 1
        assert dok.open_metadata().pdfa_status == ""


# --- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMER)
def test_bare_de_saken_er_sin_for_kan_kopiere(
    form: str, scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak
) -> None:
    """With a reason one may look, and not take it out."""
    id_ = scene.send()
    nummer = scene.les(id_).saksnummer
    innsyn.aapne_med_grunn(scene.kirurg, nummer, "overtar", BEGRUNNELSE)
    adresse = f"/henvendelser/{id_}/{FORMER[form]}"
    ventet: dict[str, Any] = {
        "lege": 200,
        "kollega": 200,
        "spesialist2": 200,
        "vaktleder": 200,
        "kirurg": 403,
        "fremmed_lege": 404,
        "annen_lege": 404,
        "koordinator": 404,
        "administrator": 404,
        "systemadministrator": 404,
        "innsyn": 404,
    }
    for hvem, status in ventet.items():
        klient = som(getattr(scene, hvem))
        if status == 200:
            assert klient.get(adresse).status_code == status, hvem
        else:
            with uten_spor(opptak, avslag=1):
                svar = klient.get(adresse)
                assert svar.status_code == status, hvem
                assert "Tungpust" not in svar.text
    assert len(revisjon("henvendelse.eksportert")) == 4


def test_avslag_setter_ingenting_igjen(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        journal.eksporter(scene.fremmed_lege, id_, "pdf")
    innsyn.aapne_med_grunn(scene.kirurg, scene.les(id_).saksnummer, "overtar", BEGRUNNELSE)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        journal.eksporter(scene.kirurg, id_, "pdf")


def test_en_sak_med_to_tusen_meldinger(scene: Scene) -> None:
    """Read once and quickly; the rest of the work needs no database."""
    id_ = scene.sak(Status.AKSEPTERT)
    siste = len(logg_over(id_))
    lagre(
        *(
            Hendelse(
                henvendelse_id=id_,
                sekvens=siste + n,
                type="melding",
                side="innmelder",
                avsender_id=scene.lege.person_id,
                avsender_navn="Ingrid Lege, Legevakta",
                tekst=f"Melding {n}. " + "Tekst. " * 20,
                data={},
                tidspunkt=now(),
            )
            for n in range(1, 2001)
        )
    )
    antall = 0

    def tell(*_: Any) -> None:
        nonlocal antall
        antall += 1

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        data = journal.eksporter(scene.lege, id_, "pdf")
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert antall < 30
    assert len(data.hendelser) == siste + 2000
    dok = journaltekst.lag_dokument(data, journaltekst.ordbok())
    assert journaltekst.som_tekst(dok).count("Melding 2000. ") == 1
    with pikepdf.open(BytesIO(journaltekst.som_pdf(dok))) as pdf:
        assert len(pdf.pages) > 100
    assert db.session.get_one(HenvendelseHode, id_).sekvens == siste


@pytest.mark.parametrize(
    ("type_", "data", "ventet"),
    [
        (
            "videresendt",
            {"mottaker": "Sykehuset", "fagomraade": "kirurgi"},
            "Videresendt: Sykehuset, Kirurgi",
        ),
        ("oppdatert", {"felter": ["situasjon", "skroepelighet"]}, "oppdatert: Situasjon, Skrøpelighet"),
        ("innsyn", {"grunn": "kvalitet"}, "Åpnet med begrunnelse: Avvik eller kvalitetsarbeid"),
        ("invitert", {"hvem": "Kari"}, ": Kari"),
        ("avslaatt", {"hva": "forlot"}, " – Forlot saken"),
        ("avslaatt", {"hva": "trukket_kollega", "hvem": "Kari"}, " – Trakk invitasjonen: Kari"),
        (
            "oppfoelging",
            {"dag": 3, "svar": "innlagt", "hva": "rettet"},
            "Oppfølging, etter 3 dager: Innlagt likevel",
        ),
        ("utskrivning", {"kode": "svar_ja", "dato": "2026-11-21"}, "kan ta imot (§ 11), fra 21.11.2026"),
        ("utskrivning", {"kode": "klar"}, "pasienten er utskrivningsklar (§ 10)"),
        ("overlevert", {"fra": "Siri", "hvem": "Kari"}, " – Overlevert: fra Siri til Kari"),
        ("identitet", {}, " – Identitet utvekslet utenfor portalen"),
        ("trukket", {"fra": "ny", "til": "trukket"}, " – Trukket av innmelderen"),
    ],
)
def test_hva_en_rad_sier(type_: str, data: dict[str, Any], ventet: str, scene: Scene) -> None:
    fra_basen = journal.eksporter(scene.lege, scene.send(), "tekst")
    rad = {**fra_basen.hendelser[0], "type": type_, "data": data, "tekst": ""}
    dok = journaltekst.lag_dokument(replace(fra_basen, hendelser=[rad]), journaltekst.ordbok())
    linje = next(d for d in dok["deler"] if d["tittel"] == "Samtale og forløp")["rader"][0]
    assert f" – {linje['hva']}".endswith(ventet)


def test_journalen_venter_ikke_paa_avtalene(
    hel_sak: UUID, scene: Scene, som: Callable[[Aktor], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever fills the pool of files stops no clinician; when too many journals wait, the page says so."""
    for pulje, status in ((FILER, 200), (JOURNAL, 409)):
        monkeypatch.setattr(pulje, "traader", 0)
        monkeypatch.setattr(pulje, "venter", 0)
        svar = som(scene.lege).get(f"/henvendelser/{hel_sak}/journal.pdf")
        assert svar.status_code == status
    assert "Prøv igjen om litt." in svar.get_data(as_text=True)
    # To copy from the screen is always there.
    assert som(scene.lege).get(f"/henvendelser/{hel_sak}/journal").status_code == 200
