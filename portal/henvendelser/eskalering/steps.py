"""Starting, taking and ending escalations, inside the transaction of what they follow from.

Lock order on PostgreSQL: whoever calls holds the row of the case; then the timers, then the counter of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, meld
from portal.henvendelser import steps
from portal.henvendelser.eskalering import tekster
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt, Trinnutfall
from portal.henvendelser.forloep import FRIST_SVAR, Hastegrad, Hendelsestype, Side, Status
from portal.henvendelser.models import Hendelse, Henvendelse
from portal.identitet.steps import telefon_for
from portal.vakt import steps as vakt
from portal.vakt.models import Nivaa
from portal.vakt.steps import ANSVARLIG, Policy
from portal.varsler.models import Kanal
from portal.varsler.steps import Mottaker, stopp, varsle, varsle_alle

ESKALERING = Aktor.system("eskalering")
#: Who hears of it where there is no vaktleder: they can find somebody, though they see no cases.
_HOLDER_VAKTPLANENE = (Rolle.KOORDINATOR, Rolle.ADMINISTRATOR)
#: Past its last climb a case that nobody has taken goes on reminding: the pause doubles each time, up to this.
LENGSTE_PAUSE = timedelta(hours=4)
#: What the requester's side writes that wants an answer, and what of the receiver's side is one. Whatever was asked
#: before a case was closed, is not asked any more when it is opened again.
SPOERSMAAL = (Hendelsestype.MELDING, Hendelsestype.VEDLEGG)
SVARER = (Hendelsestype.MELDING, Hendelsestype.VEDLEGG, Hendelsestype.AKSEPTERT, Hendelsestype.BESVART)
LUKKER = (Hendelsestype.LUKKET, Hendelsestype.TIDEN_UTE)


def gjelder(sak_id: UUID) -> str:
    """The name under which everything that is told of a case can be stopped."""
    return f"henvendelse:{sak_id}"


def koe_gjelder(mottaker_id: UUID, fagomraade: str) -> str:
    """The same for what is told of a whole queue."""
    return f"koe:{steps.koenoekkel(mottaker_id, fagomraade)}"


def lenke(sak_id: UUID) -> str:
    return f"/henvendelser/{sak_id}"


# --- starting --------------------------------------------------------------------------------------------


def start_aksept(sak: Henvendelse, naa: datetime | None = None, *, hvem: str | None = None) -> Eskalering:
    """A case begins to wait for somebody to take it: the first step is taken at once, and the deadline follows from it.

    The timer keeps the policy as it is now. `naa` is when it began to wait, where that is not what the case says;
    `hvem` is the sender's name, where it is known.
    """
    naa = naa or sak.ventet_fra
    policy = vakt.policy_for(sak.mottaker_id, sak.fagomraade, sak.hastegrad)
    esk = _start(sak, Slag.AKSEPT, policy, naa, naa)
    fyr(esk, sak, naa, tatt_foer=0, hvem=hvem)
    sak.frist = esk.neste
    return esk


def start_paa_nytt(sak: Henvendelse) -> None:
    """The case waits again, here or at another receiver: what ran for it ends, and a new ladder begins."""
    avslutt(sak, Slutt.FLYTTET)
    start_aksept(sak)


def start_svar(sak: Henvendelse) -> None:
    """Somebody has the case: it climbs when it is not answered by its deadline (svarfrist)."""
    assert sak.frist is not None
    avslutt(sak, Slutt.FLYTTET, Slag.SVAR)
    policy = vakt.policy_for(sak.mottaker_id, sak.fagomraade, sak.hastegrad).for_ansvarlig()
    _start(sak, Slag.SVAR, policy, now(), sak.frist)


def start_melding(sak: Henvendelse, ubesvart: Hendelse) -> None:
    """A message waits for the receiver's answer: it climbs when there is none within the svarfrist of the first one."""
    policy = vakt.policy_for(sak.mottaker_id, sak.fagomraade, sak.hastegrad).for_ansvarlig()
    forfall = ubesvart.tidspunkt + FRIST_SVAR[Hastegrad(sak.hastegrad)]
    _start(sak, Slag.MELDING, policy, now(), forfall, sekvens=ubesvart.sekvens)


