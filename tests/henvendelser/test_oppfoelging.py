"""What became of the patient: planned, asked by the worker, answered by either side, and counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigOvergang
from portal.henvendelser.forloep import Status, Utfall
from portal.henvendelser.models import Oppfoelging, OppfoelgingSvar
from portal.henvendelser.service import deling, flyt, lesing, oppfoelging
from portal.henvendelser.service.oppfoelging import samlet_svar
from portal.identitet.models import Medlemskap, Person
from portal.varsler.models import Utsending
from tests.bygg import Opptak, Scene, lag_aktor, logg_over, om, revisjon, uten_spor
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]
TRE, TRETTI = 3, 30


def til(sak: UUID, hva: str = "") -> str:
    return f"/henvendelser/{sak}" + (f"/{hva}" if hva else "")


def planlagt(sak: UUID) -> dict[int, tuple[datetime, bool]]:
    """The questions of a case: {day: (due, asked)}."""
    db.session.rollback()
    db.session.expire_all()
    rader = db.session.scalars(sa.select(Oppfoelging).where(Oppfoelging.henvendelse_id == sak))
    return {r.dag: (r.forfaller, r.spurt is not None) for r in rader}


def brev() -> list[Utsending]:
    """The letters of their own, apart from those of notices."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Utsending).where(Utsending.varsel_id.is_(None))))


def svar_av(sak: UUID) -> dict[tuple[int, str], str]:
    db.session.rollback()
    rader = db.session.execute(
        sa.select(Oppfoelging.dag, OppfoelgingSvar.side, OppfoelgingSvar.svar)
        .join(OppfoelgingSvar, OppfoelgingSvar.oppfoelging_id == Oppfoelging.id)
        .where(Oppfoelging.henvendelse_id == sak)
    )
    return {(dag, side): svar for dag, side, svar in rader}


def spurte(sak: UUID) -> list[int]:
    return [h.data["dag"] for h in logg_over(sak) if h.type == "spurt"]


@transactional
def slutt(aktor: Aktor) -> None:
    medlemskap = db.session.get_one(Medlemskap, aktor.medlemskap_id)
    medlemskap.gyldig_til = max(now() - timedelta(seconds=1), medlemskap.gyldig_fra + timedelta(seconds=1))


# --- the rule --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("svar", "ventet"),
    [
        ([], None),
        ([(3, "bekreftet")], "bekreftet"),
        ([(3, "ukjent")], "ukjent"),
        ([(3, "bekreftet"), (3, "bekreftet")], "bekreftet"),
        ([(3, "bekreftet"), (3, "innlagt")], "uenighet"),
        ([(3, "doed"), (3, "innlagt")], "uenighet"),
        ([(3, "ukjent"), (3, "innlagt")], "innlagt"),
        ([(3, "bekreftet"), (30, "innlagt")], "innlagt"),
        ([(30, "bekreftet"), (3, "innlagt"), (3, "bekreftet")], "bekreftet"),
        ([(3, "bekreftet"), (30, "ukjent")], "bekreftet"),
        ([(3, "bekreftet"), (30, "bekreftet"), (30, "doed")], "uenighet"),
        ([(3, "ukjent"), (30, "ukjent")], "ukjent"),
    ],
)
def test_hva_svarene_sier_samlet(svar: list[tuple[int, str]], ventet: str | None) -> None:
    assert samlet_svar(svar) == samlet_svar(reversed(svar)) == ventet


# --- planned ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("utfall", [u for u in Utfall if u not in ("utskrevet", "ble_paa_sykehuset")])
def test_lukking_planlegger_sporsmaalet(utfall: Utfall, scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET, utfall=utfall)
    lukket = scene.les(id_).lukket_tid
    assert lukket is not None
    ventet = {} if utfall == Utfall.DOED else {TRE: (lukket + timedelta(hours=72), False)}
    assert planlagt(id_) == ventet


def test_ogsaa_etter_tretti_dager_naar_det_er_valgt(scene: Scene) -> None:
    id_ = scene.sak(Status.BESVART)
    flyt.lukk(scene.lege, id_, "oehd_plass", spoer_igjen=True)
    lukket = scene.les(id_).lukket_tid
    assert lukket is not None
    assert planlagt(id_) == {
        TRE: (lukket + timedelta(days=3), False),
        TRETTI: (lukket + timedelta(days=30), False),
    }
    doed = scene.sak(Status.BESVART)
    flyt.lukk(scene.lege, doed, "doed", spoer_igjen=True)
    assert planlagt(doed) == {}


