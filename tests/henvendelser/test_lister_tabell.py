"""The list as a table to keep, the cards that are kept, and what does not grow with the log."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Deltaker, Henvendelse, Kvittering
from portal.henvendelser.service import flyt, innsending, lesing, lister
from portal.henvendelser.service.lister import Utvalg
from portal.identitet.models import Medlemskap, Organisasjon, Person
from tests.bygg import Scene, om, revisjon

Som = Callable[[Aktor], FlaskClient]


def _alle(aktor: Aktor, utvalg: Utvalg) -> list[UUID]:
    """Every page, one after the other."""
    ider: list[UUID] = []
    side = lister.hent_side(aktor, utvalg)
    while True:
        ider += [s.id for s in side.saker]
        if side.neste is None:
            return ider
        side = lister.hent_side(aktor, utvalg, etter=side.neste)
        assert side.saker, "a link to an empty page"


# --- as a table to keep ----------------------------------------------------------------------------------


def _tabell(klient: FlaskClient, sporring: str = "") -> list[dict[str, str]]:
    svar = klient.get(f"/henvendelser/csv{sporring}", buffered=True)
    assert svar.status_code == 200 and svar.mimetype == "text/csv"
    assert re.fullmatch(
        r'attachment; filename="saker-\d{4}-\d\d-\d\d\.csv"', svar.headers["Content-Disposition"]
    )
    assert svar.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(svar.data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_tabellen_har_det_jeg_ser_og_ingen_tekst(scene: Scene, som: Som) -> None:
    sak = scene.sak(Status.LUKKET)
    scene.send(scene.annen_lege)
    aapen = scene.send(hastegrad="akutt")
    rader = _tabell(som(scene.lege), "?filter=alle")
    assert [r["Saksnummer"] for r in rader] == [scene.les(i).saksnummer for i in (aapen, sak)]
    lukket = rader[1]
    assert lukket["Status"] == "Lukket" and lukket["Innmelder"] == "Ingrid Lege"
    assert lukket["Ansvarlig"] == "Siri Spesialist" and lukket["Enhet"] == "Legevakta"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", lukket["Sendt"]) and lukket["Avsluttet"]
    assert "Tungpust" not in str(rader) and "dosen" not in str(rader) and "900 00 000" not in str(rader)
    # The same filters as the list has.
    assert [r["Hastegrad"] for r in _tabell(som(scene.lege), "?hastegrad=akutt")] == ["Akutt"]
    assert _tabell(som(scene.kirurg), "?filter=alle") == []


def test_tabellen_blir_logget_paa_organisasjonens_kjede(
    scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _nr in range(3):
        scene.send()
    _tabell(som(scene.lege), "?sok=Ingrid")
    (innslag,) = revisjon("henvendelse.liste_eksportert")
    assert innslag.kjede == f"org:{scene.kommune.id}" and innslag.person_id == scene.lege.person_id
    assert '"antall":3' in innslag.detaljer and "Ingrid" not in innslag.detaljer
    monkeypatch.setattr(lister, "MAKS_EKSPORT", 2)
    assert len(_tabell(som(scene.lege))) == 2


def test_en_celle_er_aldri_en_formel(scene: Scene, som: Som) -> None:
    @transactional
    def doep_om() -> None:
        db.session.get_one(Person, scene.lege.person_id).navn = '=HYPERLINK("http://x";"y")'
        db.session.get_one(Organisasjon, scene.kommune.id).kortnavn = "@SUM(A1)\r\n+2"

    scene.send()
    doep_om()
    (rad,) = _tabell(som(scene.lege))
    assert rad["Innmelder"] == '\'=HYPERLINK("http://x";"y")'
    assert rad["Avsender"] == "'@SUM(A1)\r\n+2"


def test_bare_klinikere_faar_lista(scene: Scene, som: Som) -> None:
    scene.send()
    for aktor in (scene.koordinator, scene.administrator, scene.innsyn, scene.systemadministrator):
        for adresse in ("/henvendelser/", "/henvendelser/csv"):
            assert som(aktor).get(adresse).status_code == 403, (aktor.rolle, adresse)
    assert revisjon("henvendelse.liste_eksportert") == []


# --- cards that are kept ---------------------------------------------------------------------------------


def test_et_lagret_kort_viser_det_som_er_sant_naa(scene: Scene, som: Som) -> None:
    """The second look shows what has changed: the time, the names, the unread, the language, the status."""
    sak = scene.send()
    lege, spesialist = som(scene.lege), som(scene.spesialist)
    for adresse, aktor in (("/henvendelser/", scene.lege), ("/koe/liste", scene.spesialist)):
        klient = som(aktor)
        kort = [re.findall(r"<article.*?</article>", klient.get(adresse).text, re.S) for _gang in range(2)]
        assert len(kort[0]) == 1 and re.sub(r'value="[^"]*"', "", kort[0][0]) == re.sub(
            r'value="[^"]*"', "", kort[1][0]
        )
        assert ">nå</time>" in klient.get(adresse).text
        with om(minutes=7):
            assert "for 7 min" in klient.get(adresse).text and ">nå</time>" not in klient.get(adresse).text
        with om(hours=3):
            assert "for 3 t" in som(aktor).get(adresse).text

    @transactional
    def doep_om() -> None:
        db.session.get_one(Person, scene.lege.person_id).navn = "Ingrid <b>Nytt</b> Navn"

    doep_om()
    assert "Ingrid &lt;b&gt;Nytt&lt;/b&gt; Navn" in spesialist.get("/koe/liste").text
    innsending.apne(scene.spesialist, sak)
    assert "Sett av Siri Spesialist" in lege.get("/henvendelser/").text
    lege.post("/spraak", data={"spraak": "en", "neste": "/henvendelser/"})
    assert "Sett av" not in lege.get("/henvendelser/").text
    flyt.aksepter(scene.spesialist, sak)
    assert "Hos Siri Spesialist" in som(scene.kollega).get("/henvendelser/").text


def test_hver_har_sin_egen_noekkel_paa_kortet(
    app: Flask, scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form's token is the reader's own, also on a card that was written for somebody else."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    sak = scene.send()
    klienter = [som(scene.spesialist), som(scene.spesialist2)]
    noekler = [
        re.findall(r'name="csrf_token" value="([^"]+)"', klient.get("/koe/liste").text) for klient in klienter
    ]
    assert [len(n) for n in noekler] == [1, 1] and noekler[0] != noekler[1]
    adresse = f"/henvendelser/{sak}/aksepter"
    assert klienter[1].post(adresse, data={"csrf_token": noekler[0][0]}).status_code == 403
    assert klienter[1].post(adresse, data={"csrf_token": noekler[1][0]}).status_code == 303
    assert scene.les(sak).status == Status.AKSEPTERT


# --- what does not grow with the log ---------------------------------------------------------------------


def test_uleste_telles_ikke_i_det_uendelige(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.henvendelser.service.meldinger import send_melding

    sak = scene.sak(Status.AKSEPTERT)
    for nr in range(4):
        send_melding(scene.spesialist, sak, uuid4(), f"Melding nummer {nr}.")
    raden = [scene.les(sak)]
    assert lesing.antall_uleste(scene.lege, raden) == {sak: 5}  # taken, and four messages
    assert lesing.antall_uleste(scene.spesialist, raden) == {sak: 1}
    monkeypatch.setattr(lesing, "MAKS_ULESTE", 3)
    assert lesing.antall_uleste(scene.lege, raden) == {sak: 3}
    assert lesing.antall_uleste(scene.lege, []) == {}


def test_hver_sak_har_sin_egen_lesing(scene: Scene) -> None:
    """Two cases on the page, read differently far by several people."""
    foerste, andre = scene.sak(Status.AKSEPTERT), scene.sak(Status.BESVART)
    for sak in (foerste, andre):
        for aktor in (scene.lege, scene.kollega, scene.spesialist):
            innsending.apne(aktor, sak)
    raden = [scene.les(foerste), scene.les(andre)]

    @transactional
    def les(aktor: Aktor, sak: UUID, til: int) -> None:
        db.session.get_one(Kvittering, (sak, aktor.person_id)).lest = til

    assert lesing.antall_uleste(scene.lege, raden) == {foerste: 1, andre: 2}
    # One past the first step of the ladder, which the portal wrote by itself and which nobody has unread.
    les(scene.lege, andre, 3)
    les(scene.kollega, foerste, 3)
    assert lesing.antall_uleste(scene.lege, raden) == {foerste: 1, andre: 1}
    assert lesing.antall_uleste(scene.kollega, raden) == {andre: 3}


def test_deltakeren_vet_naar_saken_ble_sendt(scene: Scene) -> None:
    """The copy in the participants' rows is what the list is ordered by: it must be the case's own."""
    with om(hours=-3):
        sak = scene.send()
    flyt.aksepter(scene.spesialist, sak)
    rader = db.session.execute(
        sa.select(Deltaker.sak_opprettet, Henvendelse.opprettet).join(
            Henvendelse, Henvendelse.id == Deltaker.henvendelse_id
        )
    ).all()
    assert len(rader) == 2 and all(a == b for a, b in rader)


def test_lista_ser_ikke_medlemskap_som_er_ute(scene: Scene) -> None:
    sak = scene.send()
    assert _alle(scene.lege, Utvalg()) == [sak]

    @transactional
    def slutt() -> None:
        db.session.get_one(Medlemskap, scene.lege.medlemskap_id).gyldig_til = now()

    slutt()
    with om(seconds=1):
        assert _alle(scene.lege, Utvalg()) == []
