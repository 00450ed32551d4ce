"""Reallocation of staff and premises as JSON: the needs, the offers, and what two organisations agree on.

The same use cases as the pages. Moments are in UTC and say so; `kompetanse` and `lokalkrav` are sums (see
`forloep.Kompetanse`, `forloep.Lokalkrav`). Who the people are stands only where the page shows it: to the lender, and
to the receiver once the lender has approved.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.core.web import Jsonleser, aktor, json_svar
from portal.omdisponering.flytskjemaer import EndreApiInn, GodkjennApiInn, GrunnInn, KlikkInn, UtkastApiInn
from portal.omdisponering.forloep import Side
from portal.omdisponering.models import Behov, Omdisponering
from portal.omdisponering.regler import i_tall
from portal.omdisponering.schemas import (
    AvslaaApiInn,
    BehovApiInn,
    BehovslisteInn,
    OmdlisteInn,
    TilbudslisteInn,
)
from portal.omdisponering.service import behov, flyt, lesing, oversikt, tilbud, utkast
from portal.omdisponering.service.oversikt import Behovsrad, Omdrad
from portal.omdisponering.service.tilbud import Tilbudsrad
from portal.plasser.schemas import IngentingInn

blp = Blueprint(
    "api_omdisponering",
    __name__,
    url_prefix="/api/v1/omdisponering",
    description="Reallocation of staff and premises (omdisponering): needs, offers, and what is agreed on.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


# --- the shapes of what is answered ----------------------------------------------------------------------

_TEKST, _TALL, _JANEI = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_TALL_ELLER_INGEN = {"type": "integer", "nullable": True}
_TEKST_ELLER_INGEN = {"type": "string", "nullable": True}
_ID, _TID = {"type": "string", "format": "uuid"}, {"type": "string", "format": "date-time"}
_ID_ELLER_INGEN, _TID_ELLER_INGEN = {**_ID, "nullable": True}, {**_TID, "nullable": True}


def _objekt(**felt: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(felt), "properties": felt}


def _liste(av: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": av}


_ORG = _objekt(id=_ID, navn=_TEKST)
BEHOVSKJEMA = _objekt(
    id=_ID,
    organisasjon=_ORG,
    enhet=_TEKST,
    sted=_ORG,
    **dict.fromkeys(("slag", "status", "hvorfor"), _TEKST),
    **dict.fromkeys(("stilling", "lokaleslag"), _TEKST_ELLER_INGEN),
    **dict.fromkeys(("krever_autorisasjon", "krever_vaksine", "krever_smittevern"), _JANEI),
    **dict.fromkeys(("kompetanse", "lokalkrav", "andel", "antall", "minst", "fase", "versjon"), _TALL),
    dekket={"type": "number"},
    **dict.fromkeys(("plasser", "kvm", "km"), _TALL_ELLER_INGEN),
    fra=_TID,
    til=_TID,
    meldt=_TID_ELLER_INGEN,
    lukket=_TID_ELLER_INGEN,
)
TILBUDSKJEMA = _objekt(
    id=_ID,
    organisasjon=_ORG,
    behov_id=_ID_ELLER_INGEN,
    **dict.fromkeys(("slag", "status", "navn", "sted", "merknad"), _TEKST),
    **dict.fromkeys(("stilling", "lokaleslag"), _TEKST_ELLER_INGEN),
    **dict.fromkeys(("kompetanse", "lokalkrav", "andel", "versjon"), _TALL),
    **dict.fromkeys(("plasser", "kvm"), _TALL_ELLER_INGEN),
    fra=_TID,
    til=_TID,
)
_OMDFELT: dict[str, Any] = {
    **dict.fromkeys(("id", "behov_id"), _ID),
    **dict.fromkeys(("nummer", "slag", "status"), _TEKST),
    "side": _TEKST_ELLER_INGEN,
    "avgiver": _ORG,
    "mottaker": _ORG,
    "fra": _TID,
    "til": _TID,
    "antall": _TALL,
    "svarfrist": _TID_ELLER_INGEN,
    "innhold_hash": _TEKST,
}
OMDSKJEMA = _objekt(**_OMDFELT)
_LINJE = _objekt(
    id=_ID,
    **dict.fromkeys(("tilbud_id", "ressursperson_id", "lokale_id"), _ID_ELLER_INGEN),
    samtykket={"type": "boolean", "nullable": True},
    **dict.fromkeys(("navn", "stilling"), _TEKST),
    **dict.fromkeys(("kompetanse", "andel"), _TALL),
    fra=_TID,
    til=_TID,
    beordret=_JANEI,
    stroeket=_TEKST_ELLER_INGEN,
)
HEL_OMDSKJEMA = _objekt(
    **_OMDFELT,
    **dict.fromkeys(
        ("ansvarsforhold", "arbeidsgiveransvar", "organisering", "finansiering", "merknad", "grunn"), _TEKST
    ),
    **dict.fromkeys(
        ("bestemmelse_id", "avgiver_enhet_id", "mottaker_enhet_id", "vedtak_id"), _ID_ELLER_INGEN
    ),
    gulv_overstyrt=_TEKST,
    stenges=_TALL,
    aapnes=_TALL,
    linjer=_liste(_LINJE),
    kan=_liste(_TEKST),
)


def _side(skjema: dict[str, Any]) -> dict[str, Any]:
    return _objekt(rader=_liste(skjema), side=_TALL, sider=_TALL)


BEHOVSLISTE, OMDLISTE = _side(BEHOVSKJEMA), _side(OMDSKJEMA)
TILBUDSLISTE = _objekt(egne=_liste(TILBUDSKJEMA), andres=_liste(TILBUDSKJEMA), flere=_JANEI)


def _svar(skjema: dict[str, Any], kode: int = 200) -> dict[str, Any]:
    """The answer of an operation, for the OpenAPI document."""
    return {"responses": {str(kode): {"content": {"application/json": {"schema": skjema}}}}}


def _tid(tidspunkt: datetime | None) -> str | None:
    return tidspunkt.astimezone(UTC).isoformat() if tidspunkt else None


def _org(rad: Any) -> dict[str, str]:
    return {"id": str(rad.id), "navn": rad.kortnavn}


def behov_ut(rad: Behovsrad) -> dict[str, Any]:
    b: Behov = rad.behov
    return {
        "id": str(b.id),
        "organisasjon": _org(b.organisasjon),
        "enhet": b.enhet.navn if b.enhet else "",
        "sted": _org(b.sted),
        **{k: getattr(b, k) for k in ("slag", "status", "hvorfor", "stilling", "lokaleslag")},
        **{k: getattr(b, k) for k in ("krever_autorisasjon", "krever_vaksine", "krever_smittevern")},
        **{k: getattr(b, k) for k in ("kompetanse", "lokalkrav", "andel", "antall", "minst", "fase")},
        **{k: getattr(b, k) for k in ("plasser", "kvm", "versjon")},
        "dekket": i_tall(rad.dekket),
        "km": round(rad.km) if rad.km is not None and not rad.egen else None,
        **{k: _tid(getattr(b, k)) for k in ("fra", "til", "meldt", "lukket")},
    }


def tilbud_ut(rad: Tilbudsrad) -> dict[str, Any]:
    """An offer; `navn` is the person's for the lender alone."""
    t = rad.tilbud
    p, lokale = t.ressursperson, t.lokale
    return {
        "id": str(t.id),
        "organisasjon": _org(t.organisasjon),
        "behov_id": str(t.behov_id) if t.behov_id else None,
        "slag": t.slag,
        "status": t.status,
        "navn": rad.navn,
        "sted": rad.sted,
        "merknad": t.merknad,
        "stilling": p.stilling if p else None,
        "lokaleslag": lokale.slag if lokale else None,
        "kompetanse": p.kompetanse if p else 0,
        "lokalkrav": lokale.krav if lokale else 0,
        "plasser": lokale.plasser if lokale else None,
        "kvm": lokale.kvm if lokale else None,
        "andel": t.andel,
        "fra": _tid(t.fra),
        "til": _tid(t.til),
        "versjon": t.versjon,
    }


