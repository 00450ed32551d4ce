"""What the forms of the rosters bring. Days and hours are Oslo's wall clock in a form, and moments in UTC inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from portal.core.clock import now, oslo_til_utc
from portal.core.skjema import Ja, Skjema
from portal.core.sprak import _l
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.vakt.models import Dagtype, Nivaa, Vakt, Vaktplan
from portal.vakt.service.gyldighet import Bortfall
from portal.vakt.service.oversikt import Planrad
from portal.varsler.models import HASTEGRADER

_MAA_FYLLES = {"required": _l("Dette må fylles ut."), "null": _l("Dette må fylles ut.")}
_VELG = {"required": _l("Velg ett av alternativene."), "null": _l("Velg ett av alternativene.")}
_ID = {"invalid_uuid": _l("Ugyldig valg. Velg fra lista."), **_VELG}
_FRA_LISTA = _l("Ugyldig valg. Velg fra lista.")
#: How many people one rotation goes round among.
FLEST_I_ROTASJON = 40
_NORSK = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,]+(?:kl\.? ?)?(\d{1,2})[:.](\d{2}))?\Z")


def _felt(ugyldig: Any, kw: dict[str, Any]) -> dict[str, Any]:
    """The options of a field with our words for what cannot be read: of one's own, as the house's would win else."""
    return {**kw, "error_messages": {"invalid": ugyldig, **_MAA_FYLLES, **kw.pop("error_messages", {})}}


class Oslotid(fields.Field[datetime]):
    """A moment by the wall clock in Oslo: what `<input type="datetime-local">` sends, or «31.12.2026 15:30»."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**_felt(_l("Skriv dag og klokkeslett, for eksempel 31.12.2026 15:30."), kw))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        try:
            tekst = str(value).strip()
            if m := _NORSK.match(tekst):
                dag, maaned, aar, timer, minutter = m.groups()
                if timer is None:
                    raise ValueError
                naken = datetime(int(aar), int(maaned), int(dag), int(timer), int(minutter))  # noqa: DTZ001
            else:
                naken = datetime.fromisoformat(tekst)
            if naken.tzinfo is not None or len(tekst) < 12 or not 2000 <= naken.year <= 2200:
                raise ValueError
            return oslo_til_utc(naken.date(), naken.time().replace(second=0, microsecond=0))
        except ValueError:
            raise self.make_error("invalid") from None


class Dag(fields.Field[date]):
    """A day: what `<input type="date">` sends, or «31.12.2026»."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**_felt(_l("Skriv dagen som 31.12.2026."), kw))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        try:
            tekst = str(value).strip()
            m = _NORSK.match(tekst)
            dag = date(int(m[3]), int(m[2]), int(m[1])) if m else date.fromisoformat(tekst)
            if not 2000 <= dag.year <= 2200:
                raise ValueError
            return dag
        except ValueError:
            raise self.make_error("invalid") from None


class Klokke(fields.Field[str]):
    """A time of day as «15:30»; «7:00», «15.30» and «24:00» are understood."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**_felt(_l("Skriv klokkeslettet som 15:30."), kw))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        m = re.match(r"(\d{1,2})(?:[:.](\d{2}))?(?::00)?\Z", str(value).strip())
        try:
            if not m:
                raise ValueError
            timer, minutter = int(m[1]), int(m[2] or 0)
            return f"{time(0 if (timer, minutter) == (24, 0) else timer, minutter):%H:%M}"
        except ValueError:
            raise self.make_error("invalid") from None


def _nivaa(**kw: Any) -> fields.Enum[Any]:
    return fields.Enum(Nivaa, by_value=True, error_messages={"unknown": _FRA_LISTA, **_VELG}, **kw)


def _tekst(lengde: int, **kw: Any) -> fields.String:
    for_lang = _l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)
    return fields.String(validate=validate.Length(max=lengde, error=for_lang), **kw)


# --- the calendar ---


class KalenderInn(Skjema):
    """Which week or month a calendar shows; neither is this week."""

    uke = fields.String(
        load_default="",
        validate=validate.Regexp(r"(20\d\d-W[0-5]\d)?\Z", error=_l("Uka skrives som 2026-W13.")),
    )
    maaned = fields.String(
        load_default="",
        validate=validate.Regexp(r"(20\d\d-(0[1-9]|1[0-2]))?\Z", error=_l("Måneden skrives som 2026-03.")),
    )


# --- plans ---


class PlanInn(Skjema):
    fagomraade = fields.String(
        required=True,
        error_messages=_VELG,
        validate=validate.OneOf(list(ALLE_OMRAADER), error=_FRA_LISTA),
    )


class TelefonInn(Skjema):
    nivaa = _nivaa(required=True)
    nummer = _tekst(30, load_default="")
    sms = Ja(load_default=False)
    tale = Ja(load_default=False)


class NivaaInn(Skjema):
    nivaa = _nivaa(required=True)


class BekreftInn(Skjema):
    #: That one person has two levels of a plan at the same time is meant.
    bekreftet = Ja(load_default=False)


