"""The same use cases as JSON: the HTTP twins of the socket events, and the moves for other systems."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.core.web import Jsonleser, aktor, json_svar
from portal.henvendelser import access
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.schemas import (
    BegrunnelseInn,
    BesvarInn,
    EtterInn,
    HenvendelseInn,
    LukkInn,
    MeldingInn,
    MottakereInn,
    TekstInn,
    TomtSkjema,
    TrengerMerInn,
    VideresendInn,
    hendelse_ut,
    kvittering_ut,
    tidspunkt,
)
from portal.henvendelser.service import flyt, innsending, lesing, meldinger
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.steps import fagtelefoner, foreslaatt_mottaker, sykehus_for_valg, sykehustelefoner

blp = Blueprint(
    "api_henvendelser",
    __name__,
    url_prefix="/api/v1",
    description="Advisory requests: send, follow the log, and take the moves of a case.",
)
blp.ARGUMENTS_PARSER = Jsonleser()


def _sak_ut(sak: Henvendelse) -> dict[str, Any]:
    """A case without its clinical text."""
    return {
        "id": str(sak.id),
        "saksnummer": sak.saksnummer,
        "status": str(sak.status),
        "hastegrad": str(sak.hastegrad),
        "fagomraade": sak.fagomraade,
        "mottaker_id": str(sak.mottaker_id),
        "ansvarlig": sak.ansvarlig.navn if sak.ansvarlig else None,
        "raad": sak.raad,
        "utfall": sak.utfall,
        "unngaatt": sak.unngaatt,
        "opprettet": tidspunkt(sak.opprettet),
        "frist": tidspunkt(sak.frist) if sak.frist else None,
        "hode": lesing.hent_hode(sak.id),
    }


@blp.route("/henvendelser")
class Henvendelser(MethodView):
    @blp.arguments(HenvendelseInn)
    @blp.response(201)
    def post(self, inn: dict[str, Any]) -> Any:
        """Send a request. The same `klient_id` again gives the same case."""
        a = aktor()
        sak_id = innsending.opprett(a, inn)
        return json_svar(_sak_ut(lesing.hent_sak(a, sak_id)), 201)


@blp.route("/henvendelser/<uuid:henvendelse_id>")
class EnHenvendelse(MethodView):
    @blp.response(200)
    def get(self, henvendelse_id: UUID) -> Any:
        """The state of a case (no clinical text: that is in the log)."""
        return json_svar(_sak_ut(lesing.hent_sak(aktor(), henvendelse_id)))


@blp.route("/henvendelser/<uuid:henvendelse_id>/hendelser")
class Hendelser(MethodView):
    @blp.arguments(EtterInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """The rows of the log after a sequence number, in order; `mer` says that there are more to fetch."""
        a = aktor()
        if lesing.er_aapning(a, henvendelse_id, inn["etter"]):
            innsending.apne(a, henvendelse_id)
        logg = lesing.hent_logg(a, henvendelse_id, inn["etter"])
        return json_svar(
            {
                "hode": logg.hode,
                "hendelser": [hendelse_ut(h) for h in logg.hendelser],
                "mer": logg.mer,
                "kvitteringer": [kvittering_ut(k) for k in logg.kvitteringer],
            }
        )


@blp.route("/henvendelser/<uuid:henvendelse_id>/meldinger")
class Meldinger(MethodView):
    @blp.arguments(MeldingInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Write a message. Answers after the commit; the same `klient_id` gives the stored number again."""
        sekvens, tid = meldinger.send_melding(aktor(), henvendelse_id, **inn)
        return json_svar({"sekvens": sekvens, "tidspunkt": tidspunkt(tid)})


def _flytt(henvendelse_id: UUID) -> Any:
    return json_svar(_sak_ut(lesing.hent_sak(aktor(), henvendelse_id)))


@blp.route("/henvendelser/<uuid:henvendelse_id>/aksepter")
class Aksepter(MethodView):
    @blp.arguments(TomtSkjema)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Take the case. Exactly one wins; the others get 409 with the winner's name."""
        flyt.aksepter(aktor(), henvendelse_id)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/gi-tilbake")
class GiTilbake(MethodView):
    @blp.arguments(BegrunnelseInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Put the case back into its queue."""
        flyt.gi_tilbake(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/videresend")
class Videresend(MethodView):
    @blp.arguments(VideresendInn)
    @blp.response(204)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Send the case on. Answers 204 with no body: the case may no longer be yours to see."""
        flyt.videresend(aktor(), henvendelse_id, **inn)
        return "", 204


@blp.route("/henvendelser/<uuid:henvendelse_id>/besvar")
class Besvar(MethodView):
    @blp.arguments(BesvarInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Record the structured advice."""
        flyt.besvar(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/trenger-mer")
class TrengerMer(MethodView):
    @blp.arguments(TrengerMerInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Ask for more after an answer."""
        flyt.be_om_mer(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/lukk")
class Lukk(MethodView):
    @blp.arguments(LukkInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Confirm the outcome and close."""
        flyt.lukk(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/tiden-er-ute")
class TidenErUte(MethodView):
    @blp.arguments(TekstInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """The requester's exit: the patient is admitted without waiting for the answer."""
        flyt.tiden_er_ute(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/trekk")
class Trekk(MethodView):
    @blp.arguments(TekstInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Withdraw the request."""
        flyt.trekk(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/henvendelser/<uuid:henvendelse_id>/gjenaapne")
class Gjenaapne(MethodView):
    @blp.arguments(TekstInn)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Open a closed case again within 72 hours."""
        flyt.gjenaapne(aktor(), henvendelse_id, **inn)
        return _flytt(henvendelse_id)


@blp.route("/mottakere")
class Mottakere(MethodView):
    @blp.arguments(MottakereInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """The hospitals, which fagområder somebody answers for there, their numbers, and the one of the catchment."""
        access.krev_kliniker(aktor(), "mottakere")
        sykehus = sykehus_for_valg()
        ider = [s for s, _ in sykehus]
        forslag = foreslaatt_mottaker(inn["kommune"]) if inn["kommune"] else None
        bemannet = access.kan_motta(ider)
        telefoner, fag = sykehustelefoner(ider), fagtelefoner(ider)
        return json_svar(
            {
                "forslag": str(forslag) if forslag else None,
                "mottakere": [
                    {
                        "id": str(s),
                        "navn": navn,
                        "telefon": telefoner.get(s),
                        "fagomraader": [
                            {
                                "kode": kode,
                                "navn": str(fagnavn),
                                "bemannet": kode in bemannet[s],
                                "telefon": fag.get(s, {}).get(kode) or telefoner.get(s),
                            }
                            for kode, fagnavn in FAGOMRAADER.items()
                        ],
                    }
                    for s, navn in sykehus
                ],
            }
        )
