"""What an agreement in force asks for becomes tasks: clauses' obligations, the annual review, the sending-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.avtaler import plikter, steps
from portal.avtaler.forloep import Status
from portal.avtaler.livsmodeller import Innsending
from portal.avtaler.models import Avtale
from portal.avtaler.service import avtaler, forpliktelser, ikrafttredelse, klausuler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, Organisasjon
from portal.oppgaver import service as oppgaver
from portal.oppgaver.models import Oppgave
from tests.avtalehjelp import lag_avtale
from tests.avtaler.godkjenninghjelp import Bord, beskriv, gi
from tests.avtaler.motorhjelp import klausul, les, noekler
from tests.avtaler.oppsigelsehjelp import snart
from tests.bygg import Scene, lag_aktor, lag_kommune, lagre, skriv

Som = Callable[[Aktor], FlaskClient]
#: A Monday.
DAG = date(2026, 3, 2)
NAA = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def plikt(tekst: str = "Møte", hyppighet: str = "halvaarlig", frist: str = "", *sider: str) -> dict[str, Any]:
    return {
        "tekst": tekst,
        "hyppighet": hyppighet,
        "frist": frist,
        "sider": list(sider) or ["foretak", "kommune"],
    }


def i_kraft(scene: Scene, *forpliktelser_: dict[str, Any], **felt: Any) -> Avtale:
    """In force from `DAG`, with its tasks."""
    felt.setdefault("i_kraft_fra", DAG)
    avtale = lag_avtale(
        felt.pop("eier", scene.hf),
        felt.pop("kommuner", [scene.kommune]),
        status=Status.GJELDENDE,
        bestemmelser=[{"forpliktelser": list(forpliktelser_)}],
        **felt,
    )
    fyll(avtale.id)
    return avtale


@transactional
def fyll(avtale_id: UUID) -> None:
    avtale = db.session.get_one(Avtale, avtale_id)
    versjon = steps.holder(avtale)
    assert versjon
    plikter.lag_oppgaver(avtale, versjon)


def frister(kode: str, hos: Organisasjon | None = None, *, aapne: bool = True) -> list[date]:
    """The days of the tasks of a kind, in order."""
    return [o.frist for o in rader(kode, hos, aapne=aapne)]


def rader(kode: str, hos: Organisasjon | None = None, *, aapne: bool = True) -> Sequence[Oppgave]:
    db.session.rollback()
    db.session.expire_all()
    vilkaar = [Oppgave.kode == kode]
    if hos is not None:
        vilkaar.append(Oppgave.organisasjon_id == hos.id)
    if aapne:
        vilkaar += [Oppgave.gjort.is_(None), Oppgave.avlyst.is_(None)]
    return db.session.scalars(sa.select(Oppgave).where(*vilkaar).order_by(Oppgave.frist, Oppgave.id)).all()


@pytest.fixture
def i_mars(scene: Scene) -> Any:
    """It is the second of March, and everybody has been here for long."""
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - timedelta(days=900)))
    with som_om(NAA):
        yield


# --- days ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hyppighet", "frist", "dager"),
    [
        ("engang", "", ["2027-03-02"]),
        ("engang", "2026-05-01", ["2026-05-01"]),
        ("engang", "2029-05-01", ["2029-05-01"]),
        # It had passed when they agreed on it: it is due at once.
        ("engang", "2025-05-01", ["2026-03-02"]),
        ("engang", "innen våren", ["2027-03-02"]),
        ("aarlig", "", ["2027-03-02"]),
        ("aarlig", "2026-01-15", ["2027-01-15"]),
        ("aarlig", "2026-03-02", ["2026-03-02", "2027-03-02"]),
        ("aarlig", "2030-01-15", ["2030-01-15"]),
        ("halvaarlig", "", ["2026-09-02", "2027-03-02"]),
        ("halvaarlig", "2020-04-01", ["2026-04-01", "2026-10-01"]),
        ("kvartal", "2026-03-31", ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]),
    ],
)
def test_dagene(scene: Scene, i_mars: None, hyppighet: str, frist: str, dager: list[str]) -> None:
    i_kraft(scene, plikt("Møte", hyppighet, frist))
    for hos in (scene.hf, scene.kommune):
        assert [d.isoformat() for d in frister(plikter.FORPLIKTELSE, hos)] == dager


def test_hver_maaned_og_den_siste_dagen(scene: Scene, i_mars: None) -> None:
    i_kraft(scene, plikt("Tall", "maanedlig", "2026-03-31", "kommune"))
    dager = frister(plikter.FORPLIKTELSE)
    assert (len(dager), dager[1], dager[11]) == (12, date(2026, 4, 30), date(2027, 2, 28))
    assert frister(plikter.FORPLIKTELSE, scene.hf) == []


def test_oppgaven_sier_hva_og_hvorfra(scene: Scene, i_mars: None) -> None:
    avtale = i_kraft(scene, plikt("Felles prosedyre", "engang", "innen våren", "kommune"))
    (rad,) = rader(plikter.FORPLIKTELSE)
    assert (rad.tittel, rad.tekst) == (
        "Felles prosedyre",
        "Innleggelse og utskrivning · 1 Innleggelse\ninnen våren",
    )
    assert (rad.gjelder, rad.lenke) == (f"avtale:{avtale.id}", f"/avtaler/{avtale.id}")


# --- again and again -------------------------------------------------------------------------------------


def test_paafyllet_lager_det_neste_og_ikke_mer(scene: Scene, i_mars: None) -> None:
    i_kraft(scene, plikt("Møte", "kvartal", "2026-06-15", "foretak"))
    foer = frister(plikter.FORPLIKTELSE)
    assert foer == [date(2026, 6, 15), date(2026, 9, 15), date(2026, 12, 15)]
    assert forpliktelser.fyll_paa() == 0
    oppgaver.gjoer(scene.koordinator, rader(plikter.FORPLIKTELSE)[0].id)
    with som_om(NAA + timedelta(days=200)):
        assert forpliktelser.fyll_paa() == 1
        assert forpliktelser.fyll_paa() == 0
    assert frister(plikter.FORPLIKTELSE, aapne=False) == [*foer, *(date(2027, m, 15) for m in (3, 6, 9))]


def test_gjort_en_gang_er_gjort(scene: Scene, i_mars: None) -> None:
    i_kraft(scene, plikt("Prosedyre", "engang", "2026-05-01", "foretak"))
    oppgaver.gjoer(scene.koordinator, rader(plikter.FORPLIKTELSE)[0].id)
    with som_om(NAA + timedelta(days=300)):
        forpliktelser.fyll_paa()
    assert frister(plikter.FORPLIKTELSE) == []


def test_en_som_feiler_holder_ikke_opp_de_andre(
    scene: Scene, i_mars: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    avtaler_ = [
        lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, i_kraft_fra=DAG) for _ in range(3)
    ]
    for a in avtaler_:
        neste_gjennomgang(a.id)
    ekte = plikter.planlegg
    darlig = sorted(a.id for a in avtaler_)[0]

    def planlegg(avtale: Avtale, versjon: Any) -> plikter.Plan:
        if avtale.id == darlig:
            raise RuntimeError
        return ekte(avtale, versjon)

    monkeypatch.setattr(plikter, "planlegg", planlegg)
    assert forpliktelser.fyll_paa() == 2
    monkeypatch.undo()
    assert forpliktelser.fyll_paa() == 1


@transactional
def neste_gjennomgang(avtale_id: UUID, dag: date = date(2027, 3, 2)) -> None:
    db.session.get_one(Avtale, avtale_id).neste_gjennomgang = dag


# --- parties ---------------------------------------------------------------------------------------------


def test_den_som_gaar_ut_har_ingen_oppgaver_igjen(scene: Scene, i_mars: None) -> None:
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    avtale = i_kraft(
        scene, plikt(), kommuner=[scene.kommune, scene.annen_kommune], neste_gjennomgang=date(2027, 3, 2)
    )
    snart(koordinator, avtale.id, 30)
    with som_om(NAA + timedelta(days=29)):
        ikrafttredelse.sett_i_kraft()
        assert len(frister(plikter.FORPLIKTELSE, scene.kommune)) == 2
    with som_om(NAA + timedelta(days=30)):
        assert ikrafttredelse.sett_i_kraft() == 1
    assert rader(plikter.FORPLIKTELSE, scene.kommune) == rader(plikter.GJENNOMGANG, scene.kommune) == []
    assert len(frister(plikter.FORPLIKTELSE, scene.annen_kommune)) == 2
    assert len(frister(plikter.GJENNOMGANG, scene.annen_kommune)) == 1


def test_avtalen_slutter(scene: Scene, i_mars: None) -> None:
    """Nothing is left but what is to be sent in."""
    rhf_over(scene)
    avtale = i_kraft(scene, plikt(), neste_gjennomgang=date(2027, 3, 2))
    snart(scene.koordinator, avtale.id, 366)
    with som_om(NAA + timedelta(days=366)):
        assert ikrafttredelse.sett_i_kraft() == 1
    assert rader(plikter.FORPLIKTELSE) == rader(plikter.GJENNOMGANG) == []
    assert len(rader(plikter.SENDT)) == 1


def test_den_som_kommer_til_faar_sine_fra_den_dagen(scene: Scene, motpart: Aktor) -> None:
    """By the use cases: version 1 in force for one kommune, and a second joins."""
    bord = Bord(scene, motpart)
    avtale_id = bord.til_forhandling()
    ny = lag_kommune("Tredjenes", helseforetak_id=scene.hf.id)
    ny_koordinator = lag_aktor(Rolle.KOORDINATOR, ny)
    forpliktelse_i_utkast(avtale_id, plikt("Møte", "aarlig", "", "kommune"))
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    assert les(avtale_id).neste_gjennomgang is not None
    aar = plikter.om_maaneder(i_dag(), 12)
    assert frister(plikter.FORPLIKTELSE) == [aar]
    assert frister(plikter.GJENNOMGANG) == [les(avtale_id).neste_gjennomgang] * 2
    with som_om(now() + timedelta(days=10)):
        parter.inviter(bord.eier, avtale_id, [ny.id])
        parter.svar(ny_koordinator, avtale_id, True)
        gi(lag_aktor(Rolle.ADMINISTRATOR, ny), avtale_id)
        assert frister(plikter.FORPLIKTELSE, ny) == [plikter.om_maaneder(i_dag(), 12)]
        assert len(frister(plikter.GJENNOMGANG, ny)) == 1
    assert frister(plikter.FORPLIKTELSE, scene.kommune) == [aar]


@transactional
def forpliktelse_i_utkast(avtale_id: UUID, *forpliktelser_: dict[str, Any]) -> None:
    """Written into the version that is worked on, by nobody who approves it."""
    avtale = db.session.get_one(Avtale, avtale_id)
    versjon = steps.i_arbeid(avtale)
    assert versjon
    data = klausul(overskrift="Møter", art="annet", forpliktelser=list(forpliktelser_))
    steps.skriv(Aktor.system("test"), versjon, None, data)


# --- a new version ---------------------------------------------------------------------------------------


def test_ny_versjon_avlyser_det_som_er_borte(scene: Scene, motpart: Aktor) -> None:
    """What goes on unchanged keeps its day and its holder; what is gone or changed is called off, what is new comes."""
    bord = Bord(scene, motpart)
    avtale_id = bord.til_forhandling()
    blir = plikt("Blir", "aarlig", "", "kommune")
    forpliktelse_i_utkast(avtale_id, blir, plikt("Borte", "aarlig", "", "kommune"))
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    foerste = {o.tittel: o.id for o in rader(plikter.FORPLIKTELSE)}
    assert set(foerste) == {"Blir", "Borte"}
    oppgaver.ta(motpart, foerste["Blir"])
    with som_om(now() + timedelta(days=20)):
        nummer = avtaler.ny_versjon(bord.eier, avtale_id)
        noekkel = noekler(avtale_id, nummer)[-1]
        ny = plikt("Ny", "aarlig", "", "kommune")
        klausuler.skriv(
            lag_aktor(Rolle.KOORDINATOR, scene.hf), avtale_id, noekkel, {"forpliktelser": [blir, ny]}
        )
        beskriv(avtale_id, "Brukerutvalget.", None)
        bord.send(avtale_id)
        assert len(rader(plikter.FORPLIKTELSE)) == 2
        bord.godkjenn_alle(avtale_id)
        naa = {o.tittel: o for o in rader(plikter.FORPLIKTELSE)}
        assert set(naa) == {"Blir", "Ny"}
        assert naa["Blir"].id == foerste["Blir"]
        assert naa["Blir"].ansvarlig_id == motpart.person_id
        assert naa["Ny"].frist == plikter.om_maaneder(i_dag(), 12)
    borte = db.session.get_one(Oppgave, foerste["Borte"])
    assert borte.avlyst is not None and borte.gjort is None


def test_to_med_de_samme_ordene_er_en(scene: Scene, i_mars: None) -> None:
    i_kraft(scene, plikt("Møte", "aarlig", "", "foretak"), plikt("Møte", "aarlig", "", "foretak"))
    assert len(rader(plikter.FORPLIKTELSE)) == 1


# --- the law ---------------------------------------------------------------------------------------------


def test_gjennomgangen_minnes_og_kommer_igjen(scene: Scene, i_mars: None) -> None:
    avtale = i_kraft(scene, neste_gjennomgang=date(2027, 3, 2))
    egne = rader(plikter.GJENNOMGANG)
    assert {o.organisasjon_id for o in egne} == {scene.hf.id, scene.kommune.id}
    assert {o.paaminnelser for o in egne} == {"90,30,14,7,1"}
    kommunens = next(o.id for o in egne if o.organisasjon_id == scene.kommune.id)
    eierens = next(o.id for o in egne if o.organisasjon_id == scene.hf.id)
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    oppgaver.gjoer(koordinator, kommunens)
    assert forpliktelser.fyll_paa() == 0
    oppgaver.gjoer(scene.koordinator, eierens)
    assert forpliktelser.fyll_paa() == 1
    assert frister(plikter.GJENNOMGANG) == [date(2028, 3, 2)] * 2
    assert les(avtale.id).neste_gjennomgang == date(2028, 3, 2)
    assert forpliktelser.fyll_paa() == 0


def rhf_over(scene: Scene) -> None:
    skriv(sa.update(Organisasjon).where(Organisasjon.id == scene.hf.id).values(overordnet_id=scene.rhf.id))
    db.session.expire_all()


def test_rhf_sender_til_helsedirektoratet_med_bevis(scene: Scene, i_mars: None, som: Som) -> None:
    rhf_over(scene)
    i_kraft(scene)
    (rad,) = rader(plikter.SENDT)
    assert (rad.organisasjon_id, rad.frist, rad.krever_bevis) == (scene.rhf.id, date(2026, 4, 2), True)
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.rhf)
    # Where the task leads is open to who has it.
    assert som(koordinator).get(rad.lenke).status_code == 200
    oppgaver.gjoer(koordinator, rad.id, "26/1234")
    assert forpliktelser.fyll_paa() == 0


def test_rhf_som_selv_eier_avtalen(scene: Scene, i_mars: None) -> None:
    i_kraft(scene, eier=scene.rhf)
    assert [o.organisasjon_id for o in rader(plikter.SENDT)] == [scene.rhf.id]


def test_alt_sendt_trenger_ingen_oppgave(scene: Scene, i_mars: None) -> None:
    rhf_over(scene)
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, i_kraft_fra=DAG)
    lagre(
        Innsending(avtale_id=avtale.id, nummer=1, slag="avtale", dato=DAG, referanse="26/1", registrert=now())
    )
    fyll(avtale.id)
    assert rader(plikter.SENDT) == []
