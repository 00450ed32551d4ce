"""Need to know over the socket and in the batch writer: the relations and canaries of test_behov_for_aa_vite.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.forloep import Side, Status
from portal.henvendelser.models import (
    Deltaker,
    Hendelse,
    Innsyn,
    Saksinvitasjon,
)
from portal.henvendelser.service import innsending, meldinger
from portal.identitet.models import Enhet
from tests.bygg import (
    koble_til,
    lagre,
    logg_over,
)
from tests.relasjoner import (
    RELASJONER,
    SER,
    TABELL,
    Behov,
    et_behov,
    kanari,
    nettleser,
    tegn_for,
)


@pytest.fixture(scope="module")
def behov(_app: Flask) -> Iterator[Behov]:
    with et_behov(_app) as b:
        yield b


# --- sockets ---------------------------------------------------------------------------------------------


def test_ingen_sokkel_hoerer_mer_enn_den_skal(_app: Flask, behov: Behov) -> None:
    """Everybody connects and asks for the case; then it is written in, measured and looked at. Who has no need to
    know hears nothing of it: no row, no receipt, no typing, no hint."""
    sokler = {n: koble_til(_app, nettleser(_app, behov, n)) for n in RELASJONER}
    inne = {n: s for n, s in sokler.items() if s.is_connected()}
    # A session whose person is shut out or whose membership has ended lets nobody in.
    assert set(RELASJONER) - set(inne) == {"sluttet", "stengt"}
    for navn, sokkel in inne.items():
        svar = sokkel.emit("henvendelse.abonner", {"id": str(behov.sak_id), "etter": 0}, callback=True)
        assert svar["ok"] == (navn in SER), (navn, svar)
        assert bool(behov.lekker(str(svar))) == (navn in SER), navn
        sokkel.get_received()
    ord_ = behov.kanarier["live"] = kanari("live")
    meldinger.send_melding(behov.lege, behov.sak_id, uuid4(), f"Ny {ord_}")
    innsending.apne(behov.kollega, behov.sak_id)
    meldinger.kvitter(behov.kollega, behov.sak_id, lest=2)
    inne["lege"].emit("henvendelse.skriver", {"id": str(behov.sak_id)})
    from portal.henvendelser import sockets

    sockets._varsle({behov.sak_id})
    hoerte_meldingen = set()
    for navn, sokkel in inne.items():
        hoert = str(sokkel.get_received())
        if ord_ in hoert:
            hoerte_meldingen.add(navn)
        if navn not in SER:
            assert str(behov.sak_id) not in hoert and behov.lekker(hoert) == [], (navn, hoert)
    assert hoerte_meldingen == SER
    for sokkel in inne.values():
        sokkel.disconnect()


def test_retten_som_tar_slutt_tar_slutt_i_sokkelen(_app: Flask, behov: Behov) -> None:
    """A reason that runs out, an invitation that is withdrawn, a participation that ends: out at the next tick."""
    from portal.core import realtime

    sak = behov.sak(Status.AKSEPTERT)
    folk = ("deltaker", "invitert", "grunn_lege")

    @transactional
    def slipp_inn() -> None:
        naa = now()
        d, i, g = (behov.aktor(n) for n in folk)
        lagre(
            Deltaker(
                henvendelse_id=sak,
                person_id=d.person_id,
                medlemskap_id=d.medlemskap_id,
                side=Side.MOTTAKER,
                fra=naa,
            ),
            Saksinvitasjon(
                henvendelse_id=sak,
                slag="kollega",
                fra_person_id=behov.spesialist.person_id,
                til_person_id=i.person_id,
                til_medlemskap_id=i.medlemskap_id,
                opprettet=naa,
            ),
            Innsyn(
                henvendelse_id=sak,
                person_id=g.person_id,
                medlemskap_id=g.medlemskap_id,
                grunn="konsultert",
                begrunnelse="Ringt av lege på vakt.",
                tidspunkt=naa,
                utloeper=naa + timedelta(hours=1),
            ),
        )

    @transactional
    def slipp_ut() -> None:
        naa = now()
        for utsagn in (
            sa.update(Deltaker)
            .where(Deltaker.henvendelse_id == sak, Deltaker.medlemskap_id == behov.deltaker.medlemskap_id)
            .values(til=naa),
            sa.update(Saksinvitasjon)
            .where(Saksinvitasjon.henvendelse_id == sak)
            .values(tilstand="trukket", avgjort=naa),
            sa.update(Innsyn).where(Innsyn.henvendelse_id == sak).values(utloeper=naa - timedelta(seconds=1)),
        ):
            db.session.execute(utsagn)

    slipp_inn()
    sokler = {n: koble_til(_app, nettleser(_app, behov, n)) for n in folk}
    for sokkel in sokler.values():
        assert sokkel.emit("henvendelse.abonner", {"id": str(sak), "etter": 0}, callback=True)["ok"]
        sokkel.get_received()
    slipp_ut()
    realtime.tikk_en_gang()
    for navn, sokkel in sokler.items():
        mistet = [m for m in sokkel.get_received() if m["name"] == "varsel"]
        assert [m["args"][0]["type"] for m in mistet] == ["tilgang_mistet"], navn
    meldinger.send_melding(behov.lege, sak, uuid4(), "Er dere der?")
    for navn, sokkel in sokler.items():
        assert not [m for m in sokkel.get_received() if m["name"] == "hendelse"], navn
        sokkel.disconnect()


# --- the batch writer judges by itself -------------------------------------------------------------------


def test_meldinger_fra_hver_relasjon(behov: Behov) -> None:
    """The hot path has a query of its own: it must say the same as the rule."""
    for navn in RELASJONER:
        foer = len(logg_over(behov.sak_id))
        tegn = tegn_for(
            lambda n=navn: meldinger.send_melding(behov.aktor(n), behov.sak_id, uuid4(), "Hei.")  # type: ignore[misc]
        )
        assert tegn == TABELL["skriv"][navn], navn
        assert len(logg_over(behov.sak_id)) == foer + (tegn == "+"), navn
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Hendelse).where(Hendelse.tekst == "Hei."))
    assert db.session.get(Enhet, behov.enhet.id) is not None
