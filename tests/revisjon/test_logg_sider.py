"""The organisation's log: who may read it, filters, paging, the file, and that reading is logged."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from threading import get_ident
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core import web
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.config import ROT
from portal.core.db import transactional
from portal.core.errors import IkkeTilgang
from portal.henvendelser.forloep import Handling, Hendelsestype, Status
from portal.henvendelser.service import innsending, innsyn
from portal.identitet import access as folk
from portal.revisjon import routes, service, steps
from portal.revisjon.ord import ETIKETTER, GRUPPER, HANDLINGER
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor

GRUNN = "Overtar pasienten i natt, KANARIFUGL."


@transactional
def skriv(aktor: Aktor, handling: str, antall: int = 1, **detaljer: object) -> None:
    for _ in range(antall):
        steps.logg(aktor, handling, "person", aktor.person_id, detaljer=detaljer)


def linjer(side: str) -> list[str]:
    """The lines of the table, as text."""
    kropp = re.search(r"<tbody>(.*?)</tbody>", side, re.S)
    rader = re.findall(r"<tr.*?</tr>", kropp[1], re.S) if kropp else []
    return [" ".join(re.sub(r"<[^>]+>", " ", r).split()) for r in rader]


def fil(tekst: str) -> list[list[str]]:
    assert tekst.startswith("\ufeff")
    return list(csv.reader(io.StringIO(tekst[1:]), delimiter=";"))


# --- what is shown ---------------------------------------------------------------------------------------


def test_egen_organisasjon_og_ingen_annen(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    nummer = scene.les(id_).saksnummer
    innsyn.aapne_med_grunn(scene.kirurg, nummer, "overtar", GRUNN)
    innsending.apne(scene.spesialist, id_)
    side = som(scene.administrator).get("/revisjon")
    assert side.status_code == 200
    alle = linjer(side.text)
    assert len(alle) == 3
    assert f"Sak åpnet Sak {nummer}" in alle[0] and scene.spesialist.navn in alle[0]
    assert "Åpnet med begrunnelse: overtar eller skal overta pasienten" in alle[1]
    # What the kommune's people did stands in the kommune's log, and nothing of what anybody wrote in any.
    assert scene.lege.navn not in "".join(alle)
    assert "KANARIFUGL" not in side.text and "Tungpust" not in side.text
    i_kommunen = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)
    andre = linjer(som(i_kommunen).get("/revisjon").text)
    assert len(andre) == 1 and scene.lege.navn in andre[0]


def test_avslag_og_aapninger_for_seg(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    innsending.apne(scene.spesialist, id_)
    assert som(scene.kirurg).get(f"/henvendelser/{id_}").status_code == 404
    klient = som(scene.administrator)
    (avslag,) = linjer(klient.get("/revisjon?bare=avslag").text)
    assert scene.kirurg.navn in avslag and "Avslått Se en sak" in avslag
    (aapning,) = linjer(klient.get("/revisjon?bare=aapninger").text)
    assert scene.spesialist.navn in aapning


def test_gruppe_person_navn_og_periode(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    with som_om(now() - timedelta(days=10)):
        skriv(scene.spesialist, "innlogging.ok")
    with som_om(now() - timedelta(days=40)):
        skriv(scene.spesialist, "innlogging.feilet")
    skriv(scene.kirurg, "person.opprettet")
    klient = som(scene.administrator)

    def antall(sporring: str) -> list[str]:
        return linjer(klient.get(f"/revisjon?{sporring}").text)

    assert len(antall("gruppe=innlogging")) == 1
    assert len(antall("gruppe=folk")) == 1
    assert len(antall(f"person={scene.spesialist.person_id}")) == 1
    assert len(antall("navn=siri")) == 1
    assert len(antall("navn=finnes%25ikke")) == 0
    naa = now().date()
    fra, til = naa - timedelta(days=60), naa - timedelta(days=20)
    assert len(antall(f"fra={fra}&til={til}")) == 1
    # Both days are counted with, as people in Oslo count them.
    dag = (now() - timedelta(days=10)).astimezone(routes.OSLO).date()
    assert len(antall(f"fra={dag}&til={dag}")) == 1
    assert len(antall(f"fra={dag + timedelta(days=1)}&til={naa}&gruppe=innlogging")) == 0


@pytest.mark.parametrize(
    ("sporring", "melding"),
    [
        ("fra=i-gaar", "Skriv en dato som 2026-11-21."),
        ("fra=2026-02-01&til=2026-01-01", "Fra-datoen er etter til-datoen."),
        ("fra=2024-01-01&til=2026-01-01", "Velg høyst ett år om gangen."),
        ("gruppe=finnes_ikke", "Velg en gruppe fra lista."),
        ("bare=alt", "Velg alt, åpninger eller avslag."),
        ("foer=tull", "Adressen er feil."),
        ("foer=2026-01-01T00:00:00_00000000-0000-0000-0000-000000000001", "Adressen er feil."),
        ("person=meg", "Dette er ikke en gyldig id."),
        ("ukjent=1", "Dette feltet finnes ikke."),
    ],
)
def test_feil_i_adressen_sies(
    sporring: str, melding: str, scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    svar = som(scene.administrator).get(f"/revisjon?{sporring}")
    assert svar.status_code == 422
    assert melding in svar.text
    fila = som(scene.administrator).get(f"/revisjon.csv?{sporring}")
    assert fila.status_code == 422 and fila.mimetype == "text/html"


def test_blas_uten_hull_og_uten_dobbelt(
    scene: Scene, som: Callable[[Aktor], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where many lines are of the same moment, and while new ones come on top."""
    monkeypatch.setattr(service, "PER_SIDE", 3)
    tid = now() - timedelta(hours=1)
    with som_om(tid):
        skriv(scene.spesialist, "person.endret", 7)
    with som_om(tid - timedelta(seconds=1)):
        skriv(scene.spesialist, "person.endret", 3)
    klient = som(scene.administrator)
    adresse: str | None = f"/revisjon?person={scene.spesialist.person_id}"
    antall = []
    while adresse:
        side = klient.get(adresse).text
        antall.append(len(linjer(side)))
        skriv(scene.spesialist, "person.endret")
        neste = re.search(r'rel="next" href="([^"]+)"', side)
        adresse = neste[1].replace("&amp;", "&") if neste else None
    assert antall == [3, 3, 3, 1]
    assert len(revisjon("revisjon.lest")) == 1


