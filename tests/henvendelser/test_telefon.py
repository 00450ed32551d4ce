"""Which number to ring about a case: the same one in every place at every moment, and never under another's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.henvendelser.eskalering import lesing, service, telefon
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import flyt, innsending
from portal.henvendelser.service.lesing import numre_aa_ringe
from portal.vakt.models import Nivaa, Vaktplan
from portal.varsler.models import Varsel
from tests.bygg import Scene, om
from tests.vakthjelp import lag_policy, lag_vakt, lag_vaktplan, lag_vakttelefon

Som = Callable[[Aktor], FlaskClient]
VAKTHAVENDE, BAKVAKT, VAKTLEDER = "900 00 001", "900 00 002", "900 00 003"


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    """Siri is vakthavende, her colleague bakvakt; the vakthavende has a telephone, the bakvakt none yet."""
    plan = lag_vaktplan(scene.hf.id)
    lag_vakt(plan, scene.spesialist, Nivaa.VAKTHAVENDE, now() - timedelta(hours=1))
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, now() - timedelta(hours=1))
    lag_vakttelefon(plan, Nivaa.VAKTHAVENDE, "+4790000001")
    return plan


def ringes(som: Som, scene: Scene, sak: UUID) -> set[str]:
    """What the requester's page calls the number, with the number, in all its places; and the list's agrees."""
    html = som(scene.lege).get(f"/henvendelser/{sak}").text
    html = (
        html[: html.index("<template data-ring")] + html[html.index("</template>", html.index("data-ring")) :]
    )
    lenker = re.findall(r'<a [^>]*href="tel:(?!113"|116117")[^"]*"[^>]*>(.*?)</a>', html, re.S)
    tekster = {" ".join(unescape(re.sub(r"<[^>]+>", " ", t)).split()) for t in lenker}
    funnet = {t.replace(": ", " ") for t in tekster if t.startswith(("Ring", "Vakttelefon"))}
    numre = {re.sub(r"^\D+", "", t) for t in funnet}
    assert numre == {numre_aa_ringe(scene.lege, [scene.les(sak)])[sak]}
    return funnet


def test_ett_nummer_gjennom_saken(scene: Scene, plan: Vaktplan, som: Som) -> None:
    svar = som(scene.lege).get(f"/api/v1/mottakere?kommune={scene.kommune.id}").json
    hos = next(m for m in svar["mottakere"] if m["id"] == str(scene.hf.id))
    fag = {f["kode"]: f["vakttelefon"] for f in hos["fagomraader"]}
    assert fag["indremedisin"] == dict.fromkeys(("akutt", "haster", "vanlig"), VAKTHAVENDE)
    assert fag["kirurgi"] == {}

    sak = scene.send()
    assert ringes(som, scene, sak) == {f"Ring vakthavende {VAKTHAVENDE}"}
    # The bakvakt has no telephone of their own: the vakthavende's is not called that of the one who has the case.
    flyt.aksepter(scene.spesialist2, sak)
    assert ringes(som, scene, sak) == {f"Vakttelefon indremedisin {VAKTHAVENDE}"}
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002")
    assert ringes(som, scene, sak) == {f"Ring bakvakt {BAKVAKT}"}
    flyt.besvar(scene.spesialist2, sak, "behandles_i_kommunen", "Øk dosen.")
    assert ringes(som, scene, sak) == {f"Ring bakvakt {BAKVAKT}"}
    assert "er ikke lagt inn" not in som(scene.lege).get(f"/henvendelser/{sak}").text


@pytest.mark.parametrize("status", [Status.LUKKET, Status.TRUKKET])
def test_en_ferdig_sak_har_nummer(scene: Scene, plan: Vaktplan, som: Som, status: Status) -> None:
    sak = scene.sak(status)
    hvem = "Ring vakthavende" if scene.les(sak).ansvarlig_id else "Vakttelefon indremedisin"
    assert ringes(som, scene, sak) == {f"{hvem} {VAKTHAVENDE}"}


def test_skjemaet_foelger_hastegradens_trinn(scene: Scene, plan: Vaktplan) -> None:
    """The urgency decides who is told first, and so whom the form says to ring: the same as the case a second later."""
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002")
    lag_policy(scene.hf.id, "akutt", [("bakvakt", 0), ("vakthavende", 5)])
    lag_policy(scene.hf.id, "haster", [("vaktleder", 0), ("bakvakt", 5)], fagomraade="indremedisin")
    numre = telefon.for_nye([scene.hf.id], ["akutt", "haster", "vanlig"])[scene.hf.id, "indremedisin"]
    assert numre == {"akutt": BAKVAKT, "haster": BAKVAKT, "vanlig": VAKTHAVENDE}
    for hastegrad, nummer in numre.items():
        sak = scene.les(scene.send(hastegrad=hastegrad))
        assert telefon.for_sak(sak).nummer == telefon.for_saker([sak])[sak.id].nummer == nummer


def test_varselet_ved_enden_har_sidens_nummer(scene: Scene, plan: Vaktplan, som: Som) -> None:
    lag_vakt(plan, scene.vaktleder, Nivaa.VAKTLEDER, now() - timedelta(hours=1))
    lag_vakttelefon(plan, Nivaa.VAKTLEDER, "+4790000003")
    lag_policy(scene.hf.id, "haster", [("vakthavende", 0), ("vaktleder", 5)])
    sak = scene.send()
    for minutter in (5, 15):
        with om(minutes=minutter, seconds=2):
            service.kjoer_forfalte()
    with om(minutes=16):
        stige = lesing.hent_stige(scene.lege, scene.les(sak))
        assert stige and stige.uttoemt
        assert ringes(som, scene, sak) == {f"Ring vaktleder {VAKTLEDER}"}
        titler = db.session.scalars(
            sa.select(Varsel.tittel).where(Varsel.person_id == scene.lege.person_id)
        ).all()
        assert [t for t in titler if "Ring" in t and VAKTLEDER in t] and not [
            t for t in titler if VAKTHAVENDE in t
        ]


def test_en_ny_runde_begynner_usett(scene: Scene, plan: Vaktplan, som: Som) -> None:
    """What was seen in the first climb stands there, folded; the notice of the second one has nobody seen yet."""
    lag_policy(scene.hf.id, "haster", [("vakthavende", 0)], gjentakelser=3, gjenta_etter=10)
    sak = scene.send()
    with om(minutes=2):
        innsending.apne(scene.spesialist, sak)
    with om(minutes=10, seconds=1):
        service.kjoer_forfalte()
    with om(minutes=11):
        stige = lesing.hent_stige(scene.lege, scene.les(sak))
        assert stige and [t.sett for t in stige.trinn] == [None]
        (runde,) = stige.tidligere
        (foer,) = runde.trinn
        assert runde.nummer == 1 and foer.sett and foer.tidspunkt < foer.sett < stige.trinn[0].tidspunkt
        html = som(scene.lege).get(f"/henvendelser/{sak}").text
        bit = html[html.index('<details class="stige__runde"') :]
        foerste, naa = bit[: bit.index("</details>")], bit[bit.index("</details>") : bit.index("</section>")]
        assert "Runde 1" in foerste and "Siri Spesialist" in foerste and "trinn__sett" in foerste
        assert "Ikke sett ennå" in naa and "trinn__sett" not in naa


def test_sett_i_den_nye_runden_er_ikke_den_gamles(scene: Scene, plan: Vaktplan) -> None:
    lag_policy(scene.hf.id, "haster", [("vakthavende", 0)], gjentakelser=3, gjenta_etter=10)
    sak = scene.send()
    with om(minutes=10, seconds=1):
        service.kjoer_forfalte()
    with om(minutes=11):
        innsending.apne(scene.spesialist, sak)
        stige = lesing.hent_stige(scene.lege, scene.les(sak))
        assert stige and stige.trinn[0].sett and stige.tidligere[0].trinn[0].sett is None
