"""What comes in and goes out, over forms, JSON and the socket alike. Unknown fields are refused."""

from __future__ import annotations

import base64
import re
import struct
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, post_load, pre_load, validate, validates_schema

from portal.core.clock import OSLO
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.henvendelser import news2
from portal.henvendelser.access import Omfang
from portal.henvendelser.forloep import (
    OPPFOELGINGSDAGER,
    Aldersgruppe,
    Hastegrad,
    Innsynsgrunn,
    Kjoenn,
    Oppfoelgingssvar,
    Oppholdssted,
    Plan,
    Raad,
    Svar,
    Utfall,
)
from portal.henvendelser.models import Hendelse, Kvittering
from portal.henvendelser.service.lister import Plass, Utvalg
from portal.henvendelser.utskrivningsregler import Steg
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.plasser.forloep import ALLE_EVNER, Evne

#: The longest text, in bytes of UTF-8.
MAKS_TEKST = 16 * 1024
_ULOVLIGE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def ren_tekst(tekst: str) -> str:
    """The text as it is stored: NFC, `\\n` for line breaks, nothing around."""
    return unicodedata.normalize("NFC", tekst.replace("\r\n", "\n").replace("\r", "\n")).strip()


class Tekst(fields.String):
    """Free text: NFC, `\\n` for line breaks, no control characters, at most 16 KB of UTF-8."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        tekst = super()._deserialize(value, attr, data, **kwargs)
        if _ULOVLIGE.search(tekst):
            raise ValidationError(
                _l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")
            )
        tekst = ren_tekst(tekst)
        if len(tekst.encode()) > MAKS_TEKST:
            raise ValidationError(
                _l("Teksten er for lang: grensen er 16 000 tegn. Del den i flere meldinger.")
            )
        if self.required and not tekst:
            raise ValidationError(_l("Skriv noe her."))
        return tekst


def _en_av(verdier: Any, melding: Any, *, tom: bool = False) -> validate.OneOf:
    return validate.OneOf([*(str(v) for v in verdier), *([""] if tom else [])], error=melding)


class TomtSkjema(Skjema):
    """An act that needs nothing said."""


_MAA_FYLLES = {"required": _l("Dette må fylles ut."), "null": _l("Dette må fylles ut.")}
_VELG_NOEN = {k: _l("Velg en kollega fra lista.") for k in ("required", "null", "invalid_uuid")}
_VELG = {"required": _l("Velg ett av alternativene."), "null": _l("Velg ett av alternativene.")}
_TALL = {"invalid": _l("Skriv et tall.")}
_ID = _MAA_FYLLES
_VALG = {"invalid_uuid": _l("Ugyldig valg. Velg fra lista."), **_MAA_FYLLES}
_LOEPENUMMER = validate.Range(0, 2**31 - 1, error=_l("Nummeret må være 0 eller høyere."))


def _maal(navn: str, cls: type[fields.Field[Any]] = fields.Integer, **kw: Any) -> Any:
    fra, til = news2.LIMITS[navn]
    return cls(
        allow_none=True,
        load_default=None,
        error_messages=_TALL,
        validate=validate.Range(
            fra, til, error=_l("Verdien må være mellom {min} og {max}. Sjekk at du har skrevet rett.")
        ),
        **kw,
    )


class Temperatur(fields.Decimal):
    """Degrees Celsius with at most one decimal; a comma is as good as a point."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, str):
            value = value.strip().replace(",", ".")
        tall = super()._deserialize(value, attr, data, **kwargs)
        if abs(tall) >= 1000:
            return tall  # too large to round; the limits refuse it
        if tall != tall.quantize(Decimal("0.1")):
            raise ValidationError(_l("Skriv temperaturen med én desimal, som 38,2."))
        return tall.quantize(Decimal("0.1"))


