"""What every schema of the portal has in common: unknown fields are refused, and the messages are ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, pre_load

from portal.core.sprak import _l

_TALL = _l("Skriv et tall.")
_FORM = _l("Innholdet har feil form.")
_TEKST = _l("Teksten har feil form.")
#: Instead of marshmallow's own English, by the kind of field and the kind of fault.
_STANDARD: tuple[tuple[type[fields.Field[Any]], dict[str, Any]], ...] = (
    (fields.Number, {"invalid": _TALL, "special": _TALL, "too_large": _l("Tallet er for stort.")}),
    (fields.Boolean, {"invalid": _l("Svar ja eller nei.")}),
    (fields.UUID, {"invalid_uuid": _l("Dette er ikke en gyldig id.")}),
    (fields.String, {"invalid": _TEKST, "invalid_utf8": _TEKST}),
    (
        fields.Field,
        {
            "required": _l("Dette må fylles ut."),
            "null": _l("Dette må fylles ut."),
            "validator_failed": _FORM,
            "invalid": _FORM,
            "type": _FORM,
        },
    ),
)


def _bibliotekets(felt: fields.Field[Any]) -> dict[str, Any]:
    """The messages that the library gives a field of this class."""
    meldinger: dict[str, Any] = {}
    for klasse in reversed(type(felt).__mro__):
        meldinger.update(getattr(klasse, "default_error_messages", {}))
    return meldinger


class Skjema(Schema):
    """Base of all: unknown fields are an error, and the CSRF token is not one of ours."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012
        "unknown": _l("Dette feltet finnes ikke."),
        "type": _FORM,
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Whatever message a field has not been given of its own, it gets from `_STANDARD`."""
        bibliotekets = _bibliotekets(field_obj)
        satt: set[str] = set()
        for klasse, meldinger in _STANDARD:
            if not isinstance(field_obj, klasse):
                continue
            for kode, melding in meldinger.items():
                er_bibliotekets = field_obj.error_messages.get(kode) == bibliotekets.get(kode)
                if kode in bibliotekets and er_bibliotekets and kode not in satt:
                    field_obj.error_messages[kode] = melding
                    satt.add(kode)

    @pre_load
    def _tomme_er_ikke_sagt(self, data: Any, **_: Any) -> Any:
        """A form sends "" for what was left empty; for everything but text that means «not said»."""
        if not isinstance(data, Mapping):
            return data
        return {
            k: (None if v == "" and k in self.fields and not isinstance(self.fields[k], fields.String) else v)
            for k, v in data.items()
            if k != "csrf_token"
        }


class Ja(fields.Boolean):
    """A checkbox or a JSON boolean."""

    truthy = {True, "1", "true", "ja", "on"}  # noqa: RUF012
    falsy = {False, "0", "false", "nei", ""}  # noqa: RUF012
