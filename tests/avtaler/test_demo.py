"""The demo's agreements and phases: made through the use cases, whatever day it is, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.avtaler import demo, steps
from portal.avtaler.forloep import Forslagsstatus, Status
from portal.avtaler.models import Avtale, Bestemmelse, Forslag, Kommentar
from portal.avtaler.punkter import Situasjon
from portal.avtaler.service.gjelder import hva_gjelder
from portal.beredskap import demo as fasedemo
from portal.beredskap.models import Faseperiode
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, som_om
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet import demo as identitet_demo
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, Person
from portal.identitet.service import register
from portal.oppgaver.models import Oppgave
from portal.revisjon import service as revisjonen
from portal.varsler.models import Varsel
from tests.bygg import alle_rader
from tests.identitet.hjelp import modus

#: Who came with the agreements.
NYE = ("koordinator_kautokeino", "kommuneoverlege_kautokeino", "lege_kautokeino", "koordinator_rhf")


@pytest.fixture
def hus(app: Flask) -> Iterator[None]:
    register.oppdater(Aktor.system("proeve"))
    with modus("demo"):
        identitet_demo.saa_demo()
        yield


def saa() -> None:
    demo.saa_avtaler()
    fasedemo.saa_faser()


def avtalene() -> dict[str, Avtale]:
    db.session.rollback()
    return {a.tittel: a for a in db.session.scalars(sa.select(Avtale))}


def test_en_avtale_i_hver_tilstand(hus: None) -> None:
    saa()
    alle = avtalene()
    overordnet = alle["Overordnet samarbeidsavtale for Vest-Finnmark"]
    tjeneste = alle["Innleggelse, utskrivning og øyeblikkelig hjelp døgnopphold"]
    jordmor, digitalt = alle["Jordmortjenester og følgetjeneste"], alle["Digital samhandling"]
    assert len(alle) == 4
    assert {a.overordnet_id for a in (tjeneste, jordmor, digitalt)} == {overordnet.id}
    assert [v.status for v in overordnet.versjoner] == [Status.GJELDENDE]
    assert [v.status for v in tjeneste.versjoner] == [Status.ERSTATTET, Status.GJELDENDE]
    assert tjeneste.versjoner[0].i_kraft_til == tjeneste.versjoner[1].i_kraft_fra
    assert [v.status for v in jordmor.versjoner] == [Status.TIL_FORHANDLING]
    assert [v.status for v in digitalt.versjoner] == [Status.TIL_GODKJENNING]
    assert overordnet.neste_gjennomgang and 0 < (overordnet.neste_gjennomgang - i_dag()).days < 60
    assert sorted(g.gitt is not None for g in digitalt.versjoner[0].godkjenninger) == [False, True, True]
    statuser = sorted(db.session.scalars(sa.select(Forslag.status)))
    assert statuser == [Forslagsstatus.AAPENT] * 3 + [Forslagsstatus.GODTATT]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Kommentar)) == 3
    for avtale in alle.values():
        for g in (g for v in avtale.versjoner for g in v.godkjenninger if g.gitt):
            assert g.gitt_av_id != avtale.opprettet_av_id
            assert not g.krever_vedtak or (g.saksnummer and g.vedtaksdato and g.vedtaksdato.weekday() < 5)


def test_hva_som_gjelder_er_ulikt_i_de_to_kommunene(hus: None) -> None:
    saa()

    def overskrifter(hvem: str, situasjon: str) -> set[str]:
        lege = identitet_demo.aktor(hvem)
        assert lege.organisasjon_id
        g = hva_gjelder(lege, lege.organisasjon_id, situasjon, "indremedisin")
        return {k.overskrift for gruppe in [*g.grupper, g.ved_siden] for k in gruppe.klausuler}

    for situasjon in Situasjon:
        alta, kautokeino = overskrifter("lege", situasjon), overskrifter("lege_kautokeino", situasjon)
        assert len([o for o in kautokeino - alta if o.endswith("epidemitoppen")]) == 1, situasjon
        assert not [o for o in alta if o.endswith("epidemitoppen")]
        assert (
            len(alta - kautokeino) == 1
            and "Felles utrykningsteam fra spredningen begynner" in alta & kautokeino
        )


def test_arbeidet_og_beskjedene_er_som_av_i_dag(hus: None) -> None:
    saa()
    oppgaver = list(
        db.session.scalars(sa.select(Oppgave).where(Oppgave.gjort.is_(None), Oppgave.avlyst.is_(None)))
    )
    assert {o.kode for o in oppgaver} == {"avtale.forpliktelse", "avtale.gjennomgang", "avtale.sendt_hdir"}
    assert not [o for o in oppgaver if o.frist < i_dag()], "a new demo begins without anything overdue"
    aapne = {v.gjelder for v in db.session.scalars(sa.select(Varsel).where(Varsel.stoppet.is_(None)))}
    alle = avtalene()
    assert aapne == {
        f"avtale:{alle[t].id}" for t in ("Jordmortjenester og følgetjeneste", "Digital samhandling")
    }
    assert not revisjonen.kontroller(innstillinger().revisjonsnoekkel).brudd


def test_bare_en_gang_og_bare_i_demoen(hus: None) -> None:
    saa()
    foer = alle_rader()
    assert not demo.skal_saas() and not fasedemo.skal_saas() and not identitet_demo.saa_demo()
    assert alle_rader() == foer
    with modus("test"):
        for gjoer in (demo.saa_avtaler, fasedemo.saa_faser):
            with pytest.raises(IkkeTilgang):
                gjoer()


@pytest.mark.parametrize("dag", ["2027-01-01", "2028-02-29", "2026-03-29", "2026-08-02"])
def test_hvilken_dag_som_helst(app: Flask, dag: str) -> None:
    """New year, a leap day, the night without two o'clock, a Sunday."""
    with som_om(datetime.fromisoformat(f"{dag}T00:30").replace(tzinfo=UTC)):
        register.oppdater(Aktor.system("proeve"))
        with modus("demo"):
            identitet_demo.saa_demo()
            saa()
        naa = now()
        assert {steps.holder(a) is not None for a in avtalene().values()} == {True, False}
        perioder = db.session.scalars(sa.select(Faseperiode)).all()
        assert all(p.fra < naa for p in perioder)
        assert db.session.scalar(sa.select(sa.func.max(Bestemmelse.endret))) <= naa  # type: ignore[operator]


