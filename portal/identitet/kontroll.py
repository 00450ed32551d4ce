"""Checks of what people type about people and places: e-mail, telephone, HPR number, organisation number.

Pure functions. Each gives the value to store, or raises UgyldigData for its field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from portal.core.errors import UgyldigData
from portal.core.identifiers import UgyldigOrganisasjonsnummer, gyldig_hpr, normaliser_orgnr
from portal.core.sprak import _

#: A name, an at sign, a host with a dot; no spaces or signs that mail programs treat apart. The portal's mail
#: addresses are names to log in with: that they receive mail is found out by sending.
_EPOST = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@,;:<>()\[\]\"\\.]+(\.[^\s@,;:<>()\[\]\"\\.]+)+")
_TELEFON = re.compile(r"\+?[0-9]+( [0-9]+)*")
STANDARDLENGDE = 200


def epost(tekst: str, felt: str = "epost") -> str:
    """Lower case, without spaces around (RFC 5321: at most 254 signs)."""
    verdi = unicodedata.normalize("NFC", tekst).strip().lower()
    if len(verdi) > 254 or not verdi.isprintable() or not _EPOST.fullmatch(verdi):
        raise UgyldigData(felter={felt: [_("Skriv e-postadressen som navn@sted.no.")]})
    return verdi


def telefon(tekst: str, felt: str = "telefon") -> str:
    """A number as typed: 3–15 digits (E.164 has at most 15), spaces between, a + first. Empty is allowed."""
    verdi = " ".join(tekst.split())
    if not verdi:
        return ""
    if not _TELEFON.fullmatch(verdi) or not 3 <= sum(t.isdigit() for t in verdi) <= 15 or len(verdi) > 30:
        raise UgyldigData(
            felter={
                felt: [_("Skriv telefonnummeret med 3–15 sifre, gjerne med mellomrom og + foran landkoden.")]
            }
        )
    return verdi


def hpr_nummer(tekst: str | None, felt: str = "hpr_nummer") -> str | None:
    """An HPR number, or None when the field is empty."""
    verdi = (tekst or "").replace(" ", "")
    if not verdi:
        return None
    if not gyldig_hpr(verdi):
        raise UgyldigData(
            felter={felt: [_("HPR-nummeret har 7–9 sifre. Du finner det i Helsepersonellregisteret.")]}
        )
    return verdi


def organisasjonsnummer(tekst: str | None, felt: str = "organisasjonsnummer") -> str | None:
    """An organisation number, or None when the field is empty."""
    if not (tekst or "").strip():
        return None
    try:
        return normaliser_orgnr(tekst or "")
    except UgyldigOrganisasjonsnummer:
        melding = _(
            "Organisasjonsnummeret er ikke gyldig. Skriv de ni sifrene slik de står i Enhetsregisteret."
        )
        raise UgyldigData(felter={felt: [melding]}) from None


def navn(tekst: str, felt: str = "navn") -> str:
    """A name of a person or a place: composed (NFC), single spaces, nothing invisible, 1–200 signs."""
    verdi = " ".join(unicodedata.normalize("NFC", tekst).split())
    if not verdi or len(verdi) > STANDARDLENGDE or not verdi.isprintable():
        raise UgyldigData(felter={felt: [_("Skriv et navn på 1–%(antall)s tegn.", antall=STANDARDLENGDE)]})
    return verdi


def person(*, navn: str, epost: str, telefon: str = "", hpr_nummer: str | None = None) -> dict[str, Any]:
    """What is typed about a person, as it is stored. Raises UgyldigData with every wrong field."""
    typet = {"navn": navn, "epost": epost, "telefon": telefon, "hpr_nummer": hpr_nummer or ""}
    lest = samle(*(partial(_AV_PERSON[felt], verdi) for felt, verdi in typet.items()))
    return dict(zip(typet, lest, strict=True))


_AV_PERSON: dict[str, Callable[[str], Any]] = {
    "navn": navn,
    "epost": epost,
    "telefon": telefon,
    "hpr_nummer": hpr_nummer,
}


def samle(*sjekker: Callable[[], Any]) -> list[Any]:
    """The results of all the checks; raises one UgyldigData with the wrong fields of all of them."""
    felter: dict[str, list[str]] = {}
    svar = []
    for sjekk in sjekker:
        try:
            svar.append(sjekk())
        except UgyldigData as feil:
            felter.update(feil.detaljer["felter"])
    if felter:
        raise UgyldigData(felter=felter)
    return svar
