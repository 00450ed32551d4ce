"""Proposals: who may send, answer and take them back, what becomes of the text and of the others, and who is told."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.avtaler import godkjenninger, steps
from portal.avtaler.forloep import Partstatus, Status
from portal.avtaler.innhold import som_data
from portal.avtaler.models import Bestemmelsesendring
from portal.avtaler.service import avtaler, forslag, godkjenning, ikrafttredelse, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import (
    IkkeFunnet,
    IkkeTilgang,
    Opptatt,
    PortalError,
    UgyldigData,
    UgyldigOvergang,
    Utdatert,
)
from portal.identitet.models import Medlemskap
from portal.varsler.models import Varsel
from tests.avtaler.forhandlingshjelp import Forhandlingsbord, gaar_ut, hent, status
from tests.avtaler.godkjenninghjelp import beskriv, gi, hash_naa
from tests.avtaler.motorhjelp import les, noekler, til_forhandling, varslet
from tests.bygg import Opptak, Scene, lag_aktor, lagre, revisjon, uten_spor
from tests.conftest import DB
from tests.samtidig import samtidig


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Forhandlingsbord:
    return Forhandlingsbord(scene, motpart)


# --- what one party accepts, is the text -----------------------------------------------------------------


def test_en_godtar_og_teksten_er_endret(bord: Forhandlingsbord, opptak: Opptak) -> None:
    id_ = bord.endre(bord.nord, "Svar innen en time.")
    assert status(id_) == "aapent" and bord.tekster()[0] == "Ring først."
    assert ("avtale.endret", {"avtale_id": bord.avtale_id}) in opptak.hendelser
    forslag.svar(bord.eier, id_, True, "Bra.")
    assert bord.tekster()[0] == "Svar innen en time."
    rad = hent(id_)
    assert (rad.status, rad.svar[0].merknad, rad.svar[0].person_id) == (
        "godtatt",
        "Bra.",
        bord.eier.person_id,
    )
    assert rad.avgjort is not None
    endring = db.session.scalars(
        sa.select(Bestemmelsesendring).where(Bestemmelsesendring.forslag_id == id_)
    ).one()
    assert (endring.foer["tekst"], endring.etter["tekst"]) == ("Ring først.", "Svar innen en time.")  # type: ignore[index]
    assert [r.handling for r in revisjon("avtale.forslag_godtatt")] == ["avtale.forslag_godtatt"]


def test_alle_feltene_kan_foreslaas(bord: Forhandlingsbord) -> None:
    n = bord.klausul()
    data: dict[str, Any] = {
        "nummer": "7.2",
        "overskrift": "Alt på en gang",
        "tekst": "Nytt.",
        "art": "utskrivning",
        "punkt": 5,
        "faser": 1 << 4,
        "fagomraader": ["geriatri"],
        "kriterier": [{"kriterium": "NEWS2 over 5", "hvem": "Legen", "frist": "Straks"}],
        "matrise": [{"oppgave": "Transport", "foretak": "A", "kommune": "I"}],
        "forpliktelser": [{"tekst": "Møte", "hyppighet": "aarlig", "frist": "", "sider": ["kommune"]}],
        "tiltak": [
            {
                "navn": "Team",
                "ansvarsforhold": "A",
                "arbeidsgiveransvar": "B",
                "organisering": "C",
                "finansiering": "D",
            }
        ],
        "trinn": ["varsel"],
    }
    id_ = forslag.foreslaa(bord.nord, bord.avtale_id, n, "endre", data, "", bord.lest(n))
    forslag.svar(bord.eier, id_, True)
    les(bord.avtale_id)
    rad = steps.bestemmelse(bord.avtale_id, 1, n)
    assert rad is not None and som_data(rad) == data


def test_stryk_og_ny(bord: Forhandlingsbord) -> None:
    bort, ny = bord.stryk(bord.eier), bord.ny(bord.soer, "Transport")
    forslag.svar(bord.nord, bort, True)
    forslag.svar(bord.eier, ny, True)
    les(bord.avtale_id)
    assert [b.overskrift for b in steps.bestemmelser(bord.avtale_id, 1)] == ["Utskrivning", "Transport"]


def test_en_ny_staar_der_nummeret_sier(bord: Forhandlingsbord) -> None:
    """Both clauses are called 1: one called 0.5 goes before them, 1.1 after, and one without a number last."""
    for nummer, overskrift in (("§ 0.5", "Først"), ("1.10", "Tiende"), ("1.9", "Niende"), ("", "Sist")):
        forslag.svar(bord.eier, bord.ny(bord.nord, overskrift, nummer=nummer), True)
    les(bord.avtale_id)
    assert [b.overskrift for b in steps.bestemmelser(bord.avtale_id, 1)] == [
        *("Først", "Innleggelse", "Utskrivning", "Niende", "Tiende", "Sist")
    ]


def test_motforslag_avgjoer_begge(bord: Forhandlingsbord) -> None:
    """Whichever of the two is accepted, the other falls: of a change, of a new clause and of a striking."""
    for tur in range(2):
        foerst = bord.endre(bord.nord, f"Innen en time {tur}.")
        mot = bord.endre(bord.eier, f"Innen to timer {tur}.", svar_paa=foerst)
        assert hent(mot).svar_paa_id == foerst
        if tur:
            forslag.svar(bord.eier, foerst, True)
        else:
            forslag.svar(bord.nord, mot, True)
        assert sorted((status(foerst), status(mot))) == ["bortfalt", "godtatt"]
    ny = bord.ny(bord.nord, "Transport")
    mot = forslag.foreslaa(
        bord.eier,
        bord.avtale_id,
        None,
        "ny",
        {"overskrift": "Transport på vei", "art": "annet"},
        svar_paa_id=ny,
    )
    assert hent(mot).noekkel == hent(ny).noekkel
    forslag.svar(bord.soer, mot, True)
    assert (status(ny), status(mot)) == ("bortfalt", "godtatt")
    stryk = bord.stryk(bord.nord)
    mot = bord.endre(bord.eier, "Kortere.", svar_paa=stryk)
    forslag.svar(bord.eier2, stryk, True)
    assert (status(stryk), status(mot)) == ("godtatt", "bortfalt")


def test_andre_forslag_til_samme_bestemmelse_faller(bord: Forhandlingsbord) -> None:
    a, b = bord.endre(bord.nord, "A."), bord.endre(bord.soer, "B.")
    annen = bord.endre(bord.soer, "C.", plass=1)
    forslag.svar(bord.eier, a, True)
    assert (status(a), status(b), status(annen)) == ("godtatt", "bortfalt", "aapent")
    assert hent(b).innhold["tekst"] == "B.", "it stays readable"
    assert varslet("avtale.forslag_bortfalt") == [bord.soer.person_id]
    assert bord.nord.person_id in varslet("avtale.forslag_godtatt")
    with pytest.raises(UgyldigOvergang) as feil:
        forslag.svar(bord.eier, b, True)
    assert feil.value.kode == "bortfalt"


# --- what all reject, is rejected ------------------------------------------------------------------------


def test_avslaatt_naar_alle_paa_den_andre_siden_har_sagt_nei(bord: Forhandlingsbord) -> None:
    id_ = bord.endre(bord.eier, "Innen en time.")
    forslag.svar(bord.nord, id_, False, "For kort.")
    assert status(id_) == "aapent"
    assert varslet("avtale.forslag_avslaatt") == []
    forslag.svar(bord.soer, id_, False)
    assert status(id_) == "avslaatt" and bord.tekster()[0] == "Ring først."
    assert bord.eier2.person_id in varslet("avtale.forslag_avslaatt")
    with pytest.raises(Opptatt):
        forslag.svar(bord.nord, id_, True)


def test_den_som_har_sagt_nei_kan_si_ja_likevel(bord: Forhandlingsbord, opptak: Opptak) -> None:
    id_, kollega = bord.endre(bord.eier, "Innen en time."), lag_aktor(Rolle.KOORDINATOR, bord.scene.kommune)
    forslag.svar(bord.nord, id_, False)
    with uten_spor(opptak), pytest.raises(Opptatt):
        forslag.svar(kollega, id_, False)
    forslag.svar(bord.nord, id_, True)
    assert status(id_) == "godtatt" and [s.godtatt for s in hent(id_).svar] == [True]


def test_en_part_som_gaar_ventes_det_ikke_paa(bord: Forhandlingsbord) -> None:
    """The last who had not rejected has left: the proposal is rejected. Its own fall, and what was open stays open
    while there is nobody to ask."""
    eiers = bord.endre(bord.eier, "A.")
    sørs, nords = bord.endre(bord.soer, "B.", plass=1), bord.endre(bord.nord, "C.", plass=1)
    forslag.svar(bord.nord, eiers, False)
    parter.svar(bord.soer, bord.avtale_id, False)
    assert (status(eiers), status(sørs), status(nords)) == ("avslaatt", "bortfalt", "aapent")
    assert bord.eier2.person_id in varslet("avtale.forslag_avslaatt")
    nytt = bord.endre(bord.eier, "D.")
    parter.trekk_invitasjon(bord.eier, bord.avtale_id, bord.scene.kommune.id)
    assert (status(nytt), status(nords)) == ("aapent", "bortfalt")


def test_en_som_er_gaatt_ut_av_den_som_gjelder_forhandler_ikke_om_den_neste(bord: Forhandlingsbord) -> None:
    sørs = bord.endre(bord.soer, "B.")
    eiers = bord.endre(bord.eier, "A.", plass=1)
    forslag.svar(bord.nord, eiers, False)
    gaar_ut(bord)
    assert ikrafttredelse.sett_i_kraft() == 1
    assert (status(sørs), status(eiers)) == ("bortfalt", "avslaatt")


# --- who may ---------------------------------------------------------------------------------------------


def test_ingen_svarer_for_begge_sider(bord: Forhandlingsbord, opptak: Opptak) -> None:
    """Neither one's own organisation, nor another kommune, nor the same person with a role on the other side."""
    nords, eiers = bord.endre(bord.nord, "A."), bord.endre(bord.eier, "B.", plass=1)
    for aktor, id_ in ((bord.nord, nords), (bord.soer, nords), (bord.eier, eiers), (bord.eier2, eiers)):
        for ja in (True, False):
            with pytest.raises(IkkeTilgang) as feil:
                forslag.svar(aktor, id_, ja)
            assert feil.value.kode == "egen_side"
    begge = _ogsaa_hos(bord.nord, bord.scene.hf)
    with pytest.raises(IkkeTilgang) as feil:
        forslag.svar(begge, nords, True)
    assert feil.value.kode == "fire_oeyne"
    assert bord.tekster() == ["Ring først.", "Ring først."]
    assert [r.utfall for r in revisjon("avtale.svare")] == ["avslag"] * 9


