"""The words of this room's notices, in the language that is set when they are made. Nothing clinical is known here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from portal.core.sprak import _, ngettext
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.vakt.ord import ETIKETTER
from portal.vakt.steps import Policy
from portal.vakt.tidsord import naar, rom

#: Lines of a notice; what is more is counted.
FLEST_LINJER = 12
#: Shifts of one person on a line.
FLEST_STEDER = 3


def fag(fagomraade: str) -> str:
    return str(ALLE_OMRAADER.get(fagomraade, fagomraade))


def nivaa(kode: str) -> str:
    return str(ETIKETTER["vaktnivaa"].get(kode, kode))


def linjer(alle: Iterable[str]) -> str:
    """One a line, the first of them; what is left is counted."""
    rader = list(alle)
    ut = rader[:FLEST_LINJER]
    if flere := len(rader) - len(ut):
        ut.append(ngettext("og %(num)s til", "og %(num)s til", flere))
    return "\n".join(ut)


def hull_tittel(fagomraade: str, fra: datetime, naa: datetime) -> str:
    if fra <= naa:
        return _("Hull i vaktplanen for %(fag)s nå", fag=fag(fagomraade))
    return _("Hull i vaktplanen for %(fag)s fra %(fra)s", fag=fag(fagomraade), fra=naar(fra))


def hull_linje(nivaa_: str, fra: datetime, til: datetime, slutter: bool) -> str:
    if slutter:
        return _(
            "%(nivaa)s: ingen fra %(fra)s til %(til)s", nivaa=nivaa(nivaa_), fra=naar(fra), til=naar(til)
        )
    return _("%(nivaa)s: ingen fra %(fra)s", nivaa=nivaa(nivaa_), fra=naar(fra))


def ubemannet_linje(nivaa_: str, fagomraade: str, fra: datetime, til: datetime) -> str:
    return _("%(sted)s: ingen %(tid)s", sted=sted(nivaa_, fagomraade), tid=rom(fra, til))


def sted(nivaa_: str, fagomraade: str) -> str:
    return _("%(nivaa)s, %(fag)s", nivaa=nivaa(nivaa_), fag=fag(fagomraade))


def steder(alle: Sequence[tuple[str, str]]) -> str:
    """«Vaktleder, Geriatri», and how many more there are."""
    foerste = sted(*alle[0])
    flere = len(alle) - 1
    if not flere:
        return foerste
    return ngettext("%(foerste)s og %(num)s til", "%(foerste)s og %(num)s til", flere, foerste=foerste)


def vakt_tittel(alle: Sequence[tuple[str, str]], fra: datetime) -> str:
    return _("Du har vakt fra %(fra)s: %(sted)s", sted=steder(alle), fra=naar(fra))


def vakt_tekst(til: datetime, *, snart: bool, klar: bool) -> str:
    slutt = _("Vakten varer til %(til)s.", til=naar(til))
    if not snart:
        return slutt
    if klar:
        return slutt + " " + _("Varslene dine er prøvd det siste døgnet og når deg.")
    return (
        slutt + " " + _("Ingen kanal som vekker deg, er prøvd det siste døgnet. Prøv en nå under «Varsler».")
    )


def klarhet_tittel() -> str:
    return _("Prøv at varslene når deg på vakt")


def klarhet_tekst(alle: Sequence[tuple[str, str]], fra: datetime, til: datetime) -> str:
    return (
        _(
            "Du har vakt fra %(fra)s til %(til)s (%(sted)s), men ingen kanal som vekker deg, er prøvd det siste "
            "døgnet. E-post vekker ingen: prøv SMS, oppringing eller varsel på telefonen.",
            sted=steder(alle),
            fra=naar(fra),
            til=naar(til),
        )
        + " "
        + _("Har du hviletid, må det som er akutt, slippe gjennom.")
    )


def klarhet_leder_tittel(antall: int) -> str:
    return ngettext(
        "%(num)s person på vakt har ikke prøvd at varslene vekker",
        "%(num)s personer på vakt har ikke prøvd at varslene vekker",
        antall,
    )


def klarhet_leder_tekst(folk: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """One line a person, with what they are on call for: «Siri: Geriatri (vakthavende), Kirurgi (bakvakt)»."""
    ut = [
        _("%(navn)s: %(steder)s", navn=navn, steder=_flere_steder(alle)) for navn, alle in folk[:FLEST_LINJER]
    ]
    if (flere := len(folk) - FLEST_LINJER) > 0:
        ut.append(ngettext("og %(num)s person til", "og %(num)s personer til", flere))
    return "\n".join(ut)


def _flere_steder(alle: Sequence[tuple[str, str]]) -> str:
    vist = [_("%(fag)s (%(nivaa)s)", fag=fag(f), nivaa=nivaa(n).lower()) for n, f in alle[:FLEST_STEDER]]
    flere = len(alle) - len(vist)
    rest = [ngettext("og %(num)s vakt til", "og %(num)s vakter til", flere)] if flere else []
    return " ".join([", ".join(vist), *rest])


# --- a policy in words -----------------------------------------------------------------------------------


def varighet(minutter: int) -> str:
    """«5 min», «4 t», «1 t 30 min», «2 døgn»."""
    doegn, rest = divmod(minutter, 1440)
    timer, min_ = divmod(rest, 60)
    deler = []
    if doegn:
        deler.append(ngettext("%(num)s døgn", "%(num)s døgn", doegn))
    if timer:
        deler.append(_("%(t)s t", t=timer))
    if min_ or not deler:
        deler.append(_("%(m)s min", m=min_))
    return " ".join(deler)


def forklar(policy: Policy) -> list[str]:
    """How a request climbs, a sentence a step: «Vakthavende varsles straks.», «Etter 5 min: bakvakt.», …"""
    ut = []
    for led in policy.ledd:
        navn = nivaa(led.nivaa)
        if led.etter:
            ut.append(_("Etter %(tid)s: %(nivaa)s.", tid=varighet(led.etter), nivaa=navn.lower()))
        else:
            ut.append(_("%(nivaa)s varsles straks.", nivaa=navn))
    if policy.gjentakelser:
        ut.append(
            ngettext(
                "Svarer ingen, begynner det forfra %(tid)s etter det siste leddet, %(num)s gang.",
                "Svarer ingen, begynner det forfra %(tid)s etter det siste leddet, opptil %(num)s ganger.",
                policy.gjentakelser,
                tid=varighet(policy.gjenta_etter),
            )
        )
    ut.append(
        _(
            "Har ingen svart etter %(tid)s, får innmelderen beskjed om å ringe, og vaktlederne varsles.",
            tid=varighet(
                (policy.ledd[-1].etter + policy.gjenta_etter) * (policy.gjentakelser + 1)
                if policy.ledd
                else 0
            ),
        )
    )
    return ut
