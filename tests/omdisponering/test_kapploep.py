"""Approved for two at the same moment, of the same people and premises: exactly what fits is promised. Real threads,
each on its own connection."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from threading import Barrier, BrokenBarrierError, Event
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import Opptatt, PortalError, UgyldigData, UgyldigOvergang, Utdatert
from portal.omdisponering import felter, kontroll, reserveregister, steps
from portal.omdisponering.forloep import Behovsstatus, Samtykke, Slag, Status, Stilling
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import behov as behovsbruk
from portal.omdisponering.service import flyt, klokke, reserve, ressurser, samtykke, utkast
from portal.omdisponering.service import vedtak as vedtakstjeneste
from portal.plasser.models import Plass, Plasstall
from portal.plasser.service import drift
from portal.revisjon.models import Revisjon
from portal.varsler.models import Varsel
from tests.bygg import Scene, lag_enhet, om
from tests.conftest import DB
from tests.omdisponering.hjelp import (
    LOV,
    T,
    Utlaan,
    lag_behov,
    lag_gulv,
    lag_lokale,
    lag_ressurs,
    lag_tilbud,
    lag_vedtak,
)
from tests.plasser.hjelp import lag_folk
from tests.samtidig import samtidig

RUNDER, SAMTIDIG = 4, 8


@pytest.fixture
def u(scene: Scene) -> Utlaan:
    return Utlaan(scene)


def _utkast(u: Utlaan, linjer: list[utkast.Ny], behov: object = None, **felter: object) -> UUID:
    return utkast.opprett(
        u.avgiver,
        (behov or u.behov).id,  # type: ignore[attr-defined]
        linjer,
        **{**LOV, "bestemmelse_id": u.bestemmelse.id, **felter},
    )


def _forslag(u: Utlaan, linjer: list[utkast.Ny], behov: object = None, **felter: object) -> UUID:
    id_ = _utkast(u, linjer, behov, **felter)
    flyt.foreslaa(u.avgiver, id_)
    return id_


def _godkjenn_alle(u: Utlaan, app: Flask, ider: list[UUID]) -> list[object]:
    lest = {i: u.les(i).innhold_hash for i in ider}
    return samtidig(app, *[partial(flyt.godkjenn, u.avgiver, i, lest=lest[i]) for i in ider])


def test_en_person_loves_bort_for_det_som_er_igjen(u: Utlaan, app: Flask) -> None:
    """Eight proposals of 30 % of one who can be lent for 100: three win, in each round, whoever they are."""
    annet = lag_behov(u.scene.annen_kommune, antall=50)
    for runde in range(RUNDER):
        person = lag_ressurs(u.scene.hf, u.post, navn=f"Ingen {runde}")
        ny = utkast.Ny(ressursperson_id=person.id, andel=30, samtykket=True)
        ider = [_forslag(u, [ny], (u.behov, annet)[n % 2]) for n in range(SAMTIDIG)]
        svar = _godkjenn_alle(u, app, ider)
        vant = [i for i, s in zip(ider, svar, strict=True) if s is None]
        assert len(vant) == 3, (runde, svar)
        # The others fell while they waited, or were told who is taken.
        assert all(isinstance(s, Opptatt | UgyldigOvergang | Utdatert) for s in svar if s is not None), svar
        tatt = db.session.scalars(
            sa.select(Omdisponeringslinje.omdisponering_id).where(
                Omdisponeringslinje.ressursperson_id == person.id, Omdisponeringslinje.opptar
            )
        ).all()
        assert sorted(tatt) == sorted(vant)
        assert {u.les(i).status for i in ider if i not in vant} == {Status.AVSLAATT}


def test_utkast_som_foreslaas_og_godkjennes_i_ett_staar_eller_gaar_helt(u: Utlaan, app: Flask) -> None:
    """Eight drafts of 30 % of one: three are approved, and the others are drafts as before: nobody was told."""
    for runde in range(RUNDER):
        person = lag_ressurs(u.scene.hf, u.post, navn=f"Ingen {runde}")
        ny = utkast.Ny(ressursperson_id=person.id, andel=30, samtykket=True)
        ider = [_utkast(u, [ny], u.behov) for _ in range(SAMTIDIG)]
        lest = {i: u.les(i).innhold_hash for i in ider}
        svar = samtidig(app, *[partial(flyt.foreslaa_og_godkjenn, u.avgiver, i, lest=lest[i]) for i in ider])
        assert svar.count(None) == 3, (runde, svar)
        assert all(isinstance(s, Opptatt) for s in svar if s is not None), svar
        for id_, fikk in zip(ider, svar, strict=True):
            omd = u.les(id_)
            assert omd.status == (Status.GODKJENT_AVGIVER if fikk is None else Status.UTKAST)
            assert (omd.foreslaatt is None) == (fikk is not None)
            fortalt = sa.select(sa.func.count()).where(Varsel.gjelder == f"omdisponering:{id_}")
            assert bool(db.session.scalar(fortalt)) == (fikk is None)


def test_mindre_andel_i_samme_oeyeblikk_som_en_godkjenning(u: Utlaan, app: Flask) -> None:
    """Whoever comes last sees the other: it is refused, or approved and then told of."""
    for runde in range(RUNDER * 2):
        person = lag_ressurs(u.scene.hf, u.post, navn=f"Ingen {runde}")
        id_ = _forslag(u, [utkast.Ny(ressursperson_id=person.id, andel=100, samtykket=True)])
        godkjent, sagt = samtidig(
            app,
            partial(flyt.godkjenn, u.avgiver, id_, lest=u.les(id_).innhold_hash),
            partial(ressurser.endre, u.avgiver, person.id, prosent=40),
        )
        omd = u.les(id_)
        if omd.status == Status.GODKJENT_AVGIVER:
            assert godkjent is None and sagt == [omd.nummer]
        else:
            assert isinstance(godkjent, UgyldigData) and sagt == []
        fortalt = sa.select(sa.func.count()).where(
            Varsel.gjelder == f"omdisponering:{id_}",
            Varsel.kode == "omdisponering.holder_ikke",
            Varsel.person_id == u.mottaker.person_id,
        )
        assert db.session.scalar(fortalt) == len(sagt)


def test_laasen_paa_personen_og_lokalet_holder_alene(
    u: Utlaan, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that were not known of when the clashing proposals were locked."""
    monkeypatch.setattr(steps, "kolliderende", lambda omd: [])
    lokaler = lag_behov(u.scene.kommune, slag=Slag.LOKALE, antall=50)
    for runde in range(RUNDER // 2):
        person = lag_ressurs(u.scene.hf, u.post, navn=f"Ingen {runde}")
        ny = utkast.Ny(ressursperson_id=person.id, andel=30, samtykket=True)
        svar = _godkjenn_alle(u, app, [_forslag(u, [ny]) for _ in range(SAMTIDIG)])
        assert svar.count(None) == 3, (runde, svar)
        assert all(isinstance(s, Opptatt) for s in svar if s is not None), svar
        rom = [utkast.Ny(lokale_id=lag_lokale(u.scene.hf).id)]
        svar = _godkjenn_alle(u, app, [_forslag(u, rom, lokaler) for _ in range(SAMTIDIG)])
        assert svar.count(None) == 1, (runde, svar)
        assert all(isinstance(s, Opptatt) for s in svar if s is not None), svar


def test_et_lokale_loves_bort_en_gang(u: Utlaan, app: Flask) -> None:
    """Each wants the ward for some hours of one day: those that win do not meet."""
    behov = lag_behov(u.scene.kommune, slag=Slag.LOKALE, antall=50)
    for _runde in range(RUNDER):
        lokale = lag_lokale(u.scene.hf)
        ider = [
            _forslag(
                u,
                [
                    utkast.Ny(
                        lokale_id=lokale.id, fra=behov.fra + n // 2 * T, til=behov.fra + (n // 2 + 2) * T
                    )
                ],
                behov,
            )
            for n in range(SAMTIDIG)
        ]
        svar = _godkjenn_alle(u, app, ider)
        assert all(s is None or isinstance(s, PortalError) for s in svar), svar
        tider = db.session.execute(
            sa.select(Omdisponeringslinje.fra, Omdisponeringslinje.til)
            .where(Omdisponeringslinje.lokale_id == lokale.id, Omdisponeringslinje.opptar)
            .order_by(Omdisponeringslinje.fra)
        ).all()
        assert 2 <= len(tider) == svar.count(None)
        assert all(a.til <= b.fra for a, b in pairwise(tider)), tider


def test_gulvet_holder_naar_to_gaar_samtidig(u: Utlaan, app: Flask) -> None:
    """One can be spared. Two people of the unit, each in a proposal of its own: one goes."""
    lag_gulv(u.post, antall=3, gulv=2)
    for _runde in range(3):
        ider = [_forslag(u, [utkast.Ny(ressursperson_id=p.id, samtykket=True)], u.behov) for p in u.personer]
        svar = _godkjenn_alle(u, app, ider)
        assert svar.count(None) == 1, svar
        for i in ider:
            flyt.trekk(u.avgiver, i, grunn="Neste runde.")


def test_samme_klikk_mange_ganger(u: Utlaan, app: Flask) -> None:
    """Approved once and begun once, however many clicks and clocks there are; ended once too."""
    id_ = u.til(Status.FORESLAATT)
    svar = _godkjenn_alle(u, app, [id_] * SAMTIDIG)
    assert svar.count(None) == 1 and all(isinstance(s, PortalError) for s in svar if s is not None)
    lest = u.les(id_).innhold_hash
    svar = samtidig(app, *[partial(flyt.godkjenn, u.mottaker, id_, lest=lest)] * SAMTIDIG)
    assert svar.count(None) == 1
    for gjoer, handling, bemannet in (
        (partial(flyt.iverksett, u.mottaker, id_), "omdisponering.iverksatt", 4),
        (partial(flyt.avslutt, u.avgiver, id_, grunn="Ferdig."), "omdisponering.avsluttet", 2),
    ):
        with om(days=1, minutes=1):
            svar = samtidig(app, *[gjoer, klokke.sett_i_gang_og_avslutt] * 3)
            assert [s for s in svar if isinstance(s, BaseException) and not isinstance(s, PortalError)] == []
        gjort = sa.select(sa.func.count()).select_from(Revisjon).where(Revisjon.handling == handling)
        assert db.session.scalar(gjort) == 1
        assert _bemannet(u) == bemannet


def _bemannet(u: Utlaan) -> int:
    db.session.rollback()
    staar = db.session.scalars(sa.select(Plass.bemannet).where(Plass.plassenhet_id == u.plassenhet_id)).all()
    assert db.session.get_one(Plasstall, u.plassenhet_id, populate_existing=True).bemannet == sum(staar)
    return sum(staar)


def test_den_begynner_mens_noen_bemanner_for_haand(u: Utlaan, app: Flask) -> None:
    """A click at the unit and the start meet at one bed: either the click or the loan gives it staff, never both."""
    folk = lag_folk(u.scene, u.plassenhet_id)
    uten = db.session.scalars(
        sa.select(Plass.id).where(Plass.plassenhet_id == u.plassenhet_id, ~Plass.bemannet)
    ).all()
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    with om(days=1, minutes=1):
        samtidig(
            app,
            partial(flyt.iverksett, u.mottaker, id_),
            *[partial(drift.bemann, folk.sykepleier, u.plassenhet_id, p, bemannet=True) for p in uten],
        )
        omd = u.les(id_)
        laant = db.session.scalars(sa.select(Plass.laan).where(Plass.plassenhet_id == u.plassenhet_id)).all()
        assert omd.ble_aapnet == laant.count("inn")
        assert _bemannet(u) == 4
        flyt.avslutt(u.mottaker, id_, grunn="Ferdig.")
        assert _bemannet(u) == 4 - (omd.ble_aapnet or 0)


@pytest.mark.skipif(DB != "postgresql", reason="SQLite has one writer")
@pytest.mark.parametrize("gjoer", ["nei", "slett", "utloept", "ny_adresse"])
def test_forslaget_endres_mens_personen_gaar_ut_av_registeret(
    u: Utlaan, app: Flask, monkeypatch: pytest.MonkeyPatch, gjoer: str
) -> None:
    """Who changes a proposal refers to its people; who leaves the register takes them out of it. Neither holds what the
    other waits for, and nobody is left in a proposal who has said no."""
    felt = {"navn": "Berit Reserve", "stilling": Stilling.SYKEPLEIER, "epost": "berit@eksempel.no"}
    id_ = reserve.registrer(u.avgiver, **felt)  # type: ignore[arg-type]
    noekkel = "en-noekkel-for-testen"
    ja = {"noekkel_hash": reserveregister.hash_av(noekkel), "samtykke": Samtykke.GITT, "samtykket": now()}
    if gjoer == "utloept":
        ja["samtykket"] = now() - timedelta(days=366)
    _sett(id_, ja)
    linje = utkast.Ny(ressursperson_id=id_, samtykket=True)
    omd_id = _forslag(u, [linje])
    person_laast, forslag_laast = Event(), Event()
    la_gaa, stopp = reserveregister.la_gaa, felter.stopp_identitet

    def foerst_personen(*args: Any, **k: Any) -> int:
        person_laast.set()
        assert forslag_laast.wait(10)
        return la_gaa(*args, **k)

    def foerst_forslaget(*args: Any, **k: Any) -> int:
        forslag_laast.set()
        assert person_laast.wait(10)
        # So that the other one waits for the proposal by now.
        time.sleep(0.3)
        return stopp(*args, **k)

    lest = u.les(omd_id).innhold_hash
    monkeypatch.setattr(reserveregister, "la_gaa", foerst_personen)
    monkeypatch.setattr(felter, "stopp_identitet", foerst_forslaget)
    svar = samtidig(
        app,
        partial(utkast.endre, u.avgiver, omd_id, [replace(linje, andel=50)], lest=lest),
        {
            "nei": partial(samtykke.svar, noekkel, False),
            "slett": partial(samtykke.slett, noekkel),
            "utloept": reserve.foelg_samtykker,
            "ny_adresse": partial(reserve.endre, u.avgiver, id_, **{**felt, "epost": "ny@eksempel.no"}),
        }[gjoer],
    )
    assert svar[0] is None and svar[1] in (None, 1, reserve.Endret(spurt=True, numre=[])), svar
    omd = u.les(omd_id)
    assert omd.status == Status.AVSLAATT and [li.gjelder for li in omd.linjer] == [False]


@pytest.mark.skipif(DB != "postgresql", reason="SQLite has one writer")
def test_en_som_settes_i_et_nytt_forslag_mens_den_slettes(
    u: Utlaan, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Referred to for the first time as it is erased: the row stays, without a name, and nothing breaks."""
    noekkel = "en-noekkel-for-testen"
    id_ = lag_ressurs(
        u.scene.hf,
        navn="Berit Reserve",
        samtykke=Samtykke.GITT,
        samtykket=now(),
        noekkel_hash=reserveregister.hash_av(noekkel),
        noekkel_utloeper=now() + timedelta(days=1),
    ).id
    la_gaa, noter = reserveregister.la_gaa, steps.noter
    skrevet, sett_bort = Event(), Event()

    def etter_at_det_er_skrevet(*args: Any, **k: Any) -> int:
        assert skrevet.wait(10)
        try:
            return la_gaa(*args, **k)
        finally:
            sett_bort.set()

    def skriv(*args: Any, **k: Any) -> None:
        noter(*args, **k)
        skrevet.set()
        assert sett_bort.wait(10)
        time.sleep(0.3)

    monkeypatch.setattr(reserveregister, "la_gaa", etter_at_det_er_skrevet)
    monkeypatch.setattr(steps, "noter", skriv)
    linjer = [utkast.Ny(ressursperson_id=id_, samtykket=True)]
    svar = samtidig(
        app, partial(utkast.opprett, u.avgiver, u.behov.id, linjer, **LOV), partial(samtykke.slett, noekkel)
    )
    assert svar[1] is None, svar
    assert [li.ressursperson_id for li in u.les(svar[0]).linjer] == [id_]
    person = db.session.get_one(Ressursperson, id_)
    assert person.navn == "" and person.slettet is not None and not person.kan_brukes


@pytest.mark.skipif(DB != "postgresql", reason="SQLite has one writer")
def test_en_som_slettes_mens_det_foerste_forslaget_skrives(
    u: Utlaan, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read for a draft, and erased before the draft is written: who erases waits, and the row stays without a name."""
    noekkel = "en-noekkel-for-testen"
    id_ = lag_ressurs(
        u.scene.hf,
        navn="Berit Reserve",
        samtykke=Samtykke.GITT,
        samtykket=now(),
        noekkel_hash=reserveregister.hash_av(noekkel),
        noekkel_utloeper=now() + timedelta(days=1),
    ).id
    foreslaa = felter.foreslaa
    lest, slettet = Event(), Event()

    def etter_at_personen_er_lest(*args: Any, **k: Any) -> None:
        lest.set()
        slettet.wait(1)
        foreslaa(*args, **k)

    def slett() -> None:
        assert lest.wait(10)
        samtykke.slett(noekkel)
        slettet.set()

    monkeypatch.setattr(felter, "foreslaa", etter_at_personen_er_lest)
    linjer = [utkast.Ny(ressursperson_id=id_, samtykket=True)]
    svar = samtidig(app, partial(utkast.opprett, u.avgiver, u.behov.id, linjer, **LOV), slett)
    assert svar[1] is None, svar
    assert [li.ressursperson_id for li in u.les(svar[0]).linjer] == [id_]
    person = db.session.get_one(Ressursperson, id_)
    assert person.navn == "" and person.slettet is not None


@pytest.mark.skipif(DB != "postgresql", reason="SQLite has one writer")
@pytest.mark.parametrize("gjoer", ["nei", "ja", "lukk_behov"])
def test_den_som_bare_henviser_holder_ingen_tilbake(u: Utlaan, app: Flask, gjoer: str) -> None:
    """A row that is referred to in an open transaction can be answered for and closed meanwhile."""
    noekkel = "en-noekkel-for-testen"
    person = lag_ressurs(
        u.scene.hf,
        navn="Berit Reserve",
        samtykke=Samtykke.GITT,
        samtykket=now(),
        noekkel_hash=reserveregister.hash_av(noekkel),
        noekkel_utloeper=now() + timedelta(days=1),
    )
    lag_tilbud(person, u.behov)
    _forslag(u, [utkast.Ny(ressursperson_id=person.id, samtykket=True)])
    versjon = u.behov.versjon
    henvist, gjort = Event(), Event()

    @transactional
    def henvis() -> bool:
        for tabell in ("ressursperson", "tilbud", "omdisponering", "behov"):
            db.session.execute(sa.text(f"SELECT 1 FROM {tabell} FOR KEY SHARE"))
        henvist.set()
        return gjort.wait(5)

    def gjoer_det() -> None:
        assert henvist.wait(10)
        if gjoer == "lukk_behov":
            behovsbruk.lukk(u.mottaker, u.behov.id, lest=versjon, grunn="Trengs ikke.")
        else:
            samtykke.svar(noekkel, gjoer == "ja")
        gjort.set()

    assert samtidig(app, henvis, gjoer_det) == [True, None]


@transactional
def _sett(id_: UUID, felt: dict[str, Any]) -> None:
    db.session.execute(
        sa.update(Ressursperson)
        .where(Ressursperson.id == id_)
        .values(felt)
        .execution_options(synchronize_session=False)
    )


@pytest.mark.skipif(DB != "postgresql", reason="the constraint is PostgreSQL's")
def test_databasen_sier_nei_selv_om_vi_glemmer_det(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever one day forgets the lock or the check meets the EXCLUDE constraint: a clear answer, and no trace."""
    behov = lag_behov(u.scene.kommune, slag=Slag.LOKALE, antall=50)
    lokale = lag_lokale(u.scene.hf)
    ider = [_forslag(u, [utkast.Ny(lokale_id=lokale.id)], behov) for _ in range(2)]
    monkeypatch.setattr(kontroll, "ledige", lambda omd: None)
    monkeypatch.setattr(steps, "kolliderende", lambda omd: [])
    flyt.godkjenn(u.avgiver, ider[0], lest=u.les(ider[0]).innhold_hash)
    antall = sa.select(sa.func.count()).select_from(Revisjon)
    lest = u.les(ider[1]).innhold_hash
    foer = db.session.scalar(antall)
    with pytest.raises(Opptatt) as feil:
        flyt.godkjenn(u.avgiver, ider[1], lest=lest)
    assert "er alt i bruk i perioden" in str(feil.value.melding)
    assert u.les(ider[1]).status == Status.FORESLAATT and db.session.scalar(antall) == foer


def test_den_som_faller_etter_at_noen_begynte_aa_godkjenne(u: Utlaan, app: Flask) -> None:
    """Withdrawn by the receiver and approved by the lender at the same moment: one of them, and the other is told."""
    for _runde in range(RUNDER):
        omd_id = _forslag(u, [utkast.Ny(ressursperson_id=u.personer[0].id, samtykket=True)], u.behov)
        lest = u.les(omd_id).innhold_hash
        svar = samtidig(
            app,
            partial(flyt.godkjenn, u.avgiver, omd_id, lest=lest),
            partial(flyt.avslaa, u.mottaker, omd_id, grunn="Trengs ikke.", lest=lest),
        )
        omd = u.les(omd_id)
        # Declined last, also what was approved a moment before: the lender's yes binds nobody else.
        assert svar[1] is None and omd.status == Status.AVSLAATT, svar
        assert not any(li.opptar for li in omd.linjer)
        assert omd.til - omd.fra == timedelta(days=7)


def test_gulvet_gjelder_hvilken_enhet_forslaget_enn_nevner(u: Utlaan) -> None:
    """Each person's own unit keeps its floor, also where the proposal names another unit, or none."""
    annen = lag_enhet(u.scene.hf, "avdeling", "Kirurgisk post")
    lag_gulv(u.post, antall=3, gulv=2)
    ny = [utkast.Ny(ressursperson_id=p.id, samtykket=True) for p in u.personer]
    for enhet_id in (u.post.id, annen.id, None):
        id_ = _forslag(u, ny, avgiver_enhet_id=enhet_id)
        with pytest.raises(UgyldigData) as feil:
            flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
        assert set(feil.value.detaljer["felter"]) == {"gulv_overstyrt"}


# --- what is read must still be so when it is written ----------------------------------------------------


def test_to_som_godkjennes_samtidig_dekker_behovet_sammen(
    u: Utlaan, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would count the other out, had both counted before either was written: one waits, and counts both."""
    ider = [_forslag(u, [utkast.Ny(ressursperson_id=p.id, samtykket=True)]) for p in u.personer]
    for id_ in ider:
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    talt, ekte = Barrier(2), steps.dekket

    def tell_og_vent(behov: Collection[UUID]) -> dict[UUID, float]:
        svar = ekte(behov)
        with suppress(BrokenBarrierError):
            talt.wait(1)
        return svar

    monkeypatch.setattr(steps, "dekket", tell_og_vent)
    lest = [u.les(i).innhold_hash for i in ider]
    svar = samtidig(
        app, *[partial(flyt.godkjenn, u.mottaker, i, lest=h) for i, h in zip(ider, lest, strict=True)]
    )
    assert svar == [None, None]
    assert db.session.get_one(Behov, u.behov.id).status == Behovsstatus.DEKKET


def test_et_vedtak_oppheves_ikke_mens_noen_begynner_etter_det(
    u: Utlaan, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who lifts it waits until they have begun, and is told of them: nobody begins by what is lifted already."""
    vedtak = lag_vedtak(u.scene.hf)
    id_ = u.til(Status.FORESLAATT, vedtak_id=vedtak.id)
    omd = u.les(id_)
    flyt.godkjenn(u.avgiver, id_, lest=omd.innhold_hash, beordret=[li.id for li in omd.linjer])
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    sett, ekte = Event(), kontroll.kan_ikke_begynne

    def se_og_noel(omd: Omdisponering) -> list[Omdisponeringslinje]:
        svar = ekte(omd)
        sett.set()
        time.sleep(0.5)
        return svar

    def opphev() -> str:
        assert sett.wait(10)
        vedtakstjeneste.opphev(u.avgiver, vedtak.id)
        return u.les(id_).status

    monkeypatch.setattr(kontroll, "kan_ikke_begynne", se_og_noel)
    with om(days=1, minutes=1):
        svar = samtidig(app, partial(flyt.iverksett, u.mottaker, id_), opphev)
    assert svar == [None, Status.IVERKSATT]
