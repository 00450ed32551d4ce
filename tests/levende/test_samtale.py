"""The conversation over real sockets: whatever is lost, doubled or late, everybody ends with the same log."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.henvendelser.models import Hendelse, HenvendelseHode, Kvittering
from portal.henvendelser.schemas import hendelse_ut
from tests.levende.conftest import Folk
from tests.levende.klient import Avvist, Leser, Person, Sokkel, kjoer, vent, vent_svar
from tests.levende.tjener import Hus, Tjener

BEGGE_SIDER = ("sykehjemslege", "sykepleier", "spesialist", "spesialist_hjerte", "vaktleder")


def lagret(hus: Hus, sak: str) -> list[dict[str, Any]]:
    """The log as the database has it, as the protocol writes it; gapless, and the counter at its end."""
    rader = hus.rader(
        sa.select(Hendelse.__table__).where(Hendelse.henvendelse_id == UUID(sak)).order_by(Hendelse.sekvens)
    )
    assert [r.sekvens for r in rader] == list(range(1, len(rader) + 1))
    hode = hus.verdi(sa.select(HenvendelseHode.sekvens).where(HenvendelseHode.henvendelse_id == UUID(sak)))
    assert hode == len(rader)
    return [hendelse_ut(dict(r._mapping)) for r in rader]


def meldinger(logg: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(h["klient_id"], h["tekst"]) for h in logg if h["type"] == "melding"]


def _kommet_til(leser: Leser, nr: int) -> bool:
    return leser.nr == nr


def _koer(sokkel: Sokkel) -> set[str]:
    """The queues that a socket has been told of."""
    return {k["noekkel"] for k in sokkel.mottatt("koe")}


@pytest.fixture
def vindu(sak: str, folk: Folk) -> Iterator[Callable[[str], Sokkel]]:
    """Opens sockets that follow the case, and closes them."""
    aapne: list[Sokkel] = []

    def aapne_vindu(hvem: str) -> Sokkel:
        aapne.append(folk(hvem).sokkel())
        aapne[-1].abonner(sak)
        return aapne[-1]

    yield aapne_vindu
    for s in aapne:
        s.lukk()


def test_en_melding_er_lagret_foer_svaret_og_kommer_til_alle(
    hus: Hus, sak: str, vindu: Callable[[str], Sokkel]
) -> None:
    vinduer = [vindu(hvem) for hvem in BEGGE_SIDER]
    svar = vinduer[0].meld(sak, "Blodtrykk 128/70, æøå č đ ŋ 🫀")
    (rad,) = [h for h in lagret(hus, sak) if h["type"] == "melding"]
    assert (svar["ok"], svar["sekvens"], svar["tidspunkt"]) == (True, rad["sekvens"], rad["tidspunkt"])
    vent(lambda: all(s.mottatt("hendelse") for s in vinduer), "meldingen hos alle", *vinduer)
    assert [s.mottatt("hendelse") for s in vinduer] == [[rad]] * len(vinduer)


def test_tapt_svar_og_ny_sending_gir_samme_nummer(
    hus: Hus, sak: str, folk: Folk, vindu: Callable[[str], Sokkel]
) -> None:
    avsender, leser = vindu("spesialist"), vindu("sykehjemslege")
    klient_id = str(uuid4())
    # The ack of the first is never looked at: for the sender it is lost.
    avsender.send("henvendelse.meld", {"id": sak, "klient_id": klient_id, "tekst": "Kalium?"})
    svar = [avsender.meld(sak, "Kalium?", klient_id) for _ in range(3)]
    over_http = folk("spesialist").skriv(sak, klient_id, "Kalium?")
    assert over_http.status == 200
    numre = {s["sekvens"] for s in svar} | {over_http.json["sekvens"]}
    tider = {s["tidspunkt"] for s in svar} | {over_http.json["tidspunkt"]}
    assert len(numre) == len(tider) == 1
    # The same UUID from another tab, after a reload of the page, and with another text.
    ny_fane = vindu("spesialist")
    assert ny_fane.meld(sak, "Kalium?", klient_id)["sekvens"] == svar[0]["sekvens"]
    annet = ny_fane.meld(sak, "Natrium?", klient_id)
    assert (annet["ok"], annet["kode"]) == (False, "konflikt") and annet["melding"]
    annet_http = folk("spesialist").skriv(sak, klient_id, "Natrium?")
    assert (annet_http.status, annet_http.json["kode"]) == (409, "konflikt")
    # The last word is a message more: when it is there, nothing else is under way.
    slutt = avsender.meld(sak, "Ferdig.")["sekvens"]
    vent(lambda: any(h["sekvens"] == slutt for h in leser.mottatt("hendelse")), "siste melding", leser)
    assert [h["tekst"] for h in leser.mottatt("hendelse")] == ["Kalium?", "Ferdig."]
    assert [t for _, t in meldinger(lagret(hus, sak))] == ["Kalium?", "Ferdig."]


def test_samme_uuid_er_per_avsender(hus: Hus, sak: str, vindu: Callable[[str], Sokkel]) -> None:
    klient_id = str(uuid4())
    en, annen = vindu("spesialist"), vindu("sykehjemslege")
    foerste, andre = en.meld(sak, "Fra sykehuset", klient_id), annen.meld(sak, "Fra kommunen", klient_id)
    assert foerste["ok"] and andre["ok"] and andre["sekvens"] == foerste["sekvens"] + 1


def test_samme_melding_mange_veier_paa_en_gang_lagres_en_gang(
    hus: Hus, sak: str, folk: Folk, vindu: Callable[[str], Sokkel]
) -> None:
    faner = [vindu("spesialist") for _ in range(4)]
    lege = folk("spesialist")
    for runde in range(5):
        klient_id, tekst = str(uuid4()), f"Runde {runde}"
        with ThreadPoolExecutor(4) as traader:
            over_http = [traader.submit(lege.skriv, sak, klient_id, tekst) for _ in range(4)]
            kropp = {"id": sak, "klient_id": klient_id, "tekst": tekst}
            over_sokkel = vent_svar(*[(f, f.send("henvendelse.meld", kropp)) for f in faner])
        svar = over_sokkel + [h.result().json for h in over_http]
        assert len({s["sekvens"] for s in svar}) == 1, svar
    assert len(meldinger(lagret(hus, sak))) == 5


def test_meldinger_paa_rad_beholder_rekkefoelgen(hus: Hus, sak: str, vindu: Callable[[str], Sokkel]) -> None:
    """One client's events are served in the order it sent them: 150 without waiting for an answer."""
    avsender, leser = vindu("spesialist"), vindu("sykehjemslege")
    numre = [
        avsender.send("henvendelse.meld", {"id": sak, "klient_id": str(uuid4()), "tekst": f"{n}"})
        for n in range(150)
    ]
    vent(lambda: len(avsender.svar) == 150, "150 svar", avsender, leser)
    sekvenser = [avsender.svar[n]["sekvens"] for n in numre]
    assert all(b == a + 1 for a, b in pairwise(sekvenser))
    vent(lambda: len(leser.mottatt("hendelse")) == 150, "150 meldinger", leser)
    assert [h["tekst"] for h in leser.mottatt("hendelse")] == [str(n) for n in range(150)]
    assert [t for _, t in meldinger(lagret(hus, sak))] == [str(n) for n in range(150)]


