"""Drills: made by one organisation, played by many. What is played stands in for the phase where somebody looks at the
drill, and changes nothing real."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.beredskap import access
from portal.beredskap.access import Handling
from portal.beredskap.brev import Naar
from portal.beredskap.models import Beredskapsnivaa, Fase, Oevelse, Oevelsesdeltaker
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Organisasjon, Person
from portal.identitet.mottakere import mottakerfelt
from portal.revisjon.steps import logg
from portal.varsler.steps import Mottaker, stopp, til_alle, varsle_flere

#: A drill that lasts longer is forgotten, not played.
LENGST = timedelta(days=7)
SLAKK = timedelta(minutes=15)
#: Who is told of a drill that their organisation takes part in.
SKAL_VITE = (Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE, Rolle.VAKTLEDER)


@dataclass(frozen=True, slots=True)
class Visning:
    """A drill as one of its organisations sees it."""

    oevelse: Oevelse
    #: Among those who lead it.
    leder: bool
    #: May play the own organisation's phase.
    spiller: bool
    egen: Oevelsesdeltaker | None

    @property
    def gaar(self) -> bool:
        return gaar(self.oevelse)

    @property
    def over(self) -> bool:
        return er_over(self.oevelse)


def er_over(oevelse: Oevelse) -> bool:
    """Whether it has ended, by the clock or by its leader."""
    return oevelse.avsluttet is not None or oevelse.til <= now()


def gaar(oevelse: Oevelse) -> bool:
    """Whether it runs at this moment."""
    return oevelse.fra <= now() and not er_over(oevelse)


def krev_oever(aktor: Aktor) -> None:
    """Demands that the actor may make drills. Raises IkkeTilgang, and logs it."""
    access.krev(aktor, Handling.OEVE, aktor.organisasjon_id)


def kan_inviteres(aktor: Aktor) -> list[Organisasjon]:
    """Whom the actor's organisation may take into a drill: those it works with. A kommune: its trust and the trust's
    kommuner; a trust: its kommuner and its RHF; an RHF: its trusts and their kommuner. Itself first."""
    egen = db.session.get(Organisasjon, aktor.organisasjon_id) if aktor.organisasjon_id else None
    if egen is None:
        return []
    sted = egen.helseforetak_id if aktor.er_kommunal else egen.id
    vilkaar: list[Any] = [Organisasjon.id == egen.id]
    if sted is not None:
        vilkaar += [
            Organisasjon.id == sted,
            Organisasjon.id.in_(access.kommuner_under(sted).with_only_columns(Organisasjon.id)),
        ]
    if egen.type == "rhf":
        vilkaar.append(Organisasjon.overordnet_id == egen.id)
    elif egen.overordnet_id is not None:
        vilkaar.append(Organisasjon.id == egen.overordnet_id)
    rader = db.session.scalars(
        sa.select(Organisasjon).where(
            sa.or_(*vilkaar),
            Organisasjon.nedlagt.is_(None),
            Organisasjon.type.in_(list(access.HAR_FASE)),
        )
    )
    return sorted(rader, key=lambda o: (o.id != egen.id, o.type == "kommune", o.kortnavn, o.id))


# --- making and leading ----------------------------------------------------------------------------------


@transactional
def lag(
    aktor: Aktor,
    *,
    navn: str,
    til: datetime,
    organisasjoner: Collection[UUID],
    fase: int,
    nivaa: str,
    fra: datetime | None = None,
) -> UUID:
    """Makes a drill from a moment (None: now), the own organisation in it. All begin in the given phase and level."""
    access.krev(aktor, Handling.OEVE, aktor.organisasjon_id)
    assert aktor.organisasjon_id is not None
    naa = now()
    begynner = naa if fra is None or naa - SLAKK <= fra <= naa else fra
    felter: dict[str, list[Any]] = _feil(fase, nivaa)
    if begynner < naa:
        felter["fra"] = [
            _l("En øvelse kan ikke begynne bakover i tid. La feltet stå tomt, så begynner den nå.")
        ]
    if til <= max(begynner, naa):
        felter["til"] = [_l("Slutten må være etter begynnelsen.")]
    elif til - begynner > LENGST:
        felter["til"] = [_l("En øvelse varer høyst 7 døgn.")]
    ider = {aktor.organisasjon_id, *organisasjoner}
    if not ider <= {o.id for o in kan_inviteres(aktor)}:
        felter["organisasjoner"] = [_l("Minst én av dem kan dere ikke invitere. Velg fra lista.")]
    if felter:
        raise UgyldigData(felter=felter)
    oevelse = Oevelse(
        id=uuid4(),
        organisasjon_id=aktor.organisasjon_id,
        navn=navn,
        fra=begynner,
        til=til,
        opprettet=naa,
        opprettet_av_id=aktor.person_id,
        deltakere=[Oevelsesdeltaker(organisasjon_id=o, fase=fase, nivaa=nivaa) for o in sorted(ider)],
    )
    db.session.add(oevelse)
    logg(aktor, "beredskap.oevelse_laget", "oevelse", oevelse.id, antall=len(ider))
    _inviter(aktor, oevelse, ider - {aktor.organisasjon_id})
    _meld(oevelse)
    return oevelse.id


@transactional
def inviter(aktor: Aktor, oevelse_id: UUID, organisasjoner: Collection[UUID]) -> int:
    """Takes more organisations in, in the phase that the leader's own plays. Gives how many were new."""
    oevelse = _som_leder(aktor, oevelse_id)
    if not organisasjoner or not set(organisasjoner) <= {o.id for o in kan_inviteres(aktor)}:
        raise UgyldigData(felter={"organisasjoner": [_l("Velg minst én organisasjon fra lista.")]})
    egen = next(d for d in oevelse.deltakere if d.organisasjon_id == oevelse.organisasjon_id)
    nye = set(organisasjoner) - {d.organisasjon_id for d in oevelse.deltakere}
    oevelse.deltakere += [
        Oevelsesdeltaker(organisasjon_id=o, fase=egen.fase, nivaa=egen.nivaa) for o in sorted(nye)
    ]
    if nye:
        logg(aktor, "beredskap.oevelse_utvidet", "oevelse", oevelse.id, antall=len(nye))
        _inviter(aktor, oevelse, nye)
        _meld(oevelse)
    return len(nye)