def test_ingen_spoerres_om_en_som_er_doed(scene: Scene) -> None:
    """Told at three days that the patient died: nothing comes at thirty, whenever that was chosen."""
    id_ = scene.sak(Status.BESVART)
    flyt.lukk(scene.lege, id_, "oehd_plass", spoer_igjen=True)
    valgt_naa = scene.sak(Status.LUKKET)
    den_andre_siden = scene.sak(Status.BESVART)
    flyt.lukk(scene.lege, den_andre_siden, "oehd_plass", spoer_igjen=True)
    with om(hours=73):
        assert oppfoelging.spoer_forfalte() == 3
        for sak in (id_, valgt_naa):
            oppfoelging.svar(scene.lege, sak, TRE, "doed", spoer_igjen=True)
        oppfoelging.svar(scene.lege, den_andre_siden, TRE, "bekreftet")
        oppfoelging.svar(scene.spesialist, den_andre_siden, TRE, "doed")
    assert set(planlagt(valgt_naa)) == {TRE}
    with om(days=30, seconds=1):
        # What the other side says does not silence the requester.
        assert oppfoelging.spoer_forfalte() == 1
        assert [p.henvendelse_id for p in oppfoelging.venter_paa(scene.lege)] == [den_andre_siden]
        assert oppfoelging.spoer_forfalte() == 0
    assert set(planlagt(id_)) == {TRE} and scene.les(id_).oppfoelging == "doed"
    assert [h.data["dag"] for h in logg_over(id_) if h.type == "spurt"] == [TRE]


def test_den_som_ikke_kunne_vente_spoerres_og(scene: Scene) -> None:
    id_ = scene.send()
    flyt.tiden_er_ute(scene.lege, id_)
    assert list(planlagt(id_)) == [TRE]
    for status in (Status.NY, Status.AKSEPTERT, Status.BESVART, Status.TRUKKET):
        assert planlagt(scene.sak(status)) == {}


def test_gjenaapning_avlyser(scene: Scene) -> None:
    """The questions go, and what was answered counts no more; it stands in the log alone."""
    id_ = scene.sak(Status.BESVART)
    flyt.lukk(scene.lege, id_, "oehd_plass", spoer_igjen=True)
    oppfoelging.svar(scene.lege, id_, TRE, "bekreftet")
    assert scene.les(id_).unngaatt == "bekreftet"
    with om(hours=1):
        flyt.gjenaapne(scene.lege, id_)
    sak = scene.les(id_)
    assert (planlagt(id_), svar_av(id_), sak.oppfoelging) == ({}, {}, None)
    assert "oppfoelging" in [h.type for h in logg_over(id_)]
    with om(hours=75):
        assert oppfoelging.spoer_forfalte() == 0
    with om(hours=2):
        flyt.besvar(scene.spesialist, id_, "oehd_plass", "Igjen.")
        flyt.lukk(scene.lege, id_, "oehd_plass")
        lukket = now()
    assert planlagt(id_) == {TRE: (lukket + timedelta(days=3), False)}
    assert scene.les(id_).unngaatt == "forventet"


# --- asked -----------------------------------------------------------------------------------------------


