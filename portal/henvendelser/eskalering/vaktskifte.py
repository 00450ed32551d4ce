"""The change of shift: the open cases of whoever goes off call, read back and taken over by whoever comes on.

Until a case is read back it is the former's, and that is shown to both and to the vaktleder. Nothing changes hands by
itself: a responsibility that nobody has said yes to is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import UtcTid, db, insert_for, transactional, uavhengig
from portal.core.enkeltvis import sviktet
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigOvergang
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser.eskalering import steps as eskalering
from portal.henvendelser.eskalering.models import Skiftetilstand, Vaktskifte, Vaktskiftesak
from portal.henvendelser.forloep import Handling, Hastegrad, Invitasjonsslag, Invitasjonstilstand, Status
from portal.henvendelser.models import Henvendelse, Saksinvitasjon
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import mottaker_for
from portal.revisjon import steps as revisjon
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.vakt.steps import LENGSTE_VAKT, Paavakt, er_borte, kan_ha_vakt, paa_vakt
from portal.varsler.steps import stopp, varsle

SYSTEM = Aktor.system("vaktskifte")
#: Who has cases of their own. The vaktleder leads, and answers none.
NIVAAER = (Nivaa.VAKTHAVENDE, Nivaa.BAKVAKT)
#: How far back changes are looked for all the time, and how far now and then: what a worker that was away for long
#: has not made. No shift that holds now began before that.
NYLIG = timedelta(hours=12)
LENGST = LENGSTE_VAKT
#: The shifts before it whose changes nobody made either, so long back.
GLEMT = timedelta(days=30)
#: So long the level may have been empty between the two.
OPPHOLD = timedelta(hours=24)
PER_RUNDE = 100
#: So many changes are made at a time: at eight o'clock all of them are due, and the timers of their lane must not wait
#: for more than a moment. The next look makes the next ones; one that fails keeps no other from its turn.
OM_GANGEN = 20
_HASTER_MEST_FOERST = [str(h) for h in (Hastegrad.AKUTT, Hastegrad.HASTER, Hastegrad.VANLIG)]
#: In the words of the partial index.
_VENTER = sa.text(f"vaktskiftesak.tilstand = '{Skiftetilstand.VENTER}'")


def _gjenstand(skifte_id: UUID) -> str:
    """What the notices of a change are about."""
    return f"vaktskifte:{skifte_id}"


def _holder() -> sa.ColumnElement[bool]:
    """Over (Vaktskiftesak, Vaktskifte, Henvendelse): the case is open, and still the former's, in the same queue."""
    return sa.and_(
        Henvendelse.id == Vaktskiftesak.henvendelse_id,
        Henvendelse.status.in_([Status.AKSEPTERT, Status.BESVART]),
        Henvendelse.ansvarlig_medlemskap_id == Vaktskifte.fra_medlemskap_id,
        sa.exists().where(
            Vaktplan.id == Vaktskifte.vaktplan_id,
            Vaktplan.organisasjon_id == Henvendelse.mottaker_id,
            Vaktplan.fagomraade == Henvendelse.fagomraade,
        ),
    )


# --- the worker ------------------------------------------------------------------------------------------


def lag_skifter() -> int:
    """Makes the hand-over of each shift that has begun lately after another's. Gives how many.

    What can no longer be read back lapses first. Each change is a transaction of its own, and safe to run twice.
    """
    for skifte_id, sak_id in _bortfalne():
        _forsoek(_bortfall, skifte_id, sak_id)
    return _lag(NYLIG)


def ta_igjen() -> int:
    """The same of every shift that holds now, however long ago it began: a worker that stood still for a day, or for
    many, has lost none of the open cases. Dearer to ask, and asked for seldom."""
    return _lag(LENGST)


def nye_skifter(siden: timedelta = NYLIG) -> list[sa.Row[Any]]:
    """The changes of shifts that have begun since so long ago, and that are not made yet."""
    rader = db.session.execute(_skiftesporring(), _tider(siden))
    return [r for r in rader if r.fra - r.forrige_til <= OPPHOLD]


def _lag(siden: timedelta) -> int:
    nye = nye_skifter(siden)
    laget = 0
    for r in nye[:PER_RUNDE]:
        laget += _forsoek(_lag_skifte, r.vakt_id)
        if laget == OM_GANGEN:
            break
    return laget


