"""The change of shift: what is handed over, to whom, and that nothing changes hands before it is read back."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang
from portal.henvendelser.eskalering import vaktskifte
from portal.henvendelser.eskalering.models import Vaktskifte, Vaktskiftesak
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import deling, flyt
from portal.identitet.models import MedlemskapFagomraade
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.varsler.models import Utsending, Varsel
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, logg_over, om, revisjon, uten_spor
from tests.henvendelser.delingshjelp import deltar, mid
from tests.vakthjelp import lag_vakt, lag_vaktplan

Som = Callable[[Aktor], FlaskClient]
LEST = "Lungebetennelse, skal ha ny CRP i kveld."


class Skifte:
    """A roster in which the shift has just passed from `foer` to `etter`, and a case of the former's."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.foer, self.etter = scene, scene.spesialist, scene.spesialist2
        self.plan = lag_vaktplan(scene.hf.id)
        self.kl = now()
        self.vakt(self.foer, -12, 1)
        self.vakt(self.etter, 1, 13)
        self.sak = scene.sak(Status.AKSEPTERT)

    def vakt(self, aktor: Aktor, fra: float, til: float, nivaa: Nivaa = Nivaa.VAKTHAVENDE) -> Vakt:
        """A shift, in hours from the beginning."""
        return lag_vakt(
            self.plan, aktor, nivaa, self.kl + timedelta(hours=fra), self.kl + timedelta(hours=til)
        )


@pytest.fixture
def skifte(scene: Scene) -> Skifte:
    return Skifte(scene)


def rader() -> dict[UUID, tuple[str, UUID, UUID]]:
    """{case: (state, from, to)} of the newest change it has stood in."""
    db.session.rollback()
    return {
        r[0]: (r[1], r[2], r[3])
        for r in db.session.execute(
            sa.select(
                Vaktskiftesak.henvendelse_id,
                Vaktskiftesak.tilstand,
                Vaktskifte.fra_medlemskap_id,
                Vaktskifte.til_medlemskap_id,
            )
            .join(Vaktskifte, Vaktskifte.id == Vaktskiftesak.vaktskifte_id)
            .order_by(Vaktskifte.tidspunkt)
        )
    }


def skifte_id(sak: UUID) -> UUID:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Vaktskiftesak.vaktskifte_id).where(
            Vaktskiftesak.henvendelse_id == sak, Vaktskiftesak.tilstand == "venter"
        )
    ).one()


def varsler(aktor: Aktor) -> list[Varsel]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel).where(Varsel.person_id == aktor.person_id, Varsel.kode == "vaktskifte.venter")
        )
    )


# --- what is handed over ---------------------------------------------------------------------------------


def test_de_aapne_sakene_venter_paa_den_neste(skifte: Skifte, opptak: Opptak) -> None:
    s = skifte.scene
    besvart = s.sak(Status.BESVART)
    lukket, ny = s.sak(Status.LUKKET), s.send()
    annens = s.send()
    flyt.aksepter(skifte.etter, annens)
    assert vaktskifte.lag_skifter() == 0
    with om(hours=1, minutes=1):
        assert vaktskifte.lag_skifter() == 1
        venter = ("venter", mid(skifte.foer), mid(skifte.etter))
        assert rader() == {skifte.sak: venter, besvart: venter}
        # Nothing has changed hands, and nothing stands in the case's log.
        assert s.les(skifte.sak).ansvarlig_medlemskap_id == mid(skifte.foer)
        assert [h.type for h in logg_over(skifte.sak)][-1] != "overlevert"
        (til,), (fra,) = varsler(skifte.etter), varsler(skifte.foer)
        assert til.tittel == "Vaktskifte: 2 åpne saker venter på at du leser dem tilbake"
        assert til.hastegrad == "haster" and til.lenke == "/henvendelser/vaktskifte"
        assert skifte.etter.navn in fra.tittel
        # Whoever has gone home is not woken.
        sendt = set(db.session.scalars(sa.select(Utsending.varsel_id)))
        assert til.id in sendt and fra.id not in sendt
        assert len(revisjon("henvendelse.vaktskifte", objekt=skifte.sak)) == 1
        # Again, and later: once.
        assert vaktskifte.lag_skifter() == 0
    with om(hours=2):
        flyt.aksepter(skifte.foer, ny)
        assert vaktskifte.lag_skifter() == 0
    assert lukket not in rader() and ny not in rader() and annens not in rader()