def test_et_eldre_demohus_faar_dem_som_er_kommet_til(hus: None) -> None:
    """The demo's first people had had their roles for ninety days, and there were fewer of them."""

    @transactional
    def gjoer_eldre() -> None:
        nye = sa.select(Person.id).where(Person.epost.in_([DEMO[n] for n in NYE]))
        db.session.execute(sa.delete(Medlemskap).where(Medlemskap.person_id.in_(nye)))
        db.session.execute(sa.delete(Person).where(Person.epost.in_([DEMO[n] for n in NYE])))
        db.session.execute(sa.update(Medlemskap).values(gyldig_fra=now() - timedelta(days=90)))

    gjoer_eldre()
    assert identitet_demo.saa_demo() is True
    saa()
    assert len(avtalene()) == 4


def test_uten_noen_av_dem_blir_det_ingen_avtaler(hus: None) -> None:
    """Somebody has ended a demo person's role: the start goes on without, and does not fall."""

    @transactional
    def avslutt(noekkel: str) -> None:
        person = sa.select(Person.id).where(Person.epost == DEMO[noekkel]).scalar_subquery()
        db.session.execute(
            sa.update(Medlemskap).where(Medlemskap.person_id == person).values(gyldig_til=now())
        )

    assert demo.skal_saas() and fasedemo.skal_saas()
    avslutt("koordinator_hf")
    assert not demo.skal_saas() and not fasedemo.skal_saas()
