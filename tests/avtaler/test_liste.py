"""The list of agreements and the page of one: what each role at each place sees, narrowed, counted and paged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.avtaler import access
from portal.avtaler.access import Handling
from portal.avtaler.forloep import I_ARBEID, I_KRAFT, Avtaletype, Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart
from portal.avtaler.service import avtaler, klausuler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import klausul, les, nytt_utkast, til_forhandling
from tests.bygg import Scene, lag_aktor, lag_hf, lag_kommune, lag_organisasjon, lagre


def titler(aktor: Aktor, **filter_: object) -> list[str]:
    return [r.avtale.tittel for r in avtaler.synlige_avtaler(aktor, filter_).rader]


def folk(scene: Scene) -> dict[str, Aktor]:
    """One of each role at each place that matters."""
    myndighet = lag_organisasjon("myndighet", "Tilsynet")
    steder = {
        "hf": scene.hf,
        "kommune": scene.kommune,
        "nabo": scene.annen_kommune,
        "annet_hf": scene.annet_hf,
    }
    ut = {
        f"{sted}:{rolle}": lag_aktor(rolle, organisasjon)
        for sted, organisasjon in steder.items()
        for rolle in (Rolle.KOORDINATOR, Rolle.ADMINISTRATOR, Rolle.VAKTLEDER, Rolle.SYSTEMADMINISTRATOR)
    }
    ut |= {
        "kommune:lege": scene.lege,
        "kommune:overlege": scene.kommuneoverlege,
        "nabo:lege": scene.fremmed_lege,
        "hf:spesialist": scene.spesialist,
        "rhf:innsyn": scene.innsyn,
        "rhf:koordinator": lag_aktor(Rolle.KOORDINATOR, scene.rhf),
        "tilsyn": lag_aktor(Rolle.INNSYN, myndighet),
        "system": Aktor.system("test"),
    }
    return ut


def test_lista_og_regelen_er_enige(scene: Scene) -> None:
    """`synlige` in SQL and `kan` in Python: the same agreements for everybody, in every status, shared or not."""
    _under(scene)
    for status in Status:
        for delt in (False, True):
            fra = i_dag() - timedelta(days=9) if status in I_KRAFT else None
            if status in (Status.ERSTATTET, Status.UTLOEPT):
                fra = i_dag() - timedelta(days=99)
            til = i_dag() - timedelta(days=1) if status in (Status.ERSTATTET, Status.UTLOEPT) else None
            avtale = lag_avtale(
                scene.hf,
                [scene.kommune],
                status=status,
                tittel=f"{status} {delt}",
                i_kraft_fra=fra,
                i_kraft_til=til,
            )
            if delt:
                _del_ut(avtale.id)
    gammel = lag_avtale(scene.hf, status=Status.GJELDENDE, tittel="Forlatt")
    lagre(
        Avtalepart(
            avtale_id=gammel.id,
            organisasjon_id=scene.annen_kommune.id,
            side=Side.KOMMUNE,
            status=Partstatus.UTMELDT,
            invitert=now(),
            fra=i_dag() - timedelta(days=90),
            til=i_dag() - timedelta(days=5),
        )
    )
    sett: set[int] = set()
    for navn, aktor in folk(scene).items():
        db.session.rollback()
        db.session.expire_all()
        etter_regelen = {
            a.tittel for a in db.session.scalars(sa.select(Avtale)) if access.kan(aktor, Handling.SE, a)
        }
        liste = avtaler.synlige_avtaler(aktor)
        assert {r.avtale.tittel for r in liste.rader} == etter_regelen, navn
        assert (liste.antall, liste.tall["alle"]) == (len(etter_regelen), len(etter_regelen)), navn
        for rad in liste.rader:
            side = avtaler.hent_avtale(aktor, rad.avtale.id)
            assert (rad.gjelder, rad.arbeid) == (side.gjelder, side.arbeid), (navn, rad.avtale.tittel)
        for tilstand in avtaler.TILSTANDER:
            assert avtaler.synlige_avtaler(aktor, {"tilstand": tilstand}).antall == liste.tall[tilstand]
        arbeid = {r.avtale.tittel for r in liste.rader if r.arbeid}
        assert set(titler(aktor, tilstand="arbeid")) == arbeid, navn
        assert set(titler(aktor, tilstand="i_kraft")) == {r.avtale.tittel for r in liste.rader if r.gjelder}
        sett.add(len(etter_regelen))
    assert len(sett) > 4, "the places see different things"


@transactional
def _under(scene: Scene) -> None:
    """The trust is the RHF's."""
    db.session.merge(scene.hf).overordnet_id = scene.rhf.id


