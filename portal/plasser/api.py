"""Emergency beds as JSON: the board and what has changed on it, the search, one unit, and what is done to its beds.

The same use cases as the pages. Moments are in UTC and say so; abilities are a sum (1 isolation, 2 oxygen, 4
intravenous treatment, 8 palliation, 16 psykisk helse, 32 rus, 64 monitoring, 128 children, 256 wheelchair, 512
bariatric).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.core.errors import Opptatt
from portal.core.web import Jsonleser, aktor, json_svar
from portal.plasser import access
from portal.plasser.forloep import Laan
from portal.plasser.models import Opphold, Reservasjon
from portal.plasser.sammendrag import DELER, LAANT
from portal.plasser.schemas import (
    AvvisInn,
    HoldApiInn,
    IngentingInn,
    InnlagtApiInn,
    OppholdApiInn,
    SoekApiInn,
    TavleInn,
    TilstandInn,
    UtskrivApiInn,
)
from portal.plasser.service import drift, enhetside, lesing, reservasjoner, tavle
from portal.plasser.service.enhetside import Enhetsside, Plassrad
from portal.plasser.tavlelager import TALL

blp = Blueprint(
    "api_plasser",
    __name__,
    url_prefix="/api/v1",
    description="Emergency beds (øyeblikkelig hjelp døgnopphold): the board, the search, holds and stays.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


# --- the shapes of what is answered ----------------------------------------------------------------------

_TEKST, _TALL, _JANEI = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_TALL_ELLER_INGEN = {"type": "integer", "nullable": True}
_TEKST_ELLER_INGEN = {"type": "string", "nullable": True}
_ID = {"type": "string", "format": "uuid"}
_TID = {"type": "string", "format": "date-time"}
_TID_ELLER_INGEN = {**_TID, "nullable": True}


def _objekt(**felt: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(felt), "properties": felt}


def _liste(av: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": av}


_RADFELT: dict[str, Any] = {
    **dict.fromkeys(("id", "kommune_id"), _ID),
    **dict.fromkeys(("navn", "telefon", "kommunenummer", "kommune", "fylke", "foretak"), _TEKST),
    "foretak_id": {**_ID, "nullable": True},
    **dict.fromkeys(("legedekning", "bekreftet_av"), _TEKST),
    **dict.fromkeys(("evner", "fase", "versjon"), _TALL),
    "ledige_evner": {"type": "object", "additionalProperties": _TALL},
    **dict.fromkeys(TALL, _TALL_ELLER_INGEN),
    "laan": _liste(
        _objekt(
            retning={**_TEKST, "enum": [str(r) for r in Laan]}, antall=_TALL, organisasjon=_TEKST, til=_TID
        )
    ),
    **dict.fromkeys(("bekreftet", "ferskt_til"), _TID_ELLER_INGEN),
    "nedlagt": _JANEI,
}
_SUM = _objekt(
    **dict.fromkeys(("enheter", "ukjente", "gamle", "antall", "bemannet", *DELER, *LAANT), _TALL),
    usikker=_JANEI,
    eldst=_TID_ELLER_INGEN,
)
TAVLESKJEMA = _objekt(
    versjon=_TALL, faser=_TEKST, navn=_TEKST, hel=_JANEI, enheter=_liste(_objekt(**_RADFELT))
)
#: Of a change alone.
TAVLESKJEMA["properties"]["summer"] = {"type": "object", "additionalProperties": _SUM}
_FUNNET: dict[str, Any] = {**_RADFELT, "km": _TALL_ELLER_INGEN, "passer": _TALL, "medlem": _JANEI}
SOEKESKJEMA = _objekt(
    versjon=_TALL,
    **dict.fromkeys(("enheter", "utenfor", "ukjente"), _liste(_objekt(**_FUNNET))),
    fulle=_liste(_objekt(**_FUNNET, neste_utloep=_TID_ELLER_INGEN)),
)
_RESERVASJON = _objekt(
    id=_ID,
    plassenhet_id=_ID,
    plass_id=_ID,
    plass=_TEKST,
    kommune_id=_ID,
    organisasjon_id=_ID,
    status=_TEKST,
    evner=_TALL,
    merknad=_TEKST,
    saksnummer=_TEKST,
    opprettet=_TID,
    utloeper=_TID,
    forlenget=_TID_ELLER_INGEN,
    avsluttet=_TID_ELLER_INGEN,
)
_OPPHOLD = _objekt(
    id=_ID,
    kommune_id=_ID,
    inn=_TID,
    planlagt_timer=_TALL_ELLER_INGEN,
    **dict.fromkeys(("fra_hvor", "aldersgruppe", "aarsaksgruppe"), _TEKST_ELLER_INGEN),
    versjon=_TALL,
)
_PLASS = _objekt(
    id=_ID,
    navn=_TEKST,
    tilstand=_TEKST,
    gruppe=_TEKST,
    stengt_grunn=_TEKST,
    normert=_JANEI,
    bemannet=_JANEI,
    laan={
        **_objekt(retning=_TEKST, organisasjon=_TEKST, til=_TID, slutt=_TID_ELLER_INGEN),
        "nullable": True,
    },
    evner=_TALL,
    endret=_TID,
    versjon=_TALL,
    reservasjon={**_RESERVASJON, "nullable": True},
    opphold={**_OPPHOLD, "nullable": True},
)
ENHETSKJEMA = _objekt(
    **_RADFELT,
    adresse=_TEKST,
    kriterier=_TEKST,
    plasser=_liste(_PLASS),
    kvoter=_liste(_objekt(kommune_id=_ID, kommune=_TEKST, kvote=_TALL, i_bruk=_TALL)),
    egne_reservasjoner=_liste(_RESERVASJON),
    kan=_objekt(drive=_JANEI, forvalte=_JANEI, reservere=_JANEI),
)


def _svar(skjema: dict[str, Any], kode: int = 200) -> dict[str, Any]:
    """The answer of an operation, for the OpenAPI document."""
    return {"responses": {str(kode): {"content": {"application/json": {"schema": skjema}}}}}


def _tid(tidspunkt: datetime | None) -> str | None:
    return tidspunkt.astimezone(UTC).isoformat() if tidspunkt else None


def reservasjon_ut(r: Reservasjon) -> dict[str, Any]:
    """A hold; `merknad` and `saksnummer` are empty for whom they are not meant for."""
    leser = access.leser_beskjed(aktor(), r.plassenhet, r)
    return {
        "id": str(r.id),
        "plassenhet_id": str(r.plassenhet_id),
        "plass_id": str(r.plass_id),
        "plass": r.plass.navn,
        "kommune_id": str(r.kommune_id),
        "organisasjon_id": str(r.organisasjon_id),
        "status": str(r.status),
        "evner": r.evner,
        "merknad": r.merknad if leser else "",
        "saksnummer": r.saksnummer if leser else "",
        "opprettet": _tid(r.opprettet),
        "utloeper": _tid(r.utloeper),
        "forlenget": _tid(r.forlenget),
        "avsluttet": _tid(r.avsluttet),
    }


def opphold_ut(o: Opphold) -> dict[str, Any]:
    return {
        "id": str(o.id),
        "kommune_id": str(o.kommune_id),
        "inn": _tid(o.inn),
        "planlagt_timer": o.planlagt_timer,
        "fra_hvor": o.fra_hvor,
        "aldersgruppe": o.aldersgruppe,
        "aarsaksgruppe": o.aarsaksgruppe,
        "versjon": o.versjon,
    }


def _plass_ut(rad: Plassrad) -> dict[str, Any]:
    p = rad.plass
    return {
        "id": str(p.id),
        "navn": p.navn,
        "tilstand": str(p.tilstand),
        "gruppe": rad.gruppe,
        "stengt_grunn": p.stengt_grunn,
        "normert": p.normert,
        "bemannet": p.bemannet,
        "laan": {
            "retning": str(p.laan),
            "organisasjon": p.laan_organisasjon.kortnavn if p.laan_organisasjon else "",
            "til": _tid(p.laan_til),
            "slutt": _tid(p.laan_slutt),
        }
        if p.laan
        else None,
        "evner": p.evner,
        "endret": _tid(p.endret),
        "versjon": p.versjon,
        "reservasjon": reservasjon_ut(rad.hold) if rad.hold else None,
        "opphold": opphold_ut(rad.opphold) if rad.opphold else None,
    }


def enhet_ut(side: Enhetsside) -> dict[str, Any]:
    """The unit as the board has it, with what the actor may see of its beds."""
    (rad,) = tavle.rad_for([side.enhet.id])
    return {
        **rad,
        "adresse": side.enhet.adresse,
        "kriterier": side.enhet.kriterier,
        "plasser": [_plass_ut(r) for r in side.rader],
        "kvoter": [
            {"kommune_id": str(k.kommune.id), "kommune": k.kommune.navn, "kvote": k.kvote, "i_bruk": k.i_bruk}
            for k in side.kvoter
        ],
        "egne_reservasjoner": [reservasjon_ut(r) for r in side.egne_hold],
        "kan": {"drive": side.drive, "forvalte": side.forvalte, "reservere": side.reservere},
    }


def _enheten(plassenhet_id: UUID) -> Any:
    return json_svar(enhet_ut(enhetside.hent_side(aktor(), plassenhet_id)))


def _reservasjonen(reservasjon_id: UUID, status: int = 200) -> Any:
    reservasjon, _enhet = lesing.hent_reservasjon(aktor(), reservasjon_id)
    return json_svar(reservasjon_ut(reservasjon), status)


# --- reading ---------------------------------------------------------------------------------------------


@blp.route("/plasser")
class Tavla(MethodView):
    @blp.doc(**_svar(TAVLESKJEMA))
    @blp.arguments(TavleInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """The whole board, or with `etter` the units that have changed after that version, those closed down too.

        `laan` says why a unit's staffing is another than its own: so many beds «inn», opened by staff borrowed from an
        organisation, or «ut», without staff that is lent to one; until when.
        `hel` says which of the two it is: also with `etter` it is the whole board where the phases are others than
        `faser` says, or the version is not ours. A figure is null where nobody has said it: unknown is unknown. A
        change has `summer`: the figures of «alle», «foretak:…», «fylke:…» and «kommune:…» that it touches; `usikker`
        says that they are the least that they can be. `navn` is another when a unit or an organisation has another name
        or telephone: no version tells of that, fetch the whole board. The whole board has an ETag: `If-None-Match` is
        answered with 304 while nothing has changed.
        """
        if inn["etter"] is not None:
            return Response(tavle.hent_endringer_json(aktor(), **inn), mimetype="application/json")
        kropp, merke = tavle.hent_json(aktor())
        svar = Response(status=304) if merke in request.if_none_match else Response(kropp)
        svar.mimetype = "application/json"
        svar.set_etag(merke)
        return svar


@blp.route("/plasser/sok")
class Sok(MethodView):
    @blp.doc(**_svar(SOEKESKJEMA))
    @blp.arguments(SoekApiInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """Units with a free bed that can take what is asked (`evner`), the nearest first, as the page shows them.

        `fra`: the kommunenummer that distances are measured from, one's own kommune where nothing is said; they are
        between the middles of the kommuner, as the crow flies. `medlem`: whether one's own kommune has a place there;
        `bare_mine`: only those. `ukjente` can take it too, and nobody knows whether they have a bed: ring. Where no
        unit has one, `utenfor` tells of the nearest that have one farther away than `innen_km`, `fulle` of those within
        it that could take it, with when their next hold ends (`neste_utloep`, null: no bed is held), and `ukjente` also
        of those whose figures are too old (`ferskt_til`).
        """
        nr = tavle.versjon()
        svar = tavle.soek(
            aktor(),
            evner=inn["evner"],
            fra_kommune_id=tavle.kommune_med(inn["fra"]) if inn["fra"] else None,
            innen_km=inn["innen_km"],
            bare_mine=inn["bare_mine"],
        )
        return json_svar({"versjon": nr, **svar})


@blp.route("/plasser/<uuid:plassenhet_id>")
class EnEnhet(MethodView):
    @blp.doc(**_svar(ENHETSKJEMA))
    @blp.arguments(IngentingInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], plassenhet_id: UUID) -> Any:
        """One unit with its beds. Holds and stays are told to its own people and to the vertskommune's coordinator;
        a clinician elsewhere sees the holds of the own organisation (`egne_reservasjoner`)."""
        return _enheten(plassenhet_id)


# --- holds -----------------------------------------------------------------------------------------------


@blp.route("/plasser/<uuid:plassenhet_id>/reservasjoner")
class Reservasjoner(MethodView):
    @blp.doc(**_svar(_RESERVASJON, 201))
    @blp.arguments(HoldApiInn)
    @blp.response(201)
    def post(self, inn: dict[str, Any], plassenhet_id: UUID) -> Any:
        """Hold a bed: that one, or the free one that can take what is asked. The same `klient_id` gives the same hold.

        Exactly one wins. The others get 409 «opptatt» with `holder` (who has it, where one does) and `naermeste`, the
        nearest units with a free bed that can take the same. 409 «kvote»: one's kommune uses all that it has here;
        «kvote_bekreft»: the unit's own people may say `over_kvote`.
        """
        a = aktor()
        try:
            id_ = reservasjoner.reserver(a, plassenhet_id, **inn)
        except Opptatt as feil:
            feil.detaljer["naermeste"] = enhetside.naermeste(a, plassenhet_id, inn["evner"], inn["plass_id"])
            raise
        return _reservasjonen(id_, 201)


@blp.route("/plasser/reservasjoner/<uuid:reservasjon_id>/forleng")
class Forleng(MethodView):
    @blp.doc(**_svar(_RESERVASJON))
    @blp.arguments(IngentingInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], reservasjon_id: UUID) -> Any:
        """Extend a running hold, once."""
        reservasjoner.forleng(aktor(), reservasjon_id)
        return _reservasjonen(reservasjon_id)


@blp.route("/plasser/reservasjoner/<uuid:reservasjon_id>/frigi")
class Frigi(MethodView):
    @blp.doc(**_svar(_RESERVASJON))
    @blp.arguments(IngentingInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], reservasjon_id: UUID) -> Any:
        """Give a held bed back."""
        reservasjoner.frigi(aktor(), reservasjon_id)
        return _reservasjonen(reservasjon_id)


@blp.route("/plasser/reservasjoner/<uuid:reservasjon_id>/avvis")
class Avvis(MethodView):
    @blp.doc(**_svar(_RESERVASJON))
    @blp.arguments(AvvisInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], reservasjon_id: UUID) -> Any:
        """The unit cannot take the patient after all: the bed is free again, and the refusal is counted."""
        drift.avvis(aktor(), reservasjon_id, **inn)
        return _reservasjonen(reservasjon_id)


@blp.route("/plasser/reservasjoner/<uuid:reservasjon_id>/innlegg")
class Innlegg(MethodView):
    @blp.doc(**_svar(_objekt(opphold_id=_ID), 201))
    @blp.arguments(InnlagtApiInn)
    @blp.response(201)
    def post(self, inn: dict[str, Any], reservasjon_id: UUID) -> Any:
        """The one whom the bed was held for has come. What is not known of the stay is left out."""
        a = aktor()
        _reservasjon, enhet = lesing.hent_reservasjon(a, reservasjon_id)
        return json_svar(
            {"opphold_id": str(drift.legg_inn(a, enhet.id, reservasjon_id=reservasjon_id, **inn))}, 201
        )


# --- the unit's own work ---------------------------------------------------------------------------------


@blp.route("/plasser/<uuid:plassenhet_id>/ingen-endring")
class IngenEndring(MethodView):
    @blp.doc(**_svar(ENHETSKJEMA))
    @blp.arguments(IngentingInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], plassenhet_id: UUID) -> Any:
        """Everything at the unit stands as the board says: its figures are fresh again."""
        drift.ingen_endring(aktor(), plassenhet_id)
        return _enheten(plassenhet_id)


@blp.route("/plasser/<uuid:plassenhet_id>/plasser/<uuid:plass_id>/tilstand")
class Tilstanden(MethodView):
    @blp.doc(**_svar(ENHETSKJEMA))
    @blp.arguments(TilstandInn)
    @blp.response(200)
    def put(self, inn: dict[str, Any], plassenhet_id: UUID, plass_id: UUID) -> Any:
        """A bed is free, is being cleaned, or is closed (`grunn`). `lest`: its version as who asks saw it; another is
        answered with 409 «utdatert» and what it is now."""
        drift.sett_tilstand(aktor(), plassenhet_id, plass_id, **inn)
        return _enheten(plassenhet_id)


@blp.route("/plasser/<uuid:plassenhet_id>/opphold")
class Oppholdene(MethodView):
    @blp.doc(**_svar(_objekt(opphold_id=_ID), 201))
    @blp.arguments(OppholdApiInn)
    @blp.response(201)
    def post(self, inn: dict[str, Any], plassenhet_id: UUID) -> Any:
        """Admit somebody: into a free bed (`plass_id`, `kommune_id`), or into the held one (`reservasjon_id`)."""
        return json_svar({"opphold_id": str(drift.legg_inn(aktor(), plassenhet_id, **inn))}, 201)


@blp.route("/plasser/opphold/<uuid:opphold_id>/utskriv")
class Utskriv(MethodView):
    @blp.doc(**_svar(_objekt(opphold_id=_ID)))
    @blp.arguments(UtskrivApiInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], opphold_id: UUID) -> Any:
        """Discharge: the bed is to be cleaned (`rengjoeres`), or free at once."""
        drift.skriv_ut(aktor(), opphold_id, **inn)
        return json_svar({"opphold_id": str(opphold_id)})
