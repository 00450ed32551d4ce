"""The live conversation over Socket.IO: the protocol of DESIGN.md, event by event.

The handlers stand on python-socketio's own server: a message must not pay for a Flask request context. Each event
judges the session and the rights again on fresh rows; what is emitted afterwards is a hint that may be lost.
"""

from __future__ import annotations

import random
import time
from threading import Thread
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import Flask
from flask_socketio import ConnectionRefusedError as Avvist
from sqlalchemy.engine import Engine

from portal.core import realtime
from portal.core.aktor import KLINIKERE, Aktor
from portal.core.db import abonner, db
from portal.core.errors import IkkeInnlogget, Laast, PortalError
from portal.core.realtime import Tilkobling, tilkoblinger
from portal.core.web import aktor_eller_ingen, er_laast, les, velg_spraak
from portal.henvendelser import access
from portal.henvendelser.eskalering.lesing import saker_nettopp_kvittert
from portal.henvendelser.forloep import Invitasjonstilstand
from portal.henvendelser.models import Deltaker, Henvendelse, Saksinvitasjon
from portal.henvendelser.schemas import (
    AbonnerInn,
    KvitteringInn,
    MeldingPaaSokkel,
    SakInn,
    hendelse_ut,
    kvittering_ut,
    tidspunkt,
)
from portal.henvendelser.service import innsending, lesing, meldinger, plasser
from portal.identitet.sockets import (
    UTBRUDD,
    bruk_kvote,
    fersk_aktor,
    haandter,
    kast_snart,
    sammenheng,
    svar_paa,
)
from portal.plasser import sockets as tavlesokler
from portal.varsler import sockets as varsler

logg = structlog.get_logger(__name__)

_MELDING = MeldingPaaSokkel()
_motor: Engine | None = None


def sakrom(henvendelse_id: object) -> str:
    return f"sak:{henvendelse_id}"


def koerom(noekkel: str) -> str:
    return f"koe:{noekkel}"


def _medlemsrom(medlemskap_id: object) -> str:
    return f"medlemskap:{medlemskap_id}"


def _enhetsrom(enhet_id: object) -> str:
    return f"enhet:{enhet_id}"


# --- in --------------------------------------------------------------------------------------------------


def _tilkoblet(auth: object = None) -> None:
    """Lets a socket in by its session cookie, and joins it to what its role listens to."""
    from flask import request

    aktor = aktor_eller_ingen()
    if aktor is None or aktor.sesjon_id is None:
        raise Avvist("ikke_innlogget")
    sid: str = request.sid  # type: ignore[attr-defined]
    t = Tilkobling(
        sid=sid,
        aktor=aktor,
        spraak=velg_spraak(),
        laast=er_laast(),
        kvote=UTBRUDD,
        kvote_tid=time.monotonic(),
    )
    tilkoblinger[sid] = t
    varsler.gaa_inn(t)
    if aktor.medlemskap_id is None or aktor.rolle not in KLINIKERE:
        return
    if not t.laast:
        _inn_i_egne_rom(t)
    for koe in lesing.koer_for(aktor):
        noekkel = lesing.koenoekkel(*koe)
        t.koer[noekkel] = koe
        realtime.gaa_inn(sid, koerom(noekkel))


def _egne_rom(t: Tilkobling) -> list[str]:
    """Where it is told which of one's cases have changed."""
    if t.aktor.medlemskap_id is None or t.aktor.rolle not in KLINIKERE:
        return []
    enhet = [] if t.aktor.enhet_id is None else [_enhetsrom(t.aktor.enhet_id)]
    return [_medlemsrom(t.aktor.medlemskap_id), *enhet]


def _inn_i_egne_rom(t: Tilkobling) -> None:
    for rom in _egne_rom(t):
        realtime.gaa_inn(t.sid, rom)


def _paa_laas(t: Tilkobling) -> None:
    """A locked screen leaves every case and hears no hint of one. That somebody waits in its queues it still hears:
    a queue must not go blind (vaktmodus)."""
    if t.laast:
        for sak in list(t.saker):
            _ut_av_rommet(t, sak)
        for rom in _egne_rom(t):
            realtime.gaa_ut(t.sid, rom)
    else:
        _inn_i_egne_rom(t)
    realtime.til_sokkel("varsel", {"type": "laast" if t.laast else "laast_opp"}, t.sid)


