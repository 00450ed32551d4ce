"""What the tests of attachments share: sending one as a page does, fetching it, and looking into the folder."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.db import db
from portal.henvendelser.models import Vedlegg
from portal.henvendelser.service import vedlegg
from tests.bygg import om

JSON = {"Accept": "application/json"}


def filene(mappe: Path) -> list[Path]:
    return sorted(f for f in mappe.rglob("*") if f.is_file())


def send(
    klient: FlaskClient,
    sak: UUID,
    data: bytes,
    navn: str = "bilde.jpg",
    *,
    klient_id: UUID | str | None = None,
    hoder: dict[str, str] | None = None,
    adresse: str = "/henvendelser/{}/vedlegg",
    **felt: str,
) -> TestResponse:
    return klient.post(
        adresse.format(sak),
        data={"klient_id": str(klient_id or uuid4()), "fil": (io.BytesIO(data), navn), **felt},
        headers=JSON if hoder is None else hoder,
    )


def hent(klient: FlaskClient, sak: UUID, vedlegg_id: object) -> TestResponse:
    """Fetches an attachment to its end, as a browser does."""
    svar = klient.get(f"/henvendelser/{sak}/vedlegg/{vedlegg_id}", headers=JSON)
    svar.get_data()
    svar.close()
    return svar


def rad_for(svar: TestResponse) -> Vedlegg:
    assert svar.status_code == 201, svar.get_data(as_text=True)
    db.session.rollback()
    return db.session.get_one(Vedlegg, UUID(svar.json["vedlegg_id"]))


def rydd_alt() -> int:
    """All 256 folders, as the worker sweeps them in a day."""
    antall = 0
    for n in range(256):
        with om(seconds=n * vedlegg.RYDDES_HVER):
            antall += vedlegg.rydd()
    return antall
