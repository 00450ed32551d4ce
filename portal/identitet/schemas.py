"""What the forms of this room bring. Unknown fields are refused; `kontroll.py` judges the values."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from portal.core.skjema import Ja, Skjema
from portal.core.sprak import SPRAAK, _l
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.models import Enhetstype, Organisasjonstype

_MAA_FYLLES = {"required": _l("Dette må fylles ut."), "null": _l("Dette må fylles ut.")}
_VELG = {"required": _l("Velg ett av alternativene."), "null": _l("Velg ett av alternativene.")}
_ID = {"invalid_uuid": _l("Ugyldig valg. Velg fra lista."), **_VELG}
_TALL = {"invalid": _l("Skriv et tall."), **_MAA_FYLLES}
_VERSJON = {
    "invalid": _l("Last siden på nytt og prøv igjen."),
    "required": _l("Last siden på nytt og prøv igjen."),
}


def _tekst(lengde: int, **kw: Any) -> fields.String:
    for_lang = _l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)
    return fields.String(validate=validate.Length(max=lengde, error=for_lang), **kw)


def _fylt(lengde: int) -> fields.String:
    return fields.String(
        required=True,
        error_messages=_MAA_FYLLES,
        validate=[
            validate.Length(min=1, error=_l("Dette må fylles ut.")),
            validate.Length(
                max=lengde, error=_l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)
            ),
            # PostgreSQL takes no NUL in a text, not even to compare with.
            validate.Regexp(
                r"[^\x00]*\Z",
                error=_l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn."),
            ),
        ],
    )


class InnloggingInn(Skjema):
    epost = _fylt(254)
    # The limit on what is hashed is in `passord.stemmer`; a longer one is simply wrong.
    passord = _fylt(2000)
    neste = _tekst(2000, load_default="")


class MedlemskapInn(Skjema):
    medlemskap_id = fields.UUID(required=True, error_messages=_ID)


class SpraakInn(Skjema):
    spraak = fields.String(
        required=True,
        error_messages=_VELG,
        validate=validate.OneOf(list(SPRAAK), error=_l("Velg bokmål, nynorsk eller engelsk.")),
    )
    neste = _tekst(2000, load_default="")


class PassordInn(Skjema):
    naavaerende = _fylt(2000)
    passord = _fylt(2000)
    gjenta = _fylt(2000)


class SokInn(Skjema):
    sok = _tekst(200, load_default="")
    type = fields.String(
        load_default="",
        validate=validate.OneOf(["", *Organisasjonstype], error=_l("Ugyldig valg. Velg fra lista.")),
    )
    rhf = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    nedlagte = Ja(load_default=False, allow_none=True)
    side = fields.Integer(load_default=1, error_messages=_TALL, validate=validate.Range(1, 1000))


class TelefonInn(Skjema):
    telefon = _tekst(60, load_default="")
    versjon = fields.Integer(required=True, error_messages=_VERSJON)


#: One field a fagområde: `fag_<kode>`.
FagtelefonerInn = Skjema.from_dict(
    {
        **{f"fag_{kode}": _tekst(60) for kode in FAGOMRAADER},
        "versjon": fields.Integer(required=True, error_messages=_VERSJON),
    },
    name="FagtelefonerInn",
)


class EnhetInn(Skjema):
    navn = _fylt(200)
    type = fields.Enum(
        Enhetstype, by_value=True, required=True, error_messages={"unknown": _ID["invalid_uuid"], **_VELG}
    )
    privat = Ja(load_default=False)
    organisasjonsnummer = _tekst(30, load_default="")
    telefon = _tekst(60, load_default="")
    aktiv = Ja(load_default=False)
    kommuner = fields.List(
        fields.UUID(error_messages=_ID), load_default=list, validate=validate.Length(max=400)
    )
    annen_kommune = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    versjon = fields.Integer(load_default=0, error_messages=_VERSJON)