def _forsoek(gjoer: Callable[..., int], *ider: UUID) -> int:
    try:
        return gjoer(*ider)
    except Exception:
        # One that fails keeps no other waiting, and is tried again next time.
        sviktet("vaktskifte_feilet", ider=[str(i) for i in ider])
        return 0


def _tider(siden: timedelta) -> dict[str, datetime]:
    """The moments of `_skiftesporring`, for shifts that have begun since so long ago."""
    naa = now()
    return {
        "naa": naa,
        "nylig": naa - siden,
        "foer_oppholdet": naa - siden - OPPHOLD,
        "tidligst": naa - siden - OPPHOLD - LENGSTE_VAKT,
    }


@cache
def _skiftesporring() -> sa.Select[*tuple[Any, ...]]:
    """Shifts that have begun since then, each with the one of another person that was last before it at its level.

    Put together once: to build it anew took longer than the database takes to answer.
    """
    naa, nylig, foer_oppholdet, tidligst = (
        sa.bindparam(n, type_=UtcTid()) for n in ("naa", "nylig", "foer_oppholdet", "tidligst")
    )
    forrige, senere, hans = aliased(Vakt), aliased(Vakt), aliased(Medlemskap)

    def foer(vakt: Any) -> sa.ColumnElement[bool]:
        return sa.and_(
            vakt.vaktplan_id == Vakt.vaktplan_id,
            vakt.nivaa == Vakt.nivaa,
            vakt.avlyst.is_(None),
            vakt.fra < Vakt.fra,
            vakt.fra > tidligst,
            vakt.til <= Vakt.fra,
            # Whoever was away for the whole shift, or had left before it, never had the cases of the one before.
            ~sa.exists().where(
                Fravaer.person_id == vakt.person_id,
                Fravaer.organisasjon_id == Vaktplan.organisasjon_id,
                Fravaer.avlyst.is_(None),
                Fravaer.fra <= vakt.fra,
                Fravaer.til >= vakt.til,
            ),
            sa.exists().where(
                hans.id == vakt.medlemskap_id, sa.or_(hans.gyldig_til.is_(None), hans.gyldig_til > vakt.fra)
            ),
        )

    return (
        sa.select(
            Vakt.id.label("vakt_id"),
            Vakt.vaktplan_id,
            Vakt.nivaa,
            Vakt.fra,
            Vakt.medlemskap_id,
            Vaktplan.organisasjon_id,
            Vaktplan.fagomraade,
            forrige.medlemskap_id.label("fra_medlemskap_id"),
            forrige.til.label("forrige_til"),
        )
        .join(Vaktplan, Vaktplan.id == Vakt.vaktplan_id)
        .join(Medlemskap, Medlemskap.id == Vakt.medlemskap_id)
        .join(Person, Person.id == Vakt.person_id)
        .join(forrige, foer(forrige))
        .where(
            Vakt.avlyst.is_(None),
            Vakt.nivaa.in_(NIVAAER),
            Vakt.fra <= naa,
            Vakt.fra > nylig,
            Vakt.til > naa,
            Vaktplan.avsluttet.is_(None),
            kan_ha_vakt(naa),
            ~er_borte(naa),
            forrige.person_id != Vakt.person_id,
            forrige.til > foer_oppholdet,
            ~sa.exists().where(foer(senere), senere.fra > forrige.fra),
            ~sa.exists().where(
                Vaktskifte.vaktplan_id == Vakt.vaktplan_id,
                Vaktskifte.nivaa == Vakt.nivaa,
                Vaktskifte.tidspunkt == Vakt.fra,
                Vaktskifte.fra_medlemskap_id == forrige.medlemskap_id,
            ),
        )
        .order_by(Vakt.fra, Vakt.id)
    )


