"""The record of disagreement: its steps in order, who reads and writes it, and that no patient stands in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.avtaler import access
from portal.avtaler.forloep import NESTE_TRINN, Partstatus, Side, Status, Uenighetstrinn
from portal.avtaler.livsmodeller import Uenighet, Uenighetsfoering
from portal.avtaler.models import Avtale, Avtalepart
from portal.avtaler.service import uenighet
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import (
    IkkeFunnet,
    IkkeTilgang,
    PortalError,
    UgyldigData,
    UgyldigOvergang,
    Utdatert,
)
from portal.varsler.models import Varsel
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import les, nytt_utkast, til_forhandling, varslet
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, lagre, om, revisjon, uten_spor
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]
DIALOG, LOKALT, NEMNDA, LOEST = Uenighetstrinn


@pytest.fixture
def avtale_id(scene: Scene, motpart: Aktor) -> UUID:
    return lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE).id


@pytest.fixture
def sak(avtale_id: UUID, motpart: Aktor) -> UUID:
    return uenighet.opprett(motpart, avtale_id, tittel="Frist for svar", tekst="Ett døgn eller to.")


def _foer(aktor: Aktor, avtale_id: UUID, sak: UUID, fra: str, til: str | None = None, **mer: object) -> None:
    uenighet.foer(aktor, avtale_id, sak, fra=fra, til=til, **{"tekst": "Møte.", **mer})  # type: ignore[arg-type]


@transactional
def _sett(sak: UUID, trinn: Uenighetstrinn) -> None:
    db.session.get_one(Uenighet, sak).trinn = trinn


def _detaljer(handling: str) -> list[dict[str, Any]]:
    return [json.loads(i.detaljer) for i in revisjon(handling)]


def _trinn(sak: UUID) -> str:
    db.session.rollback()
    return db.session.scalars(sa.select(Uenighet.trinn).where(Uenighet.id == sak)).one()


# --- the steps -------------------------------------------------------------------------------------------


def test_hele_veien(avtale_id: UUID, sak: UUID, scene: Scene, motpart: Aktor) -> None:
    with om(minutes=1):
        _foer(scene.koordinator, avtale_id, sak, DIALOG)
    with om(minutes=2):
        _foer(motpart, avtale_id, sak, DIALOG, LOKALT)
    with om(minutes=3):
        _foer(scene.koordinator, avtale_id, sak, LOKALT, NEMNDA, anonymisert=True)
    with om(minutes=4):
        _foer(motpart, avtale_id, sak, NEMNDA, LOEST, tekst="Nemnda rådet til to døgn.")
    s = uenighet.hent(scene.kommuneoverlege, avtale_id, sak)
    assert [(f.trinn, f.anonymisert) for f in s.foeringer] == [
        (DIALOG, False),
        (DIALOG, False),
        (LOKALT, False),
        (NEMNDA, True),
        (LOEST, False),
    ]
    assert not s.neste and not s.kan_foere
    assert {(d["fra"], d["til"]) for d in _detaljer("avtale.uenighet_foert")} == {
        *((DIALOG, DIALOG), (DIALOG, LOKALT)),
        *((LOKALT, NEMNDA), (NEMNDA, LOEST)),
    }
    assert len(revisjon("avtale.uenighet_opprettet")) == 1


@pytest.mark.parametrize(("fra", "til"), list(product(Uenighetstrinn, Uenighetstrinn)))
def test_ett_trinn_om_gangen(
    avtale_id: UUID, sak: UUID, motpart: Aktor, opptak: Opptak, fra: Uenighetstrinn, til: Uenighetstrinn
) -> None:
    """Every pair against the table: none is skipped, none is gone back to, and what is solved is closed."""
    _sett(sak, fra)
    if fra != LOEST and til in (fra, *NESTE_TRINN[fra]):
        _foer(motpart, avtale_id, sak, fra, til, anonymisert=True)
        assert _trinn(sak) == til
        return
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        _foer(motpart, avtale_id, sak, fra, til, anonymisert=True)
    assert _trinn(sak) == fra


def test_bare_den_som_begynte_sier_at_den_er_loest(
    avtale_id: UUID,
    sak: UUID,
    scene: Scene,
    motpart: Aktor,
    opptak: Opptak,
    som: Callable[[Aktor], FlaskClient],
) -> None:
    for fra in (DIALOG, LOKALT, NEMNDA):
        _sett(sak, fra)
        with uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
            _foer(scene.koordinator, avtale_id, sak, fra, LOEST)
        assert feil.value.kode == "andres"
        s = uenighet.hent(scene.koordinator, avtale_id, sak)
        assert s.andres and set(s.neste) == set(NESTE_TRINN[fra]) - {LOEST}
        assert LOEST in uenighet.hent(motpart, avtale_id, sak).neste
    adresse = f"/avtaler/{avtale_id}/uenighet/{sak}"
    assert "begynte protokollen" in som(scene.koordinator).get(adresse).text
    assert "begynte protokollen" not in som(motpart).get(adresse).text
    # Either goes on to the national body.
    _sett(sak, LOKALT)
    _foer(scene.koordinator, avtale_id, sak, LOKALT, NEMNDA, anonymisert=True)
    _foer(motpart, avtale_id, sak, NEMNDA, LOEST)
    assert _trinn(sak) == LOEST


def test_den_som_begynte_er_ikke_med_lenger(avtale_id: UUID, sak: UUID, scene: Scene, motpart: Aktor) -> None:
    @transactional
    def gaa_ut() -> None:
        p = access.part(db.session.get_one(Avtale, avtale_id), motpart.organisasjon_id)
        assert p is not None
        p.status, p.til = Partstatus.UTMELDT, i_dag()

    gaa_ut()
    _foer(scene.koordinator, avtale_id, sak, DIALOG, LOEST)
    assert _trinn(sak) == LOEST


def test_to_trykk_er_en_foering(avtale_id: UUID, sak: UUID, motpart: Aktor, opptak: Opptak) -> None:
    assert uenighet.opprett(motpart, avtale_id, tittel="Frist for svar", tekst="Ett døgn eller to.") == sak
    for fra, til in ((DIALOG, None), (DIALOG, LOKALT), (LOKALT, None)):
        for _ in range(2):
            _foer(motpart, avtale_id, sak, fra, til)
    assert [f.trinn for f in uenighet.hent(motpart, avtale_id, sak).foeringer] == [
        DIALOG,
        DIALOG,
        LOKALT,
        LOKALT,
    ]
    assert len(revisjon("avtale.uenighet_opprettet")) == 1
    # The same words another time are said anew.
    with om(minutes=30):
        _foer(motpart, avtale_id, sak, LOKALT)
    assert len(uenighet.hent(motpart, avtale_id, sak).foeringer) == 5


def test_trinnene_er_de_loven_har() -> None:
    assert {(fra, til) for fra, neste in NESTE_TRINN.items() for til in neste} == {
        *((DIALOG, LOKALT), (DIALOG, LOEST)),
        *((LOKALT, NEMNDA), (LOKALT, LOEST)),
        (NEMNDA, LOEST),
    }


def test_til_nemnda_bare_med_anonymiserte_dokumenter(
    avtale_id: UUID, sak: UUID, motpart: Aktor, opptak: Opptak
) -> None:
    _sett(sak, LOKALT)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        _foer(motpart, avtale_id, sak, LOKALT, NEMNDA)
    assert set(feil.value.detaljer["felter"]) == {"anonymisert"}
    _foer(motpart, avtale_id, sak, LOKALT, NEMNDA, anonymisert=True)
    # A mark without the step says nothing.
    _foer(motpart, avtale_id, sak, NEMNDA, anonymisert=True)
    foeringer = uenighet.hent(motpart, avtale_id, sak).foeringer
    assert sorted((f.trinn, f.anonymisert) for f in foeringer)[1:] == [(NEMNDA, False), (NEMNDA, True)]


def test_to_samtidig(avtale_id: UUID, sak: UUID, scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    _foer(scene.koordinator, avtale_id, sak, DIALOG, LOKALT)
    for til in (None, LOKALT, LOEST):
        with uten_spor(opptak), pytest.raises(Utdatert):
            _foer(motpart, avtale_id, sak, DIALOG, til)


@pytest.mark.parametrize("felt", ["tittel", "tekst"])
def test_ingen_pasient_i_protokollen(
    avtale_id: UUID, sak: UUID, motpart: Aktor, opptak: Opptak, felt: str
) -> None:
    felter = {"tittel": "Frist", "tekst": "Uenige.", felt: f"Om {PERSONNUMMER[:6]} {PERSONNUMMER[6:]}"}
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        uenighet.opprett(motpart, avtale_id, **felter)
    assert feil.value.kode == "personnummer" and set(feil.value.detaljer["treff"]) == {felt}
    if felt == "tekst":
        with uten_spor(opptak), pytest.raises(UgyldigData):
            _foer(motpart, avtale_id, sak, DIALOG, tekst=felter["tekst"])
    uenighet.opprett(motpart, avtale_id, **felter, ikke_fnr=True)
    assert [d["sluppet_tall"] for d in _detaljer("avtale.uenighet_opprettet")] == [0, 1]


def test_de_andre_partene_faar_vite_at_men_ikke_hva(avtale_id: UUID, scene: Scene, motpart: Aktor) -> None:
    uenighet.opprett(motpart, avtale_id, tittel="Om transporten", tekst="Hvem betaler?")
    assert sorted(varslet("avtale.uenighet")) == sorted(
        a.person_id for a in (scene.koordinator, scene.kommuneoverlege)
    )
    for v in db.session.scalars(sa.select(Varsel).where(Varsel.kode == "avtale.uenighet")):
        assert "transport" not in f"{v.tittel}{v.tekst}" and "betaler" not in f"{v.tittel}{v.tekst}"


# --- who -------------------------------------------------------------------------------------------------


def test_bare_partenes_innside_ser_den(avtale_id: UUID, sak: UUID, scene: Scene, motpart: Aktor) -> None:
    inne = [scene.koordinator, scene.administrator, scene.kommuneoverlege, motpart]
    ute = [scene.spesialist, scene.lege, scene.innsyn, scene.fremmed_vaktleder]
    assert [len(uenighet.hent_alle(a, les(avtale_id))) for a in inne] == [1] * 4
    assert [uenighet.hent_alle(a, les(avtale_id)) for a in ute] == [[]] * 4
    for a, feil in zip(ute, (IkkeTilgang, IkkeTilgang, IkkeFunnet, IkkeFunnet), strict=True):
        for gjoer in (
            lambda a=a: uenighet.hent(a, avtale_id, sak),
            lambda a=a: uenighet.hent_liste(a, avtale_id),
        ):
            with pytest.raises(feil):
                gjoer()


@pytest.mark.parametrize(
    ("hvem", "feil"),
    [("kommuneoverlege", IkkeTilgang), ("administrator", IkkeTilgang), ("lege", IkkeTilgang),
     ("innsyn", IkkeFunnet)],
)  # fmt: skip
def test_hvem_som_ikke_skriver(
    avtale_id: UUID, sak: UUID, scene: Scene, opptak: Opptak, hvem: str, feil: type[PortalError]
) -> None:
    a = getattr(scene, hvem)
    with uten_spor(opptak, avslag=1), pytest.raises(feil):
        uenighet.opprett(a, avtale_id, tittel="Frist", tekst="Uenige.")
    with uten_spor(opptak, avslag=1), pytest.raises(feil):
        _foer(a, avtale_id, sak, DIALOG)


def test_den_som_bare_er_invitert_ser_den_ikke(
    avtale_id: UUID, sak: UUID, scene: Scene, opptak: Opptak
) -> None:
    invitert = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    lagre(
        Avtalepart(
            avtale_id=avtale_id,
            organisasjon_id=scene.annen_kommune.id,
            side=Side.KOMMUNE,
            status=Partstatus.INVITERT,
            invitert=now(),
        )
    )
    assert uenighet.hent_alle(invitert, les(avtale_id)) == []
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        uenighet.hent(invitert, avtale_id, sak)


def test_ingen_kan_vaere_uenig_i_det_bare_eieren_har_sett(
    scene: Scene, motpart: Aktor, opptak: Opptak
) -> None:
    avtale_id = nytt_utkast(scene)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        uenighet.opprett(scene.koordinator, avtale_id, tittel="Frist", tekst="Uenige.")
    til_forhandling(scene, avtale_id)
    uenighet.opprett(scene.koordinator, avtale_id, tittel="Frist", tekst="Uenige.")


def test_en_annen_avtales_uenighet_finnes_ikke_her(
    sak: UUID, scene: Scene, motpart: Aktor, opptak: Opptak
) -> None:
    annen = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE).id
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        _foer(motpart, annen, sak, DIALOG)


# --- in a browser ----------------------------------------------------------------------------------------


def test_uenigheten_i_nettleseren(avtale_id: UUID, scene: Scene, motpart: Aktor, som: Som) -> None:
    klient, liste = som(motpart), f"/avtaler/{avtale_id}/uenighet"
    assert "Ingen uenighet er åpen" in klient.get(liste).text
    feil = klient.post(liste, data={"tittel": "", "tekst": "Vi mener to døgn."})
    assert feil.status_code == 422 and "Vi mener to døgn." in feil.text
    svar = klient.post(liste, data={"tittel": "Frist for svar", "tekst": "Vi mener\n<i>to døgn</i>."})
    assert svar.status_code == 303
    adresse = svar.headers["Location"]
    assert "Frist for svar" in som(scene.koordinator).get(liste).text
    side = klient.get(adresse)
    assert "&lt;i&gt;to døgn&lt;/i&gt;" in side.text
    skjema = Skjemaer(side.text).skjemaer[adresse]
    assert skjema == {**skjema, "fra": "dialog", "til": ""}
    assert 'value="tvisteloesningsnemnda"' not in side.text, "no step is skipped"
    hopp = klient.post(adresse, data={**skjema, "tekst": "Rett til nemnda.", "til": "tvisteloesningsnemnda"})
    assert hopp.status_code == 409 and "Rett til nemnda." in hopp.text
    assert (
        klient.post(adresse, data={**skjema, "tekst": "Organet tar det.", "til": "lokalt_organ"}).status_code
        == 303
    )
    # The other had the old page open.
    gammel = som(scene.koordinator).post(adresse, data={**skjema, "tekst": "Enige nå.", "til": "loest"})
    assert (
        gammel.status_code == 409 and "Enige nå." in gammel.text and "ført uenigheten videre" in gammel.text
    )
    nytt = Skjemaer(gammel.text).skjemaer[adresse]
    assert (nytt["fra"], nytt["til"]) == ("lokalt_organ", "")
    uten = klient.post(adresse, data={**nytt, "tekst": "Til nemnda.", "til": "tvisteloesningsnemnda"})
    assert uten.status_code == 422 and "må være anonymisert" in uten.text and "Til nemnda." in uten.text
    data = {**nytt, "tekst": "Til nemnda.", "til": "tvisteloesningsnemnda", "anonymisert": "1"}
    assert klient.post(adresse, data=data).status_code == 303
    assert "Dokumentene er anonymisert" in klient.get(adresse).text
    data = {"fra": "tvisteloesningsnemnda", "tekst": "Enige.", "til": "loest"}
    assert klient.post(adresse, data=data).status_code == 303
    tekst = klient.get(adresse).text
    assert "protokollen er lukket" in tekst and adresse not in Skjemaer(tekst).skjemaer
    assert klient.post(adresse, data={**data, "fra": "loest", "til": ""}).status_code == 409
    assert klient.post(adresse, data={**data, "fra": "ukjent"}).status_code == 422
    assert len(db.session.scalars(sa.select(Uenighetsfoering)).all()) == 4
