"""Rosters follow their people when two organisations become one, so that nobody is without cover on the day.

The register ends every membership in an organisation that is no more, and begins one of the same role in its successor
at the same moment. The roster of a fagområde goes on there with all it has; where the successor has one of its own,
that one goes first, and what it leaves empty is filled from the other. The successor's coordinator is told of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import hele_sekunder, now
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.sprak import _l
from portal.identitet.etterfoelgere import medlemskap_i_etterfoelgeren
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Medlemskap, Organisasjon
from portal.revisjon.steps import logg
from portal.vakt import access, skriving
from portal.vakt.access import Handling
from portal.vakt.models import (
    Byttetilstand,
    Eskaleringspolicy,
    Fravaer,
    Nivaa,
    Rotasjon,
    Rotasjonsdeltaker,
    Vakt,
    Vaktbytte,
    Vaktkilde,
    Vaktplan,
    Vakttelefon,
)
from portal.vakt.turnus import ledige_deler
from portal.varsler.models import HASTEGRADER
from portal.varsler.steps import stopp

_REGISTER = Aktor.system("register")


def foelg_sammenslaatte() -> int:
    """Job: moves the running plans of organisations that are no more to their successors. Gives how many.

    What belongs to which is read from the rows: it may run at any time and any number of times. After two mergers in a
    row it takes two rounds.
    """
    ider = db.session.scalars(
        sa.select(Vaktplan.id)
        .join(Organisasjon, Organisasjon.id == Vaktplan.organisasjon_id)
        .where(Vaktplan.avsluttet.is_(None), Organisasjon.etterfolger_id.is_not(None))
        .order_by(Vaktplan.id)
    ).all()
    return hver(ider, _foelg, "sammenslaaing_feilet")


@transactional
def _foelg(plan_id: UUID) -> int:
    plan = access.hent_plan(_REGISTER, Handling.REDIGERE, plan_id, laas=True)
    gammel, ny_id = plan.organisasjon_id, plan.organisasjon.etterfolger_id
    if plan.avsluttet is not None or ny_id is None:
        return 0
    # As who begins a plan there does: it is begun before this, or finds this one.
    db.session.get(Organisasjon, ny_id, with_for_update={"key_share": True})
    maal_id = db.session.scalar(
        sa.select(Vaktplan.id).where(
            Vaktplan.organisasjon_id == ny_id, Vaktplan.fagomraade == plan.fagomraade
        )
    )
    nye = medlemskap_i_etterfoelgeren(gammel)
    _flytt_folk(plan, nye, gammel, ny_id)
    if maal_id is None:
        plan.organisasjon_id = ny_id
        beholdt = plan
        db.session.flush()
        db.session.expire(plan, ["organisasjon"])
        _flytt_medlemskap(plan, nye)
        delvis = 0
    else:
        beholdt = access.hent_plan(_REGISTER, Handling.REDIGERE, maal_id, laas=True)
        delvis = _fyll_inn(plan, beholdt, nye)
    _flytt_policyer(gammel, ny_id, plan.fagomraade)
    logg(
        _REGISTER,
        "vakt.plan_viderefoert",
        "vaktplan",
        beholdt.id,
        fra=gammel,
        til=ny_id,
        fagomraade=plan.fagomraade,
        fra_plan=plan.id,
        uten_plass=delvis,
    )
    skriving.endret(beholdt)
    meld("vakt.endret", plan_id=plan.id, organisasjon_id=gammel)
    fag = ALLE_OMRAADER[plan.fagomraade]
    if maal_id is None:
        tekst = _l("Vakter, rotasjoner, telefoner og varslingstrinn er ført videre. Se over at alt stemmer.")
    else:
        tekst = _l(
            "Planen deres går foran. Der den var tom, er vaktene fra den andre satt inn. %(antall)s vakter fikk ikke "
            "plass, og er avlyst. Se over dekningen.",
            antall=delvis,
        )
    skriving.si_fra_til_koordinator(
        ny_id,
        noekkel=f"vakt.viderefoert:{plan.id}:{ny_id}",
        kode="vakt.endret",
        tittel=_l("Vaktplan ført videre etter sammenslåing: %(fag)s", fag=fag),
        tekst=tekst,
        lenke=f"/vakt/planer/{beholdt.id}",
        gjelder=f"vaktplan:{beholdt.id}",
    )
    return 1


def _flytt_folk(plan: Vaktplan, nye: Mapping[UUID, UUID], gammel: UUID, ny: UUID) -> None:
    """Who goes round in the plan's rotations, and who is away, are so in the successor."""
    rotasjoner = sa.select(Rotasjon.id).where(Rotasjon.vaktplan_id == plan.id, Rotasjon.avsluttet.is_(None))
    for fra, til in sorted(nye.items()):
        db.session.execute(
            sa.update(Rotasjonsdeltaker)
            .where(Rotasjonsdeltaker.rotasjon_id.in_(rotasjoner), Rotasjonsdeltaker.medlemskap_id == fra)
            .values(medlemskap_id=til)
            .execution_options(synchronize_session=False)
        )
    db.session.execute(
        sa.update(Fravaer)
        .where(Fravaer.organisasjon_id == gammel, Fravaer.avlyst.is_(None), Fravaer.til > now())
        .values(organisasjon_id=ny)
        .execution_options(synchronize_session=False)
    )