def _start(
    sak: Henvendelse,
    slag: Slag,
    policy: Policy,
    start: datetime,
    neste: datetime,
    sekvens: int | None = None,
) -> Eskalering:
    esk = Eskalering(
        id=uuid4(),
        slag=slag,
        henvendelse_id=sak.id,
        organisasjon_id=sak.mottaker_id,
        fagomraade=sak.fagomraade,
        hastegrad=sak.hastegrad,
        policy=policy.som_dict(),
        start=start,
        posisjon=0,
        runde=0,
        neste=neste,
        sekvens=sekvens,
    )
    db.session.add(esk)
    return esk


# --- what ends it ----------------------------------------------------------------------------------------


def avslutt(sak: Henvendelse, slutt: Slutt, slag: Slag | None = None) -> None:
    """Ends what runs for a case, or one kind of it, and stops all that is being told because of it."""
    db.session.flush()
    loeper = [Eskalering.henvendelse_id == sak.id, Eskalering.avsluttet.is_(None)]
    if slag is not None:
        loeper.append(Eskalering.slag == slag)
    db.session.execute(
        sa.update(Eskalering)
        .where(*loeper)
        .values(avsluttet=now(), utfall=slutt)
        .execution_options(synchronize_session=False)
    )
    stopp(gjelder(sak.id), koder=tekster.ALARMER[slag] if slag else None)


def tatt(sak: Henvendelse, navn: str) -> None:
    """Somebody has accepted: all alarms stop, the requester's bell says who, and the time to answer begins."""
    avslutt(sak, Slutt.TATT)
    til = vakt.mottaker_for(sak.innmelder_medlemskap_id)
    if til is not None:
        varsle(
            til,
            noekkel=f"{gjelder(sak.id)}:akseptert:{uuid4()}",
            kode=tekster.AKSEPTERT,
            tittel=tekster.akseptert(sak, navn),
            lenke=lenke(sak.id),
            hastegrad=sak.hastegrad,
            gjelder=gjelder(sak.id),
            bare=(),
        )
    start_svar(sak)


def besvart(sak: Henvendelse) -> None:
    """The advice is given: nothing runs any more, and the requester is told."""
    avslutt(sak, Slutt.BESVART)
    til = vakt.mottaker_for(sak.innmelder_medlemskap_id)
    if til is not None:
        _si(til, sak, tekster.BESVART, tekster.besvart(sak))


def spurt_igjen(aktor: Aktor, sak: Henvendelse) -> None:
    """The case is the responsible's once more, with a new deadline; who is told, unless it was their own act."""
    start_svar(sak)
    til = vakt.mottaker_for(sak.ansvarlig_medlemskap_id) if sak.ansvarlig_medlemskap_id else None
    if til is not None and til.person_id != aktor.person_id:
        _si(til, sak, tekster.TRENGER_MER, tekster.trenger_mer(sak))


def _si(til: Mottaker, sak: Henvendelse, kode: str, ord_: tuple[Any, Any]) -> None:
    """Tells of a move that happens once: no other notice has its key."""
    varsle(
        til,
        noekkel=f"{kode}:{uuid4()}",
        kode=kode,
        tittel=ord_[0],
        tekst=ord_[1],
        lenke=lenke(sak.id),
        hastegrad=sak.hastegrad,
        gjelder=gjelder(sak.id),
    )


def ut_av_koen(sak: Henvendelse, mottaker_id: UUID, fagomraade: str) -> None:
    """A case waits in a queue no more: when it was the last, nobody need hear that some wait there."""
    flere = sa.exists().where(
        Henvendelse.mottaker_id == mottaker_id,
        Henvendelse.fagomraade == fagomraade,
        Henvendelse.status == Status.NY,
        Henvendelse.id != sak.id,
    )
    if not db.session.scalar(sa.select(flere)):
        stopp(koe_gjelder(mottaker_id, fagomraade))


