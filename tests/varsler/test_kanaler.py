"""Delivery on all four channels: each in its own time, each message once, and what nobody needs any more not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from portal.core import nett
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.sprak import _l
from portal.varsler import port, steps
from portal.varsler.models import Kanal, Utsending, Varsel, Varselvalg
from portal.varsler.service import levering
from portal.varsler.steps import Mottaker
from tests.bygg import Opptak, Scene, lagre
from tests.vakthjelp import lag_kanal
from tests.varsler.tjenere import ledig_port, oppsett, porten, posttjener, pushtjenesten

TITTEL = _l("Ny akutt henvendelse til %(fag)s fra %(hvem)s", fag="Geriatri", hvem="Eigersund")
GJELDER = "henvendelse:00000000-0000-0000-0000-000000000001"


def mottaker(aktor: Aktor, **felt: Any) -> Mottaker:
    assert aktor.person_id
    verdier: dict[str, Any] = {
        "person_id": aktor.person_id,
        "navn": aktor.navn,
        "epost": "siri@eksempel.example",
        "spraak": "nb",
        "organisasjon_id": aktor.organisasjon_id,
    }
    return Mottaker(**{**verdier, **felt})


@transactional
def varsle(til: Aktor, **felt: Any) -> Any:
    grunn: dict[str, Any] = {
        "noekkel": str(uuid4()),
        "kode": "henvendelse.ny",
        "tittel": TITTEL,
        "lenke": "/henvendelser/1",
        "hastegrad": "akutt",
        "gjelder": GJELDER,
    }
    return steps.varsle(mottaker(til), **{**grunn, **felt})


@transactional
def stopp(gjelder: str = GJELDER) -> int:
    return steps.stopp(gjelder)


def rader(kanal: str = "") -> list[Utsending]:
    db.session.rollback()
    db.session.expire_all()
    sporring = sa.select(Utsending).order_by(Utsending.opprettet, Utsending.kanal, Utsending.til)
    return [r for r in db.session.scalars(sporring) if not kanal or r.kanal == kanal]


def en(kanal: str) -> Utsending:
    (rad,) = rader(kanal)
    return rad


def tilstand(kanal: Kanal) -> levering.Kanaltilstand:
    db.session.rollback()
    return next(t for t in levering.tilstand() if t.kanal == kanal)


@pytest.fixture
def klokke(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime.now(UTC), tick=False) as reise:
        yield reise


# --- what is told, and how ---------------------------------------------------------------------------------


def test_alle_fire_kanaler_faar_det_samme_varselet_en_gang(scene: Scene) -> None:
    with posttjener() as post, porten() as telenett, pushtjenesten() as pushen:
        leser = pushen.abonner()
        lag_kanal(scene.spesialist, Kanal.PUSH, leser.endepunkt, data=leser.data)
        lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
        lag_kanal(scene.spesialist, Kanal.TALE, "+4790000011")
        varsel_id = varsle(scene.spesialist)
        assert levering.lever() == 4
        assert levering.lever() == 0
        tittel = "Ny akutt henvendelse til Geriatri fra Eigersund"
        (brev,) = post.mottatt
        assert brev["Subject"] == tittel
        assert "http://127.0.0.1:5000/kvitter/" in brev.get_content()
        (sms,) = telenett.meldinger("sms")
        assert sms == {
            "id": str(en("sms").id),
            "kanal": "sms",
            "til": "+4790000010",
            "tekst": f"{tittel}. http://127.0.0.1:5000/henvendelser/1 Svar 1 for å kvittere.",
            "spraak": "nb",
            "svar_url": "http://127.0.0.1:5000/varsler/svar",
        }
        (tale,) = telenett.meldinger("tale")
        assert tale["til"] == "+4790000011" and tale["tekst"].endswith("Trykk 1 for å kvittere.")
        (vist,) = pushen.til(leser)
        assert vist.pop("kvitter").startswith("http://127.0.0.1:5000/kvitter/")
        assert vist == {
            "id": str(varsel_id),
            "tittel": tittel,
            "tekst": "",
            "lenke": "/henvendelser/1",
            "hastegrad": "akutt",
        }
    # What was sent holds tokens, and is not kept.
    assert all(r.sendt and r.tekst == "" and r.forsoek == 1 for r in rader())


def test_samme_noekkel_og_samme_nummer_er_en_gang(scene: Scene) -> None:
    """The person's own number is also the vakttelefon, given twice and written otherwise: one text message."""
    lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
    telefoner = [(Kanal.SMS, "900 00 010"), (Kanal.SMS, "0047 90000010"), (Kanal.SMS, "+4790000012")]
    assert varsle(scene.spesialist, noekkel="en", telefoner=telefoner, bare={Kanal.SMS}) is not None
    assert varsle(scene.spesialist, noekkel="en", telefoner=telefoner, bare={Kanal.SMS}) is None
    assert sorted(r.til for r in rader()) == ["+4790000010", "+4790000012"]