def test_last_paa_nytt_midt_i_sendingen(hus: Hus, sak: str, folk: Folk) -> None:
    """The page is gone before any answer. Whatever was stored is in the new page's log, and a resend adds only
    the rest."""
    lege = folk("spesialist")
    sendt = {str(uuid4()): f"Linje {n}" for n in range(20)}
    fane = lege.sokkel()
    for klient_id, tekst in sendt.items():
        fane.send("henvendelse.meld", {"id": sak, "klient_id": klient_id, "tekst": tekst})
    fane.slipp()
    ny = lege.sokkel()
    for klient_id, tekst in sendt.items():
        assert ny.meld(sak, tekst, klient_id)["ok"]
    svar = ny.abonner(sak, 0)
    assert svar["hendelser"] == lagret(hus, sak) and svar["hode"] == len(svar["hendelser"])
    assert Counter(meldinger(svar["hendelser"])) == Counter(sendt.items())
    ny.lukk()


def test_ny_tilkobling_henter_hullet_og_lang_logg_kommer_i_biter(
    hus: Hus, sak: str, folk: Folk, vindu: Callable[[str], Sokkel]
) -> None:
    leser = Leser(folk("sykehjemslege"), sak)
    kjoer([leser], lambda: leser.ferdig, "loggen")
    foer = leser.nr
    assert leser.sokkel is not None
    leser.sokkel.slipp()
    # More than one answer holds (500), from three windows at once.
    skrivere = [vindu(hvem) for hvem in ("spesialist", "spesialist_hjerte", "vaktleder")]
    for nummer in range(180):
        for s in skrivere:
            s.send("henvendelse.meld", {"id": sak, "klient_id": str(uuid4()), "tekst": f"Linje {nummer}"})
    vent(lambda: all(len(s.svar) == 180 for s in skrivere), "540 svar", *skrivere)
    assert all(s["ok"] for skriver in skrivere for s in skriver.svar.values())
    bit = folk("sykehjemslege").get(f"/api/v1/henvendelser/{sak}/hendelser?etter={foer}").json
    assert bit["mer"] is True and len(bit["hendelser"]) == 500 and bit["hode"] == foer + 540
    kjoer([leser], lambda: leser.ferdig and leser.nr == foer + 540, "hullet hentet")
    assert leser.logg == lagret(hus, sak) == folk("sykehjemslege").hendelser(sak)
    leser.sokkel.lukk()


