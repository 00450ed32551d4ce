"""What the forms and the API of agreements bring. Days are Oslo's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from portal.avtaler import innhold
from portal.avtaler.forloep import Art, Avtaletype, Uenighetstrinn
from portal.avtaler.punkter import Situasjon
from portal.avtaler.service.lesing import TILSTANDER
from portal.avtaler.utskrivning import TRINN
from portal.beredskap.models import Beredskapsnivaa
from portal.beredskap.schemas import Oslotid
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.identitet.fagomraader import ALLE_OMRAADER

_MAA_FYLLES = {"required": _l("Dette må fylles ut."), "null": _l("Dette må fylles ut.")}
_VELG = {"required": _l("Velg ett av alternativene."), "null": _l("Velg ett av alternativene.")}
_FRA_LISTA = _l("Ugyldig valg. Velg fra lista.")
_ID = {"invalid_uuid": _FRA_LISTA, **_VELG}
_NORSK = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\Z")


class Dag(fields.Field[date]):
    """A day: what `<input type="date">` sends, or «31.12.2026»."""

    def __init__(self, **kw: Any) -> None:
        meldinger = {
            "invalid": _l("Skriv dagen som 31.12.2026."),
            **_MAA_FYLLES,
            **kw.pop("error_messages", {}),
        }
        super().__init__(**kw, error_messages=meldinger)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        try:
            tekst = str(value).strip()
            m = _NORSK.match(tekst)
            dag = date(int(m[3]), int(m[2]), int(m[1])) if m else date.fromisoformat(tekst)
            if not 1980 <= dag.year <= 2200:
                raise ValueError
            return dag
        except ValueError:
            raise self.make_error("invalid") from None


class Tekst(fields.String):
    """A text as it is stored (`innhold.ren`): no control signs, at most `lengde` signs."""

    def __init__(self, lengde: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.lengde = lengde

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        tekst = super()._deserialize(value, attr, data, **kwargs)
        if innhold.ULOVLIGE.search(tekst):
            raise ValidationError(
                _l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")
            )
        tekst = innhold.ren(tekst)
        if len(tekst) > self.lengde:
            raise ValidationError(_l("Teksten er for lang: høyst %(antall)s tegn.", antall=self.lengde))
        if self.required and not tekst:
            raise ValidationError(_l("Skriv noe her."))
        return tekst


def _en_av(verdier: Any) -> validate.OneOf:
    return validate.OneOf([str(v) for v in verdier], error=_FRA_LISTA)


# --- an agreement ---


class NyAvtaleInn(Skjema):
    """Begins an agreement. `mal`: the name of a template; `kopi_av`: another agreement, whose clauses come along."""

    type = fields.String(required=True, validate=_en_av(Avtaletype), error_messages=_VELG)
    tittel = Tekst(300, required=True)
    nummer = Tekst(30, load_default="")
    overordnet_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    maalform = fields.String(load_default="nb", validate=_en_av(("nb", "nn")))
    mal = Tekst(60, load_default="")
    kopi_av = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


class OpplysningerInn(Skjema):
    """What is said about the version that is worked on. `lest`: its `versjon` as the form was opened."""

    tittel = Tekst(300, required=True)
    nummer = Tekst(30, load_default="")
    medvirkning = Tekst(20_000, load_default="")
    notat = Tekst(5_000, load_default="")
    oensket_fra = Dag(load_default=None, allow_none=True)
    lest = fields.Integer(load_default=None, allow_none=True)


class AvtalefilterInn(Skjema):
    """What the list is narrowed to, and its page."""

    q = Tekst(200, load_default="")
    type = fields.String(load_default="", validate=_en_av(("", *Avtaletype)))
    tilstand = fields.String(load_default="", validate=_en_av(("", *TILSTANDER)))
    eier_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    part_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    side = fields.Integer(load_default=1, validate=validate.Range(min=1, max=100_000))


class VersjonInn(Skjema):
    """Which version a page shows; none: the one that holds."""

    versjon = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=100_000))


# --- its clauses ---


class _Kriterium(Skjema):
    kriterium = Tekst(innhold.LENGSTE_FELT, load_default="")
    hvem = Tekst(innhold.LENGSTE_FELT, load_default="")
    frist = Tekst(innhold.LENGSTE_FELT, load_default="")


class _Matriserad(Skjema):
    oppgave = Tekst(innhold.LENGSTE_FELT, load_default="")
    foretak = fields.String(load_default="", validate=_en_av(("", *innhold.ANSVAR)))
    kommune = fields.String(load_default="", validate=_en_av(("", *innhold.ANSVAR)))


class _Forpliktelse(Skjema):
    tekst = Tekst(innhold.LENGSTE_FELT, load_default="")
    hyppighet = fields.String(load_default="aarlig", validate=_en_av(innhold.HYPPIGHET))
    frist = Tekst(innhold.LENGSTE_FELT, load_default="")
    sider = fields.List(fields.String(validate=_en_av(("foretak", "kommune"))), load_default=list)


class _Tiltak(Skjema):
    navn = Tekst(innhold.LENGSTE_FELT, load_default="")
    ansvarsforhold = Tekst(innhold.LENGSTE_FELT, load_default="")
    arbeidsgiveransvar = Tekst(innhold.LENGSTE_FELT, load_default="")
    organisering = Tekst(innhold.LENGSTE_FELT, load_default="")
    finansiering = Tekst(innhold.LENGSTE_FELT, load_default="")


def _rader(skjema: type[Skjema]) -> fields.List[Any]:
    return fields.List(
        fields.Nested(skjema),
        load_default=list,
        validate=validate.Length(
            max=innhold.FLEST, error=_l("Det er for mange rader. Del dem på flere bestemmelser.")
        ),
    )


class BestemmelseInn(Skjema):
    """A clause as a form or the API gives it; `faser` as numbers. Rows in which nothing is written are left out.

    Loads to {"data": the fields of `innhold.FELT`, "lest": the hash of the clause as it was read, None: it is new}.
    """

    nummer = Tekst(innhold.LENGDE["nummer"], load_default="")
    overskrift = Tekst(innhold.LENGDE["overskrift"], required=True)
    tekst = Tekst(innhold.LENGDE["tekst"], load_default="")
    art = fields.String(required=True, validate=_en_av(Art), error_messages=_VELG)
    punkt = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(
            min=1, max=13, error=_l("Velg et av punktene 1 til 13 i § 6-2, eller ingen.")
        ),
    )
    faser = fields.List(
        fields.Integer(validate=validate.Range(min=1, max=5, error=_FRA_LISTA)),
        load_default=lambda: [1, 2, 3, 4, 5],
        validate=validate.Length(min=1, error=_l("Velg minst én fase som bestemmelsen gjelder i.")),
    )
    fagomraader = fields.List(fields.String(), load_default=list)
    kriterier = _rader(_Kriterium)
    matrise = _rader(_Matriserad)
    forpliktelser = _rader(_Forpliktelse)
    tiltak = _rader(_Tiltak)
    trinn = fields.List(fields.String(validate=_en_av(TRINN)), load_default=list)
    lest = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))

    @post_load
    def _som_data(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        lest = data.pop("lest")
        data["faser"] = innhold.fasebits(data["faser"])
        data["trinn"] = [t for t in TRINN if t in data["trinn"]]
        data["fagomraader"] = sorted(set(data["fagomraader"]))
        for navn, felter in innhold.LISTER.items():
            tekstfelt = [f for f in felter if f not in ("hyppighet", "sider")]
            data[navn] = [rad for rad in data[navn] if any(rad.get(f) for f in tekstfelt)]
        return {"data": data, "lest": lest}


class LestInn(Skjema):
    """The hash of the clause as it was read, sent along when it is struck."""

    lest = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


class TekstInn(Skjema):
    """A text to be shown as it will look."""

    tekst = Tekst(innhold.LENGDE["tekst"], load_default="")


class FlyttInn(Skjema):
    """Before which clause it is put; none: last."""

    foer = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


# --- its parties ---


class InviterInn(Skjema):
    organisasjoner = fields.List(
        fields.UUID(error_messages=_ID),
        required=True,
        validate=validate.Length(min=1, error=_l("Velg minst én kommune.")),
    )


class PartsvarInn(Skjema):
    """The answer to an invitation."""

    ja = Ja(required=True, error_messages=_VELG)


class PartInn(Skjema):
    organisasjon_id = fields.UUID(required=True, error_messages=_ID)


# --- what holds, and searching ---


class GjelderInn(Skjema):
    """What «Hva gjelder nå?» is asked about; what is empty is left out."""

    kommune = fields.UUID(load_default=None, error_messages={"invalid_uuid": _FRA_LISTA})
    situasjon = fields.String(load_default=None, validate=_en_av(Situasjon))
    fagomraade = fields.String(load_default=None, validate=_en_av(ALLE_OMRAADER))
    fase = fields.Integer(load_default=None, validate=validate.Range(min=1, max=5, error=_FRA_LISTA))
    dag = Dag(load_default=None)


class GjelderSpurtInn(GjelderInn):
    """What a program asks: of which kommune is its own to say."""

    kommune = fields.UUID(required=True, error_messages=_ID)


class SoekInn(Skjema):
    q = fields.String(load_default="")
    art = fields.String(load_default=None, validate=_en_av(Art))
    side = fields.Integer(load_default=1, validate=validate.Range(min=1, max=1_000, error=_FRA_LISTA))


class FaseskifteInn(Skjema):
    """The phase that is looked at before it is set, for one organisation or many."""

    organisasjon = fields.List(
        fields.UUID(error_messages={"invalid_uuid": _FRA_LISTA}),
        required=True,
        validate=validate.Length(min=1, max=400, error=_FRA_LISTA),
        error_messages=_VELG,
    )
    fase = fields.Integer(required=True, validate=validate.Range(min=1, max=5, error=_FRA_LISTA))
    nivaa = fields.String(load_default="", validate=_en_av(["", *Beredskapsnivaa]))
    kilde = Tekst(300, load_default="")
    fra = Oslotid(load_default=None, allow_none=True)
    til = Oslotid(load_default=None, allow_none=True)


# --- approval ---


class GodkjenningsvalgInn(Skjema):
    """Which version's approvals are shown; none: those of what is worked on and of what holds."""

    versjon = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=100_000))