@transactional
def avslutt(aktor: Aktor, oevelse_id: UUID) -> None:
    """Ends a drill before its time; who looks at it sees what is real again. Raises UgyldigOvergang for one that is
    over."""
    oevelse = _som_leder(aktor, oevelse_id)
    oevelse.avsluttet = now()
    stopp(_om(oevelse.id))
    logg(aktor, "beredskap.oevelse_avsluttet", "oevelse", oevelse.id)
    _meld(oevelse)


@transactional
def spill(aktor: Aktor, oevelse_id: UUID, organisasjon_id: UUID, fase: int, nivaa: str) -> None:
    """Lets an organisation be in a phase in the drill: its own people for itself, the leaders for everybody."""
    oevelse = access.hent_oevelse(aktor, oevelse_id, laas=True)
    deltaker = next((d for d in oevelse.deltakere if d.organisasjon_id == organisasjon_id), None)
    if deltaker is None:
        raise IkkeFunnet()
    if not access.leder(aktor, oevelse):
        access.krev(aktor, Handling.OEVE, organisasjon_id)
    _krev_ikke_over(oevelse)
    if felter := _feil(fase, nivaa):
        raise UgyldigData(felter=felter)
    deltaker.fase, deltaker.nivaa = fase, nivaa
    logg(
        aktor,
        "beredskap.oevelse_spilt",
        "oevelse",
        oevelse.id,
        organisasjon_id=str(organisasjon_id),
        fase=fase,
        nivaa=nivaa,
    )
    _meld(oevelse)


def _som_leder(aktor: Aktor, oevelse_id: UUID) -> Oevelse:
    oevelse = access.hent_oevelse(aktor, oevelse_id, laas=True)
    if not access.leder(aktor, oevelse):
        access.nekt(aktor, Handling.OEVE, "oevelse", oevelse.id, finnes=True)
    _krev_ikke_over(oevelse)
    return oevelse


