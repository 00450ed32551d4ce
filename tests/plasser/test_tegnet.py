"""Rows and hits that are kept drawn: as if drawn anew, at every time, for everybody, and of them there is an end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO, now, som_om
from portal.core.db import db, transactional
from portal.core.maltekst import Tegnet
from portal.core.sprak import SPRAAK
from portal.identitet.models import Enhet, Organisasjon
from portal.plasser import steps
from portal.plasser.forloep import Evne, Laan
from portal.plasser.models import Plassenhet
from portal.plasser.routes import oversikt
from portal.plasser.service import reservasjoner
from tests.bygg import Scene, lag_aktor, lag_enhet, lag_kommune, om
from tests.plasser.hjelp import lag_plassenhet

Som = Callable[[Aktor], FlaskClient]
LAGRE = [v for v in vars(oversikt).values() if isinstance(v, Tegnet)]
_REGISTER = Aktor.system("test")


def glem() -> None:
    for lager in LAGRE:
        lager._tegnet.clear()


def tegnet(klient: FlaskClient, sti: str) -> list[str]:
    """The rows and the hits of a page."""
    svar = klient.get(sti)
    assert svar.status_code == 200, (sti, svar.status_code)
    biter = re.findall(r'<(li class="treffrad"|tr class="tavlerad")(.*?)</(?:li|tr)>', svar.text, re.S)
    return [hva + resten for hva, resten in biter]


def som_nytt(klient: FlaskClient, sti: str) -> list[str]:
    """What is kept is what is drawn when nothing is. Gives it."""
    beholdt = tegnet(klient, sti)
    husket = [dict(lager._tegnet) for lager in LAGRE]
    glem()
    assert tegnet(klient, sti) == beholdt, sti
    for lager, innhold in zip(LAGRE, husket, strict=True):
        lager._tegnet.update(innhold)
    return beholdt


@pytest.fixture(autouse=True)
def _tomme() -> Any:
    glem()
    yield
    glem()


@transactional
def laan_inn(enhet_id: UUID, hos: Organisasjon, til: datetime) -> None:
    steps.laas([enhet_id])
    enhet = db.session.get_one(Plassenhet, enhet_id)
    for plass in steps.i_bruk(enhet_id):
        steps.laan(_REGISTER, plass, Laan.UT, organisasjon_id=hos.id, til=til, referanse="omdisponering:x")
    steps.tell(_REGISTER, enhet)


@transactional
def ny_enhet(kommune: Organisasjon, navn: str, telefon: str = "") -> Enhet:
    return lag_enhet(kommune, "oehd_enhet", navn, telefon=telefon)


@transactional
def aktor_i(kommune: Organisasjon, rolle: Rolle = Rolle.LEGE_KOMMUNE) -> Aktor:
    return lag_aktor(rolle, kommune)


@transactional
def ny_kommune(navn: str, kode: str, hf: Organisasjon) -> Organisasjon:
    ny = lag_kommune(navn, helseforetak_id=hf.id)
    ny.kode = kode
    return ny


def test_aaret_staar_der_naar_det_er_et_annet(scene: Scene, som: Som) -> None:
    """What was drawn before midnight on New Year's Eve is said as it is said after it."""
    aar = now().year + 1
    kveld = datetime(aar, 12, 31, 23, 40, tzinfo=OSLO)
    with som_om(kveld):
        aldri = lag_plassenhet(scene, 1, enhet=ny_enhet(scene.kommune, "Aldri bekreftet"), bekreftet=None)
        laan_inn(aldri, scene.annen_kommune, datetime(aar + 1, 1, 20, 12, tzinfo=OSLO))
        siden = kveld - timedelta(hours=2, minutes=5)
        lag_plassenhet(scene, 1, enhet=ny_enhet(scene.kommune, "Bekreftet"), siden=siden)
        foer = "".join(som_nytt(som(scene.lege), "/plasser/?sok=1"))
        assert f"til 20.1.{aar + 1}" in foer and 'title="31. des. kl. 21:35"' in foer
    # The same hour since it was confirmed.
    with som_om(kveld + timedelta(minutes=30)):
        etter = "".join(som_nytt(som(scene.lege), "/plasser/?sok=1"))
        assert "til 20.1.<" in etter and f'title="31. des. {aar} kl. 21:35"' in etter


