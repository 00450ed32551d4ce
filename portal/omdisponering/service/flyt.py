"""The way of a reallocation: written, proposed, approved by the lender, then by the receiver, begun, ended. Use cases.

Each click says which version of the content it saw (`lest`): an approval holds for what was read, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import transactional
from portal.core.errors import IkkeFunnet, Opptatt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import access, gang, kontroll, steps
from portal.omdisponering import felter as felter_
from portal.omdisponering.access import Handling
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import KANTER, OVERGANGER, Hendelsestype, Side, Status, Strykgrunn
from portal.omdisponering.models import Omdisponering
from portal.revisjon.steps import logg as revider

#: What the lender may settle in the act of approving.
AVGIVERS = ("stenges", "aapnes", "gulv_overstyrt", "vedtak_id")


def _aapne(aktor: Aktor, omdisponering_id: UUID, til: Status, lest: str | None) -> tuple[Omdisponering, Side]:
    """The reallocation, locked, and the actor's side, which may move it so. Raises Utdatert, UgyldigOvergang."""
    omd = access.hent(aktor, Handling.GODKJENNE, omdisponering_id, laas=True)
    side = krev_kant(aktor, omd, til)
    if lest is not None and lest != omd.innhold_hash:
        raise Utdatert(
            _l("Forslaget er endret etter at du åpnet det. Se hva som står nå, og svar på nytt."),
            innhold_hash=omd.innhold_hash,
        )
    return omd, side


def krev_kant(aktor: Aktor, omd: Omdisponering, til: Status) -> Side:
    """The actor's side, which may move the reallocation along this edge now. Raises UgyldigOvergang that says who may,
    or what it is now."""
    fra = Status(omd.status)
    egen = access.side(aktor, omd)
    if egen is None:
        raise IkkeFunnet()
    if til not in OVERGANGER[fra]:
        if til == Status.GODKJENT_MOTTAKER and fra == Status.FORESLAATT:
            raise UgyldigOvergang(_l("Avgiver godkjenner først. Du får beskjed når det er gjort."))
        raise UgyldigOvergang()
    hvem = KANTER[fra, til] or frozenset({Side(omd.foreslaatt_side)})
    if fra == Status.FORESLAATT and til == Status.AVSLAATT and omd.foreslaatt_side == egen:
        raise UgyldigOvergang(_l("Dere foreslo dette selv. Trekk forslaget i stedet."))
    if egen not in hvem:
        navn = omd.avgiver.kortnavn if Side.AVGIVER in hvem else omd.mottaker.kortnavn
        raise UgyldigOvergang(_l("Det er %(organisasjon)s som gjør dette.", organisasjon=navn))
    return egen


def _motpart(omd: Omdisponering, side: Side) -> UUID:
    return omd.mottaker_id if side == Side.AVGIVER else omd.avgiver_id


@transactional
def foreslaa(aktor: Aktor, omdisponering_id: UUID, *, lest: str | None = None) -> None:
    """The draft is sent to the other side, which is told until when to answer. It must be whole (`kontroll.komplett`).

    Raises UgyldigData, Utdatert, UgyldigOvergang.
    """
    omd, side = _aapne_utkast(aktor, omdisponering_id, lest)
    kontroll.komplett(omd, for_mottaker=side == Side.MOTTAKER)
    _send(aktor, omd)
    omd.svarfrist, omd.purret = steps.svarfrist(omd.mottaker_id, omd.fra), None
    si(
        aktor,
        omd,
        [_motpart(omd, side)],
        "omdisponering.foreslaatt",
        _l("Forslag til omdisponering %(nummer)s venter på svar", nummer=omd.nummer)
        if side == Side.MOTTAKER
        else _l("%(avgiver)s har foreslått %(nummer)s", avgiver=omd.avgiver.kortnavn, nummer=omd.nummer),
        _l(
            "%(avgiver)s avgir til %(mottaker)s.",
            avgiver=omd.avgiver.kortnavn,
            mottaker=omd.mottaker.kortnavn,
        ),
    )


