"""A reallocation begins, and ends: what the use cases and the clock share, inside the caller's transaction.

The reallocation is locked. Nothing here asks for permission.
"""

from __future__ import annotations

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.sprak import _l
from portal.omdisponering import steps
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import Hendelsestype, Status
from portal.omdisponering.models import Omdisponering
from portal.revisjon.steps import logg as revider


def begynn(aktor: Aktor, omd: Omdisponering) -> None:
    """What `iverksett` and the clock share. The reallocation is locked, and approved by both."""
    omd.flytt_til(Status.IVERKSATT)
    omd.iverksatt = now()
    steps.opptar(omd)
    steps.begynn(aktor, omd)
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
    mindre = (omd.ble_aapnet or 0) < omd.aapnes or (omd.ble_stengt or 0) < omd.stenges
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


def slutt(aktor: Aktor, omd: Omdisponering, grunn: str = "", sluppet: int = 0) -> None:
    """What `avslutt` and the clock share. The reallocation is locked, and has begun."""
    naa = now()
    omd.flytt_til(Status.AVSLUTTET)
    omd.avsluttet, omd.grunn = naa, grunn
    steps.opptar(omd)
    # What was agreed on stays as it was approved; when it really ended is `avsluttet`.
    rest = steps.slutt(aktor, omd)
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
