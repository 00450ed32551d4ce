"""The moves of a case, one function an edge of the transition table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser.eskalering import steps as eskalering
from portal.henvendelser.eskalering.models import Slutt
from portal.henvendelser.forloep import (
    AAPNE,
    RAAD,
    UTFALL,
    UTFALL_UTEN_SVAR,
    Handling,
    Raad,
    Retning,
    Status,
    Utfall,
)
from portal.henvendelser.models import Deltaker, Hendelse, Henvendelse
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import Medlemskap, Organisasjon

_Kode = TypeVar("_Kode", Raad, Utfall)


def _flytt(
    aktor: Aktor,
    sak: Henvendelse,
    handling: Handling,
    tekst: str = "",
    *,
    ny_koe: tuple[UUID, str] | None = None,
    innhold: dict[str, Any] | None = None,
    spoer_igjen: bool = False,
    **data: object,
) -> Hendelse:
    """The common end of each move: the edge, the participant, the row in the log, the queue's new version; the
    invitations that lapse by it, and the follow-up that is planned or void. A case that is over climbs no more.

    `ny_koe` is the queue that a forwarded case leaves its own for. Queues are locked in sorted order: two cases that
    cross each other on the way must not wait for one another. `innhold` is clinical, and stands in the row alone.
    """
    steps.bli_deltaker(aktor, sak)
    o = sak.flytt_til(handling, now())
    hendelse = steps.skriv_hendelse(
        aktor, sak, o.logger, tekst=tekst, data={"fra": o.fra, "til": o.til, **data}, innhold=innhold
    )
    forlater = sak.mottaker_id if ny_koe and ny_koe[0] != sak.mottaker_id else None
    steps.avlys_invitasjoner(aktor, sak, forlater=forlater)
    if o.fra == Status.LUKKET:
        steps.avlys_oppfoelging(sak)
    steps.planlegg_oppfoelging(sak, spoer_igjen=spoer_igjen)
    if sak.status not in AAPNE:
        eskalering.avslutt(sak, Slutt.AVSLUTTET)
    for mottaker_id, fagomraade in sorted({(sak.mottaker_id, sak.fagomraade), *([ny_koe] if ny_koe else [])}):
        steps.ny_versjon_av_koe(mottaker_id, fagomraade)
    if o.fra == Status.NY:
        # Under the lock of the queue: of two that leave it at once, the last one sees that it is empty.
        eskalering.ut_av_koen(sak, sak.mottaker_id, sak.fagomraade)
    return hendelse


def _hent(
    aktor: Aktor, handling: Handling, henvendelse_id: UUID, *, ikke_fnr: bool, **tekster: str
) -> Henvendelse:
    """Fetches and locks the case, and stops national identity numbers in the texts that go with the move.

    The texts come by the names of their fields, so that the form can mark the place.
    """
    sak = access.hent(aktor, handling, henvendelse_id, laas=True)
    sluppet = steps.stopp_identitet(tekster, ikke_fnr=ikke_fnr)
    steps.revider_sluppet(aktor, sak, sluppet)
    return sak


def _retningens(tabell: Mapping[Retning, tuple[_Kode, ...]], sak: Henvendelse, felt: str, kode: str) -> _Kode:
    """The code, where it is one of the case's direction. Raises UgyldigData for any other."""
    for mulig in tabell[Retning(sak.retning)]:
        if mulig == kode:
            return mulig
    raise UgyldigData(felter={felt: [_l("Velg et av alternativene i lista.")]})


