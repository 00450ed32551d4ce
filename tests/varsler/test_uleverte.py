"""What could not be delivered: who sees it, what is shown of it, and sending it again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang, Konflikt
from portal.varsler import steps
from portal.varsler.models import Kanal, Utsending
from portal.varsler.service import kanaler, levering, uleverte
from tests.bygg import Opptak, Scene, lag_aktor, om, revisjon, uten_spor
from tests.varsler.varselhjelp import avblaas, fortell, gi_opp, les_utsending

Som = Callable[[Aktor], FlaskClient]
JSON = {"Accept": "application/json"}


@pytest.fixture
def ulevert(scene: Scene) -> UUID:
    """A message of the hospital's that was given up."""
    return gi_opp(fortell(scene.spesialist, "Ny akutt henvendelse", hastegrad="akutt", bare={Kanal.EPOST}))


def paa_siden(klient: FlaskClient) -> list[str]:
    svar = klient.get("/varsler/uleverte")
    assert svar.status_code == 200
    return re.findall(r'id="ulevert-([0-9a-f-]{36})"', svar.text)


# --- who sees --------------------------------------------------------------------------------------------


def test_administratoren_ser_sin_egen_organisasjons_og_systemadministratoren_alt(
    scene: Scene, som: Som, ulevert: UUID
) -> None:
    kommunens = gi_opp(fortell(scene.lege, bare={Kanal.EPOST}))
    kommuneadministrator = lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)
    assert paa_siden(som(scene.administrator)) == [str(ulevert)]
    assert paa_siden(som(kommuneadministrator)) == [str(kommunens)]
    assert set(paa_siden(som(scene.systemadministrator))) == {str(ulevert), str(kommunens)}


def test_siden_sier_hva_hvem_hvordan_og_hvorfor_men_ikke_adressen(
    scene: Scene, som: Som, ulevert: UUID
) -> None:
    html = som(scene.administrator).get("/varsler/uleverte").text
    rad = les_utsending(ulevert)
    for ord_ in (
        "Ny akutt henvendelse",
        "Siri Spesialist",
        "E-post",
        "550 no such user",
        ">7<",
        ">Akutt</span>",
    ):
        assert ord_ in html, ord_
    assert rad.til not in html and f"p•••@{rad.til.partition('@')[2]}" in html
    # What it said is not shown: it may hold a link that lets somebody in.
    assert rad.tekst and rad.tekst not in html and "/kvitter/" not in html


@pytest.mark.parametrize(
    "rolle", [r for r in Rolle if r not in (Rolle.ADMINISTRATOR, Rolle.SYSTEMADMINISTRATOR)]
)
def test_andre_har_ingen_slik_liste(
    scene: Scene, som: Som, opptak: Opptak, ulevert: UUID, rolle: Rolle
) -> None:
    huset = scene.hf if rolle in (Rolle.SPESIALIST, Rolle.VAKTLEDER) else scene.kommune
    klient = som(lag_aktor(rolle, huset))
    with uten_spor(opptak, avslag=1):
        assert klient.get("/varsler/uleverte").status_code == 403
    for sti in (f"/varsler/uleverte/{ulevert}/send", f"/varsler/uleverte/{ulevert}/forkast"):
        with uten_spor(opptak, avslag=1):
            assert klient.post(sti).status_code == 403
    for sti in ("/varsler/uleverte/send", "/varsler/uleverte/forkast"):
        with uten_spor(opptak, avslag=1):
            assert klient.post(sti, data={"ider": [str(ulevert)]}).status_code == 403
    assert "/varsler/uleverte" not in klient.get("/organisasjoner").text


def test_en_annen_organisasjons_finnes_ikke(scene: Scene, som: Som, opptak: Opptak, ulevert: UUID) -> None:
    klient = som(lag_aktor(Rolle.ADMINISTRATOR, scene.kommune))
    for hva in ("send", "forkast"):
        with uten_spor(opptak, avslag=1):
            assert klient.post(f"/varsler/uleverte/{ulevert}/{hva}").status_code == 404
        # One that is out of reach refuses all of the chosen.
        egen = gi_opp(fortell(scene.lege, bare={Kanal.EPOST}))
        with uten_spor(opptak, avslag=1):
            svar = klient.post(f"/varsler/uleverte/{hva}", data={"ider": [str(egen), str(ulevert)]})
            assert svar.status_code == 404
    with uten_spor(opptak):
        assert klient.post(f"/varsler/uleverte/{uuid4()}/send").status_code == 404


def test_et_program_har_ingen_liste(scene: Scene, opptak: Opptak) -> None:
    with pytest.raises(IkkeTilgang):
        uleverte.synlige_uleverte(Aktor.system("arbeider"))
    assert uleverte.antall_uleverte(Aktor.system("arbeider")) == 0