# --- reading is logged -----------------------------------------------------------------------------------


def test_aa_lese_loggen_logges(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    klient = som(scene.administrator)
    klient.get("/revisjon?gruppe=saker&navn=Hemmelig")
    (innslag,) = revisjon("revisjon.lest")
    assert (innslag.kjede, innslag.person_id) == (f"org:{scene.hf.id}", scene.administrator.person_id)
    detaljer = orjson.loads(innslag.detaljer)
    assert detaljer["gruppe"] == "saker" and detaljer["paa_navn"] is True
    assert "Hemmelig" not in innslag.detaljer
    klient.get("/revisjon")
    assert len(revisjon("revisjon.lest")) == 2
    # An address with a place in it, opened later, is an opening too.
    tid = (now() + timedelta(hours=3)).isoformat().replace("+00:00", "Z")
    with som_om(now() + timedelta(hours=2)):
        assert som(scene.administrator).get(f"/revisjon?foer={tid}_{UUID(int=1)}").status_code == 200
    assert len(revisjon("revisjon.lest")) == 3


@pytest.mark.parametrize(
    "hvem",
    ["lege", "sykepleier", "kommuneoverlege", "spesialist", "vaktleder", "koordinator", "innsyn"],
)
def test_alle_andre_nektes(
    hvem: str, scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak
) -> None:
    klient = som(getattr(scene, hvem))
    for adresse in ("/revisjon", "/revisjon.csv"):
        with uten_spor(opptak, avslag=1):
            assert klient.get(adresse).status_code == 403
    filter_ = service.Filter(fra=now() - timedelta(days=1), til=now())
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        service.aapne_logg(getattr(scene, hvem), filter_, {})
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        service.start_eksport(getattr(scene, hvem), {})
    with uten_spor(opptak), pytest.raises(IkkeTilgang):
        next(service.les_i_biter(getattr(scene, hvem), filter_))


def test_menyen_har_loggen_for_administratorer(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    for hvem, ventet in (("administrator", True), ("systemadministrator", True), ("koordinator", False)):
        assert ('href="/revisjon"' in som(getattr(scene, hvem)).get("/tall").text) == ventet


# --- the file --------------------------------------------------------------------------------------------


def test_fila(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    innsyn.aapne_med_grunn(scene.kirurg, scene.les(id_).saksnummer, "overtar", GRUNN)
    svar = som(scene.administrator).get("/revisjon.csv?gruppe=saker", buffered=True)
    assert svar.mimetype == "text/csv" and "attachment" in svar.headers["Content-Disposition"]
    hode, *rader = fil(svar.text)
    assert hode == ["Tidspunkt", "Person", "Rolle", "Handling", "Utfall", "Gjelder", "Saksnummer"]
    assert [r[1:] for r in rader] == [
        [
            scene.kirurg.navn,
            "Spesialist",
            "Åpnet med begrunnelse",
            "Utført",
            "Sak",
            scene.les(id_).saksnummer,
        ],
        [scene.spesialist.navn, "Spesialist", "Sak tatt", "Utført", "Sak", scene.les(id_).saksnummer],
    ]
    assert "KANARIFUGL" not in svar.text
    (innslag,) = revisjon("revisjon.eksportert")
    assert orjson.loads(innslag.detaljer)["gruppe"] == "saker"


def test_fila_er_hel_over_mange_biter_og_sier_naar_den_er_kuttet(
    scene: Scene, som: Callable[[Aktor], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PER_BIT", 4)
    skriv(scene.spesialist, "person.endret", 10)
    adresse = f"/revisjon.csv?person={scene.spesialist.person_id}"
    klient = som(scene.administrator)
    assert len(fil(klient.get(adresse, buffered=True).text)) == 11
    monkeypatch.setattr(service, "MAKS_I_FIL", 10)
    assert len(fil(klient.get(adresse, buffered=True).text)) == 11
    for grense in (9, 8, 6):
        monkeypatch.setattr(service, "MAKS_I_FIL", grense)
        rader = fil(klient.get(adresse, buffered=True).text)
        assert len(rader) == grense + 2
        assert rader[-1] == [f"Lista er kuttet ved {grense} linjer. Velg en kortere periode for å få resten."]


@pytest.mark.parametrize("navn", ["=1+1", "+47", "-1", "@SUM(A1)", "\tA", "\rA"])
def test_ingen_celle_er_en_formel(navn: str) -> None:
    (rad,) = csv.reader(io.StringIO(routes.som_csv([[navn, 'a";b']]), newline=""), delimiter=";")
    assert rad == ["'" + navn, 'a";b']


# --- words -----------------------------------------------------------------------------------------------


def _koder() -> set[str]:
    """The codes that the rooms write, as they stand in the source."""
    koder: set[str] = set()
    for fil_ in (ROT / "portal").rglob("*.py"):
        for n in ast.walk(ast.parse(fil_.read_text())):
            if not isinstance(n, ast.Call) or not re.search(
                r"(^|\.)(logg|lag_innslag)$", ast.unparse(n.func)
            ):
                continue
            if len(n.args) > 1:
                for arg in ast.walk(n.args[1]):
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str):
                        koder.add(arg.value)
    return {k for k in koder if re.fullmatch(r"[a-z_]+\.[a-z_]+", k)}


def test_hver_handling_har_ord(_app: Flask) -> None:
    """A code without a word would be shown as it is."""
    koder = _koder()
    assert {"henvendelse.aapnet", "innlogging.ok", "revisjon.lest"} <= koder
    koder |= {f"henvendelse.{t}" for t in Hendelsestype} | {f"henvendelse.{h}" for h in Handling}
    koder |= {f"identitet.{h}" for h in folk.Handling}
    assert sorted(koder - set(HANDLINGER)) == []
    assert [k for k in HANDLINGER if not any(k.startswith(b) for _, g in GRUPPER.values() for b in g)] == [
        "demo.saadd"
    ]
    with _app.test_request_context():
        for gruppe in ETIKETTER:
            for kode in ETIKETTER[gruppe]:
                assert web.etikett(gruppe, kode) != kode


def test_en_side_er_faa_sporringer(scene: Scene, som: Callable[[Aktor], FlaskClient], app: Flask) -> None:
    """Fifty lines cost no more statements than one."""
    from portal.core.db import db

    klient = som(scene.administrator)
    antall: list[int] = []
    her = get_ident()

    def tell(*_: object) -> None:
        # The hints of the test before may still be on their way, in a thread of their own.
        antall[-1] += get_ident() == her

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        for mer in (1, 60):
            antall.append(0)
            skriv(scene.spesialist, "person.endret", mer)
            # What every page counts for an administrator is remembered for a while.
            klient.get("/revisjon")
            antall.append(0)
            klient.get("/revisjon")
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert antall[1] == antall[3]
