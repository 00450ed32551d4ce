"""Starting, taking and ending escalations, inside the transaction of what they follow from.

Lock order on PostgreSQL: whoever calls holds the row of the case; then the timers, then the counter of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, meld, transaksjon
from portal.henvendelser import access, steps
from portal.henvendelser.eskalering import tekster, telefon
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn, Slag, Slutt, Trinnutfall
from portal.henvendelser.forloep import FRIST_SVAR, Hastegrad, Hendelsestype, Status
from portal.henvendelser.models import Hendelse, Henvendelse
from portal.identitet.models import Medlemskap, Person
from portal.identitet.mottakere import med_rolle, mottaker_for
from portal.vakt import steps as vakt
from portal.vakt.steps import ANSVARLIG, Policy
from portal.varsler.models import Kanal, Varsel
from portal.varsler.steps import (
    Beskjed,
    Mottaker,
    stopp,
    stopp_varsler,
    til_alle,
    varsle,
    varsle_flere,
)

ESKALERING = Aktor.system("eskalering")
_T = TypeVar("_T")
#: Who hears of it where there is no vaktleder: they can find somebody, though they see no cases.
_HOLDER_VAKTPLANENE = (Rolle.KOORDINATOR, Rolle.ADMINISTRATOR)
#: Past its last climb a case that nobody has taken goes on reminding: the pause doubles each time, up to this.
LENGSTE_PAUSE = timedelta(hours=4)


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
    """A case begins to wait for somebody to take it: the first step is taken at once. The case's deadline is what its
    hastegrad promises, and no matter of how soon the receiver's own ladder climbs.

    The timer keeps the policy as it is now. `naa` is when it began to wait, where that is not what the case says;
    `hvem` is the sender's name, where it is known.
    """
    naa = naa or sak.ventet_fra
    policy = vakt.policy_for(sak.mottaker_id, sak.fagomraade, sak.hastegrad)
    esk = _start(sak, Slag.AKSEPT, policy, naa, naa)
    fyr(esk, sak, naa, tatt_foer=0, hvem=hvem)
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
    til = mottaker_for(sak.innmelder_medlemskap_id)
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
    til = mottaker_for(sak.innmelder_medlemskap_id)
    if til is not None:
        _si(til, sak, tekster.BESVART, tekster.besvart(sak))


def spurt_igjen(aktor: Aktor, sak: Henvendelse) -> None:
    """The case is the responsible's once more, with a new deadline; who is told, unless it was their own act."""
    start_svar(sak)
    til = mottaker_for(sak.ansvarlig_medlemskap_id) if sak.ansvarlig_medlemskap_id else None
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
    """A case waits in a queue no more: what was told of several that wait there, stops with the last of them.

    Those that came later do not keep it: whoever was on call was told of them by their ladders. As long as one of the
    several waits, it stands, though its number may be too high: to tell it anew for each that is taken would wake
    people for less and less. What was told of this case alone stops with its alarms (`avslutt`).
    """
    db.session.flush()
    eldste = db.session.scalar(
        sa.select(sa.func.min(Henvendelse.ventet_fra)).where(
            Henvendelse.mottaker_id == mottaker_id,
            Henvendelse.fagomraade == fagomraade,
            Henvendelse.status == Status.NY,
            Henvendelse.id != sak.id,
        )
    )
    gjelder_koen = [Varsel.gjelder == koe_gjelder(mottaker_id, fagomraade), Varsel.stoppet.is_(None)]
    if eldste is not None:
        gjelder_koen.append(Varsel.opprettet <= eldste)
    stopp_varsler(*gjelder_koen)


def overtatt(sak: Henvendelse, tidligere: UUID | None) -> None:
    """The case has changed hands: that it waits for an answer is no longer the former responsible's to hear.

    The deadline stands, and so does what those above were told. `tidligere` is the former responsible's person.
    """
    if tidligere is not None:
        stopp(gjelder(sak.id), koder=(tekster.SVAR_MANGLER, tekster.MELDING_UBESVART), person_id=tidligere)


def flytt_til_etterfolger(sak_id: UUID, til: UUID) -> None:
    """The receiver has become part of another: what runs goes on there, by the policy that it began with.

    Whoever was told there that it waits, is told so no more: those on call at the successor are.
    """
    stopp(gjelder(sak_id), koder=(tekster.VENTER,))
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
    beskjeder: list[Beskjed] | None = None,
) -> None:
    """Takes the step that is due: tells who is there, passes by who is not, and says when the next one comes.

    Where nobody is left above, there is nothing to wait for: the vaktledere are alarmed, and the next climb begins at
    once. `tatt_foer` is how many steps the timer has taken, and `hvem` the sender's name, where they are known. What is
    to be told is added to `beskjeder`, for the caller to tell (`varsle_flere`); without it, it is told here.
    """
    si = _trinnets_beskjeder(esk, sak, naa, tatt_foer, hvem)
    if beskjeder is None:
        varsle_flere(si)
    else:
        beskjeder += si


