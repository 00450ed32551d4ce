"""Approvals: whose turn it is, who may give one and who may not, and telling them.

Steps for a use case's own transaction, with the agreement's lock; nothing here asks for permission.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from portal.avtaler import access, beskjeder, steps
from portal.avtaler.models import (
    Avtale,
    Avtaleversjon,
    Bestemmelsesendring,
    Forslag,
    Forslagssvar,
    Godkjenning,
)
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import mottakerfelt
from portal.revisjon.models import Revisjon
from portal.varsler.models import Varsel
from portal.varsler.steps import Mottaker, stopp_varsler, varsle_alle

#: The code of «it is your turn to approve».
TUR = "avtale.til_godkjenning"


@dataclass(frozen=True, slots=True)
class Kandidat:
    """Somebody who may approve at an organisation, by a membership."""

    medlemskap_id: UUID
    rolle: str
    mottaker: Mottaker


# --- the links -------------------------------------------------------------------------------------------


def gyldige(versjon: Avtaleversjon, organisasjon_id: UUID | None = None) -> list[Godkjenning]:
    """The links that count (of one party alone), in order: those that have not been voided."""
    return sorted(
        (
            g
            for g in versjon.godkjenninger
            if g.opphevet is None and organisasjon_id in (None, g.organisasjon_id)
        ),
        key=lambda g: g.plass,
    )


def neste(versjon: Avtaleversjon) -> list[Godkjenning]:
    """The first link of each party that has not been given: the parties approve side by side, each in its order."""
    foerste: dict[UUID, Godkjenning] = {}
    for g in gyldige(versjon):
        if g.gitt is None:
            foerste.setdefault(g.organisasjon_id, g)
    return list(foerste.values())


def hash_av(avtale: Avtale, versjon: Avtaleversjon) -> str:
    """What is approved in the version: the hash from when it was sent; of one that never was (entered), as it reads."""
    return versjon.innhold_hash or steps.hash_av(avtale, versjon)


# --- who may ---------------------------------------------------------------------------------------------


def kandidater(organisasjoner: Collection[UUID]) -> dict[UUID, list[Kandidat]]:
    """Everybody who may approve at the organisations now, in one statement, by name."""
    ut: dict[UUID, list[Kandidat]] = {o: [] for o in organisasjoner}
    rader = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.id, Medlemskap.rolle, Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id.in_(list(ut)),
            Medlemskap.rolle.in_(list(access.GODKJENNERE)),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .order_by(Person.navn, Person.id, Medlemskap.id)
    )
    for r in rader:
        mottaker = Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id)
        ut[r.organisasjon_id].append(Kandidat(r.id, r.rolle, mottaker))
    return ut


def som_kan(medlemskap: Sequence[str], hos: Sequence[Kandidat]) -> list[Kandidat]:
    """Who of an organisation's candidates may give a link: those that it names.

    Where it names nobody, or nobody that it names is there any more, all of them: a link must not wait for somebody who
    has left.
    """
    navngitte = [k for k in hos if str(k.medlemskap_id) in medlemskap]
    return navngitte or list(hos)


def forfattere(avtale: Avtale, versjon: Avtaleversjon) -> frozenset[UUID]:
    """Who has a part in what is approved: sent it, or wrote, proposed or accepted a word since what held before.

    None of them approves it (four eyes). The title and how users took part are approved too: who wrote those is in the
    audit log.
    """
    forrige = max(
        (v.nummer for v in avtale.versjoner if v.nummer < versjon.nummer and v.i_kraft_fra is not None),
        default=0,
    )
    siden = {"forrige": forrige, "versjon": versjon.nummer}

    def i_tiden(kolonne: Any) -> sa.ColumnElement[bool]:
        vilkaar: sa.ColumnElement[bool] = sa.and_(kolonne > siden["forrige"], kolonne <= siden["versjon"])
        return vilkaar

    skrev = sa.select(Bestemmelsesendring.person_id).where(
        Bestemmelsesendring.avtale_id == avtale.id, i_tiden(Bestemmelsesendring.nummer)
    )
    foreslo = sa.select(Forslag.person_id).where(Forslag.avtale_id == avtale.id, i_tiden(Forslag.nummer))
    godtok = (
        sa.select(Forslagssvar.person_id)
        .join(Forslag, Forslag.id == Forslagssvar.forslag_id)
        .where(Forslag.avtale_id == avtale.id, i_tiden(Forslag.nummer), Forslagssvar.godtatt)
    )
    funnet = set(db.session.scalars(sa.union(skrev, foreslo, godtok)))
    beskrev = db.session.execute(
        sa.select(Revisjon.person_id, Revisjon.detaljer).where(
            Revisjon.objekt_type == "avtale",
            Revisjon.objekt_id == str(avtale.id),
            Revisjon.handling == "avtale.opplysninger_endret",
        )
    )
    for person_id, detaljer in beskrev:
        d = orjson.loads(detaljer)
        if forrige < d["nummer"] <= versjon.nummer and {"tittel", "medvirkning"} & set(d["felt"]):
            funnet.add(person_id)
    return frozenset(p for p in {*funnet, versjon.sendt_av_id} if p is not None)


def godkjent_for_andre(avtale: Avtale, versjon: Avtaleversjon, rad: Godkjenning) -> frozenset[UUID]:
    """Who has approved the version for the other side of the table: nobody approves for both."""
    sider: Mapping[UUID, str] = {p.organisasjon_id: p.side for p in avtale.parter}
    egen = sider.get(rad.organisasjon_id)
    return frozenset(
        g.gitt_av_id
        for g in gyldige(versjon)
        if g.gitt is not None and g.gitt_av_id is not None and sider.get(g.organisasjon_id) != egen
    )


# --- telling ---------------------------------------------------------------------------------------------


def varsle_tur(avtale: Avtale, versjon: Avtaleversjon, rader: Sequence[Godkjenning]) -> None:
    """Tells those who may give the links that it is their turn. Where nobody may, all who could if they had no part in
    it: somebody must give another the role."""
    alle = kandidater({g.organisasjon_id for g in rader})
    sperret = forfattere(avtale, versjon)
    for g in rader:
        mulige = som_kan(g.medlemskap, alle[g.organisasjon_id])
        frie = [k for k in mulige if k.mottaker.person_id not in sperret]
        tekst = (
            _l("Leddet «%(ledd)s» venter på deg. Les versjon %(nr)s, og godkjenn den eller send den tilbake.",
               ledd=g.navn, nr=versjon.nummer)
            if frie
            else _l(
                "Leddet «%(ledd)s» venter, men ingen som kan godkjenne der, er uten del i versjon %(nr)s. Be "
                "administratoren gi en annen rollen.", ledd=g.navn, nr=versjon.nummer)
        )  # fmt: skip
        varsle_alle(
            [k.mottaker for k in frie or mulige],
            noekkel=_noekkel(g.id),
            kode=TUR,
            tittel=_l("Avtale til godkjenning: %(tittel)s", tittel=versjon.tittel),
            tekst=tekst,
            lenke=f"/avtaler/{avtale.id}/godkjenning",
            hastegrad="vanlig",
            gjelder=beskjeder.gjelder(avtale.id),
        )


def ti_om_tur(avtale_id: UUID, rader: Collection[Godkjenning]) -> None:
    """Nobody is waited for there any more."""
    if rader:
        stopp_varsler(
            Varsel.gjelder == beskjeder.gjelder(avtale_id),
            Varsel.kode == TUR,
            sa.or_(*(Varsel.noekkel.startswith(_noekkel(g.id)) for g in rader)),
            Varsel.stoppet.is_(None),
        )


def _noekkel(godkjenning_id: UUID) -> str:
    return f"avtale.tur:{godkjenning_id}"


def si_alle(
    aktor: Aktor,
    avtale: Avtale,
    organisasjoner: Collection[UUID],
    hva: str,
    id_: object,
    tittel: Any,
    tekst: Any,
) -> None:
    """Tells the coordinators and kommuneoverleger of the organisations what has come of the approval."""
    beskjeder.si(
        aktor,
        avtale,
        organisasjoner,
        f"avtale.{hva}",
        f"avtale.{hva}:{id_}",
        tittel,
        tekst,
        sti="/godkjenning",
    )
