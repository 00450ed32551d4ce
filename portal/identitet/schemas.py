"""What the forms of this room bring. Unknown fields are refused; `kontroll.py` judges the values."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, pre_load, validate

from portal.core.aktor import Rolle
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import SPRAAK, _l
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.identitet.models import Enhetstype, Organisasjonstype
from portal.identitet.roller import Tilstand

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
    #: What the role is switched for: a page that it opens.
    neste = _tekst(2000, load_default="")


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


class LaasInn(Skjema):
    neste = _tekst(2000, load_default="")
    tapt = Ja(load_default=False)


class LaasOppInn(Skjema):
    bevis = _fylt(2000)
    neste = _tekst(2000, load_default="")
    #: A form that came while the screen was locked, as `routes/laas.py` sealed it; as long as the request may be.
    utkast = fields.String(load_default="")


class VaktInn(Skjema):
    #: The time of day, in Oslo; none takes it back.
    til = fields.Time(
        format="%H:%M",
        load_default=None,
        allow_none=True,
        error_messages={"invalid": _l("Skriv klokkeslettet som tt:mm.")},
    )
    neste = _tekst(2000, load_default="")

    @pre_load
    def uten_tomt(self, data: Any, **_: Any) -> Any:
        return {k: v for k, v in data.items() if k != "til" or v} if isinstance(data, dict) else data


class KodeInn(Skjema):
    """The second step of a login: one of the two."""

    kode = _tekst(40, load_default="")
    gjenoppretting = _tekst(60, load_default="")


class OppsettInn(Skjema):
    oppsett = _fylt(1000)
    kode = _fylt(40)


class NyttOppsettInn(OppsettInn):
    bevis = _fylt(2000)


class BevisInn(Skjema):
    bevis = _fylt(2000)


class GlemtPassordInn(Skjema):
    epost = _fylt(254)


class LenkepassordInn(Skjema):
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
        **{f"fag_{kode}": _tekst(60) for kode in ALLE_OMRAADER},
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


# --- the administrator's people ---------------------------------------------------------------------------

_ROLLE = {"unknown": _ID["invalid_uuid"], **_VELG}


class StedInn(Skjema):
    #: Which organisation's people: a systemadministrator's choice, the administrator's own where none is named.
    organisasjon = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


class FolkSokInn(StedInn):
    sok = _tekst(200, load_default="")
    rolle = fields.String(
        load_default="",
        validate=validate.OneOf(["", *Rolle], error=_l("Ugyldig valg. Velg fra lista.")),
    )
    enhet = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    tilstand = fields.String(
        load_default="",
        validate=validate.OneOf(["", "alle", *Tilstand], error=_l("Ugyldig valg. Velg fra lista.")),
    )
    side = fields.Integer(load_default=1, error_messages=_TALL, validate=validate.Range(1, 10_000))


class OpplysningerOmPersonInn(StedInn):
    navn = _fylt(200)
    epost = _fylt(254)
    telefon = _tekst(60, load_default="")
    hpr_nummer = _tekst(30, load_default="")


class RolleInn(StedInn):
    rolle = fields.Enum(Rolle, by_value=True, required=True, error_messages=_ROLLE)
    enhet = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    fagomraader = fields.List(fields.String(), load_default=list, validate=validate.Length(max=60))
    fra = _tekst(20, load_default="")
    til = _tekst(20, load_default="")


class NyPersonInn(OpplysningerOmPersonInn, RolleInn):
    inviter = Ja(load_default=False)
    #: The address whose owner is to have the role.
    bruk_eksisterende = _tekst(254, load_default="")


class VakttapInn(StedInn):
    #: How many shifts the page has told will be left without anybody.
    vakter = fields.Integer(load_default=0, error_messages=_TALL, validate=validate.Range(0, 100_000))


class SluttdatoInn(VakttapInn):
    til = _tekst(20, load_default="")


class FagomraaderInn(VakttapInn):
    fagomraader = fields.List(fields.String(), load_default=list, validate=validate.Length(max=60))


class FolkeimportInn(StedInn):
    # Its length is judged where it is read, so that the message is about the file.
    tekst = fields.String(load_default="")
    inviter = Ja(load_default=False)
    lagre = Ja(load_default=False)