class News2Inn(Skjema):
    """Vital signs. An empty field is a missing value, never zero."""

    respirasjon = _maal("respirasjon")
    spo2 = _maal("spo2")
    skala = fields.Integer(
        load_default=1,
        validate=validate.OneOf([1, 2], error=_l("Velg skala 1 eller 2.")),
        error_messages=_TALL,
    )
    oksygen = Ja(allow_none=True, load_default=None)
    systolisk = _maal("systolisk")
    puls = _maal("puls")
    bevissthet = fields.String(
        allow_none=True, load_default=None, validate=_en_av("ACVPU", _l("Velg A, C, V, P eller U."), tom=True)
    )
    temperatur = _maal("temperatur", Temperatur)

    @pre_load
    def _tom_bevissthet(self, data: Any, **_: Any) -> Any:
        return {**data, "bevissthet": data.get("bevissthet") or None} if isinstance(data, Mapping) else data


class OpplysningerInn(Skjema):
    """The clinical part, as it can be filled in and corrected afterwards."""

    situasjon = Tekst(required=True, error_messages=_MAA_FYLLES)
    bakgrunn = Tekst(load_default="")
    analyse = Tekst(load_default="")
    raad_oenskes = Tekst(load_default="")
    bostedskommune_id = fields.UUID(allow_none=True, load_default=None, error_messages=_VALG)
    aldersgruppe = fields.String(
        allow_none=True, load_default=None, validate=_en_av(Aldersgruppe, _l("Velg aldersgruppe."))
    )
    kjoenn = fields.String(load_default=Kjoenn.UKJENT.value, validate=_en_av(Kjoenn, _l("Velg kjønn.")))
    gravid = Ja(load_default=False)
    oppholdssted = fields.String(
        allow_none=True, load_default=None, validate=_en_av(Oppholdssted, _l("Velg hvor pasienten er."))
    )
    sykdomsbyrde = Tekst(load_default="")
    funksjonsnivaa = Tekst(load_default="")
    skroepelighet = fields.Integer(
        allow_none=True,
        load_default=None,
        error_messages=_TALL,
        validate=validate.Range(1, 9, error=_l("Skrøpelighet er et tall fra 1 til 9.")),
    )
    kognitiv_svikt = fields.String(
        load_default="", validate=_en_av(Svar, _l("Velg ja, delvis eller nei."), tom=True)
    )
    behandlingsbegrensninger = Tekst(load_default="")
    pasientens_oensker = Tekst(load_default="")
    evne_personell = fields.String(
        load_default="", validate=_en_av(Svar, _l("Velg ja, delvis eller nei."), tom=True)
    )
    evne_kompetanse = fields.String(
        load_default="", validate=_en_av(Svar, _l("Velg ja, delvis eller nei."), tom=True)
    )
    evne_utstyr = fields.String(
        load_default="", validate=_en_av(Svar, _l("Velg ja, delvis eller nei."), tom=True)
    )
    evne_sted = fields.String(
        load_default="", validate=_en_av(Svar, _l("Velg ja, delvis eller nei."), tom=True)
    )
    evne_tekst = Tekst(load_default="")
    ikke_fnr = Ja(load_default=False)

    @pre_load
    def _tomme_valg(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {
            k: v
            for k, v in data.items()
            if not (v in ("", None) and k in ("aldersgruppe", "oppholdssted", "kjoenn"))
        }


class Telefonnummer(fields.String):
    """A number to call back: digits and spaces, with a + for another country."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        nummer = super()._deserialize(value, attr, data, **kwargs).strip()
        if not nummer:
            raise ValidationError(_MAA_FYLLES["required"])
        if not re.fullmatch(r"\+?[0-9 ]{3,20}", nummer):
            raise ValidationError(_l("Skriv et telefonnummer med bare siffer og mellomrom, som 900 00 000."))
        return nummer


_TIDSPUNKT = {"invalid": _l("Skriv dato og klokkeslett, som 24.11.2026 14:30."), **_MAA_FYLLES}
_DATO = {"invalid": _l("Skriv en dato, som 24.11.2026."), **_MAA_FYLLES}


class OsloTid(fields.DateTime):
    """A moment. Without an offset it is on the wall clock in Oslo: the hour that comes twice in autumn is its first
    (the earlier deadline), and the one that never comes in spring is refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        tid = super()._deserialize(value, attr, data, **kwargs)
        assert isinstance(tid, datetime)
        if tid.tzinfo is None:
            lokal = tid.replace(tzinfo=OSLO)
            if lokal.astimezone(UTC).astimezone(OSLO).replace(tzinfo=None) != tid:
                raise ValidationError(
                    _l("Dette klokkeslettet finnes ikke: klokka stilles fram til sommertid da.")
                )
            tid = lokal
        return tid.astimezone(UTC)


class UtskrivningInn(Skjema):
    """What a hospital says of the admission when it asks about the discharge (utskrivningsforskriften § 8)."""

    innlagt = OsloTid(required=True, error_messages=_TIDSPUNKT)
    #: When the kommune was told through the regulated message, where that is done already.
    varslet = OsloTid(allow_none=True, load_default=None, error_messages=_TIDSPUNKT)
    forventet = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)
    usikker = Ja(load_default=False)