def test_to_arbeidere_lager_ett_skifte(skifte: Skifte, app: Flask) -> None:
    start = Barrier(2)

    def kjoer() -> None:
        with app.app_context():
            start.wait(20)
            vaktskifte.lag_skifter()

    with om(hours=1, minutes=1):
        traader = [Thread(target=copy_context().run, args=(kjoer,)) for _ in range(2)]
        for t in traader:
            t.start()
        for t in traader:
            t.join(60)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vaktskifte)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vaktskiftesak)) == 1
    assert len(varsler(skifte.etter)) == 1


def test_arbeideren_har_staatt_et_doegn(skifte: Skifte) -> None:
    """Nothing is lost: neither the case of whoever went off a day ago, nor of one whose whole shift went by."""
    tredje = lag_aktor(Rolle.SPESIALIST, skifte.scene.hf)
    skifte.vakt(tredje, 13, 37)
    mellom = skifte.scene.send()
    with om(hours=2):
        flyt.aksepter(skifte.etter, mellom)
    with om(hours=30):
        assert vaktskifte.lag_skifter() == 0, "the change is past what is looked for all the time"
        assert vaktskifte.ta_igjen() == 1
        assert rader() == {
            skifte.sak: ("venter", mid(skifte.foer), mid(tredje)),
            mellom: ("venter", mid(skifte.etter), mid(tredje)),
        }
        assert vaktskifte.ta_igjen() == 0 == vaktskifte.lag_skifter()
        assert {v.tittel for v in varsler(tredje)} == {
            "Vaktskifte: én åpen sak venter på at du leser den tilbake"
        }


def test_det_som_alt_er_gitt_videre_graves_ikke_opp(skifte: Skifte) -> None:
    """A change that was made is where the search ends: whoever took a case after it, keeps it."""
    tredje = lag_aktor(Rolle.SPESIALIST, skifte.scene.hf)
    skifte.vakt(tredje, 13, 37)
    with om(hours=1, minutes=1):
        assert vaktskifte.lag_skifter() == 1
    ny = skifte.scene.send()
    flyt.aksepter(skifte.foer, ny)
    with om(hours=30):
        assert vaktskifte.ta_igjen() == 1
        assert rader() == {skifte.sak: ("venter", mid(skifte.foer), mid(tredje))}


@pytest.mark.parametrize("hvorfor", ["samme person", "borte", "over til bakvakt", "for gammelt", "vaktleder"])
def test_intet_aa_gi_videre(scene: Scene, hvorfor: str) -> None:
    s = Skifte.__new__(Skifte)
    s.scene, s.foer, s.etter = scene, scene.spesialist, scene.spesialist2
    s.plan, s.kl = lag_vaktplan(scene.hf.id), now()
    nivaa = Nivaa.VAKTLEDER if hvorfor == "vaktleder" else Nivaa.VAKTHAVENDE
    s.vakt(s.foer, -12, 1, nivaa)
    s.vakt(s.foer if hvorfor == "samme person" else s.etter, 1, 20, nivaa)
    if hvorfor == "over til bakvakt":
        s.vakt(s.foer, 1, 20, Nivaa.BAKVAKT)
    if hvorfor == "borte":
        _borte(s.etter)
    s.sak = scene.sak(Status.AKSEPTERT)
    with om(hours=14 if hvorfor == "for gammelt" else 1, minutes=1):
        vaktskifte.lag_skifter()
        assert rader() == {}


@transactional
def _borte(aktor: Aktor) -> None:
    assert aktor.person_id and aktor.organisasjon_id
    db.session.add(
        Fravaer(
            id=uuid4(),
            organisasjon_id=aktor.organisasjon_id,
            person_id=aktor.person_id,
            fra=now() - timedelta(days=1),
            til=now() + timedelta(days=1),
            opprettet=now(),
            opprettet_av_id=aktor.person_id,
        )
    )


def test_den_som_er_spurt_ved_navn_er_ikke_i_skiftet(skifte: Skifte) -> None:
    deling.tilby_overlevering(skifte.foer, skifte.sak, mid(skifte.scene.kirurg))
    with om(hours=1, minutes=1):
        assert vaktskifte.lag_skifter() == 1
        assert rader() == {}


