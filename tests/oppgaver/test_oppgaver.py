"""Tasks: who sees and does them, proof, reminders in the morning, and the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO, i_dag, now, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, UgyldigData, UgyldigOvergang
from portal.identitet.models import Medlemskap, Organisasjon, Person
from portal.oppgaver import service, steps
from portal.oppgaver.models import Oppgave
from portal.varsler.models import Utsending, Varsel
from tests.avtalehjelp import lag_oppgave
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, skriv, uten_spor
from tests.samtidig import samtidig

Som = Callable[[Aktor], FlaskClient]
#: A Monday, at noon in Oslo.
NAA = datetime(2026, 3, 2, 12, 0, tzinfo=OSLO)
FRIST = date(2026, 4, 15)


def kl(dag: date, time: int, minutt: int = 0) -> datetime:
    return datetime(dag.year, dag.month, dag.day, time, minutt, tzinfo=OSLO)


def les(id_: UUID) -> Oppgave:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Oppgave, id_)


@transactional
def opprett(organisasjon: Organisasjon, **felt: Any) -> UUID:
    id_ = steps.opprett(
        organisasjon.id,
        **{"noekkel": str(uuid4()), "kode": "avtale.forpliktelse", "tittel": "Møte", "frist": FRIST, **felt},
    )
    assert id_
    return id_


def fortalt(aktor: Aktor) -> list[str]:
    """The codes of what the person has been told of tasks, in order."""
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel.kode)
            .where(Varsel.person_id == aktor.person_id, Varsel.kode.startswith("oppgave."))
            .order_by(Varsel.opprettet)
        )
    )


@pytest.fixture
def koordinator2(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, scene.hf, navn="Kari Koordinator")


# --- who -------------------------------------------------------------------------------------------------


def test_hvem_som_ser_lista(scene: Scene) -> None:
    lag_oppgave(scene.hf)
    lag_oppgave(scene.kommune)
    for aktor in (scene.koordinator, scene.administrator, scene.vaktleder, scene.kommuneoverlege):
        rader = service.hent_oppgaver(aktor).rader
        assert [r.oppgave.organisasjon_id for r in rader] == [aktor.organisasjon_id]
    for aktor in (scene.lege, scene.spesialist, scene.systemadministrator, scene.innsyn):
        with pytest.raises(IkkeTilgang):
            service.hent_oppgaver(aktor)
    assert {r.utfall for r in revisjon("oppgave.se")} == {"avslag"}


@pytest.mark.parametrize("handling", [service.ta, service.gi_fra_seg, service.gjoer, service.gjenaapne])
def test_bare_koordinatoren_fordeler(scene: Scene, opptak: Opptak, handling: Any) -> None:
    """Who sees and may not: 403. Who does not see: 404. Nothing is written but the refusal."""
    id_ = lag_oppgave(scene.hf).id
    for aktor in (scene.administrator, scene.vaktleder):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            handling(aktor, id_)
    fremmed = lag_aktor(Rolle.KOORDINATOR, scene.annet_hf)
    for aktor in (scene.spesialist, fremmed, scene.kommuneoverlege):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            handling(aktor, id_)
    with pytest.raises(IkkeFunnet):
        handling(scene.koordinator, uuid4())


def test_den_som_har_tatt_den_kan_gjoere_den(scene: Scene) -> None:
    """Also in another role of the organisation; but reopen it a coordinator alone can."""
    id_ = lag_oppgave(scene.hf, ansvarlig_id=scene.administrator.person_id).id
    rad = service.hent_oppgave(scene.administrator, id_)
    assert (rad.kan_ta, rad.kan_gi_fra_seg, rad.kan_gjoere) == (False, True, True)
    service.gjoer(scene.administrator, id_, "Referat 26/12")
    assert (les(id_).gjort_av_id, les(id_).bevis) == (scene.administrator.person_id, "Referat 26/12")
    assert not service.hent_oppgave(scene.administrator, id_).kan_gjenaapne
    with pytest.raises(IkkeTilgang):
        service.gjenaapne(scene.administrator, id_)


@pytest.mark.parametrize("har_tatt", [None, "koordinator2", "administrator"])
def test_en_koordinator_gjoer_det_ingen_eller_en_annen_har_tatt(
    scene: Scene, som: Som, koordinator2: Aktor, har_tatt: str | None
) -> None:
    """The page offers it and says what is kept: who did it, beside who had taken it on."""
    andre = {"koordinator2": koordinator2, "administrator": scene.administrator}
    ansvarlig = andre[har_tatt].person_id if har_tatt else None
    id_ = lag_oppgave(scene.hf, ansvarlig_id=ansvarlig).id
    klient = som(scene.koordinator)
    assert "står det at du gjorde det" in tekst(klient.get(f"/oppgaver/{id_}"))
    assert klient.post(f"/oppgaver/{id_}/gjoer", data={"bevis": ""}).status_code == 303
    gjort = les(id_)
    assert (gjort.gjort_av_id, gjort.ansvarlig_id) == (scene.koordinator.person_id, ansvarlig)
    (spor,) = [r for r in revisjon("oppgave.gjort", objekt=id_) if r.utfall == "ok"]
    assert spor.person_id == scene.koordinator.person_id
    assert f", {scene.koordinator.navn}" in tekst(klient.get("/oppgaver?vis=ferdige"))
    # One's own says nothing of it.
    egen = lag_oppgave(scene.hf, ansvarlig_id=scene.koordinator.person_id).id
    assert "står det at du gjorde det" not in tekst(klient.get(f"/oppgaver/{egen}"))


# --- what is done ----------------------------------------------------------------------------------------


def test_ta_gi_fra_seg_gjoere_gjenaapne(scene: Scene, koordinator2: Aktor, opptak: Opptak) -> None:
    id_ = lag_oppgave(scene.hf).id
    service.ta(scene.koordinator, id_)
    service.ta(scene.koordinator, id_)
    with uten_spor(opptak), pytest.raises(Opptatt) as feil:
        service.ta(koordinator2, id_)
    assert scene.koordinator.navn in feil.value.melding
    # Somebody who has gone keeps no task: a colleague takes it from them.
    service.gi_fra_seg(koordinator2, id_)
    assert les(id_).ansvarlig_id is None
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        service.gi_fra_seg(koordinator2, id_)
    service.gjoer(koordinator2, id_)
    for handling in (service.ta, service.gi_fra_seg, service.gjoer):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            handling(scene.koordinator, id_)
    service.gjenaapne(scene.koordinator, id_)
    assert les(id_).gjort is None and les(id_).gjort_av_id is None
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        service.gjenaapne(scene.koordinator, id_)
    handlinger = {r.handling for r in revisjon(objekt=id_) if r.utfall == "ok"}
    assert handlinger == {"oppgave.tatt", "oppgave.gitt_fra", "oppgave.gjort", "oppgave.gjenaapnet"}
    assert opptak.navn().count("oppgaver.endret") == 4


def test_bevis_kreves_der_det_skal(scene: Scene, opptak: Opptak) -> None:
    id_ = lag_oppgave(scene.hf, krever_bevis=True).id
    for bevis in ("", "   ", "x" * 501):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            service.gjoer(scene.koordinator, id_, bevis)
        assert "bevis" in feil.value.detaljer["felter"]
    service.gjoer(scene.koordinator, id_, " 26/1234 ")
    assert les(id_).bevis == "26/1234"
    service.gjenaapne(scene.koordinator, id_)
    assert les(id_).bevis == "26/1234"


def test_avlyst_er_lukket(scene: Scene, opptak: Opptak) -> None:
    id_ = lag_oppgave(scene.hf, avlyst=now()).id
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        service.gjoer(scene.koordinator, id_)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        service.gjenaapne(scene.koordinator, id_)


def test_rekkefoelge_utvalg_og_sider(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PR_SIDE", 2)
    dager = {n: lag_oppgave(scene.hf, frist=i_dag() + timedelta(days=n)).id for n in (40, -3, 0, 10)}
    lag_oppgave(scene.hf, gjort=now())
    service.ta(scene.koordinator, dager[10])
    foerste = service.hent_oppgaver(scene.koordinator)
    assert [(r.oppgave.id, r.dager) for r in foerste.rader] == [(dager[-3], -3), (dager[0], 0)]
    assert (foerste.sider, foerste.antall, foerste.over) == (2, 4, 1)
    assert foerste.tall == {"aapne": 4, "mine": 1, "ferdige": 1}
    # A page beyond the last shows the last.
    assert [r.dager for r in service.hent_oppgaver(scene.koordinator, side=9).rader] == [10, 40]
    mine = service.hent_oppgaver(scene.koordinator, vis="mine")
    assert [r.oppgave.id for r in mine.rader] == [dager[10]]
    assert service.hent_oppgaver(scene.koordinator, vis="ferdige").antall == 1


# --- reminders -------------------------------------------------------------------------------------------


def test_paaminnelser_til_dagen_etter(scene: Scene, koordinator2: Aktor) -> None:
    """30, 7 and 1 day before at seven in Oslo, and once the day after: then silence."""
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - timedelta(days=400)))
    with som_om(NAA):
        id_ = opprett(scene.hf)
        opprett(scene.kommune)
    fikk = []
    dag = NAA.date()
    while dag < FRIST + timedelta(days=20):
        for tid in (kl(dag, 6, 59), kl(dag, 7)):
            with som_om(tid):
                foer = len(fortalt(scene.koordinator))
                service.minn_om_oppgaver()
                service.minn_om_oppgaver()
                fikk += [((dag - FRIST).days, tid.hour, k) for k in fortalt(scene.koordinator)[foer:]]
        dag += timedelta(days=1)
    paa, over = "oppgave.paaminnelse", "oppgave.over_fristen"
    assert fikk == [(-30, 7, paa), (-7, 7, paa), (-1, 7, paa), (1, 7, over)]
    assert fortalt(koordinator2) == [paa, paa, paa, over]
    assert les(id_).neste_paaminnelse is None
    assert fortalt(scene.vaktleder) == [] and fortalt(scene.kommuneoverlege) == []


def test_den_som_har_tatt_den_minnes_alene(scene: Scene, koordinator2: Aktor) -> None:
    id_ = opprett(scene.hf, frist=i_dag() + timedelta(days=3), paaminnelser=(2,))
    service.ta(scene.koordinator, id_)
    with som_om(kl(i_dag() + timedelta(days=1), 8)):
        assert service.minn_om_oppgaver() == 1
    assert (len(fortalt(scene.koordinator)), len(fortalt(koordinator2))) == (1, 0)


def test_den_som_har_sluttet_minnes_ikke(scene: Scene, koordinator2: Aktor) -> None:
    id_ = opprett(scene.hf, frist=i_dag() + timedelta(days=3), paaminnelser=(2,))
    service.ta(scene.koordinator, id_)
    skriv(sa.update(Person).where(Person.id == scene.koordinator.person_id).values(aktiv=False))
    with som_om(kl(i_dag() + timedelta(days=1), 8)):
        assert service.minn_om_oppgaver() == 1
    assert (len(fortalt(scene.koordinator)), len(fortalt(koordinator2))) == (0, 1)


def test_uten_koordinator_minnes_administratoren(scene: Scene) -> None:
    administrator = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)
    opprett(scene.kommune, frist=i_dag() + timedelta(days=3), paaminnelser=(2,))
    with som_om(kl(i_dag() + timedelta(days=1), 8)):
        service.minn_om_oppgaver()
    assert fortalt(administrator) == ["oppgave.paaminnelse"]


def test_arbeideren_stod_det_sies_en_gang(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missed reminders are one, and more than a batch are all told."""
    monkeypatch.setattr(service, "BUNKE", 2)
    for _ in range(5):
        opprett(scene.hf, frist=i_dag() + timedelta(days=40))
    with som_om(kl(i_dag() + timedelta(days=35), 8)):
        assert service.minn_om_oppgaver() == 5
        assert service.minn_om_oppgaver() == 0
    assert fortalt(scene.koordinator) == ["oppgave.paaminnelse"] * 5


