"""No patient's identity in what is written about an agreement: texts are searched for national identity numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.avtaler import innhold
from portal.core.config import innstillinger
from portal.core.errors import UgyldigData
from portal.core.identifiers import finn_personnumre
from portal.core.sprak import _l


def stopp_identitet(tekster: Mapping[str, str], *, ikke_fnr: bool) -> int:
    """Stops texts ({field: text}) that hold a valid number. Gives how many places were let through by `ikke_fnr`.

    Raises UgyldigData (`personnummer`) with the places in `treff` ({field: [(start, end)]}, in code points), so that
    the form can mark them. A number of an account or a case may look like one: hence the way past, which is logged.
    """
    regel = innstillinger().regel_2032
    treff = {
        felt: steder
        for felt, tekst in tekster.items()
        if (steder := [(t.start, t.slutt) for t in finn_personnumre(tekst, regel_2032=regel)])
    }
    if treff and not ikke_fnr:
        melding = _l(
            "Teksten har et tall som er et gyldig fødselsnummer eller D-nummer. Ta det ut: her skal ingen kunne se "
            "hvem en pasient er. Er det noe annet, si at det ikke er et fødselsnummer."
        )
        raise UgyldigData(
            melding, kode="personnummer", felter={felt: [melding] for felt in treff}, treff=treff
        )
    return sum(len(steder) for steder in treff.values())


def stopp_i_klausuler(klausuler: Sequence[Mapping[str, Any]], *, ikke_fnr: bool) -> int:
    """The same of many clauses: each field is called «bestemmelser.<number from 1>.<field>»."""
    tekster = {
        f"bestemmelser.{nr}.{felt}": tekst
        for nr, data in enumerate(klausuler, 1)
        for felt, tekst in klausultekster(data).items()
    }
    return stopp_identitet(tekster, ikke_fnr=ikke_fnr)


def klausultekster(data: Mapping[str, Any] | None, foer: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What is written in a clause, {field: text}, a list's rows as one text; without what reads so already (`foer`)."""
    ut: dict[str, str] = {}
    for felt in ("nummer", "overskrift", "tekst", *innhold.LISTER):
        verdi = (data or {}).get(felt)
        if not verdi or (foer is not None and verdi == foer.get(felt)):
            continue
        rader = [verdi] if isinstance(verdi, str) else [v for rad in verdi for v in rad.values()]
        ut[felt] = "\n".join(v for v in rader if isinstance(v, str))
    return ut
