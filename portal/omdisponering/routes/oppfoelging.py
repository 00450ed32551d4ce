"""The pages of a reallocation's follow-up: the hours of a week, incidents, and the two sides' answers at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import format_date, get_locale

from portal.core.clock import now, oslo
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.regneark import BOM, som_csv
from portal.core.sprak import _, ngettext
from portal.core.web import aktor, etikett, feltfeil, les, limiter, skjema_med_lister
from portal.omdisponering.forloep import Alvor, Side
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.schemas import AvvikInn, EvalueringInn, TiltakInn, TimeradInn, UkeInn
from portal.omdisponering.service import oppfoelging as tjeneste
from portal.omdisponering.service.oppfoelging import Foering, Oppfoelging

SIDE = "/<uuid:omdisponering_id>/oppfoelging"
_RADFELTER = ("linje", "dag", "timer", "merknad", "lest")
#: A week of as many people as one reallocation can hold.
_FLEST_RADER = 50 * 7


@blp.get(SIDE)
def oppfoelging(omdisponering_id: UUID) -> str:
    uke = les(UkeInn, {k: v for k, v in request.args.items() if k == "uke" and v})["uke"]
    return _vis(omdisponering_id, uke)


def _vis(
    omdisponering_id: UUID,
    uke: date | None = None,
    feil: PortalError | None = None,
    skjema: str = "",
    verdier: Mapping[str, str] | None = None,
    rader: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """`skjema`: which of the page's forms was refused, and comes back as it was filled in; `rader`: the hours as they
    were typed, {field: the row}."""
    s = tjeneste.hent(aktor(), omdisponering_id, uke)
    return render_template(
        "omdisponering/oppfoelging.html",
        s=s,
        alvorsgrader=list(Alvor),
        naa_lokalt=_naa(),
        skjemanavn=skjema,
        rader=rader or {},
        utdatert=isinstance(feil, Utdatert),
        verdier={**_staar(s), **(verdier or {})},
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        tapt_tekst=_tapt(s, skjema, verdier or {}),
        **feltfeil(feil),
    )


def _naa() -> str:
    return f"{oslo(now()):%Y-%m-%dT%H:%M}"


def _staar(s: Oppfoelging) -> dict[str, str]:
    """What the forms begin with: now, and the own side's answers where it has given some."""
    egen_id = s.omd.avgiver_id if s.egen == Side.AVGIVER else s.omd.mottaker_id
    eget = s.evalueringer.get(egen_id) if s.inne else None
    ut = {"hendt": _naa()}
    if eget is not None:
        ut |= {"nytte": str(eget.nytte), "avklart": str(eget.avklart), "igjen": str(eget.igjen)}
        ut["egne_ord"] = eget.tekst
    return ut