def test_etter_72_timer_spoerres_innmelderen(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.LUKKET)
    with om(hours=71, minutes=59):
        with uten_spor(opptak):
            assert oppfoelging.spoer_forfalte() == 0
        assert oppfoelging.venter_paa(scene.lege) == []
    with om(hours=72, seconds=1):
        opptak.hendelser.clear()
        assert oppfoelging.spoer_forfalte() == 1
        assert {"henvendelse.hendelse", "henvendelse.sak_endret"} <= set(opptak.navn())
        rad = logg_over(id_)[-1]
        assert (rad.type, rad.side, rad.avsender_id, rad.data) == ("spurt", "system", None, {"dag": 3})
        assert rad.avsender_navn == "Samhandlingsportalen"
        (innslag,) = revisjon("henvendelse.spurt", objekt=id_)
        assert (innslag.person_navn, innslag.rolle, innslag.kjede) == ("arbeider", "system", f"sak:{id_}")
        (b,) = brev()
        person = db.session.get_one(Person, scene.lege.person_id)
        assert b.til == person.epost and scene.les(id_).saksnummer in b.emne
        assert f"/henvendelser/{id_}\n" in b.tekst
        assert "Tungpust" not in b.tekst and "ndremedisin" not in b.tekst
        # The worker comes again, and again.
        with uten_spor(opptak):
            assert oppfoelging.spoer_forfalte() == 0
        assert [p.henvendelse_id for p in oppfoelging.venter_paa(scene.lege)] == [id_]
        # The requester is asked; the colleague may answer in the case, and is not reminded of it.
        for annen in (scene.kollega, scene.spesialist, scene.fremmed_lege):
            assert oppfoelging.venter_paa(annen) == []
    with om(days=64):
        assert oppfoelging.venter_paa(scene.lege) == []  # no question follows one for ever


def test_den_som_har_svart_spoerres_ikke(scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET)
    oppfoelging.svar(scene.kollega, id_, TRE, "bekreftet")
    annen = scene.sak(Status.LUKKET)
    oppfoelging.svar(
        scene.spesialist, annen, TRE, "bekreftet"
    )  # the other side's answer is not the requester's
    with om(hours=73):
        assert oppfoelging.spoer_forfalte() == 1
        assert (spurte(id_), spurte(annen), len(brev())) == ([], [TRE], 1)
        assert [p.henvendelse_id for p in oppfoelging.venter_paa(scene.lege)] == [annen]


def test_innmelderen_har_sluttet(scene: Scene) -> None:
    """No letter to somebody who is gone: the unit has the question in its list."""
    id_ = scene.sak(Status.LUKKET)
    slutt(scene.lege)
    with om(hours=73):
        assert oppfoelging.spoer_forfalte() == 1
        assert brev() == []
        assert [p.henvendelse_id for p in oppfoelging.venter_paa(scene.kollega)] == [id_]
        assert oppfoelging.venter_paa(scene.annen_lege) == []
        oppfoelging.svar(scene.kollega, id_, TRE, "innlagt")
        assert oppfoelging.venter_paa(scene.kollega) == []


def test_arbeideren_har_staatt_lenge(scene: Scene) -> None:
    """Both questions are due at once: one is asked, the later, which holds the earlier."""
    id_ = scene.sak(Status.BESVART)
    flyt.lukk(scene.lege, id_, "oehd_plass", spoer_igjen=True)
    with om(days=31):
        assert oppfoelging.spoer_forfalte() == 1
        assert (spurte(id_), len(brev())) == ([TRETTI], 1)
        assert [p.dag for p in oppfoelging.venter_paa(scene.lege)] == [TRETTI]
        assert all(gjort for _, gjort in planlagt(id_).values())


def test_en_sak_som_feiler_holder_ikke_de_andre(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, opptak: Opptak
) -> None:
    saker = [scene.sak(Status.LUKKET) for _ in range(3)]
    ekte = oppfoelging._send_paaminnelse

    def brist(sak: Any, p: Any) -> None:
        if sak.id == saker[0]:
            raise RuntimeError("full disk")
        ekte(sak, p)

    with om(hours=73):
        monkeypatch.setattr(oppfoelging, "_send_paaminnelse", brist)
        assert oppfoelging.spoer_forfalte() == 2
        assert [spurte(s) for s in saker] == [[], [TRE], [TRE]]
        assert planlagt(saker[0])[TRE][1] is False
        with uten_spor(opptak):
            assert oppfoelging.spoer_forfalte() == 0
        monkeypatch.setattr(oppfoelging, "_send_paaminnelse", ekte)
        assert oppfoelging.spoer_forfalte() == 1
        assert spurte(saker[0]) == [TRE] and len(brev()) == 3