class HenvendelseInn(OpplysningerInn):
    """A new request. Few fields are required: a physician in a hurry sends in a minute and fills in later."""

    klient_id = fields.UUID(required=True, error_messages=_ID)
    mottaker_id = fields.UUID(allow_none=True, load_default=None, error_messages=_VALG)
    fagomraade = fields.String(
        required=True,
        validate=_en_av(ALLE_OMRAADER, _l("Velg et fagområde fra lista.")),
        error_messages=_VELG,
    )
    hastegrad = fields.String(
        required=True,
        validate=_en_av(Hastegrad, _l("Velg akutt, haster eller vanlig.")),
        error_messages=_VELG,
    )
    plan_uten_raad = fields.String(
        required=True,
        validate=_en_av(Plan, _l("Velg hva du ville gjort nå uten råd.")),
        error_messages={k: _l("Velg hva du ville gjort nå uten råd.") for k in ("required", "null")},
    )
    tilbakeringing = Telefonnummer(required=True, error_messages=_MAA_FYLLES)
    news2 = fields.Nested(News2Inn, allow_none=True, load_default=None)
    utskrivning = fields.Nested(UtskrivningInn, allow_none=True, load_default=None)


class OpplysningerEndring(OpplysningerInn):
    versjon = fields.Integer(required=True, error_messages=_MAA_FYLLES)


class MeldingInn(Skjema):
    """One message: `{klient_id, tekst, ikke_fnr?}`."""

    klient_id = fields.UUID(required=True, error_messages=_ID)
    tekst = Tekst(required=True, error_messages={**_MAA_FYLLES, "invalid": _l("Teksten har feil form.")})
    ikke_fnr = Ja(load_default=False)


class MeldingPaaSokkel(MeldingInn):
    id = fields.UUID(required=True, error_messages=_ID)


class SakInn(Skjema):
    id = fields.UUID(required=True, error_messages=_ID)


class AbonnerInn(SakInn):
    etter = fields.Integer(load_default=0, strict=True, validate=_LOEPENUMMER)


class KvitteringInn(SakInn):
    sekvens = fields.Integer(required=True, strict=True, validate=_LOEPENUMMER)


class EtterInn(Skjema):
    etter = fields.Integer(load_default=0, validate=_LOEPENUMMER)


class TekstInn(Skjema):
    """The text that goes with a move: optional."""

    tekst = Tekst(load_default="")
    ikke_fnr = Ja(load_default=False)


class BegrunnelseInn(Skjema):
    begrunnelse = Tekst(required=True, error_messages=_MAA_FYLLES)
    ikke_fnr = Ja(load_default=False)