class TaInn(NivaaInn, BekreftInn):
    til = Oslotid(required=True)
    #: The shift that the form was opened with; empty where nobody had the level.
    fra_vakt_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


# --- shifts ---


class NyVaktInn(Skjema):
    nivaa = _nivaa(required=True)
    medlemskap_id = fields.UUID(required=True, error_messages=_ID)
    fra = Oslotid(required=True)
    til = Oslotid(required=True)
    #: Cuts what others have in the time, instead of being refused for it.
    overstyr = Ja(load_default=False)


class NyVaktForslag(Skjema):
    """What a link fills in for a new shift: a gap, seen in the calendar."""

    nivaa = _nivaa(load_default=None, allow_none=True)
    fra = _tekst(20, load_default="")
    til = _tekst(20, load_default="")
    #: Somebody stands there, who is away.
    overstyr = Ja(load_default=False)


class EndreVaktInn(Skjema):
    medlemskap_id = fields.UUID(required=True, error_messages=_ID)
    fra = Oslotid(required=True)
    til = Oslotid(required=True)
    #: The plan's as the form was opened with.
    versjon = fields.Integer(
        required=True,
        error_messages={
            "invalid": _l("Last siden på nytt og prøv igjen."),
            "required": _l("Last siden på nytt og prøv igjen."),
        },
    )


# --- rotations ---


class RotasjonInn(Skjema):
    nivaa = _nivaa(required=True)
    #: In the order of the turns; places left empty are passed over.
    deltakere = fields.List(
        fields.UUID(error_messages=_ID),
        load_default=list,
        validate=validate.Length(
            max=FLEST_I_ROTASJON,
            error=_l("En rotasjon har høyst %(antall)s personer.", antall=FLEST_I_ROTASJON),
        ),
    )
    gjelder_fra = Dag(required=True)
    #: The last day; empty until further notice.
    gjelder_til = Dag(load_default=None, allow_none=True)
    klokke_fra = Klokke(required=True)
    klokke_til = Klokke(required=True)
    dagtyper = fields.List(
        fields.Enum(Dagtype, by_value=True, error_messages={"unknown": _FRA_LISTA}),
        required=True,
        validate=validate.Length(min=1, error=_l("Velg minst én slags dager.")),
    )
    dager_per_tur = fields.Integer(
        required=True,
        error_messages={"invalid": _l("Skriv et helt tall."), **_MAA_FYLLES},
        validate=validate.Range(1, 28, error=_l("Skriv et tall fra 1 til 28.")),
    )
    lagre = Ja(load_default=False)

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """One message for the list of people, whichever place is wrong: the places have no fields of their own."""
        meldinger = error.messages
        if isinstance(meldinger, dict):
            for navn in ("deltakere", "dagtyper"):
                if isinstance(meldinger.get(navn), dict):
                    meldinger[navn] = [_FRA_LISTA]


class SluttdagInn(Skjema):
    fra_dag = Dag(required=True)


# --- swaps and absence ---


class BytteInn(BekreftInn):
    til_medlemskap_id = fields.UUID(required=True, error_messages=_ID)
    motvakt_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


class BytteForslag(Skjema):
    """With whom: then the page shows that colleague's shifts to choose from."""

    til_medlemskap_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)


class SideInn(Skjema):
    side = fields.Integer(load_default=1, validate=validate.Range(min=1, max=100_000))


class MineVakterInn(SideInn):
    """Which of one's own shifts are listed; empty is all."""

    fagomraade = fields.String(
        load_default="", validate=validate.OneOf(["", *ALLE_OMRAADER], error=_FRA_LISTA)
    )
    nivaa = fields.String(load_default="", validate=validate.OneOf(["", *Nivaa], error=_FRA_LISTA))


class AvloesningInn(Skjema):
    til_medlemskap_id = fields.UUID(required=True, error_messages=_ID)


class FravaerInn(Skjema):
    #: Somebody else's, for those who keep the rosters; empty is one's own.
    person_id = fields.UUID(load_default=None, allow_none=True, error_messages=_ID)
    fra = Oslotid(required=True)
    til = Oslotid(required=True)


# --- iCalendar ---


class IcalimportInn(Skjema):
    #: Empty: each shift's own, from its summary or its categories.
    nivaa = _nivaa(load_default=None, allow_none=True)
    #: What stands in the file's time gives way.
    erstatt = Ja(load_default=False)
    #: The plan's, when what gives way was shown.
    versjon = fields.Integer(load_default=None, allow_none=True)
    #: The file again, with the confirmation.
    tekst = fields.String(load_default="")
    lagre = Ja(load_default=False)


# --- policies of escalation ---


class PolicyvalgInn(Skjema):
    """Whose policy: of a fagområde, or "" for all that have none of their own; and of a hastegrad."""

    fagomraade = fields.String(
        load_default="", validate=validate.OneOf(["", *ALLE_OMRAADER], error=_FRA_LISTA)
    )
    hastegrad = fields.String(
        required=True, error_messages=_VELG, validate=validate.OneOf(HASTEGRADER, error=_FRA_LISTA)
    )