class SendTilGodkjenningInn(Skjema):
    """The hash of the text that the sender has read."""

    lest_hash = fields.String(required=True, validate=validate.Length(max=64), error_messages=_MAA_FYLLES)


class GodkjenningInn(Skjema):
    """An approval, or a sending back, of the content with that hash. What the link demands is the service's to say."""

    innhold_hash = fields.String(load_default="", validate=validate.Length(max=64))
    saksnummer = Tekst(60, load_default="")
    vedtaksdato = Dag(load_default=None, allow_none=True)
    merknad = Tekst(1_000, load_default="")


class _KjedeleddInn(Skjema):
    navn = Tekst(200, load_default="")
    krever_vedtak = Ja(load_default=False)
    medlemskap = fields.List(fields.UUID(error_messages=_ID), load_default=list)


class KjedeInn(Skjema):
    """The links in their order. `lest`: the chain as it was read."""

    ledd = fields.List(fields.Nested(_KjedeleddInn), load_default=list)
    lest = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


# --- the annual review, disagreements and day rates ---


class GjennomgangInn(Skjema):
    """A review that was held."""

    dato = Dag(required=True)
    deltakere = Tekst(2_000, required=True)
    referat = Tekst(20_000, required=True)
    endres = Ja(load_default=False)
    ikke_fnr = Ja(load_default=False)