@transactional
def aksepter(aktor: Aktor, henvendelse_id: UUID) -> None:
    """Takes the case. A compare-and-set on `ansvarlig_id IS NULL`: exactly one wins.

    Raises Opptatt, with the winner's name, for everybody else. Again by the winner: nothing happens.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id, laas=True)
    if sak.status == Status.AKSEPTERT and sak.ansvarlig_medlemskap_id == aktor.medlemskap_id:
        return
    tatt = (
        sak.status in (Status.AKSEPTERT, Status.BESVART)
        and sak.ansvarlig_medlemskap_id != aktor.medlemskap_id
    )
    if tatt and access.er_paa_vakt(aktor, sak):
        _opptatt(sak)
    access.krev(aktor, Handling.AKSEPTERE, sak)
    vant = db.session.execute(
        sa.update(Henvendelse)
        .where(Henvendelse.id == sak.id, Henvendelse.status == Status.NY, Henvendelse.ansvarlig_id.is_(None))
        .values(
            ansvarlig_id=aktor.person_id, ansvarlig_medlemskap_id=aktor.medlemskap_id, status=Status.AKSEPTERT
        )
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if vant != 1:
        db.session.refresh(sak)
        _opptatt(sak)
    sak.ansvarlig_id, sak.ansvarlig_medlemskap_id = aktor.person_id, aktor.medlemskap_id
    sak.akseptert_tid = now()
    _flytt(aktor, sak, Handling.AKSEPTERE, ansvarlig=aktor.navn)
    eskalering.tatt(sak, aktor.navn)


def _opptatt(sak: Henvendelse) -> None:
    navn = sak.ansvarlig.navn if sak.ansvarlig else ""
    raise Opptatt(_l("%(navn)s har alt tatt denne saken.", navn=navn), ansvarlig=navn)


@transactional
def gi_tilbake(aktor: Aktor, henvendelse_id: UUID, begrunnelse: str, *, ikke_fnr: bool = False) -> None:
    """Puts an accepted case back into its queue, for somebody else of the fagområde to take."""
    sak = _hent(aktor, Handling.GI_TILBAKE, henvendelse_id, begrunnelse=begrunnelse, ikke_fnr=ikke_fnr)
    _flytt(aktor, sak, Handling.GI_TILBAKE, tekst=begrunnelse)
    eskalering.start_paa_nytt(sak)


@transactional
def videresend(
    aktor: Aktor,
    henvendelse_id: UUID,
    mottaker_id: UUID,
    fagomraade: str,
    begrunnelse: str,
    *,
    ikke_fnr: bool = False,
) -> None:
    """Sends the case on to another fagområde or another receiver of the same side, with its whole log.

    Those who took part for a receiver that no longer has the case, take part no more.
    Raises UgyldigData when nothing would change or nobody there answers for the fagområde.
    """
    sak = _hent(aktor, Handling.VIDERESENDE, henvendelse_id, begrunnelse=begrunnelse, ikke_fnr=ikke_fnr)
    retning = Retning(sak.retning)
    mottaker = db.session.get(Organisasjon, mottaker_id)
    if mottaker is None or not steps.kan_vaere_mottaker(mottaker, retning):
        raise UgyldigData(
            felter={
                "mottaker_id": [
                    _l("Velg hvilket sykehus som skal få saken.")
                    if retning == Retning.TIL_SYKEHUS
                    else _l("Velg hvilken kommune som skal få saken.")
                ]
            }
        )
    if fagomraade not in omraader_for(mottaker.type):
        raise UgyldigData(felter={"fagomraade": [steps.velg_omraade(retning)]})
    if (mottaker.id, fagomraade) == (sak.mottaker_id, sak.fagomraade):
        raise UgyldigData(
            felter={"fagomraade": [_l("Saken er alt her. Velg et annet fagområde eller en annen mottaker.")]}
        )
    steps.krev_noen_som_svarer(mottaker.id, fagomraade)
    gammel_mottaker, gammelt_fag = sak.mottaker_id, sak.fagomraade
    fra_navn = sak.mottaker.kortnavn
    _flytt(
        aktor,
        sak,
        Handling.VIDERESENDE,
        tekst=begrunnelse,
        ny_koe=(mottaker.id, fagomraade),
        fra_mottaker=fra_navn,
        fra_fagomraade=gammelt_fag,
        mottaker=mottaker.kortnavn,
        fagomraade=fagomraade,
    )
    sak.mottaker_id, sak.fagomraade = mottaker.id, fagomraade
    if gammel_mottaker != mottaker.id:
        db.session.execute(
            sa.update(Deltaker)
            .where(
                Deltaker.henvendelse_id == sak.id,
                Deltaker.til.is_(None),
                Deltaker.medlemskap_id.in_(
                    sa.select(Medlemskap.id).where(Medlemskap.organisasjon_id == gammel_mottaker)
                ),
            )
            .values(til=now())
            .execution_options(synchronize_session=False)
        )
    meld("henvendelse.tilgang_endret", henvendelse_id=sak.id)
    # Those who have the case no more hear nothing of who is told now.
    eskalering.start_paa_nytt(sak)


@transactional
def besvar(
    aktor: Aktor,
    henvendelse_id: UUID,
    raad: str,
    tekst: str,
    *,
    nytte: str = "",
    ressurs: str = "",
    alvorlighet: str = "",
    mestring: str = "",
    ikke_fnr: bool = False,
) -> None:
    """The responsible records the structured advice (råd) with its text, and what was considered.

    The considerations are those of prioriteringsforskriften (nytte, ressurs, alvorlighet), with mestring for the
    municipal service. Raises UgyldigData where resource stands alone: it is weighed in the light of the others.
    """
    vurdering = {"nytte": nytte, "ressurs": ressurs, "alvorlighet": alvorlighet, "mestring": mestring}
    sak = _hent(aktor, Handling.BESVARE, henvendelse_id, tekst=tekst, **vurdering, ikke_fnr=ikke_fnr)
    vurdering = {k: v for k, v in vurdering.items() if v}
    if set(vurdering) == {"ressurs"}:
        raise UgyldigData(
            felter={
                "ressurs": [
                    _l("Ressurs alene er aldri nok. Si også noe om nytte, alvorlighet eller mestring.")
                ]
            }
        )
    sak.raad = _retningens(RAAD, sak, "raad", raad)
    innhold = {"vurdering": vurdering} if vurdering else None
    raadet = _flytt(aktor, sak, Handling.BESVARE, tekst=tekst, innhold=innhold, raad=sak.raad)
    steps.skriv_avtalegrunnlag(sak, raadet)
    eskalering.besvart(sak)


@transactional
def be_om_mer(aktor: Aktor, henvendelse_id: UUID, tekst: str, *, ikke_fnr: bool = False) -> None:
    """The requester's side needs more: the case is the responsible's again, with a new deadline.

    Raises UgyldigOvergang where the responsible has left: nobody would see the question.
    """
    sak = _hent(aktor, Handling.BE_OM_MER, henvendelse_id, tekst=tekst, ikke_fnr=ikke_fnr)
    _krev_ansvarlig(sak)
    _flytt(aktor, sak, Handling.BE_OM_MER, tekst=tekst)
    eskalering.spurt_igjen(aktor, sak)


@transactional
def lukk(
    aktor: Aktor,
    henvendelse_id: UUID,
    utfall: str,
    tekst: str = "",
    *,
    spoer_igjen: bool = False,
    ikke_fnr: bool = False,
) -> None:
    """Confirms the outcome and closes: the requester's side, or the responsible 24 hours after the answer.

    What became of the patient is asked three days later; with `spoer_igjen` after thirty too.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id, laas=True)
    handling = Handling.LUKKE if access.er_innmeldersiden(aktor, sak) else Handling.LUKKE_SOM_ANSVARLIG
    access.krev(aktor, handling, sak)
    steps.revider_sluppet(aktor, sak, steps.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr))
    sak.utfall = _retningens(UTFALL, sak, "utfall", utfall)
    _flytt(aktor, sak, handling, tekst=tekst, spoer_igjen=spoer_igjen, utfall=sak.utfall)


