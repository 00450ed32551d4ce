"""What the forms of this room bring, and what programs get. Hours are Oslo's wall clock in a form, UTC inside."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from portal.avtaler.schemas import Dag
from portal.beredskap.schemas import Oslotid
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.plasser.forloep import (
    ALLE_EVNER,
    Aarsaksgruppe,
    Aldersgruppe,
    Avslagsgrunn,
    Frahvor,
    Innen,
    Legedekning,
    Stengtgrunn,
    Tilhvor,
    Tilstand,
)
from portal.plasser.historikkregler import Opploesning

_VELG = {"required": _l("Velg ett av alternativene."), "null": _l("Velg ett av alternativene.")}
_FRA_LISTA = _l("Ugyldig valg. Velg fra lista.")
_ID = {"invalid_uuid": _FRA_LISTA, **_VELG}


def tekst(lengde: int, **kw: Any) -> fields.String:
    """A text of at most so many signs; a required one holds more than blanks."""
    for_lang = _l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)
    regler: list[Any] = [validate.Length(max=lengde, error=for_lang)]
    if kw.get("required"):
        regler.insert(0, validate.Regexp(r"(?s).*\S", error=_l("Dette må fylles ut.")))
    return fields.String(validate=regler, **kw)


def valg(kode: type[StrEnum], **kw: Any) -> fields.Enum[Any]:
    """One of a list; not said is None where it need not be."""
    ellers = {} if kw.get("required") else {"load_default": None, "allow_none": True}
    return fields.Enum(
        kode, by_value=True, **{**ellers, **kw}, error_messages={"unknown": _FRA_LISTA, **_VELG}
    )


def en_id(**kw: Any) -> fields.UUID:
    ellers = {} if kw.get("required") else {"load_default": None, "allow_none": True}
    return fields.UUID(**{**ellers, **kw}, error_messages=_ID)


def sett_versjon() -> fields.Integer:
    """Which version of the row the form was made from; programs may leave it out."""
    return fields.Integer(load_default=None, allow_none=True)


class Evnesum(fields.List):
    """Abilities as the form's boxes send them, «1», «4», …; inside it is their sum."""

    def __init__(self, **kw: Any) -> None:
        en = validate.OneOf([2**n for n in range(ALLE_EVNER.bit_length())], error=_FRA_LISTA)
        super().__init__(fields.Integer(validate=en), **{"load_default": 0, **kw})

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return sum(set(super()._deserialize(value, attr, data, **kwargs)))


class TomtInn(Skjema):
    """A button: nothing but the CSRF token."""


# --- the unit's own page ---------------------------------------------------------------------------------


class TilstandInn(Skjema):
    tilstand = valg(Tilstand, required=True)
    grunn = valg(Stengtgrunn)
    lest = sett_versjon()


class BemanningInn(Skjema):
    bemannet = Ja(required=True)
    lest = sett_versjon()


class HvemInn(Skjema):
    """Into which bed somebody is admitted: a free one, or the one that is held. In the address of the form."""

    plass = en_id()
    hold = en_id()


class InnleggelseInn(Skjema):
    plass_id = en_id()
    reservasjon_id = en_id()
    kommune_id = en_id()
    inn = Oslotid(load_default=None, allow_none=True)
    fra_hvor = valg(Frahvor)
    aldersgruppe = valg(Aldersgruppe)
    aarsaksgruppe = valg(Aarsaksgruppe)
    planlagt_timer = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=720, error=_l("Skriv et helt antall timer, fra 1 til 720.")),
    )
    lest = sett_versjon()


class OppholdInn(Skjema):
    """What became known of a stay after the admission."""

    fra_hvor = valg(Frahvor)
    aldersgruppe = valg(Aldersgruppe)
    aarsaksgruppe = valg(Aarsaksgruppe)
    planlagt_timer = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=720, error=_l("Skriv et helt antall timer, fra 1 til 720.")),
    )
    lest = sett_versjon()


class UtskrivningInn(Skjema):
    ut = Oslotid(load_default=None, allow_none=True)
    til_hvor = valg(Tilhvor)
    rengjoeres = Ja(load_default=False)
    lest = sett_versjon()


