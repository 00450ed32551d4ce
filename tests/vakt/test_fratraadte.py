"""Who has left, or lost the role or its fagområde: those who keep the rosters hear of it once for each loss."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.vakt.models import Vaktplan
from portal.vakt.service import fratraadte
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, lag_aktor, lagre, setninger, uten_spor
from tests.samtidig import samtidig
from tests.vakt.hjelp import DAG, NAA, T, endre, fortalt, kl, spesialist
from tests.vakthjelp import lag_vakt, lag_vaktplan

ROLLEN = "Vakter må dekkes: Åse Sluttet har ikke lenger rollen"
FAGET = "Vakter må dekkes: Åse Sluttet svarer ikke lenger for Indremedisin"


@pytest.fixture(autouse=True)
def _klokke() -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


@pytest.fixture
def aase(scene: Scene, plan: Vaktplan) -> Aktor:
    """Somebody with three shifts to come, one of them running for days."""
    hvem = spesialist(scene, "Åse Sluttet")
    lag_vakt(plan, hvem, fra=NAA - T, til=NAA + 10 * DAG)
    lag_vakt(plan, hvem, fra=NAA + 12 * DAG)
    lag_vakt(plan, hvem, fra=NAA + 20 * DAG)
    return hvem


@transactional
def slett_fag(aktor: Aktor, fag: str = "indremedisin") -> None:
    db.session.execute(
        sa.delete(MedlemskapFagomraade).where(
            MedlemskapFagomraade.medlemskap_id == aktor.medlemskap_id, MedlemskapFagomraade.fagomraade == fag
        )
    )


def gi_fag(aktor: Aktor, fag: str = "indremedisin") -> None:
    lagre(MedlemskapFagomraade(medlemskap_id=aktor.medlemskap_id, fagomraade=fag))


def staar(aktor: Aktor) -> list[str]:
    """The titles that the actor's bell still shows."""
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Varsel.tittel).where(Varsel.person_id == aktor.person_id, Varsel.stoppet.is_(None))
        )
    )


