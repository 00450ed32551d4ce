"""Who may read the audit log of an organisation: its administrator, and a systemadministrator in the own one."""

from __future__ import annotations

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.errors import IkkeTilgang
from portal.core.sprak import _l
from portal.revisjon.models import Revisjon

KAN_LESE = (Rolle.ADMINISTRATOR, Rolle.SYSTEMADMINISTRATOR)


def krev_lese(aktor: Aktor) -> None:
    """Demands the right to read the log of the own organisation. The use case logs the denial."""
    if aktor.rolle not in KAN_LESE or aktor.organisasjon_id is None:
        raise IkkeTilgang(_l("Bare administratorer kan lese loggen. Bytt rolle øverst om du har flere."))


def synlige(aktor: Aktor) -> sa.Select[Revisjon]:
    """What the organisation's own people did, or were refused. Raises IkkeTilgang for everybody else."""
    krev_lese(aktor)
    return sa.select(Revisjon).where(Revisjon.organisasjon_id == aktor.organisasjon_id)
