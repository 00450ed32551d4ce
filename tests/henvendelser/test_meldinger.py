"""Messages and receipts: saved once, in order, by whoever may, and never past what there is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Event
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, skrivetransaksjon, transactional
from portal.core.errors import IkkeFunnet, IkkeInnlogget, IkkeTilgang, Konflikt, UgyldigData, UgyldigOvergang
from portal.core.samleskriver import Utfall
from portal.henvendelser import steps
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Hendelse, Henvendelse, Kvittering
from portal.henvendelser.service import flyt, lesing
from portal.henvendelser.service.bunke import Melding
from portal.henvendelser.service.meldinger import _skriver, kvitter, send_melding
from portal.identitet.models import Sesjon
from portal.revisjon import service as revisjonsservice
from tests.bygg import PERSONNUMMER, Opptak, Scene, logg_over, ny_sesjon, om, revisjon, uten_spor


def test_en_melding(scene: Scene, opptak: Opptak) -> None:
    id_, klient_id = scene.send(), uuid4()
    foer = now()
    opptak.hendelser.clear()
    sekvens, tid = send_melding(scene.lege, id_, klient_id, "Hun har 39,4 nå.")
    assert sekvens == 3 and foer <= tid <= now()
    rad = logg_over(id_)[-1]
    assert (rad.sekvens, rad.type, rad.side, rad.tekst) == (3, "melding", "innmelder", "Hun har 39,4 nå.")
    assert (rad.avsender_id, rad.avsender_navn) == (scene.lege.person_id, "Ingrid Lege, Legevakta")
    assert (rad.klient_id, rad.tidspunkt, rad.data) == (klient_id, tid, {})
    assert lesing.hent_hode(id_) == 3
    (innslag,) = revisjon("henvendelse.melding", objekt=id_)
    assert innslag.kjede == f"sak:{id_}" and orjson.loads(innslag.detaljer) == {"sekvens": 3}
    assert (innslag.person_id, innslag.rolle, innslag.tidspunkt) == (
        scene.lege.person_id,
        "lege_kommune",
        tid,
    )
    ((navn, data),) = opptak.hendelser
    assert navn == "henvendelse.hendelse"
    assert {k: data["hendelse"][k] for k in ("sekvens", "tekst", "klient_id")} == {
        "sekvens": 3,
        "tekst": "Hun har 39,4 nå.",
        "klient_id": klient_id,
    }


def test_sendt_igjen_er_samme_melding(scene: Scene, opptak: Opptak) -> None:
    id_, klient_id = scene.send(), uuid4()
    foerste = send_melding(scene.lege, id_, klient_id, "Hei.")
    send_melding(scene.lege, id_, uuid4(), "Hei.")
    with uten_spor(opptak):
        assert send_melding(scene.lege, id_, klient_id, "Hei.") == foerste
        with pytest.raises(Konflikt) as info:
            send_melding(scene.lege, id_, klient_id, "Noe annet.")
        assert info.value.status == 409
    # The UUID belongs to its sender and its case.
    assert send_melding(scene.kollega, id_, klient_id, "Min egen.")[0] == 5
    assert send_melding(scene.lege, scene.send(), klient_id, "I en annen sak.")[0] == 3


def test_sendt_igjen_etter_at_saken_ble_stengt(scene: Scene, opptak: Opptak) -> None:
    """A lost ack must find its number also when the case was closed meanwhile."""
    id_, klient_id = scene.send(), uuid4()
    svar = send_melding(scene.lege, id_, klient_id, "Siste ord.")
    flyt.trekk(scene.lege, id_)
    with uten_spor(opptak):
        assert send_melding(scene.lege, id_, klient_id, "Siste ord.") == svar
        with pytest.raises(UgyldigOvergang) as info:
            send_melding(scene.lege, id_, uuid4(), "Ett til.")
        assert info.value.kode == "stengt" and "Gjenåpne" in info.value.melding


@pytest.mark.parametrize("status", Status)
def test_samtalen_er_aapen_til_saken_er_slutt(status: Status, scene: Scene) -> None:
    id_ = scene.sak(status)
    for aktor in (scene.lege, scene.spesialist, scene.kollega):
        if status in (Status.NY, Status.AKSEPTERT, Status.BESVART):
            send_melding(aktor, id_, uuid4(), "Hei.")
        else:
            with pytest.raises(UgyldigOvergang) as info:
                send_melding(aktor, id_, uuid4(), "Hei.")
            assert info.value.kode == "stengt"


def test_den_som_skriver_deltar_fra_da(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    assert {d.medlemskap_id for d in lesing.hent_deltakere(id_)} == {scene.lege.medlemskap_id}
    send_melding(scene.spesialist2, id_, uuid4(), "Hva er laktat?")
    assert scene.spesialist2.medlemskap_id in {d.medlemskap_id for d in lesing.hent_deltakere(id_)}
    rad = logg_over(id_)[-1]
    assert rad.side == "mottaker"


def test_den_som_skriver_idet_saken_sendes_bort_beholder_den_ikke(
    scene: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first message makes its writer a participant: not past a forwarding that ends the part of all those there."""
    id_, annet_hf = scene.sak(Status.AKSEPTERT), scene.annet_hf.id
    db.session.rollback()
    bedt, sendt = Event(), Event()
    delta = steps.bli_deltaker

    def nesten(aktor: Aktor, sak: Henvendelse) -> None:
        if aktor == scene.spesialist2:
            bedt.set()
            sendt.wait(0.5)
        delta(aktor, sak)

    def skriv() -> None:
        with app.app_context(), suppress(IkkeFunnet):
            send_melding(scene.spesialist2, id_, uuid4(), "Jeg ser på den.")

    def send_bort() -> None:
        with app.app_context():
            bedt.wait(5)
            flyt.videresend(scene.spesialist, id_, annet_hf, "indremedisin", "Hører til der.")
            sendt.set()

    monkeypatch.setattr(steps, "bli_deltaker", nesten)
    with ThreadPoolExecutor(2) as traader:
        for arbeid in [traader.submit(skriv), traader.submit(send_bort)]:
            arbeid.result()
    db.session.rollback()
    assert not lesing.kan_se(scene.spesialist2, id_)