def _aapne_utkast(aktor: Aktor, omdisponering_id: UUID, lest: str | None) -> tuple[Omdisponering, Side]:
    """The draft, locked, and the actor's side, which may propose it. Raises Utdatert, UgyldigOvergang."""
    omd, side = _aapne(aktor, omdisponering_id, Status.FORESLAATT, lest)
    if omd.status != Status.UTKAST:
        # Back from the lender's approval leads a change alone (`utkast.endre`).
        raise UgyldigOvergang()
    return omd, side


def _send(aktor: Aktor, omd: Omdisponering) -> None:
    """The draft is a proposal from now on. It is locked; the caller sees to the answer's deadline, and tells of it."""
    omd.flytt_til(Status.FORESLAATT)
    omd.foreslaatt, omd.foreslaatt_av_id = now(), aktor.person_id
    steps.noter(aktor, omd, Hendelsestype.FORESLAATT)
    revider(aktor, "omdisponering.foreslaatt", "omdisponering", omd.id, innhold=omd.innhold_hash)


@transactional
def godkjenn(
    aktor: Aktor,
    omdisponering_id: UUID,
    *,
    lest: str,
    behold: Collection[UUID] | None = None,
    ja: Collection[UUID] | None = None,
    beordret: Collection[UUID] | None = None,
    ikke_fnr: bool = False,
    **felter: Any,
) -> None:
    """Approves for the actor's side what it has read: the lender first, then the receiver.

    The lender may keep fewer lines than were asked for (`behold`), and settles in the same act what is its own: who has
    said yes (`ja`), who goes by a decision (`beordret`), and those of `AVGIVERS` (None: as it stands). Its people and
    rooms are taken from then on, and what else was proposed with them falls away.

    Raises Utdatert for a changed proposal, UgyldigOvergang for the wrong side, UgyldigData for what is missing, or for
    going below the floor without a reason, Opptatt for what is taken.
    """
    omd = access.hent(aktor, Handling.GODKJENNE, omdisponering_id)
    if access.side(aktor, omd) == Side.AVGIVER:
        _godkjenn_avgiver(aktor, omd, lest, _svar(behold, ja, beordret, felter, ikke_fnr))
    else:
        _godkjenn_mottaker(aktor, omd, lest)


@transactional
def foreslaa_og_godkjenn(
    aktor: Aktor,
    omdisponering_id: UUID,
    *,
    lest: str,
    behold: Collection[UUID] | None = None,
    ja: Collection[UUID] | None = None,
    beordret: Collection[UUID] | None = None,
    ikke_fnr: bool = False,
    **felter: Any,
) -> None:
    """The lender proposes its own draft and approves it in one act: both, or neither. The receiver is told once, and
    answers next. What is given, and what is raised, is as of `godkjenn`; UgyldigOvergang for the receiver's draft."""
    omd = access.hent(aktor, Handling.GODKJENNE, omdisponering_id)
    if access.side(aktor, omd) != Side.AVGIVER:
        raise UgyldigOvergang(_l("Avgiver godkjenner først. Foreslå det, så får de beskjed."))
    _godkjenn_avgiver(aktor, omd, lest, _svar(behold, ja, beordret, felter, ikke_fnr), utkast=True)


class _Svar(NamedTuple):
    """What the lender settles as it approves."""

    behold: Collection[UUID] | None
    ja: Collection[UUID] | None
    beordret: Collection[UUID] | None
    felter: dict[str, Any]
    sluppet: int


def _svar(
    behold: Collection[UUID] | None,
    ja: Collection[UUID] | None,
    beordret: Collection[UUID] | None,
    felter: Mapping[str, Any],
    ikke_fnr: bool,
) -> _Svar:
    sluppet = felter_.stopp_identitet(felter, ikke_fnr=ikke_fnr)
    return _Svar(behold, ja, beordret, {k: v for k, v in felter.items() if k in AVGIVERS}, sluppet)