# --- the menu --------------------------------------------------------------------------------------------


def test_menyen_teller_dem_bare_naar_det_er_noen(scene: Scene, som: Som) -> None:
    klient = som(scene.administrator)
    assert "/varsler/uleverte" not in klient.get("/organisasjoner").text
    varsel = fortell(scene.spesialist, bare={Kanal.EPOST})
    gi_opp(varsel)
    html = klient.get("/organisasjoner").text
    assert re.search(r'href="/varsler/uleverte".*?hovedmeny__antall">1</span>', html, re.S)


# --- again -----------------------------------------------------------------------------------------------


def test_send_igjen_legger_den_i_utboksen_fra_nytt(scene: Scene, som: Som, ulevert: UUID) -> None:
    foer = les_utsending(ulevert)
    tekst, foerst = foer.tekst, foer.foerst
    with om(hours=3):
        svar = som(scene.administrator).post(f"/varsler/uleverte/{ulevert}/send")
        assert svar.headers["Location"] == "/varsler/uleverte"
        rad = les_utsending(ulevert)
        assert (rad.oppgitt, rad.forsoek, rad.feil, rad.tekst) == (None, 0, "", tekst)
        assert rad.neste <= now() and rad.foerst > foerst
        assert paa_siden(som(scene.administrator)) == []
        # It is taken by the worker like any other, with the same content.
        tatt = levering.ta_neste(Kanal.EPOST)
        assert tatt is not None and (tatt.brev.id, tatt.forsoek) == (ulevert, 1)
    (innslag,) = revisjon("varsler.sendt_igjen")
    assert (innslag.objekt_id, innslag.person_id) == (str(ulevert), scene.administrator.person_id)


def test_et_vekkende_varsel_faar_ny_tid_naar_det_sendes_igjen(scene: Scene) -> None:
    """Its time to be of use is counted from now, or the worker would give it up at once."""
    kanaler.legg_til(
        scene.spesialist, Kanal.PUSH, "https://push.eksempel.example/x", data={"p256dh": "", "auth": ""}
    )
    varsel = fortell(scene.spesialist, hastegrad="akutt", bare={Kanal.PUSH})
    id_ = gi_opp(varsel)
    with om(hours=5):
        uleverte.send_igjen(scene.administrator, id_)
        tatt = levering.ta_neste(Kanal.PUSH)
        assert tatt is not None and tatt.brev.id == id_


def test_det_som_er_loest_kan_ikke_sendes_igjen(scene: Scene, som: Som, opptak: Opptak) -> None:
    """Refused with the reason, shown beforehand too."""
    stoppet = gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}, gjelder="henvendelse:1"))
    avblaas("henvendelse:1")
    lest = fortell(scene.spesialist, bare={Kanal.EPOST})
    sett = gi_opp(lest)
    _sett(lest)
    kanal = kanaler.legg_til(scene.spesialist, Kanal.SMS, "+4790000000")
    borte = gi_opp(fortell(scene.spesialist, bare={Kanal.SMS}))
    kanaler.fjern(scene.spesialist, kanal)
    tom = gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}), tekst="")
    gammel = gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}))
    hindringer = {
        stoppet: uleverte.Hinder.IKKE_AKTUELT,
        sett: uleverte.Hinder.IKKE_AKTUELT,
        borte: uleverte.Hinder.FJERNET,
        tom: uleverte.Hinder.UTEN_TEKST,
        gammel: uleverte.Hinder.FOR_GAMMELT,
    }
    with om(days=8):
        klient = som(scene.administrator)
        html = klient.get("/varsler/uleverte").text
        for id_, hinder in hindringer.items():
            with uten_spor(opptak), pytest.raises(Konflikt) as feil:
                uleverte.send_igjen(scene.administrator, id_)
            assert feil.value.detaljer["hinder"] == hinder
            assert str(uleverte.HINDRINGER[hinder]) in html
            assert f"/varsler/uleverte/{id_}/send" not in html
        svar = klient.post(f"/varsler/uleverte/{stoppet}/send", follow_redirects=True)
        assert "ikke aktuelt lenger" in svar.text


@transactional
def _sett(varsel_id: UUID) -> None:
    steps.kvitter_varsel(varsel_id, "sms")


def test_flere_valgte_sendes_og_resten_forklares(scene: Scene, som: Som) -> None:
    gode = [gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST})) for _ in range(3)]
    tom = gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}), tekst="")
    klient = som(scene.administrator)
    svar = klient.post(
        "/varsler/uleverte/send", data={"ider": [str(i) for i in (*gode, tom)]}, follow_redirects=True
    )
    assert "3 varsler sendes på nytt." in svar.text and "1 ble ikke sendt. Innholdet er slettet." in svar.text
    assert paa_siden(klient) == [str(tom)]
    assert len(revisjon("varsler.sendt_igjen")) == 3


