"""A notice, or a link in an e-mail, that one's other role opens: the person is helped there, and nobody else is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import kanari, vaktskifte
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import deling, flyt
from portal.identitet.models import Medlemskap, Person
from portal.identitet.service import personer
from portal.varsler.models import Varsel
from tests.bygg import Scene, lag_medlemskap, om, revisjon, som_aktor
from tests.rutene import invitasjon_i
from tests.skjemaer import Skjemaer
from tests.vakthjelp import lag_vakt, lag_vaktplan
from tests.varsler.varselhjelp import fortell, les_varsel

Som = Callable[[Aktor], FlaskClient]
TILBUD = "og åpne"


@pytest.fixture
def ogsaa_lege(scene: Scene) -> Aktor:
    """The hospital's specialist is a physician of a kommune too, and works as that now."""
    person = db.session.get_one(Person, scene.spesialist.person_id)
    m = lag_medlemskap(person, Rolle.LEGE_KOMMUNE, scene.annen_kommune)
    return som_aktor(person, m, scene.annen_kommune)


def knapper(html: str) -> list[str]:
    return re.findall(rf"<span>([^<]*{TILBUD})</span>", html)


# --- help ------------------------------------------------------------------------------------------------


def test_varselet_aapnes_i_rollen_det_gjelder(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    sak = scene.send()
    varsel = fortell(ogsaa_lege, lenke=f"/henvendelser/{sak}")
    klient = som(ogsaa_lege)
    svar = klient.post(f"/varsler/{varsel}/aapne", follow_redirects=True)
    # Who meets «finnes ikke» has read nothing: it goes on to wake, and the requester is told nothing.
    assert svar.status_code == 404
    assert (les_varsel(varsel).lest, les_varsel(varsel).kvittert) == (None, None)
    assert knapper(svar.text) == ["Bytt til spesialist hos Sykehuset Testfjord og åpne"]
    assert "Kom du hit fra et varsel" not in svar.text
    # The form as a browser sends it: the role, and back to the case.
    skjema = Skjemaer(svar.text).skjemaer["/medlemskap"]
    assert skjema["neste"] == f"/henvendelser/{sak}"
    data = {"neste": skjema["neste"], "medlemskap_id": str(scene.spesialist.medlemskap_id)}
    svar = klient.post("/medlemskap", data=data, follow_redirects=True)
    assert svar.status_code == 200 and "Du er nå Spesialist" in svar.text and "Tungpust" in svar.text
    assert revisjon("innlogging.byttet_rolle")[-1].objekt_id == str(scene.spesialist.medlemskap_id)
    assert les_varsel(varsel).lest is not None


def test_lenka_i_en_epost_og_sidene_under_saken(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    sak = scene.send()
    klient = som(ogsaa_lege)
    for sti in (f"/henvendelser/{sak}", f"/henvendelser/{sak}/journal", f"/henvendelser/{sak}?fra=x"):
        svar = klient.get(sti)
        assert svar.status_code == 404 and len(knapper(svar.text)) == 1
        assert f'name="neste" value="{sti}"' in svar.text
    # A program's answer, and an act, are as they were.
    assert TILBUD not in klient.get(f"/henvendelser/{sak}", headers={"Accept": "application/json"}).text
    assert TILBUD not in klient.post(f"/henvendelser/{sak}/aksepter").text


def test_vaktplanen_og_koeen(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    """What notices lead to beside cases: a roster, a shift, its coverage, the queue."""
    plan = lag_vaktplan(scene.hf.id)
    vakt = lag_vakt(plan, scene.spesialist)
    klient = som(ogsaa_lege)
    for sti in (f"/vakt/planer/{plan.id}", f"/vakt/vakter/{vakt.id}", f"/vakt/dekning/{plan.id}"):
        svar = klient.get(sti)
        assert svar.status_code == 404 and len(knapper(svar.text)) == 1, sti
    svar = klient.get("/koe")
    assert svar.status_code == 403 and len(knapper(svar.text)) == 1
    # A page that all of one's roles open is not one to switch for.
    assert klient.get("/vakt").status_code == 200
    observatoer = lag_medlemskap(
        db.session.get_one(Person, scene.spesialist.person_id), Rolle.INNSYN, scene.rhf
    )
    person = db.session.get_one(Person, scene.spesialist.person_id)
    som_innsyn = som(som_aktor(person, observatoer, scene.rhf))
    svar = som_innsyn.get("/vakt")
    assert svar.status_code == 403 and len(knapper(svar.text)) == 2


def test_proevene_og_driftsstatus(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    """Where a canary is set up, and the status page that everybody sees: the role that keeps them is offered."""
    lag_vaktplan(scene.hf.id)
    m = lag_medlemskap(db.session.get_one(Person, scene.spesialist.person_id), Rolle.VAKTLEDER, scene.hf)
    proeve = kanari.sett(scene.vaktleder, "indremedisin", 60, aktiv=True)
    klient = som(ogsaa_lege)
    tilbud = ["Bytt til vaktleder hos Sykehuset Testfjord og åpne"]
    for sti in ("/vakt/kanari", f"/vakt/kanari/{proeve}"):
        svar = klient.get(sti)
        assert svar.status_code == 403 and knapper(svar.text) == tilbud, sti
        assert Skjemaer(svar.text).skjemaer["/medlemskap"]["neste"] == sti
    # Of a canary of another hospital, and of none: word for word as before.
    assert not knapper(klient.get(f"/vakt/kanari/{uuid4()}").text)
    svar = klient.get("/status")
    assert svar.status_code == 200 and knapper(svar.text) == tilbud
    data = {"neste": Skjemaer(svar.text).skjemaer["/medlemskap"]["neste"], "medlemskap_id": str(m.id)}
    svar = klient.post("/medlemskap", data=data, follow_redirects=True)
    assert svar.status_code == 200 and "Prøver av varslingen" in svar.text
    # Who keeps them already, and who never does, is offered nothing.
    assert 'id="sett-kanarier"' in klient.get("/status").text
    assert not knapper(klient.get("/status").text) and not knapper(som(scene.lege).get("/status").text)


def test_alle_rollene_som_kan_tilbys(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    person = db.session.get_one(Person, scene.spesialist.person_id)
    lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf)
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf)
    lag_medlemskap(person, Rolle.LEGE_KOMMUNE, scene.kommune, scene.enhet)
    svar = som(ogsaa_lege).get(f"/henvendelser/{scene.send()}")
    assert sorted(knapper(svar.text)) == [
        "Bytt til lege i kommunen hos Legevakta og åpne",
        "Bytt til spesialist hos Sykehuset Testfjord og åpne",
        "Bytt til vaktleder hos Sykehuset Testfjord og åpne",
    ]


def test_rollen_som_ble_varslet_er_foerst(scene: Scene, som: Som) -> None:
    """The side that the last notice was for, and on it whoever can act: the only primary button."""
    person = db.session.get_one(Person, scene.spesialist.person_id)
    lag_medlemskap(person, Rolle.LEGE_KOMMUNE, scene.kommune, scene.enhet, fra=now() - timedelta(days=900))
    lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf, fra=now() - timedelta(days=800))
    annet = lag_medlemskap(person, Rolle.LEGE_KOMMUNE, scene.annen_kommune)
    naa = som_aktor(person, annet, scene.annen_kommune)
    sak = scene.send()
    klient = som(naa)

    def rekkefoelge() -> list[str]:
        svar = klient.get(f"/henvendelser/{sak}")
        primaere = re.findall(r'<button class="ds-button" type="submit" name="medlemskap_id"', svar.text)
        assert svar.status_code == 404 and len(primaere) == 1
        return [k.split()[2] for k in knapper(svar.text)]

    # Nobody is on call, so that the vaktleder has been told.
    assert rekkefoelge() == ["vaktleder", "spesialist", "lege"]
    for kode, rett in (
        ("henvendelse.ny", ["spesialist", "vaktleder", "lege"]),
        ("henvendelse.ikke_tatt", ["vaktleder", "spesialist", "lege"]),
        ("henvendelse.besvart", ["lege"]),
    ):
        _sett_kode(fortell(naa, gjelder=f"henvendelse:{sak}"), kode)
        assert rekkefoelge()[: len(rett)] == rett, kode


@transactional
def _sett_kode(varsel_id: UUID, kode: str) -> None:
    db.session.get_one(Varsel, varsel_id).kode = kode


def test_vaktskiftet_i_en_annen_rolle(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    """What waits to be read back in another role is told of, and its notice is unread until that role opens it."""
    plan = lag_vaktplan(scene.hf.id)
    start = now()
    lag_vakt(plan, scene.spesialist2, fra=start - timedelta(hours=9), til=start)
    lag_vakt(plan, scene.spesialist, fra=start)
    with om(hours=-1):
        flyt.aksepter(scene.spesialist2, scene.send())
    klient = som(ogsaa_lege)
    svar = klient.get("/henvendelser/vaktskifte")
    assert svar.status_code == 200 and not knapper(svar.text) and "Ingen saker venter" in svar.text
    vaktskifte.lag_skifter()
    varsel = db.session.scalars(
        sa.select(Varsel).where(
            Varsel.person_id == ogsaa_lege.person_id, Varsel.lenke == "/henvendelser/vaktskifte"
        )
    ).one()
    svar = klient.post(f"/varsler/{varsel.id}/aapne", follow_redirects=True)
    assert svar.status_code == 200 and "Ingen saker venter" not in svar.text
    assert "i en annen av rollene dine" in svar.text and len(knapper(svar.text)) == 1
    assert les_varsel(varsel.id).lest is None
    data = {"neste": "/henvendelser/vaktskifte", "medlemskap_id": str(scene.spesialist.medlemskap_id)}
    svar = klient.post("/medlemskap", data=data, follow_redirects=True)
    assert "Venter på deg" in svar.text and not knapper(svar.text)
    assert les_varsel(varsel.id).lest is not None


def test_forsiden_sier_at_en_har_vakt_i_en_annen_rolle(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    klient = som(ogsaa_lege)
    assert "Du har vakt ved" not in klient.get("/henvendelser/").text
    lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist)
    side = klient.get("/henvendelser/").text
    assert "Du har vakt ved Sykehuset Testfjord nå." in side
    assert "<span>Bytt til spesialist hos Sykehuset Testfjord</span>" in side
    assert Skjemaer(side).skjemaer["/medlemskap"]["neste"] == "/"
    # Not where one works in that role already.
    assert "Du har vakt ved" not in som(scene.spesialist).get("/koe").text
    assert "Du har vakt ved" not in som(scene.lege).get("/henvendelser/").text


# --- and nothing more ------------------------------------------------------------------------------------


def test_en_fremmed_sak_ser_ut_som_ingen_sak(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    """Word for word, but for the address: also for who has several roles, of which none opens it."""
    fremmed = scene.send(mottaker_id=scene.annet_hf.id)
    klient = som(ogsaa_lege)

    def side(id_: UUID) -> str:
        svar = klient.get(f"/henvendelser/{id_}")
        assert svar.status_code == 404 and not knapper(svar.text)
        innhold = re.search(r"<main.*</main>", svar.text, re.DOTALL)
        assert innhold
        return innhold[0].replace(str(id_), "ID")

    assert side(fremmed) == side(uuid4())
    # Another's role is nobody's help.
    assert not knapper(som(scene.kirurg).get(f"/henvendelser/{fremmed}").text)


def test_den_som_ikke_lenger_har_saken_faar_det_sagt_fra_varselet(scene: Scene, som: Som) -> None:
    """Given to another, or the role ended: «finnes ikke, eller ikke lenger tilgang», and the way back."""
    sak = scene.sak(Status.AKSEPTERT)
    assert scene.kirurg.medlemskap_id is not None
    deling.inviter(scene.spesialist, sak, scene.kirurg.medlemskap_id)
    varsel = fortell(scene.kirurg, lenke=f"/henvendelser/{sak}")
    klient = som(scene.kirurg)
    assert klient.post(f"/varsler/{varsel}/aapne", follow_redirects=True).status_code == 200
    deling.trekk_invitasjon(scene.spesialist, invitasjon_i(sak))
    svar = klient.post(f"/varsler/{varsel}/aapne", follow_redirects=True)
    assert svar.status_code == 404 and not knapper(svar.text)
    assert "eller du har ikke lenger tilgang til det" in svar.text
    assert '<a class="ds-link" href="/varsler">Tilbake til varslene</a>' in svar.text
    # A path that is none, and who is nobody, are told nothing of notices.
    assert "Kom du hit fra et varsel" not in klient.get("/finnes-ikke").text


def test_en_rolle_som_er_over_eller_ikke_begynt_tilbys_ikke(
    scene: Scene, som: Som, ogsaa_lege: Aktor
) -> None:
    sak = scene.send()
    klient = som(ogsaa_lege)
    m = scene.spesialist.medlemskap_id
    assert m is not None
    endre(m, gyldig_fra=now() + timedelta(days=1))
    assert not knapper(klient.get(f"/henvendelser/{sak}").text)
    endre(m, gyldig_fra=now() - timedelta(days=2))
    assert knapper(klient.get(f"/henvendelser/{sak}").text)
    personer.avslutt_medlemskap(Aktor.system("test"), m)
    assert not knapper(klient.get(f"/henvendelser/{sak}").text)
    # The button of a page that stood open: refused, and the role is what it was.
    data = {"medlemskap_id": str(m), "neste": f"/henvendelser/{sak}"}
    assert klient.post("/medlemskap", data=data).status_code == 404


@pytest.mark.parametrize(
    "neste", ["//ond.example/x", "https://ond.example", "/\\ond.example", "javascript:alert(1)", "\x00/", ""]
)
def test_byttet_leder_aldri_ut_av_portalen(scene: Scene, som: Som, ogsaa_lege: Aktor, neste: str) -> None:
    svar = som(ogsaa_lege).post(
        "/medlemskap", data={"medlemskap_id": str(scene.spesialist.medlemskap_id), "neste": neste}
    )
    assert svar.status_code == 303 and svar.location == "/"


def test_en_laast_skjerm_tilbyr_ingenting(scene: Scene, som: Som, ogsaa_lege: Aktor) -> None:
    klient = som(ogsaa_lege)
    assert klient.post("/laas/skjermen").status_code == 303
    svar = klient.get(f"/henvendelser/{scene.send()}")
    assert svar.status_code == 302 and TILBUD not in svar.text


@transactional
def endre(medlemskap_id: UUID, **felt: object) -> None:
    m = db.session.get_one(Medlemskap, medlemskap_id)
    for navn, verdi in felt.items():
        setattr(m, navn, verdi)
