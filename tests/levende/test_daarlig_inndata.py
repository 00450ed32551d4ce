"""Whatever a client sends: a clear answer, nothing stored, no traceback, the process alive and its memory flat."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.henvendelser.models import (
    Deltaker,
    Hendelse,
    Henvendelse,
    HenvendelseHode,
    Kvittering,
    News2Maaling,
    Opplysninger,
)
from tests.levende.conftest import Folk
from tests.levende.klient import Person, Sokkel
from tests.levende.tjener import Hus, Tjener

#: Invented, with right control digits; the month +80 marks a synthetic one.
SYNTETISK = "11 81 70 10026"
IDER = {"id": "{sak}", "klient_id": "6d2b9a0e-0000-4000-8000-000000000001"}
MELDING = {**IDER, "tekst": "Hei"}
STOR = "x" * (16 * 1024 + 1)
MELD = "henvendelse.meld"
ABONNER = "henvendelse.abonner"
LES = "henvendelse.les"
MOTTATT = "henvendelse.mottatt"
FORLAT = "henvendelse.forlat"

#: Event, body ({sak}, {annen} and {ukjent} stand for ids) and the kode of the refusal.
DAARLIGE: list[tuple[str, Any, str]] = [
    # what is missing or of another type
    (MELD, {}, "ugyldig"),
    (MELD, {**IDER}, "ugyldig"),
    (MELD, {**MELDING, "tekst": None}, "ugyldig"),
    (MELD, {**MELDING, "tekst": ""}, "ugyldig"),
    (MELD, {**MELDING, "tekst": " \n\t "}, "ugyldig"),
    (MELD, {**MELDING, "tekst": 7}, "ugyldig"),
    (MELD, {**MELDING, "tekst": ["Hei"]}, "ugyldig"),
    (MELD, {**MELDING, "tekst": {"a": "Hei"}}, "ugyldig"),
    (MELD, {**MELDING, "tekst": "Hei\u0000"}, "ugyldig"),
    (MELD, {**MELDING, "tekst": "Hei\u001b[31m"}, "ugyldig"),
    (MELD, {**MELDING, "tekst": STOR}, "ugyldig"),
    (MELD, {**MELDING, "tekst": "å" * (8 * 1024 + 1)}, "ugyldig"),
    (MELD, {**MELDING, "klient_id": "1"}, "ugyldig"),
    (MELD, {**MELDING, "klient_id": 1}, "ugyldig"),
    (MELD, {**MELDING, "klient_id": None}, "ugyldig"),
    (MELD, {**MELDING, "id": "../../etc/passwd"}, "ugyldig"),
    (MELD, {**MELDING, "id": {"$ne": None}}, "ugyldig"),
    (MELD, {**MELDING, "id": ["{sak}"]}, "ugyldig"),
    (MELD, {**MELDING, "ikke_fnr": "kanskje"}, "ugyldig"),
    (ABONNER, {}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": -1}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": "0"}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": 1.5}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": True}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": None}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": 2**63}, "ugyldig"),
    (LES, {"id": "{sak}"}, "ugyldig"),
    (LES, {"id": "{sak}", "sekvens": -1}, "ugyldig"),
    (LES, {"id": "{sak}", "sekvens": "1; DROP TABLE hendelse"}, "ugyldig"),
    (MOTTATT, {"id": "{sak}", "sekvens": 2**40}, "ugyldig"),
    (MOTTATT, {"id": 5, "sekvens": 1}, "ugyldig"),
    (FORLAT, {"id": None}, "ugyldig"),
    # fields that are not in the protocol
    (MELD, {**MELDING, "avsender_id": "{ukjent}"}, "ugyldig"),
    (MELD, {**MELDING, "sekvens": 1}, "ugyldig"),
    (MELD, {**MELDING, "type": "akseptert"}, "ugyldig"),
    (ABONNER, {"id": "{sak}", "etter": 0, "rom": "koe"}, "ugyldig"),
    (LES, {"id": "{sak}", "sekvens": 1, "person_id": "{ukjent}"}, "ugyldig"),
    # somebody else's case, and one that is not
    *(
        (hendelse, {**kropp, "id": id_}, "ikke_funnet")
        for id_ in ("{annen}", "{ukjent}")
        for hendelse, kropp in (
            (MELD, MELDING),
            (ABONNER, {"etter": 0}),
            (LES, {"sekvens": 1}),
            (MOTTATT, {"sekvens": 1}),
        )
    ),
    # an identity number
    (MELD, {**MELDING, "tekst": f"Gjelder {SYNTETISK}."}, "personnummer"),
    # not events of ours
    ("henvendelse.slett", {"id": "{sak}"}, "ukjent_hendelse"),
    ("hendelse", {"henvendelse_id": "{sak}", "tekst": "Hei"}, "ukjent_hendelse"),
    (MELD, "Hei", "ugyldig"),
    (MELD, ["Hei"], "ugyldig"),
    (MELD, None, "ugyldig"),
]

TABELLER = (Henvendelse, HenvendelseHode, Hendelse, Deltaker, Kvittering, Opplysninger, News2Maaling)


@pytest.fixture
def annen_sak(folk: Folk, hus: Hus, stavanger: UUID) -> str:
    """A case between two other organisations."""
    return folk("lege_stavanger").send_henvendelse(stavanger)


@pytest.fixture
def vindu(sak: str, folk: Folk) -> Iterator[Sokkel]:
    vindu = folk("sykehjemslege").sokkel()
    vindu.abonner(sak)
    yield vindu
    vindu.lukk()


@pytest.fixture
def uroert(hus: Hus, sak: str, annen_sak: str, vindu: Sokkel) -> Iterator[None]:
    """Everything that is stored of every case is as it was, and everybody still hears of the case."""

    def alt() -> list[Any]:
        # When a window last looked is not stored of the case: listening again moves it.
        return [
            sorted(
                map(
                    repr,
                    hus.rader(
                        sa.select(*(k for k in t.__table__.c if k is not Kvittering.__table__.c.tidspunkt))
                    ),
                )
            )
            for t in TABELLER
        ]

    foer = alt()
    yield
    assert alt() == foer


def fyll(verdi: Any, sak: str, annen: str) -> Any:
    """The body with the ids in place of their names."""
    tekst = json.dumps(verdi)
    for navn, id_ in (("sak", sak), ("annen", annen), ("ukjent", str(uuid4()))):
        tekst = tekst.replace(f"{{{navn}}}", id_)
    return json.loads(tekst)


@pytest.mark.usefixtures("uroert")
def test_hver_daarlig_hendelse_faar_et_klart_svar(
    sak: str, annen_sak: str, folk: Folk, vindu: Sokkel
) -> None:
    for hendelse, kropp, kode in DAARLIGE:
        svar = vindu.kall(hendelse, fyll(kropp, sak, annen_sak))
        beskrivelse = f"{hendelse} {str(kropp)[:200]} → {svar}"
        assert (svar["ok"], svar["kode"]) == (False, kode), beskrivelse
        assert isinstance(svar["melding"], str) and len(svar["melding"]) > 10, beskrivelse
        assert "hendelser" not in svar and "hode" not in svar
    # The socket is as good as before, and typing nonsense is not answered at all.
    for kropp in ({}, {"id": annen_sak}, {"id": "x"}, {"id": sak, "navn": "En annen"}):
        vindu.send("henvendelse.skriver", kropp, ack=False)
    assert vindu.abonner(sak)["ok"]


@pytest.mark.usefixtures("uroert")
def test_identitetsnummer_stopper_med_stedet_merket(sak: str, vindu: Sokkel) -> None:
    """The place is counted in code points, also after signs outside the basic plane."""
    tekst = f"🫀🫀 Kalium 4,1. Pasienten {SYNTETISK} er klar."
    svar = vindu.meld(sak, tekst)
    assert svar["kode"] == "personnummer"
    assert [tekst[start:slutt] for start, slutt in svar["treff"]] == [SYNTETISK]


def test_det_er_ikke_et_foedselsnummer(hus: Hus, sak: str, vindu: Sokkel) -> None:
    klient_id = str(uuid4())
    kropp = {"id": sak, "klient_id": klient_id, "tekst": f"Ordre {SYNTETISK}"}
    assert vindu.kall(MELD, kropp)["kode"] == "personnummer"
    svar = vindu.kall(MELD, {**kropp, "ikke_fnr": True})
    assert svar["ok"] and vindu.kall(MELD, {**kropp, "ikke_fnr": True})["sekvens"] == svar["sekvens"]


@pytest.mark.usefixtures("uroert")
def test_tilfeldig_soeppel(sak: str, annen_sak: str, folk: Folk, vindu: Sokkel) -> None:
    """A thousand well-formed bodies of nonsense: each is answered, and in order."""
    tilfeldig = random.Random(4)
    tall: list[Any] = [None, True, -1, 2**70, 1e300]
    biter = [*tall, "", "Hei", "\u0000", sak, annen_sak, [], [[1]], {}, {"a": {}}]
    felter = ["id", "klient_id", "tekst", "etter", "sekvens", "ikke_fnr", "__proto__", "æøå", ""]
    hendelser = [ABONNER, LES, MOTTATT, FORLAT, MELD]
    gyldig = {ABONNER: {"id", "etter"}, FORLAT: {"id"}}
    for _ in range(10):
        egen = folk("sykehjemslege").sokkel()
        for _ in range(100):
            hendelse = tilfeldig.choice(hendelser)
            kropp = {f: tilfeldig.choice(biter) for f in tilfeldig.sample(felter, tilfeldig.randrange(1, 5))}
            if kropp.get("id") in (sak, annen_sak) and kropp.keys() <= gyldig.get(hendelse, set()):
                continue
            svar = egen.kall(hendelse, kropp)
            assert svar["ok"] is False and svar["kode"] in ("ugyldig", "for_mange"), (hendelse, kropp, svar)
        egen.lukk()


def test_avsluttet_sak_og_gammel_side(hus: Hus, sak: str, folk: Folk, vindu: Sokkel) -> None:
    """A page that stood open while the case was closed: told so, and what was sent before is still acknowledged."""
    spesialist, lege = folk("spesialist"), folk("sykehjemslege")
    klient_id = str(uuid4())
    foer = vindu.meld(sak, "Takk!", klient_id)
    assert spesialist.gjoer(sak, "besvar", raad="behandles_i_kommunen", tekst="Øk dosen.").status == 200
    assert lege.gjoer(sak, "lukk", utfall="behandles_i_kommunen").status == 200
    svar = vindu.meld(sak, "Én ting til")
    assert (svar["ok"], svar["kode"]) == (False, "stengt") and svar["melding"]
    assert lege.skriv(sak, str(uuid4()), "Én ting til").status == 409
    assert vindu.meld(sak, "Takk!", klient_id) == foer
    for handling, kropp in (
        ("aksepter", {}),
        ("besvar", {"raad": "innleggelse", "tekst": "Legg inn."}),
        ("gi-tilbake", {"begrunnelse": "Nei."}),
    ):
        svar_http = spesialist.gjoer(sak, handling, **kropp)
        assert svar_http.status == 409 and svar_http.json["melding"], (handling, svar_http.tekst)
    assert lege.gjoer(sak, "trekk").status == 409
    typer = hus.rader(
        sa.select(Hendelse.type).where(Hendelse.henvendelse_id == UUID(sak)).order_by(Hendelse.sekvens)
    )
    assert [t.type for t in typer] == ["sendt", "eskalert", "akseptert", "melding", "besvart", "lukket"]


@pytest.mark.usefixtures("uroert")
def test_daarlig_http(tjener: Tjener, sak: str, annen_sak: str, folk: Folk) -> None:
    lege = folk("sykehjemslege")
    meldinger, hendelser = f"/api/v1/henvendelser/{sak}/meldinger", f"/api/v1/henvendelser/{sak}/hendelser"
    melding = {"klient_id": str(uuid4()), "tekst": "Hei"}
    utenfor = Person(tjener, "ingen")
    svar = [
        (lege.json(meldinger, b"{"), 400),
        (lege.json(meldinger, b"[]"), 422),
        (lege.json(meldinger, b'"Hei"'), 422),
        (lege.json(meldinger, {}), 422),
        (lege.json(meldinger, {**melding, "sekvens": 1}), 422),
        (lege.json(meldinger, {**melding, "tekst": STOR}), 422),
        (lege.json(meldinger, {**melding, "tekst": "x" * 300_000}), 413),
        (lege.json(meldinger, {**melding, "tekst": SYNTETISK}), 422),
        (lege.json(meldinger, b"\xff\xfe"), 422),
        (lege.json(f"/api/v1/henvendelser/{annen_sak}/meldinger", melding), 404),
        (lege.json(f"/api/v1/henvendelser/{uuid4()}/meldinger", melding), 404),
        (lege.json("/api/v1/henvendelser/1/meldinger", melding), 404),
        (lege.be("POST", meldinger, json.dumps(melding).encode(), {"Content-Type": "application/json"}), 403),
        (utenfor.be("POST", meldinger, b"{}", {"Content-Type": "application/json"}), 401),
        (lege.get(f"{hendelser}?etter=-1"), 422),
        (lege.get(f"{hendelser}?etter=x"), 422),
        (lege.get(f"{hendelser}?foer=1"), 422),
        (lege.get(f"/api/v1/henvendelser/{annen_sak}/hendelser"), 404),
        (utenfor.get(hendelser), 401),
        (lege.json(f"/api/v1/henvendelser/{sak}/aksepter", {}), 403),
        (lege.json(f"/api/v1/henvendelser/{sak}/besvar", {"raad": "innleggelse", "tekst": "Nei"}), 403),
        (lege.json("/api/v1/henvendelser", {"klient_id": str(uuid4())}), 422),
        (lege.be("DELETE", f"/api/v1/henvendelser/{sak}"), 405),
    ]
    for nummer, (s, status) in enumerate(svar):
        assert s.status == status, (nummer, s.status, s.tekst)
        assert s.hoder["Content-Type"].startswith("application/problem+json"), nummer
        assert s.json["kode"] and len(s.json["melding"]) > 10, nummer


@pytest.mark.usefixtures("uroert")
def test_protokollbrudd_lukker_linja_og_bare_den(folk: Folk, vindu: Sokkel, sak: str) -> None:
    for pakke in (
        "42[",
        '42["henvendelse.meld"',
        "42{}",
        "42[]",
        "42[7]",
        '42["connect",{}]',
        '42["disconnect","x"]',
        '42/annet,["henvendelse.meld",{}]',
        '451-["henvendelse.meld",{"_placeholder":true,"num":0}]',
        '42["henvendelse.meld",' + "[" * 5000 + "]" * 5000 + "]",
        '42["henvendelse.meld",{"tekst":"\\ud800"}]',
        "9",
        "b64",
        "4",
    ):
        egen = folk("sykehjemslege").sokkel()
        egen.tekst(pakke)
        egen.vent_lukket(f"lukket etter {pakke[:40]}")
    egen = folk("sykehjemslege").sokkel()
    for _ in range(30):
        if not egen.lukket:
            egen.send("tull", {})
            egen.pump()
    egen.vent_lukket("lukket etter mange ukjente hendelser")
    assert vindu.abonner(sak)["ok"]


@pytest.mark.usefixtures("uroert")
def test_minnet_er_flatt_og_ingenting_bufres(tjener: Tjener, folk: Folk, sak: str, vindu: Sokkel) -> None:
    """Frames past 64 KB are refused by their header; broken and half-sent ones leave nothing behind."""
    person = folk("sykehjemslege")

    def runde() -> None:
        for _ in range(6):
            # A header that promises 100 MB, and a little of it.
            egen = person.sokkel()
            egen.raa(bytes([0x81, 0xFF]) + (100 * 2**20).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 20000)
            egen.vent_lukket()
            assert egen.lukkekode == 1009
            # A message just under the limit, whose text is far over its own.
            egen = person.sokkel()
            svar = egen.meld(sak, "x" * 60_000)
            assert svar["kode"] == "ugyldig"
            for _ in range(20):
                assert egen.meld(sak, STOR)["ok"] is False
            # Half a frame, and gone.
            egen.raa(bytes([0x81, 0xFE]) + (60_000).to_bytes(2, "big") + b"\0\0\0\0" + b"x" * 1000)
            egen.slipp()

    # The first rounds fill caches and pools.
    for _ in range(3):
        runde()
    foer = tjener.rss
    for _ in range(12):
        runde()
    assert tjener.rss - foer < 10, f"{foer:.0f} MB ble {tjener.rss:.0f} MB"
    assert tjener.svarer() and vindu.abonner(sak)["ok"]
