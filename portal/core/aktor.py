"""Who acts: the plain-data actor that every use case and every access rule takes as its first argument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Rolle(StrEnum):
    """The role of a membership. It decides which doors open, never alone which case (see `access.py`)."""

    LEGE_KOMMUNE = "lege_kommune"
    KOMMUNEOVERLEGE = "kommuneoverlege"
    HELSEPERSONELL = "helsepersonell"
    SPESIALIST = "spesialist"
    VAKTLEDER = "vaktleder"
    KOORDINATOR = "koordinator"
    ADMINISTRATOR = "administrator"
    SYSTEMADMINISTRATOR = "systemadministrator"
    INNSYN = "innsyn"


#: Clinicians' roles that exist in a kommune alone.
KOMMUNALE_KLINIKERE = frozenset({Rolle.LEGE_KOMMUNE, Rolle.KOMMUNEOVERLEGE, Rolle.HELSEPERSONELL})
#: Only these may ever see clinical text (tjenstlig behov, helsepersonelloven § 25 and § 45). A vaktleder is of a
#: hospital or of a kommune.
KLINIKERE = KOMMUNALE_KLINIKERE | {Rolle.SPESIALIST, Rolle.VAKTLEDER}
#: Who may send a request: a kommune's physicians to a hospital, a hospital's specialists to a kommune.
KAN_SPOERRE = frozenset({Rolle.LEGE_KOMMUNE, Rolle.KOMMUNEOVERLEGE, Rolle.SPESIALIST})
#: Who may answer for a fagområde, when the membership names it: a specialist always does.
KAN_SVARE = KOMMUNALE_KLINIKERE | {Rolle.SPESIALIST}


@dataclass(frozen=True, slots=True)
class Aktor:
    """A person in one membership, as read from the session at the start of the request or event.

    `formaal` is the purpose written to the audit log. A system actor (worker, command line) has no
    person and no membership; `navn` then tells which program acted.
    """

    navn: str
    person_id: UUID | None = None
    medlemskap_id: UUID | None = None
    rolle: Rolle | None = None
    organisasjon_id: UUID | None = None
    organisasjon_navn: str = ""
    organisasjon_type: str = ""
    enhet_id: UUID | None = None
    enhet_navn: str = ""
    fagomraader: frozenset[str] = frozenset()
    sesjon_id: UUID | None = None
    formaal: str = "helsehjelp"

    @property
    def er_kliniker(self) -> bool:
        return self.rolle in KLINIKERE

    @property
    def er_kommunal(self) -> bool:
        """Whether the actor stands on the kommune's side of the table."""
        return self.organisasjon_type == "kommune"

    @property
    def har_koe(self) -> bool:
        """Whether requests can wait for this actor: who answers for a fagområde, or leads those who do."""
        return self.rolle == Rolle.VAKTLEDER or (self.rolle in KAN_SVARE and bool(self.fagomraader))

    @property
    def kan_svare(self) -> bool:
        """In a role that takes requests, and answers them."""
        return self.rolle in KAN_SVARE

    @property
    def kan_spoerre(self) -> bool:
        return self.rolle in KAN_SPOERRE

    @classmethod
    def system(cls, program: str) -> Aktor:
        """The actor of the worker, the command line and the seed."""
        return cls(navn=program, formaal="system")