def _frakoblet(sid: str, *_: object) -> None:
    tilkoblinger.pop(sid, None)


@haandter
def _abonner(t: Tilkobling, aktor: Aktor, data: Any) -> dict[str, Any]:
    """Joins the room first, then reads the rows after `etter`: what comes in between is fetched, not lost."""
    inn = les(AbonnerInn, data)
    henvendelse_id = inn["id"]
    if lesing.er_aapning(aktor, henvendelse_id, inn["etter"]):
        innsending.apne(aktor, henvendelse_id)
    else:
        lesing.hent_sak(aktor, henvendelse_id)
    if t.laast:
        # Locked between the question and the room.
        raise Laast()
    realtime.gaa_inn(t.sid, sakrom(henvendelse_id))
    t.saker.add(henvendelse_id)
    try:
        biter = lesing.hent_logg(aktor, henvendelse_id, inn["etter"])
    except PortalError:
        # The right ended between the question and the room, so nobody threw this socket out.
        _ut_av_rommet(t, henvendelse_id)
        raise
    return {
        "ok": True,
        "hode": biter.hode,
        "hendelser": [hendelse_ut(h) for h in biter.hendelser],
        "mer": biter.mer,
        "kvitteringer": [kvittering_ut(k) for k in biter.kvitteringer],
    }


@haandter
def _forlat(t: Tilkobling, aktor: Aktor, data: Any) -> dict[str, Any]:
    _ut_av_rommet(t, les(SakInn, data)["id"])
    return {"ok": True}


def _ut_av_rommet(t: Tilkobling, henvendelse_id: UUID) -> None:
    t.saker.discard(henvendelse_id)
    realtime.gaa_ut(t.sid, sakrom(henvendelse_id))


def _meld(sid: str, data: Any) -> dict[str, Any]:
    """One message: the hot path. The batch writer judges session and rights on the rows of its transaction."""
    t = tilkoblinger.get(sid)
    if t is None:
        return {"ok": False, "kode": IkkeInnlogget.kode, "melding": str(IkkeInnlogget.standard)}
    try:
        bruk_kvote(t)
        inn = les(_MELDING, data)
        if t.aktor.medlemskap_id is None:
            raise IkkeInnlogget()
        melding = (inn["id"], inn["klient_id"], inn["tekst"])
        try:
            sekvens, tid = meldinger.send_melding(t.aktor, *melding, ikke_fnr=inn["ikke_fnr"], motor=_motor)
        except meldinger.IkkeDeltaker:
            # The first message of somebody who takes part from now on: off the hot path, and judged afresh.
            with sammenheng(t):
                sekvens, tid = meldinger.send_melding(fersk_aktor(t), *melding, ikke_fnr=inn["ikke_fnr"])
    except IkkeInnlogget as feil:
        kast_snart(sid)
        with sammenheng(t):
            return svar_paa(feil)
    except PortalError as feil:
        with sammenheng(t):
            return svar_paa(feil)
    # Whoever writes, uses the session: noted by the tick.
    t.brukt = tid
    return {"ok": True, "sekvens": sekvens, "tidspunkt": tidspunkt(tid)}


@haandter
def _mottatt(t: Tilkobling, aktor: Aktor, data: Any) -> dict[str, Any]:
    inn = les(KvitteringInn, data)
    meldinger.kvitter(aktor, inn["id"], mottatt=inn["sekvens"])
    return {"ok": True}


@haandter
def _les(t: Tilkobling, aktor: Aktor, data: Any) -> dict[str, Any]:
    inn = les(KvitteringInn, data)
    meldinger.kvitter(aktor, inn["id"], lest=inn["sekvens"])
    return {"ok": True}