def _trinnets_beskjeder(
    esk: Eskalering, sak: Henvendelse, naa: datetime, tatt_foer: int | None, hvem: str | None
) -> list[Beskjed]:
    hvem = hvem or sak.avsender.kortnavn
    policy = Policy.fra_dict(esk.policy)
    nummer = _antall_trinn(esk) if tatt_foer is None else tatt_foer
    paa = _bemanning(esk, sak)
    egne = vakt.egne_nivaaer({n: til.person_id for n, (til, _telefoner) in paa.items()})
    bemannet = paa.keys() - egne
    hoppet: list[str] = []
    forfalt, toppen, foerste = esk.neste, False, nummer == 0
    while esk.posisjon < len(policy.ledd):
        steg = vakt.neste_steg(policy, esk.posisjon, esk.runde, bemannet)
        tomme = [n for n in steg.tomme if n not in egne]
        for nivaa in tomme:
            nummer += 1
            _trinn(esk, nummer, Trinnutfall.TOMT, forfalt, naa, nivaa)
        hoppet += tomme
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
            forlatt = esk.slag != Slag.AKSEPT and ANSVARLIG not in paa
            si = [
                _til_vakt(
                    esk,
                    sak,
                    hvem,
                    steg.nivaa or "",
                    til,
                    telefoner,
                    nummer,
                    foerste=foerste,
                    forlatt=forlatt,
                )
            ]
        else:
            si = _til_innmelder(esk, sak, utfall)
        if til is None or toppen:
            ledere = _til_ledere(esk, sak, hvem, nummer, bemannet=til is not None)
            # A vaktleder who is on call has just been told, and is not told the same thing twice at once.
            si += [b for b in ledere if til is None or b.til.person_id != til.person_id]
        return si
    return _ved_enden(esk, sak, hvem, policy, forfalt, naa, nummer + 1, hoppet)


def _ved_enden(
    esk: Eskalering,
    sak: Henvendelse,
    hvem: str,
    policy: Policy,
    forfalt: datetime,
    naa: datetime,
    nummer: int,
    hoppet: list[str],
) -> list[Beskjed]:
    """The ladder is climbed as many times as it should. The vaktledere and the coordinators are alarmed, and the
    requester is told to ring.

    A case that nobody has taken must never fall silent: they are reminded, at growing pauses, until somebody takes it.
    What somebody has, stays with them.
    """
    _trinn(esk, nummer, Trinnutfall.UTTOEMT, forfalt, naa)
    si = _til_ledere(esk, sak, hvem, nummer, bemannet=True, ved_enden=True)
    ganger = esk.runde - policy.gjentakelser
    if ganger == 0:
        si += _til_innmelder(esk, sak, Trinnutfall.UTTOEMT)
        _skriv(esk, sak, Trinnutfall.UTTOEMT, "", "", hoppet)
    else:
        # No row in the log for each reminder: the ladder is read anew.
        meld("henvendelse.sak_endret", henvendelse_id=sak.id)
    if esk.slag != Slag.AKSEPT:
        esk.avsluttet, esk.utfall = naa, Slutt.UTTOEMT
        return si
    esk.runde += 1
    pause = timedelta(minutes=policy.gjenta_etter)
    esk.neste, esk.utsatt = naa + max(pause, min(pause * 2 ** min(ganger, 10), LENGSTE_PAUSE)), None
    return si


def _antall_trinn(esk: Eskalering) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Eskaleringstrinn.eskalering_id == esk.id)) or 0


def _bemanning(esk: Eskalering, sak: Henvendelse) -> dict[str, tuple[Mottaker, Sequence[tuple[Kanal, str]]]]:
    """Who is there now, by level, with the ways to the level's telephone. Whoever has the case now is responsible."""
    vakter = _en_gang(
        ("paa_vakt", esk.organisasjon_id, esk.fagomraade),
        lambda: vakt.paa_vakt(esk.organisasjon_id, esk.fagomraade),
    )
    paa: dict[str, tuple[Mottaker, Sequence[tuple[Kanal, str]]]] = {
        str(n): (p.mottaker, p.telefoner) for n, p in vakter.items()
    }
    if esk.slag != Slag.AKSEPT and sak.ansvarlig_medlemskap_id is not None:
        ansvarlig = mottaker_for(sak.ansvarlig_medlemskap_id)
        if ansvarlig is not None:
            paa[ANSVARLIG] = ansvarlig, ()
    return paa


def _en_gang(noekkel: tuple[Any, ...], les: Callable[[], _T]) -> _T:
    """What several steps of one transaction ask, asked once."""
    lest: dict[tuple[Any, ...], Any] = transaksjon().lager.setdefault("eskalering", {})
    if noekkel not in lest:
        lest[noekkel] = les()
    svar: _T = lest[noekkel]
    return svar


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


