"""Files that take seconds: within limits, one at a time for each person, and nobody else waits for them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from portal.avtaler import docxfil, dokument, ordforskjell, typstfil
from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale
from portal.avtaler.routes import forskjellsord
from portal.core import pdf as pdfkjerne
from portal.core import pdfprosess
from portal.core.aktor import Aktor
from portal.core.errors import ForMange, UgyldigData
from portal.core.sprak import paa_spraak
from portal.core.traader import FILER, KORTE, TEKSTER, Pulje
from portal.core.web import limiter
from tests.avtalehjelp import lag_avtale
from tests.avtaler.uthjelp import ALT, som_json
from tests.avtaler.uthjelp import klausul as rad
from tests.bygg import Scene

Som = Callable[[Aktor], FlaskClient]
MANGE_RADER = 100
ENDELOES = "#let f() = { for a in range(9999) { for b in range(9999) { for c in range(9999) { } } } }\n#f()"


@pytest.fixture
def avtale(scene: Scene) -> Avtale:
    return lag_avtale(
        scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel="Innleggelse", bestemmelser=ALT
    )


@pytest.fixture
def fullt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads for files are taken, and so is every place in the queue."""
    monkeypatch.setattr(FILER, "traader", 0)
    monkeypatch.setattr(FILER, "venter", 0)


# --- the pool of files -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("fullt")
def test_naar_alle_henter_filer_staar_det_hva_en_skal_gjoere(scene: Scene, som: Som, avtale: Avtale) -> None:
    klient = som(scene.koordinator)
    for form in ("pdf", "docx"):
        svar = klient.get(f"/avtaler/{avtale.id}/eksport.{form}")
        side = svar.get_data(as_text=True)
        assert svar.status_code == 409 and "Portalen er opptatt" in side
        assert "Mange filer behandles akkurat nå. Prøv igjen om litt." in side
    # JSON is made at once, and waits for no file.
    assert klient.get(f"/avtaler/{avtale.id}/eksport.json").status_code == 200


@pytest.mark.usefixtures("fullt")
def test_teksten_som_er_limt_inn_kommer_tilbake_naar_det_er_fullt(scene: Scene, som: Som) -> None:
    svar = som(scene.koordinator).post("/avtaler/import", data={"tekst": "§ 1 Formål\nPasienten først."})
    side = svar.get_data(as_text=True)
    assert svar.status_code == 409 and "Prøv igjen om litt." in side
    assert "§ 1 Formål\nPasienten først.</textarea>" in side.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("form", "modul", "navn"), [("pdf", typstfil, "som_pdf"), ("docx", docxfil, "som_docx")]
)
def test_en_avtale_som_fil_om_gangen(
    scene: Scene,
    som: Som,
    avtale: Avtale,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    modul: Any,
    navn: str,
) -> None:
    """Pressed again while the first is made: told to wait, and the other format is no way around it."""

    def lag(_dok: Any) -> bytes:
        with pytest.raises(ForMange, match="en_om_gangen"):
            FILER.kjoer_for(scene.koordinator.person_id, int)
        return FILER.kjoer_for(scene.lege.person_id, lambda: b"filen")

    monkeypatch.setattr(modul, navn, lag)
    klient = som(scene.koordinator)
    for _ in range(2):
        assert klient.get(f"/avtaler/{avtale.id}/eksport.{form}").data == b"filen"


def test_seks_filer_i_minuttet(
    app: Flask, scene: Scene, som: Som, avtale: Avtale, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests run without limits: here with them, in a copy of the counter that is thrown away.
    monkeypatch.setattr(limiter, "__dict__", vars(limiter).copy())
    med_grenser = Flask("med_grenser")
    med_grenser.config.update(RATELIMIT_ENABLED=True, RATELIMIT_STORAGE_URI="memory://")
    limiter.init_app(med_grenser)
    monkeypatch.setitem(app.extensions, "limiter", {limiter})
    monkeypatch.setattr(typstfil, "som_pdf", lambda _dok: b"%PDF-")
    klient = som(scene.koordinator)
    former = ["pdf", "docx", "pdf", "docx", "pdf", "docx", "docx", "pdf"]
    statuser = [klient.get(f"/avtaler/{avtale.id}/eksport.{form}").status_code for form in former]
    assert statuser == [200] * 6 + [429] * 2
    assert klient.get(f"/avtaler/{avtale.id}/eksport.json").status_code == 200


# --- the process -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grense", "slutter"),
    [("VEGG", {-signal.SIGALRM}), ("TID", {-signal.SIGXCPU, -signal.SIGKILL})],
)
def test_den_som_tar_for_lang_tid_avsluttes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grense: str, slutter: set[int]
) -> None:
    monkeypatch.setattr(pdfprosess, grense, 1)
    mal = tmp_path / "endeloes.typ"
    mal.write_text(ENDELOES)
    fra = time.monotonic()
    with capture_logs() as logg, pytest.raises(UgyldigData) as feil:
        pdfkjerne.lag_pdf(mal, b"{}", "ua-1")
    assert feil.value.kode == "for_stort" and time.monotonic() - fra < 15
    assert next(linje["slutt"] for linje in logg if linje["event"] == "pdf_feilet") in slutter