def test_mange_paa_en_gang_hver_paa_sitt_spraak(scene: Scene, opptak: Opptak) -> None:
    assert scene.spesialist.person_id and scene.vaktleder.person_id
    lagre(Varselvalg(person_id=scene.vaktleder.person_id, hastegrad="akutt", kanaler=["sms"]))
    lag_kanal(scene.vaktleder, Kanal.SMS, "+4790000020")
    lag_kanal(scene.vaktleder, Kanal.SMS, "+4790000021", fjernet=now())

    @transactional
    def alle() -> dict[Any, Any]:
        return steps.varsle_alle(
            [
                mottaker(scene.spesialist, spraak="en"),
                mottaker(scene.vaktleder),
                mottaker(scene.vaktleder),
            ],
            noekkel="hull",
            kode="vakt.hull",
            tittel=_l("Logg inn"),
            hastegrad="akutt",
        )

    nye = alle()
    assert set(nye) == {scene.spesialist.person_id, scene.vaktleder.person_id}
    assert alle() == {}
    titler = {v.person_id: v.tittel for v in db.session.scalars(sa.select(Varsel))}
    assert titler == {scene.spesialist.person_id: "Log in", scene.vaktleder.person_id: "Logg inn"}
    assert sorted((r.kanal, r.til) for r in rader()) == [
        ("epost", "siri@eksempel.example"),
        ("sms", "+4790000020"),
    ]
    assert sorted(d["person_id"] for n, d in opptak.hendelser if n == "varsler.endret") == sorted(nye)


def test_feiler_brukstilfellet_gaar_ingenting_ut(scene: Scene, opptak: Opptak) -> None:
    @transactional
    def avbrutt() -> None:
        steps.varsle(mottaker(scene.spesialist), noekkel="x", kode="a.b", tittel="T")
        raise ValueError

    with pytest.raises(ValueError):
        avbrutt()
    assert rader() == [] and db.session.scalars(sa.select(Varsel)).all() == [] and opptak.hendelser == []
    with pytest.raises(RuntimeError):
        steps.varsle(mottaker(scene.spesialist), noekkel="x", kode="a.b", tittel="T")


# --- one channel does not hold up the others ---------------------------------------------------------------


def test_en_doed_posttjener_holder_ikke_igjen_sms(scene: Scene) -> None:
    for _ in range(3):
        varsle(scene.spesialist, telefoner=[(Kanal.SMS, "+4790000010")])
    with oppsett(smtp_url=f"smtp://127.0.0.1:{ledig_port()}"), porten() as telenett:
        assert levering.lever() == 3
        assert len(telenett.meldinger()) == 3
    assert [r.sendt for r in rader("epost")] == [None] * 3
    assert sorted(r.forsoek for r in rader("epost")) == [0, 0, 1]