def _krev_ikke_over(oevelse: Oevelse) -> None:
    if er_over(oevelse):
        raise UgyldigOvergang(_l("Øvelsen er over. Lag en ny om dere vil øve mer."))


def _feil(fase: int, nivaa: str) -> dict[str, list[Any]]:
    felter: dict[str, list[Any]] = {}
    if fase not in set(Fase):
        felter["fase"] = [_l("Velg en fase fra 1 til 5.")]
    if nivaa not in set(Beredskapsnivaa):
        felter["nivaa"] = [_l("Velg et beredskapsnivå.")]
    return felter


def _om(oevelse_id: UUID) -> str:
    return f"oevelse:{oevelse_id}"


def _meld(oevelse: Oevelse) -> None:
    for d in oevelse.deltakere:
        meld("beredskap.endret", organisasjon_id=d.organisasjon_id)


def _inviter(aktor: Aktor, oevelse: Oevelse, organisasjoner: Collection[UUID]) -> None:
    """Tells those who must know at the invited organisations, in the bell and by e-mail: nobody is woken by a drill."""
    if not organisasjoner:
        return
    rader = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id.in_(list(organisasjoner)),
            Medlemskap.rolle.in_(SKAL_VITE),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .distinct()
        .order_by(Person.navn, Person.id)
    )
    varsle_flere(
        til_alle(
            [Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id) for r in rader],
            noekkel=f"beredskap.oevelse:{oevelse.id}",
            kode="beredskap.oevelse",
            tittel=_l("Øvelse: %(navn)s", navn=oevelse.navn),
            tekst=_l(
                "%(hvem)s inviterer dere til en øvelse fra %(fra)s til %(til)s. Ingenting virkelig endres.",
                hvem=aktor.organisasjon_navn,
                fra=Naar(oevelse.fra),
                til=Naar(oevelse.til),
            ),
            lenke=f"/beredskap/oevelser/{oevelse.id}",
            hastegrad="vanlig",
            gjelder=_om(oevelse.id),
        )
    )


# --- reading ---------------------------------------------------------------------------------------------


def _visning(aktor: Aktor, oevelse: Oevelse) -> Visning:
    egen = next((d for d in oevelse.deltakere if d.organisasjon_id == aktor.organisasjon_id), None)
    return Visning(
        oevelse,
        access.leder(aktor, oevelse),
        egen is not None and access.kan(aktor, Handling.OEVE, aktor.organisasjon_id),
        egen,
    )


def hent(aktor: Aktor, oevelse_id: UUID) -> Visning:
    """A drill that the own organisation takes part in."""
    return _visning(aktor, access.hent_oevelse(aktor, oevelse_id))


def se_paa(aktor: Aktor, oevelse_id: UUID) -> Visning | None:
    """The drill that a browser has chosen to look at, while it runs and the actor's organisation is in it; else None.

    Asked on every page while somebody looks at a drill: one statement, and no denial for a drill that has ended.
    """
    oevelse = db.session.scalars(
        access.synlige_oevelser(aktor)
        .where(Oevelse.id == oevelse_id)
        .options(joinedload(Oevelse.organisasjon), selectinload(Oevelse.deltakere))
    ).one_or_none()
    return _visning(aktor, oevelse) if oevelse is not None and gaar(oevelse) else None


def synlige(aktor: Aktor, *, bare_naa: bool = False) -> list[Visning]:
    """The drills of the own organisation, those that run or come first. `bare_naa`: those that run."""
    access.krev(aktor, Handling.SE, aktor.organisasjon_id)
    naa = now()
    sporring = access.synlige_oevelser(aktor).options(
        joinedload(Oevelse.organisasjon),
        selectinload(Oevelse.deltakere).joinedload(Oevelsesdeltaker.organisasjon),
    )
    if bare_naa:
        sporring = sporring.where(Oevelse.fra <= naa, Oevelse.til > naa, Oevelse.avsluttet.is_(None))
    rader = db.session.scalars(sporring.order_by(Oevelse.fra.desc(), Oevelse.id).limit(50)).all()
    return sorted((_visning(aktor, o) for o in rader), key=lambda v: v.over)