class VideresendInn(BegrunnelseInn):
    mottaker_id = fields.UUID(required=True, error_messages=_VALG)
    fagomraade = fields.String(
        required=True,
        validate=_en_av(ALLE_OMRAADER, _l("Velg et fagområde fra lista.")),
        error_messages=_VELG,
    )


#: A note beside the advice, in characters.
_KORT = validate.Length(max=2000, error=_l("Dette er for langt: grensen er 2 000 tegn."))


class BesvarInn(Skjema):
    raad = fields.String(required=True, validate=_en_av(Raad, _l("Velg et råd.")), error_messages=_VELG)
    tekst = Tekst(required=True, error_messages=_MAA_FYLLES)
    nytte = Tekst(load_default="", validate=_KORT)
    ressurs = Tekst(load_default="", validate=_KORT)
    alvorlighet = Tekst(load_default="", validate=_KORT)
    mestring = Tekst(load_default="", validate=_KORT)
    ikke_fnr = Ja(load_default=False)


class LukkInn(TekstInn):
    spoer_igjen = Ja(load_default=False)
    utfall = fields.String(
        required=True, validate=_en_av(Utfall, _l("Velg hva utfallet ble.")), error_messages=_VELG
    )


class TrengerMerInn(Skjema):
    tekst = Tekst(required=True, error_messages=_MAA_FYLLES)
    ikke_fnr = Ja(load_default=False)


class TilbakelestInn(TrengerMerInn):
    """How whoever takes over at a change of shift has understood the case."""


class KollegaInn(Skjema):
    """Who is asked to take part, or to take over."""

    medlemskap_id = fields.UUID(required=True, error_messages={**_VALG, **_VELG_NOEN})


class OppfoelgingInn(Skjema):
    """What became of the patient, at one of the times it is asked."""

    dag = fields.Integer(
        required=True,
        error_messages={**_TALL, **_MAA_FYLLES},
        validate=validate.OneOf(OPPFOELGINGSDAGER, error=_l("Velg 3 eller 30 dager.")),
    )
    svar = fields.String(
        required=True, validate=_en_av(Oppfoelgingssvar, _l("Velg hva som skjedde.")), error_messages=_VELG
    )
    spoer_igjen = Ja(load_default=False)
    fra = fields.String(
        load_default="sak",
        validate=validate.OneOf(("sak", "liste", "koe"), error=_l("Velg ett av alternativene.")),
    )


class UtskrivningSteg(Skjema):
    """One step on the timeline of a discharge, done or taken back."""

    versjon = fields.Integer(required=True, error_messages=_MAA_FYLLES)
    steg = fields.String(
        required=True, validate=_en_av(Steg, _l("Velg et steg fra tidslinja.")), error_messages=_VELG
    )
    angre = Ja(load_default=False)
    varslet = OsloTid(allow_none=True, load_default=None, error_messages=_TIDSPUNKT)
    forventet = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)
    usikker = Ja(load_default=False)
    kan_ta_imot = Ja(allow_none=True, load_default=None)
    fra = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)

    @pre_load
    def _ikke_valgt(self, data: Any, **_: Any) -> Any:
        """An empty choice is no «no»."""
        if not isinstance(data, Mapping):
            return data
        return {k: v for k, v in data.items() if not (k == "kan_ta_imot" and v == "")}


class MottakereInn(Skjema):
    kommune = fields.UUID(allow_none=True, load_default=None, error_messages=_VALG)