def _flytt_medlemskap(plan: Vaktplan, nye: Mapping[UUID, UUID]) -> None:
    """The shifts that run or come, and the swaps that wait, are of the memberships in the successor."""
    ventende = sa.and_(
        Vaktbytte.tilstand == Byttetilstand.VENTER,
        Vaktbytte.vakt_id.in_(sa.select(Vakt.id).where(Vakt.vaktplan_id == plan.id)),
    )
    for fra, til in sorted(nye.items()):
        for uttrykk in (
            sa.update(Vakt)
            .where(
                Vakt.vaktplan_id == plan.id,
                Vakt.medlemskap_id == fra,
                Vakt.avlyst.is_(None),
                Vakt.til > now(),
            )
            .values(medlemskap_id=til),
            sa.update(Vaktbytte)
            .where(ventende, Vaktbytte.fra_medlemskap_id == fra)
            .values(fra_medlemskap_id=til),
            sa.update(Vaktbytte)
            .where(ventende, Vaktbytte.til_medlemskap_id == fra)
            .values(til_medlemskap_id=til),
        ):
            db.session.execute(uttrykk.execution_options(synchronize_session=False))


def _fyll_inn(plan: Vaktplan, maal: Vaktplan, nye: Mapping[UUID, UUID]) -> int:
    """Ends a plan into the successor's own, and fills what that one leaves empty. Gives how many shifts had no room.

    A rotation goes on where the successor has none at the level, and a telephone likewise.
    """
    # From the whole second, as a calendar file has it.
    naa = hele_sekunder(now())
    maal.avsluttet = None
    har = set(
        db.session.scalars(
            sa.select(Rotasjon.nivaa).where(Rotasjon.vaktplan_id == maal.id, Rotasjon.avsluttet.is_(None))
        )
    )
    viderefoert = set()
    for r in db.session.scalars(
        sa.select(Rotasjon).where(Rotasjon.vaktplan_id == plan.id, Rotasjon.avsluttet.is_(None))
    ).all():
        if r.nivaa in har:
            r.avsluttet = naa
            stopp(skriving.om_rotasjonen(r.id))
        else:
            r.vaktplan_id = maal.id
            viderefoert.add(r.id)
    numre = {t.nivaa for t in maal.telefoner}
    maal.telefoner += [
        Vakttelefon(vaktplan_id=maal.id, nivaa=t.nivaa, nummer=t.nummer, sms=t.sms, tale=t.tale)
        for t in plan.telefoner
        if t.nivaa not in numre
    ]
    vakter = db.session.scalars(
        sa.select(Vakt)
        .where(
            Vakt.vaktplan_id == plan.id,
            Vakt.nivaa.in_(list(Nivaa)),
            Vakt.avlyst.is_(None),
            Vakt.fra > naa - skriving.LENGSTE_VAKT,
            Vakt.til > naa,
        )
        .order_by(Vakt.fra)
    ).all()
    skriving.avlys_fra(vakter, naa)
    folk = skriving.les_medlemskap({nye.get(v.medlemskap_id, v.medlemskap_id) for v in vakter})
    uten_plass = 0
    for nivaa in Nivaa:
        dens = [v for v in vakter if v.nivaa == nivaa]
        uten_plass += _sett_inn(maal, dens, nye, folk, viderefoert, naa) if dens else 0
    plan.avsluttet = naa
    stopp(f"vaktplan:{plan.id}")
    db.session.flush()
    return uten_plass


