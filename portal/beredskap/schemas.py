"""What the forms of this room bring, and what programs get. Hours are Oslo's wall clock in a form, UTC inside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import fields, validate

from portal.beredskap.models import Beredskapsnivaa, Faseperiode
from portal.beredskap.steps import Situasjon
from portal.core.clock import oslo_til_utc
from portal.core.skjema import Skjema
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon

_VELG = {"required": _l("Velg ett av alternativene."), "null": _l("Velg ett av alternativene.")}
_FRA_LISTA = _l("Ugyldig valg. Velg fra lista.")
_ID = {"invalid_uuid": _FRA_LISTA, **_VELG}
_NORSK = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[ ,]+(?:kl\.? ?)?(\d{1,2})[:.](\d{2})\Z")
#: Short enough to be kept in the browser's signed session while the preview is looked at.
LENGSTE_BEGRUNNELSE = 500


class Oslotid(fields.Field[datetime]):
    """A moment by the wall clock in Oslo: what `<input type="datetime-local">` sends, or «31.12.2026 15:30».

    Of an hour that comes twice (October) it is the first; in the one that is jumped over (March), the moment of the
    jump.
    """

    def __init__(self, **kw: Any) -> None:
        ugyldig = _l("Skriv dag og klokkeslett, for eksempel 31.12.2026 15:30.")
        super().__init__(**{**kw, "error_messages": {"invalid": ugyldig, **kw.pop("error_messages", {})}})

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            tekst = str(value).strip()
            if m := _NORSK.match(tekst):
                dag, maaned, aar, timer, minutter = (int(d) for d in m.groups())
                naken = datetime(aar, maaned, dag, timer, minutter)  # noqa: DTZ001
            else:
                naken = datetime.fromisoformat(tekst)
            if naken.tzinfo is not None or len(tekst) < 12 or not 2000 <= naken.year <= 2200:
                raise ValueError
            return oslo_til_utc(naken.date(), naken.time().replace(second=0, microsecond=0))
        except ValueError:
            raise self.make_error("invalid") from None


def _tekst(lengde: int, **kw: Any) -> fields.String:
    for_lang = _l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)
    regler: list[Any] = [validate.Length(max=lengde, error=for_lang)]
    if kw.get("required"):
        regler.insert(0, validate.Regexp(r"(?s).*\S", error=_l("Dette må fylles ut.")))
    return fields.String(validate=regler, **kw)


def _fase() -> fields.Integer:
    feil = _l("Velg en fase fra 1 til 5.")
    return fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=5, error=feil),
        error_messages={"invalid": feil, **_VELG},
    )


def _nivaa() -> fields.Enum[Any]:
    return fields.Enum(
        Beredskapsnivaa, by_value=True, required=True, error_messages={"unknown": _FRA_LISTA, **_VELG}
    )


class TomtInn(Skjema):
    """A button: nothing but the CSRF token."""


class SideInn(Skjema):
    side = fields.Integer(load_default=1, validate=validate.Range(min=1, max=100_000))


class ForvalgInn(Skjema):
    """What a link fills into the form of a phase. Read as text: the form says what is wrong with it."""

    fase = fields.String(load_default="")
    nivaa = fields.String(load_default="")
    fra = fields.String(load_default="")
    til = fields.String(load_default="")
    kilde = fields.String(load_default="")


class FaseInn(Skjema):
    """A phase to be set. `lest`: what stood there when the form was opened."""

    organisasjon = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    fase = _fase()
    nivaa = _nivaa()
    fra = Oslotid(load_default=None, allow_none=True)
    til = Oslotid(load_default=None, allow_none=True)
    kilde = _tekst(300, required=True)
    begrunnelse = _tekst(LENGSTE_BEGRUNNELSE, required=True)
    lest = fields.String(load_default=None, allow_none=True)


class ForslagInn(Skjema):
    organisasjoner = fields.List(fields.UUID(error_messages=_ID), load_default=list)
    fase = _fase()
    nivaa = _nivaa()
    fra = Oslotid(load_default=None, allow_none=True)
    kilde = _tekst(300, required=True)
    begrunnelse = _tekst(2000, required=True)


class AvslagInn(Skjema):
    merknad = _tekst(500, load_default="")


class OppnevnInn(Skjema):
    medlemskap_id = fields.UUID(required=True, error_messages=_ID)


class OevelseInn(Skjema):
    navn = _tekst(200, required=True)
    fra = Oslotid(load_default=None, allow_none=True)
    til = Oslotid(required=True)
    fase = _fase()
    nivaa = _nivaa()
    organisasjoner = fields.List(fields.UUID(error_messages=_ID), load_default=list)


class ForlatInn(Skjema):
    """What was written meanwhile, as `oevelse_utkast.html` carries it; read as text: it is no field of anybody's."""

    utkast = fields.String(load_default="")


class InviterInn(Skjema):
    organisasjoner = fields.List(fields.UUID(error_messages=_ID), load_default=list)


class SpillInn(Skjema):
    organisasjon_id = fields.UUID(required=True, error_messages=_ID)
    fase = _fase()
    nivaa = _nivaa()


# --- out -------------------------------------------------------------------------------------------------


def _tid(tidspunkt: datetime | None) -> str | None:
    return tidspunkt.astimezone(UTC).isoformat() if tidspunkt else None


def situasjon_ut(organisasjon: Organisasjon, s: Situasjon, planlagte: list[Faseperiode]) -> dict[str, Any]:
    """What a program gets. Without a phase that somebody has set (`satt` false) it is 1, at the normal level."""
    return {
        "organisasjon": {"id": str(organisasjon.id), "navn": organisasjon.navn, "type": organisasjon.type},
        "fase": s.fase,
        "nivaa": str(s.nivaa),
        "satt": s.satt,
        "fra": _tid(s.fra),
        "til": _tid(s.til),
        "kilde": s.kilde,
        "planlagt": [
            {"fase": p.fase, "nivaa": p.nivaa, "fra": _tid(p.fra), "til": _tid(p.til), "kilde": p.kilde}
            for p in planlagte
        ],
    }
