"""The words and the edges of an agreement's life: types, sides, statuses and which may follow which."""

from __future__ import annotations

from enum import StrEnum

from portal.identitet.models import Organisasjonstype


class Avtaletype(StrEnum):
    """The levels of the structure: hol § 6-1 asks for an agreement, the tjenesteavtaler hang on the overordnet one."""

    OVERORDNET = "overordnet"
    TJENESTEAVTALE = "tjenesteavtale"
    DELAVTALE = "delavtale"
    SAERAVTALE = "saeravtale"


#: {type: the types it may hang on}; an empty set stands alone.
OVER: dict[str, frozenset[str]] = {
    Avtaletype.OVERORDNET: frozenset(),
    Avtaletype.TJENESTEAVTALE: frozenset({Avtaletype.OVERORDNET}),
    Avtaletype.DELAVTALE: frozenset({Avtaletype.OVERORDNET, Avtaletype.TJENESTEAVTALE}),
    Avtaletype.SAERAVTALE: frozenset(
        {Avtaletype.OVERORDNET, Avtaletype.TJENESTEAVTALE, Avtaletype.DELAVTALE}
    ),
}


class Side(StrEnum):
    """The two sides of the table: the trust (or RHF), and the kommuner."""

    FORETAK = "foretak"
    KOMMUNE = "kommune"


#: Who can be a party on the trust's side.
FORETAK = frozenset({Organisasjonstype.RHF, Organisasjonstype.HF, Organisasjonstype.IDEELT_SYKEHUS})


class Partstatus(StrEnum):
    INVITERT = "invitert"
    DELTAR = "deltar"
    TAKKET_NEI = "takket_nei"
    #: Left: `til` is the first day on which it does not hold for the party.
    UTMELDT = "utmeldt"


class Status(StrEnum):
    """The life of a version."""

    UTKAST = "utkast"
    TIL_FORHANDLING = "til_forhandling"
    TIL_GODKJENNING = "til_godkjenning"
    GODKJENT = "godkjent"
    GJELDENDE = "gjeldende"
    UNDER_REVISJON = "under_revisjon"
    OPPSAGT = "oppsagt"
    ERSTATTET = "erstattet"
    UTLOEPT = "utloept"
    #: Dropped, or overtaken by a newer draft, before it came into force.
    FORKASTET = "forkastet"


#: Which status may follow which. The rights to each edge are in `access.py`.
OVERGANGER: dict[Status, frozenset[Status]] = {
    Status.UTKAST: frozenset({Status.TIL_FORHANDLING, Status.TIL_GODKJENNING, Status.FORKASTET}),
    Status.TIL_FORHANDLING: frozenset({Status.TIL_GODKJENNING, Status.FORKASTET}),
    Status.TIL_GODKJENNING: frozenset({Status.GODKJENT, Status.FORKASTET}),
    #: Back to approval when a party that would have left takes its notice back: it is asked too.
    Status.GODKJENT: frozenset({Status.GJELDENDE, Status.FORKASTET, Status.TIL_GODKJENNING}),
    Status.GJELDENDE: frozenset({Status.UNDER_REVISJON, Status.OPPSAGT, Status.ERSTATTET}),
    Status.UNDER_REVISJON: frozenset({Status.GJELDENDE, Status.OPPSAGT, Status.ERSTATTET}),
    #: Notice can be taken back while it runs, and a new agreement can take its place.
    Status.OPPSAGT: frozenset({Status.GJELDENDE, Status.UTLOEPT, Status.ERSTATTET}),
    Status.ERSTATTET: frozenset(),
    Status.UTLOEPT: frozenset(),
    Status.FORKASTET: frozenset(),
}
#: Being worked on: one such version of an agreement at a time.
I_ARBEID = frozenset({Status.UTKAST, Status.TIL_FORHANDLING, Status.TIL_GODKJENNING, Status.GODKJENT})
#: In force, when its date has come: one such version of an agreement at a time.
I_KRAFT = frozenset({Status.GJELDENDE, Status.UNDER_REVISJON, Status.OPPSAGT})


class Art(StrEnum):
    """The kind of a clause: what it settles."""

    INNLEGGELSE = "innleggelse"
    UTSKRIVNING = "utskrivning"
    OEHD = "oehd"
    ROLLER = "roller"
    PROSEDYRE = "prosedyre"
    INFORMASJON = "informasjon"
    BEREDSKAP = "beredskap"
    ANNET = "annet"


class Forslagstype(StrEnum):
    ENDRE = "endre"
    NY = "ny"
    STRYK = "stryk"


class Forslagsstatus(StrEnum):
    AAPENT = "aapent"
    GODTATT = "godtatt"
    AVSLAATT = "avslaatt"
    TRUKKET = "trukket"
    #: The clause it was about has changed or gone, or the negotiation has ended.
    BORTFALT = "bortfalt"


class Uenighetstrinn(StrEnum):
    """The steps of a disagreement, in order: none is skipped on the way to the national body."""

    DIALOG = "dialog"
    LOKALT_ORGAN = "lokalt_organ"
    TVISTELOESNINGSNEMNDA = "tvisteloesningsnemnda"
    LOEST = "loest"


#: Which step may follow which: one at a time, never back, and solved from any. What is solved is closed.
NESTE_TRINN: dict[Uenighetstrinn, tuple[Uenighetstrinn, ...]] = {
    Uenighetstrinn.DIALOG: (Uenighetstrinn.LOKALT_ORGAN, Uenighetstrinn.LOEST),
    Uenighetstrinn.LOKALT_ORGAN: (Uenighetstrinn.TVISTELOESNINGSNEMNDA, Uenighetstrinn.LOEST),
    Uenighetstrinn.TVISTELOESNINGSNEMNDA: (Uenighetstrinn.LOEST,),
    Uenighetstrinn.LOEST: (),
}
