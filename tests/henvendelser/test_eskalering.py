"""A case climbs by itself until somebody takes it: who is told, when, and what makes it stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, transactional
from portal.core.errors import PortalError
from portal.henvendelser.eskalering import service, steps
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slutt
from portal.henvendelser.forloep import FRIST_AKSEPT, Hastegrad, Status
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.service import flyt
from portal.henvendelser.service.sammenslaaing import foelg_sammenslaatte
from portal.identitet.models import Fagtelefon, Organisasjon, Person
from portal.vakt.models import Eskaleringspolicy, Fravaer, Nivaa
from portal.varsler.models import Utsending, Varsel
from tests.bygg import Opptak, Scene, lag_aktor, lag_hf, lagre, logg_over, revisjon, uten_spor
from tests.henvendelser.eskaleringshjelp import (
    T0,
    eskaleringer,
    eskalert,
    fortalt,
    fullt_lag,
    kl,
    loepende,
    minutt_for_minutt,
    trinn,
    vaktlag,
    ved,
    venter_paa_aa_sendes,
)
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

NY, IKKE_TATT = "henvendelse.ny", "henvendelse.ikke_tatt"
INGEN, INGEN_SVARER = "henvendelse.ingen_paa_vakt", "henvendelse.ingen_svarer"


# --- the ladder ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hastegrad", "minutter"), [("akutt", 5), ("haster", 30), ("vanlig", 240)])
def test_standardstigen(hastegrad: str, minutter: int, scene: Scene) -> None:
    """To be accepted within 5 min, 30 min and 4 h; then one level up as often, and the whole again three times."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.send(hastegrad=hastegrad)
    siri, to, leder = scene.spesialist.navn, scene.spesialist2.navn, scene.vaktleder.navn
    assert fortalt() == [(0, NY, siri)]
    sak = scene.les(id_)
    assert sak.frist == T0 + FRIST_AKSEPT[Hastegrad(hastegrad)] and sak.versjon == 1
    for steg in range(1, 12):
        assert ved(steg * minutter - 0.01) == 0
        assert ved(steg * minutter) == 1
        assert ved(steg * minutter) == 0
    i_rekkefoelge = [(n * minutter, NY, (siri, to, leder)[n % 3]) for n in range(12)]
    assert fortalt() == i_rekkefoelge
    assert [t[1:3] for t in trinn(id_)] == [
        (n, "varslet") for _ in range(4) for n in ("vakthavende", "bakvakt", "vaktleder")
    ]
    assert scene.les(id_).frist == T0 + timedelta(minutes=minutter)


def test_ordene_i_varselet(scene: Scene) -> None:
    """«Ny akutt henvendelse til Geriatri fra …», in the reader's language, with a link and no clinical word."""
    vaktlag(scene, fag="geriatri", vakthavende=scene.spesialist2)
    _paa_engelsk(scene.spesialist2)
    with kl(0):
        id_ = scene.send(fagomraade="geriatri", hastegrad="akutt")
        scene_nb = scene.send(hastegrad="akutt", situasjon="Hemmelig")
    db.session.rollback()
    varsel = db.session.scalars(sa.select(Varsel).where(Varsel.kode == NY)).one()
    assert "Guovdageaidnu" in varsel.tittel and varsel.lenke == f"/henvendelser/{id_}"
    assert varsel.gjelder == f"henvendelse:{id_}" and varsel.hastegrad == "akutt"
    # Nobody is on call for the other one: what its requester is told, is in bokmål.
    (ingen,) = db.session.scalars(
        sa.select(Varsel).where(Varsel.gjelder == f"henvendelse:{scene_nb}", Varsel.kode == INGEN)
    )
    assert ingen.tittel.startswith("Ingen står på vakt for Indremedisin hos Sykehuset Testfjord nå.")
    alt = list(db.session.execute(sa.select(Varsel.tittel, Varsel.tekst)))
    alt += db.session.execute(sa.select(Utsending.emne, Utsending.tekst))
    assert alt and not [t for rad in alt for t in rad if "Tungpust" in t or "Hemmelig" in t]


@transactional
def _paa_engelsk(aktor: Aktor) -> None:
    db.session.get_one(Person, aktor.person_id).spraak = "en"


