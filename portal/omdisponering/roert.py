"""What is promised of a person, when what is known of the person changes: whether it still holds, and who is told.

For a use case's own transaction; nothing here asks for permission. The lender may know what is wrong; the receiver
hears that the lender must look at it, never whether it is the share, an exemption, a vaccine or an absence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.sprak import _l
from portal.omdisponering import kontroll, steps
from portal.omdisponering.beskjeder import si
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.regler import Periode, hoeyeste, overlapper
from portal.omdisponering.ressursmodeller import Ressursfravaer

#: {line that takes a person: what keeps the lender from approving it anew, in words}. What is empty holds.
Stand = Mapping[UUID, frozenset[str]]
#: What the receiver hears of a line that does not hold.
AVGIVER_SER = _l("Avgiver må se på denne linjen.")


def stand(personer: Collection[UUID]) -> Stand:
    """How all that is promised of the people from now on stands, as they are written in this moment."""
    return {li.id: galt for li, galt in _linjer(personer)}


def galt_i(omd: Omdisponering) -> dict[UUID, list[str]]:
    """{line: what is wrong with it}, of those of a reallocation that do not hold any more."""
    personer = {li.ressursperson_id for li in omd.linjer if li.opptar and li.ressursperson_id}
    return {li.id: sorted(galt) for li, galt in _linjer(personer) if galt and li.omdisponering_id == omd.id}


def galt_om(person_id: UUID) -> list[tuple[Omdisponering, list[str]]]:
    """The reallocations that a person is promised to and that do not hold any more, with what is wrong."""
    ut: dict[UUID, tuple[Omdisponering, set[str]]] = {}
    for li, galt in _linjer([person_id]):
        if galt:
            ut.setdefault(li.omdisponering_id, (li.omdisponering, set()))[1].update(galt)
    return [(omd, sorted(galt)) for omd, galt in ut.values()]


def _linjer(personer: Collection[UUID]) -> list[tuple[Omdisponeringslinje, frozenset[str]]]:
    if not personer:
        return []
    naa = now()
    linjer = db.session.scalars(
        sa.select(Omdisponeringslinje)
        .where(
            Omdisponeringslinje.ressursperson_id.in_(sorted(set(personer))),
            sa.text("omdisponeringslinje.opptar"),
            Omdisponeringslinje.til > naa,
        )
        .options(
            joinedload(Omdisponeringslinje.ressursperson),
            joinedload(Omdisponeringslinje.omdisponering).options(
                joinedload(Omdisponering.behov),
                joinedload(Omdisponering.vedtak),
                joinedload(Omdisponering.avgiver),
                joinedload(Omdisponering.mottaker),
            ),
        )
        .order_by(Omdisponeringslinje.fra, Omdisponeringslinje.id)
    ).all()
    if not linjer:
        return []
    tatt: dict[UUID | None, list[Periode]] = {}
    for li in linjer:
        tatt.setdefault(li.ressursperson_id, []).append(Periode(li.fra, li.til, li.andel))
    borte = steps.borte(
        Ressursfravaer.ressursperson_id,
        [i for i in tatt if i is not None],
        naa,
        max(li.til for li in linjer),
    )
    ut = []
    for li in linjer:
        person = li.ressursperson
        assert person is not None
        galt = {str(m) for m in kontroll.galt_med(li)}
        if hoeyeste(tatt[person.id], li.fra, li.til) > person.prosent >= li.andel:
            galt.add(
                str(
                    _l(
                        "Til sammen er personen lovet bort for mer enn %(prosent)s %%.",
                        prosent=person.prosent,
                    )
                )
            )
        if any(overlapper(b, Periode(li.fra, li.til)) for b in borte.get(person.id, ())):
            galt.add(str(_l("Personen er ikke tilgjengelig i hele perioden.")))
        ut.append((li, frozenset(galt)))
    return ut


def _slag(galt: Collection[str]) -> set[str]:
    """What is wrong, without the figures in it: «høyst 40 %» that has become 45 is no new fault."""
    return {re.sub(r"\d+", "", ord_) for ord_ in galt}


def fortell(aktor: Aktor, personer: Collection[UUID], foer: Stand) -> list[Omdisponering]:
    """Tells both sides of what held, or was less wrong, before (`foer`) the people were changed, and gives it. The
    people are locked, and what was changed is written. What was saved again as it was tells nothing."""
    nye: dict[UUID, Omdisponeringslinje] = {}
    for li, galt in _linjer(personer):
        if _slag(galt) - _slag(foer.get(li.id, frozenset())):
            nye.setdefault(li.omdisponering_id, li)
    for li in nye.values():
        omd, person = li.omdisponering, li.ressursperson
        assert person is not None
        for organisasjon_id, tekst in (
            (
                omd.avgiver_id,
                _l(
                    "Det som er endret om en person, passer ikke med det som er godkjent. Avklar med %(mottaker)s om "
                    "det skal endres, trekkes eller avsluttes.",
                    mottaker=omd.mottaker.kortnavn,
                ),
            ),
            (
                omd.mottaker_id,
                _l(
                    "Avgiver må se på en av linjene. Ring %(avgiver)s, og avklar hva dere gjør.",
                    avgiver=omd.avgiver.kortnavn,
                ),
            ),
        ):
            si(
                aktor,
                omd,
                [organisasjon_id],
                "omdisponering.holder_ikke",
                _l("Noe i omdisponering %(nummer)s holder ikke lenger", nummer=omd.nummer),
                tekst,
                noekkel=f"{person.id}:{person.versjon}",
            )
    return sorted((li.omdisponering for li in nye.values()), key=lambda o: o.nummer)