def test_det_ingen_leste_venter_paa_den_neste_igjen(skifte: Skifte) -> None:
    """The shift passes on once more: the case is still the first one's, and waits for the third."""
    tredje = lag_aktor(Rolle.SPESIALIST, skifte.scene.hf, navn="Tuva Tredje")
    skifte.vakt(tredje, 13, 20)
    with om(hours=1, minutes=1):
        vaktskifte.lag_skifter()
    with om(hours=13, minutes=1):
        assert vaktskifte.lag_skifter() == 1
        assert rader()[skifte.sak] == ("venter", mid(skifte.foer), mid(tredje))
        assert [v.stoppet is None for v in varsler(skifte.etter)] == [False]
        assert [v.stoppet is None for v in varsler(tredje)] == [True]
        vaktskifte.godta(tredje, skifte_id(skifte.sak), skifte.sak, LEST)
        assert skifte.scene.les(skifte.sak).ansvarlig_medlemskap_id == mid(tredje)


# --- reading back ----------------------------------------------------------------------------------------


@pytest.fixture
def venter(skifte: Skifte) -> Skifte:
    """The change is made. The shift of the second began a minute ago."""
    _flytt_tiden(skifte.plan, timedelta(hours=1, minutes=1))
    assert vaktskifte.lag_skifter() == 1
    return skifte


@transactional
def _flytt_tiden(plan: Vaktplan, hvor_mye: timedelta) -> None:
    for vakt in db.session.scalars(sa.select(Vakt).where(Vakt.vaktplan_id == plan.id).order_by(Vakt.fra)):
        vakt.fra, vakt.til = vakt.fra - hvor_mye, vakt.til - hvor_mye
        db.session.flush()


def test_tilbakelest_er_tatt_over(venter: Skifte, opptak: Opptak) -> None:
    foer = venter.scene.les(venter.sak)
    frist = foer.frist
    vaktskifte.godta(venter.etter, skifte_id(venter.sak), venter.sak, LEST)
    sak = venter.scene.les(venter.sak)
    assert sak.ansvarlig_medlemskap_id == mid(venter.etter) and sak.ansvarlig_id == venter.etter.person_id
    assert sak.frist == frist and {mid(venter.foer), mid(venter.etter)} <= deltar(venter.sak)
    siste = logg_over(venter.sak)[-1]
    assert (siste.type, siste.tekst, siste.data["fra"]) == ("overlevert", LEST, "Siri Spesialist")
    assert rader()[venter.sak][0] == "godtatt"
    assert all(v.stoppet for v in [*varsler(venter.etter), *varsler(venter.foer)])
    assert "henvendelse.koe_endret" in opptak.navn()
    # The words are the patient's: they stand in the case alone.
    assert LEST not in str([r.detaljer for r in revisjon()])
    # Again: nothing.
    with uten_spor(opptak):
        vaktskifte.godta(venter.etter, _noen_id(), venter.sak, "Noe annet.")


def _noen_id() -> UUID:
    return db.session.scalars(sa.select(Vaktskifte.id)).one()


@pytest.mark.parametrize(
    ("hvem", "feil"),
    [
        ("spesialist", IkkeTilgang),
        ("vaktleder", IkkeTilgang),
        ("lege", IkkeTilgang),
        ("kirurg", IkkeFunnet),
        ("fremmed_spesialist", IkkeFunnet),
        ("koordinator", IkkeFunnet),
    ],
)
def test_bare_den_neste_kan_ta_over(venter: Skifte, opptak: Opptak, hvem: str, feil: type[Exception]) -> None:
    skifte = skifte_id(venter.sak)
    with uten_spor(opptak, avslag=1), pytest.raises(feil):
        vaktskifte.godta(getattr(venter.scene, hvem), skifte, venter.sak, LEST)
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
        vaktskifte.godta(venter.etter, uuid4(), venter.sak, LEST)