def test_fremmede_skriver_ikke(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    for aktor in (scene.fremmed_lege, scene.annen_lege, scene.kirurg, scene.koordinator):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            send_melding(aktor, id_, uuid4(), "Hei.")
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            send_melding(aktor, UUID(int=1), uuid4(), "Hei.")


# --- the session is asked again --------------------------------------------------------------------------


@transactional
def _endre_sesjon(aktor: Aktor, **felt: object) -> None:
    sesjon = db.session.get_one(Sesjon, aktor.sesjon_id)
    for navn, verdi in felt.items():
        setattr(sesjon, navn, verdi)


@pytest.mark.parametrize("hvordan", ["avsluttet", "utløpt", "finnes ikke", "en annens"])
def test_ferdig_sesjon_skriver_ikke(hvordan: str, scene: Scene, opptak: Opptak) -> None:
    from dataclasses import replace

    id_ = scene.send()
    aktor, _ = ny_sesjon(scene.lege)
    send_melding(aktor, id_, uuid4(), "Mens jeg er inne.")
    if hvordan == "avsluttet":
        _endre_sesjon(aktor, avsluttet=now())
    elif hvordan == "utløpt":
        _endre_sesjon(aktor, utloeper=now())
    elif hvordan == "finnes ikke":
        aktor = replace(aktor, sesjon_id=uuid4())
    else:
        aktor = replace(aktor, sesjon_id=ny_sesjon(scene.kollega)[0].sesjon_id)
    with uten_spor(opptak), pytest.raises(IkkeInnlogget):
        send_melding(aktor, id_, uuid4(), "Etterpå.")


# --- identity numbers ------------------------------------------------------------------------------------


def test_personnummer_stopper_meldingen(scene: Scene, opptak: Opptak) -> None:
    id_, klient_id = scene.send(), uuid4()
    delt = f"{PERSONNUMMER[:2]}.{PERSONNUMMER[2:4]}.{PERSONNUMMER[4:6]}\u00a0{PERSONNUMMER[6:]}"
    tekst = f"Æ 😀 er {delt} og {PERSONNUMMER}"
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            send_melding(scene.lege, id_, klient_id, tekst)
        assert info.value.kode == "personnummer"
        # Places in code points: an emoji is one.
        assert info.value.detaljer["treff"] == {"tekst": [(7, 21), (25, 36)]}
        assert [tekst[a:b] for a, b in info.value.detaljer["treff"]["tekst"]] == [delt, PERSONNUMMER]
    sekvens, _ = send_melding(scene.lege, id_, klient_id, tekst, ikke_fnr=True)
    assert logg_over(id_)[-1].tekst == tekst
    (innslag,) = revisjon("henvendelse.ikke_personnummer")
    assert orjson.loads(innslag.detaljer) == {"antall": 2, "sekvens": sekvens}
    assert innslag.person_id == scene.lege.person_id


def test_ikke_fnr_uten_tall_skriver_ingenting_ekstra(scene: Scene) -> None:
    send_melding(scene.lege, scene.send(), uuid4(), "Bare ord.", ikke_fnr=True)
    assert revisjon("henvendelse.ikke_personnummer") == []


# --- many at once ----------------------------------------------------------------------------------------


def test_ingen_hull_naar_mange_skriver_samtidig(scene: Scene, app: Flask) -> None:
    """Many writers, resends among them: every number once, without gaps, and the audit chains whole."""
    saker = [scene.send() for _ in range(3)]
    folk = [scene.lege, scene.kollega, scene.spesialist, scene.sykepleier]
    for id_ in saker:
        for aktor in folk:
            send_melding(aktor, id_, uuid4(), "Jeg deltar.")
    sammen = Barrier(6)

    def skriv(nummer: int) -> list[tuple[UUID, UUID, int]]:
        ut = []
        with app.app_context():
            sammen.wait()
            for i in range(12):
                id_, klient_id = saker[(nummer + i) % 3], uuid4()
                for _ in range(1 + i % 2):
                    ut.append(
                        (id_, klient_id, send_melding(folk[nummer % 4], id_, klient_id, f"{nummer}-{i}")[0])
                    )
        return ut

    with ThreadPoolExecutor(6) as traader:
        svar = [s for f in [traader.submit(skriv, n) for n in range(6)] for s in f.result()]
    assert len(svar) == 6 * 18
    assert len({(id_, klient) for id_, klient, _ in svar}) == 6 * 12
    # The resend got the number of the first.
    assert len(set(svar)) == 6 * 12
    antall = Counter(id_ for id_, _, _ in set(svar))
    for id_ in saker:
        rader = logg_over(id_)
        assert [r.sekvens for r in rader] == list(range(1, 1 + 2 + 4 + antall[id_]))
        assert lesing.hent_hode(id_) == rader[-1].sekvens
        lagret = {r.klient_id: r.sekvens for r in rader if r.klient_id}
        assert all(lagret[k] == s for i, k, s in svar if i == id_)
    assert revisjonsservice.kontroller("noekkel").brudd == []


def test_ingen_hull_mellom_prosesser(scene: Scene, database_url: str, mappe: Path) -> None:
    """Two web processes on one database, and this one: the counter's row decides between them."""
    id_ = scene.send()
    for aktor in (scene.lege, scene.spesialist):
        send_melding(aktor, id_, uuid4(), "Jeg deltar.")
    db.session.rollback()
    miljoe = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))},
        "PORTAL_MODUS": "test",
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_INSTANS": str(mappe),
    }
    prosesser = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.henvendelser.skriver", str(id_), str(a.medlemskap_id), "25"],
            env=miljoe,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for a in (scene.lege, scene.spesialist)
    ]
    try:
        for p in prosesser:
            assert p.stdout is not None and p.stdout.readline() == "klar\n"
        for p in prosesser:
            assert p.stdin is not None
            print(file=p.stdin, flush=True)
        egne = [send_melding(scene.lege, id_, uuid4(), f"her {n}")[0] for n in range(25)]
        svar = [sorted(int(n) for n in p.communicate(timeout=60)[0].split()) for p in prosesser]
    finally:
        for p in prosesser:
            p.kill()
            p.wait()
    assert all(len(s) == 25 for s in (egne, *svar))
    assert sorted([*egne, *svar[0], *svar[1]]) == list(range(5, 80))
    assert [r.sekvens for r in logg_over(id_)] == list(range(1, 80))
    assert revisjonsservice.kontroller("noekkel").brudd == []