def test_to_arbeidere_minner_en_gang(scene: Scene, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BUNKE", 3)
    for _ in range(10):
        opprett(scene.hf, frist=i_dag() + timedelta(days=3), paaminnelser=(2,))
    with som_om(kl(i_dag() + timedelta(days=1), 8)):
        assert sum(samtidig(app, service.minn_om_oppgaver, service.minn_om_oppgaver)) == 10
    assert len(fortalt(scene.koordinator)) == 10


def test_gjort_er_det_stille(scene: Scene) -> None:
    """What was told and not read is forgotten, and nothing more comes; called off, the same."""
    gjort = opprett(scene.hf, frist=i_dag() + timedelta(days=3), paaminnelser=(2, 1))
    avlyst = opprett(scene.hf, frist=i_dag() + timedelta(days=3), paaminnelser=(2, 1), noekkel="bort")
    with som_om(kl(i_dag() + timedelta(days=1), 8)):
        assert service.minn_om_oppgaver() == 2
        service.gjoer(scene.koordinator, gjort)
        transactional(steps.avlys_noekler)(["bort"])
    db.session.rollback()
    assert db.session.scalars(sa.select(Varsel.stoppet.is_(None))).all() == [False, False]
    assert not db.session.scalar(sa.select(sa.exists().where(Utsending.stoppet.is_(None))))
    assert les(avlyst).avlyst is not None and les(gjort).avlyst is None
    with som_om(kl(i_dag() + timedelta(days=5), 8)):
        assert service.minn_om_oppgaver() == 0


def test_gjenaapnet_minnes_igjen(scene: Scene) -> None:
    id_ = opprett(scene.hf, frist=i_dag() + timedelta(days=10), paaminnelser=(7, 1))
    service.gjoer(scene.koordinator, id_)
    with som_om(kl(i_dag() + timedelta(days=5), 12)):
        service.gjenaapne(scene.koordinator, id_)
        assert les(id_).neste_paaminnelse == kl(i_dag() + timedelta(days=4), 7)


# --- the pages -------------------------------------------------------------------------------------------


def tekst(svar: Any) -> str:
    hoved = svar.get_data(as_text=True).split('<main id="innhold"', 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", hoved)).split())


def test_lista_i_ord(scene: Scene, som: Som) -> None:
    lag_oppgave(scene.hf, tittel="Gammelt møte", frist=i_dag() - timedelta(days=2))
    lag_oppgave(scene.hf, tittel="Nytt møte", frist=i_dag() + timedelta(days=1))
    lag_oppgave(scene.hf, tittel="Fjernt møte", frist=i_dag() + timedelta(days=60))
    lag_oppgave(scene.kommune, tittel="Kommunens møte")
    klient = som(scene.koordinator)
    svar = klient.get("/oppgaver")
    side = tekst(svar)
    assert "1 oppgave er over fristen." in side and "2 dager over fristen" in side and "1 dag igjen" in side
    rekke = [side.index(t) for t in ("Over fristen", "Gammelt", "De neste 30", "Nytt", "Senere", "Fjernt")]
    assert rekke == sorted(rekke)
    assert "Kommunens møte" not in side
    assert 'href="/oppgaver" aria-current="page"' in svar.get_data(as_text=True)
    assert "Ingenting er ferdig" in tekst(klient.get("/oppgaver?vis=ferdige"))
    assert klient.get("/oppgaver?vis=noe").status_code == 422
    assert som(scene.lege).get("/oppgaver").status_code == 403
    assert 'href="/oppgaver"' not in som(scene.lege).get("/avtaler").get_data(as_text=True)


def test_knappene(scene: Scene, som: Som) -> None:
    id_ = lag_oppgave(scene.hf, tittel="Møte").id
    klient = som(scene.koordinator)
    for handling in ("ta", "gi-fra-seg", "gjoer", "gjenaapne"):
        svar = klient.post(f"/oppgaver/{id_}/{handling}", follow_redirects=True)
        assert svar.status_code == 200, handling
        assert 'data-color="success"' in svar.get_data(as_text=True), handling
    assert som(scene.vaktleder).post(f"/oppgaver/{id_}/ta").status_code == 403
    assert som(scene.kommuneoverlege).get(f"/oppgaver/{id_}").status_code == 404
    side = som(scene.vaktleder).get(f"/oppgaver/{id_}").get_data(as_text=True)
    assert "Ingen har tatt den" in side and f"/oppgaver/{id_}/" not in side


def test_bevis_i_skjemaet_mister_ingenting(scene: Scene, som: Som) -> None:
    id_ = lag_oppgave(scene.hf, kode="avtale.sendt_hdir", krever_bevis=True).id
    klient = som(scene.koordinator)
    svar = klient.post(f"/oppgaver/{id_}/gjoer", data={"bevis": " "})
    assert svar.status_code == 422 and "Skriv hvor det kan finnes igjen" in tekst(svar)
    lang = "26/" + "9" * 600
    svar = klient.post(f"/oppgaver/{id_}/gjoer", data={"bevis": lang})
    assert svar.status_code == 422 and lang in svar.get_data(as_text=True)
    assert klient.post(f"/oppgaver/{id_}/gjoer", data={"bevis": "x", "annet": "y"}).status_code == 422
    assert klient.post(f"/oppgaver/{id_}/gjoer", data={"bevis": "26/77"}).status_code == 303
    # Somebody was first: what was written stays.
    svar = klient.post(f"/oppgaver/{id_}/gjoer", data={"bevis": "26/78"})
    assert svar.status_code == 409 and "ikke åpen lenger" in tekst(svar) and "26/78" in tekst(svar)
    assert "readonly>\n26/78</textarea>" in svar.get_data(as_text=True)
    assert les(id_).bevis == "26/77"


def test_innholdet_er_tekst(scene: Scene, som: Som, app: Flask) -> None:
    id_ = lag_oppgave(scene.hf, tittel="<b>Møte</b>", tekst="<script>x</script>").id
    klient = som(scene.koordinator)
    for adresse in ("/oppgaver", f"/oppgaver/{id_}"):
        side = klient.get(adresse).get_data(as_text=True)
        assert "&lt;b&gt;Møte" in side and "<script>x" not in side