class AvvisInn(Skjema):
    grunn = valg(Avslagsgrunn, required=True)
    merknad = tekst(300, load_default="")
    ikke_fnr = Ja(load_default=False)


class HoldInn(Skjema):
    """A hold. `klient_id` is the form's own: the same form sent twice gives one hold."""

    klient_id = fields.UUID(required=True, error_messages=_ID)
    kommune_id = en_id()
    plass_id = en_id()
    evner = Evnesum()
    merknad = tekst(300, load_default="")
    over_kvote = Ja(load_default=False)
    ikke_fnr = Ja(load_default=False)


class HoldvalgInn(Skjema):
    """What a link fills into the form of a hold."""

    plass = en_id()
    evner = Evnesum()


class RegistreringInn(Skjema):
    """All beds at once; the beds' own fields are read by `service/registrering.py`, which knows the beds."""

    kommune_id = en_id()
    bekreftet = Ja(load_default=False)


class RegistrertPlassInn(TilstandInn):
    """One of those beds."""

    kommune = en_id()


class TilstandsfilInn(Skjema):
    tekst = fields.String(load_default="")
    kommune_id = en_id()
    bekreftet = Ja(load_default=False)


# --- the unit and its beds, as its coordinator keeps them ------------------------------------------------


def _timer(minst: int, mest: int, ord_: Any) -> fields.Integer:
    return fields.Integer(
        required=True,
        validate=validate.Range(min=minst, max=mest, error=ord_),
        error_messages={"invalid": ord_},
    )


_ANTALL = _l("Skriv et helt antall, fra 1 til 500.")


def _antall() -> fields.Integer:
    return _timer(1, 500, _ANTALL)


class EnhetInn(Skjema):
    """What is told of a unit."""

    adresse = tekst(300, load_default="")
    legedekning = valg(Legedekning, required=True)
    evner = Evnesum()
    kriterier = tekst(20_000, load_default="")
    fersk_timer_lav = _timer(1, 72, _l("Skriv et helt antall timer, fra 1 til 72."))
    fersk_timer_hoey = _timer(1, 72, _l("Skriv et helt antall timer, fra 1 til 72."))
    hold_minutter = _timer(15, 720, _l("Skriv et helt antall minutter, fra 15 til 720."))
    lest = fields.Integer(required=True)


class NyEnhetInn(Skjema):
    """A unit that gets its beds."""

    enhet_id = en_id(required=True)
    legedekning = valg(Legedekning, required=True)
    plasser = _antall()
    adresse = tekst(300, load_default="")
    evner = Evnesum()


class NyePlasserInn(Skjema):
    """Beds more: a name on each line, «Rom 1–8» for eight of them."""

    navn = tekst(10_000, required=True)
    normert = Ja(load_default=False)
    bemannet = Ja(load_default=False)
    bekreftet = Ja(load_default=False)
    evner = Evnesum()


class PlassInn(Skjema):
    navn = tekst(60, required=True)
    normert = Ja(load_default=False)
    evner = Evnesum()
    lest = fields.Integer(required=True)


class FlyttPlassInn(Skjema):
    opp = Ja(required=True)


class BekreftInn(Skjema):
    """A button with a box to tick: that one knows what it does."""

    bekreftet = Ja(load_default=False)


class KvoteInn(Skjema):
    """One kommune's place in a unit."""

    kommune_id = en_id(required=True)
    kvote = _timer(0, 500, _l("Skriv et helt antall plasser, fra 0 til 500."))


class KvoterInn(Skjema):
    """The kommuner with a place in a unit: `kommune` and `kvote` go by rows, `ut` are those to be taken out."""

    kommune = fields.List(fields.String(), load_default=list)
    kvote = fields.List(fields.String(), load_default=list)
    ut = fields.List(en_id(required=True), load_default=list)
    ny_kommune = en_id()
    ny_kvote = fields.String(load_default="")
    bekreftet = Ja(load_default=False)
    lest = fields.String(required=True)