def test_tapte_utsendinger_leges_av_hodet(
    hus: Hus, sak: str, folk: Folk, tikkende: Tjener, vindu: Callable[[str], Sokkel]
) -> None:
    """No event reaches this window, only every second head: it is up to date all the same."""
    hoder = iter(range(10**6))
    leser = Leser(
        folk("sykehjemslege").hos(tikkende),
        sak,
        lambda hva: hva == "hendelse" or (hva == "hode" and next(hoder) % 2 == 0),
    )
    kjoer([leser], lambda: leser.ferdig, "loggen")
    avsender = vindu("spesialist")
    for nummer in range(3):
        assert avsender.meld(sak, f"Melding {nummer}")["sekvens"] == leser.nr + 1
        til = len(leser.logg) + 1
        kjoer([leser], partial(_kommet_til, leser, til), f"melding {nummer} ved hodet")
    assert leser.logg == lagret(hus, sak)
    assert leser.sokkel is not None
    leser.sokkel.lukk()


@pytest.mark.parametrize("fro", [1, 2])
def test_flere_personer_paa_en_upaalitelig_linje_ender_med_samme_logg(
    hus: Hus, sak: str, folk: Folk, fro: int
) -> None:
    """Five people write at once; events and acks are lost, lines break, messages go by HTTP as well."""
    tilfeldig = random.Random(fro)
    lesere = [Leser(folk(hvem), sak, lambda _: tilfeldig.random() < 0.3) for hvem in BEGGE_SIDER]
    skrevet: dict[str, str] = {}
    for nummer in range(12):
        for leser in lesere:
            tekst = f"{leser.person.epost} {nummer}"
            skrevet[leser.skriv(tekst)] = tekst

    def uro() -> bool:
        leser = tilfeldig.choice(lesere)
        skjer = tilfeldig.random()
        if skjer < 0.04:
            leser.kobl()
        elif skjer < 0.1:
            leser.send_over_http()
        return all(le.ferdig for le in lesere)

    kjoer(lesere, uro, "alt sendt og hentet", 90)
    # The line is good again. One last message from each: whoever misses something now has a gap to fetch.
    for leser in lesere:
        leser.mister = lambda _: False
        tekst = f"{leser.person.epost} til slutt"
        skrevet[leser.skriv(tekst)] = tekst
    fasit: list[dict[str, Any]] = []

    def enige() -> bool:
        nonlocal fasit
        if not all(le.ferdig for le in lesere):
            return False
        fasit = lagret(hus, sak)
        return all(le.nr == len(fasit) for le in lesere)

    kjoer(lesere, enige, "alle à jour", 60)
    for leser in lesere:
        assert leser.logg == fasit
        for klient_id, sekvens in leser.bekreftet.items():
            assert fasit[sekvens - 1]["klient_id"] == klient_id
        egne = [t for t in skrevet.values() if t.startswith(leser.person.epost)]
        assert [t for _, t in meldinger(fasit) if t.startswith(leser.person.epost)] == egne
        assert leser.sokkel is not None
        leser.sokkel.lukk()
    assert Counter(meldinger(fasit)) == Counter(skrevet.items())


