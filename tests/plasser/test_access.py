"""The rules of who may see and change emergency beds, asked one by one: each condition of each of them counts.

The matrices (`tests/test_tilgang_plasser.py`) say who may do what; these say why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.models import Organisasjon
from portal.plasser import access
from portal.plasser.access import Handling
from portal.plasser.historikk import Behovsvurdering, Opptrapping
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Reservasjon
from tests.bygg import (
    Scene,
    lag_aktor,
    lag_enhet,
    lag_hf,
    lag_kommune,
    lag_organisasjon,
    revisjon,
    skriv,
)
from tests.plasser.hjelp import DAG, lag_plassenhet, ny_plass

SYSTEM = Aktor.system("test")
INGENS = UUID(int=0)


@dataclass
class Verden:
    """A unit with its people, and another that is its host's too, so that one cannot be taken for the other."""

    scene: Scene
    enhet: Plassenhet
    annen: Plassenhet
    paa: Aktor
    forvalter: Aktor


@pytest.fixture
def v(scene: Scene) -> Verden:
    """The host has no place in its own unit: what its people may do there, they may as its people."""
    hus = lag_enhet(scene.kommune, "oehd_enhet", "Enheten")
    ider = [
        lag_plassenhet(scene, ["ledig", "belagt", "holdt"], enhet=hus, kvoter={scene.annen_kommune.id: 2}),
        lag_plassenhet(scene, ["ledig", "belagt", "holdt"], navn="Den andre"),
    ]
    enhet, annen = (db.session.get_one(Plassenhet, i) for i in ider)
    return Verden(
        scene,
        enhet,
        annen,
        lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, hus),
        lag_aktor(Rolle.KOORDINATOR, scene.kommune),
    )


@transactional
def skrivende(gjoer: Callable[[], Any]) -> Any:
    """In a use case, where rows are locked."""
    return gjoer()


def halve(aktor: Aktor) -> list[Aktor]:
    """One who is not inside: without a person, or in no membership; with all else."""
    return [replace(aktor, person_id=None), replace(aktor, medlemskap_id=None)]


def nektet(gjoer: Callable[[], object], feil: type[Exception], *, om: object = None) -> None:
    """It is refused so; and what is written of it is about this object (None: nothing is written)."""
    foer = {r.id for r in revisjon()}
    with pytest.raises(feil) as info:
        gjoer()
    assert type(info.value) is feil
    assert [r.objekt_id for r in revisjon() if r.id not in foer] == ([] if om is None else [str(om)])


# --- the unit --------------------------------------------------------------------------------------------


def test_paa_enheten(v: Verden) -> None:
    assert access.paa_enheten(v.paa, v.enhet)
    for rolle in Rolle:
        klinisk = rolle in {Rolle.LEGE_KOMMUNE, Rolle.HELSEPERSONELL, Rolle.KOMMUNEOVERLEGE}
        assert access.paa_enheten(replace(v.paa, rolle=rolle), v.enhet) == klinisk, rolle
    for annet in (
        *halve(v.paa),
        replace(v.paa, organisasjon_id=v.scene.annen_kommune.id),
        replace(v.paa, enhet_id=v.annen.enhet_id),
        replace(v.paa, enhet_id=None),
    ):
        assert not access.paa_enheten(annet, v.enhet)


def test_forvalteren_og_den_som_koordinerer(v: Verden) -> None:
    kommune_id = v.enhet.vertskommune_id
    assert access.forvalter(v.forvalter, v.enhet) and access.koordinerer(v.forvalter, kommune_id)
    assert access.koordinerer(SYSTEM, kommune_id) and not access.forvalter(SYSTEM, v.enhet)
    for rolle in set(Rolle) - {Rolle.KOORDINATOR}:
        andre = replace(v.forvalter, rolle=rolle)
        assert not access.forvalter(andre, v.enhet) and not access.koordinerer(andre, kommune_id), rolle
    for annen in (*halve(v.forvalter), replace(v.forvalter, organisasjon_id=v.scene.annen_kommune.id)):
        assert not access.forvalter(annen, v.enhet) and not access.koordinerer(annen, kommune_id)


