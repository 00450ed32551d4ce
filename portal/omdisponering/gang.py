"""A reallocation begins, and ends: what the use cases and the clock share, inside the caller's transaction.

The reallocation is locked. Nothing here asks for permission.
"""

from __future__ import annotations

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.sprak import _l
from portal.omdisponering import kontroll, steps
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import Hendelsestype, Status
from portal.omdisponering.models import Omdisponering
from portal.revisjon.steps import logg as revider


def begynn(aktor: Aktor, omd: Omdisponering) -> bool:
    """What `iverksett` and the clock share. The reallocation is locked, and approved by both. Gives whether it began.

    Who can no longer be lent (withdrew, became exempt, was ordered by a decision that holds no more) does not go: the
    line is struck, and beds follow in proportion. What both approved (`innhold_hash`) stays as they approved it. With
    nobody left it falls, and the need is open again.
    """
    steps.laas_vedtak(omd)
    alle = sum(li.gjelder for li in omd.linjer)
    uteblir = kontroll.kan_ikke_begynne(omd)
    for li in uteblir:
        li.stroeket, li.stroeket_grunn, li.opptar = now(), kontroll.hvorfor_ikke(li), False
    if uteblir:
        steps.noter(aktor, omd, Hendelsestype.STROEKET, antall=len(uteblir))
        revider(aktor, "omdisponering.stroeket", "omdisponering", omd.id, antall=len(uteblir))
    if not any(li.gjelder for li in omd.linjer):
        _fall(aktor, omd)
        return False
    kontroll.krev_tatt(omd)
    omd.flytt_til(Status.IVERKSATT)
    omd.iverksatt = now()
    steps.opptar(omd)
    stenges, aapnes = steps.for_resten(omd, alle)
    steps.begynn(aktor, omd, stenges, aapnes)
    if uteblir:
        steps.tell_behov(omd.behov_id)
    steps.noter(
        aktor,
        omd,
        Hendelsestype.IVERKSATT,
        aapnet=omd.ble_aapnet or 0,
        stengt=omd.ble_stengt or 0,
    )
    revider(
        aktor,
        "omdisponering.iverksatt",
        "omdisponering",
        omd.id,
        aapnet=omd.ble_aapnet,
        stengt=omd.ble_stengt,
    )
    mindre = bool(uteblir) or (omd.ble_aapnet or 0) < omd.aapnes or (omd.ble_stengt or 0) < omd.stenges
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.iverksatt",
        _l("Omdisponering %(nummer)s har begynt", nummer=omd.nummer),
        _l(
            "Plasser åpnet: %(aapnet)s av %(aapnes)s. Plasser stengt: %(stengt)s av %(stenges)s.",
            aapnet=omd.ble_aapnet,
            aapnes=omd.aapnes,
            stengt=omd.ble_stengt,
            stenges=omd.stenges,
        )
        if mindre
        else "",
        hastegrad="haster" if mindre else None,
    )
    return True


def _fall(aktor: Aktor, omd: Omdisponering) -> None:
    """Nobody of it can be lent any more: it does not begin."""
    steps.lukk(omd, Status.TRUKKET)
    steps.noter(aktor, omd, Hendelsestype.TRUKKET)
    steps.tell_behov(omd.behov_id)
    revider(
        aktor, "omdisponering.trukket", "omdisponering", omd.id, fra=str(Status.GODKJENT_MOTTAKER), ingen=True
    )
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.trukket",
        _l("Omdisponering %(nummer)s er trukket", nummer=omd.nummer),
        _l("Ingen av dem kan avgis lenger. Behovet står åpent igjen: finn noen andre."),
    )


def slutt(aktor: Aktor, omd: Omdisponering, grunn: str = "", sluppet: int = 0) -> None:
    """What `avslutt` and the clock share. The reallocation is locked, and has begun."""
    naa = now()
    omd.flytt_til(Status.AVSLUTTET)
    omd.avsluttet, omd.grunn = naa, grunn
    steps.opptar(omd)
    # What was agreed on stays as it was approved; when it really ended is `avsluttet`.
    rest = steps.slutt(aktor, omd)
    if naa < omd.behov.til:
        # Ended early it covers nothing more: others may offer again.
        steps.tell_behov(omd.behov_id)
    steps.be_om_evaluering(omd)
    steps.noter(aktor, omd, Hendelsestype.AVSLUTTET, grunn, rest=rest)
    revider(
        aktor,
        "omdisponering.avsluttet",
        "omdisponering",
        omd.id,
        grunn=grunn,
        rest=rest,
        sluppet_tall=sluppet,
    )
    si(
        aktor,
        omd,
        [omd.avgiver_id, omd.mottaker_id],
        "omdisponering.avsluttet",
        _l("Omdisponering %(nummer)s er avsluttet", nummer=omd.nummer),
        _l("Svar på tre spørsmål om hvordan det gikk."),
        hastegrad=None,
    )
