"""What the forms of a reallocation bring, and what programs send: its content, its lines, the clicks of both sides."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from portal.beredskap.schemas import Oslotid
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.plasser.schemas import en_id, tekst


def _antall(til: int, **kw: Any) -> fields.Integer:
    return fields.Integer(
        validate=validate.Range(min=0, max=til, error=_l("Antallet må være fra 0 til %(mest)s.", mest=til)),
        **(kw or {"load_default": None, "allow_none": True}),
    )


def _andel() -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=100, error=_l("Stillingsandelen må være fra 1 til 100 prosent.")),
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
    andel = _andel()


# --- from programs: what is left out stays as it is ------------------------------------------------------


class GodkjennApiInn(KlikkInn):
    """What was read (`innhold_hash`), and what the lender settles: which lines it keeps (`behold`), who has said yes
    (`ja`), who is ordered (`beordret`), each a whole list; and the fields."""

    behold = fields.List(en_id(required=True), load_default=None, allow_none=True)
    ja = fields.List(en_id(required=True), load_default=None, allow_none=True)
    beordret = fields.List(en_id(required=True), load_default=None, allow_none=True)
    stenges = _antall(200, required=False)
    aapnes = _antall(200, required=False)
    gulv_overstyrt = tekst(500)
    vedtak_id = fields.UUID(allow_none=True)
    ikke_fnr = Ja(load_default=False)


class LinjeApiInn(Skjema):
    """A line: from an offer, or (the lender) straight from the register. Times left out: the offer's, or the need's."""

    tilbud_id = en_id()
    ressursperson_id = en_id()
    lokale_id = en_id()
    fra = fields.AwareDateTime(load_default=None, allow_none=True, format="iso", default_timezone=None)
    til = fields.AwareDateTime(load_default=None, allow_none=True, format="iso", default_timezone=None)
    andel = _andel()
    samtykket = Ja(load_default=False)
    beordret = Ja(load_default=False)

    @validates_schema
    def _en_av_dem(self, data: dict[str, Any], **_kw: Any) -> None:
        if sum(data[felt] is not None for felt in ("tilbud_id", "ressursperson_id", "lokale_id")) != 1:
            raise ValidationError(_l("Velg ett tilbud, én person eller ett lokale."), "tilbud_id")


class InnholdApiInn(Skjema):
    """What is said of a reallocation beside its lines."""

    ansvarsforhold = tekst(4000)
    arbeidsgiveransvar = tekst(4000)
    organisering = tekst(4000)
    finansiering = tekst(4000)
    bestemmelse_id = fields.UUID(allow_none=True)
    avgiver_enhet_id = fields.UUID(allow_none=True)
    mottaker_enhet_id = fields.UUID(allow_none=True)
    stenges = _antall(200, required=False)
    aapnes = _antall(200, required=False)
    gulv_overstyrt = tekst(500)
    vedtak_id = fields.UUID(allow_none=True)
    merknad = tekst(2000)
    ikke_fnr = Ja(load_default=False)


class UtkastApiInn(InnholdApiInn):
    """A new draft for a need. Of the legal fields and the beds that it does not say, the portal proposes some."""

    behov_id = en_id(required=True)
    linjer = fields.List(fields.Nested(LinjeApiInn), required=True)


class EndreApiInn(InnholdApiInn):
    """Which content was read, and what of it is another: lines, where they are sent, all of them."""

    lest = fields.String(required=True)
    linjer = fields.List(fields.Nested(LinjeApiInn), load_default=None, allow_none=True)
