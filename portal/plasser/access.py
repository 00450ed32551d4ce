"""Who may see and change emergency beds. The only place that fetches units, holds and stays by id.

That a unit has free beds is no secret: everybody who is logged in with a role sees the board. Who lies there is: stays
are seen by the unit's own people and the vertskommune's coordinator, as figures by others. A hold is seen by the unit
and by who holds it; on the board it is a number.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang
from portal.identitet.access import er_system
from portal.identitet.models import Enhet, Organisasjon, Organisasjonstype
from portal.plasser.historikk import Behovsvurdering, Opptrapping
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Reservasjon
from portal.revisjon.steps import logg


class Handling(StrEnum):
    #: The unit, its beds as states, its figures.
    SE = "se"
    #: Its stays and its holds.
    SE_OPPHOLD = "se_opphold"
    #: Change the state of beds, admit, discharge, answer holds, «ingen endring».
    DRIVE = "drive"
    #: Beds, staffing, quotas, criteria, surge plan, corrections.
    FORVALTE = "forvalte"
    #: The yearly report of a kommune.
    SE_RAPPORT = "se_rapport"
    #: Hold a bed for an inhabitant of one's own kommune.
    RESERVERE = "reservere"


#: Who works with patients in a kommune: they hold beds, and at the unit itself they keep them.
KLINISKE = frozenset({Rolle.LEGE_KOMMUNE, Rolle.HELSEPERSONELL, Rolle.KOMMUNEOVERLEGE})


def _inne(aktor: Aktor) -> bool:
    return aktor.person_id is not None and aktor.medlemskap_id is not None


def paa_enheten(aktor: Aktor, enhet: Plassenhet) -> bool:
    """Whether the actor works at the unit: a clinician of the vertskommune, in this unit."""
    return (
        _inne(aktor)
        and aktor.rolle in KLINISKE
        and aktor.organisasjon_id == enhet.vertskommune_id
        and aktor.enhet_id == enhet.enhet_id
    )


def forvalter(aktor: Aktor, enhet: Plassenhet) -> bool:
    """Whether the actor is the vertskommune's coordinator."""
    return (
        _inne(aktor) and aktor.rolle == Rolle.KOORDINATOR and aktor.organisasjon_id == enhet.vertskommune_id
    )


def koordinerer(aktor: Aktor, kommune_id: UUID) -> bool:
    """Whether the actor is the kommune's coordinator, who may see the stays at all of its units."""
    return er_system(aktor) or (
        _inne(aktor) and aktor.rolle == Rolle.KOORDINATOR and aktor.organisasjon_id == kommune_id
    )


def kan(aktor: Aktor, handling: Handling, enhet: Plassenhet) -> bool:
    """Whether the actor may do this at the unit. What state its beds are in is the use case's to judge."""
    if er_system(aktor):
        return True
    if handling == Handling.SE:
        return _inne(aktor)
    if handling == Handling.RESERVERE:
        return paa_enheten(aktor, enhet) or (
            _inne(aktor)
            and aktor.rolle in KLINISKE
            and aktor.organisasjon_id is not None
            and er_medlem(enhet.id, aktor.organisasjon_id)
        )
    if handling == Handling.FORVALTE:
        return forvalter(aktor, enhet)
    return forvalter(aktor, enhet) or paa_enheten(aktor, enhet)


def er_medlem(plassenhet_id: UUID, kommune_id: UUID) -> bool:
    """Whether the kommune has a place in the unit today."""
    return (
        db.session.scalar(
            sa.select(
                sa.exists().where(
                    Plassmedlem.plassenhet_id == plassenhet_id,
                    Plassmedlem.kommune_id == kommune_id,
                    Plassmedlem.i_dag(),
                )
            )
        )
        or False
    )