def test_egen_policy_og_den_som_loep(scene: Scene) -> None:
    """The receiver's policy decides, the fagområde's before the organisation's; a running one keeps its own."""
    fullt_lag(scene)
    lag_policy(scene.hf.id, "akutt", [("bakvakt", 0), ("vaktleder", 2)], gjentakelser=1, gjenta_etter=3)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    _ingen_policy(scene)
    lag_policy(scene.hf.id, "akutt", [("vaktleder", 0)], fagomraade="indremedisin", gjenta_etter=50)
    with kl(1):
        annen = scene.send(hastegrad="akutt")
    assert minutt_for_minutt(1, 12) == [2, 5, 7, 10]
    assert [(t, n) for t, n, u, _ in trinn(id_) if u == "varslet"] == [
        (0, "bakvakt"),
        (2, "vaktleder"),
        (5, "bakvakt"),
        (7, "vaktleder"),
    ]
    assert trinn(id_)[-1][2] == "uttoemt"
    assert [(t, n) for t, n, *_ in trinn(annen)] == [(1, "vaktleder")]
    # What the form has promised is not moved by how soon the ladder climbs.
    assert scene.les(annen).frist == T0 + timedelta(minutes=6)
    assert scene.les(id_).frist == T0 + timedelta(minutes=5)


@transactional
def _ingen_policy(scene: Scene) -> None:
    db.session.execute(sa.update(Eskaleringspolicy).values(erstattet=T0))


def test_tomme_nivaaer_hoppes_over_med_en_gang(scene: Scene) -> None:
    """An empty level is never waited for; somebody who is away, or has lost the role, is nobody."""
    plan = vaktlag(scene, vakthavende=scene.spesialist, bakvakt=scene.spesialist2)
    lagre(
        Fravaer(
            organisasjon_id=scene.hf.id,
            person_id=scene.spesialist.person_id,
            fra=T0 - timedelta(hours=1),
            til=T0 + timedelta(hours=1),
            opprettet=T0,
            opprettet_av_id=scene.koordinator.person_id,
        )
    )
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    assert trinn(id_) == [
        (0, "vakthavende", "tomt", ""),
        (0, "bakvakt", "varslet", scene.spesialist2.navn),
    ]
    (rad,) = eskalert(id_)
    assert rad.avsender_navn == "Samhandlingsportalen" and rad.side == "system"
    assert rad.data == {
        "slag": "aksept",
        "nivaa": "bakvakt",
        "navn": scene.spesialist2.navn,
        "utfall": "varslet",
        "hoppet": ["vakthavende"],
    }
    # Nobody further up: the vaktledere hear of it at once, and the next climb begins.
    assert ved(5) == 1
    assert [t[:3] for t in trinn(id_)[2:]] == [
        (5, "vaktleder", "tomt"),
        (5, "vakthavende", "tomt"),
        (5, "bakvakt", "varslet"),
    ]
    assert fortalt()[1:] == [(5, IKKE_TATT, scene.vaktleder.navn), (5, NY, scene.spesialist2.navn)]
    assert eskalert(id_)[-1].data["hoppet"] == ["vaktleder", "vakthavende"]
    with kl(6):
        lag_vakt(plan, scene.vaktleder, Nivaa.VAKTLEDER)
    assert ved(10) == 1
    assert [t[:3] for t in trinn(id_)[5:]] == [(10, "vaktleder", "varslet")]


def test_ingen_paa_vakt(scene: Scene) -> None:
    """The requester is told at once, with the number to ring; every vaktleder of the receiver is alarmed."""
    nestleder = lag_aktor(Rolle.VAKTLEDER, scene.hf, navn="Nils Nestleder")
    lagre(Fagtelefon(organisasjon_id=scene.hf.id, fagomraade="indremedisin", telefon="78 00 00 00"))
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    assert [t[:3] for t in trinn(id_)] == [
        (0, "vakthavende", "tomt"),
        (0, "bakvakt", "tomt"),
        (0, "vaktleder", "tomt"),
        (0, "", "ingen"),
    ]
    ledere = sorted([nestleder.navn, scene.vaktleder.navn])
    assert fortalt() == [*((0, IKKE_TATT, n) for n in ledere), (0, INGEN, scene.lege.navn)]
    varsel = db.session.scalars(sa.select(Varsel).where(Varsel.kode == INGEN)).one()
    assert varsel.tittel.endswith("Ring 78 00 00 00.") and varsel.hastegrad == "akutt"
    (rad,) = eskalert(id_)
    assert rad.data["utfall"] == "ingen" and len(rad.data["hoppet"]) == 3
    assert scene.les(id_).frist == T0 + timedelta(minutes=5)
    # Each climb finds nobody again: the vaktledere hear it, the requester has heard it.
    assert minutt_for_minutt(1, 15) == [5, 10, 15]
    assert len(fortalt(IKKE_TATT)) == 8 and len(fortalt(INGEN)) == 1


