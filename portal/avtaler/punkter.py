"""What an agreement must hold (hol § 6-2), in our own words, and which situation each item is about. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from portal.avtaler.forloep import Art
from portal.core.sprak import _l


class Situasjon(StrEnum):
    """What somebody on duty asks about: the patient is to be admitted, discharged, or given a bed in the kommune."""

    INNLEGGELSE = "innleggelse"
    UTSKRIVNING = "utskrivning"
    OEHD = "oehd"


#: {item of the first paragraph: (what it is about, what the agreement must say of it)}.
PUNKTER: dict[int, tuple[Any, Any]] = {
    1: (
        _l("Oppgaver og ansvar"),
        _l("Hvem som har ansvar for hvilke oppgaver, og hvilke tiltak partene skal utføre"),
    ),
    2: (
        _l("Koordinerte tjenester"),
        _l(
            "Samarbeid om innleggelse, utskrivning, habilitering, rehabilitering, læring og mestring for dem som "
            "trenger koordinerte tjenester"
        ),
    ),
    3: (_l("Innleggelse"), _l("Retningslinjer for innleggelse i sykehus")),
    4: (
        _l("Øyeblikkelig hjelp døgnopphold"),
        _l("Hva kommunens tilbud om døgnopphold for øyeblikkelig hjelp er, og hvem det er for"),
    ),
    5: (
        _l("Utskrivning"),
        _l("Samarbeid om utskrivningsklare pasienter som trenger kommunale tjenester etterpå"),
    ),
    6: (
        _l("Kunnskap og informasjon"),
        _l("Kunnskapsoverføring begge veier, informasjonsutveksling, faglige nettverk og hospitering"),
    ),
    7: (_l("Forskning og utdanning"), _l("Samarbeid om forskning, utdanning, praksis og læretid")),
    8: (_l("Jordmortjenester"), _l("Samarbeid om svangerskap, fødsel og barsel")),
    9: (_l("Digitale løsninger"), _l("Samarbeid lokalt om IKT-løsninger")),
    10: (_l("Forebygging"), _l("Samarbeid om å forebygge sykdom og skade")),
    11: (
        _l("Beredskap og akuttkjeden"),
        _l("Beredskapsplaner som passer sammen, og planer for den akuttmedisinske kjeden"),
    ),
    12: (_l("Utvikling og planlegging"), _l("Hvordan partene utvikler og planlegger tjenestene sammen")),
    13: (
        _l("Barn og unge"),
        _l("Samarbeid om barn og unge med sammensatte vansker som får tjenester fra begge nivåer"),
    ),
}
#: What must be said of every joint measure (samarbeidstiltak): the second paragraph.
TILTAKSKRAV: dict[str, Any] = {
    "ansvarsforhold": _l("Ansvarsforhold"),
    "arbeidsgiveransvar": _l("Arbeidsgiveransvar"),
    "organisering": _l("Organisering"),
    "finansiering": _l("Finansiering"),
}
#: The items that are about a situation; the others are about all or none of them.
SITUASJONER: dict[int, frozenset[Situasjon]] = {
    2: frozenset({Situasjon.INNLEGGELSE, Situasjon.UTSKRIVNING}),
    3: frozenset({Situasjon.INNLEGGELSE}),
    4: frozenset({Situasjon.OEHD}),
    5: frozenset({Situasjon.UTSKRIVNING}),
}
#: The kinds of clause that stand beside those of the situation itself: who does what, how, and in preparedness.
VED_SIDEN = (Art.ROLLER, Art.PROSEDYRE, Art.INFORMASJON, Art.BEREDSKAP)


def angaar(art: str, punkt: int | None, har_trinn: bool, situasjoner: Iterable[str]) -> bool:
    """Whether a clause is about one of the situations. `har_trinn`: it settles steps of the utskrivningsforskrift.

    It is of the situation's own kind; or it stands beside it (`VED_SIDEN`), and either names it, by its item in § 6-2
    or by such a step, or names no situation at all.
    """
    spurt = set(situasjoner)
    if art in spurt:
        return True
    if art not in VED_SIDEN:
        return False
    nevnt: set[str] = {*SITUASJONER.get(punkt or 0, ())}
    if har_trinn:
        nevnt.add(Situasjon.UTSKRIVNING)
    return not nevnt or bool(nevnt & spurt)