def flytt_til_etterfolger(sak_id: UUID, til: UUID) -> None:
    """The receiver has become part of another: what runs goes on there, by the policy that it began with."""
    db.session.execute(
        sa.update(Eskalering)
        .where(Eskalering.henvendelse_id == sak_id, Eskalering.avsluttet.is_(None))
        .values(organisasjon_id=til)
        .execution_options(synchronize_session=False)
    )


# --- a step ----------------------------------------------------------------------------------------------


def fyr(
    esk: Eskalering,
    sak: Henvendelse,
    naa: datetime,
    *,
    tatt_foer: int | None = None,
    hvem: str | None = None,
) -> None:
    """Takes the step that is due: tells who is there, passes by who is not, and says when the next one comes.

    Where nobody is left above, there is nothing to wait for: the vaktledere are alarmed, and the next climb begins at
    once. `tatt_foer` is how many steps the timer has taken, and `hvem` the sender's name, where they are known.
    """
    hvem = hvem or sak.avsender.kortnavn
    policy = Policy.fra_dict(esk.policy)
    nummer = _antall_trinn(esk) if tatt_foer is None else tatt_foer
    paa = _bemanning(esk, sak)
    hoppet: list[str] = []
    forfalt, toppen, foerste = esk.neste, False, nummer == 0
    while esk.posisjon < len(policy.ledd):
        steg = vakt.neste_steg(policy, esk.posisjon, esk.runde, paa)
        for nivaa in steg.tomme:
            nummer += 1
            _trinn(esk, nummer, Trinnutfall.TOMT, forfalt, naa, nivaa)
        hoppet += steg.tomme
        runde = esk.runde
        assert steg.neste is not None
        esk.posisjon, esk.runde = steg.neste.posisjon, steg.neste.runde
        esk.neste, esk.utsatt = naa + steg.neste.vent, None
        if steg.nivaa is None and not steg.ingen:
            toppen = True
            continue
        nummer += 1
        til, telefoner = paa[steg.nivaa] if steg.nivaa else (None, ())
        utfall = Trinnutfall.VARSLET if til else Trinnutfall.INGEN
        _trinn(esk, nummer, utfall, forfalt, naa, steg.nivaa or "", til, runde=runde)
        _skriv(esk, sak, utfall, steg.nivaa or "", til.navn if til else "", hoppet)
        if til is not None:
            _varsle_vakt(esk, sak, hvem, steg.nivaa or "", til, telefoner, nummer, foerste=foerste)
        else:
            _varsle_innmelder(esk, sak, utfall)
        if til is None or toppen:
            _varsle_ledere(esk, sak, hvem, nummer, bemannet=til is not None)
        return
    _ved_enden(esk, sak, hvem, policy, forfalt, naa, nummer + 1, hoppet)


def _ved_enden(
    esk: Eskalering,
    sak: Henvendelse,
    hvem: str,
    policy: Policy,
    forfalt: datetime,
    naa: datetime,
    nummer: int,
    hoppet: list[str],
) -> None:
    """The ladder is climbed as many times as it should. The vaktledere are alarmed, and the requester is told to ring.

    A case that nobody has taken must never fall silent: the vaktledere are reminded, at growing pauses, until somebody
    takes it. What somebody has, stays with them.
    """
    _trinn(esk, nummer, Trinnutfall.UTTOEMT, forfalt, naa)
    _varsle_ledere(esk, sak, hvem, nummer, bemannet=True)
    ganger = esk.runde - policy.gjentakelser
    if ganger == 0:
        _varsle_innmelder(esk, sak, Trinnutfall.UTTOEMT)
        _skriv(esk, sak, Trinnutfall.UTTOEMT, "", "", hoppet)
    else:
        # No row in the log for each reminder: the ladder is read anew.
        meld("henvendelse.sak_endret", henvendelse_id=sak.id)
    if esk.slag != Slag.AKSEPT:
        esk.avsluttet, esk.utfall = naa, Slutt.UTTOEMT
        return
    esk.runde += 1
    pause = timedelta(minutes=policy.gjenta_etter)
    esk.neste, esk.utsatt = naa + max(pause, min(pause * 2 ** min(ganger, 10), LENGSTE_PAUSE)), None