def _godkjenn_avgiver(
    aktor: Aktor, omd: Omdisponering, lest: str, svar: _Svar, *, utkast: bool = False
) -> None:
    """`utkast`: it is the lender's own draft, which is proposed first."""
    # Before the reallocation's own lock: whoever promises the same person waits here.
    steps.laas_ressurser(
        [li.ressursperson_id for li in omd.linjer if li.ressursperson_id],
        [li.lokale_id for li in omd.linjer if li.lokale_id],
    )
    gulv = steps.laas_gulv(steps.kommer_fra(omd))
    andre = steps.kolliderende(omd)
    if utkast:
        omd, _side = _aapne_utkast(aktor, omd.id, lest)
        _send(aktor, omd)
    else:
        omd, _side = _aapne(aktor, omd.id, Status.GODKJENT_AVGIVER, lest)
    alle = sum(li.gjelder for li in omd.linjer)
    if svar.behold is not None:
        _stryk(omd, svar.behold)
        steps.faerre_plasser(omd, alle)
    foer = steps.innhold(omd)
    _sett_svar(aktor, omd, svar)
    steps.laas_vedtak(omd)
    steps.tell_opp(omd)
    kontroll.komplett(omd, godkjennes=True)
    kontroll.ledige(omd)
    kontroll.gulv(omd, gulv)
    if omd.innhold_hash != foer:
        steps.noter(aktor, omd, Hendelsestype.ENDRET)
    omd.flytt_til(Status.GODKJENT_AVGIVER)
    omd.godkjent_avgiver, omd.godkjent_avgiver_av_id = now(), aktor.person_id
    omd.godkjent_avgiver_hash = omd.innhold_hash
    omd.svarfrist, omd.purret = steps.svarfrist(omd.mottaker_id, omd.fra), None
    kontroll.ta(omd)
    steps.noter(aktor, omd, Hendelsestype.GODKJENT_AVGIVER, antall=sum(li.gjelder for li in omd.linjer))
    revider(
        aktor,
        "omdisponering.godkjent_avgiver",
        "omdisponering",
        omd.id,
        innhold=omd.innhold_hash,
        sluppet_tall=svar.sluppet,
    )
    for annen in andre:
        kontroll.la_vike(aktor, annen, omd)
    si(
        aktor,
        omd,
        [omd.mottaker_id],
        "omdisponering.godkjent_avgiver",
        _l("%(avgiver)s har godkjent %(nummer)s", avgiver=omd.avgiver.kortnavn, nummer=omd.nummer),
        _l("Dere må godkjenne før det begynner."),
    )


def _stryk(omd: Omdisponering, behold: Collection[UUID]) -> None:
    """Approved is less than was asked for: the other lines stay as they were read, struck."""
    for li in omd.linjer:
        if li.gjelder and li.id not in behold:
            li.stroeket, li.stroeket_grunn = now(), Strykgrunn.IKKE_GODKJENT


def _sett_svar(aktor: Aktor, omd: Omdisponering, svar: _Svar) -> None:
    for li in omd.linjer:
        if not li.gjelder or li.ressursperson_id is None:
            continue
        if svar.beordret is not None:
            li.beordret = li.id in svar.beordret
        if svar.ja is not None and (li.samtykket is not None) != (li.id in svar.ja):
            har = li.id in svar.ja
            li.samtykket, li.samtykket_av_id = (now(), aktor.person_id) if har else (None, None)
    felter_.sett(aktor, omd, svar.felter)


def _godkjenn_mottaker(aktor: Aktor, omd: Omdisponering, lest: str) -> None:
    steps.laas_ressurser(
        [li.ressursperson_id for li in omd.linjer if li.ressursperson_id],
        [li.lokale_id for li in omd.linjer if li.lokale_id],
    )
    omd, _side = _aapne(aktor, omd.id, Status.GODKJENT_MOTTAKER, lest)
    if omd.godkjent_avgiver_hash != omd.innhold_hash:
        raise Utdatert()
    # What held when the lender approved may hold no more: a decision lifted, a clause that has ended, somebody away.
    steps.laas_vedtak(omd)
    kontroll.krev_tatt(omd)
    kontroll.komplett(omd, godkjennes=True, for_mottaker=True)
    try:
        kontroll.ledige(omd)
    except Opptatt as opptatt:
        raise Opptatt(kontroll.AVGIVER_MAA_SE, linjer=opptatt.detaljer.get("linjer", [])) from opptatt
    omd.flytt_til(Status.GODKJENT_MOTTAKER)
    omd.godkjent_mottaker, omd.godkjent_mottaker_av_id = now(), aktor.person_id
    omd.godkjent_mottaker_hash = omd.innhold_hash
    steps.ti_om(omd)
    steps.noter(aktor, omd, Hendelsestype.GODKJENT_MOTTAKER)
    steps.tell_behov(omd.behov_id)
    revider(aktor, "omdisponering.godkjent_mottaker", "omdisponering", omd.id, innhold=omd.innhold_hash)
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.godkjent_mottaker",
        _l("Omdisponering %(nummer)s er godkjent av begge", nummer=omd.nummer),
        _l("Den begynner av seg selv når tiden er inne."),
    )