@pytest.mark.parametrize("mot", ["arbeider", "svar"])
def test_to_arbeidere_og_et_svar_samtidig(mot: str, scene: Scene, app: Flask) -> None:
    id_ = scene.sak(Status.LUKKET)
    db.session.rollback()
    sammen = Barrier(3)

    def kjoer(hva: str) -> int:
        with app.app_context(), om(hours=73):
            sammen.wait()
            if hva == "svar":
                oppfoelging.svar(scene.lege, id_, TRE, "bekreftet")
                return 0
            return oppfoelging.spoer_forfalte()

    with ThreadPoolExecutor(3) as traader:
        spurt = sum(f.result() for f in [traader.submit(kjoer, h) for h in ("arbeider", "arbeider", mot)])
    assert len(spurte(id_)) == spurt == len(brev()) <= 1
    if mot == "arbeider":
        with om(hours=73):
            # Whoever found the case locked leaves it to the one who has it.
            assert spurt + oppfoelging.spoer_forfalte() == 1
    else:
        assert scene.les(id_).oppfoelging == "bekreftet"
    assert [h.sekvens for h in logg_over(id_)] == list(range(1, len(logg_over(id_)) + 1))


def test_arbeideren_har_jobben(app: Flask) -> None:
    from portal.cli import arbeider

    jobber = {j.navn: j for j in arbeider(app)._jobber}
    assert jobber["oppfoelging.spoer_forfalte"].gjoer is oppfoelging.spoer_forfalte
    assert jobber["oppfoelging.spoer_forfalte"].hver == 60


# --- answered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("svar", "unngaatt"),
    [("bekreftet", "bekreftet"), ("innlagt", "avkreftet"), ("doed", "utelatt"), ("ukjent", "ukjent")],
)
def test_et_svar_endrer_det_utregnede_utfallet(svar: str, unngaatt: str, scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET)
    assert scene.les(id_).unngaatt == "forventet"
    with om(hours=73):
        oppfoelging.spoer_forfalte()
        oppfoelging.svar(scene.lege, id_, TRE, svar)
        sak = scene.les(id_)
        assert (sak.oppfoelging, sak.unngaatt) == (svar, unngaatt)
        rad = logg_over(id_)[-1]
        assert (rad.type, rad.data) == ("oppfoelging", {"dag": 3, "svar": svar})
        assert oppfoelging.venter_paa(scene.lege) == []
    assert lesing.hent_tall(scene.koordinator)["unngaatt"][unngaatt] == 1


def test_sidene_overskriver_aldri_hverandre(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.LUKKET)
    oppfoelging.svar(scene.lege, id_, TRE, "bekreftet")
    oppfoelging.svar(scene.spesialist, id_, TRE, "innlagt")
    assert svar_av(id_) == {(3, "innmelder"): "bekreftet", (3, "mottaker"): "innlagt"}
    assert (scene.les(id_).oppfoelging, scene.les(id_).unngaatt) == ("uenighet", "uenighet")
    # The same again by a colleague: nothing new.
    with uten_spor(opptak):
        oppfoelging.svar(scene.kollega, id_, TRE, "bekreftet")
    # A side mends its own; the log keeps both.
    oppfoelging.svar(scene.kollega, id_, TRE, "innlagt")
    assert logg_over(id_)[-1].data == {"dag": 3, "svar": "innlagt", "hva": "rettet"}
    assert svar_av(id_) == {(3, "innmelder"): "innlagt", (3, "mottaker"): "innlagt"}
    assert scene.les(id_).unngaatt == "avkreftet"
    oppfoelging.svar(scene.spesialist2, id_, TRE, "ukjent")
    assert scene.les(id_).unngaatt == "avkreftet"
    assert [h.type for h in logg_over(id_)].count("oppfoelging") == 4


def test_tretti_dager_kan_velges_naar_det_svares(scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET)
    oppfoelging.svar(scene.lege, id_, TRE, "bekreftet", spoer_igjen=True)
    assert set(planlagt(id_)) == {TRE, TRETTI}
    oppfoelging.svar(scene.lege, id_, TRE, "bekreftet", spoer_igjen=True)
    with om(days=30, seconds=1):
        assert oppfoelging.spoer_forfalte() == 1
        assert spurte(id_) == [TRETTI]
        assert [p.dag for p in oppfoelging.venter_paa(scene.lege)] == [TRETTI]
        oppfoelging.svar(scene.lege, id_, TRETTI, "innlagt")
        assert scene.les(id_).unngaatt == "avkreftet"


