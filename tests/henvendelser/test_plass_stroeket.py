"""An admission from a case that never was is struck: the case says so, at once or when the job comes to it."""

from __future__ import annotations

import pytest

from portal.core.aktor import Rolle
from portal.henvendelser.forloep import Hendelsestype
from portal.henvendelser.journaltekst import lag_dokument, ordbok, som_tekst
from portal.henvendelser.service import journal, plasser
from portal.plasser.service import drift, retting
from tests.bygg import Scene, lag_aktor, logg_over
from tests.henvendelser.test_plasser import Som, _enhet, hold, lag_plassenhet, les, typer
from tests.plasser.hjelp import les_opphold

T = Hendelsestype


@pytest.mark.parametrize("tapt", [False, True])
def test_en_stroeket_innleggelse_fortelles(
    scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch, tapt: bool
) -> None:
    enhet, sak = lag_plassenhet(scene), scene.send()
    vakt = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, _enhet(enhet))
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    reservasjon_id = hold(scene.lege, sak, enhet)
    drift.legg_inn(vakt, enhet, reservasjon_id=reservasjon_id)
    plasser.foelg_plasser()
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_INNLAGT]
    if tapt:
        monkeypatch.setattr(plasser, "foelg_plass", lambda *_: None)
    (opphold,) = les_opphold(enhet)
    retting.stryk_opphold(koordinator, enhet, opphold.id, lest=opphold.versjon, begrunnelse="Kom aldri.")
    assert plasser.foelg_plasser() == int(tapt)
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_INNLAGT, T.PLASS_FRIGITT]
    assert logg_over(sak)[-1].data["hva"] == "stroeket" and les(reservasjon_id).status == "frigitt"
    assert "Innleggelsen er strøket" in som(scene.lege).get(f"/henvendelser/{sak}").text
    dok = som_tekst(lag_dokument(journal.eksporter(scene.lege, sak, "tekst"), ordbok()))
    assert "ØHD-plass gitt fri: ØHD-enheten, innleggelsen er strøket" in dok
    assert plasser.foelg_plasser() == 0
