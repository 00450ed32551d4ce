"""Swaps: somebody asks a colleague to take a shift, for one of theirs or for none, and the colleague accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.errors import Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet.models import Medlemskap
from portal.revisjon.steps import logg
from portal.vakt import access, dobbelt, skriving
from portal.vakt.access import Handling
from portal.vakt.models import Byttetilstand, Vakt, Vaktbytte, Vaktkilde, Vaktplan
from portal.vakt.tidsord import klokkeslett, tidsrom
from portal.varsler.steps import stopp

#: How long a decided swap stays in the list.
_VISES = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Bytterad:
    """A proposal as a list shows it. Its shifts, plans and people come with it."""

    bytte: Vaktbytte
    #: The actor is asked, and answers by `godta` or `avslaa`.
    venter_paa_meg: bool
    #: The actor asked, and may still `trekk` it.
    kan_trekkes: bool
    #: Between others: seen by who keeps the rosters.
    andres: bool
    #: What should be known before it is accepted.
    advarsler: list[str]


@transactional
def foreslaa(
    aktor: Aktor,
    vakt_id: UUID,
    til_medlemskap_id: UUID,
    motvakt_id: UUID | None = None,
    *,
    bekreftet: bool = False,
) -> UUID:
    """Asks a colleague to take one of the actor's coming shifts, for one of theirs (`motvakt_id`) or for none.

    Both must be able to have what they get; the shifts may be of different levels and plans of one organisation. That
    one of them would have two levels of a plan at once must be meant (`bekreftet`).
    Raises IkkeTilgang for another's shift, UgyldigData, or Konflikt where one already waits.
    """
    vakt = access.hent_egen_vakt(aktor, vakt_id)
    motvakt = access.hent_vakt(aktor, Handling.SE, motvakt_id) if motvakt_id else None
    _laas(aktor, vakt, motvakt)
    _krev_kommende(vakt, "vakt_id")
    kollega = skriving.les_medlemskap([til_medlemskap_id]).get(til_medlemskap_id)
    if kollega is None or kollega.organisasjon_id != vakt.vaktplan.organisasjon_id:
        raise UgyldigData(felter={"til_medlemskap_id": [_("Velg en kollega fra lista.")]})
    if kollega.person_id == aktor.person_id:
        raise UgyldigData(felter={"til_medlemskap_id": [_("Velg en annen enn deg selv.")]})
    if motvakt is not None:
        _krev_kommende(motvakt, "motvakt_id")
        if motvakt.person_id != kollega.person_id:
            raise UgyldigData(
                felter={"motvakt_id": [_("Velg en av vaktene til %(navn)s.", navn=kollega.person.navn)]}
            )
    innehavere = _nye_innehavere(vakt, motvakt, kollega)
    if db.session.scalar(
        sa.select(sa.exists().where(Vaktbytte.vakt_id == vakt.id, Vaktbytte.tilstand == Byttetilstand.VENTER))
    ):
        raise Konflikt(
            _("Du har alt foreslått å bytte denne vakten. Trekk det forslaget først."), kode="venter"
        )
    _krev_bekreftet(innehavere, bekreftet)
    bytte = Vaktbytte(
        id=uuid4(),
        vakt_id=vakt.id,
        motvakt_id=motvakt.id if motvakt else None,
        fra_medlemskap_id=vakt.medlemskap_id,
        til_medlemskap_id=kollega.id,
        tilstand=Byttetilstand.VENTER,
        opprettet=now(),
    )
    db.session.add(bytte)
    _loggfoer(aktor, "vakt.bytte_foreslaatt", bytte)
    meld("vakt.bytte", bytte_id=bytte.id)
    tid = tidsrom(vakt.fra, vakt.til)
    if motvakt is None:
        tekst = _l("%(navn)s ber deg ta vakten %(tid)s.", navn=aktor.navn, tid=tid)
    else:
        tekst = _l(
            "%(navn)s ber deg ta vakten %(tid)s, og tar vakten din %(din)s.",
            navn=aktor.navn,
            tid=tid,
            din=tidsrom(motvakt.fra, motvakt.til),
        )
    skriving.fortell(
        kollega.id,
        noekkel=f"vakt.bytte:{bytte.id}:foreslaatt",
        kode="vakt.bytte",
        tittel=_l("Forslag om vaktbytte: %(fag)s, %(nivaa)s", **skriving.hvilken(vakt.vaktplan, vakt.nivaa)),
        tekst=tekst,
        lenke=skriving.BYTTER,
        gjelder=skriving.bytteforslag(bytte.id),
    )
    return bytte.id


@transactional
def godta(aktor: Aktor, bytte_id: UUID, *, bekreftet: bool = False) -> list[str]:
    """The colleague says yes: both shifts change hands at once. Gives warnings, as of two places at the same time.

    Raises Konflikt when it is decided, or when one of the shifts was changed or has begun; UgyldigData where one of the
    two would have two levels of a plan at once, and nobody says that it is meant (`bekreftet`).
    """
    bytte, vakt, motvakt = _hent_ventende(aktor, bytte_id, som_mottaker=True)
    naa = now()
    if vakt.avlyst or vakt.fra <= naa or (motvakt and (motvakt.avlyst or motvakt.fra <= naa)):
        raise Konflikt(_("En av vaktene er endret, eller har begynt. Avtal et nytt bytte."), kode="bortfalt")
    kollega = skriving.les_medlemskap([bytte.til_medlemskap_id])[bytte.til_medlemskap_id]
    innehavere = _nye_innehavere(vakt, motvakt, kollega)
    _krev_bekreftet(innehavere, bekreftet)
    # Decided first: the shifts it is about are called off, and that lets what still waits lapse.
    bytte.tilstand, bytte.avgjort = Byttetilstand.GODTATT, naa
    skriving.lagre()
    skriving.avlys([v for v, _m in innehavere])
    nye = [
        skriving.legg_til(aktor, v.vaktplan, v.nivaa, m, v.fra, v.til, Vaktkilde.BYTTE) for v, m in innehavere
    ]
    skriving.lagre()
    _loggfoer(aktor, "vakt.bytte_godtatt", bytte, nye=[str(v.id) for v in nye])
    for plan in {v.vaktplan_id: v.vaktplan for v, _m in innehavere}.values():
        skriving.endret(plan)
    skriving.glem(v for v, _m in innehavere)
    stopp(skriving.bytteforslag(bytte.id))
    meld("vakt.bytte", bytte_id=bytte.id)
    _svar(aktor, bytte, vakt, "godtatt", _l("Vaktbyttet er godtatt av %(navn)s", navn=aktor.navn))
    return [tekst for v in nye for tekst in skriving.advarsler(v, uten=[n.id for n in nye])]


@transactional
def be_om_avloesning(aktor: Aktor, vakt_id: UUID, til_medlemskap_id: UUID) -> str:
    """Asks a colleague to take over the actor's running shift, which cannot be swapped any more. Gives the name.

    Nothing changes until the colleague takes it («Ta vakten nå»). Each is asked once of a shift. Raises IkkeTilgang for
    another's shift, Konflikt for one that does not run, and UgyldigData for somebody who cannot take it.
    """
    vakt = access.hent_egen_vakt(aktor, vakt_id)
    plan, naa = vakt.vaktplan, now()
    skriving.krev_i_bruk(plan)
    if vakt.avlyst is not None or not vakt.fra <= naa < vakt.til:
        raise Konflikt(_("Vakten går ikke nå. Last siden på nytt, og se hvem som har den."), kode="endret")
    kollega = skriving.les_medlemskap([til_medlemskap_id]).get(til_medlemskap_id)
    if kollega is None or kollega.person_id == aktor.person_id or kollega not in _avloesere(vakt, naa):
        raise UgyldigData(felter={"til_medlemskap_id": [_("Velg en kollega fra lista.")]})
    _kan_faa(vakt, kollega, kollega.id, "til_medlemskap_id", fra=naa)
    logg(aktor, "vakt.avloesning_spurt", "vakt", vakt.id, medlemskap=kollega.id)
    skriving.fortell(
        kollega.id,
        noekkel=f"vakt.avloesning:{vakt.id}:{kollega.id}",
        kode="vakt.bytte",
        tittel=_l(
            "%(navn)s ber deg ta vakten nå: %(fag)s, %(nivaa)s",
            navn=aktor.navn,
            **skriving.hvilken(plan, vakt.nivaa),
        ),
        tekst=_l(
            "Vakten varer til %(til)s. Den er din når du trykker «Ta vakten».", til=klokkeslett(vakt.til)
        ),
        lenke=f"/vakt/planer/{plan.id}/ta?nivaa={vakt.nivaa}",
        hastegrad="haster",
        # When somebody has taken it, nobody is asked any more.
        gjelder=skriving.om_vakten(vakt.id),
    )
    return kollega.person.navn


def _avloesere(vakt: Vakt, naa: datetime) -> list[Medlemskap]:
    """Who may have what is left of a shift."""
    return [
        m
        for m in skriving.mulige(vakt.vaktplan, vakt.nivaa)
        if m.person_id != vakt.person_id and skriving.gjelder_hele(m, max(vakt.fra, naa), vakt.til)
    ]


@transactional
def avslaa(aktor: Aktor, bytte_id: UUID) -> None:
    """The colleague says no. Who asked is told. Raises Konflikt when it is decided."""
    bytte, vakt, _motvakt = _hent_ventende(aktor, bytte_id, som_mottaker=True)
    _avgjoer(aktor, bytte, Byttetilstand.AVSLAATT, "vakt.bytte_avslaatt")
    _svar(aktor, bytte, vakt, "avslaatt", _l("%(navn)s takket nei til vaktbyttet", navn=aktor.navn))


@transactional
def trekk(aktor: Aktor, bytte_id: UUID) -> None:
    """Who asked takes it back. The colleague is told. Raises Konflikt when it is decided."""
    bytte, vakt, _motvakt = _hent_ventende(aktor, bytte_id, som_mottaker=False)
    _avgjoer(aktor, bytte, Byttetilstand.TRUKKET, "vakt.bytte_trukket")
    skriving.fortell(
        bytte.til_medlemskap_id,
        noekkel=f"vakt.bytte:{bytte.id}:trukket",
        kode="vakt.bytte",
        tittel=_l("%(navn)s trakk forslaget om vaktbytte", navn=aktor.navn),
        tekst=_l("Vakten %(tid)s.", tid=tidsrom(vakt.fra, vakt.til)),
        lenke=skriving.BYTTER,
    )


def la_forfalle() -> int:
    """Lets proposals lapse whose shift, or the one in return, has begun. Both are told. Gives how many."""
    ider = db.session.scalars(_forfalte(sa.select(Vaktbytte.id)).order_by(Vaktbytte.id)).all()
    db.session.rollback()
    return hver(ider, _la_forfalle, "vaktbytte_feilet")


def _forfalte(sporring: sa.Select[Any]) -> sa.Select[Any]:
    motvakt, naa = aliased(Vakt), now()
    return (
        sporring.join(Vakt, Vakt.id == Vaktbytte.vakt_id)
        .outerjoin(motvakt, motvakt.id == Vaktbytte.motvakt_id)
        .where(Vaktbytte.tilstand == Byttetilstand.VENTER, sa.or_(Vakt.fra <= naa, motvakt.fra <= naa))
    )


@transactional
def _la_forfalle(bytte_id: UUID) -> int:
    bytte = db.session.scalars(
        _forfalte(sa.select(Vaktbytte))
        .where(Vaktbytte.id == bytte_id)
        .with_for_update(of=Vaktbytte, skip_locked=True)
    ).one_or_none()
    if bytte is None:
        return 0
    skriving.la_falle(bytte)
    meld("vakt.bytte", bytte_id=bytte.id)
    return 1


# --- what they share -------------------------------------------------------------------------------------


def _laas(aktor: Aktor, *vakter: Vakt | None) -> None:
    """Locks the plans of the shifts, in the order of their ids, and reads the shifts again.

    Raises IkkeFunnet for a plan of another organisation.
    """
    kjente = [v for v in vakter if v is not None]
    for plan_id in sorted({v.vaktplan_id for v in kjente}):
        skriving.krev_i_bruk(access.hent_plan(aktor, Handling.SE, plan_id, laas=True))
    for vakt in kjente:
        db.session.refresh(vakt)


def _hent_ventende(
    aktor: Aktor, bytte_id: UUID, *, som_mottaker: bool
) -> tuple[Vaktbytte, Vakt, Vakt | None]:
    """A waiting proposal with its shifts, when the actor is the one who may decide it: plans first, then it."""
    bytte = access.hent_bytte(aktor, bytte_id)
    part = bytte.til_medlemskap if som_mottaker else bytte.fra_medlemskap
    if part.person_id != aktor.person_id:
        access.nekt(aktor, Handling.REDIGERE, "vaktbytte", bytte.id, finnes=True)
    _laas(aktor, bytte.vakt, bytte.motvakt)
    db.session.refresh(bytte, ["tilstand", "avgjort"], with_for_update=True)
    if bytte.tilstand != Byttetilstand.VENTER:
        raise Konflikt(_("Forslaget er alt avgjort, eller gjelder ikke lenger."), kode="avgjort")
    return bytte, bytte.vakt, bytte.motvakt


def _krev_kommende(vakt: Vakt, felt: str) -> None:
    if vakt.avlyst is not None:
        raise UgyldigData(felter={felt: [_("Vakten er endret. Last siden på nytt, og velg på nytt.")]})
    if vakt.fra <= now():
        raise UgyldigData(felter={felt: [_("Vakten har begynt. Bare vakter som kommer, kan byttes.")]})


def _nye_innehavere(vakt: Vakt, motvakt: Vakt | None, kollega: Medlemskap) -> list[tuple[Vakt, Medlemskap]]:
    """Who gets which shift. Raises UgyldigData when one of them cannot have it.

    Why a colleague cannot is not told: that somebody is away is theirs to tell.
    """
    par = [(vakt, _kan_faa(vakt, kollega, kollega.id, "til_medlemskap_id"))]
    if motvakt is not None:
        par.append((motvakt, _kan_faa(motvakt, vakt.medlemskap, vakt.medlemskap_id, "motvakt_id")))
    return par


def _kan_faa(
    vakt: Vakt, hvem: Medlemskap, helst: UUID, felt: str, *, fra: datetime | None = None
) -> Medlemskap:
    plan, fra = vakt.vaktplan, fra or vakt.fra
    medlemskap = skriving.medlemskap_for(hvem.person_id, plan, vakt.nivaa, fra, vakt.til, helst=helst)
    if medlemskap is None or skriving.fravaer_i(hvem.person_id, plan.organisasjon_id, fra, vakt.til):
        raise UgyldigData(
            felter={
                felt: [
                    _(
                        "%(navn)s kan ikke ha vakten %(tid)s. Velg en annen.",
                        navn=hvem.person.navn,
                        tid=tidsrom(fra, vakt.til),
                    )
                ]
            }
        )
    return medlemskap


def _avgjoer(aktor: Aktor, bytte: Vaktbytte, tilstand: Byttetilstand, handling: str) -> None:
    bytte.tilstand, bytte.avgjort = tilstand, now()
    stopp(skriving.bytteforslag(bytte.id))
    _loggfoer(aktor, handling, bytte)
    meld("vakt.bytte", bytte_id=bytte.id)


def _svar(aktor: Aktor, bytte: Vaktbytte, vakt: Vakt, hva: str, tittel: object) -> None:
    skriving.fortell(
        bytte.fra_medlemskap_id,
        uten=aktor.person_id,
        noekkel=f"vakt.bytte:{bytte.id}:{hva}",
        kode="vakt.bytte",
        tittel=tittel,
        tekst=_l("Vakten %(tid)s.", tid=tidsrom(vakt.fra, vakt.til)),
        lenke=skriving.BYTTER,
    )


def _loggfoer(aktor: Aktor, handling: str, bytte: Vaktbytte, **mer: Any) -> None:
    logg(
        aktor,
        handling,
        "vaktbytte",
        bytte.id,
        vakt=bytte.vakt_id,
        motvakt=bytte.motvakt_id,
        fra=bytte.fra_medlemskap_id,
        til=bytte.til_medlemskap_id,
        **mer,
    )


# --- reading ---------------------------------------------------------------------------------------------


def hent_bytter(aktor: Aktor) -> list[Bytterad]:
    """The proposals that wait, first, and those decided in the last 30 days, newest first.

    The actor's own; for who keeps the rosters also those of others that wait.
    """
    fra_m, til_m = aliased(Medlemskap), aliased(Medlemskap)
    venter = Vaktbytte.tilstand == Byttetilstand.VENTER
    synlige = sa.and_(
        sa.or_(fra_m.person_id == aktor.person_id, til_m.person_id == aktor.person_id),
        sa.or_(venter, Vaktbytte.avgjort > now() - _VISES),
    )
    if aktor.organisasjon_id is not None and access.kan_redigere(aktor, aktor.organisasjon_id):
        synlige = sa.or_(synlige, venter)
    bytter = db.session.scalars(
        sa.select(Vaktbytte)
        .join(fra_m, fra_m.id == Vaktbytte.fra_medlemskap_id)
        .join(til_m, til_m.id == Vaktbytte.til_medlemskap_id)
        .where(fra_m.organisasjon_id == aktor.organisasjon_id, synlige)
        .options(
            joinedload(Vaktbytte.vakt).joinedload(Vakt.vaktplan).joinedload(Vaktplan.organisasjon),
            joinedload(Vaktbytte.motvakt).joinedload(Vakt.vaktplan),
            joinedload(Vaktbytte.fra_medlemskap).joinedload(Medlemskap.person),
            joinedload(Vaktbytte.til_medlemskap).joinedload(Medlemskap.person),
        )
        .order_by(sa.case((venter, 0), else_=1), Vaktbytte.opprettet.desc(), Vaktbytte.id)
    )
    return [_rad(aktor, b) for b in bytter]


def _rad(aktor: Aktor, bytte: Vaktbytte) -> Bytterad:
    venter = bytte.tilstand == Byttetilstand.VENTER
    til_meg = bytte.til_medlemskap.person_id == aktor.person_id
    fra_meg = bytte.fra_medlemskap.person_id == aktor.person_id
    return Bytterad(
        bytte,
        venter and til_meg,
        venter and fra_meg,
        andres=not (til_meg or fra_meg),
        advarsler=_advarsler(bytte) if venter else [],
    )


def _advarsler(bytte: Vaktbytte) -> list[str]:
    """Where the swap would put one of the two at two levels of a plan at once."""
    faar = [(bytte.vakt, bytte.til_medlemskap)]
    if bytte.motvakt is not None:
        faar.append((bytte.motvakt, bytte.fra_medlemskap))
    return [tekst for fag, doble in _doble(faar) for tekst in dobbelt.tekster(doble, fag)]


def _doble(faar: Sequence[tuple[Vakt, Medlemskap]]) -> list[tuple[str, list[dobbelt.Dobbelt]]]:
    """Where these would have two levels of a plan at once, each plan by its fagområde."""
    per_plan: dict[UUID, list[dobbelt.Staar]] = {}
    for v, m in faar:
        per_plan.setdefault(v.vaktplan_id, []).append(
            dobbelt.Staar(v.nivaa, m.person_id, m.person.navn, v.fra, v.til)
        )
    fag = {v.vaktplan_id: v.vaktplan.fagomraade for v, _m in faar}
    gir = [v.id for v, _m in faar]
    return [(fag[plan_id], dobbelt.forutse(plan_id, nye, uten=gir)) for plan_id, nye in per_plan.items()]


def _krev_bekreftet(faar: Sequence[tuple[Vakt, Medlemskap]], bekreftet: bool) -> None:
    for fag, doble in _doble(faar):
        dobbelt.krev_bekreftet(doble, fag, bekreftet)


def mulige_kolleger(aktor: Aktor, vakt_id: UUID) -> list[Medlemskap]:
    """Who may be asked to take one of the actor's shifts: the memberships that may have what is left of it, by name."""
    return _avloesere(access.hent_egen_vakt(aktor, vakt_id), now())


