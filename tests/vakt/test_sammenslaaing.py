"""Two organisations become one: their rosters follow, and nobody is without cover on the day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Organisasjon, Organisasjonstype
from portal.vakt import steps
from portal.vakt.models import Eskaleringspolicy, Fravaer, Nivaa, Rotasjon, Vaktbytte, Vaktplan
from portal.vakt.service import bytte, planer, rotasjoner
from portal.vakt.service.sammenslaaing import foelg_sammenslaatte
from tests.bygg import Opptak, Scene, lag_aktor, lag_organisasjon, revisjon, skriv, uten_spor
from tests.vakt.hjelp import DAG, NAA, T, fortalt, lag_fravaer, nivaa
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

V, B, L = Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT, Nivaa.VAKTLEDER


@pytest.fixture(autouse=True)
def klokka() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    skriv(sa.update(Medlemskap).values(gyldig_fra=NAA - 400 * DAG))
    db.session.expire_all()
    return lag_vaktplan(scene.hf.id)


@transactional
def slaa_sammen(gammel_id: UUID, ny_id: UUID) -> None:
    """What the register does: memberships go on in the successor, with their fagområder, from the same moment."""
    gammel = db.session.get_one(Organisasjon, gammel_id)
    gammel.nedlagt, gammel.etterfolger_id = now().date(), ny_id
    for m in db.session.scalars(
        sa.select(Medlemskap).where(Medlemskap.organisasjon_id == gammel_id, Medlemskap.gyldig_til.is_(None))
    ).all():
        m.gyldig_til = now()
        db.session.add(
            Medlemskap(
                id=uuid4(),
                person_id=m.person_id,
                organisasjon_id=ny_id,
                enhet_id=m.enhet_id,
                rolle=m.rolle,
                gyldig_fra=now(),
                fag=[MedlemskapFagomraade(fagomraade=f) for f in sorted(m.fagomraader)],
            )
        )


def paa_vakt(organisasjon_id: UUID) -> dict[str, UUID]:
    db.session.rollback()
    return {n: p.person_id for n, p in steps.paa_vakt(organisasjon_id, "indremedisin").items()}


def en_rotasjon(scene: Scene, plan: Vaktplan, hvem: Aktor, hvilket: str = B) -> UUID:
    felt: dict[str, Any] = {
        "gjelder_fra": (NAA + 10 * DAG).date(),
        "klokke_fra": "08:00",
        "klokke_til": "08:00",
        "dagtyper": ["hverdag", "helg", "helligdag"],
        "dager_per_tur": 7,
    }
    hos = Aktor.system("test")
    return rotasjoner.lag(hos, plan.id, hvilket, deltakere=[hvem.medlemskap_id], **felt)  # type: ignore[list-item]


def test_planen_foelger_med_alt_den_har(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    ny = lag_organisasjon(Organisasjonstype.HF, "Storsykehuset")
    koordinator = lag_aktor(Rolle.KOORDINATOR, ny, navn="Kine Koordinator")
    lag_vakt(plan, scene.spesialist, V, fra=NAA - T, til=NAA + 7 * T)
    kommende = lag_vakt(plan, scene.spesialist, V, fra=NAA + DAG, til=NAA + 2 * DAG)
    har_vaert = lag_vakt(plan, scene.spesialist2, V, fra=NAA - 9 * T, til=NAA - T)
    lag_vakttelefon(plan, V, "+4790000077")
    lag_policy(scene.hf.id, "akutt", [("bakvakt", 0)])
    lag_policy(scene.hf.id, "haster", [("vaktleder", 7)], fagomraade="indremedisin")
    rotasjon = en_rotasjon(scene, plan, scene.spesialist2)
    borte = lag_fravaer(scene.spesialist2, NAA + 20 * DAG, NAA + 21 * DAG)
    assert scene.spesialist2.medlemskap_id
    forslag = bytte.foreslaa(scene.spesialist, kommende.id, scene.spesialist2.medlemskap_id)
    foer = nivaa(plan), nivaa(plan, B)
    slaa_sammen(scene.hf.id, ny.id)
    # Between the register and the job nobody is there: they are one command, and a minute apart at most.
    assert paa_vakt(ny.id) == {}
    opptak.hendelser.clear()

    assert foelg_sammenslaatte() == 1
    assert paa_vakt(ny.id) == {V: scene.spesialist.person_id}
    assert (nivaa(plan), nivaa(plan, B)) == foer
    assert steps.vakttelefoner(ny.id, "indremedisin")[V].nummer == "+4790000077"
    with som_om(NAA + 12 * DAG):
        assert paa_vakt(ny.id) == {B: scene.spesialist2.person_id}
    # What has been is where it was.
    db.session.refresh(har_vaert)
    assert har_vaert.medlemskap_id == scene.spesialist2.medlemskap_id
    assert steps.policy_for(ny.id, "indremedisin", "akutt").ledd == (steps.Ledd("bakvakt", 0),)
    assert steps.policy_for(ny.id, "indremedisin", "haster").ledd == (steps.Ledd("vaktleder", 7),)
    # The old house's rule for all is not the new one's for others.
    assert steps.policy_for(ny.id, "kirurgi", "akutt") == steps.STANDARD["akutt"]
    assert db.session.get_one(Fravaer, borte.id).organisasjon_id == ny.id
    assert revisjon("vakt.plan_viderefoert", objekt=plan.id)
    assert fortalt(koordinator) == ["Vaktplan ført videre etter sammenslåing: Indremedisin"]
    assert {d["organisasjon_id"] for n, d in opptak.hendelser if n == "vakt.endret"} == {scene.hf.id, ny.id}
    with uten_spor(opptak):
        assert foelg_sammenslaatte() == 0
    # And life goes on: the swap is answered, the rotation is filled on.
    nye = {
        m.person_id: m for m in db.session.scalars(sa.select(Medlemskap).where(Medlemskap.gyldig_fra == NAA))
    }
    b = db.session.get_one(Vaktbytte, forslag)
    assert (b.fra_medlemskap_id, b.til_medlemskap_id) == (
        nye[scene.spesialist.person_id].id,  # type: ignore[index]
        nye[scene.spesialist2.person_id].id,  # type: ignore[index]
    )
    with som_om(NAA + 30 * DAG):
        assert rotasjoner.fyll_fram() > 0
        db.session.expire_all()
        assert db.session.get_one(Rotasjon, rotasjon).vaktplan_id == plan.id
    assert all(p == scene.spesialist2.person_id for _f, _t, p, _k in nivaa(plan, B))


def test_etterfolgeren_har_sin_egen_plan(scene: Scene, plan: Vaktplan) -> None:
    """It goes first; what it leaves empty is filled from the other, so that there is cover wherever there was."""
    deres = lag_vaktplan(scene.annet_hf.id)
    annen = scene.fremmed_spesialist
    lag_vakt(deres, annen, V, fra=NAA - T, til=NAA + 4 * T)
    lag_vakt(plan, scene.spesialist, V, fra=NAA - T, til=NAA + 7 * T)
    lag_vakt(plan, scene.spesialist2, V, fra=NAA + 7 * T, til=NAA + 9 * T)
    lag_vakt(plan, scene.spesialist2, B, fra=NAA - T, til=NAA + 9 * T)
    lag_vakttelefon(deres, V, "+4790000010")
    lag_vakttelefon(plan, V, "+4790000011")
    lag_vakttelefon(plan, B, "+4790000012")
    lag_policy(scene.annet_hf.id, "akutt", [("vakthavende", 0)], fagomraade="indremedisin", gjenta_etter=3)
    lag_policy(scene.hf.id, "akutt", [("bakvakt", 0)], fagomraade="indremedisin")
    en_rotasjon(scene, deres, annen, V)
    egen, videre = en_rotasjon(scene, plan, scene.spesialist, V), en_rotasjon(scene, plan, scene.spesialist2)
    slaa_sammen(scene.hf.id, scene.annet_hf.id)

    assert foelg_sammenslaatte() == 1
    assert paa_vakt(scene.annet_hf.id) == {V: annen.person_id, B: scene.spesialist2.person_id}
    assert [(f, t, p) for f, t, p, _k in nivaa(deres)[:3]] == [
        (NAA - T, NAA + 4 * T, annen.person_id),
        (NAA + 4 * T, NAA + 7 * T, scene.spesialist.person_id),
        (NAA + 7 * T, NAA + 9 * T, scene.spesialist2.person_id),
    ]
    assert nivaa(deres, B)[0][:3] == (NAA, NAA + 9 * T, scene.spesialist2.person_id)
    telefoner = steps.vakttelefoner(scene.annet_hf.id, "indremedisin")
    assert {n: t.nummer for n, t in telefoner.items()} == {V: "+4790000010", B: "+4790000012"}
    assert steps.policy_for(scene.annet_hf.id, "indremedisin", "akutt").gjenta_etter == 3
    db.session.expire_all()
    assert db.session.get_one(Vaktplan, plan.id).avsluttet == NAA
    assert db.session.get_one(Rotasjon, egen).avsluttet == NAA
    assert db.session.get_one(Rotasjon, videre).vaktplan_id == deres.id
    gjelder = sa.select(sa.func.count()).where(
        Eskaleringspolicy.organisasjon_id == scene.hf.id, Eskaleringspolicy.erstattet.is_(None)
    )
    assert db.session.scalar(gjelder) == 0
    # Whoever lost some of a shift is told; whoever lost none is not.
    assert "Vakten din er endret: Indremedisin, Vakthavende" in fortalt(scene.spesialist)
    assert "Vakten din er endret: Indremedisin, Bakvakt" not in fortalt(scene.spesialist2)
    assert foelg_sammenslaatte() == 0


def test_en_avsluttet_plan_hos_etterfolgeren_aapnes(scene: Scene, plan: Vaktplan) -> None:
    deres = lag_vaktplan(scene.annet_hf.id)
    planer.avslutt_plan(Aktor.system("test"), deres.id)
    lag_vakt(plan, scene.spesialist, V, fra=NAA - T, til=NAA + 7 * T)
    slaa_sammen(scene.hf.id, scene.annet_hf.id)
    assert foelg_sammenslaatte() == 1
    assert paa_vakt(scene.annet_hf.id) == {V: scene.spesialist.person_id}


def test_to_slaas_sammen_i_en_ny(scene: Scene, plan: Vaktplan) -> None:
    """Both plans come to the new house: the first is its own, the second fills what that leaves empty."""
    deres = lag_vaktplan(scene.annet_hf.id)
    lag_vakt(plan, scene.spesialist, V, fra=NAA - T, til=NAA + 7 * T)
    lag_vakt(deres, scene.fremmed_spesialist, B, fra=NAA - T, til=NAA + 7 * T)
    ny = lag_organisasjon(Organisasjonstype.HF, "Storsykehuset")
    slaa_sammen(scene.hf.id, ny.id)
    slaa_sammen(scene.annet_hf.id, ny.id)
    assert foelg_sammenslaatte() == 2
    assert paa_vakt(ny.id) == {V: scene.spesialist.person_id, B: scene.fremmed_spesialist.person_id}
    aapne = sa.select(sa.func.count()).where(Vaktplan.avsluttet.is_(None))
    assert db.session.scalar(aapne) == 1
