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


#: Municipal clinicians: may ask (`lege_kommune`, `kommuneoverlege`) or follow a case of their unit.
KOMMUNALE_KLINIKERE = frozenset({Rolle.LEGE_KOMMUNE, Rolle.KOMMUNEOVERLEGE, Rolle.HELSEPERSONELL})
#: Clinicians of a trust.
SYKEHUSKLINIKERE = frozenset({Rolle.SPESIALIST, Rolle.VAKTLEDER})
#: Only these may ever see clinical text (tjenstlig behov, helsepersonelloven § 25 and § 45).
KLINIKERE = KOMMUNALE_KLINIKERE | SYKEHUSKLINIKERE
#: Who may send a request on behalf of a municipality.
KAN_SPOERRE = frozenset({Rolle.LEGE_KOMMUNE, Rolle.KOMMUNEOVERLEGE})


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
    def kan_spoerre(self) -> bool:
        return self.rolle in KAN_SPOERRE

    @classmethod
    def system(cls, program: str) -> Aktor:
        """The actor of the worker, the command line and the seed."""
        return cls(navn=program, formaal="system")