class UenighetInn(Skjema):
    """A record of disagreement is begun."""

    tittel = Tekst(200, required=True)
    tekst = Tekst(10_000, required=True)
    ikke_fnr = Ja(load_default=False)


class UenighetsfoeringInn(Skjema):
    """An entry. `fra`: the step as it was read; `til`: the step it goes to, none: it stays."""

    fra = fields.String(required=True, validate=_en_av(Uenighetstrinn), error_messages=_VELG)
    til = fields.String(load_default=None, validate=_en_av(("", *Uenighetstrinn)))
    tekst = Tekst(10_000, required=True)
    anonymisert = Ja(load_default=False)
    ikke_fnr = Ja(load_default=False)

    @post_load
    def _blir(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "til": data["til"] or None}


class Heltall(fields.Integer):
    """A whole number as people write it: «5 745», «5745 kr»."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = re.sub(r"\s+|\s*kr\.?\s*\Z", "", value, flags=re.IGNORECASE)
        return super()._deserialize(value, attr, data, **kwargs)


class SatsvalgInn(Skjema):
    """The year whose rate is to be put right; none: a new one."""

    rett = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=9_999))


class SatsInn(Skjema):
    """The day rate of a year. `lest`, `lest_kilde`: the amount and the source that stood there when it is put right."""

    aar = fields.Integer(required=True, validate=validate.Range(min=1, max=9_999, error=_FRA_LISTA))
    kroner = Heltall(required=True)
    kilde = Tekst(300, required=True)
    lest = fields.Integer(load_default=None, allow_none=True)
    lest_kilde = Tekst(300, load_default="")


# --- negotiation ---


class ForhandlingsvalgInn(Skjema):
    """Which version's negotiation is shown (none: the one that goes on), and which of its clauses."""

    versjon = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=100_000))
    vis = fields.String(load_default="", validate=_en_av(("", "aapne", "venter")))


