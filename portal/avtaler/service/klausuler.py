"""The clauses of a draft: written, struck and moved by its owner. In negotiation the words are changed by proposals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.avtaler import access, innhold, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Status
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.db import meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigOvergang
from portal.core.sprak import _l
from portal.revisjon.steps import logg


@transactional
def skriv(
    aktor: Aktor,
    avtale_id: UUID,
    noekkel: UUID | None,
    data: dict[str, Any],
    lest: str | None = None,
    *,
    ikke_fnr: bool = False,
) -> UUID:
    """Writes a clause of the draft: a new one (`noekkel` None), or a change. Gives its `noekkel`.

    `lest` is the `innhold_hash` of the clause as the writer had read it (of one that was gone, ""): a page sends it.
    Has somebody else changed or struck it since, it is Utdatert with both texts in `detaljer` (`steps.skriv`), and
    nothing is written.
    Raises IkkeFunnet for an unknown clause, UgyldigData by field, also for a national identity number in what is new
    (`vern`), UgyldigOvergang when it is no draft (any more).
    """
    avtale, versjon = _hent_utkast(aktor, avtale_id)
    if noekkel is not None:
        _krev_bestemmelse(versjon, noekkel, ogsaa_stroekne=lest is not None)
    foer = steps.bestemmelse(avtale.id, versjon.nummer, noekkel) if noekkel else None
    foer_hash = foer.innhold_hash if foer else None
    foer_data = innhold.som_data(foer) if foer else steps.TOM
    sluppet = vern.stopp_identitet(
        vern.klausultekster(innhold.rens({**foer_data, **data}), foer_data), ikke_fnr=ikke_fnr
    )
    noekkel = steps.skriv(aktor, versjon, noekkel, data, lest=lest)
    etter = steps.bestemmelse(avtale.id, versjon.nummer, noekkel)
    if etter is not None and etter.innhold_hash != foer_hash:
        handling = "avtale.bestemmelse_ny" if foer is None else "avtale.bestemmelse_endret"
        _si(aktor, avtale, versjon, handling, noekkel, sluppet_tall=sluppet)
    return noekkel


@transactional
def stryk(aktor: Aktor, avtale_id: UUID, noekkel: UUID, lest: str | None = None) -> None:
    """Strikes a clause from the draft; in older versions it stands. Raises as `skriv`."""
    avtale, versjon = _hent_utkast(aktor, avtale_id)
    _krev_bestemmelse(versjon, noekkel, ogsaa_stroekne=lest is not None)
    steps.skriv(aktor, versjon, noekkel, None, lest=lest)
    _si(aktor, avtale, versjon, "avtale.bestemmelse_stroeket", noekkel)


@transactional
def flytt(aktor: Aktor, avtale_id: UUID, noekkel: UUID, foer: UUID | None) -> None:
    """Puts a clause of the draft right before another one, or last (None). Where it stands already, nothing happens.

    Raises IkkeFunnet when one of the two is not in the draft, UgyldigOvergang when it is no draft (any more).
    """
    avtale, versjon = _hent_utkast(aktor, avtale_id)
    for n in (noekkel, foer):
        if n is not None:
            _krev_bestemmelse(versjon, n)
    plass = steps.plass_foer(versjon, noekkel, foer)
    rad = steps.bestemmelse(avtale.id, versjon.nummer, noekkel)
    assert rad is not None
    if rad.plass == plass:
        return
    steps.skriv(aktor, versjon, noekkel, {}, plass=plass)
    _si(aktor, avtale, versjon, "avtale.bestemmelse_flyttet", noekkel)


def _hent_utkast(aktor: Aktor, avtale_id: UUID) -> tuple[Avtale, Avtaleversjon]:
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None:
        raise UgyldigOvergang(_l("Avtalen har ikke noe utkast nå. Begynn en ny versjon for å endre den."))
    if versjon.status == Status.TIL_FORHANDLING:
        raise UgyldigOvergang(
            _l(
                "Avtalen er til forhandling. Send endringen som et forslag, så kan den andre siden ta stilling til det."
            ),
            kode="til_forhandling",
        )
    if versjon.status != Status.UTKAST:
        raise UgyldigOvergang(
            _l("Avtalen er sendt til godkjenning, og innholdet er låst. Ta den tilbake for å endre den."),
            kode="til_godkjenning",
        )
    return avtale, versjon


def _krev_bestemmelse(versjon: Avtaleversjon, noekkel: UUID, *, ogsaa_stroekne: bool = False) -> None:
    """Raises IkkeFunnet for a clause that is not in the version. With `ogsaa_stroekne` it may have been struck: who had
    read it is told so, and may save it all the same."""
    if steps.bestemmelse(versjon.avtale_id, versjon.nummer, noekkel) is not None:
        return
    if not (ogsaa_stroekne and steps.har_vaert(versjon.avtale_id, noekkel)):
        raise IkkeFunnet()


def _si(
    aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, handling: str, noekkel: UUID, **mer: Any
) -> None:
    logg(aktor, handling, "avtale", avtale.id, nummer=versjon.nummer, bestemmelse=noekkel, **mer)
    meld("avtale.endret", avtale_id=avtale.id)