def test_hva_hver_kan(v: Verden) -> None:
    alle = set(Handling)
    drift = {Handling.SE_OPPHOLD, Handling.DRIVE, Handling.SE_RAPPORT}
    kan = {
        "system": (SYSTEM, alle),
        "paa": (v.paa, {Handling.SE, Handling.RESERVERE, *drift}),
        "forvalter": (v.forvalter, {Handling.SE, Handling.FORVALTE, *drift}),
        # A clinician of a kommune with a place; the host's own have none here.
        "medlem": (v.scene.fremmed_lege, {Handling.SE, Handling.RESERVERE}),
        "vertens lege": (v.scene.lege, {Handling.SE}),
        "medlemmets koordinator": (
            lag_aktor(Rolle.KOORDINATOR, v.scene.annen_kommune),
            {Handling.SE},
        ),
        "sykehus": (v.scene.spesialist, {Handling.SE}),
        "uten organisasjon": (replace(v.scene.fremmed_lege, organisasjon_id=None), {Handling.SE}),
        **{
            f"halv {n}": (a, set())
            for n, a in enumerate([*halve(v.scene.fremmed_lege), *halve(v.paa), *halve(v.forvalter)])
        },
    }
    for navn, (aktor, ventet) in kan.items():
        assert {h for h in Handling if access.kan(aktor, h, v.enhet)} == ventet, navn


def test_medlem_er_den_som_har_plass_i_dag(v: Verden) -> None:
    medlem, annen = v.scene.annen_kommune.id, v.scene.kommune.id
    assert access.er_medlem(v.enhet.id, medlem) is True
    assert access.er_medlem(v.enhet.id, annen) is False and access.er_medlem(v.annen.id, medlem) is False
    for fra, til in ((i_dag() + DAG, None), (i_dag() - DAG, i_dag())):
        skriv(sa.update(Plassmedlem).where(Plassmedlem.plassenhet_id == v.enhet.id).values(fra=fra, til=til))
        assert not access.er_medlem(v.enhet.id, medlem)


def test_et_avslag_skrives_om_det_det_gjaldt(v: Verden) -> None:
    lege = v.scene.lege
    nektet(lambda: access.krev(lege, Handling.DRIVE, v.enhet), IkkeTilgang, om=v.enhet.id)
    nektet(lambda: access.krev(halve(lege)[1], Handling.DRIVE, v.enhet), IkkeFunnet, om=v.enhet.id)
    nektet(lambda: access.nekt(lege, Handling.SE, "plassenhet", None, finnes=False), IkkeFunnet, om="")


# --- what is fetched by its id ---------------------------------------------------------------------------


@pytest.mark.parametrize("laas", [False, True])
def test_enheten_hentes_og_laases_alene(v: Verden, laas: bool) -> None:
    spurt: list[object] = []
    ider = v.enhet.id, v.annen.id

    def hent(aktor: Aktor, id_: UUID) -> Plassenhet:
        funnet: Plassenhet = skrivende(lambda: access.hent(aktor, Handling.DRIVE, id_, laas=laas))
        return funnet

    def hoer(_c: object, _p: object, setning: str, verdier: object, *_resten: object) -> None:
        if "FROM plassenhet" in setning.replace("\n", ""):
            spurt.append(verdier)

    sa.event.listen(db.engine, "before_cursor_execute", hoer)
    try:
        for id_ in ider:
            assert hent(SYSTEM, id_).id == id_
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hoer)
    # Also the lock is of this one, and not of the country's.
    assert len(spurt) == (4 if laas else 2) and all(spurt)
    nektet(lambda: hent(v.paa, INGENS), IkkeFunnet)


def _ene(modell: Any, enhet: Plassenhet, *vilkaar: Any) -> Any:
    return db.session.scalars(sa.select(modell).where(modell.plassenhet_id == enhet.id, *vilkaar)).one()


