"""Proposals: one act to one or many organisations, each of which confirms or declines with one click."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.beredskap import access, steps
from portal.beredskap.access import Handling
from portal.beredskap.brev import Naar
from portal.beredskap.models import Faseforslag, Faseforslagsmottaker, Svar
from portal.beredskap.ord import ETIKETTER
from portal.beredskap.service.faser import les_tid, sett_som
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.models import Medlemskap, Organisasjon
from portal.identitet.mottakere import mottaker_for
from portal.revisjon.steps import logg
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp, til_alle, varsle, varsle_flere

KODE_FORSLAG, KODE_SVAR = "beredskap.forslag", "beredskap.svar"
#: Proposals on a page.
PR_SIDE = 20


@dataclass(frozen=True, slots=True)
class Sendt:
    """A proposal of the own organisation, and how many have given each answer."""

    forslag: Faseforslag
    svar: Mapping[str, int]

    @property
    def antall(self) -> int:
        return sum(self.svar.values())

    @property
    def svart(self) -> int:
        return self.svar.get(Svar.BEKREFTET, 0) + self.svar.get(Svar.AVSLAATT, 0)


# --- proposing -------------------------------------------------------------------------------------------


def kan_foreslaa_for(aktor: Aktor) -> list[Organisasjon]:
    """To whom the actor may propose: a kommune's coordinator to the own kommune, a trust's deciders to its kommuner."""
    access.krev(aktor, Handling.FORESLAA, aktor.organisasjon_id)
    if aktor.organisasjon_id is None:
        return []
    if aktor.er_kommunal:
        return [access.hent_organisasjon(aktor, Handling.SE, aktor.organisasjon_id)]
    return list(
        db.session.scalars(
            access.kommuner_under(aktor.organisasjon_id).order_by(Organisasjon.kortnavn, Organisasjon.id)
        )
    )


@transactional
def foreslaa(
    aktor: Aktor,
    organisasjoner: Collection[UUID],
    *,
    fase: int,
    nivaa: str,
    kilde: str,
    begrunnelse: str,
    fra: datetime | None = None,
) -> UUID:
    """Proposes a phase and level to one or many in one act. Older proposals that wait for them fall away.

    Raises UgyldigData where one of them is not the actor's to propose to, and as `faser.sett` for the time.
    """
    lovlige = {o.id for o in kan_foreslaa_for(aktor)}
    if not organisasjoner:
        raise UgyldigData(felter={"organisasjoner": [_l("Velg minst én kommune.")]})
    if not set(organisasjoner) <= lovlige:
        raise UgyldigData(
            felter={"organisasjoner": [_l("Minst én av kommunene hører ikke til dere. Velg fra lista.")]}
        )
    begynner = les_tid(fase, nivaa, fra, None)
    laaste = steps.laas(organisasjoner)
    assert aktor.organisasjon_id is not None
    steps.la_bortfalle(list(laaste))
    forslag = Faseforslag(
        id=uuid4(),
        fra_organisasjon_id=aktor.organisasjon_id,
        fase=fase,
        nivaa=nivaa,
        fra=begynner,
        kilde=kilde,
        begrunnelse=begrunnelse,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
    )
    mottakere = [
        Faseforslagsmottaker(id=uuid4(), forslag_id=forslag.id, organisasjon_id=id_, svar=Svar.VENTER)
        for id_ in sorted(laaste)
    ]
    db.session.add(forslag)
    db.session.flush()
    db.session.add_all(mottakere)
    logg(
        aktor,
        "beredskap.foreslaatt",
        "faseforslag",
        forslag.id,
        fase=fase,
        nivaa=nivaa,
        fra=begynner.isoformat(),
        antall=len(mottakere),
    )
    hvem = steps.besluttere(laaste)
    beskjeder = []
    for m in mottakere:
        beskjeder += til_alle(
            [p for p in hvem[m.organisasjon_id] if p.person_id != aktor.person_id],
            noekkel=f"beredskap.forslag:{m.id}",
            kode=KODE_FORSLAG,
            tittel=_l(
                "Foreslått for %(sted)s: fase %(fase)s, %(ord)s",
                sted=laaste[m.organisasjon_id].kortnavn,
                fase=fase,
                ord=ETIKETTER["fase"][str(fase)],
            ),
            tekst=_l(
                "%(hvem)s foreslår %(nivaa)s fra %(naar)s. Bekreft eller avslå.",
                hvem=aktor.organisasjon_navn,
                nivaa=ETIKETTER["beredskapsnivaa"][nivaa],
                naar=Naar(begynner),
            ),
            lenke=f"/beredskap/svar/{m.id}",
            hastegrad="haster",
            gjelder=steps.om_mottaker(m.id),
        )
        meld("beredskap.endret", organisasjon_id=m.organisasjon_id)
    varsle_flere(beskjeder)
    return forslag.id


@transactional
def trekk(aktor: Aktor, forslag_id: UUID) -> int:
    """Takes back what nobody has answered. Gives how many it still waited for; raises UgyldigOvergang for none."""
    organisasjoner = [
        m.organisasjon_id for m in access.hent_forslag(aktor, Handling.FORESLAA, forslag_id).mottakere
    ]
    steps.laas(organisasjoner)
    forslag = access.hent_forslag(aktor, Handling.FORESLAA, forslag_id)
    ventende = [m for m in forslag.mottakere if m.svar == Svar.VENTER]
    if not ventende:
        raise UgyldigOvergang(_l("Forslaget venter ikke på svar lenger. Last siden på nytt og se svarene."))
    for m in ventende:
        m.svar, m.svart = Svar.TRUKKET, now()
        stopp(steps.om_mottaker(m.id))
        meld("beredskap.endret", organisasjon_id=m.organisasjon_id)
    logg(aktor, "beredskap.forslag_trukket", "faseforslag", forslag.id, antall=len(ventende))
    return len(ventende)


# --- answering -------------------------------------------------------------------------------------------


@transactional
def bekreft(aktor: Aktor, mottaker_id: UUID) -> UUID:
    """Confirms: the phase holds from the proposed moment, or from now where that has passed.

    Raises Opptatt where somebody has answered, UgyldigOvergang where it has fallen away, and as `faser.sett` where it
    would overlap.
    """
    mottaker, organisasjon = _aapent(aktor, mottaker_id)
    forslag = mottaker.forslag
    _svar(aktor, mottaker, Svar.BEKREFTET, "")
    periode = steps.begynn(
        aktor,
        organisasjon,
        fase=forslag.fase,
        nivaa=forslag.nivaa,
        fra=max(forslag.fra, now()),
        til=None,
        kilde=forslag.kilde,
        begrunnelse=forslag.begrunnelse,
        satt_som=sett_som(aktor),
        forslag=forslag,
    )
    logg(aktor, "beredskap.bekreftet", "faseforslag", forslag.id, organisasjon_id=str(organisasjon.id))
    _fortell_svar(
        mottaker,
        _l("%(sted)s har bekreftet fase %(fase)s", sted=organisasjon.kortnavn, fase=forslag.fase),
        samles=True,
    )
    return periode.id


@transactional
def avslaa(aktor: Aktor, mottaker_id: UUID, merknad: str = "") -> None:
    """Declines, with a word to who proposed it. Raises as `bekreft` where it no longer waits."""
    mottaker, organisasjon = _aapent(aktor, mottaker_id)
    _svar(aktor, mottaker, Svar.AVSLAATT, merknad)
    logg(
        aktor,
        "beredskap.avslaatt",
        "faseforslag",
        mottaker.forslag_id,
        organisasjon_id=str(organisasjon.id),
    )
    meld("beredskap.endret", organisasjon_id=organisasjon.id)
    fase = mottaker.forslag.fase
    _fortell_svar(mottaker, _l("%(sted)s har avslått fase %(fase)s", sted=organisasjon.kortnavn, fase=fase))


def _aapent(aktor: Aktor, mottaker_id: UUID) -> tuple[Faseforslagsmottaker, Organisasjon]:
    """A proposal that waits for the actor's organisation, with the organisation locked."""
    organisasjon_id = access.hent_mottaker(aktor, Handling.BESLUTTE, mottaker_id).organisasjon_id
    organisasjon = steps.laas([organisasjon_id])[organisasjon_id]
    mottaker = access.hent_mottaker(aktor, Handling.BESLUTTE, mottaker_id)
    if mottaker.svar == Svar.VENTER:
        return mottaker, organisasjon
    if mottaker.svar in (Svar.BEKREFTET, Svar.AVSLAATT):
        navn = mottaker.svart_av.navn if mottaker.svart_av else ""
        raise Opptatt(
            _l(
                "%(hvem)s har alt svart: %(svar)s.",
                hvem=navn,
                svar=ETIKETTER["fasesvar"][mottaker.svar],
            )
        )
    raise UgyldigOvergang(
        _l("Forslaget gjelder ikke lenger: det er trukket, eller noe nyere er kommet. Se hva som gjelder nå.")
    )


