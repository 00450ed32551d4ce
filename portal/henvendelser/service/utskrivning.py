"""The timeline of a discharge (utskrivningsforskriften §§ 8–11): beside the regulated messages, never for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo
from portal.core.db import db, transactional, uavhengig
from portal.core.errors import IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.henvendelser import access, steps
from portal.henvendelser import utskrivningsregler as regler
from portal.henvendelser.forloep import Handling, Hendelsestype, Retning
from portal.henvendelser.models import Hendelse, Henvendelse, Utskrivning
from portal.henvendelser.utskrivningsregler import Punkt, Steg
from portal.revisjon import steps as revisjon


@dataclass(frozen=True)
class Utskrivningsvisning:
    """The timeline as one reader sees it."""

    rad: Utskrivning
    punkter: list[Punkt]
    #: Who did each step, by its code: name and place as they were.
    hvem: dict[str, str]
    #: The steps that are the reader's side's to do.
    egne: frozenset[str]
    #: § 10 may be done: all of a–e are.
    alt_vurdert: bool
    #: § 13: the kommune has said no, or has not answered the notice.
    kan_gi_betaling: bool


def hent_tidslinje(aktor: Aktor, sak: Henvendelse) -> Utskrivningsvisning | None:
    """The timeline of a case that `access` gave; None where the case is about no discharge."""
    if sak.retning != Retning.TIL_KOMMUNE:
        return None
    rad = db.session.get(Utskrivning, sak.id)
    if rad is None:
        return None
    min_side = access.side(aktor, sak)
    return Utskrivningsvisning(
        rad=rad,
        punkter=regler.tidslinje(rad, now()),
        hvem=_hvem(sak),
        egne=frozenset(s for s in Steg if regler.side_for(s) == min_side),
        alt_vurdert=regler.alt_vurdert(rad),
        kan_gi_betaling=rad.utskrivningsklar is not None and not rad.kan_ta_imot,
    )


def _hvem(sak: Henvendelse) -> dict[str, str]:
    """The last to say each step; the one who sent the case has said with it when the kommune was told (§ 8)."""
    rader = db.session.execute(
        sa.select(Hendelse.type, Hendelse.data, Hendelse.avsender_navn)
        .where(
            Hendelse.henvendelse_id == sak.id,
            Hendelse.type.in_([Hendelsestype.SENDT, Hendelsestype.UTSKRIVNING]),
        )
        .order_by(Hendelse.sekvens)
    )
    return {data.get("steg", str(Steg.VARSEL)): navn for _, data, navn in rader}


@transactional
def oppdater(
    aktor: Aktor,
    henvendelse_id: UUID,
    versjon: int,
    steg: str,
    *,
    angre: bool = False,
    varslet: datetime | None = None,
    forventet: date | None = None,
    usikker: bool = False,
    kan_ta_imot: bool | None = None,
    fra: date | None = None,
) -> None:
    """Does one step of the timeline, or takes it back (`angre`): both leave a row in the log.

    §§ 8–10 are the hospital's steps and § 11 the kommune's: the other side's raise IkkeTilgang. Raises Utdatert when
    somebody has changed it after `versjon` was read, UgyldigOvergang for a step out of order (§ 10 before a–e, § 11
    before § 10) and UgyldigData for a date that cannot be. To do again what is done changes nothing.
    """
    sak = access.hent(aktor, Handling.UTSKRIVNING, henvendelse_id, laas=True)
    valgt = Steg(steg)
    _krev_egen_side(aktor, sak, valgt)
    rad = db.session.execute(
        sa.select(Utskrivning)
        .where(Utskrivning.henvendelse_id == sak.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if rad.versjon != versjon:
        raise Utdatert(versjon=rad.versjon)
    if valgt == Steg.VARSEL:
        endret = _varsel(rad, angre, varslet)
    elif valgt == Steg.FORVENTET:
        endret = _forventet(rad, forventet, usikker)
    elif valgt == Steg.KLAR:
        endret = _klar(rad, angre)
    elif valgt == Steg.SVAR:
        endret = _svar(rad, angre, kan_ta_imot, fra)
    else:
        endret = _vurdering(rad, valgt, angre)
    if endret is None:
        return
    kode, dato = endret
    steps.bli_deltaker(aktor, sak)
    steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.UTSKRIVNING,
        data={"steg": str(valgt), "kode": kode},
        innhold={"dato": dato.isoformat()} if dato else None,
    )


def _krev_egen_side(aktor: Aktor, sak: Henvendelse, steg: Steg) -> None:
    if access.side(aktor, sak) == regler.side_for(steg):
        return
    sak_id = sak.id
    uavhengig(
        lambda: revisjon.logg(
            aktor,
            f"henvendelse.{Handling.UTSKRIVNING}",
            "henvendelse",
            sak_id,
            utfall="avslag",
            grunn="den_andre_siden",
        )
    )
    raise IkkeTilgang(
        _l("Dette steget er sykehusets.")
        if regler.side_for(steg) == regler.SYKEHUSET
        else _l("Dette steget er kommunens.")
    )


#: What a step gives: the code of its words in the log and the day in them, or None when nothing changed.
_Endring = tuple[str, date | None] | None


def _varsel(rad: Utskrivning, angre: bool, varslet: datetime | None) -> _Endring:
    naa = now()
    tid = None if angre else (varslet or naa)
    if tid is not None:
        regler.kontroller(naa, rad.innlagt, varslet=tid, usikker=True)
    if rad.varslet == tid:
        return None
    rad.varslet = tid
    return ("varsel_angret", None) if tid is None else ("varsel", oslo(tid).date())


def _forventet(rad: Utskrivning, forventet: date | None, usikker: bool) -> _Endring:
    regler.kontroller(now(), rad.innlagt, forventet=forventet, usikker=usikker)
    if (rad.forventet, rad.usikker) == (forventet, usikker):
        return None
    rad.forventet, rad.usikker = forventet, usikker
    return "forventet_usikker" if usikker else "forventet", forventet


def _vurdering(rad: Utskrivning, steg: Steg, angre: bool) -> _Endring:
    if rad.utskrivningsklar is not None:
        raise UgyldigOvergang(
            _l(
                "Pasienten er meldt utskrivningsklar. Trekk den beskjeden først, og rett vurderingen etterpå."
            ),
            kode="meldt_klar",
        )
    felt = f"vurdert_{steg}"
    if (getattr(rad, felt) is None) == angre:
        return None
    setattr(rad, felt, None if angre else now())
    return f"{steg}_angret" if angre else str(steg), None


def _klar(rad: Utskrivning, angre: bool) -> _Endring:
    """§ 10. A notice that is withdrawn takes the answer to it along: the next one needs an answer of its own."""
    if (rad.utskrivningsklar is None) == angre:
        return None
    if angre:
        rad.utskrivningsklar = rad.besvart = rad.kan_ta_imot = rad.kan_ta_imot_fra = None
        return "klar_angret", None
    if not regler.alt_vurdert(rad):
        raise UgyldigOvergang(
            _l("Punktene a–e i § 9 må være vurdert før pasienten kan meldes utskrivningsklar."),
            kode="ikke_vurdert",
        )
    rad.utskrivningsklar = now()
    return "klar", None


def _svar(rad: Utskrivning, angre: bool, kan_ta_imot: bool | None, fra: date | None) -> _Endring:
    if rad.utskrivningsklar is None:
        raise UgyldigOvergang(
            _l("Sykehuset har ikke meldt pasienten utskrivningsklar ennå, så det er ingenting å svare på."),
            kode="ikke_klar",
        )
    if angre:
        if rad.besvart is None:
            return None
        rad.besvart = rad.kan_ta_imot = rad.kan_ta_imot_fra = None
        return "svar_angret", None
    felter: dict[str, Any] = {}
    if kan_ta_imot is None:
        felter["kan_ta_imot"] = [_l("Velg om dere kan ta imot pasienten.")]
    if kan_ta_imot and fra is None:
        felter["fra"] = [_l("Velg datoen dere kan ta imot fra.")]
    if fra is not None and fra < oslo(rad.utskrivningsklar).date():
        felter["fra"] = [_l("Datoen er før pasienten ble meldt utskrivningsklar.")]
    elif fra is not None and fra > oslo(now()).date() + regler.INNLAGT_INNEN:
        felter["fra"] = [_l("Datoen er for langt fram. Sjekk årstallet.")]
    if felter:
        raise UgyldigData(felter=felter)
    if rad.besvart is not None and (rad.kan_ta_imot, rad.kan_ta_imot_fra) == (kan_ta_imot, fra):
        return None
    rad.besvart, rad.kan_ta_imot, rad.kan_ta_imot_fra = now(), kan_ta_imot, fra
    return "svar_ja" if kan_ta_imot else "svar_nei", fra
