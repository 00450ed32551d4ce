"""The demo's rosters: a year of shifts for every specialty the demo answers for, and a gap to be found."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.core.errors import IkkeTilgang
from portal.identitet import demo as identitet_demo
from portal.identitet.models import Medlemskap, MedlemskapFagomraade, Person
from portal.identitet.service import register
from portal.vakt import demo, steps
from portal.vakt.models import Nivaa, Vakt, Vaktplan, Vakttelefon
from portal.varsler.models import Utsending, Varsel
from tests.bygg import skriv
from tests.identitet.hjelp import modus
from tests.vakt.hjelp import nivaa, uten_overlapp

DAG = timedelta(days=1)


def test_demoen_har_vaktplaner_et_aar_fram(app: Flask) -> None:
    register.oppdater(Aktor.system("proeve"))
    assert not demo.skal_saas()
    with pytest.raises(IkkeTilgang):
        demo.saa_vakter()
    with modus("demo"):
        identitet_demo.saa_demo()
        assert demo.skal_saas()
        demo.saa_vakter()
        assert not demo.skal_saas()
    planer = list(db.session.scalars(sa.select(Vaktplan)))
    assert len(planer) == len(demo.PLANER)
    naa = now()
    for plan in planer:
        rader = nivaa(plan)
        assert uten_overlapp(rader)
        assert rader[0][0] <= naa - 30 * DAG and rader[-1][1] >= naa + 363 * DAG
        assert steps.paa_vakt(plan.organisasjon_id, plan.fagomraade)[Nivaa.VAKTHAVENDE]
    # Nobody is told of what a seed writes, and no telephone can ring.
    assert not db.session.scalar(sa.select(sa.exists().where(Varsel.id.is_not(None))))
    assert not db.session.scalar(sa.select(sa.exists().where(Utsending.id.is_not(None))))
    numre = list(db.session.scalars(sa.select(Vakttelefon.nummer)))
    assert len(numre) == len(set(numre)) and all(n.startswith("+470000") and len(n) == 11 for n in numre)
    # A gap that nobody has mended: the surgeon is away.
    (kirurgi,) = [p for p in planer if p.fagomraade == "kirurgi"]
    with som_om(naa + demo._BORTE_OM + DAG):
        assert Nivaa.VAKTHAVENDE not in steps.paa_vakt(kirurgi.organisasjon_id, "kirurgi")
    fag = set(
        db.session.scalars(
            sa.select(MedlemskapFagomraade.fagomraade)
            .join(Medlemskap, Medlemskap.id == MedlemskapFagomraade.medlemskap_id)
            .join(Person, Person.id == Medlemskap.person_id)
            .where(Medlemskap.organisasjon_id == kirurgi.organisasjon_id)
        )
    )
    assert fag == {p.fagomraade for p in planer if p.organisasjon_id == kirurgi.organisasjon_id}
    assert {str(k) for k in db.session.scalars(sa.select(Vakt.kilde).distinct())} == {"rotasjon"}


def test_den_som_mangler_blir_ikke_satt_opp(app: Flask) -> None:
    """A demo house of an older portal starts too: whoever is not there any more is left out of the rotation."""
    register.oppdater(Aktor.system("proeve"))
    with modus("demo"):
        identitet_demo.saa_demo()
        borte = next(n for p in demo.PLANER for r in p.rotasjoner for n in r.folk if len(r.folk) > 1)
        person = sa.select(Person.id).where(Person.epost == identitet_demo.DEMO[borte]).scalar_subquery()
        skriv(sa.update(Medlemskap).where(Medlemskap.person_id == person).values(gyldig_til=now() - DAG))
        demo.saa_vakter()
    assert not demo.skal_saas()
    naa = now()
    har = db.session.scalars(
        sa.select(Vakt.id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .where(Medlemskap.person_id == person, Vakt.til > naa)
    ).all()
    assert not har
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vakt).where(Vakt.til > naa))