def test_en_taus_port_holder_ikke_igjen_posten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the gateway takes requests and says nothing, the letters leave, also those that come meanwhile."""
    monkeypatch.setattr(nett, "FRIST", 3.0)
    varsle(scene.spesialist, telefoner=[(Kanal.SMS, "+4790000010")])
    with posttjener() as post, porten() as telenett:
        telenett.stille = True
        start = time.monotonic()
        traad = Thread(target=_i_app(levering.lever))
        traad.start()
        _vent_til(lambda: len(post.mottatt) == 1 and telenett.kall != [])
        varsle(scene.spesialist, noekkel="senere")
        _vent_til(lambda: len(post.mottatt) == 2)
        assert time.monotonic() - start < 2.9, "the gateway is still silent"
        traad.join(20)
        assert time.monotonic() - start < 8
    assert "Timeout" in en("sms").feil and en("sms").sendt is None and en("sms").oppgitt is None


def test_den_som_svarer_en_byte_om_gangen_faar_ikke_mer_enn_fristen(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nett, "FRIST", 1.0)
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")])
    with porten() as telenett:
        telenett.drypp = 0.1
        start = time.monotonic()
        assert levering.lever() == 0
        assert time.monotonic() - start < 3
    assert "Timeout" in en("sms").feil


def _i_app(gjoer: Any) -> Any:
    """For a thread of its own: in the app's context, with a session of its own."""
    from flask import current_app

    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def kjoer() -> None:
        with app.app_context():
            gjoer()

    return kjoer


def _vent_til(sant: Any) -> None:
    slutt = time.monotonic() + 10
    while not sant():
        assert time.monotonic() < slutt
        time.sleep(0.02)


# --- the gateway -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "oppgitt"),
    [
        (400, True),
        (422, True),
        (404, False),
        (401, False),
        (408, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_hva_portens_svar_betyr(scene: Scene, status: int, oppgitt: bool) -> None:
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010"), (Kanal.SMS, "+4790000011")])
    with porten() as telenett:
        telenett.svar["+4790000010"] = status
        levering.lever()
    foerste, andre = rader("sms")
    assert (foerste.oppgitt is not None, foerste.sendt) == (oppgitt, None)
    assert str(status) in foerste.feil
    # A message of its own kind stops no other; a gateway that is away may.
    assert andre.sendt is not None or status in (401, 404, 503)
    assert andre.oppgitt is None


def test_feil_noekkel_roeres_ikke_av_meldingen(scene: Scene) -> None:
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")])
    with porten() as telenett, oppsett(varselnoekkel="x" * 40):
        assert levering.lever() == 0
        assert en("sms").oppgitt is None and en("sms").feil.startswith("HTTP 401")
        assert telenett.kall[0].hoder["authorization"] == f"Bearer {'x' * 40}"


def test_porten_foelges_ikke_andre_steder(scene: Scene) -> None:
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")])
    with porten() as telenett:
        telenett.svar["/sms"] = 307
        telenett.hoder["Location"] = f"{telenett.adresse}/annet"
        assert levering.lever() == 0
        assert {k.sti for k in telenett.kall} == {"/sms"}


def test_uten_port_oppgis_det_med_en_forklaring(scene: Scene) -> None:
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010"), (Kanal.TALE, "+4790000010")])
    assert not port.er_satt_opp(Kanal.SMS) and not port.er_satt_opp(Kanal.TALE)
    assert port.er_satt_opp(Kanal.EPOST) and port.er_satt_opp(Kanal.PUSH)
    assert levering.lever() == 0
    assert {(r.kanal, r.feil) for r in rader()} == {
        ("sms", "Kanalen er ikke satt opp hos portalen lenger."),
        ("tale", "Kanalen er ikke satt opp hos portalen lenger."),
    }
    assert all(r.oppgitt and r.tekst for r in rader()), "it can be sent again when the gateway is there"
    with porten():
        assert port.er_satt_opp(Kanal.SMS) and port.er_satt_opp(Kanal.TALE)


def test_porten_er_nede_og_kommer_opp(scene: Scene, klokke: time_machine.Traveller) -> None:
    nett_port = ledig_port()
    for n in range(6):
        varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, f"+479000001{n}")])
    with oppsett(sms_url=f"http://127.0.0.1:{nett_port}/sms", varselnoekkel="x" * 40):
        assert levering.lever() == 0
    assert sum(r.forsoek for r in rader()) <= levering.SAMTIDIG[Kanal.SMS], "the others wait"
    assert "Connection" in tilstand(Kanal.SMS).siste_feil
    with porten(nett_port) as telenett:
        klokke.shift(5.1)
        assert levering.lever() == 6
    assert sorted(m["til"] for m in telenett.meldinger()) == [f"+479000001{n}" for n in range(6)]