def test_en_plass_er_enhetens_og_i_bruk(v: Verden) -> None:
    plass = _ene(Plass, v.enhet, Plass.navn == "1")
    assert access.hent_plass(v.enhet, plass.id).id == plass.id
    nedlagt = ny_plass(v.enhet.id)
    skriv(sa.update(Plass).where(Plass.id == nedlagt).values(nedlagt=now()))
    for enhet, id_ in ((v.annen, plass.id), (v.enhet, INGENS), (v.enhet, nedlagt)):
        nektet(lambda enhet=enhet, id_=id_: access.hent_plass(enhet, id_), IkkeFunnet)  # type: ignore[misc]


def test_et_hold_er_enhetens_og_den_som_har_tatt_det(v: Verden) -> None:
    holdere = {v.enhet.id: v.scene.annen_kommune, v.annen.id: v.scene.kommune}
    for enhet_id, kommune in holdere.items():
        skriv(
            sa.update(Reservasjon)
            .where(Reservasjon.plassenhet_id == enhet_id)
            .values(organisasjon_id=kommune.id)
        )
    db.session.expire_all()
    hold, annet = _ene(Reservasjon, v.enhet), _ene(Reservasjon, v.annen)
    for aktor in (v.paa, v.forvalter, v.scene.fremmed_lege, SYSTEM):
        funnet, enhet = access.hent_reservasjon(aktor, hold.id)
        assert (funnet.id, enhet.id) == (hold.id, v.enhet.id)
    assert access.hent_reservasjon(v.scene.lege, annet.id)[0].id == annet.id
    for aktor in (
        v.scene.lege,
        v.scene.spesialist,
        lag_aktor(Rolle.KOORDINATOR, v.scene.annen_kommune),
    ):
        nektet(lambda a=aktor: access.hent_reservasjon(a, hold.id), IkkeFunnet, om=hold.id)  # type: ignore[misc]
    nektet(lambda: access.hent_reservasjon(v.paa, INGENS), IkkeFunnet)


def test_har_tatt_og_leser_beskjed(v: Verden) -> None:
    tatt_av = v.scene.fremmed_lege
    skriv(
        sa.update(Reservasjon)
        .where(Reservasjon.plassenhet_id == v.enhet.id)
        .values(organisasjon_id=v.scene.annen_kommune.id, person_id=tatt_av.person_id)
    )
    db.session.expire_all()
    hold = _ene(Reservasjon, v.enhet)
    for rolle in Rolle:
        klinisk = rolle in access.KLINISKE
        assert access.har_tatt(replace(tatt_av, rolle=rolle), hold) == klinisk, rolle
        assert access.leser_beskjed(replace(tatt_av, rolle=rolle), v.enhet, hold) == klinisk, rolle
    for annen in (*halve(tatt_av), replace(tatt_av, organisasjon_id=v.scene.kommune.id)):
        assert not access.har_tatt(annen, hold) and not access.leser_beskjed(annen, v.enhet, hold)
    kollega = lag_aktor(Rolle.LEGE_KOMMUNE, v.scene.annen_kommune)
    assert access.har_tatt(kollega, hold) and not access.leser_beskjed(kollega, v.enhet, hold)
    assert access.leser_beskjed(v.paa, v.enhet, hold)
    assert not access.leser_beskjed(v.forvalter, v.enhet, hold)


