"""What the page of the log takes as its address: filters, and the place to go on from."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate, validates_schema

from portal.core.skjema import Skjema
from portal.core.sprak import _l
from portal.revisjon.ord import GRUPPER

#: Days that one look can span: more is no look but a copy of the log.
MAKS_DAGER = 366
_DATO = {"invalid": _l("Skriv en dato som 2026-11-21.")}


class Sted(fields.String):
    """The last line of a page: «time_id»."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        tid, _, id_ = super()._deserialize(value, attr, data, **kwargs).partition("_")
        try:
            lest = datetime.fromisoformat(tid), UUID(id_)
        except ValueError:
            lest = None
        if lest is None or lest[0].tzinfo is None:
            raise ValidationError(_l("Adressen er feil. Gå til de nyeste linjene og bla derfra."))
        return lest


class LoggInn(Skjema):
    """Filters of the log; dates are Oslo's, and both are counted with."""

    fra = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)
    til = fields.Date(allow_none=True, load_default=None, error_messages=_DATO)
    gruppe = fields.String(
        load_default="", validate=validate.OneOf(["", *GRUPPER], error=_l("Velg en gruppe fra lista."))
    )
    bare = fields.String(
        load_default="",
        validate=validate.OneOf(["", "avslag", "aapninger"], error=_l("Velg alt, åpninger eller avslag.")),
    )
    navn = fields.String(
        load_default="", validate=validate.Length(max=100, error=_l("Skriv en del av navnet."))
    )
    person = fields.UUID(allow_none=True, load_default=None)
    foer = Sted(load_default=None)

    @validates_schema
    def _rimelig(self, data: dict[str, Any], **_: Any) -> None:
        fra, til = data.get("fra"), data.get("til")
        if fra and til and fra > til:
            raise ValidationError(_l("Fra-datoen er etter til-datoen. Bytt dem om."), "fra")
        if fra and til and (til - fra).days > MAKS_DAGER:
            raise ValidationError(_l("Velg høyst ett år om gangen."), "fra")