def _minutter(**kw: Any) -> fields.Integer:
    return fields.Integer(
        error_messages={"invalid": _l("Skriv et helt antall minutter."), **_MAA_FYLLES}, **kw
    )


class PolicyInn(PolicyvalgInn):
    """The steps in their rows; a row without a level is passed over. What they may be is the service's to say."""

    nivaa_1 = _nivaa(load_default=None, allow_none=True)
    etter_1 = _minutter(load_default=None, allow_none=True)
    nivaa_2 = _nivaa(load_default=None, allow_none=True)
    etter_2 = _minutter(load_default=None, allow_none=True)
    nivaa_3 = _nivaa(load_default=None, allow_none=True)
    etter_3 = _minutter(load_default=None, allow_none=True)
    gjentakelser = fields.Integer(
        required=True, error_messages={"invalid": _l("Skriv et helt tall."), **_MAA_FYLLES}
    )
    gjenta_etter = _minutter(required=True)
    bekreftet = Ja(load_default=False)
    #: Shows what it would be, and saves nothing.
    forhaandsvis = Ja(load_default=False)


# --- the API ---------------------------------------------------------------------------------------------

#: How much of one's own shifts is asked for where nothing is said, and at most.
_VANLIG, _LENGST = timedelta(days=365), timedelta(days=400)
_FOERSTE_AAR, _SISTE_AAR = 1900, 2200


class PaavaktInn(Skjema):
    organisasjon = fields.UUID(load_default=None)
    fagomraade = fields.String(
        load_default=None, validate=validate.OneOf(sorted(ALLE_OMRAADER), error=_FRA_LISTA)
    )


class Tidspunkt(fields.AwareDateTime):
    """A moment as programs write it: ISO 8601 with an offset, since without one nobody knows which clock it is.

    Of the years that anything here could be of: a day at the end of the calendar is in none, by another clock.
    """

    def __init__(self, **kw: Any) -> None:
        ugyldig = _l("Skriv tidspunktet med tidssone, for eksempel 2026-12-31T15:30:00Z.")
        meldinger = dict.fromkeys(("invalid", "invalid_awareness", "format"), ugyldig)
        super().__init__(format="iso", error_messages=meldinger, **kw)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        tid = super()._deserialize(value, attr, data, **kwargs)
        if not _FOERSTE_AAR <= tid.year <= _SISTE_AAR:
            raise ValidationError(_l("Velg et år fra %(fra)s til %(til)s.", fra=_FOERSTE_AAR, til=_SISTE_AAR))
        return tid


class MineInn(Skjema):
    """Half open: [fra, til)."""

    fra = Tidspunkt(load_default=None)
    til = Tidspunkt(load_default=None)

    @post_load
    def _tidsrommet(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        fra = data["fra"] or now()
        til = data["til"] or fra + _VANLIG
        if til - fra > _LENGST:
            raise ValidationError(
                _l("Be om høyst %(antall)s dager om gangen.", antall=_LENGST.days), field_name="til"
            )
        if til <= fra:
            raise ValidationError(_l("Slutten må være etter begynnelsen."), field_name="til")
        return {"fra": fra, "til": til}


def planrad_ut(rad: Planrad) -> dict[str, Any]:
    """What a program gets of a roster now: as the page shows it."""
    plan = rad.plan
    return {
        **_plan_ut(plan),
        "nivaaer": [
            {
                "nivaa": n.nivaa,
                "vakt": None
                if n.paa_vakt is None
                else {
                    "id": str(n.paa_vakt.vakt_id),
                    "navn": n.paa_vakt.navn,
                    "fra": _tid(n.paa_vakt.fra),
                    "til": _tid(n.paa_vakt.til),
                },
                "telefon": n.telefon.nummer if n.telefon else None,
                "proevd": n.klar,
            }
            for n in rad.nivaaer
        ],
    }


def egen_vakt_ut(vakt: Vakt, bortfall: Sequence[Bortfall]) -> dict[str, Any]:
    """A shift of one's own, with the parts of it that do not count."""
    return {
        "id": str(vakt.id),
        **_plan_ut(vakt.vaktplan),
        "nivaa": vakt.nivaa,
        "fra": _tid(vakt.fra),
        "til": _tid(vakt.til),
        "teller_ikke": [{"fra": _tid(b.fra), "til": _tid(b.til), "grunn": str(b.grunn)} for b in bortfall],
    }


def _plan_ut(plan: Vaktplan) -> dict[str, Any]:
    return {
        "plan_id": str(plan.id),
        "organisasjon": {"id": str(plan.organisasjon_id), "navn": plan.organisasjon.navn},
        "fagomraade": plan.fagomraade,
    }


def _tid(tidspunkt: datetime) -> str:
    return tidspunkt.astimezone(UTC).isoformat()
