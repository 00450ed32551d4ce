"""The moves of a case, one function an edge of the transition table."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser.models import (
    Deltaker,
    Handling,
    Hendelse,
    Henvendelse,
    Raad,
    Status,
    Utfall,
)
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.models import SYKEHUS, Medlemskap, Organisasjon


def _flytt(
    aktor: Aktor,
    sak: Henvendelse,
    handling: Handling,
    tekst: str = "",
    *,
    ny_koe: tuple[UUID, str] | None = None,
    **data: object,
) -> Hendelse:
    """The common end of each move: the edge, the participant, the row in the log, the queue's new version.

    `ny_koe` is the queue that a forwarded case leaves its own for. Queues are locked in sorted order: two cases that
    cross each other on the way must not wait for one another.
    """
    steps.bli_deltaker(aktor, sak)
    o = sak.flytt_til(handling, now())
    hendelse = steps.skriv_hendelse(
        aktor, sak, o.logger, tekst=tekst, data={"fra": o.fra, "til": o.til, **data}
    )
    for mottaker_id, fagomraade in sorted({(sak.mottaker_id, sak.fagomraade), *([ny_koe] if ny_koe else [])}):
        steps.ny_versjon_av_koe(mottaker_id, fagomraade)
    return hendelse


def _hent(
    aktor: Aktor, handling: Handling, henvendelse_id: UUID, *tekster: str, ikke_fnr: bool
) -> Henvendelse:
    """Fetches and locks the case, and stops national identity numbers in the text that goes with the move."""
    sak = access.hent(aktor, handling, henvendelse_id, laas=True)
    sluppet = steps.stopp_identitet({"tekst": "\n".join(tekster)}, ikke_fnr=ikke_fnr)
    steps.revider_sluppet(aktor, sak, sluppet)
    return sak


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


def _opptatt(sak: Henvendelse) -> None:
    navn = sak.ansvarlig.navn if sak.ansvarlig else ""
    raise Opptatt(_l("%(navn)s har alt tatt denne saken.", navn=navn), ansvarlig=navn)


@transactional
def gi_tilbake(aktor: Aktor, henvendelse_id: UUID, begrunnelse: str, *, ikke_fnr: bool = False) -> None:
    """Puts an accepted case back into its queue, for somebody else of the fagområde to take."""
    sak = _hent(aktor, Handling.GI_TILBAKE, henvendelse_id, begrunnelse, ikke_fnr=ikke_fnr)
    _flytt(aktor, sak, Handling.GI_TILBAKE, tekst=begrunnelse)


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
    """Sends the case on to another fagområde or hospital, with its whole log.

    Those who took part for a hospital that no longer has the case, take part no more.
    Raises UgyldigData when nothing would change or nobody there answers for the fagområde.
    """
    sak = _hent(aktor, Handling.VIDERESENDE, henvendelse_id, begrunnelse, ikke_fnr=ikke_fnr)
    mottaker = db.session.get(Organisasjon, mottaker_id)
    if mottaker is None or mottaker.type not in SYKEHUS or mottaker.nedlagt is not None:
        raise UgyldigData(felter={"mottaker_id": [_l("Velg hvilket sykehus som skal få saken.")]})
    if fagomraade not in FAGOMRAADER:
        raise UgyldigData(felter={"fagomraade": [_l("Velg et fagområde fra lista.")]})
    if (mottaker.id, fagomraade) == (sak.mottaker_id, sak.fagomraade):
        raise UgyldigData(
            felter={"fagomraade": [_l("Saken er alt her. Velg et annet fagområde eller sykehus.")]}
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


@transactional
def besvar(aktor: Aktor, henvendelse_id: UUID, raad: str, tekst: str, *, ikke_fnr: bool = False) -> None:
    """The responsible records the structured advice (råd) with its text."""
    sak = _hent(aktor, Handling.BESVARE, henvendelse_id, tekst, ikke_fnr=ikke_fnr)
    sak.raad = Raad(raad)
    _flytt(aktor, sak, Handling.BESVARE, tekst=tekst, raad=sak.raad)


@transactional
def be_om_mer(aktor: Aktor, henvendelse_id: UUID, tekst: str, *, ikke_fnr: bool = False) -> None:
    """The requester's side needs more: the case is the responsible's again, with a new deadline."""
    sak = _hent(aktor, Handling.BE_OM_MER, henvendelse_id, tekst, ikke_fnr=ikke_fnr)
    _flytt(aktor, sak, Handling.BE_OM_MER, tekst=tekst)


@transactional
def lukk(aktor: Aktor, henvendelse_id: UUID, utfall: str, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """Confirms the outcome and closes: the requester's side, or the responsible 24 hours after the answer."""
    sak = access.hent(aktor, Handling.SE, henvendelse_id, laas=True)
    handling = Handling.LUKKE if access.er_innmeldersiden(aktor, sak) else Handling.LUKKE_SOM_ANSVARLIG
    access.krev(aktor, handling, sak)
    steps.revider_sluppet(aktor, sak, steps.stopp_identitet({"tekst": tekst}, ikke_fnr=ikke_fnr))
    sak.utfall = Utfall(utfall)
    _flytt(aktor, sak, handling, tekst=tekst, utfall=sak.utfall)


@transactional
def tiden_er_ute(aktor: Aktor, henvendelse_id: UUID, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """«Tiden er ute – pasienten legges inn»: the requester's exit, at any time before there is an answer."""
    sak = _hent(aktor, Handling.TIDEN_ER_UTE, henvendelse_id, tekst, ikke_fnr=ikke_fnr)
    sak.utfall = Utfall.INNLAGT
    _flytt(aktor, sak, Handling.TIDEN_ER_UTE, tekst=tekst, utfall=sak.utfall)


@transactional
def trekk(aktor: Aktor, henvendelse_id: UUID, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """The requester's side withdraws the request: no advice is needed any more."""
    sak = _hent(aktor, Handling.TREKKE, henvendelse_id, tekst, ikke_fnr=ikke_fnr)
    _flytt(aktor, sak, Handling.TREKKE, tekst=tekst)


@transactional
def gjenaapne(aktor: Aktor, henvendelse_id: UUID, tekst: str = "", *, ikke_fnr: bool = False) -> None:
    """Opens a closed case again within 72 hours. A specialist who does so becomes the responsible.

    Raises UgyldigOvergang when the requester's side would open a case that nobody is there to take up.
    """
    sak = _hent(aktor, Handling.GJENAAPNE, henvendelse_id, tekst, ikke_fnr=ikke_fnr)
    if access.er_paa_vakt(aktor, sak):
        sak.ansvarlig_id, sak.ansvarlig_medlemskap_id = aktor.person_id, aktor.medlemskap_id
        sak.akseptert_tid = now()
    elif not access.ansvarlig_er_der(sak):
        raise UgyldigOvergang(
            _l(
                "Ingen ved sykehuset har denne saken nå. Send en ny henvendelse, så går den til den som har vakt."
            ),
            kode="ingen_ansvarlig",
        )
    _flytt(aktor, sak, Handling.GJENAAPNE, tekst=tekst)
