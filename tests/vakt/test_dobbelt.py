"""One person at two levels of a plan at once is allowed, and told wherever it comes about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import OSLO, som_om
from portal.core.db import db
from portal.identitet.models import Medlemskap
from portal.vakt import dobbelt
from portal.vakt.models import Dagtype, Nivaa, Vaktplan
from portal.vakt.service import bytte, dekning, ical, rotasjoner, vakter
from tests.bygg import Scene, skriv
from tests.vakt.hjelp import DAG, NAA, T, nivaa, spesialist
from tests.vakthjelp import lag_vakt, lag_vaktplan

V, B, L = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT, Nivaa.VAKTLEDER
Klient = Callable[[Aktor], FlaskClient]
BEGGE = "er både vakthavende og bakvakt for Indremedisin"


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    return lag_vaktplan(scene.hf.id)


def felt(**verdier: object) -> dict[str, str]:
    return {k: str(v) for k, v in verdier.items()}


def oslotid(tid: object) -> str:
    return f"{tid.astimezone(OSLO):%Y-%m-%dT%H:%M}"  # type: ignore[attr-defined]


def test_hva_som_er_dobbelt(scene: Scene, plan: Vaktplan) -> None:
    """At two levels of one plan at the same moment: not when one follows the other, and not in two plans."""
    a, b = scene.spesialist, scene.spesialist2
    lag_vakt(plan, a, V, fra=NAA + T, til=NAA + 5 * T)
    lag_vakt(plan, a, B, fra=NAA + 5 * T, til=NAA + 9 * T)
    lag_vakt(plan, b, B, fra=NAA + T, til=NAA + 5 * T)
    lag_vakt(lag_vaktplan(scene.hf.id, "geriatri"), a, B, fra=NAA + T, til=NAA + 5 * T)
    assert dobbelt.hent(plan.id, NAA, NAA + DAG) == []
    # Two nights that meet beside one long shift are one time.
    lag_vakt(plan, b, L, fra=NAA, til=NAA + 20 * T)
    lag_vakt(plan, b, B, fra=NAA + 9 * T, til=NAA + 12 * T)
    lag_vakt(plan, b, B, fra=NAA + 12 * T, til=NAA + 15 * T)
    funn = dobbelt.hent(plan.id, NAA, NAA + DAG)
    assert [(d.navn, d.nivaaer, d.fra, d.til) for d in funn] == [
        (b.navn, (B, L), NAA + T, NAA + 5 * T),
        (b.navn, (B, L), NAA + 9 * T, NAA + 15 * T),
    ]
    assert dobbelt.hent(plan.id, NAA, NAA + DAG, person_id=a.person_id) == []
    assert dobbelt.hent(plan.id, NAA + 10 * T, NAA + 11 * T)[0][2:] == (NAA + 10 * T, NAA + 11 * T)


def test_rotasjonen_sier_det_foer_og_etter(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    lag_vakt(plan, scene.spesialist, V, fra=NAA + 2 * DAG, til=NAA + 3 * DAG)
    inn = {
        "nivaa": "bakvakt",
        "deltakere": str(scene.spesialist.medlemskap_id),
        "gjelder_fra": f"{(NAA + DAG).date()}",
        "klokke_fra": "08:00",
        "klokke_til": "08:00",
        "dagtyper": [str(d) for d in Dagtype],
        "dager_per_tur": "1",
    }
    klient = som(scene.koordinator)
    adresse = f"/vakt/planer/{plan.id}/rotasjon/ny"
    vist = unescape(klient.post(adresse, data=inn).text)
    assert BEGGE in vist and "Ingenting er lagret" in vist
    lagret = klient.post(adresse, data={**inn, "lagre": "1"}, follow_redirects=True)
    assert BEGGE in unescape(lagret.text)
    # Without it nothing is said.
    inn |= {"nivaa": "vaktleder", "deltakere": str(scene.vaktleder.medlemskap_id)}
    assert "er både" not in unescape(klient.post(adresse, data=inn).text)


def test_mange_telles(scene: Scene, plan: Vaktplan) -> None:
    for n in range(8):
        lag_vakt(plan, scene.spesialist, V, fra=NAA + n * DAG, til=NAA + n * DAG + T)
    lag_vakt(plan, scene.spesialist, B, fra=NAA, til=NAA + 8 * DAG)
    tekster = dobbelt.tekster(dobbelt.hent(plan.id, NAA, NAA + 9 * DAG), plan.fagomraade)
    assert len(tekster) == dobbelt.VIST + 1 and tekster[-1].startswith("Og 3 tidsrom til")


def test_enkeltvakt_og_overstyring(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    lag_vakt(plan, scene.spesialist, V, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    klient = som(scene.koordinator)
    tid = felt(fra=oslotid(NAA + DAG), til=oslotid(NAA + DAG + 4 * T))
    inn = {"nivaa": "bakvakt", "medlemskap_id": str(scene.spesialist.medlemskap_id), **tid}
    svar = klient.post(f"/vakt/planer/{plan.id}/ny-vakt", data=inn, follow_redirects=True)
    assert BEGGE in unescape(svar.text)
    # An override that gives the bakvakt the vakthavende's time too.
    lag_vakt(plan, scene.spesialist2, B, fra=NAA + 2 * DAG, til=NAA + 2 * DAG + 8 * T)
    tid = felt(fra=oslotid(NAA + 2 * DAG), til=oslotid(NAA + 2 * DAG + 4 * T))
    inn = {
        "nivaa": "vakthavende",
        "medlemskap_id": str(scene.spesialist2.medlemskap_id),
        **tid,
        "overstyr": "1",
    }
    svar = klient.post(f"/vakt/planer/{plan.id}/ny-vakt", data=inn, follow_redirects=True)
    assert f"{scene.spesialist2.navn} {BEGGE}" in unescape(svar.text)


def test_ta_vakten_naa(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    lag_vakt(plan, scene.spesialist, V, fra=NAA - T, til=NAA + 5 * T)
    lag_vakt(plan, scene.spesialist2, B, fra=NAA - T, til=NAA + 5 * T)
    klient = som(scene.spesialist2)
    side = unescape(klient.get(f"/vakt/planer/{plan.id}/ta?nivaa=vakthavende").text)
    assert f"{scene.spesialist2.navn} {BEGGE}" in side
    vakt_id = vakter.foreslaa_ta(scene.spesialist2, plan.id, V).vakt
    assert vakt_id
    inn = felt(nivaa="vakthavende", til=oslotid(NAA + 2 * T), fra_vakt_id=vakt_id.id)
    # Never by mistake: it is asked for in plain words, and nothing is taken.
    svar = klient.post(f"/vakt/planer/{plan.id}/ta", data=inn)
    assert svar.status_code == 422 and "Kryss av for at det er meningen" in svar.text
    assert nivaa(plan)[0][2] == scene.spesialist.person_id and len(nivaa(plan)) == 1
    svar = klient.post(f"/vakt/planer/{plan.id}/ta", data={**inn, "bekreftet": "1"}, follow_redirects=True)
    assert BEGGE in unescape(svar.text) and nivaa(plan)[1][2] == scene.spesialist2.person_id


def test_bytte_sies_foer_det_godtas(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    min_ = lag_vakt(plan, scene.spesialist, V, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    lag_vakt(plan, scene.spesialist2, B, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    assert scene.spesialist2.medlemskap_id
    jeg, valg = som(scene.spesialist), {"til_medlemskap_id": str(scene.spesialist2.medlemskap_id)}
    svar = jeg.post(f"/vakt/vakter/{min_.id}/bytt", data=valg)
    assert svar.status_code == 422 and f"{scene.spesialist2.navn} {BEGGE}" in unescape(svar.text)
    assert 'name="bekreftet"' in svar.text and not bytte.hent_bytter(scene.spesialist)
    assert jeg.post(f"/vakt/vakter/{min_.id}/bytt", data={**valg, "bekreftet": "1"}).status_code == 303
    db.session.rollback()
    bytte_id = bytte.hent_bytter(scene.spesialist)[0].bytte.id
    for hvem in (scene.spesialist, scene.spesialist2):
        assert f"{scene.spesialist2.navn} {BEGGE}" in unescape(som(hvem).get("/vakt/bytter").text)
    kollega = som(scene.spesialist2)
    svar = kollega.post(f"/vakt/bytter/{bytte_id}/godta")
    assert svar.status_code == 422 and "Kryss av for at det er meningen" in svar.text
    assert nivaa(plan)[0][2] == scene.spesialist.person_id
    svar = kollega.post(f"/vakt/bytter/{bytte_id}/godta", data={"bekreftet": "1"}, follow_redirects=True)
    assert BEGGE in unescape(svar.text)


def test_hennes_egen_vakt_samme_dag_foreslaas_foerst(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    """The natural answer: the bakvakt of the same time takes it, and gives the bakvakt's shift."""
    min_ = lag_vakt(plan, scene.spesialist, V, fra=NAA + 9 * DAG, til=NAA + 9 * DAG + 8 * T)
    foer = lag_vakt(plan, scene.spesialist2, V, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    samme = lag_vakt(plan, scene.spesialist2, B, fra=NAA + 9 * DAG, til=NAA + 9 * DAG + 8 * T)
    til = scene.spesialist2.medlemskap_id
    assert til
    assert [v.id for v in bytte.mulige_motvakter(scene.spesialist, min_.id, til)] == [samme.id, foer.id]
    side = som(scene.spesialist).get(f"/vakt/vakter/{min_.id}/bytt?til_medlemskap_id={til}").text
    assert f'<option value="{samme.id}" selected>Samme dag: ' in side


def test_et_bytte_som_loeser_det_advarer_ikke(scene: Scene, plan: Vaktplan) -> None:
    """The shift that is given in return is not the receiver's any more."""
    min_ = lag_vakt(plan, scene.spesialist, V, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    din = lag_vakt(plan, scene.spesialist2, B, fra=NAA + DAG, til=NAA + DAG + 8 * T)
    assert scene.spesialist2.medlemskap_id
    bytte.foreslaa(scene.spesialist, min_.id, scene.spesialist2.medlemskap_id, din.id)
    (rad,) = bytte.hent_bytter(scene.spesialist2)
    assert rad.advarsler == []
    assert bytte.godta(scene.spesialist2, rad.bytte.id) == []


def test_import(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    """Within the file, and against what stands in the plan."""
    start = NAA + DAG

    def hendelse(hvilket: str, fra: timedelta) -> list[str]:
        return [
            *("BEGIN:VEVENT", f"UID:{hvilket}{fra.seconds}", f"SUMMARY:{hvilket}: {scene.spesialist.navn}"),
            f"DTSTART:{start + fra:%Y%m%dT%H%M%SZ}",
            f"DTEND:{start + fra + 4 * T:%Y%m%dT%H%M%SZ}",
            "END:VEVENT",
        ]

    def fil(*hendelser: list[str]) -> str:
        return "\r\n".join(["BEGIN:VCALENDAR", *(x for h in hendelser for x in h), "END:VCALENDAR", ""])

    lag_vakt(plan, scene.spesialist, B, fra=start + 6 * T, til=start + 8 * T)
    tekst = fil(hendelse("Vakthavende", 0 * T), hendelse("Bakvakt", 2 * T), hendelse("Vakthavende", 7 * T))
    v = ical.vurder(scene.koordinator, plan.id, ical.les_fil(tekst.encode()), None)
    assert [a.count(BEGGE) for a in v.advarsler] == [1, 1] and v.nye == 3
    klient = som(scene.koordinator)
    assert BEGGE in unescape(klient.post(f"/vakt/planer/{plan.id}/import", data={"tekst": tekst}).text)
    inn = {"tekst": tekst, "lagre": "1"}
    svar = klient.post(f"/vakt/planer/{plan.id}/import", data=inn, follow_redirects=True)
    assert BEGGE in unescape(svar.text) and len(nivaa(plan)) == 2


def test_dekningen_viser_det(scene: Scene, plan: Vaktplan, som: Klient) -> None:
    kari = spesialist(scene, "Kari Nordmann")
    lag_vakt(plan, kari, V, fra=NAA, til=NAA + 8 * T)
    side = som(scene.koordinator).get(f"/vakt/dekning/{plan.id}").text
    assert "Samme person på to nivåer" not in side
    lag_vakt(plan, kari, B, fra=NAA + 2 * T, til=NAA + 4 * T)
    (d,) = dekning.hent_dekning(scene.koordinator, plan.id).doble
    assert (d.navn, d.fra, d.til) == ("Kari Nordmann", NAA + 2 * T, NAA + 4 * T)
    side = som(scene.koordinator).get(f"/vakt/dekning/{plan.id}").text
    assert "Samme person på to nivåer" in side and f"Kari Nordmann {BEGGE}" in side


def test_en_rotasjon_uten_slutt_har_ikke_hull_der_den_ikke_er_kommet(scene: Scene, plan: Vaktplan) -> None:
    """Its shifts are made by the day; the coverage looks by the minute. What it has left out is a gap as before."""
    for klokke in (("08:00", "20:00"), ("20:00", "08:00")):
        rotasjoner.lag(
            scene.koordinator,
            plan.id,
            V,
            deltakere=[scene.spesialist.medlemskap_id],  # type: ignore[list-item]
            gjelder_fra=NAA.date(),
            klokke_fra=klokke[0],
            klokke_til=klokke[1],
            dagtyper=[str(d) for d in Dagtype],
            dager_per_tur=7,
        )
    d = dekning.hent_dekning(scene.koordinator, plan.id)
    assert (d.hull, d.andel) == ((), 1.0)
    # Ten days on, without the worker: still nothing but what has not been made.
    with som_om(NAA + 10 * DAG):
        d = dekning.hent_dekning(scene.koordinator, plan.id)
        assert (d.hull, d.andel) == ((), 1.0)
    siste = nivaa(plan)[-1]
    assert d.plan.nivaaer[0].til == siste[1]
    with som_om(NAA + 360 * DAG):
        # A gap that somebody made is a gap, though the rotation goes on.
        vakt = vakter.hent_vakter(scene.koordinator, plan.id, siste[0] - 3 * DAG, siste[0] - 2 * DAG)[0]
        vakter.avlys(scene.koordinator, vakt.id)
        (hull,) = dekning.hent_dekning(scene.koordinator, plan.id).hull
        assert (hull.fra, hull.til) == (vakt.fra, vakt.til)
