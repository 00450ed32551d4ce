"""The canary as it is shown: nothing is green before it is proven, nor where the alarm may wake nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import transactional
from portal.henvendelser.eskalering import kanari, service
from portal.vakt.models import Vakt
from portal.varsler.models import Kanal
from portal.varsler.service import levering
from portal.varsler.steps import kvitter_varsel
from tests.bygg import Scene, skriv
from tests.henvendelser.test_kanari import arbeid, bilde, fortalt, gaa, hus, klokke, sett, tilstand
from tests.varsler.tjenere import posttjener

__all__ = ["hus", "klokke"]


def test_mens_proeven_gaar_er_ingenting_groent(hus: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    """Neither the canary nor its links: what is under way has proven nothing."""
    sett(hus)
    klient = som(hus.koordinator)
    with posttjener():
        arbeid(post=False)
        for adresse in ("/vakt/kanari", f"/vakt/kanari/{bilde(hus).id}", "/status"):
            side = klient.get(adresse, headers={"X-Bakgrunn": "1"}).text
            assert "Prøven går nå" in side and "Passert" in side and "Venter" in side, adresse
            assert "Ikke prøvd ennå" not in side and "Holder" not in side, adresse
        # Whole, and not yet closed: told as it will be.
        levering.lever()
        assert bilde(hus).gaar and str(bilde(hus).vist) == "obs" and tilstand(hus) == ("ok", "")
        kanari.fullfoer()
    side = klient.get(f"/vakt/kanari/{bilde(hus).id}").text
    assert "Prøven går nå" not in side and side.count("Holder") == 4
    assert "personen har ikke kvittert" in side


def test_en_roed_proeve_staar_til_den_neste_har_holdt(hus: Scene, klokke: time_machine.Traveller) -> None:
    sett(hus)
    arbeid(post=False)
    gaa(klokke, 190, post=False)
    assert tilstand(hus) == ("roed", "ikke_forsoekt")
    kanari.kjoer_naa(hus.koordinator, bilde(hus).id)
    arbeid(post=False)
    k = bilde(hus)
    assert k.gaar and str(k.vist) == "roed" and k.siste is not None and k.siste.roed
    with posttjener():
        arbeid()
    assert str(bilde(hus).vist) == "obs"


@pytest.mark.parametrize("hel", [True, False])
def test_en_gammel_proeve_tar_ikke_alarmen_fra_en_ny(
    hus: Scene, klokke: time_machine.Traveller, hel: bool
) -> None:
    """It was set again before the first run was closed: what the new one found stands."""
    sett(hus)
    with posttjener() as post:
        kanari.kjoer_planlagte()
        service.kjoer_forfalte()
        if hel:
            levering.lever()
        skriv(sa.update(Vakt).values(avlyst=now()))
        klokke.shift(1)
        sett(hus)
        for _ in range(3):
            arbeid()
            klokke.shift(10)
        assert tilstand(hus) == ("roed", "ingen_paa_vakt")
        (varsel,) = fortalt(hus.vaktleder, "kanari.brutt")
        assert varsel.stoppet is None and not fortalt(hus.vaktleder, "kanari.hel")
        assert [b for b in post.mottatt if "virker ikke" in b["Subject"]]


def test_et_brev_som_ble_en_fil_er_ikke_levert_til_noen(
    hus: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    sett(hus)
    arbeid()
    side = som(hus.koordinator).get("/vakt/kanari").text
    assert "Lagt i en fil på tjeneren" in side and side.count("Holder") == 3
    assert "vekkingen er ikke prøvd" in side


def test_den_som_kvitterte_paa_det_som_vekker_er_bevist(hus: Scene, klokke: time_machine.Traveller) -> None:
    """Of the run itself: what has woken somebody once, did so, whatever was proven before it."""
    sett(hus)
    with posttjener():
        arbeid()
    siste = bilde(hus).siste
    assert siste is not None and str(siste.vist) == "obs"
    (varsel,) = fortalt(hus.spesialist, "kanari")
    transactional(lambda: kvitter_varsel(varsel.id, Kanal.SMS))()
    siste = bilde(hus).siste
    assert siste is not None and str(siste.vist) == "ok"