def test_en_stor_avtale_faar_plass_innenfor_grensene(app: Flask) -> None:
    """500 clauses of two pages each: as many as an agreement may have, a whole book."""
    with app.test_request_context(), paa_spraak("nb"):
        ord_ = dokument.ordbok()
    tekst = ("Kommunen og helseforetaket avklarer ansvaret for pasienten før utskrivning. " * 50)[:4_000]
    dok = dokument.lag(som_json([rad(nummer=str(n), tekst=tekst) for n in range(500)]), ord_)
    assert typstfil.som_pdf(dok).startswith(b"%PDF-")
    assert pdfprosess.TID <= 20 and pdfprosess.MINNE <= 1.2 * 1024**3


# --- what differs ----------------------------------------------------------------------------------------


def _klausul(merke: str, rader: int, tegn: int) -> dict[str, Any]:
    """Rows of which none has a word that another has."""
    i_bokstaver = str.maketrans("0123456789", "abcdefghij")

    def celle(n: int, felt: str) -> str:
        tall = " ".join(f"{merke}{felt}{n:02}{m:03}" for m in range(tegn // 8))
        return tall.translate(i_bokstaver)

    kriterier = [{k: celle(n, k[0]) for k in ("kriterium", "hvem", "frist")} for n in range(rader)]
    return {"nummer": "1", "overskrift": "Innleggelse", "tekst": f"{merke} først.", "kriterier": kriterier}


def _paa_huben(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each comparison, and whether a thread was asked to make it."""
    notert: list[str] = []
    traad: list[bool] = []
    kjoer = Pulje.kjoer

    def i_traad(self: Pulje, funksjon: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        assert self is TEKSTER and self is not KORTE
        traad.append(True)
        try:
            return kjoer(self, funksjon, *args, **kwargs)
        finally:
            traad.pop()

    monkeypatch.setattr(Pulje, "kjoer", i_traad)
    for navn in ("radforskjell", "forskjell"):
        ekte = getattr(ordforskjell, navn)

        def noter(*args: Any, _ekte: Any = ekte) -> Any:
            notert.append("tråd" if traad else "hub")
            return _ekte(*args)

        monkeypatch.setattr(ordforskjell, navn, noter)
    return notert


def test_en_stor_klausul_sammenlignes_utenfor_huben(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    notert = _paa_huben(monkeypatch)
    with app.test_request_context(), paa_spraak("nb"):
        foer, etter = _klausul("x", 20, 40), _klausul("y", 20, 40)
        # Half of the rows are the same with other words, the rest out and in.
        for a, b in zip(foer["kriterier"][:10], etter["kriterier"][:10], strict=True):
            b["kriterium"] = a["kriterium"]
        felter = forskjellsord.klausulord(foer, etter)
        assert len(notert) > 20 and set(notert) == {"tråd"}
        assert [(f.felt, len(f.rader)) for f in felter] == [("tekst", 0), ("kriterier", 30)]
        assert "Kriterium" in [navn for navn, _deler in felter[1].rader[0].felt]
        notert.clear()
        # A small one is no work: no thread is asked.
        forskjellsord.klausulord(_klausul("x", 1, 20), _klausul("y", 1, 20))
    assert notert and set(notert) == {"hub"}


def test_hundre_lange_rader_tar_ikke_sekunder(app: Flask) -> None:
    """Took 12 s before each row's words were counted once."""
    foer, etter = (_klausul(m, MANGE_RADER, 1_900) for m in "xy")
    with app.test_request_context(), paa_spraak("nb"):
        fra = time.process_time()
        felter = forskjellsord.klausulord(foer, etter)
        assert time.process_time() - fra < 4
    assert [r.op for r in felter[1].rader].count(ordforskjell.Op.UT) == MANGE_RADER
