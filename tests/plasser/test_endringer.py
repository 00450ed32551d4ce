"""Why a bed is as it is: the last changes of a unit in words, for its own people alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.errors import IkkeTilgang
from portal.plasser.forloep import Laan, Stengtgrunn, Tilstand
from portal.plasser.service import drift, endringer, reservasjoner
from tests.bygg import Scene, lag_aktor
from tests.plasser.hjelp import lag_folk, lag_plassenhet, les_plasser, ny_plass
from tests.plasser.test_laan import laan, slutt

Som = Callable[[Aktor], FlaskClient]


def _siden(som: Som, hvem: Aktor, enhet: object) -> list[str]:
    """The rows of the table, as they are read."""
    html = som(hvem).get(f"/plasser/{enhet}/historikk").text
    if 'id="endringer-tittel"' not in html:
        return []
    tabell = html.split('id="endringer-tittel"')[1].split("<ol")[1].split("</ol>")[0]
    return [
        " ".join(unescape(re.sub(r"<[^>]+>", " ", f"<ol{r}")).split()) for r in tabell.split("</li>")[:-1]
    ]


def test_enheten_leser_hvorfor_bemanningen_ble_en_annen(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, 1)
    ny_plass(enhet, bemannet=False)
    folk = lag_folk(scene, enhet)
    laan(enhet, Laan.UT, 1, scene.annen_kommune)
    laan(enhet, Laan.INN, 1, scene.hf)
    slutt()
    plass = next(p for p in les_plasser(enhet) if p.tilstand == Tilstand.LEDIG and p.bemannet)
    drift.sett_tilstand(folk.lege, enhet, plass.id, tilstand=Tilstand.STENGT, grunn=Stengtgrunn.SMITTE)
    rader = _siden(som, folk.lege, enhet)
    assert "Stengt: smitte Satt av enheten." in rader[0]
    alt = " | ".join(rader)
    hf, kommune = scene.hf.kortnavn, scene.annen_kommune.kortnavn
    for ord_ in (
        f"Uten bemanning: personellet er lånt ut til {kommune}. Portalen",
        f"Bemannet med lånt personell fra {hf}. Portalen",
        f"Lånt personell fra {hf} har reist. Portalen",
        f"Personellet er tilbake fra {kommune}. Portalen",
    ):
        assert alt.count(ord_) == 1, (ord_, alt)
    assert "Ledig, uten bemanning Uten bemanning: personellet" in alt
    assert "Ledig, bemannet Personellet er tilbake" in alt


def test_et_laan_som_endte_mens_plassen_var_holdt(scene: Scene, som: Som) -> None:
    """The staff went when the hold ended, and not by an act of its own."""
    enhet = lag_plassenhet(scene, 0)
    ny_plass(enhet, bemannet=False)
    folk = lag_folk(scene, enhet)
    laan(enhet, Laan.INN, 1, scene.hf)
    holdet = reservasjoner.reserver(folk.lege, enhet, klient_id=uuid4(), over_kvote=True)
    assert slutt() == 1
    assert "Holdt for en pasient på vei" in _siden(som, folk.lege, enhet)[0]
    reservasjoner.frigi(folk.lege, holdet)
    siste = _siden(som, folk.lege, enhet)[0]
    assert "Holdet ble gitt fri. Lånt personell reiste da holdet tok slutt" in siste


def test_bare_de_som_ser_oppholdene_leser_endringene(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, 1)
    folk = lag_folk(scene, enhet)
    plass = les_plasser(enhet)[0].id
    drift.legg_inn(folk.lege, enhet, plass_id=plass, kommune_id=scene.kommune.id)
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    for ser in (folk.lege, folk.sykepleier, koordinator):
        assert "Pasienten ble lagt inn" in _siden(som, ser, enhet)[0], ser.rolle
    for a in (scene.lege, scene.fremmed_lege, scene.innsyn, scene.koordinator):
        assert _siden(som, a, enhet) == []
        with pytest.raises(IkkeTilgang):
            endringer.hent_siste(a, enhet)