def _sett_inn(
    maal: Vaktplan,
    vakter: Sequence[Vakt],
    nye: Mapping[UUID, UUID],
    folk: Mapping[UUID, Medlemskap],
    viderefoert: set[UUID],
    naa: datetime,
) -> int:
    """Puts the shifts of one level into what the plan has free of it. Gives how many lost some of their time."""
    opptatt = [
        (v.fra, v.til)
        for v in skriving.overlappende(maal.id, vakter[0].nivaa, naa, max(v.til for v in vakter))
    ]
    uten_plass = 0
    for v in vakter:
        fra = max(v.fra, naa)
        medlemskap = folk[nye.get(v.medlemskap_id, v.medlemskap_id)]
        deler = ledige_deler(fra, v.til, [(a, b) for a, b in opptatt if a < v.til and b > fra])
        for start, slutt in deler:
            if slutt > start:
                skriving.legg_til(
                    _REGISTER,
                    maal,
                    v.nivaa,
                    medlemskap,
                    start,
                    slutt,
                    Vaktkilde(v.kilde),
                    rotasjon_id=v.rotasjon_id if v.rotasjon_id in viderefoert else None,
                )
        if deler != [(fra, v.til)]:
            uten_plass += 1
            skriving.fortell(
                medlemskap.id,
                noekkel=f"vakt.viderefoert:{v.id}",
                kode="vakt.endret",
                tittel=_l("Vakten din er endret: %(fag)s, %(nivaa)s", **skriving.hvilken(maal, v.nivaa)),
                tekst=_l(
                    "Organisasjonen er slått sammen med en annen, som har egen vaktplan. Se vaktene dine."
                ),
            )
    skriving.lagre()
    return uten_plass


def _flytt_policyer(gammel: UUID, ny: UUID, fagomraade: str) -> None:
    """A request to the fagområde climbs at the successor as it did here, unless the successor has said how itself.

    What the old organisation had for all its fagområder holds for this one alone: it is not the successor's rule.
    """
    naa = now()
    gjeldende = {
        (p.organisasjon_id, p.fagomraade, p.hastegrad): p
        for p in db.session.scalars(
            sa.select(Eskaleringspolicy)
            .where(
                Eskaleringspolicy.organisasjon_id.in_([gammel, ny]),
                Eskaleringspolicy.fagomraade.in_(["", fagomraade]),
                Eskaleringspolicy.erstattet.is_(None),
            )
            .with_for_update()
        )
    }
    for hastegrad in HASTEGRADER:
        egen = gjeldende.get((gammel, fagomraade, hastegrad))
        fra = egen or gjeldende.get((gammel, "", hastegrad))
        if fra is not None and (ny, fagomraade, hastegrad) not in gjeldende:
            db.session.add(
                Eskaleringspolicy(
                    id=uuid4(),
                    organisasjon_id=ny,
                    fagomraade=fagomraade,
                    hastegrad=hastegrad,
                    ledd=fra.ledd,
                    gjentakelser=fra.gjentakelser,
                    gjenta_etter=fra.gjenta_etter,
                    opprettet=naa,
                    opprettet_av_id=fra.opprettet_av_id,
                )
            )
        if egen is not None:
            egen.erstattet = naa
    db.session.flush()