class PersonellradInn(Skjema):
    rolle = tekst(100, required=True)
    antall = _antall()
    kompetanse = tekst(200, load_default="")


class RomradInn(Skjema):
    slag = tekst(100, required=True)
    antall = _antall()
    krav = tekst(200, load_default="")


class UtstyrsradInn(Skjema):
    navn = tekst(100, required=True)
    antall = _antall()


class OpptrappingInn(Skjema):
    """A row of the surge plan; what it takes is read list by list."""

    innen_timer = valg(Innen, required=True)
    antall = _antall()
    evner = Evnesum()
    merknad = tekst(1000, load_default="")
    lest = sett_versjon()


class OppholdsrettingInn(Skjema):
    inn = Oslotid(required=True)
    ut = Oslotid(load_default=None, allow_none=True)
    kommune_id = en_id(required=True)
    fra_hvor = valg(Frahvor)
    aldersgruppe = valg(Aldersgruppe)
    aarsaksgruppe = valg(Aarsaksgruppe)
    planlagt_timer = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=720, error=_l("Skriv et helt antall timer, fra 1 til 720.")),
    )
    til_hvor = valg(Tilhvor)
    begrunnelse = tekst(500, required=True)
    ikke_fnr = Ja(load_default=False)
    lest = fields.Integer(required=True)


class StrykInn(Skjema):
    begrunnelse = tekst(500, required=True)
    ikke_fnr = Ja(load_default=False)
    lest = fields.Integer(required=True)


class TidsrettingInn(Skjema):
    tidspunkt = Oslotid(required=True)
    begrunnelse = tekst(500, required=True)
    ikke_fnr = Ja(load_default=False)


# --- the board, its map and its search -------------------------------------------------------------------


class OversiktInn(Skjema):
    """What the overview is narrowed by, and the search: `q` in words, or the choices one by one (`sok`)."""

    q = tekst(200, load_default="")
    sok = Ja(load_default=False)
    evner = Evnesum()
    fra = tekst(4, load_default="")
    km = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=3000, error=_l("Skriv et helt antall kilometer, fra 1 til 3000.")),
    )
    bare_mine = Ja(load_default=False)
    grupper = fields.String(
        load_default="foretak", validate=validate.OneOf(["foretak", "fylke", "enhet"], error=_FRA_LISTA)
    )
    gruppe = tekst(200, load_default=None)
    foretak = tekst(40, load_default="")
    fylke = tekst(200, load_default="")
    navn = tekst(200, load_default="")
    ledig = Ja(load_default=False)
    side = fields.Integer(
        load_default=1, validate=validate.Range(min=1, max=1000, error=_l("Skriv et tall fra 1 og oppover."))
    )


class KartInn(Skjema):
    omraade = fields.String(
        load_default="norge", validate=validate.OneOf(["norge", "soer", "nord", "mitt"], error=_FRA_LISTA)
    )
    kommune = tekst(4, load_default="")


class TabellInn(Skjema):
    """The column that the table is sorted by, a minus in front turns it round; and whether kommuner without a unit are
    left out. «foerst»: the own and the near ones first."""

    sorter = tekst(20, load_default="foerst")
    bare = Ja(load_default=False)


# --- history, reports and the need for more places -------------------------------------------------------


# --- the API and the socket ------------------------------------------------------------------------------


class IngentingInn(Skjema):
    """A call without a body."""


class TavleInn(Skjema):
    """What of the board is known already: its version, and the name of the phases it was read in."""

    etter = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=2**62, error=_l("Skriv et tall fra 0 og oppover.")),
    )
    faser = tekst(40, load_default=None, allow_none=True)


class SoekApiInn(Skjema):
    """A search for a free bed. `evner` is a sum of abilities, `fra` a kommunenummer."""

    evner = fields.Integer(load_default=0, validate=validate.Range(min=0, max=ALLE_EVNER, error=_FRA_LISTA))
    fra = fields.String(
        load_default=None,
        validate=validate.Regexp(r"\d{4}\Z", error=_l("Skriv kommunenummeret med fire sifre.")),
    )
    innen_km = fields.Integer(
        load_default=None,
        validate=validate.Range(min=1, max=3000, error=_l("Skriv et helt antall kilometer, fra 1 til 3000.")),
    )
    bare_mine = Ja(load_default=False)