def test_hvem_som_svarer_og_naar(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.LUKKET)
    for fremmed in (scene.fremmed_lege, scene.kirurg, scene.koordinator, scene.administrator):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            oppfoelging.svar(fremmed, id_, TRE, "bekreftet")
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
        oppfoelging.svar(scene.lege, id_, TRETTI, "bekreftet")
    assert info.value.kode == "foelges_ikke_opp"
    doed = scene.sak(Status.LUKKET, utfall=Utfall.DOED)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        oppfoelging.svar(scene.lege, doed, TRE, "bekreftet")
    for status in (Status.NY, Status.BESVART, Status.TRUKKET):
        aapen = scene.sak(status)
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            oppfoelging.svar(scene.lege, aapen, TRE, "bekreftet")
    with om(hours=73):
        # Whoever only was on call has no need to know any more.
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            oppfoelging.svar(scene.spesialist2, id_, TRE, "bekreftet")
        oppfoelging.svar(scene.vaktleder, id_, TRE, "bekreftet")
        assert svar_av(id_) == {(3, "mottaker"): "bekreftet"}


def test_den_som_ser_med_en_grunn_svarer_ikke(scene: Scene, opptak: Opptak) -> None:
    from portal.henvendelser.service import innsyn

    id_ = scene.sak(Status.LUKKET)
    annen = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("psykiatri",))
    innsyn.aapne_med_grunn(annen, scene.les(id_).saksnummer, "kvalitet", "Gjennomgang av avvik i avdelingen.")
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        oppfoelging.svar(annen, id_, TRE, "bekreftet")