def omd_ut(o: Omdisponering, side: str | None, antall: int) -> dict[str, Any]:
    return {
        "id": str(o.id),
        "behov_id": str(o.behov_id),
        "nummer": o.nummer,
        "slag": o.slag,
        "status": o.status,
        "side": str(side) if side else None,
        "avgiver": _org(o.avgiver),
        "mottaker": _org(o.mottaker),
        "fra": _tid(o.fra),
        "til": _tid(o.til),
        "antall": antall,
        "svarfrist": _tid(o.svarfrist),
        "innhold_hash": o.innhold_hash,
    }


def _rad_ut(rad: Omdrad) -> dict[str, Any]:
    return omd_ut(rad.omd, rad.side, rad.antall)


#: What a line is made from, by how its form calls it.
_LAGET_AV = {"tilbud_id": "t-", "ressursperson_id": "p-", "lokale_id": "l-"}


def _omdisponeringen(omdisponering_id: UUID, kode: int = 200) -> Any:
    """One reallocation as the actor may see it; `kan`: what the actor's side may do with it now.

    What a line is made from stands where the lines can be changed. Why the lender goes below its floor is its own.
    """
    v = lesing.hent(aktor(), omdisponering_id)
    o = v.omd
    felt = ("ansvarsforhold", "arbeidsgiveransvar", "organisering", "finansiering", "merknad", "grunn")
    ider = ("bestemmelse_id", "avgiver_enhet_id", "mottaker_enhet_id", "vedtak_id")
    return json_svar(
        {
            **omd_ut(o, v.side, sum(li.stroeket_grunn is None for li in v.linjer)),
            **{k: getattr(o, k) for k in (*felt, "stenges", "aapnes")},
            **{k: str(getattr(o, k)) if getattr(o, k) else None for k in ider},
            "gulv_overstyrt": o.gulv_overstyrt if v.side == Side.AVGIVER else "",
            "linjer": [_linje_ut(li, endres="endre" in v.handlinger) for li in v.linjer],
            "kan": sorted(v.handlinger),
        },
        kode,
    )