def nekt(aktor: Aktor, handling: Handling, objekt: str, objekt_id: UUID | None, *, finnes: bool) -> Never:
    """Logs a denial and raises: IkkeTilgang where the actor may know that it exists, else IkkeFunnet."""
    uavhengig(lambda: logg(aktor, f"plasser.{handling}", objekt, objekt_id or "", utfall="avslag"))
    raise IkkeTilgang() if finnes else IkkeFunnet()


def krev(aktor: Aktor, handling: Handling, enhet: Plassenhet) -> None:
    """Demands that the actor may do this at the unit. Raises IkkeTilgang, or IkkeFunnet for who sees no unit."""
    if not kan(aktor, handling, enhet):
        nekt(aktor, handling, "plassenhet", enhet.id, finnes=kan(aktor, Handling.SE, enhet))


def _med_navn(sporring: sa.Select[Plassenhet]) -> sa.Select[Plassenhet]:
    return sporring.options(
        joinedload(Plassenhet.enhet).joinedload(Enhet.organisasjon), joinedload(Plassenhet.bekreftet_av)
    )


def hent(aktor: Aktor, handling: Handling, plassenhet_id: UUID, *, laas: bool = False) -> Plassenhet:
    """A unit, if the actor may do this there. Raises IkkeFunnet or IkkeTilgang.

    With `laas` its row is locked first: whoever changes a bed, a hold, a stay or a quota of it does so.
    """
    if laas:
        db.session.execute(sa.select(Plassenhet.id).where(Plassenhet.id == plassenhet_id).with_for_update())
    enhet = db.session.scalars(
        _med_navn(sa.select(Plassenhet).where(Plassenhet.id == plassenhet_id)).execution_options(
            populate_existing=laas
        )
    ).one_or_none()
    if enhet is None:
        raise IkkeFunnet()
    krev(aktor, handling, enhet)
    return enhet


def hent_plass(enhet: Plassenhet, plass_id: UUID) -> Plass:
    """A bed in use of a unit that the actor got through `hent`. Raises IkkeFunnet."""
    plass = db.session.scalars(
        sa.select(Plass)
        .where(Plass.id == plass_id, Plass.plassenhet_id == enhet.id, Plass.nedlagt.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if plass is None:
        raise IkkeFunnet()
    return plass


def hent_reservasjon(
    aktor: Aktor, reservasjon_id: UUID, *, laas: bool = False
) -> tuple[Reservasjon, Plassenhet]:
    """A hold and its unit: for the unit's people, and for the clinicians of who holds it. Raises IkkeFunnet."""
    enhet_id = db.session.scalar(sa.select(Reservasjon.plassenhet_id).where(Reservasjon.id == reservasjon_id))
    if enhet_id is None:
        raise IkkeFunnet()
    enhet = hent(aktor, Handling.SE, enhet_id, laas=laas)
    reservasjon = db.session.scalars(
        sa.select(Reservasjon)
        .where(Reservasjon.id == reservasjon_id)
        .options(joinedload(Reservasjon.kommune), joinedload(Reservasjon.organisasjon))
        .execution_options(populate_existing=True)
    ).one()
    if not (kan(aktor, Handling.SE_OPPHOLD, enhet) or har_tatt(aktor, reservasjon)):
        nekt(aktor, Handling.SE_OPPHOLD, "reservasjon", reservasjon.id, finnes=False)
    return reservasjon, enhet


def har_tatt(aktor: Aktor, reservasjon: Reservasjon) -> bool:
    """Whether it is the actor's organisation that holds the bed, and the actor one of its clinicians."""
    return _inne(aktor) and aktor.rolle in KLINISKE and aktor.organisasjon_id == reservasjon.organisasjon_id


def leser_beskjed(aktor: Aktor, enhet: Plassenhet, reservasjon: Reservasjon) -> bool:
    """Whether what is written about a hold, and its case's number, are the actor's to read: the unit's clinicians', and
    who holds it; no coordinator's, and not for all clinicians of a kommune."""
    egen = reservasjon.person_id is not None and reservasjon.person_id == aktor.person_id
    return paa_enheten(aktor, enhet) or (egen and har_tatt(aktor, reservasjon))


def hent_opphold(
    aktor: Aktor, handling: Handling, opphold_id: UUID, *, laas: bool = False
) -> tuple[Opphold, Plassenhet]:
    """A stay and its unit. For all but the unit's people and its coordinator it does not exist."""
    enhet_id = db.session.scalar(sa.select(Opphold.plassenhet_id).where(Opphold.id == opphold_id))
    if enhet_id is None:
        raise IkkeFunnet()
    enhet = hent(aktor, Handling.SE, enhet_id, laas=laas)
    if not kan(aktor, Handling.SE_OPPHOLD, enhet):
        nekt(aktor, handling, "opphold", opphold_id, finnes=False)
    krev(aktor, handling, enhet)
    opphold = db.session.scalars(
        sa.select(Opphold)
        .where(Opphold.id == opphold_id)
        .options(joinedload(Opphold.kommune), joinedload(Opphold.plass))
        .execution_options(populate_existing=True)
    ).one()
    return opphold, enhet


#: Who writes and decides an assessment at the kommune, and at its trust.
VURDERER = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE})