def _antall_trinn(esk: Eskalering) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Eskaleringstrinn.eskalering_id == esk.id)) or 0


def _bemanning(esk: Eskalering, sak: Henvendelse) -> dict[str, tuple[Mottaker, Sequence[tuple[Kanal, str]]]]:
    """Who is there now, by level, with the ways to the level's telephone. Whoever has the case now is responsible."""
    paa: dict[str, tuple[Mottaker, Sequence[tuple[Kanal, str]]]] = {
        str(n): (p.mottaker, p.telefoner)
        for n, p in vakt.paa_vakt(esk.organisasjon_id, esk.fagomraade).items()
    }
    if esk.slag != Slag.AKSEPT and sak.ansvarlig_medlemskap_id is not None:
        ansvarlig = vakt.mottaker_for(sak.ansvarlig_medlemskap_id)
        if ansvarlig is not None:
            paa[ANSVARLIG] = ansvarlig, ()
    return paa


def _trinn(
    esk: Eskalering,
    nummer: int,
    utfall: Trinnutfall,
    forfalt: datetime,
    naa: datetime,
    nivaa: str = "",
    til: Mottaker | None = None,
    *,
    runde: int | None = None,
) -> None:
    """The row of a step, in the climb that the timer is in, or that is named."""
    db.session.add(
        Eskaleringstrinn(
            eskalering_id=esk.id,
            nummer=nummer,
            runde=esk.runde if runde is None else runde,
            nivaa=nivaa,
            utfall=utfall,
            person_id=til.person_id if til else None,
            navn=til.navn if til else "",
            forfalt=forfalt,
            tidspunkt=naa,
        )
    )


def _skriv(
    esk: Eskalering, sak: Henvendelse, utfall: Trinnutfall, nivaa: str, navn: str, hoppet: Iterable[str]
) -> None:
    """The step in the log of the case, by which the requester's ladder is live."""
    steps.skriv_hendelse(
        ESKALERING,
        sak,
        Hendelsestype.ESKALERT,
        data={
            "slag": str(esk.slag),
            "nivaa": str(nivaa),
            "navn": navn,
            "utfall": str(utfall),
            "hoppet": [str(n) for n in hoppet],
        },
    )


# --- who is told -----------------------------------------------------------------------------------------


def _varsle_vakt(
    esk: Eskalering,
    sak: Henvendelse,
    hvem: str,
    nivaa: str,
    til: Mottaker,
    telefoner: Sequence[tuple[Kanal, str]],
    nummer: int,
    *,
    foerste: bool,
) -> None:
    """Tells whoever a step asks. `foerste`: the case has just come, and nobody has been asked before."""
    tittel, tekst = tekster.til_vakt(esk, hvem, nivaa, foerste=foerste)
    varsle(
        til,
        noekkel=f"eskalering:{esk.id}:{nummer}",
        kode=tekster.TIL_VAKT[Slag(esk.slag)],
        tittel=tittel,
        tekst=tekst,
        lenke=lenke(sak.id),
        hastegrad=esk.hastegrad,
        gjelder=gjelder(sak.id),
        telefoner=telefoner,
    )


def _varsle_ledere(esk: Eskalering, sak: Henvendelse, hvem: str, nummer: int, *, bemannet: bool) -> None:
    tittel, tekst = tekster.til_leder(esk, hvem, bemannet=bemannet)
    vaktledere = vakt.med_rolle(esk.organisasjon_id, [Rolle.VAKTLEDER])
    varsle_alle(
        vaktledere or vakt.med_rolle(esk.organisasjon_id, _HOLDER_VAKTPLANENE),
        noekkel=f"eskalering:{esk.id}:{nummer}",
        kode=tekster.TIL_LEDER[Slag(esk.slag)],
        tittel=tittel,
        tekst=tekst,
        # Those who keep the rosters see no cases.
        lenke=lenke(sak.id) if vaktledere else "/vakt",
        hastegrad=esk.hastegrad,
        gjelder=gjelder(sak.id),
    )


