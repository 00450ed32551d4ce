"""The words and the edges of a need, an offer and a reallocation: professions, competences, states, who may move what.

Pure rules: no database, no clock.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum


class Slag(StrEnum):
    """What is needed, offered and lent."""

    PERSONELL = "personell"
    LOKALE = "lokale"


class Stilling(StrEnum):
    """What somebody works as. Those of AUTORISERTE have an authorisation or licence (helsepersonelloven §§ 48–49)."""

    LEGE = "lege"
    SYKEPLEIER = "sykepleier"
    VERNEPLEIER = "vernepleier"
    HELSEFAGARBEIDER = "helsefagarbeider"
    JORDMOR = "jordmor"
    BIOINGENIOER = "bioingenioer"
    AMBULANSEARBEIDER = "ambulansearbeider"
    FYSIOTERAPEUT = "fysioterapeut"
    ERGOTERAPEUT = "ergoterapeut"
    PSYKOLOG = "psykolog"
    FARMASOEYT = "farmasoeyt"
    HELSESEKRETAER = "helsesekretaer"
    RADIOGRAF = "radiograf"
    STUDENT = "student"
    ASSISTENT = "assistent"
    RENHOLDER = "renholder"
    ANNET = "annet"


AUTORISERTE = frozenset(Stilling) - {
    Stilling.STUDENT,
    Stilling.ASSISTENT,
    Stilling.RENHOLDER,
    Stilling.ANNET,
}


class Kompetanse(IntFlag):
    """What somebody can beside the profession. Stored as their sum."""

    INTENSIV = 1
    AKUTT = 2
    INFEKSJON = 4
    OKSYGEN = 8
    INTRAVENOES = 16
    PALLIASJON = 32
    PSYKISK_HELSE = 64
    RUS = 128
    GERIATRI = 256
    BARN = 512
    ANESTESI = 1024
    OPERASJON = 2048
    DIALYSE = 4096
    LEGEMIDDEL = 8192
    PROEVETAKING = 16384
    VAKSINERING = 32768
    SMITTESPORING = 65536
    SAMISK = 131072
    LEDELSE = 262144


ALL_KOMPETANSE = sum(Kompetanse)


class Lokaleslag(StrEnum):
    SENGEPOST = "sengepost"
    ISOLAT = "isolat"
    BEHANDLINGSROM = "behandlingsrom"
    TESTSTASJON = "teststasjon"
    VAKSINELOKALE = "vaksinelokale"
    OVERNATTING = "overnatting"
    LAGER = "lager"
    KONTOR = "kontor"
    ANNET = "annet"


class Lokalkrav(IntFlag):
    """What premises have, and what is asked of them. Stored as their sum."""

    ISOLASJON = 1
    OKSYGENUTTAK = 2
    TILGJENGELIG = 4
    UNDERTRYKK = 8
    SLUSE = 16
    BAD = 32
    KJOEKKEN = 64
    NOEDSTROEM = 128
    AMBULANSE = 256


ALLE_LOKALKRAV = sum(Lokalkrav)


class Behovsstatus(StrEnum):
    UTKAST = "utkast"
    #: Others see it, and may offer.
    AAPENT = "aapent"
    #: As many as were wanted are approved by both sides.
    DEKKET = "dekket"
    #: Not needed any more, or its time is over.
    LUKKET = "lukket"


BEHOVSOVERGANGER: dict[Behovsstatus, frozenset[Behovsstatus]] = {
    Behovsstatus.UTKAST: frozenset({Behovsstatus.AAPENT, Behovsstatus.LUKKET}),
    Behovsstatus.AAPENT: frozenset({Behovsstatus.DEKKET, Behovsstatus.LUKKET}),
    #: Somebody who was promised does not come after all.
    Behovsstatus.DEKKET: frozenset({Behovsstatus.AAPENT, Behovsstatus.LUKKET}),
    Behovsstatus.LUKKET: frozenset(),
}


class Tilbudsstatus(StrEnum):
    AAPENT = "aapent"
    TRUKKET = "trukket"


class Side(StrEnum):
    """On which side of a reallocation an organisation stands: who lends, and who receives."""

    AVGIVER = "avgiver"
    MOTTAKER = "mottaker"


class Status(StrEnum):
    """A reallocation, from draft to end. The lender approves first: it is its people and its rooms."""

    UTKAST = "utkast"
    FORESLAATT = "foreslaatt"
    GODKJENT_AVGIVER = "godkjent_avgiver"
    GODKJENT_MOTTAKER = "godkjent_mottaker"
    IVERKSATT = "iverksatt"
    AVSLUTTET = "avsluttet"
    AVSLAATT = "avslaatt"
    TRUKKET = "trukket"


OVERGANGER: dict[Status, frozenset[Status]] = {
    Status.UTKAST: frozenset({Status.FORESLAATT, Status.TRUKKET}),
    Status.FORESLAATT: frozenset({Status.GODKJENT_AVGIVER, Status.AVSLAATT, Status.TRUKKET}),
    #: Back to «foreslått»: what was approved has been changed, so the approval holds no more.
    Status.GODKJENT_AVGIVER: frozenset(
        {Status.GODKJENT_MOTTAKER, Status.FORESLAATT, Status.AVSLAATT, Status.TRUKKET}
    ),
    Status.GODKJENT_MOTTAKER: frozenset({Status.IVERKSATT, Status.TRUKKET}),
    Status.IVERKSATT: frozenset({Status.AVSLUTTET}),
    Status.AVSLUTTET: frozenset(),
    Status.AVSLAATT: frozenset(),
    Status.TRUKKET: frozenset(),
}
#: The people and rooms of these are taken: from the lender's approval to the end.
OPPTAR = frozenset({Status.GODKJENT_AVGIVER, Status.GODKJENT_MOTTAKER, Status.IVERKSATT})
#: The content can be changed.
KAN_ENDRES = frozenset({Status.UTKAST, Status.FORESLAATT, Status.GODKJENT_AVGIVER})
#: Approved by both: counted towards the need.
TELLER = frozenset({Status.GODKJENT_MOTTAKER, Status.IVERKSATT, Status.AVSLUTTET})
FERDIG = frozenset(s for s, videre in OVERGANGER.items() if not videre)

#: Who may move it along an edge: the sides. `None`: whoever wrote the draft. The clock moves what is due as well.
KANTER: dict[tuple[Status, Status], frozenset[Side] | None] = {
    (Status.UTKAST, Status.FORESLAATT): None,
    (Status.UTKAST, Status.TRUKKET): None,
    (Status.FORESLAATT, Status.GODKJENT_AVGIVER): frozenset({Side.AVGIVER}),
    #: A no is the other side's: who proposed takes it back.
    (Status.FORESLAATT, Status.AVSLAATT): frozenset(Side),
    (Status.FORESLAATT, Status.TRUKKET): None,
    (Status.GODKJENT_AVGIVER, Status.GODKJENT_MOTTAKER): frozenset({Side.MOTTAKER}),
    (Status.GODKJENT_AVGIVER, Status.FORESLAATT): frozenset(Side),
    (Status.GODKJENT_AVGIVER, Status.AVSLAATT): frozenset({Side.MOTTAKER}),
    (Status.GODKJENT_AVGIVER, Status.TRUKKET): frozenset({Side.AVGIVER}),
    (Status.GODKJENT_MOTTAKER, Status.IVERKSATT): frozenset(Side),
    (Status.GODKJENT_MOTTAKER, Status.TRUKKET): frozenset(Side),
    (Status.IVERKSATT, Status.AVSLUTTET): frozenset(Side),
}

#: The four that the law wants settled (hol § 6-2 second paragraph), in its order.
LOVFELT = ("ansvarsforhold", "arbeidsgiveransvar", "organisering", "finansiering")


class Alvor(StrEnum):
    """How grave an incident was."""

    LITEN = "liten"
    MIDDELS = "middels"
    ALVORLIG = "alvorlig"


class Delegert(StrEnum):
    """What is delegated to somebody (helsepersonelloven § 5; legemiddelhåndteringsforskriften)."""

    LEGEMIDLER = "legemidler"
    INJEKSJONER = "injeksjoner"
    INTRAVENOEST = "intravenoest"
    OKSYGENBEHANDLING = "oksygenbehandling"
    PROEVER = "proever"
    VAKSINER = "vaksiner"
    STELL = "stell"
    ANNET = "annet"


class Samtykke(StrEnum):
    """What somebody outside the service has said to being in the register of those who can be recruited."""

    VENTER = "venter"
    GITT = "gitt"
    TRUKKET = "trukket"


class Strykgrunn(StrEnum):
    """Why a line was taken out of a proposal."""

    #: Approved was less than was asked for.
    IKKE_GODKJENT = "ikke_godkjent"
    #: Promised elsewhere in that time.
    OPPTATT = "opptatt"
    #: The person has taken back the yes to being recruited.
    TRUKKET = "trukket"
    #: Nobody has said no: the yes is too old, or was given at another address. The person is asked anew.
    UTLOEPT = "utloept"
    #: Ordered, and no more to be ordered when it was to begin; or erased. Not told: which.
    IKKE_LENGER = "ikke_lenger"


class Hendelsestype(StrEnum):
    """A row of what has happened with a reallocation."""

    OPPRETTET = "opprettet"
    ENDRET = "endret"
    FORESLAATT = "foreslaatt"
    GODKJENT_AVGIVER = "godkjent_avgiver"
    GODKJENT_MOTTAKER = "godkjent_mottaker"
    #: What the lender had approved was changed.
    OPPHEVET = "opphevet"
    #: Somebody or some room is promised elsewhere, and was taken out of the proposal.
    STROEKET = "stroeket"
    AVSLAATT = "avslaatt"
    TRUKKET = "trukket"
    IVERKSATT = "iverksatt"
    #: Ended before or at its time.
    AVSLUTTET = "avsluttet"
    PURRET = "purret"


#: A full post, in per cent.
FULL = 100
#: How long the side whose turn it is has to answer, in hours: in phase 1–2, and in phase 3–5.
SVARTIMER = (24, 4)
#: How many people or rooms one reallocation, and one need, may hold.
FLEST = 50