@pytest.mark.parametrize(
    ("hastegrad", "pauser", "oppgis"),
    [
        ("akutt", [5, 10, 20, 40, 80, 160, 300], timedelta(hours=2)),
        ("haster", [15, 30, 60, 120], timedelta(hours=6)),
        (None, [30, 60, 120, 240], timedelta(days=1)),
    ],
)
def test_det_som_skal_vekke_proeves_oftere_og_oppgis_foer(
    scene: Scene, klokke: time_machine.Traveller, hastegrad: str | None, pauser: list[int], oppgis: timedelta
) -> None:
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")], hastegrad=hastegrad)
    ventet = []
    with porten() as telenett:
        telenett.svar["/sms"] = 500
        while (rad := en("sms")).oppgitt is None:
            klokke.move_to(max(rad.neste, now()))
            foer = now()
            assert levering.lever() == 0
            ventet.append(round((en("sms").neste - foer).total_seconds()))
        assert {k.data["id"] for k in telenett.kall} == {str(rad.id)}, "the same message each time"
    assert ventet[: len(pauser)] == pauser
    assert oppgis / 2 < rad.oppgitt - rad.opprettet <= oppgis
    assert rad.feil.startswith("HTTP 500") and rad.sendt is None
    assert tilstand(Kanal.SMS).oppgitt == 1


def test_det_som_kommer_for_sent_vekker_ingen(scene: Scene, klokke: time_machine.Traveller) -> None:
    """The worker stood still for three hours: what was to wake somebody then is given up, the letter is sent."""
    varsle(scene.spesialist, telefoner=[(Kanal.SMS, "+4790000010")])
    klokke.shift(3 * 3600)
    with posttjener() as post, porten() as telenett:
        assert levering.lever() == 1
        assert len(post.mottatt) == 1 and telenett.kall == []
    assert (
        en("sms").oppgitt
        and en("sms").feil == "Meldingen kom ikke fram i tide, og er til ingen nytte lenger."
    )


# --- stopped -----------------------------------------------------------------------------------------------


def test_det_som_er_stoppet_sendes_ikke(scene: Scene) -> None:
    varsle(scene.spesialist, telefoner=[(Kanal.SMS, "+4790000010"), (Kanal.TALE, "+4790000010")])
    assert stopp() == 1
    assert stopp() == 0
    with posttjener() as post, porten() as telenett:
        assert levering.lever() == 0
        assert post.mottatt == [] and telenett.kall == []
    assert all(r.stoppet and r.tekst == "" and r.oppgitt is None for r in rader())
    assert tilstand(Kanal.SMS).venter == 0


def test_stoppet_mellom_leie_og_sending(scene: Scene, klokke: time_machine.Traveller) -> None:
    """Accepted while the call is on its way: it may ring this once, and a failed one is not tried again."""
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")])
    with porten() as telenett:
        tatt = levering.ta_neste(Kanal.SMS)
        assert tatt is not None
        stopp()
        levering.noter_feil(tatt, "HTTP 500")
        klokke.shift(3600)
        assert levering.lever() == 0 and telenett.kall == []
    assert en("sms").stoppet and en("sms").oppgitt is None and en("sms").feil == ""
    levering.noter_sendt(tatt)
    assert en("sms").sendt is not None, "it did leave"