@transactional
def _lag_skifte(vakt_id: UUID) -> int:
    """One change: its row, also where there is nothing to hand over, so that it is made once."""
    r = db.session.execute(_skiftesporring().where(Vakt.id == vakt_id), _tider(LENGST)).one_or_none()
    if r is None:
        return 0
    vakter = paa_vakt(r.organisasjon_id, r.fagomraade)
    ny = vakter.get(r.nivaa)
    if ny is None or ny.vakt_id != r.vakt_id:
        return 0
    skifte = _nytt_skifte(r.vaktplan_id, r.nivaa, r.fra, r.fra_medlemskap_id, ny)
    if skifte is None:
        return 0
    _foelg_videre(r.vaktplan_id, r.nivaa, r.fra, ny)
    # Whoever goes over to another level is at work still, and keeps what they have.
    paa_jobb = {v.medlemskap_id for v in vakter.values()}
    if r.fra_medlemskap_id not in paa_jobb:
        _legg_saker(skifte, _saker_til(r.fra_medlemskap_id, r.organisasjon_id, r.fagomraade), ny)
    for fra in sorted(_glemte(r.vaktplan_id, r.nivaa, r.fra) - paa_jobb - {r.fra_medlemskap_id}):
        saker = _saker_til(fra, r.organisasjon_id, r.fagomraade)
        eldre = _nytt_skifte(r.vaktplan_id, r.nivaa, r.fra, fra, ny) if saker else None
        if eldre is not None:
            _legg_saker(eldre, saker, ny)
    return 1


def _glemte(plan_id: UUID, nivaa: str, tidspunkt: datetime) -> set[UUID]:
    """Whose shifts lie before a change, back to the last change that was made: the worker stood still while they
    ended, and what they had open was handed to nobody. Where the level stood empty for long, nothing goes on."""
    tidligst = now() - GLEMT
    gjort = set(
        db.session.scalars(
            sa.select(Vaktskifte.tidspunkt).where(
                Vaktskifte.vaktplan_id == plan_id,
                Vaktskifte.nivaa == nivaa,
                Vaktskifte.tidspunkt > tidligst,
                Vaktskifte.tidspunkt < tidspunkt,
            )
        )
    )
    foer = db.session.execute(
        sa.select(Vakt.medlemskap_id, Vakt.fra, Vakt.til)
        .where(
            Vakt.vaktplan_id == plan_id,
            Vakt.nivaa == nivaa,
            Vakt.avlyst.is_(None),
            Vakt.fra > tidligst,
            Vakt.til <= tidspunkt,
        )
        .order_by(Vakt.fra.desc())
    )
    funnet: set[UUID] = set()
    for v in foer:
        if tidspunkt - v.til > OPPHOLD or tidspunkt in gjort:
            break
        funnet.add(v.medlemskap_id)
        tidspunkt = v.fra
    return funnet


def _nytt_skifte(plan_id: UUID, nivaa: str, tidspunkt: datetime, fra: UUID, ny: Paavakt) -> UUID | None:
    """The row of a change. None where another worker has made it."""
    verdier = {
        "id": uuid4(),
        "vaktplan_id": plan_id,
        "nivaa": nivaa,
        "fra_medlemskap_id": fra,
        "til_medlemskap_id": ny.medlemskap_id,
        "tidspunkt": tidspunkt,
    }
    return db.session.execute(
        insert_for(Vaktskifte, db.engine.dialect.name)
        .on_conflict_do_nothing(index_elements=["vaktplan_id", "nivaa", "tidspunkt", "fra_medlemskap_id"])
        .returning(Vaktskifte.id),
        verdier,
    ).scalar_one_or_none()


def aapne_hos(fra: UUID, organisasjon_id: UUID, fagomraade: str) -> list[sa.ColumnElement[bool]]:
    """Over `Henvendelse`: the open cases that somebody has in a queue."""
    return [
        Henvendelse.ansvarlig_medlemskap_id == fra,
        Henvendelse.status.in_([Status.AKSEPTERT, Status.BESVART]),
        Henvendelse.mottaker_id == organisasjon_id,
        Henvendelse.fagomraade == fagomraade,
    ]