def _ogsaa_hos(aktor: Aktor, organisasjon: Any) -> Aktor:
    medlemskap = Medlemskap(
        id=uuid4(),
        person_id=aktor.person_id,
        organisasjon_id=organisasjon.id,
        rolle=Rolle.KOORDINATOR,
        gyldig_fra=now(),
    )
    lagre(medlemskap)
    return Aktor(
        navn=aktor.navn,
        person_id=aktor.person_id,
        medlemskap_id=medlemskap.id,
        rolle=Rolle.KOORDINATOR,
        organisasjon_id=organisasjon.id,
        organisasjon_type=organisasjon.type,
    )


def test_den_som_foreslaar_og_den_som_godtar_godkjenner_ikke(bord: Forhandlingsbord) -> None:
    forslag.svar(bord.eier2, bord.endre(bord.lege, "Innen en time."), True)
    avslag = bord.endre(bord.eier, "Aldri.")
    for aktor in (bord.nord, bord.soer):
        forslag.svar(aktor, avslag, False)
    beskriv(bord.avtale_id, "Brukerutvalget.", None)
    godkjenning.send(bord.eier, bord.avtale_id, hash_naa(bord.avtale_id))
    avtale = les(bord.avtale_id)
    forfattere = godkjenninger.forfattere(avtale, avtale.versjoner[0])
    assert forfattere == {bord.eier.person_id, bord.eier2.person_id, bord.lege.person_id}
    with pytest.raises(IkkeTilgang) as feil:
        gi(bord.lege, bord.avtale_id)
    assert feil.value.kode == "fire_oeyne"
    # To have said no is to have no part in it.
    gi(bord.nord, bord.avtale_id)