def test_foedselsnummer_stoppes(venter: Skifte, opptak: Opptak) -> None:
    skifte = skifte_id(venter.sak)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        vaktskifte.godta(venter.etter, skifte, venter.sak, f"Gjelder {PERSONNUMMER}.")
    assert "tekst" in feil.value.detaljer["felter"]
    vaktskifte.godta(venter.etter, skifte, venter.sak, f"Gjelder {PERSONNUMMER}.", ikke_fnr=True)
    assert len(revisjon("henvendelse.ikke_personnummer", objekt=venter.sak)) == 1


def _lukk(s: Skifte) -> None:
    flyt.besvar(s.foer, s.sak, "behandles_i_kommunen", "Øk dosen.")
    flyt.lukk(s.scene.lege, s.sak, "behandles_i_kommunen")


def _send_videre(s: Skifte) -> None:
    flyt.videresend(s.foer, s.sak, s.scene.hf.id, "kirurgi", "Kirurgisk.")


def _gi_tilbake(s: Skifte) -> None:
    flyt.gi_tilbake(s.foer, s.sak, "Rekker ikke.")


def _overlever(s: Skifte) -> None:
    deling.tilby_overlevering(s.foer, s.sak, mid(s.scene.kirurg))
    (invitasjon,) = deling.invitasjoner_til(s.scene.kirurg)
    deling.svar_invitasjon(s.scene.kirurg, invitasjon.id, ja=True)


@pytest.mark.parametrize("slutt", [_lukk, _send_videre, _gi_tilbake, _overlever])
def test_bortfaller_naar_saken_er_en_annens(venter: Skifte, slutt: Callable[[Skifte], None]) -> None:
    skifte = skifte_id(venter.sak)
    slutt(venter)
    # At once for whoever looks or presses, and in the table when the worker has been by.
    assert vaktskifte.hent_mine_skifter(venter.etter) == vaktskifte.Skifter()
    with pytest.raises((UgyldigOvergang, IkkeFunnet)):
        vaktskifte.godta(venter.etter, skifte, venter.sak, LEST)
    assert rader()[venter.sak][0] == "venter"
    assert vaktskifte.lag_skifter() == 0
    assert rader()[venter.sak][0] == "bortfalt"
    assert all(v.stoppet for v in varsler(venter.etter))
    assert len(revisjon("henvendelse.vaktskifte_bortfalt", objekt=venter.sak)) == 1


def test_mistet_fagomraadet(venter: Skifte) -> None:
    """The next person answers for the fagområde no more: the case is not theirs to see, nor to take."""
    skifte = skifte_id(venter.sak)
    _mist_fag(venter.etter)
    with pytest.raises(IkkeFunnet):
        vaktskifte.godta(venter.etter, skifte, venter.sak, LEST)
    assert vaktskifte.hent_mine_skifter(venter.etter).til_meg == []
    assert len(vaktskifte.hent_mine_skifter(venter.scene.vaktleder).andres) == 1


@transactional
def _mist_fag(aktor: Aktor) -> None:
    db.session.execute(
        sa.delete(MedlemskapFagomraade).where(
            MedlemskapFagomraade.medlemskap_id == aktor.medlemskap_id,
            MedlemskapFagomraade.fagomraade == "indremedisin",
        )
    )


def test_et_tilbud_ved_navn_faller_naar_den_neste_tar_over(venter: Skifte) -> None:
    deling.tilby_overlevering(venter.foer, venter.sak, mid(venter.scene.kirurg))
    vaktskifte.godta(venter.etter, skifte_id(venter.sak), venter.sak, LEST)
    assert deling.invitasjoner_til(venter.scene.kirurg) == []
    assert venter.scene.les(venter.sak).ansvarlig_medlemskap_id == mid(venter.etter)


# --- the pages -------------------------------------------------------------------------------------------

SIDEN = "/henvendelser/vaktskifte"


def test_siden_viser_hver_sitt(venter: Skifte, som: Som) -> None:
    nummer = venter.scene.les(venter.sak).saksnummer
    neste, forrige, leder = (
        som(a).get(SIDEN).text for a in (venter.etter, venter.foer, venter.scene.vaktleder)
    )
    assert nummer in neste and "Venter på deg" in neste and "Les tilbake og ta over" in neste
    assert "Siri Spesialist hadde vakten før deg." in neste
    assert nummer in forrige and f"Ikke lest tilbake ennå av {venter.etter.navn}." in forrige
    assert "Les tilbake og ta over" not in forrige
    assert nummer in leder and "Saken er hos Siri Spesialist." in leder
    for navn in ("kirurg", "lege", "fremmed_vaktleder"):
        side = som(getattr(venter.scene, navn)).get(SIDEN).text
        assert nummer not in side and "Ingen saker venter på vaktskifte" in side, navn
    for navn in ("koordinator", "administrator", "systemadministrator", "innsyn"):
        assert som(getattr(venter.scene, navn)).get(SIDEN).status_code == 403, navn
    # What the case is about stands in the case alone.
    assert "Tungpust" not in neste