def _saker_til(fra: UUID, organisasjon_id: UUID, fagomraade: str) -> list[Henvendelse]:
    """The open cases of whoever goes off call, locked; without those that are already offered to somebody by name."""
    return list(
        db.session.scalars(
            sa.select(Henvendelse)
            .where(
                *aapne_hos(fra, organisasjon_id, fagomraade),
                ~sa.exists().where(
                    Saksinvitasjon.henvendelse_id == Henvendelse.id,
                    Saksinvitasjon.slag == Invitasjonsslag.OVERLEVERING,
                    Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
                ),
                ~sa.exists().where(Vaktskiftesak.henvendelse_id == Henvendelse.id, _VENTER),
            )
            .order_by(Henvendelse.id)
            .with_for_update(of=Henvendelse, key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def _foelg_videre(plan_id: UUID, nivaa: str, tidspunkt: datetime, ny: Paavakt) -> None:
    """What nobody read back during the shift that is over, waits for the next person, and is still its former's."""
    rader = db.session.execute(
        sa.select(Vaktskiftesak.henvendelse_id, Vaktskifte.id, Vaktskifte.fra_medlemskap_id)
        .join(Vaktskifte, Vaktskifte.id == Vaktskiftesak.vaktskifte_id)
        .where(
            Vaktskifte.vaktplan_id == plan_id,
            Vaktskifte.nivaa == nivaa,
            Vaktskifte.til_medlemskap_id != ny.medlemskap_id,
            _VENTER,
        )
        .order_by(Vaktskiftesak.henvendelse_id)
    ).all()
    for fra, gruppe in groupby(
        sorted(rader, key=lambda r: str(r.fra_medlemskap_id)), lambda r: r.fra_medlemskap_id
    ):
        ventende = list(gruppe)
        saker = [s for r in ventende if (s := _sett_bortfalt(r.id, r.henvendelse_id)) is not None]
        if fra == ny.medlemskap_id or not saker:
            continue
        skifte = _nytt_skifte(plan_id, nivaa, tidspunkt, fra, ny) or db.session.scalar(
            sa.select(Vaktskifte.id).where(
                Vaktskifte.vaktplan_id == plan_id,
                Vaktskifte.nivaa == nivaa,
                Vaktskifte.tidspunkt == tidspunkt,
                Vaktskifte.fra_medlemskap_id == fra,
            )
        )
        assert skifte is not None
        _legg_saker(skifte, [s for s in saker if s.status in (Status.AKSEPTERT, Status.BESVART)], ny)


def _legg_saker(skifte_id: UUID, saker: Sequence[Henvendelse], ny: Paavakt) -> None:
    """Lists the cases for the next person, tells both, and notes it in each case's chain."""
    if not saker:
        return
    fra = mottaker_for(db.session.get_one(Vaktskifte, skifte_id).fra_medlemskap_id)
    for sak in saker:
        db.session.add(Vaktskiftesak(vaktskifte_id=skifte_id, henvendelse_id=sak.id))
        _reviderer("henvendelse.vaktskifte", SYSTEM, sak.id, skifte_id, til=ny.navn)
    db.session.flush()
    felles: dict[str, Any] = {
        "kode": "vaktskifte.venter",
        "lenke": "/henvendelser/vaktskifte",
        "gjelder": _gjenstand(skifte_id),
    }
    varsle(
        ny.mottaker,
        noekkel=f"vaktskifte:{skifte_id}:til",
        tittel=_l("Vaktskifte: én åpen sak venter på at du leser den tilbake")
        if len(saker) == 1
        else _l("Vaktskifte: %(antall)s åpne saker venter på at du leser dem tilbake", antall=len(saker)),
        tekst=_l("Ansvaret er ikke ditt før du har lest tilbake og tatt over."),
        hastegrad=min((s.hastegrad for s in saker), key=_HASTER_MEST_FOERST.index),
        **felles,
    )
    if fra is None:
        return
    ord_ = {"antall": len(saker), "navn": ny.navn}
    varsle(
        fra,
        noekkel=f"vaktskifte:{skifte_id}:fra",
        tittel=_l("Vaktskifte: én åpen sak venter på at %(navn)s tar over", **ord_)
        if len(saker) == 1
        else _l("Vaktskifte: %(antall)s åpne saker venter på at %(navn)s tar over", **ord_),
        tekst=_l("Ansvaret er ditt til det er lest tilbake."),
        # Whoever has just gone off call is not woken for it.
        bare=(),
        **felles,
    )


def _bortfalne() -> list[tuple[UUID, UUID]]:
    """What waits in vain: the case was closed, sent on or taken by somebody else."""
    return [
        (r.vaktskifte_id, r.henvendelse_id)
        for r in db.session.execute(
            sa.select(Vaktskiftesak.vaktskifte_id, Vaktskiftesak.henvendelse_id)
            .join(Vaktskifte, Vaktskifte.id == Vaktskiftesak.vaktskifte_id)
            .where(_VENTER, ~sa.exists().where(_holder()))
            .limit(PER_RUNDE)
        )
    ]


@transactional
def _bortfall(skifte_id: UUID, sak_id: UUID) -> int:
    _sett_bortfalt(skifte_id, sak_id)
    return 0


def _sett_bortfalt(skifte_id: UUID, sak_id: UUID) -> Henvendelse | None:
    """Ends the waiting of one case, whose row is locked first. Gives the case, or None where it was settled."""
    sak = db.session.scalars(
        sa.select(Henvendelse)
        .where(Henvendelse.id == sak_id)
        .with_for_update(of=Henvendelse, key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    if not _avgjoer(skifte_id, sak_id, Skiftetilstand.BORTFALT):
        return None
    _reviderer("henvendelse.vaktskifte_bortfalt", SYSTEM, sak_id, skifte_id)
    return sak


def _avgjoer(skifte_id: UUID, sak_id: UUID, tilstand: Skiftetilstand) -> bool:
    """Settles one case of a change, if it waits. The last one settled, its notices are of no more use."""
    avgjort = db.session.execute(
        sa.update(Vaktskiftesak)
        .where(
            Vaktskiftesak.vaktskifte_id == skifte_id,
            Vaktskiftesak.henvendelse_id == sak_id,
            Vaktskiftesak.tilstand == Skiftetilstand.VENTER,
        )
        .values(tilstand=tilstand, avgjort=now())
        .returning(Vaktskiftesak.henvendelse_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    igjen = sa.select(Vaktskiftesak.henvendelse_id).where(Vaktskiftesak.vaktskifte_id == skifte_id, _VENTER)
    if avgjort is not None and db.session.execute(igjen.limit(1)).first() is None:
        stopp(_gjenstand(skifte_id))
    return avgjort is not None


def _reviderer(handling: str, aktor: Aktor, sak_id: UUID, skifte_id: UUID, **detaljer: Any) -> None:
    revisjon.logg(
        aktor,
        handling,
        "henvendelse",
        sak_id,
        kjede=revisjon.sakskjede(sak_id),
        vaktskifte=str(skifte_id),
        **detaljer,
    )


# --- reading back ----------------------------------------------------------------------------------------


@transactional
def godta(aktor: Aktor, skifte_id: UUID, sak_id: UUID, tekst: str, *, ikke_fnr: bool = False) -> None:
    """The next person reads a case back and takes it over: `tekst` is how it was understood, and stands in the log.

    Again by the same person: nothing happens. Raises IkkeTilgang for everybody else who may see the case, and
    UgyldigOvergang where it waits no longer.
    """
    sak = access.hent(aktor, Handling.SE, sak_id, laas=True)
    rad = db.session.execute(
        sa.select(Vaktskifte.fra_medlemskap_id, Vaktskifte.til_medlemskap_id, Vaktskiftesak.tilstand)
        .join(Vaktskiftesak, Vaktskiftesak.vaktskifte_id == Vaktskifte.id)
        .where(Vaktskifte.id == skifte_id, Vaktskiftesak.henvendelse_id == sak.id)
    ).one_or_none()
    if rad is None or rad.til_medlemskap_id != aktor.medlemskap_id:
        uavhengig(
            lambda: revisjon.logg(
                aktor,
                "henvendelse.vaktskifte_godta",
                "henvendelse",
                sak_id,
                utfall="avslag",
                grunn="ikke_funnet" if rad is None else "ikke_tilgang",
            )
        )
        if rad is None:
            raise IkkeFunnet()
        raise IkkeTilgang(_l("Saken venter på en annen. Bare den som har fått vakten, kan ta over."))
    if rad.tilstand == Skiftetilstand.GODTATT:
        return
    gjelder = sak.status in (Status.AKSEPTERT, Status.BESVART) and (
        sak.ansvarlig_medlemskap_id == rad.fra_medlemskap_id
    )
    if rad.tilstand != Skiftetilstand.VENTER or not gjelder or not access.er_paa_vakt(aktor, sak):
        raise UgyldigOvergang(
            _l("Saken venter ikke på deg lenger: den er tatt av en annen, sendt videre eller ferdig."),
            kode="ikke_i_vaktskiftet",
        )
    sluppet = steps.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr)
    steps.revider_sluppet(aktor, sak, sluppet)
    _avgjoer(skifte_id, sak.id, Skiftetilstand.GODTATT)
    _svar_for_invitasjonene(aktor, sak)
    tidligere = sak.ansvarlig_id
    steps.overta(aktor, sak, tekst=tekst)
    eskalering.overtatt(sak, tidligere)


def _svar_for_invitasjonene(aktor: Aktor, sak: Henvendelse) -> None:
    """An offer to somebody else is void with its responsible; what the actor was asked, is answered by taking over."""
    for vilkaar, tilstand in (
        (Saksinvitasjon.til_medlemskap_id == aktor.medlemskap_id, Invitasjonstilstand.GODTATT),
        (Saksinvitasjon.slag == Invitasjonsslag.OVERLEVERING, Invitasjonstilstand.TRUKKET),
    ):
        avgjort = db.session.execute(
            sa.update(Saksinvitasjon)
            .where(
                Saksinvitasjon.henvendelse_id == sak.id,
                Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
                vilkaar,
            )
            .values(tilstand=tilstand, avgjort=now())
            .returning(Saksinvitasjon.id)
            .execution_options(synchronize_session=False)
        ).scalars()
        steps.ikke_spurt_lenger(avgjort.all())


# --- reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Skifter:
    """What waits to be read back: by the actor, of the actor's own, and (for a vaktleder) by and of others."""

    til_meg: list[Vaktskiftesak] = field(default_factory=list)
    fra_meg: list[Vaktskiftesak] = field(default_factory=list)
    andres: list[Vaktskiftesak] = field(default_factory=list)


@cache
def _venter_noe() -> sa.Select[*tuple[Any, ...]]:
    """Whether anything waits at all: nearly always not, and the rule of need to know need not be asked."""
    medlemskap_id = sa.bindparam("medlemskap_id", type_=sa.Uuid())
    return sa.select(
        sa.exists().where(
            Vaktskiftesak.vaktskifte_id == Vaktskifte.id,
            _VENTER,
            Vaktplan.id == Vaktskifte.vaktplan_id,
            sa.or_(
                Vaktskifte.til_medlemskap_id == medlemskap_id,
                Vaktskifte.fra_medlemskap_id == medlemskap_id,
                Vaktplan.organisasjon_id == sa.bindparam("organisasjon_id", type_=sa.Uuid()),
            ),
        )
    )


def hent_mine_skifter(aktor: Aktor, sak: Henvendelse | None = None) -> Skifter:
    """The waiting cases of changes that concern the actor; of one case where it is given. Nothing that has lapsed."""
    leder_hos = aktor.organisasjon_id if aktor.rolle == Rolle.VAKTLEDER else None
    if not db.session.scalar(
        _venter_noe(), {"medlemskap_id": aktor.medlemskap_id, "organisasjon_id": leder_hos}
    ):
        return Skifter()
    angaar = [
        Vaktskifte.til_medlemskap_id == aktor.medlemskap_id,
        Vaktskifte.fra_medlemskap_id == aktor.medlemskap_id,
    ]
    if leder_hos is not None:
        angaar.append(Henvendelse.mottaker_id == leder_hos)
    sporring = (
        access.synlige(aktor)
        .join(Vaktskiftesak, Vaktskiftesak.henvendelse_id == Henvendelse.id)
        .join(Vaktskifte, Vaktskifte.id == Vaktskiftesak.vaktskifte_id)
        .where(_VENTER, _holder(), sa.or_(*angaar))
        .with_only_columns(Vaktskiftesak, maintain_column_froms=True)
        .options(
            contains_eager(Vaktskiftesak.vaktskifte).options(
                joinedload(Vaktskifte.fra_medlemskap).joinedload(Medlemskap.person),
                joinedload(Vaktskifte.til_medlemskap).joinedload(Medlemskap.person),
            ),
            contains_eager(Vaktskiftesak.henvendelse).options(
                joinedload(Henvendelse.avsender),
                joinedload(Henvendelse.avsender_enhet),
                joinedload(Henvendelse.ansvarlig),
                joinedload(Henvendelse.mottaker),
            ),
        )
    )
    if sak is not None:
        sporring = sporring.where(Henvendelse.id == sak.id)
    rader = sorted(
        db.session.scalars(sporring).unique(),
        key=lambda r: (
            _HASTER_MEST_FOERST.index(r.henvendelse.hastegrad),
            r.henvendelse.frist or r.vaktskifte.tidspunkt,
            r.henvendelse.saksnummer,
        ),
    )
    skifter = Skifter()
    for rad in rader:
        if rad.vaktskifte.til_medlemskap_id == aktor.medlemskap_id:
            skifter.til_meg.append(rad)
        elif rad.vaktskifte.fra_medlemskap_id == aktor.medlemskap_id:
            skifter.fra_meg.append(rad)
        else:
            skifter.andres.append(rad)
    return skifter