def _linje_ut(li: lesing.Linje, *, endres: bool) -> dict[str, Any]:
    """A line; `samtykket`: that the person has said yes, for the lender to know (null for others)."""
    av = {
        k: li.noekkel.removeprefix(tegn) if endres and li.noekkel.startswith(tegn) else None
        for k, tegn in _LAGET_AV.items()
    }
    return {
        "id": str(li.id),
        **av,
        "navn": li.navn,
        "stilling": li.stilling,
        "kompetanse": li.kompetanse,
        "andel": li.andel,
        "fra": _tid(li.fra),
        "til": _tid(li.til),
        "samtykket": li.ja,
        "beordret": li.beordret,
        "stroeket": li.stroeket_grunn,
    }


def _linjer(inn: list[dict[str, Any]] | None) -> list[utkast.Ny] | None:
    return None if inn is None else [utkast.Ny(**li) for li in inn]


# --- needs and offers ------------------------------------------------------------------------------------


@blp.route("/behov")
class Behovene(MethodView):
    @blp.doc(**_svar(BEHOVSLISTE))
    @blp.arguments(BehovslisteInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """Needs, fifty at a time. `hvem`: «andre» (others' open ones, by phase, then by the day that they begin on,
        then by distance) or «egne»; `alle`: those that are covered or closed too. `dekket`: how many both sides have
        approved, half a post or half of the time being half of one; `km`: from the nearest place where one's
        organisation has people or premises, as the crow flies."""
        s = oversikt.hent_behovsliste(aktor(), **inn)
        return json_svar({"rader": [behov_ut(r) for r in s.rader], "side": s.side, "sider": s.sider})

    @blp.doc(**_svar(BEHOVSKJEMA, 201))
    @blp.arguments(BehovApiInn)
    @blp.response(201)
    def post(self, inn: dict[str, Any]) -> Any:
        """A need of one's organisation: stated at once, or kept as a draft (`gjoer`: «utkast»). 422 says what is wrong
        by field, «personnummer» that the text holds somebody's national identity number."""
        a = aktor()
        gjoer = inn.pop("gjoer")
        id_ = behov.opprett(a, meldes=gjoer == "meld", **inn)
        return json_svar(behov_ut(oversikt.hent_behov(a, id_).rad), 201)


@blp.route("/behov/<uuid:behov_id>")
class EttBehov(MethodView):
    @blp.doc(**_svar(BEHOVSKJEMA))
    @blp.arguments(IngentingInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], behov_id: UUID) -> Any:
        """One need: one's organisation's own, or one that has been stated."""
        return json_svar(behov_ut(oversikt.hent_behov(aktor(), behov_id).rad))


@blp.route("/tilbud")
class Tilbudene(MethodView):
    @blp.doc(**_svar(TILBUDSLISTE))
    @blp.arguments(TilbudslisteInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """The open offers: one's own, and those of others that are to all or to one's own need. Of others' people what
        they are, never who (`navn` is empty). `flere`: there are more of others' than these."""
        s = tilbud.hent_liste(aktor(), **inn)
        ut = {"egne": [tilbud_ut(r) for r in s.egne], "andres": [tilbud_ut(r) for r in s.andres]}
        return json_svar({**ut, "flere": s.flere})


@blp.route("/tilbud/<uuid:tilbud_id>")
class EttTilbud(MethodView):
    @blp.doc(**_svar(TILBUDSKJEMA))
    @blp.arguments(IngentingInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], tilbud_id: UUID) -> Any:
        """One offer that one may know of."""
        return json_svar(tilbud_ut(tilbud.hent(aktor(), tilbud_id)))


