"""What an organisation lacks: written, stated, changed while it is open, and closed. Use cases.

Who could help is told once, when it is stated. What was being worked out for a need falls when the need is closed; what
both sides have approved goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.avtaler.vern import stopp_identitet
from portal.beredskap.steps import situasjon
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.enkeltvis import hver
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import access, behovsregler, steps
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import KAN_ENDRES, Behovsstatus, Hendelsestype, Side, Status, Tilbudsstatus
from portal.omdisponering.models import Behov, Omdisponering, Tilbud
from portal.revisjon.steps import logg as revider
from portal.varsler.steps import stopp

#: It can still be changed, and closed.
AAPNE = (Behovsstatus.UTKAST, Behovsstatus.AAPENT, Behovsstatus.DEKKET)


@transactional
def opprett(
    aktor: Aktor,
    *,
    slag: str,
    meldes: bool = False,
    opptrapping: tuple[UUID, str, int] | None = None,
    ikke_fnr: bool = False,
    **felter: Any,
) -> UUID:
    """A need of the actor's organisation: a draft, or stated at once (`meldes`). `felter`: `behovsregler.FELTER`.

    `opptrapping`: the row of a surge plan that it was made from, as (plan, list, number in it). Raises UgyldigData.
    """
    organisasjon_id = access.krev_eget(aktor, Handling.SKRIVE)
    sluppet = stopp_identitet({"hvorfor": felter.get("hvorfor") or ""}, ikke_fnr=ikke_fnr)
    if opptrapping is not None:
        access.hent_opptrapping(aktor, opptrapping[0])
    behov = Behov(
        id=uuid4(),
        organisasjon_id=organisasjon_id,
        slag=slag,
        status=Behovsstatus.UTKAST,
        fase=situasjon(organisasjon_id).fase,
        kilde=kilde(*opptrapping) if opptrapping else "",
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        **{**behovsregler.FOR_PERSONELL, **behovsregler.FOR_LOKALE},
    )
    behovsregler.sett(behov, felter)
    behovsregler.kontroller(behov)
    db.session.add(behov)
    db.session.flush()
    revider(
        aktor, "behov.opprettet", "behov", behov.id, slag=str(slag), antall=behov.antall, ikke_fnr=sluppet
    )
    if meldes:
        _meld(aktor, behov)
    return behov.id


def kilde(opptrapping_id: UUID, liste: str, nr: int) -> str:
    """What a need is called to have been made from."""
    return f"opptrapping:{opptrapping_id}:{liste}:{nr}"


@transactional
def endre(aktor: Aktor, behov_id: UUID, *, lest: int, ikke_fnr: bool = False, **felter: Any) -> None:
    """Changes a need that is not closed; the lenders whose proposals are under way are told. Raises Utdatert when
    somebody else was first, UgyldigOvergang for a closed one, UgyldigData."""
    behov = _aapne(aktor, behov_id, lest)
    sluppet = stopp_identitet({"hvorfor": felter.get("hvorfor") or ""}, ikke_fnr=ikke_fnr)
    foer = {felt: getattr(behov, felt) for felt in behovsregler.FELTER}
    with db.session.no_autoflush:
        behovsregler.sett(behov, felter)
        behovsregler.kontroller(behov)
    endret = [felt for felt in behovsregler.FELTER if getattr(behov, felt) != foer[felt]]
    if not endret:
        return
    db.session.flush()
    steps.tell_behov(behov.id)
    revider(aktor, "behov.endret", "behov", behov.id, felter=", ".join(endret), ikke_fnr=sluppet)
    avgivere = {o.avgiver_id for o in _under_arbeid(behov.id) if o.status != Status.UTKAST}
    if avgivere:
        behovsregler.fortell(
            aktor,
            behov,
            avgivere,
            "behov.endret",
            _l(
                "%(sted)s har endret behovet sitt. Se om forslaget fortsatt passer.",
                sted=behov.organisasjon.kortnavn,
            ),
            str(behov.versjon),
        )
    _si_fra(behov)


@transactional
def meld_ut(aktor: Aktor, behov_id: UUID, *, lest: int) -> None:
    """States a draft: from now on others see it and may offer. Raises Utdatert, UgyldigOvergang, UgyldigData."""
    behov = _aapne(aktor, behov_id, lest)
    behovsregler.kontroller(behov)
    _meld(aktor, behov)


def _meld(aktor: Aktor, behov: Behov) -> None:
    behov.flytt_til(Behovsstatus.AAPENT)
    behov.meldt, behov.fase = now(), situasjon(behov.organisasjon_id).fase
    db.session.flush()
    revider(aktor, "behov.meldt", "behov", behov.id, fase=behov.fase, antall=behov.antall)
    behovsregler.fortell_meldt(aktor, behov)
    _si_fra(behov)


@transactional
def lukk(aktor: Aktor, behov_id: UUID, *, grunn: str = "", lest: int, ikke_fnr: bool = False) -> int:
    """Nothing more is needed, and why (a draft needs no reason). What is under way for it falls, and its lenders are
    told; what is agreed goes on. Gives how many proposals fell. Raises Utdatert, UgyldigOvergang, UgyldigData."""
    grunn = grunn.strip()
    access.hent_behov(aktor, Handling.SKRIVE, behov_id)
    omd = _laas_under_arbeid(behov_id)
    behov = _aapne(aktor, behov_id, lest)
    stopp_identitet({"grunn": grunn}, ikke_fnr=ikke_fnr)
    if not grunn and behov.status != Behovsstatus.UTKAST:
        raise UgyldigData(felter={"grunn": [_l("Skriv hvorfor, så de som har tilbudt seg, forstår.")]})
    return _lukk(aktor, behov, omd, grunn)


def _lukk(aktor: Aktor, behov: Behov, omd: Sequence[Omdisponering], grunn: str) -> int:
    utkast = behov.status == Behovsstatus.UTKAST
    forslag = sum(o.status != Status.UTKAST for o in omd)
    behov.flytt_til(Behovsstatus.LUKKET)
    behov.lukket, behov.lukket_grunn = now(), grunn
    for o in omd:
        _la_falle(aktor, o, grunn)
    revider(aktor, "behov.lukket", "behov", behov.id, grunn=grunn, falt=len(omd))
    stopp(behovsregler.om(behov.id))
    if not utkast and grunn:
        tilbydere = set(
            db.session.scalars(
                sa.select(Tilbud.organisasjon_id).where(
                    Tilbud.behov_id == behov.id, Tilbud.status == Tilbudsstatus.AAPENT
                )
            )
        ) - {o.avgiver_id for o in omd}
        behovsregler.fortell(
            aktor,
            behov,
            tilbydere,
            "behov.lukket",
            _l("%(sted)s trenger ikke hjelpen lenger", sted=behov.organisasjon.kortnavn),
            "",
        )
    _si_fra(behov)
    return forslag


def _la_falle(aktor: Aktor, omd: Omdisponering, grunn: str) -> None:
    """A draft or a proposal for what is not needed any more. Locked."""
    utkast = omd.status == Status.UTKAST
    egen = utkast or (omd.status == Status.FORESLAATT and omd.foreslaatt_side == Side.MOTTAKER)
    steps.lukk(omd, Status.TRUKKET if egen else Status.AVSLAATT)
    omd.grunn = grunn
    steps.noter(aktor, omd, Hendelsestype.TRUKKET if egen else Hendelsestype.AVSLAATT, grunn)
    revider(aktor, f"omdisponering.{omd.status}", "omdisponering", omd.id, grunn=grunn)
    if not utkast or omd.foreslaatt_side == Side.AVGIVER:
        si(
            aktor,
            omd,
            [omd.avgiver_id],
            f"omdisponering.{omd.status}",
            _l("Omdisponering %(nummer)s er falt bort: behovet er lukket", nummer=omd.nummer),
            grunn,
        )


def lukk_utloepte() -> int:
    """Job: needs whose time is over are closed, and what was under way for them falls. Gives how many. Safe to run
    twice, and in many processes."""
    ider = db.session.scalars(
        sa.select(Behov.id).where(Behov.status.in_(AAPNE), Behov.til <= now()).order_by(Behov.til).limit(200)
    ).all()
    db.session.rollback()
    return hver(ider, _lukk_utloept, "omdisponering_feilet")


@transactional
def _lukk_utloept(behov_id: UUID) -> int:
    arbeider = Aktor.system("arbeider")
    omd = _laas_under_arbeid(behov_id)
    behov = access.hent_behov(arbeider, Handling.SKRIVE, behov_id, laas=True)
    if behov.status not in AAPNE or behov.til > now():
        return 0
    _lukk(arbeider, behov, omd, "")
    return 1


# --- what they share -------------------------------------------------------------------------------------


def _aapne(aktor: Aktor, behov_id: UUID, lest: int) -> Behov:
    """The actor's own need, locked, as it read it, and not closed."""
    behov = access.hent_behov(aktor, Handling.SKRIVE, behov_id, laas=True)
    if behov.status not in AAPNE:
        raise UgyldigOvergang(_l("Behovet er lukket. Skriv et nytt hvis dere trenger noe igjen."))
    if behov.versjon != lest:
        raise Utdatert(_l("Noen andre endret behovet mens du hadde det åpent. Se hva som står nå."))
    return behov


