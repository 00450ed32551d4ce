"""The ladder of a waiting case: who is told, who has seen it, what comes next, and whom to ring."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import lesing, service
from portal.henvendelser.eskalering.lesing import Stige
from portal.henvendelser.forloep import Status
from portal.henvendelser.journaltekst import lag_dokument, ordbok, som_tekst
from portal.henvendelser.service import flyt, innsending, journal
from portal.henvendelser.service.meldinger import send_melding
from portal.vakt.models import Nivaa, Vaktplan
from portal.varsler.models import Varsel
from portal.varsler.steps import kvitter_varsel
from tests.bygg import Scene, om
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

Som = Callable[[Aktor], FlaskClient]
STIGE = [("vakthavende", 0), ("bakvakt", 5), ("vaktleder", 10)]


@pytest.fixture
def vakt(scene: Scene) -> Scene:
    """The scene with a roster: vakthavende and bakvakt on call, nobody as vaktleder, and a policy of one climb."""
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, Nivaa.VAKTHAVENDE, now() - timedelta(hours=1))
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, now() - timedelta(hours=1))
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002", sms=False)
    lag_policy(scene.hf.id, "haster", STIGE)
    return scene


def stige(aktor: Aktor, sak: UUID, scene: Scene) -> Stige:
    funnet = lesing.hent_stige(aktor, scene.les(sak))
    assert funnet is not None
    return funnet


def fyr() -> None:
    service.kjoer_forfalte()


def vist(html: str) -> str:
    """The part of the page, as a person reads it."""
    bit = re.search(r'<section class="stige.*?</section>', html, re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bit[0])).split()) if bit else ""


def side(som: Som, aktor: Aktor, sak: UUID, hva: str = "") -> str:
    return som(aktor).get(f"/henvendelser/{sak}{hva}").text


# --- waiting to be taken ---------------------------------------------------------------------------------


def test_stigen_fra_foerste_trinn_til_den_er_tatt(vakt: Scene, som: Som) -> None:
    sak = vakt.send()
    s = stige(vakt.lege, sak, vakt)
    assert [(t.nivaa, t.navn, t.sett) for t in s.trinn] == [("vakthavende", "Siri Spesialist", None)]
    assert s.neste and (s.neste.nivaa, s.neste.navn) == ("bakvakt", vakt.spesialist2.navn)
    assert s.neste.forfaller - s.neste.fra == timedelta(minutes=5) and s.plass == 1

    tekst = vist(side(som, vakt.lege, sak))
    assert "Hvem er varslet" in tekst and "Vakthavende Siri Spesialist" in tekst and "Ikke sett ennå" in tekst
    assert (
        f"Neste: Bakvakt {vakt.spesialist2.navn}" in tekst
        and "Nummer 1 i køen til indremedisin, Sykehuset Testfjord" in tekst
    )
    with om(minutes=5, seconds=1):
        fyr()
        s = stige(vakt.lege, sak, vakt)
        assert [(t.nivaa, t.utfall) for t in s.trinn] == [("vakthavende", "varslet"), ("bakvakt", "varslet")]
        # The level after it has nobody; then the ladder is at its end.
        assert s.neste and s.neste.nivaa == "" and s.neste.tomme == ("vaktleder",)
        assert s.ring[:2] == ("900 00 002", "bakvakt")
        flyt.aksepter(vakt.spesialist2, sak)
        s = stige(vakt.lege, sak, vakt)
        assert not s.trinn and s.plass is None and s.slag == "svar"
        tekst = vist(side(som, vakt.lege, sak, "/status"))
        assert f"nå hos {vakt.spesialist2.navn}" in tekst and "Svarfrist" in tekst and "Neste" not in tekst


def test_resten_av_stigen_og_naar_den_tar_slutt(scene: Scene, som: Som) -> None:
    """The requester knows from the start who comes after the next one, how often, and when to stop waiting."""
    plan = lag_vaktplan(scene.hf.id)
    for aktor, nivaa in (
        (scene.spesialist, Nivaa.VAKTHAVENDE),
        (scene.spesialist2, Nivaa.BAKVAKT),
        (scene.vaktleder, Nivaa.VAKTLEDER),
    ):
        lag_vakt(plan, aktor, nivaa, now() - timedelta(hours=1))
    lag_policy(scene.hf.id, "haster", STIGE, gjentakelser=2, gjenta_etter=7)
    sak = scene.send()
    start = scene.les(sak).ventet_fra
    neste = stige(scene.lege, sak, scene).neste
    assert neste and neste.nivaa == "bakvakt" and neste.gjentas == 2
    assert [(t.nivaa, t.navn, t.tidspunkt - start) for t in neste.senere] == [
        ("vaktleder", scene.vaktleder.navn, timedelta(minutes=10))
    ]
    assert neste.ende == start + timedelta(minutes=3 * 17)
    tekst = vist(side(som, scene.lege, sak))
    assert f"Så: Vaktleder {scene.vaktleder.navn}" in tekst
    assert "Så varsles alle på nytt, inntil 2 ganger. Har ingen svart innen " in tekst
    assert "gir portalen opp og ber deg ringe" in tekst
    assert "ber portalen innmelderen ringe" in vist(side(som, scene.spesialist, sak))
    # What was foretold is what happens.
    for minutt in range(1, 52):
        with om(minutes=minutt, seconds=1):
            fyr()
    with om(minutes=51, seconds=2):
        s = stige(scene.lege, sak, scene)
        assert s.uttoemt and s.neste and s.neste.ende is None and s.neste.senere == ()
        assert "gir portalen opp" not in vist(side(som, scene.lege, sak))


def test_fristen_er_loeftet_og_ikke_neste_trinn(vakt: Scene, som: Som) -> None:
    """«Haster» promises 30 minutes; the ladder climbs after five, and says so in words of its own."""
    sak = vakt.send()
    funnet = vakt.les(sak)
    assert funnet.frist == funnet.ventet_fra + timedelta(minutes=30)
    with om(minutes=6):
        koe = som(vakt.spesialist).get("/koe").text
        assert f'data-frist="{funnet.frist.isoformat()}"' in koe and not vakt.les(sak).over_frist
        for aktor in (vakt.lege, vakt.spesialist):
            html = side(som, aktor, sak)
            assert f'class="frist" data-frist="{funnet.frist.isoformat()}"' in html
            assert html.count('data-frist-slag="steg"') == 1


def test_begge_sider_ser_den_samme(vakt: Scene, som: Som) -> None:
    sak = vakt.send()
    for aktor in (vakt.lege, vakt.kollega, vakt.spesialist, vakt.vaktleder):
        tekst = vist(side(som, aktor, sak))
        assert "Vakthavende Siri Spesialist" in tekst and "Neste: Bakvakt" in tekst, aktor.navn


def test_tomt_nivaa_hoppes_over_og_vises(scene: Scene, som: Som) -> None:
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT)
    sak = scene.send()
    s = stige(scene.lege, sak, scene)
    assert [(t.nivaa, t.utfall) for t in s.trinn] == [("vakthavende", "tomt"), ("bakvakt", "varslet")]
    html = side(som, scene.lege, sak)
    assert "Ingen på vakt – hoppet over" in vist(html)
    assert f"Ingen på vakt som vakthavende. Bakvakt {scene.spesialist2.navn} er varslet" in unescape(html)


def test_ingen_paa_vakt_er_en_roed_beskjed_med_nummer(scene: Scene, som: Som) -> None:
    _gi_nummer(scene, "78 00 00 00")
    sak = scene.send()
    s = stige(scene.lege, sak, scene)
    assert s.ingen and not s.uttoemt and s.ring.nummer == "78 00 00 00"
    html = side(som, scene.lege, sak)
    assert "Ingen har vakt her nå. Ikke vent på portalen: ring." in vist(html)
    assert 'href="tel:78000000"' in html[html.index("stige__alarm") :][:1500]
    assert "Innmelderen er bedt om å ringe." in vist(side(som, scene.vaktleder, sak))
    assert "Ingen har vakt nå. Ring." in som(scene.lege).get("/henvendelser/").text


@transactional
def _gi_nummer(scene: Scene, nummer: str) -> None:
    db.session.merge(scene.hf).telefon = nummer


def test_naar_stigen_er_uttoemt(vakt: Scene, som: Som) -> None:
    sak = vakt.send()
    for minutter in (5, 10, 20, 30, 40):
        with om(minutes=minutter, seconds=2):
            fyr()
    with om(minutes=41):
        s = stige(vakt.lege, sak, vakt)
        assert s.uttoemt and s.ring.nummer == "900 00 002"
        # Who was asked stands there still, and that the vaktledere are reminded.
        assert [t.nivaa for t in s.trinn if t.navn] == ["vakthavende", "bakvakt"]
        tekst = vist(side(som, vakt.lege, sak))
        assert "Ingen har svart. Ikke vent på portalen: ring. Ring bakvakt: 900 00 002" in tekst
        assert "Vaktlederne blir minnet på saken igjen" in tekst
        assert "Ingen har svart. Ring." in som(vakt.lege).get("/henvendelser/").text


def test_flere_runder_viser_den_siste(scene: Scene, som: Som) -> None:
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist)
    lag_policy(scene.hf.id, "haster", [("vakthavende", 0)], gjentakelser=3, gjenta_etter=10)
    sak = scene.send()
    with om(minutes=10, seconds=1):
        fyr()
        s = stige(scene.lege, sak, scene)
        assert len(s.trinn) == 1 and [len(r.trinn) for r in s.tidligere] == [1]
        assert s.neste and s.neste.igjen
        tekst = vist(side(som, scene.lege, sak))
        assert (
            "Runde 1 Vakthavende Siri Spesialist Varslet" in tekst
            and "Så varsles de på nytt. Først: Vakthavende" in tekst
        )


# --- who has seen it -------------------------------------------------------------------------------------


def test_sett_naar_saken_aapnes(vakt: Scene, som: Som) -> None:
    sak = vakt.send()
    with om(minutes=2):
        innsending.apne(vakt.spesialist, sak)
        s = stige(vakt.lege, sak, vakt)
        assert s.trinn[0].sett and s.trinn[0].sett - s.trinn[0].tidspunkt >= timedelta(minutes=2)
        assert "Sett" in vist(side(som, vakt.lege, sak)) and "Ikke sett ennå" not in vist(
            side(som, vakt.lege, sak)
        )


def test_sett_naar_varselet_kvitteres_hvor_som_helst(vakt: Scene) -> None:
    sak = vakt.send()
    annen = vakt.send()
    with om(minutes=1):
        _kvitter(vakt.spesialist, sak)
        s = stige(vakt.lege, sak, vakt)
        assert s.trinn[0].sett == now() or (
            s.trinn[0].sett and now() - s.trinn[0].sett < timedelta(seconds=5)
        )
        assert stige(vakt.lege, annen, vakt).trinn[0].sett is None
        assert lesing.saker_nettopp_kvittert(vakt.spesialist.person_id) == {sak}  # type: ignore[arg-type]
        assert lesing.saker_nettopp_kvittert(vakt.spesialist2.person_id) == set()  # type: ignore[arg-type]
    with om(minutes=5):
        assert lesing.saker_nettopp_kvittert(vakt.spesialist.person_id) == set()  # type: ignore[arg-type]


@pytest.mark.parametrize("kanal", ["portal", "push"])
def test_et_trykk_paa_varselet_er_ikke_sett(vakt: Scene, kanal: str) -> None:
    """A press in the bell or on a push leads to the case: it is the case, opened, that has been seen."""
    sak = vakt.send()
    with om(minutes=1):
        _kvitter(vakt.spesialist, sak, kanal)
        assert stige(vakt.lege, sak, vakt).trinn[0].sett is None
        innsending.apne(vakt.spesialist, sak)
        assert stige(vakt.lege, sak, vakt).trinn[0].sett is not None


@transactional
def _kvitter(aktor: Aktor, sak: UUID, kanal: str = "sms") -> None:
    varsel = db.session.scalars(
        sa.select(Varsel.id).where(
            Varsel.person_id == aktor.person_id, Varsel.gjelder == f"henvendelse:{sak}"
        )
    ).one()
    assert kvitter_varsel(varsel, kanal)


def test_en_kvittering_merkes_i_det_aapne_vinduet(
    vakt: Scene, som: Som, sokkel: Callable[[FlaskClient], SocketIOTestClient]
) -> None:
    """Whoever has the case open hears that somebody has acknowledged; who has not, hears nothing."""
    sak = vakt.send()
    lege, annen = sokkel(som(vakt.lege)), sokkel(som(vakt.spesialist2))
    assert lege.emit("henvendelse.abonner", {"id": str(sak), "etter": 0}, callback=True)["ok"]
    lege.get_received(), annen.get_received()
    _kvitter(vakt.spesialist, sak)
    ventet = {"type": "stige_endret", "henvendelse_id": str(sak)}
    assert [h["args"][0] for h in lege.get_received() if h["name"] == "varsel"] == [ventet]
    assert not [h for h in annen.get_received() if h["name"] == "varsel" and h["args"][0] == ventet]


# --- the queue -------------------------------------------------------------------------------------------


def test_plassen_i_koen_foelger_koens_orden(vakt: Scene) -> None:
    vanlig = vakt.send(hastegrad="vanlig")
    with om(minutes=1):
        haster = vakt.send()
        haster2 = vakt.send()
        akutt = vakt.send(vakt.annen_lege, hastegrad="akutt")
        vakt.send(fagomraade="kirurgi", hastegrad="akutt")
        vakt.send(mottaker_id=vakt.annet_hf.id, hastegrad="akutt")
    assert [stige(vakt.lege, s, vakt).plass for s in (akutt, haster, haster2, vanlig)] == [1, 2, 3, 4]
    flyt.aksepter(vakt.spesialist, akutt)
    assert [stige(vakt.lege, s, vakt).plass for s in (haster, haster2, vanlig)] == [1, 2, 3]


# --- accepted, and not answered --------------------------------------------------------------------------


def test_akseptert_og_glemt_har_sin_stige(vakt: Scene, som: Som) -> None:
    sak = vakt.sak(Status.AKSEPTERT)
    with om(hours=2, seconds=2):
        fyr()
        s = stige(vakt.lege, sak, vakt)
        assert s.slag == "svar" and [(t.nivaa, t.navn, t.sett) for t in s.trinn] == [
            ("ansvarlig", "Siri Spesialist", None)
        ]
        tekst = vist(side(som, vakt.lege, sak))
        assert "Svarfristen er ute: disse er varslet" in tekst and "Ansvarlig Siri Spesialist" in tekst
        assert f"Neste: Bakvakt {vakt.spesialist2.navn}" in tekst
        flyt.besvar(vakt.spesialist, sak, "behandles_i_kommunen", "Øk dosen.")
        assert lesing.hent_stige(vakt.lege, vakt.les(sak)) is None
        html = side(som, vakt.lege, sak, "/status")
        assert '<div data-bit="stige" hidden></div>' in html


def test_ubesvart_melding_har_sin_stige_til_den_er_besvart(vakt: Scene) -> None:
    sak = vakt.sak(Status.BESVART)
    send_melding(vakt.lege, sak, uuid4(), "Gjelder det også de over 80?")
    service.finn_ubesvarte()
    with om(hours=2, seconds=5):
        fyr()
        s = stige(vakt.lege, sak, vakt)
        assert s.slag == "melding" and [t.nivaa for t in s.trinn] == ["ansvarlig"]
    for minutter in (5, 10, 20, 30, 40):
        with om(hours=2, minutes=minutter, seconds=10):
            fyr()
    with om(hours=3):
        assert stige(vakt.lege, sak, vakt).uttoemt
        send_melding(vakt.spesialist, sak, uuid4(), "Ja.")
        assert lesing.hent_stige(vakt.lege, vakt.les(sak)) is None


def test_ny_svarfrist_viser_ikke_den_gamle_stigen(vakt: Scene) -> None:
    sak = vakt.sak(Status.AKSEPTERT)
    for minutter in (120, 126, 140, 150, 160):
        with om(minutes=minutter, seconds=5):
            fyr()
    with om(minutes=170):
        assert stige(vakt.lege, sak, vakt).uttoemt
        flyt.besvar(vakt.spesialist, sak, "behandles_i_kommunen", "Øk dosen.")
        flyt.be_om_mer(vakt.lege, sak, "Hvor mye?")
        s = stige(vakt.lege, sak, vakt)
        assert not s.uttoemt and not s.trinn


def test_den_som_har_saken_blir_ikke_bedt_om_aa_ringe_seg_selv(vakt: Scene, som: Som) -> None:
    """Nor is whoever was told last. Those beside them still get the number."""
    sak = vakt.send()
    with om(minutes=5, seconds=1):
        fyr()
        assert stige(vakt.spesialist2, sak, vakt).ring.nummer == ""
        assert stige(vakt.spesialist, sak, vakt).ring.nummer == "900 00 002"
        flyt.aksepter(vakt.spesialist2, sak)
        html = side(som, vakt.spesialist2, sak)
        assert '<div data-bit="stige" hidden></div>' in html and "Ring bakvakt" not in html
        assert "Hos " + vakt.spesialist2.navn in html
        for aktor in (vakt.lege, vakt.spesialist):
            assert "Ring bakvakt: 900 00 002" in vist(side(som, aktor, sak))
    # A message that she has not answered is news to her, and has its ladder.
    with om(minutes=10):
        send_melding(vakt.lege, sak, uuid4(), "Gjelder det også de over 80?")
        service.finn_ubesvarte()
    with om(hours=2, minutes=11):
        fyr()
        assert "disse er varslet" in vist(side(som, vakt.spesialist2, sak))


@pytest.mark.parametrize("status", [Status.LUKKET, Status.TRUKKET])
def test_en_ferdig_sak_har_ingen_stige(vakt: Scene, som: Som, status: Status) -> None:
    sak = vakt.sak(status)
    assert lesing.hent_stige(vakt.lege, vakt.les(sak)) is None
    assert vist(side(som, vakt.lege, sak)) == ""


def test_stigen_koster_faa_spoersmaal(vakt: Scene) -> None:
    """The page is fetched often: however many steps, four statements, and no more with history."""
    sak = vakt.send()
    for minutter in (5, 20):
        with om(minutes=minutter, seconds=1):
            fyr()
    funnet = vakt.les(sak)
    _ = funnet.mottaker.kortnavn, funnet.ansvarlig
    antall = []

    def tell(*_: object) -> None:
        antall.append(1)

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        lesing.hent_stige(vakt.lege, funnet, kvitteringer=[], nummer="")
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert len(antall) <= 4


# --- the log and the list --------------------------------------------------------------------------------


def test_lista_har_siste_trinn(vakt: Scene, som: Som) -> None:
    sak = vakt.send()
    assert "Vakthavende Siri Spesialist er varslet" in som(vakt.lege).get("/henvendelser/").text
    with om(minutes=5, seconds=1):
        fyr()
        tekst = som(vakt.lege).get("/henvendelser/").text
        assert f"Bakvakt {vakt.spesialist2.navn} er varslet" in tekst
        flyt.aksepter(vakt.spesialist, sak)
        assert "er varslet" not in som(vakt.lege).get("/henvendelser/").text


def test_trinnene_staar_i_journalen(vakt: Scene) -> None:
    sak = vakt.send()
    with om(minutes=5, seconds=1):
        fyr()
        dokument = lag_dokument(journal.eksporter(vakt.lege, sak, "tekst"), ordbok())
        tekst = som_tekst(dokument)
    assert "Varslet av portalen: Vakthavende Siri Spesialist" in tekst
    assert f"Varslet av portalen: Bakvakt {vakt.spesialist2.navn}" in tekst


# --- the vaktleder, who takes no case --------------------------------------------------------------------


def test_vaktlederen_faar_ikke_det_hun_ikke_kan(vakt: Scene, som: Som) -> None:
    """The queue shows the button and its keys to whoever may take the case; the notice says what a vaktleder can."""
    plan = db.session.scalars(sa.select(Vaktplan)).one()
    lag_vakt(plan, vakt.vaktleder, Nivaa.VAKTLEDER, now() - timedelta(hours=1))
    sak = vakt.send()
    koe = som(vakt.vaktleder).get("/koe").text
    assert f"koe-{sak}" in koe
    for borte in ("/aksepter", "data-tast=", "for å ta den øverste", "Ta saken", "koekort__tast"):
        assert borte not in koe, borte
    koe = som(vakt.spesialist).get("/koe").text
    assert f'action="/henvendelser/{sak}/aksepter"' in koe and 'data-tast="1"' in koe
    assert "for å ta den øverste" in koe and "Ta saken med det tallet i køen" in koe
    assert som(vakt.vaktleder).post(f"/henvendelser/{sak}/aksepter").status_code == 403
    with om(minutes=6):
        fyr()
    with om(minutes=16):
        fyr()
    tekster = set(
        db.session.scalars(
            sa.select(Varsel.tekst).where(
                Varsel.person_id == vakt.vaktleder.person_id, Varsel.gjelder == f"henvendelse:{sak}"
            )
        )
    )
    assert "Ingen har tatt saken. Få noen til å ta den, eller send den videre." in tekster
    assert not any("og ta den" in t for t in tekster)
