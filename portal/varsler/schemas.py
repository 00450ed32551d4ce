"""What the forms and the API of this room bring, and what the API gives. Unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate, validates_schema

from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.core.telefon import UgyldigTelefonnummer, til_e164
from portal.varsler import push
from portal.varsler.models import HASTEGRADER, Kanal, Varsel
from portal.varsler.service.bjelle import Markoer

#: As a browser names its push service; the column is not longer.
MAKS_ENDEPUNKT = 800


def _tekst(lengde: int, **kw: Any) -> fields.String:
    return fields.String(
        validate=[
            validate.Length(
                max=lengde, error=_l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)
            ),
            # PostgreSQL takes no NUL in a text.
            validate.Regexp(
                r"[^\x00]*\Z",
                error=_l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn."),
            ),
        ],
        **kw,
    )


class Nummer(fields.String):
    """A telephone number, as E.164."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return til_e164(super()._deserialize(value, attr, data, **kwargs))
        except UgyldigTelefonnummer:
            raise ValidationError(
                _l(
                    "Skriv et norsk nummer med 8 sifre, eller et utenlandsk med landkode, som +46 70 000 00 00."
                )
            ) from None


class Klokkeslett(fields.String):
    """«22:00» in Oslo, or empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        tekst = super()._deserialize(value, attr, data, **kwargs).strip()
        if not tekst:
            return ""
        try:
            # Some browsers say the seconds too.
            return datetime.strptime(tekst[:5], "%H:%M").strftime("%H:%M")  # noqa: DTZ007 - a time of day
        except ValueError:
            raise ValidationError(_l("Skriv klokkeslettet som tt:mm.")) from None


class NummerInn(Skjema):
    """A telephone of one's own."""

    kanal = fields.String(
        required=True,
        validate=validate.OneOf([Kanal.SMS, Kanal.TALE], error=_l("Velg SMS eller oppringing.")),
    )
    nummer = Nummer(required=True)
    navn = _tekst(80, load_default="")

    @validates_schema
    def _tar_imot(self, data: dict[str, Any], **_: Any) -> None:
        """Norwegian mobile numbers begin with 4 or 9; those that begin with 8 cost whoever rings them."""
        nummer = data["nummer"]
        if nummer.startswith("+478"):
            raise ValidationError(
                _l("Dette nummeret kan ikke brukes til varsler. Skriv et vanlig nummer."), "nummer"
            )
        if data["kanal"] == Kanal.SMS and nummer.startswith("+47") and nummer[3] not in "49":
            raise ValidationError(
                _l(
                    "SMS går bare til mobilnumre: de begynner med 4 eller 9. Velg oppringing for fasttelefon."
                ),
                "nummer",
            )


class NettleserInn(Skjema):
    """A browser's push subscription, as `PushSubscription.toJSON()` tells it."""

    adresse = _tekst(MAKS_ENDEPUNKT, required=True)
    p256dh = _tekst(200, required=True)
    auth = _tekst(100, required=True)
    navn = _tekst(80, load_default="")

    @validates_schema
    def _kan_brukes(self, data: dict[str, Any], **_: Any) -> None:
        if not push.er_lovlig(data["adresse"], data["p256dh"], data["auth"]):
            raise ValidationError(
                _l("Nettleseren ga et abonnement som ikke kan brukes. Slå varsler av og på i den.")
            )


class NettleserbytteInn(NettleserInn):
    """The browser's push service has given it another address."""

    gammel = _tekst(MAKS_ENDEPUNKT, required=True)


class NavnInn(Skjema):
    navn = _tekst(80, load_default="")


def _kanaler() -> fields.List:
    return fields.List(
        fields.String(validate=validate.OneOf([str(k) for k in Kanal], error=_l("Velg blant kanalene."))),
        load_default=list,
        validate=validate.Length(max=len(Kanal), error=_l("Velg blant kanalene.")),
    )


class ValgInn(Skjema):
    """The channels of each urgency."""

    akutt = _kanaler()
    haster = _kanaler()
    vanlig = _kanaler()


class RoInn(Skjema):
    fra = Klokkeslett(load_default="")
    til = Klokkeslett(load_default="")
    akutt_bryter = Ja(load_default=False)
    kanari_vekker = Ja(load_default=False)


class Sted(fields.String):
    """Where a page of the history ends: «read_time_id»."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        tekst = super()._deserialize(value, attr, data, **kwargs)
        if not tekst:
            return None
        try:
            lest, tid, id_ = tekst.split("_")
            sted: Markoer | None = Markoer(("0", "1").index(lest), datetime.fromisoformat(tid), UUID(id_))
        except ValueError:
            sted = None
        if sted is None or sted.opprettet.tzinfo is None:
            raise ValidationError(_l("Adressen er feil. Gå til de nyeste varslene og bla derfra."))
        return sted


def sted_ut(sted: Markoer | None) -> str | None:
    """The end of a page, as `Sted` reads it."""
    return f"{sted.lest}_{sted.opprettet.isoformat()}_{sted.id}" if sted else None


class HistorikkInn(Skjema):
    """The filter of one's notices, and the place to go on from."""

    utvalg = fields.String(
        load_default="", validate=validate.OneOf(["", "uleste"], error=_l("Velg alle eller uleste."))
    )
    hastegrad = fields.String(
        load_default="", validate=validate.OneOf(["", *HASTEGRADER], error=_l("Velg en hastegrad fra lista."))
    )
    etter = Sted(load_default=None)


class SideInn(Skjema):
    side = fields.Integer(
        load_default=1, validate=validate.Range(min=1, max=100_000, error=_l("Siden finnes ikke."))
    )


class ValgteInn(Skjema):
    """Some lines of the list of the undelivered."""

    ider = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(min=1, max=200, error=_l("Velg minst ett varsel, og høyst 200.")),
    )


class PortsvarInn(Skjema):
    """What a gateway tells: a key pressed in a call (`id`, `svar`), or a reply to a text message (`fra`, `tekst`)."""

    id = fields.UUID()
    svar = _tekst(20)
    fra = _tekst(40)
    tekst = _tekst(1600)
    svar_id = _tekst(100)

    @validates_schema
    def _ett_av_to(self, data: dict[str, Any], **_: Any) -> None:
        if set(data) - {"svar_id"} not in ({"id", "svar"}, {"fra", "tekst"}):
            raise ValidationError(_l("Send id og svar, eller fra og tekst."))


class TomtInn(Skjema):
    """A move that needs no more than its address."""


def varsel_ut(varsel: Varsel) -> dict[str, Any]:
    """A notice as the API gives it."""
    return {
        "id": str(varsel.id),
        "kode": varsel.kode,
        "hastegrad": varsel.hastegrad,
        "tittel": varsel.tittel,
        "tekst": varsel.tekst,
        "lenke": varsel.lenke,
        **{navn: _tid(getattr(varsel, navn)) for navn in ("opprettet", "lest", "kvittert", "stoppet")},
    }


def _tid(tidspunkt: datetime | None) -> str | None:
    return tidspunkt.isoformat(timespec="milliseconds").replace("+00:00", "Z") if tidspunkt else None
