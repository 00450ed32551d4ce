"""Colleagues by invitation, hand-over to a named person, leaving, and identity that stays outside."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, PortalError, UgyldigData, UgyldigOvergang
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Koe
from portal.henvendelser.service import deling, flyt, meldinger
from portal.identitet.models import Medlemskap, Person
from tests.bygg import Opptak, Scene, lag_aktor, lag_medlemskap, logg_over, om, revisjon, som_aktor, uten_spor
from tests.henvendelser.delingshjelp import brev, deltar, invitasjoner, mid, ser, slutt, spurt, til

Som = Callable[[Aktor], FlaskClient]

# --- invitation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hvem", "kollega"), [("spesialist", "kirurg"), ("lege", "annen_lege")])
def test_en_kollega_paa_hver_side_blir_med(hvem: str, kollega: str, scene: Scene, opptak: Opptak) -> None:
    """Sees the case when asked, may write in it when it is accepted, and not before."""
    fra, til_ = getattr(scene, hvem), getattr(scene, kollega)
    id_ = scene.sak(Status.AKSEPTERT)
    assert not ser(til_, id_)
    deling.inviter(fra, id_, mid(til_))
    assert ser(til_, id_)
    with pytest.raises(IkkeTilgang):
        meldinger.send_melding(til_, id_, uuid4(), "Hei.")
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.data) == ("invitert", {"hvem": til_.navn, "medlemskap": str(mid(til_))})
    (b,) = brev()
    person = db.session.get_one(Person, til_.person_id)
    sak = scene.les(id_)
    assert (b.til, b.emne) == (person.epost, f"Du er invitert til sak {sak.saksnummer}")
    assert f"/henvendelser/{id_}\n" in b.tekst and fra.navn in b.tekst
    assert "Tungpust" not in b.tekst and "indremedisin" not in b.tekst.lower()
    # Asked twice: one question, one letter, one row.
    with uten_spor(opptak):
        deling.inviter(fra, id_, mid(til_))
    assert deling.svar_invitasjon(til_, spurt(id_), ja=True) == id_
    assert (logg_over(id_)[-1].type, logg_over(id_)[-1].avsender_id) == ("ble_med", til_.person_id)
    assert mid(til_) in deltar(id_)
    meldinger.send_melding(til_, id_, uuid4(), "Hei.")
    assert logg_over(id_)[-1].side == ("innmelder" if hvem == "lege" else "mottaker")
    (innslag,) = revisjon("henvendelse.ble_med", objekt=id_)
    assert innslag.kjede == f"sak:{id_}"
    # The same press again changes nothing.
    with uten_spor(opptak):
        assert deling.svar_invitasjon(til_, invitasjoner(id_)[0].id, ja=True) == id_


def test_den_som_takker_nei_mister_saken_av_syne(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    opptak.hendelser.clear()
    invitasjon = spurt(id_)
    deling.svar_invitasjon(scene.kirurg, invitasjon, ja=False)
    assert ("henvendelse.tilgang_endret", {"henvendelse_id": id_}) in opptak.hendelser
    assert not ser(scene.kirurg, id_)
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.data) == ("avslaatt", {"hva": "nei_kollega"})
    with uten_spor(opptak):
        deling.svar_invitasjon(scene.kirurg, invitasjon, ja=False)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
        deling.svar_invitasjon(scene.kirurg, invitasjon, ja=True)
    assert info.value.kode == "invitasjon_borte"
    # And may be asked again.
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    deling.svar_invitasjon(scene.kirurg, spurt(id_), ja=True)
    assert mid(scene.kirurg) in deltar(id_)


@pytest.mark.parametrize("hvem", ["spesialist2", "spesialist"])
def test_den_som_spurte_og_den_ansvarlige_kan_trekke(hvem: str, scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist2, id_, mid(scene.kirurg))
    invitasjon = spurt(id_)
    for annen in (scene.vaktleder, scene.lege, scene.kirurg):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            deling.trekk_invitasjon(annen, invitasjon)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        deling.trekk_invitasjon(scene.fremmed_lege, invitasjon)
    opptak.hendelser.clear()
    deling.trekk_invitasjon(getattr(scene, hvem), invitasjon)
    assert ("henvendelse.tilgang_endret", {"henvendelse_id": id_}) in opptak.hendelser
    assert not ser(scene.kirurg, id_)
    assert logg_over(id_)[-1].data == {"hva": "trukket_kollega", "hvem": scene.kirurg.navn}
    with uten_spor(opptak):
        deling.trekk_invitasjon(getattr(scene, hvem), invitasjon)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        deling.svar_invitasjon(scene.kirurg, invitasjon, ja=True)


def test_bare_den_spurte_svarer(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    invitasjon = spurt(id_)
    for annen, feil in (
        (scene.spesialist, IkkeTilgang),
        (scene.lege, IkkeTilgang),
        (scene.fremmed_spesialist, IkkeFunnet),
        (scene.koordinator, IkkeFunnet),
    ):
        for ja in (True, False):
            with uten_spor(opptak, avslag=1), pytest.raises(feil):
                deling.svar_invitasjon(annen, invitasjon, ja=ja)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        deling.svar_invitasjon(scene.kirurg, uuid4(), ja=True)


def test_hvem_som_kan_inviteres(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    annen_post = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("psykiatri",))
    sluttet = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("kirurgi",))
    slutt(sluttet)
    egen_annen_rolle = som_aktor(
        db.session.get_one(Person, scene.spesialist.person_id),
        lag_medlemskap(
            db.session.get_one(Person, scene.spesialist.person_id), Rolle.SPESIALIST, scene.hf, fag=("barn",)
        ),
        scene.hf,
    )
    for kollega in (
        scene.spesialist2,  # on call: the case is his own already
        scene.vaktleder,
        scene.spesialist,  # herself
        egen_annen_rolle,  # herself, in another role
        sluttet,
        scene.koordinator,  # no clinician
        scene.fremmed_spesialist,  # another hospital
        scene.lege,  # the other side
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData) as info:
            deling.inviter(scene.spesialist, id_, mid(kollega))
        assert list(info.value.detaljer["felter"]) == ["medlemskap_id"]
    with uten_spor(opptak), pytest.raises(UgyldigData):
        deling.inviter(scene.spesialist, id_, uuid4())
    # The list offers just those who would be taken.
    liste = {m.id for m in deling.kolleger_aa_invitere(scene.spesialist, scene.les(id_))}
    assert liste == {mid(scene.kirurg), mid(annen_post)}
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    assert {m.id for m in deling.kolleger_aa_invitere(scene.spesialist, scene.les(id_))} == {mid(annen_post)}


def test_den_inviterte_inviterer_ingen(scene: Scene, opptak: Opptak) -> None:
    """To be asked, or to look in with a reason, is not to have the case."""
    id_ = scene.sak(Status.AKSEPTERT)
    annen = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("psykiatri",))
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    for gjoer in (
        lambda: deling.inviter(scene.kirurg, id_, mid(annen)),
        lambda: deling.tilby_overlevering(scene.kirurg, id_, mid(annen)),
        lambda: deling.noter_identitet(scene.kirurg, id_),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            gjoer()


# --- hand-over -------------------------------------------------------------------------------------------


def _koe(scene: Scene) -> int:
    db.session.rollback()
    return (
        db.session.scalar(
            sa.select(Koe.versjon).where(Koe.mottaker_id == scene.hf.id, Koe.fagomraade == "indremedisin")
        )
        or 0
    )


@pytest.mark.parametrize("status", [Status.AKSEPTERT, Status.BESVART])
@pytest.mark.parametrize("ny", ["spesialist2", "kirurg"])
def test_overlevering_gjelder_naar_den_er_godtatt(ny: str, status: Status, scene: Scene) -> None:
    ny_ = getattr(scene, ny)
    id_ = scene.sak(status)
    foer = scene.les(id_)
    frist, koe = foer.frist, _koe(scene)
    deling.tilby_overlevering(scene.spesialist, id_, mid(ny_))
    assert logg_over(id_)[-1].type == "tilbudt"
    assert scene.les(id_).ansvarlig_medlemskap_id == mid(scene.spesialist)
    assert [b.emne for b in brev()] == [f"Vil du overta sak {foer.saksnummer}?"]
    with om(minutes=3):
        deling.svar_invitasjon(ny_, spurt(id_), ja=True)
    sak = scene.les(id_)
    assert (sak.ansvarlig_id, sak.ansvarlig_medlemskap_id) == (ny_.person_id, mid(ny_))
    assert (sak.status, sak.frist, sak.akseptert_tid) == (status, frist, foer.akseptert_tid)
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.data) == ("overlevert", {"hvem": ny_.navn, "fra": "Siri Spesialist"})
    assert _koe(scene) == koe + 1
    # The former keeps the case, and answers for it no more.
    assert deltar(id_) >= {mid(scene.spesialist), mid(ny_)}
    meldinger.send_melding(scene.spesialist, id_, uuid4(), "Jeg er her fortsatt.")
    if status == Status.AKSEPTERT:
        with pytest.raises(IkkeTilgang):
            flyt.besvar(scene.spesialist, id_, "oehd_plass", "Nei.")
        flyt.besvar(ny_, id_, "oehd_plass", "Ja.")


def test_en_overlevering_om_gangen(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.spesialist2))
    with uten_spor(opptak):
        deling.tilby_overlevering(scene.spesialist, id_, mid(scene.spesialist2))
    with uten_spor(opptak), pytest.raises(Opptatt) as info:
        deling.tilby_overlevering(scene.spesialist, id_, mid(scene.kirurg))
    assert scene.spesialist2.navn in info.value.melding
    deling.svar_invitasjon(scene.spesialist2, spurt(id_), ja=False)
    assert logg_over(id_)[-1].data == {"hva": "nei_overlevering"}
    assert scene.les(id_).ansvarlig_medlemskap_id == mid(scene.spesialist)
    # A colleague on call sees it anyway, with or without an answer.
    assert ser(scene.spesialist2, id_)
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.kirurg))
    deling.trekk_invitasjon(scene.spesialist, spurt(id_))
    assert logg_over(id_)[-1].data == {"hva": "trukket_overlevering", "hvem": scene.kirurg.navn}


def test_et_tilbud_til_en_som_ikke_svarer_laaser_ingen(scene: Scene, opptak: Opptak, som: Som) -> None:
    """Whoever may offer the case to somebody, may first take back the offer that stands in the way."""
    id_ = scene.sak(Status.AKSEPTERT)
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.kirurg))
    with pytest.raises(Opptatt):
        deling.tilby_overlevering(scene.vaktleder, id_, mid(scene.spesialist2))
    # Not a colleague, and not the requester's side: the responsible is there.
    for andre in (scene.spesialist2, scene.lege):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            deling.trekk_invitasjon(andre, spurt(id_))
    knapp = f'action="/invitasjoner/{spurt(id_)}/trekk"'
    assert knapp in som(scene.vaktleder).get(til(id_)).text
    assert knapp not in som(scene.spesialist2).get(til(id_)).text
    deling.trekk_invitasjon(scene.vaktleder, spurt(id_))
    deling.tilby_overlevering(scene.vaktleder, id_, mid(scene.kirurg))
    # The vaktleder and the responsible are both gone: whoever is on call frees the case.
    slutt(scene.vaktleder)
    slutt(scene.spesialist)
    deling.trekk_invitasjon(scene.spesialist2, spurt(id_))
    deling.tilby_overlevering(scene.spesialist2, id_, mid(scene.kirurg))
    deling.svar_invitasjon(scene.kirurg, spurt(id_), ja=True)
    assert scene.les(id_).ansvarlig_medlemskap_id == mid(scene.kirurg)


def test_invitert_av_kollega_trekkes_ikke_av_vaktlederen(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist2, id_, mid(scene.kirurg))
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        deling.trekk_invitasjon(scene.vaktleder, spurt(id_))


def test_den_som_baade_inviteres_og_overtar(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.kirurg))
    (over,) = [i for i in invitasjoner(id_) if i.slag == "overlevering"]
    deling.svar_invitasjon(scene.kirurg, over.id, ja=True)
    assert [i.tilstand for i in invitasjoner(id_)] == ["godtatt", "godtatt"]
    assert deling.invitasjoner_til(scene.kirurg) == []


def test_hvem_som_kan_overta(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    sluttet = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("kirurgi",))
    slutt(sluttet)
    for ny in (
        scene.vaktleder,
        scene.spesialist,
        sluttet,
        scene.koordinator,
        scene.fremmed_spesialist,
        scene.lege,
    ):
        with uten_spor(opptak), pytest.raises(UgyldigData) as info:
            deling.tilby_overlevering(scene.spesialist, id_, mid(ny))
        assert list(info.value.detaljer["felter"]) == ["medlemskap_id"]
    liste = [m.id for m in deling.kolleger_aa_overlevere_til(scene.spesialist, scene.les(id_))]
    assert liste == [mid(scene.spesialist2), mid(scene.kirurg)]  # the case's own fagområde first
    for annen in (scene.spesialist2, scene.lege, scene.kollega):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            deling.tilby_overlevering(annen, id_, mid(scene.kirurg))
    ny_sak = scene.send()
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        deling.tilby_overlevering(scene.vaktleder, ny_sak, mid(scene.kirurg))
    # The vaktleder hands over for one who cannot, and a colleague for one who is gone.
    deling.tilby_overlevering(scene.vaktleder, id_, mid(scene.kirurg))
    deling.trekk_invitasjon(scene.vaktleder, spurt(id_))
    slutt(scene.spesialist)
    deling.tilby_overlevering(scene.spesialist2, id_, mid(scene.kirurg))
    deling.trekk_invitasjon(scene.spesialist2, spurt(id_))
    with uten_spor(opptak), pytest.raises(UgyldigData):
        deling.tilby_overlevering(scene.spesialist2, id_, mid(scene.spesialist2))


AVLYSER: dict[str, tuple[Status, Callable[[Scene, UUID], object], set[str]]] = {
    "gi_tilbake": (
        Status.AKSEPTERT,
        lambda s, i: flyt.gi_tilbake(s.spesialist, i, "Går av vakt."),
        {"overlevering"},
    ),
    "videresend, samme sykehus": (
        Status.AKSEPTERT,
        lambda s, i: flyt.videresend(s.spesialist, i, s.hf.id, "geriatri", "Mest geriatri."),
        {"overlevering"},
    ),
    "videresend, annet sykehus": (
        Status.AKSEPTERT,
        lambda s, i: flyt.videresend(s.spesialist, i, s.annet_hf.id, "indremedisin", "Deres."),
        {"overlevering", "kollega"},
    ),
    "tiden_er_ute": (
        Status.AKSEPTERT,
        lambda s, i: flyt.tiden_er_ute(s.lege, i),
        {"overlevering", "kollega", "kommunens"},
    ),
    "trekk": (Status.AKSEPTERT, lambda s, i: flyt.trekk(s.lege, i), {"overlevering", "kollega", "kommunens"}),
    "lukk": (
        Status.BESVART,
        lambda s, i: flyt.lukk(s.lege, i, "annet"),
        {"overlevering", "kollega", "kommunens"},
    ),
    "be_om_mer": (Status.BESVART, lambda s, i: flyt.be_om_mer(s.lege, i, "Mer."), set()),
    "besvar": (Status.AKSEPTERT, lambda s, i: flyt.besvar(s.spesialist, i, "oehd_plass", "Slik."), set()),
}


@pytest.mark.parametrize("navn", AVLYSER)
def test_en_flytting_avlyser_det_som_ikke_kan_godtas(navn: str, scene: Scene, opptak: Opptak) -> None:
    """What lapses cannot be accepted, and gives no sight of the case; what does not lapse can."""
    status, flytt, avlyst = AVLYSER[navn]
    overtar = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("psykiatri",))
    id_ = scene.sak(status)
    deling.tilby_overlevering(scene.spesialist, id_, mid(overtar))
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    deling.inviter(scene.lege, id_, mid(scene.annen_lege))
    spurte = {"overlevering": overtar, "kollega": scene.kirurg, "kommunens": scene.annen_lege}
    ider = {i.til_medlemskap_id: i.id for i in invitasjoner(id_)}
    opptak.hendelser.clear()
    flytt(scene, id_)
    assert ("henvendelse.tilgang_endret" in opptak.navn()) == bool(avlyst) or "videresend" in navn
    assert len(revisjon("henvendelse.invitasjon_avlyst", objekt=id_)) == len(avlyst)
    for hva, aktor in spurte.items():
        invitasjon = ider[mid(aktor)]
        assert ser(aktor, id_) == (hva not in avlyst), hva
        if hva in avlyst:
            with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
                deling.svar_invitasjon(aktor, invitasjon, ja=True)
            assert info.value.kode == "invitasjon_borte"
        else:
            deling.svar_invitasjon(aktor, invitasjon, ja=True)
            assert mid(aktor) in deltar(id_)
    sak = scene.les(id_)
    if "overlevering" not in avlyst:
        assert sak.ansvarlig_medlemskap_id == mid(overtar)


def test_rollen_tok_slutt_foer_svaret(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.kirurg))
    invitasjon = spurt(id_)
    _uten_fag(scene.kirurg)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
        deling.svar_invitasjon(replace(scene.kirurg, fagomraader=frozenset()), invitasjon, ja=True)
    assert info.value.kode == "kan_ikke_overta"
    slutt(scene.kirurg)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        deling.svar_invitasjon(scene.kirurg, invitasjon, ja=True)
    assert scene.les(id_).ansvarlig_medlemskap_id == mid(scene.spesialist)
    # The offer that nobody can take is taken back, and another is asked.
    deling.trekk_invitasjon(scene.spesialist, invitasjon)
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.spesialist2))


@transactional
def _uten_fag(aktor: Aktor) -> None:
    db.session.get_one(Medlemskap, aktor.medlemskap_id).fag = []


@pytest.mark.parametrize("mot", ["godta", "avslaa", "trekk", "gi_tilbake", "tiden_er_ute", "tilby"])
def test_kapploep_om_en_overlevering(mot: str, scene: Scene, app: Flask) -> None:
    """Accepted at the same moment as something else is done: one order or the other, and never a mixture."""
    id_ = scene.sak(Status.AKSEPTERT)
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.kirurg))
    invitasjon = spurt(id_)
    gjoer: dict[str, Callable[[], Any]] = {
        "godta": lambda: deling.svar_invitasjon(scene.kirurg, invitasjon, ja=True),
        "avslaa": lambda: deling.svar_invitasjon(scene.kirurg, invitasjon, ja=False),
        "trekk": lambda: deling.trekk_invitasjon(scene.spesialist, invitasjon),
        "gi_tilbake": lambda: flyt.gi_tilbake(scene.spesialist, id_, "Går av vakt."),
        "tiden_er_ute": lambda: flyt.tiden_er_ute(scene.lege, id_),
        "tilby": lambda: deling.tilby_overlevering(scene.spesialist, id_, mid(scene.spesialist2)),
    }
    db.session.rollback()
    sammen = Barrier(2)

    def kjoer(hva: str) -> PortalError | None:
        with app.app_context():
            sammen.wait()
            try:
                gjoer[hva]()
            except PortalError as feil:
                return feil
            return None

    with ThreadPoolExecutor(2) as traader:
        godtatt, annet = [traader.submit(kjoer, h) for h in ("godta", mot)]
        feil = [godtatt.result(), annet.result()]
    assert all(f is None or f.status in (403, 404, 409) for f in feil), feil
    sak = scene.les(id_)
    rader = [h.type for h in logg_over(id_)]
    assert rader.count("overlevert") <= 1
    (inv, *flere) = invitasjoner(id_)
    if mot == "godta":
        assert feil == [None, None]
    if feil[0] is None and mot != "tiden_er_ute" and not (mot == "gi_tilbake" and feil[1] is None):
        assert (sak.ansvarlig_medlemskap_id, inv.tilstand) == (mid(scene.kirurg), "godtatt")
    if feil[0] is not None:
        assert inv.tilstand in ("avslaatt", "trukket") and "overlevert" not in rader
        assert sak.ansvarlig_medlemskap_id in (mid(scene.spesialist), None)
    assert not [i for i in flere if i.tilstand == "venter" and i.slag != "overlevering"]
    assert [h.sekvens for h in logg_over(id_)] == list(range(1, len(rader) + 1))


# --- leaving ---------------------------------------------------------------------------------------------


def test_en_deltaker_forlater_saken(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    deling.svar_invitasjon(scene.kirurg, spurt(id_), ja=True)
    for fast in (scene.lege, scene.spesialist):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
            deling.forlat(fast, id_)
        assert info.value.kode == "kan_ikke_forlate"
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        deling.forlat(scene.kollega, id_)  # sees it as one of the unit, and takes no part
    opptak.hendelser.clear()
    deling.forlat(scene.kirurg, id_)
    assert ("henvendelse.tilgang_endret", {"henvendelse_id": id_}) in opptak.hendelser
    assert not ser(scene.kirurg, id_) and mid(scene.kirurg) not in deltar(id_)
    assert logg_over(id_)[-1].data == {"hva": "forlot"}
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        deling.forlat(scene.kirurg, id_)
    # Who still sees it, and leaves twice, has left.
    meldinger.send_melding(scene.spesialist2, id_, uuid4(), "Hei.")
    deling.forlat(scene.spesialist2, id_)
    with uten_spor(opptak):
        deling.forlat(scene.spesialist2, id_)
    # Who has left may come back.
    meldinger.send_melding(scene.spesialist2, id_, uuid4(), "Igjen.")
    assert mid(scene.spesialist2) in deltar(id_)


# --- identity outside ------------------------------------------------------------------------------------


def test_identiteten_noteres_uten_innhold(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.noter_identitet(scene.spesialist, id_)
    rad = logg_over(id_)[-1]
    assert (rad.type, rad.tekst, rad.data) == ("identitet", "", {})
    with uten_spor(opptak):
        deling.noter_identitet(scene.spesialist, id_)
    deling.noter_identitet(scene.lege, id_)  # the other side's own note
    with om(seconds=61):
        deling.noter_identitet(scene.spesialist, id_)
    assert [h.type for h in logg_over(id_)].count("identitet") == 3
    lukket = scene.sak(Status.LUKKET)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        deling.noter_identitet(scene.lege, lukket)


# --- a use case that fails leaves nothing ----------------------------------------------------------------

FEILER: dict[str, Callable[[Scene, UUID, UUID], object]] = {
    "inviter": lambda s, i, _inv: deling.inviter(s.lege, i, mid(s.annen_lege)),
    "svar_invitasjon": lambda s, _i, inv: deling.svar_invitasjon(s.kirurg, inv, ja=True),
    "avslaa": lambda s, _i, inv: deling.svar_invitasjon(s.kirurg, inv, ja=False),
    "trekk_invitasjon": lambda s, _i, inv: deling.trekk_invitasjon(s.spesialist, inv),
    "tilby_overlevering": lambda s, i, _inv: deling.tilby_overlevering(s.spesialist, i, mid(s.kirurg)),
    "noter_identitet": lambda s, i, _inv: deling.noter_identitet(s.spesialist, i),
    "gi_tilbake": lambda s, i, _inv: flyt.gi_tilbake(s.spesialist, i, "Går av vakt."),
}


@pytest.mark.parametrize("navn", FEILER)
def test_det_som_feiler_etterlater_ingenting(
    navn: str, scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    invitasjon = spurt(id_)

    def brist(*_: Any) -> None:
        raise RuntimeError("full disk")

    with monkeypatch.context() as m, uten_spor(opptak):
        m.setattr(db.session, "commit", brist)
        with pytest.raises(RuntimeError, match="full disk"):
            FEILER[navn](scene, id_, invitasjon)
    opptak.hendelser.clear()
    FEILER[navn](scene, id_, invitasjon)
    assert opptak.hendelser
