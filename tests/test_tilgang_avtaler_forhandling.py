"""Who may do what in a negotiation: every use case, called without any door.

As `test_tilgang_avtaler.py`, for these three files of the room's service.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask

from portal.avtaler.service import forhandlingslesing, forslag, kommentarer
from portal.core.aktor import Aktor
from tests import rutene_avtaler_forhandling as r
from tests.avtaler.motorhjelp import noekler, til_forhandling
from tests.matrise import Verden, les_tabell
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    en_verden,
    er_ingens,
    funksjoner,
    proev,
)

#: The agreement is `hf`'s, negotiated with `kommune`; the first is somebody without a role at `hf`. The proposal is
#: `koordinator`'s, the remark `koordinator_i_kommunen`'s. «Invitert»: the kommune has not said yes. 9 is the right
#: person in the wrong state.
TABELL = les_tabell("""
                                                    i lksaocdu STKVCD 1234567 rnx
forslag.foreslaa                                    0 0000++-0 0000+- 0000000 000
forslag.foreslaa, invitert                          0 000099-0 0000+- 0000000 000
forslag.foreslaa, motforslag                        0 0000++-0 00009- 0000000 000
forslag.svar                                        0 0000-+-0 0000-- 0000000 000
forslag.trekk                                       0 0000---0 0000+- 0000000 000
kommentarer.skriv                                   0 0000++-0 0000+- 0000000 000
kommentarer.skriv, invitert                         0 000099-0 0000+- 0000000 000
kommentarer.ordne                                   0 0000-+-0 0000+- 0000000 000
forhandlingslesing.avtalen                          0 0000+++0 0000++ 0000000 000
forhandlingslesing.hent_side                        0 0000+++0 0000++ 0000000 000
forhandlingslesing.hent_side, invitert              0 0000+++0 0000++ 0000000 000
forhandlingslesing.hent_grunnlag                    0 0000++-0 0000+- 0000000 000
forhandlingslesing.hent_forslag                     0 0000+++0 0000++ 0000000 000
""")


def _invitert(v: Verden) -> r.Steder:
    avtale_id = til_forhandling(v)
    return {"avtale_id": avtale_id, "noekkel": noekler(avtale_id)[0]}


def _foreslaa(v: Verden, a: Aktor, s: r.Steder) -> None:
    forslag.foreslaa(a, s["avtale_id"], None, "ny", {"overskrift": f"Ny {uuid4()}", "art": "annet"})


def _motforslag(v: Verden, a: Aktor, s: r.Steder) -> None:
    forslag.foreslaa(
        a, s["avtale_id"], s["noekkel"], "endre", {"tekst": f"{uuid4()}"}, "", s["hash"], s["forslag_id"]
    )


def _kommenter(v: Verden, a: Aktor, s: r.Steder) -> None:
    kommentarer.skriv(a, s["avtale_id"], s["noekkel"], "Hva med helg?")


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "forslag.foreslaa": (r.forhandles, _foreslaa),
    "forslag.foreslaa, invitert": (_invitert, _foreslaa),
    "forslag.foreslaa, motforslag": (r.med_forslag, _motforslag),
    "forslag.svar": (r.med_forslag, lambda v, a, s: forslag.svar(a, s["forslag_id"], True)),
    "forslag.trekk": (r.med_forslag, lambda v, a, s: forslag.trekk(a, s["forslag_id"])),
    "kommentarer.skriv": (r.forhandles, _kommenter),
    "kommentarer.skriv, invitert": (_invitert, _kommenter),
    "kommentarer.ordne": (r.med_kommentar, lambda v, a, s: kommentarer.ordne(a, s["kommentar_id"])),
    "forhandlingslesing.avtalen": (
        r.forhandles,
        lambda v, a, s: forhandlingslesing.avtalen(a, s["avtale_id"]),
    ),
    "forhandlingslesing.hent_side": (
        r.med_forslag,
        lambda v, a, s: forhandlingslesing.hent_side(a, s["avtale_id"]),
    ),
    "forhandlingslesing.hent_side, invitert": (
        _invitert,
        lambda v, a, s: forhandlingslesing.hent_side(a, s["avtale_id"]),
    ),
    "forhandlingslesing.hent_grunnlag": (
        r.forhandles,
        lambda v, a, s: forhandlingslesing.hent_grunnlag(a, s["avtale_id"], s["noekkel"]),
    ),
    "forhandlingslesing.hent_forslag": (
        r.med_forslag,
        lambda v, a, s: forhandlingslesing.hent_forslag(a, s["avtale_id"], s["forslag_id"]),
    ),
}
FUNKSJONER = {
    n: b
    for n, b in funksjoner(["portal.avtaler.service"]).items()
    if n.startswith(("forslag.", "kommentarer.", "forhandlingslesing."))
}


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    yield from en_verden(_app)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    assert set(FUNKSJONER) == {hva.split(",")[0] for hva in TABELL}
    assert set(GJOER) == set(TABELL)


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "koordinator_i_kommunen", "fremmed_koordinator", "lege", "innsyn"),
        lambda a, i: _foreslaa(verden, a, {"avtale_id": i}),
        lambda a, i: forslag.svar(a, i, True),
        lambda a, i: forslag.trekk(a, i),
        lambda a, i: kommentarer.skriv(a, i, None, "Hm."),
        lambda a, i: kommentarer.ordne(a, i),
        lambda a, i: forhandlingslesing.hent_side(a, i),
        lambda a, i: forhandlingslesing.hent_forslag(a, i, i),
        lambda a, i: forhandlingslesing.hent_grunnlag(a, i, None),
    )


def test_et_forslag_leses_under_sin_egen_avtale(verden: Verden) -> None:
    """The address of another agreement shows it not, to somebody who sees both."""
    s, annen = r.med_forslag(verden), r.forhandles(verden)
    for person in ("koordinator", "koordinator_i_kommunen"):
        a = verden.aktor(person)
        assert (
            proev(lambda a=a: forhandlingslesing.hent_forslag(a, annen["avtale_id"], s["forslag_id"])) == "0"
        )  # type: ignore[misc]