def _til_vakt(
    esk: Eskalering,
    sak: Henvendelse,
    hvem: str,
    nivaa: str,
    til: Mottaker,
    telefoner: Sequence[tuple[Kanal, str]],
    nummer: int,
    *,
    foerste: bool,
    forlatt: bool,
) -> Beskjed:
    """To whoever a step asks. `foerste`: the case has just come, and nobody has been asked before. `forlatt`: who had
    it, has left."""
    tittel, tekst = tekster.til_vakt(esk, hvem, nivaa, foerste=foerste, forlatt=forlatt)
    return Beskjed(
        til=til,
        noekkel=f"eskalering:{esk.id}:{nummer}",
        kode=tekster.TIL_VAKT[Slag(esk.slag)],
        tittel=tittel,
        tekst=tekst,
        lenke=lenke(sak.id),
        hastegrad=esk.hastegrad,
        gjelder=gjelder(sak.id),
        telefoner=telefoner,
    )


def _til_ledere(
    esk: Eskalering,
    sak: Henvendelse,
    hvem: str,
    nummer: int,
    *,
    bemannet: bool,
    ved_enden: bool = False,
) -> list[Beskjed]:
    """The vaktledere; those who keep the rosters where there is none, and the coordinators beside them `ved_enden`:
    when nobody on the roster answers, it is the roster that must be mended."""
    tittel, tekst = tekster.til_leder(esk, hvem, bemannet=bemannet)
    org = esk.organisasjon_id
    vaktledere = _en_gang(("vaktledere", org), lambda: med_rolle(org, [Rolle.VAKTLEDER]))
    if not vaktledere:
        andre = _en_gang(("ellers", org), lambda: med_rolle(org, _HOLDER_VAKTPLANENE))
    elif ved_enden:
        har = {m.person_id for m in vaktledere}
        koordinatorer = _en_gang(("koordinatorer", org), lambda: med_rolle(org, [Rolle.KOORDINATOR]))
        andre = [m for m in koordinatorer if m.person_id not in har]
    else:
        andre = []
    return [
        beskjed
        # Those who keep the rosters see no cases.
        for til, hvor, hva in (
            (vaktledere, lenke(sak.id), tekst),
            (andre, "/vakt/uroerte", tekster.til_planansvarlig()),
        )
        for beskjed in til_alle(
            til,
            noekkel=f"eskalering:{esk.id}:{nummer}",
            kode=tekster.TIL_LEDER[Slag(esk.slag)],
            tittel=tittel,
            tekst=hva,
            lenke=hvor,
            hastegrad=esk.hastegrad,
            gjelder=gjelder(sak.id),
        )
    ]


def _til_innmelder(esk: Eskalering, sak: Henvendelse, utfall: Trinnutfall) -> list[Beskjed]:
    """Asks the requester to ring instead: once for each escalation and reason, however many times it is climbed.

    A requester who has left is told nothing: then those of their side who may open the case are, since somebody must
    ring for the patient.
    """
    til = mottaker_for(sak.innmelder_medlemskap_id)
    nummer = telefon.for_sak(sak).nummer
    ingen = utfall == Trinnutfall.INGEN
    tittel, tekst = (
        tekster.ingen_paa_vakt(sak, nummer)
        if ingen
        else tekster.ingen_svarer(sak, nummer, innmelder=til is not None)
    )
    felles: dict[str, Any] = {
        "noekkel": f"eskalering:{esk.id}:{utfall}",
        "kode": tekster.INGEN_PAA_VAKT if ingen else tekster.INGEN_SVARER,
        "tittel": tittel,
        "tekst": tekst,
        "lenke": lenke(sak.id),
        "hastegrad": esk.hastegrad,
        "gjelder": gjelder(sak.id),
    }
    return (
        [Beskjed(til=til, **felles)] if til is not None else til_alle(_innmelderens_kolleger(sak), **felles)
    )


def _innmelderens_kolleger(sak: Henvendelse) -> list[Mottaker]:
    """Whose own the case is on the requester's side: the unit's; where it has nobody, those who take part and the
    vaktledere there."""
    # By another name: the rule asks of the person too.
    hvem = aliased(Person)
    rader = db.session.execute(
        sa.select(
            Medlemskap.enhet_id, hvem.id, hvem.navn, hvem.epost, hvem.spraak, Medlemskap.organisasjon_id
        )
        .select_from(Henvendelse)
        .join(Medlemskap, Medlemskap.organisasjon_id == Henvendelse.avsender_id)
        .join(hvem, hvem.id == Medlemskap.person_id)
        .where(Henvendelse.id == sak.id, access.regel_for_egne())
        .order_by(hvem.navn, hvem.id)
    ).all()
    i_enheten = [r for r in rader if r.enhet_id is not None and r.enhet_id == sak.avsender_enhet_id]
    return [Mottaker(r.id, r.navn, r.epost, r.spraak, r.organisasjon_id) for r in i_enheten or rader]
