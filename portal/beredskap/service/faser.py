"""Setting a phase, planning one, taking a planned one back; and telling people when a planned one begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.beredskap import access, steps
from portal.beredskap.access import Handling
from portal.beredskap.models import Beredskapsnivaa, Fase, Faseperiode
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.revisjon.steps import logg

#: A form that has stood open for so long may still say «from now»; what is older is history, and not written anew.
SLAKK = timedelta(minutes=15)
#: Nobody plans a phase further ahead.
LENGST_FRAM = timedelta(days=366)
#: A planned phase that began longer ago than this, while the worker stood still, is no news.
FERSK = timedelta(days=2)
KRISELEDELSE = "kriseledelse"
ENDRET_I_MELLOM = _l(
    "Noen har satt en fase etter at du åpnet skjemaet. Se hva som gjelder nå, og send på nytt."
)


def sett_som(aktor: Aktor) -> str:
    """In which capacity the actor decides: the role where that is enough, else the kriseledelse."""
    if aktor.rolle is not None and aktor.rolle == access.BESLUTTERE[aktor.er_kommunal]:
        return str(aktor.rolle)
    return KRISELEDELSE


def les_tid(fase: int, nivaa: str, fra: datetime | None, til: datetime | None) -> datetime:
    """When it begins (None: now). Raises UgyldigData for what no phase can be, by the form's fields."""
    naa = now()
    begynner = naa if fra is None or naa - SLAKK <= fra <= naa else fra
    felter: dict[str, list[Any]] = {}
    if fase not in set(Fase):
        felter["fase"] = [_l("Velg en fase fra 1 til 5.")]
    if nivaa not in set(Beredskapsnivaa):
        felter["nivaa"] = [_l("Velg et beredskapsnivå.")]
    if begynner < naa:
        felter["fra"] = [
            _l("En fase kan ikke settes bakover i tid. La feltet stå tomt, så gjelder den fra nå.")
        ]
    elif begynner > naa + LENGST_FRAM:
        felter["fra"] = [_l("Velg et tidspunkt innen ett år.")]
    if til is not None and til <= begynner:
        felter["til"] = [_l("Slutten må være etter begynnelsen.")]
    if felter:
        raise UgyldigData(felter=felter)
    return begynner


def krev_beslutter(aktor: Aktor, organisasjon_id: UUID) -> None:
    """Demands that the actor decides the organisation's phase. Raises IkkeTilgang, and logs it."""
    access.krev(aktor, Handling.BESLUTTE, organisasjon_id)


def kontroller(
    aktor: Aktor, organisasjon_id: UUID, *, fase: int, nivaa: str, fra: datetime | None, til: datetime | None
) -> None:
    """Whether it could be set now: for the form, before the preview. Raises as `sett`."""
    access.hent_organisasjon(aktor, Handling.BESLUTTE, organisasjon_id)
    steps.finn_plass(organisasjon_id, les_tid(fase, nivaa, fra, til), til)


@transactional
def sett(
    aktor: Aktor,
    organisasjon_id: UUID,
    *,
    fase: int,
    nivaa: str,
    kilde: str,
    begrunnelse: str,
    fra: datetime | None = None,
    til: datetime | None = None,
    lest: str | None = None,
) -> UUID:
    """Sets the phase and level of the own organisation from a moment (None: now) until another is set, or `til`.

    `lest` is what the form was opened with (`steps.lest`): Utdatert when somebody has set another since. Raises
    UgyldigData for a time that is past and for one that overlaps a phase that does not give way.
    """
    access.hent_organisasjon(aktor, Handling.BESLUTTE, organisasjon_id)
    organisasjon = steps.laas([organisasjon_id])[organisasjon_id]
    if lest is not None and lest != steps.lest(organisasjon_id):
        raise Utdatert(ENDRET_I_MELLOM)
    periode = steps.begynn(
        aktor,
        organisasjon,
        fase=fase,
        nivaa=nivaa,
        fra=les_tid(fase, nivaa, fra, til),
        til=til,
        kilde=kilde,
        begrunnelse=begrunnelse,
        satt_som=sett_som(aktor),
    )
    return periode.id


@transactional
def trekk(aktor: Aktor, periode_id: UUID) -> None:
    """Takes a planned phase back. What it would have ended goes on as it was set. Raises UgyldigOvergang once it has
    begun: what has held is history, and another phase is set instead."""
    organisasjon_id = access.hent_periode(aktor, Handling.BESLUTTE, periode_id).organisasjon_id
    steps.laas([organisasjon_id])
    periode = access.hent_periode(aktor, Handling.BESLUTTE, periode_id)
    if periode.trukket is not None:
        return
    naa = now()
    if periode.fra <= naa:
        raise UgyldigOvergang(_l("Fasen har begynt, og kan ikke tas tilbake. Sett en ny fase i stedet."))
    periode.trukket = naa
    db.session.flush()
    foer = db.session.scalars(
        sa.select(Faseperiode).where(
            Faseperiode.organisasjon_id == organisasjon_id,
            Faseperiode.trukket.is_(None),
            Faseperiode.til == periode.fra,
        )
    ).one_or_none()
    if foer is not None and foer.til != foer.bedt_til:
        neste = next(
            (p.fra for p in steps.perioder(organisasjon_id, periode.fra) if p.fra > periode.fra), None
        )
        # As it was set, unless something else that is planned comes first.
        foer.til = min((t for t in (foer.bedt_til, neste) if t is not None), default=None)
    logg(
        aktor,
        "beredskap.fase_trukket",
        "organisasjon",
        organisasjon_id,
        fase=periode.fase,
        fra=periode.fra.isoformat(),
    )
    meld("beredskap.endret", organisasjon_id=organisasjon_id)


# --- when a planned one begins ---------------------------------------------------------------------------


def meld_begynte() -> int:
    """Job: tells of planned phases that have begun. That they hold needs nobody to run. Gives how many."""
    naa = now()
    ider = db.session.scalars(
        sa.select(Faseperiode.id)
        .where(
            Faseperiode.trukket.is_(None),
            Faseperiode.varslet.is_(None),
            Faseperiode.fra <= naa,
            Faseperiode.fra > naa - FERSK,
        )
        .order_by(Faseperiode.fra)
    ).all()
    return hver(ider, _meld_begynt, "fasebegynnelse_feilet")


@transactional
def _meld_begynt(periode_id: UUID) -> int:
    periode = db.session.scalars(
        sa.select(Faseperiode)
        .where(Faseperiode.id == periode_id)
        .options(joinedload(Faseperiode.organisasjon))
        .with_for_update(of=Faseperiode, skip_locked=True)
    ).one_or_none()
    if periode is None or periode.varslet is not None or periode.trukket is not None:
        return 0
    steps.fortell_begynt(periode)
    meld("beredskap.endret", organisasjon_id=periode.organisasjon_id)
    return 1
