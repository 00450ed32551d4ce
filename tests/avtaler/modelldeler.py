"""What the model of an agreement (`modell.py`) is made of: people, parties, versions and their links, proposals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EIER = "foretaket"
KOORDINATOR, ADMINISTRATOR, OVERLEGE = "koordinator", "administrator", "kommuneoverlege"
AAPNE = ("utkast", "til_forhandling")
I_ARBEID = (*AAPNE, "til_godkjenning", "godkjent")
I_KRAFT = ("gjeldende", "under_revisjon", "oppsagt")


@dataclass(frozen=True)
class Folk:
    navn: str
    organisasjon: str
    rolle: str


@dataclass
class Rad:
    """A link of a party's chain for one version."""

    organisasjon: str
    plass: int
    #: Who may give it; empty: whoever has a role for it.
    nevnt: tuple[str, ...]
    vedtak: bool
    gitt_av: str | None = None
    tekst: object = None
    avvist: bool = False
    opphevet: bool = False


@dataclass
class Part:
    organisasjon: str
    status: str = "invitert"
    fra: int | None = None
    til: int | None = None


@dataclass(eq=False)
class Utspill:
    """A proposal that waits for an answer."""

    type: str
    #: Which clause of the text; None: a new one.
    plass: int | None
    tekst: str
    fra: str
    av: str
    #: The parties of the other side that have rejected it.
    nei: set[str] = field(default_factory=set)
    #: What the portal calls it.
    id: Any = None

    def som(self, annet: Utspill) -> bool:
        return (self.type, self.plass, self.tekst, self.fra) == (
            annet.type,
            annet.plass,
            annet.tekst,
            annet.fra,
        )


@dataclass
class Versjon:
    nummer: int
    status: str
    tekst: tuple[str, ...]
    medvirkning: str = ""
    oensket: int | None = None
    fra: int | None = None
    til: int | None = None
    delt: bool = False
    sendt_av: str | None = None
    #: Who wrote, proposed or accepted a word of it.
    forfattere: set[str] = field(default_factory=set)
    rader: list[Rad] = field(default_factory=list)

    @property
    def innhold(self) -> object:
        return (self.medvirkning, self.tekst)

    def gyldige(self, organisasjon: str | None = None) -> list[Rad]:
        return [r for r in self.rader if not r.opphevet and organisasjon in (None, r.organisasjon)]

    def tur(self) -> list[Rad]:
        foerste: dict[str, Rad] = {}
        for r in self.gyldige():
            if r.gitt_av is None:
                foerste.setdefault(r.organisasjon, r)
        return list(foerste.values())