def _skriver(sid: str, data: Any) -> None:
    """Typing: ephemeral, told to the room that the socket was let into; nothing is stored."""
    t = tilkoblinger.get(sid)
    if t is None:
        return
    try:
        with sammenheng(t):
            inn = les(SakInn, data)
            bruk_kvote(t)
            if inn["id"] not in t.saker or (t.aktor.medlemskap_id, inn["id"]) not in access.synlige_par(
                [(t.aktor.medlemskap_id, inn["id"])]  # type: ignore[list-item]
            ):
                return
    except PortalError:
        return
    realtime.socketio.server.emit(
        "skriver",
        {"henvendelse_id": str(inn["id"]), "navn": t.aktor.navn, "person_id": str(t.aktor.person_id)},
        room=sakrom(inn["id"]),
        skip_sid=sid,
    )


# --- out -------------------------------------------------------------------------------------------------


def _ut_hendelse(hendelse: dict[str, Any]) -> None:
    realtime.til_rom("hendelse", hendelse_ut(hendelse), sakrom(hendelse["henvendelse_id"]))
    _vent_med_varsel(hendelse["henvendelse_id"])


def _ut_kvittering(kvittering: dict[str, Any]) -> None:
    realtime.til_rom("kvittering", kvittering_ut(kvittering), sakrom(kvittering["henvendelse_id"]))


def _ut_stige(person_id: UUID) -> None:
    """Whoever watches a ladder, sees that a step's person has acknowledged being told."""
    for sak_id in saker_nettopp_kvittert(person_id):
        realtime.til_rom("varsel", {"type": "stige_endret", "henvendelse_id": str(sak_id)}, sakrom(sak_id))


def _ut_plass(reservasjon_id: UUID, referanse: str, status: str) -> None:
    """What the unit does with a bed that is held in a case, is told there at once."""
    plasser.foelg_plass(reservasjon_id, referanse)


def _ut_koe(noekkel: str, versjon: int) -> None:
    realtime.til_rom("koe", {"noekkel": noekkel, "versjon": versjon}, koerom(noekkel))


def _ut_tilgang(henvendelse_id: UUID) -> None:
    realtime.kontroll("tilgang", henvendelse_id=henvendelse_id)


def _ut_sesjon(sesjon_id: UUID) -> None:
    realtime.kontroll("sesjon", sesjon_id=sesjon_id)


#: The lists hear of changes together, and at most this often (seconds): a busy case must not drown the rest.
VARSEL_HVERT = 1.0
_venter: set[UUID] = set()
_varsler_gaar = False


def _vent_med_varsel(henvendelse_id: UUID) -> None:
    """Gathers hints to the lists until the next round."""
    global _varsler_gaar
    _venter.add(henvendelse_id)
    if not _varsler_gaar:
        _varsler_gaar = True
        Thread(target=_varsle_snart, daemon=True).start()


def _varsle_snart() -> None:
    global _varsler_gaar
    try:
        while _venter:
            time.sleep(VARSEL_HVERT)
            saker = set(_venter)
            _venter.clear()
            with realtime.app().app_context():
                _varsle(saker)
    except Exception:
        logg.exception("varsel_feilet")
    finally:
        _varsler_gaar = False


def _varsle(saker: set[UUID]) -> None:
    """Tells the participants, those who are asked to be, and the requester's unit which cases have changed: ids alone.

    One emit a room, however many cases: a person with a hundred windows is told once in each.
    """
    rom: dict[str, list[str]] = {}
    for sak_id, medlemskap_id in db.session.execute(
        sa.select(Deltaker.henvendelse_id, Deltaker.medlemskap_id).where(
            Deltaker.henvendelse_id.in_(saker), Deltaker.til.is_(None)
        )
    ):
        rom.setdefault(_medlemsrom(medlemskap_id), []).append(str(sak_id))
    for sak_id, medlemskap_id in db.session.execute(
        sa.select(Saksinvitasjon.henvendelse_id, Saksinvitasjon.til_medlemskap_id).where(
            Saksinvitasjon.henvendelse_id.in_(saker), Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER
        )
    ):
        rom.setdefault(_medlemsrom(medlemskap_id), []).append(str(sak_id))
    for sak_id, enhet_id in db.session.execute(
        sa.select(Henvendelse.id, Henvendelse.avsender_enhet_id).where(
            Henvendelse.id.in_(saker), Henvendelse.avsender_enhet_id.is_not(None)
        )
    ):
        rom.setdefault(_enhetsrom(enhet_id), []).append(str(sak_id))
    db.session.rollback()
    for nummer, (navn, ider) in enumerate(rom.items()):
        realtime.til_rom("varsel", {"type": "sak_endret", "henvendelser": ider}, navn)
        if nummer % 4 == 3:
            # A hint can wait: hundreds of them in one breath held up the messages for 40 ms.
            time.sleep(0)


