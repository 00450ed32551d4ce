"""The pages of reallocation that axe measures, and what they are shown with."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from portal.omdisponering.models import Behov
from portal.omdisponering.ressursmodeller import Lokale, Ressursperson
from tests.levende.tjener import Hus
from tests.nettleser import oppfoelgingssider

#: Pages by the demo person who looks at them, beside those of test_sider.py. {names} stand for ids (`lag`).
SIDER: dict[str | None, tuple[str, ...]] = {
    "koordinator": (
        *("/omdisponering/", "/omdisponering/forslag", "/omdisponering/behov/ny"),
        *(f"/omdisponering/behov/{{behov}}/{sti}" for sti in ("forslag", "endre")),
    ),
    "koordinator_hf": (
        *(
            f"/omdisponering/{sti}"
            for sti in ("naa", "tidslinje", "tidslinje?vindu=tre_maaneder&vis=enkeltvis")
        ),
        "/omdisponering/tidslinje?vis_omraade={finnmark}",
        *(f"/omdisponering/{sti}" for sti in ("", "behov", "behov/{behov}")),
        *(f"/omdisponering/tilbud{sti}" for sti in ("", "/ny", "/ny?slag=lokale", "/ny?behov={behov}")),
        *(
            f"/omdisponering/personer{sti}"
            for sti in ("", "/ny", "/import", "/{ressursperson}", "/{ressursperson}/endre")
        ),
        *(f"/omdisponering/lokaler{sti}" for sti in ("", "/ny", "/{lokale}", "/{lokale}/endre")),
        "/omdisponering/minstebemanning",
        *("/omdisponering/forslag", "/omdisponering/behov/{behov}/forslag", "/omdisponering/{gaar}"),
    ),
}
for _hvem, _sider in oppfoelgingssider.SIDER.items():
    SIDER[_hvem] = SIDER.get(_hvem, ()) + _sider


def lag(hus: Hus, alta: str, finnmark: str) -> dict[str, str]:
    """The ids by the names that the addresses use, from the demo's data."""
    behov = sa.select(Behov.id).where(Behov.organisasjon_id == UUID(alta), Behov.status == "aapent")
    return {
        **oppfoelgingssider.lag(hus, alta),
        "behov": str(hus.verdi(behov.order_by(Behov.opprettet).limit(1))),
        "ressursperson": str(hus.verdi(sa.select(Ressursperson.id).where(Ressursperson.navn == "Siv Ærøe"))),
        "lokale": str(hus.verdi(sa.select(Lokale.id).limit(1))),
    }
