"""What the access matrices of use cases share: which functions there are, and each of them called by everybody."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import Flask

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang
from tests.bygg import lag_person, toem
from tests.matrise import PERSONER, Verden, avslag_av, avtrykk

#: What is made first, and the call.
Lag = Callable[[Verden], Any]
Gjoer = Callable[[Verden, Aktor, Any], object]


def verden_med_en_uten_rolle() -> Verden:
    """Everybody; `ingen` is somebody who is logged in without a role at `hf`."""
    v = Verden()
    person = lag_person("Uten Rolle")
    v.ingen = Aktor(navn=person.navn, person_id=person.id, organisasjon_id=v.hf.id)  # type: ignore[attr-defined]
    return v


def en_verden(app: Flask) -> Iterator[Verden]:
    """`verden_med_en_uten_rolle` for the tests of one file, and an empty house after them."""
    with app.app_context():
        yield verden_med_en_uten_rolle()
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


def funksjoner(rom: Collection[str]) -> dict[str, bool]:
    """Every public function that takes an actor or is a use case, by file; and whether it is a use case."""
    funnet = {}
    for navn_paa_rom in rom:
        pakke = importlib.import_module(navn_paa_rom)
        for modul in pkgutil.iter_modules(pakke.__path__, f"{navn_paa_rom}."):
            sted = importlib.import_module(modul.name)
            # Steps are called by use cases, inside their transaction.
            if modul.name.endswith(".steps"):
                continue
            for navn, f in inspect.getmembers(sted, inspect.isfunction):
                brukstilfelle = hasattr(f, "__transactional__")
                har_aktor = next(iter(inspect.signature(f).parameters), "") == "aktor"
                if f.__module__ == modul.name and not navn.startswith("_") and (brukstilfelle or har_aktor):
                    funnet[f"{modul.name.rpartition('.')[2]}.{navn}"] = brukstilfelle
    return funnet


def proev(gjoer: Callable[[], object]) -> str:
    """The sign of an answer."""
    try:
        gjoer()
    except IkkeFunnet:
        return "0"
    except IkkeTilgang:
        return "-"
    except (UgyldigOvergang, UgyldigData):
        return "9"
    return "+"


def alle_proever(
    v: Verden, hva: str, ventet: Mapping[str, str], lag: Lag, gjoer: Gjoer, skriver: bool
) -> None:
    """Whoever is refused has changed nothing, and is in the audit log; what is done leaves its trace."""
    felles = lag(v)
    fikk = {}
    nektet_foer = avslag_av()
    for person in PERSONER:
        aktor = v.aktor(person)
        sak = lag(v) if ventet[person] == "+" and skriver else felles
        foer = avtrykk()
        fikk[person] = tegn = proev(lambda a=aktor, i=sak: gjoer(v, a, i))  # type: ignore[misc]
        etter = avtrykk()
        if tegn == "+":
            assert (etter != foer) == skriver, (hva, person)
        else:
            assert etter == {**foer, "avslag": foer["avslag"] + (tegn in "-0")}, (hva, person)
    nektet = avslag_av() - nektet_foer
    assert fikk == ventet
    assert nektet == Counter(v.aktor(p).person_id for p in PERSONER if fikk[p] in "-0")


def er_ingens(v: Verden, personer: Collection[str], *gjoer: Callable[[Aktor, UUID], object]) -> None:
    """An id that is nothing's is answered «finnes ikke» to each of them, and leaves no entry in the log."""
    for handling in gjoer:
        for person in personer:
            foer = avtrykk()
            assert proev(lambda h=handling, p=person: h(v.aktor(p), uuid4())) == "0"  # type: ignore[misc]
            assert avtrykk() == foer