def test_en_daarlig_melding_feller_ikke_bunken(scene: Scene, app: Flask, opptak: Opptak) -> None:
    """The batch writer's batch: refusals and a resend beside good ones, each judged by itself."""
    aapen, stengt = scene.send(), scene.sak(Status.TRUKKET)
    likt = uuid4()

    def m(aktor: Aktor, id_: UUID, klient_id: UUID, tekst: str) -> Melding:
        return Melding(aktor, id_, klient_id, tekst, 0)

    bunke = [
        m(scene.lege, aapen, likt, "En."),
        m(scene.fremmed_lege, aapen, uuid4(), "Fremmed."),
        m(scene.lege, stengt, uuid4(), "Stengt."),
        m(scene.lege, aapen, likt, "En."),
        m(scene.lege, aapen, likt, "En annen."),
        m(scene.lege, UUID(int=1), uuid4(), "Finnes ikke."),
        m(scene.lege, aapen, uuid4(), "To."),
    ]
    opptak.hendelser.clear()
    utfall: list[Utfall] = _skriver._skriv_samlet(db.engine, bunke)
    assert [u.resultat[0] if u.resultat else type(u.feil).__name__ for u in utfall] == [
        3,
        "IkkeDeltaker",
        "UgyldigOvergang",
        3,
        "Konflikt",
        "IkkeDeltaker",
        4,
    ]
    assert [r.tekst for r in logg_over(aapen)] == ["", "", "En.", "To."]
    assert [d["hendelse"]["sekvens"] for _, d in opptak.hendelser] == [3, 4]
    assert len(revisjon("henvendelse.melding")) == 2


