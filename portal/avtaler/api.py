"""Agreements as JSON, for programs: the list, one in a version, what holds now, and searching.

An agreement has the shape of the file that people take out of the portal (`eksport.SKJEMA`), so that what a program has
read can be brought in again. Every answer is of what the account may see; what it may not see is «not found».
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.avtaler import eksport, innhold, soek
from portal.avtaler.models import Avtaleversjon
from portal.avtaler.oppslag import Klausul
from portal.avtaler.schemas import AvtalefilterInn, GjelderSpurtInn, SoekInn, VersjonInn
from portal.avtaler.service import gjelder, lesing, ut
from portal.avtaler.service import soek as soeketjeneste
from portal.core.web import Jsonleser, aktor, json_svar

blp = Blueprint(
    "api_avtaler",
    __name__,
    url_prefix="/api/v1",
    description="Cooperation agreements: the list, one in a version, what holds now, and searching.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


# --- the shapes of what is answered ----------------------------------------------------------------------

_TEKST, _TALL, _JANEI = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_ID = {"type": "string", "format": "uuid"}
_DAG = {"type": "string", "format": "date"}
_DAG_ELLER_INGEN = {**_DAG, "nullable": True}
_TID = {"type": "string", "format": "date-time"}


def _objekt(**felt: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(felt), "properties": felt}


def _liste(av: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": av}


def _eller_ingen(skjema: dict[str, Any]) -> dict[str, Any]:
    return {**skjema, "nullable": True}


_VERSJON = _objekt(nummer=_TALL, status=_TEKST, i_kraft_fra=_DAG_ELLER_INGEN, i_kraft_til=_DAG_ELLER_INGEN)
LISTESKJEMA = _objekt(
    antall=_TALL,
    side=_TALL,
    sider=_TALL,
    tall=_objekt(**dict.fromkeys(("alle", *lesing.TILSTANDER), _TALL)),
    avtaler=_liste(
        _objekt(
            id=_ID,
            type=_TEKST,
            nummer=_TEKST,
            tittel=_TEKST,
            maalform=_TEKST,
            eier=_objekt(id=_ID, navn=_TEKST),
            overordnet_id=_eller_ingen(_ID),
            gjelder=_eller_ingen(_VERSJON),
            arbeid=_eller_ingen(_VERSJON),
            kommuner=_TALL,
            inviterte=_TALL,
        )
    ),
)
_GJELDENDE_KLAUSUL = _objekt(
    situasjon=_eller_ingen(_TEKST),
    avtale_id=_ID,
    versjon=_TALL,
    **{f: eksport.KLAUSULSKJEMA["properties"][f] for f in ("noekkel", "nummer", "overskrift", "art")},
    **{
        f: eksport.KLAUSULSKJEMA["properties"][f] for f in ("punkt", "faser", "tekst", "kriterier", "matrise")
    },
)
GJELDERSKJEMA = _objekt(
    kommune=_objekt(id=_ID, navn=_TEKST),
    dag=_DAG,
    lest=_TID,
    fase=_objekt(
        fase=_TALL,
        tenkt=_JANEI,
        kommunens=_objekt(fase=_TALL, nivaa=_TEKST, satt=_JANEI, kilde=_TEKST),
    ),
    situasjoner=_liste(_TEKST),
    fagomraade=_eller_ingen(_TEKST),
    avtaler=_liste(
        _objekt(id=_ID, type=_TEKST, nummer=_TEKST, tittel=_TEKST, eier=_TEKST, versjon=_TALL, fra=_DAG)
    ),
    bestemmelser=_liste(_GJELDENDE_KLAUSUL),
)
SOEKESKJEMA = _objekt(
    spoersmaal=_TEKST,
    forstaatt=_JANEI,
    antall=_TALL,
    flere=_JANEI,
    side=_TALL,
    sider=_TALL,
    treff=_liste(
        _objekt(
            avtale_id=_ID,
            avtale=_objekt(nummer=_TEKST, tittel=_TEKST, eier=_TEKST),
            versjon=_TALL,
            status=_TEKST,
            gjelder=_JANEI,
            noekkel=_ID,
            nummer=_TEKST,
            art=_TEKST,
            overskrift=_TEKST,
            utdrag=_TEKST,
            trefford=_liste(_TEKST),
        )
    ),
    avtaler=_liste(_objekt(id=_ID, nummer=_TEKST, tittel=_TEKST, eier=_TEKST)),
)


def _svar(skjema: dict[str, Any]) -> dict[str, Any]:
    """The answer of an operation, for the OpenAPI document."""
    return {"responses": {"200": {"content": {"application/json": {"schema": skjema}}}}}


# --- the doors -------------------------------------------------------------------------------------------


@blp.route("/avtaler")
class Avtaler(MethodView):
    @blp.doc(**_svar(LISTESKJEMA))
    @blp.arguments(AvtalefilterInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """The agreements that the account sees, 50 a page. `tall`: how many there are of each `tilstand`.

        `gjelder` is the version that holds today; `arbeid` the one that is worked on, where the account may see it.
        """
        side = inn.pop("side")
        return json_svar(_liste_ut(lesing.synlige_avtaler(aktor(), inn, side)))


@blp.route("/avtaler/<uuid:avtale_id>")
class EnAvtale(MethodView):
    @blp.doc(**_svar(eksport.SKJEMA))
    @blp.arguments(VersjonInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], avtale_id: UUID) -> Any:
        """An agreement with its version, parties, clauses and approvals: the file that people take out as JSON.

        `versjon`: its number; without it the version that holds today, else the newest that the account sees.
        """
        return json_svar(ut.hent(aktor(), avtale_id, inn["versjon"]))


@blp.route("/avtaler/gjelder")
class HvaGjelder(MethodView):
    @blp.doc(**_svar(GJELDERSKJEMA))
    @blp.arguments(GjelderSpurtInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """«Hva gjelder nå?»: the clauses of a kommune's agreements that hold, in a situation and a phase.

        Without `situasjon` all three; without `fase` the one that the kommune is in (1 where none is set); without
        `dag` today. A clause with `situasjon` null stands beside it: who does what, how, and in preparedness.
        Never a drill's.
        """
        kommune_id = inn.pop("kommune")
        return json_svar(_gjelder_ut(gjelder.hva_gjelder(aktor(), kommune_id, **inn)))


@blp.route("/avtaler/soek")
class Soek(MethodView):
    @blp.doc(**_svar(SOEKESKJEMA))
    @blp.arguments(SoekInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """Searches the clauses that the account sees, in Norwegian, the best first, 20 a page.

        `q`: words, "a phrase", -without, a or b. `avtaler`: agreements whose own name has the words.
        """
        return json_svar(_soek_ut(soeketjeneste.finn(aktor(), inn["q"], inn["side"], inn["art"])))


# --- what is answered ------------------------------------------------------------------------------------


def _versjon_ut(v: Avtaleversjon | None) -> dict[str, Any] | None:
    if v is None:
        return None
    return {
        "nummer": v.nummer,
        "status": str(v.status),
        "i_kraft_fra": v.i_kraft_fra,
        "i_kraft_til": v.i_kraft_til,
    }


def _liste_ut(funnet: lesing.Liste) -> dict[str, Any]:
    return {
        "antall": funnet.antall,
        "side": funnet.side,
        "sider": funnet.sider,
        "tall": dict(funnet.tall),
        "avtaler": [
            {
                "id": r.avtale.id,
                "type": str(r.avtale.type),
                "nummer": r.avtale.nummer,
                "tittel": r.avtale.tittel,
                "maalform": r.avtale.maalform,
                "eier": {"id": r.avtale.eier.id, "navn": r.avtale.eier.navn},
                "overordnet_id": r.avtale.overordnet_id,
                "gjelder": _versjon_ut(r.gjelder),
                "arbeid": _versjon_ut(r.arbeid),
                "kommuner": r.kommuner,
                "inviterte": r.inviterte,
            }
            for r in funnet.rader
        ],
    }


def _gjelder_ut(g: gjelder.Gjelder) -> dict[str, Any]:
    return {
        "kommune": {"id": g.kommune_id, "navn": g.kommune},
        "dag": g.dag,
        "lest": g.lest,
        "fase": {
            "fase": g.fase,
            "tenkt": g.tenkt,
            "kommunens": {
                "fase": g.naa.fase,
                "nivaa": str(g.naa.nivaa),
                "satt": g.naa.satt,
                "kilde": g.naa.kilde,
            },
        },
        "situasjoner": list(g.situasjoner),
        "fagomraade": g.fagomraade,
        "avtaler": [
            {
                "id": a.avtale_id,
                "type": str(a.type),
                "nummer": a.kjenningsnummer,
                "tittel": a.tittel,
                "eier": a.eier,
                "versjon": a.versjon,
                "fra": a.fra,
            }
            for a in g.avtaler
        ],
        "bestemmelser": [
            _klausul_ut(gruppe.situasjon, k)
            for gruppe in [*g.grupper, g.ved_siden]
            for k in [*gruppe.klausuler, *gruppe.flere]
        ],
    }


def _klausul_ut(situasjon: str, k: Klausul) -> dict[str, Any]:
    return {
        "situasjon": situasjon or None,
        "avtale_id": k.avtale.avtale_id,
        "versjon": k.avtale.versjon,
        "noekkel": k.noekkel,
        "nummer": k.nummer,
        "overskrift": k.overskrift,
        "art": str(k.art),
        "punkt": k.punkt,
        "faser": innhold.faser(k.faser),
        "tekst": k.tekst,
        "kriterier": list(k.kriterier),
        "matrise": list(k.matrise),
    }


def _soek_ut(s: soeketjeneste.Soekeside) -> dict[str, Any]:
    return {
        "spoersmaal": s.spoersmaal,
        "forstaatt": s.forstaatt,
        "antall": s.antall,
        "flere": s.flere,
        "side": s.side,
        "sider": s.antall_sider,
        "treff": [_treff_ut(t) for t in s.treff],
        "avtaler": [
            {"id": a.avtale_id, "nummer": a.kjenningsnummer, "tittel": a.tittel, "eier": a.eier}
            for a in s.avtaler
        ],
    }


def _treff_ut(t: soeketjeneste.Treff) -> dict[str, Any]:
    overskrift, utdrag = soek.merkede(t.overskrift), soek.merkede(t.utdrag)
    return {
        "avtale_id": t.avtale_id,
        "avtale": {"nummer": t.kjenningsnummer, "tittel": t.tittel, "eier": t.eier},
        "versjon": t.versjon,
        "status": str(t.status),
        "gjelder": t.gjelder,
        "noekkel": t.noekkel,
        "nummer": t.nummer,
        "art": str(t.art),
        "overskrift": "".join(bit for bit, _funnet in overskrift),
        "utdrag": "".join(bit for bit, _funnet in utdrag),
        # The words of the two that were found, as they stand there.
        "trefford": list(dict.fromkeys(bit for bit, funnet in [*overskrift, *utdrag] if funnet)),
    }