def _varsle_innmelder(esk: Eskalering, sak: Henvendelse, utfall: Trinnutfall) -> None:
    """Tells the requester to ring instead: once for each escalation and reason, however many times it is climbed."""
    til = vakt.mottaker_for(sak.innmelder_medlemskap_id)
    if til is None:
        return
    telefon = telefon_aa_ringe(sak)
    ingen = utfall == Trinnutfall.INGEN
    tittel, tekst = (tekster.ingen_paa_vakt if ingen else tekster.ingen_svarer)(sak, telefon)
    varsle(
        til,
        noekkel=f"eskalering:{esk.id}:{utfall}",
        kode=tekster.INGEN_PAA_VAKT if ingen else tekster.INGEN_SVARER,
        tittel=tittel,
        tekst=tekst,
        lenke=lenke(sak.id),
        hastegrad=esk.hastegrad,
        gjelder=gjelder(sak.id),
    )


def telefon_aa_ringe(sak: Henvendelse) -> str:
    """The number to ring about a case: the first vakttelefon, else the fagområde's or the receiver's; "" for none."""
    telefoner = vakt.vakttelefoner(sak.mottaker_id, sak.fagomraade)
    foerste = next((telefoner[n].nummer for n in Nivaa if n in telefoner), "")
    return foerste or telefon_for(sak.mottaker_id, sak.fagomraade) or ""


# --- unanswered messages ---------------------------------------------------------------------------------


def ordrett(kode: str) -> sa.ColumnElement[str]:
    """A code in the words of the statement: a plan that is made for any code at all reads whole tables."""
    return sa.literal_column(f"'{kode}'")


def _ordrette(koder: Iterable[str]) -> list[sa.ColumnElement[str]]:
    return [ordrett(k) for k in koder]


def er_spoersmaal() -> sa.ColumnElement[bool]:
    """Over `Hendelse`: the requester's side has written something that wants an answer."""
    return sa.and_(Hendelse.side == ordrett(Side.INNMELDER), Hendelse.type.in_(_ordrette(SPOERSMAAL)))


def er_svar() -> sa.ColumnElement[bool]:
    """Over `Hendelse`: the receiver's side has answered what was written before it, or the case was closed."""
    return sa.or_(
        sa.and_(Hendelse.side == ordrett(Side.MOTTAKER), Hendelse.type.in_(_ordrette(SVARER))),
        Hendelse.type.in_(_ordrette(LUKKER)),
    )


def foerste_ubesvarte(sak_id: UUID) -> Hendelse | None:
    """The first of the requester's messages that the receiver's side has written nothing after.

    One whose ladder has been climbed to its end is not climbed for again: the next message begins anew.
    """
    svart = (
        sa.select(sa.func.coalesce(sa.func.max(Hendelse.sekvens), 0))
        .where(Hendelse.henvendelse_id == sak_id, er_svar())
        .scalar_subquery()
    )
    uttoemt = (
        sa.select(sa.func.max(Eskalering.avsluttet))
        .where(
            Eskalering.henvendelse_id == sak_id,
            Eskalering.slag == Slag.MELDING,
            Eskalering.utfall == Slutt.UTTOEMT,
        )
        .scalar_subquery()
    )
    return db.session.scalars(
        sa.select(Hendelse)
        .where(
            Hendelse.henvendelse_id == sak_id,
            er_spoersmaal(),
            Hendelse.sekvens > svart,
            sa.or_(uttoemt.is_(None), Hendelse.tidspunkt > uttoemt),
        )
        .order_by(Hendelse.sekvens)
        .limit(1)
    ).one_or_none()
