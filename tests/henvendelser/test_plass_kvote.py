"""Holding a bed from a case where something is in the way: the quota is used, or the case has a bed already."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.henvendelser.forloep import Hendelsestype as T
from portal.henvendelser.service import plasser
from tests.bygg import Scene, lag_aktor, lag_enhet, logg_over
from tests.plasser.hjelp import lag_plassenhet

Som = Callable[[Aktor], FlaskClient]


def test_den_som_arbeider_ved_enheten_gir_en_plass_over_kvoten(scene: Scene, som: Som) -> None:
    """Asked once more, with a tick; the remark stays."""
    kvoter = {scene.kommune.id: 0, scene.annen_kommune.id: 1}
    hus = lag_enhet(scene.kommune, "oehd_enhet", "ØHD-enheten")
    enhet = lag_plassenhet(scene, 1, enhet=hus, kvoter=kvoter)
    lege = lag_aktor(scene.lege.rolle, scene.kommune, hus)  # type: ignore[arg-type]
    sak = scene.send(lege)
    skjema = {
        "plassenhet_id": str(enhet),
        "klient_id": str(uuid4()),
        "evner": "0",
        "merknad": "Kommer 21.30",
    }
    klient = som(lege)
    svar = klient.post(f"/henvendelser/{sak}/plass", data=skjema)
    assert svar.status_code == 409
    assert 'name="over_kvote"' in svar.text and "Kommer 21.30" in svar.text
    svar = klient.post(f"/henvendelser/{sak}/plass", data={**skjema, "over_kvote": "1"})
    assert svar.status_code == 303
    assert T.PLASS_HOLDT in {h.type for h in logg_over(sak)}


def test_andre_faar_ikke_gi_over_kvoten(scene: Scene) -> None:
    kvoter = {scene.kommune.id: 0, scene.annen_kommune.id: 1}
    lag_plassenhet(scene, 1, kvoter=kvoter)
    valg = plasser.hent_valg(scene.lege, scene.send())
    assert [r["gir_over"] for r in valg.egne] == [False]


def test_det_som_ble_skrevet_til_enheten_vises_naar_saken_har_en_plass_alt(scene: Scene, som: Som) -> None:
    enhet, sak = lag_plassenhet(scene, 2), scene.send()
    plasser.hold_plass(scene.kollega, sak, enhet, klient_id=uuid4())
    skjema = {
        "plassenhet_id": str(enhet),
        "klient_id": str(uuid4()),
        "evner": "0",
        "merknad": "Kommer 21.30",
    }
    svar = som(scene.lege).post(f"/henvendelser/{sak}/plass", data=skjema, follow_redirects=True)
    assert "Det du skrev til enheten, ble ikke sendt: «Kommer 21.30»" in svar.text