def test_nummeret_er_vakttelefonens(scene: Scene) -> None:
    plan = vaktlag(scene)
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002")
    with kl(0):
        scene.send()
    assert (
        "Ring 900 00 002." in db.session.scalars(sa.select(Varsel.tittel).where(Varsel.kode == INGEN)).one()
    )


def test_vakttelefonen_varsles_paa_sine_veier(scene: Scene) -> None:
    plan = fullt_lag(scene)
    lag_vakttelefon(plan, Nivaa.VAKTHAVENDE, "+4790000001", sms=True, tale=True)
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002", sms=False, tale=True)
    with kl(0):
        scene.send(hastegrad="akutt")
    ved(5)
    db.session.rollback()
    veier = db.session.execute(
        sa.select(Utsending.kanal, Utsending.til)
        .where(Utsending.til.like("+47%"))
        .order_by(Utsending.opprettet)
    ).all()
    assert sorted(map(tuple, veier)) == [
        ("sms", "+4790000001"),
        ("tale", "+4790000001"),
        ("tale", "+4790000002"),
    ]


def test_stigen_til_ende_blir_aldri_stille(scene: Scene) -> None:
    """Past the last climb: told to ring, vaktledere alarmed, and reminded at growing pauses until somebody takes it."""
    vaktlag(scene, vakthavende=scene.spesialist, timer=24 * 30)
    lag_policy(scene.hf.id, "akutt", [("vakthavende", 0)], gjentakelser=1, gjenta_etter=10)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    assert minutt_for_minutt(1, 20) == [10, 20]
    assert fortalt()[1:] == [
        (10, NY, scene.spesialist.navn),
        *((20, IKKE_TATT, n) for n in sorted([scene.vaktleder.navn, scene.koordinator.navn])),
        (20, INGEN_SVARER, scene.lege.navn),
    ]
    assert eskalert(id_)[-1].data["utfall"] == "uttoemt"
    rader = len(logg_over(id_))
    assert minutt_for_minutt(21, 1200) == [30, 50, 90, 170, 330, 570, 810, 1050]
    assert len(fortalt(INGEN_SVARER)) == 1 and len(fortalt(IKKE_TATT)) == 2 * 9
    assert len(logg_over(id_)) == rader
    with kl(1201):
        flyt.aksepter(scene.spesialist, id_)
    assert [m for m in minutt_for_minutt(1202, 1210) if m] == []
    assert eskaleringer(id_)[0].utfall == Slutt.TATT


# --- what stops it ---------------------------------------------------------------------------------------