def _tid() -> fields.AwareDateTime:
    return fields.AwareDateTime(load_default=None, allow_none=True, format="iso", default_timezone=None)


class HoldApiInn(Skjema):
    """As the form, with `evner` as a sum."""

    klient_id = fields.UUID(required=True, error_messages=_ID)
    kommune_id = en_id()
    plass_id = en_id()
    evner = fields.Integer(load_default=0, validate=validate.Range(min=0, max=ALLE_EVNER, error=_FRA_LISTA))
    merknad = tekst(300, load_default="")
    over_kvote = Ja(load_default=False)
    ikke_fnr = Ja(load_default=False)


class InnlagtApiInn(Skjema):
    """What is told of a stay. Moments say their time zone; it begins now where `inn` is not said."""

    inn = _tid()
    fra_hvor = valg(Frahvor)
    aldersgruppe = valg(Aldersgruppe)
    aarsaksgruppe = valg(Aarsaksgruppe)
    planlagt_timer = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=720, error=_l("Skriv et helt antall timer, fra 1 til 720.")),
    )


class OppholdApiInn(InnlagtApiInn):
    plass_id = en_id()
    reservasjon_id = en_id()
    kommune_id = en_id()
    lest = sett_versjon()


class UtskrivApiInn(Skjema):
    """The bed is to be cleaned where nothing else is said."""

    ut = _tid()
    til_hvor = valg(Tilhvor)
    rengjoeres = Ja(load_default=True)
    lest = sett_versjon()


_DATO = {"invalid": _l("Skriv en dato som 2026-11-21.")}


class HistorikkInn(Skjema):
    """Whose occupancy, when, and how fine. `omraade`: «land», or a kind and an id: «foretak:…»."""

    omraade = tekst(50, load_default="")
    enhet = en_id()
    foretak = en_id()
    fylke = en_id()
    kommune = en_id()
    periode = fields.String(
        load_default="30",
        validate=validate.OneOf(["7", "30", "90", "365", "3650", "egen"], error=_FRA_LISTA),
    )
    fra = fields.Date(load_default=None, error_messages=_DATO)
    til = fields.Date(load_default=None, error_messages=_DATO)
    opploesning = valg(Opploesning)


class RapportInn(Skjema):
    kommune = en_id()
    aar = fields.Integer(
        load_default=None,
        validate=validate.Range(min=2000, max=2200, error=_l("Skriv et årstall, for eksempel 2026.")),
    )


class BehovInn(Skjema):
    """Whose need is to be assessed."""

    kommune_id = en_id(required=True)


class VurderingInn(Skjema):
    """An assessment as its form sends it. `hent_tall`: the button that fills the figures in anew."""

    lest = fields.Integer(required=True)
    fra = Dag(required=True)
    til = Dag(required=True)
    vurdering = tekst(20_000, load_default="")
    veiledning = tekst(10_000, load_default="")
    personell = tekst(10_000, load_default="")
    utstyr = tekst(10_000, load_default="")
    konklusjon = tekst(10_000, load_default="")
    flere_plasser = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=-500, max=500, error=_l("Skriv et helt tall fra -500 til 500.")),
    )
    neste = Dag(load_default=None, allow_none=True)
    hent_tall = Ja(load_default=False)
    ikke_fnr = Ja(load_default=False)
    #: What stood in each field when the form was made (`routes/behov.py`).
    grunnlag = fields.String(load_default="", validate=validate.Length(max=1000))


class BeslutningInn(Skjema):
    """`lest_hash`: the text that was read."""

    lest_hash = fields.String(required=True, validate=validate.Length(max=64))


class ForkastInn(Skjema):
    lest = fields.Integer(required=True)


class FerskInn(Skjema):
    """«Ingen endring» from another page: where it was clicked."""

    neste = fields.String(load_default="/", validate=validate.Length(max=2000))