class GjentaInn(Skjema):
    """The earlier proposal whose words a new one begins with."""

    fra = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


class IkkeFnrInn(Skjema):
    """That what looks like a national identity number is none."""

    ikke_fnr = Ja(load_default=False)


class BegrunnelseInn(IkkeFnrInn):
    """Why something is proposed."""

    begrunnelse = Tekst(2_000, load_default="")


class StrykforslagInn(BegrunnelseInn):
    """That a clause is struck; `lest`: its hash as it was read."""

    lest = fields.String(load_default="", validate=validate.Length(max=64))


class ForslagssvarInn(Skjema):
    """The answer to a proposal."""

    godtatt = Ja(required=True, error_messages=_VELG)
    merknad = Tekst(1_000, load_default="")
    ikke_fnr = Ja(load_default=False)


class KommentarInn(Skjema):
    """A remark to a clause; none: to the whole."""

    noekkel = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    tekst = Tekst(5_000, required=True)
    ikke_fnr = Ja(load_default=False)


class OrdnetInn(Skjema):
    """Whether a remark is done."""

    ordnet = Ja(required=True, error_messages=_VELG)


class SammenligningInn(Skjema):
    """The two versions that are compared; none: the page chooses."""

    fra = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=100_000))
    til = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=100_000))


# --- notice, and what is sent in ---


class LivetInn(Skjema):
    """What is about to be recorded as sent in: «v» and a version's number, or a notice's id; none: nothing."""

    foer = fields.String(load_default="", validate=validate.Length(max=40))


class OppsigelseInn(Skjema):
    """A notice. `bekreft`: what it means has been read, in the state `lest`; `endre`: back to the form."""

    varslet = Dag(load_default=None, allow_none=True)
    virkning = Dag(load_default=None, allow_none=True)
    begrunnelse = Tekst(5_000, load_default="")
    enighet = Tekst(500, load_default="")
    brev = Tekst(500, load_default="")
    ikke_fnr = Ja(load_default=False)
    lest = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=30))
    bekreft = Ja(load_default=False)
    endre = Ja(load_default=False)


class InnsendingInn(Skjema):
    """What was sent to Helsedirektoratet: a version, or the word of a notice. `sett`: entries of it that were seen."""

    nummer = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1, max=100_000))
    oppsigelse_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    dato = Dag(load_default=None, allow_none=True)
    referanse = Tekst(300, load_default="")
    sett = fields.Integer(load_default=0, validate=validate.Range(min=0, max=10_000))

    @validates_schema
    def _ett_av_dem(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("nummer") is None) == (data.get("oppsigelse_id") is None):
            raise ValidationError(_FRA_LISTA)


# --- templates -------------------------------------------------------------------------------------------


class MalvisningInn(Skjema):
    """In which målform a template is shown; none: the page's own."""

    maalform = fields.String(load_default="", validate=_en_av(("", "nb", "nn")))


# --- in from a document ----------------------------------------------------------------------------------


class ImportInn(Skjema):
    """A pasted text; the file comes beside it. `avtale_id`: the draft that it is meant for, where one came from it."""

    tekst = fields.String(load_default="")
    avtale_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


class ImportklausulInn(Skjema):
    """A clause as it was found and mended; what it must hold is `innhold.feil`'s to say. `mer`: its lists, as JSON."""

    nummer = fields.String(load_default="")
    overskrift = fields.String(load_default="")
    tekst = fields.String(load_default="")
    art = fields.String(load_default="")
    punkt = fields.Integer(load_default=None, allow_none=True)
    hva = fields.String(load_default="behold", validate=_en_av(("behold", "slaa", "bort")))
    mer = fields.String(load_default="")


class LeggTilInn(Skjema):
    """Which draft the clauses are added to."""

    avtale_id = fields.UUID(required=True, error_messages=_ID)