@transactional
def _del_ut(avtale_id: UUID) -> None:
    db.session.get_one(Avtale, avtale_id).versjoner[0].sendt_til_forhandling = now()


def test_lista_deles_i_sider_og_en_side_for_langt_er_den_siste(scene: Scene) -> None:
    for n in range(53):
        lag_avtale(scene.hf, status=Status.GJELDENDE, tittel=f"Avtale {n:02}", bestemmelser=[])
    lag_avtale(
        scene.hf, status=Status.GJELDENDE, tittel="Øverst", type=Avtaletype.OVERORDNET, bestemmelser=[]
    )
    foerste = avtaler.synlige_avtaler(scene.koordinator)
    assert (foerste.antall, foerste.sider, len(foerste.rader)) == (54, 2, 50)
    assert [r.avtale.tittel for r in foerste.rader][:3] == ["Øverst", "Avtale 00", "Avtale 01"]
    for side in (2, 99):
        neste = avtaler.synlige_avtaler(scene.koordinator, side=side)
        assert (neste.side, [r.avtale.tittel for r in neste.rader]) == (
            2,
            [f"Avtale {n}" for n in range(49, 53)],
        )


def test_lista_snevres_inn(scene: Scene) -> None:
    lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel="ØHD i kommunen", nummer="4")
    lag_avtale(
        scene.hf, [scene.annen_kommune], status=Status.GJELDENDE, tittel="Utskrivning 100 %", nummer="5"
    )
    lag_avtale(scene.hf, type=Avtaletype.OVERORDNET, tittel="Samarbeid")
    for filter_, ventet in (
        ({"q": "øhd"}, ["ØHD i kommunen"]),
        ({"q": "KOMMUNEN øhd"}, ["ØHD i kommunen"]),
        ({"q": "100 %"}, ["Utskrivning 100 %"]),
        ({"q": "%"}, ["Utskrivning 100 %"]),
        ({"q": "_"}, []),
        ({"q": "guovda"}, ["ØHD i kommunen"]),
        ({"q": "5"}, ["Utskrivning 100 %"]),
        ({"type": "overordnet"}, ["Samarbeid"]),
        ({"part_id": scene.annen_kommune.id}, ["Utskrivning 100 %"]),
        ({"eier_id": scene.annet_hf.id}, []),
        ({"tilstand": "arbeid"}, ["Samarbeid"]),
        ({"tilstand": "i_kraft", "q": ""}, ["Utskrivning 100 %", "ØHD i kommunen"]),
        ({"tilstand": "avsluttet"}, []),
    ):
        assert titler(scene.koordinator, **filter_) == ventet, filter_


def test_det_som_venter_paa_svar_kan_finnes(scene: Scene, motpart: Aktor) -> None:
    avtale_id = til_forhandling(scene)
    (rad,) = avtaler.synlige_avtaler(motpart, {"tilstand": "invitert"}).rader
    assert rad.avtale.id == avtale_id and rad.egen_part and rad.egen_part.status == Partstatus.INVITERT
    assert (rad.kommuner, rad.inviterte) == (0, 1)
    parter.svar(motpart, avtale_id, True)
    assert avtaler.synlige_avtaler(motpart, {"tilstand": "invitert"}).antall == 0
    (rad,) = avtaler.synlige_avtaler(motpart).rader
    assert (rad.kommuner, rad.inviterte) == (1, 0)