def kan_vurdere(aktor: Aktor, vurdering: Behovsvurdering) -> bool:
    """Whether the actor writes and decides for one of the assessment's two sides."""
    return (
        _inne(aktor)
        and aktor.rolle in VURDERER
        and aktor.organisasjon_id in (vurdering.kommune_id, vurdering.foretak_id)
    )


def hent_vurdering(
    aktor: Aktor, vurdering_id: UUID, *, endre: bool = False, laas: bool = False
) -> Behovsvurdering:
    """An assessment: everybody at its two sides reads it, their coordinators and kommuneoverleger write it."""
    sporring = sa.select(Behovsvurdering).where(Behovsvurdering.id == vurdering_id)
    if laas:
        sporring = sporring.with_for_update().execution_options(populate_existing=True)
    vurdering = db.session.scalars(sporring).one_or_none()
    if vurdering is None:
        raise IkkeFunnet()
    egen = _inne(aktor) and aktor.organisasjon_id in (vurdering.kommune_id, vurdering.foretak_id)
    if not (er_system(aktor) or egen):
        nekt(aktor, Handling.SE, "behovsvurdering", vurdering.id, finnes=False)
    if endre and not (er_system(aktor) or kan_vurdere(aktor, vurdering)):
        nekt(aktor, Handling.FORVALTE, "behovsvurdering", vurdering.id, finnes=True)
    return vurdering


#: Who reads the yearly report of the own kommune, and who that of another.
RAPPORTERER = frozenset({Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE, Rolle.INNSYN})
FOELGER_RAPPORTER = frozenset({Rolle.KOORDINATOR, Rolle.INNSYN})


def kan_se_rapport(aktor: Aktor, kommune: Organisasjon) -> bool:
    """The kommune's coordinator, kommuneoverlege and innsyn, and those of what it has become a part of; its trust's,
    its RHF's and the authorities' coordinator and innsyn. Others than the kommune see no small numbers
    (`historikkregler.skjul`)."""
    if not _inne(aktor):
        return False
    if er_kommunens(aktor, kommune):
        return aktor.rolle in RAPPORTERER
    foretak = kommune.helseforetak
    over = {foretak.id, foretak.overordnet_id} if foretak is not None else set()
    return aktor.rolle in FOELGER_RAPPORTER and (
        aktor.organisasjon_id in over or aktor.organisasjon_type == "myndighet"
    )


def forgjengere(organisasjon_id: UUID) -> sa.Select[UUID]:
    """The ids of those that it has come of, also through one that is itself no more."""
    foerste = (
        sa.select(Organisasjon.id)
        .where(Organisasjon.etterfolger_id == organisasjon_id)
        .cte("forgjengere", recursive=True)
    )
    # A union without duplicates: it ends, whatever the register says.
    alle = foerste.union(sa.select(Organisasjon.id).where(Organisasjon.etterfolger_id == foerste.c.id))
    return sa.select(alle.c.id)


