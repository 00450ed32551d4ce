"""The board over the socket: who hears what, together and in order, and what the heads say when something is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core import realtime
from portal.core.aktor import Aktor
from portal.core.db import db, publiser, transactional
from portal.identitet.models import Sesjon
from portal.plasser import sockets, steps, tavlelager
from portal.plasser.forloep import Evne
from portal.plasser.models import Plassenhet
from portal.plasser.service import reservasjoner, tavle
from tests.bygg import Opptak, Scene, om, uten_spor
from tests.plasser.hjelp import lag_plassenhet, les_tall
from tests.plasser.test_tavle import legg_ned, sett_fase

Linje = Callable[[Aktor], SocketIOTestClient]


@pytest.fixture
def linje(som: Callable[[Aktor], FlaskClient], sokkel: Callable[[FlaskClient], SocketIOTestClient]) -> Linje:
    """An open socket of an actor."""
    return lambda aktor: sokkel(som(aktor))


@pytest.fixture(autouse=True)
def i_ro(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is said before it is asked for, and nothing is left to say after the test."""
    monkeypatch.setattr(sockets, "_sagt", None)
    yield
    vent_til(lambda: not sockets._gaar)


def vent_til(svar: Callable[[], Any]) -> Any:
    slutt = time.monotonic() + 5
    while not (funnet := svar()):
        assert time.monotonic() < slutt, "nothing came"
        time.sleep(0.01)
    return funnet


def kall(s: SocketIOTestClient, hendelse: str, **data: Any) -> dict[str, Any]:
    svar = s.emit(f"plasser.{hendelse}", data, callback=True)
    assert isinstance(svar, dict)
    return svar


def hoert(s: SocketIOTestClient, navn: str = "plasser") -> list[dict[str, Any]]:
    return [m["args"][0] for m in s.get_received() if m["name"] == navn]


def neste(s: SocketIOTestClient) -> dict[str, Any]:
    (hendelse,) = vent_til(lambda: hoert(s))
    return dict(hendelse)


def test_en_endring_hoeres_av_dem_som_har_tavla_oppe(scene: Scene, linje: Linje) -> None:
    enhet, _annen = lag_plassenhet(scene, 2, navn="A"), lag_plassenhet(scene, 2, navn="B")
    inne, ute = linje(scene.koordinator), linje(scene.spesialist)
    svar = kall(inne, "abonner", etter=2)
    assert (svar["ok"], svar["hel"], svar["versjon"], svar["endringer"]) == (True, False, 2, [])
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    hendelse = neste(inne)
    assert (hendelse["fra"], hendelse["versjon"]) == (2, 3)
    (rad,) = hendelse["endringer"]
    assert rad == next(r for r in tavle.hent_tavle(scene.lege)["enheter"] if r["id"] == str(enhet))
    assert (rad["ledig"], rad["holdt"]) == (1, 1)
    assert (hendelse["summer"]["alle"]["ledig"], hendelse["summer"]["alle"]["holdt"]) == (3, 1)
    assert hoert(ute) == []
    assert kall(inne, "forlat") == {"ok": True}
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    vent_til(lambda: not sockets._gaar)
    assert hoert(inne) == []