@transactional
def avslaa(
    aktor: Aktor, omdisponering_id: UUID, *, grunn: str, lest: str | None = None, ikke_fnr: bool = False
) -> None:
    """A no to the other side's proposal, with the reason. The people and rooms are free again."""
    _lukk(aktor, omdisponering_id, Status.AVSLAATT, Hendelsestype.AVSLAATT, grunn, lest, ikke_fnr)


@transactional
def trekk(
    aktor: Aktor, omdisponering_id: UUID, *, grunn: str = "", lest: str | None = None, ikke_fnr: bool = False
) -> None:
    """Takes back a draft or a proposal, or what was agreed on and has not begun, with the reason."""
    _lukk(aktor, omdisponering_id, Status.TRUKKET, Hendelsestype.TRUKKET, grunn, lest, ikke_fnr)


def _lukk(
    aktor: Aktor,
    omdisponering_id: UUID,
    til: Status,
    type_: Hendelsestype,
    grunn: str,
    lest: str | None,
    ikke_fnr: bool,
) -> None:
    omd, side = _aapne(aktor, omdisponering_id, til, lest)
    fra = Status(omd.status)
    if not grunn.strip() and fra != Status.UTKAST:
        raise UgyldigData(felter={"grunn": [_l("Skriv hvorfor, så den andre siden forstår.")]})
    sluppet = felter_.stopp_identitet({"grunn": grunn}, ikke_fnr=ikke_fnr)
    steps.lukk(omd, til)
    omd.grunn = grunn.strip()
    steps.noter(aktor, omd, type_, omd.grunn)
    if fra == Status.GODKJENT_MOTTAKER:
        steps.tell_behov(omd.behov_id)
    revider(
        aktor,
        f"omdisponering.{til}",
        "omdisponering",
        omd.id,
        fra=str(fra),
        grunn=omd.grunn,
        sluppet_tall=sluppet,
    )
    if fra != Status.UTKAST:
        tittel = (
            _l("Omdisponering %(nummer)s er avslått", nummer=omd.nummer)
            if til == Status.AVSLAATT
            else _l("Omdisponering %(nummer)s er trukket", nummer=omd.nummer)
        )
        si(aktor, omd, [_motpart(omd, side)], f"omdisponering.{til}", tittel, omd.grunn)


@transactional
def iverksett(aktor: Aktor, omdisponering_id: UUID, *, lest: str | None = None) -> None:
    """It begins: the staffed beds of both units change at once. Raises UgyldigOvergang before its time."""
    omd, _side = _aapne(aktor, omdisponering_id, Status.IVERKSATT, lest)
    if now() < omd.fra:
        raise UgyldigOvergang(_l("Omdisponeringen begynner av seg selv når tiden er inne."))
    gang.begynn(aktor, omd)


@transactional
def avslutt(
    aktor: Aktor, omdisponering_id: UUID, *, grunn: str = "", lest: str | None = None, ikke_fnr: bool = False
) -> None:
    """It ends: at its time, or before with a reason. The staffed beds of both units change back at once."""
    omd, _side = _aapne(aktor, omdisponering_id, Status.AVSLUTTET, lest)
    if now() < omd.til and not grunn.strip():
        raise UgyldigData(felter={"grunn": [_l("Skriv hvorfor den avsluttes før tiden.")]})
    sluppet = felter_.stopp_identitet({"grunn": grunn}, ikke_fnr=ikke_fnr)
    gang.slutt(aktor, omd, grunn.strip(), sluppet)
