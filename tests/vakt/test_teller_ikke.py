"""A shift that stands on the roster and does not count says so, and why, to its owner and to those who keep it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.vakt import steps
from portal.vakt.models import Nivaa, Vakt, Vaktplan
from portal.vakt.service import feed, oversikt
from portal.vakt.service.gyldighet import Grunn, bortfall, finn_bortfall
from tests.bygg import Scene, lag_medlemskap, som_aktor
from tests.vakt.hjelp import DAG, T, endre, lag_fravaer
from tests.vakthjelp import lag_vakt, lag_vaktplan

Klient = Callable[[Aktor], FlaskClient]


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


@pytest.fixture
def vakt(scene: Scene, plan: Vaktplan) -> Vakt:
    """A shift that runs, and goes on for eleven hours."""
    return lag_vakt(plan, scene.spesialist)


def tekst(svar: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", svar).split())


@transactional
def slett_fag(aktor: Aktor) -> None:
    db.session.execute(
        sa.delete(MedlemskapFagomraade).where(MedlemskapFagomraade.medlemskap_id == aktor.medlemskap_id)
    )


#: What happens to the specialist, and the word for it.
HENDELSER: dict[str, Callable[[Aktor, Vaktplan], object]] = {
    "rollen er avsluttet": lambda a, p: endre(
        Medlemskap, a.medlemskap_id, gyldig_til=now() - timedelta(minutes=1)
    ),
    "rollen svarer ikke lenger for fagområdet": lambda a, p: slett_fag(a),
    "meldt borte": lambda a, p: lag_fravaer(a, now() - DAG, now() + 3 * DAG),
    "personen er stengt ute av portalen": lambda a, p: endre(Person, a.person_id, aktiv=False),
    "rollen kan ikke ha denne vakten": lambda a, p: endre(
        Medlemskap, a.medlemskap_id, rolle=str(Rolle.KOORDINATOR)
    ),
    "vaktplanen er avsluttet": lambda a, p: endre(Vaktplan, p.id, avsluttet=now()),
}


@pytest.mark.parametrize("grunn", HENDELSER)
def test_grunnen_staar_i_klartekst(scene: Scene, som: Klient, plan: Vaktplan, vakt: Vakt, grunn: str) -> None:
    """The owner works in another role now, where the first has ended; the vaktleder sees a gap and the reason."""
    siri = scene.spesialist
    person = db.session.get_one(Person, siri.person_id)
    i_dag = som_aktor(person, lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf), scene.hf)
    klient, leder = som(i_dag), som(scene.vaktleder)
    sider = ("/vakt", "/vakt/mine", f"/vakt/vakter/{vakt.id}")
    for sti in sider:
        assert "Teller ikke" not in klient.get(sti).text
    assert bortfall([vakt]) == {} and steps.paa_vakt(scene.hf.id, "indremedisin")
    HENDELSER[grunn](siri, plan)
    db.session.rollback()
    assert steps.paa_vakt(scene.hf.id, "indremedisin") == {}
    ventet = f"Teller ikke: {grunn}"
    # Who is shut out sees nothing at all.
    if "stengt ute" not in grunn:
        for sti in sider:
            side = klient.get(sti).text
            assert ventet in tekst(side), sti
            assert "vaktliste__rad--naa" not in side
    assert ventet in tekst(leder.get(f"/vakt/vakter/{vakt.id}").text)
    if "vaktplanen" not in grunn:
        kalender = tekst(leder.get(f"/vakt/planer/{plan.id}").text)
        assert ventet in kalender and "tidsrom uten noen på vakt" in kalender
        assert "Ingen har vakt" in tekst(leder.get("/vakt").text)


def test_kolleger_faar_ikke_vite_hvorfor(scene: Scene, som: Klient, plan: Vaktplan, vakt: Vakt) -> None:
    """That somebody is away is theirs to tell; every reason looks the same to the others."""
    lag_fravaer(scene.spesialist, now() - DAG, now() + 3 * DAG)
    kollega = som(scene.spesialist2)
    side = tekst(kollega.get(f"/vakt/vakter/{vakt.id}").text)
    assert "Teller ikke: ingen har vakten da" in side and "borte" not in side
    kalender = tekst(kollega.get(f"/vakt/planer/{plan.id}").text)
    assert "Ingen har vakt" in kalender and "Siri Spesialist" not in kalender and "borte" not in kalender
    (del_,) = finn_bortfall(scene.spesialist2, [vakt])[vakt.id]
    assert del_.grunn == Grunn.INGEN


def test_en_del_av_vakten(scene: Scene, som: Klient, plan: Vaktplan) -> None:
    """A role that ends before the shift does, and an absence of two hours in the middle, say which part it is."""
    start = now().replace(minute=0, second=0, microsecond=0) + DAG
    vakt = lag_vakt(plan, scene.spesialist, fra=start, til=start + 12 * T)
    lag_fravaer(scene.spesialist, start + 2 * T, start + 4 * T)
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=start + 10 * T)
    db.session.rollback()
    deler = bortfall([vakt])[vakt.id]
    assert [(d.grunn, d.fra, d.til, d.hele) for d in deler] == [
        (Grunn.BORTE, start + 2 * T, start + 4 * T, False),
        (Grunn.ROLLE_SLUTTER, start + 10 * T, start + 12 * T, False),
    ]
    side = tekst(som(scene.spesialist).get("/vakt/mine").text)
    assert ": meldt borte" in side and ": rollen slutter før vakten er over" in side
    assert "Teller ikke: " not in side


def test_en_rolle_som_slutter_eller_begynner_for_sent(scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, fra=now() + 10 * DAG)
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=now() + 5 * DAG)
    db.session.rollback()
    (del_,) = bortfall([vakt])[vakt.id]
    assert (del_.grunn, del_.hele) == (Grunn.ROLLE_SLUTTER, True)
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=None, gyldig_fra=now() + 20 * DAG)
    db.session.rollback()
    (del_,) = bortfall([vakt])[vakt.id]
    assert (del_.grunn, del_.hele) == (Grunn.ROLLE_IKKE_BEGYNT, True)


def test_det_som_var_doemmes_etter_det_som_ble_skrevet_da(scene: Scene, plan: Vaktplan) -> None:
    """A shift of last week counted, though the role was lost today; one in an absence did not."""
    gammel = lag_vakt(plan, scene.spesialist, fra=now() - 7 * DAG)
    endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_fra=now() - 30 * DAG, gyldig_til=now() - T)
    slett_fag(scene.spesialist)
    db.session.rollback()
    assert bortfall([gammel]) == {}
    lag_fravaer(scene.spesialist, now() - 8 * DAG, now() - 6 * DAG)
    (del_,) = bortfall([gammel])[gammel.id]
    assert (del_.grunn, del_.hele) == (Grunn.BORTE, True)


def test_fravaer_i_en_annen_organisasjon_gjelder_ikke_her(scene: Scene, vakt: Vakt) -> None:
    person = db.session.get_one(Person, scene.spesialist.person_id)
    der = som_aktor(person, lag_medlemskap(person, Rolle.LEGE_KOMMUNE, scene.kommune), scene.kommune)
    lag_fravaer(der, now() - DAG, now() + DAG)
    assert bortfall([vakt]) == {}


def test_forklaringen_foelger_regelen(scene: Scene, plan: Vaktplan) -> None:
    """Whatever happens to the role: a shift is explained exactly when the step that finds who is on call skips it."""
    vakter = {
        n: lag_vakt(plan, a, n)
        for n, a in zip(Nivaa, (scene.spesialist, scene.spesialist2, scene.vaktleder), strict=True)
    }
    slett_fag(scene.spesialist2)
    endre(Medlemskap, scene.vaktleder.medlemskap_id, rolle=str(Rolle.SPESIALIST))
    db.session.rollback()
    teller = set(steps.paa_vakt(scene.hf.id, "indremedisin"))
    forklart: dict[UUID, object] = dict(bortfall(list(vakter.values())))
    assert teller == {n for n, v in vakter.items() if v.id not in forklart} == {Nivaa.VAKTHAVENDE}


def test_den_som_ikke_har_vakten_bes_ikke_om_aa_proeve_varslene(scene: Scene, vakt: Vakt) -> None:
    assert oversikt.maa_bevises(scene.spesialist)
    lag_fravaer(scene.spesialist, now() - T, now() + DAG)
    assert not oversikt.maa_bevises(scene.spesialist)


def test_kalenderen_paa_telefonen(scene: Scene, plan: Vaktplan, vakt: Vakt) -> None:
    token = feed.lag_feed(scene.spesialist)
    assert b"Teller ikke" not in feed.les_feed(token)
    lag_fravaer(scene.spesialist, now() - DAG, now() + DAG)
    assert b"SUMMARY:Teller ikke: meldt borte" in feed.les_feed(token).replace(b"\\,", b",")
