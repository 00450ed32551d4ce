"""What comes with the session, and the list of kommuner that is kept: the same as what is asked for anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.identitet import steps
from portal.identitet.models import Medlemskap, Organisasjon
from tests.bygg import Scene, lag_hf, lag_kommune, lag_medlemskap, lag_person, ny_sesjon, som_aktor


def test_rollene_som_foelger_med_oekten_er_de_som_gjelder(scene: Scene) -> None:
    person = lag_person("Aile")
    siden = [now() - timedelta(days=d) for d in (10, 40, 20)]
    eldst = lag_medlemskap(person, Rolle.SPESIALIST, scene.hf, fag=("geriatri", "indremedisin"), fra=siden[1])
    valgt = lag_medlemskap(person, Rolle.KOORDINATOR, scene.kommune, fra=siden[0])
    lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf, fra=siden[2])
    lag_medlemskap(person, Rolle.LEGE_KOMMUNE, scene.kommune, til=now() - timedelta(days=1))
    _aktor, token = ny_sesjon(som_aktor(person, valgt, scene.kommune, None))

    def like() -> list[str]:
        bruk = steps.sesjonsbruk(token)
        assert bruk is not None and bruk.roller == steps.gyldige_medlemskap(person.id)
        return [str(r.rolle) for r in bruk.roller]

    assert like() == ["spesialist", "vaktleder", "koordinator"]
    bruk = steps.sesjonsbruk(token)
    assert bruk is not None and bruk.aktor.medlemskap_id == valgt.id
    assert bruk.roller[0].fagomraader == {"geriatri", "indremedisin"}

    @transactional
    def avslutt() -> None:
        db.session.get_one(Medlemskap, eldst.id).gyldig_til = now()

    avslutt()
    assert like() == ["vaktleder", "koordinator"]


def test_kommunene_aa_velge_mellom_er_dagens(scene: Scene) -> None:
    def navn() -> list[str]:
        return [n for _id, n in steps.kommuner_for_valg()]

    foer = navn()
    ny = lag_kommune("Åfjord prøve")
    assert navn() == [*foer, "Åfjord prøve"]
    # Whoever gets the list may do with it what it wants.
    steps.kommuner_for_valg().clear()
    assert navn() == [*foer, "Åfjord prøve"]

    @transactional
    def kall(nytt: str, feiler: bool = False) -> None:
        db.session.scalars(sa.select(Organisasjon).where(Organisasjon.id == ny.id)).one().kortnavn = nytt
        db.session.flush()
        assert nytt in navn()
        if feiler:
            raise UgyldigData()

    with pytest.raises(UgyldigData):
        kall("Angret", feiler=True)
    assert navn() == [*foer, "Åfjord prøve"]
    # As many changes as the one that came to nothing, of another content.
    kall("Ærfjord")
    assert "Ærfjord" in navn() and "Angret" not in navn()
    lag_hf("Et foretak")
    assert "Et foretak" not in navn()
