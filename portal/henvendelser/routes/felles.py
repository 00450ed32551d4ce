"""What the pages of this room share: the blueprint, the form as it is stored, and a case as it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from marshmallow import Schema

from portal.core.aktor import Aktor
from portal.core.errors import PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, les, skjemadata, som_tekst
from portal.henvendelser import access
from portal.henvendelser.eskalering import lesing as eskaleringslesing
from portal.henvendelser.eskalering import telefon, vaktskifte
from portal.henvendelser.eskalering.models import Vaktskiftesak
from portal.henvendelser.forloep import RAAD, UTFALL, Handling, Retning, Side
from portal.henvendelser.models import Henvendelse, Kvittering
from portal.henvendelser.schemas import hendelse_ut, kvittering_ut, ren_tekst
from portal.henvendelser.service import deling, innsending, innsyn, lesing, oppfoelging, plasser, utskrivning
from portal.identitet.fagomraader import omraader_for
from portal.identitet.steps import kommuner_for_valg, sykehus_for_valg, telefon_for

blp = Blueprint("henvendelser", __name__)


def skjemadata_rent() -> dict[str, str]:
    """The form as it is stored: a browser sends line breaks as two characters, and the places of identity
    numbers are counted in the text with one."""
    return {navn: ren_tekst(verdi) for navn, verdi in skjemadata().items()}


def feil_til_skjema(feil: UgyldigData | None) -> dict[str, Any]:
    """The errors as the form macros want them: {field: [texts]}, and the places of identity numbers."""
    if feil is None:
        return {"feil": {}, "fnr_treff": {}}
    felter: dict[str, Any] = {}
    for felt, meldinger_ in som_tekst(feil.detaljer.get("felter", {})).items():
        if felt in ("news2", "utskrivning") and isinstance(meldinger_, dict):
            felter.update({f"{felt}_{k}": v for k, v in meldinger_.items()})
        else:
            felter[felt] = meldinger_ if isinstance(meldinger_, list) else [str(meldinger_)]
    return {"feil": felter or {"": [feil.melding]}, "fnr_treff": feil.detaljer.get("treff", {})}


def aapen_sak(a: Aktor, henvendelse_id: UUID) -> Henvendelse:
    """A case that should be open on the screen already. Whoever has never seen it, opens it now."""
    if lesing.er_aapning(a, henvendelse_id, 1):
        return innsending.apne(a, henvendelse_id)
    return lesing.hent_sak(a, henvendelse_id)


def vis_sak(a: Aktor, funnet: Henvendelse, **mer: Any) -> str:
    logg = lesing.hent_hele_loggen(a, funnet.id)
    return render_template(
        "henvendelser/sak.html",
        hendelser=[hendelse_ut(h) for h in logg.hendelser],
        hode=logg.hode,
        opp=lesing.hent_opplysninger(funnet.id),
        maalinger=lesing.hent_maalinger(funnet.id),
        klient_id=str(uuid4()),
        vedlegg_klient_id=str(uuid4()),
        **{
            "feil": {},
            "verdier": {},
            "feilskjema": "",
            "fnr_treff": {},
            "plassvalg": None,
            "plasstapt": None,
            **mer,
        },
        **statusdel(a, funnet, logg.kvitteringer),
    )


def mottakere_for_valg(retning: Retning) -> list[tuple[UUID, str]]:
    """Whom a request of that direction can be sent to, for a list: every hospital, but of the kommuner only those
    that somebody answers for in the portal. The 357 would be a long list of those who never see it."""
    if retning == Retning.TIL_SYKEHUS:
        return sykehus_for_valg()
    kommuner = kommuner_for_valg()
    bemannet = access.kan_motta([k for k, _navn in kommuner])
    return [(k, navn) for k, navn in kommuner if bemannet[k]]


def statusdel(a: Aktor, funnet: Henvendelse, kvitteringer: list[Kvittering]) -> dict[str, Any]:
    min_side = access.side(a, funnet)
    nummer = telefon_for(funnet.mottaker_id, funnet.fagomraade)
    handlinger = access.mulige_handlinger(a, funnet)
    retning = Retning(funnet.retning)
    stige = eskaleringslesing.hent_stige(a, funnet, kvitteringer=kvitteringer, nummer=nummer or "")
    ring = telefon.for_sak(funnet, "", nummer or "") if stige is None else stige.ring
    return {
        "sak": funnet,
        "mottakere": mottakere_for_valg(retning) if Handling.VIDERESENDE in handlinger else [],
        "fagomraader": [(k, str(n)) for k, n in omraader_for(funnet.mottaker.type).items()],
        "raadkoder": [str(r) for r in RAAD[retning]],
        "utfallkoder": [str(u) for u in UTFALL[retning]],
        "utskrivning": utskrivning.hent_tidslinje(a, funnet),
        "kvitteringer": [kvittering_ut(k) for k in kvitteringer],
        "delt": deling.hent_delt(a, funnet),
        "stige": stige,
        "skifter": _skifter(a, funnet, min_side),
        "oppfoelging": oppfoelging.hent_spoersmaal(a, funnet),
        "siste_raad": lesing.hent_siste_raad(funnet),
        "holdte_plasser": plasser.hent_plasser(funnet),
        "handlinger": handlinger,
        "innsyn": None if Handling.EKSPORTERE in handlinger else innsyn.gjeldende(a, funnet),
        "min_side": str(min_side),
        "telefon": {**ring._asdict(), "hvem": funnet.mottaker.kortnavn}
        if min_side == Side.INNMELDER
        else {"nummer": funnet.tilbakeringing, "hvem": funnet.innmelder.navn},
    }


def _skifter(a: Aktor, funnet: Henvendelse, min_side: Side) -> list[Vaktskiftesak]:
    """What of the case waits to be read back, for those of the receiver whom it concerns."""
    if min_side != Side.MOTTAKER or funnet.ansvarlig_id is None:
        return []
    skifter = vaktskifte.hent_mine_skifter(a, funnet)
    return [*skifter.til_meg, *skifter.fra_meg, *skifter.andres]


def handling(
    henvendelse_id: UUID,
    skjema: str,
    schema: type[Schema],
    gjoer: Callable[[Aktor, dict[str, Any]], None],
    *,
    verdier: dict[str, str] | None = None,
) -> Any:
    """Validates, does it, and goes back to the case. A mistake shows the case again with what was typed."""
    verdier = skjemadata_rent() if verdier is None else verdier
    a = aktor()
    try:
        gjoer(a, les(schema, verdier))
    except UgyldigData as feil:
        funnet = aapen_sak(a, henvendelse_id)
        side = vis_sak(a, funnet, feilskjema=skjema, verdier=verdier, **feil_til_skjema(feil))
        return make_response(side, feil.status)
    except PortalError as feil:
        if feil.status != 409:
            raise
        skrevet = [verdier[felt] for felt in FRITEKST if verdier.get(felt, "").strip()]
        if skrevet and lesing.kan_se(a, henvendelse_id):
            return _vis_for_sent(a, henvendelse_id, skjema, verdier, skrevet, feil)
        flash(feil.melding, "warning")
    if not lesing.kan_se(a, henvendelse_id):
        # The move took the case out of the actor's sight, as forwarding to another hospital does.
        flash(_("Saken er sendt videre og er ikke lenger din."), "success")
        return redirect(url_for("henvendelser.hjem"), 303)
    return redirect(url_for("henvendelser.sak", henvendelse_id=henvendelse_id), 303)


#: What is typed in a case's forms, in the order it is shown where the form is no more.
FRITEKST = ("tekst", "begrunnelse", "nytte", "alvorlighet", "mestring", "ressurs")


def _vis_for_sent(
    a: Aktor,
    henvendelse_id: UUID,
    skjema: str,
    verdier: dict[str, str],
    skrevet: list[str],
    feil: PortalError,
) -> Any:
    """The case has moved on while somebody wrote: shown as it is now, with what was typed in its form, or beside
    where the form was when the act is no longer possible."""
    funnet = aapen_sak(a, henvendelse_id)
    handling = str(Handling.SKRIVE) if skjema == "meldinger" else skjema
    if handling in access.mulige_handlinger(a, funnet):
        mer: dict[str, Any] = {"feilskjema": skjema, "verdier": verdier, "feil": {"": [feil.melding]}}
    else:
        flash(feil.melding, "warning")
        mer = {"reddet": "\n\n".join(skrevet)}
    return make_response(vis_sak(a, funnet, **mer), feil.status)