def test_ved_leien_spoerres_varselet_selv(scene: Scene) -> None:
    """A given-up message that is put back after its notice was stopped: the notice decides."""
    varsel_id = varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")])

    @transactional
    def stopp_varselet_alene() -> None:
        db.session.get_one(Varsel, varsel_id).stoppet = now()

    stopp_varselet_alene()
    with porten() as telenett:
        assert levering.lever() == 0 and telenett.kall == []
    assert en("sms").stoppet is not None


def test_en_fjernet_kanal_faar_ingenting(scene: Scene) -> None:
    kanal = lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
    varsle(scene.spesialist, bare={Kanal.SMS})

    @transactional
    def fjern() -> None:
        db.session.merge(kanal).fjernet = now()

    fjern()
    with porten() as telenett:
        assert levering.lever() == 0 and telenett.kall == []
    assert en("sms").stoppet is not None


def test_den_som_har_kvittert_faar_ikke_resten(scene: Scene) -> None:
    varsel_id = varsle(scene.spesialist, telefoner=[(Kanal.SMS, "+4790000010")])

    @transactional
    def sett() -> tuple[bool, bool]:
        return steps.kvitter_varsel(varsel_id, "portal"), steps.kvitter_varsel(varsel_id, Kanal.SMS)

    assert sett() == (True, False)
    assert all(r.stoppet and r.tekst == "" for r in rader())
    varsel = db.session.get_one(Varsel, varsel_id)
    assert (varsel.kvittert is not None, varsel.kvittert_kanal, varsel.lest) == (True, "portal", None)
    with posttjener() as post, porten() as telenett:
        assert levering.lever() == 0
        assert post.mottatt == [] and telenett.kall == []


# --- workers that die, and two of them -----------------------------------------------------------------------


def test_en_arbeider_som_doede_mellom_tatt_og_notert(scene: Scene, klokke: time_machine.Traveller) -> None:
    """Sent, and killed before the note: again after the lease, with the same identity, and not before."""
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010")])
    with porten() as telenett:
        tatt = levering.ta_neste(Kanal.SMS)
        assert tatt is not None
        levering._send(tatt.brev)  # and here the worker is killed
        klokke.shift(levering.LEIE_VEKKENDE - timedelta(seconds=1))
        assert levering.lever() == 0
        klokke.shift(1)
        assert levering.lever() == 1
        assert [m["id"] for m in telenett.meldinger()] == [str(en("sms").id)] * 2


def test_to_arbeidere_sender_aldri_det_samme_paa_noen_kanal(scene: Scene, app: Flask) -> None:
    antall: list[int] = []
    start = Barrier(2)

    def arbeid() -> None:
        with app.app_context():
            start.wait()
            antall.append(levering.lever())

    with posttjener() as post, porten() as telenett:
        for n in range(12):
            telefoner = [(Kanal.SMS, f"+47900001{n:02}"), (Kanal.TALE, f"+47900001{n:02}")]
            varsle(scene.spesialist, telefoner=telefoner)
        traader = [Thread(target=arbeid) for _ in range(2)]
        for traad in traader:
            traad.start()
        for traad in traader:
            traad.join(60)
        assert len(post.mottatt) == 12 == len({b["Message-ID"] for b in post.mottatt})
        for kanal in ("sms", "tale"):
            assert sorted(m["til"] for m in telenett.meldinger(kanal)) == [
                f"+47900001{n:02}" for n in range(12)
            ]
    assert len(antall) == 2 and sum(antall) == 36
    assert all(r.forsoek == 1 for r in rader())