def test_den_som_ikke_deltar_forhandler_ikke(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    avtale_id = til_forhandling(scene)
    n = noekler(avtale_id)[0]
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
        forslag.foreslaa(motpart, avtale_id, None, "ny", {"overskrift": "Ny", "art": "annet"})
    assert feil.value.kode == "deltar_ikke"
    fremmed = lag_aktor(Rolle.KOORDINATOR, scene.annet_hf)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        forslag.foreslaa(fremmed, avtale_id, n, "stryk", None)


def test_det_forhandles_bare_naar_det_forhandles(bord: Forhandlingsbord, opptak: Opptak) -> None:
    n, lest = bord.klausul(), bord.lest(bord.klausul())
    id_ = bord.endre(bord.nord, "A.")
    avtaler.forkast(bord.eier, bord.avtale_id)
    assert status(id_) == "bortfalt" and _kode("avtale.forslag") == []
    for gjoer in (
        lambda: forslag.foreslaa(bord.nord, bord.avtale_id, n, "endre", {"tekst": "B."}, "", lest),
        lambda: forslag.svar(bord.eier, id_, True),
        lambda: forslag.trekk(bord.nord, id_),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
            gjoer()
        assert feil.value.kode == "ikke_til_forhandling"


def test_trekk(bord: Forhandlingsbord) -> None:
    id_ = bord.endre(bord.lege, "A.")
    for aktor in (bord.soer, bord.eier):
        with pytest.raises(IkkeTilgang):
            forslag.trekk(aktor, id_)
    # A colleague of who wrote it may.
    forslag.trekk(bord.nord, id_)
    assert status(id_) == "trukket" and _kode("avtale.forslag") == []
    for gjoer in (lambda: forslag.trekk(bord.nord, id_), lambda: forslag.svar(bord.eier, id_, True)):
        with pytest.raises(Opptatt):
            gjoer()


# --- two texts are never merged in silence ---------------------------------------------------------------


def test_den_andre_faar_begge_tekstene(bord: Forhandlingsbord, opptak: Opptak) -> None:
    n, lest = bord.klausul(), bord.lest(bord.klausul())
    forslag.svar(bord.eier, bord.endre(bord.nord, "Svar straks."), True)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        forslag.foreslaa(bord.soer, bord.avtale_id, n, "endre", {"tekst": "Mitt."}, "", lest)
    d = feil.value.detaljer
    assert (d["ditt"]["tekst"], d["naa"]["tekst"], d["lest"]) == ("Mitt.", "Svar straks.", bord.lest(n))
    forslag.foreslaa(bord.soer, bord.avtale_id, n, "endre", {"tekst": "Mitt."}, "", d["lest"])
    with pytest.raises(Utdatert):
        forslag.foreslaa(bord.soer, bord.avtale_id, n, "stryk", None, "", lest)


def test_til_en_stroeket_bestemmelse_foreslaas_ingenting(bord: Forhandlingsbord, opptak: Opptak) -> None:
    n, lest = bord.klausul(), bord.lest(bord.klausul())
    forslag.svar(bord.eier, bord.stryk(bord.nord), True)
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        forslag.foreslaa(bord.soer, bord.avtale_id, n, "endre", {"tekst": "Mitt."}, "", lest)
    assert feil.value.detaljer["naa"] is None and feil.value.detaljer["ditt"]["tekst"] == "Mitt."
    with uten_spor(opptak), pytest.raises(Utdatert):
        forslag.foreslaa(bord.soer, bord.avtale_id, n, "endre", {"tekst": "Mitt."}, "", "")


def test_paa_et_gammelt_grunnlag_godtas_ingenting(bord: Forhandlingsbord, opptak: Opptak) -> None:
    """Proposals fall with the text; were one left all the same, accepting it changes nothing."""
    id_ = bord.endre(bord.nord, "A.")
    _glem_grunnlaget(id_)
    with uten_spor(opptak), pytest.raises(Utdatert):
        forslag.svar(bord.eier, id_, True)
    assert status(id_) == "aapent" and bord.tekster()[0] == "Ring først."
    forslag.svar(bord.eier, id_, False)


@transactional
def _glem_grunnlaget(forslag_id: Any) -> None:
    hent_den = db.session.get_one(type(hent(forslag_id)), forslag_id)
    hent_den.grunnlag_hash = "0" * 64


# --- bad input -------------------------------------------------------------------------------------------


def test_det_som_ikke_kan_foreslaas(bord: Forhandlingsbord, opptak: Opptak) -> None:
    n = bord.klausul()
    lest, annen = bord.lest(n), bord.klausul(1)
    a, egen = bord.avtale_id, bord.endre(bord.nord, "Allerede.")
    ny = {"overskrift": "Ny", "art": "annet"}
    proever: list[tuple[type[PortalError], tuple[Any, ...]]] = [
        (UgyldigData, (n, "endre", {"tekst": "Ring først."}, "", lest)),
        (UgyldigData, (n, "endre", {"art": "tull"}, "", lest)),
        (UgyldigData, (n, "endre", {"tekst": "x" * 40_001}, "", lest)),
        (UgyldigData, (n, "endre", {"tekst": "a\x00b"}, "", lest)),
        (UgyldigData, (n, "endre", {"tekst": "Nytt."}, "x" * 2_001, lest)),
        (UgyldigData, (n, "endre", {"tekst": "Nytt."}, "a\x07b", lest)),
        (UgyldigData, (n, "flytt", {"tekst": "Nytt."}, "", lest)),
        (UgyldigData, (n, "ny", ny, "", lest)),
        (UgyldigData, (None, "endre", ny, "", "")),
        (UgyldigData, (None, "ny", {"art": "annet"}, "", "")),
        (IkkeFunnet, (uuid4(), "endre", {"tekst": "Nytt."}, "", "")),
        (IkkeFunnet, (uuid4(), "stryk", None, "", "")),
        (IkkeFunnet, (n, "endre", {"tekst": "Nytt."}, "", lest, uuid4())),
        (IkkeFunnet, (annen, "endre", {"tekst": "Nytt."}, "", bord.lest(annen), egen)),
        (UgyldigOvergang, (n, "endre", {"tekst": "Nytt."}, "", lest, egen)),
    ]
    for feil, argumenter in proever:
        with uten_spor(opptak), pytest.raises(feil):
            forslag.foreslaa(bord.nord, a, *argumenter)
    for merknad in ("x" * 1_001, "a\x00b"):
        with uten_spor(opptak), pytest.raises(UgyldigData):
            forslag.svar(bord.eier, egen, True, merknad)


def test_samme_forslag_to_ganger_er_ett(bord: Forhandlingsbord, opptak: Opptak) -> None:
    bord.endre(bord.nord, "A.")
    bord.ny(bord.nord)
    for gjoer in (lambda: bord.endre(bord.nord, "A."), lambda: bord.ny(bord.nord)):
        with uten_spor(opptak), pytest.raises(Opptatt):
            gjoer()
    # Another party may want the same.
    bord.endre(bord.soer, "A.")
    bord.ny(bord.soer)


# --- who is told -----------------------------------------------------------------------------------------


def test_den_andre_siden_faar_beskjed_en_gang(bord: Forhandlingsbord) -> None:
    """Ten proposals are one notice, until it is read; then the next is told of again."""
    for n in range(10):
        bord.endre(bord.nord, f"A{n}.")
    hos_eieren = {bord.eier.person_id, bord.eier2.person_id}
    assert sorted(_kode("avtale.forslag")) == sorted(hos_eieren)
    _les_alt()
    bord.endre(bord.soer, "B.", plass=1)
    assert len(_kode("avtale.forslag")) == 4
    bord.endre(bord.eier, "C.", plass=1)
    assert {bord.nord.person_id, bord.soer.person_id, bord.lege.person_id} <= set(_kode("avtale.forslag"))
    varsel = db.session.scalars(sa.select(Varsel).where(Varsel.kode == "avtale.forslag")).first()
    assert varsel is not None and varsel.lenke == f"/avtaler/{bord.avtale_id}/forhandling"


def _kode(kode: str) -> list[Any]:
    """Who has a notice of exactly that kind, not stopped."""
    db.session.rollback()
    vilkaar = (Varsel.kode == kode, Varsel.stoppet.is_(None))
    return list(db.session.scalars(sa.select(Varsel.person_id).where(*vilkaar)))


@transactional
def _les_alt() -> None:
    for varsel in db.session.scalars(sa.select(Varsel)):
        varsel.lest = now()


def test_naar_ingenting_er_aapent_spoerres_ingen(bord: Forhandlingsbord) -> None:
    a, b = bord.endre(bord.nord, "A."), bord.endre(bord.nord, "B.", plass=1)
    forslag.svar(bord.eier, a, True)
    assert _kode("avtale.forslag") != []
    forslag.svar(bord.eier, b, False)
    assert _kode("avtale.forslag") == []


# --- at the same moment ----------------------------------------------------------------------------------

samtidige = pytest.mark.skipif(DB != "postgresql", reason="on SQLite one writes at a time")


@samtidige
def test_to_godtar_samtidig(bord: Forhandlingsbord, app: Flask) -> None:
    """Exactly one: of the same proposal, and of two about the same clause."""
    for runde in range(4):
        id_ = bord.endre(bord.eier, f"Felles {runde}.")
        svar = samtidig(app, *(partial(forslag.svar, a, id_, True) for a in (bord.nord, bord.soer)))
        assert sorted(type(s).__name__ for s in svar) == ["Opptatt", "UUID"]
        assert [s.godtatt for s in hent(id_).svar] == [True]
        a, b = bord.endre(bord.nord, f"A {runde}."), bord.endre(bord.soer, f"B {runde}.")
        svar = samtidig(
            app, partial(forslag.svar, bord.eier, a, True), partial(forslag.svar, bord.eier2, b, True)
        )
        assert sorted(type(s).__name__ for s in svar) == ["UUID", "UgyldigOvergang"]
        assert sorted((status(a), status(b))) == ["bortfalt", "godtatt"]
        assert bord.tekster()[0] == (f"A {runde}." if status(a) == "godtatt" else f"B {runde}.")


@samtidige
def test_godta_og_trekk_samtidig(bord: Forhandlingsbord, app: Flask) -> None:
    for runde in range(5):
        id_, foer = bord.endre(bord.nord, f"A {runde}."), bord.tekster()[0]
        godtok, trakk = samtidig(
            app, partial(forslag.svar, bord.eier, id_, True), partial(forslag.trekk, bord.nord, id_)
        )
        assert isinstance(godtok, Opptatt) != isinstance(trakk, Opptatt)
        ventet = ("trukket", foer) if isinstance(godtok, Opptatt) else ("godtatt", f"A {runde}.")
        assert (status(id_), bord.tekster()[0]) == ventet


@samtidige
def test_de_to_siste_avslagene_samtidig(bord: Forhandlingsbord, app: Flask) -> None:
    for runde in range(4):
        id_ = bord.endre(bord.eier, f"A {runde}.")
        samtidig(app, *(partial(forslag.svar, a, id_, False) for a in (bord.nord, bord.soer)))
        assert status(id_) == "avslaatt"


@samtidige
def test_forslag_og_sending_samtidig(bord: Forhandlingsbord, app: Flask) -> None:
    """Either the text was frozen first, or the proposal stands in its way: never an open one in a frozen text."""
    beskriv(bord.avtale_id, "Brukerutvalget.", None)
    n, lest, hele = bord.klausul(), bord.lest(bord.klausul()), hash_naa(bord.avtale_id)
    foreslo, sendte = samtidig(
        app,
        partial(forslag.foreslaa, bord.nord, bord.avtale_id, n, "endre", {"tekst": "A."}, "", lest),
        partial(godkjenning.send, bord.eier, bord.avtale_id, hele),
    )
    assert isinstance(foreslo, UgyldigOvergang) != isinstance(sendte, UgyldigData)
    sendt = les(bord.avtale_id).versjoner[0].status == Status.TIL_GODKJENNING
    assert sendt == isinstance(foreslo, UgyldigOvergang)


@samtidige
def test_godta_og_ta_ut_parten_samtidig(bord: Forhandlingsbord, app: Flask) -> None:
    """A party is taken out while its proposal is accepted: accepted and in the text, or fallen and not."""
    id_ = bord.endre(bord.soer, "A.")
    godtok, _ut = samtidig(
        app,
        partial(forslag.svar, bord.eier, id_, True),
        partial(parter.trekk_invitasjon, bord.eier2, bord.avtale_id, bord.scene.annen_kommune.id),
    )
    assert (status(id_), bord.tekster()[0]) == (
        ("bortfalt", "Ring først.") if isinstance(godtok, PortalError) else ("godtatt", "A.")
    )
    assert Partstatus.DELTAR not in {
        p.status for p in les(bord.avtale_id).parter if p.organisasjon_id == bord.scene.annen_kommune.id
    }