def test_paa_vakt_ser_en_det_som_gjelder_og_ikke_arbeidet(scene: Scene, motpart: Aktor) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    klausuler.skriv(scene.koordinator, avtale.id, None, klausul(overskrift="Hemmelig"))
    parter.inviter(scene.koordinator, avtale.id, [_kommune_med_folk()])
    for aktor in (scene.lege, motpart, scene.spesialist):
        side = avtaler.hent_avtale(aktor, avtale.id)
        assert (side.versjon.nummer, [v.nummer for v in side.versjoner], side.arbeid) == (1, [1], None)
        with pytest.raises(IkkeFunnet):
            avtaler.hent_avtale(aktor, avtale.id, 2)
    assert len(avtaler.hent_avtale(scene.lege, avtale.id).parter) == 2, "who was only asked is not shown"
    assert len(avtaler.hent_avtale(motpart, avtale.id).parter) == 3
    assert avtaler.hent_avtale(scene.koordinator, avtale.id, 2).versjon.status == Status.UTKAST
    avtaler.send_til_forhandling(scene.koordinator, avtale.id)
    assert [v.nummer for v in avtaler.hent_avtale(motpart, avtale.id).versjoner] == [2, 1]
    assert avtaler.hent_avtale(scene.lege, avtale.id).kan == avtaler.Kan()


def _kommune_med_folk() -> UUID:
    kommune = lag_kommune()
    lag_aktor(Rolle.KOORDINATOR, kommune)
    return kommune.id


@pytest.mark.parametrize("status", list(Status))
def test_knappene_er_de_handlingene_som_virker(scene: Scene, motpart: Aktor, status: Status) -> None:
    """What `Kan` promises the owner works, and what it does not promise is refused: in every status."""
    til = i_dag() if status in (Status.ERSTATTET, Status.UTLOEPT) else None
    fra = i_dag() - timedelta(days=9) if status in I_KRAFT or til else None
    felles = {"status": status, "i_kraft_fra": fra, "i_kraft_til": til}
    ny = _kommune_med_folk()
    handlinger = {
        "skrive": lambda a: klausuler.skriv(scene.koordinator, a, None, klausul()),
        "endre": lambda a: avtaler.endre(
            scene.koordinator,
            a,
            tittel=les(a).tittel,
            nummer="7",
            medvirkning="",
            oensket_fra=None,
            notat="",
            lest=None,
        ),
        "invitere": lambda a: parter.inviter(scene.koordinator, a, [ny]),
        "sende_til_forhandling": lambda a: avtaler.send_til_forhandling(scene.koordinator, a),
        "forkaste": lambda a: avtaler.forkast(scene.koordinator, a),
        "ny_versjon": lambda a: avtaler.ny_versjon(scene.koordinator, a),
    }
    for navn, gjoer in handlinger.items():
        avtale = lag_avtale(scene.hf, [scene.kommune], **felles)
        lovet = getattr(avtaler.hent_avtale(scene.koordinator, avtale.id).kan, navn)
        with _ventet(lovet):
            gjoer(avtale.id)
        assert lovet or les(avtale.id).versjoner[-1].status == status
    if status in I_ARBEID:
        assert not avtaler.hent_avtale(scene.koordinator, avtale.id).kan.ny_versjon


@contextmanager
def _ventet(lovet: bool) -> Iterator[None]:
    from portal.core.errors import UgyldigOvergang

    if lovet:
        yield
    else:
        with pytest.raises(UgyldigOvergang):
            yield


def test_lista_spoer_like_lite_uansett_hvor_mange_versjoner(scene: Scene) -> None:
    """As many questions for fifty agreements with fifteen versions as for one with one."""
    nytt_utkast(scene)
    en = _spoersmaal(scene.koordinator)
    for n in range(12):
        avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel=f"A {n}")
        for _ in range(2):
            avtaler.ny_versjon(scene.koordinator, avtale.id)
            avtaler.forkast(scene.koordinator, avtale.id)
    assert _spoersmaal(scene.koordinator) == en


def _spoersmaal(aktor: Aktor) -> int:
    antall = 0

    def tell(*_: object) -> None:
        nonlocal antall
        antall += 1

    db.session.rollback()
    db.session.expire_all()
    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        for rad in avtaler.synlige_avtaler(aktor).rader:
            assert rad.avtale.eier.kortnavn
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    return antall


def test_et_foretak_uten_avtaler_har_en_tom_liste(scene: Scene) -> None:
    aktor = lag_aktor(Rolle.KOORDINATOR, lag_hf("Nytt sykehus"))
    liste = avtaler.synlige_avtaler(aktor, {"q": "x"}, side=0)
    assert (liste.rader, liste.antall, liste.side, liste.sider) == ([], 0, 1, 1)
