"""Who may read the unit's page and register all of it at once: rows of `tests/test_tilgang_plasser.py`."""

from __future__ import annotations

from uuid import UUID

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.plasser.forloep import Stengtgrunn, Tilstand
from portal.plasser.models import Opphold, Reservasjon
from portal.plasser.service import drift, enhetside, registrering
from portal.plasser.service.registrering import Ny
from tests.matrise import Verden, les_tabell
from tests.plasser import hjelp as h
from tests.tjenestematrise import Gjoer, Lag

TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
drift.fyll_ut                               0 000+0+00 000000 0000000 000
enhetside.hent_side                         0 ++++++++ ++++++ +++++++ +++
enhetside.hent_hold                         0 ---+-+0- 000000 0000000 000
enhetside.hent_opphold                      0 000+0+00 000000 0000000 000
enhetside.naermeste                         - ++++++++ ++++++ +++++++ +++
registrering.registrer                      0 ---+-+-- ------ ------- ---
registrering.importer                       0 ---+-+-- ------ ------- ---
registrering.eksporter                      0 ---+-+-- ------ ------- ---
""")


def _hold(v: Verden) -> tuple[UUID, UUID]:
    """A held bed's unit, and the hold."""
    reservasjon_id = h.et_hold(v)
    enhet_id = db.session.get_one(Reservasjon, reservasjon_id).plassenhet_id
    db.session.rollback()
    return enhet_id, reservasjon_id


def _opphold(v: Verden) -> tuple[UUID, UUID]:
    """An occupied bed's unit, and the stay."""
    opphold_id = h.et_opphold(v)
    enhet_id = db.session.get_one(Opphold, opphold_id).plassenhet_id
    db.session.rollback()
    return enhet_id, opphold_id


def _som_de_staar(enhet_id: UUID) -> list[Ny]:
    return [
        Ny(p.id, Tilstand(p.tilstand), Stengtgrunn(p.stengt_grunn) if p.stengt_grunn else None)
        for p in h.les_plasser(enhet_id)
    ]


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "drift.fyll_ut": (h.et_opphold, lambda v, a, i: drift.fyll_ut(a, i, planlagt_timer=24)),
    "enhetside.hent_side": (h.enheten, lambda v, a, i: enhetside.hent_side(a, i)),
    "enhetside.hent_hold": (_hold, lambda v, a, i: enhetside.hent_hold(a, *i)),
    "enhetside.hent_opphold": (_opphold, lambda v, a, i: enhetside.hent_opphold(a, *i)),
    "enhetside.naermeste": (h.enheten, lambda v, a, i: enhetside.naermeste(a, i, 0)),
    "registrering.registrer": (
        h.enheten,
        lambda v, a, i: registrering.registrer(a, i, _som_de_staar(i), bekreftet=True),
    ),
    "registrering.importer": (
        h.en_plass,
        lambda v, a, i: registrering.importer(
            a, i[0], registrering.eksporter(Aktor.system("test"), i[0])[0], bekreftet=True
        ),
    ),
    "registrering.eksporter": (h.enheten, lambda v, a, i: registrering.eksporter(a, i)),
}