def test_kvitteringer_bare_vokser_og_gaar_aldri_forbi_hodet(
    hus: Hus, sak: str, vindu: Callable[[str], Sokkel]
) -> None:
    avsender, leser = vindu("spesialist"), vindu("sykehjemslege")
    siste = [avsender.meld(sak, f"{n}")["sekvens"] for n in range(3)][-1]

    def kvitt() -> dict[str, Any] | None:
        egne = [k for k in avsender.mottatt("kvittering") if k["navn"].startswith("Niillas")]
        return egne[-1] if egne else None

    def venter(mottatt: int, lest: int) -> None:
        vent(
            lambda: (k := kvitt()) and (k["mottatt"], k["lest"]) == (mottatt, lest),
            f"kvittering {mottatt}/{lest}",
            avsender,
        )

    assert leser.kall("henvendelse.mottatt", {"id": sak, "sekvens": siste}) == {"ok": True}
    venter(siste, 0)
    assert leser.kall("henvendelse.les", {"id": sak, "sekvens": siste - 1}) == {"ok": True}
    venter(siste, siste - 1)
    # Late ones, and one past the end of the log.
    assert leser.kall("henvendelse.les", {"id": sak, "sekvens": 1}) == {"ok": True}
    assert leser.kall("henvendelse.mottatt", {"id": sak, "sekvens": 1}) == {"ok": True}
    assert leser.kall("henvendelse.les", {"id": sak, "sekvens": siste + 1000}) == {"ok": True}
    venter(siste, siste)
    rad = hus.rader(
        sa.select(Kvittering.mottatt, Kvittering.lest).where(
            Kvittering.henvendelse_id == UUID(sak), Kvittering.navn.startswith("Niillas")
        )
    )
    assert [tuple(r) for r in rad] == [(siste, siste)]
    assert leser.abonner(sak, siste)["kvitteringer"] == avsender.abonner(sak, siste)["kvitteringer"]


def test_skriver_naar_de_andre_i_saken_og_ingen_utenfor(
    sak: str, folk: Folk, finnmark: UUID, vindu: Callable[[str], Sokkel]
) -> None:
    en, annen = vindu("spesialist"), vindu("sykehjemslege")
    utenfor = folk("spesialist_hjerte").sokkel()
    en.send("henvendelse.skriver", {"id": sak}, ack=False)
    (hvem,) = vent(lambda: annen.mottatt("skriver"), "skriver", annen)
    assert hvem["henvendelse_id"] == sak and hvem["navn"] == "Ánte Ŧávvon"
    # A round trip on each: what was under way to them has come.
    en.meld(sak, "Hei")
    assert utenfor.kall("henvendelse.forlat", {"id": sak}) == {"ok": True}
    assert not en.mottatt("skriver") and not utenfor.mottatt("skriver") and not utenfor.mottatt("hendelse")
    # Who has left the case hears nothing more of it, and cannot say that she writes there.
    assert annen.kall("henvendelse.forlat", {"id": sak}) == {"ok": True}
    annen.send("henvendelse.skriver", {"id": sak}, ack=False)
    foer = len(annen.mottatt("hendelse"))
    en.meld(sak, "Er du der?")
    assert annen.kall("henvendelse.forlat", {"id": sak}) == {"ok": True}
    assert len(annen.mottatt("hendelse")) == foer and not en.mottatt("skriver")
    utenfor.lukk()


def test_koeen_og_listene_faar_vite_det(folk: Folk, finnmark: UUID) -> None:
    """A new request moves the version of exactly its queue, at the specialists who answer for it."""
    i_koe, vaktleder = folk("spesialist").sokkel(), folk("vaktleder").sokkel()
    annet_fag, annet_sykehus = folk("spesialist_kirurgi").sokkel(), folk("spesialist_stavanger").sokkel()
    kollega = folk("sykepleier").sokkel()
    alle = (i_koe, vaktleder, annet_fag, annet_sykehus, kollega)
    sak = folk("sykehjemslege").send_henvendelse(finnmark)
    noekkel = f"{finnmark}:indremedisin"
    vent(lambda: all(noekkel in _koer(s) for s in (i_koe, vaktleder)), "køen", *alle)
    vent(
        lambda: any(
            v["type"] == "sak_endret" and sak in v["henvendelser"] for v in kollega.mottatt("varsel")
        ),
        "kollegaens liste",
        *alle,
    )
    foer = i_koe.mottatt("koe")[-1]["versjon"]
    assert folk("spesialist").gjoer(sak, "aksepter").status == 200
    vent(lambda: i_koe.mottatt("koe")[-1]["versjon"] > foer, "køen igjen", *alle)
    for s in (annet_fag, annet_sykehus):
        assert s.kall("henvendelse.forlat", {"id": sak}) == {"ok": True}
        assert not s.hendelser, s.hendelser
    for s in alle:
        s.lukk()


def test_bare_innloggede_slippes_inn(tjener: Tjener, folk: Folk) -> None:
    for kapsler in ({}, {"portal": "tull"}, {**folk("spesialist").kapsler, "portal": "tull"}):
        with pytest.raises(Avvist):
            Person(tjener, "ingen", kapsler).sokkel()
