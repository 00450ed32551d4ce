"""Who relied on a held bed hears that it is held no more, once, whoever ended it: the unit, a colleague or the clock.

What is held from a case is told there, by its room. No clinical text, and no remark: only which unit it was.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.sprak import _l
from portal.identitet.models import Person
from portal.identitet.mottakere import mottakerfelt
from portal.plasser.forloep import Avslagsgrunn, Holdstatus
from portal.plasser.models import Plassenhet, Reservasjon
from portal.plasser.ord import ETIKETTER
from portal.varsler.steps import Mottaker, varsle


def _ord(status: Holdstatus, enhet: str, grunn: Avslagsgrunn | None) -> tuple[Any, Any]:
    """Title and text."""
    if status == Holdstatus.AVVIST:
        return (
            _l("%(enhet)s kan ikke ta imot pasienten likevel", enhet=enhet),
            _l(
                "Plassen du holdt, er gitt fri. Grunn: %(grunn)s. Finn en annen plass, eller ring enheten.",
                grunn=ETIKETTER["plassavslag"][grunn or Avslagsgrunn.ANNET],
            ),
        )
    tekst = _l("Er pasienten på vei: hold en plass på nytt, eller ring enheten.")
    if status == Holdstatus.UTLOEPT:
        return _l("Tiden er ute for plassen du holdt: %(enhet)s", enhet=enhet), tekst
    return _l("Plassen du holdt, er gitt fri: %(enhet)s", enhet=enhet), tekst


def si_fra(
    aktor: Aktor, enhet: Plassenhet, reservasjon: Reservasjon, grunn: Avslagsgrunn | None = None
) -> None:
    """Tells who held the bed how the hold has ended (its status now), unless that person did it. `grunn`: of a no."""
    if reservasjon.referanse or reservasjon.person_id in (None, aktor.person_id):
        return
    til = db.session.execute(
        sa.select(*mottakerfelt()).where(Person.id == reservasjon.person_id, Person.aktiv)
    ).one_or_none()
    if til is None:
        return
    status = Holdstatus(reservasjon.status)
    tittel, tekst = _ord(status, enhet.enhet.navn, grunn)
    varsle(
        Mottaker(**til._mapping, organisasjon_id=reservasjon.organisasjon_id),
        noekkel=f"plasser.{status}:{reservasjon.id}",
        kode=f"plasser.{status}",
        tittel=tittel,
        tekst=tekst,
        lenke=f"/plasser/{enhet.id}",
        hastegrad="haster",
        gjelder=f"reservasjon:{reservasjon.id}",
    )