class Plassfelt(fields.Field[Plass]):
    """A place in the list, as the links to the next and the former page carry it: opaque, and only a place."""

    default_error_messages = {"invalid": _l("Siden finnes ikke. Gå til begynnelsen av lista.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Plass:
        try:
            rang, mikro, sak_id = struct.unpack(_PLASS, base64.urlsafe_b64decode(str(value) + "=="))
            if rang > len(Hastegrad):
                raise ValueError(rang)
            return Plass(rang, _EPOKE + timedelta(microseconds=mikro), UUID(bytes=sak_id))
        except (ValueError, OverflowError, struct.error) as feil:
            raise self.make_error("invalid") from feil


#: Part of the list, microseconds since 1970, id of the case.
_PLASS = ">Bq16s"
_EPOKE = datetime(1970, 1, 1, tzinfo=UTC)


def plass_ut(plass: Plass | None) -> str | None:
    """The place as `Plassfelt` reads it."""
    if plass is None:
        return None
    mikro = (plass.opprettet - _EPOKE) // timedelta(microseconds=1)
    return (
        base64.urlsafe_b64encode(struct.pack(_PLASS, plass.rang, mikro, plass.sak_id.bytes))
        .decode()
        .rstrip("=")
    )


class UtvalgInn(Skjema):
    """What a list is asked for. Nothing said: the open cases that I may see, or all of them in a search."""

    omfang = fields.String(
        load_default=str(Omfang.ALLE),
        validate=_en_av(Omfang, _l("Velg mine saker, enhetens saker eller alle.")),
    )
    filter = fields.String(
        load_default="",
        validate=_en_av(("aapne", "lukkede", "alle"), _l("Velg åpne, lukkede eller alle."), tom=True),
    )
    hastegrad = fields.String(
        load_default="", validate=_en_av(Hastegrad, _l("Velg akutt, haster eller vanlig."), tom=True)
    )
    fagomraade = fields.String(
        load_default="", validate=_en_av(ALLE_OMRAADER, _l("Velg et fagområde fra lista."), tom=True)
    )
    motpart = fields.UUID(allow_none=True, load_default=None, error_messages=_VALG)
    fra = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)
    til = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)
    venter = Ja(load_default=False)
    sok = fields.String(
        load_default="", validate=validate.Length(max=100, error=_l("Søk med færre ord: høyst 100 tegn."))
    )

    @validates_schema
    def _rett_vei(self, data: dict[str, Any], **_: Any) -> None:
        fra, til = data.get("fra"), data.get("til")
        if fra and til and fra > til:
            raise ValidationError(_l("Den første dagen må komme før den siste."), "til")

    @post_load
    def _som_utvalg(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        plass = {k: data.pop(k, None) for k in ("etter", "foer")}
        data["sok"] = ren_tekst(_ULOVLIGE.sub(" ", data["sok"]))
        data["filter"] = data["filter"] or ("alle" if data["sok"] else "aapne")
        return {"utvalg": Utvalg(**{**data, "omfang": Omfang(data["omfang"])}), **plass}


class ListeInn(UtvalgInn):
    """The same, and where in it: after a place or before one."""

    etter = Plassfelt(load_default=None)
    foer = Plassfelt(load_default=None)

    @validates_schema
    def _en_vei(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("etter") and data.get("foer"):
            raise ValidationError(_l("Siden finnes ikke. Gå til begynnelsen av lista."), "foer")


class Saksnummer(fields.String):
    """«26-000417», also as it is said and typed: without the hyphen, or with a space for it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        tekst = super()._deserialize(value, attr, data, **kwargs).strip()
        treff = re.fullmatch(r"([0-9]{2})[-–— ]?([0-9]{6})", tekst)
        if treff is None:
            raise ValidationError(
                _l("Skriv saksnummeret med to siffer, bindestrek og seks siffer, som 26-000417.")
            )
        return f"{treff[1]}-{treff[2]}"


class InnsynInn(Skjema):
    """Opening a case that one has no part in: its number and a reason."""

    saksnummer = Saksnummer(required=True, error_messages=_MAA_FYLLES)
    grunn = fields.String(
        required=True, validate=_en_av(Innsynsgrunn, _l("Velg en grunn.")), error_messages=_VELG
    )
    begrunnelse = Tekst(required=True, error_messages=_MAA_FYLLES)
    ikke_fnr = Ja(load_default=False)


class InnsynsloggInn(Skjema):
    """Which of the lines of a case's log, and the number they come before."""

    vis = fields.String(
        load_default="alt", validate=_en_av(("alt", "aapninger"), _l("Velg alt eller åpninger."))
    )
    foer = fields.Integer(allow_none=True, load_default=None, validate=_LOEPENUMMER)


class MoensterInn(Skjema):
    organisasjon = fields.UUID(allow_none=True, load_default=None, error_messages=_VALG)


class FoelgOppInn(MoensterInn):
    """What came of looking into somebody's many openings."""

    merknad = Tekst(required=True, error_messages=_MAA_FYLLES)
    ikke_fnr = Ja(load_default=False)


class VedleggInn(Skjema):
    """What goes with a file: the sender's id for this sending, and whether a number in its name is let through."""

    klient_id = fields.UUID(required=True, error_messages=_ID)
    ikke_fnr = Ja(load_default=False)


class PlassvalgInn(Skjema):
    """What a bed must be able to take: the abilities one by one. None sent: what the case says by itself."""

    evner = fields.List(fields.Enum(Evne, by_value=fields.Integer()), load_default=None, error_messages=_VALG)
    sok = Ja(load_default=False)


class PlassInn(Skjema):
    """«Hold plass»: at which unit, and a short word to it."""

    klient_id = fields.UUID(required=True, error_messages=_ID)
    plassenhet_id = fields.UUID(required=True, error_messages=_MAA_FYLLES | _VALG)
    evner = fields.Integer(
        load_default=0,
        validate=validate.Range(0, ALLE_EVNER, error=_l("Velg fra lista.")),
        error_messages=_TALL,
    )
    merknad = fields.String(
        load_default="", validate=validate.Length(max=300, error=_l("Skriv kortere: høyst 300 tegn."))
    )
    over_kvote = Ja(load_default=False)
    ikke_fnr = Ja(load_default=False)


class KanariInn(Skjema):
    """How often a fagområde is tested; the use case knows which can be."""

    fagomraade = fields.String(required=True, error_messages=_MAA_FYLLES)
    hver_minutter = fields.Integer(required=True, error_messages=_MAA_FYLLES | _TALL)
    aktiv = Ja(load_default=False)


# --- out -------------------------------------------------------------------------------------------------


def tidspunkt(tid: datetime) -> str:
    """A moment as the protocol writes it: ISO 8601 in UTC with milliseconds and `Z`."""
    return tid.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ren(verdi: Any) -> Any:
    return str(verdi) if isinstance(verdi, UUID) else verdi


def hendelse_ut(h: Mapping[str, Any] | Hendelse) -> dict[str, Any]:
    """One row of the log as DESIGN's protocol writes it. Written by hand: it is on the hot path."""
    if isinstance(h, Hendelse):
        h = h.som_dict()
    return {
        "henvendelse_id": str(h["henvendelse_id"]),
        "sekvens": h["sekvens"],
        "type": str(h["type"]),
        "avsender": {"id": _ren(h["avsender_id"]), "navn": h["avsender_navn"], "side": str(h["side"])},
        "tekst": h["tekst"],
        "data": {k: _ren(v) for k, v in h["data"].items()},
        "tidspunkt": tidspunkt(h["tidspunkt"]),
        "klient_id": _ren(h["klient_id"]),
    }


def kvittering_ut(k: Mapping[str, Any] | Kvittering) -> dict[str, Any]:
    if isinstance(k, Kvittering):
        k = k.som_dict()
    return {
        "henvendelse_id": str(k["henvendelse_id"]),
        "person_id": str(k["person_id"]),
        "navn": k["navn"],
        "side": str(k["side"]),
        "mottatt": k["mottatt"],
        "lest": k["lest"],
        "sett": tidspunkt(k["sett"]),
    }