def test_svaret_som_feiler_etterlater_ingenting(
    scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = scene.sak(Status.LUKKET)

    def brist(*_: Any) -> None:
        raise RuntimeError("full disk")

    with om(hours=73):
        with monkeypatch.context() as m, uten_spor(opptak):
            m.setattr(db.session, "commit", brist)
            with pytest.raises(RuntimeError, match="full disk"):
                oppfoelging.svar(scene.lege, id_, TRE, "bekreftet", spoer_igjen=True)
            assert oppfoelging.spoer_forfalte() == 0
        oppfoelging.svar(scene.lege, id_, TRE, "bekreftet")
    assert scene.les(id_).oppfoelging == "bekreftet"


# --- the pages -------------------------------------------------------------------------------------------


def _knapper(html: str, sak: UUID, dag: int = TRE) -> list[str]:
    """The answers that the page's forms about that day offer."""
    funnet = []
    for skjema in re.findall(rf'<form[^>]*action="/henvendelser/{sak}/oppfoelging".*?</form>', html, re.S):
        if f'name="dag" value="{dag}"' in skjema:
            funnet += re.findall(r'name="svar" value="(\w+)"', skjema)
    return funnet


FIRE = ["bekreftet", "innlagt", "doed", "ukjent"]


def test_ett_klikk_fra_lista_og_fra_saken(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = scene.sak(Status.LUKKET)
    with om(hours=73):
        oppfoelging.spoer_forfalte()
        lege, spesialist = som(scene.lege), som(scene.spesialist)
        liste = lege.get("/henvendelser/?filter=alle")
        assert _knapper(liste.text, id_) == FIRE and "Hva skjedde?" in liste.text
        # Looking changes nothing but that one has looked.
        side = lege.get(til(id_))
        assert _knapper(side.text, id_) == FIRE
        assert svar_av(id_) == {}
        assert "Innmelderen er spurt om hva som skjedde, 3 dager etter" in side.text
        data = Skjemaer(side.text).skjemaer[til(id_, "oppfoelging")]
        svar = lege.post(til(id_, "oppfoelging"), data={**data, "svar": "bekreftet"})
        assert (svar.status_code, svar.headers["Location"]) == (303, til(id_))
        side = lege.get(til(id_)).text
        assert "Innleggelse unngått: bekreftet</span>" in side and "Rett svaret" in side
        assert "Hva skjedde?" not in lege.get("/henvendelser/?filter=alle").text

        # The other side says otherwise: both stand, side by side.
        spesialist.post(til(id_, "oppfoelging"), data={"dag": "3", "svar": "innlagt"})
        for klient in (lege, spesialist):
            side = klient.get(til(id_)).text
            assert "Sidene sier ulike ting." in side
            assert "Innleggelse unngått: sidene er uenige</span>" in side
            svarene = re.findall(r"oppfoelging__side\"><dt>(.*?)</dt><dd><strong>(.*?)</strong>", side)
            assert svarene == [("Legevakta", "Ikke innlagt"), ("Sykehuset Testfjord", "Innlagt likevel")]
        for galt in ({}, {"dag": "3"}, {"dag": "4", "svar": "ukjent"}, {"dag": "3", "svar": "frisk"}):
            with uten_spor(opptak):
                assert lege.post(til(id_, "oppfoelging"), data=galt).status_code == 422, galt


@pytest.mark.parametrize(("fra", "tilbake"), [("liste", "/henvendelser/"), ("koe", "/koe")])
def test_svaret_fra_lista_leder_tilbake_til_den(
    fra: str, tilbake: str, scene: Scene, som: Som, opptak: Opptak
) -> None:
    id_ = scene.sak(Status.LUKKET)
    with om(hours=73):
        oppfoelging.spoer_forfalte()
        klient = som(scene.lege if fra == "liste" else scene.spesialist)
        data = {"dag": "3", "svar": "bekreftet", "fra": fra}
        if fra == "liste":
            assert Skjemaer(klient.get(tilbake).text).skjemaer[til(id_, "oppfoelging")]["fra"] == fra
        # A mistake shows the case: seen before, it leaves no trace of that.
        klient.get(til(id_))
        with uten_spor(opptak):
            assert klient.post(til(id_, "oppfoelging"), data={**data, "svar": "frisk"}).status_code == 422
            assert klient.post(til(id_, "oppfoelging"), data={**data, "fra": "//x.no"}).status_code == 422
        svar = klient.post(til(id_, "oppfoelging"), data=data)
        assert (svar.status_code, svar.headers["Location"]) == (303, tilbake)
        assert "Takk. Svaret er lagret." in klient.get(tilbake).text
        # A question that is not asked: back again, without thanks.
        svar = klient.post(til(id_, "oppfoelging"), data={**data, "dag": "30"})
        assert (svar.status_code, svar.headers["Location"]) == (303, tilbake)
        assert "Takk." not in klient.get(tilbake).text


def test_lista_viser_de_nyeste_og_hvor_mange_til(scene: Scene, som: Som) -> None:
    saker = []
    for time in range(7):
        with om(hours=time):
            saker.append(scene.sak(Status.LUKKET))
    for time in range(7):
        with om(hours=72 + time, minutes=1):
            assert oppfoelging.spoer_forfalte() == 1
    with om(hours=80):
        side = som(scene.lege).get("/henvendelser/").text
        vist = [s for s in saker if _knapper(side, s)]
        assert vist == saker[2:]
        assert "2 til venter." in side


def test_lukkeskjemaet_tar_valget(scene: Scene, som: Som) -> None:
    id_ = scene.sak(Status.BESVART)
    klient = som(scene.lege)
    assert "Spør igjen etter 30 dager" in klient.get(til(id_)).text
    klient.post(til(id_, "lukk"), data={"utfall": "oehd_plass", "spoer_igjen": "1"})
    assert set(planlagt(id_)) == {TRE, TRETTI}


def test_den_inviterte_blir_spurt_om_ingenting(scene: Scene, som: Som) -> None:
    """Who takes part sees what the sides say, and answers for the own side."""
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, scene.kirurg.medlemskap_id)  # type: ignore[arg-type]
    (i,) = deling.invitasjoner_til(scene.kirurg)
    deling.svar_invitasjon(scene.kirurg, i.id, ja=True)
    flyt.besvar(scene.spesialist, id_, "oehd_plass", "Slik.")
    flyt.lukk(scene.lege, id_, "oehd_plass")
    with om(hours=73):
        oppfoelging.spoer_forfalte()
        assert oppfoelging.venter_paa(scene.kirurg) == []
        side = som(scene.kirurg).get(til(id_)).text
        assert _knapper(side, id_) == FIRE
        oppfoelging.svar(scene.kirurg, id_, TRE, "ukjent")
        assert svar_av(id_) == {(3, "mottaker"): "ukjent"}