def test_koordinatoren_faar_vite_om_den_som_har_sluttet(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    sluttet, stengt, mistet = (spesialist(scene, n) for n in ("Åse Sluttet", "Bo Stengt", "Cato Uten Fag"))
    for n, hvem in enumerate((sluttet, stengt, mistet, scene.spesialist)):
        for dag in (3, 9):
            lag_vakt(plan, hvem, fra=NAA + (dag * 4 + n) * DAG)
    assert fratraadte.meld_fratraadte() == 0
    endre(Medlemskap, sluttet.medlemskap_id, gyldig_til=NAA + 5 * T)
    endre(Person, stengt.person_id, aktiv=False)
    db.session.rollback()
    slett_fag(mistet)
    assert fratraadte.meld_fratraadte() == 3
    assert sorted(fortalt(scene.koordinator)) == [
        "Vakter må dekkes: Bo Stengt har ikke lenger rollen",
        "Vakter må dekkes: Cato Uten Fag svarer ikke lenger for Indremedisin",
        "Vakter må dekkes: Åse Sluttet har ikke lenger rollen",
    ]
    assert "2 vakter" in db.session.scalars(sa.select(Varsel.tekst)).all()[0]
    with uten_spor(opptak):
        assert fratraadte.meld_fratraadte() == 3


def test_dagen_i_varselet_er_den_paa_klokka_i_oslo(scene: Scene, plan: Vaktplan) -> None:
    """From half past midnight in Oslo: by UTC it is the evening before."""
    sluttet = spesialist(scene)
    lag_vakt(plan, sluttet, fra=kl("2026-03-20 00:30"))
    endre(Medlemskap, sluttet.medlemskap_id, gyldig_til=NAA + 5 * T)
    assert fratraadte.meld_fratraadte() == 1
    assert "den første 20.03.2026" in db.session.scalars(sa.select(Varsel.tekst)).one()


def test_uten_koordinator_faar_vaktlederen_vite_det(scene: Scene) -> None:
    plan = lag_vaktplan(scene.annet_hf.id)
    sluttet = lag_aktor(Rolle.SPESIALIST, scene.annet_hf)
    lag_vakt(plan, sluttet, fra=NAA + DAG)
    endre(Medlemskap, sluttet.medlemskap_id, gyldig_til=NAA + T)
    fratraadte.meld_fratraadte()
    assert len(fortalt(scene.fremmed_vaktleder)) == 1 and fortalt(scene.koordinator) == []


@pytest.mark.parametrize("tap", ["rolle", "fag"])
def test_mistet_fatt_igjen_og_mistet_paa_nytt(scene: Scene, aase: Aktor, opptak: Opptak, tap: str) -> None:
    """The first shift that nobody has is the same each time, and so is the day on which the role ends."""

    def ta() -> None:
        slett_fag(aase) if tap == "fag" else endre(Person, aase.person_id, aktiv=False)

    def gi() -> None:
        gi_fag(aase) if tap == "fag" else endre(Person, aase.person_id, aktiv=True)

    tittel = FAGET if tap == "fag" else ROLLEN
    for runde in range(3):
        with som_om(NAA + runde * 2 * T):
            ta()
            assert fratraadte.meld_fratraadte() == 1
            assert staar(scene.koordinator) == [tittel]
            with uten_spor(opptak):
                assert fratraadte.meld_fratraadte() == 1
        with som_om(NAA + (runde * 2 + 1) * T):
            gi()
            # What is so no longer, stands in nobody's bell.
            assert fratraadte.meld_fratraadte() == 0 and staar(scene.koordinator) == []
            with uten_spor(opptak):
                assert fratraadte.meld_fratraadte() == 0
    assert fortalt(scene.koordinator) == [tittel] * 3


def test_ett_tap_sies_en_gang_mens_vaktene_gaar_forbi(scene: Scene, aase: Aktor) -> None:
    endre(Person, aase.person_id, aktiv=False)
    for dag in range(20):
        with som_om(NAA + dag * DAG + T):
            assert fratraadte.meld_fratraadte() == 1
    assert fortalt(scene.koordinator) == [ROLLEN]


def test_den_som_kommer_til_faar_ogsaa_vite_det(scene: Scene, aase: Aktor) -> None:
    endre(Person, aase.person_id, aktiv=False)
    fratraadte.meld_fratraadte()
    ny = lag_aktor(Rolle.KOORDINATOR, scene.hf)
    with som_om(NAA + T):
        fratraadte.meld_fratraadte()
        fratraadte.meld_fratraadte()
    assert fortalt(scene.koordinator) == fortalt(ny) == [ROLLEN]


def test_en_ny_sluttdag_sies_paa_nytt(scene: Scene, aase: Aktor) -> None:
    for dag in (11, 15):
        endre(Medlemskap, aase.medlemskap_id, gyldig_til=NAA + dag * DAG)
        fratraadte.meld_fratraadte()
        fratraadte.meld_fratraadte()
    assert fortalt(scene.koordinator) == [ROLLEN] * 2


def test_uten_noen_aa_si_det_til_skrives_ingenting(scene: Scene, opptak: Opptak) -> None:
    for hvem in (scene.koordinator, scene.vaktleder, scene.administrator):
        endre(Medlemskap, hvem.medlemskap_id, gyldig_til=NAA)
    hvem = spesialist(scene, "Åse Sluttet")
    lag_vakt(lag_vaktplan(scene.hf.id), hvem, fra=NAA + DAG)
    endre(Person, hvem.person_id, aktiv=False)
    with uten_spor(opptak):
        assert fratraadte.meld_fratraadte() == 1


def test_to_arbeidere_sier_det_en_gang(
    app: Flask, scene: Scene, aase: Aktor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have found that it is not told, and their clocks differ."""
    endre(Person, aase.person_id, aktiv=False)
    begge, ekte = Barrier(2), fratraadte._usagte

    def usagte(*hva: Any) -> bool:
        svar = ekte(*hva)
        begge.wait(10)
        return svar

    monkeypatch.setattr(fratraadte, "_usagte", usagte)

    def senere() -> int:
        with som_om(NAA + timedelta(seconds=2)):
            return fratraadte.meld_fratraadte()

    assert samtidig(app, fratraadte.meld_fratraadte, senere) == [1, 1]
    assert fortalt(scene.koordinator) == [ROLLEN]


def test_kostnaden_foelger_ikke_historien(scene: Scene, plan: Vaktplan, aase: Aktor) -> None:
    """What is found is sought from the present on, by the index, and outside any transaction when nothing is new."""
    endre(Person, aase.person_id, aktiv=False)
    fratraadte.meld_fratraadte()
    foer = setninger(fratraadte.meld_fratraadte)
    for dag in range(40, 60):
        lag_vakt(plan, aase, fra=NAA - dag * DAG)
    assert setninger(fratraadte.meld_fratraadte) == foer <= 6
    skrev: list[str] = []

    def tell(_c: object, _m: object, setning: str, *_: object) -> None:
        skrev.append(setning)

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        fratraadte.meld_fratraadte()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert all("FOR " not in s and not s.startswith(("INSERT", "UPDATE", "DELETE")) for s in skrev)
    (vaktene,) = [s for s in skrev if "FROM vakt" in s]
    assert "vakt.fra >" in vaktene
