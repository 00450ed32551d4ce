"""The template library: every template can be begun from in both languages, and together they answer all of § 6-2."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.avtaler import innhold, maler, steps
from portal.avtaler.forloep import OVER, Avtaletype
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.avtaler.service import fullstendighet
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from tests.avtaler.motorhjelp import les
from tests.bygg import Scene, lag_aktor

Klient = Callable[[Aktor], FlaskClient]

ALLE = [pytest.param(mal, m, id=f"{mal.kode}-{m}") for mal in maler.alle() for m in maler.MAALFORMER]
PUNKTER = set(range(1, 14))
#: Words that are bokmål alone.
BOKMAAL = re.compile(
    r"\b(ikke|fra|hva|hvem|hvor|hvordan|hver|noe|noen|mye|være|sykehus\w*|sykepleier\w*|tjeneste\w*|uenig\w*|"
    r"skrevet|veiledning|innleggelse\w*|utskrivning\w*|deres|bare|mulig|svarer|øyeblikkelig|hjem|hjemme\w*)\b",
    re.I,
)
#: Words that are nynorsk alone.
NYNORSK = re.compile(
    r"\b(ikkje|frå|kva|kven|korleis|kvar|noko|nokon|sjuke\w*|teneste\w*|heime?|berre|dei)\b", re.I
)


def ord_i(verdi: object) -> str:
    """The words that people read of a value: texts, never codes."""
    if isinstance(verdi, dict):
        koder = ("art", "hyppighet", "sider", "trinn", "fagomraader", "foretak", "kommune")
        return " ".join(ord_i(v) for k, v in verdi.items() if k not in koder)
    if isinstance(verdi, list):
        return " ".join(ord_i(v) for v in verdi)
    return verdi if isinstance(verdi, str) else ""


@pytest.mark.parametrize(("mal", "m"), ALLE)
def test_hver_mal_er_hel_i_begge_maalformer(mal: maler.Mal, m: str) -> None:
    klausuler = mal.klausuler(m)
    assert klausuler and mal.tittel[m] and mal.om[m] and mal.type in list(Avtaletype)
    for k in klausuler:
        assert set(k) == set(innhold.FELT)
        assert innhold.feil(k) == {}
        assert len(k["tekst"]) > 60, f"{k['overskrift']} says nothing"
        # What is stored is what the file says.
        assert innhold.rens(k) == k
    assert [k["nummer"] for k in klausuler] == [str(n) for n in range(1, len(klausuler) + 1)]
    assert len({k["overskrift"] for k in klausuler}) == len(klausuler)


@pytest.mark.parametrize(("mal", "m"), ALLE)
def test_spraakene_er_ikke_blandet(mal: maler.Mal, m: str) -> None:
    fremmed = {"nb": NYNORSK, "nn": BOKMAAL}[m]
    for k in mal.klausuler(m):
        assert fremmed.findall(ord_i(k)) == [], k["overskrift"]
    assert fremmed.findall(f"{mal.tittel[m]} {mal.om[m]}") == []


@pytest.mark.parametrize("mal", maler.alle(), ids=lambda mal: mal.kode)
def test_malene_er_like_i_alt_som_ikke_er_ord(mal: maler.Mal) -> None:
    """What holds, and for whom, does not hang on the language."""
    like = ("art", "punkt", "faser", "fagomraader", "trinn", "matrise")
    for nb, nn in zip(mal.klausuler("nb"), mal.klausuler("nn"), strict=True):
        for felt in like[:-1]:
            assert nb[felt] == nn[felt]
        for navn in innhold.LISTER:
            assert len(nb[navn]) == len(nn[navn])


def test_malene_kan_ikke_endres_av_den_som_bruker_dem() -> None:
    foerst = maler.alle()[0].klausuler("nb")
    foerst[0]["overskrift"] = "Endret"
    foerst[0]["tiltak"].append({"navn": "Nytt"})
    assert maler.alle()[0].klausuler("nb")[0]["overskrift"] != "Endret"
    assert maler.hent("finnes ikke") is None


def test_alle_tretten_punktene_finnes_i_den_hele_og_i_tjenesteavtalene_til_sammen() -> None:
    samlet = maler.hent("samlet")
    assert samlet is not None and set(samlet.punkter) == PUNKTER
    delene = [m for m in maler.alle() if m.kode != "samlet" and m.type != Avtaletype.DELAVTALE]
    assert {p for m in delene for p in m.punkter} == PUNKTER
    assert all(steder for _nr, _navn, steder in samlet.dekning("nn"))
    assert all(OVER[m.type] for m in delene if m.kode != "overordnet")


def test_hvert_samarbeidstiltak_sier_det_loven_krever() -> None:
    alle = [t for m in maler.alle() for k in m.klausuler("nb") + m.klausuler("nn") for t in k["tiltak"]]
    assert len(alle) > 20
    assert all(t[felt] for t in alle for felt in innhold.LISTER["tiltak"])


def test_epidemiavtalen_sier_noe_eget_for_toppen() -> None:
    """Criteria for innleggelse and utskrivning, and the practice, hold in phase 4 alone; others around it."""
    epidemi = maler.hent("epidemi")
    assert epidemi is not None and epidemi.faser == [1, 2, 3, 4, 5]
    topp = [k for k in epidemi.klausuler("nb") if innhold.faser(k["faser"]) == [4]]
    assert {"innleggelse", "utskrivning", "prosedyre"} <= {k["art"] for k in topp}
    for art in ("innleggelse", "utskrivning"):
        assert any(k["art"] == art and len(k["kriterier"]) >= 4 for k in topp)
        utenfor = [
            k for k in epidemi.klausuler("nb") if k["art"] == art and 4 not in innhold.faser(k["faser"])
        ]
        assert utenfor
    assert epidemi.trinn == ["varsel", "vurdering", "melding", "svar", "betaling"]


# --- through the pages -----------------------------------------------------------------------------------


def skjema(**endret: str) -> dict[str, str]:
    return {
        "type": "overordnet",
        "tittel": "Samarbeid i nord",
        "nummer": "",
        "maalform": "nb",
        "mal": "samlet",
        **endret,
    }


def avtale_fra(svar: object) -> UUID:
    assert svar.status_code == 303, svar.get_data(as_text=True)[:1500]  # type: ignore[attr-defined]
    return UUID(svar.headers["Location"].split("/")[2])  # type: ignore[attr-defined]


@pytest.mark.parametrize("maalform", ["nb", "nn"])
def test_utkast_fra_den_hele_malen_dekker_alt(scene: Scene, som: Klient, maalform: str) -> None:
    k = som(scene.koordinator)
    avtale_id = avtale_fra(k.post("/avtaler/ny", data=skjema(maalform=maalform)))
    avtale = les(avtale_id)
    assert avtale.maalform == maalform
    f = fullstendighet.sjekk(scene.koordinator, avtale_id)
    assert f.mangler == 0 and all(krav.her for krav in f.punkter)
    assert f.tiltak and all(not t.mangler for t in f.tiltak)
    assert all(krav.her for krav in f.trinn)
    mal = maler.hent("samlet")
    assert mal is not None
    skrevet = [innhold.som_data(b) for b in steps.bestemmelser(avtale_id, 1)]
    assert skrevet == mal.klausuler(maalform)
    side = k.get(f"/avtaler/{avtale_id}/fullstendighet").get_data(as_text=True)
    assert "Alle 13 punktene er dekket." in side


@pytest.mark.parametrize("kode", [m.kode for m in maler.alle()])
def test_hver_mal_kan_begynnes_fra(scene: Scene, som: Klient, kode: str) -> None:
    """The page fills in what the template is; sent as it stands, it is a draft with every clause."""
    mal = maler.hent(kode)
    assert mal is not None
    k = som(scene.koordinator)
    side = k.get(f"/avtaler/ny?mal={kode}&maalform=nn").get_data(as_text=True)
    assert f'value="{mal.tittel["nn"]}"' in side
    assert f'<option value="{kode}" selected>' in side
    assert re.search(rf'id="type-{mal.type}"[^>]*\bchecked', side)
    assert re.search(r'id="maalform-nn"[^>]*\bchecked', side)
    avtale_id = avtale_fra(
        k.post("/avtaler/ny", data=skjema(mal=kode, type=mal.type, tittel=mal.tittel["nn"], maalform="nn"))
    )
    versjon = db.session.scalars(sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == avtale_id)).one()
    assert steps.antall_bestemmelser(versjon) == mal.antall
    assert k.get(f"/avtaler/{avtale_id}").status_code == 200


def test_malsidene_er_for_alle_og_knappen_for_den_som_kan(scene: Scene, som: Klient) -> None:
    kommunen = lag_aktor(Rolle.KOORDINATOR, scene.kommune, navn="Kåre Kommune")
    for hvem, kan in ((scene.koordinator, True), (kommunen, False), (scene.lege, False)):
        k = som(hvem)
        for adresse in ("/avtaler/maler", "/avtaler/maler/epidemi", "/avtaler/maler/epidemi?maalform=nn"):
            svar = k.get(adresse)
            assert svar.status_code == 200
            assert ("Begynn fra denne" in svar.get_data(as_text=True)) == kan
    assert "Kriterium for innlegging på epidemitoppen" in svar.get_data(as_text=True)
    assert k.get("/avtaler/maler/finnes-ikke").status_code == 404
    assert k.get("/avtaler/maler/epidemi?maalform=se").status_code == 422


def test_en_mal_som_ikke_finnes_blir_ikke_en_blank_avtale(scene: Scene, som: Klient) -> None:
    k = som(scene.koordinator)
    svar = k.post("/avtaler/ny", data=skjema(mal="borte", tittel="Min tittel"))
    side = svar.get_data(as_text=True)
    assert svar.status_code == 422 and "Malen finnes ikke" in side and 'value="Min tittel"' in side
    avtale_id = avtale_fra(k.post("/avtaler/ny", data=skjema(mal="oehd", type="tjenesteavtale")))
    svar = k.post("/avtaler/ny", data=skjema(mal="oehd", kopi_av=str(avtale_id)))
    assert svar.status_code == 422 and "ikke begge" in svar.get_data(as_text=True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Avtale)) == 1