def _tapt(s: Oppfoelging, skjema: str, verdier: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was typed in a form that is not there any more: others were first."""
    if skjema == "evaluering" and not s.kan_evaluere and verdier.get("egne_ord", "").strip():
        return [(_("Med egne ord"), verdier["egne_ord"])]
    aapne = {f"avvik-{a.id}" for a in s.avvik if a.lukket is None}
    if skjema.startswith("avvik-") and skjema not in aapne and verdier.get("tiltak", "").strip():
        return [(_("Hva som er gjort"), verdier["tiltak"])]
    return []


def _tilbake(omdisponering_id: UUID, sted: str, uke: date | None = None) -> Any:
    adresse = url_for(
        "omdisponering.oppfoelging", omdisponering_id=omdisponering_id, uke=uke.isoformat() if uke else None
    )
    return redirect(f"{adresse}#{sted}", 303)


# --- hours -----------------------------------------------------------------------------------------------


@blp.post(f"{SIDE}/timer")
def foer_timer(omdisponering_id: UUID) -> Any:
    enkle, lister = skjema_med_lister(*_RADFELTER)
    uke = les(UkeInn, {"uke": enkle.get("uke", "")})["uke"]
    rader = _rader(lister)
    try:
        antall = tjeneste.foer_timer(
            aktor(), omdisponering_id, _les(rader), ikke_fnr=enkle.get("ikke_fnr") == "1"
        )
    except (UgyldigData, Konflikt) as feil:
        return _vis(omdisponering_id, uke, feil, "timer", rader=rader), feil.status
    if antall:
        flash(ngettext("%(num)s dag er lagret.", "%(num)s dager er lagret.", antall), "success")
    else:
        flash(_("Ingenting var endret."), "info")
    return _tilbake(omdisponering_id, "timer", uke)


def _rader(lister: Mapping[str, list[str]]) -> dict[str, dict[str, str]]:
    """The rows as they were typed, by the name of their field. Raises UgyldigData for half a row."""
    kolonner = [lister[felt] for felt in _RADFELTER]
    if len({len(k) for k in kolonner}) > 1 or len(kolonner[0]) > _FLEST_RADER:
        raise UgyldigData()
    rader = [dict(zip(_RADFELTER, verdier, strict=True)) for verdier in zip(*kolonner, strict=True)]
    return {f"timer-{r['linje']}-{r['dag']}": r for r in rader}


def _les(rader: Mapping[str, Mapping[str, str]]) -> list[Foering]:
    """The rows; raises UgyldigData with all that is wrong, each at its field."""
    ut, felter = [], {}
    for felt, rad in rader.items():
        try:
            inn = les(TimeradInn, rad)
        except UgyldigData as feil:
            felter[felt] = [m for meldinger in feil.detaljer["felter"].values() for m in meldinger]
            continue
        ut.append(Foering(inn["linje"], inn["dag"], inn["timer"], inn["merknad"], inn["lest"]))
    if felter:
        raise UgyldigData(felter=felter)
    return ut


@blp.get(f"{SIDE}/timer.csv")
@limiter.limit("30 per minute")
def timer_csv(omdisponering_id: UUID) -> Response:
    """Day by day, and the sum of each person."""
    omd, timer = tjeneste.hent_timeliste(aktor(), omdisponering_id)
    hode = [_("Navn"), _("Stilling"), _("Dag"), _("Timer"), _("Merknad"), _("Ført av"), _("Ført")]
    rader: list[list[str]] = [hode]
    sum_av: dict[UUID, int] = {}
    navn: dict[UUID, tuple[str, str]] = {}
    for t in timer:
        person = t.linje.ressursperson
        assert person is not None
        navn[person.id] = (person.navn or _("Slettet person"), etikett("stilling", person.stilling))
        sum_av[person.id] = sum_av.get(person.id, 0) + t.minutter
        rader.append(
            [
                *navn[person.id],
                t.dag.isoformat(),
                desimaltimer(t.minutter),
                t.merknad,
                t.foert_av.navn if t.foert_av else "",
                f"{oslo(t.foert):%Y-%m-%d %H:%M}",
            ]
        )
    rader += [[*navn[p], _("Sum"), desimaltimer(minutter), "", "", ""] for p, minutter in sum_av.items()]
    svar = Response(BOM + som_csv(rader), mimetype="text/csv")
    svar.headers.set("Content-Disposition", "attachment", filename=f"timer-{omd.nummer}.csv")
    return svar


def desimaltimer(minutter: int) -> str:
    """«7,5»: hours with a comma, as a Norwegian spreadsheet reads them."""
    return f"{minutter / 60:.2f}".rstrip("0").rstrip(".").replace(".", ",")


@blp.app_template_filter("ukedagsdato")
def ukedagsdato(dag: date) -> str:
    """«man. 23. nov.», in English «Mon 23 Nov»."""
    return str(format_date(dag, "EEE d MMM" if str(get_locale()) == "en" else "EEE d. MMM", rebase=False))


@blp.app_template_filter("timer")
def timer(minutter: int) -> str:
    """«7 t 30 min», «8 t»."""
    hele, rest = divmod(minutter, 60)
    return (
        _("%(timer)s t %(minutter)s min", timer=hele, minutter=rest) if rest else _("%(timer)s t", timer=hele)
    )


@blp.app_template_filter("timetall")
def timetall(minutter: int) -> str:
    """«7:30»: hours as a field has them."""
    return f"{minutter // 60}:{minutter % 60:02d}"


# --- incidents -------------------------------------------------------------------------------------------


@blp.post(f"{SIDE}/avvik")
@limiter.limit("30 per minute")
def meld_avvik(omdisponering_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        avvik_id = tjeneste.meld_avvik(aktor(), omdisponering_id, **les(AvvikInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis(omdisponering_id, None, feil, "avvik", verdier), feil.status
    flash(_("Avviket er meldt. Begge sider har fått beskjed."), "success")
    return _tilbake(omdisponering_id, f"avvik-{avvik_id}")


@blp.post(f"{SIDE}/avvik/<uuid:avvik_id>/lukk")
def lukk_avvik(omdisponering_id: UUID, avvik_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.lukk_avvik(aktor(), omdisponering_id, avvik_id, **les(TiltakInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis(omdisponering_id, None, feil, f"avvik-{avvik_id}", verdier), feil.status
    flash(_("Avviket er lukket. Begge sider har fått beskjed."), "success")
    return _tilbake(omdisponering_id, f"avvik-{avvik_id}")


# --- how it went -----------------------------------------------------------------------------------------


@blp.post(f"{SIDE}/evaluering")
def evaluer(omdisponering_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        tjeneste.evaluer(aktor(), omdisponering_id, **les(EvalueringInn, verdier))
    except (UgyldigData, Konflikt) as feil:
        return _vis(omdisponering_id, None, feil, "evaluering", verdier), feil.status
    flash(_("Takk. Svaret er lagret."), "success")
    return _tilbake(omdisponering_id, "evaluering")