def _svar(aktor: Aktor, mottaker: Faseforslagsmottaker, svar: Svar, merknad: str) -> None:
    mottaker.svar, mottaker.svart = svar, now()
    mottaker.svart_av_id, mottaker.merknad = aktor.person_id, merknad
    stopp(steps.om_mottaker(mottaker.id))


def _fortell_svar(mottaker: Faseforslagsmottaker, tittel: Any, *, samles: bool = False) -> None:
    """In the bell of who proposed it, where that person still works there. Has nobody left to answer, it says so.

    `samles`: of what comes many times, one at a time: who has not read that somebody confirmed, is told again when all
    have answered.
    """
    forslag = mottaker.forslag
    medlemskap_id = db.session.scalar(
        sa.select(Medlemskap.id)
        .where(
            Medlemskap.person_id == forslag.opprettet_av_id,
            Medlemskap.organisasjon_id == forslag.fra_organisasjon_id,
        )
        .order_by(Medlemskap.gyldig_fra.desc(), Medlemskap.id)
        .limit(1)
    )
    til = mottaker_for(medlemskap_id) if medlemskap_id is not None else None
    if til is None or til.person_id == mottaker.svart_av_id:
        return
    db.session.flush()
    gjelder = f"fasesvar:{forslag.id}"
    venter = sa.exists().where(
        Faseforslagsmottaker.forslag_id == forslag.id, Faseforslagsmottaker.svar == Svar.VENTER
    )
    flere = bool(db.session.scalar(sa.select(venter)))
    ulest = sa.exists().where(
        Varsel.person_id == til.person_id, Varsel.gjelder == gjelder, Varsel.lest.is_(None)
    )
    if samles and flere and db.session.scalar(sa.select(ulest)):
        return
    varsle(
        til,
        noekkel=f"beredskap.svar:{mottaker.id}",
        kode=KODE_SVAR,
        tittel=tittel,
        tekst=mottaker.merknad
        or (
            _l("Åpne forslaget og se alle svarene.")
            if flere
            else _l("Nå venter forslaget ikke på flere svar.")
        ),
        lenke=f"/beredskap/forslag/{forslag.id}",
        hastegrad="vanlig",
        gjelder=gjelder,
        bare=(),
    )