def test_endringer_like_etter_hverandre_fortelles_sammen(
    scene: Scene, linje: Linje, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SAMLES", 0.3)
    enheter = [lag_plassenhet(scene, 4, navn=f"E{n}") for n in range(3)]
    s = linje(scene.lege)
    kall(s, "abonner", etter=3)
    for nr in (0, 1, 0, 0):
        reservasjoner.reserver(scene.lege, enheter[nr], klient_id=uuid4())
    hendelse = neste(s)
    assert (hendelse["fra"], hendelse["versjon"]) == (3, 7)
    assert {(r["navn"], r["holdt"], r["versjon"]) for r in hendelse["endringer"]} == {
        ("E0", 3, 7),
        ("E1", 1, 5),
    }


def test_versjonene_henger_sammen_ogsaa_naar_andre_prosesser_endrer(scene: Scene, linje: Linje) -> None:
    """Another process' change is told by that process; what this one tells next holds it too."""
    a, b = lag_plassenhet(scene, 2, navn="A"), lag_plassenhet(scene, 2, navn="B")
    s = linje(scene.lege)
    kall(s, "abonner", etter=2)

    @transactional
    def flytt(enhet: UUID) -> None:
        steps.flytt_stavlen(enhet)

    publisert = sockets._ut_endret
    fra: list[int] = []
    for enhet in (a, b, a):
        flytt(enhet)
        fra.append(neste(s)["fra"])
    assert fra == [2, 3, 4]
    # The first of two is lost on its way out of another process: ours says from where it goes on.
    publisert(versjon=4, enheter=[str(b)])
    hendelse = neste(s)
    assert (hendelse["fra"], hendelse["versjon"]) == (3, 5)
    assert {r["id"] for r in hendelse["endringer"]} == {str(a), str(b)}


def test_for_mye_er_en_beskjed_om_aa_hente(
    scene: Scene, linje: Linje, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "FLEST", 1)
    for n in range(2):
        lag_plassenhet(scene, navn=f"E{n}")
    s = linje(scene.lege)
    svar = kall(s, "abonner", etter=0)
    assert (svar["ok"], svar["hel"], svar["versjon"]) == (True, True, 2) and "endringer" not in svar
    publiser([("plasser.endret", {"versjon": 1, "enheter": []})])
    hendelse = neste(s)
    assert (hendelse["hel"], hendelse["fra"], hendelse["versjon"]) == (True, 0, 2)
    assert not {"endringer", "summer"} & set(hendelse)


def test_den_som_kommer_til_faar_det_den_mangler(scene: Scene, linje: Linje) -> None:
    enhet = lag_plassenhet(scene, 3)
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    s = linje(scene.lege)
    svar = kall(s, "abonner", etter=1)
    assert [(r["id"], r["versjon"]) for r in svar["endringer"]] == [(str(enhet), 2)]
    assert kall(s, "abonner")["hel"], "whoever has nothing fetches the board"
    assert kall(s, "abonner", etter=99)["hel"]
    assert kall(s, "abonner", etter=2, faser="andre")["hel"]


def test_en_nedlagt_enhet_fortelles(scene: Scene, linje: Linje) -> None:
    enhet = lag_plassenhet(scene)
    s = linje(scene.lege)
    kall(s, "abonner", etter=1)
    legg_ned(enhet)
    (rad,) = neste(s)["endringer"]
    assert (rad["id"], rad["nedlagt"]) == (str(enhet), True)


def test_fasen_fortelles_uten_at_versjonen_flyttes(scene: Scene, linje: Linje) -> None:
    lag_plassenhet(scene, navn="Her")
    lag_plassenhet(scene, navn="Der", vert=scene.annen_kommune)
    s = linje(scene.lege)
    faser = kall(s, "abonner", etter=2)["faser"]
    realtime.tikk_en_gang()
    assert hoert(s, "plasser") == []
    sett_fase(scene.kommune.id, 4)
    realtime.tikk_en_gang()
    mottatt = s.get_received()
    (hendelse,) = [m["args"][0] for m in mottatt if m["name"] == "plasser"]
    (hode,) = [m["args"][0] for m in mottatt if m["name"] == "hode"]
    assert (hendelse["fra"], hendelse["versjon"], hendelse["faser_fra"]) == (2, 2, faser)
    assert [(r["navn"], r["fase"]) for r in hendelse["endringer"]] == [("Her", 4)]
    assert (hode["plasser"], hode["plassfaser"]) == (2, hendelse["faser"]) and hendelse["faser"] != faser
    publiser([("beredskap.endret", {"organisasjon_id": scene.kommune.id})])
    vent_til(lambda: not sockets._gaar)
    assert hoert(s) == [], "told once"


def test_hodet_sier_versjonen_til_dem_som_har_tavla_oppe(scene: Scene, linje: Linje) -> None:
    lag_plassenhet(scene)
    inne, ute = linje(scene.lege), linje(scene.kollega)
    kall(inne, "abonner", etter=1)
    realtime.tikk_en_gang()
    (hode,) = hoert(inne, "hode")
    assert hode["plasser"] == 1
    (hode,) = hoert(ute, "hode")
    assert not {"plasser", "plassfaser", "plassnavn"} & set(hode)


def test_en_stanset_arbeider_sperrer_ingen_plass(scene: Scene, linje: Linje) -> None:
    """The web process ends what has been over for a while; before that the bed is found, though nobody wrote it."""
    enhet = lag_plassenhet(scene, evner=int(Evne.OKSYGEN))
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    s = linje(scene.lege)
    kall(s, "abonner", etter=tavle.versjon())
    assert tavle.soek(scene.lege)["enheter"] == []
    with om(hours=2, seconds=1):
        (rad,) = tavle.soek(scene.lege, evner=int(Evne.OKSYGEN))["enheter"]
        assert (rad["id"], rad["ledig"], rad["holdt"], rad["passer"]) == (str(enhet), 1, 0, 1)
        assert tavle.soek(scene.lege, evner=int(Evne.BARN))["enheter"] == []
        realtime.tikk_en_gang()
        assert les_tall(enhet).holdt == 1
    with om(hours=2, seconds=30):
        realtime.tikk_en_gang()
        assert les_tall(enhet).ledig == 1
        assert [(r["ledig"], r["passer"]) for r in tavle.soek(scene.lege)["enheter"]] == [(1, 1)]


def test_et_nytt_navn_eller_nummer_sies_i_hodet(scene: Scene, linje: Linje, som: Any) -> None:
    """No version tells of it: the mark beside the phases does, the one that the page and the whole board have."""
    enhet = lag_plassenhet(scene, navn="Gammelt navn")
    s = linje(scene.lege)
    svar = kall(s, "abonner", etter=1)
    (side,) = re.findall(r'data-navnemerke="([^"]+)"', som(scene.lege).get("/plasser/").text)
    merker = [svar["navn"]]
    for felt in ({"navn": "Nytt navn"}, {"telefon": "78 00 00 99"}):
        realtime.tikk_en_gang()
        assert [h["plassnavn"] for h in hoert(s, "hode")] == [merker[-1]] == [side], (
            "quiet while nothing changes"
        )

        @transactional
        def endre(felt: dict[str, str] = felt) -> None:
            for k, v in felt.items():
                setattr(db.session.get_one(Plassenhet, enhet).enhet, k, v)

        endre()
        realtime.tikk_en_gang()
        (hode,) = hoert(s, "hode")
        assert hode["plasser"] == 1 and hode["plassnavn"] not in merker
        hele = tavle.hent_tavle(scene.lege)
        assert felt.items() <= hele["enheter"][0].items()
        side = hele["navn"]
        merker.append(side)
        assert hode["plassnavn"] == side


def test_uten_noen_som_hoerer_gjoeres_ingenting(scene: Scene, linje: Linje) -> None:
    linje(scene.lege)
    lag_plassenhet(scene)
    assert sockets._venter is None and not sockets._gaar


def test_en_laast_skjerm_hoerer_ingenting(scene: Scene, linje: Linje) -> None:
    enhet = lag_plassenhet(scene, 3)
    s = linje(scene.lege)
    kall(s, "abonner", etter=1)

    @transactional
    def sett(**felt: Any) -> None:
        (t,) = realtime.tilkoblinger.values()
        sesjon = db.session.get_one(Sesjon, t.aktor.sesjon_id)
        for k, v in felt.items():
            setattr(sesjon, k, v)

    from portal.core.clock import now

    sett(laast=now() - timedelta(minutes=1))
    realtime.tikk_en_gang()
    assert "plasser" not in hoert(s, "hode")[0]
    reservasjoner.reserver(scene.kollega, enhet, klient_id=uuid4())
    vent_til(lambda: not sockets._gaar)
    assert hoert(s) == []
    assert kall(s, "abonner", etter=2)["kode"] == "laast"
    sett(laast=None, sist_brukt=now())
    assert [r["id"] for r in kall(s, "abonner", etter=1)["endringer"]] == [str(enhet)]


def test_en_avsluttet_oekt_er_ute(scene: Scene, linje: Linje) -> None:
    lag_plassenhet(scene)
    s = linje(scene.lege)

    @transactional
    def avslutt() -> None:
        from portal.core.clock import now

        (t,) = realtime.tilkoblinger.values()
        db.session.get_one(Sesjon, t.aktor.sesjon_id).avsluttet = now()

    avslutt()
    assert kall(s, "abonner", etter=0)["kode"] == "ikke_innlogget"


@pytest.mark.parametrize(
    ("hendelse", "data"),
    [
        ("abonner", {"etter": -1}),
        ("abonner", {"etter": "x"}),
        ("abonner", {"etter": 2**63}),
        ("abonner", {"faser": "x" * 41}),
        ("abonner", {"ukjent": 1}),
        ("forlat", {"id": 1}),
    ],
    ids=str,
)
def test_ugyldig_innhold_er_et_klart_svar(
    hendelse: str, data: dict[str, Any], scene: Scene, linje: Linje, opptak: Opptak
) -> None:
    s = linje(scene.lege)
    with uten_spor(opptak):
        svar = kall(s, hendelse, **data)
    assert (svar["ok"], svar["kode"]) == (False, "ugyldig"), svar
    assert svar["felter"] and svar["melding"].endswith(".")


def test_en_feil_i_utsendingen_stanser_ikke_den_neste(
    scene: Scene, linje: Linje, monkeypatch: pytest.MonkeyPatch
) -> None:
    enhet = lag_plassenhet(scene, 3)
    s = linje(scene.lege)
    kall(s, "abonner", etter=1)
    ekte, feil = tavlelager.hent, [RuntimeError("databasen er borte")]

    def hent() -> Any:
        if feil:
            raise feil.pop()
        return ekte()

    monkeypatch.setattr(tavlelager, "hent", hent)
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    vent_til(lambda: not feil and not sockets._gaar)
    assert hoert(s) == []
    reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    assert neste(s)["fra"] == 2
    assert db.session.get_one(Plassenhet, enhet).stavleversjon == 3