# --- reallocations ---------------------------------------------------------------------------------------


@blp.route("")
class Omdisponeringene(MethodView):
    @blp.doc(**_svar(OMDLISTE))
    @blp.arguments(OmdlisteInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """The reallocations that one's organisation is a side of (a draft only of one's own), and one's own
        assignments; the newest first, fifty at a time."""
        s = oversikt.hent_omdisponeringer(aktor(), **inn)
        return json_svar({"rader": [_rad_ut(r) for r in s.rader], "side": s.side, "sider": s.sider})

    @blp.doc(**_svar(HEL_OMDSKJEMA, 201))
    @blp.arguments(UtkastApiInn)
    @blp.response(201)
    def post(self, inn: dict[str, Any]) -> Any:
        """A draft for a need: by who has it from one lender's offers, by a lender from its own offers or register. The
        other side does not see it. 409: the need is not open. 422 says what is wrong by field, of a line by its number
        from 0 («linje-0»)."""
        id_ = utkast.opprett(aktor(), inn.pop("behov_id"), _linjer(inn.pop("linjer")) or [], **inn)
        return _omdisponeringen(id_, 201)


@blp.route("/<uuid:omdisponering_id>")
class EnOmdisponering(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(IngentingInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """One reallocation with its lines. `innhold_hash` is what an answer says that it has read."""
        return _omdisponeringen(omdisponering_id)

    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(EndreApiInn)
    @blp.response(200)
    def put(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """Change a draft or a proposal, by either side: what is left out stays as it is. What the lender had approved
        must be approved anew. 409 «utdatert»: it has been changed since it was read (`lest`)."""
        utkast.endre(aktor(), omdisponering_id, _linjer(inn.pop("linjer")), **inn)
        return _omdisponeringen(omdisponering_id)


@blp.route("/<uuid:omdisponering_id>/foreslaa")
class Forslag(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(KlikkInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """Send one's draft to the other side, which gets a deadline to answer by."""
        flyt.foreslaa(aktor(), omdisponering_id, **inn)
        return _omdisponeringen(omdisponering_id)


@blp.route("/<uuid:omdisponering_id>/godkjenn")
class Godkjenning(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(GodkjennApiInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """Approve for one's side what was read (`lest`): the lender first, then the receiver. The lender settles in the
        same act which lines it keeps, who has said yes, who is ordered and by which decision, why it goes below its
        floor, and the beds; of the receiver nothing but `lest` counts. 409 «utdatert»: it has been changed since;
        «opptatt»: somebody is promised elsewhere. 422 says by field what is missing."""
        flyt.godkjenn(aktor(), omdisponering_id, **inn)
        return _omdisponeringen(omdisponering_id)


@blp.route("/<uuid:omdisponering_id>/avslaa")
class Avslag(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(AvslaaApiInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """Decline the other side's proposal, with the reason."""
        flyt.avslaa(aktor(), omdisponering_id, **inn)
        return _omdisponeringen(omdisponering_id)


@blp.route("/<uuid:omdisponering_id>/trekk")
class Tilbaketrekking(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(GrunnInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """Take back one's draft or proposal, or what is agreed on and has not begun: that with the reason."""
        flyt.trekk(aktor(), omdisponering_id, **inn)
        return _omdisponeringen(omdisponering_id)


@blp.route("/<uuid:omdisponering_id>/iverksett")
class Iverksetting(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(KlikkInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """Let it begin, whose time has come: the staffed beds of both units change at once. 409 before its time."""
        flyt.iverksett(aktor(), omdisponering_id, **inn)
        return _omdisponeringen(omdisponering_id)


@blp.route("/<uuid:omdisponering_id>/avslutt")
class Avslutning(MethodView):
    @blp.doc(**_svar(HEL_OMDSKJEMA))
    @blp.arguments(GrunnInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], omdisponering_id: UUID) -> Any:
        """End it: before its time with the reason. The staffed beds of both units change back at once."""
        flyt.avslutt(aktor(), omdisponering_id, **inn)
        return _omdisponeringen(omdisponering_id)