def test_mens_skiftet_gjoeres_klart_sier_siden_det(skifte: Skifte, som: Som) -> None:
    """No moment in which both are told that nothing waits, while the list is being made."""
    tomt, ord_ = "Ingen saker venter på vaktskifte", "1 åpen sak er på vei hit"
    s = skifte.scene
    assert tomt in som(skifte.etter).get(SIDEN).text
    _flytt_tiden(skifte.plan, timedelta(hours=1, minutes=1))
    for a in (skifte.foer, skifte.etter, s.vaktleder):
        side = som(a).get(SIDEN).text
        assert ord_ in side and "Siri Spesialist ga fra seg vakten til" in side and tomt not in side
        assert "data-snart" in side and s.les(skifte.sak).saksnummer not in side
    for a in (s.kirurg, s.fremmed_vaktleder, s.lege):
        side = som(a).get(SIDEN).text
        assert tomt in side and "på vei hit" not in side
    assert vaktskifte.lag_skifter() == 1
    for a in (skifte.foer, skifte.etter):
        side = som(a).get(SIDEN).text
        assert "på vei hit" not in side and s.les(skifte.sak).saksnummer in side


def test_er_det_ingenting_aa_gi_videre_er_ingenting_paa_vei(skifte: Skifte, som: Som) -> None:
    flyt.gi_tilbake(skifte.foer, skifte.sak, "Rekker ikke.")
    _flytt_tiden(skifte.plan, timedelta(hours=1, minutes=1))
    assert "Ingen saker venter på vaktskifte" in som(skifte.etter).get(SIDEN).text


def test_den_som_gaar_over_til_bakvakt_beholder_sakene_og_det_sies(skifte: Skifte, som: Som) -> None:
    s = skifte.scene
    nummer = s.les(skifte.sak).saksnummer
    bakvakt = skifte.vakt(skifte.foer, -12, 20, Nivaa.BAKVAKT)
    _flytt_tiden(skifte.plan, timedelta(hours=1, minutes=1))
    # Neither before the change is made, nor after it, does the page promise them.
    assert "på vei hit" not in som(skifte.etter).get(SIDEN).text
    assert vaktskifte.lag_skifter() == 1
    assert rader() == {}
    hos_ham, hos_henne, leder = (som(a).get(SIDEN).text for a in (skifte.foer, skifte.etter, s.vaktleder))
    assert "Du har fortsatt vakt som bakvakt, og beholder derfor sakene du har" in hos_ham
    assert skifte.etter.navn + " har vakten nå" in hos_ham
    for side in (hos_henne, leder):
        assert "Siri Spesialist hadde vakten før, har fortsatt vakt som bakvakt" in side
    for side in (hos_ham, hos_henne, leder):
        assert nummer in side and "Ingen saker venter på vaktskifte" not in side
        assert "Tungpust" not in side
    for a in (s.kirurg, s.fremmed_vaktleder, s.lege):
        assert nummer not in som(a).get(SIDEN).text
    # That shift over too, they go on like any other.
    _avslutt(bakvakt.id)
    side = som(skifte.etter).get(SIDEN).text
    assert "har fortsatt vakt som" not in side


@transactional
def _avslutt(vakt_id: UUID) -> None:
    db.session.get_one(Vakt, vakt_id).til = now() - timedelta(minutes=1)