def test_et_opphold_er_enhetens(v: Verden) -> None:
    opphold, annet = _ene(Opphold, v.enhet), _ene(Opphold, v.annen)
    for aktor in (v.paa, v.forvalter):
        funnet, enhet = access.hent_opphold(aktor, Handling.DRIVE, opphold.id)
        assert (funnet.id, enhet.id) == (opphold.id, v.enhet.id)
    assert access.hent_opphold(SYSTEM, Handling.DRIVE, annet.id)[1].id == v.annen.id
    # To others it does not exist, whoever holds beds there; to who sees it, what it may not is said.
    for aktor in (v.scene.fremmed_lege, v.scene.lege, v.scene.spesialist):
        for handling in (Handling.DRIVE, Handling.RESERVERE):
            nektet(
                lambda a=aktor, h=handling: access.hent_opphold(a, h, opphold.id),  # type: ignore[misc]
                IkkeFunnet,
                om=opphold.id,
            )
    nektet(
        lambda: access.hent_opphold(v.paa, Handling.FORVALTE, opphold.id),
        IkkeTilgang,
        om=v.enhet.id,
    )
    nektet(lambda: access.hent_opphold(v.paa, Handling.DRIVE, INGENS), IkkeFunnet)


def test_en_opptrapping_er_enhetens_og_i_planen(v: Verden) -> None:
    rader = [
        Opptrapping(id=uuid4(), plassenhet_id=v.enhet.id, innen_timer="24", antall=n, endret=now())
        for n in (1, 2, 3)
    ]

    @transactional
    def lag() -> None:
        rader[2].avviklet = now()
        db.session.add_all(rader)

    lag()
    for rad in rader[:2]:
        assert access.hent_opptrapping(v.enhet, rad.id).id == rad.id
    for enhet, id_ in ((v.enhet, rader[2].id), (v.annen, rader[0].id), (v.enhet, INGENS)):
        nektet(lambda e=enhet, i=id_: access.hent_opptrapping(e, i), IkkeFunnet)  # type: ignore[misc]


# --- assessments -----------------------------------------------------------------------------------------


@pytest.fixture
def vurdering(v: Verden) -> Behovsvurdering:
    return _vurderinger(v.scene)[0]


@transactional
def _vurderinger(scene: Scene) -> list[Behovsvurdering]:
    rader = [
        Behovsvurdering(
            id=uuid4(),
            kommune_id=kommune.id,
            foretak_id=foretak.id,
            status="utkast",
            fra=i_dag() - 365 * DAG,
            til=i_dag(),
            tall={},
            opprettet=now(),
        )
        for kommune, foretak in ((scene.kommune, scene.hf), (scene.annen_kommune, scene.annet_hf))
    ]
    db.session.add_all(rader)
    return rader


def hent_vurdering(aktor: Aktor, vurdering_id: UUID, **valg: bool) -> Behovsvurdering:
    funnet: Behovsvurdering = skrivende(lambda: access.hent_vurdering(aktor, vurdering_id, **valg))
    return funnet


def hent_til_vurdering(aktor: Aktor, kommune_id: UUID) -> Organisasjon:
    funnet: Organisasjon = skrivende(lambda: access.hent_til_vurdering(aktor, kommune_id))
    return funnet


@pytest.mark.parametrize("laas", [False, True])
def test_en_vurdering_leses_paa_begge_sider_og_skrives_av_dem_som_beslutter(
    v: Verden, vurdering: Behovsvurdering, laas: bool
) -> None:
    skrivere = [v.forvalter, v.scene.kommuneoverlege, v.scene.koordinator]
    lesere = [v.paa, v.scene.lege, v.scene.spesialist, v.scene.administrator]
    for aktor in (*skrivere, SYSTEM):
        assert hent_vurdering(aktor, vurdering.id, endre=True, laas=laas).id == vurdering.id
    for aktor in lesere:
        assert hent_vurdering(aktor, vurdering.id, laas=laas).id == vurdering.id
        assert not access.kan_vurdere(aktor, vurdering)
        nektet(
            lambda a=aktor: hent_vurdering(a, vurdering.id, endre=True, laas=laas),  # type: ignore[misc]
            IkkeTilgang,
            om=vurdering.id,
        )
    fremmede = [
        lag_aktor(Rolle.KOORDINATOR, v.scene.annen_kommune),
        lag_aktor(Rolle.KOORDINATOR, v.scene.annet_hf),
        v.scene.innsyn,
        *halve(v.forvalter),
    ]
    for aktor in fremmede:
        assert not access.kan_vurdere(aktor, vurdering)
        for endre in (False, True):
            nektet(
                lambda a=aktor, e=endre: hent_vurdering(a, vurdering.id, endre=e, laas=laas),  # type: ignore[misc]
                IkkeFunnet,
                om=vurdering.id,
            )
    nektet(lambda: hent_vurdering(v.forvalter, INGENS, laas=laas), IkkeFunnet)


