"""The board that a process keeps: never older than the database, whoever has changed it, and the same as read anew."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.identitet.models import Enhet
from portal.plasser import steps, tavlelager
from portal.plasser.models import Plassenhet, Plassmedlem
from portal.plasser.sammendrag import i_grupper, legg_sammen
from portal.plasser.service import drift, oversikt, reservasjoner, tavle
from tests.bygg import Scene, lag_aktor, lag_kommune
from tests.plasser.hjelp import lag_plassenhet, les_plasser, sett_fase, teller
from tests.samtidig import samtidig


@transactional
def legg_ned(enhet_id: UUID) -> None:
    db.session.get_one(Plassenhet, enhet_id).nedlagt = now()
    steps.flytt_stavlen(enhet_id)


def paa_nytt(foer: list[dict[str, Any]]) -> None:
    """What is kept is what a process that begins now reads."""
    tavlelager.glem()
    assert [dict(r) for r in tavlelager.hent().enheter] == foer


def test_hele_og_det_som_er_endret(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = lag_plassenhet(scene, 2, navn="Aurland"), lag_plassenhet(scene, ["ledig", "belagt"], navn="Åfjord")
    hele = tavle.hent_tavle(scene.lege)
    assert (hele["hel"], hele["versjon"]) == (True, 2)
    assert [(r["id"], r["ledig"], r["belagt"]) for r in hele["enheter"]] == [(str(a), 2, 0), (str(b), 1, 1)]
    lest = teller(monkeypatch)
    assert tavle.hent_tavle(scene.lege) == hele and lest == []
    reservasjoner.reserver(scene.lege, a, klient_id=uuid4())
    endret = tavle.hent_tavle(scene.lege, etter=2)
    assert lest == [1]
    assert (endret["hel"], endret["versjon"]) == (False, 3)
    assert [(r["id"], r["ledig"], r["holdt"], r["versjon"]) for r in endret["enheter"]] == [(str(a), 1, 1, 3)]
    assert endret["summer"]["alle"]["holdt"] == 1 and endret["summer"]["alle"]["ledig"] == 2
    assert tavle.hent_tavle(scene.lege, etter=3)["enheter"] == []
    paa_nytt(tavle.hent_tavle(scene.lege)["enheter"])


def test_en_versjon_som_ikke_er_vaar_gir_alt(scene: Scene) -> None:
    lag_plassenhet(scene)
    svar = tavle.hent_tavle(scene.lege, etter=99)
    assert svar["hel"] and len(svar["enheter"]) == 1


def test_en_nedlagt_enhet_tas_bort_hos_dem_som_har_den(scene: Scene) -> None:
    a, b = lag_plassenhet(scene, 1, navn="A"), lag_plassenhet(scene, 3, navn="B")
    assert len(tavle.hent_tavle(scene.lege)["enheter"]) == 2
    legg_ned(a)
    for _ in range(2):
        hele = tavle.hent_tavle(scene.lege)
        assert [r["id"] for r in hele["enheter"]] == [str(b)]
        endret = tavle.hent_tavle(scene.lege, etter=2)
        assert (endret["summer"]["alle"]["enheter"], endret["summer"]["alle"]["ledig"]) == (1, 3)
        (rad,) = endret["enheter"]
        assert (rad["id"], rad["nedlagt"]) == (str(a), True)
        # A process that begins after the closing tells of it all the same.
        tavlelager.glem()


def test_fasen_endrer_hvor_lenge_tallene_er_ferske(scene: Scene) -> None:
    enhet = lag_plassenhet(scene)
    foer = tavle.hent_tavle(scene.lege)
    sett_fase(scene.annen_kommune.id, 4)
    assert tavle.hent_tavle(scene.lege) == foer
    sett_fase(scene.kommune.id, 3)
    etter = tavle.hent_tavle(scene.lege, etter=foer["versjon"], faser=foer["faser"])
    assert etter["versjon"] == foer["versjon"] and etter["faser"] != foer["faser"]
    assert etter["hel"], "no version tells of a phase: the whole board is sent"
    (rad,) = etter["enheter"]
    assert (rad["id"], rad["fase"], rad["bekreftet"]) == (str(enhet), 3, foer["enheter"][0]["bekreftet"])
    assert rad["ferskt_til"] < foer["enheter"][0]["ferskt_til"]
    assert not tavle.hent_tavle(scene.lege, etter=etter["versjon"], faser=etter["faser"])["hel"]
    paa_nytt(etter["enheter"])


def test_et_navn_som_endres_synes_straks(scene: Scene) -> None:
    lag_plassenhet(scene, navn="Gammelt navn")
    merke = tavle.hent_json(scene.lege)[1]

    @transactional
    def nytt_navn(modell: Any, vilkaar: Any, **felt: Any) -> None:
        for k, v in felt.items():
            setattr(db.session.scalars(sa.select(modell).where(vilkaar)).one(), k, v)

    nytt_navn(Enhet, Enhet.navn == "Gammelt navn", navn="Nytt navn")
    assert [r["navn"] for r in tavle.hent_tavle(scene.lege)["enheter"]] == ["Nytt navn"]
    assert tavle.hent_json(scene.lege)[1] != merke


def test_summene_er_de_som_siden_viser(scene: Scene) -> None:
    """A change tells the sums that it touches, as the pages add them: unknown is unknown."""
    annen = lag_kommune("Enslige", helseforetak_id=None)
    ukjent = lag_plassenhet(scene, ["ukjent", "ukjent"], bekreftet=None)
    lag_plassenhet(scene, ["ledig", "stengt"], bekreftet=now() - timedelta(hours=13))
    ensom = lag_plassenhet(scene, 2, vert=annen, navn="Uten foretak")
    nr = tavle.hent_tavle(scene.lege)["versjon"]
    alle = legg_sammen(tavle.hent_tavle(scene.lege)["enheter"], now())
    for enhet, kommune in ((ukjent, scene.kommune), (ensom, annen)):

        @transactional
        def flytt(enhet: UUID = enhet) -> None:
            steps.flytt_stavlen(enhet)

        flytt()
        summer = tavle.hent_tavle(scene.lege, etter=nr)["summer"]
        foretak = "" if kommune is annen else str(scene.hf.id)
        assert set(summer) == {"alle", f"foretak:{foretak}", "fylke:", f"kommune:{kommune.kode}"}
        nr += 1
        s = summer["alle"]
        assert (s["enheter"], s["ukjente"], s["gamle"], s["usikker"]) == (3, 1, 1, True)
        assert {d: s[d] for d in alle.tall} == alle.tall and s["eldst"] == alle.eldst
    assert (s["ledig"], s["ukjent"], s["antall"]) == (3, 2, 6)


def test_summene_foelger_med_naar_en_enhet_endrer_seg(scene: Scene) -> None:
    """The groups of a board are made of those of the board before: always as if they were added up anew."""
    annen = lag_kommune("Enslige", helseforetak_id=None)
    enhet = lag_plassenhet(scene, 3)
    lag_plassenhet(scene, ["belagt", "ukjent"], navn="Gammel", bekreftet=now() - timedelta(hours=13))
    lag_plassenhet(scene, ["ukjent"], navn="Ukjent", bekreftet=None)
    lag_plassenhet(scene, 2, vert=annen, navn="Uten foretak")

    def som_paa_nytt() -> None:
        o = oversikt.hent(scene.lege)
        assert o.landet() == legg_sammen(o.rader, o.naa)
        for noekkel, navn in (("foretak_id", "foretak"), ("fylke", "fylke"), ("kommunenummer", "kommune")):
            grupper = o.grupper(noekkel, navn)
            assert grupper == i_grupper(o.rader, noekkel, navn, o.naa)
            assert sum(g.sum.enheter for g in grupper) == len(o.rader)

    som_paa_nytt()
    for antall in (2, 1):
        reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
        assert oversikt.hent(scene.lege).landet().tall["ledig"] == antall + 2
        som_paa_nytt()
    legg_ned(enhet)
    som_paa_nytt()
    sett_fase(annen.id, 4)
    som_paa_nytt()


def test_inne_i_et_brukstilfelle_beholdes_ingenting(scene: Scene) -> None:
    """What is not committed must not be shown to others, and least of all after a rollback."""
    enhet = lag_plassenhet(scene, 2)

    @transactional
    def ombestemmer_seg() -> None:
        plass = steps.i_bruk(enhet)[0]
        steps.bemann(scene.koordinator, plass, False, aarsak="test")
        steps.tell(scene.koordinator, db.session.get_one(Plassenhet, enhet))
        assert tavle.hent_tavle(scene.lege)["enheter"][0]["ubemannet"] == 1
        raise UgyldigData()

    for kald in (True, False):
        if kald:
            tavlelager.glem()
        with pytest.raises(UgyldigData):
            ombestemmer_seg()
        assert tavle.hent_tavle(scene.lege)["enheter"][0]["ledig"] == 2


def test_tavla_som_andre_endrer_mens_den_leses(scene: Scene, app: Flask) -> None:
    """Writers and readers at once: whoever asks after a change has been acknowledged, sees it."""
    enheter = [lag_plassenhet(scene, 4, navn=f"E{n}") for n in range(3)]

    def skriv(enhet: UUID) -> int:
        reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
        db.session.rollback()
        rad = next(r for r in tavle.hent_tavle(scene.lege)["enheter"] if r["id"] == str(enhet))
        return int(rad["holdt"])

    for _ in range(3):
        svar = samtidig(
            app, *[partial(skriv, e) for e in enheter], *[partial(tavle.hent_tavle, scene.lege)] * 3
        )
        assert all(isinstance(s, (int, dict)) for s in svar), svar
    hele = tavle.hent_tavle(scene.lege)["enheter"]
    assert [r["holdt"] for r in hele] == [3, 3, 3]
    paa_nytt(hele)


def test_den_som_har_et_eldre_bilde_faar_et_som_henger_sammen(scene: Scene) -> None:
    """A reader whose transaction began before the last change may come after it; another database begins anew."""
    lag_plassenhet(scene, 1, navn="A")
    lag_plassenhet(scene, 1, navn="B")
    tavle.hent_tavle(scene.lege)
    siste = tavlelager._siste
    assert siste is not None
    siste.versjon = 50
    hele = tavle.hent_tavle(scene.lege)
    assert (hele["versjon"], len(hele["enheter"])) == (2, 2)


def test_bare_den_som_er_inne_ser_tavla(scene: Scene) -> None:
    for les in (tavle.hent_tavle, tavle.hent_json, tavle.soek):
        with pytest.raises(IkkeTilgang):
            les(Aktor.system("ingen"))
    observatoer = lag_observatoer(scene)
    assert tavle.hent_tavle(observatoer)["hel"]


@transactional
def lag_observatoer(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, scene.hf)


def test_soeket_teller_bare_dem_som_er_med_i_dag(scene: Scene) -> None:
    """A place that begins tomorrow is no place yet."""
    naer = lag_plassenhet(scene, 1, evner=3, navn="Nær", vert=scene.annen_kommune)
    lag_plassenhet(scene, 1, evner=1, navn="Uten oksygen", vert=scene.annen_kommune)

    @transactional
    def meld_inn(fra: Any) -> None:
        db.session.add(
            Plassmedlem(id=uuid4(), plassenhet_id=naer, kommune_id=scene.kommune.id, kvote=1, fra=fra)
        )

    assert [(r["navn"], r["passer"], r["medlem"]) for r in tavle.soek(scene.lege, evner=2)["enheter"]] == [
        ("Nær", 1, False)
    ]
    meld_inn((now() + timedelta(days=2)).date())
    assert tavle.soek(scene.lege, evner=2, bare_mine=True)["enheter"] == []
    plass = les_plasser(naer)[0]
    drift_av = lag_paa_enheten(scene, naer)
    drift.bemann(drift_av, naer, plass.id, bemannet=False)
    assert tavle.soek(scene.lege, evner=2)["enheter"] == []


@transactional
def lag_paa_enheten(scene: Scene, enhet_id: UUID) -> Aktor:
    enhet = db.session.get_one(Plassenhet, enhet_id)
    return lag_aktor(
        Rolle.HELSEPERSONELL, scene.annen_kommune, db.session.get_one(Enhet, enhet.enhet_id), navn="Nattevakt"
    )
