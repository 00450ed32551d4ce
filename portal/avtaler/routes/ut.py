"""An agreement as a file: PDF, DOCX and JSON."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from uuid import UUID

import orjson
from flask import Response, request, send_file

from portal.avtaler import docxfil, dokument, typstfil
from portal.avtaler.eksport import Dokument
from portal.avtaler.routes.felles import bp
from portal.avtaler.schemas import VersjonInn
from portal.avtaler.service import ut
from portal.core.sprak import paa_spraak
from portal.core.traader import FILER, i_traadpool
from portal.core.web import aktor, les, limiter

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Ord = dict[str, dict[str, str]]
#: For both together: each takes seconds, of a pool that all agreements share.
_faa = limiter.shared_limit("6 per minute", scope="avtalefiler")


@bp.get("/<uuid:avtale_id>/eksport.pdf")
@_faa
def eksport_pdf(avtale_id: UUID) -> Response:
    return _fil(avtale_id, "pdf", "application/pdf", _pdf)


@bp.get("/<uuid:avtale_id>/eksport.docx")
@_faa
def eksport_docx(avtale_id: UUID) -> Response:
    return _fil(avtale_id, "docx", _DOCX, _docx)


@bp.get("/<uuid:avtale_id>/eksport.json")
@limiter.limit("60 per minute")
def eksport_json(avtale_id: UUID) -> Response:
    return _fil(avtale_id, "json", "application/json", _json)


def _fil(avtale_id: UUID, form: str, innholdstype: str, lag: Callable[[Dokument, Ord], bytes]) -> Response:
    """The file, made on a thread: hundreds of clauses take seconds. PDF and DOCX one at a time for each person."""
    inn = les(VersjonInn, {k: v for k, v in request.args.items() if v})
    hvem = aktor()
    dok = ut.eksporter(hvem, avtale_id, form, inn["versjon"])
    # What an agreement is written in, it is set in: whatever language the portal is read in.
    with paa_spraak(dok["avtale"]["maalform"]):
        ord_ = dokument.ordbok()
    innhold = (
        i_traadpool(lag, dok, ord_) if form == "json" else FILER.kjoer_for(hvem.person_id, lag, dok, ord_)
    )
    svar = send_file(
        BytesIO(innhold),
        mimetype=innholdstype,
        as_attachment=True,
        download_name=dokument.filnavn(dok, ord_, form),
        etag=False,
        conditional=False,
    )
    svar.content_length = len(innhold)
    return svar


def _pdf(dok: Dokument, ord_: Ord) -> bytes:
    return typstfil.som_pdf(dokument.lag(dok, ord_))


def _docx(dok: Dokument, ord_: Ord) -> bytes:
    return docxfil.som_docx(dokument.lag(dok, ord_))


def _json(dok: Dokument, ord_: Ord) -> bytes:
    return orjson.dumps(dok, option=orjson.OPT_INDENT_2)
