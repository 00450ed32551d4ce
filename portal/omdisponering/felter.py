"""What is said of a reallocation beside its lines: how it is set, and what may not stand in it.

Both sides may write it, since both approve the whole; why the lender goes below its floor, and the decision that people
are ordered by, are the lender's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import vern
from portal.avtaler.models import Bestemmelse
from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.identitet.models import Enhet
from portal.omdisponering import access, steps, virkning
from portal.omdisponering.forloep import LOVFELT, Side
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.ressursmodeller import Vedtak

#: The free texts.
TEKSTER = (*LOVFELT, "gulv_overstyrt", "merknad")
FELTER = (
    *TEKSTER,
    "bestemmelse_id",
    "avgiver_enhet_id",
    "mottaker_enhet_id",
    "stenges",
    "aapnes",
    "vedtak_id",
)


def stopp_identitet(felter: Mapping[str, Any], *, ikke_fnr: bool) -> int:
    """The texts hold nobody's national identity number. Gives how many were let through. Raises UgyldigData."""
    return vern.stopp_identitet(
        {felt: str(felter[felt]) for felt in (*TEKSTER, "grunn") if felter.get(felt)}, ikke_fnr=ikke_fnr
    )


def sett(aktor: Aktor, omd: Omdisponering, felter: Mapping[str, Any]) -> None:
    """Sets the fields that were given. Raises UgyldigData by field."""
    for felt in TEKSTER:
        if felt in felter:
            _sett_tekst(aktor, omd, felt, str(felter[felt] or "").strip())
    for felt, eier in (("avgiver_enhet_id", omd.avgiver_id), ("mottaker_enhet_id", omd.mottaker_id)):
        if felt in felter:
            _krev_enhet(felt, felter[felt], eier)
            setattr(omd, felt, felter[felt])
    for felt in ("stenges", "aapnes"):
        if felt in felter:
            setattr(omd, felt, int(felter[felt] or 0))
    _krev_plasser(omd)
    if "vedtak_id" in felter and felter["vedtak_id"] != omd.vedtak_id:
        _sett_vedtak(aktor, omd, felter["vedtak_id"])
    if "bestemmelse_id" in felter and felter["bestemmelse_id"] != omd.bestemmelse_id:
        _sett_grunnlag(omd, felter["bestemmelse_id"])


def _sett_tekst(aktor: Aktor, omd: Omdisponering, felt: str, tekst: str) -> None:
    if felt == "gulv_overstyrt" and access.side(aktor, omd) != Side.AVGIVER:
        if tekst:
            raise UgyldigData(felter={felt: [_l("Bare avgiveren skriver dette.")]})
        return
    setattr(omd, felt, tekst)


def vilkaar_fra(bestemmelse: Bestemmelse) -> dict[str, str]:
    """The legal fields as a clause's measures settle them: of each the first that says something."""
    return {
        felt: next((str(t[felt]).strip() for t in bestemmelse.tiltak if str(t.get(felt) or "").strip()), "")
        for felt in LOVFELT
    }


def _om_laan(bestemmelse: Bestemmelse) -> bool:
    """Whether a clause is about lending people or premises, by its heading and the names of its measures. Another one's
    terms must not be signed because they stood there."""
    navn = " ".join([bestemmelse.overskrift, *(str(t.get("navn") or "") for t in bestemmelse.tiltak)]).lower()
    return any(ord_ in navn for ord_ in ("omdisponer", "utlån", "innlån"))


def foreslaa(omd: Omdisponering, felter: Mapping[str, Any]) -> None:
    """What a new draft says of itself where its writer has said nothing: the first clause between the two that is about
    lending and settles all that the law wants, with its terms, and the beds that the people staff. To be changed."""
    if not any(f in felter for f in (*LOVFELT, "bestemmelse_id")):
        for avtale, rader in steps.grunnlag(omd.avgiver_id, omd.mottaker_id):
            full = next((b for b in rader if _om_laan(b) and all(vilkaar_fra(b).values())), None)
            if full is not None:
                omd.avtale_id, omd.avtale_nummer = avtale.avtale_id, avtale.versjon
                omd.bestemmelse_id = full.id
                for felt, tekst in vilkaar_fra(full).items():
                    setattr(omd, felt, tekst)
                break
    if not any(f in felter for f in ("stenges", "aapnes", "avgiver_enhet_id", "mottaker_enhet_id")):
        stenges, aapnes = virkning.regn(
            virkning.aarsverk(omd.linjer), omd.avgiver_enhet_id, omd.mottaker_enhet_id
        )
        omd.stenges, omd.aapnes = (e.antall if e else 0 for e in (stenges, aapnes))


def _sett_vedtak(aktor: Aktor, omd: Omdisponering, vedtak_id: UUID | None) -> None:
    vedtak = db.session.get(Vedtak, vedtak_id) if vedtak_id else None
    egen = access.side(aktor, omd) == Side.AVGIVER
    if vedtak_id and (vedtak is None or not egen or vedtak.organisasjon_id != omd.avgiver_id):
        raise UgyldigData(felter={"vedtak_id": [_l("Velg et vedtak som avgiveren har registrert.")]})
    omd.vedtak, omd.vedtak_id = vedtak, vedtak.id if vedtak else None


def _krev_enhet(felt: str, enhet_id: UUID | None, eier: UUID) -> None:
    if enhet_id is None:
        return
    finnes = db.session.scalar(
        sa.select(sa.exists().where(Enhet.id == enhet_id, Enhet.organisasjon_id == eier, Enhet.aktiv))
    )
    if not finnes:
        raise UgyldigData(felter={felt: [_l("Velg en enhet i organisasjonen.")]})


def _krev_plasser(omd: Omdisponering) -> None:
    """Only a unit with ØHD beds closes or opens some, and no more than it has."""
    enheter = steps.plassenheter(omd)
    for felt, enhet_id in (("stenges", omd.avgiver_enhet_id), ("aapnes", omd.mottaker_enhet_id)):
        antall = getattr(omd, felt) or 0
        if antall < 0 or antall > 200:
            raise UgyldigData(felter={felt: [_l("Antallet må være fra 0 til 200.")]})
        if antall and (enhet_id is None or enhet_id not in enheter):
            raise UgyldigData(felter={felt: [_l("Enheten har ingen ØHD-plasser i portalen.")]})


def _sett_grunnlag(omd: Omdisponering, bestemmelse_id: UUID | None) -> None:
    if bestemmelse_id is None:
        omd.avtale_id = omd.avtale_nummer = omd.bestemmelse_id = None
        return
    for avtale, rader in steps.grunnlag(omd.avgiver_id, omd.mottaker_id):
        if any(b.id == bestemmelse_id for b in rader):
            omd.avtale_id, omd.avtale_nummer, omd.bestemmelse_id = (
                avtale.avtale_id,
                avtale.versjon,
                bestemmelse_id,
            )
            return
    raise UgyldigData(felter={"bestemmelse_id": [_l("Velg en bestemmelse som gjelder mellom dere nå.")]})