# --- rights and heads ------------------------------------------------------------------------------------


def _kast_ut_av_saker(aktuelle: list[Tilkobling], bare: UUID | None = None) -> None:
    """Whoever may no longer see a case leaves its room at once and is told to wipe it from the screen."""
    par = {
        (t.aktor.medlemskap_id, sak)
        for t in aktuelle
        for sak in t.saker
        if t.aktor.medlemskap_id is not None and (bare is None or sak == bare)
    }
    holder = access.synlige_par(par)
    for t in aktuelle:
        for sak in list(t.saker):
            if (bare is None or sak == bare) and (t.aktor.medlemskap_id, sak) not in holder:
                _ut_av_rommet(t, sak)
                realtime.til_sokkel("varsel", {"type": "tilgang_mistet", "henvendelse_id": str(sak)}, t.sid)


def _paa_tilgang(data: dict[str, Any]) -> None:
    sak = UUID(str(data["henvendelse_id"]))
    with realtime.app().app_context():
        _kast_ut_av_saker([t for t in tilkoblinger.values() if sak in t.saker], sak)


def _tikk(aktuelle: list[Tilkobling]) -> None:
    """The heads of every open case, queue, bell and board, in a few queries for the whole process, to each its own."""
    _kast_ut_av_saker(aktuelle)
    hoder = lesing.hent_hoder({sak for t in aktuelle for sak in t.saker})
    versjoner = lesing.koeversjoner(list({koe for t in aktuelle for koe in t.koer.values()}))
    bjeller = varsler.bjelleversjoner(aktuelle)
    tavla = tavlesokler.hode(aktuelle)
    for t in aktuelle:
        realtime.til_sokkel(
            "hode",
            {
                "henvendelse": {str(s): hoder[s] for s in t.saker if s in hoder},
                "koe": {n: versjoner[n] for n in t.koer if n in versjoner},
                "bjelle": bjeller.get(t.aktor.person_id),
                **(tavla if t.tavle else {}),
                **({"laast": True} if t.laast else {}),
            },
            t.sid,
        )
        if len(aktuelle) > 200:
            time.sleep(random.random() / 1000)  # noqa: S311 - spreads the refetches of a large house


def sett_opp(app: Flask) -> None:
    """Registers the events, in and out."""
    global _motor
    with app.app_context():
        _motor = db.engine
    realtime.socketio.on_event("connect", _tilkoblet)
    server = realtime.socketio.server
    server.on("disconnect", _frakoblet)
    server.on("henvendelse.abonner", _abonner)
    server.on("henvendelse.forlat", _forlat)
    server.on("henvendelse.meld", _meld)
    server.on("henvendelse.mottatt", _mottatt)
    server.on("henvendelse.les", _les)
    server.on("henvendelse.skriver", _skriver)
    abonner("henvendelse.hendelse", _ut_hendelse)
    abonner("henvendelse.kvittering", _ut_kvittering)
    abonner("henvendelse.koe_endret", _ut_koe)
    abonner("varsler.kvittert", _ut_stige)
    abonner("henvendelse.sak_endret", _vent_med_varsel)
    abonner("plasser.reservasjon_endret", _ut_plass)
    abonner("henvendelse.tilgang_endret", _ut_tilgang)
    abonner("identitet.sesjon_avsluttet", _ut_sesjon)
    abonner("identitet.sesjon_endret", _ut_sesjon)
    realtime.registrer_kontroll("tilgang", _paa_tilgang)
    realtime.registrer_laas(_paa_laas)
    realtime.registrer_tikk(_tikk)
