"""What the pages and forms of tasks bring."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import fields, validate

from portal.core.skjema import Skjema
from portal.core.sprak import _l
from portal.oppgaver.service import VALG

#: As long as the column.
LENGSTE_BEVIS = 500
#: Signs that no database keeps.
_ULOVLIGE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Bevis(fields.String):
    """Where it can be found that it was done, on one line."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        tekst = super()._deserialize(value, attr, data, **kwargs)
        return " ".join(_ULOVLIGE.sub(" ", tekst).split())


class TomtInn(Skjema):
    """A button: nothing but the CSRF token."""


class UtvalgInn(Skjema):
    vis = fields.String(
        load_default="aapne", validate=validate.OneOf(VALG, error=_l("Ugyldig valg. Velg fra lista."))
    )
    side = fields.Integer(load_default=1, validate=validate.Range(min=1, max=100_000))


class GjortInn(Skjema):
    bevis = Bevis(
        load_default="",
        validate=validate.Length(
            max=LENGSTE_BEVIS, error=_l("Teksten er for lang: høyst %(antall)s tegn.", antall=LENGSTE_BEVIS)
        ),
    )
