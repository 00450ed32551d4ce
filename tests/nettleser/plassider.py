"""The pages of the emergency beds that axe measures, and what they are shown with."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from portal.identitet.demo import OEHD_ALTA
from portal.identitet.models import Enhet
from portal.plasser.historikk import Behovsvurdering, Opptrapping, Plassendring
from portal.plasser.models import Opphold, Plass, Plassenhet, Reservasjon
from tests.levende.tjener import Hus

#: Pages by the demo person who looks at them, beside those of test_sider.py.
SIDER: dict[str, tuple[str, ...]] = {
    "lege": (
        "/plasser/",
        "/plasser/?q=isolasjon+og+oksygen+innen+900+km",
        # Nothing near enough; and a word that is misspelt.
        "/plasser/?q=isolasjon+og+oksygn+innen+1+km+fra+Vardø",
        "/plasser/?grupper=enhet",
        "/plasser/kart",
        "/plasser/kart?kommune=5601",
        "/plasser/tabell",
        "/plasser/historikk?omraade=land&periode=90",
        "/plasser/{plassenhet}/historikk",
        "/plasser/{plassenhet}",
        "/plasser/{plassenhet}/hold",
    ),
    "koordinator": (
        *(f"/plasser/{{plassenhet}}{sti}" for sti in ("", "/registrering", "/import")),
        "/plasser/{plassenhet}/innleggelse?plass={ledigplass}",
        *(f"/plasser/{{plassenhet}}/opphold/{{opphold}}{sti}" for sti in ("", "/utskrivning")),
        "/plasser/{plassenhet}/hold/{hold}/avvis",
        "/plasser/ny",
        *(f"/plasser/{{plassenhet}}/forvalt{sti}" for sti in ("", "/plasser", "/kvoter", "/rett")),
        *(f"/plasser/{{plassenhet}}/forvalt/opptrapping{sti}" for sti in ("", "/ny", "/{opptrapping}")),
        "/plasser/{plassenhet}/forvalt/rett/opphold/{opphold}",
        "/plasser/{plassenhet}/forvalt/rett/plass/{plass}/{nr}",
        "/plasser/rapport?aar=2026",
        "/plasser/behov",
        "/plasser/behov/{vurdering}",
        "/plasser/behov/{vurdering}/utskrift",
    ),
    "koordinator_hf": (
        "/plasser/rapport",
        "/plasser/behov",
        "/plasser/behov/{vurdering}",
        "/plasser/rapport",
    ),
    # Under the bar of a unit that is stale.
    "koordinator_kautokeino": ("/plasser/behov", "/oppgaver"),
    "spesialist": ("/plasser/", "/plasser/kart?omraade=mitt"),
}


def lag(hus: Hus, alta: str) -> dict[str, str]:
    """The ids by the names that the addresses use: the unit in Alta, and the assessment of its kommune."""
    finnes = sa.select(Plassenhet.id).join(Enhet, Enhet.id == Plassenhet.enhet_id)
    enhet = hus.verdi(finnes.where(Enhet.navn == OEHD_ALTA))
    vurdering = hus.verdi(sa.select(Behovsvurdering.id).where(Behovsvurdering.kommune_id == UUID(alta)))
    tom = sa.select(Plass.id).where(Plass.plassenhet_id == enhet, Plass.tilstand.in_(("ledig", "rengjoeres")))
    ledig = hus.verdi(tom.limit(1))
    # The tests before this one may have taken every free bed of the demo's: the one that is cleaned is ready.
    with hus.motor.begin() as c:
        c.execute(sa.update(Plass).where(Plass.id == ledig).values(tilstand="ledig"))
    opptrapping = sa.select(Opptrapping.id).where(
        Opptrapping.plassenhet_id == enhet, Opptrapping.avviklet.is_(None)
    )
    ligger = sa.select(Opphold.id).where(Opphold.plassenhet_id == enhet, Opphold.ut.is_(None))
    sagt = (
        sa.select(Plassendring.plass_id, Plassendring.nr)
        .where(
            Plassendring.plassenhet_id == enhet,
            Plassendring.aarsak == "side",
            Plassendring.tilstand == "ledig",
            Plassendring.rettet.is_(None),
        )
        .order_by(Plassendring.tidspunkt.desc())
        .limit(1)
    )
    ((plass, nr),) = hus.rader(sagt)
    return {
        "plassenhet": str(enhet),
        "plass": str(plass),
        "nr": str(nr),
        "ledigplass": str(ledig),
        "opptrapping": str(hus.verdi(opptrapping.limit(1))),
        "opphold": str(hus.verdi(ligger.limit(1))),
        "hold": str(hus.verdi(sa.select(Reservasjon.id).where(Reservasjon.plassenhet_id == enhet).limit(1))),
        "vurdering": str(vurdering),
    }
