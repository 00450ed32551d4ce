"""The socket's events, one by one: what each answers, stores and tells. The network is tested in tests/levende."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core import realtime
from portal.core.aktor import Aktor
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import flyt, lesing
from portal.henvendelser.service.meldinger import send_melding
from tests.bygg import PERSONNUMMER, Opptak, Scene, logg_over, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]
Koble = Callable[[FlaskClient], SocketIOTestClient]


@pytest.fixture
def linje(som: Som, sokkel: Koble) -> Callable[[Aktor], SocketIOTestClient]:
    """An open socket of an actor."""
    return lambda aktor: sokkel(som(aktor))


def kall(s: SocketIOTestClient, hendelse: str, **data: Any) -> dict[str, Any]:
    svar = s.emit(f"henvendelse.{hendelse}", {k: str(v) if isinstance(v, UUID) else v for k, v in data.items()},
                  callback=True)  # fmt: skip
    assert isinstance(svar, dict)
    return svar


def hoert(s: SocketIOTestClient, navn: str) -> list[dict[str, Any]]:
    return [m["args"][0] for m in s.get_received() if m["name"] == navn]


Linje = Callable[[Aktor], SocketIOTestClient]


def test_abonner_gir_loggen_og_rommet(scene: Scene, linje: Linje) -> None:
    sak = scene.send()
    send_melding(scene.lege, sak, uuid4(), "En.")
    spesialist = linje(scene.spesialist)
    svar = kall(spesialist, "abonner", id=sak, etter=2)
    assert (svar["ok"], svar["hode"], svar["mer"]) == (True, 3, False)
    assert [(h["sekvens"], h["tekst"]) for h in svar["hendelser"]] == [(3, "En.")]
    assert svar["hendelser"][0]["tidspunkt"].endswith("Z")
    spesialist.get_received()
    send_melding(scene.lege, sak, uuid4(), "To.")
    (h,) = hoert(spesialist, "hendelse")
    assert (h["henvendelse_id"], h["sekvens"], h["tekst"], h["avsender"]["side"]) == (
        str(sak),
        4,
        "To.",
        "innmelder",
    )
    assert kall(spesialist, "forlat", id=sak) == {"ok": True}
    send_melding(scene.lege, sak, uuid4(), "Tre.")
    assert hoert(spesialist, "hendelse") == []


def test_meld_svarer_etter_lagringen(scene: Scene, linje: Linje, opptak: Opptak) -> None:
    sak, klient_id = scene.send(), uuid4()
    lege = linje(scene.lege)
    svar = kall(lege, "meld", id=sak, klient_id=klient_id, tekst="Hei.")
    assert (svar["ok"], svar["sekvens"]) == (True, 3) and svar["tidspunkt"].endswith("Z")
    assert logg_over(sak)[-1].klient_id == klient_id
    with uten_spor(opptak):
        assert kall(lege, "meld", id=sak, klient_id=klient_id, tekst="Hei.") == svar
        annen = kall(lege, "meld", id=sak, klient_id=klient_id, tekst="Nei.")
        assert (annen["ok"], annen["kode"]) == (False, "konflikt")


def test_meld_fra_en_som_ikke_deltar_ennaa(scene: Scene, linje: Linje) -> None:
    sak = scene.send()
    svar = kall(linje(scene.kollega), "meld", id=sak, klient_id=uuid4(), tekst="Jeg også.")
    assert (svar["ok"], svar["sekvens"]) == (True, 3)
    assert scene.kollega.medlemskap_id in {d.medlemskap_id for d in lesing.hent_deltakere(sak)}


def test_personnummer_merkes_i_svaret(scene: Scene, linje: Linje, opptak: Opptak) -> None:
    sak, klient_id = scene.send(), uuid4()
    lege = linje(scene.lege)
    with uten_spor(opptak):
        svar = kall(lege, "meld", id=sak, klient_id=klient_id, tekst=f"Fnr {PERSONNUMMER}")
    assert (svar["ok"], svar["kode"], svar["treff"]) == (False, "personnummer", [[4, 15]])
    assert PERSONNUMMER not in svar["melding"] and "felter" not in svar
    assert kall(lege, "meld", id=sak, klient_id=klient_id, tekst=f"Fnr {PERSONNUMMER}", ikke_fnr=True)["ok"]
    assert len(revisjon("henvendelse.ikke_personnummer")) == 1


def test_stengt_sak(scene: Scene, linje: Linje, opptak: Opptak) -> None:
    sak = scene.sak(Status.TRUKKET)
    lege = linje(scene.lege)
    with uten_spor(opptak):
        svar = kall(lege, "meld", id=sak, klient_id=uuid4(), tekst="For sent.")
    assert (svar["ok"], svar["kode"]) == (False, "stengt")


UGYLDIG: list[tuple[str, Any]] = [
    ("abonner", {}),
    ("abonner", {"id": "tull"}),
    ("abonner", {"id": str(UUID(int=1)), "etter": "1"}),
    ("abonner", {"id": str(UUID(int=1)), "etter": -1}),
    ("abonner", {"id": str(UUID(int=1)), "etter": 2**31}),
    ("abonner", {"id": str(UUID(int=1)), "etter": 1.5}),
    ("abonner", {"id": str(UUID(int=1)), "ukjent": True}),
    ("abonner", []),
    ("abonner", "tekst"),
    ("abonner", None),
    ("meld", {"klient_id": str(UUID(int=1)), "tekst": "Hei."}),
    ("meld", {"id": str(UUID(int=1)), "tekst": "Hei."}),
    ("meld", {"id": str(UUID(int=1)), "klient_id": str(UUID(int=1))}),
    ("meld", {"id": str(UUID(int=1)), "klient_id": str(UUID(int=1)), "tekst": " \n "}),
    ("meld", {"id": str(UUID(int=1)), "klient_id": str(UUID(int=1)), "tekst": "a\x00b"}),
    ("meld", {"id": str(UUID(int=1)), "klient_id": str(UUID(int=1)), "tekst": "å" * 8193}),
    ("meld", {"id": str(UUID(int=1)), "klient_id": str(UUID(int=1)), "tekst": ["Hei."]}),
    ("meld", {"id": str(UUID(int=1)), "klient_id": str(UUID(int=1)), "tekst": "Hei.", "vedlegg": []}),
    ("mottatt", {"id": str(UUID(int=1))}),
    ("mottatt", {"id": str(UUID(int=1)), "sekvens": "1"}),
    ("les", {"id": str(UUID(int=1)), "sekvens": -1}),
    ("les", {"id": str(UUID(int=1)), "sekvens": 1, "lest": 5}),
    ("forlat", {"id": 7}),
]


@pytest.mark.parametrize(("hendelse", "data"), UGYLDIG, ids=lambda v: str(v)[:60])
def test_ugyldig_innhold_er_et_klart_svar(
    hendelse: str, data: Any, scene: Scene, linje: Linje, opptak: Opptak
) -> None:
    lege = linje(scene.lege)
    with uten_spor(opptak):
        svar = lege.emit(f"henvendelse.{hendelse}", data, callback=True)
    assert (svar["ok"], svar["kode"]) == (False, "ugyldig"), svar
    assert svar["felter"] and svar["melding"].endswith(".")
    assert lege.is_connected()


def test_kvitteringer_naar_de_andre(scene: Scene, linje: Linje) -> None:
    sak = scene.send()
    lege, spesialist = linje(scene.lege), linje(scene.spesialist)
    for s in (lege, spesialist):
        kall(s, "abonner", id=sak, etter=1)
    lege.get_received()
    assert kall(spesialist, "mottatt", id=sak, sekvens=1) == {"ok": True}
    assert kall(spesialist, "les", id=sak, sekvens=1) == {"ok": True}
    assert kall(spesialist, "les", id=sak, sekvens=1) == {"ok": True}
    steg = [(k["person_id"], k["side"], k["mottatt"], k["lest"]) for k in hoert(lege, "kvittering")]
    assert steg == [
        (str(scene.spesialist.person_id), "mottaker", 1, 0),
        (str(scene.spesialist.person_id), "mottaker", 1, 1),
    ]


def test_skriver_naar_de_andre_og_ikke_en_selv(scene: Scene, linje: Linje, opptak: Opptak) -> None:
    sak = scene.send()
    lege, spesialist = linje(scene.lege), linje(scene.spesialist)
    for s in (lege, spesialist):
        kall(s, "abonner", id=sak, etter=1)
        s.get_received()
    with uten_spor(opptak):
        spesialist.emit("henvendelse.skriver", {"id": str(sak)})
    (hint,) = hoert(lege, "skriver")
    assert (hint["henvendelse_id"], hint["navn"]) == (str(sak), "Siri Spesialist")
    assert hoert(spesialist, "skriver") == []


def test_koen_hoeres_av_dem_den_gjelder(scene: Scene, linje: Linje) -> None:
    hoerer = {
        n: linje(getattr(scene, n))
        for n in ("spesialist", "vaktleder", "kirurg", "fremmed_vaktleder", "lege")
    }
    scene.send()
    noekkel = f"{scene.hf.id}:indremedisin"
    fikk = {navn: hoert(s, "koe") for navn, s in hoerer.items()}
    for navn in ("spesialist", "vaktleder"):
        assert [(k["noekkel"], k["versjon"]) for k in fikk[navn]] == [(noekkel, 1)], navn
    for navn in ("kirurg", "fremmed_vaktleder", "lege"):
        assert fikk[navn] == [], navn


def test_mistet_tilgang_kaster_ut_av_rommet_straks(scene: Scene, linje: Linje) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    mistet, beholdt = linje(scene.spesialist2), linje(scene.lege)
    for s in (mistet, beholdt):
        kall(s, "abonner", id=sak, etter=2)
        s.get_received()
    flyt.videresend(scene.spesialist, sak, scene.annet_hf.id, "indremedisin", "Deres.")
    varsler = [(v["type"], v["henvendelse_id"]) for v in hoert(mistet, "varsel")]
    assert ("tilgang_mistet", str(sak)) in varsler
    beholdt.get_received()
    send_melding(scene.lege, sak, uuid4(), "Hva nå?")
    assert hoert(mistet, "hendelse") == []
    assert [h["tekst"] for h in hoert(beholdt, "hendelse")] == ["Hva nå?"]
    assert kall(mistet, "abonner", id=sak, etter=0)["kode"] == "ikke_funnet"


def test_tikket_sender_hver_sine_hoder(scene: Scene, linje: Linje) -> None:
    sak, annen = scene.send(), scene.send(fagomraade="kirurgi")
    spesialist, kirurg = linje(scene.spesialist), linje(scene.kirurg)
    kall(spesialist, "abonner", id=sak, etter=1)
    for s in (spesialist, kirurg):
        s.get_received()
    realtime.tikk_en_gang()
    (hode,) = hoert(spesialist, "hode")
    assert hode.pop("bjelle") == "0:"
    assert hode == {"henvendelse": {str(sak): 2}, "koe": {f"{scene.hf.id}:indremedisin": 1}}
    (hode,) = hoert(kirurg, "hode")
    assert hode.pop("bjelle") == "0:"
    assert hode == {"henvendelse": {}, "koe": {f"{scene.hf.id}:kirurgi": 1}}
    assert str(annen) not in str(hode)


def test_for_mange_meldinger_paa_en_gang(
    scene: Scene, linje: Linje, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.identitet.sockets.UTBRUDD", 3.0)
    monkeypatch.setattr("portal.identitet.sockets.FART", 0.0)
    sak = scene.send()
    lege = linje(scene.lege)
    koder = [kall(lege, "meld", id=sak, klient_id=uuid4(), tekst="Hei.").get("kode") for _ in range(5)]
    assert koder == [None, None, None, "for_mange", "for_mange"]
    assert [h.type for h in logg_over(sak)] == ["sendt", "eskalert", *["melding"] * 3]
