"""A calendar file in the place of what stands: a rotation gives way, two swap, and all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.core.errors import UgyldigData, Utdatert
from portal.identitet.models import Medlemskap
from portal.vakt.models import Byttetilstand, Nivaa, Vakt, Vaktbytte, Vaktkilde, Vaktplan
from portal.vakt.service import bytte, ical, oversikt, vakter
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, revisjon, skriv, uten_spor
from tests.vakt.hjelp import DAG, T, nivaa, uten_overlapp
from tests.vakthjelp import lag_vakt, lag_vaktplan

Klient = Callable[[Aktor], FlaskClient]
#: A Sunday; the rotation's days begin on the Monday.
NAA = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANDAG = datetime(2026, 3, 2, 7, tzinfo=UTC)
B = Nivaa.BAKVAKT


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    """Bakvakt goes round day by day: Siri, the other, Siri, the other."""
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    plan = lag_vaktplan(scene.hf.id)
    with som_om(NAA):
        for dag in range(4):
            hvem = scene.spesialist2 if dag % 2 else scene.spesialist
            lag_vakt(plan, hvem, B, MANDAG + dag * DAG, MANDAG + (dag + 1) * DAG, Vaktkilde.ROTASJON)
    return plan


def fil(*vakter_: tuple[str, datetime, datetime]) -> bytes:
    deler = "".join(
        f"BEGIN:VEVENT\nUID:{nr}\nSUMMARY:Bakvakt: {navn}\nDTSTART:{fra:%Y%m%dT%H%M%SZ}\n"
        f"DTEND:{til:%Y%m%dT%H%M%SZ}\nEND:VEVENT\n"
        for nr, (navn, fra, til) in enumerate(vakter_)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{deler}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def test_to_linjer_bytter_om_to(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    """Without the choice each is refused; with it both change hands, and each is told once of each side."""
    en, to = scene.spesialist, scene.spesialist2
    lest = ical.les_fil(fil((to.navn, MANDAG, MANDAG + DAG), (en.navn, MANDAG + DAG, MANDAG + 2 * DAG)))
    with som_om(NAA):
        foer = nivaa(plan, B)
        with uten_spor(opptak), pytest.raises(UgyldigData):
            ical.importer(scene.koordinator, plan.id, lest, None)
        v = ical.vurder(scene.koordinator, plan.id, lest, None, erstatt=True)
        assert (v.nye, v.feilede, v.hull) == (2, 0, 0)
        assert [(u.vakt.person_id, tuple(u.nye)) for u in v.tapt] == [
            (en.person_id, (to.navn,)),
            (to.person_id, (en.navn,)),
        ]
        assert nivaa(plan, B) == foer, "a preview writes nothing"
        assert ical.importer(scene.koordinator, plan.id, lest, None, erstatt=True, versjon=v.versjon) == 2
    assert [(f, p, k) for f, _t, p, k in nivaa(plan, B)] == [
        (MANDAG, to.person_id, "import"),
        (MANDAG + DAG, en.person_id, "import"),
        (MANDAG + 2 * DAG, en.person_id, "rotasjon"),
        (MANDAG + 3 * DAG, to.person_id, "rotasjon"),
    ]
    assert len(revisjon("vakt.erstattet", objekt=plan.id)) == 1
    # Who opens the old shift reads whose doing it was.
    tapt = db.session.scalars(sa.select(Vakt).where(Vakt.avlyst.is_not(None)).order_by(Vakt.fra)).first()
    assert tapt and oversikt.hent_vaktside(en, tapt.id).avlyst_av == scene.koordinator.navn
    for aktor in (en, to):
        koder = list(db.session.scalars(sa.select(Varsel.noekkel).where(Varsel.person_id == aktor.person_id)))
        assert sorted(k.split(":")[0] for k in koder) == ["vakt.mistet", "vakt.ny"]


def test_hele_tiden_i_filen_og_ingenting_utenfor(scene: Scene, plan: Vaktplan) -> None:
    """From the first shift of the file to its last; what is cut keeps its rest, and a hole is named."""
    en, to = scene.spesialist, scene.spesialist2
    halv = MANDAG + 12 * T
    lest = ical.les_fil(fil((to.navn, halv, MANDAG + DAG), (to.navn, MANDAG + 2 * DAG, MANDAG + 3 * DAG)))
    lag_vakt(plan, en, Nivaa.VAKTHAVENDE, MANDAG, MANDAG + 4 * DAG)
    with som_om(NAA):
        v = ical.vurder(scene.koordinator, plan.id, lest, None, erstatt=True)
        assert [h for u in v.tapt for h in u.hull] == [(MANDAG + DAG, MANDAG + 2 * DAG)] and v.hull == 1
        ical.importer(scene.koordinator, plan.id, lest, None, erstatt=True)
        assert [(f, t, p) for f, t, p, _k in nivaa(plan, B)] == [
            (MANDAG, halv, en.person_id),
            (halv, MANDAG + DAG, to.person_id),
            (MANDAG + 2 * DAG, MANDAG + 3 * DAG, to.person_id),
            (MANDAG + 3 * DAG, MANDAG + 4 * DAG, to.person_id),
        ]
        # Another level is another roster's business.
        assert len(nivaa(plan)) == 1
        # The same file again: it is all there.
        v = ical.vurder(scene.koordinator, plan.id, lest, None, erstatt=True)
        assert (v.antall["finnes"], v.nye, list(v.utgaar)) == (2, 0, [])


def test_det_som_har_vaert_skrives_ikke_om(scene: Scene, plan: Vaktplan) -> None:
    en, to = scene.spesialist, scene.spesialist2
    midt = MANDAG + 5 * T
    lest = ical.les_fil(fil((to.navn, MANDAG, MANDAG + DAG)))
    with som_om(midt):
        ical.importer(scene.koordinator, plan.id, lest, None, erstatt=True)
    foerste, andre = nivaa(plan, B)[:2]
    assert foerste[:3] == (MANDAG, midt, en.person_id) and andre[:3] == (midt, MANDAG + DAG, to.person_id)
    assert uten_overlapp(nivaa(plan, B))


def test_et_bytte_som_venter_bortfaller_og_haandarbeid_merkes(scene: Scene, plan: Vaktplan) -> None:
    en, to = scene.spesialist, scene.spesialist2
    with som_om(NAA):
        (sett,) = (v for v in vakter.mine_vakter(en, MANDAG, MANDAG + T))
        bytte_id = bytte.foreslaa(en, sett.id, to.medlemskap_id)  # type: ignore[arg-type]
        vakter.overstyr(scene.koordinator, plan.id, B, en.medlemskap_id, MANDAG + DAG, MANDAG + 2 * DAG)  # type: ignore[arg-type]
        lest = ical.les_fil(fil((to.navn, MANDAG, MANDAG + 2 * DAG)))
        v = ical.vurder(scene.koordinator, plan.id, lest, None, erstatt=True)
        assert [u.for_haand for u in v.tapt] == [False, True]
        ical.importer(scene.koordinator, plan.id, lest, None, erstatt=True)
    db.session.expire_all()
    assert db.session.get_one(Vaktbytte, bytte_id).tilstand == Byttetilstand.BORTFALT


def test_en_feil_i_filen_erstatter_ingenting(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    lest = ical.les_fil(
        fil((scene.spesialist2.navn, MANDAG, MANDAG + DAG), ("Ingen", MANDAG + DAG, MANDAG + 2 * DAG))
    )
    with som_om(NAA):
        foer = nivaa(plan, B)
        assert not ical.vurder(scene.koordinator, plan.id, lest, None, erstatt=True).utgaar
        with uten_spor(opptak), pytest.raises(UgyldigData):
            ical.importer(scene.koordinator, plan.id, lest, None, erstatt=True)
        assert nivaa(plan, B) == foer


def test_planen_er_endret_imens(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    """What falls out was another when it was shown: nothing is done, and it is shown again."""
    lest = ical.les_fil(fil((scene.spesialist2.navn, MANDAG, MANDAG + DAG)))
    with som_om(NAA):
        v = ical.vurder(scene.koordinator, plan.id, lest, None, erstatt=True)
        fra = MANDAG + 2 * DAG
        vakter.overstyr(scene.koordinator, plan.id, B, scene.spesialist2.medlemskap_id, fra, fra + T)  # type: ignore[arg-type]
        with uten_spor(opptak), pytest.raises(Utdatert):
            ical.importer(scene.koordinator, plan.id, lest, None, erstatt=True, versjon=v.versjon)


def test_sidene(som: Klient, scene: Scene) -> None:
    """Refused, then offered to replace, then what falls out, and then it is done."""
    plan = lag_vaktplan(scene.hf.id)
    fra = (now() + timedelta(days=3)).replace(microsecond=0)
    lag_vakt(plan, scene.spesialist, B, fra, fra + 8 * T, Vaktkilde.ROTASJON)
    klient, adresse = som(scene.koordinator), f"/vakt/planer/{plan.id}/import"
    data = fil((scene.spesialist2.navn, fra, fra + 6 * T))
    svar = klient.post(adresse, data={"nivaa": "", "fil": (BytesIO(data), "v.ics")})
    assert svar.status_code == 422 and "Erstatt det som står: vis hva som faller ut" in svar.text
    felter = {"nivaa": "", "tekst": data.decode(), "erstatt": "1"}
    svar = klient.post(adresse, data=felter)
    assert svar.status_code == 200 and "1 vakt faller ut." in svar.text and "Faller ut" in svar.text
    assert scene.spesialist.navn in svar.text and len(nivaa(plan, B)) == 1
    versjon = svar.text.split('name="versjon" value="')[1].split('"')[0]
    svar = klient.post(adresse, data={**felter, "lagre": "1", "versjon": "999"})
    assert svar.status_code == 409 and "endret etter at du så" in svar.text
    svar = klient.post(adresse, data={**felter, "lagre": "1", "versjon": versjon})
    assert svar.status_code == 303
    assert [p for _f, _t, p, _k in nivaa(plan, B)] == [
        scene.spesialist2.person_id,
        scene.spesialist.person_id,
    ]