def test_hvem_som_begynner_en_vurdering(v: Verden) -> None:
    kommune = v.scene.kommune
    for aktor in (v.forvalter, v.scene.kommuneoverlege, v.scene.koordinator):
        assert hent_til_vurdering(aktor, kommune.id).id == kommune.id
    for aktor in (v.paa, v.scene.spesialist):
        nektet(
            lambda a=aktor: hent_til_vurdering(a, kommune.id),  # type: ignore[misc]
            IkkeTilgang,
            om=kommune.id,
        )
    fremmede = [
        lag_aktor(Rolle.KOORDINATOR, v.scene.annen_kommune),
        lag_aktor(Rolle.KOORDINATOR, v.scene.annet_hf),
        *halve(v.forvalter),
    ]
    for aktor in fremmede:
        nektet(
            lambda a=aktor: hent_til_vurdering(a, kommune.id),  # type: ignore[misc]
            IkkeFunnet,
            om=kommune.id,
        )
    # No kommune, or none any more: not even its own people's.
    for id_ in (INGENS, v.scene.hf.id):
        nektet(lambda i=id_: hent_til_vurdering(v.scene.koordinator, i), IkkeFunnet)  # type: ignore[misc]
    skriv(sa.update(Organisasjon).where(Organisasjon.id == kommune.id).values(nedlagt=i_dag()))
    nektet(lambda: hent_til_vurdering(v.forvalter, kommune.id), IkkeFunnet)


# --- the yearly report -----------------------------------------------------------------------------------


@dataclass
class Riket:
    """Two regions with a trust and a kommune each; one of the kommuner has come of another, which came of a third."""

    rhf: Organisasjon
    hf: Organisasjon
    ideelt: Organisasjon
    kommune: Organisasjon
    under_ideelt: Organisasjon
    mellom: Organisasjon
    eldst: Organisasjon
    annen: Organisasjon
    uten: Organisasjon
    folk: dict[str, Aktor]


@pytest.fixture
def riket(app: Flask) -> Riket:
    rhf = lag_organisasjon("rhf", "Helse Ost")
    annet_rhf = lag_organisasjon("rhf", "Helse Vest")
    hf, annet = lag_hf("Hit", overordnet_id=rhf.id), lag_hf("Dit", overordnet_id=annet_rhf.id)
    ideelt = lag_organisasjon("ideelt_sykehus", "Stiftelsen", overordnet_id=rhf.id)
    staten = lag_organisasjon("myndighet", "Direktoratet")
    kommune, mellom, eldst = (lag_kommune(n, helseforetak_id=hf.id) for n in ("Ny", "Mellom", "Eldst"))
    under_ideelt = lag_kommune("Ideelles", helseforetak_id=ideelt.id)
    annen, uten = lag_kommune("Annen", helseforetak_id=annet.id), lag_kommune("Uten")
    for gammel, etter in ((eldst, mellom), (mellom, kommune)):
        skriv(
            sa.update(Organisasjon)
            .where(Organisasjon.id == gammel.id)
            .values(nedlagt=i_dag(), etterfolger_id=etter.id)
        )
    db.session.expire_all()
    hus = {"kommune": kommune, "hf": hf, "rhf": rhf, "staten": staten, "ideelt": ideelt, "annen": annen}
    folk = {f"{hos} {rolle}": lag_aktor(rolle, o) for hos, o in hus.items() for rolle in Rolle}
    return Riket(rhf, hf, ideelt, kommune, under_ideelt, mellom, eldst, annen, uten, folk)