def test_en_melding_som_basen_avviser_feller_ikke_de_andre(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, opptak: Opptak
) -> None:
    """A batch that fails as a whole is tried again message by message."""
    id_ = scene.send()
    ekte = _skriver._behandle

    def med_gift(forbindelse: object, bunke: list[Melding]) -> list[Utfall]:
        utfall = ekte(forbindelse, bunke)  # type: ignore[arg-type]
        if any(m.tekst == "gift" for m in bunke):
            raise RuntimeError("the database said no")
        return utfall

    monkeypatch.setattr(_skriver, "_behandle", med_gift)
    opptak.hendelser.clear()
    bunke = [Melding(scene.lege, id_, uuid4(), t, 0) for t in ("en", "gift", "to")]
    utfall = _skriver._skriv_samlet(db.engine, bunke)
    assert [bool(u.feil) for u in utfall] == [False, True, False]
    assert [r.tekst for r in logg_over(id_)] == ["", "", "en", "to"]
    assert [d["hendelse"]["tekst"] for _, d in opptak.hendelser] == ["en", "to"]


# --- the log in pieces -----------------------------------------------------------------------------------


def test_loggen_i_biter(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesing, "MAKS_HENDELSER", 3)
    id_ = scene.send()
    for i in range(6):
        send_melding(scene.lege, id_, uuid4(), f"{i}")
    sett, etter = [], 0
    while True:
        bit = lesing.hent_logg(scene.spesialist, id_, etter)
        assert bit.hode == 8
        sett += [h.sekvens for h in bit.hendelser]
        if not bit.mer:
            break
        etter = sett[-1]
    assert sett == [1, 2, 3, 4, 5, 6, 7, 8]
    forbi = lesing.hent_logg(scene.spesialist, id_, 8)
    assert (forbi.hendelser, forbi.mer) == ([], False)
    assert [h.sekvens for h in lesing.hent_hele_loggen(scene.spesialist, id_).hendelser] == sett


# --- receipts --------------------------------------------------------------------------------------------


