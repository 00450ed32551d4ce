"""What the forms of a reallocation bring: its content, its lines, and the clicks of both sides."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from portal.beredskap.schemas import Oslotid
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.plasser.schemas import en_id, tekst


def _antall(til: int, **kw: Any) -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=til, error=_l("Antallet må være fra 0 til %(mest)s.", mest=til)),
        **kw,
    )


class KlikkInn(Skjema):
    """A click: which content was read."""

    lest = fields.String(required=True)


class GrunnInn(KlikkInn):
    """A no, taking it back, or ending it before its time: why."""

    grunn = tekst(500, load_default="")
    ikke_fnr = Ja(load_default=False)


class GodkjenningInn(KlikkInn):
    """The lender's approval carries its lines (`linjer`): which it keeps, who has said yes, who is ordered."""

    linjer = Ja(load_default=False)
    behold = fields.List(en_id(required=True), load_default=list)
    ja = fields.List(en_id(required=True), load_default=list)
    beordret = fields.List(en_id(required=True), load_default=list)
    stenges = _antall(200)
    aapnes = _antall(200)
    gulv_overstyrt = tekst(500, load_default=None, allow_none=True)
    vedtak_id = en_id()
    ikke_fnr = Ja(load_default=False)


class OmdisponeringInn(KlikkInn):
    """What is said of a reallocation beside its lines."""

    ansvarsforhold = tekst(4000, load_default="")
    arbeidsgiveransvar = tekst(4000, load_default="")
    organisering = tekst(4000, load_default="")
    finansiering = tekst(4000, load_default="")
    bestemmelse_id = en_id()
    avgiver_enhet_id = en_id()
    mottaker_enhet_id = en_id()
    stenges = _antall(200)
    aapnes = _antall(200)
    gulv_overstyrt = tekst(500, load_default="")
    vedtak_id = en_id()
    merknad = tekst(2000, load_default="")
    ikke_fnr = Ja(load_default=False)


class OmdisponeringslinjeInn(Skjema):
    """A line of the form. Times left out: the offer's, or the need's."""

    fra = Oslotid(load_default=None, allow_none=True)
    til = Oslotid(load_default=None, allow_none=True)
    andel = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=100, error=_l("Stillingsandelen må være fra 1 til 100 prosent.")),
    )