def test_en_endring_sees_straks_av_en_annen(scene: Scene, som: Som) -> None:
    enhet_id = lag_plassenhet(
        scene, 3, enhet=ny_enhet(scene.kommune, "Heime", "78 00 00 01"), evner=int(Evne.OKSYGEN)
    )
    lesere = [som(scene.spesialist), som(scene.koordinator), som(scene.lege)]

    @transactional
    def sett(modell: Any, hvilken: UUID, **felt: Any) -> None:
        rad = db.session.get_one(modell, hvilken)
        for navn, verdi in felt.items():
            setattr(rad, navn, verdi)
        if modell is Plassenhet:
            steps.tell(_REGISTER, rad)

    oehd_id = db.session.get_one(Plassenhet, enhet_id).enhet_id
    endringer: list[tuple[Callable[[], object], str, str]] = [
        (lambda: reservasjoner.reserver(scene.lege, enhet_id, klient_id=uuid4()), "<strong>3<", "<strong>2<"),
        (lambda: sett(Enhet, oehd_id, navn="Borte"), "Heime", "Borte"),
        (lambda: sett(Enhet, oehd_id, telefon="78 00 00 02"), "78000001", "78000002"),
        (lambda: sett(Plassenhet, enhet_id, legedekning="dagtid"), "Lege hele døgnet", "Lege på dagtid"),
        (lambda: sett(Plassenhet, enhet_id, evner=int(Evne.ISOLASJON)), "Oksygen", "Isolasjon"),
        (lambda: sett(Organisasjon, scene.kommune.id, kortnavn="Nytt navn"), "Guovdageaidnu", "Nytt navn"),
    ]
    for gjoer, foer, etter in endringer:
        for klient in lesere:
            (treff,) = [t for t in som_nytt(klient, "/plasser/?sok=1") if t.startswith("li")]
            assert foer in treff, foer
        gjoer()
        db.session.rollback()
        for klient in lesere:
            (treff,) = [t for t in som_nytt(klient, "/plasser/?sok=1") if t.startswith("li")]
            assert etter in treff and foer not in treff, etter


def test_ingen_faar_en_annens_treff(scene: Scene, som: Som) -> None:
    """Who may hold, whose quota is used, from where it is measured and what was asked: each has an own."""
    alta = ny_kommune("Alta", "5601", scene.hf)
    hammerfest = ny_kommune("Hammerfest", "5603", scene.hf)
    delt = lag_plassenhet(
        scene,
        4,
        vert=alta,
        enhet=ny_enhet(alta, "Delt"),
        evner=int(Evne.OKSYGEN) + int(Evne.ISOLASJON),
        kvoter={alta.id: 3, hammerfest.id: 1},
    )
    i_alta, i_hammerfest = aktor_i(alta), aktor_i(hammerfest)
    reservasjoner.reserver(i_hammerfest, delt, klient_id=uuid4())
    folk = {
        "holder": i_alta,
        "full kvote": i_hammerfest,
        "ikke kliniker": aktor_i(alta, Rolle.KOORDINATOR),
        "uten plass der": scene.lege,
        "sykehus": scene.spesialist,
    }
    klienter = {navn: som(a) for navn, a in folk.items()}
    sett: dict[tuple[str, str], str] = {}
    for _gang in range(2):
        for sti in ("/plasser/?sok=1", "/plasser/?sok=1&evner=2", "/plasser/?sok=1&evner=1&fra=5603"):
            for navn, klient in klienter.items():
                (treff,) = [t for t in som_nytt(klient, sti) if t.startswith("li")]
                assert sett.setdefault((navn, sti), treff) == treff
                assert (f"/plasser/{delt}/hold" in treff) == (navn == "holder"), (navn, sti)
                assert ("Kvoten er brukt (1 av 1)" in treff) == (navn == "full kvote"), (navn, sti)
    km = {navn: re.findall(r"\d+ km", sett[navn, "/plasser/?sok=1"]) for navn in folk}
    assert km["holder"] == ["0 km"] and km["full kvote"] != ["0 km"] and km["sykehus"] == []
    assert "evner=2" in sett["holder", "/plasser/?sok=1&evner=2"]
    assert "evner=2" not in sett["holder", "/plasser/?sok=1&evner=1&fra=5603"]


def test_hvert_spraak_og_hver_alder_har_sitt(scene: Scene, som: Som) -> None:
    siden = now() - timedelta(minutes=5)
    lag_plassenhet(scene, 2, enhet=ny_enhet(scene.kommune, "Heime"), siden=siden)
    klient = som(scene.lege)
    sagt = set()
    for kode in SPRAAK:
        with klient.session_transaction() as kapsel:
            kapsel["spraak"] = kode
        sagt.add(tuple(som_nytt(klient, "/plasser/?sok=1")))
    assert len(sagt) == len(SPRAAK)
    for timer in (0.1, 0.2, 5, 11.8, 11.95, 30):
        with om(hours=timer):
            sagt.add(tuple(som_nytt(som(scene.lege), "/plasser/?sok=1")))
    assert len(sagt) == len(SPRAAK) + 6


def test_det_som_beholdes_har_en_ende(scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        lag_plassenhet(scene, 1, enhet=ny_enhet(scene.kommune, f"Enhet {n}"), evner=int(Evne.OKSYGEN))
    for lager in LAGRE:
        monkeypatch.setattr(lager, "_hoeyst", 3)
    klient = som(scene.lege)
    for sti in ("/plasser/?sok=1", "/plasser/?sok=1&evner=2", "/plasser/kart", "/plasser/tabell"):
        assert len(tegnet(klient, sti)) in (0, 8)
        assert all(len(lager._tegnet) <= 3 for lager in LAGRE), sti
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Plassenhet)) == 4