def test_en_runde_som_stanses_noterer_det_som_er_ute(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails while messages are on their way: what has left is noted, and does not leave again."""
    varsle(scene.spesialist, bare=(), telefoner=[(Kanal.SMS, "+4790000010"), (Kanal.TALE, "+4790000010")])
    ekte, tatt = levering.ta_neste, []

    def ta_neste(kanal: Kanal) -> Any:
        if tatt:
            raise RuntimeError("the database is away")
        tatt.append(ekte(kanal))
        return tatt[0]

    with porten() as telenett:
        monkeypatch.setattr(levering, "ta_neste", ta_neste)
        with pytest.raises(RuntimeError):
            levering.lever()
        monkeypatch.undo()
        assert len(telenett.kall) == 1
        assert [r.sendt is not None for r in rader()].count(True) == 1


# --- how it is ---------------------------------------------------------------------------------------------


def test_tilstanden_sier_det_som_det_er(scene: Scene, klokke: time_machine.Traveller) -> None:
    assert [t.kanal for t in levering.tilstand()] == list(Kanal)
    assert tilstand(Kanal.EPOST) == levering.Kanaltilstand(Kanal.EPOST, True, 0, None, None, "", 0)
    assert not tilstand(Kanal.SMS).satt_opp
    varsle(scene.spesialist, bare={Kanal.EPOST})
    sendt = now()
    with posttjener():
        levering.lever()
    varsle(scene.spesialist, bare={Kanal.EPOST})
    varsle(scene.spesialist, bare={Kanal.EPOST})
    with oppsett(smtp_url=f"smtp://127.0.0.1:{ledig_port()}"):
        for _ in range(20):
            levering.lever()
            klokke.shift(31)
    t = tilstand(Kanal.EPOST)
    assert (t.venter, t.sist_sendt, t.oppgitt) == (2, sendt, 0)
    assert t.eldste == 620, "however often it is put off"
    assert "Connection" in t.siste_feil


def test_det_som_venter_paa_at_noen_vaakner_er_ikke_forsinket(
    scene: Scene, klokke: time_machine.Traveller
) -> None:
    from portal.varsler.models import Varselro

    klokke.move_to(datetime(2026, 1, 15, 22, 30, tzinfo=UTC))
    assert scene.spesialist.person_id
    lagre(Varselro(person_id=scene.spesialist.person_id, fra="22:00", til="07:00"))
    lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
    varsle(scene.spesialist, bare={Kanal.SMS}, hastegrad="haster")
    with porten() as telenett:
        assert levering.lever() == 0
        assert (tilstand(Kanal.SMS).venter, tilstand(Kanal.SMS).eldste) == (1, None)
        klokke.move_to(datetime(2026, 1, 16, 6, 0, tzinfo=UTC))
        telenett.svar["/sms"] = 500
        assert levering.lever() == 0
        # Nine hours after it was made, but this moment after it was due: it is tried again.
        assert en("sms").oppgitt is None and tilstand(Kanal.SMS).eldste == 0
        telenett.svar.clear()
        klokke.shift(15)
        assert levering.lever() == 1


def test_det_er_billig_aa_varsle(scene: Scene) -> None:
    """However many channels a person has, and however many people: a handful of statements."""
    for n in range(5):
        lag_kanal(scene.spesialist, Kanal.SMS, f"+479000010{n}")
    setninger: list[str] = []

    def noter(_c: Any, _k: Any, setning: str, *_: Any) -> None:
        setninger.append(setning)

    @transactional
    def en_person() -> int:
        steps.varsle(mottaker(scene.spesialist), noekkel="n", kode="a.b", tittel="T", hastegrad="akutt")
        return len([s for s in setninger if not s.startswith("BEGIN")])

    @transactional
    def fire() -> int:
        folk = [scene.spesialist, scene.spesialist2, scene.vaktleder, scene.kirurg]
        steps.varsle_alle([mottaker(a) for a in folk], noekkel="n", kode="a.b", tittel="T", hastegrad="akutt")
        return len([s for s in setninger if not s.startswith("BEGIN")])

    sa.event.listen(db.engine, "before_cursor_execute", noter)
    try:
        assert en_person() <= 5, setninger
        setninger.clear()
        assert fire() <= 5
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", noter)
    assert len(rader()) == 6 + 9