def mulige_motvakter(aktor: Aktor, vakt_id: UUID, til_medlemskap_id: UUID) -> list[Vakt]:
    """A colleague's coming shifts that the actor may have in return: those of the same day first, then by time."""
    vakt = access.hent_egen_vakt(aktor, vakt_id)
    kollega = skriving.les_medlemskap([til_medlemskap_id]).get(til_medlemskap_id)
    if kollega is None or kollega.organisasjon_id != vakt.vaktplan.organisasjon_id:
        return []
    deres = db.session.scalars(
        sa.select(Vakt)
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .where(
            Vakt.person_id == kollega.person_id,
            Vakt.avlyst.is_(None),
            Vakt.fra > now(),
            Vaktplan.organisasjon_id == kollega.organisasjon_id,
            Vaktplan.avsluttet.is_(None),
        )
        .options(joinedload(Vakt.vaktplan))
        .order_by(Vakt.fra)
    ).all()
    mine: dict[tuple[UUID, str], list[Medlemskap]] = {}
    for v in deres:
        if (v.vaktplan_id, v.nivaa) not in mine:
            mine[v.vaktplan_id, v.nivaa] = [
                m for m in skriving.mulige(v.vaktplan, v.nivaa) if m.person_id == aktor.person_id
            ]
    kan = [
        v for v in deres if any(skriving.gjelder_hele(m, v.fra, v.til) for m in mine[v.vaktplan_id, v.nivaa])
    ]
    return sorted(kan, key=lambda v: (not _samme_dag(v, vakt), v.fra))


def _samme_dag(en: Vakt, annen: Vakt) -> bool:
    return (en.fra < annen.til and en.til > annen.fra) or oslo(en.fra).date() == oslo(annen.fra).date()