@transactional
def tiden_er_ute(aktor: Aktor, henvendelse_id: UUID, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """«Tiden er ute»: the requester's exit, at any time before there is an answer.

    The patient is admitted; in a hospital's request the patient stays at the hospital.
    """
    sak = _hent(aktor, Handling.TIDEN_ER_UTE, henvendelse_id, tekst=tekst, ikke_fnr=ikke_fnr)
    sak.utfall = UTFALL_UTEN_SVAR[Retning(sak.retning)]
    _flytt(aktor, sak, Handling.TIDEN_ER_UTE, tekst=tekst, utfall=sak.utfall)


@transactional
def trekk(aktor: Aktor, henvendelse_id: UUID, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """The requester's side withdraws the request: no advice is needed any more."""
    sak = _hent(aktor, Handling.TREKKE, henvendelse_id, tekst=tekst, ikke_fnr=ikke_fnr)
    _flytt(aktor, sak, Handling.TREKKE, tekst=tekst)


@transactional
def gjenaapne(aktor: Aktor, henvendelse_id: UUID, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """Opens a closed case again within 72 hours. Whoever does so at the receiver becomes the responsible.

    Raises UgyldigOvergang when the requester's side would open a case that nobody is there to take up.
    """
    sak = _hent(aktor, Handling.GJENAAPNE, henvendelse_id, tekst=tekst, ikke_fnr=ikke_fnr)
    if access.er_paa_vakt(aktor, sak):
        sak.ansvarlig_id, sak.ansvarlig_medlemskap_id = aktor.person_id, aktor.medlemskap_id
        sak.akseptert_tid = now()
    else:
        _krev_ansvarlig(sak)
    _flytt(aktor, sak, Handling.GJENAAPNE, tekst=tekst)
    eskalering.spurt_igjen(aktor, sak)


def _krev_ansvarlig(sak: Henvendelse) -> None:
    """Refuses to give a case to a responsible who has left, or to none."""
    if not access.ansvarlig_er_der(sak):
        raise UgyldigOvergang(
            _l(
                "Ingen hos mottakeren har denne saken nå. Send en ny henvendelse, så går den til den som har vakt."
            ),
            kode="ingen_ansvarlig",
        )
