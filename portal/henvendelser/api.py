"""The same use cases as JSON: the HTTP twins of the socket events, and the moves for other systems."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from portal.core.aktor import Aktor
from portal.core.opplasting import mottak
from portal.core.telefon import lesbart
from portal.core.web import Jsonleser, aktor, csrf, json_svar, les, limiter
from portal.henvendelser import access
from portal.henvendelser.eskalering import telefon
from portal.henvendelser.forloep import Hastegrad
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
    UtskrivningSteg,
    VedleggInn,
    VideresendInn,
    hendelse_ut,
    kvittering_ut,
    tidspunkt,
)
from portal.henvendelser.service import flyt, innsending, lesing, meldinger, utskrivning, vedlegg
from portal.henvendelser.vedleggslager import mottaksmappe
from portal.identitet.fagomraader import FAGOMRAADER, KOMMUNALE_OMRAADER
from portal.identitet.innlogging import er_tjenestekall
from portal.identitet.steps import (
    fagtelefoner,
    foreslaatt_mottaker,
    kommuner_for_valg,
    sykehus_for_valg,
    sykehustelefoner,
)

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
        "retning": str(sak.retning),
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
        """The state of a case (no clinical text: that is in the log), and of a discharge its timeline."""
        a = aktor()
        return json_svar(_med_tidslinje(a, lesing.hent_sak(a, henvendelse_id)))


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


@blp.route("/henvendelser/<uuid:henvendelse_id>/vedlegg")
class Vedlegg(MethodView):
    # The body is read, and the token looked for in it, when the right is known (see `mottak`).
    decorators = [csrf.exempt, limiter.limit("60 per minute")]  # noqa: RUF012

    @blp.doc(
        requestBody={
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["fil", "klient_id"],
                        "properties": {
                            "fil": {"type": "string", "format": "binary"},
                            "klient_id": {"type": "string", "format": "uuid"},
                            "ikke_fnr": {"type": "boolean"},
                        },
                    }
                }
            },
        }
    )
    @blp.response(201)
    def post(self, henvendelse_id: UUID) -> Any:
        """Attach a picture or a PDF of at most 10 MB. The same `klient_id` gives the stored number again."""
        a = aktor()
        vedlegg.krev_rett(a, henvendelse_id)
        with mottak(
            "fil",
            mottaksmappe(),
            maks=vedlegg.MAKS_FIL,
            for_stor=vedlegg.FOR_STOR,
            krev_csrf=not er_tjenestekall(request),
        ) as (fil, felter):
            inn = les(VedleggInn, felter)
            sendt = vedlegg.Sendt(inn["klient_id"], fil.fil, fil.navn, fil.sha256, inn["ikke_fnr"])
            lagret = vedlegg.legg_ved(a, henvendelse_id, sendt)
        return json_svar(
            {
                "sekvens": lagret.sekvens,
                "vedlegg_id": str(lagret.vedlegg_id),
                "tidspunkt": tidspunkt(lagret.tidspunkt),
            },
            201,
        )


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
        """The requester's exit, without waiting for the answer: admitted, or in a hospital's request kept there."""
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


@blp.route("/henvendelser/<uuid:henvendelse_id>/utskrivning")
class Utskrivningen(MethodView):
    @blp.arguments(UtskrivningSteg)
    @blp.response(200)
    def post(self, inn: dict[str, Any], henvendelse_id: UUID) -> Any:
        """Do a step of a discharge's timeline, or take it back; answers with the timeline's new version."""
        a = aktor()
        utskrivning.oppdater(a, henvendelse_id, **inn)
        return json_svar(_med_tidslinje(a, lesing.hent_sak(a, henvendelse_id)))


def _med_tidslinje(a: Aktor, sak: Henvendelse) -> dict[str, Any]:
    """A case with the timeline of its discharge, or None for it where it is about none."""
    visning = utskrivning.hent_tidslinje(a, sak)
    return {**_sak_ut(sak), "utskrivning": _tidslinje_ut(visning) if visning else None}


def _tidslinje_ut(visning: utskrivning.Utskrivningsvisning) -> dict[str, Any]:
    rad = visning.rad
    return {
        "versjon": rad.versjon,
        "innlagt": tidspunkt(rad.innlagt),
        "forventet": rad.forventet.isoformat() if rad.forventet else None,
        "usikker": rad.usikker,
        "kan_ta_imot": rad.kan_ta_imot,
        "kan_ta_imot_fra": rad.kan_ta_imot_fra.isoformat() if rad.kan_ta_imot_fra else None,
        "steg": [
            {
                "steg": str(p.steg),
                "paragraf": p.paragraf,
                "side": str(p.side),
                "tilstand": str(p.tilstand),
                "gjort": tidspunkt(p.gjort) if p.gjort else None,
                "frist": tidspunkt(p.frist) if p.frist else None,
            }
            for p in visning.punkter
        ],
    }


@blp.route("/mottakere")
class Mottakere(MethodView):
    @blp.arguments(MottakereInn, location="query", unknown=RAISE)
    @blp.response(200)
    def get(self, inn: dict[str, Any]) -> Any:
        """The receivers on the other side, which fagområder somebody answers for there, and their numbers.

        `forslag` is the one that the patient's `kommune` suggests. A clinician of a kommune is given every hospital;
        one of a hospital the kommuner that somebody answers for, and the suggested one whoever answers there.
        `vakttelefon` is of whoever is told first, by hastegrad, as the case has it when it is sent: it comes before
        `telefon`. Empty where the roster has none.
        """
        a = aktor()
        access.krev_kliniker(a, "mottakere")
        if a.er_kommunal:
            mottakere, omraader = sykehus_for_valg(), FAGOMRAADER
            forslag = foreslaatt_mottaker(inn["kommune"]) if inn["kommune"] else None
            bemannet = access.kan_motta([m for m, _ in mottakere])
        else:
            kommuner, omraader = kommuner_for_valg(), KOMMUNALE_OMRAADER
            forslag = inn["kommune"] if inn["kommune"] in dict(kommuner) else None
            bemannet = access.kan_motta([k for k, _ in kommuner])
            mottakere = [(k, navn) for k, navn in kommuner if bemannet[k] or k == forslag]
        ider = [m for m, _ in mottakere]
        telefoner, fag = sykehustelefoner(ider), fagtelefoner(ider)
        vakttelefoner = telefon.for_nye(ider, [str(h) for h in Hastegrad])
        return json_svar(
            {
                "forslag": str(forslag) if forslag else None,
                "mottakere": [
                    {
                        "id": str(s),
                        "navn": navn,
                        "telefon": lesbart(telefoner.get(s) or "") or None,
                        "fagomraader": [
                            {
                                "kode": kode,
                                "navn": str(fagnavn),
                                "bemannet": kode in bemannet[s],
                                "telefon": lesbart(fag.get(s, {}).get(kode) or telefoner.get(s) or "")
                                or None,
                                "vakttelefon": vakttelefoner.get((s, kode), {}),
                            }
                            for kode, fagnavn in omraader.items()
                        ],
                    }
                    for s, navn in mottakere
                ],
            }
        )