def _under_arbeid(behov_id: UUID) -> list[Omdisponering]:
    """The drafts and proposals for a need that no two sides have agreed on."""
    return list(
        db.session.scalars(
            sa.select(Omdisponering)
            .where(Omdisponering.behov_id == behov_id, Omdisponering.status.in_(KAN_ENDRES))
            .options(
                joinedload(Omdisponering.avgiver),
                joinedload(Omdisponering.mottaker),
                selectinload(Omdisponering.linjer),
            )
            .order_by(Omdisponering.id)
            .execution_options(populate_existing=True)
        )
    )


def _laas_under_arbeid(behov_id: UUID) -> list[Omdisponering]:
    """The same, locked by their ids: before the need itself (see `steps`)."""
    db.session.execute(
        sa.select(Omdisponering.id)
        .where(Omdisponering.behov_id == behov_id, Omdisponering.status.in_(KAN_ENDRES))
        .order_by(Omdisponering.id)
        .with_for_update(key_share=True)
    )
    return _under_arbeid(behov_id)


def _si_fra(behov: Behov) -> None:
    meld("behov.endret", behov_id=behov.id, status=behov.status)


def hent_til_endring(aktor: Aktor, behov_id: UUID) -> Behov:
    """The actor's own need, for its form. Raises IkkeFunnet, IkkeTilgang."""
    return access.hent_behov(aktor, Handling.SKRIVE, behov_id)
