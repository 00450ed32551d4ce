"""What the forms of this room bring, and what programs get. Hours are Oslo's wall clock in a form, UTC inside."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from portal.core.skjema import Skjema
from portal.core.sprak import _l


class Flaggsum(fields.List):
    """A list of flags of an IntFlag (their numbers), as their sum."""

    def __init__(self, alle: int, **kw: Any) -> None:
        self._alle = alle
        super().__init__(fields.Integer(), **{"load_default": 0, **kw})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> Any:
        tall: list[int] = [t or 0 for t in super()._deserialize(value, attr, data, **kw)]
        if any(t < 1 or t & (t - 1) or t & ~self._alle for t in tall):
            raise self.make_error("invalid")
        return sum(set(tall))

    default_error_messages = {"invalid": _l("Ugyldig valg. Velg fra lista.")}  # noqa: RUF012


class Svar(Skjema):
    """A click on a reallocation: which content was read, and why."""

    lest = fields.String(load_default=None, allow_none=True)
    grunn = fields.String(load_default="")
