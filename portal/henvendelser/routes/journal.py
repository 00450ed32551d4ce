"""«Kopier til journal»: on the screen, as a text file, for printing and as PDF."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask_babel import get_locale

from portal.core.sprak import paa_spraak
from portal.core.traader import JOURNAL, i_traadpool
from portal.core.web import aktor, limiter
from portal.henvendelser import journaltekst
from portal.henvendelser.routes.felles import blp
from portal.henvendelser.service import journal


def _dokument(henvendelse_id: UUID, form: str) -> journaltekst.Dokument:
    """The document, made on the thread pool: a case can have thousands of rows."""
    data = journal.eksporter(aktor(), henvendelse_id, form)
    # A Norwegian journal is kept in Norwegian, whatever language the portal is read in.
    with paa_spraak("nn" if str(get_locale()) == "nn" else "nb"):
        ord_ = journaltekst.ordbok()
    return i_traadpool(journaltekst.lag_dokument, data, ord_)


@blp.get("/henvendelser/<uuid:henvendelse_id>/journal")
@limiter.limit("60 per minute")
def journalside(henvendelse_id: UUID) -> str:
    """The whole as text to copy from."""
    dok = _dokument(henvendelse_id, "skjerm")
    return render_template(
        "henvendelser/journal.html",
        henvendelse_id=henvendelse_id,
        dok=dok,
        tekst=i_traadpool(journaltekst.som_tekst, dok),
    )


@blp.get("/henvendelser/<uuid:henvendelse_id>/journal.txt")
@limiter.limit("60 per minute")
def journaltekstfil(henvendelse_id: UUID) -> Response:
    dok = _dokument(henvendelse_id, "tekst")
    return _fil(
        i_traadpool(journaltekst.som_tekst, dok), "text/plain; charset=utf-8", dok["saksnummer"], "txt"
    )


@blp.get("/henvendelser/<uuid:henvendelse_id>/journal.pdf")
@limiter.limit("20 per minute")
def journalpdf(henvendelse_id: UUID) -> Response:
    dok = _dokument(henvendelse_id, "pdf")
    return _fil(JOURNAL.kjoer(journaltekst.som_pdf, dok), "application/pdf", dok["saksnummer"], "pdf")


@blp.get("/henvendelser/<uuid:henvendelse_id>/journal/utskrift")
@limiter.limit("60 per minute")
def journalutskrift(henvendelse_id: UUID) -> str:
    return render_template(
        "henvendelser/journal_utskrift.html",
        henvendelse_id=henvendelse_id,
        dok=_dokument(henvendelse_id, "utskrift"),
    )


def _fil(innhold: Any, innholdstype: str, saksnummer: str, endelse: str) -> Response:
    return Response(
        innhold,
        content_type=innholdstype,
        headers={"Content-Disposition": f'attachment; filename="sak-{saksnummer}.{endelse}"'},
    )