def test_aksept_stopper_alt(scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    ved(5)
    assert venter_paa_aa_sendes() > 1
    with kl(6):
        flyt.aksepter(scene.spesialist2, id_)
    assert fortalt(bare_gjeldende=True) == [(6, "henvendelse.akseptert", scene.lege.navn)]
    assert venter_paa_aa_sendes() == 0, "the requester is told in the bell alone"
    aksept, svar = eskaleringer(id_)
    assert (aksept.utfall, aksept.avsluttet) == (Slutt.TATT, T0 + timedelta(minutes=6))
    assert svar.slag == "svar" and svar.neste == scene.les(id_).frist == T0 + timedelta(minutes=21)
    assert minutt_for_minutt(7, 20) == []
    # Again by the winner: nothing more.
    with kl(7):
        flyt.aksepter(scene.spesialist2, id_)
    assert len(eskaleringer(id_)) == 2


@pytest.mark.parametrize("hva", ["trekk", "tiden_er_ute"])
@pytest.mark.parametrize("status", [Status.NY, Status.AKSEPTERT])
def test_over_er_over(hva: str, status: Status, scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(status, hastegrad="akutt")
    with kl(1):
        getattr(flyt, hva)(scene.lege, id_)
    assert loepende(id_) == {} and fortalt(bare_gjeldende=True) == []
    assert minutt_for_minutt(2, 60) == []


def test_videresendt_begynner_paa_nytt_hos_den_nye(scene: Scene) -> None:
    """The old timers end with the notices of the old; the new receiver's roster and policy count."""
    fullt_lag(scene)
    with kl(0):
        vikar = lag_aktor(Rolle.SPESIALIST, scene.annet_hf, fag=("geriatri",), navn="Vera Vikar")
        plan = lag_vaktplan(scene.annet_hf.id, "geriatri")
        lag_vakt(plan, vikar)
        id_ = scene.send(hastegrad="akutt")
    lag_policy(scene.annet_hf.id, "akutt", [("vakthavende", 0), ("bakvakt", 20)])
    with kl(3):
        flyt.videresend(scene.spesialist, id_, scene.annet_hf.id, "geriatri", "Deres pasient.")
    assert fortalt(NY, bare_gjeldende=True) == [(3, NY, "Vera Vikar")]
    assert [e.utfall for e in eskaleringer(id_)] == [Slutt.FLYTTET, None]
    assert loepende(id_) == {"aksept": 23} and scene.les(id_).frist == T0 + timedelta(minutes=8)
    assert minutt_for_minutt(4, 25) == [23]
    assert [h.type for h in logg_over(id_)] == ["sendt", "eskalert", "videresendt", "eskalert", "eskalert"]
    # It had one climb, and nobody above: at its end.
    assert [t[1:3] for t in trinn(id_)[-2:]] == [("bakvakt", "tomt"), ("", "uttoemt")]


def test_gitt_tilbake_spoer_vakta_paa_nytt(scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
        flyt.aksepter(scene.spesialist2, id_)
    with kl(4):
        flyt.gi_tilbake(scene.spesialist2, id_, "Må operere.")
    assert fortalt(bare_gjeldende=True) == [(4, NY, scene.spesialist.navn)]
    assert loepende(id_) == {"aksept": 9}
    assert minutt_for_minutt(5, 9) == [9]
    assert fortalt(NY)[-1] == (9, NY, scene.spesialist2.navn)


def test_mottakeren_slaas_sammen(scene: Scene) -> None:
    """What runs goes on at the successor, by the policy that it began with."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
        ny = lag_hf("Storsykehuset")
        leder = lag_aktor(Rolle.VAKTLEDER, ny, navn="Liv Leder")
    _slaa_sammen(scene.hf, ny)
    with kl(1):
        assert foelg_sammenslaatte() == 1
    assert loepende(id_) == {"aksept": 5}
    assert ved(5) == 1
    assert trinn(id_)[-1][:3] == (5, "", "ingen")
    assert {n for _, k, n in fortalt() if k == IKKE_TATT} == {leder.navn}


@transactional
def _slaa_sammen(gammel: Organisasjon, ny: Organisasjon) -> None:
    rad = db.session.get_one(Organisasjon, gammel.id)
    rad.nedlagt, rad.etterfolger_id = T0.date(), ny.id


# --- failure ---------------------------------------------------------------------------------------------


def test_en_avvist_sending_etterlater_ingenting(scene: Scene, opptak: Opptak) -> None:
    fullt_lag(scene)
    with uten_spor(opptak), kl(0), pytest.raises(PortalError):
        scene.send(mottaker_id=scene.annet_hf.id, fagomraade="geriatri")


def test_en_sending_som_feiler_i_stigen_etterlater_ingenting(
    scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case, its timer and its notices are one transaction."""
    fullt_lag(scene)

    def sprekk(*_: object, **__: object) -> None:
        raise RuntimeError("stopp")

    monkeypatch.setattr(steps, "_skriv", sprekk)
    with uten_spor(opptak), kl(0), pytest.raises(RuntimeError):
        scene.send()


def test_ett_trinn_som_feiler_stopper_ingen_andre(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, opptak: Opptak
) -> None:
    """It is logged, stands aside for some seconds, leaves nothing, and is still seen as overdue."""
    fullt_lag(scene)
    with kl(0):
        daarlig, god = scene.send(hastegrad="akutt"), scene.send(hastegrad="akutt")
    fyr = steps.fyr

    def kanskje(esk, sak, naa, **mer):  # type: ignore[no-untyped-def]
        fyr(esk, sak, naa, **mer)
        if sak.id == daarlig:
            raise RuntimeError("ødelagt rad")

    with monkeypatch.context() as m:
        m.setattr(steps, "fyr", kanskje)
        assert ved(5) == 1
        assert len(trinn(god)) == 2 and len(trinn(daarlig)) == 1
        assert ved(5.02) == 0, "it stands aside"
        assert ved(5.1) == 0
        with kl(7):
            assert service.forfalt_mer_enn(60) == 1
            assert service.kontroller() == 1
        assert len(fortalt(NY)) == 3
    assert ved(8) == 1
    assert trinn(daarlig)[-1][:2] == (8, "bakvakt")
    with kl(8):
        assert service.forfalt_mer_enn(60) == 0 == service.kontroller()


def test_en_timer_uten_grunn_varsler_ingen(scene: Scene) -> None:
    """Judged again under the lock: whatever became of the case without its timer being ended, nobody is told."""
    fullt_lag(scene)
    with kl(0):
        ny, tatt = scene.send(hastegrad="akutt"), scene.sak(Status.AKSEPTERT, hastegrad="akutt")
    _gjenoppliv(ny, tatt)
    foer = fortalt()
    assert ved(500) == 0 and fortalt() == foer
    assert loepende(ny) == {} == loepende(tatt)


@transactional
def _gjenoppliv(ny: UUID, tatt: UUID) -> None:
    """The one is withdrawn behind the back of its timer, the other's first timer runs again."""
    db.session.execute(sa.update(Henvendelse).where(Henvendelse.id == ny).values(status=Status.TRUKKET))
    db.session.execute(
        sa.update(Eskalering)
        .where(Eskalering.henvendelse_id == tatt)
        .values(
            avsluttet=sa.case((Eskalering.slag == "svar", T0)),
            utfall=sa.case((Eskalering.slag == "svar", "besvart")),
        )
    )


def test_de_som_er_opptatt_stenger_ikke_for_de_bak(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many that are due are held by somebody else, those behind them are reached in the same look."""
    fullt_lag(scene)
    monkeypatch.setattr(service, "PER_RUNDE", 2)
    with kl(0):
        saker = [scene.send(hastegrad="akutt") for _ in range(7)]
    holdt, laas = set(saker[:5]), service._laas_flere
    monkeypatch.setattr(
        service, "_laas_flere", lambda ider: laas([sak_id for sak_id in ider if sak_id not in holdt])
    )
    assert ved(5) == 2
    assert [len(trinn(s)) for s in saker] == [1, 1, 1, 1, 1, 2, 2]


def test_en_arbeider_som_har_staatt_tar_ett_trinn_og_venter(scene: Scene) -> None:
    """After a long stop nobody is told everything at once: one step, and then the time between."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    assert minutt_for_minutt(47, 60) == [47, 52, 57]
    assert [t[:2] for t in trinn(id_)][:3] == [(0, "vakthavende"), (47, "bakvakt"), (52, "vaktleder")]


def test_saker_uten_timer_faar_en(scene: Scene) -> None:
    """From before there were timers: none may wait in silence."""
    fullt_lag(scene)
    with kl(0):
        ny, tatt = scene.send(), scene.sak(Status.AKSEPTERT)
        scene.sak(Status.BESVART)
        assert service.start_manglende() == 0
    _glem()
    with kl(10):
        assert service.start_manglende() == 2
        assert service.start_manglende() == 0
    assert loepende(ny) == {"aksept": 40} and loepende(tatt) == {"svar": 120}
    assert fortalt(NY)[-1] == (10, NY, scene.spesialist.navn)


@transactional
def _glem() -> None:
    db.session.execute(sa.delete(Eskaleringstrinn))
    db.session.execute(sa.delete(Eskalering))


# --- through the doors -----------------------------------------------------------------------------------


def test_gjennom_http(scene: Scene, som: Callable[[Aktor], FlaskClient], opptak: Opptak) -> None:
    """Sent over the API, told; taken over the API, silent: the browsers hear of each step, and the audit log too."""
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist)
    data = {
        **scene.henvendelse(hastegrad="akutt"),
        "klient_id": str(uuid4()),
        "mottaker_id": str(scene.hf.id),
        "bostedskommune_id": str(scene.kommune.id),
    }
    lege, siri = som(scene.lege), som(scene.spesialist)
    svar = lege.post("/api/v1/henvendelser", json=data)
    assert svar.status_code == 201, svar.text
    id_ = svar.json["id"]
    rader = [d["hendelse"] for n, d in opptak.hendelser if n == "henvendelse.hendelse"]
    assert [r["type"] for r in rader] == ["sendt", "eskalert"]
    assert ("varsler.endret", {"person_id": scene.spesialist.person_id}) in opptak.hendelser
    hentet = lege.get(f"/api/v1/henvendelser/{id_}/hendelser?etter=1").json["hendelser"]
    assert [h["type"] for h in hentet] == ["eskalert"] and hentet[0]["data"]["navn"] == "Siri Spesialist"
    assert [i.detaljer for i in revisjon("henvendelse.eskalert", objekt=id_)]
    assert siri.post(f"/api/v1/henvendelser/{id_}/aksepter").status_code == 200
    assert [k for _, k, _ in fortalt(bare_gjeldende=True)] == ["henvendelse.akseptert"]
    # A resend of the same is no new request.
    assert lege.post("/api/v1/henvendelser", json=data).json["id"] == id_
    assert len(fortalt()) == 2