def _kvittering(aktor: Aktor, id_: UUID) -> tuple[int, int]:
    db.session.rollback()
    rad = db.session.execute(
        sa.select(Kvittering.mottatt, Kvittering.lest).where(
            Kvittering.henvendelse_id == id_, Kvittering.person_id == aktor.person_id
        )
    ).one()
    return rad.mottatt, rad.lest


def test_kvitteringer_bare_vokser(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    for i in range(4):
        send_melding(scene.lege, id_, uuid4(), f"{i}")
    a = scene.spesialist
    opptak.hendelser.clear()
    for inn, ventet in (
        ({"mottatt": 3}, (3, 0)),
        ({"mottatt": 1}, (3, 0)),
        ({"lest": 2}, (3, 2)),
        ({"lest": 6}, (6, 6)),
        ({"lest": 1}, (6, 6)),
        ({"mottatt": 2_000_000_000}, (6, 6)),
        ({"lest": 2_000_000_000}, (6, 6)),
    ):
        kvitter(a, id_, **inn)
        assert _kvittering(a, id_) == ventet
    # Only what moved is told.
    told = [
        (d["kvittering"]["mottatt"], d["kvittering"]["lest"])
        for n, d in opptak.hendelser
        if n.endswith("ering")
    ]
    assert told == [(3, 0), (3, 2), (6, 6)]
    with uten_spor(opptak):
        kvitter(a, id_, mottatt=5, lest=5)
    send_melding(scene.lege, id_, uuid4(), "Ny.")
    kvitter(a, id_, mottatt=99)
    assert _kvittering(a, id_) == (7, 6)


def test_kvitteringer_samtidig_tar_ingenting_tilbake(scene: Scene, app: Flask) -> None:
    id_ = scene.send()
    for i in range(20):
        send_melding(scene.lege, id_, uuid4(), f"{i}")
    kvitter(scene.spesialist, id_, mottatt=1)
    sammen = Barrier(4)

    def les(fra: int) -> None:
        with app.app_context():
            sammen.wait()
            for n in range(fra, 22, 4):
                kvitter(scene.spesialist, id_, mottatt=n, lest=n - 1)

    with ThreadPoolExecutor(4) as traader:
        for f in [traader.submit(les, n) for n in range(1, 5)]:
            f.result()
    assert _kvittering(scene.spesialist, id_) == (21, 20)


def test_andre_kvitterer_ikke(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.send()
    for aktor in (scene.fremmed_spesialist, scene.koordinator, scene.innsyn):
        with uten_spor(opptak, avslag=1), pytest.raises((IkkeFunnet, IkkeTilgang)):
            kvitter(aktor, id_, lest=1)


def test_ulest_teller_andres_rader(scene: Scene) -> None:
    id_ = scene.send()
    send_melding(scene.lege, id_, uuid4(), "En.")
    send_melding(scene.spesialist, id_, uuid4(), "To.")
    sak = lesing.hent_sak(scene.spesialist, id_)
    assert lesing.antall_uleste(scene.spesialist, [sak]) == {id_: 2}
    assert lesing.antall_uleste(scene.lege, [sak]) == {id_: 1}
    kvitter(scene.spesialist, id_, lest=1)
    assert lesing.antall_uleste(scene.spesialist, [sak]) == {id_: 1}
    kvitter(scene.spesialist, id_, lest=3)
    assert lesing.antall_uleste(scene.spesialist, [sak]) == {}


def test_loggens_rader_endres_aldri(scene: Scene, app: Flask) -> None:
    """The triggers guard the log of a case as they guard the audit log."""
    id_ = scene.send()
    with om(minutes=1):
        send_melding(scene.lege, id_, uuid4(), "Slik var det.")
    for setning in (sa.update(Hendelse).values(tekst="Slik var det ikke."), sa.delete(Hendelse)):
        with (
            pytest.raises(sa.exc.DBAPIError, match="Loggen kan ikke endres"),
            skrivetransaksjon(db.engine) as c,
        ):
            c.execute(setning)
    assert logg_over(id_)[-1].tekst == "Slik var det."