# --- reading ---------------------------------------------------------------------------------------------


def hent(aktor: Aktor, forslag_id: UUID) -> Faseforslag:
    """A proposal of the own organisation with everybody's answers, by name."""
    return access.hent_forslag(aktor, Handling.SE_INNSIDE, forslag_id)


def hent_mottatt(aktor: Aktor, mottaker_id: UUID) -> Faseforslagsmottaker:
    """A proposal to the own organisation."""
    return access.hent_mottaker(aktor, Handling.SE_INNSIDE, mottaker_id)


def som_venter(aktor: Aktor) -> list[Faseforslagsmottaker]:
    """What waits for the actor's organisation, the newest first; nothing for who does not see its inside."""
    if not access.kan(aktor, Handling.SE_INNSIDE, aktor.organisasjon_id):
        return []
    return list(
        db.session.scalars(
            sa.select(Faseforslagsmottaker)
            .join(Faseforslagsmottaker.forslag)
            .where(
                Faseforslagsmottaker.organisasjon_id == aktor.organisasjon_id,
                Faseforslagsmottaker.svar == Svar.VENTER,
            )
            .options(
                joinedload(Faseforslagsmottaker.forslag).joinedload(Faseforslag.fra_organisasjon),
                joinedload(Faseforslagsmottaker.forslag).joinedload(Faseforslag.opprettet_av),
            )
            .order_by(Faseforslag.opprettet.desc(), Faseforslag.id)
        )
    )


def antall_venter(aktor: Aktor) -> int:
    """How many proposals wait for the actor to decide: the number beside the menu's word."""
    if aktor.organisasjon_id is None or aktor.medlemskap_id is None:
        return 0
    antall = db.session.scalar(
        sa.select(sa.func.count()).where(
            Faseforslagsmottaker.organisasjon_id == aktor.organisasjon_id,
            Faseforslagsmottaker.svar == Svar.VENTER,
        )
    )
    return antall if antall and access.kan(aktor, Handling.BESLUTTE, aktor.organisasjon_id) else 0


def sendte(aktor: Aktor, side: int = 1, pr_side: int = PR_SIDE) -> tuple[list[Sendt], int]:
    """The own organisation's proposals, the newest first, with how many have answered; and how many there are."""
    if not access.kan(aktor, Handling.SE_INNSIDE, aktor.organisasjon_id):
        return [], 0
    egne = Faseforslag.fra_organisasjon_id == aktor.organisasjon_id
    antall = db.session.scalar(sa.select(sa.func.count()).select_from(Faseforslag).where(egne)) or 0
    if side < 1 or (side > 1 and (side - 1) * pr_side >= antall):
        raise IkkeFunnet()
    rader = db.session.scalars(
        sa.select(Faseforslag)
        .where(egne)
        .options(joinedload(Faseforslag.opprettet_av))
        .order_by(Faseforslag.opprettet.desc(), Faseforslag.id)
        .limit(pr_side)
        .offset((side - 1) * pr_side)
    ).all()
    svar: dict[UUID, dict[str, int]] = {f.id: {} for f in rader}
    for forslag_id, kode, n in db.session.execute(
        sa.select(Faseforslagsmottaker.forslag_id, Faseforslagsmottaker.svar, sa.func.count())
        .where(Faseforslagsmottaker.forslag_id.in_(list(svar)))
        .group_by(Faseforslagsmottaker.forslag_id, Faseforslagsmottaker.svar)
    ):
        svar[forslag_id][kode] = n
    return [Sendt(f, svar[f.id]) for f in rader], antall