def test_de_valgte_som_er_borte_fra_lista_stopper_ikke_de_andre(
    scene: Scene, som: Som, ulevert: UUID
) -> None:
    """Two administrators with the same list open: what the one has sent is no error to the other."""
    annen, tredje = (gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST})) for _ in range(2))
    klient = som(scene.administrator)
    klient.post(f"/varsler/uleverte/{ulevert}/send")
    svar = klient.post("/varsler/uleverte/send", data={"ider": [str(ulevert), str(annen)]})
    assert svar.status_code == 303 and len(revisjon("varsler.sendt_igjen")) == 2
    assert les_utsending(annen).oppgitt is None
    svar = klient.post("/varsler/uleverte/forkast", data={"ider": [str(ulevert), str(tredje)]})
    assert svar.status_code == 303 and paa_siden(klient) == []
    assert les_utsending(ulevert).stoppet is None, "it is on its way"


@pytest.mark.parametrize("data", [{}, {"ider": ["x"]}, {"ider": [str(uuid4())] * 201}])
def test_ingen_valgte_er_en_paaminnelse(scene: Scene, som: Som, data: dict[str, list[str]]) -> None:
    for hva in ("send", "forkast"):
        svar = som(scene.administrator).post(f"/varsler/uleverte/{hva}", data=data, follow_redirects=True)
        assert "Velg minst ett varsel i lista." in svar.text


def test_forkastet_er_borte_for_godt(scene: Scene, som: Som, ulevert: UUID) -> None:
    annen = gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}))
    tredje = gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}))
    klient = som(scene.administrator)
    assert klient.post(f"/varsler/uleverte/{ulevert}/forkast").status_code == 303
    klient.post("/varsler/uleverte/forkast", data={"ider": [str(annen), str(tredje)]})
    assert paa_siden(klient) == []
    rad = les_utsending(ulevert)
    assert rad.stoppet is not None and rad.tekst == ""
    assert levering.ta_neste(Kanal.EPOST) is None
    assert klient.post(f"/varsler/uleverte/{ulevert}/send").status_code == 404
    assert {r.objekt_id for r in revisjon("varsler.forkastet")} == {str(i) for i in (ulevert, annen, tredje)}


def test_et_brev_uten_varsel_ser_bare_systemadministratoren(scene: Scene, som: Som) -> None:
    """An invitation: its text may let somebody in, and is gone when it is given up."""
    _legg_brev()
    gi_opp()
    assert paa_siden(som(scene.administrator)) == []
    html = som(scene.systemadministrator).get("/varsler/uleverte").text
    assert "Invitasjon til portalen" in html and "k•••@sykehuset.example" in html


@transactional
def _legg_brev() -> None:
    steps.send_epost("invitasjon:1", "kari@sykehuset.example", "Invitasjon til portalen", "…/lenke/hemmelig")


def test_lista_er_i_sider(scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uleverte, "PAA_SIDEN", 2)
    alle = {str(gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}))) for _ in range(3)}
    klient = som(scene.administrator)
    foerste = paa_siden(klient)
    andre = re.findall(r'id="ulevert-([0-9a-f-]{36})"', klient.get("/varsler/uleverte?side=2").text)
    assert (len(foerste), len(andre)) == (2, 1) and {*foerste, *andre} == alle
    assert klient.get("/varsler/uleverte?side=x").status_code == 422


def test_adresser_vises_saa_vidt_de_kjennes_igjen() -> None:
    assert kanaler.skjult(Kanal.SMS, "+4790000123") == "+47•••••123"
    assert kanaler.skjult(Kanal.EPOST, "kari.nordmann@sykehuset.example") == "k•••@sykehuset.example"
    assert kanaler.skjult(Kanal.PUSH, "https://push.example/hemmelig") == "push.example"


def test_siden_er_faa_sporringer(scene: Scene, som: Som) -> None:
    """Thirty lines cost no more statements than one."""
    klient = som(scene.administrator)
    antall: list[int] = []

    def tell(*_: object) -> None:
        antall[-1] += 1

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        for mer in (1, 29):
            for _ in range(mer):
                antall.append(0)
                gi_opp(fortell(scene.spesialist, bare={Kanal.EPOST}))
            antall.append(0)
            assert paa_siden(klient)
            antall[-2:] = [antall[-1]]
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert antall[0] == antall[-1]


def test_uten_organisasjon_ser_ingen_administrator_noe(scene: Scene, ulevert: UUID) -> None:
    uten = replace(scene.administrator, organisasjon_id=None)
    _uten_organisasjon(ulevert)
    assert uleverte.antall_uleverte(uten) == 0


@transactional
def _uten_organisasjon(id_: UUID) -> None:
    db.session.get_one(Utsending, id_).organisasjon_id = None
