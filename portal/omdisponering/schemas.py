"""What the forms of this room bring, and what programs get. Hours are Oslo's wall clock in a form, UTC inside."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import RAISE, fields, validate

from portal.avtaler.schemas import Dag
from portal.beredskap.schemas import Oslotid
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.omdisponering.forloep import (
    ALL_KOMPETANSE,
    ALLE_LOKALKRAV,
    Alvor,
    Delegert,
    Lokaleslag,
    Slag,
    Status,
    Stilling,
)
from portal.omdisponering.service.delegering import Utvalg as Delegeringsutvalg
from portal.omdisponering.tidslinjeregler import LOKALER, Retning, Vinduslengde
from portal.plasser.schemas import en_id, sett_versjon, tekst, valg


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


# --- the timeline -----------------------------------------------------------------------------------

_DAG = {"invalid": _l("Skriv en dato som 2026-11-21.")}


class TidslinjeInn(Skjema):
    """Which days, and what of them. `vis_omraade`: a trust or a fylke whose area is shown, instead of the own
    organisation; `omraade`: where the other side lies; `vis`: row by row also where there are many."""

    vindu = valg(Vinduslengde, load_default=Vinduslengde.FIRE_UKER)
    dag = fields.Date(load_default=None, error_messages=_DAG)
    fra = fields.Date(load_default=None, error_messages=_DAG)
    til = fields.Date(load_default=None, error_messages=_DAG)
    status = valg(Status)
    stilling = fields.String(
        load_default="",
        validate=validate.OneOf(["", *Stilling, LOKALER], error=_l("Ugyldig valg. Velg fra lista.")),
    )
    retning = valg(Retning)
    motpart = en_id()
    omraade = en_id()
    vis_omraade = en_id()
    vis = fields.String(
        load_default="", validate=validate.OneOf(["", "enkeltvis"], error=_l("Ugyldig valg. Velg fra lista."))
    )
    side = fields.Integer(
        load_default=1,
        validate=validate.Range(min=1, max=100_000, error=_l("Ugyldig valg. Velg fra lista.")),
    )


# --- what follows: hours, incidents, evaluation; delegated tasks; the reserve and the decisions ----------


class Minutter(fields.Field[int]):
    """Hours as people write them, «7,5», «7:30» or «7 t 30», in minutes."""

    _FORM = re.compile(
        r"(\d{1,2})(?:[.,](\d{1,2})|(?::|\s*t\s*)([0-5]?\d)?(?:\s*m(?:in)?)?)?\s*(?:t|timer)?", re.I
    )

    default_error_messages = {"invalid": _l("Skriv timene som 7,5 eller 7:30.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> int:
        m = self._FORM.fullmatch(str(value).strip())
        if m is None:
            raise self.make_error("invalid")
        del_av = round(float(f"0.{m[2]}") * 60) if m[2] else int(m[3] or 0)
        return int(m[1]) * 60 + del_av


class UkeInn(Skjema):
    """Which week: any of its days."""

    uke = Dag(load_default=None, allow_none=True)


class TimeradInn(Skjema):
    """The hours of a person and a day: nothing in `timer` takes away what was written."""

    linje = en_id(required=True)
    dag = Dag(required=True)
    timer = Minutter(load_default=None, allow_none=True)
    merknad = tekst(200, load_default="")
    lest = sett_versjon()


class AvvikInn(Skjema):
    hendt = Oslotid(required=True)
    alvor = valg(Alvor, required=True)
    tekst = tekst(4000, required=True)
    ikke_fnr = Ja(load_default=False)


class TiltakInn(Skjema):
    tiltak = tekst(4000, required=True)
    lest = sett_versjon()
    ikke_fnr = Ja(load_default=False)


def _karakter() -> fields.Integer:
    """An answer from 1 to 5."""
    return fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=5, error=_l("Velg et tall fra 1 til 5.")),
        error_messages={"required": _l("Velg et tall fra 1 til 5."), "null": _l("Velg et tall fra 1 til 5.")},
    )


class EvalueringInn(Skjema):
    nytte = _karakter()
    avklart = _karakter()
    igjen = _karakter()
    egne_ord = tekst(4000, load_default="")
    lest = sett_versjon()
    ikke_fnr = Ja(load_default=False)


class DelegeringsvalgInn(Skjema):
    """Which delegations, and how they stand: by person or by task."""

    vis = valg(Delegeringsutvalg, load_default=Delegeringsutvalg.NAA)
    etter = fields.String(
        load_default="person", validate=validate.OneOf(["person", "oppgave"], error=_l("Velg fra lista."))
    )


class NyDelegeringInn(Skjema):
    """Where the form begins: from one that is to be given anew."""

    fornyer = en_id()


class DelegeringInn(Skjema):
    """`hvem`: «person», or «person:reallocation» of somebody borrowed."""

    hvem = fields.String(
        required=True,
        validate=validate.Regexp(r"[0-9a-f-]{36}(:[0-9a-f-]{36})?\Z", error=_l("Velg personen fra lista.")),
        error_messages={"required": _l("Velg personen fra lista.")},
    )
    oppgave = valg(Delegert, required=True)
    omfang = tekst(500, required=True)
    fra = Dag(required=True)
    til = Dag(required=True)
    fullmakt_av = tekst(200, required=True)
    opplaering = tekst(300, required=True)
    opplaert = Dag(required=True)
    veileder = tekst(200, required=True)
    ikke_fnr = Ja(load_default=False)


class TrekkDelegeringInn(Skjema):
    grunn = tekst(300, required=True)
    lest = sett_versjon()
    ikke_fnr = Ja(load_default=False)


class ReserveInn(Skjema):
    navn = tekst(200, required=True)
    stilling = valg(Stilling, required=True)
    kompetanse = Flaggsum(ALL_KOMPETANSE)
    epost = tekst(254, required=True)
    telefon = tekst(30, load_default="")
    sted_id = en_id()
    hpr = tekst(20, load_default="")
    hpr_slaatt_opp = Ja(load_default=False)
    lest = sett_versjon()


class LestInn(Skjema):
    """A button on a row that somebody else may have changed."""

    lest = sett_versjon()


class SamtykkeendringInn(Skjema):
    """What the person changes on the own page."""

    kompetanse = Flaggsum(ALL_KOMPETANSE)
    epost = tekst(254, required=True)
    telefon = tekst(30, load_default="")
    sted_id = en_id()
    reise_km = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(
            min=0, max=3000, error=_l("Skriv et tall fra 0 til 3000, eller la feltet stå tomt.")
        ),
    )
    prosent = fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=100, error=_l("Stillingsandelen må være fra 1 til 100 %.")),
    )
    vaksinert = Ja(load_default=None, allow_none=True)
    smittevern = Dag(load_default=None, allow_none=True)
    lest = sett_versjon()


class VedtakInn(Skjema):
    hjemmel = tekst(200, required=True)
    besluttet_av = tekst(200, required=True)
    vedtatt = Dag(required=True)
    referanse = tekst(100, required=True)
    omfang = tekst(2000, required=True)
    fra = Dag(required=True)
    til = Dag(required=True)
    ikke_fnr = Ja(load_default=False)


# --- needs and offers --------------------------------------------------------------------------------


class OpptrappingInn(Skjema):
    """The line of a surge plan that a need is made from, in the address of its form."""

    slag = valg(Slag)
    opptrapping = en_id()
    liste = fields.String(load_default="personell")
    nr = fields.Integer(load_default=0, allow_none=True)


class BehovInn(OpptrappingInn):
    """A need for people or premises, as its form sends it. `gjoer`: «meld» states it at once."""

    enhet_id = en_id()
    stilling = valg(Stilling)
    kompetanse: fields.Field[Any] = Flaggsum(ALL_KOMPETANSE)
    krever_autorisasjon = Ja(load_default=False)
    krever_vaksine = Ja(load_default=False)
    krever_smittevern = Ja(load_default=False)
    andel = fields.Integer(load_default=100)
    lokaleslag = valg(Lokaleslag)
    plasser = fields.Integer(load_default=None, allow_none=True)
    kvm = fields.Integer(load_default=None, allow_none=True)
    lokalkrav: fields.Field[Any] = Flaggsum(ALLE_LOKALKRAV)
    antall = fields.Integer(load_default=1)
    minst = fields.Integer(load_default=0)
    fra: fields.Field[Any] = Oslotid(load_default=None, allow_none=True)
    til: fields.Field[Any] = Oslotid(load_default=None, allow_none=True)
    sted_id = en_id()
    hvorfor = tekst(2000, load_default="")
    gjoer = fields.String(load_default="meld")
    lest = sett_versjon()
    ikke_fnr = Ja(load_default=False)


class LukkInn(Skjema):
    """Nothing more is needed, and why."""

    grunn = tekst(500, load_default="")
    lest = fields.Integer(required=True)
    ikke_fnr = Ja(load_default=False)


class BehovslestInn(Skjema):
    """A button: which version of the row was read."""

    lest = fields.Integer(required=True)


class BehovslisteInn(Skjema):
    """Which needs, in the address of the list."""

    hvem = fields.String(
        load_default="andre",
        validate=validate.OneOf(["andre", "egne"], error=_l("Ugyldig valg. Velg fra lista.")),
    )
    slag = valg(Slag)
    alle = Ja(load_default=False)
    side = fields.Integer(
        load_default=1,
        validate=validate.Range(min=1, max=100_000, error=_l("Ugyldig valg. Velg fra lista.")),
    )


class TilbudsvalgInn(Skjema):
    """What is offered from: one need, or people or premises in a period. In the address of the form."""

    behov = en_id()
    slag = valg(Slag)
    fra = Oslotid(load_default=None, allow_none=True)
    til = Oslotid(load_default=None, allow_none=True)


class TilbudInn(Skjema):
    """Who and what is offered, when and how much."""

    behov_id = en_id()
    slag = valg(Slag)
    personer = fields.List(en_id(), load_default=list)
    lokaler = fields.List(en_id(), load_default=list)
    fra = Oslotid(load_default=None, allow_none=True)
    til = Oslotid(load_default=None, allow_none=True)
    andel = fields.Integer(load_default=100)
    merknad = tekst(500, load_default="")
    ikke_fnr = Ja(load_default=False)


class UtkastInn(Skjema):
    """The offers that a draft is made of."""

    tilbud = fields.List(en_id(required=True), load_default=list)


class BehovApiInn(BehovInn):
    """As the form, with moments in a time zone that they say, and sums of competences and demands."""

    slag = valg(Slag, required=True)
    kompetanse = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=ALL_KOMPETANSE, error=_l("Ugyldig valg. Velg fra lista.")),
    )
    lokalkrav = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=ALLE_LOKALKRAV, error=_l("Ugyldig valg. Velg fra lista.")),
    )
    fra = fields.AwareDateTime(required=True, format="iso", default_timezone=None)
    til = fields.AwareDateTime(required=True, format="iso", default_timezone=None)
    gjoer = fields.String(
        load_default="meld",
        validate=validate.OneOf(["meld", "utkast"], error=_l("Ugyldig valg. Velg fra lista.")),
    )

    class Meta:
        unknown = RAISE
        exclude = ("opptrapping", "liste", "nr", "lest")


class OmdlisteInn(Skjema):
    """Which reallocations, in the address of the list."""

    status = valg(Status)
    side = fields.Integer(
        load_default=1,
        validate=validate.Range(min=1, max=100_000, error=_l("Ugyldig valg. Velg fra lista.")),
    )


class TilbudslisteInn(Skjema):
    """Which offers, in the address of the list."""

    slag = valg(Slag)


class AvslaaApiInn(Skjema):
    lest = fields.String(required=True)
    grunn = tekst(500, required=True)
    ikke_fnr = Ja(load_default=False)


# --- who and what can be lent (F1) -----------------------------------------------------------------------


def _helt(minst: int, mest: int, ord_: Any, **kw: Any) -> fields.Integer:
    ellers = {} if kw.get("required") else {"load_default": None, "allow_none": True}
    return fields.Integer(
        validate=validate.Range(min=minst, max=mest, error=ord_),
        error_messages={"invalid": ord_},
        **{**ellers, **kw},
    )


_PLASSER_PER = _l("Skriv et tall fra 0 til 20, for eksempel 2,5.")
_PROSENT = _l("Stillingsandelen må være fra 1 til 100 prosent.")


class PersonInn(Skjema):
    """Somebody who can be lent."""

    navn = tekst(200, required=True)
    stilling = valg(Stilling, required=True)
    enhet_id = en_id()
    kompetanse = Flaggsum(ALL_KOMPETANSE)
    hpr = tekst(20, load_default="")
    prosent = _helt(1, 100, _PROSENT, required=True)
    sted_id = en_id(required=True)
    reise_km = _helt(0, 3000, _l("Reiseavstanden må være fra 0 til 3000 kilometer."))
    telefon = tekst(30, load_default="")
    epost = tekst(254, load_default="")
    vaksinert = Ja(load_default=None, allow_none=True)
    smittevern = Dag(load_default=None, allow_none=True)
    fritatt = Ja(load_default=False)
    bruker = tekst(254, load_default="")
    lest = sett_versjon()


class HprInn(Skjema):
    """The number that was looked up, and whether the authorisation is valid."""

    hpr = tekst(9, required=True)
    gyldig = Ja(load_default=True)


class BorteInn(Skjema):
    """When somebody, or premises, cannot be lent. Never why."""

    fra = Oslotid(required=True)
    til = Oslotid(required=True)


class BekreftInn(Skjema):
    bekreftet = Ja(load_default=False)


class PersonutvalgInn(Skjema):
    """What the address narrows the list of people to."""

    q = tekst(200, load_default="")
    stilling = valg(Stilling)
    enhet = en_id()
    kompetanse = _helt(1, ALL_KOMPETANSE, _l("Ugyldig valg. Velg fra lista."))
    vis = fields.String(load_default="", validate=validate.OneOf(["", "ledig", "lovet", "borte", "uten_hpr"]))
    side = fields.Integer(load_default=1)


class PersonfilInn(Skjema):
    tekst = fields.String(load_default="")


class LokaleInn(Skjema):
    """Premises that can be lent."""

    navn = tekst(200, required=True)
    slag = valg(Lokaleslag, required=True)
    enhet_id = en_id()
    sted_id = en_id(required=True)
    adresse = tekst(300, load_default="")
    plasser = _helt(0, 1000, _l("Skriv et helt antall plasser, fra 0 til 1000."))
    kvm = _helt(1, 100_000, _l("Skriv et helt antall kvadratmeter, fra 1 til 100 000."))
    krav = Flaggsum(ALLE_LOKALKRAV)
    merknad = tekst(500, load_default="")
    ikke_fnr = Ja(load_default=False)
    lest = sett_versjon()


class LokaleutvalgInn(Skjema):
    """What the address narrows the list of premises to."""

    q = tekst(200, load_default="")
    slag = valg(Lokaleslag)
    krav = _helt(1, ALLE_LOKALKRAV, _l("Ugyldig valg. Velg fra lista."))
    vis = fields.String(load_default="", validate=validate.OneOf(["", "ledig", "lovet", "borte", "nedlagt"]))
    side = fields.Integer(load_default=1)


class Komma(fields.Float):
    """A number with a comma or a point."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> Any:
        return super()._deserialize(
            value.replace(",", ".") if isinstance(value, str) else value, attr, data, **kw
        )


class GulvInn(Skjema):
    """How many of a profession a unit has, and how few must be left."""

    enhet_id = en_id(required=True)
    stilling = valg(Stilling, required=True)
    antall = _helt(0, 1000, _l("Skriv et helt antall, fra 0 til 1000."), required=True)
    gulv = _helt(0, 1000, _l("Skriv et helt antall, fra 0 til 1000."), required=True)
    plasser_per = Komma(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=20, error=_PLASSER_PER),
        error_messages={"invalid": _PLASSER_PER},
    )
    lest = sett_versjon()