def er_kommunens(aktor: Aktor, kommune: Organisasjon) -> bool:
    """Whether the actor is of the kommune, or of what it has become a part of."""
    if aktor.organisasjon_id is None or aktor.organisasjon_id == kommune.id:
        return aktor.organisasjon_id is not None
    return kommune.etterfolger_id is not None and kommune.id in db.session.scalars(
        forgjengere(aktor.organisasjon_id)
    )


def rapportkommuner(aktor: Aktor) -> sa.Select[Organisasjon]:
    """The kommuner whose yearly report the actor may read; of those that are no more the ones its own has come of."""
    foer = (
        Organisasjon.id.in_(forgjengere(aktor.organisasjon_id))
        if aktor.organisasjon_id is not None
        else sa.false()
    )
    alle = (
        sa.select(Organisasjon)
        .where(Organisasjon.type == "kommune", sa.or_(Organisasjon.nedlagt.is_(None), foer))
        .options(joinedload(Organisasjon.helseforetak))
    )
    if not _inne(aktor):
        return alle.where(sa.false())
    egen = (
        sa.or_(Organisasjon.id == aktor.organisasjon_id, foer) if aktor.rolle in RAPPORTERER else sa.false()
    )
    if aktor.rolle not in FOELGER_RAPPORTER:
        return alle.where(egen)
    if aktor.organisasjon_type == "myndighet":
        return alle
    under = sa.select(Organisasjon.id).where(
        sa.or_(
            Organisasjon.id == aktor.organisasjon_id,
            sa.and_(
                Organisasjon.overordnet_id == aktor.organisasjon_id,
                Organisasjon.type.in_(("hf", "ideelt_sykehus")),
            ),
        )
    )
    return alle.where(sa.or_(egen, Organisasjon.helseforetak_id.in_(under)))


def hent_rapportkommune(aktor: Aktor, kommune_id: UUID) -> Organisasjon:
    """A kommune whose yearly report the actor may read. Raises IkkeFunnet, IkkeTilgang."""
    kommune = db.session.scalars(
        sa.select(Organisasjon)
        .where(Organisasjon.id == kommune_id, Organisasjon.type == "kommune")
        .options(joinedload(Organisasjon.helseforetak))
    ).one_or_none()
    if kommune is None:
        raise IkkeFunnet()
    if not kan_se_rapport(aktor, kommune):
        nekt(aktor, Handling.SE_RAPPORT, "organisasjon", kommune.id, finnes=_inne(aktor))
    return kommune


def hent_til_vurdering(aktor: Aktor, kommune_id: UUID) -> Organisasjon:
    """A kommune whose need the actor may begin to assess, for it or for its trust; locked: one begins at a time.

    Raises IkkeFunnet for another's kommune, IkkeTilgang for who is not among VURDERER.
    """
    kommune = db.session.scalars(
        sa.select(Organisasjon)
        .where(
            Organisasjon.id == kommune_id,
            Organisasjon.type == Organisasjonstype.KOMMUNE,
            Organisasjon.nedlagt.is_(None),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if kommune is None:
        raise IkkeFunnet()
    egen = _inne(aktor) and aktor.organisasjon_id in (kommune.id, kommune.helseforetak_id)
    if not egen or aktor.rolle not in VURDERER:
        nekt(aktor, Handling.FORVALTE, "behovsvurdering", kommune.id, finnes=egen)
    return kommune


def hent_opptrapping(enhet: Plassenhet, opptrapping_id: UUID) -> Opptrapping:
    """A row of the surge plan of a unit that the actor got through `hent`. Raises IkkeFunnet."""
    rad = db.session.scalars(
        sa.select(Opptrapping)
        .where(
            Opptrapping.id == opptrapping_id,
            Opptrapping.plassenhet_id == enhet.id,
            Opptrapping.avviklet.is_(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if rad is None:
        raise IkkeFunnet()
    return rad
