"""A coordinator's first page: what waits, across the rooms, with the beds before all other work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.innsikt import venter
from tests.avtalehjelp import lag_oppgave
from tests.bygg import Scene, lag_aktor
from tests.omdisponering.hjelp import Utlaan, lag_tilbud
from tests.plasser.hjelp import lag_plassenhet

Som = Callable[[Aktor], FlaskClient]


def test_koordinatoren_lander_paa_det_som_venter(scene: Scene, som: Som) -> None:
    fersk = lag_plassenhet(scene, 1, siden=now() - timedelta(minutes=5))
    gammel = lag_plassenhet(scene, 1, siden=now() - timedelta(days=3))
    oppgave = lag_oppgave(scene.kommune, frist=i_dag() - timedelta(days=2))
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    svar = som(koordinator).get("/", follow_redirects=True)
    assert svar.request.path == "/venter"
    side = svar.text.split("<main")[1]
    # The unit that needs figures, the other one, what has hours to be answered, the task, and what has months.
    steder = [
        side.index(x)
        for x in (
            f'href="/plasser/{gammel}"',
            f'href="/plasser/{fersk}"',
            'id="venter-omdisponering"',
            f'href="/oppgaver/{oppgave.id}"',
            'id="venter-avtaler"',
        )
    ]
    assert steder == sorted(steder)
    assert side.count("Trenger nye tall") == 1 and side.count("Tallene er ferske") == 1
    assert "2 dager over fristen" in side
    assert "Ingen av avtalene det arbeides med, venter på dere." in side
    assert "Ingen omdisponering venter på svar fra dere." in side


def test_tilbud_til_egne_behov_venter(som: Som) -> None:
    u = Utlaan()
    lag_tilbud(u.personer[0], u.behov, rettet=True)
    side = som(u.mottaker).get("/venter").text.split("<main")[1]
    assert f'href="/omdisponering/behov/{u.behov.id}"' in side and "1 tilbud til dere" in side
    assert "Ingen omdisponering venter" not in side
    assert str(u.behov.id) not in som(u.fremmed).get("/venter").text


def test_bare_ens_egne(scene: Scene, som: Som) -> None:
    enhet = lag_plassenhet(scene, 1, siden=now() - timedelta(days=3))
    lag_oppgave(scene.kommune)
    nabo = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    assert venter.hent(nabo).enheter == []
    for annen in (nabo, scene.koordinator, scene.lege, scene.innsyn):
        side = som(annen).get("/venter").text.split("<main")[1]
        assert str(enhet) not in side, annen.rolle
    # The trust has tasks and agreements of its own, and no units.
    hf = venter.hent(scene.koordinator)
    assert hf.oppgaver is not None and hf.oppgaver.antall == 0 and hf.avtaler == [] == hf.omdisponeringer
    lege = venter.hent(scene.lege)
    assert (lege.oppgaver, lege.avtaler) == (None, None)
