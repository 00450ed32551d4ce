"""The demo's reallocations are of a piece: what runs was agreed on, what is offered fits, and nobody is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.avtaler import demo as avtaledemo
from portal.beredskap import demo as fasedemo
from portal.core import config
from portal.core.aktor import Aktor
from portal.core.clock import oslo
from portal.core.db import db
from portal.core.errors import IkkeTilgang
from portal.identitet import demo as folkdemo
from portal.identitet.demo import aktor
from portal.identitet.service import register
from portal.omdisponering import demo
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import delegering, oversikt, reserve, tilbud, vedtak
from portal.plasser import demo as plassdemo
from portal.varsler.models import Utsending, Varsel
from tests.bygg import toem


@pytest.fixture(scope="module", autouse=True)
def demohus(_app: Flask) -> Iterator[None]:
    foer = config.innstillinger()
    with _app.app_context():
        try:
            register.oppdater(Aktor.system("test"))
            with pytest.raises(IkkeTilgang):
                demo.saa_omdisponering()
            config.sett_innstillinger(replace(foer, modus="demo"))
            assert not demo.skal_saas(), "the people come first"
            folkdemo.saa_demo()
            avtaledemo.saa_avtaler()
            fasedemo.saa_faser()
            plassdemo.saa_plasser()
            assert demo.skal_saas()
            demo.saa_omdisponering()
            assert not demo.skal_saas()
            yield
        finally:
            config.sett_innstillinger(foer)
            db.session.rollback()
            db.session.remove()
            toem(db.engine)


@pytest.fixture(autouse=True)
def _i_appen(_app: Flask) -> Iterator[None]:
    with _app.app_context():
        yield
        db.session.rollback()


def test_en_er_i_gang_og_den_ble_til_paa_lovlig_vis() -> None:
    (omd,) = db.session.scalars(sa.select(Omdisponering))
    assert omd.status == Status.IVERKSATT and omd.godkjent_mottaker_hash == omd.innhold_hash
    assert omd.iverksatt is not None and omd.iverksatt >= omd.fra
    o = oversikt.hent(aktor("koordinator"))
    assert [r.omd.id for r in o.i_gang] == [omd.id]
    assert [(r.behov.status, r.dekket) for r in o.egne] == [("aapent", 0), ("dekket", 1)]


def test_behovene_har_kommunens_fase_og_tilbud_som_passer() -> None:
    hf = oversikt.hent(aktor("koordinator_hf"))
    assert [r.behov.fase for r in hf.andres] == [4, 3]
    for hvem, antall in (("koordinator", 2), ("koordinator_kautokeino", 1)):
        a = aktor(hvem)
        (rad,) = (r for r in oversikt.hent(a).egne if r.behov.status == "aapent")
        s = oversikt.hent_behov(a, rad.behov.id)
        assert len(s.tilbud) == antall and not any(r.navn for r in s.tilbud)
    assert any(r.tilbud.slag == "lokale" for r in tilbud.hent_liste(aktor("koordinator")).andres)


def test_reserven_delegeringen_og_vedtaket_har_noe_aa_vise() -> None:
    """Made by the use cases: one has said yes and can be used, one is asked; who is lent has a task till she goes."""
    hf, alta = aktor("koordinator_hf"), aktor("koordinator")
    rader = reserve.hent_liste(hf)
    assert [(r.person.samtykke, r.person.kan_brukes, r.lenken_gjelder) for r in rader] == [
        ("venter", False, True),
        ("gitt", True, True),
    ]
    (rad,) = delegering.hent_liste(alta).rader
    omd = rad.delegering.omdisponering
    assert omd is not None and omd.status == Status.IVERKSATT and not rad.slutt
    assert rad.delegering.til <= oslo(omd.til).date()
    (vedtatt,) = vedtak.hent_liste(hf)
    assert vedtatt.gjelder and not vedtatt.beordret


def test_ingen_faar_brev_fra_reserveregisteret() -> None:
    """Their letters have not left, and will not: the keys are thrown away with the texts."""
    brev = db.session.scalars(sa.select(Utsending).where(Utsending.noekkel.startswith("reserve:"))).all()
    assert len(brev) == len(demo.RESERVE)
    assert all(b.stoppet is not None and b.sendt is None and b.tekst == "" for b in brev)


def test_ingen_har_hpr_nummer_og_ingen_er_varslet() -> None:
    assert set(db.session.scalars(sa.select(Ressursperson.hpr))) == {""}
    staar = sa.select(Varsel).where(
        sa.or_(Varsel.kode.startswith("omdisponering."), Varsel.kode.startswith("behov.")),
        Varsel.stoppet.is_(None),
    )
    assert not db.session.scalars(staar).all()
