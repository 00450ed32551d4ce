"""Who an administrator shuts out on the pages is out at once, and by the tick where the event is lost."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.levende.conftest import Folk
from tests.levende.folk import NyPerson, ny_person
from tests.levende.klient import Person as Innlogget
from tests.levende.test_tilgang import stengt_ute
from tests.levende.tjener import Hus, Tjener


@pytest.fixture
def person(hus: Hus, finnmark: UUID) -> NyPerson:
    """A specialist made for one test."""
    return ny_person(hus, "spesialist", finnmark, "indremedisin")


@pytest.mark.parametrize("hva", ["steng", "avslutt", "logg-ut"])
def test_administratoren_stenger_vinduet(
    tjener: Tjener, tikkende: Tjener, folk: Folk, sak: str, person: NyPerson, hva: str
) -> None:
    her = Innlogget.logg_inn(tjener, person.epost)
    straks, ved_tikket = her.sokkel(), her.hos(tikkende).sokkel()
    for vindu in (straks, ved_tikket):
        vindu.abonner(sak)
    adresse = f"/folk/{person.id}/" + (f"roller/{person.medlemskap_id}/avslutt" if hva == "avslutt" else hva)
    assert folk("vaktleder").skjema(adresse).status == 403
    assert folk("administrator").skjema(adresse).status == 404
    assert not straks.lukket
    assert folk("administrator_hf").skjema(adresse).status == 303
    straks.vent_lukket()
    ved_tikket.vent_lukket()
    stengt_ute(her)
