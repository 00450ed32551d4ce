"""The bed in a case: nothing that the case's page offers is refused or needed no more."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.henvendelser.forloep import Raad, Status
from portal.henvendelser.service import flyt, plasser
from portal.plasser.models import Plassenhet
from portal.plasser.service import drift, reservasjoner
from tests.bygg import Scene, lag_aktor
from tests.plasser.hjelp import lag_plassenhet


def hold(aktor: Aktor, sak: UUID, enhet: UUID) -> UUID:
    return plasser.hold_plass(aktor, sak, enhet, klient_id=uuid4())


def saksplasser(klient: Any, sak: UUID) -> str:
    side: str = klient.get(f"/henvendelser/{sak}").text
    start = side.index('<section class="saksplasser')
    return side[start : side.index("</section>", start)]


def test_den_som_er_lagt_inn_inviteres_ikke_til_en_plass_til(scene: Scene, som: Any) -> None:
    """No call for a bed, in the panel or (data-innlagt) at the advice: a new one is asked for with few words."""
    enhet = lag_plassenhet(scene, 3)
    sak = scene.sak(Status.AKSEPTERT)
    flyt.besvar(scene.spesialist, sak, Raad.OEHD_PLASS, "Ta henne på ØHD.")
    vakt = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, db.session.get_one(Plassenhet, enhet).enhet)
    drift.legg_inn(vakt, enhet, reservasjon_id=hold(scene.lege, sak, enhet))
    for hvem, ny in ((scene.lege, True), (scene.spesialist, False)):
        side = saksplasser(som(hvem), sak)
        assert "Pasienten er lagt inn" in side and "Ingen plass er holdt ennå" not in side
        assert "plassrop" not in side and "data-innlagt" in side and ("Trenger en ny plass" in side) == ny
    # Another hold that comes to nothing: the patient lies where he lies.
    plasser.frigi_plass(scene.lege, sak, hold(scene.lege, sak, enhet))
    side = saksplasser(som(scene.lege), sak)
    assert "Pasienten er lagt inn" in side and "plassrop" not in side


def test_kvoten_som_er_brukt_sies_i_valget(scene: Scene, som: Any) -> None:
    enhet = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 1})
    reservasjoner.reserver(scene.kollega, enhet, klient_id=uuid4())
    valget = som(scene.lege).get(f"/henvendelser/{scene.send()}/plass/valg").text
    assert "Kvoten er brukt (1 av 1): ring" in valget and f'value="{enhet}"' not in valget
