"""What a locked screen tells of the queues: how many wait, where and how urgent, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from portal.core import web
from portal.core.aktor import Aktor
from portal.core.errors import IkkeInnlogget, IkkeTilgang
from portal.henvendelser.service import flyt, lesing
from portal.henvendelser.service.vaktmodus import hent_vaktbilde
from portal.identitet.models import Fagtelefon
from portal.identitet.service import laas
from tests.bygg import Scene, lagre, ny_sesjon, om

Som = Callable[[Aktor], FlaskClient]
BAKGRUNN = {web.BAKGRUNN: "1"}


def test_tallene_er_koens(scene: Scene) -> None:
    foerste = scene.send(hastegrad="akutt")
    scene.send(hastegrad="akutt")
    scene.send(hastegrad="vanlig", fagomraade="geriatri")
    scene.send(hastegrad="haster", fagomraade="kirurgi")
    tatt = scene.send(hastegrad="akutt")
    flyt.aksepter(scene.spesialist, tatt)

    bilde = hent_vaktbilde(scene.spesialist2)
    assert [(x.hastegrad, x.fagomraade, x.antall) for x in bilde.linjer] == [
        ("akutt", "indremedisin", 2),
        ("vanlig", "geriatri", 1),
    ]
    assert bilde.per_hastegrad == {"akutt": 2, "haster": 0, "vanlig": 1} and bilde.ventende == 3
    assert bilde.linjer[0].frist == scene.les(foerste).frist
    assert bilde.linjer[0].fra == scene.les(foerste).opprettet
    assert bilde.versjoner == lesing.koeversjoner(lesing.koer_for(scene.spesialist2))

    assert hent_vaktbilde(scene.kirurg).per_hastegrad == {"akutt": 0, "haster": 1, "vanlig": 0}
    assert hent_vaktbilde(scene.vaktleder).ventende == 4
    assert hent_vaktbilde(scene.fremmed_spesialist).ventende == 0
    assert hent_vaktbilde(scene.fremmed_vaktleder).ventende == 0


def test_en_sak_som_er_sendt_videre_har_ventet_siden_da(scene: Scene) -> None:
    """As in the queue: the deadline and its line count from when it came here."""
    sak = scene.send(fagomraade="kirurgi")
    with om(minutes=20):
        flyt.videresend(scene.kirurg, sak, scene.hf.id, "indremedisin", "Ikke kirurgisk.")
        (linje,) = hent_vaktbilde(scene.spesialist).linjer
    ventet_fra = scene.les(sak).ventet_fra
    assert (linje.fra, linje.frist_fra) == (ventet_fra, ventet_fra) != (scene.les(sak).opprettet,) * 2


@pytest.mark.parametrize("hvem", ["lege", "sykepleier", "koordinator", "administrator", "innsyn"])
def test_bare_for_den_noe_kan_vente_paa(scene: Scene, som: Som, hvem: str) -> None:
    aktor = getattr(scene, hvem)
    with pytest.raises(IkkeTilgang):
        hent_vaktbilde(aktor)
    assert som(aktor).get("/vaktmodus", headers=BAKGRUNN).status_code == 403


def test_merkene_kjenner_saken_igjen_og_roeper_den_ikke(scene: Scene) -> None:
    sak = scene.send(hastegrad="akutt")
    her, _ = ny_sesjon(scene.spesialist)
    (merke,) = hent_vaktbilde(her).merker
    assert hent_vaktbilde(her).merker == {merke: "akutt"}
    assert merke not in str(sak) and str(sak)[:8] not in merke
    # In another session the same case has another mark.
    assert merke not in hent_vaktbilde(replace(her, sesjon_id=uuid4())).merker


def test_en_laast_skjerm_faar_en_akutt(scene: Scene, app: object, som: Som) -> None:
    scene.send(hastegrad="vanlig", situasjon="Kanarifugl")
    klient = som(scene.spesialist)
    assert klient.post("/laas/skjermen").status_code == 303
    assert klient.get("/koe/liste", headers=BAKGRUNN).status_code == 423
    foer = klient.get("/vaktmodus", headers=BAKGRUNN).get_data(as_text=True)
    sak = scene.send(hastegrad="akutt", situasjon="Kanarifugl", tilbakeringing="900 11 222")
    etter = klient.get("/vaktmodus", headers=BAKGRUNN).get_data(as_text=True)
    assert re.search(r'vakttall--akutt vakttall--ingen">', foer)
    assert re.search(r'vakttall--akutt">\s*<strong[^>]*>1<', etter)
    assert "Akutt" in etter and "Indremedisin" in etter and "data-frist=" in etter
    merker = [re.search(r'data-merker="([^"]*)"', s) for s in (foer, etter)]
    assert merker[0] and merker[1]
    assert set(merker[0][1].split()) < set(merker[1][1].split())
    for ord_ in (
        "Kanarifugl",
        str(sak),
        scene.les(sak).saksnummer,
        "Ingrid",
        "Legevakta",
        "900 11 222",
        "Guovda",
    ):
        assert ord_ not in etter


def test_tallene_holder_ingen_skjerm_aapen_og_siden_er_laasen(scene: Scene, som: Som) -> None:
    klient = som(scene.spesialist)
    assert klient.get("/vaktmodus?neste=/koe").location == "/koe"
    klient.post("/laas/skjermen")
    scene.send(hastegrad="akutt", situasjon="Kanarifugl")
    side = klient.get("/vaktmodus?neste=/koe").get_data(as_text=True)
    # Without JavaScript: the counts, the way in, and the way to newer counts.
    assert "vakttall--akutt" in side and 'name="bevis"' in side and "Hent på nytt" in side
    assert 'name="neste" value="/koe"' in side and "Kanarifugl" not in side and "hovedmeny" not in side


def test_vaktbildet_har_telefonen_til_eget_fagomraade(scene: Scene) -> None:
    assert hent_vaktbilde(scene.spesialist).telefon == ""
    lagre(Fagtelefon(organisasjon_id=scene.hf.id, fagomraade="indremedisin", telefon="78 00 00 01"))
    assert hent_vaktbilde(scene.spesialist).telefon == "78 00 00 01"
    # Who answers for several has no one number of their own.
    assert hent_vaktbilde(scene.spesialist2).telefon == ""


def test_laasen_naar_alle_vinduer_av_samme_oekt(scene: Scene, som: Som) -> None:
    klient, annen = som(scene.spesialist), som(scene.spesialist)
    klient.post("/laas/skjermen")
    assert klient.get("/koe").status_code == 302
    # Another login of the same person is another screen.
    assert annen.get("/koe").status_code == 200


def test_uten_oekt_er_det_ingen_skjerm(scene: Scene) -> None:
    """A service account has a token and no session."""
    with pytest.raises(IkkeInnlogget):
        laas.laas(scene.spesialist)
