"""What follows from an agreement: the page that gathers it, notice with its confirmation, and what was sent in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from portal.avtaler import beskjeder
from portal.avtaler.routes.felles import bp, det_du_skrev
from portal.avtaler.schemas import InnsendingInn, LivetInn, OppsigelseInn
from portal.avtaler.service import gjennomgang, innsending, livslesing, oppsigelse, uenighet
from portal.core.clock import i_dag
from portal.core.errors import Konflikt, PortalError, UgyldigData
from portal.core.sprak import _
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.oppgaver import service as oppgaver

_AVVIST = (Konflikt, UgyldigData)
#: Finished tasks that are shown beside the open ones.
FERDIGE = 5


@bp.get("/<uuid:avtale_id>/livet")
def livet(avtale_id: UUID) -> str:
    return _vis(avtale_id, foer=les(LivetInn, request.args)["foer"])


def _vis(
    avtale_id: UUID,
    feil: PortalError | None = None,
    verdier: Mapping[str, str] | None = None,
    foer: str = "",
    tapt_tekst: Sequence[tuple[str, str]] = (),
) -> str:
    a = aktor()
    s = livslesing.hent_livet(a, avtale_id)
    rader = oppgaver.hent_om(a, beskjeder.gjelder(s.avtale.id))
    aapne = [r for r in rader if r.oppgave.gjort is None and r.oppgave.avlyst is None]
    return render_template(
        "avtaler/livet.html",
        s=s,
        avtale=s.avtale,
        versjon=s.versjon,
        fane="livet",
        gjennomganger=gjennomgang.hent(a, s.avtale),
        uenigheter=uenighet.hent_alle(a, s.avtale),
        oppgaver=aapne,
        ferdige=[r for r in rader if r.oppgave.gjort is not None][:FERDIGE],
        foer=foer,
        idag=i_dag(),
        verdier=verdier or {"dato": i_dag().isoformat()},
        tapt_tekst=tapt_tekst or _uten_plass(s, foer, verdier or {}),
        **feltfeil(feil),
    )


def _uten_plass(s: livslesing.Livet, foer: str, verdier: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was written about a sending that is not asked for any more: its notice was taken back meanwhile."""
    rader = [*s.innsendinger, *s.eldre_innsendinger, *(o.melding for o in s.oppsigelser if o.melding)]
    steder = {f"v{r.versjon.nummer}" if r.versjon else str(r.oppsigelse and r.oppsigelse.id) for r in rader}
    return [] if foer in steder else det_du_skrev(verdier, referanse=_("Hvor det kan finnes igjen"))


# --- notice ----------------------------------------------------------------------------------------------


@bp.get("/<uuid:avtale_id>/oppsigelse")
def oppsigelse_skjema(avtale_id: UUID) -> Any:
    try:
        return _vis_skjema(avtale_id)
    except Konflikt as feil:
        return _vis(avtale_id, feil), feil.status


def _vis_skjema(
    avtale_id: UUID, feil: PortalError | None = None, verdier: Mapping[str, str] | None = None
) -> str:
    s = oppsigelse.forhaandsvis(aktor(), avtale_id)
    return render_template(
        "avtaler/oppsigelse.html",
        s=s,
        avtale=s.avtale,
        versjon=s.versjon,
        fane="livet",
        idag=i_dag(),
        verdier=verdier if verdier is not None else {"varslet": i_dag().isoformat()},
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/oppsigelse")
def si_opp(avtale_id: UUID) -> Any:
    """First what it means, then, confirmed, it is given. What was typed stands in the form again when it is refused."""
    verdier, _lister = skjema_med_lister()
    try:
        return _si_opp(avtale_id, verdier)
    except Konflikt as feil:
        # No notice can be given now: somebody else's came first, or the agreement ended.
        tapt_tekst = det_du_skrev(verdier, begrunnelse=_("Hvorfor"), enighet=_("Enighet om en kortere frist"))
        return _vis(avtale_id, feil, tapt_tekst=tapt_tekst), feil.status


def _si_opp(avtale_id: UUID, verdier: Mapping[str, str]) -> Any:
    try:
        inn = les(OppsigelseInn, verdier)
        bekreft, endre, lest = inn.pop("bekreft"), inn.pop("endre"), inn.pop("lest")
        if endre:
            return _vis_skjema(avtale_id, verdier=verdier)
        if not bekreft:
            return _vis_bekreft(avtale_id, inn, verdier)
        oppsigelse.gi(aktor(), avtale_id, **inn, lest=lest)
    except UgyldigData as feil:
        return _vis_skjema(avtale_id, feil, verdier), feil.status
    except Konflikt as feil:
        if "lest" in feil.detaljer:
            return _vis_bekreft(avtale_id, inn, verdier, feil), feil.status
        raise
    flash(_("Oppsigelsen er gitt. Alle partene har fått beskjed."), "success")
    return redirect(url_for("avtaler.livet", avtale_id=avtale_id), 303)


def _vis_bekreft(
    avtale_id: UUID, inn: dict[str, Any], verdier: Mapping[str, str], feil: PortalError | None = None
) -> str:
    s = oppsigelse.forhaandsvis(aktor(), avtale_id, **inn)
    egne = oppgaver.hent_om(aktor(), beskjeder.gjelder(s.avtale.id))
    aapne = [r for r in egne if r.oppgave.gjort is None and r.oppgave.avlyst is None]
    return render_template(
        "avtaler/oppsigelse_bekreft.html",
        s=s,
        avtale=s.avtale,
        versjon=s.versjon,
        fane="livet",
        # What is due before the last day is to be done all the same.
        gjoeres=[r for r in aapne if s.slutt is None or r.oppgave.frist < s.slutt],
        bort=[r for r in aapne if s.slutt is not None and r.oppgave.frist >= s.slutt],
        verdier=verdier,
        **feltfeil(feil),
    )


@bp.post("/<uuid:avtale_id>/oppsigelse/<uuid:oppsigelse_id>/trekk")
def trekk_oppsigelse(avtale_id: UUID, oppsigelse_id: UUID) -> Any:
    try:
        oppsigelse.trekk(aktor(), oppsigelse_id)
    except Konflikt as feil:
        return _vis(avtale_id, feil), feil.status
    flash(_("Oppsigelsen er trukket. Avtalen gjelder som før, og alle partene har fått beskjed."), "success")
    return redirect(url_for("avtaler.livet", avtale_id=avtale_id), 303)


# --- what was sent in ------------------------------------------------------------------------------------


@bp.post("/<uuid:avtale_id>/innsending")
def foer_innsending(avtale_id: UUID) -> Any:
    verdier, _lister = skjema_med_lister()
    try:
        inn = les(InnsendingInn, verdier)
        nummer, oppsigelse_id = inn.pop("nummer"), inn.pop("oppsigelse_id")
        if nummer is not None:
            innsending.foer_avtale(aktor(), avtale_id, nummer, **inn)
        else:
            innsending.foer_oppsigelse(aktor(), oppsigelse_id, **inn)
    except _AVVIST as feil:
        foer = f"v{verdier['nummer']}" if verdier.get("nummer") else verdier.get("oppsigelse_id", "")
        return _vis(avtale_id, feil, verdier, foer), feil.status
    flash(_("Innsendingen er ført, og oppgaven er gjort."), "success")
    return redirect(url_for("avtaler.livet", avtale_id=avtale_id) + "#innsending", 303)