def _navn(aktor: Aktor) -> set[str]:
    db.session.rollback()
    return {k.kortnavn for k in db.session.scalars(access.rapportkommuner(aktor))}


def _kan_se(riket: Riket, aktor: Aktor) -> set[str]:
    alle = db.session.scalars(sa.select(Organisasjon).where(Organisasjon.type == "kommune"))
    return {k.kortnavn for k in alle if access.kan_se_rapport(aktor, k)}


def test_hvem_som_leser_hvilke_rapporter(riket: Riket) -> None:
    """The list is of those that may be opened; of those that are no more, the successor's own alone are in it."""
    egne, alle = {"Ny", "Mellom", "Eldst"}, {"Ny", "Ideelles", "Annen", "Uten"}
    borte = {"Mellom", "Eldst"}
    ventet = {
        **{f"kommune {r}": egne for r in ("koordinator", "kommuneoverlege", "innsyn")},
        **{f"annen {r}": {"Annen"} for r in ("koordinator", "kommuneoverlege", "innsyn")},
        **{f"hf {r}": {"Ny"} for r in ("koordinator", "innsyn")},
        **{f"ideelt {r}": {"Ideelles"} for r in ("koordinator", "innsyn")},
        **{f"rhf {r}": {"Ny", "Ideelles"} for r in ("koordinator", "innsyn")},
        **{f"staten {r}": alle for r in ("koordinator", "innsyn")},
    }
    for navn, aktor in riket.folk.items():
        hos = navn.split()[0]
        skal = ventet.get(navn, set())
        assert _navn(aktor) == skal, navn
        # What is no more is also opened by those whose it was: its trust, its region, the state.
        aapnes = skal | (borte if skal and hos in ("hf", "rhf", "staten") else set())
        assert _kan_se(riket, aktor) == aapnes, navn
        for halv in halve(aktor):
            assert _navn(halv) == _kan_se(riket, halv) == set(), navn


def test_forgjengere_og_kommunens_egne(riket: Riket) -> None:
    def ider(o: Organisasjon) -> set[UUID]:
        return set(db.session.scalars(access.forgjengere(o.id)))

    assert ider(riket.kommune) == {riket.mellom.id, riket.eldst.id}
    assert ider(riket.mellom) == {riket.eldst.id} and ider(riket.annen) == set()
    aktor = riket.folk["kommune koordinator"]
    for kommune in (riket.kommune, riket.mellom, riket.eldst):
        assert access.er_kommunens(aktor, kommune)
        assert not access.er_kommunens(riket.folk["annen koordinator"], kommune)
        assert not access.er_kommunens(replace(aktor, organisasjon_id=None), kommune)
    assert not access.er_kommunens(aktor, riket.annen) and not access.er_kommunens(aktor, riket.uten)
    # Without an organisation one has come of nothing, also where many have come to an end with no successor.
    uten = replace(aktor, organisasjon_id=None)
    assert _navn(uten) == _kan_se(riket, uten) == set()


def test_rapporten_hentes_av_den_som_kan_lese_den(riket: Riket) -> None:
    aktor = riket.folk["kommune koordinator"]
    for kommune in (riket.kommune, riket.eldst):
        assert access.hent_rapportkommune(aktor, kommune.id).id == kommune.id
    assert access.hent_rapportkommune(riket.folk["staten innsyn"], riket.uten.id).id == riket.uten.id
    nektet(lambda: access.hent_rapportkommune(aktor, riket.annen.id), IkkeTilgang, om=riket.annen.id)
    nektet(
        lambda: access.hent_rapportkommune(halve(aktor)[0], riket.kommune.id),
        IkkeFunnet,
        om=riket.kommune.id,
    )
    # A trust has no such report.
    for id_ in (INGENS, riket.hf.id):
        nektet(
            lambda i=id_: access.hent_rapportkommune(riket.folk["staten innsyn"], i),  # type: ignore[misc]
            IkkeFunnet,
        )