def test_fra_koen_til_tatt_over(venter: Skifte, som: Som) -> None:
    klient = som(venter.etter)
    assert "1 sak fra forrige vakt venter på deg." in klient.get("/koe").text
    assert "fra forrige vakt" not in som(venter.foer).get("/koe").text
    adresse = f"/henvendelser/{venter.sak}/vaktskifte/{skifte_id(venter.sak)}"
    svar = klient.post(adresse, data={"tekst": " ", "fra": "liste"})
    assert svar.status_code == 422 and "Skriv noe her." in svar.text and "Venter på deg" in svar.text
    svar = klient.post(adresse, data={"tekst": f"Hun {PERSONNUMMER}", "fra": "liste"})
    assert svar.status_code == 422 and f"<mark>{PERSONNUMMER}</mark>" in svar.text
    assert f"Hun {PERSONNUMMER}" in svar.text
    svar = klient.post(adresse, data={"tekst": LEST, "fra": "liste"})
    assert svar.status_code == 303 and svar.location == SIDEN
    side = klient.get(SIDEN).text
    assert "Du har tatt over saken." in side and "Ingen saker venter" in side
    # Twice: it is done, and nothing is said to be wrong.
    assert klient.post(adresse, data={"tekst": LEST, "fra": "liste"}).status_code == 303
    logg = som(venter.scene.lege).get(f"/henvendelser/{venter.sak}").text
    assert f"{venter.etter.navn}, Sykehuset Testfjord overtok ansvaret etter Siri Spesialist" in logg
    assert LEST in logg


def test_fra_saken_selv(venter: Skifte, som: Som) -> None:
    klient = som(venter.etter)
    adresse = f"/henvendelser/{venter.sak}"
    side = klient.get(adresse).text
    assert "Siri Spesialist hadde vakten før deg." in side and "Slik har jeg forstått saken" in side
    assert "Ikke lest tilbake ennå av" in som(venter.foer).get(adresse).text
    assert "lest tilbake" not in som(venter.scene.lege).get(adresse).text
    sti = f"{adresse}/vaktskifte/{skifte_id(venter.sak)}"
    svar = klient.post(sti, data={"tekst": ""})
    assert svar.status_code == 422 and "Skriv noe her." in svar.text
    assert klient.post(sti, data={"tekst": LEST}).status_code == 303
    assert "hadde vakten før deg" not in klient.get(adresse).text
    # Somebody else's press, and one that came too late.
    assert som(venter.foer).post(sti, data={"tekst": LEST}).status_code == 403
    assert som(venter.scene.kirurg).post(sti, data={"tekst": LEST}).status_code == 404


def test_for_sent_mister_ikke_teksten(venter: Skifte, som: Som) -> None:
    sti = f"/henvendelser/{venter.sak}/vaktskifte/{skifte_id(venter.sak)}"
    _gi_tilbake(venter)
    svar = som(venter.etter).post(sti, data={"tekst": LEST})
    assert svar.status_code == 409 and LEST in svar.text and "venter ikke på deg lenger" in svar.text


def test_ved_klokka_aatte_lages_noen_om_gangen(skifte: Skifte, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timers share the lane: a look makes a few changes, and the next look the rest. One that fails takes no
    other's place."""
    monkeypatch.setattr(vaktskifte, "OM_GANGEN", 2)
    for n, fag in enumerate(("geriatri", "kirurgi", "ortopedi")):
        plan = lag_vaktplan(skifte.scene.hf.id, fag)
        foer, etter = (lag_aktor(Rolle.SPESIALIST, skifte.scene.hf, fag=(fag,)) for _ in range(2))
        byttes = skifte.kl + timedelta(minutes=60 + n)
        lag_vakt(plan, foer, fra=skifte.kl - timedelta(hours=12), til=byttes)
        lag_vakt(plan, etter, fra=byttes, til=skifte.kl + timedelta(hours=13))
    ekte, daarlig = vaktskifte._lag_skifte, db.session.scalar(sa.select(Vakt.id).where(Vakt.fra > skifte.kl))
    db.session.rollback()

    def en_feiler(vakt_id: UUID) -> int:
        if vakt_id == daarlig:
            raise RuntimeError("nei")
        return ekte(vakt_id)

    monkeypatch.setattr(vaktskifte, "_lag_skifte", en_feiler)
    with om(hours=2):
        assert [vaktskifte.lag_skifter() for _ in range(3)] == [2, 1, 0]
        monkeypatch.setattr(vaktskifte, "_lag_skifte", ekte)
        assert [vaktskifte.lag_skifter() for _ in range(2)] == [1, 0]
